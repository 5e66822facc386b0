//! Every recipient's stream derived again from the order alone: who was told
//! what, in which place, so that a head signed over other items shows.
//!
//! This is written apart from the hub that allocates the streams; where the
//! two differ, one of them is wrong.

use std::collections::BTreeMap;

use super::{Audit, Current, Extent, Refolded, Ruled, Wrong};
use crate::case::{Case, Effect, Ruling, Share, Withheld, audience, entitlement};
use crate::delivery::{Cursor, Item, StreamHead};
use crate::directory::{DirectoryAt, Status};
use crate::ids::{CaseId, Digest, EnvelopeId, InstanceId};
use crate::kinds::{Body, Scope};
use crate::message::Message;
use crate::receipt::Stream;

/// A message with a place in a case, as a party that comes later is told of it.
#[derive(Debug)]
pub(super) struct Past {
    message: Message,
    told: Told,
}

impl Past {
    pub(super) fn ordered_at(&self) -> i64 {
        self.told.ordered_at
    }
}

/// What an item says, whoever gets it.
#[derive(Debug, Clone)]
struct Told {
    case: Option<CaseId>,
    case_seq: Option<u64>,
    kind: String,
    envelope_id: EnvelopeId,
    ruling: Ruling,
    first: Option<EnvelopeId>,
    directory: u64,
    ordered_at: i64,
}

/// The hash of every item of every stream; `None` is the public one.
#[derive(Debug, Default)]
pub(super) struct Streams {
    hashes: BTreeMap<Option<InstanceId>, Vec<Digest>>,
}

impl Streams {
    fn tell(&mut self, to: Option<InstanceId>, told: &Told, share: Share) {
        let hashes = self.hashes.entry(to).or_default();
        let item = Item {
            depoch: Cursor::START.depoch,
            dseq: hashes.len() as u64 + 1,
            dprev: hashes.last().copied().unwrap_or(Digest::ZERO),
            case: told.case,
            case_seq: told.case_seq,
            kind: told.kind.clone(),
            envelope_id: told.envelope_id,
            ruling: told.ruling,
            first: told.first,
            directory: told.directory,
            ordered_at: told.ordered_at,
            withheld: share.withheld(),
        };
        hashes.push(Digest::of(&item.to_bytes()));
    }

    /// Tells a party what of a case it has not been told.
    fn catch_up(
        &mut self,
        recipient: &InstanceId,
        missed: &[Past],
        shown: &Case,
        world: DirectoryAt<'_>,
    ) {
        for past in missed {
            let effect = past.told.ruling.effect;
            let share = entitlement(&past.message, effect, recipient, shown, world);
            self.tell(Some(recipient.clone()), &past.told, share);
        }
    }

    /// Whether a head is that of the stream at its place.
    fn bears_out(&self, head: &StreamHead) -> bool {
        let hashes = self.hashes.get(&head.recipient);
        let last = (head.dseq as usize).checked_sub(1);
        let hash = match (last, hashes) {
            (None, _) => Some(&Digest::ZERO),
            (Some(last), Some(hashes)) => hashes.get(last),
            (Some(_), None) => None,
        };
        let addressed = (head.stream == Stream::Public) == head.recipient.is_none();
        addressed && head.depoch == Cursor::START.depoch && hash == Some(&head.hash)
    }
}

impl Audit {
    /// Tells a message that got a place in a case; whoever becomes a party
    /// hears first what came before, a former one not what it missed.
    pub(super) fn tell_placed(
        &mut self,
        current: &Current,
        ruled: &Ruled,
        mut refolded: Refolded,
        after: Option<Case>,
    ) -> Refolded {
        let (message, effect) = (&current.message, ruled.ruling.effect);
        let world = self.directory.at(ruled.directory);
        let before = refolded.case.take();
        let recipients = audience(message, effect, before.as_ref(), after.as_ref(), world);
        let told = told(current, ruled, None);
        let here = refolded.past.len() + 1;
        for (recipient, share) in recipients {
            if !listens(&recipient, world) {
                continue;
            }
            if share.continues() {
                let since = refolded.told.insert(recipient.clone(), here).unwrap_or(0);
                if let Some(shown) = after.as_ref().or(before.as_ref()) {
                    let missed = &refolded.past[since..];
                    self.streams.catch_up(&recipient, missed, shown, world);
                }
            }
            self.streams.tell(Some(recipient), &told, share);
        }
        let message = message.clone();
        refolded.past.push(Past { message, told });
        refolded.case = after.or(before);
        refolded
    }

    /// SHA-256 of every item of a recipient's stream, or of the public one, as
    /// it follows from the order.
    pub fn stream(&self, recipient: Option<&InstanceId>) -> &[Digest] {
        let hashes = self.streams.hashes.get(&recipient.cloned());
        hashes.map_or(&[], Vec::as_slice)
    }

    /// Tells a message without a place in a case.
    pub(super) fn tell_unplaced(&mut self, current: &Current, ruled: &Ruled) {
        let message = &current.message;
        let author = &message.header.author;
        let first = self.first(message);
        let told = told(current, ruled, first);
        if let Some(case) = message.header.case {
            let world = self.directory.at(ruled.directory);
            let case = self.case(case);
            for (recipient, share) in audience(message, ruled.ruling.effect, case, None, world) {
                self.streams.tell(Some(recipient), &told, share);
            }
            return;
        }
        let public = |body: &Body| body.scope() == Scope::Public;
        let why = if ruled.applied() {
            if message.body.as_ref().is_ok_and(public) {
                self.streams.tell(None, &told, Share::Whole);
            }
            Withheld::Own
        } else {
            Withheld::RulingOnly
        };
        self.streams
            .tell(Some(author.clone()), &told, Share::Without(why));
    }

    /// A head is true if the stream, derived again, stands so at its place. Of
    /// some cases alone no stream can be derived, only the signature judged.
    pub(super) fn check_heads(&mut self) {
        for head in std::mem::take(&mut self.heads) {
            if self.extent == Extent::Whole && !self.streams.bears_out(&head) {
                let whose = head
                    .recipient
                    .as_ref()
                    .map_or("the public stream", InstanceId::as_str);
                let what = format!("{whose} at {}.{} has other items", head.depoch, head.dseq);
                self.find(Wrong::Head(what));
            }
        }
    }
}

fn told(current: &Current, ruled: &Ruled, first: Option<EnvelopeId>) -> Told {
    Told {
        case: ruled.case,
        case_seq: ruled.case_seq,
        kind: current.message.header.kind.clone(),
        envelope_id: current.id,
        ruling: ruled.ruling,
        first: first.filter(|_| ruled.ruling.effect == Effect::Duplicate),
        directory: ruled.directory,
        ordered_at: ruled.ordered_at,
    }
}

/// Revoked institutions are told nothing.
fn listens(recipient: &InstanceId, world: DirectoryAt<'_>) -> bool {
    let status = world.instance(recipient).map(|entry| entry.status);
    status.is_some_and(|status| status != Status::Revoked)
}
