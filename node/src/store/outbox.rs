//! Own messages, from draft to ruling.
//!
//! States: `pending` (no place in the chain yet), `sealed` (signed, on its way),
//! `accepted` (durable at the hub), `ruled` (the ruling has come back),
//! `quarantined` (the hub refused its header, or its bytes are damaged; a person must look),
//! `refused` (a person goes on without it).
//!
//! The draft and the line of a message stand in tables of their own, where they are written once: a
//! row of `outbox` is written again with each state. A line is kept packed ([`pack`]).

use lapor_migrations::{Bulk, Legible, Packed, Tx, Value, on, pack};
use sqlx::FromRow;

use super::Stored;
use super::behind::wait_for_births;

/// A message with what it says: `draft` is empty if it came back from the hub, `line` is there from
/// its sealing on.
#[derive(Debug, Clone, FromRow)]
pub struct OutboxRow {
    pub number: i64,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub case_id: Option<String>,
    #[sqlx(try_from = "Legible<String>")]
    pub kind: String,
    #[sqlx(try_from = "Legible<String>")]
    pub draft: String,
    #[sqlx(try_from = "Legible<String>")]
    pub newcomers: String,
    pub epoch: Option<i64>,
    pub seq: Option<i64>,
    pub envelope_id: Option<Vec<u8>>,
    #[sqlx(try_from = "Packed<Option<String>>")]
    pub line: Option<String>,
    /// W3C `traceparent`.
    #[sqlx(default, try_from = "Legible<Option<String>>")]
    pub trace: Option<String>,
    /// Unix ms.
    pub created_at: i64,
}

/// What a new message stores.
pub struct NewRow<'a> {
    pub message_id: &'a str,
    pub case_id: Option<&'a str>,
    pub other_case: Option<&'a str>,
    pub kind: &'a str,
    pub draft: &'a str,
    pub newcomers: &'a str,
    pub created_at: i64,
    pub trace: &'a str,
}

/// The text of a query for [`OutboxRow`]s.
macro_rules! rows {
    ($which:literal) => {
        concat!(
            "select o.number, o.case_id, o.kind, coalesce(d.draft, '') as draft, o.newcomers,
                o.epoch, o.seq, o.envelope_id, l.line, o.trace, o.created_at
            from outbox o
                left join outbox_drafts d on d.number = o.number
                left join outbox_lines l on l.number = o.number
            where ",
            $which
        )
    };
}

static ADD: Bulk = Bulk::new(
    "insert into outbox (number, message_id, case_id, other_case, kind, newcomers, state, created_at, trace) values",
    9,
    "",
);
static ADD_DRAFTS: Bulk = Bulk::new("insert into outbox_drafts (number, draft) values", 2, "");

/// Adds drafts behind those that are there, in this order.
pub async fn add(tx: &mut Tx, rows: &[NewRow<'_>]) -> Stored<()> {
    const LAST: &str = "select coalesce(max(number), 0) from outbox";
    let last: i64 = on!(tx, c => sqlx::query_scalar(LAST).fetch_one(c).await)?;
    let numbered = || rows.iter().zip(last + 1..);
    let values = numbered().flat_map(|(row, number)| {
        [
            Value::from(number),
            Value::from(row.message_id),
            Value::from(row.case_id.map(str::to_owned)),
            Value::from(row.other_case.map(str::to_owned)),
            Value::from(row.kind),
            Value::from(row.newcomers),
            Value::from("pending"),
            Value::from(row.created_at),
            Value::from(row.trace),
        ]
    });
    tx.run_rows(&ADD, values.collect()).await?;
    let drafts = numbered().flat_map(|(row, number)| [Value::from(number), row.draft.into()]);
    tx.run_rows(&ADD_DRAFTS, drafts.collect()).await?;
    if rows.iter().any(|row| row.kind != "report.filed") {
        wait_for_births(tx, last).await?;
    }
    Ok(())
}

/// Pending rows, oldest first: those among so many numbers one after another, from the oldest on. Where
/// a backlog is new, PostgreSQL has no figures of it and would sort the whole of it for each of its parts.
pub async fn pending(tx: &mut Tx, limit: i64) -> Stored<Vec<OutboxRow>> {
    const FIRST: &str = "select min(number) from outbox where state = 'pending'";
    const SQL: &str =
        rows!("o.state = 'pending' and o.number >= $1 and o.number < $2 order by o.number");
    let first: Option<i64> = on!(tx, c => sqlx::query_scalar(FIRST).fetch_one(c).await)?;
    let Some(first) = first else {
        return Ok(Vec::new());
    };
    let end = first.saturating_add(limit);
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(first).bind(end).fetch_all(c).await)?)
}

/// Sealed rows in the order of the chain, which is not that of their numbers where one is sent again
/// that was set aside.
pub async fn sealed(tx: &mut Tx, limit: i64) -> Stored<Vec<OutboxRow>> {
    // The sums keep SQLite from going through all that was ever sent, in the order of places.
    const SQL: &str = rows!("o.state = 'sealed' order by o.epoch + 0, o.seq + 0 limit $1");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(limit).fetch_all(c).await)?)
}

/// An announcement of an own key: state, effect once it is ruled, draft (empty
/// if it came back from the hub), line once it is sealed.
#[derive(Debug, Clone, FromRow)]
pub struct AnnouncementRow {
    #[sqlx(try_from = "Legible<String>")]
    pub state: String,
    #[sqlx(try_from = "Legible<Option<String>>")]
    pub effect: Option<String>,
    #[sqlx(try_from = "Legible<String>")]
    pub draft: String,
    #[sqlx(try_from = "Packed<Option<String>>")]
    pub line: Option<String>,
}

/// The announcements of own keys, latest first.
pub async fn announcements(tx: &mut Tx) -> Stored<Vec<AnnouncementRow>> {
    const SQL: &str = "select o.state, o.effect, coalesce(d.draft, '') as draft, l.line
        from outbox o
            left join outbox_drafts d on d.number = o.number
            left join outbox_lines l on l.number = o.number
        where o.kind = 'key.announced' order by o.number desc";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

/// Whether a message waits to be sealed or sent.
pub async fn anything_to_send(tx: &mut Tx) -> Stored<bool> {
    const SQL: &str = "select number from outbox where state in ('pending', 'sealed') limit 1";
    let found: Option<i64> = on!(tx, c => sqlx::query_scalar(SQL).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Sealed rows of an epoch behind a position, in the order of the chain.
pub async fn sealed_after(tx: &mut Tx, epoch: i64, seq: i64, limit: i64) -> Stored<Vec<OutboxRow>> {
    const SQL: &str =
        rows!("o.epoch = $1 and o.seq > $2 and o.state = 'sealed' order by o.seq limit $3");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(epoch).bind(seq).bind(limit).fetch_all(c).await)?)
}

static SEAL: Bulk = Bulk::new(
    "with v (number, epoch, seq, envelope_id) as (values",
    4,
    ") update outbox set state = 'sealed', epoch = v.epoch, seq = v.seq,
        envelope_id = v.envelope_id
        from v where outbox.number = v.number and outbox.state = 'pending'",
);
static KEEP_LINES: Bulk = Bulk::new(
    "insert into outbox_lines (number, line) values",
    2,
    "on conflict (number) do update set line = excluded.line",
);

/// Gives drafts their places (number, epoch, seq, envelope id) and keeps their lines (number,
/// packed line).
/// Returns how many of them were still pending; unless all were, nothing of it may be committed.
pub async fn seal(tx: &mut Tx, places: Vec<Value>, lines: Vec<Value>) -> Stored<u64> {
    tx.run_rows(&KEEP_LINES, lines).await?;
    tx.run_rows(&SEAL, places).await
}

/// An own envelope that came back from the hub after a restore. If its draft
/// is still here, it takes its place. A message that two copies of this node
/// have sent keeps its first place, where it has had its effect.
#[expect(clippy::too_many_arguments, reason = "one column each")]
pub async fn adopt(
    tx: &mut Tx,
    message_id: &str,
    (case_id, other_case): (Option<&str>, Option<&str>),
    kind: &str,
    place: (i64, i64),
    envelope_id: &[u8],
    line: &str,
    created_at: i64,
    now: i64,
) -> Stored<()> {
    const SQL: &str = "insert into outbox (number, message_id, case_id, kind, newcomers, state,
            epoch, seq, envelope_id, created_at, accepted_at, other_case)
        values ((select coalesce(max(number), 0) + 1 from outbox), $1, $2, $3, '[]', 'accepted',
            $4, $5, $6, $7, $8, $9)
        on conflict (message_id) do update set state = 'accepted', epoch = excluded.epoch,
            seq = excluded.seq, envelope_id = excluded.envelope_id, reason = null,
            accepted_at = excluded.accepted_at,
            other_case = coalesce(outbox.other_case, excluded.other_case)
        where outbox.epoch is null or excluded.epoch < outbox.epoch
            or (excluded.epoch = outbox.epoch and excluded.seq < outbox.seq)
        returning number";
    let taken: Vec<i64> = on!(tx, c => sqlx::query_scalar(SQL)
        .bind(message_id)
        .bind(case_id)
        .bind(kind)
        .bind(place.0)
        .bind(place.1)
        .bind(envelope_id)
        .bind(created_at)
        .bind(now)
        .bind(other_case)
        .fetch_all(c)
        .await)?;
    let lines = taken
        .into_iter()
        .flat_map(|number| [Value::from(number), pack(line).into()]);
    tx.run_rows(&KEEP_LINES, lines.collect()).await.map(drop)
}

/// Marks everything sealed up to a position as durable at the hub. Said so that what waits is looked
/// through and not the chain up to there, nor, on PostgreSQL, the index of all places.
pub async fn accept(tx: &mut Tx, epoch: i64, seq: i64, at: i64) -> Stored<()> {
    const SQL: &str = "update outbox set state = 'accepted', accepted_at = $3
        where state = 'sealed' and epoch + 0 = $1 and seq + 0 <= $2";
    on!(tx, c => sqlx::query(SQL).bind(epoch).bind(seq).bind(at).execute(c).await.map(drop))?;
    Ok(())
}

/// The same of those among these numbers, of which there are few. Returns how many were marked.
pub async fn accept_among(
    tx: &mut Tx,
    (epoch, seq): (i64, i64),
    (first, last): (i64, i64),
    at: i64,
) -> Stored<u64> {
    const SQL: &str = "update outbox set state = 'accepted', accepted_at = $3
        where state = 'sealed' and number >= $4 and number <= $5
            and epoch + 0 = $1 and seq + 0 <= $2";
    Ok(on!(tx, c => sqlx::query(SQL)
        .bind(epoch)
        .bind(seq)
        .bind(at)
        .bind(first)
        .bind(last)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?)
}

/// Whether the message at a place of the chain has no receipt yet.
pub async fn is_sealed_at(tx: &mut Tx, epoch: i64, seq: i64) -> Stored<bool> {
    const SQL: &str = "select number from outbox
        where epoch = $1 and seq = $2 and state = 'sealed'";
    let found: Option<i64> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(epoch).bind(seq).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// Takes their places away from messages that the hub has not accepted.
pub async fn unseal(tx: &mut Tx) -> Stored<()> {
    const LINES: &str = "delete from outbox_lines where number in
        (select number from outbox where state in ('sealed', 'quarantined', 'refused'))";
    const SQL: &str = "update outbox set epoch = null, seq = null, envelope_id = null,
            state = case when state = 'sealed' then 'pending' else state end
        where state in ('sealed', 'quarantined', 'refused')";
    on!(tx, c => sqlx::query(LINES).execute(c).await.map(drop))?;
    on!(tx, c => sqlx::query(SQL).execute(c).await.map(drop))?;
    Ok(())
}

pub async fn quarantine(tx: &mut Tx, number: i64, reason: &str) -> Stored<()> {
    const SQL: &str = "update outbox set state = 'quarantined', reason = $2 where number = $1";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(reason).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes the second case of an own message that came back before its kind was known to have one.
pub async fn note_other_case(tx: &mut Tx, number: i64, case_id: &str) -> Stored<()> {
    const SQL: &str = "update outbox set other_case = $2
        where number = $1 and other_case is null and case_id <> $2";
    on!(tx, c => sqlx::query(SQL).bind(number).bind(case_id).execute(c).await.map(drop))?;
    Ok(())
}

/// The cases that an own message names, both where it has a second one.
pub async fn cases_of(tx: &mut Tx, number: i64) -> Stored<Vec<String>> {
    const SQL: &str = "select case_id from outbox where number = $1 and case_id is not null
        union select other_case from outbox where number = $1 and other_case is not null";
    let cases: Vec<Legible<String>> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_all(c).await)?;
    Ok(cases.into_iter().map(Legible::text).collect())
}

static RULED: Bulk = Bulk::new(
    "with v (number, effect, reason, at) as (values",
    4,
    ") update outbox set state = 'ruled', effect = v.effect, reason = v.reason, ruled_at = v.at
        from v where outbox.number = v.number returning other_case",
);

/// The hub's rulings of own messages, whatever state they were in: number, effect, reason, when.
/// Returns the second cases that they name.
pub async fn ruled(tx: &mut Tx, rows: Vec<Value>) -> Stored<Vec<String>> {
    let named: Vec<(Option<String>,)> = tx.fetch_rows(&RULED, rows).await?;
    Ok(named.into_iter().filter_map(|(case,)| case).collect())
}

/// Id of an own message.
pub async fn message_id(tx: &mut Tx, number: i64) -> Stored<Option<String>> {
    const SQL: &str = "select message_id from outbox where number = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_optional(c).await)?)
}

/// The same of one whose ruling is not known yet.
pub async fn unruled_id(tx: &mut Tx, number: i64) -> Stored<Option<String>> {
    const SQL: &str = "select message_id from outbox where number = $1 and state <> 'ruled'";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_optional(c).await)?)
}

/// Whether the message at a place of the chain is to be sent, or was: it has neither been set aside nor
/// put back among the drafts.
pub async fn stands_at(tx: &mut Tx, epoch: i64, seq: i64) -> Stored<bool> {
    const SQL: &str = "select number from outbox where epoch = $1 and seq = $2
        and state in ('sealed', 'accepted', 'ruled')";
    let found: Option<i64> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(epoch).bind(seq).fetch_optional(c).await)?;
    Ok(found.is_some())
}

/// The epoch in which an own message has its place; `None` where it has none, or is not here.
pub async fn epoch_of(tx: &mut Tx, message_id: &str) -> Stored<Option<i64>> {
    const SQL: &str = "select epoch from outbox where message_id = $1 and epoch is not null";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(message_id).fetch_optional(c).await)?)
}

/// Who is given which key with an own message.
pub async fn newcomers(tx: &mut Tx, number: i64) -> Stored<Option<String>> {
    const SQL: &str = "select newcomers from outbox where number = $1";
    let found: Option<Legible<String>> =
        on!(tx, c => sqlx::query_scalar(SQL).bind(number).fetch_optional(c).await)?;
    Ok(found.map(Legible::text))
}

/// Ids of the sealed messages of an epoch, from a position on: seq and envelope id.
pub async fn ids_from(tx: &mut Tx, epoch: i64, from: i64, to: i64) -> Stored<Vec<Vec<u8>>> {
    const SQL: &str = "select envelope_id from outbox
        where epoch = $1 and seq >= $2 and seq <= $3 order by seq";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(epoch).bind(from).bind(to).fetch_all(c).await)?)
}

/// The last position of an epoch that a message has; 0 if none has.
pub async fn last_at(tx: &mut Tx, epoch: i64) -> Stored<i64> {
    const SQL: &str = "select coalesce(max(seq), 0) from outbox where epoch = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(epoch).fetch_one(c).await)?)
}

/// The first position of an epoch whose message has neither a receipt nor a ruling here. Said so that
/// what waits is looked through and not the chain, which is read to its end where nothing does.
pub async fn first_sealed(tx: &mut Tx, epoch: i64) -> Stored<Option<i64>> {
    const SQL: &str = "select min(seq) from outbox where state = 'sealed' and epoch + 0 = $1";
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(epoch).fetch_one(c).await)?)
}

/// The row at a position.
pub async fn at(tx: &mut Tx, epoch: i64, seq: i64) -> Stored<Option<OutboxRow>> {
    const SQL: &str = rows!("o.epoch = $1 and o.seq = $2");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(epoch).bind(seq).fetch_optional(c).await)?)
}

/// The row at a position, if its message is durable at the hub.
pub async fn accepted_at(tx: &mut Tx, epoch: i64, seq: i64) -> Stored<Option<OutboxRow>> {
    const SQL: &str = rows!("o.epoch = $1 and o.seq = $2 and o.state in ('accepted', 'ruled')");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(epoch).bind(seq).fetch_optional(c).await)?)
}

/// Messages of an epoch from a place back, the last first.
pub async fn back_from(
    tx: &mut Tx,
    (epoch, seq): (i64, i64),
    limit: i64,
) -> Stored<Vec<OutboxRow>> {
    const SQL: &str =
        rows!("o.epoch = $1 and o.seq <= $2 and l.line is not null order by o.seq desc limit $3");
    Ok(on!(tx, c => sqlx::query_as(SQL).bind(epoch).bind(seq).bind(limit).fetch_all(c).await)?)
}

/// Counts and ages: rows in a state, and when the oldest of them was made.
pub async fn backlog(tx: &mut Tx) -> Stored<Vec<(String, i64, Option<i64>)>> {
    const SQL: &str = "select state, count(*), min(created_at) from outbox
        where state in ('pending', 'sealed', 'accepted', 'quarantined') group by state";
    Ok(on!(tx, c => sqlx::query_as(SQL).fetch_all(c).await)?)
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_protocol::ids::EnvelopeId;

    use super::super::{by_id, unruled};
    use super::*;
    use crate::testing::databases;

    fn row(message_id: &str) -> NewRow<'_> {
        NewRow {
            message_id,
            case_id: Some("c"),
            other_case: None,
            kind: "case.noted",
            draft: "{}",
            newcomers: "[]",
            created_at: 1,
            trace: "",
        }
    }

    async fn pending(tx: &mut Tx) -> Vec<(i64, String, Option<String>)> {
        let rows = super::pending(tx, 9).await.unwrap().into_iter();
        rows.map(|row| (row.number, row.draft, row.line)).collect()
    }

    #[tokio::test]
    async fn what_is_sealed_is_read_in_the_order_of_the_chain() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            add(tx, &["a", "b", "c"].map(row)).await.unwrap();
            let order: [(i64, i64); 3] = [(1, 3), (2, 1), (3, 2)];
            let places = order.iter().flat_map(|&(number, seq)| {
                let id = vec![number as u8; 32];
                [number.into(), 1i64.into(), seq.into(), id.into()]
            });
            let lines = order
                .iter()
                .flat_map(|&(number, _)| [number.into(), pack("{}").into()]);
            assert_eq!(seal(tx, places.collect(), lines.collect()).await, Ok(3));
            for (limit, expected) in [(2, vec![2, 3]), (9, vec![2, 3, 1])] {
                let rows = sealed(tx, limit).await.unwrap();
                let numbers: Vec<i64> = rows.iter().map(|row| row.number).collect();
                assert_eq!(numbers, expected, "{}", test.name);
            }
        }
    }

    #[tokio::test]
    async fn of_what_is_sealed_that_is_marked_which_lies_among_some_numbers_or_all_up_to_a_place() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            add(tx, &["a", "b", "c", "d"].map(row)).await.unwrap();
            let places = (1..=4_i64).flat_map(|number| {
                let id = vec![number as u8; 32];
                [number.into(), 1_i64.into(), number.into(), Value::from(id)]
            });
            let lines = (1..=4_i64).flat_map(|number| [number.into(), pack("{}").into()]);
            assert_eq!(seal(tx, places.collect(), lines.collect()).await, Ok(4));
            assert_eq!(accept_among(tx, (1, 3), (2, 4), 5).await, Ok(2));
            for (seq, expected) in [(1, true), (2, false), (3, false), (4, true)] {
                assert_eq!(is_sealed_at(tx, 1, seq).await, Ok(expected), "{seq}");
            }
            assert_eq!(accept_among(tx, (2, 4), (1, 4), 5).await, Ok(0));
            accept(tx, 1, 3, 6).await.unwrap();
            assert_eq!(is_sealed_at(tx, 1, 1).await, Ok(false), "{}", test.name);
            assert_eq!(is_sealed_at(tx, 1, 4).await, Ok(true), "{}", test.name);
        }
    }

    async fn unruled(tx: &mut Tx) -> Option<i64> {
        let counts = unruled::counts(tx, vec!["c".into(), "none".into()]).await;
        match &counts.unwrap()[..] {
            [] => None,
            [(case, count)] if case == "c" => Some(*count),
            other => panic!("{other:?}"),
        }
    }

    fn envelope(id: u8) -> EnvelopeId {
        EnvelopeId::new([id; 32])
    }

    async fn sealed_as(tx: &mut Tx, id: u8) -> Option<(String, i64)> {
        let found = by_id::line(tx, envelope(id)).await.unwrap();
        found.map(|own| (own.line, own.adopted))
    }

    async fn adopted(tx: &mut Tx, message_id: &str, seq: i64, id: u8) {
        let (cases, line) = ((Some("c"), None), format!("theirs {id}"));
        let kind = "case.noted";
        adopt(
            tx,
            message_id,
            cases,
            kind,
            (1, seq),
            &[id; 32],
            &line,
            1,
            6,
        )
        .await
        .unwrap();
    }

    #[tokio::test]
    async fn a_message_keeps_its_draft_and_has_a_line_while_it_has_a_place() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            add(tx, &[row("a"), row("b")]).await.unwrap();
            let draft = || "{}".to_owned();
            let both = [(1, draft(), None), (2, draft(), None)];
            assert_eq!(pending(tx).await, both, "{}", test.name);

            let numbers = || [1_i64, 2].into_iter();
            let places = numbers().flat_map(|number| {
                let id = vec![number as u8; 32];
                [number.into(), 1_i64.into(), number.into(), Value::from(id)]
            });
            let lines = numbers()
                .flat_map(|number| [number.into(), pack(&format!("ours {number}")).into()]);
            let sealed = seal(tx, places.collect(), lines.collect()).await;
            assert_eq!(sealed, Ok(2), "{}", test.name);
            accept(tx, 1, 1, 5).await.unwrap();
            unseal(tx).await.unwrap();
            assert_eq!(sealed_as(tx, 1).await, Some(("ours 1".into(), 0)));
            assert_eq!(sealed_as(tx, 2).await, None);
            assert_eq!(pending(tx).await, [(2, draft(), None)], "{}", test.name);

            adopted(tx, "b", 2, 7).await;
            adopted(tx, "d", 3, 8).await;
            // The second place of a message is none.
            adopted(tx, "b", 4, 9).await;
            assert_eq!(sealed_as(tx, 7).await, Some(("theirs 7".into(), 0)));
            assert_eq!(sealed_as(tx, 8).await, Some(("theirs 8".into(), 1)));
            assert_eq!(sealed_as(tx, 9).await, None, "{}", test.name);
            by_id::set_line(tx, envelope(8), "mended").await.unwrap();
            assert_eq!(sealed_as(tx, 8).await, Some(("mended".into(), 1)));
            // What came back from the hub was not written here.
            assert_eq!(unruled::of_case(tx, "c").await, Ok(vec![draft(), draft()]));
            assert_eq!(unruled(tx).await, Some(3), "{}", test.name);
            for (id, left) in [(1, 2), (7, 1), (8, 0)] {
                let ruled_at = 9_i64;
                let number = by_id::number(tx, envelope(id)).await.unwrap();
                let ruling = [
                    Value::from(number),
                    "applied".into(),
                    Value::from(None::<String>),
                    ruled_at.into(),
                ];
                ruled(tx, ruling.into()).await.unwrap();
                let waiting = (left > 0).then_some(left);
                assert_eq!(unruled(tx).await, waiting, "{} {id}", test.name);
            }
        }
    }
}
