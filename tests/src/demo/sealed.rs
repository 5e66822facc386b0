//! Words of the reports and of their reporters, and where neither may stand:
//! the hub's folder and every log. The invariants search the hub's tables.
//!
//! Proof that the search finds anything: it must find the reporters in the
//! folder of a node where they filed.

use std::collections::BTreeSet;

use super::cast::{DESK, MEMBERS};
use super::folder::Folder;
use super::reports::Report;
use super::speech;
use crate::invariants::{Canaries, search_folder};

/// Bytes of a canary, at least; a shorter one might stand somewhere by chance.
const SHORTEST: usize = 12;
/// How much of the beginning of a report is looked for.
const BEGINNING: usize = 24;

/// Titles, beginnings of what was written, and who wrote it.
pub fn canaries(reports: &[Report]) -> Vec<String> {
    let mut words = BTreeSet::new();
    for report in reports {
        let beginning: String = report.content.chars().take(BEGINNING).collect();
        let own = [
            report.title.clone(),
            beginning,
            speech::name_of(report),
            speech::phone_of(report),
        ];
        words.extend(own.into_iter().filter(|word| word.len() >= SHORTEST));
    }
    // What is also a category or the name of an institution is public.
    let public = |word: &String| {
        let category = reports
            .iter()
            .any(|report| report.category().contains(word));
        category || super::cast::REGISTRY.contains(word)
    };
    words.into_iter().filter(|word| !public(word)).collect()
}

/// What the search found and how much it looked at.
pub struct Search {
    pub files: u64,
    pub leaks: Vec<String>,
    /// Whether it finds what is there.
    pub proven: bool,
}

/// Searches the hub's files and all logs.
pub fn search(folder: &Folder, words: &[String]) -> anyhow::Result<Search> {
    let canaries = Canaries::new(words);
    let (mut files, found) = search_folder(&folder.hub(), &canaries)?;
    let mut leaks: Vec<String> = found
        .iter()
        .map(|(path, word)| format!("{word:?} stands in {}", path.display()))
        .collect();
    for member in &MEMBERS {
        let log = folder.node_log(member.slug);
        let bytes = std::fs::read(&log)?;
        files += 1;
        let here = canaries.found_in(&bytes);
        leaks.extend(
            here.iter()
                .map(|word| format!("{word:?} stands in {}", log.display())),
        );
    }
    let (_, known) = search_folder(&folder.node(DESK), &canaries)?;
    Ok(Search {
        files,
        leaks,
        proven: !known.is_empty(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reporter_is_a_canary() {
        let reports = crate::demo::reports::all().unwrap();
        let canaries = canaries(&reports);
        for report in &reports {
            assert!(canaries.contains(&speech::name_of(report)));
            assert!(canaries.contains(&speech::phone_of(report)));
        }
        assert!(canaries.len() > 3 * reports.len());
    }
}
