//! Writing the record: one read transaction, one moment. The folder gets its
//! name when all of it is on disk, so that a half never looks like a whole.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use lapor_migrations::{DbError, Tx};
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::receipt::Stream;
use serde::Serialize;

use super::{DIRECTORY, ENVELOPES, HEADS, KEYS, PICTURES, RECEIPTS, RULINGS, STUBS, Stub, keys};
use crate::blobs;
use crate::casefile;
use crate::error::HubError;
use crate::ground::Ground;
use crate::store;
use crate::store::record;
use crate::streams::StreamKey;

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error("{0} exists already; name a folder that does not, with --out")]
    Exists(PathBuf),
    #[error("{path} cannot be written: {source}")]
    Write { path: PathBuf, source: io::Error },
    #[error("the hub knows no case {0}")]
    NoSuchCase(CaseId),
    #[error(transparent)]
    Hub(#[from] HubError),
}

impl From<DbError> for ExportError {
    fn from(error: DbError) -> Self {
        Self::Hub(error.into())
    }
}

/// Lines written, by file; and files of pictures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub envelopes: u64,
    pub rulings: u64,
    pub receipts: u64,
    pub heads: u64,
    pub directory: u64,
    pub stubs: u64,
    pub pictures: u64,
}

/// Writes everything, or what proves one case, into a new folder. `progress`
/// is told envelopes written and to be written.
pub async fn export(
    ground: &Ground,
    out: &Path,
    case: Option<CaseId>,
    mut progress: impl FnMut(u64, u64),
) -> Result<Written, ExportError> {
    if out.exists() {
        return Err(ExportError::Exists(out.to_owned()));
    }
    let part = out.with_extension("part");
    let failed = |path: &Path, source| ExportError::Write {
        path: path.to_owned(),
        source,
    };
    if part.exists() {
        fs::remove_dir_all(&part).map_err(|e| failed(&part, e))?;
    }
    fs::create_dir_all(&part).map_err(|e| failed(&part, e))?;
    let mut tx = ground.db.read().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    let mut written = Written {
        directory: write_directory(&mut tx, &part, &directory).await?,
        ..Written::default()
    };
    let listeners = match case {
        None => {
            write_all(&mut tx, &part, &mut written, &mut progress).await?;
            written.pictures = write_pictures(&mut tx, ground, &part).await?;
            None
        }
        Some(case) => {
            write_case(&mut tx, &part, case, &mut written).await?;
            let file = casefile::load_one(&mut tx, &directory, case).await?;
            let file = file.ok_or(ExportError::NoSuchCase(case))?;
            Some(file.case.ever_party)
        }
    };
    written.heads = write_heads(&mut tx, ground, &part, |recipient| {
        let listed = |parties: &std::collections::BTreeSet<_>| {
            recipient.is_some_and(|recipient| parties.contains(recipient))
        };
        listeners.as_ref().is_none_or(listed)
    })
    .await?;
    fs::rename(&part, out).map_err(|e| failed(out, e))?;
    Ok(written)
}

async fn write_all(
    tx: &mut Tx,
    folder: &Path,
    written: &mut Written,
    progress: &mut impl FnMut(u64, u64),
) -> Result<(), ExportError> {
    let total = record::count(tx).await?;
    let mut envelopes = Lines::create(folder, ENVELOPES)?;
    let mut rulings = Lines::create(folder, RULINGS)?;
    let mut after = 0;
    loop {
        let page = record::envelopes(tx, after).await?;
        let Some((last, _)) = page.last() else {
            break;
        };
        let last = *last;
        for (_, line) in &page {
            envelopes.line(line)?;
        }
        for ruled in record::rulings(tx, after, last).await? {
            rulings.json(&ruled)?;
        }
        after = last;
        progress(envelopes.count, total);
    }
    let mut receipts = Lines::create(folder, RECEIPTS)?;
    let mut cursor = record::ReceiptCursor::default();
    while let Some((last, lines)) = record::receipts(tx, &cursor).await? {
        for line in &lines {
            receipts.line(line)?;
        }
        cursor = last;
    }
    written.envelopes = envelopes.finish()?;
    written.rulings = rulings.finish()?;
    written.receipts = receipts.finish()?;
    Ok(())
}

/// Copies the pictures that are here; one that a later message takes away in this
/// moment is left out.
async fn write_pictures(tx: &mut Tx, ground: &Ground, folder: &Path) -> Result<u64, ExportError> {
    let named = store::blobs::pictures(tx).await?;
    if named.is_empty() {
        return Ok(0);
    }
    let failed = |path: PathBuf| move |source| ExportError::Write { path, source };
    let folder = folder.join(PICTURES);
    fs::create_dir(&folder).map_err(failed(folder.clone()))?;
    let mut count = 0;
    for sha256 in named {
        let shelf = blobs::path(&ground.settings.storage.blobs, sha256);
        let path = folder.join(sha256.to_hex());
        match fs::copy(shelf, &path) {
            Ok(_) => count += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::remove_file(&path).ok();
                continue;
            }
            Err(error) => return Err(failed(path)(error)),
        }
        let synced = File::open(&path).and_then(|file| file.sync_all());
        synced.map_err(failed(path))?;
    }
    Ok(count)
}

async fn write_case(
    tx: &mut Tx,
    folder: &Path,
    case: CaseId,
    written: &mut Written,
) -> Result<(), ExportError> {
    let mut envelopes = Lines::create(folder, ENVELOPES)?;
    for line in record::case_envelopes(tx, case).await? {
        envelopes.line(&line)?;
    }
    let mut rulings = Lines::create(folder, RULINGS)?;
    for ruled in record::case_rulings(tx, case).await? {
        rulings.json(&ruled)?;
    }
    let mut receipts = Lines::create(folder, RECEIPTS)?;
    for line in record::case_receipts(tx, case).await? {
        receipts.line(&line)?;
    }
    let mut stubs = Lines::create(folder, STUBS)?;
    for (author, epoch, seq, envelope_id) in record::case_stubs(tx, case).await? {
        stubs.json(&Stub {
            author,
            epoch,
            seq,
            envelope_id,
        })?;
    }
    written.envelopes = envelopes.finish()?;
    written.rulings = rulings.finish()?;
    written.receipts = receipts.finish()?;
    written.stubs = stubs.finish()?;
    Ok(())
}

async fn write_directory(
    tx: &mut Tx,
    folder: &Path,
    directory: &Directory,
) -> Result<u64, ExportError> {
    let mut versions = Lines::create(folder, DIRECTORY)?;
    loop {
        let page = store::directory::after(tx, versions.count, 8 << 20).await?;
        if page.is_empty() {
            break;
        }
        for line in &page {
            versions.line(line)?;
        }
    }
    let mut object = Lines::create(folder, KEYS)?;
    object.json(&keys::object(directory))?;
    object.finish()?;
    versions.finish()
}

/// Signs where each stream stands now.
async fn write_heads(
    tx: &mut Tx,
    ground: &Ground,
    folder: &Path,
    wanted: impl Fn(Option<&InstanceId>) -> bool,
) -> Result<u64, ExportError> {
    let mut heads = Lines::create(folder, HEADS)?;
    for (key, cursor) in store::deliveries::heads(tx).await? {
        let (recipient, stream) = match key {
            StreamKey::Public => (None, Stream::Public),
            StreamKey::Inbox(recipient) => (Some(recipient), Stream::Inbox),
        };
        if !wanted(recipient.as_ref()) {
            continue;
        }
        let head = StreamHead {
            recipient,
            stream,
            depoch: cursor.depoch,
            dseq: cursor.dseq,
            hash: cursor.hash,
            at: ground.clock.now_ms(),
        };
        heads.line(&head.sign(&ground.signer()).to_line())?;
    }
    heads.finish()
}

/// A file of lines on its way to the disk.
struct Lines {
    path: PathBuf,
    file: BufWriter<File>,
    count: u64,
}

impl Lines {
    fn create(folder: &Path, name: &str) -> Result<Self, ExportError> {
        let path = folder.join(name);
        match File::create_new(&path) {
            Ok(file) => Ok(Self {
                path,
                file: BufWriter::with_capacity(1 << 20, file),
                count: 0,
            }),
            Err(source) => Err(ExportError::Write { path, source }),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), ExportError> {
        self.count += 1;
        let done = self.file.write_all(line.as_bytes());
        let done = done.and_then(|()| self.file.write_all(b"\n"));
        done.map_err(|source| self.failed(source))
    }

    fn json(&mut self, value: &impl Serialize) -> Result<(), ExportError> {
        let text = serde_json::to_string(value).map_err(HubError::damaged)?;
        self.line(&text)
    }

    fn finish(mut self) -> Result<u64, ExportError> {
        let done = self.file.flush();
        let done = done.and_then(|()| self.file.get_ref().sync_all());
        done.map(|()| self.count)
            .map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> ExportError {
        ExportError::Write {
            path: self.path.clone(),
            source,
        }
    }
}
