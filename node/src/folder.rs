//! A node's folder: its configuration and its keys. Keys are files that only
//! the node's user may read; they are made here and never leave.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use lapor_certs::write_private;
use lapor_protocol::keys::{KeyId, Signer};
use lapor_protocol::seal::Opener;
use zeroize::Zeroizing;

use crate::chance::random;
use crate::settings::Settings;

/// Name of the configuration in a node's folder.
pub const CONFIG: &str = "node.toml";

#[derive(Debug, thiserror::Error)]
pub enum InitError {
    #[error("{0} exists already; a node is initialised once. Choose another folder with --dir")]
    Exists(PathBuf),
    #[error("{path} cannot be written: {source}")]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
}

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error(
        "the key file {path} cannot be read: {source}; restore it from the backup of the keys folder"
    )]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "{0} does not hold 32 bytes in hexadecimal; restore it from the backup of the keys folder"
    )]
    Damaged(PathBuf),
    #[error("the key file {path} cannot be written: {source}")]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
}

/// The private keys of a node, TLS excepted.
#[derive(Debug, Clone)]
pub struct NodeKeys {
    pub identity: Signer,
    pub signing: Signer,
    /// The current sealing key first, then those that open old mail.
    pub sealing: Vec<Opener>,
}

impl NodeKeys {
    /// Reads the keys, making those that do not exist yet.
    pub fn load_or_make(folder: &Path) -> Result<Self, KeyFileError> {
        let identity = load_or_make(&folder.join("identity.key"))?;
        let signing = load_or_make(&folder.join("signing.key"))?;
        let sealing = load_or_make(&folder.join("sealing.key"))?;
        Ok(Self {
            identity: Signer::from_seed(&identity),
            signing: Signer::from_seed(&signing),
            sealing: vec![Opener::from_seed(&sealing)],
        })
    }

    /// Reads the keys of a node that has joined; a missing one is an error,
    /// because making another would change who the node is.
    pub fn load(folder: &Path) -> Result<Self, KeyFileError> {
        Ok(Self {
            identity: Signer::from_seed(&*load(&folder.join("identity.key"))?),
            signing: Signer::from_seed(&*load(&folder.join("signing.key"))?),
            sealing: vec![Opener::from_seed(&*load(&folder.join("sealing.key"))?)],
        })
    }

    pub fn opener(&self, kid: &KeyId) -> Option<&Opener> {
        self.sealing
            .iter()
            .find(|opener| opener.public().kid == *kid)
    }
}

/// Where a node's certificate with its TLS key lies.
pub fn credential_path(keys: &Path) -> PathBuf {
    keys.join("tls.pem")
}

/// Where the roots that the node trusts lie.
pub fn roots_path(keys: &Path) -> PathBuf {
    keys.join("roots.pem")
}

/// Writes a new node's configuration and makes its keys folder. Returns the
/// path of the configuration.
pub fn init(dir: &Path, settings: &Settings) -> Result<PathBuf, InitError> {
    let path = dir.join(CONFIG);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| InitError::Write { path, source }
    };
    if path.exists() {
        return Err(InitError::Exists(path));
    }
    let below = settings.clone().below(dir);
    for folder in [dir, &below.node.keys, &below.node.blobs] {
        make_folder(folder)?;
    }
    let text = render(settings);
    // A database URL may hold a password.
    write_private(&path, text.as_bytes()).map_err(failed(&path))?;
    Ok(path)
}

/// Makes a folder. Keys, and uploads that are not encrypted yet, are nobody
/// else's to read.
pub(crate) fn make_folder(folder: &Path) -> Result<(), InitError> {
    let private = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder);
    private.map_err(|source| InitError::Write {
        path: folder.to_owned(),
        source,
    })
}

fn render(settings: &Settings) -> String {
    format!(
        "# Configuration of a lapor-node. Every field and its default is described in\n\
         # docs/operations.md; LAPOR_NODE__SECTION__FIELD in the environment overrides one.\n\n\
         [node]\nkeys = {keys:?}\nblobs = {blobs:?}\n\n\
         [database]\nurl = {url:?}\n\n\
         [api]\nlisten = \"{listen}\"\n\n\
         [monitor]\nlisten = \"{monitor}\"\n\n\
         [log]\nformat = \"human\"\nfilter = {filter:?}\n",
        keys = settings.node.keys.display().to_string(),
        blobs = settings.node.blobs.display().to_string(),
        url = settings.database.url,
        listen = settings.api.listen,
        monitor = settings.monitor.listen,
        filter = settings.log.filter,
    )
}

fn load_or_make(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    if path.exists() {
        return load(path);
    }
    let seed = Zeroizing::new(random::<32>());
    let text = Zeroizing::new(hex::encode(*seed));
    write_private(path, text.as_bytes()).map_err(|source| KeyFileError::Write {
        path: path.to_owned(),
        source,
    })?;
    Ok(seed)
}

fn load(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let text = std::fs::read_to_string(path)
        .map(Zeroizing::new)
        .map_err(|source| KeyFileError::Read {
            path: path.to_owned(),
            source,
        })?;
    let mut seed = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), seed.as_mut_slice())
        .map_err(|_| KeyFileError::Damaged(path.to_owned()))?;
    Ok(seed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_new_folder_is_private_and_is_made_once() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("node");
        let config = init(&dir, &Settings::default()).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&config), 0o600);
        for folder in [&dir, &dir.join("keys"), &dir.join("blobs")] {
            assert_eq!(mode(folder), 0o700);
        }
        assert!(matches!(
            init(&dir, &Settings::default()),
            Err(InitError::Exists(_))
        ));
        let read = Settings::load(&config).unwrap();
        assert_eq!(read.node.keys, dir.join("keys"));
    }
}
