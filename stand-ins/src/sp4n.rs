//! SP4N-LAPOR!, the national application, as programs that speak with it have it: nothing is published
//! of its shape, so that this stands for what is known and no more. It tells complaints, their
//! follow-ups by pages and institutions, and takes follow-ups as forms in parts. That it takes
//! complaints the same way and lists them is what is hoped for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};

use crate::mood::{Mood, Trouble, behind};
use crate::serving::Serving;

/// The key of the gateway and the token of the institution.
pub const KEY: &str = "kunci-gerbang";
pub const TOKEN: &str = "{TOKEN-INSTANSI}";
/// Follow-ups, or complaints, on a page.
const PAGE: usize = 2;
/// Letters of a complaint that its list tells.
const BEGINNING: usize = 20;

pub struct Sp4n {
    pub mood: Arc<Mood>,
    inner: Arc<Inner>,
    serving: Serving,
}

struct Inner {
    mood: Arc<Mood>,
    state: Mutex<World>,
}

#[derive(Default)]
struct World {
    complaints: BTreeMap<String, Value>,
    follow_ups: BTreeMap<String, Vec<Value>>,
    institutions: Vec<Value>,
    /// Forms of follow-ups that were taken, and of complaints.
    taken: Vec<BTreeMap<String, String>>,
    filed: Vec<BTreeMap<String, String>>,
    count: u64,
    /// Whether the next form is taken and its answer lost.
    loses_answer: bool,
}

impl Sp4n {
    pub async fn open() -> Self {
        let mood = Arc::new(Mood::default());
        let inner = Arc::new(Inner {
            mood: Arc::clone(&mood),
            state: Mutex::default(),
        });
        let router = Router::new()
            .route("/lapor/complaints", get(list))
            .route("/lapor/complaints/add", post(file))
            .route("/lapor/complaints/{id}/complaint", get(complaint))
            .route("/lapor/complaints/{id}/followups", get(follow_ups))
            .route("/lapor/complaints/followup/add", post(add))
            .route("/lapor/masters/institutions/external", get(institutions))
            .with_state(Arc::clone(&inner));
        Self {
            mood,
            inner,
            serving: Serving::of(router).await,
        }
    }

    /// Where it is.
    pub fn base(&self) -> String {
        format!("{}/lapor", self.serving.base)
    }

    /// Keeps a complaint under its `id`, or changes it.
    pub fn has(&self, complaint: Value) {
        let id = complaint["id"].to_string();
        self.inner.state().complaints.insert(id, complaint);
    }

    /// Somebody says something of a complaint.
    pub fn says(&self, complaint: u64, follow_up: Value) {
        let mut state = self.inner.state();
        let said = state.follow_ups.entry(complaint.to_string()).or_default();
        said.push(follow_up);
    }

    pub fn knows_institution(&self, id: u64, name: &str) {
        let institution = json!({"id": id, "name": name});
        self.inner.state().institutions.push(institution);
    }

    /// Takes the next form, and its answer is lost on the way.
    pub fn loses_answer(&self) {
        self.inner.state().loses_answer = true;
    }

    /// The complaints that were taken.
    pub fn filed(&self) -> Vec<BTreeMap<String, String>> {
        self.inner.state().filed.clone()
    }

    /// The follow-ups that were taken.
    pub fn taken(&self) -> Vec<BTreeMap<String, String>> {
        self.inner.state().taken.clone()
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, World> {
        self.state.lock().expect("nobody panics in a stand-in")
    }

    /// The answer to whoever is not let in, or comes on a bad day.
    async fn refuses(&self, heads: &HeaderMap) -> Option<Response> {
        match self.mood.meets().await {
            Some(Trouble::Busy(_)) => return Some(StatusCode::TOO_MANY_REQUESTS.into_response()),
            Some(Trouble::Fails(status)) => {
                let status = StatusCode::from_u16(status);
                return Some(status.unwrap_or(StatusCode::BAD_GATEWAY).into_response());
            }
            Some(Trouble::Behind(status, body)) => return Some(behind(status, body)),
            Some(Trouble::Slow(pause)) => {
                tokio::time::sleep(pause.min(Duration::from_secs(1))).await;
            }
            None => {}
        }
        let said = |name: &str| heads.get(name).and_then(|value| value.to_str().ok());
        let known = said("auth") == Some(&format!("Bearer {KEY}")) && said("token") == Some(TOKEN);
        (!known).then(|| StatusCode::UNAUTHORIZED.into_response())
    }
}

type Kept = State<Arc<Inner>>;
type Asked = Query<BTreeMap<String, String>>;

async fn complaint(State(inner): Kept, Path(id): Path<String>, heads: HeaderMap) -> Response {
    if let Some(refused) = inner.refuses(&heads).await {
        return refused;
    }
    match inner.state().complaints.get(&id) {
        Some(complaint) => {
            Json(json!({"status": true, "results": {"data": complaint, "data_logs": []}}))
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn follow_ups(
    State(inner): Kept,
    Path(id): Path<String>,
    Query(asked): Asked,
    heads: HeaderMap,
) -> Response {
    if let Some(refused) = inner.refuses(&heads).await {
        return refused;
    }
    let all = inner
        .state()
        .follow_ups
        .get(&id)
        .cloned()
        .unwrap_or_default();
    page(&all, &asked)
}

async fn list(State(inner): Kept, Query(asked): Asked, heads: HeaderMap) -> Response {
    if let Some(refused) = inner.refuses(&heads).await {
        return refused;
    }
    let mut all: Vec<Value> = inner.state().complaints.values().cloned().collect();
    for complaint in &mut all {
        let content = complaint["content"].as_str().unwrap_or_default();
        let beginning: String = content.chars().take(BEGINNING).collect();
        complaint["content"] = beginning.into();
    }
    page(&all, &asked)
}

async fn institutions(State(inner): Kept, heads: HeaderMap) -> Response {
    if let Some(refused) = inner.refuses(&heads).await {
        return refused;
    }
    let all = inner.state().institutions.clone();
    Json(json!({"results": {"data": all}})).into_response()
}

/// The page of a list that was asked for, with an address that leads to the next.
fn page(all: &[Value], asked: &BTreeMap<String, String>) -> Response {
    let number: usize = asked
        .get("page")
        .and_then(|page| page.parse().ok())
        .unwrap_or(1);
    let from = number.saturating_sub(1) * PAGE;
    let some: Vec<&Value> = all.iter().skip(from).take(PAGE).collect();
    let more = all.len() > from + PAGE;
    // Whoever follows it leaves this machine.
    let next = more.then(|| format!("https://elsewhere.invalid/?page={}", number + 1));
    Json(json!({"results": {"data": some, "next_page_url": next}})).into_response()
}

async fn add(State(inner): Kept, heads: HeaderMap, body: Bytes) -> Response {
    if let Some(refused) = inner.refuses(&heads).await {
        return refused;
    }
    let Some(form) = form(&heads, &body) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    let mut state = inner.state();
    let id = form.get("complaint_id").cloned().unwrap_or_default();
    let text = form.get("content").cloned().unwrap_or_default();
    if !state.complaints.contains_key(&id) || text.is_empty() {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    state.count += 1;
    let number = 900_000 + state.count;
    let said = json!({
        "id": number, "content": text, "created_at": "01-09-2026 09:00:00",
        "institution_from_name": "Pemerintah Kota Bandung", "template_code": "reply",
    });
    state.follow_ups.entry(id).or_default().push(said);
    state.taken.push(form);
    if std::mem::take(&mut state.loses_answer) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    Json(json!({"results": {"data": {"id": number}}})).into_response()
}

async fn file(State(inner): Kept, heads: HeaderMap, body: Bytes) -> Response {
    if let Some(refused) = inner.refuses(&heads).await {
        return refused;
    }
    let Some(form) = form(&heads, &body) else {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    };
    if !["title", "content"]
        .iter()
        .all(|name| form.contains_key(*name))
    {
        return StatusCode::UNPROCESSABLE_ENTITY.into_response();
    }
    let mut state = inner.state();
    state.count += 1;
    let number = 900_000 + state.count;
    let tracking = format!("88{number}");
    let mut complaint = json!(form);
    complaint["id"] = number.into();
    complaint["tracking_id"] = tracking.as_str().into();
    complaint["status"] = json!({"id": 1, "name": "Belum Terverifikasi"});
    state.complaints.insert(number.to_string(), complaint);
    state.filed.push(form);
    if std::mem::take(&mut state.loses_answer) {
        return StatusCode::BAD_GATEWAY.into_response();
    }
    Json(json!({"results": {"data": {"id": number, "tracking_id": tracking}}})).into_response()
}

fn form(heads: &HeaderMap, body: &[u8]) -> Option<BTreeMap<String, String>> {
    let kind = heads.get("content-type")?.to_str().ok()?;
    parts(kind.strip_prefix("multipart/form-data; boundary=")?, body)
}

/// The fields of a form in parts.
fn parts(border: &str, body: &[u8]) -> Option<BTreeMap<String, String>> {
    let text = std::str::from_utf8(body).ok()?;
    let line = format!("--{border}");
    let mut form = BTreeMap::new();
    for part in text.split(&line).skip(1) {
        if part.starts_with("--") {
            return Some(form);
        }
        let (head, value) = part.split_once("\r\n\r\n")?;
        let name = head.split("name=\"").nth(1)?.split('"').next()?;
        form.insert(name.to_owned(), value.strip_suffix("\r\n")?.to_owned());
    }
    None
}
