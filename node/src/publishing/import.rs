//! Programmes from a table: own rows are published where they say something
//! new, all others are named with the reason why not.

use lapor_protocol::kinds::Body;

use super::publish::{Base, PUBLISHED};
use super::tables::{ProgrammeLine, Row};
use crate::casework::Coordinates;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// Its text, its progress, or both are new here and have been published.
    Published { text: bool, progress: bool },
    /// What it says has been published before.
    Unchanged,
    /// It is another institution's.
    Skipped(String),
    /// It cannot be used; the file's author corrects it.
    Refused(String),
}

impl Node {
    /// Publishes what the rows say that is new. Doing it twice publishes once.
    /// Answers in the order of the rows, each with its line and its slug.
    pub async fn import_programmes(
        &self,
        rows: Vec<Row>,
        actor: &str,
    ) -> Result<Vec<(u64, String, Imported)>, NodeError> {
        let me = self.instance()?;
        let mut out = Vec::with_capacity(rows.len());
        for (line, row) in rows {
            let (slug, outcome) = match row {
                Err(problem) => (String::new(), Imported::Refused(problem)),
                Ok(row) if row.owner != *me => {
                    let owner = format!("it is {}'s, which publishes it itself", row.owner);
                    (row.programme.slug, Imported::Skipped(owner))
                }
                Ok(row) => {
                    let slug = row.programme.slug.clone();
                    (slug, self.import_programme(row, actor).await?)
                }
            };
            out.push((line, slug, outcome));
        }
        Ok(out)
    }

    async fn import_programme(
        &self,
        mut row: ProgrammeLine,
        actor: &str,
    ) -> Result<Imported, NodeError> {
        let slug = row.programme.slug.clone();
        // What a table does not say is taken from this one, and not from one that comes meanwhile.
        let base = self.latest_of(&slug).await?;
        if row.programme.coordinates.is_none() {
            // A table without places takes none away.
            row.programme.coordinates = self.place_of(&slug).await?;
        }
        let text = match self.programme_body(row.programme).await {
            Ok(body) => self.publish_if_new(body, base, actor).await,
            Err(error) => Err(error),
        };
        let progress = match &text {
            Ok(_) => {
                let progress = row.progress.about(slug);
                self.publish_if_new(progress, Base::Any, actor).await
            }
            Err(_) => Ok(false),
        };
        match (text, progress) {
            (Ok(false), Ok(false)) => Ok(Imported::Unchanged),
            (Ok(text), Ok(progress)) => Ok(Imported::Published { text, progress }),
            (Err(error), _) | (_, Err(error)) => match error {
                NodeError::Invalid(_)
                | NodeError::NotAllowed(_)
                | NodeError::ProgrammeChanged
                | NodeError::TooLarge(_) => Ok(Imported::Refused(error.to_string())),
                other => Err(other),
            },
        }
    }

    /// The text of an own programme that stands now.
    async fn latest_of(&self, slug: &str) -> Result<Base, NodeError> {
        let me = self.instance()?.as_str();
        let mut tx = self.read_tx().await?;
        let latest = store::public::latest(&mut tx, PUBLISHED, slug, Some(me)).await?;
        Ok(match latest {
            Some(row) => Base::Message(store::read(row.message_id.parse())?),
            None => Base::Nothing,
        })
    }

    /// Where an own programme is built, as it was published last.
    async fn place_of(&self, slug: &str) -> Result<Option<Coordinates>, NodeError> {
        match self.programme(self.instance()?, slug).await {
            Ok(view) => {
                let published = view.programme.published;
                Ok(published.coordinates.and_then(Coordinates::of_message))
            }
            Err(NodeError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Publishes a body unless the latest of its kind and name says the same; only if its `base` still
    /// stands.
    pub(super) async fn publish_if_new(
        &self,
        body: Body,
        base: Base,
        actor: &str,
    ) -> Result<bool, NodeError> {
        let me = self.instance()?.as_str();
        let name = super::name_of(&body).unwrap_or_default();
        let mut tx = self.read_tx().await?;
        let latest = store::public::latest(&mut tx, body.kind(), name, Some(me)).await?;
        drop(tx);
        let same = match latest {
            Some(row) => store::read(Body::of_kind(&row.kind, &row.body))? == body,
            None => false,
        };
        if !same {
            self.publish_using(body, &[], base, actor).await?;
        }
        Ok(!same)
    }
}
