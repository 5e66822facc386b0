//! A case with own pending acts on top: what a screen and a list show.

use std::collections::BTreeSet;

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, Order, State, apply, judge};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::message::Draft;
use lapor_protocol::region::RegionCode;

use super::Outcome;
use super::glance::{Tray, describe};
use crate::deadlines::record;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::cases::{CaseRow, Glance, Local};

/// Characters of the code of a province and of a regency or city.
const PROVINCE: usize = 2;
const REGENCY: usize = 5;

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

/// Own unruled messages of a case, oldest first, with what is set aside together with its birth. One
/// whose draft is damaged is set aside before it is sealed, and shows when it is ruled if it was sealed
/// already.
pub(crate) async fn drafts(tx: &mut Tx, case_id: &str) -> Result<Vec<Draft>, NodeError> {
    let stored = store::unruled::of_case(tx, case_id).await?;
    let read = stored.iter();
    Ok(read
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect())
}

/// Recomputes where a case stands from its fold and own unruled acts; its glance is up to date.
/// Gives the case as it is shown.
pub(crate) async fn refresh(
    tx: &mut Tx,
    row: &mut CaseRow,
    fold: Option<&Case>,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> Result<Option<Case>, NodeError> {
    let drafts = drafts(tx, &row.case_id).await?;
    let case = shown(
        store::case_id(&row.case_id)?,
        fold.cloned(),
        &drafts,
        me,
        world,
    );
    row.pending = drafts.len() as i64;
    show(row, case.as_ref(), me, world);
    Ok(case)
}

/// A case by its id: as ruled, and as it is shown.
pub(crate) async fn shown_case(
    node: &Node,
    tx: &mut Tx,
    case_id: &str,
) -> Result<(Option<Case>, Option<Case>), NodeError> {
    let Some(row) = store::cases::case(tx, case_id).await? else {
        return Ok((None, None));
    };
    let fold = row.ruled()?;
    let pending = drafts(tx, case_id).await?;
    let (id, directory) = (store::case_id(case_id)?, node.directory());
    let (me, world) = (node.instance()?, directory.latest());
    let case = shown(id, fold.clone(), &pending, me, world);
    Ok((fold, case))
}

/// The same for a case by its id, after its own acts have changed.
pub(crate) async fn refresh_case(node: &Node, tx: &mut Tx, case_id: &str) -> Result<(), NodeError> {
    let Some(mut row) = store::cases::case(tx, case_id).await? else {
        return Ok(());
    };
    let (fold, directory, me) = (row.ruled()?, node.directory(), node.instance()?);
    describe(tx, &mut row, me).await?;
    let case = refresh(tx, &mut row, fold.as_ref(), me, directory.latest()).await?;
    keep(tx, &[row]).await?;
    record(node, tx, &[(case_id, case.as_ref())]).await
}

/// The same for all cases that some own messages name, after the state of these has changed.
pub(crate) async fn refresh_cases_of(
    node: &Node,
    tx: &mut Tx,
    numbers: &[i64],
) -> Result<(), NodeError> {
    let mut cases = BTreeSet::new();
    for number in numbers {
        cases.extend(store::outbox::cases_of(tx, *number).await?);
    }
    for case in &cases {
        Box::pin(refresh_case(node, tx, case)).await?;
    }
    Ok(())
}

/// Stores rows whose words may have changed, and has their words indexed again.
pub(crate) async fn keep(tx: &mut Tx, rows: &[CaseRow]) -> Result<(), NodeError> {
    store::cases::put(tx, rows).await?;
    Ok(store::texts::ask(tx, rows.iter().map(|row| row.case_id.as_str())).await?)
}

/// Writes what a list shows of a case into its row, whose glance is up to date. One whose birth the
/// hub has refused, or from which this institution is excluded, is shown no more; one of which it hears
/// no more lies among what has ended, as it stood then.
pub(crate) fn show(
    row: &mut CaseRow,
    case: Option<&Case>,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) {
    let case = case.filter(|case| !case.excluded.contains(me));
    let Some(case) = case else {
        (row.state, row.custodian, row.tray) = (None, None, None);
        (row.public, row.identity_asks, row.left_at) = (0, 0, None);
        row.replied = 0;
        return;
    };
    row.left_at = left_at(row, case, me, world);
    row.origin = Some(case.origin.to_string());
    row.custodian = Some(case.custodian.to_string());
    row.state = Some(standing(case).as_str().to_owned());
    row.replied = i64::from(is_replied(case));
    row.outcome = Outcome::of(case).map(|outcome| outcome.as_str().to_owned());
    row.classification = serde_json::to_value(case.classification)
        .ok()
        .and_then(|value| value.as_str().map(str::to_owned));
    let category = case.category.as_ref();
    row.category = category.map(|category| category.as_str().to_owned());
    row.category_root = category.map(|category| category.root().to_owned());
    let region = case.region.as_ref().map(RegionCode::as_str);
    let part = |length| {
        region
            .and_then(|code| code.get(..length))
            .map(str::to_owned)
    };
    row.region = region.map(str::to_owned);
    (row.province, row.regency) = (part(PROVINCE), part(REGENCY));
    let programme = case.programme.as_ref();
    row.programme_owner = programme.map(|programme| programme.owner.to_string());
    row.programme_slug = programme.map(|programme| programme.slug.clone());
    row.on_behalf_of = case.on_behalf_of.as_ref().map(ToString::to_string);
    row.anonymous = i64::from(case.anonymous);
    row.secret = i64::from(case.secret);
    row.supports = i64::from(case.supports);
    row.hops = i64::from(case.hops);
    row.identity_asks = case.identity_requests.len() as i64;
    if case.redacted {
        row.glance.forget();
    }
    row.public = i64::from(is_public(case, row));
    let heard = row.left_at.is_none();
    let tray = if heard {
        Tray::of(case, &row.glance, me)
    } else {
        Tray::Ended
    };
    row.tray = Some(tray.as_str().to_owned());
    let mut holds = case.course.holds.iter();
    let open = holds.find(|hold| heard && hold.until.is_none());
    row.waits_since = open.map_or(store::cases::NEVER, |hold| hold.from);
    row.escalated = i64::from(heard && (case.escalated || !case.supervisors.is_empty()));
    row.copied = i64::from(case.copies.contains(me) && case.custodian != *me);
    row.filed_at = case.filed_at;
}

/// Unix ms since when this institution hears no more of a case: the last that it heard took it out.
/// An erasure reaches also those who hear of nothing else.
fn left_at(row: &CaseRow, case: &Case, me: &InstanceId, world: DirectoryAt<'_>) -> Option<i64> {
    if case.is_party(me, world) {
        return None;
    }
    let heard = row.glance.last_at.unwrap_or(case.filed_at);
    let erased = row.glance.last_kind.as_deref() == Some("case.redacted");
    let before = row.left_at.filter(|_| erased);
    Some(before.unwrap_or(heard))
}

/// The state as it is shown. What came back, and has not been accepted since, waits for
/// verification like what was just filed: by the rules both may be decided alike.
pub(crate) fn standing(case: &Case) -> State {
    match case.state {
        State::Verified if case.course.accepted.is_none() => State::Received,
        state => state,
    }
}

/// Whether the reporter of an open case has spoken since the last public follow-up, as the rules have it.
pub(crate) fn is_replied(case: &Case) -> bool {
    let last = case.follow_up.as_ref();
    case.state.is_open() && last.is_some_and(|last| last.replied_since)
}

/// What everybody may read: neither *rahasia* nor erased, taken up as a report by an institution,
/// and with words that are here. What nobody has ever taken up may be abuse, of what is archived
/// only the reason is told, and a merged report is read where it was merged into. What this
/// institution hears no more of is read where it is handled.
fn is_public(case: &Case, row: &CaseRow) -> bool {
    let read = !matches!(case.state, State::Archived | State::Merged);
    let taken_up = row.glance.taken_up != 0;
    let open = !case.secret && !case.redacted && row.left_at.is_none();
    taken_up && read && open && row.glance.title.is_some()
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
            category_root: None,
            region: None,
            province: None,
            regency: None,
            programme_owner: None,
            programme_slug: None,
            on_behalf_of: None,
            anonymous: 0,
            secret: 0,
            public: 0,
            supports: 0,
            hops: 0,
            tray: None,
            outcome: None,
            erased: 0,
            pending: 0,
            identity_asks: 0,
            filed_at: at,
            updated_at: at,
            runs_out_at: store::cases::NEVER,
            work_at: store::cases::NEVER,
            waits_since: store::cases::NEVER,
            escalated: 0,
            copied: 0,
            left_at: None,
            replied: 0,
            glance: Glance::default(),
            local: Local::default(),
        }
    }

    /// The ruled fold, if the case is born, as everything but the fold itself takes it: erased from the
    /// moment at which the erasure came, though it may stand behind messages that are not here.
    pub(crate) fn ruled(&self) -> Result<Option<Case>, NodeError> {
        let mut fold = self.folded()?;
        if let Some(case) = &mut fold {
            case.redacted |= self.erased != 0;
        }
        Ok(fold)
    }

    /// The fold of what is ruled, message after message; the same at every party.
    pub(crate) fn folded(&self) -> Result<Option<Case>, NodeError> {
        self.fold
            .as_deref()
            .map(|fold| store::read(serde_json::from_str(fold)))
            .transpose()
    }
}
