//! Pulling a stream: a page is checked whole (chain, head, signatures), made
//! durable with its cursor and its effects, then acknowledged.

use std::time::Duration;

use http::Method;
use lapor_migrations::{Tx, Value};
use lapor_protocol::delivery::{Cursor, Item};
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::keys::Verifier;
use lapor_protocol::limits::{ACK_EXCEPTIONS, PAGE_ITEMS};
use lapor_protocol::message::Message;
use lapor_protocol::page::{Delivered, read_page, signed_at};
use lapor_protocol::receipt::{Ack, Exception, ExceptionState, Stream};
use lapor_protocol::wire::PREFIX;
use lapor_web::trace::Trace;

use super::taking_in::{BATCH, apply_next, is_poison, is_too_long};
use super::{Call, Link, LinkError};
use crate::error::NodeError;
use crate::store;

const SIGNATURE_INVALID: &str = "signature_invalid";
const KEY_UNKNOWN: &str = "key_unknown";
/// What is wrong with an envelope that its author has not signed, as far as the directory tells.
pub(super) const UNSIGNED: [&str; 2] = [SIGNATURE_INVALID, KEY_UNKNOWN];

impl Link {
    /// Takes in one page, waiting up to `wait` seconds for something to come.
    /// Returns how many items came.
    pub async fn pull(&self, stream: Stream, wait: u64) -> Result<usize, LinkError> {
        let outcome = match Box::pin(self.pull_page(stream, wait, Effects::Together)).await {
            // It is fetched again, so that it is stored whatever comes of its effects.
            Ok(None) => Box::pin(self.pull_page(stream, 0, Effects::Later)).await,
            outcome => outcome,
        };
        self.note(&outcome).await;
        let count = outcome?.unwrap_or_default();
        self.apply_received(stream).await?;
        self.acknowledge(stream).await?;
        Ok(count)
    }

    /// Nothing if an item of it cannot be applied as it stands.
    async fn pull_page(
        &self,
        stream: Stream,
        wait: u64,
        effects: Effects,
    ) -> Result<Option<usize>, LinkError> {
        self.finish_restore().await?;
        let me = self.node.instance()?.clone();
        let after = self.cursor(stream).await?;
        let path = format!(
            "{PREFIX}/{}?after={after}&limit={PAGE_ITEMS}&wait={wait}",
            stream.as_str()
        );
        let answer = self
            .call(Call::new(Method::GET, path).waiting(Duration::from_secs(wait)))
            .await?;
        let page = answer.body;
        // The head may be signed by a key that only a newer directory shows.
        let read =
            |link: &Self| read_page(&page, after, stream, &me, |envelope| link.hub_key(envelope));
        let items = if let Ok(items) = read(self) {
            items
        } else {
            self.refresh_directory(0).await?;
            read(self).map_err(LinkError::hub)?
        };
        if let Some(at) = signed_at(&page) {
            self.compare_clocks(at);
        }
        if items.is_empty() {
            return Ok(Some(0));
        }
        let newest = items
            .iter()
            .map(|item| item.item.directory)
            .max()
            .unwrap_or_default();
        self.directory_at_least(newest).await?;
        let directory = self.node.directory();
        let items = tokio::task::spawn_blocking(move || verify(items, &directory))
            .await
            .map_err(|e| LinkError::Node(NodeError::damaged(e)))?;
        let count = items.len();
        let kept = self.keep_page(stream, items, &page, effects).await?;
        Ok(kept.then_some(count))
    }

    /// Stores items and cursor (level `delivered`), part by part, each with its effects in one
    /// transaction if these are not for later. Returns whether all of them could be applied; what is in
    /// front of a part that cannot is durable.
    async fn keep_page(
        &self,
        stream: Stream,
        items: Vec<Checked>,
        page: &[u8],
        effects: Effects,
    ) -> Result<bool, LinkError> {
        let _applier = self.applier.lock().await;
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let part: Vec<Checked> = items.by_ref().take(BATCH as usize).collect();
            let is_last = items.peek().is_none();
            let mut tx = self.node.write_tx().await?;
            self.keep_part(&mut tx, stream, part).await?;
            let shown = if is_last {
                self.keep_head(&mut tx, stream, page).await?
            } else {
                None
            };
            match effects {
                Effects::Later => tx.commit().await?,
                Effects::Together => {
                    match Box::pin(apply_next(&self.node, tx, stream, BATCH)).await {
                        Err(error) if is_poison(&error) || is_too_long(&error) => {
                            return Ok(false);
                        }
                        applied => drop(applied?),
                    }
                }
            }
            if is_last {
                self.show_head(stream, shown).await;
            }
        }
        Ok(true)
    }

    /// Puts items behind those that were delivered before.
    async fn keep_part(
        &self,
        tx: &mut Tx,
        stream: Stream,
        items: Vec<Checked>,
    ) -> Result<(), NodeError> {
        let now = self.node.clock().now_ms();
        let Some(last) = items.last().map(|item| item.delivered.cursor) else {
            return Ok(());
        };
        let mut rows = Vec::with_capacity(items.len() * 15);
        for Checked {
            mut delivered,
            fault,
        } in items
        {
            let trace = delivered.trace.take();
            let trace = trace.map(Trace::try_from).and_then(Result::ok);
            rows.extend(store::inbox::of_delivered(stream, delivered, fault)?);
            rows.extend([
                Value::from("received"),
                Value::from(0i64),
                Value::from(now),
                Value::from(trace.map(String::from)),
            ]);
        }
        store::inbox::add(tx, rows).await?;
        let (depoch, dseq) = (i64::from(last.depoch), last.dseq as i64);
        let hash = last.hash.as_bytes();
        Ok(store::chain::set_cursor(tx, stream.as_str(), depoch, dseq, hash).await?)
    }

    /// Tells the hub what is durable and what is settled here, signed.
    async fn acknowledge(&self, stream: Stream) -> Result<(), LinkError> {
        let mut tx = self.node.read_tx().await?;
        let Some((depoch, dseq, hash, settled, acked)) =
            store::chain::cursor(&mut tx, stream.as_str()).await?
        else {
            return Ok(());
        };
        let most = ACK_EXCEPTIONS as i64;
        let found = store::inbox::exceptions(&mut tx, stream.as_str(), acked, most).await?;
        // What no acknowledgement has listed is not stated as settled.
        let settled = found
            .left_out
            .map_or(settled, |first| settled.min(first - 1));
        let exceptions: Vec<_> = found.listed.into_iter().map(exception).collect();
        // An outcome that comes later is acknowledged later.
        let name = format!("acknowledged:{}", stream.as_str());
        let told = store::read(serde_json::to_string(&exceptions))?;
        let told_before = store::chain::fact(&mut tx, &name).await?;
        drop(tx);
        if settled <= acked && told_before.as_deref().unwrap_or("[]") == told {
            return Ok(());
        }
        let ack = Ack {
            recipient: self.node.instance()?.clone(),
            stream,
            depoch: depoch as u32,
            accepted: dseq as u64,
            settled: settled as u64,
            head: store::digest(&hash)?,
            exceptions,
            at: self.node.clock().now_ms(),
        };
        let line = ack.sign(&self.node.signer()?).to_line();
        let call =
            Call::new(Method::POST, format!("{PREFIX}/inbox/ack")).body("application/json", line);
        self.call(call).await?;
        let mut tx = self.node.write_tx().await?;
        store::chain::set_acked(&mut tx, stream.as_str(), settled).await?;
        if told_before.as_deref().unwrap_or("[]") != told {
            store::chain::set_fact(&mut tx, &name, &told).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn cursor(&self, stream: Stream) -> Result<Cursor, NodeError> {
        let mut tx = self.node.read_tx().await?;
        match store::chain::cursor(&mut tx, stream.as_str()).await? {
            None => Ok(Cursor::START),
            Some((depoch, dseq, hash, _, _)) => Ok(Cursor {
                depoch: depoch as u32,
                dseq: dseq as u64,
                hash: store::digest(&hash)?,
            }),
        }
    }
}

/// When a page has its effects.
#[derive(Debug, Clone, Copy)]
enum Effects {
    /// In the transaction in which it is stored.
    Together,
    /// Behind it.
    Later,
}

/// An item with the verdict on its author's signature.
struct Checked {
    delivered: Delivered,
    fault: Option<&'static str>,
}

/// Checks every author's signature under the key that was valid at the
/// message's position. A bad one is kept as evidence and never applied.
fn verify(items: Vec<Delivered>, directory: &Directory) -> Vec<Checked> {
    items
        .into_iter()
        .map(|delivered| {
            let envelope = delivered.envelope.as_ref();
            let fault =
                envelope.and_then(|envelope| fault_of(&delivered.item, envelope, directory));
            Checked { delivered, fault }
        })
        .collect()
}

/// What is wrong with an item's envelope, if anything is.
pub(crate) fn fault_of(
    item: &Item,
    envelope: &Envelope,
    directory: &Directory,
) -> Option<&'static str> {
    let Ok(message) = Message::parse(&envelope.payload) else {
        return Some("header_invalid");
    };
    let header = &message.header;
    let entry = directory.at(item.directory).instance(&header.author);
    let Some(key) = entry.and_then(|entry| entry.signing_key(&envelope.kid, header.position()))
    else {
        return Some(KEY_UNKNOWN);
    };
    let Ok(key) = Verifier::from_jwk(&key.jwk) else {
        return Some(KEY_UNKNOWN);
    };
    if envelope.verify(MESSAGE_TYPE, &key).is_err() {
        return Some(SIGNATURE_INVALID);
    }
    // A split is delivered in its child under the same envelope.
    let about = header.case == item.case
        || message
            .body
            .as_ref()
            .is_ok_and(|body| body.other_case() == item.case);
    (!about || header.kind != item.kind).then_some("item_mismatch")
}

/// The hub is told codes, never a sentence about what a case holds. What waits bears the reason of
/// the message in front, with which nothing is wrong in this one.
fn exception((dseq, state, reason): (i64, String, Option<String>)) -> Exception {
    let reason = reason.filter(|_| state != "waiting");
    let (state, otherwise) = match state.as_str() {
        "quarantined" => (ExceptionState::Quarantined, "body_invalid"),
        "refused" => (ExceptionState::Refused, "refused"),
        "superseded" => (ExceptionState::Superseded, "superseded"),
        "parked" => (ExceptionState::Parked, "kind_unknown"),
        _ => (ExceptionState::Parked, "case_waits"),
    };
    let is_code = |text: &String| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    Exception {
        dseq: dseq as u64,
        state,
        reason: reason
            .filter(is_code)
            .unwrap_or_else(|| otherwise.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{PaperHub, Place, databases};

    #[tokio::test]
    async fn what_has_no_room_in_an_acknowledgement_is_stated_as_settled_by_the_next_one() {
        const ASIDE: i64 = ACK_EXCEPTIONS as i64 + 7;
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let hub = PaperHub::of(&place);
            let link = Link::over(place.node.clone(), hub.clone()).unwrap();
            let name = Stream::Inbox.as_str();
            let mut tx = place.node.write_tx().await.unwrap();
            let rows = (1..=ASIDE).flat_map(|dseq| store::inbox::of_state("refused", dseq));
            store::inbox::add(&mut tx, rows.collect()).await.unwrap();
            let cursor = store::chain::set_cursor(&mut tx, name, 1, ASIDE, &[7; 32]).await;
            cursor.unwrap();
            let settled = store::chain::set_settled(&mut tx, name, ASIDE).await;
            settled.unwrap();
            tx.commit().await.unwrap();
            for expected in [ACK_EXCEPTIONS as i64, ASIDE] {
                link.acknowledge(Stream::Inbox).await.unwrap();
                let mut tx = place.node.read_tx().await.unwrap();
                let row = store::chain::cursor(&mut tx, name).await.unwrap();
                assert_eq!(row.unwrap().4, expected);
                let last = hub.told_exceptions().last().map(|one| one.dseq as i64);
                assert_eq!(last, Some(expected));
            }
        }
    }
}
