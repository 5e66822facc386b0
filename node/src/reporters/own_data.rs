//! Access to one's own data and their erasure on request (UU 27/2022).
//!
//! An erasure waits, so that a slip of the finger or a stranger at an open
//! conversation does not end a report; it needs the ticket typed again, and it
//! can be withdrawn. What stays is the skeleton of the case and the fact.

use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::{Category, Classification, ProgrammeRef, ReportFiled, report_filed};
use lapor_protocol::region::RegionCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Conversation, ReporterView, session};
use crate::casework::{Coordinates, HistoryEntry, Reporter, begins, expire_answers, ticket};
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::erasures::ErasureRow;

const DAY_MS: i64 = 86_400_000;

/// How far an erasure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// Another person must confirm it: an officer decided it, or the node was restored and does not
    /// know whether it was called off.
    Asked,
    Waiting,
    /// Its days have passed; nobody withdraws it any more.
    Erasing,
    Done,
    Withdrawn,
}

/// An erasure that a reporter asked for or the institution decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Erasure {
    #[schema(value_type = String)]
    pub case: CaseId,
    pub state: ErasureState,
    /// Code of the reason: `reporter_request`, `legal_order`, `personal_data`, `other`.
    pub reason: String,
    /// Whether the institution decided it.
    pub by_institution: bool,
    /// Unix ms.
    pub asked_at: i64,
    /// Unix ms; until then it can be withdrawn.
    pub due_at: i64,
    /// Unix ms.
    pub ended_at: Option<i64>,
}

/// What a report says, as it was filed. Its words are missing after an erasure.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnReport {
    pub classification: Classification,
    pub title: Option<String>,
    pub content: Option<String>,
    #[schema(value_type = Option<String>)]
    pub category: Option<Category>,
    /// Official region code, for instance `32.73`.
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    pub place: Option<String>,
    /// Degrees, WGS 84.
    pub coordinates: Option<Coordinates>,
    /// `YYYY-MM-DD`.
    pub incident_date: Option<String>,
    #[schema(value_type = Option<String>)]
    pub suggested: Option<InstanceId>,
    /// Institutions that may never become a party.
    #[schema(value_type = Vec<String>)]
    pub excluded: Vec<InstanceId>,
    pub programme: Option<ProgrammeRef>,
    pub anonymous: bool,
    pub secret: bool,
    /// How it came in, for instance `web`, `sms`, `walk-in`.
    pub channel: String,
}

/// All that this node holds about a reporter and their case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnData {
    /// Unix ms.
    pub at: i64,
    pub case: ReporterView,
    /// What was filed.
    pub report: Option<OwnReport>,
    /// Who reported, as told.
    pub identity: Option<Reporter>,
    /// The contact of the citizen's account, if there is one.
    pub account: Option<String>,
    /// When the key was made, Unix ms.
    pub key_made_at: Option<i64>,
    /// Beginnings of the open conversations, Unix ms.
    pub conversations: Vec<i64>,
    /// What the audit log holds of the reporter: when (Unix ms) and what.
    pub deeds: Vec<(i64, String)>,
    pub erasures: Vec<Erasure>,
}

impl Node {
    /// Everything that this node holds about the reporter. The look itself is
    /// in the audit log.
    pub async fn own_data(&self, conversation: &Conversation) -> Result<OwnData, NodeError> {
        let view = self.reporter_view(conversation).await?;
        let (now, actor) = (self.clock().now_ms(), conversation.actor());
        let mut tx = self.write_tx().await?;
        let filed_as = self.filed_as(&mut tx, conversation.case).await?;
        let case = filed_as.to_string();
        let history = self.whole_history(&mut tx, filed_as).await?;
        let birth = history.iter().find(|entry| begins(filed_as, entry));
        store::audit::add(&mut tx, now, &actor, "own_data.read", Some(&case), "").await?;
        let held = store::secrets::identity(&mut tx, &case).await?;
        let row = store::reporters::of_case(&mut tx, &case).await?;
        let account = match row.as_ref().and_then(|row| row.citizen.as_deref()) {
            Some(citizen) => store::citizens::contact(&mut tx, citizen).await?,
            None => None,
        };
        let sessions = store::reporters::sessions_of(&mut tx, &case).await?;
        let mut deeds = store::audit::deeds_of(&mut tx, &case, &actor).await?;
        deeds.extend(store::audit::said_of(&mut tx, &case, &actor).await?);
        deeds.sort_by_key(|(at, _)| *at);
        let erasures = store::erasures::of_case(&mut tx, &case).await?;
        tx.commit().await?;
        Ok(OwnData {
            at: now,
            case: view,
            report: birth.and_then(OwnReport::read),
            identity: held
                .map(|held| store::read(serde_json::from_str(&held)))
                .transpose()?,
            account,
            key_made_at: row.map(|row| row.secret_at),
            conversations: sessions.iter().map(|session| session.created_at).collect(),
            deeds,
            erasures: erasures
                .iter()
                .map(Erasure::read)
                .collect::<Result<_, _>>()?,
        })
    }

    /// Asks for the erasure of the case's words everywhere and of everything
    /// here that says who reported. `typed_ticket` is the ticket, typed again.
    pub async fn ask_erasure(
        &self,
        conversation: &Conversation,
        typed_ticket: &str,
    ) -> Result<Erasure, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let case = self.filed_as(&mut tx, conversation.case).await?.to_string();
        let row = store::cases::case(&mut tx, &case).await?;
        let ticket = row.and_then(|row| row.ticket);
        if ticket.is_none() || ticket::parse(typed_ticket) != ticket {
            let problem =
                "ticket: type the ticket of this report to confirm that its words are to be erased";
            return Err(NodeError::Invalid(problem.into()));
        }
        let erasures = store::erasures::of_case(&mut tx, &case).await?;
        let own = || erasures.iter().filter(|row| row.asked_by.is_none());
        if let Some(waiting) = own().find(|row| is_ahead(row)) {
            return Erasure::read(waiting);
        }
        // What a restore has put in doubt is said anew.
        let doubted = own().filter(|row| row.state == "asked");
        let doubted: Vec<String> = doubted.map(|row| row.id.clone()).collect();
        for id in &doubted {
            store::erasures::withdraw(&mut tx, id, now).await?;
        }
        let days = self.settings().erasure.reporter_days;
        let row = ErasureRow {
            id: hex::encode(random::<16>()),
            case_id: case,
            state: "waiting".into(),
            asked_at: now,
            due_at: now + i64::from(days) * DAY_MS,
            ended_at: None,
            reason: "reporter_request".into(),
            asked_by: None,
            confirmed_by: None,
        };
        store::erasures::add(&mut tx, &row).await?;
        let (actor, case) = (conversation.actor(), Some(row.case_id.as_str()));
        store::audit::add(&mut tx, now, &actor, "erasure.asked", case, &row.id).await?;
        tx.commit().await?;
        Erasure::read(&row)
    }

    /// The erasures that wait or have begun: of the case and the reporter's own wish, and where it is
    /// the whole also those of its halves, which are decided on by themselves.
    pub async fn erasures_of(
        &self,
        conversation: &Conversation,
    ) -> Result<Vec<Erasure>, NodeError> {
        let mut tx = self.read_tx().await?;
        let (case, root) = (
            conversation.case.to_string(),
            self.filed_as(&mut tx, conversation.case).await?,
        );
        let whole = conversation.case == root;
        let mut ahead = Vec::new();
        for one in self.family(&mut tx, root).await? {
            let rows = store::erasures::of_case(&mut tx, &one.to_string()).await?;
            ahead.extend(rows.into_iter().filter(|row| {
                is_ahead(row) && (whole || row.case_id == case || row.asked_by.is_none())
            }));
        }
        ahead.iter().map(Erasure::read).collect()
    }

    /// Withdraws what waits of the case that the conversation is about, whoever decided it.
    pub async fn withdraw_erasure(&self, conversation: &Conversation) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let case = conversation.case.to_string();
        let mut tx = self.write_tx().await?;
        let mut withdrawn = 0;
        let rows = store::erasures::of_case(&mut tx, &case).await?;
        for row in rows.iter().filter(|row| row.state == "waiting") {
            withdrawn += store::erasures::withdraw(&mut tx, &row.id, now).await?;
        }
        if withdrawn == 0 {
            return Err(NodeError::not_found("waiting erasure of case", &case));
        }
        let actor = conversation.actor();
        store::audit::add(&mut tx, now, &actor, "erasure.withdrawn", Some(&case), "").await?;
        Ok(tx.commit().await?)
    }

    /// Removes what has expired: sessions, codes, letters, answers.
    pub(crate) async fn expire_reporters(&self) -> Result<(), NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        session::expire(&mut tx, now).await?;
        store::citizens::expire(&mut tx, now).await?;
        tx.commit().await?;
        expire_answers(self).await
    }
}

impl OwnReport {
    /// From the message with which a case was filed.
    fn read(entry: &HistoryEntry) -> Option<Self> {
        let filed: ReportFiled = serde_json::from_value(entry.body.clone()?).ok()?;
        let words = entry.words.clone();
        let words = words.and_then(|words| serde_json::from_value(words).ok());
        let words: Option<report_filed::Words> = words;
        let coordinates = words.as_ref().and_then(|words| words.coordinates);
        Some(Self {
            classification: filed.classification,
            title: words.as_ref().map(|words| words.title.clone()),
            content: words.as_ref().map(|words| words.content.clone()),
            category: filed.category,
            region: filed.region,
            place: words.and_then(|words| words.place),
            coordinates: coordinates.and_then(Coordinates::of_message),
            incident_date: filed.incident_date,
            suggested: filed.suggested,
            excluded: filed.excluded,
            programme: filed.programme,
            anonymous: filed.anonymous,
            secret: filed.secret,
            channel: filed.channel,
        })
    }
}

/// Whether it waits or has begun.
fn is_ahead(row: &ErasureRow) -> bool {
    ["waiting", "erasing"].contains(&row.state.as_str())
}

impl Erasure {
    pub(crate) fn read(row: &ErasureRow) -> Result<Self, NodeError> {
        let state = match row.state.as_str() {
            "asked" => ErasureState::Asked,
            "waiting" => ErasureState::Waiting,
            "erasing" => ErasureState::Erasing,
            "done" => ErasureState::Done,
            "withdrawn" => ErasureState::Withdrawn,
            _ => {
                return Err(NodeError::damaged(
                    "an erasure is in no state that is known",
                ));
            }
        };
        Ok(Self {
            case: store::case_id(&row.case_id)?,
            state,
            reason: row.reason.clone(),
            by_institution: row.asked_by.is_some(),
            asked_at: row.asked_at,
            due_at: row.due_at,
            ended_at: row.ended_at,
        })
    }
}
