//! What lies on the desk of one officer, and handing all of it over to another: before an account is
//! disabled, and when somebody leaves.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::accounts::{Account, AccountState};
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};

use super::{Answer, Officer, STAFF, assignment, case_page, shared};
use crate::api::problem;
use crate::casework::CaseFilter;
use crate::node::Node;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/serah";
/// Cases that are named on the page, at most.
const NAMED: u32 = 20;

#[derive(Template)]
#[template(path = "desk/handover.html")]
struct Part {
    v: Voice,
    here: &'static str,
    of: String,
    back: String,
    count: u64,
    lines: Vec<(String, String)>,
    others: Vec<Choice>,
    disabled: bool,
}

/// The part of the page of an account that says what lies on its desk.
pub async fn part(node: &Node, v: Voice, account: &Account) -> Answer<String> {
    let filter = of(account.id.as_str());
    let count = node.count_open(&filter).await;
    let count = count.map_err(|error| problem(&error))?;
    let first = node.open_cases(&filter, None, NAMED).await;
    let first = first.map_err(|error| problem(&error))?.cases;
    let others = assignment::officers(node, &v).await?;
    let part = Part {
        v,
        here: PATH,
        back: format!("{STAFF}/{}", account.id),
        count,
        lines: first
            .iter()
            .map(|case| (shared::title(&v, case), case_page::at(case.case)))
            .collect(),
        others: others
            .into_iter()
            .filter(|other| other.value != account.id.as_str())
            .collect(),
        disabled: account.state == AccountState::Disabled,
        of: account.id.to_string(),
    };
    shared::rendered(&part)
}

/// Gives everything that lies on the desk of one officer to another.
pub async fn hand_over(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let (from, to) = (form.text("dari"), form.text("kepada"));
    let back = LocalPath::parse(form.text("kembali")).unwrap_or_else(|| LocalPath::own(STAFF));
    if from.is_empty() || to.is_empty() || from == to {
        let flash = Flash::warning(text_id("handover-choose"));
        return Ok(officer.visit.go_saying(&back, &flash));
    }
    let (sight, actor) = (&officer.sight, officer.actor());
    let count = match node.hand_over(sight, (from, to), &actor).await {
        Ok(count) => count,
        Err(error) => {
            let wrong = assignment::no_desk(&error)?;
            return Ok(officer.visit.go_saying(&back, &Flash::warning(wrong)));
        }
    };
    let staff = assignment::staff(&node).await?;
    let done = Flash::done(text_id("handover-done"))
        .with("n", count.to_string())
        .with("name", staff.name(to));
    Ok(officer.visit.go_saying(&back, &done))
}

fn of(officer: &str) -> CaseFilter {
    CaseFilter {
        officer: Some(officer.to_owned()),
        ..CaseFilter::default()
    }
}
