//! Categories in force at the command line, and the institution's own tree.

use std::path::PathBuf;

use clap::Subcommand;
use lapor_protocol::kinds::Category;
use lapor_web::table::RowError;

use super::print::{Zone, json, plain};
use super::report::{named, read_text};
use super::{Failure, Out, Place, actor};
use crate::node::Node;
use crate::taxonomy::MOST;
use crate::taxonomy::editions::{WrongLine, WrongTable, read_table};
use crate::taxonomy::{Needs, NewLocalCategory};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the categories in force, with what this institution asks for them
    List {
        #[arg(long)]
        json: bool,
    },
    /// Say which national category a local one is; reports with the local one are filed under it
    Map {
        /// As your own application writes it
        #[arg(value_name = "LOCAL")]
        local: String,
        /// For instance Perhubungan/Parkir Liar
        #[arg(value_name = "ROOT/SUB", value_parser = named::<Category>)]
        category: Category,
    },
    /// Take a local category away
    Unmap {
        #[arg(value_name = "LOCAL")]
        local: String,
    },
    /// List the local categories
    Local {
        #[arg(long)]
        json: bool,
    },
    /// Put a whole local tree in force, from a table with the columns lokal and nasional
    Import {
        #[arg(value_name = "FILE.csv")]
        table: PathBuf,
    },
    /// List the editions that the local tree has had
    Editions,
    /// Put the local tree of an earlier edition in force again
    Restore {
        #[arg(value_name = "NUMBER")]
        edition: i64,
    },
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Command::List { json: as_json } => {
            let categories = node.categories().await?;
            if as_json {
                return json(&categories, out);
            }
            writeln!(out, "Edition {}", plain(&categories.edition))?;
            for root in &categories.roots {
                writeln!(out, "  {}{}", plain(&root.name), asked(root.needs))?;
                for below in &root.below {
                    writeln!(out, "    {}{}", plain(&below.name), asked(below.needs))?;
                }
            }
        }
        Command::Map { local, category } => {
            let new = NewLocalCategory { local, category };
            node.map_category(&new, &actor()).await?;
            writeln!(
                out,
                "{} is filed under {}.",
                plain(&new.local),
                plain(new.category.as_str())
            )?;
        }
        Command::Unmap { local } => {
            node.unmap_category(&local, &actor()).await?;
            writeln!(out, "{} is no local category any more.", plain(&local))?;
        }
        Command::Import { table } => import(&node, &read_text(&table)?, out).await?,
        Command::Editions => {
            for edition in node.local_editions().await? {
                let (number, actor) = (edition.number, plain(&edition.actor));
                writeln!(
                    out,
                    "{number}  {}  {actor}",
                    Zone::of(&node).show(edition.at)
                )?;
            }
        }
        Command::Restore { edition } => {
            node.restore_local_edition(edition, &actor()).await?;
            writeln!(out, "The local tree is that of edition {edition} again.")?;
        }
        Command::Local { json: as_json } => {
            let all = node.local_categories().await?;
            if as_json {
                return json(&all, out);
            }
            for each in &all.local {
                let gone = if each.known {
                    ""
                } else {
                    "  (not in the edition in force: map it anew)"
                };
                writeln!(
                    out,
                    "{} -> {}{gone}",
                    plain(&each.local),
                    plain(each.category.as_str())
                )?;
            }
            if all.local.is_empty() {
                writeln!(out, "No local category is mapped.")?;
            }
        }
    }
    Ok(())
}

async fn import(node: &Node, text: &str, out: Out<'_>) -> Result<(), Failure> {
    let tree = match read_table(text, &node.categories().await?) {
        Ok(tree) => tree,
        Err(WrongTable::Long) => {
            let said = format!("a tree has {MOST} local categories at most; this table has more");
            return Err(Failure::usage(said));
        }
        Err(WrongTable::Lines(wrong)) => {
            let lines = wrong.iter().map(|(line, why)| match why {
                WrongLine::Columns => {
                    format!("line {line}: expected the columns lokal and nasional")
                }
                WrongLine::Unclosed => {
                    format!("line {line}: {}", RowError::Unclosed)
                }
                WrongLine::Name => {
                    format!("line {line}: expected a name of at most 160 characters")
                }
                WrongLine::Unknown(category) => {
                    format!(
                        "line {line}: the edition in force has no {}",
                        plain(category)
                    )
                }
                WrongLine::Twice(local) => format!("line {line}: {} stands twice", plain(local)),
            });
            let lines: Vec<String> = lines.collect();
            return Err(Failure::usage(lines.join("\n")));
        }
    };
    node.replace_local_categories(&tree, &actor()).await?;
    Ok(writeln!(
        out,
        "The local tree has {} categories.",
        tree.len()
    )?)
}

fn asked(needs: Needs) -> &'static str {
    match (needs.evidence, needs.supervision) {
        (false, false) => "",
        (true, false) => "  (evidence)",
        (false, true) => "  (supervision)",
        (true, true) => "  (evidence, supervision)",
    }
}
