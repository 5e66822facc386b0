//! Attachments on their way, in pieces that a poor line survives: every piece
//! is a request of its own and continues where the last one ended.

use std::io::SeekFrom;
use std::path::PathBuf;

use http::header::{CONTENT_RANGE, RANGE};
use http::{HeaderValue, Method};
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::Code;
use lapor_protocol::wire::PREFIX;
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::{Answer, Call, Link, LinkError};
use crate::casework::blob_path;
use crate::error::NodeError;
use crate::store;
use crate::store::blobs::BlobRow;

/// Bytes of one request.
const PIECE: u64 = 1024 * 1024;
/// Blobs looked at in one step.
const STEP: i64 = 20;
/// How much of a blob the hub has.
const RECEIVED: &str = "lapor-received";

/// Which way a blob goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    ToHub,
    FromHub,
}

impl Link {
    /// Sends blobs whose message the hub has accepted, another page at each
    /// call. Returns how many are complete at the hub.
    pub async fn send_blobs(&self) -> Result<usize, LinkError> {
        self.move_blobs(Way::ToHub).await
    }

    /// Fetches blobs that messages have announced, another page at each call.
    /// One that is not at the hub is left for later. Returns how many are here
    /// now.
    pub async fn fetch_blobs(&self) -> Result<usize, LinkError> {
        self.move_blobs(Way::FromHub).await
    }

    async fn move_blobs(&self, way: Way) -> Result<usize, LinkError> {
        let (case, sha256) = self.asked().blobs[way as usize].clone();
        let after = (case.as_str(), sha256.as_slice());
        let mut tx = self.node.read_tx().await?;
        let rows = match way {
            Way::ToHub => store::blobs::to_send(&mut tx, after, STEP).await?,
            Way::FromHub => store::blobs::to_fetch(&mut tx, after, STEP).await?,
        };
        drop(tx);
        let last_page = (rows.len() as i64) < STEP;
        let mut count = 0;
        for row in rows {
            if self.move_blob(way, &row).await? {
                self.settle_blob(&row).await?;
                count += 1;
            }
            self.asked().blobs[way as usize] = (row.case_id, row.sha256);
        }
        if last_page {
            self.asked().blobs[way as usize] = Default::default();
        }
        Ok(count)
    }

    /// Whether nothing more is to be done about a blob. An error is one that
    /// the others would meet too.
    async fn move_blob(&self, way: Way, row: &BlobRow) -> Result<bool, LinkError> {
        let moved = match way {
            Way::ToHub => {
                let sha256 = store::digest(&row.sha256)?;
                self.send_blob(&sha256, row.size as u64).await
            }
            Way::FromHub => self.fetch_blob(row).await,
        };
        let message = &row.message_id;
        match moved {
            Ok(()) => Ok(true),
            // The message was ruled out of its case, or the case has been
            // redacted: nobody will ask for the blob.
            Err(error) if way == Way::ToHub && error.code() == Some(Code::BlobUnknown) => {
                tracing::warn!(message, "the hub wants no such attachment");
                Ok(true)
            }
            Err(error)
                if way == Way::FromHub
                    && matches!(error.code(), Some(Code::BlobPending | Code::BlobUnknown)) =>
            {
                Ok(false)
            }
            Err(error) if error.spares_others() => {
                tracing::warn!(message, ?way, %error, "an attachment cannot be moved");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Sends what the hub lacks of a blob of `total` bytes.
    pub(super) async fn send_blob(&self, sha256: &Digest, total: u64) -> Result<(), LinkError> {
        let mut from = self.received(sha256).await?;
        let mut file = File::open(blob_path(&self.node, sha256))
            .await
            .map_err(NodeError::from)?;
        while from < total {
            file.seek(SeekFrom::Start(from))
                .await
                .map_err(NodeError::from)?;
            let mut piece = Vec::new();
            (&mut file)
                .take(PIECE)
                .read_to_end(&mut piece)
                .await
                .map_err(NodeError::from)?;
            if piece.is_empty() {
                return Err(LinkError::Node(NodeError::damaged(format!(
                    "blob {sha256} is shorter than announced"
                ))));
            }
            let to = from + piece.len() as u64;
            let range = HeaderValue::from_str(&format!("bytes {from}-{}/{total}", to - 1))
                .map_err(LinkError::hub)?;
            let call = Call::new(Method::PUT, format!("{PREFIX}/blobs/{sha256}"))
                .header(CONTENT_RANGE, range)
                .body("application/octet-stream", piece);
            self.call(call).await?;
            from = to;
        }
        Ok(())
    }

    /// How much the hub has of a blob.
    async fn received(&self, sha256: &Digest) -> Result<u64, LinkError> {
        let call = Call::new(Method::HEAD, format!("{PREFIX}/blobs/{sha256}"));
        let answer: Answer = self.call(call).await?;
        let received = answer
            .headers
            .get(RECEIVED)
            .and_then(|value| value.to_str().ok());
        Ok(received.and_then(|text| text.parse().ok()).unwrap_or(0))
    }

    async fn fetch_blob(&self, row: &BlobRow) -> Result<(), LinkError> {
        let sha256 = store::digest(&row.sha256)?;
        let part = self.fetch_part(&sha256, row.size as u64).await?;
        let path = blob_path(&self.node, &sha256);
        fs::rename(&part, &path).await.map_err(NodeError::from)?;
        lapor_killpoints::pass("fetch.renamed");
        Ok(())
    }

    /// Fetches a blob of `total` bytes beside the place where it is to stand; it
    /// has the digest and is on disk.
    pub(super) async fn fetch_part(
        &self,
        sha256: &Digest,
        total: u64,
    ) -> Result<PathBuf, LinkError> {
        let part = blob_path(&self.node, sha256).with_extension("part");
        if let Some(folder) = part.parent() {
            fs::create_dir_all(folder).await.map_err(NodeError::from)?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&part)
            .await
            .map_err(NodeError::from)?;
        let mut from = file.metadata().await.map_err(NodeError::from)?.len();
        while from < total {
            let to = (from + PIECE).min(total) - 1;
            let range =
                HeaderValue::from_str(&format!("bytes={from}-{to}")).map_err(LinkError::hub)?;
            let call =
                Call::new(Method::GET, format!("{PREFIX}/blobs/{sha256}")).header(RANGE, range);
            let piece = self.call(call).await?.body;
            if piece.is_empty() || from + piece.len() as u64 > total {
                return Err(LinkError::hub(
                    "it sent another range of a blob than was asked for",
                ));
            }
            file.write_all(&piece).await.map_err(NodeError::from)?;
            from += piece.len() as u64;
            lapor_killpoints::pass("fetch.piece");
        }
        file.flush().await.map_err(NodeError::from)?;
        file.sync_all().await.map_err(NodeError::from)?;
        drop(file);
        if digest_of(&part).await? != *sha256 {
            fs::remove_file(&part).await.map_err(NodeError::from)?;
            return Err(LinkError::hub(format!(
                "its bytes of blob {sha256} are not those that were announced"
            )));
        }
        Ok(part)
    }

    async fn settle_blob(&self, row: &BlobRow) -> Result<(), LinkError> {
        let mut tx = self.node.write_tx().await?;
        store::blobs::hold(&mut tx, &row.sha256).await?;
        Ok(tx.commit().await?)
    }
}

async fn digest_of(path: &std::path::Path) -> Result<Digest, NodeError> {
    let mut file = File::open(path).await?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut piece).await?;
        if count == 0 {
            return Ok(Digest::new(hash.finalize().into()));
        }
        hash.update(&piece[..count]);
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::ids::CaseId;

    use super::*;
    use crate::testing::{NOW, PaperHub, Place, databases};

    #[tokio::test]
    async fn what_is_erased_while_it_is_on_its_way_stays_erased() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
            let case = CaseId::mint(NOW, [7; 10]).to_string();
            let fetched = BlobRow {
                sha256: vec![7; 32],
                case_id: case.clone(),
                message_id: "message".into(),
                size: 1,
                media_type: "image/jpeg".into(),
                state: "to_fetch".into(),
                progress: 0,
            };
            let mut tx = place.node.write_tx().await.unwrap();
            store::blobs::add(&mut tx, &fetched).await.unwrap();
            store::blobs::erase(&mut tx, &fetched.sha256).await.unwrap();
            tx.commit().await.unwrap();
            link.settle_blob(&fetched).await.unwrap();
            let mut tx = place.node.read_tx().await.unwrap();
            let kept = store::blobs::of_case(&mut tx, &case).await.unwrap();
            assert_eq!(kept[0].state, "erased");
        }
    }
}
