//! The open connections of the federation, by instance, so that a suspension
//! ends what is under way as well: an upload, a stream, a keep-alive. A new
//! connection of such an instance is let in, to be told why it is refused.
//! Whoever opens more than it may loses its oldest: an instance, and a network
//! with connections that have not said who they are.

mod endable;

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use axum_server::accept::{Accept, NoDelayAcceptor};
use axum_server::tls_rustls::RustlsAcceptor;
use futures_util::future::BoxFuture;
use lapor_certs::PeerIdentity;
use lapor_protocol::directory::Status;
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_protocol::problem::Code;
use lapor_web::peer::network;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use self::endable::Endable;
use crate::ground::Ground;
use crate::watch::{Reason, Visits};

/// What answers under way get, to tell the instance why, before its
/// connections end. With the look at the directory it stays below the five
/// seconds in which a suspension must bite.
const GRACE: Duration = Duration::from_secs(1);
/// All open connections of a listener, and the history of whose they were.
#[derive(Debug, Default)]
pub struct Connections {
    table: Mutex<Table>,
    pub visits: Visits,
}

#[derive(Debug, Default)]
struct Table {
    /// What whatever ends from now on ends by.
    ending: Option<Reason>,
    next: u64,
    open: BTreeMap<u64, Open>,
}

#[derive(Debug)]
struct Open {
    whose: Whose,
    /// Whether the instance could take part at some time of this connection; of any other no visit
    /// is noted.
    admitted: bool,
    /// Until when (Unix ms) certificates of the instance were void as it began.
    voided: i64,
    end: CancellationToken,
    cause: Cause,
}

/// Why a connection ends; what is said first holds.
type Cause = Arc<OnceLock<Reason>>;

/// On whose account a connection is open.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Whose {
    Member(InstanceId),
    /// Of nobody who has said who it is, from this network.
    Stranger(IpAddr),
}

/// Keeps a connection in the table until it is dropped.
struct Place {
    number: u64,
    end: CancellationToken,
    cause: Cause,
    connections: Arc<Connections>,
    ground: Arc<Ground>,
}

/// Does the TLS handshake and puts the connection into the table.
#[derive(Clone)]
pub struct Doorkeeper {
    pub tls: RustlsAcceptor<NoDelayAcceptor>,
    pub ground: Arc<Ground>,
    pub connections: Arc<Connections>,
}

impl Connections {
    /// Ends the connections of whoever is suspended or revoked, or shows no certificate any more that
    /// counts, for as long as it runs.
    pub async fn guard(&self, ground: &Ground) {
        let mut versions = ground.directory.watch();
        let mut voided = ground.voided.watch();
        loop {
            let ending = self.judge(ground);
            if !ending.is_empty() {
                tokio::time::sleep(GRACE).await;
                for (end, cause) in ending {
                    let _ = cause.set(Reason::CutOff);
                    end.cancel();
                }
            }
            let changed = tokio::select! {
                changed = versions.changed() => changed,
                changed = voided.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
        }
    }

    /// Ends the connections of all members: they are as good as the handshake that began them, and
    /// another handshake is judged by what is trusted now.
    pub fn end_members(&self, why: Reason) {
        for open in self.lock().open.values() {
            if matches!(open.whose, Whose::Member(_)) {
                let _ = open.cause.set(why);
                open.end.cancel();
            }
        }
    }

    /// From now on connections end because the hub stops, whichever side closes them.
    pub fn stopping(&self) {
        let mut table = self.lock();
        table.ending = Some(Reason::Stopped);
        for open in table.open.values() {
            let _ = open.cause.set(Reason::Stopped);
        }
    }

    /// How many connections an instance has open.
    pub fn count(&self, instance: &InstanceId) -> usize {
        let whose = Whose::Member(instance.clone());
        let table = self.lock();
        let of = |open: &&Open| open.whose == whose;
        table.open.values().filter(of).count()
    }

    /// How many connections each instance has open.
    pub fn counts(&self) -> HashMap<InstanceId, usize> {
        let mut counts = HashMap::new();
        for open in self.lock().open.values() {
            if let Whose::Member(instance) = &open.whose {
                *counts.entry(instance.clone()).or_default() += 1;
            }
        }
        counts
    }

    /// How many connections are open.
    pub fn total(&self) -> usize {
        self.lock().open.len()
    }

    /// The connections that must end: of instances that could take part, all of those that are
    /// revoked, and those that began before certificates of theirs became void. Whoever may take
    /// part from now on has come.
    fn judge(&self, ground: &Ground) -> Vec<(CancellationToken, Cause)> {
        let mut ending = Vec::new();
        let mut table = self.lock();
        let directory = ground.directory.current();
        for open in table.open.values_mut() {
            let Whose::Member(instance) = &open.whose else {
                continue;
            };
            let entry = directory.latest().instance(instance);
            let status = entry.map(|entry| entry.status);
            let void = open.voided < ground.voided.until(instance);
            if status == Some(Status::Active) && !void {
                if !open.admitted {
                    open.admitted = true;
                    self.visits.came(instance, ground.clock.now_ms());
                }
            } else if (open.admitted || void || status == Some(Status::Revoked))
                && !open.end.is_cancelled()
            {
                tracing::info!(%instance, "an open connection ends");
                ending.push((open.end.clone(), Arc::clone(&open.cause)));
            }
        }
        ending
    }

    /// Counts one more, and ends the oldest of whoever has more than it may.
    fn enter(self: &Arc<Self>, whose: Whose, ground: &Arc<Ground>) -> Place {
        let limits = &ground.settings.limits;
        let most = match whose {
            Whose::Member(_) => limits.connections,
            Whose::Stranger(_) => limits.strangers_per_network,
        };
        let end = CancellationToken::new();
        let mut table = self.lock();
        table.next += 1;
        let number = table.next;
        // Read under the lock: a version that comes later is judged later.
        let (admitted, voided) = match &whose {
            Whose::Member(instance) => (
                ground.directory.admit(instance).is_ok(),
                ground.voided.until(instance),
            ),
            Whose::Stranger(_) => (false, 0),
        };
        let own = table.open.values().filter(|open| open.whose == whose);
        let open = own.clone().count();
        for oldest in own.take((open + 1).saturating_sub(most)) {
            let _ = oldest.cause.set(Reason::Crowded);
            oldest.end.cancel();
        }
        if let (Whose::Member(instance), true) = (&whose, admitted) {
            self.visits.came(instance, ground.clock.now_ms());
        }
        let cause = table
            .ending
            .map_or_else(Cause::default, |why| Arc::new(OnceLock::from(why)));
        let open = Open {
            whose,
            admitted,
            voided,
            end: end.clone(),
            cause: Arc::clone(&cause),
        };
        table.open.insert(number, open);
        Place {
            number,
            end,
            cause,
            connections: Arc::clone(self),
            ground: Arc::clone(ground),
        }
    }

    /// Takes a connection out, and notes it if it was the last by which its institution could take
    /// part.
    fn leave(&self, place: &Place) {
        let mut table = self.lock();
        let Some(Open {
            whose: Whose::Member(instance),
            admitted: true,
            ..
        }) = table.open.remove(&place.number)
        else {
            return;
        };
        let whose = Whose::Member(instance.clone());
        let mut others = table.open.values().filter(|open| open.admitted);
        if others.all(|open| open.whose != whose) {
            let reason = place.cause.get().copied().unwrap_or(Reason::Unanswered);
            self.visits
                .left(&instance, reason, place.ground.clock.now_ms());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.connections.leave(self);
    }
}

type Tls<S> = <RustlsAcceptor<NoDelayAcceptor> as Accept<TcpStream, S>>::Stream;
type Service<S> = <RustlsAcceptor<NoDelayAcceptor> as Accept<TcpStream, S>>::Service;

impl<S: Send + 'static> Accept<TcpStream, S> for Doorkeeper {
    type Stream = Endable<Tls<S>>;
    type Service = Service<S>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let (ground, connections) = (Arc::clone(&self.ground), Arc::clone(&self.connections));
        let from = stream.peer_addr();
        let accepting = self.tls.accept(stream, service);
        Box::pin(async move {
            let whose = Whose::Stranger(network(from?.ip()));
            let mut place = connections.enter(whose, &ground);
            let (stream, service) = tokio::select! {
                () = place.end.cancelled() => Err(io::ErrorKind::ConnectionAborted.into()),
                accepted = accepting => accepted,
            }?;
            let chain = stream.get_ref().1.peer_certificates();
            let leaf = chain.and_then(<[_]>::first);
            let peer = leaf.and_then(|leaf| PeerIdentity::of(leaf, &ground.trust_domain).ok());
            let shown = leaf.map(|leaf| Digest::of(leaf));
            // Anybody else joins, or every request of it is refused: it takes no member's place.
            if let (Some(PeerIdentity::Instance(instance)), Some(shown)) = (peer, shown)
                && counts(&ground, &instance, shown).await
            {
                place = connections.enter(Whose::Member(instance), &ground);
            }
            Ok((Endable::new(stream, place), service))
        })
    }
}

/// Whether a certificate is not void; where the database does not answer, requests are told so.
async fn counts(ground: &Ground, instance: &InstanceId, shown: Digest) -> bool {
    if ground.voided.until(instance) == 0 {
        return true;
    }
    let known = ground.voided.look_up(&ground.db, instance, shown).await;
    !known.is_err_and(|refused| refused.code() == Code::CertificateUnknown)
}
