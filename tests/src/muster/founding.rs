//! A hub in a folder, and the institutions that have joined it. Invitations and
//! enrolments are the hub's own, called in this process before the hub serves:
//! the same transactions without the handshakes.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use lapor_certs::{Credential, EnrolRequest, EnrolResponse, Invitation, TlsKey, TrustBundle};
use lapor_hub::audit::By;
use lapor_hub::enrolment::{enrol, renew};
use lapor_hub::ground::Ground;
use lapor_hub::membership::{Profile, invite};
use lapor_hub::settings::Settings;
use lapor_node::clock::{Clock, SystemClock};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::seal::Opener;
use lapor_web::chance::random;
use serde_json::{Value, json};

use super::light::Member;
use crate::bench::programs::{Running, ask};
use lapor_stand_ins::ports::{self, Reserved};

/// Minutes after which what waits is yellow; an hour unless it is set.
pub const WAITING_MINUTES: u64 = 1;
/// How long ago a certificate was issued that is near its end.
const LONG_AGO: Duration = Duration::from_hours(24 * 28);

/// A hub with its folder and addresses.
pub struct Place {
    folder: PathBuf,
    program: PathBuf,
    settings: Vec<(&'static str, String)>,
    pub console: SocketAddr,
    pub monitor: SocketAddr,
    _reserved: Vec<Reserved>,
}

/// A clock that is behind the machine's.
struct Behind(Duration);

impl Clock for Behind {
    fn now_ms(&self) -> i64 {
        SystemClock.now_ms() - self.0.as_millis() as i64
    }
}

impl Place {
    /// Makes a hub that does not serve yet.
    pub fn found(folder: &Path, program: &Path, url: Option<&str>, nodes: usize) -> Result<Self> {
        let mut reserved = ports::reserve(4)?;
        let [federation, enrolment, monitor, console] =
            std::array::from_fn(|at| reserved[at].address());
        reserved.iter_mut().for_each(Reserved::release);
        let mut init = Command::new(program);
        init.args(["init", "--trust-domain", "lapor.fleet", "--dir"])
            .arg(folder.join("hub"))
            .args(["--federation-address", &federation.to_string()])
            .args(["--enrolment-address", &enrolment.to_string()])
            .args(["--monitor-address", &monitor.to_string()])
            .args(["--console-address", &console.to_string()]);
        if let Some(url) = url {
            init.args(["--database-url", url]);
        }
        ask(&mut init)?;
        Ok(Self {
            folder: folder.to_owned(),
            program: program.to_owned(),
            settings: vec![
                (
                    "WATCH__WAITING_MINUTES__YELLOW",
                    WAITING_MINUTES.to_string(),
                ),
                // A bound is set whole.
                ("WATCH__WAITING_MINUTES__RED", "1440".into()),
                // All of them come from one network here.
                (
                    "LIMITS__STRANGERS_PER_NETWORK",
                    (2 * nodes + 100).to_string(),
                ),
                // A script looks for longer than a person is away.
                ("CONSOLE__IDLE_MINUTES", "600".into()),
            ],
            console,
            monitor,
            _reserved: reserved,
        })
    }

    /// What differs from the settings of `lapor-hub init`.
    pub fn told(&self) -> Value {
        let pairs = self.settings.iter();
        let pairs = pairs.map(|(name, value)| {
            let name = name.to_lowercase().replace("__", ".");
            (name, json!(value))
        });
        Value::Object(pairs.collect())
    }

    /// Starts the hub and waits for the line of its greeting with `ready`.
    pub fn start(&self, ready: &str) -> Result<Running> {
        let mut command = Command::new(&self.program);
        command
            .arg("--config")
            .arg(self.folder.join("hub/hub.toml"))
            .arg("serve");
        for (name, value) in &self.settings {
            command.env(format!("LAPOR_HUB__{name}"), value);
        }
        Running::start(&mut command, &self.folder.join("hub.log"), ready)
    }

    /// Where the database is, with its journal.
    pub fn database_bytes(&self) -> u64 {
        let files = std::fs::read_dir(self.folder.join("hub"))
            .into_iter()
            .flatten();
        let files = files.flatten().filter(|file| {
            let name = file.file_name();
            name.to_string_lossy().starts_with("hub.db")
        });
        files
            .flat_map(|file| file.metadata())
            .map(|about| about.len())
            .sum()
    }

    /// Invites and enrols all of them.
    pub async fn join(&self, profiles: &[Profile]) -> Result<Vec<Member>> {
        let ground = self.open(Arc::new(SystemClock)).await?;
        let members = join_all(&ground, profiles).await;
        ground.db.close().await;
        members
    }

    /// A certificate of the hub's own issuer that ends in two days, because it
    /// was issued four weeks ago by the clock of whoever asked for it.
    pub async fn short_certificate(&self, id: &InstanceId) -> Result<Credential> {
        let ground = self.open(Arc::new(Behind(LONG_AGO))).await?;
        let key = TlsKey::generate();
        let answer = renew(&ground, id, None, &key.public()).await?;
        ground.db.close().await;
        credential(&answer.certificate, &key)
    }

    async fn open(&self, clock: Arc<dyn Clock>) -> Result<Arc<Ground>> {
        let settings = Settings::load(&self.folder.join("hub/hub.toml"))?;
        Ok(Ground::open(settings, clock).await?)
    }
}

/// A certificate as the hub gives it, with its key.
pub fn credential(chain: &str, key: &TlsKey) -> Result<Credential> {
    let pem = format!("{chain}\n{}", &*key.to_pem());
    Credential::from_pem(&pem).context("the hub's certificate cannot be used")
}

/// Invites and enrols all of them at a hub that does not serve.
pub async fn join_all(ground: &Ground, profiles: &[Profile]) -> Result<Vec<Member>> {
    let mut members = Vec::with_capacity(profiles.len());
    for profile in profiles {
        members.push(join(ground, profile).await?);
    }
    let directory = ground.directory.current().version();
    for member in &mut members {
        member.directory = directory;
    }
    Ok(members)
}

async fn join(ground: &Ground, profile: &Profile) -> Result<Member> {
    let invited = invite(ground, &By::actor("fleet"), profile).await?;
    let invitation: Invitation = invited.line.parse()?;
    let (identity, signing) = (Signer::from_seed(&random()), Signer::from_seed(&random()));
    let sealing = Opener::from_seed(&random()).public().sealing_key()?;
    let key = TlsKey::generate();
    let request = EnrolRequest::build(&invitation, key.request(), &identity, &signing, &sealing);
    let answer: EnrolResponse =
        serde_json::from_str(&enrol(ground, &request, Ipv4Addr::LOCALHOST.into()).await?)?;
    let accepted = answer.check(&invitation, &key.public())?;
    let hub_keys = answer.hub_keys.iter().map(Verifier::from_jwk);
    Ok(Member {
        id: profile.id.clone(),
        region: profile.region.clone(),
        signing,
        hub_keys: hub_keys.collect::<Result<_, _>>()?,
        url: answer.federation_url.to_string(),
        roots: TrustBundle::from_pem(&accepted.bundle.to_pem())?,
        credential: Credential::new(accepted.chain, key)?,
        directory: 0,
    })
}
