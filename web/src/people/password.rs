//! Choosing a password under a link that works once.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::refused::{Again, complain, complain_of, refusal};
use super::{Answer, Guest, Office, PASSWORD, sign_in};
use crate::Path;
use crate::accounts::{Account, AccountError, Password, SHORTEST_PASSWORD, Secret};
use crate::language::{Voice, text_id};
use crate::page::{Flash, Form, LocalPath, Visit};

/// Where somebody says that a password is forgotten.
pub const FORGOTTEN: &str = "/sandi/lupa";

#[derive(Deserialize)]
pub struct SecretPath {
    secret: String,
}

impl SecretPath {
    /// The secret in the path. One without its shape is as dead as any other.
    pub fn secret(&self) -> Answer<Secret> {
        Secret::presented(&self.secret).ok_or_else(|| refusal(&AccountError::LinkDead))
    }
}

#[derive(Template)]
#[template(path = "people/forgotten.html")]
struct Forgotten<'a> {
    v: Voice,
    form: &'a Form,
    lead: String,
    admin: String,
    /// Whether a link can be sent; else only the admin can give one.
    by_letter: bool,
    here: &'static str,
    back_at: &'static str,
}

#[derive(Template)]
#[template(path = "people/password.html")]
struct Choose<'a> {
    v: Voice,
    form: &'a Form,
    account: &'a Account,
    here: String,
    shortest: usize,
}

/// What to do when a password is forgotten.
pub async fn forgotten<O: Office>(State(office): State<Arc<O>>, visit: Visit) -> Answer<Response> {
    show_forgotten(&*office, &visit, &Form::empty(), Again::FIRST)
}

/// Has a link sent, if there is such an account; nobody learns from the answer.
pub async fn forget<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let login = form.required(&visit.v, "login");
    if !office.sends_letters() || !form.is_fine() {
        return show_forgotten(&*office, &visit, &form, Again::FORM);
    }
    match office.send_reset(&login, guest.address).await {
        Ok(()) => {
            let sent = Flash::done(text_id("forgotten-sent"));
            Ok(visit.go_saying(&LocalPath::own(sign_in::PATH), &sent))
        }
        Err(error) => {
            let again = complain_of(&mut form, &visit.v, "login", error)?;
            show_forgotten(&*office, &visit, &form, again)
        }
    }
}

pub async fn ask<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
    Path(path): Path<SecretPath>,
) -> Answer<Response> {
    let secret = path.secret()?;
    let account = account_of(&*office, &secret, &guest).await?;
    show(&visit, &Form::empty(), &account, &secret, Again::FIRST)
}

pub async fn choose<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
    Path(path): Path<SecretPath>,
    mut form: Form,
) -> Answer<Response> {
    let secret = path.secret()?;
    let account = account_of(&*office, &secret, &guest).await?;
    let Some(password) = twice(&mut form, &visit.v) else {
        return show(&visit, &form, &account, &secret, Again::FORM);
    };
    let chosen = office
        .accounts()
        .choose_password(&secret, &password, guest.address)
        .await;
    match chosen {
        Ok(_) => {
            let done = Flash::done(text_id("password-chosen"));
            Ok(visit.go_saying(&LocalPath::own(sign_in::PATH), &done))
        }
        Err(error) => {
            let again = complain(&mut form, &visit.v, "password", &error)?;
            show(&visit, &form, &account, &secret, again)
        }
    }
}

/// A new password that was typed the same twice.
pub fn twice(form: &mut Form, v: &Voice) -> Option<Password> {
    let typed = form.typed("password").to_owned();
    if typed.is_empty() {
        form.complain("password", v.say("form-required"));
    } else if typed != form.typed("again") {
        form.complain("again", v.say("password-differs"));
    }
    form.is_fine().then(|| Password::from(typed))
}

fn show_forgotten<O: Office>(
    office: &O,
    visit: &Visit,
    form: &Form,
    again: Again,
) -> Answer<Response> {
    let page = Forgotten {
        v: visit.v,
        form,
        lead: visit.v.say(O::WORDS.forgotten_lead),
        admin: visit.v.say(O::WORDS.forgotten_admin),
        by_letter: office.sends_letters(),
        here: FORGOTTEN,
        back_at: sign_in::PATH,
    };
    let title = visit.v.say("forgotten-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}

async fn account_of<O: Office>(office: &O, secret: &Secret, guest: &Guest) -> Answer<Account> {
    let link = office.accounts().link(secret, guest.address).await;
    let account = link.map_err(|error| refusal(&error))?.account;
    account.ok_or_else(|| refusal(&AccountError::LinkDead))
}

fn show(
    visit: &Visit,
    form: &Form,
    account: &Account,
    secret: &Secret,
    again: Again,
) -> Answer<Response> {
    let page = Choose {
        v: visit.v,
        form,
        account,
        here: format!("{PASSWORD}/{}", secret.reveal()),
        shortest: SHORTEST_PASSWORD,
    };
    let title = visit.v.say("password-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}
