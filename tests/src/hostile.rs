//! The hostile member of the stories: a player of the conformance kit whose
//! answers are asserted to keep the contract, however badly it asks.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Deref, DerefMut};

use anyhow::Result;
use http::Version;
use lapor_certs::Invitation;
use lapor_conform::client::{Answered, Applicant, Door, Keys, PATIENCE, Player};
use lapor_protocol::chain::ChainHead;
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::wire::PREFIX;
use serde::de::DeserializeOwned;
use tokio::io::AsyncRead;

pub use lapor_conform::client::{
    Asked, Frame, Frames, Said, Wire, in_tree, seconded, with_signature,
};

/// A member with its keys; nothing keeps it from using them badly.
pub struct Hostile(Player);

/// What it was answered.
#[derive(Debug, Clone)]
pub struct Told(Answered);

impl Hostile {
    /// Pastes the line of an invitation, like everybody else. Keys follow from
    /// `seed`, the time is that of the hub.
    pub async fn join(line: &str, seed: u8, now_ms: i64) -> Result<Self> {
        let applicant = Applicant::new(line, Keys::from_seed(seed), now_ms)?;
        Ok(Self(applicant.join().await?.player))
    }

    /// A well-behaved client over HTTP/2.
    pub fn client(&self) -> reqwest::Client {
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls().expect("a configuration"))
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
    pub async fn ask(&self, asked: &Asked) -> Told {
        Told(self.0.ask(asked).await.expect("an answer"))
    }

    /// The same over HTTP/2.
    pub async fn ask_h2(&self, asked: &Asked) -> Told {
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
        Told(Answered {
            status: answer.status().as_u16(),
            headers,
            body: answer.bytes().await.expect("a body").to_vec(),
        })
    }

    /// Posts lines as one batch.
    pub async fn push(&self, lines: &[String]) -> Told {
        Told(self.0.push(lines).await.expect("an answer"))
    }

    pub async fn get(&self, path: &str) -> Told {
        Told(self.0.get(path).await.expect("an answer"))
    }

    pub async fn post(&self, path: &str, json: impl Into<Vec<u8>>) -> Told {
        Told(self.0.post(path, json).await.expect("an answer"))
    }

    /// Where the hub says that its chain stands.
    pub async fn head_at_hub(&self) -> ChainHead {
        self.0.head_at_hub().await.expect("a head")
    }
}

impl Deref for Hostile {
    type Target = Player;

    fn deref(&self) -> &Player {
        &self.0
    }
}

impl DerefMut for Hostile {
    fn deref_mut(&mut self) -> &mut Player {
        &mut self.0
    }
}

impl Told {
    /// The code of a refusal; `None` for a success.
    pub fn code(&self) -> Option<Code> {
        let code = self.0.refused().expect("the form of the contract");
        if let Some(code) = code {
            assert_eq!(self.problem().title, code.title());
        }
        code
    }

    pub fn problem(&self) -> Problem {
        self.0.problem().expect("the form of the contract")
    }

    pub fn json<T: DeserializeOwned>(&self) -> T {
        self.0.read().expect("the form of the contract")
    }

    /// What a batch ran into: the code of the request's refusal, or of the
    /// first message that was not accepted.
    pub fn verdict(&self) -> Option<Code> {
        self.0.ran_into().expect("the form of the contract")
    }
}

impl Deref for Told {
    type Target = Answered;

    fn deref(&self) -> &Answered {
        &self.0
    }
}

/// Posts to `/enrol` whatever it is given.
pub async fn enrol(invitation: &Invitation, body: &[u8], now_ms: i64) -> Result<Told> {
    let door = Door {
        invitation: invitation.clone(),
        now_ms,
        forge: None,
    };
    Ok(Told(door.post("/enrol", body).await?))
}

/// Asks on a connection that may be used again.
pub async fn ask_on(wire: &mut Wire, asked: &Asked) -> io::Result<Told> {
    lapor_conform::client::ask_on(wire, asked).await.map(Told)
}

/// Reads one HTTP/1.1 answer; `bare` is one to HEAD, without a body.
pub async fn read_answer(stream: &mut (impl AsyncRead + Unpin), bare: bool) -> io::Result<Told> {
    lapor_conform::client::read_answer(stream, bare)
        .await
        .map(Told)
}
