//! With the real Kannel: its gateway takes from a network by SMPP and from its own `fakesmsc`, asks
//! this node, and carries the answers and the receipts back. That Kannel's own client is content
//! with our message centre proves this too.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use lapor_migrations::on;
use lapor_migrations::throwaway::TestDb;
use lapor_stand_ins::ports::{self, Reserved};
use lapor_stand_ins::smsc::{self, Sms, Smsc};
use lapor_web::serving;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use super::spoken::{REPORT, SITI, sms};
use super::{SECRET, settings};
use crate::channels::sms::alphabet;
use crate::channels::{Lines, run};
use crate::node::Node;
use crate::testing::{Place, databases};

const BEARERBOX: &str = "/usr/sbin/bearerbox";
const SMSBOX: &str = "/usr/sbin/smsbox";
const FAKESMSC: &str = "/usr/lib/kannel/test/fakesmsc";
const GLANCE: Duration = Duration::from_millis(50);
/// Kannel takes seconds; where a program of it ends early, nothing else would.
const PATIENCE: Duration = Duration::from_mins(2);
/// Each goes back to the network from which they wrote.
const BY_SMPP: &str = "+62812";
const BY_FAKE: &str = "+62813";
const BUDI: &str = "+628139999999";

struct Ports {
    admin: Reserved,
    box_: Reserved,
    fake: Reserved,
    sendsms: Reserved,
}

impl Ports {
    fn reserved() -> Self {
        let ports = ports::reserve(4).unwrap().try_into();
        let [admin, box_, fake, sendsms] = ports.unwrap_or_else(|_| unreachable!("four"));
        Self {
            admin,
            box_,
            fake,
            sendsms,
        }
    }

    /// Before Kannel listens on them.
    fn release(&mut self) {
        for port in [
            &mut self.admin,
            &mut self.box_,
            &mut self.fake,
            &mut self.sendsms,
        ] {
            port.release();
        }
    }
}

/// Whether Kannel is here; where everything is proved it must be.
fn is_here() -> bool {
    let here = [BEARERBOX, SMSBOX, FAKESMSC]
        .iter()
        .all(|at| Path::new(at).exists());
    assert!(
        here || std::env::var_os("CI").is_none(),
        "no Kannel here: `.ci/need kannel`"
    );
    if !here {
        println!("left out: no Kannel here; `.ci/need kannel` installs it");
    }
    here
}

fn configuration(ports: &Ports, smsc: &str, node: &str) -> String {
    let [admin, box_, fake, sendsms] =
        [&ports.admin, &ports.box_, &ports.fake, &ports.sendsms].map(|port| port.address().port());
    let port = smsc.rsplit(':').next().unwrap();
    let (system_id, password) = (smsc::SYSTEM_ID, smsc::PASSWORD);
    format!(
        r#"group = core
admin-port = {admin}
admin-password = bar
admin-interface = 127.0.0.1
smsbox-port = {box_}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"
sms-combine-concatenated-mo = true

group = smsc
smsc = smpp
smsc-id = SMPP
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = {system_id}
smsc-password = {password}
system-type = ""
allowed-prefix = "{BY_SMPP}"

group = smsc
smsc = fake
smsc-id = FAKE
port = {fake}
connect-allow-ip = "127.0.0.1"
allowed-prefix = "{BY_FAKE}"

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
get-url = "http://{node}/saluran/sms/kannel/{SECRET}?id=%I&dari=%p&coding=%c&charset=%C&isi=%b"

group = sendsms-user
username = lapor
password = "sandi kannel"
concatenation = true
max-messages = 1
"#
    )
}

fn started(program: &str, folder: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(program);
    let command = command.args(arguments).current_dir(folder);
    let command = command.stdin(Stdio::null()).stdout(Stdio::null());
    command
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Reads what a program says until a line has all of these words; the rest of it is read away.
async fn says(child: &mut Child, words: &[&str]) -> String {
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut all = String::new();
    while let Some(line) = lines.next_line().await.unwrap() {
        if words.iter().all(|word| line.contains(word)) {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return line;
        }
        all.push_str(&line);
        all.push('\n');
    }
    panic!("it ended without saying {words:?}:\n{all}");
}

async fn is_open(port: &Reserved) {
    while TcpStream::connect(port.address()).await.is_err() {
        tokio::time::sleep(GLANCE).await;
    }
}

async fn until_delivered(node: &Node, count: i64) {
    const SQL: &str = "select count(*) from channel_outbox where state = 'delivered'";
    loop {
        let mut tx = node.read_tx().await.unwrap();
        let delivered: i64 = on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_one(c).await).unwrap();
        drop(tx);
        if delivered == count {
            return;
        }
        tokio::time::sleep(GLANCE).await;
    }
}

#[tokio::test]
async fn the_real_kannel_carries_messages_answers_and_receipts() {
    if !is_here() {
        return;
    }
    for db in databases().await {
        let carried = tokio::time::timeout(PATIENCE, Box::pin(carries(db)));
        carried.await.expect("Kannel does its work");
    }
}

async fn carries(db: TestDb) {
    let folder = tempfile::tempdir().unwrap();
    let smsc = Smsc::open().await.unwrap();
    let mut ports = Ports::reserved();
    let mut place = Place::joined("kota-bandung", db).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let send_url = format!("http://{}/cgi-bin/sendsms", ports.sendsms.address());
    let mut sms_settings = settings(&place.settings.node.keys, &send_url);
    sms_settings.kannel.node_url = Some(format!("http://{at}"));
    place.settings.channels.sms = sms_settings;
    place.node = place.reopened().await;
    let (node, stop) = (place.node.clone(), CancellationToken::new());
    let router = crate::doors::router(node.clone());
    tokio::spawn(serving::serve(listener, router, stop.clone()));
    let lines = Lines::of(&node.settings().channels).unwrap();
    let running = tokio::spawn(run(Arc::clone(&node), lines, stop.clone()));

    let file = folder.path().join("kannel.conf");
    std::fs::write(&file, configuration(&ports, &smsc.address, &at)).unwrap();
    let file = file.to_str().unwrap();
    ports.release();
    let mut bearerbox = started(BEARERBOX, folder.path(), &["-v", "1", file]);
    assert_eq!(smsc.bound().await, Some("transceiver"), "Kannel binds");
    is_open(&ports.box_).await;
    let mut smsbox = started(SMSBOX, folder.path(), &["-v", "1", file]);
    is_open(&ports.sendsms).await;
    let mut network = bearerbox.stderr.take().unwrap();
    tokio::spawn(async move { tokio::io::copy(&mut network, &mut tokio::io::sink()).await });
    let mut boxed = smsbox.stderr.take().unwrap();
    let logged = tokio::spawn(async move {
        let mut log = Vec::new();
        boxed.read_to_end(&mut log).await.map(|_| log)
    });

    // In two parts with other letters, by the network.
    for (place, text) in [
        (1, "Saluran air \u{201c}mampet\u{201d} "),
        (2, "sejak kemarin di Sukajadi."),
    ] {
        let part = Sms {
            header: vec![5, 0, 3, 77, 2, place],
            coding: 8,
            text: alphabet::to_wide(text),
            ..sms(SITI, "")
        };
        assert_eq!(smsc.delivers(&part).await, Some(0));
    }
    let said = smsc.submitted().await.unwrap();
    assert_eq!(said.to.trim_start_matches('+'), &SITI[1..]);
    let text = alphabet::from_septets(&said.bytes);
    assert!(text.starts_with("Laporan Anda kami terima"), "{text}");
    assert_eq!(smsc.receipt(&said.id, "DELIVRD").await, Some(0));
    until_delivered(&node, 1).await;

    // By Kannel's own telephone.
    let message = format!("{BUDI} {} text {REPORT}", smsc::NUMBER);
    let port = ports.fake.address().port().to_string();
    let arguments = [
        "-H",
        "127.0.0.1",
        "-r",
        &port,
        "-i",
        "1",
        "-m",
        "1",
        &message,
    ];
    let mut telephone = started(FAKESMSC, folder.path(), &arguments);
    let got = says(&mut telephone, &["Got message", "tiket"]).await;
    assert!(got.contains(BUDI), "{got}");

    let mut tx = node.read_tx().await.unwrap();
    let cases: i64 =
        on!(&mut tx, c => sqlx::query_scalar("select count(*) from cases").fetch_one(c).await)
            .unwrap();
    assert_eq!(cases, 2);
    drop(tx);
    stop.cancel();
    running.await.unwrap();
    smsbox.kill().await.unwrap();
    let log = logged.await.unwrap().unwrap();
    let log = String::from_utf8_lossy(&log);
    assert!(
        !log.contains("Tried to set"),
        "an answer of ours is taken as it is:\n{log}"
    );
}
