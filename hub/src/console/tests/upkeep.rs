//! Upkeep at the console: who sees and who acts, and what each act leaves behind.

use http::{HeaderMap, StatusCode};
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::keys::Signer;
use lapor_protocol::receipt::Stream;
use lapor_protocol::seen;
use lapor_protocol::wire::SEEN_HEADER;

use super::{Browser, NOW, Place, login};
use crate::audit::By;
use crate::console::ConsoleRole;
use crate::deeds::{self, Deed};
use crate::error::HubError;
use crate::mishap::Mishap;
use crate::upkeep::{self, Outcome};
use crate::{approvals, restored};

const MAINTENANCE: &str = "/konsol/perawatan/pemeliharaan";
const BACKUPS: &str = "/konsol/perawatan/cadangan";
const RECOVERY: &str = "/konsol/perawatan/pemulihan";
const HOUR_MS: i64 = 3_600_000;

#[tokio::test]
async fn a_maintenance_is_announced_shown_everywhere_and_ended() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let wrong = [("sampai", "kemarin"), ("alasan", "")];
        operator
            .post(MAINTENANCE, &wrong)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Tulis tanggal dan jam");
        let past = [("sampai", "2020-01-01T00:00"), ("alasan", "ganti mesin")];
        let past = operator.post(MAINTENANCE, &past).await;
        past.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("setelah mulai dan setelah sekarang");
        // NOW is 2026-09-21, 21:13 in Jakarta.
        let until = [("sampai", "2026-09-21T23:13"), ("alasan", "ganti mesin")];
        let made = operator.post(MAINTENANCE, &until).await;
        assert_eq!(made.is(StatusCode::SEE_OTHER).to, MAINTENANCE);
        let directory = place.ground.directory.current();
        let notice = directory.maintenance(NOW).unwrap().clone();
        assert_eq!((notice.from, notice.reason.as_str()), (NOW, "ganti mesin"));
        assert_eq!(notice.until - notice.until.rem_euclid(60_000), notice.until);
        assert!((notice.until - NOW - 2 * HOUR_MS).abs() < 60_000);
        let looks = place.enters(&login(ConsoleRole::Auditor)).await;
        looks
            .open("/konsol")
            .await
            .shows("Pusat dalam pemeliharaan");
        let page = looks.open(MAINTENANCE).await;
        page.shows("Sedang berlangsung")
            .shows("0 dari 1")
            .hides("name=\"alasan\"")
            .hides("akhiri");
        let end = format!("{MAINTENANCE}/akhiri");
        looks.post(&end, &[]).await.is(StatusCode::FORBIDDEN);
        let silent = operator.post(&end, &[]).await;
        silent.is(StatusCode::UNPROCESSABLE_ENTITY);
        let why = [("sebab", "mesin baru sudah berjalan")];
        operator.post(&end, &why).await.is(StatusCode::SEE_OTHER);
        operator
            .open(MAINTENANCE)
            .await
            .shows("Tidak ada pemeliharaan");
        operator.post(&end, &why).await;
        let page = operator.open(MAINTENANCE).await;
        page.shows("Tidak ada pemeliharaan yang dapat diakhiri");
        let planned = place.audited("maintenance.planned").await;
        assert_eq!(planned[0].1, "ganti mesin");
        let ended = place.audited("maintenance.ended").await;
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].1, "mesin baru sudah berjalan");
    }
}

#[tokio::test]
async fn whoever_agrees_to_a_maintenance_reads_that_it_takes_the_place_of_another() {
    const REPLACES: &str = "<li>Pengumuman baru menggantikan yang berlaku sekarang.";
    for place in Place::all(true).await {
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let plan = [("sampai", "2026-09-21T23:13"), ("alasan", "ganti mesin")];
        let asked = first.post(MAINTENANCE, &plan).await;
        asked.is(StatusCode::SEE_OTHER);
        let listed = first.open("/konsol/persetujuan").await;
        listed.shows("<ul class=\"reasons\">").hides(REPLACES);
        let other = Deed::Maintain {
            from: NOW,
            until: NOW + HOUR_MS,
        };
        let by = By::actor("test");
        deeds::act(&place.ground, &by, &other).await.unwrap();
        let listed = first.open("/konsol/persetujuan").await;
        listed.shows(REPLACES);
        let page = first.open(MAINTENANCE).await;
        page.shows("Pengumuman baru menggantikan yang berlaku sekarang.");
        let ending = page.between(
            "<section class=\"upkeep\" aria-labelledby=\"diumumkan\">",
            "</section>",
        );
        assert!(
            ending.contains("setelah operator lain menyetujuinya"),
            "{ending}"
        );
    }
}

/// A maintenance of one hour that begins so many hours from now.
fn planned(hours: i64) -> Deed {
    Deed::Maintain {
        from: NOW + hours * HOUR_MS,
        until: NOW + (hours + 1) * HOUR_MS,
    }
}

#[tokio::test]
async fn the_second_person_calls_off_the_plan_that_the_first_meant_and_no_other() {
    const FOLLOWS: &str = "Bila dibatalkan, pemeliharaan ini tidak jadi";
    const LIST: &str = "/konsol/persetujuan";
    for place in Place::all(true).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let second = place.enters("dua@pusat.example").await;
        let by = By::actor("test");
        let announce = async |hours| {
            let plan = planned(hours);
            deeds::act(&place.ground, &by, &plan).await.unwrap();
        };
        announce(1).await;
        first.open(MAINTENANCE).await.shows(FOLLOWS);
        let why = [("sebab", "ditunda")];
        let asked = first.post(&format!("{MAINTENANCE}/akhiri"), &why).await;
        asked.is(StatusCode::SEE_OTHER);
        let list = second.open(LIST).await;
        list.shows(
            "Batalkan rencana pemeliharaan: 21 September 2026 pukul 22.13 WIB – \
             21 September 2026 pukul 23.13 WIB",
        )
        .shows(FOLLOWS);
        let at = format!(
            "{LIST}/{}",
            list.between("action=\"/konsol/persetujuan/", "\"")
        );
        let yes = [("putusan", "setuju")];

        announce(2).await;
        let list = second.open(LIST).await;
        list.shows("Pemeliharaan lain diumumkan sejak itu")
            .hides(FOLLOWS)
            .hides("value=\"setuju\"")
            .shows("value=\"tolak\"");
        second.post(&at, &yes).await.is(StatusCode::SEE_OTHER);
        let directory = place.ground.directory.current();
        let stands = directory.maintenance(NOW).map(|notice| notice.from);
        assert_eq!(stands, Some(NOW + 2 * HOUR_MS));
        assert!(place.audited("maintenance.ended").await.is_empty());

        let another = By {
            reason: "kabel diganti",
            ..By::actor("test")
        };
        let plan = deeds::act(&place.ground, &another, &planned(1)).await;
        plan.unwrap();
        let list = second.open(LIST).await;
        list.shows("Pemeliharaan lain diumumkan sejak itu");

        announce(1).await;
        let list = second.open(LIST).await;
        list.shows("value=\"setuju\"");
        second.post(&at, &yes).await.is(StatusCode::SEE_OTHER);
        let list = second.open(LIST).await;
        list.shows("Rencana pemeliharaan dibatalkan");
        let directory = place.ground.directory.current();
        assert!(directory.maintenance(NOW).is_none());
        for action in ["maintenance.called_off.asked", "maintenance.called_off"] {
            assert_eq!(place.audited(action).await.len(), 1, "{action}");
        }
        assert!(place.audited("maintenance.ended").await.is_empty());
        let log = second.open("/konsol/audit").await;
        log.shows("<td data-label=\"Tindakan\">Rencana pemeliharaan dibatalkan</td>");
    }
}

#[tokio::test]
async fn a_plan_for_later_waits_while_another_maintenance_lasts() {
    const LASTS: &str = "akhiri dahulu sebelum mengumumkan yang berikutnya";
    const LIST: &str = "/konsol/persetujuan";
    for place in Place::all(true).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let second = place.enters("dua@pusat.example").await;
        let plan = [
            ("mulai", "2026-09-22T01:00"),
            ("sampai", "2026-09-22T02:00"),
            ("alasan", "ganti mesin"),
        ];
        let asked = first.post(MAINTENANCE, &plan).await;
        asked.is(StatusCode::SEE_OTHER);
        let list = second.open(LIST).await;
        list.shows("value=\"setuju\"").hides(LASTS);
        let at = format!(
            "{LIST}/{}",
            list.between("action=\"/konsol/persetujuan/", "\"")
        );
        let lasts = Deed::Maintain {
            from: NOW,
            until: NOW + HOUR_MS / 4,
        };
        let by = By::actor("test");
        deeds::act(&place.ground, &by, &lasts).await.unwrap();
        let list = second.open(LIST).await;
        list.shows(LASTS).hides("value=\"setuju\"");
        let yes = [("putusan", "setuju")];
        second.post(&at, &yes).await.is(StatusCode::SEE_OTHER);
        second
            .open(LIST)
            .await
            .shows(LASTS)
            .hides("yang diminta sudah lewat");
        place.clock.advance(HOUR_MS / 4);
        second.post(&at, &yes).await.is(StatusCode::SEE_OTHER);
        let list = second.open(LIST).await;
        list.shows("Pemeliharaan diumumkan.");
    }
}

#[tokio::test]
async fn an_end_that_was_asked_for_before_it_named_a_maintenance_ends_what_is_announced() {
    for place in Place::all(false).await {
        let by = By::actor("test");
        deeds::act(&place.ground, &by, &planned(1)).await.unwrap();
        let end: Deed = serde_json::from_str(r#"{"deed":"end_maintenance"}"#).unwrap();
        deeds::act(&place.ground, &by, &end).await.unwrap();
        let directory = place.ground.directory.current();
        assert!(directory.maintenance(NOW).is_none());
        assert_eq!(place.audited("maintenance.called_off").await.len(), 1);
    }
}

/// Sends a form that begins work, and waits until that is over.
pub(super) async fn works(place: &Place, browser: &Browser, path: &str, name: &str) {
    let upkeep = &place.console.hub.upkeep;
    let mut changes = upkeep.subscribe();
    let begun = browser.post(path, &[("nama", name)]).await;
    assert_eq!(begun.is(StatusCode::SEE_OTHER).to, BACKUPS);
    while upkeep.running().is_some() {
        changes.changed().await.unwrap();
    }
}

#[tokio::test]
async fn a_backup_is_made_and_restored_on_trial_and_both_stay_in_the_record() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let empty = operator.open(BACKUPS).await;
        empty
            .shows("Belum ada cadangan")
            .shows("value=\"2026-09-21\"");
        let wrong = operator.post(BACKUPS, &[("nama", "../luar")]).await;
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY);
        let absent = operator
            .post(&format!("{BACKUPS}/uji"), &[("nama", "x")])
            .await;
        absent.is(StatusCode::NOT_FOUND);
        works(&place, &operator, BACKUPS, "harian").await;
        let page = operator.open(BACKUPS).await;
        page.shows("<code>harian</code>")
            .shows("Dengan kunci")
            .shows("Belum diuji")
            .shows("Belum pernah ada yang lulus");
        works(&place, &operator, &format!("{BACKUPS}/uji"), "harian").await;
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let page = looks.open(BACKUPS).await;
        page.shows(">Lulus<")
            .shows("0 putusan dibuat ulang")
            .shows("Petugas Pusat")
            .hides("Belum pernah")
            .hides("tidak lulus<")
            .hides("name=\"nama\"");
        let acted = looks.post(BACKUPS, &[("nama", "lain")]).await;
        acted.is(StatusCode::FORBIDDEN);
        for action in ["backup.begun", "backup.tried"] {
            let (actor, detail) = place.audited(action).await.remove(0);
            assert!(actor.starts_with("account:"), "{actor}");
            assert_eq!(detail, "harian");
        }
        let scratch = &place.ground.settings.backup.scratch;
        assert!(!scratch.exists(), "what a trial unpacks is removed");
        let shelf = place.ground.settings.backup.folder.clone().unwrap();
        let manifest = std::fs::read_to_string(shelf.join("harian/manifest.json")).unwrap();
        let key = shelf
            .join("harian")
            .join(run_of(&manifest))
            .join("keys/hub-signing.key");
        std::fs::write(key, "lain").unwrap();
        place.clock.advance(1_000);
        works(&place, &operator, &format!("{BACKUPS}/uji"), "harian").await;
        operator
            .open(BACKUPS)
            .await
            .shows("; yang terakhir diuji tidak lulus")
            .shows(">Gagal<")
            .shows("Gagal 21 ")
            .shows("Ada berkas yang bukan seperti ketika dicadangkan")
            .shows("is not what was backed up");
        let shelf = upkeep::read(&place.console.hub).await.unwrap();
        assert_eq!(shelf.runs[0].cause, Some(Mishap::Damaged));
    }
}

#[tokio::test]
async fn where_two_must_agree_a_recovery_is_closed_by_two() {
    for place in Place::all(true).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let second = place.enters("dua@pusat.example").await;
        restored::note(&place.ground.db, NOW, NOW - HOUR_MS)
            .await
            .unwrap();
        first.open(RECOVERY).await.shows("operator lain");
        let reason = [("alasan", "server mereka terbakar")];
        first.post(&format!("{RECOVERY}/tutup"), &reason).await;
        let waits = first.open(RECOVERY).await;
        waits.shows("menunggu semua instansi terdengar");
        let waiting = approvals::waiting(&place.ground).await.unwrap().remove(0);
        let at = format!("/konsol/persetujuan/{}", waiting.id);
        second.post(&at, &[("putusan", "setuju")]).await;
        first
            .open(RECOVERY)
            .await
            .shows("dinyatakan oleh")
            .shows("Belum ada instansi yang terdengar")
            .hides("Semua yang ditunjukkan instansi ada")
            .hides("Berjalan lagi sejak");
        assert_eq!(place.audited("recovery.closed").await.len(), 1);
        let lost = place.is_shown(&place.ground.signer()).await;
        assert_eq!(lost.unwrap_err().status(), 503);
        first
            .open(RECOVERY)
            .await
            .shows("hub mengumpulkannya dari instansi")
            .shows("Pernah selesai")
            .shows("dinyatakan oleh")
            .shows("Berjalan lagi sejak");
    }
}

#[tokio::test]
async fn a_trial_that_cannot_be_run_says_nothing_of_the_backup() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        works(&place, &operator, BACKUPS, "harian").await;
        let scratch = &place.ground.settings.backup.scratch;
        std::fs::write(scratch, "not a folder").unwrap();
        place.clock.advance(1_000);
        works(&place, &operator, &format!("{BACKUPS}/uji"), "harian").await;
        let page = operator.open(BACKUPS).await;
        page.shows(">Tidak selesai<").hides(">Gagal<");
        let shelf = upkeep::read(&place.console.hub).await.unwrap();
        assert_eq!(shelf.runs[0].outcome, Some(Outcome::Aborted));
        assert!(shelf.runs[0].problem.is_some());
        assert_eq!(shelf.runs[0].cause, Some(Mishap::File));
    }
}

#[tokio::test]
async fn what_a_killed_trial_left_is_swept_and_what_lives_or_is_not_ours_is_not() {
    for place in Place::all(false).await {
        let scratch = &place.ground.settings.backup.scratch;
        let folders = [
            "trial-0123456789abcdef",
            "trial-fedcba9876543210",
            "milik-lain",
            "0123456789abcdef",
        ];
        for folder in folders {
            std::fs::create_dir_all(scratch.join(folder)).unwrap();
        }
        let living = std::fs::File::open(scratch.join(folders[1])).unwrap();
        living.lock().unwrap();
        upkeep::interrupt(&place.ground).await.unwrap();
        let left = folders.map(|folder| scratch.join(folder).exists());
        assert_eq!(left, [false, true, true, true]);
        drop(living);
        upkeep::interrupt(&place.ground).await.unwrap();
        assert!(!scratch.join(folders[1]).exists());
    }
}

impl Place {
    /// Kota Bandung shows a head of its stream signed with this key.
    pub(super) async fn is_shown(&self, signer: &Signer) -> Result<(), HubError> {
        let bandung: InstanceId = "kota-bandung".parse().unwrap();
        let head = StreamHead {
            recipient: Some(bandung.clone()),
            stream: Stream::Inbox,
            depoch: self.ground.depoch,
            dseq: 9,
            hash: Digest::of(b"lost"),
            at: NOW,
        };
        let head = head.sign(signer);
        let mut headers = HeaderMap::new();
        let shown = seen::shown(&head).unwrap().parse().unwrap();
        headers.insert(SEEN_HEADER, shown);
        let witness = &self.console.hub.witness;
        witness.hear(&self.ground, &bandung, &headers).await
    }
}

fn run_of(manifest: &str) -> String {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    manifest["run"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_restored_hub_waits_for_those_who_were_not_heard_until_an_operator_says_otherwise() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let never = operator.open(RECOVERY).await;
        never.shows("tidak pernah dipulihkan").hides("Nyatakan");
        restored::note(&place.ground.db, NOW, NOW - HOUR_MS)
            .await
            .unwrap();
        restored::settle(&place.console.hub).await.unwrap();
        let waits = operator.open(RECOVERY).await;
        waits
            .shows("menunggu semua instansi terdengar")
            .shows("0 dari 1 instansi aktif")
            .shows("Belum terdengar");
        // What a change of keys left behind: signed like a head, with a key that is not known.
        let stranger = Signer::from_seed(&[7; 32]);
        place.is_shown(&stranger).await.unwrap();
        restored::settle(&place.console.hub).await.unwrap();
        operator
            .open(RECOVERY)
            .await
            .shows("0 dari 1 instansi aktif")
            .shows("kuncinya tidak dikenal")
            .hides("mengumpulkannya");
        let close = format!("{RECOVERY}/tutup");
        let silent = operator.post(&close, &[("alasan", "")]).await;
        silent.is(StatusCode::UNPROCESSABLE_ENTITY);
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        looks.open(RECOVERY).await.hides("alasan");
        let reason = [("alasan", "server mereka terbakar")];
        looks.post(&close, &reason).await.is(StatusCode::FORBIDDEN);
        operator
            .post(&close, &reason)
            .await
            .is(StatusCode::SEE_OTHER);
        let closed = operator.open(RECOVERY).await;
        closed.shows("dinyatakan oleh").hides("Nyatakan");
        let (_, detail) = place.audited("recovery.closed").await.remove(0);
        assert_eq!(detail, "server mereka terbakar");
    }
}
