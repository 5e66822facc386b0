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

use super::{ActPath, Tab, acts, demand, refused, sent, tabs};
use crate::alarms::acts::{self as deeds, Channel, Recipient};
use crate::alarms::reach;
use crate::console::approvals::failed;
use crate::console::{ALARMS, Answer, Console};

pub const PATH: &str = "/konsol/alarm/penerima";
pub const ACT: &str = "/konsol/alarm/penerima/{id}/{act}";
/// Characters of a name, at most.
const NAME: usize = 80;

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
    let made = deeds::add_recipient(&console.hub, &member.actor(), channel, added).await;
    match made.map_err(|error| refused(&error))? {
        Some(secret) => show_secret(&member, &secret),
        None => Ok(go(&member, text_id("recipient-added"))),
    }
}

/// What is done to a recipient with one button.
pub async fn act(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<ActPath>,
) -> Answer<Response> {
    demand(&member)?;
    let (hub, actor, id) = (&console.hub, member.actor(), path.id.as_str());
    let (done, text) = match path.act.as_str() {
        "uji" => (
            deeds::test(hub, &actor, id).await,
            text_id("recipient-tested"),
        ),
        "nonaktif" => (
            deeds::enable_recipient(hub, &actor, id, false).await,
            text_id("recipient-disabled"),
        ),
        "aktif" => (
            deeds::enable_recipient(hub, &actor, id, true).await,
            text_id("recipient-enabled"),
        ),
        "rahasia" => {
            let secret = deeds::new_secret(hub, &actor, id).await;
            let secret = secret.map_err(|error| refused(&error))?;
            return show_secret(&member, &secret);
        }
        _ => return Err(ApiProblem::not_found()),
    };
    done.map_err(|error| refused(&error))?;
    Ok(go(&member, text))
}

fn go(member: &Member, text: TextId) -> Response {
    let at = LocalPath::own(PATH);
    member.visit.go_saying(&at, &Flash::done(text))
}

fn show_secret(member: &Member, secret: &str) -> Answer<Response> {
    let v = member.visit.v;
    let page = SecretPage {
        v,
        secret,
        list_at: PATH,
    };
    let shell = member.visit.shell(v.say("secret-title"));
    shell.within(ALARMS).show(&page)
}

fn wrong(console: &Console, channel: Channel, address: &str) -> Option<TextId> {
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
            Err(AddressError::Own) => Some(text_id("recipient-own")),
        },
    }
}

async fn page(console: &Console, member: &Member, form: &Form) -> Answer<Response> {
    let v = member.visit.v;
    let hub = &console.hub;
    let read = async {
        let mut tx = hub.ground.db.read().await?;
        let all = deeds::recipients(&mut tx).await?;
        tx.rollback().await?;
        Ok(all)
    };
    let all = read.await.map_err(|error| failed(&error))?;
    let page = RecipientsPage {
        v,
        tabs: tabs(&v, PATH),
        form,
        lines: all.into_iter().map(|one| line(&v, one)).collect(),
        here: PATH,
        sent_at: sent::PATH,
        acts: acts(member),
        mails: hub.settings().mail.is_on(),
        channels: vec![
            Choice::new("mail", v.say("channel-mail")),
            Choice::new("webhook", v.say("channel-webhook")).hint(v.say("channel-webhook-about")),
        ],
    };
    let shell = member.visit.shell(v.say("alarms-recipients")).wide();
    shell.within(ALARMS).status(form.status()).show(&page)
}

fn line(v: &Voice, one: Recipient) -> Line {
    let channel = match one.channel {
        Channel::Mail => text_id("channel-mail"),
        Channel::Webhook => text_id("channel-webhook"),
    };
    Line {
        channel: v.say(channel),
        is_webhook: one.channel == Channel::Webhook,
        at: format!("{PATH}/{}", one.id),
        one,
    }
}
