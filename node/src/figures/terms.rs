//! What each message means for the figures of whoever has the case: a custody begins, is answered
//! in public, or ends because the case was not theirs.

use lapor_protocol::case::Case;
use lapor_protocol::kinds::Body;

use crate::store::terms::{TermRow, Terms};

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
