//! The shell around every page: head, masthead, navigation, message, foot.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;

use super::flash::{self, Shown};
use super::policy::guard_page;
use super::preferences::{PATH, Theme};
use super::site::is_below;
use super::{Visit, assets};
use crate::ApiProblem;
use crate::language::{Language, Voice};

/// Who has logged in, as the masthead shows them.
#[derive(Clone)]
pub struct Person {
    pub name: String,
    /// In the visitor's language.
    pub role: String,
    /// Their account's page.
    pub account_at: &'static str,
    /// Where the form that logs out is sent.
    pub leave_at: &'static str,
}

/// A page that is being made.
pub struct Shell<'a> {
    visit: &'a Visit,
    title: String,
    status: StatusCode,
    listed: bool,
    wide: bool,
    scripts: Vec<&'static str>,
    within: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "shell.html")]
struct Whole<'a> {
    v: Voice,
    visit: &'a Visit,
    title: &'a str,
    listed: bool,
    width: &'static str,
    style_at: String,
    icon_at: String,
    scripts_at: Vec<String>,
    app: Option<Installed>,
    links: Vec<Line>,
    languages: [Language; 2],
    themes: [Theme; 3],
    choose_at: &'static str,
    docs_at: Option<&'static str>,
    privacy_at: Option<&'static str>,
    announced: Option<String>,
    flash: Option<Shown>,
    body: &'a str,
}

/// What a telephone needs to install the area.
struct Installed {
    manifest: &'static str,
    script: String,
    icon: String,
}

struct Line {
    to: &'static str,
    name: String,
    /// What waits behind it.
    waiting: u64,
    /// Its `aria-current`, where it leads here or to what this is part of.
    current: Option<&'static str>,
}

impl<'a> Shell<'a> {
    pub(super) fn new(visit: &'a Visit, title: String) -> Self {
        Self {
            visit,
            title,
            status: StatusCode::OK,
            listed: false,
            wide: false,
            scripts: Vec::new(),
            within: None,
        }
    }

    /// Belongs to a line of the navigation that leads elsewhere.
    #[must_use]
    pub fn within(self, to: &'static str) -> Self {
        Self {
            within: Some(to),
            ..self
        }
    }

    /// Another status than 200; a form that is shown again has 422.
    #[must_use]
    pub fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Lets search engines list the page.
    #[must_use]
    pub fn listed(self) -> Self {
        Self {
            listed: true,
            ..self
        }
    }

    /// Uses the width of the screen, for tables.
    #[must_use]
    pub fn wide(self) -> Self {
        Self { wide: true, ..self }
    }

    /// Adds a script of the shelf, such as `lapor.js`; the page works without it.
    #[must_use]
    pub fn script(mut self, name: &'static str) -> Self {
        self.scripts.push(name);
        self
    }

    /// The same with those that only some pages need.
    #[must_use]
    pub fn scripts(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.scripts.extend(names);
        self
    }

    /// The page with `body` in it.
    pub fn show(self, body: &impl Template) -> Result<Response, ApiProblem> {
        let text = body.render().and_then(|body| self.around(&body).render());
        let text = text.map_err(|error| {
            tracing::error!(%error, "a page cannot be made");
            ApiProblem::internal()
        })?;
        let mut response = (self.status, text).into_response();
        guard_page(response.headers_mut());
        if self.visit.flash.is_some() {
            let headers = response.headers_mut();
            self.visit.give(headers, flash::COOKIE, "", 0);
        }
        Ok(response)
    }

    fn around<'b>(&'b self, body: &'b str) -> Whole<'b> {
        let (visit, v) = (self.visit, self.visit.v);
        let (here, files) = (visit.here.path(), &visit.site.shelf);
        let app = visit.site.app.as_ref();
        Whole {
            v,
            visit,
            title: &self.title,
            listed: self.listed,
            width: if self.wide { "wide" } else { "narrow" },
            style_at: files.path(assets::SHEET),
            icon_at: files.path("icon.svg"),
            scripts_at: self.scripts.iter().map(|name| files.path(name)).collect(),
            app: app
                .filter(|app| app.root == visit.area.root)
                .map(|app| Installed {
                    manifest: app.manifest_at,
                    script: files.path(app.script),
                    icon: files.path("icon-192.png"),
                }),
            links: visit
                .area
                .links
                .iter()
                .filter(|_| visit.has_links())
                .map(|link| Line {
                    to: link.to,
                    name: v.say(link.name),
                    waiting: (visit.site.waiting)(link.to),
                    current: match self.within {
                        Some(within) => (link.to == within).then_some("true"),
                        None if link.to == visit.area.root => (here == link.to).then_some("page"),
                        None => is_below(here, link.to).then_some("page"),
                    },
                })
                .collect(),
            languages: Language::ALL,
            themes: Theme::ALL,
            choose_at: PATH,
            docs_at: visit.site.docs_at,
            privacy_at: visit.site.privacy_at,
            announced: (visit.site.announced)(visit.area.root, &v),
            flash: visit.flash.as_ref().map(|flash| flash.shown(&v)),
            body,
        }
    }
}
