//! Inviting one institution. The line that it joins by is shown once, in the
//! answer that made it, and kept nowhere: the hub knows only its hash.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::authority::Pattern;
use lapor_protocol::directory::Status;
use lapor_protocol::ids::{InstanceId, InstanceKind};
use lapor_protocol::region::RegionCode;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::regions::{Level, Region, national};
use lapor_web::{Path, Query};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::approvals::refused;
use super::instances::{OnePath, one};
use super::sheet::Sheet;
use super::words::{kind_words, membership_words};
use super::{Answer, Console, ConsoleRole, instances, patterns};
use crate::audit::By;
use crate::membership::{self, Invited, MembershipError, Profile, ZONES};
use crate::roadmap::kind_of;

pub const PATH: &str = "/konsol/undang";
pub const WITHDRAW: &str = "/konsol/undang/{slug}/batal";
pub const SLUG: &str = "pendek";
/// Also told apart where a table is judged.
pub const KIND: &str = "jenis";
pub const NAME: &str = "nama";
pub const REGION: &str = "wilayah";
pub const ZONE: &str = "zona";
const REASON: &str = "alasan";
const REASON_CHARACTERS: usize = 500;
/// Also of the form for many: who joins is not asked to wait.
pub const APPROVED: &str = "langsung";
/// Also the field of the page on which authority is changed.
pub const AUTHORITY: &str = "disposisi";
pub const SUPERVISOR: &str = "pengganti";
/// The slug of the institution whose profile the form began with, if it began with one.
const KNOWN: &str = "diketahui";

/// What the form begins with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    /// One that is registered or invited.
    instansi: String,
    /// The government of a region.
    wilayah: String,
}

#[derive(Template)]
#[template(path = "console/invite.html")]
struct AskPage<'a> {
    v: Voice,
    form: &'a Form,
    here: &'static str,
    list_at: &'static str,
    kinds: Vec<Choice>,
    zones: Vec<Choice>,
    /// Whether who joins waits unless the invitation says otherwise.
    approval: bool,
    /// Whether an authority is asked for: one person alone gives none where two must agree.
    authority: bool,
    /// What it can be given for, by its name.
    patterns: Vec<(String, String)>,
    /// What the patterns in the form mean.
    meant: Vec<(String, String)>,
    /// Whether the form began with what is known of an institution: what it lacks is taken away.
    known: bool,
}

#[derive(Template)]
#[template(path = "console/invited.html")]
struct DonePage {
    v: Voice,
    line: Zeroizing<String>,
    expires_at: i64,
    instance_at: String,
    /// To whom it may dispose: each pattern with what it means.
    authority: Vec<(String, String)>,
    sheet: Sheet,
}

pub async fn ask(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let known = wanted.instansi.parse::<InstanceId>().ok();
    let known = known.and_then(|id| profile_of(&console, &id));
    if let Some(profile) = known {
        let mut form = filled(&profile);
        form.put(KNOWN, profile.id.as_str());
        return page(&console, &member, &form);
    }
    let region = wanted.wilayah.parse::<RegionCode>().ok();
    let region = region.and_then(|code| national().region(&code));
    let form = region
        .and_then(government)
        .map_or_else(Form::empty, |profile| filled(&profile));
    page(&console, &member, &form)
}

pub async fn send(
    State(console): State<Arc<Console>>,
    member: Member,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let actor = member.actor();
    let made = invite(&console, &v, &By::actor(&actor), &mut form).await?;
    let Some((profile, invited)) = made else {
        return page(&console, &member, &form);
    };
    let name = profile.name.as_deref().unwrap_or(profile.id.as_str());
    let known = patterns::named(&v, &console.hub.ground.directory.current());
    let done = DonePage {
        v,
        authority: patterns::meant(&v, &known, &profile.disposes_to),
        sheet: Sheet::of(
            &console,
            (&profile.id, name),
            &invited.line,
            invited.expires_at,
        )?,
        line: invited.line,
        expires_at: invited.expires_at,
        instance_at: one(&profile.id),
    };
    let shell = member.visit.shell(v.say("invited-title"));
    shell
        .within(instances::PATH)
        .script("invite.js")
        .show(&done)
}

/// Invites whom a form names; `None` where the form has complaints.
pub async fn invite(
    console: &Console,
    v: &Voice,
    by: &By<'_>,
    form: &mut Form,
) -> Answer<Option<(Profile, Invited)>> {
    let Some(profile) = read(v, form) else {
        return Ok(None);
    };
    let ground = &console.hub.ground;
    if console.settings.second_person && profile.widens(&ground.directory.current()) {
        form.complain(AUTHORITY, v.say("invite-needs-two"));
    }
    if let Some(text) = unapproved(console, v, profile.approved) {
        form.complain(APPROVED, text);
    }
    if !form.is_fine() {
        return Ok(None);
    }
    let invited = match membership::invite(ground, by, &profile).await {
        Ok(invited) => invited,
        Err(error) => {
            let Some((field, text)) = complaint(v, &error) else {
                return Err(refused(&error.into()));
            };
            form.complain(field, text);
            return Ok(None);
        }
    };
    console.hub.watch.look_again();
    Ok(Some((profile, invited)))
}

/// Voids the line of an institution that has not joined by it.
pub async fn withdraw(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let at = LocalPath::own(&one(&path.slug));
    let (v, actor) = (member.visit.v, member.actor());
    let reason = form.required(&v, REASON);
    form.at_most(&v, REASON, REASON_CHARACTERS);
    if !form.is_fine() {
        let said = Flash::warning(text_id("invite-withdraw-reason"));
        return Ok(member.visit.go_saying(&at, &said));
    }
    let by = By {
        reason: &reason,
        ..By::actor(&actor)
    };
    let done = membership::withdraw(&console.hub.ground, &by, &path.slug).await;
    let said = match done {
        Ok(()) => Flash::done(text_id("invite-withdrawn")),
        Err(MembershipError::Status { .. }) => Flash::warning(text_id("console-status-changed")),
        Err(error) => return Err(refused(&error.into())),
    };
    console.hub.watch.look_again();
    Ok(member.visit.go_saying(&at, &said))
}

/// Where the form for an institution stands.
pub fn ask_at(id: &InstanceId) -> String {
    LocalPath::asking(PATH, [("instansi", id.as_str())]).to_string()
}

/// Where the form for the government of a region stands.
pub fn ask_for(region: &RegionCode) -> String {
    LocalPath::asking(PATH, [("wilayah", region.as_str())]).to_string()
}

/// Patterns as a form has them, by spaces or line ends; a complaint at the first
/// that is none.
pub fn patterns(v: &Voice, form: &mut Form) -> Vec<Pattern> {
    let (mut patterns, mut wrong) = (Vec::new(), None);
    for word in form.text(AUTHORITY).split_whitespace() {
        match word.parse() {
            Ok(pattern) if patterns.contains(&pattern) => {}
            Ok(pattern) => patterns.push(pattern),
            Err(_) => wrong = wrong.or_else(|| Some(word.to_owned())),
        }
    }
    if let Some(word) = wrong {
        let text = v.with("pattern", word).say("authority-wrong");
        form.complain(AUTHORITY, text);
    }
    patterns
}

/// Why nobody is invited by this profile: the field that is wrong, and how; `None`
/// for what is no matter of the form.
pub fn complaint(v: &Voice, error: &MembershipError) -> Option<(&'static str, String)> {
    let field = match error {
        MembershipError::Joined { .. } => SLUG,
        MembershipError::Kind { .. } | MembershipError::SecondDesk(_) => KIND,
        error => return supervision(v, error),
    };
    Some((field, membership_words(v, error)))
}

/// Why an institution does not stand in for an excluded desk.
pub fn supervision(v: &Voice, error: &MembershipError) -> Option<(&'static str, String)> {
    let stands_in = matches!(
        error,
        MembershipError::NoSupervisor | MembershipError::SecondSupervisor(_)
    );
    stands_in.then(|| (SUPERVISOR, membership_words(v, error)))
}

/// Why an invitation cannot say that it needs no approval; `None` if it can, or does not.
pub fn unapproved(console: &Console, v: &Voice, approved: bool) -> Option<String> {
    let waits = console.hub.settings().enrolment.approval;
    let refused = approved && waits && console.settings.second_person;
    refused.then(|| v.say("invite-approval-needs-two"))
}

/// Whether an invitation can say that who joins by it waits for nobody.
pub fn waits_unless_said(console: &Console) -> bool {
    console.hub.settings().enrolment.approval && !console.settings.second_person
}

fn page(console: &Console, member: &Member, form: &Form) -> Answer<Response> {
    let v = member.visit.v;
    let kind = |kind: InstanceKind| Choice::new(kind.as_str(), v.say(kind_words(kind)));
    let authority = !console.settings.second_person
        || !form.text(AUTHORITY).is_empty()
        || form.is_ticked(SUPERVISOR)
        || !form.is_fine();
    let patterns = if authority {
        patterns::named(&v, &console.hub.ground.directory.current())
    } else {
        Vec::new()
    };
    let page = AskPage {
        v,
        form,
        here: PATH,
        list_at: instances::PATH,
        kinds: InstanceKind::ALL.into_iter().map(kind).collect(),
        zones: ZONES.map(|zone| Choice::new(zone, zone)).into(),
        approval: waits_unless_said(console),
        authority,
        meant: patterns::meant_by(&v, &patterns, form.text(AUTHORITY)),
        patterns,
        known: !form.text(KNOWN).is_empty(),
    };
    let shell = member.visit.shell(v.say("invite-title"));
    shell
        .script("patterns.js")
        .within(instances::PATH)
        .status(form.status())
        .show(&page)
}

fn read(v: &Voice, form: &mut Form) -> Option<Profile> {
    form.required(v, SLUG);
    let id: Option<InstanceId> = form.parsed(SLUG, v.say("invite-slug-wrong"));
    form.required(v, KIND);
    let kind = form.parsed(KIND, v.say("invite-kind-wrong"));
    form.required(v, NAME);
    let name = form.at_most(v, NAME, 200);
    let typed = form.text(REGION).to_owned();
    // Never guessed: it goes into the signed directory.
    let region = national().meant(&typed);
    let region = region.filter(|code| code.as_str() == typed || national().says(&typed, code));
    if !typed.is_empty() && region.is_none() {
        form.complain(REGION, v.say("invite-region-wrong"));
    }
    if let (Some(kind), Some(region)) = (kind, &region)
        && !may_govern(kind, region)
    {
        form.complain(REGION, v.say("invite-region-level"));
    }
    let zone = form.text(ZONE).to_owned();
    if !zone.is_empty() && !ZONES.contains(&zone.as_str()) {
        form.complain(ZONE, v.say("invite-zone-wrong"));
    }
    let disposes_to = patterns(v, form);
    let (id, kind) = (id?, kind?);
    let profile = Profile {
        name: Some(name),
        region,
        disposes_to,
        default_supervisor: form.is_ticked(SUPERVISOR),
        time_zone: Some(zone).filter(|zone| !zone.is_empty()),
        clears: form.text(KNOWN) == id.as_str(),
        approved: form.is_ticked(APPROVED),
        ..Profile::of(id, kind)
    };
    form.is_fine().then_some(profile)
}

/// Whether an institution of a kind can be that of a region: a government only
/// that of a region of its own level.
pub fn may_govern(kind: InstanceKind, region: &RegionCode) -> bool {
    let governs = matches!(
        kind,
        InstanceKind::Provinsi | InstanceKind::Kabupaten | InstanceKind::Kota
    );
    let known = national().region(region);
    !governs || known.is_some_and(|region| kind_of(region.level) == kind)
}

/// What is known of an institution that has not joined.
fn profile_of(console: &Console, id: &InstanceId) -> Option<Profile> {
    let directory = console.hub.ground.directory.current();
    let entry = directory.latest().instance(id)?;
    matches!(entry.status, Status::Registered | Status::Invited).then(|| Profile {
        name: Some(entry.name.clone()),
        region: entry.region.clone(),
        disposes_to: entry.disposes_to.clone(),
        default_supervisor: entry.default_supervisor,
        time_zone: Some(entry.time_zone.clone()),
        ..Profile::of(entry.id.clone(), entry.kind)
    })
}

/// The government of a region, by the names that such institutions have.
fn government(region: &Region) -> Option<Profile> {
    let kind = kind_of(region.level);
    let before = if region.level == Level::Province {
        "prov "
    } else {
        ""
    };
    let slug = format!("{before}{}", region.name).to_lowercase();
    let slug = slug.replace("kabupaten ", "kab ");
    let words: Vec<&str> = slug
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    Some(Profile {
        name: Some(format!("Pemerintah {}", titled(region))),
        region: Some(region.code.clone()),
        ..Profile::of(words.join("-").parse().ok()?, kind)
    })
}

fn titled(region: &Region) -> String {
    match region.level {
        Level::Province => format!("Provinsi {}", region.name),
        Level::Regency | Level::City => region.name.clone(),
    }
}

fn filled(profile: &Profile) -> Form {
    let patterns = profile.disposes_to.iter().map(ToString::to_string);
    let patterns: Vec<String> = patterns.collect();
    let region = profile.region.as_ref().map(ToString::to_string);
    let mut form = Form::of([
        (SLUG, profile.id.to_string()),
        (KIND, profile.kind.to_string()),
        (NAME, profile.name.clone().unwrap_or_default()),
        (REGION, region.unwrap_or_default()),
        (ZONE, profile.time_zone.clone().unwrap_or_default()),
        (AUTHORITY, patterns.join("\n")),
    ]);
    if profile.default_supervisor {
        form.put(SUPERVISOR, "1");
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_government_is_called_as_governments_are() {
        for (code, slug, kind) in [
            ("32", "prov-jawa-barat", InstanceKind::Provinsi),
            ("32.73", "kota-bandung", InstanceKind::Kota),
            ("32.05", "kab-garut", InstanceKind::Kabupaten),
        ] {
            let region = national().region(&code.parse().unwrap()).unwrap();
            let profile = government(region).unwrap();
            assert_eq!((profile.id.as_str(), profile.kind), (slug, kind));
        }
    }
}
