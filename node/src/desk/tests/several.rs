//! Acts on several cases at once, at one press or after something was asked: each case is answered by
//! itself.

use http::StatusCode;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use serde_json::json;

use super::cases::{at, filed, key_of, state, three};
use super::{Browser, Page, SITI, WORDS, central, staffed};
use crate::doors::router;
use crate::testing::acts;

const BULK: &str = "/meja/bersama";

/// Presses a button below the list.
async fn ticked(siti: &Browser<'_>, cases: &[CaseId], act: &str) -> Page {
    let ids: Vec<String> = cases.iter().map(ToString::to_string).collect();
    let mut fields = vec![("tindakan", act), ("kembali", "/meja?tab=semua")];
    fields.extend(ids.iter().map(|id| ("laporan", id.as_str())));
    siti.post(BULK, &fields).await
}

#[tokio::test]
async fn several_cases_are_disposed_and_each_is_answered_by_itself() {
    for place in central().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let [one, two, ended] = three(&place).await;
        let other = json!({"reason": "other"});
        acts(&place, ended, "case.archived", other, None).await;
        let between = ticked(&siti, &[one, two, ended], "disposisi").await;
        between
            .is(StatusCode::OK)
            .shows("Lampu padam")
            .shows("Tidak dapat pada 1 laporan")
            .shows("Sudah berakhir")
            .shows("name=\"tembusan1\"")
            .shows("list=\"daftar-instansi\"");
        assert!(!between.text.contains(&format!("value=\"{ended}\"")));
        let path = format!("{BULK}/disposisi");
        let (key, first, second, third) = (
            key_of(&between),
            one.to_string(),
            two.to_string(),
            ended.to_string(),
        );
        let mut fields = vec![
            ("kunci", key.as_str()),
            ("kembali", "/meja?tab=semua"),
            ("laporan", first.as_str()),
            ("laporan", second.as_str()),
            ("laporan", third.as_str()),
            ("uraian", "Mohon <ditangani>."),
            ("tenggat", "2020-01-01"),
        ];
        let wrong = siti.post(&path, &fields).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Pilih atau tulis instansi tujuan")
            .shows("Tanggal ini sudah lewat")
            .shows("Mohon &#60;ditangani&#62;.");
        assert_eq!(state(&place, one).await, Some(State::Received));
        fields[6].1 = "";
        fields.push(("tambah", "tembusan"));
        let more = siti.post(&path, &fields).await;
        more.is(StatusCode::OK).shows("name=\"tembusan2\"");
        fields.pop();
        fields.extend([("instansi", "kemenpu"), ("tembusan4", "kota-bandung")]);
        let told = siti.post(&path, &fields).await;
        told.is(StatusCode::OK)
            .shows("Selesai pada 2 dari 3 laporan")
            .shows("Status laporan tidak lagi mengizinkan tindakan ini.");
        for case in [one, two] {
            let view = place.node.case(case).await.unwrap();
            assert_eq!(view.summary.custodian.unwrap().as_str(), "kemenpu");
            let act = &view.history[1];
            assert_eq!(
                act.body.as_ref().unwrap()["copies"],
                json!(["kota-bandung"])
            );
            assert_eq!(act.words.as_ref().unwrap()["text"], "Mohon <ditangani>.");
        }
        assert_eq!(state(&place, ended).await, Some(State::Archived));
        // Sent again it is the same.
        let again = siti.post(&path, &fields).await;
        again.shows("Selesai pada 2 dari 3 laporan");
        assert_eq!(place.node.case(one).await.unwrap().history.len(), 2);
        let gone = ticked(&siti, &[one], "disposisi").await;
        gone.shows("Ditangani instansi lain")
            .shows("Tidak ada laporan terpilih yang dapat didisposisi");
        let by_address = siti.open(&path).await;
        assert_eq!(by_address.is(StatusCode::SEE_OTHER).to(), "/meja");
    }
}

#[tokio::test]
async fn all_that_are_disposed_lead_back_to_the_list() {
    for place in central().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let [one, two, _] = three(&place).await;
        let key = key_of(&ticked(&siti, &[one, two], "disposisi").await);
        let (first, second) = (one.to_string(), two.to_string());
        let fields = [
            ("kunci", key.as_str()),
            ("kembali", "/meja?tab=semua"),
            ("laporan", &first),
            ("laporan", &second),
            ("instansi", "kemenpu"),
        ];
        let done = siti.post(&format!("{BULK}/disposisi"), &fields).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to(), "/meja?tab=semua");
        let list = siti.open("/meja?tab=semua").await;
        list.shows("2 laporan didisposisi ke ");
    }
}

#[tokio::test]
async fn several_cases_go_to_a_unit_with_an_instruction_that_is_given_once() {
    for place in staffed().await {
        let id = "dinas-pu".parse().unwrap();
        let added = place.node.add_unit("test", &id, "Dinas PU", None).await;
        added.unwrap();
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let [one, two, _] = three(&place).await;
        let between = ticked(&siti, &[one, two], "disposisi").await;
        between.shows("Unit di instansi ini");
        let (key, first, second) = (key_of(&between), one.to_string(), two.to_string());
        let mut fields = vec![
            ("kunci", key.as_str()),
            ("laporan", &first),
            ("laporan", &second),
            ("unit", "dinas-pu"),
            ("uraian", "Periksa di tempat."),
            ("instansi", "kemenpu"),
        ];
        let path = format!("{BULK}/disposisi");
        let both = siti.post(&path, &fields).await;
        both.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tujuannya unit di instansi ini");
        fields.pop();
        for _ in 0..2 {
            siti.post(&path, &fields).await.is(StatusCode::SEE_OTHER);
        }
        siti.open("/meja").await.shows("2 laporan diserahkan");
        for case in [one, two] {
            let summary = place.node.case(case).await.unwrap().summary;
            assert_eq!(summary.unit.as_deref(), Some("dinas-pu"));
            let given = place.node.instructions(case).await.unwrap();
            assert_eq!(given.len(), 1);
            assert_eq!(given[0].said.words, "Periksa di tempat.");
        }
    }
}

#[tokio::test]
async fn several_cases_are_merged_into_the_one_that_is_chosen() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let [one, two, ended] = three(&place).await;
        let between = ticked(&siti, &[one, two, ended], "gabung").await;
        let checked = between.between(&format!("value=\"{one}\" id=\"utama\""), ">");
        assert!(checked.contains("checked"), "the oldest goes on");
        let other = json!({"reason": "other"});
        acts(&place, ended, "case.archived", other, None).await;
        let (key, first, second, third) = (
            key_of(&between),
            one.to_string(),
            two.to_string(),
            ended.to_string(),
        );
        let path = format!("{BULK}/gabung");
        let mut fields = vec![
            ("kunci", key.as_str()),
            ("kembali", "/meja?tab=semua"),
            ("laporan", &first),
            ("laporan", &second),
            ("laporan", &third),
        ];
        siti.post(&path, &fields)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Pilih laporan yang tetap berjalan");
        fields.push(("utama", &second));
        let told = siti.post(&path, &fields).await;
        told.is(StatusCode::OK)
            .shows("Selesai pada 1 dari 2 laporan")
            .shows("Parit mampet");
        let merged = place.node.case(one).await.unwrap();
        assert_eq!(merged.merged_into, Some(two));
        assert_eq!(state(&place, two).await, Some(State::Received));
        assert_eq!(state(&place, ended).await, Some(State::Archived));
        let alone = ticked(&siti, &[two, ended], "gabung").await;
        alone.shows("sedikitnya dua laporan yang masih terbuka");
    }
}

#[tokio::test]
async fn nothing_is_done_to_cases_of_another_desk() {
    for place in staffed().await {
        let id = "dinas-pu".parse().unwrap();
        let added = place.node.add_unit("test", &id, "Dinas PU", None).await;
        added.unwrap();
        let new = lapor_web::accounts::NewAccount {
            login: "pu@bandung.go.id",
            name: "Petugas PU",
            role: "officer",
            unit: Some("dinas-pu"),
        };
        let (_, link) = place.node.create_account("test", &new).await.unwrap();
        let from = "192.0.2.7".parse().unwrap();
        let accounts = place.node.accounts();
        let chosen = accounts.choose_password(&link, &WORDS.into(), from).await;
        chosen.unwrap();
        let router = router(place.node.clone());
        let roads = Browser::new(&router);
        roads.enters("pu@bandung.go.id", WORDS).await;
        let [one, two, _] = three(&place).await;
        let between = ticked(&roads, &[one, two], "disposisi").await;
        assert!(!between.text.contains("Lampu padam"), "{}", between.text);
        let (first, second) = (one.to_string(), two.to_string());
        let fields = [
            ("kunci", "0123456789abcdef"),
            ("laporan", &*first),
            ("laporan", &*second),
            ("instansi", "kemenpu"),
        ];
        let told = roads.post(&format!("{BULK}/disposisi"), &fields).await;
        told.shows("Selesai pada 0 dari 2 laporan");
        assert_eq!(place.node.case(one).await.unwrap().history.len(), 1);
        roads.open(&at(one, "")).await.is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_is_ticked_is_archived_with_a_reason_noted_and_given_to_an_officer() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let (one, other) = (
            filed(&place, "Banjir di jalan", "Isi.").await,
            filed(&place, "Banjir lagi", "Isi.").await,
        );
        let (first, second) = (one.to_string(), other.to_string());
        let send = async |more: &[(&str, &str)]| {
            let key = key_of(&siti.open("/meja?tab=semua").await);
            let ticked = [
                ("kunci", key.as_str()),
                ("laporan", &*first),
                ("laporan", &*second),
            ];
            siti.post("/meja/bersama", &[&ticked, more].concat()).await;
            siti.open("/meja?tab=semua").await
        };
        let account = place.node.accounts().find_by_login(SITI).await.unwrap();
        let given = [("tindakan", "petugas"), ("petugas", account.id.as_str())];
        send(&given).await.shows("2 laporan diserahkan");
        let summary = place.node.case(one).await.unwrap().summary;
        assert_eq!(summary.officer.as_deref(), Some(account.id.as_str()));
        let unit = "dinas-pu".parse().unwrap();
        let added = place.node.add_unit("test", &unit, "Dinas PU", None).await;
        added.unwrap();
        send(&[("tindakan", "unit"), ("unit", "")])
            .await
            .shows("Pilih dahulu unitnya");
        send(&[("tindakan", "unit"), ("unit", "dinas-pu")])
            .await
            .shows("2 laporan diserahkan");
        let summary = place.node.case(one).await.unwrap().summary;
        assert_eq!(summary.unit.as_deref(), Some("dinas-pu"));
        let officer = summary.officer.as_deref();
        assert_eq!(officer, Some(account.id.as_str()), "sees the unit");
        send(&[("tindakan", "unit"), ("unit", "-")])
            .await
            .shows("2 laporan dilepaskan");
        let summary = place.node.case(one).await.unwrap().summary;
        assert_eq!((summary.unit, summary.officer), (None, None));
        send(&[("tindakan", "lihat")])
            .await
            .shows("2 laporan ditandai");
        send(&[("tindakan", "lihat")])
            .await
            .shows("0 laporan ditandai");
        send(&[("tindakan", "penerus")])
            .await
            .shows("Selesai pada 0 dari 2")
            .shows("Tidak dapat pada");
        let gone = ("laporan", "0198c0de-0000-7000-8000-000000000001");
        send(&[&given[..], &[gone]].concat())
            .await
            .shows("Selesai pada 2 dari 3");
        let note = [("tindakan", "catatan"), ("uraian", "Satu kejadian.")];
        send(&note).await.shows("Catatan ditulis pada 2 laporan");
        send(&[("tindakan", "arsip")])
            .await
            .shows("Pilih dahulu alasan");
        let archive = [("tindakan", "arsip"), ("alasan", "not_a_report")];
        send(&archive).await.shows("2 laporan diarsipkan");
        for case in [one, other] {
            let view = place.node.case(case).await.unwrap();
            assert_eq!(view.summary.state, Some(State::Archived));
            assert_eq!(view.history.len(), 3, "filed, noted, archived");
        }
        let again = [("tindakan", "arsip"), ("alasan", "other")];
        send(&again).await.shows("Tidak dapat pada");
    }
}
