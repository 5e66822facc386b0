//! What becomes of a report, act by act, known before it is filed: who acts,
//! and how the case must look to that institution before it can.
//!
//! Pure: a plan is made from the report, its door and who has joined.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};

use super::cast::{DESK, may_dispose, member_of};
use super::doors::door;
use super::reports::{Report, Story};

/// A kind of act with what the demo decides of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Verify {
        on_behalf_of: Option<String>,
    },
    Archive(&'static str),
    Dispose(String),
    Return {
        suggested: String,
    },
    Recall,
    Hold,
    Complete,
    Escalate,
    /// Into the report that the family is about.
    Link,
    FollowUp {
        proposes_to_close: bool,
    },
    Close,
    Rate(u8),
    Reopen,
}

/// One act of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Slug of who acts.
    pub by: String,
    pub act: Act,
    /// What must be seen there first: who has the case, and its state.
    pub custodian: String,
    pub state: &'static str,
}

/// A report with its way through the institutions.
#[derive(Debug, Clone, PartialEq)]
pub struct Course {
    pub report: Report,
    pub door: &'static str,
    /// Until the institution that answers has it.
    pub way: Vec<Step>,
    /// From then on.
    pub answer: Vec<Step>,
}

impl Course {
    /// A step of all, those of the way first.
    pub fn step(&self, number: usize) -> Option<&Step> {
        self.way.iter().chain(&self.answer).nth(number)
    }
}

/// A report and those that repeat it, which are linked to it before it is answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Family {
    pub head: Course,
    pub repeats: Vec<Course>,
}

/// Every report in exactly one family, in the order of the heads.
pub fn families(reports: Vec<Report>) -> anyhow::Result<Vec<Family>> {
    let mut clusters: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut families: BTreeMap<u32, Family> = BTreeMap::new();
    let mut repeats = Vec::new();
    for report in reports {
        let id = report.id;
        let target = match report.story()? {
            Story::LinkedTo(target) => target,
            Story::Cluster(name) => {
                let key = (name, report.expected_instance.clone());
                *clusters.entry(key).or_insert(id)
            }
            _ => id,
        };
        if target == id {
            let head = course(report, false)?;
            let family = Family {
                head,
                repeats: Vec::new(),
            };
            families.insert(id, family);
        } else {
            repeats.push((target, course(report, true)?));
        }
    }
    for (target, course) in repeats {
        let id = course.report.id;
        let family = families.get_mut(&target);
        let family = family
            .with_context(|| format!("report {id} repeats {target}, which stands for none"))?;
        let same = family.head.report.expected_instance == course.report.expected_instance;
        anyhow::ensure!(
            same,
            "reports {id} and {target} are for different institutions"
        );
        family.repeats.push(course);
    }
    let mut families: Vec<Family> = families.into_values().collect();
    let (mut next, mut since) = (0, 0);
    for family in &mut families {
        if family.repeats.is_empty() && family.head.report.story()? == Story::Plain {
            since += 1;
            if since > BETWEEN && rest(&mut family.head, next) {
                (next, since) = ((next + 1) % RESTS, 0);
            }
        }
    }
    Ok(families)
}

/// Reports without a story that go their whole way, between two that rest on it.
const BETWEEN: usize = 3;
/// Places to rest at.
const RESTS: usize = 7;

/// Leaves a report where it would be on an ordinary day, so that the desks have work of every
/// kind; says whether it comes to that place at all.
fn rest(course: &mut Course, place: usize) -> bool {
    let behind = |steps: &[Step], last: fn(&Act) -> bool| {
        let at = steps.iter().position(|step| last(&step.act));
        at.map(|at| at + 1)
    };
    let (way, answer) = (&mut course.way, &mut course.answer);
    let whole = Some(way.len());
    let kept = match place {
        0 => (Some(0), Some(0)),
        1 => (
            behind(way, |act| matches!(act, Act::Verify { .. })),
            Some(0),
        ),
        2 => (
            behind(way, |act| matches!(act, Act::Return { .. })),
            Some(0),
        ),
        3 => (behind(way, |act| matches!(act, Act::Dispose(_))), Some(0)),
        4 => {
            let held = Step {
                act: Act::Hold,
                ..answer[0].clone()
            };
            answer.insert(0, held);
            (whole, Some(1))
        }
        5 => {
            let begun = |act: &Act| matches!(act, Act::FollowUp { proposes_to_close } if !proposes_to_close);
            (whole, behind(answer, begun))
        }
        _ => {
            let answered = |act: &Act| matches!(act, Act::FollowUp { proposes_to_close } if *proposes_to_close);
            (whole, behind(answer, answered))
        }
    };
    let (Some(way_length), Some(answer_length)) = kept else {
        return false;
    };
    way.truncate(way_length);
    answer.truncate(answer_length);
    true
}

fn course(report: Report, repeats: bool) -> anyhow::Result<Course> {
    let door = door(&report);
    let story = report.story()?;
    let mut going = Going {
        origin: door,
        custodian: door.to_owned(),
        state: "received",
        steps: Vec::new(),
    };
    if let Story::Archived(reason) = story {
        going.step(door, Act::Archive(reason));
        return Ok(Course {
            report,
            door,
            way: going.steps,
            answer: Vec::new(),
        });
    }
    going.reach(&report.expected_instance, &story)?;
    let way = std::mem::take(&mut going.steps);
    if repeats {
        let custodian = going.custodian.clone();
        going.step(&custodian, Act::Link);
    } else {
        going.answer(&story, &report);
    }
    Ok(Course {
        report,
        door,
        way,
        answer: going.steps,
    })
}

/// A case in mind, as the plan moves it.
struct Going {
    origin: &'static str,
    custodian: String,
    state: &'static str,
    steps: Vec<Step>,
}

impl Going {
    fn step(&mut self, by: &str, act: Act) {
        let step = Step {
            by: by.to_owned(),
            custodian: self.custodian.clone(),
            state: self.state,
            act,
        };
        self.state = match &step.act {
            Act::Verify { .. } => "verified",
            // What came back waits for verification anew.
            Act::Return { .. } | Act::Recall => "received",
            Act::Archive(_) => "archived",
            Act::Dispose(_) => "disposed",
            Act::Hold => "held",
            // A hold ends in the state before it; the demo holds right after the way.
            Act::Complete => self.before_hold(),
            Act::Escalate | Act::Rate(_) => self.state,
            Act::Link => "merged",
            Act::FollowUp {
                proposes_to_close: true,
            } => "answered",
            Act::FollowUp { .. } | Act::Reopen => "in_progress",
            Act::Close => "closed",
        };
        match &step.act {
            Act::Dispose(target) => self.custodian.clone_from(target),
            Act::Return { .. } | Act::Recall => DESK.clone_into(&mut self.custodian),
            _ => {}
        }
        self.steps.push(step);
    }

    fn before_hold(&self) -> &'static str {
        let hold = self.steps.iter().rev().find(|step| step.act == Act::Hold);
        hold.map_or(self.state, |step| step.state)
    }

    fn by_custodian(&mut self, act: Act) {
        let custodian = self.custodian.clone();
        self.step(&custodian, act);
    }

    /// Brings the case to the institution that answers it, by the story's detour.
    fn reach(&mut self, expected: &str, story: &Story) -> anyhow::Result<()> {
        match story {
            Story::Misrouted(wrong) => {
                joined(wrong)?;
                if self.custodian != *wrong {
                    self.give_back(wrong);
                    self.dispose(wrong);
                }
                self.give_back(expected);
            }
            Story::Recalled(wrong) => {
                joined(wrong)?;
                self.give_back(expected);
                self.dispose(wrong);
                self.step(DESK, Act::Recall);
            }
            _ => {}
        }
        if member_of(expected).is_none() {
            self.give_back(expected);
            let on_behalf_of = Some(expected.to_owned());
            self.by_custodian(Act::Verify { on_behalf_of });
            return Ok(());
        }
        if self.custodian != expected && !may_dispose(&self.custodian, expected) {
            self.give_back(expected);
        }
        if self.custodian == expected {
            self.verify();
        } else {
            self.dispose(expected);
        }
        Ok(())
    }

    /// Whoever cannot dispose of it returns it to the desk, and says who should have it.
    fn give_back(&mut self, suggested: &str) {
        if self.custodian != DESK {
            let suggested = suggested.to_owned();
            self.by_custodian(Act::Return { suggested });
        }
    }

    fn dispose(&mut self, target: &str) {
        self.verify();
        self.by_custodian(Act::Dispose(target.to_owned()));
    }

    fn verify(&mut self) {
        if self.state == "received" {
            self.by_custodian(Act::Verify { on_behalf_of: None });
        }
    }

    /// What the custodian does with it, and what the reporter says to that.
    fn answer(&mut self, story: &Story, report: &Report) {
        let origin = self.origin;
        if *story == Story::Held {
            self.by_custodian(Act::Hold);
            self.step(origin, Act::Complete);
        }
        if *story == Story::Escalated {
            self.step(origin, Act::Escalate);
        }
        if report.classification == "pengaduan" {
            self.by_custodian(Act::FollowUp {
                proposes_to_close: false,
            });
        }
        self.by_custodian(Act::FollowUp {
            proposes_to_close: true,
        });
        self.step(origin, Act::Close);
        if *story == Story::Reopened {
            self.step(origin, Act::Reopen);
            self.by_custodian(Act::FollowUp {
                proposes_to_close: false,
            });
        } else if report.id.is_multiple_of(3) {
            self.step(origin, Act::Rate(3 + (report.id % 9 / 3) as u8));
        }
    }
}

fn joined(slug: &str) -> anyhow::Result<()> {
    if member_of(slug).is_none() {
        bail!("the story sends a report to {slug}, which has not joined");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
