//! All SQL of the node. A function here is one statement with its types; it
//! decides nothing. Keys and identities have tables of their own; words that are not encrypted are
//! only those of a case's row, for lists, and the stems of the index, and both go with the case.

pub mod absences;
pub mod answers;
pub mod aside;
pub mod assignments;
pub mod audit;
pub mod behind;
pub mod blobs;
pub mod bridge;
pub mod by_id;
pub mod cases;
pub mod categories;
pub mod chain;
pub mod changes;
pub mod channels;
pub mod cities;
pub mod citizens;
pub mod consents;
pub mod deadlines;
pub mod desk;
pub mod drafts;
pub mod erasures;
pub mod facts;
pub mod followed;
pub mod imports;
pub mod inbox;
pub mod instructions;
pub mod jobs;
pub mod keys_due;
pub mod let_in;
pub mod letters;
pub mod lists;
pub mod notices;
pub mod open311;
pub mod outbox;
pub mod pictures;
pub mod public;
pub mod receipts;
pub mod reporters;
pub mod secrets;
pub mod support;
pub mod terms;
pub mod texts;
pub mod tiles;
pub mod token_bounds;
pub mod token_scopes;
pub mod told;
pub mod units;
pub mod unruled;
pub mod uploads;
pub mod webhooks;

use lapor_migrations::DbError;
use lapor_protocol::ids::{CaseId, Digest, InstanceId};

pub use lapor_web::bearer::owners as token_owners;

use crate::error::NodeError;

/// The result of reading a stored column that this program wrote.
pub(crate) fn read<T, E: std::fmt::Display>(parsed: Result<T, E>) -> Result<T, NodeError> {
    parsed.map_err(NodeError::damaged)
}

pub(crate) fn case_id(text: &str) -> Result<CaseId, NodeError> {
    read(text.parse())
}

pub(crate) fn instance_id(text: &str) -> Result<InstanceId, NodeError> {
    read(text.parse())
}

pub(crate) fn digest(bytes: &[u8]) -> Result<Digest, NodeError> {
    read(Digest::from_slice(bytes))
}

pub(crate) type Stored<T> = Result<T, DbError>;
