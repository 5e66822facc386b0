//! The console through its router, as a browser meets it: with its cookies,
//! without script; on both databases.

pub mod admission;
mod alarms;
mod announcing;
mod audited;
mod bulk;
pub mod casework;
mod look;
mod mailed_links;
mod measured;
mod membership;
mod recovering;
mod replaced;
mod roadmap;
mod rotation;
mod sign_on;
mod standing;
mod trials;
mod upkeep;
mod visits;
mod weeks;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use lapor_certs::{Authority, Vault};
use lapor_migrations::Schema;
use lapor_migrations::throwaway::{TestDb, databases_of};
use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::InstanceKind;
use lapor_web::accounts::NewAccount;
use lapor_web::language::proof;
use lapor_web::mail::MailSettings;
use tower::ServiceExt as _;

use super::{Console, ConsoleRole, router};
use crate::app::Hub;
use crate::clock::HandClock;
use crate::ground::{Ground, Keyring};
use crate::settings::{ConsoleSettings, Settings};
use crate::testing::publish;

const NOW: i64 = 1_790_000_000_000;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const WORDS: &str = "gerimis tujuh kelapa sepeda";
const HOME: &str = env!("CARGO_MANIFEST_DIR");
const BANDUNG: &str = "/konsol/instansi/kota-bandung";

/// A console beside a federation of one institution, with an account for each role.
pub(super) struct Place {
    pub ground: Arc<Ground>,
    pub clock: Arc<HandClock>,
    pub console: Arc<Console>,
    _db: TestDb,
    _folder: tempfile::TempDir,
}

impl Place {
    pub async fn all(second_person: bool) -> Vec<Self> {
        let mut out = Vec::new();
        for db in databases_of(Schema::Hub).await {
            let place = Self::on(db, second_person).await;
            for role in ConsoleRole::ALL {
                place.hire(&login(role), role).await;
            }
            out.push(place);
        }
        out
    }

    async fn on(db: TestDb, second_person: bool) -> Self {
        Self::with(db, second_person, MailSettings::default()).await
    }

    async fn with(db: TestDb, second_person: bool, mail: MailSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = Settings::default().below(folder.path());
        settings.console = ConsoleSettings {
            second_person,
            hash_memory_kib: 64,
            ..ConsoleSettings::default()
        };
        settings.mail = mail;
        settings.database.url.clone_from(&db.url);
        settings.backup.folder = Some(folder.path().join("cadangan"));
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let vault = Vault::at(&settings.storage.authority);
        let issuer = authority.new_issuer(NOW).unwrap();
        vault.found(&authority, &issuer).unwrap();
        for folder in [&settings.storage.keys, &settings.storage.blobs] {
            std::fs::create_dir_all(folder).unwrap();
        }
        crate::keys::create_signer(&crate::keys::signing_path(&settings)).unwrap();
        let keyring = Keyring::load(&settings).unwrap();
        let clock = Arc::new(HandClock::at(NOW));
        let shared = Arc::clone(&clock);
        let ground = Ground::new(
            settings,
            db.migrated(Schema::Hub).await.unwrap(),
            keyring,
            shared,
        )
        .await;
        let ground = ground.unwrap();
        let mut entry = InstanceEntry::registered(
            "kota-bandung".parse().unwrap(),
            InstanceKind::Kota,
            "Kota Bandung".to_owned(),
        );
        entry.status = Status::Active;
        publish(&ground, vec![entry]).await;
        Self {
            console: Console::of(&Hub::start(Arc::clone(&ground)).await.unwrap()),
            ground,
            clock,
            _db: db,
            _folder: folder,
        }
    }

    pub async fn hire(&self, login: &str, role: ConsoleRole) {
        let new = NewAccount {
            login,
            name: "Petugas Pusat",
            role: role.as_str(),
            unit: None,
        };
        let accounts = self.console.accounts();
        let (_, link) = accounts.create("test", &new).await.unwrap();
        let from = "192.0.2.7".parse().unwrap();
        let chosen = accounts.choose_password(&link, &WORDS.into(), from).await;
        chosen.unwrap();
    }

    pub async fn enters(&self, login: &str) -> Browser {
        let browser = Browser::before(&self.console);
        let fields = [("login", login), ("password", WORDS)];
        let entered = browser.post("/masuk", &fields).await;
        assert_eq!(entered.is(StatusCode::SEE_OTHER).to, "/konsol", "{login}");
        browser
    }

    pub fn status(&self) -> Status {
        let directory = self.ground.directory.current();
        let id = "kota-bandung".parse().unwrap();
        directory.latest().instance(&id).unwrap().status
    }

    /// Actor and detail of the entries of an action, the latest first.
    pub async fn audited(&self, action: &str) -> Vec<(String, String)> {
        let mut tx = self.ground.db.read().await.unwrap();
        let filter = ("", action, "");
        let rows = crate::store::audit::page(&mut tx, i64::MAX, 0..i64::MAX, filter, 50).await;
        let rows = rows.unwrap().into_iter();
        rows.map(|(_, _, actor, _, _, detail)| (actor, detail))
            .collect()
    }
}

pub fn login(role: ConsoleRole) -> String {
    format!("{role}@pusat.example")
}

pub(super) struct Page {
    status: StatusCode,
    to: String,
    text: String,
}

impl Page {
    fn is(&self, status: StatusCode) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    fn shows(&self, what: &str) -> &Self {
        assert!(self.text.contains(what), "no {what} in {}", self.text);
        self
    }

    fn hides(&self, what: &str) -> &Self {
        assert!(!self.text.contains(what), "{what} in {}", self.text);
        self
    }

    /// What stands between two texts of the page.
    fn between(&self, before: &str, after: &str) -> String {
        let rest = self.text.split_once(before).expect(before).1;
        rest.split_once(after).expect(after).0.to_owned()
    }
}

/// A browser that keeps cookies.
pub(super) struct Browser {
    router: Router,
    jar: Mutex<BTreeMap<String, String>>,
}

impl Browser {
    fn before(console: &Arc<Console>) -> Self {
        Self {
            router: router(console),
            jar: Mutex::default(),
        }
    }

    async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Page {
        let jar = self.jar.lock().unwrap().clone();
        let cookies: Vec<String> = jar.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let request = request
            .header("accept", "text/html")
            .header("cookie", cookies.join("; "));
        let request = request.body(body.into()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        for line in parts.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.contains("; HttpOnly; SameSite=Lax"), "{line}");
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap().to_owned();
            self.jar.lock().unwrap().insert(name.to_owned(), value);
        }
        let body = body.collect().await.unwrap().to_bytes();
        let to = parts.headers.get("location");
        Page {
            status: parts.status,
            to: to.map_or("", |to| to.to_str().unwrap()).to_owned(),
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    pub async fn open(&self, path: &str) -> Page {
        self.send(Request::get(path), String::new()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace(' ', "+")))
            .collect();
        let request =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request, body.join("&")).await
    }
}

#[tokio::test]
async fn the_first_set_up_makes_an_operator_who_invites_an_observer() {
    for db in databases_of(Schema::Hub).await {
        let place = Place::on(db, false).await;
        let browser = Browser::before(&place.console);
        browser
            .open("/pasang")
            .await
            .shows("lapor-hub account setup-link");
        let secret = place.console.accounts().setup_link("test").await.unwrap();
        let at = format!("/pasang/{}", secret.unwrap().reveal());
        browser.open(&at).await.shows("lapor.test");
        let fields = [
            ("name", "Dewi Lestari"),
            ("login", "dewi@pusat.example"),
            ("password", WORDS),
            ("again", WORDS),
        ];
        let made = browser.post(&at, &fields).await;
        assert_eq!(made.is(StatusCode::SEE_OTHER).to, "/konsol");
        browser
            .open("/konsol")
            .await
            .shows("Akun operator dibuat")
            .shows("Kota Bandung")
            .shows("Belum pernah terdengar");
        browser.open("/konsol/instansi").await.shows("Aktif");
        browser.open("/konsol/petugas/baru").await.hides("unit");
        let observer = [
            ("name", "Budi"),
            ("login", "budi@pusat.example"),
            ("role", "observer"),
        ];
        let link = browser.post("/konsol/petugas/baru", &observer).await;
        link.shows("/sandi/");
        browser
            .open("/konsol/audit")
            .await
            .shows("account.created")
            .shows("Dewi Lestari");
        assert_eq!(browser.open("/").await.to, "/konsol");
    }
}

#[tokio::test]
async fn an_operator_suspends_and_resumes_with_a_reason_that_the_log_keeps() {
    for place in Place::all(false).await {
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator.open(BANDUNG).await.shows("Tangguhkan");
        let act = format!("{BANDUNG}/tangguhkan");
        let silent = operator.post(&act, &[("alasan", " ")]).await;
        silent.is(StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(place.status(), Status::Active);
        let reason = [("alasan", "kunci mungkin bocor")];
        let done = operator.post(&act, &reason).await;
        assert_eq!(done.is(StatusCode::SEE_OTHER).to, BANDUNG);
        assert_eq!(place.status(), Status::Suspended);
        operator
            .open(BANDUNG)
            .await
            .shows("Instansi ditangguhkan.")
            .shows("Pulihkan");
        let late = operator.post(&act, &reason).await;
        assert_eq!(late.is(StatusCode::SEE_OTHER).to, BANDUNG);
        operator.open(BANDUNG).await.shows("sudah berubah");
        let (actor, detail) = place.audited("instance.suspended").await.remove(0);
        assert!(actor.starts_with("account:"), "{actor}");
        assert_eq!(detail, "kunci mungkin bocor");
        operator
            .post(&format!("{BANDUNG}/pulihkan"), &reason)
            .await
            .is(StatusCode::SEE_OTHER);
        assert_eq!(place.status(), Status::Active);
        operator
            .open("/konsol/audit?instansi=kota-bandung")
            .await
            .shows("instance.resumed")
            .hides("<code>account.signed_in");
    }
}

#[tokio::test]
async fn where_two_must_agree_another_operator_confirms_and_the_log_names_both() {
    for place in Place::all(true).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let second = place.enters("dua@pusat.example").await;
        let act = format!("{BANDUNG}/tangguhkan");
        let reason = [("alasan", "kunci bocor")];
        first.open(BANDUNG).await.shows("operator lain");
        first.post(&act, &reason).await.is(StatusCode::SEE_OTHER);
        assert_eq!(place.status(), Status::Active);
        first.open(BANDUNG).await.shows("Menunggu persetujuan");
        first.post(&act, &reason).await;
        first.open(BANDUNG).await.shows("sudah menunggu");
        let list = first.open("/konsol/persetujuan").await;
        list.shows("Tarik kembali").hides("Setujui<");
        let at = format!(
            "/konsol/persetujuan/{}",
            list.between("action=\"/konsol/persetujuan/", "\"")
        );
        let yes = [("putusan", "setuju")];
        first.post(&at, &yes).await;
        first
            .open("/konsol/persetujuan")
            .await
            .shows("permintaan sendiri");
        assert_eq!(place.status(), Status::Active);
        second
            .open("/konsol/persetujuan")
            .await
            .shows("kunci bocor")
            .shows("Setujui");
        second.post(&at, &yes).await.is(StatusCode::SEE_OTHER);
        assert_eq!(place.status(), Status::Suspended);
        let (confirmed_by, detail) = place.audited("instance.suspended").await.remove(0);
        let (asked_by, reason) = place.audited("instance.suspended.asked").await.remove(0);
        assert_ne!(confirmed_by, asked_by);
        assert_eq!(detail, format!("asked by {asked_by}: kunci bocor"));
        assert_eq!(reason, "kunci bocor");
        second.post(&at, &yes).await;
        second
            .open("/konsol/persetujuan")
            .await
            .shows("Sudah diputuskan");
    }
}

#[tokio::test]
async fn what_is_refused_or_left_alone_is_never_done() {
    for place in Place::all(true).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let second = place.enters("dua@pusat.example").await;
        let act = format!("{BANDUNG}/tangguhkan");
        let ask = async || {
            first.post(&act, &[("alasan", "salah")]).await;
            let list = second.open("/konsol/persetujuan").await;
            format!(
                "/konsol/persetujuan/{}",
                list.between("action=\"/konsol/persetujuan/", "\"")
            )
        };
        let at = ask().await;
        second.post(&at, &[("putusan", "tolak")]).await;
        assert_eq!(place.audited("instance.suspended.refused").await.len(), 1);
        second.post(&at, &[("putusan", "setuju")]).await;
        let left = ask().await;
        place.clock.advance(DAY_MS);
        let second = place.enters("dua@pusat.example").await;
        second.post(&left, &[("putusan", "setuju")]).await;
        second
            .open("/konsol/persetujuan")
            .await
            .shows("waktunya habis");
        assert_eq!(place.status(), Status::Active);
        assert!(place.audited("instance.suspended").await.is_empty());
    }
}

#[tokio::test]
async fn the_federation_is_shown_whole_and_by_what_is_asked_for() {
    for place in Place::all(false).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let all = looks.open("/konsol").await;
        all.shows("id=\"i-kota-bandung\" class=\"tile kuning size-1\"")
            .shows("data-live=\"/konsol/aliran\"")
            .shows("merah sesudah 15 menit");
        for (query, seen) in [
            ("jenis=kota", true),
            ("jenis=bumn", false),
            ("keadaan=kuning", true),
            ("keadaan=hijau", false),
            ("provinsi=99", false),
            ("cari=BANDUNG", true),
            ("cari=garut", false),
        ] {
            let page = looks.open(&format!("/konsol?{query}")).await;
            let found = page.text.contains("i-kota-bandung");
            assert_eq!(found, seen, "{query}");
        }
        all.shows("<h2 id=\"kisi-judul\">Semua instansi</h2>");
        looks
            .open("/konsol?jenis=kota&provinsi=32&keadaan=kuning&cari=+dung+")
            .await
            .hides("Semua instansi</h2>")
            .shows("Instansi: Kota, Jawa Barat, Kuning, “dung”</h2>");
        looks
            .open("/konsol?warna=merah")
            .await
            .is(StatusCode::BAD_REQUEST);
        looks
            .open(BANDUNG)
            .await
            .shows("Belum pernah terdengar")
            .shows("Untuk instansi")
            .shows("Belum ada riwayat");
    }
}

#[tokio::test]
async fn an_observer_and_an_auditor_look_and_act_nothing() {
    for place in Place::all(false).await {
        for (role, audit, staff) in [
            (ConsoleRole::Observer, StatusCode::FORBIDDEN, "Kelola"),
            (ConsoleRole::Auditor, StatusCode::OK, "/konsol/petugas"),
        ] {
            let looks = place.enters(&login(role)).await;
            looks
                .open(BANDUNG)
                .await
                .shows("Kota Bandung")
                .hides("alasan");
            looks.open("/konsol/audit").await.is(audit);
            looks.open("/konsol/akun").await.hides(staff);
            looks
                .open("/konsol/petugas")
                .await
                .is(StatusCode::FORBIDDEN);
            let acted = looks
                .post(&format!("{BANDUNG}/tangguhkan"), &[("alasan", "coba")])
                .await;
            acted.is(StatusCode::FORBIDDEN);
            let decided = looks
                .post("/konsol/persetujuan/0", &[("putusan", "setuju")])
                .await;
            decided.is(StatusCode::FORBIDDEN);
        }
        assert_eq!(place.status(), Status::Active);
        let guest = Browser::before(&place.console);
        let asked = guest.open(BANDUNG).await;
        assert_eq!(asked.to, format!("/masuk?next={BANDUNG}"));
    }
}

#[tokio::test]
async fn the_audit_log_can_be_neither_changed_nor_deleted() {
    for place in Place::all(false).await {
        for sql in ["update audit set actor = 'x'", "delete from audit"] {
            let mut tx = place.ground.db.write().await.unwrap();
            let done =
                lapor_migrations::on!(&mut tx, c => sqlx::query(sql).execute(c).await.map(drop));
            let refused = done.unwrap_err().to_string();
            assert!(refused.contains("audit log"), "{refused}");
        }
    }
}

#[test]
fn the_consoles_texts_are_the_same_in_both_languages_and_none_is_left_over() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../web");
    assert_eq!(proof::differences(HOME), Vec::<String>::new());
    assert_eq!(proof::missing(&[HOME, shared]), Vec::<String>::new());
    assert_eq!(proof::unused(HOME), Vec::<String>::new());
}
