//! The bodies of the endpoints under `/federation/v1` that are no signed form.

use serde::{Deserialize, Serialize};

use crate::chain::ChainHead;
use crate::dsse::Envelope;
use crate::ids::{CaseId, Digest, InstanceId, Position};
use crate::keys::KeyId;
use crate::problem::{Code, Problem};
use crate::seal::Wrap;

/// Value of the header `Lapor-Version` on every request and answer.
pub const VERSION: &str = "1";
pub const VERSION_HEADER: &str = "lapor-version";
/// `new, previous`: shows a cloned machine; see "Epochs" in the contract.
pub const BOOT_HEADER: &str = "lapor-boot";
/// Highest hub heads that the node has seen; a restored hub notices itself by them.
pub const SEEN_HEADER: &str = "lapor-seen";
/// On `POST /outbox`: `EPOCH.SEQ` of the last message of the batch in front, which is not answered yet.
pub const BEHIND_HEADER: &str = "lapor-behind";
/// On the answers to `POST /outbox`: how many batches of the caller may be under way at once; one where
/// it is missing.
pub const BATCHES_HEADER: &str = "lapor-batches";
pub const NDJSON: &str = "application/x-ndjson";
pub const PREFIX: &str = "/federation/v1";

/// Reads a JSON object. Derived readers take an array of the fields too, which
/// nobody who writes another language would expect.
pub fn read_object<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, serde_json::Error> {
    if text.trim_ascii_start().first() == Some(&b'{') {
        return serde_json::from_slice(text);
    }
    // Says what stands there instead.
    Err(
        match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
            Ok(_) => serde::de::Error::custom("expected an object"),
            Err(error) => error,
        },
    )
}

/// `GET /.well-known/lapor`, public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WellKnown {
    pub trust_domain: String,
    pub versions: Vec<String>,
    pub software: String,
    /// Unix ms at the hub.
    pub time: i64,
    pub key_ids: Vec<KeyId>,
    pub kinds: Vec<String>,
    pub limits: Limits,
}

/// The limits of protocol 1 as this hub enforces them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub payload_bytes: usize,
    pub batch_envelopes: usize,
    pub batch_bytes: usize,
    pub page_items: usize,
    pub long_poll_seconds: u64,
    pub blob_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        use crate::limits as l;
        Self {
            payload_bytes: l::PAYLOAD_BYTES,
            batch_envelopes: l::BATCH_ENVELOPES,
            batch_bytes: l::BATCH_BYTES,
            page_items: l::PAGE_ITEMS,
            long_poll_seconds: l::LONG_POLL_SECONDS,
            blob_bytes: l::BLOB_BYTES,
        }
    }
}

/// `GET /outbox/head`: what the hub holds of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxHead {
    #[serde(flatten)]
    pub head: ChainHead,
    /// Last `seq` of the epoch that is durable.
    pub accepted: u64,
    /// Last `seq` covered by a verified backup or a synchronous standby.
    pub archived: u64,
}

/// `POST /outbox`: the longest valid prefix is committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxAnswer {
    /// Last `seq` of the open epoch that is durable.
    pub accepted_through: u64,
    pub head: ChainHead,
    /// Why the first message after the accepted prefix was refused.
    #[serde(default)]
    pub exceptions: Vec<OutboxException>,
    /// Signed receipts over what this batch holds, the stored ones for what
    /// had been accepted before.
    pub receipts: Vec<Envelope>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxException {
    pub epoch: u32,
    pub seq: u64,
    pub code: Code,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// `POST /epochs`: the hub's grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochAnswer {
    pub grant: Envelope,
}

/// `GET` and `PUT /cases/{case}/keys`: wraps of one content key. `subject`
/// is the case, or the message id of a disclosed identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseKeys {
    pub case: CaseId,
    pub wraps: Vec<Wrap>,
    /// Parties without a wrap for the sealing key that the directory shows.
    #[serde(default)]
    pub missing: Vec<InstanceId>,
}

/// `GET /directory`: signed versions after `since`, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryPage {
    pub versions: Vec<Envelope>,
    /// A `DirectoryHead` of the last of these versions; there is none without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Envelope>,
    /// Latest version that the hub has.
    pub latest: u64,
}

/// `POST /health`: the node's own view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = NodeHealth))]
pub struct Health {
    pub software: String,
    /// Unix ms at the node.
    pub time: i64,
    pub unsent: u64,
    /// Unix ms; when the oldest unsent message was made.
    #[serde(default)]
    pub oldest_unsent: Option<i64>,
    pub unapplied: u64,
    pub quarantined: u64,
    pub parked: u64,
    pub directory: u64,
    /// Unix ms.
    pub certificate_expires: i64,
    #[serde(default)]
    pub free_disk_bytes: Option<u64>,
    #[serde(default)]
    pub last_backup: Option<i64>,
    /// The last place of its chain for which the node holds a receipt.
    #[serde(default)]
    pub chain: Option<Position>,
    /// How far the node has come in its inbox.
    #[serde(default)]
    pub inbox: Option<Reached>,
    /// `None` where a node does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holds: Option<Holds>,
    /// Where people open its portal: the address of a site, without a path; empty where there
    /// is none, `None` where a node does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub portal: Option<String>,
}

/// What `POST /health` answers where there is something to ask for or to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthAnswer {
    /// Places of the caller's chain whose messages the hub wants once more, exactly as they were sent:
    /// its disk has damaged them.
    #[serde(default)]
    pub again: Vec<Position>,
    /// Unix ms; when the hub was last restored from a backup. It may lack what came beside messages
    /// that it has: attachments, pictures, wraps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<i64>,
}

/// What a node has of all that the federation renews from time to time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = NodeHolds))]
pub struct Holds {
    /// The published edition that is in force there; `None` where it goes by the one
    /// that its program ships.
    #[serde(default)]
    pub taxonomy: Option<String>,
    /// Likewise.
    #[serde(default)]
    pub calendar: Option<String>,
    /// The tables of regions that its program ships.
    #[serde(default)]
    pub regions: Option<String>,
    /// SHA-256 of each root that it trusts.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub roots: Vec<Digest>,
    /// SHA-256 of the root above its own certificate.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub certified_by: Option<Digest>,
}

/// How far a recipient has come in one generation of its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(as = InboxReached))]
pub struct Reached {
    pub depoch: u32,
    /// Last `dseq` on disk.
    pub accepted: u64,
    /// Last `dseq` up to which everything is applied or set aside.
    pub settled: u64,
}

impl From<&OutboxException> for Problem {
    fn from(exception: &OutboxException) -> Self {
        let problem = Self::new(exception.code);
        match &exception.detail {
            Some(detail) => problem.with_detail(detail.clone()),
            None => problem,
        }
    }
}
