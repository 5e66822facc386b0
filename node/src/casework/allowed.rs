//! Which acts the rules allow on a case now, so that a page offers nothing that would be refused.
//!
//! Every kind is put before the judge with a body that says as little as it may. What depends on
//! what somebody fills in (a target, the other case of a merge) is judged again when it is done.

use std::collections::BTreeSet;

use lapor_protocol::case::{Case, Effect, Reason, Ruling, Verdict, judge};
use lapor_protocol::directory::DirectoryAt;
use lapor_protocol::ids::{CaseId, InstanceId};
use serde_json::json;

use super::act::{content_key, load, other_case, term};
use super::compose::{self, Setting};
use super::{CaseSummary, NewAct};
use crate::chance::{new_case_id, new_message_id};
use crate::error::{NodeError, NotAllowed};
use crate::node::Node;

/// What may be done with a case now by this institution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    kinds: BTreeSet<&'static str>,
    /// What this institution may not do, however the case stands.
    unauthorised: BTreeSet<&'static str>,
    /// To whom it may be disposed.
    pub targets: Vec<InstanceId>,
    /// Of its institutions, those that were dissolved and whose successor is not in their place yet.
    pub dissolved: Vec<InstanceId>,
}

/// A kind and the least that its body can say.
const PROBES: [(&str, &str); 20] = [
    ("case.verified", "{}"),
    ("case.held", r#"{"questions":1}"#),
    ("report.completed", "{}"),
    ("case.archived", r#"{"reason":"other"}"#),
    ("case.returned", r#"{"reason":"other"}"#),
    ("case.recalled", r#"{"reason":"other"}"#),
    ("case.followed_up", "{}"),
    ("case.noted", "{}"),
    ("case.replied", "{}"),
    ("case.closed", r#"{"by":"reporter"}"#),
    ("case.reopened", "{}"),
    ("case.unlinked", "{}"),
    ("case.split", "{}"),
    ("case.escalated", r#"{"consent":true}"#),
    ("case.taken_over", "{}"),
    ("case.redacted", r#"{"reason":"other"}"#),
    ("identity.requested", r#"{"purpose":"other"}"#),
    ("case.succeeded", "{}"),
    ("case.linked", "{}"),
    ("case.disposed", "{}"),
];

impl Allowed {
    pub fn has(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    /// Whether it is the authority of this institution that forbids it, and not how the case stands.
    pub fn is_unauthorised(&self, kind: &str) -> bool {
        self.unauthorised.contains(kind)
    }

    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    fn note(&mut self, kind: &'static str, verdict: Option<Verdict>) {
        match verdict {
            Some(Ok(())) => {
                self.kinds.insert(kind);
            }
            Some(Err(refusal)) if refusal.effect == Effect::Unauthorised => {
                self.unauthorised.insert(kind);
            }
            _ => {}
        }
    }
}

/// What the rules do not allow on a case as it stands.
pub(crate) fn not_now(case: &CaseSummary) -> NodeError {
    NodeError::NotAllowed(Box::new(NotAllowed {
        ruling: Ruling {
            effect: Effect::Inapplicable,
            reason: Some(Reason::WrongState),
        },
        state: case.state,
        custodian: case.custodian.clone(),
    }))
}

impl Node {
    /// What the rules allow this institution on a case as it is shown here; nothing on one of which it
    /// hears no more.
    pub async fn allowed_acts(&self, id: CaseId) -> Result<Allowed, NodeError> {
        let (me, directory, now) = (self.instance()?, self.directory(), self.clock().now_ms());
        let world = directory.latest();
        let mut tx = self.read_tx().await?;
        let (_, _, case) = load(&mut tx, id, me, world, now).await?;
        let case = case.ok_or_else(|| NodeError::not_found("case", &id))?;
        if !case.is_party(me, world) {
            return Ok(Allowed::default());
        }
        let key = content_key(&mut tx, id).await?;
        let at = Setting {
            me,
            case_id: id,
            case: Some(&case),
            key: key.as_ref(),
            world,
            now,
            id: new_message_id(now),
        };
        // A merge needs a second case: one like this, which is not this.
        let twin = Case {
            id: new_case_id(now),
            ..case.clone()
        };
        let mut allowed = Allowed::default();
        for (kind, body) in PROBES {
            match kind {
                "case.disposed" => {
                    let (targets, unauthorised) = targets(&at, &case);
                    if targets.is_empty() && unauthorised {
                        allowed.unauthorised.insert(kind);
                    }
                    allowed.targets = targets;
                }
                "case.succeeded" => allowed.dissolved = dissolved(&at),
                "case.linked" => {
                    let act = probe(kind, &json!({ "target_case": twin.id }).to_string())?;
                    allowed.note(kind, judged(act, &at, Some(&twin)));
                }
                "case.unlinked" => {
                    let Ok(prepared) = compose::prepare(probe(kind, body)?, &at) else {
                        continue;
                    };
                    let other = other_case(&mut tx, &prepared.body, me, world).await?;
                    allowed.note(kind, judged(probe(kind, body)?, &at, other.as_ref()));
                }
                _ => allowed.note(kind, judged(probe(kind, body)?, &at, None)),
            }
        }
        if !allowed.targets.is_empty() {
            allowed.kinds.insert("case.disposed");
        }
        if !allowed.dissolved.is_empty() {
            allowed.kinds.insert("case.succeeded");
        }
        Ok(allowed)
    }
}

/// Institutions that take part in the case no more, and whose successor can take their place.
fn dissolved(at: &Setting<'_>) -> Vec<InstanceId> {
    let ended = at
        .world
        .instances()
        .filter(|entry| entry.successor.is_some());
    let mut ended: Vec<InstanceId> = ended.map(|entry| entry.id.clone()).collect();
    ended.retain(|institution| {
        let act = probe(
            "case.succeeded",
            &json!({ "institution": institution }).to_string(),
        );
        act.is_ok_and(|act| matches!(judged(act, at, None), Some(Ok(()))))
    });
    ended
}

/// To whom it may be disposed, and whether all others are beyond the authority of this institution.
fn targets(at: &Setting<'_>, case: &Case) -> (Vec<InstanceId>, bool) {
    let possible = |world: DirectoryAt<'_>| -> Vec<InstanceId> {
        let active = world.instances().filter(|entry| entry.is_active());
        let others = active.filter(|entry| entry.id != case.custodian);
        others.map(|entry| entry.id.clone()).collect()
    };
    let (mut targets, mut unauthorised) = (Vec::new(), true);
    for target in possible(at.world) {
        let act = probe("case.disposed", &json!({ "target": target }).to_string());
        match act.ok().and_then(|act| judged(act, at, None)) {
            Some(Ok(())) => targets.push(target),
            Some(Err(refusal)) if refusal.effect == Effect::Unauthorised => {}
            _ => unauthorised = false,
        }
    }
    (targets, unauthorised)
}

fn probe(kind: &str, body: &str) -> Result<NewAct, NodeError> {
    Ok(NewAct {
        kind: kind.to_owned(),
        body: serde_json::from_str(body).map_err(NodeError::damaged)?,
        words: None,
        attachments: Vec::new(),
    })
}

/// What the judge says of an act; nothing where it cannot be written at all.
fn judged(act: NewAct, at: &Setting<'_>, other: Option<&Case>) -> Option<Verdict> {
    let prepared = compose::prepare(act, at).ok()?;
    let term = term(&prepared.body, at.case, at.me, at.world);
    let draft = compose::draft(prepared, at, term, None, Vec::new()).ok()?;
    let message = draft.provisional(at.me);
    Some(judge(&message, &draft.body, at.case, other, at.world))
}
