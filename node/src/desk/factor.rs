//! One's own second factor: set up with an app, recovery codes, given up.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::ApiProblem;
use lapor_web::accounts::cookie::Ticket;
use lapor_web::accounts::{AccountError, FactorOffer, Password, RecoveryCode, Staffed as _};
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use qrcode::QrCode;
use qrcode::render::svg;

use super::refused::{Again, complain, refusal};
use super::{Answer, Guest, Officer, account};
use crate::node::Node;

pub const PATH: &str = "/meja/akun/kode";
pub const CONFIRM: &str = "/meja/akun/kode/aktifkan";
pub const CODES: &str = "/meja/akun/kode/cadangan";
pub const REMOVE: &str = "/meja/akun/kode/hapus";

#[derive(Template)]
#[template(path = "desk/factor.html")]
struct FactorPage<'a> {
    v: Voice,
    form: &'a Form,
    has_factor: bool,
    /// The role needs one and the account has none.
    lacks_factor: bool,
    codes_left: i64,
    offer_at: &'static str,
    codes_at: &'static str,
    remove_at: &'static str,
    back_at: &'static str,
}

#[derive(Template)]
#[template(path = "desk/factor-offer.html")]
struct OfferPage<'a> {
    v: Voice,
    form: &'a Form,
    /// An image of our own making.
    picture: String,
    /// The secret in groups of four, to be typed.
    secret: String,
    confirm_at: &'static str,
}

#[derive(Template)]
#[template(path = "desk/recovery-codes.html")]
struct CodesPage {
    v: Voice,
    codes: Vec<String>,
    on_at: &'static str,
}

pub async fn show(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    page(&node, &officer, &Form::empty(), Again::FIRST).await
}

/// Makes a secret, once the password has been given again.
pub async fn offer(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    let password = Password::from(form.typed("password"));
    let offered = node.accounts().offer_factor(&officer.session, &password);
    match offered.await {
        Ok(offer) => show_offer(&officer, &Form::empty(), &offer, Again::FIRST),
        Err(error) => again(&node, &officer, form, error).await,
    }
}

pub async fn confirm(
    State(node): State<Arc<Node>>,
    officer: Officer,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let accounts = node.accounts();
    let code = form.required(&officer.visit.v, "code");
    let confirmed = accounts
        .confirm_factor(&officer.session, &code, &guest.arrival())
        .await;
    match confirmed {
        Ok((opened, codes)) => {
            let mut response = show_codes(&officer, &codes)?;
            node.cookies()
                .give(response.headers_mut(), Ticket::Session, &opened);
            Ok(response)
        }
        Err(AccountError::NoFactor) => Ok(officer.visit.go(&LocalPath::own(PATH))),
        Err(error) => {
            let again = complain(&mut form, &officer.visit.v, "code", &error)?;
            let offered = accounts.offered_factor(&officer.session).await;
            match offered.map_err(|error| refusal(&error))? {
                Some(offer) => show_offer(&officer, &form, &offer, again),
                None => Ok(officer.visit.go(&LocalPath::own(PATH))),
            }
        }
    }
}

pub async fn renew_codes(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    let password = Password::from(form.typed("password"));
    let renewed = node
        .accounts()
        .renew_recovery_codes(&officer.session, &password);
    match renewed.await {
        Ok(codes) => show_codes(&officer, &codes),
        Err(error) => again(&node, &officer, form, error).await,
    }
}

pub async fn remove(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    let password = Password::from(form.typed("password"));
    let removed = node
        .accounts()
        .remove_own_factor(&officer.session, &password);
    match removed.await {
        Ok(()) => {
            let done = Flash::done(text_id("factor-removed"));
            Ok(officer.visit.go_saying(&LocalPath::own(PATH), &done))
        }
        Err(error) => again(&node, &officer, form, error).await,
    }
}

async fn again(
    node: &Node,
    officer: &Officer,
    mut form: Form,
    error: AccountError,
) -> Answer<Response> {
    let v = &officer.visit.v;
    let shown = match error {
        AccountError::Refused => {
            form.complain("password", v.say("password-wrong"));
            Again::FORM
        }
        AccountError::NoFactor => return Ok(officer.visit.go(&LocalPath::own(PATH))),
        other => complain(&mut form, v, "password", &other)?,
    };
    page(node, officer, &form, shown).await
}

async fn page(node: &Node, officer: &Officer, form: &Form, again: Again) -> Answer<Response> {
    let (visit, session) = (&officer.visit, &officer.session);
    let left = node
        .accounts()
        .recovery_codes_left(&session.account.id)
        .await;
    let page = FactorPage {
        v: visit.v,
        form,
        has_factor: session.account.has_factor,
        lacks_factor: session.lacks_factor,
        codes_left: left.map_err(|error| refusal(&error))?,
        offer_at: PATH,
        codes_at: CODES,
        remove_at: REMOVE,
        back_at: account::PATH,
    };
    let title = visit.v.say("factor-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}

fn show_offer(
    officer: &Officer,
    form: &Form,
    offer: &FactorOffer,
    again: Again,
) -> Answer<Response> {
    let visit = &officer.visit;
    let groups: Vec<&str> = (0..offer.base32.len())
        .step_by(4)
        .map(|at| &offer.base32[at..(at + 4).min(offer.base32.len())])
        .collect();
    let page = OfferPage {
        v: visit.v,
        form,
        picture: picture(&offer.url)?,
        secret: groups.join(" "),
        confirm_at: CONFIRM,
    };
    let title = visit.v.say("factor-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}

fn show_codes(officer: &Officer, codes: &[RecoveryCode]) -> Answer<Response> {
    let visit = &officer.visit;
    let page = CodesPage {
        v: visit.v,
        codes: codes.iter().map(RecoveryCode::reveal).collect(),
        on_at: account::PATH,
    };
    visit.shell(visit.v.say("codes-title")).show(&page)
}

/// A QR code as an SVG, dark on light in either scheme: readers need that.
fn picture(text: &str) -> Result<String, ApiProblem> {
    let code = QrCode::new(text).map_err(|error| {
        tracing::error!(%error, "a QR code cannot be made");
        ApiProblem::internal()
    })?;
    let drawn = code
        .render::<svg::Color<'_>>()
        .min_dimensions(240, 240)
        .build();
    // The declaration of an XML file has no place within a page.
    Ok(drawn
        .split_once("?>")
        .map_or(drawn.clone(), |(_, svg)| svg.to_owned()))
}
