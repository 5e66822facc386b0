//! Casework across the federation: how long institutions have cases, how often
//! they are passed on wrongly, what is overdue. It is read from the record a
//! moment after it was written, by a walk that follows the order with a cursor
//! of its own, so that no figure reads a history and no message waits for one.
//! The hub cannot read a word of a case, and nothing here needs one.

mod calendar;
mod clocks;
pub mod figures;
mod finished;
mod kept;
mod listed;
pub mod skeleton;
mod unread;
mod walk;
pub mod weeks;

use std::time::Duration;

use lapor_migrations::Tx;
use lapor_protocol::calendar::Calendar;
use lapor_protocol::ids::CaseId;
use tokio::time::Instant;

use crate::app::Hub;
use crate::casefile::CaseFile;
use crate::damage;
use crate::error::HubError;
use crate::store;
use crate::store::casework::{ClockRow, FactRow, TermRow};
use crate::store::code_of;
use crate::store::state::{CASEWORK, CASEWORK_CALENDAR, CASEWORK_RECOUNT};
use unread::Loaded;

pub use clocks::{Ran, Step};
pub use finished::keep_next as keep_week;
pub use kept::Kept;
pub use listed::{Which, listed};
pub use unread::{again as take_in_again, all as unread_cases};
pub use walk::{Term, Way, walk};

/// Messages of the order that one step takes in.
const STEP: i64 = 500;
/// Cases that one step looks at again under another calendar.
const PAGE: i64 = 500;
/// How often the end of the order is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often the week that runs is counted before anybody asks.
const COUNT_EVERY: Duration = Duration::from_secs(30);
/// How often cases that could not be read are tried again.
const AGAIN_EVERY: Duration = Duration::from_mins(1);
/// A walk that has far to go leaves this many times what it took to the others, and more the faster
/// messages come: no message waits for a figure.
const REST: u32 = 3;
const MOST_REST: u32 = 49;
/// It leaves one time for each so many messages within a second, where that is more than `REST`.
const PER_SECOND: f64 = 20.0;
/// However long a step has taken.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// Follows the order for as long as it runs. What fails is tried again.
pub async fn run(hub: &Hub) {
    let (mut count_at, mut again_at) = (Instant::now(), Instant::now());
    let mut looked = None;
    loop {
        let began = Instant::now();
        let stepped = if hub.replicas.leads() {
            damage::noted(&hub.ground, step(hub).await).await
        } else {
            Ok(None)
        };
        let pause = match stepped {
            Ok(Some(last)) => {
                let before = looked.replace((began, last));
                let times = before.map_or(REST, |before| rest(before, (began, last)));
                (began.elapsed() * times).min(LONGEST_REST)
            }
            Ok(None) => {
                looked = None;
                if let Err(error) = count_ahead(hub, &mut count_at).await {
                    tracing::warn!(%error, "the weeks of casework could not be counted");
                }
                LOOK_EVERY
            }
            Err(error) => {
                looked = None;
                tracing::warn!(%error, "the figures of casework could not follow the record");
                LOOK_EVERY
            }
        };
        if let Err(error) = read_again(hub, &mut again_at).await {
            tracing::warn!(%error, "cases that could not be read could not be tried again");
        }
        tokio::time::sleep(pause).await;
    }
}

/// How many times what a step took is left to the others, by how fast messages came between two looks at
/// the number of the last.
fn rest((since, from): (Instant, i64), (until, to): (Instant, i64)) -> u32 {
    let seconds = until.duration_since(since).as_secs_f64();
    let came = u32::try_from(to.saturating_sub(from).max(0)).unwrap_or(u32::MAX);
    // Two looks within no time at all make it infinite or no number, which are the most and the least.
    let times = f64::from(came) / seconds / PER_SECOND;
    (times as u32).clamp(REST, MOST_REST)
}

/// Takes in what could not be read, now and then.
async fn read_again(hub: &Hub, at: &mut Instant) -> Result<(), HubError> {
    if Instant::now() < *at || !hub.replicas.leads() {
        return Ok(());
    }
    *at = Instant::now() + AGAIN_EVERY;
    let cases = Box::pin(take_in_again(hub)).await?;
    if cases > 0 {
        tracing::warn!(
            cases,
            "cases that could not be read stand in the figures again"
        );
    }
    Ok(())
}

/// Counts what pages will ask for: a week that is over, and now and then the one that runs.
async fn count_ahead(hub: &Hub, at: &mut Instant) -> Result<(), HubError> {
    if hub.replicas.leads() {
        keep_week(hub).await?;
    }
    if Instant::now() < *at {
        return Ok(());
    }
    *at = Instant::now() + COUNT_EVERY;
    let (from, until) = weeks::Week::at(hub.now_ms()).span();
    Kept::count_ahead(hub, figures::Period::Between(from, until)).await
}

/// Takes in the next messages of the order. Gives the number of the last that there is, or `None` when
/// there were none to take in.
pub async fn step(hub: &Hub) -> Result<Option<i64>, HubError> {
    let ground = &hub.ground;
    let mut tx = ground.db.read().await?;
    let at = number(store::state::read(&mut tx, CASEWORK).await?);
    let last = store::state::moment(&mut tx).await?.number;
    let directory = ground.directory.current();
    let counted_by = store::state::read(&mut tx, CASEWORK_CALENDAR).await?;
    // A calendar comes as a message, or by a name in the directory: with neither
    // there is none to read.
    let named = directory.calendar().or(counted_by.as_deref());
    if last <= at && counted_by.is_some() && named == counted_by.as_deref() {
        tx.rollback().await?;
        return Ok(None);
    }
    let in_force = calendar::in_force(&mut tx, &directory).await?;
    let calendar = &in_force.calendar;
    if counted_by.as_deref() != Some(calendar.edition()) {
        let reached = store::state::read(&mut tx, CASEWORK_RECOUNT).await?;
        tx.rollback().await?;
        in_force.note(ground).await;
        recount(hub, calendar, reached.as_deref()).await?;
        return Ok(Some(last));
    }
    let upto = last.min(at + STEP);
    if upto <= at {
        tx.rollback().await?;
        in_force.note(ground).await;
        return Ok(None);
    }
    let cases = store::casework::changed(&mut tx, at, upto).await?;
    let loaded = Loaded::of(&mut tx, &directory, &cases).await?;
    tx.rollback().await?;
    in_force.note(ground).await;
    loaded.note(ground).await;
    let mut tx = ground.db.write().await?;
    // Another process of this hub may have gone on from there meanwhile.
    if number(store::state::read(&mut tx, CASEWORK).await?) == at {
        put(hub, &mut tx, loaded.files.values(), calendar).await?;
        loaded.write_down(&mut tx).await?;
        store::state::write(&mut tx, CASEWORK, &upto.to_string()).await?;
        tx.commit().await?;
    }
    Ok(Some(last))
}

/// Counts the next open cases anew by another edition of the calendar.
async fn recount(hub: &Hub, calendar: &Calendar, reached: Option<&str>) -> Result<(), HubError> {
    let ground = &hub.ground;
    // Begun under another edition it begins again.
    let after = reached.and_then(|text| text.split_once(' '));
    let after = after.filter(|(_, edition)| *edition == calendar.edition());
    let after = after.map_or("", |(case, _)| case);
    let mut tx = ground.db.read().await?;
    let cases: Vec<CaseId> = store::casework::open(&mut tx, after, PAGE).await?;
    let last = cases.last().copied();
    let loaded = Loaded::of(&mut tx, &ground.directory.current(), &cases).await?;
    tx.rollback().await?;
    loaded.note(ground).await;
    let mut tx = ground.db.write().await?;
    let stands = store::state::read(&mut tx, CASEWORK_RECOUNT).await?;
    if stands.as_deref() != reached {
        return Ok(());
    }
    put(hub, &mut tx, loaded.files.values(), calendar).await?;
    loaded.write_down(&mut tx).await?;
    let reached = last.map_or_else(String::new, |last| format!("{last} {}", calendar.edition()));
    store::state::write(&mut tx, CASEWORK_RECOUNT, &reached).await?;
    if last.is_none() {
        store::state::write(&mut tx, CASEWORK_CALENDAR, calendar.edition()).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn put(
    hub: &Hub,
    tx: &mut Tx,
    files: impl Iterator<Item = &CaseFile>,
    calendar: &Calendar,
) -> Result<(), HubError> {
    let directory = hub.ground.directory.current();
    let (mut facts, mut terms, mut clocks) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        facts.push(fact(file));
        let way = walk(file, &directory, calendar);
        let walked = (1..).zip(way.terms);
        terms.extend(walked.map(|(number, term)| term_row(file, number, term)));
        let ran = (1..).zip(way.clocks);
        clocks.extend(ran.map(|(number, clock)| clock_row(file.case.id, number, &clock)));
    }
    store::casework::put(tx, facts, terms, clocks).await?;
    Ok(())
}

fn fact(file: &CaseFile) -> FactRow {
    let case = &file.case;
    FactRow {
        case: case.id,
        origin: case.origin.to_string(),
        custodian: case.custodian.to_string(),
        state: case.state.as_str(),
        classification: code_of(&case.classification),
        category: case
            .category
            .as_ref()
            .map(|category| category.as_str().to_owned()),
        region: case
            .region
            .as_ref()
            .map(|region| region.as_str().to_owned()),
        filed_at: case.filed_at,
        answered_at: case.course.first_answer,
        ended_at: case.course.ended,
        hops: i64::from(case.hops),
        score: case
            .close
            .as_ref()
            .and_then(|close| close.score)
            .map(i64::from),
    }
}

fn term_row(file: &CaseFile, number: i64, term: Term) -> TermRow {
    TermRow {
        case: file.case.id,
        term: number,
        hop: i64::from(term.hop),
        institution: term.institution.to_string(),
        disposed: term.begun_by == "case.disposed",
        since: term.since,
        acted_at: term.acted_at,
        answered_at: term.answered_at,
        until: term.until,
        ended_by: term.ended_by,
        reason: term.reason,
        case_answered_at: file.case.course.first_answer,
    }
}

fn clock_row(case: CaseId, number: i64, clock: &Ran) -> ClockRow {
    ClockRow {
        case,
        number,
        hop: i64::from(clock.hop),
        institution: clock.institution.to_string(),
        step: clock.step.as_str(),
        ran_out_at: clock.ran_out_at,
        met_at: clock.met_at,
    }
}

/// Where the walk stands, as it is kept.
fn number(text: Option<String>) -> i64 {
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faster_messages_come_the_more_is_left_to_them_however_long_a_pause_was() {
        let began = Instant::now();
        for (per_second, times) in [
            (0, 3),
            (60, 3),
            (200, 10),
            (900, 45),
            (980, 49),
            (15_000, 49),
        ] {
            for seconds in [1, 5, 60] {
                let until = began + Duration::from_secs(seconds);
                let to = 7 + per_second * i64::try_from(seconds).unwrap();
                assert_eq!(rest((began, 7), (until, to)), times, "{per_second}");
            }
        }
        assert_eq!(rest((began, 7), (began, 7)), REST);
        assert_eq!(rest((began, 7), (began, 8)), MOST_REST);
        let later = began + Duration::from_secs(1);
        assert_eq!(rest((began, 8), (later, 7)), REST);
        assert_eq!(rest((began, 0), (later, i64::MAX)), MOST_REST);
    }
}
