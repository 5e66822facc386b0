//! Serving: start, say what was bound, wait for a signal, drain.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use lapor_web::monitor::{self, Listen};
use lapor_web::serving::{DRAIN, StopSignals};
use lapor_web::supervisor;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::setup::private_keys;
use super::{Failure, Out, Place, exit};
use crate::jobs::Jobs;
use crate::monitor::Monitor;
use crate::post::Delivery;
use crate::settings::Settings;
use crate::sync::Link;
use crate::{api, casework, doors, staff};

/// What the link gets beyond the API's time to end what it is doing.
const GRACE: Duration = Duration::from_secs(5);

pub async fn serve(place: &Place, out: Out<'_>) -> Result<(), Failure> {
    let settings = place.settings()?;
    settings.log.start()?;
    let node = place.node().await?;
    let instance = node.instance()?.clone();
    private_keys(&settings.node.keys)?;
    let delivery = Delivery::of(&node)?;
    let listener = bind("api.listen", settings.api.listen).await?;
    let watched = match settings.monitor.listen.0 {
        Some(listen) => Some(bind("monitor.listen", listen).await?),
        None => None,
    };
    let bound = listener.local_addr()?;
    let mut stop = StopSignals::listen()?;
    let link = Link::connect(node.clone())?;
    node.accounts().warm().await?;
    let shutdown = CancellationToken::new();
    let watched = watched
        .map(|listener| watch(&link, listener, &shutdown))
        .transpose()?;
    let seen = reachable(bound);
    writeln!(out, "lapor-node {instance}")?;
    writeln!(out, "  portal         {}", portal(&settings, seen))?;
    writeln!(out, "  API            http://{seen}/api/v1")?;
    writeln!(out, "  documentation  http://{seen}{}", api::DOCS)?;
    if let Some(address) = watched {
        writeln!(out, "  monitoring     http://{address}")?;
    }
    writeln!(
        out,
        "  hub            {}",
        node.joined()?.federation_url.as_str()
    )?;
    match node.accounts().setup_link("serve").await {
        Ok(Some(secret)) => {
            let link = staff::link(&settings, staff::SETUP, &secret);
            writeln!(out, "  set up         {link}")?;
        }
        Ok(None) => {}
        // A full disk is no reason not to serve what can be read.
        Err(error) => {
            tracing::warn!(%error, "no link to the first set-up could be made; `lapor-node account setup-link` makes one");
        }
    }
    out.flush()?;
    let monitor = Listen(watched);
    tracing::info!(%instance, %bound, %monitor, "serving");

    let mut serving = tokio::spawn(doors::serve(node.clone(), listener, shutdown.clone()));
    tokio::spawn(casework::index(node.clone(), shutdown.clone()));
    if let Some(delivery) = delivery {
        tokio::spawn(delivery.run(shutdown.clone()));
    }
    let jobs = Jobs::of(&link).run(shutdown.clone());
    let mut linking = tokio::spawn(link.run(shutdown.clone()));
    tokio::spawn(async move {
        if let Err(error) = jobs.await {
            tracing::error!(%error, "the jobs of this node have stopped; restart it");
        }
    });
    supervisor::tell(supervisor::READY);
    let served = tokio::select! {
        signal = stop.next() => {
            supervisor::tell(supervisor::STOPPING);
            tracing::info!(signal, "stopping; a second signal stops at once");
            shutdown.cancel();
            tokio::select! {
                ended = tokio::time::timeout(DRAIN + GRACE, async { tokio::join!(&mut serving, &mut linking).0 }) => {
                    ended.map_or(Ok(()), flat)
                }
                _ = stop.next() => Ok(()),
            }
        }
        ended = &mut serving => flat(ended),
        // It ends by itself only by a panic; without it nothing would be sent.
        _ = &mut linking => Err(Failure::new(
            exit::INTERNAL,
            "the link to the hub stopped by a mistake in the program; the log says where",
        )),
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

/// Lets the node be watched until `ending`; returns where.
fn watch(
    link: &Arc<Link>,
    listener: TcpListener,
    ending: &CancellationToken,
) -> Result<SocketAddr, Failure> {
    let address = listener.local_addr()?;
    let (monitor, ending) = (Arc::new(Monitor(Arc::clone(link))), ending.clone());
    tokio::spawn(async move {
        if let Err(error) = monitor::serve(listener, monitor, ending).await {
            tracing::error!(%error, "monitoring ended; the node goes on without it");
        }
    });
    Ok(address)
}

async fn bind(field: &str, listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).await.map_err(|error| {
        let (code, next) = match error.kind() {
            std::io::ErrorKind::AddrInUse => (
                exit::UNAVAILABLE,
                "another program listens there; stop it or change",
            ),
            std::io::ErrorKind::PermissionDenied => (
                exit::PERMISSION,
                "this user may not listen there; take a port above 1023 in",
            ),
            _ => (exit::CONFIGURATION, "put an address of this machine into"),
        };
        Failure::new(
            code,
            format!("{listen} cannot be bound: {error}; {next} {field}"),
        )
    })
}

/// Where people find the portal: as the operator says, else on this machine.
fn portal(settings: &Settings, seen: SocketAddr) -> String {
    let public = settings.portal.public_url.as_ref();
    public.map_or_else(|| format!("http://{seen}/"), |url| format!("{url}/"))
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
