//! Why the hub ruled that an act has no effect, in words for every reason of the contract.

use lapor_protocol::case::Reason;
use lapor_web::language::{TextId, text_id};

pub fn reason_words(reason: Reason) -> TextId {
    match reason {
        Reason::NoSuchCase => text_id("why-no-such-case"),
        Reason::CaseExists => text_id("why-case-exists"),
        Reason::NeverCustodian => text_id("why-never-custodian"),
        Reason::NeverDisposer => text_id("why-never-disposer"),
        Reason::NeverParty => text_id("why-never-party"),
        Reason::NeverSupervisor => text_id("why-never-supervisor"),
        Reason::NotOrigin => text_id("why-not-origin"),
        Reason::NotDesk => text_id("why-not-desk"),
        Reason::NotLinker => text_id("why-not-linker"),
        Reason::NotOwner => text_id("why-not-owner"),
        Reason::NotReopener => text_id("why-not-reopener"),
        Reason::OutsideAuthority => text_id("why-outside-authority"),
        Reason::Excluded => text_id("why-excluded"),
        Reason::UnknownInstance => text_id("why-unknown-instance"),
        Reason::TermEnded => text_id("why-term-ended"),
        Reason::NoLongerParty => text_id("why-no-longer-party"),
        Reason::NotOpen => text_id("why-not-open"),
        Reason::NotClosed => text_id("why-not-closed"),
        Reason::NotMerged => text_id("why-not-merged"),
        Reason::WrongState => text_id("why-wrong-state"),
        Reason::TargetIsCustodian => text_id("why-target-is-custodian"),
        Reason::TargetNotActive => text_id("why-target-not-active"),
        Reason::AlreadyCustodian => text_id("why-already-custodian"),
        Reason::NobodyToReturnTo => text_id("why-nobody-to-return-to"),
        Reason::ExcludesParty => text_id("why-excludes-party"),
        Reason::HasJoined => text_id("why-has-joined"),
        Reason::NoFollowUp => text_id("why-no-follow-up"),
        Reason::RepliedSince => text_id("why-replied-since"),
        Reason::NotEscalated => text_id("why-not-escalated"),
        Reason::NotSupervisor => text_id("why-not-supervisor"),
        Reason::SupervisorTookOver => text_id("why-supervisor-took-over"),
        Reason::NotDissolved => text_id("why-not-dissolved"),
        Reason::NotRequested => text_id("why-not-requested"),
        Reason::HolderAsks => text_id("why-holder-asks"),
        Reason::SameCase => text_id("why-same-case"),
        Reason::CaseTaken => text_id("why-case-taken"),
        Reason::OriginDiffers => text_id("why-origin-differs"),
        Reason::InheritanceDiffers => text_id("why-inheritance-differs"),
        Reason::AlreadyRedacted => text_id("why-already-redacted"),
        Reason::KeyNotCertified => text_id("why-key-not-certified"),
        Reason::KeyPosition => text_id("why-key-position"),
        Reason::KeyTaken => text_id("why-key-taken"),
        Reason::NotPublished => text_id("why-not-published"),
        Reason::KindUnknown => text_id("why-kind-unknown"),
        Reason::BodyInvalid => text_id("why-body-invalid"),
        Reason::Unknown => text_id("why-unknown"),
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_web::language::{Language, Voice};

    use super::*;
    use crate::console::texts;
    use crate::store::from_code;

    #[test]
    fn a_reason_is_read_in_the_language_of_its_reader() {
        let code = |code: &str| from_code::<Reason>(code.to_owned()).unwrap();
        for (of, indonesian, english) in [
            (
                "supervisor_took_over",
                "sudah diambil alih pengawas",
                "a supervisor has taken it over",
            ),
            (
                "term_ended",
                "masa penanganannya sudah berakhir",
                "the term of custody has ended",
            ),
            (
                "of_a_later_version",
                "alasan dari versi yang lebih baru",
                "a reason of a later version",
            ),
        ] {
            for (language, said) in [
                (Language::Indonesian, indonesian),
                (Language::English, english),
            ] {
                let v = Voice::new(language, texts(), Tz::Asia__Jakarta, 0);
                assert_eq!(v.say(reason_words(code(of))), said);
            }
        }
    }
}
