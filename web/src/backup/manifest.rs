//! What `manifest.json` says. Its paths come from a file that anybody may have
//! changed, so none may lead out of the backup.

use std::collections::BTreeMap;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

/// The form of this manifest; a reader refuses a later one.
pub const FORM: u32 = 1;
pub const NAME: &str = "manifest.json";
/// The folder of attachments below a backup.
const SHELF: &str = "blobs";
/// Attachments that are named to people; the manifest names all.
const SHOWN: usize = 5;

/// Whose backup it is, and of when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `lapor-node` or `lapor-hub`.
    pub program: String,
    /// Version of the program that made the backup.
    pub version: String,
    /// Schema of the database.
    pub schema: i64,
    /// `sqlite` or `postgres`.
    pub database: String,
    /// The institution, or the hub's trust domain; absent before a node joined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Unix ms of the moment that the database copy shows, or just before.
    pub made_at: i64,
    /// Whether the private keys are in it.
    pub keys: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFacts {
    pub size: u64,
    /// SHA-256, hexadecimal.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub form: u32,
    #[serde(flatten)]
    pub origin: Origin,
    /// The folder of this run; what does not change between runs is beside it.
    pub run: String,
    /// Every file but this one, by its path below the backup.
    pub files: BTreeMap<String, FileFacts>,
    /// Attachments that the database names and that were not there, or not whole,
    /// when the backup was made, also those that an earlier run has copied and that
    /// are among the files; absent where nobody has compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// Attachments of the backup that are not what their names say, where it was
    /// proved. They are not among the files any more.
    #[serde(skip)]
    pub damaged: Vec<String>,
}

/// The path of an attachment (hexadecimal digest) below a backup.
pub fn shelved(folder: &str, name: &str) -> String {
    format!("{folder}/{}/{name}", name.get(..2).unwrap_or_default())
}

impl Manifest {
    /// What people should know of the attachments that were not there.
    pub fn lacks(&self) -> Option<String> {
        let missing = told(self.missing.as_deref().unwrap_or_default());
        let missing = missing.map(|(count, names)| {
            let look = self.where_to_look();
            format!(
                "{count} that the database names were not there, or not whole, when the backup was made: {names}; manifest.json lists them under `missing`. {look}"
            )
        });
        let damaged = told(&self.damaged);
        let damaged = damaged.map(|(count, names)| {
            format!(
                "{count} damaged in the backup and left out: {names}. Look for them in an earlier backup"
            )
        });
        let lacks: Vec<String> = missing.into_iter().chain(damaged).collect();
        (!lacks.is_empty()).then(|| lacks.join(". "))
    }

    fn where_to_look(&self) -> String {
        let missing = self.missing.as_deref().unwrap_or_default();
        let here = |name: &&String| self.files.contains_key(&shelved(SHELF, name));
        let kept = missing.iter().filter(here).count();
        match missing.len() - kept {
            0 => "What an earlier run has copied of them is in this backup still".to_owned(),
            _ if kept == 0 => "Look for them in an earlier backup".to_owned(),
            lost => format!(
                "What an earlier run has copied of them is in this backup still; look for the other {lost} in an earlier backup"
            ),
        }
    }

    /// How many attachments are known not to be in the backup, or not as they were.
    pub fn count_lacking(&self) -> usize {
        self.missing.as_ref().map_or(0, Vec::len) + self.damaged.len()
    }

    /// Reads a manifest; the error says what is wrong with it.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let manifest: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if manifest.form > FORM {
            return Err(format!("it has form {}, not {FORM}", manifest.form));
        }
        let inside = |path: &str| {
            let mut parts = Path::new(path).components();
            !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
        };
        let mut paths = manifest.files.keys().chain([&manifest.run]);
        if let Some(path) = paths.find(|path| !inside(path)) {
            return Err(format!("{path:?} leads out of the backup"));
        }
        drop(paths);
        Ok(manifest)
    }

    pub fn total_bytes(&self) -> u64 {
        self.files.values().map(|file| file.size).sum()
    }
}

/// How many attachments, and the names of the first, if there are any.
fn told(digests: &[String]) -> Option<(String, String)> {
    let count = match digests.len() {
        0 => return None,
        1 => "1 attachment".to_owned(),
        count => format!("{count} attachments"),
    };
    let shown = digests.len().min(SHOWN);
    let mut names = digests[..shown].join(", ");
    if digests.len() > shown {
        names = format!("{names} and {} more", digests.len() - shown);
    }
    Some((count, names))
}
