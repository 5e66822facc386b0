//! Cases that were ticked in a list, and the page between ticking them and an act on all of them: what
//! it will do, to which of them it cannot be done, and what it asks.

use askama::Template;
use axum::response::Response;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form, LocalPath};

use super::{back_of, ticked};
use crate::api::problem;
use crate::casework::{BULK, CaseSummary};
use crate::desk::deed_form::Part;
use crate::desk::deeds::Deed;
use crate::desk::{Answer, Officer, ROOT, shared};
use crate::node::Node;

/// Cases that were ticked, as far as they are seen.
pub struct Chosen {
    pub cases: Vec<CaseSummary>,
    /// To how many it is to be done; what is not seen any more counts among them.
    pub all: usize,
    /// The list in which they were.
    pub back: LocalPath,
}

/// What is asked about them.
pub struct Asking<'a> {
    pub deed: Deed,
    pub about: TextId,
    pub here: &'static str,
    pub parts: Vec<Part<'a>>,
    pub institutions: &'a [String],
    /// Which of them it is done to can be changed here.
    pub ticks: bool,
    /// To as many at least it can be done.
    pub least: usize,
}

#[derive(Template)]
#[template(path = "desk/together.html")]
struct Between<'a> {
    v: Voice,
    form: &'a Form,
    name: String,
    about: String,
    here: &'static str,
    back: String,
    able: Vec<Line>,
    unable: Vec<Line>,
    parts: Vec<Part<'a>>,
    institutions: &'a [String],
    ticks: bool,
    /// There are too few to which it can be done.
    few: bool,
}

struct Line {
    case: CaseId,
    title: String,
    /// Its ticket and its state, or why it cannot be done to it.
    about: String,
}

impl Chosen {
    /// What a form names; or the answer to a form that names none, or too many.
    pub async fn read(
        node: &Node,
        officer: &Officer,
        form: &Form,
    ) -> Answer<Result<Self, Response>> {
        let (cases, back) = (ticked(form), back_of(form));
        if cases.is_empty() || cases.len() > BULK {
            let said = if cases.is_empty() {
                text_id("inbox-nothing-ticked")
            } else {
                text_id("inbox-not-done")
            };
            let flash = Flash::warning(said);
            return Ok(Err(officer.visit.go_saying(&back, &flash)));
        }
        let seen = node.seen(&officer.sight, &cases).await;
        Ok(Ok(Self {
            cases: seen.map_err(|error| problem(&error))?,
            all: cases.len(),
            back,
        }))
    }

    /// One of them is left as it is.
    pub fn leave_out(&mut self, case: CaseId) {
        self.cases.retain(|one| one.case != case);
        self.all -= 1;
    }

    /// Those to which it can be done, as far as is known before it is judged.
    pub fn able(&self, node: &Node, deed: Deed) -> impl Iterator<Item = &CaseSummary> {
        let all = self.cases.iter();
        all.filter(move |case| hindrance(node, deed, case).is_none())
    }

    /// The page between.
    pub fn page(
        &self,
        node: &Node,
        officer: &Officer,
        form: &Form,
        asking: Asking<'_>,
    ) -> Answer<Response> {
        let v = officer.visit.v;
        let able = self.able(node, asking.deed).map(|case| Line {
            about: about(&v, case),
            case: case.case,
            title: shared::title(&v, case),
        });
        let unable = self.cases.iter().filter_map(|case| {
            let why = v.say(hindrance(node, asking.deed, case)?);
            let ticket = case.ticket.clone();
            Some(Line {
                about: ticket.map_or(why.clone(), |ticket| format!("{ticket} · {why}")),
                case: case.case,
                title: shared::title(&v, case),
            })
        });
        let able: Vec<Line> = able.collect();
        let name = v.say(asking.deed.words().0);
        let page = Between {
            v,
            form,
            name: name.clone(),
            about: v.say(asking.about),
            here: asking.here,
            back: self.back.to_string(),
            few: able.len() < asking.least,
            able,
            unable: unable.collect(),
            parts: asking.parts,
            institutions: asking.institutions,
            ticks: asking.ticks,
        };
        let shell = officer.visit.shell(name).status(form.status()).within(ROOT);
        shell.script("rows.js").show(&page)
    }
}

fn about(v: &Voice, case: &CaseSummary) -> String {
    let state = case.state.map(|_| v.say(shared::standing(case).0));
    let both: Vec<String> = case.ticket.clone().into_iter().chain(state).collect();
    both.join(" · ")
}

/// What stands in the way of a deed on a case, as its row shows; the rules are judged with the act.
fn hindrance(node: &Node, deed: Deed, case: &CaseSummary) -> Option<TextId> {
    if case.left_at.is_some() {
        return Some(text_id("left-badge"));
    }
    if !case.state.is_some_and(State::is_open) {
        return Some(text_id("together-ended"));
    }
    let elsewhere = case.custodian.as_ref() != node.instance().ok();
    (deed == Deed::Dispose && elsewhere).then(|| text_id("together-elsewhere"))
}
