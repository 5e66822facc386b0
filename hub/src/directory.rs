//! The directory in memory, and the one way to change it.
//!
//! Every change is a new signed version, made in a write transaction that has
//! first taken in what other processes published, so that the program that
//! serves and the operator's commands can both publish. Memory follows the
//! disk and is never ahead of it.

use std::sync::Arc;

use arc_swap::ArcSwap;
use lapor_migrations::{Db, Kind, Tx};
use lapor_protocol::directory::{Directory, DirectoryVersion, InstanceEntry, Maintenance, Status};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{Jwk, KeyId, Signer, Verifier};
use lapor_protocol::problem::Code;
use tokio::sync::watch;

use crate::error::HubError;
use crate::signing::Signers;
use crate::store;

/// What a new version changes.
#[derive(Debug, Default)]
pub struct Amendment {
    /// Whole entries of the instances that changed.
    pub entries: Vec<InstanceEntry>,
    /// The edition of the taxonomy from now on.
    pub taxonomy: Option<String>,
    /// The edition of the calendar from now on.
    pub calendar: Option<String>,
    /// The keys of the hub from now on, the one that signs first.
    pub hub_keys: Option<Vec<Jwk>>,
    /// The notice of a maintenance.
    pub maintenance: Option<Maintenance>,
}

/// A version that has been signed and is not stored yet.
#[derive(Debug)]
pub struct Signed {
    pub version: u64,
    pub line: String,
    pub directory: Arc<Directory>,
}

/// The directory as this process knows it.
pub struct DirectoryBook {
    current: ArcSwap<Directory>,
    version: watch::Sender<u64>,
}

impl DirectoryBook {
    /// Folds every stored version; the hub trusts a key of its own for the first.
    pub async fn load(tx: &mut Tx, signers: &Signers, own: &KeyId) -> Result<Self, HubError> {
        let first = match store::directory::one(tx, 1).await? {
            Some(line) => {
                Envelope::parse(line.as_bytes())
                    .map_err(HubError::damaged)?
                    .kid
            }
            None => own.clone(),
        };
        let own = signers.verifier(&first)?.ok_or_else(|| {
            HubError::damaged(format_args!(
                "the first directory version is signed by the key {first}, of which the folder of keys holds nothing; bring it back from a backup"
            ))
        })?;
        let book = Self {
            current: ArcSwap::from_pointee(Directory::trusting(vec![own])),
            version: watch::Sender::new(0),
        };
        let directory = book.refresh(tx).await?;
        book.adopt(&directory);
        Ok(book)
    }

    pub fn current(&self) -> Arc<Directory> {
        self.current.load_full()
    }

    /// Told the number of each version that this process takes in.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// The directory with everything that is on disk. Inside a write
    /// transaction it stays true until the transaction ends; [`Self::adopt`]
    /// it when that is committed.
    pub async fn refresh(&self, tx: &mut Tx) -> Result<Arc<Directory>, HubError> {
        let mut known = self.current();
        loop {
            let lines = store::directory::after(tx, known.version(), 8 << 20).await?;
            if lines.is_empty() {
                return Ok(known);
            }
            let mut directory = Arc::unwrap_or_clone(known);
            for line in lines {
                let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
                directory.apply(&envelope)?;
            }
            known = Arc::new(directory);
        }
    }

    /// Takes over what has been committed, and wakes who waits for it.
    pub fn adopt(&self, directory: &Arc<Directory>) {
        let version = directory.version();
        self.current.rcu(|known| {
            if known.version() < version {
                Arc::clone(directory)
            } else {
                known.clone()
            }
        });
        self.version.send_if_modified(|known| {
            let newer = *known < version;
            *known = version.max(*known);
            newer
        });
    }

    /// Takes in what other processes have published so far.
    pub async fn look(&self, db: &Db) -> Result<(), HubError> {
        let mut tx = db.read().await?;
        self.look_in(&mut tx).await?;
        Ok(tx.rollback().await?)
    }

    /// As [`Self::look`], in a transaction of the caller.
    pub(crate) async fn look_in(&self, tx: &mut Tx) -> Result<(), HubError> {
        if store::directory::latest(tx).await? > self.current().version() {
            let directory = self.refresh(tx).await?;
            self.adopt(&directory);
            let version = directory.version();
            tracing::info!(version, "the directory has been changed by another process");
        }
        Ok(())
    }

    /// The status of an instance by the directory in memory, as a refusal if
    /// it may not take part.
    pub fn admit(&self, instance: &InstanceId) -> Result<(), HubError> {
        admit(&self.current(), instance)
    }
}

/// The directory as it stood at a version, from what is stored.
pub async fn as_of(tx: &mut Tx, signers: &Signers, version: u64) -> Result<Directory, HubError> {
    let first = store::directory::one(tx, 1).await?.unwrap_or_default();
    let first = Envelope::parse(first.as_bytes()).map_err(HubError::damaged)?;
    let own = signers.verifier(&first.kid)?;
    let own = own.ok_or_else(|| HubError::damaged("the key of the first version is not here"))?;
    let mut directory = Directory::trusting(vec![own]);
    while directory.version() < version {
        let lines = store::directory::after(tx, directory.version(), 8 << 20).await?;
        if lines.is_empty() {
            return Err(HubError::damaged("a version of the directory is not here"));
        }
        let missing = version - directory.version();
        for line in lines.iter().take(missing as usize) {
            let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
            directory.apply(&envelope)?;
        }
    }
    Ok(directory)
}

/// Whether an instance may take part, or with which code it is refused.
pub fn admit(directory: &Directory, instance: &InstanceId) -> Result<(), HubError> {
    match directory.latest().instance(instance).map(|e| e.status) {
        Some(Status::Active) => Ok(()),
        Some(Status::Suspended) => Err(Code::InstanceSuspended.into()),
        Some(Status::Revoked) => Err(Code::InstanceRevoked.into()),
        _ => Err(Code::CertificateUnknown.into()),
    }
}

/// Makes sure, in a write transaction, that a directory ends with what is stored of it. On PostgreSQL a server
/// that takes over may have another version in its place, or none: nobody may rule by what is gone, nor
/// publish behind it.
pub async fn stands(tx: &mut Tx, directory: &Directory) -> Result<(), HubError> {
    if tx.kind() == Kind::Sqlite || directory.version() == 0 {
        return Ok(());
    }
    let line = store::directory::one(tx, directory.version()).await?;
    let stored = line.and_then(|line| Envelope::parse(line.as_bytes()).ok());
    if stored.is_some_and(|stored| stored.id() == directory.head()) {
        Ok(())
    } else {
        Err(HubError::Receded)
    }
}

/// Signs the version after `known`.
pub fn amend(
    known: &Directory,
    amendment: Amendment,
    trust_domain: &str,
    signer: &Signer,
    now_ms: i64,
) -> Result<Signed, HubError> {
    let known_keys = || known.hub_keys().iter().map(Verifier::jwk).collect();
    let keep = |new: Option<String>, old: Option<&str>| new.or_else(|| old.map(str::to_owned));
    let envelope = DirectoryVersion {
        version: known.version() + 1,
        prev: known.head(),
        at: now_ms,
        trust_domain: trust_domain.to_owned(),
        hub_keys: amendment.hub_keys.unwrap_or_else(known_keys),
        changes: amendment.entries,
        taxonomy: keep(amendment.taxonomy, known.taxonomy()),
        calendar: keep(amendment.calendar, known.calendar()),
        maintenance: amendment.maintenance,
    }
    .sign(signer);
    let mut directory = known.clone();
    directory.apply(&envelope)?;
    Ok(Signed {
        version: directory.version(),
        line: envelope.to_line(),
        directory: Arc::new(directory),
    })
}
