//! Public reports, to look around in: a search, a few conditions, a page at a time.
//!
//! Everything asked for stands in the query, so that a list can be kept and passed on; nothing is
//! shown that [`Node::public_cases`] does not give.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::{Category, Classification};
use lapor_protocol::region::RegionCode;
use lapor_web::Query;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Form, LocalPath, Visit};

use super::filing::{KINDS, REGIONS, classification};
use super::track::{outcome_words, standing_words, state_words};
use super::{Answer, map, name_of, programmes, report, statistics};
use crate::api::{Address, problem};
use crate::casework::{Outcome, PublicCase, PublicFigures, PublicFilter, beyond};
use crate::error::NodeError;
use crate::node::Node;
use crate::regions;
use crate::taxonomy::{Categories, local_name, local_value};

pub const PATH: &str = "/laporan";
/// Reports on a page.
const PAGE: u32 = 20;
/// How a public report ends, told apart in the list.
const ENDS: [Outcome; 3] = Outcome::CLOSES;
/// The conditions, as fields of the form and of the query.
const FIELDS: [&str; 9] = [
    "q", "status", "jenis", "kategori", "wilayah", "instansi", "program", "dari", "sampai",
];

#[derive(Template)]
#[template(path = "portal/reports.html")]
struct Reports<'a> {
    v: Voice,
    form: &'a Form,
    cards: Vec<Card>,
    chips: Vec<Chip>,
    choices: Choices,
    unlisted: bool,
    /// Regions of the name that was typed, each with its list.
    regions: Vec<(String, String)>,
    regions_at: &'static str,
    here: &'static str,
    map_at: &'static str,
    statistics_at: &'static str,
    first: Option<String>,
    next: Option<String>,
}

/// A report of a list.
#[derive(Template)]
#[template(path = "portal/report-card.html")]
pub(super) struct Card {
    v: Voice,
    to: String,
    title: String,
    excerpt: Option<String>,
    state: String,
    tone: &'static str,
    category: Option<String>,
    region: Option<String>,
    custodian: Option<String>,
    supports: u32,
    filed_at: i64,
}

/// A condition that holds, and the list without it.
struct Chip {
    said: String,
    without: String,
}

struct Choices {
    states: Vec<Choice>,
    kinds: Vec<Choice>,
    categories: Vec<Choice>,
    institutions: Vec<Choice>,
}

pub async fn list(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    visit: Visit,
    Query(asked): Query<Vec<(String, String)>>,
) -> Answer<Response> {
    let mut form = Form::of(asked);
    if !form.text("q").is_empty() {
        node.admit_search(address).map_err(|e| problem(&e))?;
    }
    let filter = filter(&node, &visit.v, &mut form);
    let after = Some(form.text("after")).filter(|after| !after.is_empty());
    let after = after.map(str::to_owned);
    let found = if form.is_fine() {
        node.public_cases(form.text("q"), &filter, after.as_deref(), PAGE)
            .await
    } else {
        Err(NodeError::Invalid(String::new()))
    };
    let (cases, next) = match found {
        Ok(page) => (page.cases, page.next),
        Err(NodeError::Invalid(_)) => {
            if form.is_fine() {
                form.complain("q", visit.v.say("reading-search-unusable"));
            }
            (Vec::new(), None)
        }
        Err(error) => return Err(problem(&error)),
    };
    let figures = node.public_figures().await.map_err(|e| problem(&e))?;
    let categories = node.categories().await.map_err(|e| problem(&e))?;
    let v = visit.v;
    let chips = chips(&node, &v, &form, &filter, &categories);
    let page = Reports {
        v,
        cards: cases
            .into_iter()
            .map(|case| Card::of(&node, v, &categories, case))
            .collect(),
        choices: choices(&node, &v, &figures, &categories, &filter),
        unlisted: chips.is_empty() && form.is_fine(),
        chips,
        regions: namesakes(&form, PATH, &FIELDS),
        regions_at: REGIONS,
        here: PATH,
        map_at: map::PATH,
        statistics_at: statistics::PATH,
        first: after.map(|_| path(&form, None, None)),
        next: next.map(|next| path(&form, Some(&next), None)),
        form: &form,
    };
    let title = v.say("reading-title");
    visit
        .shell(title)
        .listed()
        .wide()
        .status(form.status())
        .script("search.js")
        .show(&page)
}

/// The latest reports that fit, as cards of another page.
pub(super) async fn latest(
    node: &Node,
    v: Voice,
    filter: &PublicFilter,
    most: u32,
) -> Answer<Vec<Card>> {
    let page = node.public_cases("", filter, None, most).await;
    let page = page.map_err(|e| problem(&e))?;
    let categories = node.categories().await.map_err(|e| problem(&e))?;
    let cards = page.cases.into_iter();
    Ok(cards
        .map(|case| Card::of(node, v, &categories, case))
        .collect())
}

impl Card {
    fn of(node: &Node, v: Voice, categories: &Categories, case: PublicCase) -> Self {
        let (state, tone) = case
            .state
            .map_or((text_id("state-received"), "quiet"), |state| {
                standing_words(state, case.outcome, case.replied)
            });
        let region = case.region.as_ref();
        Self {
            v,
            to: report::path(case.case),
            excerpt: case
                .excerpt
                .as_deref()
                .and_then(|text| beyond(text, case.title.as_deref()))
                .map(str::to_owned),
            title: case.title.unwrap_or_else(|| v.say("track-untitled")),
            state: v.say(state),
            tone,
            category: case
                .local_category
                .as_deref()
                .map(own_category_name)
                .or_else(|| {
                    let category = case.category.as_ref()?;
                    Some(category_name(categories, &v, category))
                }),
            region: region.and_then(|code| regions::national().display_name(code)),
            custodian: case.custodian.map(|id| name_of(node, &id)),
            supports: case.supports,
            filed_at: case.filed_at,
        }
    }
}

/// A category in the visitor's language, without its root; as it is written where this edition
/// does not have it.
pub(super) fn category_name(categories: &Categories, v: &Voice, category: &Category) -> String {
    for root in &categories.roots {
        if root.category == *category {
            return root.called(v.language()).to_owned();
        }
        if let Some(below) = root.below.iter().find(|below| below.category == *category) {
            return below.called(v.language()).to_owned();
        }
    }
    let text = category.as_str();
    text.rsplit('/').next().unwrap_or(text).to_owned()
}

/// A category of the institution's own tree.
pub(super) fn own_category_name(local: &str) -> String {
    local.replace('/', " › ")
}

/// What a kind of report is called.
pub fn classification_name(classification: Classification) -> TextId {
    match classification {
        Classification::Complaint => text_id("reading-complaint"),
        Classification::InformationRequest => text_id("reading-information-request"),
        Classification::Aspiration => text_id("reading-aspiration"),
    }
}

/// A list of reports of which one condition is known.
pub(super) fn listing(field: &str, value: &str) -> String {
    LocalPath::asking(PATH, [(field, value)]).to_string()
}

fn filter(node: &Node, v: &Voice, form: &mut Form) -> PublicFilter {
    let day = v.say("reading-day-unusable");
    let from: Option<NaiveDate> = form.parsed("dari", day.clone());
    let through: Option<NaiveDate> = form.parsed("sampai", day);
    let institution: Option<InstanceId> = form.parsed("instansi", v.say("reading-choice-unknown"));
    let typed = form.text("status");
    let outcome = ENDS.into_iter().find(|end| end.as_str() == typed);
    let state = match outcome {
        Some(_) => None,
        None => chosen(form, v, "status", |typed| {
            CaseState::ALL
                .into_iter()
                .find(|state| state.as_str() == typed)
        }),
    };
    let local = local_name(form.text("kategori")).map(str::to_owned);
    PublicFilter {
        state,
        outcome,
        classification: chosen(form, v, "jenis", classification),
        category: match &local {
            Some(_) => None,
            None => chosen(form, v, "kategori", |typed| {
                Category::try_from(typed.to_owned()).ok()
            }),
        },
        local_category: local,
        region: region(form, v),
        institution,
        programme: chosen(form, v, "program", programmes::named),
        filed_from: from.map(|day| node.span_of_days(day, day).0),
        filed_before: through.map(|day| node.span_of_days(day, day).1),
    }
}

fn chosen<T>(
    form: &mut Form,
    v: &Voice,
    name: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Option<T> {
    let typed = form.text(name);
    if typed.is_empty() {
        return None;
    }
    let found = read(typed);
    if found.is_none() {
        form.complain(name, v.say("reading-choice-unknown"));
    }
    found
}

/// A region by its code, or by what somebody typed.
pub(super) fn region(form: &mut Form, v: &Voice) -> Option<RegionCode> {
    let namesakes = regions::national().namesakes(form.text("wilayah"));
    if !namesakes.is_empty() {
        form.complain("wilayah", v.say("filing-region-which"));
        return None;
    }
    let found = regions::national().meant(form.text("wilayah"));
    if found.is_none() && !form.text("wilayah").is_empty() {
        form.complain("wilayah", v.say("reading-region-unknown"));
    }
    found
}

fn choices(
    node: &Node,
    v: &Voice,
    figures: &PublicFigures,
    categories: &Categories,
    filter: &PublicFilter,
) -> Choices {
    let shown = |state: &CaseState| {
        matches!(
            state,
            CaseState::Received
                | CaseState::Verified
                | CaseState::Held
                | CaseState::Disposed
                | CaseState::InProgress
                | CaseState::Answered
                | CaseState::Closed
        )
    };
    let states = CaseState::ALL.into_iter().filter(shown);
    let roots = categories.roots.iter().map(|root| &root.category);
    // A category below a root is asked for by a link, and must not get lost.
    let below = filter.category.as_ref();
    let below = below.filter(|asked| categories.roots.iter().all(|root| root.category != **asked));
    let named = |category: &Category| {
        Choice::new(category.as_str(), category_name(categories, v, category))
    };
    let asked = filter.institution.as_ref();
    let institutions = figures
        .by_institution
        .keys()
        .filter_map(|id| id.parse().ok());
    let unlisted = asked.filter(|id| !figures.by_institution.contains_key(id.as_str()));
    let mut institutions: Vec<Choice> = institutions
        .chain(unlisted.cloned())
        .map(|id: InstanceId| Choice::new(id.as_str(), name_of(node, &id)))
        .collect();
    institutions.sort_by_cached_key(|choice| choice.label.to_lowercase());
    Choices {
        states: states
            .map(|state| Choice::new(state.as_str(), v.say(state_words(state).0)))
            .chain(ENDS.map(|end| Choice::new(end.as_str(), v.say(outcome_words(end)))))
            .collect(),
        kinds: KINDS
            .into_iter()
            .map(|(kind, value)| Choice::new(value, v.say(classification_name(kind))))
            .collect(),
        categories: own_roots(figures, filter)
            .into_iter()
            .map(|local| Choice::new(local_value(&local), own_category_name(&local)))
            .chain(roots.chain(below).map(named))
            .collect(),
        institutions,
    }
}

/// The first levels of the institution's own tree under which there are reports, and what a link
/// asks for below them.
fn own_roots(figures: &PublicFigures, filter: &PublicFilter) -> BTreeSet<String> {
    let all = figures.by_local_category.keys();
    let roots = all.map(|local| local.split('/').next().unwrap_or(local).to_owned());
    roots.chain(filter.local_category.clone()).collect()
}

fn chips(
    node: &Node,
    v: &Voice,
    form: &Form,
    filter: &PublicFilter,
    categories: &Categories,
) -> Vec<Chip> {
    let region = filter.region.as_ref();
    let region = region.and_then(|code| regions::national().display_name(code));
    let said = [
        (
            "q",
            Some(format!("“{}”", form.text("q"))).filter(|_| !form.text("q").is_empty()),
        ),
        (
            "status",
            filter
                .state
                .map(|state| v.say(state_words(state).0))
                .or(filter.outcome.map(|outcome| v.say(outcome_words(outcome)))),
        ),
        (
            "jenis",
            filter
                .classification
                .map(|kind| v.say(classification_name(kind))),
        ),
        (
            "kategori",
            filter
                .local_category
                .as_deref()
                .map(own_category_name)
                .or_else(|| {
                    let category = filter.category.as_ref()?;
                    Some(category_name(categories, v, category))
                }),
        ),
        ("wilayah", region),
        (
            "instansi",
            filter.institution.as_ref().map(|id| name_of(node, id)),
        ),
        (
            "program",
            filter
                .programme
                .as_ref()
                .map(|programme| v.with("name", &programme.slug).say("reading-of-programme")),
        ),
        (
            "dari",
            filter
                .filed_from
                .map(|at| v.with("day", v.date(at)).say("reading-since")),
        ),
        (
            "sampai",
            filter
                .filed_before
                .map(|at| v.with("day", v.date(at - 1)).say("reading-until")),
        ),
    ];
    let chip = |(field, said): (&'static str, Option<String>)| {
        Some(Chip {
            said: said?,
            without: path(form, None, Some(field)),
        })
    };
    said.into_iter().filter_map(chip).collect()
}

/// Where somebody goes on who has to say which region is meant.
pub(super) fn namesakes(form: &Form, here: &str, fields: &[&str]) -> Vec<(String, String)> {
    let to = |code: RegionCode| {
        let fields = fields.iter().map(|field| match *field {
            "wilayah" => ("wilayah", code.as_str()),
            field => (field, form.text(field)),
        });
        let name = regions::national().display_name(&code)?;
        Some((name, LocalPath::asking(here, fields).to_string()))
    };
    let all = regions::national().namesakes(form.text("wilayah"));
    all.into_iter().filter_map(to).collect()
}

/// The list with the conditions of the form, behind a place, without one of them.
fn path(form: &Form, after: Option<&str>, without: Option<&str>) -> String {
    let kept = FIELDS.into_iter().filter(|field| Some(*field) != without);
    let fields = kept.map(|field| (field, form.text(field)));
    let fields = fields.chain([("after", after.unwrap_or_default())]);
    LocalPath::asking(PATH, fields).to_string()
}
