//! Own messages that the hub cannot accept.

use std::collections::BTreeSet;

use lapor_migrations::Tx;
use lapor_protocol::message::Draft;

use super::{
    Aside, AsideId, AsideView, BY_OPERATOR, QUARANTINED, REFUSED, REFUSED_WITH, Replayed,
    described, not_set_aside, note, unknown,
};
use crate::casework::refresh_cases_of;
use crate::error::NodeError;
use crate::feed;
use crate::node::Node;
use crate::publishing::{offer_again, withdraw};
use crate::store;
use crate::store::aside::AsideOwn;

pub(super) fn aside(row: &AsideOwn) -> Aside {
    let case = row.case_id.as_deref().and_then(|case| case.parse().ok());
    Aside {
        id: AsideId::Own(row.number),
        state: row.state.clone(),
        reason: row.reason.clone(),
        kind: row.kind.clone(),
        case,
        case_seq: None,
        attempts: 1,
        behind: 0,
        at: row.created_at,
    }
}

pub(super) async fn view(node: &Node, tx: &mut Tx, number: i64) -> Result<AsideView, NodeError> {
    let row = stored(tx, number).await?;
    let mut aside = aside(&row);
    aside.behind = store::behind::own_behind(tx, number).await?.len() as u64;
    let mut view = described(aside, row.line);
    // Adopted after a restore, it has an envelope and no draft; a draft that
    // cannot be read is set aside for just that.
    let draft = serde_json::from_str::<Draft>(&row.draft).ok();
    if let (None, Some(draft)) = (&view.line, draft) {
        view.author = Some(node.instance()?.clone());
        view.message = Some(draft.id);
        view.body = Some(store::read(serde_json::to_value(&draft.body))?);
        view.sealed = draft.sealed.is_some();
        view.attachments = draft.attachments.len();
    }
    Ok(view)
}

/// Puts it back among the drafts, with what was set aside or refused with it. Where the hub would not
/// know its case, as the message with which that begins is set aside, this one goes first, with all that
/// waits behind it.
pub(super) async fn replay(node: &Node, number: i64, actor: &str) -> Result<Replayed, NodeError> {
    let mut tx = node.write_tx().await?;
    handled(&mut tx, number).await?;
    let mut roots = beginnings(&mut tx, number).await?;
    roots.insert(number);
    let again = sendable(&mut tx, &roots).await?;
    for number in &again {
        store::aside::send_again(&mut tx, *number).await?;
    }
    refresh_cases_of(node, &mut tx, &again).await?;
    let (me, now) = (node.instance()?, node.clock().now_ms());
    for root in roots {
        let row = stored(&mut tx, root).await?;
        if let Some(case) = &row.case_id {
            let change = feed::of_case(case, &row.kind, Some(&row.message_id), now);
            feed::note(&mut tx, &[change]).await?;
        } else {
            offer_again(&mut tx, me, &row.message_id, now).await?;
        }
        let done = ("quarantine.replay", "sent again");
        note(node, &mut tx, &aside(&row), done, actor).await?;
    }
    tx.commit().await?;
    Ok(Replayed {
        looked_at: again.len(),
        still: None,
    })
}

/// Goes on without it, and without what is nothing without it.
pub(super) async fn refuse(
    node: &Node,
    number: i64,
    reason: &str,
    actor: &str,
) -> Result<(), NodeError> {
    let mut tx = node.write_tx().await?;
    let row = handled(&mut tx, number).await?;
    let mut gone = store::behind::own_bound(&mut tx, number).await?;
    store::aside::refuse_own(&mut tx, number, BY_OPERATOR).await?;
    let done = ("quarantine.refuse", reason);
    note(node, &mut tx, &aside(&row), done, actor).await?;
    let with = format!("with {}: {reason}", AsideId::Own(number));
    for bound in &gone {
        store::aside::refuse_own(&mut tx, *bound, REFUSED_WITH).await?;
        let row = stored(&mut tx, *bound).await?;
        let done = ("quarantine.refuse", with.as_str());
        note(node, &mut tx, &aside(&row), done, actor).await?;
    }
    if row.case_id.is_none() {
        let why = (row.message_id.as_str(), BY_OPERATOR);
        withdraw(&mut tx, node.instance()?, why, node.clock().now_ms()).await?;
    }
    gone.push(number);
    refresh_cases_of(node, &mut tx, &gone).await?;
    Ok(tx.commit().await?)
}

/// The messages that are set aside and without which the hub would know none of the cases that this one
/// names, the earliest of each; an error where somebody has refused one of them.
async fn beginnings(tx: &mut Tx, number: i64) -> Result<BTreeSet<i64>, NodeError> {
    let (earliest, refused) = births(tx, number).await?;
    let Some(birth) = refused else {
        return Ok(earliest);
    };
    let (id, birth) = (AsideId::Own(number), AsideId::Own(birth));
    Err(NodeError::Invalid(format!(
        "the hub would not know the case of {id}: it begins with {birth}, which is refused; replay {birth} first"
    )))
}

/// The refused message that has to be sent again before this one can be.
pub(super) async fn first_to_send(tx: &mut Tx, number: i64) -> Result<Option<AsideId>, NodeError> {
    let (_, refused) = births(tx, number).await?;
    Ok(refused.map(AsideId::Own))
}

/// The earliest set-aside messages with which the cases of a message begin, and one of those behind
/// them that is refused.
async fn births(tx: &mut Tx, number: i64) -> Result<(BTreeSet<i64>, Option<i64>), NodeError> {
    let mut earliest = BTreeSet::new();
    let mut refused = None;
    let mut births = store::behind::own_births(tx, number).await?;
    while let Some((birth, state)) = births.pop() {
        let above = store::behind::own_births(tx, birth).await?;
        if above.is_empty() {
            earliest.insert(birth);
        }
        if state == REFUSED {
            refused = Some(birth);
        }
        births.extend(above);
    }
    Ok((earliest, refused))
}

/// These messages and what waits behind them, oldest first, without what waits for the beginning of
/// another case too.
async fn sendable(tx: &mut Tx, roots: &BTreeSet<i64>) -> Result<Vec<i64>, NodeError> {
    let mut wanted = roots.clone();
    for root in roots {
        wanted.extend(store::behind::own_behind(tx, *root).await?);
    }
    let mut sendable = BTreeSet::new();
    for number in wanted {
        let births = store::behind::own_births(tx, number).await?;
        if births.iter().all(|(birth, _)| sendable.contains(birth)) {
            sendable.insert(number);
        }
    }
    Ok(sendable.into_iter().collect())
}

async fn stored(tx: &mut Tx, number: i64) -> Result<AsideOwn, NodeError> {
    let row = store::aside::own_one(tx, number).await?;
    row.ok_or_else(|| unknown(AsideId::Own(number)))
}

async fn handled(tx: &mut Tx, number: i64) -> Result<AsideOwn, NodeError> {
    let id = AsideId::Own(number);
    let row = stored(tx, number).await?;
    if [QUARANTINED, REFUSED].contains(&row.state.as_str()) && !row.draft.is_empty() {
        Ok(row)
    } else {
        Err(not_set_aside(id, &row.state))
    }
}
