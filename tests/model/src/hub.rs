//! The hub: what it has on disk, what a process of it remembers, and how it answers. Each answer
//! is one transaction, as in life: all writers of a hub's database take turns.

use lapor_protocol::case::{Effect, Reason, Ruling, Share};
use lapor_protocol::chain::ChainError;
use lapor_protocol::problem::Code;

use crate::acts::{Env, Fold, Head, Receipt, Says, Told, Who};
use crate::rules::Rules;

/// A message in the hub's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    pub env: Env,
    pub effect: Effect,
    pub reason: Option<Reason>,
    pub case_seq: Option<u8>,
    pub ordered_at: u8,
    pub directory: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Chain {
    pub head: Head,
    /// Which start of the node was here last.
    pub boot: Option<u8>,
    pub frozen: bool,
}

/// An epoch that the hub has granted; a version of the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Grant {
    pub to: Who,
    pub head: Head,
    pub nonce: u8,
    /// Where the epoch before ended.
    pub closed_at: u8,
}

/// Whether a restored hub still waits for what members may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Restored {
    Over,
    Listening,
}

/// What a member has brought back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Brought {
    pub items: Vec<Told>,
    pub messages: Vec<Env>,
    pub receipts: Vec<Receipt>,
    pub whole: bool,
    /// The hub has given its place to something else.
    pub conflict: bool,
}

/// On disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hub {
    pub record: Vec<Entry>,
    pub chains: [Chain; 2],
    pub receipts: Vec<Receipt>,
    pub streams: [Vec<Told>; 2],
    /// The case after each of its messages.
    pub folds: Vec<Option<Fold>>,
    pub directory: Vec<Grant>,
    /// Accepted and settled.
    pub acks: [(u8, u8); 2],
    /// The furthest that these have ever been, for the onlooker.
    pub peaks: [(u8, u8); 2],
    /// The place of the process that may order messages. In life a token that no two processes
    /// share: here a process that begins takes its place from the one before, which has ended.
    pub token: u8,
    pub restored: Restored,
    /// A member has shown what is not here.
    pub loss: bool,
    pub brought: [Option<Brought>; 2],
}

/// A process of the hub, and what it takes from memory instead of the disk.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Process {
    pub alive: bool,
    pub token: u8,
    /// Where the streams end.
    pub ends: [Option<Told>; 2],
    /// The case and its length.
    pub case: (Option<Fold>, u8),
    /// Which members a restored hub has heard.
    pub heard: [bool; 2],
}

/// Which start of a node calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Boot {
    pub new: u8,
    pub previous: Option<u8>,
}

/// The latest things of the hub that a node holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shown {
    pub inbox: Option<Told>,
    pub receipt: Option<Receipt>,
    pub directory: Vec<Grant>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call {
    pub from: Who,
    pub shown: Shown,
    pub ask: Ask,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ask {
    Head(Boot),
    Post(Boot, Vec<Env>),
    Epoch { after: u8, nonce: u8 },
    Own { epoch: u8, after: u8 },
    Page(Option<Told>),
    Ack { at: Option<Told>, settled: u8 },
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Answer {
    Head(Head),
    /// Another start of this node has been there; where its chain stands.
    Conflict(Head),
    Posted {
        receipts: Vec<Receipt>,
        exception: Option<Code>,
    },
    Granted(Grant),
    Own(Vec<Env>),
    Page(Vec<Told>),
    Done,
    Refused(Code),
    /// The process ends without an answer.
    Silence,
}

/// Where a message is put, and when.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    pub ordered_at: u8,
    pub directory: u8,
}

impl Chain {
    fn refuse(&mut self, rules: Rules, boot: Boot) {
        if !rules.untraced {
            self.boot = Some(boot.new);
        }
    }
}

impl Boot {
    fn follows(self, stored: Option<u8>) -> bool {
        stored.is_none_or(|stored| stored == self.new || self.previous == Some(stored))
    }
}

impl Answer {
    /// Whether nothing is left to be sent of the batch that it answers.
    pub fn is_whole(&self) -> bool {
        matches!(
            self,
            Self::Posted {
                exception: None,
                ..
            }
        )
    }
}

impl Ask {
    /// Whether it gives something a place in the record.
    fn takes_place(&self) -> bool {
        matches!(self, Self::Post(..) | Self::Epoch { .. })
    }
}

impl Process {
    /// A process that starts remembers nothing but the disk.
    pub fn begun(hub: &mut Hub, token: u8) -> Self {
        hub.token = token;
        Self::beside(hub)
    }

    /// One that shares the right to order with the one that has it.
    pub fn beside(hub: &Hub) -> Self {
        let mut process = Self {
            alive: true,
            token: hub.token,
            ..Self::ended()
        };
        process.follow(hub);
        process
    }

    /// One that has ended.
    pub fn ended() -> Self {
        Self {
            alive: false,
            token: 0,
            ends: [None; 2],
            case: (None, 0),
            heard: [false; 2],
        }
    }

    /// Memory follows the disk.
    pub fn follow(&mut self, hub: &Hub) {
        self.ends = Who::BOTH.map(|who| hub.end(who));
        self.case = (hub.case(), hub.folds.len() as u8);
    }
}

impl Hub {
    /// A hub that has just been set up.
    pub fn empty() -> Self {
        let chain = || Chain {
            head: Head::START,
            boot: None,
            frozen: false,
        };
        Self {
            record: Vec::new(),
            chains: [chain(), chain()],
            receipts: Vec::new(),
            streams: [Vec::new(), Vec::new()],
            folds: Vec::new(),
            directory: Vec::new(),
            acks: [(0, 0); 2],
            peaks: [(0, 0); 2],
            token: 0,
            restored: Restored::Over,
            loss: false,
            brought: [None, None],
        }
    }

    pub fn end(&self, who: Who) -> Option<Told> {
        self.streams[who as usize].last().copied()
    }

    pub fn case(&self) -> Option<Fold> {
        self.folds.last().copied().flatten()
    }

    pub fn envelopes(&self) -> impl Iterator<Item = Env> {
        self.record.iter().map(|entry| entry.env)
    }

    pub fn holds(&self, env: Env) -> bool {
        self.envelopes().any(|held| held == env)
    }

    /// What one author wrote in an epoch, in its order.
    pub fn of(&self, author: Who, epoch: u8) -> impl Iterator<Item = Env> {
        let all = self.envelopes().filter(move |env| env.author() == author);
        all.filter(move |env| env.place().0 == epoch)
    }

    /// Version of the directory; each grant makes one.
    pub fn version(&self) -> u8 {
        self.directory.len() as u8 + 1
    }

    /// Whether this hub holds all that a member shows.
    pub fn bears_out(&self, who: Who, shown: &Shown) -> bool {
        let stream = &self.streams[who as usize];
        let inbox = shown
            .inbox
            .is_none_or(|told| stream.get(told.dseq() - 1) == Some(&told));
        let receipt = shown.receipt.is_none_or(|receipt| {
            let last = receipt.read().head;
            let at = (receipt.epoch(), receipt.last());
            let mut held = self.of(who, at.0).filter(|env| env.place() == at);
            held.any(|env| env.id() == last)
        });
        inbox && receipt && self.directory.starts_with(&shown.directory)
    }

    /// Answers a call by a process of this hub.
    pub fn answer(
        &mut self,
        process: &mut Process,
        rules: Rules,
        clock: &mut u8,
        call: &Call,
    ) -> Answer {
        if let Err(code) = self.hear(process, rules, call) {
            return Answer::Refused(code);
        }
        let from = call.from;
        match &call.ask {
            Ask::Head(boot) => {
                let chain = &mut self.chains[from as usize];
                if rules.boots && !boot.follows(chain.boot) {
                    chain.refuse(rules, *boot);
                    return Answer::Conflict(chain.head);
                }
                chain.boot = Some(boot.new);
                Answer::Head(chain.head)
            }
            Ask::Post(boot, batch) => {
                let answer = self.order_batch(process, rules, clock, (from, *boot), batch);
                let refused =
                    matches!(&answer, Answer::Posted { exception, .. } if exception.is_some());
                if refused && !rules.plain_refusals {
                    self.receipts.push(Receipt::over(batch, *clock + 1));
                }
                answer
            }
            Ask::Epoch { after, nonce } => self.grant(from, *after, *nonce),
            Ask::Own { epoch, after } => {
                let own = self.of(from, *epoch);
                Answer::Own(own.filter(|env| env.place().1 > *after).collect())
            }
            // A cursor at the head that this process knows needs no look at the disk.
            Ask::Page(after) if process.ends[from as usize] == *after => Answer::Page(Vec::new()),
            Ask::Page(after) => match self.locate(process, from, *after) {
                Ok(held) => Answer::Page(self.streams[from as usize][held..].to_vec()),
                Err(code) => Answer::Refused(code),
            },
            Ask::Ack { at, settled } => match self.locate(process, from, *at) {
                Ok(accepted) => {
                    let (accepted, settled) = (accepted as u8, *settled);
                    let held = &mut self.acks[from as usize];
                    if !rules.stale_acks || (accepted >= held.0 && settled >= held.1) {
                        *held = (accepted, settled);
                    }
                    let peak = &mut self.peaks[from as usize];
                    *peak = (peak.0.max(held.0), peak.1.max(held.1));
                    Answer::Done
                }
                Err(code) => Answer::Refused(code),
            },
        }
    }

    /// Looks at what a member shows, and refuses while the record is not whole.
    fn hear(&mut self, process: &mut Process, rules: Rules, call: &Call) -> Result<(), Code> {
        if !rules.witnesses {
            return Ok(());
        }
        if !self.loss && !self.bears_out(call.from, &call.shown) {
            self.loss = true;
            self.brought = [None, None];
        }
        if self.loss {
            return Err(Code::Recovering);
        }
        if self.restored == Restored::Listening {
            process.heard[call.from as usize] = true;
            if process.heard == [true; 2] {
                self.stop_listening(process);
            } else if rules.listens && call.ask.takes_place() {
                return Err(Code::Recovering);
            }
        }
        Ok(())
    }

    pub fn stop_listening(&mut self, process: &mut Process) {
        self.restored = Restored::Over;
        process.heard = [false; 2];
    }

    /// Where a cursor stands in a stream, as this process knows the stream: where it is ahead,
    /// another may have ordered what this one has not heard of.
    fn locate(&self, process: &mut Process, who: Who, at: Option<Told>) -> Result<usize, Code> {
        let Some(at) = at else {
            return Ok(0);
        };
        let end = &mut process.ends[who as usize];
        if at.dseq() > end.map_or(0, Told::dseq) {
            *end = self.end(who);
        }
        if at.dseq() > end.map_or(0, Told::dseq) {
            return Err(Code::CursorAhead);
        }
        let held = self.streams[who as usize].get(at.dseq() - 1);
        if held == Some(&at) {
            Ok(at.dseq())
        } else {
            Err(Code::CursorMismatch)
        }
    }

    fn grant(&mut self, from: Who, after: u8, nonce: u8) -> Answer {
        let mut granted = self.directory.iter();
        if let Some(grant) = granted.find(|grant| grant.to == from && grant.nonce == nonce) {
            return Answer::Granted(*grant);
        }
        let chain = &mut self.chains[from as usize];
        if after > chain.head.epoch {
            return Answer::Refused(Code::SequenceGap);
        }
        let head = Head {
            epoch: chain.head.epoch + 1,
            seq: 0,
            last: chain.head.last,
        };
        let grant = Grant {
            to: from,
            head,
            nonce,
            closed_at: chain.head.seq,
        };
        *chain = Chain {
            head,
            boot: None,
            frozen: false,
        };
        self.directory.push(grant);
        Answer::Granted(grant)
    }

    /// Compares a batch with the chain and orders what is new.
    fn order_batch(
        &mut self,
        process: &mut Process,
        rules: Rules,
        clock: &mut u8,
        (from, boot): (Who, Boot),
        batch: &[Env],
    ) -> Answer {
        if rules.fences && process.token != self.token {
            *process = Process::ended();
            return Answer::Silence;
        }
        if rules.follows {
            process.follow(self);
        }
        let chain = &mut self.chains[from as usize];
        if rules.boots && !boot.follows(chain.boot) {
            chain.refuse(rules, boot);
            return Answer::Refused(Code::BootConflict);
        }
        chain.boot = Some(boot.new);
        let head = chain.head.real().position();
        let place = |env: &Env| env.read().message.header.position();
        let known = batch.partition_point(|env| rules.chains && place(env) <= head);
        let (again, fresh) = batch.split_at(known);
        let mut receipts = Vec::new();
        if let Some(code) = self.compare(from, rules, again, &mut receipts, *clock) {
            return Answer::Posted {
                receipts,
                exception: Some(code),
            };
        }
        let chain = &self.chains[from as usize];
        let refused = fresh.first().and_then(|first| {
            let admitted = chain.head.real().admits(&first.read().message.header);
            match admitted {
                _ if chain.frozen => Some(Code::ForkDetected),
                _ if !rules.chains => None,
                Ok(()) => None,
                Err(ChainError::Gap { .. }) => Some(Code::SequenceGap),
                Err(ChainError::Previous(_)) => Some(Code::PreviousMismatch),
                Err(ChainError::EpochClosed { .. }) => Some(Code::EpochClosed),
            }
        });
        if refused.is_none() && !fresh.is_empty() {
            for env in fresh {
                *clock += 1;
                let at = Moment {
                    ordered_at: *clock,
                    directory: self.version(),
                };
                self.order(process, rules, *env, at);
                let chain = &mut self.chains[from as usize];
                chain.head = chain.head.advanced(*env);
            }
            let receipt = Receipt::over(fresh, *clock);
            self.receipts.push(receipt);
            receipts.push(receipt);
        }
        Answer::Posted {
            receipts,
            exception: refused,
        }
    }

    /// Compares what should be known with what is, and finds its receipts; gives the code where it
    /// differs.
    fn compare(
        &mut self,
        from: Who,
        rules: Rules,
        again: &[Env],
        receipts: &mut Vec<Receipt>,
        clock: u8,
    ) -> Option<Code> {
        let (first, last) = (again.first()?.place(), again.last()?.place());
        let held = self.of(from, first.0);
        let held = held.filter(|env| (first..=last).contains(&env.place()));
        let held: Vec<Env> = held.collect();
        let same = again.iter().zip(&held).take_while(|(a, b)| a == b).count();
        if same > 0 && rules.stored_receipts {
            let range = first.1..first.1 + same as u8;
            let touch = |of: &&Receipt| {
                let own = of.author() == from && of.epoch() == first.0;
                own && of.first() < range.end && of.last() >= range.start
            };
            receipts.extend(self.receipts.iter().filter(touch));
        } else if same > 0 {
            let fresh = Receipt::over(&again[..same], clock + 1);
            self.receipts.push(fresh);
            receipts.push(fresh);
        }
        if same == again.len() {
            return None;
        }
        let chain = &mut self.chains[from as usize];
        if first.0 < chain.head.epoch {
            return Some(Code::EpochClosed);
        }
        chain.frozen = true;
        Some(Code::ForkDetected)
    }

    /// Gives one message its place: ruled, folded, and told to whom it concerns.
    pub fn order(&mut self, process: &mut Process, rules: Rules, env: Env, at: Moment) {
        let seen = self.first(env);
        let (before, length) = process.case;
        let ruling = rules.judged(env.ruled(seen.is_some(), before));
        let unplaced =
            ruling.effect == Effect::Duplicate || (before.is_none() && !ruling.applied());
        let case_seq = (!unplaced).then_some(length + 1);
        let after = match case_seq {
            Some(seq) if ruling.applied() => env.folded(before, seq, at.ordered_at).or(before),
            _ => before,
        };
        let told = after.filter(|_| ruling.applied());
        let audience = env.audience(ruling.effect, before, told);
        for (who, share) in audience {
            let first = seen.filter(|_| ruling.effect == Effect::Duplicate);
            let says = says((env, ruling), (case_seq, first), at, *share);
            let told = Told::next(*who, process.ends[*who as usize], says);
            self.streams[*who as usize].push(told);
            process.ends[*who as usize] = Some(told);
        }
        if case_seq.is_some() {
            self.folds.push(after);
            process.case = (after, length + 1);
        }
        self.record.push(Entry {
            env,
            effect: ruling.effect,
            reason: ruling.reason,
            case_seq,
            ordered_at: at.ordered_at,
            directory: at.directory,
        });
    }

    /// The envelope in which this message came first, if it came before.
    fn first(&self, env: Env) -> Option<Env> {
        self.envelopes().find(|held| held.act() == env.act())
    }
}

fn says(
    (env, ruling): (Env, Ruling),
    (case_seq, first): (Option<u8>, Option<Env>),
    at: Moment,
    share: Share,
) -> Says {
    Says {
        env,
        effect: ruling.effect,
        reason: ruling.reason,
        case_seq,
        first,
        directory: at.directory,
        ordered_at: at.ordered_at,
        withheld: share.withheld(),
    }
}
