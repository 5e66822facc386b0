//! What people say to an officer about a case: its reporter, who answers, confirms, reopens and
//! rates or lets a supervisor join, and anybody else who has the same trouble. The officer takes it down for them; no page
//! here tells who they are, and a key that was typed is shown to nobody again.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::case::{Effect, State as CaseState};
use lapor_protocol::ids::{CaseId, MessageId};
use lapor_protocol::limits::{QUESTIONS, TEXT_CHARS};
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Flash, Form, LocalPath, waiting};
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;
use serde_json::Value;

use super::along::{self, Along, AlongQuery};
use super::deed::{DeedPage, complaint};
use super::deed_form::Part;
use super::deed_read::agreed;
use super::shared::About;
use super::{Answer, Officer, ROOT, case_page, course, new_key, shared, upload};
use crate::api::problem;
use crate::attach::{self, Attached, Sender};
use crate::casework::{CaseView, HistoryEntry, Once};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::questions::{ANSWER_CHARS, Asking, Posed, posed};
use crate::portal::scores;
use crate::reporters::{AtCounter, KeyGiver, ReporterAct, Through, answer_forms};
use crate::staff::StaffRole;

pub const PATH: &str = "/meja/kasus/{id}/loket/{tindakan}";
/// How people come to an officer, by its name in a form and in a message.
pub const CHANNELS: [(&str, &str, TextId); 3] = [
    ("loket", "walk-in", text_id("channel-counter")),
    ("surat", "letter", text_id("channel-letter")),
    ("telepon", "phone", text_id("channel-phone")),
];
const CHANNEL: &str = "saluran";
const TEXT: &str = "uraian";
/// What somebody answers to each question of a hold.
const ANSWERS: [&str; QUESTIONS] = [
    "jawab1", "jawab2", "jawab3", "jawab4", "jawab5", "jawab6", "jawab7", "jawab8", "jawab9",
    "jawab10", "jawab11", "jawab12", "jawab13", "jawab14", "jawab15", "jawab16", "jawab17",
    "jawab18", "jawab19", "jawab20",
];
/// The hold whose questions the form shows.
const HOLD: &str = "tahanan";
const SCORE: &str = "nilai";
/// The reporter's key; `kunci` is the form's own.
const SECRET: &str = "kunci-rahasia";

#[derive(Deserialize)]
pub struct SayPath {
    id: CaseId,
    tindakan: String,
}

/// What somebody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Say {
    Complete,
    Reply,
    Confirm,
    Reopen,
    Rate,
    Escalate,
    Support,
}

/// Something that may be said, and where it is taken down.
pub struct Offered {
    pub name: String,
    pub about: String,
    pub to: String,
}

impl Say {
    const ALL: [Self; 7] = [
        Self::Complete,
        Self::Reply,
        Self::Confirm,
        Self::Reopen,
        Self::Rate,
        Self::Escalate,
        Self::Support,
    ];

    fn slug(self) -> &'static str {
        match self {
            Self::Complete => "lengkapi",
            Self::Reply => "tanggapan",
            Self::Confirm => "selesai",
            Self::Reopen => "buka-kembali",
            Self::Rate => "nilai",
            Self::Escalate => "eskalasi",
            Self::Support => "dukung",
        }
    }

    fn words(self) -> (TextId, TextId) {
        match self {
            Self::Complete => (text_id("act-complete"), text_id("act-complete-about")),
            Self::Reply => (text_id("act-reply"), text_id("act-reply-about")),
            Self::Confirm => (text_id("act-close"), text_id("act-close-about")),
            Self::Reopen => (text_id("say-reopen"), text_id("say-reopen-about")),
            Self::Rate => (text_id("say-rate"), text_id("say-rate-about")),
            Self::Escalate => (text_id("act-escalate"), text_id("act-escalate-about")),
            Self::Support => (text_id("say-support"), text_id("say-support-about")),
        }
    }

    /// What is said once it is recorded.
    fn done(self) -> TextId {
        match self {
            Self::Complete => text_id("done-complete"),
            Self::Reply => text_id("done-reply"),
            Self::Confirm => text_id("done-close"),
            Self::Escalate => text_id("done-escalate"),
            Self::Reopen | Self::Rate | Self::Support => text_id("act-done"),
        }
    }

    /// Whether the rules allow it, and somebody may say it here.
    fn is_allowed(self, counter: &AtCounter) -> bool {
        let act = match self {
            Self::Complete => "complete",
            Self::Reply => "reply",
            Self::Confirm => "confirm",
            Self::Reopen => "reopen",
            Self::Rate => "rate",
            Self::Escalate => "escalate",
            Self::Support => return counter.is_supported,
        };
        counter.may.iter().any(|may| may == act)
    }

    /// What somebody answers at the counter goes with its question.
    fn answers(self, asked: &[Posed]) -> impl Iterator<Item = (&'static str, &Posed)> {
        let answered = self == Self::Complete;
        ANSWERS.into_iter().zip(asked).filter(move |_| answered)
    }

    fn takes_files(self) -> bool {
        matches!(self, Self::Complete | Self::Reply)
    }

    /// What it is to the node; `None` for what is not its reporter's, or where something is wrong.
    fn read(self, v: &Voice, form: &mut Form, asked: &[Posed], files: bool) -> Option<ReporterAct> {
        let said = form.at_most(v, TEXT, TEXT_CHARS);
        let text = Some(said.clone()).filter(|text| !text.is_empty());
        let answers: Vec<String> = self
            .answers(asked)
            .map(|(field, one)| {
                let answer = form.at_most(v, field, ANSWER_CHARS);
                if let Some(said) = one.complaint(v, &answer) {
                    form.complain(field, said);
                }
                one.sent(answer, files)
            })
            .collect();
        match self {
            Self::Complete if answers.iter().any(|answer| !answer.is_empty()) => {}
            Self::Complete if text.is_none() && !answers.is_empty() => {
                form.complain(ANSWERS[0], v.say("answer-missing"));
            }
            Self::Complete | Self::Reply => {
                form.required(v, TEXT);
            }
            Self::Confirm | Self::Escalate => agreed(v, form),
            _ => {}
        }
        let none = answers.iter().all(String::is_empty);
        Some(match self {
            Self::Complete => ReporterAct::Complete {
                answers: if none { Vec::new() } else { answers },
                text,
                attachments: Vec::new(),
            },
            Self::Reply => ReporterAct::Reply {
                text: said,
                attachments: Vec::new(),
            },
            Self::Confirm => ReporterAct::Confirm { text },
            Self::Reopen => ReporterAct::Reopen { text },
            Self::Rate => {
                let score: Option<u8> = form.parsed(SCORE, v.say("rate-choose"));
                let score = score.filter(|score| (1..=5).contains(score));
                if score.is_none() {
                    form.complain(SCORE, v.say("rate-choose"));
                }
                ReporterAct::Rate {
                    score: score?,
                    text,
                }
            }
            Self::Escalate => ReporterAct::Escalate { text },
            Self::Support => return None,
        })
    }
}

/// A case before which somebody stands.
struct Standing {
    say: Say,
    view: CaseView,
    programme: Option<About>,
    /// Questions that wait for their answers, and the hold that asks them.
    asked: Vec<Posed>,
    hold: Option<MessageId>,
    counter: AtCounter,
}

/// What may be said of a case at the counter now.
#[derive(Default)]
pub struct AtDesk {
    pub offered: Vec<Offered>,
    /// Its reporter gets a new key as well, of the keeper of identities.
    pub keeper_gives_key: bool,
}

/// What an officer may take down of a case now.
pub async fn offered(node: &Node, v: &Voice, case: CaseId) -> Answer<AtDesk> {
    let counter = node.at_counter(case).await;
    let counter = counter.map_err(|error| problem(&error))?;
    let all = Say::ALL.into_iter().filter(|say| say.is_allowed(&counter));
    let line = |say: Say| {
        let (name, about) = say.words();
        Offered {
            name: v.say(name),
            about: v.say(about),
            to: at(case, say),
        }
    };
    let own = counter.key_giver == Some(KeyGiver::Officer);
    let key = own.then(|| new_key::offered(v, case));
    Ok(AtDesk {
        offered: all.map(line).chain(key).collect(),
        keeper_gives_key: counter.key_giver == Some(KeyGiver::Keeper),
    })
}

/// Where the reporter's word of a message that had no effect is taken down again.
pub fn again_at(case: CaseId, kind: &str) -> Option<String> {
    let say = match kind {
        "report.completed" => Say::Complete,
        "case.replied" => Say::Reply,
        "case.closed" => Say::Confirm,
        "case.escalated" => Say::Escalate,
        _ => return None,
    };
    Some(at(case, say))
}

pub async fn ask(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<SayPath>,
    Query(along): Query<AlongQuery>,
) -> Answer<Response> {
    let standing = stand(&node, &officer, &path).await?;
    if !standing.say.is_allowed(&standing.counter) {
        let flash = Flash::warning(text_id("act-refused"));
        let to = LocalPath::own(&case_page::at(path.id));
        return Ok(officer.visit.go_saying(&to, &flash));
    }
    let mut form = Form::of([
        ("kunci", Once::fresh_key()),
        (CHANNEL, CHANNELS[0].0.to_owned()),
    ]);
    along.put_into(&mut form);
    let empty = Attached::default();
    page(
        &node,
        &officer,
        &standing,
        &mut form,
        &empty,
        StatusCode::OK,
    )
}

pub async fn take_down(
    State(node): State<Arc<Node>>,
    officer: Officer,
    Path(path): Path<SayPath>,
    request: Request,
) -> Answer<Response> {
    let standing = stand(&node, &officer, &path).await?;
    let (v, say) = (officer.visit.v, standing.say);
    let (mut form, attached) = attach::read(&node, &v, Sender::Staff, request).await?;
    let once = Once::new(&officer.actor(), form.text("kunci")).map_err(|error| problem(&error))?;
    // Files that were used before may have been used by this very form.
    let sent = once.is_known(&node).await.map_err(|e| problem(&e))?;
    attached.miss_unless(sent, &v, &mut form);
    // A form that was sent before has answered them, and the hold has ended by it.
    let questions = if sent {
        last_asked(&standing.view)
    } else {
        standing.asked.clone()
    };
    let files = !attached.uploads().is_empty();
    let act = say.read(&v, &mut form, &questions, files);
    let other = |hold: MessageId| hold.to_string() != form.text(HOLD);
    let other = standing.hold.is_some_and(other) && !form.text(HOLD).is_empty();
    if say == Say::Complete && !sent && other {
        form.complain(ANSWERS[0], v.say("answer-asked-anew"));
    }
    let channel = form.text(CHANNEL);
    let channel = CHANNELS.iter().find(|(name, ..)| *name == channel);
    if channel.is_none() {
        form.complain(CHANNEL, v.say("form-required"));
    }
    if say != Say::Support && !standing.counter.on_word {
        form.required(&v, SECRET);
    }
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let (Some((_, channel, _)), true) = (channel, form.is_fine()) else {
        return page(&node, &officer, &standing, &mut form, &attached, wrong);
    };
    let told = (path.id, say.slug(), channel, &act, attached.fingerprints());
    let once = once.told_by(&told).map_err(|error| problem(&error))?;
    let through = Through {
        actor: &officer.actor(),
        channel,
        key: Some(form.text(SECRET)).filter(|key| !key.is_empty()),
    };
    let onward = along::onward(&node, &officer, &standing.view.summary, &form).await?;
    let done = match act {
        Some(act) => {
            let act = act.with_files(attached.uploads());
            node.reporter_says(path.id, through, act, &once).await
        }
        None => node.visitor_supports(path.id, through, &once).await,
    };
    match done {
        Ok(_) => {
            attach::forget(&node, &attached).await;
            let done = Flash::done(say.done());
            let (to, flash) = along::leave((path.id, &form), onward, done);
            Ok(officer.visit.go_saying(&to, &flash))
        }
        Err(error) => {
            complain(&v, &mut form, &error)?;
            page(&node, &officer, &standing, &mut form, &attached, wrong)
        }
    }
}

/// Says in the form why it cannot be done as it is.
fn complain(v: &Voice, form: &mut Form, error: &NodeError) -> Answer<()> {
    match error {
        NodeError::Locked(_) => form.complain(SECRET, v.say("say-key-wrong")),
        NodeError::Forbidden(_) => form.complain(SECRET, v.say("say-key-needed")),
        NodeError::TooMany { retry_after_s } => {
            let wait = waiting(v, (*retry_after_s).into());
            form.complain(SECRET, v.with("wait", wait).say("say-key-wait"));
        }
        NodeError::EvidenceNeeded => form.complain(CHANNEL, v.say("form-close-evidence")),
        NodeError::ApprovalNeeded => form.complain(CHANNEL, v.say("form-close-approval")),
        error => {
            let (field, said) = complaint(CHANNEL, error).ok_or_else(|| problem(error))?;
            if matches!(error, NodeError::KeyReused) {
                // What was sent first has been done; this would be another act.
                form.put("kunci", Once::fresh_key());
            }
            form.complain(field, v.say(said));
        }
    }
    Ok(())
}

async fn stand(node: &Node, officer: &Officer, path: &SayPath) -> Answer<Standing> {
    let mut all = Say::ALL.into_iter();
    let say = all.find(|say| say.slug() == path.tindakan);
    let say = say.ok_or_else(ApiProblem::not_found)?;
    officer.requires(StaffRole::handles_cases)?;
    let view = officer.case(node, path.id).await?;
    let counter = node.at_counter(path.id).await;
    Ok(Standing {
        say,
        asked: asked(&view),
        hold: last_hold(&view)
            .filter(|_| is_held(&view))
            .and_then(|hold| hold.message),
        programme: shared::programme(node, &view).await?,
        view,
        counter: counter.map_err(|error| problem(&error))?,
    })
}

/// The questions of the hold that stands, if one does.
fn asked(view: &CaseView) -> Vec<Posed> {
    if is_held(view) {
        last_asked(view)
    } else {
        Vec::new()
    }
}

fn is_held(view: &CaseView) -> bool {
    view.summary.state == Some(CaseState::Held)
}

fn last_hold(view: &CaseView) -> Option<&HistoryEntry> {
    let mut holds = view.history.iter().rev();
    holds.find(|entry| entry.kind == "case.held" && entry.effect.is_none_or(applied))
}

/// The questions of the last hold.
fn last_asked(view: &CaseView) -> Vec<Posed> {
    let words = last_hold(view).and_then(|entry| entry.words.as_ref());
    let questions = words.and_then(|words| words.get("questions")?.as_array());
    let questions = questions.into_iter().flatten().filter_map(Value::as_str);
    let questions: Vec<String> = questions.map(str::to_owned).collect();
    posed(&questions, &answer_forms(words))
}

fn applied(effect: Effect) -> bool {
    effect == Effect::Applied
}

fn page(
    node: &Node,
    officer: &Officer,
    standing: &Standing,
    form: &mut Form,
    attached: &Attached,
    status: StatusCode,
) -> Answer<Response> {
    let (v, say) = (officer.visit.v, standing.say);
    form.put(SECRET, "");
    if let Some(hold) = standing.hold.filter(|_| say == Say::Complete) {
        form.put(HOLD, hold.to_string());
    }
    let (name, about) = say.words();
    let case = &standing.view.summary;
    let along = Along::of(form).map(|along| along.fields().to_vec());
    let page = DeedPage {
        v,
        form,
        name: v.say(name),
        about: v.say(about),
        here: at(case.case, say),
        case_at: along::back_to(case.case, form).to_string(),
        along: along.unwrap_or_default(),
        title: shared::title(&v, case),
        content: course::report(node, &v, &standing.view).content,
        programme: standing.programme.as_ref(),
        parts: parts(&v, standing, form),
        institutions: &[],
        grave: false,
        meanwhile: Vec::new(),
        notes: Vec::new(),
        files: say.takes_files().then_some(&attached.held),
        files_wanted: false,
        former: Vec::new(),
        most_files: attach::MOST,
        file_bytes: node.settings().api.upload_bytes,
        upload_at: upload::PATH,
    };
    let shell = officer.visit.shell(v.say(name)).status(status).within(ROOT);
    shell.script("report.js").show(&page)
}

/// The fields of a page.
fn parts<'a>(v: &Voice, standing: &Standing, form: &'a Form) -> Vec<Part<'a>> {
    let (say, on_word) = (standing.say, standing.counter.on_word);
    let channel = CHANNELS.map(|(name, _, words)| Choice::new(name, v.say(words)));
    let mut parts = vec![Part::OneOf(
        form.field(CHANNEL, v.say("say-channel"))
            .required()
            .choices(channel.to_vec()),
    )];
    if say == Say::Support {
        return parts;
    }
    let secret = form.field(SECRET, v.say("key-label"));
    let secret = secret
        .kind("password")
        .autocomplete("one-time-code")
        .most(40);
    parts.push(Part::Line(if on_word {
        secret.hint(v.say("say-key-optional"))
    } else {
        secret.required().hint(v.say("say-key-hint"))
    }));
    match say {
        Say::Confirm => parts.push(Part::Tick(form.field("setuju", v.say("form-close-sure")))),
        Say::Escalate => parts.push(Part::Tick(
            form.field("setuju", v.say("form-escalate-sure")),
        )),
        Say::Rate => {
            let score = form.field(SCORE, v.say("say-score"));
            parts.push(Part::OneOf(score.required().choices(scores(v))));
        }
        _ => {}
    }
    let (label, required) = match say {
        Say::Complete if !standing.asked.is_empty() => (text_id("answer-more"), false),
        Say::Complete => (text_id("form-completion"), true),
        Say::Reply => (text_id("form-reply"), true),
        _ => (text_id("form-comment"), false),
    };
    for (field, question) in say.answers(&standing.asked) {
        let answer = form.field(field, question.text.clone());
        let answer = match question.hint(v) {
            Some(hint) => answer.hint(hint),
            None => answer,
        };
        parts.push(match question.asking(v) {
            Asking::Lines => Part::Text(answer.rows(2).most(ANSWER_CHARS)),
            Asking::Line => Part::Line(answer.most(ANSWER_CHARS)),
            Asking::Date => Part::Line(answer.kind("date")),
            Asking::OneOf(choices) => Part::List(answer.choices(choices)),
        });
    }
    let text = form.field(TEXT, v.say(label)).most(TEXT_CHARS);
    let text = if say == Say::Complete {
        text.hint(v.say("form-completion-hint"))
    } else {
        text
    };
    parts.push(Part::Text(if required { text.required() } else { text }));
    parts
}

fn at(case: CaseId, say: Say) -> String {
    format!("{}/loket/{}", case_page::at(case), say.slug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_looks_at_the_page_of_everything_that_is_said() {
        let pages = include_str!("../../../tests/browser/pages.mjs");
        for say in Say::ALL {
            let page = format!("}}/loket/{}`", say.slug());
            assert!(pages.contains(&page), "{page}");
        }
    }
}
