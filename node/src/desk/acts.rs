//! What is done at this node as the audit log has it, in words.

use lapor_web::language::{TextId, text_id};

pub const ACTS: &[(&str, TextId)] = &[
    ("report.filed", text_id("did-report-filed")),
    ("report.completed", text_id("did-report-completed")),
    ("case.verified", text_id("did-case-verified")),
    ("case.held", text_id("did-case-held")),
    ("case.archived", text_id("did-case-archived")),
    ("case.disposed", text_id("did-case-disposed")),
    ("case.returned", text_id("did-case-returned")),
    ("case.recalled", text_id("did-case-recalled")),
    ("case.followed_up", text_id("did-case-followed-up")),
    ("case.noted", text_id("did-case-noted")),
    ("case.replied", text_id("did-case-replied")),
    ("case.closed", text_id("did-case-closed")),
    ("case.reopened", text_id("did-case-reopened")),
    ("case.rated", text_id("did-case-rated")),
    ("case.supported", text_id("did-case-supported")),
    ("case.linked", text_id("did-case-linked")),
    ("case.unlinked", text_id("did-case-unlinked")),
    ("case.split", text_id("did-case-split")),
    ("case.escalated", text_id("did-case-escalated")),
    ("case.succeeded", text_id("did-case-succeeded")),
    ("case.taken_over", text_id("did-case-taken-over")),
    ("case.redacted", text_id("did-case-redacted")),
    ("case.assigned", text_id("did-case-assigned")),
    ("case.numbered", text_id("did-case-numbered")),
    ("case.localised", text_id("did-case-localised")),
    ("identity.requested", text_id("did-identity-requested")),
    ("identity.disclosed", text_id("did-identity-disclosed")),
    ("identity.refused", text_id("did-identity-refused")),
    ("identity.asked", text_id("did-identity-asked")),
    ("identity.opened", text_id("did-identity-opened")),
    ("identity.objected", text_id("did-identity-objected")),
    ("identity.granted", text_id("did-identity-granted")),
    ("identity.denied", text_id("did-identity-denied")),
    ("identity.declined", text_id("did-identity-declined")),
    ("identity.consented", text_id("did-identity-consented")),
    ("answer.drafted", text_id("did-answer-drafted")),
    ("answer.approved", text_id("did-answer-approved")),
    ("answer.corrected", text_id("did-answer-corrected")),
    ("answer.returned", text_id("did-answer-returned")),
    ("answer.dropped", text_id("did-answer-dropped")),
    ("act.dropped", text_id("did-act-dropped")),
    ("counter.said", text_id("did-counter-said")),
    ("counter.key_given", text_id("did-counter-key-given")),
    ("counter.key_refused", text_id("did-counter-key-refused")),
    ("citizen.report_added", text_id("did-citizen-report-added")),
    (
        "citizen.account_erased",
        text_id("did-citizen-account-erased"),
    ),
    ("abuse.marked", text_id("did-abuse-marked")),
    ("abuse.cleared", text_id("did-abuse-cleared")),
    ("conversation.opened", text_id("did-conversation-opened")),
    ("reporter.key_changed", text_id("did-reporter-key-changed")),
    (
        "reporter.contact_proved",
        text_id("did-reporter-contact-proved"),
    ),
    ("own_data.read", text_id("did-own-data-read")),
    ("erasure.asked", text_id("did-erasure-asked")),
    ("erasure.withdrawn", text_id("did-erasure-withdrawn")),
    ("erasure.planned", text_id("did-erasure-planned")),
    ("erasure.confirmed", text_id("did-erasure-confirmed")),
    ("erasure.stopped", text_id("did-erasure-stopped")),
    ("erasure.lapsed", text_id("did-erasure-lapsed")),
    ("erasure.doubted", text_id("did-erasure-doubted")),
    ("erasure.done", text_id("did-erasure-done")),
    ("absence.noted", text_id("did-absence-noted")),
    ("absence.ended", text_id("did-absence-ended")),
    ("unit.added", text_id("did-unit-added")),
    ("unit.renamed", text_id("did-unit-renamed")),
    ("unit.closed", text_id("did-unit-closed")),
    ("token.created", text_id("did-token-created")),
    ("token.revoked", text_id("did-token-revoked")),
    ("webhook.made", text_id("did-webhook-made")),
    ("webhook.changed", text_id("did-webhook-changed")),
    ("webhook.on", text_id("did-webhook-on")),
    ("webhook.off", text_id("did-webhook-off")),
    ("webhook.ended", text_id("did-webhook-ended")),
    ("webhook.secret", text_id("did-webhook-secret")),
    ("webhook.tried", text_id("did-webhook-tried")),
    ("webhook.replayed", text_id("did-webhook-replayed")),
    ("webhook.skipped", text_id("did-webhook-skipped")),
    ("register.brought", text_id("did-register-brought")),
    ("cases.downloaded", text_id("did-cases-downloaded")),
    ("bridge.ran", text_id("did-bridge-ran")),
    ("category.tree", text_id("did-category-tree")),
    ("category.mapped", text_id("did-category-mapped")),
    ("category.unmapped", text_id("did-category-unmapped")),
    ("setup.dismissed", text_id("did-setup-dismissed")),
    ("setup.resumed", text_id("did-setup-resumed")),
    ("setup.contact", text_id("did-setup-contact")),
    ("setup.address", text_id("did-setup-address")),
    ("setup.mail", text_id("did-setup-mail")),
    ("setup.mail_removed", text_id("did-setup-mail-removed")),
    ("setup.approval", text_id("did-setup-approval")),
    ("setup.evidence", text_id("did-setup-evidence")),
    ("channel.looked_again", text_id("did-channel-looked-again")),
    ("channel.taken_up", text_id("did-channel-taken-up")),
    ("channel.left", text_id("did-channel-left")),
    ("channel.laid_aside", text_id("did-channel-laid-aside")),
    ("channel.said_again", text_id("did-channel-said-again")),
    ("channel.dropped", text_id("did-channel-dropped")),
    ("channel.blocked", text_id("did-channel-blocked")),
    ("channel.unblocked", text_id("did-channel-unblocked")),
    ("channel.keyword_set", text_id("did-channel-keyword-set")),
    (
        "channel.keyword_ended",
        text_id("did-channel-keyword-ended"),
    ),
    ("city.asked_again", text_id("did-city-asked-again")),
    ("city.dropped", text_id("did-city-dropped")),
    ("mail.tried", text_id("did-mail-tried")),
    ("letter.dropped", text_id("did-letter-dropped")),
    ("programme.published", text_id("did-programme-published")),
    ("programme.progressed", text_id("did-programme-progressed")),
    ("taxonomy.updated", text_id("did-taxonomy-updated")),
    ("calendar.updated", text_id("did-calendar-updated")),
    ("key.announced", text_id("did-key-announced")),
    ("quarantine.replay", text_id("did-quarantine-replay")),
    ("quarantine.refuse", text_id("did-quarantine-refuse")),
];

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::api::catalogue;

    /// Texts like `case.assigned` that are written into the audit log, as the source has them.
    fn written(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                written(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            for (place, _) in text.match_indices("audit::add(") {
                let call = text[place..].split(';').next().unwrap();
                let texts = call.split('"').skip(1).step_by(2);
                let code = |t: &&str| {
                    t.contains('.')
                        && t.chars()
                            .all(|c| c.is_ascii_lowercase() || "._".contains(c))
                };
                found.extend(texts.filter(code).map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_act_that_is_written_down_has_words() {
        let mut found = Vec::new();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        written(&source, &mut found);
        assert!(found.iter().any(|act| act == "case.numbered"), "{found:?}");
        found.extend(catalogue::ACTS.iter().map(|kind| kind.name.to_owned()));
        for act in found {
            assert!(ACTS.iter().any(|(known, _)| *known == act), "{act}");
        }
    }
}
