//! Who is responsible for what, as `data/hints` says it: by subject and by category.

use std::collections::HashMap;
use std::sync::LazyLock;

use lapor_protocol::kinds::Category;
use serde::Deserialize;

use super::phrases::Phrases;

const SUBJECTS: &str = include_str!("../../data/hints/subjects.csv");
const CATEGORIES: &str = include_str!("../../data/hints/categories.csv");

static KNOWLEDGE: LazyLock<Knowledge> = LazyLock::new(|| {
    Knowledge::read(SUBJECTS, CATEGORIES).expect("the shipped tables are read by a test")
});

/// An institution by its name in the registry, or by its part in governing a place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The regency or city of the place.
    Regency,
    /// The province of the place.
    Province,
    /// The national desk.
    Desk,
    Named(String),
}

impl From<String> for Role {
    fn from(text: String) -> Self {
        match text.as_str() {
            "@regency" => Self::Regency,
            "@province" => Self::Province,
            "@desk" => Self::Desk,
            _ => Self::Named(text),
        }
    }
}

/// A responsibility: whose, and how surely (1 to 3).
pub struct Responsible {
    pub role: Role,
    pub weight: f64,
}

pub struct Knowledge {
    pub subjects: Phrases<Responsible>,
    categories: HashMap<String, Vec<Responsible>>,
}

#[derive(Deserialize)]
struct Subject {
    institution: String,
    weight: u8,
    phrases: String,
}

#[derive(Deserialize)]
struct OfCategory {
    category: String,
    institution: String,
    weight: u8,
}

/// What the program ships.
pub fn shipped() -> &'static Knowledge {
    &KNOWLEDGE
}

impl Knowledge {
    fn read(subjects: &str, categories: &str) -> Result<Self, csv::Error> {
        let mut knowledge = Self {
            subjects: Phrases::default(),
            categories: HashMap::new(),
        };
        for row in csv::Reader::from_reader(subjects.as_bytes()).into_deserialize() {
            let row: Subject = row?;
            for phrase in row.phrases.split('|') {
                let responsible = Responsible {
                    role: row.institution.clone().into(),
                    weight: row.weight.into(),
                };
                knowledge.subjects.add(phrase, responsible);
            }
        }
        for row in csv::Reader::from_reader(categories.as_bytes()).into_deserialize() {
            let row: OfCategory = row?;
            let all = knowledge.categories.entry(row.category).or_default();
            all.push(Responsible {
                role: row.institution.into(),
                weight: row.weight.into(),
            });
        }
        Ok(knowledge)
    }

    /// Who is responsible for a category, and for its root.
    pub fn of_category(&self, category: &Category) -> impl Iterator<Item = &Responsible> {
        let root = (category.root() != category.as_str()).then(|| category.root());
        let names = [Some(category.as_str()), root].into_iter().flatten();
        names.filter_map(|name| self.categories.get(name)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    const REGISTRY: &str = include_str!("../../../tests/data/instances.csv");
    const TAXONOMY: &str = include_str!("../../../web/data/taxonomy/categories.csv");

    #[test]
    fn every_line_of_the_tables_can_have_an_effect() {
        let slugs: BTreeSet<&str> = REGISTRY
            .lines()
            .filter_map(|line| line.split(',').next())
            .collect();
        let roles = ["@regency", "@province", "@desk"];
        for row in csv::Reader::from_reader(SUBJECTS.as_bytes()).into_deserialize() {
            let row: Subject = row.unwrap();
            let slug = row.institution.as_str();
            assert!(slugs.contains(slug) || roles.contains(&slug), "{slug}");
            assert!((1..=3).contains(&row.weight), "{slug}");
            let mut phrases = Phrases::default();
            for phrase in row.phrases.split('|') {
                assert!(phrases.add(phrase, ()), "{slug}: {phrase:?} has no stem");
            }
        }
        let mut known = BTreeSet::new();
        for row in csv::Reader::from_reader(TAXONOMY.as_bytes()).records() {
            let row = row.unwrap();
            known.insert(row[0].to_owned());
            known.insert(format!("{}/{}", &row[0], &row[2]));
        }
        for row in csv::Reader::from_reader(CATEGORIES.as_bytes()).into_deserialize() {
            let row: OfCategory = row.unwrap();
            assert!(known.contains(&row.category), "{}", row.category);
            let slug = row.institution.as_str();
            assert!(slugs.contains(slug) || roles.contains(&slug), "{slug}");
        }
    }
}
