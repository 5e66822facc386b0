//! Backups: how old the last one is, what there is and what was tried, a form to make one, and
//! trials of those that are there. Progress follows by itself where there is a script.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::sse::Event;
use axum::response::{Response, Sse};
use futures_util::Stream;
use lapor_protocol::calendar::day_at;
use lapor_web::ApiProblem;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::{Member, actor_named, refusal};

use super::super::approvals::failed;
use super::super::live;
use super::super::words::{age, bytes};
use super::super::{Answer, Console, ConsoleRole};
use super::outcomes::{mishap_words, shown};
use super::{Tab, tabs};
use crate::audit::By;
use crate::casework::weeks::ZONE;
use crate::trials;
use crate::upkeep::{self, Outcome, Run, Running, Schedule, Shelf, Shelved, UpkeepError, Work};
use crate::watch::{Bound, State as Colour};

pub const PATH: &str = "/konsol/perawatan/cadangan";
pub const TRY: &str = "/konsol/perawatan/cadangan/uji";
pub const STREAM: &str = "/konsol/perawatan/cadangan/aliran";
const NAME: &str = "nama";
const REASON: &str = "alasan";
const REASON_CHARACTERS: usize = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Template)]
#[template(path = "console/upkeep/backups.html")]
struct Page<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    here: &'static str,
    try_at: &'static str,
    live_at: &'static str,
    folder: Option<String>,
    /// Tone and words.
    last_backup: (&'static str, String),
    last_trial: (&'static str, String),
    tried_by_itself: String,
    running: Option<Step>,
    backups: Vec<Line>,
    runs: Vec<Past>,
    acts: bool,
}

/// What is under way.
struct Step {
    said: String,
    done: u64,
    total: u64,
}

struct Line {
    name: String,
    made_at: Option<i64>,
    size: String,
    holds: Vec<String>,
    tried: (&'static str, String),
}

struct Past {
    work: String,
    name: String,
    who: String,
    began_at: i64,
    took: Option<String>,
    /// Tone and words.
    outcome: (&'static str, String),
    said: Vec<String>,
    /// What the program wrote down of it, in its own words.
    technical: Vec<String>,
}

pub async fn show(State(console): State<Arc<Console>>, member: Member) -> Answer<Response> {
    let mut form = Form::empty();
    form.put(NAME, day_at(ZONE, member.visit.v.now_ms()).to_string());
    page(&console, &member, &form).await
}

/// `GET /konsol/perawatan/cadangan/aliran`: an event whenever there is progress.
pub async fn stream(
    State(console): State<Arc<Console>>,
    _: Member,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    live::follow(console.hub.upkeep.subscribe(), console.hub.closing())
}

/// Begins to make one.
pub async fn make(
    State(console): State<Arc<Console>>,
    member: Member,
    form: Form,
) -> Answer<Response> {
    begin(&console, &member, form, Work::Backup).await
}

/// Begins to try one.
pub async fn attempt(
    State(console): State<Arc<Console>>,
    member: Member,
    form: Form,
) -> Answer<Response> {
    begin(&console, &member, form, Work::Trial).await
}

async fn begin(
    console: &Arc<Console>,
    member: &Member,
    mut form: Form,
    work: Work,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let name = form.required(&v, NAME);
    form.at_most(&v, REASON, REASON_CHARACTERS);
    if !form.is_fine() {
        return page(console, member, &form).await;
    }
    let actor = member.actor();
    let by = By {
        reason: form.text(REASON),
        ..By::actor(&actor)
    };
    let begun = upkeep::begin(&console.hub, &by, work, &name).await;
    let said = match begun {
        Ok(()) if work == Work::Backup => Flash::done(text_id("backup-begun")).with("name", name),
        Ok(()) => Flash::done(text_id("trial-begun")).with("name", name),
        Err(UpkeepError::Busy) => Flash::warning(text_id("backup-busy")),
        Err(UpkeepError::NoFolder) => Flash::warning(text_id("backup-no-folder")),
        Err(UpkeepError::Name) => {
            form.complain(NAME, v.say("backup-name-wrong"));
            return page(console, member, &form).await;
        }
        Err(UpkeepError::Unknown) => return Err(ApiProblem::not_found()),
        Err(UpkeepError::Hub(error)) => return Err(failed(&error)),
    };
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

async fn page(console: &Console, member: &Member, form: &Form) -> Answer<Response> {
    let v = member.visit.v;
    let found = upkeep::read(&console.hub).await.map_err(|e| failed(&e))?;
    let accounts = console.accounts().list().await;
    let accounts = accounts.map_err(|error| refusal(&error))?.into_iter();
    let names: BTreeMap<String, String> = accounts
        .map(|account| (account.actor(), account.name))
        .collect();
    let bounds = console.hub.settings().watch;
    let aged = |at: Option<i64>, bound: Bound, never: TextId| match at {
        None => ("warm", v.say(never)),
        Some(at) => {
            let ago = v.now_ms().saturating_sub(at);
            let tone = match bound.above(ago, DAY_MS) {
                Colour::Red => "alert",
                Colour::Yellow => "warm",
                Colour::Green | Colour::Grey => "done",
            };
            let words = v.with("age", age(&v, ago)).with("at", v.moment(at));
            (tone, words.say("backup-age"))
        }
    };
    let Shelf {
        folder,
        last_backup,
        last_trial,
        last_outcome,
        tried_by_itself,
        running,
        backups,
        runs,
    } = found;
    let last_backup = aged(last_backup, bounds.backup_days, text_id("backup-never"));
    let (tone, held) = aged(last_trial, bounds.trial_days, text_id("trial-never"));
    let last_trial = if last_outcome == Some(Outcome::Failed) {
        ("alert", v.with("held", held).say("trial-last-failed"))
    } else {
        (tone, held)
    };
    let page = Page {
        v,
        tabs: tabs(&v, PATH),
        form,
        here: PATH,
        try_at: TRY,
        live_at: STREAM,
        folder: folder.map(|folder| folder.display().to_string()),
        last_backup,
        last_trial,
        tried_by_itself: by_itself(&v, tried_by_itself),
        running: running.map(|running| step(&v, &running)),
        backups: backups.into_iter().map(|of| line(&v, &names, of)).collect(),
        runs: runs.into_iter().map(|run| past(&v, &names, run)).collect(),
        acts: ConsoleRole::of(member.session.account.role, ConsoleRole::acts),
    };
    let shell = member.visit.shell(v.say("backups-title")).wide();
    shell
        .within(super::PATH)
        .status(form.status())
        .script("federation.js")
        .show(&page)
}

fn work_words(work: Work) -> TextId {
    match work {
        Work::Backup => text_id("work-backup"),
        Work::Trial => text_id("work-trial"),
    }
}

fn step(v: &Voice, running: &Running) -> Step {
    let step = match running.step.as_str() {
        "database" => text_id("step-database"),
        "blobs" => text_id("step-blobs"),
        "proving" => text_id("step-proving"),
        "restoring" => text_id("step-restoring"),
        "writing" => text_id("step-writing"),
        "verifying" => text_id("step-verifying"),
        "comparing" => text_id("step-comparing"),
        _ => text_id("step-begins"),
    };
    let words = v
        .with("work", v.say(work_words(running.work)))
        .with("name", running.name.as_str())
        .with("step", v.say(step))
        .with("since", v.moment(running.began_at));
    Step {
        said: words.say("backup-running"),
        done: running.done,
        total: running.total,
    }
}

/// When the latest backup is tried without anybody asking.
fn by_itself(v: &Voice, schedule: Option<Schedule>) -> String {
    let Some(Schedule { days, hour }) = schedule else {
        return v.say("trial-by-itself-off");
    };
    let hour = format!("{hour:02}.00");
    let words = v.with("days", days).with("hour", hour);
    words.say("trial-by-itself-on")
}

fn named(v: &Voice, names: &BTreeMap<String, String>, actor: &str) -> String {
    if actor == trials::ITSELF {
        return v.say("run-by-itself");
    }
    actor_named(v, names, actor)
}

fn line(v: &Voice, names: &BTreeMap<String, String>, of: Shelved) -> Line {
    let tried = match &of.tried {
        None => ("quiet", v.say("trial-not-yet")),
        Some(tried) => {
            let words = v
                .with("at", v.moment(tried.at))
                .with("name", named(v, names, &tried.by));
            match tried.outcome {
                Outcome::Done => ("done", words.say("trial-held-by")),
                Outcome::Failed => ("alert", words.say("trial-failed-by")),
                Outcome::Aborted => ("warm", words.say("trial-aborted-by")),
            }
        }
    };
    let Some(holds) = of.holds else {
        return Line {
            name: of.name,
            made_at: None,
            size: String::new(),
            holds: vec![v.say("backup-unfinished")],
            tried,
        };
    };
    let mut said = vec![
        v.with("kind", holds.database.as_str())
            .with("schema", holds.schema)
            .with("version", holds.version.as_str())
            .say("backup-database"),
        v.with("n", holds.files).say("backup-files"),
        if holds.keys {
            v.say("backup-with-keys")
        } else {
            v.say("backup-without-keys")
        },
    ];
    if holds.missing > 0 {
        said.push(v.with("n", holds.missing).say("backup-missing"));
    }
    Line {
        name: of.name,
        made_at: Some(holds.made_at),
        size: bytes(v, i64::try_from(holds.bytes).unwrap_or(i64::MAX)),
        holds: said,
        tried,
    }
}

fn past(v: &Voice, names: &BTreeMap<String, String>, run: Run) -> Past {
    let outcome = match (run.work, run.outcome) {
        (_, None) => ("accent", text_id("run-under-way")),
        (Work::Backup, Some(Outcome::Done)) => ("done", text_id("run-made")),
        (Work::Trial, Some(Outcome::Done)) => ("done", text_id("run-held")),
        (_, Some(Outcome::Aborted)) => ("warm", text_id("run-aborted")),
        (_, Some(Outcome::Failed)) if run.trial.is_some() => ("alert", text_id("run-differs")),
        (_, Some(Outcome::Failed)) => ("alert", text_id("run-failed")),
    };
    let mut said = run.trial.as_ref().map_or_else(Vec::new, |of| shown(v, of));
    let mut technical = run.trial.map_or_else(Vec::new, |of| of.wrong);
    if let Some(problem) = run.problem {
        let words = run.cause.map_or(text_id("run-of-before"), mishap_words);
        said.push(v.say(words));
        technical.push(problem);
    }
    Past {
        work: v.say(work_words(run.work)),
        name: run.name,
        who: named(v, names, &run.asked_by),
        began_at: run.began_at,
        took: run.ended_at.map(|at| age(v, at - run.began_at)),
        outcome: (outcome.0, v.say(outcome.1)),
        said,
        technical,
    }
}
