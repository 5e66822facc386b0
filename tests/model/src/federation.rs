//! Every step that anybody may take next, and every fault that the bounds of a run still allow.

use std::sync::Arc;

use stateright::{Model, Property};

use crate::acts::{Act, Who};
use crate::hub::Restored;
use crate::invariants;
use crate::node::{Epoch, Memory};
use crate::rules::{Bounds, Rules};
use crate::world::{Fate, Image, Node, World};

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
    Join,
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
        if !memory.posted.is_empty() {
            steps.push(Step::TakeAnswer(who));
        }
        let sends = !flags.replaced && memory.posted.is_empty();
        let room = memory.posted.len() <= usize::from(self.bounds.behind);
        let may = room && flags.compared && !flags.replaced;
        let posts = may && !world.node(who).unsent().is_empty();
        let compares = !flags.compared || (self.rules.asks_again && disk.lags());
        for via in vias.iter().copied() {
            if !disk.has_received() && !disk.restored {
                steps.push(Step::Pull(who, via));
            }
            let acks = self.bounds.acks && disk.settled > disk.acked;
            if acks && !disk.has_received() && !disk.restored {
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
                None if posts => {
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
            if may && !world.seen.written[act as usize] && self.bounds.without != Some(act) {
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
        if left.replicas > 0 && !world.processes[1].alive {
            steps.push(Step::Join);
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
                    disk.enter(rules, grant);
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
            Step::TakeAnswer(who) => world.take_answer(who),
            Step::Pull(who, via) => world.pull(rules, who, via),
            Step::Apply(who) => world.parts(who).0.apply(rules),
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
            Step::Join => world.join_process(),
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
        invariants::all(self.bounds)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::node::Disk;

    /// Every state within these bounds.
    fn reached(bounds: Bounds) -> HashSet<World> {
        let rules = Rules::KEPT;
        let federation = Federation { rules, bounds };
        let mut waiting = federation.init_states();
        let mut reached: HashSet<World> = waiting.iter().cloned().collect();
        while let Some(world) = waiting.pop() {
            for next in federation.next_states(&world) {
                if reached.insert(next.clone()) {
                    waiting.push(next);
                }
            }
        }
        reached
    }

    /// As if nobody had ever acknowledged anything.
    fn unacknowledged(mut world: World) -> World {
        world.left.acks = false;
        let hub = Arc::make_mut(&mut world.hub);
        (hub.acks, hub.peaks) = ([(0, 0); 2], [(0, 0); 2]);
        let mut disks: Vec<&mut Arc<Disk>> = Vec::new();
        disks.extend(world.nodes.iter_mut().map(|node| &mut node.disk));
        if let Some(Image::Node(_, disk)) = &mut world.image {
            disks.push(disk);
        }
        for disk in disks {
            Arc::make_mut(disk).acked = 0;
        }
        world
    }

    /// Which is why most runs leave them out: each state comes once for every moment to which they
    /// may have come. A restored hub alone hears by them, as by any call, that somebody is there.
    #[test]
    fn acknowledgements_change_nothing_but_what_is_acknowledged() {
        let restored = Bounds {
            without: Some(Act::Disposed),
            node_restores: 1,
            unmarked: true,
            ..Bounds::NOTHING
        };
        let crashed = Bounds {
            crashes: 1,
            ..Bounds::NOTHING
        };
        for bounds in [restored, crashed] {
            let with = Bounds {
                acks: true,
                ..bounds
            };
            let with = reached(with).into_iter().map(unacknowledged);
            let with: HashSet<World> = with.collect();
            assert!(with == reached(bounds), "{bounds:?}");
        }
    }
}
