//! What is shipped for Prometheus and Grafana: it goes by the names under which
//! the programs are scraped, and asks once for what each of several hubs tells.

use std::collections::BTreeSet;

use serde_json::Value;

pub const PAGE: &str = include_str!("../../../docs/operations.md");
pub const ALARMS: &str = include_str!("../../../docs/prometheus/lapor.rules.yml");
const SCRAPING: &str = include_str!("../../../docs/prometheus/prometheus.yml");
pub const TRIALS: &str = include_str!("../../../docs/prometheus/lapor.rules.test.yml");
pub const BOARDS: [&str; 2] = [
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

/// What a dashboard asks Prometheus.
fn expressions_of(board: &Value) -> Vec<&str> {
    let panels = board["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array());
    let asked = targets.flatten().map(|of| of["expr"].as_str().unwrap());
    asked.collect()
}

/// The metrics that a dashboard asks for; the parts of a histogram as the histogram.
pub fn asked_by(board: &Value) -> Vec<String> {
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
