//! One institution without a line for months: it works on and keeps what it has
//! to say, the others work on and send it more, and its certificate runs out.
//! Then the line is there again, and nobody helps.

use anyhow::{Context as _, Result};
use futures_util::future::join_all;
use lapor_protocol::ids::{CaseId, MessageId};
use serde_json::json;

use super::plan::{Part, SEATS, Sky};
use super::play::{Course, Failure, ends_well};
use super::world::World;
use crate::fleet::words::{report, said};
use crate::fleet::{DAY_MS, Institution};

/// The desk, which gives cases to the one that is away.
const DESK: usize = 0;
const AWAY: usize = 1;
/// Filings and acts that share a transaction.
const AT_ONCE: usize = 64;
const TOLD_EVERY: usize = 10;
/// Days between two exchanges of those who have a line.
const EXCHANGED_EVERY: usize = 5;

/// Half of the messages are said by the one that is away, half are said to it.
pub async fn absence(days: usize, messages: usize) -> Result<Course, Failure> {
    let mut course = Course::default();
    let outcome = Box::pin(through(days, messages, &mut course)).await;
    course.ends(outcome)
}

async fn through(days: usize, messages: usize, course: &mut Course) -> Result<()> {
    let mut world = Box::pin(World::begin(None)).await?;
    world.weather(AWAY, Sky::Cut);
    for day in 0..days {
        let share = (day + 1) * messages / days - day * messages / days;
        Box::pin(a_day(&mut world, share))
            .await
            .with_context(|| format!("day {day}"))?;
        if (day + 1).is_multiple_of(EXCHANGED_EVERY) {
            Box::pin(exchange(&mut world)).await?;
        }
        world.pass(DAY_MS);
        if (day + 1).is_multiple_of(TOLD_EVERY) {
            let said = world.promises.count();
            eprintln!("lapor-soak: day {} of {days}, {said} messages", day + 1);
        }
    }
    Box::pin(ends_well(&mut world, course)).await
}

async fn a_day(world: &mut World, share: usize) -> Result<()> {
    let own = share.div_ceil(2);
    for (_, message) in file(&world.seats[AWAY].here, own).await? {
        world.promises.note(AWAY, message);
    }
    let given = file(&world.seats[DESK].here, (share - own).div_ceil(2)).await?;
    let cases: Vec<CaseId> = given.iter().map(|(case, _)| *case).collect();
    let disposed = dispose(&world.seats[DESK].here, &cases[..(share - own) / 2]).await?;
    let reports = given.into_iter().map(|(_, message)| message);
    for message in reports.chain(disposed) {
        world.promises.note(DESK, message);
    }
    Ok(())
}

async fn exchange(world: &mut World) -> Result<()> {
    for at in 0..SEATS {
        for part in [Part::Renew, Part::All] {
            Box::pin(world.exchanges(at, part, false)).await?;
        }
    }
    Box::pin(world.house.minute()).await
}

async fn file(at: &Institution, count: usize) -> Result<Vec<(CaseId, MessageId)>> {
    let mut filed = Vec::with_capacity(count);
    while filed.len() < count {
        let some = AT_ONCE.min(count - filed.len());
        let filing =
            (0..some).map(|_| Box::pin(at.node().file(report("Jalan berlubang"), "loket")));
        for one in join_all(filing).await {
            let one = one?;
            filed.push((one.case, one.message));
        }
    }
    Ok(filed)
}

/// Gives cases to the one that is away.
async fn dispose(at: &Institution, cases: &[CaseId]) -> Result<Vec<MessageId>> {
    let mut disposed = Vec::with_capacity(cases.len());
    for some in cases.chunks(AT_ONCE) {
        let acting = some.iter().map(|case| {
            let to = json!({ "target": "kota-bandung" });
            let act = said("case.disposed", to, "Mohon ditindaklanjuti.");
            Box::pin(at.node().act(*case, act, "petugas"))
        });
        for one in join_all(acting).await {
            disposed.push(one?.message);
        }
    }
    Ok(disposed)
}
