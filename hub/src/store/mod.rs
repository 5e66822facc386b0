//! All SQL of the hub. One text for both databases, run on whatever
//! transaction the caller holds; nothing here begins or commits one, decides
//! anything, or checks a signature.

pub mod acks;
pub mod adoptions;
pub mod alarms;
pub mod answers;
pub mod approvals;
pub mod audit;
pub mod blobs;
pub mod casework;
pub mod chains;
pub mod deliveries;
pub mod directory;
pub mod envelopes;
pub mod joining;
pub mod levels;
pub mod membership;
pub mod plans;
pub mod presences;
pub mod programmes;
pub mod record;
pub mod replicas;
pub mod reports;
pub mod resting;
pub mod retrieved;
pub mod rulings;
pub mod samples;
pub mod state;
pub mod upkeep;
pub mod visits;
pub mod wraps;

use std::str::FromStr;

use lapor_migrations::DbError;
use lapor_protocol::ids::Digest;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The text of a unit variant, as it stands on the wire.
pub fn code_of<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(code)) => code,
        other => unreachable!("only unit variants have a code, not {other:?}"),
    }
}

/// The reverse of [`code_of`], for a stored column.
pub fn from_code<T: DeserializeOwned>(code: String) -> Result<T, DbError> {
    serde_json::from_value(serde_json::Value::String(code)).map_err(damaged)
}

/// Reads an id that this program stored as text.
pub fn id<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, DbError> {
    text.parse().map_err(damaged)
}

/// Reads a digest that this program stored as bytes.
pub fn digest(bytes: &[u8]) -> Result<Digest, DbError> {
    Digest::from_slice(bytes).map_err(damaged)
}

pub fn bytes(digest: Digest) -> Vec<u8> {
    digest.as_bytes().to_vec()
}

#[allow(
    clippy::needless_pass_by_value,
    reason = "it is the argument of map_err"
)]
fn damaged(error: impl std::fmt::Display) -> DbError {
    DbError::Corrupt(format!("a stored value cannot be read: {error}"))
}
