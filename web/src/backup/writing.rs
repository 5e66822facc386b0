//! Writing a backup. Each run has a folder of its own for what changes
//! (`run-TIME`); files that never change under their name stand beside it and
//! are copied once. What a finished run left is removed after the new manifest
//! is in place, never before; what one left that was cut off, before the next
//! takes the room of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::manifest::{FORM, NAME, shelved};
use super::{BackupError, FileFacts, Manifest, Origin, Tell, at, attachment, tell_of};

const LOCK: &str = "backup.lock";
/// The manifest until it is whole.
const PARTIAL: &str = "manifest.partial";
const PIECE: usize = 256 * 1024;

/// A backup on its way; without [`NewBackup::finish`] it is none.
pub struct NewBackup {
    folder: PathBuf,
    run: String,
    origin: Origin,
    files: BTreeMap<String, FileFacts>,
    /// What the finished backup in this folder holds.
    before: BTreeMap<String, FileFacts>,
    missing: Option<Vec<String>>,
    begun: Begun,
    _lock: File,
}

/// The folder of a run that has not ended: a run that fails leaves the room that it took.
struct Begun(Option<PathBuf>);

impl Drop for Begun {
    fn drop(&mut self) {
        if let Some(folder) = self.0.take()
            && let Err(error) = fs::remove_dir_all(&folder)
        {
            tracing::warn!(%error, "what a backup has left could not be removed; the next one tries again");
        }
    }
}

impl NewBackup {
    /// Begins in a folder that is missing, empty, or holds a backup of the
    /// same program and institution. Until the end that one stays good.
    pub fn begin(folder: &Path, origin: Origin) -> Result<Self, BackupError> {
        make_private(folder)?;
        // Nothing is put into a folder of somebody else, not even the lock.
        earlier(folder, &origin)?;
        let lock = lock(folder)?;
        // Another run may have ended until it was had.
        let before = earlier(folder, &origin)?;
        clear_runs(folder, before.as_ref().map(|before| before.run.as_str()))?;
        let before = before.map(|before| before.files).unwrap_or_default();
        let run = format!("run-{}", origin.made_at);
        let own = folder.join(&run);
        if own.exists() {
            return Err(BackupError::Busy(folder.to_owned()));
        }
        make_private(&own)?;
        Ok(Self {
            folder: folder.to_owned(),
            run,
            origin,
            files: BTreeMap::new(),
            before,
            missing: None,
            begun: Begun(Some(own)),
            _lock: lock,
        })
    }

    /// Where this run's file of that name is, or is to be written by somebody
    /// who then says so with [`NewBackup::take_in`].
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(&self.run).join(name)
    }

    /// Takes in a file that was written at [`NewBackup::path`].
    pub fn take_in(&mut self, name: &str) -> Result<(), BackupError> {
        let path = self.path(name);
        let file = File::open(&path).map_err(at(&path))?;
        file.sync_all().map_err(at(&path))?;
        let facts = facts_of(file).map_err(at(&path))?;
        self.files.insert(format!("{}/{name}", self.run), facts);
        Ok(())
    }

    /// Copies one file.
    pub fn copy(&mut self, name: &str, from: &Path) -> Result<(), BackupError> {
        let to = format!("{}/{name}", self.run);
        self.copy_to(to, from)
    }

    /// Copies the files of a folder and of those below it, each under `name`.
    pub fn copy_folder(&mut self, name: &str, from: &Path) -> Result<(), BackupError> {
        for below in files_below(from)? {
            self.copy(&format!("{name}/{below}"), &from.join(&below))?;
        }
        Ok(())
    }

    /// Copies the attachments of a shelf, each of which is what its name says for
    /// ever; what an earlier run has copied is left as it is, unless it has rotted.
    /// A file that is gone when its turn comes was erased, and is left out; so is
    /// one that is not what its name says.
    pub fn copy_shelf(
        &mut self,
        name: &str,
        from: &Path,
        tell: &impl Tell,
    ) -> Result<(), BackupError> {
        let mut sizes = Vec::new();
        for below in files_below(from)? {
            if attachment(&below).is_none() {
                continue;
            }
            let size = fs::metadata(from.join(&below)).map_or(0, |facts| facts.len());
            sizes.push((below, size));
        }
        let total: u64 = sizes.iter().map(|(_, size)| size).sum();
        let mut done = 0;
        for (below, size) in sizes {
            let to = format!("{name}/{below}");
            match self.held_whole(&to) {
                Some(held) => {
                    self.files.insert(to, held);
                }
                None => self.copy_attachment(to, &from.join(&below))?,
            }
            done += size;
            tell_of(tell, name, size, done, total);
        }
        Ok(())
    }

    /// What an earlier run has copied, read again, if it is what its name says.
    fn held_whole(&self, to: &str) -> Option<FileFacts> {
        if !self.before.contains_key(to) {
            return None;
        }
        let file = File::open(self.folder.join(to)).ok()?;
        let facts = facts_of(file).ok()?;
        (attachment(to) == Some(facts.sha256.as_str())).then_some(facts)
    }

    fn copy_attachment(&mut self, to: String, from: &Path) -> Result<(), BackupError> {
        let facts = match copy_file(from, &self.folder.join(&to)) {
            Err(error) if error.io().is_some_and(is_missing) => return Ok(()),
            copied => copied?,
        };
        // One that is something else is cleared up at the end.
        if attachment(&to) == Some(facts.sha256.as_str()) {
            self.files.insert(to, facts);
        }
        Ok(())
    }

    /// Of these attachments (hexadecimal digests), those that are not in the
    /// backup, for whatever reason.
    pub fn absent(&self, folder: &str, named: &[String]) -> Vec<String> {
        let here = |name: &&String| !self.files.contains_key(&shelved(folder, name));
        named.iter().filter(here).cloned().collect()
    }

    /// Notes what the database names and was not there, so that whoever relies on
    /// the backup knows. What an earlier run has copied of it stays: there may be no
    /// other copy by now.
    pub fn note_missing(&mut self, folder: &str, missing: Vec<String>) {
        for name in &missing {
            let path = shelved(folder, name);
            if let Some(held) = self.held_whole(&path) {
                self.files.insert(path, held);
            }
        }
        self.missing = Some(missing);
    }

    /// Writes the manifest; from now on this is the backup in the folder.
    pub fn finish(mut self) -> Result<Manifest, BackupError> {
        let manifest = Manifest {
            form: FORM,
            origin: self.origin,
            run: self.run,
            files: self.files,
            missing: self.missing,
            damaged: Vec::new(),
        };
        let mut folders = BTreeSet::new();
        for name in manifest.files.keys() {
            let path = self.folder.join(name);
            let above = path.ancestors().skip(1);
            let above = above.take_while(|above| *above != self.folder);
            folders.extend(above.map(Path::to_owned));
        }
        for folder in &folders {
            sync_folder(folder)?;
        }
        let path = self.folder.join(NAME);
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| BackupError::Manifest {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let partial = self.folder.join(PARTIAL);
        remove_file(&partial)?;
        let mut file = private().open(&partial).map_err(at(&partial))?;
        file.write_all(&text).map_err(at(&partial))?;
        file.sync_all().map_err(at(&partial))?;
        fs::rename(&partial, &path).map_err(at(&path))?;
        self.begun.0 = None;
        sync_folder(&self.folder)?;
        clear_up(&self.folder, &manifest)?;
        Ok(manifest)
    }

    fn copy_to(&mut self, to: String, from: &Path) -> Result<(), BackupError> {
        let path = self.folder.join(&to);
        let facts = copy_file(from, &path)?;
        self.files.insert(to, facts);
        Ok(())
    }
}

/// Copies a file to a new one that only its owner may read, made durable.
pub(super) fn copy_file(from: &Path, to: &Path) -> Result<FileFacts, BackupError> {
    let source = File::open(from).map_err(at(from))?;
    if let Some(folder) = to.parent() {
        make_private(folder)?;
    }
    // A former run may have been cut off in the middle of this very file.
    remove_file(to)?;
    let mut file = private().open(to).map_err(at(to))?;
    let facts = pass(source, |piece| file.write_all(piece)).map_err(at(to))?;
    file.sync_all().map_err(at(to))?;
    Ok(facts)
}

/// Size and digest of a file.
pub(super) fn facts_of(file: File) -> io::Result<FileFacts> {
    pass(file, |_| Ok(()))
}

/// Makes a folder that only its owner may read, and those above it.
pub fn make_private(folder: &Path) -> Result<(), BackupError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(at(folder))
}

pub(super) fn sync_folder(folder: &Path) -> Result<(), BackupError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(at(folder))
}

fn pass(mut source: File, mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<FileFacts> {
    let (mut hash, mut size) = (Sha256::new(), 0);
    let mut piece = vec![0; PIECE];
    loop {
        let count = source.read(&mut piece)?;
        if count == 0 {
            let sha256 = hex::encode(hash.finalize());
            return Ok(FileFacts { size, sha256 });
        }
        hash.update(&piece[..count]);
        write(&piece[..count])?;
        size += count as u64;
    }
}

/// The finished backup of before, if there is one; refuses a folder that holds anything else.
fn earlier(folder: &Path, origin: &Origin) -> Result<Option<Manifest>, BackupError> {
    let path = folder.join(NAME);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if is_missing(&error) => {
            // What a first run left when it was cut off is ours; other files are not.
            let names = names_in(folder)?;
            let ours = |name: &String| {
                name.starts_with("run-") || [LOCK, PARTIAL, "blobs"].contains(&name.as_str())
            };
            let all_ours = names.contains(LOCK) && names.iter().all(ours);
            return if names.is_empty() || all_ours {
                Ok(None)
            } else {
                Err(BackupError::Occupied(folder.to_owned()))
            };
        }
        Err(error) => return Err(at(&path)(error)),
    };
    let manifest = Manifest::parse(&text).map_err(|reason| BackupError::Manifest {
        path: path.clone(),
        reason,
    })?;
    let found = &manifest.origin;
    if (&found.program, &found.instance) == (&origin.program, &origin.instance) {
        Ok(Some(manifest))
    } else {
        Err(BackupError::Occupied(folder.to_owned()))
    }
}

fn lock(folder: &Path) -> Result<File, BackupError> {
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BackupError::Busy(folder.to_owned())),
        Err(TryLockError::Error(error)) => Err(at(&path)(error)),
    }
}

/// Removes what the manifest does not name: former runs, erased attachments.
fn clear_up(folder: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    clear_runs(folder, Some(&manifest.run))?;
    for below in files_below(&folder.join("blobs"))? {
        if !manifest.files.contains_key(&format!("blobs/{below}")) {
            remove_file(&folder.join("blobs").join(below))?;
        }
    }
    Ok(())
}

/// Removes the folders of all runs but the one that a manifest names.
fn clear_runs(folder: &Path, finished: Option<&str>) -> Result<(), BackupError> {
    for name in names_in(folder)? {
        if name.starts_with("run-") && Some(name.as_str()) != finished {
            let path = folder.join(&name);
            fs::remove_dir_all(&path).map_err(at(&path))?;
        }
    }
    Ok(())
}

/// Paths of the files below a folder, in order; a missing folder has none.
fn files_below(folder: &Path) -> Result<Vec<String>, BackupError> {
    let mut found = Vec::new();
    let mut open = vec![String::new()];
    while let Some(below) = open.pop() {
        let path = folder.join(&below);
        if !path.exists() {
            continue;
        }
        for entry in fs::read_dir(&path).map_err(at(&path))? {
            let entry = entry.map_err(at(&path))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = if below.is_empty() {
                name
            } else {
                format!("{below}/{name}")
            };
            if entry.file_type().map_err(at(&path))?.is_dir() {
                open.push(name);
            } else {
                found.push(name);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn names_in(folder: &Path) -> Result<BTreeSet<String>, BackupError> {
    let entries = fs::read_dir(folder).map_err(at(folder))?;
    let names = entries.map(|entry| entry.map(|e| e.file_name().to_string_lossy().into_owned()));
    names.collect::<io::Result<_>>().map_err(at(folder))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    options
}

fn remove_file(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(error) if !is_missing(&error) => Err(at(path)(error)),
        _ => Ok(()),
    }
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
