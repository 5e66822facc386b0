//! Inbox, search and the public list, on both databases.

use std::sync::Arc;

use lapor_migrations::on;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::receipt::Stream;
use lapor_protocol::seal::{Context, seal_words};
use serde_json::{Value, json};

use super::act::content_key;
use super::{CaseFilter, NewAct, NewReport, PublicFilter, SavedFilter, Sight, Tab, describe};
use crate::chance::SystemEntropy;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::Glance;
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, databases};

pub(super) async fn file(node: &Node, title: &str, content: &str, more: Value) -> CaseId {
    let mut report = json!({
        "classification": "complaint", "title": title, "content": content,
        "region": "32.73", "category": "Perhubungan/Penerangan Jalan Umum", "channel": "web",
        "reporter": { "name": "Ibu Canary" },
    });
    report
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let report: NewReport = serde_json::from_value(report).unwrap();
    node.file(report, "test").await.unwrap().case
}

pub(super) async fn act(node: &Node, case: CaseId, kind: &str, body: Value, words: Option<Value>) {
    let object = |value: Value| value.as_object().cloned().unwrap();
    let act = NewAct {
        kind: kind.into(),
        body: object(body),
        words: words.map(object),
        attachments: Vec::new(),
    };
    node.act(case, act, "test").await.unwrap();
}

pub(super) async fn verify(node: &Node, case: CaseId) {
    act(node, case, "case.verified", json!({}), None).await;
}

pub(super) async fn index(node: &Node) {
    while node.catch_up_words().await.unwrap() > 0 {}
}

async fn found(node: &Node, typed: &str) -> Vec<String> {
    let filter = CaseFilter::default();
    let list = node
        .search(&Sight::ALL, typed, &filter, None, 50)
        .await
        .unwrap();
    // One that is found without a title would be an erased one.
    list.cases
        .into_iter()
        .map(|case| case.title.unwrap_or_default())
        .collect()
}

async fn found_in_public(node: &Node, typed: &str) -> Vec<String> {
    let page = node
        .public_cases(typed, &PublicFilter::default(), None, 50)
        .await
        .unwrap();
    page.cases
        .into_iter()
        .filter_map(|case| case.title)
        .collect()
}

pub(super) async fn tab(node: &Node, tab: Tab) -> Vec<CaseId> {
    let list = node
        .inbox(&Sight::ALL, tab, &CaseFilter::default(), None, 50)
        .await
        .unwrap();
    list.cases.into_iter().map(|case| case.case).collect()
}

#[tokio::test]
async fn either_number_finds_a_case_for_whoever_may_see_it() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let filed = json!({ "own_number": " BDG-2026/0007 " });
        let lamp = file(node, "Lampu padam", "Gelap.", filed).await;
        let secret = file(node, "Pungutan", "Di loket.", json!({ "secret": true })).await;
        assert_eq!(found(node, "BDG-2026/0007").await, ["Lampu padam"]);
        let narrow = Sight {
            secrets: false,
            units: None,
            regions: None,
        };
        let hidden = node.number(&narrow, secret, Some("7"), "test").await;
        assert!(
            matches!(hidden, Err(NodeError::NotFound { .. })),
            "{hidden:?}"
        );
        node.number(&Sight::ALL, secret, Some("BDG-2026/0007"), "test")
            .await
            .unwrap();
        verify(node, lamp).await;
        let view = node.case(lamp).await.unwrap();
        assert_eq!(view.summary.own_number.as_deref(), Some("BDG-2026/0007"));
        assert_eq!(found(node, " BDG-2026/0007").await.len(), 2);
        let filter = CaseFilter {
            own_number: Some("BDG-2026/0007".into()),
            ..CaseFilter::default()
        };
        assert_eq!(found(node, "bdg - 2026/0007").await.len(), 2);
        let typed = "bdg-2026/0007";
        let every = CaseFilter::default();
        let first = node.search(&Sight::ALL, typed, &every, None, 1);
        let first = first.await.unwrap();
        let after = first.next.as_deref();
        assert!(after.is_some(), "another one has the same number");
        let rest = node.search(&Sight::ALL, typed, &every, after, 1);
        let rest = rest.await.unwrap().cases;
        assert_eq!(rest.len(), 1);
        assert_ne!(rest[0].case, first.cases[0].case);
        assert!(found(node, "\"BDG-2026/0007\"").await.is_empty(), "no word");
        for (sight, count) in [(Sight::ALL, 2), (narrow, 1)] {
            let list = node.search(&sight, "", &filter, None, 50).await.unwrap();
            assert_eq!(list.cases.len(), count);
        }
        assert!(found_in_public(node, "BDG-2026/0007").await.is_empty());
        let formula = node.number(&Sight::ALL, lamp, Some("=1+1"), "test").await;
        assert!(matches!(formula, Err(NodeError::Invalid(_))));
        node.number(&Sight::ALL, lamp, Some(" "), "test")
            .await
            .unwrap();
        assert_eq!(node.case(lamp).await.unwrap().summary.own_number, None);
    }
}

#[tokio::test]
async fn words_phrases_exclusions_and_tickets_find_their_cases() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let dark = file(
            node,
            "Lampu jalan padam",
            "Sudah tiga malam gelap.",
            json!({}),
        )
        .await;
        file(
            node,
            "Jalan berlubang",
            "Lampu sepeda motor pecah karena lubang.",
            json!({}),
        )
        .await;
        file(node, "Sampah menumpuk", "Menumpuk di pasar.", json!({})).await;
        assert!(
            found(node, "lampu").await.is_empty(),
            "found a moment later"
        );
        index(node).await;
        for (typed, expected) in [
            ("lampu", &["Lampu jalan padam", "Jalan berlubang"][..]),
            ("LAMPUNYA jalan", &["Lampu jalan padam", "Jalan berlubang"]),
            ("\"lampu jalan\"", &["Lampu jalan padam"]),
            ("lampu -padam", &["Jalan berlubang"]),
            ("lampu -\"sepeda motor\"", &["Lampu jalan padam"]),
            ("tumpukan pasar", &["Sampah menumpuk"]),
            ("lampu sampah", &[]),
            ("banjir", &[]),
        ] {
            assert_eq!(found(node, typed).await, expected, "{typed:?}");
        }
        assert_eq!(found(node, "").await.len(), 3, "nothing typed is a list");
        let view = node.case(dark).await.unwrap();
        let ticket = view.summary.ticket.unwrap().to_lowercase();
        for direct in [ticket, dark.to_string()] {
            assert_eq!(found(node, &direct).await, ["Lampu jalan padam"]);
        }
        let refused = node
            .search(&Sight::ALL, "-lampu", &CaseFilter::default(), None, 5)
            .await;
        assert!(matches!(refused, Err(NodeError::Invalid(_))));
    }
}

#[tokio::test]
async fn a_search_is_read_page_by_page() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        for number in 0..5 {
            file(&place.node, &format!("Lampu {number}"), "Padam.", json!({})).await;
            place.clock.advance(1);
        }
        index(&place.node).await;
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let filter = CaseFilter::default();
            let page = place
                .node
                .search(&Sight::ALL, "lampu", &filter, after.as_deref(), 2);
            let page = page.await.unwrap();
            assert!(page.cases.len() <= 2);
            seen.extend(page.cases.into_iter().filter_map(|case| case.title));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(
            seen,
            ["Lampu 4", "Lampu 3", "Lampu 2", "Lampu 1", "Lampu 0"]
        );
    }
}

#[tokio::test]
async fn the_public_finds_what_is_public_by_what_it_may_read() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let open = file(node, "Lampu padam", "NIK saya 3273010101800001.", json!({})).await;
        let secret = file(
            node,
            "Lampu rahasia",
            "Pungutan.",
            json!({ "secret": true }),
        )
        .await;
        let waste = file(node, "Lampu mainan", "Tidak jelas.", json!({})).await;
        index(node).await;
        assert!(
            found_in_public(node, "").await.is_empty(),
            "nobody has looked at them yet"
        );
        for case in [open, secret, waste] {
            verify(node, case).await;
        }
        act(
            node,
            waste,
            "case.archived",
            json!({ "reason": "not_a_report" }),
            None,
        )
        .await;
        act(
            node,
            open,
            "case.noted",
            json!({}),
            Some(json!({ "text": "Catatan bengkel." })),
        )
        .await;
        let answer = json!({ "text": "Kabel telah diganti." });
        act(node, open, "case.followed_up", json!({}), Some(answer)).await;
        index(node).await;
        for typed in ["", "lampu", "kabel", &open.to_string()] {
            assert_eq!(
                found_in_public(node, typed).await,
                ["Lampu padam"],
                "{typed:?}"
            );
        }
        for typed in [
            "rahasia",
            "pungutan",
            "mainan",
            "bengkel",
            "3273010101800001",
        ] {
            assert!(found_in_public(node, typed).await.is_empty(), "{typed:?}");
        }
        assert!(
            found(node, "3273010101800001").await.is_empty(),
            "a personal number finds nobody, at the desk neither"
        );
        for typed in ["pungutan", "mainan", "bengkel"] {
            assert_eq!(
                found(node, typed).await.len(),
                1,
                "the desk finds {typed:?}"
            );
        }
        let guarded = Sight {
            secrets: false,
            units: None,
            regions: None,
        };
        let filter = CaseFilter::default();
        for typed in ["pungutan", "", &secret.to_string()] {
            let list = node
                .search(&guarded, typed, &filter, None, 50)
                .await
                .unwrap();
            assert!(list.cases.iter().all(|case| !case.secret), "{typed:?}");
        }
        let page = node
            .public_cases("", &PublicFilter::default(), None, 5)
            .await
            .unwrap();
        assert_eq!(
            page.cases[0].answer.as_deref(),
            Some("Kabel telah diganti.")
        );
        assert!(!serde_json::to_string(&page).unwrap().contains("Canary"));
    }
}

#[tokio::test]
async fn public_reports_are_filtered_and_counted() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        for (title, region, category) in [
            ("Satu", "32.73.01.1001", "Perhubungan/Penerangan Jalan Umum"),
            ("Dua", "32.73", "Perhubungan/Parkir Liar"),
            ("Tiga", "31.71", "Kesehatan"),
        ] {
            let more = json!({ "region": region, "category": category });
            let case = file(node, title, "Isi.", more).await;
            verify(node, case).await;
            place.clock.advance(1000);
        }
        for (filter, expected) in [
            (json!({}), &["Tiga", "Dua", "Satu"][..]),
            (json!({ "region": "32" }), &["Dua", "Satu"]),
            (json!({ "region": "32.73" }), &["Dua", "Satu"]),
            (json!({ "region": "32.73.01" }), &["Satu"]),
            (json!({ "region": "32.73.02" }), &[]),
            (json!({ "category": "Perhubungan" }), &["Dua", "Satu"]),
            (json!({ "category": "Perhubungan/Parkir Liar" }), &["Dua"]),
            (json!({ "institution": "pusat" }), &[]),
            (
                json!({ "state": "verified", "filed_from": NOW + 1, "filed_before": NOW + 1500 }),
                &["Dua"],
            ),
        ] {
            let wanted: PublicFilter = serde_json::from_value(filter.clone()).unwrap();
            let page = node.public_cases("", &wanted, None, 50).await.unwrap();
            let titles: Vec<_> = page
                .cases
                .into_iter()
                .filter_map(|case| case.title)
                .collect();
            assert_eq!(titles, expected, "{filter}");
        }
        let all = PublicFilter::default();
        let first = node.public_cases("", &all, None, 2).await.unwrap();
        let rest = node
            .public_cases("", &all, first.next.as_deref(), 2)
            .await
            .unwrap();
        assert_eq!(
            (first.cases.len(), rest.cases.len(), rest.next),
            (2, 1, None)
        );
        let figures = node.public_figures().await.unwrap();
        assert_eq!(
            (
                figures.all,
                figures.by_category["Perhubungan"],
                figures.by_province["31"]
            ),
            (3, 2, 1)
        );
        let again = node.public_figures().await.unwrap();
        assert!(Arc::ptr_eq(&figures, &again), "counted once a minute");
        place.clock.advance(60_000);
        assert!(!Arc::ptr_eq(
            &figures,
            &node.public_figures().await.unwrap()
        ));
    }
}

/// A glance as a failing test may show it.
fn fields(glance: &Glance) -> [Option<String>; 8] {
    let glance = glance.clone();
    [
        glance.title,
        glance.place,
        glance.excerpt,
        glance.answer,
        glance.last_kind,
        glance.last_author,
        glance.last_at.map(|at| at.to_string()),
        glance.turn,
    ]
}

/// A follow-up of another institution, sealed under the case's key.
async fn answer_of(node: &Node, case: CaseId, kind: &str, text: &str) -> Draft {
    let mut tx = node.read_tx().await.unwrap();
    let key = content_key(&mut tx, case).await.unwrap().unwrap();
    let row = store::cases::case(&mut tx, &case.to_string())
        .await
        .unwrap()
        .unwrap();
    let term = row.ruled().unwrap().unwrap().term;
    let id = MessageId::mint(NOW, [7; 10]);
    let author = "kota-bandung".parse().unwrap();
    let context = Context {
        kind,
        id,
        case,
        author: &author,
    };
    let words = serde_json::to_vec(&json!({ "text": text })).unwrap();
    Draft {
        kind: kind.into(),
        id,
        case: Some(case),
        term: Some(term),
        created_at: NOW,
        body: Body::of_kind(kind, "{}").unwrap(),
        sealed: Some(seal_words(&key, context, &words, &mut SystemEntropy).unwrap()),
        attachments: Vec::new(),
    }
}

#[tokio::test]
async fn what_lists_show_is_the_same_taken_in_and_read_anew() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let node = &place.node;
        let hub = PaperHub::of(&place);
        let link = Link::over(node.clone(), hub.clone()).unwrap();
        let case = file(node, "Lampu padam", "Isi.", json!({ "place": "Pasar" })).await;
        act(
            node,
            case,
            "case.verified",
            json!({}),
            Some(json!({ "title": "Lampu mati" })),
        )
        .await;
        act(
            node,
            case,
            "case.disposed",
            json!({ "target": "kota-bandung" }),
            None,
        )
        .await;
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        hub.authors(
            "kota-bandung",
            &answer_of(node, case, "case.followed_up", "Beres.").await,
        );
        act(
            node,
            case,
            "case.noted",
            json!({}),
            Some(json!({ "text": "Pantau." })),
        )
        .await;
        link.pull(Stream::Inbox, 0).await.unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let mut tx = node.read_tx().await.unwrap();
        let row = store::cases::case(&mut tx, &case.to_string())
            .await
            .unwrap()
            .unwrap();
        let mut anew = row.clone();
        describe(&mut tx, &mut anew, node.instance().unwrap())
            .await
            .unwrap();
        assert_eq!(fields(&row.glance), fields(&anew.glance));
        assert_eq!(row.glance.title.as_deref(), Some("Lampu mati"));
        assert_eq!(row.glance.place.as_deref(), Some("Pasar"));
        assert_eq!(row.glance.answer.as_deref(), Some("Beres."));
        assert_eq!(row.glance.turn.as_deref(), Some("case.followed_up"));
        assert_eq!(row.tray.as_deref(), Some("elsewhere"));
        assert!(
            !format!("{row:?}").contains("Lampu mati"),
            "no words in a log"
        );
    }
}

#[tokio::test]
async fn an_erasure_takes_the_words_from_lists_and_search() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let hub = PaperHub::of(&place);
        let link = Link::over(node.clone(), hub.clone()).unwrap();
        let case = file(node, "Lampu padam", "Isi pribadi.", json!({})).await;
        verify(node, case).await;
        index(node).await;
        assert_eq!(found_in_public(node, "pribadi").await.len(), 1);
        act(
            node,
            case,
            "case.redacted",
            json!({ "reason": "reporter_request" }),
            None,
        )
        .await;
        assert!(found_in_public(node, "pribadi").await.is_empty(), "at once");
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        for indexed in [false, true] {
            assert!(
                found(node, "pribadi").await.is_empty(),
                "indexed again: {indexed}"
            );
            let view = node.case(case).await.unwrap();
            assert_eq!((view.summary.title, view.summary.excerpt), (None, None));
            index(node).await;
        }
    }
}

#[tokio::test]
async fn an_account_keeps_its_own_filters() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let filter = SavedFilter {
            name: "Lampu di Bandung".into(),
            tab: Some(Tab::New),
            q: Some("lampu".into()),
            filter: serde_json::from_value(json!({ "region": "32.73" })).unwrap(),
        };
        node.save_filter("asep", &filter).await.unwrap();
        node.save_filter("asep", &filter).await.unwrap();
        assert_eq!(
            node.saved_filters("asep").await.unwrap(),
            std::slice::from_ref(&filter)
        );
        assert_eq!(node.saved_filters("budi").await.unwrap(), []);
        for number in 0..49 {
            let more = SavedFilter {
                name: number.to_string(),
                ..filter.clone()
            };
            node.save_filter("asep", &more).await.unwrap();
        }
        let one_more = SavedFilter {
            name: "lagi".into(),
            ..filter.clone()
        };
        assert!(node.save_filter("asep", &one_more).await.is_err());
        node.remove_filter("asep", &filter.name).await.unwrap();
        assert!(node.remove_filter("asep", &filter.name).await.is_err());
        node.save_filter("asep", &one_more).await.unwrap();
        let later = r#"{"name":"kelak","tab":"kelak"}"#;
        let mut tx = node.write_tx().await.unwrap();
        let kept = store::desk::put_filter(&mut tx, "budi", "kelak", later, NOW);
        kept.await.unwrap();
        tx.commit().await.unwrap();
        node.save_filter("budi", &filter).await.unwrap();
        assert_eq!(node.saved_filters("budi").await.unwrap(), [filter]);
    }
}

#[tokio::test]
async fn a_damaged_row_of_an_older_version_keeps_no_words_from_being_found() {
    const OLDER: &str = "update cases set described = 0";
    const DAMAGE: &str = "update cases set fold = '{' where case_id = $1";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let damaged = file(node, "Trotoar rusak", "Di Braga.", json!({})).await;
        let older = file(node, "Lampu padam", "Di Melati.", json!({})).await;
        let (id, mut tx) = (damaged.to_string(), node.write_tx().await.unwrap());
        on!(&mut tx, c => sqlx::query(OLDER).execute(c).await.map(drop)).unwrap();
        on!(&mut tx, c => sqlx::query(DAMAGE).bind(&id).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        index(node).await;
        assert_eq!(found(node, "melati").await, ["Lampu padam"]);
        let mut tx = node.read_tx().await.unwrap();
        let left = store::cases::undescribed(&mut tx, 9).await.unwrap();
        assert!(left.is_empty());
        drop(tx);
        assert!(node.case(older).await.is_ok());
    }
}
