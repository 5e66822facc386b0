//! A record as a hub publishes it, read by the offline verifier. The hub may be dishonest: whatever
//! it signs, the verifier ends and says what is wrong.

use lapor_protocol::audit::{Audit, Extent, Ruled};
use lapor_protocol::dsse::{self, Envelope};

use crate::Named;
use crate::cast::{AUTHOR, HUB, MEMBERS};
use crate::lines;

pub const ALL: &[Named] = &[("audit", audit)];

/// Lines, by their first byte: a message of an author, its ruling, a receipt or a head of the hub.
fn audit(bytes: &[u8]) {
    for extent in [Extent::Whole, Extent::Cases] {
        let mut audit = Audit::new(MEMBERS.clone(), extent);
        for line in lines(bytes).take(40) {
            take(&mut audit, line[0], line[1..].to_vec());
        }
        let (tally, _) = audit.finish();
        assert!(tally.applied <= tally.rulings);
        // A case of which the hub ruled what no fold takes was looked at, and is none.
        assert!(audit.cases().count() as u64 <= tally.cases);
    }
}

fn take(audit: &mut Audit, kind: u8, payload: Vec<u8>) {
    let stated = |payload_type, payload| Envelope::sign(payload_type, payload, &HUB);
    match kind {
        b'r' => audit.receipt(&stated(dsse::RECEIPT_TYPE, payload)),
        b'h' => audit.head(&stated(dsse::HEAD_TYPE, payload)),
        b'd' => {
            if let Ok(ruled) = serde_json::from_slice::<Ruled>(&payload) {
                audit.ruling(&ruled);
            }
        }
        _ => {
            let envelope = Envelope::sign(dsse::MESSAGE_TYPE, payload, &AUTHOR);
            audit.envelope(envelope.to_line().as_bytes());
        }
    }
}
