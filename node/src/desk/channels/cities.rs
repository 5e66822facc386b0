//! Cities whose own Open311 services are followed and fed: whether each answers, how much is followed
//! and fed, what waits, and what a city did not want, which an administrator tries again or drops.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::Form;

use super::super::case_page;
use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, back, tabs};
use crate::api::problem;
use crate::casework::Sight;
use crate::cities::{CityFigures, Obstacle, Stuck};
use crate::node::Node;

pub const PATH: &str = "/meja/saluran/kota";

const STATES: [(&str, TextId); 5] = [
    ("waiting", text_id("city-state-waiting")),
    ("sending", text_id("city-state-sending")),
    ("token", text_id("city-state-token")),
    ("refused", text_id("city-state-refused")),
    ("left", text_id("city-state-left")),
];

#[derive(Template)]
#[template(path = "desk/channel-cities.html")]
struct CitiesPage {
    v: Voice,
    tabs: Vec<Tab>,
    cities: Vec<City>,
    here: &'static str,
    /// Whether who looks may do something about it.
    may: bool,
}

/// A city as both pages show it.
pub struct City {
    pub name: String,
    pub at: String,
    pub state: String,
    pub tone: &'static str,
    /// What an outage is about and what follows from it, and what the city or the network says of it.
    pub problem: Option<(String, String)>,
    pub facts: Vec<(String, String)>,
    pub lines: Vec<Line>,
    /// How many requests more there are, of cases that are not seen, in words.
    pub hidden: Option<String>,
}

/// A request that waits, or waits for a person.
pub struct Line {
    pub id: String,
    /// Its number there.
    pub request: String,
    /// Its ticket and page.
    pub case: Option<(String, String)>,
    pub way: String,
    pub since: i64,
    pub state: String,
    pub refused: bool,
    /// Whether it can be dropped.
    pub ends: bool,
    pub problem: String,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let all = node.city_figures().await.map_err(|error| problem(&error))?;
    let mut cities = Vec::with_capacity(all.len());
    for city in &all {
        cities.push(shown(&node, &officer, city).await?);
    }
    let page = CitiesPage {
        v,
        tabs: tabs(&v, PATH),
        cities,
        here: PATH,
        may: officer.role.administers(),
    };
    let shell = officer.visit.shell(v.say("cities-title"));
    shell.wide().within(ACCOUNT).show(&page)
}

/// Tries one again, or drops it.
pub async fn act(State(node): State<Arc<Node>>, officer: Officer, form: Form) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let (id, actor) = (form.text("permintaan"), officer.actor());
    let (done, text) = if form.text("tindakan") == "ulang" {
        (
            node.ask_city_again(id, &actor).await,
            text_id("city-again-done"),
        )
    } else {
        (node.drop_at_city(id, &actor).await, text_id("city-dropped"))
    };
    Ok(back(&officer, PATH, &super::said(done, text)?))
}

/// What is told above the list of reports: requests that wait for a person.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Option<(String, &'static str)>> {
    let count = node.refused_by_cities().await;
    let count = count.map_err(|error| problem(&error))?;
    let said = officer.visit.v.with("n", count).say("cities-told");
    Ok((count > 0).then_some((said, PATH)))
}

pub async fn shown(node: &Node, officer: &Officer, city: &CityFigures) -> Answer<City> {
    let (v, sight) = (&officer.visit.v, &officer.sight);
    let cases = city.stuck.iter().filter_map(|one| one.case_id.as_deref());
    let seen = node.seen_among(sight, cases).await;
    let seen = seen.map_err(|error| problem(&error))?;
    let mut lines = Vec::with_capacity(city.stuck.len());
    for one in &city.stuck {
        let of = one.case_id.as_deref();
        let found = seen
            .iter()
            .find(|(case, _)| of == Some(case.to_string().as_str()));
        // Whoever sees the whole desk looks after requests whose case is no longer on it, too.
        if of.is_none() || found.is_some() || *sight == Sight::ALL {
            let case = found.map(|(case, ticket)| {
                let called = ticket.clone().unwrap_or_else(|| v.say("city-case"));
                (called, case_page::at(*case))
            });
            lines.push(line(v, one, case));
        }
    }
    let hidden = city.stuck.len() - lines.len();
    let (tone, state) = state(v, city);
    Ok(City {
        name: city.title.clone(),
        at: at(&city.name),
        state,
        tone,
        problem: outage(v, city),
        facts: facts(v, city),
        lines,
        hidden: (hidden > 0).then(|| v.with("n", hidden).say("city-stuck-hidden")),
    })
}

/// Whether a city answers: tone and words.
pub fn state(v: &Voice, city: &CityFigures) -> (&'static str, String) {
    match (city.troubled_since, city.contact_at) {
        (Some(since), _) => {
            let since = v.with("since", v.moment(since));
            ("alert", since.say("channel-down"))
        }
        (None, Some(_)) => ("done", v.say("channel-up")),
        (None, None) => ("quiet", v.say("city-not-asked")),
    }
}

/// What an outage is about, and what the city or the network says of it.
pub fn trouble(v: &Voice, city: &CityFigures) -> Option<(String, String)> {
    let said = city.troubled_since.and(city.problem.clone())?;
    Some((v.say(about(Obstacle::of(&said))), said))
}

/// The same with what follows from it.
fn outage(v: &Voice, city: &CityFigures) -> Option<(String, String)> {
    let (about, said) = trouble(v, city)?;
    let follows = match Obstacle::of(&said) {
        // That it does not answer is said already.
        Obstacle::Away => text_id("city-down-safe"),
        _ => text_id("city-down-about"),
    };
    Some((format!("{about} {}", v.say(follows)), said))
}

/// Where one city is told by itself.
pub fn at(city: &str) -> String {
    format!("{PATH}/{city}")
}

pub fn about(obstacle: Obstacle) -> TextId {
    match obstacle {
        Obstacle::Key => text_id("city-obstacle-key"),
        Obstacle::Busy => text_id("city-obstacle-busy"),
        Obstacle::Refuses => text_id("city-obstacle-refuses"),
        Obstacle::Away => text_id("city-obstacle-away"),
    }
}

pub fn way(fed: bool) -> TextId {
    if fed {
        text_id("city-way-fed")
    } else {
        text_id("city-way-followed")
    }
}

fn facts(v: &Voice, city: &CityFigures) -> Vec<(String, String)> {
    let contact = city.contact_at.map(|at| v.moment(at));
    let mut facts = vec![(
        v.say("city-contact"),
        contact.unwrap_or_else(|| v.say("channel-none-yet")),
    )];
    facts.extend(counts_of(v, city));
    facts
}

/// How many requests there are of each kind.
pub fn counts_of(v: &Voice, city: &CityFigures) -> Vec<(String, String)> {
    let counts = city.counts;
    let two = |open: i64, closed: i64| v.with("open", open).with("closed", closed);
    let mut facts = Vec::new();
    if city.follows {
        let count = two(counts.followed_open, counts.followed_closed);
        facts.push((v.say("city-followed"), count.say("city-count")));
    }
    if city.feeds {
        let count = two(counts.fed_open, counts.fed_closed);
        facts.push((v.say("city-fed"), count.say("city-count")));
    }
    facts.push((v.say("city-waiting"), v.number(counts.waiting)));
    facts.push((v.say("city-refused"), v.number(counts.refused)));
    facts
}

fn line(v: &Voice, one: &Stuck, case: Option<(String, String)>) -> Line {
    let known = STATES.iter().find(|(code, _)| *code == one.state);
    let state = known.map_or(text_id("city-state-linked"), |(_, words)| *words);
    Line {
        id: one.id.clone(),
        request: one.request.clone().unwrap_or_default(),
        case,
        way: v.say(way(one.way == "fed")),
        since: one.since,
        state: v.say(state),
        refused: one.is_refused(),
        ends: one.is_refused() || one.state == "waiting",
        problem: one.problem.clone().unwrap_or_default(),
    }
}
