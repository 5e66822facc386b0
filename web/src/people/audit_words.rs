//! What the audit log says, in words: who did something, what it was and what is said besides.
//! Codes stay beside them.

use std::collections::BTreeMap;

use super::office::RoleWords;
use crate::language::{TextId, Voice, text_id};
use crate::page::Choice;

/// What is done to accounts, which every program has.
const ACCOUNTS: &[(&str, TextId)] = &[
    ("account.created", text_id("did-account-created")),
    ("account.changed", text_id("did-account-changed")),
    ("account.disabled", text_id("did-account-disabled")),
    ("account.enabled", text_id("did-account-enabled")),
    (
        "account.factor_removed",
        text_id("did-account-factor-removed"),
    ),
    ("account.factor_set", text_id("did-account-factor-set")),
    ("account.link_mailed", text_id("did-account-link-mailed")),
    (
        "account.password_changed",
        text_id("did-account-password-changed"),
    ),
    (
        "account.password_chosen",
        text_id("did-account-password-chosen"),
    ),
    (
        "account.password_reset",
        text_id("did-account-password-reset"),
    ),
    (
        "account.recovery_codes_made",
        text_id("did-account-recovery-codes-made"),
    ),
    ("account.refused", text_id("did-account-refused")),
    ("account.reset_asked", text_id("did-account-reset-asked")),
    (
        "account.session_ended",
        text_id("did-account-session-ended"),
    ),
    (
        "account.sessions_ended",
        text_id("did-account-sessions-ended"),
    ),
    (
        "account.setup_link_made",
        text_id("did-account-setup-link-made"),
    ),
    ("account.signed_in", text_id("did-account-signed-in")),
    ("account.signed_out", text_id("did-account-signed-out")),
];

/// By what somebody logged in or was refused.
const WAYS: &[(&str, TextId)] = &[
    ("password", text_id("entered-password")),
    ("single_sign_on", text_id("entered-provider")),
    ("code", text_id("entered-code")),
    ("recovery_code", text_id("entered-recovery-code")),
    ("setup", text_id("entered-setup")),
];

/// What was done, by its code; an act that has no words is shown by that. What
/// two must agree on is asked for first, and may be refused or lapse.
pub fn acted(v: &Voice, own: &[(&str, TextId)], action: &str) -> String {
    let words = |action: &str| {
        let mut all = own.iter().chain(ACCOUNTS);
        let known = all.find(|(code, _)| *code == action);
        known.map(|(_, words)| v.say(*words))
    };
    let asked = |end: &str, text: TextId| {
        let act = words(action.strip_suffix(end)?)?;
        Some(v.with("act", act).say(text))
    };
    words(action)
        .or_else(|| asked(".asked", text_id("did-asked")))
        .or_else(|| asked(".refused", text_id("did-refused")))
        .or_else(|| asked(".lapsed", text_id("did-lapsed")))
        .unwrap_or_else(|| action.to_owned())
}

/// Everything that can be asked for, by its words; and what is asked for.
pub fn acts(v: &Voice, own: &[(&str, TextId)], asked: &str) -> Vec<Choice> {
    let all = own.iter().chain(ACCOUNTS);
    let mut all: Vec<Choice> = all
        .map(|(code, words)| Choice::new(*code, v.say(*words)))
        .collect();
    all.sort_by_cached_key(|choice| choice.label.to_lowercase());
    if !asked.is_empty() && all.iter().all(|choice| choice.value != asked) {
        all.push(Choice::new(asked, acted(v, own, asked)));
    }
    all
}

/// Who did it, where it was no account of this program.
pub fn by(v: &Voice, actor: &str) -> String {
    match actor.split_once(':') {
        Some(("cli", name)) => v.with("name", name).say("actor-machine"),
        Some(("token", name)) => v.with("name", name).say("actor-program"),
        Some(("reporter", _)) => v.say("actor-reporter"),
        None if actor == "cli" => v.say("actor-machine-nameless"),
        None if actor == "nobody" => v.say("actor-nobody"),
        None if actor == "single_sign_on" => v.say("actor-provider"),
        None if actor == "hub" => v.say("actor-hub"),
        None if actor == "serve" => v.say("actor-start"),
        None if actor == "jobs" => v.say("actor-jobs"),
        _ => actor.to_owned(),
    }
}

/// The same, by name where it was an account of this program; `names` has them by how the audit
/// log calls them.
pub fn who(v: &Voice, names: &BTreeMap<String, String>, actor: &str) -> String {
    let name = names.get(actor).cloned();
    name.unwrap_or_else(|| by(v, actor))
}

/// A reason with whoever asked for what another confirmed, if somebody did; `said` puts the reason
/// itself in words.
pub fn asked_by(
    v: &Voice,
    names: &BTreeMap<String, String>,
    detail: &str,
    said: impl FnOnce(&str) -> String,
) -> String {
    let asked = detail.strip_prefix("asked by ");
    let Some((actor, reason)) = asked.and_then(|rest| rest.split_once(": ")) else {
        return said(detail);
    };
    v.with("who", who(v, names, actor))
        .with("reason", said(reason))
        .say("audit-asked-by")
}

/// What an entry about accounts says besides: whose it was, the role, by what somebody logged in.
/// `None` where it has no more than the number of a session.
pub fn of_account(
    v: &Voice,
    names: &BTreeMap<String, String>,
    roles: &[RoleWords],
    (action, detail): (&str, &str),
) -> Option<String> {
    let mut words = detail.split_whitespace();
    if action == "account.signed_out" {
        return None;
    }
    if action == "account.session_ended" {
        return words.next().map(|id| called(v, names, roles, id));
    }
    let said: Vec<String> = words.map(|word| called(v, names, roles, word)).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// One word of such an entry; any other is itself.
fn called(v: &Voice, names: &BTreeMap<String, String>, roles: &[RoleWords], word: &str) -> String {
    let role = roles.iter().find(|role| role.code == word);
    let way = WAYS.iter().find(|(code, _)| *code == word);
    let words = role.map(|role| role.name).or(way.map(|(_, words)| *words));
    let name = || names.get(&format!("account:{word}")).cloned();
    let said = words.map(|words| v.say(words)).or_else(name);
    said.unwrap_or_else(|| word.to_owned())
}
