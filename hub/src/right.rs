//! Who may order messages of a database. On SQLite one process may, and another that begins takes
//! the right from it. On PostgreSQL all processes of a hub may, one transaction after the other, by
//! the lock that every write takes; while the record is put together again one of them is alone, and one
//! whose program is older than another's ends.

use std::fmt;
use std::time::Duration;

use lapor_migrations::{DbError, Kind, Schema, Tx};
use lapor_web::chance::random;
use tokio::time::{Instant, sleep};

use crate::error::HubError;
use crate::ground::Ground;
use crate::store::state::{self, SEQUENCER};
use crate::{replicas, restored};

/// What stands in the database while several may, with the edition of their program behind a colon. Where
/// none stands, a program of before wrote it.
const SHARED: &str = "replicas";
/// The number of the rules by which this program decides and writes. It goes up with every version that
/// rules on messages, judges alarms or counts clocks in another way than the one before, or stores words
/// that the one before does not know, where no migration tells the two apart.
const RULES: u32 = 1;
/// A process that ends gives its seat back within this.
const ENDING: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(100);

/// What tells a newer program from an older one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edition {
    schema: i64,
    rules: u32,
}

impl Edition {
    fn own() -> Self {
        Self {
            schema: Schema::Hub.version(),
            rules: RULES,
        }
    }

    /// Where a program of before wrote it, it says nothing of rules, or nothing at all.
    fn read(stored: &str) -> Option<Self> {
        let behind = match stored.strip_prefix(SHARED)? {
            "" => "0",
            behind => behind.strip_prefix(':')?,
        };
        let (schema, rules) = behind.split_once('.').unwrap_or((behind, "0"));
        Some(Self {
            schema: schema.parse().ok()?,
            rules: rules.parse().ok()?,
        })
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SHARED}:{}.{}", self.schema, self.rules)
    }
}

/// The right of one process.
#[derive(Debug)]
pub struct Right {
    token: String,
    /// Whether others may have it too.
    shares: bool,
    program: Edition,
    /// Unix ms; when the hub was last restored before this process began.
    restored_at: Option<i64>,
}

impl Right {
    /// Takes the right, or a share in it.
    pub async fn take(ground: &Ground) -> Result<Self, HubError> {
        let mut right = Self {
            token: hex::encode(random::<16>()),
            shares: ground.db.kind() == Kind::Postgres,
            program: Edition::own(),
            restored_at: None,
        };
        if !ground.db.takes_turns().await? {
            let why = "the database that `database.url` names lets two processes write at once, \
                 though PostgreSQL would keep the second out (`pg_advisory_xact_lock`); a hub cannot be kept there";
            return Err(DbError::Configuration(why.to_owned()).into());
        }
        replicas::try_seat(&ground.db).await?;
        let since = Instant::now();
        while right.shares && ground.db.is_led().await? && is_broken_now(ground).await? {
            if since.elapsed() > ENDING {
                return Err(HubError::Elsewhere);
            }
            sleep(GLANCE).await;
        }
        let mut tx = ground.db.write().await?;
        right.restored_at = restored::last_at_in(&mut tx).await?;
        if right.shares && !is_broken(&mut tx).await? {
            let stored = state::read(&mut tx, SEQUENCER).await?;
            let shared = stored.as_deref().and_then(Edition::read);
            if shared.is_some_and(|program| program > right.program) {
                return Err(HubError::Fenced);
            }
            right.share_in(&mut tx).await?;
        } else {
            right.be_alone_in(&mut tx).await?;
        }
        tx.commit().await?;
        Ok(right)
    }

    /// How this process is told from the others of its hub.
    pub fn name(&self) -> &str {
        &self.token
    }

    /// Unix ms; when the hub was last restored before this process began.
    pub fn restored_at(&self) -> Option<i64> {
        self.restored_at
    }

    /// From the commit on no other process may order.
    pub async fn be_alone_in(&self, tx: &mut Tx) -> Result<(), HubError> {
        Ok(state::write(tx, SEQUENCER, &self.token).await?)
    }

    async fn share_in(&self, tx: &mut Tx) -> Result<(), HubError> {
        Ok(state::write(tx, SEQUENCER, &self.program.to_string()).await?)
    }

    /// As [`Self::judge`], before this process orders. Where one of an older program has begun since,
    /// that one ends from the commit on.
    pub async fn claim(&self, tx: &mut Tx, stored: Option<&str>) -> Result<(), HubError> {
        self.judge(tx, stored).await?;
        let shared = stored.and_then(Edition::read);
        if shared.is_some_and(|program| program < self.program) {
            self.share_in(tx).await?;
        }
        Ok(())
    }

    /// An error that ends this process where it has lost the right.
    pub async fn check(&self, tx: &mut Tx) -> Result<(), HubError> {
        let stored = state::read(tx, SEQUENCER).await?;
        self.judge(tx, stored.as_deref()).await
    }

    /// As [`Self::check`], by what is stored.
    pub async fn judge(&self, tx: &mut Tx, stored: Option<&str>) -> Result<(), HubError> {
        if stored == Some(&self.token) {
            return Ok(());
        }
        let shared = stored.filter(|_| self.shares).and_then(Edition::read);
        match shared {
            // It writes what this one may take for something else.
            Some(program) if program > self.program => return Err(HubError::Fenced),
            Some(_) => return Ok(()),
            None => {}
        }
        if self.shares && is_broken(tx).await? {
            return Err(HubError::Elsewhere);
        }
        Err(HubError::Fenced)
    }
}

/// Whether the record is being put together again: one process hears all members then.
async fn is_broken(tx: &mut Tx) -> Result<bool, HubError> {
    let lost = state::read(tx, state::LOSS).await?.is_some();
    Ok(lost || restored::open(tx).await?.is_some())
}

async fn is_broken_now(ground: &Ground) -> Result<bool, HubError> {
    let mut tx = ground.db.read().await?;
    is_broken(&mut tx).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_several_says_by_which_program() {
        let of = |schema, rules| Some(Edition { schema, rules });
        let own = Edition::own();
        assert_eq!(Edition::read(&own.to_string()), Some(own));
        assert_eq!(Edition::read("replicas:27.3"), of(27, 3));
        assert_eq!(Edition::read("replicas:27"), of(27, 0), "of before");
        assert_eq!(Edition::read("replicas"), of(0, 0), "of before that");
        assert!(of(27, 3) < of(27, 4) && of(27, 4) < of(28, 0));
        for other in ["0123456789abcdef", "replicas:", "replicas:.1", "replicas27"] {
            assert_eq!(Edition::read(other), None, "{other}");
        }
    }
}
