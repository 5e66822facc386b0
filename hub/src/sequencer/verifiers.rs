//! What verifies batches: so many at a time as there are cores, and the keys of those who have sent
//! one, read once for each version of the directory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{CertifiedKey, KeyUse, Verifier};
use tokio::sync::Semaphore;

/// The keys with which an author signs or has signed.
pub(super) struct AuthorKeys {
    pub author: InstanceId,
    pub keys: Vec<(CertifiedKey, Verifier)>,
}

pub struct Verifiers {
    /// One a core.
    pub(super) permits: Arc<Semaphore>,
    known: Mutex<Known>,
}

/// Of one version of the directory, and of institutions that it names.
#[derive(Default)]
struct Known {
    version: u64,
    keys: HashMap<InstanceId, Arc<AuthorKeys>>,
}

impl Verifiers {
    pub fn new(cores: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(cores)),
            known: Mutex::default(),
        }
    }

    /// The keys of an author by this version of the directory. To read one means to decompress its
    /// point and to prove its order, which is much of what a batch of one message costs.
    pub(super) fn of(&self, author: &InstanceId, directory: &Directory) -> Arc<AuthorKeys> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.version != directory.version() {
            *known = Known {
                version: directory.version(),
                keys: HashMap::new(),
            };
        }
        if let Some(keys) = known.keys.get(author) {
            return Arc::clone(keys);
        }
        let keys = Arc::new(AuthorKeys::of(author, directory));
        if directory.latest().instance(author).is_some() {
            known.keys.insert(author.clone(), Arc::clone(&keys));
        }
        keys
    }
}

impl AuthorKeys {
    fn of(author: &InstanceId, directory: &Directory) -> Self {
        let entry = directory.latest().instance(author);
        let keys = entry.map_or(&[][..], |entry| &entry.keys);
        let signing = keys.iter().filter(|key| key.use_for == KeyUse::Signing);
        Self {
            author: author.clone(),
            keys: signing
                .filter_map(|key| Some((key.clone(), Verifier::from_jwk(&key.jwk).ok()?)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::directory::{InstanceEntry, Status};
    use lapor_protocol::ids::{InstanceKind, Position};
    use lapor_protocol::keys::Signer;

    use super::*;
    use crate::directory::{Amendment, amend};

    #[test]
    fn keys_are_read_once_for_each_version_of_the_directory() {
        let [hub, identity, signing] =
            [[1; 32], [2; 32], [3; 32]].map(|seed| Signer::from_seed(&seed));
        let id: InstanceId = "kota-bandung".parse().unwrap();
        let mut entry = InstanceEntry::registered(id.clone(), InstanceKind::Kota, "B".into());
        entry.status = Status::Active;
        entry.identity = Some(identity.public());
        let (of, from) = (KeyUse::Signing, Position { epoch: 1, seq: 1 });
        let key = CertifiedKey::certify(&identity, &id, of, signing.public(), from);
        entry.keys = vec![key];
        let next = |known: &Directory, entry: &InstanceEntry| {
            let amendment = Amendment {
                entries: vec![entry.clone()],
                hub_keys: Some(vec![hub.public()]),
                ..Amendment::default()
            };
            let at = known.version() as i64 * 1_000;
            amend(known, amendment, "lapor.test", &hub, at).unwrap()
        };
        let known = Verifier::from_jwk(&hub.public()).unwrap();
        let first = next(&Directory::trusting(vec![known]), &entry).directory;
        let second = next(&first, &entry).directory;

        let verifiers = Verifiers::new(1);
        let read = verifiers.of(&id, &first);
        assert_eq!(read.author, id);
        let kids: Vec<_> = read.keys.iter().map(|(_, key)| key.kid()).collect();
        assert_eq!(kids, [signing.kid()]);
        assert!(Arc::ptr_eq(&read, &verifiers.of(&id, &first)));
        assert!(!Arc::ptr_eq(&read, &verifiers.of(&id, &second)));
        // Of whom the directory does not name nothing is kept.
        let stranger: InstanceId = "kemenpu".parse().unwrap();
        assert!(verifiers.of(&stranger, &second).keys.is_empty());
        assert_eq!(verifiers.known.lock().unwrap().keys.len(), 1);
    }
}
