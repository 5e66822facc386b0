//! The inbox: what is in our hands and runs out next, what is new, what came back, what waits for
//! whom; search, filters that are kept, and acts on several cases at once.

mod asked;
mod lines;
mod tabs;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::region::RegionCode;
use lapor_web::Query;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};

use self::asked::asked;
use self::lines::{Line, lines};
use self::tabs::{TabLine, headed, tabs};
use super::along::Along;
use super::deeds::Deed;
use super::question::{InboxQuery, Question};
use super::reasons::reason_choices;
use super::{
    Answer, Officer, ROOT, assignment, channels, registers, shared, shortcuts, together, walk_in,
};
use crate::api::problem;
use crate::casework::{CaseFilter, CaseList, CaseSummary, Once, Outcome, Tab, Tray};
use crate::error::NodeError;
use crate::institutions;
use crate::node::Node;
use crate::portal::filing::REGIONS;
use crate::portal::{outcome_words, state_words};
use crate::regions::national;

pub const FILTERS: &str = "/meja/saringan";
/// Cases of a page.
const PAGE: u32 = 30;

#[derive(Template)]
#[template(path = "desk/inbox.html")]
struct InboxPage<'a> {
    v: Voice,
    form: &'a Form,
    heading: String,
    about: String,
    tabs: Vec<TabLine>,
    lines: Vec<Line>,
    saved: Vec<Kept>,
    /// The question as fields of the forms that keep it.
    fields: Vec<(&'static str, String)>,
    narrowed: bool,
    /// Narrowed by more than words, or to be.
    filtered: bool,
    /// Why the region that was typed narrows nothing.
    region_wrong: Option<String>,
    /// Regions of the name that was typed, each with the list of its cases.
    regions: Vec<(String, String)>,
    regions_at: &'static str,
    institutions: Vec<String>,
    /// Institutions that the name which was typed may mean, each with the list of its cases.
    institutions_meant: Vec<(String, String)>,
    here: &'static str,
    /// Where a form comes back to.
    back: String,
    first: Option<String>,
    next: Option<String>,
    acts: bool,
    /// What clears cases of the list, where it is of what looks like abuse.
    clears: Option<String>,
    key: String,
    units: Vec<Choice>,
    states: Vec<Choice>,
    classes: Vec<Choice>,
    categories: Vec<Choice>,
    together_at: &'static str,
    /// Who may be given a case.
    officers: Vec<Choice>,
    /// Why a case can be archived.
    reasons: Vec<Choice>,
    /// What puts successors in the place of institutions that were dissolved, at the desk that does.
    succeeds: Option<String>,
    filters_at: &'static str,
    new_at: &'static str,
    keys_at: &'static str,
    registers_at: &'static str,
    channels_at: &'static str,
    /// What waits for somebody of this role: how much, and where.
    asked: Vec<(String, String)>,
}

/// A question that somebody has given a name.
struct Kept {
    name: String,
    to: String,
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Query(query): Query<InboxQuery>,
) -> Answer<Response> {
    let (v, sight) = (officer.visit.v, &officer.sight);
    let question = asked_for(&node, &officer, &query).await?;
    let account = &officer.session.account.id.to_string();
    let after = after(&query.lanjut);
    let wrong = |error: NodeError| problem(&error);
    let mut form = filled(&node, &v, &question, &query);
    let found = found(&node, &officer, &question, &query.lanjut).await;
    let mut list = found.map_err(wrong)?.unwrap_or_else(|| {
        form.complain("cari", v.say("inbox-question-unusable"));
        CaseList {
            cases: Vec::new(),
            next: None,
        }
    });
    let mut narrowing = question.filter.clone();
    (narrowing.state, narrowing.outcome) = (None, None);
    let mut counts = node.inbox_counts(sight, &narrowing).await.map_err(wrong)?;
    let actor = officer.actor();
    let returned = node.returned_drafts(sight, &actor).await.map_err(wrong)?;
    let given_back = returned.len();
    if !question.is_narrowed() {
        // They came back to whoever wrote the answer, wherever the report lies.
        let further = returned.into_iter();
        let further = further.filter(|case| case.tray != Some(Tray::CameBack));
        let further: Vec<CaseSummary> = further.collect();
        counts.came_back += further.len() as u64;
        if question.tab == Some(Tab::CameBack) && after.is_none() {
            list.cases.splice(0..0, further);
        }
    }
    let mut lines = lines(&node, &v, list.cases).await?;
    let back = question.address(ROOT, &query.lanjut);
    for (row, line) in lines.iter_mut().enumerate() {
        line.at = Along::new(&back, row).added_to(&line.at);
    }
    let meant = institutions::found(&institutions::all(&node), &query.instansi);
    let institutions_meant = meant_institutions(&question, meant);
    let kept = node.saved_filters(account).await.map_err(wrong)?;
    let zone = node.zone();
    let saved = kept.iter().map(|filter| Kept {
        name: filter.name.clone(),
        to: Question::of(filter, zone).address(ROOT, ""),
    });
    let (heading, about) = headed(&question);
    let page = InboxPage {
        v,
        heading: v.say(heading),
        about: v.say(about),
        tabs: tabs(&v, &question, &counts),
        lines,
        saved: saved.collect(),
        fields: question.fields(),
        narrowed: question.is_narrowed(),
        filtered: question.filter != CaseFilter::default()
            || !form.is_fine()
            || !question.namesakes.is_empty()
            || !institutions_meant.is_empty(),
        institutions_meant,
        region_wrong: question
            .region_unknown
            .then(|| v.say("inbox-region-unknown")),
        regions: namesakes(&question),
        regions_at: REGIONS,
        institutions: institutions::names(&node),
        here: ROOT,
        back,
        first: after.map(|_| question.address(ROOT, "")),
        next: list.next.map(|next| question.address(ROOT, &next)),
        acts: officer.role.handles_cases(),
        clears: (question.tab == Some(Tab::Suspect)).then(|| v.say("suspect-clear")),
        key: Once::fresh_key(),
        units: shared::units(&node).await?,
        states: states(&v),
        classes: shared::classes(&v),
        categories: shared::categories_to_find(&node, &v).await?,
        together_at: together::PATH,
        officers: if officer.role.handles_cases() {
            assignment::officers(&node, &v).await?
        } else {
            Vec::new()
        },
        reasons: reason_choices(&v, Deed::Archive),
        succeeds: together::succeeds(&node).then(|| v.say("act-succeed")),
        filters_at: FILTERS,
        new_at: walk_in::PATH,
        keys_at: shortcuts::AT,
        registers_at: registers::PATH,
        channels_at: channels::PATH,
        asked: asked(&node, &officer, given_back, &counts).await?,
        form: &form,
    };
    let shell = officer.visit.shell(v.say("inbox-title"));
    let shell = shell.wide().scripts(shortcuts::script(&officer.visit));
    let shell = shell.script("search.js");
    shell.show(&page)
}

/// The question of an address, as whoever is logged in means it.
pub async fn asked_for(node: &Node, officer: &Officer, query: &InboxQuery) -> Answer<Question> {
    let mut question = read(node, query);
    if question.filter.mine {
        let account = officer.session.account.id.as_str();
        question.filter.mine_of = assignment::staff(node).await?.works_for(account);
    }
    Ok(question)
}

/// A page of what it asks for; `None` where nothing can be looked for like that.
pub async fn found(
    node: &Node,
    officer: &Officer,
    question: &Question,
    lanjut: &str,
) -> Result<Option<CaseList>, NodeError> {
    let (sight, filter) = (&officer.sight, &question.filter);
    let after = after(lanjut);
    let found = if let Some(tab) = question.tab {
        node.inbox(sight, tab, filter, after, PAGE).await
    } else {
        node.search(sight, &question.typed, filter, after, PAGE)
            .await
    };
    match found {
        Err(NodeError::Invalid(_)) => Ok(None),
        found => found.map(Some),
    }
}

fn after(lanjut: &str) -> Option<&str> {
    Some(lanjut).filter(|after| !after.is_empty())
}

/// The question of an address or a form.
fn read(node: &Node, query: &InboxQuery) -> Question {
    let custodian = institutions::only(node, &query.instansi);
    Question::read(query, node.zone(), custodian)
}

/// The form of the question, with what was typed.
fn filled(node: &Node, v: &Voice, question: &Question, query: &InboxQuery) -> Form {
    let mut form = Form::of([
        ("cari", query.cari.clone()),
        ("jenis", query.jenis.clone()),
        ("status", query.status.clone()),
        ("kategori", query.kategori.clone()),
        ("wilayah", region_name(question, query)),
        ("instansi", custodian_name(node, question, query)),
        ("dari", query.dari.clone()),
        ("sampai", query.sampai.clone()),
        ("unit", query.unit.clone()),
        ("lewat", query.lewat.clone()),
        ("saya", query.saya.clone()),
    ]);
    if question.region_unknown {
        form.complain("wilayah", v.say("inbox-region-unknown"));
    }
    let meant = institutions::found(&institutions::all(node), &query.instansi);
    if meant == institutions::Found::None {
        form.complain("instansi", v.say("inbox-institution-unknown"));
    }
    for (field, known) in [
        ("dari", question.filter.filed_from),
        ("sampai", question.filter.filed_before),
    ] {
        if known.is_none() && !form.text(field).is_empty() {
            form.complain(field, v.say("inbox-day-unusable"));
        }
    }
    form
}

/// Keeps the question under a name, or forgets one.
pub async fn filters(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    let account = &officer.session.account.id.to_string();
    let text = |name: &str| form.text(name).to_owned();
    let asked = InboxQuery {
        tab: text("tab"),
        cari: text("cari"),
        jenis: text("jenis"),
        status: text("status"),
        kategori: text("kategori"),
        wilayah: text("wilayah"),
        instansi: text("instansi"),
        dari: text("dari"),
        sampai: text("sampai"),
        unit: text("unit"),
        lewat: text("lewat"),
        saya: text("saya"),
        lanjut: String::new(),
    };
    let question = read(&node, &asked);
    let forgotten = form.text("hapus");
    let done = if forgotten.is_empty() {
        let saved = question.saved(form.text("nama"));
        node.save_filter(account, &saved)
            .await
            .map(|()| text_id("inbox-filter-kept"))
    } else {
        node.remove_filter(account, forgotten)
            .await
            .map(|()| text_id("inbox-filter-forgotten"))
    };
    let flash = match done {
        Ok(said) => Flash::done(said),
        Err(NodeError::Invalid(_)) => Flash::warning(text_id("inbox-filter-unusable")),
        Err(NodeError::NotFound { .. }) => Flash::done(text_id("inbox-filter-forgotten")),
        Err(error) => return Err(problem(&error)),
    };
    let back = question.address(ROOT, "");
    Ok(officer.visit.go_saying(&LocalPath::own(&back), &flash))
}

fn states(v: &Voice) -> Vec<Choice> {
    let choice = |state: CaseState| Choice::new(state.as_str(), v.say(state_words(state).0));
    let ends = Outcome::CLOSES.map(|end| Choice::new(end.as_str(), v.say(outcome_words(end))));
    CaseState::ALL.into_iter().map(choice).chain(ends).collect()
}

/// Where somebody goes on who has to say which region is meant.
fn namesakes(question: &Question) -> Vec<(String, String)> {
    let to = |code: &RegionCode| {
        let mut chosen = question.clone();
        chosen.filter.region = Some(code.clone());
        let name = national().display_name(code)?;
        Some((name, chosen.address(ROOT, "")))
    };
    question.namesakes.iter().filter_map(to).collect()
}

/// The same for whoever has to say which institution is meant.
fn meant_institutions(question: &Question, meant: institutions::Found) -> Vec<(String, String)> {
    let institutions::Found::Some(several) = meant else {
        return Vec::new();
    };
    let to = |(id, name): institutions::Called| {
        let mut chosen = question.clone();
        chosen.filter.custodian = Some(id);
        (name, chosen.address(ROOT, ""))
    };
    several.into_iter().map(to).collect()
}

/// The institution as it is called, where one was understood.
fn custodian_name(node: &Node, question: &Question, query: &InboxQuery) -> String {
    let directory = node.directory();
    let named = question.filter.custodian.as_ref();
    let named = named.and_then(|id| directory.latest().instance(id));
    named.map_or_else(|| query.instansi.clone(), |entry| entry.name.clone())
}

/// The region as it is called, where one was understood.
fn region_name(question: &Question, query: &InboxQuery) -> String {
    let named = question.filter.region.as_ref();
    named
        .and_then(|code| national().display_name(code))
        .unwrap_or_else(|| query.wilayah.clone())
}
