//! A node: what it has on disk, what its process remembers, and its steps. A step is what happens
//! between two moments at which the process may end: one transaction, or one call.

use lapor_protocol::problem::{Code, Retry};

use crate::acts::{Act, Env, Fold, Head, Receipt, Told};
use crate::hub::{Answer, Boot, Grant, Shown};
use crate::rules::Rules;

/// How far an own message has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    Pending,
    Sealed,
    Accepted,
    Ruled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Row {
    pub act: Act,
    pub stage: Stage,
    pub env: Option<Env>,
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Became {
    Received,
    Applied,
    /// Applied as ruled, although this node would have ruled otherwise.
    Disputed,
    Superseded,
    Waiting,
}

/// Starts of the node: the latest, and those before it that the hub may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Starts {
    pub new: Option<u8>,
    pub former: Vec<u8>,
}

/// On disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Disk {
    pub rows: Vec<Row>,
    pub head: Head,
    /// Last position of the open epoch that the hub has accepted.
    pub accepted: u8,
    pub receipts: Vec<Receipt>,
    pub starts: Starts,
    /// The request for an epoch that is under way: `after` and nonce.
    pub request: Option<(u8, u8)>,
    pub due: bool,
    pub restored: bool,
    pub inbox: Vec<(Told, Became)>,
    pub settled: u8,
    pub acked: u8,
    /// The next place of the case, and the case before it.
    pub next_seq: u8,
    pub case: Option<Fold>,
    pub blocked: bool,
    pub directory: Vec<Grant>,
    /// How often each message has had its effect on the case.
    pub effects: [u8; 3],
}

/// A call for another epoch, as far as it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Epoch {
    Asking { after: u8, nonce: u8 },
    Granted(Grant),
    Unsealed(Grant),
    TakenBack(Grant),
}

/// What a process remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    pub starts: Option<Starts>,
    pub flags: Flags,
    pub epoch: Option<Epoch>,
    /// Batches under way in the order of the chain, each with the answer if it will be heard.
    pub posted: Vec<(Vec<Env>, Option<Answer>)>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "as the link of a node has them"
)]
pub struct Flags {
    pub compared: bool,
    pub met: bool,
    pub forked: bool,
    /// Another copy has taken its place: it sends nothing more.
    pub replaced: bool,
    /// The hub has said that it has lost something.
    pub asked: bool,
}

impl Disk {
    /// A node that has just joined.
    pub fn empty() -> Self {
        Self {
            rows: Vec::new(),
            head: Head::START,
            accepted: 0,
            receipts: Vec::new(),
            starts: Starts::default(),
            request: None,
            due: false,
            restored: false,
            inbox: Vec::new(),
            settled: 0,
            acked: 0,
            next_seq: 1,
            case: None,
            blocked: false,
            directory: Vec::new(),
            effects: [0; 3],
        }
    }

    pub fn cursor(&self) -> Option<Told> {
        self.inbox.last().map(|(told, _)| *told)
    }

    /// What every call shows.
    pub fn shown(&self) -> Shown {
        let latest = |receipt: &&Receipt| (receipt.epoch(), receipt.last());
        Shown {
            inbox: self.cursor(),
            receipt: self.receipts.iter().max_by_key(latest).copied(),
            directory: self.directory.clone(),
        }
    }

    pub fn envelopes(&self) -> impl Iterator<Item = Env> {
        self.rows.iter().filter_map(|row| row.env)
    }

    pub fn holds(&self, env: Env) -> bool {
        self.envelopes().any(|held| held == env)
    }

    /// Holds its bytes, as its author or as one to whom it was sent.
    pub fn has_bytes(&self, env: Env) -> bool {
        let sent = |(told, _): &(Told, Became)| told.env() == env && !told.is_own();
        self.holds(env) || self.inbox.iter().any(sent)
    }

    pub fn sealed(&self) -> Vec<Env> {
        let mut sealed: Vec<Env> = self
            .rows
            .iter()
            .filter(|row| row.stage == Stage::Sealed)
            .filter_map(|row| row.env)
            .collect();
        sealed.sort_unstable_by_key(|env| env.place());
        sealed
    }

    pub fn has_pending(&self) -> bool {
        self.rows.iter().any(|row| row.stage == Stage::Pending)
    }

    /// Whether a place is not known to be accepted that has nothing more to send.
    pub fn lags(&self) -> bool {
        self.accepted < self.head.seq && !self.has_pending() && self.sealed().is_empty()
    }

    /// The hub says that it holds the chain as far as this: what waits for its receipt is sent once
    /// more, and counts only then.
    pub fn agree(&mut self, rules: Rules, seq: u8) {
        let waits = self.sealed().first().map(|env| env.place().1);
        let proved = waits.map_or(seq, |waits| seq.min(waits - 1));
        let seq = if rules.proved { proved } else { seq };
        self.accepted = self.accepted.max(seq);
    }

    pub fn has_received(&self) -> bool {
        let mut all = self.inbox.iter();
        all.any(|(_, became)| *became == Became::Received)
    }

    /// Takes their places away from messages that the hub has not accepted.
    pub fn unseal(&mut self, rules: Rules) {
        for row in &mut self.rows {
            if row.stage == Stage::Sealed || !rules.keeps_accepted {
                (row.stage, row.env) = (Stage::Pending, None);
            }
        }
    }

    /// Gives the first draft its place.
    pub fn seal(&mut self) {
        let waits = |row: &&mut Row| row.stage == Stage::Pending;
        if let Some(row) = self.rows.iter_mut().find(waits) {
            let env = Env::sealed(row.act, self.head);
            (row.stage, row.env) = (Stage::Sealed, Some(env));
            self.head = self.head.advanced(env);
        }
    }

    /// An own envelope that came back; a message that was sent twice keeps its first place. Where
    /// it was told of before it came, its ruling was about nothing.
    pub fn adopt(&mut self, rules: Rules, env: Env) {
        let row = self.rows.iter_mut().find(|row| row.act == env.act());
        match row {
            Some(row) if row.env.is_none_or(|held| env.place() < held.place()) => {
                (row.stage, row.env) = (Stage::Accepted, Some(env));
            }
            Some(_) => {}
            None => self.rows.push(Row {
                act: env.act(),
                stage: Stage::Accepted,
                env: Some(env),
            }),
        }
        let heard = |(told, became): &(Told, Became)| {
            told.env() == env && matches!(became, Became::Applied | Became::Disputed)
        };
        if rules.hears_again && self.inbox.iter().any(heard) {
            self.note_ruled(env);
        }
    }

    fn note_ruled(&mut self, env: Env) {
        for row in self.rows.iter_mut().filter(|row| row.env == Some(env)) {
            row.stage = Stage::Ruled;
        }
    }

    pub fn keep_receipt(&mut self, receipt: Receipt) {
        let same = |held: &Receipt| {
            let place = |of: &Receipt| (of.epoch(), of.first(), of.last());
            place(held) == place(&receipt)
        };
        if !self.receipts.iter().any(same) {
            self.receipts.push(receipt);
        }
    }

    /// Goes on in a granted epoch.
    pub fn enter(&mut self, rules: Rules, grant: Grant) {
        self.unseal(rules);
        self.head = grant.head;
        self.accepted = 0;
        self.request = None;
        self.due = false;
        self.restored = false;
    }

    /// The request under way if the hub may still answer it, else another one.
    pub fn request(&mut self, theirs: Head, fresh: &mut u8) -> (u8, u8) {
        if let Some(request) = self.request {
            let unused = theirs.epoch == request.0 + 1 && theirs.seq == 0;
            if theirs.epoch == request.0 || unused {
                return request;
            }
        }
        *fresh += 1;
        *self.request.insert((theirs.epoch, *fresh))
    }

    /// Keeps a page, with the cursor behind it.
    pub fn receive(&mut self, page: &[Told]) {
        let received = page.iter().map(|told| (*told, Became::Received));
        self.inbox.extend(received);
    }

    /// Applies what has been received; all of it in one transaction.
    pub fn apply(&mut self, rules: Rules) {
        let (inbox, next_seq) = (self.inbox.clone(), self.next_seq);
        for place in 0..self.inbox.len() {
            let (told, became) = self.inbox[place];
            if became == Became::Received {
                self.inbox[place].1 = self.settle(told);
            }
        }
        self.settled = self.inbox.len() as u8;
        if !rules.marks {
            (self.inbox, self.next_seq) = (inbox, next_seq);
        }
    }

    /// Whether what the case waits for is here.
    pub fn can_move_on(&self) -> bool {
        let mut waiting = self.inbox.iter();
        waiting.any(|(told, became)| {
            let next = told.case_seq() == Some(self.next_seq);
            *became == Became::Waiting && next && (!told.is_own() || self.holds(told.env()))
        })
    }

    /// Looks at the case again that waits.
    pub fn move_on(&mut self) {
        self.blocked = false;
        let mut waiting: Vec<usize> = (0..self.inbox.len())
            .filter(|place| self.inbox[*place].1 == Became::Waiting)
            .collect();
        waiting.sort_unstable_by_key(|place| self.inbox[*place].0.case_seq());
        for place in waiting {
            self.inbox[place].1 = self.settle(self.inbox[place].0);
        }
    }

    fn settle(&mut self, told: Told) -> Became {
        let env = told.env();
        if told.is_own() {
            self.note_ruled(env);
        }
        let Some(case_seq) = told.case_seq() else {
            return Became::Applied;
        };
        if case_seq < self.next_seq {
            return Became::Superseded;
        }
        if self.blocked || case_seq > self.next_seq {
            self.blocked = true;
            return Became::Waiting;
        }
        if told.is_own() && !self.holds(env) {
            self.blocked = true;
            return Became::Waiting;
        }
        self.next_seq = case_seq + 1;
        if !told.read().item.ruling.applied() {
            return Became::Applied;
        }
        let agrees = env.ruled(false, self.case).applied();
        let at = told.read().item.ordered_at as u8;
        self.case = env.folded(self.case, case_seq, at).or(self.case);
        self.effects[env.act() as usize] += 1;
        if agrees {
            Became::Applied
        } else {
            Became::Disputed
        }
    }
}

impl Starts {
    /// Another start of the node, which has never been heard of.
    pub fn next(&self, fresh: &mut u8) -> Self {
        *fresh += 1;
        Self {
            new: Some(*fresh),
            former: self.new.iter().chain(&self.former).copied().collect(),
        }
    }

    /// What a call says of it.
    pub fn header(&self) -> Boot {
        Boot {
            new: self.new.unwrap_or_default(),
            previous: self.former.first().copied(),
        }
    }
}

/// How the hub's view of a chain compares with the node's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Same,
    /// It holds what the node does not know, or something else.
    Other,
    /// It has lost what it has signed for.
    Behind,
}

impl Standing {
    pub fn of(disk: &Disk, theirs: Head) -> Self {
        let (epoch, seq) = theirs.place();
        if theirs.place() < (disk.head.epoch, disk.accepted) {
            return Self::Behind;
        }
        let known = || disk.envelopes().find(|env| env.place() == theirs.place());
        let same = epoch == disk.head.epoch
            && seq <= disk.head.seq
            && (seq == 0 || known() == theirs.last);
        if same { Self::Same } else { Self::Other }
    }
}

/// Takes in the answer to a batch: receipts count only if they are true of what was sent.
pub fn take_answer(disk: &mut Disk, flags: &mut Flags, sent: &[Env], answer: &Answer) {
    let Answer::Posted {
        receipts,
        exception,
    } = answer
    else {
        if let Answer::Refused(code) = answer {
            flags.compared &= code.retry() != Retry::Resync;
        }
        return;
    };
    let Some((epoch, first)) = sent.first().map(|env| env.place()) else {
        return;
    };
    if !receipts.iter().all(|of| of.covers(disk.envelopes())) {
        return;
    }
    let mut through = first - 1;
    for receipt in receipts {
        disk.keep_receipt(*receipt);
        if receipt.epoch() == epoch && receipt.first() <= through + 1 {
            through = through.max(receipt.last());
        }
    }
    for row in disk
        .rows
        .iter_mut()
        .filter(|row| row.stage == Stage::Sealed)
    {
        if row
            .env
            .is_some_and(|env| env.place().0 == epoch && env.place().1 <= through)
        {
            row.stage = Stage::Accepted;
        }
    }
    if disk.head.epoch == epoch {
        disk.accepted = disk.accepted.max(through);
    }
    match exception {
        Some(Code::ForkDetected) if flags.forked => flags.replaced = true,
        Some(Code::ForkDetected) => {
            (flags.forked, flags.compared, disk.due) = (true, false, true);
        }
        Some(code) if code.retry() == Retry::Resync => flags.compared = false,
        _ => {}
    }
}
