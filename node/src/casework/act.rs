//! Every act on a case: judged as this node sees the case, stored with its
//! message in one transaction, sent when the line allows.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, Order, Reason, Ruling, apply, judge};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, InstanceId, MessageRef};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::seal::{ContentKey, Subject};

use super::compose::{self, Newcomer, Setting};
use super::shown::{drafts, refresh, shown};
use super::{Acted, NewAct, attachments};
use crate::chance::new_message_id;
use crate::error::{NodeError, NotAllowed};
use crate::node::Node;
use crate::store;
use crate::store::cases::CaseRow;
use crate::store::outbox::NewRow;

impl Node {
    /// Judges, stores and queues an act. `actor` is who did it, for the audit log.
    pub async fn act(
        &self,
        case_id: CaseId,
        mut act: NewAct,
        actor: &str,
    ) -> Result<Acted, NodeError> {
        let me = self.instance()?;
        let directory = self.directory();
        let world = directory.latest();
        let now = self.clock().now_ms();
        let id = new_message_id(now);
        let uploads = std::mem::take(&mut act.attachments);
        let encrypted = attachments::encrypt(self, case_id, &uploads).await?;
        let mut tx = self.write_tx().await?;
        let (mut row, fold, case) = load(&mut tx, case_id, me, world, now).await?;
        let supports = act.kind == "case.supported" && case.is_none();
        if case.is_none() && !supports {
            return Err(NodeError::not_found("case", &case_id));
        }
        let key = content_key(&mut tx, case_id).await?;
        compose::fill_identity(&mut tx, &mut act, case_id, case.as_ref()).await?;
        let at = Setting {
            me,
            case_id,
            case: case.as_ref(),
            key: key.as_ref(),
            world,
            now,
            id,
        };
        let prepared = compose::prepare(act, &at)?;
        let term = term(&prepared.body, case.as_ref(), me, world);
        let other = other_case(&mut tx, &prepared.body, me, world).await?;
        let redacted = case.as_ref().is_some_and(|case| case.redacted);
        let sealed = compose::seal(&prepared, &at, redacted)?;
        let fresh = prepared
            .fresh
            .as_ref()
            .map(|fresh| (fresh.subject, fresh.key.clone()));
        let attached = encrypted
            .iter()
            .map(|blob| blob.attachment.clone())
            .collect();
        let draft = compose::draft(prepared, &at, term, sealed, attached)?;
        if let Some(case) = &case {
            allowed(&draft, me, case, other.as_ref(), world)?;
        }
        let newcomers = newcomers(&draft, case.as_ref(), other.as_ref(), me, world);
        store_draft(&mut tx, &draft, &newcomers).await?;
        if let Some((subject, key)) = &fresh {
            let of = if let Subject::Case(child) = subject {
                *child
            } else {
                case_id
            };
            store::secrets::add_content_key(
                &mut tx,
                &subject.to_string(),
                &of.to_string(),
                key.as_bytes(),
            )
            .await?;
        }
        attachments::record(&mut tx, case_id, id, &encrypted).await?;
        if !supports {
            row.updated_at = now;
            refresh(&mut tx, &mut row, fold.as_ref(), me, world).await?;
            store::cases::put(&mut tx, std::slice::from_ref(&row)).await?;
        }
        let child = draft
            .body
            .other_case()
            .filter(|_| matches!(draft.body, Body::CaseSplit(_)));
        if let Some(touched) = draft.body.other_case() {
            show_second(&mut tx, touched, me, world, now).await?;
        }
        store::audit::add(
            &mut tx,
            now,
            actor,
            &draft.kind,
            Some(&case_id.to_string()),
            &id.to_string(),
        )
        .await?;
        tx.commit().await?;
        attachments::forget_uploads(self, &uploads).await;
        self.ring_outgoing();
        Ok(Acted {
            message: id,
            case: case_id,
            child,
            state: super::reading::state_of(&row),
            custodian: row
                .custodian
                .as_deref()
                .map(store::instance_id)
                .transpose()?,
        })
    }
}

/// Stores a draft with the wraps that its sending needs.
pub(crate) async fn store_draft(
    tx: &mut Tx,
    draft: &Draft,
    newcomers: &[Newcomer],
) -> Result<(), NodeError> {
    let text = serde_json::to_string(draft).map_err(NodeError::damaged)?;
    let newcomers = serde_json::to_string(newcomers).map_err(NodeError::damaged)?;
    let case = draft.case.map(|case| case.to_string());
    let other = draft.body.other_case().map(|case| case.to_string());
    store::outbox::add(
        tx,
        &NewRow {
            message_id: &draft.id.to_string(),
            case_id: case.as_deref(),
            other_case: other.as_deref(),
            kind: &draft.kind,
            draft: &text,
            newcomers: &newcomers,
            created_at: draft.created_at,
        },
    )
    .await?;
    Ok(())
}

/// The content key of a case, if it is held.
pub(crate) async fn content_key(
    tx: &mut Tx,
    case_id: CaseId,
) -> Result<Option<ContentKey>, NodeError> {
    let held = store::secrets::content_key(tx, &Subject::Case(case_id).to_string()).await?;
    held.map(|key| store::read(ContentKey::from_bytes(&key)))
        .transpose()
}

/// Row, ruled fold, and the case with own pending acts on top.
async fn load(
    tx: &mut Tx,
    case_id: CaseId,
    me: &InstanceId,
    world: DirectoryAt<'_>,
    now: i64,
) -> Result<(CaseRow, Option<Case>, Option<Case>), NodeError> {
    let text = case_id.to_string();
    let row = store::cases::case(tx, &text)
        .await?
        .unwrap_or_else(|| CaseRow::unborn(text.clone(), now));
    let fold = row.ruled()?;
    let drafts = drafts(tx, &text).await?;
    let case = shown(case_id, fold.clone(), &drafts, me, world);
    Ok((row, fold, case))
}

async fn other_case(
    tx: &mut Tx,
    body: &Body,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> Result<Option<Case>, NodeError> {
    match body.other_case() {
        Some(id) => load(tx, id, me, world, 0).await.map(|(_, _, case)| case),
        None => Ok(None),
    }
}

/// The custody that an act relies on, or for a recall the one that it ends.
fn term(
    body: &Body,
    case: Option<&Case>,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> Option<MessageRef> {
    let case = case.filter(|_| body.takes_term())?;
    let elsewhere = match body {
        Body::CaseReopened(_) => case.origin == *me,
        Body::CaseLinked(_) => case.desk(world).is_some_and(|desk| desk.id == *me),
        _ => false,
    };
    (!elsewhere).then(|| case.term.clone())
}

fn allowed(
    draft: &Draft,
    me: &InstanceId,
    case: &Case,
    other: Option<&Case>,
    world: DirectoryAt<'_>,
) -> Result<(), NodeError> {
    let message = draft.provisional(me);
    let ruling = Ruling::from(judge(&message, &draft.body, Some(case), other, world));
    if ruling.applied() {
        return Ok(());
    }
    let not_allowed = NotAllowed {
        ruling,
        state: Some(case.state),
        custodian: Some(case.custodian.clone()),
    };
    debug_assert_ne!(ruling.reason, Some(Reason::BodyInvalid));
    Err(NodeError::NotAllowed(Box::new(not_allowed)))
}

/// Everyone whom the act makes a party, with the key they need.
pub(crate) fn newcomers(
    draft: &Draft,
    case: Option<&Case>,
    other: Option<&Case>,
    me: &InstanceId,
    world: DirectoryAt<'_>,
) -> Vec<Newcomer> {
    let Some(id) = draft.case else {
        return Vec::new();
    };
    let message = draft.provisional(me);
    let mut out = Vec::new();
    let mut gain = |id: CaseId, before: Option<&Case>| {
        let order = Order {
            case: id,
            case_seq: 0,
            ordered_at: draft.created_at,
        };
        let Some(after) = apply(&message, &draft.body, order, before.cloned(), world) else {
            return;
        };
        let former = before.map(|case| case.parties(world)).unwrap_or_default();
        for recipient in after
            .parties(world)
            .difference(&former)
            .filter(|party| *party != me)
        {
            out.push(Newcomer {
                subject: Subject::Case(id).to_string(),
                recipient: recipient.clone(),
            });
        }
    };
    if case.is_some() || draft.body.creates(&message.header).is_some() {
        gain(id, case);
    }
    if let (Body::CaseLinked(link), Some(target)) = (&draft.body, other) {
        gain(link.target_case, Some(target));
    }
    if let Body::IdentityDisclosed(disclosed) = &draft.body {
        let subject = Subject::Identity(draft.id).to_string();
        out.push(Newcomer {
            subject,
            recipient: disclosed.requester.clone(),
        });
    }
    out
}

/// Shows a pending link, unlink or split in the second case as well.
async fn show_second(
    tx: &mut Tx,
    id: CaseId,
    me: &InstanceId,
    world: DirectoryAt<'_>,
    now: i64,
) -> Result<(), NodeError> {
    let text = id.to_string();
    let mut row = store::cases::case(tx, &text)
        .await?
        .unwrap_or_else(|| CaseRow::unborn(text, now));
    let fold = row.ruled()?;
    row.updated_at = now;
    refresh(tx, &mut row, fold.as_ref(), me, world).await?;
    Ok(store::cases::put(tx, &[row]).await?)
}
