//! What several pages of the desk choose from, and how a form becomes an act.

use askama::Template;
use chrono::NaiveDate;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::region::RegionCode;
use lapor_web::ApiProblem;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Form};
use serde_json::Value;

use super::Answer;
use super::deeds::Deed;
use super::question::CLASSES;
use crate::api::problem;
use crate::casework::{Allowed, CaseSummary, CaseView, NewAct};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{classification_name, name_of, programmes, standing_words};
use crate::regions::national;
use crate::taxonomy::local_value;

/// The field of a form that names a region.
const REGION: &str = "wilayah";

/// A part of a page, as HTML.
pub fn rendered(part: &impl Template) -> Answer<String> {
    part.render().map_err(|error| {
        tracing::error!(%error, "a part of a page cannot be made");
        ApiProblem::internal()
    })
}

/// What a case is called.
pub fn title(v: &Voice, case: &CaseSummary) -> String {
    let title = case.title.clone();
    title.unwrap_or_else(|| v.say("case-untitled"))
}

/// By what people tell a case from others: its ticket, or its title where it has none, as a half.
pub fn called(v: &Voice, case: &CaseSummary) -> String {
    case.ticket.clone().unwrap_or_else(|| title(v, case))
}

/// A programme as officers read of it.
pub struct About {
    /// What it is called and whose it is; by its slug where it has not reached this node.
    pub name: String,
    /// Where everybody reads it, if it has.
    pub to: Option<String>,
}

/// The programme that a case is about, if it is about one.
pub async fn programme(node: &Node, view: &CaseView) -> Answer<Option<About>> {
    let Some(about) = &view.programme else {
        return Ok(None);
    };
    let (owner, slug) = (&about.owner, &about.slug);
    let name = programmes::name(node, about).await?;
    let to = name.is_some().then(|| programmes::path(owner, slug));
    let name = name.as_ref().unwrap_or(slug);
    Ok(Some(About {
        name: format!("{name} ({})", name_of(node, owner)),
        to,
    }))
}

/// The open units, each followed by its parts.
pub async fn units(node: &Node) -> Answer<Vec<Choice>> {
    let units = node.units().await.map_err(|error| problem(&error))?;
    let open = units.iter().filter(|unit| unit.closed_at.is_none());
    let choice = open.map(|unit| Choice::new(unit.id.as_str(), &unit.name));
    Ok(choice.collect())
}

/// The unit that a form names; none for an empty field. Errors: one that there is not.
pub async fn open_unit(node: &Node, id: &str) -> Answer<Option<String>> {
    if id.is_empty() {
        return Ok(None);
    }
    if units(node).await?.iter().any(|unit| unit.value == id) {
        return Ok(Some(id.to_owned()));
    }
    let problem_text = "unit: there is no such open unit";
    Err(problem(&NodeError::Invalid(problem_text.into())))
}

/// The institution's own tree, and after it all national categories.
pub async fn categories(node: &Node, v: &Voice) -> Answer<Vec<Choice>> {
    let local = node.local_categories().await;
    let local = local.map_err(|error| problem(&error))?.in_force();
    let mut choices: Vec<Choice> = local
        .local
        .iter()
        .map(|one| Choice::new(one.value(), own_category_name(v, &one.local)))
        .collect();
    choices.extend(national_categories(node, v).await?);
    Ok(choices)
}

/// The same to look for: the first levels of the own tree stand for all below them.
pub async fn categories_to_find(node: &Node, v: &Voice) -> Answer<Vec<Choice>> {
    let local = node.local_categories().await;
    let local = local.map_err(|error| problem(&error))?;
    let mut choices = Vec::new();
    for (root, all) in local.roots() {
        choices.push(Choice::new(local_value(root), own_category_name(v, root)));
        let below = all.iter().filter(|one| one.local != root);
        choices.extend(below.map(|one| Choice::new(one.value(), own_category_name(v, &one.local))));
    }
    choices.extend(national_categories(node, v).await?);
    Ok(choices)
}

/// A category of the own tree among national ones.
fn own_category_name(v: &Voice, local: &str) -> String {
    v.with("category", category_name(local)).say("own-category")
}

/// The categories of a case: its own, if it has one, with the national one that follows.
pub fn case_category(case: &CaseSummary) -> Option<String> {
    let national = case.category.as_ref().map(|c| category_name(c.as_str()));
    match (&case.local_category, national) {
        (Some(local), Some(national)) => Some(format!("{} ({national})", category_name(local))),
        (Some(local), None) => Some(category_name(local)),
        (None, national) => national,
    }
}

/// All categories in force, each first level before those below it.
pub async fn national_categories(node: &Node, v: &Voice) -> Answer<Vec<Choice>> {
    let categories = node.categories().await.map_err(|error| problem(&error))?;
    let mut choices = Vec::new();
    for root in &categories.roots {
        let name = root.called(v.language());
        choices.push(Choice::new(root.category.as_str(), name));
        for below in &root.below {
            let label = format!("{name} › {}", below.called(v.language()));
            choices.push(Choice::new(below.category.as_str(), label));
        }
    }
    Ok(choices)
}

/// A category as people read it.
pub fn category_name(category: &str) -> String {
    category.replace('/', " › ")
}

/// The kinds of reports.
pub fn classes(v: &Voice) -> Vec<Choice> {
    let classes = CLASSES.iter();
    classes
        .map(|(class, name)| Choice::new(*name, v.say(classification_name(*class))))
        .collect()
}

/// The region that a form names; `stands` is the one that its field was filled with. What had to
/// be guessed is shown in the field, and asked back.
pub fn region(v: &Voice, form: &mut Form, stands: Option<&RegionCode>) -> Option<RegionCode> {
    let typed = form.text(REGION).to_owned();
    if typed.is_empty() {
        return None;
    }
    // A district is shown by its regency.
    let shown = stands.and_then(|code| national().display_name(code));
    if shown.as_deref() == Some(typed.as_str()) {
        return stands.cloned();
    }
    let namesakes = national().namesakes(&typed);
    if !namesakes.is_empty() {
        let names = namesakes
            .iter()
            .filter_map(|code| national().display_name(code));
        let names: Vec<String> = names.collect();
        let said = v.with("regions", names.join("; ")).say("form-region-which");
        form.complain(REGION, said);
        return None;
    }
    let Some(code) = national().meant(&typed) else {
        form.complain(REGION, v.say("form-region-unknown"));
        return None;
    };
    if !national().says(&typed, &code) {
        let name = national().display_name(&code).unwrap_or_default();
        form.complain(REGION, v.with("region", &name).say("form-region-guessed"));
        form.put(REGION, name);
    }
    Some(code)
}

/// The institution for which a case is handled, as long as it has not joined.
pub fn represented(node: &Node, view: &CaseView) -> Option<InstanceId> {
    let directory = node.directory();
    let world = directory.latest();
    let id = view.summary.on_behalf_of.clone();
    id.filter(|id| world.instance(id).is_some_and(|entry| !entry.is_active()))
}

/// Whether this desk acts for institutions that have not joined, and can take the case up for one.
pub fn represents(node: &Node, allowed: &Allowed) -> bool {
    let directory = node.directory();
    let desk = directory.latest().desk().map(|desk| &desk.id);
    desk.is_some() && desk == node.instance().ok() && allowed.has(Deed::Verify.kind())
}

/// How a case stands here, in words and tone.
pub fn standing(case: &CaseSummary) -> (TextId, &'static str) {
    match case.state {
        _ if case.left_at.is_some() => (text_id("left-badge"), "quiet"),
        Some(state) => standing_words(state, case.outcome, case.replied),
        None => (text_id("state-unknown"), "quiet"),
    }
}

/// An act of clear fields and words.
pub fn act(kind: &str, body: &[(&str, Value)], words: &[(&str, Value)]) -> NewAct {
    let object = |fields: &[(&str, Value)]| {
        let fields = fields.iter();
        fields
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect::<serde_json::Map<_, _>>()
    };
    NewAct {
        kind: kind.to_owned(),
        body: object(body),
        words: (!words.is_empty()).then(|| object(words)),
        attachments: Vec::new(),
    }
}

/// A day such as `2026-12-04` as people write it.
pub fn day_words(v: &Voice, day: &str) -> String {
    let noon = day
        .parse::<NaiveDate>()
        .ok()
        .and_then(|day| day.and_hms_opt(5, 0, 0));
    noon.map_or_else(
        || day.to_owned(),
        |noon| v.date(noon.and_utc().timestamp_millis()),
    )
}
