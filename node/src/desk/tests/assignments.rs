//! Who is given a case, with which instruction and until when: officers as accounts, those who would
//! see it, those who stand in, whoever takes all of it over.

use http::StatusCode;
use lapor_web::accounts::{Account, NewAccount};

use super::cases::{at, filed};
use super::{ADMIN, Browser, SITI, WORDS, staffed};
use crate::casework::Sight;
use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::Place;

async fn colleague(place: &Place, login: &str, name: &str, unit: Option<&str>) -> Account {
    let role = "officer";
    let new = NewAccount {
        login,
        name,
        role,
        unit,
    };
    let (account, link) = place.node.create_account("test", &new).await.unwrap();
    let from = "192.0.2.7".parse().unwrap();
    let accounts = place.node.accounts();
    let chosen = accounts.choose_password(&link, &WORDS.into(), from).await;
    chosen.unwrap();
    account
}

async fn unit(place: &Place, id: &str, name: &str) {
    let id = id.parse().unwrap();
    place.node.add_unit("test", &id, name, None).await.unwrap();
}

#[tokio::test]
async fn two_officers_of_one_name_are_two_and_a_case_goes_to_one_who_sees_it() {
    for place in staffed().await {
        unit(&place, "dinas-pu", "Dinas PU").await;
        unit(&place, "dinkes", "Dinas Kesehatan").await;
        let roads = colleague(&place, "b1@bandung.go.id", "Budi", Some("dinas-pu")).await;
        let health = colleague(&place, "b2@bandung.go.id", "Budi", Some("dinkes")).await;
        let router = router(place.node.clone());
        let (admin, budi) = (Browser::new(&router), Browser::new(&router));
        admin.enters(ADMIN, WORDS).await;
        budi.enters("b1@bandung.go.id", WORDS).await;
        let case = filed(&place, "Lubang di jalan", "Isi.").await;
        let page = admin.open(&at(case, "")).await;
        page.shows(">Budi · Dinas PU</option>")
            .shows(">Budi · Dinas Kesehatan</option>");
        let wrong = [("unit", "dinas-pu"), ("petugas", health.id.as_str())];
        let refused = admin.post(&at(case, "/unit"), &wrong).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("bekerja di unit lain");
        let given = [("unit", ""), ("petugas", roads.id.as_str())];
        admin.post(&at(case, "/unit"), &given).await;
        let summary = place.node.case(case).await.unwrap().summary;
        assert_eq!(summary.unit.as_deref(), Some("dinas-pu"), "where he works");
        assert_eq!(summary.officer.as_deref(), Some(roads.id.as_str()));
        let unopened = admin.open("/meja?tab=semua").await;
        unopened
            .shows("<span>Budi</span>")
            .shows("Diserahkan, belum dibuka");
        admin.open(&at(case, "")).await;
        let still = admin.open("/meja?tab=semua").await;
        still.shows("Diserahkan, belum dibuka");
        budi.open(&at(case, "")).await.is(StatusCode::OK);
        let taken = admin.open("/meja?tab=semua").await;
        assert!(!taken.text.contains("Diserahkan, belum dibuka"));
        let renamed = NewAccount {
            login: "b1@bandung.go.id",
            name: "Budi Santoso",
            role: "officer",
            unit: Some("dinas-pu"),
        };
        let changed = place.node.change_account("test", &roads.id, &renamed).await;
        changed.unwrap();
        let list = admin.open("/meja?tab=semua").await;
        list.shows("<span>Budi Santoso</span>");
        let moved = NewAccount {
            unit: Some("dinkes"),
            ..renamed
        };
        let changed = place.node.change_account("test", &roads.id, &moved).await;
        changed.unwrap();
        let staff = place.node.staff().await.unwrap();
        let is_for = |who: &Account, unit: &'static str| {
            let reader = (who.id.as_str(), StaffRole::Officer, Some(unit));
            staff.is_for(reader, (Some(roads.id.as_str()), Some("dinas-pu")))
        };
        assert!(!is_for(&roads, "dinkes"), "moved to where it is not seen");
        assert!(is_for(&health, "dinas-pu"), "it is the unit's again");
    }
}

#[tokio::test]
async fn the_day_that_is_asked_for_is_shown_and_orders_what_is_to_be_done() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let siti = place.node.accounts().find_by_login(SITI).await.unwrap();
        let first = filed(&place, "Lampu padam", "Isi.").await;
        place.clock.advance(1000);
        let second = filed(&place, "Jalan rusak", "Isi.").await;
        let order = async || {
            let page = admin.open("/meja").await;
            page.text.find("Lampu padam") < page.text.find("Jalan rusak")
        };
        assert!(order().await, "as they came");
        let today = place.node.today().to_string();
        let given = [("petugas", siti.id.as_str()), ("batas", &*today)];
        admin.post(&at(second, "/unit"), &given).await;
        assert!(!order().await, "what is asked for today comes first");
        admin.open("/meja").await.shows("Diminta sampai");
        admin.open(&at(second, "")).await.shows("Diminta sampai");
        let nobody = [("unit", ""), ("petugas", "")];
        admin.post(&at(second, "/unit"), &nobody).await;
        assert!(order().await);
        let page = admin.open(&at(second, "")).await;
        assert!(!page.text.contains("Diminta sampai"));
        assert!(first != second);
    }
}

#[tokio::test]
async fn who_stands_in_has_the_cases_of_the_one_who_is_away_until_they_are_back() {
    for place in staffed().await {
        let asep = colleague(&place, "asep@bandung.go.id", "Asep", None).await;
        let router = router(place.node.clone());
        let (siti, stand_in) = (Browser::new(&router), Browser::new(&router));
        siti.enters(SITI, WORDS).await;
        stand_in.enters("asep@bandung.go.id", WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        filed(&place, "Jalan rusak", "Isi.").await;
        let own = place.node.accounts().find_by_login(SITI).await.unwrap();
        let (cases, officer) = ([case], Some(own.id.as_str()));
        let given = place
            .node
            .assign(&Sight::ALL, &cases, None, officer, "test");
        given.await.unwrap();
        let mine = siti.open("/meja?saya=1").await;
        mine.shows("Lampu padam");
        assert!(!mine.text.contains("Jalan rusak"));
        let before = stand_in.open("/meja?saya=1").await;
        assert!(!before.text.contains("Lampu padam"));
        let path = "/meja/akun/pengganti";
        let late = [("sampai", "2020-01-01"), ("pengganti", asep.id.as_str())];
        siti.post(path, &late).await.is(StatusCode::SEE_OTHER);
        siti.open("/meja/akun").await.shows("Tidak tersimpan");
        let until = place.node.today().to_string();
        let away = [("sampai", &*until), ("pengganti", asep.id.as_str())];
        siti.post(path, &away).await.is(StatusCode::SEE_OTHER);
        siti.open("/meja/akun").await.shows("pengganti Anda Asep");
        stand_in.open("/meja/akun").await.shows("Anda menggantikan");
        stand_in.open("/meja?saya=1").await.shows("Lampu padam");
        let page = siti.open(&at(case, "")).await;
        page.shows("digantikan Asep");
        // Who stands in goes away as well: the work goes on to the next, and never in a circle.
        let back = [("sampai", &*until), ("pengganti", own.id.as_str())];
        stand_in.post(path, &back).await.is(StatusCode::SEE_OTHER);
        stand_in.open("/meja/akun").await.shows("Tidak tersimpan");
        let rini = colleague(&place, "rini@bandung.go.id", "Rini", None).await;
        let next = [("sampai", &*until), ("pengganti", rini.id.as_str())];
        stand_in.post(path, &next).await.is(StatusCode::SEE_OTHER);
        let staff = place.node.staff().await.unwrap();
        assert_eq!(
            staff.stand_ins(own.id.as_str()).last(),
            Some(&rini.id.as_str())
        );
        assert!(
            staff
                .works_for(rini.id.as_str())
                .contains(&own.id.to_string())
        );
        siti.open(&at(case, "")).await.shows("digantikan Rini");
        siti.post(path, &[("kembali", "1")]).await;
        let after = stand_in.open("/meja?saya=1").await;
        assert!(!after.text.contains("Lampu padam"));
        assert_eq!(place.audited("absence.noted").await.len(), 2);
        assert_eq!(place.audited("absence.ended").await.len(), 1);
    }
}

#[tokio::test]
async fn an_assignment_carries_an_instruction_and_a_day_into_the_history() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let path = at(case, "/unit");
        let account = place.node.accounts().find_by_login(SITI).await.unwrap();
        let to = ("petugas", account.id.as_str());
        let late = [to, ("instruksi", "Cek."), ("batas", "2020-01-01")];
        let nobody = [("instruksi", "Cek.")];
        for (wrong, words) in [
            (&late[..], "Batas waktu harus hari ini atau sesudahnya"),
            (&nobody, "Pilih unit atau petugas"),
        ] {
            let page = siti.post(&path, wrong).await;
            page.is(StatusCode::UNPROCESSABLE_ENTITY)
                .shows(words)
                .shows("Cek.</textarea>");
            assert!(!page.text.contains("Diserahkan dengan instruksi"));
        }
        let lines = format!("{}\n", "a".repeat(99)).repeat(20);
        let long = [to, ("instruksi", lines.as_str())];
        siti.post(&path, &long).await.is(StatusCode::SEE_OTHER);
        let given = [
            to,
            ("instruksi", "Cek tiang nomor 12."),
            ("batas", "2099-12-04"),
        ];
        siti.post(&path, &given).await.is(StatusCode::SEE_OTHER);
        siti.open(&at(case, ""))
            .await
            .shows("Diserahkan dengan instruksi")
            .shows("Cek tiang nomor 12.")
            .shows("4 Desember 2099")
            .shows("<small>Petugas Loket</small>");
    }
}

#[tokio::test]
async fn what_lies_with_an_officer_is_handed_over_at_once() {
    for place in staffed().await {
        let node = &place.node;
        let heir = lapor_web::accounts::NewAccount {
            login: "asep@bandung.go.id",
            name: "Asep Sunarya",
            role: "officer",
            unit: None,
        };
        let (asep, _) = node.create_account("test", &heir).await.unwrap();
        let router = router(node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let accounts = node.accounts().list().await.unwrap();
        let siti = accounts
            .iter()
            .find(|one| one.login.as_str() == SITI)
            .unwrap();
        let path = format!("/meja/petugas/{}", siti.id);
        let case = filed(&place, "Lampu padam", "Isi.").await;
        let before = admin.open(&path).await;
        assert!(!before.text.contains("Laporan di mejanya"));
        let cases = [case];
        let given = node.assign(&Sight::ALL, &cases, None, Some(siti.id.as_str()), "test");
        given.await.unwrap();
        let page = admin.open(&path).await;
        page.shows("1 laporan diserahkan").shows(&at(case, ""));
        let all = [
            ("dari", siti.id.as_str()),
            ("kepada", asep.id.as_str()),
            ("kembali", &*path),
        ];
        assert_eq!(admin.post("/meja/serah", &all).await.to(), path);
        admin
            .open(&path)
            .await
            .shows("diserahkan kepada Asep Sunarya");
        let officer = node.case(case).await.unwrap().summary.officer;
        assert_eq!(officer.as_deref(), Some(asep.id.as_str()));
    }
}
