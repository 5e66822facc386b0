//! Who has joined and waits for an operator: a list beside the acts that wait for a
//! second person, and a page on which the key is compared and the institution is let in.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::directory::InstanceEntry;
use lapor_protocol::ids::{Digest, InstanceId};
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Path};

use super::acts::Act;
use super::approvals::{self, put, refused};
use super::instances::{OnePath, done, one};
use super::words::kind_words;
use super::{Answer, Console, ConsoleRole};
use crate::approvals::{Approval, ApprovalError, waiting as waiting_of};
use crate::deeds::Deed;
use crate::membership::{MembershipError, fingerprint};
use crate::store;
use crate::store::joining::Admission;

pub const PATH: &str = "/konsol/persetujuan/instansi/{slug}";
const REASON: &str = "alasan";
const REASON_CHARACTERS: usize = 500;
const COMPARED: &str = "cocok";

/// One that waits.
pub struct Waiting {
    pub name: String,
    pub at: String,
    pub kind: String,
    /// SHA-256 of its identity key, in groups.
    pub fingerprint: String,
    /// Unix ms.
    pub asked_at: i64,
    pub address: String,
    /// Somebody has approved it, and it waits for a second person.
    pub asked: bool,
}

#[derive(Template)]
#[template(path = "console/admission.html")]
struct Page<'a> {
    v: Voice,
    form: &'a Form,
    waiting: Waiting,
    instance_at: String,
    list_at: &'static str,
    refuse_at: Option<String>,
    /// How many must agree, or have.
    notice: Option<String>,
    /// Nobody has approved it yet, so a reason is asked for.
    asks_why: bool,
    /// Where whoever looks and has approved it takes that back.
    withdraw_at: Option<String>,
}

/// All that wait, the first to ask first, beside the acts that wait for a second person.
pub async fn all(console: &Console, v: &Voice, acts: &[Approval]) -> Answer<Vec<Waiting>> {
    let waiting = waiting(console).await?;
    let waiting = waiting.iter();
    Ok(waiting
        .map(|(entry, joined)| Waiting::of(v, entry, joined, acts))
        .collect())
}

/// The same as the directory and the record have them.
pub async fn waiting(console: &Console) -> Answer<Vec<(InstanceEntry, Admission)>> {
    let directory = console.hub.ground.directory.current();
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        store::joining::admissions(&mut tx).await
    };
    let joined = read.await.map_err(|error| ApiProblem::database(&error))?;
    let mut waiting: Vec<(InstanceEntry, Admission)> = joined
        .into_iter()
        .filter_map(|(id, joined)| {
            let entry = directory.latest().instance(&id)?;
            joined.waits(entry).then(|| (entry.clone(), joined))
        })
        .collect();
    waiting.sort_by_key(|(_, joined)| joined.asked_at);
    Ok(waiting)
}

/// Where one is let in.
pub fn at(id: &InstanceId) -> String {
    PATH.replace("{slug}", id.as_str())
}

pub async fn ask(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    page(&console, &member, &path.slug, &Form::empty()).await
}

/// Lets it in, or has that wait for a second person; whoever is the second says no other reason.
pub async fn admit(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let first = first(&waiting_acts(&console).await?, &path.slug).cloned();
    let reason = match first {
        None => form.required(&v, REASON),
        Some(_) => String::new(),
    };
    form.at_most(&v, REASON, REASON_CHARACTERS);
    if !form.is_ticked(COMPARED) {
        form.complain(COMPARED, v.say("admission-uncompared"));
    }
    if !form.is_fine() {
        return page(&console, &member, &path.slug, &form).await;
    }
    let instance = path.slug;
    let to = LocalPath::own(&one(&instance));
    if let Some(first) = first {
        let settled = approvals::settle(&console, &member.actor(), &first.id, true).await?;
        let said = approvals::settled_words(&v, settled, true)?;
        return Ok(member.visit.go_saying(&to, &said));
    }
    let deed = Deed::Admit { instance };
    let asked = (&deed, reason.as_str(), console.settings.second_person);
    let said = match put(&console, &member, asked, done(&deed, v.now_ms())).await {
        Ok(said) => said,
        Err(ApprovalError::Membership(
            MembershipError::Status { .. } | MembershipError::NotWaiting(_),
        )) => Flash::warning(text_id("console-status-changed")),
        Err(error) => return Err(refused(&error)),
    };
    Ok(member.visit.go_saying(&to, &said))
}

async fn page(
    console: &Console,
    member: &Member,
    id: &InstanceId,
    form: &Form,
) -> Answer<Response> {
    let v = member.visit.v;
    let directory = console.hub.ground.directory.current();
    let entry = directory.latest().instance(id);
    let entry = entry.ok_or_else(ApiProblem::not_found)?;
    let acts = waiting_acts(console).await?;
    let waiting = all(console, &v, &acts).await?.into_iter();
    let here = at(id);
    let mut waiting = waiting.filter(|waiting| waiting.at == here);
    let refuses = Act::offered(entry).contains(&Act::Revoke);
    let first = first(&acts, id);
    let (notice, withdraw_at) = approved(console, member, first).await?;
    let page = Page {
        v,
        form,
        waiting: waiting.next().ok_or_else(ApiProblem::not_found)?,
        instance_at: one(id),
        list_at: approvals::PATH,
        refuse_at: refuses.then(|| Act::Revoke.at(id)),
        notice,
        asks_why: first.is_none(),
        withdraw_at,
    };
    let shell = member.visit.shell(v.say("admission-title"));
    shell
        .within(approvals::PATH)
        .status(form.status())
        .show(&page)
}

async fn waiting_acts(console: &Console) -> Answer<Vec<Approval>> {
    let acts = waiting_of(&console.hub.ground).await;
    acts.map_err(|error| refused(&error))
}

/// What one person has approved and another has not.
fn first<'a>(acts: &'a [Approval], id: &InstanceId) -> Option<&'a Approval> {
    let lets_in = |act: &&Approval| matches!(&act.deed, Deed::Admit { instance } if instance == id);
    acts.iter().find(lets_in)
}

/// What is said of who has approved it, and where whoever looks takes the own approval back.
async fn approved(
    console: &Console,
    member: &Member,
    first: Option<&Approval>,
) -> Answer<(Option<String>, Option<String>)> {
    let v = member.visit.v;
    let Some(first) = first else {
        let two = console.settings.second_person;
        return Ok((two.then(|| v.say("console-second-person")), None));
    };
    let askers = approvals::askers(console, std::slice::from_ref(first)).await?;
    if askers.contains(&member.actor()) {
        let said = v.say("admission-asked-own");
        return Ok((Some(said), Some(approvals::at(first))));
    }
    let who = approvals::named(console, &v, &first.asked_by).await?;
    let said = v.with("who", who).with("reason", first.reason.as_str());
    Ok((Some(said.say("admission-asked-by")), None))
}

impl Waiting {
    fn of(v: &Voice, entry: &InstanceEntry, joined: &Admission, acts: &[Approval]) -> Self {
        Self {
            name: entry.name.clone(),
            at: at(&entry.id),
            kind: v.say(kind_words(entry.kind)),
            fingerprint: fingerprint(entry).map(Digest::read_out).unwrap_or_default(),
            asked_at: joined.asked_at,
            address: joined.address.clone(),
            asked: first(acts, &entry.id).is_some(),
        }
    }
}
