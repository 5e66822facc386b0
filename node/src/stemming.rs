//! Words of a text as search and hints compare them: folded to lower-case ASCII, without stop
//! words, reduced to their Indonesian stems.
//!
//! What is indexed and what is asked for go through the same function, so a change here calls for
//! building every index anew. It must never fail, and never take longer for a hostile text.

use std::sync::LazyLock;

use sastrawi::{Dictionary, Stemmer};

/// Characters of a text that are looked at; the longest words of a message are shorter.
pub const LONGEST_TEXT: usize = 65_536;
/// A word of more characters is cut: no root is as long, and its affixes no longer matter.
const LONGEST_WORD: usize = 40;

static ROOTS: LazyLock<Dictionary> = LazyLock::new(Dictionary::new);
static STEMMER: LazyLock<Stemmer<'static>> = LazyLock::new(|| Stemmer::new(&ROOTS));

/// The stems of a text in its order, each `[a-z0-9]+`. Digits are kept as they stand; stop words
/// are left out, so that a phrase counts without them.
pub fn stems(text: &str) -> Vec<String> {
    let text: String = text.chars().take(LONGEST_TEXT).map(folded).collect();
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| &word[..word.len().min(LONGEST_WORD)])
        .filter(|word| !STEMMER.is_stopword(word))
        .map(stem)
        .collect()
}

/// Whether a stem is a word of Indonesian as the dictionary has it, and so no slip of the fingers.
pub fn is_root(stem: &str) -> bool {
    ROOTS.find(stem)
}

fn stem(word: &str) -> String {
    if word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word.to_owned();
    }
    let stem = STEMMER.stem_word(word).into_owned();
    if let Some(longer) = longer_root(word, &stem) {
        return longer;
    }
    let plain = !stem.is_empty() && stem.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain { stem } else { word.to_owned() }
}

/// `kerusakan` is ke-rusak-an and not ke-rusa-kan: the suffix -kan makes verbs and stands with their
/// prefixes only, so that without one the k belongs to the root.
fn longer_root(word: &str, stem: &str) -> Option<String> {
    let verb = ["me", "di", "ter", "ber"]
        .iter()
        .any(|prefix| word.starts_with(prefix));
    if verb || !word.ends_with("kan") {
        return None;
    }
    let root = format!("{stem}k");
    ROOTS.find(&root).then_some(root)
}

/// Letters with the marks that Indonesian texts and names carry lose them; what is no letter of the
/// alphabet then parts words.
fn folded(c: char) -> char {
    let c = c.to_lowercase().next().unwrap_or(c);
    match c {
        'á' | 'à' | 'â' | 'ä' | 'ã' | 'å' => 'a',
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'í' | 'ì' | 'î' | 'ï' => 'i',
        'ó' | 'ò' | 'ô' | 'ö' | 'õ' => 'o',
        'ú' | 'ù' | 'û' | 'ü' => 'u',
        'ñ' => 'n',
        'ç' => 'c',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn affixes_marks_and_stop_words_do_not_matter() {
        for (text, expected) in [
            ("Jalanan yang rusak", &["jalan", "rusak"][..]),
            ("MEMPERBAIKI perbaikan", &["baik", "baik"]),
            (
                "Café di Jl. Melati No. 12A",
                &["cafe", "jl", "melati", "no", "12a"],
            ),
            ("kerusakan, tumpukan", &["rusak", "tumpuk"]),
            ("mengadukan pengaduan", &["adu", "adu"]),
            ("tiket 4F7KX-92MQ3", &["tiket", "4f7kx", "92mq3"]),
            ("", &[]),
            ("\u{202e}!?…", &[]),
        ] {
            assert_eq!(stems(text), expected, "{text:?}");
        }
    }

    #[test]
    fn no_text_is_too_long_or_too_strange() {
        let long = "mem".repeat(LONGEST_TEXT);
        let stems = stems(&format!("{long} 漢字 пример"));
        assert!(stems.iter().all(|stem| stem.len() <= LONGEST_WORD));
        assert_eq!(stems.len(), 1);
    }
}
