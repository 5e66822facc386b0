//! Whether single keys act at the desk, chosen at the own account for the browser at hand: whoever
//! speaks to it, or whose hand slips, does nothing unmeant then (WCAG 2.1.4).

use askama::Template;
use lapor_web::language::Voice;
use lapor_web::page::{PREFERENCES, Visit};

use super::{ACCOUNT, Answer, shared};

/// Where one chooses.
pub const AT: &str = "/meja/akun#tombol-pintas";

#[derive(Template)]
#[template(path = "desk/shortcuts.html")]
struct Part {
    v: Voice,
    on: bool,
    choose_at: &'static str,
    back: &'static str,
}

/// The script of pages on which single keys act, unless they are switched off.
pub fn script(visit: &Visit) -> Option<&'static str> {
    visit.takes_keys().then_some("keys.js")
}

/// The part of the own account's page on which one chooses.
pub fn part(visit: &Visit) -> Answer<String> {
    shared::rendered(&Part {
        v: visit.v,
        on: visit.takes_keys(),
        choose_at: PREFERENCES,
        back: ACCOUNT,
    })
}
