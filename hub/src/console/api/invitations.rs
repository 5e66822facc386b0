//! Inviting one institution and many. A line is told once, in the answer that
//! made it; those of many are kept in memory for half an hour.

use std::sync::Arc;

use axum::extract::State as Shared;
use http::StatusCode;
use lapor_web::page::Form;
use lapor_web::{ApiProblem, Json, Path};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::access::Operator;
use super::acting::{Acted, Why, by, complaints, refused, unfit, voice};
use super::instances::OnePath;
use super::{Answer, Unasked};
use crate::console::invite::{APPROVED, AUTHORITY, KIND, NAME, REGION, SLUG, SUPERVISOR, ZONE};
use crate::console::words::membership_words;
use crate::console::{Console, invite, many};
use crate::membership;

/// The fields of the page's form, and what they are called here.
const NAMES: &[(&str, &str)] = &[
    (SLUG, "slug"),
    (KIND, "kind"),
    (NAME, "name"),
    (REGION, "region"),
    (ZONE, "time_zone"),
    (AUTHORITY, "disposes_to"),
    (SUPERVISOR, "stands_in"),
    (APPROVED, "approved"),
];

/// Who is invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    slug: String,
    /// `pusat`, `kementerian`, `lembaga`, `provinsi`, `kabupaten`, `kota`, `bumn`, `pengawas`.
    kind: String,
    /// 1 to 200 characters.
    name: String,
    /// An official code; of a government that of its own region. Empty keeps what is known.
    #[serde(default)]
    region: String,
    /// IANA name of a zone of Indonesia.
    #[serde(default)]
    time_zone: String,
    /// Patterns of those to whom it may dispose.
    #[serde(default)]
    disposes_to: Vec<String>,
    /// Whether it stands in for an excluded desk; `false` keeps what is known.
    #[serde(default)]
    stands_in: bool,
    /// Whether it may take part as soon as it has joined, where others wait for an approval.
    #[serde(default)]
    approved: bool,
}

/// The line by which an institution joins.
#[derive(Serialize, ToSchema)]
pub struct Invitation {
    slug: String,
    name: String,
    /// A secret: whoever has it joins in the institution's name.
    line: String,
    /// Unix ms.
    expires_at: i64,
}

/// Many who are invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRound {
    /// For the audit log; 1 to 500 characters.
    reason: String,
    /// CSV with the columns `slug`, `kind`, `name`, and if wanted `region_code`, `time_zone`,
    /// `disposes_to` (with spaces between patterns); 1000 rows at most.
    table: String,
    /// Whether they may take part as soon as they have joined, where others wait for an approval.
    #[serde(default)]
    approved: bool,
}

/// A round that has begun.
#[derive(Serialize, ToSchema)]
pub struct Begun {
    /// For `/invitations/rounds/{round}`.
    round: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct RoundPath {
    /// As it was told when it began.
    round: String,
}

/// How far a round has come.
#[derive(Serialize, ToSchema)]
pub struct RoundProgress {
    total: usize,
    /// No more are made.
    over: bool,
    /// Why it ended early.
    failed: Option<String>,
    made: Vec<Invitation>,
}

/// Invite an institution
///
/// Makes the line by which it joins, tells it this once, and voids the lines made for it before. Where
/// two must agree, an invitation gives no authority and is not approved beforehand.
#[utoipa::path(
    post,
    path = "/invitations",
    operation_id = "inviteInstance",
    tag = "instances",
    request_body = NewInvitation,
    responses((status = 201, description = "The line.", body = Invitation)),
    security(("token" = []))
)]
pub async fn create(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(asked): Json<NewInvitation>,
) -> Answer<(StatusCode, Json<Invitation>)> {
    let by = by(&operator, &asked.reason)?;
    let mut form = asked.form();
    let made = invite::invite(&console, &voice(&console), &by, &mut form).await?;
    let (profile, invited) = made.ok_or_else(|| complaints(&form, NAMES))?;
    let invitation = Invitation {
        slug: profile.id.to_string(),
        name: asked.name,
        line: invited.line.to_string(),
        expires_at: invited.expires_at,
    };
    Ok((StatusCode::CREATED, Json(invitation)))
}

/// Withdraw an invitation
///
/// Voids the line of an institution that has not joined by it.
#[utoipa::path(
    post,
    path = "/instances/{slug}/withdrawal",
    operation_id = "withdrawInvitation",
    tag = "instances",
    params(OnePath),
    request_body = Why,
    responses(Acted),
    security(("token" = []))
)]
pub async fn withdraw(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<OnePath>,
    Json(why): Json<Why>,
) -> Answer<Acted> {
    let by = by(&operator, &why.reason)?;
    let done = membership::withdraw(&console.hub.ground, &by, &path.slug).await;
    done.map_err(|error| refused(&error.into()))?;
    console.hub.watch.look_again();
    Ok(Acted::done())
}

/// Invite many institutions
///
/// The whole table is judged before anything is done: 422 says in `wrong` what is wrong, by line and
/// column. The lines are made a few at a time.
#[utoipa::path(
    post,
    path = "/invitations/rounds",
    operation_id = "inviteMany",
    tag = "instances",
    request_body = NewRound,
    responses((status = 202, description = "It has begun.", body = Begun)),
    security(("token" = []))
)]
pub async fn begin(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Json(asked): Json<NewRound>,
) -> Answer<(StatusCode, Json<Begun>)> {
    let (by, v) = (by(&operator, &asked.reason)?, voice(&console));
    let table = many::judged(&console, &v, &asked.table);
    if !table.wrong.is_empty() {
        let wrong = table.wrong.iter().map(|wrong| json!(wrong));
        let wrong: Vec<Value> = wrong.collect();
        let detail = "`wrong` says which lines and columns, and why; nobody was invited.";
        let problem = ApiProblem::invalid().with("wrong", wrong);
        return Err(problem.with_detail(detail));
    }
    if let Some(text) = invite::unapproved(&console, &v, asked.approved) {
        return Err(unfit("approved", text));
    }
    let mut profiles = table.profiles;
    for profile in &mut profiles {
        profile.approved = asked.approved;
    }
    let begun = console.rounds.begin(&console.hub.ground, &by, profiles);
    let round = begun.ok_or_else(|| {
        let title = "Too many rounds are kept";
        let detail = "Forget one of yours, or wait for half an hour.";
        ApiProblem::new(StatusCode::CONFLICT, "too_many", title).with_detail(detail)
    })?;
    Ok((StatusCode::ACCEPTED, Json(Begun { round })))
}

/// Follow a round of invitations
///
/// Tells the lines to the token that has begun it, for half an hour.
#[utoipa::path(
    get,
    path = "/invitations/rounds/{round}",
    operation_id = "readRound",
    tag = "instances",
    params(RoundPath),
    responses((status = 200, description = "How far it has come.", body = RoundProgress)),
    security(("token" = []))
)]
pub async fn follow(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<RoundPath>,
    _: Unasked,
) -> Answer<Json<RoundProgress>> {
    let round = many::round_of(&console, operator.actor(), &path.round)?;
    let progress = round.progress();
    let over = progress.is_over(round.total);
    if over {
        console.hub.watch.look_again();
    }
    let v = voice(&console);
    let failed = progress.failed.as_ref();
    let made = progress.made.iter().map(|made| Invitation {
        slug: made.id.to_string(),
        name: made.name.clone(),
        line: made.line.to_string(),
        expires_at: made.expires_at,
    });
    Ok(Json(RoundProgress {
        total: round.total,
        over,
        failed: failed.map(|error| membership_words(&v, error)),
        made: made.collect(),
    }))
}

/// Forget the lines of a round
///
/// Before their half hour is over.
#[utoipa::path(
    post,
    path = "/invitations/rounds/{round}/forgetting",
    operation_id = "forgetRound",
    tag = "instances",
    params(RoundPath),
    responses(Acted),
    security(("token" = []))
)]
pub async fn forget(
    Shared(console): Shared<Arc<Console>>,
    operator: Operator,
    Path(path): Path<RoundPath>,
) -> Answer<Acted> {
    many::round_of(&console, operator.actor(), &path.round)?;
    console.rounds.forget(&path.round);
    Ok(Acted::done())
}

impl NewInvitation {
    fn form(&self) -> Form {
        let mut form = Form::of([
            (SLUG, self.slug.clone()),
            (KIND, self.kind.clone()),
            (NAME, self.name.clone()),
            (REGION, self.region.clone()),
            (ZONE, self.time_zone.clone()),
            (AUTHORITY, self.disposes_to.join(" ")),
        ]);
        for (field, ticked) in [(SUPERVISOR, self.stands_in), (APPROVED, self.approved)] {
            if ticked {
                form.put(field, "1");
            }
        }
        form
    }
}
