//! The link between this node and the hub: seal and push, pull and apply,
//! directory, wraps, blobs, health.
//!
//! Every step is a method that does one bounded thing and says how it went;
//! [`Link::run`] repeats them for ever, with backoff and without a dead state.

mod after_all;
pub(crate) mod announce;
mod announced;
mod apply;
mod backoff;
mod blobs;
mod boot;
pub(crate) mod certificate;
mod directory;
mod epoch;
mod error;
mod fetching_again;
mod given_again;
mod giving;
mod health;
mod https;
mod incoming;
mod keys;
mod learn;
mod lost;
mod outgoing;
mod owed;
mod patience;
mod pictures;
mod public;
mod returning;
mod run;
mod seal;
#[cfg(test)]
mod seal_tests;
mod seen;
mod sending_again;
mod settle;
mod state;
mod taking_in;
mod traces;
mod transport;
mod undamaged;
mod under_way;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, OnceLock};

use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Position;
use lapor_protocol::keys::Verifier;
use lapor_protocol::problem::Code;
use tokio::sync::{Mutex, Notify};

pub(crate) use apply::{apply_rows, unblock};
pub(crate) use backoff::Backoff;
pub(crate) use epoch::ALARM;
pub use epoch::Alarm;
pub use error::{LinkError, Refused};
pub use https::Https;
pub(crate) use https::{answered, broken as transport_error, client, trusted};
pub(crate) use incoming::fault_of;
pub(crate) use patience::Patience;
pub use state::{LinkState, read_state};
pub(crate) use taking_in::FAILS;
pub(crate) use traces::tell_taken_in;
pub use transport::{Answer, Call, Listener, Transport};
#[cfg(feature = "parsers")]
pub(crate) use under_way::{ABREAST, most_abreast};

use crate::error::NodeError;
use crate::node::Node;

/// The one link of a node.
pub struct Link {
    node: Arc<Node>,
    transport: Arc<dyn Transport>,
    state: state::Shared,
    failing: state::Failing,
    certificate: certificate::Certificate,
    returning: returning::Returning,
    /// Whether heads have been compared since the hub last contradicted us.
    compared: AtomicBool,
    /// Whether this process has found itself in agreement with the hub.
    met: AtomicBool,
    /// How many batches may be at the hub at once.
    abreast: AtomicUsize,
    /// Whether the hub has seen a fork of our chain since this process began.
    forked: AtomicBool,
    /// Why this process sends nothing more, if another has taken its place.
    replaced: OnceLock<&'static str>,
    boot: Mutex<Option<boot::Boot>>,
    seen: Mutex<Option<seen::Seen>>,
    /// Rung when the hub has answered anything.
    answered: Notify,
    /// Only one sealer may give out places in the chain.
    sealer: Mutex<()>,
    /// Only one task may apply what has been received.
    applier: Mutex<()>,
    asked: std::sync::Mutex<Asked>,
}

/// How far this node has gone through what it lacks and what it owes. Each step
/// takes another page, so that what cannot be had or sent holds up nothing behind it.
#[derive(Debug, Default)]
struct Asked {
    /// The last case whose key was asked for.
    keys: String,
    /// The last attachments that were sent and asked for: case and hash.
    blobs: [(String, Vec<u8>); 2],
    /// Of the pictures to send, of those to fetch, and of those that had no room.
    pictures: [(String, String, Vec<u8>); 3],
    /// Items that are damaged here.
    again: BTreeMap<fetching_again::Place, fetching_again::Tried>,
    /// Places of own messages that the hub could not give back.
    holes: BTreeMap<Position, fetching_again::Tried>,
}

impl Link {
    /// A link over HTTPS with the node's certificate.
    pub fn connect(node: Arc<Node>) -> Result<Arc<Self>, NodeError> {
        let transport = Https::of(&node)?;
        Self::over(node, Arc::new(transport))
    }

    /// A link over any transport.
    pub fn over(node: Arc<Node>, transport: Arc<dyn Transport>) -> Result<Arc<Self>, NodeError> {
        node.joined()?;
        Ok(Arc::new(Self {
            node,
            transport,
            state: state::Shared::default(),
            failing: state::Failing::default(),
            certificate: certificate::Certificate::default(),
            returning: returning::Returning::default(),
            compared: AtomicBool::new(false),
            met: AtomicBool::new(false),
            abreast: AtomicUsize::new(1),
            forked: AtomicBool::new(false),
            replaced: OnceLock::new(),
            boot: Mutex::new(None),
            seen: Mutex::new(None),
            answered: Notify::new(),
            sealer: Mutex::new(()),
            applier: Mutex::new(()),
            asked: std::sync::Mutex::default(),
        }))
    }

    /// Whether the hub's certificate made this node doubt its own clock.
    pub fn doubts_clock(&self) -> bool {
        self.transport.doubts_clock()
    }

    /// Ends the connections to the hub in order, once nothing runs here any more.
    pub async fn close(&self) {
        self.transport.close().await;
    }

    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Everything that can be done without waiting, until nothing moves.
    /// Returns how many messages and items moved.
    pub async fn catch_up(&self) -> Result<usize, LinkError> {
        match self.exchange().await {
            Err(error) if error.code() == Some(Code::Recovering) => {
                self.bring_back().await?;
                self.exchange().await
            }
            done => done,
        }
    }

    async fn exchange(&self) -> Result<usize, LinkError> {
        self.recover_if_refused().await?;
        self.refresh_directory(0).await?;
        self.replace_lost_keys().await?;
        let mut moved = 0;
        loop {
            let step = self.push().await?
                + self.pull(lapor_protocol::receipt::Stream::Inbox, 0).await?
                + self
                    .pull(lapor_protocol::receipt::Stream::Public, 0)
                    .await?;
            if step == 0 {
                break;
            }
            moved += step;
        }
        moved += Box::pin(self.work_off()).await?;
        Ok(moved)
    }

    fn asked(&self) -> std::sync::MutexGuard<'_, Asked> {
        self.asked
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The hub's key that signed this, by the directory or by what enrolment pinned.
    fn hub_key(&self, envelope: &Envelope) -> Option<Verifier> {
        self.node.directory().any_hub_key(&envelope.kid).cloned()
    }
}
