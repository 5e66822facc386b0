//! One webhook: how it goes, what it was told and will be, and what an administrator can do about both:
//! try it, send again, skip, change it, make another secret, switch it off or on, end it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::webhooks::{self, ADDRESS, ADDRESS_CHARS, Line, NAME};
use super::{ACCOUNT, Answer, Officer};
use crate::api::problem;
use crate::error::NodeError;
use crate::hooks::{self, Delivery, DeliveryState, HookChange, HookState, Replay};
use crate::node::Node;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/webhook/{id}";
pub const ACT: &str = "/meja/webhook/{id}/{act}";
const FROM: &str = "sejak";
const UNTIL: &str = "sampai";
const DELIVERY: &str = "kiriman";
/// Deliveries on a page.
const PAGE: u32 = 50;
/// The states of deliveries as addresses and tabs have them.
const STATES: [(DeliveryState, &str, TextId); 3] = [
    (
        DeliveryState::Waiting,
        "menunggu",
        text_id("delivery-waiting"),
    ),
    (DeliveryState::Sent, "terkirim", text_id("delivery-sent")),
    (
        DeliveryState::Skipped,
        "dilewati",
        text_id("delivery-skipped"),
    ),
];

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

#[derive(Deserialize)]
pub struct ActPath {
    id: String,
    act: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Shown {
    keadaan: String,
    sebelum: Option<i64>,
}

#[derive(Template)]
#[template(path = "desk/webhook.html")]
struct WebhookPage<'a> {
    v: Voice,
    line: Line,
    /// The form with which it is changed, and the one with which a time is sent again.
    changing: &'a Form,
    replaying: &'a Form,
    kinds: Vec<(Choice, bool)>,
    /// Name, address and whether it is shown, of each list of deliveries.
    tabs: Vec<(String, String, bool)>,
    deliveries: Vec<Row>,
    first: Option<String>,
    next: Option<String>,
    on: bool,
    list_at: &'static str,
    most: usize,
    longest: usize,
}

struct Row {
    delivery: Delivery,
    tone: &'static str,
    state: String,
}

impl Row {
    /// Whether it can still be skipped; else it can be sent again.
    fn waits(&self) -> bool {
        self.delivery.state == DeliveryState::Waiting
    }
}

/// The page of a webhook.
pub fn at(id: &str) -> String {
    format!("{}/{id}", webhooks::PATH)
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<OnePath>,
    Query(shown): Query<Shown>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    page(&node, &officer, &path.id, (&shown, None)).await
}

/// Changes name, address and kinds; the address stays where none is given.
pub async fn change(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<OnePath>,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let (v, id) = (officer.visit.v, path.id.as_str());
    form.required(&v, NAME);
    let name = form.at_most(&v, NAME, hooks::NAME);
    let url = form.at_most(&v, ADDRESS, ADDRESS_CHARS);
    webhooks::check_address(&node, &v, &mut form);
    let (Some(wanted), true) = (webhooks::wanted(&v, &mut form), form.is_fine()) else {
        let again = (&Shown::default(), Some((&form, false)));
        return page(&node, &officer, id, again).await;
    };
    let change = HookChange {
        name: Some(&name),
        url: Some(url.as_str()).filter(|url| !url.is_empty()),
        wanted: Some(wanted),
        state: None,
    };
    match node.change_webhook(id, change, &officer.actor()).await {
        Ok(_) => Ok(go(&officer, id, &Flash::done(text_id("webhook-saved")))),
        Err(NodeError::Known(_)) => {
            form.complain(ADDRESS, v.say("webhook-known"));
            let again = (&Shown::default(), Some((&form, false)));
            page(&node, &officer, id, again).await
        }
        Err(error) => Err(problem(&error)),
    }
}

/// What is done with one button.
pub async fn act(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<ActPath>,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let (id, actor) = (path.id.as_str(), officer.actor());
    let done = match path.act.as_str() {
        "uji" => node.try_webhook(id, &actor).await.map(|tried| {
            let said = tried.problem.map(|problem| {
                Flash::warning(text_id("webhook-try-failed")).with("problem", problem)
            });
            said.unwrap_or_else(|| Flash::done(text_id("webhook-try-arrived")))
        }),
        "nyala" => switch(&node, id, HookState::On, &actor).await,
        "mati" => switch(&node, id, HookState::Off, &actor).await,
        "rahasia" => {
            let made = node.rotate_webhook_secret(id, &actor).await;
            let (hook, secret) = made.map_err(|error| problem(&error))?;
            return webhooks::show_secret(&officer, &hook, &secret, true);
        }
        "akhiri" => {
            let ended = node.end_webhook(id, &actor).await;
            ended.map_err(|error| problem(&error))?;
            let said = Flash::done(text_id("webhook-ended"));
            let list = LocalPath::own(webhooks::PATH);
            return Ok(officer.visit.go_saying(&list, &said));
        }
        "kirim" => {
            let which = Replay::One(form.text(DELIVERY));
            again(&node, &officer, id, which).await
        }
        "lewati" => {
            let skipped = node.skip_delivery(id, form.text(DELIVERY), &actor).await;
            skipped.map(|()| Flash::done(text_id("webhook-skipped")))
        }
        "ulang" => return replay(&node, &officer, id, form).await,
        _ => return Err(ApiProblem::not_found()),
    };
    let flash = match done {
        // Somebody else was faster, or it has gone out meanwhile.
        Err(NodeError::NotFound {
            what: "delivery that is over" | "delivery that waits",
            ..
        }) => Flash::warning(text_id("webhook-not-there")),
        Err(NodeError::Forbidden(_)) => Flash::warning(text_id("webhook-key-ended")),
        done => done.map_err(|error| problem(&error))?,
    };
    Ok(go(&officer, id, &flash))
}

/// Sends again what changed in a time.
async fn replay(node: &Node, officer: &Officer, id: &str, mut form: Form) -> Answer<Response> {
    let v = officer.visit.v;
    form.required(&v, FROM);
    let wrong = v.say("webhook-moment-wrong");
    let from = form.moment(FROM, v.zone(), wrong.clone());
    let until = form.moment(UNTIL, v.zone(), wrong);
    let (Some(from), true) = (from, form.is_fine()) else {
        let again = (&Shown::default(), Some((&form, true)));
        return page(node, officer, id, again).await;
    };
    let which = Replay::Between(from, until.unwrap_or(i64::MAX));
    let said = again(node, officer, id, which).await;
    let said = said.map_err(|error| problem(&error))?;
    Ok(go(officer, id, &said))
}

/// Sends one delivery or all of a time again; says when they go out.
async fn again(
    node: &Node,
    officer: &Officer,
    id: &str,
    which: Replay<'_>,
) -> Result<Flash, NodeError> {
    let several = matches!(which, Replay::Between(..));
    let count = match node.replay_webhook(id, which, &officer.actor()).await {
        Ok(count) => count,
        Err(NodeError::StillWaits) if several => {
            return Ok(Flash::warning(text_id("webhook-all-still-wait")));
        }
        Err(NodeError::StillWaits) => {
            return Ok(Flash::warning(text_id("webhook-still-waits")));
        }
        Err(NodeError::WaitsWhileOff) if several => {
            return Ok(Flash::warning(text_id("webhook-all-wait-off")));
        }
        Err(NodeError::WaitsWhileOff) => {
            return Ok(Flash::warning(text_id("webhook-waits-off")));
        }
        Err(error) => return Err(error),
    };
    if count > 0 && node.webhook(id).await?.state == HookState::Off {
        return Ok(Flash::done(text_id("webhook-sent-again-off")));
    }
    Ok(if several {
        let count = officer.visit.v.number(count);
        Flash::done(text_id("webhook-sent-again")).with("n", count)
    } else {
        Flash::done(text_id("webhook-sent-again-one"))
    })
}

async fn switch(node: &Node, id: &str, state: HookState, actor: &str) -> Result<Flash, NodeError> {
    let change = HookChange {
        state: Some(state),
        ..HookChange::default()
    };
    node.change_webhook(id, change, actor).await?;
    Ok(Flash::done(match state {
        HookState::On => text_id("webhook-switched-on"),
        HookState::Off => text_id("webhook-switched-off"),
    }))
}

fn go(officer: &Officer, id: &str, flash: &Flash) -> Response {
    officer.visit.go_saying(&LocalPath::own(&at(id)), flash)
}

/// The page; with a form that is shown again, and whether that is the one about sending again.
async fn page(
    node: &Node,
    officer: &Officer,
    id: &str,
    (shown, again): (&Shown, Option<(&Form, bool)>),
) -> Answer<Response> {
    let v = officer.visit.v;
    let hook = node.webhook(id).await.map_err(|error| problem(&error))?;
    let state = STATES.iter().find(|(_, word, _)| *word == shown.keadaan);
    let found = node.webhook_deliveries(id, state.map(|one| one.0), shown.sebelum, PAGE);
    let found = found.await.map_err(|error| problem(&error))?;
    let here = at(id);
    let listed = |before: &str| {
        let fields = [("keadaan", shown.keadaan.as_str()), ("sebelum", before)];
        LocalPath::asking(&here, fields).as_str().to_owned()
    };
    let last = found.last().filter(|_| found.len() == PAGE as usize);
    let (own, empty) = (webhooks::form_of(&hook), Form::empty());
    let (changing, replaying) = match again {
        Some((form, true)) => (&own, form),
        Some((form, false)) => (form, &empty),
        None => (&own, &empty),
    };
    let status = again.map_or(StatusCode::OK, |(form, _)| form.status());
    let page = WebhookPage {
        v,
        changing,
        replaying,
        kinds: webhooks::kinds(&v, changing),
        tabs: tabs(&v, &here, state.map(|one| one.0)),
        first: shown.sebelum.map(|_| listed("")),
        next: last.map(|last| listed(&last.change.to_string())),
        deliveries: found.into_iter().map(|one| row(&v, one)).collect(),
        on: hook.state == HookState::On,
        line: webhooks::line(&v, hook),
        list_at: webhooks::PATH,
        most: hooks::NAME,
        longest: ADDRESS_CHARS,
    };
    let title = page.line.hook.name.clone();
    let shell = officer.visit.shell(title).wide().within(ACCOUNT);
    shell.status(status).show(&page)
}

fn tabs(v: &Voice, here: &str, shown: Option<DeliveryState>) -> Vec<(String, String, bool)> {
    let all = (v.say("delivery-all"), here.to_owned(), shown.is_none());
    let states = STATES.iter().map(|(state, word, name)| {
        let to = LocalPath::asking(here, [("keadaan", *word)]);
        (v.say(name), to.as_str().to_owned(), shown == Some(*state))
    });
    std::iter::once(all).chain(states).collect()
}

fn row(v: &Voice, delivery: Delivery) -> Row {
    let tone = match delivery.state {
        DeliveryState::Waiting if delivery.problem.is_some() => "warm",
        DeliveryState::Waiting => "accent",
        DeliveryState::Sent => "done",
        DeliveryState::Skipped => "quiet",
    };
    let name = STATES.iter().find(|(state, ..)| *state == delivery.state);
    Row {
        tone,
        state: name.map_or_else(String::new, |(_, _, name)| v.say(name)),
        delivery,
    }
}
