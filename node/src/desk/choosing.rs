//! What the fields of a deed's page choose from: institutions, categories, and cases that this one
//! may repeat, as far as whoever looks may see them.

use std::collections::BTreeSet;

use lapor_protocol::directory::InstanceEntry;
use lapor_protocol::ids::InstanceId;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Form};

use super::Answer;
use super::course;
use super::deeds::Deed;
use super::hints::{HintLine, at_disposition, at_return};
use super::shared;
use crate::api::problem;
use crate::casework::{Allowed, CaseSummary, CaseView, Sight};
use crate::hints::Sketch;
use crate::institutions::{Called, Naming};
use crate::node::Node;
use crate::personal;
use crate::portal::name_of;
use crate::taxonomy::{LocalCategories, LocalCategory, local_name};

/// What the fields of a page choose from.
#[derive(Default)]
pub struct Choosing {
    pub hints: Vec<HintLine>,
    /// Institutions that may be named, by what people call them.
    institutions: Vec<Called>,
    /// The names of those that are suggested while one types.
    pub suggested: Vec<String>,
    pub categories: Vec<Choice>,
    /// The institution's own tree.
    pub local: LocalCategories,
    /// Those of them that have not joined.
    pub waiting: BTreeSet<InstanceId>,
    /// Those that the reporter has excluded, and who has their work now.
    pub excluded: Vec<InstanceId>,
    /// Whether this desk can take the case up for one that has not joined.
    pub represents: bool,
    /// Institutions that have not joined, for which the desk acts.
    pub represented: Vec<Choice>,
    /// Institutions of the case that have ended, each with its successor.
    pub dissolved: Vec<Choice>,
    /// Cases that this one may repeat.
    pub repeats: Vec<Choice>,
}

impl Choosing {
    pub async fn of(
        node: &Node,
        sight: &Sight,
        v: &Voice,
        deed: Deed,
        view: &CaseView,
        allowed: &Allowed,
    ) -> Answer<Self> {
        let mut choosing = Self {
            excluded: node.barred(&view.excluded),
            ..Self::default()
        };
        let directory = node.directory();
        let world = directory.latest();
        let me = node.instance().ok();
        let others = |wanted: &dyn Fn(&InstanceEntry) -> bool| others(node, wanted);
        match deed {
            Deed::Dispose => {
                choosing.hints = at_disposition(node, v, view, allowed).await?;
                choosing.represents = shared::represents(node, allowed);
                choosing.institutions = others(&|_| true);
                let targets = allowed.targets.iter();
                choosing.suggested = targets.map(|id| name_of(node, id)).collect();
                for (id, name) in others(&|entry| !entry.is_active()) {
                    if choosing.represents && !choosing.excluded.contains(&id) {
                        choosing.suggested.push(name);
                    }
                    choosing.waiting.insert(id);
                }
            }
            Deed::Return => {
                choosing.hints = at_return(node, v, view).await?;
                choosing.institutions = others(&|_| true);
                let all = choosing.institutions.iter();
                let offered = all.filter(|(id, _)| !choosing.excluded.contains(id));
                choosing.suggested = offered.map(|(_, name)| name.clone()).collect();
            }
            Deed::Verify | Deed::Split => {
                choosing.categories = shared::categories(node, v).await?;
                let local = node.local_categories().await;
                choosing.local = local.map_err(|error| problem(&error))?.in_force();
                let desk = world.desk().map(|desk| &desk.id) == me;
                let waiting = world.instances().filter(|entry| desk && !entry.is_active());
                let waiting = waiting.filter(|entry| !choosing.excluded.contains(&entry.id));
                choosing.represented = waiting
                    .map(|entry| Choice::new(entry.id.as_str(), &entry.name))
                    .collect();
            }
            Deed::Succeed => {
                let ended = allowed.dissolved.iter().filter_map(|id| {
                    let entry = world.instance(id)?;
                    let successor = name_of(node, entry.successor.as_ref()?);
                    let words = v.with("from", &entry.name).with("to", successor);
                    Some(Choice::new(id.as_str(), words.say("dissolved-into")))
                });
                choosing.dissolved = ended.collect();
            }
            Deed::Link => choosing.repeats = repeats(node, sight, v, view).await?,
            _ => {}
        }
        choosing.suggested.sort();
        Ok(choosing)
    }

    /// To whom several cases at once may go: which of them may is judged when they go.
    pub fn of_many(node: &Node) -> Self {
        let directory = node.directory();
        let world = directory.latest();
        let represents = world.desk().map(|desk| &desk.id) == node.instance().ok();
        let waiting = others(node, &|entry| !entry.is_active());
        let suggested = others(node, &|entry| represents || entry.is_active());
        let mut suggested: Vec<String> = suggested.into_iter().map(|(_, name)| name).collect();
        suggested.sort();
        Self {
            institutions: others(node, &|_| true),
            suggested,
            waiting: waiting.into_iter().map(|(id, _)| id).collect(),
            represents,
            ..Self::default()
        }
    }

    /// What the institution of a slug is called.
    pub fn called(&self, slug: &str) -> Option<String> {
        let mut all = self.institutions.iter();
        let found = all.find(|(id, _)| id.as_str() == slug);
        found.map(|(_, name)| name.clone())
    }

    /// The national category of a value that was chosen; `None` where the own tree has none of
    /// that name.
    pub fn national(&self, value: &str) -> Option<String> {
        match local_name(value) {
            Some(name) => {
                let local = self.local.named(name)?;
                Some(local.category.as_str().to_owned())
            }
            None => Some(value.to_owned()),
        }
    }

    /// The value with which a category is chosen for a case: as it was noted here, or as the own
    /// tree has it for what others said, where it is one name alone.
    pub fn chosen(&self, case: &CaseSummary) -> String {
        let noted = case.local_category.as_deref();
        let noted = noted.and_then(|name| self.local.named(name));
        let noted = noted.filter(|one| Some(&one.category) == case.category.as_ref());
        let only = || self.local.only_for(case.category.as_ref()?);
        let national = || case.category.as_ref().map(|one| one.as_str().to_owned());
        let own = noted.or_else(only).map(LocalCategory::value);
        own.or_else(national).unwrap_or_default()
    }

    /// The institution that was chosen by its slug.
    pub fn hinted(&self, slug: &str) -> Option<InstanceId> {
        let mut all = self.institutions.iter();
        let found = all.find(|(id, _)| id.as_str() == slug);
        found.map(|(id, _)| id.clone())
    }

    /// The institution that a field names; a complaint where there is none of that name, several may
    /// be meant, or the reporter has excluded it.
    pub fn read(&self, v: &Voice, form: &mut Form, naming: Naming) -> Option<InstanceId> {
        let unknown = text_id("form-institution-unknown");
        let found = naming.read(v, form, &self.institutions, unknown);
        if found.as_ref().is_some_and(|id| self.excluded.contains(id)) {
            form.complain(naming.typed, v.say("void-excluded"));
        }
        found
    }

    /// Institutions that a field may mean, while it has to be asked which; none that is excluded.
    pub fn asked(&self, form: &Form, naming: Naming) -> Vec<Choice> {
        let mut choices = naming.choices(form, &self.institutions);
        choices.retain(|choice| !self.excluded.iter().any(|id| id.as_str() == choice.value));
        choices
    }
}

/// Institutions of the directory but this one, by what they are called.
fn others(node: &Node, wanted: &dyn Fn(&InstanceEntry) -> bool) -> Vec<Called> {
    let (directory, me) = (node.directory(), node.instance().ok());
    let all = directory.latest().instances();
    let all = all.filter(|entry| Some(&entry.id) != me && wanted(entry));
    all.map(|entry| (entry.id.clone(), entry.name.clone()))
        .collect()
}

/// Open cases that this one may repeat and that may be seen.
async fn repeats(node: &Node, sight: &Sight, v: &Voice, view: &CaseView) -> Answer<Vec<Choice>> {
    let report = course::report(node, v, view);
    let sketch = Sketch {
        title: view.summary.title.clone().unwrap_or_default(),
        content: report.content.unwrap_or_default(),
        region: view.summary.region.clone(),
        coordinates: report.coordinates,
    };
    let found = node.likely_duplicates(&sketch).await;
    let mut others = Vec::new();
    for found in found.map_err(|error| problem(&error))?.duplicates {
        let seen = node.case_seen(sight, found.case).await.is_ok();
        if seen && found.case != view.summary.case {
            others.push(found);
        }
    }
    let others = others.into_iter();
    Ok(others
        .map(|found| {
            let title = personal::mask(&found.title).into_owned();
            let filed = v.date(found.filed_at);
            let away = found.distance_m.map(|metres| distance(v, metres));
            let hint = [found.ticket.clone(), Some(filed), away];
            let hint: Vec<String> = hint.into_iter().flatten().collect();
            Choice::new(found.case.to_string(), title).hint(hint.join(" · "))
        })
        .collect())
}

/// How far away something is. Officers read where it is, so it is said as it is measured.
fn distance(v: &Voice, metres: u32) -> String {
    match metres {
        ..1000 => v.with("n", metres.div_ceil(10) * 10).say("distance-m"),
        _ => v.with("n", metres.div_ceil(1000)).say("distance-km"),
    }
}
