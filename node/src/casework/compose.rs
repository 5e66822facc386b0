//! From what an officer states to a draft: fills in what the node knows
//! better, checks limits, and encrypts the words.

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, MessageId, MessageRef};
use lapor_protocol::kinds::{Body, case_split::Inheritance};
use lapor_protocol::message::Draft;
use lapor_protocol::seal::{ContentKey, Context, Sealed, Subject, seal_words};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::NewAct;
use super::identity::answered;
use crate::chance::{SystemEntropy, new_case_id};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use lapor_protocol::ids::InstanceId;

/// Who must get a wrap of which key when a message is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Newcomer {
    pub subject: String,
    pub recipient: InstanceId,
}

/// Keys that come into being with a message.
pub(crate) struct FreshKey {
    pub subject: Subject,
    pub key: ContentKey,
}

/// An act's clear body and the key that it brings, before words are sealed.
pub(crate) struct Prepared {
    pub body: Body,
    pub words: Option<Map<String, Value>>,
    pub fresh: Option<FreshKey>,
}

/// Where an act happens.
pub(crate) struct Setting<'a> {
    pub me: &'a InstanceId,
    pub case_id: CaseId,
    pub case: Option<&'a Case>,
    pub key: Option<&'a ContentKey>,
    pub world: DirectoryAt<'a>,
    pub now: i64,
    pub id: MessageId,
}

/// Fills in what the node knows, and reads the body.
pub(crate) fn prepare(act: NewAct, at: &Setting<'_>) -> Result<Prepared, NodeError> {
    let NewAct {
        kind,
        mut body,
        words,
        ..
    } = act;
    let mut fresh = None;
    if let Some(case) = at.case {
        fill_from_case(&kind, &mut body, words.as_ref(), case, at.world);
    }
    match kind.as_str() {
        "case.split" => fresh = Some(fill_split(&mut body, at)?),
        "identity.disclosed" => {
            let key = ContentKey::generate(&mut SystemEntropy);
            body.insert("commitment".into(), json!(key.commitment()));
            fresh = Some(FreshKey {
                subject: Subject::Identity(at.id),
                key,
            });
        }
        "report.filed" => {
            return Err(NodeError::Invalid(
                "a report is filed at /reports, it is no act on a case".into(),
            ));
        }
        _ => {}
    }
    let raw = Value::Object(body).to_string();
    let body = Body::of_kind(&kind, &raw).map_err(|e| NodeError::Invalid(format!("body: {e}")))?;
    Ok(Prepared { body, words, fresh })
}

/// Encrypts the words under the key that belongs to them.
pub(crate) fn seal(
    prepared: &Prepared,
    at: &Setting<'_>,
    redacted: bool,
) -> Result<Option<Sealed>, NodeError> {
    let text = match &prepared.words {
        Some(_) if redacted => return Err(NodeError::Redacted(at.case_id)),
        Some(words) => Value::Object(words.clone()).to_string(),
        None if redacted => return Ok(None),
        None => "{}".to_owned(),
    };
    prepared
        .body
        .check_words(text.as_bytes())
        .map_err(|e| NodeError::Invalid(format!("words: {e}")))?;
    if prepared.words.is_none() {
        return Ok(None);
    }
    let (case, key) = match (&prepared.body, &prepared.fresh) {
        (Body::CaseSplit(split), Some(fresh)) => (split.child, &fresh.key),
        (_, Some(fresh)) => (at.case_id, &fresh.key),
        (_, None) => (at.case_id, at.key.ok_or(NodeError::KeyMissing(at.case_id))?),
    };
    let context = Context {
        kind: prepared.body.kind(),
        id: at.id,
        case,
        author: at.me,
    };
    seal_words(key, context, text.as_bytes(), &mut SystemEntropy)
        .map(Some)
        .map_err(|e| NodeError::Invalid(e.to_string()))
}

/// The draft of an act, its limits checked.
pub(crate) fn draft(
    prepared: Prepared,
    at: &Setting<'_>,
    term: Option<MessageRef>,
    sealed: Option<Sealed>,
    attachments: Vec<lapor_protocol::message::Attachment>,
) -> Result<Draft, NodeError> {
    let draft = Draft {
        kind: prepared.body.kind().to_owned(),
        id: at.id,
        case: Some(at.case_id),
        term,
        created_at: at.now,
        body: prepared.body,
        sealed,
        attachments,
    };
    let message = draft.provisional(at.me);
    draft
        .body
        .check(&message.header)
        .map_err(|e| NodeError::Invalid(format!("body: {e}")))?;
    Ok(draft)
}

/// Fills a disclosure's requester and words from what was asked and what is held.
pub(crate) async fn fill_identity(
    node: &Node,
    tx: &mut Tx,
    act: &mut NewAct,
    case_id: CaseId,
    case: Option<&Case>,
) -> Result<(), NodeError> {
    let answers = matches!(act.kind.as_str(), "identity.disclosed" | "identity.refused");
    let Some(case) = case.filter(|_| answers) else {
        return Ok(());
    };
    let request = answered(act, case);
    if let Some((request, requester)) =
        request.and_then(|id| case.identity_requests.get_key_value(&id))
    {
        act.body.insert("request".into(), json!(request));
        act.body
            .entry("requester")
            .or_insert_with(|| json!(requester));
    }
    if act.kind == "identity.disclosed" && act.words.is_none() {
        let kept = Box::pin(node.kept_under(tx, case_id)).await?.to_string();
        let held = store::secrets::identity(tx, &kept).await?;
        let held =
            held.ok_or_else(|| NodeError::not_found("identity of the reporter of case", &case_id))?;
        act.words = Some(store::read(serde_json::from_str(&held))?);
    }
    Ok(())
}

fn fill_from_case(
    kind: &str,
    body: &mut Map<String, Value>,
    words: Option<&Map<String, Value>>,
    case: &Case,
    world: DirectoryAt<'_>,
) {
    let mut default = |field: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.entry(field).or_insert(value);
        }
    };
    match kind {
        "case.held" => {
            let count = words
                .and_then(|words| words.get("questions"))
                .and_then(Value::as_array)
                .map(Vec::len);
            default("questions", count.map(|count| json!(count)));
        }
        "case.closed" => default(
            "follow_up",
            case.follow_up.as_ref().map(|last| json!(last.message)),
        ),
        "case.linked" => default("origin", Some(json!(case.origin))),
        "case.unlinked" => {
            default(
                "link",
                case.merged.as_ref().map(|merged| json!(merged.link.id)),
            );
            default(
                "target_case",
                case.merged.as_ref().map(|merged| json!(merged.into)),
            );
        }
        "case.escalated" => {
            default(
                "supervisor",
                world
                    .default_supervisor()
                    .map(|supervisor| json!(supervisor.id)),
            );
        }
        "case.split" => {
            default("classification", Some(json!(case.classification)));
            default(
                "category",
                case.category.as_ref().map(|category| json!(category)),
            );
            default("region", case.region.as_ref().map(|region| json!(region)));
        }
        _ => {}
    }
}

fn fill_split(body: &mut Map<String, Value>, at: &Setting<'_>) -> Result<FreshKey, NodeError> {
    let parent = at
        .case
        .ok_or_else(|| NodeError::not_found("case", &at.case_id))?;
    let parent_key = at.key.ok_or(NodeError::KeyMissing(at.case_id))?;
    let child = new_case_id(at.now);
    let key = ContentKey::generate(&mut SystemEntropy);
    let context = Context {
        kind: "case.split",
        id: at.id,
        case: at.case_id,
        author: at.me,
    };
    let child_key = seal_words(parent_key, context, key.as_bytes(), &mut SystemEntropy)
        .map_err(|e| NodeError::Invalid(e.to_string()))?;
    body.insert("child".into(), json!(child));
    body.insert("commitment".into(), json!(key.commitment()));
    body.insert("child_key".into(), json!(child_key));
    body.insert("inherits".into(), json!(Inheritance::of(parent)));
    Ok(FreshKey {
        subject: Subject::Case(child),
        key,
    })
}
