//! Channels that others provide and on which citizens already write: what comes in becomes a report
//! or an act of its reporter, and what happens is told where they wrote.
//!
//! What is common stands here: nothing is acknowledged before it is on disk, nothing becomes a case
//! twice, an outage keeps what is to be said waiting. A provider is one [`Channel`]. Who wrote is
//! identity: no log, list or metric has an address, and the words of a case never hold one.

mod deeds;
mod delivery;
mod figures;
mod forgetting;
mod handles;
mod heard;
mod intake;
mod known;
mod manner;
mod news;
mod outbox;
mod running;
mod settings;
mod settled;
mod sms;
mod talk;
#[cfg(test)]
mod tests;
mod trouble;
mod vault;
mod words;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::BoxFuture;

pub use handles::log_name;
pub use heard::{Address, Heard, Raw, Unread};
pub use manner::{Manner, Name};
pub(crate) use news::is_no_news;
pub use outbox::SAID;
pub use running::run;
pub use settings::{ChannelSettings, ChannelSettingsError, KannelSettings, Keyword, SmsSettings};
pub(crate) use settled::Settled;
pub use trouble::Trouble;
pub(crate) use vault::Switch;
pub use worker::TAKEN;

use crate::node::Node;

/// One way in and out. What is common (once, order, queue, talk) is not its matter.
pub trait Channel: Send + Sync {
    fn name(&self) -> Name;

    /// Reads what was taken. Pure, so that it can be read again.
    fn read(&self, body: &[u8]) -> Result<Heard, Unread>;

    /// Says something to somebody; answers with the provider's id of it, if it tells one.
    fn say<'a>(
        &'a self,
        to: &'a Address,
        words: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>>;
}

/// Why something was not said. Holds no word and no address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsaid {
    /// This one not now.
    Later(String),
    /// Nothing for so long: this node says too much.
    Slower(Duration),
    /// This one never.
    Never(String),
    /// Not before the person has written again.
    WindowClosed,
    /// Nothing goes out.
    Down(String),
}

/// The channels that are switched on.
#[derive(Clone, Default)]
pub struct Lines(Vec<Arc<dyn Channel>>);

impl Lines {
    pub fn of(settings: &ChannelSettings) -> Result<Self, ChannelSettingsError> {
        let wrong = settings
            .keywords
            .iter()
            .find(|keyword| !talk::is_free(&keyword.word));
        if let Some(Keyword { word, .. }) = wrong {
            return Err(ChannelSettingsError::Keyword(word.clone()));
        }
        let sms = sms::of(&settings.sms)?;
        Ok(Self(sms.into_iter().collect()))
    }

    /// The channel of a name, if it is on.
    fn named(&self, name: &str) -> Option<&Arc<dyn Channel>> {
        self.0.iter().find(|line| line.name().as_str() == name)
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|line| line.name().as_str()).collect()
    }
}

/// The doors at which providers knock.
pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    sms::routes(&node.settings().channels.sms)
}
