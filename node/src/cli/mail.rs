//! Letters by e-mail: whether the mail server takes them, and which have trouble.

use clap::Subcommand;
use lapor_web::mail::Postbox;

use super::print::{Zone, json};
use super::{Failure, Out, Place, actor, exit};
use crate::post::{Delivery, Undelivered};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Send one letter now, to prove the settings
    Test {
        /// Who gets it
        #[arg(long, value_name = "ADDRESS")]
        to: String,
    },
    /// What waits, and what was put off or refused and why
    List {
        #[arg(long)]
        json: bool,
    },
    /// Drop a letter that was refused, once you have seen to it
    Drop {
        /// Its number in the list
        #[arg(value_name = "NUMBER")]
        number: i64,
    },
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let node = place.node().await?;
    match command {
        Command::Test { to } => {
            let delivery = Delivery::of(&node)?.ok_or_else(|| {
                Failure::new(
                    exit::CONFIGURATION,
                    "mail.host is not set: this node sends no letters",
                )
            })?;
            delivery.try_out(&to).await.map_err(undelivered)?;
            writeln!(out, "The mail server has taken the letter to {to}.")?;
        }
        Command::List { json: true } => json(&node.post_status().await?, out)?,
        Command::List { json: false } => {
            let (status, zone) = (node.post_status().await?, Zone::of(&node));
            if !status.on {
                writeln!(out, "mail.host is not set: this node sends no letters.")?;
            }
            write!(
                out,
                "{} waiting, {} refused",
                status.waiting, status.refused
            )?;
            if let Some(oldest) = status.oldest {
                write!(out, "; the oldest waits since {}", zone.show(oldest))?;
            }
            writeln!(out)?;
            for letter in status.troubled {
                let state = if letter.refused { "refused" } else { "waiting" };
                writeln!(
                    out,
                    "{:>6}  {state}  {:<8} {}  {}: {}",
                    letter.number,
                    letter.kind,
                    zone.show(letter.written_at),
                    letter.address,
                    letter.problem
                )?;
            }
        }
        Command::Drop { number } => {
            node.drop_refused_letter(number, &actor()).await?;
            writeln!(out, "Dropped letter {number}.")?;
        }
    }
    Ok(())
}

/// Tries the mail server for `check-config`. One that is away is no mistake in the settings.
pub(super) async fn check(postbox: Option<Postbox>, out: Out<'_>) -> Result<(), Failure> {
    let Some(postbox) = postbox else {
        writeln!(out, "mail.host: not set; this node sends no letters")?;
        return Ok(());
    };
    match postbox.connect().await {
        Ok(line) => {
            line.close().await;
            writeln!(out, "mail.host: answers, and takes letters of this node")?;
        }
        Err(problem) => writeln!(out, "mail.host: {problem}; letters would wait")?,
    }
    Ok(())
}

fn undelivered(trouble: Undelivered) -> Failure {
    let (code, problem) = match trouble {
        Undelivered::Down(problem) => (exit::UNAVAILABLE, problem),
        Undelivered::Later(problem) | Undelivered::Broken(problem) => (exit::TEMPORARY, problem),
        Undelivered::Refused(problem) => (exit::DATA, problem),
    };
    Failure::new(code, problem.said)
}
