//! The page of a conversation: where the report stands and what is expected of
//! the reporter first, then what happened, then everything that is theirs to decide.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::case::State;
use lapor_protocol::directory::InstanceEntry;
use lapor_protocol::ids::CaseId;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Choice, Form, Visit, come_back};

use super::speaker::{self, Speaker, is_citizen};
use super::words::{self, Asked, Line};
use super::{ACT, ANSWER, CONFIRM, CONSENT, DATA, ERASE, KEEP, LEAVE, NOTIFY, PATH, RENEW, REPLY};
use crate::api::problem;
use crate::attach::{self, Again, Attached, Held};
use crate::chance::random;
use crate::node::Node;
use crate::portal::questions::{Asking, posed};
use crate::portal::track::{Stage, Walk, stages, standing_words, state_words};
use crate::portal::{Answer, name_of, resume};
use crate::reporters::{
    CodeWays, Erasure, ErasureState, Notify, Reachable, Relation, ReporterView,
};

/// What the reporter writes, and what they answer to each question.
pub const MESSAGE: &str = "pesan";
pub const ANSWERS: &str = "jawaban";
/// The hold whose questions the form shows.
pub const HOLD: &str = "tahanan";
/// The follow-up upon which the form confirms.
pub const FOLLOW_UP: &str = "tindak-lanjut";
/// Characters of what the reporter writes.
pub const TEXT: usize = 10_000;

/// What is being written, where a form is shown again.
pub struct Writing {
    pub form: Form,
    pub attached: Attached,
    pub again: Again,
}

impl Default for Writing {
    fn default() -> Self {
        Self {
            form: Form::empty(),
            attached: Attached::default(),
            again: Again {
                status: StatusCode::OK,
                retry_after_s: None,
            },
        }
    }
}

impl Writing {
    pub fn wrong(form: Form, attached: Attached) -> Self {
        Self {
            again: attached.again(&form),
            form,
            attached,
        }
    }
}

/// An erasure that is ahead.
struct Ahead {
    said: String,
    /// Where it is withdrawn; nowhere once it has begun.
    keep_at: Option<String>,
}

/// Another case that belongs to this one.
struct Belongs {
    said: String,
    state: String,
    tone: &'static str,
    custodian: String,
    /// A case that was split off is the reporter's too.
    to: Option<String>,
    course: Vec<Line>,
}

/// Where the forms of the page are sent.
struct Places {
    reply: String,
    answer: String,
    act: String,
    consent: String,
    notify: String,
    confirm: String,
    data: String,
    erase: String,
    renew: String,
    leave: &'static str,
    all: Option<&'static str>,
    upload: &'static str,
}

/// A question that waits for its answer.
struct Question<'a> {
    text: String,
    hint: Option<String>,
    asking: Asking,
    /// What was typed or chosen.
    value: &'a str,
}

#[derive(Template)]
#[template(path = "portal/conversation.html")]
struct Page<'a> {
    v: Voice,
    view: &'a ReporterView,
    /// Questions that wait.
    questions: Vec<Question<'a>>,
    /// The hold that asks them.
    hold: String,
    /// The last follow-up that is shown.
    follow_up: String,
    form: &'a Form,
    /// What was written and has no field on the page as the report stands now.
    unsent: Vec<&'a str>,
    held: &'a [Held],
    title: String,
    state: String,
    tone: &'static str,
    custodian: String,
    on_behalf_of: Option<String>,
    clock: Option<String>,
    stages: Vec<Stage>,
    course: Vec<Line>,
    belongs: Vec<Belongs>,
    identity: Vec<Asked>,
    /// What is to be erased, if anything is.
    erasures: Vec<Ahead>,
    /// The reporter has not asked for it.
    may_erase: bool,
    /// Whether the Ombudsman has a node of its own.
    ombudsman: bool,
    /// What asking for it leads to, and when.
    erasure_about: String,
    scores: Vec<Choice>,
    /// Whether letters about it have anywhere to go; `None` where none are sent.
    letters: Option<bool>,
    /// By which ways codes are.
    ways: CodeWays,
    /// Whether the report tells where a code could be sent.
    provable: bool,
    at: Places,
    key: String,
    text_chars: usize,
    most_files: usize,
    file_bytes: u64,
}

impl Page<'_> {
    fn may(&self, act: &str) -> bool {
        self.view.may.iter().any(|allowed| allowed == act)
    }

    fn asks_confirmation(&self) -> bool {
        self.may("confirm") && self.view.state != State::Closed
    }

    /// It was archived: what the reporter writes opens it again.
    fn reopens_by_writing(&self) -> bool {
        self.view.state == State::Archived && self.may("reopen") && !self.view.erased
    }

    fn is_merged(&self) -> bool {
        self.view.state == State::Merged
    }

    fn told_by_mail(&self) -> bool {
        self.view.notify == Notify::Email
    }

    /// News are wanted, and nobody has proved the address to which they would go.
    fn news_wait_for_proof(&self) -> bool {
        self.letters.is_some() && self.provable && self.told_by_mail() && !self.contact_is_proved()
    }

    fn contact_is_proved(&self) -> bool {
        self.view.reachable == Reachable::Proved
    }
}

pub async fn show(node: &Arc<Node>, speaker: &Speaker, writing: Writing) -> Answer<Response> {
    let conversation = speaker.conversation(node).await?;
    let view = node
        .reporter_view(&conversation)
        .await
        .map_err(|e| problem(&e))?;
    let erasures = node.erasures_of(&conversation).await;
    let erasures = erasures.map_err(|e| problem(&e))?;
    let addressed = node.tells_address(&conversation).await;
    let addressed = addressed.map_err(|e| problem(&e))?;
    let provable = node.tells_contact(&conversation).await;
    let provable = provable.map_err(|e| problem(&e))?;
    let v = speaker.visit.v;
    let (state, tone) = standing_words(view.state, view.outcome, view.replied);
    let page = Page {
        v,
        questions: questions(&v, &view, &writing.form),
        hold: hold(&view),
        follow_up: follow_up(&view),
        form: &writing.form,
        unsent: unsent(&view, &writing.form),
        held: &writing.attached.held,
        title: view
            .title
            .clone()
            .unwrap_or_else(|| v.say("track-untitled")),
        state: v.say(state),
        tone,
        custodian: name_of(node, &view.custodian),
        on_behalf_of: view.on_behalf_of.as_ref().map(|id| name_of(node, id)),
        clock: view.clock.as_ref().map(|clock| words::clock(&v, clock)),
        stages: stages(
            &v,
            &Walk {
                at: view.step,
                walked: &view.walked,
                outcome: view.outcome,
            },
        ),
        course: words::course(node, &v, &view.events, view.title.as_deref(), speaker),
        belongs: belongs(node, speaker, &view),
        identity: words::identity(node, &v, &view.identity_log),
        may_erase: !view.erased && erasures.iter().all(|erasure| erasure.by_institution),
        erasures: erasures
            .iter()
            .map(|erasure| ahead(&speaker.visit, view.case, erasure))
            .collect(),
        erasure_about: match node.settings().erasure.reporter_days {
            0 => v.say("erasure-about-at-once"),
            days => v.with("n", days).say("erasure-about"),
        },
        scores: words::scores(&v),
        letters: node.sends_letters().then_some(addressed),
        ombudsman: node
            .directory()
            .latest()
            .default_supervisor()
            .is_some_and(InstanceEntry::is_active),
        ways: node.code_ways(),
        provable,
        at: places(speaker),
        key: hex::encode(random::<16>()),
        text_chars: TEXT,
        most_files: attach::MOST,
        file_bytes: node.settings().api.upload_bytes,
        view: &view,
    };
    let title = v
        .with("ticket", view.ticket.as_deref().unwrap_or("-"))
        .say("conversation-of");
    let shell = speaker.visit.shell(title).script("report.js");
    let shown = shell.status(writing.again.status).show(&page)?;
    Ok(come_back(shown, writing.again.retry_after_s))
}

fn questions<'a>(v: &Voice, view: &ReporterView, form: &'a Form) -> Vec<Question<'a>> {
    let mut answers = form.all(ANSWERS).filter(|_| !answers_another(view, form));
    let asked = posed(&view.questions, &view.forms).into_iter();
    asked
        .map(|one| Question {
            hint: one.hint(v),
            asking: one.asking(v),
            text: one.text,
            value: answers.next().unwrap_or_default(),
        })
        .collect()
}

/// Names the hold whose questions wait; empty where none does.
fn hold(view: &ReporterView) -> String {
    let last = view.events.iter().rfind(|event| event.kind == "case.held");
    let waits = last.filter(|_| view.state == State::Held);
    let named = waits.and_then(|event| event.message);
    named.map_or_else(String::new, |message| message.to_string())
}

/// Names the last follow-up; empty where there is none.
pub fn follow_up(view: &ReporterView) -> String {
    let mut events = view.events.iter();
    let last = events.rfind(|event| event.kind == "case.followed_up");
    let named = last.and_then(|event| event.message);
    named.map_or_else(String::new, |message| message.to_string())
}

/// Whether a form answers questions, and others wait by now.
pub fn answers_another(view: &ReporterView, form: &Form) -> bool {
    let (shown, waits) = (form.text(HOLD), hold(view));
    !shown.is_empty() && !waits.is_empty() && shown != waits
}

/// Whether something stands in a field.
pub fn is_written(text: &str) -> bool {
    !text.trim().is_empty()
}

fn unsent<'a>(view: &ReporterView, form: &'a Form) -> Vec<&'a str> {
    let may = |act: &str| view.may.iter().any(|allowed| allowed == act);
    let asked = !view.questions.is_empty();
    let answered = asked && may("complete");
    let written = answered || (!asked && (may("reply") || view.state == State::Archived));
    let lost = !answered || answers_another(view, form);
    let answers = form.all(ANSWERS).filter(|_| lost);
    let message = form.all(MESSAGE).filter(|_| !written);
    answers
        .chain(message)
        .filter(|text| is_written(text))
        .collect()
}

/// What is to be erased, and why where the institution decided it.
fn ahead(visit: &Visit, shown: CaseId, erasure: &Erasure) -> Ahead {
    let v = visit.v;
    let begun = erasure.state == ErasureState::Erasing;
    let words: TextId = match (erasure.by_institution, begun) {
        (false, false) => text_id("erasure-waits"),
        (false, true) => text_id("erasure-begun"),
        (true, false) => text_id("erasure-planned"),
        (true, true) => text_id("erasure-begun-decided"),
    };
    let said = v
        .with("day", v.date(erasure.due_at))
        .with("institution", visit.institution())
        .with("reason", v.say(words::erasure_words(&erasure.reason)))
        .say(words);
    let below = KEEP.strip_prefix(PATH).unwrap_or_default();
    let keep_at = speaker::place(below, Some(erasure.case)).to_string();
    Ahead {
        said: if erasure.by_institution && erasure.case != shown {
            v.with("said", said).say("erasure-of-part")
        } else {
            said
        },
        keep_at: (!begun).then_some(keep_at),
    }
}

fn belongs(node: &Node, speaker: &Speaker, view: &ReporterView) -> Vec<Belongs> {
    let v = speaker.visit.v;
    let linked = view.linked.iter().map(|linked| {
        let (state, tone) = state_words(linked.state);
        let own = linked.relation != Relation::MergedInto;
        Belongs {
            said: v.say(words::relation(linked.relation)),
            state: v.say(state),
            tone,
            custodian: name_of(node, &linked.custodian),
            to: own.then(|| speaker::place("", Some(linked.case)).to_string()),
            course: words::course(node, &v, &linked.events, None, speaker),
        }
    });
    linked.collect()
}

fn places(speaker: &Speaker) -> Places {
    let at = |path: &'static str| {
        let below = path.strip_prefix(PATH).unwrap_or_default();
        speaker.at(below).to_string()
    };
    Places {
        reply: at(REPLY),
        answer: at(ANSWER),
        act: at(ACT),
        consent: at(CONSENT),
        notify: at(NOTIFY),
        confirm: at(CONFIRM),
        data: at(DATA),
        erase: at(ERASE),
        renew: at(RENEW),
        leave: LEAVE,
        all: is_citizen(&speaker.holder.visitor).then_some(PATH),
        upload: resume::PATH,
    }
}
