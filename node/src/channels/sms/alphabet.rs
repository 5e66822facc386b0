//! The alphabets of text messages: GSM 03.38 (3GPP TS 23.038, default alphabet and its extension),
//! which has 160 letters to a message, and UCS-2 with 70, which has every sign. How much a text
//! takes, what stands in for signs that the first does not have, and how both stand in bytes.

/// Septets of one message.
pub const SEPTETS: usize = 160;
/// Units of UTF-16 of one message with other letters.
pub const UNITS: usize = 70;
/// So much of a message that was split is left beside its reference.
const FULL_SEPTETS: usize = 153;
const FULL_UNITS: usize = 67;
const ESCAPE: u8 = 0x1b;

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Each of these is an escape and a sign.
const EXTENDED: &str = "^{}\\[~]|€";
/// The septets of these, behind the escape.
const EXTENSIONS: [(u8, char); 9] = [
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

/// How much of a message a text takes. A sign that the alphabet lacks counts as the one that stands
/// in for it.
pub fn septets(text: &str) -> usize {
    plain(text)
        .chars()
        .map(|c| if EXTENDED.contains(c) { 2 } else { 1 })
        .sum()
}

/// A text in the alphabet alone.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if BASIC.contains(c) || EXTENDED.contains(c) {
            out.push(c);
        } else {
            out.push_str(stand_in(c));
        }
    }
    out
}

/// Whether the alphabet has all signs of a text.
pub fn is_plain(text: &str) -> bool {
    text.chars()
        .all(|c| BASIC.contains(c) || EXTENDED.contains(c))
}

/// How much of a message with other letters a text takes.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Whether a text fills one message, whose rest may come as another.
pub fn is_full(text: &str, wide: bool) -> bool {
    if wide {
        (FULL_UNITS..=UNITS).contains(&units(text))
    } else {
        (FULL_SEPTETS..=SEPTETS).contains(&septets(text))
    }
}

/// A text of the alphabet, a septet to a byte, as message centres take it; other signs stood in for.
pub fn to_septets(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in plain(text).chars() {
        if let Some((septet, _)) = EXTENSIONS.iter().find(|(_, sign)| *sign == c) {
            out.extend([ESCAPE, *septet]);
        } else {
            out.extend(place(c));
        }
    }
    out
}

/// What such bytes say. A sign of an extension that nobody has here is shown as the one of the
/// alphabet, as telephones do.
pub fn from_septets(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    let mut escaped = false;
    for byte in bytes {
        if *byte == ESCAPE && !escaped {
            escaped = true;
            continue;
        }
        let extension = EXTENSIONS
            .iter()
            .find(|(septet, _)| escaped && septet == byte);
        let basic = || sign(*byte).unwrap_or('\u{fffd}');
        out.push(extension.map_or_else(basic, |(_, sign)| *sign));
        escaped = false;
    }
    out
}

pub fn to_latin1(text: &str) -> Vec<u8> {
    let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
    text.chars().map(byte).collect()
}

pub fn from_latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// UTF-16 with the high byte first, which is UCS-2 and the signs that it lacks.
pub fn to_wide(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// What such bytes say; of half a sign or half a pair it is shown that something is missing.
pub fn from_wide(bytes: &[u8]) -> String {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    let mut text = String::from_utf16_lossy(&units);
    text.extend(rest.first().map(|_| '\u{fffd}'));
    text
}

/// Septets of a sign of the alphabet: the escape has a place of its own in it and no sign.
fn place(c: char) -> Option<u8> {
    let at = u8::try_from(BASIC.chars().position(|known| known == c)?).ok()?;
    Some(if at < ESCAPE { at } else { at + 1 })
}

fn sign(septet: u8) -> Option<char> {
    let at = match septet {
        ESCAPE => return None,
        before if before < ESCAPE => before,
        behind => behind - 1,
    };
    BASIC.chars().nth(usize::from(at))
}

fn stand_in(c: char) -> &'static str {
    match c {
        '\u{2018}' | '\u{2019}' | '`' | '\u{b4}' | '\u{2032}' => "'",
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{2022}' | '\u{b7}' => "-",
        '\u{2026}' => "...",
        '\u{a0}' | '\u{2009}' | '\u{202f}' | '\t' => " ",
        'á' | 'â' | 'ã' => "a",
        'ê' | 'ë' => "e",
        'í' | 'î' | 'ï' => "i",
        'ó' | 'ô' | 'õ' => "o",
        'ú' | 'û' => "u",
        'ç' => "c",
        // Marks that only change how the sign before them looks.
        '\u{200b}'..='\u{200f}' | '\u{fe0f}' | '\u{300}'..='\u{36f}' => "",
        _ => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_counted_as_a_telephone_counts_it() {
        for (text, count) in [
            ("", 0),
            ("Jalan rusak", 11),
            ("[a] {b}", 11),
            ("\u{20ac}5", 3),
            ("\u{201c}ya\u{201d} \u{2013} tidak\u{2026}", 15),
            ("é", 1),
        ] {
            assert_eq!(septets(text), count, "{text}");
        }
    }

    #[test]
    fn a_text_stands_in_bytes_as_telephones_have_it() {
        for (text, bytes) in [
            ("@A z", &[0x00, 0x41, 0x20, 0x7a][..]),
            ("Ææßé", &[0x1c, 0x1d, 0x1e, 0x05]),
            ("à¿¡", &[0x7f, 0x60, 0x40]),
            ("[€]", &[0x1b, 0x3c, 0x1b, 0x65, 0x1b, 0x3e]),
            ("$_\n", &[0x02, 0x11, 0x0a]),
        ] {
            assert_eq!(to_septets(text), bytes, "{text}");
            assert_eq!(from_septets(bytes), text);
        }
        assert_eq!(to_septets("\u{1f600}"), b"?");
        assert_eq!(from_septets(&[0x1b, 0x41, 0x80, 0x1b]), "A\u{fffd}");
        assert_eq!(BASIC.chars().count(), 127, "and the escape");
        let wide = [0, 0x41, 0xd8, 0x3d, 0xde, 0];
        assert_eq!(
            (to_wide("A\u{1f600}"), from_wide(&wide)),
            (wide.to_vec(), "A\u{1f600}".into())
        );
        assert_eq!(from_wide(&[0, 0x41, 0xd8]), "A\u{fffd}");
        assert_eq!(
            from_latin1(&to_latin1("d\u{e9}j\u{e0} \u{20ac}")),
            "d\u{e9}j\u{e0} ?"
        );
    }

    #[test]
    fn a_text_that_fills_a_message_may_go_on() {
        for (length, full) in [(152, false), (153, true), (160, true), (161, false)] {
            assert_eq!(is_full(&"a".repeat(length), false), full, "{length}");
        }
        for (length, full) in [(66, false), (67, true), (70, true), (71, false)] {
            assert_eq!(is_full(&"\u{e1}".repeat(length), true), full, "{length}");
        }
    }

    #[test]
    fn what_the_alphabet_lacks_is_stood_in_for() {
        assert_eq!(
            plain("\u{201c}Rp\u{a0}5\u{201d} \u{2014} à la naïve"),
            "\"Rp 5\" - à la naive"
        );
        assert_eq!(plain("\u{1f600}!"), "?!");
    }
}
