//! Receipts of a network: by parameters of their own, and by the text that is usual (appendix B of
//! SMPP 3.4): `id:12 sub:001 dlvrd:001 submit date:… done date:… stat:DELIVRD err:000 text:…`.

use rusmpp::pdus::DeliverSm;
use rusmpp::tlvs::{Tlv, TlvValue};
use rusmpp::values::{EsmClass, MessageState};

use super::super::super::receipts::Fate;
use super::super::alphabet;
use super::pdu::Delivery;

/// `esm_class`, type of the message: a receipt of the message centre, an acknowledgement of the
/// telephone, a word on the way. What somebody answers by hand is a message.
const TYPE: u8 = 0x3c;
const RECEIPT: u8 = 0x04;
const ACKNOWLEDGEMENT: u8 = 0x08;
const ON_ITS_WAY: u8 = 0x20;

/// What a `deliver_sm` tells of something that this node said; `fate` is `None` while it is on its
/// way.
pub struct Receipt {
    pub id: String,
    pub fate: Option<Fate>,
}

/// Whether it is no message of a person.
pub fn is_notice(class: EsmClass) -> bool {
    [RECEIPT, ACKNOWLEDGEMENT, ON_ITS_WAY].contains(&(u8::from(class) & TYPE))
}

/// Reads a receipt; `None` if it names nothing.
pub fn read(deliver: &DeliverSm) -> Option<Receipt> {
    if u8::from(deliver.esm_class) & TYPE != RECEIPT {
        return None;
    }
    let text = alphabet::from_latin1(&Delivery::of(deliver).payload());
    let (mut id, mut state) = (None, None);
    for value in deliver.tlvs().iter().filter_map(Tlv::value) {
        match value {
            TlvValue::ReceiptedMessageId(named) => id = Some(named.as_str().to_owned()),
            TlvValue::MessageState(told) => state = Some(by_number(*told)),
            _ => {}
        }
    }
    let id = id.or_else(|| said(&text, "id:").map(str::to_owned))?;
    let fate = state.unwrap_or_else(|| by_word(said(&text, "stat:").unwrap_or_default()));
    Some(Receipt { id, fate })
}

/// The word behind a name.
fn said<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let at = text.to_ascii_lowercase().find(name)?;
    let rest = text.get(at + name.len()..)?;
    rest.split_whitespace().next()
}

fn by_number(state: MessageState) -> Option<Fate> {
    match state {
        MessageState::Delivered => Some(Fate::Delivered),
        MessageState::Expired => Some(refused("EXPIRED")),
        MessageState::Deleted => Some(refused("DELETED")),
        MessageState::Undeliverable => Some(refused("UNDELIV")),
        MessageState::Rejected => Some(refused("REJECTD")),
        _ => None,
    }
}

fn by_word(word: &str) -> Option<Fate> {
    let known = ["EXPIRED", "DELETED", "UNDELIV", "REJECTD"];
    let word = word.to_ascii_uppercase();
    if word == "DELIVRD" {
        return Some(Fate::Delivered);
    }
    known.into_iter().find(|known| *known == word).map(refused)
}

fn refused(word: &str) -> Fate {
    Fate::Refused(format!("the network says {word}"))
}
