//! Acts upon alarms: what is open is acknowledged, something is silenced, a
//! rule is made, changed, switched on and off.

use std::sync::Arc;

use axum::extract::State as Shared;
use http::StatusCode;
use lapor_web::{Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::Answer;
use super::access::Operator;
use super::acting::{Acted, Why, by, put, put_by, unfit};
use crate::alarms::acts::{self, ActError};
use crate::alarms::{Condition, Quiet, Rule, Scope, Severity, fresh_id};
use crate::console::Console;
use crate::console::alarms::{refused, rules, silences};
use crate::deeds::Deed;
use crate::watch;

/// Characters of a note, at most.
const NOTE: usize = 500;
/// Alarms of one request, at most.
const MOST: usize = 1000;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct OnePath {
    /// As the lists of alarms have it.
    pub(super) id: String,
}

/// What somebody has seen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Acknowledgement {
    /// Ids of alarms; 1000 at most.
    alarms: Vec<String>,
    /// 500 characters at most.
    #[serde(default)]
    note: String,
}

#[derive(Serialize, ToSchema)]
pub struct Acknowledged {
    /// Those of them that were open.
    acknowledged: usize,
}

/// Of what nobody is told for a while.
#[derive(Deserialize, ToSchema)]
pub struct NewSilence {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    #[serde(flatten)]
    quiet: Quiet,
    /// 1 to 744.
    hours: i64,
}

/// A rule as it is to be.
#[derive(Deserialize, ToSchema)]
pub struct NewRule {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    /// As the rules that there are have it.
    #[schema(value_type = String)]
    condition: Condition,
    /// From which colour on: `yellow` or `red`.
    least: watch::State,
    #[serde(flatten)]
    scope: Scope,
    severity: Severity,
    /// Milliseconds for which it must stand before it is an alarm; 90 days at most.
    stands_ms: i64,
    /// Milliseconds after which it is told again while nobody has acknowledged it; 0 for never.
    repeat_ms: i64,
    /// Whether all recipients are told, also those who come later.
    everybody: bool,
    /// Ids of recipients, where not everybody is told.
    #[serde(default)]
    recipients: Vec<String>,
}

/// Acknowledge alarms
///
/// Says that somebody has seen them: they are not told again.
#[utoipa::path(
    post,
    path = "/alarms/acknowledgement",
    operation_id = "acknowledgeAlarms",
    tag = "alarms",
    request_body = Acknowledgement,
    responses((status = 200, description = "How many that were.", body = Acknowledged)),
    security(("token" = []))
)]
pub async fn acknowledge(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(asked): Json<Acknowledgement>,
) -> Answer<Json<Acknowledged>> {
    if asked.note.chars().count() > NOTE {
        return Err(unfit(
            "note",
            format!("expected {NOTE} characters at most."),
        ));
    }
    if asked.alarms.len() > MOST {
        return Err(unfit("alarms", format!("expected {MOST} at most.")));
    }
    let note = asked.note.trim();
    let done = acts::acknowledge(&console.hub, operator.actor(), &asked.alarms, note).await;
    let acknowledged = done.map_err(|error| refused(&error))?;
    Ok(Json(Acknowledged { acknowledged }))
}

/// Silence a rule, an institution or a province
///
/// Where two must agree, a silence of more than a day, or one after another, waits for a second person.
#[utoipa::path(
    post,
    path = "/alarms/silences",
    operation_id = "silence",
    tag = "alarms",
    request_body = NewSilence,
    responses(Acted),
    security(("token" = []))
)]
pub async fn silence(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(asked): Json<NewSilence>,
) -> Answer<Acted> {
    let NewSilence {
        reason,
        quiet,
        hours,
    } = asked;
    if !silences::HOURS.contains(&hours) {
        let most = silences::LONGEST;
        return Err(unfit("hours", format!("expected 1 to {most}.")));
    }
    if !silences::exists(&console, Some(&quiet)).await? {
        return Err(unfit("to", "there is nothing of this kind."));
    }
    let second_person = silences::needs_two(&console, &quiet, hours).await?;
    let deed = Deed::Silence { quiet, hours };
    put_by(&console, &operator, (&deed, &reason, second_person)).await
}

/// End a silence
///
/// Before its time; what is open still is told.
#[utoipa::path(
    post,
    path = "/alarms/silences/{id}/end",
    operation_id = "endSilence",
    tag = "alarms",
    params(OnePath),
    responses(Acted),
    security(("token" = []))
)]
pub async fn end_silence(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
) -> Answer<Acted> {
    let done = acts::end_silence(&console.hub, operator.actor(), &path.id).await;
    done.map_err(|error| refused(&error))?;
    Ok(Acted::done())
}

/// Add a rule of alarms
///
/// 200 rules at most.
#[utoipa::path(
    post,
    path = "/alarms/rules",
    operation_id = "addRule",
    tag = "alarms",
    request_body = NewRule,
    responses((status = 201, description = "The rule.", body = Rule)),
    security(("token" = []))
)]
pub async fn add_rule(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(asked): Json<NewRule>,
) -> Answer<(StatusCode, Json<Rule>)> {
    let (reason, rule) = asked.judged(&console, (fresh_id(), true)).await?;
    let by = by(&operator, &reason)?;
    let done = acts::put_rule(&console.hub, &by, &rule).await;
    done.map_err(|error| refused(&error))?;
    Ok((StatusCode::CREATED, Json(rule)))
}

/// Change a rule of alarms
///
/// All of it is given anew. One that tells fewer people, later or less than before waits for a second
/// person where two must agree.
#[utoipa::path(
    post,
    path = "/alarms/rules/{id}",
    operation_id = "changeRule",
    tag = "alarms",
    params(OnePath),
    request_body = NewRule,
    responses(Acted),
    security(("token" = []))
)]
pub async fn change_rule(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(asked): Json<NewRule>,
) -> Answer<Acted> {
    let before = rules::find(&console, &path.id).await?;
    let (reason, rule) = asked.judged(&console, (path.id, before.enabled)).await?;
    let by = by(&operator, &reason)?;
    match acts::put_rule(&console.hub, &by, &rule).await {
        Ok(()) => Ok(Acted::done()),
        Err(ActError::Narrows) => {
            let rule = Box::new(rule);
            put(&console, &operator, &Deed::NarrowRule { rule }, &reason).await
        }
        Err(error) => Err(refused(&error)),
    }
}

/// Switch a rule on
///
/// It looks again from now on.
#[utoipa::path(
    post,
    path = "/alarms/rules/{id}/enabling",
    operation_id = "enableRule",
    tag = "alarms",
    params(OnePath),
    responses(Acted),
    security(("token" = []))
)]
pub async fn enable_rule(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
) -> Answer<Acted> {
    let done = acts::enable_rule(&console.hub, operator.actor(), &path.id).await;
    done.map_err(|error| refused(&error))?;
    Ok(Acted::done())
}

/// Switch a rule off
///
/// What it has raised ends.
#[utoipa::path(
    post,
    path = "/alarms/rules/{id}/disabling",
    operation_id = "disableRule",
    tag = "alarms",
    params(OnePath),
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn disable_rule(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    let rule = rules::find(&console, &path.id).await?.id;
    put(
        &console,
        &operator,
        &Deed::DisableRule { rule },
        &why.reason,
    )
    .await
}

impl NewRule {
    /// The reason and the rule, if all of it can be used.
    async fn judged(
        self,
        console: &Console,
        (id, enabled): (String, bool),
    ) -> Answer<(String, Rule)> {
        if !matches!(self.least, watch::State::Yellow | watch::State::Red) {
            return Err(unfit("least", "expected yellow or red."));
        }
        if self.condition.is_own() && self.scope != Scope::All {
            return Err(unfit("scope", "what is the hub's own has the scope all."));
        }
        if !rules::is_known(console, &self.scope) {
            return Err(unfit("to", "there is nothing of this kind."));
        }
        for (field, ms) in [("stands_ms", self.stands_ms), ("repeat_ms", self.repeat_ms)] {
            if !(0..=rules::LONGEST_MS).contains(&ms) {
                let most = rules::LONGEST_MS;
                return Err(unfit(field, format!("expected 0 to {most}.")));
            }
        }
        let known = rules::read(console).await?.1;
        let is_known = |id: &String| known.iter().any(|one| one.id == *id);
        if !self.recipients.iter().all(is_known) {
            return Err(unfit("recipients", "one of them is unknown."));
        }
        let rule = Rule {
            id,
            condition: self.condition,
            least: self.least,
            scope: self.scope,
            severity: self.severity,
            stands_ms: self.stands_ms,
            repeat_ms: self.repeat_ms,
            everybody: self.everybody,
            recipients: self.recipients,
            enabled,
        };
        Ok((self.reason, rule))
    }
}
