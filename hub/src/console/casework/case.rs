//! One case without its words: who has it, who had it, what was done and how
//! it was ruled. A ticket cannot be looked for, because the hub never sees one.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::calendar::last_day;
use lapor_protocol::case::Reason;
use lapor_protocol::deadline::{Clock, ClockState};
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_web::intake::channel_words;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::regions::national;
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::reasons::reason_words;
use super::words::{
    act_words, classification_words, clock_words, code_words, effect_words, state_words,
    step_words, took,
};
use crate::casework::skeleton::{self, Deed, Skeleton};
use crate::casework::weeks::ZONE;
use crate::casework::{Ran, Term};
use crate::console::approvals::failed;
use crate::console::instances::one;
use crate::console::key_terms;
use crate::console::names::named;
use crate::console::{Answer, Console};
use crate::store::{code_of, from_code};

pub const ASK: &str = "/konsol/kasus/cari";
pub const ONE: &str = "/konsol/kasus/{id}";
/// Acts that the page shows, the latest.
const ACTS: usize = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    kasus: String,
}

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

#[derive(Template)]
#[template(path = "console/casework-find.html")]
struct FindPage<'a> {
    v: Voice,
    form: &'a Form,
    here: &'static str,
    up_at: &'static str,
}

#[derive(Template)]
#[template(path = "console/casework-case.html")]
struct CasePage {
    v: Voice,
    up_at: &'static str,
    id: String,
    state: String,
    redacted: bool,
    facts: Vec<(String, String)>,
    related: Vec<(String, String, String)>,
    parties: Vec<(String, String, String)>,
    clocks: Vec<ClockLine>,
    late: Vec<String>,
    way: Vec<WayLine>,
    acts: Vec<ActLine>,
    /// Earlier acts that are not shown.
    more: usize,
}

struct ClockLine {
    name: String,
    overdue: bool,
    said: String,
}

struct WayLine {
    institution: String,
    to: String,
    begun: String,
    since: i64,
    acted: Option<i64>,
    answered: Option<i64>,
    until: Option<i64>,
    ended: String,
}

struct ActLine {
    place: u64,
    name: String,
    kind: String,
    author: String,
    at: i64,
    /// What it names: an institution, a code.
    detail: Vec<String>,
    /// What the hub ruled, where it had no effect.
    refused: Option<String>,
    number: i64,
    position: String,
    envelope: String,
}

/// Where the skeleton of a case stands.
pub fn path(id: &str) -> String {
    format!("{}/{id}", super::PATH)
}

pub async fn find(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let text = wanted.kasus.trim();
    let mut form = Form::of([("kasus", text)]);
    if !text.is_empty() {
        let id = text.to_lowercase().parse::<CaseId>().ok();
        let found = match id {
            Some(id) => read(&console, id).await?.map(|_| id),
            None => None,
        };
        match found {
            Some(id) => return Ok(member.visit.go(&LocalPath::own(&path(&id.to_string())))),
            None if id.is_some() => form.complain("kasus", v.say("case-unknown")),
            None => form.complain("kasus", v.say("case-unusable")),
        }
    }
    let page = FindPage {
        v,
        form: &form,
        here: ASK,
        up_at: super::PATH,
    };
    let title = v.say("case-find");
    member.visit.shell(title).status(form.status()).show(&page)
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(asked): Path<OnePath>,
) -> Answer<Response> {
    let id = asked.id.parse::<CaseId>();
    let id = id.map_err(|_| ApiProblem::not_found())?;
    let skeleton = read(&console, id).await?;
    let skeleton = skeleton.ok_or_else(ApiProblem::not_found)?;
    let v = member.visit.v;
    let directory = console.hub.ground.directory.current();
    let page = page(&v, &directory, &skeleton);
    let title = v.with("id", page.id.as_str()).say("case-title");
    member.visit.shell(title).wide().show(&page)
}

async fn read(console: &Console, id: CaseId) -> Answer<Option<Skeleton>> {
    let read = skeleton::read(&console.hub, id).await;
    read.map_err(|error| failed(&error))
}

fn page(v: &Voice, directory: &Directory, skeleton: &Skeleton) -> CasePage {
    let case = &skeleton.case;
    let more = skeleton.acts.len().saturating_sub(ACTS);
    let late = skeleton.way.clocks.iter();
    let late = late.filter_map(|ran| late_line(v, directory, ran));
    CasePage {
        v: *v,
        up_at: super::PATH,
        id: case.id.to_string(),
        state: v.say(state_words(case.state.as_str())),
        redacted: case.redacted,
        facts: facts(v, skeleton),
        related: related(v, skeleton),
        parties: parties(v, directory, skeleton),
        clocks: skeleton.clocks.iter().map(|c| clock_line(v, c)).collect(),
        late: late.collect(),
        way: skeleton
            .way
            .terms
            .iter()
            .map(|term| way_line(v, directory, term))
            .collect(),
        acts: skeleton
            .acts
            .iter()
            .skip(more)
            .map(|act| act_line(v, directory, act))
            .collect(),
        more,
    }
}

fn facts(v: &Voice, skeleton: &Skeleton) -> Vec<(String, String)> {
    let case = &skeleton.case;
    let yes = |is: bool| is.then(|| v.say("case-yes"));
    let region = case.region.as_ref();
    let facts = [
        (text_id("case-filed"), Some(v.moment(case.filed_at))),
        (
            text_id("case-first-answer"),
            Some(match case.course.first_answer {
                Some(at) => v.moment(at),
                None => v.say("case-no-answer"),
            }),
        ),
        (
            text_id("case-ended"),
            case.course.ended.map(|at| v.moment(at)),
        ),
        (
            text_id("case-classification"),
            Some(v.say(classification_words(&code_of(&case.classification)))),
        ),
        (
            text_id("case-category"),
            case.category.as_ref().map(|of| of.as_str().to_owned()),
        ),
        (
            text_id("instance-region"),
            region.and_then(|code| national().display_name(code)),
        ),
        (
            text_id("case-channel"),
            Some(channel_words(v, &case.channel)),
        ),
        (text_id("case-anonymous"), yes(case.anonymous)),
        (text_id("case-secret"), yes(case.secret)),
        (text_id("case-oversight"), yes(case.oversight == Some(true))),
        (text_id("case-escalated"), yes(case.escalated)),
        (
            text_id("case-returns"),
            Some(v.number(u64::from(case.hops))),
        ),
        (
            text_id("case-supports"),
            (case.supports > 0).then(|| v.number(u64::from(case.supports))),
        ),
        (
            text_id("case-score"),
            case.close
                .as_ref()
                .and_then(|close| close.score)
                .map(|score| v.number(u64::from(score))),
        ),
    ];
    let facts = facts.into_iter();
    facts
        .filter_map(|(name, value)| Some((v.say(name), value?)))
        .collect()
}

/// Other cases, with what they are to this one and where they stand.
fn related(v: &Voice, skeleton: &Skeleton) -> Vec<(String, String, String)> {
    let case = &skeleton.case;
    let line = |name: TextId, id: CaseId| (v.say(name), id.to_string(), path(&id.to_string()));
    let merged = case.merged.as_ref().map(|merged| merged.into);
    let parent = case.parent.map(|id| line(text_id("case-parent"), id));
    let merged = merged.map(|id| line(text_id("case-merged-into"), id));
    let children = case.children.iter();
    let children = children.map(|id| line(text_id("case-child"), *id));
    let linked = case.linked.values();
    let linked = linked.map(|linked| line(text_id("case-linked"), linked.case));
    let one = parent.into_iter().chain(merged);
    one.chain(children).chain(linked).collect()
}

/// Who is a party, in which role, and where it stands on the console.
fn parties(v: &Voice, directory: &Directory, skeleton: &Skeleton) -> Vec<(String, String, String)> {
    let case = &skeleton.case;
    let roles = |who: &InstanceId| {
        let all = [
            (*who == case.custodian, text_id("party-custodian")),
            (*who == case.origin, text_id("party-origin")),
            (case.stack.contains(who), text_id("party-disposer")),
            (case.supervisors.contains(who), text_id("party-supervisor")),
            (case.copies.contains(who), text_id("party-copy")),
        ];
        let roles: Vec<String> = all
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, name)| v.say(name))
            .collect();
        if roles.is_empty() {
            v.say("party-reader")
        } else {
            roles.join(", ")
        }
    };
    let line = |who: &InstanceId, role: String| (named(v, directory, who.as_str()), one(who), role);
    let parties = skeleton.parties.iter().map(|who| line(who, roles(who)));
    let excluded = case.excluded.iter();
    let excluded = excluded.map(|who| line(who, v.say("party-excluded")));
    let behalf = case.on_behalf_of.iter();
    let behalf = behalf.map(|who| line(who, v.say("party-behalf")));
    parties.chain(excluded).chain(behalf).collect()
}

fn clock_line(v: &Voice, clock: &Clock) -> ClockLine {
    let day = clock.due_on.map(|day| v.day(day));
    let said = match (clock.state, day) {
        (ClockState::Overdue, Some(day)) => v.with("at", day).say("clock-overdue"),
        (ClockState::Running, Some(day)) => v.with("at", day).say("clock-running"),
        _ => v.say("clock-paused"),
    };
    ClockLine {
        name: v.say(clock_words(clock.kind)),
        overdue: clock.state == ClockState::Overdue,
        said,
    }
}

/// A clock that was met too late.
fn late_line(v: &Voice, directory: &Directory, ran: &Ran) -> Option<String> {
    let (out, met) = (ran.ran_out_at?, ran.met_at?);
    let line = v
        .with("step", v.say(step_words(ran.step)))
        .with("name", named(v, directory, ran.institution.as_str()))
        .with("at", v.day(last_day(ZONE, out)))
        .with("late", took(v, Some(met - out)));
    Some(line.say("case-was-late"))
}

fn way_line(v: &Voice, directory: &Directory, term: &Term) -> WayLine {
    let reason = term.reason.as_deref().and_then(code_words);
    let ended = term.ended_by.and_then(act_words).map(|name| v.say(name));
    let ended = match (ended, reason) {
        (Some(ended), Some(reason)) => format!("{ended}: {}", v.say(reason)),
        (ended, _) => ended.unwrap_or_default(),
    };
    WayLine {
        institution: named(v, directory, term.institution.as_str()),
        to: one(&term.institution),
        begun: act_words(term.begun_by).map_or_else(String::new, |name| v.say(name)),
        since: term.since,
        acted: term.acted_at,
        answered: term.answered_at,
        until: term.until,
        ended,
    }
}

fn act_line(v: &Voice, directory: &Directory, act: &Deed) -> ActLine {
    let to = act.to.as_ref().map(|to| {
        let name = named(v, directory, to.as_str());
        v.with("name", name).say("act-to")
    });
    let code = act.code.as_ref().map(|code| match code_words(code) {
        Some(words) => v.say(words),
        None => code.clone(),
    });
    let refused = (act.effect != "applied").then(|| {
        let words = v.say(effect_words(act.effect));
        match &act.reason {
            Some(reason) => {
                let reason = from_code(reason.clone()).unwrap_or(Reason::Unknown);
                format!("{words} ({})", v.say(reason_words(reason)))
            }
            None => words,
        }
    });
    ActLine {
        place: act.case_seq,
        name: act_words(&act.kind).map_or_else(|| act.kind.clone(), |name| v.say(name)),
        kind: act.kind.clone(),
        author: named(v, directory, act.author.as_str()),
        at: act.ordered_at,
        detail: to.into_iter().chain(code).collect(),
        refused,
        number: act.number,
        position: key_terms::position(v, act.position),
        envelope: act.envelope.to_string(),
    }
}
