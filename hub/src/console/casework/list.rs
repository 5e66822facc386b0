//! The cases behind a figure, as they are now: overdue, not accepted, or
//! without an answer; whatever has waited longest first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::calendar::last_day;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::LocalPath;
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Query};
use serde::Deserialize;

use super::case;
use super::words::{classification_words, named, state_words, step_named, step_words};
use crate::casework::weeks::ZONE;
use crate::casework::{Which, listed};
use crate::console::approvals::failed;
use crate::console::{Answer, Console};
use crate::store::casework::lists::{After, Asked, ListRow};

pub const PATH: &str = "/konsol/kasus/daftar";
/// Cases on one page.
const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wanted {
    yang: String,
    instansi: String,
    langkah: String,
    sesudah: String,
}

#[derive(Template)]
#[template(path = "console/casework-list.html")]
struct Page {
    v: Voice,
    up_at: &'static str,
    tabs: Vec<(String, String, bool)>,
    about: String,
    /// The institution and the step to which the list is narrowed.
    narrowed: Vec<String>,
    whole_at: Option<String>,
    since: String,
    /// Whether lines differ in their step, and whether their own moment is another than the filing.
    by_step: bool,
    dated: bool,
    lines: Vec<Line>,
    first: Option<String>,
    next: Option<String>,
}

struct Line {
    id: String,
    to: String,
    institution: String,
    step: String,
    since: String,
    state: String,
    classification: String,
    filed_at: i64,
}

impl Which {
    const ALL: [Self; 3] = [Self::Overdue, Self::Unaccepted, Self::Unanswered];

    fn value(self) -> &'static str {
        match self {
            Self::Overdue => "terlambat",
            Self::Unaccepted => "belum-diterima",
            Self::Unanswered => "belum-dijawab",
        }
    }

    fn name(self) -> TextId {
        match self {
            Self::Overdue => text_id("sum-overdue"),
            Self::Unaccepted => text_id("sum-unaccepted"),
            Self::Unanswered => text_id("sum-unanswered"),
        }
    }

    fn about(self) -> TextId {
        match self {
            Self::Overdue => text_id("meaning-overdue"),
            Self::Unaccepted => text_id("meaning-unaccepted"),
            Self::Unanswered => text_id("meaning-unanswered"),
        }
    }

    /// What the moment of a line is.
    fn since(self) -> TextId {
        match self {
            Self::Overdue => text_id("list-ran-out"),
            Self::Unaccepted => text_id("list-disposed"),
            Self::Unanswered => text_id("list-filed"),
        }
    }
}

/// Where a list is; an empty text narrows nothing.
pub fn path(which: Which, institution: &str, step: &str) -> String {
    let fields = [
        ("yang", which.value()),
        ("instansi", institution),
        ("langkah", step),
    ];
    LocalPath::asking(PATH, fields).to_string()
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let v = member.visit.v;
    let which = which(&wanted.yang)?;
    let step = if wanted.langkah.is_empty() {
        None
    } else {
        let unknown = || ApiProblem::invalid().with_detail("langkah: no such step.");
        Some(step_named(&wanted.langkah).ok_or_else(unknown)?)
    };
    let unplaced = || ApiProblem::invalid().with_detail("sesudah: expected MILLISECONDS.CASE.");
    let after = After::read(&wanted.sesudah).ok_or_else(unplaced)?;
    let asked = Asked {
        institution: &wanted.instansi,
        after: &after,
        most: PAGE as i64 + 1,
    };
    let rows = listed(&console.hub, which, asked, step).await;
    let rows = rows.map_err(|error| failed(&error))?;
    let directory = console.hub.ground.directory.current();
    let last = rows.get(PAGE - 1).filter(|_| rows.len() > PAGE);
    let next = last.map(ListRow::place);
    let whole = path(which, &wanted.instansi, &wanted.langkah);
    let institution = Some(&wanted.instansi).filter(|slug| !slug.is_empty());
    let narrowed = institution.map(|slug| named(&directory, slug)).into_iter();
    let page = Page {
        v,
        up_at: super::PATH,
        tabs: Which::ALL
            .map(|each| {
                (
                    path(each, &wanted.instansi, ""),
                    v.say(each.name()),
                    each == which,
                )
            })
            .into(),
        about: v.say(which.about()),
        narrowed: narrowed
            .chain(step.map(|step| v.say(step_words(step))))
            .collect(),
        whole_at: (institution.is_some() || step.is_some()).then(|| path(which, "", "")),
        since: v.say(which.since()),
        by_step: which == Which::Overdue,
        dated: which != Which::Unanswered,
        lines: rows
            .iter()
            .take(PAGE)
            .map(|row| Line {
                id: row.case_id.clone(),
                to: case::path(&row.case_id),
                institution: named(&directory, &row.institution),
                step: step_named(&row.step)
                    .map_or_else(String::new, |step| v.say(step_words(step))),
                since: match which {
                    Which::Overdue => v.day(last_day(ZONE, row.since)),
                    Which::Unaccepted | Which::Unanswered => v.moment(row.since),
                },
                state: v.say(state_words(&row.state)),
                classification: v.say(classification_words(&row.classification)),
                filed_at: row.filed_at,
            })
            .collect(),
        first: (!wanted.sesudah.is_empty()).then(|| whole.clone()),
        next: next.map(|next| format!("{whole}&sesudah={next}")),
    };
    let title = v.say(which.name());
    member.visit.shell(title).wide().show(&page)
}

fn which(text: &str) -> Answer<Which> {
    let known = Which::ALL.into_iter().find(|which| which.value() == text);
    known.ok_or_else(|| {
        ApiProblem::invalid()
            .with_detail("yang: expected terlambat, belum-diterima or belum-dijawab.")
    })
}
