//! Who is told: addresses of e-mail and webhooks.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::mail::is_address;
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::Member;
use lapor_web::webhook::AddressError;
use lapor_web::{ApiProblem, Path};
use zeroize::Zeroizing;

use super::ending::{self, Ending};
use super::{ActPath, OnePath, Tab, demand, refused, sent, tabs};
use crate::alarms::acts::{self, ActError, Channel, Recipient};
use crate::alarms::{reach, recipients};
use crate::console::approvals::failed;
use crate::console::{ALARMS, Answer, Console};
use crate::deeds::Deed;

pub const PATH: &str = "/konsol/alarm/penerima";
pub const ONE: &str = "/konsol/alarm/penerima/{id}";
/// Where a secret is shown; `id` is its ticket.
pub const SECRET: &str = "/konsol/alarm/penerima/rahasia/{id}";
pub const ACT: &str = "/konsol/alarm/penerima/{id}/{act}";
/// Characters of a name, at most.
pub const NAME: usize = 80;

#[derive(Template)]
#[template(path = "console/alarms/recipients.html")]
struct RecipientsPage<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    lines: Vec<Line>,
    here: &'static str,
    sent_at: &'static str,
    acts: bool,
    /// Whether a mail server is set.
    mails: bool,
    channels: Vec<Choice>,
}

struct Line {
    one: Recipient,
    channel: String,
    is_webhook: bool,
    at: String,
}

#[derive(Template)]
#[template(path = "console/alarms/recipient.html")]
struct RecipientPage<'a> {
    v: Voice,
    tabs: Vec<Tab>,
    form: &'a Form,
    here: String,
    back: &'static str,
    is_webhook: bool,
    name: String,
    address: String,
}

/// A secret, shown once.
#[derive(Template)]
#[template(path = "console/alarms/secret.html")]
struct SecretPage<'a> {
    v: Voice,
    secret: &'a str,
    list_at: &'static str,
}

pub async fn list(State(console): State<Arc<Console>>, member: Member) -> Answer<Response> {
    page(&console, &member, &Form::empty()).await
}

pub async fn create(
    State(console): State<Arc<Console>>,
    member: Member,
    mut form: Form,
) -> Answer<Response> {
    demand(&member)?;
    let v = member.visit.v;
    let channel = match form.required(&v, "saluran").as_str() {
        "webhook" => Channel::Webhook,
        _ => Channel::Mail,
    };
    let name = form.required(&v, "nama");
    form.at_most(&v, "nama", NAME);
    let address = form.required(&v, "alamat");
    if let Some(wrong) = wrong(&console, channel, &address) {
        form.complain("alamat", v.say(wrong));
    }
    if !form.is_fine() {
        return page(&console, &member, &form).await;
    }
    let added = (name.as_str(), address.as_str());
    match recipients::add(&console.hub, &member.actor(), channel, added).await {
        Ok(Some(secret)) => Ok(go_to_secret(&console, &member, secret)),
        Ok(None) => Ok(go(&member, text_id("recipient-added"))),
        Err(ActError::Known) => {
            form.complain("alamat", v.say("recipient-known"));
            page(&console, &member, &form).await
        }
        Err(error) => Err(refused(&error)),
    }
}

/// The form with which a recipient is changed.
pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    demand(&member)?;
    let one = find(&console, &path.id).await?;
    let mut form = Form::of([("nama", one.name.as_str())]);
    if one.channel == Channel::Mail {
        form.put("alamat", one.address.as_str());
    }
    change_page(&member, &form, one)
}

/// Changes the name and the address; that of a webhook stays where none is given.
pub async fn change(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    mut form: Form,
) -> Answer<Response> {
    demand(&member)?;
    let v = member.visit.v;
    let one = find(&console, &path.id).await?;
    let name = form.required(&v, "nama");
    form.at_most(&v, "nama", NAME);
    if one.channel == Channel::Mail {
        form.required(&v, "alamat");
    }
    let address = form.text("alamat").to_owned();
    if let Some(wrong) = wrong(&console, one.channel, &address) {
        form.complain("alamat", v.say(wrong));
    }
    if !form.is_fine() {
        return change_page(&member, &form, one);
    }
    let to = Some(address.as_str()).filter(|address| !address.is_empty());
    let (actor, two) = (member.actor(), console.settings.second_person);
    match recipients::change(&console.hub, &actor, &one.id, (&name, to), two).await {
        Ok(()) => Ok(go(&member, text_id("recipient-saved"))),
        Err(ActError::AddressStays) => {
            form.complain("alamat", v.say("recipient-address-stays"));
            change_page(&member, &form, one)
        }
        Err(ActError::Known) => {
            form.complain("alamat", v.say("recipient-known"));
            change_page(&member, &form, one)
        }
        Err(error) => Err(refused(&error)),
    }
}

/// Asks why a recipient is switched off or removed.
pub async fn ask_end(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<ActPath>,
) -> Answer<Response> {
    demand(&member)?;
    let ending = ending(&console, &path).await?;
    ending::page(&console, &member, &Form::empty(), ending)
}

/// What is done to a recipient with one button, or with a reason.
pub async fn act(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<ActPath>,
    form: Form,
) -> Answer<Response> {
    demand(&member)?;
    let (hub, actor, id) = (&console.hub, member.actor(), path.id.as_str());
    let (done, text) = match path.act.as_str() {
        "uji" => (
            recipients::test(hub, &actor, id).await,
            text_id("recipient-tested"),
        ),
        "aktif" => (
            recipients::enable(hub, &actor, id).await,
            text_id("recipient-enabled"),
        ),
        "rahasia" => {
            let secret = recipients::new_secret(hub, &actor, id).await;
            let secret = secret.map_err(|error| refused(&error))?;
            return Ok(go_to_secret(&console, &member, secret));
        }
        _ => {
            let ending = ending(&console, &path).await?;
            return ending::send(&console, &member, form, ending).await;
        }
    };
    done.map_err(|error| refused(&error))?;
    Ok(go(&member, text))
}

/// Shows a secret, once.
pub async fn secret(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    demand(&member)?;
    let v = member.visit.v;
    let secret = console.secrets.take(&member.actor(), &path.id, v.now_ms());
    let Some(secret) = secret else {
        let said = Flash::warning(text_id("secret-gone"));
        return Ok(member.visit.go_saying(&LocalPath::own(PATH), &said));
    };
    let page = SecretPage {
        v,
        secret: &secret,
        list_at: PATH,
    };
    let shell = member.visit.shell(v.say("secret-title"));
    shell.within(ALARMS).show(&page)
}

async fn ending(console: &Console, path: &ActPath) -> Answer<Ending> {
    let one = find(console, &path.id).await?;
    let (deed, title, about, done) = match path.act.as_str() {
        "nonaktif" => (
            Deed::DisableRecipient { recipient: one.id },
            text_id("switch-off"),
            text_id("recipient-disable-about"),
            text_id("recipient-disabled"),
        ),
        "hapus" => (
            Deed::RemoveRecipient { recipient: one.id },
            text_id("recipient-remove"),
            text_id("recipient-remove-about"),
            text_id("recipient-removed"),
        ),
        _ => return Err(ApiProblem::not_found()),
    };
    Ok(Ending {
        here: format!("{PATH}/{}/{}", path.id, path.act),
        name: one.name,
        deed,
        title,
        about,
        done,
        back: PATH,
    })
}

/// One of them, by its id.
pub async fn find(console: &Console, id: &str) -> Answer<Recipient> {
    let all = read(console).await?;
    let found = all.into_iter().find(|one| one.id == id);
    found.ok_or_else(ApiProblem::not_found)
}

async fn read(console: &Console) -> Answer<Vec<Recipient>> {
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let all = acts::recipients(&mut tx).await?;
        tx.rollback().await?;
        Ok(all)
    };
    read.await.map_err(|error| failed(&error))
}

fn go(member: &Member, text: TextId) -> Response {
    let at = LocalPath::own(PATH);
    member.visit.go_saying(&at, &Flash::done(text))
}

/// A page that is loaded anew makes no other secret.
fn go_to_secret(console: &Console, member: &Member, secret: Zeroizing<String>) -> Response {
    let now_ms = member.visit.v.now_ms();
    let ticket = console.secrets.put(&member.actor(), secret, now_ms);
    let at = LocalPath::own(&SECRET.replace("{id}", &ticket));
    member.visit.go(&at)
}

fn change_page(member: &Member, form: &Form, one: Recipient) -> Answer<Response> {
    let v = member.visit.v;
    let page = RecipientPage {
        v,
        tabs: tabs(&v, PATH),
        form,
        here: format!("{PATH}/{}", one.id),
        back: PATH,
        is_webhook: one.channel == Channel::Webhook,
        name: one.name,
        address: one.address,
    };
    let shell = member.visit.shell(v.say("recipient-change"));
    shell.within(ALARMS).status(form.status()).show(&page)
}

/// Why nobody can be told at an address; `None` of one that can be, or is not given.
pub fn wrong(console: &Console, channel: Channel, address: &str) -> Option<TextId> {
    if address.is_empty() {
        return None;
    }
    match channel {
        Channel::Mail if is_address(address) => None,
        Channel::Mail => Some(text_id("recipient-no-mail")),
        Channel::Webhook => match reach(console.hub.settings()).read(address) {
            Ok(_) => None,
            Err(AddressError::Unreadable) => Some(text_id("recipient-no-webhook")),
            Err(AddressError::Open) => Some(text_id("recipient-open")),
            Err(AddressError::Own | AddressError::Inside) => Some(text_id("recipient-own")),
        },
    }
}

async fn page(console: &Console, member: &Member, form: &Form) -> Answer<Response> {
    let v = member.visit.v;
    let hub = &console.hub;
    let all = read(console).await?;
    let page = RecipientsPage {
        v,
        tabs: tabs(&v, PATH),
        form,
        lines: all.into_iter().map(|one| line(&v, one)).collect(),
        here: PATH,
        sent_at: sent::PATH,
        acts: super::acts(member),
        mails: hub.settings().mail.is_on(),
        channels: vec![
            Choice::new("mail", v.say("channel-mail")),
            Choice::new("webhook", v.say("channel-webhook")).hint(v.say("channel-webhook-about")),
        ],
    };
    let shell = member.visit.shell(v.say("alarms-recipients")).wide();
    shell.within(ALARMS).status(form.status()).show(&page)
}

/// How somebody is told, in words.
pub fn channel_words(channel: Channel) -> TextId {
    match channel {
        Channel::Mail => text_id("channel-mail"),
        Channel::Webhook => text_id("channel-webhook"),
    }
}

fn line(v: &Voice, one: Recipient) -> Line {
    Line {
        channel: v.say(channel_words(one.channel)),
        is_webhook: one.channel == Channel::Webhook,
        at: format!("{PATH}/{}", one.id),
        one,
    }
}
