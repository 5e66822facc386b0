//! What each message means for the figures of whoever has the case: a custody begins, is answered
//! in public, or ends because the case was not theirs; and a clock is met that had run out. When it
//! was met the hub's order says, and no clock of this machine.

use lapor_protocol::calendar::Calendar;
use lapor_protocol::case::Case;
use lapor_protocol::deadline::owed;
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::kinds::Body;

use crate::store::terms::{Overdue, TermRow, Terms};

/// Takes in a message that the hub has ruled and that made `after` of `before`.
pub(crate) fn take(terms: &mut Terms, before: Option<&Case>, after: &Case, body: &Body) {
    let moved = before.is_none_or(|before| before.term != after.term);
    if let Some(before) = before.filter(|_| moved) {
        put(terms, before, matches!(body, Body::CaseReturned(_)));
    }
    if moved || matches!(body, Body::CaseFollowedUp(_)) {
        put(terms, after, false);
    }
}

/// Takes in with whom a clock had run out that a message met which the hub ordered at `at` (Unix ms),
/// or that is expected of them no more, as the hub itself counts. That a reporter was silent is nobody's delay.
pub(crate) fn take_overdue(
    overdue: &mut Overdue,
    before: &Case,
    after: &Case,
    (world, calendar): (DirectoryAt<'_>, &Calendar),
    at: i64,
) {
    let mut ran_out = owed(before, world, calendar, at);
    ran_out.retain(|clock| clock.due.is_some_and(|due| due < at));
    if ran_out.is_empty() {
        return;
    }
    if before.custodian == after.custodian {
        let still = owed(after, world, calendar, at);
        ran_out.retain(|clock| {
            let same = still.iter().find(|one| one.kind == clock.kind);
            same.is_none_or(|one| one.started != clock.started)
        });
    }
    if let Some(due) = ran_out.iter().filter_map(|clock| clock.due).min() {
        let whose = (before.id.to_string(), before.custodian.to_string());
        overdue.entry(whose).or_insert(due);
    }
}

fn put(terms: &mut Terms, case: &Case, returned: bool) {
    let term = format!("{}/{}", case.term.author, case.term.id);
    let answered_at = case.course.followed_up;
    terms
        .entry((case.id.to_string(), term))
        .and_modify(|row| {
            row.answered_at = row.answered_at.or(answered_at);
            row.returned |= returned;
        })
        .or_insert_with(|| TermRow {
            institution: case.custodian.to_string(),
            since: case.course.received.at,
            answered_at,
            returned,
        });
}
