//! The seat of a process among those that share a PostgreSQL database: a connection of its own on
//! which it hears what the others tell, and by which one of them leads.
//!
//! Leading is a lock of that connection. It ends with the process, and the server ends the seat of
//! whoever says nothing for a while, so that a paused process leads nobody. Nothing may rest on it
//! but who does what somebody has to do: what must not happen twice is kept apart by transactions.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool, PgPoolOptions};

use crate::{DbError, postgres};

/// What taking a seat may take, and a word on it.
const TAKING: Duration = Duration::from_secs(30);
const WORD: Duration = Duration::from_secs(5);

/// Made by [`crate::Db::sit`]; gone when it is dropped.
pub struct Seat {
    listener: PgListener,
    leads: bool,
}

impl Seat {
    pub(crate) async fn take(
        writer: &PgPool,
        silence: Duration,
        channel: &str,
    ) -> Result<Self, DbError> {
        let options = writer.connect_options().as_ref().clone();
        let options = options.options([("idle_session_timeout", silence.as_millis())]);
        let taking = async {
            let pool = PgPoolOptions::new().max_connections(1);
            let pool = pool.connect_with(options).await?;
            let mut listener = PgListener::connect_with(&pool).await?;
            // A seat that is lost is taken again by whoever had it, who must look at all that was missed.
            listener.eager_reconnect(false);
            listener.ignore_pool_close_event(true);
            listener.listen(channel).await?;
            Ok::<_, DbError>(listener)
        };
        let listener = Box::pin(within(TAKING, taking))
            .await
            .map_err(|error| match error {
                DbError::Other(why) => DbError::Configuration(format!(
                    "several processes on a database need PostgreSQL 14 or later: {why}"
                )),
                other => other,
            })?;
        Ok(Self {
            listener,
            leads: false,
        })
    }

    /// Whether this process leads the others: it does from the first moment at which nobody else
    /// does. An error ends the seat. To be asked more often than the server's patience lasts.
    pub async fn leads(&mut self) -> Result<bool, DbError> {
        if self.leads {
            let word = async {
                let said = sqlx::query("select 1").execute(&mut self.listener).await;
                Ok::<_, DbError>(said?)
            };
            within(WORD, word).await?;
        } else {
            self.leads = within(WORD, postgres::lead(&mut self.listener)).await?;
        }
        Ok(self.leads)
    }

    /// Whether a write could begin at once: whoever waits for one all the same waits at connections
    /// that nobody answers.
    pub async fn could_write(&mut self) -> Result<bool, DbError> {
        let tried = postgres::try_lock(&mut self.listener, postgres::WRITER_LOCK);
        within(WORD, tried).await
    }

    /// What was told next, waiting so long at most. An error ends the seat.
    pub async fn hear(&mut self, time: Duration) -> Result<Option<String>, DbError> {
        let Ok(heard) = tokio::time::timeout(time, self.listener.try_recv()).await else {
            return Ok(None);
        };
        let heard = heard?.ok_or_else(|| DbError::Unavailable("the seat is lost".into()))?;
        Ok(Some(heard.payload().to_owned()))
    }
}

async fn within<T>(
    time: Duration,
    word: impl Future<Output = Result<T, DbError>>,
) -> Result<T, DbError> {
    let said = tokio::time::timeout(time, word).await;
    said.map_err(|_| DbError::Unavailable("PostgreSQL does not answer".into()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throwaway::databases;
    use crate::{Db, DbOptions, Kind, Schema};

    const CHANNEL: &str = "test";
    /// Longer than the server takes to tell, or to end a session.
    const LONG: Duration = Duration::from_secs(20);

    async fn tell(db: &Db, word: &str) {
        let mut tx = db.write().await.unwrap();
        tx.tell(CHANNEL, word).await.unwrap();
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn a_seat_hears_what_is_told_and_one_leads_until_its_seat_is_gone() {
        for test in databases().await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            tell(&db, "nobody").await;
            let Some(mut first) = db.sit(CHANNEL).await.unwrap() else {
                assert_eq!(test.kind, Kind::Sqlite);
                assert!(!db.is_led().await.unwrap());
                continue;
            };
            let mut second = db.sit(CHANNEL).await.unwrap().unwrap();
            assert!(!db.is_led().await.unwrap());
            assert!(first.leads().await.unwrap());
            assert!(first.leads().await.unwrap(), "once and again");
            assert!(!second.leads().await.unwrap());
            assert!(db.is_led().await.unwrap());
            tell(&db, "all").await;
            for seat in [&mut first, &mut second] {
                assert_eq!(seat.hear(LONG).await.unwrap().as_deref(), Some("all"));
                assert_eq!(seat.hear(Duration::ZERO).await.unwrap(), None);
            }
            drop(first);
            let succeeding = async {
                while !second.leads().await.unwrap() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(LONG, succeeding).await.unwrap();
        }
    }

    #[tokio::test]
    async fn whoever_says_nothing_for_long_is_ended_by_the_server() {
        let options = DbOptions {
            silence_timeout: Duration::from_millis(100),
            ..DbOptions::default()
        };
        for test in databases().await {
            test.migrated(Schema::Hub).await.unwrap().close().await;
            let paused = Db::open(&test.url, Schema::Hub, &options).await.unwrap();
            let other = test.open(Schema::Hub).await.unwrap();
            let Some(mut seat) = paused.sit(CHANNEL).await.unwrap() else {
                continue;
            };
            let silent = paused.write().await.unwrap();
            // The other waits for the one that says nothing, and no longer.
            other.write().await.unwrap().commit().await.unwrap();
            assert!(silent.commit().await.is_err());
            assert!(seat.hear(LONG).await.is_err(), "the seat is gone, too");
            paused.write().await.unwrap().commit().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_write_keeps_others_out() {
        for test in databases().await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            assert!(db.takes_turns().await.unwrap(), "{}", test.name);
        }
    }
}
