//! Erasures that the institution decides: an officer asks with a reason, another person confirms where
//! the institution wants that, the reporter is told and can withdraw it for some days, and only then
//! the words are erased everywhere. Who reported stays with the keeper.

use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use serde_json::{Value, json};

use super::Erasure;
use super::own_data::read;
use crate::casework::NewAct;
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::erasures::ErasureRow;

const DAY_MS: i64 = 86_400_000;
const AT_ONCE: i64 = 100;
const OWN: &str = "whoever asked for an erasure does not confirm it; another administrator must";
const SECOND: &str = "an erasure needs a second person at this institution; ask for it on the case's page of the desk";

/// An erasure as those who look after it see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedErasure {
    pub id: String,
    pub erasure: Erasure,
    pub ticket: Option<String>,
    /// Who decided it, as in the audit log; `None` for the reporter.
    pub asked_by: Option<String>,
    pub confirmed_by: Option<String>,
}

impl Node {
    /// Refuses one who would erase alone where a second person is wanted.
    pub(crate) fn erases_alone(&self, kind: &str) -> Result<(), NodeError> {
        if kind == "case.redacted" && self.settings().erasure.second_person {
            return Err(NodeError::Forbidden(SECOND.into()));
        }
        Ok(())
    }

    /// Decides that the words of a case are to be erased, for a reason of the protocol. Of a case
    /// of which that is decided it stays as it was.
    pub async fn plan_erasure(
        &self,
        case: CaseId,
        reason: &str,
        actor: &str,
    ) -> Result<Erasure, NodeError> {
        let known = serde_json::from_value::<RedactionReason>(Value::String(reason.to_owned()));
        known.map_err(|_| NodeError::Invalid("reason: expected one of the list".into()))?;
        let now = self.clock().now_ms();
        let second = self.settings().erasure.second_person;
        let mut tx = self.write_tx().await?;
        self.shown_case(&mut tx, case).await?;
        let text = case.to_string();
        let rows = store::erasures::of_case(&mut tx, &text).await?;
        let decided = |row: &&ErasureRow| row.asked_by.is_some() && row.ended_at.is_none();
        if let Some(row) = rows.iter().find(decided) {
            return read(row);
        }
        let row = ErasureRow {
            id: hex::encode(random::<16>()),
            case_id: text,
            state: if second { "asked" } else { "waiting" }.into(),
            asked_at: now,
            due_at: now + self.officer_grace_ms(),
            ended_at: None,
            reason: reason.to_owned(),
            asked_by: Some(actor.to_owned()),
            confirmed_by: None,
        };
        store::erasures::add(&mut tx, &row).await?;
        let at = Some(row.case_id.as_str());
        store::audit::add(&mut tx, now, actor, "erasure.planned", at, &row.id).await?;
        if !second {
            self.tell_planned_erasure(&mut tx, case, &row).await?;
        }
        tx.commit().await?;
        self.ring_post();
        read(&row)
    }

    /// A second person confirms; the days in which it can be withdrawn begin.
    pub async fn confirm_erasure(&self, id: &str, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let due_at = now + self.officer_grace_ms();
        let mut tx = self.write_tx().await?;
        let row = store::erasures::one(&mut tx, id).await?;
        let mut row = row.ok_or_else(|| NodeError::not_found("erasure", &id))?;
        if row.asked_by.as_deref() == Some(actor) {
            return Err(NodeError::Forbidden(OWN.into()));
        }
        if store::erasures::confirm(&mut tx, id, actor, due_at).await? == 0 {
            return Err(NodeError::not_found("erasure to confirm", &id));
        }
        row.due_at = due_at;
        let case = Some(row.case_id.as_str());
        store::audit::add(&mut tx, now, actor, "erasure.confirmed", case, id).await?;
        let case = store::case_id(&row.case_id)?;
        self.tell_planned_erasure(&mut tx, case, &row).await?;
        tx.commit().await?;
        self.ring_post();
        Ok(())
    }

    /// Withdraws what an officer decided.
    pub async fn stop_erasure(&self, id: &str, actor: &str) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let row = store::erasures::one(&mut tx, id).await?;
        let row = row.filter(|row| row.asked_by.is_some());
        let row = row.ok_or_else(|| NodeError::not_found("erasure", &id))?;
        if store::erasures::withdraw(&mut tx, id, now).await? == 0 {
            return Err(NodeError::not_found("erasure that waits", &id));
        }
        let case = Some(row.case_id.as_str());
        store::audit::add(&mut tx, now, actor, "erasure.stopped", case, id).await?;
        Ok(tx.commit().await?)
    }

    /// All that is to be erased, what must be confirmed first, then the most urgent; 300 at most.
    pub async fn planned_erasures(&self) -> Result<Vec<PlannedErasure>, NodeError> {
        let mut tx = self.read_tx().await?;
        let mut planned = Vec::new();
        for state in ["asked", "erasing", "waiting"] {
            for row in store::erasures::due(&mut tx, state, i64::MAX, AT_ONCE).await? {
                let case = store::cases::case(&mut tx, &row.case_id).await?;
                planned.push(PlannedErasure {
                    erasure: read(&row)?,
                    ticket: case.and_then(|case| case.ticket),
                    id: row.id,
                    asked_by: row.asked_by,
                    confirmed_by: row.confirmed_by,
                });
            }
        }
        Ok(planned)
    }

    /// How many wait for somebody else than this person to confirm them.
    pub async fn erasures_to_confirm(&self, actor: &str) -> Result<u64, NodeError> {
        let mut tx = self.read_tx().await?;
        let count = store::erasures::to_confirm(&mut tx, actor).await?;
        Ok(count.unsigned_abs())
    }

    /// The erasure of a case that waits, of those that an officer decided before the reporter's.
    pub async fn erasure_ahead(&self, case: CaseId) -> Result<Option<Erasure>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::erasures::of_case(&mut tx, &case.to_string()).await?;
        let ahead = rows.iter().filter(|row| row.ended_at.is_none());
        let first = ahead.min_by_key(|row| row.asked_by.is_none());
        first.map(read).transpose()
    }

    /// Erases the words of a case whose days have passed. What the rules do not allow any more
    /// ends without effect.
    pub(super) async fn erase_as_decided(
        &self,
        row: &ErasureRow,
        now: i64,
    ) -> Result<(), NodeError> {
        let case = store::case_id(&row.case_id)?;
        let actor = row.asked_by.as_deref().unwrap_or_default();
        let act = NewAct {
            kind: "case.redacted".into(),
            body: json!({ "reason": row.reason })
                .as_object()
                .cloned()
                .unwrap_or_default(),
            words: None,
            attachments: Vec::new(),
        };
        let erased = match self.act(case, act, actor).await {
            // Erased already: the process ended between the message and what follows it.
            Ok(_) | Err(NodeError::Redacted(_)) => true,
            Err(NodeError::NotAllowed(_) | NodeError::NotFound { .. }) => false,
            Err(error) => return Err(error),
        };
        let text = &row.case_id;
        let mut tx = self.write_tx().await?;
        if erased {
            // Letters that wait may hold its title. The reporter was told ahead: the address is erased too.
            store::letters::forget(&mut tx, text).await?;
            store::erasures::end(&mut tx, &row.id, "done", now).await?;
            store::audit::add(&mut tx, now, actor, "erasure.done", Some(text), &row.id).await?;
        } else {
            store::erasures::end(&mut tx, &row.id, "withdrawn", now).await?;
            store::audit::add(&mut tx, now, actor, "erasure.lapsed", Some(text), &row.id).await?;
        }
        Ok(tx.commit().await?)
    }

    fn officer_grace_ms(&self) -> i64 {
        i64::from(self.settings().erasure.officer_days) * DAY_MS
    }
}
