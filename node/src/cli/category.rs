//! Categories in force at the command line, and the institution's own tree.

use clap::Subcommand;
use lapor_protocol::kinds::Category;

use super::print::{json, plain};
use super::report::named;
use super::{Failure, Out, Place, actor};
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

fn asked(needs: Needs) -> &'static str {
    match (needs.evidence, needs.supervision) {
        (false, false) => "",
        (true, false) => "  (evidence)",
        (false, true) => "  (supervision)",
        (true, true) => "  (evidence, supervision)",
    }
}
