//! Channels of others: what came in by them and waits for a person, and what was not delivered.

use clap::Subcommand;

use super::print::{Zone, json};
use super::{Failure, Out, Place, actor};
use crate::channels::{Lines, Trouble};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Messages that cannot be read, wait for you, or were put off, and answers that were refused, and why
    List {
        #[arg(long)]
        json: bool,
    },
    /// Have those looked at again that cannot be read or wait for you
    Again,
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Command::List { json: true } => {
            let mut all = node.channel_trouble().await?;
            all.extend(node.channel_refused().await?);
            json(&all, out)?;
        }
        Command::List { json: false } => {
            let (trouble, zone) = (node.channel_trouble().await?, Zone::of(&node));
            if trouble.is_empty() {
                writeln!(out, "Nothing waits for a person.")?;
            }
            list(trouble, &zone, out)?;
            let refused = node.channel_refused().await?;
            if !refused.is_empty() {
                writeln!(out, "Answers that reached nobody:")?;
            }
            list(refused, &zone, out)?;
        }
        Command::Again => {
            let lines = Lines::of(&node.settings().channels)?;
            let revived = node.look_again(&lines, None, &actor()).await?;
            writeln!(out, "{revived} messages are looked at again.")?;
        }
    }
    Ok(())
}

fn list(rows: Vec<Trouble>, zone: &Zone, out: Out<'_>) -> Result<(), Failure> {
    for one in rows {
        writeln!(
            out,
            "{:>6}  {:<8} {:<9} {}  {}",
            one.number,
            one.state,
            one.channel,
            zone.show(one.came_at),
            one.problem.unwrap_or_default()
        )?;
    }
    Ok(())
}
