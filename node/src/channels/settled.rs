//! What a message leaves behind, written in the transaction of what it did or in one of its own:
//! either all of it stands or nothing.

use lapor_migrations::Tx;

use crate::error::NodeError;
use crate::store;
use crate::store::channels::outbox::OutRow;
use crate::store::channels::taken::Ending;
use crate::store::channels::threads::Turned;

/// What brought it about, as it was held.
#[derive(Clone)]
pub(crate) enum Cause {
    Message {
        number: i64,
        held: i64,
    },
    /// Somebody said nothing more.
    Silence,
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
    /// The hash of a text that became this case.
    pub filed: Option<Vec<u8>>,
    pub says: Vec<OutRow>,
    /// Unix ms.
    pub at: i64,
}

impl Settled {
    /// Writes it. What another process has done meanwhile undoes the whole work.
    pub(crate) async fn write(&self, tx: &mut Tx) -> Result<(), NodeError> {
        if let Cause::Message { number, held } = self.cause {
            let ending = Ending {
                state: self.state,
                outcome: self.outcome,
                case_id: self.case.as_deref(),
            };
            if store::channels::taken::end(tx, number, held, &ending).await? == 0 {
                return Err(NodeError::AnsweredMeanwhile);
            }
        }
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
        if let (Some(case), Some(hash)) = (&self.case, &self.filed) {
            let (thread, at) = (&self.thread, self.at);
            store::channels::threads::link(tx, case, thread, &self.channel, at).await?;
            store::channels::said::note(tx, thread, hash, case, at).await?;
        }
        if self.stopped_at.is_some() {
            store::channels::outbox::drop_news(tx, &self.thread).await?;
        }
        for row in &self.says {
            store::channels::outbox::add(tx, row).await?;
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
        }
    }
}
