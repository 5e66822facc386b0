//! What all acts of programs have in common: a reason, and an answer that says
//! whether it is done or waits for a second person.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use lapor_protocol::ids::InstanceId;
use lapor_web::language::{Language, Voice};
use lapor_web::page::Form;
use lapor_web::{ApiProblem, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoResponses, ToSchema};

use super::Answer;
use super::access::Operator;
use crate::approvals::{ApprovalError, Asked};
use crate::audit::By;
use crate::console::{Console, ZONE, approvals, texts};
use crate::deeds::Deed;
use crate::membership::MembershipError;
use crate::rotation::RotationError;

/// Characters of a reason, at most.
const REASON: usize = 500;

/// Why somebody does what is asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Why {
    /// For the audit log; 1 to 500 characters.
    pub reason: String,
}

/// What came of an act.
#[derive(Debug, Serialize, ToSchema)]
pub struct Outcome {
    pub outcome: Became,
    /// Under which id another operator decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    Done,
    Waits,
}

/// The answer to an act.
#[derive(Debug, IntoResponses)]
pub enum Acted {
    /// It is done.
    #[response(status = 200)]
    Done(Outcome),
    /// It waits for a second person, who decides with `POST /approvals/{id}/decision`.
    #[response(status = 202)]
    Waits(Outcome),
}

impl Acted {
    pub fn done() -> Self {
        Self::Done(Outcome {
            outcome: Became::Done,
            approval: None,
        })
    }
}

impl From<Asked> for Acted {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Done => Self::done(),
            Asked::Waits(id) => Self::Waits(Outcome {
                outcome: Became::Waits,
                approval: Some(id),
            }),
        }
    }
}

impl IntoResponse for Acted {
    fn into_response(self) -> Response {
        match self {
            Self::Done(outcome) => Json(outcome).into_response(),
            Self::Waits(outcome) => (StatusCode::ACCEPTED, Json(outcome)).into_response(),
        }
    }
}

/// Does an act, or has it wait where two must agree.
pub async fn put(
    console: &Console,
    operator: &Operator,
    deed: &Deed,
    reason: &str,
) -> Answer<Acted> {
    let second_person = console.settings().second_person;
    put_by(console, operator, (deed, reason, second_person)).await
}

/// The same of an act on which two need not always agree.
pub async fn put_by(
    console: &Console,
    operator: &Operator,
    (deed, reason, second_person): (&Deed, &str, bool),
) -> Answer<Acted> {
    let by = by(operator, reason)?;
    let asked = approvals::ask(console, &by, deed, second_person).await;
    asked.map(Acted::from).map_err(|error| refused(&error))
}

/// Who acts, and why.
pub fn by<'a>(operator: &'a Operator, reason: &'a str) -> Answer<By<'a>> {
    let reason = reason.trim();
    if !(1..=REASON).contains(&reason.chars().count()) {
        let problem = ApiProblem::invalid().with("field", "reason");
        return Err(problem.with_detail(format!("reason: expected 1 to {REASON} characters.")));
    }
    Ok(By {
        reason,
        ..By::actor(operator.actor())
    })
}

/// Why an act is not done.
pub fn refused(error: &ApprovalError) -> ApiProblem {
    let refusal =
        |status, code, title| ApiProblem::new(status, code, title).with_detail(error.to_string());
    match error {
        ApprovalError::Gone => {
            let title = "There is nothing of this kind to decide";
            refusal(StatusCode::NOT_FOUND, "not_found", title)
        }
        ApprovalError::AskedAlready => {
            let title = "The same act waits already";
            refusal(StatusCode::CONFLICT, "asked_already", title)
        }
        ApprovalError::SamePerson => {
            let title = "Another person must confirm this";
            refusal(StatusCode::CONFLICT, "same_person", title)
        }
        ApprovalError::AskerGone => {
            let title = "Whoever asked for this may act no more";
            refusal(StatusCode::CONFLICT, "asker_gone", title)
        }
        ApprovalError::Membership(MembershipError::Rotation(RotationError::Behind(left))) => {
            let title = "Institutions would be left behind";
            let left: Vec<&str> = left.iter().map(InstanceId::as_str).collect();
            refusal(StatusCode::CONFLICT, "left_behind", title).with("institutions", left)
        }
        ApprovalError::Membership(
            wrong @ (MembershipError::IdleSuccessor { .. } | MembershipError::OwnSuccessor(_)),
        ) => unfit("successor", wrong),
        error @ ApprovalError::Membership(_) => approvals::refused(error),
    }
}

/// What the pages say to programs.
pub fn voice(console: &Console) -> Voice {
    Voice::new(Language::English, texts(), ZONE, console.hub.now_ms())
}

/// A value that cannot be used, by its field.
pub fn unfit(field: &'static str, detail: impl std::fmt::Display) -> ApiProblem {
    let problem = ApiProblem::invalid().with("field", field);
    problem.with_detail(format!("{field}: {detail}"))
}

/// What is wrong with a form of a page, by the names that its fields have here.
pub fn complaints(form: &Form, names: &[(&'static str, &'static str)]) -> ApiProblem {
    let said = |(field, name): &(&'static str, &'static str)| {
        let text = form.complaint(field)?;
        Some(json!({"field": name, "text": text}))
    };
    let wrong: Vec<Value> = names.iter().filter_map(said).collect();
    let detail = "`wrong` says which values, and why.";
    ApiProblem::invalid()
        .with_detail(detail)
        .with("wrong", wrong)
}
