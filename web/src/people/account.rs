//! One's own account: password, second factor, sessions.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::office::role_words;
use super::password::twice;
use super::refused::{Again, complain, refusal};
use super::{Answer, Guest, Member, Office};
use crate::accounts::Staffed as _;
use crate::accounts::cookie::Ticket;
use crate::accounts::{Account, AccountError, Password, SHORTEST_PASSWORD, SessionEntry};
use crate::language::{Voice, text_id};
use crate::page::{Flash, Form, Link, LocalPath};

#[derive(Template)]
#[template(path = "people/account.html")]
struct AccountPage<'a> {
    v: Voice,
    form: &'a Form,
    account: &'a Account,
    role: String,
    unit: Option<String>,
    sessions: Vec<SessionEntry>,
    /// The session that is in use.
    this: &'a str,
    change_at: String,
    end_at: String,
    factor_at: &'static str,
    /// Whoever looks after the program finds the pages for it here; others, pages of their work.
    administer: String,
    administered: &'static [Link],
    shortest: usize,
    /// What only this program has, as HTML.
    own: String,
}

pub async fn show<O: Office>(State(office): State<Arc<O>>, member: Member) -> Answer<Response> {
    page(&*office, &member, &Form::empty(), Again::FIRST).await
}

pub async fn change_password<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let v = &member.visit.v;
    let Some(new) = twice(&mut form, v) else {
        return page(&*office, &member, &form, Again::FORM).await;
    };
    let current = Password::from(form.typed("current"));
    let changed = office
        .accounts()
        .change_password(&member.session, &current, &new, &guest.arrival())
        .await;
    match changed {
        Ok(opened) => {
            let done = Flash::done(text_id("password-changed"));
            let mut response = member
                .visit
                .go_saying(&LocalPath::own(O::PLACES.account), &done);
            office
                .cookies()
                .give(response.headers_mut(), Ticket::Session, &opened);
            Ok(response)
        }
        Err(error) => {
            let again = match error {
                AccountError::Refused => {
                    form.complain("current", v.say("password-wrong"));
                    Again::FORM
                }
                other => complain(&mut form, v, "current", &other)?,
            };
            page(&*office, &member, &form, again).await
        }
    }
}

/// Ends the session named by the field `id`, or all others where there is none.
pub async fn end_session<O: Office>(
    State(office): State<Arc<O>>,
    member: Member,
    form: Form,
) -> Answer<Response> {
    let (accounts, session) = (office.accounts(), &member.session);
    let ended = match form.text("id") {
        "" => accounts.end_other_sessions(session).await.map(drop),
        id => {
            let actor = member.actor();
            accounts.end_session(&actor, &session.account.id, id).await
        }
    };
    match ended {
        // It has ended by itself meanwhile.
        Ok(()) | Err(AccountError::SessionEnded) => {}
        Err(error) => return Err(refusal(&error)),
    }
    let done = Flash::done(text_id("session-ended"));
    Ok(member
        .visit
        .go_saying(&LocalPath::own(O::PLACES.account), &done))
}

/// The page of one's own account, with what a form on it complains about.
pub async fn page<O: Office>(
    office: &O,
    member: &Member,
    form: &Form,
    again: Again,
) -> Answer<Response> {
    let (visit, session) = (&member.visit, &member.session);
    let account = &session.account;
    let sessions = office.accounts().sessions(&account.id).await;
    let words = role_words::<O>(account.role);
    let page = AccountPage {
        v: visit.v,
        form,
        account,
        role: words.map_or_else(String::new, |words| visit.v.say(words.name)),
        unit: account.unit.clone(),
        sessions: sessions.map_err(|error| refusal(&error))?,
        this: &session.id,
        change_at: format!("{}/sandi", O::PLACES.account),
        end_at: format!("{}/sesi", O::PLACES.account),
        factor_at: O::PLACES.factor,
        administer: visit.v.say(if account.role.administers {
            O::WORDS.account_administer
        } else {
            text_id("account-pages")
        }),
        administered: O::administered(account.role),
        shortest: SHORTEST_PASSWORD,
        own: office.own_part(member).await?,
    };
    let title = visit.v.say("account-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}
