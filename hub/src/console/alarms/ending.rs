//! Acts that keep alarms from people. Each is asked for with a reason, after a
//! page that says what follows, and waits for a second person where two must
//! agree.

use askama::Template;
use axum::response::Response;
use lapor_web::language::{TextId, Voice};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::Member;

use super::{Tab, tabs};
use crate::console::approvals::{put, refused};
use crate::console::{ALARMS, Answer, Console};
use crate::deeds::Deed;

/// The field of the reason, and its characters at most.
pub const REASON: &str = "alasan";
pub const REASON_CHARACTERS: usize = 500;

/// One such act, upon a rule or a recipient.
pub struct Ending {
    pub deed: Deed,
    /// What it is upon.
    pub name: String,
    pub title: TextId,
    /// What follows.
    pub about: TextId,
    /// What is said once it is done.
    pub done: TextId,
    pub here: String,
    pub back: &'static str,
}

#[derive(Template)]
#[template(path = "console/alarms/ending.html")]
struct EndingPage<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    title: String,
    name: String,
    about: String,
    here: String,
    back: &'static str,
    second_person: bool,
}

/// Asks for the reason.
pub fn page(console: &Console, member: &Member, form: &Form, ending: Ending) -> Answer<Response> {
    let v = member.visit.v;
    let page = EndingPage {
        v,
        tabs: tabs(&v, ending.back),
        form,
        title: v.say(ending.title),
        name: ending.name,
        about: v.say(ending.about),
        here: ending.here,
        back: ending.back,
        second_person: console.settings.second_person,
    };
    let shell = member.visit.shell(format!("{}: {}", page.title, page.name));
    shell.within(ALARMS).status(form.status()).show(&page)
}

/// Does it, or has it wait for a second person.
pub async fn send(
    console: &Console,
    member: &Member,
    mut form: Form,
    ending: Ending,
) -> Answer<Response> {
    let reason = form.required(&member.visit.v, REASON);
    form.at_most(&member.visit.v, REASON, REASON_CHARACTERS);
    if !form.is_fine() {
        return page(console, member, &form, ending);
    }
    let second_person = console.settings.second_person;
    let asked = (ending.deed, reason.as_str(), second_person);
    let said = ask(console, member, asked, Flash::done(ending.done)).await?;
    Ok(member.visit.go_saying(&LocalPath::own(ending.back), &said))
}

/// Does something about alarms or has it wait; what the visitor is told of it.
pub async fn ask(
    console: &Console,
    member: &Member,
    (deed, reason, second_person): (Deed, &str, bool),
    done: Flash,
) -> Answer<Flash> {
    let asked = (&deed, reason, second_person);
    let put = put(console, member, asked, done).await;
    put.map_err(|error| refused(&error))
}
