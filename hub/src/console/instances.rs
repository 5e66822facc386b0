//! An institution of the federation, with what an operator may do to it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::{Directory, DirectoryAt, InstanceEntry, Status};
use lapor_protocol::ids::InstanceId;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::regions::national;
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::acts::Act;
use super::alarms::{self, Shown};
use super::approvals::{failed, put, refused};
use super::belonging::Belonging;
use super::names::called;
use super::standing::Standing;
use super::steps::Step;
use super::words::kind_words;
use super::{Answer, Console, ConsoleRole, invite};
use crate::approvals::ApprovalError;
use crate::deeds::Deed;
use crate::error::HubError;
use crate::membership::MembershipError;
use crate::watch;

pub const PATH: &str = "/konsol/instansi";
pub const ONE: &str = "/konsol/instansi/{slug}";
pub const ACT: &str = "/konsol/instansi/{slug}/{act}";
/// The field of the reason, and its characters at most.
const REASON: &str = "alasan";
const REASON_CHARACTERS: usize = 500;

#[derive(Deserialize)]
pub struct OnePath {
    pub(super) slug: InstanceId,
}

#[derive(Deserialize)]
pub struct ActPath {
    slug: InstanceId,
    act: String,
}

/// An institution as lists and its page begin it.
pub struct Line {
    pub id: String,
    pub at: String,
    pub name: String,
    pub kind: String,
    pub tone: &'static str,
    pub status: String,
}

#[derive(Template)]
#[template(path = "console/instance.html")]
struct OnePage<'a> {
    v: Voice,
    form: &'a Form,
    line: Line,
    list_at: &'static str,
    region: Option<String>,
    zone: String,
    /// Where its portal is, as its node says.
    portal: Option<String>,
    /// What may be done to it now, by whoever looks.
    act: Option<ActWords>,
    second_person: bool,
    standing: Standing,
    alarms: Vec<Shown>,
    silence_at: Option<String>,
    belonging: Belonging,
}

/// An act as its form says it.
struct ActWords {
    at: String,
    title: String,
    about: String,
    tone: &'static str,
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    page(&console, &member, &path.slug, &Form::empty()).await
}

/// Does what the path says, or has it wait for a second person.
pub async fn act(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<ActPath>,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let instance = path.slug;
    let at = one(&instance);
    let deed = match path.act.as_str() {
        "tangguhkan" => Deed::Suspend {
            instance: instance.clone(),
        },
        "pulihkan" => Deed::Resume {
            instance: instance.clone(),
        },
        _ => return Err(ApiProblem::not_found()),
    };
    let v = member.visit.v;
    let reason = form.required(&v, REASON);
    form.at_most(&v, REASON, REASON_CHARACTERS);
    if !form.is_fine() {
        return page(&console, &member, &instance, &form).await;
    }
    let asked = (&deed, reason.as_str(), console.settings.second_person);
    let done = done(&deed, v.now_ms());
    let said = match put(&console, &member, asked, done).await {
        Ok(said) => said,
        Err(ApprovalError::Membership(
            MembershipError::Status { .. } | MembershipError::Unapproved(_),
        )) => Flash::warning(text_id("console-status-changed")),
        Err(error) => return Err(refused(&error)),
    };
    Ok(member.visit.go_saying(&LocalPath::own(&at), &said))
}

/// Where the page of an institution stands.
pub fn one(id: &InstanceId) -> String {
    format!("/konsol/instansi/{id}")
}

/// What an act is called in a list, at a moment (Unix ms).
pub fn deed_words(deed: &Deed, now_ms: i64) -> TextId {
    match deed {
        Deed::Suspend { .. } => text_id("console-suspend"),
        Deed::Resume { .. } => text_id("console-resume"),
        Deed::Admit { .. } => text_id("admission-title"),
        Deed::VoidCertificates { .. } => Act::Void.title(),
        Deed::Revoke { .. } => Act::Revoke.title(),
        Deed::Replace { .. } => Act::Replace.title(),
        Deed::Entrust { .. } => Act::Entrust.title(),
        Deed::AnnounceKey { .. } => Step::AnnounceKey.title(),
        Deed::UseKey { .. } => Step::UseKey.title(),
        Deed::RetireKey { .. } => Step::RetireKey.title(),
        Deed::AnnounceAuthority { .. } => Step::AnnounceRoot.title(),
        Deed::UseAuthority { .. } => Step::UseRoot.title(),
        Deed::WithdrawAuthority { .. } => Step::WithdrawRoot.title(),
        Deed::NarrowRule { .. } => text_id("deed-narrow-rule"),
        Deed::DisableRule { .. } => text_id("deed-disable-rule"),
        Deed::DisableRecipient { .. } => text_id("deed-disable-recipient"),
        Deed::RemoveRecipient { .. } => text_id("deed-remove-recipient"),
        Deed::Silence { .. } => text_id("deed-silence"),
        Deed::Maintain { .. } => text_id("maintenance-plan"),
        Deed::EndMaintenance { .. } if deed.calls_off(now_ms) => {
            text_id("maintenance-call-off-deed")
        }
        Deed::EndMaintenance { .. } => text_id("maintenance-end-deed"),
        Deed::CloseRecovery => text_id("recovery-close-deed"),
    }
}

/// What is said once an act is done, at that moment (Unix ms).
fn done_words(deed: &Deed, now_ms: i64) -> TextId {
    match deed {
        Deed::Suspend { .. } => text_id("console-suspended"),
        Deed::Resume { .. } => text_id("console-resumed"),
        Deed::Admit { .. } => text_id("admission-done"),
        Deed::VoidCertificates { .. } => text_id("act-voided"),
        Deed::Revoke { .. } => text_id("act-revoked"),
        Deed::Replace { .. } => text_id("act-replaced"),
        Deed::Entrust { .. } => text_id("act-entrusted"),
        Deed::AnnounceKey { .. } => text_id("key-announced-done"),
        Deed::UseKey { .. } => text_id("key-used-done"),
        Deed::RetireKey { .. } => text_id("key-retired-done"),
        Deed::AnnounceAuthority { .. } => text_id("root-announced-done"),
        Deed::UseAuthority { .. } => text_id("root-used-done"),
        Deed::WithdrawAuthority { .. } => text_id("root-withdrawn-done"),
        Deed::NarrowRule { .. } => text_id("rule-saved"),
        Deed::DisableRule { .. } => text_id("rule-disabled"),
        Deed::DisableRecipient { .. } => text_id("recipient-disabled"),
        Deed::RemoveRecipient { .. } => text_id("recipient-removed"),
        Deed::Silence { .. } => text_id("silence-begun"),
        Deed::Maintain { .. } => text_id("maintenance-planned"),
        Deed::EndMaintenance { .. } if deed.calls_off(now_ms) => text_id("maintenance-called-off"),
        Deed::EndMaintenance { .. } => text_id("maintenance-ended"),
        Deed::CloseRecovery => text_id("recovery-closed-done"),
    }
}

/// The same as a message, with the way to the step that follows.
pub fn done(deed: &Deed, now_ms: i64) -> Flash {
    let said = Flash::done(done_words(deed, now_ms));
    match deed {
        Deed::Replace { successor, .. } => {
            let at = LocalPath::own(&invite::ask_at(successor));
            said.leading_to(&at, text_id("invite-title"))
        }
        _ => said,
    }
}

async fn page(
    console: &Console,
    member: &Member,
    id: &InstanceId,
    form: &Form,
) -> Answer<Response> {
    let v = member.visit.v;
    let directory = console.hub.ground.directory.current();
    let world = directory.latest();
    let entry = world.instance(id).ok_or_else(ApiProblem::not_found)?;
    let acts = acts(member);
    let (standing, belonging) = standing(console, &v, &directory, entry, acts)
        .await
        .map_err(|e| failed(&e))?;
    let page = OnePage {
        v,
        form,
        line: line(&v, world, entry, belonging.waits()),
        list_at: PATH,
        region: entry
            .region
            .as_ref()
            .and_then(|code| national().display_name(code)),
        zone: entry.time_zone.clone(),
        portal: entry.portal.clone(),
        act: offered(&v, entry).filter(|_| acts && !belonging.waits()),
        second_person: console.settings.second_person,
        standing,
        belonging,
        alarms: alarms::of_instance(console, &v, id).await?,
        silence_at: acts.then(|| alarms::silence_at(id)),
    };
    let shell = member.visit.shell(called(&v, world, entry));
    shell.status(form.status()).show(&page)
}

async fn standing(
    console: &Console,
    v: &Voice,
    directory: &Directory,
    entry: &InstanceEntry,
    acts: bool,
) -> Result<(Standing, Belonging), HubError> {
    let picture = watch::look(&console.hub).await?;
    let ground = &console.hub.ground;
    let seen = picture.instances.get(&entry.id);
    let seen = seen.ok_or_else(|| HubError::damaged("the picture lacks an institution"))?;
    let mut tx = ground.db.read().await?;
    let standing = Standing::of(v, ground, &mut tx, seen, entry, picture.at, acts).await?;
    let belonging = Belonging::of(v, directory, &mut tx, entry, acts).await?;
    tx.rollback().await?;
    Ok((standing, belonging))
}

/// Whether somebody may act on the federation.
pub fn acts(member: &Member) -> bool {
    ConsoleRole::of(member.session.account.role, ConsoleRole::acts)
}

fn offered(v: &Voice, entry: &InstanceEntry) -> Option<ActWords> {
    let (act, title, about, tone) = match entry.status {
        Status::Active => (
            "tangguhkan",
            text_id("console-suspend"),
            text_id("console-suspend-about"),
            "danger",
        ),
        Status::Suspended => (
            "pulihkan",
            text_id("console-resume"),
            text_id("console-resume-about"),
            "",
        ),
        Status::Registered | Status::Invited | Status::Revoked => return None,
    };
    Some(ActWords {
        at: format!("{}/{act}", one(&entry.id)),
        title: v.say(title),
        about: v.say(about),
        tone,
    })
}

pub fn line(v: &Voice, world: DirectoryAt<'_>, entry: &InstanceEntry, waits: bool) -> Line {
    let (tone, status) = match entry.status {
        Status::Registered => ("quiet", text_id("status-registered")),
        Status::Invited => ("warm", text_id("status-invited")),
        Status::Active => ("done", text_id("status-active")),
        Status::Suspended if waits => ("warm", text_id("status-waits")),
        Status::Suspended => ("alert", text_id("status-suspended")),
        Status::Revoked => ("quiet", text_id("status-revoked")),
    };
    Line {
        id: entry.id.to_string(),
        at: one(&entry.id),
        name: called(v, world, entry),
        kind: v.say(kind_words(entry.kind)),
        tone,
        status: v.say(status),
    }
}
