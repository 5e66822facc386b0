//! The categories of reports: the edition in force, and what an institution's own tree is
//! called in it.
//!
//! A category is named by what travels, `ROOT/BELOW` in Indonesian; the English name is only
//! shown. The program ships the first edition, and those of the national desk follow it. Nothing
//! here refuses a report for its category: editions differ between nodes for a while.

pub mod editions;
mod local;

use lapor_protocol::kinds::{Category, TaxonomyUpdated};
use lapor_web::categories::{english, first_edition};
use lapor_web::language::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::NodeError;
use crate::node::Node;

pub use editions::LocalEdition;
pub(crate) use lapor_web::categories::folded;
pub use local::{
    Chosen, LOCAL_CHARS, LocalCategories, LocalCategory, MOST, NewLocalCategory, local_name,
    local_value,
};

/// The categories in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Categories {
    /// Name of the edition; `2026.0` is the one that the program ships.
    pub edition: String,
    pub roots: Vec<Root>,
}

/// A root category with those below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Root {
    /// What a report states, for instance `Perhubungan`.
    #[schema(value_type = String)]
    pub category: Category,
    /// Name in Indonesian.
    pub name: String,
    /// Name in English; the Indonesian one where an edition brought a category without it.
    pub name_en: String,
    pub needs: Needs,
    pub below: Vec<Below>,
}

/// A category of the second level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Below {
    /// What a report states, for instance `Perhubungan/Parkir Liar`.
    #[schema(value_type = String)]
    pub category: Category,
    pub name: String,
    pub name_en: String,
    pub needs: Needs,
}

impl Root {
    /// Its name in a language.
    pub fn called(&self, language: Language) -> &str {
        called(language, &self.name, &self.name_en)
    }
}

impl Below {
    /// Its name in a language.
    pub fn called(&self, language: Language) -> &str {
        called(language, &self.name, &self.name_en)
    }
}

fn called<'a>(language: Language, name: &'a str, name_en: &'a str) -> &'a str {
    match language {
        Language::Indonesian => name,
        Language::English => name_en,
    }
}

/// What this institution asks of its officers for a category.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Needs {
    /// A proposal to close must carry evidence.
    pub evidence: bool,
    /// A superior sees a public answer before it is sent.
    pub supervision: bool,
}

impl Categories {
    /// Whether a category is in this edition.
    pub fn knows(&self, category: &Category) -> bool {
        self.roots.iter().any(|root| {
            root.category == *category || root.below.iter().any(|below| below.category == *category)
        })
    }

    /// The one that a name means: the whole of it, or that of the only one which is called so.
    pub fn called(&self, name: &str) -> Option<&Category> {
        let name = folded(name);
        let roots = self.roots.iter();
        let below = roots.clone().flat_map(|root| &root.below);
        let mut all = roots
            .map(|root| (&root.category, &root.name))
            .chain(below.map(|below| (&below.category, &below.name)));
        let whole = all
            .clone()
            .find(|(category, _)| folded(category.as_str()) == name);
        let mut called = all.by_ref().filter(|(_, one)| folded(one) == name);
        let only = called.next().filter(|_| called.next().is_none());
        whole.or(only).map(|(category, _)| category)
    }
}

impl Node {
    /// The categories in force: the published edition, or the one that the program ships.
    pub async fn categories(&self) -> Result<Categories, NodeError> {
        let published = self.taxonomy(None).await?.taxonomy;
        Ok(self.shown_categories(published.as_ref().unwrap_or(first_edition())))
    }

    /// What this institution asks for a category, by its settings or at its desk; what is said of a
    /// root holds for all below it.
    pub fn category_needs(&self, category: &Category) -> Needs {
        let in_force = self.in_force();
        let settings = &in_force.settings().categories;
        let named = |list: &[Category]| {
            list.iter()
                .any(|listed| listed == category || listed.as_str() == category.root())
        };
        Needs {
            evidence: named(&settings.evidence),
            supervision: named(&settings.supervision),
        }
    }

    fn shown_categories(&self, edition: &TaxonomyUpdated) -> Categories {
        let roots = edition.roots.iter().filter_map(|root| {
            let category = Category::try_from(root.name.clone()).ok()?;
            let below = root.below.iter().filter_map(|name| {
                let category = Category::try_from(format!("{}/{name}", root.name)).ok()?;
                Some(Below {
                    name: name.clone(),
                    name_en: english(&category).unwrap_or(name).to_owned(),
                    needs: self.category_needs(&category),
                    category,
                })
            });
            Some(Root {
                name: root.name.clone(),
                name_en: english(&category).unwrap_or(&root.name).to_owned(),
                needs: self.category_needs(&category),
                below: below.collect(),
                category,
            })
        });
        Categories {
            edition: edition.edition.clone(),
            roots: roots.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::kinds::taxonomy_updated::TaxonomyRoot;
    use lapor_protocol::receipt::Stream;

    use super::*;
    use crate::publishing::{NewRoot, NewTaxonomy};
    use crate::sync::Link;
    use crate::testing::{PaperHub, Place, databases};

    fn category(text: &str) -> Category {
        Category::try_from(text.to_owned()).unwrap()
    }

    #[tokio::test]
    async fn the_shipped_edition_is_in_force_until_one_is_published() {
        for db in databases().await {
            let mut place = Place::joined("pusat", db).await;
            let first = place.node.categories().await.unwrap();
            assert_eq!((first.edition.as_str(), first.roots.len()), ("2026.0", 27));
            assert!(first.knows(&category("Perhubungan/Parkir Liar")));
            let roads = first
                .roots
                .iter()
                .find(|root| root.name == "Perhubungan")
                .unwrap();
            assert_eq!(roads.name_en, "Transport");

            place.settings.categories.evidence = vec![category("Baru")];
            let node = place.reopened().await;
            let roots = vec![NewRoot {
                name: "Baru".into(),
                below: vec!["Satu".into()],
            }];
            let edition = NewTaxonomy {
                edition: "2027.1".into(),
                roots,
            };
            node.publish(edition.into(), "test").await.unwrap();
            let hub = PaperHub::of(&place);
            let link = Link::over(node.clone(), hub).unwrap();
            link.push().await.unwrap();
            link.pull(Stream::Public, 0).await.unwrap();
            let now = node.categories().await.unwrap();
            assert_eq!(now.edition, "2027.1");
            assert_eq!(now.roots[0].below[0].name_en, "Satu");
            assert!(now.roots[0].below[0].needs.evidence);
            assert!(!now.roots[0].needs.supervision);
        }
    }

    #[test]
    fn the_shipped_edition_could_have_been_published() {
        let roots: &Vec<TaxonomyRoot> = &first_edition().roots;
        for root in roots.iter().filter(|root| root.name != "Topik Lainnya") {
            assert!(root.below.len() > 1, "{}", root.name);
        }
        assert!(
            roots
                .iter()
                .all(|root| root.below.contains(&"Lainnya".to_owned()))
        );
    }
}
