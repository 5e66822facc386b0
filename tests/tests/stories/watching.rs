//! What operators see: one trace through all programs, readiness that tells
//! what is wrong, and neither in a log nor in a metric a word of a case.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use lapor_hub::monitor::Monitor as HubMonitor;
use lapor_migrations::Kind;
use lapor_node::monitor::Monitor as NodeMonitor;
use lapor_node::tokens::{self, Role};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::{NAME_CANARY, WORDS_CANARY, report};
use lapor_tests::fleet::{Fleet, Institution, kinds};
use lapor_tests::invariants::Canaries;
use lapor_web::log::{LogFormat, LogSettings, Overheard};
use lapor_web::monitor::{self, Monitored};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::prometheus::{ALARMS, BOARDS, PAGE, TRIALS, asked_by};

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A listener on a port of its own, until it is dropped.
struct Listening {
    base: String,
    client: reqwest::Client,
    _until: DropGuard,
}

impl Listening {
    async fn begin<F, E>(serve: impl FnOnce(TcpListener, CancellationToken) -> F) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let token = CancellationToken::new();
        tokio::spawn(serve(listener, token.clone()));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            base,
            client,
            _until: token.drop_guard(),
        }
    }

    async fn watch(program: Arc<dyn Monitored>) -> Self {
        Self::begin(|listener, token| monitor::serve(listener, program, token)).await
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let asked = self.client.get(format!("{}{path}", self.base));
        let answer = asked.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The status of `/readyz`, and that of each check by name.
    async fn readiness(&self) -> (u16, Value) {
        let (status, body) = self.get("/readyz").await;
        (status, serde_json::from_str(&body).unwrap())
    }
}

async fn watch_node(at: &Institution) -> Listening {
    Listening::watch(Arc::new(NodeMonitor(Arc::clone(at.link())))).await
}

async fn watch_hub(fleet: &Fleet) -> Listening {
    Listening::watch(Arc::new(HubMonitor(Arc::clone(fleet.hub.hub())))).await
}

/// Files a report over the API, as an application does that has a trace.
async fn file_over_the_api(at: &Institution) {
    let node = Arc::clone(at.node());
    let token = tokens::create(node.db(), "app", Role::Officer, "story", 0)
        .await
        .unwrap();
    let api = Listening::begin(|l, token| lapor_node::doors::serve(node, l, token)).await;
    let asked = api
        .client
        .post(format!("{}/api/v1/reports", api.base))
        .bearer_auth(token.as_str())
        .header("traceparent", format!("00-{TRACE_ID}-00f067aa0ba902b7-01"))
        .json(&serde_json::to_value(report("Jembatan retak")).unwrap());
    assert_eq!(asked.send().await.unwrap().status(), 201);
}

/// The names of what is counted and measured.
fn metrics_of(shown: &str) -> Vec<&str> {
    let lines = shown.lines();
    let named = lines.filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next());
    named.filter(|name| name.starts_with("lapor_")).collect()
}

/// Whether a line says this within the span of the trace.
fn says(line: &Value, message: &str) -> bool {
    let spans = line["spans"].as_array().into_iter().flatten();
    line["fields"]["message"] == message
        && spans.into_iter().any(|span| span["trace_id"] == TRACE_ID)
}

#[tokio::test]
async fn one_trace_leads_from_the_filing_to_the_other_institution_and_no_word_is_logged_or_counted()
{
    for kind in kinds() {
        let kept = Kept::default();
        let writer = kept.clone();
        let log = LogSettings {
            format: LogFormat::Json,
            ..LogSettings::default()
        };
        let log = log.to(move || writer.clone(), false).unwrap();
        let logging = Overheard::by(log);
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let bandung = fleet.at("kota-bandung");
        let seen_from = [
            watch_hub(&fleet).await,
            watch_node(bandung).await,
            watch_node(fleet.at("pusat")).await,
        ];
        file_over_the_api(bandung).await;
        fleet.settle().await;
        let mut shown = String::new();
        for listening in &seen_from {
            let (status, text) = listening.get("/metrics").await;
            assert_eq!(status, 200);
            shown.push_str(&text);
        }
        fleet.ends_well().await;
        drop(logging);

        let logged = kept.0.lock().unwrap().clone();
        let lines: Vec<Value> = str::from_utf8(&logged)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
            .collect();
        for message in [
            "a report was filed",
            "answered",
            "a message is in order",
            "a message was taken in",
        ] {
            let here = lines.iter().filter(|line| says(line, message)).count();
            assert_eq!(here, 1, "{message}: {}", String::from_utf8_lossy(&logged));
        }
        let canaries = Canaries::new(&[WORDS_CANARY.to_owned(), NAME_CANARY.to_owned()]);
        assert!(canaries.found_in(&logged).is_empty());
        assert!(canaries.found_in(shown.as_bytes()).is_empty());
        for known in [
            "lapor_hub_instance_lag_deliveries{instance=\"pusat\"} 0",
            "lapor_hub_instance_frozen{instance=\"pusat\"} 0",
            "lapor_node_unsent_messages 0",
            "lapor_node_cases{state=\"received\"} 1",
            "lapor_node_filings_total ",
            "lapor_hub_envelopes_accepted_total ",
        ] {
            assert!(shown.contains(known), "{known}");
        }
        let metrics = metrics_of(&shown);
        for name in &metrics {
            assert!(
                PAGE.contains(&format!("`{name}`")),
                "{name} is not explained"
            );
        }
        for board in BOARDS {
            let board: Value = serde_json::from_str(board).unwrap();
            for asked in asked_by(&board) {
                // Of some there is nothing to measure in this story.
                let known = metrics.contains(&&*asked) || PAGE.contains(&format!("`{asked}`"));
                assert!(
                    known,
                    "no program shows what {} asks for: {asked}",
                    board["title"]
                );
            }
        }
        for line in ALARMS.lines() {
            if let Some((_, asked)) = line.split_once("expr: ") {
                assert!(
                    asked.contains("up{") || metrics.iter().any(|name| asked.contains(name)),
                    "no program shows what {asked} asks for"
                );
            }
            if let Some((_, alarm)) = line.split_once("alert: ") {
                assert!(PAGE.contains(alarm), "{alarm} is not explained");
                assert!(TRIALS.contains(alarm), "{alarm} has no trial");
            }
        }
    }
}

#[tokio::test]
async fn a_hub_out_of_reach_degrades_a_node_and_no_more() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        fleet.settle().await;
        let node = watch_node(fleet.at("kota-bandung")).await;
        let (status, ready) = node.readiness().await;
        assert_eq!(
            (status, &ready["status"]),
            (200, &"ready".into()),
            "{ready}"
        );
        fleet.hub.stop().await;
        fleet.at("kota-bandung").attempt().await;
        let (status, ready) = node.readiness().await;
        assert_eq!(
            (status, &ready["status"]),
            (200, &"degraded".into()),
            "{ready}"
        );
        let (_, figures) = node.get("/metrics").await;
        assert!(figures.contains("lapor_node_link_connected 0\n"));
        fleet.hub.start().await;
        fleet.settle().await;
        let (_, ready) = node.readiness().await;
        assert_eq!(ready["status"], "ready", "{ready}");
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_without_room_or_that_was_replaced_is_not_ready_and_says_why() {
    for kind in kinds() {
        let full = |settings: &mut lapor_hub::settings::Settings| {
            settings.monitor.free_disk_bytes = u64::MAX;
        };
        let mut fleet = Fleet::with(kind, &[PUSAT, BANDUNG], 1, full).await;
        fleet.settle().await;
        let hub = watch_hub(&fleet).await;
        let failed = |ready: &Value| -> Vec<String> {
            let checks = ready["checks"].as_array().unwrap();
            let failed = checks.iter().filter(|check| check["status"] == "failed");
            failed
                .map(|check| check["name"].as_str().unwrap().to_owned())
                .collect()
        };
        let (status, ready) = hub.readiness().await;
        assert_eq!((status, failed(&ready)), (503, vec!["disk_space".into()]));
        // On PostgreSQL another process of a hub works beside the first.
        if kind == Kind::Sqlite {
            fleet.hub.be_replaced().await;
            let (status, ready) = hub.readiness().await;
            assert_eq!(status, 503);
            assert!(failed(&ready).contains(&"sequencer".to_owned()), "{ready}");
        }
        fleet.ends_well().await;
    }
}
