//! Invitations, the answers given to them, the certificates issued, and the
//! challenges that brought one.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::{Digest, InstanceId};

use super::{bytes, digest, id};

const INSERT: &str = "insert into invitations \
     (id, slug, secret_hash, created_at, expires_at, approval) values ($1, $2, $3, $4, $5, $6)";
const VOID: &str = "update invitations set expires_at = $2 \
     where slug = $1 and used_digest is null and expires_at > $2";
const OPEN_UNTIL: &str = "select max(expires_at) from invitations \
     where slug = $1 and used_digest is null and expires_at > $2";
const FIND: &str = "select id, slug, expires_at, approval, used_digest, answer, answered_at \
     from invitations where secret_hash = $1";
const USE: &str =
    "update invitations set used_digest = $2, answer = $3, answered_at = $4 where id = $1";
const CERTIFY: &str = "insert into certificates (serial, slug, fingerprint, not_after, issued_at) \
     values ($1, $2, $3, $4, $5)";
const NOT_AFTER: &str = "select max(not_after) from certificates where slug = $1";
const ISSUED_AT: &str =
    "select max(issued_at) from certificates where slug = $1 and fingerprint = $2";
const LATEST_ISSUED: &str = "select max(issued_at) from certificates";
/// Whoever has a certificate has a chain: of each the index is asked for one row, however many there are.
const ENDS: &str =
    "select author, (select max(not_after) from certificates where slug = author) from chains";
/// The first certificate came with the joining.
const FIRST: &str = "select slug, min(issued_at) from certificates group by slug";
const CERTIFICATES: &str = "select serial, issued_at, not_after from certificates \
     where slug = $1 order by issued_at desc limit $2";
const FORGET_CERTIFICATES: &str = "delete from certificates where slug = $1 and not_after < $2 \
     and not_after < (select max(not_after) from certificates where slug = $1) \
     and issued_at > (select min(issued_at) from certificates where slug = $1) \
     and issued_at < (select issued_at from certificates where slug = $1 \
     order by issued_at desc limit 1 offset $3)";
const USE_CHALLENGE: &str = "insert into recoveries (nonce, slug, used_at) values ($1, $2, $3) \
     on conflict (nonce) do nothing";
const FORGET_CHALLENGES: &str = "delete from recoveries where used_at < $1";
const ADMISSION: &str = "insert into admissions (slug, asked_at, address, admitted_at) \
     values ($1, $2, $3, $4) on conflict (slug) do update set asked_at = excluded.asked_at, \
     address = excluded.address, admitted_at = excluded.admitted_at";
const ADMISSIONS: &str = "select slug, asked_at, address, admitted_at from admissions";
const WAITS: &str = "select count(*) from admissions where slug = $1 and admitted_at is null";
const ADMIT: &str =
    "update admissions set admitted_at = $2 where slug = $1 and admitted_at is null";
const READMIT: &str = "insert into admissions (slug, asked_at, address, admitted_at) \
     values ($1, $2, '', $2) on conflict (slug) do update set admitted_at = excluded.admitted_at";
/// The row stays: an invitation is used once for ever.
const FORGET_ANSWERS: &str =
    "update invitations set answer = '' where answered_at <= $1 and answer <> ''";

/// Certificates of an instance that are listed.
const LISTED: i64 = 20;

/// An invitation to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewInvitation<'a> {
    pub id: &'a str,
    pub slug: &'a InstanceId,
    pub secret_hash: Digest,
    /// Unix ms.
    pub expires_at: i64,
    /// Whether whoever joins by it waits for an operator.
    pub approval: bool,
}

/// One that has joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Unix ms.
    pub asked_at: i64,
    /// From where.
    pub address: String,
    /// Unix ms; since when it may take part, `None` while it waits for an operator.
    pub admitted_at: Option<i64>,
}

impl Admission {
    /// Whether it waits for an operator still; whoever was revoked meanwhile does not.
    pub fn waits(&self, entry: &InstanceEntry) -> bool {
        entry.status == Status::Suspended && self.admitted_at.is_none()
    }
}

/// An invitation as stored; its secret is known by hash only.
#[derive(Debug, Clone)]
pub struct StoredInvitation {
    pub id: String,
    pub slug: InstanceId,
    /// Unix ms.
    pub expires_at: i64,
    /// Whether whoever joins by it waits for an operator.
    pub approval: bool,
    pub used: Option<Used>,
}

/// The enrolment that used an invitation.
#[derive(Debug, Clone)]
pub struct Used {
    pub digest: Digest,
    /// JSON of the answer.
    pub answer: String,
    /// Unix ms.
    pub at: i64,
}

/// What is kept of a certificate that was issued.
#[derive(Debug, Clone)]
pub struct IssuedCertificate {
    pub serial: String,
    pub slug: InstanceId,
    /// SHA-256 of the DER.
    pub fingerprint: Digest,
    /// Unix ms.
    pub not_after: i64,
}

/// Stores a new invitation and voids the unused ones before it.
pub async fn invite(tx: &mut Tx, made: &NewInvitation<'_>, now_ms: i64) -> Result<(), DbError> {
    void(tx, made.slug, now_ms).await?;
    on!(tx, conn => sqlx::query(INSERT)
        .bind(made.id)
        .bind(made.slug.as_str())
        .bind(bytes(made.secret_hash))
        .bind(now_ms)
        .bind(made.expires_at)
        .bind(i64::from(made.approval))
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Voids the unused invitations of an institution.
pub async fn void(tx: &mut Tx, slug: &InstanceId, now_ms: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(VOID)
        .bind(slug.as_str())
        .bind(now_ms)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Unix ms; when the line of an institution that has not joined by it ends.
pub async fn open_until(
    tx: &mut Tx,
    slug: &InstanceId,
    now_ms: i64,
) -> Result<Option<i64>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(OPEN_UNTIL)
        .bind(slug.as_str())
        .bind(now_ms)
        .fetch_one(conn)
        .await)?)
}

pub async fn find(tx: &mut Tx, secret_hash: Digest) -> Result<Option<StoredInvitation>, DbError> {
    type Row = (
        String,
        String,
        i64,
        i64,
        Option<Vec<u8>>,
        Option<String>,
        Option<i64>,
    );
    let row: Option<Row> = on!(tx, conn => sqlx::query_as(FIND)
        .bind(bytes(secret_hash))
        .fetch_optional(conn)
        .await)?;
    let Some((invitation, slug, expires_at, approval, used, answer, at)) = row else {
        return Ok(None);
    };
    let used = match (used, answer, at) {
        (Some(used), Some(answer), Some(at)) => Some(Used {
            digest: digest(&used)?,
            answer,
            at,
        }),
        _ => None,
    };
    Ok(Some(StoredInvitation {
        id: invitation,
        slug: id(&slug)?,
        expires_at,
        approval: approval != 0,
        used,
    }))
}

pub async fn answer(tx: &mut Tx, invitation: &str, used: &Used) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(USE)
        .bind(invitation)
        .bind(bytes(used.digest))
        .bind(&used.answer)
        .bind(used.at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

pub async fn certify(
    tx: &mut Tx,
    certificate: &IssuedCertificate,
    now_ms: i64,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(CERTIFY)
        .bind(&certificate.serial)
        .bind(certificate.slug.as_str())
        .bind(bytes(certificate.fingerprint))
        .bind(certificate.not_after)
        .bind(now_ms)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// The latest certificates of an instance: serial, issued at, ends at (Unix ms).
pub async fn certificates(
    tx: &mut Tx,
    slug: &InstanceId,
) -> Result<Vec<(String, i64, i64)>, DbError> {
    Ok(on!(tx, conn => sqlx::query_as(CERTIFICATES)
        .bind(slug.as_str())
        .bind(LISTED)
        .fetch_all(conn)
        .await)?)
}

/// When everybody's latest certificate ends (Unix ms).
pub async fn ends(tx: &mut Tx) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, ENDS).await
}

/// When everybody got the first one (Unix ms).
pub async fn begins(tx: &mut Tx) -> Result<Vec<(InstanceId, i64)>, DbError> {
    moments(tx, FIRST).await
}

async fn moments(tx: &mut Tx, sql: &'static str) -> Result<Vec<(InstanceId, i64)>, DbError> {
    let rows: Vec<(String, Option<i64>)> =
        on!(tx, conn => sqlx::query_as(sql).fetch_all(conn).await)?;
    let known = rows.into_iter().filter_map(|(slug, at)| Some((slug, at?)));
    known.map(|(slug, at)| Ok((id(&slug)?, at))).collect()
}

/// Notes that an institution has joined, in place of what was noted of it before.
pub async fn note_admission(
    tx: &mut Tx,
    slug: &InstanceId,
    joined: &Admission,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(ADMISSION)
        .bind(slug.as_str())
        .bind(joined.asked_at)
        .bind(&joined.address)
        .bind(joined.admitted_at)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// All that were noted as joined.
pub async fn admissions(tx: &mut Tx) -> Result<Vec<(InstanceId, Admission)>, DbError> {
    type Row = (String, i64, String, Option<i64>);
    let rows: Vec<Row> = on!(tx, conn => sqlx::query_as(ADMISSIONS).fetch_all(conn).await)?;
    let admission = |(slug, asked_at, address, admitted_at): Row| {
        let joined = Admission {
            asked_at,
            address,
            admitted_at,
        };
        Ok((id(&slug)?, joined))
    };
    rows.into_iter().map(admission).collect()
}

/// Whether an institution has joined and waits for an operator.
pub async fn waits(tx: &mut Tx, slug: &InstanceId) -> Result<bool, DbError> {
    let found: i64 =
        on!(tx, conn => sqlx::query_scalar(WAITS).bind(slug.as_str()).fetch_one(conn).await)?;
    Ok(found > 0)
}

/// Ends its waiting; `false` if it does not wait.
pub async fn admit(tx: &mut Tx, slug: &InstanceId, now_ms: i64) -> Result<bool, DbError> {
    let rows = on!(tx, conn => sqlx::query(ADMIT)
        .bind(slug.as_str())
        .bind(now_ms)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Unix ms; when the latest certificate of an instance ends.
pub async fn not_after(tx: &mut Tx, slug: &InstanceId) -> Result<Option<i64>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(NOT_AFTER)
        .bind(slug.as_str())
        .fetch_one(conn)
        .await)?)
}

/// Unix ms; when a certificate (digest of its DER) was issued to an instance, by what is written down.
pub async fn issued_at(
    tx: &mut Tx,
    slug: &InstanceId,
    fingerprint: Digest,
) -> Result<Option<i64>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(ISSUED_AT)
        .bind(slug.as_str())
        .bind(bytes(fingerprint))
        .fetch_one(conn)
        .await)?)
}

/// Unix ms; when the latest certificate of anybody was issued.
pub async fn latest_issued(tx: &mut Tx) -> Result<Option<i64>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(LATEST_ISSUED).fetch_one(conn).await)?)
}

/// Forgets the certificates of an instance that ended before an instant, Unix ms, but those that are listed,
/// the first, and the one that ends last.
pub async fn forget_certificates(
    tx: &mut Tx,
    slug: &InstanceId,
    before: i64,
) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET_CERTIFICATES)
        .bind(slug.as_str())
        .bind(before)
        .bind(LISTED - 1)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Notes that a challenge has brought a certificate; `false` if it has before.
pub async fn use_challenge(
    tx: &mut Tx,
    nonce: Digest,
    slug: &InstanceId,
    now_ms: i64,
) -> Result<bool, DbError> {
    let rows = on!(tx, conn => sqlx::query(USE_CHALLENGE)
        .bind(bytes(nonce))
        .bind(slug.as_str())
        .bind(now_ms)
        .execute(conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(rows == 1)
}

/// Notes that it takes part again from an instant (Unix ms).
pub async fn readmit(tx: &mut Tx, slug: &InstanceId, now_ms: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(READMIT)
        .bind(slug.as_str())
        .bind(now_ms)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Forgets the answers given until an instant, Unix ms.
pub async fn forget_answers(tx: &mut Tx, until: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET_ANSWERS)
        .bind(until)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Forgets the challenges that were used before an instant, Unix ms.
pub async fn forget_challenges(tx: &mut Tx, before: i64) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET_CHALLENGES)
        .bind(before)
        .execute(conn)
        .await
        .map(drop))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use lapor_migrations::throwaway::databases_of;
    use lapor_migrations::{Kind, Schema};
    use sqlx::AssertSqlSafe;

    use super::*;

    /// What a look costs shows in a hub of many certificates only, how SQLite goes about it in none.
    #[tokio::test]
    async fn when_certificates_end_is_read_off_an_index_one_row_for_each_member() {
        for test in databases_of(Schema::Hub).await {
            let db = test.migrated(Schema::Hub).await.unwrap();
            let mut tx = db.read().await.unwrap();
            if tx.kind() == Kind::Postgres {
                assert_eq!(ends(&mut tx).await, Ok(vec![]));
                continue;
            }
            let text = format!("explain query plan {ENDS}");
            let plan = on!(&mut tx, c => sqlx::query_as(AssertSqlSafe(text))
                .fetch_all(c)
                .await);
            let plan: Vec<(i64, i64, i64, String)> = plan.unwrap();
            let steps: Vec<&str> = plan.iter().map(|step| step.3.as_str()).collect();
            let index = "SEARCH certificates USING COVERING INDEX certificates_slug (slug=?)";
            assert!(steps.contains(&index), "{steps:?}");
        }
    }
}
