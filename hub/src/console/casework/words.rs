//! What casework is called: steps, states, acts and rulings, and lengths of time.

use lapor_protocol::case::State;
use lapor_protocol::deadline::ClockKind;
use lapor_web::language::{TextId, Voice, text_id};

use crate::casework::Step;
use crate::console::words::age;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Where there is no number.
pub const NONE: &str = "–";

pub fn step_words(step: Step) -> TextId {
    match step {
        Step::Verification => text_id("step-verification"),
        Step::Acceptance => text_id("step-acceptance"),
        Step::FirstAnswer => text_id("step-first-answer"),
        Step::Handling => text_id("step-handling"),
        Step::Disposer => text_id("step-disposer"),
        Step::Closing => text_id("step-closing"),
    }
}

/// When a step is overdue.
pub fn step_about(step: Step) -> TextId {
    match step {
        Step::Verification => text_id("step-verification-about"),
        Step::Acceptance => text_id("step-acceptance-about"),
        Step::FirstAnswer => text_id("step-first-answer-about"),
        Step::Handling => text_id("step-handling-about"),
        Step::Disposer => text_id("step-disposer-about"),
        Step::Closing => text_id("step-closing-about"),
    }
}

/// The step of a stored name.
pub fn step_named(name: &str) -> Option<Step> {
    Step::ALL.into_iter().find(|step| step.as_str() == name)
}

pub fn clock_words(kind: ClockKind) -> TextId {
    step_words(Step::of(kind))
}

pub fn hop_words(hop: &str) -> TextId {
    match hop {
        "1" => text_id("hop-first"),
        "2" => text_id("hop-second"),
        "3" => text_id("hop-third"),
        _ => text_id("hop-later"),
    }
}

pub fn state_words(state: &str) -> TextId {
    let known = State::ALL.into_iter().find(|known| known.as_str() == state);
    match known {
        Some(State::Received) | None => text_id("case-received"),
        Some(State::Verified) => text_id("case-verified"),
        Some(State::Held) => text_id("case-held"),
        Some(State::Disposed) => text_id("case-disposed"),
        Some(State::InProgress) => text_id("case-in-progress"),
        Some(State::Answered) => text_id("case-answered"),
        Some(State::Closed) => text_id("case-closed"),
        Some(State::Archived) => text_id("case-archived"),
        Some(State::Merged) => text_id("case-merged"),
    }
}

pub fn classification_words(code: &str) -> TextId {
    match code {
        "information_request" => text_id("classified-information"),
        "aspiration" => text_id("classified-aspiration"),
        _ => text_id("classified-complaint"),
    }
}

/// What an act is called; `None` of a kind that this version does not know.
pub fn act_words(kind: &str) -> Option<TextId> {
    Some(match kind {
        "report.filed" => text_id("act-filed"),
        "report.completed" => text_id("act-completed"),
        "case.verified" => text_id("act-verified"),
        "case.held" => text_id("act-held"),
        "case.archived" => text_id("act-archived"),
        "case.disposed" => text_id("act-disposed"),
        "case.returned" => text_id("act-returned"),
        "case.recalled" => text_id("act-recalled"),
        "case.followed_up" => text_id("act-followed-up"),
        "case.noted" => text_id("act-noted"),
        "case.replied" => text_id("act-replied"),
        "case.closed" => text_id("act-closed"),
        "case.reopened" => text_id("act-reopened"),
        "case.rated" => text_id("act-rated"),
        "case.supported" => text_id("act-supported"),
        "case.linked" => text_id("act-linked"),
        "case.unlinked" => text_id("act-unlinked"),
        "case.split" => text_id("act-split"),
        "case.escalated" => text_id("act-escalated"),
        "case.succeeded" => text_id("act-succeeded"),
        "case.taken_over" => text_id("act-taken-over"),
        "case.redacted" => text_id("act-redacted"),
        "identity.requested" => text_id("act-identity-requested"),
        "identity.disclosed" => text_id("act-identity-disclosed"),
        "identity.refused" => text_id("act-identity-refused"),
        _ => return None,
    })
}

/// What the hub ruled of an act that had no effect.
pub fn effect_words(effect: &str) -> TextId {
    match effect {
        "stale" => text_id("ruled-stale"),
        "unauthorised" => text_id("ruled-unauthorised"),
        "inapplicable" => text_id("ruled-inapplicable"),
        "duplicate" => text_id("ruled-duplicate"),
        _ => text_id("ruled-malformed"),
    }
}

/// What a code that an act gives means; `None` of one that this version does not know.
pub fn code_words(code: &str) -> Option<TextId> {
    Some(match code {
        "not_our_authority" => text_id("code-not-our-authority"),
        "wrong_region" => text_id("code-wrong-region"),
        "another_level" => text_id("code-another-level"),
        "belongs_to_another" => text_id("code-belongs-to-another"),
        "reporter" => text_id("code-reporter"),
        "through_officer" => text_id("code-through-officer"),
        "silence" => text_id("code-silence"),
        "proposes_to_close" => text_id("code-proposes-to-close"),
        "no_answer" => text_id("code-no-answer"),
        "disposed_in_error" => text_id("code-disposed-in-error"),
        "now_ours" => text_id("code-now-ours"),
        "institution_unavailable" => text_id("code-institution-unavailable"),
        "not_a_report" => text_id("code-not-a-report"),
        "incomplete" => text_id("code-incomplete"),
        "duplicate" => text_id("code-duplicate"),
        "outside_government" => text_id("code-outside-government"),
        "before_a_court" => text_id("code-before-a-court"),
        "answered_elsewhere" => text_id("code-answered-elsewhere"),
        "abusive" => text_id("code-abusive"),
        "other" => text_id("code-other"),
        _ => return None,
    })
}

/// A length of time to one place of a day, or in hours or less where it is short.
pub fn took(v: &Voice, ms: Option<i64>) -> String {
    match ms {
        None => NONE.to_owned(),
        Some(ms) if ms < 2 * DAY_MS => age(v, ms),
        Some(ms) => {
            let days = v.one_decimal(ms / (DAY_MS / 100));
            v.with("n", days).say("took-days")
        }
    }
}

/// A share of dispositions, with what it is of.
pub fn share(v: &Voice, per_mille: Option<i64>, part: i64, of: i64) -> String {
    match per_mille {
        None => NONE.to_owned(),
        Some(share) => v
            .with("share", v.one_decimal(share * 10))
            .with("part", part)
            .with("of", of)
            .say("misrouted-share"),
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::kinds::case_archived::ArchiveReason;
    use lapor_protocol::kinds::case_recalled::RecallReason;
    use lapor_protocol::kinds::case_returned::ReturnReason;

    use super::*;
    use crate::store::code_of;

    #[test]
    fn every_reason_that_an_act_gives_has_words() {
        let archived = [
            ArchiveReason::NotAReport,
            ArchiveReason::Incomplete,
            ArchiveReason::NoAnswer,
            ArchiveReason::Duplicate,
            ArchiveReason::OutsideGovernment,
            ArchiveReason::BeforeACourt,
            ArchiveReason::AnsweredElsewhere,
            ArchiveReason::Abusive,
            ArchiveReason::Other,
        ];
        let recalled = [
            RecallReason::NoAnswer,
            RecallReason::DisposedInError,
            RecallReason::NowOurs,
            RecallReason::InstitutionUnavailable,
            RecallReason::Other,
        ];
        let returned = [
            ReturnReason::NotOurAuthority,
            ReturnReason::WrongRegion,
            ReturnReason::AnotherLevel,
            ReturnReason::BelongsToAnother,
            ReturnReason::Other,
        ];
        let codes = archived.iter().map(code_of);
        let codes = codes.chain(recalled.iter().map(code_of));
        for code in codes.chain(returned.iter().map(code_of)) {
            assert!(code_words(&code).is_some(), "{code}");
        }
        assert!(code_words("of_a_later_version").is_none());
    }
}
