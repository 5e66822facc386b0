//! Webhooks: which programs are told of changes and how it goes, and making one, whose secret is shown
//! once. Of an address only the host is shown: the rest may be a secret of its receiver.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Form};
use lapor_web::webhook::AddressError;

use super::{ACCOUNT, Answer, Officer, webhook};
use crate::api::{self, problem};
use crate::error::NodeError;
use crate::feed::Wanted;
use crate::hooks::{self, Hook, HookState, NewHook};
use crate::node::Node;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/webhook";
pub const NAME: &str = "nama";
pub const ADDRESS: &str = "alamat";
pub const KIND: &str = "jenis";
pub const OTHER: &str = "lain";
/// Characters of an address and of other kinds.
pub const ADDRESS_CHARS: usize = 500;
/// What can be ticked; other kinds are written as the API has them.
const GROUPS: [(&str, TextId); 7] = [
    ("*", text_id("webhook-kind-all")),
    ("report.*", text_id("webhook-kind-reports")),
    ("case.*", text_id("webhook-kind-cases")),
    ("deadline.*", text_id("webhook-kind-deadlines")),
    ("identity.*", text_id("webhook-kind-identities")),
    ("erasure.*", text_id("webhook-kind-erasures")),
    ("programme.*", text_id("webhook-kind-programmes")),
];

#[derive(Template)]
#[template(path = "desk/webhooks.html")]
struct WebhooksPage<'a> {
    v: Voice,
    form: &'a Form,
    lines: Vec<Line>,
    kinds: Vec<(Choice, bool)>,
    here: &'static str,
    docs_at: &'static str,
    most: usize,
    longest: usize,
}

#[derive(Template)]
#[template(path = "desk/webhook-secret.html")]
struct SecretPage<'a> {
    v: Voice,
    name: &'a str,
    secret: &'a str,
    /// Whether the former secret signs beside it for a while.
    both: bool,
    list_at: &'static str,
}

/// A webhook as lists show it.
pub struct Line {
    pub hook: Hook,
    pub at: String,
    pub host: String,
    pub tone: &'static str,
    pub state: String,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    page(&node, &officer, &Form::empty()).await
}

/// Makes one and shows its secret, this once.
pub async fn make(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    form.required(&v, NAME);
    let name = form.at_most(&v, NAME, hooks::NAME);
    let url = form.required(&v, ADDRESS);
    check_address(&node, &v, &mut form);
    let (Some(wanted), true) = (wanted(&v, &mut form), form.is_fine()) else {
        return page(&node, &officer, &form).await;
    };
    let new = NewHook {
        name: &name,
        url: &url,
        wanted,
    };
    match node.make_webhook(new, &officer.actor()).await {
        Ok((hook, secret)) => show_secret(&officer, &hook, &secret, false),
        Err(NodeError::Known(_)) => {
            form.complain(ADDRESS, v.say("webhook-known"));
            page(&node, &officer, &form).await
        }
        Err(NodeError::Invalid(_)) => {
            form.complain(NAME, v.say("webhook-not-made"));
            page(&node, &officer, &form).await
        }
        Err(error) => Err(problem(&error)),
    }
}

/// What is told above the list of reports: webhooks that were switched off by themselves.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Option<(String, &'static str)>> {
    let hooks = node.webhooks().await.map_err(|error| problem(&error))?;
    let off = |hook: &&Hook| hook.state == HookState::Off && hook.problem.is_some();
    let count = hooks.iter().filter(off).count();
    let said = officer.visit.v.with("n", count).say("webhooks-off-told");
    Ok((count > 0).then_some((said, PATH)))
}

/// Shows a secret; nobody sees it again.
pub fn show_secret(officer: &Officer, hook: &Hook, secret: &str, both: bool) -> Answer<Response> {
    let v = officer.visit.v;
    let page = SecretPage {
        v,
        name: &hook.name,
        secret,
        both,
        list_at: PATH,
    };
    let shell = officer.visit.shell(v.say("webhook-secret-title"));
    shell.within(ACCOUNT).show(&page)
}

/// Complains of an address to which nothing goes from here.
pub fn check_address(node: &Node, v: &Voice, form: &mut Form) {
    let typed = form.text(ADDRESS);
    if typed.is_empty() {
        return;
    }
    let wrong = match node.webhook_reach().read(typed) {
        Ok(_) => return,
        Err(AddressError::Unreadable) => text_id("webhook-address-unreadable"),
        Err(AddressError::Open) => text_id("webhook-address-open"),
        Err(AddressError::Own | AddressError::Inside) => text_id("webhook-address-own"),
    };
    form.complain(ADDRESS, v.say(wrong));
}

/// The kinds that were ticked and written.
pub fn wanted(v: &Voice, form: &mut Form) -> Option<Wanted> {
    let other = form.at_most(v, OTHER, ADDRESS_CHARS);
    let ticked: Vec<String> = form.all(KIND).map(str::to_owned).collect();
    if ticked.is_empty() && other.is_empty() {
        form.complain(KIND, v.say("webhook-kinds-missing"));
        return None;
    }
    let all = ticked.iter().map(String::as_str);
    let other = other.split([' ', ',']).filter(|one| !one.is_empty());
    let read = Wanted::read(OTHER, all.chain(other));
    if read.is_err() {
        form.complain(OTHER, v.say("webhook-kinds-unknown"));
    }
    read.ok()
}

/// What can be ticked, as a form has it.
pub fn kinds(v: &Voice, form: &Form) -> Vec<(Choice, bool)> {
    let groups = GROUPS.into_iter();
    groups
        .map(|(pattern, name)| {
            let ticked = form.all(KIND).any(|ticked| ticked == pattern);
            (Choice::new(pattern, v.say(name)).hint(pattern), ticked)
        })
        .collect()
}

/// A form with what holds of a webhook; its address is not given away.
pub fn form_of(hook: &Hook) -> Form {
    let known = |pattern: &&String| GROUPS.iter().any(|(group, _)| group == pattern);
    let (ticked, other): (Vec<&String>, Vec<&String>) = hook.kinds.iter().partition(known);
    let other: Vec<&str> = other.into_iter().map(String::as_str).collect();
    let ticked = ticked.into_iter().map(|group| (KIND, group.clone()));
    let typed = [(NAME, hook.name.clone()), (OTHER, other.join(" "))];
    Form::of(typed.into_iter().chain(ticked))
}

pub fn line(v: &Voice, hook: Hook) -> Line {
    let (tone, state) = match (hook.state, hook.troubled_since) {
        (HookState::On, None) => ("done", v.say("webhook-is-on")),
        (HookState::On, Some(since)) => (
            "warm",
            v.with("at", v.moment(since)).say("webhook-is-troubled"),
        ),
        (HookState::Off, _) if hook.problem.is_some() => ("alert", v.say("webhook-gave-up")),
        (HookState::Off, _) => ("quiet", v.say("webhook-is-off")),
    };
    let uri = hook.url.parse::<http::Uri>().ok();
    let host = uri.as_ref().and_then(http::Uri::host);
    Line {
        at: webhook::at(&hook.id),
        host: host.unwrap_or_default().to_owned(),
        tone,
        state,
        hook,
    }
}

async fn page(node: &Node, officer: &Officer, form: &Form) -> Answer<Response> {
    let v = officer.visit.v;
    let hooks = node.webhooks().await.map_err(|error| problem(&error))?;
    let page = WebhooksPage {
        v,
        form,
        lines: hooks.into_iter().map(|hook| line(&v, hook)).collect(),
        kinds: kinds(&v, form),
        here: PATH,
        docs_at: api::DOCS,
        most: hooks::NAME,
        longest: ADDRESS_CHARS,
    };
    let shell = officer.visit.shell(v.say("webhooks-title")).wide();
    shell.within(ACCOUNT).status(form.status()).show(&page)
}
