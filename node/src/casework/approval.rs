//! Answers that a superior sees before they are sent: drafted by one officer, signed by another,
//! where the institution wants it for all answers or for a category.
//!
//! Nothing here travels: the federation sees the answer when it is published, and the signer is
//! known to this institution alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lapor_migrations::Tx;
use lapor_protocol::ids::{CaseId, Digest, MessageId};
use lapor_protocol::kinds::Category;
use lapor_protocol::limits::{ATTACHMENTS, TEXT_CHARS};
use serde_json::json;

use super::{Acted, CaseSummary, NewAct, Once, Sight, attachments, reading};
use crate::error::NodeError;
use crate::media::UploadReceipt;
use crate::node::Node;
use crate::store;
use crate::store::drafts::{Decision, DraftRow, FileRow, PUBLISHED, RETURNED, WAITING};

/// Drafts that one page shows, at most.
const MOST: i64 = 200;
/// Characters of the remark with which a draft is returned.
const REMARK: usize = 2_000;
const ANSWER: &str = "case.followed_up";

/// An answer to be drafted. Not printable: it holds words of a case.
pub struct NewDraft<'a> {
    pub text: &'a str,
    pub proposes_to_close: bool,
    /// Ids of uploads made before.
    pub attachments: &'a [String],
}

/// What became of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftState {
    Waiting,
    Published,
    Returned,
}

/// An answer that was drafted. Not printable: it holds words of a case.
#[derive(Clone, PartialEq, Eq)]
pub struct AnswerDraft {
    pub id: String,
    pub case: CaseId,
    pub text: String,
    pub proposes_to_close: bool,
    /// As in the audit log.
    pub written_by: String,
    /// Unix ms.
    pub written_at: i64,
    pub state: DraftState,
    /// Who signed it or gave it back.
    pub decided_by: Option<String>,
    /// Unix ms.
    pub decided_at: Option<i64>,
    /// Why it was given back.
    pub remark: Option<String>,
    /// The message that it became.
    pub message: Option<MessageId>,
    /// Files that wait to go with it.
    pub files: Vec<UploadReceipt>,
    /// Tells what is read now from what it is corrected to.
    pub version: String,
}

/// A superior's signature under a draft as it was read.
pub(super) struct Signature {
    draft: String,
    version: String,
}

impl Signature {
    /// The draft waits, and says what was signed.
    pub(super) async fn holds(&self, tx: &mut Tx) -> Result<(), NodeError> {
        let row = store::drafts::one(tx, &self.draft).await?;
        let row = row.filter(|row| row.state == WAITING);
        let row = row.ok_or_else(|| NodeError::not_found("waiting draft", &self.draft))?;
        let files = store::drafts::files(tx, vec![row.id.as_str().into()]).await?;
        if version(&row, &files) == self.version {
            return Ok(());
        }
        Err(NodeError::DraftChanged)
    }

    /// Notes in the transaction of the answer that it was signed: nobody else can decide the draft.
    pub(super) async fn record(
        &self,
        tx: &mut Tx,
        actor: &str,
        at: i64,
        message: MessageId,
    ) -> Result<(), NodeError> {
        let message = message.to_string();
        let decision = Decision {
            state: PUBLISHED,
            by: actor,
            at,
            remark: None,
            message: Some(&message),
        };
        store::drafts::release(tx, &self.draft).await?;
        decide(tx, &self.draft, &decision).await
    }
}

impl Node {
    /// Whether a superior signs public answers about a category.
    pub fn wants_approval(&self, category: Option<&Category>) -> bool {
        self.settings().answers.approval
            || category.is_some_and(|category| self.category_needs(category).supervision)
    }

    /// Keeps a draft for a superior. `id` comes with the form: sent twice it is one draft, and sent
    /// again with other words it is corrected as long as it waits.
    pub async fn draft_answer(
        &self,
        case: CaseId,
        id: &str,
        answer: &NewDraft<'_>,
        actor: &str,
    ) -> Result<(), NodeError> {
        let text = answer.text.trim();
        if text.is_empty() || text.chars().count() > TEXT_CHARS {
            let problem = format!("text: between 1 and {TEXT_CHARS} characters");
            return Err(NodeError::Invalid(problem));
        }
        if answer.attachments.len() > ATTACHMENTS {
            let problem = format!("attachments: at most {ATTACHMENTS} go with one message");
            return Err(NodeError::Invalid(problem));
        }
        // The same key as an act's, bound to whoever sends it; what is stored stands in addresses.
        Once::new(actor, id)?;
        let row = DraftRow {
            id: draft_id(actor, id),
            case_id: case.to_string(),
            answer: text.to_owned(),
            proposes_to_close: i64::from(answer.proposes_to_close),
            written_by: actor.to_owned(),
            written_at: self.clock().now_ms(),
            state: WAITING.into(),
            decided_by: None,
            decided_at: None,
            remark: None,
            message_id: None,
        };
        let mut tx = self.write_tx().await?;
        let shown = self.shown_case(&mut tx, case).await?;
        if shown.redacted {
            return Err(NodeError::Redacted(case));
        }
        let category = shown.category.as_ref();
        let evidence = category.is_some_and(|category| self.category_needs(category).evidence);
        if answer.proposes_to_close && evidence && answer.attachments.is_empty() {
            return Err(NodeError::EvidenceNeeded);
        }
        self.put_draft(&mut tx, &row, answer.attachments).await?;
        Ok(tx.commit().await?)
    }

    async fn put_draft(
        &self,
        tx: &mut Tx,
        row: &DraftRow,
        uploads: &[String],
    ) -> Result<(), NodeError> {
        let kept = store::drafts::one(tx, &row.id).await?;
        if let Some(kept) = &kept {
            let files = store::drafts::files(tx, vec![row.id.as_str().into()]).await?;
            let names = files.iter().map(|file| &file.upload);
            // What is published keeps no files any more.
            let files = names.eq(uploads) || kept.state == PUBLISHED;
            let said = (&row.case_id, &row.answer, row.proposes_to_close);
            if files && said == (&kept.case_id, &kept.answer, kept.proposes_to_close) {
                return Ok(());
            }
        }
        for upload in uploads {
            let known = store::uploads::one(tx, upload).await?;
            known.ok_or_else(|| NodeError::not_found("upload", upload))?;
        }
        if !store::drafts::put(tx, row).await? {
            return Err(NodeError::KeyReused);
        }
        store::drafts::hold(tx, &row.id, &row.case_id, uploads).await?;
        let action = match kept {
            Some(_) => "answer.corrected",
            None => "answer.drafted",
        };
        let (at, case) = (row.written_at, Some(row.case_id.as_str()));
        Ok(store::audit::add(tx, at, &row.written_by, action, case, &row.id).await?)
    }

    /// Drafts of a case, oldest first.
    pub async fn answer_drafts(&self, case: CaseId) -> Result<Vec<AnswerDraft>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::drafts::of_case(&mut tx, &case.to_string()).await?;
        drafts(&mut tx, rows).await
    }

    /// Drafts that wait for a superior, oldest first, each with its case; those of cases that are
    /// not here any more or not for whoever asks are left out.
    pub async fn waiting_drafts(
        &self,
        sight: &Sight,
    ) -> Result<Vec<(AnswerDraft, CaseSummary)>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::drafts::waiting(&mut tx, MOST).await?;
        let ids: Vec<&str> = rows.iter().map(|row| row.case_id.as_str()).collect();
        let cases = reading::summaries(&mut tx, &ids).await?;
        let seen = cases
            .into_iter()
            .filter(|case| case.state.is_some() && sight.shows(case));
        let seen: BTreeMap<CaseId, CaseSummary> = seen.map(|case| (case.case, case)).collect();
        let all = drafts(&mut tx, rows).await?.into_iter();
        Ok(all
            .filter_map(|draft| {
                let case = seen.get(&draft.case)?.clone();
                Some((draft, case))
            })
            .collect())
    }

    /// The case of a draft.
    pub async fn case_of_draft(&self, id: &str) -> Result<CaseId, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::drafts::one(&mut tx, id).await?;
        let row = row.ok_or_else(|| NodeError::not_found("draft", &id))?;
        store::case_id(&row.case_id)
    }

    /// Opens a file that waits to go with a draft.
    pub async fn open_draft_file(
        &self,
        id: &str,
        upload: &str,
    ) -> Result<attachments::Opened, NodeError> {
        let mut tx = self.read_tx().await?;
        let files = store::drafts::files(&mut tx, vec![id.into()]).await?;
        drop(tx);
        let file = files.into_iter().find(|file| file.upload == upload);
        let file = file.ok_or_else(|| NodeError::not_found("file of the draft", &upload))?;
        attachments::open_upload(self, &file.upload, file.media_type).await
    }

    /// Signs a draft as it was read, by its version, and publishes it. Nobody signs their own.
    pub async fn publish_draft(
        &self,
        id: &str,
        version: &str,
        actor: &str,
    ) -> Result<Acted, NodeError> {
        let (row, files) = self.others_draft(id, actor).await?;
        if self::version(&row, &files) != version {
            return Err(NodeError::DraftChanged);
        }
        let closes = row.proposes_to_close != 0;
        let body = [("proposes_to_close".to_owned(), json!(closes))];
        let words = [("text".to_owned(), json!(row.answer))];
        let act = NewAct {
            kind: ANSWER.to_owned(),
            body: body.into_iter().collect(),
            words: Some(words.into_iter().collect()),
            attachments: files.into_iter().map(|file| file.upload).collect(),
        };
        let signature = Signature {
            draft: row.id,
            version: version.to_owned(),
        };
        let case = store::case_id(&row.case_id)?;
        self.act_signed(case, act, actor, signature).await
    }

    /// Gives a draft back to whoever wrote it, with a remark.
    pub async fn return_draft(&self, id: &str, remark: &str, actor: &str) -> Result<(), NodeError> {
        let remark = remark.trim();
        if remark.is_empty() || remark.chars().count() > REMARK {
            let problem = format!("remark: say in 1 to {REMARK} characters what is missing");
            return Err(NodeError::Invalid(problem));
        }
        let (row, _) = self.others_draft(id, actor).await?;
        let decision = Decision {
            state: RETURNED,
            by: actor,
            at: self.clock().now_ms(),
            remark: Some(remark),
            message: None,
        };
        let mut tx = self.write_tx().await?;
        decide(&mut tx, &row.id, &decision).await?;
        Ok(tx.commit().await?)
    }

    /// A draft that somebody else wrote and nobody has decided.
    async fn others_draft(
        &self,
        id: &str,
        actor: &str,
    ) -> Result<(DraftRow, Vec<FileRow>), NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::drafts::one(&mut tx, id).await?;
        let row = row.filter(|row| row.state == WAITING);
        let row = row.ok_or_else(|| NodeError::not_found("waiting draft", &id))?;
        if row.written_by == actor {
            let text = "nobody signs an answer of their own; somebody else must do it";
            return Err(NodeError::Forbidden(text.into()));
        }
        let files = store::drafts::files(&mut tx, vec![id.into()]).await?;
        Ok((row, files))
    }
}

/// Decides a draft that waits; an error, and nothing is to be committed, where none does.
async fn decide(tx: &mut Tx, id: &str, decision: &Decision<'_>) -> Result<(), NodeError> {
    let row = store::drafts::one(tx, id).await?;
    let row = row.ok_or_else(|| NodeError::not_found("waiting draft", &id))?;
    if store::drafts::decide(tx, id, decision).await? == 0 {
        return Err(NodeError::not_found("waiting draft", &id));
    }
    let action = if decision.state == PUBLISHED {
        "answer.approved"
    } else {
        "answer.returned"
    };
    let (at, case) = (decision.at, Some(row.case_id.as_str()));
    Ok(store::audit::add(tx, at, decision.by, action, case, id).await?)
}

async fn drafts(tx: &mut Tx, rows: Vec<DraftRow>) -> Result<Vec<AnswerDraft>, NodeError> {
    let ids = rows.iter().map(|row| row.id.as_str().into()).collect();
    let files = store::drafts::files(tx, ids).await?;
    rows.into_iter()
        .map(|row| {
            let own = files.iter().filter(|file| file.draft_id == row.id);
            let own: Vec<FileRow> = own.cloned().collect();
            draft(row, own)
        })
        .collect()
}

fn draft(row: DraftRow, files: Vec<FileRow>) -> Result<AnswerDraft, NodeError> {
    Ok(AnswerDraft {
        version: version(&row, &files),
        case: store::case_id(&row.case_id)?,
        state: match row.state.as_str() {
            PUBLISHED => DraftState::Published,
            RETURNED => DraftState::Returned,
            _ => DraftState::Waiting,
        },
        message: row
            .message_id
            .map(|id| store::read(id.parse()))
            .transpose()?,
        id: row.id,
        text: row.answer,
        proposes_to_close: row.proposes_to_close != 0,
        written_by: row.written_by,
        written_at: row.written_at,
        decided_by: row.decided_by,
        decided_at: row.decided_at,
        remark: row.remark,
        files: files
            .into_iter()
            .map(|file| UploadReceipt {
                upload: file.upload,
                size: file.size as u64,
                media_type: file.media_type,
            })
            .collect(),
    })
}

/// A digest of what a draft says and brings.
fn version(row: &DraftRow, files: &[FileRow]) -> String {
    let mut said = format!("{}\0{}", row.proposes_to_close, row.answer);
    for file in files {
        let _ = write!(said, "\0{}", file.upload);
    }
    Digest::of(said.as_bytes()).to_hex()
}

/// What a draft is called: nothing that somebody typed.
fn draft_id(actor: &str, key: &str) -> String {
    Digest::of(format!("{actor}\0{key}").as_bytes()).to_hex()
}

#[cfg(test)]
mod tests {
    use lapor_migrations::throwaway::databases;
    use lapor_protocol::case::State;

    use super::*;
    use crate::casework::NewReport;
    use crate::testing::{Place, acts};

    const KEY: &str = "0123456789abcdef0123456789abcdef";
    const ROADS: &str = "Perhubungan/Parkir Liar";

    async fn place(db: lapor_migrations::throwaway::TestDb) -> (Place, CaseId) {
        let mut place = Place::joined("kota-bandung", db).await;
        let category = |text: &str| Category::try_from(text.to_owned()).unwrap();
        place.settings.categories.evidence = vec![category("Perhubungan")];
        place.settings.categories.supervision = vec![category(ROADS)];
        place.node = place.reopened().await;
        let report: NewReport = serde_json::from_value(json!({
            "classification": "complaint",
            "title": "Parkir liar",
            "content": "Trotoar tertutup.",
            "category": "Perhubungan/Lampu Penerangan Jalan",
            "channel": "web",
        }))
        .unwrap();
        let case = place.node.file(report, "test").await.unwrap().case;
        (place, case)
    }

    fn answer(closes: bool) -> NewAct {
        serde_json::from_value(json!({
            "kind": ANSWER,
            "body": {"proposes_to_close": closes},
            "words": {"text": "Sudah ditertibkan."},
        }))
        .unwrap()
    }

    #[tokio::test]
    async fn a_proposal_to_close_carries_evidence_where_the_category_asks_for_it() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let bare = node.act(case, answer(true), "siti").await;
            let Err(NodeError::EvidenceNeeded) = bare else {
                panic!("{bare:?}");
            };
            node.act(case, answer(false), "siti").await.unwrap();
            let proved = NewAct {
                attachments: vec![uploaded(node).await],
                ..answer(true)
            };
            node.act(case, proved, "siti").await.unwrap();
            let state = node.case(case).await.unwrap().summary.state;
            assert_eq!(state, Some(State::Answered));
        }
    }

    #[tokio::test]
    async fn an_answer_that_a_superior_signs_is_published_once_and_by_somebody_else() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let body = json!({ "category": ROADS });
            acts(&place, case, "case.verified", body, None).await;
            let direct = node.act(case, answer(false), "siti").await;
            assert!(
                matches!(direct, Err(NodeError::ApprovalNeeded)),
                "{direct:?}"
            );
            for _ in 0..2 {
                let drafted = node.draft_answer(case, KEY, &said("Sudah."), "siti").await;
                drafted.unwrap();
            }
            let [waits] = waiting(node).await.try_into().ok().unwrap();
            let id = draft_id("siti", KEY);
            let own = node.publish_draft(&id, &waits.version, "siti").await;
            assert!(matches!(own, Err(NodeError::Forbidden(_))));
            assert!(node.return_draft(&id, " ", "dewi").await.is_err());
            let acted = node.publish_draft(&id, &waits.version, "dewi").await;
            let acted = acted.unwrap();
            assert!(
                node.publish_draft(&id, &waits.version, "dewi")
                    .await
                    .is_err()
            );
            let drafts = node.answer_drafts(case).await.unwrap();
            assert_eq!(drafts[0].message, Some(acted.message));
            assert_eq!(drafts[0].decided_by.as_deref(), Some("dewi"));
            let view = node.case(case).await.unwrap();
            assert_eq!(view.summary.state, Some(State::InProgress));
            let signed = [("dewi".to_owned(), id)];
            assert_eq!(place.audited("answer.approved").await, signed);
        }
    }

    #[tokio::test]
    async fn a_draft_is_given_back_with_a_remark_and_forgotten_with_its_case() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let upload = uploaded(node).await;
            let secret = NewDraft {
                attachments: std::slice::from_ref(&upload),
                ..said("Rahasia Canary.")
            };
            node.draft_answer(case, KEY, &secret, "siti").await.unwrap();
            node.return_draft(&draft_id("siti", KEY), "Sebut tanggalnya.", "dewi")
                .await
                .unwrap();
            let drafts = node.answer_drafts(case).await.unwrap();
            assert_eq!(drafts[0].state, DraftState::Returned);
            assert_eq!(drafts[0].remark.as_deref(), Some("Sebut tanggalnya."));
            let mut tx = node.write_tx().await.unwrap();
            store::drafts::forget(&mut tx, &case.to_string())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            let drafts = node.answer_drafts(case).await.unwrap();
            assert_eq!((drafts[0].text.as_str(), &drafts[0].remark), ("", &None));
            assert_eq!(drafts[0].files, []);
            assert_eq!(crate::media::expire_uploads(node).await.unwrap(), 1);
        }
    }

    fn said(text: &str) -> NewDraft<'_> {
        NewDraft {
            text,
            proposes_to_close: false,
            attachments: &[],
        }
    }

    async fn waiting(node: &Node) -> Vec<AnswerDraft> {
        let all = node.waiting_drafts(&Sight::ALL).await.unwrap();
        all.into_iter().map(|(draft, _)| draft).collect()
    }

    async fn uploaded(node: &Node) -> String {
        let file = futures_util::stream::iter([Ok::<_, std::io::Error>(
            bytes::Bytes::from_static(b"catatan serah terima"),
        )]);
        let upload = node.receive_upload(crate::media::Door::Staff, file).await;
        upload.unwrap().upload
    }

    #[tokio::test]
    async fn a_draft_is_corrected_while_it_waits_and_nothing_unread_is_signed() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let drafted = async |text| node.draft_answer(case, KEY, &said(text), "siti").await;
            drafted("Sudah.").await.unwrap();
            let [first] = waiting(node).await.try_into().ok().unwrap();
            drafted("Sudah diganti kemarin.").await.unwrap();
            let [second] = waiting(node).await.try_into().ok().unwrap();
            assert_eq!(second.text, "Sudah diganti kemarin.");
            let id = draft_id("siti", KEY);
            assert_eq!(
                place.audited("answer.corrected").await,
                [("siti".to_owned(), id.clone())]
            );
            let stale = node.publish_draft(&id, &first.version, "dewi").await;
            assert!(matches!(stale, Err(NodeError::DraftChanged)), "{stale:?}");
            node.return_draft(&id, "Sebut tanggalnya.", "dewi")
                .await
                .unwrap();
            let late = drafted("Lain lagi.").await;
            assert!(matches!(late, Err(NodeError::KeyReused)), "{late:?}");
        }
    }

    #[tokio::test]
    async fn of_two_who_decide_a_draft_at_once_one_wins() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            for round in 0..4 {
                let key = format!("{KEY}-{round}");
                let text = format!("Jawaban {round}.");
                node.draft_answer(case, &key, &said(&text), "siti")
                    .await
                    .unwrap();
                let (id, [waits]) = (
                    draft_id("siti", &key),
                    waiting(node).await.try_into().ok().unwrap(),
                );
                let before = node.case(case).await.unwrap().history.len();
                let (signed, returned) = tokio::join!(
                    node.publish_draft(&id, &waits.version, "dewi"),
                    node.return_draft(&id, "Belum.", "ratna"),
                );
                assert_ne!(signed.is_ok(), returned.is_ok(), "{signed:?} {returned:?}");
                let said = node.case(case).await.unwrap().history.len() - before;
                assert_eq!(said, usize::from(signed.is_ok()));
                let all = node.answer_drafts(case).await.unwrap();
                let decided = all.iter().find(|draft| draft.id == id).unwrap();
                let published = decided.state == DraftState::Published;
                assert_eq!(published, signed.is_ok());
            }
        }
    }

    #[tokio::test]
    async fn the_files_of_a_draft_wait_with_it_and_go_with_the_answer() {
        for db in databases().await {
            let (mut place, case) = place(db).await;
            place.settings.answers.approval = true;
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
                ..bare
            };
            node.draft_answer(case, KEY, &proved, "siti").await.unwrap();
            place.clock.advance(7 * 86_400_000);
            assert_eq!(crate::media::expire_uploads(node).await.unwrap(), 0);
            let [waits] = waiting(node).await.try_into().ok().unwrap();
            assert_eq!(waits.files[0].upload, upload);
            let opened = node.open_draft_file(&waits.id, &upload).await.unwrap();
            assert_eq!(opened.media_type, "text/plain");
            assert!(node.open_draft_file("another", &upload).await.is_err());
            node.publish_draft(&waits.id, &waits.version, "dewi")
                .await
                .unwrap();
            let history = node.case(case).await.unwrap().history;
            assert_eq!(history.last().unwrap().attachments.len(), 1);
            node.draft_answer(case, KEY, &proved, "siti").await.unwrap();
            assert_eq!(waiting(node).await.len(), 0, "sent again, drafted once");
        }
    }

    #[tokio::test]
    async fn an_officer_does_not_close_around_what_the_institution_asks() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            let close = || NewAct {
                kind: "case.closed".into(),
                body: json!({ "by": "reporter" }).as_object().cloned().unwrap(),
                words: None,
                attachments: Vec::new(),
            };
            node.act(case, answer(false), "siti").await.unwrap();
            let around = node.act(case, close(), "siti").await;
            assert!(
                matches!(around, Err(NodeError::EvidenceNeeded)),
                "{around:?}"
            );
            let proved = NewAct {
                attachments: vec![uploaded(node).await],
                ..answer(true)
            };
            node.act(case, proved, "siti").await.unwrap();
            node.act(case, close(), "siti").await.unwrap();
        }
    }

    #[tokio::test]
    async fn who_drafts_an_answer_handles_the_case() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let node = &place.node;
            node.draft_answer(case, KEY, &said("Sudah."), "siti")
                .await
                .unwrap();
            let opened = node.identity(case, "siti").await;
            assert!(matches!(opened, Err(NodeError::Forbidden(_))));
        }
    }
}
