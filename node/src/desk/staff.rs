//! The officers of the institution, for its admin.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::accounts::{Account, AccountId, AccountState, NewAccount, Secret};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::refused::{Again, complain_of, refusal};
use super::{Answer, Officer, account, role_choices, role_name};
use crate::api::problem;
use crate::node::Node;
use crate::staff::{self, PASSWORD, StaffError, StaffRole};

pub const PATH: &str = "/meja/petugas";
pub const NEW: &str = "/meja/petugas/baru";
pub const ONE: &str = "/meja/petugas/{id}";
pub const ACT: &str = "/meja/petugas/{id}/{act}";

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

#[derive(Deserialize)]
pub struct ActPath {
    id: String,
    act: String,
}

#[derive(Template)]
#[template(path = "desk/staff.html")]
struct StaffPage {
    v: Voice,
    lines: Vec<Line>,
    new_at: &'static str,
}

struct Line {
    account: Account,
    at: String,
    role: String,
    tone: &'static str,
    state: String,
}

#[derive(Template)]
#[template(path = "desk/officer.html")]
struct OfficerPage<'a> {
    v: Voice,
    form: &'a Form,
    /// None while the account is being made.
    account: Option<&'a Account>,
    here: String,
    list_at: &'static str,
    roles: Vec<Choice>,
    units: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "desk/link.html")]
struct LinkPage<'a> {
    v: Voice,
    account: &'a Account,
    link: String,
    list_at: &'static str,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let accounts = node.accounts().list().await;
    let lines = accounts.map_err(|error| refusal(&error))?.into_iter();
    let lines = lines.map(|account| {
        let (tone, state) = state_words(&account);
        Line {
            at: at(&account.id),
            role: v.say(role_of(&account)),
            tone,
            state: v.say(state),
            account,
        }
    });
    let page = StaffPage {
        v,
        lines: lines.collect(),
        new_at: NEW,
    };
    officer
        .visit
        .shell(v.say("staff-title"))
        .wide()
        .within(account::PATH)
        .show(&page)
}

pub async fn ask(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    page(&node, &officer, &Form::empty(), None, Again::FIRST).await
}

pub async fn create(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let fields = Fields::of(&mut form, &v);
    if !form.is_fine() {
        return page(&node, &officer, &form, None, Again::FORM).await;
    }
    match node
        .create_account(&officer.actor(), &fields.account())
        .await
    {
        Ok((account, secret)) => show_link(&node, &officer, &account, &secret),
        Err(error) => {
            let again = complain_of(&mut form, &v, "login", &error)?;
            page(&node, &officer, &form, None, again).await
        }
    }
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let account = find(&node, &path.id).await?;
    let form = Form::of([
        ("name", account.name.as_str()),
        ("login", account.login.as_str()),
        ("role", account.role.code),
        ("unit", account.unit.as_deref().unwrap_or_default()),
    ]);
    page(&node, &officer, &form, Some(&account), Again::FIRST).await
}

pub async fn change(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<OnePath>,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let account = find(&node, &path.id).await?;
    let v = officer.visit.v;
    let fields = Fields::of(&mut form, &v);
    if !form.is_fine() {
        return page(&node, &officer, &form, Some(&account), Again::FORM).await;
    }
    let (actor, new) = (officer.actor(), fields.account());
    match node.change_account(&actor, &account.id, &new).await {
        Ok(_) => {
            let done = Flash::done(text_id("officer-changed"));
            Ok(officer
                .visit
                .go_saying(&LocalPath::own(&at(&account.id)), &done))
        }
        Err(error) => {
            let again = complain_of(&mut form, &v, "role", &error)?;
            page(&node, &officer, &form, Some(&account), again).await
        }
    }
}

/// What is done to an account with one button.
pub async fn act(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<ActPath>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let account = find(&node, &path.id).await?;
    let (accounts, actor, id) = (node.accounts(), officer.actor(), &account.id);
    let (done, text) = match path.act.as_str() {
        "sandi" => {
            let secret = accounts.reset_password(&actor, id).await;
            let secret = secret.map_err(|error| refusal(&error))?;
            return show_link(&node, &officer, &account, &secret);
        }
        "sesi" => (
            accounts.end_sessions(&actor, id).await.map(drop),
            text_id("officer-sessions-ended"),
        ),
        "kode" => (
            accounts.remove_factor(&actor, id).await,
            text_id("officer-factor-removed"),
        ),
        "nonaktif" => (
            accounts.disable(&actor, id).await,
            text_id("officer-disabled"),
        ),
        "aktif" => (
            accounts.enable(&actor, id).await,
            text_id("officer-enabled"),
        ),
        _ => return Err(ApiProblem::not_found()),
    };
    match done {
        Ok(()) => {
            let done = Flash::done(text);
            Ok(officer.visit.go_saying(&LocalPath::own(&at(id)), &done))
        }
        Err(error) => {
            let mut form = Form::empty();
            let error = StaffError::Account(error);
            let again = complain_of(&mut form, &officer.visit.v, "role", &error)?;
            page(&node, &officer, &form, Some(&account), again).await
        }
    }
}

/// What an admin fills in about an account.
struct Fields {
    name: String,
    login: String,
    role: String,
    unit: String,
}

impl Fields {
    fn of(form: &mut Form, v: &Voice) -> Self {
        Self {
            name: form.required(v, "name"),
            login: form.required(v, "login"),
            role: form.required(v, "role"),
            unit: form.text("unit").to_owned(),
        }
    }

    fn account(&self) -> NewAccount<'_> {
        NewAccount {
            login: &self.login,
            name: &self.name,
            role: &self.role,
            unit: Some(self.unit.as_str()).filter(|unit| !unit.is_empty()),
        }
    }
}

async fn find(node: &Node, id: &str) -> Answer<Account> {
    let id: AccountId = id.parse().map_err(|error| refusal(&error))?;
    node.accounts()
        .find(&id)
        .await
        .map_err(|error| refusal(&error))
}

async fn page(
    node: &Node,
    officer: &Officer,
    form: &Form,
    account: Option<&Account>,
    again: Again,
) -> Answer<Response> {
    let visit = &officer.visit;
    let units = node.units().await.map_err(|error| problem(&error))?;
    let open = units.iter().filter(|unit| unit.closed_at.is_none());
    let page = OfficerPage {
        v: visit.v,
        form,
        account,
        here: account.map_or_else(|| NEW.to_owned(), |account| at(&account.id)),
        list_at: PATH,
        roles: role_choices(&visit.v),
        units: open
            .map(|unit| Choice::new(unit.id.as_str(), &unit.name))
            .collect(),
    };
    let title = match account {
        Some(_) => visit.v.say("officer-title"),
        None => visit.v.say("officer-new"),
    };
    let shown = visit
        .shell(title)
        .status(again.status)
        .within(account::PATH)
        .show(&page)?;
    Ok(again.on(shown))
}

/// The one time that a link is shown; no redirect, because nothing keeps it.
fn show_link(
    node: &Node,
    officer: &Officer,
    account: &Account,
    secret: &Secret,
) -> Answer<Response> {
    let visit = &officer.visit;
    let page = LinkPage {
        v: visit.v,
        account,
        link: staff::link(node.settings(), PASSWORD, secret),
        list_at: PATH,
    };
    visit
        .shell(visit.v.say("link-title"))
        .within(account::PATH)
        .show(&page)
}

fn at(id: &AccountId) -> String {
    format!("{PATH}/{id}")
}

fn role_of(account: &Account) -> TextId {
    let role: Result<StaffRole, _> = account.role.code.parse();
    role.map_or(text_id("role-unknown"), role_name)
}

fn state_words(account: &Account) -> (&'static str, TextId) {
    match (account.state, account.has_password, account.has_factor) {
        (AccountState::Disabled, ..) => ("quiet", text_id("state-disabled")),
        (_, false, _) => ("warm", text_id("state-invited")),
        (_, true, true) => ("done", text_id("state-protected")),
        (_, true, false) => ("accent", text_id("state-active")),
    }
}
