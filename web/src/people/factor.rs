//! One's own second factor: set up with an app, recovery codes, given up.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::refused::{Again, complain, refusal};
use super::{Answer, Guest, Member, Office};
use crate::accounts::cookie::Ticket;
use crate::accounts::{AccountError, FactorOffer, Password, RecoveryCode, Staffed as _};
use crate::language::{Voice, text_id};
use crate::page::{Flash, Form, LocalPath, qr_code};

#[derive(Template)]
#[template(path = "people/factor.html")]
struct FactorPage<'a> {
    v: Voice,
    form: &'a Form,
    has_factor: bool,
    /// The role needs one and the account has none.
    lacks_factor: bool,
    codes_left: i64,
    /// Here, and what else is done here stands below it.
    offer_at: &'static str,
    back_at: &'static str,
}

#[derive(Template)]
#[template(path = "people/factor-offer.html")]
struct OfferPage<'a> {
    v: Voice,
    form: &'a Form,
    /// An image of our own making.
    picture: String,
    /// The secret in groups of four, to be typed.
    secret: String,
    confirm_at: String,
}

#[derive(Template)]
#[template(path = "people/recovery-codes.html")]
struct CodesPage {
    v: Voice,
    codes: Vec<String>,
    on_at: &'static str,
}

pub async fn show<O: Office>(State(office): State<Arc<O>>, member: Member) -> Answer<Response> {
    page(&*office, &member, &Form::empty(), Again::FIRST).await
}

/// Makes a secret, once the password has been given again.
pub async fn offer<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    form: Form,
) -> Answer<Response> {
    let password = Password::from(form.typed("password"));
    let offered = office.accounts().offer_factor(&member.session, &password);
    match offered.await {
        Ok(offer) => show_offer::<O>(&member, &Form::empty(), &offer, Again::FIRST),
        Err(error) => again(&*office, &member, form, error).await,
    }
}

pub async fn confirm<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let accounts = office.accounts();
    let code = form.required(&member.visit.v, "code");
    let confirmed = accounts
        .confirm_factor(&member.session, &code, &guest.arrival())
        .await;
    match confirmed {
        Ok((opened, codes)) => {
            let mut response = show_codes::<O>(&member, &codes)?;
            office
                .cookies()
                .give(response.headers_mut(), Ticket::Session, &opened);
            Ok(response)
        }
        Err(AccountError::NoFactor) => Ok(member.visit.go(&LocalPath::own(O::PLACES.factor))),
        Err(error) => {
            let again = complain(&mut form, &member.visit.v, "code", &error)?;
            let offered = accounts.offered_factor(&member.session).await;
            match offered.map_err(|error| refusal(&error))? {
                Some(offer) => show_offer::<O>(&member, &form, &offer, again),
                None => Ok(member.visit.go(&LocalPath::own(O::PLACES.factor))),
            }
        }
    }
}

pub async fn renew_codes<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    form: Form,
) -> Answer<Response> {
    let password = Password::from(form.typed("password"));
    let renewed = office
        .accounts()
        .renew_recovery_codes(&member.session, &password);
    match renewed.await {
        Ok(codes) => show_codes::<O>(&member, &codes),
        Err(error) => again(&*office, &member, form, error).await,
    }
}

pub async fn remove<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    form: Form,
) -> Answer<Response> {
    let password = Password::from(form.typed("password"));
    let removed = office
        .accounts()
        .remove_own_factor(&member.session, &password);
    match removed.await {
        Ok(()) => {
            let done = Flash::done(text_id("factor-removed"));
            Ok(member
                .visit
                .go_saying(&LocalPath::own(O::PLACES.factor), &done))
        }
        Err(error) => again(&*office, &member, form, error).await,
    }
}

async fn again<O: Office>(
    office: &O,
    member: &Member,
    mut form: Form,
    error: AccountError,
) -> Answer<Response> {
    let v = &member.visit.v;
    let shown = match error {
        AccountError::Refused => {
            form.complain("password", v.say("password-wrong"));
            Again::FORM
        }
        AccountError::NoFactor => return Ok(member.visit.go(&LocalPath::own(O::PLACES.factor))),
        other => complain(&mut form, v, "password", &other)?,
    };
    page(office, member, &form, shown).await
}

async fn page<O: Office>(
    office: &O,
    member: &Member,
    form: &Form,
    again: Again,
) -> Answer<Response> {
    let (visit, session) = (&member.visit, &member.session);
    let left = office
        .accounts()
        .recovery_codes_left(&session.account.id)
        .await;
    let page = FactorPage {
        v: visit.v,
        form,
        has_factor: session.account.has_factor,
        lacks_factor: session.lacks_factor,
        codes_left: left.map_err(|error| refusal(&error))?,
        offer_at: O::PLACES.factor,
        back_at: O::PLACES.account,
    };
    let title = visit.v.say("factor-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}

fn show_offer<O: Office>(
    member: &Member,
    form: &Form,
    offer: &FactorOffer,
    again: Again,
) -> Answer<Response> {
    let visit = &member.visit;
    let groups: Vec<&str> = (0..offer.base32.len())
        .step_by(4)
        .map(|at| &offer.base32[at..(at + 4).min(offer.base32.len())])
        .collect();
    let page = OfferPage {
        v: visit.v,
        form,
        picture: qr_code(&offer.url)?,
        secret: groups.join(" "),
        confirm_at: format!("{}/aktifkan", O::PLACES.factor),
    };
    let title = visit.v.say("factor-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}

fn show_codes<O: Office>(member: &Member, codes: &[RecoveryCode]) -> Answer<Response> {
    let visit = &member.visit;
    let page = CodesPage {
        v: visit.v,
        codes: codes.iter().map(RecoveryCode::reveal).collect(),
        on_at: O::PLACES.account,
    };
    visit.shell(visit.v.say("codes-title")).show(&page)
}
