//! The first edition of the categories, which both programs ship and reports are filed under until
//! the national desk has published one, with their English names; what no edition may repeat, and how
//! none of its categories may be called.

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

/// How a category cannot be called: no report could state it, or nobody could read what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("has a slash, which parts a category from what is below it")]
    Slash,
    #[error("has characters that are not seen, such as a line break")]
    Unseen,
    #[error("begins or ends with a blank")]
    Blank,
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

/// The first name of a category that is unfit, and how.
pub fn unfit_name(edition: &TaxonomyUpdated) -> Option<(&str, Unfit)> {
    let names = edition.roots.iter();
    let mut names = names.flat_map(|root| std::iter::once(&root.name).chain(&root.below));
    names.find_map(|name| Some((name.as_str(), unfit(name)?)))
}

/// How a category or what is below one cannot be called; what keeps the limits of an edition and is
/// not unfit is a [`Category`], and so it is below another.
pub fn unfit(name: &str) -> Option<Unfit> {
    if name.contains('/') {
        Some(Unfit::Slash)
    } else if name.contains(is_unseen) {
        Some(Unfit::Unseen)
    } else {
        (name.trim() != name).then_some(Unfit::Blank)
    }
}

/// Whether a character is not seen itself, and changes how others are or parts words that look the
/// same: of control, of direction, where a line breaks, or without width. U+200D, which joins
/// letters and signs into one, passes.
pub fn is_unseen(c: char) -> bool {
    let directs = matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    let breaks = matches!(c, '\u{ad}' | '\u{2028}' | '\u{2029}');
    let no_width = matches!(c, '\u{200b}' | '\u{200c}' | '\u{2060}' | '\u{feff}');
    c.is_control() || directs || breaks || no_width
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
    fn a_name_that_no_report_could_state_is_found() {
        assert_eq!(unfit_name(first_edition()), None);
        for (name, how) in [
            ("Pesantren & <b>Madrasah</b>", Unfit::Slash),
            ("Jalan\nRusak", Unfit::Unseen),
            ("Jalan \u{202e}kasuR", Unfit::Unseen),
            ("Jalan\u{2028}Rusak", Unfit::Unseen),
            ("Jalan\u{2029}", Unfit::Unseen),
            ("Jalan \u{61c}Rusak", Unfit::Unseen),
            ("Ja\u{ad}lan", Unfit::Unseen),
            ("Ja\u{200c}lan", Unfit::Unseen),
            (" Jalan", Unfit::Blank),
            ("Jalan\u{a0}", Unfit::Blank),
        ] {
            assert_eq!(
                unfit_name(&edition(&[&["Air"], &[name]])),
                Some((name, how))
            );
            let below = edition(&[&["Air", "Pipa", name], &["Agama/Umum"]]);
            assert_eq!(unfit_name(&below), Some((name, how)));
        }
    }

    #[test]
    fn what_is_not_unfit_is_a_category_alone_and_below_another() {
        for name in [
            "Jalan",
            "Jalan & <b>Jembatan<b>",
            "a\u{300}",
            "x\u{200d}y",
            "-",
            "x\u{a0}y",
        ] {
            assert_eq!(unfit(name), None, "{name:?}");
            for stated in [name.to_owned(), format!("Agama/{name}")] {
                let category = Category::try_from(stated.clone());
                assert_eq!(category.unwrap().as_str(), stated);
            }
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
