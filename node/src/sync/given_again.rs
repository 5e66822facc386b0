//! What went beside messages, and a restored hub may lack although it has the messages: attachments,
//! pictures, keys of cases. No signature of the hub covers them, so it cannot be shown that they are
//! lost.
//!
//! The hub tells when it was restored last. At a moment that is new here all of it is offered once
//! more. What the hub holds costs it a question, and all institutions ask at the same time: attachments
//! are offered a few cases at a time, the latest first.

use lapor_migrations::Tx;
use lapor_protocol::ids::InstanceId;
use serde::{Deserialize, Serialize};

use super::Link;
use super::owed::note_lost;
use crate::error::NodeError;
use crate::store;

/// The last restore of the hub, as it has told it (Unix ms).
const TOLD: &str = "hub_restored";
/// The one after which everything was offered.
const HEEDED: &str = "hub_restored_heeded";
/// How far attachments have been offered again.
const OFFERED: &str = "attachments_offered";
/// Cases whose attachments are offered at once.
const PORTION: i64 = 20;
/// Between two portions.
const PAUSE_MS: i64 = 10_000;

/// How far attachments have been offered again, from the last case to the first.
#[derive(Debug, Serialize, Deserialize)]
struct Offered {
    /// The next case.
    case: String,
    /// Unix ms; not before.
    due_at: i64,
}

impl Offered {
    /// What a clock that was ahead has put off is due now.
    fn is_due(&self, now: i64) -> bool {
        self.due_at <= now || self.due_at > now.saturating_add(PAUSE_MS)
    }
}

impl Link {
    /// Notes what the hub tells of its last restore.
    pub(super) async fn note_restore(&self, at: i64) -> Result<(), NodeError> {
        let at = at.to_string();
        let mut tx = self.node.read_tx().await?;
        let told = store::chain::fact(&mut tx, TOLD).await?;
        drop(tx);
        if told.as_ref() == Some(&at) {
            return Ok(());
        }
        let mut tx = self.node.write_tx().await?;
        store::chain::set_fact(&mut tx, TOLD, &at).await?;
        Ok(tx.commit().await?)
    }

    /// Has everything offered again after a restore that is new here.
    pub(super) async fn heed_restore(&self) -> Result<(), NodeError> {
        let mut tx = self.node.read_tx().await?;
        let told = store::chain::fact(&mut tx, TOLD).await?;
        let heeded = store::chain::fact(&mut tx, HEEDED).await?;
        drop(tx);
        let Some(told) = told.filter(|told| heeded.as_ref() != Some(told)) else {
            return Ok(());
        };
        tracing::warn!(
            "the hub was restored from a backup: attachments, pictures and keys that it may have lost are offered again"
        );
        let mut tx = self.node.write_tx().await?;
        offer_again(&mut tx, self.node.instance()?).await?;
        store::chain::set_fact(&mut tx, HEEDED, &told).await?;
        Ok(tx.commit().await?)
    }

    /// Has the next attachments that the hub may have lost sent again, if it is time for them.
    pub(super) async fn offer_attachments(&self) -> Result<(), NodeError> {
        let now = self.node.clock().now_ms();
        let mut tx = self.node.read_tx().await?;
        let due = offered(&mut tx).await?.is_some_and(|of| of.is_due(now));
        drop(tx);
        if !due {
            return Ok(());
        }
        let mut tx = self.node.write_tx().await?;
        // Read again: all may have been offered from the beginning meanwhile.
        let Some(Offered { case: first, .. }) = offered(&mut tx).await? else {
            return Ok(());
        };
        let mut cases = store::blobs::own_held(&mut tx, &first, PORTION + 1).await?;
        let more = cases.len() as i64 > PORTION;
        let next = if more { cases.pop() } else { None };
        if let Some(last) = cases.last() {
            store::blobs::send_again_of(&mut tx, (last.as_str(), first.as_str())).await?;
        }
        match next {
            Some(case) => {
                let due_at = now.saturating_add(PAUSE_MS);
                keep(&mut tx, &Offered { case, due_at }).await?;
            }
            None => store::chain::forget_fact(&mut tx, OFFERED).await?,
        }
        Ok(tx.commit().await?)
    }
}

/// Has own pictures sent again, own attachments offered from the latest case on, and looks in each
/// case at who lacks the key.
pub(super) async fn offer_again(tx: &mut Tx, me: &InstanceId) -> Result<(), NodeError> {
    note_lost(tx).await?;
    store::pictures::send_again(tx, me.as_str()).await?;
    match store::blobs::last_case(tx).await? {
        Some(case) => keep(tx, &Offered { case, due_at: 0 }).await,
        None => Ok(store::chain::forget_fact(tx, OFFERED).await?),
    }
}

async fn offered(tx: &mut Tx) -> Result<Option<Offered>, NodeError> {
    let Some(text) = store::chain::fact(tx, OFFERED).await? else {
        return Ok(None);
    };
    if let Ok(offered) = serde_json::from_str(&text) {
        return Ok(Some(offered));
    }
    // Where that cannot be read all are offered anew.
    let last = store::blobs::last_case(tx).await?;
    Ok(last.map(|case| Offered { case, due_at: 0 }))
}

async fn keep(tx: &mut Tx, offered: &Offered) -> Result<(), NodeError> {
    let text = serde_json::to_string(offered).map_err(NodeError::damaged)?;
    Ok(store::chain::set_fact(tx, OFFERED, &text).await?)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use http::{HeaderValue, Method};
    use lapor_protocol::ids::Digest;
    use serde_json::json;

    use super::*;
    use crate::casework::NewReport;
    use crate::channels::tests::ruled;
    use crate::store::blobs::BlobRow;
    use crate::store::pictures::PictureRow;
    use crate::testing::{NOW, PaperHub, Place, SaidHub, answered, databases};

    const SIZE: i64 = 10;

    fn held(case: &str, message: &str) -> BlobRow {
        BlobRow {
            sha256: Digest::of(message.as_bytes()).as_bytes().to_vec(),
            case_id: case.to_owned(),
            message_id: message.to_owned(),
            size: SIZE,
            media_type: "image/jpeg".into(),
            state: "held".into(),
            progress: SIZE,
        }
    }

    /// A report each with an attachment that the hub has, and one of others. Returns the digests of
    /// the own ones, the latest case first.
    async fn attached(place: &Place, count: i64) -> Vec<String> {
        let mut rows = Vec::new();
        for _ in 0..count {
            let report: NewReport = serde_json::from_value(json!({
                "classification": "complaint",
                "title": "Lampu padam",
                "content": "Gelap.",
                "channel": "web",
            }))
            .unwrap();
            let filed = place.node.file(report, "test").await.unwrap();
            rows.push(held(&filed.case.to_string(), &filed.message.to_string()));
        }
        ruled(place, &PaperHub::of(place)).await;
        rows.sort_by(|a, b| b.case_id.cmp(&a.case_id));
        let own = rows.iter().map(|row| hex::encode(&row.sha256)).collect();
        rows.push(held(&rows[0].case_id, "theirs"));
        let mut tx = place.node.write_tx().await.unwrap();
        for row in &rows {
            store::blobs::add(&mut tx, row).await.unwrap();
        }
        let picture = PictureRow {
            owner: "kota-bandung".into(),
            slug: "jembatan".into(),
            sha256: vec![7; 32],
            size: SIZE,
            media_type: "image/jpeg".into(),
            state: "held".into(),
            reason: None,
        };
        store::pictures::add(&mut tx, &picture).await.unwrap();
        tx.commit().await.unwrap();
        own
    }

    #[tokio::test]
    async fn where_it_cannot_be_read_how_far_attachments_were_offered_all_are_offered_anew() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            attached(&place, 1).await;
            let mut tx = place.node.write_tx().await.unwrap();
            let last = store::blobs::last_case(&mut tx).await.unwrap();
            store::chain::set_fact(&mut tx, OFFERED, "{").await.unwrap();
            let anew = offered(&mut tx).await.unwrap();
            assert_eq!(anew.map(|of| of.case), last);
            tx.commit().await.unwrap();
            let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
            link.offer_attachments().await.unwrap();
            let mut tx = place.node.read_tx().await.unwrap();
            assert!(offered(&mut tx).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn after_a_restore_of_the_hub_attachments_are_offered_in_portions_the_latest_first() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let own = attached(&place, PORTION + 1).await;
            let asked = Arc::new(Mutex::new(Vec::new()));
            let told = asked.clone();
            // It holds them all.
            let hub = SaidHub::of(move |call| {
                assert_eq!(call.method, Method::HEAD, "{}", call.path);
                let digest = call.path.rsplit('/').next().unwrap();
                told.lock().unwrap().push(digest.to_owned());
                let mut answer = answered("");
                let received = HeaderValue::from_static("10");
                answer.headers.insert("lapor-received", received);
                Ok(answer)
            });
            let link = Link::over(place.node.clone(), hub).unwrap();
            let asked = async || {
                while link.send_blobs().await.unwrap() > 0 {}
                let mut asked = std::mem::take(&mut *asked.lock().unwrap());
                asked.sort();
                asked
            };
            let mut latest = own[..PORTION as usize].to_vec();
            latest.sort();
            let earliest = own[PORTION as usize..].to_vec();
            assert!(asked().await.is_empty(), "it was never restored");
            for at in [NOW, NOW + 1] {
                link.note_restore(at).await.unwrap();
                assert_eq!(asked().await, latest);
                assert!(asked().await.is_empty(), "others ask as well");
                place.clock.advance(PAUSE_MS);
                assert_eq!(asked().await, earliest);
                link.note_restore(at).await.unwrap();
                place.clock.advance(PAUSE_MS);
                assert!(asked().await.is_empty(), "it is known");
            }
            let mut tx = place.node.read_tx().await.unwrap();
            let pictures = store::pictures::count(&mut tx, "to_send").await.unwrap();
            assert_eq!(pictures, 1);
        }
    }
}
