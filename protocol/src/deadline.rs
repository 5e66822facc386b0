//! The clocks of a case: which there are, how long each runs, and where they
//! stand at a moment.
//!
//! Pure functions of the folded case, the directory, the calendar and the
//! moment, so that every party sees the same days left. That a clock has run
//! out is computed and is no message. A clock is judged by the zone and the
//! deadlines that the custodian's directory entry stated when it started: who
//! is late cannot grant itself time. The calendar is the one now in force,
//! because nobody works on a day that was made free meanwhile.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calendar::{Calendar, Pause, day_at, end_of, zone};
use crate::case::{Case, Hold, Moment, State};
use crate::directory::{DirectoryAt, InstanceEntry};
use crate::kinds::{Category, Classification};

/// What a clock measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClockKind {
    /// The custodian decides whether the case is its own.
    Verification,
    /// The custodian answers in public for the first time.
    FirstFollowUp,
    /// An information request is answered.
    InformationRequest,
    /// A complaint without irregularity is answered.
    Complaint,
    /// A complaint about an irregularity (*berkadar pengawasan*) is answered.
    OversightComplaint,
    /// The date that the disposer has set.
    Disposer,
    /// The reporter answers the last public follow-up; the case then closes.
    Silence,
}

/// How long a clock runs where the directory says nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Term {
    pub kind: ClockKind,
    pub working_days: u16,
    /// Where the number comes from; no article is cited that nobody has read.
    pub legal_basis: &'static str,
    /// What sets it going.
    pub starts: &'static str,
    /// Why it stands still.
    pub pauses: &'static str,
}

const FRAME: &str = "UU 25/2009, Perpres 76/2013, PermenPANRB 5/2025";
const HELD: &str = "the case is held, or merged into another";

/// Every clock with a term of its own, as data. A disposer's date has none.
pub const TERMS: [Term; 6] = [
    Term {
        kind: ClockKind::Verification,
        working_days: 3,
        legal_basis: FRAME,
        starts: "the custodian gets a case that it has not accepted",
        pauses: HELD,
    },
    Term {
        kind: ClockKind::FirstFollowUp,
        working_days: 5,
        legal_basis: FRAME,
        starts: "the case is disposed, or verified by whoever keeps it",
        pauses: HELD,
    },
    Term {
        kind: ClockKind::InformationRequest,
        working_days: 5,
        legal_basis: FRAME,
        starts: "the case is disposed, or verified by whoever keeps it",
        pauses: HELD,
    },
    Term {
        kind: ClockKind::Complaint,
        working_days: 14,
        legal_basis: FRAME,
        starts: "the case is disposed, or verified by whoever keeps it",
        pauses: HELD,
    },
    Term {
        kind: ClockKind::OversightComplaint,
        working_days: 60,
        legal_basis: FRAME,
        starts: "the case is disposed, or verified by whoever keeps it",
        pauses: HELD,
    },
    Term {
        kind: ClockKind::Silence,
        working_days: 10,
        legal_basis: FRAME,
        starts: "the last public follow-up",
        pauses: HELD,
    },
];

/// Successions, one after the other, through which a clock is followed.
const MOST_SUCCESSIONS: usize = 8;

/// A deadline of an institution's own, or of one of its services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnTerm {
    pub clock: ClockKind,
    /// A category, or a root with all below it; `None` for every case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Category>,
    pub working_days: u16,
}

/// A text that is no [`OwnTerm`]; the operator's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected CLOCK=DAYS or CLOCK@CATEGORY=DAYS with 1 to 366 working days, for instance complaint@Perairan=7"
)]
pub struct OwnTermError;

impl FromStr for OwnTerm {
    type Err = OwnTermError;

    fn from_str(text: &str) -> Result<Self, OwnTermError> {
        let (what, days) = text.rsplit_once('=').ok_or(OwnTermError)?;
        let (name, service) = match what.split_once('@') {
            Some((name, service)) => (name, Some(service.to_owned())),
            None => (what, None),
        };
        let mut kinds = TERMS.iter().map(|term| term.kind);
        let service = service.map(Category::try_from).transpose();
        let working_days = days.parse().map_err(|_| OwnTermError)?;
        if !(1..=366).contains(&working_days) {
            return Err(OwnTermError);
        }
        Ok(Self {
            clock: kinds
                .find(|kind| kind.as_str() == name)
                .ok_or(OwnTermError)?,
            service: service.map_err(|_| OwnTermError)?,
            working_days,
        })
    }
}

impl fmt::Display for OwnTerm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.clock.as_str())?;
        if let Some(service) = &self.service {
            write!(f, "@{}", service.as_str())?;
        }
        write!(f, "={}", self.working_days)
    }
}

/// Where a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClockState {
    Running,
    /// The reporter is asked; it runs on when they have answered.
    Paused,
    /// It has run out, and what it waits for has not happened.
    Overdue,
}

/// A clock of a case at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Clock {
    pub kind: ClockKind,
    /// Unix ms.
    pub started: i64,
    /// Unix ms at which it runs out, the end of a day in the custodian's
    /// zone; not known while it is paused.
    pub due: Option<i64>,
    /// Last day of the term, `YYYY-MM-DD` in that zone.
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub due_on: Option<NaiveDate>,
    /// Unix ms.
    pub paused_since: Option<i64>,
    pub state: ClockState,
    /// Working days that are left with today's not counted; below zero, those
    /// by which it is overdue.
    pub days_left: i64,
}

impl ClockKind {
    pub const ALL: [Self; 7] = [
        Self::Verification,
        Self::FirstFollowUp,
        Self::InformationRequest,
        Self::Complaint,
        Self::OversightComplaint,
        Self::Disposer,
        Self::Silence,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::FirstFollowUp => "first_follow_up",
            Self::InformationRequest => "information_request",
            Self::Complaint => "complaint",
            Self::OversightComplaint => "oversight_complaint",
            Self::Disposer => "disposer",
            Self::Silence => "silence",
        }
    }

    /// The term where the directory states none of its own.
    pub fn term(self) -> Option<&'static Term> {
        TERMS.iter().find(|term| term.kind == self)
    }
}

impl InstanceEntry {
    /// How many working days a clock has at this institution: the term of the
    /// category, else of its root, else of the institution, else of the law.
    pub fn working_days(&self, clock: ClockKind, category: Option<&Category>) -> Option<u16> {
        let own = |service: Option<&str>| {
            let mut terms = self.terms.iter().filter(|term| term.clock == clock);
            terms.find(|term| term.service.as_ref().map(Category::as_str) == service)
        };
        let exact = category.and_then(|category| own(Some(category.as_str())));
        let root = || category.and_then(|category| own(Some(category.root())));
        let found = exact.or_else(root).or_else(|| own(None));
        found
            .map(|term| term.working_days)
            .or_else(|| clock.term().map(|term| term.working_days))
    }
}

/// The clocks of a case that run, stand still or have run out at `now` (Unix
/// ms), the next to run out first; none of a case that is not open.
pub fn clocks(case: &Case, world: DirectoryAt<'_>, calendar: &Calendar, now: i64) -> Vec<Clock> {
    let view = View {
        case,
        world,
        calendar,
        now,
    };
    let mut all: Vec<Clock> = started(case)
        .into_iter()
        .filter_map(|(kind, moment)| view.clock(kind, moment))
        .collect();
    all.sort_by_key(|clock| (clock.due.unwrap_or(i64::MAX), clock.kind));
    all
}

/// Those of them that the custodian can still meet; none of a case that was erased.
pub fn owed(case: &Case, world: DirectoryAt<'_>, calendar: &Calendar, now: i64) -> Vec<Clock> {
    let mut all = clocks(case, world, calendar, now);
    all.retain(|clock| clock.kind != ClockKind::Silence && !case.redacted);
    all
}

/// The same with the reporter's silence where it will close the case. It will not while the case is
/// held: what ends a hold is the reporter's word, another follow-up, or an act that takes the answer
/// back. Nor will it once the reporter has `completed` the report since the last follow-up: the rules
/// count that for no reply, and yet they were not silent.
pub fn awaited(
    case: &Case,
    completed: bool,
    world: DirectoryAt<'_>,
    calendar: &Calendar,
    now: i64,
) -> Vec<Clock> {
    let closes = !completed && case.before_hold.is_none();
    let mut all = clocks(case, world, calendar, now);
    all.retain(|clock| {
        if clock.kind == ClockKind::Silence {
            closes
        } else {
            !case.redacted
        }
    });
    all
}

/// The moment, in Unix ms, before which a case must not be closed by silence,
/// if it may be at all.
pub fn silent_from(case: &Case, world: DirectoryAt<'_>, calendar: &Calendar) -> Option<i64> {
    let last = case.follow_up.as_ref().filter(|last| !last.replied_since)?;
    let moment = Moment {
        at: last.ordered_at,
        directory: last.directory,
    };
    let now = moment.at;
    let view = View {
        case,
        world,
        calendar,
        now,
    };
    view.clock(ClockKind::Silence, moment)?.due
}

/// Which clocks a case has, each with what it runs from.
fn started(case: &Case) -> Vec<(ClockKind, Moment)> {
    let mut out = Vec::new();
    if !case.state.is_open() {
        return out;
    }
    let course = &case.course;
    let state = case.before_hold.unwrap_or(case.state);
    let Some(accepted) = course.accepted else {
        out.push((ClockKind::Verification, course.received));
        return out;
    };
    if course.followed_up.is_none() {
        out.push((ClockKind::FirstFollowUp, accepted));
    }
    let last = case.follow_up.as_ref().filter(|last| !last.replied_since);
    let answers = matches!(state, State::Answered | State::InProgress);
    if !(state == State::Answered && last.is_some()) {
        out.extend(handling(case).map(|kind| (kind, accepted)));
        if course.deadline.is_some() {
            out.push((ClockKind::Disposer, accepted));
        }
    }
    if let Some(last) = last.filter(|_| answers) {
        let moment = Moment {
            at: last.ordered_at,
            directory: last.directory,
        };
        out.push((ClockKind::Silence, moment));
    }
    out
}

/// The clock of the whole answer, which an aspiration has not.
fn handling(case: &Case) -> Option<ClockKind> {
    match case.classification {
        Classification::InformationRequest => Some(ClockKind::InformationRequest),
        Classification::Complaint if case.oversight == Some(true) => {
            Some(ClockKind::OversightComplaint)
        }
        Classification::Complaint => Some(ClockKind::Complaint),
        Classification::Aspiration => None,
    }
}

/// What the clocks of a case are read from.
struct View<'a> {
    case: &'a Case,
    world: DirectoryAt<'a>,
    calendar: &'a Calendar,
    now: i64,
}

impl<'a> View<'a> {
    /// The custodian as the directory had it then. Of one that was in no directory then, the institution
    /// whose place it has taken since: it owes what that one owed, when that one owed it. Where it has
    /// taken the place of several who have kept the case, nobody knows which: then none.
    fn custodian(&self, then: DirectoryAt<'a>) -> Option<&'a InstanceEntry> {
        let mut id = &self.case.custodian;
        for _ in 0..MOST_SUCCESSIONS {
            if let Some(entry) = then.instance(id) {
                return Some(entry);
            }
            let heir = id;
            let mut formers = self.world.instances().filter(|entry| {
                let succeeded = entry.successor.as_ref() == Some(heir);
                succeeded && self.case.ever_custodian.contains(&entry.id)
            });
            let (former, another) = (formers.next()?, formers.next());
            if another.is_some() {
                return None;
            }
            id = &former.id;
        }
        None
    }

    fn clock(&self, kind: ClockKind, from: Moment) -> Option<Clock> {
        let entry = self.custodian(self.world.as_of(from.directory));
        let zone = zone(entry.map_or("", |entry| &entry.time_zone));
        let category = self.case.category.as_ref();
        let days = match entry {
            Some(entry) => entry.working_days(kind, category),
            None => kind.term().map(|term| term.working_days),
        };
        let holds = &self.case.course.holds;
        let open_hold = holds.iter().find(|hold| hold.until.is_none());
        let pauses: Vec<Pause> = holds.iter().map(|hold| pause(zone, hold)).collect();
        let start = day_at(zone, from.at);
        let (due_on, pauses) = match kind {
            // A date is a date, whatever happens meanwhile.
            ClockKind::Disposer => {
                let date = self.case.course.deadline.as_ref()?;
                (Some(date.parse().ok()?), Vec::new())
            }
            _ => (self.calendar.due_on(start, days?, &pauses), pauses),
        };
        let due = due_on.map(|day| end_of(zone, day));
        let today = day_at(zone, self.now);
        let state = match due {
            Some(due) if due <= self.now => ClockState::Overdue,
            Some(_) => ClockState::Running,
            None => ClockState::Paused,
        };
        let days_left = match due_on {
            Some(due_on) => self.calendar.days_between(today, due_on, &pauses),
            None => i64::from(days?) - self.calendar.days_between(start, today, &pauses),
        };
        Some(Clock {
            kind,
            started: from.at,
            due,
            due_on,
            paused_since: open_hold
                .filter(|_| state == ClockState::Paused)
                .map(|hold| hold.from),
            state,
            days_left,
        })
    }
}

/// As with the day of receipt, neither the day of a hold nor that of its end
/// is taken for a whole one: the former still counts, the latter no more. But
/// no clock runs out within a hold that began before it had.
fn pause(zone: Tz, hold: &Hold) -> Pause {
    Pause {
        after: day_at(zone, hold.from),
        upto: hold.until.map(|until| day_at(zone, until)),
    }
}
