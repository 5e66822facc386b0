//! Which attachments accepted messages announced, and by whom; the room that
//! uploads take, and who has proved by one that the bytes are theirs to give.

use std::collections::HashSet;

use lapor_migrations::{Bulk, DbError, Tx, Value, on};
use lapor_protocol::ids::{CaseId, Digest, InstanceId};

use super::{bytes, digest, id};

static INSERT: Bulk = Bulk::new(
    "insert into blobs (sha256, number, case_id, author, size, programme) values",
    6,
    "on conflict (sha256, number) do nothing",
);
const ANNOUNCED: &str = "select b.number, b.case_id, b.author, b.size, b.programme, \
     r.size, coalesce(r.proved, 0), coalesce(r.picture, 0) \
     from blobs b left join blob_room r on r.sha256 = b.sha256 and r.author = b.author \
     where b.sha256 = $1 and b.number > $3 and (cast($2 as bigint) = 2 or r.proved = 1 \
     and cast(case when b.programme is null then 1 else 0 end as bigint) = $2) \
     order by b.number limit $4";
/// One of the size that is stated, one that has no room yet, and a picture before others.
const OWN: &str = "select b.number, b.case_id, b.author, b.size, b.programme, \
     r.size, coalesce(r.proved, 0), coalesce(r.picture, 0) \
     from blobs b left join blob_room r on r.sha256 = b.sha256 and r.author = b.author \
     where b.sha256 = $1 and b.author = $2 \
     order by case when cast($3 as bigint) is null or b.size = $3 then 0 else 1 end, \
     case when r.size = b.size and (r.picture = 1 or b.programme is null) then 1 else 0 end, \
     case when b.programme is null then 1 else 0 end, b.number limit 1";
const NAMED: &str = "select count(*) from blobs where sha256 = $1 and author = $2";
const HAS_ROOM: &str = "select count(*) from blob_room where sha256 = $1 and author = $2";
/// What its author has announced in no other case, and whether room for it is taken. Without that
/// nothing was brought: it is taken before the first byte, and given back when all of them have gone.
const OF_CASE: &str = "select distinct b.sha256, b.author, \
     cast(case when r.sha256 is null then 0 else 1 end as bigint) from blobs b \
     left join blob_room r on r.sha256 = b.sha256 and r.author = b.author \
     where b.case_id = $1 \
     and not exists (select 1 from blobs o where o.sha256 = b.sha256 and o.author = b.author \
     and o.case_id <> b.case_id)";
const FORGET: &str = "delete from blobs where case_id = $1";
/// Pictures of a programme that an author names in no message any more that counts, and whether room
/// for them is taken.
const REPLACED: &str = "select distinct b.sha256, b.author, \
     cast(case when r.sha256 is null then 0 else 1 end as bigint) from blobs b \
     left join blob_room r on r.sha256 = b.sha256 and r.author = b.author \
     where b.author = $1 and b.programme = $2 and b.number < $3 \
     and not exists (select 1 from blobs o where o.sha256 = b.sha256 and o.author = b.author \
     and (o.programme is null or o.programme <> $2 or o.number >= $3))";
const REPLACE: &str = "delete from blobs where author = $1 and programme = $2 and number < $3";
/// What every programme shows.
const PICTURES: &str = "select distinct b.sha256 from blobs b \
     join blob_room r on r.sha256 = b.sha256 and r.author = b.author \
     where b.programme is not null and r.proved = 1 and r.picture = 1 and r.size = b.size \
     order by b.sha256";
static TO_ERASE: Bulk = Bulk::new(
    "insert into erasing (sha256, author) values",
    2,
    "on conflict (sha256, author) do nothing",
);
static GIVE_UP: Bulk = Bulk::new(
    "with v (sha256, author) as (values",
    2,
    ") delete from blob_room where (sha256, author) in (select sha256, author from v)",
);
const ERASING: &str = "select sha256, author from erasing order by sha256, author";
static GONE: Bulk = Bulk::new(
    "with v (sha256, author) as (values",
    2,
    ") delete from erasing where (sha256, author) in (select sha256, author from v)",
);

const ROOM_USED: &str = "select cast(coalesce(sum(size), 0) as bigint) from blob_room \
     where author = $1 and picture = $2";
const ROOM_USED_BY_ALL: &str =
    "select cast(coalesce(sum(size), 0) as bigint) from blob_room where picture = $1";
/// What has been proved keeps its size; an upload under way has that of the message it is for.
const TAKE_ROOM: &str = "insert into blob_room (sha256, author, size, picture) values ($1, $2, $3, $4) \
     on conflict (sha256, author) do update set picture = excluded.picture, \
     size = case when blob_room.proved = 1 then blob_room.size else excluded.size end";
const LEAVE_ROOM: &str = "delete from blob_room where sha256 = $1 and author = $2";
const PROVE: &str = "update blob_room set proved = 1 where sha256 = $1 and author = $2 and size = $3 \
     and exists (select 1 from blobs b where b.sha256 = $1 and b.author = $2 and b.size = $3)";
const PROVED: &str = "select distinct sha256 from blob_room where proved = 1 order by sha256";
static PROVED_OF: Bulk = Bulk::new(
    "with v (sha256) as (values",
    1,
    ") select r.sha256 from v join blob_room r on r.sha256 = v.sha256 where r.proved = 1",
);

/// To what a blob belongs, and with it who may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// For those who were sent the message.
    Case(CaseId),
    /// A programme of the author: for everybody.
    Programme(String),
}

/// A blob that an accepted message announced.
#[derive(Debug, Clone)]
pub struct Announced {
    pub sha256: Digest,
    /// The message's number in the hub's order.
    pub number: i64,
    pub of: Owner,
    pub author: InstanceId,
    /// Bytes.
    pub size: u64,
}

/// How far the authors of announcements have come. Those who have the bytes are looked at first, and
/// among them what everybody may read: whoever names bytes, with or without having them, makes
/// nobody wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A picture that has been brought.
    Shown,
    /// An attachment that has been brought.
    Brought,
    /// Any at all, with what has been brought since the others were looked at.
    Named,
}

/// An announcement, and what its author has brought.
#[derive(Debug, Clone)]
pub struct Claim {
    pub blob: Announced,
    pub room: Option<Room>,
}

/// The room that an upload takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes.
    pub size: u64,
    /// All the bytes are here, and so many.
    pub proved: bool,
    /// Counted to the pictures of its author.
    pub picture: bool,
}

/// What an author had uploaded for a case that has been redacted, or a programme
/// that shows it no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    pub sha256: Digest,
    pub author: InstanceId,
    /// Some of it was brought, and that its file is to go stands in the database. Of others there is
    /// a file only where the database has gone back behind it, by a restore or a loss.
    pub noted: bool,
}

impl Standing {
    /// In the order in which they are looked at.
    pub const ALL: [Self; 3] = [Self::Shown, Self::Brought, Self::Named];
}

impl Announced {
    pub fn is_picture(&self) -> bool {
        matches!(self.of, Owner::Programme(_))
    }
}

impl Claim {
    /// Whether the author has brought the bytes that this message announced, and
    /// has room for what they are by it.
    pub fn proved(&self) -> bool {
        self.has_room() && self.room.is_some_and(|room| room.proved)
    }

    /// Whether the room for it is taken.
    pub fn has_room(&self) -> bool {
        self.room.is_some_and(|room| {
            room.size == self.blob.size && (room.picture || !self.blob.is_picture())
        })
    }
}

pub async fn insert(tx: &mut Tx, rows: Vec<Announced>) -> Result<(), DbError> {
    let values = rows.into_iter().flat_map(|row| {
        let (case, programme) = match row.of {
            Owner::Case(case) => (case.to_string(), None),
            Owner::Programme(slug) => (String::new(), Some(slug)),
        };
        [
            Value::from(bytes(row.sha256)),
            row.number.into(),
            case.into(),
            row.author.as_str().into(),
            (row.size as i64).into(),
            programme.into(),
        ]
    });
    tx.run_rows(&INSERT, values.collect()).await.map(drop)
}

/// Number, case, author, size and programme of an announcement; size of the room, whether the bytes
/// are proved, and whether it is a picture's.
type ClaimRow = (
    i64,
    String,
    String,
    i64,
    Option<String>,
    Option<i64>,
    i64,
    i64,
);

/// Announcements of these bytes of a standing, in the hub's order, some at most; those behind a number.
pub async fn announced(
    tx: &mut Tx,
    sha256: Digest,
    (standing, behind): (Standing, i64),
    most: usize,
) -> Result<Vec<Claim>, DbError> {
    let rows: Vec<ClaimRow> = on!(tx, conn => sqlx::query_as(ANNOUNCED)
        .bind(bytes(sha256))
        .bind(standing as i64)
        .bind(behind)
        .bind(most as i64)
        .fetch_all(conn)
        .await)?;
    rows.into_iter().map(|row| claim(sha256, row)).collect()
}

/// The announcement by which an author may upload; one of the size that it states, if there is one.
pub async fn own(
    tx: &mut Tx,
    sha256: Digest,
    author: &InstanceId,
    stated: Option<i64>,
) -> Result<Option<Claim>, DbError> {
    let row: Option<ClaimRow> = on!(tx, conn => sqlx::query_as(OWN)
        .bind(bytes(sha256))
        .bind(author.as_str())
        .bind(stated)
        .fetch_optional(conn)
        .await)?;
    row.map(|row| claim(sha256, row)).transpose()
}

fn claim(
    sha256: Digest,
    (number, case, author, size, programme, room, proved, picture): ClaimRow,
) -> Result<Claim, DbError> {
    let of = match programme {
        Some(slug) => Owner::Programme(slug),
        None => Owner::Case(id(&case)?),
    };
    let blob = Announced {
        sha256,
        number,
        of,
        author: id(&author)?,
        size: size as u64,
    };
    let room = room.map(|size| Room {
        size: size as u64,
        proved: proved == 1,
        picture: picture == 1,
    });
    Ok(Claim { blob, room })
}

/// A digest, its author, and 1 where room is taken.
type Named = (Vec<u8>, String, i64);

/// Forgets the attachments of a redacted case, and notes that the files of those
/// that were brought, or begun, are to go; returns all. Who names the attachment of another in a case
/// of its own can thereby neither keep it nor take it away.
pub async fn forget(tx: &mut Tx, case: CaseId) -> Result<Vec<Erased>, DbError> {
    let case = case.to_string();
    let rows: Vec<Named> =
        on!(&mut *tx, conn => sqlx::query_as(OF_CASE).bind(&case).fetch_all(conn).await)?;
    on!(&mut *tx, conn => sqlx::query(FORGET).bind(&case).execute(conn).await.map(drop))?;
    give_up(tx, rows).await
}

/// Forgets the pictures of a programme that stand in messages before `number`
/// and in none since, and notes that the files of those that were brought, or begun, are to go;
/// returns all.
pub async fn replace(
    tx: &mut Tx,
    author: &InstanceId,
    slug: &str,
    number: i64,
) -> Result<Vec<Erased>, DbError> {
    let rows: Vec<Named> = on!(&mut *tx, conn => sqlx::query_as(REPLACED)
        .bind(author.as_str())
        .bind(slug)
        .bind(number)
        .fetch_all(conn)
        .await)?;
    on!(&mut *tx, conn => sqlx::query(REPLACE)
        .bind(author.as_str())
        .bind(slug)
        .bind(number)
        .execute(conn)
        .await
        .map(drop))?;
    give_up(tx, rows).await
}

/// Gives back the room of what no message names any more, and notes that it is to go.
async fn give_up(tx: &mut Tx, rows: Vec<Named>) -> Result<Vec<Erased>, DbError> {
    let erased: Vec<Erased> = rows
        .into_iter()
        .map(|(sha256, author, room)| {
            Ok(Erased {
                sha256: digest(&sha256)?,
                author: id(&author)?,
                noted: room == 1,
            })
        })
        .collect::<Result<_, DbError>>()?;
    let brought = keys(erased.iter().filter(|blob| blob.noted));
    tx.run_rows(&GIVE_UP, brought.clone()).await?;
    tx.run_rows(&TO_ERASE, brought).await?;
    Ok(erased)
}

fn keys<'a>(erased: impl Iterator<Item = &'a Erased>) -> Vec<Value> {
    let keys = erased.flat_map(|blob| {
        [
            Value::from(bytes(blob.sha256)),
            Value::from(blob.author.as_str()),
        ]
    });
    keys.collect()
}

/// Of which of these any author has brought all the bytes.
pub async fn proved_of(tx: &mut Tx, blobs: &[Erased]) -> Result<HashSet<Digest>, DbError> {
    let values = blobs.iter().map(|blob| Value::from(bytes(blob.sha256)));
    let rows: Vec<(Vec<u8>,)> = tx.fetch_rows(&PROVED_OF, values.collect()).await?;
    rows.iter().map(|(sha256,)| digest(sha256)).collect()
}

/// Whether an author has room for a blob: what it has brought of one counts by that alone.
pub async fn has_room(tx: &mut Tx, sha256: Digest, author: &InstanceId) -> Result<bool, DbError> {
    let count: i64 = on!(tx, conn => sqlx::query_scalar(HAS_ROOM)
        .bind(bytes(sha256))
        .bind(author.as_str())
        .fetch_one(conn)
        .await)?;
    Ok(count > 0)
}

/// Whether a message that counts names a blob of an author.
pub async fn is_named(tx: &mut Tx, sha256: Digest, author: &InstanceId) -> Result<bool, DbError> {
    let count: i64 = on!(tx, conn => sqlx::query_scalar(NAMED)
        .bind(bytes(sha256))
        .bind(author.as_str())
        .fetch_one(conn)
        .await)?;
    Ok(count > 0)
}

/// The pictures of all programmes that have been brought.
pub async fn pictures(tx: &mut Tx) -> Result<Vec<Digest>, DbError> {
    let rows: Vec<Vec<u8>> = on!(tx, conn => sqlx::query_scalar(PICTURES).fetch_all(conn).await)?;
    rows.iter().map(|sha256| digest(sha256)).collect()
}

/// What has been noted to go and nobody has erased yet.
pub async fn erasing(tx: &mut Tx) -> Result<Vec<Erased>, DbError> {
    let rows: Vec<(Vec<u8>, String)> =
        on!(tx, conn => sqlx::query_as(ERASING).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(sha256, author)| {
            Ok(Erased {
                sha256: digest(&sha256)?,
                author: id(&author)?,
                noted: true,
            })
        })
        .collect()
}

/// The files of these are gone.
pub async fn gone(tx: &mut Tx, erased: &[Erased]) -> Result<(), DbError> {
    tx.run_rows(&GONE, keys(erased.iter())).await.map(drop)
}

/// The blobs of which an author has brought all the bytes.
pub async fn proved(tx: &mut Tx) -> Result<Vec<Digest>, DbError> {
    let rows: Vec<Vec<u8>> = on!(tx, conn => sqlx::query_scalar(PROVED).fetch_all(conn).await)?;
    rows.iter().map(|sha256| digest(sha256)).collect()
}

/// Notes that an author has brought all the bytes of a blob; whether a message
/// still names them.
pub async fn prove(tx: &mut Tx, blob: &Announced) -> Result<bool, DbError> {
    let changed = on!(tx, conn => sqlx::query(PROVE)
        .bind(bytes(blob.sha256))
        .bind(blob.author.as_str())
        .bind(blob.size as i64)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(changed > 0)
}

/// Bytes of the pictures of an author, or of all its other uploads.
pub async fn room_used(tx: &mut Tx, author: &InstanceId, pictures: bool) -> Result<u64, DbError> {
    let used: i64 = on!(tx, conn => sqlx::query_scalar(ROOM_USED)
        .bind(author.as_str())
        .bind(i64::from(pictures))
        .fetch_one(conn)
        .await)?;
    Ok(used as u64)
}

/// Bytes of all pictures, or of all other uploads.
pub async fn room_used_by_all(tx: &mut Tx, pictures: bool) -> Result<u64, DbError> {
    let used: i64 = on!(tx, conn => sqlx::query_scalar(ROOM_USED_BY_ALL)
        .bind(i64::from(pictures))
        .fetch_one(conn)
        .await)?;
    Ok(used as u64)
}

pub async fn take_room(tx: &mut Tx, blob: &Announced) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(TAKE_ROOM)
        .bind(bytes(blob.sha256))
        .bind(blob.author.as_str())
        .bind(blob.size as i64)
        .bind(i64::from(blob.is_picture()))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Gives back the room of an upload that came to nothing.
pub async fn leave_room(tx: &mut Tx, sha256: Digest, author: &InstanceId) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(LEAVE_ROOM)
        .bind(bytes(sha256))
        .bind(author.as_str())
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use lapor_migrations::Schema;
    use lapor_migrations::throwaway::databases_of;

    use super::*;

    #[tokio::test]
    async fn of_bytes_named_often_a_few_are_read_at_once_and_what_is_shown_first() {
        for test in databases_of(Schema::Hub).await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.write().await.unwrap();
            let sha256 = Digest::of(b"gambar");
            let [loud, quiet]: [InstanceId; 2] =
                ["kota-bandung", "kab-garut"].map(|slug| slug.parse().unwrap());
            let case = CaseId::mint(1_790_000_000_000, [7; 10]);
            let of = |author: &InstanceId, number, of, size| Announced {
                sha256,
                number,
                of,
                author: author.clone(),
                size,
            };
            let mut named: Vec<Announced> = (1..=50)
                .map(|number| of(&loud, number, Owner::Case(case), 6))
                .collect();
            let shown = of(&quiet, 60, Owner::Programme("jembatan".to_owned()), 6);
            let other = of(&quiet, 51, Owner::Case(case), 7);
            named.extend([shown.clone(), other]);
            insert(&mut tx, named).await.unwrap();
            take_room(&mut tx, &shown).await.unwrap();
            assert!(prove(&mut tx, &shown).await.unwrap());
            let mut read = async |standing, behind| {
                let page = announced(&mut tx, sha256, (standing, behind), 20).await;
                let page = page.unwrap().into_iter();
                page.map(|claim| claim.blob.number).collect::<Vec<i64>>()
            };
            assert_eq!(read(Standing::Shown, 0).await, [60]);
            assert_eq!(read(Standing::Brought, 0).await, [51]);
            let first: Vec<i64> = (1..=20).collect();
            assert_eq!(read(Standing::Named, 0).await, first, "no more at once");
            assert_eq!(read(Standing::Named, 49).await, [50, 51, 60]);
            let mut upload = async |stated| {
                let own = own(&mut tx, sha256, &quiet, stated).await.unwrap();
                own.map(|claim| claim.blob.number)
            };
            assert_eq!(upload(Some(6)).await, Some(60));
            assert_eq!(upload(Some(7)).await, Some(51));
            assert_eq!(upload(None).await, Some(51), "it has no room yet");
        }
    }
}
