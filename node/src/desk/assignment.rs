//! On whose desk a case lies: a unit and an officer, with what is said to them and until when. Only
//! officers who can see it are given a case, and who stands in for one who is away is said.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::response::Response;
use chrono::NaiveDate;
use lapor_protocol::ids::CaseId;
use lapor_web::Path;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::refusal;

use super::case_page::{CasePath, page};
use super::course::{Fact, Happened, Standing};
use super::{Answer, Officer, ROOT, along, shared};
use crate::api::problem;
pub(crate) use crate::api::staff_problem;
use crate::casework::{CaseView, Handed, INSTRUCTION, Instructed, Instruction, OnDesk, Tray};
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::{DeskError, Staff, StaffError, StaffRole};

pub const PATH: &str = "/meja/kasus/{id}/unit";
const DAY_MS: i64 = 86_400_000;

/// The officers as they are today.
pub async fn staff(node: &Node) -> Answer<Staff> {
    node.staff().await.map_err(|error| staff_problem(&error))
}

/// Puts the case on the desk of a unit and an officer; what cannot be is said on the page, with
/// what was typed.
pub async fn assign(
    Shared(node): Shared<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (v, sight, actor) = (officer.visit.v, &officer.sight, officer.actor());
    let view = officer.case(&node, path.id).await?;
    let said = instruction(&node, &v, &mut form);
    let named = |name: &str| Some(form.text(name)).filter(|text| !text.is_empty());
    let meant = node
        .desk_for(&view.summary, named("unit"), named("petugas"))
        .await;
    let desk = match meant {
        Ok(desk) => desk,
        Err(error) => {
            form.complain("petugas", v.say(no_desk(&error)?));
            OnDesk::default()
        }
    };
    if !form.is_fine() {
        return page(&node, &officer, view, form).await;
    }
    let assigned = if let Some(said) = said {
        node.assign_with(sight, path.id, desk, said, &actor).await
    } else {
        let (unit, who) = (desk.unit.as_deref(), desk.officer.as_deref());
        node.assign(sight, &[path.id], unit, who, &actor).await
    };
    assigned.map_err(|error| problem(&error))?;
    let done = Flash::done(text_id("case-assigned"));
    let still = officer.case(&node, path.id).await.is_ok();
    let to = if still {
        along::back_to(path.id, &form)
    } else {
        LocalPath::own(ROOT)
    };
    Ok(officer.visit.go_saying(&to, &done))
}

/// Why there is no such desk, as a page says it.
pub fn no_desk(error: &DeskError) -> Answer<TextId> {
    match error {
        DeskError::Unknown => Ok(text_id("case-officer-unknown")),
        DeskError::Elsewhere => Ok(text_id("case-officer-elsewhere")),
        DeskError::Staff(StaffError::Node(NodeError::DeskChanged)) => Ok(text_id("inbox-not-done")),
        DeskError::Staff(error) => Err(staff_problem(error)),
    }
}

/// What is said with an assignment; complaints where it cannot be.
fn instruction(node: &Node, v: &Voice, form: &mut Form) -> Option<Instruction> {
    let words = form.at_most(v, "instruksi", INSTRUCTION);
    let day: Option<NaiveDate> = form.parsed("batas", v.say("assign-day-unusable"));
    if day.is_some_and(|day| day < node.today()) {
        form.complain("batas", v.say("assign-day-unusable"));
    }
    if words.is_empty() && form.text("batas").is_empty() {
        return None;
    }
    if form.text("unit").is_empty() && form.text("petugas").is_empty() {
        form.complain("petugas", v.say("assign-to-nobody"));
    }
    Some(Instruction {
        words,
        due: day.map(|day| day.to_string()),
    })
}

/// The assignment of a case whose page an officer opens, who has taken it if it is for them.
pub async fn opened(node: &Node, officer: &Officer, view: &CaseView) -> Answer<Option<Handed>> {
    let wrong = |error: NodeError| problem(&error);
    let case = view.summary.case;
    let handed = node.handed(&[case]).await.map_err(wrong)?.remove(&case);
    let fresh = handed.as_ref().is_some_and(|handed| !handed.taken);
    if fresh && officer.role.handles_cases() {
        let account = &officer.session.account;
        let reader = (account.id.as_str(), officer.role, account.unit.as_deref());
        let given = (
            view.summary.officer.as_deref(),
            view.summary.unit.as_deref(),
        );
        if staff(node).await?.is_for(reader, given) {
            node.take(case).await.map_err(wrong)?;
        }
    }
    Ok(handed.filter(|_| is_in_hand(view.summary.tray)))
}

/// What has gone elsewhere or has ended is asked of nobody here.
pub fn is_in_hand(tray: Option<Tray>) -> bool {
    matches!(
        tray,
        Some(Tray::New | Tray::CameBack | Tray::Working | Tray::Waiting)
    )
}

/// Until when something is asked for, as a badge says it.
pub fn asked(v: &Voice, handed: &Handed) -> Option<(&'static str, String)> {
    let due = handed.due?;
    let tone = match due - v.now_ms() {
        ..=0 => "alert",
        left if left <= 2 * DAY_MS => "warm",
        _ => "quiet",
    };
    // The day that is over then.
    let day = v.date(due - 1);
    Some((tone, v.with("day", day).say("assign-asked")))
}

/// Instructions as the history shows them.
pub async fn instructed(node: &Node, v: &Voice, case: CaseId) -> Answer<Vec<Happened>> {
    let wrong = |error: NodeError| problem(&error);
    let given = node.instructions(case).await.map_err(wrong)?;
    if given.is_empty() {
        return Ok(Vec::new());
    }
    let people = node.accounts().list().await;
    let people = people.map_err(|error| refusal(&error))?;
    let staff = staff(node).await?;
    let units = node.units().await.map_err(wrong)?;
    let line = |one: Instructed| {
        let by = people.iter().find(|account| account.actor() == one.actor);
        let unit = one.desk.unit.map(|id| {
            let known = units.iter().find(|unit| unit.id.as_str() == id);
            known.map_or(id, |unit| unit.name.clone())
        });
        let officer = one.desk.officer.map(|id| staff.name(&id).to_owned());
        let due = one.said.due.map(|day| shared::day_words(v, &day));
        let facts = [
            (text_id("unit-label"), unit),
            (text_id("case-officer"), officer),
            (text_id("assign-due"), due),
        ];
        let facts = facts.into_iter().filter_map(|(name, value)| {
            Some(Fact {
                name: v.say(name),
                value: value?,
                to: None,
            })
        });
        let words = Some(one.said.words).filter(|words| !words.is_empty());
        Happened {
            said: v.say("course-assigned"),
            by: by.map(|account| account.name.clone()),
            at: one.at,
            facts: facts.collect(),
            words: words.into_iter().collect(),
            points: Vec::new(),
            attachments: Vec::new(),
            signed: None,
            inside: true,
            standing: Standing::Counts,
        }
    };
    Ok(given.into_iter().map(line).collect())
}

/// Units and officers to choose from, and those that have the case now.
pub async fn choices(
    node: &Node,
    v: &Voice,
    view: &CaseView,
) -> Answer<(Vec<Choice>, Vec<Choice>)> {
    let (mut units, mut officers) = (shared::units(node).await?, officers(node, v).await?);
    if let Some(unit) = &view.summary.unit
        && !units.iter().any(|choice| choice.value == *unit)
    {
        let all = node.units().await.map_err(|error| problem(&error))?;
        let closed = all.iter().find(|one| one.id.as_str() == unit);
        let name = closed.map_or(unit.as_str(), |closed| closed.name.as_str());
        units.push(Choice::new(unit, name));
    }
    if let Some(officer) = &view.summary.officer
        && !officers.iter().any(|choice| choice.value == *officer)
    {
        officers.push(Choice::new(officer, staff(node).await?.name(officer)));
    }
    Ok((units, officers))
}

/// Those who may be given a case, each with their unit, and with who stands in while they are away.
pub async fn officers(node: &Node, v: &Voice) -> Answer<Vec<Choice>> {
    let staff = staff(node).await?;
    let accounts = node.accounts().list().await;
    let accounts = accounts.map_err(|error| refusal(&error))?;
    let units = shared::units(node).await?;
    let active = accounts
        .into_iter()
        .filter(|account| staff.active.contains(account.id.as_str()));
    let mut choices: Vec<Choice> = active
        .map(|account| {
            let unit = units
                .iter()
                .find(|unit| Some(&unit.value) == account.unit.as_ref());
            let mut label = account.name.clone();
            if let Some(unit) = unit {
                label = format!("{label} · {}", unit.label);
            }
            let id = account.id.as_str();
            // Where the stand-in is away as well it is the last of them who works.
            if let (Some(away), Some(works)) = (staff.absences.get(id), staff.stand_ins(id).last())
            {
                let said = v
                    .with("day", v.day(away.until))
                    .with("name", staff.name(works));
                label = format!("{label} ({})", said.say("officer-away"));
            }
            Choice::new(account.id.as_str(), label)
        })
        .collect();
    choices.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(choices)
}
