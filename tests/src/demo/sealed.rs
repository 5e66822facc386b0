//! Looks for words of the reports and for their reporters where neither may
//! be: the hub's folder, the payloads that it stores, and every log.
//!
//! Proof that the search finds anything: it must find the reporters in the
//! database of the node where they filed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::cast::{DESK, MEMBERS};
use super::folder::Folder;
use super::ledger::Ledger;
use super::reports::Report;
use super::speech;

/// Bytes by which a word is found; a shorter one might stand somewhere by chance.
const STEM: usize = 12;

/// Words that must stay where they were written.
pub struct Canaries {
    words: Vec<String>,
    /// Indexes of the words that begin with these bytes.
    stems: HashMap<[u8; STEM], Vec<usize>>,
}

impl Canaries {
    /// Titles, beginnings of what was written, and who wrote it.
    pub fn of(reports: &[Report]) -> Self {
        let mut words = BTreeSet::new();
        for report in reports {
            let content: String = report.content.chars().take(2 * STEM).collect();
            let own = [
                report.title.clone(),
                content,
                speech::name_of(report),
                speech::phone_of(report),
            ];
            // A category or a name of an institution is public, and so is a title that is one.
            let public = |word: &String| report.category().contains(word.as_str());
            words.extend(
                own.into_iter()
                    .filter(|word| word.len() >= STEM && !public(word)),
            );
        }
        Self::from_words(words)
    }

    fn from_words(words: impl IntoIterator<Item = String>) -> Self {
        let words: Vec<String> = words.into_iter().collect();
        let mut stems: HashMap<[u8; STEM], Vec<usize>> = HashMap::new();
        for (index, word) in words.iter().enumerate() {
            if let Some(stem) = word.as_bytes().first_chunk::<STEM>() {
                stems.entry(*stem).or_default().push(index);
            }
        }
        Self { words, stems }
    }

    /// How many of the words stand in these bytes.
    pub fn found(&self, bytes: &[u8]) -> usize {
        let mut found = BTreeSet::new();
        for (at, window) in bytes.windows(STEM).enumerate() {
            let Some(candidates) = window
                .first_chunk::<STEM>()
                .and_then(|stem| self.stems.get(stem))
            else {
                continue;
            };
            let here = |index: &&usize| bytes[at..].starts_with(self.words[**index].as_bytes());
            found.extend(candidates.iter().filter(here).copied());
        }
        found.len()
    }
}

/// Where words were found that must not be there, and whether the search works.
pub struct Search {
    pub leaks: Vec<String>,
    pub proven: bool,
}

/// Searches hub and logs.
pub async fn search(
    folder: &Folder,
    ledger: &Ledger,
    canaries: &Canaries,
) -> anyhow::Result<Search> {
    let mut leaks = Vec::new();
    let payloads = ledger.payloads().await?;
    if payloads.iter().any(|payload| canaries.found(payload) > 0) {
        leaks.push("a message carries words that should be sealed".to_owned());
    }
    let mut places = files_below(&folder.hub())?;
    places.extend(MEMBERS.iter().map(|member| folder.node_log(member.slug)));
    for place in places {
        let found = canaries.found(&read(&place)?);
        if found > 0 {
            leaks.push(format!(
                "{found} words of reports stand in {}",
                place.display()
            ));
        }
    }
    let mut proven = false;
    for place in files_below(&folder.node(DESK))? {
        proven |= canaries.found(&read(&place)?) > 0;
    }
    Ok(Search { leaks, proven })
}

fn files_below(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = || format!("{} cannot be read", folder.display());
        for entry in fs::read_dir(&folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    Ok(files)
}

/// A file that went away meanwhile, as SQLite's do, holds nothing.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.with_context(|| format!("{} cannot be read", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_wherever_it_stands_and_only_whole() {
        let words = [
            "Lampu jalan mati".to_owned(),
            "Lampu jalan mati sejak Senin".to_owned(),
        ];
        let canaries = Canaries::from_words(words);
        for (text, found) in [
            ("", 0),
            ("Lampu jalan mat", 0),
            ("xxLampu jalan matixx", 1),
            ("\u{0}Lampu jalan mati sejak Senin", 2),
            ("lampu jalan mati", 0),
        ] {
            assert_eq!(canaries.found(text.as_bytes()), found, "{text}");
        }
    }

    #[test]
    fn every_reporter_is_a_canary() {
        let reports = crate::demo::reports::all().unwrap();
        let canaries = Canaries::of(&reports);
        for report in &reports {
            assert!(canaries.words.contains(&speech::name_of(report)));
        }
    }
}
