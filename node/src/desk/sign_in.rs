//! Logging in and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::Query;
use lapor_web::accounts::cookie::Ticket;
use lapor_web::accounts::{AccountError, Entered, Password, Staffed as _};
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath, Visit};
use serde::Deserialize;

use super::password::FORGOTTEN;
use super::refused::{Again, complain, refusal};
use super::{Answer, Guest, ROOT, sign_on};
use crate::node::Node;

pub const PATH: &str = "/masuk";
pub const CODE: &str = "/masuk/kode";
pub const LEAVE: &str = "/keluar";

#[derive(Default, Deserialize)]
pub struct Next {
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/sign-in.html")]
struct SignIn<'a> {
    v: Voice,
    form: &'a Form,
    forgot_at: &'static str,
    /// The way to the institution's provider, and what it is called.
    sign_on: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "desk/code.html")]
struct CodePage<'a> {
    v: Voice,
    form: &'a Form,
    back_at: &'static str,
}

/// Asks for address and password. `next` is where to go then.
pub async fn ask(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Query(query): Query<Next>,
) -> Answer<Response> {
    let next = query.next.unwrap_or_default();
    show(&node, &visit, &Form::of([("next", next)]), Again::FIRST)
}

pub async fn enter(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let login = form.required(&visit.v, "login");
    let password = Password::from(form.typed("password"));
    let entered = node
        .accounts()
        .sign_in(&login, &password, &guest.arrival())
        .await;
    match entered {
        Ok(entered) => Ok(let_in(&node, &visit, &next_of(&form), &entered)),
        Err(error) => {
            let again = complain(&mut form, &visit.v, "login", &error)?;
            show(&node, &visit, &form, again)
        }
    }
}

/// Goes on to `next`, or by the page of the second factor.
pub fn let_in(node: &Node, visit: &Visit, next: &LocalPath, entered: &Entered) -> Response {
    let cookies = node.cookies();
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

pub async fn prove(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let Some(token) = &guest.code else {
        return Ok(visit.go(&LocalPath::own(PATH)));
    };
    let code = form.required(&visit.v, "code");
    let proved = node
        .accounts()
        .second_factor(token, &code, &guest.arrival())
        .await;
    let cookies = node.cookies();
    match proved {
        Ok(opened) => {
            let mut response = visit.go(&next_of(&form));
            cookies.take(response.headers_mut(), Ticket::Code);
            cookies.give(response.headers_mut(), Ticket::Session, &opened);
            Ok(response)
        }
        Err(AccountError::SessionEnded) => {
            let again = LocalPath::own(&format!("{PATH}?next={}", next_of(&form).in_query()));
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

/// Ends the session; nobody needs to be logged in for that.
pub async fn leave(State(node): State<Arc<Node>>, visit: Visit, guest: Guest) -> Answer<Response> {
    if let Some(token) = &guest.session {
        let left = node.accounts().sign_out(token).await;
        left.map_err(|error| refusal(&error))?;
    }
    let mut response = visit.go_saying(&LocalPath::own(PATH), &Flash::done(text_id("signed-out")));
    node.cookies().take(response.headers_mut(), Ticket::Session);
    Ok(response)
}

/// Where somebody wanted to go, if that is a place of this site.
fn next_of(form: &Form) -> LocalPath {
    LocalPath::parse(form.text("next")).unwrap_or_else(|| LocalPath::own(ROOT))
}

fn show(node: &Node, visit: &Visit, form: &Form, again: Again) -> Answer<Response> {
    let provider = node.sign_on();
    let named = provider.settings().name.clone();
    let called = named.unwrap_or_else(|| visit.institution().to_owned());
    let label = visit.v.with("provider", called).say("sso-go");
    let at = format!("{}?next={}", sign_on::PATH, next_of(form).in_query());
    let page = SignIn {
        v: visit.v,
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
