//! Inviting, ending, replacing; the test of a connection.

use lapor_protocol::ids::InstanceId;

use super::*;
use crate::approvals;
use crate::audit::By;
use crate::store;
use crate::store::approvals::ApprovalRow;
use crate::streams::StreamKey;
use crate::vouching;

pub const GARUT: &[(&str, &str)] = &[
    ("pendek", "kab-garut"),
    ("jenis", "kabupaten"),
    ("nama", "Pemerintah Kabupaten Garut"),
    ("wilayah", "32.05"),
];

impl Place {
    fn entry(&self, slug: &str) -> Option<InstanceEntry> {
        let directory = self.ground.directory.current();
        directory.latest().instance(&id(slug)).cloned()
    }

    pub(super) fn status_of(&self, slug: &str) -> Option<Status> {
        self.entry(slug).map(|entry| entry.status)
    }

    /// One that was invited has joined.
    pub async fn takes_part(&self, slug: &str) {
        let mut entry = self.entry(slug).unwrap();
        entry.status = Status::Active;
        publish(&self.ground, vec![entry]).await;
    }

    pub(super) async fn line_is_open(&self, slug: &str) -> bool {
        let mut tx = self.ground.db.read().await.unwrap();
        let until = store::joining::open_until(&mut tx, &id(slug), NOW).await;
        until.unwrap().is_some()
    }
}

pub(super) fn id(slug: &str) -> InstanceId {
    slug.parse().unwrap()
}

#[tokio::test]
async fn a_line_is_shown_once_with_a_sheet_and_can_be_withdrawn() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let asked = operator.open("/konsol/undang?wilayah=32.05").await;
        asked.shows("value=\"kab-garut\"");
        let wrong = operator
            .post(
                "/konsol/undang",
                &[("pendek", "Kab Garut"), ("jenis", "kabupaten")],
            )
            .await;
        wrong.is(StatusCode::UNPROCESSABLE_ENTITY);
        let made = operator.post("/konsol/undang", GARUT).await;
        made.is(StatusCode::OK)
            .shows("lapor1.")
            .shows("class=\"qr\"")
            .shows("lapor-node enrol -");
        assert_eq!(place.status_of("kab-garut"), Some(Status::Invited));
        assert!(place.line_is_open("kab-garut").await);
        operator
            .open("/konsol/instansi/kab-garut")
            .await
            .shows("Terbuka sampai")
            .hides("lapor1.");
        let (actor, detail) = place.audited("instance.invited").await.remove(0);
        assert!(actor.starts_with("account:"), "{actor}");
        assert_eq!(detail, "");
        let why = [("alasan", "salah nama")];
        operator.post("/konsol/undang/kab-garut/batal", &why).await;
        assert_eq!(place.status_of("kab-garut"), Some(Status::Registered));
        assert!(!place.line_is_open("kab-garut").await);
        let joined = operator
            .post(
                "/konsol/undang",
                &[("pendek", "kota-bandung"), ("jenis", "kota"), ("nama", "B")],
            )
            .await;
        joined
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("sudah bergabung");
    }
}

#[tokio::test]
async fn a_membership_ends_only_when_it_is_meant_and_by_two_where_two_must_agree() {
    for place in Place::all(true).await {
        place
            .hire("kedua@pusat.example", ConsoleRole::Operator)
            .await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        first.post("/konsol/undang", GARUT).await;
        let at = format!("{BANDUNG}/cabut");
        first
            .open(&at)
            .await
            .shows("Kasus terbuka yang ditanganinya")
            .shows("tidak pernah dipakai lagi");
        let reason = ("alasan", "digabung");
        let unsure = first.post(&at, &[reason]).await;
        unsure.is(StatusCode::UNPROCESSABLE_ENTITY);
        let sure = [reason, ("yakin", "1"), ("penerus", "kab-garut")];
        first.open(&at).await.hides("value=\"kab-garut\"");
        let idle = first.post(&at, &sure).await;
        idle.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("href=\"#penerus\"")
            .shows("harus sudah bergabung dan aktif");
        place.takes_part("kab-garut").await;
        first.post(&at, &sure).await.is(StatusCode::SEE_OTHER);
        assert_eq!(place.status(), Status::Active);
        let second = place.enters("kedua@pusat.example").await;
        let waiting = second.open("/konsol/persetujuan").await;
        waiting
            .shows(">Kota Bandung</a> <code>kota-bandung</code>")
            .shows("→ Pemerintah Kabupaten Garut (kab-garut)")
            .shows("Yang akan terjadi")
            .shows("<li>Nama pendeknya tidak pernah dipakai lagi.</li>");
        let number = waiting.between("action=\"/konsol/persetujuan/", "\"");
        let decide = format!("/konsol/persetujuan/{number}");
        second.post(&decide, &[("putusan", "setuju")]).await;
        let entry = place.entry("kota-bandung").unwrap();
        assert_eq!(entry.status, Status::Revoked);
        assert_eq!(entry.successor, Some(id("kab-garut")));
        let (_, detail) = place.audited("instance.revoked").await.remove(0);
        assert!(
            detail.contains("digabung (successor: kab-garut)"),
            "{detail}"
        );
    }
}

#[tokio::test]
async fn whoever_lost_its_key_comes_back_under_another_name_with_the_same_rights() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let patterns = [("disposisi", "kind:kota"), ("alasan", "tugas baru")];
        let at = format!("{BANDUNG}/wewenang");
        operator
            .post(&at, &patterns)
            .await
            .is(StatusCode::SEE_OTHER);
        let wrong = [("disposisi", "semua"), ("alasan", "x")];
        operator
            .post(&at, &wrong)
            .await
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Bukan pola: semua");
        let at = format!("{BANDUNG}/ganti");
        let fields = |slug| {
            [
                ("penerus", slug),
                ("alasan", "kunci hilang"),
                ("yakin", "1"),
            ]
        };
        let taken = operator.post(&at, &fields("kota-bandung")).await;
        taken.is(StatusCode::UNPROCESSABLE_ENTITY);
        let done = operator.post(&at, &fields("kota-bandung-2")).await;
        done.is(StatusCode::SEE_OTHER);
        let (old, new) = (
            place.entry("kota-bandung").unwrap(),
            place.entry("kota-bandung-2").unwrap(),
        );
        assert_eq!(old.status, Status::Revoked);
        assert_eq!(old.successor, Some(new.id.clone()));
        assert_eq!(new.status, Status::Registered);
        assert_eq!(new.disposes_to, ["kind:kota".parse().unwrap()]);
        assert_eq!(new.identity, None);
        assert_eq!(place.audited("instance.replaced").await.len(), 1);
        let next = "<a href=\"/konsol/undang?instansi=kota-bandung-2\">";
        operator.open(BANDUNG).await.shows(next);
        operator.open(&at).await.is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_a_pattern_of_an_invitation_means_is_told_by_its_name() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator
            .open("/konsol/undang")
            .await
            .shows("<option value=\"region:32.*\" label=\"Semua di bawah Jawa Barat\">")
            .hides("<code>region:32.*</code>");
        let typed = "region:32.* region:32.05.* region:99 slug:kota-bandung slug:kab-* bukan";
        let mut wrong = GARUT.to_vec();
        wrong.push(("disposisi", typed));
        let page = operator.post("/konsol/undang", &wrong).await;
        page.is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Bukan pola: bukan")
            .shows("<li><code>region:32.*</code>: Semua di bawah Jawa Barat</li>")
            .shows("<li><code>region:32.05.*</code>: Semua di bawah Kabupaten Garut</li>")
            .shows("<li><code>region:99</code>: Tidak ada namanya di sini; periksa kodenya</li>")
            .shows("<li><code>slug:kota-bandung</code>: Kota Bandung</li>")
            .shows("<li><code>slug:kab-*</code>: Semua yang nama pendeknya berawalan kab-</li>")
            .hides("<li><code>bukan");
        let mut right = GARUT.to_vec();
        right.push(("disposisi", "region:32.*"));
        let page = operator.post("/konsol/undang", &right).await;
        page.is(StatusCode::OK)
            .shows("<li><code>region:32.*</code>: Semua di bawah Jawa Barat</li>");
    }
}

#[tokio::test]
async fn where_two_must_agree_nobody_invites_with_an_authority_and_the_log_says_what_was_asked() {
    for place in Place::all(true).await {
        place
            .hire("kedua@pusat.example", ConsoleRole::Operator)
            .await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let mut wide = GARUT.to_vec();
        wide.push(("disposisi", "*"));
        let refused = first.post("/konsol/undang", &wide).await;
        refused
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("orang kedua");
        assert_eq!(place.status_of("kab-garut"), None);
        let table = "slug,kind,name,disposes_to\nkab-garut,kabupaten,Garut,*\n";
        first.send_table(table).await.hides("massal/mulai");
        first.post("/konsol/undang", GARUT).await.is(StatusCode::OK);
        let asked = [("disposisi", "*"), ("alasan", "tugas baru")];
        first
            .post("/konsol/instansi/kab-garut/wewenang", &asked)
            .await;
        let second = place.enters("kedua@pusat.example").await;
        let waiting = second.open("/konsol/persetujuan").await;
        waiting.shows("Boleh mendisposisikan kepada *");
        let number = waiting.between("action=\"/konsol/persetujuan/", "\"");
        let decide = format!("/konsol/persetujuan/{number}");
        second.post(&decide, &[("putusan", "tolak")]).await;
        for became in ["asked", "refused"] {
            let action = format!("instance.authority_changed.{became}");
            let (_, detail) = place.audited(&action).await.remove(0);
            assert!(detail.contains("(disposes to: *)"), "{detail}");
        }
        first
            .post("/konsol/instansi/kab-garut/wewenang", &asked)
            .await;
        place.clock.advance(crate::approvals::PATIENCE_MS);
        crate::approvals::lapse(&place.ground).await.unwrap();
        let log = place.enters(&login(ConsoleRole::Auditor)).await;
        let log = log.open("/konsol/audit").await;
        log.shows("Diminta oleh ").shows("tugas baru");
        let lapsed = place.audited("instance.authority_changed.lapsed").await;
        assert_eq!(lapsed[0].0, "hub");
    }
}

#[tokio::test]
async fn a_supervisor_that_ends_leaves_its_place_to_its_successor_or_to_another() {
    const PENGAWAS: [(&str, &str); 3] = [
        ("pendek", "ombudsman"),
        ("jenis", "pengawas"),
        ("nama", "Ombudsman"),
    ];
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let desk = ("pengganti", "1");
        let named = |slug, stands_in: bool| {
            let mut fields = PENGAWAS.to_vec();
            fields[0].1 = slug;
            fields.extend(stands_in.then_some(desk));
            fields
        };
        operator
            .post("/konsol/undang", &named("ombudsman", true))
            .await;
        operator
            .post("/konsol/undang", &named("ombudsman-2", false))
            .await;
        place.takes_part("ombudsman-2").await;
        let sure = [
            ("alasan", "dilebur"),
            ("yakin", "1"),
            ("penerus", "ombudsman-2"),
        ];
        operator
            .post("/konsol/instansi/ombudsman/cabut", &sure)
            .await;
        let stands_in = |slug: &str| place.entry(slug).unwrap().default_supervisor;
        assert!(!stands_in("ombudsman") && stands_in("ombudsman-2"));
        // Without a tick it is taken away, and another can have it.
        let left = [("disposisi", ""), ("alasan", "beralih")];
        let at = |slug: &str| format!("/konsol/instansi/{slug}/wewenang");
        operator.post(&at("ombudsman-2"), &left).await;
        assert!(!stands_in("ombudsman-2"));
        operator
            .post("/konsol/undang", &named("ombudsman-3", true))
            .await;
        assert!(stands_in("ombudsman-3"));
        let taken = [("disposisi", ""), ("alasan", "beralih"), desk];
        let taken = operator.post(&at("ombudsman-2"), &taken).await;
        taken
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("sudah ada");
        let mut unticked = named("ombudsman-3", false);
        operator.post("/konsol/undang", &unticked).await;
        assert!(stands_in("ombudsman-3"), "nobody saw the tick");
        unticked.push(("diketahui", "ombudsman-3"));
        operator.post("/konsol/undang", &unticked).await;
        assert!(!stands_in("ombudsman-3"), "what is unticked is taken away");
    }
}

#[tokio::test]
async fn an_invitation_takes_a_region_away_only_by_a_form_that_showed_it() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.post("/konsol/undang", GARUT).await;
        let region = || place.entry("kab-garut").unwrap().region;
        let mut bare = GARUT[..3].to_vec();
        let typed = operator.post("/konsol/undang", &bare).await;
        typed.is(StatusCode::OK);
        assert_eq!(region(), Some("32.05".parse().unwrap()));
        operator
            .open("/konsol/undang?instansi=kab-garut")
            .await
            .shows("name=\"diketahui\" value=\"kab-garut\"")
            .hides("bila kosong, tetap seperti yang diketahui.");
        bare.push(("diketahui", "kab-garut"));
        let opened = operator.post("/konsol/undang", &bare).await;
        opened.is(StatusCode::OK);
        assert_eq!(region(), None);
    }
}

#[tokio::test]
async fn no_region_is_guessed_and_a_government_has_one_of_its_level() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        for (kind, region, said) in [
            ("kota", "Cimahi", "kurang jelas"),
            ("kota", "32.05", "tidak sesuai"),
            ("provinsi", "Kota Cimahi", "tidak sesuai"),
        ] {
            let fields = [
                ("pendek", "kota-cimahi"),
                ("jenis", kind),
                ("nama", "Cimahi"),
                ("wilayah", region),
            ];
            let page = operator.post("/konsol/undang", &fields).await;
            page.is(StatusCode::UNPROCESSABLE_ENTITY).shows(said);
        }
    }
}

#[tokio::test]
async fn a_connection_is_tried_by_waking_whoever_waits() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.open(BANDUNG).await.shows("Uji sambungan sekarang");
        let hub = Arc::clone(&place.console.hub);
        let mut grown = hub.streams.watch(&StreamKey::Inbox(id("kota-bandung")));
        let node = tokio::spawn(async move {
            grown.changed().await.unwrap();
            hub.contacts.note(&id("kota-bandung"), NOW);
            hub.contacts.note_fetch(&id("kota-bandung"));
        });
        let tried = operator.post(&format!("{BANDUNG}/uji"), &[]).await;
        tried
            .is(StatusCode::OK)
            .shows("Sambungan hidup")
            .shows("milidetik");
        node.await.unwrap();
        assert_eq!(place.audited("instance.tried").await.len(), 1);
    }
}

#[tokio::test]
async fn certificates_are_made_void_only_when_it_is_meant_and_by_two_where_two_must_agree() {
    for place in Place::all(true).await {
        place
            .hire("kedua@pusat.example", ConsoleRole::Operator)
            .await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let at = format!("{BANDUNG}/sertifikat");
        first.open(BANDUNG).await.shows("/sertifikat\"");
        first.open(&at).await.shows("dengan kunci identitasnya");
        let reason = ("alasan", "laptop dicuri");
        let unsure = first.post(&at, &[reason]).await;
        unsure.is(StatusCode::UNPROCESSABLE_ENTITY);
        let sure = [reason, ("yakin", "1")];
        first.post(&at, &sure).await.is(StatusCode::SEE_OTHER);
        let action = "instance.certificates_voided";
        assert!(place.audited(action).await.is_empty());
        let second = place.enters("kedua@pusat.example").await;
        let waiting = second.open("/konsol/persetujuan").await;
        waiting.shows("dengan kunci identitasnya");
        let number = waiting.between("action=\"/konsol/persetujuan/", "\"");
        let decide = format!("/konsol/persetujuan/{number}");
        second.post(&decide, &[("putusan", "setuju")]).await;
        let (_, detail) = place.audited(action).await.remove(0);
        assert!(detail.contains("laptop dicuri"), "{detail}");
        let mut tx = place.ground.db.read().await.unwrap();
        let until = crate::voided::until(&mut tx, &id("kota-bandung")).await;
        assert!(until.unwrap() >= NOW);
    }
}

#[tokio::test]
async fn who_only_looks_changes_no_membership() {
    for place in Place::all(false).await {
        for role in [ConsoleRole::Observer, ConsoleRole::Auditor] {
            let looks = place.enters(&login(role)).await;
            looks.open("/konsol/peta-jalan").await.is(StatusCode::OK);
            looks.open("/konsol/instansi").await.hides("/konsol/undang");
            looks.open(BANDUNG).await.hides("/cabut").hides("/uji");
            for path in ["/konsol/undang", "/konsol/undang/massal"] {
                looks.open(path).await.is(StatusCode::FORBIDDEN);
            }
            for act in ["cabut", "ganti", "sertifikat", "wewenang", "uji"] {
                let path = format!("{BANDUNG}/{act}");
                looks.post(&path, &[]).await.is(StatusCode::FORBIDDEN);
            }
            for path in [
                "/konsol/undang",
                "/konsol/undang/kota-bandung/batal",
                "/konsol/undang/massal/mulai",
                "/konsol/peta-jalan/32.05",
            ] {
                looks.post(path, &[]).await.is(StatusCode::FORBIDDEN);
            }
        }
    }
}

#[tokio::test]
async fn an_act_that_cannot_be_read_holds_no_other_up_and_lapses() {
    for place in Place::all(true).await {
        place
            .hire("kedua@pusat.example", ConsoleRole::Operator)
            .await;
        let row = ApprovalRow {
            id: "0a1b2c3d".to_owned(),
            deed: r#"{"deed":"of_another_program"}"#.to_owned(),
            reason: "alasan".to_owned(),
            asked_by: "account:x".to_owned(),
            asked_at: NOW - 1,
            expires_at: NOW + 1_000,
        };
        let mut tx = place.ground.db.write().await.unwrap();
        store::approvals::add(&mut tx, &row, "").await.unwrap();
        tx.commit().await.unwrap();
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let second = place.enters("kedua@pusat.example").await;
        let why = [("alasan", "kunci bocor")];
        let asked = first.post(&format!("{BANDUNG}/tangguhkan"), &why).await;
        asked.is(StatusCode::SEE_OTHER);
        let list = second.open("/konsol/persetujuan").await;
        let at = list.between("action=\"/konsol/persetujuan/", "\"");
        let yes = [("putusan", "setuju")];
        let agreed = second
            .post(&format!("/konsol/persetujuan/{at}"), &yes)
            .await;
        agreed.is(StatusCode::SEE_OTHER);
        assert_eq!(place.status(), Status::Suspended);
        place.clock.advance(2_000);
        approvals::lapse(&place.ground).await.unwrap();
        let mut tx = place.ground.db.read().await.unwrap();
        let left = store::approvals::all(&mut tx, NOW).await.unwrap();
        assert!(left.is_empty(), "nobody has to decide it");
    }
}

#[tokio::test]
async fn nobody_confirms_what_is_done_to_an_account_after_they_have_looked() {
    for place in Place::all(true).await {
        place
            .hire("kedua@pusat.example", ConsoleRole::Operator)
            .await;
        let accounts = place.console.accounts();
        let account = accounts.find_by_login("kedua@pusat.example").await.unwrap();
        let which = (account.id.as_str(), account.login.as_str());
        let by = By::actor("account:lain");
        let done = async |act: &str| {
            vouching::rest(&place.ground, &by, which, act)
                .await
                .unwrap();
        };
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let confirm = async |seen: String| {
            let at = format!("/konsol/persetujuan/akun/{}", account.id);
            let seen = [("dilihat", seen.as_str())];
            first.post(&at, &seen).await.is(StatusCode::SEE_OTHER);
            !vouching::rests(&place.ground, which.0).await.unwrap()
        };
        let seen = async || {
            let list = first.open("/konsol/persetujuan").await;
            list.between("name=\"dilihat\" value=\"", "\"")
        };
        done("account").await;
        let before = seen().await;
        place.clock.advance(1);
        done("password").await;
        assert!(!confirm(before).await, "it may be in other hands since");
        assert!(confirm(seen().await).await);
    }
}
