//! Webhooks: programs are told over HTTP of what changes here, signed as Standard Webhooks has it. Each
//! reads the feed by a cursor of its own, in the order of the changes and at least once; what cannot be
//! delivered waits, and nothing behind it overtakes it.

mod acts;
mod delivery;
mod settings;
#[cfg(test)]
mod tests;

use lapor_web::webhook::{Caller, CallerError, Reach, Secrets, WebhookSecret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::NodeError;
use crate::feed::Wanted;
use crate::node::Node;
use crate::store;
use crate::store::webhooks::WebhookRow;
use crate::store::webhooks::deliveries::DeliveryRow;

pub use acts::{HookChange, NewHook, Replay, Tried};
pub(crate) use acts::{KEY_REVOKED, switch_off_of};
pub use delivery::{CALLS, run};
pub use settings::WebhookSettings;

/// Characters of a name, at most.
pub const NAME: usize = 80;
/// Webhooks of one node, at most.
const MOST: usize = 50;

/// Whether a webhook is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum HookState {
    On,
    /// Switched off by somebody, or by itself after five days in which nothing arrived or with the key
    /// that made it; what waits stays.
    Off,
}

/// A program that is told of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Hook {
    pub id: String,
    pub name: String,
    pub url: String,
    /// Kinds of changes, `case.*` for all that begin so, `*` for all.
    pub kinds: Vec<String>,
    pub state: HookState,
    /// How many deliveries wait; behind them there may be changes that have not been looked at.
    pub waiting: u64,
    /// Why nothing arrives, or why it is off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Since when nothing arrives, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub troubled_since: Option<i64>,
    /// When the next try is made while nothing arrives, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<i64>,
    /// When something arrived last, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrived_at: Option<i64>,
    /// Until when the former secret signs beside the new one, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub former_until: Option<i64>,
    /// As the audit log names whoever made it.
    pub made_by: String,
    /// Unix ms.
    pub made_at: i64,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    Waiting,
    Sent,
    /// Somebody has decided that it is not sent.
    Skipped,
}

/// One change on its way to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    /// `webhook-id` of the call; the same however often it is sent.
    pub id: String,
    /// Number of the change.
    pub change: i64,
    pub kind: String,
    /// When it changed, Unix ms.
    pub at: i64,
    pub state: DeliveryState,
    pub tries: u64,
    /// What the last try came to, if it did not arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When it arrived or was skipped, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<i64>,
}

/// How webhooks are, as the monitoring asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct HookFigures {
    pub on: u64,
    pub off: u64,
    /// For how long the change that has waited longest has, 0 if none does.
    pub late_ms: i64,
}

impl HookState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

impl DeliveryState {
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Skipped];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Skipped => "skipped",
        }
    }

    pub fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl Hook {
    fn of(row: WebhookRow, waiting: i64, now: i64) -> Self {
        let on = row.state == HookState::On.as_str();
        Self {
            kinds: Wanted::stored(&row.kinds).patterns().to_vec(),
            state: if on { HookState::On } else { HookState::Off },
            waiting: waiting.unsigned_abs(),
            next_try: row.troubled_since.and(Some(row.due_at)).filter(|_| on),
            former_until: row.former_until.filter(|until| *until > now),
            id: row.id,
            name: row.name,
            url: row.url,
            problem: row.problem,
            troubled_since: row.troubled_since,
            arrived_at: row.arrived_at,
            made_by: row.made_by,
            made_at: row.made_at,
        }
    }
}

impl Delivery {
    fn of(row: DeliveryRow) -> Result<Self, NodeError> {
        let state = DeliveryState::named(&row.state);
        let unknown = || NodeError::damaged("a delivery in an unknown state");
        Ok(Self {
            state: state.ok_or_else(unknown)?,
            id: row.id,
            change: row.change,
            kind: row.kind,
            at: row.at,
            tries: row.tries.unsigned_abs(),
            problem: row.problem,
            done_at: row.done_at,
        })
    }
}

impl Node {
    /// All webhooks, the oldest first.
    pub async fn webhooks(&self) -> Result<Vec<Hook>, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let waiting = store::webhooks::deliveries::counts_waiting(&mut tx).await?;
        let rows = store::webhooks::all(&mut tx).await?.into_iter();
        let count = |id: &str| waiting.iter().find(|(of, _)| of == id);
        Ok(rows
            .map(|row| {
                let waits = count(&row.id).map_or(0, |(_, count)| *count);
                Hook::of(row, waits, now)
            })
            .collect())
    }

    pub async fn webhook(&self, id: &str) -> Result<Hook, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let row = store::webhooks::one(&mut tx, id).await?;
        let row = row.ok_or_else(|| NodeError::not_found("webhook", &id))?;
        let waiting = store::webhooks::deliveries::count_waiting(&mut tx, id).await?;
        Ok(Hook::of(row, waiting, now))
    }

    /// What a webhook was told and will be, before a change if one is named, the latest first; in one
    /// state, if that is asked.
    pub async fn webhook_deliveries(
        &self,
        id: &str,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<Delivery>, NodeError> {
        let (state, before) = (state.map(DeliveryState::as_str), before.unwrap_or(i64::MAX));
        let mut tx = self.read_tx().await?;
        if store::webhooks::one(&mut tx, id).await?.is_none() {
            return Err(NodeError::not_found("webhook", &id));
        }
        let limit = i64::from(limit);
        let rows = store::webhooks::deliveries::list(&mut tx, id, state, before, limit).await?;
        rows.into_iter().map(Delivery::of).collect()
    }

    pub(crate) async fn webhook_figures(&self) -> Result<HookFigures, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let counted = store::webhooks::count(&mut tx).await?;
        let count = |state: HookState| {
            let found = counted.iter().find(|(of, _)| of == state.as_str());
            found.map_or(0, |(_, count)| count.unsigned_abs())
        };
        let since = store::webhooks::deliveries::oldest_waiting(&mut tx).await?;
        Ok(HookFigures {
            on: count(HookState::On),
            off: count(HookState::Off),
            late_ms: since.map_or(0, |since| (now - since).max(0)),
        })
    }

    /// Where webhooks of this node may go.
    pub fn webhook_reach(&self) -> Reach {
        let in_force = self.in_force();
        let site = in_force.settings().portal.public_url.as_ref();
        let host = site.and_then(|url| {
            let uri: http::Uri = url.to_string().parse().ok()?;
            uri.host().map(ToOwned::to_owned)
        });
        Reach {
            own: host.into_iter().collect(),
            local: self.settings().webhooks.local,
            outside: false,
        }
    }

    /// Calls webhooks as the settings say.
    pub fn webhook_caller(&self) -> Result<Caller, CallerError> {
        Caller::reading(
            self.webhook_reach(),
            self.settings().webhooks.roots.as_deref(),
        )
    }

    /// With what a call to a webhook is signed now; `None` where another key has sealed it.
    fn webhook_secrets(&self, row: &WebhookRow, now: i64) -> Option<Secrets> {
        let (vault, owner) = (self.vault(), owner(&row.id));
        let current = WebhookSecret::open(vault, &owner, &row.secret)?;
        let former = row.former.as_deref();
        let former = former.filter(|_| row.former_until.is_some_and(|until| now < until));
        let former = former.and_then(|sealed| WebhookSecret::open(vault, &owner, sealed));
        Some(Secrets::of(current, former))
    }
}

/// What the secrets of a webhook are bound to; no account can be called so.
fn owner(id: &str) -> String {
    format!("webhook:{id}")
}
