//! What is arranged at this node and how it is arranged: after the first account as steps that can
//! be passed over and come back to, later as one page. What is done is seen from what is there;
//! only that an admin wants to hear no more of it is kept. Where `node.toml` is silent contact, address,
//! mail server and what is asked of answers are typed here; the rest is changed by whoever runs the
//! machine, and so are the ways in and out, which the page of all tells. Nothing secret is shown.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_web::Query;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath, Visit};
use serde::Deserialize;

use super::arranged::{Part, parts};
use super::arranging::Input;
use super::ways::{Way, ways};
use super::{ACCOUNT, Answer, Officer, ROOT, arranging, shared};
use crate::api::problem;
use crate::node::Node;
use crate::post::Delivery;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/pengaturan";
/// The first of the steps after the first account.
pub const BEGIN: &str = "/meja/pengaturan?langkah=1";
/// Where a letter is sent to prove the mail server.
pub const TRY_MAIL: &str = "/meja/pengaturan/uji-surel";
/// Where an admin says that nothing more is to be arranged.
pub const DISMISS: &str = "/meja/pengaturan/selesai";

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct StepQuery {
    langkah: Option<usize>,
}

#[derive(Template)]
#[template(path = "desk/arrangements.html")]
struct Arrangements {
    v: Voice,
    title: String,
    parts: Vec<Shown>,
    /// The ways in and out; on the page of all.
    ways: Vec<Way>,
    /// Which step it is of how many, the last of which shows all.
    step: Option<(usize, usize)>,
    /// Every step by name, whether it is done, and its page.
    steps: Vec<(String, bool, String)>,
    before: Option<String>,
    next: Option<String>,
    /// Of those that a node needs: how many are done, of how many.
    needed: (usize, usize),
    dismissed: bool,
    try_mail_at: &'static str,
    dismiss_at: &'static str,
    desk_at: &'static str,
}

/// A part as the page shows it.
struct Shown {
    part: Part,
    /// Its forms, as HTML; on the page of all, they stand at their step.
    forms: Vec<String>,
    typed_at: Option<String>,
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<StepQuery>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    page(&node, &officer, query.langkah, None).await
}

/// A step, or all; with a form that is shown again, the step to which it belongs.
pub(super) async fn page(
    node: &Node,
    officer: &Officer,
    asked: Option<usize>,
    again: Option<(Input, &Form)>,
) -> Answer<Response> {
    let visit = &officer.visit;
    let v = visit.v;
    let mut all = parts(node, visit).await?;
    let count = all.len() + 1;
    let step = match again {
        Some((input, _)) => step_of(&all, input),
        None => asked.filter(|step| (1..=count).contains(step)),
    };
    let needed = needed(&all);
    let names = all.iter().zip(1..);
    let steps = names
        .map(|(part, step)| (part.name.clone(), part.done, at(step)))
        .collect();
    let shown = match step.filter(|step| *step < count) {
        Some(step) => {
            let part = all.swap_remove(step - 1);
            let categories = Box::pin(offered(node, &v, &part)).await?;
            vec![with_forms(node, &v, part, again, &categories)?]
        }
        None => all.into_iter().zip(1..).map(with_links).collect(),
    };
    let title = v.say(step.map_or(text_id("arranged-title"), |_| text_id("arranged-begin")));
    let ways = match step {
        Some(_) => Vec::new(),
        None => Box::pin(ways(node, &v)).await?,
    };
    let page = Arrangements {
        v,
        ways,
        title: title.clone(),
        parts: shown,
        steps,
        before: step.filter(|step| *step > 1).map(|step| at(step - 1)),
        next: step.filter(|step| *step < count).map(|step| at(step + 1)),
        step: step.map(|step| (step, count)),
        needed,
        dismissed: node
            .is_setup_dismissed()
            .await
            .map_err(|error| problem(&error))?,
        try_mail_at: TRY_MAIL,
        dismiss_at: DISMISS,
        desk_at: ROOT,
    };
    let status = again.map_or(StatusCode::OK, |(_, form)| form.status());
    visit
        .shell(title)
        .status(status)
        .within(ACCOUNT)
        .show(&page)
}

/// The page of the step at which something is typed.
pub(super) async fn typed_at(node: &Node, officer: &Officer, input: Input) -> Answer<String> {
    let all = parts(node, &officer.visit).await?;
    Ok(step_of(&all, input).map_or_else(|| PATH.to_owned(), at))
}

fn step_of(parts: &[Part], input: Input) -> Option<usize> {
    let at = parts.iter().position(|part| part.inputs.contains(&input));
    at.map(|at| at + 1)
}

/// The categories from which the forms of a part let one choose, if they do.
async fn offered(node: &Node, v: &Voice, part: &Part) -> Answer<Vec<Choice>> {
    let mut inputs = part.inputs.iter();
    if !inputs.any(|input| matches!(input, Input::Approval | Input::Evidence)) {
        return Ok(Vec::new());
    }
    shared::national_categories(node, v).await
}

fn with_forms(
    node: &Node,
    v: &Voice,
    part: Part,
    again: Option<(Input, &Form)>,
    categories: &[Choice],
) -> Answer<Shown> {
    let form = |input: &Input| {
        let again = again.filter(|(of, _)| of == input);
        let again = again.map(|(_, form)| form);
        arranging::form(node, v, *input, again, categories)
    };
    Ok(Shown {
        forms: part.inputs.iter().map(form).collect::<Answer<_>>()?,
        part,
        typed_at: None,
    })
}

fn with_links((part, step): (Part, usize)) -> Shown {
    Shown {
        forms: Vec::new(),
        typed_at: (!part.inputs.is_empty()).then(|| at(step)),
        part,
    }
}

/// What is told above the list of reports while something is missing that a node needs.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Option<(String, &'static str)>> {
    let Some(all) = unfinished(node, &officer.visit).await? else {
        return Ok(None);
    };
    let (done, of) = needed(&all);
    let said = officer.visit.v.with("done", done).with("of", of);
    Ok(Some((said.say("arranged-told"), BEGIN)))
}

/// Where a page on which something is arranged leads back to, by name and address: to its step while
/// something is missing that a node needs, else to all that is arranged.
pub(super) async fn back_from(node: &Node, visit: &Visit, page: &str) -> Answer<(String, String)> {
    let all = || (visit.v.say("arranged-title"), PATH.to_owned());
    Ok(step_before(node, visit, page).await?.unwrap_or_else(all))
}

/// The step that leads to a page, while something is missing that a node needs.
pub(super) async fn step_before(
    node: &Node,
    visit: &Visit,
    page: &str,
) -> Answer<Option<(String, String)>> {
    let all = unfinished(node, visit).await?.unwrap_or_default();
    let step = all.iter().position(|part| part.at == page);
    Ok(step.map(|step| (visit.v.say("arranged-begin"), at(step + 1))))
}

/// All there is to arrange, while something is missing that a node needs and an admin has not said
/// that it is enough.
async fn unfinished(node: &Node, visit: &Visit) -> Answer<Option<Vec<Part>>> {
    let dismissed = node.is_setup_dismissed().await;
    if dismissed.map_err(|error| problem(&error))? {
        return Ok(None);
    }
    let all = parts(node, visit).await?;
    let (done, of) = needed(&all);
    Ok((done < of).then_some(all))
}

/// Sends a letter to the officer's own address, to prove the mail server, and leads back to the page
/// or the step where that was asked for.
pub async fn try_mail(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let address = officer.session.account.login.as_str();
    let flash = match Delivery::of(&node) {
        Ok(Some(delivery)) => match delivery.try_out(address).await {
            Ok(()) => Flash::done(text_id("arranged-mail-sent")).with("address", address),
            Err(trouble) => {
                Flash::warning(text_id("arranged-mail-failed")).with("problem", trouble.problem())
            }
        },
        Ok(None) => Flash::warning(text_id("arranged-mail-off")),
        Err(problem) => {
            Flash::warning(text_id("arranged-mail-failed")).with("problem", problem.to_string())
        }
    };
    node.note_mail_tried(&officer.actor())
        .await
        .map_err(|error| problem(&error))?;
    let step: Option<usize> = form.text("langkah").parse().ok();
    let back = step.map_or_else(|| PATH.to_owned(), at);
    Ok(officer.visit.go_saying(&LocalPath::own(&back), &flash))
}

/// Ends the notice at the desk, or brings it back.
pub async fn dismiss(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let ended = form.text("tampilkan") != "ya";
    node.dismiss_setup(ended, &officer.actor())
        .await
        .map_err(|error| problem(&error))?;
    let (to, said) = if ended {
        (ROOT, text_id("arranged-dismissed"))
    } else {
        (PATH, text_id("arranged-shown"))
    };
    Ok(officer
        .visit
        .go_saying(&LocalPath::own(to), &Flash::done(said)))
}

/// The page of a step.
fn at(step: usize) -> String {
    format!("{PATH}?langkah={step}")
}

fn needed(parts: &[Part]) -> (usize, usize) {
    let needed = parts.iter().filter(|part| part.needed);
    let done = needed.clone().filter(|part| part.done).count();
    (done, needed.count())
}
