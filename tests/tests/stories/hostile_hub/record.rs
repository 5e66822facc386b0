//! A hub that signs two truths. The node to which it tells one of them takes it
//! for the only one; put beside the record that the hub shows of itself, it is a
//! contradiction, which the verifier finds in the files alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use http::Method;
use lapor_hub::evidence::export;
use lapor_migrations::Kind;
use lapor_node::sync::{Answer, Call, LinkError};
use lapor_protocol::delivery::{Cursor, Item, StreamHead};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::keys::Signer;
use lapor_protocol::receipt::Stream;
use lapor_tests::bench::programs::{Program, Programs, copy_folder};
use lapor_tests::fleet::member::{BANDUNG, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{BEGINNING, Fleet};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{hub_key, is, lines, signed_anew, with_body};

/// How the verifier ends when something does not hold.
const CONTRADICTED: i32 = 65;

/// One line of a page, by its parts as they were sent.
type Parts = BTreeMap<String, Box<RawValue>>;

/// A stream told in another way.
struct Retold {
    page: Vec<String>,
    /// The head that the hub signed for it.
    head: String,
    end: Cursor,
}

/// The same page with other items, chained anew and signed as if there were no other.
fn retold(
    page: &[String],
    whose: &InstanceId,
    hub: &Signer,
    change: impl FnOnce(&mut Vec<Parts>),
) -> Retold {
    let items = page[..page.len() - 1].iter();
    let mut items: Vec<Parts> = items
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let first = item_of(&items[0]);
    let mut end = Cursor {
        depoch: first.depoch,
        dseq: first.dseq - 1,
        hash: first.dprev,
    };
    change(&mut items);
    for parts in &mut items {
        let mut item = item_of(parts);
        (item.dseq, item.dprev) = (end.dseq + 1, end.hash);
        let bytes = item.to_bytes();
        end = end.advance(&bytes, &item).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        parts.insert("item".into(), RawValue::from_string(text).unwrap());
    }
    let head = StreamHead {
        recipient: Some(whose.clone()),
        stream: Stream::Inbox,
        depoch: end.depoch,
        dseq: end.dseq,
        hash: end.hash,
        at: BEGINNING,
    };
    let head = head.sign(hub).to_line();
    let told = items
        .iter()
        .map(|parts| serde_json::to_string(parts).unwrap());
    Retold {
        page: told.chain([format!("{{\"head\":{head}}}")]).collect(),
        head,
        end,
    }
}

fn item_of(parts: &Parts) -> Item {
    serde_json::from_str(parts["item"].get()).unwrap()
}

/// The last line of a file of the record, signed once more with other contents.
fn said_again(folder: &Path, file: &str, hub: &Signer, change: impl FnOnce(&mut Value)) -> String {
    let text = std::fs::read_to_string(folder.join(file)).unwrap();
    let mut envelope = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    signed_anew(&mut envelope, hub, change);
    envelope.to_string()
}

/// What the verifier, a process of its own, says of a folder, and how it ends.
fn verified(folder: &Path) -> (Option<i32>, String) {
    let programs = Path::new(env!("CARGO_BIN_EXE_lapor-demo")).parent();
    let programs = Programs::find(programs.map(Path::to_owned), &[Program::Hub]).unwrap();
    let mut verify = Command::new(programs.hub);
    let done = verify.arg("verify").arg(folder).output().unwrap();
    (done.status.code(), String::from_utf8(done.stdout).unwrap())
}

#[tokio::test]
async fn what_a_hub_has_signed_against_its_own_record_is_found_by_whoever_holds_both() {
    // The record is the same on every database.
    let mut fleet = Fleet::gather(Kind::Sqlite, &[PUSAT, BANDUNG]).await;
    let [backup, home] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    fleet.at("pusat").back_up(backup.path()).await;
    let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
    let mut cases = Vec::new();
    for title in ["Lampu jalan padam", "Pohon tumbang", "Jembatan retak"] {
        cases.push(bandung.file(report(title)).await);
    }
    bandung.catch_up().await;
    let told = Arc::new(Mutex::new(None));
    let (keep, key) = (Arc::clone(&told), hub_key(&fleet));
    pusat.line().forge(move |call: &Call, answer: Answer| {
        if !is(call, "GET", "/inbox") {
            return answer;
        }
        let (honest, whose) = (lines(&answer.body), PUSAT.id());
        assert_eq!(honest.len(), 4, "three items and the head");
        let shorter = retold(&honest, &whose, &key, |items| drop(items.remove(0)));
        let swapped = retold(&honest, &whose, &key, |items| items.swap(0, 1));
        let page = shorter.page.join("\n") + "\n";
        *keep.lock().unwrap() = Some([shorter, swapped]);
        with_body(answer, page)
    });
    // By the acknowledgement the hub would learn what its key has signed, and stop.
    pusat.line().lose_calls(Method::POST, "/inbox/ack", 1);
    let outcome = pusat.link().pull(Stream::Inbox, 0).await;
    let taken = matches!(outcome, Err(LinkError::Unreachable(_)));
    assert!(taken, "it cannot know better: {outcome:?}");
    assert!(!pusat.knows(cases[0]).await && pusat.knows(cases[1]).await);

    let record = home.path().join("record");
    let ground = &fleet.hub.hub().ground;
    export(ground, &record, None, |_, _| {}).await.unwrap();
    let (ended, said) = verified(&record);
    assert_eq!(ended, Some(0), "{said}");
    let [shorter, swapped] = told.lock().unwrap().take().unwrap();
    let place = |told: &Retold| format!("pusat at {}.{}", told.end.depoch, told.end.dseq);
    let wrong_head = "heads.ndjson: a signed head does not hold: ";
    let hub = hub_key(&fleet);
    let other_directory = said_again(&record, "directory.ndjson", &hub, |version| {
        version["trust_domain"] = json!("lapor.lain");
    });
    let backdated = said_again(&record, "receipts.ndjson", &hub, |receipt| {
        receipt["at"] = json!(receipt["at"].as_i64().unwrap() - 3_600_000);
    });
    for (what, file, line, found) in [
        (
            "a delivery dropped",
            "heads.ndjson",
            &shorter.head,
            format!("{wrong_head}{}", place(&shorter)),
        ),
        (
            "two in the other order",
            "heads.ndjson",
            &swapped.head,
            format!("{wrong_head}{}", place(&swapped)),
        ),
        (
            "two directories",
            "directory.ndjson",
            &other_directory,
            "directory.ndjson:".to_owned(),
        ),
        (
            "a receipt backdated",
            "receipts.ndjson",
            &backdated,
            "receipts.ndjson: a receipt does not hold: ".to_owned(),
        ),
    ] {
        let both = home.path().join(what);
        copy_folder(&record, &both).unwrap();
        let text = std::fs::read_to_string(record.join(file)).unwrap();
        std::fs::write(both.join(file), format!("{text}{line}\n")).unwrap();
        let (ended, said) = verified(&both);
        assert_eq!(ended, Some(CONTRADICTED), "{what}: {said}");
        let mut named = said.lines();
        assert!(
            named.any(|line| line.starts_with(&found)),
            "{what}: {found} is not in {said}"
        );
    }

    // What was read of the false stream is in the chain, so the node goes back to before it.
    let database = fleet.database().await;
    let pusat = fleet.at_mut("pusat");
    pusat.stop().await;
    pusat.restore(backup.path(), database).await;
    pusat.start().await;
    fleet.settle().await;
    for case in cases {
        assert!(fleet.at("pusat").knows(case).await);
    }
    fleet.ends_well().await;
}
