//! Hints at the command line: those of a case, and how good they are on reports of which the
//! answer is known.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use lapor_protocol::ids::InstanceId;
use serde::Serialize;

use super::print::{counted, json, plain};
use super::report::read_text;
use super::{Failure, Out, exit};
use crate::hints::measure::{Duplicates, Learning, MeasureError, Routing, Sample, Units};
use crate::hints::{Hints, Reason, UnitReason};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Measure the hints on reports whose institution is known; needs no node
    Measure(Measure),
}

#[derive(Debug, Args)]
pub struct Measure {
    /// Reports as tests/data/README.md describes them; repeat for more tables
    #[arg(long, value_name = "FILE", required = true)]
    reports: Vec<PathBuf>,
    /// Institutions: slug,kind,name,parent,region_code
    #[arg(long, value_name = "FILE")]
    instances: PathBuf,
    /// Units to which some of the reports went, to measure their hints as well: id,unit
    #[arg(long, value_name = "FILE")]
    units: Option<PathBuf>,
    /// Parts for the run in which only other parts are learnt from
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(2..=50))]
    folds: u8,
    /// Measure how likely duplicates are found as well
    #[arg(long)]
    duplicates: bool,
    #[arg(long)]
    json: bool,
}

/// Everything that was measured.
#[derive(Serialize)]
struct Measured {
    without_cluster: Routing,
    folds: Routing,
    without_learning: Routing,
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<Units>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Duplicates>,
}

pub fn run(command: Command, out: Out<'_>) -> Result<(), Failure> {
    let Command::Measure(args) = command;
    let tables = args.reports.iter().map(|file| read_text(file));
    let tables = tables.collect::<Result<Vec<_>, _>>()?;
    let wrong = |problem: MeasureError| Failure::new(exit::DATA, problem.to_string());
    let mut sample = Sample::read(&tables, &read_text(&args.instances)?).map_err(wrong)?;
    if let Some(units) = &args.units {
        sample = sample.with_units(&read_text(units)?).map_err(wrong)?;
    }
    let measured = Measured {
        without_cluster: sample.routing(Learning::WithoutCluster),
        folds: sample.routing(Learning::Folds(args.folds.into())),
        without_learning: sample.routing(Learning::Nothing),
        units: args.units.is_some().then(|| sample.units()),
        duplicates: args.duplicates.then(|| sample.duplicates()),
    };
    if args.json {
        return json(&measured, out);
    }
    writeln!(out, "Learnt from all but the report's own cluster")?;
    writeln!(out, "  {}", measured.without_cluster)?;
    writeln!(
        out,
        "Learnt from the other {} of {} parts",
        args.folds - 1,
        args.folds
    )?;
    writeln!(out, "  {}", measured.folds)?;
    writeln!(out, "Nothing learnt")?;
    writeln!(out, "  {}", measured.without_learning)?;
    if let Some(units) = &measured.units {
        writeln!(out, "Units, learnt from the institution's other reports")?;
        writeln!(out, "  {units}")?;
    }
    writeln!(out, "Missed:")?;
    for missed in &measured.without_cluster.missed {
        let suggested: Vec<_> = missed.suggested.iter().map(InstanceId::as_str).collect();
        let suggested = if suggested.is_empty() {
            "nobody".to_owned()
        } else {
            suggested.join(", ")
        };
        let (id, expected) = (plain(&missed.id), &missed.expected);
        writeln!(out, "  {id:<6} {expected}; suggested: {suggested}")?;
    }
    match &measured.duplicates {
        Some(duplicates) => show_duplicates(duplicates, out),
        None => Ok(()),
    }
}

fn show_duplicates(measured: &Duplicates, out: Out<'_>) -> Result<(), Failure> {
    let share = |part: u32, whole: u32| f64::from(part) * 100.0 / f64::from(whole.max(1));
    writeln!(
        out,
        "Duplicates: {} of {} repeats found ({:.1} %), {} of {} suggestions right ({:.1} %)",
        measured.found,
        measured.repeats,
        share(measured.found, measured.repeats),
        measured.right,
        measured.suggested,
        share(measured.right, measured.suggested),
    )?;
    Ok(())
}

/// The hints of a case, a line for each and one for its reasons; units behind institutions.
pub fn show(hints: &Hints, out: Out<'_>) -> Result<(), Failure> {
    if hints.hints.is_empty() {
        writeln!(out, "Nothing speaks for any institution.")?;
    }
    for hint in &hints.hints {
        let mark = match (hint.own, hint.active) {
            (true, _) => "  (this institution)",
            (false, false) => "  (has not joined)",
            (false, true) => "",
        };
        let slug = hint.institution.as_str();
        writeln!(out, "{slug:<24} {}{mark}", plain(&hint.name))?;
        let reasons: Vec<String> = hint.reasons.iter().map(said).collect();
        writeln!(out, "    {}", plain(&reasons.join("; ")))?;
    }
    for hint in &hints.units {
        writeln!(out, "unit {:<19} {}", hint.unit, plain(&hint.name))?;
        let reasons: Vec<String> = hint.reasons.iter().map(said_of_unit).collect();
        writeln!(out, "    {}", plain(&reasons.join("; ")))?;
    }
    Ok(())
}

fn said_of_unit(reason: &UnitReason) -> String {
    match reason {
        UnitReason::Words { cases } => {
            let reports = counted(u64::from(*cases), "similar report");
            format!("{reports} went there")
        }
        UnitReason::Category {
            category,
            cases,
            of,
        } => format!("{cases} of {of} of category {category}"),
        UnitReason::Place { region, cases, of } => format!("{cases} of {of} in {region}"),
    }
}

fn said(reason: &Reason) -> String {
    match reason {
        Reason::Named { words } => format!("named: {}", words.join(", ")),
        Reason::Subject { words } => format!("responsible for: {}", words.join(", ")),
        Reason::Category { category } => format!("category {category}"),
        Reason::Place { region, .. } => format!("governs {region}"),
        Reason::Past { cases } => format!(
            "{} went there",
            counted(u64::from(*cases), "similar report")
        ),
        Reason::Reporter => "the reporter has it in mind".into(),
        Reason::Returned { by } => format!("{by} gave the case back and suggests it"),
    }
}
