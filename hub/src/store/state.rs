//! The hub's singletons, and where its order stands.

use lapor_migrations::{DbError, Tx, on};
use lapor_protocol::ids::EnvelopeId;

use super::digest;

/// The generation of the delivery streams.
pub const DEPOCH: &str = "depoch";
/// Who may order messages: the token of one process, or a word for all of this hub with the schema and the
/// rules of their program.
pub const SEQUENCER: &str = "sequencer";
pub const TRUST_DOMAIN: &str = "trust_domain";
/// The secret of recovery challenges, which all replicas share: 32 bytes in
/// hexadecimal.
pub const CHALLENGES: &str = "challenges";
/// What the last probe of the database wrote.
pub const READINESS: &str = "readiness";
/// Unix ms; when the last backup was made.
pub const LAST_BACKUP: &str = "last_backup";
/// Its bytes.
pub const LAST_BACKUP_BYTES: &str = "last_backup_bytes";
/// The same of the last backup with the keys in it.
pub const LAST_KEY_BACKUP: &str = "last_key_backup";
/// What this hub has signed for and does not hold any more.
pub const LOSS: &str = "loss";
/// Who has said that those are not waited for who have not brought back what is lost.
pub const UNWAITED: &str = "unwaited";
/// Why what members have brought back did not get its places.
pub const STUCK: &str = "stuck";
/// Messages whose bytes are damaged here, as JSON.
pub const DAMAGED: &str = "damaged";
/// Members that hold what contradicts the record, as JSON: they alone are refused.
pub const APART: &str = "apart";
/// Until when (Unix ms) certificates of institutions are void, as JSON.
pub const VOIDED: &str = "voided";
/// The backup from which this hub was restored last, and whether that is over.
pub const RESTORED: &str = "restored";
/// Number of the last message that the figures of casework have taken in.
pub const CASEWORK: &str = "casework";
/// The last case that was counted anew under another calendar; empty at the end.
pub const CASEWORK_RECOUNT: &str = "casework_recount";
/// Edition of the calendar by which they are counted. The number at its end goes up when clocks are
/// counted in another way, so that those of open cases are counted anew.
pub const CASEWORK_CALENDAR: &str = "casework_calendar_3";
/// Cases that the figures pass over because they cannot be read, as JSON.
pub const CASEWORK_UNREAD: &str = "casework_unread";
/// Set once there have been rules of alarms.
pub const ALARMS: &str = "alarms";
/// Set once pictures of messages from before this hub knew them are noted.
pub const PICTURES_READ: &str = "pictures_read";
/// The last change of the authority, and how far it has come.
pub const AUTHORITY: &str = "authority";
/// Unix ms.
pub const CREATED_AT: &str = "created_at";

const FORGET: &str = "delete from hub_state where name = $1";
const READ: &str = "select value from hub_state where name = $1";
const WRITE: &str = "insert into hub_state (name, value) values ($1, $2) \
     on conflict (name) do update set value = excluded.value";
const MOMENT: &str = "select \
     coalesce((select max(version) from directory_versions), 0), \
     (select value from hub_state where name = 'sequencer'), \
     coalesce((select max(number) from envelopes), 0), \
     (select id from envelopes order by number desc limit 1), \
     coalesce((select accepted_at from envelopes order by number desc limit 1), 0)";

/// Where everything stands at the beginning of a write transaction.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Latest directory version.
    pub directory: u64,
    pub sequencer: Option<String>,
    /// Last number of the hub's order.
    pub number: i64,
    /// The message that has it.
    pub last: Option<EnvelopeId>,
    /// Unix ms; when the last message was ordered.
    pub ordered_at: i64,
}

pub async fn read(tx: &mut Tx, name: &str) -> Result<Option<String>, DbError> {
    Ok(on!(tx, conn => sqlx::query_scalar(READ).bind(name).fetch_optional(conn).await)?)
}

pub async fn write(tx: &mut Tx, name: &str, value: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(WRITE).bind(name).bind(value).execute(conn).await.map(drop))?;
    Ok(())
}

pub async fn forget(tx: &mut Tx, name: &str) -> Result<(), DbError> {
    on!(tx, conn => sqlx::query(FORGET).bind(name).execute(conn).await.map(drop))?;
    Ok(())
}

pub async fn moment(tx: &mut Tx) -> Result<Moment, DbError> {
    type Row = (i64, Option<String>, i64, Option<Vec<u8>>, i64);
    let (directory, sequencer, number, last, ordered_at): Row =
        on!(tx, conn => sqlx::query_as(MOMENT).fetch_one(conn).await)?;
    Ok(Moment {
        directory: directory as u64,
        sequencer,
        number,
        last: last.as_deref().map(digest).transpose()?,
        ordered_at,
    })
}
