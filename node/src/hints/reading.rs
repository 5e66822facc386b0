//! The words of a report as hints read them: shorthand written out, then stems. What only says that
//! a number follows by which a person is known is not among them.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::personal::HIDDEN;
use crate::stemming::stems;

const SHORTHAND: &str = include_str!("../../data/hints/shorthand.csv");
/// Characters of a text that are read: whom it concerns is said before that.
const MOST_CHARS: usize = 6_000;
/// Numbers of people, and the cards that bear them, which are meant where *nomor* stands before.
const NUMBERS: [&str; 2] = ["nik", "npwp"];
const CARDS: [&str; 2] = ["ktp", "kk"];
const NUMBER: [&str; 4] = ["no", "nmr", "nomor", "nomer"];
/// What may stand between such a word and its number, a few of them.
const WHOSE: [&str; 20] = [
    "saya", "sy", "aku", "kami", "dia", "beliau", "ibu", "bapak", "ayah", "suami", "istri", "anak",
    "adalah", "yaitu", "ini", "contoh", "no", "nomor", "ktp", "kk",
];
const MOST_BETWEEN: usize = 3;
/// Digits that such a number has, hidden ones too, at least; people leave some out.
const LEAST_DIGITS: usize = 10;
/// What makes of a number the matter itself, soon after it.
const WRONG: [&str; 12] = [
    "tidak",
    "tdk",
    "belum",
    "blm",
    "bukan",
    "ganda",
    "salah",
    "beda",
    "berbeda",
    "dipakai",
    "diblokir",
    "terdaftar",
];
const SOON: usize = 2;

static WRITTEN: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let rows = csv::Reader::from_reader(SHORTHAND.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>()
        .expect("the shipped table is read by a test")
});

/// The stems of a text, with what people shorten in chats written out.
pub fn read(text: &str) -> Vec<String> {
    let text: String = text.chars().take(MOST_CHARS).collect();
    let text = text.to_lowercase();
    let words = text.split(|c: char| !c.is_alphanumeric() && c != HIDDEN);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let counting = words
        .iter()
        .enumerate()
        .filter(|(at, word)| !word.contains(HIDDEN) && !announces(&words, *at))
        .map(|(_, word)| WRITTEN.get(*word).map_or(*word, String::as_str));
    stems(&counting.collect::<Vec<_>>().join(" "))
}

/// Whether a word only says that the number of a person follows.
fn announces(words: &[&str], at: usize) -> bool {
    let numbered = || at > 0 && NUMBER.contains(&words[at - 1]);
    let named = NUMBERS.contains(&words[at]) || CARDS.contains(&words[at]) && numbered();
    if !named {
        return false;
    }
    let after = &words[at + 1..];
    let between = after.iter().take(MOST_BETWEEN);
    let between = between.take_while(|word| WHOSE.contains(word)).count();
    let after = &after[between..];
    let groups = after.iter().take_while(|word| is_number(word)).count();
    let digits: usize = after[..groups]
        .iter()
        .map(|word| word.chars().count())
        .sum();
    let mut next = after[groups..].iter().take(SOON);
    digits >= LEAST_DIGITS && !next.any(|word| WRONG.contains(word))
}

fn is_number(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit() || c == HIDDEN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthand_reads_like_what_it_is_short_for() {
        assert_eq!(read("Jln rsk dkt rmh"), read("jalan rusak dkt rumah"));
        assert_eq!(read("BPJSKES"), read("bpjs kesehatan"));
    }

    #[test]
    fn a_word_that_only_announces_the_number_of_a_person_counts_for_nothing() {
        for (text, word, counts) in [
            ("Lampu mati. NIK saya 3273014508990001", "nik", false),
            ("NIK: 3273 0145 0899 0001, mohon dicek", "nik", false),
            ("nik istri sy (3273-0145-0899-0001)", "nik", false),
            ("NIK saya ••••••••••••••••, terima kasih", "nik", false),
            ("NPWP 01.234.567.8-901.000", "npwp", false),
            ("no KTP 3273014508990001", "ktp", false),
            ("NIK saya tidak terdaftar", "nik", true),
            ("NIK saya 3273014508990001 tidak terdaftar", "nik", true),
            ("NIK ganda dengan 3273014508990001", "nik", true),
            ("NIK 16 digit saya salah", "nik", true),
            ("KTP saya 3273014508990001 hilang", "ktp", true),
            ("KTP anak 5 bulan belum jadi", "ktp", true),
            ("salah input NIK", "nik", true),
        ] {
            let stems = read(text);
            assert_eq!(stems.iter().any(|stem| stem == word), counts, "{text}");
        }
        assert_eq!(read("NIK saya ••••••••••••••••"), read("saya"));
    }
}
