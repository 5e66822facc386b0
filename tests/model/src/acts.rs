//! Who is there, what they say, and what the rules of the protocol make of it.
//!
//! Envelopes, items, receipts and folded cases are those of `lapor-protocol`, made once each and
//! then named by a small number, so that a state is small and quickly compared. Nothing is signed:
//! an envelope's id is the hash that it has in life, and who says what is known.

use std::sync::LazyLock;

use lapor_protocol::case::{self, Case, Effect, Order, Reason, Ruling, Share, Withheld};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::delivery::{Cursor, Item};
use lapor_protocol::directory::{Directory, DirectoryVersion, InstanceEntry, Status};
use lapor_protocol::dsse::{MESSAGE_TYPE, pae};
use lapor_protocol::ids::{CaseId, Digest, InstanceId, InstanceKind, MessageId, MessageRef};
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::kinds::case_recalled::RecallReason;
use lapor_protocol::kinds::{Body, CaseDisposed, CaseRecalled, Classification, ReportFiled};
use lapor_protocol::message::{Draft, Message};
use lapor_protocol::receipt;

use crate::table::Table;

/// The two institutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A city, where the report is filed.
    City,
    /// The national desk, a party of every case.
    Desk,
}

/// The three messages, each written once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// The city files a report.
    Filed,
    /// The city gives it to the desk.
    Disposed,
    /// The desk takes it from the city: whoever comes second is too late.
    Recalled,
}

/// An envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Env(u16);

/// An item of a stream; the items before it follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Told(u16);

/// A receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt(u16);

/// The case after some messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fold(u16);

/// Where a chain stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Head {
    pub epoch: u8,
    pub seq: u8,
    /// The last message, of whatever epoch.
    pub last: Option<Env>,
}

pub struct Envelope {
    pub author: Who,
    pub act: Act,
    pub epoch: u8,
    pub seq: u8,
    pub id: Digest,
    pub message: Message,
}

pub struct Delivered {
    pub env: Env,
    pub item: Item,
    pub cursor: Cursor,
    pub before: Option<Told>,
    /// Whether a node finds that it continues what came before it.
    pub follows: bool,
}

struct Stated {
    author: Who,
    receipt: receipt::Receipt,
}

/// What an item says beside its place in the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Says {
    pub env: Env,
    pub effect: Effect,
    pub reason: Option<Reason>,
    pub case_seq: Option<u8>,
    pub first: Option<Env>,
    /// Version of the directory.
    pub directory: u8,
    pub ordered_at: u8,
    pub withheld: Option<Withheld>,
}

/// A message with its effect, and its case before and after it.
type Change = (Env, Effect, Option<Fold>, Option<Fold>);

static ENVELOPES: Table<(Act, u8, u8, Digest), Envelope> = Table::new();
static ITEMS: Table<(Who, Option<Told>, Says), Delivered> = Table::new();
static RECEIPTS: Table<(Vec<Env>, u8), Stated> = Table::new();
static COVERED: Table<(Receipt, Vec<Env>), bool> = Table::new();
static FOLDS: Table<(Option<Fold>, Env, u8, u8), Case> = Table::new();
static RULINGS: Table<(Env, bool, Option<Fold>), Ruling> = Table::new();
static AUDIENCES: Table<Change, Vec<(Who, Share)>> = Table::new();

/// Both are active; the desk may take from and give to everybody.
static DIRECTORY: LazyLock<Directory> = LazyLock::new(|| {
    let hub = Signer::from_seed(&[1; 32]);
    let key = Verifier::from_jwk(&hub.public()).expect("a fresh key is sound");
    let mut directory = Directory::trusting(vec![key]);
    let version = DirectoryVersion {
        version: 1,
        prev: Digest::ZERO,
        at: 0,
        trust_domain: "lapor.test".into(),
        hub_keys: vec![hub.public()],
        changes: Who::BOTH.map(Who::entry).into(),
        taxonomy: None,
        calendar: None,
        maintenance: None,
    };
    let signed = version.sign(&hub);
    directory.apply(&signed).expect("it is the first version");
    directory
});

impl Who {
    pub const BOTH: [Self; 2] = [Self::City, Self::Desk];

    pub fn other(self) -> Self {
        match self {
            Self::City => Self::Desk,
            Self::Desk => Self::City,
        }
    }

    fn id(self) -> InstanceId {
        let slug = match self {
            Self::City => "kota-bandung",
            Self::Desk => "pusat",
        };
        slug.parse().expect("a sound slug")
    }

    fn of(id: &InstanceId) -> Self {
        match id.as_str() {
            "pusat" => Self::Desk,
            _ => Self::City,
        }
    }

    fn entry(self) -> InstanceEntry {
        let (kind, covers) = match self {
            Self::City => (InstanceKind::Kota, "kind:pusat"),
            Self::Desk => (InstanceKind::Pusat, "*"),
        };
        let mut entry = InstanceEntry::registered(self.id(), kind, self.id().to_string());
        entry.status = Status::Active;
        entry.disposes_to = vec![covers.parse().expect("a sound pattern")];
        entry
    }
}

impl Act {
    pub const ALL: [Self; 3] = [Self::Filed, Self::Disposed, Self::Recalled];

    pub fn author(self) -> Who {
        match self {
            Self::Filed | Self::Disposed => Who::City,
            Self::Recalled => Who::Desk,
        }
    }

    fn id(self) -> MessageId {
        MessageId::mint(1, [self as u8 + 1; 10])
    }

    /// All rely on the custody that the filing gave.
    fn draft(self) -> Draft {
        let filing = MessageRef {
            author: Who::City.id(),
            id: Self::Filed.id(),
        };
        let body = match self {
            Self::Filed => Body::ReportFiled(ReportFiled {
                classification: Classification::Complaint,
                category: None,
                region: None,
                incident_date: None,
                anonymous: false,
                secret: false,
                channel: "web".into(),
                excluded: Vec::new(),
                suggested: None,
                programme: None,
                commitment: Digest::of(b"key"),
            }),
            Self::Disposed => Body::CaseDisposed(CaseDisposed {
                target: Who::Desk.id(),
                copies: Vec::new(),
                deadline: None,
            }),
            Self::Recalled => Body::CaseRecalled(CaseRecalled {
                reason: RecallReason::NowOurs,
            }),
        };
        Draft {
            kind: body.kind().into(),
            id: self.id(),
            case: Some(CaseId::mint(1, [9; 10])),
            term: (self != Self::Filed).then_some(filing),
            created_at: 1,
            body,
            sealed: None,
            attachments: Vec::new(),
        }
    }
}

impl Head {
    pub const START: Self = Self {
        epoch: 1,
        seq: 0,
        last: None,
    };

    /// As the protocol knows it.
    pub fn real(self) -> ChainHead {
        ChainHead {
            epoch: self.epoch.into(),
            seq: self.seq.into(),
            id: self.last.map_or(Digest::ZERO, Env::id),
        }
    }

    pub fn place(self) -> (u8, u8) {
        (self.epoch, self.seq)
    }

    #[must_use]
    pub fn advanced(self, env: Env) -> Self {
        let next = self.real().advanced(env.id());
        Self {
            epoch: self.epoch,
            seq: next.seq as u8,
            last: Some(env),
        }
    }
}

impl Env {
    /// Gives a draft its place behind a head.
    pub fn sealed(act: Act, head: Head) -> Self {
        let head = head.real();
        let at = head.next();
        let key = (act, at.epoch as u8, at.seq as u8, head.id);
        Self(ENVELOPES.place(key, |_| {
            let author = act.author();
            let payload = act.draft().payload(&author.id(), at, head.id);
            Envelope {
                author,
                act,
                epoch: at.epoch as u8,
                seq: at.seq as u8,
                id: Digest::of(&pae(MESSAGE_TYPE, &payload)),
                message: Message::parse(&payload).expect("a draft reads as a message"),
            }
        }))
    }

    pub fn read(self) -> &'static Envelope {
        ENVELOPES.value(self.0)
    }

    pub fn id(self) -> Digest {
        self.read().id
    }

    pub fn act(self) -> Act {
        self.read().act
    }

    pub fn author(self) -> Who {
        self.read().author
    }

    pub fn place(self) -> (u8, u8) {
        let envelope = self.read();
        (envelope.epoch, envelope.seq)
    }

    /// The ruling, by the rules of the protocol.
    pub fn ruled(self, seen: bool, before: Option<Fold>) -> Ruling {
        *RULINGS.of((self, seen, before), |_| {
            let case = before.map(Fold::read);
            case::rule(&self.read().message, seen, case, None, DIRECTORY.latest())
        })
    }

    /// The case once this message has been applied; `None` where it gives birth to none.
    pub fn folded(self, before: Option<Fold>, case_seq: u8, ordered_at: u8) -> Option<Fold> {
        let envelope = self.read();
        let body = envelope.message.body.as_ref().ok()?;
        if before.is_none() && envelope.act != Act::Filed {
            return None;
        }
        let key = (before, self, case_seq, ordered_at);
        Some(Fold(FOLDS.place(key, |_| {
            let order = Order {
                case: CaseId::mint(1, [9; 10]),
                case_seq: case_seq.into(),
                ordered_at: ordered_at.into(),
            };
            let before = before.map(|fold| fold.read().clone());
            let after = case::apply(&envelope.message, body, order, before, DIRECTORY.latest());
            after.expect("a case that is born can be folded")
        })))
    }

    /// Who is told of this message, and how.
    pub fn audience(
        self,
        effect: Effect,
        before: Option<Fold>,
        after: Option<Fold>,
    ) -> &'static [(Who, Share)] {
        AUDIENCES.of((self, effect, before, after), |_| {
            let [before, after] = [before, after].map(|fold| fold.map(Fold::read));
            let message = &self.read().message;
            let all = case::audience(message, effect, before, after, DIRECTORY.latest());
            all.into_iter()
                .map(|(id, share)| (Who::of(&id), share))
                .collect()
        })
    }
}

impl Fold {
    pub fn read(self) -> &'static Case {
        FOLDS.value(self.0)
    }

    pub fn custodian(self) -> Who {
        Who::of(&self.read().custodian)
    }
}

impl Told {
    /// The next item of a stream that ends with `before`.
    pub fn next(to: Who, before: Option<Self>, says: Says) -> Self {
        Self(ITEMS.place((to, before, says), |_| {
            let end = Self::end(before);
            let message = &says.env.read().message;
            let item = Item {
                depoch: end.depoch,
                dseq: end.dseq + 1,
                dprev: end.hash,
                case: message.header.case,
                case_seq: says.case_seq.map(u64::from),
                kind: message.header.kind.clone(),
                envelope_id: says.env.id(),
                ruling: Ruling {
                    effect: says.effect,
                    reason: says.reason,
                },
                first: says.first.map(Env::id),
                directory: says.directory.into(),
                ordered_at: says.ordered_at.into(),
                withheld: says.withheld,
            };
            let bytes = item.to_bytes();
            Delivered {
                env: says.env,
                cursor: Cursor {
                    depoch: item.depoch,
                    dseq: item.dseq,
                    hash: Digest::of(&bytes),
                },
                follows: end.advance(&bytes, &item).is_ok(),
                item,
                before,
            }
        }))
    }

    pub fn read(self) -> &'static Delivered {
        ITEMS.value(self.0)
    }

    pub fn dseq(self) -> usize {
        self.read().cursor.dseq as usize
    }

    pub fn env(self) -> Env {
        self.read().env
    }

    pub fn case_seq(self) -> Option<u8> {
        self.read().item.case_seq.map(|seq| seq as u8)
    }

    /// Written by its recipient, who holds the bytes.
    pub fn is_own(self) -> bool {
        let withheld = self.read().item.withheld;
        matches!(withheld, Some(Withheld::Own | Withheld::RulingOnly))
    }

    /// Whether it continues a stream that ends with `before`, as a node checks it.
    pub fn follows(self, before: Option<Self>) -> bool {
        let told = self.read();
        if told.before == before {
            return told.follows;
        }
        let bytes = told.item.to_bytes();
        Self::end(before).advance(&bytes, &told.item).is_ok()
    }

    fn end(stream: Option<Self>) -> Cursor {
        stream.map_or(Cursor::START, |told| told.read().cursor)
    }
}

impl Receipt {
    /// For a run of one author's messages; it must not be empty.
    pub fn over(run: &[Env], at: u8) -> Self {
        Self(RECEIPTS.place((run.to_vec(), at), |(run, at)| {
            let first = run.first().expect("a receipt covers something").read();
            let ids: Vec<Digest> = run.iter().map(|env| env.id()).collect();
            let (epoch, from) = (first.epoch.into(), first.seq.into());
            let at = i64::from(*at);
            let author = first.author;
            Stated {
                author,
                receipt: receipt::Receipt::accepted(author.id(), epoch, from, &ids, at),
            }
        }))
    }

    pub fn read(self) -> &'static receipt::Receipt {
        &RECEIPTS.value(self.0).receipt
    }

    pub fn author(self) -> Who {
        RECEIPTS.value(self.0).author
    }

    pub fn epoch(self) -> u8 {
        self.read().epoch as u8
    }

    /// The first `seq` that it covers.
    pub fn first(self) -> u8 {
        self.read().from as u8
    }

    /// The last one.
    pub fn last(self) -> u8 {
        self.read().to as u8
    }

    /// Whether the place of a message is in its range.
    pub fn is_about(self, env: Env) -> bool {
        let (epoch, seq) = env.place();
        let range = self.first()..=self.last();
        env.author() == self.author() && epoch == self.epoch() && range.contains(&seq)
    }

    /// Whether both have messages in common.
    pub fn overlaps(self, other: Self) -> bool {
        let same = (self.author(), self.epoch()) == (other.author(), other.epoch());
        same && self.first() <= other.last() && self.last() >= other.first()
    }

    /// Whether it is true of the messages that stand in its range.
    pub fn covers(self, chain: impl Iterator<Item = Env>) -> bool {
        let about = chain.filter(|env| self.is_about(*env));
        let mut about: Vec<Env> = about.collect();
        about.sort_unstable_by_key(|env| env.place());
        *COVERED.of((self, about), |(_, about)| {
            let ids: Vec<Digest> = about.iter().map(|env| env.id()).collect();
            self.read().covers(&ids).is_ok()
        })
    }
}
