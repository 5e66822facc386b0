//! What was sent, to whom, and what became of it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{Language, Voice, text_id};
use lapor_web::page::{Flash, LocalPath};
use lapor_web::people::Member;
use lapor_web::{Path, Query};

use super::hindered::{Hindered, hindered};
use super::{OnePath, Onward, PAGE, Tab, acts, demand, next, refused, tabs};
use crate::alarms::overview::{self, Sent};
use crate::alarms::{WEBHOOK_CHANGED, WEBHOOK_TEST, recipients};
use crate::console::approvals::failed;
use crate::console::{ALARMS, Answer, Console};

pub const PATH: &str = "/konsol/alarm/kiriman";
pub const AGAIN: &str = "/konsol/alarm/kiriman/{id}/ulang";

#[derive(Template)]
#[template(path = "console/alarms/sent.html")]
struct SentPage {
    v: Voice,
    tabs: Vec<Tab>,
    lines: Vec<Line>,
    acts: bool,
    first: Option<String>,
    next: Option<String>,
}

struct Line {
    sent: Sent,
    tone: &'static str,
    state: String,
    subject: String,
    kind: String,
    at: String,
    /// Whether it can be sent again.
    over: bool,
    /// What went wrong.
    hindered: Option<Hindered>,
}

pub async fn list(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(onward): Query<Onward>,
) -> Answer<Response> {
    let v = member.visit.v;
    let sent = overview::sent(&console.hub, &onward.place(), PAGE as i64).await;
    let sent = sent.map_err(|error| failed(&error))?;
    let last = sent.last().filter(|_| sent.len() == PAGE);
    let page = SentPage {
        v,
        tabs: tabs(&v, PATH),
        acts: acts(&member),
        first: onward.first(PATH),
        next: last.map(|last| next(PATH, last.created_at, &last.id)),
        lines: sent.into_iter().map(|sent| line(&v, sent)).collect(),
    };
    let title = v.say("alarms-sent");
    member.visit.shell(title).wide().within(ALARMS).show(&page)
}

pub async fn again(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    demand(&member)?;
    let done = recipients::send_again(&console.hub, &member.actor(), &path.id).await;
    done.map_err(|error| refused(&error))?;
    let said = Flash::done(text_id("sent-again-done"));
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

/// As its reader has it, in the language of whoever looks.
fn subject(v: &Voice, sent: &Sent) -> String {
    match (sent.subject.as_str(), &sent.subject_en) {
        (WEBHOOK_CHANGED, _) => v.say("sent-webhook-changed"),
        (WEBHOOK_TEST, _) => v.say("sent-webhook-test"),
        (_, Some(subject)) if v.language() == Language::English => subject.clone(),
        (subject, _) => subject.to_owned(),
    }
}

fn line(v: &Voice, sent: Sent) -> Line {
    let (tone, state) = match sent.state.as_str() {
        "sent" => ("done", text_id("sent-sent")),
        "dead" => ("alert", text_id("sent-dead")),
        "dropped" => ("quiet", text_id("sent-dropped")),
        _ => ("warm", text_id("sent-waiting")),
    };
    let kind = match sent.kind.as_str() {
        "test" => v.say("sent-kind-test"),
        "summary" => v.with("n", sent.alarms).say("sent-kind-summary"),
        _ => v.with("n", sent.alarms).say("sent-kind-alarms"),
    };
    // Of what was dropped the state says why.
    let problem = sent.problem.as_deref();
    let problem = problem.filter(|_| sent.state != "dropped");
    Line {
        subject: subject(v, &sent),
        at: format!("{PATH}/{}/ulang", sent.id),
        over: sent.state != "waiting",
        tone,
        state: v.say(state),
        kind,
        hindered: problem.map(|said| hindered(v, sent.cause, said)),
        sent,
    }
}
