//! The desk through the node's router, as a browser meets it: with its cookies,
//! without script.

mod accounts;
mod along;
mod api_keys;
mod arranging;
mod aside;
mod assignments;
mod cases;
mod channels;
mod cities;
mod counter;
mod drafts;
mod forms;
mod halves;
mod hints;
mod identities;
mod left;
mod lists;
mod lost_key;
mod mailed_links;
mod own_categories;
mod programmes;
mod reading;
mod registers;
mod rows;
mod several;
mod sign_on;
mod suspicion;
mod walk_in;
mod ways;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::doors::router;
use crate::staff::StaffRole;
use crate::testing::{NOW, Place, databases};

const WORDS: &str = "gerimis tujuh kelapa sepeda";
const ADMIN: &str = "admin@bandung.go.id";
const SITI: &str = "siti@bandung.go.id";

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
    bytes: Vec<u8>,
}

impl Page {
    fn to(&self) -> &str {
        let to = self.headers.get("location");
        to.map_or("", |to| to.to_str().unwrap())
    }

    fn shows(&self, what: &str) -> &Self {
        assert!(self.text.contains(what), "no {what} in {}", self.text);
        self
    }

    fn is(&self, status: StatusCode) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// What stands between two texts of the page.
    fn between(&self, before: &str, after: &str) -> String {
        let rest = self.text.split_once(before).expect(before).1;
        rest.split_once(after).expect(after).0.to_owned()
    }
}

/// A browser that keeps cookies.
struct Browser<'a> {
    router: &'a Router,
    jar: Mutex<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    fn new(router: &'a Router) -> Self {
        Self {
            router,
            jar: Mutex::default(),
        }
    }

    fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    async fn send(&self, request: http::request::Builder, body: impl Into<Body>) -> Page {
        let cookies: Vec<String> = self
            .jar
            .lock()
            .unwrap()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = request
            .header("accept", "text/html,*/*;q=0.8")
            .header("cookie", cookies.join("; "))
            .body(body.into())
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        for line in parts.headers.get_all("set-cookie") {
            let line = line.to_str().unwrap();
            assert!(line.contains("; HttpOnly; SameSite=Lax"), "{line}");
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let mut jar = self.jar.lock().unwrap();
            if line.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = body.collect().await.unwrap().to_bytes();
        Page {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
            bytes: body.to_vec(),
        }
    }

    async fn open(&self, path: &str) -> Page {
        self.send(Request::get(path), String::new()).await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        // A browser sends a line break as two characters.
        let encoded: Vec<String> = fields
            .iter()
            .map(|(name, value)| {
                let value = value.replace('%', "%25").replace('&', "%26");
                let value = value.replace('+', "%2B").replace(' ', "+");
                format!("{name}={}", value.replace('\n', "%0D%0A"))
            })
            .collect();
        let request =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request, encoded.join("&")).await
    }

    /// Sends a form with a file, if it has bytes.
    async fn brings(&self, path: &str, fields: &[(&str, &str)], file: &[u8]) -> Page {
        let mut body = Vec::new();
        for (name, value) in fields {
            let head = "--batas\r\nContent-Disposition: form-data; name=";
            body.extend(format!("{head}\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
        }
        if !file.is_empty() {
            let head = "--batas\r\nContent-Disposition: form-data; name=\"lampiran\"; \
                 filename=\"foto.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";
            body.extend([head.as_bytes(), file, b"\r\n"].concat());
        }
        body.extend(b"--batas--\r\n");
        let kind = "multipart/form-data; boundary=batas";
        let request = Request::post(path).header("content-type", kind);
        self.send(request, body).await
    }

    async fn enters(&self, login: &str, words: &str) -> Page {
        self.post("/masuk", &[("login", login), ("password", words)])
            .await
    }
}

/// A node with an admin and an officer, cheap to log in to.
async fn staffed() -> Vec<Place> {
    let mut places = Vec::new();
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        for (login, role) in [(ADMIN, StaffRole::Admin), (SITI, StaffRole::Officer)] {
            hire(&place, login, role).await;
        }
        places.push(place);
    }
    places
}

/// The national institution, which may give cases to any, with an officer.
async fn central() -> Vec<Place> {
    let mut places = Vec::new();
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        hire(&place, SITI, StaffRole::Officer).await;
        places.push(place);
    }
    places
}

async fn hire(place: &Place, login: &str, role: StaffRole) {
    let new = lapor_web::accounts::NewAccount {
        login,
        name: "Petugas Loket",
        role: role.as_str(),
        unit: None,
    };
    let (_, link) = place.node.create_account("test", &new).await.unwrap();
    let from = "192.0.2.7".parse().unwrap();
    let accounts = place.node.accounts();
    let chosen = accounts.choose_password(&link, &WORDS.into(), from).await;
    chosen.unwrap();
}

/// Siti works in a unit from now on.
async fn in_unit(place: &Place) {
    let node = &place.node;
    let id = "dinas-pu".parse().unwrap();
    let added = node.add_unit("test", &id, "Dinas PU", None).await;
    added.unwrap();
    let account = node.accounts().find_by_login(SITI).await.unwrap();
    let moved = lapor_web::accounts::NewAccount {
        login: SITI,
        name: "Petugas PU",
        role: "officer",
        unit: Some("dinas-pu"),
    };
    let changed = node.change_account("test", &account.id, &moved).await;
    changed.unwrap();
}

#[tokio::test]
async fn the_desk_says_when_the_hub_is_in_maintenance_and_nobody_else_does() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let siti = Browser::new(&router);
        siti.enters(SITI, WORDS).await;
        place.directory_announces(NOW + 60_000, NOW + 120_000).await;
        siti.open("/meja")
            .await
            .shows("Pusat merencanakan pemeliharaan");
        place.clock.advance(60_000);
        siti.open("/meja/baru")
            .await
            .shows("Pusat dalam pemeliharaan sampai")
            .shows("ganti mesin");
        assert!(
            !siti
                .open("/")
                .await
                .text
                .contains("Pusat dalam pemeliharaan")
        );
        let status = place.node.status().await.unwrap();
        assert!(status.maintenance.unwrap().on);
        place.clock.advance(60_000);
        assert!(
            !siti
                .open("/meja")
                .await
                .text
                .contains("Pusat dalam pemeliharaan")
        );
    }
}

#[tokio::test]
async fn every_page_of_the_desk_speaks_both_languages_and_frames_nowhere() {
    for place in staffed().await {
        let router = router(place.node.clone());
        let admin = Browser::new(&router);
        admin.enters(ADMIN, WORDS).await;
        for path in [
            "/masuk",
            "/sandi/lupa",
            "/meja",
            "/meja?tab=semua",
            "/meja/baru",
            "/meja/register",
            "/meja/akun",
            "/meja/akun/kode",
            "/meja/petugas",
            "/meja/petugas/baru",
            "/meja/unit",
            "/meja/kategori",
            "/meja/audit",
            "/meja/tertahan",
            "/meja/saluran",
            "/meja/saluran/percakapan",
            "/meja/saluran/kata-kunci",
            "/meja/saluran/tak-terkirim",
            "/meja/saluran/tak-terbaca",
            "/meja/saluran/blokir",
            "/meja/saluran/kota",
            "/meja/pengaturan",
            "/meja/pengaturan?langkah=10",
            "/meja/penghapusan",
            "/meja/permintaan-identitas",
            "/meja/program/baru",
            "/meja/kinerja",
        ] {
            let page = admin.open(path).await;
            page.is(StatusCode::OK).shows("<html lang=\"id\">");
            let policy = page.headers["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"));
            assert!(
                !page.text.contains(" style=") && !page.text.contains("<script>"),
                "{path}"
            );
            if path.starts_with("/meja") {
                let (_, menu) = page.text.split_once("<nav class=\"menu\"").unwrap();
                let (menu, _) = menu.split_once("</nav>").unwrap();
                assert_eq!(menu.matches("aria-current").count(), 1, "{path}");
            }
            let english = Request::get(path).header("accept-language", "en");
            let english = admin.send(english, String::new()).await;
            english.shows("<html lang=\"en\">");
            assert_ne!(english.text, page.text, "{path}");
        }
    }
}
