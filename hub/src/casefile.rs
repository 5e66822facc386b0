//! A case as the hub sees it: the fold of what was ruled, its history without
//! words, and how much of it each party has been sent.
//!
//! Nothing of this is stored. It follows from the rulings and the envelopes,
//! by the same functions that made them, so that a cache may forget it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::case::{
    self, Case, Order, Ruling, Share, audience, entitlement, reaches_former,
};
use lapor_protocol::directory::{Directory, DirectoryAt, Status};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId};
use lapor_protocol::message::{Attachment, Message};

use crate::error::HubError;
use crate::store::rulings::{self, Placed};

/// One message with a place in a case; its sealed words and attachments are left out.
#[derive(Debug)]
pub struct Past {
    /// In the hub's order.
    pub number: i64,
    pub id: EnvelopeId,
    pub message: Arc<Message>,
    pub ruling: Ruling,
    /// Directory version in force.
    pub directory: u64,
    /// Unix ms.
    pub ordered_at: i64,
}

#[derive(Debug, Clone)]
pub struct CaseFile {
    pub case: Case,
    /// The message at `case_seq` n stands at n - 1.
    pub past: Vec<Arc<Past>>,
    /// Up to which `case_seq` each party, present or former, has been sent
    /// the case; without holes.
    pub sent: BTreeMap<InstanceId, u64>,
}

/// A message on its way into a case.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub case: CaseId,
    pub case_seq: u64,
    pub message: &'a Message,
    pub ruling: Ruling,
    pub ordered_at: i64,
    pub world: DirectoryAt<'a>,
}

/// What an entry leads to.
#[derive(Debug)]
pub struct Outcome {
    /// The case from now on; `None` if nothing was applied.
    pub after: Option<Case>,
    pub recipients: Vec<(InstanceId, Share)>,
}

impl CaseFile {
    /// `case_seq` of the last message.
    pub fn last(&self) -> u64 {
        self.past.len() as u64
    }

    /// The case as it is shown to one who asks about one of its messages:
    /// whether this recipient has been sent it, and may read it.
    pub fn may_read(&self, number: i64, recipient: &InstanceId, world: DirectoryAt<'_>) -> bool {
        let sent = self.sent.get(recipient).copied().unwrap_or(0);
        let mut placed = self.past.iter().zip(1..);
        let Some((past, case_seq)) = placed.find(|(past, _)| past.number == number) else {
            return false;
        };
        let (message, effect) = (&past.message, past.ruling.effect);
        let alone = reaches_former(message, effect) && self.case.ever_party.contains(recipient);
        let whole = || entitlement(message, effect, recipient, &self.case, world) == Share::Whole;
        (case_seq <= sent || alone) && (message.header.author == *recipient || whole())
    }

    /// Adds a message that has been ruled and delivered; `after` is the case
    /// from now on, if the message was applied. `None` if there is no case yet
    /// and this message gave birth to none.
    pub fn extended(
        file: Option<Self>,
        past: Past,
        after: Option<Case>,
        holders: Vec<InstanceId>,
    ) -> Option<Self> {
        let mut file = match (file, after) {
            (Some(file), None) => file,
            (Some(file), Some(case)) => Self { case, ..file },
            (None, after) => Self {
                case: after?,
                past: Vec::new(),
                sent: BTreeMap::new(),
            },
        };
        file.past.push(Arc::new(past));
        let last = file.last();
        file.sent
            .extend(holders.into_iter().map(|holder| (holder, last)));
        Some(file)
    }
}

/// What the order and a case go by of a message, and its attachments. The sealed words stay in its
/// line alone.
pub fn without_words(mut message: Message) -> (Arc<Message>, Vec<Attachment>) {
    message.sealed = None;
    let attachments = std::mem::take(&mut message.attachments);
    (Arc::new(message), attachments)
}

/// Folds one ruled message into a case and says who is told of it. Revoked
/// institutions are told nothing.
pub fn settle(entry: Entry<'_>, before: Option<&Case>) -> Result<Outcome, HubError> {
    let order = Order {
        case: entry.case,
        case_seq: entry.case_seq,
        ordered_at: entry.ordered_at,
    };
    let after = match (&entry.message.body, entry.ruling.applied()) {
        (Ok(body), true) => {
            let after = case::apply(entry.message, body, order, before.cloned(), entry.world);
            Some(after.ok_or_else(|| HubError::damaged("an applied message gave no case"))?)
        }
        _ => None,
    };
    let mut recipients = audience(
        entry.message,
        entry.ruling.effect,
        before,
        after.as_ref(),
        entry.world,
    );
    recipients.retain(|(recipient, _)| {
        let status = entry.world.instance(recipient).map(|e| e.status);
        status.is_some_and(|status| status != Status::Revoked)
    });
    Ok(Outcome { after, recipients })
}

/// Those whose copy of the case this entry continues: not an outsider who only
/// learns the ruling, nor a former party, whose copy ends where it left.
pub fn holders(recipients: &[(InstanceId, Share)]) -> Vec<InstanceId> {
    let holders = recipients.iter().filter(|(_, share)| share.continues());
    holders.map(|(recipient, _)| recipient.clone()).collect()
}

/// Folds these cases from what is stored; those that do not exist are left out.
pub async fn load(
    tx: &mut Tx,
    directory: &Directory,
    cases: impl IntoIterator<Item = CaseId>,
) -> Result<HashMap<CaseId, CaseFile>, HubError> {
    let mut files: HashMap<CaseId, CaseFile> = HashMap::new();
    let cases = cases.into_iter().collect();
    rulings::history(tx, cases, |placed| replay(&mut files, directory, &placed)).await?;
    Ok(files)
}

/// As [`load`], for one case.
pub async fn load_one(
    tx: &mut Tx,
    directory: &Directory,
    case: CaseId,
) -> Result<Option<CaseFile>, HubError> {
    Ok(load(tx, directory, [case]).await?.remove(&case))
}

fn replay(
    files: &mut HashMap<CaseId, CaseFile>,
    directory: &Directory,
    placed: &Placed,
) -> Result<(), HubError> {
    let envelope = Envelope::parse(placed.line.as_bytes()).ok();
    let envelope = envelope.filter(|envelope| envelope.id() == placed.id);
    let envelope = envelope.ok_or(HubError::Message(placed.id))?;
    let message = Message::parse(&envelope.payload).map_err(HubError::damaged)?;
    let (message, _) = without_words(message);
    let file = files.remove(&placed.case);
    let expected = file.as_ref().map_or(1, |file| file.last() + 1);
    if placed.case_seq != expected {
        return Err(HubError::Damaged(format!(
            "case {} has a hole at {expected}",
            placed.case
        )));
    }
    let entry = Entry {
        case: placed.case,
        case_seq: placed.case_seq,
        message: &message,
        ruling: placed.ruling,
        ordered_at: placed.ordered_at,
        world: directory.at(placed.directory),
    };
    let outcome = settle(entry, file.as_ref().map(|file| &file.case))?;
    let past = Past {
        number: placed.number,
        id: placed.id,
        message,
        ruling: placed.ruling,
        directory: placed.directory,
        ordered_at: placed.ordered_at,
    };
    let holders = holders(&outcome.recipients);
    let file = CaseFile::extended(file, past, outcome.after, holders).ok_or_else(|| {
        HubError::Damaged(format!(
            "case {} begins with a message that was not applied",
            placed.case
        ))
    })?;
    files.insert(placed.case, file);
    Ok(())
}
