//! Files from their upload to the case that has them.

use futures_util::{StreamExt, stream};

use super::report;
use crate::casework::{NewReport, blob_path};
use crate::error::NodeError;
use crate::media::Door;
use crate::testing::{Place, databases};

#[tokio::test]
async fn an_upload_that_nobody_uses_is_gone_after_a_day() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let take = async || {
            let bytes = Ok::<_, String>(bytes::Bytes::from_static(b"%PDF-1.7 foto"));
            let taken = place
                .node
                .receive_upload(Door::Public, stream::iter([bytes]));
            taken.await.unwrap().upload
        };
        let files = || {
            let folder = place.settings.node.blobs.join("uploads");
            std::fs::read_dir(folder).unwrap().count()
        };
        let old = take().await;
        place.clock.advance(13 * 3_600_000);
        let young = take().await;
        place.clock.advance(12 * 3_600_000);
        assert_eq!(crate::media::expire_uploads(&place.node).await.unwrap(), 1);
        assert_eq!(crate::media::expire_uploads(&place.node).await.unwrap(), 0);
        assert_eq!(files(), 1);
        let with = |upload: &String| NewReport {
            attachments: vec![upload.clone()],
            ..report("Dengan foto")
        };
        let late = place.node.file(with(&old), "test").await;
        assert!(matches!(late, Err(NodeError::NotFound { .. })), "{late:?}");
        assert!(place.node.file(with(&young), "test").await.is_ok());
        assert_eq!(files(), 0);
    }
}

#[tokio::test]
async fn an_attachment_is_encrypted_at_rest_and_opens_again() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let pages = (0..200_000u32).map(|n| (n % 253) as u8);
        let picture: Vec<u8> = b"%PDF-1.7\n".iter().copied().chain(pages).collect();
        let chunks: Vec<Result<bytes::Bytes, String>> = picture
            .chunks(7000)
            .map(|c| Ok(bytes::Bytes::copy_from_slice(c)))
            .collect();
        let upload = place
            .node
            .receive_upload(Door::Public, stream::iter(chunks))
            .await
            .unwrap();
        let with = NewReport {
            attachments: vec![upload.upload.clone()],
            ..report("Dengan foto")
        };
        let case = place.node.file(with.clone(), "test").await.unwrap().case;
        let view = place.node.case(case).await.unwrap();
        let attachment = &view.history[0].attachments[0];
        let opened = place
            .node
            .open_attachment(case, attachment.sha256)
            .await
            .unwrap();
        assert_eq!(
            (opened.size, opened.media_type.as_str()),
            (200_009, "application/pdf")
        );
        let plain: Vec<u8> = opened
            .body
            .map(|chunk| chunk.unwrap().to_vec())
            .concat()
            .await;
        assert_eq!(plain, picture);
        let sealed = std::fs::read(blob_path(&place.node, &attachment.sha256)).unwrap();
        assert!(
            !sealed
                .windows(64)
                .any(|window| picture.windows(64).next() == Some(window))
        );
        assert!(
            matches!(
                place.node.file(with, "test").await,
                Err(NodeError::NotFound { .. })
            ),
            "used once"
        );
    }
}
