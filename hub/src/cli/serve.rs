//! Serving: start, say what was bound, wait for a signal, drain.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use lapor_web::accounts::FirstLink;
use lapor_web::monitor::{self, Listen};
use lapor_web::people::{SETUP, link_at};
use lapor_web::serving::StopSignals;
use lapor_web::supervisor;
use tokio_util::sync::CancellationToken;

use super::{Failure, Out, exit, private_keys, unwritable};
use crate::alarms::Sender;
use crate::app::Hub;
use crate::clock::Clock;
use crate::console::{self, Console};
use crate::monitor::Monitor;
use crate::settings::Settings;

/// What closing the database may take.
const CLOSING: Duration = Duration::from_secs(30);

pub async fn serve(
    settings: Settings,
    out: &mut Out<'_>,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    private_keys(&settings)?;
    settings.log.start()?;
    if let Some(said) = unwritable(&settings) {
        tracing::warn!("{said}");
    }
    Sender::of(&settings)?;
    let federation = bind("federation.listen", settings.federation.listen)?;
    let enrolment = bind("enrolment.listen", settings.enrolment.listen)?;
    let watched = settings.monitor.listen.0;
    let watched = watched
        .map(|listen| bind("monitor.listen", listen))
        .transpose()?;
    let console = settings.console.listen.0;
    let console = console
        .map(|listen| bind("console.listen", listen))
        .transpose()?;
    let addresses = (federation.local_addr()?, enrolment.local_addr()?);
    let mut stop = StopSignals::listen()?;
    let hub = Hub::open(settings, clock).await?;
    let watching = CancellationToken::new();
    let watched = watched
        .map(|listener| watch(&hub, listener, &watching))
        .transpose()?;
    let console = match console {
        Some(listener) => Some(open_console(&hub, listener, &watching).await?),
        None => None,
    };
    let settings = hub.settings();
    let urls = [
        &settings.federation.public_url,
        &settings.enrolment.public_url,
    ];
    writeln!(out.answer, "lapor-hub {}", hub.ground.trust_domain)?;
    if let Some(address) = watched {
        writeln!(out.answer, "  monitoring  http://{address}")?;
    }
    writeln!(out.answer, "  federation  {} ({})", addresses.0, urls[0])?;
    writeln!(out.answer, "  enrolment   {} ({})", addresses.1, urls[1])?;
    if let Some((site, setup)) = console {
        writeln!(out.answer, "  console     {site}/")?;
        if let Some(link) = setup {
            writeln!(out.answer, "  set up      {link}")?;
        }
    }
    out.answer.flush()?;
    let monitor = Listen(watched);
    tracing::info!(federation = %addresses.0, enrolment = %addresses.1, %monitor, "serving");

    let db = hub.ground.db.clone();
    let (told, shutdown) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(crate::serve(hub, federation, enrolment, async {
        let _ = shutdown.await;
    }));
    tokio::pin!(serving);
    supervisor::tell(supervisor::READY);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        name = stop.next() => {
            supervisor::tell(supervisor::STOPPING);
            tracing::info!(signal = name, "stopping; a second signal stops at once");
            let _ = told.send(());
            tokio::select! {
                ended = &mut serving => ended,
                _ = stop.next() => {
                    return Err(Failure::new(exit::TEMPORARY, "stopped at once by a second signal"));
                }
            }
        }
    };
    watching.cancel();
    if tokio::time::timeout(CLOSING, db.close()).await.is_err() {
        tracing::warn!("connections to the database were not closed: nobody answers there");
    }
    tracing::info!("stopped");
    ended.map_err(|_| {
        let message = "the hub stopped by a mistake in the program; the log says where";
        Failure::new(exit::INTERNAL, message)
    })??;
    Ok(())
}

/// Lets the hub be watched until `ending`; returns where.
fn watch(
    hub: &Arc<Hub>,
    listener: TcpListener,
    ending: &CancellationToken,
) -> Result<SocketAddr, Failure> {
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let (monitor, ending) = (Arc::new(Monitor(Arc::clone(hub))), ending.clone());
    tokio::spawn(async move {
        if let Err(error) = monitor::serve(listener, monitor, ending).await {
            tracing::error!(%error, "monitoring ended; the hub goes on without it");
        }
    });
    Ok(address)
}

/// Opens the console until `ending`; returns where, and how the first set-up is begun where there
/// is nobody yet.
async fn open_console(
    hub: &Arc<Hub>,
    listener: TcpListener,
    ending: &CancellationToken,
) -> Result<(String, Option<String>), Failure> {
    console::prepare(&hub.ground)?;
    let console = Console::of(hub);
    let site = console.settings().site(Some(listener.local_addr()?));
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let setup = console.accounts().setup_link_at_start("serve").await?;
    let ending = ending.clone();
    tokio::spawn(async move {
        if let Err(error) = console::serve(console, listener, ending).await {
            tracing::error!(%error, "the console ended; the hub goes on without it");
        }
    });
    let setup = match setup {
        FirstLink::Unneeded => None,
        FirstLink::Known => Some(
            "by the link that was made before; `lapor-hub account setup-link` makes another"
                .to_owned(),
        ),
        FirstLink::Made(secret) => Some(link_at(&site, SETUP, &secret)),
    };
    Ok((site, setup))
}

fn bind(field: &str, listen: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(listen).map_err(|error| {
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
        let message = format!("{listen} cannot be bound: {error}; {next} {field}");
        Failure::new(code, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_the_machine_does_not_have_yet_is_tried_again() {
        let away = "192.0.2.1:0".parse().unwrap();
        let refused = bind("federation.listen", away).unwrap_err();
        assert_eq!(refused.code, exit::UNAVAILABLE, "{}", refused.message);
    }
}
