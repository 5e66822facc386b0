//! Names of institutions by the words that people write of them: which of them tell one from another,
//! and what is written in short. Who is meant by them, the programs decide.

/// Letters of a word from which on its beginning may stand for it.
const BEGINNING: usize = 3;
/// Words that people leave out of a name, or write though the name has none.
const PASSED_OVER: [&str; 5] = ["pemerintah", "pt", "perum", "persero", "tbk"];
/// Words that people write in short.
const SHORT: [(&str, &str); 6] = [
    ("kab", "kabupaten"),
    ("kementrian", "kementerian"),
    ("pemkab", "kabupaten"),
    ("pemkot", "kota"),
    ("pemprov", "provinsi"),
    ("prov", "provinsi"),
];

/// The words that tell a name from others, or all of them where it has no such words.
pub fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let all = lower.split(|c: char| !c.is_alphanumeric());
    let all = all.filter(|word| !word.is_empty()).map(|word| {
        let short = SHORT.iter().find(|(short, _)| *short == word);
        short.map_or(word, |(_, long)| *long).to_owned()
    });
    let all: Vec<String> = all.collect();
    let telling = |word: &&String| !PASSED_OVER.contains(&word.as_str());
    let kept: Vec<String> = all.iter().filter(telling).cloned().collect();
    if kept.is_empty() { all } else { kept }
}

/// Whether each word that is wanted fits one of a name.
pub fn has(name: &[String], wanted: &[String], fits: impl Fn(&str, &str) -> bool) -> bool {
    wanted
        .iter()
        .all(|word| name.iter().any(|own| fits(own, word)))
}

/// Whether a word of a name is the one that is wanted.
pub fn same(own: &str, word: &str) -> bool {
    own == word
}

/// Whether a word of a name is the one that is wanted, or begins with it where that is long enough.
pub fn begins(own: &str, word: &str) -> bool {
    own == word || (word.chars().count() >= BEGINNING && own.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_words_that_are_written_of_it() {
        let name = words("Pemerintah Kabupaten Bandung Barat");
        assert_eq!(name, ["kabupaten", "bandung", "barat"]);
        assert_eq!(
            words("PT (Persero)"),
            ["pt", "persero"],
            "there is no other"
        );
        for (wanted, whole, beginning) in [
            ("Pemkab. BANDUNG", true, true),
            ("pemerintah kab bandung", true, true),
            ("band", false, true),
            ("ba", false, false),
            ("kota bandung", false, false),
        ] {
            let wanted = words(wanted);
            assert_eq!(has(&name, &wanted, same), whole, "{wanted:?}");
            assert_eq!(has(&name, &wanted, begins), beginning, "{wanted:?}");
        }
    }
}
