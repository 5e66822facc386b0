//! What this node holds that the hub has signed, shown with every request: a
//! hub that was restored from a backup learns from it what it has lost.

use http::{HeaderName, HeaderValue};
use lapor_migrations::Tx;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::page::PageLine;
use lapor_protocol::receipt::Stream;
use lapor_protocol::seen;
use lapor_protocol::wire::SEEN_HEADER;

use super::{Answer, Call, Link, LinkError};
use crate::damage;
use crate::error::NodeError;
use crate::node::SEEN_DIRECTORY;
use crate::store;

const NAME: HeaderName = HeaderName::from_static(SEEN_HEADER);

/// The latest of each: inbox head, public head, receipt, head of the directory.
#[derive(Debug, Default, Clone)]
pub(super) struct Seen([Option<String>; 4]);

impl Seen {
    fn header(&self) -> Option<HeaderValue> {
        let shown: Vec<&str> = self.0.iter().flatten().map(String::as_str).collect();
        if shown.is_empty() {
            return None;
        }
        HeaderValue::from_str(&shown.join(",")).ok()
    }
}

impl Link {
    /// Calls the hub, showing what it has signed.
    pub(super) async fn call(&self, call: Call) -> Result<Answer, LinkError> {
        let shown = self.seen().await?;
        let call = match shown.header() {
            Some(value) => call.header(NAME, value),
            None => call,
        };
        self.transport.call(call).await
    }

    /// Remembers the head of a page that was checked, in the transaction that
    /// keeps the page. Returns what to show once that is committed.
    pub(super) async fn keep_head(
        &self,
        tx: &mut Tx,
        stream: Stream,
        page: &[u8],
    ) -> Result<Option<String>, NodeError> {
        let last = page.split(|b| *b == b'\n').rfind(|line| !line.is_empty());
        let head = last.and_then(|line| serde_json::from_slice::<PageLine<'_>>(line).ok()?.head);
        let head = head.and_then(|raw| Envelope::parse(raw.get().as_bytes()).ok());
        let shown = head.as_ref().and_then(seen::shown);
        if let Some(shown) = &shown {
            store::chain::set_fact(tx, fact(stream), shown).await?;
        }
        Ok(shown)
    }

    /// Shows the head of a stream from now on.
    pub(super) async fn show_head(&self, stream: Stream, shown: Option<String>) {
        let place = usize::from(stream == Stream::Public);
        if let (Some(shown), Some(seen)) = (shown, self.seen.lock().await.as_mut()) {
            seen.0[place] = Some(shown);
        }
    }

    /// Shows a receipt from now on; it is on disk.
    pub(super) async fn show_receipt(&self, receipt: &Envelope) {
        if let (Some(shown), Some(seen)) = (seen::shown(receipt), self.seen.lock().await.as_mut()) {
            seen.0[2] = Some(shown);
        }
    }

    /// Shows from now on what is on disk, a newer version of the directory included.
    pub(super) async fn read_seen_again(&self) {
        *self.seen.lock().await = None;
    }

    async fn seen(&self) -> Result<Seen, NodeError> {
        let mut held = self.seen.lock().await;
        if let Some(seen) = &*held {
            return Ok(seen.clone());
        }
        let mut tx = self.node.read_tx().await?;
        let receipt = store::receipts::latest(&mut tx).await?;
        // One that is damaged is not shown, and keeps nothing else from being shown.
        let receipt = receipt.and_then(|line| {
            let read = Envelope::parse(line.as_bytes());
            read.inspect_err(|_| damage::tell("receipts", "latest"))
                .ok()
        });
        let seen = Seen([
            store::chain::fact(&mut tx, fact(Stream::Inbox)).await?,
            store::chain::fact(&mut tx, fact(Stream::Public)).await?,
            receipt.as_ref().and_then(seen::shown),
            store::chain::fact(&mut tx, SEEN_DIRECTORY).await?,
        ]);
        *held = Some(seen.clone());
        Ok(seen)
    }
}

fn fact(stream: Stream) -> &'static str {
    match stream {
        Stream::Inbox => "seen_inbox",
        Stream::Public => "seen_public",
    }
}
