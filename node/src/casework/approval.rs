//! Drafted answers in the hands of a superior: signed and published, or given back to their author,
//! where the institution wants it for all answers or for a category.
//!
//! Nothing here travels: the federation sees the answer when it is published, and the signer is
//! known to this institution alone.

use lapor_migrations::Tx;
use lapor_protocol::ids::MessageId;
use serde_json::json;

use super::drafting::version;
use super::person::{person_of, person_who};
use super::{Acted, CaseSummary, NewAct, reading};
use crate::error::NodeError;
use crate::node::Node;
use crate::staff::StaffRole;
use crate::store;
use crate::store::drafts::{Decision, DraftRow, FileRow, PUBLISHED, RETURNED, WAITING};

/// Characters of the remark with which a draft is returned.
const REMARK: usize = 2_000;
pub(super) const ANSWER: &str = "case.followed_up";

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
        decide(tx, &self.draft, &decision).await
    }

    /// Keeps the draft's files no more, in the transaction of the answer that uses them.
    pub(super) async fn free_files(&self, tx: &mut Tx) -> Result<(), NodeError> {
        Ok(store::drafts::release(tx, &self.draft).await?)
    }
}

impl Node {
    /// Signs a draft as it was read, by its version, and publishes it. Nobody signs their own.
    pub async fn publish_draft(
        &self,
        id: &str,
        read: &str,
        actor: &str,
    ) -> Result<Acted, NodeError> {
        let (row, files) = self.others_draft(id, actor).await?;
        if version(&row, &files) != read {
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
            version: read.to_owned(),
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

    /// Drops a draft that cannot be sent, because another institution has the case or it has ended.
    /// Its words stay with the case; its files are given up.
    pub async fn drop_draft(&self, id: &str, actor: &str) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        let row = store::drafts::one(&mut tx, id).await?;
        let row = row.filter(|row| row.state == WAITING);
        let row = row.ok_or_else(|| NodeError::not_found("waiting draft", &id))?;
        let cases = reading::summaries(&mut tx, &[&row.case_id]).await?;
        if cases.iter().any(CaseSummary::takes_answers) {
            let text = "the answer can still be sent; sign it, or give it back with a remark";
            return Err(NodeError::Forbidden(text.into()));
        }
        let decision = Decision {
            state: RETURNED,
            by: actor,
            at: self.clock().now_ms(),
            remark: None,
            message: None,
        };
        store::drafts::release(&mut tx, &row.id).await?;
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
        let signer = person_who(&mut tx, actor, StaffRole::signs).await?;
        if person_of(&mut tx, &row.written_by).await? == signer {
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
    let action = match (decision.state, decision.remark) {
        (PUBLISHED, _) => "answer.approved",
        (_, Some(_)) => "answer.returned",
        (_, None) => "answer.dropped",
    };
    let (at, case) = (decision.at, Some(row.case_id.as_str()));
    Ok(store::audit::add(tx, at, decision.by, action, case, id).await?)
}

#[cfg(test)]
pub(super) mod tests {
    use lapor_protocol::case::State;

    use super::*;
    use crate::casework::drafting::draft_id;
    use crate::casework::{AnswerDraft, DraftState, NewDraft, NewReport, Sight};
    use crate::testing::{Place, acts, databases};
    use lapor_protocol::ids::CaseId;
    use lapor_protocol::kinds::Category;

    pub(in crate::casework) const KEY: &str = "0123456789abcdef0123456789abcdef";
    const ROADS: &str = "Perhubungan/Parkir Liar";

    pub(in crate::casework) async fn place(
        db: lapor_migrations::throwaway::TestDb,
    ) -> (Place, CaseId) {
        let mut place = Place::joined("kota-bandung", db).await;
        let category = |text: &str| Category::try_from(text.to_owned()).unwrap();
        place.settings.categories.evidence = vec![category("Perhubungan")];
        place.settings.categories.supervision = vec![category(ROADS)];
        place.node = place.reopened().await;
        let case = filed(&place).await;
        (place, case)
    }

    pub(in crate::casework) async fn filed(place: &Place) -> CaseId {
        let report: NewReport = serde_json::from_value(json!({
            "classification": "complaint",
            "title": "Parkir liar",
            "content": "Trotoar tertutup.",
            "category": "Perhubungan/Penerangan Jalan Umum",
            "channel": "web",
        }))
        .unwrap();
        place.node.file(report, "test").await.unwrap().case
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

    pub(in crate::casework) fn said(text: &str) -> NewDraft<'_> {
        NewDraft {
            text,
            proposes_to_close: false,
            attachments: &[],
        }
    }

    pub(in crate::casework) async fn waiting(node: &Node) -> Vec<AnswerDraft> {
        let all = node.waiting_drafts(&Sight::ALL).await.unwrap();
        all.into_iter().map(|(draft, _)| draft).collect()
    }

    pub(in crate::casework) async fn uploaded(node: &Node) -> String {
        let file = futures_util::stream::iter([Ok::<_, std::io::Error>(
            bytes::Bytes::from_static(b"catatan serah terima"),
        )]);
        let upload = node.receive_upload(crate::media::Door::Staff, file).await;
        upload.unwrap().upload
    }

    #[tokio::test]
    async fn a_draft_that_can_no_longer_be_sent_is_dropped_and_hides_no_other() {
        for db in databases().await {
            let (place, case) = place(db).await;
            let (node, open) = (&place.node, filed(&place).await);
            let upload = uploaded(node).await;
            let proved = NewDraft {
                attachments: std::slice::from_ref(&upload),
                ..said("Sudah.")
            };
            node.draft_answer(case, KEY, &proved, "siti").await.unwrap();
            let early = node.drop_draft(&draft_id("siti", KEY), "dewi").await;
            assert!(matches!(early, Err(NodeError::Forbidden(_))), "{early:?}");
            place.clock.advance(1000);
            let later = format!("{KEY}-2");
            node.draft_answer(open, &later, &said("Sedang dikerjakan."), "siti")
                .await
                .unwrap();
            let body = json!({ "reason": "not_a_report" });
            acts(&place, case, "case.archived", body, None).await;
            let order: Vec<CaseId> = waiting(node).await.iter().map(|d| d.case).collect();
            assert_eq!(order, [open, case]);
            let id = draft_id("siti", KEY);
            node.drop_draft(&id, "dewi").await.unwrap();
            assert!(node.drop_draft(&id, "dewi").await.is_err());
            assert_eq!(waiting(node).await.len(), 1);
            assert_eq!(
                place.audited("answer.dropped").await,
                [("dewi".to_owned(), id)]
            );
            let kept = node.answer_drafts(case).await.unwrap();
            assert_eq!((&*kept[0].text, kept[0].files.len()), ("Sudah.", 0));
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
}
