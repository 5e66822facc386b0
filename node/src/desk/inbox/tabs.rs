//! The tabs of the inbox: which are shown, how much lies in each, and what they are called.

use lapor_web::language::{TextId, Voice, text_id};

use crate::casework::{InboxCounts, Tab};
use crate::desk::ROOT;
use crate::desk::question::{Question, TABS};

pub(super) struct TabLine {
    pub name: String,
    pub to: String,
    pub count: Option<u64>,
    pub current: bool,
}

pub(super) fn tabs(v: &Voice, question: &Question, counts: &InboxCounts) -> Vec<TabLine> {
    let counted = |tab: Tab| match tab {
        Tab::RunsOut => Some(counts.runs_out),
        Tab::New => Some(counts.new),
        Tab::CameBack => Some(counts.came_back),
        Tab::Waiting => Some(counts.waiting),
        Tab::Working => Some(counts.working),
        Tab::Answered => Some(counts.answered),
        Tab::Elsewhere => Some(counts.elsewhere),
        Tab::Escalated => Some(counts.escalated),
        Tab::Copies => Some(counts.copies),
        Tab::Ended => None,
        Tab::LongOverdue => Some(counts.long_overdue),
        Tab::Pending => Some(counts.pending),
        Tab::Failed => Some(counts.failed),
        Tab::Suspect => Some(counts.suspect),
    };
    let shown = TABS.iter().map(|(tab, _)| *tab).filter(|tab| {
        let rare = matches!(
            tab,
            Tab::Escalated
                | Tab::Copies
                | Tab::LongOverdue
                | Tab::Pending
                | Tab::Failed
                | Tab::Suspect
        );
        // What is in hand is a part of what runs out, and open for a link of old.
        (*tab != Tab::Working && !rare)
            || question.tab == Some(*tab)
            || (rare && counted(*tab).is_some_and(|count| count > 0))
    });
    let line = |tab: Option<Tab>| TabLine {
        name: v.say(tab.map_or(text_id("tab-all"), |tab| tab_words(tab).0)),
        to: question.on(tab).address(ROOT, ""),
        count: tab.and_then(counted),
        current: question.tab == tab && question.typed.is_empty(),
    };
    shown.map(Some).chain([None]).map(line).collect()
}

pub(super) fn headed(question: &Question) -> (TextId, TextId) {
    if !question.typed.is_empty() {
        return (text_id("inbox-found"), text_id("inbox-found-about"));
    }
    question
        .tab
        .map_or((text_id("tab-all"), text_id("tab-all-about")), tab_words)
}

/// What a tab is called, and what lies in it.
fn tab_words(tab: Tab) -> (TextId, TextId) {
    match tab {
        Tab::RunsOut => (text_id("tab-work"), text_id("tab-work-about")),
        Tab::New => (text_id("tab-new"), text_id("tab-new-about")),
        Tab::CameBack => (text_id("tab-back"), text_id("tab-back-about")),
        Tab::Waiting => (text_id("tab-waiting"), text_id("tab-waiting-about")),
        Tab::Working => (text_id("tab-working"), text_id("tab-working-about")),
        Tab::Answered => (text_id("tab-answered"), text_id("tab-answered-about")),
        Tab::Elsewhere => (text_id("tab-elsewhere"), text_id("tab-elsewhere-about")),
        Tab::Escalated => (text_id("tab-escalated"), text_id("tab-escalated-about")),
        Tab::Copies => (text_id("tab-copies"), text_id("tab-copies-about")),
        Tab::Ended => (text_id("tab-ended"), text_id("tab-ended-about")),
        Tab::LongOverdue => (
            text_id("tab-long-overdue"),
            text_id("tab-long-overdue-about"),
        ),
        Tab::Pending => (text_id("tab-pending"), text_id("tab-pending-about")),
        Tab::Failed => (text_id("tab-failed"), text_id("tab-failed-about")),
        Tab::Suspect => (text_id("tab-suspect"), text_id("tab-suspect-about")),
    }
}
