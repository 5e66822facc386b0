//! The portal as an application on a telephone: what it is called there, the worker that opens it
//! without a line, and the page of what waits to be sent.
//!
//! The worker keeps public pages only. What waits stays on the device until its answer has come.

use std::sync::LazyLock;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use lapor_web::language::Voice;
use lapor_web::page::{App, Shelf, Visit};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Answer, filing, track};

pub const MANIFEST: &str = "/manifest.webmanifest";
pub const WORKER: &str = "/sw.js";
pub const WAITING: &str = "/antrean";
/// The script of every page of the portal, on the shelf.
const SCRIPT: &str = "app.js";

/// What every page of the portal says of it.
pub const APP: App = App {
    root: "/",
    manifest_at: MANIFEST,
    script: SCRIPT,
};

const QUEUE: &str = include_str!("../../app/queue.js");
const PAGE_SCRIPT: &str = include_str!("../../app/page.js");
const WORKER_SCRIPT: &str = include_str!("../../app/worker.js");

/// In a function of its own: a page has other scripts, and their names are theirs.
static APP_SCRIPT: LazyLock<String> =
    LazyLock::new(|| format!("(() => {{\n{QUEUE}\n{PAGE_SCRIPT}\n}})();\n"));

/// What the worker itself may load: this site's pages and files.
const WORKER_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'";
/// What a page of the portal needs to stand.
const FILES: [&str; 5] = ["lapor.css", "icon.svg", SCRIPT, "report.js", "search.js"];

#[derive(Template)]
#[template(path = "portal/waiting.html")]
struct Waiting {
    v: Voice,
    file_at: &'static str,
}

pub fn furnish(shelf: Shelf) -> Shelf {
    shelf.holding(
        SCRIPT,
        "text/javascript; charset=utf-8",
        APP_SCRIPT.as_bytes(),
    )
}

pub async fn manifest(visit: Visit) -> Response {
    let v = visit.v;
    let icon = |file: &str, sizes: &str, purpose: &str, media_type: &str| json!({ "src": visit.file(file), "sizes": sizes, "type": media_type, "purpose": purpose });
    let manifest = json!({
        "id": "/",
        "name": format!("{} {}", v.say("portal-name"), visit.institution()),
        "short_name": v.say("portal-name"),
        "description": v.say("front-lead"),
        "lang": v.language().tag(),
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf8f4",
        "theme_color": "#0b5d64",
        "icons": [
            icon("icon.svg", "any", "any", "image/svg+xml"),
            icon("icon-192.png", "192x192", "any maskable", "image/png"),
            icon("icon-512.png", "512x512", "any maskable", "image/png"),
        ],
        "shortcuts": [
            { "name": v.say("nav-file"), "url": filing::PATH },
            { "name": v.say("nav-track"), "url": track::PATH },
            { "name": v.say("waiting-title"), "url": WAITING },
        ],
    });
    let headers = [
        (CONTENT_TYPE, "application/manifest+json"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, manifest.to_string()).into_response()
}

/// The worker with the files of this very program in it: another program is another worker.
pub async fn worker(visit: Visit) -> Response {
    let files: Vec<String> = FILES.iter().map(|name| visit.file(name)).collect();
    let files = json!(files).to_string();
    let told = [files.as_str(), QUEUE, WORKER_SCRIPT].concat();
    let version = &hex::encode(Sha256::digest(told))[..16];
    let script =
        format!("{QUEUE}\nconst VERSION = \"{version}\";\nconst FILES = {files};\n{WORKER_SCRIPT}");
    let headers = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, WORKER_POLICY),
    ];
    (headers, script).into_response()
}

pub async fn waiting(visit: Visit) -> Answer<Response> {
    let page = Waiting {
        v: visit.v,
        file_at: filing::PATH,
    };
    visit.shell(visit.v.say("waiting-title")).show(&page)
}
