//! Answers that are drafted before they are sent: kept for a superior, corrected while they wait,
//! read with their files.
//!
//! Nothing here travels, and nothing here decides: [`approval`](super::approval) does.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lapor_migrations::Tx;
use lapor_protocol::ids::{CaseId, Digest, MessageId};
use lapor_protocol::kinds::Category;
use lapor_protocol::limits::TEXT_CHARS;
use serde::Serialize;
use utoipa::ToSchema;

use super::allowed::not_now;
use super::approval::ANSWER;
use super::attachments::few_enough;
use super::person::known_person;
use super::{CaseSummary, Once, Sight, Tray, draft_files, reading};
use crate::error::NodeError;
use crate::media::UploadReceipt;
use crate::node::Node;
use crate::store;
use crate::store::drafts::{DraftRow, FileRow, PUBLISHED, RETURNED, WAITING};

/// Drafts that one page shows, at most.
const MOST: i64 = 200;

/// An answer to be drafted. Not printable: it holds words of a case.
pub struct NewDraft<'a> {
    pub text: &'a str,
    pub proposes_to_close: bool,
    /// Ids of uploads made before.
    pub attachments: &'a [String],
}

/// What became of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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

impl CaseSummary {
    /// Whether a public answer may go out from this desk as the case stands.
    pub fn takes_answers(&self) -> bool {
        !matches!(self.tray, None | Some(Tray::Elsewhere | Tray::Ended))
    }
}

impl Node {
    /// Whether a superior signs public answers about a category.
    pub fn wants_approval(&self, category: Option<&Category>) -> bool {
        self.in_force().settings().answers.approval == Some(true)
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
        few_enough(answer.attachments)?;
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
        // Who signs it must be told apart from who wrote it.
        known_person(&mut tx, actor).await?;
        let kept = store::drafts::one(&mut tx, &row.id).await?;
        if let Some(kept) = &kept
            && is_same(&mut tx, kept, &row, answer.attachments).await?
        {
            return Ok(());
        }
        let shown = self.shown_case(&mut tx, case).await?;
        if shown.redacted {
            return Err(NodeError::Redacted(case));
        }
        let category = shown.category.as_ref();
        let evidence = category.is_some_and(|category| self.category_needs(category).evidence);
        if answer.proposes_to_close && evidence && answer.attachments.is_empty() {
            return Err(NodeError::EvidenceNeeded);
        }
        if !store::drafts::put(&mut tx, &row).await? {
            return Err(NodeError::KeyReused);
        }
        draft_files::keep(self, &mut tx, &row, answer.attachments).await?;
        let action = match kept {
            Some(_) => "answer.corrected",
            None => "answer.drafted",
        };
        let (at, case) = (row.written_at, Some(row.case_id.as_str()));
        store::audit::add(&mut tx, at, &row.written_by, action, case, &row.id).await?;
        Ok(tx.commit().await?)
    }

    /// The same for whoever has not asked before what the rules and the institution want. Returns it as
    /// it is kept.
    pub async fn draft_asked_for(
        &self,
        case: CaseId,
        id: &str,
        answer: &NewDraft<'_>,
        actor: &str,
    ) -> Result<AnswerDraft, NodeError> {
        if !self.is_drafted(actor, id).await? {
            let view = self.case_seen(&Sight::ALL, case).await?;
            if !self.wants_approval(view.summary.category.as_ref()) {
                let open =
                    "no superior signs answers about this; send it as the act case.followed_up";
                return Err(NodeError::Invalid(open.into()));
            }
            if !self.allowed_acts(case).await?.has(ANSWER) {
                return Err(not_now(&view.summary));
            }
        }
        self.draft_answer(case, id, answer, actor).await?;
        self.answer_draft(&draft_id(actor, id)).await
    }

    /// One draft.
    pub async fn answer_draft(&self, id: &str) -> Result<AnswerDraft, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::drafts::one(&mut tx, id).await?;
        let row = row.ok_or_else(|| NodeError::not_found("draft", &id))?;
        let files = store::drafts::files(&mut tx, vec![id.into()]).await?;
        draft(row, files)
    }

    /// Whether a form with this key has been kept as a draft.
    pub async fn is_drafted(&self, actor: &str, key: &str) -> Result<bool, NodeError> {
        let mut tx = self.read_tx().await?;
        let kept = store::drafts::one(&mut tx, &draft_id(actor, key)).await?;
        Ok(kept.is_some())
    }

    /// Drafts of a case, oldest first.
    pub async fn answer_drafts(&self, case: CaseId) -> Result<Vec<AnswerDraft>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::drafts::of_case(&mut tx, &case.to_string()).await?;
        drafts(&mut tx, rows).await
    }

    /// Drafts that wait for a superior, oldest first, each with its case, and behind them those that
    /// cannot be sent now; those of cases that are not here any more or not for whoever asks are
    /// left out.
    pub async fn waiting_drafts(
        &self,
        sight: &Sight,
    ) -> Result<Vec<(AnswerDraft, CaseSummary)>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::drafts::waiting(&mut tx, sight.limits(), MOST).await?;
        let ids: Vec<&str> = rows.iter().map(|row| row.case_id.as_str()).collect();
        let cases = reading::summaries(&mut tx, &ids).await?;
        let seen = cases.into_iter().filter(|case| case.state.is_some());
        let seen: BTreeMap<CaseId, CaseSummary> = seen.map(|case| (case.case, case)).collect();
        let all = drafts(&mut tx, rows).await?.into_iter();
        Ok(all
            .filter_map(|draft| {
                let case = seen.get(&draft.case)?.clone();
                Some((draft, case))
            })
            .collect())
    }

    /// Of these cases, those with a draft that waits or was given back last.
    pub async fn drafts_among(
        &self,
        cases: &[CaseSummary],
    ) -> Result<BTreeMap<CaseId, DraftState>, NodeError> {
        let ids = cases.iter().map(|case| case.case.to_string().into());
        let mut tx = self.read_tx().await?;
        let mut found = BTreeMap::new();
        for (case, state) in store::drafts::states(&mut tx, ids.collect()).await? {
            let state = state_of(&state);
            let known = found.entry(store::case_id(&case)?).or_insert(state);
            if *known != DraftState::Waiting {
                *known = state;
            }
        }
        found.retain(|_, state| *state != DraftState::Published);
        Ok(found)
    }

    /// Cases for which somebody's answer was given back and is to be written anew.
    pub async fn returned_drafts(
        &self,
        sight: &Sight,
        actor: &str,
    ) -> Result<Vec<CaseSummary>, NodeError> {
        let mut tx = self.read_tx().await?;
        let ids = store::drafts::returned_to(&mut tx, actor, MOST).await?;
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let cases = reading::summaries(&mut tx, &ids).await?.into_iter();
        Ok(cases
            .filter(|case| sight.shows(case) && case.takes_answers())
            .collect())
    }

    /// The case of a draft.
    pub async fn case_of_draft(&self, id: &str) -> Result<CaseId, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::drafts::one(&mut tx, id).await?;
        let row = row.ok_or_else(|| NodeError::not_found("draft", &id))?;
        store::case_id(&row.case_id)
    }
}

/// Whether a draft that waits or is published says and brings the same. What was given back waits
/// for nobody: sent again as it was, it would be lost.
async fn is_same(
    tx: &mut Tx,
    kept: &DraftRow,
    row: &DraftRow,
    uploads: &[String],
) -> Result<bool, NodeError> {
    let files = store::drafts::files(tx, vec![row.id.as_str().into()]).await?;
    let names = files.iter().map(|file| &file.upload);
    // What is published keeps no files any more.
    let files = kept.state == PUBLISHED || (kept.state == WAITING && names.eq(uploads));
    let said = (&row.case_id, &row.answer, row.proposes_to_close);
    Ok(files && said == (&kept.case_id, &kept.answer, kept.proposes_to_close))
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
        state: state_of(&row.state),
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

fn state_of(stored: &str) -> DraftState {
    match stored {
        PUBLISHED => DraftState::Published,
        RETURNED => DraftState::Returned,
        _ => DraftState::Waiting,
    }
}

/// A digest of what a draft says and brings.
pub(super) fn version(row: &DraftRow, files: &[FileRow]) -> String {
    let mut said = format!("{}\0{}", row.proposes_to_close, row.answer);
    for file in files {
        let _ = write!(said, "\0{}", file.upload);
    }
    Digest::of(said.as_bytes()).to_hex()
}

/// What a draft is called: nothing that somebody typed.
pub(super) fn draft_id(actor: &str, key: &str) -> String {
    Digest::of(format!("{actor}\0{key}").as_bytes()).to_hex()
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::casework::approval::tests::{KEY, place, said, waiting};
    use crate::testing::databases;

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
            for words in ["Lain lagi.", "Sudah diganti kemarin."] {
                let late = drafted(words).await;
                assert!(matches!(late, Err(NodeError::KeyReused)), "{late:?}");
            }
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
