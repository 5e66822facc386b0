//! What the form suggests, asks and is told of institutions and places before a report is filed.

use http::StatusCode;

use super::super::report as report_page;
use super::super::tests::{open, places, post, report};
use super::tests::{PDF, Sent, cases, receipt, verified};
use super::*;
use crate::doors::router;
use crate::testing::Place;

#[tokio::test]
async fn reports_that_are_alike_are_shown_once_before_filing_and_hide_numbers_of_people() {
    for place in places().await {
        let router = router(place.node.clone());
        let title = "Lampu jalan padam di Jalan Cikutra, hubungi 0812-3456-7890";
        let mut known = report(title, false);
        known.content = "Lampu jalan padam, sudah seminggu gelap.".into();
        known.coordinates = crate::casework::Coordinates::of(-6.9, 107.64).ok();
        let known = place.node.file(known, "test").await.unwrap();
        let words = "judul=Lampu+jalan+padam+di+Jalan+Cikutra&uraian=Sudah+gelap+seminggu\
            &lintang=-6.9001&bujur=107.64";
        let unverified = post(&router, LIKELY, words).await;
        assert_eq!(unverified.text.trim(), "", "it may be abuse");
        let support = report_page::support_path(known.case);
        let unverified = post(&router, &support, "").await;
        assert_eq!(unverified.status, StatusCode::NOT_FOUND);
        verified(&place, known.case).await;
        let form = Sent::report().file("surat.pdf", PDF);
        let page = form.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        assert!(
            page.text.contains("Apakah ini laporan Anda?"),
            "{}",
            page.text
        );
        assert!(page.text.contains(&report_page::support_path(known.case)));
        assert!(!page.text.contains("0812"), "{}", page.text);
        assert_eq!(cases(&place).await, 1);

        let hidden = page.text.split("<input type=\"hidden\" name=\"").skip(1);
        let mut kept = Sent {
            fields: Vec::new(),
            files: Vec::new(),
        };
        for field in hidden {
            let (name, rest) = field.split_once("\" value=\"").unwrap();
            let value = rest.split('"').next().unwrap().to_owned();
            if name != "back" {
                kept.fields.push((name.to_owned().leak(), value));
            }
        }
        let back = kept
            .clone()
            .with("langkah", "sunting")
            .to(&router, PATH)
            .await;
        assert!(back.text.contains("surat.pdf<small>"), "{}", back.text);
        receipt(&router, &kept.to(&router, PATH).await).await;
        assert_eq!(cases(&place).await, 2);

        post(&router, &report_page::support_path(known.case), "").await;
        let here = std::net::Ipv4Addr::LOCALHOST.into();
        let view = place.node.public_view(&known.ticket, here).await.unwrap();
        assert_eq!(view.supports, 1);

        let piece = post(&router, LIKELY, words).await;
        assert!(piece.text.contains("sekitar 500 m"), "{}", piece.text);
        assert!(
            piece.text.starts_with("<div class=\"notice"),
            "{}",
            piece.text
        );
        assert!(!piece.text.contains("<html") && !piece.text.contains("0812"));
        let nothing = post(
            &router,
            LIKELY,
            "judul=Paspor&uraian=Paspor+saya+belum+terbit",
        )
        .await;
        assert_eq!(nothing.text.trim(), "");
    }
}

#[tokio::test]
async fn institutions_are_suggested_with_their_reasons_with_and_without_script() {
    for place in places().await {
        let router = router(place.node.clone());
        let words = "judul=Jalan+nasional+berlubang&uraian=Lubang+besar+di+jalan+nasional";
        let piece = post(&router, ADVICE, words).await;
        assert!(piece.text.contains("value=\"kemenpu\""), "{}", piece.text);
        assert!(
            piece.text.contains("Menangani hal ini: jalan nasional"),
            "{}",
            piece.text
        );
        let form = Sent::report()
            .with("judul", "Jalan nasional berlubang")
            .with("langkah", "saran")
            .with("saran", "kemenpu");
        let page = form.to(&router, PATH).await;
        let chosen = "name=\"saran\" value=\"kemenpu\" checked";
        assert!(page.text.contains(chosen), "{}", page.text);
        // One that the form excludes is not suggested; a line that may mean several excludes none.
        let name = crate::portal::name_of(&place.node, &"kemenpu".parse().unwrap());
        for (typed, suggested) in [("kemenpu", false), (&*name, false), ("kemen", true)] {
            let words = format!(
                "{words}&kecuali=Dinas+Entah%0D%0A{}",
                typed.replace(' ', "+")
            );
            let piece = post(&router, ADVICE, &words).await.text;
            let kecuali = format!("Dinas Entah\r\n{typed}");
            let page = form.clone().with("kecuali", kecuali);
            let page = page.to(&router, PATH).await.text;
            for text in [piece, page] {
                let is = text.contains("name=\"saran\" value=\"kemenpu\"");
                assert_eq!(is, suggested, "{typed}: {text}");
            }
        }
        let found = open(&router, "/lapor/wilayah?q=bandnug+barat").await;
        assert!(
            found.text.contains("Kabupaten Bandung Barat, Jawa Barat"),
            "{}",
            found.text
        );
    }
}

#[tokio::test]
async fn a_place_in_another_region_is_told_and_stays_where_both_are_right() {
    for place in places().await {
        let router = router(place.node.clone());
        let away = Sent::report()
            .with("lintang", "-7.2575")
            .with("bujur", "112.7521");
        let page = away.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in ["berada di Jawa Timur", "name=\"wilayah-beda\"", "-7.2575"] {
            assert!(page.text.contains(words), "{words}");
        }
        receipt(
            &router,
            &away
                .clone()
                .with("wilayah-beda", "1")
                .to(&router, PATH)
                .await,
        )
        .await;
        // That was said of Surabaya, and of no other place.
        let other = away
            .clone()
            .with("wilayah-beda", "1")
            .with("wilayah-beda-untuk", "32.73 -7.2575 112.7521")
            .with("bujur", "110.4")
            .with("kunci", "e".repeat(32))
            .to(&router, PATH)
            .await;
        assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(other.text.contains("value=\"32.73 -7.2575 110.4\""));
        let unknown = Sent::report()
            .with("wilayah", "Wakanda")
            .with("lintang", "-6.9")
            .with("bujur", "107.6");
        let unknown = unknown.to(&router, PATH).await;
        assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!unknown.text.contains("wilayah-beda"), "nothing lies apart");
        let untold = away
            .with("wilayah", "")
            .with("lintang", "-7.82")
            .with("bujur", "112.01")
            .with("kunci", "f".repeat(32));
        receipt(&router, &untold.with("tetap", "1").to(&router, PATH).await).await;
        let every = crate::casework::CaseFilter::default();
        let all = place.node.cases(&every, None, 10).await.unwrap().cases;
        let mut regions: Vec<_> = all
            .iter()
            .map(|c| c.region.as_ref().unwrap().to_string())
            .collect();
        regions.sort();
        assert_eq!(
            regions,
            ["32.73", "35"],
            "where none was told, by the place"
        );
        let moved = post(
            &router,
            PLACE,
            "wilayah=Kota+Bandung&lintang=-7.2575&bujur=112.7521",
        )
        .await;
        assert!(
            moved.text.contains("Wilayah diubah menjadi Jawa Timur"),
            "{}",
            moved.text
        );
    }
}

#[tokio::test]
async fn whoever_excludes_this_institution_is_led_to_the_national_portal_and_loses_nothing() {
    for mut place in places().await {
        let national = "https://www.lapor.test".to_owned();
        place.settings.portal.national_url = Some(national.try_into().unwrap());
        let router = router(place.reopened().await);
        let page = Sent::report()
            .with("kecuali", "kota-bandung")
            .to(&router, PATH)
            .await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for words in [
            "href=\"https://www.lapor.test\"",
            "data-copy",
            "Sudah seminggu gelap, dua orang jatuh.",
        ] {
            assert!(page.text.contains(words), "{words}");
        }
        let files = async || {
            let mut tx = place.node.read_tx().await.unwrap();
            crate::store::uploads::bytes(&mut tx, "public")
                .await
                .unwrap()
        };
        let brought = Sent::report()
            .file("surat.pdf", PDF)
            .with("kecuali", "kota-bandung");
        let page = brought.to(&router, PATH).await;
        assert!(
            page.text.contains("sudah dihapus dari server instansi ini"),
            "{}",
            page.text
        );
        assert!(!page.text.contains("name=\"unggahan\" value"));
        assert_eq!(files().await, 0, "nothing is kept here");
        let unknown = Sent::report().with("kecuali", "pusat\r\nDinas Entah");
        let page = unknown.to(&router, PATH).await;
        assert!(
            page.text.contains("“Dinas Entah” tidak dikenal"),
            "{}",
            page.text
        );
    }
}

#[tokio::test]
async fn several_institutions_are_excluded_a_line_for_each() {
    for place in places().await {
        let router = router(place.node.clone());
        let form = Sent::report().with("kecuali", "pusat\r\nTidak Ada");
        let page = form.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.text.contains("pusat\nTidak Ada"), "{}", page.text);
        let form = Sent::report()
            .with("kecuali", " pusat\r\n\r\nKEMENPU\r\npusat\r\n")
            .with("rahasia", "1");
        receipt(&router, &form.to(&router, PATH).await).await;
        let every = crate::casework::CaseFilter::default();
        let all = place.node.cases(&every, None, 10);
        let case = all.await.unwrap().cases[0].case;
        let excluded = place.node.case(case).await.unwrap().excluded;
        let excluded: Vec<_> = excluded.iter().map(ToString::to_string).collect();
        assert_eq!(excluded, ["kemenpu", "pusat"]);
    }
}

/// The latest case that was filed here, from the message with which it began.
async fn latest(place: &Place) -> crate::casework::HistoryEntry {
    let every = crate::casework::CaseFilter::default();
    let all = place.node.cases(&every, None, 10).await.unwrap().cases;
    let latest = all.iter().max_by_key(|case| case.case).unwrap().case;
    place.node.case(latest).await.unwrap().history.remove(0)
}

#[tokio::test]
async fn an_institution_is_asked_back_where_several_may_be_meant_and_an_unknown_one_stops_nothing()
{
    for place in places().await {
        let router = router(place.node.clone());
        let unclear = Sent::report().with("instansi", "kemen");
        let page = unclear.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in [
            "id=\"instansi-error\"",
            "Instansi mana yang dimaksud?</legend>",
            "name=\"instansi-pilihan\" value=\"kemenpu\"",
            "name=\"instansi-pilihan\" value=\"-\"",
        ] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        assert_eq!(cases(&place).await, 0);
        let chosen = unclear.with("instansi-pilihan", "kemenpu");
        receipt(&router, &chosen.to(&router, PATH).await).await;
        let filed = latest(&place).await;
        assert_eq!(filed.body.unwrap()["suggested"], "kemenpu");

        place.clock.advance(1000);
        let part = Sent::report()
            .with("instansi", "Garut")
            .with("tetap", "1")
            .with("kunci", "a".repeat(32));
        receipt(&router, &part.to(&router, PATH).await).await;
        let filed = latest(&place).await;
        assert_eq!(filed.body.unwrap()["suggested"], "kab-garut");

        for (key, typed, among) in [("b", "Dinas Entah", ""), ("c", "kemen", "-")] {
            place.clock.advance(1000);
            let unknown = Sent::report()
                .with("instansi", typed)
                .with("instansi-pilihan", among)
                .with("tetap", "1")
                .with("kunci", key.repeat(32));
            receipt(&router, &unknown.to(&router, PATH).await).await;
            let filed = latest(&place).await;
            assert!(filed.body.unwrap().get("suggested").is_none());
            let words = filed.words.unwrap();
            let said = format!(
                "Sudah seminggu gelap, dua orang jatuh.\n\nInstansi yang dituju menurut pelapor: {typed}"
            );
            assert_eq!(words["content"], said);
        }
    }
}

#[tokio::test]
async fn whoever_excludes_somebody_says_whether_the_report_may_be_open() {
    for place in places().await {
        let router = router(place.node.clone());
        let open = Sent::report().with("kecuali", "pusat");
        let page = open.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for part in [
            "id=\"kecuali-terbuka-error\"",
            "juga oleh instansi yang dikecualikan",
            "name=\"kecuali-terbuka\" value=\"1\"",
            "<details class=\"more\" open>",
        ] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        let unread = open.clone().with("kecuali-terbuka", "ya");
        let unread = unread.to(&router, PATH).await;
        assert_eq!(unread.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(cases(&place).await, 0);
        for (key, field, value, secret) in [
            ("a", "kecuali-terbuka", "1", false),
            ("b", "kecuali-terbuka", "rahasia", true),
            ("c", "rahasia", "1", true),
        ] {
            place.clock.advance(1000);
            let form = open.clone().with("tetap", "1").with(field, value);
            let form = form.with("kunci", key.repeat(32));
            receipt(&router, &form.to(&router, PATH).await).await;
            let filed = latest(&place).await.body.unwrap();
            let is_secret = filed["secret"].as_bool().unwrap_or_default();
            assert_eq!(is_secret, secret, "{field} {value}");
        }
        assert_eq!(cases(&place).await, 3);
    }
}

#[tokio::test]
async fn an_excluded_institution_is_known_by_a_part_of_its_name() {
    for place in places().await {
        let router = router(place.node.clone());
        for (typed, said) in [
            ("Bandung", "Portal ini milik instansi itu sendiri"),
            ("kemen", "“kemen” dapat berarti beberapa instansi"),
        ] {
            let page = Sent::report().with("kecuali", typed);
            let page = page.to(&router, PATH).await;
            assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
            assert!(page.text.contains(said), "{typed}: {}", page.text);
            assert!(!page.text.contains("kecuali-terbuka-error"), "{typed}");
        }
        assert_eq!(cases(&place).await, 0);
    }
}

#[tokio::test]
async fn whoever_excludes_an_institution_whose_work_this_one_has_files_nothing_here() {
    for place in places().await {
        let router = router(place.node.clone());
        place.directory_dissolves("kab-garut", "kota-bandung").await;
        let page = Sent::report().with("kecuali", "kab-garut");
        let page = page.to(&router, PATH).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        let said = "Portal ini milik instansi itu sendiri";
        assert!(page.text.contains(said), "{}", page.text);
        assert_eq!(cases(&place).await, 0);
    }
}
