//! Grants epochs: the way back for an instance that was restored, cloned or
//! refused. The former epoch is closed at its accepted head.

use lapor_protocol::chain::{ChainHead, EpochGrant, EpochRequest};
use lapor_protocol::directory::{Directory, EpochEntry, InstanceEntry};
use lapor_protocol::dsse::{Envelope, EnvelopeError};
use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::keys::{CertifiedKey, KeyUse, Verifier};
use lapor_protocol::problem::Code;

use crate::directory::{Amendment, admit};
use crate::error::{HubError, Refusal};
use crate::ground::Ground;
use crate::store::chains::{self, Chain};

/// A nonce is 16 bytes in hexadecimal.
const NONCE_CHARS: usize = 32;
/// Bytes of the entry of one institution, from which on nothing more is added to it: each version of the
/// directory with it has all of it again, everybody checks all of its keys, and a member brings a version
/// back in a line of 512 KiB at most, where it stands in base64. That is some 280 epochs with new keys.
const ENTRY_BYTES: usize = 256 * 1024;
/// When somebody whose entry is full may ask again.
const FULL_SECONDS: u32 = 3600;

/// `POST /epochs`: the grant that answers a request of `peer`.
pub async fn grant(
    ground: &Ground,
    peer: &InstanceId,
    request: &Envelope,
) -> Result<Envelope, HubError> {
    let now_ms = ground.clock.now_ms();
    let mut tx = ground.db.write().await?;
    let directory = ground.directory.refresh(&mut tx).await?;
    admit(&directory, peer)?;
    let entry = directory.latest().instance(peer);
    let mut entry = entry.cloned().ok_or(Code::CertificateUnknown)?;
    let (request, identity) = open(request, &entry, peer)?;
    if let Some(line) = chains::grant(&mut tx, peer, &request.nonce).await? {
        return Envelope::parse(line.as_bytes()).map_err(HubError::damaged);
    }
    refuse_where_full(&directory, peer)?;
    let chain = chains::one(&mut tx, peer).await?;
    let mut chain = chain.ok_or_else(|| HubError::damaged("an active instance has no chain"))?;
    if request.after > chain.head.epoch {
        return Err(Refusal::of(Code::SequenceGap).expecting(chain.head).into());
    }
    let first = Position {
        epoch: chain.head.epoch + 1,
        seq: 1,
    };
    for (index, key) in request.keys.iter().enumerate() {
        check_key(key, &identity, peer, first)?;
        let others = &request.keys[..index];
        if entry.has_key(&key.jwk.kid) || others.iter().any(|other| other.use_for == key.use_for) {
            let detail = "one key has one use and one life; bring a fresh key, one for each use";
            return Err(HubError::refused(Code::MalformedRequest, detail));
        }
    }
    close_epoch(&mut entry, &chain, &request.keys);
    let grant = EpochGrant {
        instance: peer.clone(),
        epoch: first.epoch,
        prev: chain.head.id,
        nonce: request.nonce.clone(),
    };
    chain.head = grant.head();
    chain.boot = None;
    chain.frozen = false;
    let grant = grant.sign(&ground.signer());
    chains::save(&mut tx, [&chain]).await?;
    let line = grant.to_line();
    chains::insert_grant(&mut tx, peer, first.epoch, &request.nonce, &line, now_ms).await?;
    let amendment = Amendment {
        entries: vec![entry],
        ..Amendment::default()
    };
    let directory = ground.publish(&mut tx, &directory, amendment).await?;
    tx.commit().await?;
    ground.directory.adopt(&directory);
    tracing::info!(instance = %peer, epoch = first.epoch, "an epoch was granted");
    Ok(grant)
}

/// Refuses an epoch or a key more to whoever has had so many that it is broken or hostile.
pub fn refuse_where_full(directory: &Directory, id: &InstanceId) -> Result<(), HubError> {
    let entry = directory.latest().instance(id);
    let text = entry.and_then(|entry| serde_json::to_vec(entry).ok());
    if text.is_none_or(|text| text.len() < ENTRY_BYTES) {
        return Ok(());
    }
    let mut refusal = Refusal::of(Code::RateLimited).after_seconds(FULL_SECONDS);
    let detail =
        "its entry in the directory is full of epochs and keys; ask the federation's staff";
    refusal.detail = Some(detail.to_owned());
    Err(refusal.into())
}

fn open(
    envelope: &Envelope,
    entry: &InstanceEntry,
    peer: &InstanceId,
) -> Result<(EpochRequest, Verifier), HubError> {
    let identity = entry.identity.as_ref().map(Verifier::from_jwk);
    let identity = identity
        .and_then(Result::ok)
        .ok_or_else(|| HubError::damaged("an active instance has no identity key"))?;
    let request = EpochRequest::open(envelope, &identity).map_err(|error| {
        let code = match error {
            EnvelopeError::Payload(_) => Code::MalformedRequest,
            _ => Code::SignatureInvalid,
        };
        HubError::refused(code, error.to_string())
    })?;
    if request.instance != *peer {
        return Err(Code::AuthorMismatch.into());
    }
    let hexadecimal = request.nonce.bytes().all(|b| b.is_ascii_hexdigit());
    if request.nonce.len() != NONCE_CHARS || !hexadecimal || request.keys.len() > 2 {
        let detail = "expected a nonce of 32 hexadecimal digits and at most two keys";
        return Err(HubError::refused(Code::MalformedRequest, detail));
    }
    Ok((request, identity))
}

fn check_key(
    key: &CertifiedKey,
    identity: &Verifier,
    peer: &InstanceId,
    first: Position,
) -> Result<(), HubError> {
    key.check(identity, peer)
        .map_err(|error| HubError::refused(Code::SignatureInvalid, error.to_string()))?;
    let fresh = key.valid_from == first && key.valid_to.is_none();
    if fresh && key.use_for != KeyUse::Identity {
        return Ok(());
    }
    let detail = format!("a new signing or sealing key must be valid from {first} on");
    Err(HubError::refused(Code::KeyUnknown, detail))
}

/// The former epoch ends at its head, and so do the keys that are replaced.
fn close_epoch(entry: &mut InstanceEntry, chain: &Chain, keys: &[CertifiedKey]) {
    let ChainHead { epoch, seq, .. } = chain.head;
    if let Some(open) = entry.epochs.last_mut() {
        open.closed_at = Some(seq);
    }
    entry.epochs.push(EpochEntry {
        epoch: epoch + 1,
        closed_at: None,
    });
    for key in keys {
        replace_key(entry, key, Position { epoch, seq });
    }
}

/// Puts a key into an entry; the one of the same use that was current ends at
/// `last`.
pub fn replace_key(entry: &mut InstanceEntry, key: &CertifiedKey, last: Position) {
    for former in &mut entry.keys {
        if former.use_for == key.use_for && former.valid_to.is_none() {
            former.valid_to = Some(last);
        }
    }
    entry.keys.push(key.clone());
}

#[cfg(test)]
mod tests {
    use lapor_protocol::directory::DirectoryVersion;
    use lapor_protocol::ids::{Digest, InstanceKind};
    use lapor_protocol::keys::Signer;

    use super::*;

    #[test]
    fn nothing_is_added_to_an_entry_that_is_full() {
        let hub = Signer::from_seed(&[1; 32]);
        let known = Verifier::from_jwk(&hub.public()).unwrap();
        let [full, other]: [InstanceId; 2] =
            ["kota-bandung", "kota-bogor"].map(|slug| slug.parse().unwrap());
        let entry = |id: &InstanceId, epochs: u32| {
            let named = InstanceEntry::registered(id.clone(), InstanceKind::Kota, "B".into());
            let closed = (1..=epochs).map(|epoch| EpochEntry {
                epoch,
                closed_at: Some(0),
            });
            InstanceEntry {
                epochs: closed.collect(),
                ..named
            }
        };
        let version = DirectoryVersion {
            version: 1,
            prev: Digest::ZERO,
            at: 1,
            trust_domain: "lapor.test".into(),
            hub_keys: vec![hub.public()],
            changes: vec![entry(&full, 12_000), entry(&other, 1_000)],
            taxonomy: None,
            calendar: None,
            maintenance: None,
        };
        let mut directory = Directory::trusting(vec![known]);
        directory.apply(&version.sign(&hub)).unwrap();
        let refused = refuse_where_full(&directory, &full).unwrap_err();
        assert_eq!(refused.code(), Code::RateLimited);
        assert!(refuse_where_full(&directory, &other).is_ok());
    }
}
