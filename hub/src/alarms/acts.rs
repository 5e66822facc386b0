//! What people do about alarms: acknowledge and silence, change rules and
//! recipients, try and repeat what is sent. Each is written into the audit log
//! in its own transaction; no secret is.

use lapor_migrations::{DbError, Tx};
use lapor_web::accounts::AccountError;
use lapor_web::webhook::WebhookSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::gather::{TEST, delivery};
use super::letter;
use super::rule::{self, Rule, fresh_id};
use super::silence::Quiet;
use crate::app::Hub;
use crate::error::HubError;
use crate::keys;
use crate::store::alarms::recipients::RecipientRow;
use crate::store::alarms::silences::SilenceRow;
use crate::store::alarms::{deliveries, live, recipients as stored, silences};
use crate::store::{audit, code_of};

/// Recipients, at most; each has at most one letter on its way.
pub const MOST_RECIPIENTS: usize = 100;
/// Rules, at most.
pub const MOST_RULES: usize = 200;

/// How a recipient is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    Mail,
    Webhook,
}

/// Who is told. The secret of a webhook never leaves the database but sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Recipient {
    pub id: String,
    pub channel: Channel,
    pub name: String,
    /// Of a webhook without its path, which may be a secret.
    pub address: String,
    pub enabled: bool,
}

/// Why something is not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    #[error("there is nothing of this kind, or it is over")]
    Gone,
    #[error("there are too many of them; change or reuse one")]
    TooMany,
    #[error("the key that seals secrets cannot be used; the log says why")]
    Sealing(#[from] AccountError),
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl From<DbError> for ActError {
    fn from(error: DbError) -> Self {
        Self::Hub(error.into())
    }
}

impl Channel {
    pub fn code(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }

    pub fn of(row: &RecipientRow) -> Self {
        if row.channel == Self::Webhook.code() {
            Self::Webhook
        } else {
            Self::Mail
        }
    }
}

impl From<RecipientRow> for Recipient {
    fn from(row: RecipientRow) -> Self {
        let channel = Channel::of(&row);
        let host = match channel {
            Channel::Mail => None,
            Channel::Webhook => row.address.parse::<http::Uri>().ok(),
        };
        let address = host.and_then(|uri| {
            let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
            Some(format!("{scheme}://{authority}/…"))
        });
        Self {
            channel,
            name: row.name,
            address: address.unwrap_or(row.address),
            enabled: row.enabled != 0,
            id: row.id,
        }
    }
}

/// Whose a sealed secret of a webhook is.
pub fn owner(recipient: &str) -> String {
    format!("webhook:{recipient}")
}

/// Acknowledges those of these alarms that are open; how many that were.
pub async fn acknowledge(
    hub: &Hub,
    actor: &str,
    ids: &[String],
    note: &str,
) -> Result<usize, ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let known = live::live(&mut tx).await?;
    let mut done = 0;
    for row in known.iter().filter(|row| ids.contains(&row.id)) {
        if live::acknowledge(&mut tx, &row.id, (now, actor, note)).await? {
            let subject = Some(row.subject.as_str()).filter(|slug| !slug.is_empty());
            let detail = format!("{} {}: {note}", row.condition, row.id);
            let did = (actor, "alarm.acknowledged");
            audit::add(&mut tx, now, did, subject, &detail).await?;
            done += 1;
        }
    }
    tx.commit().await?;
    let open = known.iter().filter(|row| row.state == "open").count();
    hub.alarms.hold(open - done);
    hub.alarms.ring();
    Ok(done)
}

/// Silences a rule, an institution or a province until a moment (Unix ms).
pub async fn silence(
    hub: &Hub,
    actor: &str,
    quiet: &Quiet,
    (until, reason): (i64, &str),
) -> Result<(), ActError> {
    let (now, (scope, to)) = (hub.now_ms(), quiet.columns());
    let row = SilenceRow {
        id: fresh_id(),
        scope: scope.to_owned(),
        scoped_to: to.to_owned(),
        reason: reason.to_owned(),
        made_by: actor.to_owned(),
        made_at: now,
        until_at: until,
        ended_at: None,
    };
    let mut tx = hub.ground.db.write().await?;
    silences::add(&mut tx, &row).await?;
    let did = (actor, "alarm.silenced");
    let detail = format!("{scope} {to} until {until}: {reason}");
    audit::add(&mut tx, now, did, institution(scope, to), &detail).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends a silence before its time.
pub async fn end_silence(hub: &Hub, actor: &str, id: &str) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let ended = silences::end(&mut tx, id, now).await?;
    let (scope, to) = ended.ok_or(ActError::Gone)?;
    let did = (actor, "alarm.silence_ended");
    let detail = format!("{scope} {to}");
    audit::add(&mut tx, now, did, institution(&scope, &to), &detail).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Adds a rule, or changes the one with its id.
pub async fn put_rule(hub: &Hub, actor: &str, rule: &Rule) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let known = rule::all(&mut tx).await?;
    let before = known.iter().find(|known| known.id == rule.id);
    if before.is_none() && known.len() >= MOST_RULES {
        return Err(ActError::TooMany);
    }
    rule::put(&mut tx, rule, now).await?;
    let action = match before {
        None => "alarm.rule_added",
        Some(_) => "alarm.rule_changed",
    };
    note_rule(&mut tx, now, (actor, action), rule).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Switches a rule on or off; what it has raised ends when it is off.
pub async fn enable_rule(hub: &Hub, actor: &str, id: &str, on: bool) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let known = rule::all(&mut tx).await?;
    let rule = known.into_iter().find(|rule| rule.id == id);
    let mut rule = rule.ok_or(ActError::Gone)?;
    rule.enabled = on;
    rule::put(&mut tx, &rule, now).await?;
    let action = if on {
        "alarm.rule_enabled"
    } else {
        "alarm.rule_disabled"
    };
    note_rule(&mut tx, now, (actor, action), &rule).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// All recipients, the oldest first.
pub async fn recipients(tx: &mut Tx) -> Result<Vec<Recipient>, DbError> {
    let rows = stored::all(tx).await?;
    Ok(rows.into_iter().map(Recipient::from).collect())
}

/// Adds a recipient; the secret of a webhook, which is shown this once.
pub async fn add_recipient(
    hub: &Hub,
    actor: &str,
    channel: Channel,
    (name, address): (&str, &str),
) -> Result<Option<Zeroizing<String>>, ActError> {
    let (now, id) = (hub.now_ms(), fresh_id());
    let secret = match channel {
        Channel::Mail => None,
        Channel::Webhook => Some(WebhookSecret::generate().reveal()),
    };
    let row = RecipientRow {
        secret: secret
            .as_ref()
            .map(|text| seal(hub, &id, text))
            .transpose()?,
        channel: channel.code().to_owned(),
        name: name.to_owned(),
        address: address.to_owned(),
        enabled: 1,
        id,
    };
    let mut tx = hub.ground.db.write().await?;
    if stored::all(&mut tx).await?.len() >= MOST_RECIPIENTS {
        return Err(ActError::TooMany);
    }
    stored::add(&mut tx, &row, now).await?;
    note_recipient(&mut tx, now, (actor, "alarm.recipient_added"), row).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(secret)
}

/// Tells a recipient again, or no more: what waits for them is dropped.
pub async fn enable_recipient(hub: &Hub, actor: &str, id: &str, on: bool) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let row = stored::one(&mut tx, id).await?.ok_or(ActError::Gone)?;
    stored::enable(&mut tx, id, on).await?;
    let action = if on {
        "alarm.recipient_enabled"
    } else {
        deliveries::stop_for(&mut tx, id, "the recipient was switched off", now).await?;
        "alarm.recipient_disabled"
    };
    note_recipient(&mut tx, now, (actor, action), row).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Makes another secret of a webhook, which is shown this once; the former signs nothing more.
pub async fn new_secret(hub: &Hub, actor: &str, id: &str) -> Result<Zeroizing<String>, ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let row = stored::one(&mut tx, id).await?;
    let row = row.filter(|row| Channel::of(row) == Channel::Webhook);
    let row = row.ok_or(ActError::Gone)?;
    let secret = WebhookSecret::generate().reveal();
    stored::change_secret(&mut tx, id, &seal(hub, id, &secret)?).await?;
    note_recipient(&mut tx, now, (actor, "alarm.secret_changed"), row).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Puts a letter or a webhook on its way that says it is a test.
pub async fn test(hub: &Hub, actor: &str, id: &str) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let row = stored::one(&mut tx, id).await?;
    let row = row.filter(|row| row.enabled != 0).ok_or(ActError::Gone)?;
    let written = match Channel::of(&row) {
        Channel::Mail => letter::test_mail(hub),
        Channel::Webhook => letter::test_webhook(hub)?,
    };
    let on_its_way = delivery(id, TEST, written, (0, now));
    deliveries::add(&mut tx, &on_its_way).await?;
    note_recipient(&mut tx, now, (actor, "alarm.test_sent"), row).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Sends something again that was sent or given up, under the id that it has.
pub async fn send_again(hub: &Hub, actor: &str, id: &str) -> Result<(), ActError> {
    let now = hub.now_ms();
    let mut tx = hub.ground.db.write().await?;
    let recipient = deliveries::again(&mut tx, id, now).await?;
    let recipient = recipient.ok_or(ActError::Gone)?;
    let row = stored::one(&mut tx, &recipient).await?;
    let row = row.filter(|row| row.enabled != 0).ok_or(ActError::Gone)?;
    note_recipient(&mut tx, now, (actor, "alarm.sent_again"), row).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

fn seal(hub: &Hub, id: &str, secret: &str) -> Result<Vec<u8>, ActError> {
    Ok(keys::vault(hub.settings()).seal(&owner(id), secret.as_bytes())?)
}

fn institution<'a>(scope: &str, to: &'a str) -> Option<&'a str> {
    (scope == "instance").then_some(to)
}

async fn note_rule(tx: &mut Tx, now: i64, did: (&str, &str), rule: &Rule) -> Result<(), DbError> {
    let (scope, to) = rule.scope.columns();
    let detail = format!(
        "{} {} {} {scope} {to}: {} ms, every {} ms",
        rule.id,
        rule.condition,
        code_of(&rule.least),
        rule.stands_ms,
        rule.repeat_ms
    );
    audit::add(tx, now, did, institution(scope, &to), &detail).await
}

async fn note_recipient(
    tx: &mut Tx,
    now: i64,
    did: (&str, &str),
    row: RecipientRow,
) -> Result<(), DbError> {
    let shown = Recipient::from(row);
    let detail = format!("{} {} {}", shown.channel.code(), shown.name, shown.address);
    audit::add(tx, now, did, None, &detail).await
}
