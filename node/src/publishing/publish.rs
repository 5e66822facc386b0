//! Publishing: judged as the hub will judge it, stored with its message in one
//! transaction, sent when the line allows.

use lapor_migrations::Tx;
use lapor_protocol::ids::{Digest, InstanceId, MessageId, Position};
use lapor_protocol::kinds::{Body, Scope};
use lapor_protocol::limits::{MAX_INTEGER, PAYLOAD_BYTES};
use lapor_protocol::message::Draft;
use lapor_protocol::public::{needs_programme, rule_public};
use lapor_protocol::region::RegionCode;
use lapor_web::{categories, holidays};

use super::spread::built_in;
use super::{Publication, pictures};
use crate::casework::store_drafts;
use crate::chance::new_message_id;
use crate::error::{NodeError, NotAllowed};
use crate::feed;
use crate::media::{forget_uploads, use_up};
use crate::node::Node;
use crate::store;
use crate::store::public::{NewPublication, ProgrammeRow};

pub(super) const PUBLISHED: &str = "programme.published";
const PROGRESSED: &str = "programme.progressed";

/// What the text of a programme was written upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    /// Whatever stands there.
    Any,
    /// Nothing was published of it.
    Nothing,
    /// This was its latest message.
    Message(MessageId),
}

impl Base {
    /// Whether this message is the latest of the programme still, or there is none still.
    fn is(self, latest: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Nothing => latest.is_none(),
            Self::Message(id) => latest == Some(id.to_string().as_str()),
        }
    }
}

impl Node {
    /// Judges, stores and queues something for the public stream. `actor` is
    /// who did it, for the audit log.
    pub async fn publish(&self, body: Body, actor: &str) -> Result<Publication, NodeError> {
        self.publish_using(body, &[], Base::Any, actor).await
    }

    /// As [`Node::publish`], and uses up the uploads that became part of it; only if its `base` still
    /// stands.
    pub(super) async fn publish_using(
        &self,
        body: Body,
        uploads: &[String],
        base: Base,
        actor: &str,
    ) -> Result<Publication, NodeError> {
        let me = self.instance()?;
        let now = self.clock().now_ms();
        let Some(name) = name_of(&body).map(str::to_owned) else {
            let problem = format!("kind: {} is not for the public stream", body.kind());
            return Err(NodeError::Invalid(problem));
        };
        let draft = Draft {
            kind: body.kind().to_owned(),
            id: new_message_id(now),
            case: None,
            term: None,
            created_at: now,
            body,
            sealed: None,
            attachments: Vec::new(),
        };
        check_limits(&draft, me)?;
        let directory = self.directory();
        let mut tx = self.write_tx().await?;
        let known = match needs_programme(&draft.body) {
            Some(slug) => store::public::latest(&mut tx, PUBLISHED, slug, Some(me.as_str()))
                .await?
                .is_some(),
            None => false,
        };
        if !matches!(base, Base::Any) {
            let latest =
                store::public::latest(&mut tx, PUBLISHED, &name, Some(me.as_str())).await?;
            if !base.is(latest.map(|row| row.message_id).as_deref()) {
                return Err(NodeError::ProgrammeChanged);
            }
        }
        let message = draft.provisional(me);
        let ruling = rule_public(&message, false, known, directory.latest());
        if !ruling.applied() {
            return Err(NodeError::NotAllowed(Box::new(NotAllowed {
                ruling,
                state: None,
                custodian: None,
            })));
        }
        new_edition(&mut tx, &draft, &name).await?;
        for upload in uploads {
            use_up(&mut tx, upload).await?;
        }
        store_drafts(&mut tx, &[(&draft, &[])]).await?;
        let id = draft.id.to_string();
        let text = serde_json::to_string(&draft.body).map_err(NodeError::damaged)?;
        let row = NewPublication {
            author: me.as_str(),
            message_id: &id,
            kind: &draft.kind,
            name: &name,
            body: &text,
            at: now,
        };
        store::public::add_pending(&mut tx, &row).await?;
        refresh(&mut tx, me.as_str(), &draft.kind, &name).await?;
        let change = feed::of_publication(
            me,
            (draft.kind.as_str(), name.as_str()),
            &draft.kind,
            Some(&id),
            now,
        );
        feed::note(&mut tx, &[change]).await?;
        let detail = format!("{name} {id}");
        store::audit::add(&mut tx, now, actor, &draft.kind, None, &detail).await?;
        tx.commit().await?;
        forget_uploads(self, uploads).await;
        self.ring_outgoing();
        Ok(Publication {
            message: draft.id,
            kind: draft.kind,
            author: me.clone(),
            name,
        })
    }
}

/// What a public message is about: the slug of a programme, the name of an edition.
pub(crate) fn name_of(body: &Body) -> Option<&str> {
    debug_assert_eq!(body.scope() == Scope::Public, stated_name(body).is_some());
    stated_name(body)
}

/// Recomputes what lists show of a programme after a publication of `kind`
/// about it has come, gone or changed. Editions have no such row.
pub(crate) async fn refresh(
    tx: &mut Tx,
    owner: &str,
    kind: &str,
    slug: &str,
) -> Result<(), NodeError> {
    if kind != PUBLISHED && kind != PROGRESSED {
        return Ok(());
    }
    let published = store::public::latest(tx, PUBLISHED, slug, Some(owner)).await?;
    if kind == PUBLISHED {
        let latest = published.as_ref().map(|row| row.body.as_str());
        pictures::settle(tx, owner, slug, latest).await?;
    }
    let Some(published) = published else {
        return Ok(store::public::remove_programme(tx, owner, slug).await?);
    };
    let progress = store::public::latest(tx, PROGRESSED, slug, Some(owner)).await?;
    let body: Body = store::read(Body::of_kind(PUBLISHED, &published.body))?;
    let (region, built_in) = match body {
        Body::ProgrammePublished(programme) => (
            programme.region.as_ref().map(RegionCode::to_string),
            built_in(&programme),
        ),
        _ => (None, None),
    };
    let progressed_at = progress.as_ref().map_or(published.at, |row| row.at);
    let row = ProgrammeRow {
        owner: owner.to_owned(),
        slug: slug.to_owned(),
        region,
        published: published.body,
        progress: progress.map(|row| row.body),
        pending: store::public::pending_of(tx, owner, slug).await?,
        updated_at: published.at.max(progressed_at),
    };
    Ok(store::public::put_programme(tx, &row, built_in.as_deref()).await?)
}

/// An own publication turned out to have no effect: the hub ruled so, or
/// refused to take it. With the message comes why.
pub(crate) async fn withdraw(
    tx: &mut Tx,
    me: &InstanceId,
    (message_id, reason): (&str, &str),
    now: i64,
) -> Result<(), NodeError> {
    let Some((kind, name)) = store::public::refuse(tx, me.as_str(), message_id, reason).await?
    else {
        return Ok(());
    };
    let message = Some(message_id);
    let change = feed::of_publication(
        me,
        (kind.as_str(), name.as_str()),
        feed::REFUSED,
        message,
        now,
    );
    feed::note(tx, &[change]).await?;
    refresh(tx, me.as_str(), &kind, &name).await
}

/// An own publication that was withdrawn is sent once more.
pub(crate) async fn offer_again(
    tx: &mut Tx,
    me: &InstanceId,
    message_id: &str,
    now: i64,
) -> Result<(), NodeError> {
    let Some((kind, name)) = store::public::offer_again(tx, me.as_str(), message_id).await? else {
        return Ok(());
    };
    let change = feed::of_publication(
        me,
        (kind.as_str(), name.as_str()),
        &kind,
        Some(message_id),
        now,
    );
    feed::note(tx, &[change]).await?;
    refresh(tx, me.as_str(), &kind, &name).await
}

fn stated_name(body: &Body) -> Option<&str> {
    match body {
        Body::ProgrammePublished(programme) => Some(&programme.slug),
        Body::ProgrammeProgressed(progress) => Some(&progress.slug),
        Body::TaxonomyUpdated(update) => Some(&update.edition),
        Body::CalendarUpdated(update) => Some(&update.edition),
        _ => None,
    }
}

/// The limits of the kind and of a message: a header too large would be
/// refused by the hub and stop what is queued behind it.
fn check_limits(draft: &Draft, me: &InstanceId) -> Result<(), NodeError> {
    let message = draft.provisional(me);
    draft
        .body
        .check(&message.header)
        .map_err(|e| NodeError::Invalid(e.to_string()))?;
    let last = Position {
        epoch: u32::MAX,
        seq: MAX_INTEGER as u64,
    };
    let bytes = draft.payload(me, last, Digest::ZERO).len();
    if bytes > PAYLOAD_BYTES {
        return Err(NodeError::TooLarge(format!(
            "the message would have {bytes} bytes; at most {PAYLOAD_BYTES} are allowed"
        )));
    }
    Ok(())
}

/// The directory names an edition by its name alone, so one name is one text.
async fn new_edition(tx: &mut Tx, draft: &Draft, name: &str) -> Result<(), NodeError> {
    let edition = matches!(
        draft.body,
        Body::TaxonomyUpdated(_) | Body::CalendarUpdated(_)
    );
    if edition
        && store::public::latest(tx, &draft.kind, name, None)
            .await?
            .is_some()
    {
        return Err(NodeError::Invalid(format!(
            "edition: {name} has been published, and an edition never changes; choose another name"
        )));
    }
    unsound(&draft.body).map_or(Ok(()), |problem| Err(NodeError::Invalid(problem)))
}

/// Why nobody could go by an edition: it says nothing, names what no report can state, or says
/// something twice; one of the two would count, and nobody could say which.
fn unsound(body: &Body) -> Option<String> {
    match body {
        Body::TaxonomyUpdated(new) if new.roots.is_empty() => {
            Some("roots: an edition has one category at least".to_owned())
        }
        Body::TaxonomyUpdated(new) => {
            if let Some((name, unfit)) = categories::unfit_name(new) {
                return Some(format!("roots: {name:?} {unfit}"));
            }
            let twice = categories::repeated(new)?;
            Some(format!("roots: {} stands there twice", twice.named))
        }
        Body::CalendarUpdated(new) if new.days.is_empty() => {
            Some("days: an edition has one day at least".to_owned())
        }
        Body::CalendarUpdated(new) => {
            let (again, before) = holidays::repeated(new)?;
            let date = &new.days[again - 1].date;
            Some(format!(
                "days: {date} stands there twice, as day {before} and as day {again}; a day stands once, with all its names"
            ))
        }
        _ => None,
    }
}
