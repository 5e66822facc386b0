//! What the hub knows of one case: who has it and had it, which acts were
//! ordered and how they were ruled, and its clocks. There is no word of the
//! case in it, because the hub has none that it could read.

use lapor_protocol::case::Case;
use lapor_protocol::deadline::Clock;
use lapor_protocol::ids::{CaseId, EnvelopeId, InstanceId, Position};
use lapor_protocol::kinds::Body;
use serde::Serialize;
use utoipa::ToSchema;

use super::walk::awaited_at;
use super::{Way, calendar, walk};
use crate::app::Hub;
use crate::casefile::{self, Past};
use crate::error::HubError;
use crate::store::code_of;

/// A case without words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Skeleton {
    pub case: Case,
    /// Institutions that are sent its messages now.
    #[schema(value_type = Vec<String>)]
    pub parties: Vec<InstanceId>,
    pub way: Way,
    /// Those that run or have run out at the moment of reading, and that somebody can still meet.
    pub clocks: Vec<Clock>,
    /// In the order of the case.
    pub acts: Vec<Deed>,
}

/// A message of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Deed {
    /// Its place in the case, from 1.
    pub case_seq: u64,
    /// Its number in the hub's order.
    pub number: i64,
    /// SHA-256 of what was signed.
    #[schema(value_type = String)]
    pub envelope: EnvelopeId,
    pub kind: String,
    #[schema(value_type = String)]
    pub author: InstanceId,
    /// Its place in the author's chain.
    pub position: Position,
    /// Unix ms at the hub.
    pub ordered_at: i64,
    /// What the hub ruled: `applied`, or why it had no effect.
    pub effect: &'static str,
    pub reason: Option<String>,
    /// The institution to which it turns, and the code that it gives.
    #[schema(value_type = Option<String>)]
    pub to: Option<InstanceId>,
    pub code: Option<String>,
}

/// Reads a case; `None` where there is none with this id.
pub async fn read(hub: &Hub, id: CaseId) -> Result<Option<Skeleton>, HubError> {
    let directory = hub.ground.directory.current();
    let mut tx = hub.ground.db.read().await?;
    let file = casefile::load_one(&mut tx, &directory, id).await?;
    let in_force = calendar::in_force(&mut tx, &directory).await?;
    tx.rollback().await?;
    in_force.note(&hub.ground).await;
    let calendar = &in_force.calendar;
    let Some(file) = file else { return Ok(None) };
    let world = directory.latest();
    let way = walk(&file, &directory, calendar);
    let acts = (1..).zip(&file.past).map(|(place, past)| deed(place, past));
    Ok(Some(Skeleton {
        parties: file.case.parties(world).into_iter().collect(),
        clocks: awaited_at(&file, &directory, calendar, hub.now_ms()),
        acts: acts.collect(),
        way,
        case: file.case,
    }))
}

fn deed(case_seq: u64, past: &Past) -> Deed {
    let header = &past.message.header;
    let body = past.message.body.as_ref().ok();
    Deed {
        case_seq,
        number: past.number,
        envelope: past.id,
        kind: header.kind.clone(),
        author: header.author.clone(),
        position: header.position(),
        ordered_at: past.ordered_at,
        effect: past.ruling.effect.as_str(),
        reason: past.ruling.reason.as_ref().map(code_of),
        to: body.and_then(to),
        code: body.and_then(code),
    }
}

fn to(body: &Body) -> Option<InstanceId> {
    match body {
        Body::CaseDisposed(disposed) => Some(disposed.target.clone()),
        Body::CaseEscalated(escalated) => Some(escalated.supervisor.clone()),
        Body::CaseReturned(returned) => returned.suggested.clone(),
        Body::CaseSucceeded(succeeded) => Some(succeeded.institution.clone()),
        _ => None,
    }
}

fn code(body: &Body) -> Option<String> {
    match body {
        Body::CaseReturned(returned) => Some(code_of(&returned.reason)),
        Body::CaseArchived(archived) => Some(code_of(&archived.reason)),
        Body::CaseRecalled(recalled) => Some(code_of(&recalled.reason)),
        Body::CaseClosed(closed) if closed.through_officer => Some("through_officer".into()),
        Body::CaseClosed(closed) => Some(code_of(&closed.by)),
        Body::CaseFollowedUp(said) if said.proposes_to_close => Some("proposes_to_close".into()),
        _ => None,
    }
}
