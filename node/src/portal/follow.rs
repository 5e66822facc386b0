//! Following a public report by e-mail: an address is written to only after its
//! owner has typed the code that was sent there, and one click ends it.
//!
//! No answer tells whether an address follows already.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::ids::CaseId;
use lapor_web::accounts::AccountError;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath, Visit};
use lapor_web::people::{Again, Guest, complain};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::{Answer, case_path};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::post::LEAVE;

pub const PATH: &str = "/ikuti";
pub const CODE: &str = "/ikuti/kode";
/// The field and the parameter that name the case.
const CASE: &str = "laporan";
/// The field of the address.
const ADDRESS: &str = "surel";
/// The field of the digits.
const DIGITS: &str = "kode";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseQuery {
    laporan: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeQuery {
    id: Option<String>,
    laporan: Option<String>,
}

#[derive(Deserialize)]
pub struct LeavePath {
    secret: String,
}

#[derive(Template)]
#[template(path = "portal/follow.html")]
struct Ask<'a> {
    v: Voice,
    form: &'a Form,
    sends_letters: bool,
    here: &'static str,
    back_at: String,
}

#[derive(Template)]
#[template(path = "portal/follow-code.html")]
struct AskCode<'a> {
    v: Voice,
    form: &'a Form,
    here: &'static str,
    again_at: String,
}

#[derive(Template)]
#[template(path = "portal/unfollow.html")]
struct Leave {
    v: Voice,
    here: String,
}

/// Where letters about a case are ordered.
pub fn path_of(case: CaseId) -> String {
    format!("{PATH}?{CASE}={case}")
}

/// Asks for the address.
pub async fn ask(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Query(query): Query<CaseQuery>,
) -> Answer<Response> {
    let case = query.laporan.unwrap_or_default();
    let form = Form::of([(CASE, case)]);
    show(&node, &visit, &form, Again::FIRST)
}

/// Sends a code to the address.
pub async fn begin(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let case = case_of(&form)?;
    let address = form.required(&visit.v, ADDRESS);
    if !address.is_empty() && !address.contains('@') {
        form.complain(ADDRESS, visit.v.say("follow-no-address"));
    }
    if !node.sends_letters() || !form.is_fine() {
        return show(&node, &visit, &form, Again::FORM);
    }
    match node.ask_following(case, &address, guest.address).await {
        Ok(sent) => {
            let next = format!("{CODE}?id={}&{CASE}={case}", sent.id);
            Ok(visit.go(&LocalPath::own(&next)))
        }
        Err(NodeError::Invalid(_)) => {
            form.complain(ADDRESS, visit.v.say("follow-no-address"));
            show(&node, &visit, &form, Again::FORM)
        }
        Err(error) => {
            let again = waiting(&mut form, &visit.v, ADDRESS, &error)?;
            show(&node, &visit, &form, again)
        }
    }
}

/// Asks for the digits that were sent.
pub async fn ask_code(visit: Visit, Query(query): Query<CodeQuery>) -> Answer<Response> {
    let fields = [("id", query.id), (CASE, query.laporan)];
    let form = Form::of(fields.map(|(name, value)| (name, value.unwrap_or_default())));
    show_code(&visit, &form, Again::FIRST)
}

/// Follows, if the digits are right.
pub async fn prove(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let case = case_of(&form)?;
    let digits = form.required(&visit.v, DIGITS);
    if !form.is_fine() {
        return show_code(&visit, &form, Again::FORM);
    }
    let proved = node.prove_following(form.text("id"), &digits, guest.address);
    match proved.await {
        Ok(()) => {
            let done = Flash::done(text_id("follow-done"));
            Ok(visit.go_saying(&LocalPath::own(&case_path(case)), &done))
        }
        Err(NodeError::Locked(_)) => {
            form.complain(DIGITS, visit.v.say("follow-code-wrong"));
            show_code(&visit, &form, Again::FORM)
        }
        Err(error) => {
            let again = waiting(&mut form, &visit.v, DIGITS, &error)?;
            show_code(&visit, &form, again)
        }
    }
}

/// Asks whether the letters shall end: a link alone ends nothing, because
/// programs that look through mail open links.
pub async fn ask_leave(visit: Visit, Path(path): Path<LeavePath>) -> Answer<Response> {
    let page = Leave {
        v: visit.v,
        here: format!("{LEAVE}/{}", path.secret),
    };
    visit.shell(visit.v.say("unfollow-title")).show(&page)
}

/// Ends the letters, from the page or by one click in a mail program (RFC 8058).
pub async fn leave(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Path(path): Path<LeavePath>,
) -> Answer<Response> {
    node.unfollow(&path.secret)
        .await
        .map_err(|error| problem(&error))?;
    Ok(visit.go_saying(&LocalPath::root(), &Flash::done(text_id("unfollow-done"))))
}

fn case_of(form: &Form) -> Answer<CaseId> {
    form.text(CASE).parse().map_err(|_| ApiProblem::not_found())
}

/// Says when to come back; whatever else is wrong is a problem.
fn waiting(form: &mut Form, v: &Voice, field: &'static str, error: &NodeError) -> Answer<Again> {
    match error {
        NodeError::TooMany { retry_after_s } => {
            let retry_after_s = *retry_after_s;
            complain(form, v, field, &AccountError::Throttled { retry_after_s })
        }
        error => Err(problem(error)),
    }
}

fn show(node: &Node, visit: &Visit, form: &Form, again: Again) -> Answer<Response> {
    let case = case_of(form)?;
    let page = Ask {
        v: visit.v,
        form,
        sends_letters: node.sends_letters(),
        here: PATH,
        back_at: case_path(case),
    };
    let title = visit.v.say("follow-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}

fn show_code(visit: &Visit, form: &Form, again: Again) -> Answer<Response> {
    let case = case_of(form)?;
    let page = AskCode {
        v: visit.v,
        form,
        here: CODE,
        again_at: path_of(case),
    };
    let title = visit.v.say("follow-code-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}
