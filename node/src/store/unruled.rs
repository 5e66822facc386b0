//! Own messages of a case of which no ruling is known yet: what this node shows as pending, and how
//! many they are.

use lapor_migrations::{Bulk, Legible, Tx, Value, on};

use super::Stored;

/// Drafts of a case (as first or second case) that are not ruled yet, oldest first; while its birth is
/// quarantined, with those that are too. Each half has its index; `or` would read every draft that is
/// not ruled.
pub async fn of_case(tx: &mut Tx, case_id: &str) -> Stored<Vec<String>> {
    const SQL: &str = "select d.draft from (
            select number, state from outbox where case_id = $1
            union
            select number, state from outbox where other_case = $1
        ) of_case
            join outbox_drafts d on d.number = of_case.number
        where of_case.state in ('pending', 'sealed', 'accepted')
            or (of_case.state = 'quarantined' and exists (
                select 1 from outbox
                    where case_id = $1 and kind = 'report.filed' and state = 'quarantined'
                union all
                select 1 from outbox
                    where other_case = $1 and kind = 'case.split' and state = 'quarantined'
            ))
        order by of_case.number";
    let drafts: Vec<Legible<String>> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(case_id).fetch_all(c).await)?;
    Ok(drafts.into_iter().map(Legible::text).collect())
}

static UNRULED_BIRTHS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select of_cases.of_case, d.draft from (
            select v.case_id as of_case, number, state, kind
                from v join outbox on outbox.case_id = v.case_id
            union
            select v.case_id as of_case, number, state, kind
                from v join outbox on outbox.other_case = v.case_id
        ) of_cases cross join outbox_drafts d
        where d.number = of_cases.number
            and of_cases.state in ('pending', 'sealed', 'accepted', 'quarantined')
            and of_cases.kind in ('report.filed', 'case.split')
        order by of_cases.number",
);

/// Drafts with which the named cases (as first or second case) may begin and that are not ruled yet,
/// quarantined ones included, the oldest first: case and draft.
pub async fn births(tx: &mut Tx, cases: Vec<Value>) -> Stored<Vec<(String, String)>> {
    let rows: Vec<(String, Legible<String>)> = tx.fetch_rows(&UNRULED_BIRTHS, cases).await?;
    let rows = rows.into_iter();
    Ok(rows.map(|(case, draft)| (case, draft.text())).collect())
}

/// What is not ruled lies behind the first that is not: the rest of a long case is not read. `cross join`
/// pins the order to SQLite, and a state that is no column leaves PostgreSQL no index of states: either
/// would compare the whole backlog with each of them.
static UNRULED: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select v.case_id, count(*) from v cross join outbox o
        where o.case_id = v.case_id and o.number >= (select min(number) from (
                select min(number) as number from outbox where state = 'pending'
                union all
                select min(number) from outbox where state = 'sealed'
                union all
                select min(number) from outbox where state = 'accepted'
            ) of_states)
            and o.state || '' in ('pending', 'sealed', 'accepted') group by v.case_id",
);

/// How many own messages of these cases (as first case) are not ruled yet, those that came back after a
/// restore included; a case without any is left out.
///
/// What is shown counts drafts alone, and those of the second case too. Where something came back, or a
/// draft waits as that of the second case, the two counts differ and the case is computed anew; where
/// there are as many of both, they are equal, and so is what is still shown as pending.
pub async fn counts(tx: &mut Tx, cases: Vec<Value>) -> Stored<Vec<(String, i64)>> {
    tx.fetch_rows(&UNRULED, cases).await
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::goes_from_the_list;

    use super::*;
    use crate::testing::databases;

    #[tokio::test]
    async fn a_list_of_cases_leads_to_what_is_not_ruled_of_them() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.read().await.unwrap();
            goes_from_the_list(tx, &UNRULED).await;
            goes_from_the_list(tx, &UNRULED_BIRTHS).await;
        }
    }
}
