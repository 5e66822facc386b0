//! The line by which an institution joins: `lapor1.<base64url of JSON>.<checksum>`.
//!
//! It carries the hub's addresses, the pin of the root and a one-time secret.
//! The secret is never printed but in the line itself, and the hub keeps only
//! its hash. That a line expires is known to the hub alone.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use lapor_protocol::ids::{Digest, InstanceId};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, ZeroizeOnDrop, Zeroizing};

use crate::bundle::RootPin;
use crate::hub_url::{HubUrl, HubUrlError};
use crate::identity::TrustDomain;

/// How long a hub honours an invitation: 72 hours.
pub const INVITATION_LIFE_MS: i64 = 72 * 3_600_000;

const PREFIX: &str = "lapor1";
const CHECKSUM_CHARS: usize = 8;
const MAX_CHARS: usize = 2048;

/// What an operator pastes into `lapor-node enrol`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The listener without client certificates.
    pub enrolment_url: HubUrl,
    /// The listener with them.
    pub federation_url: HubUrl,
    pub trust_domain: TrustDomain,
    pub root_pin: RootPin,
    pub instance: InstanceId,
    pub secret: InvitationSecret,
}

/// 256 random bits that are good for one enrolment; base64url on the wire.
#[derive(Clone, ZeroizeOnDrop, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InvitationSecret([u8; 32]);

/// Why a pasted line is no invitation, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvitationError {
    #[error("an invitation begins with `{PREFIX}.`; paste the whole line that the hub printed")]
    WrongPrefix,
    #[error("this invitation is of a later version; upgrade this program first")]
    LaterVersion,
    #[error("the invitation is cut off; paste the whole line that the hub printed")]
    Truncated,
    #[error("the invitation is broken by spaces or line breaks; paste it as one line")]
    Broken,
    #[error("the invitation is damaged (its checksum differs); copy it again")]
    Damaged,
    #[error("an invitation has at most {MAX_CHARS} characters; paste only that line")]
    TooLong,
    #[error("the invitation names no usable hub: {0}; ask the hub's operator for another")]
    Hub(#[from] HubUrlError),
    #[error("the invitation's {0} cannot be understood; ask the hub's operator for another")]
    Contents(&'static str),
}

/// A secret that is not 32 bytes in base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret is not 32 bytes in base64url")]
pub struct SecretError;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    enrol: String,
    federation: String,
    domain: String,
    pin: String,
    instance: String,
    secret: String,
}

impl Invitation {
    /// The line to paste; it contains the secret.
    pub fn to_line(&self) -> Zeroizing<String> {
        let mut contents = Contents {
            enrol: self.enrolment_url.to_string(),
            federation: self.federation_url.to_string(),
            domain: self.trust_domain.to_string(),
            pin: self.root_pin.to_hex(),
            instance: self.instance.to_string(),
            secret: self.secret.encoded(),
        };
        let json = serde_json::to_vec(&contents).expect("an invitation serialises");
        let json = Zeroizing::new(json);
        contents.secret.zeroize();
        let body = format!("{PREFIX}.{}", B64.encode(&*json));
        let checksum = checksum(&body);
        Zeroizing::new(format!("{body}.{checksum}"))
    }
}

impl FromStr for Invitation {
    type Err = InvitationError;

    fn from_str(text: &str) -> Result<Self, InvitationError> {
        let json = unwrap_line(text.trim())?;
        // The parser's own message could quote the secret.
        let contents: Contents =
            serde_json::from_slice(&json).map_err(|_| InvitationError::Contents("contents"))?;
        Ok(Self {
            enrolment_url: contents.enrol.parse()?,
            federation_url: contents.federation.parse()?,
            trust_domain: contents
                .domain
                .parse()
                .map_err(|_| InvitationError::Contents("trust domain"))?,
            root_pin: contents
                .pin
                .parse()
                .map_err(|_| InvitationError::Contents("root pin"))?,
            instance: contents
                .instance
                .parse()
                .map_err(|_| InvitationError::Contents("instance"))?,
            secret: InvitationSecret::try_from(contents.secret)
                .map_err(|_| InvitationError::Contents("secret"))?,
        })
    }
}

impl InvitationSecret {
    /// Takes bytes that the caller drew at random.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// SHA-256, what a hub stores: 256 random bits need no slower hash.
    pub fn hash(&self) -> Digest {
        Digest::of(&self.0)
    }

    /// Compares with a stored hash in constant time.
    pub fn matches(&self, stored: &Digest) -> bool {
        self.hash().as_bytes().ct_eq(stored.as_bytes()).into()
    }

    fn encoded(&self) -> String {
        B64.encode(self.0)
    }
}

impl TryFrom<String> for InvitationSecret {
    type Error = SecretError;

    fn try_from(text: String) -> Result<Self, SecretError> {
        let text = Zeroizing::new(text);
        let bytes = Zeroizing::new(B64.decode(&*text).map_err(|_| SecretError)?);
        <[u8; 32]>::try_from(bytes.as_slice())
            .map(Self)
            .map_err(|_| SecretError)
    }
}

impl From<InvitationSecret> for String {
    fn from(secret: InvitationSecret) -> Self {
        secret.encoded()
    }
}

impl PartialEq for InvitationSecret {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for InvitationSecret {}

impl fmt::Debug for InvitationSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InvitationSecret(..)")
    }
}

/// Checks prefix, length and checksum, and returns the JSON inside.
fn unwrap_line(line: &str) -> Result<Zeroizing<Vec<u8>>, InvitationError> {
    if line.len() > MAX_CHARS {
        return Err(InvitationError::TooLong);
    }
    let Some(rest) = line.strip_prefix("lapor1.") else {
        return Err(prefix_error(line));
    };
    if line.contains(char::is_whitespace) {
        return Err(InvitationError::Broken);
    }
    let (encoded, given) = rest.split_once('.').ok_or(InvitationError::Truncated)?;
    if given.len() < CHECKSUM_CHARS {
        return Err(InvitationError::Truncated);
    }
    if given != checksum(&line[..PREFIX.len() + 1 + encoded.len()]) {
        return Err(InvitationError::Damaged);
    }
    B64.decode(encoded)
        .map(Zeroizing::new)
        .map_err(|_| InvitationError::Contents("contents"))
}

fn prefix_error(line: &str) -> InvitationError {
    let version = line
        .strip_prefix("lapor")
        .and_then(|rest| rest.split_once('.'))
        .and_then(|(version, _)| version.parse::<u32>().ok());
    if "lapor1.".starts_with(line) && !line.is_empty() {
        InvitationError::Truncated
    } else if version.is_some_and(|version| version > 1) {
        InvitationError::LaterVersion
    } else {
        InvitationError::WrongPrefix
    }
}

/// Eight characters of base64url: 48 bits of SHA-256 over what stands before.
/// They find damage, not malice: what is trusted is the line as a whole.
fn checksum(body: &str) -> String {
    B64.encode(&Digest::of(body.as_bytes()).as_bytes()[..6])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn invitation(instance: &str, port: u16, secret: [u8; 32]) -> Invitation {
        Invitation {
            enrolment_url: format!("https://hub.lapor.test:{port}").parse().unwrap(),
            federation_url: "https://10.0.0.1:7443".parse().unwrap(),
            trust_domain: "lapor.test".parse().unwrap(),
            root_pin: Digest::of(&secret),
            instance: instance.parse().unwrap(),
            secret: InvitationSecret::from_random(secret),
        }
    }

    fn refusal(line: &str) -> InvitationError {
        line.parse::<Invitation>().unwrap_err()
    }

    proptest! {
        #[test]
        fn an_invitation_survives_being_pasted(
            instance in "[a-z][a-z0-9]{1,20}(-[a-z0-9]{1,9})?",
            port in 1u16..,
            secret: [u8; 32],
        ) {
            let invitation = invitation(&instance, port, secret);
            let line = invitation.to_line();
            prop_assert!(!line.contains(char::is_whitespace));
            prop_assert_eq!(format!(" {}\n", *line).parse::<Invitation>(), Ok(invitation));
        }

        #[test]
        fn no_pasted_text_makes_the_reader_panic(text in ".{0,200}") {
            prop_assert!(text.parse::<Invitation>().is_err());
        }
    }

    #[test]
    fn an_invitation_damaged_or_cut_at_any_position_is_refused() {
        let line = invitation("kota-bandung", 7444, [9; 32]).to_line();
        for position in 0..line.len() {
            for replacement in ["x", "Q", ".", "-", ""] {
                let mut damaged = line.to_string();
                damaged.replace_range(position..=position, replacement);
                if damaged != *line {
                    refusal(&damaged);
                }
            }
            let cut = &line[..position];
            let expected = if position == 0 {
                InvitationError::WrongPrefix
            } else {
                InvitationError::Truncated
            };
            assert_eq!(refusal(cut), expected, "{cut}");
        }
    }

    #[test]
    fn each_mistake_is_told_apart() {
        let line = invitation("kota-bandung", 7444, [9; 32]).to_line();
        assert_eq!(refusal("kota-bandung"), InvitationError::WrongPrefix);
        assert_eq!(
            refusal(&line.replacen('1', "2", 1)),
            InvitationError::LaterVersion
        );
        assert_eq!(refusal(&format!("{}A", *line)), InvitationError::Damaged);
        assert_eq!(refusal(&"lapor1.".repeat(400)), InvitationError::TooLong);
        let (before, after) = line.split_at(100);
        assert_eq!(
            refusal(&format!("{before}\n{after}")),
            InvitationError::Broken
        );
    }

    #[test]
    fn a_well_formed_line_with_wrong_contents_is_refused() {
        let line = |json: &str| {
            let body = format!("{PREFIX}.{}", B64.encode(json));
            format!("{body}.{}", checksum(&body))
        };
        let good = serde_json::json!({
            "enrol": "https://hub:1", "federation": "https://hub:2", "domain": "lapor.test",
            "pin": Digest::of(b"root").to_hex(), "instance": "kemenpu",
            "secret": B64.encode([1; 32]),
        });
        assert!(line(&good.to_string()).parse::<Invitation>().is_ok());
        for (field, value) in [
            ("enrol", "http://hub:1"),
            ("federation", "ftp://hub"),
            ("domain", "Lapor"),
            ("pin", "abc"),
            ("instance", "Kemen PU"),
            ("secret", "c2hvcnQ"),
            ("unknown", "field"),
        ] {
            let mut wrong = good.clone();
            wrong[field] = value.into();
            let error = refusal(&line(&wrong.to_string()));
            let is_hub = matches!(error, InvitationError::Hub(_));
            assert_eq!(
                is_hub,
                ["enrol", "federation"].contains(&field),
                "{field}: {error}"
            );
        }
        assert_eq!(refusal(&line("[]")), InvitationError::Contents("contents"));
    }

    #[test]
    fn a_secret_is_compared_by_hash_and_never_printed() {
        let secret = InvitationSecret::from_random([0xab; 32]);
        assert!(secret.matches(&secret.hash()));
        assert!(!secret.matches(&Digest::of(b"other")));
        let invitation = invitation("kemenpu", 1, [0xab; 32]);
        let printed = format!("{invitation:?} {secret:?}");
        assert!(!printed.contains("abab") && !printed.contains("171"));
        assert!(!printed.contains(&secret.encoded()));
    }
}
