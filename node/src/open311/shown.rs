//! A case as a service request: which of the two statuses it has, and what is said of it.

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use lapor_web::language::{Language, Voice, text_id};

use super::categories::{code_of, name_of};
use super::tree::Tree;
use crate::casework::course::Event;
use crate::casework::{
    Coordinates, FiledReport, Gone, Outcome, PublicCase, PublicReport, Reported,
};
use crate::doors;
use crate::node::Node;
use crate::portal::onward::Onward;
use crate::portal::{archive_words, name_of as institution, standing_words};
use crate::regions::national;

/// What is needed to say it: the words, the time of the institution, the names of all.
pub struct Teller<'a> {
    node: &'a Node,
    v: Voice,
    zone: Tz,
}

/// What is told of a case.
struct Request<'a> {
    case: CaseId,
    is_open: bool,
    notes: String,
    category: Option<&'a Category>,
    description: Option<String>,
    responsible: Option<&'a InstanceId>,
    place: Option<&'a str>,
    region: Option<&'a RegionCode>,
    coordinates: Option<Coordinates>,
    filed_at: Option<i64>,
    last_at: Option<i64>,
    due_at: Option<i64>,
}

/// What is said here is said in Indonesian.
pub fn voice(node: &Node) -> Voice {
    let (zone, now) = (doors::facts(node).zone, node.clock().now_ms());
    Voice::new(Language::Indonesian, doors::texts(), zone, now)
}

impl<'a> Teller<'a> {
    pub fn of(node: &'a Node) -> Self {
        Self {
            node,
            v: voice(node),
            zone: doors::facts(node).zone,
        }
    }

    /// A request among others, with what was written in it; coordinates are for its own program.
    pub fn listed(&self, case: &PublicCase, reported: &Reported, own: bool) -> Tree {
        let text = reported.content.as_deref().or(case.excerpt.as_deref());
        let stands = case
            .state
            .map(|state| self.stands(state, case.outcome, case.replied));
        self.tree(&Request {
            case: case.case,
            is_open: case.state.is_none_or(State::is_open),
            notes: noted(stands.unwrap_or_default(), case.answer.as_deref()),
            category: case.category.as_ref(),
            description: described(case.title.as_deref(), text),
            responsible: case.custodian.as_ref(),
            place: case.place.as_deref(),
            region: case.region.as_ref(),
            coordinates: reported.coordinates.filter(|_| own),
            filed_at: Some(case.filed_at),
            last_at: case.last_at,
            due_at: None,
        })
    }

    /// A public report.
    pub fn read(&self, report: &PublicReport) -> Tree {
        self.whole(report, None, None)
    }

    /// What a program filed itself; where it went on, if it was merged.
    pub fn filed(&self, filed: &FiledReport, into: Option<CaseId>) -> Tree {
        self.whole(&filed.report, filed.coordinates, into)
    }

    /// What is left of a report that is not public any more.
    pub fn gone(&self, case: CaseId, gone: Gone) -> Tree {
        // Of what left nobody here knows that it is over.
        let is_open = matches!(gone, Gone::Left(_));
        let (notes, last_at) = match gone {
            Gone::Archived { reason, at } => {
                let archived = self.stands(State::Archived, Some(Outcome::Archived), false);
                (
                    noted(archived, Some(&self.v.say(archive_words(reason)))),
                    Some(at),
                )
            }
            Gone::MergedInto(into) => (self.merged(into), None),
            Gone::Left(left) => {
                let onward = Onward::of(self.node, &self.v, &left);
                let words = [onward.said, onward.track].into_iter().chain(onward.portal);
                (words.collect::<Vec<_>>().join(" "), Some(left.at))
            }
        };
        self.tree(&Request {
            case,
            is_open,
            notes,
            category: None,
            description: None,
            responsible: None,
            place: None,
            region: None,
            coordinates: None,
            filed_at: None,
            last_at,
            due_at: None,
        })
    }

    fn whole(
        &self,
        report: &PublicReport,
        coordinates: Option<Coordinates>,
        into: Option<CaseId>,
    ) -> Tree {
        let mut events = report.course.iter().rev().map(|happened| &happened.event);
        let said = events.find_map(|event| match event {
            Event::FollowedUp(words) | Event::Answered(words) => words.clone(),
            Event::Archived(reason) => Some(self.v.say(archive_words(*reason))),
            _ => None,
        });
        let notes = match into {
            Some(into) => self.merged(into),
            None => noted(
                self.stands(report.state, report.outcome, report.replied),
                said.as_deref(),
            ),
        };
        self.tree(&Request {
            case: report.case,
            is_open: report.state.is_open(),
            notes,
            category: report.category.as_ref(),
            description: described(report.title.as_deref(), report.content.as_deref()),
            responsible: report.on_behalf_of.as_ref().or(report.custodian.as_ref()),
            place: report.place.as_deref(),
            region: report.region.as_ref(),
            coordinates,
            filed_at: Some(report.filed_at),
            last_at: report.course.last().map(|happened| happened.at),
            due_at: report.clock.as_ref().map(|clock| clock.due_at),
        })
    }

    fn stands(&self, state: State, outcome: Option<Outcome>, replied: bool) -> String {
        self.v.say(standing_words(state, outcome, replied).0)
    }

    fn merged(&self, into: CaseId) -> String {
        let said = self.v.with("report", into.to_string());
        said.say(text_id("open311-merged"))
    }

    fn tree(&self, request: &Request<'_>) -> Tree {
        let status = if request.is_open { "open" } else { "closed" };
        let responsible = request.responsible.map(|id| institution(self.node, id));
        let region = || national().display_name(request.region?);
        let place = request.place.map(str::to_owned).or_else(region);
        let degrees = |part: fn(Coordinates) -> f64| {
            let told = request.coordinates.map(part);
            told.map_or(Tree::Nothing, Tree::Degrees)
        };
        Tree::Parts(vec![
            ("service_request_id", request.case.to_string().into()),
            ("status", status.into()),
            ("status_notes", request.notes.as_str().into()),
            ("service_name", Tree::maybe(request.category.map(name_of))),
            ("service_code", Tree::maybe(request.category.map(code_of))),
            ("description", Tree::maybe(request.description.as_deref())),
            ("agency_responsible", Tree::maybe(responsible)),
            ("service_notice", Tree::Nothing),
            ("requested_datetime", self.time(request.filed_at)),
            ("updated_datetime", self.time(request.last_at)),
            ("expected_datetime", self.time(request.due_at)),
            ("address", Tree::maybe(place)),
            ("address_id", Tree::Nothing),
            ("zipcode", Tree::Nothing),
            ("lat", degrees(Coordinates::latitude)),
            ("long", degrees(Coordinates::longitude)),
            ("media_url", Tree::Nothing),
        ])
    }

    /// As the W3C writes moments: with the zone of the institution.
    fn time(&self, at: Option<i64>) -> Tree {
        let at = at.and_then(DateTime::from_timestamp_millis);
        let zoned = at.map(|at| at.with_timezone(&self.zone));
        Tree::maybe(zoned.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)))
    }
}

fn noted(stands: String, said: Option<&str>) -> String {
    match said {
        Some(said) => format!("{stands}: {said}"),
        None => stands,
    }
}

/// What was reported, with its title where the text does not begin with it.
pub(crate) fn described(title: Option<&str>, text: Option<&str>) -> Option<String> {
    match (title, text) {
        (Some(title), Some(text)) if !text.starts_with(title.trim_end_matches('…')) => {
            Some(format!("{title}\n\n{text}"))
        }
        (title, text) => text.or(title).map(str::to_owned),
    }
}
