//! A table of phrases, found in a text by their stems.

use std::collections::{BTreeSet, HashMap};

use crate::stemming::{is_root, stems};

/// Letters of a word in which one slip of the fingers is forgiven; shorter words are too alike.
const FORGIVEN_FROM: usize = 6;

/// Phrases with what each stands for.
pub struct Phrases<T> {
    /// By their first stem.
    table: HashMap<String, Vec<Phrase<T>>>,
    vocabulary: BTreeSet<String>,
}

struct Phrase<T> {
    text: String,
    stems: Vec<String>,
    stands_for: T,
}

/// A phrase that stands in a text.
pub struct Found<'a, T> {
    /// As the table writes it.
    pub text: &'a str,
    /// How many stems it has.
    pub length: usize,
    pub stands_for: &'a T,
}

impl<T> Default for Phrases<T> {
    fn default() -> Self {
        Self {
            table: HashMap::new(),
            vocabulary: BTreeSet::new(),
        }
    }
}

impl<T> Phrases<T> {
    /// Whether the phrase can be found at all: one of stop words alone cannot.
    pub fn add(&mut self, text: &str, stands_for: T) -> bool {
        let stems = stems(text);
        let Some(first) = stems.first().cloned() else {
            return false;
        };
        self.vocabulary.extend(stems.iter().cloned());
        self.table.entry(first).or_default().push(Phrase {
            text: text.to_owned(),
            stems,
            stands_for,
        });
        true
    }

    /// Every phrase that stands in the text, in its order.
    pub fn find<'a>(&'a self, text: &[String]) -> Vec<Found<'a, T>> {
        let mut found = Vec::new();
        for at in 0..text.len() {
            let phrases = self.table.get(&text[at]).into_iter().flatten();
            found.extend(
                phrases
                    .filter(|phrase| text[at..].starts_with(&phrase.stems))
                    .map(|phrase| Found {
                        text: &phrase.text,
                        length: phrase.stems.len(),
                        stands_for: &phrase.stands_for,
                    }),
            );
        }
        found
    }

    /// The word of the table that a long word is one slip away from; otherwise the word. What is a
    /// word by itself was meant as it stands: `tambahan` is no `tambak`, and Bandung no `bandang`.
    pub fn mended(&self, stem: String) -> String {
        if stem.len() < FORGIVEN_FROM || self.vocabulary.contains(&stem) || is_root(&stem) {
            return stem;
        }
        let initial = stem[..1].to_owned();
        let alike = self
            .vocabulary
            .range(initial.clone()..)
            .take_while(|word| word.starts_with(&initial))
            .find(|word| {
                word.len() >= FORGIVEN_FROM
                    && word.len().abs_diff(stem.len()) <= 1
                    && strsim::osa_distance(word, &stem) == 1
            });
        alike.cloned().unwrap_or(stem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_mended_and_a_word_that_only_looks_like_another_is_not() {
        let mut phrases = Phrases::default();
        for known in ["tambak", "banjir bandang", "sampah", "limbah", "jemaah"] {
            assert!(phrases.add(known, ()), "{known}");
        }
        for (said, read) in [
            ("uang tambahan", &["uang", "tambah"][..]),
            ("Bandung", &["bandung"]),
            ("dilimpahkan", &["limpah"]),
            ("jemaat gereja", &["jemaat", "gereja"]),
            ("tambka", &["tambak"]),
            ("smapah", &["sampah"]),
            ("limbahh", &["limbah"]),
        ] {
            let mended = stems(said).into_iter().map(|stem| phrases.mended(stem));
            assert_eq!(mended.collect::<Vec<_>>(), read, "{said}");
        }
    }
}
