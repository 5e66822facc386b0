//! The institution's own programmes at the desk: publish one, change its text, tell how far it has
//! come. Everybody reads them on the portal; the rules of publishing stand in the node.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::programme_progressed::ProgrammeStatus;
use lapor_web::Path;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use serde::Deserialize;

use super::programme_text::{self, NAME_CHARS, TEXT_CHARS};
use super::{Answer, Officer, pictures};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::programmes::{Shown, path, status_words};
use crate::portal::streets::{self, Streets};
use crate::publishing::{NewProgress, ProgrammeFilter};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/program";
pub const NEW: &str = "/meja/program/baru";
pub const ONE: &str = "/meja/program/{slug}";
pub const PROGRESS: &str = "/meja/program/{slug}/kemajuan";
/// Own programmes on the page.
const MOST: u32 = 200;
/// Characters of a name that its slug keeps.
const SLUG: usize = 50;
const STATUSES: [ProgrammeStatus; 6] = [
    ProgrammeStatus::Planned,
    ProgrammeStatus::Running,
    ProgrammeStatus::Late,
    ProgrammeStatus::Suspended,
    ProgrammeStatus::Done,
    ProgrammeStatus::Cancelled,
];

#[derive(Deserialize)]
pub struct SlugPath {
    pub slug: String,
}

#[derive(Template)]
#[template(path = "desk/programmes.html")]
struct Own {
    v: Voice,
    listed: Vec<Line>,
    acts: bool,
    new_at: &'static str,
}

struct Line {
    shown: Shown,
    edit_at: String,
}

#[derive(Template)]
#[template(path = "desk/programme.html")]
struct Edited<'a> {
    v: Voice,
    text: &'a Form,
    streets: Option<Streets>,
    /// What somebody else has published since the text was opened, where it says otherwise.
    meanwhile: Vec<(String, String)>,
    progress: &'a Form,
    /// Of one that exists.
    public_at: Option<String>,
    pictures: Option<pictures::Section>,
    send_at: String,
    progress_at: String,
    statuses: Vec<Choice>,
    name_chars: usize,
    text_chars: usize,
    list_at: &'static str,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    let visit = &officer.visit;
    let filter = ProgrammeFilter {
        owner: Some(own(&node)?.clone()),
        region: None,
        status: None,
    };
    let own = node.programmes(&filter, None, MOST).await;
    let own = own.map_err(|e| problem(&e))?.programmes;
    let page = Own {
        v: visit.v,
        listed: own
            .iter()
            .map(|programme| Line {
                shown: Shown::of(&node, &visit.v, programme),
                edit_at: format!("{PATH}/{}", programme.published.slug),
            })
            .collect(),
        acts: officer.role.handles_cases(),
        new_at: NEW,
    };
    visit.shell(visit.v.say("programmes-own")).show(&page)
}

pub async fn ask(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    page(
        (&node, &officer),
        None,
        (&Form::empty(), Vec::new()),
        &Form::empty(),
        None,
        StatusCode::OK,
    )
}

pub async fn publish(
    State(node): State<Arc<Node>>,
    officer: Officer,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let slug = free_slug(&node, form.text("nama")).await?;
    save(&node, &officer, slug, &mut form, None).await
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(at): Path<SlugPath>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let section = pictures::section(&node, officer.visit.v, &at.slug).await?;
    show_with(&node, &officer, &at.slug, section).await
}

/// The page of an own programme with its pictures as a form has them.
pub(super) async fn show_with(
    node: &Node,
    officer: &Officer,
    slug: &str,
    section: pictures::Section,
) -> Answer<Response> {
    let (text, progress) = forms(node, &officer.visit.v, slug).await?;
    let status = section.status();
    let existing = Some((own(node)?, slug));
    let text = (&text, Vec::new());
    page(
        (node, officer),
        existing,
        text,
        &progress,
        Some(section),
        status,
    )
}

pub async fn change(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(at): Path<SlugPath>,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (_, progress) = forms(&node, &officer.visit.v, &at.slug).await?;
    save(&node, &officer, at.slug, &mut form, Some(&progress)).await
}

pub async fn tell(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(at): Path<SlugPath>,
    mut form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let v = officer.visit.v;
    let (text, _) = forms(&node, &v, &at.slug).await?;
    form.required(&v, "persen");
    let percent: Option<u8> = form.parsed("persen", v.say("programme-percent-unusable"));
    if percent.is_some_and(|percent| percent > 100) {
        form.complain("persen", v.say("programme-percent-unusable"));
    }
    let chosen = form.required(&v, "keadaan");
    let status = STATUSES.into_iter().find(|status| code(*status) == chosen);
    let words = form.at_most(&v, "kabar", TEXT_CHARS);
    if let (Some(percent), Some(status), true) = (percent, status, form.is_fine()) {
        let progress = NewProgress {
            percent,
            status,
            text: words,
        };
        let body = progress.about(at.slug.clone());
        let told = node.publish(body, &officer.actor()).await;
        told.map_err(|e| problem(&e))?;
        let done = Flash::done(text_id("programme-told"));
        return Ok(officer
            .visit
            .go_saying(&LocalPath::own(&format!("{PATH}/{}", at.slug)), &done));
    }
    if status.is_none() {
        form.complain("keadaan", v.say("programme-status-unusable"));
    }
    let owner = own(&node)?;
    let section = pictures::section(&node, v, &at.slug).await?;
    page(
        (&node, &officer),
        Some((owner, &at.slug)),
        (&text, Vec::new()),
        &form,
        Some(section),
        StatusCode::UNPROCESSABLE_ENTITY,
    )
}

/// Publishes a text; `progress` is the other form of the page, of a programme that exists.
async fn save(
    node: &Node,
    officer: &Officer,
    slug: String,
    form: &mut Form,
    progress: Option<&Form>,
) -> Answer<Response> {
    let v = officer.visit.v;
    let mut meanwhile = None;
    if let Some(programme) = programme_text::read(&v, slug.clone(), form) {
        let actor = officer.actor();
        let published = match progress {
            Some(_) => node.publish_programme(programme, &actor).await,
            None => node.publish_new_programme(programme, &actor).await,
        };
        let saved = || {
            let done = Flash::done(text_id("programme-saved"));
            let at = LocalPath::own(&format!("{PATH}/{slug}"));
            officer.visit.go_saying(&at, &done)
        };
        match published {
            Ok(_) => return Ok(saved()),
            Err(NodeError::Invalid(_)) => form.complain("nama", v.say("programme-unusable")),
            Err(NodeError::ProgrammeChanged) => {
                let (now, _) = forms(node, &v, &slug).await?;
                let other = programme_text::meanwhile(&v, &now, form);
                // A new one that was sent twice at once stands there by the first.
                if progress.is_none() && other.is_empty() {
                    return Ok(saved());
                }
                meanwhile = Some(other);
            }
            Err(error) => return Err(problem(&error)),
        }
    }
    let owner = own(node)?;
    let existing = progress.map(|_| (owner, slug.as_str()));
    let empty = Form::empty();
    let section = match existing {
        Some((_, slug)) => Some(pictures::section(node, v, slug).await?),
        None => None,
    };
    let status = match meanwhile {
        Some(_) => StatusCode::CONFLICT,
        None => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let text = (&*form, meanwhile.unwrap_or_default());
    let progress = progress.unwrap_or(&empty);
    page((node, officer), existing, text, progress, section, status)
}

/// The two forms of an own programme, filled in with what holds now.
async fn forms(node: &Node, v: &Voice, slug: &str) -> Answer<(Form, Form)> {
    let view = node.programme(own(node)?, slug).await;
    let view = view.map_err(|e| problem(&e))?;
    let told = view.programme.progress.as_ref().map(|told| {
        [
            ("persen", told.percent.to_string()),
            ("keadaan", code(told.status)),
        ]
    });
    Ok((
        programme_text::of(v, &view),
        Form::of(told.into_iter().flatten()),
    ))
}

fn page(
    (node, officer): (&Node, &Officer),
    existing: Option<(&InstanceId, &str)>,
    (text, meanwhile): (&Form, Vec<(String, String)>),
    progress: &Form,
    pictures: Option<pictures::Section>,
    status: StatusCode,
) -> Answer<Response> {
    let visit = &officer.visit;
    let v = visit.v;
    let at = existing.map_or_else(|| NEW.to_owned(), |(_, slug)| format!("{PATH}/{slug}"));
    let page = Edited {
        v,
        text,
        streets: Streets::of(node, v),
        meanwhile,
        progress,
        public_at: existing.map(|(owner, slug)| path(owner, slug)),
        pictures,
        progress_at: format!("{at}/kemajuan"),
        send_at: at,
        statuses: STATUSES
            .into_iter()
            .map(|status| Choice::new(code(status), v.say(status_words(status).0)))
            .collect(),
        name_chars: NAME_CHARS,
        text_chars: TEXT_CHARS,
        list_at: PATH,
    };
    let title = match existing {
        Some(_) => v.say("programme-change"),
        None => v.say("programme-new"),
    };
    let shell = visit.shell(title).script("pictures.js").script("search.js");
    let shell = shell.scripts(node.tiles().map(|_| streets::SCRIPT));
    shell.status(status).show(&page)
}

fn own(node: &Node) -> Answer<&InstanceId> {
    node.instance().map_err(|e| problem(&e))
}

/// The code of a status on the wire, which a form sends back.
fn code(status: ProgrammeStatus) -> String {
    let value = serde_json::to_value(status).unwrap_or_default();
    value.as_str().unwrap_or_default().to_owned()
}

/// A slug made of the name, which no own programme has.
async fn free_slug(node: &Node, name: &str) -> Answer<String> {
    let plain = slug_of(name);
    for number in 1..=MOST {
        let slug = match number {
            1 => plain.clone(),
            _ => format!("{plain}-{number}"),
        };
        match node.programme(own(node)?, &slug).await {
            Ok(_) => {}
            Err(NodeError::NotFound { .. }) => return Ok(slug),
            Err(error) => return Err(problem(&error)),
        }
    }
    Ok(plain)
}

fn slug_of(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let slug: String = words.join("-").chars().take(SLUG).collect();
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "program" } else { slug }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_made_of_the_words_of_a_name() {
        let long = "a".repeat(100);
        for (name, slug) in [
            (
                "Trotoar Jalan Braga (tahap 2)",
                "trotoar-jalan-braga-tahap-2",
            ),
            ("  ", "program"),
            ("…", "program"),
            (long.as_str(), &long[..SLUG]),
        ] {
            assert_eq!(slug_of(name), slug, "{name}");
        }
    }
}
