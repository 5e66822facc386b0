//! Kill points while a federation is made: `init`, `invite`, `enrol`, `token`,
//! and the hub while somebody joins. Whoever was killed is run again with the
//! same words, and in the end there is one identity, which works (S22).

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use lapor_node::folder::NodeKeys;
use serde_json::Value;

use super::database::Databases;
use super::desk::Desk;
use super::kill::{Count, Kill, Outcome, Victim};
use super::place::{self, AT_ONCE, DESK, HUB, Place, TOKEN, answered};
use super::process::{Orders, Program};
use super::world::{self, World};
use super::{verdict, workload};
use crate::demo::programs::Programs;
use lapor_stand_ins::ports::{self, Reserved};

const STEPS: [Victim; 6] = [
    Victim::HubInit,
    Victim::HubInvite,
    Victim::HubWhileJoining,
    Victim::NodeInit,
    Victim::NodeEnrol,
    Victim::NodeToken,
];
/// The lines for `enrol` tried again while the hub is away.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(50);

/// Every passage of every step when nobody is killed.
pub async fn count(
    folder: &Path,
    programs: &Programs,
    databases: &Databases,
) -> Result<Vec<Count>> {
    let lists = |victim: Victim| folder.join(format!("{}.list", victim.name()));
    let place = Place {
        folder,
        programs,
        databases,
    };
    let killed = join(&place, |victim| Orders {
        kill: None,
        list: Some(lists(victim)),
    })
    .await?;
    ensure!(!killed, "a command was killed by nobody");
    let counts = STEPS
        .iter()
        .map(|victim| Count::read(*victim, &lists(*victim)));
    Ok(counts.collect::<Result<Vec<_>>>()?.concat())
}

/// One federation made with one kill.
pub async fn run(world: &World, kill: &Kill) -> Result<Outcome> {
    let folder = world.folder().join("run");
    let place = Place {
        folder: &folder,
        programs: world.programs(),
        databases: world.databases(),
    };
    let killed = join(&place, |victim| kill.orders(victim)).await?;
    Ok(Outcome::of(killed))
}

/// Makes a hub, joins the desk, files a report; whether anyone was killed.
async fn join(place: &Place<'_>, orders: impl Fn(Victim) -> Orders) -> Result<bool> {
    if place.folder.exists() {
        std::fs::remove_dir_all(place.folder)?;
    }
    std::fs::create_dir_all(place.folder)?;
    place.databases.clear(&[HUB, DESK]).await?;
    let mut ports = ports::reserve(3)?;
    let addresses: Vec<SocketAddr> = ports.iter().map(Reserved::address).collect();
    let mut killed = make_hub(place, &addresses, &orders(Victim::HubInit)).await?;
    let [enrolment, api] = [addresses[1], addresses[2]];
    ports.iter_mut().for_each(Reserved::release);
    let mut hub = [place.hub().supervise(orders(Victim::HubWhileJoining))?];
    world::listens(enrolment).await?;
    let (token, died) = world::watched(&mut hub, enter(place, api, &orders)).await?;
    let [hub] = hub;
    killed |= died || hub.was_killed();
    hub.kill().await?;
    let mut running = [
        place.hub().supervise(Orders::default())?,
        place.node(DESK).supervise(Orders::default())?,
    ];
    let desk = Desk::new(DESK, api, &token)?;
    let record = world::watched(&mut running, workload::begin(&desk)).await;
    for program in running {
        program.kill().await?;
    }
    verdict::hold(place, &[DESK], &record?).await?;
    one_identity(place).await?;
    Ok(killed)
}

async fn make_hub(place: &Place<'_>, at: &[SocketAddr], orders: &Orders) -> Result<bool> {
    if place::init_hub(place, at, &[], orders).await?.is_some() {
        return Ok(false);
    }
    // The configuration is written last: where it is, `init` has done everything.
    if !place.hub().config.exists() {
        answered(place::init_hub(place, at, &[], &Orders::default()).await?)?;
    }
    Ok(true)
}

/// Invites, makes the node, enrols, makes a token; the token, and whether a
/// command was killed.
async fn enter(
    place: &Place<'_>,
    api: SocketAddr,
    orders: &impl Fn(Victim) -> Orders,
) -> Result<(String, bool)> {
    let (hub, node) = (place.hub(), place.node(DESK));
    let mut killed = false;
    let invite = ["instance", "invite", DESK, "--kind", "pusat", AT_ONCE];
    let line = twice(
        &hub,
        &orders(Victim::HubInvite),
        &invite,
        &invite,
        &mut killed,
    )
    .await?;
    if place::init_node(place, DESK, api, &orders(Victim::NodeInit))
        .await?
        .is_none()
    {
        killed = true;
        if !node.config.exists() {
            answered(place::init_node(place, DESK, api, &Orders::default()).await?)?;
        }
    }
    let mut enrol = orders(Victim::NodeEnrol);
    for left in (0..TRIES).rev() {
        match node.once(&enrol, &["enrol", &line]).await {
            Ok(Some(_)) => break,
            Ok(None) => {
                killed = true;
                enrol = Orders::default();
            }
            Err(error) if left == 0 => return Err(error),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    // The name of a token that nobody saw is taken; the operator revokes it.
    let again = [
        "token",
        "create",
        "--name",
        "crash-again",
        "--role",
        "officer",
    ];
    let token = twice(
        &node,
        &orders(Victim::NodeToken),
        &TOKEN,
        &again,
        &mut killed,
    )
    .await?;
    Ok((token, killed))
}

/// Runs a command, and another one in its place if it was killed.
async fn twice(
    program: &Program,
    orders: &Orders,
    first: &[&str],
    again: &[&str],
    killed: &mut bool,
) -> Result<String> {
    if let Some(said) = program.once(orders, first).await? {
        return Ok(said);
    }
    *killed = true;
    answered(program.once(&Orders::default(), again).await?)
}

/// The directory knows one active desk, with the identity key that is in the
/// node's folder.
async fn one_identity(place: &Place<'_>) -> Result<()> {
    let orders = Orders::default();
    let listed = answered(
        place
            .hub()
            .once(&orders, &["instance", "show", DESK, "--json"])
            .await?,
    )?;
    let shown: Value = serde_json::from_str(&listed)?;
    ensure!(
        shown["status"] == "active",
        "the desk is {}",
        shown["status"]
    );
    let keys = NodeKeys::load(&place.folder.join(DESK).join("keys"))?;
    let kid = keys.identity.public().kid.to_string();
    ensure!(
        listed.contains(&kid),
        "the directory knows another identity than {kid}"
    );
    Ok(())
}
