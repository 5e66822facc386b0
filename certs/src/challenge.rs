//! Nonces for recovery that no table holds. A nonce carries when it was made
//! and a keyed hash of that and of the instance, so every replica of a hub
//! knows its own, a flood of requests stores nothing, and nobody can displace
//! the nonce of another by asking for one in its name.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use lapor_protocol::ids::{Digest, InstanceId};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::renewal::ChallengeResponse;

/// How long a hub honours a challenge: five minutes by its own clock.
pub const CHALLENGE_LIFE_MS: i64 = 5 * 60_000;
/// By how much the clocks of two replicas may differ.
const SKEW_MS: i64 = 30_000;

/// What the hash is for, so that it is never taken for one made elsewhere.
const LABEL: &[u8] = b"lapor recovery challenge v1\0";
/// Where the hash begins, after the time and the random bytes.
const TAG_AT: usize = 16;

/// The secret that all replicas of one hub share.
#[derive(Clone)]
pub struct ChallengeKey(Zeroizing<[u8; 32]>);

impl ChallengeKey {
    /// Takes 32 bytes that the caller drew at random.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A nonce for this instance, whether or not there is one; `random` makes
    /// two of the same millisecond differ.
    pub fn challenge(
        &self,
        instance: &InstanceId,
        now_ms: i64,
        random: [u8; 8],
    ) -> ChallengeResponse {
        let mut nonce = [0; 32];
        nonce[..8].copy_from_slice(&now_ms.to_be_bytes());
        nonce[8..TAG_AT].copy_from_slice(&random);
        let tag = self.tag(instance, &nonce[..TAG_AT]);
        nonce[TAG_AT..].copy_from_slice(&tag);
        ChallengeResponse {
            nonce: Digest::new(nonce),
        }
    }

    /// Whether this nonce was made with this key for this instance, and has
    /// not expired. That it is used once is for the hub's records.
    pub fn honours(&self, nonce: &Digest, instance: &InstanceId, now_ms: i64) -> bool {
        let (facts, tag) = nonce.as_bytes().split_at(TAG_AT);
        if !bool::from(self.tag(instance, facts).ct_eq(tag)) {
            return false;
        }
        let mut at = [0; 8];
        at.copy_from_slice(&facts[..8]);
        let age_ms = now_ms.saturating_sub(i64::from_be_bytes(at));
        (-SKEW_MS..CHALLENGE_LIFE_MS).contains(&age_ms)
    }

    fn tag(&self, instance: &InstanceId, facts: &[u8]) -> [u8; 16] {
        let mut hash =
            Hmac::<Sha256>::new_from_slice(self.0.as_slice()).expect("a key of any length serves");
        for part in [LABEL, facts, instance.as_str().as_bytes()] {
            hash.update(part);
        }
        let mut tag = [0; 16];
        tag.copy_from_slice(&hash.finalize().into_bytes()[..16]);
        tag
    }
}

impl fmt::Debug for ChallengeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChallengeKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_750_000_000_000;

    #[test]
    fn a_nonce_is_good_for_one_instance_for_five_minutes_at_every_replica() {
        let key = ChallengeKey::from_random([1; 32]);
        let replica = ChallengeKey::from_random([1; 32]);
        let bandung: InstanceId = "kota-bandung".parse().unwrap();
        let nonce = key.challenge(&bandung, NOW, [7; 8]).nonce;
        assert_ne!(nonce, key.challenge(&bandung, NOW, [8; 8]).nonce);
        for (at, honoured) in [
            (NOW, true),
            (NOW + CHALLENGE_LIFE_MS - 1, true),
            (NOW + CHALLENGE_LIFE_MS, false),
            (NOW - SKEW_MS, true),
            (NOW - SKEW_MS - 1, false),
            (i64::MIN, false),
        ] {
            assert_eq!(replica.honours(&nonce, &bandung, at), honoured, "{at}");
        }
        assert!(!key.honours(&nonce, &"kota-bandun".parse().unwrap(), NOW));
        let stranger = ChallengeKey::from_random([2; 32]);
        assert!(!stranger.honours(&nonce, &bandung, NOW));
    }

    #[test]
    fn no_bit_of_a_nonce_can_be_changed() {
        let key = ChallengeKey::from_random([1; 32]);
        let bandung: InstanceId = "kota-bandung".parse().unwrap();
        let nonce = key.challenge(&bandung, NOW, [7; 8]).nonce;
        for bit in 0..256 {
            let mut bytes = *nonce.as_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.honours(&Digest::new(bytes), &bandung, NOW), "{bit}");
        }
    }
}
