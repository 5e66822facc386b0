//! Sends what waits: letters by the mail server, webhooks to their addresses.
//! What does not arrive is tried again, ever later, and given up after so many
//! tries; nobody waits for another's address.
//!
//! A crash between the receiver's yes and the commit sends one twice, under the
//! same id; none is lost.

use std::sync::Arc;
use std::time::Duration;

use lapor_web::accounts::FactorKey;
use lapor_web::chance::random;
use lapor_web::hindrance::{Cause, Hindrance};
use lapor_web::mail::{MailSettingsError, Parcel, Postbox, Undelivered};
use lapor_web::webhook::{Call, Caller, CallerError, Reach, Secrets, Unanswered, WebhookSecret};
use tokio::task::JoinSet;

use super::acts::{Channel, owner};
use crate::app::Hub;
use crate::error::HubError;
use crate::keys;
use crate::settings::Settings;
use crate::store::alarms::deliveries::{self, DeliveryRow, Kept};
use crate::store::alarms::recipients;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
/// What is sent at once.
const HANDFUL: usize = 8;
/// Longer than any of them can take.
const LEASE_MS: i64 = 5 * MINUTE_MS;
/// First and longest pause before another try.
const LATER_MS: (i64, i64) = (30 * SECOND_MS, 60 * MINUTE_MS);
/// How often the queue is looked at when nobody rings.
const LOOK: Duration = Duration::from_secs(5);
/// What was looked at, by channel and by what became of it.
pub const DELIVERIES: &str = "lapor_hub_alarm_deliveries_total";

/// Sends letters and webhooks of one hub.
pub struct Sender {
    postbox: Option<Postbox>,
    caller: Caller,
    vault: FactorKey,
}

/// What is wrong with `[mail]` or `[alarms]`; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    #[error(transparent)]
    Mail(#[from] MailSettingsError),
    #[error("alarms.webhook_roots: {0}")]
    Webhooks(#[from] CallerError),
}

/// One that is held for a while by whoever took it.
pub(super) struct Taken {
    row: DeliveryRow,
    /// Unix ms; until when, which no other holder has as well.
    held: i64,
}

/// Why one did not arrive.
enum Trouble {
    Later(Hindrance),
    Never(Hindrance),
}

impl Sender {
    /// Reads the files that the settings name.
    pub fn of(settings: &Settings) -> Result<Self, SenderError> {
        let roots = settings.alarms.webhook_roots.as_deref();
        Ok(Self {
            postbox: Postbox::of(&settings.mail)?,
            caller: Caller::reading(reach(settings), roots)?,
            vault: keys::vault(settings),
        })
    }

    /// Takes what is due, so many at most.
    pub(super) async fn take(&self, hub: &Hub, most: usize) -> Result<Vec<Taken>, HubError> {
        let now = hub.now_ms();
        let mut tx = hub.ground.db.read().await?;
        let due = most > 0 && deliveries::is_due(&mut tx, now).await?;
        tx.rollback().await?;
        if !due {
            return Ok(Vec::new());
        }
        // No two processes hold deliveries until the same moment.
        let held = now + LEASE_MS + i64::from(u16::from_be_bytes(random()));
        let mut tx = hub.ground.db.write().await?;
        let taken = deliveries::claim(&mut tx, now, held, most as i64).await?;
        tx.commit().await?;
        let taken = taken.into_iter();
        Ok(taken.map(|row| Taken { row, held }).collect())
    }

    /// Sends one, and notes what became of it.
    pub(super) async fn settle(&self, hub: &Hub, taken: &Taken) -> Result<(), HubError> {
        let Taken { row, held } = taken;
        let held = *held;
        let mut tx = hub.ground.db.read().await?;
        let recipient = recipients::one(&mut tx, &row.recipient).await?;
        tx.rollback().await?;
        let (channel, outcome) = match &recipient {
            None => {
                let why = Hindrance::new(Cause::NoRecipient, "no recipient");
                (Channel::Mail, Err(Trouble::Never(why)))
            }
            Some(one) => match Channel::of(one) {
                Channel::Mail => (Channel::Mail, self.mail(&one.address, row).await),
                Channel::Webhook => {
                    let sealed = one.secret.as_deref();
                    let called = self.call(&one.id, &one.address, sealed, row, hub.now_ms());
                    (Channel::Webhook, called.await)
                }
            },
        };
        let now = hub.now_ms();
        let tries = i64::from(hub.settings().alarms.tries);
        let mut tx = hub.ground.db.write().await?;
        let became = match outcome {
            Ok(()) => {
                deliveries::sent(&mut tx, &row.id, held, now).await?;
                "sent"
            }
            Err(Trouble::Later(why)) if row.attempts < tries => {
                let due = now + later_ms(row.attempts);
                let cause = noted(&why)?;
                deliveries::put_off(&mut tx, &row.id, held, (due, kept(&cause, &why))).await?;
                "put_off"
            }
            Err(Trouble::Later(why) | Trouble::Never(why)) => {
                tracing::warn!(
                    id = row.id,
                    "a letter about alarms is given up; the console says why"
                );
                let cause = noted(&why)?;
                deliveries::dead(&mut tx, &row.id, held, (now, kept(&cause, &why))).await?;
                "dead"
            }
        };
        tx.commit().await?;
        metrics::counter!(DELIVERIES, "channel" => channel.code(), "outcome" => became)
            .increment(1);
        Ok(())
    }

    async fn mail(&self, address: &str, row: &DeliveryRow) -> Result<(), Trouble> {
        let Some(postbox) = &self.postbox else {
            let why = Hindrance::new(Cause::Unset, "mail.host is not set");
            return Err(Trouble::Later(why));
        };
        let parcel = Parcel {
            address,
            subject: &row.subject,
            body: &row.body,
            leave: None,
            answer: None,
            at: row.created_at,
        };
        let handed = postbox.send(&parcel).await;
        handed.map_err(|trouble| match trouble {
            Undelivered::Refused(problem) => Trouble::Never(problem),
            Undelivered::Down(problem)
            | Undelivered::Broken(problem)
            | Undelivered::Later(problem) => Trouble::Later(problem),
        })
    }

    async fn call(
        &self,
        recipient: &str,
        address: &str,
        sealed: Option<&[u8]>,
        row: &DeliveryRow,
        at: i64,
    ) -> Result<(), Trouble> {
        let owner = owner(recipient);
        let opened = sealed.and_then(|sealed| WebhookSecret::open(&self.vault, &owner, sealed));
        let secret = opened.ok_or_else(|| {
            let said = "its secret cannot be opened; make another one";
            Trouble::Never(Hindrance::new(Cause::Sealed, said))
        })?;
        let call = Call {
            address,
            id: &row.id,
            at,
            body: &row.body,
            secrets: &Secrets::of(secret, None),
        };
        let called = self.caller.call(&call).await;
        called.map_err(|trouble| match trouble {
            Unanswered::Later(problem) => Trouble::Later(problem),
            Unanswered::Never(problem) => Trouble::Never(problem),
        })
    }
}

/// Sends for as long as it runs: each on its own, so that whoever does not
/// answer holds one place of a handful and nobody else.
pub async fn run(hub: &Arc<Hub>) {
    let sender = match Sender::of(hub.settings()) {
        Ok(sender) => Arc::new(sender),
        Err(error) => {
            tracing::error!(%error, "nobody is told of alarms; mend the settings and restart");
            return std::future::pending().await;
        }
    };
    let mut on_their_way = JoinSet::new();
    loop {
        match sender.take(hub, HANDFUL - on_their_way.len()).await {
            Ok(taken) => {
                for one in taken {
                    let (sender, hub) = (Arc::clone(&sender), Arc::clone(hub));
                    on_their_way.spawn(async move { sender.settle(&hub, &one).await });
                }
            }
            Err(error) => tracing::warn!(%error, "letters about alarms could not be looked at"),
        }
        // Either way there may be something now, or room for it.
        tokio::select! {
            Some(ended) = on_their_way.join_next() => match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::warn!(%error, "what became of a letter could not be noted");
                }
                Err(error) => tracing::warn!(%error, "a letter about alarms was not sent"),
            },
            () = hub.alarms.rung() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
}

/// Where webhooks of this hub may go.
pub fn reach(settings: &Settings) -> Reach {
    let listeners = [
        &settings.federation.public_url,
        &settings.enrolment.public_url,
    ];
    let hosts = listeners.map(|url| url.server_name().to_str().into_owned());
    let console = settings
        .console
        .public_url
        .as_ref()
        .map(ToString::to_string);
    let console = console.and_then(|url| {
        let uri: http::Uri = url.parse().ok()?;
        uri.host().map(ToOwned::to_owned)
    });
    Reach {
        own: settings
            .names
            .iter()
            .cloned()
            .chain(hosts)
            .chain(console)
            .collect(),
        local: settings.alarms.local_webhooks,
        outside: false,
    }
}

fn noted(why: &Hindrance) -> Result<String, HubError> {
    serde_json::to_string(&why.cause).map_err(HubError::damaged)
}

fn kept<'a>(cause: &'a str, why: &'a Hindrance) -> Kept<'a> {
    Kept {
        cause,
        problem: &why.said,
    }
}

fn later_ms(attempts: i64) -> i64 {
    let doublings = attempts.clamp(1, 16) - 1;
    (LATER_MS.0 << doublings).min(LATER_MS.1)
}
