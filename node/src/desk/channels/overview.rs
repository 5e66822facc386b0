//! What comes and goes on each channel, and whether its line goes through.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::intake::channel_words;
use lapor_web::language::{TextId, Voice, text_id};

use super::{ACCOUNT, Answer, Officer, StaffRole, Tab, tabs};
use crate::api::problem;
use crate::channels::{ChannelFigures, Counted, Waits};
use crate::node::Node;

pub const PATH: &str = "/meja/saluran";

/// What is counted, in the order of the table.
type Count = (TextId, fn(&Counted) -> i64);
const COUNTS: [Count; 9] = [
    (text_id("channel-came"), |of| of.came),
    (text_id("channel-reports"), |of| of.reports),
    (text_id("channel-acts"), |of| of.acts),
    (text_id("channel-aside"), |of| of.aside),
    (text_id("channel-again"), |of| of.again),
    (text_id("channel-suspect"), |of| of.suspect),
    (text_id("channel-said"), |of| of.said),
    (text_id("channel-refused"), |of| of.refused),
    (text_id("channel-closed"), |of| of.closed),
];

#[derive(Template)]
#[template(path = "desk/channels.html")]
struct Overview {
    v: Voice,
    tabs: Vec<Tab>,
    channels: Vec<Line>,
}

/// A channel.
struct Line {
    name: String,
    state: String,
    tone: &'static str,
    /// What the program says of an outage.
    problem: Option<String>,
    facts: Vec<(String, String)>,
    counts: Vec<(String, [String; 3])>,
}

pub async fn show(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let figures = node.channel_figures_of_late().await;
    let figures = figures.map_err(|error| problem(&error))?;
    let page = Overview {
        v,
        tabs: tabs(&v, PATH),
        channels: figures.iter().map(|one| line(&v, one)).collect(),
    };
    let shell = officer.visit.shell(v.say("channels-title"));
    shell.wide().within(ACCOUNT).show(&page)
}

fn line(v: &Voice, figures: &ChannelFigures) -> Line {
    let (state, tone) = match &figures.down {
        _ if !figures.on => (v.say("channel-off"), "quiet"),
        Some((_, since)) => {
            let since = v.with("since", v.moment(*since));
            (since.say("channel-down"), "alert")
        }
        None => (v.say("channel-up"), "done"),
    };
    let last = figures.last_in.map(|at| v.moment(at));
    let counts = COUNTS.map(|(name, of)| {
        let numbers = figures.counted.map(|counted| v.number(of(&counted)));
        (v.say(name), numbers)
    });
    Line {
        name: channel_words(v, &figures.channel),
        state,
        tone,
        problem: figures.down.as_ref().map(|(problem, _)| problem.clone()),
        facts: vec![
            (v.say("channel-waits-in"), waits(v, figures.waits_in)),
            (v.say("channel-waits-out"), waits(v, figures.waits_out)),
            (
                v.say("channel-last-in"),
                last.unwrap_or_else(|| v.say("channel-none-yet")),
            ),
        ],
        counts: counts.into(),
    }
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
