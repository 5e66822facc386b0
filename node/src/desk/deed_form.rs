//! What each deed asks for: the fields of its page, and how they become an act. Rules are judged
//! by the node; here only what was typed is read.

use lapor_protocol::directory::InstanceEntry;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::limits::{TEXT_CHARS, TITLE_CHARS};
use lapor_web::language::Voice;
use lapor_web::page::{Choice, Field, Form};
use serde_json::{Value, json};

use super::Answer;
use super::case_page::{HintLine, hints};
use super::deeds::Deed;
use super::question::CLASSES;
use super::reasons::reason_choices;
use super::shared;
use crate::api::problem;
use crate::casework::{Allowed, CaseView, HistoryEntry, NewAct, Once, Sight};
use crate::hints::Sketch;
use crate::node::Node;
use crate::portal::name_of;
use crate::regions::national;

/// Questions of one hold.
pub const QUESTIONS: [&str; 5] = ["tanya1", "tanya2", "tanya3", "tanya4", "tanya5"];
pub const COPIES: [&str; 3] = ["tembusan1", "tembusan2", "tembusan3"];
/// The value of a box that is ticked.
const TICKED: &str = "1";

/// A field of a page.
pub enum Part<'a> {
    Line(Field<'a>),
    /// A line that suggests institutions while one types.
    Institution(Field<'a>),
    Text(Field<'a>),
    List(Field<'a>),
    OneOf(Field<'a>),
    Tick(Field<'a>),
}

/// What the fields of a page choose from.
#[derive(Default)]
pub struct Choosing {
    pub hints: Vec<HintLine>,
    /// Institutions that may be named, by what people call them.
    institutions: Vec<(InstanceId, String)>,
    /// The names of those that are suggested while one types.
    pub suggested: Vec<String>,
    categories: Vec<Choice>,
    /// Institutions that have not joined, for which the desk acts.
    represented: Vec<Choice>,
    /// Cases that this one may repeat.
    repeats: Vec<Choice>,
}

impl Choosing {
    pub async fn of(
        node: &Node,
        sight: &Sight,
        v: &Voice,
        deed: Deed,
        view: &CaseView,
        allowed: &Allowed,
    ) -> Answer<Self> {
        let mut choosing = Self::default();
        let directory = node.directory();
        let world = directory.latest();
        let me = node.instance().ok();
        let others = |wanted: &dyn Fn(&InstanceEntry) -> bool| -> Vec<(InstanceId, String)> {
            let all = world.instances().filter(|entry| Some(&entry.id) != me);
            let all = all.filter(|entry| wanted(entry));
            all.map(|entry| (entry.id.clone(), entry.name.clone()))
                .collect()
        };
        match deed {
            Deed::Dispose => {
                choosing.hints = hints(node, v, view, allowed).await?;
                let targets = allowed.targets.iter();
                choosing.suggested = targets.map(|id| name_of(node, id)).collect();
                choosing.institutions = others(&|entry| entry.is_active());
            }
            Deed::Return => {
                choosing.institutions = others(&|_| true);
                let names = choosing.institutions.iter().map(|(_, name)| name.clone());
                choosing.suggested = names.collect();
            }
            Deed::Verify | Deed::Split => {
                choosing.categories = shared::categories(node, v).await?;
                let desk = world.desk().map(|desk| &desk.id) == me;
                let waiting = world.instances().filter(|entry| desk && !entry.is_active());
                choosing.represented = waiting
                    .map(|entry| Choice::new(entry.id.as_str(), &entry.name))
                    .collect();
            }
            Deed::Link => choosing.repeats = repeats(node, sight, v, view).await?,
            _ => {}
        }
        choosing.suggested.sort();
        Ok(choosing)
    }

    /// What the institution of a slug is called.
    fn called(&self, slug: &str) -> Option<String> {
        let mut all = self.institutions.iter();
        let found = all.find(|(id, _)| id.as_str() == slug);
        found.map(|(_, name)| name.clone())
    }

    /// The institution of a slug, or of a name as it is called.
    fn named(&self, typed: &str) -> Option<InstanceId> {
        let fits = |(id, name): &&(InstanceId, String)| {
            id.as_str() == typed || name.to_lowercase() == typed.to_lowercase()
        };
        self.institutions
            .iter()
            .find(fits)
            .map(|(id, _)| id.clone())
    }
}

/// The fields of a deed's page.
pub fn parts<'a>(v: &Voice, deed: Deed, form: &'a Form, choosing: &Choosing) -> Vec<Part<'a>> {
    let text = |label: String| form.field("uraian", label).most(TEXT_CHARS);
    let comment = || Part::Text(text(v.say("form-comment")).rows(4));
    let reasons = || {
        let field = form.field("alasan", v.say("fact-reason"));
        Part::OneOf(field.required().choices(reason_choices(v, deed)))
    };
    let institution = |name, label: String| form.field(name, label).autocomplete("off").most(200);
    match deed {
        Deed::Verify => verify(v, form, choosing),
        Deed::Hold => {
            let ask = |(place, name): (usize, &'static str)| {
                let field = form.field(name, v.with("n", place + 1).say("form-question"));
                let field = field.rows(2).most(TEXT_CHARS);
                Part::Text(if place == 0 { field.required() } else { field })
            };
            QUESTIONS.into_iter().enumerate().map(ask).collect()
        }
        Deed::Return => vec![
            reasons(),
            Part::Institution(
                institution("instansi", v.say("fact-suggested")).hint(v.say("form-suggested-hint")),
            ),
            comment(),
        ],
        Deed::Archive | Deed::Recall => vec![reasons(), comment()],
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
        Deed::Complete => vec![Part::Text(
            text(v.say("form-completion"))
                .required()
                .hint(v.say("form-completion-hint")),
        )],
        Deed::Reply => vec![Part::Text(text(v.say("form-reply")).required())],
        Deed::Close => vec![Part::Tick(form.field("setuju", v.say("form-close-sure")))],
        Deed::Reopen | Deed::TakeOver | Deed::Unlink => vec![comment()],
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
        Deed::Escalate => vec![
            Part::Tick(form.field("setuju", v.say("form-escalate-sure"))),
            comment(),
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
            .rows(3)
            .most(TEXT_CHARS),
    ));
    parts
}

fn dispose<'a>(v: &Voice, form: &'a Form, choosing: &Choosing) -> Vec<Part<'a>> {
    let institution = |name, label: String| form.field(name, label).autocomplete("off").most(200);
    let mut parts = Vec::new();
    let hinted = !choosing.hints.is_empty();
    if hinted {
        let hints = choosing.hints.iter();
        let hints = hints.map(|hint| Choice::new(&hint.slug, &hint.name).hint(&hint.why));
        let other = Choice::new("", v.say("hint-other"));
        parts.push(Part::OneOf(
            form.field("tujuan", v.say("hint-title"))
                .choices(hints.chain([other]).collect()),
        ));
    }
    let label = if hinted {
        v.say("form-other-target")
    } else {
        v.say("fact-target")
    };
    let target = institution("instansi", label).hint(v.say("form-institution-hint"));
    parts.push(Part::Institution(if hinted {
        target
    } else {
        target.required()
    }));
    parts.push(Part::Text(
        form.field("uraian", v.say("form-instruction"))
            .rows(4)
            .most(TEXT_CHARS),
    ));
    parts.push(Part::Line(
        form.field("tenggat", v.say("fact-deadline"))
            .hint(v.say("form-deadline-hint"))
            .kind("date"),
    ));
    for (place, name) in COPIES.into_iter().enumerate() {
        let label = v.with("n", place + 1).say("form-copy");
        parts.push(Part::Institution(institution(name, label)));
    }
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
            values.push(("ganti", message.to_string()));
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
                (
                    "kategori",
                    case.category
                        .as_ref()
                        .map_or_else(String::new, |c| c.as_str().to_owned()),
                ),
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
        Deed::Dispose if choosing.hints.iter().any(|hint| hint.slug == to) => {
            values.push(("tujuan", to.to_owned()));
        }
        Deed::Dispose => values.extend(choosing.called(to).map(|name| ("instansi", name))),
        Deed::FollowUp => values.push(("sifat", "publik".to_owned())),
        Deed::Split => {
            let category = case.category.as_ref();
            values.push((
                "kategori",
                category.map_or_else(String::new, |c| c.as_str().to_owned()),
            ));
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
            text(body, "target").or_else(|| text(body, "suggested")),
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
    values.extend(QUESTIONS.into_iter().zip(asked.map(str::to_owned)));
    let copies = body.and_then(|body| body.get("copies")?.as_array());
    let copies = copies.into_iter().flatten().filter_map(Value::as_str);
    values.extend(COPIES.into_iter().zip(copies.map(str::to_owned)));
    values
}

/// The field of a deed's page to which a complaint about all of it belongs.
pub fn first_field(deed: Deed) -> &'static str {
    match deed {
        Deed::Hold => QUESTIONS[0],
        Deed::Close | Deed::Redact => "setuju",
        Deed::Link => "laporan",
        _ => "uraian",
    }
}

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
        Deed::FollowUp
            | Deed::Note
            | Deed::Complete
            | Deed::Reply
            | Deed::Split
            | Deed::AskIdentity
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
            read_verified(v, view, form, &mut body, &mut words);
            // What the form does not ask stays as it stands.
            if choosing.represented.is_empty()
                && let Some(id) = shared::represented(node, view)
            {
                body.push(("on_behalf_of", json!(id)));
            }
        }
        Deed::Hold => {
            let asked: Vec<String> = QUESTIONS
                .into_iter()
                .map(|name| form.at_most(v, name, TEXT_CHARS))
                .filter(|question| !question.is_empty())
                .collect();
            if asked.is_empty() {
                form.complain(QUESTIONS[0], v.say("form-question-needed"));
            }
            words.push(("questions", json!(asked)));
        }
        Deed::Return => {
            body.push(("reason", json!(form.required(v, "alasan"))));
            if let Some(id) = institution(v, form, "instansi", choosing) {
                body.push(("suggested", json!(id)));
            }
        }
        Deed::Archive | Deed::Recall => body.push(("reason", json!(form.required(v, "alasan")))),
        Deed::Redact => {
            body.push(("reason", json!(form.required(v, "alasan"))));
            agreed(v, form);
        }
        Deed::AskIdentity => body.push(("purpose", json!(form.required(v, "alasan")))),
        Deed::Dispose => read_disposed(v, form, choosing, &mut body),
        Deed::FollowUp => match form.required(v, "sifat").as_str() {
            "internal" => kind = Deed::Note.kind(),
            how => body.push(("proposes_to_close", json!(how == "usul"))),
        },
        Deed::Close => {
            agreed(v, form);
            body.push(("by", json!("reporter")));
        }
        Deed::Escalate => {
            agreed(v, form);
            body.push(("consent", json!(true)));
        }
        Deed::Link => {
            let chosen = form.text("sama").to_owned();
            let typed = if chosen.is_empty() {
                form.required(v, "laporan")
            } else {
                chosen
            };
            match other_case(node, sight, &typed).await {
                Some(case) => body.push(("target_case", json!(case))),
                None => form.complain("laporan", v.say("link-unknown")),
            }
        }
        Deed::Split => read_split(v, form, &mut body, &mut words),
        Deed::Note
        | Deed::Complete
        | Deed::Reply
        | Deed::Reopen
        | Deed::TakeOver
        | Deed::Unlink => {}
    }
    form.is_fine().then(|| shared::act(kind, &body, &words))
}

fn read_split(
    v: &Voice,
    form: &mut Form,
    body: &mut Vec<(&str, Value)>,
    words: &mut Vec<(&str, Value)>,
) {
    words.push(("title", json!(form.required(v, "judul"))));
    form.at_most(v, "judul", TITLE_CHARS);
    let place = form.at_most(v, "lokasi", TITLE_CHARS);
    if !place.is_empty() {
        words.push(("place", json!(place)));
    }
    let category = form.text("kategori");
    if !category.is_empty() {
        body.push(("category", json!(category)));
    }
}

fn read_verified(
    v: &Voice,
    view: &CaseView,
    form: &mut Form,
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
    body.push((
        "oversight",
        json!(form.is_ticked("pengawasan") && class == "pengaduan"),
    ));
    for (field, name) in [("kategori", "category"), ("atas-nama", "on_behalf_of")] {
        let value = form.text(field);
        if !value.is_empty() {
            body.push((name, json!(value)));
        }
    }
    if let Some(code) = shared::region(v, form, view.summary.region.as_ref()) {
        body.push(("region", json!(code)));
    }
}

fn read_disposed(v: &Voice, form: &mut Form, choosing: &Choosing, body: &mut Vec<(&str, Value)>) {
    let other = institution(v, form, "instansi", choosing);
    let hinted = choosing.named(form.text("tujuan"));
    match other.or(hinted) {
        Some(target) => body.push(("target", json!(target))),
        None => form.complain("instansi", v.say("form-target-needed")),
    }
    let copies: Vec<InstanceId> = COPIES
        .into_iter()
        .filter_map(|name| institution(v, form, name, choosing))
        .collect();
    if !copies.is_empty() {
        body.push(("copies", json!(copies)));
    }
    let day: Option<chrono::NaiveDate> = form.parsed("tenggat", v.say("form-day-unusable"));
    if let Some(day) = day {
        body.push(("deadline", json!(day)));
    }
}

/// The institution that a field names; a complaint where there is none of that name.
fn institution(
    v: &Voice,
    form: &mut Form,
    name: &'static str,
    choosing: &Choosing,
) -> Option<InstanceId> {
    let typed = form.text(name).to_owned();
    if typed.is_empty() {
        return None;
    }
    let found = choosing.named(&typed);
    if found.is_none() {
        form.complain(name, v.say("form-institution-unknown"));
    }
    found
}

/// Complains unless the box is ticked that says so.
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

/// Open cases that this one may repeat and that may be seen.
async fn repeats(node: &Node, sight: &Sight, v: &Voice, view: &CaseView) -> Answer<Vec<Choice>> {
    let report = super::course::report(node, v, view);
    let sketch = Sketch {
        title: view.summary.title.clone().unwrap_or_default(),
        content: report.content.unwrap_or_default(),
        region: view.summary.region.clone(),
        coordinates: None,
    };
    let found = node.likely_duplicates(&sketch).await;
    let mut others = Vec::new();
    for found in found.map_err(|error| problem(&error))?.duplicates {
        let seen = node.case_seen(sight, found.case).await.is_ok();
        if seen && found.case != view.summary.case {
            others.push(found);
        }
    }
    let others = others.into_iter();
    Ok(others
        .map(|found| {
            let title = crate::personal::mask(&found.title).into_owned();
            let filed = v.date(found.filed_at);
            let hint = match &found.ticket {
                Some(ticket) => format!("{ticket} · {filed}"),
                None => filed,
            };
            Choice::new(found.case.to_string(), title).hint(hint)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_that_is_done_again_says_all_that_it_said() {
        let entry: HistoryEntry = serde_json::from_value(json!({
            "case_seq": null, "message": null, "kind": "case.verified", "author": null,
            "effect": null, "reason": null, "at": 0, "withheld": null, "attachments": [],
            "body": {"oversight": true, "on_behalf_of": "kab-garut", "copies": ["pusat", "kemenpu"]},
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
            ("tembusan3", ""),
        ] {
            assert_eq!(form.text(field), said, "{field}");
        }
    }
}
