//! Argon2id (RFC 9106) away from the threads that serve, for a few at a time.
//! Whoever waits too long is sent away; an unknown account costs as much time as
//! a wrong password.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as B64;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};
use tokio::sync::Semaphore;

use super::AccountError;
use super::password::Password;
use crate::chance::random;

/// Passwords that are worked on at once; each takes a core and its memory.
const AT_ONCE: usize = 2;
/// Passwords that may wait for that.
const WAITING: usize = 64;
/// How long one may wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds after which those sent away may come back.
const BUSY_SECONDS: u32 = 10;

/// What one hash costs whoever makes or guesses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashCost {
    pub memory_kib: u32,
    pub passes: u32,
}

/// KiB of memory that a hash may take: what Argon2 needs at least, and what no machine should give one.
const MEMORY_KIB: RangeInclusive<u32> = Params::MIN_M_COST..=1 << 20;

/// Reads the memory of a hash, and refuses what no password could be hashed with.
///
/// # Errors
/// Says what it may be.
pub fn memory_kib<'de, D: Deserializer<'de>>(reader: D) -> Result<u32, D::Error> {
    let kib = u32::deserialize(reader)?;
    if MEMORY_KIB.contains(&kib) {
        return Ok(kib);
    }
    let (least, most) = (MEMORY_KIB.start(), MEMORY_KIB.end());
    let wrong = format!("expected {least} to {most} KiB for the hash of a password, got {kib}");
    Err(D::Error::custom(wrong))
}

impl HashCost {
    /// 46 MiB and one pass, of the equivalent choices that OWASP's Password
    /// Storage Cheat Sheet names for Argon2id the one that costs most memory.
    pub const STAFF: Self = Self {
        memory_kib: 47_104,
        passes: 1,
    };
}

/// What became of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verified {
    No,
    Yes,
    /// Right, but hashed at another cost than today's: here it is anew.
    Rehashed(String),
}

pub struct Hashing {
    cost: HashCost,
    working: Arc<Semaphore>,
    queue: Semaphore,
    /// What is held against a password where there is no account.
    decoy: String,
}

impl Hashing {
    pub fn new(cost: HashCost) -> Self {
        Self {
            cost,
            working: Arc::new(Semaphore::new(AT_ONCE)),
            queue: Semaphore::new(WAITING),
            decoy: decoy(cost),
        }
    }

    /// A PHC string with salt and cost.
    pub async fn hash(&self, password: &Password) -> Result<String, AccountError> {
        let (cost, password) = (self.cost, password.clone());
        self.work(move || hash(cost, &password)).await?
    }

    /// Holds a password against what is stored; `None` takes as long and is never right.
    pub async fn verify(
        &self,
        password: &Password,
        stored: Option<&str>,
    ) -> Result<Verified, AccountError> {
        let against = stored.unwrap_or(&self.decoy).to_owned();
        let (cost, typed, known) = (self.cost, password.clone(), stored.is_some());
        self.work(move || {
            let parsed = PasswordHash::new(&against)
                .map_err(|_| AccountError::Damaged("the hash of a password"))?;
            let right = Argon2::default()
                .verify_password(typed.reveal().as_bytes(), &parsed)
                .is_ok();
            if !(right && known) {
                return Ok(Verified::No);
            }
            if of_cost(cost, &parsed) {
                return Ok(Verified::Yes);
            }
            hash(cost, &typed).map(Verified::Rehashed)
        })
        .await?
    }

    /// The place is kept until the work has ended, even if nobody waits for it any more.
    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, AccountError> {
        let busy = AccountError::Busy {
            retry_after_s: BUSY_SECONDS,
        };
        let _queued = self.queue.try_acquire().map_err(|_| busy.clone())?;
        let place = tokio::time::timeout(PATIENCE, Arc::clone(&self.working).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            return Err(busy);
        };
        let worked = tokio::task::spawn_blocking(move || {
            let _place = place;
            work()
        });
        worked.await.map_err(|_| busy)
    }
}

fn hash(cost: HashCost, password: &Password) -> Result<String, AccountError> {
    let unusable = AccountError::Damaged("the cost of a password's hash");
    let Ok(params) = Params::new(cost.memory_kib, cost.passes, 1, None) else {
        return Err(unusable);
    };
    let made = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_with_salt(password.reveal().as_bytes(), &random::<16>());
    made.map(|hash| hash.to_string()).map_err(|_| unusable)
}

/// In the form of a hash of this cost: of nothing that anybody knows, so that nobody has to work for it.
fn decoy(cost: HashCost) -> String {
    let (salt, hash) = (B64.encode(random::<16>()), B64.encode(random::<32>()));
    let HashCost { memory_kib, passes } = cost;
    format!("$argon2id$v=19$m={memory_kib},t={passes},p=1${salt}${hash}")
}

fn of_cost(cost: HashCost, hash: &PasswordHash) -> bool {
    Params::try_from(hash)
        .is_ok_and(|params| params.m_cost() == cost.memory_kib && params.t_cost() == cost.passes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: HashCost = HashCost {
        memory_kib: 8,
        passes: 1,
    };

    #[tokio::test]
    async fn a_password_is_right_or_wrong_and_an_unknown_account_is_wrong() {
        let hashing = Hashing::new(LEAST);
        let password = Password::from("gerimis tujuh kelapa");
        let stored = hashing.hash(&password).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=8,t=1,p=1$"),
            "{stored}"
        );
        let verify = async |text: &str, stored| hashing.verify(&text.into(), stored).await.unwrap();
        assert_eq!(
            verify("gerimis tujuh kelapa", Some(&stored)).await,
            Verified::Yes
        );
        assert_eq!(verify("gerimis tujuh", Some(&stored)).await, Verified::No);
        assert_eq!(verify("gerimis tujuh kelapa", None).await, Verified::No);
        assert!(matches!(
            hashing.verify(&password, Some("$argon2id$")).await,
            Err(AccountError::Damaged(_))
        ));
    }

    #[test]
    fn memory_with_which_nobody_could_log_in_is_refused() {
        use serde::de::IntoDeserializer as _;
        use serde::de::value::{Error, U32Deserializer};

        let read = |kib: u32| {
            let reader: U32Deserializer<Error> = kib.into_deserializer();
            memory_kib(reader)
        };
        assert_eq!([8, 47_104, 1 << 20].map(|kib| read(kib).is_ok()), [true; 3]);
        let wrong = read(7).unwrap_err().to_string();
        assert!(wrong.contains("8 to 1048576 KiB"), "{wrong}");
        assert!(read((1 << 20) + 1).is_err());
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_made_anew_by_the_right_password_only() {
        let old = Hashing::new(LEAST).hash(&"gerimis".into()).await.unwrap();
        let dearer = Hashing::new(HashCost {
            memory_kib: 16,
            passes: 2,
        });
        let wrong = dearer.verify(&"mendung".into(), Some(&old)).await.unwrap();
        assert_eq!(wrong, Verified::No);
        let right = dearer.verify(&"gerimis".into(), Some(&old)).await.unwrap();
        let Verified::Rehashed(new) = right else {
            panic!("{right:?}");
        };
        assert!(new.contains("m=16,t=2"), "{new}");
        let again = dearer.verify(&"gerimis".into(), Some(&new)).await.unwrap();
        assert_eq!(again, Verified::Yes);
    }
}
