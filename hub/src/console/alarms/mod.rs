//! Alarms on screen: what is open, what is over, rules, silences, recipients,
//! and what was sent. Operators act; all see.

mod ending;
mod hindered;
mod open;
mod past;
pub mod recipients;
pub mod rules;
mod secrets;
mod sent;
pub mod silences;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use http::StatusCode;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use lapor_web::ApiProblem;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::LocalPath;
use lapor_web::people::{Member, refusal};
use serde::Deserialize;

use super::approvals::failed;
use super::{ALARMS, Answer, Console, ConsoleRole};
use crate::alarms::acts::{ActError, recipients};
use crate::alarms::overview::{self, Place};
use crate::alarms::{self, Quiet, Rule};
use crate::deeds::Deed;

pub use secrets::Secrets;
pub use words::{Shown, whole};

/// Lines of a page of a list that goes on.
const PAGE: usize = 50;
/// Alarms on the page of an institution.
const OF_ONE: i64 = 20;

/// Where a list goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Onward {
    sebelum: Option<i64>,
    sesudah: String,
}

/// A line of the navigation among these pages.
struct Tab {
    to: &'static str,
    name: String,
    current: bool,
}

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

#[derive(Deserialize)]
pub struct ActPath {
    id: String,
    act: String,
}

/// Their routes.
pub fn routes() -> Router<Arc<Console>> {
    Router::new()
        .route(ALARMS, get(open::list))
        .route(open::ACKNOWLEDGE, post(open::acknowledge))
        .route(past::PATH, get(past::list))
        .route(rules::PATH, get(rules::list))
        .route(rules::NEW, get(rules::ask).post(rules::create))
        .route(rules::ONE, get(rules::show).post(rules::change))
        .route(rules::ACT, get(rules::ask_end).post(rules::act))
        .route(silences::PATH, get(silences::list).post(silences::create))
        .route(silences::END, post(silences::end))
        .route(
            recipients::PATH,
            get(recipients::list).post(recipients::create),
        )
        .route(
            recipients::ONE,
            get(recipients::show).post(recipients::change),
        )
        .route(
            recipients::ACT,
            get(recipients::ask_end).post(recipients::act),
        )
        .route(recipients::SECRET, get(recipients::secret))
        .route(sent::PATH, get(sent::list))
        .route(sent::AGAIN, post(sent::again))
}

impl Onward {
    fn place(&self) -> Place {
        let first = Place::default();
        Place {
            before: self.sebelum.unwrap_or(first.before),
            after: self.sesudah.clone(),
        }
    }

    /// The first page, seen from another.
    fn first(&self, path: &str) -> Option<String> {
        self.sebelum.map(|_| path.to_owned())
    }
}

/// The page after the line of a moment and an id.
fn next(path: &str, at: i64, id: &str) -> String {
    let before = at.to_string();
    let fields = [("sebelum", before.as_str()), ("sesudah", id)];
    LocalPath::asking(path, fields).to_string()
}

fn tabs(v: &Voice, here: &str) -> Vec<Tab> {
    let all: [(&str, TextId); 6] = [
        (ALARMS, text_id("alarms-open")),
        (past::PATH, text_id("alarms-past")),
        (rules::PATH, text_id("alarms-rules")),
        (silences::PATH, text_id("alarms-silences")),
        (recipients::PATH, text_id("alarms-recipients")),
        (sent::PATH, text_id("alarms-sent")),
    ];
    all.map(|(to, name)| Tab {
        to,
        name: v.say(name),
        current: to == here,
    })
    .into()
}

fn acts(member: &Member) -> bool {
    ConsoleRole::of(member.session.account.role, ConsoleRole::acts)
}

fn demand(member: &Member) -> Answer<()> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))
}

/// What there is and was of one institution, the latest first.
pub async fn of_instance(console: &Console, v: &Voice, id: &InstanceId) -> Answer<Vec<Shown>> {
    let names = names(console).await?;
    let directory = console.hub.ground.directory.current();
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let alarms = overview::of_instance(&console.hub, &mut tx, id.as_str(), OF_ONE).await?;
        tx.rollback().await?;
        Ok(alarms)
    };
    let alarms = read.await.map_err(|error| failed(&error))?.into_iter();
    Ok(alarms
        .map(|alarm| words::shown(v, &directory, &names, alarm))
        .collect())
}

/// Where an institution is silenced.
pub fn silence_at(id: &InstanceId) -> String {
    silences::about("instance", id.as_str())
}

/// What rules and recipients are called, by their ids.
pub async fn called(console: &Console, v: &Voice) -> Answer<BTreeMap<String, String>> {
    let (_, called) = standing(console, v).await?;
    Ok(called)
}

/// The rules as they stand, and what they and recipients are called, by their ids.
pub async fn standing(
    console: &Console,
    v: &Voice,
) -> Answer<(Vec<Rule>, BTreeMap<String, String>)> {
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let rules = alarms::rules(&mut tx).await?;
        let recipients = recipients(&mut tx).await?;
        tx.rollback().await?;
        Ok((rules, recipients))
    };
    let (rules, recipients) = read.await.map_err(|error| failed(&error))?;
    let directory = console.hub.ground.directory.current();
    let of_rules = rules
        .iter()
        .map(|rule| (rule.id.clone(), words::rule(v, &directory, rule)));
    let recipients = recipients.into_iter().map(|one| (one.id, one.name));
    let called = of_rules.chain(recipients).collect();
    Ok((rules, called))
}

/// What an act upon alarms is about, as rules stand and are called.
pub fn about(
    deed: &Deed,
    v: &Voice,
    directory: &Directory,
    (standing, called): (&[Rule], &BTreeMap<String, String>),
) -> Option<String> {
    let named = |id: &String| called.get(id).unwrap_or(id).clone();
    match deed {
        Deed::NarrowRule { rule } => Some(words::narrowed(v, directory, rule, (standing, called))),
        Deed::DisableRule { rule } => Some(named(rule)),
        Deed::DisableRecipient { recipient } | Deed::RemoveRecipient { recipient } => {
            Some(named(recipient))
        }
        Deed::Silence { quiet, hours } => {
            let what = silenced(v, directory, quiet, called);
            let said = v.with("what", what).with("hours", *hours);
            Some(said.say("silence-about"))
        }
        _ => None,
    }
}

/// What is silent, where rules are called so.
pub fn silenced(
    v: &Voice,
    directory: &Directory,
    quiet: &Quiet,
    called: &BTreeMap<String, String>,
) -> String {
    match quiet {
        Quiet::Rule(id) => called.get(id).unwrap_or(id).clone(),
        of => words::quiet(v, directory, &[], of),
    }
}

/// Names of accounts, by how the audit log calls them.
pub async fn names(console: &Console) -> Answer<BTreeMap<String, String>> {
    let accounts = console.accounts().list().await;
    let accounts = accounts.map_err(|error| refusal(&error))?.into_iter();
    Ok(accounts
        .map(|account| (account.actor(), account.name))
        .collect())
}

/// What failed for another reason than the form.
pub fn refused(error: &ActError) -> ApiProblem {
    match error {
        ActError::Gone => ApiProblem::not_found(),
        ActError::Known => {
            let title = "There is one already";
            ApiProblem::new(StatusCode::CONFLICT, "known", title).with_detail(error.to_string())
        }
        ActError::AddressStays => {
            let problem = ApiProblem::invalid().with("field", "address");
            problem.with_detail(format!("address: {error}."))
        }
        ActError::TooMany => {
            let title = "There are too many of them";
            ApiProblem::new(StatusCode::CONFLICT, "too_many", title).with_detail(error.to_string())
        }
        ActError::Narrows => {
            let title = "A rule is narrowed for a reason only";
            ApiProblem::new(StatusCode::CONFLICT, "not_allowed", title)
                .with_detail(error.to_string())
        }
        ActError::Sealing(error) => refusal(error),
        ActError::Hub(error) => failed(error),
    }
}
