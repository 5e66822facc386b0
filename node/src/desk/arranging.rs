//! What an admin types about the node where `node.toml` is silent: how the institution is reached, the
//! address of its portal, its mail server; `answer_rules` has what is asked of answers. An address is
//! kept when the page was opened there, so that it leads to this node and nobody is locked out; a mail
//! server when it has taken a letter to the admin. A password is never sent back.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::header::ORIGIN;
use http::{HeaderMap, StatusCode};
use lapor_web::ApiProblem;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::mail::{self, Encryption};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::public_url::PublicUrl;
use zeroize::Zeroizing;

use super::arrangements::{page, typed_at};
use super::assignment::staff_problem;
use super::shared::rendered;
use super::{Answer, Officer, answer_rules};
use crate::api::problem;
use crate::in_force::{Contact, InForce, MailServer, Source};
use crate::node::Node;
use crate::post::{Delivery, MailSettingsError};
use crate::staff::StaffRole;

pub const CONTACT: &str = "/meja/pengaturan/kontak";
pub const ADDRESS: &str = "/meja/pengaturan/alamat";
pub const MAIL: &str = "/meja/pengaturan/surel";

/// What is typed in one form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Contact,
    Address,
    Mail,
    Approval,
    Evidence,
}

#[derive(Template)]
#[template(path = "desk/arranging.html")]
struct Part<'a> {
    v: Voice,
    input: Input,
    to: &'static str,
    form: &'a Form,
    /// `node.toml` says it, and is changed at the machine alone.
    by_file: bool,
    ways: Vec<Choice>,
    /// The categories to choose from, where some are named.
    categories: Vec<Choice>,
    /// A mail server was typed: its password need not be typed again, and it can be removed.
    typed: bool,
}

/// A form with what is kept, or as it was sent.
pub fn form(
    node: &Node,
    v: &Voice,
    input: Input,
    again: Option<&Form>,
    categories: &[Choice],
) -> Answer<String> {
    let in_force = node.in_force();
    let (to, filled) = match input {
        Input::Contact => (CONTACT, contact_filled(&in_force)),
        Input::Address => (ADDRESS, address_filled(&in_force)),
        Input::Mail => (MAIL, mail_filled(&in_force)),
        Input::Approval => (
            answer_rules::APPROVAL,
            answer_rules::approval_filled(&in_force),
        ),
        Input::Evidence => (
            answer_rules::EVIDENCE,
            answer_rules::evidence_filled(&in_force),
        ),
    };
    rendered(&Part {
        v: *v,
        input,
        to,
        form: again.unwrap_or(&filled),
        by_file: source(&in_force, input) == Source::File,
        ways: ways(v),
        categories: categories.to_vec(),
        typed: in_force.typed().server().is_some(),
    })
}

pub async fn show_contact(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    back(&node, &officer, Input::Contact, None).await
}

pub async fn show_address(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    back(&node, &officer, Input::Address, None).await
}

pub async fn show_mail(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    back(&node, &officer, Input::Mail, None).await
}

/// Keeps how the institution is reached.
pub async fn keep_contact(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    may_type(&node, &officer, Input::Contact)?;
    let v = officer.visit.v;
    let mut line = |name, most| one_line(&form.at_most(&v, name, most));
    let contact = Contact {
        address: line("alamat", 200),
        telephone: line("telepon", 60),
        hours: line("jam", 100),
    };
    if !form.is_fine() {
        return page(&node, &officer, None, Some((Input::Contact, &form))).await;
    }
    let kept = node.keep_contact(contact, &officer.actor()).await;
    kept.map_err(|error| problem(&error))?;
    let done = Flash::done(text_id("arranging-kept"));
    back(&node, &officer, Input::Contact, Some(done)).await
}

/// Keeps where people open the portal, when this page was opened there.
pub async fn keep_address(
    State(node): State<Arc<Node>>,
    officer: Officer,
    headers: HeaderMap,
    mut form: Form,
) -> Answer<Response> {
    may_type(&node, &officer, Input::Address)?;
    let v = officer.visit.v;
    let typed = form.text("alamat-portal").to_owned();
    let address = PublicUrl::try_from(typed.clone()).ok();
    let here = headers.get(ORIGIN).and_then(|here| here.to_str().ok());
    let here = here.unwrap_or_default();
    match &address {
        None if typed.is_empty() => {}
        None => form.complain("alamat-portal", v.say("arranging-address-unusable")),
        Some(address) if address.to_string().eq_ignore_ascii_case(here) => {}
        Some(_) => {
            let said = v.with("here", here).say("arranging-address-elsewhere");
            form.complain("alamat-portal", said);
        }
    }
    if !form.is_fine() {
        return page(&node, &officer, None, Some((Input::Address, &form))).await;
    }
    let kept = node.keep_address(address, &officer.actor()).await;
    kept.map_err(|error| problem(&error))?;
    let done = Flash::done(text_id("arranging-kept"));
    back(&node, &officer, Input::Address, Some(done)).await
}

/// Keeps the mail server when it has taken a letter to the admin, or forgets it.
pub async fn keep_mail(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    may_type(&node, &officer, Input::Mail)?;
    let actor = officer.actor();
    if form.text("hapus") == "ya" {
        let forgotten = node.forget_mail(&actor).await;
        forgotten.map_err(|error| problem(&error))?;
        let done = Flash::done(text_id("arranging-mail-removed"));
        return back(&node, &officer, Input::Mail, Some(done)).await;
    }
    let v = officer.visit.v;
    let server = server(&mut form, &v);
    let password = password(&node, &mut form, &v, &server);
    let address = officer.session.account.login.as_str();
    if form.is_fine() {
        let tried = try_out(&node, &server, password.as_ref(), address).await;
        if let Err((field, said)) = tried {
            form.complain(field, said.in_words(&v));
        }
        let noted = node.note_mail_tried(&actor).await;
        noted.map_err(|error| problem(&error))?;
    }
    if !form.is_fine() {
        return page(&node, &officer, None, Some((Input::Mail, &form))).await;
    }
    let password = password.as_ref().map(|password| password.as_str());
    let kept = node.keep_mail(server, password, &actor).await;
    kept.map_err(|error| staff_problem(&error))?;
    let done = Flash::done(text_id("arranging-mail-kept")).with("address", address);
    back(&node, &officer, Input::Mail, Some(done)).await
}

/// Refuses whoever administers nothing, and what only the file says.
pub(super) fn may_type(node: &Node, officer: &Officer, input: Input) -> Answer<()> {
    officer.requires(StaffRole::administers)?;
    if source(&node.in_force(), input) == Source::File {
        let title = "node.toml says it; change it there";
        return Err(ApiProblem::new(StatusCode::CONFLICT, "in_file", title));
    }
    Ok(())
}

/// To the step where it is typed.
pub(super) async fn back(
    node: &Node,
    officer: &Officer,
    input: Input,
    done: Option<Flash>,
) -> Answer<Response> {
    officer.requires(StaffRole::administers)?;
    let to = LocalPath::own(&typed_at(node, officer, input).await?);
    Ok(match done {
        Some(done) => officer.visit.go_saying(&to, &done),
        None => officer.visit.go(&to),
    })
}

fn source(in_force: &InForce, input: Input) -> Source {
    match input {
        Input::Contact => in_force.contact,
        Input::Address => in_force.address,
        Input::Mail => in_force.mail,
        Input::Approval => in_force.approval,
        Input::Evidence => in_force.evidence,
    }
}

fn contact_filled(in_force: &InForce) -> Form {
    let contact = in_force.typed().contact.clone().unwrap_or_default();
    Form::of([
        ("alamat", contact.address),
        ("telepon", contact.telephone),
        ("jam", contact.hours),
    ])
}

fn address_filled(in_force: &InForce) -> Form {
    let address = in_force.typed().public_url.as_ref();
    Form::of([(
        "alamat-portal",
        address.map(ToString::to_string).unwrap_or_default(),
    )])
}

fn mail_filled(in_force: &InForce) -> Form {
    let Some(server) = in_force.typed().server() else {
        return Form::of([("enkripsi", "starttls")]);
    };
    Form::of([
        ("host", server.host.clone()),
        ("enkripsi", code(server.encryption).to_owned()),
        ("porta", server.port.to_string()),
        ("user", server.user.clone().unwrap_or_default()),
        ("pengirim", server.from.clone()),
        ("balasan", server.reply_to.clone().unwrap_or_default()),
    ])
}

/// What was typed of a server, with complaints about what cannot be one.
fn server(form: &mut Form, v: &Voice) -> MailServer {
    let host = form.required(v, "host");
    form.at_most(v, "host", 253);
    let encryption = encryption(form.text("enkripsi"));
    if encryption.is_none() {
        form.complain("enkripsi", v.say("form-required"));
    }
    let encryption = encryption.unwrap_or(Encryption::StartTls);
    let port = form.parsed("porta", v.say("arranging-mail-port-unusable"));
    let user = form.at_most(v, "user", 254);
    let from = form.required(v, "pengirim");
    form.at_most(v, "pengirim", 254);
    let reply_to = form.at_most(v, "balasan", 254);
    let said = |text: String| (!text.is_empty()).then_some(text);
    MailServer {
        host,
        port: port.unwrap_or(usual_port(encryption)),
        encryption,
        user: said(user),
        from,
        reply_to: said(reply_to),
    }
}

/// The password for the log-in that was typed: as typed, or the one that was kept for it.
fn password(
    node: &Node,
    form: &mut Form,
    v: &Voice,
    server: &MailServer,
) -> Option<Zeroizing<String>> {
    let typed = Zeroizing::new(form.typed("sandi").to_owned());
    let in_force = node.in_force();
    match (&server.user, typed.is_empty()) {
        (Some(_), false) => Some(typed),
        (Some(_), true) => {
            let known = in_force.password_for(server).cloned();
            if known.is_none() {
                form.complain("sandi", v.say("arranging-mail-password-needed"));
            }
            known
        }
        (None, false) => {
            form.complain("user", v.say("arranging-mail-user-needed"));
            None
        }
        (None, true) => None,
    }
}

/// Why a server is not kept.
enum Trouble {
    Text(TextId),
    Said(String),
}

impl Trouble {
    fn in_words(self, v: &Voice) -> String {
        match self {
            Self::Text(text) => v.say(text),
            Self::Said(problem) => v.with("problem", problem).say("arranged-mail-failed"),
        }
    }
}

/// Hands a letter to the server; else which field is to blame, and why.
async fn try_out(
    node: &Arc<Node>,
    server: &MailServer,
    password: Option<&Zeroizing<String>>,
    address: &str,
) -> Result<(), (&'static str, Trouble)> {
    let password = password.map(|password| password.as_str());
    let settings = node.settings().mail.by(server);
    let postbox = settings.postbox_with(password).map_err(blamed)?;
    let Some(postbox) = postbox else {
        return Ok(());
    };
    let sent = Delivery::by(node, postbox).try_out(address).await;
    sent.map_err(|trouble| ("host", Trouble::Said(trouble.problem().to_owned())))
}

fn blamed(error: MailSettingsError) -> (&'static str, Trouble) {
    use mail::MailSettingsError as Server;
    let MailSettingsError::Server(server) = error else {
        return ("host", Trouble::Said(error.to_string()));
    };
    match server {
        Server::Address { field, .. } => (
            if field == "from" {
                "pengirim"
            } else {
                "balasan"
            },
            Trouble::Text(text_id("arranging-mail-address-unusable")),
        ),
        Server::OpenPassword => (
            "enkripsi",
            Trouble::Text(text_id("arranging-mail-open-password")),
        ),
        Server::Host(_) => (
            "host",
            Trouble::Text(text_id("arranging-mail-host-unusable")),
        ),
        other => ("host", Trouble::Said(other.to_string())),
    }
}

const ENCRYPTIONS: [(Encryption, &str, TextId); 3] = [
    (
        Encryption::StartTls,
        "starttls",
        text_id("arranging-mail-starttls"),
    ),
    (Encryption::Tls, "tls", text_id("arranging-mail-tls")),
    (Encryption::None, "none", text_id("arranging-mail-plain")),
];

fn ways(v: &Voice) -> Vec<Choice> {
    ENCRYPTIONS
        .map(|(_, code, name)| Choice::new(code, v.say(name)))
        .to_vec()
}

fn encryption(code: &str) -> Option<Encryption> {
    let mut all = ENCRYPTIONS.into_iter();
    all.find(|(_, known, _)| *known == code)
        .map(|(encryption, ..)| encryption)
}

fn code(encryption: Encryption) -> &'static str {
    match encryption {
        Encryption::StartTls => "starttls",
        Encryption::Tls => "tls",
        Encryption::None => "none",
    }
}

fn usual_port(encryption: Encryption) -> u16 {
    match encryption {
        Encryption::StartTls => 587,
        Encryption::Tls => 465,
        Encryption::None => 25,
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
