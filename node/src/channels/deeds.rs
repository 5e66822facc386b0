//! Doing what somebody said: at most one report or one act for each message, and what is written
//! with it.

use lapor_protocol::ids::CaseId;

use super::heard::Saying;
use super::known::Facts;
use super::manner::Name;
use super::outbox::Draft;
use super::settled::{Cause, Common, Joined, Origin, Settled};
use super::talk::{self, Deed, Said, Say, Talk, Turn};
use super::{handles, words};
use crate::casework::{Acted, CHANNELS, NewReport, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::open311::region_of;
use crate::reporters::{ReporterAct, Suspicion, ThreadTerms, Verification};
use crate::store;
use crate::store::channels::outbox::OutRow;
use crate::store::channels::refs::RefRow;
use crate::store::channels::threads::ThreadRow;

/// Under which name the id of a post is sealed.
pub(super) const POST: &str = "channel post";
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;

/// A message, or a silence, that is being looked at.
pub(super) struct Step<'a> {
    pub node: &'a Node,
    pub channel: Name,
    pub thread: &'a ThreadRow,
    pub cause: Cause,
    /// The provider's id of the message, where others refer to it.
    pub message: Option<&'a str>,
    /// Below what it was said.
    pub below: Option<&'a RefRow>,
}

/// What a deed has come to.
struct Done {
    state: &'static str,
    outcome: &'static str,
    case: Option<String>,
    /// What was filed or made, with its ticket and key.
    filed: Option<Origin>,
    common: Option<Common>,
    ticket: Option<String>,
    key: Option<String>,
    stopped_at: Option<i64>,
}

impl Step<'_> {
    /// Does what follows; says how it is counted.
    pub async fn perform(&self, turn: Turn, text: &[u8]) -> Result<&'static str, NodeError> {
        let turn = &self.node.without_gone(turn).await?;
        let now = self.node.clock().now_ms();
        let mut done = self.ended("done", "answered");
        match &turn.deed {
            Deed::File(said) => return self.file((**said).clone(), turn, text).await,
            Deed::Act { case, act } => return self.act(*case, act.clone(), turn).await,
            Deed::Drafted => done.outcome = "draft",
            Deed::Asked => done.outcome = "asked",
            Deed::Answered(outcome) => done.outcome = *outcome,
            Deed::Aside => (done.state, done.outcome) = ("aside", "aside"),
            Deed::Stop => {
                done.outcome = "stopped";
                done.stopped_at = self.thread.stopped_at.or(Some(now));
            }
            Deed::Start => {
                (done.outcome, done.stopped_at) = ("started", None);
                if self.thread.stopped_at.is_some() {
                    return self.resume(turn, &done).await;
                }
            }
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

    /// Lays a message of a blocked conversation aside; what is open in it stays. Who wants no news is
    /// told none when the block is over either.
    pub async fn keep_out(&self, talk: &Talk, stops: bool) -> Result<&'static str, NodeError> {
        let turn = Turn {
            talk: talk.clone(),
            deed: Deed::Aside,
            says: Vec::new(),
        };
        let mut done = self.ended("aside", "blocked");
        if stops {
            let now = self.node.clock().now_ms();
            done.stopped_at = self.thread.stopped_at.or(Some(now));
        }
        self.settle(&turn, done, None).await
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
        let suspicion = self.suspicion(&said, now).await?;
        let common = Common {
            text: node
                .switch()
                .hash("alike", &[&talk::normalised(&said.content)])?,
            keyword: said.keyword.clone(),
            marked: suspicion.is_some(),
        };
        let origin = self.origin(&said, text)?;
        let category = match node.named_category(said.category.as_ref(), None).await {
            Ok((category, _)) => category,
            // Another edition of the categories is in force than when the word was set.
            Err(NodeError::Invalid(_)) => None,
            Err(error) => return Err(error),
        };
        let shared = said.coordinates;
        let report = NewReport {
            classification: said.classification,
            title: said.title,
            content: said.content,
            category: said.category.filter(|_| category.is_some()),
            region: said
                .region
                .or_else(|| shared.and_then(|at| region_of(node, Some(at)))),
            place: said.place,
            coordinates: said.coordinates,
            incident_date: None,
            anonymous: said.anonymous,
            secret: said.secret,
            channel: self.channel.as_str().to_owned(),
            excluded: Vec::new(),
            suggested: said.suggested,
            programme: None,
            attachments: said.files,
            reporter: address.map(|address| handles::reporter(self.channel, &address)),
            own_number: None,
            local_category: None,
        };
        let terms = ThreadTerms {
            verification: proved,
            suspicion,
        };
        let mark = self.mark().await?;
        let is_told = !manner.by_reply || self.may_say(&turn.says);
        let says = if is_told { &turn.says[..] } else { &[] };
        let filed = node.file_for_thread(report, terms, |filed, at| {
            let mut done = self.ended("done", "filed");
            done.case = Some(filed.case.to_string());
            done.filed = Some(origin);
            done.common = Some(common);
            done.ticket = Some(filed.ticket.clone());
            let says = self.says(says, &done, mark.as_deref())?;
            self.settled(&turn.talk, &done, says, at)
        });
        filed.await?;
        lapor_killpoints::pass("channel.filed");
        node.switch().to_say.notify_waiters();
        Ok("filed")
    }

    fn origin(&self, said: &Said, text: &[u8]) -> Result<Origin, NodeError> {
        let (switch, name) = (self.node.switch(), self.channel.as_str());
        let messages = said.messages.iter();
        let manner = self.channel.manner();
        let post = said
            .messages
            .first()
            .filter(|_| manner.public || manner.by_reply);
        Ok(Origin {
            texts: [
                text.to_vec(),
                self.node.text_hash(&self.thread.id, &said.content)?,
            ],
            messages: messages
                .map(|id| switch.hash("ref", &[name, id]))
                .collect::<Result<_, _>>()?,
            post: post.map(|id| switch.seal(POST, id)).transpose()?,
        })
    }

    /// Why a report should be looked at as possible abuse; it is filed all the same. How many others
    /// say it is counted where it is noted.
    async fn suspicion(&self, said: &Said, now: i64) -> Result<Option<Suspicion>, NodeError> {
        let thread = &self.thread.id;
        let mut tx = self.node.read_tx().await?;
        let today = store::channels::said::count(&mut tx, thread, now - DAY_MS).await?;
        if today >= i64::from(self.node.settings().channels.reports_per_day) {
            return Ok(Some(Suspicion::Flood));
        }
        Ok(talk::is_links_only(&said.content).then_some(Suspicion::Campaign))
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
        let mut talk = turn.talk.clone();
        if let Some(at) = turn.says.iter().position(Say::asks_in_case) {
            talk.asked_in = says.get(at).map(|row| row.once.clone());
        }
        let now = self.node.clock().now_ms();
        let settled = self.settled(&talk, &done, says, now)?;
        let mut tx = self.node.write_tx().await?;
        settled.write(&mut tx).await?;
        if let Some(once) = once {
            once.forget(&mut tx).await?;
        }
        tx.commit().await?;
        self.node.switch().to_say.notify_waiters();
        Ok(done.outcome)
    }

    /// News is told again from now on; what still waits for an answer is asked once more, also for a
    /// block that is over.
    async fn resume(&self, turn: &Turn, done: &Done) -> Result<&'static str, NodeError> {
        let now = self.node.clock().now_ms();
        let resumed = Box::pin(self.node.resumed(self.thread, now)).await?;
        let mut says = self.all_says(&turn.says, done).await?;
        let mut talk = turn.talk.clone();
        // A machine that goes on stopping and starting comes to an end.
        let is_asked = !says.is_empty();
        if is_asked {
            says.extend(resumed.asks);
            if let Some(asking) = resumed.asking {
                talk.ask(asking);
            }
        }
        says.extend(resumed.untold);
        let settled = self.settled(&talk, done, says, now)?;
        let mut tx = self.node.write_tx().await?;
        settled.write(&mut tx).await?;
        if is_asked {
            store::channels::blocks::end_over(&mut tx, &self.thread.id, now).await?;
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
        let before = self.node.talk_of(self.thread)?;
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
            joined: self.joined()?,
            common: done.common.clone(),
            answered: before.answered(talk).map(str::to_owned),
            says,
            at,
        })
    }

    /// What is said below a message of a thread belongs to the thread.
    fn joined(&self) -> Result<Option<Joined>, NodeError> {
        let (Some(id), Some(below)) = (self.message, self.below) else {
            return Ok(None);
        };
        let hash = self
            .node
            .switch()
            .hash("ref", &[self.channel.as_str(), id])?;
        let below = below.clone();
        Ok(Some(Joined { hash, below }))
    }

    /// Whether there is something to say, and so little was said here lately that no machine is
    /// answering a machine.
    fn may_say(&self, says: &[Say]) -> bool {
        let (guards, by_reply) = (self.node.guards(), self.channel.manner().by_reply);
        // There is an end to the questions of a hold.
        let is_question = says.iter().any(|say| matches!(say, Say::Question { .. }));
        let guard = if by_reply && !is_question {
            &guards.replying
        } else {
            &guards.answering
        };
        let now = self.node.clock().now_ms();
        !says.is_empty() && guard.attempt(&self.thread.id, now).is_ok()
    }

    /// What is said, if it may be.
    async fn all_says(&self, says: &[Say], done: &Done) -> Result<Vec<OutRow>, NodeError> {
        if !self.may_say(says) {
            return Ok(Vec::new());
        }
        let (mut rows, manner) = (Vec::new(), self.channel.manner());
        let mark = self.mark().await?;
        for (at, say) in says.iter().enumerate() {
            let (ticket, key) = (done.ticket.as_deref(), done.key.as_deref());
            let piece = words::said(self.node, manner, say, ticket, key).await?;
            let piece = piece.told_apart(mark.as_deref());
            rows.push(self.row(at, say, &piece, done)?);
        }
        Ok(rows)
    }

    /// The same for what needs nothing looked up.
    fn says(
        &self,
        says: &[Say],
        done: &Done,
        mark: Option<&str>,
    ) -> Result<Vec<OutRow>, NodeError> {
        let (ticket, key) = (done.ticket.as_deref(), done.key.as_deref());
        let pieces = says.iter().enumerate();
        pieces
            .map(|(at, say)| {
                let piece = words::sentence(self.node, say, ticket, key);
                // Nobody else is given this ticket.
                let mark = mark.filter(|_| *say != Say::Filed);
                self.row(at, say, &piece.told_apart(mark), done)
            })
            .collect()
    }

    fn row(
        &self,
        at: usize,
        say: &Say,
        piece: &words::Piece,
        done: &Done,
    ) -> Result<OutRow, NodeError> {
        self.node.to_be_said(Draft {
            channel: self.channel,
            thread: &self.thread.id,
            case: done.case.as_deref(),
            kind: "answer",
            once: self.cause.once(self.thread.turn, at),
            says: Saying {
                words: piece.fitted(self.channel.manner().for_telephone(self.thread.wide == 1)),
                reply_to: self.message.map(str::to_owned),
                about: say.ticket().or(done.ticket.as_deref()).map(str::to_owned),
                asks_place: say.asks_place(),
                again: false,
            },
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
            common: None,
            ticket: None,
            key: None,
            stopped_at: self.thread.stopped_at,
        }
    }
}
