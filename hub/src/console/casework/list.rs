//! The cases behind a figure: as they are now, overdue, not accepted, or without
//! an answer; or of a period, given back or answered. Whatever has waited longest
//! comes first.

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
use super::parts::{period, periods};
use super::words::{classification_words, hop_words, state_words, step_named, step_words, took};
use crate::casework::weeks::ZONE;
use crate::casework::{Which, listed};
use crate::console::approvals::failed;
use crate::console::names::named;
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
    perpindahan: String,
    kurun: String,
    sesudah: String,
}

/// What a list is narrowed to; an empty text narrows nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Narrowed<'a> {
    pub institution: &'a str,
    pub step: &'a str,
    /// `1` to `4`, the last of which stands for all later ones.
    pub hop: &'a str,
    /// The period of what has happened, as [`period`] reads it.
    pub period: &'a str,
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
    /// The time in which things happened, of a list of such.
    period: Option<String>,
    whole_at: Option<String>,
    since: String,
    /// Whether lines differ in their step, whether their own moment is another than the
    /// filing, and whether they say how long an answer took.
    by_step: bool,
    dated: bool,
    timed: bool,
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
    took: String,
}

impl Wanted {
    fn narrowed(&self) -> Narrowed<'_> {
        Narrowed {
            institution: &self.instansi,
            step: &self.langkah,
            hop: &self.perpindahan,
            period: &self.kurun,
        }
    }
}

impl Which {
    const ALL: [Self; 5] = [
        Self::Overdue,
        Self::Unaccepted,
        Self::Unanswered,
        Self::Misrouted,
        Self::Answered,
    ];

    fn value(self) -> &'static str {
        match self {
            Self::Overdue => "terlambat",
            Self::Unaccepted => "belum-diterima",
            Self::Unanswered => "belum-dijawab",
            Self::Misrouted => "salah-alamat",
            Self::Answered => "dijawab",
        }
    }

    fn name(self) -> TextId {
        match self {
            Self::Overdue => text_id("sum-overdue"),
            Self::Unaccepted => text_id("sum-unaccepted"),
            Self::Unanswered => text_id("sum-unanswered"),
            Self::Misrouted => text_id("sum-misrouted"),
            Self::Answered => text_id("list-slowest"),
        }
    }

    fn about(self) -> TextId {
        match self {
            Self::Overdue => text_id("meaning-overdue"),
            Self::Unaccepted => text_id("meaning-unaccepted"),
            Self::Unanswered => text_id("meaning-unanswered"),
            Self::Misrouted => text_id("list-misrouted-about"),
            Self::Answered => text_id("list-slowest-about"),
        }
    }

    /// What the moment of a line is.
    fn since(self) -> TextId {
        match self {
            Self::Overdue => text_id("list-ran-out"),
            Self::Unaccepted => text_id("list-disposed"),
            Self::Unanswered => text_id("list-filed"),
            Self::Misrouted => text_id("list-returned"),
            Self::Answered => text_id("list-came"),
        }
    }
}

/// Where a list is. Only a list that differs in a step or has a period is given one.
pub fn path(which: Which, to: Narrowed<'_>) -> String {
    let given = |text, given: bool| if given { text } else { "" };
    let fields = [
        ("yang", which.value()),
        ("instansi", to.institution),
        ("langkah", given(to.step, which == Which::Overdue)),
        ("perpindahan", to.hop),
        ("kurun", given(to.period, which.is_past())),
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
    let to = wanted.narrowed();
    let step = if wanted.langkah.is_empty() {
        None
    } else {
        let unknown = || ApiProblem::invalid().with_detail("langkah: no such step.");
        Some(step_named(&wanted.langkah).ok_or_else(unknown)?)
    };
    let hop = hop(&wanted.perpindahan)?;
    let within = period(&wanted.kurun, v.now_ms())?;
    let unplaced = || ApiProblem::invalid().with_detail("sesudah: expected NUMBER.CASE.");
    let after = After::read(&wanted.sesudah).ok_or_else(unplaced)?;
    let asked = Asked {
        institution: &wanted.instansi,
        hop,
        after: &after,
        most: PAGE as i64 + 1,
    };
    let rows = listed(&console.hub, which, asked, (step, within)).await;
    let rows = rows.map_err(|error| failed(&error))?;
    let directory = console.hub.ground.directory.current();
    let last = rows.get(PAGE - 1).filter(|_| rows.len() > PAGE);
    let next = last.map(ListRow::place);
    let whole = path(which, to);
    let institution = Some(&wanted.instansi).filter(|slug| !slug.is_empty());
    let narrowed = institution
        .map(|slug| named(&v, &directory, slug))
        .into_iter();
    let narrowed = narrowed.chain((hop > 0).then(|| v.say(hop_words(&wanted.perpindahan))));
    let named_period = periods(&v, &wanted.kurun).into_iter();
    let named_period = named_period.filter(|(_, _, chosen)| *chosen && which.is_past());
    let tab = |each: Which| {
        let to = Narrowed { step: "", ..to };
        (path(each, to), v.say(each.name()), each == which)
    };
    let page = Page {
        v,
        up_at: super::PATH,
        tabs: Which::ALL.map(tab).into(),
        about: v.say(which.about()),
        narrowed: narrowed
            .chain(step.map(|step| v.say(step_words(step))))
            .collect(),
        period: named_period.map(|(_, name, _)| name).next(),
        whole_at: (institution.is_some() || step.is_some() || hop > 0).then(|| {
            let period = to.period;
            path(
                which,
                Narrowed {
                    period,
                    ..Narrowed::default()
                },
            )
        }),
        since: v.say(which.since()),
        by_step: which == Which::Overdue,
        dated: which != Which::Unanswered,
        timed: which == Which::Answered,
        lines: rows
            .iter()
            .take(PAGE)
            .map(|row| Line {
                id: row.case_id.clone(),
                to: case::path(&row.case_id),
                institution: named(&v, &directory, &row.institution),
                step: step_named(&row.step)
                    .map_or_else(String::new, |step| v.say(step_words(step))),
                since: match which {
                    Which::Overdue => v.day(last_day(ZONE, row.since)),
                    _ => v.moment(row.since),
                },
                state: v.say(state_words(&row.state)),
                classification: v.say(classification_words(&row.classification)),
                filed_at: row.filed_at,
                took: took(&v, row.took_ms),
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
        ApiProblem::invalid().with_detail(
            "yang: expected terlambat, belum-diterima, belum-dijawab, salah-alamat or dijawab.",
        )
    })
}

/// 0 for any.
fn hop(text: &str) -> Answer<i64> {
    let known = ["", "1", "2", "3", "4"];
    let hop = (0..).zip(known).find(|(_, name)| *name == text);
    let hop = hop.map(|(hop, _)| hop);
    hop.ok_or_else(|| ApiProblem::invalid().with_detail("perpindahan: expected 1 to 4."))
}
