//! Reading a backup: every byte is checked against the manifest before
//! anything is done with it, and again on its way out.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::manifest::NAME;
use super::writing::{copy_file, facts_of, make_private, sync_folder};
use super::{BackupError, Manifest, Tell, at, tell_of};

/// A finished backup.
pub struct Backup {
    folder: PathBuf,
    manifest: Manifest,
}

/// When the backup in a folder was finished, by the time of its manifest; nothing of what is none.
pub fn finished_at(folder: &Path) -> Option<SystemTime> {
    fs::metadata(folder.join(NAME)).ok()?.modified().ok()
}

impl Backup {
    /// Opens a finished backup of `program`; reads no file but its manifest.
    pub fn open(folder: &Path, program: &'static str) -> Result<Self, BackupError> {
        let path = folder.join(NAME);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::Unfinished(folder.to_owned()));
            }
            Err(error) => return Err(at(&path)(error)),
        };
        let manifest = Manifest::parse(&text).map_err(|reason| BackupError::Manifest {
            path: path.clone(),
            reason,
        })?;
        if manifest.origin.program != program {
            return Err(BackupError::Foreign {
                path: folder.to_owned(),
                expected: program,
                found: manifest.origin.program,
            });
        }
        Ok(Self {
            folder: folder.to_owned(),
            manifest,
        })
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Where a file of the run stands.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(&self.manifest.run).join(name)
    }

    /// Where what does not change between runs stands, such as `blobs`.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Reads every file and compares it with the manifest.
    pub fn prove(&self, tell: &impl Tell) -> Result<(), BackupError> {
        let total = self.manifest.total_bytes();
        let mut done = 0;
        for (name, expected) in &self.manifest.files {
            let path = self.folder.join(name);
            let damaged = |reason| BackupError::Damaged {
                path: path.clone(),
                reason,
            };
            let file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(BackupError::Gone(path));
                }
                Err(error) => return Err(at(&path)(error)),
            };
            let found = facts_of(file).map_err(at(&path))?;
            if found.size != expected.size {
                return Err(damaged("it has another size"));
            }
            if found.sha256 != expected.sha256 {
                return Err(damaged("it has other bytes"));
            }
            done += found.size;
            tell_of(tell, "proving", found.size, done, total);
        }
        Ok(())
    }

    /// Copies one file of the run to a place where there is none.
    pub fn place(&self, name: &str, to: &Path) -> Result<(), BackupError> {
        let whole = format!("{}/{name}", self.manifest.run);
        self.place_file(&whole, to)
    }

    /// Copies a folder of the run, or one beside it (`blobs`), below `to`.
    /// Returns how many files there were.
    pub fn place_folder(
        &self,
        name: &str,
        to: &Path,
        tell: &impl Tell,
    ) -> Result<usize, BackupError> {
        let of_run = format!("{}/{name}/", self.manifest.run);
        let beside = format!("{name}/");
        let files = self.manifest.files.iter().filter_map(|(path, facts)| {
            let below = path
                .strip_prefix(&of_run)
                .or_else(|| path.strip_prefix(&beside));
            Some((path, below?, facts.size))
        });
        let files: Vec<_> = files.collect();
        let total = files.iter().map(|(_, _, size)| size).sum();
        make_private(to)?;
        let mut done = 0;
        let mut folders = BTreeSet::new();
        for (path, below, size) in &files {
            let place = to.join(below);
            self.place_file(path, &place)?;
            let above = place.ancestors().skip(1);
            let above = above.take_while(|above| *above != to);
            folders.extend(above.map(Path::to_owned));
            done += size;
            tell_of(tell, name, *size, done, total);
        }
        for folder in &folders {
            sync_folder(folder)?;
        }
        sync_folder(to)?;
        Ok(files.len())
    }

    fn place_file(&self, name: &str, to: &Path) -> Result<(), BackupError> {
        let from = self.folder.join(name);
        if to.exists() {
            return Err(BackupError::InUse(to.to_owned()));
        }
        let copied = copy_file(&from, to)?;
        if self.manifest.files.get(name) == Some(&copied) {
            Ok(())
        } else {
            Err(BackupError::Damaged {
                path: from,
                reason: "it changed while it was restored",
            })
        }
    }
}
