//! A signed line as it is kept: its payload as the bytes that it stands for, not in base64.
//!
//! A message of usual length is so short then that two rows fit on a page of SQLite where one did, and
//! that PostgreSQL keeps the row in one piece. What is kept is the very line: whatever cannot be put
//! together again byte for byte is kept as its text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;
use sqlx::error::BoxDynError;
use sqlx::postgres::PgValueRef;
use sqlx::sqlite::SqliteValueRef;
use sqlx::{Database, Decode, Postgres, Sqlite, Type};

use crate::legible::text;

/// How a line begins that is kept so: a message in the form in which every known program writes it.
const BEFORE: &str = r#"{"payloadType":"application/vnd.lapor.message.v1+json","payload":""#;
/// Begins what is no text of a line: no text has this byte.
const MARK: u8 = 0xff;
/// The mark, and how many bytes stand behind the payload.
const HEAD_BYTES: usize = 3;

/// A line as it is kept: a mark, the length of what stands behind the payload (two bytes, the high one
/// first), the payload, what stands behind it.
#[must_use]
pub fn pack(line: &str) -> Vec<u8> {
    packed(line).unwrap_or_else(|| line.as_bytes().to_vec())
}

/// The same of a line whose payload is at hand, which is not read out of it once more.
#[must_use]
pub fn pack_with(line: &str, payload: &[u8]) -> Vec<u8> {
    packed_with(line, payload).unwrap_or_else(|| pack(line))
}

fn packed(line: &str) -> Option<Vec<u8>> {
    let rest = line.strip_prefix(BEFORE)?;
    let (payload, behind) = rest.split_at(rest.find('"')?);
    let mut kept = head(payload.len() / 4 * 3, behind)?;
    // What can be read has one way of being written.
    B64.decode_vec(payload, &mut kept).ok()?;
    kept.extend_from_slice(behind.as_bytes());
    Some(kept)
}

fn packed_with(line: &str, payload: &[u8]) -> Option<Vec<u8>> {
    let rest = line.strip_prefix(BEFORE)?;
    let behind = rest.get(base64::encoded_len(payload.len(), true)?..)?;
    // What is written in another way than ours ends elsewhere.
    if !behind.starts_with('"') {
        return None;
    }
    let mut kept = head(payload.len(), behind)?;
    kept.extend_from_slice(payload);
    kept.extend_from_slice(behind.as_bytes());
    Some(kept)
}

/// How what is kept begins, with room for the rest.
fn head(payload_bytes: usize, behind: &str) -> Option<Vec<u8>> {
    let length = u16::try_from(behind.len()).ok()?;
    let mut kept = Vec::with_capacity(HEAD_BYTES + payload_bytes + behind.len());
    kept.push(MARK);
    kept.extend(length.to_be_bytes());
    Some(kept)
}

/// The line of which this was kept. What a disk gives back that was never put there gives no line.
#[must_use]
pub fn unpack(kept: &[u8]) -> String {
    let [MARK, high, low, rest @ ..] = kept else {
        return text(kept);
    };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    let Some(payload_bytes) = rest.len().checked_sub(length) else {
        return text(kept);
    };
    let (payload, behind) = rest.split_at(payload_bytes);
    let encoded = base64::encoded_len(payload.len(), true).unwrap_or_default();
    let mut line = String::with_capacity(BEFORE.len() + encoded + behind.len());
    line.push_str(BEFORE);
    B64.encode_string(payload, &mut line);
    line.push_str(&text(behind));
    line
}

/// A column of lines of a row, in `#[sqlx(try_from = "Packed<String>")]`; `Packed<Option<String>>` is one
/// that may be null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed<T>(T);

impl<T> Packed<T> {
    pub fn line(self) -> T {
        self.0
    }
}

impl From<Packed<String>> for String {
    fn from(packed: Packed<Self>) -> Self {
        packed.0
    }
}

impl From<Packed<Option<String>>> for Option<String> {
    fn from(packed: Packed<Self>) -> Self {
        packed.0
    }
}

impl<DB: Database, T> Type<DB> for Packed<T>
where
    Vec<u8>: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        Vec::<u8>::type_info()
    }

    fn compatible(ty: &DB::TypeInfo) -> bool {
        Vec::<u8>::compatible(ty)
    }
}

impl<'r> Decode<'r, Sqlite> for Packed<String> {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        let kept = <&[u8] as Decode<'r, Sqlite>>::decode(value)?;
        Ok(Self(unpack(kept)))
    }
}

impl<'r> Decode<'r, Postgres> for Packed<String> {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let kept = <&[u8] as Decode<'r, Postgres>>::decode(value)?;
        Ok(Self(unpack(kept)))
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Packed<Option<String>>
where
    Packed<String>: Decode<'r, DB>,
{
    fn decode(value: DB::ValueRef<'r>) -> Result<Self, BoxDynError> {
        let held = <Option<Packed<String>> as Decode<'r, DB>>::decode(value)?;
        Ok(Self(held.map(Packed::line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::throwaway::databases;
    use crate::{Schema, on};

    fn line(payload: &str) -> String {
        format!(r#"{BEFORE}{payload}","signatures":[{{"keyid":"k","sig":"c2ln"}}]}}"#)
    }

    /// Lines that are kept as their text, with a payload at hand or without.
    fn others() -> [String; 8] {
        [
            String::new(),
            "{}".to_owned(),
            BEFORE.to_owned(),
            // Of the same payload as `e30=`, written otherwise.
            line("e30"),
            line(r"e30\u003d"),
            line("e30=").replacen('{', "{ ", 1),
            line("e30=").replace(BEFORE, r#"{"payload":"#),
            format!("{}{}", line("e30="), " ".repeat(65_536)),
        ]
    }

    #[test]
    fn a_line_is_put_together_again_byte_for_byte() {
        let payloads = ["", "eA==", "e30=", "e30x", "////"];
        for whole in payloads.map(line) {
            let kept = pack(&whole);
            assert_eq!(unpack(&kept), whole);
            assert!(
                kept.len() <= whole.len() - BEFORE.len() + HEAD_BYTES,
                "{whole}"
            );
        }
    }

    #[test]
    fn what_cannot_be_put_together_again_is_kept_as_its_text() {
        // Nobody can read this one, and so nobody has its payload at hand.
        let unread = line("e31=");
        for other in others().into_iter().chain([unread]) {
            assert_eq!(pack(&other), other.as_bytes());
            assert_eq!(unpack(&pack(&other)), other);
        }
    }

    #[test]
    fn a_payload_at_hand_gives_the_same_bytes_as_one_that_is_read_out_of_its_line() {
        for payload in ["", "x", "{}", "{}1", "{\"v\":\"\u{ff}\"}"].map(str::as_bytes) {
            let whole = line(&B64.encode(payload));
            assert_eq!(pack_with(&whole, payload), pack(&whole), "{whole}");
        }
        for other in others() {
            assert_eq!(pack_with(&other, b"{}"), other.as_bytes());
        }
    }

    #[test]
    fn what_a_disk_has_changed_is_never_read_as_a_line_that_was_there() {
        let (whole, kept) = (line("e30="), pack(&line("e30=")));
        for at in 0..kept.len() {
            for bit in 0..8 {
                let mut damaged = kept.clone();
                damaged[at] ^= 1 << bit;
                assert_ne!(unpack(&damaged), whole, "byte {at}, bit {bit}");
            }
            assert_ne!(unpack(&kept[..at]), whole, "{at} bytes");
        }
    }

    #[tokio::test]
    async fn a_column_is_read_as_the_lines_that_were_kept() {
        const ADD: &str = "insert into outbox_lines (number, line) values ($1, $2)";
        const SQL: &str = "select l.line
            from (select 1 as number union all select 2 union all select 3) v
                left join outbox_lines l on l.number = v.number
            order by v.number";
        for test in databases().await {
            let db = test.migrated(Schema::Node).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let lines = [line("e30="), "{}".to_owned()];
            for (line, number) in lines.iter().zip(1_i64..) {
                let kept = pack(line);
                on!(&mut tx, conn => sqlx::query(ADD)
                    .bind(number)
                    .bind(kept)
                    .execute(conn)
                    .await
                    .map(drop))
                .unwrap();
            }
            let rows: Vec<Packed<Option<String>>> =
                on!(&mut tx, conn => sqlx::query_scalar(SQL).fetch_all(conn).await).unwrap();
            let read: Vec<Option<String>> = rows.into_iter().map(Packed::line).collect();
            let [first, second] = lines.map(Some);
            assert_eq!(read, [first, second, None], "{}", test.name);
        }
    }
}
