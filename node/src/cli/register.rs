//! Registers at the command line: a table or spreadsheet of reports is filed as a whole, or tried.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::print::{counted, plain};
use super::report::unreadable;
use super::{Failure, Out, Place, actor, exit};
use crate::node::Node;
use crate::registers::{
    FILE_BYTES, Import, NewRegister, RegisterError, RowProblem, Wrong, channel_of,
};

/// Problems that are shown.
const SHOWN: usize = 50;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// File the rows of a .csv, .xlsx or .ods: all of them, or none
    Import(Bring),
}

#[derive(Debug, Args)]
pub struct Bring {
    /// docs/registers.md lists the headings that are known
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How the reports came in, where no column says it: walk-in, letter, phone, sms, email, whatsapp, web
    #[arg(long, default_value = "walk-in")]
    channel: String,
    /// Leave out the rows that are wrong
    #[arg(long)]
    without_wrong: bool,
    /// File nothing, say what is wrong, and end as the import would
    #[arg(long)]
    dry_run: bool,
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let Command::Import(args) = command;
    let channel = channel_of(&args.channel);
    let channel = channel.ok_or_else(|| {
        let said = "--channel is walk-in, letter, phone, sms, email, whatsapp or web";
        Failure::usage(said)
    })?;
    let (node, actor) = (place.node().await?, actor());
    let name = args.file.display().to_string();
    let new = NewRegister {
        name: &name,
        bytes: read(&args.file)?,
        channel,
    };
    let id = node.bring_register(new, &actor).await?;
    let looked = look(&node, &id, &actor, out).await;
    let filed = match looked.and_then(|import| fit(import, args.without_wrong)) {
        Ok(_) if args.dry_run => Ok(()),
        Ok(import) => file(&node, &import, args.without_wrong, &actor, out).await,
        Err(failure) => Err(failure),
    };
    if filed.is_ok() && !args.dry_run {
        return Ok(());
    }
    // What is not filed is brought again, mended or as it is.
    let dropped = node.drop_register(&id, &actor).await;
    filed.and(dropped.map_err(Failure::from))
}

/// Says what is wrong.
async fn look(node: &Node, id: &str, actor: &str, out: Out<'_>) -> Result<Import, Failure> {
    let import = node.register(id, actor).await?;
    for one in import.problems.iter().take(SHOWN) {
        let column = one.column.as_deref().map(plain);
        let column = column.map(|column| format!(", {column}"));
        let (column, detail) = (column.unwrap_or_default(), plain(&one.detail));
        writeln!(out, "line {}{column}: {detail}", one.line)?;
    }
    let more = import.problems.len().saturating_sub(SHOWN);
    if more > 0 {
        writeln!(out, "and {more} more")?;
    }
    let ready = counted(import.ready as u64, "row");
    writeln!(out, "{ready} can be filed, {} cannot.", import.wrong)?;
    Ok(import)
}

/// Holds back what cannot be filed, a trial as the import. Where no row can be, there is nothing to
/// leave the wrong ones out of.
fn fit(import: Import, without_wrong: bool) -> Result<Import, Failure> {
    let no_content = |one: &RowProblem| matches!(one.wrong, Wrong::NoContent(_));
    if import.problems.iter().any(no_content) {
        let said = "no row can be filed; head the column that is the content Isi Laporan";
        return Err(Failure::new(exit::DATA, said));
    }
    if import.ready == 0 {
        return Err(RegisterError::Nothing.into());
    }
    if import.wrong > 0 && !without_wrong {
        return Err(RegisterError::Wrong(import.wrong).into());
    }
    Ok(import)
}

async fn file(
    node: &Node,
    import: &Import,
    without_wrong: bool,
    actor: &str,
    out: Out<'_>,
) -> Result<(), Failure> {
    let filed = node.file_register(&import.id, without_wrong, None, actor);
    let filed = Box::pin(filed).await?;
    for row in &filed.filed {
        let (ticket, number) = (row.ticket.as_deref(), row.own_number.as_deref());
        let number = plain(number.unwrap_or_default());
        writeln!(
            out,
            "{}\t{}\t{number}",
            row.line,
            ticket.unwrap_or(&row.case)
        )?;
    }
    let cases = counted(filed.filed.len() as u64, "case");
    writeln!(out, "Filed {cases}.")?;
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file)
        .and_then(|opened| opened.take(FILE_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|error| unreadable(file, &error))?;
    Ok(bytes)
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Node(error) => error.into(),
            RegisterError::Before(before) => {
                let said = format!(
                    "the same file was uploaded before, as {} by {}; {} filed",
                    plain(&before.name),
                    plain(&before.actor),
                    counted(before.filed as u64, "case")
                );
                Self::new(exit::DATA, said)
            }
            RegisterError::Crowded => Self::new(exit::TEMPORARY, error.to_string()),
            other => Self::new(exit::DATA, other.to_string()),
        }
    }
}
