//! What comes and goes on each channel, and whether its line goes through: all of them in one table,
//! and each by itself.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::intake::channel_words;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, cities, tabs};
use crate::api::problem;
use crate::channels::{ChannelFigures, Counted, Outage, ServiceFigures, Waits};
use crate::node::Node;

pub const PATH: &str = "/meja/saluran";
pub const ONE: &str = "/meja/saluran/rincian/{channel}";

/// What is counted, in the order of the columns.
type Count = (TextId, fn(&Counted) -> i64);
/// What came, what of it became what, and what came of all that.
const COLUMNS: [Count; 10] = [
    (text_id("channel-came"), |of| of.came),
    (text_id("channel-parts"), |of| of.parts),
    (text_id("channel-acts"), |of| of.acts),
    (text_id("channel-again"), |of| of.again),
    (text_id("channel-commands"), |of| of.commands),
    (text_id("channel-aside"), |of| of.aside),
    (text_id("channel-unread"), |of| of.unread),
    (text_id("channel-reports"), |of| of.reports),
    (text_id("channel-said"), |of| of.said),
    (text_id("channel-refused"), |of| of.refused),
];
/// What is told of one channel beside these.
const BESIDE: [Count; 2] = [
    (text_id("channel-suspect"), |of| of.suspect),
    (text_id("channel-closed"), |of| of.closed),
];
/// Spans by the word in the address; the second is the one that is shown first.
const SPANS: [(&str, TextId); 3] = [
    ("hari", text_id("channel-today")),
    ("minggu", text_id("channel-week")),
    ("bulan", text_id("channel-month")),
];

/// What was asked for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Asked {
    kurun: String,
}

/// A channel in a path.
#[derive(Deserialize)]
pub struct ChannelPath {
    channel: String,
}

#[derive(Template)]
#[template(path = "desk/channels.html")]
struct Overview {
    v: Voice,
    tabs: Vec<Tab>,
    spans: Vec<(String, String, bool)>,
    heads: Vec<String>,
    rows: Vec<Row>,
    total: Row,
}

/// A channel, a service or all of them.
#[derive(Default)]
struct Row {
    name: String,
    to: Option<String>,
    /// How its line stands, where it has one: tone and words.
    state: Option<(&'static str, String)>,
    cells: Vec<String>,
}

#[derive(Template)]
#[template(path = "desk/channel.html")]
struct OnePage {
    v: Voice,
    tabs: Vec<Tab>,
    name: String,
    state: (&'static str, String),
    /// What an outage means, and what the program says of it.
    outage: Option<(String, String)>,
    facts: Vec<(String, String)>,
    counts: Vec<(String, [String; 3])>,
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(asked): Query<Asked>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let channels = node.channel_figures_of_late().await;
    let channels = channels.map_err(|error| problem(&error))?;
    let services = node.service_figures_of_late().await;
    let services = services.map_err(|error| problem(&error))?;
    let span = SPANS.iter().position(|(word, _)| *word == asked.kurun);
    let span = span.unwrap_or(1);
    let every = channels.iter().map(|one| one.counted[span]);
    let every = every.chain(services.iter().map(|one| one.counted[span]));
    let total = every.fold(Counted::default(), Counted::and);
    let rows = channels.iter().map(|one| channel(&v, one, span));
    let rows = rows.chain(services.iter().map(|one| service(&v, one, span)));
    let page = Overview {
        v,
        tabs: tabs(&v, PATH),
        spans: SPANS
            .iter()
            .enumerate()
            .map(|(at, (word, name))| (format!("{PATH}?kurun={word}"), v.say(name), at == span))
            .collect(),
        heads: COLUMNS.map(|(name, _)| v.say(name)).into(),
        rows: rows.collect(),
        total: Row {
            name: v.say("channel-all"),
            cells: cells(&v, &total),
            ..Row::default()
        },
    };
    let shell = officer.visit.shell(v.say("channels-title"));
    shell.wide().within(ACCOUNT).show(&page)
}

pub async fn one(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(asked): Path<ChannelPath>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let all = node.channel_figures_of_late().await;
    let all = all.map_err(|error| problem(&error))?;
    let figures = all.iter().find(|one| one.channel == asked.channel);
    let figures = figures.ok_or_else(ApiProblem::not_found)?;
    let name = channel_words(&v, &figures.channel);
    let page = OnePage {
        v,
        tabs: tabs(&v, PATH),
        name: name.clone(),
        state: state(&v, figures),
        outage: outage(&v, figures),
        facts: facts(&v, figures),
        counts: COLUMNS
            .iter()
            .chain(&BESIDE)
            .map(|(name, of)| {
                let numbers = figures.counted.map(|counted| v.number(of(&counted)));
                (v.say(name), numbers)
            })
            .collect(),
    };
    let shell = officer.visit.shell(name);
    shell.wide().within(ACCOUNT).show(&page)
}

fn channel(v: &Voice, figures: &ChannelFigures, span: usize) -> Row {
    Row {
        name: channel_words(v, &figures.channel),
        to: Some(at(&figures.channel)),
        state: Some(state(v, figures)),
        cells: cells(v, &figures.counted[span]),
    }
}

fn service(v: &Voice, figures: &ServiceFigures, span: usize) -> Row {
    Row {
        name: figures
            .city
            .clone()
            .unwrap_or_else(|| v.say("channel-open311")),
        to: figures.city.is_some().then(|| cities::PATH.to_owned()),
        state: None,
        cells: cells(v, &figures.counted[span]),
    }
}

/// Where one channel is told by itself.
pub fn at(channel: &str) -> String {
    format!("{PATH}/rincian/{channel}")
}

/// Counts by column; what is none stays empty, but for what came.
fn cells(v: &Voice, counted: &Counted) -> Vec<String> {
    let cells = COLUMNS.iter().enumerate().map(|(at, (_, of))| {
        let count = of(counted);
        if at > 0 && count == 0 {
            String::new()
        } else {
            v.number(count)
        }
    });
    cells.collect()
}

/// How its line stands: tone and words.
pub fn state(v: &Voice, figures: &ChannelFigures) -> (&'static str, String) {
    match figures.outage.first() {
        _ if !figures.on => ("quiet", v.say("channel-off")),
        Some((_, since)) => {
            let since = v.with("since", v.moment(since));
            ("alert", since.say("channel-down"))
        }
        None => ("done", v.say("channel-up")),
    }
}

/// What an outage of its line means, and what the program says of it.
pub fn outage(v: &Voice, figures: &ChannelFigures) -> Option<(String, String)> {
    let (problem, _) = figures.outage.first()?;
    let Outage { out, fetching } = &figures.outage;
    let about = match (out.is_some(), fetching.is_some()) {
        (true, true) => v.say("channel-away-about"),
        (_, false) => v.say("channel-down-about"),
        (false, _) => v.say("channel-unfetched-about"),
    };
    Some((about, problem))
}

fn facts(v: &Voice, figures: &ChannelFigures) -> Vec<(String, String)> {
    let last = figures.last_in.map(|at| v.moment(at));
    vec![
        (v.say("channel-waits-in"), waits(v, figures.waits_in)),
        (v.say("channel-waits-out"), waits(v, figures.waits_out)),
        (
            v.say("channel-last-in"),
            last.unwrap_or_else(|| v.say("channel-none-yet")),
        ),
    ]
}

fn waits(v: &Voice, waits: Waits) -> String {
    match waits.oldest {
        Some(oldest) if waits.count > 0 => v
            .with("n", waits.count)
            .with("since", v.moment(oldest))
            .say("channel-waits-since"),
        _ => v.say("channel-nothing-waits"),
    }
}
