//! The two listeners: the federation's, which lets nobody in without a
//! certificate, and the one for those who join. Started on sockets that are
//! bound already, drained with a deadline; meanwhile their certificate is
//! renewed and the connections of whoever is cut off are ended.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::RustlsAcceptor;
use lapor_web::parts::again;
use tokio::task::JoinSet;

use crate::alarms;
use crate::app::Hub;
use crate::casework;
use crate::connections::Doorkeeper;
use crate::deeds;
use crate::error::HubError;
use crate::ground::Ground;
use crate::http;
use crate::replicas;
use crate::restored;
use crate::tls::{Renewed, Shown};
use crate::trials;
use crate::watch::{self, Reason};

/// Streams that one connection may have open at once.
const STREAMS: u32 = 64;
/// How often an idle connection is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_mins(1);
/// What it may take to say so: on a poor line the question waits behind the
/// page that is being sent.
const KEEP_ALIVE_PATIENCE: Duration = Duration::from_mins(5);
/// What a peer may take to say its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(20);
const HEADERS: Duration = Duration::from_secs(20);
const HANDSHAKE: Duration = Duration::from_secs(20);

/// How often the certificate and the issuer are looked at.
const UPKEEP: Duration = Duration::from_mins(1);

/// Serves until `shutdown`, then answers what is under way, orders what has
/// been taken in, and returns. An error says that the hub could not start or
/// must not go on.
pub async fn serve(
    hub: Arc<Hub>,
    federation: TcpListener,
    enrolment: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), HubError> {
    let ground = &hub.ground;
    let shown = Shown::of(ground)?;
    hub.shown.send_replace(Some(shown.leaf()));
    let handles = [Handle::new(), Handle::new()];
    let [inside, outside] = [&shown.inside, &shown.outside].map(|config| {
        RustlsAcceptor::new(config.clone())
            .handshake_timeout(HANDSHAKE)
            .acceptor(NoDelayAcceptor)
    });
    let doorkeeper = |tls, connections| Doorkeeper {
        tls,
        ground: Arc::clone(ground),
        connections,
    };
    let inside = doorkeeper(inside, Arc::clone(&hub.connections));
    let outside = doorkeeper(outside, Arc::default());
    let routers = [
        http::federation(Arc::clone(&hub)),
        http::enrolment(Arc::clone(&hub)),
    ];
    let [members, strangers] = routers;
    let first = prepare(federation, &handles[0])?.acceptor(inside);
    let second = prepare(enrolment, &handles[1])?.acceptor(outside);
    let tasks = [
        tokio::spawn(first.serve(service(members))),
        tokio::spawn(second.serve(service(strangers))),
    ];
    let beside = beside(&hub);
    let mut guard = guard(&hub);
    let mut ended = hub.sequencer.ended();
    let outcome = tokio::select! {
        () = shutdown => Ok(()),
        error = lost(&mut ended) => Err(error),
        _ = guard.join_next() => Err(HubError::Aborted),
        () = look_after(&hub, shown) => Err(HubError::Aborted),
    };
    // Whichever part of this process has found it.
    if matches!(outcome, Err(HubError::Receded)) {
        Box::pin(restored::note_receded(ground, hub.sequencer.right())).await;
    }
    drop((beside, guard));
    hub.connections.stopping();
    hub.begin_closing();
    let deadline = Duration::from_secs(ground.settings.limits.drain_seconds);
    for handle in &handles {
        handle.graceful_shutdown(Some(deadline));
    }
    for task in tasks {
        task.await.map_err(|_| HubError::Aborted)??;
    }
    // What waits for an answer of a server that is gone waits for ever.
    if !matches!(outcome, Err(HubError::Unanswered)) {
        end_visits(&hub).await;
        hub.stop().await;
    }
    outcome
}

/// Writes that all have left, also who had to be cut off.
async fn end_visits(hub: &Hub) {
    let visits = &hub.connections.visits;
    visits.stopped(hub.now_ms());
    if let Err(error) = visits.write(hub).await {
        tracing::warn!(%error, "the end of the history of connections could not be written");
    }
}

/// Waits until this process may order no more.
async fn lost(ended: &mut tokio::sync::watch::Receiver<Option<HubError>>) -> HubError {
    let why = ended.wait_for(Option::is_some).await;
    let why = why.ok().and_then(|why| why.clone());
    why.unwrap_or(HubError::Aborted)
}

/// What looks at the exchange and is no part of it.
#[derive(Clone, Copy)]
enum Beside {
    Replicas,
    Watch,
    Casework,
    Alarms,
    Letters,
    Trials,
}

impl Beside {
    const ALL: [Self; 6] = [
        Self::Replicas,
        Self::Watch,
        Self::Casework,
        Self::Alarms,
        Self::Letters,
        Self::Trials,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Replicas => "replicas",
            Self::Watch => "watch",
            Self::Casework => "casework",
            Self::Alarms => "alarms",
            Self::Letters => "letters",
            Self::Trials => "trials",
        }
    }

    /// For as long as it runs.
    async fn run(self, hub: Arc<Hub>) {
        match self {
            Self::Replicas => replicas::run(&hub).await,
            Self::Watch => watch::run(&hub).await,
            Self::Casework => casework::run(&hub).await,
            Self::Alarms => alarms::run(&hub).await,
            Self::Letters => alarms::send(&hub).await,
            Self::Trials => trials::run(&hub).await,
        }
    }
}

/// Starts it: a mistake there ends neither the exchange nor the other.
fn beside(hub: &Arc<Hub>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    hub.replicas.begin();
    for what in Beside::ALL {
        let hub = Arc::clone(hub);
        tasks.spawn(again(what.name(), move || what.run(Arc::clone(&hub))));
    }
    tasks
}

/// Ends the connections of whoever is cut off, in a task that nothing else delays.
fn guard(hub: &Arc<Hub>) -> JoinSet<()> {
    let mut task = JoinSet::new();
    let hub = Arc::clone(hub);
    task.spawn(async move { hub.connections.guard(&hub.ground).await });
    task
}

/// Renews what the listeners show, and forgets what has had its time, for as
/// long as it runs. What fails is tried again a minute later.
async fn look_after(hub: &Hub, mut shown: Shown) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(UPKEEP) => {}
            () = hub.certificate_bell.notified() => {}
        }
        deeds::settle_again(&hub.ground).await;
        let Some((looked_after, renewed)) = renew(&hub.ground, shown).await else {
            return;
        };
        shown = looked_after;
        match renewed {
            Ok(None) => {}
            Ok(Some(renewed)) => {
                hub.shown.send_replace(Some(shown.leaf()));
                if renewed.narrowed {
                    hub.connections.end_members(Reason::Withdrawn);
                }
            }
            Err(error) => tracing::error!(%error, "the hub's certificate could not be renewed"),
        }
        if let Err(error) = restored::settle(hub).await {
            tracing::warn!(%error, "the recovery of a restored hub could not be noted");
        }
        if let Err(error) = crate::recovery::forget(&hub.ground).await {
            tracing::warn!(%error, "used challenges could not be forgotten");
        }
    }
}

/// Renews what is shown, on a thread that answers nobody; `None` after a mistake of the program.
async fn renew(
    ground: &Arc<Ground>,
    mut shown: Shown,
) -> Option<(Shown, Result<Option<Renewed>, HubError>)> {
    let ground = Arc::clone(ground);
    let renewing = tokio::task::spawn_blocking(move || {
        let renewed = shown.renew(&ground);
        (shown, renewed)
    });
    renewing.await.ok()
}

fn prepare(
    listener: TcpListener,
    handle: &Handle<SocketAddr>,
) -> Result<axum_server::Server<SocketAddr>, HubError> {
    let mut server = axum_server::from_tcp(listener)?
        .handle(handle.clone())
        .first_request_timeout(FIRST_REQUEST);
    let protocol = server.http_builder();
    protocol.http1().header_read_timeout(HEADERS);
    protocol
        .http2()
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_PATIENCE);
    Ok(server)
}

fn service(router: Router) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
    router.into_make_service_with_connect_info::<SocketAddr>()
}
