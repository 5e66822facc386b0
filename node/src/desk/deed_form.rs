//! What each deed asks for: the fields of its page, and what stands in them at first.

use lapor_protocol::kinds::case_held::AnswerForm;
use lapor_protocol::limits::{CHOICE_CHARS, CHOICES as MOST_CHOICES, TEXT_CHARS, TITLE_CHARS};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Field, Form};
use serde_json::Value;

use super::again::ACT;
use super::choosing::Choosing;
use super::deeds::Deed;
use super::hints::HintLine;
use super::question::CLASSES;
use super::reasons::reason_choices;
use super::rows::{self, CHOICES, COPIES, FORMS, MoreRows, QUESTIONS};
use super::shared;
use crate::casework::{CaseView, HistoryEntry, Once};
use crate::institutions::{Naming, WHOM};
use crate::portal::filing::REGIONS;
use crate::portal::questions::form_name;
use crate::regions::national;
use crate::reporters;

/// The value of a box that is ticked.
const TICKED: &str = "1";

/// Forms of answers but the text, by their names in a form.
pub static ANSWER_FORMS: [(&str, AnswerForm); 5] = [
    ("ya-tidak", AnswerForm::YesNo),
    (
        "pilihan",
        AnswerForm::Choice {
            choices: Vec::new(),
        },
    ),
    ("tanggal", AnswerForm::Date),
    ("tempat", AnswerForm::Place),
    ("gambar", AnswerForm::Picture),
];

/// A field of a page.
pub enum Part<'a> {
    Line(Field<'a>),
    /// Lines of which there can be more.
    Lines(Vec<Field<'a>>, MoreRows),
    Text(Field<'a>),
    List(Field<'a>),
    OneOf(Field<'a>),
    Questions(Vec<Question<'a>>, MoreRows),
    Tick(Field<'a>),
}

/// A question, how it is answered, and among what.
pub struct Question<'a> {
    pub text: Field<'a>,
    pub answer: Field<'a>,
    pub choices: Field<'a>,
}

/// The fields of a deed's page.
pub fn parts<'a>(v: &Voice, deed: Deed, form: &'a Form, choosing: &Choosing) -> Vec<Part<'a>> {
    let text = |label: String| form.field("uraian", label).most(TEXT_CHARS);
    let comment = |read_by| {
        let field = text(v.say("form-comment")).hint(v.say(read_by));
        Part::Text(field.rows(4))
    };
    let (inside, outside) = (
        text_id("form-comment-inside"),
        text_id("form-comment-outside"),
    );
    let reasons = || {
        let field = form.field("alasan", v.say("fact-reason"));
        Part::OneOf(field.required().choices(reason_choices(v, deed)))
    };
    match deed {
        Deed::Verify => verify(v, form, choosing),
        Deed::Hold => vec![questions(v, form)],
        Deed::Return => {
            let typed = v.say("form-suggested-hint");
            let other = text_id("hint-none-or-other");
            let mut parts = vec![reasons()];
            parts.extend(hinted(v, form, choosing, other));
            let label = if choosing.hints.is_empty() {
                text_id("fact-suggested")
            } else {
                text_id("form-other-target")
            };
            let field = institution(form, WHOM.typed, v.say(label)).hint(typed);
            parts.push(Part::Line(field));
            parts.extend(which(v, form, choosing));
            parts.push(comment(inside));
            parts
        }
        Deed::Archive => vec![reasons(), comment(outside)],
        Deed::Recall => vec![reasons(), comment(inside)],
        Deed::Redact => vec![
            reasons(),
            Part::Tick(form.field("setuju", v.say("form-redact-sure"))),
        ],
        Deed::Dispose => dispose(v, form, choosing),
        Deed::FollowUp => vec![
            Part::OneOf(
                form.field("sifat", v.say("form-audience"))
                    .required()
                    .choices(vec![
                        Choice::new("publik", v.say("audience-public"))
                            .hint(v.say("audience-public-about")),
                        Choice::new("usul", v.say("audience-close"))
                            .hint(v.say("audience-close-about")),
                        Choice::new("internal", v.say("audience-inside"))
                            .hint(v.say("audience-inside-about")),
                    ]),
            ),
            Part::Text(text(v.say("form-answer")).required().rows(8)),
        ],
        Deed::Note => vec![Part::Text(text(v.say("form-note")).required())],
        Deed::Reopen => vec![comment(outside)],
        Deed::TakeOver | Deed::Unlink => vec![comment(inside)],
        Deed::Succeed => {
            let field = form.field("instansi", v.say("form-dissolved"));
            vec![Part::OneOf(
                field.required().choices(choosing.dissolved.clone()),
            )]
        }
        Deed::Link => link(v, form, choosing),
        Deed::Split => vec![
            Part::Line(
                form.field("judul", v.say("form-title"))
                    .required()
                    .most(TITLE_CHARS),
            ),
            Part::Text(text(v.say("form-content")).required()),
            Part::List(
                form.field("kategori", v.say("case-category"))
                    .choices(choosing.categories.clone()),
            ),
            Part::Line(form.field("lokasi", v.say("case-place")).most(TITLE_CHARS)),
        ],
        Deed::AskIdentity => vec![
            reasons(),
            Part::Text(
                text(v.say("form-identity-reason"))
                    .required()
                    .rows(4)
                    .hint(v.say("form-identity-hint")),
            ),
        ],
    }
}

/// A line that suggests institutions while one types.
pub fn institution<'a>(form: &'a Form, name: &'static str, label: String) -> Field<'a> {
    let field = form.field(name, label).autocomplete("off").most(200);
    field.from_list("daftar-instansi")
}

fn questions<'a>(v: &Voice, form: &'a Form) -> Part<'a> {
    let ask = |(place, name): (usize, &&'static str)| {
        let label = |id: TextId| v.with("n", place + 1).say(id);
        let text = form.field(name, label(text_id("form-question")));
        let text = text.rows(2).most(TEXT_CHARS);
        let answer = form.field(FORMS.names()[place], label(text_id("form-answer-form")));
        let choices = form.field(
            CHOICES.names()[place],
            label(text_id("form-answer-choices")),
        );
        Question {
            text: if place == 0 { text.required() } else { text },
            answer: answer.choices(answer_forms(v)),
            choices: choices
                .asking_back()
                .hint(v.with("most", MOST_CHOICES).say("form-answer-choices-hint"))
                .rows(3)
                .most(MOST_CHOICES * (CHOICE_CHARS + 2)),
        }
    };
    let shown = QUESTIONS.shown(form).iter().enumerate().map(ask);
    let more = QUESTIONS.more(v, text_id("form-question-more"), form);
    Part::Questions(shown.collect(), more)
}

/// How a question can be answered; the first line of the list is a text.
fn answer_forms(v: &Voice) -> Vec<Choice> {
    let forms = ANSWER_FORMS.iter();
    forms
        .map(|(name, form)| Choice::new(*name, v.say(form_name(form))))
        .collect()
}

fn verify<'a>(v: &Voice, form: &'a Form, choosing: &Choosing) -> Vec<Part<'a>> {
    let mut parts = vec![
        Part::Line(
            form.field("judul", v.say("form-title"))
                .required()
                .hint(v.say("form-title-hint"))
                .most(TITLE_CHARS),
        ),
        Part::OneOf(
            form.field("jenis", v.say("case-class"))
                .required()
                .choices(shared::classes(v)),
        ),
        Part::Tick(
            form.field("pengawasan", v.say("case-oversight"))
                .hint(v.say("form-oversight-hint")),
        ),
        Part::List(
            form.field("kategori", v.say("case-category"))
                .choices(choosing.categories.clone()),
        ),
        Part::Line(
            form.field("wilayah", v.say("case-region"))
                .hint(v.say("form-region-hint"))
                .asks(REGIONS)
                .most(120),
        ),
    ];
    if !choosing.represented.is_empty() {
        parts.push(Part::List(
            form.field("atas-nama", v.say("fact-on-behalf-of"))
                .hint(v.say("form-on-behalf-hint"))
                .choices(choosing.represented.clone()),
        ));
    }
    parts.push(Part::Text(
        form.field("uraian", v.say("form-comment"))
            .hint(v.say("form-comment-inside"))
            .rows(3)
            .most(TEXT_CHARS),
    ));
    parts
}

/// A choice among the institutions that are suggested, and what else; `None` where there is no hint.
fn hinted<'a>(v: &Voice, form: &'a Form, choosing: &Choosing, other: TextId) -> Option<Part<'a>> {
    if choosing.hints.is_empty() {
        return None;
    }
    let hints = choosing.hints.iter().map(HintLine::choice);
    let other = Choice::new("", v.say(other));
    let field = form.field("tujuan", v.say("hint-title"));
    Some(Part::OneOf(field.choices(hints.chain([other]).collect())))
}

fn dispose<'a>(v: &Voice, form: &'a Form, choosing: &Choosing) -> Vec<Part<'a>> {
    let hinted = hinted(v, form, choosing, text_id("hint-other"));
    let mut parts: Vec<Part<'a>> = hinted.into_iter().collect();
    let hinted = !parts.is_empty();
    let label = if hinted {
        v.say("form-other-target")
    } else {
        v.say("fact-target")
    };
    let hint = if choosing.represents {
        text_id("form-institution-hint-desk")
    } else {
        text_id("form-institution-hint")
    };
    let target = institution(form, WHOM.typed, label).hint(v.say(hint));
    parts.push(Part::Line(if hinted { target } else { target.required() }));
    parts.extend(which(v, form, choosing));
    parts.extend(said_with_disposition(v, form, choosing));
    parts
}

/// Asks which institution is meant, where what was typed may mean several.
pub fn which<'a>(v: &Voice, form: &'a Form, choosing: &Choosing) -> Option<Part<'a>> {
    among(form, choosing, WHOM, v.say("institution-which"))
}

fn among<'a>(
    form: &'a Form,
    choosing: &Choosing,
    naming: Naming,
    label: String,
) -> Option<Part<'a>> {
    let choices = choosing.asked(form, naming);
    let field = form.field(naming.chosen, label).asking_back();
    (!choices.is_empty()).then(|| Part::OneOf(field.choices(choices)))
}

/// What goes with a disposition, to whomever it is.
pub fn said_with_disposition<'a>(v: &Voice, form: &'a Form, choosing: &Choosing) -> Vec<Part<'a>> {
    let instruction = form.field("uraian", v.say("form-instruction"));
    let deadline = form.field("tenggat", v.say("fact-deadline"));
    let copies = COPIES.shown(form).iter().enumerate().map(|(place, name)| {
        let label = v.with("n", place + 1).say("form-copy");
        institution(form, name, label)
    });
    let mut parts = vec![
        Part::Text(instruction.rows(4).most(TEXT_CHARS)),
        Part::Line(deadline.hint(v.say("form-deadline-hint")).kind("date")),
        Part::Lines(
            copies.collect(),
            COPIES.more(v, text_id("form-copy-more"), form),
        ),
    ];
    let unclear = rows::copies().into_iter().enumerate();
    parts.extend(unclear.filter_map(|(place, copy)| {
        let label = v.with("n", place + 1).say("form-copy-which");
        among(form, choosing, copy, label)
    }));
    parts
}

fn link<'a>(v: &Voice, form: &'a Form, choosing: &Choosing) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    let found = !choosing.repeats.is_empty();
    if found {
        let other = Choice::new("", v.say("link-other"));
        let all = choosing.repeats.iter().cloned().chain([other]);
        parts.push(Part::OneOf(
            form.field("sama", v.say("link-likely"))
                .choices(all.collect()),
        ));
    }
    let ticket = form
        .field("laporan", v.say("link-ticket"))
        .autocomplete("off")
        .most(60);
    parts.push(Part::Line(if found { ticket } else { ticket.required() }));
    parts
}

/// The form as it is shown first: what the case says already, what the address names, or what an
/// act without effect said.
pub fn first_form(
    deed: Deed,
    view: &CaseView,
    choosing: &Choosing,
    to: &str,
    again: Option<&HistoryEntry>,
) -> Form {
    let mut values: Vec<(&str, String)> = vec![("kunci", Once::fresh_key())];
    if let Some(entry) = again {
        values.extend(said_before(entry));
        if let Some(message) = entry.message {
            values.push((ACT, message.to_string()));
        }
        return Form::of(values);
    }
    let case = &view.summary;
    match deed {
        Deed::Verify => {
            let class = CLASSES
                .iter()
                .find(|(class, _)| Some(*class) == case.classification);
            let region = case.region.as_ref();
            values.extend([
                ("judul", case.title.clone().unwrap_or_default()),
                (
                    "jenis",
                    class.map_or_else(String::new, |(_, name)| (*name).to_owned()),
                ),
                ("kategori", choosing.chosen(case)),
                (
                    "wilayah",
                    region
                        .and_then(|code| national().display_name(code))
                        .unwrap_or_default(),
                ),
                (
                    "atas-nama",
                    case.on_behalf_of
                        .as_ref()
                        .map_or_else(String::new, ToString::to_string),
                ),
            ]);
            if view.oversight == Some(true) {
                values.push(("pengawasan", TICKED.to_owned()));
            }
        }
        Deed::Dispose | Deed::Return if choosing.hints.iter().any(|hint| hint.slug == to) => {
            values.push(("tujuan", to.to_owned()));
        }
        Deed::Dispose => values.extend(choosing.called(to).map(|name| ("instansi", name))),
        Deed::Succeed => {
            let only = choosing.dissolved.first();
            let only = only.filter(|_| choosing.dissolved.len() == 1);
            values.extend(only.map(|only| ("instansi", only.value.clone())));
        }
        Deed::FollowUp => values.push(("sifat", "publik".to_owned())),
        Deed::Split => {
            values.push(("kategori", choosing.chosen(case)));
        }
        _ => {}
    }
    Form::of(values)
}

/// What an act said, as the fields of its form.
fn said_before(entry: &HistoryEntry) -> Vec<(&'static str, String)> {
    let text = |value: Option<&Value>, name: &str| {
        Some(value?.get(name)?.as_str()?.to_owned()).filter(|text| !text.is_empty())
    };
    let (body, words) = (entry.body.as_ref(), entry.words.as_ref());
    let proposes = body
        .and_then(|body| body.get("proposes_to_close")?.as_bool())
        .unwrap_or(false);
    let all = [
        (
            "uraian",
            text(words, "text").or_else(|| text(words, "content")),
        ),
        ("judul", text(words, "title")),
        ("lokasi", text(words, "place")),
        (
            "alasan",
            text(body, "reason").or_else(|| text(body, "purpose")),
        ),
        (
            "instansi",
            text(body, "target")
                .or_else(|| text(body, "suggested"))
                .or_else(|| text(body, "institution")),
        ),
        ("tenggat", text(body, "deadline")),
        ("kategori", text(body, "category")),
        ("wilayah", text(body, "region")),
        ("laporan", text(body, "target_case")),
        ("atas-nama", text(body, "on_behalf_of")),
        (
            "pengawasan",
            body.and_then(|body| body.get("oversight")?.as_bool())
                .filter(|oversight| *oversight)
                .map(|_| TICKED.to_owned()),
        ),
        (
            "sifat",
            Some(if proposes { "usul" } else { "publik" }.to_owned()),
        ),
        (
            "jenis",
            body.and_then(|body| {
                let class = body.get("classification")?.clone();
                let class = serde_json::from_value(class).ok()?;
                let known = CLASSES.iter().find(|(known, _)| *known == class)?;
                Some(known.1.to_owned())
            }),
        ),
    ];
    let mut values: Vec<(&'static str, String)> = all
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect();
    let asked = words.and_then(|words| words.get("questions")?.as_array());
    let asked = asked.into_iter().flatten().filter_map(Value::as_str);
    let questions = QUESTIONS.names().iter().copied();
    values.extend(questions.zip(asked.map(str::to_owned)));
    let rows = FORMS.names().iter().zip(CHOICES.names());
    for (form, (how, among)) in reporters::answer_forms(words).iter().zip(rows) {
        let named = ANSWER_FORMS
            .iter()
            .find(|(_, known)| same_form(known, form));
        values.extend(named.map(|(name, _)| (*how, (*name).to_owned())));
        if let AnswerForm::Choice { choices } = form {
            values.push((*among, choices.join("\n")));
        }
    }
    let copies = body.and_then(|body| body.get("copies")?.as_array());
    let copies = copies.into_iter().flatten().filter_map(Value::as_str);
    let rows = COPIES.names().iter().copied();
    values.extend(rows.zip(copies.map(str::to_owned)));
    values
}

fn same_form(one: &AnswerForm, other: &AnswerForm) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// The field of a deed's page to which a complaint about all of it belongs.
pub fn first_field(deed: Deed) -> &'static str {
    match deed {
        Deed::Hold => QUESTIONS.names()[0],
        Deed::Redact => "setuju",
        Deed::Link => "laporan",
        Deed::Succeed => "instansi",
        _ => "uraian",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_act_that_is_done_again_says_all_that_it_said() {
        let entry: HistoryEntry = serde_json::from_value(json!({
            "case_seq": null, "message": null, "kind": "case.verified", "author": null,
            "effect": null, "reason": null, "at": 0, "withheld": null, "attachments": [],
            "body": {"oversight": true, "on_behalf_of": "kab-garut", "copies": ["pusat", "kemenpu", "kab-garut", "prov-jabar"]},
            "words": {"title": "Lampu padam"},
        }))
        .unwrap();
        let form = Form::of(said_before(&entry));
        for (field, said) in [
            ("judul", "Lampu padam"),
            ("pengawasan", "1"),
            ("atas-nama", "kab-garut"),
            ("tembusan1", "pusat"),
            ("tembusan2", "kemenpu"),
            ("tembusan4", "prov-jabar"),
            ("tembusan5", ""),
        ] {
            assert_eq!(form.text(field), said, "{field}");
        }
    }
}
