//! What people do about alarms: acknowledge and silence, and change rules. Each
//! is written into the audit log in its own transaction.

use lapor_migrations::{DbError, Tx};
use lapor_web::accounts::AccountError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rule::{self, Rule, fresh_id};
use super::silence::Quiet;
use crate::app::Hub;
use crate::audit::By;
use crate::error::HubError;
use crate::store::alarms::recipients::RecipientRow;
use crate::store::alarms::silences::SilenceRow;
use crate::store::alarms::{deliveries, live, recipients as stored, silences};
use crate::store::audit;

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
    #[error("there are too many of them; change or switch off one")]
    TooMany,
    #[error("there is one with the same address already")]
    Known,
    #[error(
        "where two must agree an address stays; add another recipient, and have this one removed"
    )]
    AddressStays,
    #[error("by it the rule tells fewer people, later or less than it does now")]
    Narrows,
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

/// All recipients, the oldest first.
pub async fn recipients(tx: &mut Tx) -> Result<Vec<Recipient>, DbError> {
    let rows = stored::all(tx).await?;
    Ok(rows.into_iter().map(Recipient::from).collect())
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
pub async fn silence_in(
    tx: &mut Tx,
    now: i64,
    by: &By<'_>,
    quiet: &Quiet,
    until: i64,
) -> Result<(), ActError> {
    let (scope, to) = quiet.columns();
    let row = SilenceRow {
        id: fresh_id(),
        scope: scope.to_owned(),
        scoped_to: to.to_owned(),
        reason: by.reason.to_owned(),
        made_by: by.asked_by.unwrap_or(by.actor).to_owned(),
        made_at: now,
        until_at: until,
        ended_at: None,
    };
    silences::add(tx, &row).await?;
    let did = (by.actor, "alarm.silenced");
    let detail = format!("{scope} {to} until {until}: {}", by.detail());
    audit::add(tx, now, did, institution(scope, to), &detail).await?;
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

/// Adds a rule, or changes the one with its id, which stays on or off as it is. What narrows that is
/// for [`narrow_rule_in`]. Others may have changed the rule since whoever asks has read it.
pub async fn put_rule(hub: &Hub, by: &By<'_>, rule: &Rule) -> Result<(), ActError> {
    let mut tx = hub.ground.db.write().await?;
    let known = rule::all(&mut tx).await?;
    let before = known.iter().find(|known| known.id == rule.id);
    let rule = Rule {
        enabled: before.map_or(rule.enabled, |before| before.enabled),
        ..rule.clone()
    };
    if before.is_some_and(|before| rule.narrows(before)) {
        return Err(ActError::Narrows);
    }
    put_rule_in(&mut tx, hub.now_ms(), by, &rule).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Changes one that is there still. Whether it is on, and who can be told at all, may have changed
/// since it was asked for.
pub async fn narrow_rule_in(
    tx: &mut Tx,
    now: i64,
    by: &By<'_>,
    rule: &Rule,
) -> Result<(), ActError> {
    let known = rule::all(tx).await?;
    let before = known.into_iter().find(|known| known.id == rule.id);
    let there = stored::all(tx).await?;
    let mut rule = Rule {
        enabled: before.ok_or(ActError::Gone)?.enabled,
        ..rule.clone()
    };
    rule.recipients
        .retain(|id| there.iter().any(|one| one.id == *id));
    put_rule_in(tx, now, by, &rule).await
}

/// What a rule has raised ends when it looks for something else from now on.
async fn put_rule_in(tx: &mut Tx, now: i64, by: &By<'_>, rule: &Rule) -> Result<(), ActError> {
    let known = rule::all(tx).await?;
    let before = known.iter().find(|known| known.id == rule.id);
    if before.is_none() && known.len() >= MOST_RULES {
        return Err(ActError::TooMany);
    }
    rule::put(tx, rule, now).await?;
    if before.is_some_and(|before| before.condition != rule.condition) {
        live::end_of_rule(tx, &rule.id, now).await?;
        deliveries::note_ends(tx, now).await?;
    }
    let (action, mut detail) = match before {
        None => ("alarm.rule_added", rule.said()),
        Some(before) => {
            let detail = format!("{}; before: {}", rule.said(), before.said());
            ("alarm.rule_changed", detail)
        }
    };
    let why = by.detail();
    if !why.is_empty() {
        detail = format!("{detail}: {why}");
    }
    note_rule(tx, now, (by.actor, action), rule, &detail).await?;
    Ok(())
}

/// Switches a rule on.
pub async fn enable_rule(hub: &Hub, actor: &str, id: &str) -> Result<(), ActError> {
    let mut tx = hub.ground.db.write().await?;
    let by = By::actor(actor);
    switch_rule(&mut tx, hub.now_ms(), &by, id, true).await?;
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

/// Switches a rule off; what it has raised ends.
pub async fn disable_rule_in(tx: &mut Tx, now: i64, by: &By<'_>, id: &str) -> Result<(), ActError> {
    switch_rule(tx, now, by, id, false).await
}

async fn switch_rule(
    tx: &mut Tx,
    now: i64,
    by: &By<'_>,
    id: &str,
    on: bool,
) -> Result<(), ActError> {
    let known = rule::all(tx).await?;
    let rule = known.into_iter().find(|rule| rule.id == id);
    let mut rule = rule.ok_or(ActError::Gone)?;
    rule.enabled = on;
    rule::put(tx, &rule, now).await?;
    let (action, detail) = if on {
        ("alarm.rule_enabled", rule.said())
    } else {
        let detail = format!("{}: {}", rule.said(), by.detail());
        ("alarm.rule_disabled", detail)
    };
    note_rule(tx, now, (by.actor, action), &rule, &detail).await?;
    Ok(())
}

fn institution<'a>(scope: &str, to: &'a str) -> Option<&'a str> {
    (scope == "instance").then_some(to)
}

async fn note_rule(
    tx: &mut Tx,
    now: i64,
    did: (&str, &str),
    rule: &Rule,
    detail: &str,
) -> Result<(), DbError> {
    let (scope, to) = rule.scope.columns();
    audit::add(tx, now, did, institution(scope, &to), detail).await
}
