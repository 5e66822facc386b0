//! The editions of the institution's own tree: each change makes one, the last is in force, and any
//! that is kept can be put in force again. As a table it goes into a spreadsheet and comes back.

use std::collections::BTreeSet;

use lapor_migrations::Tx;
use lapor_protocol::kinds::Category;
use lapor_web::table::{RowError, harmless, rows};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::local::{MOST, NewLocalCategory, check_known, named};
use super::{Categories, LocalCategories};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Editions that are kept.
const KEPT: i64 = 100;

/// An edition of the local tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalEdition {
    pub number: i64,
    /// Unix ms.
    pub at: i64,
    /// Who made it, as the audit log has it.
    pub actor: String,
}

/// Why a line of a table cannot be a local category.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongLine {
    /// It has not the two columns `lokal` and `nasional`.
    Columns,
    /// A quotation mark that opens a cell is not closed.
    Unclosed,
    /// No name, or one that is too long.
    Name,
    /// The edition in force has no such category.
    Unknown(String),
    /// The name stands in an earlier line.
    Twice(String),
}

/// Why a table is no tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WrongTable {
    /// It has more lines than a tree may have.
    Long,
    /// These lines are wrong.
    Lines(Vec<(u64, WrongLine)>),
}

#[derive(Deserialize)]
struct Row {
    #[serde(alias = "local")]
    lokal: String,
    #[serde(alias = "category")]
    nasional: String,
}

/// Reads a table with the columns `lokal` and `nasional`; commas or semicolons between them.
/// Everything that is wrong is told, with its line.
pub fn read_table(text: &str, known: &Categories) -> Result<Vec<NewLocalCategory>, WrongTable> {
    let (mut tree, mut wrong) = (Vec::<NewLocalCategory>::new(), Vec::new());
    let mut names = BTreeSet::new();
    for (line, row) in rows::<Row>(text) {
        if tree.len() + wrong.len() >= MOST {
            return Err(WrongTable::Long);
        }
        match row
            .map_err(|wrong| match wrong {
                RowError::Unclosed => WrongLine::Unclosed,
                RowError::Columns { .. } | RowError::Other(_) => WrongLine::Columns,
            })
            .and_then(|row| judged(&row, known))
        {
            Ok(new) if !names.insert(new.local.clone()) => {
                wrong.push((line, WrongLine::Twice(new.local)));
            }
            Ok(new) => tree.push(new),
            Err(problem) => wrong.push((line, problem)),
        }
    }
    if wrong.is_empty() {
        Ok(tree)
    } else {
        Err(WrongTable::Lines(wrong))
    }
}

fn judged(row: &Row, known: &Categories) -> Result<NewLocalCategory, WrongLine> {
    let name = row.lokal.strip_prefix('\'').unwrap_or(&row.lokal);
    let local = named(name).map_err(|_| WrongLine::Name)?.to_owned();
    let unknown = || WrongLine::Unknown(row.nasional.clone());
    let category = Category::try_from(row.nasional.clone()).map_err(|_| unknown())?;
    if !known.knows(&category) {
        return Err(unknown());
    }
    Ok(NewLocalCategory { local, category })
}

/// The tree as such a table.
pub fn write_table(tree: &[(String, String)]) -> Result<String, NodeError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(["lokal", "nasional"])
        .map_err(NodeError::damaged)?;
    for (local, category) in tree {
        let cells = [harmless(local), harmless(category)];
        let cells = cells.iter().map(|cell| cell.as_bytes());
        writer.write_record(cells).map_err(NodeError::damaged)?;
    }
    let bytes = writer.into_inner().map_err(NodeError::damaged)?;
    String::from_utf8(bytes).map_err(NodeError::damaged)
}

impl LocalCategories {
    /// Local names with national categories, as a table has them.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let all = self.local.iter();
        all.map(|one| (one.local.clone(), one.category.as_str().to_owned()))
            .collect()
    }
}

impl Node {
    /// Puts a whole tree in force. Cases keep the names that they have.
    pub async fn replace_local_categories(
        &self,
        tree: &[NewLocalCategory],
        actor: &str,
    ) -> Result<(), NodeError> {
        let known = self.categories().await?;
        let mut pairs: Vec<(String, String)> = Vec::with_capacity(tree.len());
        let mut names = BTreeSet::new();
        for new in tree {
            check_known(&known, new)?;
            let local = named(&new.local)?.to_owned();
            if !names.insert(local.clone()) {
                return Err(NodeError::Invalid(format!("local: {local} stands twice")));
            }
            pairs.push((local, new.category.as_str().to_owned()));
        }
        let detail = format!("{} local categories", pairs.len());
        self.change_tree(actor, ("category.tree", &detail), |tree| {
            *tree = pairs;
            Ok(())
        })
        .await
    }

    /// The editions that are kept, latest first.
    pub async fn local_editions(&self) -> Result<Vec<LocalEdition>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::categories::editions(&mut tx).await?;
        let all = rows.into_iter();
        Ok(all
            .map(|(number, at, actor)| LocalEdition { number, at, actor })
            .collect())
    }

    /// The tree as it was in an edition: local names with national categories.
    pub async fn local_edition(&self, number: i64) -> Result<Vec<(String, String)>, NodeError> {
        let mut tx = self.read_tx().await?;
        let kept = store::categories::edition(&mut tx, number).await?;
        let kept = kept.ok_or_else(|| NodeError::not_found("edition", &number))?;
        store::read(serde_json::from_str(&kept))
    }

    /// Puts the tree of an edition in force again, as a new one.
    pub async fn restore_local_edition(&self, number: i64, actor: &str) -> Result<(), NodeError> {
        let pairs = self.local_edition(number).await?;
        let detail = format!("edition {number} again");
        self.change_tree(actor, ("category.tree", &detail), |tree| {
            *tree = pairs;
            Ok(())
        })
        .await
    }

    /// Changes the tree in one transaction, with the edition that it makes.
    pub(super) async fn change_tree(
        &self,
        actor: &str,
        (action, detail): (&str, &str),
        change: impl FnOnce(&mut Vec<(String, String)>) -> Result<(), NodeError> + Send,
    ) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let mut tree = store::categories::all(&mut tx).await?;
        change(&mut tree)?;
        if tree.len() > MOST {
            return Err(NodeError::Invalid(format!(
                "local: at most {MOST} local categories can be mapped; take away those that are not used"
            )));
        }
        store::categories::replace(&mut tx, &tree).await?;
        keep_edition(&mut tx, &tree, now, actor).await?;
        store::audit::add(&mut tx, now, actor, action, None, detail).await?;
        Ok(tx.commit().await?)
    }
}

async fn keep_edition(
    tx: &mut Tx,
    tree: &[(String, String)],
    now: i64,
    actor: &str,
) -> Result<(), NodeError> {
    let (last, _) = store::categories::last_edition(tx).await?;
    let text = serde_json::to_string(tree).map_err(NodeError::damaged)?;
    Ok(store::categories::add_edition(tx, (last + 1, now, actor), &text, KEPT).await?)
}

#[cfg(test)]
mod tests {

    use super::super::LOCAL_CHARS;
    use super::*;
    use crate::testing::{Place, databases};

    #[tokio::test]
    async fn every_change_of_the_tree_is_an_edition_that_can_come_back() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let (node, known) = (&place.node, place.node.categories().await.unwrap());
            let table = "\u{feff}lokal;nasional\nParkir/Liar;Perhubungan/Parkir Liar\n\
                Jalan;Pekerjaan Umum dan Penataan Ruang\nParkir/Resmi;Perhubungan\n";
            let tree = read_table(table, &known).unwrap();
            node.replace_local_categories(&tree, "siti").await.unwrap();
            let now = node.local_categories().await.unwrap();
            assert_eq!((now.edition, now.local.len()), (1, 3));
            let roots = now.roots();
            assert_eq!(
                (roots[0].0, roots[0].1.len(), roots[1].0),
                ("Parkir", 2, "Jalan")
            );
            let only = now
                .only_for(&tree[0].category)
                .map(|one| one.local.as_str());
            assert_eq!(only, Some("Parkir/Liar"));
            let again = write_table(&now.pairs()).unwrap();
            assert_eq!(read_table(&again, &known).unwrap(), tree);

            node.unmap_category("Jalan", "siti").await.unwrap();
            assert_eq!(node.local_categories().await.unwrap().local.len(), 2);
            node.restore_local_edition(1, "siti").await.unwrap();
            let back = node.local_categories().await.unwrap();
            assert_eq!((back.edition, back.pairs()), (3, now.pairs()));
            let kept = node.local_editions().await.unwrap();
            assert_eq!(
                kept.iter().map(|one| one.number).collect::<Vec<_>>(),
                [3, 2, 1]
            );
            assert_eq!(place.audited("category.tree").await.len(), 2);
        }
    }

    #[tokio::test]
    async fn a_table_is_refused_with_every_line_that_is_wrong() {
        let db = databases().await.remove(0);
        let place = Place::joined("kota-bandung", db).await;
        let known = place.node.categories().await.unwrap();
        let long = "a".repeat(LOCAL_CHARS + 1);
        let table = format!(
            "lokal,nasional\nA,Kesehatan\nA,Kesehatan\nB,Tidak Ada\n,Kesehatan\n{long},Kesehatan\nC\n"
        );
        let wrong = read_table(&table, &known).unwrap_err();
        let expected = [
            (3, WrongLine::Twice("A".into())),
            (4, WrongLine::Unknown("Tidak Ada".into())),
            (5, WrongLine::Name),
            (6, WrongLine::Name),
            (7, WrongLine::Columns),
        ];
        assert_eq!(wrong, WrongTable::Lines(expected.into()));
        let open = "lokal,nasional\nA,Kesehatan\n\"B,Kesehatan\nC,Kesehatan\n";
        let wrong = read_table(open, &known).unwrap_err();
        assert_eq!(wrong, WrongTable::Lines(vec![(3, WrongLine::Unclosed)]));
        let lines = (0..=MOST).map(|n| format!("K{n},Kesehatan\n"));
        let long = format!("lokal,nasional\n{}", lines.collect::<String>());
        let refused = read_table(&long, &known).unwrap_err();
        assert_eq!(refused, WrongTable::Long);
    }
}
