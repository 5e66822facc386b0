//! Who reported: what the keeper of identities is asked, decides and sees. Every look is logged
//! before it is answered, and a page with an identity is kept by nobody.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::case::Effect;
use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath};
use lapor_web::people::{actor_named, refusal};
use lapor_web::{ApiProblem, Path};
use serde::Deserialize;
use serde_json::json;

use super::case_page::{self, CasePath};
use super::deeds::Deed;
use super::reasons::{reason_words, reasons};
use super::{Answer, Officer, ROOT, new_key, shared};
use crate::api::problem;
use crate::casework::{Asker, CaseView, HistoryEntry, IdentityTask, Once, Reporter};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::name_of;
use crate::reporters::{IdentityEvent, IdentityStep, KeyGiver};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/identitas";
/// An officer's own requests, and what became of them.
pub const ASKED: &str = "/meja/permintaan-identitas";
/// The requests and the log of one case.
pub const CASE: &str = "/meja/identitas/{id}";
pub const ANSWER: &str = "/meja/identitas/{id}/{permintaan}";
/// Where an officer sees what the keeper has granted.
pub const GRANTED: &str = "/meja/kasus/{id}/identitas-terbuka";
const REFUSED: &str = "identity.refused";

#[derive(Deserialize)]
pub struct AskPath {
    id: CaseId,
    permintaan: String,
}

#[derive(Template)]
#[template(path = "desk/identities.html")]
struct ListPage {
    v: Voice,
    tasks: Vec<TaskLine>,
    refusals: Vec<Choice>,
    key: String,
}

#[derive(Template)]
#[template(path = "desk/identity.html")]
struct CaseIdentity {
    v: Voice,
    here: String,
    list_at: &'static str,
    case_at: String,
    title: String,
    ticket: Option<String>,
    tasks: Vec<TaskLine>,
    log: Vec<LogLine>,
    refusals: Vec<Choice>,
    key: String,
    /// Where its reporter gets a new key of the keeper, if so.
    new_key_at: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/reporter.html")]
struct ReporterPage {
    v: Voice,
    title: String,
    reporter: Option<Reporter>,
    back_at: String,
}

/// A request that waits.
struct TaskLine {
    task: IdentityTask,
    who: String,
    purpose: String,
    at: String,
    case_at: String,
    /// What the reporter has said, and how that looks.
    consent: Option<(&'static str, String)>,
    /// An officer's; another institution is told why it is refused.
    own: bool,
    may_grant: bool,
}

struct LogLine {
    said: String,
    who: Option<String>,
    purpose: Option<String>,
    reason: Option<String>,
    at: i64,
}

/// What the page of a case says of the identity to whoever looks.
pub struct IdentityLine {
    pub said: String,
    /// The keeper's page of the case.
    pub list_at: Option<String>,
    pub granted: bool,
}

pub async fn list(State(node): State<Arc<Node>>, officer: Officer) -> Answer<Response> {
    officer.requires(StaffRole::opens_identities)?;
    let v = officer.visit.v;
    let tasks = node
        .identity_tasks()
        .await
        .map_err(|error| problem(&error))?;
    let page = ListPage {
        v,
        tasks: task_lines(&node, &v, tasks).await?,
        refusals: refusals(&v),
        key: Once::fresh_key(),
    };
    officer
        .visit
        .shell(v.say("identities-title"))
        .within(ROOT)
        .show(&page)
}

pub async fn show(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
) -> Answer<Response> {
    officer.requires(StaffRole::opens_identities)?;
    let wrong = |error: NodeError| problem(&error);
    let v = officer.visit.v;
    let view = officer.case(&node, path.id).await?;
    let mut tasks = node.identity_tasks().await.map_err(wrong)?;
    tasks.retain(|task| task.case == path.id);
    let log = node.identity_log(path.id).await.map_err(wrong)?;
    let names = names(&node).await?;
    let page = CaseIdentity {
        v,
        here: at(path.id),
        list_at: PATH,
        case_at: case_page::at(path.id),
        title: shared::title(&v, &view.summary),
        ticket: view.summary.ticket.clone(),
        tasks: task_lines(&node, &v, tasks).await?,
        log: log
            .iter()
            .map(|event| log_line(&node, &v, &names, event))
            .collect(),
        refusals: refusals(&v),
        key: Once::fresh_key(),
        new_key_at: new_key_at(&node, path.id).await?,
    };
    officer
        .visit
        .shell(v.say("identity-of-case"))
        .within(ROOT)
        .show(&page)
}

/// Where the keeper gives the reporter of a case a new key, if it is the keeper who does.
async fn new_key_at(node: &Node, case: CaseId) -> Answer<Option<String>> {
    let by = match node.at_counter(case).await {
        Ok(counter) => counter.key_giver,
        // Its beginning has not arrived.
        Err(NodeError::NotFound { .. }) => None,
        Err(error) => return Err(problem(&error)),
    };
    Ok((by == Some(KeyGiver::Keeper)).then(|| new_key::at(case)))
}

/// Opens the identity for the keeper.
pub async fn open(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
) -> Answer<Response> {
    officer.requires(StaffRole::opens_identities)?;
    let view = officer.case(&node, path.id).await?;
    let reporter = node.identity(path.id, &officer.actor()).await;
    let reporter = reporter.map_err(|error| problem(&error))?;
    reporter_page(&officer, &view, reporter, at(path.id))
}

/// Opens it for an officer to whom the keeper has granted it.
pub async fn open_granted(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let view = officer.case(&node, path.id).await?;
    let back = case_page::at(path.id);
    match node.granted_identity(path.id, &officer.actor()).await {
        Ok(reporter) => reporter_page(&officer, &view, reporter, back),
        Err(NodeError::Forbidden(_)) => {
            let flash = Flash::warning(text_id("identity-not-granted"));
            Ok(officer.visit.go_saying(&LocalPath::own(&back), &flash))
        }
        Err(error) => Err(problem(&error)),
    }
}

/// The keeper grants a request or refuses it.
pub async fn answer(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<AskPath>,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::opens_identities)?;
    officer.case(&node, path.id).await?;
    let granted = match form.text("jawaban") {
        "beri" => true,
        "tolak" => false,
        _ => return Err(ApiProblem::not_found()),
    };
    let flash = match answered(&node, &officer, &path, granted, &form).await {
        Ok(flash) => flash,
        Err(NodeError::Forbidden(_)) => Flash::warning(text_id("identity-may-not")),
        Err(NodeError::Invalid(_) | NodeError::NotAllowed(_) | NodeError::KeyReused) => {
            Flash::warning(text_id("identity-answered-before"))
        }
        Err(NodeError::NotFound { .. }) => Flash::warning(text_id("identity-none-held")),
        Err(error) => return Err(problem(&error)),
    };
    Ok(officer.visit.go_saying(&LocalPath::own(PATH), &flash))
}

async fn answered(
    node: &Node,
    officer: &Officer,
    path: &AskPath,
    granted: bool,
    form: &Form,
) -> Result<Flash, NodeError> {
    let done = Flash::done(if granted {
        text_id("identity-granted")
    } else {
        text_id("identity-declined")
    });
    let (actor, ask) = (officer.actor(), path.permintaan.as_str());
    let own = node.identity_asks(path.id).await?;
    if own.iter().any(|own| own.id == ask) {
        node.answer_identity_ask(path.id, ask, granted, &actor)
            .await?;
        return Ok(done);
    }
    if !granted && form.text("alasan").is_empty() {
        return Ok(Flash::warning(text_id("identity-reason-missing")));
    }
    let once = Once::new(&actor, &format!("{}-{ask}", form.text("kunci")))?;
    let new = if granted {
        shared::act("identity.disclosed", &[("request", json!(ask))], &[])
    } else {
        let reason = json!(form.text("alasan"));
        shared::act(REFUSED, &[("request", json!(ask)), ("reason", reason)], &[])
    };
    node.act_once(path.id, new, &actor, &once).await?;
    Ok(done)
}

/// What the page of a case says: to the keeper where to look, to an officer what became of their
/// own request.
pub async fn own(node: &Node, officer: &Officer, view: &CaseView) -> Answer<Option<IdentityLine>> {
    let (v, case) = (officer.visit.v, view.summary.case);
    if officer.role.opens_identities() {
        return Ok(Some(IdentityLine {
            said: v.say("identity-keeper-about"),
            list_at: Some(at(case)),
            granted: false,
        }));
    }
    let (actor, asks) = (officer.actor(), node.identity_asks(case).await);
    let asks = asks.map_err(|error| problem(&error))?;
    let last = asks.iter().rev().find(|ask| ask.asked_by == actor);
    if last.is_none() {
        let said = asked_there(node, &v, view);
        return Ok(said.map(|said| IdentityLine {
            said,
            list_at: Some(ASKED.to_owned()),
            granted: false,
        }));
    }
    Ok(last.map(|ask| IdentityLine {
        said: v.say(match ask.granted {
            None => text_id("identity-waits"),
            Some(true) => text_id("identity-is-granted"),
            Some(false) => text_id("identity-is-declined"),
        }),
        list_at: Some(ASKED.to_owned()),
        granted: ask.granted == Some(true),
    }))
}

/// What became of what this institution has asked the one where the report was filed, if it has.
fn asked_there(node: &Node, v: &Voice, view: &CaseView) -> Option<String> {
    if node.was_told_who_reported(view) {
        return Some(v.say("identity-came"));
    }
    let me = node.instance().ok()?;
    let fact = |entry: &HistoryEntry, name: &str| {
        let value = entry.body.as_ref()?.get(name)?;
        value.as_str().map(str::to_owned)
    };
    let counts = |entry: &&HistoryEntry| entry.effect.is_none_or(|e| e == Effect::Applied);
    let about = view.history.iter().filter(counts).rev().find(|entry| {
        let asked = entry.kind == Deed::AskIdentity.kind() && entry.author.as_ref() == Some(me);
        let refused = entry.kind == REFUSED;
        asked || refused && fact(entry, "requester").as_deref() == Some(me.as_str())
    })?;
    if about.kind != REFUSED {
        return Some(v.say("identity-waits-there"));
    }
    let reason = fact(about, "reason").unwrap_or_default();
    let reason = reason_words(v, REFUSED, &reason);
    Some(v.with("reason", reason).say("identity-refused-there"))
}

/// The one time that it is shown; no redirect, because nothing keeps it.
fn reporter_page(
    officer: &Officer,
    view: &CaseView,
    reporter: Option<Reporter>,
    back_at: String,
) -> Answer<Response> {
    let v = officer.visit.v;
    let page = ReporterPage {
        v,
        title: shared::title(&v, &view.summary),
        reporter,
        back_at,
    };
    officer
        .visit
        .shell(v.say("reporter-title"))
        .within(ROOT)
        .show(&page)
}

async fn task_lines(node: &Node, v: &Voice, tasks: Vec<IdentityTask>) -> Answer<Vec<TaskLine>> {
    let names = names(node).await?;
    let line = |task: IdentityTask| {
        let own = matches!(task.asker, Asker::Officer(_));
        let consent = match (task.agreed, task.anonymous) {
            (Some(true), _) => Some(("done", v.say("consent-given"))),
            (Some(false), _) => Some(("alert", v.say("consent-refused"))),
            (None, true) => Some(("warm", v.say("consent-needed"))),
            (None, false) => None,
        };
        TaskLine {
            who: match &task.asker {
                Asker::Officer(actor) => actor_named(v, &names, actor),
                Asker::Institution(id) => name_of(node, id),
            },
            purpose: reason_words(v, Deed::AskIdentity.kind(), &task.purpose),
            at: format!("{}/{}", at(task.case), task.ask),
            case_at: at(task.case),
            may_grant: task.agreed.unwrap_or(!task.anonymous),
            consent,
            own,
            task,
        }
    };
    Ok(tasks.into_iter().map(line).collect())
}

fn log_line(
    node: &Node,
    v: &Voice,
    names: &BTreeMap<String, String>,
    event: &IdentityEvent,
) -> LogLine {
    let by = event.by.as_ref().map(|by| actor_named(v, names, by));
    let kind = match event.step {
        IdentityStep::Refused => REFUSED,
        _ => Deed::AskIdentity.kind(),
    };
    LogLine {
        said: v.say(step_words(event.step)),
        who: by.or_else(|| event.institution.as_ref().map(|id| name_of(node, id))),
        purpose: event
            .purpose
            .as_ref()
            .map(|code| reason_words(v, kind, code)),
        reason: event.reason.clone(),
        at: event.at,
    }
}

fn step_words(step: IdentityStep) -> TextId {
    match step {
        IdentityStep::Asked => text_id("step-asked"),
        IdentityStep::Consented => text_id("step-consented"),
        IdentityStep::Objected => text_id("step-objected"),
        IdentityStep::Granted => text_id("step-granted"),
        IdentityStep::Refused => text_id("step-refused"),
        IdentityStep::Opened => text_id("step-opened"),
        IdentityStep::Denied => text_id("step-denied"),
    }
}

fn refusals(v: &Voice) -> Vec<Choice> {
    let all = reasons(REFUSED).iter();
    all.map(|(code, words)| Choice::new(*code, v.say(words)))
        .collect()
}

/// The names of accounts by how the audit log names them.
pub async fn names(node: &Node) -> Answer<BTreeMap<String, String>> {
    let accounts = node
        .accounts()
        .list()
        .await
        .map_err(|error| refusal(&error))?;
    let named = accounts.into_iter();
    Ok(named
        .map(|account| (account.actor(), account.name))
        .collect())
}

fn at(case: CaseId) -> String {
    format!("{PATH}/{case}")
}
