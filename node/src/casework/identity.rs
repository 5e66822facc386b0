//! Who may learn who reported: only the keeper of identities, never one who
//! handles the case, and of an anonymous report only what the reporter agreed to.
//!
//! Every question, answer and look is in the audit log before it has an effect.
//! Nothing here shows an identity to anyone but its caller.

use std::collections::{BTreeMap, BTreeSet};

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::ids::{CaseId, Digest, InstanceId, MessageId};
use lapor_protocol::kinds::Body;
use lapor_protocol::kinds::identity_requested::IdentityPurpose;
use lapor_protocol::limits::TEXT_CHARS;
use lapor_protocol::seal::{ContentKey, Subject, open_words};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::act::load;
use super::history::{identity_requests, read_message};
use super::once::{self, Asked, Once};
use super::person::{has_handled, person_of};
use super::reading::summaries;
use super::shown::{drafts, shown};
use super::{CaseSummary, HistoryEntry, NewAct, Reporter};
use crate::chance::new_message_id;
use crate::damage;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::consents::AskRow;

/// Requests of this institution's own officers that one page shows, at most, and as many cases of
/// which others ask.
const MOST_TASKS: i64 = 200;
const OWN_HANDLER: &str = "who handles a case, or one that was filed with it, does not open its identity; another keeper \
     of identities must do it";

/// A request for the identity by an officer of this institution.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct IdentityAsk {
    pub id: String,
    #[schema(value_type = String)]
    pub case: CaseId,
    /// Who asked, as in the audit log.
    pub asked_by: String,
    pub purpose: IdentityPurpose,
    pub reason: String,
    /// Unix ms.
    pub asked_at: i64,
    /// `None` while the keeper has not answered.
    pub granted: Option<bool>,
    pub answered_by: Option<String>,
    /// Unix ms.
    pub answered_at: Option<i64>,
}

/// Who wants to know who reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// Of this institution, as in the audit log.
    Officer(String),
    Institution(InstanceId),
}

/// A request that waits for the keeper. Not printable: it holds words of a case.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityTask {
    pub case: CaseId,
    /// Names the request when it is answered.
    pub ask: String,
    pub ticket: Option<String>,
    pub title: Option<String>,
    pub asker: Asker,
    /// Code of a purpose.
    pub purpose: String,
    pub reason: Option<String>,
    /// Unix ms.
    pub at: i64,
    /// The reporter must agree first.
    pub anonymous: bool,
    /// What the reporter has said; `None` for nothing yet.
    pub agreed: Option<bool>,
}

impl Node {
    /// Requests for identities that nobody has answered, from here and from elsewhere, oldest first.
    pub async fn identity_tasks(&self) -> Result<Vec<IdentityTask>, NodeError> {
        let mut tx = self.read_tx().await?;
        let asks = store::consents::waiting(&mut tx, MOST_TASKS).await?;
        let foreign = self.asked_from_elsewhere(&mut tx).await?;
        let elsewhere: Vec<String> = foreign.iter().map(|case| case.id.to_string()).collect();
        let own = asks.iter().map(|ask| ask.case_id.as_str());
        let ids: Vec<&str> = own.chain(elsewhere.iter().map(String::as_str)).collect();
        // A case whose birth the hub has refused meanwhile has no keeper any more.
        let cases = summaries(&mut tx, &ids).await?.into_iter();
        let cases: BTreeMap<CaseId, CaseSummary> = cases
            .filter(|case| case.state.is_some())
            .map(|case| (case.case, case))
            .collect();
        let said = store::consents::of_cases(&mut tx, &ids).await?.into_iter();
        let said: BTreeMap<String, bool> = said
            .map(|consent| (consent.ask, consent.given != 0))
            .collect();
        let mut tasks = Vec::new();
        for ask in asks {
            let Some(case) = cases.get(&store::case_id(&ask.case_id)?) else {
                continue;
            };
            let agreed = said.get(&ask.id).copied();
            let who = Asker::Officer(ask.asked_by);
            let reason = Some(ask.reason).filter(|reason| !reason.is_empty());
            let asked = (ask.id, who, ask.purpose, reason, ask.asked_at);
            tasks.push(identity_task(case, asked, agreed));
        }
        let mut requests = identity_requests(&mut tx, &elsewhere).await?;
        requests.values_mut().for_each(HistoryEntry::mask);
        for waits in foreign {
            let Some(case) = cases.get(&waits.id) else {
                continue;
            };
            for (request, institution) in waits.identity_requests {
                let entry = requests.get(&request);
                let text = |value: Option<&Value>, name: &str| {
                    Some(value?.get(name)?.as_str()?.to_owned())
                };
                let ask = request.to_string();
                let agreed = said.get(&ask).copied();
                let asked = (
                    ask,
                    Asker::Institution(institution),
                    entry
                        .and_then(|entry| text(entry.body.as_ref(), "purpose"))
                        .unwrap_or_default(),
                    entry.and_then(|entry| text(entry.words.as_ref(), "text")),
                    entry.map_or(0, |entry| entry.at),
                );
                tasks.push(identity_task(case, asked, agreed));
            }
        }
        tasks.sort_by(|a, b| (a.at, &a.ask).cmp(&(b.at, &b.ask)));
        Ok(tasks)
    }

    /// How many requests wait for the keeper; reads no history.
    pub async fn identity_tasks_waiting(&self) -> Result<usize, NodeError> {
        let mut tx = self.read_tx().await?;
        let asks = store::consents::waiting(&mut tx, MOST_TASKS).await?;
        let ids: Vec<&str> = asks.iter().map(|ask| ask.case_id.as_str()).collect();
        let cases = summaries(&mut tx, &ids).await?.into_iter();
        let here: BTreeSet<CaseId> = cases
            .filter(|case| case.state.is_some())
            .map(|case| case.case)
            .collect();
        let mut waiting = 0;
        for ask in &asks {
            waiting += usize::from(here.contains(&store::case_id(&ask.case_id)?));
        }
        let foreign = self.asked_from_elsewhere(&mut tx).await?;
        let foreign = foreign.iter().map(|case| case.identity_requests.len());
        Ok(waiting + foreign.sum::<usize>())
    }

    /// Cases filed here with requests of other institutions that wait, as they are shown here.
    async fn asked_from_elsewhere(&self, tx: &mut Tx) -> Result<Vec<Case>, NodeError> {
        let (me, directory) = (self.instance()?, self.directory());
        let ids = store::consents::asked_from_elsewhere(tx, me.as_str(), MOST_TASKS);
        let ids = ids.await?;
        let ids = ids.into_iter().map(Into::into).collect();
        let mut waiting = Vec::new();
        for row in store::cases::these(tx, ids).await? {
            let own = if row.pending > 0 {
                drafts(tx, &row.case_id).await?
            } else {
                Vec::new()
            };
            let id = store::case_id(&row.case_id)?;
            // One that is damaged hides no other.
            let Ok(ruled) = row.ruled() else {
                damage::tell("cases", &row.case_id);
                continue;
            };
            let case = shown(id, ruled, &own, me, directory.latest());
            waiting.extend(case.filter(|case| {
                case.origin == *me && row.state.is_some() && !case.identity_requests.is_empty()
            }));
        }
        Ok(waiting)
    }

    /// Who reported, if this node took the report in or was told. Every look
    /// is written into the audit log before it is answered; one who handles
    /// the case is refused, and that is written as well.
    pub async fn identity(&self, case: CaseId, actor: &str) -> Result<Option<Reporter>, NodeError> {
        let mut tx = self.write_tx().await?;
        if Box::pin(self.has_handled_report(&mut tx, case, actor)).await? {
            self.note(&mut tx, actor, "identity.denied", case, "handles the case")
                .await?;
            tx.commit().await?;
            return Err(NodeError::Forbidden(OWN_HANDLER.into()));
        }
        self.opened(tx, case, actor).await
    }

    /// Asks the keeper who reported a case that was filed here, or whose identity
    /// was disclosed to this institution; until then those who ask from elsewhere
    /// send `identity.requested`. Who asks again while the first
    /// request waits has asked once, and who sends `once` again has asked before.
    pub async fn ask_identity(
        &self,
        case: CaseId,
        purpose: IdentityPurpose,
        reason: &str,
        actor: &str,
        once: &Once,
    ) -> Result<IdentityAsk, NodeError> {
        let request = (case, purpose, reason);
        let (first, again) = (once.asking(&request)?, once.asking(&request)?);
        if let Some(answer) = first.answered(self).await? {
            return Ok(answer);
        }
        match self.ask_keeper(request, actor, &first).await {
            Err(NodeError::AnsweredMeanwhile) => again
                .answered(self)
                .await?
                .ok_or(NodeError::AnsweredMeanwhile),
            asked => asked,
        }
    }

    async fn ask_keeper(
        &self,
        (case, purpose, reason): (CaseId, IdentityPurpose, &str),
        actor: &str,
        asked: &Asked,
    ) -> Result<IdentityAsk, NodeError> {
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > TEXT_CHARS {
            let problem = format!(
                "reason: say in at most {TEXT_CHARS} characters what the identity is needed for"
            );
            return Err(NodeError::Invalid(problem));
        }
        let mut tx = self.write_tx().await?;
        self.shown_case(&mut tx, case).await?;
        let now = self.clock().now_ms();
        let text = case.to_string();
        let mut own = store::consents::asks(&mut tx, &text).await?;
        own.retain(|ask| ask.asked_by == actor);
        if let Some(waits) = own.iter().find(|ask| ask.granted.is_none()) {
            let answer = read_ask(waits.clone())?;
            let place = (new_message_id(now), case, now);
            once::keep(&mut tx, &asked.row(self, place, &answer)?).await?;
            tx.commit().await?;
            return Ok(answer);
        }
        // Two that come at once are the same one.
        let place = format!("{actor}\0{text}\0{}", own.len());
        let row = AskRow {
            id: Digest::of(place.as_bytes()).to_hex()[..32].to_owned(),
            case_id: text,
            asked_by: actor.to_owned(),
            purpose: purpose_text(purpose)?,
            reason: reason.to_owned(),
            asked_at: now,
            granted: None,
            answered_by: None,
            answered_at: None,
        };
        if store::consents::add_ask(&mut tx, &row).await? {
            self.note(&mut tx, actor, "identity.asked", case, &row.id)
                .await?;
            if self.sends_letters() {
                let asked = vec![row.case_id.as_str().into(), 1.into()];
                store::told::ask(&mut tx, asked).await?;
            }
        }
        let answer = read_ask(row)?;
        let place = (new_message_id(now), case, now);
        once::keep(&mut tx, &asked.row(self, place, &answer)?).await?;
        tx.commit().await?;
        Ok(answer)
    }

    /// Requests by officers of this institution, oldest first.
    pub async fn identity_asks(&self, case: CaseId) -> Result<Vec<IdentityAsk>, NodeError> {
        let mut tx = self.read_tx().await?;
        let rows = store::consents::asks(&mut tx, &case.to_string()).await?;
        rows.into_iter().map(read_ask).collect()
    }

    /// The keeper grants or refuses a request; of an anonymous report only
    /// with the reporter's consent.
    pub async fn answer_identity_ask(
        &self,
        case: CaseId,
        ask: &str,
        granted: bool,
        actor: &str,
    ) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        let shown = self.shown_case(&mut tx, case).await?;
        let text = case.to_string();
        let asks = store::consents::asks(&mut tx, &text).await?;
        let row = asks.into_iter().find(|row| row.id == ask);
        let row = row.ok_or_else(|| NodeError::not_found("request for an identity", &ask))?;
        let own = person_of(&mut tx, &row.asked_by).await? == person_of(&mut tx, actor).await?;
        if own || Box::pin(self.has_handled_report(&mut tx, case, actor)).await? {
            return Err(NodeError::Forbidden(OWN_HANDLER.into()));
        }
        if granted {
            self.agreed_here(&mut tx, &shown, ask).await?;
        }
        let now = self.clock().now_ms();
        if store::consents::answer(&mut tx, ask, granted, actor, now).await? == 0 {
            let problem = "ask: this request has been answered already";
            return Err(NodeError::Invalid(problem.into()));
        }
        let action = if granted {
            "identity.granted"
        } else {
            "identity.declined"
        };
        self.note(&mut tx, actor, action, case, ask).await?;
        Ok(tx.commit().await?)
    }

    /// The identity for an officer whose own request the keeper has granted,
    /// as long as the reporter has not taken the consent back.
    pub async fn granted_identity(
        &self,
        case: CaseId,
        actor: &str,
    ) -> Result<Option<Reporter>, NodeError> {
        let mut tx = self.write_tx().await?;
        let shown = self.shown_case(&mut tx, case).await?;
        let asks = store::consents::asks(&mut tx, &case.to_string()).await?;
        let mut granted = asks
            .into_iter()
            .filter(|row| row.asked_by == actor && row.granted == Some(1));
        let row = granted.next_back().ok_or_else(|| {
            let text = "the keeper of identities has not granted you this; ask with a reason first";
            NodeError::Forbidden(text.into())
        })?;
        self.agreed_here(&mut tx, &shown, &row.id).await?;
        self.opened(tx, case, actor).await
    }

    /// The reporter agreed as far as this institution has to ask: of a report that was filed
    /// elsewhere that was asked there, before the identity was disclosed to this one.
    async fn agreed_here(&self, tx: &mut Tx, case: &Case, ask: &str) -> Result<(), NodeError> {
        if case.origin != *self.instance()? {
            return Ok(());
        }
        agreed(tx, case.id, ask, case.anonymous).await
    }

    async fn opened(
        &self,
        mut tx: Tx,
        case: CaseId,
        actor: &str,
    ) -> Result<Option<Reporter>, NodeError> {
        let kept = Box::pin(self.kept_under(&mut tx, case)).await?.to_string();
        let found = match store::secrets::identity(&mut tx, &kept).await? {
            Some(held) => Some(store::read(serde_json::from_str(&held))?),
            None => disclosed(&mut tx, case, self.instance()?).await?,
        };
        let detail = if found.is_some() {
            "opened"
        } else {
            "none held"
        };
        self.note(&mut tx, actor, "identity.opened", case, detail)
            .await?;
        tx.commit().await?;
        Ok(found)
    }

    /// Under which case this node keeps who reported another one: the one that was filed. Of a half
    /// whose whole is not known here it keeps nothing.
    pub(super) async fn kept_under(&self, tx: &mut Tx, case: CaseId) -> Result<CaseId, NodeError> {
        match self.filed_as(tx, case).await {
            Err(NodeError::Locked(_)) => Ok(case),
            found => found,
        }
    }

    /// Whether somebody has worked on a case or on another part of the same report: all have one
    /// reporter.
    pub(crate) async fn has_handled_report(
        &self,
        tx: &mut Tx,
        case: CaseId,
        actor: &str,
    ) -> Result<bool, NodeError> {
        let whole = self.kept_under(tx, case).await?;
        let mut parts = self.family(tx, whole).await?;
        parts.insert(case);
        for part in parts {
            if has_handled(tx, &part.to_string(), actor).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(crate) async fn shown_case(&self, tx: &mut Tx, case: CaseId) -> Result<Case, NodeError> {
        let (me, directory) = (self.instance()?, self.directory());
        let (row, _, shown) = load(tx, case, me, directory.latest(), 0).await?;
        shown
            .filter(|_| row.state.is_some())
            .ok_or_else(|| NodeError::not_found("case", &case))
    }

    /// Whether a case is shown here: it is known, and this institution is not excluded from it.
    pub(crate) async fn is_shown(&self, case: CaseId) -> Result<bool, NodeError> {
        let mut tx = self.read_tx().await?;
        let row = store::cases::case(&mut tx, &case.to_string()).await?;
        Ok(row.is_some_and(|row| row.state.is_some()))
    }

    async fn note(
        &self,
        tx: &mut Tx,
        actor: &str,
        action: &str,
        case: CaseId,
        detail: &str,
    ) -> Result<(), NodeError> {
        let (now, case) = (self.clock().now_ms(), case.to_string());
        Ok(store::audit::add(tx, now, actor, action, Some(&case), detail).await?)
    }
}

fn identity_task(
    case: &CaseSummary,
    (ask, asker, purpose, reason, at): (String, Asker, String, Option<String>, i64),
    agreed: Option<bool>,
) -> IdentityTask {
    IdentityTask {
        case: case.case,
        ticket: case.ticket.clone(),
        title: case.title.clone(),
        anonymous: case.anonymous,
        agreed,
        ask,
        asker,
        purpose,
        reason,
        at,
    }
}

/// Whether this actor may answer a request for an identity from elsewhere,
/// and whether the reporter agreed where that is needed.
pub(crate) async fn may_answer(
    node: &Node,
    tx: &mut Tx,
    act: &NewAct,
    case_id: CaseId,
    case: Option<&Case>,
    actor: &str,
) -> Result<(), NodeError> {
    let discloses = act.kind == "identity.disclosed";
    if !discloses && act.kind != "identity.refused" {
        return Ok(());
    }
    if Box::pin(node.has_handled_report(tx, case_id, actor)).await? {
        return Err(NodeError::Forbidden(OWN_HANDLER.into()));
    }
    let Some(case) = case.filter(|_| discloses) else {
        return Ok(());
    };
    match answered(act, case) {
        Some(request) => agreed(tx, case_id, &request.to_string(), case.anonymous).await,
        // It names none, and is refused by the rules.
        None => Ok(()),
    }
}

/// The request that an answer is about: the one that it names, or the first where it names none. What
/// the reporter said is looked up by it, and by nothing else that was typed.
pub(super) fn answered(act: &NewAct, case: &Case) -> Option<MessageId> {
    match act.body.get("request") {
        Some(named) => named.as_str()?.parse().ok(),
        None => case.identity_requests.keys().next().copied(),
    }
}

/// The reporter agreed, or did not have to and has not objected.
async fn agreed(tx: &mut Tx, case: CaseId, ask: &str, anonymous: bool) -> Result<(), NodeError> {
    let consents = store::consents::of_case(tx, &case.to_string()).await?;
    let said = consents.iter().find(|consent| consent.ask == ask);
    let problem = match said.map(|consent| consent.given != 0) {
        Some(true) => return Ok(()),
        None if !anonymous => return Ok(()),
        Some(false) => "the reporter has refused this or taken the consent back",
        None => "the report is anonymous: the reporter must agree first, in their conversation",
    };
    Err(NodeError::Forbidden(problem.into()))
}

async fn disclosed(
    tx: &mut Tx,
    case: CaseId,
    me: &InstanceId,
) -> Result<Option<Reporter>, NodeError> {
    for (_, line, _, _) in store::inbox::history(tx, &case.to_string()).await? {
        let Some(message) = line.and_then(|line| read_message(&line).ok()) else {
            continue;
        };
        let Ok(Body::IdentityDisclosed(answer)) = &message.body else {
            continue;
        };
        let (Some(sealed), Some(context), true) = (
            &message.sealed,
            message.seal_context(),
            answer.requester == *me,
        ) else {
            continue;
        };
        let Some(key) = identity_key(tx, message.header.id).await? else {
            continue;
        };
        let Ok(words) = open_words(&key, context, sealed) else {
            continue;
        };
        return Ok(serde_json::from_slice(&words).ok());
    }
    Ok(None)
}

async fn identity_key(tx: &mut Tx, id: MessageId) -> Result<Option<ContentKey>, NodeError> {
    let held = store::secrets::content_key(tx, &Subject::Identity(id).to_string()).await?;
    held.map(|key| store::read(ContentKey::from_bytes(&key)))
        .transpose()
}

fn purpose_text(purpose: IdentityPurpose) -> Result<String, NodeError> {
    let value = serde_json::to_value(purpose).map_err(NodeError::damaged)?;
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| NodeError::damaged("a purpose is no text"))
}

fn read_ask(row: AskRow) -> Result<IdentityAsk, NodeError> {
    Ok(IdentityAsk {
        id: row.id,
        case: store::case_id(&row.case_id)?,
        asked_by: row.asked_by,
        purpose: store::read(serde_json::from_value(Value::String(row.purpose)))?,
        reason: row.reason,
        asked_at: row.asked_at,
        granted: row.granted.map(|granted| granted != 0),
        answered_by: row.answered_by,
        answered_at: row.answered_at,
    })
}
