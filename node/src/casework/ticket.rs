//! Tickets: what a citizen is given, reads over the phone and types in again.
//!
//! Nine random Crockford base32 characters and one check character, as
//! `XXXXX-XXXXX`: 45 bits, so that a ticket is not guessed, and no letters
//! that are mistaken for digits.

use crate::chance::random;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 10;

/// A new random ticket.
pub fn mint() -> String {
    let bytes = random::<9>();
    let mut text: String = bytes
        .iter()
        .map(|b| char::from(ALPHABET[usize::from(b % 32)]))
        .collect();
    text.push(check_character(&text));
    grouped(&text)
}

/// The ticket as it is stored, from what somebody typed: case, spaces, hyphens
/// and the letters I, L and O are forgiven; a wrong check character is not.
pub fn parse(typed: &str) -> Option<String> {
    let text: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        })
        .collect();
    let known = text.len() == LENGTH && text.bytes().all(|b| ALPHABET.contains(&b));
    let (body, check) = text.split_at_checked(LENGTH - 1).filter(|_| known)?;
    check
        .starts_with(check_character(body))
        .then(|| grouped(&text))
}

/// Each place weighs differently modulo 31, so that one wrong character and
/// two swapped neighbours are both noticed, save where they differ by 31.
fn check_character(body: &str) -> char {
    let sum: usize = body
        .bytes()
        .enumerate()
        .map(|(place, b)| (place + 2) * ALPHABET.iter().position(|a| *a == b).unwrap_or(0))
        .sum();
    char::from(ALPHABET[sum % 31])
}

fn grouped(text: &str) -> String {
    format!("{}-{}", &text[..5], &text[5..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_read_as_people_type_it() {
        for _ in 0..200 {
            let ticket = mint();
            assert_eq!(parse(&ticket), Some(ticket.clone()));
            assert_eq!(
                parse(&ticket.to_lowercase().replace('-', " ")),
                Some(ticket.clone())
            );
            assert_eq!(
                parse(&ticket.replace('0', "o").replace('1', "l")),
                Some(ticket)
            );
        }
        for wrong in ["", "12345", "ABCDE-FGHJKM", "ÄBCDE-FGHJK"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn two_swapped_neighbours_are_noticed() {
        let ticket = "23456-789AB".replace('-', "");
        let ticket = format!("{}{}", &ticket[..9], check_character(&ticket[..9]));
        for place in 0..8 {
            let mut bytes = ticket.clone().into_bytes();
            bytes.swap(place, place + 1);
            assert_eq!(parse(&String::from_utf8(bytes).unwrap()), None, "{place}");
        }
    }
}
