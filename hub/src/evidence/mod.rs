//! The hub's record as files for outsiders, and its proof by whoever holds
//! them. What each file holds is published in `docs/protocol.md` under Export.
//!
//! Writing reads one moment of the database and changes nothing; verifying
//! needs the files alone, neither configuration nor database nor keys.

mod flaw;
mod keys;
mod verify;
mod write;

pub use flaw::Flaw;
pub use verify::{Contradiction, Proof, verify};
pub use write::{ExportError, Written, export};

const ENVELOPES: &str = "envelopes.ndjson";
const RULINGS: &str = "rulings.ndjson";
const RECEIPTS: &str = "receipts.ndjson";
const DIRECTORY: &str = "directory.ndjson";
const HEADS: &str = "heads.ndjson";
const STUBS: &str = "stubs.ndjson";
const KEYS: &str = "directory.json";
/// A folder: the pictures that programmes show, each named by its digest.
const PICTURES: &str = "pictures";

/// An envelope of another case, by place and id: it completes the ranges that
/// receipts cover.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Stub {
    author: lapor_protocol::ids::InstanceId,
    epoch: u32,
    seq: u64,
    envelope_id: lapor_protocol::ids::EnvelopeId,
}
