//! Every act on a case: judged as this node sees the case, stored with its
//! message in one transaction, sent when the line allows.

use lapor_migrations::Tx;
use lapor_protocol::case::{Case, Effect, Reason, Ruling, State, judge};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, InstanceId, MessageId, MessageRef};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::seal::{ContentKey, Subject};
use lapor_web::trace::Trace;
use serde_json::Value;

use super::answered::may_be_answers;
use super::approval::Signature;
use super::assigning::{self, OnDesk};
use super::attachments::{self, Encrypted};
use super::compose::{self, FreshKey, Newcomer, Setting};
use super::glance::describe;
use super::history::pending_entry;
use super::once::{self, Asked, Once};
use super::queued::{newcomers, store_drafts};
use super::shown::{drafts, keep, refresh, shown, standing};
use super::word::{Behalf, Terms, Word};
use super::{Acted, NewAct, Sight, identity, writer};
use crate::chance::new_message_id;
use crate::channels::is_no_news;
use crate::deadlines::record;
use crate::error::{NodeError, NotAllowed};
use crate::media::forget_uploads;
use crate::node::Node;
use crate::post::is_own_act;
use crate::store;
use crate::store::cases::CaseRow;

/// An act that waits to be judged on the case as it then stands.
pub(crate) struct Weighing {
    case_id: CaseId,
    act: NewAct,
    id: MessageId,
    now: i64,
    attachments: Vec<Encrypted>,
    actor: String,
    terms: Terms,
    /// Set where the request may come again.
    asked: Option<Asked>,
    /// The work that it is part of.
    pub(super) trace: Trace,
}

/// An act that is allowed and only has to be written.
pub(crate) struct Weighed<'a> {
    weighing: &'a Weighing,
    draft: Draft,
    newcomers: Vec<Newcomer>,
    fresh: Option<FreshKey>,
    row: CaseRow,
    fold: Option<Case>,
    /// A case that is not here is only supported from here.
    absent: bool,
}

impl Node {
    /// Judges, stores and queues an act. `actor` is who did it, for the audit log.
    pub async fn act(&self, case_id: CaseId, act: NewAct, actor: &str) -> Result<Acted, NodeError> {
        self.act_asked(case_id, act, actor, None, Word::Officer.into())
            .await
    }

    /// The same for a request that may come again: it acts once, and answers
    /// the second time as it did the first.
    pub async fn act_once(
        &self,
        case_id: CaseId,
        act: NewAct,
        actor: &str,
        once: &Once,
    ) -> Result<Acted, NodeError> {
        self.act_known(case_id, act, actor, once, Word::Officer.into())
            .await
    }

    /// The same for what is meant of a case in one state alone: in another it is refused.
    pub async fn act_once_in(
        &self,
        state: State,
        (case_id, act): (CaseId, NewAct),
        actor: &str,
        once: &Once,
    ) -> Result<Acted, NodeError> {
        let terms = Terms {
            only_in: Some(state),
            ..Word::Officer.into()
        };
        self.act_known(case_id, act, actor, once, terms).await
    }

    /// The same for what the reporter says in their conversation.
    pub(crate) async fn act_of_reporter(
        &self,
        case_id: CaseId,
        act: NewAct,
        actor: &str,
        once: Option<&Once>,
    ) -> Result<Acted, NodeError> {
        let terms = Word::Reporter.into();
        match once {
            Some(once) => self.act_known(case_id, act, actor, once, terms).await,
            None => self.act_asked(case_id, act, actor, None, terms).await,
        }
    }

    /// The same for what somebody says to an officer.
    pub(crate) async fn act_for(
        &self,
        case_id: CaseId,
        act: NewAct,
        actor: &str,
        behalf: Behalf,
        once: &Once,
    ) -> Result<Acted, NodeError> {
        let terms = Word::Counter(behalf).into();
        self.act_known(case_id, act, actor, once, terms).await
    }

    /// The same as a part of the caller's transaction, who rings after the commit. An inner error
    /// refuses the act and has changed nothing; after an outer one nothing may be committed.
    pub(crate) async fn act_within(
        &self,
        tx: &mut Tx,
        case_id: CaseId,
        act: NewAct,
        actor: &str,
    ) -> Result<Result<Acted, NodeError>, NodeError> {
        let now = self.clock().now_ms();
        let weighing = Weighing {
            case_id,
            act,
            id: new_message_id(now),
            now,
            attachments: Vec::new(),
            actor: actor.to_owned(),
            terms: Word::Officer.into(),
            asked: None,
            trace: Trace::here(),
        };
        Box::pin(writer::act(self, tx, &weighing)).await
    }

    /// Publishes an answer that a superior has signed.
    pub(super) async fn act_signed(
        &self,
        case_id: CaseId,
        act: NewAct,
        actor: &str,
        signature: Signature,
    ) -> Result<Acted, NodeError> {
        self.act_asked(case_id, act, actor, None, Word::Signed(signature).into())
            .await
    }

    async fn act_known(
        &self,
        case_id: CaseId,
        act: NewAct,
        actor: &str,
        once: &Once,
        terms: Terms,
    ) -> Result<Acted, NodeError> {
        let first = once.asking(&(case_id, &act))?;
        if let Some(answer) = first.answered(self).await? {
            return Ok(answer);
        }
        let again = once.asking(&(case_id, &act))?;
        let acted = self.act_asked(case_id, act, actor, Some(first), terms);
        match acted.await {
            // The other request may also have used the files up that this one brings.
            Err(error) => again.answered(self).await?.ok_or(error),
            acted => acted,
        }
    }

    pub(super) async fn act_asked(
        &self,
        case_id: CaseId,
        mut act: NewAct,
        actor: &str,
        asked: Option<Asked>,
        terms: Terms,
    ) -> Result<Acted, NodeError> {
        self.instance()?;
        self.check_category(case_id, &act).await?;
        let incident = act.body.get("incident_date").and_then(Value::as_str);
        self.check_incident("body: incident_date", incident)?;
        let now = self.clock().now_ms();
        let uploads = std::mem::take(&mut act.attachments);
        let weighing = Weighing {
            case_id,
            act,
            id: new_message_id(now),
            now,
            attachments: attachments::encrypt(self, case_id, &uploads).await?,
            actor: actor.to_owned(),
            terms,
            asked,
            trace: Trace::here(),
        };
        let (trace, id) = (weighing.trace.clone(), weighing.id);
        let acted = self.writer().act(weighing).await?;
        trace.span().in_scope(|| {
            tracing::info!(target: "lapor::message", id = %id, "an act was stored");
        });
        forget_uploads(self, &uploads).await;
        Ok(acted)
    }
}

impl Weighing {
    /// Judges the act; reads only.
    pub(crate) async fn weigh(&self, node: &Node, tx: &mut Tx) -> Result<Weighed<'_>, NodeError> {
        let me = node.instance()?;
        let directory = node.directory();
        let world = directory.latest();
        let case_id = self.case_id;
        let mut act = self.act.clone();
        let (row, fold, case) = load(tx, case_id, me, world, self.now).await?;
        let absent = case.is_none();
        if absent && act.kind != "case.supported" {
            return Err(NodeError::not_found("case", &case_id));
        }
        if let Some(case) = &case {
            self.as_its_author_saw_it(case)?;
            self.as_the_institution_wants(node, case)?;
        }
        self.terms.hold(tx).await?;
        let key = content_key(tx, case_id).await?;
        identity::may_answer(node, tx, &act, case_id, case.as_ref(), &self.actor).await?;
        may_be_answers(tx, &act, case.as_ref(), me).await?;
        self.terms.word.stated_in(&mut act);
        compose::fill_identity(node, tx, &mut act, case_id, case.as_ref()).await?;
        let at = Setting {
            me,
            case_id,
            case: case.as_ref(),
            key: key.as_ref(),
            world,
            now: self.now,
            id: self.id,
        };
        let mut prepared = compose::prepare(act, &at)?;
        let term = term(&prepared.body, case.as_ref(), me, world);
        let other = other_case(tx, &prepared.body, me, world).await?;
        let redacted = case.as_ref().is_some_and(|case| case.redacted);
        let sealed = compose::seal(&prepared, &at, redacted)?;
        let fresh = prepared.fresh.take();
        let attached = self.attachments.iter();
        let attached = attached.map(|blob| blob.attachment.clone()).collect();
        let draft = compose::draft(prepared, &at, term, sealed, attached)?;
        if let Some(case) = &case {
            allowed(&draft, me, case, other.as_ref(), world)?;
        }
        Ok(Weighed {
            weighing: self,
            newcomers: newcomers(&draft, case.as_ref(), other.as_ref(), me, world),
            draft,
            fresh,
            row,
            fold,
            absent,
        })
    }

    fn as_its_author_saw_it(&self, case: &Case) -> Result<(), NodeError> {
        if self
            .terms
            .only_in
            .is_none_or(|state| state == standing(case))
        {
            return Ok(());
        }
        Err(NodeError::NotAllowed(Box::new(NotAllowed {
            ruling: Ruling {
                effect: Effect::Inapplicable,
                reason: Some(Reason::WrongState),
            },
            state: Some(case.state),
            custodian: Some(case.custodian.clone()),
        })))
    }

    /// What the institution asks of its officers beyond the rules: evidence with a proposal to
    /// close, and a superior who signs. An answer sent with the protocol's default closes nothing.
    /// Where either is asked, an officer notes that the reporter is content only of an answer that
    /// proposed to close and so had both.
    fn as_the_institution_wants(&self, node: &Node, case: &Case) -> Result<(), NodeError> {
        let category = case.category.as_ref();
        let evidence = || category.is_some_and(|category| node.category_needs(category).evidence);
        let said = |field: &str| self.act.body.get(field);
        match (self.act.kind.as_str(), &self.terms.word) {
            ("case.followed_up", Word::Officer) if node.wants_approval(category) => {
                Err(NodeError::ApprovalNeeded)
            }
            ("case.followed_up", _)
                if said("proposes_to_close").and_then(Value::as_bool) == Some(true)
                    && self.attachments.is_empty()
                    && evidence() =>
            {
                Err(NodeError::EvidenceNeeded)
            }
            ("case.closed", word)
                if word.is_officers()
                    && said("by").and_then(Value::as_str) == Some("reporter")
                    && case.state == State::InProgress =>
            {
                match (evidence(), node.wants_approval(category)) {
                    (true, _) => Err(NodeError::EvidenceNeeded),
                    (_, true) => Err(NodeError::ApprovalNeeded),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    /// Frees the files of the draft that is signed, and of one that was given back in this case:
    /// an officer may send them in another way.
    async fn free_files(&self, tx: &mut Tx) -> Result<(), NodeError> {
        match &self.terms.word {
            Word::Signed(signature) => signature.free_files(tx).await?,
            Word::Officer => {
                let case = self.case_id.to_string();
                for file in &self.attachments {
                    store::drafts::give_up(tx, &file.upload, &case).await?;
                }
            }
            Word::Reporter | Word::Counter(_) => {}
        }
        Ok(())
    }
}

impl Weighed<'_> {
    /// Stores the act and what it changes. An error leaves a part behind, and
    /// the transaction must not be committed.
    pub(crate) async fn write(mut self, node: &Node, tx: &mut Tx) -> Result<Acted, NodeError> {
        let me = node.instance()?;
        let directory = node.directory();
        let world = directory.latest();
        let Weighing {
            case_id, id, now, ..
        } = *self.weighing;
        store_drafts(tx, &[(&self.draft, &self.newcomers)]).await?;
        if let Some(FreshKey { subject, key }) = &self.fresh {
            let of = if let Subject::Case(child) = subject {
                *child
            } else {
                case_id
            };
            store::secrets::add_content_key(
                tx,
                &subject.to_string(),
                &of.to_string(),
                key.as_bytes(),
            )
            .await?;
        }
        self.weighing.free_files(tx).await?;
        attachments::record(tx, case_id, id, &self.weighing.attachments).await?;
        if !self.absent {
            self.row.updated_at = now;
            let key = content_key(tx, case_id).await?;
            let entry = pending_entry(tx, &self.draft, me, key.as_ref()).await?;
            self.row.glance.take(case_id, &entry);
            let case = refresh(tx, &mut self.row, self.fold.as_ref(), me, world).await?;
            keep(tx, std::slice::from_ref(&self.row)).await?;
            Box::pin(record(node, tx, &[(&self.row.case_id, case.as_ref())])).await?;
        }
        let other = self.draft.body.other_case();
        let child = other.filter(|_| matches!(self.draft.body, Body::CaseSplit(_)));
        if let Some(touched) = other {
            show_second(node, tx, touched, child.is_some(), now).await?;
        }
        let (unit, officer) = (&self.row.local.unit, &self.row.local.officer);
        if let Some(child) = child {
            store::desk::localise_half(tx, &child.to_string(), &self.row.case_id).await?;
        }
        if let Some(child) = child.filter(|_| unit.is_some() || officer.is_some()) {
            // Who splits a case goes on seeing both halves.
            let desk = OnDesk {
                unit: unit.clone(),
                officer: officer.clone(),
            };
            let by = (self.weighing.actor.as_str(), now, None);
            assigning::put(tx, &Sight::ALL, &[child.to_string()], &desk, by).await?;
        }
        store::audit::add(
            tx,
            now,
            &self.weighing.actor,
            &self.draft.kind,
            Some(&case_id.to_string()),
            &id.to_string(),
        )
        .await?;
        let own = matches!(self.weighing.terms.word, Word::Reporter | Word::Counter(_));
        if own && self.draft.kind == "case.reopened" {
            // An institution does so too; what the reporter did they are not told.
            let message = id.to_string();
            is_own_act(tx, &self.row.case_id, &message).await?;
            is_no_news(tx, &self.row.case_id, &message, now).await?;
        }
        if let Word::Counter(behalf) = &self.weighing.terms.word {
            let told = behalf.told(id);
            let case = Some(self.row.case_id.as_str());
            let actor = &self.weighing.actor;
            store::audit::add(tx, now, actor, "counter.said", case, &told).await?;
        }
        if let Word::Signed(signature) = &self.weighing.terms.word {
            signature.record(tx, &self.weighing.actor, now, id).await?;
        }
        let custodian = self.row.custodian.as_deref();
        let acted = Acted {
            message: id,
            case: case_id,
            child,
            state: super::reading::state_of(&self.row),
            custodian: custodian.map(store::instance_id).transpose()?,
        };
        if let Some(asked) = &self.weighing.asked {
            once::keep(tx, &asked.row(node, (id, case_id, now), &acted)?).await?;
        }
        Ok(acted)
    }
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
pub(crate) async fn load(
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

pub(super) async fn other_case(
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
pub(super) fn term(
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

/// Shows a pending link, unlink or split in the second case as well. Only a split brings one that is
/// not here: whoever undoes the link of another may know nothing of the case that stays.
async fn show_second(
    node: &Node,
    tx: &mut Tx,
    id: CaseId,
    is_born: bool,
    now: i64,
) -> Result<(), NodeError> {
    let text = id.to_string();
    let known = store::cases::case(tx, &text).await?;
    let Some(mut row) = known.or_else(|| is_born.then(|| CaseRow::unborn(text, now))) else {
        return Ok(());
    };
    let fold = row.ruled()?;
    row.updated_at = now;
    let directory = node.directory();
    let (me, world) = (node.instance()?, directory.latest());
    describe(tx, &mut row, me).await?;
    let case = refresh(tx, &mut row, fold.as_ref(), me, world).await?;
    keep(tx, std::slice::from_ref(&row)).await?;
    Box::pin(record(node, tx, &[(&row.case_id, case.as_ref())])).await
}
