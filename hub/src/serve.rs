//! The two listeners: the federation's, which lets nobody in without a
//! certificate, and the one for those who join. Started on sockets that are
//! bound already, drained with a deadline.

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use lapor_certs::tls::{clock, enrolment_server_config, federation_server_config};
use tokio::task::JoinHandle;

use crate::app::Hub;
use crate::error::HubError;
use crate::{http, keys};

/// Streams that one connection may have open at once.
const STREAMS: u32 = 64;
/// How often an idle connection is asked whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_mins(1);
const KEEP_ALIVE_PATIENCE: Duration = Duration::from_secs(20);
/// What a peer may take to say its first request.
const FIRST_REQUEST: Duration = Duration::from_secs(20);
const HEADERS: Duration = Duration::from_secs(20);
const HANDSHAKE: Duration = Duration::from_secs(10);

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
    let credential = keys::credential(&ground.settings, &ground.issuer, hub.now_ms())?;
    let now = {
        let clock = Arc::clone(&ground.clock);
        move || clock.now_ms()
    };
    let inner = federation_server_config(&credential, &ground.bundle, clock(now.clone()));
    let inner = inner.map_err(HubError::damaged)?;
    let outer = enrolment_server_config(&credential, clock(now)).map_err(HubError::damaged)?;
    let handles = [Handle::new(), Handle::new()];
    let routers = [
        http::federation(Arc::clone(&hub)),
        http::enrolment(Arc::clone(&hub)),
    ];
    let [inside, outside] = routers;
    let tasks = [
        listen(federation, inner, inside, &handles[0])?,
        listen(enrolment, outer, outside, &handles[1])?,
    ];
    let mut fenced = hub.sequencer.fenced();
    let outcome = tokio::select! {
        () = shutdown => Ok(()),
        Ok(_) = fenced.wait_for(|fenced| *fenced) => Err(HubError::Fenced),
    };
    hub.begin_closing();
    let deadline = Duration::from_secs(ground.settings.limits.drain_seconds);
    for handle in &handles {
        handle.graceful_shutdown(Some(deadline));
    }
    for task in tasks {
        task.await.map_err(|_| HubError::Aborted)??;
    }
    hub.stop().await;
    outcome
}

fn listen(
    listener: TcpListener,
    tls: rustls::ServerConfig,
    router: Router,
    handle: &Handle<SocketAddr>,
) -> Result<JoinHandle<std::io::Result<()>>, HubError> {
    let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(tls)))
        .handshake_timeout(HANDSHAKE)
        .acceptor(NoDelayAcceptor);
    let mut server = axum_server::from_tcp(listener)?
        .acceptor(acceptor)
        .handle(handle.clone())
        .first_request_timeout(FIRST_REQUEST);
    let protocol = server.http_builder();
    protocol.http1().header_read_timeout(HEADERS);
    protocol
        .http2()
        .max_concurrent_streams(STREAMS)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_PATIENCE);
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    Ok(tokio::spawn(server.serve(service)))
}
