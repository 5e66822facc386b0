//! What was set aside, and what a person can do with it.
//!
//! An item that cannot be applied is quarantined with its bytes: its case
//! waits, the stream does not. One of a kind that this version does not know is
//! parked until a newer one starts. An own message that the hub cannot accept
//! is quarantined with what must wait for it: the later ones of its case, and
//! all of the cases that begin with it. Each can be looked at,
//! replayed, or refused for good; a refusal can be taken back by a replay.

mod id;
mod items;
mod own;
#[cfg(test)]
mod tests;

use lapor_migrations::Tx;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId, MessageId, Position};
use lapor_protocol::message::Message;
use serde::Serialize;
use utoipa::ToSchema;

pub use id::AsideId;

use crate::error::NodeError;
use crate::node::Node;
use crate::store;
pub(crate) use crate::store::behind::{REFUSED_WITH, WAITS};

/// The state of what waits for a person.
const QUARANTINED: &str = "quarantined";
/// The state of what waits for a newer program.
const PARKED: &str = "parked";
/// The state of what a person has refused.
pub(crate) const REFUSED: &str = "refused";
/// Why a person's refusal happened, as the hub is told.
pub(crate) const BY_OPERATOR: &str = "operator";

/// Something that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Aside {
    /// `inbox:1.42`, `public:1.7` or `outbox:17`.
    #[schema(value_type = String)]
    pub id: AsideId,
    /// `quarantined`, `parked`, `refused`, or whatever became of it since.
    pub state: String,
    /// A code or a sentence; `None` once it is settled.
    pub reason: Option<String>,
    pub kind: String,
    #[schema(value_type = Option<String>)]
    pub case: Option<CaseId>,
    pub case_seq: Option<u64>,
    /// How often it was tried.
    pub attempts: u64,
    /// Messages that wait behind it.
    pub behind: u64,
    /// Unix ms; when it came, or was made here.
    pub at: i64,
}

/// What is known of one of them, its clear fields included; never its words.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AsideView {
    #[serde(flatten)]
    pub aside: Aside,
    pub author: Option<InstanceId>,
    pub message: Option<MessageId>,
    pub envelope: Option<EnvelopeId>,
    /// Place in the author's chain.
    pub position: Option<Position>,
    /// Clear fields as the author wrote them.
    pub body: Option<serde_json::Value>,
    /// Whether there are words, which are sealed under the case's key.
    pub sealed: bool,
    pub attachments: usize,
    /// The envelope exactly as it is stored; `None` where only a draft is.
    pub line: Option<String>,
}

/// What another look has brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LookedAtAgain)]
pub struct Replayed {
    /// Messages that were looked at.
    pub looked_at: usize,
    /// What still stands in the way, if anything does.
    pub still: Option<String>,
}

impl Node {
    /// What is set aside, oldest first, at most `limit` of each direction;
    /// with `refused` also what a person has refused.
    pub async fn set_aside(&self, refused: bool, limit: i64) -> Result<Vec<Aside>, NodeError> {
        let mut tx = self.read_tx().await?;
        let mut all = Vec::new();
        for states in [[QUARANTINED, PARKED], [REFUSED, REFUSED]] {
            if states[0] == REFUSED && !refused {
                continue;
            }
            for item in store::aside::items(&mut tx, states, limit).await? {
                all.push(items::aside(&item));
            }
            for own in store::aside::own(&mut tx, states, limit).await? {
                all.push(own::aside(&own));
            }
        }
        Ok(all)
    }

    /// For each of these the refused message that has to be sent again before it can be, if there is one.
    pub async fn first_to_send(&self, aside: &[Aside]) -> Result<Vec<Option<AsideId>>, NodeError> {
        let mut tx = self.read_tx().await?;
        let mut first = Vec::with_capacity(aside.len());
        for one in aside {
            first.push(match one.id {
                AsideId::Item(_) => None,
                AsideId::Own(number) => own::first_to_send(&mut tx, number).await?,
            });
        }
        Ok(first)
    }

    /// How many are set aside, those left out that a person has refused.
    pub async fn count_set_aside(&self) -> Result<u64, NodeError> {
        let mut tx = self.read_tx().await?;
        let count = store::aside::count(&mut tx, [QUARANTINED, PARKED]).await?;
        Ok(count.unsigned_abs())
    }

    /// One of them.
    pub async fn aside(&self, id: AsideId) -> Result<AsideView, NodeError> {
        let mut tx = self.read_tx().await?;
        match id {
            AsideId::Item(place) => items::view(&mut tx, place).await,
            AsideId::Own(number) => own::view(self, &mut tx, number).await,
        }
    }

    /// Looks again: an item is applied if it can be, with what waits behind
    /// it; an own message is sent again, with what waits behind it, and with
    /// the one that its case begins with where that is set aside too.
    pub async fn replay(&self, id: AsideId, actor: &str) -> Result<Replayed, NodeError> {
        let replayed = match id {
            AsideId::Item(place) => items::replay(self, place, actor).await?,
            AsideId::Own(number) => own::replay(self, number, actor).await?,
        };
        self.ring_outgoing();
        Ok(replayed)
    }

    /// Goes on without it. An item then never has an effect here, so that this
    /// copy of its case may differ from those of others. What cannot be without
    /// an own message, as it begins their case, is refused with it.
    pub async fn refuse(&self, id: AsideId, reason: &str, actor: &str) -> Result<Aside, NodeError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS {
            return Err(NodeError::Invalid(format!(
                "reason: expected 1 to {REASON_CHARS} characters that say why it is refused"
            )));
        }
        match id {
            AsideId::Item(place) => items::refuse(self, place, reason, actor).await?,
            AsideId::Own(number) => own::refuse(self, number, reason, actor).await?,
        }
        Ok(self.aside(id).await?.aside)
    }
}

/// Longest reason of a refusal, which the audit log keeps.
const REASON_CHARS: usize = 500;

fn unknown(id: AsideId) -> NodeError {
    NodeError::not_found("message", &id)
}

fn not_set_aside(id: AsideId, state: &str) -> NodeError {
    NodeError::Invalid(format!(
        "{id} is {state}; only what is quarantined, parked or refused can be handled"
    ))
}

/// Keeps what somebody did with it in the audit log.
async fn note(
    node: &Node,
    tx: &mut Tx,
    aside: &Aside,
    (action, detail): (&str, &str),
    actor: &str,
) -> Result<(), NodeError> {
    let now = node.clock().now_ms();
    let detail = format!("{} {}: {detail}", aside.id, aside.kind);
    let case = aside.case.map(|case| case.to_string());
    Ok(store::audit::add(tx, now, actor, action, case.as_deref(), &detail).await?)
}

/// What an envelope says of itself, as far as it can be read.
fn described(aside: Aside, line: Option<String>) -> AsideView {
    let envelope = line.as_deref();
    let envelope = envelope.and_then(|line| Envelope::parse(line.as_bytes()).ok());
    let message = envelope.as_ref();
    let message = message.and_then(|envelope| Message::parse(&envelope.payload).ok());
    let clear = envelope.as_ref().and_then(|envelope| {
        let payload: serde_json::Value = serde_json::from_slice(&envelope.payload).ok()?;
        payload.get("body").cloned()
    });
    let header = message.as_ref().map(|message| &message.header);
    AsideView {
        author: header.map(|header| header.author.clone()),
        message: header.map(|header| header.id),
        envelope: envelope.as_ref().map(Envelope::id),
        position: header.map(lapor_protocol::message::Header::position),
        body: clear,
        sealed: message.as_ref().is_some_and(|m| m.sealed.is_some()),
        attachments: message.as_ref().map_or(0, |m| m.attachments.len()),
        aside,
        line,
    }
}
