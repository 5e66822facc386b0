//! The edition of the categories that the program ships, with their English names.

use std::collections::HashMap;
use std::sync::LazyLock;

use lapor_protocol::kinds::taxonomy_updated::TaxonomyRoot;
use lapor_protocol::kinds::{Category, TaxonomyUpdated};
use serde::Deserialize;

const TABLE: &str = include_str!("../../data/taxonomy/categories.csv");
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

pub fn edition() -> &'static TaxonomyUpdated {
    &FIRST.edition
}

/// The English name of a category that the first edition has.
pub fn english(category: &Category) -> Option<&'static str> {
    FIRST.english.get(category.as_str()).map(String::as_str)
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
