//! Gathers what each recipient has to be told into one delivery: not before the
//! window has passed, not while an earlier one has not arrived, and the longer
//! the more there were within an hour. A critical alarm waits for no summary's
//! pause, and the first of its rule within the hour for none at all.

use std::collections::{HashMap, HashSet};

use lapor_migrations::Tx;

use super::letter::{self, Told};
use super::present::Present;
use super::rule::Severity;
use super::silence::{self, Silence};
use super::{AlarmSettings, AlarmState, Channel, What};
use crate::app::Hub;
use crate::error::HubError;
use crate::store;
use crate::store::alarms::deliveries::{self as stored, DeliveryRow, Notice, Recent};
use crate::store::alarms::live::AlarmRow;
use crate::store::alarms::recipients::RecipientRow;
use crate::store::code_of;
use crate::watch::Picture;
use lapor_web::chance::random;

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
/// Letters of so long make the next one wait.
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// Kinds of deliveries.
pub const SINGLE: &str = "alarms";
pub const SUMMARY: &str = "summary";
pub const TEST: &str = "test";

/// What one recipient has to be told now. What is silent is in none of these
/// unless it needs no word any more.
#[derive(Default)]
struct Sorted {
    told: Told,
    /// Notices that are told by it, or need no word.
    done: Vec<Notice>,
    /// Unix ms; since when the oldest of what is told is noted.
    since: Option<i64>,
    /// Rules of critical alarms that are new, and since when those are noted.
    urgent: Vec<(String, i64)>,
}

/// Writes what is due, for all recipients.
pub async fn gather(hub: &Hub, picture: &Picture) -> Result<(), HubError> {
    let mut tx = hub.ground.db.read().await?;
    let due = due(hub, &mut tx, picture).await?;
    tx.rollback().await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = hub.ground.db.write().await?;
    let present = Present::read(hub, &mut tx, picture).await?;
    for recipient in &due {
        write(hub, &mut tx, &present, recipient).await?;
    }
    tx.commit().await?;
    hub.alarms.ring();
    Ok(())
}

async fn due(hub: &Hub, tx: &mut Tx, picture: &Picture) -> Result<Vec<RecipientRow>, HubError> {
    let now = hub.now_ms();
    let silences = silence::in_force(tx, now).await?;
    let mut due = Vec::new();
    for id in stored::waiting_for(tx).await? {
        let sorted = sorted(tx, picture, &silences, &id).await?;
        let free = match sorted.since {
            // Only what needs no word any more.
            None => !sorted.done.is_empty(),
            Some(since) => {
                let recent = stored::recent(tx, &id, (now - HOUR_MS, now)).await?;
                is_free(
                    &hub.settings().alarms,
                    now,
                    &recent,
                    (since, &sorted.urgent),
                )
            }
        };
        if free && let Some(row) = store::alarms::recipients::one(tx, &id).await? {
            due.push(row);
        }
    }
    Ok(due)
}

/// Whether a letter may go now, after those that went before it.
fn is_free(
    settings: &AlarmSettings,
    now: i64,
    recent: &[Recent],
    (since, urgent): (i64, &[(String, i64)]),
) -> bool {
    let window = i64::from(settings.window_seconds) * SECOND_MS;
    let longest = i64::from(settings.summary_pause_minutes) * MINUTE_MS;
    // What is of the future was noted before the clock was set back.
    let gathered = |since: i64| since > now || now.saturating_sub(since) >= window;
    let Some(last) = recent.first() else {
        return gathered(since);
    };
    if recent.iter().any(|letter| letter.state == "waiting") {
        return false;
    }
    let doublings = recent.len().min(16) - 1;
    let growing = (window << doublings).min(longest);
    let passed = |pause: i64| now.saturating_sub(last.created_at) >= pause;
    let calm = passed(if last.kind == SUMMARY {
        longest
    } else {
        growing
    });
    let told_of = |rule: &str| {
        let mut rules = recent.iter().flat_map(|letter| letter.rules.split(' '));
        rules.any(|told| told == rule)
    };
    let mut urgent = urgent.iter();
    (calm && gathered(since))
        || urgent.any(|(rule, since)| gathered(*since) && (passed(growing) || !told_of(rule)))
}

async fn write(
    hub: &Hub,
    tx: &mut Tx,
    present: &Present<'_>,
    recipient: &RecipientRow,
) -> Result<(), HubError> {
    let silences = silence::in_force(tx, hub.now_ms()).await?;
    let Sorted { told, done, .. } = sorted(tx, present.picture, &silences, &recipient.id).await?;
    stored::take(tx, &recipient.id, &done).await?;
    let count = told.count();
    if count == 0 {
        return Ok(());
    }
    let summary = count > hub.settings().alarms.summary_above as usize;
    let written = match Channel::of(recipient) {
        Channel::Mail => letter::mail(hub, present, &told, summary),
        Channel::Webhook => letter::webhook(hub, present, &told, summary)?,
    };
    let kind = if summary { SUMMARY } else { SINGLE };
    let row = delivery(&recipient.id, kind, written, (count, hub.now_ms()));
    let mut rules: Vec<&str> = told
        .opened
        .iter()
        .map(|alarm| alarm.rule.as_str())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    stored::add(tx, &row, &rules.join(" ")).await?;
    let open = told.opened.iter().map(|alarm| alarm.id.as_str());
    stored::told(tx, &recipient.id, open).await?;
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
        cause: None,
        problem: None,
        done_at: None,
    }
}

async fn sorted(
    tx: &mut Tx,
    picture: &Picture,
    silences: &[Silence],
    recipient: &str,
) -> Result<Sorted, HubError> {
    let notices = stored::notices(tx, recipient).await?;
    let alarms = stored::told_of(tx, recipient).await?;
    let known = stored::known(tx, recipient).await?;
    let silent = |alarm: &AlarmRow| {
        let id = alarm.subject.parse().ok();
        let of = id.and_then(|id| picture.instances.get(&id));
        let region = of.and_then(|of| of.region.as_ref());
        let mut silences = silences.iter();
        silences.any(|silence| silence.is_about(&alarm.rule, &alarm.subject, region))
    };
    Ok(sort(notices, alarms, &known.into_iter().collect(), silent))
}

/// What has come and gone before anybody was told is told to nobody, what is
/// over is not said to be open still, and what was seen is not told again. What
/// is silent waits, but for its repetition.
fn sort(
    notices: Vec<Notice>,
    alarms: Vec<AlarmRow>,
    known: &HashSet<String>,
    silent: impl Fn(&AlarmRow) -> bool,
) -> Sorted {
    let mut of: HashMap<String, Vec<Notice>> = HashMap::new();
    for notice in notices {
        of.entry(notice.alarm.clone()).or_default().push(notice);
    }
    let mut sorted = Sorted::default();
    for alarm in alarms {
        let Some(notices) = of.remove(&alarm.id) else {
            continue;
        };
        let over = alarm.state == code_of(&AlarmState::Cleared);
        let waits = alarm.state == code_of(&AlarmState::Open);
        let (told, silent) = (known.contains(&alarm.id), silent(&alarm));
        let worth = |notice: &Notice| {
            let what = notice.what.as_str();
            match (over, told) {
                (true, _) => what == What::Cleared.code(),
                (false, true) => waits && !silent,
                (false, false) => !silent || what != What::Again.code(),
            }
        };
        let (worth, rest): (Vec<Notice>, Vec<Notice>) = notices.into_iter().partition(worth);
        sorted.done.extend(rest);
        let Some(first) = worth
            .iter()
            .map(|notice| notice.at)
            .min()
            .filter(|_| !silent)
        else {
            continue;
        };
        sorted.done.extend(worth);
        sorted.since = Some(sorted.since.map_or(first, |since| since.min(first)));
        if over {
            sorted.told.cleared.push(alarm);
        } else if told {
            sorted.told.again.push(alarm);
        } else {
            if alarm.severity == code_of(&Severity::Critical) {
                sorted.urgent.push((alarm.rule.clone(), first));
            }
            sorted.told.opened.push(alarm);
        }
    }
    sorted.done.extend(of.into_values().flatten());
    sorted
}
