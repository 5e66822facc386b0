//! The conformance kit is held to what it is for: our own programs keep what
//! it looks at, and it finds whoever does not.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use lapor_conform::check::Outcome;
use lapor_conform::client::{Answered, Asked, Forge};
use lapor_conform::hub::{self, look};
use lapor_conform::node::{self, Wanted};
use lapor_conform::report::Report;
use lapor_migrations::Kind;
use lapor_protocol::delivery::{Cursor, StreamHead};
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::{Digest, InstanceKind};
use lapor_protocol::keys::Signer;
use lapor_protocol::receipt::Receipt;
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{BEGINNING, Fleet, Member, kinds};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Whom the kit plays in its run of this number: one who may dispose to the other.
fn played(number: usize) -> [Member; 2] {
    let first = Member {
        slug: format!("uji-a{number}").leak(),
        kind: InstanceKind::Provinsi,
        region: None,
        disposes_to: &["kind:kota"],
        default_supervisor: false,
    };
    let second = Member {
        slug: format!("uji-b{number}").leak(),
        kind: InstanceKind::Kota,
        disposes_to: &[],
        ..first
    };
    [first, second]
}

/// Looks at the hub of a fleet by two of its members, as if its answers were
/// what `forge` makes of them.
async fn looked(fleet: &Fleet, played: &[Member; 2], forge: Option<Arc<Forge>>) -> Report {
    let first = fleet.hub.invite(&played[0], true).await;
    let second = fleet.hub.invite(&played[1], true).await;
    let terms = hub::Terms {
        invitations: [&first, &second],
        now_ms: BEGINNING,
        forge,
    };
    Box::pin(look(terms)).await.unwrap()
}

/// What was found to be anything else than kept.
fn others(report: &Report) -> Vec<String> {
    let findings = report.findings.iter();
    let others = findings.filter(|one| one.outcome != Outcome::Kept);
    others
        .map(|one| format!("{}: {:?}", one.check, one.outcome))
        .collect()
}

#[tokio::test]
async fn our_hub_keeps_every_sentence_that_the_kit_looks_at() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let report = looked(&fleet, &played(0), None).await;
        assert_eq!(others(&report), Vec::<String>::new());
        assert!(report.holds() && report.findings.len() > 50);
        fleet.ends_well().await;
    }
}

/// Whom the kit could not look at whole is said to be untried, not to be sound.
#[tokio::test]
async fn what_cannot_be_looked_at_is_said() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [first, second] = played(0);
        let without = Member {
            disposes_to: &[],
            ..first
        };
        let report = looked(&fleet, &[without, second], None).await;
        let untried = report.findings.iter().filter_map(|one| match &one.outcome {
            Outcome::Untried(why) => Some(why),
            _ => None,
        });
        let untried: Vec<_> = untried.collect();
        assert_eq!(untried.len(), 17, "{untried:?}");
        assert!(untried[0].contains("has no authority over uji-b0"));
        fleet.ends_well().await;
    }
}

fn is(asked: &Asked, method: &str, path: &str) -> bool {
    let bare = asked.path.split('?').next().unwrap_or_default();
    asked.method == method && bare == format!("/federation/v1{path}")
}

fn changed(answered: Answered, change: impl FnOnce(&mut Value)) -> Answered {
    let Ok(mut value) = serde_json::from_slice(&answered.body) else {
        return answered;
    };
    change(&mut value);
    Answered {
        body: value.to_string().into_bytes(),
        ..answered
    }
}

/// Every receipt of a batch made anew by `spoil`, under the hub's own key.
fn with_receipts(
    asked: &Asked,
    answered: Answered,
    hub: &Signer,
    spoil: fn(&mut Receipt),
) -> Answered {
    if !is(asked, "POST", "/outbox") {
        return answered;
    }
    changed(answered, |answer| {
        for receipt in answer["receipts"].as_array_mut().into_iter().flatten() {
            let envelope = Envelope::parse(receipt.to_string().as_bytes()).unwrap();
            let mut stated: Receipt = serde_json::from_slice(&envelope.payload).unwrap();
            spoil(&mut stated);
            *receipt = serde_json::from_str(&stated.sign(hub).to_line()).unwrap();
        }
    })
}

type Spoil = fn(&Asked, Answered, &Signer) -> Answered;

/// What a hub does wrong, and a check that must find it.
const WRONG: [(&str, Spoil, &str); 10] = [
    (
        "a receipt with another root",
        |asked, answered, hub| {
            with_receipts(asked, answered, hub, |receipt| {
                receipt.root = Digest::of(b"another");
            })
        },
        "signs receipts for what it has accepted, and has them again",
    ),
    (
        "a receipt for somebody else",
        |asked, answered, hub| {
            with_receipts(asked, answered, hub, |receipt| {
                receipt.author = "pusat".parse().unwrap();
            })
        },
        "signs receipts for what it has accepted, and has them again",
    ),
    (
        "receipts of a stranger",
        |asked, answered, _| {
            let stranger = Signer::from_seed(&[77; 32]);
            with_receipts(asked, answered, &stranger, |_| {})
        },
        "signs receipts for what it has accepted, and has them again",
    ),
    (
        "no receipts",
        |asked, answered, _| {
            if is(asked, "POST", "/outbox") {
                changed(answered, |answer| answer["receipts"] = json!([]))
            } else {
                answered
            }
        },
        "begins a chain at epoch 1, seq 1, and takes one message after the other",
    ),
    (
        "no version in its answers",
        |_, mut answered, _| {
            answered.headers.remove("lapor-version");
            answered
        },
        "hears how a member is",
    ),
    (
        "a problem that says to try again",
        |_, answered, _| {
            if answered.status < 400 {
                return answered;
            }
            changed(answered, |problem| problem["retry"] = json!("now"))
        },
        "refuses by problems whose code, status and retry are those of the contract",
    ),
    (
        "a page without its head",
        |asked, mut answered, _| {
            if is(asked, "GET", "/inbox") && answered.status == 200 {
                let text = String::from_utf8(answered.body).unwrap();
                let lines = text.lines().filter(|line| !line.starts_with("{\"head\""));
                answered.body = lines.collect::<Vec<_>>().join("\n").into_bytes();
            }
            answered
        },
        "delivers a gapless stream under signed heads, and the same again",
    ),
    (
        "a line that it has written anew",
        |asked, mut answered, _| {
            if asked.path.contains("/envelopes/") && answered.status == 200 {
                let envelope = Envelope::parse(&answered.body).unwrap();
                answered.body = envelope.to_line().into_bytes();
            }
            answered
        },
        "gives an author back what it has accepted, byte for byte",
    ),
    (
        "an attachment cut short",
        |asked, mut answered, _| {
            if asked.method == "GET" && asked.path.contains("/blobs/") && answered.status < 400 {
                answered.body.pop();
            }
            answered
        },
        "gives an attachment in ranges to who was sent its message",
    ),
    (
        "a former directory",
        |asked, answered, _| {
            if !is(asked, "GET", "/directory") {
                return answered;
            }
            changed(answered, |page| {
                // What is asked wrongly is answered by a problem.
                if let Some(versions) = page["versions"].as_array_mut() {
                    versions.pop();
                    page["latest"] = json!(versions.len());
                }
            })
        },
        "publishes a directory that every member can check",
    ),
];

/// On one database: whatever the hub keeps its record in, its answers are made wrong behind it.
#[tokio::test]
async fn a_hub_that_breaks_a_sentence_is_found_by_the_check_that_quotes_it() {
    let fleet = Fleet::with(Kind::Sqlite, &[PUSAT, BANDUNG], 1, |settings| {
        settings.limits.join_burst = 10_000;
    });
    let fleet = fleet.await;
    for (number, (what, spoil, check)) in WRONG.into_iter().enumerate() {
        let hub = Signer::from_seed(fleet.hub.hub().ground.signer().seed());
        let forge = move |asked: &Asked, answered: Answered| spoil(asked, answered, &hub);
        let report = looked(&fleet, &played(number), Some(Arc::new(forge))).await;
        assert!(!report.holds(), "{what}");
        let broken = report.broken();
        assert!(broken.contains(&check), "{what}: {broken:?}");
    }
    fleet.ends_well().await;
}

/// What a hub may do wrong around a message, in one run, and the checks that must find it.
const AROUND: [&str; 4] = [
    "answers no other version of the protocol",
    "says of an exception where it stands",
    "keeps no key of a case that was redacted",
    "keeps a wrap for what its message is about: the target of a link, a child, an identity",
];

fn wrong_around(asked: &Asked, answered: Answered) -> Answered {
    if asked.path.starts_with("/.well-known/") {
        return changed(answered, |known| known["limits"]["page_items"] = json!(50));
    }
    if is(asked, "POST", "/outbox") {
        return changed(answered, |answer| {
            for exception in answer["exceptions"].as_array_mut().into_iter().flatten() {
                exception["seq"] = json!(1);
            }
        });
    }
    if asked.method == "GET" && asked.path.ends_with("/keys") && answered.status == 200 {
        return changed(answered, |keys| {
            keys["missing"] = json!(["pusat"]);
            keys["wraps"] = json!([]);
        });
    }
    answered
}

#[tokio::test]
async fn a_hub_that_is_wrong_around_its_messages_is_found() {
    let fleet = Fleet::gather(Kind::Sqlite, &[PUSAT, BANDUNG]).await;
    let report = looked(&fleet, &played(0), Some(Arc::new(wrong_around))).await;
    let broken = report.broken();
    for check in AROUND {
        assert!(broken.contains(&check), "{check}: {broken:?}");
    }
    fleet.ends_well().await;
}

/// What a hub that refuses nothing takes, and the checks that must find it.
const LENIENT: [&str; 7] = [
    "takes no key that is weak or not named by its thumbprint, whatever it has proved",
    "reads what is shown of what it has signed, as much as may be shown at once",
    "lets who sends a body to its end find the refusal, and go on on that connection",
    "erases a picture that its programme names no more",
    "takes one upload of a blob at a time",
    "renews a certificate, and lets the old one stand",
    "takes a key that was announced from the next message on, and its predecessor no more",
];

fn takes_everything(_: &Asked, answered: Answered) -> Answered {
    if answered.status < 400 {
        return answered;
    }
    Answered {
        status: 200,
        body: b"{}".to_vec(),
        ..answered
    }
}

#[tokio::test]
async fn a_hub_that_refuses_nothing_is_found() {
    let fleet = Fleet::gather(Kind::Sqlite, &[PUSAT, BANDUNG]).await;
    let report = looked(&fleet, &played(0), Some(Arc::new(takes_everything))).await;
    let broken = report.broken();
    for check in LENIENT {
        assert!(broken.contains(&check), "{check}: {broken:?}");
    }
    fleet.ends_well().await;
}

/// A hub that rules otherwise: its inboxes are written anew, under its own key.
struct Misruling {
    hub: Signer,
    /// Heads of pages that were written anew, by where they end: the hub itself
    /// knows no such cursor.
    heads: Mutex<BTreeMap<Digest, StreamHead>>,
}

/// The checks that must find what it allows.
const MISRULED: [&str; 2] = [
    "draws authority as the patterns of the directory draw it",
    "gives a case that was held back the state in which it was",
];

impl Misruling {
    fn allow(item: &mut Value) {
        let reason = item["reason"].as_str().unwrap_or_default();
        if !["outside_authority", "wrong_state"].contains(&reason) {
            return;
        }
        item["effect"] = json!("applied");
        if let Some(fields) = item.as_object_mut() {
            fields.remove("reason");
        }
    }

    fn page(&self, asked: &Asked, answered: Answered) -> Answered {
        let Some(after) = cursor_of(asked) else {
            return answered;
        };
        let mut heads = self.heads.lock().unwrap();
        let (mut head, mut end) = (heads.get(&after.hash).cloned(), after);
        let mut lines = Vec::new();
        let text = String::from_utf8_lossy(&answered.body).into_owned();
        for line in text.lines().filter(|_| answered.status == 200) {
            let mut line: Value = serde_json::from_str(line).unwrap();
            if let Some(item) = line.get_mut("item") {
                Self::allow(item);
                item["dprev"] = json!(end.hash);
                end.dseq += 1;
                end.hash = Digest::of(item.to_string().as_bytes());
                lines.push(line.to_string());
            } else {
                let signed = Envelope::parse(line["head"].to_string().as_bytes()).unwrap();
                head = serde_json::from_slice(&signed.payload).unwrap();
            }
        }
        let Some(mut head) = head else {
            return answered;
        };
        (head.dseq, head.hash) = (end.dseq, end.hash);
        lines.push(format!("{{\"head\":{}}}", head.sign(&self.hub).to_line()));
        heads.insert(end.hash, head);
        Answered {
            status: 200,
            body: (lines.join("\n") + "\n").into_bytes(),
            ..answered
        }
    }
}

/// From where a page of an inbox is asked for.
fn cursor_of(asked: &Asked) -> Option<Cursor> {
    let (path, query) = asked.path.split_once('?')?;
    let mut pairs = query.split('&');
    let after = pairs.find_map(|pair| pair.strip_prefix("after="))?;
    after.parse().ok().filter(|_| path.ends_with("/inbox"))
}

#[tokio::test]
async fn a_hub_that_rules_otherwise_is_found() {
    let fleet = Fleet::gather(Kind::Sqlite, &[PUSAT, BANDUNG]).await;
    let misruling = Misruling {
        hub: Signer::from_seed(fleet.hub.hub().ground.signer().seed()),
        heads: Mutex::default(),
    };
    let forge = move |asked: &Asked, answered: Answered| misruling.page(asked, answered);
    let report = looked(&fleet, &played(0), Some(Arc::new(forge))).await;
    for check in MISRULED {
        let found = report.findings.iter().find(|one| one.check == check);
        let Some(Outcome::Broken(why)) = found.map(|one| &one.outcome) else {
            panic!("{check}: {:?}", others(&report));
        };
        assert!(why.contains("ruled `applied`"), "{check}: {why}");
    }
    fleet.ends_well().await;
}

/// On both databases at once: most of it is waiting for what must not be done too soon.
#[tokio::test]
async fn our_node_keeps_every_sentence_that_the_kit_looks_at() {
    join_all(
        kinds()
            .into_iter()
            .map(|kind| Box::pin(node_is_sound(kind))),
    )
    .await;
}

async fn node_is_sound(kind: Kind) {
    let mut fleet = Fleet::gather(kind, &[PUSAT]).await;
    let mut bandung = fleet.arrive(BANDUNG).await;
    // It is failed again and again, and would wait longer each time.
    bandung.settings.link.backoff_cap_seconds = 1;
    bandung.settings.link.sweep_seconds = 1;
    let (driver, mut wanted) = mpsc::channel(2);
    let looking = tokio::spawn(node::look(node::Terms {
        instance: BANDUNG.id(),
        host: "127.0.0.1".into(),
        listeners: [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap()),
        now_ms: BEGINNING,
        patience: Duration::from_mins(2),
        linger: Duration::from_secs(30),
        driver,
    }));
    let Some(Wanted::Join(line)) = wanted.recv().await else {
        panic!("the kit begins with an invitation");
    };
    bandung.enrol(&line).await;
    bandung.start().await;
    let working = bandung.work();
    assert_eq!(wanted.recv().await, Some(Wanted::File));
    bandung.file(report("Jalan berlubang")).await;
    // A job of the node looks for it once in a while; a story calls it.
    assert!(bandung.link().renew_certificate().await.unwrap());
    while let Some(wanted) = wanted.recv().await {
        assert_eq!(wanted, Wanted::File);
        bandung.file(report("Lampu jalan mati")).await;
    }
    let report = looking.await.unwrap().unwrap();
    assert_eq!(others(&report), Vec::<String>::new());
    drop(working);
    bandung.stop().await;
    fleet.ends_well().await;
}
