//! Channels that others provide and on which citizens already write: what comes in becomes a report
//! or an act of its reporter, and what happens is told where they wrote.
//!
//! What is common stands here: nothing is acknowledged before it is on disk, nothing becomes a case
//! twice, an outage keeps what is to be said waiting. A provider is one [`Channel`]. Who wrote is
//! identity: no log, list or metric has an address, and the words of a case never hold one.

mod apart;
mod blocks;
mod codes;
mod conversations;
mod deeds;
mod delivery;
mod email;
mod fetching;
mod figures;
mod forgetting;
mod handles;
mod heard;
mod intake;
mod keywords;
mod known;
mod manner;
mod media;
mod meta;
mod news;
mod outbox;
#[cfg(feature = "parsers")]
pub(crate) mod parsers;
mod parts;
pub(crate) mod provider;
mod reasons;
mod receipts;
mod running;
mod settings;
mod settled;
mod silence;
mod sms;
mod talk;
mod telegram;
#[cfg(test)]
pub(crate) mod tests;
mod trouble;
mod unsaid;
mod vault;
mod words;
mod worker;
mod x;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;

pub use blocks::{BLOCK_DAYS, Block};
pub use conversations::{AsideMessage, Conversation, Conversations, TakenUp};
#[cfg(test)]
pub(crate) use delivery::Spoken;
pub use email::{EmailSettings, ImapSettings};
pub use figures::{ChannelFigures, Counted, Outage, ServiceFigures, Waits};
pub use handles::log_name;
pub use heard::{Address, Form, Heard, MediaKind, MediaRef, Raw, Saying, Shape, Sort, Unread};
pub use keywords::{KeywordError, KeywordLine, NewKeyword};
pub use manner::{Manner, Name};
pub use media::{LeftOut, Pieces, Unfetched};
pub use meta::{Comments, FacebookSettings, MetaSettings, MetaSettingsError, WhatsappSettings};
pub use news::ReachedBy;
pub use outbox::SAID;
pub(crate) use provider::{Answer, Provider, address};
pub use reasons::Reason;
pub use running::{hear, run, say};
pub use settings::{
    Bind, ChannelSettings, ChannelSettingsError, DefaultAlphabet, KannelSettings, Keyword,
    SmppSettings, SmsSettings, Via,
};
pub(crate) use settled::Settled;
pub(crate) use silence::is_no_news;
pub use telegram::{TelegramSettings, Way};
pub use trouble::Trouble;
pub use unsaid::NotSaid;
pub(crate) use vault::Switch;
pub(crate) use words::voice;
pub use worker::TAKEN;
pub use x::XSettings;

use crate::clock;
use crate::error::NodeError;
use crate::node::Node;

/// One way in and out. What is common (once, order, queue, talk) is not its matter.
pub trait Channel: Send + Sync {
    fn name(&self) -> Name;

    /// Reads what was taken. Pure, so that it can be read again.
    fn read(&self, body: &[u8]) -> Result<Heard, Unread>;

    /// How it came in, for channels that split messages on the way. Pure, as `read`.
    fn shape(&self, _body: &[u8]) -> Shape {
        Shape::default()
    }

    /// Says something to somebody; answers with the provider's id of it, if it tells one.
    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>>;

    /// Asks somebody to write again, where this can be asked while nothing else may be said; answers
    /// whether it was asked.
    fn knock<'a>(&'a self, _: &'a Address) -> BoxFuture<'a, Result<bool, Unsaid>> {
        Box::pin(std::future::ready(Ok(false)))
    }

    /// Begins to fetch a file that came with a message. How large it may be is not its matter.
    fn fetch<'a>(&'a self, _: &'a MediaRef) -> BoxFuture<'a, Result<Pieces, Unfetched>> {
        Box::pin(std::future::ready(Err(Unfetched::Never(LeftOut::Gone))))
    }

    /// Fetches what came in, or keeps a line open, until `stop`; for channels whose provider does
    /// not knock by itself.
    fn listen<'a>(&'a self, _: &'a Node, _stop: &'a CancellationToken) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }
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
    /// Nothing any more: the person has shut this node out.
    Stopped,
    /// Not before the person has written again.
    WindowClosed,
    /// Nobody knows: it was handed over, and no answer came that tells. Nothing else goes out now.
    Unanswered(String),
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
        let email = email::of(&settings.email, clock::of_program())?;
        let telegram = telegram::of(&settings.telegram)?;
        let x = x::of(&settings.x, clock::of_program())?;
        let meta = meta::Meta::of(settings)?;
        let lines = [
            sms::of(&settings.sms)?,
            telegram.map(|line| Arc::new(line) as Arc<dyn Channel>),
            x.map(|line| Arc::new(line) as Arc<dyn Channel>),
            email.map(|line| Arc::new(line) as Arc<dyn Channel>),
        ];
        let meta = meta.map(|meta| meta.lines()).unwrap_or_default();
        Ok(Self(lines.into_iter().flatten().chain(meta).collect()))
    }

    /// The channel of a name, if it is on.
    fn named(&self, name: &str) -> Option<&Arc<dyn Channel>> {
        self.0.iter().find(|line| line.name().as_str() == name)
    }

    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|line| line.name().as_str()).collect()
    }
}

/// Tries the mailbox of citizens' letters; says how many are in it, or why nobody gets in. `None`
/// where that channel is off.
pub async fn try_mailbox(
    settings: &ChannelSettings,
) -> Result<Option<Result<u32, String>>, ChannelSettingsError> {
    email::try_out(&settings.email, clock::of_program()).await
}

impl Node {
    /// The channels that are switched on, for whoever reads again what came in by them.
    ///
    /// # Errors
    /// [`NodeError::Locked`] where the settings cannot be used; `serve` says why.
    pub(crate) fn lines(&self) -> Result<&Lines, NodeError> {
        if let Some(lines) = self.switch().lines.get() {
            return Ok(lines);
        }
        let unusable = |_| NodeError::Locked("the settings of the channels cannot be used");
        let lines = Lines::of(&self.settings().channels).map_err(unusable)?;
        Ok(self.switch().lines.get_or_init(|| lines))
    }

    /// Their names.
    pub fn channels_on(&self) -> Vec<&'static str> {
        self.lines().map(Lines::names).unwrap_or_default()
    }
}

/// The doors at which providers knock.
pub fn routes(node: &Arc<Node>) -> Router<Arc<Node>> {
    let settings = &node.settings().channels;
    sms::routes(&settings.sms)
        .merge(meta::routes(settings))
        .merge(telegram::routes(&settings.telegram))
        .merge(x::routes(&settings.x, &node.shared_clock()))
}
