//! The demonstration: a hub and nine nodes as real processes, joined by real
//! invitations, with every sample report filed and most of them moved, answered
//! and closed; some rest on the way, so that each desk has work of every kind.
//!
//! Nothing here knows a rule, and only the scenes and the counts touch a database of the
//! programs. On every way out the processes are ended.

mod api;
mod attachment;
pub mod cast;
mod doors;
pub mod drawing;
mod endings;
mod failure;
mod federation;
mod folder;
mod ledger;
mod letters;
mod options;
mod oversight;
mod people;
mod phones;
mod plan;
mod play;
pub(crate) mod programs;
mod progress;
pub(crate) mod reports;
mod scenes;
mod schedule;
mod sealed;
mod show;
mod speech;
pub mod stop;
mod systems;
mod tally;
mod troupe;
mod weeks;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use lapor_web::exit;
use tokio::sync::mpsc;

use failure::Failure;
use federation::Stage;
use folder::{Folder, Record};
use letters::Letters;
use options::Options;
use phones::Phones;
use plan::Family;
use play::{Nodes, Playing};
use programs::Programs;
use progress::Progress;
use reports::Report;
use stop::Stop;
use systems::Systems;
use tally::Tally;
use troupe::Troupe;
use weeks::Weeks;

/// Days that an institution has for an answer.
const DEADLINE_DAYS: i64 = 14;
const DAY_MS: i64 = 86_400_000;
/// How long anything may take, far beyond what it takes: this machine may be busy with other things.
const PATIENCE: Duration = Duration::from_mins(5);
/// What to do when that was not enough.
const BUSY: &str = "if this machine is busy, try again when it is not";
/// How long after its consequence the end of a program may show.
const MOMENT: Duration = Duration::from_millis(500);
/// What a shell shows for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Runs the process's command.
pub fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(said) => {
            let _ = said.print();
            return if said.use_stderr() { exit::USAGE } else { 0 }.into();
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return report(&error.into()),
    };
    let outcome = runtime.block_on(run(&options));
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("lapor-demo: {error:#}");
    let code = error
        .downcast_ref::<Failure>()
        .map_or(exit::INTERNAL, |failure| failure.code);
    code.into()
}

async fn run(options: &Options) -> anyhow::Result<()> {
    let mut stop = Stop::listen()?;
    let programs = Programs::beside_me()?;
    let (folder, left) = Folder::open(options.data.as_deref())?;
    let port = match &left {
        Some(_) => federation::letters_port(&folder)?,
        None => 0,
    };
    let letters = Letters::listen(folder.letters(), port).await?;
    let phones = Phones::open(&folder, &letters).await?;
    let systems = Systems::open().await;
    let progress = Progress::start();
    let (troupe, mut deaths) = Troupe::new();
    let show = Show {
        options,
        folder: &folder,
        programs: &programs,
        troupe: &troupe,
        progress: &progress,
        letters: &letters,
        phones: &phones,
        systems: &systems,
    };
    let outcome = tokio::select! {
        outcome = show.perform(left) => told_by_death(outcome, &mut deaths).await,
        Some(death) = deaths.recv() => Err(death.into()),
        signal = stop.next() => {
            let message = format!("{signal}: interrupted before the work was done");
            Err(Failure::new(INTERRUPTED, message).into())
        }
    };
    let outcome = match outcome {
        Ok(()) if !options.once => show.stay_up(&mut stop, &mut deaths).await,
        outcome => outcome,
    };
    progress.stage("stopping the nodes and the hub; Ctrl-C again stops at once");
    tokio::select! {
        () = troupe.stop() => {}
        _ = stop.next() => troupe.kill().await,
    }
    // Only a demo that is finished is started again.
    outcome.and_then(|()| phones.keep())
}

/// What failed because a program had ended is told as that end, which may
/// show a moment later.
async fn told_by_death(
    outcome: anyhow::Result<()>,
    deaths: &mut mpsc::Receiver<Failure>,
) -> anyhow::Result<()> {
    let Err(error) = outcome else { return Ok(()) };
    let known = error.downcast_ref::<Failure>().is_some();
    match tokio::time::timeout(MOMENT, deaths.recv()).await {
        Ok(Some(death)) if !known => Err(death.into()),
        _ => Err(error),
    }
}

/// A demo under way.
struct Show<'a> {
    options: &'a Options,
    folder: &'a Folder,
    programs: &'a Programs,
    troupe: &'a Troupe,
    progress: &'a Arc<Progress>,
    letters: &'a Letters,
    phones: &'a Phones,
    systems: &'a Systems,
}

impl Show<'_> {
    /// Everything up to what is printed.
    async fn perform(&self, left: Option<Record>) -> anyhow::Result<()> {
        let ticking = self.progress.tick();
        let outcome = self.work(left).await;
        drop(ticking);
        self.progress.end_line();
        let tally = outcome?;
        self.print(&tally)?;
        if tally.holds() {
            return Ok(());
        }
        let message = format!("an invariant does not hold: {}", tally.problems.join("; "));
        Err(Failure::new(exit::INTERNAL, message).into())
    }

    async fn work(&self, left: Option<Record>) -> anyhow::Result<Tally> {
        let stage = Stage {
            folder: self.folder,
            programs: self.programs,
            troupe: self.troupe,
            progress: self.progress,
            letters: self.letters,
            phones: self.phones,
            systems: self.systems,
        };
        let reports = reports::all()?;
        let (nodes, record) = if let Some(record) = left {
            let nodes = stage.raise().await?;
            self.systems.subscribe(self.folder, self.programs).await?;
            (nodes, record)
        } else {
            let weeks = Weeks::begin(self.folder)?;
            let nodes = stage.found().await?;
            let endings = endings::begin(&stage, &nodes).await?;
            let record = self.play(&stage, &weeks, &nodes, reports.clone()).await?;
            self.progress.expect(0);
            self.progress.stage("furnishing the desks of today");
            endings::come(&nodes, &endings).await?;
            let scenes = scenes::file(&nodes).await?;
            oversight::play(&nodes).await?;
            let nodes = stage.furnish(&scenes).await?;
            self.systems.subscribe(self.folder, self.programs).await?;
            systems::bring(self.folder, self.programs).await?;
            self.progress
                .stage("talking by SMS, X, Facebook, WhatsApp, Telegram, e-mail and Open311");
            self.phones.talk(self.folder, &nodes).await?;
            self.systems.is_told("case.closed").await?;
            self.phones.keep()?;
            (nodes, record)
        };
        self.progress.expect(0);
        self.progress.stage("waiting until nothing is under way");
        let mut tally = tally::tally(self.folder, &nodes, &record, &reports, self.progress).await?;
        tally.channels = self.phones.figures(self.folder).await?;
        tally.systems = systems::exchanged(self.folder).await?;
        tally.seconds = (self.progress.seconds() * 10.0).round() / 10.0;
        self.folder.finish(&record)?;
        Ok(tally)
    }

    /// The weeks pass, with what comes about in each half day of them.
    async fn play(
        &self,
        stage: &Stage<'_>,
        weeks: &Weeks,
        nodes: &Arc<Nodes>,
        reports: Vec<Report>,
    ) -> anyhow::Result<Record> {
        let all = plan::families(reports)?;
        let families = chosen(all, self.options.reports);
        let count = families.iter().map(|family| 1 + family.repeats.len());
        self.progress
            .stage("filing reports, disposing, answering, closing: two months in a minute");
        self.progress.expect(count.sum());
        let mut playing = Playing::all(families);
        for leg in 0..weeks::LEGS {
            let first = leg * weeks::SPANS_OF_LEG;
            for span in first..first + weeks::SPANS_OF_LEG {
                play::play(&mut playing, span, nodes, weeks, self.progress).await?;
            }
            weeks.passed(leg)?;
            if leg + 1 < weeks::LEGS {
                stage.restart().await?;
            }
        }
        let whole = self.options.reports.is_none();
        let played = play::played(playing);
        Ok(Record { whole, played })
    }

    /// One JSON object on standard output, or the table and the addresses.
    fn print(&self, tally: &Tally) -> anyhow::Result<()> {
        let addresses = show::addresses(self.folder, &self.phones.page, &self.systems.page())?;
        let table = show::table(tally);
        let answer = match (self.options.json, self.options.once) {
            (true, true) => serde_json::to_string(tally)?,
            (true, false) => {
                self.progress.say(&table);
                serde_json::to_string(&addresses)?
            }
            (false, true) => table,
            (false, false) => table + &show::invitation(&addresses, self.folder.is_temporary()),
        };
        let mut stdout = std::io::stdout();
        let written = writeln!(stdout, "{answer}").and_then(|()| stdout.flush());
        written.map_err(|error| Failure::new(exit::of_io(&error), error.to_string()).into())
    }

    /// Until Ctrl-C, or until a program ends by itself.
    async fn stay_up(
        &self,
        stop: &mut Stop,
        deaths: &mut mpsc::Receiver<Failure>,
    ) -> anyhow::Result<()> {
        tokio::select! {
            _ = stop.next() => Ok(()),
            Some(death) = deaths.recv() => Err(death.into()),
        }
    }
}

/// All families, or the first that hold so many reports, those with a story first.
fn chosen(mut families: Vec<Family>, most: Option<u32>) -> Vec<Family> {
    let Some(most) = most else { return families };
    let mut told = BTreeSet::new();
    // Of each story one before the second of any.
    let mut rank = |family: &Family| {
        let note = family
            .head
            .report
            .note
            .split(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        !told.insert((note, family.repeats.is_empty()))
    };
    let mut ranked: Vec<(bool, Family)> = families.drain(..).rev().map(|f| (rank(&f), f)).collect();
    ranked.sort_by_key(|(common, _)| *common);
    let mut taken = 0;
    let enough = |family: &Family| {
        let before = taken;
        taken += 1 + family.repeats.len();
        before < most as usize
    };
    ranked
        .into_iter()
        .map(|(_, family)| family)
        .take_while(enough)
        .collect()
}

/// The day by which an answer is expected.
fn deadline(now_ms: i64) -> anyhow::Result<String> {
    day(now_ms + DEADLINE_DAYS * DAY_MS)
}

/// `YYYY-MM-DD` in Jakarta.
fn day(at_ms: i64) -> anyhow::Result<String> {
    const JAKARTA_MS: i64 = 7 * 3_600_000;
    let day = chrono::DateTime::from_timestamp_millis(at_ms + JAKARTA_MS);
    let day = day.context("the clock of this machine shows an impossible day")?;
    Ok(day.format("%Y-%m-%d").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_a_day_in_jakarta() {
        for (now_ms, day) in [
            (0, "1970-01-15"),
            (16 * 3_600_000, "1970-01-15"),
            (17 * 3_600_000, "1970-01-16"),
        ] {
            assert_eq!(deadline(now_ms).unwrap(), day, "{now_ms}");
        }
        assert!(deadline(i64::MAX / 2).is_err());
    }

    #[test]
    fn a_few_reports_hold_every_story() {
        let all = plan::families(reports::all().unwrap()).unwrap();
        let count =
            |families: &[Family]| families.iter().map(|f| 1 + f.repeats.len()).sum::<usize>();
        let few = chosen(all.clone(), Some(20));
        assert!((20..30).contains(&count(&few)), "{}", count(&few));
        for note in ["misrouted", "recalled", "held", "escalated", "reopened"] {
            let tells = |family: &Family| family.head.report.note.starts_with(note);
            assert!(few.iter().any(tells), "{note}");
        }
        assert!(few.iter().any(|family| !family.repeats.is_empty()));
        assert_eq!(count(&chosen(all, None)), 326);
    }
}
