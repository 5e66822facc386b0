//! The limits of the contract, asked of one thing at a time: the contract says no more than the
//! first that is broken, and who writes a file wants to know of all.

use lapor_protocol::kinds::calendar_updated::{Holiday, HolidayKind};
use lapor_protocol::kinds::taxonomy_updated::TaxonomyRoot;
use lapor_protocol::kinds::{BodyError, CalendarUpdated, TaxonomyUpdated};

use super::EntryFlaw;

/// What stands where something sound is needed, as a name and as a date.
const ANY: &str = "x";
const ANY_DATE: &str = "2000-01-01";

/// Whether an edition may be called so.
pub fn is_edition(name: &str) -> bool {
    let empty = CalendarUpdated {
        edition: name.to_owned(),
        days: Vec::new(),
    };
    empty.within_limits().is_ok()
}

/// How many days there may be, where so many are too many.
pub fn most_days(count: usize) -> Option<usize> {
    limit(&of_days(vec![day(ANY_DATE, ANY); count]))
}

/// Whether there is such a day.
pub fn is_date(date: &str) -> bool {
    of_days(vec![day(date, ANY)]).is_ok()
}

pub fn of_day_name(name: &str) -> Option<EntryFlaw> {
    of_name(&of_days(vec![day(ANY_DATE, name)]))
}

/// How many categories there may be, where so many are too many.
pub fn most_roots(count: usize) -> Option<usize> {
    limit(&of_roots(vec![root(ANY, Vec::new()); count]))
}

pub fn of_root_name(name: &str) -> Option<EntryFlaw> {
    of_name(&of_roots(vec![root(name, Vec::new())]))
}

/// How many may stand below a category, where so many are too many.
pub fn most_below(count: usize) -> Option<usize> {
    limit(&of_roots(vec![root(ANY, vec![ANY.to_owned(); count])]))
}

pub fn of_below_name(name: &str) -> Option<EntryFlaw> {
    of_name(&of_roots(vec![root(ANY, vec![name.to_owned()])]))
}

fn day(date: &str, name: &str) -> Holiday {
    Holiday {
        date: date.to_owned(),
        name: name.to_owned(),
        kind: HolidayKind::NationalHoliday,
    }
}

fn root(name: &str, below: Vec<String>) -> TaxonomyRoot {
    TaxonomyRoot {
        name: name.to_owned(),
        below,
    }
}

fn of_days(days: Vec<Holiday>) -> Result<(), BodyError> {
    let edition = ANY.to_owned();
    CalendarUpdated { edition, days }.within_limits()
}

fn of_roots(roots: Vec<TaxonomyRoot>) -> Result<(), BodyError> {
    let edition = ANY.to_owned();
    TaxonomyUpdated { edition, roots }.within_limits()
}

fn limit(judged: &Result<(), BodyError>) -> Option<usize> {
    match judged {
        Err(BodyError::Limit { limit, .. }) => Some(*limit),
        _ => None,
    }
}

fn of_name(judged: &Result<(), BodyError>) -> Option<EntryFlaw> {
    let flaw = |most| EntryFlaw::Long { most };
    let wrong = judged.is_err();
    wrong.then(|| limit(judged).map_or(EntryFlaw::Nameless, flaw))
}
