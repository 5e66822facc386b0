//! Erasures that the institution decides, for every door alike: an administrator asks with a reason,
//! another person confirms where the institution wants that, and until it begins any of them, or the
//! reporter, can call it off. Nothing is erased here; who reported stays with the keeper.

use lapor_migrations::Tx;
use lapor_protocol::case::{Effect, Reason, Ruling};
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::case_redacted::RedactionReason;
use serde::Serialize;
use utoipa::ToSchema;

use super::person::{owner_who, person_of};
use super::word::{Terms, Word};
use super::{Acted, NewAct};
use crate::chance::random;
use crate::error::{NodeError, NotAllowed};
use crate::node::Node;
use crate::reporters::Erasure;
use crate::staff::StaffRole;
use crate::store;
use crate::store::erasures::ErasureRow;
use crate::tokens::{Bearer, Scope};

const KIND: &str = "case.redacted";
const DAY_MS: i64 = 86_400_000;
const AT_ONCE: i64 = 100;
const WAITS: &str = "an erasure waits some days in which it can be called off; ask for it with \
     `POST /cases/{id}/erasure`, with `lapor-node reporter erase` or on the case's page of the desk";
const ROLE: &str = "erasures are for administrators of this institution";
const OWN: &str = "whoever asked for an erasure does not confirm it; another administrator must";
const NOBODY: &str = "where a second person must agree, each of the two is known by an account: use \
     a token whose owner is an active administrator (`lapor-node token create --owner LOGIN`), or the desk";

/// Who decides about an erasure.
pub struct Decider {
    /// As the audit log names them.
    actor: String,
    administers: bool,
    person: Person,
}

/// By what a person is known.
enum Person {
    /// They have logged in.
    Account,
    /// They hold the token of this name.
    Token(String),
    /// They have the machine, and are whoever they say.
    Operator,
}

impl Decider {
    /// Somebody at the desk.
    pub fn officer(role: StaffRole, actor: String) -> Self {
        Self {
            actor,
            administers: role.administers(),
            person: Person::Account,
        }
    }

    /// Whoever calls with a token.
    pub fn bearer(bearer: &Bearer) -> Self {
        Self {
            actor: bearer.actor(),
            administers: bearer.rights.allow(Scope::Erasures) && bearer.sees_all(),
            person: Person::Token(bearer.name.clone()),
        }
    }

    /// Whoever works at the machine.
    pub fn operator(actor: String) -> Self {
        Self {
            actor,
            administers: true,
            person: Person::Operator,
        }
    }

    fn may(&self) -> Result<(), NodeError> {
        if self.administers {
            return Ok(());
        }
        Err(NodeError::Forbidden(ROLE.into()))
    }

    /// The account that they are, as the audit log names it.
    async fn person(&self, tx: &mut Tx) -> Result<String, NodeError> {
        let known = match &self.person {
            Person::Account => Some(self.actor.clone()),
            Person::Token(name) => owner_who(tx, name, StaffRole::administers).await?,
            Person::Operator => None,
        };
        known.ok_or_else(|| NodeError::Forbidden(NOBODY.into()))
    }
}

/// An erasure as those who look after it see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PlannedErasure {
    /// Names it when it is confirmed or called off.
    pub id: String,
    #[serde(flatten)]
    pub erasure: Erasure,
    pub ticket: Option<String>,
    /// Who decided it, as in the audit log; `None` for the reporter.
    pub asked_by: Option<String>,
    pub confirmed_by: Option<String>,
    /// The account of whoever decided it, of a token its owner.
    #[serde(skip)]
    pub person: Option<String>,
}

/// Refuses an act that would erase at once.
pub(crate) fn erases_at_once(kind: &str) -> Result<(), NodeError> {
    if kind == KIND {
        return Err(NodeError::Forbidden(WAITS.into()));
    }
    Ok(())
}

impl Node {
    /// Decides that the words of a case are to be erased, for a reason of the protocol. Of a case
    /// of which that is decided it stays as it was.
    ///
    /// # Errors
    /// [`NodeError::Forbidden`] for whoever may not, [`NodeError::NotAllowed`] where the rules do not
    /// allow it to this institution.
    pub async fn plan_erasure(
        &self,
        case: CaseId,
        reason: RedactionReason,
        by: &Decider,
    ) -> Result<PlannedErasure, NodeError> {
        by.may()?;
        let allowed = self.allowed_acts(case).await?.has(KIND);
        let now = self.clock().now_ms();
        let second = self.settings().erasure.second_person;
        let mut tx = self.write_tx().await?;
        if second {
            by.person(&mut tx).await?;
        }
        let shown = self.shown_case(&mut tx, case).await?;
        let text = case.to_string();
        let rows = store::erasures::of_case(&mut tx, &text).await?;
        let decided = |row: &ErasureRow| row.asked_by.is_some() && row.ended_at.is_none();
        if let Some(row) = rows.into_iter().find(decided) {
            return planned(&mut tx, row).await;
        }
        if !allowed {
            return Err(NodeError::NotAllowed(Box::new(NotAllowed {
                ruling: Ruling {
                    effect: Effect::Inapplicable,
                    reason: Some(if shown.redacted {
                        Reason::AlreadyRedacted
                    } else {
                        Reason::WrongState
                    }),
                },
                state: Some(shown.state),
                custodian: Some(shown.custodian),
            })));
        }
        let row = ErasureRow {
            id: hex::encode(random::<16>()),
            case_id: text,
            state: if second { "asked" } else { "waiting" }.into(),
            asked_at: now,
            due_at: now + self.officer_grace_ms(),
            ended_at: None,
            reason: code(reason)?,
            asked_by: Some(by.actor.clone()),
            confirmed_by: None,
        };
        store::erasures::add(&mut tx, &row).await?;
        let at = Some(row.case_id.as_str());
        store::audit::add(&mut tx, now, &by.actor, "erasure.planned", at, &row.id).await?;
        if !second {
            self.tell_planned_erasure(&mut tx, case, &row).await?;
        }
        let planned = planned(&mut tx, row).await?;
        tx.commit().await?;
        self.ring_post();
        Ok(planned)
    }

    /// A second person confirms; the days in which it can be withdrawn begin.
    ///
    /// # Errors
    /// [`NodeError::Forbidden`] for whoever may not, or is the one who asked.
    pub async fn confirm_erasure(&self, id: &str, by: &Decider) -> Result<(), NodeError> {
        by.may()?;
        let now = self.clock().now_ms();
        let due_at = now + self.officer_grace_ms();
        let mut tx = self.write_tx().await?;
        let row = store::erasures::one(&mut tx, id).await?;
        let mut row = row.ok_or_else(|| NodeError::not_found("erasure", &id))?;
        let asker = row.asked_by.as_deref().unwrap_or_default();
        let asker = person_of(&mut tx, asker).await?;
        if by.person(&mut tx).await? == asker {
            return Err(NodeError::Forbidden(OWN.into()));
        }
        if store::erasures::confirm(&mut tx, id, &by.actor, due_at).await? == 0 {
            return Err(NodeError::not_found("erasure to confirm", &id));
        }
        row.due_at = due_at;
        let case = Some(row.case_id.as_str());
        store::audit::add(&mut tx, now, &by.actor, "erasure.confirmed", case, id).await?;
        let case = store::case_id(&row.case_id)?;
        self.tell_planned_erasure(&mut tx, case, &row).await?;
        tx.commit().await?;
        self.ring_post();
        Ok(())
    }

    /// Calls off what the institution decided, or what a reporter asked for and a restore has put in doubt.
    pub async fn stop_erasure(&self, id: &str, by: &Decider) -> Result<(), NodeError> {
        by.may()?;
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let row = store::erasures::one(&mut tx, id).await?;
        let row = row.filter(|row| row.asked_by.is_some() || row.state == "asked");
        let row = row.ok_or_else(|| NodeError::not_found("erasure", &id))?;
        if store::erasures::withdraw(&mut tx, id, now).await? == 0 {
            return Err(NodeError::not_found("erasure that waits", &id));
        }
        let case = Some(row.case_id.as_str());
        store::audit::add(&mut tx, now, &by.actor, "erasure.stopped", case, id).await?;
        Ok(tx.commit().await?)
    }

    /// All that is to be erased, what must be confirmed first, then the most urgent; 300 at most.
    pub async fn planned_erasures(&self) -> Result<Vec<PlannedErasure>, NodeError> {
        let mut tx = self.read_tx().await?;
        let mut all = Vec::new();
        for state in ["asked", "erasing", "waiting"] {
            for row in store::erasures::due(&mut tx, state, i64::MAX, AT_ONCE).await? {
                all.push(planned(&mut tx, row).await?);
            }
        }
        Ok(all)
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
        first.map(Erasure::read).transpose()
    }

    /// Erases the words of a case, as long as the erasure that has begun was not put back.
    pub(crate) async fn act_erasing(
        &self,
        case: CaseId,
        reason: &str,
        actor: &str,
        erasure: &str,
    ) -> Result<Acted, NodeError> {
        let act = NewAct {
            kind: KIND.into(),
            body: [("reason".to_owned(), reason.into())].into_iter().collect(),
            words: None,
            attachments: Vec::new(),
        };
        let terms = Terms {
            erasure: Some(erasure.to_owned()),
            ..Word::Officer.into()
        };
        self.act_asked(case, act, actor, None, terms).await
    }

    fn officer_grace_ms(&self) -> i64 {
        i64::from(self.settings().erasure.officer_days) * DAY_MS
    }
}

/// A reason as the protocol writes it.
fn code(reason: RedactionReason) -> Result<String, NodeError> {
    let written = serde_json::to_value(reason).map_err(NodeError::damaged)?;
    store::read(serde_json::from_value(written))
}

async fn planned(tx: &mut Tx, row: ErasureRow) -> Result<PlannedErasure, NodeError> {
    let case = store::cases::case(tx, &row.case_id).await?;
    let person = match &row.asked_by {
        Some(actor) => Some(person_of(tx, actor).await?),
        None => None,
    };
    // Whoever confirmed it before a restore has to do so again.
    let stands = row.state != "asked";
    Ok(PlannedErasure {
        erasure: Erasure::read(&row)?,
        ticket: case.and_then(|case| case.ticket),
        person,
        id: row.id,
        asked_by: row.asked_by,
        confirmed_by: row.confirmed_by.filter(|_| stands),
    })
}
