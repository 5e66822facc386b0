//! What an institution reads: pages, cursors, long polls, acknowledgements,
//! the public stream, the directory, wraps and single envelopes.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Method;
use lapor_hub::audit::By;
use lapor_hub::deeds::{self, Deed};
use lapor_hub::maintenance;
use lapor_hub::membership;
use lapor_protocol::delivery::Cursor;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::{Digest, InstanceKind};
use lapor_protocol::page::read_page;
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::receipt::{Ack, Stream};
use lapor_protocol::wire::{CaseKeys, DirectoryPage, PREFIX, Reached, WellKnown};
use serde_json::json;

use super::harness::{Institution, NOW, Place, Written, databases, request};

/// Longer than any step of a test, shorter than a long poll.
const PATIENCE: Duration = Duration::from_secs(15);

#[tokio::test]
async fn a_cursor_is_exclusive_and_may_be_any_past_position() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let written: Vec<_> = (1..=5).map(|n| bandung.file(n).1).collect();
        place.send(&bandung, &written).await;
        let items = place.pull(&mut bandung).await;
        let third = items[2].cursor;
        let path = format!("/inbox?after={third}&limit=1");
        let page = place.get(&bandung, &path).await;
        let again = read_page(&page.body, third, Stream::Inbox, &bandung.id, |_| {
            Some(place.key())
        });
        assert_eq!(again.unwrap()[0].bytes, items[3].bytes);
        let at = |dseq, hash| Cursor {
            depoch: 1,
            dseq,
            hash,
        };
        for (cursor, code) in [
            ("nonsense".to_owned(), Code::CursorMalformed),
            (at(3, Digest::of(b"x")).to_string(), Code::CursorMismatch),
            (at(5, Digest::of(b"x")).to_string(), Code::CursorMismatch),
            (at(6, third.hash).to_string(), Code::CursorAhead),
            (
                Cursor { depoch: 2, ..third }.to_string(),
                Code::CursorMismatch,
            ),
        ] {
            let refused = place.get(&bandung, &format!("/inbox?after={cursor}")).await;
            assert_eq!(refused.code(), Some(code), "{cursor}");
        }
    }
}

#[tokio::test]
async fn a_long_poll_is_answered_the_moment_something_arrives() {
    for db in databases().await {
        let place = Arc::new(Place::new(&db).await);
        let [mut pusat, mut bandung, _] = place.three().await;
        let waiting = {
            let place = place.clone();
            tokio::spawn(async move {
                let page = place.get(&pusat, "/inbox?wait=25").await;
                let start = Cursor::START;
                let key = |_: &_| Some(place.key());
                let items = read_page(&page.body, start, Stream::Inbox, &pusat.id, key).unwrap();
                pusat.received = items;
                pusat
            })
        };
        let filed = bandung.file(1).1;
        place.send(&bandung, &[filed]).await;
        let answered = tokio::time::timeout(PATIENCE, waiting).await;
        pusat = answered.expect("not the end of the wait").unwrap();
        assert_eq!(pusat.received.len(), 1);
        let empty = place.get(&pusat, "/public?wait=0").await;
        let page = read_page(
            &empty.body,
            Cursor::START,
            Stream::Public,
            &pusat.id,
            |_| Some(place.key()),
        );
        assert!(page.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_suspension_and_the_end_of_the_hub_end_long_polls() {
    for db in databases().await {
        let place = Arc::new(Place::new(&db).await);
        let [pusat, bandung, kemenpu] = place.three().await;
        let poll = |who: Institution, path: &'static str| {
            let place = place.clone();
            tokio::spawn(async move { place.get(&who, path).await })
        };
        let (cut, id) = (bandung.id.clone(), bandung.id.clone());
        let suspended = poll(bandung, "/inbox?wait=25");
        let closed = poll(pusat, "/inbox?wait=25");
        let directory = poll(kemenpu, "/directory?since=99&wait=25");
        assert_eq!(cut, id);
        membership::suspend(&place.hub.ground, &By::actor("test"), &cut)
            .await
            .unwrap();
        let answered = tokio::time::timeout(PATIENCE, suspended)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(answered.code(), Some(Code::InstanceSuspended));
        place.hub.begin_closing();
        let answered = tokio::time::timeout(PATIENCE, closed)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(answered.status, 200);
        let answered = tokio::time::timeout(PATIENCE, directory)
            .await
            .unwrap()
            .unwrap();
        let page: DirectoryPage = answered.json();
        assert!(page.versions.is_empty());
    }
}

#[tokio::test]
async fn an_acknowledgement_only_rises_and_is_of_this_stream() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, mut bandung, kemenpu] = place.three().await;
        let written: Vec<_> = (1..=3).map(|n| bandung.file(n).1).collect();
        place.send(&bandung, &written).await;
        let items = place.pull(&mut pusat).await;
        let ack = |accepted: u64, head: Digest| Ack {
            recipient: pusat.id.clone(),
            stream: Stream::Inbox,
            depoch: 1,
            accepted,
            settled: accepted,
            head,
            exceptions: Vec::new(),
            at: NOW,
        };
        let (third, first) = (ack(3, items[2].cursor.hash), ack(1, items[0].cursor.hash));
        let by = &pusat.signing;
        for (line, code) in [
            (third.sign(by), None),
            (third.sign(by), None),
            (first.sign(by), None),
            (
                ack(4, items[2].cursor.hash).sign(by),
                Some(Code::CursorAhead),
            ),
            (
                ack(2, items[2].cursor.hash).sign(by),
                Some(Code::CursorMismatch),
            ),
            (third.sign(&kemenpu.signing), Some(Code::KeyUnknown)),
        ] {
            let answered = place.post(&pusat, "/inbox/ack", line.to_line()).await;
            assert_eq!(answered.code(), code);
            assert!(code.is_some() || answered.status == 204);
        }
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let kept = lapor_hub::store::acks::reached(&mut tx, &pusat.id, Stream::Inbox)
            .await
            .unwrap();
        let third = Reached {
            depoch: 1,
            accepted: 3,
            settled: 3,
        };
        assert_eq!(kept, Some(third), "a stale one changes nothing");
    }
}

#[tokio::test]
async fn programmes_go_to_everyone_on_the_public_stream() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, mut kemenpu] = place.three().await;
        let programme = json!({ "slug": "jalan-2026", "name": "Jalan", "description": "" });
        let progress = json!({ "slug": "jalan-2026", "percent": 40, "status": "running" });
        let written = [
            kemenpu.write("programme.progressed", None, None, progress.clone()),
            kemenpu.write("programme.published", None, None, programme),
            kemenpu.write("programme.progressed", None, None, progress.clone()),
            kemenpu.write(
                "taxonomy.updated",
                None,
                None,
                json!({ "edition": "1", "roots": [] }),
            ),
        ];
        place.send(&kemenpu, &written).await;
        let own = place.pull(&mut kemenpu).await;
        let effects: Vec<_> = own.iter().map(|d| d.item.ruling.effect.as_str()).collect();
        assert_eq!(
            effects,
            ["inapplicable", "applied", "applied", "unauthorised"]
        );
        let foreign = bandung.write("programme.progressed", None, None, progress);
        place.send(&bandung, &[foreign]).await;
        let page = place.get(&bandung, "/public").await;
        let items = read_page(
            &page.body,
            Cursor::START,
            Stream::Public,
            &bandung.id,
            |_| Some(place.key()),
        );
        let kinds: Vec<_> = items.unwrap().into_iter().map(|d| d.item.kind).collect();
        assert_eq!(kinds, ["programme.published", "programme.progressed"]);
    }
}

#[tokio::test]
async fn the_directory_can_be_followed_from_the_hubs_key_alone() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [mut pusat, bandung, _] = place.three().await;
        let update = json!({ "edition": "2026.2", "roots": [] });
        let update = pusat.write("taxonomy.updated", None, None, update);
        place.send(&pusat, &[update]).await;
        let page: DirectoryPage = place.get(&bandung, "/directory?since=0").await.json();
        let mut directory = Directory::trusting(vec![place.key()]);
        for version in &page.versions {
            directory.apply(version).unwrap();
        }
        assert_eq!(directory.version(), page.latest);
        assert_eq!(directory.taxonomy(), Some("2026.2"));
        assert!(directory.latest().is_active(&bandung.id));
        let none: DirectoryPage = place
            .get(&bandung, &format!("/directory?since={}", page.latest))
            .await
            .json();
        assert!(none.versions.is_empty());
    }
}

#[tokio::test]
async fn an_envelope_is_shown_again_to_those_who_were_sent_it() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, mut bandung, kemenpu] = place.three().await;
        let (case, filed) = bandung.file(1);
        let refused = bandung.write("case.noted", Some(case), None, json!({ "x": [] }));
        place.send(&bandung, &[filed.clone(), refused]).await;
        let path = format!("/envelopes/{}", filed.envelope);
        for reader in [&pusat, &bandung] {
            let shown = place.get(reader, &path).await;
            assert_eq!(String::from_utf8(shown.body).unwrap(), filed.line);
        }
        for path in [path.as_str(), "/envelopes/nonsense"] {
            let hidden = place.get(&kemenpu, path).await;
            assert_eq!(hidden.code(), Some(Code::EnvelopeUnknown));
        }
    }
}

#[tokio::test]
async fn an_erasure_reaches_who_has_left_the_case_alone_and_in_its_turn_if_it_comes_back() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [mut pusat, _, mut kemenpu] = place.three().await;
        let (case, filed) = pusat.file(1);
        let disposed = pusat.dispose(case, &filed.message, &kemenpu.id);
        place.send(&pusat, &[filed, disposed.clone()]).await;
        let reason = json!({ "reason": "other" });
        let term = &disposed.message;
        let returned = kemenpu.write("case.returned", Some(case), Some(term), reason.clone());
        place.send(&kemenpu, std::slice::from_ref(&returned)).await;
        let missed = pusat.follow_up(case, &returned.message);
        let erased = pusat.write("case.redacted", Some(case), None, reason);
        place.send(&pusat, &[missed.clone(), erased.clone()]).await;

        let told = place.pull(&mut kemenpu).await;
        let seqs: Vec<_> = told.iter().filter_map(|d| d.item.case_seq).collect();
        assert_eq!(seqs, [1, 2, 3, 5]);
        let last = told.last().unwrap();
        assert_eq!((last.item.withheld, last.envelope.is_some()), (None, true));
        let path = |written: &Written| format!("/envelopes/{}", written.envelope);
        let shown = place.get(&kemenpu, &path(&erased)).await;
        assert_eq!(String::from_utf8(shown.body).unwrap(), erased.line);
        let hidden = place.get(&kemenpu, &path(&missed)).await;
        assert_eq!(hidden.code(), Some(Code::EnvelopeUnknown));

        place.restart().await;
        let again = pusat.dispose(case, &returned.message, &kemenpu.id);
        place.send(&pusat, &[again]).await;
        let told = place.pull(&mut kemenpu).await;
        let seqs: Vec<_> = told.iter().filter_map(|d| d.item.case_seq).collect();
        assert_eq!(
            seqs,
            [4, 5, 6],
            "what it had missed, and the erasure in its turn"
        );
    }
}

#[tokio::test]
async fn wraps_for_strangers_and_to_keys_that_nobody_has_are_dropped() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, mut bandung, kemenpu] = place.three().await;
        let (case, filed) = bandung.file(1);
        let mut filed = filed.wrapped_for(case, &pusat).wrapped_for(case, &kemenpu);
        let good = filed.wraps[0].clone();
        let mut elsewhere = good.clone();
        elsewhere.kid = kemenpu.opener.public().kid.clone();
        let mut short = good.clone();
        short.enc.truncate(8);
        filed.wraps.extend([elsewhere, short]);
        place.send(&bandung, &[filed]).await;
        let path = format!("/cases/{case}/keys");
        let refused = place.get(&kemenpu, &path).await;
        assert_eq!(refused.code(), Some(Code::CaseUnknown));
        let keys: CaseKeys = place.get(&pusat, &path).await.json();
        assert_eq!(keys.wraps, [good]);
    }
}

#[tokio::test]
async fn a_party_wraps_for_another_and_learns_who_lacks_a_key() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, mut bandung, kemenpu] = place.three().await;
        let (case, filed) = bandung.file(1);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        let path = format!("/cases/{case}/keys");
        let keys: CaseKeys = place.get(&bandung, &path).await.json();
        assert_eq!(keys.missing, [bandung.id.clone(), pusat.id.clone()]);
        let wrap = filed.wrapped_for(case, &pusat).wraps.remove(0);
        let given = CaseKeys {
            case,
            wraps: vec![wrap.clone()],
            missing: Vec::new(),
        };
        let body = serde_json::to_string(&given).unwrap();
        let put = |who: &Institution| {
            let request = request(Method::PUT, &path).header("content-type", "application/json");
            let request = request.body(Body::from(body.clone())).unwrap();
            let id = who.id.clone();
            let place = &place;
            async move { place.call_as(&id, request).await }
        };
        assert_eq!(put(&kemenpu).await.code(), Some(Code::CaseUnknown));
        assert_eq!(put(&bandung).await.status, 204);
        let keys: CaseKeys = place.get(&pusat, &path).await.json();
        assert_eq!(
            (keys.wraps, keys.missing),
            (vec![wrap], vec![bandung.id.clone()])
        );
        let hidden = place.get(&kemenpu, &path).await;
        assert_eq!(hidden.code(), Some(Code::CaseUnknown));
        let erased = bandung.write(
            "case.redacted",
            Some(case),
            None,
            json!({ "reason": "other" }),
        );
        place.send(&bandung, &[erased]).await;
        let keys: CaseKeys = place.get(&pusat, &path).await.json();
        assert!(keys.wraps.is_empty() && keys.missing.is_empty(), "erased");
    }
}

#[tokio::test]
async fn in_a_maintenance_nothing_is_taken_in_and_its_end_is_told() {
    const MINUTE: i64 = 60_000;
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let by = By {
            reason: "ganti mesin",
            ..By::actor("test")
        };
        let (from, until) = (NOW + MINUTE, NOW + 30 * MINUTE);
        let deed = Deed::Maintain { from, until };
        deeds::act(&place.hub.ground, &by, &deed).await.unwrap();
        let before = place.get(&bandung, "/inbox").await;
        assert_eq!(before.status, 200, "announced is not begun");
        place.clock.advance(MINUTE);
        for path in ["/inbox", "/public", "/outbox/head"] {
            let said = place.get(&bandung, path).await;
            assert_eq!(said.code(), Some(Code::Maintenance), "{path}");
            let after: u32 = said.headers["retry-after"]
                .to_str()
                .unwrap()
                .parse()
                .unwrap();
            assert!((60..75).contains(&after), "{after}");
        }
        let page: DirectoryPage = place.get(&bandung, "/directory?since=0").await.json();
        let mut told = Directory::trusting(vec![place.key()]);
        for version in &page.versions {
            told.apply(version).unwrap();
        }
        let notice = told.maintenance(NOW + MINUTE).unwrap();
        assert_eq!(
            (notice.until, notice.reason.as_str()),
            (until, "ganti mesin")
        );
        let end = maintenance::ending(&place.hub.ground);
        deeds::act(&place.hub.ground, &by, &end).await.unwrap();
        assert_eq!(place.get(&bandung, "/inbox").await.status, 200);
        deeds::act(&place.hub.ground, &by, &deed).await.unwrap();
        place.clock.advance(30 * MINUTE);
        assert_eq!(place.get(&bandung, "/inbox").await.status, 200, "by itself");
    }
}

#[tokio::test]
async fn health_is_taken_in_and_the_hub_says_what_it_is() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let pusat = place.join("pusat", InstanceKind::Pusat, 10).await;
        let report = json!({ "software": "test", "time": NOW, "unsent": 3, "unapplied": 0,
            "quarantined": 0, "parked": 0, "directory": 1, "certificate_expires": NOW });
        let answered = place.post(&pusat, "/health", report.to_string()).await;
        assert_eq!(answered.status, 204);
        let bad = place.post(&pusat, "/health", "{}".into()).await;
        assert_eq!(bad.code(), Some(Code::MalformedRequest));
        let mut tx = place.hub.ground.db.read().await.unwrap();
        let kept = lapor_hub::store::reports::latest(&mut tx, &pusat.id)
            .await
            .unwrap();
        assert!(kept.unwrap().text.contains("\"unsent\":3"));
        let known = http::Request::get("/.well-known/lapor")
            .body(Body::empty())
            .unwrap();
        let known: WellKnown = place.call(&pusat, known).await.json();
        assert_eq!(
            (known.trust_domain.as_str(), known.time),
            ("lapor.test", NOW)
        );
        let later = request(Method::GET, "/inbox").header("lapor-version", "2");
        let silent = http::Request::get(format!("{PREFIX}/inbox"));
        let newer = silent_over_http_2();
        for (asked, upgrade) in [
            (later, Some("lapor/1")),
            (silent, Some("lapor/1")),
            (newer, None),
        ] {
            let refused = place.call(&pusat, asked.body(Body::empty()).unwrap()).await;
            assert_eq!(refused.code(), Some(Code::VersionUnsupported));
            let named = refused.headers.get("upgrade");
            assert_eq!(named.map(|value| value.to_str().unwrap()), upgrade);
            let problem: Problem = refused.json();
            assert!(problem.detail.unwrap().contains("Lapor-Version: 1"));
        }
        let wrong = request(Method::DELETE, "/inbox")
            .body(Body::empty())
            .unwrap();
        let refused = place.call(&pusat, wrong).await;
        assert_eq!(refused.code(), Some(Code::MethodNotAllowed));
    }
}

fn silent_over_http_2() -> http::request::Builder {
    http::Request::get(format!("{PREFIX}/inbox")).version(http::Version::HTTP_2)
}
