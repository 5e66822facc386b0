//! One short constructor for each act of a story.

use lapor_protocol::ids::{CaseId, Digest, InstanceId, MessageId, MessageRef};
use lapor_protocol::kinds::case_archived::ArchiveReason;
use lapor_protocol::kinds::case_recalled::RecallReason;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use lapor_protocol::kinds::case_returned::ReturnReason;
use lapor_protocol::kinds::case_split::Inheritance;
use lapor_protocol::kinds::identity_refused::IdentityRefusal;
use lapor_protocol::kinds::identity_requested::IdentityPurpose;
use lapor_protocol::kinds::*;
use lapor_protocol::seal::Sealed;

use crate::world::id;

fn ids(slugs: &[&str]) -> Vec<InstanceId> {
    slugs.iter().map(|slug| id(slug)).collect()
}

pub fn filed() -> Body {
    filed_excluding(&[])
}

pub fn filed_excluding(excluded: &[&str]) -> Body {
    Body::ReportFiled(ReportFiled {
        classification: Classification::Complaint,
        category: None,
        region: Some("32.73".parse().unwrap()),
        incident_date: None,
        anonymous: false,
        secret: false,
        channel: "web".into(),
        excluded: ids(excluded),
        suggested: None,
        programme: None,
        commitment: Digest::of(b"key"),
    })
}

pub fn completed() -> Body {
    Body::ReportCompleted(ReportCompleted {
        region: None,
        incident_date: None,
    })
}

pub fn verified() -> Body {
    excluding(&[])
}

pub fn excluding(excluded: &[&str]) -> Body {
    Body::CaseVerified(CaseVerified {
        classification: None,
        oversight: None,
        category: None,
        region: None,
        excluded: ids(excluded),
        on_behalf_of: None,
    })
}

pub fn verified_for(institution: &str) -> Body {
    let Body::CaseVerified(verified) = verified() else {
        unreachable!()
    };
    Body::CaseVerified(CaseVerified {
        on_behalf_of: Some(id(institution)),
        ..verified
    })
}

pub fn held() -> Body {
    Body::CaseHeld(CaseHeld { questions: 1 })
}

pub fn archived() -> Body {
    Body::CaseArchived(CaseArchived {
        reason: ArchiveReason::Other,
    })
}

pub fn disposed(target: &str) -> Body {
    disposed_with(target, &[])
}

pub fn disposed_with(target: &str, copies: &[&str]) -> Body {
    Body::CaseDisposed(CaseDisposed {
        target: id(target),
        copies: ids(copies),
        deadline: None,
    })
}

pub fn returned() -> Body {
    Body::CaseReturned(CaseReturned {
        reason: ReturnReason::NotOurAuthority,
        suggested: None,
    })
}

pub fn recalled() -> Body {
    Body::CaseRecalled(CaseRecalled {
        reason: RecallReason::NoAnswer,
    })
}

pub fn followed_up() -> Body {
    Body::CaseFollowedUp(CaseFollowedUp {
        proposes_to_close: false,
    })
}

pub fn answered() -> Body {
    Body::CaseFollowedUp(CaseFollowedUp {
        proposes_to_close: true,
    })
}

pub fn noted() -> Body {
    Body::CaseNoted(CaseNoted {})
}

pub fn replied() -> Body {
    Body::CaseReplied(CaseReplied {})
}

pub fn confirmed() -> Body {
    Body::CaseClosed(CaseClosed {
        by: ClosedBy::Reporter,
        through_officer: false,
        follow_up: None,
    })
}

pub fn silent(follow_up: &MessageRef) -> Body {
    Body::CaseClosed(CaseClosed {
        by: ClosedBy::Silence,
        through_officer: false,
        follow_up: Some(follow_up.clone()),
    })
}

pub fn reopened() -> Body {
    Body::CaseReopened(CaseReopened {})
}

pub fn rated(score: u8) -> Body {
    Body::CaseRated(CaseRated { score })
}

pub fn supported() -> Body {
    Body::CaseSupported(CaseSupported {})
}

pub fn linked(target_case: CaseId, origin: &str) -> Body {
    Body::CaseLinked(CaseLinked {
        target_case,
        origin: id(origin),
    })
}

pub fn unlinked(link: &MessageRef, target_case: CaseId) -> Body {
    Body::CaseUnlinked(CaseUnlinked {
        link: link.id,
        target_case,
    })
}

pub fn split(child: CaseId, inherits: Inheritance) -> Body {
    Body::CaseSplit(CaseSplit {
        child,
        commitment: Digest::of(b"child"),
        child_key: Sealed {
            nonce: String::new(),
            ciphertext: String::new(),
        },
        classification: Classification::Complaint,
        category: None,
        region: None,
        inherits,
    })
}

pub fn escalated(supervisor: &str) -> Body {
    Body::CaseEscalated(CaseEscalated {
        supervisor: id(supervisor),
        consent: true,
    })
}

pub fn succeeded(institution: &str) -> Body {
    Body::CaseSucceeded(CaseSucceeded {
        institution: id(institution),
    })
}

pub fn taken_over() -> Body {
    Body::CaseTakenOver(CaseTakenOver {})
}

pub fn redacted() -> Body {
    Body::CaseRedacted(CaseRedacted {
        reason: RedactionReason::ReporterRequest,
    })
}

pub fn identity_requested() -> Body {
    Body::IdentityRequested(IdentityRequested {
        purpose: IdentityPurpose::Visit,
    })
}

pub fn identity_disclosed(request: MessageId, requester: &str) -> Body {
    Body::IdentityDisclosed(IdentityDisclosed {
        request,
        requester: id(requester),
        commitment: Digest::of(b"identity"),
    })
}

pub fn identity_refused(request: MessageId, requester: &str) -> Body {
    Body::IdentityRefused(IdentityRefused {
        request,
        requester: id(requester),
        reason: IdentityRefusal::ReporterDeclined,
    })
}
