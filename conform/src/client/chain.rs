//! Messages of a chain that is kept as honestly as a story wants.

use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE, TREE_TYPE, pae};
use lapor_protocol::ids::{CaseId, EnvelopeId, MessageId};
use lapor_protocol::keys::Signer;
use lapor_protocol::merkle;
use lapor_protocol::together::TreePlace;
use serde_json::{Value, json};

use super::player::Player;

/// The order of the group of Ed25519, little endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// A message that has been signed.
#[derive(Debug, Clone)]
pub struct Said {
    pub envelope: Envelope,
    pub payload: Value,
}

impl Said {
    pub fn id(&self) -> EnvelopeId {
        self.envelope.id()
    }

    /// As it stands in a batch.
    pub fn line(&self) -> String {
        format!(r#"{{"envelope":{}}}"#, self.envelope.to_line())
    }

    /// With things beside it that the author never signed.
    pub fn line_with(&self, beside: &str) -> String {
        format!(r#"{{"envelope":{},{beside}}}"#, self.envelope.to_line())
    }
}

impl Player {
    /// Another id for a case of its own.
    pub fn new_case(&mut self) -> CaseId {
        let dice = self.dice();
        CaseId::mint(self.now_ms, dice)
    }

    /// What would come next in its chain.
    pub fn payload(&mut self, kind: &str, case: Option<CaseId>, body: impl Into<Value>) -> Value {
        let body = body.into();
        let (at, dice) = (self.head.next(), self.dice());
        let mut payload = json!({
            "v": 1, "kind": kind, "id": MessageId::mint(self.now_ms, dice),
            "author": self.id, "epoch": at.epoch, "seq": at.seq, "prev": self.head.id,
            "created_at": self.now_ms, "body": body,
        });
        if let Some(case) = case {
            payload["case"] = json!(case);
        }
        payload
    }

    /// Signs a payload whatever it says; the chain does not advance.
    pub fn sign(&self, payload: &Value) -> Said {
        Said {
            envelope: self.sign_bytes(payload.to_string()),
            payload: payload.clone(),
        }
    }

    pub fn sign_bytes(&self, payload: impl Into<Vec<u8>>) -> Envelope {
        Envelope::sign(MESSAGE_TYPE, payload.into(), &self.signing)
    }

    /// The next message; the chain advances.
    pub fn say(&mut self, kind: &str, case: Option<CaseId>, body: Value) -> Said {
        let payload = self.payload(kind, case, body);
        self.tell(&payload)
    }

    /// Signs a payload as it stands; the chain advances.
    pub fn tell(&mut self, payload: &Value) -> Said {
        let said = self.sign(payload);
        self.head = self.head.advanced(said.id());
        said
    }

    /// A report that is sound in every respect.
    pub fn report(&mut self) -> (CaseId, Said) {
        let case = self.new_case();
        let body = json!({ "classification": "complaint", "channel": "web", "commitment": "ab".repeat(32) });
        let filed = "report.filed";
        (case, self.say(filed, Some(case), body))
    }
}

/// The same signature with the group's order added to its second half: the
/// equation holds, the form is not the one.
pub fn seconded(said: &Said) -> Said {
    let mut other = said.clone();
    let mut carry = 0u16;
    for (byte, order) in other.envelope.signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum as u8;
        carry = sum >> 8;
    }
    other
}

/// The same message under other 64 bytes.
pub fn with_signature(said: &Said, signature: [u8; 64]) -> Said {
    let mut other = said.clone();
    other.envelope.signature = signature;
    other
}

/// The same message as leaf `index` of a tree of these, whose head is signed whatever they are.
pub fn in_tree(
    envelope: &Envelope,
    index: usize,
    leaves: &[EnvelopeId],
    signer: &Signer,
) -> Envelope {
    let (size, (root, paths)) = (leaves.len() as u16, merkle::paths(leaves));
    let head = [&size.to_be_bytes()[..], &root.as_bytes()[..]].concat();
    Envelope {
        signature: signer.sign(&pae(TREE_TYPE, &head)),
        tree: Some(TreePlace {
            index: index as u16,
            size,
            path: paths.into_iter().nth(index).unwrap_or_default(),
        }),
        ..envelope.clone()
    }
}
