//! Attachments: uploaded in pieces by their author, fetched by those who were
//! sent the message, and gone when the case is redacted.

use std::time::Duration;

use axum::body::Body;
use http::Method;
use lapor_hub::store;
use lapor_hub::store::blobs::{Announced, Owner};
use lapor_protocol::ids::{CaseId, Digest};
use lapor_protocol::problem::Code;
use serde_json::json;

use super::harness::{Answered, Institution, NOW, Place, Written, content_key, databases, request};

pub(super) fn with_attachment(
    from: &mut Institution,
    bytes: &[u8],
) -> (lapor_protocol::ids::CaseId, Written) {
    with_attachments(from, 1, bytes)
}

fn with_attachments(
    from: &mut Institution,
    number: u8,
    bytes: &[u8],
) -> (lapor_protocol::ids::CaseId, Written) {
    let case = super::harness::case_id(&from.id, number);
    let id = lapor_protocol::ids::MessageId::mint(NOW, [number + 4; 10]);
    let at = from.head.next();
    let attachment =
        json!({ "sha256": Digest::of(bytes), "size": bytes.len(), "media_type": "image/jpeg" });
    let payload = json!({
        "v": 1, "kind": "report.filed", "id": id, "author": from.id, "epoch": at.epoch, "seq": at.seq,
        "prev": from.head.id, "case": case, "created_at": NOW,
        "body": { "classification": "complaint", "channel": "web", "commitment": content_key(case).commitment() },
        "attachments": [attachment],
    });
    let written = from.sign(&payload, id);
    from.head = from.head.advanced(written.envelope);
    (case, written)
}

async fn put(place: &Place, who: &Institution, path: &str, range: &str, bytes: &[u8]) -> Answered {
    let request = request(Method::PUT, path).header("content-range", range);
    let request = request.body(Body::from(bytes.to_vec())).unwrap();
    place.call(who, request).await
}

async fn head(place: &Place, who: &Institution, path: &str) -> (u16, Option<String>) {
    let empty = request(Method::HEAD, path).body(Body::empty()).unwrap();
    let answered = place.call(who, empty).await;
    let received = answered.headers.get("lapor-received");
    let received = received.map(|value| value.to_str().unwrap().to_owned());
    (answered.status.as_u16(), received)
}

#[tokio::test]
async fn a_blob_is_uploaded_in_pieces_and_read_by_parties_only() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, mut bandung, kemenpu] = place.three().await;
        let bytes: Vec<u8> = (0..100_000u32).map(|n| (n % 251) as u8).collect();
        let path = format!("/blobs/{}", Digest::of(&bytes));
        let early = put(&place, &bandung, &path, "bytes 0-9/100000", &bytes[..10]).await;
        assert_eq!(early.code(), Some(Code::BlobUnknown), "before its message");
        let (_, written) = with_attachment(&mut bandung, &bytes);
        place.send(&bandung, &[written]).await;
        assert_eq!(head(&place, &bandung, &path).await, (200, Some("0".into())));
        assert_eq!(
            place.get(&pusat, &path).await.code(),
            Some(Code::BlobPending)
        );
        assert_eq!(
            place.get(&kemenpu, &path).await.code(),
            Some(Code::BlobUnknown)
        );
        let other = put(&place, &pusat, &path, "bytes 0-9/100000", &bytes[..10]).await;
        assert_eq!(other.code(), Some(Code::BlobUnknown));
        let first = put(
            &place,
            &bandung,
            &path,
            "bytes 0-59999/100000",
            &bytes[..60_000],
        )
        .await;
        assert_eq!(first.status, 202);
        assert_eq!(
            head(&place, &bandung, &path).await,
            (200, Some("60000".into()))
        );
        let hole = put(
            &place,
            &bandung,
            &path,
            "bytes 70000-99999/100000",
            &bytes[70_000..],
        )
        .await;
        assert_eq!(hole.code(), Some(Code::RangeMismatch));
        let rest = put(
            &place,
            &bandung,
            &path,
            "bytes 60000-99999/100000",
            &bytes[60_000..],
        )
        .await;
        assert_eq!(rest.status, 201);
        let again = put(&place, &bandung, &path, "bytes 0-9/100000", &bytes[..10]).await;
        assert_eq!(again.status, 201, "it is there already");
        assert_eq!(place.get(&pusat, &path).await.body, bytes);
        let part = request(Method::GET, &path).header("range", "bytes=99990-");
        let part = place.call(&pusat, part.body(Body::empty()).unwrap()).await;
        assert_eq!(
            (part.status.as_u16(), part.body.as_slice()),
            (206, &bytes[99_990..])
        );
        assert_eq!(part.headers["content-range"], "bytes 99990-99999/100000");
        let told = request(Method::HEAD, &path).body(Body::empty()).unwrap();
        let told = place.call(&pusat, told).await;
        assert_eq!(told.headers["content-length"], "100000");
        assert_eq!(told.headers["lapor-received"], "100000");
        assert_eq!(
            place.get(&kemenpu, &path).await.code(),
            Some(Code::BlobUnknown)
        );
    }
}

/// What the hub finds that was killed, or whose caller hung up, between the
/// last piece and the name.
#[tokio::test]
async fn a_blob_that_is_all_here_and_has_no_name_gets_it_when_anyone_asks() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, mut bandung, _] = place.three().await;
        let parts = place.hub.settings().storage.blobs.join("parts");
        for (number, author_asks) in [(1, true), (2, false)] {
            let bytes = vec![number; 10_000];
            let sha256 = Digest::of(&bytes);
            let path = format!("/blobs/{sha256}");
            let (_, written) = with_attachments(&mut bandung, number, &bytes);
            place.send(&bandung, &[written]).await;
            let begun = put(&place, &bandung, &path, "bytes 0-9/10000", &bytes[..10]).await;
            assert_eq!(begun.status, 202);
            let part = parts.join(format!("{sha256}.{}", bandung.id));
            std::fs::write(&part, &bytes).unwrap();
            if author_asks {
                let whole = (200, Some("10000".to_owned()));
                assert_eq!(head(&place, &bandung, &path).await, whole);
                assert!(!part.exists(), "it has its name");
            }
            assert_eq!(place.get(&pusat, &path).await.body, bytes);
        }
    }
}

#[tokio::test]
async fn a_range_is_served_ignored_or_beyond_the_end() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let bytes: Vec<u8> = (0..1000u32).map(|n| (n % 251) as u8).collect();
        let path = format!("/blobs/{}", Digest::of(&bytes));
        let (_, written) = with_attachment(&mut bandung, &bytes);
        place.send(&bandung, &[written]).await;
        put(&place, &bandung, &path, "bytes 0-999/1000", &bytes).await;
        for (range, status, part, says) in [
            ("bytes=10-19", 206, &bytes[10..20], Some("bytes 10-19/1000")),
            ("bytes=990-", 206, &bytes[990..], Some("bytes 990-999/1000")),
            ("bytes=-10", 206, &bytes[990..], Some("bytes 990-999/1000")),
            ("bytes=-5000", 206, &bytes[..], Some("bytes 0-999/1000")),
            ("bytes=0-1,5-6", 200, &bytes[..], None),
            ("bytes=9-3", 200, &bytes[..], None),
            ("lines=1-2", 200, &bytes[..], None),
            ("bytes=1000-", 416, &[], Some("bytes */1000")),
            ("bytes=-0", 416, &[], Some("bytes */1000")),
        ] {
            let asked = request(Method::GET, &path).header("range", range);
            let answer = place.call(&bandung, asked.body(Body::empty()).unwrap());
            let answer = answer.await;
            assert_eq!(answer.status, status, "{range}");
            let stated = answer.headers.get("content-range");
            assert_eq!(stated.map(|value| value.to_str().unwrap()), says, "{range}");
            match answer.code() {
                None => assert_eq!(answer.body, part, "{range}"),
                Some(code) => assert_eq!(code, Code::RangeUnsatisfiable),
            }
        }
    }
}

#[tokio::test]
async fn bytes_that_are_not_those_of_the_digest_are_thrown_away() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, mut bandung, _] = place.three().await;
        let bytes = vec![7; 5000];
        let path = format!("/blobs/{}", Digest::of(&bytes));
        let (case, written) = with_attachment(&mut bandung, &bytes);
        place.send(&bandung, &[written]).await;
        let wrong = put(&place, &bandung, &path, "bytes 0-4999/5000", &[8; 5000]).await;
        assert_eq!(wrong.code(), Some(Code::BlobMismatch));
        let long = put(&place, &bandung, &path, "bytes 0-99/5000", &bytes).await;
        assert_eq!(long.code(), Some(Code::MalformedRequest));
        assert_eq!(head(&place, &bandung, &path).await, (200, Some("0".into())));
        let whole = request(Method::PUT, &path).body(Body::from(bytes)).unwrap();
        assert_eq!(place.call(&bandung, whole).await.status, 201);
        assert_eq!(place.get(&pusat, &path).await.status, 200);
        let erased = bandung.write(
            "case.redacted",
            Some(case),
            None,
            json!({ "reason": "other" }),
        );
        place.send(&bandung, &[erased]).await;
        for reader in [&pusat, &bandung] {
            assert_eq!(
                place.get(reader, &path).await.code(),
                Some(Code::BlobUnknown)
            );
        }
        let folder = &place.hub.settings().storage.blobs;
        let shelf = lapor_hub::blobs::path(folder, path[7..].parse().unwrap());
        place.erased().await;
        assert!(!shelf.exists());
    }
}

#[tokio::test]
async fn an_instance_that_has_used_up_its_room_is_told_so_and_gets_it_back() {
    for db in databases().await {
        let place = Place::with(&db, |settings| settings.limits.blob_quota_bytes = 9000).await;
        let [mut pusat, mut bandung, _] = place.three().await;
        let whole = |bytes: &[u8]| {
            let path = format!("/blobs/{}", Digest::of(bytes));
            request(Method::PUT, &path)
                .body(Body::from(bytes.to_vec()))
                .unwrap()
        };
        let (first, second) = (vec![1; 5000], vec![2; 5000]);
        let (case, written) = with_attachments(&mut bandung, 1, &first);
        let (_, also) = with_attachments(&mut bandung, 2, &second);
        place.send(&bandung, &[written, also]).await;
        let path = format!("/blobs/{}", Digest::of(&first));
        let begun = put(&place, &bandung, &path, "bytes 0-9/5000", &first[..10]).await;
        assert_eq!(begun.status, 202, "the room of the whole is taken at once");
        let refused = place.call(&bandung, whole(&second)).await;
        assert_eq!(refused.code(), Some(Code::QuotaExceeded));
        let problem: lapor_protocol::problem::Problem = refused.json();
        assert_eq!(problem.status, 507);
        assert_eq!(
            problem.expected,
            Some(json!({ "used": 5000, "quota": 9000 }))
        );
        let rest = put(&place, &bandung, &path, "bytes 10-4999/5000", &first[10..]).await;
        assert_eq!(rest.status, 201);

        // Another instance has room of its own.
        let third = vec![3; 5000];
        let (_, theirs) = with_attachments(&mut pusat, 3, &third);
        place.send(&pusat, &[theirs]).await;
        assert_eq!(place.call(&pusat, whole(&third)).await.status, 201);

        let erased = bandung.write(
            "case.redacted",
            Some(case),
            None,
            json!({ "reason": "other" }),
        );
        place.send(&bandung, &[erased]).await;
        assert_eq!(place.call(&bandung, whole(&second)).await.status, 201);
    }
}

#[tokio::test]
async fn bytes_that_were_thrown_away_take_no_room() {
    for db in databases().await {
        let place = Place::with(&db, |settings| settings.limits.blob_quota_bytes = 9000).await;
        let [_, mut bandung, _] = place.three().await;
        let (first, second) = (vec![1; 5000], vec![2; 5000]);
        let (_, written) = with_attachments(&mut bandung, 1, &first);
        let (_, also) = with_attachments(&mut bandung, 2, &second);
        place.send(&bandung, &[written, also]).await;
        let path = |bytes: &[u8]| format!("/blobs/{}", Digest::of(bytes));
        let wrong = put(
            &place,
            &bandung,
            &path(&first),
            "bytes 0-4999/5000",
            &second,
        )
        .await;
        assert_eq!(wrong.code(), Some(Code::BlobMismatch));
        let fits = put(
            &place,
            &bandung,
            &path(&second),
            "bytes 0-4999/5000",
            &second,
        )
        .await;
        assert_eq!(fits.status, 201);
    }
}

#[tokio::test]
async fn a_blob_is_there_for_those_only_whose_author_has_brought_it_and_goes_with_the_last() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, mut bandung, mut kemenpu] = place.three().await;
        let bytes = vec![7; 5000];
        let sha256 = Digest::of(&bytes);
        let path = format!("/blobs/{sha256}");
        let (case, written) = with_attachments(&mut bandung, 1, &bytes);
        place.send(&bandung, &[written]).await;
        let (claimed, claim) = with_attachments(&mut kemenpu, 2, &bytes);
        place.send(&kemenpu, &[claim]).await;
        put(&place, &bandung, &path, "bytes 0-4999/5000", &bytes).await;

        // The other has announced the same bytes and must bring them, too.
        assert_eq!(place.get(&pusat, &path).await.body, bytes);
        let theirs = place.get(&kemenpu, &path).await;
        assert_eq!(theirs.code(), Some(Code::BlobPending));
        assert_eq!(head(&place, &kemenpu, &path).await, (200, Some("0".into())));
        let half = &bytes[..2500];
        let begun = put(&place, &kemenpu, &path, "bytes 0-2499/5000", half).await;
        assert_eq!(begun.status, 202, "an upload of its own");
        let rest = put(&place, &kemenpu, &path, "bytes 2500-4999/5000", half).await;
        assert_eq!(rest.status, 201);
        assert_eq!(place.get(&kemenpu, &path).await.body, bytes);

        let folder = &place.hub.settings().storage.blobs;
        let file = lapor_hub::blobs::path(folder, sha256);
        for (case, author, left) in [(case, &mut bandung, true), (claimed, &mut kemenpu, false)] {
            let reason = json!({ "reason": "other" });
            let erased = author.write("case.redacted", Some(case), None, reason);
            place.send(author, &[erased]).await;
            let said = place.get(author, &path).await;
            assert_eq!(said.code(), Some(Code::BlobUnknown));
            place.erased().await;
            assert_eq!(file.exists(), left);
        }
    }
}

#[tokio::test]
async fn bytes_that_another_names_again_and_again_are_there_for_their_author() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, kemenpu] = place.three().await;
        let bytes = vec![7; 5000];
        let path = format!("/blobs/{}", Digest::of(&bytes));
        let named = |number| Announced {
            sha256: Digest::of(&bytes),
            number,
            of: Owner::Case(CaseId::mint(NOW, [9; 10])),
            author: kemenpu.id.clone(),
            size: 5000,
        };
        // Before all that has a number of the hub's order.
        let often = (-200..0).map(named).collect();
        let mut tx = place.hub.ground.db.write().await.unwrap();
        store::blobs::insert(&mut tx, often).await.unwrap();
        tx.commit().await.unwrap();
        let (_, written) = with_attachment(&mut bandung, &bytes);
        place.send(&bandung, &[written]).await;
        assert_eq!(head(&place, &bandung, &path).await, (200, Some("0".into())));
        put(&place, &bandung, &path, "bytes 0-4999/5000", &bytes).await;
        assert_eq!(place.get(&bandung, &path).await.body, bytes);
    }
}

#[tokio::test]
async fn an_attachment_goes_with_its_case_though_somebody_else_has_named_it() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, mut kemenpu] = place.three().await;
        let bytes = vec![7; 5000];
        let sha256 = Digest::of(&bytes);
        let path = format!("/blobs/{sha256}");
        let (case, written) = with_attachments(&mut bandung, 1, &bytes);
        place.send(&bandung, &[written]).await;
        let (_, claim) = with_attachments(&mut kemenpu, 2, &bytes);
        place.send(&kemenpu, &[claim]).await;
        put(&place, &bandung, &path, "bytes 0-4999/5000", &bytes).await;
        let reason = json!({ "reason": "other" });
        let erased = bandung.write("case.redacted", Some(case), None, reason);
        place.send(&bandung, &[erased]).await;
        let folder = &place.hub.settings().storage.blobs;
        place.erased().await;
        assert!(!lapor_hub::blobs::path(folder, sha256).exists());
    }
}

#[tokio::test]
async fn what_was_announced_and_never_brought_leaves_nothing_to_erase() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let noted = async |case: CaseId| {
            let mut tx = place.hub.ground.db.write().await.unwrap();
            store::blobs::forget(&mut tx, case).await.unwrap();
            let noted = store::blobs::erasing(&mut tx).await.unwrap();
            tx.rollback().await.unwrap();
            noted.len()
        };
        let bytes = vec![7; 5000];
        let path = format!("/blobs/{}", Digest::of(&bytes));
        let (case, written) = with_attachment(&mut bandung, &bytes);
        place.send(&bandung, &[written]).await;
        assert_eq!(noted(case).await, 0);
        let begun = put(&place, &bandung, &path, "bytes 0-9/5000", &bytes[..10]).await;
        assert_eq!(begun.status, 202);
        assert_eq!(noted(case).await, 1, "a part of it is here");
        let reason = json!({ "reason": "other" });
        let erased = bandung.write("case.redacted", Some(case), None, reason);
        place.send(&bandung, &[erased]).await;
        place.erased().await;
        let parts = place.hub.settings().storage.blobs.join("parts");
        assert_eq!(std::fs::read_dir(parts).unwrap().count(), 0);
    }
}

/// As where the database was put back to before the upload, and the files were not.
#[tokio::test]
async fn a_file_of_which_the_database_knows_nothing_goes_with_its_case_all_the_same() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let bytes = vec![7; 5000];
        let (case, written) = with_attachment(&mut bandung, &bytes);
        place.send(&bandung, &[written]).await;
        let file = lapor_hub::blobs::path(&place.hub.settings().storage.blobs, Digest::of(&bytes));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &bytes).unwrap();
        let reason = json!({ "reason": "other" });
        let erased = bandung.write("case.redacted", Some(case), None, reason);
        place.send(&bandung, &[erased]).await;
        let gone = async {
            while file.exists() {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), gone).await;
        assert!(waited.is_ok());
    }
}

/// Lays down parts of so many attachments of a case, each with its room.
async fn lay_parts(place: &Place, author: &Institution, case: CaseId, count: i64) {
    let parts = place.hub.settings().storage.blobs.join("parts");
    std::fs::create_dir_all(&parts).unwrap();
    let announced = |number: i64| Announced {
        sha256: Digest::of(&number.to_be_bytes()),
        number,
        of: Owner::Case(case),
        author: author.id.clone(),
        size: 2,
    };
    let mut tx = place.hub.ground.db.write().await.unwrap();
    let all = (1..=count).map(announced).collect();
    store::blobs::insert(&mut tx, all).await.unwrap();
    for blob in (1..=count).map(announced) {
        store::blobs::take_room(&mut tx, &blob).await.unwrap();
        let part = parts.join(format!("{}.{}", blob.sha256, blob.author));
        std::fs::write(part, b"x").unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn as_many_files_as_a_case_had_are_erased() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let (case, written) = with_attachment(&mut bandung, &[7; 10]);
        place.send(&bandung, &[written]).await;
        lay_parts(&place, &bandung, case, 350).await;
        let reason = json!({ "reason": "other" });
        let erased = [bandung.write("case.redacted", Some(case), None, reason)];
        place.send(&bandung, &erased).await;
        place.erased().await;
        let parts = place.hub.settings().storage.blobs.join("parts");
        assert_eq!(std::fs::read_dir(parts).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn what_a_killed_hub_has_left_of_many_files_goes_at_its_next_start() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [_, bandung, _] = place.three().await;
        let case = super::harness::case_id(&bandung.id, 1);
        lay_parts(&place, &bandung, case, 250).await;
        let mut tx = place.hub.ground.db.write().await.unwrap();
        let erased = store::blobs::forget(&mut tx, case).await.unwrap();
        assert_eq!(erased.len(), 250);
        tx.commit().await.unwrap();
        place.restart().await;
        assert_eq!(place.left_to_erase().await, 0);
        let parts = place.hub.settings().storage.blobs.join("parts");
        assert_eq!(std::fs::read_dir(parts).unwrap().count(), 0);
    }
}
