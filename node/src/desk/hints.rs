//! Whom a case may concern, and which unit of the institution, as the desk says it: a name, the reason,
//! and where it is taken up. Only what may be chosen there is suggested.

use lapor_protocol::ids::CaseId;
use lapor_web::language::Voice;
use lapor_web::page::Choice;

use super::assignment::is_in_hand;
use super::deeds::Deed;
use super::{Answer, case_page, shared};
use crate::api::problem;
use crate::casework::{Allowed, CaseView};
use crate::hints::{Hint, Hints, Reason, UnitHint, UnitReason};
use crate::node::Node;
use crate::portal::name_of;

/// Hints of a kind on a page.
const HINTS: usize = 3;
/// Reasons of a hint, the weightiest.
const REASONS: usize = 2;

/// An institution that a case may concern or a unit that it may go to, and why.
pub struct HintLine {
    /// The slug of an institution, the id of a unit.
    pub slug: String,
    pub name: String,
    pub why: String,
    /// The form in which it is chosen then.
    pub to: String,
}

impl HintLine {
    pub fn choice(&self) -> Choice {
        Choice::new(&self.slug, &self.name).hint(&self.why)
    }
}

/// What the page of a case suggests.
#[derive(Default)]
pub struct Suggested {
    pub institutions: Vec<HintLine>,
    pub units: Vec<HintLine>,
}

/// Institutions to which a case may be given, and units as long as it lies with none.
pub async fn of_case(
    node: &Node,
    v: &Voice,
    view: &CaseView,
    allowed: &Allowed,
    acts: bool,
) -> Answer<Suggested> {
    let case = &view.summary;
    let goes_away = !allowed.targets.is_empty() || shared::represents(node, allowed);
    let waits = acts && case.unit.is_none() && is_in_hand(case.tray);
    let goes_to_unit = waits && !shared::units(node).await?.is_empty();
    if !goes_away && !goes_to_unit {
        return Ok(Suggested::default());
    }
    let found = found(node, case.case).await?;
    let units = found.units.iter().filter(|_| goes_to_unit).take(HINTS);
    Ok(Suggested {
        units: units.map(|hint| unit_line(v, case.case, hint)).collect(),
        institutions: disposable(node, v, (case.case, allowed), &found),
    })
}

/// Institutions to which a case may be given, or for which the desk may act.
pub async fn at_disposition(
    node: &Node,
    v: &Voice,
    view: &CaseView,
    allowed: &Allowed,
) -> Answer<Vec<HintLine>> {
    let case = view.summary.case;
    Ok(disposable(
        node,
        v,
        (case, allowed),
        &found(node, case).await?,
    ))
}

/// Institutions that may be suggested instead of this one.
pub async fn at_return(node: &Node, v: &Voice, view: &CaseView) -> Answer<Vec<HintLine>> {
    let case = view.summary.case;
    let found = found(node, case).await?;
    let others = found.hints.iter().filter(|hint| !hint.own).take(HINTS);
    let line = |hint| institution_line(node, v, (case, Deed::Return), hint);
    Ok(others.map(line).collect())
}

async fn found(node: &Node, case: CaseId) -> Answer<Hints> {
    node.hints(case).await.map_err(|error| problem(&error))
}

fn disposable(
    node: &Node,
    v: &Voice,
    (case, allowed): (CaseId, &Allowed),
    found: &Hints,
) -> Vec<HintLine> {
    let represents = shared::represents(node, allowed);
    let fitting = found.hints.iter().filter(|hint| {
        let waits = !hint.active && !hint.own;
        allowed.targets.contains(&hint.institution) || (represents && waits)
    });
    let line = |hint| institution_line(node, v, (case, Deed::Dispose), hint);
    fitting.take(HINTS).map(line).collect()
}

fn institution_line(node: &Node, v: &Voice, (case, deed): (CaseId, Deed), hint: &Hint) -> HintLine {
    let reasons = hint.reasons.iter().take(REASONS);
    let mut said: Vec<String> = reasons.map(|reason| why(node, v, reason)).collect();
    if !hint.active {
        said.push(v.say("hint-not-joined"));
    }
    let (at, deed) = (case_page::at(case), deed.slug());
    HintLine {
        to: format!("{at}/{deed}?ke={}", hint.institution),
        slug: hint.institution.to_string(),
        why: said.join(" "),
        name: hint.name.clone(),
    }
}

fn unit_line(v: &Voice, case: CaseId, hint: &UnitHint) -> HintLine {
    let reasons = hint.reasons.iter().take(REASONS);
    let said: Vec<String> = reasons.map(|reason| why_unit(v, reason)).collect();
    HintLine {
        to: format!("{}?unit={}#penugasan", case_page::at(case), hint.unit),
        slug: hint.unit.clone(),
        name: hint.name.clone(),
        why: said.join(" "),
    }
}

fn why(node: &Node, v: &Voice, reason: &Reason) -> String {
    let quoted = |words: &[String]| words.join(", ");
    match reason {
        Reason::Named { words } => v.with("words", quoted(words)).say("hint-named"),
        Reason::Subject { words } => v.with("words", quoted(words)).say("hint-subject"),
        Reason::Category { category } => {
            let category = shared::category_name(category);
            v.with("category", category).say("hint-category")
        }
        Reason::Place { region, .. } => v.with("region", region).say("hint-place"),
        Reason::Past { cases } => v.with("n", *cases).say("hint-past"),
        Reason::Reporter => v.say("hint-reporter"),
        Reason::Returned { by } => v
            .with("institution", name_of(node, by))
            .say("hint-returned"),
    }
}

fn why_unit(v: &Voice, reason: &UnitReason) -> String {
    match reason {
        UnitReason::Words { cases } => v.with("n", *cases).say("unit-hint-words"),
        UnitReason::Category {
            category,
            cases,
            of,
        } => {
            let category = shared::category_name(category);
            let words = v.with("category", category).with("n", *cases);
            words.with("all", *of).say("unit-hint-category")
        }
        UnitReason::Place { region, cases, of } => {
            let words = v.with("region", region).with("n", *cases);
            words.with("all", *of).say("unit-hint-place")
        }
    }
}
