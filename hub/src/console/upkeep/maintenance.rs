//! Maintenance: what is announced, to how many it has come, a form to announce another, and its
//! end by hand.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::Member;

use super::super::approvals::{failed, put, refused};
use super::super::instances::done;
use super::super::{Answer, Console, ConsoleRole, consequences};
use super::{Tab, tabs};
use crate::approvals::ApprovalError;
use crate::casework::weeks::ZONE;
use crate::deeds::Deed;
use crate::maintenance::{self, MaintenanceError, Notice};
use crate::membership::MembershipError;
use crate::watch;

pub const PATH: &str = "/konsol/perawatan/pemeliharaan";
pub const END: &str = "/konsol/perawatan/pemeliharaan/akhiri";
const FROM: &str = "mulai";
const UNTIL: &str = "sampai";
const REASON: &str = "alasan";
/// Why it ends.
const WHY: &str = "sebab";
const REASON_CHARACTERS: usize = 500;

#[derive(Template)]
#[template(path = "console/upkeep/maintenance.html")]
struct Page<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    notice: Option<Notice>,
    here: &'static str,
    end_at: &'static str,
    acts: bool,
    second_person: bool,
}

pub async fn show(State(console): State<Arc<Console>>, member: Member) -> Answer<Response> {
    page(&console, &member, &Form::empty()).await
}

/// Announces one.
pub async fn plan(
    State(console): State<Arc<Console>>,
    member: Member,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let from = if form.text(FROM).is_empty() {
        Some(v.now_ms())
    } else {
        moment(&v, &mut form, FROM)
    };
    form.required(&v, UNTIL);
    let until = moment(&v, &mut form, UNTIL);
    let reason = form.required(&v, REASON);
    form.at_most(&v, REASON, REASON_CHARACTERS);
    let (Some(from), Some(until), true) = (from, until, form.is_fine()) else {
        return page(&console, &member, &form).await;
    };
    send(
        &console,
        &member,
        form,
        &Deed::Maintain { from, until },
        &reason,
    )
    .await
}

/// Ends the one that lasts, or calls off the one to come.
pub async fn end(
    State(console): State<Arc<Console>>,
    member: Member,
    mut form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let v = member.visit.v;
    let reason = form.required(&v, WHY);
    form.at_most(&v, WHY, REASON_CHARACTERS);
    if !form.is_fine() {
        return page(&console, &member, &form).await;
    }
    let deed = maintenance::ending(&console.hub.ground);
    send(&console, &member, form, &deed, &reason).await
}

async fn send(
    console: &Console,
    member: &Member,
    mut form: Form,
    deed: &Deed,
    reason: &str,
) -> Answer<Response> {
    let v = member.visit.v;
    let asked = (deed, reason, console.settings.second_person);
    let done = done(deed, v.now_ms());
    let said = match put(console, member, asked, done).await {
        Ok(said) => said,
        Err(ApprovalError::Membership(MembershipError::Maintenance(wrong))) => {
            let text = match wrong {
                MaintenanceError::Over => text_id("maintenance-over"),
                MaintenanceError::TooLong => text_id("maintenance-too-long"),
                _ => consequences::hindrance(wrong),
            };
            if !matches!(wrong, MaintenanceError::None | MaintenanceError::Another) {
                form.complain(UNTIL, v.say(text));
                return page(console, member, &form).await;
            }
            Flash::warning(text)
        }
        Err(error) => return Err(refused(&error)),
    };
    Ok(member.visit.go_saying(&LocalPath::own(PATH), &said))
}

/// A moment that was typed, by the clocks of the capital; Unix ms.
fn moment(v: &Voice, form: &mut Form, name: &'static str) -> Option<i64> {
    form.moment(name, ZONE, v.say("maintenance-moment-wrong"))
}

async fn page(console: &Console, member: &Member, form: &Form) -> Answer<Response> {
    let v = member.visit.v;
    let picture = watch::look(&console.hub).await.map_err(|e| failed(&e))?;
    let page = Page {
        v,
        tabs: tabs(&v, PATH),
        form,
        notice: maintenance::read(&console.hub.ground, &picture),
        here: PATH,
        end_at: END,
        acts: ConsoleRole::of(member.session.account.role, ConsoleRole::acts),
        second_person: console.settings.second_person,
    };
    let shell = member.visit.shell(v.say("maintenance-title"));
    shell.within(super::PATH).status(form.status()).show(&page)
}
