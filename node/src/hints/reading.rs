//! The words of a report as hints read them: shorthand written out, then stems.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::stemming::stems;

const SHORTHAND: &str = include_str!("../../data/hints/shorthand.csv");
/// Characters of a text that are read: whom it concerns is said before that.
const MOST_CHARS: usize = 6_000;

static WRITTEN: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let rows = csv::Reader::from_reader(SHORTHAND.as_bytes()).into_deserialize();
    rows.collect::<Result<_, _>>()
        .expect("the shipped table is read by a test")
});

/// The stems of a text, with what people shorten in chats written out.
pub fn read(text: &str) -> Vec<String> {
    let text: String = text.chars().take(MOST_CHARS).collect();
    let words = text.to_lowercase();
    let words = words
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| WRITTEN.get(word).map_or(word, String::as_str));
    stems(&words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthand_reads_like_what_it_is_short_for() {
        assert_eq!(read("Jln rsk dkt rmh"), read("jalan rusak dkt rumah"));
        assert_eq!(read("BPJSKES"), read("bpjs kesehatan"));
    }
}
