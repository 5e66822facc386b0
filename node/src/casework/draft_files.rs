//! Files that wait with a drafted answer: each is kept for one draft, is opened by its place in it,
//! and is used by nothing else until the draft is decided. All of them have a room of their own
//! beside that of the citizens' files.

use lapor_migrations::Tx;

use super::attachments::{self, Opened};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::drafts::DraftRow;
use crate::store::uploads::READY;

impl Node {
    /// Opens the file of a place (1, 2, ...) among those that wait to go with a draft.
    pub async fn open_draft_file(&self, id: &str, place: usize) -> Result<Opened, NodeError> {
        let mut tx = self.read_tx().await?;
        let files = store::drafts::files(&mut tx, vec![id.into()]).await?;
        drop(tx);
        let file = files.into_iter().zip(1..).find(|(_, n)| *n == place);
        let (file, _) = file.ok_or_else(|| NodeError::not_found("file of the draft", &place))?;
        attachments::open_upload(self, &file.upload, file.media_type).await
    }
}

/// Keeps uploads for a draft: those that it brings, those that it had, and those of an earlier one
/// of the case that was given back. What another draft keeps stays there.
pub(super) async fn keep(
    node: &Node,
    tx: &mut Tx,
    row: &DraftRow,
    uploads: &[String],
) -> Result<(), NodeError> {
    for upload in uploads {
        let known = store::uploads::one(tx, upload).await?;
        let known = known.ok_or_else(|| NodeError::not_found("upload", upload))?;
        if known.state != READY {
            return Err(NodeError::Invalid(format!(
                "attachments: the upload {upload} has not arrived as a whole"
            )));
        }
    }
    let kept = store::drafts::hold(tx, &row.id, &row.case_id, uploads).await?;
    if kept < uploads.len() as u64 {
        return Err(NodeError::UploadHeld);
    }
    let most = node.settings().answers.waiting_bytes;
    if !uploads.is_empty() && store::drafts::bytes(tx).await?.unsigned_abs() > most {
        return Err(NodeError::NoRoom);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::casework::approval::tests::{KEY, filed, place, said, uploaded, waiting};
    use crate::casework::{NewAct, NewDraft};
    use crate::media::Door;
    use crate::testing::databases;

    fn bringing(upload: &String) -> NewDraft<'_> {
        NewDraft {
            attachments: std::slice::from_ref(upload),
            ..said("Sudah diserahkan.")
        }
    }

    fn note(upload: &str) -> NewAct {
        serde_json::from_value(json!({
            "kind": "case.noted",
            "words": {"text": "Catatan."},
            "attachments": [upload],
        }))
        .unwrap()
    }

    #[tokio::test]
    async fn the_files_of_a_draft_wait_with_it_and_go_with_the_answer() {
        for db in databases().await {
            let (mut place, case) = place(db).await;
            place.settings.answers.approval = Some(true);
            place.node = place.reopened().await;
            let node = &place.node;
            let bare = NewDraft {
                proposes_to_close: true,
                ..said("Sudah diserahkan.")
            };
            let refused = node.draft_answer(case, KEY, &bare, "siti").await;
            assert!(matches!(refused, Err(NodeError::EvidenceNeeded)));
            let upload = uploaded(node).await;
            let proved = NewDraft {
                attachments: std::slice::from_ref(&upload),
                proposes_to_close: true,
                ..said("Sudah diserahkan.")
            };
            node.draft_answer(case, KEY, &proved, "siti").await.unwrap();
            place.clock.advance(7 * 86_400_000);
            assert_eq!(crate::media::expire_uploads(node).await.unwrap(), 0);
            let [waits] = waiting(node).await.try_into().ok().unwrap();
            assert_eq!(waits.files[0].upload, upload);
            let opened = node.open_draft_file(&waits.id, 1).await.unwrap();
            assert_eq!(opened.media_type, "text/plain");
            for (id, place) in [(&*waits.id, 0), (&*waits.id, 2), ("another", 1)] {
                assert!(
                    node.open_draft_file(id, place).await.is_err(),
                    "{id} {place}"
                );
            }
            node.publish_draft(&waits.id, &waits.version, "dewi")
                .await
                .unwrap();
            let history = node.case(case).await.unwrap().history;
            assert_eq!(history.last().unwrap().attachments.len(), 1);
            node.draft_answer(case, KEY, &proved, "siti").await.unwrap();
            assert_eq!(waiting(node).await.len(), 0, "sent again, drafted once");
            // As it comes again with a form whose files have gone.
            node.draft_answer(case, KEY, &bare, "siti").await.unwrap();
            assert!(node.is_drafted("siti", KEY).await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_file_that_waits_with_a_draft_is_used_by_nothing_else() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let upload = uploaded(node).await;
            let draft = bringing(&upload);
            node.draft_answer(case, KEY, &draft, "siti").await.unwrap();
            let cancelled = node.cancel_upload(&upload).await;
            assert!(matches!(cancelled, Err(NodeError::UploadHeld)));
            let noted = node.act(case, note(&upload), "asep").await;
            assert!(matches!(noted, Err(NodeError::UploadHeld)), "{noted:?}");
            let other = format!("{KEY}-2");
            let taken = node.draft_answer(case, &other, &draft, "asep").await;
            assert!(matches!(taken, Err(NodeError::UploadHeld)), "{taken:?}");
            let seen = async |door| node.waiting_upload(&upload, door).await.unwrap();
            assert_eq!(seen(Door::Public).await, None);
            assert!(seen(Door::Staff).await.is_some());
            let [waits] = waiting(node).await.try_into().ok().unwrap();
            assert_eq!(waits.files[0].upload, upload);
        }
    }

    #[tokio::test]
    async fn files_of_drafts_of_officers_and_of_citizens_have_a_room_each() {
        for db in databases().await {
            let (mut place, case) = place(db).await;
            place.settings.answers.waiting_bytes = 30;
            place.settings.api.waiting_bytes = 30;
            place.settings.api.staff_waiting_bytes = 40;
            place.node = place.reopened().await;
            let node = &place.node;
            let citizen = std::net::Ipv4Addr::LOCALHOST.into();
            let (first, second) = (uploaded(node).await, uploaded(node).await);
            let begun = node.begin_upload(Door::Staff, 1).await;
            assert!(matches!(begun, Err(NodeError::NoRoom)), "{begun:?}");
            node.admit_upload(citizen, 20).await.unwrap();
            let draft = bringing(&first);
            node.draft_answer(case, KEY, &draft, "siti").await.unwrap();
            let other = format!("{KEY}-2");
            let draft = bringing(&second);
            let full = node.draft_answer(case, &other, &draft, "siti").await;
            assert!(matches!(full, Err(NodeError::NoRoom)), "{full:?}");
            assert_eq!(waiting(node).await.len(), 1);
            // What waits with a draft is in the room of drafts and in no other.
            node.begin_upload(Door::Staff, 20).await.unwrap();
            node.admit_upload(citizen, 30).await.unwrap();
            let file = [Ok::<_, String>(bytes::Bytes::from_static(
                b"%PDF-1.7 serah terima",
            ))];
            let fetched = node.receive_upload(Door::Public, futures_util::stream::iter(file));
            fetched.await.unwrap();
            let full = node.admit_upload(citizen, 20).await;
            assert!(matches!(full, Err(NodeError::NoRoom)), "{full:?}");
        }
    }

    #[tokio::test]
    async fn what_nobody_writes_anew_keeps_its_files_for_a_month() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let upload = uploaded(node).await;
            let draft = bringing(&upload);
            node.draft_answer(case, KEY, &draft, "siti").await.unwrap();
            let [waits] = waiting(node).await.try_into().ok().unwrap();
            let back = node.return_draft(&waits.id, "Sebut tanggalnya.", "dewi");
            back.await.unwrap();
            for (days, gone) in [(29, 0), (2, 1)] {
                place.clock.advance(days * 86_400_000);
                assert_eq!(crate::media::expire_uploads(node).await.unwrap(), gone);
            }
        }
    }

    #[tokio::test]
    async fn the_files_of_a_draft_that_was_given_back_are_for_its_case() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let upload = uploaded(node).await;
            let draft = bringing(&upload);
            node.draft_answer(case, KEY, &draft, "siti").await.unwrap();
            let [waits] = waiting(node).await.try_into().ok().unwrap();
            let back = node.return_draft(&waits.id, "Sebut tanggalnya.", "dewi");
            back.await.unwrap();
            let elsewhere = filed(&place).await;
            let taken = node.draft_answer(elsewhere, "0123456789abcdef", &draft, "siti");
            assert!(matches!(taken.await, Err(NodeError::UploadHeld)));
            node.act(case, note(&upload), "siti").await.unwrap();
            let history = node.case(case).await.unwrap().history;
            assert_eq!(history.last().unwrap().attachments.len(), 1);
        }
    }

    #[tokio::test]
    async fn a_draft_that_was_given_back_keeps_its_files_whatever_another_officer_drafts() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let (own, others) = (uploaded(node).await, uploaded(node).await);
            let draft = bringing(&own);
            node.draft_answer(case, KEY, &draft, "siti").await.unwrap();
            let [waits] = waiting(node).await.try_into().ok().unwrap();
            let back = node.return_draft(&waits.id, "Sebut tanggalnya.", "dewi");
            back.await.unwrap();
            let draft = bringing(&others);
            node.draft_answer(case, KEY, &draft, "asep").await.unwrap();
            let all = node.answer_drafts(case).await.unwrap();
            let first = all.iter().find(|draft| draft.id == waits.id).unwrap();
            assert_eq!(first.files[0].upload, own);
            let again = bringing(&own);
            let anew = format!("{KEY}-2");
            node.draft_answer(case, &anew, &again, "siti")
                .await
                .unwrap();
            assert_eq!(waiting(node).await.len(), 2);
        }
    }

    #[tokio::test]
    async fn what_has_not_arrived_as_a_whole_waits_with_no_draft() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let begun = place.node.begin_upload(Door::Staff, 7).await.unwrap();
            let draft = bringing(&begun.upload);
            let drafted = place.node.draft_answer(case, KEY, &draft, "siti").await;
            assert!(matches!(drafted, Err(NodeError::Invalid(_))), "{drafted:?}");
        }
    }
}
