//! What operators see: one trace through all programs, readiness that tells
//! what is wrong, and neither in a log nor in a metric a word of a case.

use std::collections::BTreeSet;
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

const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

const PAGE: &str = include_str!("../../../docs/operations.md");
const ALARMS: &str = include_str!("../../../docs/prometheus/lapor.rules.yml");
const SCRAPING: &str = include_str!("../../../docs/prometheus/prometheus.yml");
const TRIALS: &str = include_str!("../../../docs/prometheus/lapor.rules.test.yml");
const BOARDS: [&str; 2] = [
    include_str!("../../../docs/grafana/lapor-federation.json"),
    include_str!("../../../docs/grafana/lapor-node.json"),
];

/// What a hub tells of its process or machine, apart from what it counts.
const OF_ONE_PROCESS: [&str; 5] = [
    "lapor_hub_free_disk_bytes",
    "lapor_hub_long_polls",
    "lapor_hub_open_connections",
    "lapor_hub_sequencer_fenced",
    "lapor_hub_sequencer_queue_batches",
];

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

/// What a dashboard asks Prometheus.
fn expressions_of(board: &Value) -> Vec<&str> {
    let panels = board["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array());
    let asked = targets.flatten().map(|of| of["expr"].as_str().unwrap());
    asked.collect()
}

/// The metrics that a dashboard asks for; the parts of a histogram as the histogram.
fn asked_by(board: &Value) -> Vec<String> {
    let asked = expressions_of(board).into_iter();
    let names = asked.flat_map(|expr| expr.split(|c: char| !is_word(c)));
    let names = names.filter(|name| name.starts_with("lapor_"));
    names
        .map(|name| name.trim_end_matches("_bucket").to_owned())
        .collect()
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// An aggregation in an expression.
struct Aggregation<'a> {
    operator: &'a str,
    labels: Vec<&'a str>,
    /// Whether it keeps these labels and no other, or leaves them out.
    keeps: bool,
}

impl<'a> Aggregation<'a> {
    /// Of what stands before a parenthesis, if that is one of which each of several equals gives one.
    fn before(parenthesis: &'a str) -> Option<Self> {
        let text = parenthesis.trim_end();
        let listed = text.strip_suffix(')').and_then(|it| it.rsplit_once('('));
        let (text, labels) = listed.unwrap_or((text, ""));
        let text = text.trim_end();
        let without = text.strip_suffix(" without");
        let operator = without.or_else(|| text.strip_suffix(" by")).unwrap_or(text);
        let operator = operator.rsplit(|c: char| !is_word(c)).next()?;
        ["max", "min", "sum"].contains(&operator).then(|| Self {
            operator,
            labels: labels.split(", ").collect(),
            keeps: without.is_none(),
        })
    }

    fn drops(&self, label: &str) -> bool {
        self.keeps != self.labels.contains(&label)
    }

    /// Makes one of what all hubs tell of each institution.
    fn is_of_an_institution(&self) -> bool {
        self.operator != "sum" && !self.keeps && self.labels == ["replica"]
    }

    /// Makes one of what all hubs tell of their database.
    fn is_of_a_database(&self) -> bool {
        self.operator != "sum" && self.drops("instance") && self.drops("replica")
    }
}

/// The metrics of hubs that an expression asks for, each with the aggregations around it.
fn asked_of_hubs(expr: &str) -> Vec<(&str, Vec<Aggregation<'_>>)> {
    let places = expr.match_indices("lapor_hub_");
    let metrics = places.map(|(at, _)| {
        let (before, rest) = expr.split_at(at);
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        let mut open = Vec::new();
        for (at, c) in before.char_indices() {
            match c {
                '(' => open.push(&before[..at]),
                ')' => {
                    open.pop();
                }
                _ => {}
            }
        }
        let around = open.into_iter().filter_map(Aggregation::before);
        let around: Vec<Aggregation<'_>> = around.collect();
        (&rest[..end], around)
    });
    metrics.collect()
}

/// Whether something is of one process or machine, and not of the database that hubs share.
fn is_of_one_process(metric: &str) -> bool {
    let counted = ["_total", "_bucket"];
    counted.iter().any(|end| metric.ends_with(end)) || OF_ONE_PROCESS.contains(&metric)
}

/// How a job is scraped.
fn job(name: &str) -> &'static str {
    let mut jobs = SCRAPING.split("- job_name: ").skip(1);
    jobs.find(|job| job.lines().next() == Some(name)).unwrap()
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

/// What the hub tells of an institution bears its slug as `instance`; a job that does not honour that
/// calls all of them by the hub's address.
#[test]
fn what_is_scraped_bears_the_names_that_alarms_and_dashboards_go_by() {
    for (name, port, honours) in [("lapor-hub", 7445, true), ("lapor-node", 8091, false)] {
        let job = job(name);
        let honour = |line: &str| line.trim() == "honor_labels: true";
        assert_eq!(job.lines().any(honour), honours, "{job}");
        assert!(job.contains(&format!(":{port}\"]")), "{job}");
        let default = format!("| `monitor.listen` | `127.0.0.1:{port}` |");
        assert!(PAGE.contains(&default), "{default}");
        assert!(ALARMS.contains(&format!("up{{job=\"{name}\"}}")), "{name}");
    }
}

/// Hubs on one database tell the same of it and of each institution: to Prometheus two targets with one
/// series are disorder, and what is asked of each of them sounds or counts twice. An alarm keeps all other
/// labels of a target: by them it is routed, and hubs told apart that are no replicas.
#[test]
fn what_each_of_several_hubs_tells_is_asked_for_once() {
    let hubs = job("lapor-hub");
    let replica = |line: &'static str| line.trim().strip_prefix("labels: { replica: ");
    let replicas: BTreeSet<&str> = hubs.lines().filter_map(replica).collect();
    let targets = hubs.matches("- targets: ").count();
    assert!(targets > 1 && replicas.len() == targets, "{hubs}");
    let boards = BOARDS.map(|board| serde_json::from_str::<Value>(board).unwrap());
    let alarms = ALARMS.lines().filter_map(|line| line.split_once("expr: "));
    let alarms = alarms.map(|(_, asked)| (asked, true));
    let boards = boards.iter().flat_map(expressions_of);
    let boards = boards.map(|asked| (asked, false));
    let (mut of_institutions, mut of_hubs) = (0, 0);
    for (asked, sounds) in alarms.chain(boards) {
        let routed = !sounds || !(asked.contains(" by (") || asked.contains(" on ("));
        assert!(routed, "labels of a target are lost: {asked}");
        for (metric, around) in asked_of_hubs(asked) {
            let routed = !sounds || around.iter().all(|it| !it.keeps);
            assert!(routed, "{metric} loses labels of its target: {asked}");
            if metric.starts_with("lapor_hub_instance_") {
                of_institutions += 1;
                let told_once = around.iter().any(Aggregation::is_of_an_institution);
                assert!(told_once, "each hub tells {metric}: {asked}");
            } else if !is_of_one_process(metric) {
                of_hubs += 1;
                let told_once = around.iter().any(Aggregation::is_of_a_database);
                assert!(told_once, "each hub tells {metric}: {asked}");
            }
        }
    }
    assert!(of_institutions > 30, "{of_institutions}");
    assert!(of_hubs > 20, "{of_hubs}");
}

#[test]
fn an_expression_that_asks_each_hub_is_found_out() {
    for (asked, found) in [
        (
            "max without (replica) (lapor_hub_instance_twice) == 1",
            vec![true],
        ),
        ("lapor_hub_instance_twice == 1", vec![false]),
        (
            "max without (replica) (lapor_hub_instance_frozen) unless lapor_hub_instance_twice",
            vec![true, false],
        ),
        (
            "sum without (replica) (lapor_hub_instance_twice)",
            vec![false],
        ),
        (
            "count by (concern) (lapor_hub_instance_finding)",
            vec![false],
        ),
        (
            "sum by (level) (max without (replica) (abs(lapor_hub_instance_level)))",
            vec![true],
        ),
    ] {
        let metrics = asked_of_hubs(asked);
        let told = metrics.iter().map(|(_, around)| around);
        let told = told.map(|around| around.iter().any(Aggregation::is_of_an_institution));
        let told: Vec<bool> = told.collect();
        assert_eq!(told, found, "{asked}");
    }
    for (asked, found) in [
        (
            "max without (instance, replica) (lapor_hub_recovering)",
            true,
        ),
        (
            "max without (instance, replica, version) (lapor_hub_build_info)",
            true,
        ),
        (
            "min by (of) (lapor_hub_certificate_expiry_timestamp_seconds)",
            true,
        ),
        ("max(lapor_hub_recovering)", true),
        ("max without (replica) (lapor_hub_recovering)", false),
        ("max by (job, instance) (lapor_hub_recovering)", false),
        ("sum(lapor_hub_open_alarms)", false),
        ("time() - lapor_hub_last_backup_timestamp_seconds", false),
    ] {
        let metrics = asked_of_hubs(asked);
        let told = metrics[0].1.iter().any(Aggregation::is_of_a_database);
        assert_eq!((metrics.len(), told), (1, found), "{asked}");
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
