//! Operators' accounts that another operator must confirm before they can act.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use lapor_web::accounts::{Account, AccountId, AccountState};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::people::{Gift, Member, actor_named, refusal};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;

use super::{Answer, Console, ConsoleRole, approvals};
use crate::vouching::{self, VouchError};

pub const ONE: &str = "/konsol/persetujuan/akun/{id}";
/// The field of what whoever confirms has read.
const SEEN: &str = "dilihat";

#[derive(Deserialize)]
pub struct OnePath {
    id: String,
}

/// One of them, for each who had a part in it.
pub struct Resting {
    pub name: String,
    pub login: String,
    pub account_at: String,
    pub act: String,
    pub reason: String,
    pub who: String,
    /// Unix ms.
    pub asked_at: i64,
    pub at: String,
    /// Unix ms; when the last was done to the account of which whoever looks reads.
    pub seen: i64,
    /// Whether whoever looks may confirm it.
    pub vouches: bool,
}

/// All that rest; who disabled one has refused it.
pub async fn all(
    console: &Console,
    v: &Voice,
    (accounts, actor, acts): (&[Account], &str, bool),
) -> Answer<Vec<Resting>> {
    let rows = vouching::resting(&console.hub.ground).await;
    let rows = rows.map_err(|error| ApiProblem::database(&error))?;
    let names: BTreeMap<String, String> = accounts
        .iter()
        .map(|account| (account.actor(), account.name.clone()))
        .collect();
    let line = |row: &crate::store::resting::RestingRow| {
        let mut accounts = accounts.iter();
        let account = accounts.find(|account| account.id.as_str() == row.account)?;
        let works = account.state == AccountState::Active && account.role.administers;
        let mut parts = rows.iter().filter(|other| other.account == row.account);
        let last = parts.clone().map(|other| other.asked_at).max();
        works.then(|| Resting {
            name: account.name.clone(),
            login: account.login.as_str().to_owned(),
            account_at: format!("{}/{}", super::office::STAFF, account.id),
            act: v.say(act_words(&row.act)),
            reason: row.reason.clone(),
            who: actor_named(v, &names, &row.asked_by),
            asked_at: row.asked_at,
            at: ONE.replace("{id}", account.id.as_str()),
            seen: last.unwrap_or(row.asked_at),
            vouches: acts && parts.all(|other| other.asked_by != actor),
        })
    };
    Ok(rows.iter().filter_map(line).collect())
}

/// Confirms that an account is in the hands of whom it is for.
pub async fn vouch(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    form: Form,
) -> Answer<Response> {
    member.requires(|role| ConsoleRole::of(role, ConsoleRole::acts))?;
    let id: AccountId = path.id.parse().map_err(|error| refusal(&error))?;
    let account = console.accounts().find(&id).await;
    let account = account.map_err(|error| refusal(&error))?;
    let which = (account.id.as_str(), account.login.as_str());
    let seen = form.text(SEEN).parse().ok();
    let said = match vouching::vouch(&console.hub.ground, &member.actor(), which, seen).await {
        Ok(()) => Flash::done(text_id("resting-vouched")),
        Err(VouchError::Gone) => Flash::warning(text_id("console-approval-gone")),
        Err(VouchError::Changed) => Flash::warning(text_id("resting-changed")),
        Err(VouchError::SamePerson) => Flash::warning(text_id("resting-same-person")),
        Err(VouchError::Database(error)) => return Err(ApiProblem::database(&error)),
    };
    Ok(member
        .visit
        .go_saying(&LocalPath::own(approvals::PATH), &said))
}

/// What brought the account into somebody's hands, by its code.
pub fn act_words(act: &str) -> TextId {
    match act {
        act if act == Gift::Account.code() => text_id("gift-account"),
        act if act == Gift::Role.code() => text_id("gift-role"),
        act if act == Gift::Password.code() => text_id("gift-password"),
        act if act == Gift::Factor.code() => text_id("gift-factor"),
        _ => text_id("gift-access"),
    }
}
