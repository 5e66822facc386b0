//! SP4N-LAPOR! at the command line: what stands there is brought here and the other way round, or
//! tried first.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tokio::io::AsyncWriteExt as _;

use super::print::{Zone, counted, plain};
use super::report::read_at_most;
use super::{Failure, Out, Place, actor, attachment, exit};
use crate::bridge::{Became, Report, Source, Terms, Which};
use crate::node::Node;

/// Bytes of a table, at most.
const TABLE_BYTES: u64 = 256 * 1024 * 1024;
/// So many are done between two words about it.
const STEP: usize = 100;
/// Lines that are shown of what was refused; the report has all.
const SHOWN: usize = 20;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take in the institutions there, and who they are in the directory
    Institutions {
        /// From a table with the columns id, name and, for who they are here, instance
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        #[command(flatten)]
        told: Told,
    },
    /// Bring complaints here as cases with their numbers; what is here already is brought up to date,
    /// and what is new in the list there `serve` brings by itself
    Import(Import),
    /// Ask for all complaints that are followed; `serve` does it by itself
    Follow {
        #[command(flatten)]
        told: Told,
    },
    /// Hand over the reports filed and the answers given here, or write answered cases into a table
    Export {
        /// Write a table instead
        #[arg(long, value_name = "FILE", conflicts_with_all = ["dry_run", "report"])]
        csv: Option<PathBuf>,
        #[command(flatten)]
        told: Told,
    },
    /// What was done lately, the latest first
    Runs,
}

#[derive(Debug, Args)]
pub struct Import {
    /// A table with a head; docs/bridge.md lists the columns
    #[arg(long, value_name = "FILE", conflicts_with = "id")]
    csv: Option<PathBuf>,
    /// Numbers of complaints to ask for; without them and without a table, all that are listed there
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    id: Vec<String>,
    /// Bring none unless all can be brought
    #[arg(long)]
    all_or_none: bool,
    /// Take a case that has the number already for the same report
    #[arg(long)]
    link: bool,
    #[command(flatten)]
    told: Told,
}

#[derive(Debug, Args)]
pub struct Told {
    /// Do nothing, and report what would be done
    #[arg(long)]
    dry_run: bool,
    /// Write what became of each row, complaint or answer into a table
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    let actor = actor();
    let terms = |told: &Told, link| Terms {
        actor: &actor,
        dry: told.dry_run,
        link,
    };
    match command {
        Command::Institutions { csv, told } => {
            let table = csv.as_deref().map(read_table).transpose()?;
            let file = Paper::of(&told).await?;
            let report = node
                .bridge_institutions(table.as_deref(), terms(&told, false))
                .await?;
            file.end(&report, out).await
        }
        Command::Import(args) => {
            let source = match (&args.csv, args.id.is_empty()) {
                (Some(file), _) => Source::Table(read_table(file)?),
                (None, false) => Source::Numbers(args.id.clone()),
                (None, true) => Source::List,
            };
            let (file, whole) = (Paper::of(&args.told).await?, args.all_or_none);
            let terms = terms(&args.told, args.link);
            let mut progress = |done, of| tell_progress(done, of, out);
            let report = node.bridge_import(&source, terms, whole, &mut progress);
            let report = report.await?;
            file.end(&report, out).await
        }
        Command::Follow { told } => {
            let file = Paper::of(&told).await?;
            let mut progress = |done, of| tell_progress(done, of, out);
            let report = node.bridge_follow(Which::All, terms(&told, false), &mut progress);
            let report = report.await?;
            file.end(&report, out).await
        }
        Command::Export { csv: None, told } => {
            let file = Paper::of(&told).await?;
            let mut progress = |done, of| tell_progress(done, of, out);
            let report = node.bridge_export(terms(&told, false), &mut progress);
            let report = report.await?;
            file.end(&report, out).await
        }
        Command::Export {
            csv: Some(path), ..
        } => table(&node, &path, out).await,
        Command::Runs => runs(&node, out).await,
    }
}

fn read_table(file: &Path) -> Result<String, Failure> {
    read_at_most(file, TABLE_BYTES)
}

/// A terminal that is gone ends nothing.
fn tell_progress(done: usize, of: usize, out: Out<'_>) {
    if done > 0 && done < of && done.is_multiple_of(STEP) {
        writeln!(out, "{done} of {of}").ok();
    }
}

async fn table(node: &Node, path: &Path, out: Out<'_>) -> Result<(), Failure> {
    let file = attachment::create(path).await?.into_std().await;
    let mut file = std::io::BufWriter::new(file);
    let mut progress = |done, of| tell_progress(done, of + 1, out);
    let (written, without) = node.bridge_table(&mut file, &mut progress).await?;
    let written = counted(written as u64, "case");
    writeln!(out, "Wrote {} ({written}).", path.display())?;
    if without > 0 {
        let without = counted(without as u64, "case");
        writeln!(out, "{without} left out: rahasia, or without words.")?;
    }
    Ok(())
}

async fn runs(node: &Node, out: Out<'_>) -> Result<(), Failure> {
    let (runs, zone) = (node.bridge_runs().await?, Zone::of(node));
    if runs.is_empty() {
        writeln!(out, "Nothing was done yet.")?;
    }
    for run in runs {
        let (at, actor) = (zone.show(run.ended_at), plain(&run.actor));
        writeln!(out, "{at}  {:<12} {actor}: {}", run.kind, run.counts)?;
        if let Some(problem) = run.problem {
            writeln!(out, "    not to its end: {}", plain(&problem))?;
        }
    }
    Ok(())
}

/// Where a report goes; the file is made before anything is done.
struct Paper {
    file: Option<tokio::fs::File>,
    dry: bool,
}

impl Paper {
    async fn of(told: &Told) -> Result<Self, Failure> {
        let file = match &told.report {
            Some(path) => Some(attachment::create(path).await?),
            None => None,
        };
        Ok(Self {
            file,
            dry: told.dry_run,
        })
    }

    /// Writes the report, and says on the terminal what it comes to.
    async fn end(self, report: &Report, out: Out<'_>) -> Result<(), Failure> {
        if let Some(mut file) = self.file {
            let table = report.table();
            let table = table.map_err(|error| Failure::new(exit::INTERNAL, error.to_string()))?;
            file.write_all(table.as_bytes()).await?;
            file.flush().await?;
        }
        let troubled = |became| matches!(became, Became::Refused | Became::Remark);
        let lines = report.lines.iter().filter(|line| troubled(line.became));
        let count = lines.clone().count();
        for line in lines.take(SHOWN) {
            let at = line
                .line
                .map(|line| format!("line {line}, "))
                .unwrap_or_default();
            let (id, what) = (plain(&line.id), plain(&line.what));
            let field = Some(line.field).filter(|field| !field.is_empty());
            let field = field.map(|field| format!("{field}: ")).unwrap_or_default();
            writeln!(out, "{at}{id} {}, {field}{what}", line.became.as_str())?;
        }
        if count > SHOWN {
            writeln!(out, "and {} more; --report FILE has all", count - SHOWN)?;
        }
        let would = if self.dry {
            "Tried, and nothing done: "
        } else {
            ""
        };
        writeln!(out, "{would}{}.", report.summary())?;
        if let Some(problem) = &report.interrupted {
            let said = format!("{problem}; what was done is done, run it again to go on");
            return Err(Failure::new(exit::TEMPORARY, said));
        }
        if report.has_refused() {
            let said = "some were refused; mend them and run it again, nothing is brought twice";
            return Err(Failure::new(exit::DATA, said));
        }
        Ok(())
    }
}
