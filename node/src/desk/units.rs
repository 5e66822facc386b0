//! The units of the institution, for its admin.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::Again;

use super::{ACCOUNT, Answer, Officer, STAFF, arrangements};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::{StaffRole, UNIT_NAME_CHARACTERS, Unit, UnitId};

pub const PATH: &str = "/meja/unit";
pub const CLOSE: &str = "/meja/unit/tutup";

#[derive(Template)]
#[template(path = "desk/units.html")]
struct UnitsPage<'a> {
    v: Voice,
    form: &'a Form,
    units: Vec<Unit>,
    parents: Vec<Choice>,
    here: &'static str,
    close_at: &'static str,
    staff_at: &'static str,
    /// What it leads back to, by name and address.
    back: (String, String),
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    page(&node, &officer, &Form::empty(), Again::FIRST).await
}

pub async fn add(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let v = officer.visit.v;
    let name = form.required(&v, "name");
    form.required(&v, "unit");
    let id: Option<UnitId> = form.parsed("unit", v.say("unit-unusable"));
    let parent: Option<UnitId> = form.parsed("parent", v.say("unit-parent-unusable"));
    if let (Some(id), true) = (id, form.is_fine()) {
        let actor = officer.actor();
        match node.add_unit(&actor, &id, &name, parent.as_ref()).await {
            Ok(_) => {
                let done = Flash::done(text_id("unit-added"));
                return Ok(officer.visit.go_saying(&LocalPath::own(PATH), &done));
            }
            Err(NodeError::Invalid(problem)) if problem.starts_with("parent") => {
                form.complain("parent", v.say("unit-parent-unusable"));
            }
            Err(NodeError::Invalid(problem)) if problem.starts_with("name") => {
                let said = v.with("n", UNIT_NAME_CHARACTERS).say("name-unusable");
                form.complain("name", said);
            }
            Err(NodeError::Invalid(_)) => form.complain("unit", v.say("unit-taken")),
            Err(error) => return Err(problem(&error)),
        }
    }
    page(&node, &officer, &form, Again::FORM).await
}

pub async fn close(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let closed: Option<UnitId> = form.parsed("closed", officer.visit.v.say("unit-unknown"));
    let flash = match closed {
        None => Flash::warning(text_id("unit-unknown")),
        Some(id) => match node.close_unit(&officer.actor(), &id).await {
            Ok(()) => Flash::done(text_id("unit-closed")),
            Err(NodeError::Invalid(_)) => Flash::warning(text_id("unit-in-use")),
            Err(NodeError::NotFound { .. }) => Flash::warning(text_id("unit-unknown")),
            Err(error) => return Err(problem(&error)),
        },
    };
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &flash))
}

async fn page(node: &Node, officer: &Officer, form: &Form, again: Again) -> Answer<Response> {
    let visit = &officer.visit;
    let units = node.units().await.map_err(|error| problem(&error))?;
    let parents = units
        .iter()
        .filter(|unit| unit.closed_at.is_none() && unit.parent.is_none())
        .map(|unit| Choice::new(unit.id.as_str(), &unit.name))
        .collect();
    let page = UnitsPage {
        v: visit.v,
        form,
        units,
        parents,
        here: PATH,
        close_at: CLOSE,
        staff_at: STAFF,
        back: arrangements::back_from(node, visit, PATH).await?,
    };
    let title = visit.v.say("units-title");
    let shown = visit
        .shell(title)
        .status(again.status)
        .within(ACCOUNT)
        .show(&page)?;
    Ok(again.on(shown))
}
