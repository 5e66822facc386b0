//! The folder in which a hub keeps the authority:
//!
//! - `roots.pem`: the trust bundle, the current root first;
//! - `root.key.pem`: the root's private key, which may be moved offline;
//! - `issuer.pem`: the issuer's private key and certificate, in one file;
//! - `next-root.pem`, `next-root.key.pem`, `next-issuer.pem`: another authority
//!   that waits to take this one's place;
//! - `former-root.key.pem`: the private key of the root before.
//!
//! An authority is founded whole or not at all and never overwritten. Each step
//! of a change can be done again after a crash, and one process at a time does one.
//! A root key may be offline at any step: `root.key.pem` is only ever the key of
//! the current root.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use zeroize::Zeroizing;

use crate::authority::{Authority, AuthorityError};
use crate::bundle::{BundleError, RootPin, TrustBundle};
use crate::credential::{Credential, CredentialError};
use crate::csr::TlsKey;
use crate::issuer::Issuer;
use crate::private_file::{neighbour_of, sync_folder_of, write_private};

const ROOTS: &str = "roots.pem";
const ROOT_KEY: &str = "root.key.pem";
const ISSUER: &str = "issuer.pem";
const NEXT_ROOT: &str = "next-root.pem";
const NEXT_ROOT_KEY: &str = "next-root.key.pem";
const NEXT_ISSUER: &str = "next-issuer.pem";
const FORMER_ROOT_KEY: &str = "former-root.key.pem";

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
    #[error("the authority {0} does not wait in {1}; bring its files next-*.pem there")]
    NotWaiting(RootPin, PathBuf),
    #[error(
        "{path} is not an issuer below the root that waits: {reason}; bring the file that was made with it"
    )]
    NextIssuer { path: PathBuf, reason: String },
    #[error("another process is changing {0}")]
    Busy(PathBuf),
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
        self.issuer_in(ISSUER, &self.bundle()?)
    }

    fn issuer_in(&self, name: &str, roots: &TrustBundle) -> Result<Issuer, VaultError> {
        let path = self.path(name);
        let text = fs::read_to_string(&path).map_err(|source| failed(&path, source))?;
        let (chain, key) = Credential::from_pem(&Zeroizing::new(text))?.into_parts();
        let [certificate] = <[_; 1]>::try_from(chain).map_err(|_| VaultError::Damaged {
            path,
            reason: "expected one certificate".into(),
        })?;
        Ok(Issuer::below(roots, certificate, key)?)
    }

    /// The current root with its private key, to make an issuer.
    pub fn authority(&self) -> Result<Authority, VaultError> {
        self.authority_of(&self.bundle()?)
    }

    fn authority_of(&self, roots: &TrustBundle) -> Result<Authority, VaultError> {
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
        Ok(Authority::from_parts(roots.roots()[0].clone(), key)?)
    }

    /// Puts another issuer, below one of the trusted roots, in place of the
    /// current one by one rename.
    pub fn replace_issuer(&self, issuer: &Issuer) -> Result<(), VaultError> {
        let _alone = self.alone()?;
        if !self.bundle()?.contains(&issuer.root_pin()) {
            return Err(AuthorityError::UnknownRoot.into());
        }
        Ok(credential_of(issuer)?.save(&self.path(ISSUER))?)
    }

    /// The authority that waits to take this one's place; made if there is none.
    pub fn prepare_next(&self, now_ms: i64) -> Result<RootPin, VaultError> {
        let _alone = self.alone()?;
        if let Some(next) = self.next()? {
            return Ok(next.pins()[0]);
        }
        let domain = self.bundle()?.trust_domain()?;
        let next = Authority::create(&domain, now_ms)?;
        let issuer = credential_of(&next.new_issuer(now_ms)?)?;
        let root = TrustBundle::new(vec![next.root().clone()])?;
        self.write(NEXT_ROOT_KEY, next.key().to_pem().as_bytes())?;
        self.write(NEXT_ISSUER, issuer.to_pem().as_bytes())?;
        // The last one: without it the other two mean nothing.
        self.write(NEXT_ROOT, root.to_pem().as_bytes())?;
        Ok(next.pin())
    }

    /// The root that waits.
    pub fn next(&self) -> Result<Option<TrustBundle>, VaultError> {
        let path = self.path(NEXT_ROOT);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(TrustBundle::from_pem(&text)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(&path, source)),
        }
    }

    /// Has the root that waits trusted beside the others. Like the two steps behind it, it is done
    /// again until it is done, and waits for no other process.
    pub fn trust_next(&self, pin: &RootPin) -> Result<(), VaultError> {
        let _alone = self.alone_at_once()?;
        let bundle = self.bundle()?;
        if bundle.contains(pin) {
            return Ok(());
        }
        let next = self.waiting(pin)?;
        let roots = bundle.roots().iter().chain(next.roots());
        self.trust(roots.cloned().collect())
    }

    /// Certifies from now on by the authority that waits; the others stay trusted.
    pub fn use_next(&self, pin: &RootPin) -> Result<(), VaultError> {
        let _alone = self.alone_at_once()?;
        if self.next()?.is_none() && self.issuer()?.root_pin() == *pin {
            return Ok(());
        }
        let next = self.waiting(pin)?;
        let bundle = self.bundle()?;
        let moved = self.issuer()?.root_pin() == *pin;
        if !moved && let Err(error) = self.issuer_in(NEXT_ISSUER, &next) {
            return Err(VaultError::NextIssuer {
                path: self.path(NEXT_ISSUER),
                reason: error.to_string(),
            });
        }
        let roots = next.roots().iter().chain(bundle.roots());
        self.trust(roots.cloned().collect())?;
        if self.authority_of(&next).is_err() {
            self.rename(ROOT_KEY, FORMER_ROOT_KEY)?;
            self.rename(NEXT_ROOT_KEY, ROOT_KEY)?;
        }
        self.rename(NEXT_ISSUER, ISSUER)?;
        self.remove(NEXT_ROOT)
    }

    /// Trusts a root no more; one that waits is forgotten with its key.
    pub fn distrust(&self, pin: &RootPin) -> Result<(), VaultError> {
        let _alone = self.alone_at_once()?;
        if self.next()?.is_some_and(|next| next.contains(pin)) {
            self.remove(NEXT_ROOT)?;
            self.remove(NEXT_ROOT_KEY)?;
            self.remove(NEXT_ISSUER)?;
        }
        let bundle = self.bundle()?;
        if !bundle.contains(pin) {
            return Ok(());
        }
        let roots = bundle.roots().iter().zip(bundle.pins());
        let kept = roots.filter(|(_, known)| known != pin);
        self.trust(kept.map(|(root, _)| root.clone()).collect())
    }

    /// Whether the private key of the current root is here and not offline.
    pub fn holds_root_key(&self) -> bool {
        self.authority().is_ok()
    }

    /// Keeps others from changing the folder until the handle is dropped, in this process and in
    /// every other.
    fn alone(&self) -> Result<File, VaultError> {
        let folder = self.open()?;
        folder
            .lock()
            .map_err(|source| failed(&self.folder, source))?;
        Ok(folder)
    }

    /// The same, or nothing where others are at it now.
    fn alone_at_once(&self) -> Result<File, VaultError> {
        let folder = self.open()?;
        match folder.try_lock() {
            Ok(()) => Ok(folder),
            Err(TryLockError::WouldBlock) => Err(VaultError::Busy(self.folder.clone())),
            Err(TryLockError::Error(source)) => Err(failed(&self.folder, source)),
        }
    }

    fn open(&self) -> Result<File, VaultError> {
        match File::open(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(VaultError::Missing(self.folder.clone()))
            }
            opened => opened.map_err(|source| failed(&self.folder, source)),
        }
    }

    fn waiting(&self, pin: &RootPin) -> Result<TrustBundle, VaultError> {
        let next = self.next()?.filter(|next| next.contains(pin));
        next.ok_or_else(|| VaultError::NotWaiting(*pin, self.folder.clone()))
    }

    fn trust(&self, roots: Vec<CertificateDer<'static>>) -> Result<(), VaultError> {
        let bundle = TrustBundle::new(roots)?;
        self.write(ROOTS, bundle.to_pem().as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
        let path = self.path(name);
        write_private(&path, bytes).map_err(|source| failed(&path, source))
    }

    /// A file that is not there has been moved before, or is offline.
    fn rename(&self, from: &str, to: &str) -> Result<(), VaultError> {
        let (from, to) = (self.path(from), self.path(to));
        absent_is_fine(fs::rename(&from, &to)).map_err(|source| failed(&from, source))?;
        sync_folder_of(&to).map_err(|source| failed(&to, source))
    }

    fn remove(&self, name: &str) -> Result<(), VaultError> {
        let path = self.path(name);
        absent_is_fine(fs::remove_file(&path)).map_err(|source| failed(&path, source))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn absent_is_fine(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
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

    #[test]
    fn another_authority_waits_takes_over_and_outlives_the_former_one() {
        let (_folder, vault, former) = founded();
        let next = vault.prepare_next(NOW).unwrap();
        assert_eq!(vault.prepare_next(NOW).unwrap(), next);
        assert_eq!(vault.bundle().unwrap().pins(), [former.pin()]);
        for _ in 0..2 {
            vault.trust_next(&next).unwrap();
            assert_eq!(vault.bundle().unwrap().pins(), [former.pin(), next]);
            assert_eq!(vault.issuer().unwrap().root_pin(), former.pin());
        }
        for _ in 0..2 {
            vault.use_next(&next).unwrap();
            assert_eq!(vault.bundle().unwrap().pins(), [next, former.pin()]);
            assert_eq!(vault.issuer().unwrap().root_pin(), next);
            assert_eq!(vault.authority().unwrap().pin(), next);
        }
        for _ in 0..2 {
            vault.distrust(&former.pin()).unwrap();
            assert_eq!(vault.bundle().unwrap().pins(), [next]);
        }
        let dropped = vault.prepare_next(NOW).unwrap();
        vault.trust_next(&dropped).unwrap();
        vault.distrust(&dropped).unwrap();
        assert_eq!(vault.bundle().unwrap().pins(), [next]);
        assert_eq!(vault.next().unwrap(), None);
        assert!(vault.use_next(&dropped).is_err(), "its files are gone");
    }

    #[test]
    fn a_root_key_that_is_offline_stays_so_when_its_authority_takes_over() {
        let (folder, vault, former) = founded();
        let next = vault.prepare_next(NOW).unwrap();
        let safe = folder.path().join("safe.pem");
        fs::rename(vault.path(NEXT_ROOT_KEY), &safe).unwrap();
        assert!(vault.holds_root_key());
        for _ in 0..2 {
            vault.use_next(&next).unwrap();
            assert!(!vault.holds_root_key(), "the key here is the former one");
            assert!(vault.path(FORMER_ROOT_KEY).exists());
            let offline = vault.authority();
            assert!(matches!(offline, Err(VaultError::RootOffline(_))));
        }
        fs::rename(&safe, vault.path(ROOT_KEY)).unwrap();
        assert_eq!(vault.authority().unwrap().pin(), next);
        assert_ne!(former.pin(), next);
    }

    #[test]
    fn a_takeover_that_a_crash_cut_short_is_finished_and_keeps_both_keys() {
        let (_folder, vault, _) = founded();
        let next = vault.prepare_next(NOW).unwrap();
        let root = fs::read(vault.path(NEXT_ROOT)).unwrap();
        vault.use_next(&next).unwrap();
        // As if the last step had not been reached.
        fs::write(vault.path(NEXT_ROOT), root).unwrap();
        vault.use_next(&next).unwrap();
        assert_eq!(vault.authority().unwrap().pin(), next);
        assert!(vault.path(FORMER_ROOT_KEY).exists());
    }

    #[test]
    fn a_foreign_or_missing_issuer_takes_nothing_over() {
        let (_folder, vault, former) = founded();
        let next = vault.prepare_next(NOW).unwrap();
        fs::copy(vault.path(ISSUER), vault.path(NEXT_ISSUER)).unwrap();
        let foreign = vault.use_next(&next);
        assert!(matches!(foreign, Err(VaultError::NextIssuer { .. })));
        fs::remove_file(vault.path(NEXT_ISSUER)).unwrap();
        let missing = vault.use_next(&next);
        assert!(matches!(missing, Err(VaultError::NextIssuer { .. })));
        assert_eq!(vault.bundle().unwrap().pins(), [former.pin()]);
        assert_eq!(vault.authority().unwrap().pin(), former.pin());
    }

    #[test]
    fn two_that_prepare_at_once_prepare_the_same() {
        let (_folder, vault, _) = founded();
        let other = vault.clone();
        let second = std::thread::spawn(move || other.prepare_next(NOW).unwrap());
        let first = vault.prepare_next(NOW).unwrap();
        assert_eq!(second.join().unwrap(), first);
        assert!(vault.use_next(&first).is_ok());
    }
}
