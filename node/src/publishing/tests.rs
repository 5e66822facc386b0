//! Publishing on both databases: offline, sent, ruled, come back.

use std::sync::Arc;

use lapor_migrations::on;
use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::kinds::Body;
use lapor_protocol::kinds::programme_progressed::ProgrammeStatus;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use super::publish::Base;
use super::{
    Imported, NewCalendar, NewProgramme, NewProgress, NewTaxonomy, ProgrammeFilter, Standing,
    tables,
};
use crate::error::NodeError;
use crate::node::Node;
use crate::sync::Link;
use crate::testing::{PaperHub, Place, databases};

fn programme(slug: &str, region: &str) -> Body {
    let new = json!({"slug": slug, "name": "Jembatan", "region": region, "description": "Baru."});
    Body::of_kind("programme.published", &new.to_string()).unwrap()
}

fn progress(slug: &str, percent: u8) -> Body {
    let new = json!({"percent": percent, "status": "running"});
    let new: NewProgress = serde_json::from_value(new).unwrap();
    new.about(slug.into())
}

fn calendar(edition: &str) -> Body {
    let days = json!([{"date": "2026-08-17", "name": "HUT RI", "kind": "national_holiday"}]);
    let new = json!({"edition": edition, "days": days});
    serde_json::from_value::<NewCalendar>(new).unwrap().into()
}

fn taxonomy(edition: &str, roots: usize) -> Body {
    let root = json!({"name": "Perhubungan", "below": vec!["x".repeat(80); 30]});
    let new = json!({"edition": edition, "roots": vec![root; roots]});
    serde_json::from_value::<NewTaxonomy>(new).unwrap().into()
}

fn linked(place: &Place) -> (Arc<PaperHub>, Arc<Link>) {
    let hub = PaperHub::of(place);
    let link = Link::over(place.node.clone(), hub.clone()).unwrap();
    (hub, link)
}

async fn exchange(link: &Link) {
    link.push().await.unwrap();
    link.pull(Stream::Inbox, 0).await.unwrap();
    link.pull(Stream::Public, 0).await.unwrap();
}

fn refused(outcome: Result<super::Publication, NodeError>) -> (Effect, Option<Reason>) {
    match outcome {
        Err(NodeError::NotAllowed(refused)) => (refused.ruling.effect, refused.ruling.reason),
        other => panic!("{other:?}"),
    }
}

async fn slugs(node: &Node, filter: &ProgrammeFilter) -> Vec<String> {
    let page = node.programmes(filter, None, 200).await.unwrap();
    let programmes = page.programmes.into_iter();
    programmes.map(|each| each.published.slug).collect()
}

#[tokio::test]
async fn a_programme_is_pending_until_it_has_come_back_on_the_public_stream() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let me = place.node.instance().unwrap().clone();
        let node = &place.node;
        let early = node.publish(progress("jembatan", 5), "test").await;
        let not_published = (Effect::Inapplicable, Some(Reason::NotPublished));
        assert_eq!(refused(early), not_published);
        node.publish(programme("jembatan", "32.73"), "test")
            .await
            .unwrap();
        place.clock.advance(1000);
        node.publish(progress("jembatan", 40), "test")
            .await
            .unwrap();
        let view = node.programme(&me, "jembatan").await.unwrap();
        assert_eq!(view.programme.pending, 2);
        assert_eq!(view.programme.progress.unwrap().percent, 40);
        let standings = |view: &super::ProgrammeView| {
            let all = view.history.iter();
            all.map(|entry| entry.standing).collect::<Vec<_>>()
        };
        let view = place.reopened().await.programme(&me, "jembatan").await;
        assert_eq!(standings(&view.unwrap()), [Standing::Pending; 2]);

        let (_, link) = linked(&place);
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let ruled = node.programme(&me, "jembatan").await.unwrap();
        assert_eq!(ruled.programme.pending, 2, "ruled, and not back yet");
        link.pull(Stream::Public, 0).await.unwrap();
        let view = node.programme(&me, "jembatan").await.unwrap();
        assert_eq!(view.programme.pending, 0);
        assert_eq!(standings(&view), [Standing::Published; 2]);
        let status = node.status().await.unwrap();
        assert_eq!((status.outbox.unsent, status.outbox.unruled), (0, 0));
        assert_eq!(status.inbox, crate::status::InboxStatus::default());
    }
}

#[tokio::test]
async fn what_the_hub_did_not_let_through_is_shown_no_more_and_says_why() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let me = place.node.instance().unwrap().clone();
        let (hub, link) = linked(&place);
        let node = &place.node;
        node.publish(programme("jembatan", "32.73"), "test")
            .await
            .unwrap();
        node.publish(progress("jembatan", 10), "test")
            .await
            .unwrap();
        exchange(&link).await;
        hub.rules(Ruling {
            effect: Effect::Inapplicable,
            reason: Some(Reason::NotPublished),
        });
        node.publish(progress("jembatan", 90), "test")
            .await
            .unwrap();
        node.publish(programme("taman", "32.73"), "test")
            .await
            .unwrap();
        assert_eq!(slugs(node, &ProgrammeFilter::default()).await.len(), 2);
        exchange(&link).await;
        let view = node.programme(&me, "jembatan").await.unwrap();
        assert_eq!(view.programme.progress.unwrap().percent, 10);
        let last = view.history.last().unwrap();
        assert_eq!(
            (last.standing, last.reason.as_deref()),
            (Standing::Refused, Some("not_published"))
        );
        assert_eq!(slugs(node, &ProgrammeFilter::default()).await, ["jembatan"]);
    }
}

#[tokio::test]
async fn programmes_of_all_institutions_are_listed_by_owner_region_and_page() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (hub, link) = linked(&place);
        for (owner, slug, region) in [
            ("kemenpu", "tol.seksi-3", "36.01"),
            ("kemenpu", "bendungan", "32.04"),
            ("pusat", "satu-data", "32"),
        ] {
            hub.publishes(owner, programme(slug, region));
        }
        hub.publishes("kemenpu", progress("bendungan", 76));
        place
            .node
            .publish(programme("taman", "32.73"), "test")
            .await
            .unwrap();
        exchange(&link).await;
        let node = &place.node;
        let all = ["bendungan", "tol.seksi-3", "taman", "satu-data"];
        assert_eq!(slugs(node, &ProgrammeFilter::default()).await, all);
        let of = |owner: Option<&str>, region: Option<&str>| ProgrammeFilter {
            owner: owner.map(|owner| owner.parse().unwrap()),
            region: region.map(|region| region.parse().unwrap()),
            status: None,
        };
        for (filter, expected) in [
            (of(Some("kemenpu"), None), &["bendungan", "tol.seksi-3"][..]),
            (of(None, Some("32")), &["bendungan", "taman", "satu-data"]),
            (of(None, Some("36.02")), &[]),
            (of(Some("kemenpu"), Some("36.01")), &["tol.seksi-3"]),
        ] {
            assert_eq!(slugs(node, &filter).await, expected, "{filter:?}");
        }
        let standing = async |status| {
            let filter = ProgrammeFilter {
                status: Some(status),
                ..ProgrammeFilter::default()
            };
            slugs(node, &filter).await
        };
        assert_eq!(standing(ProgrammeStatus::Running).await, ["bendungan"]);
        let untold = standing(ProgrammeStatus::Planned).await;
        assert_eq!(untold, ["tol.seksi-3", "taman", "satu-data"]);
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let filter = ProgrammeFilter::default();
            let page = node.programmes(&filter, after.as_deref(), 1).await.unwrap();
            seen.extend(page.programmes.into_iter().map(|each| each.published.slug));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
        let kemenpu = "kemenpu".parse().unwrap();
        let view = node.programme(&kemenpu, "bendungan").await.unwrap();
        assert_eq!(view.programme.progress.unwrap().percent, 76);
        let missing = node.programme(&kemenpu, "taman").await;
        assert!(matches!(missing, Err(NodeError::NotFound { .. })));
    }
}

#[tokio::test]
async fn only_the_national_desk_publishes_editions_and_each_name_once() {
    for db in databases().await {
        let place = Place::joined("kemenpu", db).await;
        let not_desk = (Effect::Unauthorised, Some(Reason::NotDesk));
        for body in [calendar("2026.1"), taxonomy("2026.1", 1)] {
            assert_eq!(refused(place.node.publish(body, "test").await), not_desk);
        }
    }
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        let node = &place.node;
        let (hub, link) = linked(&place);
        let empty = node.calendar(None).await.unwrap();
        assert!(empty.calendar.is_none() && empty.editions.is_empty());
        node.publish(calendar("2026.1"), "test").await.unwrap();
        let again = node.publish(calendar("2026.1"), "test").await.unwrap_err();
        assert!(again.to_string().contains("never changes"), "{again}");
        let twice = node.publish(taxonomy("2026.1", 1), "test").await;
        let twice = twice.unwrap_err().to_string();
        assert!(twice.contains("stands there twice"), "{twice}");
        let day =
            |name: &str| json!({"date": "2026-08-17", "name": name, "kind": "national_holiday"});
        let days = json!({"edition": "2026.3", "days": [day("HUT RI"), day("Maulid")]});
        let days: NewCalendar = serde_json::from_value(days).unwrap();
        let twice = node.publish(days.into(), "test").await;
        let twice = twice.unwrap_err().to_string();
        assert!(
            twice.contains("days: 2026-08-17 stands there twice"),
            "{twice}"
        );
        for (roots, said) in [
            (json!([]), "roots: an edition has one category at least"),
            (
                json!([{"name": "Agama", "below": ["Pesantren & <b>Madrasah</b>"]}]),
                "roots: \"Pesantren & <b>Madrasah</b>\" has a slash",
            ),
            (
                json!([{"name": "Jalan/Rusak"}]),
                "roots: \"Jalan/Rusak\" has a slash",
            ),
            (
                json!([{"name": "Air\n\u{202e}apiP"}]),
                "roots: \"Air\\n\\u{202e}apiP\" has characters that are not seen",
            ),
            (
                json!([{"name": "Air "}]),
                "roots: \"Air \" begins or ends with a blank",
            ),
        ] {
            let new = json!({"edition": "2026.3", "roots": roots});
            let new: NewTaxonomy = serde_json::from_value(new).unwrap();
            let wrong = node.publish(new.into(), "test").await;
            let wrong = wrong.unwrap_err().to_string();
            assert!(wrong.contains(said), "{wrong}");
        }
        let dayless: NewCalendar =
            serde_json::from_value(json!({"edition": "2026.3", "days": []})).unwrap();
        let dayless = node.publish(dayless.into(), "test").await;
        let dayless = dayless.unwrap_err().to_string();
        assert!(
            dayless.contains("days: an edition has one day"),
            "{dayless}"
        );
        let huge = node.publish(taxonomy("2026.1", 150), "test").await;
        assert!(matches!(huge, Err(NodeError::TooLarge(_))), "{huge:?}");
        let pending = node.calendar(None).await.unwrap();
        assert!(pending.calendar.is_none(), "pending is not in force");
        assert_eq!(pending.editions[0].standing, Standing::Pending);
        exchange(&link).await;
        place.clock.advance(1000);
        node.publish(calendar("2026.2"), "test").await.unwrap();
        let first = node.calendar(None).await.unwrap();
        assert_eq!(first.calendar.unwrap().edition, "2026.1");
        exchange(&link).await;
        let view = node.calendar(None).await.unwrap();
        assert_eq!(view.calendar.unwrap().edition, "2026.2");
        let current: Vec<bool> = view.editions.iter().map(|each| each.current).collect();
        assert_eq!(current, [false, true]);
        let former = node.calendar(Some("2026.1")).await.unwrap();
        assert_eq!(former.calendar.unwrap().edition, "2026.1");
        let unknown = node.taxonomy(Some("2026.1")).await;
        assert!(matches!(unknown, Err(NodeError::NotFound { .. })));
        assert_eq!(hub.accepted(), 2, "what was refused was never sent");
    }
}

#[tokio::test]
async fn the_directory_names_the_edition_in_force_even_if_a_later_one_has_arrived() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (hub, link) = linked(&place);
        hub.publishes("pusat", calendar("2026.1"));
        hub.publishes("pusat", calendar("2026.2"));
        exchange(&link).await;
        let latest = place.node.calendar(None).await.unwrap();
        assert_eq!(latest.calendar.unwrap().edition, "2026.2");
        place.directory_names_calendar("2026.1").await;
        let named = place.node.calendar(None).await.unwrap();
        assert_eq!(named.calendar.unwrap().edition, "2026.1");
        assert!(named.editions[0].current && !named.editions[1].current);
    }
}

#[tokio::test]
async fn the_edition_before_stands_in_for_one_that_is_damaged() {
    const DAMAGE: &str = "update publications set body = '{' where name = $1";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (hub, link) = linked(&place);
        for edition in ["2026.1", "2026.2"] {
            hub.publishes("pusat", calendar(edition));
            let new = json!({"edition": edition, "roots": [{"name": "Perhubungan"}]});
            let new: NewTaxonomy = serde_json::from_value(new).unwrap();
            hub.publishes("pusat", new.into());
        }
        exchange(&link).await;
        let shipped = ("built-in", "2026.0");
        for (damaged, stand_in) in [("2026.2", ("2026.1", "2026.1")), ("2026.1", shipped)] {
            let mut tx = place.node.write_tx().await.unwrap();
            let done =
                on!(&mut tx, c => sqlx::query(DAMAGE).bind(damaged).execute(c).await.map(drop));
            done.unwrap();
            tx.commit().await.unwrap();
            let node = place.reopened().await;
            let mut tx = node.read_tx().await.unwrap();
            let calendar = node.calendar_in_force(&mut tx).await.unwrap();
            drop(tx);
            let categories = node.categories().await.unwrap();
            assert_eq!((calendar.edition(), &*categories.edition), stand_in);
            let asked = node.taxonomy(Some(damaged)).await;
            assert!(matches!(asked, Err(NodeError::Damaged(_))), "{asked:?}");
        }
    }
}

#[tokio::test]
async fn a_new_programme_takes_the_place_of_none_that_came_meanwhile() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (me, node) = (place.node.instance().unwrap(), &place.node);
        let new = |description: &str| -> NewProgramme {
            let new = json!({"slug": "taman", "name": "Taman", "description": description});
            serde_json::from_value(new).unwrap()
        };
        let first = node.publish_new_programme(new("Sepuluh."), "siti").await;
        first.unwrap();
        let second = node.publish_new_programme(new("Dua."), "budi").await;
        let refused = matches!(second, Err(NodeError::ProgrammeChanged));
        assert!(refused, "{second:?}");
        let stands = node.known_programme(me, "taman").await.unwrap().unwrap();
        assert_eq!(stands.published.description, "Sepuluh.");
        let changed = node.publish_programme(new("Dua belas."), "siti").await;
        changed.unwrap();
    }
}

#[tokio::test]
async fn what_is_damaged_of_a_programme_keeps_nothing_else_from_being_read() {
    const NEWS: &str = "update publications set body = '{' where kind = 'programme.progressed'";
    const ROW: &str = "update programmes set published = '{' where slug = 'jembatan'";
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (me, node) = (place.node.instance().unwrap(), &place.node);
        for body in [programme("jembatan", "32.73"), progress("jembatan", 10)] {
            node.publish(body, "test").await.unwrap();
        }
        for (damage, is_known) in [(NEWS, true), (ROW, false)] {
            let mut tx = node.write_tx().await.unwrap();
            on!(&mut tx, c => sqlx::query(damage).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
            let known = node.known_programme(me, "jembatan").await.unwrap();
            assert_eq!(known.is_some(), is_known, "{damage}");
            if is_known {
                let view = node.programme(me, "jembatan").await.unwrap();
                assert_eq!(view.history.len(), 1);
            }
        }
        let stranger = node.known_programme(me, "taman").await.unwrap();
        assert!(stranger.is_none());
    }
}

#[tokio::test]
async fn a_table_publishes_own_rows_once_and_names_all_others() {
    const SAMPLE: &str = include_str!("../../../tests/data/programmes.csv");
    for db in databases().await {
        let place = Place::joined("kemenpu", db).await;
        let node = &place.node;
        let import = async |text: &str| {
            let rows = tables::programmes(text);
            node.import_programmes(rows, "test").await.unwrap()
        };
        let of = |imported: &[(u64, String, Imported)], wanted: fn(&Imported) -> bool| {
            imported.iter().filter(|(_, _, each)| wanted(each)).count()
        };
        let both = |each: &Imported| {
            *each
                == Imported::Published {
                    text: true,
                    progress: true,
                }
        };
        let first = import(SAMPLE).await;
        assert_eq!(first.len(), 40);
        assert_eq!(of(&first, both), 5);
        assert_eq!(of(&first, |each| matches!(each, Imported::Skipped(_))), 35);
        let again = import(SAMPLE).await;
        assert_eq!(of(&again, |each| *each == Imported::Unchanged), 5);
        let changed = import(&SAMPLE.replace(",berjalan,81,", ",berjalan,82,")).await;
        let progress_only = Imported::Published {
            text: false,
            progress: true,
        };
        assert_eq!(changed[0].2, progress_only);
        let bad = import(&SAMPLE.replace("2024-03-01", "2024-13-01")).await;
        let Imported::Refused(reason) = &bad[0].2 else {
            panic!("{bad:?}")
        };
        assert!(reason.contains("start"), "{reason}");
        assert_eq!(node.status().await.unwrap().outbox.unsent, 11);
    }
}

#[tokio::test]
async fn what_was_gathered_for_a_table_takes_nothing_away_that_was_published_meanwhile() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let first = node.publish(programme("jembatan", "32.73"), "token:desk");
        let base = Base::Message(first.await.unwrap().message);
        let again = programme("jembatan", "32.73");
        let new = node.publish_if_new(again, base, "test").await.unwrap();
        assert!(!new, "it says the same");
        let other = json!({"slug": "jembatan", "name": "Jembatan", "description": "Lebih lebar."});
        let other = Body::of_kind("programme.published", &other.to_string()).unwrap();
        node.publish(other, "token:desk").await.unwrap();
        for base in [base, Base::Nothing] {
            let late = programme("jembatan", "32.73");
            let late = node.publish_if_new(late, base, "test").await;
            assert!(matches!(late, Err(NodeError::ProgrammeChanged)), "{late:?}");
        }
    }
}

#[tokio::test]
async fn what_is_published_is_in_the_audit_log_and_never_sealed() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let (hub, link) = linked(&place);
        place
            .node
            .publish(programme("jembatan", "32.73"), "token:desk")
            .await
            .unwrap();
        link.push().await.unwrap();
        let sent = hub.sent();
        let envelope = lapor_protocol::dsse::Envelope::parse(sent[0].as_bytes()).unwrap();
        let payload: Value = serde_json::from_slice(&envelope.payload).unwrap();
        assert_eq!(payload["body"]["slug"], "jembatan");
        assert!(payload.get("case").is_none() && payload.get("sealed").is_none());
        let logged = place.audited("programme.published").await;
        assert_eq!(logged.len(), 1);
        assert_eq!(logged[0].0, "token:desk");
        assert!(logged[0].1.starts_with("jembatan "), "{logged:?}");
    }
}
