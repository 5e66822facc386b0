//! The first set-up: who looks after the node, and the units of the institution.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::Path;
use lapor_web::accounts::cookie::Ticket;
use lapor_web::accounts::{
    AccountError, NewAccount, Purpose, SHORTEST_PASSWORD, Secret, Staffed as _,
};
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath, Visit};

use super::password::{SecretPath, twice};
use super::refused::{Again, complain, refusal};
use super::{Answer, Guest, sign_in, units};
use crate::node::Node;
use crate::staff::{SETUP, StaffRole};

#[derive(Template)]
#[template(path = "desk/setup-about.html")]
struct About {
    v: Voice,
}

#[derive(Template)]
#[template(path = "desk/setup.html")]
struct Setup<'a> {
    v: Voice,
    form: &'a Form,
    institution: &'a str,
    zone: String,
    contact: Option<&'a str>,
    here: String,
    shortest: usize,
}

/// Without its secret the page only says where the secret stands.
pub async fn about(State(node): State<Arc<Node>>, visit: Visit) -> Answer<Response> {
    let administered = node.accounts().has_administrator().await;
    if administered.map_err(|error| refusal(&error))? {
        return Ok(visit.go(&LocalPath::own(sign_in::PATH)));
    }
    let title = visit.v.say("setup-title");
    visit.shell(title).show(&About { v: visit.v })
}

pub async fn ask(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    Path(path): Path<SecretPath>,
) -> Answer<Response> {
    let secret = good(&node, &path, &guest).await?;
    show(&node, &visit, &Form::empty(), &secret, Again::FIRST)
}

pub async fn set_up(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    Path(path): Path<SecretPath>,
    mut form: Form,
) -> Answer<Response> {
    let secret = good(&node, &path, &guest).await?;
    let v = &visit.v;
    let (name, login) = (form.required(v, "name"), form.required(v, "login"));
    let Some(password) = twice(&mut form, v) else {
        return show(&node, &visit, &form, &secret, Again::FORM);
    };
    let first = NewAccount {
        login: &login,
        name: &name,
        role: StaffRole::Admin.as_str(),
        unit: None,
    };
    let made = node
        .accounts()
        .set_up(&secret, &first, &password, &guest.arrival())
        .await;
    match made {
        Ok(opened) => {
            let done = Flash::done(text_id("setup-done"));
            let mut response = visit.go_saying(&LocalPath::own(units::PATH), &done);
            node.cookies()
                .give(response.headers_mut(), Ticket::Session, &opened);
            Ok(response)
        }
        Err(error) => {
            let again = complain(&mut form, v, "login", &error)?;
            show(&node, &visit, &form, &secret, again)
        }
    }
}

async fn good(node: &Node, path: &SecretPath, guest: &Guest) -> Answer<Secret> {
    let secret = path.secret()?;
    let link = node.accounts().link(&secret, guest.address).await;
    match link.map_err(|error| refusal(&error))?.purpose {
        Purpose::Setup => Ok(secret),
        _ => Err(refusal(&AccountError::LinkDead)),
    }
}

fn show(
    node: &Node,
    visit: &Visit,
    form: &Form,
    secret: &Secret,
    again: Again,
) -> Answer<Response> {
    let directory = node.directory();
    let own = node.instance().ok();
    let zone = own
        .and_then(|own| directory.latest().instance(own))
        .map(|entry| entry.time_zone.clone());
    let page = Setup {
        v: visit.v,
        form,
        institution: visit.institution(),
        zone: zone.unwrap_or_else(|| "Asia/Jakarta".to_owned()),
        contact: node.settings().portal.contact.as_deref(),
        here: format!("{SETUP}/{}", secret.reveal()),
        shortest: SHORTEST_PASSWORD,
    };
    let title = visit.v.say("setup-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}
