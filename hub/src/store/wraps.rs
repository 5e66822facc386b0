//! Content keys wrapped to parties, by what they open and by who wrapped them.

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::keys::KeyId;
use lapor_protocol::seal::{Subject, Wrap};

use super::{damaged, id};

static SAVE: Bulk = Bulk::new(
    "insert into wraps (subject, recipient, kid, author, case_id, number, wrap) values",
    7,
    "on conflict (subject, recipient, kid, author) do update set number = excluded.number, wrap = excluded.wrap",
);
static OF_CASES: Bulk = Bulk::new(
    "with v (case_id, recipient) as (values",
    2,
    ") select w.case_id, w.subject, w.number, w.wrap from v \
     join wraps w on w.case_id = v.case_id and w.recipient = v.recipient",
);
const HOLDERS: &str = "select recipient, kid from wraps where case_id = $1 and subject = $2";
const FORGET: &str = "delete from wraps where case_id = $1";

/// A wrap on its way into the table.
#[derive(Debug)]
pub struct NewWrap {
    pub subject: Subject,
    pub author: InstanceId,
    pub case: CaseId,
    /// The envelope beside which it came, if it came beside one.
    pub number: Option<i64>,
    pub wrap: Wrap,
}

/// A wrap for one recipient, and what it belongs to.
#[derive(Debug)]
pub struct StoredWrap {
    pub case: CaseId,
    pub subject: String,
    pub number: Option<i64>,
    /// JSON of the wrap.
    pub wrap: String,
}

pub async fn save(tx: &mut Tx, rows: Vec<NewWrap>) -> Result<(), DbError> {
    // One statement must not touch a row twice, which PostgreSQL refuses.
    let mut last = std::collections::BTreeMap::new();
    for row in rows {
        let key = (
            row.subject,
            row.wrap.recipient.clone(),
            row.wrap.kid.clone(),
            row.author.clone(),
        );
        last.insert(key, row);
    }
    let mut values = Vec::with_capacity(last.len() * 7);
    for row in last.into_values() {
        values.extend([
            Value::from(row.subject.to_string()),
            row.wrap.recipient.as_str().into(),
            row.wrap.kid.as_str().into(),
            row.author.as_str().into(),
            row.case.to_string().into(),
            row.number.into(),
            serde_json::to_string(&row.wrap).map_err(damaged)?.into(),
        ]);
    }
    tx.run_rows(&SAVE, values).await.map(drop)
}

/// All wraps for one recipient in these cases.
pub async fn of_cases(
    tx: &mut Tx,
    recipient: &InstanceId,
    cases: impl IntoIterator<Item = CaseId>,
) -> Result<Vec<StoredWrap>, DbError> {
    let values = cases
        .into_iter()
        .flat_map(|case| [Value::from(case.to_string()), recipient.as_str().into()]);
    let rows: Vec<(String, String, Option<i64>, String)> =
        tx.fetch_rows(&OF_CASES, values.collect()).await?;
    rows.into_iter()
        .map(|(case, subject, number, wrap)| {
            Ok(StoredWrap {
                case: id(&case)?,
                subject,
                number,
                wrap,
            })
        })
        .collect()
}

/// Who has the case's content key wrapped to which sealing key.
pub async fn holders(tx: &mut Tx, case: CaseId) -> Result<Vec<(InstanceId, KeyId)>, DbError> {
    let rows: Vec<(String, String)> = on!(tx, conn => sqlx::query_as(HOLDERS)
        .bind(case.to_string())
        .bind(Subject::Case(case).to_string())
        .fetch_all(conn)
        .await)?;
    rows.into_iter()
        .map(|(recipient, kid)| Ok((id(&recipient)?, KeyId::from_text(kid))))
        .collect()
}

/// Erases every wrap of a redacted case.
pub async fn forget(tx: &mut Tx, case: CaseId) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET).bind(case.to_string()).execute(conn).await.map(drop))?;
    Ok(())
}
