//! `Lapor-Seen`: the latest signed things of the hub that a node holds, shown
//! with every request, so that a hub that was restored from a backup learns
//! that it has lost what it signed for.
//!
//! Each is a whole envelope in a compact form. Nothing in the header counts
//! before its signature verifies under a key of the hub.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;

use crate::dsse::{DIRECTORY_HEAD_TYPE, Envelope, HEAD_TYPE, RECEIPT_TYPE};
use crate::keys::KeyId;

/// Envelopes that are shown at once, at most.
const MOST: usize = 4;
/// Longest header that is read.
const MOST_BYTES: usize = 4096;

/// What stands before an envelope, and its payload type.
const NAMES: [(&str, &str); 3] = [
    ("head", HEAD_TYPE),
    ("receipt", RECEIPT_TYPE),
    ("directory", DIRECTORY_HEAD_TYPE),
];

/// `NAME:KID:PAYLOAD:SIGNATURE` of the head of a stream or of the directory, or
/// of a receipt; `None` of anything else.
pub fn shown(envelope: &Envelope) -> Option<String> {
    let mut names = NAMES.iter();
    let (name, _) = names.find(|(_, of)| *of == envelope.payload_type)?;
    let payload = B64.encode(&envelope.payload);
    let signature = B64.encode(envelope.signature);
    Some(format!("{name}:{}:{payload}:{signature}", envelope.kid))
}

/// Reads a header: envelopes in the compact form, separated by commas. None of
/// their signatures has been checked.
pub fn read(header: &str) -> Option<Vec<Envelope>> {
    if header.len() > MOST_BYTES {
        return None;
    }
    let envelopes: Vec<Envelope> = header.split(',').map(one).collect::<Option<_>>()?;
    (envelopes.len() <= MOST).then_some(envelopes)
}

fn one(text: &str) -> Option<Envelope> {
    let mut parts = text.trim().split(':');
    let (name, kid) = (parts.next()?, parts.next()?);
    let (payload, signature) = (parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (_, payload_type) = NAMES.iter().find(|(known, _)| *known == name)?;
    let signature = B64.decode(signature).ok()?;
    Some(Envelope {
        payload_type: (*payload_type).to_owned(),
        payload: B64.decode(payload).ok()?,
        kid: KeyId::from_text(kid),
        signature: signature.try_into().ok()?,
        tree: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::StreamHead;
    use crate::directory_head::DirectoryHead;
    use crate::ids::Digest;
    use crate::keys::{Signer, Verifier};
    use crate::receipt::{Receipt, Stream};

    #[test]
    fn what_is_shown_is_the_very_envelope_and_nothing_else_is_read() {
        let hub = Signer::from_seed(&[1; 32]);
        let key = Verifier::from_jwk(&hub.public()).unwrap();
        let head = StreamHead {
            recipient: Some("kemenpu".parse().unwrap()),
            stream: Stream::Inbox,
            depoch: 1,
            dseq: 7,
            hash: Digest::of(b"item"),
            at: 1,
        };
        let author = "kemenpu".parse().unwrap();
        let receipt = Receipt::accepted(author, 1, 1, &[Digest::of(b"m")], 1);
        let directory = DirectoryHead {
            version: 7,
            id: Digest::of(b"version"),
            at: 1,
        };
        let all = [head.sign(&hub), receipt.sign(&hub), directory.sign(&hub)];
        let header = all.iter().filter_map(shown).collect::<Vec<_>>().join(", ");
        let read_back = read(&header).unwrap();
        assert_eq!(read_back, all);
        assert_eq!(StreamHead::open(&read_back[0], &key).unwrap(), head);
        assert_eq!(DirectoryHead::open(&read_back[2], &key).unwrap(), directory);
        let one = shown(&all[0]).unwrap();
        let five = [one.as_str(); 5].join(",");
        let (start, _) = one.rsplit_once(':').unwrap();
        let other = one.replacen("head", "message", 1);
        let bad = ["", ",", "head", start, five.as_str(), other.as_str()];
        for bad in bad {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(read(&"x".repeat(MOST_BYTES + 1)), None);
    }
}
