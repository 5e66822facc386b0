//! What goes over a line of SMPP 3.4 (https://smpp.org/SMPP_v3_4_Issue1_2.pdf), between the wire
//! and this node: each message of a person as it is kept, and each answer as it is submitted.

use rusmpp::pdus::{BindReceiver, BindTransceiver, BindTransmitter, DeliverSm, SubmitSm};
use rusmpp::tlvs::{Tlv, TlvValue};
use rusmpp::types::{COctetString, OctetString};
use rusmpp::values::{DataCoding, EsmClass, InterfaceVersion, RegisteredDelivery};
use serde::{Deserialize, Serialize};

use super::super::super::heard::{Address, Form, Heard, Shape, Sort, Unread};
use super::super::super::settings::{DefaultAlphabet, SmppSettings};
use super::super::{alone, alphabet, sender, sort};
use super::udh::Header;

/// `esm_class`: the text begins with a header of user data.
const HEADED: u8 = 0x40;
/// `ton`: the number begins with its country.
const INTERNATIONAL: u8 = 1;
/// `ton`: it is a name, and no number.
const NAMED: u8 = 5;
/// Bytes of a text.
const SHORT: usize = 30;
const DEFAULT: u8 = 0;
const WIDE: u8 = 8;
const BINARY: Unread = Unread("binary, and no text");

/// In what a text is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    Default,
    Ascii,
    Latin1,
    Wide,
    /// Bytes that are no text.
    Binary,
}

impl Written {
    /// What `data_coding` names; `None` is nothing that this version knows.
    fn of(coding: u8) -> Option<Self> {
        Some(match coding {
            DEFAULT | 0xf0..=0xf3 => Self::Default,
            1 => Self::Ascii,
            3 => Self::Latin1,
            WIDE => Self::Wide,
            2 | 4 | 0xf4..=0xf7 => Self::Binary,
            // Of a class, which says where the telephone keeps it (3GPP TS 23.038, 4).
            0x10..=0x1f => match (coding >> 2) & 0b11 {
                0b00 => Self::Default,
                0b01 => Self::Binary,
                0b10 => Self::Wide,
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// What a network hands over, as it is kept; its bytes as hex.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Kept {
    Delivery(Delivery),
    /// A `deliver_sm` that this version cannot take apart.
    Pdu {
        pdu: String,
    },
}

/// A message of a person, as the network hands it over.
#[derive(Clone, Serialize, Deserialize)]
pub struct Delivery {
    from: String,
    ton: u8,
    to: String,
    esm: u8,
    coding: u8,
    payload: String,
    /// Reference, number of parts, and which of them it is, where they stand beside the text.
    sar: Option<(u16, u8, u8)>,
}

impl Delivery {
    pub fn of(deliver: &DeliverSm) -> Self {
        let mut payload = deliver.short_message().to_vec();
        let (mut reference, mut total, mut place) = (None, None, None);
        for value in deliver.tlvs().iter().filter_map(Tlv::value) {
            match value {
                TlvValue::MessagePayload(long) => payload = long.value.to_vec(),
                TlvValue::SarMsgRefNum(number) => reference = Some(*number),
                TlvValue::SarTotalSegments(number) => total = Some(*number),
                TlvValue::SarSegmentSeqnum(number) => place = Some(*number),
                _ => {}
            }
        }
        let sar = reference.zip(total).zip(place);
        Self {
            from: deliver.source_addr.as_str().to_owned(),
            ton: deliver.source_addr_ton.into(),
            to: deliver.destination_addr.as_str().to_owned(),
            esm: deliver.esm_class.into(),
            coding: deliver.data_coding.into(),
            payload: hex::encode(payload),
            sar: sar.map(|((reference, total), place)| (reference, total, place)),
        }
    }

    /// As it is kept until it is done.
    pub fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What tells it from others: a network gives no id to what it hands over.
    pub fn id(&self) -> String {
        let (from, to, coding, sar) = (&self.from, &self.to, self.coding, self.sar);
        format!("{from} {to} {coding} {sar:?} {}", self.payload)
    }

    /// Too short for a report: somebody may well say it again, to another question.
    pub fn is_short(&self) -> bool {
        self.esm & HEADED == 0 && self.sar.is_none() && self.payload.len() < 2 * SHORT
    }

    pub fn payload(&self) -> Vec<u8> {
        hex::decode(&self.payload).unwrap_or_default()
    }

    /// What of the payload is text, and the header before it.
    fn apart<'p>(&self, payload: &'p [u8]) -> (Header, &'p [u8]) {
        if self.esm & HEADED == 0 {
            return (Header::default(), payload);
        }
        Header::read(payload)
    }

    fn text(&self, default: DefaultAlphabet) -> Result<String, Unread> {
        let payload = self.payload();
        let (header, text) = self.apart(&payload);
        if header.is_for_a_program {
            return Err(BINARY);
        }
        let written = Written::of(self.coding);
        let written = written.ok_or(Unread("letters of another alphabet"))?;
        Ok(match written {
            Written::Default => match default {
                DefaultAlphabet::Gsm7 => alphabet::from_septets(text),
                DefaultAlphabet::Latin1 => alphabet::from_latin1(text),
            },
            // Some centres call the alphabet of telephones so.
            Written::Ascii if text.iter().any(|byte| is_control(*byte)) => {
                alphabet::from_septets(text)
            }
            Written::Ascii | Written::Latin1 => alphabet::from_latin1(text),
            Written::Wide => alphabet::from_wide(text),
            Written::Binary => return Err(BINARY),
        })
    }

    fn from(&self) -> Address {
        let from = self.from.trim();
        let abroad = self.ton == INTERNATIONAL && !from.starts_with('+');
        if abroad {
            sender(&format!("+{from}"))
        } else {
            sender(from)
        }
    }

    fn sort(&self) -> Sort {
        if self.ton == NAMED {
            Sort::Noise
        } else {
            sort(&self.from)
        }
    }

    fn part(&self) -> Option<Form> {
        let payload = self.payload();
        let (reference, total, place) = match self.apart(&payload).0.part {
            Some(part) => part,
            None => self.sar?,
        };
        Some(Form::Part {
            reference: format!("{reference}"),
            place: place.into(),
            total: total.into(),
        })
    }
}

/// What stands in no text of ASCII.
fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && !b"\t\n\r".contains(&byte)
}

/// A `deliver_sm` that cannot be taken apart, as it is kept.
pub fn kept_whole(pdu: &[u8]) -> Vec<u8> {
    let pdu = hex::encode(pdu);
    serde_json::to_vec(&Kept::Pdu { pdu }).unwrap_or_default()
}

/// Whether something that was taken came by this way.
pub fn is_ours(body: &[u8]) -> bool {
    body.first() == Some(&b'{')
}

pub fn read(body: &[u8], default: DefaultAlphabet) -> Result<Heard, Unread> {
    let kept = serde_json::from_slice(body).map_err(|_| Unread("no such shape"))?;
    let Kept::Delivery(delivery) = kept else {
        return Err(Unread("no deliver_sm that this version reads"));
    };
    if delivery.from.trim().is_empty() {
        return Err(Unread("no sender"));
    }
    Ok(Heard {
        from: delivery.from(),
        sort: delivery.sort(),
        text: delivery.text(default)?,
        ..Heard::default()
    })
}

pub fn shape(body: &[u8], default: DefaultAlphabet) -> Shape {
    let Ok(Kept::Delivery(delivery)) = serde_json::from_slice(body) else {
        return Shape::default();
    };
    let wide = Written::of(delivery.coding) == Some(Written::Wide);
    let form = match (delivery.text(default), delivery.part()) {
        (Err(BINARY), _) => Form::Binary,
        (Err(_), _) => Form::Whole,
        (Ok(_), Some(part)) => part,
        (Ok(text), None) => alone(&text, wide),
    };
    Shape { form, wide }
}

/// A message to a telephone; `None` if its number cannot be written.
pub fn submit(
    settings: &SmppSettings,
    number: &str,
    to: &Address,
    words: &str,
) -> Option<SubmitSm> {
    let (coding, text) = encoded(words, settings.alphabet);
    let (ton, npi, digits) = match to.id.strip_prefix('+') {
        Some(digits) => (settings.dest_ton, settings.dest_npi, digits),
        // A short number, or a name: whoever can answer it knows it as it is.
        None => (0, 0, to.id.as_str()),
    };
    let mut submit = SubmitSm::builder()
        .source_addr_ton(settings.source_ton.into())
        .source_addr_npi(settings.source_npi.into())
        .source_addr(COctetString::from_string(number.to_owned()).ok()?)
        .dest_addr_ton(ton.into())
        .dest_addr_npi(npi.into())
        .destination_addr(COctetString::from_string(digits.to_owned()).ok()?)
        // Its own default is an acknowledgement.
        .esm_class(EsmClass::from(0))
        .registered_delivery(RegisteredDelivery::from(1))
        .data_coding(DataCoding::from(coding))
        .build();
    submit.set_short_message(OctetString::from_vec(text).ok()?);
    Some(submit)
}

/// Words in the alphabet in which they fit, with what the network calls it.
fn encoded(words: &str, default: DefaultAlphabet) -> (u8, Vec<u8>) {
    let latin = words.chars().all(|c| u32::from(c) < 0x100);
    match default {
        DefaultAlphabet::Gsm7 if alphabet::is_plain(words) => {
            (DEFAULT, alphabet::to_septets(words))
        }
        DefaultAlphabet::Latin1 if latin => (DEFAULT, alphabet::to_latin1(words)),
        _ if alphabet::units(words) <= alphabet::UNITS => (WIDE, alphabet::to_wide(words)),
        DefaultAlphabet::Gsm7 => (DEFAULT, alphabet::to_septets(words)),
        DefaultAlphabet::Latin1 => (DEFAULT, alphabet::to_latin1(words)),
    }
}

/// In which direction a line is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Both,
    Out,
    In,
}

/// The request that opens a line.
pub fn bind(role: Role, system_id: &str, password: &str) -> Option<rusmpp::Pdu> {
    let system_id = COctetString::from_string(system_id.to_owned()).ok()?;
    let password = COctetString::from_string(password.to_owned()).ok()?;
    let version = InterfaceVersion::Smpp3_4;
    macro_rules! request {
        ($kind:ident) => {
            $kind::builder()
                .system_id(system_id)
                .password(password)
                .interface_version(version)
                .build()
                .into()
        };
    }
    Some(match role {
        Role::Both => request!(BindTransceiver),
        Role::Out => request!(BindTransmitter),
        Role::In => request!(BindReceiver),
    })
}
