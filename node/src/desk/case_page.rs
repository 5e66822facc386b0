//! The page of a case: what was reported, what happened, what is known of it (`case_facts`), and what
//! can be done now. Only what the rules allow is offered.

use std::sync::Arc;

use askama::Template;
use axum::extract::State as Shared;
use axum::response::Response;
use lapor_protocol::case::State;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_web::language::{Voice, text_id};
use lapor_web::page::{Choice, Flash, Form};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::along::{self, Along, AlongQuery, Beside};
use super::approval::{self, DraftLine};
use super::case_facts::{ClockLine, Relative, clocks, facts, related};
use super::counter::{self, AtDesk};
use super::course::{self, Happened, Report, Standing, Task};
use super::deeds::Deed;
use super::hints::{self, HintLine};
use super::identity::{self, IdentityLine};
use super::suspicion::{self, Marked};
use super::{Answer, Officer, ROOT, aside, assignment, channels, erasures, shared, shortcuts};
use crate::api::problem;
use crate::casework::{Allowed, CaseSummary, CaseView, KeyState, OWN_NUMBER};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::name_of;
use crate::portal::onward::Onward;
use crate::portal::spot::{self, Drawn};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/kasus/{id}";
pub const NUMBER: &str = "/meja/kasus/{id}/nomor";
pub const DROP: &str = "/meja/kasus/{id}/abaikan";

#[derive(Deserialize)]
pub struct CasePath {
    pub id: CaseId,
}

/// Where a case is worked on.
pub fn at(case: CaseId) -> String {
    format!("/meja/kasus/{case}")
}

#[derive(Template)]
#[template(path = "desk/case.html")]
struct CasePage {
    v: Voice,
    view: CaseView,
    here: String,
    /// Where one goes from here along the list from which one came.
    beside: Beside,
    /// That list, as fields of the forms.
    along: Vec<(&'static str, String)>,
    title: String,
    state: String,
    tone: &'static str,
    report: Report,
    programme: Option<shared::About>,
    spot: Option<Drawn>,
    suspect: Option<Marked>,
    facts: Vec<(String, String)>,
    related: Vec<Relative>,
    clocks: Vec<ClockLine>,
    decisions: Vec<DeedLine>,
    work: Vec<DeedLine>,
    others: Vec<DeedLine>,
    /// What somebody may say at the counter.
    counter: AtDesk,
    hints: Vec<HintLine>,
    /// Units that it may go to.
    unit_hints: Vec<HintLine>,
    drafts: Vec<DraftLine>,
    tasks: Vec<Task>,
    course: Vec<Happened>,
    acts: bool,
    /// Where own acts without effect are dropped, also where nothing else can be done.
    drop_at: Option<String>,
    /// Where an admin sees what is set aside.
    aside_at: Option<&'static str>,
    /// An erasure that is ahead, in words, and where an admin decides about it.
    erasure: Option<String>,
    erasures_at: Option<&'static str>,
    erased: bool,
    /// Of supervisors that have not joined: what the national desk does for them.
    pass_on: Option<String>,
    keyless: bool,
    /// Where it goes on, if nothing more is heard of it here.
    onward: Option<Onward>,
    identity: Option<IdentityLine>,
    today: String,
    keys_at: &'static str,
    form: Form,
    /// The institution's own tree.
    own_categories: Vec<Choice>,
    units: Vec<Choice>,
    officers: Vec<Choice>,
    /// Until when whoever gave it asks for something: tone and words.
    asked: Option<(&'static str, String)>,
}

/// A deed that is offered.
struct DeedLine {
    name: String,
    about: String,
    to: String,
    /// What the case waits for.
    first: bool,
    grave: bool,
}

/// A unit that was chosen among those that are suggested.
#[derive(Deserialize)]
pub struct Chosen {
    #[serde(default)]
    unit: String,
}

pub async fn show(
    Shared(node): Shared<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
    Query(chosen): Query<Chosen>,
    Query(along): Query<AlongQuery>,
) -> Answer<Response> {
    let view = officer.case(&node, path.id).await?;
    let mut form = Form::empty();
    along.put_into(&mut form);
    if !chosen.unit.is_empty() {
        let units = shared::units(&node).await?;
        if units.iter().any(|unit| unit.value == chosen.unit) {
            form.put("unit", chosen.unit);
        }
    }
    if officer.role.handles_cases() && view.summary.looked_at.is_none() {
        let looked = node.look_at(&officer.sight, &[path.id]).await;
        looked.map_err(|error| problem(&error))?;
    }
    page(&node, &officer, view, form).await
}

/// The page, with an assignment as it was typed.
pub async fn page(
    node: &Arc<Node>,
    officer: &Officer,
    view: CaseView,
    mut form: Form,
) -> Answer<Response> {
    let wrong = |error: NodeError| problem(&error);
    let (v, id) = (officer.visit.v, view.summary.case);
    let left = view.summary.left();
    let drops = officer.role.handles_cases();
    let acts = drops && left.is_none();
    let handed = assignment::opened(node, officer, &view).await?;
    let allowed = if acts {
        node.allowed_acts(id).await.map_err(wrong)?
    } else {
        Allowed::default()
    };
    let failed = node.failed_acts_of(id).await.map_err(wrong)?;
    let (drafts, people) = approval::of_case(node, officer, &view).await?;
    let along = Along::of(&form);
    let suggested = hints::of_case(node, &v, &view, &allowed, acts).await?;
    let offered = |deeds: &[Deed]| -> Vec<DeedLine> {
        let deeds = deeds
            .iter()
            .filter(|deed| acts && deed.is_for(officer.role))
            .filter(|deed| deed.is_allowed(node, &view, &allowed));
        deeds.map(|deed| deed_line(&v, &view, *deed)).collect()
    };
    let counter = if acts {
        counter::offered(node, &v, id).await?
    } else {
        AtDesk::default()
    };
    let (state, tone) = shared::standing(&view.summary);
    let title = shared::title(&v, &view.summary);
    fill(&mut form, &view.summary);
    let (units, officers) = if acts {
        assignment::choices(node, &v, &view).await?
    } else {
        Default::default()
    };
    let mut report = course::report(node, &v, &view);
    let mut course = course::course(node, &v, &view, &people);
    let erased = view.key == KeyState::Erased;
    if erased {
        // They went with the words.
        report.attachments.clear();
        for line in &mut course {
            line.attachments.clear();
        }
    }
    course::put_in(&mut course, assignment::instructed(node, &v, id).await?);
    let mut page = CasePage {
        v,
        here: at(id),
        beside: beside(node, officer, along.as_ref(), id).await?,
        along: Vec::new(),
        title: title.clone(),
        state: v.say(state),
        tone,
        spot: spot_of(node, officer, &report, &view).await,
        report,
        programme: shared::programme(node, &view).await?,
        suspect: suspect(node, officer, id).await?,
        facts: facts(node, &v, &view).await?,
        related: related(node, officer, &view).await?,
        clocks: clocks(&v, &view),
        decisions: offered(&Deed::DECISIONS),
        work: offered(&Deed::WORK),
        others: offered(&others()),
        counter,
        hints: suggested.institutions,
        unit_hints: suggested.units,
        drafts,
        tasks: course::tasks(&v, &view, &failed, |deed| {
            deed.is_allowed(node, &view, &allowed)
        }),
        course,
        acts,
        drop_at: drops.then(|| format!("{}/abaikan", at(id))),
        aside_at: officer.role.administers().then_some(aside::PATH),
        erased,
        pass_on: pass_on(node, &v, &view),
        erasure: erasures::of_case(node, &v, id).await?,
        erasures_at: officer.role.administers().then_some(erasures::PATH),
        keyless: view.key == KeyState::Missing,
        onward: left.map(|left| Onward::of(node, &v, &left)),
        identity: identity::own(node, officer, &view).await?,
        own_categories: own_categories(node, &view.summary).await?,
        today: node.today().to_string(),
        keys_at: shortcuts::AT,
        form,
        units,
        officers,
        asked: handed.and_then(|handed| assignment::asked(&v, &handed)),
        view,
    };
    page.keep(along.as_ref());
    let shell = officer.visit.shell(title).wide().within(ROOT);
    let shell = shell.status(page.form.status()).script("report.js");
    shell.scripts(shortcuts::script(&officer.visit)).show(&page)
}

/// What is neither decided nor worked on.
fn others() -> Vec<Deed> {
    let first = [&Deed::DECISIONS[..], &Deed::WORK].concat();
    let all = Deed::ALL.into_iter();
    all.filter(|deed| !first.contains(deed)).collect()
}

/// Why it looks like abuse, if it does.
async fn suspect(node: &Node, officer: &Officer, id: CaseId) -> Answer<Option<Marked>> {
    let failed = |error: NodeError| problem(&error);
    let Some(mark) = node.abuse_mark(id).await.map_err(failed)? else {
        return Ok(None);
    };
    let mut marked = suspicion::marked(&officer.visit.v, &mark);
    if officer.role.administers() {
        let thread = node.thread_of_case(id).await.map_err(failed)?;
        marked.block_at = thread.as_deref().map(channels::block_at);
    }
    Ok(Some(marked))
}

impl CasePage {
    /// Every way to an act keeps the list from which one came.
    fn keep(&mut self, along: Option<&Along>) {
        let Some(along) = along else {
            return;
        };
        let deeds = [&mut self.decisions, &mut self.work, &mut self.others];
        let deeds = deeds.into_iter().flatten().map(|deed| &mut deed.to);
        let hints = self.hints.iter_mut().chain(&mut self.unit_hints);
        let hints = hints.map(|hint| &mut hint.to);
        let counter = self.counter.offered.iter_mut().map(|line| &mut line.to);
        let tasks = self.tasks.iter_mut();
        let tasks = tasks.filter_map(|task| task.again_at.as_mut());
        let suspect = self.suspect.iter_mut().map(|mark| &mut mark.archive_at);
        for to in deeds
            .chain(hints)
            .chain(counter)
            .chain(tasks)
            .chain(suspect)
        {
            *to = along.added_to(to);
        }
        self.along = along.all_fields();
    }
}

/// What stands in fields that nobody has changed.
fn fill(form: &mut Form, case: &CaseSummary) {
    for (field, stands) in [
        ("unit", &case.unit),
        ("petugas", &case.officer),
        ("nomor", &case.own_number),
        ("lokal", &case.local_category),
    ] {
        if !form.is_ticked(field) {
            form.put(field, stands.as_deref().unwrap_or_default());
        }
    }
}

/// Who came by no list goes back to the inbox.
async fn beside(
    node: &Node,
    officer: &Officer,
    along: Option<&Along>,
    case: CaseId,
) -> Answer<Beside> {
    match along {
        Some(along) => along.beside(node, officer, case).await,
        None => Ok(Beside {
            back: ROOT.to_owned(),
            before: None,
            next: None,
        }),
    }
}

async fn spot_of(
    node: &Node,
    officer: &Officer,
    report: &Report,
    view: &CaseView,
) -> Option<Drawn> {
    let (visit, region) = (&officer.visit, view.summary.region.as_ref());
    let at = report.coordinates?;
    Some(spot::drawn(node, visit, text_id("case-spot"), at, region).await)
}

/// What the own tree has for the national category of a case, and what the case has.
async fn own_categories(node: &Node, case: &CaseSummary) -> Answer<Vec<Choice>> {
    let tree = node.local_categories().await;
    let tree = tree.map_err(|error| problem(&error))?.local;
    let fits = tree
        .iter()
        .filter(|one| Some(&one.category) == case.category.as_ref());
    let mut names: Vec<&str> = fits.map(|one| one.local.as_str()).collect();
    // One that was mapped anew stays what the case has until somebody chooses another.
    let current = case.local_category.as_deref();
    names.extend(current.filter(|current| !names.contains(current)));
    let choice = |local: &str| Choice::new(local, shared::category_name(local));
    Ok(names.into_iter().map(choice).collect())
}

/// Notes the number of the case in the institution's own application.
pub async fn number(
    Shared(node): Shared<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (sight, actor) = (&officer.sight, officer.actor());
    let number = form.text("nomor");
    let back = along::back_to(path.id, &form);
    if number.is_empty() {
        let view = officer.case(&node, path.id).await?;
        if view.summary.own_number.is_none() {
            let flash = Flash::warning(text_id("case-own-number-none"));
            return Ok(officer.visit.go_saying(&back, &flash));
        }
    }
    let noted = node.number(sight, path.id, Some(number), &actor);
    let flash = match noted.await {
        Ok(()) if number.is_empty() => Flash::done(text_id("case-own-number-removed")),
        Ok(()) => Flash::done(text_id("case-own-number-saved")),
        Err(NodeError::Invalid(_)) => {
            Flash::warning(text_id("case-own-number-odd")).with("most", OWN_NUMBER.to_string())
        }
        Err(error) => return Err(problem(&error)),
    };
    Ok(officer.visit.go_saying(&back, &flash))
}

/// Drops an own act without effect.
pub async fn drop_act(
    Shared(node): Shared<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let message: Option<MessageId> = form.text("pesan").parse().ok();
    let message = message.ok_or_else(ApiProblem::not_found)?;
    let (sight, actor) = (&officer.sight, officer.actor());
    let flash = match node.drop_failed_act(sight, message, &actor).await {
        Ok(()) => Flash::done(text_id("task-dropped")),
        Err(NodeError::NotFound { .. }) => Flash::warning(text_id("task-gone")),
        Err(error) => return Err(problem(&error)),
    };
    Ok(officer
        .visit
        .go_saying(&along::back_to(path.id, &form), &flash))
}

fn deed_line(v: &Voice, view: &CaseView, deed: Deed) -> DeedLine {
    let (name, about) = deed.words();
    DeedLine {
        name: v.say(name),
        about: v.say(about),
        to: format!("{}/{}", at(view.summary.case), deed.slug()),
        first: Some(deed) == next(view),
        grave: deed.is_grave(),
    }
}

/// What is to be told to supervisors that have not joined, which is the national desk's task.
fn pass_on(node: &Node, v: &Voice, view: &CaseView) -> Option<String> {
    let directory = node.directory();
    let world = directory.latest();
    let desk = world.desk()?;
    let absent = view.supervisors.iter().filter(|id| !world.is_active(id));
    let names: Vec<String> = absent.map(|id| name_of(node, id)).collect();
    let open = view.summary.state.is_some_and(State::is_open);
    let ours = node.instance().is_ok_and(|me| *me == desk.id);
    (ours && open && !names.is_empty())
        .then(|| v.with("name", names.join(", ")).say("case-pass-on"))
}

/// What a case waits for; nothing where it waits for its reporter, has ended or was erased.
fn next(view: &CaseView) -> Option<Deed> {
    if view.key == KeyState::Erased {
        return None;
    }
    match view.summary.state? {
        State::Received => Some(Deed::Verify),
        State::Verified | State::Disposed | State::InProgress => Some(Deed::FollowUp),
        State::Held | State::Answered | State::Closed | State::Archived | State::Merged => None,
    }
}
