//! Pictures that programmes announced before this program knew of pictures: read
//! once from the stored messages, so that nobody publishes again.

use lapor_protocol::kinds::Body;

use super::public::take;
use super::{Link, LinkError};
use crate::casework::read_message;
use crate::error::NodeError;
use crate::store;
use crate::store::inbox::InboxRow;

/// How far the stored messages have been read: `DEPOCH.DSEQ`, or that it is done.
const READ: &str = "pictures_read";
const DONE: &str = "all";
/// Messages read in one transaction.
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
        let (directory, now) = (self.node.directory(), self.node.clock().now_ms());
        let mut tx = self.node.write_tx().await?;
        let page = store::inbox::programmes(&mut tx, place.unwrap_or_default(), PAGE).await?;
        for row in &page {
            if announces_pictures(row) {
                take(&mut tx, self.node.instance()?, row, &directory, now).await?;
            }
        }
        let read = match page.last() {
            Some(last) => format!("{}.{}", last.depoch, last.dseq),
            None => DONE.to_owned(),
        };
        store::chain::set_fact(&mut tx, READ, &read).await?;
        Ok(tx.commit().await.map_err(NodeError::from)?)
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
