//! Words of cases and names of reporters, looked for wherever they must not be
//! while everything is at its most talkative: the log of hub and nodes at
//! trace level, the export, the attachments at the hub, the node's refusals.
//! A program of its own, because a process has one log.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use lapor_hub::evidence;
use lapor_node::tokens::{self, Role};
use lapor_protocol::ids::CaseId;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::{NAME_CANARY, WORDS_CANARY, report, said};
use lapor_tests::fleet::{BEGINNING, Fleet, Institution, kinds};
use lapor_tests::invariants::{Canaries, search_folder};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::filter::LevelFilter;

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> Vec<u8> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *kept)
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A case with everything in it that a person could have written.
async fn everything(fleet: &Fleet) -> CaseId {
    let [bandung, pusat, kemenpu] = ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
    let photo = format!("foto {WORDS_CANARY} {NAME_CANARY}").repeat(500);
    let mut filed = report("Rumah terendam");
    filed.attachments = vec![bandung.upload(photo.as_bytes()).await];
    let case = bandung.file(filed).await;
    fleet.settle().await;
    pusat.recall(case).await;
    pusat.dispose(case, "kemenpu").await;
    fleet.settle().await;
    let visit = json!({ "purpose": "visit" });
    let question = said("identity.requested", visit, "Petugas perlu datang.");
    kemenpu.act(case, question).await;
    kemenpu.hold(case, "Sejak kapan?").await;
    fleet.settle().await;
    bandung.complete(case, "Sejak kemarin.").await;
    bandung.discloses(case).await;
    fleet.settle().await;
    kemenpu.split(case, "Saluran tersumbat").await;
    kemenpu.note(case, "Anggaran belum ada.").await;
    kemenpu.answer(case, "Sudah disedot.").await;
    fleet.settle().await;
    bandung.close(case).await;
    // What the rules do not allow is refused, in words that are nobody's.
    let open = json!({ "proposes_to_close": false });
    let not_mine = said("case.followed_up", open, "Bukan milik kami.");
    pusat.tries(case, not_mine).await;
    fleet.settle().await;
    let reporter = kemenpu.node().identity(case, "penjaga").await.unwrap();
    assert_eq!(reporter.unwrap().name.as_deref(), Some(NAME_CANARY));
    case
}

/// Every refusal that callers without the right get from a node's API.
async fn refusals(at: &Institution, case: CaseId) -> Vec<u8> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let serving = lapor_node::doors::serve(at.node().clone(), listener, stop.clone());
    let serving = tokio::spawn(serving);
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut secrets = vec![None, Some("lpt_nobodys".to_owned())];
    for role in [Role::Reader, Role::Identity] {
        let made = tokens::create(at.node().db(), role.as_str(), role, "test", BEGINNING).await;
        secrets.push(Some(made.unwrap().to_string()));
    }
    let mut refused = Vec::new();
    for secret in &secrets {
        let authorised = |request: reqwest::RequestBuilder| match secret {
            Some(secret) => request.bearer_auth(secret),
            None => request,
        };
        let gets = ["", "/identity", "/attachments/00"].map(|below| {
            let url = format!("{base}/cases/{case}{below}");
            authorised(client.get(url))
        });
        let closing = json!({ "kind": "case.closed", "body": { "by": "reporter" } });
        let filing = json!({ "title": 7 });
        let posts = [
            (format!("/cases/{case}/acts"), closing),
            ("/reports".into(), filing),
        ];
        let posts =
            posts.map(|(path, body)| authorised(client.post(format!("{base}{path}")).json(&body)));
        for request in gets.into_iter().chain(posts) {
            let answer = request.send().await.unwrap();
            if !answer.status().is_success() {
                let head = format!("{:?}", answer.headers());
                refused.extend(head.into_bytes());
                refused.extend(answer.bytes().await.unwrap());
            }
        }
    }
    stop.cancel();
    serving.await.unwrap().unwrap();
    refused
}

async fn exported(fleet: &Fleet, home: &Path, case: CaseId) {
    let ground = &fleet.hub.hub().ground;
    for (name, case) in [("whole", None), ("case", Some(case))] {
        let written = evidence::export(ground, &home.join(name), case, |_, _| {}).await;
        assert!(written.unwrap().envelopes > 5);
    }
}

#[tokio::test]
async fn no_word_and_no_name_stands_in_a_log_an_export_an_attachment_or_a_refusal() {
    let kept = Kept::default();
    let writer = kept.clone();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let words = Canaries::new(&[WORDS_CANARY, NAME_CANARY].map(str::to_owned));
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = everything(&fleet).await;
        let refused = refusals(fleet.at("kota-bandung"), case).await;
        assert!(refused.len() > 2000);
        assert_eq!(words.found_in(&refused), Vec::<&str>::new());

        let home = tempfile::tempdir().unwrap();
        exported(&fleet, home.path(), case).await;
        for (folder, least) in [(home.path(), 12), (fleet.hub.folder(), 5)] {
            let (read, found) = search_folder(folder, &words).unwrap();
            assert!(read >= least, "{read} files in {}", folder.display());
            assert_eq!(found, []);
        }
        fleet.ends_well().await;

        let log = kept.text();
        let text = String::from_utf8_lossy(&log);
        for speaker in ["lapor_hub", "lapor_web", "sqlx", "rustls", "h2::"] {
            assert!(text.contains(speaker), "{speaker} said nothing");
        }
        assert_eq!(
            words.found_in(&log),
            Vec::<&str>::new(),
            "in {} bytes",
            log.len()
        );
    }
}
