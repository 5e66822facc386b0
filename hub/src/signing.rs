//! The hub's signing keys, as files and in memory. The directory says which of
//! them signs: the first that it names. Another key is made here long before it
//! signs, and once it has left the directory its private half is destroyed; the
//! public half stays, for the first directory version is proved by it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use lapor_certs::write_private;
use lapor_protocol::directory::Directory;
use lapor_protocol::keys::{Jwk, KeyId, Signer, Verifier};

use crate::error::HubError;
use crate::keys::{create_signer, load_signer};

/// What the file of a signing key begins with.
const NAME: &str = "hub-signing";
const PRIVATE: &str = "key";
const PUBLIC: &str = "pub";
/// A key that was just made, until it is named.
const NEW: &str = "hub-signing-new.key";

/// The signing keys of this process, and the folder of their files.
pub struct Signers {
    folder: PathBuf,
    /// Never empty.
    held: ArcSwap<Vec<Arc<Signer>>>,
    /// The directory version for which the folder was last read again.
    looked_for: AtomicU64,
}

impl Signers {
    /// One key, and those beside it in the folder.
    pub fn of(folder: PathBuf, first: Signer) -> Result<Self, HubError> {
        let signers = Self {
            folder,
            held: ArcSwap::from_pointee(vec![Arc::new(first)]),
            looked_for: AtomicU64::new(0),
        };
        signers.look_again()?;
        Ok(signers)
    }

    /// The key that signs what follows this directory: the first of those that
    /// it names which are here. A replica that lacks the first goes on with the
    /// former one as long as that is named too.
    pub fn signing(&self, directory: &Directory) -> Arc<Signer> {
        for (place, key) in directory.hub_keys().iter().enumerate() {
            if let Some(signer) = self.find(key.kid()) {
                return signer;
            }
            let version = directory.version();
            if place == 0 && self.looked_for.swap(version, Ordering::Relaxed) != version {
                if let Err(error) = self.look_again() {
                    tracing::warn!(%error, "the signing keys could not be read");
                }
                if let Some(signer) = self.find(key.kid()) {
                    return signer;
                }
            }
        }
        Arc::clone(&self.held.load()[0])
    }

    /// The key that signs for whoever has come no further than a version: one that is
    /// named there, as long as it is here.
    pub fn signing_at(&self, directory: &Directory, version: u64) -> Arc<Signer> {
        let mut changes = directory.key_changes().iter().rev();
        let named = changes.find(|(since, _)| *since <= version);
        let mut named = named.into_iter().flat_map(|(_, keys)| keys);
        let held = named.find_map(|kid| self.find(kid));
        held.unwrap_or_else(|| self.signing(directory))
    }

    /// Whether the private half of a key is here.
    pub fn holds(&self, kid: &KeyId) -> bool {
        self.find(kid).is_some()
    }

    /// A key that no directory version has named yet: one that waits in the
    /// folder, or a new one.
    pub fn prepare(&self, directory: &Directory) -> Result<KeyId, HubError> {
        let stray = self.folder.join(NEW);
        if stray.is_file() {
            // Of a process that ended in the middle of this.
            let kid = load_signer(&stray)?.kid().clone();
            self.name(&stray, &kid)?;
        }
        self.look_again()?;
        let unnamed = |kid: &KeyId| directory.any_hub_key(kid).is_none();
        let held = self.held.load();
        let waiting = held
            .iter()
            .map(|signer| signer.kid())
            .find(|kid| unnamed(kid));
        if let Some(kid) = waiting {
            return Ok(kid.clone());
        }
        let partial = self.folder.join(NEW);
        let made = create_signer(&partial)?;
        self.name(&partial, made.kid())?;
        self.look_again()?;
        Ok(made.kid().clone())
    }

    /// Gives the file of a key its own name, durably: under the one of a new key the next
    /// would take its place.
    fn name(&self, partial: &Path, kid: &KeyId) -> Result<(), HubError> {
        std::fs::rename(partial, self.path(kid, PRIVATE))?;
        std::fs::File::open(&self.folder)?.sync_all()?;
        Ok(())
    }

    /// The public half of a key that is or was here.
    pub fn verifier(&self, kid: &KeyId) -> Result<Option<Verifier>, HubError> {
        if let Some(signer) = self.find(kid) {
            return verifier(&signer.public()).map(Some);
        }
        match std::fs::read(self.path(kid, PUBLIC)) {
            Ok(text) => {
                let jwk: Jwk = serde_json::from_slice(&text).map_err(HubError::damaged)?;
                verifier(&jwk).map(Some)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Leaves of each key that the directory has retired the public half alone.
    pub fn tidy(&self, directory: &Directory) -> Result<(), HubError> {
        // Another process of this machine may have made one that is named by now.
        if directory
            .hub_keys()
            .iter()
            .any(|key| !self.holds(key.kid()))
        {
            self.look_again()?;
        }
        let retired =
            |kid: &KeyId| directory.hub_key(kid).is_none() && directory.any_hub_key(kid).is_some();
        let mut removed = false;
        for (path, signer) in read_all(&self.folder)? {
            if !retired(signer.kid()) {
                continue;
            }
            let public = serde_json::to_vec(&signer.public()).map_err(HubError::damaged)?;
            write_private(&self.path(signer.kid(), PUBLIC), &public)?;
            std::fs::remove_file(path)?;
            tracing::info!(key = %signer.kid(), "the private half of a retired signing key is destroyed");
            removed = true;
        }
        if removed {
            let held = self.held.load();
            let kept: Vec<_> = held.iter().filter(|key| !retired(key.kid())).collect();
            if !kept.is_empty() {
                self.held
                    .store(Arc::new(kept.into_iter().cloned().collect()));
            }
        }
        Ok(())
    }

    fn find(&self, kid: &KeyId) -> Option<Arc<Signer>> {
        let held = self.held.load();
        held.iter().find(|signer| signer.kid() == kid).cloned()
    }

    fn look_again(&self) -> Result<(), HubError> {
        let mut held = self.held.load().as_ref().clone();
        for (_, signer) in read_all(&self.folder)? {
            if !held.iter().any(|known| known.kid() == signer.kid()) {
                held.push(Arc::new(signer));
            }
        }
        self.held.store(Arc::new(held));
        Ok(())
    }

    fn path(&self, kid: &KeyId, ending: &str) -> PathBuf {
        self.folder.join(format!("{NAME}-{kid}.{ending}"))
    }
}

/// Every signing key of a folder with its file, by the names of these.
pub fn read_all(folder: &Path) -> Result<Vec<(PathBuf, Signer)>, HubError> {
    let files = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        files => files?,
    };
    let mut paths = Vec::new();
    for file in files {
        let path = file?.path();
        let is_private = path.extension().is_some_and(|ending| ending == PRIVATE);
        let name = path.file_stem().and_then(|name| name.to_str());
        if is_private && name.is_some_and(|name| name.starts_with(NAME)) {
            paths.push(path);
        }
    }
    paths.sort();
    let read = paths.into_iter().map(|path| {
        let signer = load_signer(&path)?;
        Ok((path, signer))
    });
    read.collect()
}

fn verifier(jwk: &Jwk) -> Result<Verifier, HubError> {
    Verifier::from_jwk(jwk).map_err(HubError::damaged)
}
