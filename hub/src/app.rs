//! The running hub: the ground, the order on top of it, and what requests
//! share. The listeners are put before it by [`crate::serve`].

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::limits::LONG_POLL_SECONDS;
use lapor_web::parts::again;
use lapor_web::spans::Spans;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::alarms::Alarms;
use crate::clock::Clock;
use crate::connections::Connections;
use crate::contacts::Contacts;
use crate::error::HubError;
use crate::ground::Ground;
use crate::limits::Admission;
use crate::replicas::Replicas;
use crate::right::Right;
use crate::sequencer::{Sequencer, Verifiers};
use crate::settings::Settings;
use crate::streams::{Followed, Streams};
use crate::upkeep::{self, Upkeep};
use crate::watch::{Watch, end_former, shorten_all};
use crate::witness::Witness;
use crate::{casework, erasing, pictures, store};

pub struct Hub {
    pub ground: Arc<Ground>,
    pub streams: Arc<Streams>,
    pub sequencer: Sequencer,
    pub(crate) admission: Admission,
    pub(crate) witness: Witness,
    /// What checks signatures.
    pub(crate) verifiers: Verifiers,
    /// Open connections of the federation.
    pub(crate) connections: Arc<Connections>,
    /// When each instance was last heard.
    pub(crate) contacts: Contacts,
    /// The other processes of this hub.
    pub(crate) replicas: Replicas,
    pub watch: Watch,
    pub alarms: Alarms,
    /// Where each message's way is told.
    spans: Spans,
    pub upkeep: Upkeep,
    /// Counts of casework of a moment ago.
    pub(crate) figures: casework::Kept,
    /// Requests in [`Hub::wait_for`].
    polls: AtomicUsize,
    /// Rung to look after the certificate at once.
    pub(crate) certificate_bell: Notify,
    /// SHA-256 of the certificate that the listeners show, once they do.
    pub(crate) shown: watch::Sender<Option<Digest>>,
    closing: watch::Sender<bool>,
    follower: JoinHandle<()>,
}

impl Hub {
    /// Opens keys and database as the settings say, and starts.
    pub async fn open(settings: Settings, clock: Arc<dyn Clock>) -> Result<Arc<Self>, HubError> {
        Self::start(Ground::open(settings, clock).await?).await
    }

    /// Starts to order messages and to follow the directory. On SQLite no other
    /// process may order messages of this database from now on.
    pub async fn start(ground: Arc<Ground>) -> Result<Arc<Self>, HubError> {
        let mut tx = ground.db.read().await?;
        let heads = store::deliveries::heads(&mut tx).await?;
        let stands = Followed::from(&store::state::moment(&mut tx).await?);
        tx.rollback().await?;
        let streams = Arc::new(Streams::new(ground.depoch, stands, heads));
        let right = Arc::new(Right::take(&ground).await?);
        let witness = Witness::of(&ground, Arc::clone(&right)).await?;
        let sequencer = Sequencer::start(Arc::clone(&ground), Arc::clone(&streams), right);
        pictures::catch_up(&ground).await?;
        erasing::finish(&ground).await?;
        // A full disk keeps no hub from starting for either.
        if let Err(error) = upkeep::interrupt(&ground).await {
            tracing::warn!(%error, "what a former process was at could not be noted as ended");
        }
        if let Err(error) = end_former(&ground).await {
            tracing::warn!(%error, "the visits that a former process has left open could not be ended");
        }
        if let Err(error) = shorten_all(&ground).await {
            tracing::warn!(%error, "the history of connections could not be shortened");
        }
        let below = Arc::clone(&ground);
        let follower = tokio::spawn(again("follower", move || {
            let below = Arc::clone(&below);
            async move { below.follow().await }
        }));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Arc::new(Self {
            admission: Admission::new(&ground.settings.limits),
            witness,
            verifiers: Verifiers::new(cores),
            connections: Arc::default(),
            contacts: Contacts::since(ground.clock.now_ms()),
            replicas: Replicas::of(&ground.db),
            watch: Watch::default(),
            alarms: Alarms::default(),
            upkeep: Upkeep::default(),
            figures: casework::Kept::default(),
            spans: Spans::open(
                &ground.settings.traces,
                "lapor-hub",
                env!("CARGO_PKG_VERSION"),
            ),
            polls: AtomicUsize::new(0),
            certificate_bell: Notify::new(),
            shown: watch::Sender::new(None),
            closing: watch::Sender::new(false),
            ground,
            streams,
            sequencer,
            follower,
        }))
    }

    pub fn settings(&self) -> &Settings {
        &self.ground.settings
    }

    pub fn spans(&self) -> &Spans {
        &self.spans
    }

    pub fn now_ms(&self) -> i64 {
        self.ground.clock.now_ms()
    }

    /// Looks at once whether there is another issuer and whether the hub's own
    /// certificate is due, which it otherwise does every minute.
    pub fn look_after_certificate(&self) {
        self.certificate_bell.notify_one();
    }

    /// Told the SHA-256 of each certificate that the listeners show.
    pub fn watch_certificate(&self) -> watch::Receiver<Option<Digest>> {
        self.shown.subscribe()
    }

    /// How many connections an instance has open.
    pub fn open_connections(&self, instance: &InstanceId) -> usize {
        self.connections.count(instance)
    }

    /// Whether this process does what one of those of a hub has to do.
    pub fn leads(&self) -> bool {
        self.replicas.leads()
    }

    /// Becomes true when the hub stops.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// How many requests wait for something to happen.
    pub fn waiting(&self) -> usize {
        self.polls.load(Ordering::Relaxed)
    }

    /// Ends every long poll with what there is, so that the listeners can drain.
    pub fn begin_closing(&self) {
        self.closing.send_replace(true);
    }

    /// Orders what has been taken in, then ends. The database stays open for
    /// whoever shares it.
    pub async fn stop(&self) {
        self.begin_closing();
        self.sequencer.stop().await;
        self.follower.abort();
    }

    /// Waits for an event on behalf of an instance, at most so many seconds.
    /// Ends early when the hub closes, and with a refusal the moment the
    /// instance is suspended or revoked.
    pub async fn wait_for(
        &self,
        peer: &InstanceId,
        seconds: u64,
        event: impl Future<Output = ()> + Send,
    ) -> Result<(), HubError> {
        let mut versions = self.ground.directory.watch();
        let mut closing = self.closing.subscribe();
        let limit = Duration::from_secs(seconds.min(LONG_POLL_SECONDS));
        let _poll = Poll::begin(&self.polls);
        let waiting = async {
            tokio::pin!(event);
            loop {
                self.ground.directory.admit(peer)?;
                tokio::select! {
                    () = &mut event => return Ok(()),
                    _ = closing.wait_for(|closing| *closing) => return Ok(()),
                    changed = versions.changed() => {
                        changed.map_err(|_| HubError::Stopping)?;
                    }
                }
            }
        };
        tokio::time::timeout(limit, waiting).await.unwrap_or(Ok(()))
    }
}

/// Counts one who waits, until it is dropped.
struct Poll<'a>(&'a AtomicUsize);

impl<'a> Poll<'a> {
    fn begin(polls: &'a AtomicUsize) -> Self {
        polls.fetch_add(1, Ordering::Relaxed);
        Self(polls)
    }
}

impl Drop for Poll<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.follower.abort();
    }
}
