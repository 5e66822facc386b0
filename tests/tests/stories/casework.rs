//! A case from question to rating, and what goes with it: notes, attachments,
//! exclusion, erasure.

use lapor_node::casework::KeyState;
use lapor_node::error::NodeError;
use lapor_protocol::case::{Effect, Reason, State, Withheld};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, KEMENSOS, OMBUDSMAN, PUSAT};
use lapor_tests::fleet::words::{NAME_CANARY, WORDS_CANARY, act, report, report_without, said};
use lapor_tests::fleet::{Fleet, Weather, document, kinds};
use serde_json::json;

const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn a_case_is_held_completed_answered_closed_rated_and_goes_on_when_it_must() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Jembatan retak")).await;
        fleet.settle().await;
        pusat.recall(case).await;
        fleet.settle().await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        kemenpu.hold(case, "Jembatan yang mana?").await;
        fleet.settle().await;
        assert_eq!(bandung.state(case).await, State::Held);
        bandung.complete(case, "Jembatan Pasupati.").await;
        fleet.settle().await;
        assert_eq!(kemenpu.state(case).await, State::Disposed, "as it was");
        kemenpu.answer(case, "Retakan ditutup.").await;
        fleet.settle().await;
        bandung.close(case).await;
        bandung.rate(case, 4).await;
        fleet.settle().await;
        let closed = kemenpu.view(case).await;
        assert_eq!(closed.summary.state, Some(State::Closed));
        assert_eq!(closed.score, Some(4));
        let refused = kemenpu
            .tries(case, act("case.disposed", json!({ "target": "pusat" })))
            .await;
        assert_ne!(refused.ruling.effect, Effect::Applied);

        bandung.reply(case, "Retak lagi.").await;
        fleet.settle().await;
        assert_eq!(
            kemenpu.state(case).await,
            State::InProgress,
            "a reply reopens"
        );
        kemenpu.answer(case, "Diperbaiki tuntas.").await;
        fleet.settle().await;
        bandung.close(case).await;
        fleet.settle().await;
        kemenpu.reopen(case).await;
        fleet.settle().await;
        assert_eq!(pusat.state(case).await, State::InProgress);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_note_between_desks_is_withheld_from_the_origin_and_leaves_no_hole() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Jalan berlubang")).await;
        fleet.settle().await;
        pusat.recall(case).await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        kemenpu.note(case, "Petugas berangkat besok.").await;
        kemenpu.follow_up(case, "Sedang dikerjakan.").await;
        fleet.settle().await;
        let note = &pusat.view(case).await.history[3];
        assert!(
            note.words.as_ref().unwrap()["text"]
                .as_str()
                .unwrap()
                .contains("besok")
        );
        let origins = bandung.view(case).await;
        assert_eq!(origins.history[3].withheld, Some(Withheld::NotEntitled));
        assert_eq!(origins.history[3].words, None);
        assert_eq!(origins.case_seq, 5);
        assert_eq!(origins.summary.state, Some(State::InProgress));
        // One that comes together with the ruling of an own note is still the later of the two.
        bandung.note(case, "Pelapor menelepon.").await;
        bandung.link().push().await.expect("a line");
        fleet.pass(HOUR_MS);
        kemenpu.note(case, "Sudah di lokasi.").await;
        kemenpu.catch_up().await;
        bandung.catch_up().await;
        let origins = bandung.view(case).await;
        let [.., own, others] = origins.history.as_slice() else {
            panic!("a history of two notes");
        };
        assert_eq!(own.withheld, Some(Withheld::Own));
        assert_eq!(others.withheld, Some(Withheld::NotEntitled));
        assert_eq!(others.at, own.at + HOUR_MS);
        assert_eq!(origins.summary.last_at, Some(others.at));
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn attachments_reach_every_party_byte_for_byte_over_a_bad_line() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        // More than two pieces of the link, and not a whole number of chunks.
        let bytes = (0..2_300_001u32).map(|n| (n.wrapping_mul(n) / 7) as u8);
        let photo = document(&bytes.collect::<Vec<_>>());
        let evidence = format!("{WORDS_CANARY}: kuitansi").into_bytes();
        let mut filed = report("Jalan berlubang");
        filed.attachments = vec![bandung.upload(&photo).await];
        fleet.weather(Weather::STORM);
        let case = bandung.file(filed).await;
        fleet.settle().await;
        pusat.recall(case).await;
        fleet.settle().await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        let open = json!({ "proposes_to_close": true });
        let mut answer = said("case.followed_up", open, "Ditambal, kuitansi terlampir.");
        answer.attachments = vec![kemenpu.upload(&evidence).await];
        kemenpu.act(case, answer).await;
        fleet.settle().await;
        fleet.weather_clears().await;
        fleet.settle().await;
        let history = bandung.view(case).await.history;
        let sent = [&history[0].attachments[0], &history[3].attachments[0]];
        for institution in [bandung, pusat, kemenpu] {
            let read = institution.attachment(case, sent[0].sha256).await.unwrap();
            assert!(
                read == photo,
                "{} reads another photo",
                institution.member.slug
            );
            let read = institution.attachment(case, sent[1].sha256).await.unwrap();
            assert!(read == evidence, "{}", institution.member.slug);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn an_excluded_institution_never_becomes_a_party() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let case = bandung
            .file(report_without("Pungutan liar", &["kemenpu"]))
            .await;
        fleet.settle().await;
        pusat.recall(case).await;
        fleet.settle().await;
        let to_it = json!({ "target": "kemenpu" });
        let refused = pusat.tries(case, act("case.disposed", to_it)).await;
        assert_eq!(refused.ruling.reason, Some(Reason::Excluded));
        let copied = json!({ "target": "kota-bandung", "copies": ["kemenpu"] });
        let refused = pusat.tries(case, act("case.disposed", copied)).await;
        assert_eq!(refused.ruling.reason, Some(Reason::Excluded));
        pusat.dispose(case, "kota-bandung").await;
        fleet.settle().await;
        assert!(!kemenpu.knows(case).await);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn whoever_has_the_work_of_an_excluded_institution_never_becomes_a_party() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU, KEMENSOS]).await;
        let report = report_without("Pungutan liar", &["kemensos"]);
        let case = fleet.at("kota-bandung").file(report).await;
        fleet.settle().await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;
        fleet.dissolve("kemensos", "kemenpu").await;
        // Nobody has told the desk yet: the hub rules by the directory of the moment.
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        let history = bandung.view(case).await.history;
        let last = history.last().map(|entry| (entry.effect, entry.reason));
        let ruled = (Some(Effect::Unauthorised), Some(Reason::Excluded));
        assert_eq!(last, Some(ruled));
        let again = act("case.disposed", json!({ "target": "kemenpu" }));
        let refused = pusat.tries(case, again).await;
        assert_eq!(refused.ruling.reason, Some(Reason::Excluded));
        assert!(!kemenpu.knows(case).await);
        pusat.dispose(case, "kota-bandung").await;
        fleet.settle().await;
        assert_eq!(bandung.custodian(case).await, "kota-bandung");
        assert!(!kemenpu.knows(case).await);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn where_the_national_desk_is_excluded_the_supervisor_stands_in_for_it() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU, OMBUDSMAN]).await;
        let [bandung, ombudsman] = ["kota-bandung", "ombudsman"].map(|slug| fleet.at(slug));
        let case = bandung
            .file(report_without("Keluhan tentang pusat", &["pusat"]))
            .await;
        fleet.settle().await;
        assert!(!fleet.at("pusat").knows(case).await);
        ombudsman.recall(case).await;
        fleet.settle().await;
        ombudsman.dispose(case, "kemenpu").await;
        fleet.settle().await;
        fleet.at("kemenpu").answer(case, "Diperiksa.").await;
        fleet.settle().await;
        assert_eq!(bandung.state(case).await, State::Answered);
        assert!(!fleet.at("pusat").knows(case).await);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_redacted_case_is_forgotten_everywhere_and_its_skeleton_stays() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let mut filed = report("Data pribadi saya");
        filed.attachments = vec![bandung.upload(b"sebuah foto").await];
        let case = bandung.file(filed).await;
        fleet.settle().await;
        pusat.recall(case).await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        let photo = kemenpu.view(case).await.history[0].attachments[0].sha256;
        kemenpu.attachment(case, photo).await.unwrap();
        bandung.redact(case).await;
        fleet.settle().await;
        for institution in [bandung, pusat, kemenpu] {
            let view = institution.view(case).await;
            assert_eq!(view.key, KeyState::Erased);
            assert_eq!(view.summary.title, None);
            let told = serde_json::to_string(&view).unwrap();
            assert!(!told.contains(WORDS_CANARY), "{}", institution.member.slug);
            let gone = institution.attachment(case, photo).await;
            assert!(matches!(gone, Err(NodeError::Redacted(_))));
        }
        let reporter = bandung.node().identity(case, "penjaga").await.unwrap();
        assert_eq!(reporter, None, "{NAME_CANARY} is forgotten too");
        let wordless = json!({ "target": "kota-bandung" });
        pusat.recall(case).await;
        pusat.act(case, act("case.disposed", wordless)).await;
        fleet.settle().await;
        assert_eq!(bandung.state(case).await, State::Disposed);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn what_the_hub_could_not_erase_is_erased_when_it_starts_again() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let mut filed = report("Data pribadi saya");
        filed.attachments = vec![bandung.upload(b"sebuah foto").await];
        let case = bandung.file(filed).await;
        fleet.settle().await;
        let photo = bandung.view(case).await.history[0].attachments[0].sha256;
        let at_hub = lapor_hub::blobs::path(&fleet.hub.hub().settings().storage.blobs, photo);
        assert!(at_hub.is_file());
        // A folder of that name cannot be removed as a file is.
        let aside = at_hub.with_extension("aside");
        std::fs::rename(&at_hub, &aside).unwrap();
        std::fs::create_dir(&at_hub).unwrap();
        bandung.redact(case).await;
        fleet.settle().await;
        assert!(at_hub.is_dir());
        std::fs::remove_dir(&at_hub).unwrap();
        std::fs::rename(&aside, &at_hub).unwrap();
        fleet.restart_hub().await;
        assert!(!at_hub.exists());
        fleet.ends_well().await;
    }
}
