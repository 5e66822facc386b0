//! What was typed into a deed's page, as the act that it asks for. Rules are judged by the node;
//! what cannot be read is a complaint about its field.

use chrono::{Days, NaiveDate};
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::case_held::AnswerForm;
use lapor_protocol::limits::{CHOICE_CHARS, CHOICES as MOST_CHOICES, TEXT_CHARS, TITLE_CHARS};
use lapor_web::language::Voice;
use lapor_web::page::Form;
use serde_json::{Value, json};

use super::choosing::Choosing;
use super::deed_form::ANSWER_FORMS;
use super::deeds::Deed;
use super::question::CLASSES;
use super::rows::{CHOICES, COPIES, FORMS, QUESTIONS, copies};
use super::shared;
use crate::casework::{CaseView, NewAct, Sight};
use crate::institutions::WHOM;
use crate::node::Node;

/// How far ahead a deadline may lie.
const FARTHEST: Days = Days::new(366);

/// The act that a form asks for; `None` where something is wrong, which the form then says.
pub async fn read(
    node: &Node,
    sight: &Sight,
    v: &Voice,
    (deed, view): (Deed, &CaseView),
    form: &mut Form,
    choosing: &Choosing,
) -> Option<NewAct> {
    let mut body: Vec<(&str, Value)> = Vec::new();
    let mut words: Vec<(&str, Value)> = Vec::new();
    let required = matches!(
        deed,
        Deed::FollowUp | Deed::Note | Deed::Split | Deed::AskIdentity
    );
    let text = form.at_most(v, "uraian", TEXT_CHARS);
    if required {
        form.required(v, "uraian");
    }
    if !text.is_empty() {
        let name = if deed == Deed::Split {
            "content"
        } else {
            "text"
        };
        words.push((name, json!(text)));
    }
    let mut kind = deed.kind();
    match deed {
        Deed::Verify => {
            read_verified(v, view, form, choosing, &mut body, &mut words);
            // What the form does not ask stays as it stands.
            if choosing.represented.is_empty()
                && let Some(id) = shared::represented(node, view)
            {
                body.push(("on_behalf_of", json!(id)));
            }
        }
        Deed::Hold => {
            let (asked, forms) = read_questions(v, form);
            if asked.is_empty() {
                form.complain(QUESTIONS.names()[0], v.say("form-question-needed"));
            }
            words.push(("questions", json!(asked)));
            if forms.iter().any(|form| *form != AnswerForm::Text) {
                words.push(("forms", json!(forms)));
            }
        }
        Deed::Return => {
            body.push(("reason", json!(form.required(v, "alasan"))));
            if let Some(id) = typed_or_hinted(v, form, choosing) {
                body.push(("suggested", json!(id)));
            }
        }
        Deed::Archive | Deed::Recall => body.push(("reason", json!(form.required(v, "alasan")))),
        Deed::Redact => {
            body.push(("reason", json!(form.required(v, "alasan"))));
            agreed(v, form);
        }
        Deed::AskIdentity => body.push(("purpose", json!(form.required(v, "alasan")))),
        Deed::Dispose => {
            kind = read_disposed(v, form, choosing, node.today(), &mut body).kind();
        }
        Deed::FollowUp => match form.required(v, "sifat").as_str() {
            "internal" => kind = Deed::Note.kind(),
            how => body.push(("proposes_to_close", json!(how == "usul"))),
        },
        Deed::Succeed => body.push(("institution", json!(form.required(v, "instansi")))),
        Deed::Link => {
            let chosen = form.text("sama").to_owned();
            let typed = if chosen.is_empty() {
                form.required(v, "laporan")
            } else {
                chosen
            };
            match other_case(node, sight, &typed).await {
                Some(case) if case == view.summary.case => {
                    form.complain("laporan", v.say("link-itself"));
                }
                Some(case) => body.push(("target_case", json!(case))),
                None => form.complain("laporan", v.say("link-unknown")),
            }
        }
        Deed::Split => read_split(v, form, choosing, &mut body, &mut words),
        Deed::Note | Deed::Reopen | Deed::TakeOver | Deed::Unlink => {}
    }
    form.is_fine().then(|| shared::act(kind, &body, &words))
}

/// The questions that were written, each with how it is to be answered.
fn read_questions(v: &Voice, form: &mut Form) -> (Vec<String>, Vec<AnswerForm>) {
    let mut asked = (Vec::new(), Vec::new());
    let rows = FORMS.names().iter().zip(CHOICES.names());
    for (name, (how, among)) in QUESTIONS.names().iter().zip(rows) {
        let question = form.at_most(v, name, TEXT_CHARS);
        if question.is_empty() {
            continue;
        }
        let wanted = form.text(how);
        let mut known = ANSWER_FORMS.iter();
        let wanted = known.find(|(name, _)| *name == wanted);
        let mut wanted = wanted.map(|(_, form)| form.clone()).unwrap_or_default();
        if let AnswerForm::Choice { choices } = &mut wanted {
            let typed = form.text(among).to_owned();
            let lines = typed.lines().map(str::trim).filter(|line| !line.is_empty());
            choices.extend(lines.map(str::to_owned));
            let fits = choices
                .iter()
                .all(|choice| choice.chars().count() <= CHOICE_CHARS);
            if !fits || !(2..=MOST_CHOICES).contains(&choices.len()) {
                let said = v.with("most", MOST_CHOICES).with("chars", CHOICE_CHARS);
                form.complain(among, said.say("form-answer-choices-wrong"));
            }
        }
        asked.0.push(question);
        asked.1.push(wanted);
    }
    asked
}

fn read_split(
    v: &Voice,
    form: &mut Form,
    choosing: &Choosing,
    body: &mut Vec<(&str, Value)>,
    words: &mut Vec<(&str, Value)>,
) {
    words.push(("title", json!(form.required(v, "judul"))));
    form.at_most(v, "judul", TITLE_CHARS);
    let place = form.at_most(v, "lokasi", TITLE_CHARS);
    if !place.is_empty() {
        words.push(("place", json!(place)));
    }
    read_category(v, form, choosing, body);
}

/// The national category of what was chosen, which may be one of the own tree.
fn read_category(v: &Voice, form: &mut Form, choosing: &Choosing, body: &mut Vec<(&str, Value)>) {
    let chosen = form.text("kategori");
    if chosen.is_empty() {
        return;
    }
    match choosing.national(chosen) {
        Some(category) => body.push(("category", json!(category))),
        None => form.complain("kategori", v.say("form-category-gone")),
    }
}

fn read_verified(
    v: &Voice,
    view: &CaseView,
    form: &mut Form,
    choosing: &Choosing,
    body: &mut Vec<(&str, Value)>,
    words: &mut Vec<(&str, Value)>,
) {
    let title = form.required(v, "judul");
    form.at_most(v, "judul", TITLE_CHARS);
    words.push(("title", json!(title)));
    let class = form.required(v, "jenis");
    match CLASSES.iter().find(|(_, name)| *name == class) {
        Some((class, _)) => body.push(("classification", json!(class))),
        None => form.complain("jenis", v.say("form-required")),
    }
    if form.is_ticked("pengawasan") && !class.is_empty() && class != "pengaduan" {
        form.complain("pengawasan", v.say("form-oversight-only"));
    }
    body.push((
        "oversight",
        json!(form.is_ticked("pengawasan") && class == "pengaduan"),
    ));
    read_category(v, form, choosing, body);
    let represented = form.text("atas-nama");
    if !represented.is_empty() {
        body.push(("on_behalf_of", json!(represented)));
    }
    if let Some(code) = shared::region(v, form, view.summary.region.as_ref()) {
        body.push(("region", json!(code)));
    }
}

/// The institution that was typed, or else chosen among those that are suggested.
fn typed_or_hinted(v: &Voice, form: &mut Form, choosing: &Choosing) -> Option<InstanceId> {
    let typed = choosing.read(v, form, WHOM);
    typed.or_else(|| choosing.hinted(form.text("tujuan")))
}

/// What is to be done: the case is given away, or taken up for an institution that has not joined.
pub fn read_disposed(
    v: &Voice,
    form: &mut Form,
    choosing: &Choosing,
    today: NaiveDate,
    body: &mut Vec<(&str, Value)>,
) -> Deed {
    let target = typed_or_hinted(v, form, choosing);
    if let Some(id) = target.as_ref().filter(|id| choosing.waiting.contains(id)) {
        if !choosing.represents {
            form.complain("instansi", v.say("form-not-joined"));
        }
        for name in COPIES.names().iter().chain(&["tenggat"]) {
            if !form.text(name).is_empty() {
                form.complain(name, v.say("form-nobody-receives"));
            }
        }
        body.push(("on_behalf_of", json!(id)));
        return Deed::Verify;
    }
    match target {
        Some(target) => body.push(("target", json!(target))),
        None => form.complain("instansi", v.say("form-target-needed")),
    }
    let copies = copies().into_iter().filter_map(|copy| {
        let found = choosing.read(v, form, copy);
        if found
            .as_ref()
            .is_some_and(|id| choosing.waiting.contains(id))
        {
            form.complain(copy.typed, v.say("form-copy-not-joined"));
        }
        found
    });
    let copies: Vec<InstanceId> = copies.collect();
    if !copies.is_empty() {
        body.push(("copies", json!(copies)));
    }
    let day = read_deadline(v, form, today);
    body.extend(day.map(|day| ("deadline", json!(day))));
    Deed::Dispose
}

/// The last day that a form names; a complaint where it has gone by, or is far off.
pub fn read_deadline(v: &Voice, form: &mut Form, today: NaiveDate) -> Option<NaiveDate> {
    let day: NaiveDate = form.parsed("tenggat", v.say("form-day-unusable"))?;
    if day < today {
        form.complain("tenggat", v.say("form-day-past"));
    } else if day > today + FARTHEST {
        form.complain("tenggat", v.say("form-day-far"));
    }
    Some(day)
}

/// Complains about a form in which nobody has said that they are sure.
pub fn agreed(v: &Voice, form: &mut Form) {
    if !form.is_ticked("setuju") {
        form.complain("setuju", v.say("form-agree"));
    }
}

/// The case of a ticket or an id, if it may be seen.
async fn other_case(node: &Node, sight: &Sight, typed: &str) -> Option<CaseId> {
    let view = match typed.parse::<CaseId>() {
        Ok(id) => node.case(id).await.ok()?,
        Err(_) => node.case_by_ticket(typed).await.ok()?,
    };
    sight.shows(&view.summary).then_some(view.summary.case)
}
