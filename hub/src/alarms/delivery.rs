//! Sends what waits: letters by the mail server, webhooks to their addresses.
//! What does not arrive is tried again, ever later, and given up after so many
//! tries; nobody waits for another's address.
//!
//! A crash between the receiver's yes and the commit sends one twice, under the
//! same id; none is lost.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use lapor_web::accounts::FactorKey;
use lapor_web::chance::random;
use lapor_web::mail::{MailSettingsError, Parcel, Postbox, Undelivered};
use lapor_web::webhook::{Call, Caller, Reach, Unanswered, WebhookSecret};

use super::acts::{Channel, owner};
use crate::app::Hub;
use crate::error::HubError;
use crate::keys;
use crate::settings::Settings;
use crate::store::alarms::deliveries::{self, DeliveryRow};
use crate::store::alarms::recipients;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
/// What is sent at once.
const HANDFUL: i64 = 8;
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
    #[error("alarms.webhook_roots: {path} cannot be used: {problem}")]
    Roots { path: PathBuf, problem: String },
    #[error("webhooks cannot be sent: {0}")]
    Webhooks(String),
}

/// Why one did not arrive.
enum Trouble {
    Later(String),
    Never(String),
}

impl Sender {
    /// Reads the files that the settings name.
    pub fn of(settings: &Settings) -> Result<Self, SenderError> {
        let path = settings.alarms.webhook_roots.as_ref();
        let wrong = |problem: String| match path {
            Some(path) => SenderError::Roots {
                path: path.clone(),
                problem,
            },
            None => SenderError::Webhooks(problem),
        };
        let roots = path.map(std::fs::read).transpose();
        let roots = roots.map_err(|error| wrong(error.to_string()))?;
        let caller = Caller::of(reach(settings), roots.as_deref());
        Ok(Self {
            postbox: Postbox::of(&settings.mail)?,
            caller: caller.map_err(|error| wrong(error.to_string()))?,
            vault: keys::vault(settings),
        })
    }

    /// Sends a handful of what is due; how many were looked at.
    pub async fn round(&self, hub: &Hub) -> Result<usize, HubError> {
        let now = hub.now_ms();
        let mut tx = hub.ground.db.read().await?;
        let due = deliveries::is_due(&mut tx, now).await?;
        tx.rollback().await?;
        if !due {
            return Ok(0);
        }
        // No two processes hold deliveries until the same moment.
        let held = now + LEASE_MS + i64::from(u16::from_be_bytes(random()));
        let mut tx = hub.ground.db.write().await?;
        let taken = deliveries::claim(&mut tx, now, held, HANDFUL).await?;
        tx.commit().await?;
        let all = taken.iter().map(|row| self.settle(hub, row, held));
        join_all(all)
            .await
            .into_iter()
            .collect::<Result<Vec<()>, _>>()?;
        Ok(taken.len())
    }

    async fn settle(&self, hub: &Hub, row: &DeliveryRow, held: i64) -> Result<(), HubError> {
        let mut tx = hub.ground.db.read().await?;
        let recipient = recipients::one(&mut tx, &row.recipient).await?;
        tx.rollback().await?;
        let (channel, outcome) = match &recipient {
            None => (Channel::Mail, Err(Trouble::Never("no recipient".into()))),
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
            Err(Trouble::Later(problem)) if row.attempts < tries => {
                let due = now + later_ms(row.attempts);
                deliveries::put_off(&mut tx, &row.id, held, (due, &problem)).await?;
                "put_off"
            }
            Err(Trouble::Later(problem) | Trouble::Never(problem)) => {
                tracing::warn!(
                    id = row.id,
                    "a letter about alarms is given up; the console says why"
                );
                deliveries::dead(&mut tx, &row.id, held, (now, &problem)).await?;
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
            return Err(Trouble::Later("mail.host is not set".to_owned()));
        };
        let parcel = Parcel {
            address,
            subject: &row.subject,
            body: &row.body,
            leave: None,
            at: row.created_at,
        };
        let mut line = postbox.connect().await.map_err(Trouble::Later)?;
        let handed = line.hand_over(&parcel).await;
        line.close().await;
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
        let opened = sealed.and_then(|sealed| self.vault.open(&owner(recipient), sealed).ok());
        let text = opened
            .as_deref()
            .and_then(|bytes| std::str::from_utf8(bytes).ok());
        let secret: Option<WebhookSecret> = text.and_then(|text| text.parse().ok());
        let secret = secret.ok_or_else(|| {
            Trouble::Never("its secret cannot be opened; make another one".to_owned())
        })?;
        let call = Call {
            address,
            id: &row.id,
            at,
            body: &row.body,
            secret: &secret,
        };
        let called = self.caller.call(&call).await;
        called.map_err(|trouble| match trouble {
            Unanswered::Later(problem) => Trouble::Later(problem),
            Unanswered::Never(problem) => Trouble::Never(problem),
        })
    }
}

/// Sends for as long as it runs.
pub async fn run(hub: &Arc<Hub>) {
    let sender = match Sender::of(hub.settings()) {
        Ok(sender) => sender,
        Err(error) => {
            tracing::error!(%error, "nobody is told of alarms; mend the settings and restart");
            return std::future::pending().await;
        }
    };
    loop {
        match sender.round(hub).await {
            Ok(0) => {
                let rung = hub.alarms.rung();
                // Either way there may be something now.
                let _ = tokio::time::timeout(LOOK, rung).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "letters about alarms could not be looked at");
                tokio::time::sleep(LOOK).await;
            }
        }
    }
}

/// Where webhooks of this hub may go.
pub fn reach(settings: &Settings) -> Reach {
    let listeners = [&settings.federation, &settings.enrolment];
    let hosts = listeners.map(|listener| listener.public_url.server_name().to_str().into_owned());
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
    }
}

fn later_ms(attempts: i64) -> i64 {
    let doublings = attempts.clamp(1, 16) - 1;
    (LATER_MS.0 << doublings).min(LATER_MS.1)
}
