//! A message that its author has changed: what was half told is told anew, what was filed is
//! completed. Of one that came to nothing else the new text is read like any other.

use lapor_protocol::ids::CaseId;

use super::{Deed, Draft, Known, Say, Talk, Turn, answers, report};
use crate::channels::heard::Heard;

/// What becomes of a change, if the message had come to something.
pub fn changed(talk: &Talk, heard: &Heard, known: &Known<'_>) -> Option<Turn> {
    if let Some(case) = known.referred {
        return Some(completed(talk, case, heard, known));
    }
    let draft = talk.draft.as_ref()?;
    let changes_first = draft.said.messages.first() == heard.reply_to.as_ref();
    changes_first.then(|| told_anew(talk, draft, heard, known))
}

fn completed(talk: &Talk, case: CaseId, heard: &Heard, known: &Known<'_>) -> Turn {
    let text = heard.text.trim();
    let changes = !text.is_empty() && known.again.is_none();
    let Some(own) = known.case(case).filter(|_| changes) else {
        return Turn::of(talk, Deed::Aside, Vec::new());
    };
    // A question that waits is not answered by a correction.
    if own.hold.is_some() || !own.may("complete") {
        let not_now = Say::NotNow(own.ticket.clone());
        return Turn::of(talk, Deed::Answered("refused"), vec![not_now]);
    }
    answers::added(talk, own, text)
}

fn told_anew(talk: &Talk, draft: &Draft, heard: &Heard, known: &Known<'_>) -> Turn {
    let mut draft = draft.clone();
    if let Some(said) = report::read(heard, known.marks) {
        (draft.said.title, draft.said.content) = (said.title, said.content);
    }
    Turn::of(
        &Talk {
            draft: Some(draft),
            ..talk.clone()
        },
        Deed::Drafted,
        Vec::new(),
    )
}
