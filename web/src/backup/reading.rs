//! Reading a backup: every byte is checked against the manifest before
//! anything is done with it, and again on its way out.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::manifest::NAME;
use super::writing::{copy_file, facts_of, make_private, sync_folder};
use super::{BackupError, Manifest, Tell, at, attachment, tell_of};

/// A finished backup.
#[derive(Debug)]
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

    /// Reads every file and compares it with the manifest, attachments with their
    /// names as well. An attachment that is damaged is taken out, so that whoever
    /// has no other backup has all the rest; anything else is refused.
    pub fn prove(mut self, tell: &impl Tell) -> Result<Self, BackupError> {
        let total = self.manifest.total_bytes();
        let (mut done, mut rotten) = (0, Vec::new());
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
            let on_shelf = name.strip_prefix("blobs/").and_then(attachment);
            match on_shelf {
                Some(sha256) if found != *expected || found.sha256 != sha256 => {
                    rotten.push((name.clone(), sha256.to_owned()));
                }
                None if found.size != expected.size => return Err(damaged("it has another size")),
                None if found != *expected => return Err(damaged("it has other bytes")),
                _ => {}
            }
            done += expected.size;
            tell_of(tell, "proving", expected.size, done, total);
        }
        for (name, sha256) in rotten {
            self.manifest.files.remove(&name);
            self.manifest.damaged.push(sha256);
        }
        Ok(self)
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
