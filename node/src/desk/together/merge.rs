//! Several cases that tell of the same: one goes on, and the others are merged into it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use lapor_protocol::ids::CaseId;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form};
use serde_json::json;

use super::chosen::{Asking, Chosen};
use super::outcome::{self, Told};
use crate::api::problem;
use crate::casework::{CaseSummary, Once};
use crate::desk::deed_form::Part;
use crate::desk::deeds::Deed;
use crate::desk::{Answer, Officer, shared};
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/bersama/gabung";
/// The field that names the case which goes on.
const INTO: &str = "utama";

/// The page between, for cases that were just ticked: the oldest of them goes on, unless somebody
/// says otherwise.
pub fn ask(node: &Node, officer: &Officer, chosen: &Chosen) -> Answer<Response> {
    let able = chosen.able(node, Deed::Link);
    let oldest = able.min_by_key(|case| (case.filed_at, case.case));
    let into = oldest.map_or_else(String::new, |case| case.case.to_string());
    let form = Form::of([("kunci", Once::fresh_key()), (INTO, into)]);
    page(node, officer, chosen, &form)
}

pub async fn act(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let mut chosen = match Chosen::read(&node, &officer, &form).await? {
        Ok(chosen) => chosen,
        Err(answer) => return Ok(answer),
    };
    let v = officer.visit.v;
    let key = form.text("kunci").to_owned();
    Once::new(&officer.actor(), &key).map_err(|error| problem(&error))?;
    let into = form.text(INTO).parse().ok();
    let into = chosen.cases.iter().find(|case| Some(case.case) == into);
    let Some(into) = into.cloned() else {
        form.complain(INTO, v.say("together-into-needed"));
        return page(&node, &officer, &chosen, &form);
    };
    if chosen.cases.len() < 2 {
        form.complain(INTO, v.say("together-merge-two"));
        return page(&node, &officer, &chosen, &form);
    }
    chosen.leave_out(into.case);
    let mut told = Vec::new();
    for case in &chosen.cases {
        let done = merge(&node, &officer, (case.case, into.case), &key).await;
        told.push(Told::of(&v, case, done));
    }
    let name = shared::called(&v, &into);
    let flash = Flash::done(text_id("inbox-merged")).with("ticket", name);
    let heading = v.say(Deed::Link.words().0);
    outcome::answer(&officer, &chosen, heading, (told, flash))
}

async fn merge(
    node: &Node,
    officer: &Officer,
    (case, into): (CaseId, CaseId),
    key: &str,
) -> Result<(), NodeError> {
    let actor = officer.actor();
    let act = shared::act(Deed::Link.kind(), &[("target_case", json!(into))], &[]);
    node.act_among((case, act), &actor, key).await.map(drop)
}

fn page(node: &Node, officer: &Officer, chosen: &Chosen, form: &Form) -> Answer<Response> {
    let v = officer.visit.v;
    let choices = chosen.able(node, Deed::Link).map(|case| choice(&v, case));
    let field = form.field(INTO, v.say("together-into")).required();
    let asking = Asking {
        deed: Deed::Link,
        about: text_id("together-merge-about"),
        here: PATH,
        parts: vec![Part::OneOf(field.choices(choices.collect()))],
        institutions: &[],
        ticks: false,
        least: 2,
    };
    chosen.page(node, officer, form, asking)
}

fn choice(v: &Voice, case: &CaseSummary) -> Choice {
    let filed = Some(v.date(case.filed_at));
    let about = [case.ticket.clone(), filed, case.place.clone()];
    let about: Vec<String> = about.into_iter().flatten().collect();
    Choice::new(case.case.to_string(), shared::title(v, case)).hint(about.join(" · "))
}
