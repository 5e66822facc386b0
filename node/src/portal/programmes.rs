//! Development programmes of all institutions: place, budget, schedule, progress, and the reports
//! about each.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::kinds::programme_progressed::ProgrammeStatus;
use lapor_protocol::kinds::{ProgrammePublished, ProgrammeRef};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Form, LocalPath, Visit};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;
use serde_json::Value;

use super::follow::Followed;
use super::reports::{self, Card};
use super::spot::Drawn;
use super::{Answer, filing, follow, name_of, spot};
use crate::api::problem;
use crate::casework::{Coordinates, PublicFilter};
use crate::error::NodeError;
use crate::node::Node;
use crate::publishing::{PictureState, Programme, ProgrammeFilter, ProgrammeView, Standing};
use crate::regions;

pub const PATH: &str = "/program";
pub const ROUTE: &str = "/program/{owner}/{slug}";
pub const PICTURE: &str = "/program/{owner}/{slug}/gambar/{sha256}";
/// Programmes on a page.
const PAGE: u32 = 20;
/// The conditions, as fields of the form and of the query.
const FIELDS: [&str; 3] = ["wilayah", "instansi", "status"];
/// Each status by its name in the query.
const STATUSES: [(ProgrammeStatus, &str); 6] = [
    (ProgrammeStatus::Planned, "rencana"),
    (ProgrammeStatus::Running, "berjalan"),
    (ProgrammeStatus::Late, "terlambat"),
    (ProgrammeStatus::Suspended, "dihentikan"),
    (ProgrammeStatus::Done, "selesai"),
    (ProgrammeStatus::Cancelled, "batal"),
];
/// Reports shown with a programme.
const REPORTS: u32 = 5;

#[derive(Deserialize)]
pub struct ProgrammePath {
    owner: InstanceId,
    slug: String,
}

#[derive(Deserialize)]
pub struct PicturePath {
    owner: InstanceId,
    slug: String,
    sha256: Digest,
}

#[derive(Template)]
#[template(path = "portal/programmes.html")]
struct Programmes<'a> {
    v: Voice,
    form: &'a Form,
    listed: Vec<Shown>,
    /// Where somebody goes on who has to say which region is meant.
    regions: Vec<(String, String)>,
    regions_at: &'static str,
    here: &'static str,
    institutions: Vec<Choice>,
    statuses: Vec<Choice>,
    filtered: bool,
    first: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "portal/programme.html")]
struct OneProgramme {
    v: Voice,
    shown: Shown,
    description: String,
    /// How much of its time is over, in percent.
    elapsed: Option<i64>,
    /// Where it is built.
    spot: Option<Drawn>,
    /// Where letters about it are ordered, if letters are sent.
    follow_at: Option<String>,
    news: Vec<News>,
    cards: Vec<Card>,
    all_at: String,
    file_at: String,
    list_at: &'static str,
}

/// A programme in words.
pub struct Shown {
    pub to: String,
    pub name: String,
    pub owner: String,
    pub region: Option<String>,
    pub budget: Option<String>,
    pub schedule: Option<String>,
    pub percent: u8,
    pub status: String,
    pub tone: &'static str,
    pub pictures: Vec<Seen>,
    /// Not yet confirmed by the hub.
    pub pending: bool,
    pub updated_at: i64,
}

/// A picture of a programme on a page.
pub struct Seen {
    pub at: String,
    pub sha256: String,
    /// What can be seen.
    pub alt: String,
    pub here: bool,
    /// What is said where it is not.
    pub absent: TextId,
}

/// What was told of its progress.
struct News {
    percent: u64,
    status: String,
    words: String,
    at: i64,
}

/// The programme that a question names, `OWNER/SLUG`.
pub(super) fn named(text: &str) -> Option<ProgrammeRef> {
    let (owner, slug) = text.split_once('/')?;
    Some(ProgrammeRef {
        owner: owner.parse().ok()?,
        slug: slug.to_owned(),
    })
}

/// What a programme is called, if it has reached this node.
pub async fn name(node: &Node, programme: &ProgrammeRef) -> Answer<Option<String>> {
    let published = published(node, programme).await?;
    Ok(published.map(|published| published.name))
}

/// What its owner says of a programme, if it has reached this node.
pub(super) async fn published(
    node: &Node,
    programme: &ProgrammeRef,
) -> Answer<Option<ProgrammePublished>> {
    let known = node.known_programme(&programme.owner, &programme.slug);
    let known = known.await.map_err(|e| problem(&e))?;
    Ok(known.map(|programme| programme.published))
}

/// Where a programme is read.
pub fn path(owner: &InstanceId, slug: &str) -> String {
    format!("{PATH}/{owner}/{slug}")
}

pub async fn list(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Query(asked): Query<Vec<(String, String)>>,
) -> Answer<Response> {
    let mut form = Form::of(asked);
    let v = visit.v;
    let filter = ProgrammeFilter {
        owner: form.parsed("instansi", v.say("reading-choice-unknown")),
        region: reports::region(&mut form, &v),
        status: status(&mut form, &v),
    };
    let after = Some(form.text("after")).filter(|after| !after.is_empty());
    let mut listed = Vec::new();
    let mut next = None;
    if form.is_fine() {
        let page = node.programmes(&filter, after, PAGE).await;
        let page = page.map_err(|e| problem(&e))?;
        listed = page
            .programmes
            .iter()
            .map(|programme| Shown::of(&node, &v, programme))
            .collect();
        next = page.next;
    }
    let to = |after: &str| {
        let kept = FIELDS.map(|field| (field, form.text(field)));
        let fields = kept.into_iter().chain([("after", after)]);
        LocalPath::asking(PATH, fields).to_string()
    };
    let page = Programmes {
        v,
        listed,
        regions: reports::namesakes(&form, PATH, &FIELDS),
        regions_at: filing::REGIONS,
        here: PATH,
        filtered: FIELDS.iter().any(|field| !form.text(field).is_empty()),
        institutions: institutions(&node),
        statuses: STATUSES
            .iter()
            .map(|(status, value)| Choice::new(*value, v.say(status_words(*status).0)))
            .collect(),
        first: after.map(|_| to("")),
        next: next.map(|next| to(&next)),
        form: &form,
    };
    let title = v.say("programmes-title");
    visit
        .shell(title)
        .listed()
        .wide()
        .status(form.status())
        .script("search.js")
        .show(&page)
}

fn status(form: &mut Form, v: &Voice) -> Option<ProgrammeStatus> {
    let typed = form.text("status");
    let found = STATUSES.iter().find(|(_, value)| *value == typed);
    if found.is_none() && !typed.is_empty() {
        form.complain("status", v.say("reading-choice-unknown"));
    }
    found.map(|(status, _)| *status)
}

/// Who may own a programme, by name.
fn institutions(node: &Node) -> Vec<Choice> {
    let directory = node.directory();
    let all = directory.latest().instances();
    let active = all.filter(|entry| entry.is_active());
    let mut all: Vec<Choice> = active
        .map(|entry| Choice::new(entry.id.as_str(), entry.name.clone()))
        .collect();
    all.sort_by_cached_key(|choice| choice.label.to_lowercase());
    all
}

pub async fn show(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Path(at): Path<ProgrammePath>,
) -> Answer<Response> {
    let view = node.programme(&at.owner, &at.slug).await;
    let view = view.map_err(|e: NodeError| problem(&e))?;
    let v = visit.v;
    let named = format!("{}/{}", at.owner, at.slug);
    let about = ProgrammeRef {
        owner: at.owner.clone(),
        slug: at.slug.clone(),
    };
    let filter = PublicFilter {
        programme: Some(about.clone()),
        ..PublicFilter::default()
    };
    let published = &view.programme.published;
    let spot = match published.coordinates.and_then(Coordinates::of_message) {
        Some(at) => {
            let region = published.region.as_ref();
            Some(spot::drawn(&node, &visit, text_id("programme-spot"), at, region).await)
        }
        None => None,
    };
    let page = OneProgramme {
        v,
        shown: Shown::of(&node, &v, &view.programme),
        description: published.description.clone(),
        elapsed: elapsed(published, node.today()),
        spot,
        follow_at: node
            .sends_letters()
            .then(|| follow::path_of(&Followed::Programme(about))),
        news: news(&v, &view),
        cards: reports::latest(&node, v, &filter, REPORTS).await?,
        all_at: reports::listing("program", &named),
        file_at: LocalPath::asking(filing::PATH, [("program", named.as_str())]).to_string(),
        list_at: PATH,
    };
    let title = page.shown.name.clone();
    visit.shell(title).listed().wide().show(&page)
}

/// A picture as its message names it. It never changes, but may be taken away.
pub async fn picture(
    State(node): State<Arc<Node>>,
    Path(at): Path<PicturePath>,
) -> Answer<Response> {
    let opened = node.open_picture(&at.owner, &at.slug, at.sha256).await;
    let opened = opened.map_err(|e| problem(&e))?;
    let media_type = HeaderValue::from_str(&opened.media_type);
    let headers = [
        (
            CONTENT_TYPE,
            media_type.map_err(|_| ApiProblem::internal())?,
        ),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'; frame-ancestors 'none'"),
        ),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=86400"),
        ),
    ];
    Ok((headers, opened.bytes).into_response())
}

/// The pictures of the programme that is read at `to`, in their order.
pub fn seen(to: &str, programme: &Programme) -> Vec<Seen> {
    let pictures = programme.published.pictures.iter();
    let seen = pictures.map(|picture| {
        let copies = &mut programme.pictures.iter();
        let copy = copies.find(|copy| copy.sha256 == picture.sha256);
        let state = copy.map_or(PictureState::Awaited, |copy| copy.state);
        let sha256 = picture.sha256.to_hex();
        Seen {
            at: format!("{to}/gambar/{sha256}"),
            sha256,
            alt: picture.alt.clone(),
            here: state == PictureState::Here,
            absent: match state {
                PictureState::Refused => text_id("picture-refused"),
                PictureState::NoRoom => text_id("picture-no-room"),
                PictureState::Here | PictureState::Awaited => text_id("picture-awaited"),
            },
        }
    });
    seen.collect()
}

impl Shown {
    /// The picture that stands for it in a list.
    fn cover(&self) -> Option<&Seen> {
        self.pictures.first().filter(|picture| picture.here)
    }

    pub fn of(node: &Node, v: &Voice, programme: &Programme) -> Self {
        let published = &programme.published;
        let progress = programme.progress.as_ref();
        let status = progress.map_or(ProgrammeStatus::Planned, |progress| progress.status);
        let (status, tone) = status_words(status);
        let region = published.region.as_ref();
        let to = path(&programme.owner, &published.slug);
        Self {
            pictures: seen(&to, programme),
            to,
            name: published.name.clone(),
            owner: name_of(node, &programme.owner),
            region: region.and_then(|code| regions::national().display_name(code)),
            budget: published
                .budget_idr
                .map(|rupiah| format!("Rp\u{a0}{}", v.number(rupiah))),
            schedule: schedule(node, v, published),
            percent: progress.map_or(0, |progress| progress.percent),
            status: v.say(status),
            tone,
            pending: programme.pending > 0,
            updated_at: programme.updated_at,
        }
    }
}

/// A status in plain words, and the tone of its badge.
pub fn status_words(status: ProgrammeStatus) -> (TextId, &'static str) {
    match status {
        ProgrammeStatus::Planned => (text_id("programme-planned"), "quiet"),
        ProgrammeStatus::Running => (text_id("programme-running"), "accent"),
        ProgrammeStatus::Late => (text_id("programme-late"), "warm"),
        ProgrammeStatus::Suspended => (text_id("programme-suspended"), "warm"),
        ProgrammeStatus::Done => (text_id("programme-done"), "done"),
        ProgrammeStatus::Cancelled => (text_id("programme-cancelled"), "alert"),
    }
}

fn schedule(node: &Node, v: &Voice, published: &ProgrammePublished) -> Option<String> {
    let told = |text| {
        let day = day(text)?;
        Some(v.date(node.span_of_days(day, day).0))
    };
    match (told(published.start.as_ref()), told(published.end.as_ref())) {
        (Some(start), Some(end)) => Some(format!("{start} – {end}")),
        (Some(start), None) => Some(v.with("day", start).say("programme-from")),
        (None, Some(end)) => Some(v.with("day", end).say("programme-until")),
        (None, None) => None,
    }
}

fn day(text: Option<&String>) -> Option<NaiveDate> {
    text?.parse().ok()
}

/// How much of a programme's time is over on a day, in percent, if it says when it begins and ends.
fn elapsed(published: &ProgrammePublished, today: NaiveDate) -> Option<i64> {
    let (start, end) = (day(published.start.as_ref())?, day(published.end.as_ref())?);
    let days = |until: NaiveDate| (until - start).num_days() + 1;
    let all = Some(days(end)).filter(|all| *all > 0)?;
    Some((days(today) - 1).clamp(0, all) * 100 / all)
}

/// Latest first; what the hub refused has no effect and is no news.
fn news(v: &Voice, view: &ProgrammeView) -> Vec<News> {
    let told = view.history.iter().rev().filter(|entry| {
        entry.kind == "programme.progressed" && entry.standing != Standing::Refused
    });
    told.filter_map(|entry| {
        let status = entry.body.get("status")?.clone();
        let status: ProgrammeStatus = serde_json::from_value(status).ok()?;
        let words = entry.body.get("text").and_then(Value::as_str);
        Some(News {
            percent: entry.body.get("percent")?.as_u64()?,
            status: v.say(status_words(status).0),
            words: words.unwrap_or_default().to_owned(),
            at: entry.at,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_time_of_a_programme_goes_from_its_first_day_to_the_end_of_its_last() {
        let published = |start: Option<&str>, end: Option<&str>| {
            let published = json!({
                "slug": "trotoar", "name": "Trotoar", "description": "Diperlebar.",
                "start": start, "end": end,
            });
            serde_json::from_value::<ProgrammePublished>(published).unwrap()
        };
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let both = published(Some("2026-03-01"), Some("2026-03-10"));
        for (today, over) in [
            ("2026-02-01", 0),
            ("2026-03-01", 0),
            ("2026-03-06", 50),
            ("2026-03-11", 100),
            ("2027-01-01", 100),
        ] {
            assert_eq!(elapsed(&both, day(today)), Some(over), "{today}");
        }
        let open = published(Some("2026-03-01"), None);
        assert_eq!(elapsed(&open, day("2026-03-06")), None);
        let backwards = published(Some("2026-03-10"), Some("2026-03-09"));
        assert_eq!(elapsed(&backwards, day("2026-03-06")), None);
    }
}
