//! Who may order messages of a database. On SQLite one process may, and another that begins takes
//! the right from it. On PostgreSQL all processes of a hub may, one transaction after the other, by
//! the lock that every write takes; while the record is put together again one of them is alone, and one
//! whose program is older than another's ends.

use std::time::Duration;

use lapor_migrations::{DbError, Kind, Schema, Tx};
use lapor_web::chance::random;
use tokio::time::{Instant, sleep};

use crate::error::HubError;
use crate::ground::Ground;
use crate::store::state::{self, SEQUENCER};
use crate::{replicas, restored};

/// What stands in the database while several may, with the schema of their program behind a colon. Where
/// none stands, a program of before wrote it.
const SHARED: &str = "replicas";
/// A process that ends gives its seat back within this.
const ENDING: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(100);

/// The right of one process.
#[derive(Debug)]
pub struct Right {
    token: String,
    /// Whether others may have it too.
    shares: bool,
    /// Of this program.
    schema: i64,
    /// Unix ms; when the hub was last restored before this process began.
    restored_at: Option<i64>,
}

impl Right {
    /// Takes the right, or a share in it.
    pub async fn take(ground: &Ground) -> Result<Self, HubError> {
        let mut right = Self {
            token: hex::encode(random::<16>()),
            shares: ground.db.kind() == Kind::Postgres,
            schema: Schema::Hub.version(),
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
            let shared = stored.as_deref().and_then(shared_by);
            if shared.is_some_and(|schema| schema > right.schema) {
                return Err(HubError::Fenced);
            }
            let word = format!("{SHARED}:{}", right.schema);
            state::write(&mut tx, SEQUENCER, &word).await?;
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
        let shared = stored.filter(|_| self.shares).and_then(shared_by);
        match shared {
            // It writes what this one may take for something else.
            Some(schema) if schema > self.schema => return Err(HubError::Fenced),
            Some(_) => return Ok(()),
            None => {}
        }
        if self.shares && is_broken(tx).await? {
            return Err(HubError::Elsewhere);
        }
        Err(HubError::Fenced)
    }
}

/// The schema of the program whose processes share the right, if that is what stands there.
fn shared_by(stored: &str) -> Option<i64> {
    match stored.strip_prefix(SHARED)? {
        "" => Some(0),
        behind => behind.strip_prefix(':')?.parse().ok(),
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
        let version = format!("{SHARED}:27");
        assert_eq!(shared_by(&version), Some(27));
        assert_eq!(shared_by(SHARED), Some(0), "of before");
        for other in ["0123456789abcdef", "replicas:", "replicas27"] {
            assert_eq!(shared_by(other), None, "{other}");
        }
    }
}
