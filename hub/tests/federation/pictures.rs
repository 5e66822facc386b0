//! Pictures of programmes: brought by their author, read by everybody, gone when
//! no message names them any more.

use axum::body::Body;
use http::Method;
use lapor_hub::evidence::{export, verify};
use lapor_migrations::on;
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::{Code, Problem};
use serde_json::{Value, json};

use super::blobs::with_attachment;
use super::harness::{Answered, Institution, Place, Written, databases, request};

fn programme(from: &mut Institution, slug: &str, pictures: &[&[u8]]) -> Written {
    let pictures: Vec<Value> = pictures.iter().map(|bytes| picture(bytes)).collect();
    let body = json!({ "slug": slug, "name": "Jembatan", "description": "", "pictures": pictures });
    from.write("programme.published", None, None, body)
}

fn picture(bytes: &[u8]) -> Value {
    json!({
        "sha256": Digest::of(bytes), "size": bytes.len(), "media_type": "image/jpeg",
        "alt": "Sebuah jembatan.",
    })
}

async fn put(place: &Place, who: &Institution, sha256: Digest, bytes: &[u8]) -> Answered {
    let request = request(Method::PUT, &format!("/blobs/{sha256}"));
    let request = request.body(Body::from(bytes.to_vec())).unwrap();
    place.call(who, request).await
}

async fn code(place: &Place, who: &Institution, bytes: &[u8]) -> Option<Code> {
    let path = format!("/blobs/{}", Digest::of(bytes));
    place.get(who, &path).await.code()
}

#[tokio::test]
async fn a_picture_is_its_authors_to_bring_and_everybodys_to_read() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, bandung, mut kemenpu] = place.three().await;
        let bytes = vec![7; 5000];
        let sha256 = Digest::of(&bytes);
        let early = put(&place, &kemenpu, sha256, &bytes).await;
        assert_eq!(early.code(), Some(Code::BlobUnknown), "before its message");
        let told = programme(&mut kemenpu, "jembatan", &[&bytes]);
        place.send(&kemenpu, &[told]).await;
        assert_eq!(
            code(&place, &bandung, &bytes).await,
            Some(Code::BlobPending)
        );
        let other = put(&place, &bandung, sha256, &bytes).await;
        assert_eq!(other.code(), Some(Code::BlobUnknown), "not its author");
        let lie = put(&place, &kemenpu, sha256, &[8; 5000]).await;
        assert_eq!(lie.code(), Some(Code::BlobMismatch));
        assert_eq!(put(&place, &kemenpu, sha256, &bytes).await.status, 201);
        for reader in [&pusat, &bandung, &kemenpu] {
            let got = place.get(reader, &format!("/blobs/{sha256}")).await;
            assert_eq!(got.body, bytes);
        }
    }
}

#[tokio::test]
async fn a_picture_that_no_message_names_any_more_is_erased_and_gives_its_room_back() {
    for db in databases().await {
        let place = Place::with(&db, |settings| settings.limits.picture_quota_bytes = 9000).await;
        let [_, bandung, mut kemenpu] = place.three().await;
        let (first, second, both) = (vec![1; 5000], vec![2; 5000], vec![3; 1000]);
        let told = programme(&mut kemenpu, "jembatan", &[&first, &both]);
        let also = programme(&mut kemenpu, "taman", &[&both]);
        place.send(&kemenpu, &[told, also]).await;
        for bytes in [&first, &both] {
            let brought = put(&place, &kemenpu, Digest::of(bytes), bytes).await;
            assert_eq!(brought.status, 201);
        }
        // The text changes and the pictures stay; then one is replaced in two messages of a batch.
        let same = programme(&mut kemenpu, "jembatan", &[&both, &first]);
        place.send(&kemenpu, &[same]).await;
        assert_eq!(code(&place, &bandung, &first).await, None);
        let empty = programme(&mut kemenpu, "jembatan", &[]);
        let changed = programme(&mut kemenpu, "jembatan", &[&second]);
        place.send(&kemenpu, &[empty, changed]).await;
        let folder = &place.hub.settings().storage.blobs;
        let file = |bytes: &[u8]| lapor_hub::blobs::path(folder, Digest::of(bytes));
        assert_eq!(
            code(&place, &bandung, &first).await,
            Some(Code::BlobUnknown)
        );
        place.erased().await;
        assert!(!file(&first).exists());
        assert_eq!(
            code(&place, &bandung, &both).await,
            None,
            "another programme shows it"
        );
        let brought = put(&place, &kemenpu, Digest::of(&second), &second).await;
        assert_eq!(brought.status, 201, "there is room again");
    }
}

#[tokio::test]
async fn pictures_have_room_of_their_own_and_what_is_too_much_is_told() {
    for db in databases().await {
        let place = Place::with(&db, |settings| settings.limits.picture_quota_bytes = 9000).await;
        let [_, bandung, mut kemenpu] = place.three().await;
        let (first, second) = (vec![1; 5000], vec![2; 5000]);
        let told = programme(&mut kemenpu, "jembatan", &[&first, &second]);
        place.send(&kemenpu, &[told]).await;
        let brought = put(&place, &kemenpu, Digest::of(&first), &first).await;
        assert_eq!(brought.status, 201);
        let refused = put(&place, &kemenpu, Digest::of(&second), &second).await;
        let problem: Problem = refused.json();
        assert_eq!(problem.code, Code::PictureQuotaExceeded);
        assert_eq!(
            problem.expected,
            Some(json!({ "used": 5000, "quota": 9000 }))
        );

        // An attachment does not count to them, and is no picture before there is room for it.
        let (_, filed) = with_attachment(&mut kemenpu, &second);
        place.send(&kemenpu, &[filed]).await;
        let brought = put(&place, &kemenpu, Digest::of(&second), &second).await;
        assert_eq!(brought.code(), Some(Code::PictureQuotaExceeded));
        assert_eq!(
            code(&place, &bandung, &second).await,
            Some(Code::BlobPending)
        );
        let less = programme(&mut kemenpu, "jembatan", &[&second]);
        place.send(&kemenpu, &[less]).await;
        let brought = put(&place, &kemenpu, Digest::of(&second), &second).await;
        assert_eq!(brought.status, 201);
        assert_eq!(code(&place, &bandung, &second).await, None);
    }
}

#[tokio::test]
async fn a_size_that_is_not_that_of_the_bytes_is_refused() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, mut kemenpu] = place.three().await;
        let bytes = vec![7; 5000];
        let sha256 = Digest::of(&bytes);
        let (_, filed) = with_attachment(&mut kemenpu, &bytes);
        place.send(&kemenpu, &[filed]).await;
        assert_eq!(put(&place, &kemenpu, sha256, &bytes).await.status, 201);
        let mut small = picture(&bytes);
        small["size"] = json!(10);
        let body = json!({ "slug": "a", "name": "A", "description": "", "pictures": [small] });
        let told = kemenpu.write("programme.published", None, None, body);
        place.send(&kemenpu, &[told]).await;
        let refused = put(&place, &kemenpu, sha256, &bytes[..10]).await;
        let problem: Problem = refused.json();
        assert_eq!(problem.code, Code::BlobMismatch);
        assert_eq!(
            problem.detail.as_deref(),
            Some("the message announces 10 bytes, and of this digest there are 5000")
        );
        assert_eq!(
            code(&place, &bandung, &bytes).await,
            Some(Code::BlobPending)
        );
    }
}

/// As after the upgrade of a hub that took the messages without knowing pictures.
#[tokio::test]
async fn pictures_of_messages_from_before_are_known_after_the_upgrade() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [_, bandung, mut kemenpu] = place.three().await;
        let (first, second) = (vec![1; 5000], vec![2; 5000]);
        for pictures in [&first, &second] {
            let told = programme(&mut kemenpu, "jembatan", &[pictures]);
            place.send(&kemenpu, &[told]).await;
        }
        let mut tx = place.hub.ground.db.write().await.unwrap();
        for sql in [
            "delete from blobs",
            "delete from hub_state where name = 'pictures_read'",
        ] {
            on!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(drop)).unwrap();
        }
        tx.commit().await.unwrap();
        assert_eq!(
            code(&place, &bandung, &second).await,
            Some(Code::BlobUnknown)
        );
        place.restart().await;
        let replaced = put(&place, &kemenpu, Digest::of(&first), &first).await;
        assert_eq!(replaced.code(), Some(Code::BlobUnknown));
        let brought = put(&place, &kemenpu, Digest::of(&second), &second).await;
        assert_eq!(brought.status, 201);
        assert_eq!(code(&place, &bandung, &second).await, None);
    }
}

#[tokio::test]
async fn pictures_beyond_the_limits_make_the_message_malformed() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, _, mut kemenpu] = place.three().await;
        let with = |change: Value| {
            let mut picture = picture(b"x");
            picture
                .as_object_mut()
                .unwrap()
                .extend(change.as_object().unwrap().clone());
            vec![picture]
        };
        let many = (0..11u8).map(|n| picture(&[n])).collect();
        for pictures in [
            with(json!({ "size": 262_145 })),
            with(json!({ "size": 0 })),
            with(json!({ "media_type": "image/svg+xml" })),
            with(json!({ "alt": " " })),
            vec![picture(b"x"), picture(b"x")],
            many,
        ] {
            let body = json!({ "slug": "a", "name": "A", "description": "", "pictures": pictures });
            let told = kemenpu.write("programme.published", None, None, body);
            place.send(&kemenpu, &[told]).await;
            let items = place.pull(&mut kemenpu).await;
            let effect = items.last().unwrap().item.ruling.effect.as_str();
            assert_eq!(effect, "malformed", "{pictures:?}");
        }
        assert_eq!(code(&place, &kemenpu, b"x").await, Some(Code::BlobUnknown));
    }
}

#[tokio::test]
async fn an_export_has_the_pictures_and_a_changed_one_is_named() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, _, mut kemenpu] = place.three().await;
        let (bytes, lost) = (vec![7; 5000], vec![8; 100]);
        let told = programme(&mut kemenpu, "jembatan", &[&bytes, &lost]);
        place.send(&kemenpu, &[told]).await;
        put(&place, &kemenpu, Digest::of(&bytes), &bytes).await;
        let home = tempfile::tempdir().unwrap();
        let out = home.path().join("all");
        let written = export(&place.hub.ground, &out, None, |_, _| {})
            .await
            .unwrap();
        assert_eq!(written.pictures, 1, "one has not been brought");
        assert_eq!(verify(&out).unwrap().contradictions, []);
        let name = Digest::of(&bytes).to_hex();
        std::fs::write(out.join("pictures").join(&name), b"other").unwrap();
        let stray = Digest::of(b"stray").to_hex();
        std::fs::write(out.join("pictures").join(&stray), b"stray").unwrap();
        let found = verify(&out).unwrap().contradictions;
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        for what in [
            format!("pictures: {name}: its bytes are not those"),
            format!("pictures: {stray}: no programme names it"),
        ] {
            assert!(
                found.iter().any(|said| said.starts_with(&what)),
                "{found:?}"
            );
        }
    }
}
