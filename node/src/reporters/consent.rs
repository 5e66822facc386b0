//! The reporter's say over their identity, and the log of who asked for it.

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::ids::{CaseId, InstanceId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Conversation;
use crate::casework::HistoryEntry;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::consents::ConsentRow;

/// What happened to a request for an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IdentityStep {
    Asked,
    /// The reporter agreed.
    Consented,
    /// The reporter refused, or took the consent back.
    Objected,
    Granted,
    Refused,
    /// Somebody looked at it.
    Opened,
    /// Somebody who may not tried to look at it.
    Denied,
}

/// A line of the log that the reporter reads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IdentityEvent {
    pub step: IdentityStep,
    /// The request it is about; what a consent names.
    pub ask: Option<String>,
    /// The institution that asked or looked.
    #[schema(value_type = Option<String>)]
    pub institution: Option<InstanceId>,
    /// Who did it, as in the audit log of this node; `None` at another.
    pub by: Option<String>,
    /// Code of a purpose or of a refusal's reason.
    pub purpose: Option<String>,
    /// Why, in words.
    pub reason: Option<String>,
    /// Unix ms.
    pub at: i64,
}

impl Node {
    /// Agrees to a request for the identity, refuses it, or takes either back.
    /// `ask` is one of the log; what has been disclosed cannot be taken back.
    pub async fn consent(
        &self,
        conversation: &Conversation,
        ask: &str,
        given: bool,
    ) -> Result<(), NodeError> {
        let case = conversation.case;
        let mut tx = self.write_tx().await?;
        let history = self.whole_history(&mut tx, case).await?;
        let log = self.identity_log_in(&mut tx, case, &history).await?;
        let known = log
            .iter()
            .any(|event| event.step == IdentityStep::Asked && event.ask.as_deref() == Some(ask));
        if !known {
            return Err(NodeError::not_found("request for your identity", &ask));
        }
        let now = self.clock().now_ms();
        let row = ConsentRow {
            ask: ask.to_owned(),
            given: i64::from(given),
            said_by: conversation.actor(),
            at: now,
        };
        let text = case.to_string();
        store::consents::say(&mut tx, &text, &row).await?;
        let action = if given {
            "identity.consented"
        } else {
            "identity.objected"
        };
        store::audit::add(&mut tx, now, &row.said_by, action, Some(&text), ask).await?;
        Ok(tx.commit().await?)
    }

    /// Requests for the identity of a case that nobody has answered and of which the reporter has
    /// said nothing, each with the institution that asks.
    pub(crate) async fn asks_without_say(
        &self,
        tx: &mut Tx,
        case: &Case,
    ) -> Result<Vec<(String, InstanceId)>, NodeError> {
        let (me, text) = (self.instance()?, case.id.to_string());
        let own = store::consents::asks(tx, &text).await?.into_iter();
        let own = own.filter(|ask| ask.granted.is_none());
        let elsewhere = case.identity_requests.iter();
        let mut asks: Vec<_> = own
            .map(|ask| (ask.id, me.clone()))
            .chain(elsewhere.map(|(request, by)| (request.to_string(), by.clone())))
            .collect();
        if !asks.is_empty() {
            let said = store::consents::of_case(tx, &text).await?;
            asks.retain(|(ask, _)| said.iter().all(|consent| consent.ask != *ask));
        }
        Ok(asks)
    }

    /// Who asked for the identity of a case, why, and what became of it, for the keeper; the same
    /// that the reporter reads.
    pub async fn identity_log(&self, case: CaseId) -> Result<Vec<IdentityEvent>, NodeError> {
        let mut tx = self.read_tx().await?;
        let history = self.whole_history(&mut tx, case).await?;
        self.identity_log_in(&mut tx, case, &history).await
    }

    /// Who asked, why, and what became of it, in the order of time.
    pub(super) async fn identity_log_in(
        &self,
        tx: &mut Tx,
        case: CaseId,
        history: &[HistoryEntry],
    ) -> Result<Vec<IdentityEvent>, NodeError> {
        let me = self.instance()?;
        let text = case.to_string();
        let deeds = store::audit::about_identity(tx, &text).await?;
        let counts = |entry: &&HistoryEntry| entry.effect.is_none_or(|e| e.as_str() == "applied");
        let said = history.iter().filter(counts);
        let mut out: Vec<_> = said.filter_map(|entry| of_message(entry, &deeds)).collect();
        for ask in store::consents::asks(tx, &text).await? {
            out.push(IdentityEvent {
                step: IdentityStep::Asked,
                ask: Some(ask.id),
                institution: Some(me.clone()),
                by: Some(ask.asked_by),
                purpose: Some(ask.purpose),
                reason: Some(ask.reason).filter(|reason| !reason.is_empty()),
                at: ask.asked_at,
            });
        }
        for (at, actor, action, detail) in deeds {
            let step = match action.as_str() {
                "identity.granted" => IdentityStep::Granted,
                "identity.declined" => IdentityStep::Refused,
                "identity.opened" => IdentityStep::Opened,
                "identity.denied" => IdentityStep::Denied,
                "identity.consented" => IdentityStep::Consented,
                "identity.objected" => IdentityStep::Objected,
                _ => continue,
            };
            let asked = !matches!(step, IdentityStep::Opened | IdentityStep::Denied);
            out.push(IdentityEvent {
                step,
                ask: asked.then_some(detail),
                institution: Some(me.clone()),
                by: Some(actor),
                purpose: None,
                reason: None,
                at,
            });
        }
        out.sort_by_key(|event| event.at);
        Ok(out)
    }
}

/// At, actor, action, detail, as the audit log has them.
type Deed = (i64, String, String, String);

/// A message about an identity. Who sent it, if it was sent from here, is in
/// the audit log under the message's id.
fn of_message(entry: &HistoryEntry, deeds: &[Deed]) -> Option<IdentityEvent> {
    let step = match entry.kind.as_str() {
        "identity.requested" => IdentityStep::Asked,
        "identity.disclosed" => IdentityStep::Granted,
        "identity.refused" => IdentityStep::Refused,
        _ => return None,
    };
    let message = entry.message.map(|id| id.to_string());
    let fact = |name: &str| {
        let value = entry.body.as_ref()?.get(name)?;
        value.as_str().map(str::to_owned)
    };
    let word = entry
        .words
        .as_ref()
        .and_then(|words| words.get("text")?.as_str());
    let by = deeds
        .iter()
        .find(|(_, _, _, detail)| Some(detail) == message.as_ref());
    Some(IdentityEvent {
        step,
        ask: if step == IdentityStep::Asked {
            message.clone()
        } else {
            fact("request")
        },
        institution: entry.author.clone(),
        by: by.map(|(_, actor, _, _)| actor.clone()),
        purpose: fact("purpose").or_else(|| fact("reason")),
        reason: word
            .filter(|_| step != IdentityStep::Granted)
            .map(str::to_owned),
        at: entry.at,
    })
}
