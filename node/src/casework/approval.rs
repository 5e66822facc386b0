//! Answers that a superior sees before they are sent: drafted by one officer, signed by another,
//! where the institution wants it for all answers or for a category.
//!
//! Nothing here travels: the federation sees the answer when it is published, and the signer is
//! known to this institution alone.

use lapor_protocol::ids::{CaseId, Digest, MessageId};
use lapor_protocol::kinds::Category;
use lapor_protocol::limits::TEXT_CHARS;
use serde_json::json;

use super::{Acted, NewAct, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::drafts::{Decision, DraftRow, PUBLISHED, RETURNED, WAITING};

/// Drafts that one page shows, at most.
const MOST: i64 = 200;
/// Characters of the remark with which a draft is returned.
const REMARK: usize = 2_000;
const ANSWER: &str = "case.followed_up";

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
}

impl Node {
    /// Whether a superior signs public answers about a category.
    pub fn wants_approval(&self, category: Option<&Category>) -> bool {
        self.settings().answers.approval
            || category.is_some_and(|category| self.category_needs(category).supervision)
    }

    /// Keeps a draft for a superior. `id` comes with the form: sent twice it is one draft.
    pub async fn draft_answer(
        &self,
        case: CaseId,
        id: &str,
        text: &str,
        proposes_to_close: bool,
        actor: &str,
    ) -> Result<(), NodeError> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > TEXT_CHARS {
            let problem = format!("text: between 1 and {TEXT_CHARS} characters");
            return Err(NodeError::Invalid(problem));
        }
        // The same key as an act's, bound to whoever sends it; what is stored stands in addresses.
        Once::new(actor, id)?;
        let id = draft_id(actor, id);
        let mut tx = self.write_tx().await?;
        let shown = self.shown_case(&mut tx, case).await?;
        if shown.redacted {
            return Err(NodeError::Redacted(case));
        }
        let row = DraftRow {
            id,
            case_id: case.to_string(),
            answer: text.to_owned(),
            proposes_to_close: i64::from(proposes_to_close),
            written_by: actor.to_owned(),
            written_at: self.clock().now_ms(),
            state: WAITING.into(),
            decided_by: None,
            decided_at: None,
            remark: None,
            message_id: None,
        };
        if store::drafts::add(&mut tx, &row).await? {
            let (at, case) = (row.written_at, row.case_id.as_str());
            store::audit::add(&mut tx, at, actor, "answer.drafted", Some(case), &row.id).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Drafts of a case, oldest first.
    pub async fn answer_drafts(&self, case: CaseId) -> Result<Vec<AnswerDraft>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::drafts::of_case(&mut tx, &case.to_string()).await?;
        rows.into_iter().map(draft).collect()
    }

    /// Drafts that wait for a superior, oldest first.
    pub async fn waiting_drafts(&self) -> Result<Vec<AnswerDraft>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::drafts::waiting(&mut tx, MOST).await?;
        rows.into_iter().map(draft).collect()
    }

    /// Signs a draft and publishes it. Nobody signs their own.
    pub async fn publish_draft(&self, id: &str, actor: &str) -> Result<Acted, NodeError> {
        let row = self.others_draft(id, actor).await?;
        let case = store::case_id(&row.case_id)?;
        let mut act = NewAct {
            kind: ANSWER.to_owned(),
            body: serde_json::Map::new(),
            words: None,
            attachments: Vec::new(),
        };
        let closes = row.proposes_to_close != 0;
        act.body.insert("proposes_to_close".into(), json!(closes));
        let words = [("text".to_owned(), json!(row.answer))];
        act.words = Some(words.into_iter().collect());
        // Published twice it is one answer, also if this program ends before the next line.
        let once = Once::new("draft", id)?;
        let acted = self.act_approved(case, act, actor, &once).await?;
        self.decide(&row, PUBLISHED, actor, None, Some(acted.message))
            .await?;
        Ok(acted)
    }

    /// Gives a draft back to whoever wrote it, with a remark.
    pub async fn return_draft(&self, id: &str, remark: &str, actor: &str) -> Result<(), NodeError> {
        let remark = remark.trim();
        if remark.is_empty() || remark.chars().count() > REMARK {
            let problem = format!("remark: say in 1 to {REMARK} characters what is missing");
            return Err(NodeError::Invalid(problem));
        }
        let row = self.others_draft(id, actor).await?;
        self.decide(&row, RETURNED, actor, Some(remark), None).await
    }

    /// A draft that somebody else wrote and nobody has decided.
    async fn others_draft(&self, id: &str, actor: &str) -> Result<DraftRow, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::drafts::one(&mut tx, id).await?;
        let row = row.filter(|row| row.state == WAITING);
        let row = row.ok_or_else(|| NodeError::not_found("waiting draft", &id))?;
        if row.written_by == actor {
            let text = "nobody signs an answer of their own; somebody else must do it";
            return Err(NodeError::Forbidden(text.into()));
        }
        Ok(row)
    }

    async fn decide(
        &self,
        row: &DraftRow,
        state: &str,
        actor: &str,
        remark: Option<&str>,
        message: Option<MessageId>,
    ) -> Result<(), NodeError> {
        let at = self.clock().now_ms();
        let message = message.map(|message| message.to_string());
        let decision = Decision {
            state,
            by: actor,
            at,
            remark,
            message: message.as_deref(),
        };
        let mut tx = self.write_tx().await?;
        if store::drafts::decide(&mut tx, &row.id, &decision).await? == 0 {
            return Err(NodeError::not_found("waiting draft", &row.id));
        }
        let action = if state == PUBLISHED {
            "answer.approved"
        } else {
            "answer.returned"
        };
        let case = Some(row.case_id.as_str());
        store::audit::add(&mut tx, at, actor, action, case, &row.id).await?;
        Ok(tx.commit().await?)
    }
}

fn draft(row: DraftRow) -> Result<AnswerDraft, NodeError> {
    Ok(AnswerDraft {
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
    })
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
            let picture = futures_util::stream::iter([Ok::<_, std::io::Error>(
                bytes::Bytes::from_static(b"catatan serah terima"),
            )]);
            let upload = node
                .receive_upload(crate::media::Door::Staff, picture)
                .await;
            let proved = NewAct {
                attachments: vec![upload.unwrap().upload],
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
                let drafted = node.draft_answer(case, KEY, "Sudah.", false, "siti").await;
                drafted.unwrap();
            }
            assert_eq!(node.waiting_drafts().await.unwrap().len(), 1);
            let id = draft_id("siti", KEY);
            let own = node.publish_draft(&id, "siti").await;
            assert!(matches!(own, Err(NodeError::Forbidden(_))));
            assert!(node.return_draft(&id, " ", "dewi").await.is_err());
            let acted = node.publish_draft(&id, "dewi").await.unwrap();
            assert!(node.publish_draft(&id, "dewi").await.is_err());
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
            node.draft_answer(case, KEY, "Rahasia Canary.", false, "siti")
                .await
                .unwrap();
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
        }
    }
}
