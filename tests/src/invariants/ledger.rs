//! The hub's record as its tables hold it, and its proof by the protocol's
//! own audit.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use lapor_migrations::{Db, Packed, on};
use lapor_protocol::audit::{Audit, Extent, Finding, Ruled, Wrong};
use lapor_protocol::case::{Case, Effect, Ruling};
use lapor_protocol::directory::{Directory, DirectoryVersion};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{CaseId, Digest, EnvelopeId};
use lapor_protocol::keys::Verifier;

use super::Report;

/// An envelope in the hub's order.
#[derive(sqlx::FromRow)]
pub struct EnvelopeRow {
    pub number: i64,
    pub id: Vec<u8>,
    pub author: String,
    pub epoch: i64,
    pub seq: i64,
    pub message_id: String,
    pub kind: String,
    #[sqlx(try_from = "Packed<String>")]
    pub line: String,
}

#[derive(sqlx::FromRow)]
struct RulingRow {
    number: i64,
    case_id: Option<String>,
    case_seq: Option<i64>,
    effect: String,
    reason: Option<String>,
    directory: i64,
    ordered_at: i64,
}

/// An item of a stream, as it was hashed.
#[derive(sqlx::FromRow)]
pub struct DeliveryRow {
    pub recipient: String,
    pub depoch: i64,
    pub dseq: i64,
    pub item: String,
}

/// What a recipient has acknowledged.
#[derive(sqlx::FromRow)]
pub struct AckRow {
    pub recipient: String,
    pub stream: String,
    pub accepted: i64,
    pub settled: i64,
}

/// Everything that the checks read of a hub.
pub struct Ledger {
    pub directory: Directory,
    pub envelopes: Vec<EnvelopeRow>,
    rulings: HashMap<i64, Vec<RulingRow>>,
    pub receipts: Vec<String>,
    pub deliveries: Vec<DeliveryRow>,
    /// Recipient, generation, last position, hash.
    pub heads: Vec<(String, i64, i64, Vec<u8>)>,
    pub acks: Vec<AckRow>,
}

/// The cases, as folded again.
pub struct History {
    /// The digest of each case after each of its messages, from place 1.
    pub digests: BTreeMap<CaseId, Vec<Option<Digest>>>,
    pub cases: BTreeMap<CaseId, Case>,
    /// SHA-256 of every item of every stream, as it follows from the order.
    pub streams: BTreeMap<String, Vec<Digest>>,
}

const DIRECTORY: &str = "select line from directory_versions order by version";
const ENVELOPES: &str = "select number, id, author, epoch, seq, message_id, kind, line \
     from envelopes order by number";
const RULINGS: &str = "select number, case_id, case_seq, effect, reason, directory, ordered_at \
     from rulings order by number, leg";
const RECEIPTS: &str = "select line from receipts order by author, epoch, to_seq";
const DELIVERIES: &str = "select recipient, depoch, dseq, item from deliveries \
     order by recipient, depoch, dseq";
const HEADS: &str = "select recipient, depoch, dseq, hash from streams order by recipient";
const ACKS: &str = "select recipient, stream, accepted, settled from acks";

/// Reads a hub in one transaction.
pub async fn read(hub: &Db) -> anyhow::Result<Ledger> {
    let mut tx = hub.read().await?;
    let tx = &mut tx;
    let versions: Vec<String> = on!(tx, c => sqlx::query_scalar(DIRECTORY).fetch_all(c).await)?;
    let envelopes = on!(tx, c => sqlx::query_as(ENVELOPES).fetch_all(c).await)?;
    let all: Vec<RulingRow> = on!(tx, c => sqlx::query_as(RULINGS).fetch_all(c).await)?;
    let receipts = on!(tx, c => sqlx::query_scalar(RECEIPTS).fetch_all(c).await)?;
    let deliveries = on!(tx, c => sqlx::query_as(DELIVERIES).fetch_all(c).await)?;
    let heads = on!(tx, c => sqlx::query_as(HEADS).fetch_all(c).await)?;
    let acks = on!(tx, c => sqlx::query_as(ACKS).fetch_all(c).await)?;
    let mut rulings: HashMap<i64, Vec<RulingRow>> = HashMap::new();
    for row in all {
        rulings.entry(row.number).or_default().push(row);
    }
    Ok(Ledger {
        directory: directory(&versions)?,
        envelopes,
        rulings,
        receipts,
        deliveries,
        heads,
        acks,
    })
}

/// The directory by its own chain, from the keys that its first version names.
fn directory(versions: &[String]) -> anyhow::Result<Directory> {
    let first = versions.first().context("the hub has no directory")?;
    let first = Envelope::parse(first.as_bytes())?;
    let stated: DirectoryVersion = serde_json::from_slice(&first.payload)?;
    let keys = stated.hub_keys.iter().map(Verifier::from_jwk);
    let mut directory = Directory::trusting(keys.collect::<Result<_, _>>()?);
    for line in versions {
        directory.apply(&Envelope::parse(line.as_bytes())?)?;
    }
    Ok(directory)
}

/// Proves the record, and gives back every case at every place.
pub fn audit(ledger: &Ledger, report: &mut Report) -> anyhow::Result<History> {
    let mut audit = Audit::new(ledger.directory.clone(), Extent::Whole);
    let mut history = History {
        digests: BTreeMap::new(),
        cases: BTreeMap::new(),
        streams: BTreeMap::new(),
    };
    let mut effects: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for row in &ledger.envelopes {
        let id = Digest::from_slice(&row.id)?;
        if Envelope::parse(row.line.as_bytes())?.id() != id {
            report.wrong(
                "authentic",
                format!("envelope {id} is stored under an id that is not its own"),
            );
        }
        audit.envelope(row.line.as_bytes());
        let legs = ledger.rulings.get(&row.number);
        for (leg, ruled) in legs.into_iter().flatten().enumerate() {
            let ruled = ruled.read(id)?;
            audit.ruling(&ruled);
            if leg == 0 && ruled.applied() {
                *report.applied.entry(row.kind.clone()).or_default() += 1;
            }
            if leg == 0 && ruled.ruling.effect != Effect::Duplicate {
                *effects.entry((&row.author, &row.message_id)).or_default() += 1;
            }
            if let (Some(case), Some(_)) = (ruled.case, ruled.case_seq) {
                let digest = audit.case(case).map(Case::digest);
                history.digests.entry(case).or_default().push(digest);
            }
        }
    }
    for line in &ledger.receipts {
        audit.receipt(&Envelope::parse(line.as_bytes())?);
    }
    let (tally, findings) = audit.finish();
    for finding in findings {
        report.wrong(name_of(&finding), finding.to_string());
    }
    history.cases = audit.cases().map(|case| (case.id, case.clone())).collect();
    for (recipient, ..) in &ledger.heads {
        let id = Some(recipient).filter(|slug| !slug.is_empty());
        let id = id.map(|slug| slug.parse()).transpose()?;
        let derived = audit.stream(id.as_ref()).to_vec();
        history.streams.insert(recipient.clone(), derived);
    }
    for ((author, message), count) in effects.iter().filter(|(_, count)| **count > 1) {
        report.duplicated += 1;
        report.wrong(
            "exactly_once",
            format!("{message} of {author} has {count} rulings of its own"),
        );
    }
    report.messages = tally.envelopes;
    report.cases = tally.cases;
    report.saw("exactly_once", effects.len());
    report.saw("authentic", ledger.envelopes.len());
    report.saw("chains", ledger.envelopes.len());
    report.saw("receipts", ledger.receipts.len());
    report.saw("custody", ledger.rulings.len());
    Ok(history)
}

impl RulingRow {
    fn read(&self, id: EnvelopeId) -> anyhow::Result<Ruled> {
        let code = |text: &String| serde_json::Value::String(text.clone());
        let reason = self.reason.as_ref().map(code).map(serde_json::from_value);
        Ok(Ruled {
            case: self.case_id.as_deref().map(str::parse).transpose()?,
            case_seq: self.case_seq.map(|seq| seq as u64),
            envelope_id: id,
            ruling: Ruling {
                effect: serde_json::from_value(code(&self.effect))?,
                reason: reason.transpose()?,
            },
            directory: self.directory as u64,
            ordered_at: self.ordered_at,
        })
    }
}

fn name_of(finding: &Finding) -> &'static str {
    match finding.wrong {
        Wrong::Envelope(_)
        | Wrong::Header(_)
        | Wrong::Key(_)
        | Wrong::Signature
        | Wrong::Revoked => "authentic",
        Wrong::Fork { .. } | Wrong::Previous | Wrong::Gap { .. } => "chains",
        Wrong::Receipt(_) | Wrong::ReceiptTime(_) => "receipts",
        _ => "custody",
    }
}
