//! Taxonomy and calendar at the command line: show, and for the national desk
//! publish an edition from a file.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use lapor_protocol::kinds::calendar_updated::HolidayKind;
use lapor_protocol::kinds::{Body, CalendarUpdated};

use super::print::{Zone, counted, json, plain};
use super::programme::{standing, stored};
use super::report::read_text;
use super::{Failure, Out, Place, actor, exit};
use crate::node::Node;
use crate::publishing::{CalendarView, Edition, TaxonomyView};
use lapor_web::categories::{first_edition, is_unseen};
use lapor_web::edition_file::{self, Fault, Faults, New};
use lapor_web::holidays::{self, FIRST_EDITION, FIRST_NAME};

#[derive(Debug, Subcommand)]
pub enum Taxonomy {
    /// Publish an edition of the categories, as the national desk
    Publish {
        /// JSON with `edition` and `roots`, or - for standard input
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long)]
        json: bool,
    },
    /// Show the categories in force, or of an edition
    Show(Show),
}

#[derive(Debug, Subcommand)]
pub enum Calendar {
    /// Publish an edition of the holidays, as the national desk
    Publish {
        /// JSON with `edition` and `days`, or a .csv with the columns date, kind (libur_nasional
        /// or cuti_bersama), name
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Name of the edition, for instance 2026.1; a .csv needs it
        #[arg(long, value_name = "NAME")]
        edition: Option<String>,
        /// Though holidays of the edition in force, of today or later, become working days
        #[arg(long)]
        even_so: bool,
        #[arg(long)]
        json: bool,
    },
    /// Show the holidays in force, or of an edition
    Show(Show),
}

#[derive(Debug, Args)]
pub struct Show {
    /// Name of an edition; the one in force if not given, which is that of the program until the
    /// national desk has published one
    #[arg(value_name = "EDITION")]
    edition: Option<String>,
    #[arg(long)]
    json: bool,
}

pub async fn taxonomy(place: &Place, command: Taxonomy, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Taxonomy::Publish { file, json } => {
            let new = edition_file::taxonomy(&read_text(&file)?, "");
            let new = new.map_err(|faults| wrong(&file, &faults))?;
            publish(&node, new.into(), json, out).await
        }
        Taxonomy::Show(args) => {
            let TaxonomyView { taxonomy, editions } =
                node.taxonomy(args.edition.as_deref()).await?;
            let shipped = taxonomy.is_none();
            let taxonomy = taxonomy.unwrap_or_else(|| first_edition().clone());
            if args.json {
                let taxonomy = Some(taxonomy);
                return json(&TaxonomyView { taxonomy, editions }, out);
            }
            heading(&taxonomy.edition, shipped, out)?;
            for root in &taxonomy.roots {
                writeln!(out, "  {}", plain(&root.name))?;
                for name in &root.below {
                    writeln!(out, "    {}", plain(name))?;
                }
            }
            list(&editions, Zone::of(&node), out)
        }
    }
}

pub async fn calendar(place: &Place, command: Calendar, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Calendar::Publish {
            file,
            edition,
            even_so,
            json,
        } => {
            let new = read_calendar(&file, edition.as_deref())?;
            if !even_so && let New::Calendar(new) = &new {
                no_day_goes(&node, new).await?;
            }
            publish(&node, new.into(), json, out).await
        }
        Calendar::Show(args) => {
            let CalendarView { calendar, editions } =
                node.calendar(args.edition.as_deref()).await?;
            let shipped = calendar.is_none();
            let calendar = or_shipped(calendar)?;
            if args.json {
                let calendar = Some(calendar);
                return json(&CalendarView { calendar, editions }, out);
            }
            heading(&calendar.edition, shipped, out)?;
            for day in &calendar.days {
                let kind = match day.kind {
                    HolidayKind::NationalHoliday => "libur nasional",
                    HolidayKind::CollectiveLeave => "cuti bersama",
                };
                writeln!(out, "  {}  {kind:<14}  {}", day.date, plain(&day.name))?;
            }
            list(&editions, Zone::of(&node), out)
        }
    }
}

async fn publish(node: &Node, body: Body, as_json: bool, out: Out<'_>) -> Result<(), Failure> {
    let published = node.publish(body, &actor()).await?;
    stored(&published, as_json, out)
}

/// A day that was forgotten in the file would be a working day everywhere without a word.
async fn no_day_goes(node: &Node, new: &CalendarUpdated) -> Result<(), Failure> {
    let before = or_shipped(node.calendar(None).await?.calendar)?;
    let going = holidays::worked(&before, new, node.today());
    if going.is_empty() {
        return Ok(());
    }
    let (are, them) = if going.len() == 1 {
        ("is a working day", "it")
    } else {
        ("are working days", "them")
    };
    let count = counted(going.len() as u64, "holiday");
    let edition = plain(&before.edition);
    let days: Vec<String> = going.iter().map(|day| plain(day)).collect();
    let message = format!(
        "{count} of today or later, by edition {edition} in force, {are} by this file, and deadlines that run over {them} end sooner:\n  {}\n\
         An edition replaces the one before as a whole: take what is missing into the file, or say --even-so if it is meant",
        days.join("\n  ")
    );
    Err(Failure::new(exit::DATA, message))
}

/// The edition in force; that of the program until one has been published.
fn or_shipped(published: Option<CalendarUpdated>) -> Result<CalendarUpdated, Failure> {
    match published {
        Some(calendar) => Ok(calendar),
        None => holidays::read(FIRST_EDITION, FIRST_NAME)
            .map_err(|problem| Failure::new(exit::DATA, problem.to_string())),
    }
}

fn read_calendar(file: &Path, edition: Option<&str>) -> Result<New, Failure> {
    let text = read_text(file)?;
    if edition.is_none() && !edition_file::is_json(&text) {
        let message = "--edition NAME is needed: a table does not say its edition";
        return Err(Failure::usage(message));
    }
    let new = edition_file::calendar(&text, edition.unwrap_or_default());
    new.map_err(|faults| wrong(file, &faults))
}

/// Names all that is wrong with a file, as far as it has room.
fn wrong(file: &Path, faults: &Faults) -> Failure {
    let named = faults.named.iter();
    let plainly = |fault: &Fault| fault.to_string().replace(is_unseen, " ");
    let mut said: Vec<String> = named.map(plainly).collect();
    if faults.more > 0 {
        said.push(format!("and {} more", faults.more));
    }
    let (file, said) = (file.display(), said.join("\n  "));
    Failure::new(
        exit::DATA,
        format!("{file} cannot become an edition:\n  {said}"),
    )
}

/// Names what is shown; until the national desk has published an edition, that of the program counts.
fn heading(edition: &str, shipped: bool, out: Out<'_>) -> Result<(), Failure> {
    let mark = if shipped {
        "  in force, part of the program"
    } else {
        ""
    };
    Ok(writeln!(out, "Edition {}{mark}", plain(edition))?)
}

fn list(editions: &[Edition], zone: Zone, out: Out<'_>) -> Result<(), Failure> {
    if editions.is_empty() {
        return Ok(writeln!(out, "The national desk has published none yet.")?);
    }
    writeln!(out, "Editions:")?;
    for edition in editions {
        let current = if edition.current { "  in force" } else { "" };
        let mark = standing(edition.standing, edition.reason.as_deref());
        let (name, at) = (plain(&edition.edition), zone.show(edition.at));
        writeln!(out, "  {name:<12} {at}{current}{}", plain(&mark))?;
    }
    Ok(())
}
