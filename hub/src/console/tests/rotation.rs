//! Keys, the authority and editions at the console.

use chrono::{Datelike as _, NaiveDate};
use lapor_certs::RootPin;
use lapor_protocol::wire::{Health, Holds};
use lapor_web::holidays::FIRST_EDITION;

use super::*;
use crate::audit::By;
use crate::deeds::{self, Deed};
use crate::membership::MembershipError;
use crate::{approvals, backup, changeover, store, watch};

const KEYS: &str = "/konsol/kunci";
const EDITIONS: &str = "/konsol/edisi";
const REASON: (&str, &str) = ("alasan", "pergantian berkala");

impl Place {
    /// Kota Bandung says what it has.
    pub(super) async fn hears(&self, holds: Option<Holds>) {
        let told = Health {
            software: "lapor-node 1".into(),
            time: NOW,
            unsent: 0,
            oldest_unsent: None,
            unapplied: 0,
            quarantined: 0,
            parked: 0,
            directory: self.ground.directory.current().version(),
            certificate_expires: NOW + 20 * DAY_MS,
            free_disk_bytes: None,
            last_backup: None,
            chain: None,
            inbox: None,
            holds,
            portal: None,
        };
        let bandung = "kota-bandung".parse().unwrap();
        watch::receive(&self.ground, &bandung, &told).await.unwrap();
    }
}

#[tokio::test]
async fn a_signing_key_is_announced_used_once_it_is_known_and_retired() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let former = place.ground.signer().kid().clone();
        let step = |name: &str| format!("{KEYS}/{name}");
        let keys = operator.open(KEYS).await;
        keys.shows(former.as_str()).shows("Menandatangani");
        let early = operator.post(&step("pakai"), &[REASON]).await;
        early.is(StatusCode::NOT_FOUND);
        operator.open(&step("umumkan")).await.shows("Buat cadangan");
        let silent = operator.post(&step("umumkan"), &[("alasan", "")]).await;
        silent.is(StatusCode::UNPROCESSABLE_ENTITY);
        let done = operator.post(&step("umumkan"), &[REASON]).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to, KEYS);
        let page = operator.open(KEYS).await;
        page.shows("0 dari 1 instansi (yang ditangguhkan ikut dihitung)")
            .shows("belum ada dalam cadangan hub ini");
        assert_eq!(*place.ground.signer().kid(), former, "it does not sign yet");
        let next = place.ground.directory.current().hub_keys()[1].kid().clone();

        let asked = operator.open(&step("pakai")).await;
        asked.shows("belum pernah melapor").shows("Kota Bandung");
        let refused = operator.post(&step("pakai"), &[REASON]).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("1 instansi akan tertinggal");
        let forced = operator
            .post(&step("pakai"), &[REASON, ("tetap", "1")])
            .await;
        forced.is(StatusCode::SEE_OTHER);
        assert_eq!(approvals::waiting(&place.ground).await.unwrap().len(), 1);
        assert_eq!(
            *place.ground.signer().kid(),
            former,
            "a second person decides"
        );
        let listed = operator.open("/konsol/persetujuan").await;
        listed
            .shows("meskipun ada yang tertinggal")
            .shows("<li>Mulai versi direktori berikutnya hub menandatangani dengan kunci ini.")
            .shows("<li>1 dari 1 instansi akan tertinggal, yang ditangguhkan ikut dihitung")
            .shows("<li>Kota Bandung: belum pernah melapor</li>")
            .shows(next.as_str());
        let about = listed.between("<td class=\"long\"", "</td>");
        assert!(about.contains(next.as_str()), "it breaks anywhere: {about}");

        let suspended = operator
            .post(&format!("{BANDUNG}/tangguhkan"), &[REASON])
            .await;
        suspended.is(StatusCode::SEE_OTHER);
        operator
            .open(&step("pakai"))
            .await
            .shows("sedang ditangguhkan");
        operator
            .post(&format!("{BANDUNG}/pulihkan"), &[REASON])
            .await;

        place.hears(None).await;
        operator
            .open(&step("pakai"))
            .await
            .shows("Tidak ada: semua dari 1");
        let listed = operator.open("/konsol/persetujuan").await;
        listed
            .shows("<li>Sekarang tidak ada instansi yang akan tertinggal.")
            .hides("<li>Kota Bandung");
        operator
            .post(&step("pakai"), &[REASON])
            .await
            .is(StatusCode::SEE_OTHER);
        assert_eq!(*place.ground.signer().kid(), next);
        operator
            .post(&step("pensiunkan"), &[REASON])
            .await
            .is(StatusCode::SEE_OTHER);
        assert!(
            !place.ground.signers.holds(&former),
            "its private half is gone"
        );
        assert_eq!(place.audited("hub_key.retired").await[0].1, REASON.1);
        operator
            .open(KEYS)
            .await
            .shows("Dipensiunkan")
            .hides("0 dari 1 instansi (yang ditangguhkan ikut dihitung)");

        let keyring = Keyring::load(&place.ground.settings).unwrap();
        assert_eq!(*keyring.signer.kid(), next);
        let (settings, db) = (place.ground.settings.clone(), place.ground.db.clone());
        let again = Ground::new(settings, db, keyring, place.clock.clone()).await;
        assert_eq!(*again.unwrap().signer().kid(), next, "the files are enough");

        let observer = place.enters(&login(ConsoleRole::Observer)).await;
        observer
            .open(KEYS)
            .await
            .shows(next.as_str())
            .hides(&step("umumkan"));
        let barred = observer.open(&step("umumkan")).await;
        barred.is(StatusCode::FORBIDDEN);
        let data = observer.open("/konsol/kunci.json").await;
        data.shows("\"state\":\"retired\"").shows("\"silent\":1");
    }
}

#[tokio::test]
async fn an_authority_is_used_by_two_where_somebody_would_be_cut_off() {
    for place in Place::all(false).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let second = place.enters("dua@pusat.example").await;
        let former = place.ground.certifier().issuer.root_pin();
        let step = |name: &str| format!("{KEYS}/{name}-otoritas");
        first
            .post(&step("umumkan"), &[REASON])
            .await
            .is(StatusCode::SEE_OTHER);
        let pins = place.ground.certifier().bundle.pins();
        assert_eq!((pins.len(), pins[0]), (2, former), "both are trusted");
        let holds = |roots: &[RootPin]| Holds {
            taxonomy: None,
            calendar: None,
            regions: None,
            roots: roots.to_vec(),
            certified_by: Some(former),
        };
        place.hears(Some(holds(&[former]))).await;
        let page = first.open(&step("cabut")).await;
        page.shows("<h1>Tarik kembali pengumuman</h1>");
        first.open(KEYS).await.shows("0 dari 1").shows("1 dari 1");
        let asked = first.open(&step("pakai")).await;
        asked.shows("belum memercayai akar itu");
        first
            .post(&step("pakai"), &[REASON])
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY);
        first
            .post(&step("pakai"), &[REASON, ("tetap", "1")])
            .await
            .is(StatusCode::SEE_OTHER);
        let waiting = approvals::waiting(&place.ground).await.unwrap().remove(0);
        let at = format!("/konsol/persetujuan/{}", waiting.id);
        second.post(&at, &[("putusan", "setuju")]).await;
        assert_eq!(place.ground.certifier().issuer.root_pin(), pins[1]);
        let (actor, detail) = place.audited("authority.used").await.remove(0);
        assert!(
            actor.starts_with("account:") && detail.starts_with("asked by"),
            "{detail}"
        );
        let list = first.open(KEYS).await;
        list.shows("Cabut akar lama");
        let page = first.open(&step("cabut")).await;
        page.shows("<h1>Cabut akar lama</h1>")
            .shows("yang belum memercayainya harus diberi berkas authority/roots.pem")
            .shows("di bawah akar lama, dan belum memercayai akar yang tersisa");
        place.clock.advance(60_000);
        place.hears(Some(holds(&pins))).await;
        let page = first.open(&step("cabut")).await;
        page.shows("di bawah akar lama, dan memercayai akar yang tersisa");
    }
}

#[tokio::test]
async fn the_adoption_of_an_edition_is_counted() {
    for place in Place::all(false).await {
        let observer = place.enters(&login(ConsoleRole::Observer)).await;
        observer
            .open(EDITIONS)
            .await
            .shows("1 instansi aktif belum menyatakan");
        let holds = |calendar: Option<&str>| Holds {
            taxonomy: None,
            calendar: calendar.map(str::to_owned),
            regions: Some(lapor_web::regions::EDITION.into()),
            roots: Vec::new(),
            certified_by: None,
        };
        place.hears(Some(holds(None))).await;
        let page = observer.open(EDITIONS).await;
        page.hides("belum menyatakan").hides("Tertinggal<");
        place.clock.advance(60_000);
        place.hears(Some(holds(Some("2026.9")))).await;
        observer
            .open(EDITIONS)
            .await
            .shows("2026.9")
            .shows("Tertinggal<");
        let data = observer.open("/konsol/edisi.json").await;
        data.shows(&format!(
            "\"edition\":\"2026.9\",\"since\":{}",
            NOW + 60_000
        ));
    }
}

/// Asks what a file would be as an edition.
async fn checked(observer: &Browser, kind: &str, name: &str, file: impl AsRef<[u8]>) -> Page {
    let part = |name: &str, text: &str| {
        format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let head = "--x\r\nContent-Disposition: form-data; name=\"berkas\"; filename=\"t.csv\"\r\n\
        Content-Type: text/csv\r\n\r\n";
    let head = part("jenis", kind) + &part("edisi", name) + head;
    let body = [head.as_bytes(), file.as_ref(), b"\r\n--x--\r\n"].concat();
    let request = Request::post("/konsol/edisi/periksa")
        .header("content-type", "multipart/form-data; boundary=x");
    observer.send(request, body).await
}

#[tokio::test]
async fn a_file_is_compared_before_the_desk_publishes_it() {
    for place in Place::all(false).await {
        let observer = place.enters(&login(ConsoleRole::Observer)).await;
        let send =
            async |kind: &str, name: &str, text: &str| checked(&observer, kind, name, text).await;
        observer
            .open(EDITIONS)
            .await
            .shows("kind (libur_nasional atau cuti_bersama)");
        let table = "date,kind,name\n2031-08-17,libur_nasional,Hari Kemerdekaan";
        let fine = send("kalender", "2031.1", table).await;
        fine.is(StatusCode::OK)
            .shows("2031-08-17 Hari Kemerdekaan (libur nasional)")
            .shows("lapor-node calendar publish --edition 2031.1")
            .shows("21 hari libur mulai hari ini menjadi hari kerja")
            .shows("<li>2026-12-25 Hari Raya Natal</li>")
            .hides("<li>2026-08-17 Hari Kemerdekaan Republik Indonesia</li>")
            .hides("jatuh lebih lambat");
        let whole = format!("{FIRST_EDITION}2031-08-18,cuti_bersama,Cuti\n");
        let whole = send("kalender", "2031.1", &whole).await;
        whole
            .is(StatusCode::OK)
            .hides("jatuh lebih cepat")
            .shows("1 hari kerja mulai hari ini menjadi hari libur")
            .shows("<li>2031-08-18 Cuti</li>");
        let roots =
            r#"{"edition":"2031.1","roots":[{"name":"Agama","below":["Lainnya","Ziarah"]}]}"#;
        let shipped = send("kategori", "", roots).await;
        shipped
            .is(StatusCode::OK)
            .shows("Dibandingkan dengan edisi bawaan program")
            .shows("2 entri tetap")
            .shows("Ditambahkan: 1")
            .shows("<li>Agama / Ziarah</li>")
            .shows("<li>Perhubungan / Parkir Liar</li>");
        let link = "<a href=\"/konsol/edisi/kategori.json\" download>";
        observer.open(EDITIONS).await.shows(link);
        let shipped = observer.open("/konsol/edisi/kategori.json").await;
        shipped.is(StatusCode::OK).shows("\"edition\": \"2026.0\"");
        let marked = format!("\u{feff}{}", shipped.text);
        let same = send("kategori", "2031.1", &marked).await;
        same.is(StatusCode::OK)
            .shows("Ditambahkan: 0")
            .shows("Dihapus: 0");
    }
}

#[tokio::test]
async fn of_a_long_difference_all_entries_are_counted_and_the_first_are_listed() {
    for place in Place::all(false).await {
        let observer = place.enters(&login(ConsoleRole::Observer)).await;
        // Working days of 2031, from the first of January on.
        let first = NaiveDate::from_ymd_opt(2031, 1, 1).unwrap();
        let weekday = |day: &NaiveDate| day.weekday().number_from_monday() < 6;
        let days = first.iter_days().filter(weekday).take(230);
        let rows: Vec<String> = days
            .map(|day| format!("{day},cuti_bersama,Cuti\n"))
            .collect();
        let table = format!("{FIRST_EDITION}{}", rows.concat());
        let page = checked(&observer, "kalender", "2031.1", &table).await;
        page.is(StatusCode::OK)
            .shows("230 hari kerja mulai hari ini menjadi hari libur")
            .shows("Ditambahkan: 230")
            .shows("Dihapus: 0");
        let listed = |from: &str, to: &str| page.between(from, to).matches("<li>").count();
        assert_eq!(listed("<div class=\"notice plain\">", "</div>"), 200);
        assert_eq!(listed("Ditambahkan: 230", "Dihapus: 0"), 200);
        assert_eq!(page.text.matches("Dan 30 baris lagi.").count(), 2);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_named_all_at_once() {
    for place in Place::all(false).await {
        let observer = place.enters(&login(ConsoleRole::Observer)).await;
        let send =
            async |kind: &str, name: &str, text: &str| checked(&observer, kind, name, text).await;
        let table = "date,kind,name\n2031-08-17,libur_nasional,Hari Kemerdekaan";
        for (kind, name, text, said) in [
            ("kalender", "", table, "tuliskan namanya"),
            (
                "kategori",
                "",
                r#"{"edition":"2031.1","roots":[{"name":"Air"},{"name":"Air"}]}"#,
                "Kategori ke-2 (Air): namanya sudah ada di atasnya",
            ),
            (
                "kategori",
                "",
                r#"{"edition":"2031.1","roots":[{"name":"Air","code":"A"}]}"#,
                "isian “code” tidak dikenal",
            ),
            (
                "kalender",
                "2031.1",
                "date,kind,name\n2031-02-30,libur_nasional,X",
                "Baris 2 (2031-02-30 X): bukan tanggal menurut kalender",
            ),
            (
                "kalender",
                "2031.1",
                "date,kind,name\n2031-02-03,libur,X",
                "Baris 2: jenis “libur” tidak dikenal",
            ),
            ("kategori", "", "{}", "tidak ada isian “edition”"),
        ] {
            let wrong = send(kind, name, text).await;
            wrong.is(StatusCode::UNPROCESSABLE_ENTITY).shows(said);
        }
        let wide: Vec<u8> = "\u{feff}{\"edition\":\"2031.1\"}"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for kind in ["kategori", "kalender"] {
            checked(&observer, kind, "2031.1", &wide)
                .await
                .is(StatusCode::UNPROCESSABLE_ENTITY)
                .shows("simpan sebagai JSON UTF-8");
        }
        checked(&observer, "kalender", "2031.1", b"\xffdate,kind,name")
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("simpan sebagai CSV UTF-8");
        let several = "date,kind,name\n2031-02-30,libur,X\n2031-02-03,libur_nasional,\n";
        send("kalender", "2031.1", several)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tidak dapat menjadi edisi: 3 kesalahan.")
            .shows("Baris 2: jenis “libur” tidak dikenal")
            .shows("Baris 2 (2031-02-30 X): bukan tanggal menurut kalender")
            .shows("Baris 3 (2031-02-03): tidak bernama")
            .hides("kesalahan lagi");
        let same = "2031-08-17,libur_nasional,A\n".repeat(23);
        send("kalender", "2031.1", &format!("date,kind,name\n{same}"))
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("tidak dapat menjadi edisi: 22 kesalahan.")
            .shows("Dan 2 kesalahan lagi.");
    }
}

#[tokio::test]
async fn the_version_that_is_told_is_that_of_the_key_of_which_they_have_read() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.post(&format!("{KEYS}/umumkan"), &[REASON]).await;
        let announced = place.ground.directory.current().version();
        let said = format!("memiliki direktori versi {announced} ");
        operator.open(KEYS).await.shows("0 dari 1").shows(&said);
        place.hears(None).await;
        operator.post(&format!("{KEYS}/pakai"), &[REASON]).await;
        let page = operator.open(KEYS).await;
        page.shows("Dipakai sebelumnya")
            .shows("1 dari 1 instansi")
            .shows(&said);
    }
}

#[tokio::test]
async fn only_a_backup_with_the_keys_in_it_ends_the_warning_of_a_key_that_is_in_none() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.post(&format!("{KEYS}/umumkan"), &[REASON]).await;
        let warning = "belum ada dalam cadangan hub ini";
        operator.open(KEYS).await.shows(warning);
        let settings = &place.ground.settings;
        let shelf = settings.backup.folder.clone().unwrap();
        for (name, with_keys) in [("tanpa", false), ("dengan", true)] {
            place.clock.advance(1_000);
            let now = place.ground.clock.now_ms();
            let to = shelf.join(name);
            backup::back_up(settings, None, &to, with_keys, now, |_, _, _| {})
                .await
                .unwrap();
            let page = operator.open(KEYS).await;
            if with_keys {
                page.hides(warning);
            } else {
                page.shows(warning);
            }
        }
    }
}

#[tokio::test]
async fn a_root_is_not_withdrawn_while_it_certifies_although_another_was_to() {
    for place in Place::all(false).await {
        let ground = &place.ground;
        let act = async |deed: Deed| deeds::act(ground, &By::actor("test"), &deed).await;
        let former = ground.certifier().issuer.root_pin();
        let next = changeover::prepare(ground).unwrap();
        act(Deed::AnnounceAuthority { root: next }).await.unwrap();
        let authority = &ground.settings.storage.authority;
        let (issuer, away) = (
            authority.join("next-issuer.pem"),
            authority.join("away.pem"),
        );
        std::fs::rename(&issuer, &away).unwrap();
        let used = Deed::UseAuthority {
            root: next,
            even_so: true,
        };
        act(used).await.unwrap();
        assert_eq!(ground.certifier().issuer.root_pin(), former);
        let withdraw = Deed::WithdrawAuthority {
            root: former,
            even_so: true,
        };
        let refused = act(withdraw.clone()).await;
        assert!(matches!(refused, Err(MembershipError::Rotation(_))));
        std::fs::rename(&away, &issuer).unwrap();
        deeds::settle(ground).await;
        assert_eq!(ground.certifier().issuer.root_pin(), next);
        act(withdraw).await.unwrap();
        assert_eq!(ground.certifier().bundle.pins(), [next]);
    }
}

#[tokio::test]
async fn an_act_is_decided_although_what_follows_from_it_cannot_be_told() {
    const FOLLOWS: &str = "<ul class=\"reasons\">";
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let step = |name: &str| format!("{KEYS}/{name}");
        operator.post(&step("umumkan"), &[REASON]).await;
        let forced = [REASON, ("tetap", "1")];
        operator.post(&step("pakai"), &forced).await;
        let listed = operator.open("/konsol/persetujuan").await;
        listed.shows(FOLLOWS);
        let mut tx = place.ground.db.write().await.unwrap();
        store::state::write(&mut tx, store::state::AUTHORITY, "{")
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let listed = operator.open("/konsol/persetujuan").await;
        listed
            .is(StatusCode::OK)
            .shows("meskipun ada yang tertinggal")
            .hides(FOLLOWS);
        let number = listed.between("action=\"/konsol/persetujuan/", "\"");
        let refused = [("putusan", "tolak")];
        let answer = operator
            .post(&format!("/konsol/persetujuan/{number}"), &refused)
            .await;
        answer.is(StatusCode::SEE_OTHER);
        assert!(approvals::waiting(&place.ground).await.unwrap().is_empty());
    }
}
