//! What is arranged at this node where `node.toml` is silent. Passwords and the address of the portal
//! are typed at the desk alone, where they are tried at once, and so are the rules about answers.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use lapor_web::{ApiProblem, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::refusals::problem;
use super::staff::account;
use super::ways::{WayLine, ways};
use crate::error::NodeError;
use crate::in_force::{Contact, Source, named};
use crate::node::Node;
use crate::post::Delivery;
use crate::tokens::Scope;

/// Who says what is in force.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// `node.toml` or the environment.
    File,
    /// An administrator, at the desk or here.
    Desk,
    Nobody,
}

/// What is in force, and who says it.
#[derive(Serialize, ToSchema)]
pub struct Fact {
    value: Option<String>,
    by: By,
}

/// What is arranged.
#[derive(Serialize, ToSchema)]
pub struct Arrangements {
    /// How people reach the institution, in one line.
    contact: Fact,
    /// Where people open the portal.
    address: Fact,
    /// The mail server.
    mail: Fact,
    /// Which public answers a superior signs: `all`, or those in the named categories.
    approval: Fact,
    /// Categories in which a proposal to close carries evidence.
    evidence: Fact,
    /// Whether the desk tells administrators what is missing.
    notice: bool,
    /// By what reports and news come in and go out; whoever runs the machine switches it on.
    ways: Vec<WayLine>,
}

/// How people reach the institution.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewContact {
    #[serde(default)]
    #[schema(max_length = 200)]
    address: String,
    #[serde(default)]
    #[schema(max_length = 60)]
    telephone: String,
    #[serde(default)]
    #[schema(max_length = 100)]
    hours: String,
}

/// Whether the desk tells administrators what is missing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    shown: bool,
}

/// What came of a letter.
#[derive(Serialize, ToSchema)]
pub struct MailTried {
    /// Whether the mail server has taken it.
    sent: bool,
    /// Why it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl From<Source> for By {
    fn from(source: Source) -> Self {
        match source {
            Source::File => Self::File,
            Source::Desk => Self::Desk,
            Source::Nobody => Self::Nobody,
        }
    }
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(keep_contact))
        .routes(routes!(notice))
        .routes(routes!(try_mail))
}

/// Read what is arranged
///
/// Contact, address of the portal, mail server and what is asked of answers, and who says each: the file
/// always wins. Then each way in and out, whether it is on and what is the matter with it. Nothing secret
/// is told.
#[utoipa::path(
    get,
    path = "/arrangements",
    operation_id = "readArrangements",
    tag = "staff",
    responses((status = 200, description = "What is arranged.", body = Arrangements)),
    security(("token" = []))
)]
pub async fn read(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Arrangements>> {
    caller.needs(Scope::SettingsWrite)?;
    let dismissed = node.is_setup_dismissed().await.map_err(|e| problem(&e))?;
    let ways = Box::pin(ways(&node)).await.map_err(|e| problem(&e))?;
    let in_force = node.in_force();
    let settings = in_force.settings();
    let fact = |value: Option<String>, by: Source| Fact {
        value,
        by: by.into(),
    };
    let address = settings.portal.public_url.as_ref();
    Ok(Json(Arrangements {
        contact: fact(settings.portal.contact.clone(), in_force.contact),
        address: fact(address.map(ToString::to_string), in_force.address),
        mail: fact(settings.mail.host.clone(), in_force.mail),
        approval: fact(in_force.approved().line(), in_force.approval),
        evidence: fact(named(&settings.categories.evidence), in_force.evidence),
        notice: !dismissed,
        ways,
    }))
}

/// Keep how people reach the institution
///
/// In force at once, where `node.toml` does not say it; then it is refused with 409 `in_file`.
#[utoipa::path(
    put,
    path = "/arrangements/contact",
    operation_id = "keepContact",
    tag = "staff",
    request_body = NewContact,
    responses(
        (status = 204, description = "It is in force."),
        (status = 409, description = "`in_file`: `node.toml` says it; change it there.", body = ApiProblem, content_type = "application/problem+json")
    ),
    security(("token" = []))
)]
pub async fn keep_contact(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(new): Json<NewContact>,
) -> Answer<StatusCode> {
    caller.needs(Scope::SettingsWrite)?;
    if node.in_force().contact == Source::File {
        let title = "node.toml says it; change it there";
        return Err(ApiProblem::new(StatusCode::CONFLICT, "in_file", title));
    }
    let contact = Contact {
        address: line("address", &new.address, 200)?,
        telephone: line("telephone", &new.telephone, 60)?,
        hours: line("hours", &new.hours, 100)?,
    };
    let kept = node.keep_contact(contact, &caller.actor()).await;
    kept.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// End the notice of what is missing, or bring it back
///
/// At the desk of every administrator.
#[utoipa::path(
    put,
    path = "/arrangements/notice",
    operation_id = "setNotice",
    tag = "staff",
    request_body = Notice,
    responses((status = 204, description = "It is so.")),
    security(("token" = []))
)]
pub async fn notice(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Json(notice): Json<Notice>,
) -> Answer<StatusCode> {
    caller.needs(Scope::SettingsWrite)?;
    let said = node.dismiss_setup(!notice.shown, &caller.actor()).await;
    said.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try the mail server
///
/// A letter goes to the address of whoever owns the token, and to nobody else.
#[utoipa::path(
    post,
    path = "/arrangements/mail-test",
    operation_id = "tryMail",
    tag = "staff",
    responses((status = 200, description = "What came of it.", body = MailTried)),
    security(("token" = []))
)]
pub async fn try_mail(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<MailTried>> {
    caller.needs(Scope::SettingsWrite)?;
    let Some(owner) = caller.owner(&node).await? else {
        let nobody = "the letter goes to whoever owns the token, and nobody owns this one";
        return Err(problem(&NodeError::Forbidden(nobody.into())));
    };
    let address = account(&node, &owner).await?.login;
    let trouble = match Delivery::of(&node) {
        Ok(Some(delivery)) => {
            let sent = delivery.try_out(address.as_str()).await;
            sent.err().map(|trouble| trouble.problem().to_owned())
        }
        Ok(None) => Some("no mail server is set".to_owned()),
        Err(error) => Some(error.to_string()),
    };
    let noted = node.note_mail_tried(&caller.actor()).await;
    noted.map_err(|e| problem(&e))?;
    Ok(Json(MailTried {
        sent: trouble.is_none(),
        problem: trouble,
    }))
}

fn line(field: &str, text: &str, most: usize) -> Answer<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return Ok(line);
    }
    let long = format!("{field}: expected at most {most} characters");
    Err(problem(&NodeError::Invalid(long)))
}
