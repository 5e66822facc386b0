//! The bounded parts of a link's work, one at a time.

use lapor_certs::Credential;
use lapor_node::folder::credential_path;
use lapor_node::sync::{Link, LinkError};
use lapor_protocol::receipt::Stream;

use super::plan::Part;

/// Of a certificate's life, in tenths: by then every node renews, whatever its dice.
const RENEWED_BY: i64 = 6;

/// Does one part. Gives how much moved.
pub async fn exchange(link: &Link, part: Part) -> Result<usize, LinkError> {
    match part {
        Part::Push => Box::pin(link.push()).await,
        Part::Inbox => Box::pin(link.pull(Stream::Inbox, 0)).await,
        Part::Public => Box::pin(link.pull(Stream::Public, 0)).await,
        Part::Directory => link.refresh_directory(0).await,
        Part::Give => Box::pin(link.give_keys()).await,
        Part::Keys => Box::pin(link.exchange_keys()).await,
        Part::Health => link.report_health().await.map(|()| 0),
        Part::Renew if is_due(link) => link.renew_certificate().await.map(usize::from),
        Part::Renew => Ok(0),
        Part::All => Box::pin(link.catch_up()).await,
    }
}

fn is_due(link: &Link) -> bool {
    let node = link.node();
    let held = Credential::load(&credential_path(&node.settings().node.keys));
    let facts = held.and_then(|credential| credential.facts());
    facts.is_ok_and(|facts| {
        let life = facts.not_after_ms - facts.not_before_ms;
        node.clock().now_ms() >= facts.not_before_ms + life / 10 * RENEWED_BY
    })
}
