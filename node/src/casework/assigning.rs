//! What a desk decides for itself: whose desk a case lies on, what has been looked at, what becomes
//! of own acts without effect, and the filters that somebody keeps. No other institution is told.

use std::collections::BTreeMap;

use lapor_migrations::{Tx, is_legible};
use lapor_protocol::calendar::end_of;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_web::accounts::NAME_CHARACTERS;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CaseFilter, CaseSummary, Sight, Tab, handed, summaries};
use crate::damage;
use crate::doors::facts;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::audit::Deed;
use crate::store::desk::FailedRow;
use crate::store::instructions::InstructionRow;

/// Cases in one bulk act, at most.
pub const BULK: usize = 200;
/// Filters that one account keeps, at most.
const FILTERS: usize = 50;
/// Characters of an instruction.
pub const INSTRUCTION: usize = 2000;
/// Characters of the name of a filter or a unit.
const NAME: usize = 80;

/// An own act that the hub has ruled to have no effect: do it again, or drop it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedAct {
    /// Its place in the list: `after` of the next page.
    pub number: i64,
    #[schema(value_type = String)]
    pub message: MessageId,
    #[schema(value_type = String)]
    pub case: CaseId,
    pub kind: String,
    /// `stale`, `inapplicable` or `unauthorised`.
    pub effect: String,
    pub reason: Option<String>,
    /// Unix ms.
    pub at: i64,
}

/// A question to the inbox that somebody has given a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SavedFilter {
    pub name: String,
    #[serde(default)]
    pub tab: Option<Tab>,
    /// Words to search for.
    #[serde(default)]
    pub q: Option<String>,
    #[serde(default)]
    pub filter: CaseFilter,
}

/// On whose desk something is put.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OnDesk {
    pub unit: Option<String>,
    /// The account of an officer.
    pub officer: Option<String>,
}

impl OnDesk {
    /// Whether it is what is kept, and not what a damaged disk gives of it.
    fn is_legible(&self) -> bool {
        let mut names = self.unit.iter().chain(&self.officer);
        names.all(|name| is_legible(name))
    }
}

/// A case that is to be put on a desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToDesk {
    pub case: CaseId,
    /// Where it lay when it was read, and has to lie still; `None` wherever it lies. One that is damaged is
    /// compared with nothing.
    pub from: Option<OnDesk>,
    pub to: OnDesk,
    /// Unix ms at which the day is over until which something is asked for.
    pub due: Option<i64>,
}

/// What is said with a case to those on whose desk it is put.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instruction {
    pub words: String,
    /// The last day, such as `2026-12-04`.
    pub due: Option<String>,
}

/// An instruction that was given.
#[derive(Clone)]
pub struct Instructed {
    /// Unix ms.
    pub at: i64,
    /// As the audit log names whoever gave it.
    pub actor: String,
    pub desk: OnDesk,
    pub said: Instruction,
}

impl Node {
    /// What was said with a case to those on whose desk it was put, latest first.
    pub async fn instructions(&self, case: CaseId) -> Result<Vec<Instructed>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::instructions::of_case(&mut tx, &case.to_string()).await?;
        let given = rows.into_iter().map(|row| Instructed {
            at: row.at,
            actor: row.actor,
            desk: OnDesk {
                unit: row.unit,
                officer: row.officer,
            },
            said: Instruction {
                words: row.words,
                due: row.due,
            },
        });
        Ok(given.collect())
    }

    /// Puts one case on a desk with an instruction.
    pub async fn assign_with(
        &self,
        sight: &Sight,
        case: CaseId,
        desk: OnDesk,
        said: Instruction,
        actor: &str,
    ) -> Result<(), NodeError> {
        let length = said.words.chars().count();
        if length > INSTRUCTION || said.words.trim().is_empty() && said.due.is_none() {
            return Err(NodeError::Invalid(format!(
                "instruction: between 1 and {INSTRUCTION} characters, or a day"
            )));
        }
        if desk == OnDesk::default() {
            let to_nobody = "instruction: to nobody; name a unit or an officer";
            return Err(NodeError::Invalid(to_nobody.into()));
        }
        let (at, id) = (self.clock().now_ms(), case.to_string());
        let mut tx = self.write_tx().await?;
        let due = said.due.as_deref().map(|day| self.end_of_day(day));
        let due = due.transpose()?;
        let one = std::slice::from_ref(&id);
        if put(&mut tx, sight, one, &desk, (actor, at, due)).await? != 1 {
            return Err(NodeError::not_found("case", &case));
        }
        let row = InstructionRow {
            case_id: id,
            at,
            actor: actor.to_owned(),
            unit: desk.unit,
            officer: desk.officer,
            words: said.words,
            due: said.due,
        };
        store::instructions::put(&mut tx, &row).await?;
        Ok(tx.commit().await?)
    }

    /// Puts cases on the desk of a unit and an officer; `None` takes them off. All or none, and
    /// only such as whoever asks may see.
    pub async fn assign(
        &self,
        sight: &Sight,
        cases: &[CaseId],
        unit: Option<&str>,
        officer: Option<&str>,
        actor: &str,
    ) -> Result<(), NodeError> {
        bounded(cases)?;
        named("unit", unit.unwrap_or("-"), NAME)?;
        named("officer", officer.unwrap_or("-"), NAME_CHARACTERS)?;
        let desk = OnDesk {
            unit: unit.map(str::to_owned),
            officer: officer.map(str::to_owned),
        };
        let all = cases.iter().map(|case| ToDesk {
            case: *case,
            from: None,
            to: desk.clone(),
            due: None,
        });
        self.assign_each(sight, all.collect(), actor).await
    }

    /// Puts each of several cases on a desk of its own. All or none, and only such as whoever asks may
    /// see.
    ///
    /// # Errors
    /// [`NodeError::DeskChanged`] if one lies on another desk than where it was read.
    pub async fn assign_each(
        &self,
        sight: &Sight,
        cases: Vec<ToDesk>,
        actor: &str,
    ) -> Result<(), NodeError> {
        let mut alike: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for ToDesk {
            case,
            from,
            to,
            due,
        } in cases
        {
            let from = from.filter(OnDesk::is_legible);
            let same = alike.entry((from, to, due)).or_default();
            same.push(case.to_string());
        }
        let mut tx = self.write_tx().await?;
        let at = self.clock().now_ms();
        for ((from, to, due), ids) in alike {
            let desks = (from.as_ref(), &to);
            if move_on(&mut tx, sight, &ids, desks, (actor, at, due)).await? == ids.len() as u64 {
                continue;
            }
            if from.is_some() {
                return Err(NodeError::DeskChanged);
            }
            return Err(NodeError::Invalid(
                "cases: one of them is not here, or is named twice; nothing was assigned".into(),
            ));
        }
        Ok(tx.commit().await?)
    }

    /// Those of the cases that may be seen.
    pub async fn seen(
        &self,
        sight: &Sight,
        cases: &[CaseId],
    ) -> Result<Vec<CaseSummary>, NodeError> {
        let ids: Vec<String> = cases.iter().map(ToString::to_string).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut tx = self.read_tx().await?;
        let mut found = summaries(&mut tx, &ids).await?;
        found.retain(|case| sight.shows(case));
        Ok(found)
    }

    /// When a day such as `2026-12-04` is over here, Unix ms.
    fn end_of_day(&self, day: &str) -> Result<i64, NodeError> {
        let day = day
            .parse()
            .map_err(|_| NodeError::Invalid("due: expected a day such as 2026-12-04".into()))?;
        Ok(end_of(facts(self).zone, day))
    }

    /// Notes that those of the cases that may be seen have been looked at; only the first look
    /// counts. Returns of how many it was the first.
    pub async fn look_at(&self, sight: &Sight, cases: &[CaseId]) -> Result<u64, NodeError> {
        bounded(cases)?;
        let at = self.clock().now_ms();
        let ids: Vec<String> = cases.iter().map(ToString::to_string).collect();
        let mut tx = self.write_tx().await?;
        let looked = store::desk::look(&mut tx, sight.limits(), &ids, at).await?;
        tx.commit().await?;
        Ok(looked)
    }

    /// Own acts without effect that nobody has dropped, oldest first, behind the number `after`.
    pub async fn failed_acts(
        &self,
        sight: &Sight,
        after: i64,
        limit: u32,
    ) -> Result<Vec<FailedAct>, NodeError> {
        let limit = i64::from(limit.clamp(1, BULK as u32));
        let mut tx = self.read_tx().await?;
        let rows = store::desk::failed(&mut tx, sight.limits(), after, limit).await?;
        rows.into_iter().map(failed_act).collect()
    }

    /// Those of one case.
    pub async fn failed_acts_of(&self, case: CaseId) -> Result<Vec<FailedAct>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::desk::failed_of(&mut tx, &case.to_string()).await?;
        rows.into_iter().map(failed_act).collect()
    }

    /// Drops an own act without effect: it stays in the history and is shown as a task no more.
    pub async fn drop_failed_act(
        &self,
        sight: &Sight,
        message: MessageId,
        actor: &str,
    ) -> Result<(), NodeError> {
        let (now, id) = (self.clock().now_ms(), message.to_string());
        let mut tx = self.write_tx().await?;
        let case = store::desk::drop_failed(&mut tx, sight.limits(), &id, now).await?;
        let case = case.ok_or_else(|| NodeError::not_found("act without effect", &message))?;
        store::audit::add(&mut tx, now, actor, "act.dropped", Some(&case), &id).await?;
        Ok(tx.commit().await?)
    }

    /// Keeps a filter for an account; one of the same name is replaced.
    pub async fn save_filter(&self, account: &str, filter: &SavedFilter) -> Result<(), NodeError> {
        named("name", &filter.name, NAME)?;
        let text = serde_json::to_string(filter).map_err(NodeError::damaged)?;
        let mut tx = self.write_tx().await?;
        let kept = store::desk::filters(&mut tx, account).await?;
        let replaces = kept.iter().any(|(name, _)| *name == filter.name);
        if kept.len() >= FILTERS && !replaces {
            return Err(NodeError::Invalid(format!(
                "at most {FILTERS} filters are kept; remove one first"
            )));
        }
        let now = self.clock().now_ms();
        store::desk::put_filter(&mut tx, account, &filter.name, &text, now).await?;
        Ok(tx.commit().await?)
    }

    pub async fn saved_filters(&self, account: &str) -> Result<Vec<SavedFilter>, NodeError> {
        let mut tx = self.read_tx().await?;
        let kept = store::desk::filters(&mut tx, account).await?;
        // One that another version has kept, or that is damaged, hides no other.
        Ok(damage::readable(
            "saved_filters",
            &kept,
            |_| account.to_owned(),
            |(_, text)| store::read(serde_json::from_str(text)),
        ))
    }

    pub async fn remove_filter(&self, account: &str, name: &str) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        if !store::desk::remove_filter(&mut tx, account, name).await? {
            return Err(NodeError::not_found("filter", &name));
        }
        Ok(tx.commit().await?)
    }
}

/// Puts cases on a desk as part of the work that is being done, by somebody, at a moment and until
/// one, both in Unix ms. Returns how many of them may be seen.
pub(super) async fn put(
    tx: &mut Tx,
    sight: &Sight,
    cases: &[String],
    desk: &OnDesk,
    by: (&str, i64, Option<i64>),
) -> Result<u64, NodeError> {
    move_on(tx, sight, cases, (None, desk), by).await
}

/// The same for those of the cases that lie where they lay, if that is said.
async fn move_on(
    tx: &mut Tx,
    sight: &Sight,
    cases: &[String],
    (from, desk): (Option<&OnDesk>, &OnDesk),
    (actor, at, due): (&str, i64, Option<i64>),
) -> Result<u64, NodeError> {
    let (unit, officer) = (desk.unit.as_deref(), desk.officer.as_deref());
    let from = from.map(|desk| [desk.unit.as_deref(), desk.officer.as_deref()]);
    let known = store::desk::assign(tx, sight.limits(), cases, from, [unit, officer]).await?;
    let detail = format!("{} / {}", unit.unwrap_or("-"), officer.unwrap_or("-"));
    let deeds = cases.iter().map(|id| Deed {
        at,
        actor,
        action: "case.assigned",
        case_id: Some(id),
        detail: &detail,
    });
    store::audit::add_all(tx, &deeds.collect::<Vec<_>>()).await?;
    handed::hand(tx, cases, desk, (actor, at, due)).await?;
    Ok(known)
}

fn failed_act(row: FailedRow) -> Result<FailedAct, NodeError> {
    Ok(FailedAct {
        number: row.number,
        message: store::read(row.message_id.parse())?,
        case: store::case_id(&row.case_id)?,
        kind: row.kind,
        effect: row.effect,
        reason: row.reason,
        at: row.created_at,
    })
}

fn bounded(cases: &[CaseId]) -> Result<(), NodeError> {
    if (1..=BULK).contains(&cases.len()) {
        return Ok(());
    }
    Err(NodeError::Invalid(format!(
        "cases: between 1 and {BULK} at once"
    )))
}

fn named(field: &str, name: &str, most: usize) -> Result<(), NodeError> {
    let filled = !name.trim().is_empty() && name.chars().count() <= most;
    if filled && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(NodeError::Invalid(format!(
        "{field}: between 1 and {most} characters on one line"
    )))
}
