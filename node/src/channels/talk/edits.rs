//! A message that its author has changed: what was half told is told anew, what was filed is
//! completed. Of one that came to nothing else the new text is read like any other.

use super::{Deed, Draft, Known, Say, Talk, Turn, report};
use crate::channels::heard::Heard;
use crate::reporters::ReporterAct;

/// What becomes of a change, if the message had come to something.
pub fn changed(talk: &Talk, heard: &Heard, known: &Known<'_>) -> Option<Turn> {
    if let Some(case) = known.referred {
        return Some(completed(talk, case, heard, known));
    }
    let draft = talk.draft.as_ref()?;
    let changes_first = draft.said.messages.first() == heard.reply_to.as_ref();
    changes_first.then(|| told_anew(talk, draft, heard, known))
}

fn completed(
    talk: &Talk,
    case: lapor_protocol::ids::CaseId,
    heard: &Heard,
    known: &Known<'_>,
) -> Turn {
    let text = heard.text.trim();
    let own = known.case(case);
    // Of a picture or its frame nothing is changed that can be told.
    if text.is_empty() || known.again.is_some() || own.is_none() {
        return Turn::of(talk, Deed::Aside, Vec::new());
    }
    let ticket = known.ticket_of(case);
    // A question that waits is not answered by a correction.
    let waits = own.is_some_and(|own| own.hold.is_some() || !own.may("complete"));
    if waits {
        return Turn::of(talk, Deed::Answered("refused"), vec![Say::NotNow(ticket)]);
    }
    let act = ReporterAct::Complete {
        answers: Vec::new(),
        text: Some(text.to_owned()),
        attachments: Vec::new(),
    };
    Turn::of(talk, Deed::Act { case, act }, vec![Say::PassedOn(ticket)])
}

fn told_anew(talk: &Talk, draft: &Draft, heard: &Heard, known: &Known<'_>) -> Turn {
    let mut draft = draft.clone();
    if let Some(said) = report::read(heard, known.keywords) {
        (draft.said.title, draft.said.content) = (said.title, said.content);
    }
    Turn::of(
        &Talk {
            draft: Some(draft),
            ..talk.clone()
        },
        Deed::Answered("draft"),
        Vec::new(),
    )
}
