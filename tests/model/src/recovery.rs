//! A hub that has lost what it signed for, and gets it back: what a member brings, and how the
//! order is looked for in which it had stood (decision 15). One call brings all that a member
//! holds; in life it takes many, each proved by the one before.

use std::collections::BTreeMap;

use crate::acts::{Env, Head, Receipt, Told, Who};
use crate::hub::{Brought, Entry, Hub, Moment, Process};
use crate::node::Disk;
use crate::rules::Rules;

/// What is known of a message that somebody was told of.
struct Known {
    moment: (u8, u8),
    told: Told,
}

impl Hub {
    /// Takes in all that a member shows and this hub does not hold.
    pub fn take_in(&mut self, who: Who, disk: &Disk, rules: Rules) {
        let mut brought = Brought {
            items: Vec::new(),
            messages: Vec::new(),
            receipts: Vec::new(),
            whole: true,
            conflict: false,
        };
        if disk.directory.starts_with(&self.directory) {
            self.directory.clone_from(&disk.directory);
        } else {
            brought.conflict |= !self.directory.starts_with(&disk.directory);
        }
        self.take_items(who, disk, rules, &mut brought);
        self.take_chain(who, disk, &mut brought);
        brought.whole &= !brought.conflict;
        self.brought[who as usize] = Some(brought);
    }

    fn take_items(&self, who: Who, disk: &Disk, rules: Rules, brought: &mut Brought) {
        let stream = &self.streams[who as usize];
        let inbox: Vec<Told> = disk.inbox.iter().map(|(told, _)| *told).collect();
        let common = stream.len().min(inbox.len());
        if common > 0 && stream[common - 1] != inbox[common - 1] {
            brought.conflict = true;
            return;
        }
        brought.items = inbox[common..].to_vec();
        let with_bytes = brought.items.iter().map(|told| (told.is_own(), told.env()));
        let with_bytes = with_bytes.filter(|(own, env)| {
            if *own {
                rules.brings_own && disk.holds(*env)
            } else {
                true
            }
        });
        brought.messages = with_bytes.map(|(_, env)| env).collect();
    }

    /// Own messages, from the last that a receipt covers back to what this hub holds.
    fn take_chain(&self, who: Who, disk: &Disk, brought: &mut Brought) {
        let Some(receipt) = disk.shown().receipt else {
            return;
        };
        let end = (receipt.epoch(), receipt.last());
        let head = self.chains[who as usize].head;
        if end <= head.place() {
            let mut there = self.of(who, end.0).filter(|env| env.place() == end);
            let same = there.any(|env| env.id() == receipt.read().head);
            brought.conflict |= !same;
            return;
        }
        let mut own: Vec<Env> = disk
            .envelopes()
            .filter(|env| (head.place()..=end).contains(&env.place()) && env.place() > head.place())
            .collect();
        own.sort_unstable_by_key(|env| env.place());
        let mut last = head.last;
        for env in &own {
            brought.conflict |= prev(*env) != Head { last, ..head }.real().id;
            last = Some(*env);
        }
        brought.whole &= last.is_some_and(|env| env.place() == end);
        let reach = |of: &&Receipt| own.iter().any(|env| env.place() == (of.epoch(), of.last()));
        brought.receipts = disk.receipts.iter().filter(reach).copied().collect();
        for env in own {
            if !brought.messages.contains(&env) {
                brought.messages.push(env);
            }
        }
    }

    /// Gives what members have brought back its places, all at once or not at all.
    pub fn put_back(&mut self, process: &mut Process, rules: Rules, clock: &mut u8) {
        if !self.brought.iter().flatten().all(|of| of.whole) || self.brought.contains(&None) {
            return;
        }
        let mut tried = (self.clone(), process.clone(), *clock);
        tried.1.follow(self);
        if tried.0.replay(&mut tried.1, rules, &mut tried.2).is_some() {
            (*self, *process, *clock) = tried;
        }
    }

    fn replay(&mut self, process: &mut Process, rules: Rules, clock: &mut u8) -> Option<()> {
        let brought: Vec<Brought> = self.brought.iter().flatten().cloned().collect();
        let mut expected: BTreeMap<(usize, usize), Told> = BTreeMap::new();
        let mut known: Vec<(Env, Known)> = Vec::new();
        for (who, of) in brought.iter().enumerate() {
            for told in &of.items {
                expected.insert((who, told.dseq()), *told);
                let item = &told.read().item;
                let moment = (item.ordered_at as u8, item.directory as u8);
                let told = *told;
                if known.iter().all(|(env, _)| *env != told.env()) {
                    known.push((told.env(), Known { moment, told }));
                }
            }
        }
        let mut waiting: Vec<Env> = Vec::new();
        for env in brought.iter().flat_map(|of| &of.messages) {
            if !self.holds(*env) && !waiting.contains(env) {
                waiting.push(*env);
            }
        }
        // With its author only.
        known.retain(|(env, _)| !self.holds(*env));
        if known.iter().any(|(env, _)| !waiting.contains(env)) {
            return None;
        }
        let before = self.record.len();
        while !waiting.is_empty() {
            let next = self.fits(process, rules, clock, &waiting, &known, &expected)?;
            waiting.retain(|env| *env != next);
            known.retain(|(env, _)| *env != next);
        }
        let short = |((who, dseq), _): (&(usize, usize), &Told)| self.streams[*who].len() < *dseq;
        if rules.known_places && expected.iter().any(short) {
            return None;
        }
        self.stand()?;
        self.keep_receipts(&brought, before, *clock);
        self.loss = false;
        self.brought = [None, None];
        self.stop_listening(process);
        process.follow(self);
        Some(())
    }

    /// Orders one message of those that may come next, if what it leads to is what members hold.
    fn fits(
        &mut self,
        process: &mut Process,
        rules: Rules,
        clock: &mut u8,
        waiting: &[Env],
        known: &[(Env, Known)],
        expected: &BTreeMap<(usize, usize), Told>,
    ) -> Option<Env> {
        let due = known.iter().map(|(_, known)| known.moment).min();
        let due = due.filter(|_| rules.known_places);
        let of = |env: Env| known.iter().find(|(of, _)| *of == env).map(|(_, of)| of);
        let is_next = |env: &Env| prev(*env) == self.chains[env.author() as usize].head.real().id;
        let fronts: Vec<Env> = waiting.iter().copied().filter(is_next).collect();
        let is_due = |env: &&Env| of(**env).is_some_and(|known| due == Some(known.moment));
        let unknown = |env: &&Env| of(**env).is_none() || !rules.known_places;
        let all = fronts.iter().filter(is_due);
        for env in all.chain(fronts.iter().filter(unknown)) {
            let at = due.unwrap_or((*clock + 1, self.version()));
            let at = Moment {
                ordered_at: at.0,
                directory: at.1,
            };
            let mark = (self.clone(), process.clone());
            self.order(process, rules, *env, at);
            let agrees = self.agrees(&mark.0, of(*env), expected);
            if agrees || !rules.known_places {
                *clock += u8::from(due.is_none());
                let (epoch, seq) = env.place();
                let last = Some(*env);
                self.chains[env.author() as usize].head = Head { epoch, seq, last };
                return Some(*env);
            }
            (*self, *process) = mark;
        }
        None
    }

    fn agrees(
        &self,
        before: &Self,
        known: Option<&Known>,
        expected: &BTreeMap<(usize, usize), Told>,
    ) -> bool {
        let told = Who::BOTH.into_iter().all(|who| {
            let new = &self.streams[who as usize][before.streams[who as usize].len()..];
            new.iter().all(|told| {
                let held = expected.get(&(who as usize, told.dseq()));
                held.is_none_or(|held| held == told)
            })
        });
        let entry: Option<&Entry> = self.record.last();
        let ruled = known.is_none_or(|known| {
            let item = &known.told.read().item;
            entry.is_some_and(|entry| {
                entry.effect == item.ruling.effect && entry.case_seq == known.told.case_seq()
            })
        });
        told && ruled
    }

    /// Puts every chain where it stands, in the epoch that the directory shows.
    fn stand(&mut self) -> Option<()> {
        for grant in &self.directory {
            let chain = &mut self.chains[grant.to as usize];
            if grant.head.epoch <= chain.head.epoch {
                continue;
            }
            if (grant.head.epoch - 1, grant.closed_at) > chain.head.place() && grant.closed_at > 0 {
                return None;
            }
            chain.head = Head {
                epoch: grant.head.epoch,
                seq: 0,
                last: chain.head.last,
            };
            chain.frozen = false;
        }
        for chain in &mut self.chains {
            chain.boot = None;
        }
        Some(())
    }

    /// The receipts that authors were given, and others for what no author has brought one.
    fn keep_receipts(&mut self, brought: &[Brought], before: usize, clock: u8) {
        for receipt in brought.iter().flat_map(|of| &of.receipts) {
            let known = self.receipts.iter().any(|of| {
                let same = of.author() == receipt.author() && of.epoch() == receipt.epoch();
                same && of.first() <= receipt.last() && of.last() >= receipt.first()
            });
            if !known && receipt.covers(self.envelopes()) {
                self.receipts.push(*receipt);
            }
        }
        let back: Vec<Env> = self.envelopes().skip(before).collect();
        for env in back {
            if !self.is_covered(env) {
                self.receipts.push(Receipt::over(&[env], clock));
            }
        }
    }

    pub fn is_covered(&self, env: Env) -> bool {
        self.receipts.iter().any(|of| of.is_about(env))
    }
}

fn prev(env: Env) -> lapor_protocol::ids::Digest {
    env.read().message.header.prev
}
