//! What of a conversation goes with a report whose words are erased, and what goes with time.

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;

use super::manner::Name;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

const DAY_MS: i64 = 86_400_000;
/// For how long what came in and was no report can be read, what was done is listed, and who has
/// reported nothing is known.
const TAKEN_KEPT_MS: i64 = 30 * DAY_MS;
/// The same of what was said: longer than anything is news.
const SAID_KEPT_MS: i64 = 60 * DAY_MS;
/// For how long it is known that something came in: longer than any provider hands it over again. A
/// mailbox that is numbered anew is read again from its beginning, so that letters stay known.
const SEEN_KEPT_MS: i64 = 90 * DAY_MS;
/// For how long the words of what was sent are kept, where it may come back.
const SENT_KEPT_MS: i64 = DAY_MS;
/// For how long a block that is over waits for what follows from it, where no channel is on or that
/// cannot be told.
pub(super) const ENDED_KEPT_MS: i64 = DAY_MS;

impl Node {
    /// Forgets where a report was filed, what is to be said of it, and with the last report of a
    /// conversation who that is. That nothing is to be said there any more stays known.
    pub(crate) async fn forget_on_channels(
        &self,
        tx: &mut Tx,
        case: &str,
    ) -> Result<(), NodeError> {
        store::channels::outbox::drop_of_case(tx, case).await?;
        store::channels::said::forget(tx, case).await?;
        store::channels::refs::forget(tx, case).await?;
        store::channels::keywords::forget(tx, case).await?;
        let Some(thread) = store::channels::threads::of_case(tx, case).await? else {
            return Ok(());
        };
        store::channels::taken::forget_words(tx, &thread).await?;
        store::channels::alike::forget(tx, &thread).await?;
        let left = store::channels::threads::unlink(tx, case, &thread).await?;
        let row = store::channels::threads::one(tx, &thread).await?;
        // What cannot be opened any more nobody goes on telling.
        let drafting = row
            .and_then(|row| self.talk_of(&row).ok())
            .is_some_and(|talk| talk.draft.is_some());
        // A report that is half told is still theirs to tell.
        if left == 0 && !drafting {
            store::channels::outbox::drop_all(tx, &thread).await?;
            store::channels::threads::forget(tx, &thread).await?;
        } else {
            store::channels::threads::turned(tx, &thread).await?;
        }
        Ok(())
    }

    /// Drops what is to be said of a case whose words were erased, also what is being written of it at
    /// this moment; where it was filed stays.
    pub(crate) async fn unsay_on_channels(
        &self,
        tx: &mut Tx,
        case: CaseId,
    ) -> Result<(), NodeError> {
        store::channels::outbox::drop_of_case(tx, &case.to_string()).await?;
        let whole = match self.filed_as(tx, case).await {
            Ok(whole) => whole.to_string(),
            Err(error @ NodeError::Database(_)) => return Err(error),
            // What it was split from is here no more, or cannot be read: nothing is told of it either.
            Err(_) => return Ok(()),
        };
        if let Some(thread) = store::channels::threads::of_case(tx, &whole).await? {
            store::channels::threads::turned(tx, &thread).await?;
        }
        Ok(())
    }

    /// Forgets what is over and old.
    pub(crate) async fn expire_channels(&self) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        store::channels::taken::expire(&mut tx, now - TAKEN_KEPT_MS).await?;
        // Not by a clock that is ahead: what comes again would be taken for new.
        if self.may_be_final() {
            let letters = Name::Email.as_str();
            store::channels::taken::forget_seen(&mut tx, letters, now - SEEN_KEPT_MS).await?;
        }
        store::channels::outbox::expire(&mut tx, now - SAID_KEPT_MS).await?;
        store::channels::outbox::forget_sent(&mut tx, now - SENT_KEPT_MS).await?;
        store::channels::unsaid::forget_words(&mut tx, now - TAKEN_KEPT_MS).await?;
        // Where a channel is on, what follows from the end of a block comes first.
        if self.channels_on().is_empty() {
            store::channels::blocks::expire(&mut tx, now - ENDED_KEPT_MS).await?;
        }
        store::channels::alike::expire(&mut tx, now - DAY_MS).await?;
        store::channels::threads::expire(&mut tx, now - TAKEN_KEPT_MS).await?;
        store::channels::parts::expire(&mut tx, now - DAY_MS).await?;
        store::channels::receipts::expire(&mut tx, now - DAY_MS).await?;
        Ok(tx.commit().await?)
    }
}
