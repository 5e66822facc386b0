//! The keys of an institution with their history, in words for its page: since
//! when each held, until when, and what ended it. Clocks play no part in whether a
//! key is valid; the moments are those of the directory versions.

use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{InstanceId, Position};
use lapor_web::language::{Voice, text_id};

use super::keys::use_words;
use crate::member_keys::{self, End, Term};

/// One key of an institution.
pub struct KeyLine {
    pub used_for: String,
    pub id: String,
    pub from: String,
    /// The place in the chain from which it is valid.
    pub from_place: Option<String>,
    pub to: String,
    /// The last place at which it is valid.
    pub to_place: Option<String>,
}

/// The identity key, then the others, the latest first.
pub fn lines(v: &Voice, directory: &Directory, id: &InstanceId) -> Vec<KeyLine> {
    let terms = member_keys::terms(directory, id).into_iter();
    terms.map(|term| line(v, directory, &term)).collect()
}

fn line(v: &Voice, directory: &Directory, term: &Term) -> KeyLine {
    let at = |version: u64| match directory.published_at(version) {
        Some(ms) => v.moment(ms),
        None => v.say("key-undated"),
    };
    let from = match (term.since, term.end) {
        (Some(version), _) => at(version),
        (None, None) => v.say("key-not-yet"),
        (None, Some(_)) => v.say("key-never"),
    };
    let to = match term.end {
        None if term.since.is_none() => "–".to_owned(),
        None => v.say("key-current"),
        Some(End::Replaced(version)) => v.with("at", at(version)).say("key-replaced"),
        Some(End::Suspended(version)) => v.with("at", at(version)).say("key-suspended"),
        Some(End::Revoked {
            suspended: None,
            at: version,
        }) => v.with("at", at(version)).say("key-revoked"),
        Some(End::Revoked {
            suspended: Some(before),
            at: version,
        }) => {
            let said = v.with("suspended", at(before));
            said.with("at", at(version)).say("key-suspended-revoked")
        }
    };
    let last = |place| v.with("place", position(v, place)).say("key-last-place");
    KeyLine {
        used_for: v.say(use_words(term.use_for)),
        id: term.kid.to_string(),
        from,
        from_place: term.begins.map(|place| position(v, place)),
        to,
        to_place: term.last.map(last),
    }
}

/// A place in a chain.
pub fn position(v: &Voice, place: Position) -> String {
    let said = v.with("epoch", place.epoch).with("n", place.seq);
    said.say(match place.seq {
        0 => text_id("key-place-empty"),
        _ => text_id("key-place"),
    })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;

    #[test]
    fn a_place_in_a_chain_is_told_in_words() {
        let told = |language, seq| {
            let v = Voice::new(language, texts(), Tz::Asia__Jakarta, 0);
            position(&v, Position { epoch: 2, seq })
        };
        let (id, en) = (Language::Indonesian, Language::English);
        assert_eq!(told(id, 1151), "bagian rantai 2, pesan 1.151");
        assert_eq!(told(en, 1151), "epoch 2, message 1,151");
        assert_eq!(told(id, 0), "bagian rantai 2, tanpa pesan");
        assert_eq!(told(en, 0), "epoch 2, no message");
    }
}
