//! What came of a backup that was made or tried, in the words of whoever reads it: what was proved,
//! what does not hold by kind, and why it ended early.

use lapor_web::language::{TextId, Voice, text_id};

use crate::evidence::Flaw;
use crate::mishap::Mishap;
use crate::trial::Trial;

/// What a trial has proved, sentence by sentence.
pub fn shown(v: &Voice, of: &Trial) -> Vec<String> {
    let mut said = vec![
        v.with("n", of.files).say("trial-files"),
        v.with("n", of.envelopes)
            .with("versions", of.versions)
            .say("trial-envelopes"),
        v.with("n", of.rulings)
            .with("cases", of.cases)
            .with("receipts", of.receipts)
            .say("trial-rulings"),
        v.with("n", of.compared).say("trial-compared"),
        v.with("n", of.since)
            .with("versions", of.versions_since)
            .say("trial-since"),
    ];
    if of.missing > 0 {
        said.push(v.with("n", of.missing).say("backup-missing"));
    }
    if of.wrongs > 0 {
        said.push(v.with("n", of.wrongs).say("trial-wrong"));
        let flaws = of.flaws.iter();
        said.extend(flaws.map(|(flaw, n)| v.with("n", *n).say(flaw_words(*flaw))));
    }
    said
}

fn flaw_words(flaw: Flaw) -> TextId {
    match flaw {
        Flaw::Unreadable => text_id("trial-flaw-unreadable"),
        Flaw::Directory => text_id("trial-flaw-directory"),
        Flaw::Signature => text_id("trial-flaw-signature"),
        Flaw::Twice => text_id("trial-flaw-twice"),
        Flaw::Chain => text_id("trial-flaw-chain"),
        Flaw::Missing => text_id("trial-flaw-missing"),
        Flaw::Ruling => text_id("trial-flaw-ruling"),
        Flaw::Case => text_id("trial-flaw-case"),
        Flaw::Receipt => text_id("trial-flaw-receipt"),
        Flaw::Head => text_id("trial-flaw-head"),
        Flaw::Picture => text_id("trial-flaw-picture"),
        Flaw::HubKey => text_id("trial-flaw-hub-key"),
        Flaw::Message => text_id("trial-flaw-message"),
        Flaw::Item => text_id("trial-flaw-item"),
        Flaw::Version => text_id("trial-flaw-version"),
    }
}

/// Why a backup was not made, or not tried to the end.
pub fn mishap_words(mishap: Mishap) -> TextId {
    match mishap {
        Mishap::Interrupted => text_id("mishap-interrupted"),
        Mishap::NoRoom => text_id("mishap-no-room"),
        Mishap::DiskFull => text_id("mishap-disk-full"),
        Mishap::File => text_id("mishap-file"),
        Mishap::Gone => text_id("mishap-gone"),
        Mishap::Damaged => text_id("mishap-damaged"),
        Mishap::Unfinished => text_id("mishap-unfinished"),
        Mishap::Foreign => text_id("mishap-foreign"),
        Mishap::Newer => text_id("mishap-newer"),
        Mishap::Busy => text_id("mishap-busy"),
        Mishap::Occupied => text_id("mishap-occupied"),
        Mishap::Keys => text_id("mishap-keys"),
        Mishap::Database => text_id("mishap-database"),
        Mishap::Copy => text_id("mishap-copy"),
        Mishap::Record => text_id("mishap-record"),
        Mishap::Settings => text_id("mishap-settings"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono_tz::Tz;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;

    #[test]
    fn what_does_not_hold_is_told_by_kind_in_the_language_of_its_reader() {
        let mut trial = Trial {
            made_at: 0,
            files: 1,
            bytes: 1,
            missing: 0,
            keys: true,
            versions: 1,
            envelopes: 1,
            rulings: 1,
            receipts: 1,
            cases: 1,
            compared: 1,
            since: 0,
            versions_since: 0,
            wrong: vec!["envelopes.ndjson:3: its signature does not verify".to_owned()],
            wrongs: 3,
            flaws: BTreeMap::from([(Flaw::Signature, 2), (Flaw::Item, 1)]),
        };
        for (language, said) in [
            (
                Language::Indonesian,
                [
                    "3 hal tidak benar:",
                    "2 pesan tanpa tanda tangan yang sah dari pengirimnya",
                    "1 aliran: kiriman terakhirnya tidak ada dalam catatan hub ini",
                ],
            ),
            (
                Language::English,
                [
                    "3 things do not hold:",
                    "2 messages without a valid signature of their authors",
                    "One stream: its last item is not in the record of this hub",
                ],
            ),
        ] {
            let v = Voice::new(language, texts(), Tz::Asia__Jakarta, 0);
            let all = shown(&v, &trial);
            assert_eq!(all[all.len() - 3..], said);
        }
        // As a program of before has kept it.
        let mut kept = serde_json::to_value(&trial).unwrap();
        kept.as_object_mut().unwrap().remove("flaws");
        trial.flaws = BTreeMap::new();
        assert_eq!(serde_json::from_value::<Trial>(kept).unwrap(), trial);
    }
}
