//! A page for each deed: its form, and what becomes of it. A form that is sent twice acts once.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::case::Reason;
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::kinds::identity_requested::IdentityPurpose;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;
use serde_json::Value;

use super::again::FormerFile;
use super::along::{self, Along, AlongQuery};
use super::choosing::Choosing;
use super::deed_form::{Part, first_field, first_form, parts};
use super::deed_read::read;
use super::deeds::Deed;
use super::shared::About;
use super::{
    Answer, Officer, ROOT, again, approval, case_page, course, erasures, halves, rows, shared,
    stood, upload,
};
use crate::api::problem;
use crate::attach::{self, Attached, Held, Sender};
use crate::casework::{CaseView, DraftState, NewAct, NewDraft, Once, not_now as refused_now};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::name_of;
use crate::staff::StaffRole;
use crate::taxonomy::local_name;

pub const PATH: &str = "/meja/kasus/{id}/{tindakan}";

#[derive(Deserialize)]
pub struct DeedPath {
    id: CaseId,
    tindakan: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DeedQuery {
    /// To whom a hint says.
    ke: String,
    /// The act without effect that is done again.
    ulang: String,
    /// The draft that is written anew.
    draf: String,
}

/// The page of a deed, and of what somebody says at the counter.
#[derive(Template)]
#[template(path = "desk/deed.html")]
pub struct DeedPage<'a> {
    pub v: Voice,
    pub form: &'a Form,
    pub name: String,
    pub about: String,
    pub here: String,
    pub case_at: String,
    /// The list from which one came, as fields of the form; none where one came by none.
    pub along: Vec<(&'static str, String)>,
    pub title: String,
    pub content: Option<String>,
    /// The programme that the report is about.
    pub programme: Option<&'a About>,
    pub parts: Vec<Part<'a>>,
    pub institutions: &'a [String],
    pub grave: bool,
    /// What the case says otherwise since the form was opened.
    pub meanwhile: Vec<(String, String)>,
    /// What the institution asks beyond the rules.
    pub notes: Vec<String>,
    /// Files that wait to go with it; `None` where none may.
    pub files: Option<&'a [Held]>,
    /// The institution asks for files as evidence.
    pub files_wanted: bool,
    /// Files of the act that is done again, or of the report that is split.
    pub former: Vec<FormerFile>,
    pub most_files: usize,
    pub file_bytes: u64,
    pub upload_at: &'static str,
}

/// A deed on a case that the officer sees.
struct Standing {
    deed: Deed,
    view: CaseView,
    programme: Option<About>,
    choosing: Choosing,
    /// Why the rules do not allow it now, if they do not.
    why_not: Option<TextId>,
}

/// A form as it is shown.
struct Shown<'a> {
    form: &'a Form,
    attached: &'a Attached,
    former: Vec<FormerFile>,
    meanwhile: Vec<(String, String)>,
    status: StatusCode,
}

impl<'a> Shown<'a> {
    /// With what is wrong, and every file that it has brought.
    fn wrong(form: &'a Form, attached: &'a Attached) -> Self {
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            ..Self::again(form, attached)
        }
    }

    /// As it was typed so far.
    fn again(form: &'a Form, attached: &'a Attached) -> Self {
        Self {
            form,
            attached,
            former: Vec::new(),
            meanwhile: Vec::new(),
            status: StatusCode::OK,
        }
    }
}

pub async fn ask(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<DeedPath>,
    Query(query): Query<DeedQuery>,
    Query(along): Query<AlongQuery>,
) -> Answer<Response> {
    let standing = stand(&node, &officer, &path).await?;
    if let Some(why) = standing.why_not {
        return Ok(not_now(&officer, path.id, why));
    }
    let again = again::entry(&standing.view, &query.ulang);
    let (deed, choosing) = (standing.deed, &standing.choosing);
    let mut form = first_form(deed, &standing.view, choosing, &query.ke, again);
    let mut attached = Attached::default();
    if deed == Deed::FollowUp && !query.draf.is_empty() {
        let draft = drafted(&node, &officer, path.id, &query.draf).await?;
        (form, attached) = draft.unwrap_or((form, attached));
    }
    if deed == Deed::Verify {
        form.put(stood::STOOD, stood::mark(&standing.view, choosing));
    }
    along.put_into(&mut form);
    let former = match again {
        _ if deed == Deed::Split => halves::files(&standing.view),
        Some(entry) => again::files(path.id, entry),
        None => Vec::new(),
    };
    let mut shown = Shown::again(&form, &attached);
    shown.former = former;
    page(&node, &officer, &standing, shown)
}

pub async fn act(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<DeedPath>,
    request: Request,
) -> Answer<Response> {
    let standing = stand(&node, &officer, &path).await?;
    let (v, deed) = (officer.visit.v, standing.deed);
    let (mut form, mut attached) = attach::read(&node, &v, Sender::Staff, request).await?;
    if form.is_ticked(rows::MORE) {
        let mut shown = Shown::again(&form, &attached);
        shown.former = still(&standing, &form);
        return page(&node, &officer, &standing, shown);
    }
    let actor = officer.actor();
    let once = Once::new(&actor, form.text("kunci")).map_err(|error| problem(&error))?;
    // Files that were used before may have been used by this very form.
    let known = once.is_known(&node).await.map_err(|e| problem(&e))?;
    let drafted = node.is_drafted(&actor, once.key()).await;
    let sent = known || drafted.map_err(|e| problem(&e))?;
    attached.miss_unless(sent, &v, &mut form);
    let former = if deed.takes_files() {
        again::wanted(&standing.view, &form)
    } else {
        Vec::new()
    };
    if attached.held.len() + former.len() > attach::MOST {
        form.complain(
            attach::FILES,
            v.with("most", attach::MOST).say("files-too-many"),
        );
    }
    let about = (deed, &standing.view);
    let new = read(
        &node,
        &officer.sight,
        &v,
        about,
        &mut form,
        &standing.choosing,
    )
    .await;
    let Some(mut new) = new else {
        let mut shown = Shown::wrong(&form, &attached);
        shown.former = still(&standing, &form);
        return page(&node, &officer, &standing, shown);
    };
    if deed == Deed::Verify && !sent {
        let stands = (&standing.view, &standing.choosing);
        if let Some(meanwhile) = stood::meanwhile(&v, stands, &mut form) {
            let mut shown = Shown::again(&form, &attached);
            (shown.meanwhile, shown.status) = (meanwhile, StatusCode::CONFLICT);
            return page(&node, &officer, &standing, shown);
        }
    }
    let once = once.told_by(&(path.id, &new, attached.fingerprints(), &former));
    let once = once.map_err(|error| problem(&error))?;
    if !known && !again::bring_back(&node, &v, (path.id, &former), &mut attached).await? {
        form.complain(attach::FILES, v.say("again-file-gone"));
        return page(&node, &officer, &standing, Shown::wrong(&form, &attached));
    }
    if deed.takes_files() {
        new.attachments = attached.uploads();
    }
    let onward = along::onward(&node, &officer, &standing.view.summary, &form).await?;
    match done(&node, &officer, &standing, new, &once).await {
        Ok((mut flash, child)) => {
            if let Some(half) = child {
                let files = halves::still(&standing.view, &form);
                let both = (path.id, half);
                if !halves::give(&node, &officer, both, &files, form.text("kunci")).await? {
                    flash = Flash::warning(text_id("done-split-without"));
                }
            }
            // Those that a draft keeps stay.
            attach::forget(&node, &attached).await;
            let localised = child.or_else(|| (deed == Deed::Verify).then_some(path.id));
            if let Some(case) = localised {
                let noted = localise(&node, &officer, case, form.text("kategori")).await?;
                if !noted {
                    flash = Flash::warning(text_id("done-not-localised"));
                }
            }
            settle(&node, &officer, form.text(again::ACT)).await?;
            let (to, flash) = along::leave((path.id, &form), onward, flash);
            Ok(officer.visit.go_saying(&to, &flash))
        }
        Err(error) => {
            let (field, said) =
                complaint(first_field(deed), &error).ok_or_else(|| problem(&error))?;
            if matches!(error, NodeError::KeyReused) {
                // What was sent first has been done; this would be another act.
                form.put("kunci", Once::fresh_key());
            }
            form.complain(field, v.say(said));
            page(&node, &officer, &standing, Shown::wrong(&form, &attached))
        }
    }
}

/// What is said of a form that cannot be done as it is, and of which field, or of its `first`;
/// nothing is lost.
pub fn complaint(first: &'static str, error: &NodeError) -> Option<(&'static str, TextId)> {
    let said = match error {
        NodeError::NotAllowed(refused) if refused.ruling.reason == Some(Reason::Excluded) => {
            text_id("void-excluded")
        }
        NodeError::NotAllowed(refused)
            if refused.ruling.reason == Some(Reason::OutsideAuthority) =>
        {
            text_id("act-unauthorised")
        }
        NodeError::NotAllowed(_) => text_id("act-refused"),
        NodeError::KeyReused => text_id("act-sent-before"),
        NodeError::KeyMissing(_) => text_id("case-keyless"),
        NodeError::Redacted(_) => text_id("case-erased"),
        NodeError::EvidenceNeeded => return Some((attach::FILES, text_id("form-evidence-needed"))),
        NodeError::NotFound { what: "upload", .. } => {
            return Some((attach::FILES, text_id("files-failed")));
        }
        NodeError::NoRoom => return Some((attach::FILES, text_id("draft-no-room"))),
        NodeError::UploadHeld => return Some((attach::FILES, text_id("file-kept-elsewhere"))),
        NodeError::Invalid(_) => text_id("form-unusable"),
        _ => return None,
    };
    Some((first, said))
}

/// Does it, and what is said of that; an identity that is kept here is asked of the keeper here.
async fn done(
    node: &Node,
    officer: &Officer,
    standing: &Standing,
    new: NewAct,
    once: &Once,
) -> Result<(Flash, Option<CaseId>), NodeError> {
    let (actor, case) = (officer.actor(), &standing.view.summary);
    let words = new.words.as_ref();
    let text = words.and_then(|words| words.get("text"));
    let text = text.and_then(Value::as_str).unwrap_or_default();
    let asks = standing.deed == Deed::AskIdentity && node.keeps_who_reported(&standing.view);
    let drafts = new.kind == Deed::FollowUp.kind() && node.wants_approval(case.category.as_ref());
    let erases = standing.deed == Deed::Redact;
    // Neither is put before the judge of the rules when it is kept.
    if (asks || drafts) && standing.why_not.is_some() {
        return Err(refused_now(case));
    }
    if asks {
        let purpose = new.body.get("purpose").cloned().unwrap_or_default();
        let purpose: IdentityPurpose = serde_json::from_value(purpose)
            .map_err(|_| NodeError::Invalid("purpose: expected one of the list".into()))?;
        node.ask_identity(case.case, purpose, text, &actor, once)
            .await?;
        return Ok((Flash::done(text_id("identity-asked")), None));
    }
    if erases {
        let reason = new.body.get("reason").cloned().unwrap_or_default();
        let reason = serde_json::from_value(reason)
            .map_err(|_| NodeError::Invalid("reason: expected one of the list".into()))?;
        let by = erasures::decider(officer);
        let planned = node.plan_erasure(case.case, reason, &by);
        return Ok((erasures::decided(node, &planned.await?.erasure), None));
    }
    if drafts {
        let answer = NewDraft {
            text,
            proposes_to_close: new.body.get("proposes_to_close") == Some(&Value::Bool(true)),
            attachments: &new.attachments,
        };
        node.draft_answer(case.case, once.key(), &answer, &actor)
            .await?;
        return Ok((Flash::done(text_id("answer-drafted")), None));
    }
    let flash = told(node, standing.deed, &new);
    let acted = node.act_once(case.case, new, &actor, once).await?;
    Ok((flash, acted.child))
}

/// What is said of an act once it is done.
fn told(node: &Node, asked: Deed, new: &NewAct) -> Flash {
    let named = |field: &str| {
        let id = new.body.get(field)?.as_str()?.parse().ok()?;
        Some(name_of(node, &id))
    };
    let deed = Deed::of_kind(&new.kind).unwrap_or(asked);
    let closes = new.body.get("proposes_to_close") == Some(&Value::Bool(true));
    match (asked, deed) {
        (Deed::Dispose, Deed::Verify) => Flash::done(text_id("done-represent"))
            .with("name", named("on_behalf_of").unwrap_or_default()),
        (_, Deed::Dispose) => {
            Flash::done(deed.done()).with("name", named("target").unwrap_or_default())
        }
        (_, Deed::FollowUp) if closes => Flash::done(text_id("done-propose")),
        _ => Flash::done(deed.done()),
    }
}

/// Notes the category of the own tree that was chosen, or that a national one was; whether it fitted. A
/// case that has gone out of sight meanwhile keeps what it has.
async fn localise(node: &Node, officer: &Officer, case: CaseId, chosen: &str) -> Answer<bool> {
    if chosen.is_empty() {
        return Ok(true);
    }
    let actor = officer.actor();
    let noted = node.localise(&officer.sight, case, local_name(chosen), &actor);
    match noted.await {
        Ok(()) | Err(NodeError::NotFound { what: "case", .. }) => Ok(true),
        Err(NodeError::NotFound { .. } | NodeError::Invalid(_)) => Ok(false),
        Err(error) => Err(problem(&error)),
    }
}

/// Files of before that a form which is shown again leaves ticked.
fn still(standing: &Standing, form: &Form) -> Vec<FormerFile> {
    if standing.deed == Deed::Split {
        halves::still(&standing.view, form)
    } else {
        again::still(&standing.view, form)
    }
}

/// An act that was done again is a task no more.
async fn settle(node: &Node, officer: &Officer, message: &str) -> Answer<()> {
    let Ok(message) = message.parse::<MessageId>() else {
        return Ok(());
    };
    match node
        .drop_failed_act(&officer.sight, message, &officer.actor())
        .await
    {
        Ok(()) | Err(NodeError::NotFound { .. }) => Ok(()),
        Err(error) => Err(problem(&error)),
    }
}

/// The deed of a path.
async fn stand(node: &Node, officer: &Officer, path: &DeedPath) -> Answer<Standing> {
    let deed = Deed::named(&path.tindakan).ok_or_else(ApiProblem::not_found)?;
    officer.requires(StaffRole::handles_cases)?;
    if !deed.is_for(officer.role) {
        officer.requires(StaffRole::administers)?;
    }
    let view = officer.case(node, path.id).await?;
    let allowed = node.allowed_acts(path.id).await;
    let allowed = allowed.map_err(|error| problem(&error))?;
    Ok(Standing {
        deed,
        choosing: Choosing::of(
            node,
            &officer.sight,
            &officer.visit.v,
            deed,
            &view,
            &allowed,
        )
        .await?,
        why_not: (!deed.is_allowed(node, &view, &allowed))
            .then(|| deed.why_not(node, &view, &allowed)),
        programme: shared::programme(node, &view).await?,
        view,
    })
}

fn page(node: &Node, officer: &Officer, standing: &Standing, shown: Shown<'_>) -> Answer<Response> {
    let (v, deed) = (officer.visit.v, standing.deed);
    let (name, about) = deed.words();
    let case = &standing.view.summary;
    let case_at = case_page::at(case.case);
    let along = Along::of(shown.form).map(|along| along.fields().to_vec());
    let page = DeedPage {
        v,
        form: shown.form,
        name: v.say(name),
        about: v.say(about),
        here: format!("{case_at}/{}", deed.slug()),
        case_at: along::back_to(case.case, shown.form).to_string(),
        along: along.unwrap_or_default(),
        title: shared::title(&v, &standing.view.summary),
        content: course::report(node, &v, &standing.view).beyond,
        programme: standing.programme.as_ref(),
        parts: parts(&v, deed, shown.form, &standing.choosing),
        institutions: &standing.choosing.suggested,
        grave: deed.is_grave(),
        meanwhile: shown.meanwhile,
        notes: notes(node, &v, standing),
        files: deed.takes_files().then_some(&shown.attached.held),
        files_wanted: wants_evidence(node, standing),
        former: shown.former,
        most_files: attach::MOST,
        file_bytes: node.settings().api.upload_bytes,
        upload_at: upload::PATH,
    };
    let shell = officer
        .visit
        .shell(v.say(name))
        .status(shown.status)
        .within(ROOT);
    let scripts = ["report.js", "search.js", "rows.js"];
    shell.scripts(scripts).show(&page)
}

/// What the institution asks of an answer beyond the rules.
fn notes(node: &Node, v: &Voice, standing: &Standing) -> Vec<String> {
    if standing.deed != Deed::FollowUp {
        return Vec::new();
    }
    let category = standing.view.summary.category.as_ref();
    let approval = node.wants_approval(category).then(|| v.say("draft-needed"));
    let evidence = wants_evidence(node, standing).then(|| v.say("form-evidence"));
    approval.into_iter().chain(evidence).collect()
}

/// Whether a proposal to close carries evidence in the category of the case.
fn wants_evidence(node: &Node, standing: &Standing) -> bool {
    let category = standing.view.summary.category.as_ref();
    let wanted = category.is_some_and(|category| node.category_needs(category).evidence);
    wanted && standing.deed == Deed::FollowUp
}

/// The form of a draft that was given back. Personal numbers in it are shown to its author alone.
async fn drafted(
    node: &Node,
    officer: &Officer,
    case: CaseId,
    id: &str,
) -> Answer<Option<(Form, Attached)>> {
    let drafts = node.answer_drafts(case).await;
    let drafts = drafts.map_err(|error| problem(&error))?;
    let mut back = drafts.into_iter();
    let draft = back.find(|draft| draft.id == id && draft.state == DraftState::Returned);
    Ok(draft.map(|draft| {
        let how = if draft.proposes_to_close {
            "usul"
        } else {
            "publik"
        };
        let form = Form::of([
            ("kunci", Once::fresh_key()),
            ("sifat", how.to_owned()),
            ("uraian", approval::readable(officer, &draft)),
        ]);
        (form, Attached::kept(&officer.visit.v, &draft.files))
    }))
}

fn not_now(officer: &Officer, case: CaseId, why: TextId) -> Response {
    let to = LocalPath::own(&case_page::at(case));
    let flash = Flash::warning(why);
    officer.visit.go_saying(&to, &flash)
}
