//! Items as delivered, from receipt to effect.
//!
//! States: `received` (durable, not looked at), `applied`, `waiting` (its case
//! waits for an earlier message), `quarantined`, `parked` (of a kind that this
//! version does not know), `refused`, `superseded`.

use std::collections::HashMap;

use lapor_migrations::{Bulk, Legible, Packed, Tx, Value, on};
use lapor_protocol::ids::EnvelopeId;
use lapor_protocol::page::Delivered;
use lapor_protocol::receipt::Stream;
use sqlx::FromRow;

use super::Stored;
use crate::error::NodeError;

#[derive(Debug, Clone, FromRow)]
pub struct InboxRow {
    pub depoch: i64,
    pub dseq: i64,
    #[sqlx(try_from = "Legible<String>")]
    pub item: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub line: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub wraps: Option<String>,
    #[sqlx(try_from = "Legible<String>")]
    pub state: String,
    pub attempts: i64,
    /// What was wrong with it when it was received; it is then never applied.
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub fault: Option<String>,
    /// W3C `traceparent`.
    #[sqlx(default, try_from = "Legible<Option<String>>")]
    pub trace: Option<String>,
}

/// What a row has of an item as it was delivered: stream, depoch, dseq, item, envelope id, line, wraps,
/// case, `case_seq`, kind, fault.
pub fn of_delivered(
    stream: Stream,
    delivered: Delivered,
    fault: Option<&str>,
) -> Result<[Value; 11], NodeError> {
    let item = delivered.item;
    let text = String::from_utf8(delivered.bytes).map_err(NodeError::damaged)?;
    let wraps = match delivered.wraps.as_slice() {
        [] => None,
        wraps => Some(serde_json::to_string(wraps).map_err(NodeError::damaged)?),
    };
    Ok([
        Value::from(stream.as_str()),
        Value::from(i64::from(item.depoch)),
        Value::from(item.dseq as i64),
        Value::from(text),
        Value::from(item.envelope_id.as_bytes().as_slice()),
        Value::from(delivered.line),
        Value::from(wraps),
        Value::from(item.case.map(|case| case.to_string())),
        Value::from(item.case_seq.map(|seq| seq as i64)),
        Value::from(item.kind),
        Value::from(fault.map(str::to_owned)),
    ])
}

static ADD: Bulk = Bulk::new(
    "insert into inbox (stream, depoch, dseq, item, envelope_id, line, wraps, case_id, case_seq,
        kind, fault, state, attempts, received_at, trace) values",
    15,
    "on conflict (stream, depoch, dseq) do nothing",
);

/// Rows of [`of_delivered`], each with state, attempts, `received_at` and trace behind.
pub async fn add(tx: &mut Tx, rows: Vec<Value>) -> Stored<u64> {
    tx.run_rows(&ADD, rows).await
}

/// Whether an item waits to be looked at.
pub async fn anything_received(tx: &mut Tx, stream: &str) -> Stored<bool> {
    const SQL: &str = "select dseq from inbox where state = 'received' and stream = $1 limit 1";
    let found: Option<i64> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(stream).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Items not looked at yet, in stream order.
pub async fn received(tx: &mut Tx, stream: &str, limit: i64) -> Stored<Vec<InboxRow>> {
    const SQL: &str =
        "select depoch, dseq, item, line, wraps, state, attempts, fault, trace from inbox
        where state = 'received' and stream = $1 order by depoch, dseq limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(stream).bind(limit).fetch_all(c).await)?)
}

static APPLIED_ABOUT: Bulk = Bulk::new(
    "with recursive v (envelope_id, stream) as (values",
    2,
    "), spans (span) as (
            select span from (
                select dseq >> 11 as span from inbox order by dseq >> 11 desc limit 1
            ) latest
            union all select span - 1 from spans where span > 0
        ) select i.depoch, i.dseq, i.item, i.line, i.wraps, i.state, i.attempts, i.fault, i.trace
            from spans cross join v cross join inbox i
            where i.dseq >> 11 = spans.span and i.envelope_id = v.envelope_id
                and i.stream = v.stream and i.state = 'applied'
            order by i.depoch, i.dseq",
);

/// What has been applied of a stream about these messages, of each in stream order. Ids are indexed within spans
/// of 2,048 items, as those of own messages are ([`super::by_id`]).
pub async fn applied_about(
    tx: &mut Tx,
    stream: &str,
    ids: impl Iterator<Item = EnvelopeId>,
) -> Stored<Vec<InboxRow>> {
    let values = ids.flat_map(|id| [Value::from(id.as_bytes().as_slice()), stream.into()]);
    tx.fetch_rows(&APPLIED_ABOUT, values.collect()).await
}

/// Items of a stream from a place back, the last first.
pub async fn back_from(
    tx: &mut Tx,
    stream: &str,
    (depoch, dseq): (i64, i64),
    limit: i64,
) -> Stored<Vec<InboxRow>> {
    const SQL: &str =
        "select depoch, dseq, item, line, wraps, state, attempts, fault, trace from inbox
        where stream = $1 and depoch = $2 and dseq <= $3 order by dseq desc limit $4";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(stream)
        .bind(depoch)
        .bind(dseq)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Items of the public stream behind a place that publish programmes and have been applied.
pub async fn programmes(tx: &mut Tx, after: (i64, i64), limit: i64) -> Stored<Vec<InboxRow>> {
    const SQL: &str =
        "select depoch, dseq, item, line, wraps, state, attempts, fault, trace from inbox
        where stream = 'public' and kind = 'programme.published' and state = 'applied'
            and (depoch, dseq) > ($1, $2) order by depoch, dseq limit $3";
    Ok(on!(tx, c => sqlx::query_as(SQL)
        .bind(after.0)
        .bind(after.1)
        .bind(limit)
        .fetch_all(c)
        .await)?)
}

/// Items of a case that wait or stand in the way, in the order of the case.
pub async fn unsettled_of(tx: &mut Tx, case_id: &str) -> Stored<Vec<InboxRow>> {
    const SQL: &str =
        "select depoch, dseq, item, line, wraps, state, attempts, fault, trace from inbox
        where stream = 'inbox' and case_id = $1 and state in ('waiting', 'quarantined', 'parked')
        order by case_seq, depoch, dseq";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// Cases of which an item waits for something else to come.
pub async fn waiting_cases(tx: &mut Tx) -> Stored<Vec<String>> {
    const SQL: &str = "select distinct case_id from inbox
        where stream = 'inbox' and state = 'waiting' and case_id is not null";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_all(c).await)?)
}

static MARK: Bulk = Bulk::new(
    "with v (stream, depoch, dseq, state, reason, attempts) as (values",
    6,
    ") update inbox set state = v.state, reason = v.reason, attempts = v.attempts, wraps = null
        from v where inbox.stream = v.stream and inbox.depoch = v.depoch and inbox.dseq = v.dseq",
);

/// Outcomes: stream, depoch, dseq, state, reason, attempts. Wraps have then
/// done their work.
pub async fn mark(tx: &mut Tx, rows: Vec<Value>) -> Stored<u64> {
    tx.run_rows(&MARK, rows).await
}

static MARK_WAITING: Bulk = Bulk::new(
    "with v (stream, depoch, dseq, state, reason, attempts) as (values",
    6,
    ") update inbox set state = v.state, reason = v.reason, attempts = v.attempts
        from v where inbox.stream = v.stream and inbox.depoch = v.depoch and inbox.dseq = v.dseq",
);

/// Outcomes that are not final: the wraps are kept for the next look.
pub async fn mark_waiting(tx: &mut Tx, rows: Vec<Value>) -> Stored<u64> {
    tx.run_rows(&MARK_WAITING, rows).await
}

/// What is settled without being applied, and all that still waits.
#[derive(Debug, PartialEq, Eq)]
pub struct Exceptions {
    /// Those for which there is room, in stream order: dseq, state, reason.
    pub listed: Vec<(i64, String, Option<String>)>,
    /// The first beyond what was acknowledged that has none.
    pub left_out: Option<i64>,
}

/// Items that are settled without being applied, and all that still wait, up to a limit. What lies
/// beyond what was acknowledged goes first, since it was listed in no acknowledgement; then what is
/// quarantined, which others may be able to mend. Superseded ones are listed once.
pub async fn exceptions(tx: &mut Tx, stream: &str, acked: i64, limit: i64) -> Stored<Exceptions> {
    const SQL: &str = "select dseq, state, reason from inbox
        where stream = $1 and (state in ('waiting', 'quarantined', 'parked', 'refused')
            or (state = 'superseded' and dseq > $2))
        order by case when dseq > $2 then 0 when state = 'quarantined' then 1 else 2 end,
            depoch, dseq limit $3";
    type Row = (i64, Legible<String>, Legible<Option<String>>);
    let one_more = limit.saturating_add(1);
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(SQL)
        .bind(stream)
        .bind(acked)
        .bind(one_more)
        .fetch_all(c)
        .await)?;
    let rows = rows.into_iter();
    let mut listed: Vec<_> = rows
        .map(|(dseq, state, reason)| (dseq, state.text(), reason.text()))
        .collect();
    let beyond = listed.split_off(listed.len().min(limit as usize));
    let left_out = beyond.first().map(|(dseq, ..)| *dseq);
    listed.sort_by_key(|(dseq, ..)| *dseq);
    Ok(Exceptions {
        listed,
        left_out: left_out.filter(|dseq| *dseq > acked),
    })
}

/// The text of a query for lines of own messages of the cases of a list, by the ids of their envelopes.
/// They are found by their cases: no join by ids is left to a planner.
macro_rules! own_lines {
    ($of_kind:literal) => {
        concat!(
            ") select o.envelope_id, l.line from v cross join outbox o
                join outbox_lines l on l.number = o.number
                where o.case_id = v.case_id",
            $of_kind,
            " union all select o.envelope_id, l.line from v cross join outbox o
                join outbox_lines l on l.number = o.number
                where o.other_case = v.case_id",
            $of_kind
        )
    };
}

static OWN_LINES: Bulk = Bulk::new("with v (case_id) as (values", 1, own_lines!(""));
static OWN_REQUESTS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    own_lines!(" and o.kind = 'identity.requested'"),
);
static OWN_BIRTHS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    own_lines!(" and o.kind in ('report.filed', 'case.split')"),
);

/// Lines of own messages by the ids of their envelopes.
async fn own_lines(
    tx: &mut Tx,
    bulk: &'static Bulk,
    cases: Vec<Value>,
) -> Stored<HashMap<Vec<u8>, String>> {
    let rows: Vec<(Option<Vec<u8>>, Packed<String>)> = tx.fetch_rows(bulk, cases).await?;
    let rows = rows.into_iter();
    Ok(rows
        .filter_map(|(id, line)| Some((id?, line.line())))
        .collect())
}

/// The history of a case: item, foreign line or own line, in the case's order.
pub async fn history(
    tx: &mut Tx,
    case_id: &str,
) -> Stored<Vec<(String, Option<String>, Option<String>, String)>> {
    const SQL: &str = "select item, envelope_id, line, state from inbox
        where stream = 'inbox' and case_id = $1 order by case_seq, depoch, dseq";
    type Row = (
        Legible<String>,
        Vec<u8>,
        Legible<Option<String>>,
        Legible<String>,
    );
    let rows: Vec<Row> = on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?;
    let own = own_lines(tx, &OWN_LINES, vec![case_id.into()]).await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(item, id, foreign, state)| {
            (
                item.text(),
                foreign.text(),
                own.get(&id).cloned(),
                state.text(),
            )
        })
        .collect())
}

static IDENTITY_REQUESTS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select i.case_id, i.item, i.envelope_id, i.line from v cross join inbox i
        where i.case_id = v.case_id and i.stream = 'inbox' and i.kind = 'identity.requested'",
);

/// Requests for the identities of the named cases: case, item, foreign line or own line.
pub async fn identity_requests(
    tx: &mut Tx,
    cases: Vec<Value>,
) -> Stored<Vec<(String, String, Option<String>, Option<String>)>> {
    of_cases(tx, [&IDENTITY_REQUESTS, &OWN_REQUESTS], cases).await
}

static BIRTHS: Bulk = Bulk::new(
    "with v (case_id) as (values",
    1,
    ") select i.case_id, i.item, i.envelope_id, i.line from v cross join inbox i
        where i.case_id = v.case_id and i.stream = 'inbox' and i.kind in ('report.filed', 'case.split')
        order by i.case_id, i.case_seq, i.depoch, i.dseq",
);

/// What the named cases may begin with: case, item, foreign line or own line, of each in its order.
pub async fn births(
    tx: &mut Tx,
    cases: Vec<Value>,
) -> Stored<Vec<(String, String, Option<String>, Option<String>)>> {
    of_cases(tx, [&BIRTHS, &OWN_BIRTHS], cases).await
}

/// `cross join` pins the order to SQLite, which goes through the whole stream otherwise.
async fn of_cases(
    tx: &mut Tx,
    [items, own]: [&'static Bulk; 2],
    cases: Vec<Value>,
) -> Stored<Vec<(String, String, Option<String>, Option<String>)>> {
    type Row = (String, Legible<String>, Vec<u8>, Legible<Option<String>>);
    let rows: Vec<Row> = tx.fetch_rows(items, cases).await?;
    let bare = rows.iter().filter(|(_, _, _, line)| line.is_null());
    let mut bare: Vec<&str> = bare.map(|(case, ..)| case.as_str()).collect();
    bare.dedup();
    let bare = bare.into_iter().map(Value::from).collect();
    let own = own_lines(tx, own, bare).await?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(case, item, id, foreign)| (case, item.text(), foreign.text(), own.get(&id).cloned()))
        .collect())
}

/// Counts by state other than applied.
pub async fn counts(tx: &mut Tx) -> Stored<Vec<(String, i64)>> {
    const SQL: &str = "select state, count(*) from inbox
        where state in ('received', 'waiting', 'quarantined', 'parked') group by state";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// A row of the inbox in a state, for tests.
#[cfg(test)]
pub fn of_state(state: &str, dseq: i64) -> [Value; 15] {
    let nothing = || Value::from(None::<String>);
    [
        Value::from("inbox"),
        Value::from(1_i64),
        Value::from(dseq),
        Value::from("{}"),
        Value::from(vec![7_u8; 32]),
        nothing(),
        nothing(),
        nothing(),
        Value::from(None::<i64>),
        Value::from("case.noted"),
        nothing(),
        Value::from(state),
        Value::from(0_i64),
        Value::from(0_i64),
        nothing(),
    ]
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::goes_from_the_list;

    use super::*;
    use crate::testing::databases;

    #[tokio::test]
    async fn a_list_of_cases_leads_to_their_items_and_no_stream_is_gone_through() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.read().await.unwrap();
            for bulk in [
                &IDENTITY_REQUESTS,
                &BIRTHS,
                &OWN_REQUESTS,
                &OWN_BIRTHS,
                &OWN_LINES,
            ] {
                goes_from_the_list(tx, bulk).await;
            }
        }
    }

    #[tokio::test]
    async fn a_full_list_of_exceptions_begins_with_what_is_new_and_says_what_it_leaves_out() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            let states = [
                "waiting",
                "quarantined",
                "superseded",
                "parked",
                "applied",
                "superseded",
                "quarantined",
            ];
            let rows = states.iter().zip(1_i64..);
            let rows = rows.flat_map(|(state, dseq)| of_state(state, dseq));
            add(tx, rows.collect()).await.unwrap();
            for (limit, expected, left_out) in [
                (9, vec![1, 2, 4, 6, 7], None),
                (5, vec![1, 2, 4, 6, 7], None),
                (4, vec![2, 4, 6, 7], None),
                (3, vec![4, 6, 7], None),
                (2, vec![4, 6], Some(7)),
                (1, vec![4], Some(6)),
            ] {
                let found = exceptions(tx, "inbox", 3, limit).await.unwrap();
                let listed: Vec<i64> = found.listed.iter().map(|(dseq, ..)| *dseq).collect();
                let found = (listed, found.left_out);
                assert_eq!(found, (expected, left_out), "{} {limit}", test.name);
            }
        }
    }
}
