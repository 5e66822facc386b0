//! The road map as a screen: provinces with their counts and a map, their
//! regencies and cities, what is planned next, and the same as a table to take
//! away.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use lapor_protocol::region::RegionCode;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::regions::{national, outlines};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::approvals::failed;
use super::federation::{codes, several};
use super::instances::one;
use super::names::named;
use super::{Answer, Console, ConsoleRole, DRAWING, invite};
use crate::audit::By;
use crate::error::HubError;
use crate::levels::Level;
use crate::roadmap::{self, Place, Plan, Province};
use crate::watch;

pub const PATH: &str = "/konsol/peta-jalan";
pub const TABLE: &str = "/konsol/peta-jalan.csv";
pub const ONE: &str = "/konsol/peta-jalan/{region}";
const PLANNED: &str = "rencana";
const AIM: &str = "sasaran";

/// What the visitor wants to see; everything without it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    provinsi: String,
    tingkat: String,
    cari: String,
}

#[derive(Deserialize)]
pub struct OnePath {
    region: RegionCode,
}

#[derive(Template)]
#[template(path = "console/roadmap.html")]
struct Page {
    v: Voice,
    here: &'static str,
    table_at: String,
    wanted: Wanted,
    asked: bool,
    provinces: Vec<ProvinceLine>,
    /// Provinces that are asked for as one, as the map has them.
    several: Option<(String, String)>,
    levels: Vec<(&'static str, String, usize)>,
    groups: Vec<Group>,
    drawing_at: String,
    view_box: &'static str,
    shapes: Vec<Shape>,
}

struct ProvinceLine {
    code: String,
    name: String,
    to: String,
    places: usize,
    counts: Vec<(String, usize)>,
}

struct Group {
    name: String,
    open: bool,
    said: String,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    at: String,
    tone: &'static str,
    level: String,
    since: Option<i64>,
    planned: Option<String>,
}

struct Shape {
    id: &'static str,
    to: String,
    colour: &'static str,
    said: String,
}

#[derive(Template)]
#[template(path = "console/roadmap-place.html")]
struct OnePage<'a> {
    v: Voice,
    form: &'a Form,
    list_at: &'static str,
    here: String,
    place: Place,
    planned: Option<String>,
    /// Levels that can be aimed at.
    aims: Vec<Choice>,
    tone: &'static str,
    level: String,
    /// Slug, name, and where it stands.
    instance: Option<(String, String, String)>,
    invite_at: Option<String>,
    acts: bool,
}

impl Wanted {
    fn takes(&self, place: &Place) -> bool {
        let text = self.cari.trim().to_lowercase();
        let mut asked = self.provinsi.split(',');
        (self.provinsi.is_empty() || asked.any(|code| code == place.province.as_str()))
            && (self.tingkat.is_empty() || self.tingkat == place.level.code())
            && (text.is_empty()
                || place.name.to_lowercase().contains(&text)
                || place.region.as_str() == text)
    }

    fn fields(&self) -> [(&str, &str); 3] {
        [
            ("provinsi", &self.provinsi),
            ("tingkat", &self.tingkat),
            ("cari", &self.cari),
        ]
    }
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let places = read(&console).await.map_err(|e| failed(&e))?;
    let provinces = roadmap::provinces(&places);
    let asked = wanted.fields().iter().any(|(_, value)| !value.is_empty());
    let levels = Level::ALL.map(|level| {
        let number = places.iter().filter(|place| place.level == level).count();
        (level.code(), v.say(level_words(level)), number)
    });
    let page = Page {
        v,
        here: PATH,
        table_at: LocalPath::asking(TABLE, wanted.fields()).to_string(),
        asked,
        levels: levels.into(),
        groups: groups(&v, &places, &provinces, &wanted, asked),
        drawing_at: member.visit.file(DRAWING),
        view_box: &outlines().view_box,
        shapes: shapes(&v, &provinces),
        provinces: provinces.iter().map(|of| province(&v, of)).collect(),
        several: several(&wanted.provinsi),
        wanted,
    };
    let title = v.say("roadmap-title");
    member.visit.shell(title).wide().show(&page)
}

/// The same for a spreadsheet.
pub async fn table(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let places = read(&console).await.map_err(|e| failed(&e))?;
    let wanted: Vec<&Place> = places.iter().filter(|place| wanted.takes(place)).collect();
    let text = written(&v, &wanted).map_err(|error| {
        tracing::error!(%error, "the road map cannot be written");
        ApiProblem::internal()
    })?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    let name = HeaderValue::from_static("attachment; filename=\"peta-jalan.csv\"");
    Ok(([(CONTENT_TYPE, kind), (CONTENT_DISPOSITION, name)], text).into_response())
}

pub async fn place(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    one_page(&console, &member, &path.region, None).await
}

/// Notes what is planned for one region.
pub async fn plan(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let known = national().region(&path.region);
    let known = known.ok_or_else(ApiProblem::not_found)?;
    let planned = read_plan(&v, &mut form);
    if !form.is_fine() {
        return one_page(&console, &member, &path.region, Some(form)).await;
    }
    let actor = member.actor();
    let by = By::actor(&actor);
    let done = roadmap::plan(&console.hub.ground, &by, &known.code, planned).await;
    done.map_err(|error| failed(&error))?;
    let said = Flash::done(text_id("roadmap-noted"));
    Ok(member
        .visit
        .go_saying(&LocalPath::own(&at(&known.code)), &said))
}

/// What is typed of a plan; without a moment nothing is planned.
fn read_plan(v: &Voice, form: &mut Form) -> Option<Plan> {
    let (by, aim) = (form.text(PLANNED).to_owned(), form.text(AIM).to_owned());
    let planned = roadmap::planned(&by);
    if planned.is_none() && !(by.is_empty() && aim.is_empty()) {
        form.complain(PLANNED, v.say("roadmap-planned-wrong"));
    }
    let level = Level::AIMS.into_iter().find(|level| level.code() == aim);
    if level.is_none() && !aim.is_empty() {
        form.complain(AIM, v.say("roadmap-aim-wrong"));
    }
    planned.map(|by| Plan { by, level })
}

/// When the next step is planned, and which.
fn planned(v: &Voice, place: &Place) -> Option<String> {
    let by = place.planned.clone()?;
    Some(match place.planned_level {
        None => by,
        Some(level) => v
            .with("by", by)
            .with("level", v.say(level_words(level)))
            .say("roadmap-planned-level"),
    })
}

/// A level in words.
pub fn level_words(level: Level) -> TextId {
    match level {
        Level::NotInvited => text_id("level-not-invited"),
        Level::Invited => text_id("level-invited"),
        Level::Joined => text_id("level-joined"),
        Level::Exchanging => text_id("level-exchanging"),
        Level::Answering => text_id("level-answering"),
        Level::Suspended => text_id("status-suspended"),
        Level::Revoked => text_id("status-revoked"),
    }
}

async fn one_page(
    console: &Console,
    member: &Member,
    region: &RegionCode,
    form: Option<Form>,
) -> Answer<Response> {
    let v = member.visit.v;
    let places = read(console).await.map_err(|e| failed(&e))?;
    let place = places.into_iter().find(|place| place.region == *region);
    let place = place.ok_or_else(ApiProblem::not_found)?;
    let acts = ConsoleRole::of(member.session.account.role, ConsoleRole::acts);
    let aim = place.planned_level.map_or("", Level::code);
    let kept = [
        (PLANNED, place.planned.clone().unwrap_or_default()),
        (AIM, aim.to_owned()),
    ];
    let form = form.unwrap_or_else(|| Form::of(kept));
    let choice = |level: Level| Choice::new(level.code(), v.say(level_words(level)));
    let unknown = place.institution.is_none();
    let directory = console.hub.ground.directory.current();
    let page = OnePage {
        v,
        form: &form,
        list_at: PATH,
        here: at(region),
        planned: planned(&v, &place),
        aims: Level::AIMS.map(choice).into(),
        tone: tone(place.level),
        level: v.say(level_words(place.level)),
        instance: place
            .institution
            .as_ref()
            .map(|id| (id.to_string(), named(&v, &directory, id.as_str()), one(id))),
        invite_at: (acts && unknown).then(|| invite::ask_for(region)),
        acts,
        place,
    };
    let shell = member.visit.shell(page.place.name.as_str());
    shell.within(PATH).status(form.status()).show(&page)
}

async fn read(console: &Console) -> Result<Vec<Place>, HubError> {
    let picture = watch::look(&console.hub).await?;
    let mut tx = console.hub.ground.db.read().await?;
    let places = roadmap::read(&mut tx, &picture).await?;
    tx.rollback().await?;
    Ok(places)
}

fn groups(
    v: &Voice,
    places: &[Place],
    provinces: &[Province],
    wanted: &Wanted,
    asked: bool,
) -> Vec<Group> {
    let group = |of: &Province| {
        let within = places.iter().filter(|place| place.province == of.region);
        let lines: Vec<Line> = within
            .filter(|place| wanted.takes(place))
            .map(|place| line(v, place))
            .collect();
        let said = v.with("n", of.exchanging()).with("all", of.places());
        (!lines.is_empty()).then(|| Group {
            name: of.name.clone(),
            open: asked,
            said: said.say("roadmap-exchanging-of"),
            lines,
        })
    };
    provinces.iter().filter_map(group).collect()
}

fn line(v: &Voice, place: &Place) -> Line {
    Line {
        name: place.name.clone(),
        at: at(&place.region),
        tone: tone(place.level),
        level: v.say(level_words(place.level)),
        since: place.since,
        planned: planned(v, place),
    }
}

fn province(v: &Voice, of: &Province) -> ProvinceLine {
    let count = |level: Level| (v.say(level_words(level)), of.at(level));
    let shown = [
        Level::NotInvited,
        Level::Invited,
        Level::Joined,
        Level::Exchanging,
        Level::Answering,
    ];
    let code = of.region.to_string();
    ProvinceLine {
        to: LocalPath::asking(PATH, [("provinsi", code.as_str())]).to_string(),
        code,
        name: of.name.clone(),
        places: of.places(),
        counts: shown.map(count).into(),
    }
}

/// Green where all exchange, yellow where some have joined, grey where some are
/// invited.
fn shapes(v: &Voice, provinces: &[Province]) -> Vec<Shape> {
    let shape = |outline: &'static lapor_web::regions::Outline| {
        let of: Vec<&Province> = provinces
            .iter()
            .filter(|of| outline.codes.contains(&of.region))
            .collect();
        let sum = |count: fn(&Province) -> usize| of.iter().map(|of| count(of)).sum::<usize>();
        let (all, exchanging) = (sum(Province::places), sum(Province::exchanging));
        let joined = exchanging + sum(|of| of.at(Level::Joined));
        let invited = sum(|of| of.at(Level::Invited));
        let colour = match (exchanging, joined, invited) {
            (exchanging, _, _) if exchanging == all && all > 0 => "hijau",
            (_, 1.., _) => "kuning",
            (_, _, 1..) => "kelabu",
            _ => "kosong",
        };
        let names: Vec<&str> = of.iter().map(|of| of.name.as_str()).collect();
        let said = v.with("n", exchanging).with("all", all);
        Shape {
            id: &outline.id,
            to: LocalPath::asking(PATH, [("provinsi", codes(outline).as_str())]).to_string(),
            colour,
            said: format!(
                "{}: {}",
                names.join(", "),
                said.say("roadmap-exchanging-of")
            ),
        }
    };
    outlines().all().iter().map(shape).collect()
}

fn tone(level: Level) -> &'static str {
    match level {
        Level::NotInvited | Level::Revoked => "quiet",
        Level::Invited => "warm",
        Level::Joined => "accent",
        Level::Exchanging | Level::Answering => "done",
        Level::Suspended => "alert",
    }
}

fn written(v: &Voice, places: &[&Place]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "region_code",
        "name",
        "province",
        "level",
        "since",
        "planned",
        "slug",
        "planned_level",
    ])?;
    for place in places {
        let since = place.since.map(|at| v.machine_time(at));
        let slug = place.institution.as_ref().map(ToString::to_string);
        writer.write_record([
            place.region.as_str(),
            &place.name,
            place.province.as_str(),
            place.level.code(),
            &since.unwrap_or_default(),
            place.planned.as_deref().unwrap_or_default(),
            &slug.unwrap_or_default(),
            place.planned_level.map_or("", Level::code),
        ])?;
    }
    writer
        .into_inner()
        .map_err(|error| error.into_error().into())
}

pub fn at(region: &RegionCode) -> String {
    format!("{PATH}/{region}")
}
