//! Weighs what speaks for each institution and puts the likeliest first.
//!
//! The score is a sum, so that every reason can be shown with it. The constants were set once
//! from what they mean, and `hints measure` says what they achieve.

use std::collections::BTreeMap;

use lapor_protocol::ids::InstanceId;
use lapor_protocol::region::RegionCode;

use super::institutions::Institutions;
use super::knowledge::{Knowledge, Role};
use super::past::Past;
use super::reading::read;
use super::{Hint, Matter, Reason, region_name};
use crate::regions;

/// What is said in the title is what it is about.
const TITLE: f64 = 1.4;
/// A phrase of several words is rarely meant otherwise.
const SEVERAL_WORDS: f64 = 1.3;
/// Each further word for the same institution counts for so much of the one before.
const FURTHER: f64 = 0.6;
/// Named, which also those are who only pass by in the story.
const NAMED: f64 = 2.5;
/// Whoever governs the place is never far from the matter.
const GOVERNS: [(Role, f64); 2] = [(Role::Regency, 1.0), (Role::Province, 0.4)];
/// A region that the text names beside the one that the report states.
const ALSO_NAMED: f64 = 0.8;
/// All of the past that is like the report speaks for one.
const PAST: f64 = 3.5;
const REPORTER: f64 = 2.0;
const SUGGESTED_ON_RETURN: f64 = 5.0;

/// What speaks for one institution so far.
#[derive(Default)]
struct Grounds {
    subjects: Vec<(f64, String)>,
    named: Vec<String>,
    others: Vec<(f64, Reason)>,
}

/// Everything that is asked about a report.
pub struct Adviser<'a> {
    pub knowledge: &'a Knowledge,
    pub institutions: &'a Institutions,
    pub past: &'a Past,
}

impl Adviser<'_> {
    /// At most `limit` institutions, the likeliest first; of equals the one with the lower slug.
    pub fn hints(&self, matter: &Matter, own: Option<&InstanceId>, limit: usize) -> Vec<Hint> {
        let title = self.stems(&matter.title);
        let content = self.stems(&matter.content);
        let (region, also) = places(matter);
        let mut scales = Scales {
            institutions: self.institutions,
            region: region.as_ref(),
            all: BTreeMap::new(),
        };
        self.subjects(&title, TITLE, &mut scales);
        self.subjects(&content, 1.0, &mut scales);
        self.names(&title, &mut scales);
        self.names(&content, &mut scales);
        self.category(matter, &mut scales);
        self.place(&also, &mut scales);
        let all: Vec<String> = title.into_iter().chain(content).collect();
        for (role, lesson) in self.past.ask(&all) {
            let reason = Reason::Past {
                cases: lesson.cases,
            };
            scales.add(&role, lesson.share * PAST, reason);
        }
        self.said(matter, &mut scales);
        self.ranked(scales, matter, own, limit)
    }

    fn stems(&self, text: &str) -> Vec<String> {
        let stems = read(text).into_iter();
        stems
            .map(|stem| self.knowledge.subjects.mended(stem))
            .collect()
    }

    fn subjects(&self, text: &[String], factor: f64, scales: &mut Scales<'_>) {
        for found in self.knowledge.subjects.find(text) {
            let several = if found.length > 1 { SEVERAL_WORDS } else { 1.0 };
            let weight = found.stands_for.weight * several * factor;
            if let Some(grounds) = scales.of(&found.stands_for.role) {
                match grounds
                    .subjects
                    .iter_mut()
                    .find(|(_, text)| text == found.text)
                {
                    // Said again it is no other subject.
                    Some((known, _)) => *known = known.max(weight),
                    None => grounds.subjects.push((weight, found.text.to_owned())),
                }
            }
        }
    }

    fn names(&self, text: &[String], scales: &mut Scales<'_>) {
        for found in self.institutions.names.find(text) {
            let grounds = scales.all.entry(*found.stands_for).or_default();
            if !grounds.named.iter().any(|known| known == found.text) {
                grounds.named.push(found.text.to_owned());
            }
        }
    }

    fn category(&self, matter: &Matter, scales: &mut Scales<'_>) {
        let Some(category) = &matter.category else {
            return;
        };
        let mut best: BTreeMap<&Role, f64> = BTreeMap::new();
        for responsible in self.knowledge.of_category(category) {
            // What is said of a category stands for what is said of its root.
            let known = best.entry(&responsible.role).or_default();
            *known = known.max(responsible.weight);
        }
        for (role, weight) in best {
            let reason = Reason::Category {
                category: category.as_str().to_owned(),
            };
            scales.add(role, weight, reason);
        }
    }

    fn place(&self, also: &[RegionCode], scales: &mut Scales<'_>) {
        if let Some(region) = scales.region {
            for (role, weight) in &GOVERNS {
                scales.add(role, *weight, place_reason(region));
            }
        }
        for region in also {
            if let Some(government) = self.institutions.government(region.as_str()) {
                let grounds = scales.all.entry(government).or_default();
                grounds.others.push((ALSO_NAMED, place_reason(region)));
            }
        }
    }

    /// What the reporter and those who gave the case back said.
    fn said(&self, matter: &Matter, scales: &mut Scales<'_>) {
        if let Some(place) = matter
            .suggested
            .as_ref()
            .and_then(|id| self.institutions.place(id))
        {
            let grounds = scales.all.entry(place).or_default();
            grounds.others.push((REPORTER, Reason::Reporter));
        }
        for (by, instead) in &matter.returned {
            if let Some(place) = instead.as_ref().and_then(|id| self.institutions.place(id)) {
                let grounds = scales.all.entry(place).or_default();
                let reason = Reason::Returned { by: by.clone() };
                grounds.others.push((SUGGESTED_ON_RETURN, reason));
            }
        }
    }

    fn ranked(
        &self,
        scales: Scales<'_>,
        matter: &Matter,
        own: Option<&InstanceId>,
        limit: usize,
    ) -> Vec<Hint> {
        let returned = |id: &InstanceId| matter.returned.iter().any(|(by, _)| by == id);
        let mut hints: Vec<Hint> = scales
            .all
            .into_iter()
            .map(|(place, grounds)| (self.institutions.at(place), grounds.weighed()))
            .filter(|(institution, _)| {
                !matter.excluded.contains(&institution.id) && !returned(&institution.id)
            })
            .map(|(institution, (score, reasons))| Hint {
                institution: institution.id.clone(),
                name: institution.name.clone(),
                active: institution.active,
                own: own == Some(&institution.id),
                score: (score * 10.0).round() as u32,
                reasons,
            })
            .collect();
        hints.sort_by(|a, b| {
            b.score
                .cmp(&a.score)
                .then_with(|| a.institution.cmp(&b.institution))
        });
        hints.truncate(limit);
        hints
    }
}

/// What speaks for whom, in a report about one region.
struct Scales<'a> {
    institutions: &'a Institutions,
    region: Option<&'a RegionCode>,
    all: BTreeMap<usize, Grounds>,
}

impl Scales<'_> {
    /// `None` if nobody has the role: the directory knows no such institution, or the place is
    /// not known.
    fn of(&mut self, role: &Role) -> Option<&mut Grounds> {
        let place = self.institutions.in_role(role, self.region)?;
        Some(self.all.entry(place).or_default())
    }

    fn add(&mut self, role: &Role, weight: f64, reason: Reason) {
        if let Some(grounds) = self.of(role) {
            grounds.others.push((weight, reason));
        }
    }
}

impl Grounds {
    /// The sum, and the reasons with the weightiest first.
    fn weighed(mut self) -> (f64, Vec<Reason>) {
        self.subjects.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut reasons = self.others;
        if !self.subjects.is_empty() {
            let parts = self.subjects.iter().enumerate();
            let sum = parts
                .map(|(at, (weight, _))| weight * FURTHER.powi(at as i32))
                .sum();
            let words = self
                .subjects
                .into_iter()
                .map(|(_, text)| text)
                .take(5)
                .collect();
            reasons.push((sum, Reason::Subject { words }));
        }
        if !self.named.is_empty() {
            reasons.push((NAMED, Reason::Named { words: self.named }));
        }
        reasons.sort_by(|a, b| b.0.total_cmp(&a.0));
        let score = reasons.iter().map(|(weight, _)| weight).sum();
        (
            score,
            reasons.into_iter().map(|(_, reason)| reason).collect(),
        )
    }
}

/// The region of the report, and others that its text names.
fn places(matter: &Matter) -> (Option<RegionCode>, Vec<RegionCode>) {
    let place = matter.place.as_deref().unwrap_or_default();
    let text = format!("{} . {place} . {}", matter.title, matter.content);
    let named = regions::national().mentioned(&text).into_iter();
    let mut named: Vec<RegionCode> = named.map(|region| region.code.clone()).take(4).collect();
    let region = matter.region.clone().or_else(|| named.first().cloned());
    named.retain(|code| !region.as_ref().is_some_and(|region| region.within(code)));
    (region, named)
}

fn place_reason(region: &RegionCode) -> Reason {
    Reason::Place {
        code: region.to_string(),
        region: region_name(region),
    }
}
