//! The folder in which a hub keeps the authority:
//!
//! - `roots.pem`: the trust bundle, the current root first;
//! - `root.key.pem`: the root's private key, which may be moved offline;
//! - `issuer.pem`: the issuer's private key and certificate, in one file.
//!
//! An authority is founded whole or not at all and never overwritten.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::authority::{Authority, AuthorityError};
use crate::bundle::{BundleError, TrustBundle};
use crate::credential::{Credential, CredentialError};
use crate::csr::TlsKey;
use crate::issuer::Issuer;
use crate::private_file::{neighbour_of, sync_folder_of, write_private};

const ROOTS: &str = "roots.pem";
const ROOT_KEY: &str = "root.key.pem";
const ISSUER: &str = "issuer.pem";

/// The folder of an authority.
#[derive(Debug, Clone)]
pub struct Vault {
    folder: PathBuf,
}

/// Why the authority's folder cannot be used; for the hub's operator to mend.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("there is an authority in {0} already; it is never overwritten")]
    Occupied(PathBuf),
    #[error("there is no authority in {0}; make one with `lapor-hub init`")]
    Missing(PathBuf),
    #[error("the root's private key is not in {0}; bring it back for this one act")]
    RootOffline(PathBuf),
    #[error("{path} could not be read or written: {source}")]
    File { path: PathBuf, source: io::Error },
    #[error("{path} is damaged: {reason}")]
    Damaged { path: PathBuf, reason: String },
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    #[error("issuer.pem: {0}")]
    Issuer(#[from] CredentialError),
}

impl Vault {
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    pub fn exists(&self) -> bool {
        self.path(ISSUER).exists()
    }

    /// Stores a new authority and its first issuer. The folder appears with
    /// all its files by one rename; a crash before leaves nothing in use.
    pub fn found(&self, authority: &Authority, issuer: &Issuer) -> Result<(), VaultError> {
        let bundle = TrustBundle::new(vec![authority.root().clone()])?;
        let issuer = credential_of(issuer)?;
        let at_folder = |source| failed(&self.folder, source);
        if fs::read_dir(&self.folder).is_ok_and(|mut files| files.next().is_some()) {
            return Err(VaultError::Occupied(self.folder.clone()));
        }
        let partial = neighbour_of(&self.folder).map_err(at_folder)?;
        match fs::remove_dir_all(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at_folder(error)),
            _ => {}
        }
        let write = || -> io::Result<()> {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&partial)?;
            write_private(&partial.join(ROOTS), bundle.to_pem().as_bytes())?;
            write_private(&partial.join(ROOT_KEY), authority.key().to_pem().as_bytes())?;
            write_private(&partial.join(ISSUER), issuer.to_pem().as_bytes())?;
            // Onto a folder with files this fails, so two that race found one.
            lapor_killpoints::pass("authority.before");
            fs::rename(&partial, &self.folder)?;
            lapor_killpoints::pass("authority.after");
            sync_folder_of(&self.folder)
        };
        write().map_err(at_folder)
    }

    /// The roots that the federation trusts.
    pub fn bundle(&self) -> Result<TrustBundle, VaultError> {
        let path = self.path(ROOTS);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(TrustBundle::from_pem(&text)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(VaultError::Missing(self.folder.clone()))
            }
            Err(source) => Err(failed(&path, source)),
        }
    }

    /// The issuer in use; the root's private key is not needed.
    pub fn issuer(&self) -> Result<Issuer, VaultError> {
        let bundle = self.bundle()?;
        let path = self.path(ISSUER);
        let text = fs::read_to_string(&path).map_err(|source| failed(&path, source))?;
        let (chain, key) = Credential::from_pem(&Zeroizing::new(text))?.into_parts();
        let [certificate] = <[_; 1]>::try_from(chain).map_err(|_| VaultError::Damaged {
            path,
            reason: "expected one certificate".into(),
        })?;
        Ok(Issuer::below(&bundle, certificate, key)?)
    }

    /// The current root with its private key, to make an issuer.
    pub fn authority(&self) -> Result<Authority, VaultError> {
        let bundle = self.bundle()?;
        let path = self.path(ROOT_KEY);
        let text = match fs::read_to_string(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(VaultError::RootOffline(path));
            }
            Err(source) => return Err(failed(&path, source)),
        };
        let key = TlsKey::from_pem(&text).map_err(|error| VaultError::Damaged {
            path,
            reason: error.to_string(),
        })?;
        Ok(Authority::from_parts(bundle.roots()[0].clone(), key)?)
    }

    /// Puts another issuer, below one of the trusted roots, in place of the
    /// current one by one rename.
    pub fn replace_issuer(&self, issuer: &Issuer) -> Result<(), VaultError> {
        if !self.bundle()?.contains(&issuer.root_pin()) {
            return Err(AuthorityError::UnknownRoot.into());
        }
        Ok(credential_of(issuer)?.save(&self.path(ISSUER))?)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn failed(path: &Path, source: io::Error) -> VaultError {
    VaultError::File {
        path: path.to_owned(),
        source,
    }
}

fn credential_of(issuer: &Issuer) -> Result<Credential, VaultError> {
    let key = TlsKey::from_pem(&issuer.key().to_pem()).expect("a key survives its own PEM");
    Ok(Credential::new(vec![issuer.certificate().clone()], key)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NOW: i64 = 1_750_000_000_000;

    fn founded() -> (tempfile::TempDir, Vault, Authority) {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::at(folder.path().join("authority"));
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let issuer = authority.new_issuer(NOW).unwrap();
        vault.found(&authority, &issuer).unwrap();
        (folder, vault, authority)
    }

    #[test]
    fn an_authority_is_kept_private_and_never_overwritten() {
        let (_folder, vault, authority) = founded();
        assert!(vault.exists());
        assert_eq!(vault.authority().unwrap().pin(), authority.pin());
        assert_eq!(vault.bundle().unwrap().pins(), [authority.pin()]);
        assert_eq!(vault.issuer().unwrap().root_pin(), authority.pin());
        let files: Vec<_> = fs::read_dir(&vault.folder).unwrap().collect();
        assert_eq!(files.len(), 3);
        for file in files {
            let mode = file.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let other = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let issuer = other.new_issuer(NOW).unwrap();
        assert!(matches!(
            vault.found(&other, &issuer),
            Err(VaultError::Occupied(_))
        ));
        assert!(vault.replace_issuer(&issuer).is_err());
        assert_eq!(vault.authority().unwrap().pin(), authority.pin());
    }

    #[test]
    fn the_issuer_alone_suffices_while_the_root_is_offline() {
        let (_folder, vault, authority) = founded();
        fs::remove_file(vault.path(ROOT_KEY)).unwrap();
        let before = vault.issuer().unwrap().certificate().clone();
        assert!(matches!(vault.authority(), Err(VaultError::RootOffline(_))));
        let successor = authority.new_issuer(NOW + 1000).unwrap();
        vault.replace_issuer(&successor).unwrap();
        let after = vault.issuer().unwrap();
        assert_eq!(after.certificate(), successor.certificate());
        assert_ne!(after.certificate(), &before);
    }

    #[test]
    fn a_half_founded_authority_is_founded_anew() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::at(folder.path().join("authority"));
        assert!(matches!(vault.issuer(), Err(VaultError::Missing(_))));
        let partial = neighbour_of(&vault.folder).unwrap();
        fs::create_dir(&partial).unwrap();
        fs::write(partial.join(ROOT_KEY), b"left by a crash").unwrap();
        assert!(!vault.exists());
        let authority = Authority::create(&"lapor.test".parse().unwrap(), NOW).unwrap();
        let issuer = authority.new_issuer(NOW).unwrap();
        vault.found(&authority, &issuer).unwrap();
        assert_eq!(vault.authority().unwrap().pin(), authority.pin());
        assert!(!partial.exists());
    }
}
