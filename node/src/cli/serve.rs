//! Serving: start, say what was bound, wait for a signal, drain.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lapor_web::accounts::FirstLink;
use lapor_web::monitor::{self, Listen};
use lapor_web::parts::again;
use lapor_web::room::try_writing;
use lapor_web::serving::{DRAIN, StopSignals};
use lapor_web::supervisor;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::setup::private_keys;
use super::{Failure, Out, Place, exit};
use crate::jobs::Jobs;
use crate::monitor::Monitor;
use crate::node::Node;
use crate::sync::Link;
use crate::{api, casework, channels, cities, doors, hooks, post, staff};

/// What the link gets beyond the API's time to end what it is doing.
const GRACE: Duration = Duration::from_secs(5);

pub async fn serve(place: &Place, out: Out<'_>) -> Result<(), Failure> {
    let settings = place.settings()?;
    settings.log.start()?;
    let node = place.node().await?;
    let instance = node.instance()?.clone();
    private_keys(&settings.node.keys)?;
    if let Err(said) = try_writing(&settings.node.blobs) {
        tracing::warn!("node.blobs: {said}");
    }
    settings.mail.postbox()?;
    let lines = channels::Lines::of(&settings.channels)?;
    let cities = cities::Cities::of(&settings.cities)?;
    node.webhook_caller()?;
    let listener = bind("api.listen", settings.api.listen).await?;
    let watched = match settings.monitor.listen.0 {
        Some(listen) => Some(bind("monitor.listen", listen).await?),
        None => None,
    };
    let bound = listener.local_addr()?;
    let mut stop = StopSignals::listen()?;
    let link = Link::connect(node.clone())?;
    let shutdown = CancellationToken::new();
    let watched = watched
        .map(|listener| watch(&link, listener, &shutdown))
        .transpose()?;
    let site = node.in_force().settings().site(bound);
    let setup = setup_link(&node, &site).await;
    let greeting = greeting(&node, bound, watched, setup.as_deref())?;
    // In one piece, so that nobody who reads it stops in the middle.
    out.write_all(greeting.as_bytes())?;
    out.flush()?;
    let monitor = Listen(watched);
    tracing::info!(%instance, %bound, %monitor, "serving");

    let mut serving = tokio::spawn(doors::serve(node.clone(), listener, shutdown.clone()));
    beside("index", &node, &shutdown, casework::index);
    beside("letters", &node, &shutdown, post::deliver);
    beside("webhooks", &node, &shutdown, hooks::run);
    beside("cities", &node, &shutdown, move |node, ending| {
        cities::run(node, cities.clone(), ending)
    });
    let mut talking = beside("channels", &node, &shutdown, move |node, ending| {
        channels::run(node, lines.clone(), ending)
    });
    tokio::spawn(Jobs::of(&link).run(shutdown.clone()));
    let mut linking = tokio::spawn(Arc::clone(&link).run(shutdown.clone()));
    supervisor::tell(supervisor::READY);
    let served = tokio::select! {
        signal = stop.next() => {
            supervisor::tell(supervisor::STOPPING);
            tracing::info!(signal, "stopping; a second signal stops at once");
            shutdown.cancel();
            tokio::select! {
                ended = tokio::time::timeout(DRAIN + GRACE, async { tokio::join!(&mut serving, &mut linking, &mut talking).0 }) => {
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
    let closing = tokio::time::timeout(GRACE, node.db().close());
    let (closed, ()) = tokio::join!(closing, link.close());
    if closed.is_err() {
        tracing::warn!(
            "the database was still busy when the node stopped; nothing acknowledged is lost"
        );
    }
    tracing::info!("stopped");
    served
}

/// Runs a part of the node beside what it serves until `ending`.
fn beside<Run>(
    name: &'static str,
    node: &Arc<Node>,
    ending: &CancellationToken,
    part: impl Fn(Arc<Node>, CancellationToken) -> Run + Send + 'static,
) -> JoinHandle<()>
where
    Run: Future<Output = ()> + Send + 'static,
{
    let (node, ending) = (Arc::clone(node), ending.clone());
    tokio::spawn(again(name, move || part(Arc::clone(&node), ending.clone())))
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
            // One that moves between machines, or that a network gives late, may come yet.
            std::io::ErrorKind::AddrNotAvailable => (
                exit::UNAVAILABLE,
                "no address of this machine now; put one of its own into",
            ),
            _ => (exit::CONFIGURATION, "put an address of this machine into"),
        };
        Failure::new(
            code,
            format!("{listen} cannot be bound: {error}; {next} {field}"),
        )
    })
}

/// What an operator reads when the node has started: where everything is.
fn greeting(
    node: &Node,
    bound: SocketAddr,
    watched: Option<SocketAddr>,
    setup: Option<&str>,
) -> Result<String, Failure> {
    let site = node.in_force().settings().site(bound);
    let docs = api::DOCS;
    let mut lines = vec![
        format!("lapor-node {}", node.instance()?),
        format!("  portal         {site}/"),
        format!("  API            {site}/api/v1"),
        format!("  documentation  {site}{docs}"),
    ];
    lines.extend(watched.map(|address| format!("  monitoring     http://{address}")));
    lines.extend(setup.map(|link| format!("  set up         {link}")));
    lines.push(format!(
        "  hub            {}",
        node.joined()?.federation_url.as_str()
    ));
    Ok(lines.join("\n") + "\n")
}

/// How the first account is made, where there is none.
async fn setup_link(node: &Node, site: &str) -> Option<String> {
    match node.accounts().setup_link_at_start("serve").await {
        Ok(FirstLink::Unneeded) => None,
        Ok(FirstLink::Known) => Some(
            "by the link that was made before; `lapor-node account setup-link` makes another"
                .to_owned(),
        ),
        Ok(FirstLink::Made(secret)) => Some(staff::link_at(site, staff::SETUP, &secret)),
        // A full disk is no reason not to serve what can be read.
        Err(error) => {
            tracing::warn!(%error, "no link to the first set-up could be made; `lapor-node account setup-link` makes one");
            None
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_that_the_machine_does_not_have_yet_is_tried_again() {
        let away = "192.0.2.1:0".parse().unwrap();
        let refused = bind("api.listen", away).await.unwrap_err();
        assert_eq!(refused.code, exit::UNAVAILABLE, "{}", refused.message);
    }
}
