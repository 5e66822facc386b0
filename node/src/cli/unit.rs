//! The units of the institution.

use clap::Subcommand;

use super::print::{json, plain};
use super::{Failure, Out, Place, actor};
use crate::staff::UnitId;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Add a unit
    Add {
        /// Its short name for ever, such as dinas-pu
        #[arg(value_name = "UNIT")]
        id: UnitId,
        /// What people call it
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The unit of which it is a part
        #[arg(long, value_name = "UNIT")]
        parent: Option<UnitId>,
    },
    /// List all units, the closed ones included
    List {
        #[arg(long)]
        json: bool,
    },
    /// Give a unit another name
    Rename {
        #[arg(value_name = "UNIT")]
        id: UnitId,
        #[arg(long, value_name = "NAME")]
        name: String,
    },
    /// Close a unit in which nobody works any more
    Close {
        #[arg(value_name = "UNIT")]
        id: UnitId,
    },
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Command::Add { id, name, parent } => {
            node.add_unit(&actor(), &id, &name, parent.as_ref()).await?;
            writeln!(out, "Added {id}.")?;
        }
        Command::List { json: true } => json(&node.units().await?, out)?,
        Command::List { json: false } => {
            for unit in node.units().await? {
                let below = if unit.parent.is_some() { "  " } else { "" };
                let closed = unit.closed_at.map_or("", |_| " (closed)");
                let id = format!("{below}{}", unit.id);
                writeln!(out, "{id:<32} {}{closed}", plain(&unit.name))?;
            }
        }
        Command::Rename { id, name } => {
            node.rename_unit(&actor(), &id, &name).await?;
            writeln!(out, "Renamed {id}.")?;
        }
        Command::Close { id } => {
            node.close_unit(&actor(), &id).await?;
            writeln!(out, "Closed {id}.")?;
        }
    }
    Ok(())
}
