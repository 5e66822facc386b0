//! On whose desk a case can be put: in a unit that is open, and with an officer who sees what lies
//! there. The pages and the API ask here alike.

use std::collections::BTreeMap;

use lapor_protocol::ids::CaseId;
use lapor_web::accounts::{Account, AccountError};

use super::StaffError;
use crate::casework::{CaseSummary, OnDesk, Sight, ToDesk};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Cases that are read at once.
const PAGE: i64 = 200;

/// Why a case is not put on a desk.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    #[error("officer: nobody who handles cases here now has this account")]
    Unknown,
    #[error("officer: does not see what lies in this unit")]
    Elsewhere,
    #[error(transparent)]
    Staff(#[from] StaffError),
}

impl From<NodeError> for DeskError {
    fn from(error: NodeError) -> Self {
        Self::Staff(error.into())
    }
}

impl From<AccountError> for DeskError {
    fn from(error: AccountError) -> Self {
        Self::Staff(error.into())
    }
}

/// The desk of a unit, and of the officer who has the case, where they see what lies there.
pub fn desk_in(unit: Option<&str>, able: &[Account], case: &CaseSummary) -> OnDesk {
    let fits = |who: &String| able.iter().any(|one| one.id.as_str() == who);
    OnDesk {
        unit: unit.map(str::to_owned),
        officer: case.officer.clone().filter(fits),
    }
}

/// The desk on which a case lies as it was read.
fn lying_on(case: CaseSummary) -> OnDesk {
    OnDesk {
        unit: case.unit,
        officer: case.officer,
    }
}

impl Node {
    /// The desk that is meant for a case. A unit that has closed and an officer who has left keep what
    /// they have, until somebody gives it to another.
    pub async fn desk_for(
        &self,
        case: &CaseSummary,
        unit: Option<&str>,
        officer: Option<&str>,
    ) -> Result<OnDesk, DeskError> {
        if case.unit.as_deref() != unit {
            self.unit_is_open(unit).await?;
        }
        let unit = unit.map(str::to_owned);
        let stays = case.officer.as_deref() == officer && case.unit == unit;
        match officer.filter(|_| !stays) {
            Some(who) => self.desk_of(unit, who).await,
            None => Ok(OnDesk {
                unit,
                officer: officer.map(str::to_owned),
            }),
        }
    }

    /// The desk of an officer who sees what lies in the unit; where none is named, in their own.
    pub async fn desk_of(&self, unit: Option<String>, who: &str) -> Result<OnDesk, DeskError> {
        let accounts = self.accounts().list().await?;
        let account = accounts.into_iter().find(|one| one.id.as_str() == who);
        let active = self.staff().await?.active.contains(who);
        let account = account.filter(|_| active).ok_or(DeskError::Unknown)?;
        let sight = self.sight_of_account(&account).await?;
        let unit = unit.or_else(|| account.unit.clone().filter(|_| sight.units.is_some()));
        if !sight.reaches(unit.as_deref()) {
            return Err(DeskError::Elsewhere);
        }
        Ok(OnDesk {
            unit,
            officer: Some(who.to_owned()),
        })
    }

    /// Gives cases to an officer; each stays in its unit, as far as the officer sees what lies there,
    /// and lies in the officer's own otherwise. All or none, and only from where they were read to lie.
    pub async fn give(
        &self,
        sight: &Sight,
        cases: Vec<(CaseId, OnDesk)>,
        who: &str,
        actor: &str,
    ) -> Result<(), DeskError> {
        let own = self.desk_of(None, who).await?.unit;
        let mut desks: BTreeMap<String, Option<String>> = BTreeMap::new();
        for unit in cases.iter().filter_map(|(_, from)| from.unit.as_ref()) {
            if !desks.contains_key(unit) {
                let stays = match self.desk_of(Some(unit.clone()), who).await {
                    Ok(_) => true,
                    Err(DeskError::Unknown | DeskError::Elsewhere) => false,
                    Err(error) => return Err(error),
                };
                desks.insert(unit.clone(), stays.then(|| unit.clone()));
            }
        }
        let given = cases.into_iter().map(|(case, from)| {
            let unit = from.unit.as_ref();
            let stays = unit.and_then(|unit| desks.get(unit).cloned().flatten());
            let to = OnDesk {
                unit: stays.or_else(|| own.clone()),
                officer: Some(who.to_owned()),
            };
            ToDesk {
                case,
                from: Some(from),
                to,
                due: None,
            }
        });
        Ok(self.assign_each(sight, given.collect(), actor).await?)
    }

    /// Gives those of the cases that are seen to an officer. Returns how many they are.
    pub async fn give_seen(
        &self,
        sight: &Sight,
        cases: &[CaseId],
        who: &str,
        actor: &str,
    ) -> Result<usize, DeskError> {
        let seen = self.seen(sight, cases).await?.into_iter();
        let lying: Vec<_> = seen.map(|case| (case.case, lying_on(case))).collect();
        let count = lying.len();
        self.give(sight, lying, who, actor).await?;
        Ok(count)
    }

    /// Puts those of the cases that are seen on the desk of a unit, or takes them off every desk. Who
    /// works on a case and until when stays, where the officer sees what lies in the unit. Returns how
    /// many they are.
    pub async fn put_in_unit(
        &self,
        sight: &Sight,
        cases: &[CaseId],
        unit: Option<&str>,
        actor: &str,
    ) -> Result<usize, StaffError> {
        self.unit_is_open(unit).await?;
        let able = match unit {
            Some(_) => self.officers_who_see(unit).await?,
            None => Vec::new(),
        };
        let seen = self.seen(sight, cases).await?;
        let handed = self.handed(cases).await?;
        let put = seen.into_iter().map(|case| {
            let desk = desk_in(unit, &able, &case);
            let until = handed.get(&case.case).and_then(|handed| handed.due);
            ToDesk {
                case: case.case,
                due: until.filter(|_| desk.officer.is_some()),
                to: desk,
                from: Some(lying_on(case)),
            }
        });
        let put: Vec<_> = put.collect();
        let count = put.len();
        self.assign_each(sight, put, actor).await?;
        Ok(count)
    }

    /// Gives everything that lies on the desk of one officer and is not at its end to another. Returns
    /// how much that was.
    pub async fn hand_over(
        &self,
        sight: &Sight,
        (from, to): (&str, &str),
        actor: &str,
    ) -> Result<usize, DeskError> {
        if from == to {
            let same = "to: expected another officer than whose desk is handed over";
            return Err(NodeError::Invalid(same.into()).into());
        }
        let held = self.held_by(from, PAGE).await?.into_iter();
        let held = held.map(|(case, unit)| {
            let officer = Some(from.to_owned());
            (case, OnDesk { unit, officer })
        });
        let held: Vec<_> = held.collect();
        let count = held.len();
        self.give(sight, held, to, actor).await?;
        Ok(count)
    }

    /// Cases on the desk of an officer that are not at their end, each with the unit where it lies, so
    /// many at once. By their ids: by their changes one that changes meanwhile would be passed over.
    async fn held_by(
        &self,
        officer: &str,
        page: i64,
    ) -> Result<Vec<(CaseId, Option<String>)>, NodeError> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let mut tx = self.read_tx().await?;
            let held = store::desk::held_by(&mut tx, officer, &after, page).await?;
            drop(tx);
            let Some((last, _)) = held.last() else {
                return Ok(all);
            };
            after.clone_from(last);
            for (case, unit) in held {
                all.push((store::case_id(&case)?, unit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lapor_migrations::on;
    use lapor_web::accounts::NewAccount;
    use serde_json::json;

    use super::*;
    use crate::testing::{Place, databases};

    async fn hired(place: &Place, login: &str, name: &str) -> String {
        let new = NewAccount {
            login,
            name,
            role: "officer",
            unit: None,
        };
        let (account, _) = place.node.create_account("test", &new).await.unwrap();
        account.id.to_string()
    }

    #[tokio::test]
    async fn what_is_given_to_somebody_meanwhile_is_not_written_over() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let siti = hired(&place, "siti@bandung.go.id", "Siti").await;
            let budi = hired(&place, "budi@bandung.go.id", "Budi").await;
            let report = json!({
                "classification": "complaint", "title": "Lampu padam",
                "content": "Gelap.", "channel": "web",
            });
            let report = serde_json::from_value(report).unwrap();
            let cases = [node.file(report, "test").await.unwrap().case];
            for act in ["hand over", "give", "put in a unit"] {
                let given = node.assign(&Sight::ALL, &cases, None, Some(siti.as_str()), "test");
                given.await.unwrap();
                let mut tx = node.write_tx().await.unwrap();
                let (limits, case) = (Sight::ALL.limits(), [cases[0].to_string()]);
                let meanwhile = [None, Some("wati")];
                let given = store::desk::assign(&mut tx, limits, &case, None, meanwhile);
                assert_eq!(given.await.unwrap(), 1);
                let given = async {
                    // Whoever reads before it is written has read by then.
                    for _ in 0..100 {
                        node.units().await.unwrap();
                    }
                    tx.commit().await.unwrap();
                };
                let late = Box::pin(async {
                    match act {
                        "hand over" => {
                            let whose = (siti.as_str(), budi.as_str());
                            node.hand_over(&Sight::ALL, whose, "test").await
                        }
                        "give" => node.give_seen(&Sight::ALL, &cases, &budi, "test").await,
                        _ => {
                            let put = node.put_in_unit(&Sight::ALL, &cases, None, "test");
                            put.await.map_err(DeskError::from)
                        }
                    }
                });
                let (late, ()) = tokio::join!(late, given);
                let Err(DeskError::Staff(StaffError::Node(NodeError::DeskChanged))) = late else {
                    panic!("{act}: {late:?}");
                };
                let view = node.case(cases[0]).await.unwrap();
                assert_eq!(view.summary.officer.as_deref(), Some("wati"), "{act}");
            }
        }
    }

    /// PostgreSQL takes nothing in that is no text, and keeps it in other words.
    #[tokio::test]
    async fn a_case_whose_unit_is_damaged_keeps_no_desk_from_being_handed_over() {
        const DAMAGE: &str = "update cases set unit = cast($1 as text) where case_id = $2";
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let siti = hired(&place, "siti@bandung.go.id", "Siti").await;
            let budi = hired(&place, "budi@bandung.go.id", "Budi").await;
            let report = json!({
                "classification": "complaint", "title": "Lampu padam",
                "content": "Gelap.", "channel": "web",
            });
            let report = serde_json::from_value(report).unwrap();
            let case = node.file(report, "test").await.unwrap().case;
            let cases = [case];
            let given = node.assign(&Sight::ALL, &cases, None, Some(siti.as_str()), "test");
            given.await.unwrap();
            let mut tx = node.write_tx().await.unwrap();
            let (damaged, text) = (vec![0xff_u8], case.to_string());
            on!(&mut tx, c => sqlx::query(DAMAGE)
                .bind(&damaged)
                .bind(&text)
                .execute(c)
                .await
                .map(drop))
            .unwrap();
            tx.commit().await.unwrap();
            let whose = (siti.as_str(), budi.as_str());
            let handed = node.hand_over(&Sight::ALL, whose, "test").await;
            assert_eq!(handed.unwrap(), 1);
            let view = node.case(case).await.unwrap();
            assert_eq!(view.summary.officer, Some(budi));
        }
    }

    #[tokio::test]
    async fn a_case_that_changes_while_a_desk_is_gone_through_is_not_passed_over() {
        const CHANGES: &str = "update cases set updated_at = updated_at + 1000 where case_id = $1";
        const ENDS: &str = "update cases set tray = 'ended' where case_id = $1";
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let mut cases = Vec::new();
            for _ in 0..4 {
                place.clock.advance(1);
                let report = json!({
                    "classification": "complaint", "title": "Lampu padam",
                    "content": "Gelap.", "channel": "web",
                });
                let report = serde_json::from_value(report).unwrap();
                cases.push(node.file(report, "test").await.unwrap().case);
            }
            let given = node.assign(&Sight::ALL, &cases, None, Some("siti"), "test");
            given.await.unwrap();
            let texts: Vec<String> = cases.iter().map(ToString::to_string).collect();
            let mut tx = node.write_tx().await.unwrap();
            let ends =
                on!(&mut tx, c => sqlx::query(ENDS).bind(&texts[3]).execute(c).await.map(drop));
            ends.unwrap();
            let mut seen = Vec::new();
            let mut after = String::new();
            for text in &texts[..3] {
                let page = store::desk::held_by(&mut tx, "siti", &after, 1).await;
                seen.extend(page.unwrap());
                after.clone_from(&seen.last().unwrap().0);
                let changes =
                    on!(&mut tx, c => sqlx::query(CHANGES).bind(text).execute(c).await.map(drop));
                changes.unwrap();
            }
            tx.commit().await.unwrap();
            let mut expected = texts[..3].to_vec();
            expected.sort();
            let seen: Vec<String> = seen.into_iter().map(|(case, _)| case).collect();
            assert_eq!(seen, expected);
            for page in [1, 2, PAGE] {
                let held = node.held_by("siti", page).await.unwrap().into_iter();
                let held: Vec<String> = held.map(|(case, _)| case.to_string()).collect();
                assert_eq!(held, expected, "in pages of {page}");
            }
        }
    }
}
