//! Invitations, the answers given to them, the certificates issued, and the
//! challenges that brought one.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::{Digest, InstanceId};

use super::{bytes, digest, id};

const INSERT: &str = "insert into invitations (id, slug, secret_hash, created_at, expires_at) \
     values ($1, $2, $3, $4, $5)";
const VOID: &str = "update invitations set expires_at = $2 \
     where slug = $1 and used_digest is null and expires_at > $2";
const OPEN_UNTIL: &str = "select max(expires_at) from invitations \
     where slug = $1 and used_digest is null and expires_at > $2";
const FIND: &str = "select id, slug, expires_at, used_digest, answer, answered_at \
     from invitations where secret_hash = $1";
const USE: &str =
    "update invitations set used_digest = $2, answer = $3, answered_at = $4 where id = $1";
const CERTIFY: &str = "insert into certificates (serial, slug, fingerprint, not_after, issued_at) \
     values ($1, $2, $3, $4, $5)";
const NOT_AFTER: &str = "select max(not_after) from certificates where slug = $1";
const ENDS: &str = "select slug, max(not_after) from certificates group by slug";
const CERTIFICATES: &str = "select serial, issued_at, not_after from certificates \
     where slug = $1 order by issued_at desc limit 20";
const USE_CHALLENGE: &str = "insert into recoveries (nonce, slug, used_at) values ($1, $2, $3) \
     on conflict (nonce) do nothing";
const FORGET_CHALLENGES: &str = "delete from recoveries where used_at < $1";
/// The row stays: an invitation is used once for ever.
const FORGET_ANSWERS: &str =
    "update invitations set answer = '' where answered_at <= $1 and answer <> ''";

/// An invitation as stored; its secret is known by hash only.
#[derive(Debug, Clone)]
pub struct StoredInvitation {
    pub id: String,
    pub slug: InstanceId,
    /// Unix ms.
    pub expires_at: i64,
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
pub async fn invite(
    tx: &mut Tx,
    invitation: &str,
    slug: &InstanceId,
    secret_hash: Digest,
    now_ms: i64,
    expires_at: i64,
) -> Result<(), DbError> {
    void(tx, slug, now_ms).await?;
    on!(tx, conn => sqlx::query(INSERT)
        .bind(invitation)
        .bind(slug.as_str())
        .bind(bytes(secret_hash))
        .bind(now_ms)
        .bind(expires_at)
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
        Option<Vec<u8>>,
        Option<String>,
        Option<i64>,
    );
    let row: Option<Row> = on!(tx, conn => sqlx::query_as(FIND)
        .bind(bytes(secret_hash))
        .fetch_optional(conn)
        .await)?;
    let Some((invitation, slug, expires_at, used, answer, at)) = row else {
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
        .fetch_all(conn)
        .await)?)
}

/// When everybody's latest certificate ends (Unix ms).
pub async fn ends(tx: &mut Tx) -> Result<Vec<(InstanceId, i64)>, DbError> {
    let rows: Vec<(String, i64)> = on!(tx, conn => sqlx::query_as(ENDS).fetch_all(conn).await)?;
    rows.into_iter()
        .map(|(slug, at)| Ok((id(&slug)?, at)))
        .collect()
}

/// Unix ms; when the latest certificate of an instance ends.
pub async fn not_after(tx: &mut Tx, slug: &InstanceId) -> Result<Option<i64>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(NOT_AFTER)
        .bind(slug.as_str())
        .fetch_one(conn)
        .await)?)
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
