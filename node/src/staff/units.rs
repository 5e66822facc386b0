//! Units: the parts of the institution to which its admin gives cases. The
//! federation does not see them. They are a tree of two levels, and one that is
//! closed stays known, because the past speaks of it.

use std::fmt;
use std::str::FromStr;

use lapor_migrations::Tx;
use serde::Serialize;
use utoipa::ToSchema;

use super::StaffRole;
use crate::casework::Sight;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::units::UnitRow;

/// Characters of a name, at most.
pub const UNIT_NAME_CHARACTERS: usize = 120;

/// Names a unit for ever: `dinas-pu`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct UnitId(String);

/// A part of the institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unit {
    #[schema(value_type = String)]
    pub id: UnitId,
    pub name: String,
    /// The unit of which it is a part.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub parent: Option<UnitId>,
    /// Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<i64>,
}

impl UnitId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UnitId {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        let shape = (1..=40).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-');
        if shape {
            Ok(Self(text.to_owned()))
        } else {
            let problem =
                "unit: expected 1 to 40 small letters, digits and hyphens, such as dinas-pu";
            Err(NodeError::Invalid(problem.into()))
        }
    }
}

impl fmt::Display for UnitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Node {
    /// Adds a unit, or a part of one that has no parent itself.
    pub async fn add_unit(
        &self,
        actor: &str,
        id: &UnitId,
        name: &str,
        parent: Option<&UnitId>,
    ) -> Result<Unit, NodeError> {
        let name = unit_name(name)?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        if store::units::find(&mut tx, id.as_str()).await?.is_some() {
            let problem = format!("unit: there is a unit {id} already, perhaps a closed one");
            return Err(NodeError::Invalid(problem));
        }
        if let Some(parent) = parent {
            let above = store::units::find(&mut tx, parent.as_str()).await?;
            let above = above.filter(|above| above.closed_at.is_none() && above.parent.is_none());
            if above.is_none() {
                let problem = format!(
                    "parent: expected an open unit that is no part of another; {parent} is none"
                );
                return Err(NodeError::Invalid(problem));
            }
        }
        let row = UnitRow {
            id: id.to_string(),
            name,
            parent: parent.map(ToString::to_string),
            closed_at: None,
        };
        store::units::add(&mut tx, &row, now).await?;
        store::audit::add(&mut tx, now, actor, "unit.added", None, id.as_str()).await?;
        tx.commit().await?;
        unit(row)
    }

    /// Gives a unit another name.
    pub async fn rename_unit(&self, actor: &str, id: &UnitId, name: &str) -> Result<(), NodeError> {
        let name = unit_name(name)?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        if store::units::rename(&mut tx, id.as_str(), &name).await? == 0 {
            return Err(NodeError::not_found("unit", id));
        }
        store::audit::add(&mut tx, now, actor, "unit.renamed", None, id.as_str()).await?;
        Ok(tx.commit().await?)
    }

    /// Closes a unit in which nobody works and that has no open parts.
    pub async fn close_unit(&self, actor: &str, id: &UnitId) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let found = store::units::find(&mut tx, id.as_str()).await?;
        if found.is_none_or(|unit| unit.closed_at.is_some()) {
            return Err(NodeError::not_found("open unit", id));
        }
        if store::units::in_use(&mut tx, id.as_str()).await? {
            let problem = format!(
                "unit: {id} has open parts or active accounts; close the parts and move the accounts first"
            );
            return Err(NodeError::Invalid(problem));
        }
        store::units::close(&mut tx, id.as_str(), now).await?;
        store::audit::add(&mut tx, now, actor, "unit.closed", None, id.as_str()).await?;
        Ok(tx.commit().await?)
    }

    /// All units, each followed by its parts; the closed ones included.
    pub async fn units(&self) -> Result<Vec<Unit>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::units::all(&mut tx).await?;
        rows.into_iter().map(unit).collect()
    }

    /// What somebody of this role sees, at the desk and in letters: the cases of their unit and of
    /// its parts, or the whole desk where they work in none. Who reads for the institution as a
    /// whole reads all of it.
    pub async fn sight(&self, role: StaffRole, unit: Option<&str>) -> Result<Sight, NodeError> {
        let Some(unit) = unit.filter(|_| role == StaffRole::Officer) else {
            return Ok(Sight::ALL);
        };
        let mut units = vec![unit.to_owned()];
        let mut tx = self.read_tx().await?;
        units.extend(store::units::parts(&mut tx, unit).await?);
        Ok(Sight {
            secrets: true,
            units: Some(units),
            regions: None,
        })
    }

    /// Refuses a unit that there is not, or that has closed.
    pub(super) async fn unit_is_open(&self, id: Option<&str>) -> Result<(), NodeError> {
        let mut tx = self.read_tx().await?;
        unit_is_open_in(&mut tx, id).await
    }
}

/// The same in the transaction that puts somebody into the unit: nobody closes it meanwhile.
pub(super) async fn unit_is_open_in(tx: &mut Tx, id: Option<&str>) -> Result<(), NodeError> {
    let Some(id) = id else {
        return Ok(());
    };
    let id: UnitId = id.parse()?;
    let found = store::units::find(tx, id.as_str()).await?;
    if found.is_some_and(|unit| unit.closed_at.is_none()) {
        return Ok(());
    }
    let problem = format!("unit: there is no open unit {id}; add it first");
    Err(NodeError::Invalid(problem))
}

fn unit_name(text: &str) -> Result<String, NodeError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let usable = !name.is_empty()
        && name.chars().count() <= UNIT_NAME_CHARACTERS
        && !name.contains(|c: char| c.is_control());
    let problem = format!("name: expected one line of 1 to {UNIT_NAME_CHARACTERS} characters");
    usable.then_some(name).ok_or(NodeError::Invalid(problem))
}

fn unit(row: UnitRow) -> Result<Unit, NodeError> {
    let id = |text: &str| store::read(text.parse::<UnitId>());
    Ok(Unit {
        id: id(&row.id)?,
        parent: row.parent.as_deref().map(id).transpose()?,
        name: row.name,
        closed_at: row.closed_at,
    })
}

#[cfg(test)]
mod tests {
    use lapor_web::accounts::NewAccount;

    use super::*;
    use crate::staff::StaffError;
    use crate::testing::{NOW, Place, databases};

    fn id(text: &str) -> UnitId {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn units_are_a_tree_of_two_levels() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let add = async |unit: &str, parent: Option<&str>| {
                let parent = parent.map(id);
                node.add_unit("test", &id(unit), " Dinas  PU ", parent.as_ref())
                    .await
            };
            assert_eq!(add("dinas-pu", None).await.unwrap().name, "Dinas PU");
            add("bina-marga", Some("dinas-pu")).await.unwrap();
            add("camat", None).await.unwrap();
            for (unit, parent) in [
                ("dinas-pu", None),
                ("seksi", Some("bina-marga")),
                ("seksi", Some("tidak-ada")),
            ] {
                let refused = add(unit, parent).await;
                assert!(
                    matches!(refused, Err(NodeError::Invalid(_))),
                    "{unit} {parent:?}"
                );
            }
            let listed = node.units().await.unwrap();
            let order: Vec<&str> = listed.iter().map(|unit| unit.id.as_str()).collect();
            assert_eq!(order, ["camat", "dinas-pu", "bina-marga"]);
        }
    }

    #[tokio::test]
    async fn a_unit_closes_when_nobody_works_there() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let (office, part) = (id("dinas-pu"), id("bina-marga"));
            node.add_unit("test", &office, "Dinas PU", None)
                .await
                .unwrap();
            node.add_unit("test", &part, "Bina Marga", Some(&office))
                .await
                .unwrap();
            assert!(
                node.close_unit("test", &office).await.is_err(),
                "it has a part"
            );
            let new = NewAccount {
                login: "siti@bandung.go.id",
                name: "Siti",
                role: "officer",
                unit: Some("bina-marga"),
            };
            let (account, _) = node.create_account("test", &new).await.unwrap();
            assert!(
                node.close_unit("test", &part).await.is_err(),
                "somebody works there"
            );
            node.accounts().disable("test", &account.id).await.unwrap();
            node.rename_unit("test", &part, "Bina Marga dan SDA")
                .await
                .unwrap();
            node.close_unit("test", &part).await.unwrap();
            node.close_unit("test", &office).await.unwrap();
            let again = node.close_unit("test", &office).await;
            assert!(matches!(again, Err(NodeError::NotFound { .. })));
            let late = NewAccount {
                login: "budi@bandung.go.id",
                ..new
            };
            let refused = node.create_account("test", &late).await;
            assert!(matches!(
                refused,
                Err(StaffError::Node(NodeError::Invalid(_)))
            ));
            let unknown = node.rename_unit("test", &id("lain"), "Lain").await;
            assert!(matches!(unknown, Err(NodeError::NotFound { .. })));
            assert_eq!(place.audited("unit.closed").await.len(), 2);
        }
    }

    #[tokio::test]
    async fn nobody_comes_into_a_unit_that_is_closed_meanwhile() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let office = id("dinas-pu");
            let added = node.add_unit("test", &office, "Dinas PU", None);
            added.await.unwrap();
            let siti = NewAccount {
                login: "siti@bandung.go.id",
                name: "Siti",
                role: "officer",
                unit: None,
            };
            let (account, _) = node.create_account("test", &siti).await.unwrap();
            let moved = NewAccount {
                unit: Some("dinas-pu"),
                ..siti
            };
            let budi = NewAccount {
                login: "budi@bandung.go.id",
                name: "Budi",
                ..moved
            };
            let mut tx = node.write_tx().await.unwrap();
            let closing = async {
                // Whoever looks before the others have written has looked by then.
                for _ in 0..50 {
                    node.units().await.unwrap();
                }
                store::units::close(&mut tx, office.as_str(), NOW)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
            };
            let (made, changed, ()) = tokio::join!(
                node.create_account("test", &budi),
                node.change_account("test", &account.id, &moved),
                closing
            );
            for refused in [made.err(), changed.err()] {
                let Some(StaffError::Node(NodeError::Invalid(problem))) = &refused else {
                    panic!("{refused:?}");
                };
                assert!(problem.starts_with("unit"), "{problem}");
            }
            let all = node.accounts().list().await.unwrap();
            assert_eq!((all.len(), &all[0].unit), (1, &None));
        }
    }

    #[test]
    fn a_unit_has_a_plain_name_for_ever() {
        for bad in ["", "-a", "a-", "Dinas", "dinas pu", "é", &"x".repeat(41)] {
            assert!(bad.parse::<UnitId>().is_err(), "{bad}");
        }
    }
}
