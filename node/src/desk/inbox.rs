//! The inbox: what is in our hands and runs out next, what is new, what came back, what waits for
//! whom; search, filters that are kept, and acts on several cases at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::ids::CaseId;
use lapor_protocol::region::RegionCode;
use lapor_web::Query;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};

use super::along::Along;
use super::clock::{ClockWords, next_clock};
use super::deeds::Deed;
use super::question::{InboxQuery, Question, TABS};
use super::reasons::reason_choices;
use super::{
    Answer, Officer, ROOT, approval, arrangements, assignment, case_page, channels, erasures,
    identity, identity_asked, own_categories, registers, shared, shortcuts, suspicion, together,
    walk_in, webhooks,
};
use crate::api::problem;
use crate::casework::{
    CaseFilter, CaseList, CaseSummary, DraftState, InboxCounts, Once, Outcome, Tab, Tray,
};
use crate::error::NodeError;
use crate::institutions;
use crate::node::Node;
use crate::portal::filing::REGIONS;
use crate::portal::{classification_name, name_of, outcome_words, state_words};
use crate::regions::national;

pub const FILTERS: &str = "/meja/saringan";
/// What came back.
const CAME_BACK: &str = "/meja?tab=kembali";
/// What is overdue, and what has been for long.
const OVERDUE_ELSEWHERE: &str = "/meja?tab=lain&lewat=1";
const LONG_OVERDUE: &str = "/meja?tab=lama-lewat";
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

struct TabLine {
    name: String,
    to: String,
    count: Option<u64>,
    current: bool,
}

/// A case of the list.
struct Line {
    case: CaseSummary,
    /// By what it is told from others.
    called: String,
    at: String,
    state: String,
    tone: &'static str,
    clock: Option<ClockWords>,
    /// What it is about and where it lies, in a few words each.
    notes: Vec<String>,
    unseen: bool,
    /// Since when it waits for its reporter.
    waits: Option<String>,
    /// Given to somebody who has not opened it since.
    handed: bool,
    /// Until when whoever gave it asks for something: tone and words.
    asked: Option<(&'static str, String)>,
    /// What became of an answer to it that was not sent: tone and words.
    draft: Option<(&'static str, String)>,
    /// Why it looks like abuse.
    suspect: Option<String>,
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

/// What is told to whoever answers it: what has been overdue for long, own answers that were given
/// back, requests for identities, own categories that an edition took away, answers to sign, and what
/// waits for a successor.
async fn asked(
    node: &Node,
    officer: &Officer,
    given_back: usize,
    counts: &InboxCounts,
) -> Answer<Vec<(String, String)>> {
    let v = officer.visit.v;
    let mut all = Vec::new();
    for (count, said, to) in [
        (
            counts.long_overdue,
            text_id("inbox-long-overdue"),
            LONG_OVERDUE,
        ),
        (
            counts.elsewhere_overdue,
            text_id("inbox-elsewhere-overdue"),
            OVERDUE_ELSEWHERE,
        ),
    ] {
        if count > 0 {
            all.push((v.with("n", count).say(said), to));
        }
    }
    if given_back > 0 {
        let said = v.with("n", given_back).say("answers-returned");
        all.push((said, CAME_BACK));
    }
    if officer.role.opens_identities() {
        let waiting = node
            .identity_tasks_waiting()
            .await
            .map_err(|error| problem(&error))?;
        let said = if waiting == 0 {
            v.say("identities-waiting-none")
        } else {
            v.with("n", waiting).say("identities-waiting")
        };
        all.push((said, identity::PATH));
    }
    if officer.role.administers() {
        all.extend(arrangements::told(node, officer).await?);
        all.extend(Box::pin(own_categories::told(node, officer)).await?);
        all.extend(erasures::told(node, officer).await?);
        all.extend(webhooks::told(node, officer).await?);
        all.extend(channels::cities_told(node, officer).await?);
    }
    if officer.role.handles_cases() {
        all.extend(identity_asked::told(node, officer).await?);
        all.extend(channels::told(node, officer).await?);
    }
    if officer.role.signs() {
        let waiting = node
            .waiting_drafts(&officer.sight)
            .await
            .map_err(|error| problem(&error))?;
        if !waiting.is_empty() {
            let said = v.with("n", waiting.len()).say("approvals-waiting");
            all.push((said, approval::PATH));
        }
    }
    let all = all.into_iter().map(|(said, to)| (said, to.to_owned()));
    let mut all: Vec<(String, String)> = all.collect();
    if officer.role.handles_cases() {
        all.extend(together::told(node, officer).await?);
    }
    Ok(all)
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

async fn lines(node: &Node, v: &Voice, cases: Vec<CaseSummary>) -> Answer<Vec<Line>> {
    let days = node.day_count().await.map_err(|error| problem(&error))?;
    let units = node.units().await.map_err(|error| problem(&error))?;
    let units: BTreeMap<&str, &str> = units
        .iter()
        .map(|unit| (unit.id.as_str(), unit.name.as_str()))
        .collect();
    let marks = node.abuse_marks_of(&cases).await;
    let marks = marks.map_err(|error| problem(&error))?;
    let marks: BTreeMap<CaseId, TextId> = marks
        .iter()
        .map(|mark| (mark.case, suspicion::reason(&mark.reason)))
        .collect();
    let me = node.instance().ok();
    let staff = assignment::staff(node).await?;
    let ids: Vec<CaseId> = cases.iter().map(|case| case.case).collect();
    let handed = node.handed(&ids).await.map_err(|error| problem(&error))?;
    let drafts = node.drafts_among(&cases).await;
    let drafts = drafts.map_err(|error| problem(&error))?;
    let line = |case: CaseSummary| {
        let (state, tone) = shared::standing(&case);
        let elsewhere = case.custodian.as_ref().filter(|id| Some(*id) != me);
        let notes = [
            case.own_number.clone(),
            case.classification
                .map(|class| v.say(classification_name(class))),
            shared::case_category(&case),
            case.region
                .as_ref()
                .and_then(|code| national().display_name(code)),
            elsewhere.map(|id| name_of(node, id)),
            case.unit
                .as_deref()
                .map(|unit| (*units.get(unit).unwrap_or(&unit)).to_owned()),
            case.officer.as_deref().map(|id| staff.name(id).to_owned()),
        ];
        let handed = handed.get(&case.case);
        let handed = handed.filter(|_| assignment::is_in_hand(case.tray));
        Line {
            asked: handed.and_then(|handed| assignment::asked(v, handed)),
            handed: handed.is_some_and(|handed| !handed.taken),
            at: case_page::at(case.case),
            state: v.say(state),
            tone,
            clock: next_clock(v, &days, &case),
            called: shared::called(v, &case),
            draft: drafts.get(&case.case).map(|state| match state {
                DraftState::Returned => ("alert", v.say("row-draft-returned")),
                _ => ("quiet", v.say("draft-waiting")),
            }),
            notes: notes.into_iter().flatten().collect(),
            waits: case
                .waits_since
                .filter(|_| case.tray == Some(Tray::Waiting))
                .map(|since| v.with("when", v.days_away(since)).say("row-waits-since")),
            unseen: case.looked_at.is_none() && case.tray == Some(Tray::New),
            suspect: marks.get(&case.case).map(|why| v.say(*why)),
            case,
        }
    };
    Ok(cases.into_iter().map(line).collect())
}

fn tabs(v: &Voice, question: &Question, counts: &InboxCounts) -> Vec<TabLine> {
    let counted = |tab: Tab| match tab {
        Tab::RunsOut => Some(counts.runs_out),
        Tab::New => Some(counts.new),
        Tab::CameBack => Some(counts.came_back),
        Tab::Waiting => Some(counts.waiting),
        Tab::Working => Some(counts.working),
        Tab::Answered => Some(counts.answered),
        Tab::Elsewhere => Some(counts.elsewhere),
        Tab::Escalated => Some(counts.escalated),
        Tab::Copies => Some(counts.copies),
        Tab::Ended => None,
        Tab::LongOverdue => Some(counts.long_overdue),
        Tab::Pending => Some(counts.pending),
        Tab::Failed => Some(counts.failed),
        Tab::Suspect => Some(counts.suspect),
    };
    let shown = TABS.iter().map(|(tab, _)| *tab).filter(|tab| {
        let rare = matches!(
            tab,
            Tab::Escalated
                | Tab::Copies
                | Tab::LongOverdue
                | Tab::Pending
                | Tab::Failed
                | Tab::Suspect
        );
        // What is in hand is a part of what runs out, and open for a link of old.
        (*tab != Tab::Working && !rare)
            || question.tab == Some(*tab)
            || (rare && counted(*tab).is_some_and(|count| count > 0))
    });
    let line = |tab: Option<Tab>| TabLine {
        name: v.say(tab.map_or(text_id("tab-all"), |tab| tab_words(tab).0)),
        to: question.on(tab).address(ROOT, ""),
        count: tab.and_then(counted),
        current: question.tab == tab && question.typed.is_empty(),
    };
    shown.map(Some).chain([None]).map(line).collect()
}

fn headed(question: &Question) -> (TextId, TextId) {
    if !question.typed.is_empty() {
        return (text_id("inbox-found"), text_id("inbox-found-about"));
    }
    question
        .tab
        .map_or((text_id("tab-all"), text_id("tab-all-about")), tab_words)
}

/// What a tab is called, and what lies in it.
fn tab_words(tab: Tab) -> (TextId, TextId) {
    match tab {
        Tab::RunsOut => (text_id("tab-work"), text_id("tab-work-about")),
        Tab::New => (text_id("tab-new"), text_id("tab-new-about")),
        Tab::CameBack => (text_id("tab-back"), text_id("tab-back-about")),
        Tab::Waiting => (text_id("tab-waiting"), text_id("tab-waiting-about")),
        Tab::Working => (text_id("tab-working"), text_id("tab-working-about")),
        Tab::Answered => (text_id("tab-answered"), text_id("tab-answered-about")),
        Tab::Elsewhere => (text_id("tab-elsewhere"), text_id("tab-elsewhere-about")),
        Tab::Escalated => (text_id("tab-escalated"), text_id("tab-escalated-about")),
        Tab::Copies => (text_id("tab-copies"), text_id("tab-copies-about")),
        Tab::Ended => (text_id("tab-ended"), text_id("tab-ended-about")),
        Tab::LongOverdue => (
            text_id("tab-long-overdue"),
            text_id("tab-long-overdue-about"),
        ),
        Tab::Pending => (text_id("tab-pending"), text_id("tab-pending-about")),
        Tab::Failed => (text_id("tab-failed"), text_id("tab-failed-about")),
        Tab::Suspect => (text_id("tab-suspect"), text_id("tab-suspect-about")),
    }
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
