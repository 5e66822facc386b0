//! Rulings made again, cases folded again, custody followed by what each kind
//! says of it.

use super::{Audit, Current, Extent, Ruled, Wrong, streams};
use crate::case::{Case, Effect, Order, Ruling, apply, rule};
use crate::directory::DirectoryAt;
use crate::ids::{CaseId, EnvelopeId};
use crate::kinds::Body;
use crate::message::Message;
use crate::public::{needs_programme, rule_public};

impl Audit {
    /// The next ruling of the envelope given last, in the hub's order.
    pub fn ruling(&mut self, ruled: &Ruled) {
        self.tally.rulings += 1;
        let Some(mut current) = self.current.take() else {
            return self.find_in(ruled.envelope_id, Wrong::RulingElsewhere);
        };
        if current.id == ruled.envelope_id {
            self.look_at(&mut current, ruled);
        } else {
            self.find_in(ruled.envelope_id, Wrong::RulingElsewhere);
        }
        self.current = Some(current);
    }

    /// Ends the envelope at hand: its rulings must have come.
    pub(super) fn close_current(&mut self) {
        let Some(current) = self.current.take() else {
            return;
        };
        let legs = match &current.first {
            None => 0,
            Some(first) => legs(&current.message, first),
        };
        if current.legs == 0 || (self.extent == Extent::Whole && current.legs < legs) {
            self.find_in(current.id, Wrong::Unruled);
        }
        let header = &current.message.header;
        let key = (header.author.clone(), header.id);
        self.seen.entry(key).or_insert(current.id);
    }

    fn look_at(&mut self, current: &mut Current, ruled: &Ruled) {
        current.legs += 1;
        self.keep_moment(current, ruled);
        if ruled.directory > self.directory.version() {
            self.find_in(current.id, Wrong::Directory);
        }
        match &current.first {
            None => {
                self.rule_again(current, ruled);
                current.first = Some(ruled.clone());
            }
            Some(first) => {
                let same = first.ruling == ruled.ruling && first.ordered_at == ruled.ordered_at;
                let other = current
                    .message
                    .body
                    .as_ref()
                    .ok()
                    .and_then(Body::other_case);
                if current.legs > legs(&current.message, first) {
                    self.find_in(current.id, Wrong::RulingTwice);
                } else if !same || ruled.case != other {
                    self.find_in(current.id, Wrong::Legs);
                }
            }
        }
        self.place(current, ruled);
    }

    /// A hub that was restored may have ordered something else before it got back what it had
    /// lost; no author and no case sees time go back.
    fn keep_moment(&mut self, current: &Current, ruled: &Ruled) {
        let author = current.message.header.author.clone();
        let of_author = self.ordered.get(&author).copied().unwrap_or(i64::MIN);
        let case = ruled.case.and_then(|case| self.cases.get(&case));
        let of_case = case.and_then(|case| case.past.last());
        let of_case = of_case.map_or(i64::MIN, streams::Past::ordered_at);
        if ruled.ordered_at < of_author.max(of_case) {
            self.find_in(current.id, Wrong::Backdated);
        }
        self.ordered.insert(author, of_author.max(ruled.ordered_at));
    }

    fn rule_again(&mut self, current: &Current, ruled: &Ruled) {
        let message = &current.message;
        let world = self.directory.at(ruled.directory);
        let header = &message.header;
        let seen = self.first(message).is_some();
        let body = message.body.as_ref().ok();
        let expected = match header.case {
            None => {
                let published = body.and_then(needs_programme).is_some_and(|slug| {
                    let key = (header.author.clone(), slug.to_owned());
                    self.programmes.contains(&key)
                });
                rule_public(message, seen, published, world)
            }
            Some(case) => {
                let other = body.and_then(Body::other_case);
                let (case, other) = (self.case(case), other.and_then(|other| self.case(other)));
                rule(message, seen, case, other, world)
            }
        };
        // Of some cases alone neither a duplicate nor what a second case says can be made again.
        let elsewhere = body.is_some_and(|body| body.other_case().is_some());
        let provable = self.extent == Extent::Whole
            || !(elsewhere || ruled.ruling.effect == Effect::Duplicate || header.case.is_none());
        if provable && expected != ruled.ruling {
            let ruled = ruled.ruling;
            self.find_in(current.id, Wrong::Ruling { ruled, expected });
        }
        if let (Ok(Body::ProgrammePublished(programme)), true) =
            (&message.body, ruled.ruling.applied())
        {
            let key = (header.author.clone(), programme.slug.clone());
            self.programmes.insert(key);
        }
        if let (Ok(Body::CalendarUpdated(edition)), true) = (&message.body, ruled.ruling.applied())
        {
            self.editions.add(ruled.ordered_at, edition);
        }
    }

    /// Gives the message its place in a case, folds it as ruled, and tells
    /// those whom it concerns.
    fn place(&mut self, current: &Current, ruled: &Ruled) {
        let (Some(case), Some(case_seq)) = (ruled.case, ruled.case_seq) else {
            return self.tell_unplaced(current, ruled);
        };
        let refolded = self.cases.remove(&case).unwrap_or_default();
        let expected = refolded.past.len() as u64 + 1;
        if case_seq != expected {
            let wrong = Wrong::CaseSeq {
                case,
                expected,
                found: case_seq,
            };
            self.find_in(current.id, wrong);
        }
        if ruled.ruling.effect == Effect::Duplicate {
            self.find_in(current.id, Wrong::Placed(case));
        }
        let after = match &current.message.body {
            Ok(body) if ruled.ruling.applied() => {
                self.tally.applied += 1;
                self.fold(current, body, ruled, case, case_seq, refolded.case.as_ref())
            }
            _ => None,
        };
        let refolded = self.tell_placed(current, ruled, refolded, after);
        self.cases.insert(case, refolded);
    }

    fn fold(
        &mut self,
        current: &Current,
        body: &Body,
        ruled: &Ruled,
        case: CaseId,
        case_seq: u64,
        before: Option<&Case>,
    ) -> Option<Case> {
        let order = Order {
            case,
            case_seq,
            ordered_at: ruled.ordered_at,
        };
        let world = self.directory.at(ruled.directory);
        let after = apply(&current.message, body, order, before.cloned(), world);
        let wrong = match &after {
            None => Some(Wrong::Unborn(case)),
            Some(after) => misplaced(&current.message, body, before, after, world),
        };
        let hasty = before.and_then(|before| self.editions.too_early(body, before, order, world));
        for wrong in wrong.into_iter().chain(hasty) {
            self.find_in(current.id, wrong);
        }
        after
    }

    /// The envelope in which this message came first, if it came before.
    pub(super) fn first(&self, message: &Message) -> Option<EnvelopeId> {
        let key = (message.header.author.clone(), message.header.id);
        self.seen.get(&key).copied()
    }
}

/// In how many cases a message is ruled.
fn legs(message: &Message, first: &Ruled) -> usize {
    let other = message.body.as_ref().ok().and_then(Body::other_case);
    if other.is_some() && first.ruling.applied() && first.case_seq.is_some() {
        2
    } else {
        1
    }
}

/// Custody as each kind states it, told apart from the fold: it changes by
/// these kinds only, to whom they say, and otherwise stays.
fn misplaced(
    message: &Message,
    body: &Body,
    before: Option<&Case>,
    after: &Case,
    world: DirectoryAt<'_>,
) -> Option<Wrong> {
    let author = &message.header.author;
    let expected = match (body, before) {
        // A child stays with whoever splits.
        (Body::ReportFiled(_) | Body::CaseSplit(_), None) => vec![author],
        (_, None) => Vec::new(),
        (Body::CaseDisposed(disposed), _) => vec![&disposed.target],
        (Body::CaseRecalled(_) | Body::CaseTakenOver(_), _) => vec![author],
        (Body::CaseReturned(_), Some(before)) => {
            let mut back: Vec<_> = before.stack.iter().collect();
            back.extend(before.desk(world).map(|desk| &desk.id));
            back
        }
        (Body::CaseSucceeded(_), Some(before)) => {
            let former = world.instance(&before.custodian);
            let mut heirs = vec![&before.custodian];
            heirs.extend(former.and_then(|entry| entry.successor.as_ref()));
            heirs
        }
        (_, Some(before)) => vec![&before.custodian],
    };
    if expected.contains(&&after.custodian) {
        return None;
    }
    let names: Vec<_> = expected.iter().map(|id| id.as_str()).collect();
    Some(Wrong::Custody {
        case: after.id,
        expected: names.join(" or "),
        found: after.custodian.clone(),
    })
}

impl Ruled {
    /// Whether this ruling gave its message an effect.
    pub fn applied(&self) -> bool {
        let Ruling { effect, .. } = self.ruling;
        effect == Effect::Applied
    }
}
