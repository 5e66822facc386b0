//! What an institution has set aside, as its page tells it.

use lapor_protocol::directory::Directory;
use lapor_web::language::{TextId, Voice, text_id};

use crate::console::casework::{self, act_words};
use crate::console::key_terms;
use crate::console::names::named;
use crate::set_aside::SetAside;

/// A delivery that the institution could not apply.
pub(super) struct Aside {
    pub(super) place: u64,
    pub(super) state: String,
    pub(super) reason: String,
    pub(super) kind: String,
    /// Its case, and where the skeleton of it stands.
    pub(super) case: Option<(String, String)>,
    pub(super) ordered_at: i64,
    /// Who sent it.
    pub(super) sender: Option<String>,
    pub(super) header: Vec<(String, String)>,
}

/// What the last acknowledgement lists as set aside.
pub(super) fn aside(v: &Voice, directory: &Directory, found: Vec<SetAside>) -> Vec<Aside> {
    let aside = found.into_iter().map(|found| Aside {
        state: v.say(aside_words(&found.state, &found.reason)),
        place: found.place,
        header: header(v, &found),
        sender: found
            .sent
            .as_ref()
            .map(|sent| named(v, directory, &sent.author)),
        reason: if found.damaged_here {
            v.say(text_id("aside-damaged-here"))
        } else {
            aside_reason(v, &found.state, found.reason)
        },
        kind: act_words(&found.kind).map_or(found.kind, |words| v.say(words)),
        case: found.case.map(|case| (casework::one(&case), case)),
        ordered_at: found.ordered_at,
    });
    aside.collect()
}

/// The envelope as far as it is not sealed.
fn header(v: &Voice, found: &SetAside) -> Vec<(String, String)> {
    let line = |name: TextId, value: &str| (v.say(name), value.to_owned());
    let mut lines = vec![("SHA-256".to_owned(), found.envelope.clone())];
    let Some(sent) = &found.sent else {
        return lines;
    };
    lines.extend([
        line(text_id("aside-message"), &sent.message_id),
        line(
            text_id("aside-position"),
            &key_terms::position(v, sent.position),
        ),
        line(text_id("aside-accepted"), &v.moment(sent.accepted_at)),
        line(text_id("aside-size"), &v.number(sent.bytes)),
        line(text_id("aside-trace"), sent.trace.as_deref().unwrap_or("–")),
    ]);
    lines
}

/// Whether it waits for another message of its case, whatever code it bears: from a node of before,
/// that of the message in front.
fn waits(state: &str, code: &str) -> bool {
    state == "parked" && code != "kind_unknown"
}

/// Why, in words for the codes that nodes of this version give.
fn aside_reason(v: &Voice, state: &str, code: String) -> String {
    let words = match &*code {
        _ if waits(state, &code) => text_id("aside-case-waits"),
        "bytes_damaged" => text_id("aside-bytes-damaged"),
        "cannot_be_applied" => text_id("aside-cannot-be-applied"),
        "kind_unknown" => text_id("aside-kind-unknown"),
        "case_waits" => text_id("aside-case-waits"),
        "signature_invalid" => text_id("aside-signature-invalid"),
        "item_mismatch" => text_id("aside-item-mismatch"),
        "key_unknown" => text_id("aside-key-unknown"),
        "header_invalid" => text_id("aside-header-invalid"),
        "body_invalid" => text_id("aside-body-invalid"),
        _ => return code,
    };
    v.say(words)
}

fn aside_words(state: &str, reason: &str) -> TextId {
    match state {
        "parked" if waits(state, reason) => text_id("aside-waits"),
        "parked" => text_id("aside-parked"),
        "refused" => text_id("aside-refused"),
        "superseded" => text_id("aside-superseded"),
        _ => text_id("aside-quarantined"),
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_protocol::ids::Position;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;
    use crate::set_aside::Sent;

    #[test]
    fn why_a_message_was_set_aside_is_told_in_words() {
        for language in Language::ALL {
            let v = Voice::new(language, texts(), Tz::Asia__Jakarta, 0);
            let mut all = std::collections::BTreeSet::new();
            for code in [
                "bytes_damaged",
                "cannot_be_applied",
                "kind_unknown",
                "case_waits",
                "signature_invalid",
                "item_mismatch",
                "key_unknown",
                "header_invalid",
                "body_invalid",
            ] {
                let said = aside_reason(&v, "quarantined", code.to_owned());
                assert!(said.contains(' ') && !said.contains(code), "{said}");
                assert!(all.insert(said), "{code} has words of its own");
            }
            let later = aside_reason(&v, "quarantined", "of_a_later_version".to_owned());
            assert_eq!(later, "of_a_later_version");
        }
    }

    #[test]
    fn what_waits_for_another_message_is_blamed_for_nothing_of_it() {
        let v = Voice::new(Language::Indonesian, texts(), Tz::Asia__Jakarta, 0);
        let said = |state, code: &str| {
            let words = v.say(aside_words(state, code));
            (words, aside_reason(&v, state, code.to_owned()))
        };
        let waits = (
            "Menunggu pesan lain dalam kasusnya".to_owned(),
            "Menunggu pesan sebelumnya dari kasus yang sama".to_owned(),
        );
        for code in ["case_waits", "signature_invalid", "cannot_be_applied"] {
            assert_eq!(said("parked", code), waits, "{code}");
        }
        let (state, why) = said("parked", "kind_unknown");
        assert_eq!(state, "Menunggu versi baru");
        assert_eq!(why, "Jenisnya belum dikenal versi instansi itu");
        let (state, why) = said("quarantined", "signature_invalid");
        assert_eq!(state, "Disisihkan");
        assert_eq!(why, "Tanda tangan pengirimnya tidak sah");
    }

    #[test]
    fn where_a_message_that_was_set_aside_stands_is_told_in_words() {
        let found = SetAside {
            place: 1,
            state: "quarantined".to_owned(),
            reason: "signature_invalid".to_owned(),
            damaged_here: false,
            kind: "case.filed".to_owned(),
            case: None,
            ordered_at: 1,
            envelope: "0".repeat(64),
            sent: Some(Sent {
                author: "kota-bandung".to_owned(),
                message_id: "m".to_owned(),
                position: Position { epoch: 1, seq: 2 },
                accepted_at: 1,
                bytes: 1,
                trace: None,
            }),
        };
        for (language, said) in [
            (Language::Indonesian, "bagian rantai 1, pesan 2"),
            (Language::English, "epoch 1, message 2"),
        ] {
            let v = Voice::new(language, texts(), Tz::Asia__Jakarta, 0);
            let lines = header(&v, &found);
            assert!(lines.iter().any(|(_, value)| value == said), "{lines:?}");
        }
        let told = serde_json::to_value(&found).unwrap();
        assert_eq!(told["sent"]["position"], "1.2");
    }
}
