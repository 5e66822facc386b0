//! What the reporter says and decides. A form that cannot be used comes back
//! with all that was written; one that is sent twice acts once.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::page::{Flash, Form};

use super::show::{
    ANSWERS, FOLLOW_UP, MESSAGE, TEXT, Writing, answers_another, follow_up, is_written, show,
};
use super::speaker::Speaker;
use crate::api::{Address, problem};
use crate::attach::{self, Attached, Sender};
use crate::casework::Once;
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::Answer;
use crate::portal::questions::{Posed, posed};
use crate::reporters::{Conversation, Notify, ReporterAct};

const KEY: &str = "kunci";

pub async fn reply(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    speaker: Speaker,
    request: Request,
) -> Answer<Response> {
    let v = speaker.visit.v;
    let (mut form, attached, _) = read(&node, address, &speaker, request).await?;
    form.required(&v, MESSAGE);
    let text = form.at_most(&v, MESSAGE, TEXT);
    if !form.is_fine() {
        return show(&node, &speaker, Writing::wrong(form, attached)).await;
    }
    let act = ReporterAct::Reply {
        text,
        attachments: attached.uploads(),
    };
    say(&node, speaker, form, attached, act, text_id("reply-sent")).await
}

pub async fn answer(
    State(node): State<Arc<Node>>,
    Address(address): Address,
    speaker: Speaker,
    request: Request,
) -> Answer<Response> {
    let v = speaker.visit.v;
    let (mut form, attached, sent) = read(&node, address, &speaker, request).await?;
    let conversation = speaker.conversation(&node).await?;
    let view = node.reporter_view(&conversation).await;
    let view = view.map_err(|e| problem(&e))?;
    // Of the last hold, whether it stands or has ended by this very form, sent before.
    let mut holds = view.events.iter().rev();
    let last = holds.find(|event| event.kind == "case.held");
    let asked = last.map(|hold| posed(&hold.questions, &hold.forms));
    let asked = asked.unwrap_or_default();
    let answers: Vec<String> = form
        .all(ANSWERS)
        .map(|text| text.trim().to_owned())
        .collect();
    let answers = answered(
        &v,
        &mut form,
        &asked,
        answers,
        !attached.uploads().is_empty(),
    );
    let text = form.at_most(&v, MESSAGE, TEXT);
    if answers.iter().all(String::is_empty) && text.is_empty() {
        form.complain(ANSWERS, v.say("answer-missing"));
    }
    if !sent && answers_another(&view, &form) {
        form.complain(ANSWERS, v.say("answer-asked-anew"));
    }
    if !form.is_fine() {
        return show(&node, &speaker, Writing::wrong(form, attached)).await;
    }
    let act = ReporterAct::Complete {
        answers,
        text: Some(text).filter(|text| !text.is_empty()),
        attachments: attached.uploads(),
    };
    say(&node, speaker, form, attached, act, text_id("answer-sent")).await
}

/// The answers as they are sent; what cannot be one is a complaint. What answers no question is a
/// text.
fn answered(
    v: &Voice,
    form: &mut Form,
    asked: &[Posed],
    answers: Vec<String>,
    files: bool,
) -> Vec<String> {
    let free = Posed::default();
    let asked = asked.iter().chain(std::iter::repeat(&free));
    let pairs = answers.into_iter().zip(asked);
    pairs
        .map(|(answer, one)| {
            if let Some(said) = one.complaint(v, &answer) {
                form.complain(ANSWERS, said);
            }
            one.sent(answer, files)
        })
        .collect()
}

/// Confirms, reopens, rates, escalates.
pub async fn act(
    State(node): State<Arc<Node>>,
    speaker: Speaker,
    mut form: Form,
) -> Answer<Response> {
    let v = speaker.visit.v;
    let text = form.at_most(&v, MESSAGE, TEXT);
    let text = Some(text).filter(|text| !text.is_empty());
    let (act, done) = match form.text("tindakan") {
        "selesai" => (Some(ReporterAct::Confirm { text }), text_id("confirm-done")),
        "buka" => (Some(ReporterAct::Reopen { text }), text_id("reopen-done")),
        "ombudsman" => (
            Some(ReporterAct::Escalate { text }),
            text_id("escalate-done"),
        ),
        "nilai" => (rating(&v, &mut form, text), text_id("rate-done")),
        _ => return Err(lapor_web::ApiProblem::invalid()),
    };
    if matches!(act, Some(ReporterAct::Confirm { .. }))
        && confirms_another(&node, &speaker, &form).await?
    {
        let (empty, said) = (Attached::default(), text_id("confirm-another"));
        return refused(&node, &speaker, form, empty, said).await;
    }
    match act.filter(|_| form.is_fine()) {
        Some(act) => say(&node, speaker, form, Attached::default(), act, done).await,
        None => show(&node, &speaker, Writing::wrong(form, Attached::default())).await,
    }
}

/// Whether a form confirms a follow-up behind which another stands by now, which its author has not
/// read. What was sent before is the same once more.
async fn confirms_another(node: &Node, speaker: &Speaker, form: &Form) -> Answer<bool> {
    let shown = form.text(FOLLOW_UP);
    if shown.is_empty() || was_sent(node, speaker, form).await? {
        return Ok(false);
    }
    let conversation = speaker.conversation(node).await?;
    let view = node.reporter_view(&conversation).await;
    let view = view.map_err(|e| problem(&e))?;
    Ok(shown != follow_up(&view))
}

pub async fn consent(
    State(node): State<Arc<Node>>,
    speaker: Speaker,
    form: Form,
) -> Answer<Response> {
    let given = match form.text("izin") {
        "ya" => true,
        "tidak" => false,
        _ => return Err(lapor_web::ApiProblem::invalid()),
    };
    let conversation = speaker.conversation(&node).await?;
    let said = node
        .consent(&conversation, form.text("permintaan"), given)
        .await;
    said.map_err(|e| problem(&e))?;
    let flash = Flash::done(if given {
        text_id("talk-consent-given")
    } else {
        text_id("talk-consent-refused")
    });
    Ok(speaker.visit.go_saying(&speaker.at(""), &flash))
}

pub async fn notify(
    State(node): State<Arc<Node>>,
    speaker: Speaker,
    form: Form,
) -> Answer<Response> {
    let wanted = form.is_ticked("kabari");
    let conversation = speaker.conversation(&node).await?;
    let addressed = node.tells_address(&conversation).await;
    if wanted && !addressed.map_err(|e| problem(&e))? {
        let flash = Flash::warning(text_id("notify-no-address"));
        return Ok(speaker.visit.go_saying(&speaker.at(""), &flash));
    }
    let notify = if wanted { Notify::Email } else { Notify::Off };
    let chosen = node.choose_notifications(&conversation, notify).await;
    chosen.map_err(|e| problem(&e))?;
    let flash = Flash::done(if wanted {
        text_id("notify-on")
    } else {
        text_id("notify-off")
    });
    Ok(speaker.visit.go_saying(&speaker.at(""), &flash))
}

/// The form with its files, which may have been used up when it was sent before; and whether it was.
async fn read(
    node: &Node,
    address: IpAddr,
    speaker: &Speaker,
    request: Request,
) -> Answer<(Form, Attached, bool)> {
    let v = speaker.visit.v;
    let (mut form, attached) = attach::read(node, &v, Sender::Public(address), request).await?;
    let sent = was_sent(node, speaker, &form).await?;
    attached.miss_unless(sent, &v, &mut form);
    Ok((form, attached, sent))
}

/// Whether a form of this key was sent before.
async fn was_sent(node: &Node, speaker: &Speaker, form: &Form) -> Answer<bool> {
    let actor = speaker.conversation(node).await?.actor();
    match Once::new(&actor, form.text(KEY)) {
        Ok(once) => once.is_known(node).await.map_err(|e| problem(&e)),
        Err(_) => Ok(false),
    }
}

fn rating(v: &Voice, form: &mut Form, text: Option<String>) -> Option<ReporterAct> {
    let score: Option<u8> = form.parsed("nilai", v.say("rate-choose"));
    let score = score.filter(|score| (1..=5).contains(score));
    if score.is_none() {
        form.complain("nilai", v.say("rate-choose"));
    }
    score.map(|score| ReporterAct::Rate { score, text })
}

async fn say(
    node: &Arc<Node>,
    speaker: Speaker,
    form: Form,
    attached: Attached,
    act: ReporterAct,
    done: TextId,
) -> Answer<Response> {
    let conversation = speaker.conversation(node).await?;
    let once = once(&conversation, &form, &act, &attached).map_err(|e| problem(&e))?;
    match node.reporter_acts(&conversation, act, once.as_ref()).await {
        Ok(_) => {
            attach::forget(node, &attached).await;
            Ok(speaker.visit.go_saying(&speaker.at(""), &Flash::done(done)))
        }
        Err(error) => {
            let said = complaint(&error).ok_or_else(|| problem(&error))?;
            refused(node, &speaker, form, attached, said).await
        }
    }
}

/// Says why a form was not sent, and gives back what was written.
async fn refused(
    node: &Arc<Node>,
    speaker: &Speaker,
    mut form: Form,
    attached: Attached,
    said: TextId,
) -> Answer<Response> {
    if !form.all(MESSAGE).chain(form.all(ANSWERS)).any(is_written) {
        // Nothing was written that could be lost.
        let flash = Flash::warning(said);
        return Ok(speaker.visit.go_saying(&speaker.at(""), &flash));
    }
    let v = speaker.visit.v;
    // What the first one of that key has used up, this one has to bring again.
    attached.miss_unless(false, &v, &mut form);
    form.complain(MESSAGE, v.say(said));
    show(node, speaker, Writing::wrong(form, attached)).await
}

/// What is said of a form that cannot be sent as the case stands, or as it is.
fn complaint(error: &NodeError) -> Option<TextId> {
    Some(match error {
        NodeError::NotAllowed(_) | NodeError::Redacted(_) => text_id("act-too-late"),
        NodeError::KeyReused => text_id("talk-act-sent-before"),
        NodeError::Invalid(_) => text_id("talk-act-refused"),
        NodeError::TooMany { .. } => text_id("talk-act-too-many"),
        _ => return None,
    })
}

/// The same form is the same act, by its words and by what is in its files.
fn once(
    conversation: &Conversation,
    form: &Form,
    act: &ReporterAct,
    attached: &Attached,
) -> Result<Option<Once>, NodeError> {
    let Ok(once) = Once::new(&conversation.actor(), form.text(KEY)) else {
        return Ok(None);
    };
    let act = act.clone().with_files(Vec::new());
    let told = (act, conversation.case(), attached.fingerprints());
    once.told_by(&told).map(Some)
}
