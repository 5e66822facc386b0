//! The index of the words of cases: stems only, erased with the case.
//!
//! One table on both databases; SQLite keeps an FTS5 index beside it with triggers, PostgreSQL two
//! generated columns. Only the texts that ask the index differ.

use lapor_migrations::{Bulk, Composed, Kind, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;
use super::lists::{Condition, Limits, limit};

/// The stems of a case, each field joined by blanks.
#[derive(Clone, Default, PartialEq, Eq, FromRow)]
pub struct TextRow {
    pub case_id: String,
    pub title: String,
    /// What the public reads beside the title.
    pub body: String,
    pub inside: String,
}

impl std::fmt::Debug for TextRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TextRow(..)")
    }
}

static DUE: Bulk = Bulk::new(
    "insert into texts_due (case_id, asked) values",
    2,
    "on conflict (case_id) do update set asked = texts_due.asked + 1",
);

/// Notes that the words of these cases have changed.
pub async fn ask<'a>(tx: &mut Tx, cases: impl Iterator<Item = &'a str>) -> Stored<()> {
    let rows = cases.flat_map(|case| [Value::from(case), Value::from(1)]);
    tx.run_rows(&DUE, rows.collect()).await.map(drop)
}

/// Cases whose words are to be read again, with how often that was asked.
pub async fn due(tx: &mut Tx, limit: i64) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select case_id, asked from texts_due order by case_id limit $1";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

static STILL: Bulk = Bulk::new(
    "with v (case_id, asked) as (values",
    2,
    ") select d.case_id from v join texts_due d on d.case_id = v.case_id and d.asked = v.asked
        join cases c on c.case_id = d.case_id where c.erased = 0",
);

/// Of these, the cases that nobody has asked for again and whose words are not erased: case, asked.
pub async fn still_due(tx: &mut Tx, rows: Vec<Value>) -> Stored<Vec<String>> {
    let rows: Vec<(String,)> = tx.fetch_rows(&STILL, rows).await?;
    Ok(rows.into_iter().map(|(case,)| case).collect())
}

static DONE: Bulk = Bulk::new(
    "with v (case_id, asked) as (values",
    2,
    ") delete from texts_due where case_id in (select d.case_id from v
        join texts_due d on d.case_id = v.case_id and d.asked = v.asked)",
);

/// Takes those off the list that nobody has asked for again: case, asked.
pub async fn done(tx: &mut Tx, rows: Vec<Value>) -> Stored<()> {
    tx.run_rows(&DONE, rows).await.map(drop)
}

static PUT: Bulk = Bulk::new(
    "insert into case_texts (number, case_id, title, body, inside) values",
    5,
    "on conflict (case_id) do update set title = excluded.title, body = excluded.body,
        inside = excluded.inside
        where case_texts.title <> excluded.title or case_texts.body <> excluded.body
        or case_texts.inside <> excluded.inside",
);

/// Writes texts; a new one comes behind all others. One that is there already is not written again:
/// the index erases each of its stems before it takes them in anew. Gives how many were written.
pub async fn put(tx: &mut Tx, rows: &[TextRow]) -> Stored<u64> {
    const LAST: &str = "select coalesce(max(number), 0) from case_texts";
    let last: i64 = on!(&mut *tx, c => sqlx::query_scalar(LAST).fetch_one(c).await)?;
    let values = rows.iter().zip(last + 1..).flat_map(|(row, number)| {
        [
            Value::from(number),
            row.case_id.as_str().into(),
            row.title.as_str().into(),
            row.body.as_str().into(),
            row.inside.as_str().into(),
        ]
    });
    tx.run_rows(&PUT, values.collect()).await
}

pub async fn forget(tx: &mut Tx, case_id: &str) -> Stored<()> {
    const SQL: &str = "delete from case_texts where case_id = $1";
    on!(tx, c => sqlx::query(SQL).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// What is looked for, in the language of this database's index.
#[derive(Clone)]
pub struct Expression(pub String);

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Expression(..)")
    }
}

/// Of cases that fit, at most this many, those indexed last, are looked at: a word that is in
/// every second report costs no more than a rare one.
const LOOKED_AT: i64 = 1000;

// Each database has an index of words of its own. Both give the newest fits first, and what they
// weigh is decided elsewhere, so that both rank alike. `cross join` pins the order to SQLite, which
// knows nothing of how rare a word is: it would rather ask the index again for each case, seconds
// instead of milliseconds for 100,000 of them.
const SQLITE: &str = "select t.case_id, t.title, t.body, t.inside
    from case_index i cross join case_texts t cross join cases
    where i.case_index match {} and t.number = i.rowid and cases.case_id = t.case_id";
const SQLITE_END: &str = " order by i.rowid desc limit {}";
// Where few cases can fit at all, each of them is looked up among what the index finds: a common
// word in a region where little happens would else be followed through every report. `+` keeps
// SQLite from going through the whole find for each case.
const SQLITE_FEW: &str = "select t.case_id, t.title, t.body, t.inside
    from cases cross join case_texts t
    where t.case_id = cases.case_id
        and +t.number in (select rowid from case_index where case_index match {})";
const SQLITE_FEW_END: &str = " order by t.number desc limit {}";
/// So many cases at most are few.
const FEW: i64 = 5000;
const POSTGRES: &str = "select t.case_id, t.title, t.body, t.inside
    from case_texts t join cases on cases.case_id = t.case_id
    where t.everything @@ to_tsquery('simple', {})";
const POSTGRES_OUTSIDE: &str = "select t.case_id, t.title, t.body, t.inside
    from case_texts t join cases on cases.case_id = t.case_id
    where t.outside @@ to_tsquery('simple', {})";
const POSTGRES_END: &str = " order by t.number desc limit {}";

/// Whose index is asked, and what may be seen of it.
#[derive(Debug, Clone, Copy)]
pub enum Reach<'a> {
    Desk(Limits<'a>),
    /// Public cases, by the words that the public reads.
    Public,
}

/// Texts that fit, those indexed last first.
pub async fn fits(
    tx: &mut Tx,
    asked: &Expression,
    reach: Reach<'_>,
    conditions: &[Condition<'_>],
) -> Stored<Vec<TextRow>> {
    let few = tx.kind() == Kind::Sqlite
        && !conditions.is_empty()
        && are_few(tx, reach, conditions).await?;
    let mut query = Composed::new("");
    let asks = if few {
        (SQLITE_FEW, SQLITE_FEW_END)
    } else {
        asks(tx.kind(), reach)
    };
    ask_index(&mut query, asks, asked, reach, conditions);
    tx.fetch_composed(query).await
}

/// Whether the conditions alone leave few cases. PostgreSQL knows that by itself.
async fn are_few(tx: &mut Tx, reach: Reach<'_>, conditions: &[Condition<'_>]) -> Stored<bool> {
    let mut query = Composed::new("select count(*) from (select 1 from cases where true");
    narrow(&mut query, reach, conditions);
    query.add(" limit {}) as fitting", [(FEW + 1).into()]);
    let counted: Vec<(i64,)> = tx.fetch_composed(query).await?;
    Ok(counted.first().is_some_and(|(count,)| *count <= FEW))
}

/// How a question to the index begins and ends.
fn asks(kind: Kind, reach: Reach<'_>) -> (&'static str, &'static str) {
    match (kind, reach) {
        (Kind::Sqlite, _) => (SQLITE, SQLITE_END),
        (Kind::Postgres, Reach::Desk(_)) => (POSTGRES, POSTGRES_END),
        (Kind::Postgres, Reach::Public) => (POSTGRES_OUTSIDE, POSTGRES_END),
    }
}

fn ask_index(
    query: &mut Composed,
    (text, end): (&'static str, &'static str),
    asked: &Expression,
    reach: Reach<'_>,
    conditions: &[Condition<'_>],
) {
    query.add(text, [asked.0.as_str().into()]);
    narrow(query, reach, conditions);
    query.add(end, [LOOKED_AT.into()]);
}

fn narrow(query: &mut Composed, reach: Reach<'_>, conditions: &[Condition<'_>]) {
    match reach {
        Reach::Desk(limits) => limit(query, limits),
        Reach::Public => query.add(" and public = 1", []),
    }
    for condition in conditions {
        condition.add_to(query);
    }
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;

    use super::*;
    use crate::testing::databases;

    #[tokio::test]
    async fn a_text_that_is_there_already_is_not_written_again() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let mut row = TextRow {
                case_id: "x".to_owned(),
                title: "jalan rusak".to_owned(),
                ..TextRow::default()
            };
            let one = |row: &TextRow| std::slice::from_ref(row).to_vec();
            assert_eq!(put(&mut tx, &one(&row)).await, Ok(1));
            assert_eq!(put(&mut tx, &one(&row)).await, Ok(0));
            row.inside = "catat".to_owned();
            assert_eq!(put(&mut tx, &one(&row)).await, Ok(1));
        }
    }

    /// What a query costs shows on a large node only, how SQLite goes about it on an empty one.
    #[tokio::test]
    async fn sqlite_asks_the_index_of_words_once_and_sorts_nothing() {
        let units = ["dishub".to_owned(), "dishub-lampu".to_owned()];
        let desk = Limits {
            secrets: false,
            units: Some(&units),
            regions: None,
        };
        let asked = Expression("\"jalan\"".to_owned());
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.read().await.unwrap();
            for reach in [Reach::Desk(desk), Reach::Public] {
                for condition in [
                    Condition::Tray("new"),
                    Condition::Province("32"),
                    Condition::Failed,
                    Condition::Case("x"),
                ] {
                    let told = format!("{reach:?} {condition:?}");
                    if tx.kind() == Kind::Postgres {
                        let found = fits(&mut tx, &asked, reach, &[condition]).await;
                        assert_eq!(found, Ok(vec![]), "{told}");
                        continue;
                    }
                    let mut query = Composed::new("explain query plan ");
                    ask_index(
                        &mut query,
                        asks(tx.kind(), reach),
                        &asked,
                        reach,
                        &[condition],
                    );
                    let plan: Vec<(i64, i64, i64, String)> =
                        tx.fetch_composed(query).await.unwrap();
                    let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
                    assert!(
                        steps[0].starts_with("SCAN i VIRTUAL TABLE"),
                        "{told}: {steps:?}"
                    );
                    let sorted = steps.iter().any(|step| step.contains("TEMP B-TREE"));
                    assert!(!sorted, "{told}: {steps:?}");
                }
            }
        }
    }

    #[tokio::test]
    async fn sqlite_asks_the_index_of_words_once_where_few_cases_can_fit() {
        let asked = Expression("\"jalan\"".to_owned());
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.read().await.unwrap();
            if tx.kind() == Kind::Postgres {
                continue;
            }
            let mut query = Composed::new("explain query plan ");
            let few = (SQLITE_FEW, SQLITE_FEW_END);
            ask_index(
                &mut query,
                few,
                &asked,
                Reach::Public,
                &[Condition::Province("32")],
            );
            let plan: Vec<(i64, i64, i64, String)> = tx.fetch_composed(query).await.unwrap();
            let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
            assert!(steps[0].contains("cases_public_province"), "{steps:?}");
            assert!(steps[1].contains("(case_id=?)"), "{steps:?}");
            assert!(steps[2].starts_with("LIST SUBQUERY"), "{steps:?}");
            let desk = Reach::Desk(Limits {
                secrets: false,
                units: None,
                regions: None,
            });
            let place = [
                Condition::FiledFrom(0),
                Condition::Open,
                Condition::Province("32"),
                Condition::Regency("32.73"),
            ];
            let mut query = Composed::new("explain query plan ");
            ask_index(&mut query, few, &asked, desk, &place);
            let plan: Vec<(i64, i64, i64, String)> = tx.fetch_composed(query).await.unwrap();
            assert!(
                plan[0]
                    .3
                    .contains("cases_open_in (province=? AND regency=?"),
                "{plan:?}"
            );
        }
    }
}
