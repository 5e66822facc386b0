//! Acts upon who is told of alarms. The secret of a webhook is told once, in the
//! answer that made it.

use std::sync::Arc;

use axum::extract::State as Shared;
use http::StatusCode;
use lapor_web::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Answer;
use super::access::Operator;
use super::acting::{Acted, Why, put, unfit, voice};
use super::alarm_acts::OnePath;
use crate::alarms::acts::Channel;
use crate::alarms::recipients as acts;
use crate::console::Console;
use crate::console::alarms::{recipients, refused};
use crate::deeds::Deed;

/// Who is to be told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRecipient {
    channel: Channel,
    /// 1 to 80 characters.
    name: String,
    /// An address of e-mail, or of a webhook.
    address: String,
}

/// What is changed of somebody who is told.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecipientChange {
    /// 1 to 80 characters.
    name: String,
    /// Stays as it is if not given.
    #[serde(default)]
    address: String,
}

/// What a webhook proves itself with.
#[derive(Serialize, ToSchema)]
pub struct Secret {
    /// Told this once; none of a recipient of e-mail.
    secret: Option<String>,
}

/// Add a recipient of alarms
///
/// The secret of a webhook is told in the answer and never again.
#[utoipa::path(
    post,
    path = "/alarms/recipients",
    operation_id = "addRecipient",
    tag = "alarms",
    request_body = NewRecipient,
    responses((status = 201, description = "It is told from now on.", body = Secret)),
    security(("token" = []))
)]
pub async fn add(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(asked): Json<NewRecipient>,
) -> Answer<(StatusCode, Json<Secret>)> {
    let (name, address) = (asked.name.trim(), asked.address.trim());
    if address.is_empty() {
        return Err(unfit("address", "it is needed."));
    }
    judge(&console, asked.channel, (name, address))?;
    let actor = operator.actor();
    let secret = acts::add(&console.hub, actor, asked.channel, (name, address)).await;
    let secret = secret.map_err(|error| refused(&error))?;
    let secret = secret.map(|secret| secret.to_string());
    Ok((StatusCode::CREATED, Json(Secret { secret })))
}

/// Change a recipient of alarms
///
/// What waits for them goes to the new address. Where two must agree, the address of somebody who is
/// told stays: add another recipient, and have this one removed.
#[utoipa::path(
    post,
    path = "/alarms/recipients/{id}",
    operation_id = "changeRecipient",
    tag = "alarms",
    params(OnePath),
    request_body = RecipientChange,
    responses(Acted),
    security(("token" = []))
)]
pub async fn change(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(asked): Json<RecipientChange>,
) -> Answer<Acted> {
    let one = recipients::find(&console, &path.id).await?;
    let (name, address) = (asked.name.trim(), asked.address.trim());
    judge(&console, one.channel, (name, address))?;
    let to = Some(address).filter(|address| !address.is_empty());
    let (actor, two) = (operator.actor(), console.settings().second_person);
    let done = acts::change(&console.hub, actor, &one.id, (name, to), two).await;
    done.map_err(|error| refused(&error))?;
    Ok(Acted::done())
}

/// Tell a recipient again
///
/// Switches on whom nobody told any more.
#[utoipa::path(
    post,
    path = "/alarms/recipients/{id}/enabling",
    operation_id = "enableRecipient",
    tag = "alarms",
    params(OnePath),
    responses(Acted),
    security(("token" = []))
)]
pub async fn enable(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
) -> Answer<Acted> {
    let done = acts::enable(&console.hub, operator.actor(), &path.id).await;
    done.map_err(|error| refused(&error))?;
    Ok(Acted::done())
}

/// Tell a recipient no more
///
/// What waits for them is dropped.
#[utoipa::path(
    post,
    path = "/alarms/recipients/{id}/disabling",
    operation_id = "disableRecipient",
    tag = "alarms",
    params(OnePath),
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn disable(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    let recipient = recipients::find(&console, &path.id).await?.id;
    let deed = Deed::DisableRecipient { recipient };
    put(&console, &operator, &deed, &why.reason).await
}

/// Remove a recipient
///
/// What waits is dropped, and no rule names them any more.
#[utoipa::path(
    post,
    path = "/alarms/recipients/{id}/removal",
    operation_id = "removeRecipient",
    tag = "alarms",
    params(OnePath),
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn remove(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    let recipient = recipients::find(&console, &path.id).await?.id;
    let deed = Deed::RemoveRecipient { recipient };
    put(&console, &operator, &deed, &why.reason).await
}

/// Send a recipient a test
///
/// A letter or a webhook that says that it is one.
#[utoipa::path(
    post,
    path = "/alarms/recipients/{id}/test",
    operation_id = "testRecipient",
    tag = "alarms",
    params(OnePath),
    responses(Acted),
    security(("token" = []))
)]
pub async fn test(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
) -> Answer<Acted> {
    let done = acts::test(&console.hub, operator.actor(), &path.id).await;
    done.map_err(|error| refused(&error))?;
    Ok(Acted::done())
}

/// Make another secret of a webhook
///
/// The former signs nothing more.
#[utoipa::path(
    post,
    path = "/alarms/recipients/{id}/secret",
    operation_id = "renewSecret",
    tag = "alarms",
    params(OnePath),
    responses((status = 201, description = "The secret.", body = Secret)),
    security(("token" = []))
)]
pub async fn renew(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
) -> Answer<(StatusCode, Json<Secret>)> {
    let secret = acts::new_secret(&console.hub, operator.actor(), &path.id).await;
    let secret = secret.map_err(|error| refused(&error))?;
    let secret = Some(secret.to_string());
    Ok((StatusCode::CREATED, Json(Secret { secret })))
}

/// Send something of alarms again
///
/// A letter or a webhook that was sent or given up, under the id that it has.
#[utoipa::path(
    post,
    path = "/alarms/sent/{id}/again",
    operation_id = "sendAgain",
    tag = "alarms",
    params(OnePath),
    responses(Acted),
    security(("token" = []))
)]
pub async fn again(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
) -> Answer<Acted> {
    let done = acts::send_again(&console.hub, operator.actor(), &path.id).await;
    done.map_err(|error| refused(&error))?;
    Ok(Acted::done())
}

/// Refuses a name or an address that cannot be used.
fn judge(console: &Console, channel: Channel, (name, address): (&str, &str)) -> Answer<()> {
    let most = recipients::NAME;
    if !(1..=most).contains(&name.chars().count()) {
        return Err(unfit("name", format!("expected 1 to {most} characters.")));
    }
    match recipients::wrong(console, channel, address) {
        Some(wrong) => Err(unfit("address", voice(console).say(wrong))),
        None => Ok(()),
    }
}
