//! The data folder: one folder an instance with its configuration and log,
//! and `demo.json`, which says that the demo in it is finished and what was filed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lapor_certs::write_private;
use lapor_web::exit;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::failure::Failure;
use super::play::Played;

const RECORD: &str = "demo.json";
const TOKEN: &str = "token";
/// Beside the folders of the programs, where their commands look for it too.
pub const CLOCK: &str = "clock";

/// A folder that is used by this demo; a temporary one is removed when dropped.
pub struct Folder {
    path: PathBuf,
    temporary: Option<TempDir>,
}

/// What a finished demo leaves.
#[derive(Debug, Serialize, Deserialize)]
pub struct Record {
    /// Whether every report was filed, or `--reports` chose some.
    pub whole: bool,
    pub played: Vec<Played>,
}

impl Folder {
    /// The folder, and what a finished demo left in it.
    pub fn open(wanted: Option<&Path>) -> anyhow::Result<(Self, Option<Record>)> {
        let Some(wanted) = wanted else {
            let made = tempfile::Builder::new().prefix("lapor-demo-").tempdir();
            let made = made.map_err(|error| unusable(&std::env::temp_dir(), &error.to_string()))?;
            let folder = Self {
                path: made.path().to_owned(),
                temporary: Some(made),
            };
            return Ok((folder, None));
        };
        fs::create_dir_all(wanted).map_err(|error| unusable(wanted, &error.to_string()))?;
        let path = wanted
            .canonicalize()
            .map_err(|error| unusable(wanted, &error.to_string()))?;
        let record = read_record(&path)?;
        let empty = fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_none());
        if record.is_none() && path.join(CLOCK).is_file() {
            return Err(broken_off(&path).into());
        }
        if record.is_none() && !empty {
            return Err(unusable(&path, "it is not empty and holds no finished demo").into());
        }
        let temporary = None;
        Ok((Self { path, temporary }, record))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    pub fn hub(&self) -> PathBuf {
        self.path.join("hub")
    }

    pub fn hub_config(&self) -> PathBuf {
        self.hub().join("hub.toml")
    }

    pub fn hub_log(&self) -> PathBuf {
        self.hub().join("hub.log")
    }

    pub fn node(&self, slug: &str) -> PathBuf {
        self.path.join(slug)
    }

    pub fn node_config(&self, slug: &str) -> PathBuf {
        self.node(slug).join("node.toml")
    }

    /// Refuses a demo of before in which an institution has no node.
    pub fn requires_node(&self, slug: &str) -> Result<(), Failure> {
        if self.node_config(slug).is_file() {
            return Ok(());
        }
        let why = format!("its demo is of another version and has no node of {slug}");
        Err(unusable(&self.path, &why))
    }

    pub fn node_log(&self, slug: &str) -> PathBuf {
        self.node(slug).join("node.log")
    }

    /// Says how late the clock of all programs is.
    pub fn clock(&self) -> PathBuf {
        self.path.join(CLOCK)
    }

    pub fn letters(&self) -> PathBuf {
        self.path.join("letters")
    }

    /// The gateway for text messages.
    pub fn gateway(&self) -> PathBuf {
        self.path.join("kannel")
    }

    /// What was said on all channels.
    pub fn bubbles(&self) -> PathBuf {
        self.path.join("telepon.json")
    }

    /// What people have reported to the own service of a city.
    pub fn city_service(&self) -> PathBuf {
        self.path.join("kota-311.json")
    }

    /// Changes fields of a section of a node's configuration, given as lines of TOML.
    pub fn configure(
        &self,
        slug: &str,
        section: &str,
        fields: &[(&str, String)],
    ) -> anyhow::Result<()> {
        let path = self.node_config(slug);
        let shown = || format!("{} cannot be changed", path.display());
        let text = fs::read_to_string(&path).with_context(shown)?;
        fs::write(&path, amended(&text, section, fields)).with_context(shown)
    }

    /// A token is shown once; the demo keeps its own beside the node, so that
    /// a folder that is started again can be tried again.
    pub fn keep_token(&self, slug: &str, token: &str) -> anyhow::Result<()> {
        self.keep_secret(slug, TOKEN, token)
    }

    pub fn token(&self, slug: &str) -> anyhow::Result<String> {
        self.secret(slug, TOKEN)
    }

    /// Keeps a secret beside a node, in a file that its configuration can name.
    pub fn keep_secret(&self, slug: &str, name: &str, secret: &str) -> anyhow::Result<()> {
        let path = self.node(slug).join(name);
        write_private(&path, secret.as_bytes())
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    pub fn secret(&self, slug: &str, name: &str) -> anyhow::Result<String> {
        let path = self.node(slug).join(name);
        let text = fs::read_to_string(&path);
        Ok(text
            .with_context(|| format!("{} cannot be read", path.display()))?
            .trim()
            .to_owned())
    }

    /// Says that the demo in this folder is finished.
    pub fn finish(&self, record: &Record) -> anyhow::Result<()> {
        let path = self.path.join(RECORD);
        let text = serde_json::to_vec_pretty(record)?;
        write_private(&path, &text).with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// A configuration in which fields of a section have these values.
fn amended(text: &str, section: &str, fields: &[(&str, String)]) -> String {
    let header = format!("[{section}]");
    let own = || {
        fields
            .iter()
            .map(|(name, value)| format!("{name} = {value}\n"))
    };
    let (mut out, mut within, mut found) = (String::new(), false, false);
    for line in text.lines() {
        if line.starts_with('[') {
            within = line == header;
        }
        let name = line.split('=').next().unwrap_or_default().trim();
        if !within || fields.iter().all(|(field, _)| *field != name) {
            out.push_str(line);
            out.push('\n');
        }
        if line == header {
            found = true;
            out.extend(own());
        }
    }
    if !found {
        out.extend(["\n", &header, "\n"]);
        out.extend(own());
    }
    out
}

fn read_record(folder: &Path) -> anyhow::Result<Option<Record>> {
    let path = folder.join(RECORD);
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read(&path).map_err(|error| unusable(folder, &error.to_string()))?;
    let record = serde_json::from_slice(&text)
        .map_err(|error| unusable(folder, &format!("its {RECORD} cannot be read: {error}")))?;
    Ok(Some(record))
}

/// What was filed and what was not is known to nobody any more, so that it cannot be gone on with.
fn broken_off(folder: &Path) -> Failure {
    let shown = folder.display();
    let message = format!(
        "{shown} holds a demo that broke off before it was finished, and cannot be gone on with; its logs \
         are hub/hub.log and node.log of each institution. Remove it and begin anew: rm -r '{shown}'. Or \
         name another folder with --data"
    );
    Failure::new(exit::CANNOT_CREATE, message)
}

fn unusable(folder: &Path, why: &str) -> Failure {
    let message = format!(
        "{} cannot be used: {why}; name another folder with --data, or remove this one",
        folder.display()
    );
    Failure::new(exit::CANNOT_CREATE, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_used_if_it_is_empty_or_finished() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("demo");
        let (folder, record) = Folder::open(Some(&path)).unwrap();
        assert!(record.is_none());
        fs::write(path.join("something"), "of somebody").unwrap();
        let refused = Folder::open(Some(&path)).err().unwrap();
        assert!(refused.to_string().contains("not empty"), "{refused}");
        let played = Vec::new();
        folder
            .finish(&Record {
                whole: true,
                played,
            })
            .unwrap();
        let (folder, record) = Folder::open(Some(&path)).unwrap();
        assert!(record.unwrap().whole);
        let refused = folder.requires_node("pusat").unwrap_err().to_string();
        assert!(refused.contains("no node of pusat"), "{refused}");
        fs::create_dir(folder.node("pusat")).unwrap();
        fs::write(folder.node_config("pusat"), "").unwrap();
        assert!(folder.requires_node("pusat").is_ok());
    }

    #[test]
    fn a_demo_that_broke_off_is_told_with_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let (folder, _) = Folder::open(Some(home.path())).unwrap();
        fs::write(folder.clock(), "late").unwrap();
        let refused = Folder::open(Some(home.path())).err().unwrap().to_string();
        assert!(refused.contains("broke off"), "{refused}");
        let remove = format!("rm -r '{}'", folder.path().display());
        assert!(refused.contains(&remove), "{refused}");
        assert!(folder.clock().is_file(), "nothing is removed by itself");
        let played = Vec::new();
        folder
            .finish(&Record {
                whole: true,
                played,
            })
            .unwrap();
        assert!(Folder::open(Some(home.path())).is_ok());
    }

    #[test]
    fn fields_of_a_section_are_set_and_the_rest_stays() {
        let text = "[api]\nport = 1\n\n[mail]\nport = 587\ndigest_hour = 7\n";
        let set = [("port", "2525".to_owned()), ("host", "\"h\"".to_owned())];
        let mail = amended(text, "mail", &set);
        let expected = "[api]\nport = 1\n\n[mail]\nport = 2525\nhost = \"h\"\ndigest_hour = 7\n";
        assert_eq!(mail, expected);
        let other = amended(text, "portal", &[("name", "\"x\"".to_owned())]);
        assert_eq!(other, format!("{text}\n[portal]\nname = \"x\"\n"));
        let city = |text: &str, url: &str| amended(text, "[cities]", &[("url", url.to_owned())]);
        let once = city(text, "\"a\"");
        assert!(once.ends_with("\n[[cities]]\nurl = \"a\"\n"), "{once}");
        assert_eq!(city(&once, "\"b\""), once.replace("\"a\"", "\"b\""));
    }

    #[test]
    fn a_temporary_folder_goes_with_the_demo() {
        let (folder, _) = Folder::open(None).unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir() && folder.is_temporary());
        drop(folder);
        assert!(!path.exists());
    }
}
