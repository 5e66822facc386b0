//! Somebody who has joined: how it connects and asks.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use lapor_certs::tls::{clock, federation_client_config};
use lapor_certs::{Credential, HubUrl, TrustBundle};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::entropy::{Entropy, Seeded};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::{Signer, Verifier};
use lapor_protocol::seal::Opener;
use lapor_protocol::wire::NDJSON;
use rustls::ClientConfig;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::answer::{Answered, read_answer};
use super::asked::Asked;

/// Longer than a hub may take for any answer.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A connection on which anything can be said.
pub type Wire = TlsStream<TcpStream>;

/// What a story makes of an answer before the player sees it.
pub type Forge = dyn Fn(&Asked, Answered) -> Answered + Send + Sync;

/// A member with its keys; nothing keeps it from using them badly.
pub struct Player {
    pub id: InstanceId,
    pub identity: Signer,
    pub signing: Signer,
    pub opener: Opener,
    /// Where its chain stands, or where it says so.
    pub head: ChainHead,
    /// Those with which the hub signed when it joined.
    pub hub_keys: Vec<Verifier>,
    pub bundle: TrustBundle,
    pub credential: Arc<Credential>,
    pub hub: HubUrl,
    pub now_ms: i64,
    /// `None` but where a story tries the checks themselves.
    pub forge: Option<Arc<Forge>>,
    pub(super) dice: Seeded,
}

impl Player {
    /// What it goes by when it connects.
    pub fn tls(&self) -> Result<ClientConfig> {
        self.tls_with(&self.credential)
    }

    /// The same under another certificate.
    pub fn tls_with(&self, credential: &Credential) -> Result<ClientConfig> {
        let now_ms = self.now_ms;
        let time = clock(move || now_ms);
        let config = federation_client_config(credential, &self.bundle, time, Arc::default())?;
        Ok(config)
    }

    /// A TLS connection that speaks `protocol`; nothing has been asked.
    pub async fn wire(&self, protocol: &str) -> io::Result<Wire> {
        let mut config = self.tls().map_err(io::Error::other)?;
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        connect(&self.hub, config).await
    }

    /// Asks over a connection of its own.
    pub async fn ask(&self, asked: &Asked) -> Result<Answered> {
        let wire = self.wire("http/1.1").await;
        let mut wire = wire.context("the hub cannot be reached")?;
        self.ask_over(&mut wire, asked).await
    }

    /// Asks over a connection that is there, and can be used again.
    pub async fn ask_over(&self, wire: &mut Wire, asked: &Asked) -> Result<Answered> {
        let answered = ask_on(wire, asked).await;
        let answered =
            answered.with_context(|| format!("no answer to {} {}", asked.method, asked.path))?;
        Ok(match &self.forge {
            None => answered,
            Some(forge) => forge(asked, answered),
        })
    }

    /// Posts lines as one batch.
    pub async fn push(&self, lines: &[String]) -> Result<Answered> {
        self.ask(&Asked::new("POST", "/outbox").body(NDJSON, lines.join("\n")))
            .await
    }

    pub async fn get(&self, path: &str) -> Result<Answered> {
        self.ask(&Asked::new("GET", path)).await
    }

    pub async fn post(&self, path: &str, json: impl Into<Vec<u8>>) -> Result<Answered> {
        self.ask(&Asked::new("POST", path).body("application/json", json))
            .await
    }

    /// Where the hub says that its chain stands.
    pub async fn head_at_hub(&self) -> Result<ChainHead> {
        let head: lapor_protocol::wire::OutboxHead = self.get("/outbox/head").await?.taken()?;
        Ok(head.head)
    }

    /// The key of the hub that signed an envelope.
    pub fn hub_key(&self, envelope: &Envelope) -> Option<Verifier> {
        let mut keys = self.hub_keys.iter();
        keys.find(|key| *key.kid() == envelope.kid).cloned()
    }

    pub fn entropy(&mut self) -> &mut dyn Entropy {
        &mut self.dice
    }

    pub(super) fn dice(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        self.dice.fill(&mut bytes);
        bytes
    }
}

/// Asks on a connection that may be used again.
pub async fn ask_on(wire: &mut Wire, asked: &Asked) -> io::Result<Answered> {
    wire.write_all(&asked.bytes()).await?;
    wire.flush().await?;
    let answer = read_answer(wire, asked.method == "HEAD");
    tokio::time::timeout(PATIENCE, answer)
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// A TLS connection to a listener of the hub.
pub async fn connect(hub: &HubUrl, config: ClientConfig) -> io::Result<Wire> {
    let name = hub.server_name();
    let stream = TcpStream::connect((name.to_str().as_ref(), hub.port())).await;
    let stream = stream.map_err(|error| io::Error::new(error.kind(), format!("{hub}: {error}")))?;
    stream.set_nodelay(true)?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}
