//! Who is a party of a case, in which role, and how custody moves.

use std::collections::BTreeSet;

use super::{Case, State};
use crate::directory::{DirectoryAt, InstanceEntry};
use crate::ids::{InstanceId, MessageRef};

impl Case {
    /// The national desk of this case: the default supervisor where the desk
    /// itself is excluded.
    pub fn desk<'a>(&self, world: DirectoryAt<'a>) -> Option<&'a InstanceEntry> {
        let may_read = |entry: &&InstanceEntry| self.lets_read(&entry.id, world);
        world
            .desk()
            .filter(may_read)
            .or_else(|| world.default_supervisor().filter(may_read))
    }

    /// Whether no act may bring an institution in: it is excluded, or has the work of one that is. What
    /// it was in the case before it stays.
    pub fn excludes(&self, institution: &InstanceId, world: DirectoryAt<'_>) -> bool {
        !self.excluded.is_empty()
            && world.is_or_succeeds(institution, |id| self.excluded.contains(id))
    }

    /// Whether an office of the directory makes an institution a party: it brings in nobody who is
    /// excluded, and who had the case before keeps it until it is excluded itself.
    fn lets_read(&self, institution: &InstanceId, world: DirectoryAt<'_>) -> bool {
        if !self.excludes(institution, world) {
            return true;
        }
        self.ever_party.contains(institution) && !self.excluded.contains(institution)
    }

    /// Everyone to whom the case's messages go.
    pub fn parties(&self, world: DirectoryAt<'_>) -> BTreeSet<InstanceId> {
        let mut all = BTreeSet::from([self.origin.clone(), self.custodian.clone()]);
        all.extend(self.stack.iter().cloned());
        all.extend(self.copies.iter().cloned());
        all.extend(self.supervisors.iter().cloned());
        all.extend(self.linked.values().map(|linked| linked.origin.clone()));
        all.extend(self.desk(world).map(|desk| desk.id.clone()));
        all.retain(|party| !self.excluded.contains(party));
        all
    }

    pub fn is_party(&self, instance: &InstanceId, world: DirectoryAt<'_>) -> bool {
        self.is_desk_side(instance, world)
            || *instance == self.origin
            || self
                .linked
                .values()
                .any(|linked| linked.origin == *instance && !self.excluded.contains(instance))
    }

    /// A party by another role than origin: those who may read internal notes.
    pub fn is_desk_side(&self, instance: &InstanceId, world: DirectoryAt<'_>) -> bool {
        let role = *instance == self.custodian
            || self.stack.contains(instance)
            || self.copies.contains(instance)
            || self.supervisors.contains(instance)
            || self.desk(world).is_some_and(|desk| desk.id == *instance);
        role && !self.excluded.contains(instance)
    }

    /// A supervisor has or had custody after this disposer gave it away: what it took over from them
    /// they do not take back.
    pub(crate) fn supervised_since(&self, disposer: &InstanceId) -> bool {
        let given = self.stack.iter().rposition(|former| former == disposer);
        let since = &self.stack[given.unwrap_or(0)..];
        let mut holders = since.iter().chain([&self.custodian]);
        !self.supervisors.contains(disposer)
            && holders.any(|holder| self.supervisors.contains(holder))
    }

    /// Moves custody; the former custodian is not put on the stack here.
    pub(crate) fn give_custody(&mut self, to: InstanceId, term: MessageRef) {
        self.ever_custodian.insert(to.clone());
        self.custodian = to;
        self.term = term;
    }

    pub(crate) fn push_disposer(&mut self, from: InstanceId) {
        self.ever_disposer.insert(from.clone());
        self.stack.push(from);
    }

    pub(crate) fn enter(&mut self, state: State) {
        self.state = state;
        if state != State::Held {
            self.before_hold = None;
        }
    }

    /// Closed or archived becomes in progress; a new close needs a new follow-up.
    pub(crate) fn reopen(&mut self) {
        self.follow_up = None;
        self.enter(State::InProgress);
    }

    /// Takes institutions out of every role but origin and custodian.
    pub(crate) fn exclude<'a>(&mut self, institutions: impl IntoIterator<Item = &'a InstanceId>) {
        for institution in institutions {
            self.stack.retain(|disposer| disposer != institution);
            self.copies.remove(institution);
            self.supervisors.remove(institution);
            self.excluded.insert(institution.clone());
        }
    }
}
