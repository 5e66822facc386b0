//! Items that cannot be applied, or not yet.

use lapor_migrations::Tx;
use lapor_protocol::delivery::Item;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::receipt::Stream;

use super::id::Place;
use super::{
    Aside, AsideId, AsideView, BY_OPERATOR, PARKED, QUARANTINED, REFUSED, Replayed, described,
    not_set_aside, note, unknown,
};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::aside::AsideItem;
use crate::store::inbox::InboxRow;
use crate::sync::{FAILS, apply_rows, fault_of, tell_taken_in, unblock};

/// What follows an item that an operator has handled.
const WAITING: &str = "waiting";

pub(super) fn aside(row: &AsideItem) -> Aside {
    let stream = match row.stream.as_str() {
        "public" => Stream::Public,
        _ => Stream::Inbox,
    };
    let place = Place {
        stream,
        depoch: row.depoch,
        dseq: row.dseq,
    };
    Aside {
        id: AsideId::Item(place),
        state: row.state.clone(),
        reason: row.reason.clone(),
        kind: row.kind.clone(),
        case: row.case_id.as_deref().and_then(|case| case.parse().ok()),
        case_seq: row.case_seq.map(|seq| seq as u64),
        attempts: row.attempts as u64,
        behind: row.behind as u64,
        at: row.received_at,
    }
}

pub(super) async fn view(tx: &mut Tx, place: Place) -> Result<AsideView, NodeError> {
    let row = stored(tx, place).await?;
    // One that is damaged names no message.
    let item: Option<Item> = serde_json::from_str(&row.item).ok();
    let envelope = item.map(|item| item.envelope_id);
    let line = match (&row.line, envelope) {
        (Some(line), _) => Some(line.clone()),
        (None, Some(id)) => store::by_id::line(tx, id).await?.map(|own| own.line),
        (None, None) => None,
    };
    Ok(AsideView {
        envelope,
        ..described(aside(&row), line)
    })
}

/// Looks again, with what waits behind it. One that was refused takes its
/// place in the case again, and one that failed may have met a damaged record:
/// then the case is folded anew from its beginning.
pub(super) async fn replay(node: &Node, place: Place, actor: &str) -> Result<Replayed, NodeError> {
    let mut tx = node.write_tx().await?;
    let item = handled(&mut tx, place).await?;
    let rows = match &item.case_id {
        Some(case) if item.state == REFUSED || item.reason.as_deref() == Some(FAILS) => {
            store::aside::set_item(&mut tx, place.key(), WAITING, None, item.attempts).await?;
            unblock(&mut tx, case, true).await?;
            store::aside::all_of(&mut tx, case).await?
        }
        Some(case) => {
            unblock(&mut tx, case, false).await?;
            store::inbox::unsettled_of(&mut tx, case).await?
        }
        None => store::aside::row(&mut tx, place.key())
            .await?
            .into_iter()
            .collect(),
    };
    let looked_at = rows.len();
    let rows = verified_again(node, &mut tx, place.stream, rows).await?;
    let traced = apply_rows(node, &mut tx, place.stream, rows).await?;
    note(
        node,
        &mut tx,
        &aside(&item),
        ("quarantine.replay", "looked at again"),
        actor,
    )
    .await?;
    let now = stored(&mut tx, place).await?;
    tx.commit().await?;
    tell_taken_in(node, &traced);
    let stuck = [QUARANTINED, PARKED, WAITING].contains(&now.state.as_str());
    let still = stuck.then(|| now.reason.unwrap_or(now.state));
    Ok(Replayed { looked_at, still })
}

/// Goes on without it.
pub(super) async fn refuse(
    node: &Node,
    place: Place,
    reason: &str,
    actor: &str,
) -> Result<(), NodeError> {
    let mut tx = node.write_tx().await?;
    let item = handled(&mut tx, place).await?;
    if item.state == REFUSED {
        return Err(not_set_aside(AsideId::Item(place), REFUSED));
    }
    let row = store::aside::row(&mut tx, place.key()).await?;
    let mut rows: Vec<InboxRow> = Vec::new();
    if let Some(case) = &item.case_id {
        let next = unblock(&mut tx, case, false).await?;
        if next != item.case_seq {
            let id = AsideId::Item(place);
            return Err(NodeError::Invalid(format!(
                "{id} is not the next message of its case; handle the earlier ones first"
            )));
        }
        let later = store::inbox::unsettled_of(&mut tx, case).await?;
        rows.extend(row.into_iter().map(|row| InboxRow {
            state: REFUSED.into(),
            ..row
        }));
        rows.extend(later.into_iter().filter(|row| row.dseq != place.dseq));
    }
    store::aside::set_item(
        &mut tx,
        place.key(),
        REFUSED,
        Some(BY_OPERATOR),
        item.attempts,
    )
    .await?;
    let traced = apply_rows(node, &mut tx, place.stream, rows).await?;
    note(
        node,
        &mut tx,
        &aside(&item),
        ("quarantine.refuse", reason),
        actor,
    )
    .await?;
    tx.commit().await?;
    tell_taken_in(node, &traced);
    Ok(())
}

/// Judges signatures once more: the directory may have brought a key since.
async fn verified_again(
    node: &Node,
    tx: &mut Tx,
    stream: Stream,
    mut rows: Vec<InboxRow>,
) -> Result<Vec<InboxRow>, NodeError> {
    let directory = node.directory();
    for row in &mut rows {
        let Some(line) = &row.line else { continue };
        let item: Item = store::read(serde_json::from_str(&row.item))?;
        let envelope = Envelope::parse(line.as_bytes()).ok();
        // Bytes that were damaged here say nothing of who has signed them.
        let Some(envelope) = envelope.filter(|envelope| envelope.id() == item.envelope_id) else {
            continue;
        };
        let fault = fault_of(&item, &envelope, &directory);
        if row.fault.as_deref() != fault {
            let place = (stream.as_str(), row.depoch, row.dseq);
            store::aside::set_fault(tx, place, fault).await?;
            row.fault = fault.map(str::to_owned);
        }
    }
    Ok(rows)
}

async fn stored(tx: &mut Tx, place: Place) -> Result<AsideItem, NodeError> {
    let row = store::aside::item(tx, place.key()).await?;
    row.ok_or_else(|| unknown(AsideId::Item(place)))
}

async fn handled(tx: &mut Tx, place: Place) -> Result<AsideItem, NodeError> {
    let item = stored(tx, place).await?;
    if [QUARANTINED, PARKED, REFUSED].contains(&item.state.as_str()) {
        Ok(item)
    } else {
        Err(not_set_aside(AsideId::Item(place), &item.state))
    }
}
