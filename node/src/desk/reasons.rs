//! The reasons that messages state by a code, in words; the same for the form that asks for one
//! and the history that tells it.

use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Choice;

use super::deeds::Deed;

/// The codes of a kind's reason or purpose, each with its words.
pub fn reasons(kind: &str) -> &'static [(&'static str, TextId)] {
    const ARCHIVE: &[(&str, TextId)] = &[
        ("not_a_report", text_id("archive-not-a-report")),
        ("incomplete", text_id("archive-incomplete")),
        ("no_answer", text_id("archive-no-answer")),
        ("duplicate", text_id("archive-duplicate")),
        ("outside_government", text_id("archive-outside-government")),
        ("before_a_court", text_id("archive-before-a-court")),
        ("answered_elsewhere", text_id("archive-answered-elsewhere")),
        ("abusive", text_id("archive-abusive")),
        ("other", text_id("archive-other")),
    ];
    const RETURN: &[(&str, TextId)] = &[
        ("not_our_authority", text_id("return-not-our-authority")),
        ("wrong_region", text_id("return-wrong-region")),
        ("another_level", text_id("return-another-level")),
        ("belongs_to_another", text_id("return-belongs-to-another")),
        ("other", text_id("reason-other")),
    ];
    const RECALL: &[(&str, TextId)] = &[
        ("no_answer", text_id("recall-no-answer")),
        ("disposed_in_error", text_id("recall-disposed-in-error")),
        ("now_ours", text_id("recall-now-ours")),
        ("institution_unavailable", text_id("recall-unavailable")),
        ("other", text_id("reason-other")),
    ];
    const REDACT: &[(&str, TextId)] = &[
        ("reporter_request", text_id("redact-reporter-request")),
        ("legal_order", text_id("redact-legal-order")),
        ("personal_data", text_id("redact-personal-data")),
        ("other", text_id("reason-other")),
    ];
    const PURPOSE: &[(&str, TextId)] = &[
        ("contact", text_id("purpose-contact")),
        ("eligibility", text_id("purpose-eligibility")),
        ("examination", text_id("purpose-examination")),
        ("visit", text_id("purpose-visit")),
        ("other", text_id("reason-other")),
    ];
    const REFUSAL: &[(&str, TextId)] = &[
        ("reporter_declined", text_id("refusal-reporter-declined")),
        ("not_needed", text_id("refusal-not-needed")),
        ("unknown", text_id("refusal-unknown")),
        ("other", text_id("reason-other")),
    ];
    match kind {
        "case.archived" => ARCHIVE,
        "case.returned" => RETURN,
        "case.recalled" => RECALL,
        "case.redacted" => REDACT,
        "identity.requested" => PURPOSE,
        "identity.refused" => REFUSAL,
        _ => &[],
    }
}

/// A code of a kind in words; one that this program does not know as it is.
pub fn reason_words(v: &Voice, kind: &str, code: &str) -> String {
    let known = reasons(kind).iter().find(|(known, _)| *known == code);
    known.map_or_else(|| code.replace('_', " "), |(_, words)| v.say(words))
}

/// The reasons of a deed, to choose one.
pub fn reason_choices(v: &Voice, deed: Deed) -> Vec<Choice> {
    let all = reasons(deed.kind()).iter();
    all.map(|(code, words)| Choice::new(*code, v.say(words)))
        .collect()
}

#[cfg(test)]
mod tests {
    use lapor_protocol::kinds::Body;

    use super::*;

    #[test]
    fn every_code_is_one_of_the_protocol() {
        for deed in Deed::ALL {
            let field = if deed == Deed::AskIdentity {
                "purpose"
            } else {
                "reason"
            };
            for (code, _) in reasons(deed.kind()) {
                let body = format!(r#"{{"{field}":"{code}"}}"#);
                let read = Body::of_kind(deed.kind(), &body);
                assert!(read.is_ok(), "{} {code}: {read:?}", deed.kind());
            }
        }
    }
}
