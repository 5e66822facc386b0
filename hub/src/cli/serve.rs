//! Serving: start, say what was bound, wait for a signal, drain.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use lapor_web::serving::StopSignals;

use super::{Failure, Out, exit};
use crate::app::Hub;
use crate::clock::Clock;
use crate::settings::Settings;

pub async fn serve(
    settings: Settings,
    out: &mut Out<'_>,
    clock: Arc<dyn Clock>,
) -> Result<(), Failure> {
    settings.log.start()?;
    let federation = bind("federation.listen", settings.federation.listen)?;
    let enrolment = bind("enrolment.listen", settings.enrolment.listen)?;
    let addresses = (federation.local_addr()?, enrolment.local_addr()?);
    let mut stop = StopSignals::listen()?;
    let hub = Hub::open(settings, clock).await?;
    let urls = [&hub.settings().federation, &hub.settings().enrolment];
    writeln!(out.answer, "lapor-hub {}", hub.ground.trust_domain)?;
    writeln!(
        out.answer,
        "  federation  {} ({})",
        addresses.0, urls[0].public_url
    )?;
    writeln!(
        out.answer,
        "  enrolment   {} ({})",
        addresses.1, urls[1].public_url
    )?;
    out.answer.flush()?;
    tracing::info!(federation = %addresses.0, enrolment = %addresses.1, "serving");

    let db = hub.ground.db.clone();
    let (told, shutdown) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(crate::serve(hub, federation, enrolment, async {
        let _ = shutdown.await;
    }));
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        name = stop.next() => {
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
    db.close().await;
    tracing::info!("stopped");
    ended.map_err(|_| {
        let message = "the hub stopped by a mistake in the program; the log says where";
        Failure::new(exit::INTERNAL, message)
    })??;
    Ok(())
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
            _ => (exit::CONFIGURATION, "put an address of this machine into"),
        };
        let message = format!("{listen} cannot be bound: {error}; {next} {field}");
        Failure::new(code, message)
    })
}
