//! `export` and `verify`: the record for outsiders, and its proof.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use clap::Args;
use lapor_protocol::audit::Extent;
use lapor_protocol::ids::CaseId;
use lapor_protocol::keys::KeyId;

use super::{Failure, Out, exit};
use crate::evidence::{self, Contradiction, ExportError, Proof};
use crate::ground::Ground;

/// Contradictions that are listed, and remarks; the rest is counted.
const LISTED: usize = 50;

#[derive(Debug, Args)]
pub struct Export {
    /// Folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only what proves this case
    #[arg(long, value_name = "ID")]
    case: Option<CaseId>,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// Folder that `export` made
    dir: PathBuf,
    /// Key id of the hub as you know it from elsewhere, for instance from
    /// `lapor-hub check-config`; any other is a contradiction
    #[arg(long, value_name = "KEY")]
    hub_key: Option<String>,
}

pub async fn export(ground: &Ground, asked: &Export, out: &mut Out<'_>) -> Result<(), Failure> {
    let shows = std::io::stderr().is_terminal();
    let explanation = &mut *out.explanation;
    let written = evidence::export(ground, &asked.out, asked.case, |done, total| {
        // A line that cannot be shown changes nothing about what is written.
        let _ = if shows {
            write!(explanation, "\r{done} of {total} messages")
        } else {
            Ok(())
        };
    })
    .await?;
    if shows {
        writeln!(out.explanation)?;
    }
    writeln!(out.answer, "{}", asked.out.display())?;
    for (count, what) in [
        (written.envelopes, "envelopes"),
        (written.rulings, "rulings"),
        (written.receipts, "receipts"),
        (written.heads, "heads"),
        (written.directory, "directory versions"),
        (written.stubs, "stubs"),
        (written.pictures, "pictures"),
    ] {
        writeln!(out.answer, "  {count:>10}  {what}")?;
    }
    let dir = asked.out.display();
    writeln!(out.explanation, "next: lapor-hub verify {dir}")?;
    Ok(())
}

/// Needs no configuration: whoever holds the files can do it.
pub fn verify(asked: &Verify, out: &mut Out<'_>) -> Result<(), Failure> {
    let proof = evidence::verify(&asked.dir).map_err(|error| {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => exit::NOT_FOUND,
            std::io::ErrorKind::InvalidData => exit::DATA,
            _ => exit::IO,
        };
        let message = format!("{error}; name a folder that `lapor-hub export` made");
        Failure::new(code, message)
    })?;
    let known = asked.hub_key.clone().map(KeyId::from_text);
    let stranger = known.is_some_and(|known| known != proof.hub_key);
    print(&proof, out)?;
    if stranger {
        writeln!(out.answer, "{}: not the hub that you named", proof.hub_key)?;
    }
    let wrong = proof.contradictions.len() + usize::from(stranger);
    if wrong == 0 {
        writeln!(out.answer, "everything holds")?;
        return Ok(());
    }
    let message = format!("{wrong} contradictions; keep the folder as it is, it is evidence");
    Err(Failure::new(exit::DATA, message))
}

fn print(proof: &Proof, out: &mut Out<'_>) -> Result<(), Failure> {
    let tally = &proof.tally;
    let extent = match proof.extent {
        Extent::Whole => "the whole record",
        Extent::Cases => "one case; other cases and the streams are taken as ruled",
    };
    writeln!(out.answer, "{extent}")?;
    writeln!(out.answer, "  hub key    {}", proof.hub_key)?;
    writeln!(out.answer, "  directory  {} versions", proof.directory)?;
    writeln!(out.answer, "  envelopes  {}", tally.envelopes)?;
    writeln!(
        out.answer,
        "  rulings    {}, {} applied",
        tally.rulings, tally.applied
    )?;
    writeln!(out.answer, "  receipts   {}", tally.receipts)?;
    writeln!(out.answer, "  heads      {}", tally.heads)?;
    writeln!(out.answer, "  cases      {}", tally.cases)?;
    list(&proof.remarks, "remark: ", out)?;
    list(&proof.contradictions, "", out)
}

fn list(found: &[Contradiction], mark: &str, out: &mut Out<'_>) -> Result<(), Failure> {
    for one in found.iter().take(LISTED) {
        writeln!(out.answer, "{mark}{one}")?;
    }
    if let Some(more) = found.len().checked_sub(LISTED + 1) {
        writeln!(out.answer, "{mark}and {} more", more + 1)?;
    }
    Ok(())
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        let code = match error {
            ExportError::Hub(error) => return error.into(),
            ExportError::Exists(_) | ExportError::Write { .. } => exit::CANNOT_CREATE,
            ExportError::NoSuchCase(_) => exit::NOT_FOUND,
        };
        Self::new(code, error.to_string())
    }
}
