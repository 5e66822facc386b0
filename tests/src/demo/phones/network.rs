//! The network of text messages: with Kannel between the node and a message centre where Kannel is
//! installed, else with a stand-in of Kannel. The gateway is the demo's own, in the demo's folder.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use lapor_certs::write_private;
use lapor_stand_ins::kannel::Gateway;
use lapor_stand_ins::smsc::{self, Event, Smsc};
use lapor_stand_ins::telephone;
use lapor_web::chance::random;

use super::bubbles::{Bubbles, By};
use super::lines::Line;
use crate::demo::PATIENCE;
use crate::demo::federation::listening;
use crate::demo::programs::{alone, installed};
use crate::demo::troupe::Troupe;
use lapor_stand_ins::ports::{self, Reserved};

/// Who writes; nobody has such a number.
const FROM: &str = "+6281200000017";
/// How often the stand-in of the gateway is looked at.
const LOOK: Duration = Duration::from_millis(200);
/// Admin, smsbox, sendsms.
const PORTS: usize = 3;
pub const USERNAME: &str = "lapor";

pub enum Network {
    Kannel {
        smsc: Box<Smsc>,
        boxes: Boxes,
    },
    StandIn {
        gateway: Gateway,
        at: OnceLock<String>,
    },
}

/// The programs of Kannel.
pub struct Boxes {
    bearerbox: PathBuf,
    smsbox: PathBuf,
}

/// What a gateway is told about the node and the demo.
pub struct Way<'a> {
    /// Where the node is handed messages.
    pub receive_url: &'a str,
    /// Of whoever asks to say something.
    pub password: &'a str,
    pub folder: &'a Path,
    pub troupe: &'a Troupe,
}

impl Boxes {
    fn installed() -> Option<Self> {
        Some(Self {
            bearerbox: installed("bearerbox")?,
            smsbox: installed("smsbox")?,
        })
    }
}

impl Network {
    pub async fn open() -> anyhow::Result<Self> {
        let Some(boxes) = Boxes::installed() else {
            return Ok(Self::StandIn {
                gateway: Gateway::open().await,
                at: OnceLock::new(),
            });
        };
        let smsc = Box::new(Smsc::open().await?);
        Ok(Self::Kannel { smsc, boxes })
    }

    /// What stands between the node and the network.
    pub fn via(&self) -> &'static str {
        match self {
            Self::Kannel { .. } => "kannel",
            Self::StandIn { .. } => "stand_in",
        }
    }

    /// Starts the gateway; says where it is asked to say something.
    pub async fn start(&self, way: &Way<'_>) -> anyhow::Result<String> {
        match self {
            Self::Kannel { smsc, boxes } => start(smsc, boxes, way).await,
            Self::StandIn { gateway, at } => {
                at.get_or_init(|| way.receive_url.to_owned());
                Ok(gateway.send_url.clone())
            }
        }
    }

    /// Somebody writes, in as many messages as it takes.
    pub async fn writes(&self, text: &str) -> anyhow::Result<()> {
        match self {
            Self::Kannel { smsc, .. } => {
                let [reference] = random::<1>();
                for part in telephone::written(FROM, text, reference) {
                    let handed = tokio::time::timeout(PATIENCE, smsc.delivers(&part)).await;
                    let status = handed.context("Kannel does not answer the message centre")?;
                    ensure!(
                        status == Some(0),
                        "Kannel answers the message centre {status:?}"
                    );
                }
                Ok(())
            }
            Self::StandIn { gateway, at } => {
                let at = at.get().context("the gateway does not know the node yet")?;
                let id = hex::encode(random::<16>());
                let status = gateway.hands_over(at, (&id, FROM, text)).await?;
                ensure!(status == 200, "the node answers the gateway {status}");
                Ok(())
            }
        }
    }

    /// Notes what people are told, for as long as the demo plays.
    pub async fn listen(&self, bubbles: &Bubbles) {
        match self {
            Self::Kannel { smsc, .. } => {
                while let Some(event) = smsc.next().await {
                    let Event::Submitted(said) = event else {
                        continue;
                    };
                    bubbles.add(Line::Sms, By::Institution, telephone::shown(&said));
                    if said.wants_receipt {
                        // Where the line has just gone nobody waits for it.
                        let _ = smsc.receipt(&said.id, "DELIVRD").await;
                    }
                }
            }
            Self::StandIn { gateway, .. } => {
                let mut every = tokio::time::interval(LOOK);
                loop {
                    every.tick().await;
                    for asked in gateway.taken() {
                        let text = asked.get("text").cloned().unwrap_or_default();
                        bubbles.add(Line::Sms, By::Institution, text);
                    }
                }
            }
        }
    }
}

async fn start(smsc: &Smsc, boxes: &Boxes, way: &Way<'_>) -> anyhow::Result<String> {
    let spool = way.folder.join("spool");
    std::fs::create_dir_all(&spool)
        .with_context(|| format!("{} cannot be made", spool.display()))?;
    let mut reserved = ports::reserve(PORTS)?;
    let addresses: Vec<SocketAddr> = reserved.iter().map(Reserved::address).collect();
    let file = way.folder.join("kannel.conf");
    write_private(
        &file,
        configuration(smsc, way, &spool, &addresses).as_bytes(),
    )
    .with_context(|| format!("{} cannot be written", file.display()))?;
    reserved.iter_mut().for_each(Reserved::release);
    let run = |program: &Path, log: &str| {
        let mut command = alone(program);
        command.args(["-v", "2"]).arg(&file).current_dir(way.folder);
        let started = way.troupe.start(command, &way.folder.join(log));
        started.with_context(|| format!("{} cannot be started", program.display()))
    };
    run(&boxes.bearerbox, "bearerbox.log")?;
    let bound = tokio::time::timeout(PATIENCE, smsc.bound()).await;
    bound.context("Kannel does not come to the message centre")?;
    listening(addresses[1])
        .await
        .context("bearerbox does not listen")?;
    run(&boxes.smsbox, "smsbox.log")?;
    listening(addresses[2])
        .await
        .context("smsbox does not listen")?;
    Ok(format!("http://{}/cgi-bin/sendsms", addresses[2]))
}

/// As `docs/channels.md` has it, with a message centre by SMPP.
fn configuration(smsc: &Smsc, way: &Way<'_>, spool: &Path, addresses: &[SocketAddr]) -> String {
    let [admin, inner, sendsms] = [0, 1, 2].map(|at| addresses[at].port());
    let (spool, password, receive_url) = (spool.display(), way.password, way.receive_url);
    let port = smsc.address.rsplit(':').next().unwrap_or_default();
    let (system_id, centre_password) = (smsc::SYSTEM_ID, smsc::PASSWORD);
    format!(
        r#"group = core
admin-port = {admin}
admin-password = "{password}"
admin-interface = 127.0.0.1
smsbox-port = {inner}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
store-type = spool
store-location = "{spool}"
sms-combine-concatenated-mo = true

group = smsc
smsc = smpp
smsc-id = CENTRE
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = {system_id}
smsc-password = {centre_password}
system-type = ""

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1
http-request-retry = 1000
http-queue-delay = 1
reply-couldnotfetch = ""
reply-couldnotrepresent = ""
reply-requestfailed = ""
reply-emptymessage = ""

group = sms-service
keyword = default
catch-all = true
omit-empty = true
accept-x-kannel-headers = true
max-messages = 0
get-url = "{receive_url}?id=%I&dari=%p&coding=%c&charset=%C&isi=%b"

group = sendsms-user
username = {USERNAME}
password = "{password}"
concatenation = true
max-messages = 1
"#
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::Query;
    use axum::routing::get;
    use tokio::net::TcpListener;

    use super::*;
    use crate::demo::api;

    type Asked = Arc<Mutex<Vec<BTreeMap<String, String>>>>;

    /// Something that is handed messages; says where, and what it was handed.
    async fn node() -> (String, Asked) {
        let asked = Asked::default();
        let handed = Arc::clone(&asked);
        let take = async move |Query(one): Query<BTreeMap<String, String>>| {
            handed.lock().unwrap().push(one);
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("http://{}/masuk", listener.local_addr().unwrap());
        let router = Router::new().route("/masuk", get(take));
        tokio::spawn(async move { axum::serve(listener, router).await });
        (at, asked)
    }

    #[tokio::test]
    async fn without_kannel_a_stand_in_hands_over_and_what_is_said_is_noted() {
        lapor_certs::tls::install_default_provider();
        let network = Network::StandIn {
            gateway: Gateway::open().await,
            at: OnceLock::new(),
        };
        assert!(
            network.writes("Lampu padam").await.is_err(),
            "nobody is there yet"
        );
        let (receive_url, asked) = node().await;
        let home = tempfile::tempdir().unwrap();
        let (troupe, _) = Troupe::new();
        let way = Way {
            receive_url: &receive_url,
            password: "sandi",
            folder: home.path(),
            troupe: &troupe,
        };
        let send_url = network.start(&way).await.unwrap();
        network.writes("Lampu & jalan").await.unwrap();
        let handed = asked.lock().unwrap().remove(0);
        assert_eq!(
            (handed["dari"].as_str(), handed["isi"].as_str()),
            (FROM, "Lampu & jalan")
        );

        let says = api::client().unwrap().get(&send_url);
        let says = says.query(&[("to", FROM), ("text", "Nomor tiket: 1")]);
        says.send().await.unwrap();
        let bubbles = Bubbles::open(home.path().join("telepon.json")).unwrap();
        let heard = tokio::select! {
            heard = bubbles.hears(Line::Sms, 0, "tiket") => heard.unwrap(),
            () = network.listen(&bubbles) => unreachable!("it listens for ever"),
        };
        assert_eq!(heard, "Nomor tiket: 1");
    }
}
