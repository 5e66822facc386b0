//! The public stream: programmes, taxonomy and calendar, for everyone. Its
//! items are applied as ruled; what this node would have ruled otherwise is an
//! alarm and changes nothing.

use lapor_migrations::{Tx, Value};
use lapor_protocol::case::Effect;
use lapor_protocol::delivery::Item;
use lapor_protocol::directory::Directory;
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::{Body, BodyError, Scope};
use lapor_protocol::message::Message;
use lapor_protocol::public::{needs_programme, rule_public};
use lapor_protocol::receipt::Stream;

use super::taking_in::DAMAGED;
use super::traces::Traced;
use crate::casework::kept_message;
use crate::error::NodeError;
use crate::feed;
use crate::node::Node;
use crate::publishing::{name_of, refresh};
use crate::store;
use crate::store::inbox::InboxRow;
use crate::store::public::NewPublication;

pub(super) async fn apply_public(
    node: &Node,
    tx: &mut Tx,
    rows: Vec<InboxRow>,
) -> Result<Vec<Traced>, NodeError> {
    let (directory, now) = (node.directory(), node.clock().now_ms());
    let mut traced = Vec::new();
    let mut marks = Vec::with_capacity(rows.len() * 6);
    for row in rows {
        let (state, reason) = match &row.fault {
            Some(fault) => ("quarantined", Some(fault.clone())),
            None => take(tx, node.instance()?, &row, &directory, now).await?,
        };
        if state == "quarantined" {
            tracing::error!(
                dseq = row.dseq,
                "an item of the public stream is quarantined; `lapor-node quarantine list` shows it"
            );
        }
        if row.trace.is_some() || node.spans().are_told() {
            let item: Option<Item> = serde_json::from_str(&row.item).ok();
            traced.extend(item.and_then(|item| Traced::of(node, &row, &item, state)));
        }
        marks.extend([
            Value::from(Stream::Public.as_str()),
            Value::from(row.depoch),
            Value::from(row.dseq),
            Value::from(state),
            Value::from(reason),
            Value::from(row.attempts + 1),
        ]);
    }
    store::inbox::mark(tx, marks).await?;
    Ok(traced)
}

/// Does what an item says; returns the state that it has then, and why.
pub(super) async fn take(
    tx: &mut Tx,
    me: &InstanceId,
    row: &InboxRow,
    directory: &Directory,
    now: i64,
) -> Result<(&'static str, Option<String>), NodeError> {
    let Ok(item) = serde_json::from_str::<Item>(&row.item) else {
        return Ok(("quarantined", Some(DAMAGED.to_owned())));
    };
    let here = row.line.as_deref();
    let foreign = here.and_then(|line| kept_message(line, item.envelope_id));
    let foreign = foreign.filter(|message| message.header.author != *me);
    let own = match foreign {
        Some(_) => None,
        None => store::by_id::line(tx, item.envelope_id).await?,
    };
    // One that was applied before is only looked at again, and an own one was told when it was stored.
    let told = row.state == "applied" || own.as_ref().is_some_and(|own| own.adopted == 0);
    let line = row.line.clone().or(own.map(|own| own.line));
    let (Some(line), Effect::Applied) = (line, item.ruling.effect) else {
        return Ok(("applied", None));
    };
    let message = foreign.or_else(|| kept_message(&line, item.envelope_id));
    let Some(message) = message else {
        return Ok(("quarantined", Some(DAMAGED.to_owned())));
    };
    let body = match &message.body {
        Ok(body) if body.scope() == Scope::Public => body,
        Ok(_) => return Ok(("refused", Some("not a kind of the public stream".into()))),
        Err(BodyError::Kind(kind)) => return Ok(("parked", Some(format!("unknown kind {kind}")))),
        Err(error) => return Ok(("quarantined", Some(error.to_string()))),
    };
    let disputed = disputed(tx, &message, body, &item, directory).await?;
    let owner = message.header.author.as_str();
    let name = name_of(body).unwrap_or_default();
    let text = serde_json::to_string(body).map_err(NodeError::damaged)?;
    let publication = NewPublication {
        author: owner,
        message_id: &message.header.id.to_string(),
        kind: body.kind(),
        name,
        body: &text,
        at: item.ordered_at,
    };
    store::public::publish(tx, &publication, (row.depoch, row.dseq)).await?;
    refresh(tx, owner, body.kind(), name).await?;
    if !told {
        let (author, message) = (&message.header.author, Some(publication.message_id));
        let about = (body.kind(), name);
        let change = feed::of_publication(author, about, body.kind(), message, now);
        feed::note(tx, &[change]).await?;
    }
    if disputed {
        tracing::error!(
            kind = body.kind(),
            author = owner,
            name,
            "a ruling of the hub contradicts the rules as this node knows them"
        );
    }
    Ok(("applied", disputed.then(|| "disputed".to_owned())))
}

/// Whether this node would not have let the message through.
async fn disputed(
    tx: &mut Tx,
    message: &Message,
    body: &Body,
    item: &Item,
    directory: &Directory,
) -> Result<bool, NodeError> {
    let owner = message.header.author.as_str();
    let published = match needs_programme(body) {
        Some(slug) => store::public::latest(tx, "programme.published", slug, Some(owner))
            .await?
            .is_some(),
        None => false,
    };
    let world = directory.at(item.directory);
    Ok(!rule_public(message, false, published, world).applied())
}
