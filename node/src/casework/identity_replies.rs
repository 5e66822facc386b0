//! What became of requests for an identity that somebody here has made: of the keeper here, or of
//! the institution where the report was filed. Says what was answered, never who reported.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use lapor_migrations::Tx;
use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_protocol::kinds::Body;
use serde::Serialize;
use serde_json::Value;

use super::history::read_message;
use super::reading::summaries;
use crate::damage;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::consents::{AskRow, Before};

/// Requests that one page shows, and answers that are read at once.
const SHOWN: usize = 100;

/// A request that somebody made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRequest {
    pub case: CaseId,
    pub ticket: Option<String>,
    /// Whom it was sent to; `None` for the keeper here.
    pub institution: Option<InstanceId>,
    /// Unix ms.
    pub at: i64,
    /// It has had no effect: nobody will answer it.
    pub lapsed: bool,
    /// `None` while nobody has answered.
    pub answer: Option<IdentityAnswer>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityAnswer {
    pub granted: bool,
    /// Code of another institution's reason to refuse.
    pub reason: Option<String>,
    /// Unix ms.
    pub at: i64,
}

/// Requests of one page, and where the next begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IdentityRequests {
    pub requests: Vec<IdentityRequest>,
    /// `None` on the last page.
    pub next: Option<String>,
}

/// An answer of another institution to a request that was sent from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentityReply {
    pub case: CaseId,
    pub request: MessageId,
    pub answer: IdentityAnswer,
}

/// What a page knows of the cases that were asked about, each read once.
#[derive(Default)]
struct Asked(BTreeMap<String, (Option<InstanceId>, Vec<IdentityReply>)>);

impl Node {
    /// Requests of somebody with what became of them, the latest first, behind `next` of the page
    /// before.
    pub async fn identity_requests_of(
        &self,
        actor: &str,
        after: Option<&str>,
    ) -> Result<IdentityRequests, NodeError> {
        let before = place(after)?;
        let mut tx = self.read_tx().await?;
        let mut found = self.asked_here(&mut tx, actor, before).await?;
        found.extend(self.asked_elsewhere(&mut tx, actor, before).await?);
        found.sort_by(|(a, one), (b, other)| (other.at, b).cmp(&(one.at, a)));
        let more = found.len() > SHOWN;
        found.truncate(SHOWN);
        let last = found.last().filter(|_| more);
        let next = last.map(|(id, one)| format!("{}-{id}", one.at));
        let mut requests: Vec<IdentityRequest> = found.into_iter().map(|(_, one)| one).collect();
        let ids: Vec<String> = requests.iter().map(|one| one.case.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let cases = summaries(&mut tx, &ids).await?;
        for one in &mut requests {
            let case = cases.iter().find(|case| case.case == one.case);
            one.ticket = case.and_then(|case| case.ticket.clone());
        }
        Ok(IdentityRequests { requests, next })
    }

    /// Requests to the keeper here, one more than a page, each with its id.
    async fn asked_here(
        &self,
        tx: &mut Tx,
        actor: &str,
        before: Before<'_>,
    ) -> Result<Vec<(String, IdentityRequest)>, NodeError> {
        let asks = store::consents::asked_by(tx, actor, before, SHOWN as i64 + 1).await?;
        let request = |ask: AskRow| {
            let answered = ask.granted.zip(ask.answered_at);
            let request = IdentityRequest {
                case: store::case_id(&ask.case_id)?,
                ticket: None,
                institution: None,
                at: ask.asked_at,
                lapsed: false,
                answer: answered.map(|(granted, at)| IdentityAnswer {
                    granted: granted != 0,
                    reason: None,
                    at,
                }),
            };
            Ok((ask.id, request))
        };
        asks.into_iter().map(request).collect()
    }

    /// The same of requests to other institutions.
    async fn asked_elsewhere(
        &self,
        tx: &mut Tx,
        actor: &str,
        before: Before<'_>,
    ) -> Result<Vec<(String, IdentityRequest)>, NodeError> {
        let mut asked = Asked::default();
        let mut requests = Vec::new();
        for row in store::consents::sent_by(tx, actor, before, SHOWN as i64 + 1).await? {
            let message: MessageId = store::read(row.message_id.parse())?;
            let (origin, replies) = asked.of(self, tx, &row.case_id).await?;
            let reply = replies.iter().find(|reply| reply.request == message);
            let request = IdentityRequest {
                case: store::case_id(&row.case_id)?,
                ticket: None,
                institution: origin.clone(),
                at: row.created_at,
                lapsed: row.effect.as_deref().is_some_and(is_without_effect),
                answer: reply.map(|reply| reply.answer.clone()),
            };
            requests.push((row.message_id, request));
        }
        Ok(requests)
    }

    /// Answers of other institutions to somebody that came since a moment, oldest first.
    pub(crate) async fn identity_replies_to(
        &self,
        actor: &str,
        since: i64,
    ) -> Result<Vec<IdentityReply>, NodeError> {
        let mut tx = self.read_tx().await?;
        let (mut replies, mut behind) = (Vec::new(), (0, 0));
        loop {
            let whose = (actor, since);
            let page = store::consents::answers_to(&mut tx, whose, behind, SHOWN as i64).await?;
            for row in &page {
                let reply = self.reply(&row.case_id, &row.line, row.received_at)?;
                let own = store::consents::requests_in(&mut tx, &row.case_id, actor).await?;
                replies.extend(reply.filter(|reply| own.contains(&reply.request.to_string())));
            }
            match page.last() {
                Some(last) if page.len() == SHOWN => behind = (last.depoch, last.dseq),
                _ => return Ok(replies),
            }
        }
    }

    /// How many requests of somebody were answered since a moment, here and elsewhere.
    pub async fn identity_answers_to(&self, actor: &str, since: i64) -> Result<usize, NodeError> {
        let elsewhere = self.identity_replies_to(actor, since).await?;
        let mut tx = self.read_tx().await?;
        let here = store::consents::count_answered_to(&mut tx, actor, since).await?;
        Ok(here as usize + elsewhere.len())
    }

    /// What a message answers to a request that was sent from here.
    fn reply(&self, case: &str, line: &str, at: i64) -> Result<Option<IdentityReply>, NodeError> {
        // One that is damaged hides no other.
        let Ok(message) = read_message(line) else {
            damage::tell("inbox", case);
            return Ok(None);
        };
        let (request, requester, granted, reason) = match message.body {
            Ok(Body::IdentityDisclosed(given)) => (given.request, given.requester, true, None),
            Ok(Body::IdentityRefused(refused)) => {
                let reason = code(&refused.reason);
                (refused.request, refused.requester, false, reason)
            }
            _ => return Ok(None),
        };
        if requester != *self.instance()? {
            return Ok(None);
        }
        Ok(Some(IdentityReply {
            case: store::case_id(case)?,
            request,
            answer: IdentityAnswer {
                granted,
                reason,
                at,
            },
        }))
    }

    async fn origin_of(&self, tx: &mut Tx, case: &str) -> Result<Option<InstanceId>, NodeError> {
        let row = store::cases::case(tx, case).await?;
        let fold = row.map(|row| row.ruled()).transpose()?.flatten();
        Ok(fold.map(|case| case.origin))
    }
}

impl Asked {
    /// Where a case was filed, and what other institutions answered about it.
    async fn of(
        &mut self,
        node: &Node,
        tx: &mut Tx,
        case: &str,
    ) -> Result<&(Option<InstanceId>, Vec<IdentityReply>), NodeError> {
        match self.0.entry(case.to_owned()) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let mut replies = Vec::new();
                for (line, at) in store::consents::answers_about(tx, case).await? {
                    replies.extend(node.reply(case, &line, at)?);
                }
                Ok(new.insert((node.origin_of(tx, case).await?, replies)))
            }
        }
    }
}

/// Where a page begins: behind what `next` of the one before names, or with the latest.
fn place(after: Option<&str>) -> Result<Before<'_>, NodeError> {
    let Some(after) = after else {
        return Ok((i64::MAX, ""));
    };
    let place = after
        .split_once('-')
        .and_then(|(at, id)| Some((at.parse().ok()?, id)));
    place.ok_or_else(|| NodeError::Invalid("after: expected `next` of the page before".into()))
}

/// Whether what was ruled so has had none. The first envelope of a duplicate has had it.
fn is_without_effect(effect: &str) -> bool {
    !["applied", "duplicate"].contains(&effect)
}

/// An enum of the protocol as it stands in a message.
fn code(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Value::String(code)) => Some(code),
        _ => None,
    }
}
