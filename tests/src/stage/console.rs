//! The hub's console on the stage, twice on the same accounts: where one operator
//! is enough, and where two must agree.

use anyhow::Context as _;
use lapor_hub::console::{Console, ConsoleRole, router, serve};
use lapor_hub::settings::ConsoleSettings;
use lapor_hub::tokens;
use lapor_web::people::SETUP;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::routes;
use crate::fleet::Fleet;

/// Both consoles while they are served.
pub struct Consoles {
    /// Where they are, and the path of the first set-up.
    pub told: Value,
    /// The paths that can be opened at both.
    pub routes: Vec<String>,
    serving: Vec<JoinHandle<std::io::Result<()>>>,
    watching: JoinHandle<()>,
}

impl Consoles {
    /// Waits for what was told to end.
    pub async fn ended(self) -> anyhow::Result<()> {
        for serving in self.serving {
            serving.await??;
        }
        self.watching.abort();
        Ok(())
    }
}

pub async fn open(fleet: &Fleet, shutdown: &CancellationToken) -> anyhow::Result<Consoles> {
    let hub = fleet.hub.hub();
    let ground = &hub.ground;
    lapor_hub::console::prepare(ground)?;
    let mut bases = Vec::new();
    let mut serving = Vec::new();
    let mut setup = None;
    let mut paths = Vec::new();
    for second_person in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let bound = listener.local_addr()?;
        let settings = ConsoleSettings {
            listen: bound.to_string().parse()?,
            second_person,
            // A browser logs in more often than an operator does.
            hash_memory_kib: 64,
            ..ConsoleSettings::default()
        };
        let console = Console::with(hub, settings);
        if setup.is_none() {
            setup = console.accounts().setup_link("stage").await?;
        }
        bases.push(format!("http://{bound}"));
        paths = routes::read(&router(&console));
        serving.push(tokio::spawn(serve(console, listener, shutdown.clone())));
    }
    let setup = setup.context("the console has an operator already")?;
    let now = ground.clock.now_ms();
    let key = tokens::create(&ground.db, "grafana", ConsoleRole::Auditor, "stage", now).await?;
    let told = json!({
        "base": bases[0],
        "key": *key,
        "two": bases[1],
        "setup": format!("{SETUP}/{}", setup.reveal()),
    });
    let watched = hub.clone();
    let watching = tokio::spawn(async move { lapor_hub::watch::run(&watched).await });
    Ok(Consoles {
        told,
        routes: paths,
        serving,
        watching,
    })
}
