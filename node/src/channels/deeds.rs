//! Doing what somebody said: at most one report or one act for each message, and what is written
//! with it.

use lapor_protocol::ids::CaseId;

use super::known::Facts;
use super::manner::Name;
use super::outbox::Draft;
use super::settled::{Cause, Settled};
use super::talk::{Deed, Said, Say, Talk, Turn};
use super::{handles, words};
use crate::casework::{Acted, CHANNELS, NewReport, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{ReporterAct, Suspicion, ThreadTerms, Verification};
use crate::store;
use crate::store::channels::outbox::OutRow;
use crate::store::channels::threads::ThreadRow;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A message, or a silence, that is being looked at.
pub(super) struct Step<'a> {
    pub node: &'a Node,
    pub channel: Name,
    pub thread: &'a ThreadRow,
    pub cause: Cause,
}

/// What a deed has come to.
struct Done {
    state: &'static str,
    outcome: &'static str,
    case: Option<String>,
    /// The hash of the text, the ticket and the key of what was filed or made.
    filed: Option<Vec<u8>>,
    ticket: Option<String>,
    key: Option<String>,
    stopped_at: Option<i64>,
}

impl Step<'_> {
    /// Does what follows; says how it is counted.
    pub async fn perform(&self, turn: &Turn, text: &[u8]) -> Result<&'static str, NodeError> {
        let now = self.node.clock().now_ms();
        let mut done = self.ended("done", "answered");
        match &turn.deed {
            Deed::File(said) => return self.file((**said).clone(), turn, text).await,
            Deed::Act { case, act } => return self.act(*case, act.clone(), turn).await,
            Deed::Answered(outcome) => done.outcome = *outcome,
            Deed::Aside => (done.state, done.outcome) = ("aside", "aside"),
            Deed::Stop => {
                done.outcome = "stopped";
                done.stopped_at = self.thread.stopped_at.or(Some(now));
            }
            Deed::Start => (done.outcome, done.stopped_at) = ("started", None),
            Deed::Key(case) => {
                let id = &self.thread.id;
                let conversation = self.node.conversation_of_thread(id, *case).await?;
                let key = self.node.change_key(&conversation).await?;
                (done.outcome, done.key) = ("key", Some(key.to_string()));
            }
        }
        self.settle(turn, done, None).await
    }

    /// What an act of this message came to before the process ended, if it was done.
    pub async fn done_before(&self) -> Result<Option<Acted>, NodeError> {
        match self.once()? {
            Some(once) => once.answered(self.node).await,
            None => Ok(None),
        }
    }

    /// Ends a message whose act was done before.
    pub async fn end_done(&self, facts: &Facts, acted: &Acted) -> Result<&'static str, NodeError> {
        let ticket = self.node.ticket_of_family(acted.case).await?;
        let asked = facts.talk.asked.clone();
        let turn = Turn {
            talk: Talk {
                asked: asked.filter(|asked| asked.case() != acted.case),
                ..facts.talk.clone()
            },
            deed: Deed::Answered("acted"),
            says: vec![Say::PassedOn(ticket)],
        };
        let mut done = self.ended("done", "acted");
        done.case = Some(acted.case.to_string());
        self.settle(&turn, done, self.once()?.as_ref()).await
    }

    async fn file(&self, said: Said, turn: &Turn, text: &[u8]) -> Result<&'static str, NodeError> {
        let node = self.node;
        let now = node.clock().now_ms();
        let address = node.address_of(self.thread)?;
        let manner = self.channel.manner();
        let proved = match address {
            Some(_) if manner.proven => Verification::Contact,
            _ => Verification::None,
        };
        let mut tx = node.read_tx().await?;
        let today = store::channels::said::count(&mut tx, &self.thread.id, now - DAY_MS).await?;
        drop(tx);
        let flood = today >= i64::from(node.settings().channels.reports_per_day);
        let category = match node.named_category(said.category.as_ref(), None).await {
            Ok((category, _)) => category,
            // Another edition of the categories is in force than when the word was set.
            Err(NodeError::Invalid(_)) => None,
            Err(error) => return Err(error),
        };
        let report = NewReport {
            classification: said.classification,
            title: said.title,
            content: said.content,
            category: said.category.filter(|_| category.is_some()),
            region: said.region,
            place: said.place,
            coordinates: said.coordinates,
            incident_date: None,
            anonymous: said.anonymous,
            secret: said.secret,
            channel: self.channel.as_str().to_owned(),
            excluded: Vec::new(),
            suggested: said.suggested,
            programme: None,
            attachments: Vec::new(),
            reporter: address.map(|address| handles::reporter(self.channel, &address)),
            own_number: None,
            local_category: None,
        };
        let terms = ThreadTerms {
            verification: proved,
            suspicion: flood.then_some(Suspicion::Flood),
        };
        let filed = node.file_for_thread(report, terms, |filed, at| {
            let mut done = self.ended("done", "filed");
            done.case = Some(filed.case.to_string());
            done.filed = Some(text.to_vec());
            done.ticket = Some(filed.ticket.clone());
            let says = self.says(&turn.says, &done)?;
            self.settled(&turn.talk, &done, says, at)
        });
        filed.await?;
        lapor_killpoints::pass("channel.filed");
        node.switch().to_say.notify_waiters();
        Ok("filed")
    }

    async fn act(
        &self,
        case: CaseId,
        act: ReporterAct,
        turn: &Turn,
    ) -> Result<&'static str, NodeError> {
        let conversation = self
            .node
            .conversation_of_thread(&self.thread.id, case)
            .await?;
        let once = self.once()?;
        match self
            .node
            .reporter_acts(&conversation, act, once.as_ref())
            .await
        {
            Ok(_) => {
                lapor_killpoints::pass("channel.filed");
                let mut done = self.ended("done", "acted");
                done.case = Some(case.to_string());
                self.settle(turn, done, once.as_ref()).await
            }
            Err(
                NodeError::NotAllowed(_)
                | NodeError::Invalid(_)
                | NodeError::Redacted(_)
                | NodeError::Locked(_)
                | NodeError::NotFound { .. },
            ) => {
                let ticket = self.node.ticket_of_family(case).await?;
                let refused = Turn {
                    says: vec![Say::NotNow(ticket)],
                    ..turn.clone()
                };
                let done = self.ended("aside", "refused");
                self.settle(&refused, done, None).await
            }
            Err(error) => Err(error),
        }
    }

    /// Writes what a message leaves behind in a transaction of its own.
    async fn settle(
        &self,
        turn: &Turn,
        done: Done,
        once: Option<&Once>,
    ) -> Result<&'static str, NodeError> {
        let says = self.all_says(&turn.says, &done).await?;
        let now = self.node.clock().now_ms();
        let settled = self.settled(&turn.talk, &done, says, now)?;
        let mut tx = self.node.write_tx().await?;
        settled.write(&mut tx).await?;
        if let Some(once) = once {
            once.forget(&mut tx).await?;
        }
        tx.commit().await?;
        self.node.switch().to_say.notify_waiters();
        Ok(done.outcome)
    }

    fn settled(
        &self,
        talk: &Talk,
        done: &Done,
        says: Vec<OutRow>,
        at: i64,
    ) -> Result<Settled, NodeError> {
        let minutes = i64::from(self.node.settings().channels.draft_minutes);
        let draft = talk.draft.as_ref();
        Ok(Settled {
            cause: self.cause.clone(),
            channel: self.channel.as_str().to_owned(),
            thread: self.thread.id.clone(),
            turn: self.thread.turn,
            talk: self.node.kept_talk(&self.thread.id, talk)?,
            wake_at: draft.map(|draft| draft.at + minutes * MINUTE_MS),
            stopped_at: done.stopped_at,
            state: done.state,
            outcome: done.outcome,
            case: done.case.clone(),
            filed: done.filed.clone(),
            says,
            at,
        })
    }

    /// What is said, unless so much was said lately that a machine may be answering a machine.
    async fn all_says(&self, says: &[Say], done: &Done) -> Result<Vec<OutRow>, NodeError> {
        let now = self.node.clock().now_ms();
        let guard = &self.node.guards().answering;
        if !says.is_empty() && guard.attempt(&self.thread.id, now).is_err() {
            return Ok(Vec::new());
        }
        let mut rows = Vec::new();
        for (at, say) in says.iter().enumerate() {
            let (ticket, key) = (done.ticket.as_deref(), done.key.as_deref());
            let piece = words::said(self.node, say, ticket, key).await?;
            rows.push(self.row(at, &piece, done)?);
        }
        Ok(rows)
    }

    /// The same for what needs nothing looked up.
    fn says(&self, says: &[Say], done: &Done) -> Result<Vec<OutRow>, NodeError> {
        let (ticket, key) = (done.ticket.as_deref(), done.key.as_deref());
        let pieces = says.iter().enumerate();
        pieces
            .map(|(at, say)| self.row(at, &words::sentence(self.node, say, ticket, key), done))
            .collect()
    }

    fn row(&self, at: usize, piece: &words::Piece, done: &Done) -> Result<OutRow, NodeError> {
        self.node.to_be_said(Draft {
            channel: self.channel,
            thread: &self.thread.id,
            case: done.case.as_deref(),
            kind: "answer",
            once: self.cause.once(self.thread.turn, at),
            words: &piece.fitted(self.channel.manner()),
        })
    }

    /// How an act of this message is done once, however often it is looked at.
    pub fn once(&self) -> Result<Option<Once>, NodeError> {
        let Cause::Message { number, .. } = self.cause else {
            return Ok(None);
        };
        let once = Once::new(CHANNELS, &format!("taken-{number:020}"))?;
        Ok(Some(once.told_by(&number)?))
    }

    fn ended(&self, state: &'static str, outcome: &'static str) -> Done {
        Done {
            state,
            outcome,
            case: None,
            filed: None,
            ticket: None,
            key: None,
            stopped_at: self.thread.stopped_at,
        }
    }
}
