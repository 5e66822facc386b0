//! What is erased while somebody uploads it: nobody loses what is theirs, and
//! nothing stays that is nobody's.

use axum::body::{Body, Bytes};
use futures_util::stream;
use http::Method;
use lapor_hub::blobs::Hold;
use lapor_hub::store;
use lapor_protocol::ids::Digest;
use lapor_protocol::problem::Code;
use serde_json::json;
use tokio::sync::mpsc;

use super::harness::{Answered, Institution, Place, Written, databases, request};

fn programme(from: &mut Institution, pictures: &[&[u8]]) -> Written {
    let picture = |bytes: &&[u8]| {
        json!({
            "sha256": Digest::of(bytes), "size": bytes.len(), "media_type": "image/jpeg",
            "alt": "Sebuah jembatan.",
        })
    };
    let pictures: Vec<_> = pictures.iter().map(picture).collect();
    let body = json!({ "slug": "a", "name": "Jembatan", "description": "", "pictures": pictures });
    from.write("programme.published", None, None, body)
}

/// An upload whose pieces come as they are fed.
async fn fed(
    place: &Place,
    who: &Institution,
    bytes: &[u8],
    pieces: mpsc::Receiver<Vec<u8>>,
) -> Answered {
    let path = format!("/blobs/{}", Digest::of(bytes));
    let pieces = stream::unfold(pieces, |mut pieces| async move {
        let piece = pieces.recv().await?;
        Some((Ok::<_, std::io::Error>(Bytes::from(piece)), pieces))
    });
    let put = request(Method::PUT, &path).body(Body::from_stream(pieces));
    place.call(who, put.unwrap()).await
}

async fn used(place: &Place, who: &Institution) -> u64 {
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let used = store::blobs::room_used(&mut tx, &who.id, true).await;
    used.unwrap()
}

fn parts(place: &Place) -> usize {
    let folder = place.hub.settings().storage.blobs.join("parts");
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test]
async fn an_upload_whose_message_is_taken_back_meanwhile_leaves_nothing() {
    for complete in [true, false] {
        for db in databases().await {
            let place = Place::new(&db).await;
            let [_, _, mut kemenpu] = place.three().await;
            let bytes = vec![7; 5000];
            let told = programme(&mut kemenpu, &[&bytes]);
            place.send(&kemenpu, &[told]).await;
            let taken_back = programme(&mut kemenpu, &[]);
            let (feed, pieces) = mpsc::channel(1);
            let meanwhile = async {
                feed.send(bytes[..2000].to_vec()).await.unwrap();
                // Taken once the hub has begun to write.
                feed.send(bytes[2000..2500].to_vec()).await.unwrap();
                drop(feed.reserve().await.unwrap());
                place.send(&kemenpu, &[taken_back]).await;
                if complete {
                    feed.send(bytes[2500..].to_vec()).await.unwrap();
                }
                drop(feed);
            };
            let (answered, ()) = tokio::join!(fed(&place, &kemenpu, &bytes, pieces), meanwhile);
            assert_eq!(answered.code(), Some(Code::BlobUnknown));
            place.erased().await;
            let folder = &place.hub.settings().storage.blobs;
            let file = lapor_hub::blobs::path(folder, Digest::of(&bytes));
            let left = (used(&place, &kemenpu).await, parts(&place), file.exists());
            assert_eq!(left, (0, 0, false), "complete: {complete}");
        }
    }
}

#[tokio::test]
async fn what_another_has_brought_meanwhile_is_not_erased_with_the_first() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, mut kemenpu] = place.three().await;
        let bytes = vec![7; 5000];
        let (one, other) = (
            programme(&mut bandung, &[&bytes]),
            programme(&mut kemenpu, &[&bytes]),
        );
        place.send(&bandung, &[one]).await;
        place.send(&kemenpu, &[other]).await;
        let (feed, pieces) = mpsc::channel(1);
        feed.send(bytes.clone()).await.unwrap();
        drop(feed);
        assert_eq!(fed(&place, &bandung, &bytes, pieces).await.status, 201);
        let taken_back = [programme(&mut bandung, &[])];
        let (feed, pieces) = mpsc::channel(1);
        let part = place.hub.settings().storage.blobs.join("parts");
        let part = part.join(format!("{}.{}", Digest::of(&bytes), kemenpu.id));
        let meanwhile = async {
            feed.send(bytes[..2500].to_vec()).await.unwrap();
            feed.send(Vec::new()).await.unwrap();
            drop(feed.reserve().await.unwrap());
            // Room has been taken: from here on nobody else writes.
            let writing = place.hub.ground.db.write().await.unwrap();
            let sent = place.send(&bandung, &taken_back);
            let brought = async {
                feed.send(bytes[2500..].to_vec()).await.unwrap();
                drop(feed);
                while !part.metadata().is_ok_and(|facts| facts.len() == 5000) {
                    tokio::task::yield_now().await;
                }
                // Both wait to write: the message that takes away, the proof of the other.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                writing.rollback().await.unwrap();
            };
            tokio::join!(sent, brought);
        };
        let (answered, ()) = tokio::join!(fed(&place, &kemenpu, &bytes, pieces), meanwhile);
        assert_eq!(answered.status, 201);
        let path = format!("/blobs/{}", Digest::of(&bytes));
        assert_eq!(place.get(&bandung, &path).await.body, bytes);
        assert_eq!(used(&place, &bandung).await, 0);
    }
}

/// A hub that is killed between the two leaves a note; by the next start another has come.
#[tokio::test]
async fn what_was_noted_to_go_stays_if_somebody_has_brought_it_by_the_next_start() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [pusat, mut bandung, mut kemenpu] = place.three().await;
        let bytes = vec![7; 5000];
        let sha256 = Digest::of(&bytes);
        let told = programme(&mut bandung, &[&bytes]);
        place.send(&bandung, &[told]).await;
        let (feed, pieces) = mpsc::channel(1);
        feed.send(bytes.clone()).await.unwrap();
        drop(feed);
        assert_eq!(fed(&place, &bandung, &bytes, pieces).await.status, 201);
        let mut tx = place.hub.ground.db.write().await.unwrap();
        let noted = store::blobs::replace(&mut tx, &bandung.id, "a", i64::MAX).await;
        assert!(matches!(&noted.unwrap()[..], [one] if one.noted));
        tx.commit().await.unwrap();
        let told = programme(&mut kemenpu, &[&bytes]);
        place.send(&kemenpu, &[told]).await;
        let (feed, pieces) = mpsc::channel(1);
        feed.send(bytes.clone()).await.unwrap();
        drop(feed);
        assert_eq!(fed(&place, &kemenpu, &bytes, pieces).await.status, 201);
        let stray = place.hub.settings().storage.blobs.join("parts");
        let stray = stray.join(format!("{sha256}.{}", bandung.id));
        std::fs::write(&stray, b"came after the rest had gone").unwrap();
        place.restart().await;
        assert_eq!(
            place.get(&pusat, &format!("/blobs/{sha256}")).await.body,
            bytes
        );
        assert!(!stray.exists(), "no message names it");
    }
}

/// As where another process of this hub still writes what came to it on a line that was given up.
#[tokio::test]
async fn an_upload_waits_for_another_process_that_is_at_it() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [pusat, _, mut kemenpu] = place.three().await;
        let bytes = vec![7; 5000];
        let sha256 = Digest::of(&bytes);
        let told = programme(&mut kemenpu, &[&bytes]);
        place.send(&kemenpu, &[told]).await;
        let folder = place.hub.settings().storage.blobs.clone();
        let elsewhere = Hold::take(&folder, sha256, &kemenpu.id).await.unwrap();
        assert!(elsewhere.is_some());
        let (feed, pieces) = mpsc::channel(1);
        feed.send(bytes.clone()).await.unwrap();
        drop(feed);
        let refused = fed(&place, &kemenpu, &bytes, pieces).await;
        assert_eq!(refused.code(), Some(Code::RateLimited));
        // All of it is here, and who reads does not prove it while the other may write.
        let part = folder
            .join("parts")
            .join(format!("{sha256}.{}", kemenpu.id));
        std::fs::write(&part, &bytes).unwrap();
        let mut tx = place.hub.ground.db.write().await.unwrap();
        let claim = store::blobs::own(&mut tx, sha256, &kemenpu.id, None).await;
        let blob = claim.unwrap().unwrap().blob;
        store::blobs::take_room(&mut tx, &blob).await.unwrap();
        tx.commit().await.unwrap();
        let path = format!("/blobs/{sha256}");
        let pending = place.get(&pusat, &path).await;
        assert_eq!(pending.code(), Some(Code::BlobPending));
        drop(elsewhere);
        assert_eq!(place.get(&pusat, &path).await.body, bytes);
        let left = parts(&place);
        assert_eq!(left, 0);
    }
}
