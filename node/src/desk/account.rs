//! One's own account: password, second factor, sessions.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::accounts::Staffed as _;
use lapor_web::accounts::cookie::Ticket;
use lapor_web::accounts::{Account, AccountError, Password, SHORTEST_PASSWORD, SessionEntry};
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};

use super::password::twice;
use super::refused::{Again, complain, refusal};
use super::{Answer, Guest, Officer, audit, factor, letters, staff, units};
use crate::api::problem;
use crate::node::Node;
use crate::post::LetterChoice;

pub const PATH: &str = "/meja/akun";
pub const CHANGE: &str = "/meja/akun/sandi";
pub const END: &str = "/meja/akun/sesi";
pub const LETTERS: &str = "/meja/akun/surat";
/// The field of what is to be written.
const CHOICE: &str = "surat";

#[derive(Template)]
#[template(path = "desk/account.html")]
struct AccountPage<'a> {
    v: Voice,
    form: &'a Form,
    account: &'a Account,
    role: String,
    unit: Option<String>,
    sessions: Vec<SessionEntry>,
    /// The session that is in use.
    this: &'a str,
    change_at: &'static str,
    end_at: &'static str,
    factor_at: &'static str,
    /// Who looks after accounts finds the pages for it here.
    administers: bool,
    staff_at: &'static str,
    units_at: &'static str,
    audit_at: &'static str,
    post_at: &'static str,
    shortest: usize,
    letters_at: &'static str,
    choice: &'a Form,
    sends_letters: bool,
    letter_choices: Vec<Choice>,
}

pub async fn show(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    page(&node, &officer, &Form::empty(), Again::FIRST).await
}

pub async fn change_password(
    State(node): State<Arc<Node>>,
    officer: Officer,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let v = &officer.visit.v;
    let Some(new) = twice(&mut form, v) else {
        return page(&node, &officer, &form, Again::FORM).await;
    };
    let current = Password::from(form.typed("current"));
    let changed = node
        .accounts()
        .change_password(&officer.session, &current, &new, &guest.arrival())
        .await;
    match changed {
        Ok(opened) => {
            let done = Flash::done(text_id("password-changed"));
            let mut response = officer.visit.go_saying(&LocalPath::own(PATH), &done);
            node.cookies()
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
            page(&node, &officer, &form, again).await
        }
    }
}

/// Ends the session named by the field `id`, or all others where there is none.
pub async fn end_session(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    let (accounts, session) = (node.accounts(), &officer.session);
    let ended = match form.text("id") {
        "" => accounts.end_other_sessions(session).await.map(drop),
        id => {
            let actor = officer.actor();
            accounts.end_session(&actor, &session.account.id, id).await
        }
    };
    match ended {
        // It has ended by itself meanwhile.
        Ok(()) | Err(AccountError::SessionEnded) => {}
        Err(error) => return Err(refusal(&error)),
    }
    let done = Flash::done(text_id("session-ended"));
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &done))
}

/// Chooses what is written to one's address.
pub async fn choose_letters(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    let Some(choice) = LetterChoice::read(form.text(CHOICE)) else {
        form.complain(CHOICE, officer.visit.v.say("form-required"));
        return page(&node, &officer, &form, Again::FORM).await;
    };
    let account = &officer.session.account.id;
    let chosen = node.choose_letters(account, choice).await;
    chosen.map_err(|error| problem(&error))?;
    let done = Flash::done(text_id("letters-chosen"));
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &done))
}

fn letter_choices(v: &Voice) -> Vec<Choice> {
    let named = |choice: LetterChoice| match choice {
        LetterChoice::Digest => Choice::new(choice.as_str(), v.say("letters-digest"))
            .hint(v.say("letters-digest-about")),
        LetterChoice::Each => {
            Choice::new(choice.as_str(), v.say("letters-each")).hint(v.say("letters-each-about"))
        }
        LetterChoice::None => Choice::new(choice.as_str(), v.say("letters-none")),
    };
    LetterChoice::ALL.into_iter().map(named).collect()
}

async fn page(node: &Node, officer: &Officer, form: &Form, again: Again) -> Answer<Response> {
    let (visit, session) = (&officer.visit, &officer.session);
    let account = &session.account;
    let sessions = node.accounts().sessions(&account.id).await;
    let chosen = node.letter_choice(&account.id).await;
    let chosen = chosen.map_err(|error| problem(&error))?;
    let choice = Form::of([(CHOICE, chosen.as_str())]);
    let page = AccountPage {
        v: visit.v,
        form,
        account,
        role: visit.v.say(super::role_name(officer.role)),
        unit: account.unit.clone(),
        sessions: sessions.map_err(|error| refusal(&error))?,
        this: &session.id,
        change_at: CHANGE,
        end_at: END,
        factor_at: factor::PATH,
        administers: officer.role.administers(),
        staff_at: staff::PATH,
        units_at: units::PATH,
        audit_at: audit::PATH,
        post_at: letters::PATH,
        shortest: SHORTEST_PASSWORD,
        letters_at: LETTERS,
        sends_letters: node.sends_letters(),
        choice: &choice,
        letter_choices: letter_choices(&visit.v),
    };
    let title = visit.v.say("account-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}
