//! A new key at the counter, for whoever lost theirs and brings proof of who they are. The officer
//! says how they made sure, types what the reporter tells, and reads nothing of what is stored. Of a
//! report that is *rahasia* or anonymous the keeper of identities does, and nobody else.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::ids::CaseId;
use lapor_web::Path;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath, waiting};

use super::case_page::CasePath;
use super::counter::Offered;
use super::deed::DeedPage;
use super::deed_form::Part;
use super::shared::About;
use super::slip::{self, Slip};
use super::{Answer, Officer, ROOT, case_page, course, shared, upload};
use crate::api::problem;
use crate::attach;
use crate::casework::CaseView;
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::classification_name;
use crate::reporters::{Assurance, Claim, KeyGiver};

pub const PATH: &str = "/meja/kasus/{id}/loket/kunci-baru";
const HOW: &str = "bukti";
const CONTACT: &str = "kontak";
const NAME: &str = "nama";
/// Characters of what is typed.
const LINE: usize = 254;

/// Where it is offered on the page of a case.
pub fn offered(v: &Voice, case: CaseId) -> Offered {
    Offered {
        name: v.say("new-key-counter"),
        about: v.say("new-key-counter-short"),
        to: at(case),
    }
}

pub async fn ask(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
) -> Answer<Response> {
    let standing = stand(&node, &officer, &path).await?;
    if let Some(why) = standing.why_not(&officer) {
        return Ok(away(&officer, path.id, why));
    }
    page(&node, &officer, &standing, &Form::empty(), StatusCode::OK)
}

pub async fn give(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<CasePath>,
    mut form: Form,
) -> Answer<Response> {
    let standing = stand(&node, &officer, &path).await?;
    let v = officer.visit.v;
    let how = form.required(&v, HOW);
    let how = Assurance::ALL.into_iter().find(|one| one.as_str() == how);
    if how.is_none() {
        form.complain(HOW, v.say("form-required"));
    }
    let (contact, name) = (
        form.at_most(&v, CONTACT, LINE),
        form.at_most(&v, NAME, LINE),
    );
    if contact.is_empty() && name.is_empty() {
        form.complain(CONTACT, v.say("new-key-counter-missing"));
    }
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let (Some(assurance), true) = (how, form.is_fine()) else {
        return page(&node, &officer, &standing, &form, wrong);
    };
    let claim = Claim {
        assurance,
        contact: &contact,
        name: &name,
    };
    let actor = officer.actor();
    let given = node.give_key(path.id, claim, (giver(&officer), &actor));
    match given.await {
        Ok(given) => {
            let case = &standing.view.summary;
            let class = case.classification.map(classification_name);
            let slip = Slip {
                case: path.id,
                ticket: given.ticket,
                key: given.key,
                recoverable: given.recoverable,
                title: shared::title(&v, case),
                kind: class.map(|name| v.say(name)).unwrap_or_default(),
                news: false,
                replaces: Some(giver(&officer)),
            };
            slip::show(&node, &officer.visit, slip).await
        }
        Err(NodeError::Locked(_)) => {
            form.complain(CONTACT, v.say("new-key-counter-wrong"));
            page(&node, &officer, &standing, &form, wrong)
        }
        Err(NodeError::TooMany { retry_after_s }) => {
            let wait = waiting(&v, retry_after_s.into());
            form.complain(CONTACT, v.with("wait", wait).say("say-key-wait"));
            page(
                &node,
                &officer,
                &standing,
                &form,
                StatusCode::TOO_MANY_REQUESTS,
            )
        }
        Err(NodeError::Forbidden(_)) if standing.by.is_some() => {
            let why = standing.why_not(&officer);
            let why = why.unwrap_or(text_id("new-key-counter-handled"));
            Ok(away(&officer, path.id, why))
        }
        Err(error) => Err(problem(&error)),
    }
}

/// A case before which somebody stands.
struct Standing {
    view: CaseView,
    programme: Option<About>,
    /// Who gives a key of it, if there is one to give.
    by: Option<KeyGiver>,
}

impl Standing {
    /// Why this officer gives no key of it now, if they do not.
    fn why_not(&self, officer: &Officer) -> Option<TextId> {
        match self.by {
            None => Some(text_id("act-refused")),
            Some(by) if by == giver(officer) => None,
            Some(KeyGiver::Keeper) => Some(text_id("new-key-counter-keeper")),
            Some(KeyGiver::Officer) => Some(text_id("new-key-counter-officer")),
        }
    }
}

/// What an officer is who stands before these pages.
fn giver(officer: &Officer) -> KeyGiver {
    if officer.role.opens_identities() {
        KeyGiver::Keeper
    } else {
        KeyGiver::Officer
    }
}

fn away(officer: &Officer, case: CaseId, why: TextId) -> Response {
    let to = LocalPath::own(&case_page::at(case));
    officer.visit.go_saying(&to, &Flash::warning(why))
}

async fn stand(node: &Node, officer: &Officer, path: &CasePath) -> Answer<Standing> {
    officer.requires(|role| role.handles_cases() || role.opens_identities())?;
    let view = officer.case(node, path.id).await?;
    let counter = node.at_counter(path.id).await;
    Ok(Standing {
        programme: shared::programme(node, &view).await?,
        view,
        by: counter.map_err(|error| problem(&error))?.key_giver,
    })
}

fn page(
    node: &Node,
    officer: &Officer,
    standing: &Standing,
    form: &Form,
    status: StatusCode,
) -> Answer<Response> {
    let v = officer.visit.v;
    let case = &standing.view.summary;
    let how = Assurance::ALL.map(|one| Choice::new(one.as_str(), v.say(assurance_words(one))));
    let parts = vec![
        Part::OneOf(
            form.field(HOW, v.say("new-key-counter-how"))
                .required()
                .choices(how.to_vec()),
        ),
        Part::Line(
            form.field(CONTACT, v.say("new-key-counter-contact"))
                .hint(v.say("new-key-counter-contact-hint"))
                .autocomplete("off")
                .most(LINE),
        ),
        Part::Line(
            form.field(NAME, v.say("name-label"))
                .hint(v.say("new-key-counter-name-hint"))
                .autocomplete("off")
                .most(LINE),
        ),
    ];
    let page = DeedPage {
        v,
        form,
        name: v.say("new-key-counter"),
        about: v.say("new-key-counter-about"),
        here: at(case.case),
        case_at: case_page::at(case.case),
        along: Vec::new(),
        title: shared::title(&v, case),
        content: course::report(node, &v, &standing.view).content,
        programme: standing.programme.as_ref(),
        parts,
        institutions: &[],
        grave: true,
        meanwhile: Vec::new(),
        notes: Vec::new(),
        files: None,
        files_wanted: false,
        former: Vec::new(),
        most_files: attach::MOST,
        file_bytes: node.settings().api.upload_bytes,
        upload_at: upload::PATH,
    };
    let shell = officer.visit.shell(v.say("new-key-counter")).status(status);
    shell.within(ROOT).show(&page)
}

fn assurance_words(one: Assurance) -> TextId {
    match one {
        Assurance::IdentityCard => text_id("assured-identity-card"),
        Assurance::DrivingLicence => text_id("assured-driving-licence"),
        Assurance::Passport => text_id("assured-passport"),
        Assurance::Called => text_id("assured-called"),
    }
}

pub fn at(case: CaseId) -> String {
    format!("{}/loket/kunci-baru", case_page::at(case))
}
