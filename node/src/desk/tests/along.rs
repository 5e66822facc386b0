//! From case to case along the list from which the first was opened.

use http::StatusCode;

use super::cases::{at, filed, key_of, three};
use super::{ADMIN, Browser, Page, SITI, WORDS, staffed};
use crate::doors::router;
use crate::store;

const NEW: &str = "?dari=%2Fmeja%3Ftab%3Dbaru&urut=";

/// A link of a page as an attribute has it.
fn link(rel: &str, to: &str) -> String {
    format!("rel=\"{rel}\" href=\"{}\"", to.replace('&', "&#38;"))
}

fn lacks(page: &Page, what: &str) {
    assert!(!page.text.contains(what), "{what}");
}

#[tokio::test]
async fn a_case_leads_to_those_beside_it_in_the_list_it_was_opened_from() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let [one, two, three] = three(&place).await;
        let list = siti.open("/meja?tab=baru").await;
        let opened = at(two, &format!("{NEW}1")).replace('&', "&#38;");
        list.shows(&format!("href=\"{opened}\""));
        let page = siti.open(&at(two, &format!("{NEW}1"))).await;
        page.shows(&link("prev", &at(one, &format!("{NEW}0"))))
            .shows(&link("next", &at(three, &format!("{NEW}2"))))
            .shows("<a href=\"/meja?tab=baru\">Kotak masuk</a>")
            .shows("<kbd>j</kbd>")
            .shows("href=\"#riwayat\"");
        let first = siti.open(&at(one, &format!("{NEW}0"))).await;
        lacks(&first, "rel=\"prev\"");
        let end = siti.open(&at(three, &format!("{NEW}2"))).await;
        lacks(&end, "rel=\"next\"");
        // What it has left the list, its row is the next one's.
        let verify = [("kunci", "0123456789abcdef"), ("tindakan", "verifikasi")];
        let id = two.to_string();
        siti.post("/meja/bersama", &[verify[0], verify[1], ("laporan", &id)])
            .await;
        let page = siti.open(&at(two, &format!("{NEW}1"))).await;
        page.shows(&link("prev", &at(one, &format!("{NEW}0"))))
            .shows(&link("next", &at(three, &format!("{NEW}1"))));
        let plain = siti.open(&at(two, "")).await;
        lacks(&plain, "rel=\"next\"");
        for led_away in ["?dari=%2F%2Fjahat.example", "?dari=%2Fmeja%2Fakun"] {
            let page = siti.open(&at(two, led_away)).await;
            page.is(StatusCode::OK)
                .shows("<a href=\"/meja\">Kotak masuk</a>");
            lacks(&page, "name=\"dari\"");
        }
    }
}

#[tokio::test]
async fn an_act_leads_on_to_the_next_case_where_that_is_wanted() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        let [one, two, _] = three(&place).await;
        let form = siti.open(&at(one, &format!("/catatan{NEW}0"))).await;
        form.shows("Setelah ini buka laporan berikutnya")
            .shows("name=\"dari\" value=\"/meja?tab=baru\"");
        let key = key_of(&form);
        let mut note = vec![
            ("kunci", key.as_str()),
            ("dari", "/meja?tab=baru"),
            ("urut", "0"),
            ("uraian", ""),
            ("terus", "1"),
        ];
        let path = at(one, "/catatan");
        let wrong = siti.post(&path, &note).await;
        wrong
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("name=\"terus\" value=\"1\" checked")
            .shows("name=\"dari\" value=\"/meja?tab=baru\"");
        note[3].1 = "Sudah ditelepon.";
        let on = siti.post(&path, &note).await;
        let next = at(two, &format!("{NEW}1&terus=1"));
        assert_eq!(on.is(StatusCode::SEE_OTHER).to(), next);
        let page = siti.open(&next).await;
        let ticket = place.node.case(one).await.unwrap().summary.ticket.unwrap();
        page.shows(&format!("Tindakan pada {ticket} tersimpan."));
        let again = siti
            .open(&at(two, &format!("/catatan{NEW}1&terus=1")))
            .await;
        again.shows("name=\"terus\" value=\"1\" checked");
        // Without the tick one stays, and knows the way.
        note.pop();
        note[0].1 = "another-another-another";
        let stays = siti.post(&path, &note).await;
        assert_eq!(stays.to(), at(one, &format!("{NEW}0")));
        note[0].1 = "last-last-last-last";
        note[2].1 = "2";
        note.push(("terus", "1"));
        // What happened last comes last.
        let last = siti.post(&path, &note).await;
        assert_eq!(last.to(), "/meja?tab=baru");
        siti.open("/meja?tab=baru")
            .await
            .shows("laporan terakhir dalam daftar");
    }
}

#[tokio::test]
async fn the_audit_log_names_a_half_and_is_narrowed_to_days() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        let case = filed(&place, "Lampu padam dan jalan rusak", "Isi.").await;
        let verified = serde_json::json!({});
        crate::testing::acts(&place, case, "case.verified", verified, None).await;
        let split = [
            ("kunci", "0123456789abcdef"),
            ("judul", "Jalan rusak"),
            ("uraian", "Jalan rusak."),
        ];
        let done = admin.post(&at(case, "/pecah"), &split).await;
        done.is(StatusCode::SEE_OTHER);
        let whole = place.node.case(case).await.unwrap();
        let half = whole.children[0];
        let note = [("nomor", "7")];
        admin.post(&at(half, "/nomor"), &note).await;
        let page = admin.open("/meja/audit").await;
        let ticket = whole.summary.ticket.unwrap();
        let named = format!("<a href=\"{}\">Pecahan {ticket}</a>", at(half, ""));
        page.shows(&named);
        let today = place.node.today().to_string();
        let narrowed = admin.open(&format!("/meja/audit?dari={today}")).await;
        narrowed.shows(&named).shows(&format!("value=\"{today}\""));
        let before = admin.open("/meja/audit?sampai=2020-01-01").await;
        before.shows("Tidak ada catatan");
        let unusable = admin.open("/meja/audit?dari=kemarin").await;
        unusable.shows("saringan tanggal diabaikan").shows(&named);
    }
}

#[tokio::test]
async fn whoever_acts_without_an_account_has_words_and_can_be_looked_for_in_the_log() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        for (actor, who) in [
            ("serve", "Program, saat mulai"),
            ("jobs", "Program, dengan sendirinya"),
            ("nobody", "Tidak dikenal"),
            ("single_sign_on", "Penyedia identitas"),
        ] {
            let mut tx = place.node.write_tx().await.unwrap();
            let now = place.node.clock().now_ms();
            store::audit::add(&mut tx, now, actor, "setup.contact", None, "")
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let page = admin.open("/meja/audit").await;
            page.shows(&format!(">{who}</td>"))
                .shows(&format!("<option value=\"{actor}\">{who}</option>"));
        }
    }
}
