//! What stands on the hub's disk, read while the hub runs: the only source of
//! what the demo says about messages.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use lapor_hub::store;
use lapor_migrations::{Db, DbOptions, Schema, on};

use super::folder::Folder;

const RULED: &str = "select e.author, e.message_id, e.kind, r.case_id, r.case_seq, r.leg, r.effect \
     from envelopes e join rulings r on r.number = e.number order by e.number, r.leg";

/// The database of the hub.
pub struct Ledger {
    db: Db,
}

/// The database of a node.
pub async fn node_database(folder: &Folder, slug: &str) -> anyhow::Result<Db> {
    let settings = lapor_node::settings::Settings::load(&folder.node_config(slug))?;
    let db = Db::open(&settings.database.url, Schema::Node, &DbOptions::default()).await;
    db.with_context(|| format!("the database of {slug} cannot be read"))
}

/// An accepted message with what the hub ruled; a link has two.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Ruled {
    pub author: String,
    pub message_id: String,
    pub kind: String,
    pub case_id: Option<String>,
    pub case_seq: Option<i64>,
    pub leg: i64,
    pub effect: String,
}

impl Ruled {
    pub fn applied(&self) -> bool {
        self.effect == "applied"
    }
}

impl Ledger {
    pub async fn open(folder: &Folder) -> anyhow::Result<Self> {
        let settings = lapor_hub::settings::Settings::load(&folder.hub_config())?;
        let db = Db::open(&settings.database.url, Schema::Hub, &DbOptions::default()).await;
        let db = db.context("the hub's database cannot be read")?;
        Ok(Self { db })
    }

    pub async fn close(self) {
        self.db.close().await;
    }

    pub fn db(&self) -> &Db {
        &self.db
    }

    pub async fn directory_version(&self) -> anyhow::Result<u64> {
        let mut tx = self.db.read().await?;
        Ok(store::directory::latest(&mut tx).await?)
    }

    /// Last item of each recipient's stream.
    pub async fn heads(&self) -> anyhow::Result<BTreeMap<String, u64>> {
        let mut tx = self.db.read().await?;
        let heads = store::deliveries::heads(&mut tx).await?;
        Ok(heads
            .into_iter()
            .map(|(to, head)| (to.column().to_owned(), head.dseq))
            .collect())
    }

    /// Every message in the hub's order.
    pub async fn ruled(&self) -> anyhow::Result<Vec<Ruled>> {
        let mut tx = self.db.read().await?;
        let rows = on!(&mut tx, conn => sqlx::query_as(RULED).fetch_all(conn).await)?;
        Ok(rows)
    }
}

/// The same messages, asked in the ways that the counts need.
pub struct Ruling {
    pub all: Vec<Ruled>,
    /// Ids of messages that were applied, with how often. A link's second leg is no second time.
    pub applied: BTreeMap<(String, String), usize>,
    /// Highest place in each case.
    pub last_seq: BTreeMap<String, u64>,
}

impl Ruling {
    pub fn of(all: Vec<Ruled>) -> Self {
        let mut applied = BTreeMap::new();
        let mut last_seq = BTreeMap::new();
        for row in &all {
            if row.leg == 0 && row.applied() {
                let key = (row.author.clone(), row.message_id.clone());
                *applied.entry(key).or_default() += 1;
            }
            if let (Some(case), Some(seq)) = (&row.case_id, row.case_seq) {
                let last = last_seq.entry(case.clone()).or_default();
                *last = seq.cast_unsigned().max(*last);
            }
        }
        Self {
            all,
            applied,
            last_seq,
        }
    }

    /// Messages of a kind that were applied.
    pub fn count(&self, kind: &str) -> usize {
        self.first_legs()
            .filter(|row| row.kind == kind && row.applied())
            .count()
    }

    pub fn messages(&self) -> usize {
        self.first_legs().count()
    }

    pub fn of_author(&self, author: &str) -> usize {
        self.first_legs().filter(|row| row.author == author).count()
    }

    /// Ids that some effect belongs to, whoever the author.
    pub fn applied_ids(&self) -> BTreeSet<&str> {
        self.applied.keys().map(|(_, id)| id.as_str()).collect()
    }

    pub fn first_legs(&self) -> impl Iterator<Item = &Ruled> {
        self.all.iter().filter(|row| row.leg == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, kind: &str, leg: i64, seq: i64, effect: &str) -> Ruled {
        Ruled {
            author: "pusat".into(),
            message_id: id.into(),
            kind: kind.into(),
            case_id: Some("case".into()),
            case_seq: Some(seq),
            leg,
            effect: effect.into(),
        }
    }

    #[test]
    fn a_second_leg_is_no_second_effect_and_a_second_row_is() {
        let ruling = Ruling::of(vec![
            row("a", "report.filed", 0, 1, "applied"),
            row("b", "case.linked", 0, 2, "applied"),
            row("b", "case.linked", 1, 7, "applied"),
            row("c", "case.disposed", 0, 3, "stale"),
            row("d", "case.disposed", 0, 4, "applied"),
            row("d", "case.disposed", 0, 5, "applied"),
        ]);
        assert_eq!(ruling.messages(), 5);
        assert_eq!(ruling.count("case.disposed"), 2);
        assert_eq!(ruling.last_seq["case"], 7);
        let times = |id: &str| {
            ruling
                .applied
                .get(&("pusat".to_owned(), id.to_owned()))
                .copied()
        };
        assert_eq!(
            (times("b"), times("c"), times("d")),
            (Some(1), None, Some(2))
        );
    }
}
