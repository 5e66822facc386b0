//! An account of X, where everybody reads: who mentions it, or writes with the tag, reports; what is
//! said is a reply below their post. A thread is a case, and only who filed it speaks in it.
//!
//! Posts are handed over at a door that X opens with a signature, and looked for beside that: what
//! X hands over depends on what was bought of it, and ends some days after an outage began.

mod api;
mod door;
pub mod length;
mod look;
mod oauth;
pub(super) mod posts;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use futures_util::future::BoxFuture;
use reqwest::Url;
use tokio_util::sync::CancellationToken;

use super::fetching::{self, Interrupted, Next};
use super::heard::{Address, Heard, MediaRef, Saying, Unread};
use super::manner::Name;
use super::media::{LeftOut, Pieces, Unfetched};
use super::provider::Provider;
use super::settings::{ChannelSettingsError, secret};
use super::{Channel, Unsaid};
use crate::clock::Clock;
use crate::node::Node;
use api::Api;
use oauth::Keys;
use posts::Account;

pub use settings::XSettings;

/// Where X keeps pictures.
const PICTURES: &str = "pbs.twimg.com";

pub struct X {
    api: Api,
    account: Account,
    poll: Duration,
}

/// The channel, where it is switched on.
pub fn of(settings: &XSettings, clock: Arc<dyn Clock>) -> Result<Option<X>, ChannelSettingsError> {
    let Some(id) = &settings.account_id else {
        return Ok(None);
    };
    if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
        return Err(ChannelSettingsError::X(
            "account_id",
            "the number of the account",
        ));
    }
    let named = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let name = settings.account.as_deref().unwrap_or_default();
    if name.is_empty() || !name.chars().all(named) {
        return Err(ChannelSettingsError::X(
            "account",
            "its name without the sign in front",
        ));
    }
    let needed = |field: &'static str, path: &Option<PathBuf>| {
        let beside = "x.account_id";
        let path = path
            .as_ref()
            .ok_or(ChannelSettingsError::Lacks { field, beside })?;
        secret(field, path)
    };
    let bearer = settings.bearer_file.as_ref();
    Ok(Some(X {
        api: Api {
            provider: Provider::at("x.base_url", &settings.base_url)?,
            keys: Keys {
                consumer_key: needed("x.consumer_key_file", &settings.consumer_key_file)?,
                consumer_secret: needed("x.consumer_secret_file", &settings.consumer_secret_file)?,
                token: needed("x.token_file", &settings.token_file)?,
                token_secret: needed("x.token_secret_file", &settings.token_secret_file)?,
            },
            bearer: bearer
                .map(|path| secret("x.bearer_file", path))
                .transpose()?,
            clock,
        },
        account: Account {
            id: id.clone(),
            name: name.to_owned(),
        },
        poll: Duration::from_secs(u64::from(settings.poll_seconds.max(1))),
    }))
}

/// The door at which X knocks. Where the settings cannot be used there is none, and `serve` has said
/// why.
pub fn routes(settings: &XSettings, clock: &Arc<dyn Clock>) -> Router<Arc<Node>> {
    match of(settings, Arc::clone(clock)) {
        Ok(Some(line)) => door::routes(Arc::new(line)),
        _ => Router::new(),
    }
}

impl X {
    /// What both sides sign with.
    fn secret(&self) -> &str {
        &self.api.keys.consumer_secret
    }

    async fn listens(&self, node: &Node) -> Result<Next, Interrupted> {
        self.look(node).await?;
        Ok(Some(self.poll))
    }

    async fn picture(&self, what: &MediaRef) -> Result<Pieces, Unfetched> {
        let home = &self.api.provider;
        let at_x = |url: &Url| url.scheme() == "https" && url.host_str() == Some(PICTURES);
        let url = what.at.parse::<Url>().ok();
        // Nobody is led into the house by what a post says.
        let url = url.filter(|url| at_x(url) || home.is_home_of(url));
        let url = url.ok_or(Unfetched::Never(LeftOut::Gone))?;
        home.file(url).await
    }
}

impl Channel for X {
    fn name(&self) -> Name {
        Name::X
    }

    fn read(&self, body: &[u8]) -> Result<Heard, Unread> {
        posts::read(body, &self.account)
    }

    fn say<'a>(
        &'a self,
        _: &'a Address,
        what: &'a Saying,
    ) -> BoxFuture<'a, Result<Option<String>, Unsaid>> {
        Box::pin(self.api.say(what))
    }

    fn fetch<'a>(&'a self, what: &'a MediaRef) -> BoxFuture<'a, Result<Pieces, Unfetched>> {
        Box::pin(self.picture(what))
    }

    fn listen<'a>(&'a self, node: &'a Node, stop: &'a CancellationToken) -> BoxFuture<'a, ()> {
        Box::pin(fetching::again(node, Name::X, stop, || self.listens(node)))
    }
}
