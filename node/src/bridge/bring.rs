//! One complaint with what was said of it, brought here in one transaction: the case, its number, how
//! far it is and its follow-ups. What fails leaves nothing behind, and what is there already is left
//! as it is. A trial does all of it and undoes it, so that it says what a run would.

use std::collections::HashSet;

use lapor_migrations::Tx;
use lapor_protocol::calendar::day_at;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_web::language::text_id;
use serde_json::{Map, Value, json};

use super::filing::note_number;
use super::maps::{Maps, shown};
use super::report::{Became, Line};
use super::settings::Reached;
use super::shape::{ALONE, Complaint, FollowUp, hash};
use crate::backup::restored_at;
use crate::casework::{NewAct, count_filings, shown_case, standing, write_filings};
use crate::channels::voice;
use crate::cities::mark;
use crate::doors::facts;
use crate::error::NodeError;
use crate::node::Node;
use crate::registers::known_as;
use crate::store;
use crate::store::bridge::{BridgeRow, FollowUpRow};

/// The state of a follow-up that was brought here.
const BROUGHT: &str = "brought";

/// Who does what the bridge does by itself.
pub const BY_ITSELF: &str = "jobs";
const BEFORE_RESTORE: &str = "it was there before this node was restored and may be a case here already; \
     if it is none, import it by its number";

/// How a run is done.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// Who does it, for the audit log.
    pub actor: &'a str,
    /// Whether it is only tried.
    pub dry: bool,
    /// Whether a case that has the number already is the same.
    pub link: bool,
}

/// Brings complaints here, one after the other.
pub struct Bringing<'a> {
    pub node: &'a Node,
    pub maps: &'a Maps,
    pub terms: Terms<'a>,
}

/// A complaint and what was said of it there.
pub struct Brought {
    pub complaint: Complaint,
    pub follow_ups: Vec<FollowUp>,
    /// Whether it was asked for there, and not read in a table.
    pub asked: bool,
}

/// What is being written of one complaint.
struct Work<'a> {
    node: &'a Node,
    tx: Tx,
    case: CaseId,
    actor: &'a str,
    id: String,
    /// The case was filed here: what becomes of it is decided here.
    ours: bool,
    lines: Vec<Line>,
    news: bool,
}

/// Where a complaint stands here before anything is done.
enum Found {
    Nowhere,
    Known(BridgeRow),
    Numbered(CaseId),
    /// It was filed here and handed over, and its number was not told.
    Ours(CaseId),
    /// Its number is a ticket of here, or a case: a table of this program came back.
    Here(String),
    Wrong(&'static str, &'static str),
}

impl Bringing<'_> {
    /// Brings one. What cannot be used is refused in its line; an error is this node's own.
    pub async fn one(&self, brought: &Brought) -> Result<Vec<Line>, NodeError> {
        match Box::pin(self.try_one(brought)).await {
            Err(error @ (NodeError::Invalid(_) | NodeError::TooLarge(_))) => {
                let (field, what) = told(&error.to_string());
                let refused = Line::of(&brought.complaint.id, Became::Refused);
                Ok(vec![refused.about(field, what)])
            }
            Err(NodeError::Damaged(_)) => Ok(vec![Line::damaged(&brought.complaint.id)]),
            done => done,
        }
    }

    async fn try_one(&self, brought: &Brought) -> Result<Vec<Line>, NodeError> {
        let (node, complaint) = (self.node, &brought.complaint);
        let id = &complaint.id;
        let (mut report, remarks) = self.maps.report(node, complaint);
        let ready = node.filing(&mut report, self.terms.actor).await?;
        // Nothing else is begun to be written from here to the end: what is found stays so.
        let mut tx = node.write_tx().await?;
        let now = node.clock().now_ms();
        let mut place = find(&mut tx, complaint, self.terms.link).await?;
        if matches!(place, Found::Nowhere) && self.is_in_doubt(&mut tx, complaint).await? {
            place = Found::Wrong("id", BEFORE_RESTORE);
        }
        let ours = match &place {
            Found::Known(row) => row.ours == 1,
            Found::Ours(_) => true,
            _ => false,
        };
        let (case, row, became) = match place {
            Found::Wrong(field, what) => {
                tx.rollback().await?;
                return Ok(vec![Line::of(id, Became::Refused).about(field, what)]);
            }
            Found::Here(ticket) => {
                tx.rollback().await?;
                let what = format!("it is here already, as the report {ticket}");
                let known = Line::of(id, Became::Unchanged);
                return Ok(vec![known.about("tracking_id", what)]);
            }
            Found::Known(row) => (store::case_id(&row.case_id)?, Some(row), None),
            Found::Numbered(case) | Found::Ours(case) => (case, None, Some(Became::Linked)),
            Found::Nowhere => {
                let (filed, filing) = ready;
                write_filings(node, &mut tx, &[&filing]).await?;
                (filed.case, None, Some(Became::Imported))
            }
        };
        let mut work = Work {
            node,
            tx,
            case,
            actor: self.terms.actor,
            id: id.clone(),
            ours,
            lines: Vec::new(),
            news: false,
        };
        self.go_on(&mut work, brought, row.as_ref()).await?;
        work.note(brought, row.as_ref(), now).await?;
        let Work {
            tx,
            mut lines,
            news,
            ..
        } = work;
        let became = became.unwrap_or(if news {
            Became::Updated
        } else {
            Became::Unchanged
        });
        if became == Became::Imported {
            let said = remarks.into_iter();
            lines.extend(said.map(|(field, what)| remark(id, field, what)));
        }
        lines.insert(0, Line::of(id, became));
        if self.terms.dry {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
            count_filings(usize::from(became == Became::Imported));
            node.ring_outgoing();
        }
        Ok(lines)
    }

    /// Whether one that is not known may have been brought before a restore. A person who asks for it
    /// says that it was not.
    async fn is_in_doubt(&self, tx: &mut Tx, complaint: &Complaint) -> Result<bool, NodeError> {
        if self.terms.actor != BY_ITSELF {
            return Ok(false);
        }
        let restored = restored_at(tx).await?;
        let restored = restored.map(|at| day_at(facts(self.node).zone, at));
        Ok(complaint.filed.is_some() && complaint.filed <= restored)
    }

    /// How far a case is to be brought. One that was filed here goes its way here; where it ends there,
    /// that is said once.
    fn reached(
        &self,
        work: &mut Work<'_>,
        brought: &Brought,
        before: Option<&BridgeRow>,
    ) -> Reached {
        let status = brought.complaint.status.as_deref();
        let reached = status.map(|status| self.maps.reached(status));
        if work.ours {
            let is_new = before.and_then(|row| row.status.as_deref()) != status;
            if let (Some(Some(Reached::Done | Reached::Rejected)), Some(status), true) =
                (reached, status, is_new)
            {
                let what = "there; what becomes of the report is decided here";
                work.remark("status", format!("{} {what}", shown(status)));
            }
            return Reached::Received;
        }
        match (reached, status) {
            (Some(None), Some(status)) => {
                let what = format!("{} is not known; name it in bridge.statuses", shown(status));
                work.remark("status", what);
                Reached::Received
            }
            (reached, _) => reached.flatten().unwrap_or(Reached::Received),
        }
    }

    /// Brings a case as far as it is there: taken up, followed up, ended.
    async fn go_on(
        &self,
        work: &mut Work<'_>,
        brought: &Brought,
        before: Option<&BridgeRow>,
    ) -> Result<(), NodeError> {
        let reached = self.reached(work, brought, before);
        // What was rejected was never taken up, and may be what nobody should read.
        let taken_up = !matches!(reached, Reached::Received | Reached::Rejected);
        if taken_up && work.state().await? == Some(State::Received) {
            work.act("status", "case.verified", json!({}), None).await?;
        }
        let known = store::bridge::follow_ups(&mut work.tx, &work.case.to_string()).await?;
        let mut known: HashSet<Vec<u8>> = known.into_iter().map(|row| row.hash).collect();
        for said in &brought.follow_ups {
            if known.insert(hash(&said.text)) {
                self.follow_up(work, said).await?;
            }
        }
        let open = work.state().await?.is_some_and(State::is_open);
        match reached {
            Reached::InProgress if work.state().await? == Some(State::Verified) => {
                let why = self.unanswered(&brought.follow_ups);
                work.remark("status", format!("{why}; it stays verified"));
            }
            Reached::Done if open => {
                let reason = json!({"reason": "answered_elsewhere"});
                work.act("status", "case.archived", reason, None).await?;
            }
            Reached::Rejected if open => {
                let reason = json!({"reason": "other"});
                work.act("status", "case.archived", reason, None).await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// An answer of this institution is one here; all else is noted, for its officers.
    async fn follow_up(&self, work: &mut Work<'_>, said: &FollowUp) -> Result<(), NodeError> {
        let public = self.is_own(said) && is_open(said);
        let text = worded(self.node, said);
        let mut message = None;
        if public {
            let body = json!({"proposes_to_close": false});
            message = work
                .act("follow_up", "case.followed_up", body, Some(&text))
                .await?;
        }
        if message.is_none() {
            message = work
                .act("follow_up", "case.noted", json!({}), Some(&text))
                .await?;
        }
        let Some(message) = message else {
            return Ok(());
        };
        let row = FollowUpRow {
            case_id: work.case.to_string(),
            hash: hash(&said.text),
            their_id: said.id.clone(),
            message,
            state: BROUGHT.to_owned(),
            at: self.node.clock().now_ms(),
        };
        store::bridge::put_follow_up(&mut work.tx, &row).await?;
        Ok(())
    }

    fn is_own(&self, said: &FollowUp) -> bool {
        let from = said.from.as_deref();
        from.is_some_and(|from| self.maps.is_own(from))
    }

    /// Why nothing that was said of a complaint there is an answer here.
    fn unanswered(&self, said: &[FollowUp]) -> String {
        let open = || said.iter().filter(|said| is_open(said));
        if open().any(|said| self.is_own(said)) {
            return "what this institution answered stands as a note".into();
        }
        for one in open() {
            match one.from.as_deref() {
                Some(from) if self.maps.institution(from).is_some() => {}
                Some(from) => {
                    let from = shown(from);
                    return format!(
                        "{from} is nobody in the directory, and what it answered stands as a note"
                    );
                }
                None => return "what was answered says of nobody who, and stands as a note".into(),
            }
        }
        if said.is_empty() {
            return "no answer came with it".into();
        }
        "no public answer of this institution came with it".into()
    }
}

/// Whether everybody may read it there, and it says more than where the report went.
fn is_open(said: &FollowUp) -> bool {
    !said.secret && !said.routing
}

impl Work<'_> {
    async fn state(&mut self) -> Result<Option<State>, NodeError> {
        let case = self.case.to_string();
        let (_, case) = shown_case(self.node, &mut self.tx, &case).await?;
        Ok(case.as_ref().map(standing))
    }

    /// Acts, if the rules let it; says otherwise why not. Returns the message.
    async fn act(
        &mut self,
        field: &'static str,
        kind: &str,
        body: Value,
        text: Option<&str>,
    ) -> Result<Option<String>, NodeError> {
        let words = text.map(|text| Map::from_iter([("text".to_owned(), text.into())]));
        let act = NewAct {
            kind: kind.to_owned(),
            body: body.as_object().cloned().unwrap_or_default(),
            words,
            attachments: Vec::new(),
        };
        let acted = self
            .node
            .act_within(&mut self.tx, self.case, act, self.actor);
        match acted.await? {
            Ok(acted) => {
                self.news = true;
                Ok(Some(acted.message.to_string()))
            }
            Err(refused) => {
                self.remark(field, format!("{kind}: {refused}"));
                Ok(None)
            }
        }
    }

    fn remark(&mut self, field: &'static str, what: String) {
        self.lines.push(remark(&self.id, field, what));
    }

    /// Notes that the case stands on both sides, and whether it goes on being asked for.
    async fn note(
        &mut self,
        brought: &Brought,
        before: Option<&BridgeRow>,
        now: i64,
    ) -> Result<(), NodeError> {
        let complaint = &brought.complaint;
        let open = self.state().await?.is_some_and(State::is_open);
        // A table may know one number alone; what else is known already is kept.
        let alone = complaint.id.starts_with(ALONE);
        let their_id = before.filter(|_| alone).map(|row| row.their_id.clone());
        let known = before.and_then(|row| row.tracking.clone());
        let status = before.and_then(|row| row.status.clone());
        let asked_before = before.map_or(0, |row| row.asked_at);
        let row = BridgeRow {
            case_id: self.case.to_string(),
            their_id: their_id.unwrap_or_else(|| complaint.id.clone()),
            tracking: complaint.tracking.clone().or(known),
            status: complaint.status.clone().or(status),
            followed: i64::from(open),
            asked_at: if brought.asked { now } else { asked_before },
            ours: i64::from(self.ours),
        };
        if self.ours && before.is_none() {
            note_number(&mut self.tx, &row.case_id, row.tracking.as_deref()).await?;
            store::bridge::end_filing(&mut self.tx, &row.case_id).await?;
        }
        Ok(store::bridge::put(&mut self.tx, &row).await?)
    }
}

async fn find(tx: &mut Tx, complaint: &Complaint, link: bool) -> Result<Found, NodeError> {
    let tracking = complaint.tracking.as_deref().unwrap_or(&complaint.id);
    let mut known = store::bridge::known(tx, &complaint.id, tracking).await?;
    if known.len() > 1 {
        return Ok(Found::Wrong(
            "id",
            "id and tracking_id are those of two cases",
        ));
    }
    if let Some(row) = known.pop() {
        return Ok(Found::Known(row));
    }
    if let Some(case) = mark::read(&complaint.content) {
        let id = case.to_string();
        let waits = store::bridge::is_filed(tx, &id).await?;
        if waits && store::bridge::of_case(tx, &id).await?.is_none() {
            return Ok(Found::Ours(case));
        }
    }
    if let Some(ticket) = known_as(tracking) {
        let asked = vec![lapor_migrations::Value::from(ticket.as_str())];
        if !store::imports::ticketed(tx, asked).await?.is_empty() {
            return Ok(Found::Here(ticket));
        }
    }
    if complaint.tracking.is_none() {
        return Ok(Found::Nowhere);
    }
    let cases = store::bridge::numbered(tx, tracking).await?;
    match cases.as_slice() {
        [] => Ok(Found::Nowhere),
        [case] if store::bridge::of_case(tx, case).await?.is_none() => {
            let asks = "a case here has this number; if it is the same report, link it";
            if link {
                Ok(Found::Numbered(store::case_id(case)?))
            } else {
                Ok(Found::Wrong("tracking_id", asks))
            }
        }
        [_] => Ok(Found::Wrong(
            "tracking_id",
            "the case here with this number is another one's",
        )),
        _ => Ok(Found::Wrong(
            "tracking_id",
            "several cases here have this number",
        )),
    }
}

/// A follow-up with where and when it was said.
fn worded(node: &Node, said: &FollowUp) -> String {
    let v = voice(node);
    let from = match said.from.as_deref() {
        Some(from) => v.with("from", from).say(text_id("bridge-said-by")),
        None => v.say(text_id("bridge-said-there")),
    };
    let from = v.with("from", from);
    let line = match said.at {
        Some(at) => from
            .with("day", v.day(at.date()))
            .say(text_id("bridge-said-of")),
        None => from.say(text_id("bridge-said")),
    };
    format!("{}\n\n{line}", said.text)
}

fn remark(id: &str, field: &'static str, what: String) -> Line {
    Line::of(id, Became::Remark).about(field, what)
}

/// The field that an error begins with, if it is one of a report, and the rest.
fn told(error: &str) -> (&'static str, String) {
    const FIELDS: [&str; 6] = [
        "title",
        "content",
        "place",
        "own_number",
        "incident_date",
        "reporter",
    ];
    let field = FIELDS.into_iter().find(|field| error.starts_with(field));
    match field {
        Some(field) => {
            let rest = error[field.len()..].trim_start_matches([':', ' ']);
            (field, rest.to_owned())
        }
        None => ("", error.to_owned()),
    }
}
