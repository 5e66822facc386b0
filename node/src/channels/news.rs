//! What has happened in a case, told where it was filed: each thing once, and what is asked there
//! can be answered there. Of a secret report no word; where everybody listens no question and no
//! answer of an institution.

use std::collections::BTreeMap;

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, State};
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::kinds::case_held::AnswerForm;
use lapor_web::language::Voice;

use super::deeds::POST;
use super::handles::reporter;
use super::heard::Saying;
use super::manner::{Manner, Name};
use super::outbox::Draft;
use super::talk::{Asked, Asking, OwnCase};
use super::words::{self, Piece};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{name_of, why};
use crate::post::tellable;
use crate::reporters::{Event, HeardOf};
use crate::store;
use crate::store::channels::outbox::OutRow;
use crate::store::channels::threads::{ThreadRow, Turned};

/// Cases looked at in one go.
const AT_ONCE: i64 = 100;

/// How whoever filed a case is reached where they wrote it, without who that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReachedBy {
    pub channel: Name,
    /// Whether news goes there now: neither have they said STOP, nor are they blocked, nor is the channel
    /// off.
    pub told: bool,
}

/// A case with whom it is told to.
pub(super) struct Told {
    pub case: Case,
    /// What is heard of it as it stands there: a question needs both.
    pub heard: HeardOf,
    pub ticket: String,
    pub thread: ThreadRow,
    pub channel: Name,
    /// As whoever filed it may speak in it now.
    pub own: Option<OwnCase>,
    /// The post that it was, where everybody reads.
    pub post: Option<String>,
    /// They have said STOP or are blocked: what is news now is never told.
    pub silent: bool,
    /// Their block is over, and what follows from that comes before what is news now.
    pub ending: bool,
}

/// Something of which nothing was said yet where its case was filed.
pub(super) struct Fresh {
    pub event: Event,
    pub message: MessageId,
    /// What nobody is told twice.
    pub once: String,
}

impl Told {
    fn asks_place(&self, asked: Option<&Asked>) -> bool {
        let Some(Asked::Hold { answers, .. }) = asked else {
            return false;
        };
        let hold = self.own.as_ref().and_then(|own| own.hold.as_ref());
        hold.is_some_and(|hold| hold.forms.get(answers.len()) == Some(&AnswerForm::Place))
    }
}

impl Node {
    /// Writes what is to be told of all cases that have changed; what follows from the end of a block
    /// comes before, and what waits for that is told in a later round. Returns how many things.
    pub(crate) async fn write_channel_news(&self) -> Result<usize, NodeError> {
        let mut written = self.end_blocks().await?;
        let mut after = String::new();
        loop {
            let mut tx = self.read_tx().await?;
            let due = store::channels::due::due(&mut tx, &after, AT_ONCE).await?;
            drop(tx);
            let Some((last, _)) = due.last() else {
                break;
            };
            after.clone_from(last);
            for (case, asked) in due {
                match self.tell_of(&case, asked).await {
                    Ok(told) => written += told,
                    Err(error @ NodeError::Database(_)) => return Err(error),
                    // The conversation has just changed: it is told in the next round.
                    Err(NodeError::AnsweredMeanwhile) => {}
                    // What is wrong with one case keeps no news of another.
                    Err(error) => tracing::warn!(%error, case, "no news of a case can be told"),
                }
            }
        }
        if written > 0 {
            self.switch().to_say.notify_waiters();
        }
        Ok(written)
    }

    async fn tell_of(&self, text: &str, asked: i64) -> Result<usize, NodeError> {
        let case = store::case_id(text)?;
        let told = match self.whom_to_tell(case).await {
            Ok(told) => told,
            Err(NodeError::NotFound { .. } | NodeError::Locked(_)) => None,
            Err(error) => return Err(error),
        };
        if told.as_ref().is_some_and(|told| told.ending) {
            return Ok(0);
        }
        let (rows, asking) = match &told {
            Some(told) if told.silent => (self.untold_of(told).await?, None),
            Some(told) => self.news_for(told).await?,
            None => (Vec::new(), None),
        };
        let mut tx = self.write_tx().await?;
        let thread = told.as_ref().map(|told| &told.thread);
        self.add_rows(&mut tx, thread, &rows, asking).await?;
        store::channels::due::settle(&mut tx, text, asked).await?;
        tx.commit().await?;
        let silent = told.is_some_and(|told| told.silent);
        Ok(if silent { 0 } else { rows.len() })
    }

    /// Adds what is to be said in a conversation, or noted as never told, with what is asked there.
    pub(super) async fn add_rows(
        &self,
        tx: &mut Tx,
        thread: Option<&ThreadRow>,
        rows: &[OutRow],
        asking: Option<Asking>,
    ) -> Result<(), NodeError> {
        if let (Some(thread), false) = (thread, rows.is_empty()) {
            self.note_asked(tx, thread, asking).await?;
        }
        for row in rows {
            store::channels::outbox::add(tx, row).await?;
        }
        Ok(())
    }

    /// Notes in a conversation what is asked with what is to be said there, unless something was said
    /// in it meanwhile: who has just said STOP is not told.
    async fn note_asked(
        &self,
        tx: &mut Tx,
        thread: &ThreadRow,
        asking: Option<Asking>,
    ) -> Result<(), NodeError> {
        let talk = match asking {
            Some(asking) => {
                let mut talk = self.talk_of(thread)?;
                talk.ask(asking);
                self.kept_talk(&thread.id, &talk)?
            }
            None => thread.talk.clone(),
        };
        let next = Turned {
            thread: &thread.id,
            turn: thread.turn,
            talk: talk.as_deref(),
            wake_at: thread.wake_at,
            stopped_at: thread.stopped_at,
        };
        if store::channels::threads::turn(tx, &next).await? == 0 {
            return Err(NodeError::AnsweredMeanwhile);
        }
        Ok(())
    }

    /// How whoever filed a case, as it was filed, is reached where they wrote it, and by which number or
    /// address, if they have one there; `None` where that was on no channel, or nobody is known there any
    /// more.
    pub(crate) async fn reached_by(
        &self,
        tx: &mut Tx,
        whole: &str,
    ) -> Result<Option<(ReachedBy, Option<String>)>, NodeError> {
        let Some(thread) = store::channels::threads::of_case(tx, whole).await? else {
            return Ok(None);
        };
        let now = self.clock().now_ms();
        let blocked = store::channels::blocks::until(tx, &thread, now).await?;
        let thread = store::channels::threads::one(tx, &thread).await?;
        let known = thread.filter(|thread| thread.sealed.is_some());
        Ok(known.and_then(|thread| {
            let channel = Name::read(&thread.channel)?;
            let on = self.channels_on().contains(&channel.as_str());
            let told = on && thread.stopped_at.is_none() && blocked.is_none();
            // What another key has sealed cannot be compared with what was told.
            let address = self.address_of(&thread).ok().flatten();
            let own = address.map(|address| reporter(channel, &address));
            let own = own.and_then(|own| own.email.or(own.phone));
            Some((ReachedBy { channel, told }, own))
        }))
    }

    /// Whom a case is told to, or would be if they wanted news; `None` where it came on no channel, or
    /// nobody is known there any more.
    pub(super) async fn whom_to_tell(&self, id: CaseId) -> Result<Option<Told>, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = self.shown_case(&mut tx, id).await?;
        let whole = self.filed_as(&mut tx, id).await?.to_string();
        let Some(thread) = store::channels::threads::of_case(&mut tx, &whole).await? else {
            return Ok(None);
        };
        let now = self.clock().now_ms();
        let block = store::channels::blocks::kept(&mut tx, &thread).await?;
        let thread = store::channels::threads::one(&mut tx, &thread).await?;
        let post = store::channels::threads::post_of(&mut tx, &whole).await?;
        let heard = self.heard_of(&mut tx, &case).await?;
        drop(tx);
        let Some(thread) = thread.filter(|thread| thread.sealed.is_some()) else {
            return Ok(None);
        };
        let Some(channel) = Name::read(&thread.channel) else {
            return Ok(None);
        };
        Ok(Some(Told {
            own: self.own_case(&thread.id, id).await?,
            ticket: self.ticket_of_family(id).await?,
            post: post
                .map(|sealed| self.switch().open(POST, &sealed))
                .transpose()?,
            silent: thread.stopped_at.is_some() || block.is_some_and(|until| until > now),
            ending: block.is_some_and(|until| until <= now),
            case,
            heard,
            thread,
            channel,
        }))
    }

    /// What is new to somebody of what is heard of their case.
    pub(super) async fn fresh_of(&self, tx: &mut Tx, told: &Told) -> Result<Vec<Fresh>, NodeError> {
        let erased = |event: &Event| event.kind == "case.redacted";
        let mut fresh = Vec::new();
        for event in self.news_of(&told.case, &told.heard) {
            let Some(message) = event.message else {
                continue;
            };
            let once = once_of(&message.to_string());
            let known = store::channels::outbox::is_known(tx, &told.thread.id, &once).await?;
            // What is left of one whose words were erased is that they were.
            if !known && (!told.case.redacted || erased(&event)) {
                fresh.push(Fresh {
                    event,
                    message,
                    once,
                });
            }
        }
        Ok(fresh)
    }

    /// What is new to somebody, and what is asked with the latest of it.
    pub(super) async fn news_for(
        &self,
        told: &Told,
    ) -> Result<(Vec<OutRow>, Option<Asking>), NodeError> {
        let mut tx = self.read_tx().await?;
        let fresh = self.fresh_of(&mut tx, told).await?;
        let marks = if fresh.is_empty() {
            BTreeMap::new()
        } else {
            let (channel, case) = (told.channel, told.case.id);
            Box::pin(self.marks_of_news(&mut tx, channel, case, &told.heard.own)).await?
        };
        drop(tx);
        let v = words::voice(self);
        let (mut rows, mut asking) = (Vec::new(), None);
        let last = fresh.len().saturating_sub(1);
        for (at, new) in fresh.into_iter().enumerate() {
            let may_ask = (at == last).then(|| asks(told, &new.event)).flatten();
            let (piece, asked) = self.told_of(&v, told, &new.event, may_ask);
            let piece = piece.told_apart(marks.get(&new.message).map(String::as_str));
            let once = new.once.clone();
            rows.push(self.row_of_news(told, new.once, &piece, asked.as_ref())?);
            asking = asked.map(|asked| Asking { asked, once });
        }
        Ok((rows, asking))
    }

    /// As it waits to be said, with what is asked in it.
    pub(super) fn row_of_news(
        &self,
        told: &Told,
        once: String,
        piece: &Piece,
        asked: Option<&Asked>,
    ) -> Result<OutRow, NodeError> {
        let manner = told.channel.manner();
        self.to_be_said(Draft {
            channel: told.channel,
            thread: &told.thread.id,
            case: Some(&told.case.id.to_string()),
            kind: "news",
            once,
            says: Saying {
                words: piece.fitted(manner.for_telephone(told.thread.wide == 1)),
                reply_to: told.post.clone(),
                about: Some(told.ticket.clone()),
                asks_place: told.asks_place(asked),
                again: false,
            },
        })
    }

    /// One event in words, and what is asked with it; of a secret case nothing is.
    pub(super) fn told_of(
        &self,
        v: &Voice,
        told: &Told,
        event: &Event,
        asked: Option<Asked>,
    ) -> (Piece, Option<Asked>) {
        if told.case.secret {
            return (words::secret(self, v, &told.ticket), None);
        }
        if let Some(piece) = question(v, told, asked.as_ref()) {
            return (piece, asked);
        }
        let to = event.to.as_deref().and_then(|id| id.parse().ok());
        let to = to.map_or_else(String::new, |id| words::short(&name_of(self, &id)));
        let said = tellable(event).map(|said| v.with("institution", to).say(said));
        let said = said.unwrap_or_default();
        let piece = Piece {
            head: words::ended(
                v.with("ticket", &told.ticket)
                    .with("said", said)
                    .say("chat-news"),
            ),
            body: heard(self, v, event, told.channel.manner()),
            tail: match &asked {
                Some(Asked::Close { .. }) => Some(v.say("chat-ask-close")),
                Some(Asked::Rating { .. }) => Some(v.say("chat-ask-rating")),
                _ => None,
            },
            shorter: Vec::new(),
        };
        (piece, asked)
    }
}

/// What an institution answered, or why it archived the case, where nobody else listens.
fn heard(node: &Node, v: &Voice, event: &Event, manner: Manner) -> Option<String> {
    let why = match event.kind.as_str() {
        "case.followed_up" => None,
        "case.archived" => why(node, v, event),
        _ => return None,
    };
    let between = if manner.short { " " } else { "\n\n" };
    let said: Vec<String> = why.into_iter().chain(event.text.clone()).collect();
    (!said.is_empty() && !manner.public).then(|| said.join(between))
}

/// What can be answered to an event, if the case still waits for it.
pub(super) fn asks(told: &Told, event: &Event) -> Option<Asked> {
    let own = told.own.as_ref();
    let own = own.filter(|_| !told.channel.manner().public)?;
    let (case, may) = (told.case.id, |act: &str| {
        own.may.iter().any(|one| one == act)
    });
    match event.kind.as_str() {
        "case.held" if told.case.state == State::Held => {
            let hold = own.hold.as_ref()?.message;
            // Another may have followed, which asks itself when it is told.
            (Some(hold) == event.message).then_some(Asked::Hold {
                case,
                hold,
                answers: Vec::new(),
                files: Vec::new(),
            })
        }
        "case.followed_up" if event.proposes_to_close && may("confirm") => {
            Some(Asked::Close { case })
        }
        "case.closed" if may("rate") => Some(Asked::Rating { case }),
        _ => None,
    }
}

/// The first question of a hold that is not answered.
fn question(v: &Voice, told: &Told, asked: Option<&Asked>) -> Option<Piece> {
    let Some(Asked::Hold { answers, .. }) = asked else {
        return None;
    };
    let (hold, at) = (told.own.as_ref()?.hold.as_ref()?, answers.len());
    let form = hold.forms.get(at).cloned().unwrap_or_default();
    let question = hold.questions.get(at)?;
    Some(words::asked(v, &told.ticket, question, &form))
}

/// What nobody is told twice.
pub(super) fn once_of(message: &str) -> String {
    format!("news:{message}")
}
