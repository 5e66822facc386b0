//! What people say to an officer: each thing once, without the officer learning who they are.

use http::StatusCode;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use serde_json::json;

use super::cases::{KEY, at, key_of, state};
use super::{Browser, Page, SITI, WORDS, staffed};
use crate::casework::Outcome;
use crate::doors::router;
use crate::reporters::{FiledForReporter, FilingTerms};
use crate::store;
use crate::testing::{Place, acts};

const SURE: (&str, &str) = ("setuju", "1");

/// Opens the form of what somebody says, fills it in and sends it, twice.
async fn says(officer: &Browser<'_>, case: CaseId, what: &str, fields: &[(&str, &str)]) -> Page {
    let path = at(case, &format!("/loket/{what}"));
    let form = officer.open(&path).await;
    let key = key_of(form.is(StatusCode::OK));
    let all = [&[("kunci", key.as_str()), ("saluran", "loket")], fields].concat();
    officer.send_files(&path, &all).await;
    officer.send_files(&path, &all).await
}

/// Files a report as somebody in the audit log.
async fn filed(place: &Place, actor: &str) -> FiledForReporter {
    let report = json!({
        "classification": "complaint",
        "title": "Lampu jalan padam",
        "content": "Gelap sejak Minggu.",
        "channel": "walk-in",
        "reporter": {"name": "Ibu Canary"},
    });
    let terms = FilingTerms {
        actor: Some(actor),
        ..FilingTerms::default()
    };
    let report = serde_json::from_value(report).unwrap();
    let filed = place.node.file_for_reporter(report, terms).await.unwrap();
    let case = filed.filed.case;
    acts(place, case, "case.verified", json!({}), None).await;
    let body = json!({"proposes_to_close": true});
    let words = json!({"text": "Lampu sudah diganti."});
    acts(place, case, "case.followed_up", body, Some(words)).await;
    filed
}

#[tokio::test]
async fn a_reporter_at_the_counter_replies_confirms_rates_and_reopens() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "account:siti").await.filed.case;
        let page = siti.open(&at(case, "")).await;
        page.shows("Orang di loket").shows("/loket/selesai");
        assert!(!page.text.contains("Canary"), "an identity stays apart");
        page.shows("/loket/eskalasi");
        for deed in ["/lengkapi", "/tanggapan", "/selesai", "/eskalasi"] {
            let deed = at(case, deed);
            let link = format!("href=\"{deed}\"");
            assert!(!page.text.contains(&link), "offered once: {deed}");
            siti.open(&deed).await.is(StatusCode::NOT_FOUND);
        }

        let path = at(case, "/loket/tanggapan");
        let empty = [("kunci", KEY), ("saluran", "loket")];
        let empty = siti.send_files(&path, &empty).await;
        empty.is(StatusCode::UNPROCESSABLE_ENTITY);
        let reply = [("uraian", "Masih berkedip."), ("lampiran", "surat warga")];
        let done = says(&siti, case, "tanggapan", &reply).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to(), at(case, ""));
        let history = place.node.case(case).await.unwrap().history;
        let replies = history.iter().filter(|entry| entry.kind == "case.replied");
        assert_eq!(replies.count(), 1, "pressed twice, said once");
        assert_eq!(history.last().unwrap().attachments.len(), 1);

        let unsaid = says(&siti, case, "selesai", &[]).await;
        unsaid.is(StatusCode::UNPROCESSABLE_ENTITY);
        says(&siti, case, "selesai", &[SURE]).await;
        let closed = place.node.case(case).await.unwrap().summary;
        assert_eq!(closed.state, Some(State::Closed));
        assert_eq!(
            closed.outcome,
            Some(Outcome::Officer),
            "nobody showed the key"
        );
        let unrated = says(&siti, case, "nilai", &[]).await;
        unrated.is(StatusCode::UNPROCESSABLE_ENTITY);
        says(&siti, case, "nilai", &[("nilai", "4")]).await;
        assert_eq!(place.node.case(case).await.unwrap().score, Some(4));
        says(&siti, case, "buka-kembali", &[("uraian", "Padam lagi.")]).await;
        assert_eq!(state(&place, case).await, Some(State::InProgress));
        let late = siti.open(&at(case, "/loket/nilai")).await;
        assert_eq!(late.is(StatusCode::SEE_OTHER).to(), at(case, ""));

        let said = place.audited("counter.said").await;
        assert_eq!(said.len(), 4);
        for (actor, detail) in said {
            assert!(actor.starts_with("account:"), "{actor}");
            assert!(detail.starts_with("reporter:"), "{detail}");
            assert!(detail.contains(" walk-in word "), "{detail}");
        }
        let (officer, _) = place.audited("counter.said").await.remove(0);
        let text = case.to_string();
        let mut tx = place.node.read_tx().await.unwrap();
        let handled = store::audit::has_handled(&mut tx, &text, (&officer, &officer)).await;
        assert!(handled.unwrap(), "and opens no identity in it");
    }
}

#[tokio::test]
async fn the_reporter_of_a_report_that_no_officer_took_in_shows_the_key() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let filed = filed(&place, "token:kios").await;
        let case = filed.filed.case;
        for said in ["tanggapan", "selesai", "eskalasi"] {
            let words = [SURE, ("uraian", "Terima kasih.")];
            let without = says(&siti, case, said, &words).await;
            without.is(StatusCode::UNPROCESSABLE_ENTITY);
        }
        let sent = [("kunci", KEY), SURE, ("uraian", "Kata pelapor selesai.")];
        for deed in ["/lengkapi", "/tanggapan", "/selesai", "/eskalasi"] {
            let walked_around = siti.send_files(&at(case, deed), &sent).await;
            walked_around.is(StatusCode::NOT_FOUND);
        }
        let wrong = [SURE, ("kunci-rahasia", "1234 5678 9012 3456")];
        let wrong = says(&siti, case, "selesai", &wrong).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tidak cocok");
        assert!(!wrong.text.contains("1234 5678"), "shown to nobody again");
        assert_eq!(state(&place, case).await, Some(State::Answered));
        let shown = [SURE, ("kunci-rahasia", filed.key.as_str())];
        says(&siti, case, "selesai", &shown)
            .await
            .is(StatusCode::SEE_OTHER);
        let closed = place.node.case(case).await.unwrap().summary;
        assert_eq!(closed.state, Some(State::Closed));
        assert_eq!(
            closed.outcome,
            Some(Outcome::Confirmed),
            "the key was shown"
        );
        let said = place.audited("counter.said").await;
        assert!(said[0].1.contains(" walk-in key "), "{said:?}");
        let node = &place.node;
        let here = "192.0.2.7".parse().unwrap();
        let opened = node.open_conversation(&filed.filed.ticket, filed.key.as_str(), here);
        let token = opened.await.unwrap().token;
        let visitor = node.visitor(&token).await.unwrap().unwrap();
        let own = node.conversation(&visitor, None).await.unwrap();
        let deeds = node.own_data(&own).await.unwrap().deeds;
        assert!(deeds.iter().any(|(_, deed)| deed == "counter.said"));
    }
}

#[tokio::test]
async fn the_reporter_of_a_report_without_a_key_is_heard_on_their_word() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = super::cases::filed(&place, "Lampu jalan padam", "Gelap.").await;
        acts(&place, case, "case.verified", json!({}), None).await;
        let words = json!({"text": "Lampu sudah diganti."});
        let body = json!({"proposes_to_close": true});
        acts(&place, case, "case.followed_up", body, Some(words)).await;
        siti.open(&at(case, ""))
            .await
            .shows(&at(case, "/loket/tanggapan"))
            .shows(&at(case, "/loket/selesai"));
        says(&siti, case, "selesai", &[SURE])
            .await
            .is(StatusCode::SEE_OTHER);
        assert_eq!(state(&place, case).await, Some(State::Closed));
        let said = place.audited("counter.said").await;
        assert!(said[0].1.starts_with("reporter walk-in word "), "{said:?}");
        let form = siti.open(&at(case, "/loket/nilai")).await;
        let rated = [
            ("kunci", key_of(&form)),
            ("saluran", "loket".into()),
            ("nilai", "5".into()),
        ];
        let rated = rated
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        let why = json!({"reason": "reporter_request"});
        acts(&place, case, "case.redacted", why, None).await;
        let page = siti.open(&at(case, "")).await;
        assert!(!page.text.contains("/loket/"), "nobody speaks for them");
        let late = siti.send_files(&at(case, "/loket/nilai"), &rated).await;
        late.is(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(place.audited("counter.said").await.len(), said.len());
    }
}

#[tokio::test]
async fn a_key_that_an_officer_has_seen_proves_nothing_of_who_is_content() {
    for mut place in staffed().await {
        let mine = filed(&place, "account:siti").await;
        let other = filed(&place, "token:kios").await;
        for one in [&mine, &other] {
            let said = || Some(json!({"text": "Masih gelap."}));
            let case = one.filed.case;
            acts(&place, case, "case.replied", json!({}), said()).await;
            let body = json!({"proposes_to_close": false});
            acts(&place, case, "case.followed_up", body, said()).await;
        }
        place.settings.answers.approval = Some(true);
        place.node = place.reopened().await;
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        for (one, state_after) in [(&mine, State::InProgress), (&other, State::Closed)] {
            let shown = [SURE, ("kunci-rahasia", one.key.as_str())];
            says(&siti, one.filed.case, "selesai", &shown).await;
            assert_eq!(state(&place, one.filed.case).await, Some(state_after));
        }
    }
}

#[tokio::test]
async fn somebody_else_with_the_same_trouble_is_counted_once_and_not_named() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "token:kios").await.filed.case;
        says(&siti, case, "dukung", &[])
            .await
            .is(StatusCode::SEE_OTHER);
        let summary = place.node.case(case).await.unwrap().summary;
        assert_eq!(summary.supports, 1);
        let said = place.audited("counter.said").await;
        assert!(said[0].1.starts_with("visitor walk-in word "), "{said:?}");
        let secret = super::cases::filed(&place, "Pungutan", "Isi.").await;
        let page = siti.open(&at(secret, "")).await;
        assert!(!page.text.contains("/loket/dukung"), "nobody verified it");
    }
}

#[tokio::test]
async fn an_officer_sees_whether_a_contact_was_proved_and_not_which_it_is() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let none = filed(&place, "test").await.filed.case;
        siti.open(&at(none, "")).await.shows("<dd>tidak ada</dd>");
        let report = json!({
            "classification": "complaint", "title": "Lampu", "content": "Gelap.",
            "channel": "web", "reporter": {"email": "canary@contoh.id"},
        });
        let terms = FilingTerms::default();
        let report = serde_json::from_value(report).unwrap();
        let told = place.node.file_for_reporter(report, terms).await.unwrap();
        let case = told.filed.case;
        let page = siti.open(&at(case, "")).await;
        page.shows("ditulis, belum dibuktikan");
        let mut tx = place.node.write_tx().await.unwrap();
        store::reporters::set_verification(&mut tx, &case.to_string(), "contact", None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let page = siti.open(&at(case, "")).await;
        page.shows("dibuktikan dengan kode");
        assert!(!page.text.contains("canary"), "who it is stays apart");
    }
}

#[tokio::test]
async fn answers_at_the_counter_belong_to_their_questions() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "account:siti").await.filed.case;
        let mut asked = vec![
            ("kunci", KEY),
            ("tanya1", "Nomor <b>berapa</b>?"),
            ("tanya2", "Sejak kapan?"),
            ("bentuk2", "tanggal"),
            ("tanya4", "Siang atau malam?"),
            ("bentuk4", "pilihan"),
            ("pilihan4", "Siang"),
        ];
        let few = siti.post(&at(case, "/tunda"), &asked).await;
        few.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tulis 2 sampai 10 pilihan");
        asked[6].1 = "Siang\n Malam ";
        let held = siti.post(&at(case, "/tunda"), &asked).await;
        assert_eq!(held.is(StatusCode::SEE_OTHER).to(), at(case, ""));
        siti.open(&at(case, ""))
            .await
            .shows("Sejak kapan? (tanggal)")
            .shows("Siang atau malam? (pilihan: Siang; Malam)");
        let form = siti.open(&at(case, "/loket/lengkapi")).await;
        form.shows("Nomor &#60;b&#62;berapa").shows("Sejak kapan?");
        let unsaid = says(&siti, case, "lengkapi", &[("jawab1", " ")]).await;
        unsaid.is(StatusCode::UNPROCESSABLE_ENTITY);
        form.shows("<option value=\"Malam\">Malam</option>");
        let other = case.to_string();
        let stale = [("tahanan", &*other), ("jawab1", "7")];
        let stale = says(&siti, case, "lengkapi", &stale).await;
        stale
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("sudah berganti");
        let wrong = [("jawab2", "Sejak Minggu."), ("jawab3", "Sore")];
        let wrong = says(&siti, case, "lengkapi", &wrong).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tanggal yang ada")
            .shows("salah satu pilihannya");
        let answers = [
            ("jawab2", "2026-11-01"),
            ("jawab3", "Malam"),
            ("jawab4", "-"),
        ];
        let done = says(&siti, case, "lengkapi", &answers).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to(), at(case, ""));
        let history = place.node.case(case).await.unwrap().history;
        let words = history.last().unwrap().words.clone().unwrap();
        assert_eq!(words["answers"], json!(["", "2026-11-01", "Malam"]));
        let form = siti.open(&at(case, "/arsip")).await;
        form.shows("Dibaca pelapor.");
        let form = siti.open(&at(case, "/bukan-wewenang")).await;
        form.shows("Pelapor tidak membacanya.");
    }
}
