//! The institution's own tree of categories and what each is called nationally: citizens and
//! officers choose in it, the national category follows, and a local application goes on using it.
//! No other institution is told of it.

use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Category;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::Categories;
use crate::casework::{NewAct, Sight};
use crate::damage;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Characters of a local name, at most.
pub const LOCAL_CHARS: usize = 160;
/// Local categories of one node, at most.
pub const MOST: usize = 5_000;
/// Before the name of a local category where a form chooses between these and the national ones.
const MARK: char = '~';

/// A local category that is to be mapped, or mapped anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLocalCategory {
    /// As the institution calls it, at most 160 characters; `ROOT/BELOW` where its tree has two
    /// levels.
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

/// All local categories, in the order of the institution's tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LocalCategories {
    /// Counts the changes of the tree; 0 before the first.
    pub edition: i64,
    /// Unix ms of the last change.
    pub changed_at: Option<i64>,
    pub local: Vec<LocalCategory>,
}

/// A category that somebody has chosen in a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    National(Category),
    Local(LocalCategory),
}

impl LocalCategory {
    /// Its value in a form that offers national ones as well.
    pub fn value(&self) -> String {
        local_value(&self.local)
    }

    /// Its first level, and its name below it.
    pub fn levels(&self) -> (&str, Option<&str>) {
        match self.local.split_once('/') {
            Some((root, below)) => (root, Some(below)),
            None => (&self.local, None),
        }
    }
}

/// The value of a local category in a form.
pub fn local_value(local: &str) -> String {
    format!("{MARK}{local}")
}

/// The name of the local category that a value of a form means.
pub fn local_name(value: &str) -> Option<&str> {
    value.strip_prefix(MARK).filter(|name| !name.is_empty())
}

impl LocalCategories {
    /// The first levels with what is below each, in the order of the tree.
    pub fn roots(&self) -> Vec<(&str, Vec<&LocalCategory>)> {
        let mut roots: Vec<(&str, Vec<&LocalCategory>)> = Vec::new();
        for one in &self.local {
            let name = one.levels().0;
            match roots.iter_mut().find(|(root, _)| *root == name) {
                Some((_, all)) => all.push(one),
                None => roots.push((name, vec![one])),
            }
        }
        roots
    }

    /// Without those whose national category the edition in force has no more: nobody chooses them
    /// before they are mapped anew.
    #[must_use]
    pub fn in_force(mut self) -> Self {
        self.local.retain(|one| one.known);
        self
    }

    /// How many there are whose national category the edition in force has no more.
    pub fn lost(&self) -> usize {
        self.local.iter().filter(|one| !one.known).count()
    }

    pub fn named(&self, local: &str) -> Option<&LocalCategory> {
        self.local.iter().find(|one| one.local == local)
    }

    /// The only local category that stands for a national one.
    pub fn only_for(&self, category: &Category) -> Option<&LocalCategory> {
        let mut all = self.local.iter().filter(|one| one.category == *category);
        all.next().filter(|_| all.next().is_none())
    }
}

impl Chosen {
    pub fn national(&self) -> &Category {
        match self {
            Self::National(category) => category,
            Self::Local(local) => &local.category,
        }
    }

    pub fn local(&self) -> Option<&str> {
        match self {
            Self::National(_) => None,
            Self::Local(local) => Some(&local.local),
        }
    }
}

impl Node {
    /// All local categories with what they are called nationally.
    pub async fn local_categories(&self) -> Result<LocalCategories, NodeError> {
        let categories = self.categories().await?;
        let mut tx = self.read_tx().await?;
        let (edition, changed_at) = store::categories::last_edition(&mut tx).await?;
        let rows = store::categories::all(&mut tx).await?;
        let named = |(name, _): &(String, String)| name.clone();
        // One that is damaged keeps nobody from choosing another.
        let local = damage::readable(
            "local_categories",
            &rows,
            named,
            |(name, category): &(String, String)| {
                let category = store::read(Category::try_from(category.clone()))?;
                Ok(LocalCategory {
                    known: categories.knows(&category),
                    local: name.clone(),
                    category,
                })
            },
        );
        Ok(LocalCategories {
            edition,
            changed_at,
            local,
        })
    }

    /// The category that a value of a form means, `None` for one that there is not.
    pub async fn chosen_category(&self, value: &str) -> Result<Option<Chosen>, NodeError> {
        if let Some(name) = local_name(value) {
            let all = self.local_categories().await?.in_force();
            return Ok(all.named(name).cloned().map(Chosen::Local));
        }
        let known = self.categories().await?;
        let category = Category::try_from(value.to_owned()).ok();
        let category = category.filter(|category| known.knows(category));
        Ok(category.map(Chosen::National))
    }

    /// Maps a local category, or maps it anew. `actor` is who did it, for the audit log.
    pub async fn map_category(&self, new: &NewLocalCategory, actor: &str) -> Result<(), NodeError> {
        let local = named(&new.local)?.to_owned();
        check_known(&self.categories().await?, new)?;
        let category = new.category.as_str().to_owned();
        let detail = format!("{local} is {category}");
        self.change_tree(actor, ("category.mapped", &detail), |tree| {
            if let Some((_, stands)) = tree.iter_mut().find(|(name, _)| *name == local) {
                *stands = category;
                return Ok(());
            }
            // Behind the last of the same first level.
            let root = |name: &str| name.split('/').next().map(str::to_owned);
            let last = tree
                .iter()
                .rposition(|(name, _)| root(name) == root(&local));
            let place = last.map_or(tree.len(), |last| last + 1);
            tree.insert(place, (local, category));
            Ok(())
        })
        .await
    }

    /// Takes a local category away.
    pub async fn unmap_category(&self, local: &str, actor: &str) -> Result<(), NodeError> {
        self.change_tree(actor, ("category.unmapped", local), |tree| {
            let before = tree.len();
            tree.retain(|(name, _)| name != local);
            if tree.len() == before {
                return Err(NodeError::not_found("local category", &local));
            }
            Ok(())
        })
        .await
    }

    /// The national category of a report that states a local one. What it states as national may be
    /// a name of the own tree too, as of a local application that knows no other; a category of the
    /// edition in force stays what it is. One that stands for what that edition has no more is refused.
    pub(crate) async fn named_category(
        &self,
        stated: Option<&Category>,
        local: Option<&str>,
    ) -> Result<(Option<Category>, Option<String>), NodeError> {
        let name = local.or(stated.map(Category::as_str));
        let Some(name) = name else {
            return Ok((None, None));
        };
        let known = self.categories().await?;
        if let (None, Some(stated)) = (local, stated)
            && known.knows(stated)
        {
            return Ok((Some(stated.clone()), None));
        }
        let mut tx = self.read_tx().await?;
        match (store::categories::of(&mut tx, name).await?, local) {
            (Some(category), _) => {
                let category: Category = store::read(Category::try_from(category))?;
                if !known.knows(&category) {
                    let field = local.map_or("category", |_| "local_category");
                    return Err(NodeError::Invalid(format!(
                        "{field}: {name} stands for {}, which edition {} no longer has; map it anew with `lapor-node category map`",
                        category.as_str(),
                        known.edition
                    )));
                }
                if local.is_some() && stated.is_some_and(|stated| *stated != category) {
                    return Err(NodeError::Invalid(format!(
                        "local_category: {name} stands for {}, not for the category that is stated",
                        category.as_str()
                    )));
                }
                Ok((Some(category), Some(name.to_owned())))
            }
            (None, None) => Err(unknown(&known, "category", name)),
            (None, Some(_)) => Err(NodeError::Invalid(format!(
                "local_category: there is no {name}; `GET /categories/local` lists all"
            ))),
        }
    }

    /// Refuses an act that gives a case a category that there is not; one that it has may stay.
    pub(crate) async fn check_category(&self, case: CaseId, act: &NewAct) -> Result<(), NodeError> {
        let stated = act.body.get("category").and_then(Value::as_str);
        // What is no category at all is told with the rest of the body.
        let Some(stated) = stated.and_then(|name| Category::try_from(name.to_owned()).ok()) else {
            return Ok(());
        };
        let known = self.categories().await?;
        if known.knows(&stated) {
            return Ok(());
        }
        let mut tx = self.read_tx().await?;
        let row = store::cases::case(&mut tx, &case.to_string()).await?;
        let has = row.and_then(|row| row.category);
        if has.as_deref() == Some(stated.as_str()) {
            return Ok(());
        }
        Err(unknown(&known, "body: category", stated.as_str()))
    }

    /// Those that the settings or the desk name and the edition in force does not have, with the
    /// setting.
    pub async fn unknown_settings(&self) -> Result<Vec<(&'static str, Category)>, NodeError> {
        let known = self.categories().await?;
        let in_force = self.in_force();
        let settings = &in_force.settings().categories;
        let evidence = settings.evidence.iter().map(|of| ("evidence", of));
        let supervision = settings.supervision.iter().map(|of| ("supervision", of));
        let all = evidence.chain(supervision);
        let unknown = all.filter(|(_, category)| !known.knows(category));
        Ok(unknown.map(|(setting, of)| (setting, of.clone())).collect())
    }

    /// Notes the local category of a case that whoever asks may see, or that it has none. One that
    /// stands for another national category than the case has is refused: that one is changed first.
    pub async fn localise(
        &self,
        sight: &Sight,
        case: CaseId,
        local: Option<&str>,
        actor: &str,
    ) -> Result<(), NodeError> {
        let (id, at) = (case.to_string(), self.clock().now_ms());
        let mut tx = self.write_tx().await?;
        let row = store::cases::case(&mut tx, &id).await?;
        let row = row.ok_or_else(|| NodeError::not_found("case", &case))?;
        if !store::desk::localise(&mut tx, sight.limits(), &id, local).await? {
            return Err(NodeError::not_found("case", &case));
        }
        if row.local.category.as_deref() == local {
            return Ok(());
        }
        if let Some(name) = local {
            let national = store::categories::of(&mut tx, name).await?;
            let national = national.ok_or_else(|| NodeError::not_found("local category", &name))?;
            if row.category.as_ref() != Some(&national) {
                return Err(NodeError::Invalid(format!(
                    "local_category: {name} stands for {national}, and the case has another"
                )));
            }
        }
        let detail = local.unwrap_or("-");
        store::audit::add(&mut tx, at, actor, "case.localised", Some(&id), detail).await?;
        Ok(tx.commit().await?)
    }
}

pub(super) fn check_known(known: &Categories, new: &NewLocalCategory) -> Result<(), NodeError> {
    if known.knows(&new.category) {
        return Ok(());
    }
    Err(NodeError::Invalid(format!(
        "category: the edition in force has no {}; `GET /categories` lists all",
        new.category.as_str()
    )))
}

pub(super) fn named(local: &str) -> Result<&str, NodeError> {
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

/// A category that the edition in force does not have.
fn unknown(known: &Categories, field: &str, name: &str) -> NodeError {
    NodeError::Invalid(format!(
        "{field}: edition {} has no {name}; `GET /categories` lists all",
        known.edition
    ))
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::testing::{Place, databases};

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
    async fn a_local_category_is_named_category_what_it_is_called_nationally() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let parking = mapping(" Parkir Ngawur ", "Perhubungan/Parkir Liar");
            node.map_category(&parking, "test").await.unwrap();
            let name = "Parkir Ngawur".to_owned();
            let under = Some(category("Perhubungan/Parkir Liar"));
            let (stated, other) = (category(&name), category("Kesehatan"));
            for (stated, local) in [(Some(&stated), None), (None, Some(name.as_str()))] {
                let filed = node.named_category(stated, local).await.unwrap();
                assert_eq!(filed, (under.clone(), Some(name.clone())));
            }
            let national = node.named_category(Some(&other), None).await.unwrap();
            assert_eq!(national, (Some(other.clone()), None));
            let same = mapping("Kesehatan", "Sosial dan Kesejahteraan");
            node.map_category(&same, "test").await.unwrap();
            let chosen = node.named_category(Some(&other), None).await.unwrap();
            assert_eq!(
                chosen,
                (Some(other.clone()), None),
                "a national one stays what it is"
            );
            node.unmap_category("Kesehatan", "test").await.unwrap();
            assert!(node.named_category(None, Some("Tidak Ada")).await.is_err());
            let apart = node.named_category(Some(&other), Some(&name)).await;
            assert!(matches!(apart, Err(NodeError::Invalid(_))));

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
            assert_eq!(place.audited("category.mapped").await.len(), 3);
            assert_eq!(place.audited("category.unmapped").await.len(), 2);
        }
    }

    #[tokio::test]
    async fn nothing_is_filed_under_what_stands_for_a_category_that_is_no_more() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let node = &place.node;
            let tree = [("Pasar", "Kesehatan"), ("Parkir", "Tidak Ada Lagi")];
            let tree = tree.map(|(local, national)| (local.to_owned(), national.to_owned()));
            let mut tx = node.write_tx().await.unwrap();
            store::categories::replace(&mut tx, &tree).await.unwrap();
            tx.commit().await.unwrap();
            let all = node.local_categories().await.unwrap();
            assert_eq!((all.local.len(), all.lost()), (2, 1));
            let stated = category("Parkir");
            for (stated, local, field) in [
                (Some(&stated), None, "category: "),
                (None, Some("Parkir"), "local_category: "),
            ] {
                let refused = node.named_category(stated, local).await.unwrap_err();
                let said = refused.to_string();
                let why = "Parkir stands for Tidak Ada Lagi, which edition 2026.0 no longer has";
                assert!(said.contains(&format!("{field}{why}")), "{said}");
            }
            let filed = node.named_category(None, Some("Pasar")).await.unwrap();
            assert_eq!(filed, (Some(category("Kesehatan")), Some("Pasar".into())));
        }
    }

    #[tokio::test]
    async fn one_that_is_damaged_keeps_nobody_from_choosing_another() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let tree = [("Pasar", "Kesehatan"), ("Parkir", "")];
            let tree = tree.map(|(local, national)| (local.to_owned(), national.to_owned()));
            let mut tx = place.node.write_tx().await.unwrap();
            store::categories::replace(&mut tx, &tree).await.unwrap();
            tx.commit().await.unwrap();
            let all = place.node.local_categories().await.unwrap();
            let names: Vec<&str> = all.local.iter().map(|one| one.local.as_str()).collect();
            assert_eq!(names, ["Pasar"]);
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
