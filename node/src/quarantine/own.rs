//! Own messages that the hub cannot accept.

use lapor_migrations::Tx;
use lapor_protocol::message::Draft;

use super::{
    Aside, AsideId, AsideView, BY_OPERATOR, QUARANTINED, REFUSED, Replayed, described,
    not_set_aside, note, unknown,
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
    let row = store::aside::own_one(tx, number).await?;
    let row = row.ok_or_else(|| unknown(AsideId::Own(number)))?;
    let mut aside = aside(&row);
    if let Some(case) = &row.case_id {
        let behind = store::aside::own_behind(tx, case, number).await?;
        aside.behind = behind.len() as u64;
    }
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

/// Puts it back among the drafts, with the later ones of its case that were
/// set aside with it.
pub(super) async fn replay(node: &Node, number: i64, actor: &str) -> Result<Replayed, NodeError> {
    let mut tx = node.write_tx().await?;
    let row = handled(&mut tx, number).await?;
    let mut again = vec![number];
    if let Some(case) = &row.case_id {
        again.extend(store::aside::own_behind(&mut tx, case, number).await?);
    }
    let (me, now) = (node.instance()?, node.clock().now_ms());
    for number in &again {
        store::aside::send_again(&mut tx, *number).await?;
    }
    match &row.case_id {
        Some(case) => {
            refresh_cases_of(node, &mut tx, row.number, case).await?;
            let change = feed::of_case(case, &row.kind, Some(&row.message_id), now);
            feed::note(&mut tx, &[change]).await?;
        }
        None => offer_again(&mut tx, me, &row.message_id, now).await?,
    }
    note(
        node,
        &mut tx,
        &aside(&row),
        ("quarantine.replay", "sent again"),
        actor,
    )
    .await?;
    tx.commit().await?;
    Ok(Replayed {
        looked_at: again.len(),
        still: None,
    })
}

pub(super) async fn refuse(
    node: &Node,
    number: i64,
    reason: &str,
    actor: &str,
) -> Result<(), NodeError> {
    let mut tx = node.write_tx().await?;
    let row = handled(&mut tx, number).await?;
    store::aside::refuse_own(&mut tx, number, BY_OPERATOR).await?;
    if let Some(case) = &row.case_id {
        refresh_cases_of(node, &mut tx, number, case).await?;
    } else {
        let why = (row.message_id.as_str(), BY_OPERATOR);
        withdraw(&mut tx, node.instance()?, why, node.clock().now_ms()).await?;
    }
    note(
        node,
        &mut tx,
        &aside(&row),
        ("quarantine.refuse", reason),
        actor,
    )
    .await?;
    Ok(tx.commit().await?)
}

async fn handled(tx: &mut Tx, number: i64) -> Result<AsideOwn, NodeError> {
    let id = AsideId::Own(number);
    let row = store::aside::own_one(tx, number).await?;
    let row = row.ok_or_else(|| unknown(id))?;
    if [QUARANTINED, REFUSED].contains(&row.state.as_str()) && !row.draft.is_empty() {
        Ok(row)
    } else {
        Err(not_set_aside(id, &row.state))
    }
}
