//! Messages that are signed together: one signature over the head of a tree of
//! their envelope ids (RFC 6962), and beside each of them its place in that
//! tree, by which it is proved alone.
//!
//! A chain names its messages by their ids, and an id does not depend on how a
//! message is signed. So the same message signed otherwise is the same message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;

use crate::dsse::{Envelope, TREE_TYPE, pae};
use crate::ids::{Digest, EnvelopeId};
use crate::keys::{Signer, Verifier};
use crate::limits::SIGNED_TOGETHER;
use crate::merkle;

/// How many messages we sign together: a level more costs each of them 43 bytes of its line, and
/// saves less than the last one did.
pub const TOGETHER: usize = 32;
const HASH_BYTES: usize = 32;
/// Index and size, before the path.
const NUMBERS_BYTES: usize = 2 * size_of::<u16>();

/// Where an envelope stands in a tree, and the audit path from there to its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreePlace {
    pub index: u16,
    /// Envelopes of the tree, 2 to 256.
    pub size: u16,
    /// From the leaf upwards; as many hashes as this place has.
    pub path: Vec<Digest>,
}

impl TreePlace {
    /// Base64 of index and size (2 bytes each, big-endian) and the path. `None` of anything that is
    /// no place in a tree of a size that may be.
    pub fn read(text: &str) -> Option<Self> {
        let bytes = B64.decode(text).ok()?;
        let (index, behind) = bytes.split_first_chunk()?;
        let (size, path) = behind.split_first_chunk()?;
        let (index, size) = (u16::from_be_bytes(*index), u16::from_be_bytes(*size));
        let (path, rest) = path.as_chunks::<HASH_BYTES>();
        let steps = merkle::steps(usize::from(index), usize::from(size))?;
        let sound = (2..=SIGNED_TOGETHER).contains(&usize::from(size))
            && rest.is_empty()
            && path.len() == steps;
        sound.then(|| Self {
            index,
            size,
            path: path.iter().copied().map(Digest::new).collect(),
        })
    }

    pub fn to_text(&self) -> String {
        let mut bytes = Vec::with_capacity(self.bytes());
        bytes.extend(self.index.to_be_bytes());
        bytes.extend(self.size.to_be_bytes());
        for hash in &self.path {
            bytes.extend(hash.as_bytes());
        }
        B64.encode(bytes)
    }

    /// Length of [`Self::to_text`].
    pub fn text_bytes(&self) -> usize {
        base64::encoded_len(self.bytes(), true).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        NUMBERS_BYTES + self.path.len() * HASH_BYTES
    }
}

/// What is to be signed, with its id.
#[derive(Debug)]
pub struct Unsigned {
    payload_type: String,
    payload: Vec<u8>,
    id: EnvelopeId,
}

impl Unsigned {
    pub fn new(payload_type: &str, payload: Vec<u8>) -> Self {
        let id = Digest::of(&pae(payload_type, &payload));
        Self {
            payload_type: payload_type.into(),
            payload,
            id,
        }
    }

    pub fn id(&self) -> EnvelopeId {
        self.id
    }
}

/// Signs messages, up to [`TOGETHER`] of them together; one that is left over has a signature alone.
pub fn sign_together(messages: Vec<Unsigned>, signer: &Signer) -> Vec<Envelope> {
    let mut envelopes = Vec::with_capacity(messages.len());
    let mut rest = messages.into_iter();
    loop {
        let group: Vec<Unsigned> = rest.by_ref().take(TOGETHER).collect();
        match <[Unsigned; 1]>::try_from(group) {
            Ok([alone]) => {
                let envelope = Envelope::sign(&alone.payload_type, alone.payload, signer);
                envelopes.push(envelope);
            }
            Err(group) if group.is_empty() => return envelopes,
            Err(group) => envelopes.extend(sign_tree(group, signer)),
        }
    }
}

fn sign_tree(group: Vec<Unsigned>, signer: &Signer) -> impl Iterator<Item = Envelope> {
    let ids: Vec<EnvelopeId> = group.iter().map(Unsigned::id).collect();
    let size = ids.len() as u16;
    let (root, paths) = merkle::paths(&ids);
    let signature = signer.sign(&head(size, root));
    let kid = signer.kid().clone();
    let placed = group.into_iter().zip(paths).zip(0..);
    placed.map(move |((message, path), index)| Envelope {
        payload_type: message.payload_type,
        payload: message.payload,
        kid: kid.clone(),
        signature,
        tree: Some(TreePlace { index, size, path }),
    })
}

/// What is signed of a tree: its size and root, under a type of their own.
fn head(size: u16, root: Digest) -> Vec<u8> {
    let mut stated = Vec::with_capacity(size_of::<u16>() + HASH_BYTES);
    stated.extend(size.to_be_bytes());
    stated.extend(root.as_bytes());
    pae(TREE_TYPE, &stated)
}

/// The head of a tree that was verified last: its other messages need no more than a path to it.
#[derive(Debug, Default)]
pub struct LastTree(Option<Head>);

#[derive(Debug, PartialEq, Eq)]
struct Head {
    key: [u8; 32],
    signature: [u8; 64],
    size: u16,
    root: Digest,
}

impl LastTree {
    /// Whether the path from `id` leads to a head that this key has signed.
    pub(crate) fn verify(
        &mut self,
        id: EnvelopeId,
        place: &TreePlace,
        key: &Verifier,
        signature: &[u8; 64],
    ) -> bool {
        let (index, size) = (usize::from(place.index), usize::from(place.size));
        let Some(root) = merkle::climbed(id, index, size, &place.path) else {
            return false;
        };
        let found = Some(Head {
            key: *key.raw(),
            signature: *signature,
            size: place.size,
            root,
        });
        if self.0 == found {
            return true;
        }
        let holds = key.verify(&head(place.size, root), signature);
        if holds {
            self.0 = found;
        }
        holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dsse::{EnvelopeError, MESSAGE_TYPE, RECEIPT_TYPE};

    fn key(seed: u8) -> (Signer, Verifier) {
        let signer = Signer::from_seed(&[seed; 32]);
        let verifier = Verifier::from_jwk(&signer.public()).unwrap();
        (signer, verifier)
    }

    fn messages(count: usize) -> Vec<Unsigned> {
        (0..count)
            .map(|n| Unsigned::new(MESSAGE_TYPE, format!("{{\"v\":{n}}}").into_bytes()))
            .collect()
    }

    #[test]
    fn each_message_of_a_tree_is_proved_alone_and_survives_the_wire() {
        let (signer, verifier) = key(9);
        for (count, trees) in [
            (0, vec![]),
            (1, vec![None]),
            (2, vec![Some(2); 2]),
            (TOGETHER, vec![Some(TOGETHER as u16); TOGETHER]),
        ] {
            let ids: Vec<EnvelopeId> = messages(count).iter().map(Unsigned::id).collect();
            let envelopes = sign_together(messages(count), &signer);
            let sizes: Vec<_> = envelopes
                .iter()
                .map(|one| one.tree.as_ref().map(|place| place.size))
                .collect();
            assert_eq!(sizes, trees);
            for (envelope, id) in envelopes.iter().zip(ids) {
                let line = envelope.to_line();
                let read = Envelope::parse(line.as_bytes()).unwrap();
                assert_eq!(&read, envelope);
                assert_eq!(read.id(), id);
                assert_eq!(read.verified_id(MESSAGE_TYPE, &verifier), Ok(id));
                if let Some(place) = &read.tree {
                    assert_eq!(place.to_text().len(), place.text_bytes());
                }
            }
        }
        let envelopes = sign_together(messages(TOGETHER + 1), &signer);
        assert_eq!(envelopes.last().unwrap().tree, None);
        let alone = Envelope::sign(MESSAGE_TYPE, b"{\"v\":32}".to_vec(), &signer);
        assert_eq!(envelopes.last(), Some(&alone));
    }

    #[test]
    fn a_head_counts_for_its_own_messages_its_own_key_and_its_own_signature() {
        let ((signer, verifier), (_, other)) = (key(9), key(8));
        let envelopes = sign_together(messages(5), &signer);
        let mut last = LastTree::default();
        let id = |envelope: &Envelope, last: &mut LastTree| {
            envelope.verified_id_after(MESSAGE_TYPE, &verifier, last)
        };
        for envelope in &envelopes {
            assert_eq!(id(envelope, &mut last), Ok(envelope.id()));
        }
        let bad = Err(EnvelopeError::Signature);
        let mut words = envelopes[1].clone();
        words.payload[0] ^= 1;
        assert_eq!(id(&words, &mut last), bad);
        let mut signature = envelopes[1].clone();
        signature.signature[40] ^= 1;
        assert_eq!(id(&signature, &mut last), bad);
        let mut alone = envelopes[1].clone();
        alone.tree = None;
        assert_eq!(id(&alone, &mut last), bad);
        for (index, size) in [(2, 5), (1, 6), (1, 2), (5, 5)] {
            let mut moved = envelopes[1].clone();
            let place = moved.tree.as_mut().unwrap();
            (place.index, place.size) = (index, size);
            assert_eq!(id(&moved, &mut last), bad, "{index} of {size}");
        }
        let place = envelopes[1].tree.clone().unwrap();
        let signature = envelopes[1].signature;
        assert!(last.verify(envelopes[1].id(), &place, &verifier, &signature));
        assert!(!last.verify(envelopes[1].id(), &place, &other, &signature));
        // What was found wrong is not what was verified last.
        assert!(last.verify(envelopes[1].id(), &place, &verifier, &signature));
    }

    #[test]
    fn nothing_but_messages_is_signed_together() {
        let (signer, verifier) = key(9);
        let receipts = (0..2).map(|n| Unsigned::new(RECEIPT_TYPE, vec![n]));
        for envelope in sign_together(receipts.collect(), &signer) {
            let read = envelope.verify(RECEIPT_TYPE, &verifier);
            assert_eq!(read, Err(EnvelopeError::Signature));
        }
    }

    #[test]
    fn what_is_no_place_in_a_tree_is_not_read() {
        let place = |index: u16, size: u16, steps: usize| TreePlace {
            index,
            size,
            path: vec![Digest::of(b"x"); steps],
        };
        for (index, size, steps) in [(0, 2, 1), (4, 5, 1), (0, 5, 3), (255, 256, 8)] {
            let sound = place(index, size, steps);
            assert_eq!(TreePlace::read(&sound.to_text()), Some(sound));
        }
        for (index, size, steps) in [
            (0, 0, 0),
            (0, 1, 0),
            (2, 2, 1),
            (0, 2, 0),
            (0, 2, 2),
            (4, 5, 3),
            (0, 257, 9),
        ] {
            let text = place(index, size, steps).to_text();
            assert_eq!(TreePlace::read(&text), None, "{index} of {size}, {steps}");
        }
        let cut = B64.encode(&B64.decode(place(0, 2, 1).to_text()).unwrap()[..35]);
        for text in ["", "AAAA", "not base64", cut.as_str()] {
            assert_eq!(TreePlace::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_tree_is_text_or_not_there() {
        let (signer, _) = key(9);
        let line = sign_together(messages(2), &signer)[0].to_line();
        let (start, end) = line.split_once("\"tree\":").unwrap();
        let (_, end) = end.split_once('}').unwrap();
        for tree in ["null", "7", "[]", "\"\"", "\"AAA\""] {
            let line = format!("{start}\"tree\":{tree}}}{end}");
            assert!(Envelope::parse(line.as_bytes()).is_err(), "{tree}");
        }
        let twice = line.replacen("\"tree\":", "\"tree\":\"AAAA\",\"tree\":", 1);
        assert!(Envelope::parse(twice.as_bytes()).is_err());
    }
}
