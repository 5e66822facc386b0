//! What the audit log says, in words: who did something and what it was. Codes stay beside them.

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

/// What was done, by its code; an act that has no words is shown by that. What
/// two must agree on is asked for first, and may be refused.
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
        all.push(Choice::new(asked, asked));
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
        _ => actor.to_owned(),
    }
}
