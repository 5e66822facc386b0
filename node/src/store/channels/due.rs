//! Cases that have changed and whose reporter may have to be told by a channel.

use lapor_migrations::{Bulk, Tx, Value, on};

use crate::store::Stored;

static ASK: Bulk = Bulk::new(
    "with v (case_id, half) as (values",
    2,
    ") insert into channel_due (case_id, asked) select v.case_id, 1 from v
        where v.half = 1 or exists (select 1 from channel_cases c where c.case_id = v.case_id)
        group by v.case_id
        on conflict (case_id) do update set asked = channel_due.asked + 1",
);

/// Cases have changed, each with 1 if it is a half that was split off, and with 0 if not.
pub async fn ask(tx: &mut Tx, cases: Vec<Value>) -> Stored<()> {
    tx.run_rows(&ASK, cases).await.map(drop)
}

/// Some of them, with a number that settles each.
pub async fn due(tx: &mut Tx, after: &str, limit: i64) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select case_id, asked from channel_due where case_id > $1
        order by case_id limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(after).bind(limit).fetch_all(c).await)?)
}

/// It has been told, unless the case has changed again.
pub async fn settle(tx: &mut Tx, case: &str, asked: i64) -> Stored<()> {
    const SQL: &str = "delete from channel_due where case_id = $1 and asked = $2";
    on!(tx, c => sqlx::query(SQL).bind(case).bind(asked).execute(c).await.map(drop))?;
    Ok(())
}
