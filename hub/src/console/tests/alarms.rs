//! Alarms at the console: who sees and who acts, what a form refuses, and that
//! each act stands in the audit log.

use http::StatusCode;

use super::{Browser, Place, login};
use crate::alarms::{self, look};
use crate::audit::By;
use crate::console::ConsoleRole;
use crate::console::live::seen;
use crate::deeds::{self, Deed};
use crate::store::alarms::deliveries::{self, Kept};
use crate::store::alarms::live;

const RULES: &str = "/konsol/alarm/aturan";
const NEW: &str = "/konsol/alarm/aturan/baru";
const SILENCES: &str = "/konsol/alarm/senyap";
const RECIPIENTS: &str = "/konsol/alarm/penerima";
const SENT: &str = "/konsol/alarm/kiriman";
const PAST: &str = "/konsol/alarm/riwayat";
const ALARMS: &str = "/konsol/alarm";
const HOUR_MS: i64 = 3_600_000;

/// A rule that the hub breaks at once: it has never made a backup.
const BACKUP: [(&str, &str); 7] = [
    ("kondisi", "hub_backup"),
    ("tingkat", "kuning"),
    ("lingkup", "all"),
    ("bobot", "critical"),
    ("menit", "0"),
    ("jam", "24"),
    ("semua", "1"),
];

async fn opened(place: &Place) -> Browser {
    let operator = place.enters(&login(ConsoleRole::Operator)).await;
    look(&place.console.hub).await.unwrap();
    let saved = operator.post(NEW, &BACKUP).await;
    assert_eq!(saved.is(StatusCode::SEE_OTHER).to, RULES);
    look(&place.console.hub).await.unwrap();
    operator
}

#[tokio::test]
async fn an_operator_acknowledges_an_alarm_which_the_menu_counts() {
    for place in Place::all(false).await {
        let operator = opened(&place).await;
        let page = operator.open(ALARMS).await;
        page.shows("Hub: cadangan sudah lama")
            .shows("<span class=\"waiting\">1</span>")
            .shows("Belum pernah membuat cadangan");
        let stranger = Browser::before(&place.console);
        let entrance = stranger.open("/masuk").await;
        entrance
            .is(StatusCode::OK)
            .hides("class=\"waiting\"")
            .hides("class=\"menu\"");
        let id = page.between("name=\"alarm\" value=\"", "\"");
        let seen = [
            ("lingkup", "pilihan"),
            ("alarm", id.as_str()),
            ("catatan", "malam ini"),
        ];
        let rule = page.between("name=\"aturan\" value=\"", "\"");
        let early = [
            ("lingkup", "semua"),
            ("aturan", rule.as_str()),
            ("saat", "1"),
        ];
        operator.post("/konsol/alarm/akui", &early).await;
        operator.open(ALARMS).await.shows("Tidak ada yang diakui");
        operator.post("/konsol/alarm/akui", &seen).await;
        look(&place.console.hub).await.unwrap();
        operator
            .open(ALARMS)
            .await
            .shows("1 alarm diakui.")
            .shows("Petugas Pusat: malam ini")
            .hides("class=\"waiting\"");
        operator.post("/konsol/alarm/akui", &seen).await;
        operator.open(ALARMS).await.shows("Tidak ada yang diakui");
        let (_, detail) = place.audited("alarm.acknowledged").await.remove(0);
        assert!(detail.ends_with("malam ini"), "{detail}");
    }
}

#[tokio::test]
async fn a_page_that_stands_open_is_told_of_an_alarm_that_its_menu_counts() {
    for place in Place::all(false).await {
        let hub = &place.console.hub;
        look(hub).await.unwrap();
        let before = seen(&hub.alarms, &hub.watch.picture());
        let operator = opened(&place).await;
        let after = seen(&hub.alarms, &hub.watch.picture());
        assert_eq!(before.len(), after.len());
        let differ = before.iter().zip(&after).filter(|(was, is)| was != is);
        assert_eq!(differ.count(), 1, "{before:?}, {after:?}");
        for path in ["/konsol", ALARMS] {
            let page = operator.open(path).await;
            page.shows("data-live=\"/konsol/aliran\"");
            let menu = page.between("<ul id=\"menu\" data-live-part>", "</ul>");
            assert!(menu.contains("<span class=\"waiting\">1</span>"), "{menu}");
        }
        let page = operator.open(ALARMS).await;
        page.shows("<script src=\"/aset/federation.");
        let (_, live) = page
            .text
            .split_once("<div id=\"terbuka\" data-live-part>")
            .unwrap();
        assert!(live.contains("name=\"alarm\"") && live.contains("name=\"catatan\""));
    }
}

#[tokio::test]
async fn a_rule_is_changed_and_switched_off_and_what_cannot_be_is_said() {
    for place in Place::all(false).await {
        let operator = opened(&place).await;
        for (field, value, said) in [
            ("kondisi", "", "kondisi-error"),
            ("kondisi", "hujan", "Pilih satu dari daftar"),
            ("lingkup", "kind", "tidak berlaku untuk instansi"),
            ("menit", "-1", "dari 0 sampai"),
            ("jam", "9999", "dari 0 sampai"),
        ] {
            let fields =
                BACKUP.map(|(name, known)| (name, if name == field { value } else { known }));
            let page = operator.post(NEW, &fields).await;
            page.is(StatusCode::UNPROCESSABLE_ENTITY).shows(said);
        }
        let wrong = [
            ("kondisi", "silent"),
            ("lingkup", "instance"),
            ("instansi", "kota-garut"),
            ("menit", "0"),
            ("jam", "0"),
        ];
        operator
            .post(NEW, &wrong)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tidak dikenal");
        let list = operator.open(RULES).await;
        let lines = list.between("<tbody>", "</tbody>");
        let rest = lines.split_once(&format!("href=\"{RULES}/")).unwrap().1;
        let at = format!("{RULES}/{}", rest.split('"').next().unwrap());
        operator.open(&at).await.shows("Ubah aturan");
        let off = format!("{at}/nonaktif");
        operator.open(&off).await.shows("tidak lagi diberitahukan");
        let silent = operator.post(&off, &[]).await;
        silent.is(StatusCode::UNPROCESSABLE_ENTITY);
        operator.post(&off, &[("alasan", "terlalu sering")]).await;
        operator.open(RULES).await.shows("Aturan dimatikan");
        let (_, detail) = place.audited("alarm.rule_disabled").await.remove(0);
        assert!(detail.ends_with(": terlalu sering"), "{detail}");
        operator.post(&format!("{at}/aktif"), &[]).await;
        assert_eq!(place.audited("alarm.rule_enabled").await.len(), 1);
        let calmer =
            BACKUP.map(|(name, known)| (name, if name == "bobot" { "warning" } else { known }));
        let silent = operator.post(&at, &calmer).await;
        silent
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("mempersempit aturan");
        let why = [&calmer[..], &[("alasan", "jarang penting")]].concat();
        let saved = operator.post(&at, &why).await;
        assert_eq!(saved.is(StatusCode::SEE_OTHER).to, RULES);
        let (_, detail) = place.audited("alarm.rule_changed").await.remove(0);
        let (after, before) = detail.split_once("; before: ").unwrap();
        assert!(
            after.contains("warning") && before.contains("critical"),
            "{detail}"
        );
        assert!(after.ends_with("to everybody"), "{detail}");
        assert!(before.ends_with(": jarang penting"), "{detail}");
        operator.post(&at, &BACKUP).await.is(StatusCode::SEE_OTHER);
        let (_, detail) = place.audited("alarm.rule_changed").await.remove(0);
        assert!(detail.ends_with("to everybody"), "a wider one needs none");
        let list = operator.open(RULES).await;
        list.shows("Sertifikat hampir berakhir (Kuning)")
            .shows("Sertifikat hampir berakhir (Merah)");
    }
}

#[tokio::test]
async fn a_secret_of_a_webhook_is_shown_once_and_never_logged() {
    for place in Place::all(false).await {
        std::fs::create_dir_all(&place.ground.settings.storage.keys).unwrap();
        crate::console::prepare(&place.ground).unwrap();
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let webhook = |at| [("saluran", "webhook"), ("nama", "Krisis"), ("alamat", at)];
        for (at, said) in [
            ("https://127.0.0.1/", "menuju hub sendiri"),
            ("http://alarm.example/", "Hanya https"),
            ("alarm", "Bukan alamat web"),
        ] {
            let page = operator.post(RECIPIENTS, &webhook(at)).await;
            page.is(StatusCode::UNPROCESSABLE_ENTITY).shows(said);
        }
        let made = webhook("https://alarm.example/token-4711");
        let posted = operator.post(RECIPIENTS, &made).await;
        let shown = posted.is(StatusCode::SEE_OTHER).to.clone();
        operator
            .post(RECIPIENTS, &made)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Sudah ada penerima");
        let made = operator.open(&shown).await;
        let again = operator.open(&shown).await;
        assert_eq!(again.is(StatusCode::SEE_OTHER).to, RECIPIENTS);
        let secret = made.between("<code>", "</code>");
        assert!(secret.starts_with("whsec_"));
        operator
            .open(RECIPIENTS)
            .await
            .shows("https://alarm.example/…")
            .hides("token-4711")
            .hides(&secret);
        let list = operator.open(RECIPIENTS).await;
        let id = list.between("action=\"/konsol/alarm/penerima/", "/uji\"");
        operator.post(&format!("{RECIPIENTS}/{id}/uji"), &[]).await;
        operator
            .open(SENT)
            .await
            .shows("Webhook: uji coba")
            .hides("alarms.test");
        let (_, detail) = place.audited("alarm.recipient_added").await.remove(0);
        assert!(
            !detail.contains("4711") && !detail.contains(&secret),
            "{detail}"
        );
        let mail = [("saluran", "mail"), ("nama", "Piket"), ("alamat", "piket")];
        operator
            .post(RECIPIENTS, &mail)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Bukan alamat surel");
    }
}

#[tokio::test]
async fn why_a_letter_did_not_arrive_is_in_words_and_the_server_is_quoted() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let mail = [
            ("saluran", "mail"),
            ("nama", "Piket"),
            ("alamat", "piket@pusat.example"),
        ];
        operator.post(RECIPIENTS, &mail).await;
        let list = operator.open(RECIPIENTS).await;
        let id = list.between("action=\"/konsol/alarm/penerima/", "/uji\"");
        operator.post(&format!("{RECIPIENTS}/{id}/uji"), &[]).await;
        let now = place.ground.clock.now_ms();
        let why = Kept {
            cause: r#"{"kind":"mail","code":550}"#,
            problem: "permanent error (550): 5.1.1 nobody here",
        };
        let mut tx = place.ground.db.write().await.unwrap();
        let taken = deliveries::claim(&mut tx, now, now + 1, 1).await.unwrap();
        deliveries::dead(&mut tx, &taken[0].id, now + 1, (now, why))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        operator
            .open(SENT)
            .await
            .shows("Server surel menolak (550): alamat itu tidak ada")
            .shows("<summary>Kata server</summary><q lang=\"en\">5.1.1 nobody here</q>")
            .hides("permanent error");
    }
}

#[tokio::test]
async fn a_recipient_is_changed_and_removed_and_a_second_person_confirms_what_keeps_alarms_away() {
    for place in Place::all(true).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let mail = |name| {
            let address = ("alamat", "piket@pusat.example");
            [("saluran", "mail"), ("nama", name), address]
        };
        operator.post(RECIPIENTS, &mail("Piket")).await;
        let list = operator.open(RECIPIENTS).await;
        let at = list.between(&format!("href=\"{RECIPIENTS}/"), "\"");
        let at = format!("{RECIPIENTS}/{at}");
        operator.open(&at).await.shows("piket@pusat.example");
        operator.post(&at, &mail("Piket malam")).await;
        operator.open(RECIPIENTS).await.shows("Piket malam");
        let (_, detail) = place.audited("alarm.recipient_changed").await.remove(0);
        assert!(
            detail.contains("mail Piket malam piket@") && detail.contains("mail Piket piket@"),
            "{detail}"
        );
        operator
            .post(&format!("{at}/hapus"), &[("alasan", "pindah")])
            .await;
        operator.open(RECIPIENTS).await.shows("Piket malam");
        let long = [
            ("lingkup", "instance"),
            ("instansi", "kota-bandung"),
            ("jam", "48"),
            ("alasan", "kabel putus"),
        ];
        operator.post(SILENCES, &long).await;
        operator.open(SILENCES).await.hides("kabel putus");
        place
            .hire("kedua@pusat.example", ConsoleRole::Operator)
            .await;
        let second = place.enters("kedua@pusat.example").await;
        let waiting = second.open("/konsol/persetujuan").await;
        waiting.shows("Piket").shows("Kota Bandung, 48 jam");
        for _ in 0..2 {
            let waiting = second.open("/konsol/persetujuan").await;
            let path = waiting.between("action=\"/konsol/persetujuan/", "\"");
            let path = format!("/konsol/persetujuan/{path}");
            second.post(&path, &[("putusan", "setuju")]).await;
        }
        second.open(RECIPIENTS).await.hides("Piket malam");
        second.open(SILENCES).await.shows("kabel putus");
        assert_eq!(place.audited("alarm.silenced.asked").await.len(), 1);
        let (_, detail) = place.audited("alarm.recipient_removed").await.remove(0);
        assert!(detail.contains("asked by account:"), "{detail}");
        let auditor = place.enters(&login(ConsoleRole::Auditor)).await;
        auditor
            .open("/konsol/audit")
            .await
            .shows("Diminta: Alarm disenyapkan");
    }
}

/// Confirms the one act that waits, and shows how it was described.
async fn confirmed(second: &Browser) -> String {
    let waiting = second.open("/konsol/persetujuan").await;
    let path = waiting.between("action=\"/konsol/persetujuan/", "\"");
    let path = format!("/konsol/persetujuan/{path}");
    second.post(&path, &[("putusan", "setuju")]).await;
    waiting.text
}

#[tokio::test]
async fn where_two_must_agree_a_rule_is_narrowed_and_a_silence_goes_on_by_two() {
    for place in Place::all(true).await {
        let operator = opened(&place).await;
        place
            .hire("kedua@pusat.example", ConsoleRole::Operator)
            .await;
        let second = place.enters("kedua@pusat.example").await;
        let rules = operator.open(RULES).await;
        let rules = rules.between("<tbody>", "</tbody>");
        let end = rules.rsplit_once(&format!("href=\"{RULES}/")).unwrap().1;
        let rule = end.split(['"', '/']).next().unwrap();
        let at = format!("{RULES}/{rule}");
        operator.open(&at).await.shows("setelah operator lain");
        let why = ("alasan", "tunggu dahulu");
        let later = BACKUP.map(|(name, known)| (name, if name == "menit" { "90" } else { known }));
        let asked = [&later[..], &[why]].concat();
        operator.post(&at, &asked).await.is(StatusCode::SEE_OTHER);
        assert!(place.audited("alarm.rule_changed").await.is_empty());
        let by = By {
            reason: "uji",
            ..By::actor("test")
        };
        let deed = Deed::DisableRule { rule: rule.into() };
        deeds::act(&place.ground, &by, &deed).await.unwrap();
        let said = confirmed(&second).await;
        assert!(said.contains("Persempit aturan alarm"), "{said}");
        let told = said.split_once("data-label=\"Tentang\">").unwrap().1;
        let told = told.split_once("</td>").unwrap().0;
        let stands = told.split("berlangsung: ").skip(1);
        let stands: Vec<&str> = stands.filter_map(|rest| rest.split(';').next()).collect();
        assert_eq!(stands.len(), 2, "before and after: {told}");
        assert_ne!(stands[0], "90 menit");
        assert_eq!(stands[1], "90 menit");
        let (_, detail) = place.audited("alarm.rule_changed").await.remove(0);
        assert!(detail.contains("5400000 ms"), "{detail}");
        assert!(detail.ends_with(": tunggu dahulu") && detail.contains("asked by account:"));
        let mut tx = place.ground.db.read().await.unwrap();
        let rules = alarms::rules(&mut tx).await.unwrap();
        tx.rollback().await.unwrap();
        let changed = rules.iter().find(|known| known.id == rule).unwrap();
        assert!(!changed.enabled, "it was switched off meanwhile");

        let silence = [
            ("lingkup", "instance"),
            ("instansi", "kota-bandung"),
            ("jam", "24"),
            ("alasan", "kabel putus"),
        ];
        operator.post(SILENCES, &silence).await;
        assert_eq!(place.audited("alarm.silenced").await.len(), 1);
        operator.post(SILENCES, &silence).await;
        assert_eq!(place.audited("alarm.silenced").await.len(), 1, "not alone");
        confirmed(&second).await;
        assert_eq!(place.audited("alarm.silenced").await.len(), 2);
    }
}

#[tokio::test]
async fn a_silence_has_a_reason_and_an_end() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let fields = |hours| {
            [
                ("lingkup", "instance"),
                ("instansi", "kota-bandung"),
                ("jam", hours),
                ("alasan", "kabel putus"),
            ]
        };
        for hours in ["0", "745", "lama"] {
            operator
                .post(SILENCES, &fields(hours))
                .await
                .is(StatusCode::UNPROCESSABLE_ENTITY);
        }
        operator.post(SILENCES, &fields("4")).await;
        let page = operator.open(SILENCES).await;
        page.shows("kabel putus");
        let end = page.between(&format!("action=\"{SILENCES}/"), "\"");
        operator.post(&format!("{SILENCES}/{end}"), &[]).await;
        operator.open(SILENCES).await.hides("kabel putus");
        assert_eq!(place.audited("alarm.silence_ended").await.len(), 1);
        operator.post(SILENCES, &fields("4")).await;
        place.clock.advance(5 * HOUR_MS);
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.open(SILENCES).await.hides("kabel putus");
    }
}

#[tokio::test]
async fn whoever_only_looks_sees_alarms_and_acts_nothing() {
    for place in Place::all(false).await {
        opened(&place).await;
        for role in [ConsoleRole::Observer, ConsoleRole::Auditor] {
            let looks = place.enters(&login(role)).await;
            looks
                .open(ALARMS)
                .await
                .shows("cadangan sudah lama")
                .hides("type=\"checkbox\"");
            for path in [RULES, SILENCES, RECIPIENTS, SENT, PAST] {
                looks
                    .open(path)
                    .await
                    .is(StatusCode::OK)
                    .hides("action=\"/konsol/alarm");
            }
            looks.open(NEW).await.is(StatusCode::FORBIDDEN);
            for path in [
                "/konsol/alarm/akui",
                NEW,
                SILENCES,
                RECIPIENTS,
                "/konsol/alarm/aturan/0/nonaktif",
                "/konsol/alarm/senyap/0/akhiri",
                "/konsol/alarm/penerima/0/uji",
                "/konsol/alarm/kiriman/0/ulang",
            ] {
                looks.post(path, &[]).await.is(StatusCode::FORBIDDEN);
            }
        }
    }
}

#[tokio::test]
async fn an_alarm_that_only_a_later_program_knows_is_told_by_its_name() {
    for place in Place::all(false).await {
        let row = |id: &str, condition: &str| live::AlarmRow {
            id: id.to_owned(),
            rule: "lain".to_owned(),
            subject: String::new(),
            condition: condition.to_owned(),
            severity: "warning".to_owned(),
            level: "red".to_owned(),
            measured: None,
            state: "cleared".to_owned(),
            began_at: 1,
            opened_at: Some(1),
            told_at: None,
            acknowledged_at: None,
            acknowledged_by: None,
            note: None,
            cleared_at: Some(2),
        };
        let rows = [row("a", "hub_backup"), row("b", "hub_of_a_later_program")];
        let mut tx = place.ground.db.write().await.unwrap();
        live::put(&mut tx, &rows).await.unwrap();
        tx.commit().await.unwrap();
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let page = operator.open(PAST).await;
        page.is(StatusCode::OK)
            .shows("cadangan sudah lama")
            .shows("hub_of_a_later_program");
    }
}

#[tokio::test]
async fn where_two_must_agree_nobody_alone_has_a_recipient_told_elsewhere() {
    for second_person in [true, false] {
        for place in Place::all(second_person).await {
            let operator = place.enters(&login(ConsoleRole::Operator)).await;
            let mail = [
                ("saluran", "mail"),
                ("nama", "Piket"),
                ("alamat", "piket@pusat.example"),
            ];
            operator.post(RECIPIENTS, &mail).await;
            let list = operator.open(RECIPIENTS).await;
            let id = list.between("action=\"/konsol/alarm/penerima/", "/uji\"");
            let at = format!("{RECIPIENTS}/{id}");
            let named = [("nama", "Piket malam"), ("alamat", "piket@pusat.example")];
            operator.post(&at, &named).await.is(StatusCode::SEE_OTHER);
            let elsewhere = [("nama", "Piket malam"), ("alamat", "lain@pusat.example")];
            let moved = operator.post(&at, &elsewhere).await;
            let list = operator.open(RECIPIENTS).await;
            list.shows("Piket malam");
            if second_person {
                moved
                    .is(StatusCode::UNPROCESSABLE_ENTITY)
                    .shows("Siapa yang tidak lagi diberi tahu");
                list.shows("piket@pusat.example");
            } else {
                moved.is(StatusCode::SEE_OTHER);
                list.shows("lain@pusat.example");
            }
        }
    }
}
