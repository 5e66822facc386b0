//! Gathers what each recipient has to be told into one delivery: not before the
//! window has passed, not while an earlier one has not arrived, and after a
//! summary not for a while.

use std::collections::HashMap;

use lapor_migrations::Tx;

use super::letter::{self, Told};
use super::{Channel, What};
use crate::app::Hub;
use crate::error::HubError;
use crate::store;
use crate::store::alarms::deliveries::DeliveryRow;
use crate::store::alarms::live::AlarmRow;
use crate::store::alarms::recipients::RecipientRow;
use crate::watch::Picture;
use lapor_web::chance::random;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Kinds of deliveries.
pub const SINGLE: &str = "alarms";
pub const SUMMARY: &str = "summary";
pub const TEST: &str = "test";

/// Writes what is due, for all recipients.
pub async fn gather(hub: &Hub, picture: &Picture) -> Result<(), HubError> {
    let mut tx = hub.ground.db.read().await?;
    let due = due(hub, &mut tx).await?;
    tx.rollback().await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = hub.ground.db.write().await?;
    for recipient in &due {
        write(hub, &mut tx, picture, recipient).await?;
    }
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

async fn due(hub: &Hub, tx: &mut Tx) -> Result<Vec<RecipientRow>, HubError> {
    let (now, settings) = (hub.now_ms(), &hub.settings().alarms);
    let window = i64::from(settings.window_seconds) * SECOND_MS;
    let pause = i64::from(settings.summary_pause_minutes) * MINUTE_MS;
    let mut due = Vec::new();
    for (id, since) in store::alarms::deliveries::waiting_for(tx).await? {
        if now.saturating_sub(since) < window {
            continue;
        }
        let free = match store::alarms::deliveries::latest(tx, &id).await? {
            Some((_, state, _)) if state == "waiting" => false,
            Some((at, _, kind)) if kind == SUMMARY => now.saturating_sub(at) >= pause,
            _ => true,
        };
        if free && let Some(row) = store::alarms::recipients::one(tx, &id).await? {
            due.push(row);
        }
    }
    Ok(due)
}

async fn write(
    hub: &Hub,
    tx: &mut Tx,
    picture: &Picture,
    recipient: &RecipientRow,
) -> Result<(), HubError> {
    let notices = store::alarms::deliveries::notices(tx, &recipient.id).await?;
    let alarms = store::alarms::deliveries::told_of(tx, &recipient.id).await?;
    store::alarms::deliveries::take_notices(tx, &recipient.id).await?;
    let told = sort(&notices, alarms);
    let count = told.count();
    if count == 0 {
        return Ok(());
    }
    let summary = count > hub.settings().alarms.summary_above as usize;
    let written = match Channel::of(recipient) {
        Channel::Mail => letter::mail(hub, picture, &told, summary),
        Channel::Webhook => letter::webhook(hub, picture, &told, summary)?,
    };
    let kind = if summary { SUMMARY } else { SINGLE };
    let row = delivery(&recipient.id, kind, written, (count, hub.now_ms()));
    store::alarms::deliveries::add(tx, &row).await?;
    Ok(())
}

/// What is put on its way: a subject and a body.
pub fn delivery(
    recipient: &str,
    kind: &str,
    (subject, body): (String, String),
    (alarms, now): (usize, i64),
) -> DeliveryRow {
    DeliveryRow {
        id: format!("msg_{}", hex::encode(random::<16>())),
        recipient: recipient.to_owned(),
        kind: kind.to_owned(),
        subject,
        body,
        alarms: alarms as i64,
        created_at: now,
        due_at: now,
        attempts: 0,
        state: "waiting".to_owned(),
        problem: None,
        done_at: None,
    }
}

/// What has come and gone within the window is told to nobody, and what is over
/// is not said to be open still.
fn sort(notices: &[(String, String)], alarms: Vec<AlarmRow>) -> Told {
    let mut what: HashMap<&str, Vec<&str>> = HashMap::new();
    for (code, alarm) in notices {
        what.entry(alarm).or_default().push(code);
    }
    let mut told = Told::default();
    for alarm in alarms {
        let Some(codes) = what.get(alarm.id.as_str()) else {
            continue;
        };
        let said = |what: What| codes.contains(&what.code());
        match (said(What::Opened), said(What::Cleared)) {
            (true, true) => {}
            (true, false) => told.opened.push(alarm),
            (false, true) => told.cleared.push(alarm),
            (false, false) => told.again.push(alarm),
        }
    }
    told
}
