//! Text messages: over a gateway of Kannel, or by SMPP with a network itself.

pub mod alphabet;
mod kannel;
mod smpp;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use futures_util::future::BoxFuture;
use lapor_web::secret_file;
use tokio_util::sync::CancellationToken;

use super::heard::{Address, Form, Heard, Saying, Shape, Sort, Unread};
use super::manner::Name;
use super::settings::{ChannelSettingsError, DefaultAlphabet, SmsSettings, Via};
use super::{Channel, Unsaid};
use crate::node::Node;
use crate::reporters::normalised;
use kannel::Kannel;
use smpp::Smpp;

#[cfg(feature = "parsers")]
pub use smpp::kept_of;

struct Sms {
    way: Way,
    alphabet: DefaultAlphabet,
}

enum Way {
    Kannel(Kannel),
    Smpp(Smpp),
}

/// Text messages, where they are switched on.
pub fn of(settings: &SmsSettings) -> Result<Option<Arc<dyn Channel>>, ChannelSettingsError> {
    let way = match settings.way()? {
        None => return Ok(None),
        Some(Via::Kannel) => Way::Kannel(Kannel::of(settings)?),
        Some(Via::Smpp) => Way::Smpp(Smpp::of(settings)?),
    };
    let alphabet = settings.smpp.alphabet;
    Ok(Some(Arc::new(Sms { way, alphabet })))
}

/// The doors at which the gateway knocks. Where the settings cannot be used there is none, and
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

    /// By whichever way it came: what waits outlives a change of the settings.
    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        if smpp::is_ours(body) {
            smpp::read(body, self.alphabet)
        } else {
            kannel::read(body)
        }
    }

    fn shape(&self, body: &[u8]) -> Shape {
        if smpp::is_ours(body) {
            smpp::shape(body, self.alphabet)
        } else {
            kannel::shape(body)
        }
    }

    fn say<'a>(
        &'a self,
        to: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        match &self.way {
            Way::Kannel(kannel) => Box::pin(kannel.say(to, what)),
            Way::Smpp(smpp) => Box::pin(smpp.say(to, &what.words)),
        }
    }

    fn listen<'a>(&'a self, node: &'a Node, stop: &'a CancellationToken) -> BoxFuture<'a, ()> {
        match &self.way {
            Way::Kannel(_) => Box::pin(std::future::ready(())),
            Way::Smpp(smpp) => Box::pin(smpp.listen(self, node, stop)),
        }
    }
}

/// A text that refers to no other. One that is longer than a message was joined before it came.
fn alone(text: &str, wide: bool) -> Form {
    let joined = if wide {
        alphabet::units(text) > alphabet::UNITS
    } else {
        alphabet::septets(text) > alphabet::SEPTETS
    };
    if joined {
        Form::Whole
    } else {
        Form::Alone {
            full: alphabet::is_full(text, wide),
        }
    }
}

/// Who wrote: one number is one person, however the network writes it.
fn sender(from: &str) -> Address {
    Address {
        id: normalised(from).unwrap_or_else(|_| from.to_owned()),
        ..Address::default()
    }
}

/// A name in the place of a number is of a machine that advertises or warns: what it says is no
/// report, and an answer reaches nobody.
fn sort(from: &str) -> Sort {
    if from.chars().any(char::is_alphabetic) {
        Sort::Noise
    } else {
        Sort::Word
    }
}

fn secret(field: &'static str, path: &Path) -> Result<String, ChannelSettingsError> {
    secret_file::first_line(path).map_err(|problem| ChannelSettingsError::File { field, problem })
}
