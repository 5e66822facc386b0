//! Acts upon a membership that need more than a reason: ending it, replacing it
//! after its key is lost, having its certificates count no more, changing whom it may dispose to. Each has a page that
//! says what will follow before anything is done.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::authority::Pattern;
use lapor_protocol::directory::{Directory, InstanceEntry, Status};
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Path};
use serde::Serialize;

use super::approvals::{failed, put, refused};
use super::instances::{self, OnePath, one};
use super::invite::{AUTHORITY, SUPERVISOR, supervision};
use super::names::whom;
use super::{Answer, Console, ConsoleRole, invite, patterns};
use crate::approvals::ApprovalError;
use crate::deeds::Deed;
use crate::error::HubError;
use crate::membership::MembershipError;
use crate::store;
use crate::store::state::CASEWORK;
use crate::succession::written;
use crate::watch;

pub const REVOKE: &str = "/konsol/instansi/{slug}/cabut";
pub const REPLACE: &str = "/konsol/instansi/{slug}/ganti";
pub const VOID: &str = "/konsol/instansi/{slug}/sertifikat";
pub const ENTRUST: &str = "/konsol/instansi/{slug}/wewenang";
const SUCCESSOR: &str = "penerus";
const SURE: &str = "yakin";
const REASON: &str = "alasan";
const REASON_CHARACTERS: usize = 500;
/// Institutions that are named; of more, their number is said.
const NAMED: usize = 12;

/// Which of the acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Revoke,
    Replace,
    Void,
    Entrust,
}

/// What hangs on a membership, at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hanging {
    /// Open cases of which it has custody.
    pub in_custody: i64,
    /// Open cases that were filed with it.
    pub filed: i64,
    /// Messages of the record that these two numbers do not know yet.
    pub uncounted: i64,
    /// Messages in its stream that it has not fetched.
    pub undelivered: u64,
    /// Messages that it had not sent when it reported last; `None` if it never did.
    pub unsent: Option<u64>,
    /// Those that may dispose to it.
    pub disposers: Vec<InstanceId>,
}

#[derive(Template)]
#[template(path = "console/act.html")]
struct ActPage<'a> {
    v: Voice,
    form: &'a Form,
    act: Act,
    title: String,
    name: String,
    here: String,
    instance_at: String,
    hanging: Hanging,
    named: Vec<(String, String)>,
    follows: Vec<String>,
    successors: Vec<Choice>,
    /// What an authority can be given for, by its name.
    patterns: Vec<(String, String)>,
    /// What the patterns in the form mean.
    meant: Vec<(String, String)>,
    second_person: bool,
    /// Whether it is asked if the institution stands in for an excluded desk.
    supervises: bool,
}

impl Act {
    fn path(self) -> &'static str {
        match self {
            Self::Revoke => REVOKE,
            Self::Replace => REPLACE,
            Self::Void => VOID,
            Self::Entrust => ENTRUST,
        }
    }

    pub fn at(self, id: &InstanceId) -> String {
        self.path().replace("{slug}", id.as_str())
    }

    pub fn title(self) -> TextId {
        match self {
            Self::Revoke => text_id("act-revoke"),
            Self::Replace => text_id("act-replace"),
            Self::Void => text_id("act-void"),
            Self::Entrust => text_id("act-entrust"),
        }
    }

    /// What will follow, sentence by sentence.
    pub fn follows(self) -> Vec<TextId> {
        match self {
            Self::Revoke => vec![
                text_id("revoke-follows-cut"),
                text_id("revoke-follows-cases"),
                text_id("revoke-follows-record"),
                text_id("revoke-follows-slug"),
            ],
            Self::Replace => vec![
                text_id("replace-follows-name"),
                text_id("replace-follows-invite"),
                text_id("replace-follows-cases"),
                text_id("replace-follows-lost"),
            ],
            Self::Void => vec![
                text_id("void-follows-end"),
                text_id("void-follows-node"),
                text_id("void-follows-keys"),
            ],
            Self::Entrust => vec![
                text_id("entrust-follows-new"),
                text_id("entrust-follows-old"),
            ],
        }
    }

    /// Which of these acts an institution of this kind and status can meet.
    pub fn offered(entry: &InstanceEntry) -> Vec<Self> {
        let desk = entry.kind == InstanceKind::Pusat;
        let joined = matches!(entry.status, Status::Active | Status::Suspended);
        let all = [
            (Self::Entrust, entry.status != Status::Revoked),
            (Self::Void, joined),
            (Self::Replace, joined && !desk),
            (Self::Revoke, entry.status != Status::Revoked && !desk),
        ];
        let offered = all.into_iter().filter(|(_, can)| *can);
        offered.map(|(act, _)| act).collect()
    }
}

pub async fn ask_revoke(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    ask(&console, &member, &path.slug, Act::Revoke).await
}

pub async fn ask_replace(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    ask(&console, &member, &path.slug, Act::Replace).await
}

pub async fn ask_void(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    ask(&console, &member, &path.slug, Act::Void).await
}

pub async fn ask_entrust(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    ask(&console, &member, &path.slug, Act::Entrust).await
}

pub async fn revoke(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    form: Form,
) -> Answer<Response> {
    send(&console, &member, path.slug, Act::Revoke, form).await
}

pub async fn replace(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    form: Form,
) -> Answer<Response> {
    send(&console, &member, path.slug, Act::Replace, form).await
}

pub async fn void(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    form: Form,
) -> Answer<Response> {
    send(&console, &member, path.slug, Act::Void, form).await
}

pub async fn entrust(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    form: Form,
) -> Answer<Response> {
    send(&console, &member, path.slug, Act::Entrust, form).await
}

/// A deed as a list says it, with whom or what it names.
pub fn deed_said(v: &Voice, directory: &Directory, deed: &Deed) -> String {
    let words = v.say(instances::deed_words(deed, v.now_ms()));
    let then = |next: &InstanceId| format!("{words} → {}", whom(v, directory, next.as_str()));
    match deed {
        Deed::Maintain { from, until }
        | Deed::EndMaintenance {
            from: Some(from),
            until: Some(until),
            ..
        } => {
            format!("{words}: {} – {}", v.moment(*from), v.moment(*until))
        }
        Deed::Revoke {
            successor: Some(successor),
            ..
        }
        | Deed::Replace { successor, .. } => then(successor),
        Deed::Entrust {
            disposes_to,
            stands_in,
            ..
        } => entrusting_said(v, &words, disposes_to, *stands_in),
        _ if deed.is_forced() => v.with("deed", words).say("step-forced"),
        _ => words,
    }
}

/// To whom it may dispose then, and whether it stands in for the desk if that changes.
fn entrusting_said(v: &Voice, words: &str, to: &[Pattern], stands_in: Option<bool>) -> String {
    let disposes = disposing_said(v, &written(to));
    let stands_in = match stands_in {
        None => String::new(),
        Some(true) => format!("; {}", v.say("authority-stands-in")),
        Some(false) => format!("; {}", v.say("authority-stands-not-in")),
    };
    format!("{words}: {disposes}{stands_in}")
}

/// To whom somebody may dispose, by the patterns in a line as [`written`] has them.
pub fn disposing_said(v: &Voice, patterns: &str) -> String {
    match patterns {
        "-" => v.say("authority-none"),
        some => format!("{} {some}", v.say("authority-field")),
    }
}

/// What hangs on the membership of an institution now.
pub async fn hanging(console: &Console, entry: &InstanceEntry) -> Result<Hanging, HubError> {
    let picture = watch::look(&console.hub).await?;
    let seen = picture.instances.get(&entry.id);
    let ground = &console.hub.ground;
    let mut tx = ground.db.read().await?;
    let (in_custody, filed) = store::membership::open_cases(&mut tx, &entry.id).await?;
    let counted = store::state::read(&mut tx, CASEWORK).await?;
    let counted: i64 = counted.and_then(|text| text.parse().ok()).unwrap_or(0);
    let last = store::state::moment(&mut tx).await?.number;
    tx.rollback().await?;
    let region = entry.region.as_ref();
    let covers = |patterns: &[Pattern]| {
        let mut patterns = patterns.iter();
        patterns.any(|pattern| pattern.covers(&entry.id, entry.kind, region))
    };
    let directory = ground.directory.current();
    let disposers = directory.latest().instances();
    let disposers = disposers
        .filter(|other| other.id != entry.id && other.status == Status::Active)
        .filter(|other| covers(&other.disposes_to));
    Ok(Hanging {
        in_custody,
        filed,
        uncounted: (last - counted).max(0),
        undelivered: seen.map_or(0, |seen| seen.undelivered),
        unsent: seen
            .and_then(|seen| seen.told.as_ref())
            .map(|told| told.report.unsent),
        disposers: disposers.map(|other| other.id.clone()).collect(),
    })
}

async fn ask(console: &Console, member: &Member, id: &InstanceId, act: Act) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let entry = known(console, id, act)?;
    let mut form = Form::empty();
    if act == Act::Entrust {
        let lines: Vec<String> = entry.disposes_to.iter().map(ToString::to_string).collect();
        form.put(AUTHORITY, lines.join("\n"));
        if entry.default_supervisor {
            form.put(SUPERVISOR, "1");
        }
    }
    page(console, member, &entry, act, &form).await
}

async fn send(
    console: &Console,
    member: &Member,
    id: InstanceId,
    act: Act,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let entry = known(console, &id, act)?;
    let at = LocalPath::own(&one(&id));
    let Some((deed, reason)) = read(&v, &mut form, &entry, act) else {
        return page(console, member, &entry, act, &form).await;
    };
    let asked = (&deed, reason.as_str(), console.settings.second_person);
    let done = instances::done(&deed, v.now_ms());
    let said = match put(console, member, asked, done).await {
        Ok(said) => said,
        Err(ApprovalError::Membership(MembershipError::Status { .. }))
            if matches!(act, Act::Entrust | Act::Void) =>
        {
            Flash::warning(text_id("console-status-changed"))
        }
        Err(ApprovalError::Membership(error)) => {
            let complained = complaint(&error).map(|text| (SUCCESSOR, v.say(text)));
            let Some((field, text)) = complained.or_else(|| supervision(&v, &error)) else {
                return Err(refused(&error.into()));
            };
            form.complain(field, text);
            return page(console, member, &entry, act, &form).await;
        }
        Err(error) => return Err(refused(&error)),
    };
    Ok(member.visit.go_saying(&at, &said))
}

fn read(v: &Voice, form: &mut Form, entry: &InstanceEntry, act: Act) -> Option<(Deed, String)> {
    let instance = entry.id.clone();
    let supervises = entry.kind == InstanceKind::Pengawas;
    let deed = match act {
        Act::Revoke => Some(Deed::Revoke {
            instance,
            successor: form.parsed(SUCCESSOR, v.say("invite-slug-wrong")),
        }),
        Act::Replace => {
            form.required(v, SUCCESSOR);
            let successor = form.parsed(SUCCESSOR, v.say("invite-slug-wrong"));
            successor.map(|successor| Deed::Replace {
                instance,
                successor,
            })
        }
        Act::Void => Some(Deed::VoidCertificates { instance }),
        Act::Entrust => Some(Deed::Entrust {
            instance,
            disposes_to: invite::patterns(v, form),
            stands_in: supervises.then(|| form.is_ticked(SUPERVISOR)),
        }),
    };
    let reason = form.required(v, REASON);
    form.at_most(v, REASON, REASON_CHARACTERS);
    if act != Act::Entrust && !form.is_ticked(SURE) {
        form.complain(SURE, v.say("act-unsure"));
    }
    let deed = deed.filter(|_| form.is_fine())?;
    Some((deed, reason))
}

/// What is wrong with the successor that was named.
fn complaint(error: &MembershipError) -> Option<TextId> {
    Some(match error {
        MembershipError::Taken(_) => text_id("act-successor-taken"),
        MembershipError::OwnSuccessor(_) => text_id("act-successor-itself"),
        MembershipError::IdleSuccessor { .. } => text_id("act-successor-idle"),
        MembershipError::Unknown(_) => text_id("act-successor-unknown"),
        MembershipError::Status { .. } => text_id("console-status-changed"),
        _ => return None,
    })
}

/// The entry, if this act is open to it.
fn known(console: &Console, id: &InstanceId, act: Act) -> Answer<InstanceEntry> {
    let directory = console.hub.ground.directory.current();
    let entry = directory.latest().instance(id).cloned();
    entry
        .filter(|entry| Act::offered(entry).contains(&act))
        .ok_or_else(ApiProblem::not_found)
}

async fn page(
    console: &Console,
    member: &Member,
    entry: &InstanceEntry,
    act: Act,
    form: &Form,
) -> Answer<Response> {
    let v = member.visit.v;
    let hanging = hanging(console, entry).await.map_err(|e| failed(&e))?;
    let named = hanging.disposers.iter().take(NAMED);
    let patterns = if act == Act::Entrust {
        patterns::named(&v, &console.hub.ground.directory.current())
    } else {
        Vec::new()
    };
    let page = ActPage {
        v,
        form,
        act,
        title: v.say(act.title()),
        name: entry.name.clone(),
        here: act.at(&entry.id),
        instance_at: one(&entry.id),
        named: named.map(|id| (id.to_string(), one(id))).collect(),
        follows: act.follows().into_iter().map(|id| v.say(id)).collect(),
        successors: successors(console, entry),
        meant: patterns::meant_by(&v, &patterns, form.text(AUTHORITY)),
        patterns,
        second_person: console.settings.second_person,
        supervises: act == Act::Entrust && entry.kind == InstanceKind::Pengawas,
        hanging,
    };
    let shell = member.visit.shell(format!("{}: {}", page.title, page.name));
    shell
        .script("patterns.js")
        .within(instances::PATH)
        .status(form.status())
        .show(&page)
}

/// Who can take an institution's place, those that are active: of its kind first.
fn successors(console: &Console, entry: &InstanceEntry) -> Vec<Choice> {
    let directory = console.hub.ground.directory.current();
    let others = directory.latest().instances();
    let mut others: Vec<&InstanceEntry> = others
        .filter(|other| other.id != entry.id && other.status == Status::Active)
        .collect();
    others.sort_by_key(|other| (other.kind != entry.kind, other.name.to_lowercase()));
    let choice = |other: &InstanceEntry| {
        Choice::new(other.id.as_str(), format!("{} ({})", other.name, other.id))
    };
    others.into_iter().map(choice).collect()
}
