//! `idle`: what nodes that are connected and have nothing to say cost the hub,
//! in memory and in processor time.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use lapor_certs::{Credential, EnrolRequest, EnrolResponse, Invitation, TlsKey, write_private};
use lapor_hub::audit::By;
use lapor_hub::enrolment::enrol;
use lapor_hub::ground::Ground;
use lapor_hub::membership::{Profile, invite};
use lapor_node::clock::SystemClock;
use lapor_protocol::ids::InstanceKind;
use lapor_protocol::keys::Signer;
use lapor_protocol::seal::Opener;
use serde_json::{Value, json};

use super::Plan;
use super::bounds::Bounds;
use super::figures::{Spread, rounded};
use super::programs::Running;
use super::world::World;

const TARGET_KB: f64 = 60.0;
const TARGET_CPU: f64 = 5.0;
/// Longer than a long poll waits, so that each is renewed at least once.
const WATCHED: Duration = Duration::from_secs(30);
/// Lets the handshakes' memory come to rest.
const SETTLE: Duration = Duration::from_secs(3);

pub async fn measure(plan: &Plan) -> Result<Value> {
    let home = tempfile::tempdir()?;
    let world = plan.found(&home.path().join("world"), "idle", &[]).await?;
    let credentials = home.path().join("clients");
    std::fs::create_dir(&credentials)?;
    eprintln!("idle: enrolling {} nodes", plan.clients);
    join_all(&world, &credentials, plan.clients).await?;
    let (mut memory, mut cpu, mut connected) = <(Spread, Spread, Spread)>::default();
    let mut bounds = Bounds::default();
    // A round lasts half a minute and varies little.
    for round in 1..=plan.repeat.min(3) {
        bounds.look(plan, home.path()).await?;
        let hub = world.start_hub()?;
        tokio::time::sleep(SETTLE).await;
        let before = hub.resident_kb()?;
        let log = home.path().join("clients.log");
        let mut clients = Command::new(&plan.programs.bench);
        let clients = Running::start(
            clients.arg("idle-clients").arg(&credentials),
            &log,
            "connected",
        )?;
        connected.add(clients.said("connected")?.parse()?);
        tokio::time::sleep(SETTLE).await;
        let (began, spent) = (Instant::now(), hub.cpu_seconds()?);
        tokio::time::sleep(WATCHED).await;
        let spent = hub.cpu_seconds()? - spent;
        cpu.add(spent / began.elapsed().as_secs_f64() * 100.0);
        let grown = hub.resident_kb()? - before;
        memory.add(grown / plan.clients as f64);
        eprintln!(
            "idle: round {round}: {:.1} KB each, {:.2} % of a core",
            memory.median(),
            cpu.median()
        );
        drop(clients);
        hub.stop().await?;
    }
    Ok(json!({
        "what": "nodes connected over mTLS, each with three long polls on one HTTP/2 connection, and what they cost the hub",
        "nodes": plan.clients,
        "memory_kb_each": memory.at_most(TARGET_KB, 1),
        "cpu_percent_of_a_core": cpu.at_most(TARGET_CPU, 2),
        "all_connected_after_s": connected.told(2),
        "watched_s": rounded(WATCHED.as_secs_f64(), 0),
        "bounds": bounds.told(),
    }))
}

/// Enrols by the hub's own functions, before it serves.
async fn join_all(world: &World, folder: &Path, count: usize) -> Result<()> {
    let settings = lapor_hub::settings::Settings::load(&world.hub_folder().join("hub.toml"))?;
    let ground = Ground::open(settings, Arc::new(SystemClock)).await?;
    for number in 0..count {
        join(&ground, folder, number).await?;
    }
    let url = ground.settings.federation.public_url.as_str();
    std::fs::write(folder.join("url"), url)?;
    let version = ground.directory.current().version();
    std::fs::write(folder.join("directory"), version.to_string())?;
    ground.db.close().await;
    Ok(())
}

async fn join(ground: &Ground, folder: &Path, number: usize) -> Result<()> {
    let profile = Profile {
        approved: true,
        ..Profile::of(format!("kota-{number:03}").parse()?, InstanceKind::Kota)
    };
    let invitation: Invitation = invite(ground, &By::actor("bench"), &profile)
        .await?
        .line
        .parse()?;
    let seed = |of: u8| {
        let mut seed = [of; 32];
        seed[..8].copy_from_slice(&(number as u64).to_le_bytes());
        seed
    };
    let (identity, signing) = (Signer::from_seed(&seed(1)), Signer::from_seed(&seed(2)));
    let sealing = Opener::from_seed(&seed(3)).public().sealing_key()?;
    let key = TlsKey::generate();
    let request = EnrolRequest::build(&invitation, key.request(), &identity, &signing, &sealing);
    let answer: EnrolResponse =
        serde_json::from_str(&enrol(ground, &request, Ipv4Addr::LOCALHOST.into()).await?)?;
    let accepted = answer.check(&invitation, &key.public())?;
    Credential::new(accepted.chain, key)?.save(&folder.join(format!("{number:04}.pem")))?;
    write_private(&folder.join("roots"), accepted.bundle.to_pem().as_bytes())?;
    Ok(())
}
