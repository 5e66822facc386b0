//! What was set aside and may need a person: items of both streams, and own
//! messages. States as in `inbox` and `outbox`.

use lapor_migrations::{Bulk, Legible, Packed, Tx, Value, on};
use sqlx::FromRow;

use super::Stored;
use super::inbox::InboxRow;

/// An item with all that an operator wants to know of it.
#[derive(Debug, Clone, FromRow)]
pub struct AsideItem {
    #[sqlx(try_from = "Legible<String>")]
    pub stream: String,
    pub depoch: i64,
    pub dseq: i64,
    #[sqlx(try_from = "Legible<String>")]
    pub item: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub line: Option<String>,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub case_id: Option<String>,
    pub case_seq: Option<i64>,
    #[sqlx(try_from = "Legible<String>")]
    pub kind: String,
    #[sqlx(try_from = "Legible<String>")]
    pub state: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub reason: Option<String>,
    pub attempts: i64,
    pub received_at: i64,
    /// Items of the same case that wait for it.
    pub behind: i64,
}

/// An own message that was set aside.
#[derive(Debug, Clone, FromRow)]
pub struct AsideOwn {
    pub number: i64,
    #[sqlx(try_from = "Legible<String>")]
    pub message_id: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub case_id: Option<String>,
    #[sqlx(try_from = "Legible<String>")]
    pub kind: String,
    #[sqlx(try_from = "Legible<String>")]
    pub state: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub reason: Option<String>,
    #[sqlx(try_from = "Legible<String>")]
    pub draft: String,
    #[sqlx(try_from = "Packed<Option<String>>")]
    pub line: Option<String>,
    pub created_at: i64,
}

/// Items in the two states, oldest first.
pub async fn items(tx: &mut Tx, states: [&str; 2], limit: i64) -> Stored<Vec<AsideItem>> {
    const SQL: &str = "select i.stream, i.depoch, i.dseq, i.item, i.line, i.case_id, i.case_seq,
            i.kind, i.state, i.reason, i.attempts, i.received_at,
            (select count(*) from inbox w where w.case_id = i.case_id and w.state = 'waiting') as behind
        from inbox i where i.state in ($1, $2) order by i.stream, i.depoch, i.dseq limit $3";
    Ok(
        on!(tx, c => sqlx::query_as(SQL).bind(states[0]).bind(states[1]).bind(limit).fetch_all(c).await)?,
    )
}

/// One item, whatever its state.
pub async fn item(tx: &mut Tx, place: (&str, i64, i64)) -> Stored<Option<AsideItem>> {
    const SQL: &str = "select i.stream, i.depoch, i.dseq, i.item, i.line, i.case_id, i.case_seq,
            i.kind, i.state, i.reason, i.attempts, i.received_at,
            (select count(*) from inbox w where w.case_id = i.case_id and w.state = 'waiting') as behind
        from inbox i where i.stream = $1 and i.depoch = $2 and i.dseq = $3";
    let (stream, depoch, dseq) = place;
    Ok(
        on!(tx, c => sqlx::query_as(SQL).bind(stream).bind(depoch).bind(dseq).fetch_optional(c).await)?,
    )
}

/// Items that were quarantined for one reason, in stream order: stream, depoch, dseq.
pub async fn of_reason(tx: &mut Tx, reason: &str, limit: i64) -> Stored<Vec<(String, i64, i64)>> {
    const SQL: &str = "select stream, depoch, dseq from inbox
        where state = 'quarantined' and reason = $1 order by stream, depoch, dseq limit $2";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(reason).bind(limit).fetch_all(c).await)?)
}

static PUT_AGAIN: Bulk = Bulk::new(
    "with v (stream, depoch, dseq, item, envelope_id, line, wraps, case_id, case_seq, kind, fault)
        as (values",
    11,
    ") update inbox set item = v.item, envelope_id = v.envelope_id, line = v.line, wraps = v.wraps,
            case_id = v.case_id, case_seq = v.case_seq, kind = v.kind, fault = v.fault
        from v where inbox.stream = v.stream and inbox.depoch = v.depoch and inbox.dseq = v.dseq
            and inbox.state = 'quarantined'",
);

/// Puts an item that has come once more in the place of a quarantined one: a row of
/// [`of_delivered`](super::inbox::of_delivered).
pub async fn put_again(tx: &mut Tx, row: [Value; 11]) -> Stored<u64> {
    tx.run_rows(&PUT_AGAIN, row.into()).await
}

/// Says another reason why an item is quarantined, where it still is for this one.
pub async fn blame(
    tx: &mut Tx,
    (stream, depoch, dseq): (&str, i64, i64),
    reason: &str,
    instead_of: &str,
) -> Stored<()> {
    const SQL: &str = "update inbox set reason = $4 where stream = $1 and depoch = $2 and dseq = $3
        and state = 'quarantined' and reason = $5";
    on!(tx, c => sqlx::query(SQL)
        .bind(stream)
        .bind(depoch)
        .bind(dseq)
        .bind(reason)
        .bind(instead_of)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// One item as the applier takes it.
pub async fn row(tx: &mut Tx, place: (&str, i64, i64)) -> Stored<Option<InboxRow>> {
    const SQL: &str =
        "select depoch, dseq, item, line, wraps, state, attempts, fault, trace from inbox
        where stream = $1 and depoch = $2 and dseq = $3";
    let (stream, depoch, dseq) = place;
    Ok(
        on!(tx, c => sqlx::query_as(SQL).bind(stream).bind(depoch).bind(dseq).fetch_optional(c).await)?,
    )
}

/// The state of an item after somebody has looked at it.
pub async fn set_item(
    tx: &mut Tx,
    place: (&str, i64, i64),
    state: &str,
    reason: Option<&str>,
    attempts: i64,
) -> Stored<()> {
    const SQL: &str = "update inbox set state = $4, reason = $5, attempts = $6
        where stream = $1 and depoch = $2 and dseq = $3";
    let (stream, depoch, dseq) = place;
    on!(tx, c => sqlx::query(SQL)
        .bind(stream)
        .bind(depoch)
        .bind(dseq)
        .bind(state)
        .bind(reason)
        .bind(attempts)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Every item of a case that has been looked at, in the order of the case.
pub async fn all_of(tx: &mut Tx, case_id: &str) -> Stored<Vec<InboxRow>> {
    const SQL: &str =
        "select depoch, dseq, item, line, wraps, state, attempts, fault, trace from inbox
        where stream = 'inbox' and case_id = $1 and case_seq is not null
            and state not in ('received', 'superseded')
        order by case_seq, depoch, dseq";
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(case_id).fetch_all(c).await)?)
}

/// What a second look at an item's signature has shown.
pub async fn set_fault(tx: &mut Tx, place: (&str, i64, i64), fault: Option<&str>) -> Stored<()> {
    const SQL: &str = "update inbox set fault = $4 where stream = $1 and depoch = $2 and dseq = $3";
    let (stream, depoch, dseq) = place;
    on!(tx, c => sqlx::query(SQL)
        .bind(stream)
        .bind(depoch)
        .bind(dseq)
        .bind(fault)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Cases with a waiting item that is the next one and is complete, so that
/// another look moves them on. `own_missing` is the reason of those whose own
/// message is not here.
pub async fn ready(tx: &mut Tx, own_missing: &str, limit: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select i.case_id from inbox i
        join cases c on c.case_id = i.case_id and c.next_seq = i.case_seq
        where i.state = 'waiting' and i.stream = 'inbox'
            and (i.line is not null or coalesce(i.reason, '') <> $1
                or exists (select 1 from outbox o join outbox_lines l on l.number = o.number
                    where o.case_id = c.case_id and o.envelope_id = i.envelope_id)
                or exists (select 1 from outbox o join outbox_lines l on l.number = o.number
                    where o.other_case = c.case_id and o.envelope_id = i.envelope_id))
        order by i.case_id limit $2";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(own_missing).bind(limit).fetch_all(c).await)?)
}

/// Cases that stand still because a message is of a kind that was not known.
pub async fn parked_cases(tx: &mut Tx) -> Stored<Vec<String>> {
    const SQL: &str = "select distinct case_id from inbox
        where state = 'parked' and stream = 'inbox' and case_id is not null order by case_id";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_all(c).await)?)
}

/// Cases with an erasure that waits, as an older version lets one wait that stands behind what it missed.
pub async fn waiting_erasures(tx: &mut Tx) -> Stored<Vec<String>> {
    const SQL: &str = "select distinct case_id from inbox
        where state = 'waiting' and stream = 'inbox' and kind = 'case.redacted'
            and case_id is not null order by case_id";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).fetch_all(c).await)?)
}

/// Parked items of the public stream, in its order.
pub async fn parked_public(tx: &mut Tx) -> Stored<Vec<InboxRow>> {
    const SQL: &str =
        "select depoch, dseq, item, line, wraps, state, attempts, fault, trace from inbox
        where state = 'parked' and stream = 'public' order by depoch, dseq";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// The text of a query for [`AsideOwn`]s.
macro_rules! own_rows {
    ($which:literal) => {
        concat!(
            "select o.number, o.message_id, o.case_id, o.kind, o.state, o.reason,
                coalesce(d.draft, '') as draft, l.line, o.created_at
            from outbox o
                left join outbox_drafts d on d.number = o.number
                left join outbox_lines l on l.number = o.number
            where ",
            $which
        )
    };
}

/// Own messages in the two states, oldest first.
pub async fn own(tx: &mut Tx, states: [&str; 2], limit: i64) -> Stored<Vec<AsideOwn>> {
    const SQL: &str = own_rows!("o.state in ($1, $2) order by o.number limit $3");
    Ok(
        on!(tx, c => sqlx::query_as(SQL).bind(states[0]).bind(states[1]).bind(limit).fetch_all(c).await)?,
    )
}

/// How many items and own messages are in the two states.
pub async fn count(tx: &mut Tx, states: [&str; 2]) -> Stored<i64> {
    const SQL: &str = "select (select count(*) from inbox where state in ($1, $2))
        + (select count(*) from outbox where state in ($1, $2))";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(states[0]).bind(states[1]).fetch_one(c).await)?)
}

/// One own message, whatever its state.
pub async fn own_one(tx: &mut Tx, number: i64) -> Stored<Option<AsideOwn>> {
    const SQL: &str = own_rows!("o.number = $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(number).fetch_optional(c).await)?)
}

/// The own message of this id, if it is quarantined or refused.
pub async fn own_of(tx: &mut Tx, message_id: &str) -> Stored<Option<AsideOwn>> {
    const SQL: &str = own_rows!("o.message_id = $1 and o.state in ('quarantined', 'refused')");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(message_id).fetch_optional(c).await)?)
}

/// Puts an own message that was set aside back among the drafts.
pub async fn send_again(tx: &mut Tx, number: i64) -> Stored<()> {
    const LINE: &str = "delete from outbox_lines where number in (select number from outbox
        where number = $1 and state in ('quarantined', 'refused'))";
    const SQL: &str = "update outbox set state = 'pending', reason = null, epoch = null,
            seq = null, envelope_id = null
        where number = $1 and state in ('quarantined', 'refused')";
    on!(tx, c => sqlx::query(LINE).bind(number).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(SQL).bind(number).execute(c).await.map(drop))?;
    Ok(())
}

/// An own message that will not be sent.
pub async fn refuse_own(tx: &mut Tx, number: i64, reason: &str) -> Stored<()> {
    const SQL: &str = "update outbox set state = 'refused', reason = $2 where number = $1";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(reason).execute(c).await.map(drop))?;
    Ok(())
}
