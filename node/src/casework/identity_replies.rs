//! What became of requests for an identity that somebody here has made: of the keeper here, or of
//! the institution where the report was filed. Says what was answered, never who reported.

use lapor_migrations::Tx;
use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_protocol::kinds::Body;
use serde::Serialize;
use serde_json::Value;

use super::reading::{read_message, summaries};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Requests that one page shows, at most.
const SHOWN: i64 = 100;

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

/// An answer of another institution to a request that was sent from here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdentityReply {
    pub case: CaseId,
    pub request: MessageId,
    /// Who asked, as in the audit log.
    pub asked_by: Option<String>,
    pub answer: IdentityAnswer,
}

impl Node {
    /// The latest requests of somebody with what became of them, the latest first.
    pub async fn identity_requests_of(
        &self,
        actor: &str,
    ) -> Result<Vec<IdentityRequest>, NodeError> {
        let mut tx = self.read_tx().await?;
        let mut requests = Vec::new();
        for ask in store::consents::asked_by(&mut tx, actor, SHOWN).await? {
            let answered = ask.granted.zip(ask.answered_at);
            requests.push(IdentityRequest {
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
            });
        }
        let sent = store::consents::sent_by(&mut tx, actor, SHOWN).await?;
        for row in sent {
            let request: MessageId = store::read(row.message_id.parse())?;
            let mut replies = Vec::new();
            for (line, at) in store::consents::answers_about(&mut tx, &row.case_id).await? {
                replies.extend(self.reply(&row.case_id, &line, at)?);
            }
            let reply = replies.iter().find(|reply| reply.request == request);
            let effect = row.effect.as_deref();
            requests.push(IdentityRequest {
                case: store::case_id(&row.case_id)?,
                ticket: None,
                institution: self.origin_of(&mut tx, &row.case_id).await?,
                at: row.created_at,
                lapsed: effect.is_some_and(|effect| effect != "applied"),
                answer: reply.map(|reply| reply.answer.clone()),
            });
        }
        let ids: Vec<String> = requests.iter().map(|one| one.case.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let cases = summaries(&mut tx, &ids).await?;
        for one in &mut requests {
            let case = cases.iter().find(|case| case.case == one.case);
            one.ticket = case.and_then(|case| case.ticket.clone());
        }
        requests.sort_by_key(|one| std::cmp::Reverse(one.at));
        Ok(requests)
    }

    /// Answers of other institutions that came since a moment, oldest first.
    pub(crate) async fn identity_replies(
        &self,
        since: i64,
    ) -> Result<Vec<IdentityReply>, NodeError> {
        let mut tx = self.read_tx().await?;
        let mut replies = self.replies(&mut tx, since).await?;
        for reply in &mut replies {
            let request = reply.request.to_string();
            let authors = store::audit::authors(&mut tx, &reply.case.to_string()).await?;
            let author = authors.into_iter().find(|(_, message)| *message == request);
            reply.asked_by = author.map(|(actor, _)| actor);
        }
        Ok(replies)
    }

    /// How many requests of somebody were answered since a moment, here and elsewhere.
    pub async fn identity_answers_to(&self, actor: &str, since: i64) -> Result<usize, NodeError> {
        let mut tx = self.read_tx().await?;
        let here = store::consents::count_answered_to(&mut tx, actor, since).await?;
        let replies = self.replies(&mut tx, since).await?;
        if replies.is_empty() {
            return Ok(here as usize);
        }
        let sent = store::consents::sent_by(&mut tx, actor, SHOWN).await?;
        let theirs = |request: &MessageId| {
            let request = request.to_string();
            sent.iter().any(|row| row.message_id == request)
        };
        let elsewhere = replies.iter().filter(|reply| theirs(&reply.request));
        Ok(here as usize + elsewhere.count())
    }

    async fn replies(&self, tx: &mut Tx, since: i64) -> Result<Vec<IdentityReply>, NodeError> {
        let mut replies = Vec::new();
        for (case, line, at) in store::consents::answers_from_elsewhere(tx, since).await? {
            replies.extend(self.reply(&case, &line, at)?);
        }
        Ok(replies)
    }

    /// What a message answers to a request that was sent from here.
    fn reply(&self, case: &str, line: &str, at: i64) -> Result<Option<IdentityReply>, NodeError> {
        let (request, requester, granted, reason) = match read_message(line)?.body {
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
            asked_by: None,
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

/// An enum of the protocol as it stands in a message.
fn code(value: &impl Serialize) -> Option<String> {
    match serde_json::to_value(value) {
        Ok(Value::String(code)) => Some(code),
        _ => None,
    }
}
