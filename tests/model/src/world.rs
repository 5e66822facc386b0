//! The whole of it: two nodes, a hub with a second process in reserve, calls that are still on
//! their way, a disk as it was, and every step that anybody may take next.

use std::sync::Arc;

use stateright::{Model, Property};

use crate::acts::{Act, Env, Who};
use crate::hub::{Answer, Ask, Call, Hub, Process, Restored};
use crate::invariants;
use crate::node::{Disk, Epoch, Memory, Row, Stage, Standing, take_answer};
use crate::rules::{Bounds, Rules};
use lapor_protocol::problem::Code;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    pub disk: Arc<Disk>,
    pub memory: Memory,
}

/// A disk as it was at some moment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Image {
    Node(Who, Arc<Disk>),
    Hub(Arc<Hub>),
}

/// What only the onlooker knows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each notes another event that properties ask about"
)]
pub struct Seen {
    /// Which messages have been written.
    pub written: [bool; 3],
    /// Whatever the hub has ever accepted.
    pub accepted: Vec<Env>,
    /// Messages ordered so far: the hub's clock.
    pub clock: u8,
    /// Starts and nonces that each node has made so far.
    pub fresh: [u8; 2],
    /// Tokens that processes of the hub have made so far.
    pub tokens: u8,
    pub node_restored: [bool; 2],
    pub hub_restored: bool,
    /// A restored hub did not wait for everybody, or did not know that it was one.
    pub hurried: bool,
    /// Something was signed by a process that had not compared heads.
    pub signed_blindly: bool,
    /// Something was ordered by a process that the database did not name.
    pub unfenced: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    pub hub: Arc<Hub>,
    pub processes: [Process; 2],
    pub nodes: [Node; 2],
    /// Calls whose senders have stopped waiting.
    pub calls: Vec<Call>,
    pub image: Option<Image>,
    pub left: Bounds,
    pub seen: Seen,
}

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Answered,
    Lost,
    Delayed,
    Doubled,
    /// Answered, and then the hub loses what it had not committed; only a broken one does.
    Uncommitted,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Write(Act),
    Compare(Who, usize, Fate),
    AskEpoch(Who, usize, Fate),
    Unseal(Who, usize),
    TakeBack(Who, usize),
    Enter(Who),
    Seal(Who),
    Post(Who, usize, Fate),
    TakeAnswer(Who),
    Pull(Who, usize),
    Apply(Who),
    MoveOn(Who),
    Acknowledge(Who, usize, Fate),
    BringBack(Who, usize),
    Arrive(usize, usize),
    Crash(Who),
    CrashHub,
    StandBy,
    EndListening,
    BackUp(Option<Who>),
    Restore { marked: bool },
}

/// A federation that may be wrong in some way, within bounds.
#[derive(Debug, Clone)]
pub struct Federation {
    pub rules: Rules,
    pub bounds: Bounds,
}

impl World {
    fn begin(bounds: Bounds) -> Self {
        let mut hub = Hub::empty();
        let process = Process::begun(&mut hub, 1);
        let node = || Node {
            disk: Arc::new(Disk::empty()),
            memory: Memory::default(),
        };
        Self {
            hub: Arc::new(hub),
            processes: [process, Process::ended()],
            nodes: [node(), node()],
            calls: Vec::new(),
            image: None,
            left: bounds,
            seen: Seen {
                written: [false; 3],
                accepted: Vec::new(),
                clock: 0,
                fresh: [0; 2],
                tokens: 1,
                node_restored: [false; 2],
                hub_restored: false,
                hurried: false,
                signed_blindly: false,
                unfenced: false,
            },
        }
    }

    pub fn node(&self, who: Who) -> &Node {
        &self.nodes[who as usize]
    }

    fn parts(&mut self, who: Who) -> (&mut Disk, &mut Memory) {
        let node = &mut self.nodes[who as usize];
        (Arc::make_mut(&mut node.disk), &mut node.memory)
    }

    fn call(&self, from: Who, ask: Ask) -> Call {
        Call {
            from,
            shown: self.node(from).disk.shown(),
            ask,
        }
    }

    /// The hub answers; nobody has heard it yet.
    fn answer(&mut self, rules: Rules, via: usize, call: &Call) -> Answer {
        let hub = Arc::make_mut(&mut self.hub);
        let named = self.processes[via].token == hub.token;
        let before = hub.record.len();
        let process = &mut self.processes[via];
        let answer = hub.answer(process, rules, &mut self.seen.clock, call);
        let new: Vec<Env> = hub.envelopes().skip(before).collect();
        self.seen.unfenced |= !named && !new.is_empty();
        self.note(&new);
        answer
    }

    fn note(&mut self, new: &[Env]) {
        for env in new {
            if !self.seen.accepted.contains(env) {
                self.seen.accepted.push(*env);
            }
        }
        self.seen.accepted.sort_unstable();
    }

    /// Sends a call to its fate; an answer only if the sender hears it.
    fn send(&mut self, rules: Rules, via: usize, call: Call, fate: Fate) -> Option<Answer> {
        match fate {
            Fate::Answered => Some(self.answer(rules, via, &call)),
            Fate::Lost => {
                self.left.lost -= 1;
                self.answer(rules, via, &call);
                None
            }
            Fate::Delayed => {
                self.left.delayed -= 1;
                self.keep(call);
                None
            }
            Fate::Doubled => {
                self.left.doubled -= 1;
                let answer = self.answer(rules, via, &call);
                self.keep(call);
                Some(answer)
            }
            Fate::Uncommitted => {
                let before = (Arc::clone(&self.hub), self.processes.clone());
                let answer = self.answer(rules, via, &call);
                (self.hub, self.processes) = before;
                Some(answer)
            }
        }
    }

    fn keep(&mut self, call: Call) {
        let place = self.calls.partition_point(|of| *of < call);
        self.calls.insert(place, call);
    }

    /// Learns from a refusal; gives any other answer on.
    fn heard(&mut self, who: Who, answer: Option<Answer>) -> Option<Answer> {
        match answer {
            Some(Answer::Refused(Code::Recovering)) => {
                let brought = self.hub.brought[who as usize].as_ref();
                self.nodes[who as usize].memory.flags.asked |= brought.is_none();
                None
            }
            Some(Answer::Silence) => None,
            other => other,
        }
    }

    fn write(&mut self, act: Act) {
        self.seen.written[act as usize] = true;
        let (disk, _) = self.parts(act.author());
        disk.rows.push(Row {
            act,
            stage: Stage::Pending,
            env: None,
        });
    }

    /// Asks where the chain stands, as this start of the node, and decides what a difference means.
    fn compare(&mut self, rules: Rules, who: Who, via: usize, fate: Fate) {
        let mut fresh = self.seen.fresh[who as usize];
        let (disk, memory) = self.parts(who);
        let starts = memory.starts.get_or_insert_with(|| {
            disk.starts = disk.starts.next(&mut fresh);
            disk.starts.clone()
        });
        let mut starts = starts.clone();
        self.seen.fresh[who as usize] = fresh;
        let call = self.call(who, Ask::Head(starts.header()));
        let answer = self.send(rules, via, call, fate);
        let mut answer = self.heard(who, answer);
        // A start that was never answered may be unknown to the hub: the one before it is named.
        while matches!(answer, Some(Answer::Conflict(_))) && starts.former.len() > 1 {
            starts.former.remove(0);
            let call = self.call(who, Ask::Head(starts.header()));
            let again = self.answer(rules, via, &call);
            answer = self.heard(who, Some(again));
        }
        let (theirs, conflict) = match answer {
            Some(Answer::Head(head)) => (head, false),
            Some(Answer::Conflict(head)) => (head, true),
            _ => return,
        };
        let (disk, memory) = self.parts(who);
        if !conflict {
            starts.former.truncate(1);
            disk.starts.former.clear();
            memory.starts = Some(starts);
        }
        let standing = Standing::of(disk, theirs);
        let due = disk.due || disk.restored;
        let alone = standing == Standing::Same && !conflict;
        if standing == Standing::Behind {
            return;
        }
        if alone && !due {
            if disk.head.epoch == theirs.epoch {
                disk.accepted = disk.accepted.max(theirs.seq);
            }
            memory.flags.met = true;
            memory.flags.compared = true;
        } else if !due && memory.flags.met {
            memory.flags.replaced = true;
        } else {
            let (after, nonce) = disk.request(theirs, &mut fresh);
            memory.epoch = Some(Epoch::Asking { after, nonce });
        }
        self.seen.fresh[who as usize] = fresh;
    }

    fn ask_epoch(&mut self, rules: Rules, who: Who, via: usize, fate: Fate) {
        let Some(Epoch::Asking { after, nonce }) = self.node(who).memory.epoch else {
            return;
        };
        let call = self.call(who, Ask::Epoch { after, nonce });
        let answer = self.send(rules, via, call, fate);
        let answer = self.heard(who, answer);
        let (_, memory) = self.parts(who);
        memory.epoch = match answer {
            Some(Answer::Granted(grant)) => Some(Epoch::Granted(grant)),
            _ => None,
        };
    }

    /// The directory first; then what is not accepted loses its place.
    fn unseal(&mut self, rules: Rules, who: Who, via: usize) {
        let Some(Epoch::Granted(grant)) = self.node(who).memory.epoch else {
            return;
        };
        let reached = self.refresh(rules, who, via);
        let (disk, memory) = self.parts(who);
        memory.epoch = reached.then_some(Epoch::Unsealed(grant));
        if reached {
            disk.due = true;
            disk.unseal();
        }
    }

    /// Fetches what was accepted since the epoch that was believed to be open, with its receipts.
    fn take_back(&mut self, rules: Rules, who: Who, via: usize) {
        let Some(Epoch::Unsealed(grant)) = self.node(who).memory.epoch else {
            return;
        };
        let first = self.node(who).disk.head.epoch;
        for epoch in first..grant.head.epoch {
            let own = self.node(who).disk.envelopes();
            let held = own.filter(|env| env.place().0 == epoch);
            let after = held.map(|env| env.place().1).max().unwrap_or(0);
            let call = self.call(who, Ask::Own { epoch, after });
            let answer = Some(self.answer(rules, via, &call));
            let Some(Answer::Own(lost)) = self.heard(who, answer) else {
                self.parts(who).1.epoch = None;
                return;
            };
            if lost.is_empty() || !rules.takes_back {
                continue;
            }
            let starts = self.node(who).memory.starts.clone().unwrap_or_default();
            let call = self.call(who, Ask::Post(starts.header(), lost.clone()));
            let answer = Some(self.answer(rules, via, &call));
            let answer = self.heard(who, answer);
            let (disk, memory) = self.parts(who);
            let Some(Answer::Posted { receipts, .. }) = answer else {
                memory.epoch = None;
                return;
            };
            for env in lost {
                disk.adopt(env);
            }
            for receipt in receipts {
                if receipt.covers(disk.envelopes()) {
                    disk.keep_receipt(receipt);
                }
            }
        }
        self.parts(who).1.epoch = Some(Epoch::TakenBack(grant));
    }

    /// Reads the directory as far as it goes; false where the hub does not answer.
    fn refresh(&mut self, rules: Rules, who: Who, via: usize) -> bool {
        let call = self.call(who, Ask::Page(self.node(who).disk.cursor()));
        let answer = Some(self.answer(rules, via, &call));
        let reached = self.heard(who, answer).is_some();
        if reached {
            let directory = self.hub.directory.clone();
            self.parts(who).0.directory = directory;
        }
        reached
    }

    fn post(&mut self, rules: Rules, who: Who, via: usize, fate: Fate) {
        let node = self.node(who);
        let batch = node.disk.sealed();
        let starts = node.memory.starts.clone().unwrap_or_default();
        let call = self.call(who, Ask::Post(starts.header(), batch.clone()));
        let answer = self.send(rules, via, call, fate);
        if let Some(answer) = self.heard(who, answer) {
            self.parts(who).1.posted = Some((batch, answer));
        }
    }

    fn pull(&mut self, rules: Rules, who: Who, via: usize) {
        let call = self.call(who, Ask::Page(self.node(who).disk.cursor()));
        let answer = Some(self.answer(rules, via, &call));
        let Some(Answer::Page(page)) = self.heard(who, answer) else {
            return;
        };
        let mut last = self.node(who).disk.cursor();
        for told in &page {
            if !told.follows(last) {
                return;
            }
            last = Some(*told);
        }
        let newest = page.iter().map(|told| told.read().item.directory).max();
        let directory = self.hub.directory.clone();
        let (disk, _) = self.parts(who);
        if newest > Some(disk.directory.len() as u64 + 1) {
            disk.directory = directory;
        }
        disk.receive(&page);
    }

    fn acknowledge(&mut self, rules: Rules, who: Who, via: usize, fate: Fate) {
        let disk = &self.node(who).disk;
        let (at, settled) = (disk.cursor(), disk.settled);
        let call = self.call(who, Ask::Ack { at, settled });
        let answer = self.send(rules, via, call, fate);
        if matches!(self.heard(who, answer), Some(Answer::Done)) {
            let (disk, _) = self.parts(who);
            disk.acked = disk.acked.max(settled);
        }
    }

    /// Acknowledges the end of a stream that is not on disk; only a broken node does.
    fn acknowledge_unkept(&mut self, rules: Rules, who: Who, via: usize) {
        let at = self.hub.end(who);
        let settled = self.node(who).disk.settled;
        let call = self.call(who, Ask::Ack { at, settled });
        self.answer(rules, via, &call);
    }

    fn bring_back(&mut self, rules: Rules, who: Who, via: usize) {
        let disk = Arc::clone(&self.node(who).disk);
        let mut whole = true;
        if self.hub.loss {
            let hub = Arc::make_mut(&mut self.hub);
            hub.take_in(who, &disk, rules);
            let of = hub.brought[who as usize].as_ref();
            whole = of.is_some_and(|of| of.whole);
            hub.put_back(&mut self.processes[via], rules, &mut self.seen.clock);
            let all: Vec<Env> = self.hub.envelopes().collect();
            self.note(&all);
        }
        let (disk, memory) = self.parts(who);
        memory.flags.asked = false;
        if whole {
            memory.flags.compared = false;
            disk.acked = 0;
        }
    }

    fn crash(&mut self, who: Who) {
        self.left.crashes -= 1;
        self.nodes[who as usize].memory = Memory::default();
    }

    fn start_process(&mut self, place: usize) {
        self.seen.tokens += 1;
        let hub = Arc::make_mut(&mut self.hub);
        self.processes[place] = Process::begun(hub, self.seen.tokens);
    }

    fn restart_hub(&mut self) {
        self.processes[1] = Process::ended();
        self.start_process(0);
    }

    fn restore(&mut self, marked: bool) {
        match self.image.take() {
            Some(Image::Node(who, disk)) => {
                self.left.node_restores -= 1;
                self.seen.node_restored[who as usize] = true;
                let node = &mut self.nodes[who as usize];
                node.disk = disk;
                node.memory = Memory::default();
                Arc::make_mut(&mut node.disk).restored |= marked;
            }
            Some(Image::Hub(hub)) => {
                self.left.hub_restores -= 1;
                self.seen.hub_restored = true;
                self.seen.hurried |= !marked;
                self.hub = hub;
                let hub = Arc::make_mut(&mut self.hub);
                if marked {
                    hub.restored = Restored::Listening;
                }
                self.restart_hub();
            }
            None => {}
        }
    }
}

impl Federation {
    fn of_node(&self, world: &World, who: Who, vias: &[usize], steps: &mut Vec<Step>) {
        let Node { disk, memory } = world.node(who);
        let flags = memory.flags;
        let fates = |steps: &mut Vec<Step>, step: &dyn Fn(Fate) -> Step| {
            steps.push(step(Fate::Answered));
            let left = world.left;
            let all = [
                (left.lost, Fate::Lost),
                (left.delayed, Fate::Delayed),
                (left.doubled, Fate::Doubled),
            ];
            let may = all.into_iter().filter(|(left, _)| *left > 0);
            steps.extend(may.map(|(_, fate)| step(fate)));
        };
        if disk.has_received() {
            steps.push(Step::Apply(who));
        } else if disk.can_move_on() {
            steps.push(Step::MoveOn(who));
        }
        if flags.compared && memory.epoch.is_none() && !flags.replaced && disk.has_pending() {
            steps.push(Step::Seal(who));
        }
        if !self.rules.compares && !flags.compared && disk.has_pending() {
            steps.push(Step::Seal(who));
        }
        if memory.posted.is_some() {
            steps.push(Step::TakeAnswer(who));
        }
        let sends = !flags.replaced && memory.posted.is_none();
        let compares = !flags.compared || (self.rules.asks_again && disk.lags());
        for via in vias.iter().copied() {
            if !disk.has_received() && !disk.restored {
                steps.push(Step::Pull(who, via));
            }
            if disk.settled > disk.acked && !disk.has_received() && !disk.restored {
                fates(steps, &|fate| Step::Acknowledge(who, via, fate));
            }
            if !self.rules.keeps_first {
                steps.push(Step::Acknowledge(who, via, Fate::Uncommitted));
            }
            if flags.asked {
                steps.push(Step::BringBack(who, via));
            }
            match memory.epoch {
                Some(Epoch::Asking { .. }) => {
                    fates(steps, &|fate| Step::AskEpoch(who, via, fate));
                }
                Some(Epoch::Granted(_)) => steps.push(Step::Unseal(who, via)),
                Some(Epoch::Unsealed(_)) => steps.push(Step::TakeBack(who, via)),
                Some(Epoch::TakenBack(_)) => steps.push(Step::Enter(who)),
                None if sends && compares => {
                    fates(steps, &|fate| Step::Compare(who, via, fate));
                }
                None if sends && !disk.sealed().is_empty() => {
                    fates(steps, &|fate| Step::Post(who, via, fate));
                    if !self.rules.commits_first {
                        steps.push(Step::Post(who, via, Fate::Uncommitted));
                    }
                }
                None => {}
            }
        }
    }

    /// What people, nodes and hub do by themselves.
    fn progress(&self, world: &World, steps: &mut Vec<Step>) {
        for act in Act::ALL {
            let disk = &world.node(act.author()).disk;
            let may = match act {
                Act::Filed => true,
                // Whoever knows of the case may speak of it, even where the disk has lost it.
                Act::Disposed => world.seen.written[Act::Filed as usize],
                Act::Recalled => disk.case.is_some(),
            };
            if may && !world.seen.written[act as usize] {
                steps.push(Step::Write(act));
            }
        }
        let alive = (0..2).filter(|via| world.processes[*via].alive);
        let vias: Vec<usize> = alive.collect();
        for who in Who::BOTH {
            self.of_node(world, who, &vias, steps);
        }
        for call in 0..world.calls.len() {
            steps.extend(vias.iter().map(|via| Step::Arrive(call, *via)));
        }
    }

    fn faults(&self, world: &World, steps: &mut Vec<Step>) {
        let left = world.left;
        if left.crashes > 0 {
            let remembers = |who: &Who| world.node(*who).memory != Memory::default();
            steps.extend(Who::BOTH.into_iter().filter(remembers).map(Step::Crash));
            // A process that knows nothing but the disk begins as it ended.
            let [first, second] = &world.processes;
            if second.alive || first.heard != [false; 2] {
                steps.push(Step::CrashHub);
            }
        }
        if left.standbys > 0 && !world.processes[1].alive {
            steps.push(Step::StandBy);
        }
        if left.impatient && world.hub.restored == Restored::Listening {
            steps.push(Step::EndListening);
        }
        if world.image.is_none() {
            if left.node_restores > 0 {
                steps.extend(Who::BOTH.map(|who| Step::BackUp(Some(who))));
            }
            if left.hub_restores > 0 {
                steps.push(Step::BackUp(None));
            }
        } else {
            steps.push(Step::Restore { marked: true });
            if self.bounds.unmarked {
                steps.push(Step::Restore { marked: false });
            }
        }
    }

    /// Whether nobody does anything more by themselves.
    pub fn is_at_rest(&self, world: &World) -> bool {
        let mut steps = Vec::new();
        self.progress(world, &mut steps);
        let mut next = steps.into_iter();
        !next.any(|step| self.next_state(world, step).is_some())
    }
}

impl Model for Federation {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::begin(self.bounds)]
    }

    fn actions(&self, world: &World, steps: &mut Vec<Step>) {
        self.progress(world, steps);
        self.faults(world, steps);
    }

    fn next_state(&self, last: &World, step: Step) -> Option<World> {
        let rules = self.rules;
        let mut world = last.clone();
        match step {
            Step::Write(act) => world.write(act),
            Step::Compare(who, via, fate) => world.compare(rules, who, via, fate),
            Step::AskEpoch(who, via, fate) => world.ask_epoch(rules, who, via, fate),
            Step::Unseal(who, via) => world.unseal(rules, who, via),
            Step::TakeBack(who, via) => world.take_back(rules, who, via),
            Step::Enter(who) => {
                let (disk, memory) = world.parts(who);
                if let Some(Epoch::TakenBack(grant)) = memory.epoch.take() {
                    disk.enter(grant);
                }
            }
            Step::Seal(who) => {
                world.seen.signed_blindly |= !world.node(who).memory.flags.compared;
                world.parts(who).0.seal();
                if !rules.compares {
                    world.parts(who).1.flags.compared = true;
                }
            }
            Step::Post(who, via, fate) => world.post(rules, who, via, fate),
            Step::TakeAnswer(who) => {
                let (disk, memory) = world.parts(who);
                if let Some((sent, answer)) = memory.posted.take() {
                    take_answer(disk, &mut memory.flags, &sent, &answer);
                }
            }
            Step::Pull(who, via) => world.pull(rules, who, via),
            Step::Apply(who) => world.parts(who).0.apply(),
            Step::MoveOn(who) => world.parts(who).0.move_on(),
            Step::Acknowledge(who, via, Fate::Uncommitted) => {
                world.acknowledge_unkept(rules, who, via);
            }
            Step::Acknowledge(who, via, fate) => world.acknowledge(rules, who, via, fate),
            Step::BringBack(who, via) => world.bring_back(rules, who, via),
            Step::Arrive(place, via) => {
                let call = world.calls.remove(place);
                world.answer(rules, via, &call);
            }
            Step::Crash(who) => world.crash(who),
            Step::CrashHub => {
                world.left.crashes -= 1;
                world.restart_hub();
            }
            Step::StandBy => {
                world.left.standbys -= 1;
                world.start_process(1);
            }
            Step::EndListening => {
                world.seen.hurried = true;
                let [process, _] = &mut world.processes;
                Arc::make_mut(&mut world.hub).stop_listening(process);
            }
            Step::BackUp(None) => world.image = Some(Image::Hub(Arc::clone(&world.hub))),
            Step::BackUp(Some(who)) => {
                world.image = Some(Image::Node(who, Arc::clone(&world.node(who).disk)));
            }
            Step::Restore { marked } => world.restore(marked),
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        invariants::all()
    }
}
