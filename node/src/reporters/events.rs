//! What a reporter or the public hears of a case's history: public facts and
//! public words, never an internal note, an instruction or a request for an
//! identity.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, State};
use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_protocol::kinds::case_held::AnswerForm;
use lapor_protocol::message::Attachment;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::casework::{HistoryEntry, drafts, history, standing};
use crate::error::NodeError;
use crate::node::Node;

/// Links that are looked at, one behind the other.
const LINKS: usize = 32;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Event {
    /// Kind of the message, for instance `case.followed_up`.
    pub kind: String,
    #[schema(value_type = Option<String>)]
    pub message: Option<MessageId>,
    /// The institution that did it.
    #[schema(value_type = Option<String>)]
    pub by: Option<InstanceId>,
    /// Unix ms; of a filing when it was filed.
    pub at: i64,
    /// Not yet confirmed by the hub.
    pub pending: bool,
    /// To whom it was given, in a disposition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Code of a reason: of an archive, a return, a recall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who should have it instead, in a return.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggested: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Questions of a hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<String>,
    /// How each is to be answered; a question beyond the last by a text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forms: Vec<AnswerForm>,
    /// Answers to them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<String>,
    /// Whether a follow-up proposes to close.
    #[serde(default)]
    pub proposes_to_close: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u8>,
    /// Of a close: `reporter`, `officer` where an officer noted it and nobody showed the reporter's
    /// key, or `silence`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Into which case a link or its undoing says that one goes on.
    #[serde(skip)]
    pub(crate) into: Option<CaseId>,
    /// Its place among all that the hub has told this node; `None` while pending.
    #[serde(skip)]
    pub(crate) arrived: Option<(u32, u64)>,
}

/// What is heard of a case, from which news are chosen.
pub(crate) struct HeardOf {
    /// By its reporter, in the order in which it happened.
    pub own: Vec<Event>,
    /// What is done where it goes on now, since it does, personal numbers masked; of a secret one nothing.
    pub beyond: Vec<Event>,
}

/// A link by which a case went on in another one.
#[derive(Clone, Copy)]
struct LedOn {
    link: MessageId,
    into: CaseId,
    /// Its place among all that the hub has told this node; `None` while pending.
    since: Option<(u32, u64)>,
    /// The place of its undoing among all that the hub has told this node.
    until: Option<(u32, u64)>,
}

/// How another case belongs to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// This one repeats it and goes on there.
    MergedInto,
    /// Split off from this one.
    Child,
    /// This one was split off from it.
    Parent,
}

/// A case that belongs to the reporter's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Linked {
    #[schema(value_type = String)]
    pub case: CaseId,
    pub relation: Relation,
    pub state: State,
    #[schema(value_type = String)]
    pub custodian: InstanceId,
    /// What institutions answered there, personal numbers masked where it is another's; of a
    /// secret case only its state is told.
    pub events: Vec<Event>,
}

/// Who listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Listener {
    /// The reporter of the case.
    Reporter,
    /// Anybody; and the reporter of a case that was merged into this one.
    Public,
}

/// Kinds whose words are for the listener, beside those of which only the fact is.
fn words_for(kind: &str, listener: Listener) -> Option<bool> {
    let own = listener == Listener::Reporter;
    match kind {
        "case.followed_up" => Some(true),
        "report.filed" | "report.completed" | "case.replied" | "case.closed" | "case.reopened"
        | "case.rated" | "case.escalated" | "case.archived" | "case.held" => Some(own),
        "case.verified" | "case.disposed" | "case.returned" | "case.recalled" | "case.linked"
        | "case.unlinked" | "case.split" | "case.taken_over" | "case.succeeded"
        | "case.redacted" => Some(false),
        _ => None,
    }
}

/// The events of a history for a listener, in its order.
pub(super) fn events(history: &[HistoryEntry], listener: Listener) -> Vec<Event> {
    let counts = |entry: &&HistoryEntry| entry.effect.is_none_or(|e| e.as_str() == "applied");
    let heard = history.iter().filter(counts);
    heard
        .filter_map(|entry| event(entry, words_for(&entry.kind, listener)?))
        .collect()
}

/// Says of the filing when the report was filed, as the report itself does.
pub(super) fn told_when_filed(events: &mut [Event], filed_at: i64) {
    let mut filings = events
        .iter_mut()
        .filter(|event| event.kind == "report.filed");
    if let Some(filing) = filings.next() {
        filing.at = filed_at;
    }
}

fn event(entry: &HistoryEntry, worded: bool) -> Option<Event> {
    let fact = |name: &str| {
        let value = entry.body.as_ref()?.get(name)?;
        value.as_str().map(str::to_owned)
    };
    let words = entry.words.as_ref().filter(|_| worded);
    let texts = |name: &str| -> Vec<String> {
        let listed = words.and_then(|words| words.get(name)?.as_array());
        let texts = listed.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let text = |name: &str| words.and_then(|words| words.get(name)?.as_str().map(str::to_owned));
    let body = entry.body.as_ref()?;
    Some(Event {
        kind: entry.kind.clone(),
        message: entry.message,
        by: entry.author.clone(),
        at: entry.at,
        pending: entry.case_seq.is_none(),
        to: fact("target"),
        into: fact("target_case").and_then(|case| case.parse().ok()),
        arrived: entry.arrived,
        reason: fact("reason"),
        suggested: fact("suggested").filter(|_| entry.kind == "case.returned"),
        text: text("text").or_else(|| text("content")),
        questions: texts("questions"),
        forms: answer_forms(words),
        answers: texts("answers"),
        proposes_to_close: body.get("proposes_to_close") == Some(&Value::Bool(true)),
        score: body
            .get("score")
            .and_then(Value::as_u64)
            .map(|score| score as u8),
        closed_by: if body.get("through_officer") == Some(&Value::Bool(true)) {
            Some("officer".to_owned())
        } else {
            fact("by")
        },
        attachments: if worded {
            entry.attachments.clone()
        } else {
            Vec::new()
        },
    })
}

/// By which links a case ever went on in other ones, of what its reporter hears of it.
fn led_on(case: CaseId, own: &[Event]) -> Vec<LedOn> {
    let links = own.iter().enumerate();
    let led = links.filter_map(|(at, event)| {
        let into = event.into.filter(|into| *into != case)?;
        let link = event.message.filter(|_| event.kind == "case.linked")?;
        let mut since = own.iter().skip(at);
        let undone = since.find(|later| later.kind == "case.unlinked" && later.into == Some(into));
        Some(LedOn {
            link,
            into,
            since: event.arrived,
            until: undone.and_then(|undone| undone.arrived),
        })
    });
    led.collect()
}

/// How the questions of a hold are to be answered, by its words.
pub(crate) fn answer_forms(words: Option<&Value>) -> Vec<AnswerForm> {
    let forms = words.and_then(|words| words.get("forms")?.as_array());
    let forms = forms.into_iter().flatten();
    forms
        .map(|form| serde_json::from_value(form.clone()).unwrap_or_default())
        .collect()
}

impl Node {
    /// The history of a case with everything in it; for this module to choose from.
    pub(super) async fn whole_history(
        &self,
        tx: &mut Tx,
        case: CaseId,
    ) -> Result<Vec<HistoryEntry>, NodeError> {
        let pending = drafts(tx, &case.to_string()).await?;
        history(tx, case, self.instance()?, &pending).await
    }

    /// What the reporter of a case hears of it, in the order in which it happened.
    pub(crate) async fn heard_by_reporter(
        &self,
        tx: &mut Tx,
        case: CaseId,
    ) -> Result<Vec<Event>, NodeError> {
        let history = self.whole_history(tx, case).await?;
        Ok(events(&history, Listener::Reporter))
    }

    /// The same, with what is done where it goes on.
    pub(crate) async fn heard_of(&self, tx: &mut Tx, case: &Case) -> Result<HeardOf, NodeError> {
        let own = self.heard_by_reporter(tx, case.id).await?;
        let mut beyond = Vec::new();
        for led in self.leads_on(tx, case).await? {
            beyond.extend(self.done_beyond(tx, &led).await?);
        }
        Ok(HeardOf { own, beyond })
    }

    /// By which links a case goes on now, one behind the other: what it was merged into may have been
    /// merged itself. Where a secret one goes on is not told, and what is not known here leads nowhere.
    async fn leads_on(&self, tx: &mut Tx, case: &Case) -> Result<Vec<LedOn>, NodeError> {
        let mut leads: Vec<LedOn> = Vec::new();
        let mut merged = case.merged.clone();
        while let Some(next) = merged {
            // The rules allow no circle.
            let known = |led: &LedOn| led.into == next.into;
            if leads.len() == LINKS || next.into == case.id || leads.iter().any(known) {
                break;
            }
            leads.push(LedOn {
                link: next.link.id,
                into: next.into,
                since: None,
                until: None,
            });
            let other = self.shown_if_known(tx, next.into).await?;
            merged = other
                .filter(|other| !other.secret)
                .and_then(|other| other.merged);
        }
        Ok(leads)
    }

    /// A case as it is shown, if it is known here.
    async fn shown_if_known(&self, tx: &mut Tx, id: CaseId) -> Result<Option<Case>, NodeError> {
        match self.shown_case(tx, id).await {
            Ok(case) => Ok(Some(case)),
            Err(NodeError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The links behind one: by which the case into which it led went on while it did.
    async fn led_further(&self, tx: &mut Tx, led: &LedOn) -> Result<Vec<LedOn>, NodeError> {
        let other = self.shown_if_known(tx, led.into).await?;
        if other.is_none_or(|other| other.secret) {
            return Ok(Vec::new());
        }
        let theirs = self.heard_by_reporter(tx, led.into).await?;
        // The link stands in both histories.
        let at = theirs
            .iter()
            .position(|event| event.message == Some(led.link));
        let behind = at.map_or(&[][..], |at| &theirs[at..]);
        let further = led_on(led.into, behind).into_iter();
        let in_time = |next: &LedOn| led.until.is_none_or(|until| next.since < Some(until));
        let ends = |next: LedOn| LedOn {
            until: led.until.into_iter().chain(next.until).min(),
            ..next
        };
        Ok(further.filter(in_time).map(ends).collect())
    }

    /// What was done wherever a case went on, while it did, also where the link was undone; `own` is
    /// what its reporter hears of it.
    pub(crate) async fn ever_done_beyond(
        &self,
        tx: &mut Tx,
        case: CaseId,
        own: &[Event],
    ) -> Result<Vec<Event>, NodeError> {
        let (mut done, mut leads) = (Vec::new(), led_on(case, own));
        let mut at = 0;
        while let Some(led) = leads.get(at).copied() {
            at += 1;
            done.extend(self.done_beyond(tx, &led).await?);
            if at <= LINKS {
                leads.extend(self.led_further(tx, &led).await?);
            }
        }
        Ok(done)
    }

    /// What was done in a case while a link led into it; in a secret one, or one whose words were
    /// erased, nothing.
    async fn done_beyond(&self, tx: &mut Tx, led: &LedOn) -> Result<Vec<Event>, NodeError> {
        let other = self.shown_if_known(tx, led.into).await?;
        if other.is_none_or(|other| other.secret || other.redacted) {
            return Ok(Vec::new());
        }
        let mut history = self.whole_history(tx, led.into).await?;
        // What is said there is said to somebody else.
        history.iter_mut().for_each(HistoryEntry::mask);
        let told = |kind: &str| {
            matches!(
                kind,
                "case.followed_up"
                    | "case.disposed"
                    | "case.returned"
                    | "case.archived"
                    | "case.closed"
            )
        };
        let heard = events(&history, Listener::Public).into_iter();
        // The link stands in both histories.
        let since = heard.skip_while(|event| event.message != Some(led.link));
        let in_time = |event: &Event| led.until.is_none_or(|until| event.arrived < Some(until));
        let done = since.filter(|event| told(&event.kind) && in_time(event));
        Ok(done.collect())
    }

    /// Cases that belong to a reporter's case and that this node knows.
    pub(super) async fn linked_to(
        &self,
        tx: &mut Tx,
        case: &Case,
    ) -> Result<Vec<Linked>, NodeError> {
        let leads = self.leads_on(tx, case).await?;
        let merged = leads.iter().map(|led| (led.into, Relation::MergedInto));
        let children = case.children.iter().map(|child| (*child, Relation::Child));
        let parent = case.parent.iter().map(|parent| (*parent, Relation::Parent));
        let mut out = Vec::new();
        for (id, relation) in merged.chain(children).chain(parent) {
            let Some(other) = self.shown_if_known(tx, id).await? else {
                continue;
            };
            // A child's parent is the reporter's own; another's report may be secret.
            let hidden = relation == Relation::MergedInto && other.secret;
            let mut heard = if hidden {
                Vec::new()
            } else {
                let mut history = self.whole_history(tx, id).await?;
                if relation == Relation::MergedInto {
                    // What is said there is said to somebody else.
                    history.iter_mut().for_each(HistoryEntry::mask);
                }
                events(&history, Listener::Public)
            };
            heard.retain(|event| {
                event.by.as_ref() != Some(&other.origin) || event.kind == "case.followed_up"
            });
            out.push(Linked {
                case: id,
                relation,
                state: standing(&other),
                custodian: other.custodian,
                events: heard,
            });
        }
        Ok(out)
    }
}
