//! A node's folder: its configuration and its keys. Keys are files that only
//! the node's user may read; they are made here and never leave.

use std::fs::File;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use lapor_certs::{Credential, TrustBundle, write_private};
use lapor_protocol::keys::{Jwk, KeyId, KeyUse, Signer};
use lapor_protocol::seal::Opener;
use zeroize::Zeroizing;

use crate::chance::random;
use crate::settings::Settings;

/// Name of the configuration in a node's folder.
pub const CONFIG: &str = "node.toml";

const IDENTITY: &str = "identity";
const SIGNING: &str = "signing";
const SEALING: &str = "sealing";

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
    #[error("a node has one identity key for ever; signing and sealing keys can be replaced")]
    Identity,
}

/// The private keys of a node, TLS excepted. Which of several is in force, the
/// directory says; those that have ended stay, because old mail needs them.
#[derive(Debug, Clone)]
pub struct NodeKeys {
    pub identity: Signer,
    /// The signing key of the enrolment first.
    pub signing: Vec<Signer>,
    /// The sealing key of the enrolment first.
    pub sealing: Vec<Opener>,
}

impl NodeKeys {
    /// Reads the keys, making those that do not exist yet.
    pub fn load_or_make(folder: &Path) -> Result<Self, KeyFileError> {
        for name in [IDENTITY, SIGNING, SEALING] {
            load_or_make(&folder.join(format!("{name}.key")))?;
        }
        Self::load(folder)
    }

    /// Reads the keys of a node that has joined; a missing one is an error,
    /// because making another would change who the node is.
    pub fn load(folder: &Path) -> Result<Self, KeyFileError> {
        let identity = load(&folder.join(format!("{IDENTITY}.key")))?;
        let signing = load_all(folder, SIGNING)?;
        let sealing = load_all(folder, SEALING)?;
        Ok(Self {
            identity: Signer::from_seed(&identity),
            signing: signing.iter().map(|s| Signer::from_seed(s)).collect(),
            sealing: sealing.iter().map(|s| Opener::from_seed(s)).collect(),
        })
    }

    /// Makes another signing or sealing key; it is on disk when this returns.
    pub fn make(folder: &Path, use_for: KeyUse) -> Result<Jwk, KeyFileError> {
        let seed = Zeroizing::new(random::<32>());
        let (name, jwk) = match use_for {
            KeyUse::Sealing => (SEALING, Opener::from_seed(&seed).public().clone()),
            KeyUse::Signing => (SIGNING, Signer::from_seed(&seed).public()),
            KeyUse::Identity => return Err(KeyFileError::Identity),
        };
        write_seed(&folder.join(format!("{name}-{}.key", jwk.kid)), &seed)?;
        Ok(jwk)
    }

    pub fn opener(&self, kid: &KeyId) -> Option<&Opener> {
        self.sealing
            .iter()
            .find(|opener| opener.public().kid == *kid)
    }

    pub fn signer(&self, kid: &KeyId) -> Option<&Signer> {
        self.signing.iter().find(|signer| signer.kid() == kid)
    }

    /// The public halves of all keys of one use.
    pub fn public(&self, use_for: KeyUse) -> Vec<Jwk> {
        match use_for {
            KeyUse::Identity => vec![self.identity.public()],
            KeyUse::Signing => self.signing.iter().map(Signer::public).collect(),
            KeyUse::Sealing => self.sealing.iter().map(|o| o.public().clone()).collect(),
        }
    }
}

/// The key with which the secrets of second factors are sealed in the database,
/// made when there is none. Whoever loses it sets second factors up anew.
pub fn factor_key(folder: &Path) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    own_key(folder, "factors.key")
}

/// The key with which conversations on channels are sealed and found in the database, made when
/// there is none. Whoever loses it loses what was half said, and whom to answer.
pub fn channel_key(folder: &Path) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    own_key(folder, "channels.key")
}

fn own_key(folder: &Path, name: &str) -> Result<Zeroizing<[u8; 32]>, KeyFileError> {
    let path = folder.join(name);
    if !path.exists() {
        let _lock = KeysLock::take(folder)?;
        load_or_make(&path)?;
    }
    load(&path)
}

/// Keeps other processes from changing the keys folder while it is held.
#[derive(Debug)]
pub struct KeysLock(#[expect(dead_code, reason = "held for its drop")] File);

impl KeysLock {
    /// Waits for whoever holds it; they hold it for a few writes only.
    pub fn take(folder: &Path) -> Result<Self, KeyFileError> {
        let path = folder.join("lock");
        let opened = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path);
        let locked = opened.and_then(|file| file.lock().map(|()| file));
        let locked = locked.map_err(|source| KeyFileError::Write { path, source });
        Ok(Self(locked?))
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

/// Keeps a certificate with its key, and the roots that came with it. The roots
/// go first: they hold one that was trusted before, so that the certificate of
/// before works beside them if the machine stops in between.
pub fn keep_credential(
    keys: &Path,
    roots: &TrustBundle,
    credential: &Credential,
) -> Result<(), KeyFileError> {
    let failed = |path: &Path, source| KeyFileError::Write {
        path: path.to_owned(),
        source,
    };
    let _lock = KeysLock::take(keys)?;
    let path = roots_path(keys);
    write_private(&path, roots.to_pem().as_bytes()).map_err(|e| failed(&path, e))?;
    let path = credential_path(keys);
    write_private(&path, credential.to_pem().as_bytes()).map_err(|e| failed(&path, e))
}

/// Makes the folder of a new node, in which nothing else stands yet.
pub fn begin(dir: &Path) -> Result<(), InitError> {
    let path = dir.join(CONFIG);
    if path.exists() {
        return Err(InitError::Exists(path));
    }
    make_folder(dir)
}

/// Writes a new node's configuration and makes its keys folder. Returns the
/// path of the configuration.
pub fn init(dir: &Path, settings: &Settings) -> Result<PathBuf, InitError> {
    let path = dir.join(CONFIG);
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| InitError::Write { path, source }
    };
    begin(dir)?;
    let below = settings.clone().below(dir);
    for folder in [&below.node.keys, &below.node.blobs] {
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

fn load_or_make(path: &Path) -> Result<(), KeyFileError> {
    if path.exists() {
        return load(path).map(drop);
    }
    write_seed(path, &Zeroizing::new(random::<32>()))
}

fn write_seed(path: &Path, seed: &[u8; 32]) -> Result<(), KeyFileError> {
    let text = Zeroizing::new(hex::encode(seed));
    write_private(path, text.as_bytes()).map_err(|source| KeyFileError::Write {
        path: path.to_owned(),
        source,
    })
}

/// `NAME.key`, which the enrolment made, then every `NAME-KID.key`.
fn load_all(folder: &Path, name: &str) -> Result<Vec<Zeroizing<[u8; 32]>>, KeyFileError> {
    let unreadable = |source| KeyFileError::Read {
        path: folder.to_owned(),
        source,
    };
    let prefix = format!("{name}-");
    let mut later = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let of_use = stem.is_some_and(|stem| stem.starts_with(&prefix));
        if of_use && path.extension().is_some_and(|extension| extension == "key") {
            later.push(path);
        }
    }
    later.sort();
    let mut seeds = vec![load(&folder.join(format!("{name}.key")))?];
    for path in later {
        seeds.push(load(&path)?);
    }
    Ok(seeds)
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
