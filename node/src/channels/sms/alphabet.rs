//! The alphabet of text messages (GSM 03.38, default alphabet and its extension): how many septets
//! a text takes, and what stands in for signs that it does not have.

/// Septets of one message.
pub const SEPTETS: usize = 160;

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Each of these is an escape and a sign.
const EXTENDED: &str = "^{}\\[~]|€";

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
    fn what_the_alphabet_lacks_is_stood_in_for() {
        assert_eq!(
            plain("\u{201c}Rp\u{a0}5\u{201d} \u{2014} à la naïve"),
            "\"Rp 5\" - à la naive"
        );
        assert_eq!(plain("\u{1f600}!"), "?!");
    }
}
