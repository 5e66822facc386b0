//! Text from a disk that may give back other bytes than it was given.
//!
//! One row that holds no text must not fail the query for all the others: what is no text is marked
//! in it, and whoever reads the row finds that it is damaged.

use sqlx::error::BoxDynError;
use sqlx::postgres::PgValueRef;
use sqlx::sqlite::SqliteValueRef;
use sqlx::{Database, Decode, Postgres, Sqlite, Type};

/// Stands for what is no text. JSON has no place for it, within strings either, so that nothing
/// damaged is read as something else that was said.
const DAMAGED: char = '\u{1a}';

/// A column of text of a row, in `#[sqlx(try_from = "Legible<String>")]`; `Legible<Option<String>>`
/// is one that may be null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legible<T>(T);

impl<T> Legible<T> {
    pub fn text(self) -> T {
        self.0
    }
}

impl<T> Legible<Option<T>> {
    pub fn is_null(&self) -> bool {
        self.0.is_none()
    }
}

impl From<Legible<String>> for String {
    fn from(legible: Legible<Self>) -> Self {
        legible.0
    }
}

impl From<Legible<Option<String>>> for Option<String> {
    fn from(legible: Legible<Self>) -> Self {
        legible.0
    }
}

impl<DB: Database, T: Type<DB>> Type<DB> for Legible<T> {
    fn type_info() -> DB::TypeInfo {
        T::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        T::compatible(ty)
    }
}

impl<'r> Decode<'r, Sqlite> for Legible<String> {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let bytes = <&[u8] as Decode<'r, Sqlite>>::decode(value)?;
        Ok(Self(text(bytes)))
    }
}

impl<'r> Decode<'r, Postgres> for Legible<String> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self(text(value.as_bytes()?)))
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Legible<Option<String>>
where
    Legible<String>: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let held = <Option<Legible<String>> as Decode<'r, DB>>::decode(value)?;
        Ok(Self(held.map(Legible::text)))
    }
}

/// Whether a text that was read has no such mark: another is not the one that is kept.
pub fn is_legible(text: &str) -> bool {
    !text.contains(DAMAGED)
}

/// Text as a disk gives it back, with marks where it holds none.
pub(crate) fn text(bytes: &[u8]) -> String {
    if let Ok(text) = str::from_utf8(bytes) {
        return text.to_owned();
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(DAMAGED);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use sqlx::FromRow;

    use super::*;
    use crate::throwaway::databases;
    use crate::{Schema, Tx, on};

    #[derive(Debug, PartialEq, FromRow)]
    struct Row {
        #[sqlx(try_from = "Legible<String>")]
        kept: String,
        #[sqlx(try_from = "Legible<Option<String>>")]
        perhaps: Option<String>,
    }

    fn row(kept: &str, perhaps: Option<&str>) -> Row {
        let perhaps = perhaps.map(str::to_owned);
        Row {
            kept: kept.to_owned(),
            perhaps,
        }
    }

    #[tokio::test]
    async fn text_is_read_as_it_is_and_nothing_as_nothing() {
        const SQL: &str = "select 'padam \u{f1}' as kept, cast(null as text) as perhaps
            union all select '', 'Lampu' order by 1";
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.read().await.unwrap();
            let rows: Vec<Row> =
                on!(&mut tx, conn => sqlx::query_as(SQL).fetch_all(conn).await).unwrap();
            let expected = [row("", Some("Lampu")), row("padam \u{f1}", None)];
            assert_eq!(rows, expected, "{}", test.name);
        }
    }

    /// PostgreSQL takes nothing in that is no text, so only its pages can hold it.
    #[tokio::test]
    async fn a_row_that_holds_no_text_is_marked_and_the_others_are_read() {
        const SQL: &str =
            "select cast(x'7b22fff022' as text) as kept, cast(x'fe' as text) as perhaps
            union all select 'Lampu', null";
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.read().await.unwrap();
            if let Tx::Postgres(_) = tx {
                continue;
            }
            let rows: Vec<Row> =
                on!(&mut tx, conn => sqlx::query_as(SQL).fetch_all(conn).await).unwrap();
            let marked = row("{\"\u{1a}\u{1a}\"", Some("\u{1a}"));
            assert_eq!(rows, [marked, row("Lampu", None)]);
        }
    }
}
