//! What lies aside because it looked like no report: an officer reads it under the name of its
//! conversation, and makes a report of it by the way that every message goes, or leaves it.

use lapor_protocol::ids::CaseId;

use super::deeds::Step;
use super::heard::Heard;
use super::manner::Name;
use super::settled::Cause;
use super::talk::{self, Deed, Say, Turn};
use super::{Lines, log_name};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::aside::AsideRow;

/// Messages of a page.
const SHOWN: i64 = 100;
/// How often a report is tried whose conversation goes on meanwhile.
const TRIES: usize = 3;

/// A conversation with what lies aside of it.
pub struct Conversation {
    pub thread: String,
    /// Such as `sms·4f2a`; no address.
    pub name: String,
    pub channel: String,
    /// Unix ms.
    pub blocked_until: Option<i64>,
    /// In the order in which they came.
    pub messages: Vec<AsideMessage>,
}

/// A message that lies aside.
pub struct AsideMessage {
    pub number: i64,
    /// Unix ms.
    pub came_at: i64,
    /// `None` where this node cannot read them now.
    pub words: Option<String>,
    /// It says where something is.
    pub place: bool,
    /// A greeting, thanks or a command, and no more.
    pub courtesy: bool,
    /// `aside`, `refused`, `doubted`, `left` or `blocked`.
    pub outcome: String,
}

/// A page of conversations, the latest first.
pub struct Conversations {
    pub all: Vec<Conversation>,
    /// What asks for the next page.
    pub next: Option<i64>,
}

/// What became of a conversation that an officer took up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakenUp {
    Filed {
        case: CaseId,
        ticket: String,
    },
    /// The same text of the same person was filed under this ticket a while ago.
    Again(String),
}

impl Node {
    /// What lies aside and nobody has looked at, or all that is kept, before a message.
    pub async fn conversations(
        &self,
        before: Option<i64>,
        all: bool,
    ) -> Result<Conversations, NodeError> {
        let lines = self.lines()?;
        let page = (before.unwrap_or(i64::MAX), self.clock().now_ms());
        let mut tx = self.read_tx().await?;
        let rows = store::channels::aside::list(&mut tx, page, all, SHOWN).await?;
        drop(tx);
        let full = i64::try_from(rows.len()).is_ok_and(|count| count == SHOWN);
        let next = rows.last().map(|row| row.number).filter(|_| full);
        let mut out: Vec<Conversation> = Vec::new();
        for row in rows {
            let message = self.shown(lines, &row);
            match out.iter_mut().find(|known| known.thread == row.thread) {
                Some(known) => known.messages.insert(0, message),
                None => out.push(Conversation {
                    name: log_name(&row.channel, &row.thread),
                    blocked_until: row.blocked_until,
                    channel: row.channel,
                    thread: row.thread,
                    messages: vec![message],
                }),
            }
        }
        Ok(Conversations { all: out, next })
    }

    /// How many messages lie aside that nobody has looked at.
    pub async fn lying_aside(&self) -> Result<u64, NodeError> {
        let mut tx = self.read_tx().await?;
        let count = store::channels::aside::waiting(&mut tx).await?;
        Ok(count.unsigned_abs())
    }

    /// Files what lies aside in a conversation as one report, whose ticket is told there. Whoever
    /// presses twice, or with somebody else, files one.
    ///
    /// # Errors
    /// [`NodeError::NotFound`] where one of the messages does not lie aside any more,
    /// [`NodeError::Invalid`] where they have no words, [`NodeError::Locked`] where the channel is off.
    pub async fn take_up(
        &self,
        thread: &str,
        numbers: &[i64],
        actor: &str,
    ) -> Result<TakenUp, NodeError> {
        let mut done = Err(NodeError::AnsweredMeanwhile);
        for _ in 0..TRIES {
            done = self.try_to_take_up(thread, numbers, actor).await;
            if !matches!(done, Err(NodeError::AnsweredMeanwhile)) {
                break;
            }
        }
        done
    }

    async fn try_to_take_up(
        &self,
        thread: &str,
        numbers: &[i64],
        actor: &str,
    ) -> Result<TakenUp, NodeError> {
        let heard = self.heard_aside(thread, numbers).await?;
        let gone = || NodeError::not_found("conversation", &thread);
        let mut tx = self.read_tx().await?;
        let row = store::channels::threads::one(&mut tx, thread).await?;
        drop(tx);
        let row = row.ok_or_else(gone)?;
        let channel = Name::read(&row.channel).ok_or_else(gone)?;
        let facts = self.facts_of(&row, &heard, None).await?;
        let keywords = self.keywords_in_force().await?;
        let said = talk::told(&heard, self.marks_of(&keywords, channel.manner()));
        if said.content.is_empty() {
            return Err(NodeError::Invalid(
                "a report needs words; these messages have none".into(),
            ));
        }
        let (deed, say) = match &facts.again {
            Some(ticket) => (Deed::Answered("again"), Say::Again(ticket.clone())),
            None => (Deed::File(Box::new(said)), Say::Filed),
        };
        let mut turn = Turn {
            talk: facts.talk.clone(),
            deed,
            says: vec![say],
        };
        let cause = Cause::Desk {
            numbers: numbers.to_vec(),
            actor: actor.to_owned(),
        };
        let step = Step {
            node: self,
            channel,
            thread: &row,
            cause,
            message: heard.id.as_deref(),
            below: None,
        };
        let lines = self.lines()?;
        let line = lines.named(&row.channel).ok_or_else(gone)?;
        let files = self.carry(&**line, (&heard, true), &facts.talk, &mut turn);
        let files = files.await?;
        let performed = Box::pin(step.perform(turn, &facts.text)).await;
        if performed.is_err() {
            self.give_up(&files).await;
        }
        performed?;
        match facts.again {
            Some(ticket) => Ok(TakenUp::Again(ticket)),
            None => self.filed_of(numbers).await,
        }
    }

    /// Leaves messages that are no report; their words go when their month is over. Returns how
    /// many nobody had left before.
    pub async fn leave(
        &self,
        thread: &str,
        numbers: &[i64],
        actor: &str,
    ) -> Result<u64, NodeError> {
        let (now, name) = (self.clock().now_ms(), self.conversation_name(thread).await?);
        let mut tx = self.write_tx().await?;
        let mut left = 0;
        for number in numbers {
            left += store::channels::aside::leave(&mut tx, thread, *number).await?;
        }
        if left > 0 {
            let detail = format!("{name}: {left}");
            store::audit::add(&mut tx, now, actor, "channel.left", None, &detail).await?;
        }
        tx.commit().await?;
        Ok(left)
    }

    /// The conversation in which a case was filed, if it was on a channel.
    pub async fn thread_of_case(&self, case: CaseId) -> Result<Option<String>, NodeError> {
        let mut tx = self.read_tx().await?;
        Ok(store::channels::threads::of_case(&mut tx, &case.to_string()).await?)
    }

    /// What several messages say together.
    async fn heard_aside(&self, thread: &str, numbers: &[i64]) -> Result<Heard, NodeError> {
        let lines = self.lines()?;
        let mut tx = self.read_tx().await?;
        let mut whole: Option<Heard> = None;
        for number in numbers {
            let row = store::channels::aside::one(&mut tx, thread, *number).await?;
            let row = row.ok_or_else(|| NodeError::not_found("message that lies aside", number))?;
            let off = NodeError::Locked("the channel is not switched on, or cannot read this");
            let heard = self.heard_in(lines, &row).ok_or(off)?;
            match &mut whole {
                Some(whole) => join(whole, heard),
                None => whole = Some(heard),
            }
        }
        whole.ok_or_else(|| NodeError::Invalid("choose at least one message".into()))
    }

    fn shown(&self, lines: &Lines, row: &AsideRow) -> AsideMessage {
        let heard = self.heard_in(lines, row);
        AsideMessage {
            number: row.number,
            came_at: row.came_at,
            place: heard.as_ref().is_some_and(|heard| heard.location.is_some()),
            courtesy: heard
                .as_ref()
                .is_some_and(|heard| talk::is_small(&heard.text)),
            words: heard.map(|heard| heard.text.trim().to_owned()),
            outcome: row.outcome.clone(),
        }
    }

    fn heard_in(&self, lines: &Lines, row: &AsideRow) -> Option<Heard> {
        let line = lines.named(&row.channel)?;
        let raw = row.raw.as_deref()?;
        self.taken_again(&**line, (row.number, raw)).ok()?.ok()
    }

    async fn filed_of(&self, numbers: &[i64]) -> Result<TakenUp, NodeError> {
        let number = numbers.first().copied().unwrap_or_default();
        let mut tx = self.read_tx().await?;
        let case = store::channels::aside::case_of(&mut tx, number).await?;
        drop(tx);
        let case = case.ok_or_else(|| NodeError::damaged("a message was filed as no case"))?;
        let case = store::case_id(&case)?;
        let ticket = self.ticket_of_family(case).await?;
        Ok(TakenUp::Filed { case, ticket })
    }
}

/// Adds what was said later.
fn join(whole: &mut Heard, later: Heard) {
    whole.text = format!("{}\n{}", whole.text.trim_end(), later.text);
    whole.location = later.location.or(whole.location.take());
    whole.media.extend(later.media);
}
