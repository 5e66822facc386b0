//! Files in and out at the command line.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use futures_util::StreamExt;
use lapor_protocol::ids::Digest;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

use super::case::resolve;
use super::report::unreadable;
use super::{Failure, Out, Place, exit};
use crate::error::NodeError;
use crate::media::Door;
use crate::node::Node;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write an attachment, decrypted, to a file or to standard output
    Get {
        /// Id or ticket of the case
        #[arg(value_name = "CASE")]
        case: String,
        /// As `case show` lists it
        #[arg(value_name = "SHA256")]
        sha256: Digest,
        /// A file that does not exist yet
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

pub async fn run(place: &Place, command: Command, out: Out<'_>) -> Result<(), Failure> {
    let Command::Get {
        case,
        sha256,
        out: file,
    } = command;
    let node = place.node().await?;
    let case = resolve(&node, &case).await?;
    let mut opened = node.open_attachment(case, sha256).await?;
    let Some(path) = file else {
        while let Some(chunk) = opened.body.next().await {
            out.write_all(&chunk?)?;
        }
        out.flush()?;
        return Ok(());
    };
    let mut file = create(&path).await?;
    while let Some(chunk) = opened.body.next().await {
        file.write_all(&chunk?).await?;
    }
    // A write ends in the background; only this tells that the last one failed.
    file.flush().await?;
    file.sync_all().await?;
    writeln!(
        out,
        "Wrote {} ({}, {} bytes).",
        path.display(),
        opened.media_type,
        opened.size
    )?;
    Ok(())
}

/// Makes a file that does not exist yet.
pub async fn create(path: &Path) -> Result<tokio::fs::File, Failure> {
    let created = tokio::fs::File::create_new(path).await;
    created.map_err(|error| {
        let message = format!(
            "{} cannot be made: {error}; name a file that does not exist yet",
            path.display()
        );
        Failure::new(exit::CANNOT_CREATE, message)
    })
}

/// Takes in files as uploads and returns their ids.
pub async fn take_in(node: &Node, files: &[PathBuf]) -> Result<Vec<String>, Failure> {
    let mut uploads = Vec::with_capacity(files.len());
    for path in files {
        let file = tokio::fs::File::open(path)
            .await
            .map_err(|e| unreadable(path, &e))?;
        let receipt = node
            .receive_upload(Door::Staff, ReaderStream::new(file))
            .await
            .map_err(|error| naming(path, error))?;
        uploads.push(receipt.upload);
    }
    Ok(uploads)
}

/// A refusal that says which of several files it is about.
fn naming(path: &Path, error: NodeError) -> Failure {
    let failure = Failure::from(error);
    let message = format!("{}: {}", path.display(), failure.message);
    Failure { message, ..failure }
}
