//! Text messages, over a gateway of Kannel.

pub mod alphabet;
mod kannel;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use futures_util::future::BoxFuture;

use super::heard::{Address, Heard, Unread};
use super::manner::Name;
use super::settings::{ChannelSettingsError, SmsSettings};
use super::{Channel, Unsaid};
use crate::node::Node;
use kannel::Kannel;

struct Sms {
    kannel: Kannel,
}

/// Text messages, where they are switched on.
pub fn of(settings: &SmsSettings) -> Result<Option<Arc<dyn Channel>>, ChannelSettingsError> {
    let kannel = Kannel::of(settings)?;
    Ok(kannel.map(|kannel| Arc::new(Sms { kannel }) as Arc<dyn Channel>))
}

/// The door at which the gateway knocks. Where the settings cannot be used there is none, and
/// `serve` has said why.
pub fn routes(settings: &SmsSettings) -> Router<Arc<Node>> {
    match (of(settings), kannel::door(settings)) {
        (Ok(Some(line)), Ok(Some(door))) => kannel::routes(line, door),
        _ => Router::new(),
    }
}

impl Channel for Sms {
    fn name(&self) -> Name {
        Name::Sms
    }

    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        kannel::read(body)
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        words: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        Box::pin(self.kannel.say(to, words))
    }
}
