//! A node is looked at: the kit plays the hub that it joins, refuses it, loses
//! answers, lies to it now and then, and writes down what it does.

mod checks;
mod hub;
mod joining;
mod listen;
mod reading;
mod seen;
mod sending;
mod state;
mod world;

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use lapor_certs::tls::{clock, enrolment_server_config, federation_server_config};
use lapor_protocol::ids::InstanceId;
use tokio::sync::mpsc;

use self::checks::Stage;
use self::hub::PlayedHub;
use self::listen::Guise;
use self::seen::{Seen, Treated};
use self::world::World;
use crate::check;
use crate::report::Report;
use crate::standing::Side;

/// What whoever drives the node is asked to make it do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Join by the line of this invitation, and go on.
    Join(String),
    /// File a report with words.
    File,
}

/// Where the hub is played, and for whom.
pub struct Terms {
    pub instance: InstanceId,
    /// By which name or address the node reaches this machine.
    pub host: String,
    /// The federation's listener and the one for enrolment.
    pub listeners: [TcpListener; 2],
    pub now_ms: i64,
    /// For how long the node is waited for at each step.
    pub patience: Duration,
    /// For how long it is watched after that: it reports its health and renews
    /// its certificate when it likes.
    pub linger: Duration,
    pub driver: mpsc::Sender<Wanted>,
}

/// Looks at a node. An error says why nothing can be said of it.
pub async fn look(terms: Terms) -> Result<Report> {
    let Terms {
        instance,
        host,
        listeners,
        now_ms,
        patience,
        linger,
        driver,
    } = terms;
    let mut addresses = Vec::new();
    for listener in &listeners {
        let port = listener.local_addr()?.port();
        addresses.push(format!("https://{host}:{port}").parse()?);
    }
    let [federation, enrolment] = listeners;
    let addresses = <[_; 2]>::try_from(addresses).map_err(|_| anyhow::anyhow!("two listeners"))?;
    let world = World::new(&instance, addresses, now_ms)?;
    let line = world.invitation.to_line().to_string();
    let time = clock(move || now_ms);
    let strangers = enrolment_server_config(&world.credential, time.clone())?;
    let strangers = Guise::new(strangers, None);
    let member = |credential: &_, impostor| {
        let config = federation_server_config(credential, &world.bundle, time.clone());
        config.map(|config| Guise::new(config, impostor))
    };
    let members = member(&world.credential, None)?;
    let mut impostors = Vec::new();
    for (impostor, credential) in &world.impostors {
        impostors.push((*impostor, member(credential, Some(*impostor))?));
    }
    let hub = PlayedHub::new(world, now_ms);
    let (strange, known, shown) = (Arc::clone(&hub), Arc::clone(&hub), Arc::clone(&hub));
    let show = move || {
        let next = shown.shows();
        let other = impostors.iter().find(|(one, _)| Some(*one) == next);
        other.map_or(&members, |(_, guise)| guise).clone()
    };
    let serving = [
        listen::serve(
            enrolment,
            move || strangers.clone(),
            move |request| {
                let hub = Arc::clone(&strange);
                async move { hub.strange(&request) }
            },
        )?,
        listen::serve(federation, show, move |request| {
            let hub = Arc::clone(&known);
            async move { hub.answer(request).await }
        })?,
    ];
    let driven = drive(&hub, &driver, line, patience, linger).await;
    for task in serving {
        task.abort();
    }
    driven?;
    let mut stage = Stage { hub };
    Ok(Report {
        side: Side::Node,
        subject: format!("node of {instance}"),
        findings: check::make(&checks::CHECKS, &mut stage).await,
    })
}

/// What these checks hold a node to.
pub fn sentences() -> impl Iterator<Item = &'static str> {
    check::sentences_of(&checks::CHECKS)
}

/// Asks for one thing after the other. Who does not even join says nothing of
/// itself; what is missing after that, the checks find.
async fn drive(
    hub: &PlayedHub,
    driver: &mpsc::Sender<Wanted>,
    line: String,
    patience: Duration,
    linger: Duration,
) -> Result<()> {
    let gone = "nobody drives the node any more";
    driver.send(Wanted::Join(line)).await.context(gone)?;
    // Who asks for what is behind its own entry has read whom it wraps for.
    let joined = |seen: &Seen| seen.since.iter().any(|(since, _)| *since > 1);
    let has_joined = until(hub, patience, joined).await;
    anyhow::ensure!(
        has_joined || hub.look(|seen, _| !seen.enrolments.is_empty()),
        "nobody has joined within {} s",
        patience.as_secs()
    );
    driver.send(Wanted::File).await.context(gone)?;
    if until(hub, patience, Seen::is_acknowledged).await {
        hub.print()?;
        driver.send(Wanted::File).await.context(gone)?;
        let sent_away = |seen: &Seen| seen.has(Treated::Maintenance);
        until(hub, patience, sent_away).await;
        driver.send(Wanted::File).await.context(gone)?;
        until(hub, patience, |seen| {
            let settled = seen.is_receipted() && seen.is_acknowledged();
            settled && seen.is_corrected() && seen.asks_for_a_key()
        })
        .await;
    }
    until(hub, linger, |seen| {
        !seen.health.is_empty() && !seen.renewals.is_empty()
    })
    .await;
    Ok(())
}

/// Whether something was seen in time.
async fn until(hub: &PlayedHub, patience: Duration, holds: impl Fn(&Seen) -> bool) -> bool {
    let mut moved = hub.moved.subscribe();
    let waiting = async {
        while !hub.look(|seen, _| holds(seen)) {
            if moved.changed().await.is_err() {
                return;
            }
        }
    };
    tokio::time::timeout(patience, waiting).await.is_ok()
}
