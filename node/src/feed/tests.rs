//! What stands in the feed, in which order, and who sees it; on both databases.

use std::time::Duration;

use futures_util::future::join_all;
use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use serde_json::json;

use super::{Asked, ChangePage, KEPT_MS, LATEST, Subject, Wanted, note, of_case};
use crate::casework::{NewReport, Sight};
use crate::clock::Clock as _;
use crate::error::NodeError;
use crate::publishing::NewProgramme;
use crate::store;
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, acts, databases};
use crate::tokens::{Rights, Role, Scope, Scopes};

const EACH: i64 = 40;

async fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for db in databases().await {
        places.push(Place::joined("kota-bandung", db).await);
    }
    places
}

async fn filed(place: &Place) -> CaseId {
    let report: NewReport = serde_json::from_value(json!({
        "classification": "complaint", "title": "Lampu jalan padam",
        "content": "Sejak Minggu.", "channel": "web",
    }))
    .unwrap();
    place.node.file(report, "test").await.unwrap().case
}

async fn publishes(place: &Place) {
    let programme: NewProgramme = serde_json::from_value(json!({
        "slug": "taman", "name": "Taman", "description": "Sepuluh taman.",
    }))
    .unwrap();
    let published = place.node.publish_programme(programme, "test").await;
    published.unwrap();
}

async fn read(place: &Place, rights: &Rights, after: Option<&str>) -> ChangePage {
    let asked = Asked {
        rights,
        sight: &Sight::ALL,
        after: after.map(str::to_owned),
        subject: None,
        wanted: Wanted::all(),
        limit: 200,
    };
    place.node.changes_after(&asked).await.unwrap()
}

fn kinds(page: &ChangePage) -> Vec<&str> {
    page.changes.iter().map(|one| one.kind.as_str()).collect()
}

/// Numbers are given one after another by writers that wait for each other. Were they given by a
/// sequence, a reader could pass a number whose transaction commits later.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_on_while_two_processes_write_misses_nothing() {
    for place in places().await {
        let nodes = [place.node.clone(), place.reopened().await];
        let writers = nodes.into_iter().enumerate().map(|(which, node)| {
            tokio::spawn(async move {
                for turn in 0..EACH {
                    let mut tx = node.write_tx().await.unwrap();
                    let case = which.to_string();
                    let rows = [
                        of_case(&case, "case.noted", None, turn),
                        of_case(&case, "case.rated", None, turn),
                    ];
                    note(&mut tx, &rows).await.unwrap();
                    tokio::task::yield_now().await;
                    if turn % 5 == 4 {
                        tx.rollback().await.unwrap();
                    } else {
                        tx.commit().await.unwrap();
                    }
                }
            })
        });
        let writing = tokio::spawn(join_all(writers));
        let (mut seen, mut at) = (Vec::new(), 0);
        loop {
            let over = writing.is_finished();
            let mut tx = place.node.read_tx().await.unwrap();
            let rows = store::changes::after(&mut tx, at, 3).await.unwrap();
            drop(tx);
            if over && rows.is_empty() {
                break;
            }
            at = rows.last().map_or(at, |row| row.number);
            seen.extend(rows.into_iter().map(|row| row.number));
        }
        writing.await.unwrap();
        let written: Vec<i64> = (1..=2 * 2 * EACH / 5 * 4).collect();
        assert_eq!(seen, written);
    }
}

#[tokio::test]
async fn what_happens_here_is_told_once_and_without_a_word() {
    for place in places().await {
        let rights = Rights::from(Role::Reader);
        let case = filed(&place).await;
        acts(&place, case, "case.verified", json!({}), None).await;
        publishes(&place).await;
        let page = read(&place, &rights, None).await;
        let expected = ["report.filed", "case.verified", "programme.published"];
        assert_eq!(kinds(&page), expected);
        assert_eq!(page.changes[0].id, case.to_string());
        assert_eq!((page.changes[0].number, page.changes[0].at), (1, NOW));
        assert_eq!(page.changes[2].subject, Subject::Programme);
        assert_eq!(page.changes[2].id, "kota-bandung/taman");
        let said = serde_json::to_string(&page).unwrap();
        assert!(!said.contains("Lampu") && !said.contains("Taman"), "{said}");
        // Back from the hub they are nothing new.
        let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        link.pull(Stream::Public, 0).await.unwrap();
        let later = read(&place, &rights, Some(&page.next)).await;
        assert_eq!(kinds(&later), [] as [&str; 0]);
        assert_eq!(later.next, page.next);
    }
}

#[tokio::test]
async fn an_own_act_that_comes_to_nothing_is_told_as_well() {
    for place in places().await {
        let rights = Rights::from(Role::Reader);
        let hub = PaperHub::of(&place);
        let link = Link::over(place.node.clone(), hub.clone()).unwrap();
        let case = filed(&place).await;
        link.push().await.unwrap();
        hub.rules(Ruling {
            effect: Effect::Inapplicable,
            reason: Some(Reason::WrongState),
        });
        acts(&place, case, "case.verified", json!({}), None).await;
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let page = read(&place, &rights, None).await;
        let expected = ["report.filed", "case.verified", "message.refused"];
        assert_eq!(kinds(&page), expected);
        assert_eq!(page.changes[1].message, page.changes[2].message);
    }
}

#[tokio::test]
async fn a_clock_that_runs_out_is_told_once() {
    for place in places().await {
        let rights = Rights::from(Role::Reader);
        filed(&place).await;
        let filed = read(&place, &rights, None).await;
        for _ in 0..2 {
            place.clock.advance(20 * 86_400_000);
            place.node.look_after_deadlines().await.unwrap();
        }
        let page = read(&place, &rights, Some(&filed.next)).await;
        let overdue = kinds(&page)
            .into_iter()
            .filter(|kind| *kind == "deadline.overdue");
        assert_eq!(overdue.count(), 1, "{:?}", kinds(&page));
    }
}

#[tokio::test]
async fn a_token_sees_what_its_scopes_let_it_read() {
    for place in places().await {
        filed(&place).await;
        publishes(&place).await;
        place.clock.advance(20 * 86_400_000);
        place.node.look_after_deadlines().await.unwrap();
        for (scope, begins) in [
            (Scope::CasesRead, "report."),
            (Scope::ReferenceRead, "programme."),
            (Scope::DeadlinesRead, "deadline."),
            (Scope::AuditRead, "nothing"),
        ] {
            let rights = Rights::Scopes(Scopes::new([scope]).unwrap());
            let page = read(&place, &rights, None).await;
            let seen = kinds(&page);
            assert!(seen.iter().all(|kind| kind.starts_with(begins)), "{seen:?}");
            assert_eq!(seen.is_empty(), scope == Scope::AuditRead, "{scope}");
            // What is not seen is passed over all the same.
            let whole = read(&place, &Rights::from(Role::Admin), None).await;
            assert_eq!(page.next, whole.next, "{scope}");
        }
    }
}

#[tokio::test]
async fn whoever_waits_is_told_when_something_changes() {
    for place in places().await {
        let rights = Rights::from(Role::Reader);
        let asked = Asked {
            rights: &rights,
            sight: &Sight::ALL,
            after: Some(read(&place, &rights, Some(LATEST)).await.next),
            subject: Some(Subject::Case),
            wanted: Wanted::read("kind", ["report.*"]).unwrap(),
            limit: 10,
        };
        let waiting = place.node.changes_within(asked, Duration::from_secs(25));
        let (page, case) = tokio::join!(waiting, filed(&place));
        assert_eq!(page.unwrap().changes[0].id, case.to_string());
    }
}

#[tokio::test]
async fn a_clock_that_is_ahead_has_no_change_forgotten_and_one_that_was_keeps_none_for_good() {
    for place in places().await {
        let rights = Rights::from(Role::Reader);
        filed(&place).await;
        filed(&place).await;
        place.clock.set_off(2 * KEPT_MS);
        place.node.expire_changes().await.unwrap();
        assert_eq!(read(&place, &rights, None).await.changes.len(), 2);
        filed(&place).await;
        place.clock.set_off(-2 * KEPT_MS);
        filed(&place).await;
        filed(&place).await;
        place.clock.advance(KEPT_MS + 1);
        place.node.expire_changes().await.unwrap();
        let page = read(&place, &rights, None).await;
        assert_eq!((page.changes.len(), page.changes[0].number), (1, 5));
    }
}

#[tokio::test]
async fn changes_are_kept_for_400_days_and_an_older_cursor_is_gone() {
    for place in places().await {
        let rights = Rights::from(Role::Reader);
        filed(&place).await;
        let old = read(&place, &rights, None).await;
        filed(&place).await;
        filed(&place).await;
        let young = read(&place, &rights, None).await;
        place.clock.advance(KEPT_MS);
        place.node.expire_changes().await.unwrap();
        assert_eq!(read(&place, &rights, None).await.changes.len(), 3);
        place.clock.advance(1);
        place.node.expire_changes().await.unwrap();
        // The last one stays: the next number follows it.
        let page = read(&place, &rights, None).await;
        assert_eq!(page.changes[0].number, 3);
        let last = read(&place, &rights, Some(&young.next)).await;
        assert!(last.changes.is_empty());
        let asked = Asked {
            rights: &rights,
            sight: &Sight::ALL,
            after: Some(old.next),
            subject: None,
            wanted: Wanted::all(),
            limit: 10,
        };
        let gone = place.node.changes_after(&asked).await;
        let Err(NodeError::CursorGone { earliest }) = gone else {
            panic!("{gone:?}");
        };
        let anew = read(&place, &rights, Some(&earliest)).await;
        assert_eq!(anew.changes[0].number, 3);
        filed(&place).await;
        assert_eq!(
            read(&place, &rights, Some(&anew.next)).await.changes[0].number,
            4
        );
        assert_eq!(place.clock.now_ms(), NOW + KEPT_MS + 1);
    }
}
