//! The first edition of the categories, which both programs ship and reports are filed under until
//! the national desk has published one, with their English names; and what no edition may repeat.

use std::collections::HashMap;
use std::sync::LazyLock;

use lapor_protocol::kinds::taxonomy_updated::TaxonomyRoot;
use lapor_protocol::kinds::{Category, TaxonomyUpdated};
use serde::Deserialize;

const TABLE: &str = include_str!("../data/taxonomy/categories.csv");
const EDITION: &str = "2026.0";

static FIRST: LazyLock<First> =
    LazyLock::new(|| First::read(TABLE).expect("the shipped table is read by a test"));

#[derive(Deserialize)]
struct Row {
    root: String,
    root_en: String,
    below: String,
    below_en: String,
}

struct First {
    edition: TaxonomyUpdated,
    english: HashMap<String, String>,
}

/// A category that an edition has a second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeated {
    /// Which root it is or stands below, counted from 1.
    pub root: usize,
    /// Which one below it, where it is no root itself.
    pub below: Option<usize>,
    /// Its place among the same where it stood before.
    pub before: usize,
    /// As what travels names it.
    pub named: String,
}

/// The edition that is part of the programs.
pub fn first_edition() -> &'static TaxonomyUpdated {
    &FIRST.edition
}

/// The English name of a category that the first edition has.
pub fn english(category: &Category) -> Option<&'static str> {
    FIRST.english.get(category.as_str()).map(String::as_str)
}

/// The first category that stands twice: people cannot tell two names apart that differ in case or
/// blanks alone.
pub fn repeated(edition: &TaxonomyUpdated) -> Option<Repeated> {
    let mut roots = HashMap::new();
    for (root, one) in (1..).zip(&edition.roots) {
        if let Some(before) = roots.insert(folded(&one.name), root) {
            let named = one.name.clone();
            return Some(Repeated {
                root,
                below: None,
                before,
                named,
            });
        }
        let mut names = HashMap::new();
        for (below, name) in (1..).zip(&one.below) {
            if let Some(before) = names.insert(folded(name), below) {
                return Some(Repeated {
                    root,
                    below: Some(below),
                    before,
                    named: format!("{}/{name}", one.name),
                });
            }
        }
    }
    None
}

/// A name as it is looked for.
pub fn folded(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

impl First {
    fn read(table: &str) -> Result<Self, csv::Error> {
        let (mut roots, mut english) = (Vec::<TaxonomyRoot>::new(), HashMap::new());
        for row in csv::Reader::from_reader(table.as_bytes()).into_deserialize() {
            let row: Row = row?;
            english.insert(format!("{}/{}", row.root, row.below), row.below_en);
            english.insert(row.root.clone(), row.root_en);
            match roots.last_mut().filter(|last| last.name == row.root) {
                Some(last) => last.below.push(row.below),
                None => roots.push(TaxonomyRoot {
                    name: row.root,
                    below: vec![row.below],
                }),
            }
        }
        let edition = TaxonomyUpdated {
            edition: EDITION.into(),
            roots,
        };
        Ok(Self { edition, english })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each root is followed by what is below it.
    fn edition(roots: &[&[&str]]) -> TaxonomyUpdated {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let root = |names: &&[&str]| TaxonomyRoot {
            name: names[0].to_owned(),
            below: named(&names[1..]),
        };
        TaxonomyUpdated {
            edition: "2031.1".to_owned(),
            roots: roots.iter().map(root).collect(),
        }
    }

    #[test]
    fn a_category_that_stands_twice_is_found() {
        assert_eq!(repeated(first_edition()), None);
        let same_below = edition(&[&["Jalan", "Lainnya"], &["Air", "Lainnya"]]);
        assert_eq!(repeated(&same_below), None);
        let root = repeated(&edition(&[&["Jalan"], &["Air"], &[" jalan"]]));
        let expected = Repeated {
            root: 3,
            below: None,
            before: 1,
            named: " jalan".to_owned(),
        };
        assert_eq!(root, Some(expected));
        let below = repeated(&edition(&[&["Jalan"], &["Air", "Pipa", "Bau", "PIPA"]]));
        let expected = Repeated {
            root: 2,
            below: Some(3),
            before: 1,
            named: "Air/PIPA".to_owned(),
        };
        assert_eq!(below, Some(expected));
    }
}
