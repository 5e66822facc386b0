//! Rules as data: what is looked for, where, for how long it must stand, how
//! often it is told, and to whom.

use lapor_migrations::{DbError, Tx};
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::region::RegionCode;
use lapor_web::chance::random;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::condition::{Condition, Own};
use crate::error::HubError;
use crate::store;
use crate::store::alarms::rules::RuleRow;
use crate::store::{code_of, from_code};
use crate::watch::{Concern, Instance, State};

/// What says in the database that rules were put: the edition of the first ones, each of which looked
/// at more than the one before.
const EDITIONS: [(&str, &[Condition]); 6] = [
    ("begun", &[]),
    ("2", &[Condition::Hub(Own::Watch)]),
    ("3", &[Condition::Hub(Own::Trial)]),
    ("4", &[Condition::Hub(Own::Approval)]),
    ("5", &[Condition::Institution(Concern::Twice)]),
    (EDITION, &[Condition::Hub(Own::Issuer)]),
];
pub(super) const EDITION: &str = "6";
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

/// How bad it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Warning,
    Critical,
}

/// Whom a rule looks at, and whom a silence is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "scope", content = "to", rename_all = "lowercase")]
pub enum Scope {
    All,
    #[schema(value_type = String)]
    Kind(InstanceKind),
    /// The first two digits of a region's code.
    Province(String),
    #[schema(value_type = String)]
    Instance(InstanceId),
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Rule {
    pub id: String,
    #[schema(value_type = String)]
    pub condition: Condition,
    /// From which colour on.
    pub least: State,
    #[serde(flatten)]
    pub scope: Scope,
    pub severity: Severity,
    /// Milliseconds for which it must stand before it is an alarm.
    pub stands_ms: i64,
    /// Milliseconds after which it is told again while nobody has acknowledged it; 0 for never.
    pub repeat_ms: i64,
    /// Whether all recipients are told, also those who come later.
    pub everybody: bool,
    /// Ids of recipients, where not everybody is told.
    pub recipients: Vec<String>,
    pub enabled: bool,
}

impl Scope {
    /// Its two columns.
    pub fn columns(&self) -> (&'static str, String) {
        match self {
            Self::All => ("all", String::new()),
            Self::Kind(kind) => ("kind", kind.as_str().to_owned()),
            Self::Province(code) => ("province", code.clone()),
            Self::Instance(id) => ("instance", id.to_string()),
        }
    }

    /// The reverse; `None` for what is no scope.
    pub fn of(scope: &str, to: &str) -> Option<Self> {
        match scope {
            "all" => Some(Self::All),
            "kind" => InstanceKind::ALL
                .into_iter()
                .find(|kind| kind.as_str() == to)
                .map(Self::Kind),
            "province" if !to.is_empty() => Some(Self::Province(to.to_owned())),
            "instance" => to.parse().ok().map(Self::Instance),
            _ => None,
        }
    }

    pub fn takes(&self, of: &Instance) -> bool {
        match self {
            Self::All => true,
            Self::Kind(kind) => of.kind == *kind,
            Self::Province(code) => province(of.region.as_ref()) == Some(code.as_str()),
            Self::Instance(id) => of.id == *id,
        }
    }
}

/// The province in which a region lies.
pub fn province(region: Option<&RegionCode>) -> Option<&str> {
    region.and_then(|code| code.as_str().split('.').next())
}

impl Rule {
    /// Who is told, of those who may be.
    pub fn tells<'a>(&'a self, active: &'a [String]) -> impl Iterator<Item = &'a String> {
        active
            .iter()
            .filter(|id| self.everybody || self.recipients.contains(id))
    }

    /// Whether it keeps from somebody what `before` would have told them, or tells it later, less
    /// often or as of less weight. One that is off tells nobody anything.
    pub fn narrows(&self, before: &Self) -> bool {
        let often = |rule: &Self| match rule.repeat_ms {
            0 => i64::MAX,
            pause => pause,
        };
        let mut told = before.recipients.iter();
        let fewer =
            !self.everybody && (before.everybody || told.any(|id| !self.recipients.contains(id)));
        let elsewhere = self.scope != before.scope && self.scope != Scope::All;
        let less = self.condition != before.condition
            || self.least > before.least
            || self.severity < before.severity;
        let later = self.stands_ms > before.stands_ms || often(self) > often(before);
        before.enabled && (!self.enabled || fewer || elsewhere || less || later)
    }

    /// As the audit log has it, with all that it says.
    pub fn said(&self) -> String {
        let (scope, to) = self.scope.columns();
        let told = if self.everybody {
            "everybody".to_owned()
        } else {
            format!("[{}]", self.recipients.join(" "))
        };
        format!(
            "{} {} {} {scope} {to}: {}, {} ms, every {} ms, to {told}",
            self.id,
            self.condition,
            code_of(&self.least),
            code_of(&self.severity),
            self.stands_ms,
            self.repeat_ms
        )
    }

    /// The reverse of [`Rule::said`], of one that is on, and what stands behind it.
    pub fn of_said(text: &str) -> Option<(Self, &str)> {
        let (head, rest) = text.split_once(": ")?;
        let mut head = head.splitn(5, ' ');
        let (id, condition, least) = (head.next()?, head.next()?, head.next()?);
        let scope = Scope::of(head.next()?, head.next()?)?;
        let (severity, rest) = rest.split_once(", ")?;
        let (stands, rest) = rest.split_once(" ms, every ")?;
        let (repeat, rest) = rest.split_once(" ms, to ")?;
        let (recipients, rest): (Option<Vec<String>>, _) = match rest.strip_prefix("everybody") {
            Some(rest) => (None, rest),
            None => rest.strip_prefix('[')?.split_once(']').map(|(ids, rest)| {
                let ids = ids.split_whitespace().map(str::to_owned);
                (Some(ids.collect()), rest)
            })?,
        };
        let rule = Self {
            id: id.to_owned(),
            condition: condition.parse().ok()?,
            least: from_code(least.to_owned()).ok()?,
            scope,
            severity: from_code(severity.to_owned()).ok()?,
            stands_ms: stands.parse().ok()?,
            repeat_ms: repeat.parse().ok()?,
            everybody: recipients.is_none(),
            recipients: recipients.unwrap_or_default(),
            enabled: true,
        };
        Some((rule, rest))
    }

    fn row(&self) -> RuleRow {
        let (scope, scoped_to) = self.scope.columns();
        RuleRow {
            id: self.id.clone(),
            condition: self.condition.to_string(),
            least: code_of(&self.least),
            scope: scope.to_owned(),
            scoped_to,
            severity: code_of(&self.severity),
            stands_ms: self.stands_ms,
            repeat_ms: self.repeat_ms,
            everybody: i64::from(self.everybody),
            enabled: i64::from(self.enabled),
        }
    }

    fn of(row: RuleRow, recipients: Vec<String>) -> Result<Self, DbError> {
        let damaged = |what: &str| DbError::Corrupt(format!("an alarm's rule has no {what}"));
        Ok(Self {
            condition: row.condition.parse().map_err(|_| damaged("condition"))?,
            least: from_code(row.least)?,
            scope: Scope::of(&row.scope, &row.scoped_to).ok_or_else(|| damaged("scope"))?,
            severity: from_code(row.severity)?,
            stands_ms: row.stands_ms,
            repeat_ms: row.repeat_ms,
            everybody: row.everybody != 0,
            enabled: row.enabled != 0,
            recipients,
            id: row.id,
        })
    }
}

/// All rules, the oldest first. One that cannot be read, as a later program may have left it, is none:
/// the others raise alarms all the same.
pub async fn all(tx: &mut Tx) -> Result<Vec<Rule>, DbError> {
    let told = store::alarms::rules::told(tx).await?;
    let rows = store::alarms::rules::all(tx).await?;
    let rule = |row: RuleRow| {
        let own = told.iter().filter(|(rule, _)| *rule == row.id);
        let recipients = own.map(|(_, recipient)| recipient.clone()).collect();
        let id = row.id.clone();
        let read = Rule::of(row, recipients);
        read.inspect_err(|error| tracing::warn!(%error, id, "a rule of alarms cannot be read"))
            .ok()
    };
    Ok(rows.into_iter().filter_map(rule).collect())
}

pub async fn put(tx: &mut Tx, rule: &Rule, now: i64) -> Result<(), DbError> {
    store::alarms::rules::put(tx, &rule.row(), &rule.recipients, now).await
}

/// Rules to begin with, put where there have never been any: an operator only names a recipient.
/// A hub whose rules are of before some were thought of gets those, once.
pub async fn begin(tx: &mut Tx, now: i64) -> Result<(), HubError> {
    use store::state::{ALARMS, read, write};
    let edition = read(tx, ALARMS).await?;
    let missing: Vec<Rule> = match edition.as_deref() {
        None => defaults(),
        Some(edition) => {
            let place = EDITIONS.iter().position(|(name, _)| *name == edition);
            // Of a later program, too, nothing is missing.
            let later = place.map_or(&[][..], |place| &EDITIONS[place + 1..]);
            if later.is_empty() {
                return Ok(());
            }
            let known = all(tx).await?;
            let is_new = |rule: &Rule| {
                let mut added = later.iter().flat_map(|(_, added)| added.iter());
                added.any(|condition| rule.condition == *condition)
                    && known.iter().all(|one| one.condition != rule.condition)
            };
            defaults().into_iter().filter(is_new).collect()
        }
    };
    for (place, rule) in (0..).zip(missing) {
        // In the order in which they stand here.
        put(tx, &rule, now + place).await?;
    }
    Ok(write(tx, ALARMS, EDITION).await?)
}

/// A fresh id of a rule, an alarm, a silence or a recipient.
pub fn fresh_id() -> String {
    hex::encode(random::<8>())
}

pub(super) fn defaults() -> Vec<Rule> {
    use Condition::{Hub, Institution};
    use Severity::{Critical, Warning};
    use State::{Red, Yellow};
    let of = |condition, least, severity, stands_ms, repeat_ms| Rule {
        id: fresh_id(),
        condition,
        least,
        scope: Scope::All,
        severity,
        stands_ms,
        repeat_ms,
        everybody: true,
        recipients: Vec::new(),
        enabled: true,
    };
    let one = |concern, least, severity, stands_ms, repeat_ms| {
        of(Institution(concern), least, severity, stands_ms, repeat_ms)
    };
    let own = |concern, least, severity, stands_ms, repeat_ms| {
        of(Hub(concern), least, severity, stands_ms, repeat_ms)
    };
    vec![
        one(Concern::Silent, Red, Critical, 0, DAY_MS),
        one(Concern::Frozen, Red, Critical, 0, DAY_MS),
        one(Concern::Twice, Red, Critical, 0, DAY_MS),
        one(Concern::Refused, Red, Critical, 0, DAY_MS),
        one(Concern::Apart, Red, Critical, 10 * MINUTE_MS, DAY_MS),
        one(Concern::Unsent, Red, Warning, 0, DAY_MS),
        one(Concern::Unapplied, Red, Warning, 0, DAY_MS),
        one(Concern::SetAside, Yellow, Warning, HOUR_MS, 7 * DAY_MS),
        one(Concern::Unreported, Red, Warning, 0, DAY_MS),
        one(Concern::Directory, Red, Warning, 0, 7 * DAY_MS),
        one(Concern::Certificate, Yellow, Warning, HOUR_MS, DAY_MS),
        one(Concern::Certificate, Red, Critical, 0, DAY_MS),
        one(Concern::Clock, Red, Warning, 10 * MINUTE_MS, DAY_MS),
        one(Concern::Disk, Red, Critical, 10 * MINUTE_MS, DAY_MS),
        one(Concern::Backup, Red, Warning, HOUR_MS, 7 * DAY_MS),
        one(Concern::Version, Yellow, Warning, 14 * DAY_MS, 14 * DAY_MS),
        own(Own::Sequencer, Yellow, Critical, 2 * MINUTE_MS, HOUR_MS),
        own(Own::Record, Red, Critical, 0, HOUR_MS),
        own(Own::Disk, Red, Critical, 5 * MINUTE_MS, 6 * HOUR_MS),
        own(Own::Certificate, Red, Critical, HOUR_MS, DAY_MS),
        own(Own::Issuer, Yellow, Warning, HOUR_MS, 7 * DAY_MS),
        own(Own::Issuer, Red, Critical, HOUR_MS, DAY_MS),
        own(Own::Backup, Yellow, Warning, DAY_MS, DAY_MS),
        own(Own::Trial, Yellow, Warning, DAY_MS, 7 * DAY_MS),
        own(Own::Trial, Red, Critical, 0, DAY_MS),
        own(Own::Letters, Red, Warning, 0, DAY_MS),
        own(Own::Watch, Red, Critical, 0, HOUR_MS),
        own(Own::Approval, Yellow, Warning, 0, DAY_MS),
        own(Own::Approval, Red, Warning, 0, 2 * HOUR_MS),
    ]
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::databases_of;

    use super::*;

    #[tokio::test]
    async fn a_rule_that_cannot_be_read_holds_no_other_up() {
        for test in databases_of(Schema::Hub).await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            begin(&mut tx, 1).await.unwrap();
            let known = all(&mut tx).await.unwrap();
            assert_eq!(known.len(), defaults().len());
            let later = RuleRow {
                id: "later".to_owned(),
                condition: "hub_of_a_later_program".to_owned(),
                ..known[0].row()
            };
            store::alarms::rules::put(&mut tx, &later, &[], 2)
                .await
                .unwrap();
            assert_eq!(all(&mut tx).await.unwrap(), known);
        }
    }

    #[test]
    fn the_first_rules_look_at_every_condition() {
        let rules = defaults();
        for condition in Condition::all() {
            assert!(
                rules.iter().any(|rule| rule.condition == condition),
                "{condition}"
            );
        }
    }

    #[test]
    fn a_rule_narrows_what_tells_fewer_later_or_less() {
        let mut before = defaults().remove(1);
        before.everybody = false;
        before.recipients = vec!["piket".into(), "kepala".into()];
        before.stands_ms = MINUTE_MS;
        let narrows = |change: &dyn Fn(&mut Rule)| {
            let mut after = before.clone();
            change(&mut after);
            after.narrows(&before)
        };
        for (narrow, change) in [
            (false, (&|_: &mut Rule| {}) as &dyn Fn(&mut Rule)),
            (false, &|rule| rule.everybody = true),
            (false, &|rule| rule.recipients.push("malam".into())),
            (false, &|rule| rule.stands_ms = 0),
            (false, &|rule| rule.repeat_ms = HOUR_MS),
            (false, &|rule| rule.least = State::Yellow),
            (true, &|rule| rule.recipients = vec!["piket".into()]),
            (true, &|rule| rule.stands_ms = HOUR_MS),
            (true, &|rule| rule.repeat_ms = 0),
            (true, &|rule| rule.repeat_ms = 2 * DAY_MS),
            (true, &|rule| rule.severity = Severity::Warning),
            (true, &|rule| rule.scope = Scope::Province("35".into())),
            (true, &|rule| rule.enabled = false),
            (true, &|rule| {
                rule.condition = Condition::Institution(Concern::Disk);
            }),
        ] {
            assert_eq!(narrows(change), narrow);
        }
        let mut off = before.clone();
        off.enabled = false;
        before.stands_ms = HOUR_MS;
        assert!(!before.narrows(&off), "it told nobody");
    }

    #[test]
    fn a_rule_is_read_as_it_was_written() {
        let mut rule = defaults().remove(0);
        let scopes = [
            Scope::All,
            Scope::Kind(InstanceKind::Kota),
            Scope::Province("35".into()),
            Scope::Instance("kota-malang".parse().unwrap()),
        ];
        for scope in scopes {
            rule.scope = scope;
            assert_eq!(Rule::of(rule.row(), Vec::new()).unwrap(), rule);
            // As it waits for a second person.
            let text = serde_json::to_string(&rule).unwrap();
            assert_eq!(serde_json::from_str::<Rule>(&text).unwrap(), rule);
            // As the audit log has it.
            for (everybody, recipients) in [
                (true, vec![]),
                (false, vec![]),
                (false, vec!["piket".to_owned(), "kepala".to_owned()]),
            ] {
                let noted = Rule {
                    everybody,
                    recipients,
                    ..rule.clone()
                };
                let text = format!("{}: malam", noted.said());
                assert_eq!(Rule::of_said(&text), Some((noted, ": malam")));
            }
        }
        for text in [
            "kabel putus",
            "a b c: d",
            "a b c d all : 1 ms, every x ms, to []",
        ] {
            assert_eq!(Rule::of_said(text), None, "{text}");
        }
        assert_eq!(Scope::of("kind", "desa"), None);
    }
}
