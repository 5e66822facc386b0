//! The whole of it: two nodes, a hub with a second process in reserve, calls that are still on
//! their way, and a disk as it was; and what becomes of these where something goes wrong.

use std::sync::Arc;

use lapor_protocol::problem::Code;

use crate::acts::{Act, Env, Who};
use crate::hub::{Answer, Ask, Call, Hub, Process, Restored};
use crate::node::{Disk, Memory, Row, Stage};
use crate::rules::{Bounds, Rules};

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Node {
    pub disk: Arc<Disk>,
    pub memory: Memory,
}

impl Node {
    /// What is sealed and not under way.
    pub fn unsent(&self) -> Vec<Env> {
        let mut unsent = self.disk.sealed();
        for (batch, _) in &self.memory.posted {
            unsent.retain(|env| !batch.contains(env));
        }
        unsent
    }
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

impl World {
    pub fn begin(bounds: Bounds) -> Self {
        let mut hub = Hub::empty();
        let process = Process::begun(&mut hub, 0);
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

    pub fn parts(&mut self, who: Who) -> (&mut Disk, &mut Memory) {
        let node = &mut self.nodes[who as usize];
        (Arc::make_mut(&mut node.disk), &mut node.memory)
    }

    pub fn call(&self, from: Who, ask: Ask) -> Call {
        Call {
            from,
            shown: self.node(from).disk.shown(),
            ask,
        }
    }

    /// The hub answers; nobody has heard it yet.
    pub fn answer(&mut self, rules: Rules, via: usize, call: &Call) -> Answer {
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

    pub fn note(&mut self, new: &[Env]) {
        for env in new {
            if !self.seen.accepted.contains(env) {
                self.seen.accepted.push(*env);
            }
        }
        self.seen.accepted.sort_unstable();
    }

    /// Sends a call to its fate; an answer only if the sender hears it.
    pub fn send(&mut self, rules: Rules, via: usize, call: Call, fate: Fate) -> Option<Answer> {
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
    pub fn heard(&mut self, who: Who, answer: Option<Answer>) -> Option<Answer> {
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

    pub fn write(&mut self, act: Act) {
        self.seen.written[act as usize] = true;
        let (disk, _) = self.parts(act.author());
        disk.rows.push(Row {
            act,
            stage: Stage::Pending,
            env: None,
        });
    }

    pub fn crash(&mut self, who: Who) {
        self.left.crashes -= 1;
        self.nodes[who as usize].memory = Memory::default();
    }

    pub fn start_process(&mut self, place: usize) {
        let hub = Arc::make_mut(&mut self.hub);
        self.processes[place] = Process::begun(hub, place as u8);
    }

    /// A second process that orders in turns with the first.
    pub fn join_process(&mut self) {
        self.left.replicas -= 1;
        self.processes[1] = Process::beside(&self.hub);
    }

    pub fn restart_hub(&mut self) {
        self.processes[1] = Process::ended();
        self.start_process(0);
    }

    pub fn restore(&mut self, marked: bool) {
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
                // Their connections have ended with the processes to which they led.
                self.calls.clear();
                let hub = Arc::make_mut(&mut self.hub);
                if marked {
                    hub.restored = Restored::Listening;
                    hub.chains.iter_mut().for_each(|chain| chain.boot = None);
                }
                self.restart_hub();
            }
            None => {}
        }
    }
}
