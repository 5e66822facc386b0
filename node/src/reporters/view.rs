//! What the reporter of a case sees of it, in one value that a page or an
//! application shows.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, State};
use lapor_protocol::ids::{CaseId, Digest, InstanceId};
use lapor_protocol::kinds::ClosedBy;
use lapor_protocol::kinds::case_held::AnswerForm;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::events::{Listener, events, told_when_filed};
use super::{
    Conversation, Event, IdentityEvent, Linked, Notify, Reachable, RunningClock, Step, Verification,
};
use crate::casework::course::{course, walked};
use crate::casework::{Opened, Outcome, is_replied, standing, title_of};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// A case as its reporter sees it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a case, each of which a page shows"
)]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReporterView {
    #[schema(value_type = String)]
    pub case: CaseId,
    pub ticket: Option<String>,
    /// As last edited; `None` after an erasure.
    pub title: Option<String>,
    pub step: Step,
    /// The steps that it has gone through.
    #[serde(default)]
    pub walked: Vec<Step>,
    pub state: State,
    /// Who has it now.
    #[schema(value_type = String)]
    pub custodian: InstanceId,
    /// An institution that has not joined and for which the custodian acts.
    #[schema(value_type = Option<String>)]
    pub on_behalf_of: Option<InstanceId>,
    /// The clock that runs; `None` where none does, as in a hold.
    pub clock: Option<RunningClock>,
    /// Unix ms.
    pub filed_at: i64,
    pub anonymous: bool,
    pub secret: bool,
    /// Questions that wait for the reporter's answers.
    pub questions: Vec<String>,
    /// How each of them is to be answered, in their order; one beyond the last by a text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<AnswerForm>,
    /// What the reporter may do now: names of acts.
    pub may: Vec<String>,
    /// How it ended; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// It is open, and the reporter has spoken since the last public follow-up.
    #[serde(skip)]
    pub replied: bool,
    /// How it was closed, if it is.
    pub closed_by: Option<ClosedBy>,
    /// What the reporter gave, 1 to 5.
    pub score: Option<u8>,
    pub supports: u32,
    pub escalated: bool,
    pub erased: bool,
    /// What happened, oldest first.
    pub events: Vec<Event>,
    pub linked: Vec<Linked>,
    /// Who asked for the identity, why, and what became of it.
    pub identity_log: Vec<IdentityEvent>,
    pub notify: Notify,
    pub verification: Verification,
    /// Whether letters and a code for a lost key reach the reporter: through the contact of their
    /// account, or the one in the report once it is proved.
    pub reachable: Reachable,
}

impl Node {
    /// The reporter's view of their case.
    pub async fn reporter_view(
        &self,
        conversation: &Conversation,
    ) -> Result<ReporterView, NodeError> {
        let id = conversation.case;
        let mut tx = self.read_tx().await?;
        let case = self.shown_case(&mut tx, id).await?;
        let row = store::cases::case(&mut tx, &id.to_string()).await?;
        let filed_as = self.filed_as(&mut tx, id).await?;
        let reporter = store::reporters::of_case(&mut tx, &filed_as.to_string()).await?;
        let history = self.whole_history(&mut tx, id).await?;
        let mut events = events(&history, Listener::Reporter);
        told_when_filed(&mut events, case.filed_at);
        let course = course(id, case.filed_at, &history);
        let asked = events.iter().rev().find(|event| event.kind == "case.held");
        let questions = asked.filter(|_| case.state == State::Held);
        let told = reporter.as_ref();
        Ok(ReporterView {
            case: id,
            ticket: row.and_then(|row| row.ticket),
            title: title_of(id, &history),
            step: Step::of(standing(&case), case.before_hold),
            walked: walked(&course, Outcome::of(&case)),
            state: standing(&case),
            custodian: case.custodian.clone(),
            on_behalf_of: case.on_behalf_of.clone(),
            clock: self.running_clock(&mut tx, &case).await?,
            filed_at: case.filed_at,
            anonymous: case.anonymous,
            secret: case.secret,
            questions: questions
                .map(|event| event.questions.clone())
                .unwrap_or_default(),
            forms: questions
                .map(|event| event.forms.clone())
                .unwrap_or_default(),
            may: may(&case),
            outcome: Outcome::of(&case),
            replied: is_replied(&case),
            closed_by: closed(&case).map(|close| close.by),
            score: closed(&case).and_then(|close| close.score),
            supports: case.supports,
            escalated: case.escalated,
            erased: case.redacted,
            linked: self.linked_to(&mut tx, &case).await?,
            identity_log: self.identity_log_in(&mut tx, id, &history).await?,
            events,
            notify: told.map_or(Notify::Off, |row| Notify::read(&row.notify)),
            verification: told.map_or(Verification::None, |row| {
                Verification::read(&row.verification)
            }),
            reachable: self.reachable_in(&mut tx, &filed_as.to_string()).await?,
        })
    }

    /// The clock of a case that runs out next, by the calendar in force.
    pub(super) async fn running_clock(
        &self,
        tx: &mut Tx,
        case: &Case,
    ) -> Result<Option<RunningClock>, NodeError> {
        Ok(RunningClock::of(&self.clocks_of(tx, case).await?))
    }

    /// Opens an attachment that the reporter sees: of their case, or of an answer where it goes on.
    pub async fn reporter_attachment(
        &self,
        conversation: &Conversation,
        sha256: Digest,
    ) -> Result<Opened, NodeError> {
        let id = conversation.case;
        let shows = |events: &[Event]| {
            let mut attachments = events.iter().flat_map(|event| &event.attachments);
            attachments.any(|attachment| attachment.sha256 == sha256)
        };
        let mut tx = self.read_tx().await?;
        let history = self.whole_history(&mut tx, id).await?;
        let of = if shows(&events(&history, Listener::Reporter)) {
            Some(id)
        } else {
            let case = self.shown_case(&mut tx, id).await?;
            let linked = self.linked_to(&mut tx, &case).await?;
            let mut linked = linked.iter().filter(|other| shows(&other.events));
            linked.next().map(|other| other.case)
        };
        drop(tx);
        let of = of.ok_or_else(|| NodeError::not_found("attachment", &sha256))?;
        self.open_attachment(of, sha256).await
    }
}

fn closed(case: &Case) -> Option<&lapor_protocol::case::Close> {
    case.close.as_ref().filter(|_| case.state == State::Closed)
}

/// What the rules allow the reporter now; an erased case takes no more words. One that is archived
/// is reopened with them, because a message alone would not open it.
pub(super) fn may(case: &Case) -> Vec<String> {
    let confirm =
        matches!(case.state, State::Answered | State::InProgress) && case.follow_up.is_some();
    let ended = matches!(case.state, State::Closed | State::Archived);
    [
        ("complete", case.state.is_open() && !case.redacted),
        ("reply", !case.redacted && case.state != State::Archived),
        ("confirm", confirm),
        ("reopen", ended),
        ("rate", case.state == State::Closed),
        ("escalate", case.state != State::Merged && !case.escalated),
    ]
    .into_iter()
    .filter(|(_, allowed)| *allowed)
    .map(|(act, _)| act.to_owned())
    .collect()
}
