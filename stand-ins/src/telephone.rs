//! A telephone: it cuts what is written into messages as a network carries them (3GPP TS 23.038 and
//! 23.040), and shows what comes.

use crate::smsc::{Sms, Submitted};

/// The default alphabet, in the order of its codes.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: [(u8, char); 9] = [
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];
const ESCAPE: u8 = 0x1b;
/// Codes of a message, and of a part beside its header.
const CODES: (usize, usize) = (160, 153);
/// Bytes of one in other letters.
const BYTES: (usize, usize) = (140, 134);
/// The coding of other letters.
const WIDE: u8 = 8;

/// What somebody writes, in as many messages as it takes. `reference` says which parts belong
/// together.
pub fn written(from: &str, text: &str, reference: u8) -> Vec<Sms> {
    let narrow: Option<Vec<Vec<u8>>> = text.chars().map(septets).collect();
    let (coding, letters, (whole, part)) = match narrow {
        Some(letters) => (0, letters, CODES),
        None => (WIDE, text.chars().map(wide).collect(), BYTES),
    };
    let message = |header: Vec<u8>, text: Vec<u8>| Sms {
        from: from.to_owned(),
        coding,
        text,
        header,
        sar: None,
    };
    if letters.iter().map(Vec::len).sum::<usize>() <= whole {
        return vec![message(Vec::new(), letters.concat())];
    }
    let parts = cut(&letters, part);
    let count = parts.len() as u8;
    let headed = parts.into_iter().zip(1..);
    headed
        .map(|(text, place)| message(vec![5, 0, 3, reference, count, place], text))
        .collect()
}

/// What somebody reads.
pub fn shown(submitted: &Submitted) -> String {
    if submitted.coding == WIDE {
        let units = submitted.bytes.chunks_exact(2);
        let units: Vec<u16> = units
            .map(|two| u16::from_be_bytes([two[0], two[1]]))
            .collect();
        return String::from_utf16_lossy(&units);
    }
    let mut out = String::new();
    let mut codes = submitted.bytes.iter();
    while let Some(code) = codes.next() {
        let letter = if *code == ESCAPE {
            let code = codes.next();
            EXTENDED
                .iter()
                .find(|(known, _)| Some(known) == code)
                .map(|(_, letter)| *letter)
        } else {
            BASIC.chars().nth(usize::from(*code))
        };
        out.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    out
}

/// Letters in pieces of so much at most; none is broken.
fn cut(letters: &[Vec<u8>], most: usize) -> Vec<Vec<u8>> {
    let mut parts = vec![Vec::new()];
    for letter in letters {
        if parts
            .last()
            .is_some_and(|part: &Vec<u8>| part.len() + letter.len() > most)
        {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.extend(letter);
        }
    }
    parts
}

fn septets(letter: char) -> Option<Vec<u8>> {
    if let Some((code, _)) = EXTENDED.iter().find(|(_, known)| *known == letter) {
        return Some(vec![ESCAPE, *code]);
    }
    let code = BASIC.chars().position(|known| known == letter)?;
    let code = code as u8;
    (code != ESCAPE).then(|| vec![code])
}

fn wide(letter: char) -> Vec<u8> {
    let mut units = [0; 2];
    let units = letter.encode_utf16(&mut units).iter();
    units.flat_map(|unit| unit.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a telephone shows of messages that another has written.
    fn read(messages: &[Sms]) -> String {
        let read = messages.iter().map(|sms| {
            shown(&Submitted {
                id: String::new(),
                from: sms.from.clone(),
                to: String::new(),
                coding: sms.coding,
                bytes: sms.text.clone(),
                wants_receipt: false,
            })
        });
        read.collect()
    }

    #[test]
    fn what_is_written_is_read_again_in_as_many_messages_as_it_takes() {
        let long = "Lampu jalan padam. ".repeat(10);
        let other = "Saluran air \u{201c}mampet\u{201d} \u{1f4a7}. ".repeat(6);
        let edge = "[".repeat(80);
        for (text, coding, parts) in [
            ("Lampu padam @ Jl. A_1", 0, 1),
            (long.as_str(), 0, 2),
            (other.as_str(), WIDE, 3),
            (edge.as_str(), 0, 1),
            (&"[".repeat(81), 0, 2),
            ("", 0, 1),
        ] {
            let messages = written("+62", text, 7);
            assert_eq!(
                (messages.len(), messages[0].coding),
                (parts, coding),
                "{text}"
            );
            assert_eq!(read(&messages), text);
        }
    }

    #[test]
    fn a_part_says_of_which_message_it_is_and_breaks_no_letter() {
        let messages = written("+62", &"[".repeat(100), 7);
        let headers: Vec<&[u8]> = messages.iter().map(|sms| sms.header.as_slice()).collect();
        assert_eq!(headers, [[5, 0, 3, 7, 2, 1], [5, 0, 3, 7, 2, 2]]);
        let lengths: Vec<usize> = messages.iter().map(|sms| sms.text.len()).collect();
        assert_eq!(lengths, [152, 48]);
        assert!(written("+62", "pendek", 7)[0].header.is_empty());
    }
}
