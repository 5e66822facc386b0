//! What a hub can sign that is false all the same: a directory that forks, a
//! stream that forks, words that nobody said, a ruling against the rules.

use http::Method;
use lapor_node::sync::{Answer, Call, LinkError};
use lapor_protocol::delivery::{Item, StreamHead};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::Signer;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};
use serde_json::{Value, json};

use super::{changed, hub_key, is, is_refused, signed_anew, stranger, with_body};

type Spoil = fn(&mut Value, &Signer);

/// What a hostile hub makes of the next version of the directory.
const DIRECTORIES: [(&str, Spoil); 5] = [
    ("signed by a stranger", |version, _| {
        signed_anew(version, &stranger(), |_| {});
    }),
    (
        "with keys that the institution never certified",
        |version, hub| {
            signed_anew(version, hub, |stated| {
                let other = serde_json::to_value(stranger().public()).unwrap();
                for key in stated["changes"][0]["keys"].as_array_mut().unwrap() {
                    key["x"] = other["x"].clone();
                }
            });
        },
    ),
    ("after another than the one before", |version, hub| {
        signed_anew(version, hub, |stated| {
            stated["prev"] = json!("ab".repeat(32));
        });
    }),
    ("with a version left out", |version, hub| {
        signed_anew(version, hub, |stated| {
            stated["version"] = json!(stated["version"].as_u64().unwrap() + 1);
        });
    }),
    ("that is none", |version, _| *version = json!({})),
];

#[tokio::test]
async fn a_directory_that_does_not_follow_is_refused_and_the_true_one_is_taken_later() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let known = fleet.at("kota-bandung").node().directory().version();
        // The directory grows while nobody asks for it.
        fleet.join(KEMENPU).await;
        let bandung = fleet.at("kota-bandung");
        assert_eq!(bandung.node().directory().version(), known);
        for (what, spoil) in DIRECTORIES {
            let hub = hub_key(&fleet);
            bandung.line().forge(move |call: &Call, answer: Answer| {
                if !is(call, "GET", "/directory") {
                    return answer;
                }
                changed(answer, |page| {
                    let versions = page["versions"].as_array_mut().unwrap();
                    spoil(versions.last_mut().unwrap(), &hub);
                })
            });
            let error = bandung.link().catch_up().await.expect_err(what);
            assert!(
                error.to_string().contains("contradicts itself"),
                "{what}: {error}"
            );
            assert_eq!(bandung.node().directory().version(), known, "{what}");
        }
        bandung.line().be_honest();
        fleet.settle().await;
        assert!(bandung.node().directory().version() > known);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_former_directory_shown_again_takes_nothing_back() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let former = std::sync::Arc::new(std::sync::Mutex::new(None));
        let keep = std::sync::Arc::clone(&former);
        fleet
            .at("pusat")
            .line()
            .forge(move |call: &Call, answer: Answer| {
                if is(call, "GET", "/directory") {
                    keep.lock()
                        .unwrap()
                        .get_or_insert_with(|| answer.body.clone());
                }
                answer
            });
        fleet.join(KEMENPU).await;
        fleet.settle().await;
        let pusat = fleet.at("pusat");
        let known = pusat.node().directory().version();
        let shown = former.lock().unwrap().clone().unwrap();
        pusat.line().forge(move |call: &Call, answer: Answer| {
            if is(call, "GET", "/directory") {
                with_body(answer, shown.clone())
            } else {
                answer
            }
        });
        assert_eq!(pusat.link().refresh_directory(0).await.unwrap(), 0);
        assert_eq!(pusat.node().directory().version(), known);
        pusat.line().be_honest();
        fleet.ends_well().await;
    }
}

/// A page of one item, changed by the hub itself and signed as its own.
fn rewritten(answer: Answer, hub: &Signer, change: impl FnOnce(&mut Item, &mut String)) -> Answer {
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "one item and the head");
    let line: Value = serde_json::from_str(lines[0]).unwrap();
    let mut item: Item = serde_json::from_value(line["item"].clone()).unwrap();
    let mut envelope = line["envelope"].to_string();
    change(&mut item, &mut envelope);
    let bytes = item.to_bytes();
    let head: Value = serde_json::from_str(lines[1]).unwrap();
    let head = Envelope::parse(head["head"].to_string().as_bytes()).unwrap();
    let mut head: StreamHead = serde_json::from_slice(&head.payload).unwrap();
    head.hash = Digest::of(&bytes);
    let item = String::from_utf8(bytes).unwrap();
    let mut page = format!("{{\"item\":{item},\"envelope\":{envelope}");
    if let Some(wraps) = line.get("wraps") {
        page.extend([",\"wraps\":", &wraps.to_string()]);
    }
    page.extend(["}\n{\"head\":", &head.sign(hub).to_line(), "}\n"]);
    with_body(answer, page)
}

#[tokio::test]
async fn a_stream_that_forks_is_refused_where_the_node_stands_before_the_fork() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        bandung.file(report("Jembatan retak")).await;
        fleet.settle().await;
        let case = bandung.file(report("Pohon tumbang")).await;
        bandung.catch_up().await;
        let hub = hub_key(&fleet);
        pusat.line().forge(move |call: &Call, answer: Answer| {
            if is(call, "GET", "/inbox") {
                rewritten(answer, &hub, |item, _| {
                    item.dprev = Digest::of(b"another past");
                })
            } else {
                answer
            }
        });
        let said = is_refused(pusat, "a fork").await;
        assert!(said.contains("another predecessor"), "{said}");
        assert!(!pusat.knows(case).await);
        pusat.line().be_honest();
        fleet.settle().await;
        assert!(pusat.knows(case).await);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn words_that_the_author_never_signed_are_set_aside_as_evidence_and_a_restored_node_goes_on()
{
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let folder = tempfile::tempdir().unwrap();
        fleet.at("pusat").back_up(folder.path()).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Jembatan retak")).await;
        bandung.catch_up().await;
        let hub = hub_key(&fleet);
        pusat.line().forge(move |call: &Call, answer: Answer| {
            let empty = answer.body.split(|byte| *byte == b'\n').count() < 3;
            if empty || !is(call, "GET", "/inbox") {
                return answer;
            }
            // The hub cannot sign for Bandung, so a stranger does.
            rewritten(answer, &hub, |item, envelope| {
                let mut forged: Value = serde_json::from_str(envelope).unwrap();
                signed_anew(&mut forged, &stranger(), |_| {});
                *envelope = forged.to_string();
                item.envelope_id = Envelope::parse(envelope.as_bytes()).unwrap().id();
            })
        });
        // The hub would learn from the acknowledgement that its key has signed
        // what it does not hold, and stop; it does not arrive.
        pusat.line().lose_calls(Method::POST, "/inbox/ack", 1);
        let outcome = pusat.link().pull(Stream::Inbox, 0).await;
        assert!(
            matches!(outcome, Err(LinkError::Unreachable(_))),
            "{outcome:?}"
        );
        let aside = pusat.node().set_aside(false, 10).await.unwrap();
        assert_eq!(aside.len(), 1);
        assert_eq!(aside[0].reason.as_deref(), Some("key_unknown"));
        let held = pusat.node().case(case).await;
        assert!(held.is_err() || held.unwrap().blocked.is_some());

        // What was read of the false stream is in the chain, so the node goes
        // back to before it.
        let database = fleet.database().await;
        let pusat = fleet.at_mut("pusat");
        pusat.stop().await;
        pusat.restore(folder.path(), database).await;
        pusat.start().await;
        fleet.settle().await;
        assert!(fleet.at("pusat").knows(case).await);
        fleet.ends_well().await;
    }
}
