//! A city's own service by GeoReport v2 (<https://wiki.open311.org/GeoReport_v2/>): people report to it,
//! its officers close and reopen, and whoever has its key files; in JSON and in XML.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::mood::{Mood, Trouble, behind};
use crate::serving::Serving;

/// The key under which requests are filed.
pub const KEY: &str = "kunci-kota-0123456789";
/// Its services, by code.
pub const SERVICES: [(&str, &str); 3] = [
    ("001", "Lampu jalan"),
    ("002", "Jalan berlubang"),
    ("003", "Sampah"),
];

/// Names and texts; what is empty is not told.
type Fields = BTreeMap<String, String>;

pub struct City311 {
    pub mood: Arc<Mood>,
    inner: Arc<Inner>,
    serving: Serving,
}

struct Inner {
    mood: Arc<Mood>,
    state: Mutex<Office>,
}

#[derive(Default)]
struct Office {
    /// Unix ms; when what is filed is filed.
    now: i64,
    requests: Vec<Fields>,
    /// Forms as they were filed.
    filed: Vec<Fields>,
    pictures: BTreeMap<String, Vec<u8>>,
    /// Numbers that are not told yet, by token.
    tokens: Option<BTreeMap<String, String>>,
    told: bool,
    /// How many filings are taken and not answered.
    loses: usize,
    refuses: Option<(u16, String)>,
    knows_no_lists: bool,
    most: Option<usize>,
    /// Lists that were asked for.
    listed: usize,
}

impl City311 {
    pub async fn open() -> Self {
        let mood = Arc::new(Mood::default());
        let inner = Arc::new(Inner {
            mood: Arc::clone(&mood),
            state: Mutex::default(),
        });
        let router = Router::new()
            .route("/open311/v2/{call}", get(list).post(file))
            .route("/open311/v2/requests/{call}", get(one))
            .route("/open311/v2/tokens/{call}", get(token))
            .route("/foto/{name}", get(picture))
            .with_state(Arc::clone(&inner));
        Self {
            mood,
            inner,
            serving: Serving::of(router).await,
        }
    }

    /// Where its calls are.
    pub fn url(&self) -> String {
        format!("{}/open311/v2", self.serving.base)
    }

    /// What time it is there (Unix ms).
    pub fn is_at(&self, now: i64) {
        self.office().now = now;
    }

    /// Somebody reports to the city itself; answers with the number.
    pub fn hears(&self, fields: &[(&str, &str)]) -> String {
        let told = fields.iter();
        let told = told.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        self.office().adds(told.collect())
    }

    /// All its requests, in the order in which they came.
    pub fn requests(&self) -> Vec<Fields> {
        self.office().requests.clone()
    }

    /// It has these requests, from before.
    pub fn had(&self, requests: Vec<Fields>) {
        self.office().requests = requests;
    }

    /// The city closes a request, opens it again, or says something of it.
    pub fn puts(&self, id: &str, status: &str, notes: &str) {
        let mut office = self.office();
        let found = office.requests.iter_mut();
        let mut found = found.filter(|request| request["service_request_id"] == id);
        let request = found.next().expect("the city has this request");
        request.insert("status".into(), status.into());
        request.insert("status_notes".into(), notes.into());
    }

    /// The city knows nothing of a request any more.
    pub fn forgets(&self, id: &str) {
        let mut office = self.office();
        office
            .requests
            .retain(|request| request["service_request_id"] != id);
    }

    /// A picture by its address.
    pub fn keeps(&self, name: &str, bytes: &[u8]) -> String {
        self.office().pictures.insert(name.into(), bytes.to_vec());
        format!("{}/foto/{name}", self.serving.base)
    }

    /// What was filed by programs, as they filed it.
    pub fn filed(&self) -> Vec<Fields> {
        self.office().filed.clone()
    }

    /// Filings are answered with tokens from now on.
    pub fn answers_with_tokens(&self) {
        self.office().tokens = Some(BTreeMap::new());
    }

    /// The numbers of all tokens are told from now on.
    pub fn tells_numbers(&self) {
        self.office().told = true;
    }

    /// So many filings are taken, and the line breaks before they are answered.
    pub fn loses_answers(&self, count: usize) {
        self.office().loses = count;
    }

    /// Filings are refused, or not any more.
    pub fn refuses(&self, with: Option<(u16, &str)>) {
        self.office().refuses = with.map(|(status, said)| (status, said.to_owned()));
    }

    /// It answers a list of numbers with the first alone, as some services do.
    pub fn knows_no_lists(&self) {
        self.office().knows_no_lists = true;
    }

    /// An answer holds so many requests, at most.
    pub fn tells_at_most(&self, most: usize) {
        self.office().most = Some(most);
    }

    /// How often a list was asked for.
    pub fn listed(&self) -> usize {
        self.office().listed
    }

    fn office(&self) -> MutexGuard<'_, Office> {
        self.inner.office()
    }
}

impl Inner {
    fn office(&self) -> MutexGuard<'_, Office> {
        self.state.lock().expect("nobody panics in the office")
    }
}

impl Office {
    fn adds(&mut self, mut request: Fields) -> String {
        let id = format!("BDG-{}", 1000 + self.requests.len());
        let code = request.get("service_code").cloned().unwrap_or_default();
        let service = SERVICES.iter().find(|(known, _)| *known == code);
        let name = service.map_or("", |(_, name)| *name);
        let at = DateTime::from_timestamp_millis(self.now).unwrap_or_default();
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        for (field, text) in [
            ("service_request_id", id.as_str()),
            ("service_name", name),
            ("status", "open"),
            ("requested_datetime", &at),
        ] {
            request.entry(field.into()).or_insert_with(|| text.into());
        }
        self.requests.push(request);
        id
    }

    /// Requests within the dates of a question, the latest first.
    fn between(&self, asked: &Fields) -> Vec<Fields> {
        let moment = |text: &str| {
            let read = DateTime::parse_from_rfc3339(text);
            read.map(|at| at.timestamp()).ok()
        };
        let bound = |name: &str, none: i64| {
            let told = asked.get(name);
            told.and_then(|text| moment(text)).unwrap_or(none)
        };
        let (from, until) = (bound("start_date", 0), bound("end_date", i64::MAX));
        let fits = |request: &&Fields| {
            let at = moment(&request["requested_datetime"]).unwrap_or_default();
            (from..=until).contains(&at) && self.is_told(&request["service_request_id"])
        };
        let found = self.requests.iter().rev().filter(fits).cloned();
        found.take(self.most.unwrap_or(1000)).collect()
    }

    fn named(&self, ids: &str) -> Vec<Fields> {
        let most = if self.knows_no_lists { 1 } else { usize::MAX };
        let ids: Vec<&str> = ids.split(',').take(most).collect();
        let found = self.requests.iter();
        let found = found.filter(|request| ids.contains(&request["service_request_id"].as_str()));
        found.cloned().collect()
    }

    /// What waits behind a token is told to nobody.
    fn is_told(&self, id: &str) -> bool {
        let mut behind = self.tokens.iter().flat_map(BTreeMap::values);
        self.told || !behind.any(|number| number == id)
    }
}

async fn list(
    State(inner): State<Arc<Inner>>,
    Path(call): Path<String>,
    Query(asked): Query<Fields>,
) -> Response {
    let Some((name, is_xml)) = format_of(&call) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Some(troubled) = troubled(&inner, is_xml).await {
        return troubled;
    }
    let mut office = inner.office();
    let found = match name {
        "services" => {
            let services = SERVICES.into_iter();
            let services = services
                .map(|(code, name)| fields(&[("service_code", code), ("service_name", name)]));
            return answer(
                is_xml,
                StatusCode::OK,
                ("services", "service"),
                &services.collect::<Vec<_>>(),
            );
        }
        "requests" => match asked.get("service_request_id") {
            Some(ids) => office.named(ids),
            None => office.between(&asked),
        },
        _ => return refused(is_xml, 404, "there is no such call"),
    };
    office.listed += 1;
    answer(is_xml, StatusCode::OK, REQUESTS, &found)
}

async fn one(State(inner): State<Arc<Inner>>, Path(call): Path<String>) -> Response {
    let Some((id, is_xml)) = format_of(&call) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Some(troubled) = troubled(&inner, is_xml).await {
        return troubled;
    }
    let found = inner.office().named(id);
    if found.is_empty() {
        return refused(is_xml, 404, "service_request_id was not found");
    }
    answer(is_xml, StatusCode::OK, REQUESTS, &found)
}

async fn token(State(inner): State<Arc<Inner>>, Path(call): Path<String>) -> Response {
    let Some((token, is_xml)) = format_of(&call) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Some(troubled) = troubled(&inner, is_xml).await {
        return troubled;
    }
    let office = inner.office();
    let number = office.tokens.as_ref().and_then(|all| all.get(token));
    let Some(number) = number else {
        return refused(is_xml, 404, "token was not found");
    };
    let number = if office.told { number } else { "" };
    let told = fields(&[("service_request_id", number), ("token", token)]);
    answer(is_xml, StatusCode::OK, REQUESTS, &[told])
}

async fn file(
    State(inner): State<Arc<Inner>>,
    Path(call): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(("requests", is_xml)) = format_of(&call) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    if let Some(troubled) = troubled(&inner, is_xml).await {
        return troubled;
    }
    let mut form = read_form(&body);
    let mut office = inner.office();
    if form.remove("api_key").as_deref() != Some(KEY) {
        return refused(is_xml, 403, "api_key is unknown");
    }
    if let Some((status, said)) = &office.refuses {
        return refused(is_xml, *status, said);
    }
    let code = form.get("service_code").map(String::as_str);
    if !SERVICES.iter().any(|(known, _)| Some(*known) == code) {
        return refused(is_xml, 404, "service_code was not found");
    }
    if !form.contains_key("lat") && !form.contains_key("address_string") {
        return refused(is_xml, 400, "a location was not provided");
    }
    let mut kept = form.clone();
    let once = headers.get("idempotency-key");
    let once = once.and_then(|key| key.to_str().ok()).unwrap_or_default();
    kept.insert("idempotency-key".into(), once.into());
    office.filed.push(kept);
    if let Some(place) = form.remove("address_string") {
        form.insert("address".into(), place);
    }
    let id = office.adds(form);
    let token = format!("tok-{id}");
    let told = match &mut office.tokens {
        Some(tokens) => {
            tokens.insert(token.clone(), id);
            fields(&[("token", &token)])
        }
        None => fields(&[("service_request_id", &id)]),
    };
    if office.loses > 0 {
        office.loses -= 1;
        let broken = std::io::Error::other("the line is broken");
        let nothing = futures_util::stream::iter([Err::<Bytes, _>(broken)]);
        return Body::from_stream(nothing).into_response();
    }
    answer(is_xml, StatusCode::CREATED, REQUESTS, &[told])
}

async fn picture(State(inner): State<Arc<Inner>>, Path(name): Path<String>) -> Response {
    let bytes = inner.office().pictures.get(&name).cloned();
    bytes.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        IntoResponse::into_response,
    )
}

const REQUESTS: (&str, &str) = ("service_requests", "request");

async fn troubled(inner: &Inner, is_xml: bool) -> Option<Response> {
    match inner.mood.meets().await? {
        Trouble::Busy(seconds) => {
            let mut busy = refused(is_xml, 429, "too many requests");
            let seconds = seconds.to_string().parse().ok()?;
            busy.headers_mut().insert("retry-after", seconds);
            Some(busy)
        }
        Trouble::Fails(status) => Some(refused(is_xml, status, "something is wrong here")),
        Trouble::Behind(status, body) => Some(behind(status, body)),
        Trouble::Slow(_) => None,
    }
}

/// The name of a call, and whether it is answered in XML.
fn format_of(call: &str) -> Option<(&str, bool)> {
    let (name, ending) = call.rsplit_once('.')?;
    match ending {
        "json" => Some((name, false)),
        "xml" => Some((name, true)),
        _ => None,
    }
}

fn fields(told: &[(&str, &str)]) -> Fields {
    let told = told.iter();
    told.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

fn read_form(body: &[u8]) -> Fields {
    let text = String::from_utf8_lossy(body);
    let url = reqwest::Url::parse(&format!("form:?{text}"));
    let url = url.expect("a form is a query");
    url.query_pairs().into_owned().collect()
}

fn refused(is_xml: bool, status: u16, said: &str) -> Response {
    let error = fields(&[("code", &status.to_string()), ("description", said)]);
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(is_xml, status, ("errors", "error"), &[error])
}

fn answer(is_xml: bool, status: StatusCode, names: (&str, &str), all: &[Fields]) -> Response {
    if is_xml {
        let kind = [("content-type", "text/xml; charset=utf-8")];
        return (status, kind, xml(names, all)).into_response();
    }
    let text = |text: &String| match text.as_str() {
        "" => Value::Null,
        text => json!(text),
    };
    let object = |fields: &Fields| {
        let fields = fields.iter();
        Value::Object(
            fields
                .map(|(name, value)| (name.clone(), text(value)))
                .collect(),
        )
    };
    let all: Vec<Value> = all.iter().map(object).collect();
    (status, axum::response::Json(all)).into_response()
}

fn xml((root, item): (&str, &str), all: &[Fields]) -> String {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?><{root}>");
    for fields in all {
        let _ = write!(out, "<{item}>");
        for (name, text) in fields.iter().filter(|(name, _)| !name.contains('[')) {
            let text = text.replace('&', "&amp;").replace('<', "&lt;");
            let _ = write!(out, "<{name}>{text}</{name}>");
        }
        let _ = write!(out, "</{item}>");
    }
    let _ = write!(out, "</{root}>");
    out
}
