//! What is written to an officer's address, chosen at the own account.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::{Again, Member, own_account};

use super::{ACCOUNT, Answer, shared};
use crate::api::problem;
use crate::node::Node;
use crate::post::LetterChoice;

pub const PATH: &str = "/meja/akun/surat";
/// The field of what is to be written.
const CHOICE: &str = "surat";

#[derive(Template)]
#[template(path = "desk/letter-choice.html")]
struct Part<'a> {
    v: Voice,
    letters_at: &'static str,
    choice: &'a Form,
    sends_letters: bool,
    letter_choices: Vec<Choice>,
}

pub async fn choose(
    State(node): State<Arc<Node>>,
    member: Member,
    mut form: Form,
) -> Answer<Response> {
    let Some(choice) = LetterChoice::read(form.text(CHOICE)) else {
        form.complain(CHOICE, member.visit.v.say("form-required"));
        return own_account(&*node, &member, &form, Again::FORM).await;
    };
    let account = &member.session.account.id;
    let chosen = node.choose_letters(account, choice).await;
    chosen.map_err(|error| problem(&error))?;
    let done = Flash::done(text_id("letters-chosen"));
    Ok(member.visit.go_saying(&LocalPath::own(ACCOUNT), &done))
}

/// The part of the own account's page on which one chooses.
pub async fn part(node: &Node, member: &Member) -> Answer<String> {
    let v = member.visit.v;
    let chosen = node.letter_choice(&member.session.account.id).await;
    let chosen = chosen.map_err(|error| problem(&error))?;
    let part = Part {
        v,
        letters_at: PATH,
        choice: &Form::of([(CHOICE, chosen.as_str())]),
        sends_letters: node.sends_letters(),
        letter_choices: letter_choices(&v),
    };
    shared::rendered(&part)
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
