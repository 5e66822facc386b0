//! What a message leaves behind, written in the transaction of what it did or in one of its own:
//! either all of it stands or nothing.

use lapor_migrations::Tx;

use super::log_name;
use crate::error::NodeError;
use crate::reporters::Suspicion;
use crate::store;
use crate::store::channels::outbox::OutRow;
use crate::store::channels::refs::{NewRef, RefRow};
use crate::store::channels::taken::Ending;
use crate::store::channels::threads::{NewLink, Turned};
use crate::store::erasures::MarkRow;

const HOUR_MS: i64 = 60 * 60 * 1000;
/// The same text from so many others within an hour is a campaign.
const OTHERS: i64 = 4;

/// What brought it about, as it was held.
#[derive(Clone)]
pub(crate) enum Cause {
    Message {
        number: i64,
        held: i64,
    },
    /// Somebody said nothing more.
    Silence,
    /// An officer makes something of messages that lie aside.
    Desk {
        numbers: Vec<i64>,
        actor: String,
    },
}

/// What a text that became a case has in common with others.
#[derive(Clone)]
pub(crate) struct Common {
    /// Its hash, whoever says it.
    pub text: Vec<u8>,
    /// The word of the table with which it began.
    pub keyword: Option<String>,
    /// The case is to be looked at already, whoever says the same.
    pub marked: bool,
}

/// What a report was made of.
#[derive(Clone)]
pub(crate) struct Origin {
    /// Hashes of its text, as it was said last and as a whole.
    pub texts: [Vec<u8>; 2],
    /// Hashes of the provider's ids of its messages.
    pub messages: Vec<Vec<u8>>,
    /// The sealed id of the post that it was, where everybody reads.
    pub post: Option<Vec<u8>>,
}

/// A message that was said below another.
#[derive(Clone)]
pub(crate) struct Joined {
    /// The hash of the provider's id of it.
    pub hash: Vec<u8>,
    pub below: RefRow,
}

/// All that changes with a message.
pub(crate) struct Settled {
    pub cause: Cause,
    pub channel: String,
    pub thread: String,
    pub turn: i64,
    pub talk: Option<Vec<u8>>,
    pub wake_at: Option<i64>,
    pub stopped_at: Option<i64>,
    pub state: &'static str,
    pub outcome: &'static str,
    pub case: Option<String>,
    /// What became this case.
    pub filed: Option<Origin>,
    pub joined: Option<Joined>,
    pub common: Option<Common>,
    /// The row of what was asked and is answered with it.
    pub answered: Option<String>,
    pub says: Vec<OutRow>,
    /// Unix ms.
    pub at: i64,
}

impl Settled {
    /// Writes it. What another process has done meanwhile undoes the whole work.
    pub(crate) async fn write(&self, tx: &mut Tx) -> Result<(), NodeError> {
        self.end_cause(tx).await?;
        let turned = Turned {
            thread: &self.thread,
            turn: self.turn,
            talk: self.talk.as_deref(),
            wake_at: self.wake_at,
            stopped_at: self.stopped_at,
        };
        if store::channels::threads::turn(tx, &turned).await? == 0 {
            return Err(NodeError::AnsweredMeanwhile);
        }
        if let (Some(case), Some(origin)) = (&self.case, &self.filed) {
            self.note_origin(tx, case, origin).await?;
        }
        if let Some(Joined { hash, below }) = &self.joined {
            let message = NewRef {
                channel: &self.channel,
                hash,
                thread: &below.thread,
                case_id: below.case_id.as_deref(),
                at: self.at,
            };
            store::channels::refs::add(tx, &message).await?;
        }
        if let (Some(case), Some(common)) = (&self.case, &self.common) {
            self.note_alike(tx, case, common).await?;
            if let Some(word) = &common.keyword {
                store::channels::keywords::note(tx, case, word, self.at).await?;
            }
        }
        if let Some(once) = &self.answered {
            store::channels::outbox::was_heard(tx, &self.thread, once, self.at).await?;
        }
        if self.stopped_at.is_some() {
            store::channels::outbox::drop_news(tx, &self.thread).await?;
        }
        for row in &self.says {
            store::channels::outbox::add(tx, row).await?;
        }
        Ok(())
    }

    /// Counts and notes in one transaction: of many who say the same at once each is counted by the
    /// next.
    async fn note_alike(&self, tx: &mut Tx, case: &str, common: &Common) -> Result<(), NodeError> {
        let (text, thread, since) = (&common.text, &self.thread, self.at - HOUR_MS);
        let others = store::channels::alike::others(tx, text, thread, since).await?;
        if others >= OTHERS && !common.marked {
            let mark = MarkRow {
                case_id: case.to_owned(),
                reason: Suspicion::Campaign.as_str().to_owned(),
                marked_by: "channel".to_owned(),
                at: self.at,
            };
            store::erasures::mark(tx, &mark).await?;
        }
        Ok(store::channels::alike::note(tx, text, thread, self.at).await?)
    }

    /// Where a report came from, so that what is said of it later finds its case.
    async fn note_origin(&self, tx: &mut Tx, case: &str, origin: &Origin) -> Result<(), NodeError> {
        let (thread, at) = (&self.thread, self.at);
        let link = NewLink {
            case,
            thread,
            channel: &self.channel,
            post: origin.post.as_deref(),
            at,
        };
        store::channels::threads::link(tx, &link).await?;
        for text in &origin.texts {
            store::channels::said::note(tx, thread, text, case, at).await?;
        }
        for hash in &origin.messages {
            let message = NewRef {
                channel: &self.channel,
                hash,
                thread,
                case_id: Some(case),
                at,
            };
            store::channels::refs::add(tx, &message).await?;
        }
        Ok(())
    }

    async fn end_cause(&self, tx: &mut Tx) -> Result<(), NodeError> {
        let case = self.case.as_deref();
        match &self.cause {
            Cause::Silence => {}
            Cause::Message { number, held } => {
                let ending = Ending {
                    state: self.state,
                    outcome: self.outcome,
                    case_id: case,
                };
                if store::channels::taken::end(tx, *number, *held, &ending).await? == 0 {
                    return Err(NodeError::AnsweredMeanwhile);
                }
            }
            Cause::Desk { numbers, actor } => {
                for number in numbers {
                    let ended = store::channels::aside::end(tx, *number, self.outcome, case);
                    if ended.await? == 0 {
                        return Err(NodeError::AnsweredMeanwhile);
                    }
                }
                let name = log_name(&self.channel, &self.thread);
                store::audit::add(tx, self.at, actor, "channel.taken_up", case, &name).await?;
            }
        }
        Ok(())
    }
}

impl Cause {
    /// What nobody is told twice.
    pub(super) fn once(&self, turn: i64, at: usize) -> String {
        match self {
            Self::Message { number, .. } => format!("answer:{number}:{at}"),
            Self::Silence => format!("silence:{turn}:{at}"),
            Self::Desk { .. } => format!("desk:{turn}:{at}"),
        }
    }
}
