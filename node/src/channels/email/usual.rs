//! Whether a letter is put together as people's letters are, so that it is read by bounded work.
//!
//! A reader of MIME looks for the bounds of each part in all that follows, tries each encoded word to
//! the end of its head, keeps some hundred bytes for each line of a head, and each letter within a
//! letter goes one call deeper. All of that stands outside base64, in which files come: of that a letter
//! of people has little.

use std::borrow::Cow;

/// Bytes of which any letter may be made; more of a head is not looked at before it is known.
pub const HEAD: usize = 64 * 1024;
/// Bytes outside base64: heads, bounds, words.
const LOOSE: usize = 512 * 1024;
const MULTIPARTS: usize = 24;
const ENCODED_WORDS: usize = 5_000;
/// Signs from which on a line may be one of base64.
const PACKED: usize = 40;
const TYPE: &[u8] = b"content-type";
/// Kinds of what is a letter within a letter, or has such.
const NESTS: [&[u8]; 3] = [b"rfc822", b"global", b"digest"];

/// Whether reading the whole letter is bounded work.
pub fn is_usual(letter: &[u8]) -> bool {
    if letter.len() <= HEAD {
        return true;
    }
    let lines = letter.split(|byte| *byte == b'\n');
    let loose = lines
        .filter(|line| !is_packed(line))
        .map(|line| line.len() + 1);
    loose.sum::<usize>() <= LOOSE
        && places(letter, b"multipart").count() <= MULTIPARTS
        && places(letter, b"=?").count() <= ENCODED_WORDS
}

/// The beginning of a letter, or of its head.
pub fn beginning(letter: &[u8]) -> &[u8] {
    &letter[..letter.len().min(HEAD)]
}

/// A letter in which no part is read as a letter of its own: nothing of such is taken, it may stand
/// within another without an end, and one that is encoded hides what it is made of.
pub fn unnested(letter: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Cow::Borrowed(letter);
    let mut from = 0;
    while let Some(colon) = letter[from..].iter().position(|byte| *byte == b':') {
        let name = &letter[..from + colon];
        from += colon + 1;
        if !names_a_type(name) {
            continue;
        }
        let kind = kind_of(&letter[from..]);
        for at in NESTS.into_iter().flat_map(|nest| places(kind, nest)) {
            out.to_mut()[from + at] = b'x';
        }
        from += kind.len();
    }
    out
}

fn is_packed(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
    line.len() >= PACKED && line.iter().all(is_base64)
}

/// Whether what stands before a colon ends as the name of the field does: a reader goes over white
/// space in it, and it may follow the bound of a part at once.
fn names_a_type(before: &[u8]) -> bool {
    let signs = before
        .iter()
        .rev()
        .filter(|byte| !byte.is_ascii_whitespace());
    let name = signs.take(TYPE.len()).map(u8::to_ascii_lowercase);
    name.eq(TYPE.iter().rev().copied())
}

/// Of the value of a field all in which the kind may stand: what is before a semicolon, and all of it
/// where there is a comment, in which a semicolon ends nothing.
fn kind_of(value: &[u8]) -> &[u8] {
    let goes_on = |at: usize| matches!(value.get(at + 1), Some(b' ' | b'\t'));
    let ends = |(at, byte): (usize, &u8)| *byte == b'\n' && !goes_on(at);
    let stop = value
        .iter()
        .enumerate()
        .position(|(at, byte)| matches!(byte, b';' | b'(') || ends((at, byte)));
    let Some(stop) = stop else {
        return value;
    };
    if value[stop] != b'(' {
        return &value[..stop];
    }
    let mut rest = value.iter().enumerate().skip(stop);
    let end = rest.find(|one| ends(*one)).map(|(at, _)| at);
    &value[..end.unwrap_or(value.len())]
}

/// Where a word stands, in letters of either case.
fn places(text: &[u8], word: &'static [u8]) -> impl Iterator<Item = usize> {
    let each = text.windows(word.len()).enumerate();
    each.filter(move |(_, seen)| seen.eq_ignore_ascii_case(word))
        .map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use mail_parser::{MessageParser, PartType};

    use super::super::letter;
    use super::*;

    fn with_file(between: &str, lines: usize) -> Vec<u8> {
        let line = "A".repeat(76) + "\r\n";
        let head = "From: siti@contoh.id\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n";
        let file = line.repeat(lines);
        format!("{head}--b\r\n\r\nLampu padam\r\n{between}--b\r\nContent-Transfer-Encoding: base64\r\n\r\n{file}--b--\r\n")
            .into_bytes()
    }

    #[test]
    fn a_letter_with_large_files_is_usual_and_one_of_many_parts_is_not() {
        assert!(is_usual(&with_file("", 300_000)));
        let words = "Lampu di depan pasar padam sejak kemarin, mohon diperbaiki.\r\n";
        assert!(is_usual(&with_file(&words.repeat(5_000), 1000)));
        assert!(is_usual(&with_file(&"--b\r\n\r\n".repeat(9), 1000)));
        for (strange, times) in [
            ("--b\r\n\r\n", 100_000),
            ("a:\r\n", 200_000),
            (" =?utf-8?q? ", 6_000),
            (
                "--b\r\nContent-Type: Multipart/mixed; boundary=c\r\n\r\n",
                100,
            ),
        ] {
            let letter = with_file(&strange.repeat(times), 1000);
            assert!(!is_usual(&letter), "{strange}");
            assert!(is_usual(beginning(&letter)), "what is left of it");
        }
    }

    #[test]
    fn nothing_is_read_as_a_letter_within_a_letter() {
        let inner = "Content-Type: text/plain\n\nKata";
        for kind in [
            "Content-Type: message/rfc822",
            "content-type :\tMESSAGE/ RFC822; name=global.eml",
            "Content-\tType: message/global",
            "Content-Type: =\n message/rfc822",
            "Content-Type: message\n /rfc822",
            "Content-Type: (;) message (;\n =;)/rfc822",
            ":Content-Type: message/rfc822",
            "Subject: a:b\nContent-Type: message/rfc822",
        ] {
            for encoding in ["", "\nContent-Transfer-Encoding: 8bit"] {
                let bare = format!("From: siti@contoh.id\n{kind}{encoding}\n\n{inner}");
                let part = format!(
                    "Content-Type: multipart/mixed; boundary=b\n\n--b{kind}{encoding}\n\n{inner}\n--b\n{kind}{encoding}\n\n{inner}\n--b--\n"
                );
                for letter in [bare, part] {
                    let letter = unnested(letter.as_bytes());
                    let read = MessageParser::default().parse(&*letter).unwrap();
                    let mut parts = read.parts.iter();
                    let nested = parts.any(|part| matches!(part.body, PartType::Message(_)));
                    assert!(!nested, "{}", String::from_utf8_lossy(&letter));
                }
            }
        }
        let digest =
            "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: a\n\nb\n--b--\n";
        let letter = unnested(digest.as_bytes());
        let read = MessageParser::default().parse(&*letter).unwrap();
        assert!(!matches!(read.parts[1].body, PartType::Message(_)));
    }

    /// Each was dropped by a call within the call for the one around it, until the stack was full.
    #[test]
    fn letters_within_letters_have_no_depth() {
        let inner = "Content-Type: message/rfc822\n\n".repeat(100_000);
        let letter = format!("From: siti@contoh.id\nSubject: Lampu padam\n{inner}");
        let heard = letter::read(letter.as_bytes(), "lapor@bandung.go.id").ok();
        assert_eq!(heard.unwrap().from.id, "siti@contoh.id");
    }

    #[test]
    fn words_are_looked_at_for_a_megabyte() {
        let blank = "\n".repeat(2_000_000);
        let head = "From: siti@contoh.id\nContent-Type: text/plain\n\nLampu padam";
        let letter = format!("{head}{blank}akhir");
        let taken = letter::read(letter.as_bytes(), "lapor@bandung.go.id").ok();
        assert_eq!(taken.unwrap().text, "Lampu padam");
    }

    #[test]
    fn a_letter_without_such_stays_as_it_is() {
        let letter = "Content-Type: application/pdf; name=laporan-global.pdf\nSubject: rfc822\n\nContent-type ini: digest.";
        assert!(matches!(unnested(letter.as_bytes()), Cow::Borrowed(_)));
        let pairs = "content-type:(".repeat(50_000);
        assert_eq!(unnested(pairs.as_bytes()), pairs.as_bytes());
    }
}
