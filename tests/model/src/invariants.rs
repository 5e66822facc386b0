//! What must hold in every state, by the names of the design (`S1` and on), and what must be true
//! once nobody does anything more.

use stateright::Property;

use crate::acts::{Act, Env, Fold, Told, Who};
use crate::federation::Federation;
use crate::hub::{Hub, Restored};
use crate::node::{Became, Stage};
use crate::rules::Bounds;
use crate::world::World;

type Holds = fn(&Federation, &World) -> bool;

/// Name and condition of each.
pub static ALWAYS: [(&str, Holds); 15] = [
    ("S1 accepted is a gapless prefix", prefix),
    ("S2 no acknowledged loss", no_loss),
    ("S3 what is kept is kept whole", keeping),
    ("S4 exactly once", exactly_once),
    ("S5 no fork", no_fork),
    ("S6 epochs are granted, heads compared", epochs),
    ("S7 every message names the one before", chains),
    ("S8 streams are gapless, each message once", streams),
    ("S9 honest cursors", cursors),
    ("S10 true receipts", receipts),
    ("S11 no receipt for what was refused", no_false_receipt),
    ("S16 one custodian, equal copies", custody),
    ("S19 one sequencer", |_, world| !world.seen.unfenced),
    (
        "L1 nobody is stood down without another copy",
        |_, world| world.nodes.iter().all(|node| !node.memory.flags.replaced),
    ),
    ("L2 at rest everything is settled", settled),
];

pub fn all(bounds: Bounds) -> Vec<Property<Federation>> {
    let always = ALWAYS.iter();
    let mut all: Vec<_> = always
        .map(|(name, holds)| Property::always(name, *holds))
        .collect();
    let mut possible = |may: bool, name, comes: Holds| {
        all.extend(may.then(|| Property::sometimes(name, comes)));
    };
    // A run in which nothing of this comes about has looked at less than it says.
    let races = bounds.without.is_none();
    let disposes = races || bounds.without == Some(Act::Recalled);
    possible(disposes, "a disposal is applied", |_, world| {
        ruled(&world.hub, Act::Disposed, true)
    });
    possible(races, "a disposal comes too late", |_, world| {
        ruled(&world.hub, Act::Disposed, false)
    });
    possible(
        bounds.standbys > 0,
        "a paused process finds out",
        |_, world| {
            let [first, second] = &world.processes;
            second.alive && !first.alive
        },
    );
    possible(
        bounds.replicas > 0,
        "a process has not heard of what another ordered",
        |_, world| {
            let [first, second] = &world.processes;
            second.alive && first.case.1 != second.case.1
        },
    );
    possible(
        bounds.behind > 0,
        "a batch is behind one that is not answered",
        |_, world| world.nodes.iter().any(|of| of.memory.posted.len() > 1),
    );
    possible(
        bounds.behind > 0 && bounds.delayed > 0,
        "a batch comes before the one in front of it",
        |_, world| {
            let answers = world.nodes.iter().filter_map(|of| of.memory.posted.get(1));
            answers
                .filter_map(|(_, answer)| answer.as_ref())
                .any(|answer| !answer.is_whole())
        },
    );
    possible(
        bounds.node_restores > 0,
        "a restored node goes on in another epoch",
        |_, world| {
            let mut restored = world.nodes.iter().zip(world.seen.node_restored);
            restored.any(|(node, restored)| restored && node.disk.head.epoch > 1)
        },
    );
    possible(
        bounds.hub_restores > 0,
        "a hub learns what it has lost",
        |_, world| world.hub.loss,
    );
    all
}

fn ruled(hub: &Hub, act: Act, applied: bool) -> bool {
    let as_told = |effect| (effect == lapor_protocol::case::Effect::Applied) == applied;
    let mut all = hub.record.iter();
    all.any(|entry| entry.env.act() == act && as_told(entry.effect))
}

/// Whether the hub lacks for the moment what it once had.
fn recovers(world: &World) -> bool {
    world.seen.hub_restored && world.seen.accepted.iter().any(|env| !world.hub.holds(*env))
}

fn prefix(_: &Federation, world: &World) -> bool {
    let last = |who: Who| world.hub.chains[who as usize].head.epoch;
    Who::BOTH.into_iter().all(|who| {
        (1..=last(who)).all(|epoch| {
            let own = world.hub.of(who, epoch);
            own.zip(1..).all(|(env, seq)| env.place().1 == seq)
        })
    })
}

fn no_loss(_: &Federation, world: &World) -> bool {
    world.seen.accepted.iter().all(|env| {
        let elsewhere = || world.nodes.iter().any(|node| node.disk.has_bytes(*env));
        world.hub.holds(*env) || (world.seen.hub_restored && elsewhere())
    })
}

/// Every receipt at a node is about messages that it holds, and every item about one that is kept.
fn keeping(_: &Federation, world: &World) -> bool {
    let own = world.nodes.iter().all(|node| {
        let mut all = node.disk.receipts.iter();
        all.all(|receipt| receipt.covers(node.disk.envelopes()))
    });
    let told = world.hub.streams.iter().flatten();
    let mut told = told.map(|told| told.env());
    own && told.all(|env| world.hub.holds(env))
}

fn exactly_once(_: &Federation, world: &World) -> bool {
    let once = world.nodes.iter().all(|node| {
        let mut effects = node.disk.effects.iter();
        effects.all(|count| *count <= 1)
    });
    once && Act::ALL.into_iter().all(|act| {
        let of = world
            .hub
            .record
            .iter()
            .filter(|entry| entry.env.act() == act);
        let applied = lapor_protocol::case::Effect::Applied;
        of.filter(|entry| entry.effect == applied).count() <= 1
    })
}

/// No two messages at one place of a chain, at the hub or on any node's disk: more than the design asks
/// of S5, since nobody here signs two, and no frozen chain and no alarm would excuse it.
fn no_fork(_: &Federation, world: &World) -> bool {
    let mut all: Vec<Env> = world.hub.envelopes().collect();
    for node in &world.nodes {
        all.extend(node.disk.envelopes());
    }
    let forked = |a: &Env| {
        let same_place = |b: &&Env| a.author() == b.author() && a.place() == b.place();
        all.iter().filter(same_place).any(|b| a != b)
    };
    !all.iter().any(forked)
}

fn epochs(_: &Federation, world: &World) -> bool {
    let granted = world.nodes.iter().zip(Who::BOTH).all(|(node, who)| {
        node.disk.envelopes().all(|env| {
            let epoch = env.place().0;
            let mut grants = world.hub.directory.iter().chain(&node.disk.directory);
            epoch == 1 || grants.any(|of| of.to == who && of.head.epoch == epoch)
        })
    });
    granted && !world.seen.signed_blindly
}

fn chains(_: &Federation, world: &World) -> bool {
    Who::BOTH.into_iter().all(|who| {
        let mut own: Vec<Env> = world
            .hub
            .envelopes()
            .filter(|env| env.author() == who)
            .collect();
        own.sort_unstable_by_key(|env| env.place());
        let mut last = lapor_protocol::ids::Digest::ZERO;
        own.into_iter().all(|env| {
            let follows = env.read().message.header.prev == last;
            last = env.id();
            follows
        })
    })
}

fn streams(_: &Federation, world: &World) -> bool {
    let hub = &world.hub;
    let gapless = hub.streams.iter().all(|stream| {
        let mut before = None;
        stream.iter().all(|told| {
            let follows = told.read().before == before && told.follows(before);
            before = Some(*told);
            follows
        })
    });
    // Both are parties of the case: each is told of what has a place in it, and an author of all.
    let count = |who: Who, env: Env| {
        let stream = hub.streams[who as usize].iter();
        stream.filter(|told| told.env() == env).count()
    };
    gapless
        && hub.record.iter().all(|entry| {
            let author = entry.env.author();
            let others = usize::from(entry.case_seq.is_some());
            count(author, entry.env) == 1 && count(author.other(), entry.env) == others
        })
}

fn cursors(_: &Federation, world: &World) -> bool {
    Who::BOTH.into_iter().all(|who| {
        let disk = &world.node(who).disk;
        let (accepted, settled) = world.hub.acks[who as usize];
        let peak = world.hub.peaks[who as usize];
        let kept = usize::from(accepted) <= disk.inbox.len();
        let known = kept || world.seen.node_restored[who as usize];
        known && settled <= accepted && (accepted, settled) == peak
    })
}

/// Each states what is committed, and there is one statement for one run of messages.
fn receipts(_: &Federation, world: &World) -> bool {
    let all = || world.hub.receipts.iter();
    let at_hub = all().all(|receipt| receipt.covers(world.hub.envelopes()));
    let stated = all().all(|a| {
        let overlaps = all().filter(|b| b.overlaps(*a));
        overlaps.count() == 1
    });
    let held = || world.nodes.iter().flat_map(|node| &node.disk.receipts);
    let at_nodes = recovers(world) || held().all(|of| of.covers(world.hub.envelopes()));
    at_hub && stated && at_nodes
}

fn no_false_receipt(_: &Federation, world: &World) -> bool {
    let held = world.nodes.iter().flat_map(|node| &node.disk.receipts);
    let mut all = held.chain(&world.hub.receipts);
    all.all(|receipt| receipt.covers(world.seen.accepted.iter().copied()))
}

fn custody(_: &Federation, world: &World) -> bool {
    let hub = &world.hub;
    let equal = Who::BOTH.into_iter().all(|who| {
        let disk = &world.node(who).disk;
        let length = usize::from(disk.next_seq - 1);
        let undisputed = disk
            .inbox
            .iter()
            .all(|(_, became)| *became != Became::Disputed);
        // What a hub that was put back has told anew is another history, and found out as one.
        let told = disk.inbox.iter().map(|(told, _)| told);
        let goes_on = told.zip(&hub.streams[who as usize]).all(|(a, b)| a == b);
        let same = match length.checked_sub(1) {
            None => disk.case.is_none(),
            Some(last) => hub.folds.get(last).is_none_or(|fold| *fold == disk.case),
        };
        undisputed && (same || !goes_on)
    });
    // Custody changes hands only by who has it, or by the desk.
    let mut custodian = None;
    let moves = hub.record.iter().filter(|entry| entry.case_seq.is_some());
    let by_right = moves.zip(&hub.folds).all(|(entry, fold)| {
        let now = fold.map(Fold::custodian);
        let author = Some(entry.env.author());
        let may = custodian.is_none() || custodian == author || author == Some(Who::Desk);
        let right = now == custodian || may;
        custodian = now;
        right
    });
    equal && by_right
}

/// Everything that was written and not lost before anybody else had it is ruled, told, applied and
/// acknowledged, wherever there is nothing more to do; or the hub waits for a person, and says so.
fn settled(federation: &Federation, world: &World) -> bool {
    let acks = federation.bounds.acks;
    is_settled(world, acks) || waits_for_a_person(world) || !federation.is_at_rest(world)
}

fn is_settled(world: &World, acks: bool) -> bool {
    let hub = &world.hub;
    let record = world.seen.accepted.iter().all(|env| hub.holds(*env));
    let at_hub = !hub.loss && hub.restored == Restored::Over && record;
    at_hub
        && Who::BOTH.into_iter().all(|who| {
            let disk = &world.node(who).disk;
            let inbox = disk.inbox.iter().map(|(told, _)| told);
            let told = inbox.eq(&hub.streams[who as usize]);
            let length = hub.streams[who as usize].len() as u8;
            let own = disk.rows.iter().all(|row| row.stage == Stage::Ruled);
            let taken = |(_, became): &(Told, Became)| *became != Became::Waiting;
            let acked = hub.acks[who as usize] == (length, length) && disk.acked == length;
            // A hub that is put back without a loss learns of acknowledgements with the next one.
            let heard = acked || !acks || length == 0 || world.seen.hub_restored;
            let stands = disk.accepted == disk.head.seq
                && disk.head.place() == hub.chains[who as usize].head.place();
            told && own && stands && disk.inbox.iter().all(taken) && heard
        })
}

/// A hub that went on too soon has given the place of what it lost to something else: it takes
/// nothing in until somebody decides.
fn waits_for_a_person(world: &World) -> bool {
    let contradicts = world.hub.brought.iter().flatten().any(|of| of.conflict);
    world.seen.hurried && world.hub.loss && contradicts
}
