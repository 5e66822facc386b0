//! Channels of others: what came in by them and waits for a person.

use clap::Subcommand;

use super::print::{Zone, json};
use super::{Failure, Out, Place, actor};
use crate::channels::Lines;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Messages that cannot be read, wait for you, or were put off, and why
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
        Command::List { json: true } => json(&node.channel_trouble().await?, out)?,
        Command::List { json: false } => {
            let (trouble, zone) = (node.channel_trouble().await?, Zone::of(&node));
            if trouble.is_empty() {
                writeln!(out, "Nothing waits for a person.")?;
            }
            for one in trouble {
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
        }
        Command::Again => {
            let lines = Lines::of(&node.settings().channels)?;
            let revived = node.look_again(&lines, &actor()).await?;
            writeln!(out, "{revived} messages are looked at again.")?;
        }
    }
    Ok(())
}
