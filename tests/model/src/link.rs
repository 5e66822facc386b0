//! What a node does over its line: each is one call, or the few that belong together, and what the
//! node makes of the answer.

use std::sync::Arc;

use crate::acts::{Env, Who};
use crate::hub::{Answer, Ask};
use crate::node::{Epoch, Standing, take_answer};
use crate::rules::Rules;
use crate::world::{Fate, World};

impl World {
    /// Asks where the chain stands, as this start of the node, and decides what a difference means.
    pub fn compare(&mut self, rules: Rules, who: Who, via: usize, fate: Fate) {
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
                disk.agree(rules, theirs.seq);
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

    pub fn ask_epoch(&mut self, rules: Rules, who: Who, via: usize, fate: Fate) {
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
    pub fn unseal(&mut self, rules: Rules, who: Who, via: usize) {
        let Some(Epoch::Granted(grant)) = self.node(who).memory.epoch else {
            return;
        };
        let reached = self.refresh(rules, who, via);
        let (disk, memory) = self.parts(who);
        memory.epoch = reached.then_some(Epoch::Unsealed(grant));
        if reached {
            disk.due = true;
            disk.unseal(rules);
        }
    }

    /// Fetches what was accepted since the epoch that was believed to be open, with its receipts.
    pub fn take_back(&mut self, rules: Rules, who: Who, via: usize) {
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
                disk.adopt(rules, env);
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

    pub fn post(&mut self, rules: Rules, who: Who, via: usize, fate: Fate) {
        let node = self.node(who);
        let batch = node.unsent();
        let starts = node.memory.starts.clone().unwrap_or_default();
        let call = self.call(who, Ask::Post(starts.header(), batch.clone()));
        let answer = self.send(rules, via, call, fate);
        let answer = self.heard(who, answer);
        // Another may go out behind it before it is known that no answer comes.
        if answer.is_some() || self.left.behind > 0 {
            self.parts(who).1.posted.push((batch, answer));
        }
    }

    /// Takes in what is answered to the first batch under way. What is behind one that leaves something to
    /// be sent counts for nothing.
    pub fn take_answer(&mut self, who: Who) {
        let (disk, memory) = self.parts(who);
        if memory.posted.is_empty() {
            return;
        }
        let (sent, answer) = memory.posted.remove(0);
        if !answer.as_ref().is_some_and(Answer::is_whole) {
            memory.posted.clear();
        }
        if let Some(answer) = answer {
            take_answer(disk, &mut memory.flags, &sent, &answer);
        }
    }

    pub fn pull(&mut self, rules: Rules, who: Who, via: usize) {
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

    pub fn acknowledge(&mut self, rules: Rules, who: Who, via: usize, fate: Fate) {
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
    pub fn acknowledge_unkept(&mut self, rules: Rules, who: Who, via: usize) {
        let at = self.hub.end(who);
        let settled = self.node(who).disk.settled;
        let call = self.call(who, Ask::Ack { at, settled });
        self.answer(rules, via, &call);
    }

    pub fn bring_back(&mut self, rules: Rules, who: Who, via: usize) {
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
}
