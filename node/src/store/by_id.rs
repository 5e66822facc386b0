//! Own messages by the ids of their envelopes.
//!
//! An id is a hash: with one index over all of them each message that is sealed changed a page of its
//! own. Ids are indexed within spans of 2,048 messages, in the order in which they were written, and
//! looked for in one span after another, the latest first. Of many, what comes together stands together.

use std::collections::HashMap;

use lapor_migrations::{Bulk, Packed, Tx, Value, on, pack};
use lapor_protocol::ids::EnvelopeId;
use sqlx::FromRow;

use super::{Stored, digest};
use crate::error::NodeError;

/// Messages of a span, as a power of two; the texts below say it too, as they must to be indexed.
const SPAN: u32 = 11;

/// An own message as it was sent.
#[derive(Debug, Clone, FromRow)]
pub struct OwnLine {
    pub number: i64,
    #[sqlx(try_from = "Packed<String>")]
    pub line: String,
    /// 1 if it came back from the hub after a restore, 0 if it was written here.
    pub adopted: i64,
}

static IN_SPANS: Bulk = Bulk::new(
    "with v (span, envelope_id) as (values",
    2,
    ") select o.envelope_id, o.number from v cross join outbox o
        where o.number >> 11 = v.span and o.envelope_id = v.envelope_id",
);
static ANYWHERE: Bulk = Bulk::new(
    "with recursive v (envelope_id) as (values",
    1,
    "), spans (span) as (
            select max(number) >> 11 from outbox
            union all select span - 1 from spans where span > 0
        ) select o.envelope_id, o.number from spans cross join v cross join outbox o
            where o.number >> 11 = spans.span and o.envelope_id = v.envelope_id",
);
static LINES: Bulk = Bulk::new(
    "with v (number) as (values",
    1,
    ") select l.number, l.line,
            cast(case when d.number is null then 1 else 0 end as bigint) as adopted
        from v cross join outbox_lines l left join outbox_drafts d on d.number = l.number
        where l.number = v.number",
);

/// The number of the own message that has an id.
pub async fn number(tx: &mut Tx, id: EnvelopeId) -> Stored<Option<i64>> {
    const SQL: &str = "with recursive spans (span) as (
            select max(number) >> 11 from outbox
            union all select span - 1 from spans where span > 0
        ) select o.number from spans cross join outbox o
            where o.number >> 11 = spans.span and o.envelope_id = $1 limit 1";
    let id = id.as_bytes().as_slice();
    Ok(on!(tx, c => sqlx::query_scalar(SQL).bind(id).fetch_optional(c).await)?)
}

/// The numbers of those of these messages that are here. They are looked for around each that is found,
/// and everywhere once one is nowhere.
pub async fn numbers(
    tx: &mut Tx,
    mut ids: Vec<EnvelopeId>,
) -> Result<HashMap<EnvelopeId, i64>, NodeError> {
    let mut found = HashMap::new();
    while let Some(id) = ids.pop() {
        let here = number(tx, id).await?;
        let more: Vec<(Vec<u8>, i64)> = if let Some(number) = here {
            found.insert(id, number);
            let span = number >> SPAN;
            let values = ids.iter().flat_map(|id| {
                let at = |span: i64| [Value::from(span), id.as_bytes().as_slice().into()];
                [at(span - 1), at(span)].concat()
            });
            tx.fetch_rows(&IN_SPANS, values.collect()).await?
        } else {
            let values = ids.iter().map(|id| id.as_bytes().as_slice().into());
            tx.fetch_rows(&ANYWHERE, values.collect()).await?
        };
        for (id, number) in more {
            found.insert(digest(&id)?, number);
        }
        if here.is_none() {
            break;
        }
        ids.retain(|id| !found.contains_key(id));
    }
    Ok(found)
}

/// Lines of own messages by their numbers.
pub async fn lines(tx: &mut Tx, numbers: impl Iterator<Item = i64>) -> Stored<Vec<OwnLine>> {
    tx.fetch_rows(&LINES, numbers.map(Value::from).collect())
        .await
}

/// Line of an own message.
pub async fn line(tx: &mut Tx, id: EnvelopeId) -> Stored<Option<OwnLine>> {
    let found = number(tx, id).await?;
    let found = lines(tx, found.into_iter()).await?;
    Ok(found.into_iter().next())
}

/// Puts the line of an own message in the place of a damaged one.
pub async fn set_line(tx: &mut Tx, id: EnvelopeId, line: &str) -> Stored<()> {
    const SQL: &str = "update outbox_lines set line = $2 where number = $1";
    if let Some(number) = number(tx, id).await? {
        on!(tx, c => sqlx::query(SQL).bind(number).bind(pack(line)).execute(c).await.map(drop))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::goes_from_the_list;
    use lapor_protocol::ids::Digest;

    use super::*;
    use crate::testing::databases;

    fn id(number: i64) -> EnvelopeId {
        Digest::of(&number.to_be_bytes())
    }

    async fn put(tx: &mut Tx, number: i64) {
        const ROW: &str = "insert into outbox
            (number, message_id, kind, newcomers, state, epoch, seq, envelope_id, created_at)
            values ($1, $2, 'case.noted', '[]', 'accepted', 1, $1, $3, 0)";
        const LINE: &str = "insert into outbox_lines (number, line) values ($1, $2)";
        on!(tx, c => sqlx::query(ROW)
            .bind(number)
            .bind(number.to_string())
            .bind(id(number).as_bytes().as_slice())
            .execute(c)
            .await
            .map(drop))
        .unwrap();
        let line = pack(&format!("line {number}"));
        on!(tx, c => sqlx::query(LINE).bind(number).bind(line).execute(c).await.map(drop)).unwrap();
    }

    #[tokio::test]
    async fn lists_lead_to_messages() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.read().await.unwrap();
            goes_from_the_list(tx, &IN_SPANS).await;
            goes_from_the_list(tx, &LINES).await;
        }
    }

    #[tokio::test]
    async fn a_message_is_found_by_its_id_in_whatever_span_it_stands() {
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let tx = &mut db.write().await.unwrap();
            assert_eq!(number(tx, id(1)).await, Ok(None), "{}", test.name);
            let there = [1, 2047, 2048, 2049, 4095, 9000, 100_000];
            for number in there {
                put(tx, number).await;
            }
            for number in there {
                assert_eq!(super::number(tx, id(number)).await, Ok(Some(number)));
                let line = line(tx, id(number)).await.unwrap().unwrap();
                assert_eq!((line.number, line.line), (number, format!("line {number}")));
            }
            let asked = there.into_iter().chain([7, 50_000, 200_000]);
            let found = numbers(tx, asked.map(id).collect()).await.unwrap();
            let expected = there.into_iter().map(|number| (id(number), number));
            assert_eq!(found, expected.collect(), "{}", test.name);
            assert!(numbers(tx, Vec::new()).await.unwrap().is_empty());

            set_line(tx, id(2048), "mended").await.unwrap();
            set_line(tx, id(7), "mended").await.unwrap();
            let lines = lines(tx, [2047, 2048].into_iter()).await.unwrap();
            let mut lines: Vec<_> = lines
                .into_iter()
                .map(|own| (own.number, own.line))
                .collect();
            lines.sort_unstable();
            let expected = [(2047, "line 2047".to_owned()), (2048, "mended".to_owned())];
            assert_eq!(lines, expected, "{}", test.name);
        }
    }
}
