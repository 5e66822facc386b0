//! A case with own pending acts on top: what a screen and a list show.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, Order, apply, judge};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::message::Draft;

use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::CaseRow;

/// Folds own unruled messages onto the ruled fold. A draft that the rules no
/// longer allow is left out; the hub will say so in its ruling.
pub(crate) fn shown(
    id: CaseId,
    fold: Option<Case>,
    drafts: &[Draft],
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> Option<Case> {
    let mut case = fold;
    for draft in drafts {
        let message = draft.provisional(me);
        // A link, unlink or split was judged with both cases when it was made.
        let allowed = draft.body.other_case().is_some()
            || judge(&message, &draft.body, case.as_ref(), None, world).is_ok();
        if allowed {
            let order = Order {
                case: id,
                case_seq: 0,
                ordered_at: draft.created_at,
            };
            case = apply(&message, &draft.body, order, case.clone(), world).or(case);
        }
    }
    case
}

/// Own unruled messages of a case, oldest first.
pub(crate) async fn drafts(tx: &mut Tx, case_id: &str) -> Result<Vec<Draft>, NodeError> {
    let stored = store::outbox::unruled_of(tx, case_id).await?;
    stored
        .iter()
        .map(|text| store::read(serde_json::from_str(text)))
        .collect()
}

/// Recomputes what lists show of a case from its fold and own unruled acts.
pub(crate) async fn refresh(
    tx: &mut Tx,
    row: &mut CaseRow,
    fold: Option<&Case>,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> Result<(), NodeError> {
    let drafts = drafts(tx, &row.case_id).await?;
    let case = shown(
        store::case_id(&row.case_id)?,
        fold.cloned(),
        &drafts,
        me,
        world,
    );
    row.pending = drafts.len() as i64;
    show(row, case.as_ref(), me);
    Ok(())
}

/// The same for a case by its id, after its own acts have changed.
pub(crate) async fn refresh_case(node: &Node, tx: &mut Tx, case_id: &str) -> Result<(), NodeError> {
    let Some(mut row) = store::cases::case(tx, case_id).await? else {
        return Ok(());
    };
    let (fold, directory) = (row.ruled()?, node.directory());
    refresh(
        tx,
        &mut row,
        fold.as_ref(),
        node.instance()?,
        directory.latest(),
    )
    .await?;
    Ok(store::cases::put(tx, &[row]).await?)
}

/// Writes what a list shows of a case into its row. One whose birth the hub
/// has refused, or from which this institution is excluded, is shown no more.
pub(crate) fn show(row: &mut CaseRow, case: Option<&Case>, me: &InstanceId) {
    let case = case.filter(|case| !case.excluded.contains(me));
    let Some(case) = case else {
        row.state = None;
        row.custodian = None;
        return;
    };
    row.origin = Some(case.origin.to_string());
    row.custodian = Some(case.custodian.to_string());
    row.state = Some(case.state.as_str().to_owned());
    row.classification = serde_json::to_value(case.classification)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned));
    row.category = case
        .category
        .as_ref()
        .map(|category| category.as_str().to_owned());
    row.region = case.region.as_ref().map(ToString::to_string);
    row.on_behalf_of = case.on_behalf_of.as_ref().map(ToString::to_string);
    row.secret = i64::from(case.secret);
    row.filed_at = case.filed_at;
}

impl CaseRow {
    /// A case of which nothing is known yet.
    pub(crate) fn unborn(case_id: String, at: i64) -> Self {
        Self {
            case_id,
            fold: None,
            next_seq: 1,
            blocked: None,
            ticket: None,
            origin: None,
            custodian: None,
            state: None,
            classification: None,
            category: None,
            region: None,
            on_behalf_of: None,
            secret: 0,
            erased: 0,
            pending: 0,
            filed_at: at,
            updated_at: at,
        }
    }

    /// The ruled fold, if the case is born.
    pub(crate) fn ruled(&self) -> Result<Option<Case>, NodeError> {
        self.fold
            .as_deref()
            .map(|fold| store::read(serde_json::from_str(fold)))
            .transpose()
    }
}
