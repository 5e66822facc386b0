//! Following a public report or a programme by e-mail: an address is written to only after its
//! owner has typed the code that was sent there, or signed in with it, and one click ends it.
//!
//! The form carries the address of the account; the visit is what proves it. A form that comes
//! again after the visit has ended is one of somebody who has not signed in, and gets a code.
//!
//! No answer tells whether an address follows already. Whoever has signed in and follows their own
//! report is told as its reporter instead, which is said to them alone.

use std::net::IpAddr;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::ProgrammeRef;
use lapor_web::accounts::AccountError;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath, Visit};
use lapor_web::people::{Again, Guest, complain};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::visitor::{Holder, Known};
use super::{Answer, case_path, programmes};
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::post::LEAVE;
use crate::reporters::Begun;

pub const PATH: &str = "/ikuti";
pub const CODE: &str = "/ikuti/kode";
/// The fields and parameters that name what is followed.
const CASE: &str = "laporan";
const PROGRAMME: &str = "program";
/// The field of the address.
const ADDRESS: &str = "surel";
/// The field of the digits.
const DIGITS: &str = "kode";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskQuery {
    laporan: Option<String>,
    program: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeQuery {
    id: Option<String>,
    laporan: Option<String>,
    program: Option<String>,
}

/// What somebody follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    Case(CaseId),
    Programme(ProgrammeRef),
}

#[derive(Deserialize)]
pub struct LeavePath {
    secret: String,
}

#[derive(Template)]
#[template(path = "portal/follow.html")]
struct Ask<'a> {
    v: Voice,
    form: &'a Form,
    /// Field and value that name what is followed.
    about: (&'static str, String),
    title: String,
    lead: String,
    /// What is said of the address.
    hint: String,
    go: String,
    back: String,
    sends_letters: bool,
    here: &'static str,
    back_at: String,
}

#[derive(Template)]
#[template(path = "portal/follow-code.html")]
struct AskCode<'a> {
    v: Voice,
    form: &'a Form,
    about: (&'static str, String),
    here: &'static str,
    again_at: String,
}

#[derive(Template)]
#[template(path = "portal/unfollow.html")]
struct Leave {
    v: Voice,
    here: String,
}

/// Where letters about something are ordered.
pub fn path_of(followed: &Followed) -> String {
    let (name, value) = followed.field();
    LocalPath::asking(PATH, [(name, value.as_str())]).to_string()
}

impl Followed {
    fn of(form: &Form) -> Answer<Self> {
        let case = form.text(CASE).parse().ok().map(Self::Case);
        let programme = programmes::named(form.text(PROGRAMME)).map(Self::Programme);
        case.or(programme).ok_or_else(ApiProblem::not_found)
    }

    fn field(&self) -> (&'static str, String) {
        match self {
            Self::Case(case) => (CASE, case.to_string()),
            Self::Programme(ProgrammeRef { owner, slug }) => (PROGRAMME, format!("{owner}/{slug}")),
        }
    }

    /// Where it is read.
    fn page(&self) -> String {
        match self {
            Self::Case(case) => case_path(*case),
            Self::Programme(programme) => programmes::path(&programme.owner, &programme.slug),
        }
    }

    /// Title and lead of the page that asks, and the way back.
    fn words(&self) -> [TextId; 3] {
        match self {
            Self::Case(_) => [
                text_id("follow-title"),
                text_id("follow-lead"),
                text_id("follow-back"),
            ],
            Self::Programme(_) => [
                text_id("programme-follow-title"),
                text_id("programme-follow-lead"),
                text_id("programme-follow-back"),
            ],
        }
    }

    fn done(&self) -> TextId {
        match self {
            Self::Case(_) => text_id("follow-done"),
            Self::Programme(_) => text_id("programme-follow-done"),
        }
    }
}

/// Asks for the address.
pub async fn ask(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Known(known): Known,
    Query(query): Query<AskQuery>,
) -> Answer<Response> {
    let own = own_address(&node, known.as_ref()).await?;
    let named = [
        (CASE, query.laporan),
        (PROGRAMME, query.program),
        (ADDRESS, own.clone()),
    ];
    let form = Form::of(named.map(|(name, value)| (name, value.unwrap_or_default())));
    show(&node, &visit, &form, own.as_deref(), Again::FIRST)
}

/// Follows, if the address is that of the account; sends a code to any other.
pub async fn begin(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    Known(known): Known,
    mut form: Form,
) -> Answer<Response> {
    let followed = Followed::of(&form)?;
    let own = own_address(&node, known.as_ref()).await?;
    let own = own.as_deref();
    let address = form.required(&visit.v, ADDRESS);
    if !address.is_empty() && !address.contains('@') {
        form.complain(ADDRESS, visit.v.say("follow-no-address"));
    }
    if !node.sends_letters() || !form.is_fine() {
        return show(&node, &visit, &form, own, Again::FORM);
    }
    let owner = known.filter(|_| own == Some(address.to_lowercase().as_str()));
    let begun = match owner {
        Some(owner) => follow(&node, &visit, &followed, &owner, guest.address).await,
        None => send_code(&node, &visit, &followed, &address, guest.address).await,
    };
    match begun {
        Ok(response) => Ok(response),
        Err(NodeError::Invalid(_)) => {
            form.complain(ADDRESS, visit.v.say("follow-no-address"));
            show(&node, &visit, &form, own, Again::FORM)
        }
        Err(error) => {
            let again = waiting(&mut form, &visit.v, ADDRESS, &error)?;
            show(&node, &visit, &form, own, again)
        }
    }
}

/// Asks for the digits that were sent.
pub async fn ask_code(visit: Visit, Query(query): Query<CodeQuery>) -> Answer<Response> {
    let fields = [
        ("id", query.id),
        (CASE, query.laporan),
        (PROGRAMME, query.program),
    ];
    let form = Form::of(fields.map(|(name, value)| (name, value.unwrap_or_default())));
    show_code(&visit, &form, Again::FIRST)
}

/// Follows, if the digits are right.
pub async fn prove(
    State(node): State<Arc<Node>>,
    visit: Visit,
    guest: Guest,
    mut form: Form,
) -> Answer<Response> {
    let followed = Followed::of(&form)?;
    let digits = form.required(&visit.v, DIGITS);
    if !form.is_fine() {
        return show_code(&visit, &form, Again::FORM);
    }
    let proved = node.prove_following(form.text("id"), &digits, guest.address);
    match proved.await {
        Ok(()) => Ok(done(&visit, &followed, followed.done())),
        Err(NodeError::Locked(_)) => {
            form.complain(DIGITS, visit.v.say("follow-code-wrong"));
            show_code(&visit, &form, Again::FORM)
        }
        Err(error) => {
            let again = waiting(&mut form, &visit.v, DIGITS, &error)?;
            show_code(&visit, &form, again)
        }
    }
}

/// Asks whether the letters shall end: a link alone ends nothing, because
/// programs that look through mail open links.
pub async fn ask_leave(visit: Visit, Path(path): Path<LeavePath>) -> Answer<Response> {
    let page = Leave {
        v: visit.v,
        here: format!("{LEAVE}/{}", path.secret),
    };
    visit.shell(visit.v.say("unfollow-title")).show(&page)
}

/// Ends the letters, from the page or by one click in a mail program (RFC 8058).
pub async fn leave(
    State(node): State<Arc<Node>>,
    visit: Visit,
    Path(path): Path<LeavePath>,
) -> Answer<Response> {
    node.unfollow(&path.secret)
        .await
        .map_err(|error| problem(&error))?;
    Ok(visit.go_saying(&LocalPath::root(), &Flash::done(text_id("unfollow-done"))))
}

/// The address of the account with which somebody has signed in, if it is one of e-mail.
async fn own_address(node: &Node, known: Option<&Holder>) -> Answer<Option<String>> {
    let Some(holder) = known else {
        return Ok(None);
    };
    let account = node.account_of(&holder.visitor).await;
    let account = account.map_err(|error| problem(&error))?;
    Ok(account.filter(|contact| contact.contains('@')))
}

/// Follows at the address of an account, or has it told of its own report.
async fn follow(
    node: &Node,
    visit: &Visit,
    followed: &Followed,
    owner: &Holder,
    from: IpAddr,
) -> Result<Response, NodeError> {
    let said = match followed {
        Followed::Case(case) => match node.follow_signed_in(&owner.visitor, *case, from).await? {
            Begun::Follows => followed.done(),
            Begun::IsTold => text_id("follow-own-report"),
            Begun::WasTold => text_id("follow-own-report-already"),
        },
        Followed::Programme(programme) => {
            let begun = node.follow_programme_signed_in(&owner.visitor, programme, from);
            begun.await?;
            followed.done()
        }
    };
    Ok(done(visit, followed, said))
}

/// Sends a code to an address and leads to where it is typed.
async fn send_code(
    node: &Node,
    visit: &Visit,
    followed: &Followed,
    address: &str,
    from: IpAddr,
) -> Result<Response, NodeError> {
    let sent = match followed {
        Followed::Case(case) => node.ask_following(*case, address, from).await?,
        Followed::Programme(programme) => {
            let asked = node.ask_following_programme(programme, address, from);
            asked.await?
        }
    };
    let (name, value) = followed.field();
    let next = [("id", sent.id.as_str()), (name, value.as_str())];
    Ok(visit.go(&LocalPath::asking(CODE, next)))
}

/// Back to what is followed now.
fn done(visit: &Visit, followed: &Followed, said: TextId) -> Response {
    visit.go_saying(&LocalPath::own(&followed.page()), &Flash::done(said))
}

/// Says when to come back; whatever else is wrong is a problem.
fn waiting(form: &mut Form, v: &Voice, field: &'static str, error: &NodeError) -> Answer<Again> {
    match error {
        NodeError::TooMany { retry_after_s } => {
            let retry_after_s = *retry_after_s;
            complain(form, v, field, &AccountError::Throttled { retry_after_s })
        }
        error => Err(problem(error)),
    }
}

fn show(
    node: &Node,
    visit: &Visit,
    form: &Form,
    own: Option<&str>,
    again: Again,
) -> Answer<Response> {
    let followed = Followed::of(form)?;
    let [title, lead, back] = followed.words().map(|words| visit.v.say(words));
    let (hint, go) = match own {
        Some(account) => (
            visit.v.with("account", account).say("follow-own-hint"),
            visit.v.say("follow-code-go"),
        ),
        None => (visit.v.say("follow-address-hint"), visit.v.say("follow-go")),
    };
    let page = Ask {
        v: visit.v,
        form,
        about: followed.field(),
        title: title.clone(),
        lead,
        hint,
        go,
        back,
        sends_letters: node.sends_letters(),
        here: PATH,
        back_at: followed.page(),
    };
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}

fn show_code(visit: &Visit, form: &Form, again: Again) -> Answer<Response> {
    let followed = Followed::of(form)?;
    let page = AskCode {
        v: visit.v,
        form,
        about: followed.field(),
        here: CODE,
        again_at: path_of(&followed),
    };
    let title = visit.v.say("follow-code-title");
    let shown = visit.shell(title).status(again.status).show(&page)?;
    Ok(again.on(shown))
}
