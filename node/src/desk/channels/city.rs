//! One city whose own Open311 service is followed or fed: where it is and since when it is asked, what
//! its services are here, what was told between the two, and every request that is a case.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::LocalPath;
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::super::{case_page, shared};
use super::cities::{City, PATH, about, counts_of, shown, way};
use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, cities, tabs};
use crate::api::problem;
use crate::cities::{
    CityFigures, CityService, CitySettings, Closing, Exchange, LinkedRequest, Obstacle, Progress,
    Way,
};
use crate::node::Node;

pub const ONE: &str = "/meja/saluran/kota/{city}";
/// Requests on a page.
const SHOWN: u32 = 50;

#[derive(Template)]
#[template(path = "desk/channel-city.html")]
struct CityPage {
    v: Voice,
    tabs: Vec<Tab>,
    city: City,
    here: &'static str,
    may: bool,
    address: String,
    services: Vec<Service>,
    /// Why the city did not tell its services, where it was asked: in words, and as it was said.
    untold: Option<(String, String)>,
    /// Where it is asked, by whoever may.
    ask_at: Option<String>,
    /// What was told, and what happens when it is.
    exchange: Vec<(String, String)>,
    linked: Vec<Linked>,
    first: Option<String>,
    next: Option<String>,
}

/// A service of a city, and what it is here.
struct Service {
    code: String,
    name: String,
    category: Option<String>,
    /// The city has told its services, and has none of this code.
    unknown: bool,
}

/// A request that is a case here.
struct Linked {
    request: String,
    /// What the case is called and its page, for whoever may see it.
    case: Option<(String, String)>,
    way: String,
    there: (&'static str, String),
    /// How it stands here.
    own: Option<(&'static str, String)>,
    told: String,
    changed_at: i64,
    problem: Option<String>,
}

/// A city in a path.
#[derive(Deserialize)]
pub struct CityPath {
    city: String,
}

/// What is asked of its page.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct CityQuery {
    /// Whether the city is asked for its services.
    layanan: String,
    /// Behind which request the list goes on.
    sesudah: Option<String>,
}

/// One city by itself.
pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CityPath>,
    Query(query): Query<CityQuery>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (v, may) = (officer.visit.v, officer.role.administers());
    let mut known = node.settings().cities.iter();
    let settings = known.find(|city| city.name == path.city);
    let settings = settings.ok_or_else(ApiProblem::not_found)?;
    let all = node.city_figures().await.map_err(|error| problem(&error))?;
    let figures = all.iter().find(|city| city.name == path.city);
    let figures = figures.ok_or_else(ApiProblem::not_found)?;
    let exchange = node.exchange_with_city(&path.city).await;
    let exchange = exchange.map_err(|error| problem(&error))?;
    let linked = node.linked_at_city(&path.city, query.sesudah.as_deref(), SHOWN);
    let linked = linked.await.map_err(|error| problem(&error))?;
    let asks = may && !query.layanan.is_empty();
    let asked = if asks {
        Some(Box::pin(settings.ask_services()).await)
    } else {
        None
    };
    let (told, untold) = match asked {
        Some(Ok(told)) => (Some(told), None),
        Some(Err(said)) => (None, Some((v.say(about(Obstacle::of(&said))), said))),
        None => (None, None),
    };
    let services = settings.services_here(told.as_deref());
    let here = cities::at(&path.city);
    let asking = |fields: [(&str, &str); 1]| LocalPath::asking(&here, fields).to_string();
    let may_ask = may && told.is_none();
    let mut city = shown(&node, &officer, figures).await?;
    city.facts = standing(&v, (settings, figures), exchange);
    let page = CityPage {
        v,
        tabs: tabs(&v, PATH),
        here: PATH,
        may,
        address: settings.shown_url(),
        services: services.into_iter().map(service).collect(),
        untold,
        ask_at: may_ask.then(|| asking([("layanan", "ya")])),
        exchange: exchanged(&v, (settings, figures), exchange),
        first: query.sesudah.as_ref().map(|_| here.clone()),
        next: linked
            .next
            .as_deref()
            .map(|next| asking([("sesudah", next)])),
        linked: linked
            .requests
            .into_iter()
            .map(|one| link(&officer, one))
            .collect(),
        city,
    };
    let title = page.city.name.clone();
    let shell = officer.visit.shell(title);
    shell.wide().within(ACCOUNT).show(&page)
}

fn service(one: CityService) -> Service {
    let category = one.category.as_ref();
    Service {
        category: category.map(|category| shared::category_name(category.as_str())),
        code: one.code,
        name: one.name.unwrap_or_default(),
        unknown: one.unknown,
    }
}

/// Since when a city is asked, in which way, and how the last look ended.
fn standing(
    v: &Voice,
    (settings, figures): (&CitySettings, &CityFigures),
    exchange: Exchange,
) -> Vec<(String, String)> {
    let never = || v.say("city-not-asked");
    let looked = match (figures.troubled_since, figures.contact_at) {
        (Some(since), _) => v.with("since", v.moment(since)).say("city-looked-badly"),
        (None, Some(at)) => v.with("at", v.moment(at)).say("city-looked-well"),
        (None, None) => never(),
    };
    let ways = [
        (settings.follow, text_id("city-way-followed")),
        (settings.feed, text_id("city-way-fed")),
    ];
    let ways = ways.into_iter().filter(|(on, _)| *on);
    let ways: Vec<String> = ways.map(|(_, name)| v.say(name)).collect();
    let begun = exchange.begun_at.map(|at| v.moment(at));
    let mut facts = vec![
        (v.say("city-begun"), begun.unwrap_or_else(never)),
        (v.say("city-way"), ways.join(", ")),
        (v.say("city-looked"), looked),
    ];
    if let (Some(_), Some(at)) = (figures.troubled_since, figures.contact_at) {
        facts.push((v.say("city-contact"), v.moment(at)));
    }
    facts.extend(
        settings
            .jurisdiction
            .clone()
            .map(|name| (v.say("city-jurisdiction"), name)),
    );
    facts
}

/// What was told between here and a city, and what becomes of what it says.
fn exchanged(
    v: &Voice,
    (settings, figures): (&CitySettings, &CityFigures),
    exchange: Exchange,
) -> Vec<(String, String)> {
    let closed = match settings.on_closed {
        Closing::Propose => text_id("city-deed-proposal"),
        Closing::Note => text_id("city-deed-note"),
    };
    let said = match settings.on_progress {
        Progress::Answer => text_id("city-deed-answer"),
        Progress::Note => text_id("city-deed-note"),
    };
    let mut all = counts_of(v, figures);
    all.extend([
        (v.say("city-told"), v.number(exchange.told)),
        (v.say("city-untold"), v.number(exchange.untold)),
        (v.say("city-when-closed"), v.say(closed)),
        (v.say("city-when-said"), v.say(said)),
    ]);
    all
}

fn link(officer: &Officer, one: LinkedRequest) -> Linked {
    let v = officer.visit.v;
    let there = if one.is_open {
        ("accent", text_id("city-there-open"))
    } else {
        ("done", text_id("city-there-closed"))
    };
    let case = one.case.filter(|case| officer.sight.shows(case));
    let own = case.as_ref().map(|case| {
        let (words, tone) = shared::standing(case);
        (tone, v.say(words))
    });
    let called = case.map(|case| {
        let ticket = case.ticket.unwrap_or_else(|| v.say("city-case"));
        (ticket, case_page::at(case.case))
    });
    Linked {
        request: one.request,
        case: called,
        way: v.say(way(one.way == Way::Fed)),
        there: (there.0, v.say(there.1)),
        own,
        told: v.number(one.told),
        changed_at: one.changed_at,
        problem: one.problem,
    }
}
