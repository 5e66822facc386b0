//! Pictures that programmes announced before this program knew of pictures: read
//! once from the stored messages, so that nobody publishes again.

use lapor_protocol::kinds::Body;

use super::public::take;
use super::taking_in::{is_poison, is_too_long};
use super::{Link, LinkError};
use crate::casework::read_message;
use crate::error::NodeError;
use crate::store;
use crate::store::inbox::InboxRow;

/// How far the stored messages have been read: `DEPOCH.DSEQ`, or that it is done.
const READ: &str = "pictures_read";
const DONE: &str = "all";
/// Messages read in one go.
const PAGE: i64 = 200;

impl Link {
    /// Takes in again what announced pictures, as far as it has not been read since
    /// this program knows them.
    pub(super) async fn read_announced_pictures(&self) -> Result<(), LinkError> {
        loop {
            let mut tx = self.node.read_tx().await?;
            let read = store::chain::fact(&mut tx, READ).await?;
            drop(tx);
            if read.as_deref() == Some(DONE) {
                return Ok(());
            }
            self.read_page_of_announced(read.as_deref()).await?;
        }
    }

    async fn read_page_of_announced(&self, read: Option<&str>) -> Result<(), LinkError> {
        let _applier = self.applier.lock().await;
        let place = read.and_then(|text| text.split_once('.'));
        let place =
            place.and_then(|(depoch, dseq)| Some((depoch.parse().ok()?, dseq.parse().ok()?)));
        let mut tx = self.node.read_tx().await?;
        let page = store::inbox::programmes(&mut tx, place.unwrap_or_default(), PAGE).await?;
        drop(tx);
        for row in page.iter().filter(|row| announces_pictures(row)) {
            match self.take_again(row).await {
                // No other lacks its pictures for it.
                Err(error) if is_poison(&error) || is_too_long(&error) => tracing::error!(
                    depoch = row.depoch,
                    dseq = row.dseq,
                    "the pictures of a programme cannot be read from its message; it is shown without them"
                ),
                done => done?,
            }
        }
        let read = match page.last() {
            Some(last) => format!("{}.{}", last.depoch, last.dseq),
            None => DONE.to_owned(),
        };
        let mut tx = self.node.write_tx().await?;
        store::chain::set_fact(&mut tx, READ, &read).await?;
        Ok(tx.commit().await.map_err(NodeError::from)?)
    }

    /// Takes in one message again, in a transaction of its own.
    async fn take_again(&self, row: &InboxRow) -> Result<(), NodeError> {
        let (directory, now) = (self.node.directory(), self.node.clock().now_ms());
        let mut tx = self.node.write_tx().await?;
        take(&mut tx, self.node.instance()?, row, &directory, now).await?;
        Ok(tx.commit().await?)
    }
}

/// One of this node itself comes back without its envelope, and may do so.
fn announces_pictures(row: &InboxRow) -> bool {
    let Some(line) = &row.line else { return true };
    let message = read_message(line);
    message.is_ok_and(|message| {
        matches!(message.body, Ok(Body::ProgrammePublished(programme)) if !programme.pictures.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use lapor_protocol::ids::Digest;
    use lapor_protocol::receipt::Stream;
    use serde_json::json;

    use super::*;
    use crate::store::pictures::PictureRow;
    use crate::testing::{PaperHub, Place, databases};

    #[tokio::test]
    async fn a_programme_that_cannot_be_taken_in_again_keeps_no_other_without_pictures() {
        const OWNER: &str = "kota-bandung";
        for db in databases().await {
            let place = Place::joined(OWNER, db).await;
            let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
            for slug in ["jembatan", "taman"] {
                let bytes = slug.as_bytes();
                let body = json!({
                    "slug": slug, "name": "Baru", "description": "Baru.",
                    "pictures": [{
                        "sha256": Digest::of(bytes), "size": bytes.len(),
                        "media_type": "image/png", "alt": "Sungai.",
                    }],
                });
                let body = Body::of_kind("programme.published", &body.to_string()).unwrap();
                place.node.publish(body, "test").await.unwrap();
            }
            link.push().await.unwrap();
            link.pull(Stream::Inbox, 0).await.unwrap();
            link.pull(Stream::Public, 0).await.unwrap();
            let mut tx = place.node.write_tx().await.unwrap();
            for slug in ["jembatan", "taman"] {
                let rows = store::pictures::of_programme(&mut tx, OWNER, slug).await;
                for row in rows.unwrap() {
                    store::pictures::remove(&mut tx, &row).await.unwrap();
                }
            }
            let damaged = PictureRow {
                owner: OWNER.into(),
                slug: "jembatan".into(),
                sha256: vec![7; 3],
                size: 1,
                media_type: "image/png".into(),
                state: "held".into(),
                reason: None,
            };
            store::pictures::add(&mut tx, &damaged).await.unwrap();
            store::chain::forget_fact(&mut tx, READ).await.unwrap();
            tx.commit().await.unwrap();
            link.read_announced_pictures().await.unwrap();
            let mut tx = place.node.read_tx().await.unwrap();
            let read = store::chain::fact(&mut tx, READ).await.unwrap();
            assert_eq!(read.as_deref(), Some(DONE));
            let rows = store::pictures::of_programme(&mut tx, OWNER, "taman").await;
            let found: Vec<_> = rows.unwrap().into_iter().map(|row| row.sha256).collect();
            assert_eq!(found, [Digest::of(b"taman").as_bytes()]);
        }
    }
}
