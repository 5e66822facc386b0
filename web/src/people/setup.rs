//! The first set-up: who looks after the program.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::password::{SecretPath, twice};
use super::refused::{Again, complain, refusal};
use super::{Answer, Guest, Office, SETUP, sign_in};
use crate::Path;
use crate::accounts::cookie::Ticket;
use crate::accounts::{
    AccountError, Accounts, NewAccount, Purpose, SHORTEST_PASSWORD, Secret, Staffed as _,
};
use crate::language::Voice;
use crate::page::{Flash, Form, LocalPath, Visit};

#[derive(Template)]
#[template(path = "people/setup-about.html")]
struct About {
    v: Voice,
    lead: String,
    place: String,
    command: &'static str,
}

#[derive(Template)]
#[template(path = "people/setup.html")]
struct Setup<'a> {
    v: Voice,
    lead: String,
    form: &'a Form,
    facts: Vec<(String, String)>,
    here: String,
    shortest: usize,
}

/// Without its secret the page only says where the secret stands.
pub async fn about<O: Office>(State(office): State<Arc<O>>, visit: Visit) -> Answer<Response> {
    let administered = office.accounts().has_administrator().await;
    if administered.map_err(|error| refusal(&error))? {
        return Ok(visit.go(&LocalPath::own(sign_in::PATH)));
    }
    let title = visit.v.say("setup-title");
    let page = About {
        v: visit.v,
        lead: visit.v.say(O::WORDS.setup_about),
        place: visit.v.say(O::WORDS.setup_where),
        command: O::WORDS.setup_command,
    };
    visit.shell(title).show(&page)
}

pub async fn ask<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
    Path(path): Path<SecretPath>,
) -> Answer<Response> {
    let secret = good(&*office, &path, &guest).await?;
    show(&*office, &visit, &Form::empty(), &secret, Again::FIRST)
}

pub async fn set_up<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
    Path(path): Path<SecretPath>,
    mut form: Form,
) -> Answer<Response> {
    let secret = good(&*office, &path, &guest).await?;
    let v = &visit.v;
    let (name, login) = (form.required(v, "name"), form.required(v, "login"));
    let Some(password) = twice(&mut form, v) else {
        return show(&*office, &visit, &form, &secret, Again::FORM);
    };
    let first = NewAccount {
        login: &login,
        name: &name,
        role: first_role(office.accounts()),
        unit: None,
    };
    let made = office
        .accounts()
        .set_up(&secret, &first, &password, &guest.arrival())
        .await;
    match made {
        Ok(opened) => {
            let done = Flash::done(O::WORDS.setup_done);
            let mut response = visit.go_saying(&LocalPath::own(O::PLACES.begun), &done);
            office
                .cookies()
                .give(response.headers_mut(), Ticket::Session, &opened);
            Ok(response)
        }
        Err(error) => {
            let again = complain(&mut form, v, "login", &error)?;
            show(&*office, &visit, &form, &secret, again)
        }
    }
}

/// The role that looks after the accounts.
fn first_role(accounts: &Accounts) -> &'static str {
    let mut roles = accounts.rules().roles.iter();
    roles
        .find(|role| role.administers)
        .map_or("", |role| role.code)
}

async fn good<O: Office>(office: &O, path: &SecretPath, guest: &Guest) -> Answer<Secret> {
    let secret = path.secret()?;
    let link = office.accounts().link(&secret, guest.address).await;
    match link.map_err(|error| refusal(&error))?.purpose {
        Purpose::Setup => Ok(secret),
        _ => Err(refusal(&AccountError::LinkDead)),
    }
}

fn show<O: Office>(
    office: &O,
    visit: &Visit,
    form: &Form,
    secret: &Secret,
    again: Again,
) -> Answer<Response> {
    let facts = office.setup_facts(visit).into_iter();
    let page = Setup {
        v: visit.v,
        lead: visit.v.say(O::WORDS.setup_lead),
        form,
        facts: facts
            .map(|(name, fact)| (visit.v.say(name), fact))
            .collect(),
        here: format!("{SETUP}/{}", secret.reveal()),
        shortest: SHORTEST_PASSWORD,
    };
    let title = visit.v.say("setup-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}
