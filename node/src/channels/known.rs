//! What this node knows of a conversation when somebody says something in it.

use std::collections::BTreeSet;

use lapor_protocol::ids::CaseId;

use super::heard::Heard;
use super::manner::Name;
use super::talk::{self, Asked, Hold, OwnCase, Talk};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::refs::RefRow;
use crate::store::channels::threads::ThreadRow;

/// Own reports whose tickets are recognised.
pub(super) const CASES: i64 = 50;
const HOUR_MS: i64 = 60 * 60 * 1000;
/// For how long after a report a picture without words belongs to it.
const RECENT_MS: i64 = 24 * HOUR_MS;

/// The facts of a conversation.
pub(super) struct Facts {
    pub talk: Talk,
    pub tickets: Vec<(CaseId, String)>,
    pub cases: Vec<OwnCase>,
    pub referred: Option<CaseId>,
    /// Below what it is said.
    pub below: Option<RefRow>,
    pub recent: Option<CaseId>,
    pub again: Option<String>,
    /// The hash of the text as a report.
    pub text: Vec<u8>,
}

impl Facts {
    /// Whether it is said below something that belongs to this conversation.
    pub fn is_below_own(&self, thread: &str) -> bool {
        let below = self.below.as_ref();
        below.is_some_and(|below| below.thread == thread)
    }

    /// Whether it is said below what somebody else has reported.
    pub fn is_of_another(&self, thread: &str) -> bool {
        let below = self.below.as_ref();
        below.is_some_and(|below| below.thread != thread)
    }
}

impl Node {
    pub(super) async fn facts_of(
        &self,
        thread: &ThreadRow,
        heard: &Heard,
        follows: Option<i64>,
    ) -> Result<Facts, NodeError> {
        let talk = self.talk_of(thread)?;
        let text = self.text_hash(&thread.id, &heard.text)?;
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let rows = store::channels::threads::cases(&mut tx, &thread.id, CASES).await?;
        let own = rows
            .into_iter()
            .filter_map(|(case, ticket)| Some((case, ticket?)));
        let tickets = own
            .map(|(case, ticket)| Ok((store::case_id(&case)?, ticket)))
            .collect::<Result<Vec<_>, NodeError>>()?;
        let mut below: Option<RefRow> = None;
        for id in [&heard.reply_to, &heard.began_with].into_iter().flatten() {
            if below.is_none() {
                let hash = self.switch().hash("ref", &[&thread.channel, id])?;
                below = store::channels::refs::one(&mut tx, &thread.channel, &hash).await?;
            }
        }
        let own = below.as_ref().filter(|below| below.thread == thread.id);
        let referred = match follows {
            Some(number) => store::channels::parts::case_of(&mut tx, number).await?,
            None => own.and_then(|below| below.case_id.clone()),
        };
        let referred = referred.map(|case| store::case_id(&case)).transpose()?;
        let recent = if heard.media.is_empty() {
            None
        } else {
            store::channels::threads::latest(&mut tx, &thread.id, now - RECENT_MS).await?
        };
        let recent = recent.map(|case| store::case_id(&case)).transpose()?;
        let since = now - i64::from(self.settings().channels.same_hours) * HOUR_MS;
        let again = store::channels::said::again(&mut tx, &thread.id, &text, since).await?;
        drop(tx);
        let asked = talk.asked.as_ref().map(Asked::case);
        let named = talk::named(&heard.text, &tickets).map(|(case, _)| case);
        let about: BTreeSet<CaseId> = [asked, named, referred, recent]
            .into_iter()
            .flatten()
            .collect();
        let mut cases = Vec::new();
        for case in about {
            cases.extend(self.own_case(&thread.id, case).await?);
        }
        Ok(Facts {
            talk,
            tickets,
            cases,
            referred,
            below,
            recent,
            again,
            text,
        })
    }

    /// Of what people say below something, that of whoever has reported there themselves: the person
    /// and what it is below, as the provider knows both.
    pub(super) async fn below_own(
        &self,
        channel: Name,
        said: Vec<(String, String)>,
    ) -> Result<BTreeSet<(String, String)>, NodeError> {
        let (name, mut own) = (channel.as_str(), BTreeSet::new());
        if said.is_empty() {
            return Ok(own);
        }
        let mut tx = self.read_tx().await?;
        for (person, below) in said {
            let hash = self.switch().hash("ref", &[name, &below])?;
            let Some(first) = store::channels::refs::one(&mut tx, name, &hash).await? else {
                continue;
            };
            let key = self.switch().hash("thread", &[name, &person])?;
            let thread = store::channels::threads::by_key(&mut tx, name, &key).await?;
            if thread.is_some_and(|thread| thread.id == first.thread) {
                own.insert((person, below));
            }
        }
        Ok(own)
    }

    /// The case in which something is asked that was not said yet when a message came, Unix ms: it is
    /// no answer to that.
    ///
    /// # Errors
    /// [`NodeError::TooMany`] while it is being said: they may have heard it, which is known in a moment.
    pub(super) async fn unsaid_before(
        &self,
        thread: &str,
        talk: &Talk,
        came_at: i64,
    ) -> Result<Option<CaseId>, NodeError> {
        let (Some(asked), Some(once)) = (&talk.asked, &talk.asked_in) else {
            return Ok(None);
        };
        let mut tx = self.read_tx().await?;
        let Some(row) = store::channels::outbox::standing(&mut tx, thread, once).await? else {
            return Ok(None);
        };
        let sent = ["sent", "delivered"].contains(&row.state.as_str());
        if !sent && row.leased_until > self.clock().now_ms() {
            return Err(NodeError::TooMany { retry_after_s: 1 });
        }
        let in_time = row.sent_at.is_none_or(|at| at <= came_at);
        // What was handed over and not answered may have been heard.
        let heard = (sent && in_time) || row.unanswered > 0;
        Ok((!heard).then(|| asked.case()))
    }

    pub(super) fn talk_of(&self, thread: &ThreadRow) -> Result<Talk, NodeError> {
        let sealed = thread.talk.as_deref();
        let opened = sealed.map(|sealed| self.switch().open(&owner(&thread.id), sealed));
        Ok(opened.transpose()?.unwrap_or_default())
    }

    /// A talk as it is kept; nothing is where nothing is open.
    pub(super) fn kept_talk(
        &self,
        thread: &str,
        talk: &Talk,
    ) -> Result<Option<Vec<u8>>, NodeError> {
        let asked_in = talk.asked_in.clone().filter(|_| talk.asked.is_some());
        let talk = Talk {
            asked_in,
            ..talk.clone()
        };
        let open = talk != Talk::default();
        open.then(|| self.switch().seal(&owner(thread), &talk))
            .transpose()
    }

    /// The hash of a text as a report.
    pub(super) fn text_hash(&self, thread: &str, text: &str) -> Result<Vec<u8>, NodeError> {
        self.switch()
            .hash("said", &[thread, &talk::normalised(text)])
    }

    /// A case as whoever writes may speak in it; `None` where it is not theirs any more.
    pub(super) async fn own_case(
        &self,
        thread: &str,
        case: CaseId,
    ) -> Result<Option<OwnCase>, NodeError> {
        let conversation = match self.conversation_of_thread(thread, case).await {
            Ok(conversation) => conversation,
            Err(NodeError::Locked(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let view = self.reporter_view(&conversation).await?;
        let asked = view.events.iter().rfind(|event| event.kind == "case.held");
        let waits = asked.filter(|_| !view.questions.is_empty());
        let hold = waits.and_then(|event| {
            Some(Hold {
                message: event.message?,
                questions: view.questions.clone(),
                forms: view.forms.clone(),
            })
        });
        let ticket = match view.ticket {
            Some(ticket) => ticket,
            None => self.ticket_of_family(case).await?,
        };
        Ok(Some(OwnCase {
            case,
            ticket,
            may: view.may,
            hold,
        }))
    }

    /// The ticket that the reporter of a case was given; of a half that of the whole.
    pub(super) async fn ticket_of_family(&self, case: CaseId) -> Result<String, NodeError> {
        let mut tx = self.read_tx().await?;
        let whole = self.filed_as(&mut tx, case).await?;
        let row = store::cases::case(&mut tx, &whole.to_string()).await?;
        Ok(row.and_then(|row| row.ticket).unwrap_or_default())
    }
}

/// Under which name a talk is sealed.
fn owner(thread: &str) -> String {
    format!("channel talk {thread}")
}
