//! The visitor's own choice of language, colours and single keys, kept in three cookies, made
//! by a form that works without script and comes back to the same page.

use std::sync::Arc;

use axum::Extension;
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;

use super::cookies::{brought, give};
use super::{Form, LocalPath, Site};
use crate::language::Language;

pub const PATH: &str = "/pilihan";

const LANGUAGE: &str = "lapor_bahasa";
const THEME: &str = "lapor_tampilan";
const KEYS: &str = "lapor_tombol";
/// The value of the cookie and of the form where single keys are not to act.
const KEYS_OFF: &str = "off";
const YEAR_SECONDS: i64 = 365 * 24 * 3600;

/// The colours of the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// As the visitor's device has it.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The value of the cookie, of the form and of the attribute `data-theme`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }
}

/// The language of a request: the visitor's choice, else what the browser asks for.
pub fn language_of(headers: &HeaderMap) -> Language {
    let chosen = brought(headers, LANGUAGE).and_then(Language::of_tag);
    let asked = headers.get(http::header::ACCEPT_LANGUAGE);
    let asked = asked.and_then(|value| value.to_str().ok());
    chosen
        .or_else(|| Language::of_header(asked?))
        .unwrap_or_default()
}

pub fn theme_of(headers: &HeaderMap) -> Theme {
    brought(headers, THEME)
        .and_then(Theme::of)
        .unwrap_or_default()
}

/// Whether single keys act on pages that know any (WCAG 2.1.4): they do until the visitor says no.
pub fn takes_keys(headers: &HeaderMap) -> bool {
    brought(headers, KEYS) != Some(KEYS_OFF)
}

/// Takes the fields `language`, `theme`, `keys` and `back`; what it does not know stays as it is.
pub async fn choose(Extension(site): Extension<Arc<Site>>, form: Form) -> Response {
    let back = LocalPath::parse(form.text("back")).unwrap_or_else(LocalPath::root);
    let mut response = Redirect::to(back.as_str()).into_response();
    let headers = response.headers_mut();
    if let Some(language) = Language::of_tag(form.text("language")) {
        give(
            headers,
            LANGUAGE,
            language.tag(),
            YEAR_SECONDS,
            (site.https)(),
        );
    }
    if let Some(theme) = Theme::of(form.text("theme")) {
        give(headers, THEME, theme.as_str(), YEAR_SECONDS, (site.https)());
    }
    let keys = form.text("keys");
    if let Some(keys) = ["on", KEYS_OFF].into_iter().find(|known| *known == keys) {
        give(headers, KEYS, keys, YEAR_SECONDS, (site.https)());
    }
    response
}
