//! Pages of a stream that were altered on their way, or belong to somebody
//! else: they are refused whole, and the cursor stays where it was.

use lapor_node::sync::{Answer, Call};
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::ids::Digest;
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{BEGINNING, Fleet, Institution, kinds};

use super::{hub_key, is, is_refused, lines, stranger, with_body};

/// Lines of a page; what a story does to them, knowing what came before.
type Spoil = fn(&mut Vec<String>, &Before);

/// What the hub has said honestly at other times.
struct Before {
    /// The first page that the node took in.
    page: Vec<String>,
    /// A head that somebody else signed.
    strange_head: String,
    /// A head for another recipient, signed by the hub.
    foreign_head: String,
}

/// A page here is two items and the head.
const PAGES: [(&str, Spoil); 13] = [
    ("a ruling turned round", |page, _| {
        page[0] = page[0].replace("\"effect\":\"applied\"", "\"effect\":\"stale\"");
    }),
    ("another kind", |page, _| {
        page[1] = page[1].replacen("\"kind\":\"report.filed\"", "\"kind\":\"case.closed\"", 1);
    }),
    ("two items in the other order", |page, _| page.swap(0, 1)),
    ("an item left out", |page, _| drop(page.remove(0))),
    ("an item twice", |page, _| page.insert(0, page[0].clone())),
    ("no head", |page, _| drop(page.pop())),
    ("a head and more behind it", |page, _| {
        page.push(page[0].clone());
    }),
    ("the head of a stranger", |page, before| {
        page[2].clone_from(&before.strange_head);
    }),
    ("the head of another recipient", |page, before| {
        page[2].clone_from(&before.foreign_head);
    }),
    ("a former page", |page, before| {
        page.clone_from(&before.page);
    }),
    ("an envelope that stands for another", |page, _| {
        let [first, second] = [0, 1].map(|line| envelope_of(&page[line]));
        page[0] = page[0].replace(&first, &second);
    }),
    ("an envelope withheld without a reason", |page, _| {
        let envelope = envelope_of(&page[0]);
        page[0] = page[0].replace(&format!(",\"envelope\":{envelope}"), "");
    }),
    ("a line that is no JSON", |page, _| {
        let half = page[1].len() / 2;
        page[1].truncate(half);
    }),
];

fn envelope_of(line: &str) -> String {
    let value: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
    let raw: std::collections::BTreeMap<&str, &serde_json::value::RawValue> =
        serde_json::from_str(line).unwrap();
    assert!(value.contains_key("envelope"), "{line}");
    raw["envelope"].get().to_owned()
}

async fn cursor(at: &Institution) -> Vec<(String, String)> {
    let status = at.node().status().await.unwrap();
    let cursors = status.cursors.into_iter();
    cursors
        .map(|cursor| (cursor.stream, cursor.accepted))
        .collect()
}

/// The first page of this institution's inbox, taken in.
async fn first_page(fleet: &Fleet, at: &Institution) -> Before {
    let kept = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let keep = std::sync::Arc::clone(&kept);
    at.line().forge(move |call: &Call, answer: Answer| {
        if is(call, "GET", "/inbox") && keep.lock().unwrap().is_empty() {
            *keep.lock().unwrap() = lines(&answer.body);
        }
        answer
    });
    fleet.settle().await;
    at.line().be_honest();
    let page = kept.lock().unwrap().clone();
    assert!(page.len() > 1, "nothing has come");
    let (hub, me) = (hub_key(fleet), at.member.id());
    let head = |recipient, signer| {
        let head = StreamHead {
            recipient: Some(recipient),
            stream: lapor_protocol::receipt::Stream::Inbox,
            depoch: 1,
            dseq: 3,
            hash: Digest::ZERO,
            at: BEGINNING,
        };
        line_of(&head.sign(signer))
    };
    Before {
        page,
        strange_head: head(me, &stranger()),
        foreign_head: head("kota-bandung".parse().unwrap(), &hub),
    }
}

fn line_of(head: &Envelope) -> String {
    format!("{{\"head\":{}}}", head.to_line())
}

#[tokio::test]
async fn a_page_that_was_altered_is_refused_whole_and_the_true_one_is_taken_in_later() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
        bandung.file(report("Jembatan retak")).await;
        bandung.catch_up().await;
        let before = std::sync::Arc::new(first_page(&fleet, pusat).await);
        let mut cases = Vec::new();
        for title in ["Lampu jalan padam", "Pohon tumbang"] {
            cases.push(bandung.file(report(title)).await);
        }
        bandung.catch_up().await;
        let stood = cursor(pusat).await;
        for (what, spoil) in PAGES {
            let before = std::sync::Arc::clone(&before);
            pusat.line().forge(move |call: &Call, answer: Answer| {
                if !is(call, "GET", "/inbox") {
                    return answer;
                }
                let honest = lines(&answer.body);
                let mut page = honest.clone();
                assert_eq!(page.len(), 3);
                spoil(&mut page, &before);
                assert_ne!(page, honest, "nothing was altered");
                with_body(answer, page.join("\n") + "\n")
            });
            is_refused(pusat, what).await;
            assert_eq!(cursor(pusat).await, stood, "{what}");
            for case in &cases {
                assert!(!pusat.knows(*case).await, "{what}");
            }
        }
        pusat.line().be_honest();
        fleet.settle().await;
        for case in cases {
            assert_eq!(pusat.view(case).await.case_seq, 1);
        }
        fleet.ends_well().await;
    }
}
