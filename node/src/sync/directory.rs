//! The control stream: signed directory versions, on a poll of their own so
//! that they never wait behind a backlog.

use std::time::Duration;

use http::Method;
use lapor_protocol::wire::{DirectoryPage, PREFIX};

use super::{Call, Link, LinkError};

impl Link {
    /// Fetches versions that this node lacks, waiting up to `wait` seconds for
    /// one. Returns how many came.
    pub async fn refresh_directory(&self, wait: u64) -> Result<usize, LinkError> {
        let outcome = self.fetch_directory(wait).await;
        self.note(&outcome).await;
        outcome
    }

    /// Fetches until `version` is known: an item is judged by the directory in
    /// force at its ruling.
    pub(super) async fn directory_at_least(&self, version: u64) -> Result<(), LinkError> {
        loop {
            let known = self.node.directory().version();
            if known >= version {
                return Ok(());
            }
            self.refresh_directory(0).await?;
            if self.node.directory().version() == known {
                return Err(LinkError::Hub(format!(
                    "it rules by directory {version} and does not show it"
                )));
            }
        }
    }

    async fn fetch_directory(&self, wait: u64) -> Result<usize, LinkError> {
        let known = self.node.directory();
        let path = format!("{PREFIX}/directory?since={}&wait={wait}", known.version());
        let call = Call::new(Method::GET, path).waiting(Duration::from_secs(wait));
        let page: DirectoryPage = self.call(call).await?.json()?;
        let taken = self
            .node
            .extend_directory(&page.versions, page.head.as_ref());
        let count = taken.await?;
        if count > 0 {
            self.read_seen_again().await;
        }
        Ok(count)
    }
}
