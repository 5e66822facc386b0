//! What there is to see of alarms, apart from any page: what is open, what is
//! over, and what was sent. All moments are Unix ms.

use std::collections::BTreeMap;

use lapor_migrations::Tx;
use lapor_protocol::directory::Directory;
use lapor_web::hindrance::Cause;
use lapor_web::mail::Letterhead;
use serde::Serialize;
use utoipa::ToSchema;

use super::acts::{Channel, recipients};
use super::judge::Level;
use super::present::Present;
use super::silence::Silence;
use super::{AlarmState, Rule, Severity, rules, silences};
use crate::app::Hub;
use crate::error::HubError;
use crate::store;
use crate::store::alarms::deliveries::DeliveryRow;
use crate::store::alarms::live::AlarmRow;
use crate::store::from_code;
use crate::watch::State;

/// One alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Alarm {
    pub id: String,
    /// Id of the rule that raised it.
    pub rule: String,
    /// The code of what it is about, which may be one that only a later program knows.
    pub condition: String,
    pub severity: Severity,
    pub level: State,
    /// Milliseconds, messages or bytes, by the condition.
    pub measured: Option<i64>,
    /// Whether that is as of now; otherwise as of when it opened or changed its colour.
    pub measured_now: bool,
    /// A slug; nothing for the hub itself.
    pub instance: Option<String>,
    /// Nothing where the directory does not know the institution.
    pub name: Option<String>,
    pub state: AlarmState,
    pub opened_at: i64,
    /// When somebody was told last, if anybody was.
    pub told_at: Option<i64>,
    pub acknowledged_at: Option<i64>,
    /// As in the audit log.
    pub acknowledged_by: Option<String>,
    pub note: Option<String>,
    pub cleared_at: Option<i64>,
    /// Until when nobody is told of it.
    pub silent_until: Option<i64>,
}

/// What is open, by rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Group {
    pub rule: Rule,
    /// Those that nobody has acknowledged first, then the latest first.
    pub alarms: Vec<Alarm>,
}

/// A letter or a webhook and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Sent {
    /// The `webhook-id`.
    pub id: String,
    /// Id of the recipient.
    pub recipient: String,
    pub name: String,
    pub channel: Channel,
    /// `alarms`, `summary` or `test`.
    pub kind: String,
    /// Of a letter in Indonesian, of a webhook its `type`.
    pub subject: String,
    /// The subject of a letter in English.
    pub subject_en: Option<String>,
    /// Of how many alarms it tells.
    pub alarms: i64,
    pub created_at: i64,
    /// When it is tried next, while it waits.
    pub due_at: i64,
    pub tries: i64,
    /// `waiting`, `sent`, `dead`, or `dropped` when the recipient was switched off or removed.
    pub state: String,
    /// What kept it from arriving at the last try, by kind; `None` as well where a program of before
    /// tried it.
    pub cause: Option<Cause>,
    /// Why it did not arrive at the last try.
    pub problem: Option<String>,
    pub done_at: Option<i64>,
}

/// Where a list goes on: before a moment and, within it, after an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub before: i64,
    pub after: String,
}

impl Default for Place {
    fn default() -> Self {
        Self {
            before: i64::MAX,
            after: String::new(),
        }
    }
}

/// What is open or acknowledged, the worst first.
pub async fn open(hub: &Hub) -> Result<Vec<Group>, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let (rules, quiet) = (
        rules(&mut tx).await?,
        silences(&mut tx, hub.now_ms()).await?,
    );
    let rows = store::alarms::live::live(&mut tx).await?;
    let picture = hub.watch.picture();
    let present = Present::read(hub, &mut tx, &picture).await?;
    tx.rollback().await?;
    let directory = hub.ground.directory.current();
    let mut alarms: BTreeMap<String, Vec<Alarm>> = BTreeMap::new();
    for row in rows.into_iter().filter(|row| row.opened_at.is_some()) {
        let now = present.of(&row);
        let alarm = alarm(&directory, &quiet, row, now)?;
        alarms.entry(alarm.rule.clone()).or_default().push(alarm);
    }
    let mut groups: Vec<Group> = rules
        .into_iter()
        .filter_map(|rule| {
            let mut alarms = alarms.remove(&rule.id)?;
            alarms.sort_by_key(|alarm| alarm.state != AlarmState::Open);
            Some(Group { rule, alarms })
        })
        .collect();
    groups.sort_by_key(|group| {
        let waits = group
            .alarms
            .iter()
            .any(|alarm| alarm.state == AlarmState::Open);
        std::cmp::Reverse((waits, group.rule.severity, group.alarms.len()))
    });
    Ok(groups)
}

/// What is over, the latest first.
pub async fn past(hub: &Hub, place: &Place, limit: i64) -> Result<Vec<Alarm>, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let from = (place.before, place.after.as_str());
    let rows = store::alarms::live::cleared(&mut tx, from, limit).await?;
    tx.rollback().await?;
    let directory = hub.ground.directory.current();
    let alarm = |row| alarm(&directory, &[], row, None);
    rows.into_iter().map(alarm).collect()
}

/// What there is and was of one institution, the latest first.
pub async fn of_instance(
    hub: &Hub,
    tx: &mut Tx,
    slug: &str,
    limit: i64,
) -> Result<Vec<Alarm>, HubError> {
    let quiet = silences(tx, hub.now_ms()).await?;
    let rows = store::alarms::live::of_subject(tx, slug, limit).await?;
    let picture = hub.watch.picture();
    let present = Present::read(hub, tx, &picture).await?;
    let directory = hub.ground.directory.current();
    let alarm = |row: AlarmRow| {
        let now = present.of(&row).filter(|_| row.cleared_at.is_none());
        alarm(&directory, &quiet, row, now)
    };
    rows.into_iter().map(alarm).collect()
}

/// What was sent and what waits, the latest first.
pub async fn sent(hub: &Hub, place: &Place, limit: i64) -> Result<Vec<Sent>, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let from = (place.before, place.after.as_str());
    let rows = store::alarms::deliveries::list(&mut tx, from, limit).await?;
    let known = recipients(&mut tx).await?;
    tx.rollback().await?;
    let sent = |row: DeliveryRow| {
        let to = known.iter().find(|one| one.id == row.recipient);
        Sent {
            name: to.map_or_else(|| row.recipient.clone(), |one| one.name.clone()),
            channel: to.map_or(Channel::Mail, |one| one.channel),
            id: row.id,
            recipient: row.recipient,
            kind: row.kind,
            subject_en: Letterhead::second_subject(&row.body).map(str::to_owned),
            subject: row.subject,
            alarms: row.alarms,
            created_at: row.created_at,
            due_at: row.due_at,
            tries: row.attempts,
            state: row.state,
            cause: row
                .cause
                .and_then(|noted| serde_json::from_str(&noted).ok()),
            problem: row.problem,
            done_at: row.done_at,
        }
    };
    Ok(rows.into_iter().map(sent).collect())
}

fn alarm(
    directory: &Directory,
    quiet: &[Silence],
    row: AlarmRow,
    now: Option<Level>,
) -> Result<Alarm, HubError> {
    let id = row.subject.parse().ok();
    let entry = id.and_then(|id| directory.latest().instance(&id));
    let region = entry.and_then(|entry| entry.region.as_ref());
    let covers = |silence: &&Silence| silence.is_about(&row.rule, &row.subject, region);
    let silent_until = quiet.iter().filter(covers).map(|one| one.until_at).max();
    Ok(Alarm {
        condition: row.condition,
        severity: from_code(row.severity)?,
        level: from_code(row.level)?,
        measured: now.map_or(row.measured, |now| now.measured),
        measured_now: now.is_some(),
        name: entry.map(|entry| entry.name.clone()),
        instance: Some(row.subject).filter(|slug| !slug.is_empty()),
        state: from_code(row.state)?,
        opened_at: row.opened_at.unwrap_or(row.began_at),
        told_at: row.told_at,
        acknowledged_at: row.acknowledged_at,
        acknowledged_by: row.acknowledged_by,
        note: row.note,
        cleared_at: row.cleared_at,
        silent_until,
        id: row.id,
        rule: row.rule,
    })
}
