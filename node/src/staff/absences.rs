//! Who works on what: officers as accounts, and who stands in for one of them who is away. What an
//! absence changes is who is told and whose list a case stands in, never what somebody may see.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use lapor_web::accounts::{Account, AccountId, AccountState};

use super::{StaffError, StaffRole, Unit};
use crate::casework::Sight;
use crate::damage;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::absences::AbsenceRow;

/// How many days somebody can be away at once.
const LONGEST_DAYS: i64 = 366;

/// An officer who is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Absence {
    /// The account of whoever does the work meanwhile.
    pub stand_in: String,
    /// The last day.
    pub until: NaiveDate,
}

/// The officers as they are today.
#[derive(Debug, Clone, Default)]
pub struct Staff {
    /// Everybody who ever handled cases, by account.
    pub names: BTreeMap<String, String>,
    /// Those who do so now.
    pub active: BTreeSet<String>,
    pub absences: BTreeMap<String, Absence>,
    /// What those see who see only a part of the desk.
    sights: BTreeMap<String, Sight>,
}

impl Staff {
    /// What the officer of a case is called; what is no account is a name of before.
    pub fn name<'a>(&'a self, officer: &'a str) -> &'a str {
        self.names.get(officer).map_or(officer, String::as_str)
    }

    /// Who does the work of an officer who is away: the stand-in, and where that one is away as well
    /// whoever stands in for them, and so on. In a circle each stands once.
    pub fn stand_ins<'a>(&'a self, officer: &str) -> Vec<&'a str> {
        let mut found: Vec<&str> = Vec::new();
        let mut next = self.absences.get(officer);
        while let Some(absence) = next {
            let stand_in = absence.stand_in.as_str();
            if stand_in == officer || found.contains(&stand_in) {
                break;
            }
            found.push(stand_in);
            next = self.absences.get(stand_in);
        }
        found
    }

    /// The accounts whose work somebody does today: their own, and that of those who are away.
    pub fn works_for(&self, account: &str) -> Vec<String> {
        let away = self.absences.keys();
        let away = away.filter(|absent| self.stand_ins(absent).contains(&account));
        [account.to_owned()]
            .into_iter()
            .chain(away.cloned())
            .collect()
    }

    /// Whether work on a case is for this account: because it is its officer's or of who stands in, as
    /// far as they see it, or because there is no such one and it lies in the unit of an officer.
    pub fn is_for(
        &self,
        (account, role, unit): (&str, StaffRole, Option<&str>),
        (officer, case_unit): (Option<&str>, Option<&str>),
    ) -> bool {
        let officer = officer.filter(|officer| self.active.contains(*officer));
        let stand_ins = officer.map(|officer| self.stand_ins(officer));
        let mut hands: Vec<&str> = officer
            .into_iter()
            .chain(stand_ins.unwrap_or_default())
            .collect();
        hands.retain(|one| {
            let sight = self.sights.get(*one);
            sight.is_none_or(|sight| sight.reaches(case_unit))
        });
        if hands.is_empty() {
            return role == StaffRole::Officer && (case_unit.is_none() || unit == case_unit);
        }
        hands.contains(&account)
    }
}

impl Node {
    /// The officers as they are today.
    pub async fn staff(&self) -> Result<Staff, StaffError> {
        let mut staff = Staff::default();
        let units = self.units().await?;
        for account in self.accounts().list().await? {
            if handles(&account) {
                let id = account.id.to_string();
                if account.state == AccountState::Active {
                    staff.active.insert(id.clone());
                }
                if let Some(sight) = sight_in(&units, &account) {
                    staff.sights.insert(id.clone(), sight);
                }
                staff.names.insert(id, account.name);
            }
        }
        let today = self.today().to_string();
        let mut tx = self.read_tx().await.map_err(StaffError::from)?;
        let rows = store::absences::on_day(&mut tx, &today).await;
        for row in rows.map_err(NodeError::from)? {
            if staff.active.contains(&row.stand_in) && staff.active.contains(&row.account) {
                // One that is damaged keeps nobody from the work of the others.
                let Ok(until) = row.until_day.parse::<NaiveDate>() else {
                    damage::tell("absences", &row.account);
                    continue;
                };
                let stand_in = row.stand_in;
                staff
                    .absences
                    .insert(row.account, Absence { stand_in, until });
            }
        }
        Ok(staff)
    }

    /// The active officers who see what lies in a unit, or on the whole desk.
    pub async fn officers_who_see(&self, unit: Option<&str>) -> Result<Vec<Account>, StaffError> {
        let units = self.units().await?;
        let mut able = self.accounts().list().await?;
        able.retain(|account| {
            let sees = || sight_in(&units, account).is_none_or(|sight| sight.reaches(unit));
            account.state == AccountState::Active && handles(account) && sees()
        });
        able.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(able)
    }

    /// What the owner of an account may see.
    pub async fn sight_of_account(&self, account: &Account) -> Result<Sight, NodeError> {
        let role = store::read(account.role.code.parse::<StaffRole>())?;
        self.sight(role, account.unit.as_deref()).await
    }

    /// An officer is away until the end of a day, and another does their work meanwhile; said by
    /// themselves, or by whoever looks after the accounts.
    pub async fn goes_away(
        &self,
        actor: &str,
        account: &Account,
        stand_in: &AccountId,
        until: NaiveDate,
    ) -> Result<(), StaffError> {
        let wrong = |problem: &str| StaffError::from(NodeError::Invalid(problem.into()));
        let days = (until - self.today()).num_days();
        if !(0..=LONGEST_DAYS).contains(&days) {
            return Err(wrong("until: expected a day from today on, within a year"));
        }
        let able = self.officers_who_see(account.unit.as_deref()).await?;
        if stand_in == &account.id || able.iter().all(|other| other.id != *stand_in) {
            let problem = "stand_in: expected another active officer who sees the same cases";
            return Err(wrong(problem));
        }
        let staff = self.staff().await?;
        if staff
            .stand_ins(stand_in.as_str())
            .contains(&account.id.as_str())
        {
            let problem = "stand_in: is away, and leaves the work to whoever goes away here";
            return Err(wrong(problem));
        }
        let row = AbsenceRow {
            account: account.id.to_string(),
            stand_in: stand_in.to_string(),
            until_day: until.to_string(),
        };
        let detail = of_whom(
            actor,
            account,
            &format!("{} / {}", row.stand_in, row.until_day),
        );
        let now = self.clock().now_ms();
        let stored = async {
            let mut tx = self.write_tx().await?;
            store::absences::put(&mut tx, &row, now).await?;
            store::audit::add(&mut tx, now, actor, "absence.noted", None, &detail).await?;
            Ok::<_, NodeError>(tx.commit().await?)
        };
        Ok(stored.await?)
    }

    /// An officer is back; nothing happens where they were not away.
    pub async fn comes_back(&self, actor: &str, account: &Account) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        if store::absences::end(&mut tx, account.id.as_str()).await? {
            let detail = of_whom(actor, account, "-");
            store::audit::add(&mut tx, now, actor, "absence.ended", None, &detail).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// What the audit log says of an absence: whose it is, where somebody else has said so.
fn of_whom(actor: &str, account: &Account, said: &str) -> String {
    if actor == account.actor() {
        return said.to_owned();
    }
    format!("{}: {said}", account.actor())
}

/// What an officer of a unit sees; `None` for whoever sees the whole desk.
fn sight_in(units: &[Unit], account: &Account) -> Option<Sight> {
    let own = account.unit.as_ref()?;
    if account.role.code != StaffRole::Officer.as_str() {
        return None;
    }
    let parts = units
        .iter()
        .filter(|unit| unit.parent.as_ref().is_some_and(|one| one.as_str() == own));
    let parts = parts.map(|unit| unit.id.to_string());
    Some(Sight {
        secrets: true,
        units: Some([own.clone()].into_iter().chain(parts).collect()),
        regions: None,
    })
}

fn handles(account: &Account) -> bool {
    account
        .role
        .code
        .parse()
        .is_ok_and(StaffRole::handles_cases)
}

#[cfg(test)]
mod tests {
    use lapor_migrations::on;
    use lapor_web::accounts::NewAccount;
    use serde_json::json;

    use super::*;
    use crate::testing::{Place, databases};

    /// The same text on both databases.
    const MIGRATION: &str =
        include_str!("../../../migrations/sql/node/sqlite/0023_assignments.sql");

    #[tokio::test]
    async fn a_damaged_absence_keeps_nobody_from_who_works_here() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let mut hired = Vec::new();
            for (login, name) in [("a@bandung.go.id", "Asep"), ("b@bandung.go.id", "Budi")] {
                let new = NewAccount {
                    login,
                    name,
                    role: "officer",
                    unit: None,
                };
                let (account, _) = node.create_account("test", &new).await.unwrap();
                hired.push(account.id.to_string());
            }
            let away = [("2099-13-45", 0, 1), ("2099-12-31", 1, 0)];
            let mut tx = node.write_tx().await.unwrap();
            for (until, account, stand_in) in away {
                let row = AbsenceRow {
                    account: hired[account].clone(),
                    stand_in: hired[stand_in].clone(),
                    until_day: until.to_owned(),
                };
                store::absences::put(&mut tx, &row, 1).await.unwrap();
            }
            tx.commit().await.unwrap();
            let staff = node.staff().await.unwrap();
            assert_eq!(staff.active.len(), 2);
            assert!(staff.absences.keys().eq([&hired[1]]));
        }
    }

    #[tokio::test]
    async fn an_officer_who_was_a_name_is_the_account_of_that_name() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let hired = async |login: &str, name: &str, unit: Option<&str>| {
                let new = NewAccount {
                    login,
                    name,
                    role: "officer",
                    unit,
                };
                let (account, _) = node.create_account("test", &new).await.unwrap();
                account.id.to_string()
            };
            for unit in ["dinas-pu", "dinkes"] {
                let id = unit.parse().unwrap();
                node.add_unit("test", &id, unit, None).await.unwrap();
            }
            let siti = hired("siti@bandung.go.id", "Siti", None).await;
            let roads = hired("b1@bandung.go.id", "Budi", Some("dinas-pu")).await;
            hired("b2@bandung.go.id", "Budi", Some("dinkes")).await;
            let mut cases = Vec::new();
            for (unit, name) in [
                (None, "Siti"),
                (Some("dinas-pu"), "Budi"),
                (None, "Budi"),
                (None, "Nama Lama"),
            ] {
                let report = json!({
                    "classification": "complaint", "title": "Lampu", "content": "Padam.",
                    "channel": "web",
                });
                let report = serde_json::from_value(report).unwrap();
                let case = node.file(report, "test").await.unwrap().case;
                node.assign(&Sight::ALL, &[case], unit, Some(name), "test")
                    .await
                    .unwrap();
                cases.push(case);
            }
            let mut tx = node.write_tx().await.unwrap();
            for statement in MIGRATION.split(';') {
                if statement.contains("set officer") {
                    on!(&mut tx, c => sqlx::query(statement).execute(c).await.map(drop)).unwrap();
                }
            }
            tx.commit().await.unwrap();
            let mut officers = Vec::new();
            for case in cases {
                officers.push(node.case(case).await.unwrap().summary.officer.unwrap());
            }
            assert_eq!(officers, [&*siti, &*roads, "Budi", "Nama Lama"]);
        }
    }
}
