//! The idle nodes, in a process of their own: each with its own certificate,
//! one HTTP/2 connection, and the three long polls that a node holds.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use lapor_certs::tls::{self, ClockDoubt};
use lapor_certs::{Credential, TrustBundle};
use lapor_node::clock::{Clock as _, SystemClock};
use lapor_protocol::limits::LONG_POLL_SECONDS;
use lapor_protocol::wire::{PREFIX, VERSION, VERSION_HEADER};
use tokio::task::JoinSet;

/// Handshakes under way at once.
const ABREAST: usize = 16;

/// Connects all, says after how many seconds they were, and polls until it is killed.
pub async fn run(folder: &Path) -> Result<()> {
    let url = std::fs::read_to_string(folder.join("url"))?;
    let version = std::fs::read_to_string(folder.join("directory"))?;
    let roots = TrustBundle::from_pem(&std::fs::read_to_string(folder.join("roots"))?)?;
    let files = std::fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    let files = files.into_iter().map(|entry| entry.path());
    let clients: Vec<reqwest::Client> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "pem"))
        .map(|path| client(&path, &roots))
        .collect::<Result<_>>()?;
    let began = Instant::now();
    let polls = [
        format!("{url}{PREFIX}/inbox?limit=500"),
        format!("{url}{PREFIX}/public?limit=500"),
        format!("{url}{PREFIX}/directory?since={version}"),
    ];
    for group in clients.chunks(ABREAST) {
        let first = group.iter().map(|client| poll(client, &polls[0], 0));
        futures_util::future::try_join_all(first).await?;
    }
    println!("connected {:.3}", began.elapsed().as_secs_f64());
    let mut waiting = JoinSet::new();
    for client in clients {
        for url in &polls {
            let (client, url) = (client.clone(), url.clone());
            waiting.spawn(async move {
                loop {
                    poll(&client, &url, LONG_POLL_SECONDS).await?;
                }
            });
        }
    }
    // None of them ever ends well.
    waiting.join_next().await.context("nobody polls")??
}

async fn poll(client: &reqwest::Client, url: &str, wait: u64) -> Result<()> {
    let request = client.get(format!("{url}&wait={wait}"));
    let answer = request.header(VERSION_HEADER, VERSION).send().await?;
    let status = answer.status();
    let body = answer.bytes().await?;
    ensure!(
        status.is_success(),
        "{url}: {status} {}",
        String::from_utf8_lossy(&body)
    );
    Ok(())
}

fn client(credential: &Path, roots: &TrustBundle) -> Result<reqwest::Client> {
    let credential = Credential::load(credential)?;
    let clock = tls::clock(|| SystemClock.now_ms());
    let doubt = Arc::new(ClockDoubt::default());
    let config = tls::federation_client_config(&credential, roots, clock, doubt)?;
    Ok(reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .https_only(true)
        .no_proxy()
        .tcp_nodelay(true)
        .timeout(Duration::from_secs(LONG_POLL_SECONDS + 60))
        .build()?)
}
