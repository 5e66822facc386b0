//! What people and programs do about webhooks: make, change, switch off and on, end, try, change the
//! secret, send again, skip. Each is written into the audit log in its own transaction; no secret and
//! no address is, because an address may hold a secret too.

use lapor_migrations::Tx;
use lapor_web::hindrance::{Cause, Hindrance};
use lapor_web::webhook::{AddressError, Call, Unanswered, WebhookSecret};
use serde::Serialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::delivery::{fresh_id, sealed, trial};
use super::{Hook, HookState, MOST, NAME, owner};
use crate::chance::random;
use crate::error::NodeError;
use crate::feed::Wanted;
use crate::node::Node;
use crate::store;
use crate::store::webhooks::WebhookRow;
use crate::store::webhooks::deliveries::{self, Again};

const HOUR_MS: i64 = 3_600_000;
/// For how long a former secret signs beside a new one.
const BOTH_MS: i64 = 24 * HOUR_MS;

/// Why webhooks of a key are switched off.
pub(crate) const KEY_REVOKED: &str = "the key that made it was revoked";
pub(super) const KEY_ENDED: &str = "the key that made it has ended, or its owner is disabled";

/// A webhook to be made.
#[derive(Debug, Clone)]
pub struct NewHook<'a> {
    pub name: &'a str,
    pub url: &'a str,
    pub wanted: Wanted,
}

/// What is to be changed of a webhook.
#[derive(Debug, Clone, Default)]
pub struct HookChange<'a> {
    pub name: Option<&'a str>,
    pub url: Option<&'a str>,
    pub wanted: Option<Wanted>,
    pub state: Option<HookState>,
}

/// What is to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay<'a> {
    One(&'a str),
    /// What changed from a moment on and before another, Unix ms.
    Between(i64, i64),
}

/// What a call to try a webhook came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Tried {
    /// Whether the receiver answered with a status of success.
    pub arrived: bool,
    /// What was wrong, if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Node {
    /// Makes a webhook that is told of what changes from now on; its secret is shown this once.
    ///
    /// # Errors
    /// [`NodeError::Known`] if one goes to this address already.
    pub async fn make_webhook(
        &self,
        new: NewHook<'_>,
        actor: &str,
    ) -> Result<(Hook, Zeroizing<String>), NodeError> {
        check_name(new.name)?;
        self.check_url(new.url)?;
        let now = self.clock().now_ms();
        let id = hex::encode(random::<8>());
        let secret = WebhookSecret::generate();
        let sealed = store::read(secret.seal(self.vault(), &owner(&id)))?;
        let mut tx = self.write_tx().await?;
        if store::webhooks::all(&mut tx).await?.len() >= MOST {
            return Err(NodeError::Invalid(format!(
                "webhooks: there are {MOST} already, which is the most; end one of them"
            )));
        }
        is_new(&mut tx, "", new.url).await?;
        let last = store::changes::ends(&mut tx).await?;
        let row = WebhookRow {
            id,
            name: new.name.to_owned(),
            url: new.url.to_owned(),
            kinds: new.wanted.written(),
            secret: sealed,
            former: None,
            former_until: None,
            state: HookState::On.as_str().to_owned(),
            looked_at: last.map_or(0, |(_, last)| last),
            due_at: now,
            failures: 0,
            troubled_since: None,
            problem: None,
            arrived_at: None,
            made_by: actor.to_owned(),
            made_at: now,
        };
        store::webhooks::add(&mut tx, &row).await?;
        let detail = described(&row);
        store::audit::add(&mut tx, now, actor, "webhook.made", None, &detail).await?;
        tx.commit().await?;
        Ok((Hook::of(row, 0, now), secret.reveal()))
    }

    /// Changes what is named. To switch one on sends what waits at once, as if nothing had failed.
    ///
    /// # Errors
    /// [`NodeError::Forbidden`] to switch one on whose key has ended or whose owner is disabled.
    pub async fn change_webhook(
        &self,
        id: &str,
        change: HookChange<'_>,
        actor: &str,
    ) -> Result<Hook, NodeError> {
        change.name.map_or(Ok(()), check_name)?;
        change.url.map_or(Ok(()), |url| self.check_url(url))?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let before = found(&mut tx, id).await?;
        let url = change.url.unwrap_or(&before.url);
        is_new(&mut tx, id, url).await?;
        let written = change.wanted.as_ref().map(Wanted::written);
        let after = WebhookRow {
            name: change.name.unwrap_or(&before.name).to_owned(),
            url: url.to_owned(),
            kinds: written.unwrap_or_else(|| before.kinds.clone()),
            ..before.clone()
        };
        if (&after.name, &after.url, &after.kinds) != (&before.name, &before.url, &before.kinds) {
            store::webhooks::change(&mut tx, id, &after.name, &after.url, &after.kinds).await?;
            let detail = format!("{}; before: {}", described(&after), described(&before));
            store::audit::add(&mut tx, now, actor, "webhook.changed", None, &detail).await?;
        }
        let detail = described(&after);
        match change.state {
            Some(HookState::On) => {
                lives(&mut tx, &before.made_by, now).await?;
                store::webhooks::hurry(&mut tx, id, now).await?;
                store::audit::add(&mut tx, now, actor, "webhook.on", None, &detail).await?;
            }
            Some(HookState::Off) => {
                store::webhooks::switch_off(&mut tx, id, None).await?;
                store::audit::add(&mut tx, now, actor, "webhook.off", None, &detail).await?;
            }
            None => {}
        }
        tx.commit().await?;
        self.ring_changed();
        self.webhook(id).await
    }

    /// Ends one with all that waits for it.
    pub async fn end_webhook(&self, id: &str, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let detail = described(&found(&mut tx, id).await?);
        store::webhooks::remove(&mut tx, id).await?;
        store::audit::add(&mut tx, now, actor, "webhook.ended", None, &detail).await?;
        Ok(tx.commit().await?)
    }

    /// Makes another secret, which is shown this once; the former one signs beside it for a day.
    pub async fn rotate_webhook_secret(
        &self,
        id: &str,
        actor: &str,
    ) -> Result<(Hook, Zeroizing<String>), NodeError> {
        let now = self.clock().now_ms();
        let secret = WebhookSecret::generate();
        let sealed = store::read(secret.seal(self.vault(), &owner(id)))?;
        let mut tx = self.write_tx().await?;
        let detail = described(&found(&mut tx, id).await?);
        store::webhooks::rotate(&mut tx, id, &sealed, now + BOTH_MS).await?;
        store::audit::add(&mut tx, now, actor, "webhook.secret", None, &detail).await?;
        tx.commit().await?;
        Ok((self.webhook(id).await?, secret.reveal()))
    }

    /// Calls the address now, with something that has not happened, and says what came of it. Nothing
    /// that waits is touched.
    pub async fn try_webhook(&self, id: &str, actor: &str) -> Result<Tried, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let row = found(&mut tx, id).await?;
        let detail = described(&row);
        store::audit::add(&mut tx, now, actor, "webhook.tried", None, &detail).await?;
        tx.commit().await?;
        let called = match (self.webhook_secrets(&row, now), self.webhook_caller()) {
            (Some(secrets), Ok(caller)) => {
                let (id, body) = (fresh_id(), trial(self, now)?);
                let call = Call {
                    address: &row.url,
                    id: &id,
                    at: now,
                    body: &body,
                    secrets: &secrets,
                };
                caller.call(&call).await
            }
            (None, _) => Err(Unanswered::Never(sealed())),
            (_, Err(error)) => Err(Unanswered::Never(Hindrance::new(Cause::Unset, error))),
        };
        let problem = called.err().map(|trouble| match trouble {
            Unanswered::Later(problem) | Unanswered::Never(problem) => problem.said,
        });
        Ok(Tried {
            arrived: problem.is_none(),
            problem,
        })
    }

    /// Sends again what was sent or skipped, under the ids that it has and before what came later.
    /// Returns how much that is; while the webhook is off it waits.
    ///
    /// # Errors
    /// [`NodeError::StillWaits`] where all of it waits, [`NodeError::WaitsWhileOff`] where that is because
    /// the webhook is off.
    pub async fn replay_webhook(
        &self,
        id: &str,
        which: Replay<'_>,
        actor: &str,
    ) -> Result<u64, NodeError> {
        let now = self.clock().now_ms();
        let again = match which {
            Replay::One(delivery) => Again::One(delivery),
            Replay::Between(from, until) => Again::Between(from, until),
        };
        let mut tx = self.write_tx().await?;
        let row = found(&mut tx, id).await?;
        let count = deliveries::again(&mut tx, id, &again).await?;
        if count == 0 && deliveries::waits(&mut tx, id, &again).await? {
            return Err(if row.state == HookState::On.as_str() {
                NodeError::StillWaits
            } else {
                NodeError::WaitsWhileOff
            });
        }
        if let (0, Replay::One(delivery)) = (count, which) {
            return Err(NodeError::not_found("delivery that is over", &delivery));
        }
        let which = match which {
            Replay::One(delivery) => delivery.to_owned(),
            Replay::Between(from, until) => format!("{from}-{until}: {count}"),
        };
        let detail = format!("{} {which}", described(&row));
        store::audit::add(&mut tx, now, actor, "webhook.replayed", None, &detail).await?;
        tx.commit().await?;
        self.ring_changed();
        Ok(count)
    }

    /// Decides that something that waits is not sent; what is behind it goes on at once.
    pub async fn skip_delivery(
        &self,
        id: &str,
        delivery: &str,
        actor: &str,
    ) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let row = found(&mut tx, id).await?;
        if deliveries::skip(&mut tx, id, delivery, now).await? == 0 {
            return Err(NodeError::not_found("delivery that waits", &delivery));
        }
        if row.state == HookState::On.as_str() {
            store::webhooks::hurry(&mut tx, id, now).await?;
        }
        let detail = format!("{} {delivery}", described(&row));
        store::audit::add(&mut tx, now, actor, "webhook.skipped", None, &detail).await?;
        tx.commit().await?;
        self.ring_changed();
        Ok(())
    }

    /// Refuses an address to which no webhook of this node may go.
    pub fn check_url(&self, url: &str) -> Result<(), NodeError> {
        let wrong = |error: AddressError| NodeError::Invalid(format!("url: {error}"));
        self.webhook_reach().read(url).map(drop).map_err(wrong)
    }
}

/// Switches off what a key has made that opens nothing any more: whoever had it is told no more.
pub(crate) async fn switch_off_of(
    tx: &mut Tx,
    made_by: &str,
    problem: &str,
    (actor, now): (&str, i64),
) -> Result<(), NodeError> {
    for name in store::webhooks::switch_off_of(tx, made_by, problem).await? {
        store::audit::add(tx, now, actor, "webhook.off", None, &name).await?;
    }
    Ok(())
}

/// Refuses to switch on what would be switched off again at once.
async fn lives(tx: &mut Tx, made_by: &str, now: i64) -> Result<(), NodeError> {
    let gone = store::webhooks::makers_gone(tx, now).await?;
    if gone.iter().any(|(maker, _)| maker == made_by) {
        let problem = format!("{KEY_ENDED}; make another webhook with a key that is good");
        return Err(NodeError::Forbidden(problem));
    }
    Ok(())
}

async fn found(tx: &mut Tx, id: &str) -> Result<WebhookRow, NodeError> {
    let row = store::webhooks::one(tx, id).await?;
    row.ok_or_else(|| NodeError::not_found("webhook", &id))
}

async fn is_new(tx: &mut Tx, id: &str, url: &str) -> Result<(), NodeError> {
    match store::webhooks::at_url(tx, url).await? {
        Some(known) if known != id => Err(NodeError::Known(
            "a webhook goes to this address already; change that one, or end it",
        )),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), NodeError> {
    let plain = !name.trim().is_empty() && !name.chars().any(char::is_control);
    if plain && name.chars().count() <= NAME {
        return Ok(());
    }
    Err(NodeError::Invalid(format!(
        "name: expected one line of 1 to {NAME} characters"
    )))
}

/// Name, id and what it is told; its address may hold a secret.
fn described(row: &WebhookRow) -> String {
    format!("{} {} ({})", row.id, row.name, row.kinds)
}
