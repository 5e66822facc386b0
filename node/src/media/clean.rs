//! A file that has arrived, made fit to be kept: told by its content, bounded,
//! and cleaned in place.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::path::Path;

use tokio::task::spawn_blocking;

use super::kind::{Cleaning, Door, HEAD_BYTES, told};
use super::turns::Turns;
use super::{film, matroska, pdf, picture};
use crate::error::NodeError;

/// Why a file is not kept; the sender's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{}", wrong_kind(*.found, *.door))]
    Kind {
        found: Option<&'static str>,
        door: Door,
    },
    #[error("the picture is HEIF or AVIF; send it as JPEG, which every phone can do")]
    Heif,
    #[error("the picture cannot be read as what it begins as; it may be damaged")]
    DamagedPicture,
    #[error(
        "the picture is too large: at most {} megapixels and {} MiB",
        picture::MOST_PIXELS / 1_000_000,
        picture::MOST_BYTES >> 20
    )]
    LargePicture,
    #[error("the video cannot be read as what it begins as; it may be damaged")]
    DamagedFilm,
    #[error(
        "the video records every place it was taken at in a track of its own; send a copy without that track"
    )]
    TracedFilm,
}

impl From<Refused> for NodeError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::LargePicture => Self::TooLarge(refused.to_string()),
            Refused::Kind { .. } | Refused::Heif => Self::MediaType(refused.to_string()),
            _ => Self::Invalid(refused.to_string()),
        }
    }
}

/// Why a file could not be cleaned.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<Failed> for NodeError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Refused(refused) => refused.into(),
            Failed::Io(error) => Self::File(error),
        }
    }
}

/// Cleans a file when it is its turn; until then no thread is kept from others. `alone` is kept until the
/// file is cleaned, so that nobody else writes it meanwhile.
pub(super) async fn clean_in_turn(
    turns: &Turns,
    path: &Path,
    door: Door,
    alone: Option<File>,
) -> Result<(&'static str, u64), NodeError> {
    let file = path.to_owned();
    let begun = spawn_blocking(move || {
        let (_, cleaning) = begins_as(&file, door)?;
        Ok::<_, Failed>((cleaning, std::fs::metadata(&file)?.len()))
    });
    let (cleaning, bytes) = begun.await.map_err(NodeError::damaged)??;
    let turn = match cleaning {
        Cleaning::None => None,
        _ => Some(turns.next(cleaning, bytes).await?),
    };
    let file = path.to_owned();
    let cleaned = spawn_blocking(move || {
        let cleaned = clean(&file, door);
        // They end with the work, which goes on where nobody waits for it any more.
        drop((turn, alone));
        cleaned
    });
    Ok(cleaned.await.map_err(NodeError::damaged)??)
}

/// Cleans a file and says what it is and how many bytes it has now. Blocks.
pub(super) fn clean(path: &Path, door: Door) -> Result<(&'static str, u64), Failed> {
    let (media_type, cleaning) = begins_as(path, door)?;
    match cleaning {
        Cleaning::Jpeg => picture::rewrite(path, picture::jpeg)?,
        Cleaning::Png => picture::rewrite(path, picture::png)?,
        Cleaning::WebP => picture::rewrite(path, picture::webp)?,
        Cleaning::Boxes => film::blank(path)?,
        Cleaning::Elements => matroska::blank(path)?,
        Cleaning::Objects => pdf::blank(path)?,
        Cleaning::None => {}
    }
    Ok((media_type, std::fs::metadata(path)?.len()))
}

/// What a file is by its first bytes, and how it is cleaned. Blocks.
fn begins_as(path: &Path, door: Door) -> Result<(&'static str, Cleaning), Failed> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    File::open(path)?
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)?;
    Ok(told(&head, door)?)
}

/// Changes a file where it stands, so that nothing in it moves; `change` is told its length.
pub(super) fn in_place(
    path: &Path,
    change: impl FnOnce(&mut File, u64) -> Result<(), Failed>,
) -> Result<(), Failed> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    change(&mut file, length)?;
    Ok(file.sync_all()?)
}

/// Writes so many zeros where the file stands.
pub(super) fn zeros(file: &mut File, count: u64) -> io::Result<()> {
    io::copy(&mut io::repeat(0).take(count), file).map(drop)
}

fn wrong_kind(found: Option<&str>, door: Door) -> String {
    let found = found.unwrap_or("of no known kind");
    let may = match door {
        Door::Public => "pictures (JPEG, PNG, WebP), PDF and video (MP4, MOV, WebM) can be sent",
        Door::Staff => {
            "pictures (JPEG, PNG, WebP), PDF, video (MP4, MOV, WebM), documents (DOCX, XLSX, ODT, \
             ODS) and plain text can be sent"
        }
    };
    format!("by its content the file is {found}; {may}")
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;
    use crate::testing::jpeg;

    #[test]
    fn a_document_that_waits_for_its_turn_keeps_no_thread_from_a_picture() {
        let folder = tempfile::tempdir().unwrap();
        let kept = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let document = kept("surat", b"%PDF-1.7\n%%EOF\n");
        let picture = kept("foto", &jpeg(64, 3000));
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.max_blocking_threads(1).enable_time();
        let runtime = runtime.build().unwrap();
        let turns = Turns::of(1 << 20);
        runtime.block_on(async {
            let turn = turns.next(Cleaning::Objects, 1 << 20).await.unwrap();
            let mut waiting = pin!(clean_in_turn(&turns, &document, Door::Public, None));
            let meanwhile = async {
                // Its beginning is read when the only thread is free again, and it looks for its
                // turn before this goes on.
                spawn_blocking(|| {}).await.unwrap();
                tokio::task::yield_now().await;
                clean_in_turn(&turns, &picture, Door::Public, None).await
            };
            tokio::select! {
                biased;
                _ = &mut waiting => panic!("it is not its turn"),
                cleaned = meanwhile => assert_eq!(cleaned.unwrap().0, "image/jpeg"),
            }
            drop(turn);
            assert_eq!(waiting.await.unwrap().0, "application/pdf");
        });
    }
}
