//! Logging in and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use http::header::SET_COOKIE;
use serde::Deserialize;

use super::kept::{FIELD, Kept};
use super::password::FORGOTTEN;
use super::refused::{Again, complain, refusal};
use super::{Answer, Guest, Office, sign_on};
use crate::Query;
use crate::accounts::cookie::Ticket;
use crate::accounts::{AccountError, Entered, Password, Staffed as _};
use crate::language::{Voice, text_id};
use crate::page::{Flash, Form, LocalPath, Visit};

pub const PATH: &str = "/masuk";
pub const CODE: &str = "/masuk/kode";
pub const LEAVE: &str = "/keluar";

#[derive(Default, Deserialize)]
pub struct Next {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "people/sign-in.html")]
struct SignIn<'a> {
    v: Voice,
    lead: String,
    form: &'a Form,
    forgot_at: &'static str,
    /// The way to the institution's provider, and what it is called.
    sign_on: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "people/code.html")]
struct CodePage<'a> {
    v: Voice,
    form: &'a Form,
    back_at: &'static str,
}

/// Asks for address and password. `next` is where to go then.
pub async fn ask<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    Query(query): Query<Next>,
) -> Answer<Response> {
    let next = query.next.unwrap_or_default();
    show(&*office, &visit, &Form::of([("next", next)]), Again::FIRST)
}

pub async fn enter<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let login = form.required(&visit.v, "login");
    let password = Password::from(form.typed("password"));
    let entered = office
        .accounts()
        .sign_in(&login, &password, &guest.arrival())
        .await;
    match entered {
        Ok(entered) => {
            let goes_on = let_in(&*office, &visit, &next_of::<O>(&form), &entered);
            match (Kept::of(&form), &entered) {
                (None, _) => Ok(goes_on),
                (Some(kept), Entered::Open(_)) => Ok(with_cookies(kept.show(&visit)?, &goes_on)),
                (Some(_), Entered::CodeNeeded(_)) => {
                    let asks = show_code(&visit, &carried(&form), Again::FIRST)?;
                    Ok(with_cookies(asks, &goes_on))
                }
            }
        }
        Err(error) => {
            let again = complain(&mut form, &visit.v, "login", &error)?;
            show(&*office, &visit, &form, again)
        }
    }
}

/// Goes on to `next`, or by the page of the second factor.
pub fn let_in<O: Office>(
    office: &O,
    visit: &Visit,
    next: &LocalPath,
    entered: &Entered,
) -> Response {
    let cookies = office.cookies();
    match entered {
        Entered::Open(opened) => {
            let mut response = visit.go(next);
            cookies.give(response.headers_mut(), Ticket::Session, opened);
            response
        }
        Entered::CodeNeeded(opened) => {
            let code = LocalPath::own(&format!("{CODE}?next={}", next.in_query()));
            let mut response = visit.go(&code);
            cookies.take(response.headers_mut(), Ticket::Session);
            cookies.give(response.headers_mut(), Ticket::Code, opened);
            response
        }
    }
}

/// Asks for the code of the second factor.
pub async fn ask_code(visit: Visit, guest: Guest, Query(query): Query<Next>) -> Answer<Response> {
    if guest.code.is_none() {
        return Ok(visit.go(&LocalPath::own(PATH)));
    }
    let next = query.next.unwrap_or_default();
    show_code(&visit, &Form::of([("next", next)]), Again::FIRST)
}

pub async fn prove<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let Some(token) = &guest.code else {
        return Ok(visit.go(&LocalPath::own(PATH)));
    };
    let code = form.required(&visit.v, "code");
    let proved = office
        .accounts()
        .second_factor(token, &code, &guest.arrival())
        .await;
    let cookies = office.cookies();
    match proved {
        Ok(opened) => {
            let mut response = match Kept::of(&form) {
                Some(kept) => kept.show(&visit)?,
                None => visit.go(&next_of::<O>(&form)),
            };
            cookies.take(response.headers_mut(), Ticket::Code);
            cookies.give(response.headers_mut(), Ticket::Session, &opened);
            Ok(response)
        }
        Err(AccountError::SessionEnded) => {
            let again = LocalPath::own(&format!("{PATH}?next={}", next_of::<O>(&form).in_query()));
            let late = Flash::warning(text_id("code-too-late"));
            let mut response = visit.go_saying(&again, &late);
            cookies.take(response.headers_mut(), Ticket::Code);
            Ok(response)
        }
        Err(error) => {
            let again = complain(&mut form, &visit.v, "code", &error)?;
            show_code(&visit, &form, again)
        }
    }
}

/// Asks for address and password before a form that was sent is taken; `kept` holds what was typed.
pub(super) fn ask_again<O: Office>(
    office: &O,
    visit: &Visit,
    kept: Option<String>,
) -> Answer<Response> {
    let said = Form::of([(FIELD, kept.unwrap_or_default())]);
    let asked = Again {
        status: StatusCode::UNAUTHORIZED,
        ..Again::FIRST
    };
    show(office, visit, &said, asked)
}

/// What goes on to the page of the second factor.
fn carried(form: &Form) -> Form {
    Form::of(["next", FIELD].map(|name| (name, form.text(name))))
}

/// A page in place of a redirect that begins a session.
fn with_cookies(mut page: Response, redirect: &Response) -> Response {
    for cookie in redirect.headers().get_all(SET_COOKIE) {
        page.headers_mut().append(SET_COOKIE, cookie.clone());
    }
    page
}

/// Ends the session; nobody needs to be logged in for that.
pub async fn leave<O: Office>(
    State(office): State<Arc<O>>,
    visit: Visit,
    guest: Guest,
) -> Answer<Response> {
    if let Some(token) = &guest.session {
        let left = office.accounts().sign_out(token).await;
        left.map_err(|error| refusal(&error))?;
    }
    let mut response = visit.go_saying(&LocalPath::own(PATH), &Flash::done(text_id("signed-out")));
    office
        .cookies()
        .take(response.headers_mut(), Ticket::Session);
    Ok(response)
}

/// Where somebody wanted to go, if that is a place of this site.
fn next_of<O: Office>(form: &Form) -> LocalPath {
    LocalPath::parse(form.text("next")).unwrap_or_else(|| LocalPath::own(O::PLACES.root))
}

fn show<O: Office>(office: &O, visit: &Visit, form: &Form, again: Again) -> Answer<Response> {
    let provider = office.sign_on();
    let named = provider.settings().name.clone();
    let called = named.unwrap_or_else(|| visit.institution().to_owned());
    let label = visit.v.with("provider", called).say("sso-go");
    let at = format!("{}?next={}", sign_on::PATH, next_of::<O>(form).in_query());
    let page = SignIn {
        v: visit.v,
        lead: visit.v.say(O::WORDS.sign_in_lead),
        sign_on: provider.is_on().then_some((at, label)),
        form,
        forgot_at: FORGOTTEN,
    };
    let title = visit.v.say("sign-in-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}

fn show_code(visit: &Visit, form: &Form, again: Again) -> Answer<Response> {
    let page = CodePage {
        v: visit.v,
        form,
        back_at: PATH,
    };
    let title = visit.v.say("code-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}
