//! An officer says that they are away until a day, and who does their work meanwhile.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::Member;

use super::assignment::{staff, staff_problem};
use super::{ACCOUNT, Answer, Officer, shared};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::{StaffError, StaffRole};

pub const PATH: &str = "/meja/akun/pengganti";

#[derive(Template)]
#[template(path = "desk/absence.html")]
struct Part<'a> {
    v: Voice,
    here: &'static str,
    form: &'a Form,
    /// Whose work this officer does today, beside the own.
    stands_in_for: Vec<String>,
    /// Until when they are away, and who stands in.
    away: Option<String>,
    others: Vec<Choice>,
}

/// The part of the own account's page; nothing for whoever handles no cases.
pub async fn part(node: &Node, member: &Member) -> Answer<String> {
    let account = &member.session.account;
    if !account
        .role
        .code
        .parse()
        .is_ok_and(StaffRole::handles_cases)
    {
        return Ok(String::new());
    }
    let (v, id) = (member.visit.v, account.id.as_str());
    let staff = staff(node).await?;
    let absence = staff.absences.get(id);
    let able = node.officers_who_see(account.unit.as_deref()).await;
    let able = able.map_err(|error| staff_problem(&error))?;
    let others = able.iter().filter(|other| other.id != account.id);
    let stands_in_for = staff.works_for(id).into_iter().skip(1);
    let part = Part {
        v,
        here: PATH,
        form: &Form::of([
            (
                "pengganti",
                absence.map_or(String::new(), |one| one.stand_in.clone()),
            ),
            (
                "sampai",
                absence.map_or(String::new(), |one| one.until.to_string()),
            ),
        ]),
        stands_in_for: stands_in_for
            .map(|one| staff.name(&one).to_owned())
            .collect(),
        away: absence.map(|one| {
            v.with("day", v.day(one.until))
                .with("name", staff.name(&one.stand_in))
                .say("absence-now")
        }),
        others: others
            .map(|other| Choice::new(other.id.as_str(), &other.name))
            .collect(),
    };
    shared::rendered(&part)
}

/// Goes away, or comes back.
pub async fn say(State(node): State<Arc<Node>>, officer: Officer, form: Form) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let account = &officer.session.account;
    let said = if form.text("kembali").is_empty() {
        let until: Option<NaiveDate> = form.text("sampai").parse().ok();
        let stand_in = form.text("pengganti").parse().ok();
        match until.zip(stand_in) {
            Some((until, stand_in)) => {
                node.goes_away(&account.actor(), account, &stand_in, until)
                    .await
            }
            None => Err(NodeError::Invalid("sampai, pengganti: both are needed".into()).into()),
        }
        .map(|()| text_id("absence-noted"))
    } else {
        let back = node.comes_back(&account.actor(), account).await;
        back.map(|()| text_id("absence-ended"))
            .map_err(StaffError::from)
    };
    let flash = match said {
        Ok(said) => Flash::done(said),
        Err(StaffError::Node(NodeError::Invalid(_))) => Flash::warning(text_id("absence-unusable")),
        Err(StaffError::Node(error)) => return Err(problem(&error)),
        Err(error) => return Err(staff_problem(&error)),
    };
    Ok(officer.visit.go_saying(&LocalPath::own(ACCOUNT), &flash))
}
