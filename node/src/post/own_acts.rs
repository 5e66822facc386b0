//! What the reporter of a case did themselves: those hear of it who follow the case, and the
//! reporter does not. A closing says by whom it was; of a reopening it is noted when it is done, for
//! an institution reopens too.

use lapor_migrations::Tx;
use lapor_web::language::{TextId, text_id};

use super::news::tellable;
use crate::error::NodeError;
use crate::reporters::Event;
use crate::store;

/// With what the migration `0058_own_closings` notes up to which place (`DEPOCH:DSEQ`) of all that the
/// hub has told this node the followers of a case hear of no closing by its reporter: they did not yet
/// when it happened.
const CLOSED_BEFORE: &str = "closed-before:";

/// What is new of a case, each part in the order in which it happened.
pub(super) struct New {
    /// News to whoever reported it.
    pub to_reporter: Vec<Event>,
    /// That they themselves closed it, which is news to those who follow it alone.
    pub own: Vec<Event>,
}

impl New {
    /// What has not been told yet by the marks of a case: what its reporter is told, and the messages
    /// of which its followers are.
    pub(super) fn untold(&self, told: &[(String, Option<String>)]) -> (Vec<&Event>, Vec<String>) {
        let known = |mark: &str| told.iter().any(|(known, _)| known == mark);
        let (again, to_reporter): (Vec<_>, Vec<_>) = self
            .to_reporter
            .iter()
            .filter_map(|event| Some((event, event.message?.to_string())))
            .filter(|(_, message)| !known(message))
            .partition(|(_, message)| known(&own_act(message)));
        let (to_reporter, mut messages): (Vec<&Event>, Vec<String>) =
            to_reporter.into_iter().unzip();
        messages.extend(again.into_iter().map(|(_, message)| message));
        let passed_over = told
            .iter()
            .filter_map(|(mark, _)| closed_before(mark))
            .max();
        let since = |place: (u32, u64)| Some(place) > passed_over;
        let own = self.own.iter();
        let own = own.filter(|event| event.arrived.is_none_or(since));
        let own = own.filter_map(|event| event.message);
        let own = own.map(|message| message.to_string());
        messages.extend(own.filter(|message| !known(message)));
        (to_reporter, messages)
    }
}

/// Notes that a message is what the reporter of a case did, of which only those hear who follow it.
pub(crate) async fn is_own_act(tx: &mut Tx, case: &str, message: &str) -> Result<(), NodeError> {
    Ok(store::told::tell(tx, case, &own_act(message), None).await?)
}

/// Names no institution for what the marks of a case say that its reporter did themselves: it has only
/// passed that on.
pub(super) fn as_own(events: &mut [Event], told: &[(String, Option<String>)]) {
    for event in events {
        let mark = event.message.map(|message| own_act(&message.to_string()));
        if told.iter().any(|(known, _)| Some(known) == mark.as_ref()) {
            event.by = None;
        }
    }
}

pub(super) fn is_closed_by_reporter(event: &Event) -> bool {
    event.kind == "case.closed" && event.closed_by.as_deref() == Some("reporter")
}

/// What is told of an event to those who follow its case.
pub(super) fn told_of_followed(event: &Event) -> Option<TextId> {
    if is_closed_by_reporter(event) {
        return Some(text_id("outcome-confirmed"));
    }
    tellable(event)
}

/// As what is noted of a message that it is the reporter's own.
fn own_act(message: &str) -> String {
    format!("own:{message}")
}

/// The place in a mark of what is passed over, if it is one.
fn closed_before(mark: &str) -> Option<(u32, u64)> {
    let (depoch, dseq) = mark.strip_prefix(CLOSED_BEFORE)?.split_once(':')?;
    Some((depoch.parse().ok()?, dseq.parse().ok()?))
}
