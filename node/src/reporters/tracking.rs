//! What anybody with a ticket sees: public facts only, and of a secret report
//! nothing but where it stands.

use std::net::IpAddr;

use lapor_protocol::case::State;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::events::{Listener, events, told_when_filed};
use super::guard::neighbourhood;
use super::{Event, RunningClock, Step};
use crate::casework::course::{course, walked};
use crate::casework::{HistoryEntry, Outcome, standing, ticket, title_of};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// A case as the holder of its ticket alone sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PublicView {
    pub ticket: String,
    pub step: Step,
    /// The steps that it has gone through.
    #[serde(default)]
    pub walked: Vec<Step>,
    pub state: State,
    /// Nothing more is heard of it here; how it goes on is told where it was filed.
    #[serde(default)]
    pub left: bool,
    /// Everything below is told of a report that is not secret.
    pub secret: bool,
    /// Unix ms since when nothing more is heard of it here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<i64>,
    /// Unix ms.
    pub filed_at: Option<i64>,
    pub title: Option<String>,
    #[schema(value_type = Option<String>)]
    pub custodian: Option<InstanceId>,
    #[schema(value_type = Option<String>)]
    pub on_behalf_of: Option<InstanceId>,
    pub clock: Option<RunningClock>,
    pub category: Option<String>,
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    pub supports: u32,
    pub events: Vec<Event>,
}

impl Node {
    /// Where the report of a ticket stands, at any party of its case.
    pub async fn public_view(&self, typed: &str, address: IpAddr) -> Result<PublicView, NodeError> {
        let now = self.clock().now_ms();
        self.guards()
            .support
            .attempt(&format!("track {}", neighbourhood(address)), now)?;
        let unknown = || NodeError::NotFound {
            what: "report with this ticket; check each character",
            id: String::new(),
        };
        let ticket = ticket::parse(typed).ok_or_else(unknown)?;
        let mut tx = self.read_tx().await?;
        let case = store::cases::by_ticket(&mut tx, &ticket).await?;
        let id = store::case_id(&case.ok_or_else(unknown)?)?;
        let case = self
            .shown_case(&mut tx, id)
            .await
            .map_err(|error| match error {
                NodeError::NotFound { .. } => unknown(),
                other => other,
            })?;
        let left_at = store::cases::case(&mut tx, &id.to_string())
            .await?
            .and_then(|row| row.left_at);
        let mut history = self.whole_history(&mut tx, id).await?;
        let course = course(id, case.filed_at, &history);
        let mut view = PublicView {
            ticket,
            step: Step::of(standing(&case), case.before_hold),
            walked: walked(&course, Outcome::of(&case)),
            state: standing(&case),
            left: left_at.is_some(),
            secret: case.secret,
            left_at: None,
            filed_at: None,
            title: None,
            custodian: None,
            on_behalf_of: None,
            clock: None,
            category: None,
            region: None,
            supports: 0,
            events: Vec::new(),
        };
        if case.secret {
            return Ok(view);
        }
        history.iter_mut().for_each(HistoryEntry::mask);
        view.clock = self.running_clock(&mut tx, &case).await?;
        view.left_at = left_at;
        view.filed_at = Some(case.filed_at);
        view.title = title_of(id, &history);
        view.custodian = Some(case.custodian);
        view.on_behalf_of = case.on_behalf_of;
        view.category = case.category.map(|category| category.as_str().to_owned());
        view.region = case.region;
        view.supports = case.supports;
        view.events = events(&history, Listener::Public);
        told_when_filed(&mut view.events, case.filed_at);
        Ok(view)
    }
}
