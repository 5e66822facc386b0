//! Several cases given away at once: to another institution by a disposition of each, or to a unit of
//! this one with an instruction.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use lapor_protocol::limits::TEXT_CHARS;
use lapor_web::accounts::Account;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form};
use serde_json::{Value, json};

use super::chosen::{Asking, Chosen};
use super::outcome::{self, Told};
use super::to_unit;
use crate::api::problem;
use crate::casework::{CaseSummary, INSTRUCTION, Instruction, NewAct, Once};
use crate::desk::choosing::Choosing;
use crate::desk::deed_form::{Part, institution, said_with_disposition, which};
use crate::desk::deed_read::{read_deadline, read_disposed};
use crate::desk::deeds::Deed;
use crate::desk::{Answer, Officer, assignment, rows, shared};
use crate::error::NodeError;
use crate::institutions::WHOM;
use crate::node::Node;
use crate::portal::name_of;
use crate::staff::{StaffRole, desk_in};

pub const PATH: &str = "/meja/bersama/disposisi";
const UNIT: &str = "unit";

/// To whom the cases go.
enum Target {
    Institution(NewAct),
    Unit {
        unit: String,
        able: Vec<Account>,
        said: Instruction,
    },
}

/// The page between, for cases that were just ticked.
pub async fn ask(node: &Node, officer: &Officer, chosen: &Chosen) -> Answer<Response> {
    let form = Form::of([("kunci", Once::fresh_key())]);
    page(node, officer, chosen, &form).await
}

pub async fn act(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let chosen = match Chosen::read(&node, &officer, &form).await? {
        Ok(chosen) => chosen,
        Err(answer) => return Ok(answer),
    };
    if form.is_ticked(rows::MORE) {
        return page(&node, &officer, &chosen, &form).await;
    }
    let key = form.text("kunci").to_owned();
    Once::new(&officer.actor(), &key).map_err(|error| problem(&error))?;
    let target = read(&node, &officer.visit.v, &mut form).await?;
    let Some(target) = target.filter(|_| form.is_fine()) else {
        return page(&node, &officer, &chosen, &form).await;
    };
    if let Target::Unit { unit, said, .. } = &target
        && *said == Instruction::default()
    {
        let cases: Vec<_> = chosen.cases.iter().map(|case| case.case).collect();
        let flash = to_unit(&node, &officer, &cases, unit).await?;
        return Ok(officer.visit.go_saying(&chosen.back, &flash));
    }
    let mut told = Vec::new();
    for case in &chosen.cases {
        let done = target.done_to(&node, &officer, case, &key).await;
        told.push(Told::of(&officer.visit.v, case, done));
    }
    let name = officer.visit.v.say(Deed::Dispose.words().0);
    outcome::answer(&officer, &chosen, name, (told, target.done(&node)))
}

impl Target {
    async fn done_to(
        &self,
        node: &Node,
        officer: &Officer,
        case: &CaseSummary,
        key: &str,
    ) -> Result<(), NodeError> {
        let (actor, id) = (officer.actor(), case.case);
        match self {
            Self::Institution(act) => {
                node.act_among((id, act.clone()), &actor, key).await?;
            }
            Self::Unit { unit, able, said } => {
                let desk = desk_in(Some(unit), able, case);
                let given = node.instructions(id).await?;
                // Pressed again it is the same.
                let known = given.first().is_some_and(|last| {
                    last.actor == actor && last.desk == desk && last.said == *said
                });
                if !known {
                    let (sight, said) = (&officer.sight, said.clone());
                    node.assign_with(sight, id, desk, said, &actor).await?;
                }
            }
        }
        Ok(())
    }

    /// What is said once it is done to all.
    fn done(&self, node: &Node) -> Flash {
        let Self::Institution(act) = self else {
            return Flash::done(text_id("inbox-assigned"));
        };
        let named = |field: &str| {
            let id = act.body.get(field)?.as_str()?.parse().ok()?;
            Some(name_of(node, &id))
        };
        match named("target") {
            Some(name) => Flash::done(text_id("inbox-disposed")).with("name", name),
            None => Flash::done(text_id("inbox-represented"))
                .with("name", named("on_behalf_of").unwrap_or_default()),
        }
    }
}

/// What the form asks for; complaints where it cannot be read.
async fn read(node: &Node, v: &Voice, form: &mut Form) -> Answer<Option<Target>> {
    let unit = shared::open_unit(node, form.text(UNIT)).await?;
    let Some(unit) = unit else {
        let text = form.at_most(v, "uraian", TEXT_CHARS);
        let text = Some(text).filter(|text| !text.is_empty());
        let words: Vec<(&str, Value)> =
            text.map(|text| ("text", json!(text))).into_iter().collect();
        let mut body = Vec::new();
        let deed = read_disposed(v, form, &Choosing::of_many(node), node.today(), &mut body);
        let act = shared::act(deed.kind(), &body, &words);
        return Ok(Some(Target::Institution(act)));
    };
    for name in rows::COPIES.names().iter().chain(&["instansi"]) {
        if !form.text(name).is_empty() {
            form.complain(name, v.say("together-unit-alone"));
        }
    }
    let words = form.at_most(v, "uraian", INSTRUCTION);
    let due = read_deadline(v, form, node.today());
    let able = node.officers_who_see(Some(&unit)).await;
    Ok(Some(Target::Unit {
        unit,
        able: able.map_err(|error| assignment::staff_problem(&error))?,
        said: Instruction {
            words,
            due: due.map(|day| day.to_string()),
        },
    }))
}

async fn page(node: &Node, officer: &Officer, chosen: &Chosen, form: &Form) -> Answer<Response> {
    let v = officer.visit.v;
    let (choosing, units) = (Choosing::of_many(node), shared::units(node).await?);
    let asking = Asking {
        deed: Deed::Dispose,
        about: text_id("together-dispose-about"),
        here: PATH,
        parts: parts(&v, form, &choosing, units),
        institutions: &choosing.suggested,
        ticks: true,
        least: 1,
    };
    chosen.page(node, officer, form, asking)
}

fn parts<'a>(v: &Voice, form: &'a Form, choosing: &Choosing, units: Vec<Choice>) -> Vec<Part<'a>> {
    let target = institution(form, WHOM.typed, v.say("fact-target"));
    let target = target.hint(v.say("form-institution-hint"));
    let whom = if units.is_empty() {
        target.required()
    } else {
        target
    };
    let mut parts = vec![Part::Line(whom)];
    parts.extend(which(v, form, choosing));
    if !units.is_empty() {
        let unit = form.field(UNIT, v.say("together-unit"));
        let unit = unit.hint(v.say("together-unit-hint")).choices(units);
        parts.push(Part::List(unit));
    }
    parts.extend(said_with_disposition(v, form, choosing));
    parts
}
