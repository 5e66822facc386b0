//! An institution's own categories and what each is called nationally, so that a local
//! application goes on using its own tree.

use lapor_protocol::kinds::Category;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Characters of a local name, at most.
const LOCAL_CHARS: usize = 160;
/// Local categories of one node, at most.
const MOST: i64 = 5_000;

/// A local category that is to be mapped, or mapped anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLocalCategory {
    /// As the institution's own application writes it, at most 160 characters.
    pub local: String,
    /// A category of the edition in force, for instance `Perhubungan/Parkir Liar`.
    #[schema(value_type = String)]
    pub category: Category,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalCategory {
    pub local: String,
    #[schema(value_type = String)]
    pub category: Category,
    /// Whether the edition in force still has the category; if not, map it anew.
    pub known: bool,
}

/// All local categories, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalCategories {
    pub local: Vec<LocalCategory>,
}

impl Node {
    /// All local categories with what they are called nationally.
    pub async fn local_categories(&self) -> Result<LocalCategories, NodeError> {
        let categories = self.categories().await?;
        let mut tx = self.read_tx().await?;
        let mut local = Vec::new();
        for (name, category) in store::categories::all(&mut tx).await? {
            let category = store::read(Category::try_from(category))?;
            local.push(LocalCategory {
                known: categories.knows(&category),
                local: name,
                category,
            });
        }
        Ok(LocalCategories { local })
    }

    /// Maps a local category, or maps it anew. `actor` is who did it, for the audit log.
    pub async fn map_category(&self, new: &NewLocalCategory, actor: &str) -> Result<(), NodeError> {
        let local = named(&new.local)?;
        if !self.categories().await?.knows(&new.category) {
            return Err(NodeError::Invalid(format!(
                "category: the edition in force has no {}; `GET /categories` lists all",
                new.category.as_str()
            )));
        }
        let mut tx = self.write_tx().await?;
        store::categories::put(&mut tx, local, new.category.as_str()).await?;
        if store::categories::count(&mut tx).await? > MOST {
            return Err(NodeError::Invalid(format!(
                "local: at most {MOST} local categories can be mapped; take away those that are not used"
            )));
        }
        let now = self.clock().now_ms();
        let detail = format!("{local} is {}", new.category.as_str());
        store::audit::add(&mut tx, now, actor, "category.mapped", None, &detail).await?;
        Ok(tx.commit().await?)
    }

    /// Takes a local category away.
    pub async fn unmap_category(&self, local: &str, actor: &str) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        if !store::categories::remove(&mut tx, local).await? {
            return Err(NodeError::not_found("local category", &local));
        }
        let now = self.clock().now_ms();
        store::audit::add(&mut tx, now, actor, "category.unmapped", None, local).await?;
        Ok(tx.commit().await?)
    }

    /// What a category is called nationally: a local one by its mapping, any other as it is.
    pub(crate) async fn national_category(&self, stated: &Category) -> Result<Category, NodeError> {
        let mut tx = self.read_tx().await?;
        match store::categories::of(&mut tx, stated.as_str()).await? {
            Some(category) => store::read(Category::try_from(category)),
            None => Ok(stated.clone()),
        }
    }
}

fn named(local: &str) -> Result<&str, NodeError> {
    let plain = local.trim();
    let fits = !plain.is_empty()
        && plain.chars().count() <= LOCAL_CHARS
        && !plain.chars().any(char::is_control);
    if fits {
        Ok(plain)
    } else {
        Err(NodeError::Invalid(format!(
            "local: expected 1 to {LOCAL_CHARS} characters on one line"
        )))
    }
}

#[cfg(test)]
mod tests {
    use lapor_migrations::throwaway::databases;

    use super::*;
    use crate::testing::Place;

    fn category(text: &str) -> Category {
        Category::try_from(text.to_owned()).unwrap()
    }

    fn mapping(local: &str, national: &str) -> NewLocalCategory {
        NewLocalCategory {
            local: local.into(),
            category: category(national),
        }
    }

    #[tokio::test]
    async fn a_local_category_is_filed_under_what_it_is_called_nationally() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let parking = mapping(" Parkir Ngawur ", "Perhubungan/Parkir Liar");
            node.map_category(&parking, "test").await.unwrap();
            let national = node
                .national_category(&category("Parkir Ngawur"))
                .await
                .unwrap();
            assert_eq!(national.as_str(), "Perhubungan/Parkir Liar");
            let other = category("Kesehatan");
            assert_eq!(node.national_category(&other).await.unwrap(), other);

            let anew = mapping("Parkir Ngawur", "Perhubungan/Lalu Lintas dan Parkir");
            node.map_category(&anew, "test").await.unwrap();
            let all = node.local_categories().await.unwrap().local;
            assert_eq!((all.len(), all[0].known), (1, true));
            assert_eq!(all[0].category, anew.category);

            node.unmap_category("Parkir Ngawur", "test").await.unwrap();
            let again = node
                .unmap_category("Parkir Ngawur", "test")
                .await
                .unwrap_err();
            assert!(matches!(again, NodeError::NotFound { .. }), "{again}");
            assert_eq!(place.audited("category.mapped").await.len(), 2);
            assert_eq!(place.audited("category.unmapped").await.len(), 1);
        }
    }

    #[tokio::test]
    async fn a_mapping_to_what_does_not_exist_is_refused() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            for new in [
                mapping("Parkir", "Tidak Ada"),
                mapping("  ", "Kesehatan"),
                mapping("satu\u{1b}dua", "Kesehatan"),
            ] {
                let refused = place.node.map_category(&new, "test").await.unwrap_err();
                assert!(matches!(refused, NodeError::Invalid(_)), "{refused}");
            }
            assert!(
                place
                    .node
                    .local_categories()
                    .await
                    .unwrap()
                    .local
                    .is_empty()
            );
        }
    }
}
