//! Calls webhooks with what has changed: of each the oldest first, a handful at a time, and never past
//! one that did not arrive. What does not arrive is tried again, ever later, for five days; then the
//! webhook is switched off and the administrators are told. Nobody waits for another's address. No
//! webhook outlives the key that made it.
//!
//! A crash between the receiver's yes and the commit calls with up to a handful twice, under the same
//! ids; nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use lapor_migrations::Tx;
use lapor_web::hindrance::{Cause, Hindrance};
use lapor_web::webhook::{Call, Caller, CallerError, Unanswered};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::HookState;
use super::acts::{KEY_ENDED, switch_off_of};
use crate::chance::random;
use crate::error::NodeError;
use crate::feed::{Change, Subject, Wanted, unseen};
use crate::in_force::Changes;
use crate::node::Node;
use crate::store;
use crate::store::webhooks::deliveries::{self, DeliveryRow};
use crate::store::webhooks::{Course, WebhookRow};
use crate::tokens::sight_of_actor;

const SECOND_MS: i64 = 1000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Pauses after one failure, two, and so on; the last one again and again.
const PAUSES_MS: [i64; 6] = [
    5 * SECOND_MS,
    5 * MINUTE_MS,
    30 * MINUTE_MS,
    2 * HOUR_MS,
    5 * HOUR_MS,
    10 * HOUR_MS,
];
/// After so long without anything arriving a webhook is switched off.
const GIVEN_UP_MS: i64 = 5 * DAY_MS;
/// Calls to one webhook in one go.
const HANDFUL: i64 = 20;
/// Longer than a handful can take.
const LEASE_MS: i64 = 10 * MINUTE_MS;
/// Webhooks that are called at once.
const AT_ONCE: usize = 8;
/// Deliveries that wait for one webhook, at most, and when they are made up to that again: the rest
/// waits as changes.
const QUEUE: i64 = 200;
const REFILL: i64 = QUEUE / 2;
/// Changes that are looked at for one webhook in one transaction.
const CHUNK: i64 = 500;
/// For how long what is over can be sent again.
const KEPT_MS: i64 = 30 * DAY_MS;
/// How often is looked when nobody rings, and how long whoever has rung waits for company.
const LOOK: Duration = Duration::from_secs(5);
const BREATH: Duration = Duration::from_millis(300);
/// As the audit log names what this program does by itself.
const BY_ITSELF: &str = "jobs";
/// The type of a call with which somebody tries an address.
const TRIAL: &str = "webhook.test";
/// Calls, by what became of them.
pub const CALLS: &str = "lapor_node_webhook_calls_total";
const SEALED: &str =
    "its secret cannot be opened (was keys/factors.key replaced?); make another one";

/// The body of a call, in the shape that Standard Webhooks advises.
#[derive(Serialize)]
struct Payload<'a, Data> {
    r#type: &'a str,
    /// RFC 3339.
    timestamp: String,
    data: Data,
}

/// What a call to try an address tells.
#[derive(Serialize)]
struct Nothing<'a> {
    institution: &'a str,
}

#[derive(Serialize)]
struct Told<'a> {
    institution: &'a str,
    number: i64,
    subject: Subject,
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

/// Calls the webhooks of one node.
pub(super) struct Sender {
    node: Arc<Node>,
    caller: Caller,
}

/// A webhook that is held for a while by whoever took it.
pub(super) struct Taken {
    row: WebhookRow,
    /// Unix ms; until when, which no other holder has as well.
    held: i64,
}

/// What calling a webhook came to.
#[derive(Default)]
struct Called {
    /// Ids of what arrived, each with when.
    arrived: Vec<(String, i64)>,
    /// The delivery that did not, and why.
    trouble: Option<(String, Unanswered)>,
}

impl Sender {
    /// Reads the file that the settings name.
    pub fn of(node: &Arc<Node>) -> Result<Self, CallerError> {
        Ok(Self {
            node: Arc::clone(node),
            caller: node.webhook_caller()?,
        })
    }

    /// Makes deliveries of what has changed, and takes webhooks for which something waits.
    pub(super) async fn take(&self, most: usize) -> Result<Vec<Taken>, NodeError> {
        self.let_go().await?;
        self.gather().await?;
        let now = self.node.clock().now_ms();
        let mut tx = self.node.read_tx().await?;
        let due = most > 0 && store::webhooks::any_due(&mut tx, now).await?;
        drop(tx);
        if !due {
            return Ok(Vec::new());
        }
        // No two processes hold webhooks until the same moment.
        let held = now + LEASE_MS + i64::from(u16::from_be_bytes(random()));
        let mut tx = self.node.write_tx().await?;
        let taken = store::webhooks::claim(&mut tx, now, held, most as i64).await?;
        tx.commit().await?;
        let taken = taken.into_iter();
        Ok(taken.map(|row| Taken { row, held }).collect())
    }

    /// Calls one with a handful of what waits, and notes what came of it.
    pub(super) async fn settle(&self, taken: &Taken) -> Result<(), NodeError> {
        let Taken { row, held } = taken;
        let called = self.call(row).await?;
        let now = self.node.clock().now_ms();
        let (course, outcome) = course(row, &called, now);
        let given_up = course.state == HookState::Off.as_str();
        let told = if given_up {
            self.node.administrators().await
        } else {
            Vec::new()
        };
        let mut tx = self.node.write_tx().await?;
        deliveries::sent(&mut tx, &called.arrived).await?;
        if let Some((id, trouble)) = &called.trouble {
            deliveries::failed(&mut tx, id, problem_of(trouble)).await?;
        }
        let settled = store::webhooks::settle(&mut tx, &row.id, *held, &course).await?;
        if given_up && settled {
            let problem = course.problem.unwrap_or_default();
            self.node
                .write_webhook_off(&mut tx, &told, (row.name.as_str(), problem))
                .await?;
        }
        tx.commit().await?;
        if given_up && settled {
            tracing::warn!(
                id = row.id,
                "a webhook is switched off, because nothing arrives; the desk says why"
            );
            self.node.ring_post();
        }
        let sent = called.arrived.len() as u64;
        metrics::counter!(CALLS, "outcome" => "sent").increment(sent);
        if let Some(outcome) = outcome {
            metrics::counter!(CALLS, "outcome" => outcome).increment(1);
        }
        Ok(())
    }

    async fn call(&self, row: &WebhookRow) -> Result<Called, NodeError> {
        let mut tx = self.node.read_tx().await?;
        let waiting = deliveries::waiting(&mut tx, &row.id, HANDFUL).await?;
        drop(tx);
        let mut called = Called::default();
        for delivery in waiting {
            let Ok(Some(row)) = self.still_on(&row.id).await else {
                break;
            };
            let at = self.node.clock().now_ms();
            let answered = match self.node.webhook_secrets(&row, at) {
                Some(secrets) => {
                    let call = Call {
                        address: &row.url,
                        id: &delivery.id,
                        at,
                        body: &delivery.body,
                        secrets: &secrets,
                    };
                    self.caller.call(&call).await
                }
                None => Err(Unanswered::Never(sealed())),
            };
            match answered {
                Ok(()) => called.arrived.push((delivery.id, at)),
                Err(trouble) => {
                    called.trouble = Some((delivery.id, trouble));
                    break;
                }
            }
        }
        Ok(called)
    }

    /// A webhook as it is now, if it is on: somebody may have switched it off or ended it since it was
    /// taken, or with its key, or it goes elsewhere.
    async fn still_on(&self, id: &str) -> Result<Option<WebhookRow>, NodeError> {
        let mut tx = self.node.read_tx().await?;
        let row = store::webhooks::one(&mut tx, id).await?;
        Ok(row.filter(|row| row.state == HookState::On.as_str()))
    }

    /// Switches off the webhooks of keys that have ended by themselves, or whose owners are disabled: no
    /// finder of a key is told of anything beyond its end.
    async fn let_go(&self) -> Result<(), NodeError> {
        let now = self.node.clock().now_ms();
        let on = |(_, state): &(String, String)| state == HookState::On.as_str();
        let mut tx = self.node.read_tx().await?;
        let gone = store::webhooks::makers_gone(&mut tx, now).await?;
        drop(tx);
        if !gone.iter().any(on) {
            return Ok(());
        }
        let mut tx = self.node.write_tx().await?;
        // An owner may have been enabled again meanwhile.
        for (made_by, _) in store::webhooks::makers_gone(&mut tx, now).await? {
            switch_off_of(&mut tx, &made_by, KEY_ENDED, (BY_ITSELF, now)).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Makes deliveries of changes that webhooks want, as far as there is room for them.
    async fn gather(&self) -> Result<(), NodeError> {
        let mut tx = self.node.read_tx().await?;
        let behind = behind(&mut tx).await?;
        drop(tx);
        if behind.is_empty() {
            return Ok(());
        }
        let mut tx = self.node.write_tx().await?;
        for id in behind {
            // It may have been switched off or ended meanwhile.
            if let Some(row) = store::webhooks::one(&mut tx, &id).await? {
                self.gather_for(&mut tx, &row).await?;
            }
        }
        Ok(tx.commit().await?)
    }

    async fn gather_for(&self, tx: &mut Tx, row: &WebhookRow) -> Result<(), NodeError> {
        let wanted = Wanted::stored(&row.kinds);
        let mut room = QUEUE - deliveries::count_waiting(tx, &row.id).await?;
        let (mut looked_at, mut rows) = (row.looked_at, Vec::new());
        let changes = store::changes::after(tx, row.looked_at, CHUNK).await?;
        // Whoever is bounded has nobody told of more than they see themselves.
        let sight = sight_of_actor(tx, &row.made_by).await?;
        let unseen = unseen(tx, &sight, &changes).await?;
        for change in changes {
            if room <= 0 {
                break;
            }
            looked_at = change.number;
            if wanted.takes(&change.kind) && !unseen.contains(&change.id) {
                room -= 1;
                rows.push(delivery(&self.node, &row.id, Change::of(change)?)?);
            }
        }
        deliveries::add(tx, &rows).await?;
        Ok(store::webhooks::looked(tx, &row.id, looked_at).await?)
    }

    /// Calls until something else is in force: each webhook on its own, so that whoever does not answer
    /// holds one place of a few and nobody else.
    async fn work(self: Arc<Self>, in_force: &mut Changes) {
        let mut on_their_way = JoinSet::new();
        let mut rung = self.node.changed();
        loop {
            rung.mark_unchanged();
            match self.take(AT_ONCE - on_their_way.len()).await {
                Ok(taken) => {
                    for one in taken {
                        let sender = Arc::clone(&self);
                        on_their_way.spawn(async move { sender.settle(&one).await });
                    }
                }
                Err(error) => tracing::warn!(%error, "webhooks could not be looked at"),
            }
            // Either way there may be something now, or room for it.
            tokio::select! {
                _ = in_force.changed() => break,
                Some(ended) = on_their_way.join_next() => match ended {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::warn!(%error, "what became of a webhook could not be noted"),
                    Err(error) => tracing::warn!(%error, "a webhook was not called"),
                },
                _ = rung.changed() => tokio::time::sleep(BREATH).await,
                () = tokio::time::sleep(LOOK) => {}
            }
        }
        while on_their_way.join_next().await.is_some() {}
    }
}

/// Calls webhooks until `shutdown`.
pub async fn run(node: Arc<Node>, shutdown: CancellationToken) {
    let mut in_force = node.changes();
    let working = async {
        loop {
            in_force.mark_unchanged();
            match Sender::of(&node) {
                Ok(sender) => Arc::new(sender).work(&mut in_force).await,
                Err(error) => {
                    tracing::error!(%error, "webhooks wait; mend the settings and restart");
                    let _ = in_force.changed().await;
                }
            }
        }
    };
    tokio::select! {
        () = working => {}
        () = shutdown.cancelled() => {}
    }
}

impl Node {
    /// Forgets what was sent or skipped long ago.
    pub(crate) async fn expire_deliveries(&self) -> Result<(), NodeError> {
        let before = self.clock().now_ms() - KEPT_MS;
        let mut tx = self.write_tx().await?;
        deliveries::forget(&mut tx, before).await?;
        Ok(tx.commit().await?)
    }
}

/// Webhooks that are on, have not been shown all changes, and have room for more.
async fn behind(tx: &mut Tx) -> Result<Vec<String>, NodeError> {
    let Some((_, last)) = store::changes::ends(tx).await? else {
        return Ok(Vec::new());
    };
    if !store::webhooks::any_behind(tx, last).await? {
        return Ok(Vec::new());
    }
    let mut behind = Vec::new();
    for row in store::webhooks::all(tx).await? {
        let on = row.state == HookState::On.as_str() && row.looked_at < last;
        if on && deliveries::count_waiting(tx, &row.id).await? < REFILL {
            behind.push(row.id);
        }
    }
    Ok(behind)
}

/// How it goes with a webhook from here on, and what the last call is counted as if it did not arrive.
fn course<'a>(
    row: &WebhookRow,
    called: &'a Called,
    now: i64,
) -> (Course<'a>, Option<&'static str>) {
    let arrived_at = called.arrived.last().map(|(_, at)| *at);
    let well = Course {
        state: HookState::On.as_str(),
        due_at: now,
        failures: 0,
        troubled_since: None,
        problem: None,
        arrived_at,
    };
    let Some((_, trouble)) = &called.trouble else {
        return (well, None);
    };
    let (failures, since) = match (arrived_at, row.troubled_since) {
        (None, Some(since)) => (row.failures + 1, since),
        _ => (1, now),
    };
    let off = matches!(trouble, Unanswered::Never(_)) || now - since >= GIVEN_UP_MS;
    let state = if off { HookState::Off } else { HookState::On };
    let course = Course {
        state: state.as_str(),
        due_at: now + pause_ms(failures),
        failures,
        troubled_since: Some(since),
        problem: Some(problem_of(trouble)),
        ..well
    };
    (course, Some(if off { "off" } else { "put_off" }))
}

fn pause_ms(failures: i64) -> i64 {
    let last = PAUSES_MS.len() - 1;
    let place = usize::try_from(failures - 1).unwrap_or(0);
    PAUSES_MS[place.min(last)]
}

/// Nothing can be signed for it.
pub(super) fn sealed() -> Hindrance {
    Hindrance::new(Cause::Sealed, SEALED)
}

fn problem_of(trouble: &Unanswered) -> &str {
    match trouble {
        Unanswered::Later(problem) | Unanswered::Never(problem) => &problem.said,
    }
}

fn delivery(node: &Node, webhook: &str, change: Change) -> Result<DeliveryRow, NodeError> {
    Ok(DeliveryRow {
        id: fresh_id(),
        webhook: webhook.to_owned(),
        change: change.number,
        body: payload(node, &change)?,
        kind: change.kind,
        at: change.at,
        state: String::new(),
        tries: 0,
        problem: None,
        done_at: None,
    })
}

/// A number alone would be given anew after a restore, and a receiver takes each id once.
pub(super) fn fresh_id() -> String {
    format!("msg_{}", hex::encode(random::<16>()))
}

fn payload(node: &Node, change: &Change) -> Result<String, NodeError> {
    let data = Told {
        institution: node.instance()?.as_str(),
        number: change.number,
        subject: change.subject,
        id: &change.id,
        message: change.message.as_deref(),
    };
    written(&change.kind, change.at, data)
}

/// The body of a call that tells of nothing.
pub(super) fn trial(node: &Node, now: i64) -> Result<String, NodeError> {
    let data = Nothing {
        institution: node.instance()?.as_str(),
    };
    written(TRIAL, now, data)
}

fn written(kind: &str, at: i64, data: impl Serialize) -> Result<String, NodeError> {
    let at = DateTime::from_timestamp_millis(at).unwrap_or_default();
    let payload = Payload {
        r#type: kind,
        timestamp: at.to_rfc3339_opts(SecondsFormat::Millis, true),
        data,
    };
    serde_json::to_string(&payload).map_err(NodeError::damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_ten_hours_and_stay() {
        assert_eq!(pause_ms(1), 5 * SECOND_MS);
        assert_eq!(pause_ms(6), 10 * HOUR_MS);
        assert_eq!(pause_ms(60), 10 * HOUR_MS);
    }
}
