//! Pictures of a programme, from the desk of its owner to the portals of others.

use lapor_migrations::on;
use lapor_node::error::NodeError;
use lapor_node::publishing::{AtHub, NewProgramme, PictureCopy, PictureState, Programme};
use lapor_protocol::ids::{Digest, InstanceId, MessageId};
use lapor_protocol::kinds::Body;
use lapor_protocol::limits::PICTURE_BYTES;
use lapor_tests::demo::drawing::drawing;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::{Fleet, Institution, Weather, kinds};
use serde_json::{Value, json};

fn owner() -> InstanceId {
    "kota-bandung".parse().unwrap()
}

async fn publish(at: &Institution, pictures: Value) -> MessageId {
    let new = json!({
        "slug": "jembatan", "name": "Jembatan", "description": "Baru.", "pictures": pictures,
    });
    let new: NewProgramme = serde_json::from_value(new).unwrap();
    let published = at.node().publish_programme(new, "test").await;
    published.unwrap().message
}

async fn seen(at: &Institution) -> Programme {
    let view = at.node().programme(&owner(), "jembatan").await;
    view.unwrap().programme
}

async fn picture(at: &Institution, bytes: &[u8]) -> Result<Vec<u8>, NodeError> {
    let (node, owner) = (at.node(), owner());
    let opened = node
        .open_picture(&owner, "jembatan", Digest::of(bytes))
        .await?;
    Ok(opened.bytes)
}

#[tokio::test]
async fn pictures_reach_every_portal_over_a_bad_line_and_go_when_they_are_taken_away() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let (first, second) = (drawing(1), drawing(2));
        assert!(first.len() as u64 <= PICTURE_BYTES, "{}", first.len());
        let uploads = [bandung.upload(&first).await, bandung.upload(&second).await];
        let pictures = json!([
            {"upload": uploads[0], "alt": "Sungai."}, {"upload": uploads[1], "alt": "Jembatan."},
        ]);
        fleet.weather(Weather::STORM);
        publish(bandung, pictures).await;
        assert_eq!(
            picture(bandung, &first).await.unwrap(),
            first,
            "at once at home"
        );
        fleet.settle().await;
        fleet.weather_clears().await;
        fleet.settle().await;
        for institution in [bandung, pusat, kemenpu] {
            let programme = seen(institution).await;
            let alts = programme
                .published
                .pictures
                .iter()
                .map(|picture| picture.alt.as_str());
            assert_eq!(alts.collect::<Vec<_>>(), ["Sungai.", "Jembatan."]);
            assert!(
                programme
                    .pictures
                    .iter()
                    .all(|copy| copy.state == PictureState::Here)
            );
            for bytes in [&first, &second] {
                assert_eq!(picture(institution, bytes).await.unwrap(), *bytes);
            }
        }
        let kept = json!([{"sha256": Digest::of(&second), "alt": "Jembatan baru."}]);
        publish(bandung, kept).await;
        fleet.settle().await;
        for institution in [bandung, pusat, kemenpu] {
            let gone = picture(institution, &first).await;
            assert!(matches!(gone, Err(NodeError::NotFound { .. })), "{gone:?}");
            assert_eq!(picture(institution, &second).await.unwrap(), second);
        }
        let at_the_hub = |bytes: &[u8]| {
            let name = Digest::of(bytes).to_hex();
            fleet.hub.folder().join("blobs").join(&name[..2]).join(name)
        };
        assert!(!at_the_hub(&first).exists() && at_the_hub(&second).exists());
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_picture_that_has_no_room_at_the_hub_is_named_and_goes_once_there_is() {
    for kind in kinds() {
        let (first, second) = (drawing(1), drawing(2));
        let quota = first.len().max(second.len()) as u64;
        let fleet = Fleet::with(kind, &[PUSAT, BANDUNG, KEMENPU], 1, |settings| {
            settings.limits.picture_quota_bytes = quota;
        })
        .await;
        let [bandung, kemenpu] = ["kota-bandung", "kemenpu"].map(|slug| fleet.at(slug));
        let uploads = [bandung.upload(&first).await, bandung.upload(&second).await];
        let pictures = json!([
            {"upload": uploads[0], "alt": "Sungai."}, {"upload": uploads[1], "alt": "Jembatan."},
        ]);
        publish(bandung, pictures).await;
        let waits = |copy: &PictureCopy| copy.at_hub == Some(AtHub::Waiting);
        assert!(seen(bandung).await.pictures.iter().all(waits));
        fleet.settle().await;
        let copies = seen(bandung).await.pictures;
        let refused = copies
            .iter()
            .find(|copy| copy.at_hub == Some(AtHub::Refused));
        let refused = refused.expect("one has no room");
        assert_eq!(refused.reason.as_deref(), Some("picture_quota_exceeded"));
        assert_eq!(refused.state, PictureState::Here, "at home it is shown");
        let kept = json!([{"sha256": refused.sha256, "alt": "Jembatan."}]);
        publish(bandung, kept).await;
        fleet.settle().await;
        let copies = seen(bandung).await.pictures;
        assert_eq!((copies.len(), copies[0].at_hub), (1, Some(AtHub::There)));
        assert_eq!(seen(kemenpu).await.pictures[0].state, PictureState::Here);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn pictures_of_others_take_no_more_room_than_a_node_gives_them() {
    for kind in kinds() {
        let (first, second) = (drawing(1), drawing(2));
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let kemenpu = fleet.at_mut("kemenpu");
        kemenpu.stop().await;
        kemenpu.settings.node.picture_bytes = first.len().max(second.len()) as u64;
        kemenpu.start().await;
        let [bandung, kemenpu] = ["kota-bandung", "kemenpu"].map(|slug| fleet.at(slug));
        let uploads = [bandung.upload(&first).await, bandung.upload(&second).await];
        let pictures = json!([
            {"upload": uploads[0], "alt": "Sungai."}, {"upload": uploads[1], "alt": "Jembatan."},
        ]);
        publish(bandung, pictures).await;
        fleet.settle().await;
        let states = async |at: &Institution| {
            let mut states: Vec<_> = seen(at)
                .await
                .pictures
                .iter()
                .map(|copy| copy.state)
                .collect();
            states.sort_by_key(|state| *state != PictureState::Here);
            states
        };
        let one = [PictureState::Here, PictureState::NoRoom];
        assert_eq!(states(kemenpu).await, one);
        assert_eq!(states(bandung).await, [PictureState::Here; 2]);
        let told = kemenpu.node().status().await.unwrap();
        assert_eq!(told.pictures_without_room, 1);
        assert!(told.picture_bytes > 0);
        let absent = seen(kemenpu).await.pictures;
        let absent = absent
            .iter()
            .find(|copy| copy.state == PictureState::NoRoom);
        let kept = json!([{"sha256": absent.unwrap().sha256, "alt": "Jembatan."}]);
        publish(bandung, kept).await;
        fleet.settle().await;
        assert_eq!(
            states(kemenpu).await,
            [PictureState::Here],
            "there is room again"
        );
        fleet.ends_well().await;
    }
}

/// As after the upgrade of a node that took the messages without knowing pictures.
#[tokio::test]
async fn a_node_that_is_upgraded_late_shows_pictures_of_messages_from_before() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, kemenpu] = ["kota-bandung", "kemenpu"].map(|slug| fleet.at(slug));
        let bytes = drawing(1);
        let upload = bandung.upload(&bytes).await;
        publish(bandung, json!([{"upload": upload, "alt": "Sungai."}])).await;
        fleet.settle().await;
        let body = json!({"slug": "jembatan", "name": "Jembatan", "description": "Baru."});
        for institution in [bandung, kemenpu] {
            let mut tx = institution.node().db().write().await.unwrap();
            for sql in [
                "delete from pictures",
                "delete from node_facts where name = 'pictures_read'",
            ] {
                on!(&mut tx, c => sqlx::query(sql).execute(c).await.map(drop)).unwrap();
            }
            for sql in [
                "update publications set body = $1 where kind = 'programme.published'",
                "update programmes set published = $1",
            ] {
                let body = body.to_string();
                on!(&mut tx, c => sqlx::query(sql).bind(&body).execute(c).await.map(drop)).unwrap();
            }
            tx.commit().await.unwrap();
            assert!(seen(institution).await.published.pictures.is_empty());
        }
        fleet.settle().await;
        for institution in [bandung, kemenpu] {
            let programme = seen(institution).await;
            assert_eq!(programme.published.pictures[0].alt, "Sungai.");
            assert_eq!(picture(institution, &bytes).await.unwrap(), bytes);
        }
        fleet.ends_well().await;
    }
}

/// An author whose program says of a page that it is a picture, and never brings another.
#[tokio::test]
async fn a_picture_that_is_none_is_refused_and_named_and_a_missing_one_is_awaited() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, kemenpu] = ["kota-bandung", "kemenpu"].map(|slug| fleet.at(slug));
        let (page, missing) = (b"<html>".as_slice(), b"never brought".as_slice());
        let claim = |bytes: &[u8]| {
            json!({
                "sha256": Digest::of(bytes), "size": bytes.len(), "media_type": "image/png",
                "alt": "Jembatan.",
            })
        };
        let body = json!({
            "slug": "jembatan", "name": "Jembatan", "description": "Baru.",
            "pictures": [claim(page), claim(missing)],
        });
        let body = Body::of_kind("programme.published", &body.to_string()).unwrap();
        let name = Digest::of(page).to_hex();
        let shelf = bandung.node().settings().node.blobs.join(&name[..2]);
        std::fs::create_dir_all(&shelf).unwrap();
        std::fs::write(shelf.join(&name), page).unwrap();
        bandung.node().publish(body, "test").await.unwrap();
        fleet.settle().await;
        let programme = seen(kemenpu).await;
        assert_eq!(programme.published.description, "Baru.");
        let states: Vec<_> = programme.pictures.iter().map(|copy| copy.state).collect();
        assert_eq!(states, [PictureState::Refused, PictureState::Awaited]);
        let reason = programme.pictures[0].reason.as_deref().unwrap();
        assert!(reason.contains("by its content"), "{reason}");
        let refused = picture(kemenpu, page).await;
        assert!(
            matches!(refused, Err(NodeError::NotFound { .. })),
            "{refused:?}"
        );
        let awaited = picture(kemenpu, missing).await;
        assert!(
            matches!(awaited, Err(NodeError::BlobPending)),
            "{awaited:?}"
        );
        fleet.ends_well().await;
    }
}
