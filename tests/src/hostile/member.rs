//! The hostile member: how it joins, connects and asks.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use http::Version;
use lapor_certs::tls::{clock, enrolment_client_config, federation_client_config};
use lapor_certs::{Credential, EnrolRequest, EnrolResponse, HubUrl, Invitation, TlsKey};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::entropy::{Entropy as _, Seeded};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::Signer;
use lapor_protocol::seal::Opener;
use lapor_protocol::wire::{NDJSON, PREFIX, VERSION, VERSION_HEADER};
use rustls::ClientConfig;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::answer::{Answered, read_answer};

/// Longer than the hub may take for any answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(40);

/// A connection on which anything can be said.
pub type Wire = TlsStream<TcpStream>;

/// A member with its keys; nothing keeps it from using them badly.
pub struct Hostile {
    pub id: InstanceId,
    pub identity: Signer,
    pub signing: Signer,
    pub opener: Opener,
    /// Where its chain stands, or where it says so.
    pub head: ChainHead,
    pub(super) dice: Seeded,
    config: ClientConfig,
    hub: HubUrl,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    method: &'static str,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    /// Below the prefix, with the version and nothing else.
    pub fn new(method: &'static str, path: &str) -> Self {
        Self {
            method,
            path: format!("{PREFIX}{path}"),
            headers: vec![(VERSION_HEADER.into(), VERSION.into())],
            body: Vec::new(),
        }
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    #[must_use]
    pub fn body(mut self, media: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", media)
    }

    /// As it goes over HTTP/1.1.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: hub\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        if !self.body.is_empty() || self.method != "GET" {
            let length = self.body.len().to_string();
            head.extend(["content-length: ", &length, "\r\n"]);
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

impl Hostile {
    /// Pastes the line of an invitation, like everybody else. Keys follow from
    /// `seed`, the time is that of the hub.
    pub async fn join(line: &str, seed: u8, now_ms: i64) -> Result<Self> {
        let invitation: Invitation = line.parse()?;
        let [identity, signing] = [seed, seed + 1].map(|seed| Signer::from_seed(&[seed; 32]));
        let opener = Opener::from_seed(&[seed + 2; 32]);
        let tls = TlsKey::generate();
        let sealing = opener.public().sealing_key()?;
        let csr = tls.request();
        let request = EnrolRequest::build(&invitation, csr, &identity, &signing, &sealing);
        let answered = enrol(&invitation, &serde_json::to_vec(&request)?, now_ms).await?;
        anyhow::ensure!(answered.status == 201, "{:?}", answered.problem());
        let answer: EnrolResponse = answered.json();
        let accepted = answer.check(&invitation, &tls.public())?;
        let credential = Credential::new(accepted.chain, tls)?;
        let time = clock(move || now_ms);
        let config = federation_client_config(&credential, &accepted.bundle, time, Arc::default())?;
        Ok(Self {
            id: invitation.instance,
            identity,
            signing,
            opener,
            head: ChainHead::START,
            dice: Seeded::new(u64::from(seed)),
            config,
            hub: answer.federation_url,
        })
    }

    /// A TLS connection that speaks `protocol`; nothing has been asked.
    pub async fn wire(&self, protocol: &str) -> io::Result<Wire> {
        let mut config = self.config.clone();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        connect(&self.hub, config).await
    }

    /// A well-behaved client over HTTP/2.
    pub fn client(&self) -> reqwest::Client {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(self.config.clone())
            .no_proxy()
            .timeout(PATIENCE)
            .build();
        client.expect("a client")
    }

    /// The whole address of a path below the prefix.
    pub fn url(&self, path: &str) -> String {
        format!("{}{PREFIX}{path}", self.hub)
    }

    /// Asks over a connection of its own.
    pub async fn ask(&self, asked: &Asked) -> Answered {
        let mut wire = self.wire("http/1.1").await.expect("a handshake");
        ask_on(&mut wire, asked).await.expect("an answer")
    }

    /// The same over HTTP/2.
    pub async fn ask_h2(&self, asked: &Asked) -> Answered {
        let url = format!("{}{}", self.hub, asked.path);
        let method = asked.method.parse().expect("a method");
        let mut request = self.client().request(method, url).body(asked.body.clone());
        for (name, value) in &asked.headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.version(), Version::HTTP_2);
        let headers = answer.headers().iter();
        let headers: BTreeMap<_, _> = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or("").to_owned()))
            .collect();
        Answered {
            status: answer.status().as_u16(),
            headers,
            body: answer.bytes().await.expect("a body").to_vec(),
        }
    }

    /// Posts lines as one batch.
    pub async fn push(&self, lines: &[String]) -> Answered {
        self.ask(&Asked::new("POST", "/outbox").body(NDJSON, lines.join("\n")))
            .await
    }

    pub async fn get(&self, path: &str) -> Answered {
        self.ask(&Asked::new("GET", path)).await
    }

    pub async fn post(&self, path: &str, json: impl Into<Vec<u8>>) -> Answered {
        self.ask(&Asked::new("POST", path).body("application/json", json))
            .await
    }

    /// Where the hub says that its chain stands.
    pub async fn head_at_hub(&self) -> ChainHead {
        let head: lapor_protocol::wire::OutboxHead = self.get("/outbox/head").await.json();
        head.head
    }

    pub(super) fn dice(&mut self) -> [u8; 10] {
        let mut bytes = [0; 10];
        self.dice.fill(&mut bytes);
        bytes
    }
}

/// Posts to `/enrol` whatever it is given.
pub async fn enrol(invitation: &Invitation, body: &[u8], now_ms: i64) -> Result<Answered> {
    let pins = [invitation.root_pin];
    let mut config = enrolment_client_config(&pins, clock(move || now_ms), Arc::default())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let mut wire = connect(&invitation.enrolment_url, config).await?;
    let asked = Asked::new("POST", "/enrol").body("application/json", body);
    ask_on(&mut wire, &asked).await.context("the hub hung up")
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

async fn connect(hub: &HubUrl, config: ClientConfig) -> io::Result<Wire> {
    let stream = TcpStream::connect(address(hub)).await?;
    stream.set_nodelay(true)?;
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(hub.server_name(), stream).await
}

fn address(hub: &HubUrl) -> String {
    let (_, rest) = hub.as_str().split_once("//").expect("an address");
    rest.to_owned()
}
