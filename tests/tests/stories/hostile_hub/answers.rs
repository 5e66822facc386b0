//! Answers that are no answers of this protocol, over the wire and with the
//! hub's own certificate; receipts and heads that are not what was done.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;
use lapor_node::sync::{Answer, Call, LinkError};
use lapor_protocol::keys::Signer;
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Says, kinds};
use serde_json::{Value, json};

use super::{changed, hub_key, is, is_refused, signed_anew, stranger, with_body};

fn bytes(head: &str, body: &[u8]) -> Vec<u8> {
    [head.replace('\n', "\r\n").as_bytes(), b"\r\n\r\n", body].concat()
}

/// What is said, and what the node says of it.
fn sayings() -> Vec<(&'static str, Says, &'static str)> {
    let bomb = zstd::bulk::compress(&vec![0; 256 << 20], 1).unwrap();
    let whole = |head: &str, body: &[u8]| {
        let length = format!("{head}\ncontent-length: {}", body.len());
        Says::Bytes(bytes(&length, body))
    };
    vec![
        (
            "a redirect to elsewhere",
            whole(
                "HTTP/1.1 307 Temporary Redirect\nlocation: https://elsewhere.example/",
                b"",
            ),
            "not the hub",
        ),
        (
            "the page of a captive portal",
            whole("HTTP/1.1 200 OK\ncontent-type: text/html", b"<html>"),
            "not the hub",
        ),
        (
            "a refusal that is no problem",
            whole("HTTP/1.1 500 Oh\nlapor-version: 1", b"oh"),
            "not the hub",
        ),
        (
            "JSON that is none",
            whole("HTTP/1.1 200 OK\nlapor-version: 1", b"{\"versions\":[{]}"),
            "contradicts itself",
        ),
        (
            "a bomb, which is never unpacked",
            whole(
                "HTTP/1.1 200 OK\nlapor-version: 1\ncontent-encoding: zstd",
                &bomb,
            ),
            "contradicts itself",
        ),
        (
            "an answer without an end",
            Says::Endless(bytes("HTTP/1.1 200 OK\nlapor-version: 1", b"")),
            "longer than any",
        ),
        (
            "an answer that ends too early",
            Says::Bytes(bytes(
                "HTTP/1.1 200 OK\nlapor-version: 1\ncontent-length: 100",
                b"{",
            )),
            "cannot be reached",
        ),
        (
            "no HTTP at all",
            Says::Bytes(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
            "cannot be reached",
        ),
    ]
}

#[tokio::test]
async fn what_is_no_answer_of_a_hub_is_named_and_changes_nothing() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        fleet.hub.stop().await;
        let case = fleet
            .at("kota-bandung")
            .file(report("Jembatan retak"))
            .await;
        for (what, says, named) in sayings() {
            let impostor = fleet.hub.be_impersonated(says);
            let bandung = fleet.at("kota-bandung");
            let outcome = bandung.link().catch_up().await;
            let error = outcome.expect_err(what);
            assert!(error.to_string().contains(named), "{what}: {error}");
            let state = bandung.link().state();
            assert!(!state.connected && state.problem.is_some(), "{what}");
            drop(impostor);
        }
        fleet.hub.start().await;
        fleet.settle().await;
        assert!(fleet.at("pusat").knows(case).await);
        fleet.ends_well().await;
    }
}

type Spoil = fn(&mut Value, &Signer);

/// What a hostile hub makes of the answer to a batch.
const RECEIPTS: [(&str, Spoil); 9] = [
    ("nothing receipted", |answer, _| {
        answer["receipts"] = json!([]);
    }),
    ("a receipt of a stranger", |answer, _| {
        signed_anew(&mut answer["receipts"][0], &stranger(), |_| {});
    }),
    ("a receipt under a broken signature", |answer, _| {
        answer["receipts"][0]["payload"] = json!("e30=");
    }),
    ("a receipt for another institution", |answer, hub| {
        signed_anew(&mut answer["receipts"][0], hub, |receipt| {
            receipt["author"] = json!("pusat");
        });
    }),
    ("a receipt for more than was sent", |answer, hub| {
        signed_anew(&mut answer["receipts"][0], hub, |receipt| {
            receipt["to"] = json!(receipt["to"].as_u64().unwrap() + 5);
        });
    }),
    ("a receipt for other messages", |answer, hub| {
        signed_anew(&mut answer["receipts"][0], hub, |receipt| {
            receipt["root"] = json!("ab".repeat(32));
        });
    }),
    ("a receipt with another head", |answer, hub| {
        signed_anew(&mut answer["receipts"][0], hub, |receipt| {
            receipt["head"] = json!("cd".repeat(32));
        });
    }),
    ("a receipt of another level", |answer, hub| {
        signed_anew(&mut answer["receipts"][0], hub, |receipt| {
            receipt["level"] = json!("read");
        });
    }),
    ("no receipts, but words", |answer, _| {
        *answer = json!("accepted");
    }),
];

#[tokio::test]
async fn a_receipt_that_is_not_for_what_was_sent_counts_for_nothing_and_the_true_one_comes_later() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let bandung = fleet.at("kota-bandung");
        let mut cases = Vec::new();
        for (what, spoil) in RECEIPTS {
            cases.push(bandung.file(report("Jembatan retak")).await);
            let hub = hub_key(&fleet);
            bandung.line().forge(move |call: &Call, answer: Answer| {
                if is(call, "POST", "/outbox") {
                    changed(answer, |answer| spoil(answer, &hub))
                } else {
                    answer
                }
            });
            is_refused(bandung, what).await;
            let status = bandung.node().status().await.unwrap();
            assert_eq!(status.outbox.unsent, 1, "{what}");
            bandung.line().be_honest();
            fleet.settle().await;
            let status = bandung.node().status().await.unwrap();
            assert_eq!(status.outbox.unsent, 0, "{what}");
        }
        for case in cases {
            assert_eq!(fleet.at("pusat").view(case).await.case_seq, 1);
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_that_denies_what_it_has_signed_for_is_told_so_and_no_epoch_is_opened() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        fleet
            .at("kota-bandung")
            .file(report("Jembatan retak"))
            .await;
        fleet.settle().await;
        // Heads are compared by a process that begins.
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.start().await;
        let bandung = fleet.at("kota-bandung");
        bandung.line().forge(|call: &Call, answer: Answer| {
            if is(call, "GET", "/outbox/head") {
                let nothing = json!({ "epoch": 1, "seq": 0, "id": "00".repeat(32), "accepted": 0, "archived": 0 });
                with_body(answer, nothing.to_string())
            } else {
                answer
            }
        });
        let said = is_refused(bandung, "a denied head").await;
        assert!(said.contains("it has signed for more"), "{said}");
        bandung.line().be_honest();
        fleet.settle().await;
        let status = bandung.node().status().await.unwrap();
        assert_eq!(status.outbox.epoch, 1);
        fleet.ends_well().await;
    }
}

/// A hub asks for what its disk has damaged, and a node gives it what it has from there already: not what
/// lies sealed and may yet be taken back, and no more than a bounded number.
#[tokio::test]
async fn a_hub_that_asks_again_for_what_it_never_accepted_is_not_given_it() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let told = bandung.file(report("Jembatan retak")).await;
        fleet.settle().await;
        let untold = bandung.file(report("Jalan berlubang")).await;
        bandung.line().lose_calls(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();

        let sent = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&sent);
        bandung.line().forge(move |call: &Call, answer: Answer| {
            if is(call, "POST", "/outbox") {
                count.fetch_add(1, Ordering::SeqCst);
            }
            if is(call, "POST", "/health") {
                let nowhere = vec![json!({ "epoch": 9, "seq": u64::MAX }); 97];
                let mut again = [1, 2].map(|seq| json!({ "epoch": 1, "seq": seq })).to_vec();
                again.extend(nowhere);
                again.extend(vec![json!({ "epoch": 1, "seq": 1 }); 50]);
                with_body(answer, json!({ "again": again }).to_string())
            } else {
                answer
            }
        });
        bandung.link().report_health().await.unwrap();
        // The first of all, and the one that fits into what a node does at once.
        assert_eq!(sent.load(Ordering::SeqCst), 2);
        pusat.catch_up().await;
        assert!(pusat.knows(told).await && !pusat.knows(untold).await);

        bandung.line().be_honest();
        fleet.settle().await;
        assert_eq!(pusat.view(untold).await.case_seq, 1);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn an_attachment_that_is_another_is_not_kept_and_the_true_one_is_fetched_later() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        let mut filed = report("Jembatan retak");
        filed.attachments = vec![bandung.upload(b"foto jembatan").await];
        let case = bandung.file(filed).await;
        let photo = bandung.view(case).await.history[0].attachments[0].sha256;
        bandung.catch_up().await;
        pusat.line().forge(|call: &Call, answer: Answer| {
            if call.method == "GET" && call.path.contains("/blobs/") {
                let other = answer.body.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>();
                with_body(answer, other)
            } else {
                answer
            }
        });
        let outcome = pusat.link().catch_up().await;
        assert!(
            !matches!(outcome, Err(LinkError::Node(_))),
            "the hub is at fault, if anyone: {outcome:?}"
        );
        assert!(pusat.attachment(case, photo).await.is_err());
        pusat.line().be_honest();
        fleet.settle().await;
        assert_eq!(
            pusat.attachment(case, photo).await.unwrap(),
            b"foto jembatan"
        );
        fleet.ends_well().await;
    }
}
