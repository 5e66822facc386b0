//! The audit log says in the language and the time of its reader what entries have in codes, also
//! those that were written before.

use super::*;
use crate::alarms::{Condition, Quiet, Rule, Scope, Severity};
use crate::deeds::Deed;
use crate::store::audit::add;
use crate::succession::entrusted;
use crate::watch::{Concern, State};

const LOG: &str = "/konsol/audit";
const HOUR_MS: i64 = 60 * 60 * 1000;

/// Acts that wait for a second person, or that one refused, and what is said of them beside the
/// reason.
fn waiting() -> Vec<(Deed, &'static str)> {
    let garut = || "kab-garut".parse().unwrap();
    let key = lapor_protocol::keys::KeyId::from_text("kunci".to_owned());
    vec![
        (
            Deed::Revoke {
                instance: garut(),
                successor: Some("kota-bandung".parse().unwrap()),
            },
            "penerus: Kota Bandung (kota-bandung)",
        ),
        (
            Deed::Replace {
                instance: garut(),
                successor: "kab-garut-2".parse().unwrap(),
            },
            "penerus: kab-garut-2",
        ),
        (
            Deed::Entrust {
                instance: garut(),
                disposes_to: vec!["kind:kota".parse().unwrap()],
                stands_in: Some(false),
            },
            "Boleh mendisposisikan kepada kind:kota; tidak menggantikan pusat",
        ),
        (
            Deed::RetireKey { key, even_so: true },
            "meskipun ada yang tertinggal",
        ),
        (
            Deed::NarrowRule {
                rule: Box::new(rule()),
            },
            "aturan: Tidak terdengar (Merah): Semua. Gawat; berlangsung: 5 menit; diulang: Hanya \
             sekali; diberi tahu: Semua penerima",
        ),
        (
            Deed::DisableRule {
                rule: "lama".to_owned(),
            },
            "aturan: lama",
        ),
        (
            Deed::RemoveRecipient {
                recipient: "piket".to_owned(),
            },
            "penerima: piket",
        ),
        (
            Deed::Silence {
                quiet: Quiet::Instance("kab-garut".to_owned()),
                hours: 3,
            },
            "kab-garut, 3 jam",
        ),
        (
            Deed::Maintain {
                from: NOW,
                until: NOW + HOUR_MS,
            },
            "21 September 2026 pukul 21.13 WIB – 21 September 2026 pukul 22.13 WIB",
        ),
        (
            Deed::EndMaintenance {
                from: Some(NOW),
                until: Some(NOW + 2 * HOUR_MS),
                reason: None,
            },
            "21 September 2026 pukul 21.13 WIB – 21 September 2026 pukul 23.13 WIB",
        ),
    ]
}

fn rule() -> Rule {
    Rule {
        id: "senyap".to_owned(),
        condition: Condition::Institution(Concern::Silent),
        least: State::Red,
        scope: Scope::All,
        severity: Severity::Critical,
        stands_ms: 5 * 60 * 1000,
        repeat_ms: 0,
        everybody: true,
        recipients: Vec::new(),
        enabled: true,
    }
}

/// What else entries say besides: action, what was written, and how it reads.
fn done() -> Vec<(&'static str, String, String)> {
    let entrusted = format!("({})", entrusted(&[], Some(true)));
    let whole = "Tidak terdengar (Merah): Semua. Gawat; berlangsung: 5 menit; diulang: Hanya \
                 sekali; diberi tahu: Semua penerima";
    let said = rule().said();
    let before = format!("{said}; before: {said}: asked by cli:budi: malam");
    let silenced = format!(
        "province 32 until {}: asked by token:bot: badai",
        NOW + HOUR_MS
    );
    let table = [
        (
            "instance.replaced",
            "kunci hilang (successor: kota-bandung)",
            "kunci hilang (penerus: Kota Bandung (kota-bandung))",
        ),
        (
            "instance.revoked",
            "asked by token:bot: (successor: kota-bandung)",
            "Diminta oleh token API «bot»: penerus: Kota Bandung (kota-bandung)",
        ),
        (
            "instance.authority_changed",
            entrusted.as_str(),
            "Tidak boleh mendisposisikan kepada siapa pun; menggantikan pusat bila pusat \
             dikecualikan",
        ),
        (
            "instance.invited",
            "joins without approval",
            "bergabung tanpa persetujuan",
        ),
        ("instance.suspended", "kabel (putus)", "kabel (putus)"),
        ("instance.tried", "no answer", "tidak menjawab"),
        ("instance.tried", "12 ms", "12 ms"),
        ("roadmap.planned", "-", "tidak ada rencana"),
        (
            "roadmap.planned",
            "2027-Q1: bertukar",
            "2027-Q1: Bertukar pesan",
        ),
        (
            "operator.rests",
            "lupa (dua@pusat.example: password)",
            "lupa (dua@pusat.example: Tautan sandi baru dibuat)",
        ),
        ("token.created", "grafana observer", "grafana, Pengamat"),
        ("token.revoked", "observer", "observer"),
        (
            "alarm.acknowledged",
            "silent 0a1b: kabel putus",
            "Tidak terdengar: kabel putus",
        ),
        (
            "alarm.silenced",
            silenced.as_str(),
            "Provinsi Jawa Barat, sampai 21 September 2026 pukul 22.13 WIB: Diminta oleh token API \
             «bot»: badai",
        ),
        ("alarm.silence_ended", "province 32", "Provinsi Jawa Barat"),
        ("alarm.rule_added", said.as_str(), whole),
        (
            "alarm.recipient_added",
            "mail Piket piket@pusat.example",
            "Surel: Piket piket@pusat.example",
        ),
        (
            "alarm.recipient_removed",
            "webhook Ruang https://x.example/…: asked by cli:budi: pindah",
            "Webhook: Ruang https://x.example/…: Diminta oleh budi, di server: pindah",
        ),
    ];
    let table = table.map(|(action, written, read)| (action, written.to_owned(), read.to_owned()));
    let read = format!("{whole} → {whole}: Diminta oleh budi, di server: malam");
    let changed = ("alarm.rule_changed", before, read);
    table.into_iter().chain([changed]).collect()
}

async fn noted(place: &Place, did: (&str, &str), detail: &str) {
    let mut tx = place.ground.db.write().await.unwrap();
    add(&mut tx, NOW, did, None, detail).await.unwrap();
    tx.commit().await.unwrap();
}

/// What the log says of the last entry of an action.
async fn read(reader: &Browser, action: &str) -> String {
    let page = reader.open(&format!("{LOG}?tindakan={action}")).await;
    page.between("<p class=\"said\">", "</p>")
}

#[tokio::test]
async fn what_entries_say_besides_is_read_in_words_and_in_the_time_of_the_console() {
    for place in Place::all(false).await {
        let auditor = place.enters(&login(ConsoleRole::Auditor)).await;
        for (deed, said) in waiting() {
            let detail = format!("alasan ({})", deed.detail().unwrap());
            for became in ["asked", "refused", "lapsed"] {
                let action = format!("{}.{became}", deed.action(NOW));
                noted(&place, ("cli:budi", &action), &detail).await;
                let read = read(&auditor, &action).await;
                assert_eq!(read, format!("alasan ({said})"), "{action}");
            }
        }
        for (action, written, said) in done() {
            noted(&place, ("cli:budi", action), &written).await;
            let read = read(&auditor, action).await;
            assert_eq!(read, said, "{action}");
        }
    }
}

#[tokio::test]
async fn what_is_done_to_accounts_is_read_with_names_roles_and_ways() {
    for place in Place::all(false).await {
        let auditor = place.enters(&login(ConsoleRole::Auditor)).await;
        let accounts = place.console.accounts();
        let known = accounts.find_by_login(&login(ConsoleRole::Observer)).await;
        let id = known.unwrap().id;
        let (made, ended) = (format!("{id} observer"), format!("{id} 0a1b"));
        for (actor, who, action, detail, said) in [
            (
                "nobody",
                "Tidak dikenal",
                "account.refused",
                "password",
                "kata sandi",
            ),
            (
                "nobody",
                "Tidak dikenal",
                "account.refused",
                "single_sign_on",
                "lewat penyedia identitas",
            ),
            (
                "cli:budi",
                "budi, di server",
                "account.signed_in",
                "password recovery_code",
                "kata sandi, kode cadangan",
            ),
            (
                "single_sign_on",
                "Penyedia identitas",
                "account.created",
                made.as_str(),
                "Petugas Pusat, Pengamat",
            ),
            (
                "cli:budi",
                "budi, di server",
                "account.session_ended",
                ended.as_str(),
                "Petugas Pusat",
            ),
        ] {
            noted(&place, (actor, action), detail).await;
            let page = auditor.open(&format!("{LOG}?tindakan={action}")).await;
            assert_eq!(page.between("<p class=\"said\">", "</p>"), said, "{action}");
            page.shows(&format!(">{who}</td>"));
        }
        noted(&place, ("hub", "instance.suspended.lapsed"), "tua").await;
        let page = auditor.open(LOG).await;
        page.shows("Hub, dengan sendirinya")
            .shows("Gugur tanpa putusan: Instansi ditangguhkan")
            .shows("instance.suspended.lapsed");
    }
}

#[tokio::test]
async fn whoever_acts_without_an_account_has_words_and_can_be_looked_for() {
    for place in Place::all(false).await {
        let auditor = place.enters(&login(ConsoleRole::Auditor)).await;
        for (actor, who) in [
            ("hub", "Hub, dengan sendirinya"),
            ("serve", "Program, saat mulai"),
            ("nobody", "Tidak dikenal"),
            ("single_sign_on", "Penyedia identitas"),
        ] {
            noted(&place, (actor, "account.setup_link_made"), "").await;
            let page = auditor.open(LOG).await;
            page.shows(&format!(">{who}</td>"))
                .shows(&format!("<option value=\"{actor}\">{who}</option>"));
        }
    }
}

#[tokio::test]
async fn what_entries_concern_is_named_and_its_code_stays_readable() {
    for place in Place::all(false).await {
        let auditor = place.enters(&login(ConsoleRole::Auditor)).await;
        for (action, subject, named) in [
            (
                "instance.suspended",
                "kota-bandung",
                "<a href=\"/konsol/instansi/kota-bandung\">Kota Bandung</a>",
            ),
            (
                "roadmap.planned",
                "32.73",
                "<a href=\"/konsol/peta-jalan/32.73\">Kota Bandung, Jawa Barat (32.73)</a>",
            ),
            (
                "hub_key.announced.asked",
                "0123456789abcdef",
                "<a href=\"/konsol/kunci\">Kunci tanda tangan hub (01234567…)</a>",
            ),
            (
                "authority.used",
                "fedcba9876543210",
                "<a href=\"/konsol/kunci\">Akar otoritas (fedcba98…)</a>",
            ),
            ("roadmap.planned", "99.99", "<code>99.99</code></td>"),
        ] {
            let mut tx = place.ground.db.write().await.unwrap();
            let did = ("cli:budi", action);
            add(&mut tx, NOW, did, Some(subject), "").await.unwrap();
            tx.commit().await.unwrap();
            let page = auditor.open(&format!("{LOG}?tindakan={action}")).await;
            page.shows(named)
                .shows(&format!("<code>{subject}</code>"))
                .shows(">Instansi, wilayah, atau kunci<");
        }
    }
}
