//! The demonstration as a newcomer runs it: the real program, which starts
//! the real hub and the real nodes.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// Reports that the demonstration plays here, or a few more.
const REPORTS: &str = "24";

fn demo(arguments: &[&str], data: &Path) -> Output {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_lapor-demo"));
    demo.args(["--once", "--json", "--reports", REPORTS, "--data"])
        .arg(data)
        .args(arguments);
    demo.output().unwrap()
}

/// The one JSON object of standard output.
fn answered(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", output.status);
    let text = str::from_utf8(&output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_demonstration_plays_every_story_and_is_started_again_without_filing_twice() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("demo");
    let first = answered(&demo(&[], &data));
    assert_eq!(first["instances"], 9);
    assert_eq!(
        (&first["lost"], &first["duplicated"]),
        (&0.into(), &0.into())
    );
    let invariants = first["invariants"].as_object().unwrap();
    assert!(invariants.len() > 15 && invariants.values().all(|holds| holds == true));
    assert!(first["reports_filed"].as_u64().unwrap() >= 16);
    assert!(first["dispositions_applied"].as_u64().unwrap() >= 10);
    assert_eq!(first["erasures_applied"], 1);
    for state in ["closed", "answered", "merged", "archived"] {
        assert!(first["cases"][state].as_u64().unwrap() > 0, "{state}");
    }
    talked(&first["channels"]);
    assert!(first["systems"]["webhook_calls"].as_u64().unwrap() > 0);
    assert_eq!(first["systems"]["bridge_cases"], 1);
    overseen(&first["nodes"]);
    for place in ["hub/hub.toml", "pusat/node.toml", "bumn-pln/node.log"] {
        assert!(data.join(place).is_file(), "{place}");
    }

    let again = answered(&demo(&[], &data));
    for fact in [
        "reports_filed",
        "dispositions_applied",
        "erasures_applied",
        "messages",
        "cases",
        "channels",
        "lost",
        "duplicated",
    ] {
        assert_eq!(first[fact], again[fact], "{fact}");
    }
    assert_eq!(again["systems"]["bridge_cases"], 1);
}

/// The Ombudsman has read what was escalated, noted something and taken a case over.
fn overseen(nodes: &Value) {
    let mut nodes = nodes.as_array().unwrap().iter();
    let ombudsman = nodes.find(|node| node["instance"] == "ombudsman").unwrap();
    assert!(ombudsman["cases"].as_u64().unwrap() > 2, "{ombudsman}");
    assert!(ombudsman["messages"].as_u64().unwrap() > 1, "{ombudsman}");
}

/// One conversation on each channel, and on X somebody else's word; each but that and what was asked
/// in Messenger is a report. With the city's own service there are two: one is followed, one fed.
fn talked(channels: &Value) {
    let kannel = ["bearerbox", "smsbox"]
        .iter()
        .all(|program| Path::new("/usr/sbin").join(program).is_file());
    let via = if kannel { "kannel" } else { "stand_in" };
    let expected = json!({
        "sms": { "via": via, "conversations": 1, "cases": 1 },
        "x": { "conversations": 2, "cases": 1 },
        "facebook": { "conversations": 1, "cases": 1 },
        "messenger": { "conversations": 1, "cases": 0 },
        "whatsapp": { "conversations": 1, "cases": 1 },
        "telegram": { "conversations": 1, "cases": 1 },
        "email": { "conversations": 1, "cases": 1 },
        "city": { "conversations": 1, "cases": 2 },
        "open311": { "conversations": 1, "cases": 1 },
    });
    assert_eq!(*channels, expected);
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("letter.txt"), "of somebody").unwrap();
    let refused = demo(&[], home.path());
    assert_eq!(refused.status.code(), Some(73));
    assert!(refused.stdout.is_empty());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("not empty") && said.contains("--data"),
        "{said}"
    );
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
}
