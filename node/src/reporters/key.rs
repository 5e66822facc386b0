//! The reporter's secret key: what opens a conversation without an account.
//!
//! Sixteen digits in groups of four, as the receipt of GlobaLeaks: read over
//! the phone in any language, 53 bits. The case is found by its ticket and only
//! then is the key verified, so the hash may be slow: argon2id, so that whoever
//! steals the database opens nothing.

use std::fmt;
use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;
use zeroize::{Zeroize, Zeroizing};

use crate::chance::random;
use crate::error::NodeError;

const DIGITS: usize = 16;
/// KiB of memory of one hash: 19 MiB, and two passes over them (OWASP's parameters for argon2id).
/// Nearly every test of this crate files a report, and nobody steals its database.
const MEMORY_KIB: u32 = if cfg!(test) {
    64
} else {
    Params::DEFAULT_M_COST
};
/// Hashes of each kind computed at the same time.
const AT_ONCE: usize = 2;
/// Of keys that are made, and of keys that are tried: whoever tries many keeps nobody from filing.
pub(super) static MADE: Semaphore = Semaphore::const_new(AT_ONCE);
static TRIED: Semaphore = Semaphore::const_new(AT_ONCE);

/// Verified where there is nothing to verify, so that the time tells nothing.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash(&SecretKey::mint()).unwrap_or_default());

#[cfg(test)]
thread_local! {
    /// How often a key was verified for what runs on this thread: one test.
    pub(super) static VERIFIED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// A key; told once and stored nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey(Zeroizing<String>);

impl SecretKey {
    /// A new random key.
    pub fn mint() -> Self {
        Self(Zeroizing::new(random_digits(DIGITS)))
    }

    /// The key as somebody typed it; spaces, dots and hyphens do not matter.
    pub fn parse(typed: &str) -> Option<Self> {
        let mut digits = Zeroizing::new(String::with_capacity(DIGITS));
        for c in typed.chars() {
            match c {
                '0'..='9' if digits.len() < DIGITS => digits.push(c),
                ' ' | '.' | '-' => {}
                _ => return None,
            }
        }
        (digits.len() == DIGITS).then_some(Self(digits))
    }

    /// As it is shown: `1234 5678 9012 3456`.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(grouped(&self.0))
    }

    /// The hash to store.
    pub(super) async fn hashed(&self) -> Result<String, NodeError> {
        let key = self.clone();
        in_turn(&MADE, move || hash(&key)).await?
    }

    /// Whether this is the key of a stored hash; with none it is not, which
    /// takes as long.
    pub(super) async fn fits(
        this: Option<Self>,
        stored: Option<String>,
    ) -> Result<bool, NodeError> {
        #[cfg(test)]
        VERIFIED.set(VERIFIED.get() + 1);
        in_turn(&TRIED, move || {
            let known = this.is_some() && stored.is_some();
            let key = this.unwrap_or_else(Self::mint);
            let stored = stored.as_deref().unwrap_or(&NOBODY);
            let stored = PasswordHash::new(stored).map_err(NodeError::damaged)?;
            let verified = Argon2::default().verify_password(key.0.as_bytes(), &stored);
            Ok(known && verified.is_ok())
        })
        .await?
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// So many random decimal digits.
pub(super) fn random_digits(count: usize) -> String {
    let mut out = String::with_capacity(count);
    while out.len() < count {
        let mut bytes = random::<32>();
        // 250 is the largest multiple of ten that a byte holds.
        let fair = bytes.iter().filter(|byte| **byte < 250);
        out.extend(
            fair.take(count - out.len())
                .map(|byte| char::from(b'0' + byte % 10)),
        );
        bytes.zeroize();
    }
    out
}

pub(super) fn grouped(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() + digits.len() / 4);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

fn hash(key: &SecretKey) -> Result<String, NodeError> {
    let (passes, lanes) = (Params::DEFAULT_T_COST, Params::DEFAULT_P_COST);
    let params = Params::new(MEMORY_KIB, passes, lanes, None).map_err(NodeError::damaged)?;
    let hashing = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hashed = hashing.hash_password_with_salt(key.0.as_bytes(), &random::<16>());
    Ok(hashed.map_err(NodeError::damaged)?.to_string())
}

/// The turn is kept until the work has ended, even if nobody waits for it any more.
async fn in_turn<T: Send + 'static>(
    turns: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, NodeError> {
    let stopped = |_| NodeError::File(std::io::Error::other("a hash was not computed"));
    let turn = turns.acquire().await.map_err(NodeError::damaged)?;
    let worked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    });
    worked.await.map_err(stopped)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn whoever_hangs_up_makes_no_room_before_the_hash_is_made() {
        static TURNS: Semaphore = Semaphore::const_new(1);
        let (ends, end) = sync_channel::<()>(1);
        let work = in_turn(&TURNS, move || end.recv());
        timeout(Duration::from_millis(50), work).await.unwrap_err();
        assert_eq!(TURNS.available_permits(), 0);
        ends.send(()).unwrap();
        let free = timeout(Duration::from_mins(1), TURNS.acquire()).await;
        drop(free.unwrap().unwrap());
    }

    #[tokio::test]
    async fn whoever_tries_keys_keeps_nobody_waiting_for_a_new_one() {
        let tries = TRIED.acquire_many(AT_ONCE as u32).await.unwrap();
        let made = timeout(Duration::from_mins(1), SecretKey::mint().hashed()).await;
        assert!(made.unwrap().is_ok());
        drop(tries);
    }

    #[tokio::test]
    async fn a_key_is_read_as_people_type_it_and_fits_its_own_hash_only() {
        let key = SecretKey::mint();
        let shown = key.reveal();
        assert_eq!(shown.len(), DIGITS + 3);
        let again = SecretKey::parse(&shown.replace(' ', "-"));
        assert_eq!(again.as_ref(), Some(&key));
        let stored = key.hashed().await.unwrap();
        assert!(stored.starts_with("$argon2id$") && !stored.contains(&*key.0));
        assert!(SecretKey::fits(again, Some(stored.clone())).await.unwrap());
        assert!(
            !SecretKey::fits(Some(SecretKey::mint()), Some(stored.clone()))
                .await
                .unwrap()
        );
        assert!(!SecretKey::fits(None, Some(stored)).await.unwrap());
        assert!(!SecretKey::fits(Some(key), None).await.unwrap());
    }

    #[test]
    fn what_is_no_key_is_not_read_and_none_is_printed() {
        for wrong in ["", "1234", "1234 5678 9012 345x", "1234 5678 9012 3456 7"] {
            assert_eq!(SecretKey::parse(wrong), None, "{wrong}");
        }
        assert_eq!(format!("{:?}", SecretKey::mint()), "SecretKey(..)");
    }
}
