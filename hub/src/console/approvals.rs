//! Dangerous acts that wait for a second person, and their decision.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_migrations::DbError;
use lapor_protocol::directory::Directory;
use lapor_web::accounts::AccountState;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::{Member, Office as _, actor_named, refusal};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::acts::deed_said;
use super::admission::{self, Waiting};
use super::instances::{done, one};
use super::resting::{self, Resting};
use super::{Answer, Console, ConsoleRole, alarms, consequences, keys, names, upkeep};
use crate::alarms::{ActError, Rule};
use crate::approvals::{self, Approval, ApprovalError, Asked};
use crate::audit::By;
use crate::deeds::Deed;
use crate::error::HubError;
use crate::maintenance::hindered;
use crate::membership::MembershipError;
use crate::restored::CloseError;
use crate::tokens::{self, person};

pub const PATH: &str = "/konsol/persetujuan";
pub const ONE: &str = "/konsol/persetujuan/{id}";
/// The field of the decision: `setuju` or `tolak`.
const DECISION: &str = "putusan";

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

#[derive(Template)]
#[template(path = "console/approvals.html")]
struct ListPage {
    v: Voice,
    lines: Vec<Line>,
    second_person: bool,
    /// Institutions that have joined and wait.
    joining: Vec<Waiting>,
    resting: Vec<Resting>,
    acts: bool,
}

struct Line {
    at: String,
    deed: String,
    /// The institution, or what else it is about, and where that is shown.
    about: String,
    about_at: Option<String>,
    /// The slug of the institution, beside its name.
    slug: Option<String>,
    /// What follows from it, as whoever asked for it has read.
    follows: Vec<String>,
    reason: String,
    who: String,
    asked_at: i64,
    expires_at: i64,
    /// Whoever looks may confirm it, and it can be done.
    confirms: bool,
    /// Whoever looks has asked for it.
    own: bool,
    /// Whoever looks may refuse it, or take it back.
    refuses: bool,
}

pub async fn list(State(console): State<Arc<Console>>, member: Member) -> Answer<Response> {
    let v = member.visit.v;
    let waiting = approvals::waiting(&console.hub.ground).await;
    let waiting = waiting.map_err(|error| refused(&error))?;
    let accounts = console.accounts().list().await;
    let accounts = accounts.map_err(|error| refusal(&error))?;
    let actor = member.actor();
    let askers = askers(&console, &waiting).await?;
    let acts = ConsoleRole::of(member.session.account.role, ConsoleRole::acts);
    let resting = if console.settings.second_person {
        resting::all(&console, &v, (&accounts, &actor, acts)).await?
    } else {
        Vec::new()
    };
    let names: BTreeMap<String, String> = accounts
        .into_iter()
        .map(|account| (account.actor(), account.name))
        .collect();
    let (rules, called) = alarms::standing(&console, &v).await?;
    let directory = console.hub.ground.directory.current();
    let joining = admission::all(&console, &v, &waiting).await?;
    let follows = consequences::of_all(&console, &v, &waiting).await;
    let lines = waiting
        .into_iter()
        .zip(askers)
        .zip(follows)
        .map(|((approval, asker), follows)| Line {
            at: at(&approval),
            deed: deed_said(&v, &directory, &approval.deed),
            about: about(&v, &directory, &approval.deed, (&rules, &called)),
            about_at: about_at(&approval.deed),
            slug: slug(&directory, &approval.deed),
            follows,
            who: actor_named(&v, &names, &approval.asked_by),
            confirms: acts
                && asker != actor
                && hindered(&console.hub.ground, &approval.deed).is_none(),
            own: asker == actor,
            refuses: acts,
            reason: approval.reason,
            asked_at: approval.asked_at,
            expires_at: approval.expires_at,
        });
    let page = ListPage {
        v,
        lines: lines.collect(),
        second_person: console.settings.second_person,
        joining,
        resting,
        acts,
    };
    let title = v.say("console-approvals");
    member.visit.shell(title).wide().show(&page)
}

/// Where an act that waits is decided.
pub fn at(approval: &Approval) -> String {
    ONE.replace("{id}", &approval.id)
}

pub async fn decide(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let confirms = match form.text(DECISION) {
        "setuju" => true,
        "tolak" => false,
        _ => return Err(ApiProblem::invalid().with_detail("putusan: expected setuju or tolak.")),
    };
    let actor = member.actor();
    let settled = settle(&console, &actor, &path.id, confirms).await?;
    let refused = settled.as_ref().ok().filter(|_| !confirms).cloned();
    let mut said = settled_words(&member.visit.v, settled, confirms)?;
    if let Some(approval) = &refused
        && askers(&console, std::slice::from_ref(approval))
            .await?
            .contains(&actor)
    {
        said = Flash::done(text_id("console-withdrawn"));
    }
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

/// What whoever has decided is told of it.
pub fn settled_words(
    v: &Voice,
    settled: Result<Approval, ApprovalError>,
    confirms: bool,
) -> Answer<Flash> {
    Ok(match settled {
        Ok(approval) if confirms => done(&approval.deed, v.now_ms()),
        Ok(_) => Flash::done(text_id("console-refused")),
        Err(ApprovalError::AskerGone) => Flash::warning(text_id("console-asker-gone")),
        Err(
            ApprovalError::Gone | ApprovalError::Membership(MembershipError::Alarm(ActError::Gone)),
        ) => Flash::warning(text_id("console-approval-gone")),
        Err(ApprovalError::SamePerson) => Flash::warning(text_id("console-same-person")),
        Err(ApprovalError::Membership(
            MembershipError::Status { .. }
            | MembershipError::NotWaiting(_)
            | MembershipError::Unapproved(_)
            | MembershipError::Rotation(_),
        )) => Flash::warning(text_id("console-status-changed")),
        Err(ApprovalError::Membership(MembershipError::IdleSuccessor { .. })) => {
            Flash::warning(text_id("act-successor-idle"))
        }
        Err(ApprovalError::Membership(MembershipError::Maintenance(wrong))) => {
            Flash::warning(consequences::hindrance(wrong))
        }
        Err(ApprovalError::Membership(MembershipError::Recovery(CloseError::Nothing))) => {
            Flash::warning(text_id("recovery-changed"))
        }
        Err(ApprovalError::Membership(error))
            if !matches!(
                error,
                MembershipError::Hub(_)
                    | MembershipError::Alarm(ActError::Hub(_))
                    | MembershipError::Recovery(_)
            ) =>
        {
            Flash::warning(text_id("console-not-allowed"))
        }
        Err(error) => return Err(refused(&error)),
    })
}

/// Does what another person has asked for, or drops it.
pub async fn settle(
    console: &Console,
    actor: &str,
    id: &str,
    confirms: bool,
) -> Answer<Result<Approval, ApprovalError>> {
    let ground = &console.hub.ground;
    if !confirms {
        let refused = approvals::refuse(ground, actor, id).await;
        console.hub.alarms.ring();
        return Ok(refused);
    }
    if !asker_acts(console, id).await? {
        return Ok(Err(ApprovalError::AskerGone));
    }
    let confirmed = approvals::confirm(ground, actor, id).await;
    if confirmed.is_ok() {
        look_about(console);
    }
    Ok(confirmed)
}

/// Does an act or has it wait for a second person.
pub async fn ask(
    console: &Console,
    by: &By<'_>,
    deed: &Deed,
    second_person: bool,
) -> Result<Asked, ApprovalError> {
    let asked = approvals::ask(&console.hub.ground, by, deed, second_person).await?;
    match asked {
        Asked::Done => look_about(console),
        Asked::Waits(_) => console.hub.alarms.ring(),
    }
    Ok(asked)
}

/// The same for somebody at a page; what the visitor is told of it, `done` where it
/// is done. Why an act cannot be done is for its own page to tell.
pub async fn put(
    console: &Console,
    member: &Member,
    (deed, reason, second_person): (&Deed, &str, bool),
    done: Flash,
) -> Result<Flash, ApprovalError> {
    let actor = member.actor();
    let by = By {
        reason,
        ..By::actor(&actor)
    };
    match ask(console, &by, deed, second_person).await {
        Ok(Asked::Done) => Ok(done),
        Ok(Asked::Waits(_)) => Ok(Flash::done(text_id("console-asked"))),
        Err(ApprovalError::AskedAlready) => Ok(Flash::warning(text_id("console-asked-already"))),
        Err(error) => Err(error),
    }
}

/// Whoever acted as people know them.
pub async fn named(console: &Console, v: &Voice, actor: &str) -> Answer<String> {
    let names = alarms::names(console).await?;
    Ok(actor_named(v, &names, actor))
}

/// Wakes all that looks at what an act may have changed.
fn look_about(console: &Console) {
    console.hub.watch.look_again();
    console.hub.look_after_certificate();
    console.hub.alarms.ring();
}

/// What an act is about: an institution by its name, a key or a root, or the whole federation.
fn about(
    v: &Voice,
    directory: &Directory,
    deed: &Deed,
    rules: (&[Rule], &BTreeMap<String, String>),
) -> String {
    let institution = || {
        let id = deed.instance()?;
        Some(names::named(v, directory, id.as_str()))
    };
    alarms::about(deed, v, directory, rules)
        .or_else(institution)
        .or_else(|| deed.subject())
        .unwrap_or_else(|| v.say("approval-all"))
}

/// The slug of the institution whose membership an act changes, where it has a name as well.
fn slug(directory: &Directory, deed: &Deed) -> Option<String> {
    let id = deed.instance()?;
    directory.latest().instance(id).map(|_| id.to_string())
}

/// Where what an act is about is shown: an institution, or the hub's keys.
fn about_at(deed: &Deed) -> Option<String> {
    match deed {
        Deed::Silence { .. } => {
            let slug = deed.subject()?.parse().ok()?;
            Some(one(&slug))
        }
        Deed::NarrowRule { .. }
        | Deed::DisableRule { .. }
        | Deed::DisableRecipient { .. }
        | Deed::RemoveRecipient { .. } => None,
        Deed::Maintain { .. } | Deed::EndMaintenance { .. } => Some(upkeep::PATH.to_owned()),
        Deed::CloseRecovery => Some(upkeep::RECOVERY.to_owned()),
        _ => Some(deed.instance().map_or_else(|| keys::PATH.to_owned(), one)),
    }
}

/// Whether whoever asked for an act may still act; an act that is gone is told
/// of when it is confirmed.
async fn asker_acts(console: &Console, id: &str) -> Answer<bool> {
    let waiting = approvals::waiting(&console.hub.ground).await;
    let waiting = waiting.map_err(|error| refused(&error))?;
    let Some(approval) = waiting.into_iter().find(|approval| approval.id == id) else {
        return Ok(true);
    };
    let Some(person) = live_person(console, &approval.asked_by).await? else {
        return Ok(false);
    };
    let accounts = console.accounts().list().await;
    let accounts = accounts.map_err(|error| refusal(&error))?;
    let asker = accounts.iter().find(|account| account.actor() == person);
    let asker = asker.filter(|asker| {
        asker.state == AccountState::Active && ConsoleRole::of(asker.role, ConsoleRole::acts)
    });
    match asker {
        Some(asker) => Ok(!console.rests(asker).await?),
        None => Ok(false),
    }
}

/// The person behind whoever asked; `None` where they did with a token that is revoked.
async fn live_person(console: &Console, actor: &str) -> Answer<Option<String>> {
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        if let Some(token) = tokens::called_by(actor)
            && !tokens::is_live(&mut tx, token).await?
        {
            return Ok(None);
        }
        person(&mut tx, actor).await.map(Some)
    };
    read.await.map_err(|error| ApiProblem::database(&error))
}

/// The person behind each act that waits.
pub async fn askers(console: &Console, waiting: &[Approval]) -> Answer<Vec<String>> {
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let mut askers = Vec::new();
        for approval in waiting {
            askers.push(person(&mut tx, &approval.asked_by).await?);
        }
        Ok::<_, DbError>(askers)
    };
    read.await.map_err(|error| ApiProblem::database(&error))
}

/// What the visitor is told when the hub fails.
pub fn failed(error: &HubError) -> ApiProblem {
    if let HubError::Database(failed) = error {
        return ApiProblem::database(failed);
    }
    tracing::error!(%error, "a page of the console cannot be made");
    ApiProblem::internal()
}

/// What failed for another reason than the form.
pub fn refused(error: &ApprovalError) -> ApiProblem {
    match error {
        ApprovalError::Membership(
            MembershipError::Unknown(_) | MembershipError::Alarm(ActError::Gone),
        ) => ApiProblem::not_found(),
        ApprovalError::Membership(
            MembershipError::Hub(error)
            | MembershipError::Alarm(ActError::Hub(error))
            | MembershipError::Recovery(CloseError::Hub(error)),
        ) => failed(error),
        _ => {
            let title = "The federation does not allow this act";
            ApiProblem::new(StatusCode::CONFLICT, "not_allowed", title)
                .with_detail(error.to_string())
        }
    }
}
