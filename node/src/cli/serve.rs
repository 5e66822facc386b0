//! Serving: start, say what was bound, wait for a signal, drain.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use lapor_web::serving::{DRAIN, StopSignals};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Failure, Out, Place, exit};
use crate::api;
use crate::jobs::Jobs;
use crate::sync::Link;

/// What the link gets beyond the API's time to end what it is doing.
const GRACE: Duration = Duration::from_secs(5);

pub async fn serve(place: &Place, out: Out<'_>) -> Result<(), Failure> {
    let settings = place.settings()?;
    settings.log.start()?;
    let node = place.node().await?;
    let instance = node.instance()?.clone();
    let listener = bind(settings.api.listen).await?;
    let bound = listener.local_addr()?;
    let mut stop = StopSignals::listen()?;
    let link = Link::connect(node.clone())?;
    let seen = reachable(bound);
    writeln!(out, "lapor-node {instance}")?;
    writeln!(out, "  API            http://{seen}/api/v1")?;
    writeln!(out, "  documentation  http://{seen}{}", api::DOCS)?;
    writeln!(
        out,
        "  hub            {}",
        node.joined()?.federation_url.as_str()
    )?;
    out.flush()?;
    tracing::info!(%instance, %bound, "serving");

    let shutdown = CancellationToken::new();
    let mut serving = tokio::spawn(api::serve(node.clone(), listener, shutdown.clone()));
    let jobs = Jobs::of(&link).run(shutdown.clone());
    let linking = tokio::spawn(link.run(shutdown.clone()));
    tokio::spawn(async move {
        if let Err(error) = jobs.await {
            tracing::error!(%error, "the jobs of this node have stopped; restart it");
        }
    });
    let served = tokio::select! {
        signal = stop.next() => {
            tracing::info!(signal, "stopping; a second signal stops at once");
            shutdown.cancel();
            tokio::select! {
                ended = tokio::time::timeout(DRAIN + GRACE, async { tokio::join!(&mut serving, linking).0 }) => {
                    ended.map_or(Ok(()), flat)
                }
                _ = stop.next() => Ok(()),
            }
        }
        ended = &mut serving => flat(ended),
    };
    shutdown.cancel();
    if tokio::time::timeout(GRACE, node.db().close())
        .await
        .is_err()
    {
        tracing::warn!(
            "the database was still busy when the node stopped; nothing acknowledged is lost"
        );
    }
    tracing::info!("stopped");
    served
}

async fn bind(listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|error| {
        let (code, next) = match error.kind() {
            std::io::ErrorKind::AddrInUse => (
                exit::UNAVAILABLE,
                "another program listens there; stop it or change api.listen",
            ),
            std::io::ErrorKind::PermissionDenied => (
                exit::PERMISSION,
                "this user may not listen there; take a port above 1023",
            ),
            _ => (
                exit::CONFIGURATION,
                "change api.listen to an address of this machine",
            ),
        };
        Failure::new(code, format!("{listen} cannot be bound: {error}; {next}"))
    })
}

/// An address that a browser on this machine can open.
fn reachable(bound: SocketAddr) -> SocketAddr {
    if bound.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), bound.port())
    } else {
        bound
    }
}

fn flat(ended: Result<anyhow::Result<()>, tokio::task::JoinError>) -> Result<(), Failure> {
    match ended {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(Failure::new(exit::IO, format!("the API stopped: {error}"))),
        Err(_) => Err(Failure::new(
            exit::INTERNAL,
            "the API stopped by a mistake in the program; the log says where",
        )),
    }
}
