//! Attachments on their way, in pieces that a poor line survives: every piece
//! is a request of its own and continues where the last one ended.

use std::io::SeekFrom;
use std::path::PathBuf;

use http::header::{CONTENT_RANGE, RANGE};
use http::{HeaderValue, Method};
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::wire::PREFIX;
use sha2::{Digest as _, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use super::{Answer, Call, Link, LinkError};
use crate::casework::{blob_path, part_path, sync_name};
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
        self.heed_restore().await?;
        // Those that wait have been gone through: what is new waits behind a portion at most.
        let begins = self.asked().blobs[Way::ToHub as usize].0.is_empty();
        if begins {
            self.offer_attachments().await?;
        }
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
        if from >= total {
            return Ok(());
        }
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
        Ok(sync_name(&self.node, &path).await?)
    }

    /// Fetches a blob of `total` bytes beside the place where it is to stand; it
    /// has the digest and is on disk. Where the hub says that the blob has another
    /// size, nothing more of it comes.
    pub(super) async fn fetch_part(
        &self,
        sha256: &Digest,
        total: u64,
    ) -> Result<PathBuf, LinkError> {
        let part = part_path(&self.node, sha256, total);
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
            let answer = self.call(call).await?;
            of_announced_size(&answer, total)?;
            let piece = answer.body;
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
        store::blobs::hold(&mut tx, row).await?;
        Ok(tx.commit().await?)
    }
}

/// Refuses a piece of a blob that is larger or smaller as a whole than was announced.
fn of_announced_size(piece: &Answer, announced: u64) -> Result<(), LinkError> {
    let range = piece.headers.get(CONTENT_RANGE);
    let range = range.and_then(|value| value.to_str().ok()?.rsplit_once('/'));
    let Some(whole) = range.and_then(|(_, whole)| whole.parse::<u64>().ok()) else {
        return Ok(());
    };
    if whole > announced {
        return Err(LinkError::hub(format!(
            "it has {whole} bytes of a blob of which {announced} were announced"
        )));
    }
    if whole < announced {
        // As it would of what is asked for beyond the end.
        let problem = Problem::new(Code::RangeUnsatisfiable);
        return Err(LinkError::Refused(Box::new(problem.into())));
    }
    Ok(())
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
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex};

    use lapor_protocol::ids::CaseId;
    use lapor_protocol::kinds::Body;
    use lapor_protocol::kinds::case_redacted::{CaseRedacted, RedactionReason};
    use lapor_protocol::message::Draft;
    use lapor_protocol::receipt::Stream;

    use super::*;
    use crate::chance::new_message_id;
    use crate::testing::{FromDesk, NOW, PaperHub, Place, SaidHub, answered, databases};

    fn row(sha256: &Digest, (case, message): (&str, &str), size: usize, state: &str) -> BlobRow {
        BlobRow {
            sha256: sha256.as_bytes().to_vec(),
            case_id: case.into(),
            message_id: message.into(),
            size: size as i64,
            media_type: "image/jpeg".into(),
            state: state.into(),
            progress: 0,
        }
    }

    async fn add(place: &Place, rows: &[BlobRow]) {
        let mut tx = place.node.write_tx().await.unwrap();
        for row in rows {
            store::blobs::add(&mut tx, row).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// The states of a case's attachments, in the order of their messages.
    async fn states(place: &Place, case: &str) -> Vec<String> {
        let mut tx = place.node.read_tx().await.unwrap();
        let mut rows = store::blobs::of_case(&mut tx, case).await.unwrap();
        rows.sort_by(|a, b| a.message_id.cmp(&b.message_id));
        rows.into_iter().map(|row| row.state).collect()
    }

    fn redacted(case: CaseId) -> Draft {
        let reason = RedactionReason::Other;
        let body = Body::CaseRedacted(CaseRedacted { reason });
        Draft {
            kind: body.kind().to_owned(),
            id: new_message_id(NOW),
            case: Some(case),
            term: None,
            created_at: NOW,
            body,
            sealed: None,
            attachments: Vec::new(),
        }
    }

    #[tokio::test]
    async fn an_erasure_takes_nothing_from_another_case_that_names_the_same_digest() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let hub = PaperHub::of(&place);
            let link = Link::over(place.node.clone(), hub.clone()).unwrap();
            let theirs = FromDesk::given(&hub, "kota-bandung").case;
            link.pull(Stream::Inbox, 0).await.unwrap();
            let sha256 = Digest::of(b"ciphertext");
            let named = theirs.to_string();
            let rows = [
                row(&sha256, ("ours", "1"), 10, "to_send"),
                row(&sha256, ("ours", "2"), 10, "held"),
                row(&sha256, ("ours", "3"), 10, "to_fetch"),
                row(&sha256, (&named, "4"), 10, "held"),
                row(&sha256, (&named, "5"), 9, "to_fetch"),
            ];
            add(&place, &rows).await;
            hub.authors("pusat", &redacted(theirs));
            link.pull(Stream::Inbox, 0).await.unwrap();
            assert_eq!(states(&place, &named).await, ["erased", "erased"]);
            let ours = states(&place, "ours").await;
            assert_eq!(ours, ["to_send", "held", "to_fetch"]);
            let mut tx = place.node.read_tx().await.unwrap();
            let bytes = sha256.as_bytes().as_slice();
            assert!(store::blobs::is_named(&mut tx, bytes).await.unwrap());
        }
    }

    #[tokio::test]
    async fn what_was_fetched_is_held_where_it_is_awaited_in_its_size_and_sent_all_the_same() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
            let sha256 = Digest::of(b"ciphertext");
            let rows = [
                row(&sha256, ("case", "1"), 10, "to_fetch"),
                row(&sha256, ("case", "2"), 10, "to_fetch"),
                row(&sha256, ("case", "3"), 9, "to_fetch"),
                row(&sha256, ("case", "4"), 10, "to_send"),
            ];
            add(&place, &rows).await;
            link.settle_blob(&rows[0]).await.unwrap();
            let after = states(&place, "case").await;
            assert_eq!(after, ["held", "held", "to_fetch", "to_send"]);
            link.settle_blob(&rows[3]).await.unwrap();
            let after = states(&place, "case").await;
            assert_eq!(after, ["held", "held", "to_fetch", "held"]);
        }
    }

    #[tokio::test]
    async fn an_announcement_that_is_wrong_ends_no_other_fetch_of_its_digest() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let bytes = vec![7; PIECE as usize + 10];
            let sha256 = Digest::of(&bytes);
            let whole = row(&sha256, ("ours", "1"), bytes.len(), "to_fetch");
            let short = row(&sha256, ("theirs", "2"), bytes.len() - 1, "to_fetch");
            let asked = Arc::new(Mutex::new(Vec::new()));
            let breaks = Arc::new(AtomicBool::new(true));
            let (told, broken) = (asked.clone(), breaks.clone());
            let hub = SaidHub::of(move |call| {
                let mut headers = call.headers.iter();
                let range = headers.find(|(name, _)| name.as_str() == "range");
                let range = range.unwrap().1.to_str().unwrap();
                let ends = range["bytes=".len()..].split_once('-').unwrap();
                let [from, to] = [ends.0, ends.1].map(|end| end.parse::<usize>().unwrap());
                told.lock().unwrap().push((from, to));
                if from > 0 && broken.load(Ordering::SeqCst) {
                    return Err(LinkError::Unreachable("no line".into()));
                }
                Ok(answered(bytes[from..=to].to_vec()))
            });
            let link = Link::over(place.node.clone(), hub).unwrap();
            link.fetch_blob(&whole).await.unwrap_err();
            breaks.store(false, Ordering::SeqCst);
            link.fetch_blob(&short).await.unwrap_err();
            link.fetch_blob(&whole).await.unwrap();
            let (piece, last) = (PIECE as usize, PIECE as usize + 9);
            let all = [
                (0, piece - 1),
                (piece, last),
                (0, piece - 1),
                (piece, last - 1),
                (piece, last),
            ];
            assert_eq!(*asked.lock().unwrap(), all, "it goes on where it was");
            assert!(blob_path(&place.node, &sha256).exists());
        }
    }

    #[test]
    fn no_more_is_fetched_of_a_blob_that_has_another_size_than_was_announced() {
        let piece = |range: &'static str| {
            let mut piece = answered("");
            let value = HeaderValue::from_static(range);
            piece.headers.insert(CONTENT_RANGE, value);
            piece
        };
        let of = |range, announced| of_announced_size(&piece(range), announced);
        assert!(of("bytes 0-9/20", 20).is_ok());
        assert!(of("bytes 0-9/*", 20).is_ok(), "the hub does not say");
        assert!(of_announced_size(&answered(""), 20).is_ok());
        assert!(matches!(of("bytes 0-9/21", 20), Err(LinkError::Hub(_))));
        let short = of("bytes 0-9/19", 20).unwrap_err();
        assert_eq!(short.code(), Some(Code::RangeUnsatisfiable));
        assert!(short.spares_others());
    }

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
            store::blobs::erase(&mut tx, &case).await.unwrap();
            tx.commit().await.unwrap();
            link.settle_blob(&fetched).await.unwrap();
            let mut tx = place.node.read_tx().await.unwrap();
            let kept = store::blobs::of_case(&mut tx, &case).await.unwrap();
            assert_eq!(kept[0].state, "erased");
        }
    }
}
