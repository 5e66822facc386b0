//! One thing done to all the cases that were ticked in a list. Each is judged by itself: what could
//! not be done to one stops none of the others, and is named.

mod chosen;
pub mod dispose;
pub mod merge;
mod outcome;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use lapor_protocol::case::State as CaseState;
use lapor_protocol::directory::Status;
use lapor_protocol::ids::CaseId;
use lapor_protocol::limits::TEXT_CHARS;
use lapor_web::language::{TextId, text_id};
use lapor_web::page::{Flash, Form, LocalPath};
use serde_json::{Value, json};

use self::chosen::Chosen;
use super::deeds::Deed;
use super::reasons::reason_choices;
use super::{Answer, Officer, ROOT, assignment, shared};
use crate::api::problem;
use crate::casework::{CaseView, NewAct, Once};
use crate::error::NodeError;
use crate::institutions::Called;
use crate::node::Node;
use crate::staff::{StaffError, StaffRole};

pub const PATH: &str = "/meja/bersama";
/// The choice that takes cases off every desk; no unit is called so.
pub const OFF: &str = "-";
/// Cases that are named where something could not be done to them, at most.
const NAMED: usize = 10;

/// An act that is the same on each of several cases.
enum Same {
    Verify,
    Archive { reason: String, text: String },
    Note { text: String },
    Succeed,
}

/// Whether this desk puts successors in the place of institutions that were dissolved, and one was.
pub fn succeeds(node: &Node) -> bool {
    let directory = node.directory();
    let world = directory.latest();
    let desk = world.desk().map(|desk| &desk.id);
    let ended = world.instances().any(|entry| entry.successor.is_some());
    ended && desk.is_some() && desk == node.instance().ok()
}

/// Told at that desk: the reports that lie with an institution which was dissolved and has an active
/// successor, each with the list of them.
pub async fn told(node: &Node, officer: &Officer) -> Answer<Vec<(String, String)>> {
    if !succeeds(node) {
        return Ok(Vec::new());
    }
    let directory = node.directory();
    let world = directory.latest();
    let succeeded = world.instances().filter(|entry| {
        let successor = entry.successor.as_ref();
        entry.status == Status::Revoked && successor.is_some_and(|id| world.is_active(id))
    });
    let succeeded: Vec<Called> = succeeded
        .map(|entry| (entry.id.clone(), entry.name.clone()))
        .collect();
    let ids: Vec<&str> = succeeded.iter().map(|(id, _)| id.as_str()).collect();
    let counts = node.count_elsewhere_with(&officer.sight, &ids).await;
    let counts = counts.map_err(|error| problem(&error))?;
    let mut all = Vec::new();
    for (id, name) in &succeeded {
        let Some(count) = counts.get(id.as_str()) else {
            continue;
        };
        let said = officer.visit.v.with("n", *count).with("name", name);
        let to = LocalPath::asking(ROOT, [("tab", "lain"), ("instansi", id.as_str())]);
        all.push((said.say("inbox-at-dissolved"), to.to_string()));
    }
    Ok(all)
}

/// Does one thing to all the cases that were ticked.
pub async fn together(
    State(node): State<Arc<Node>>,
    officer: Officer,
    form: Form,
) -> Answer<Response> {
    officer.requires(StaffRole::handles_cases)?;
    let (cases, back) = (ticked(&form), back_of(&form));
    let chosen = match Chosen::read(&node, &officer, &form).await? {
        Ok(chosen) => chosen,
        Err(answer) => return Ok(answer),
    };
    let done = match form.text("tindakan") {
        "disposisi" => return dispose::ask(&node, &officer, &chosen).await,
        "gabung" => return merge::ask(&node, &officer, &chosen),
        "lihat" => node
            .look_at(&officer.sight, &cases)
            .await
            .map(|looked| counted(text_id("inbox-looked"), looked)),
        "unit" => Ok(to_unit(&node, &officer, &cases, form.text("unit")).await?),
        "petugas" => Ok(give(&node, &officer, &cases, form.text("petugas")).await?),
        "wajar" => clear_all(&node, &officer, &cases).await,
        _ => match same(&officer, &form) {
            Ok(same) => Ok(do_all(&node, &officer, &cases, (&same, form.text("kunci"))).await),
            Err(Some(wrong)) => Ok(Flash::warning(wrong)),
            Err(None) => Err(NodeError::Invalid(
                "tindakan: expected one of the buttons".into(),
            )),
        },
    };
    match done {
        Ok(flash) => Ok(officer.visit.go_saying(&back, &flash)),
        Err(NodeError::Invalid(_)) => {
            let flash = Flash::warning(text_id("inbox-not-done"));
            Ok(officer.visit.go_saying(&back, &flash))
        }
        Err(error) => Err(problem(&error)),
    }
}

/// Who comes to a page of several cases by its address alone has ticked none.
pub async fn nothing(officer: Officer) -> Response {
    let flash = Flash::warning(text_id("inbox-nothing-ticked"));
    officer.visit.go_saying(&LocalPath::own(ROOT), &flash)
}

/// The cases that a form names, each once.
fn ticked(form: &Form) -> Vec<CaseId> {
    let named = form.all("laporan").filter_map(|id| id.parse().ok());
    Vec::from_iter(named.collect::<BTreeSet<CaseId>>())
}

/// The list that a form comes from.
fn back_of(form: &Form) -> LocalPath {
    LocalPath::parse(form.text("kembali")).unwrap_or_else(|| LocalPath::own(ROOT))
}

/// The act that a button asks for; or what is missing for it.
fn same(officer: &Officer, form: &Form) -> Result<Same, Option<TextId>> {
    let text = form.text("uraian").trim().to_owned();
    if text.chars().count() > TEXT_CHARS {
        return Err(Some(text_id("inbox-text-too-long")));
    }
    match form.text("tindakan") {
        "verifikasi" => Ok(Same::Verify),
        "penerus" => Ok(Same::Succeed),
        "arsip" => {
            let reason = form.text("alasan").to_owned();
            let known = reason_choices(&officer.visit.v, Deed::Archive);
            if known.iter().all(|choice| choice.value != reason) {
                return Err(Some(text_id("inbox-reason-needed")));
            }
            Ok(Same::Archive { reason, text })
        }
        "catatan" if text.is_empty() => Err(Some(text_id("inbox-text-needed"))),
        "catatan" => Ok(Same::Note { text }),
        _ => Err(None),
    }
}

impl Same {
    /// What it tells apart from another under the same key.
    fn told(&self) -> (&'static str, &str, &str) {
        match self {
            Self::Verify => ("verify_all", "", ""),
            Self::Archive { reason, text } => ("archive_all", reason, text),
            Self::Note { text } => ("note_all", "", text),
            Self::Succeed => ("succeed_all", "", ""),
        }
    }

    fn done(&self) -> TextId {
        match self {
            Self::Verify => text_id("inbox-verified"),
            Self::Archive { .. } => text_id("inbox-archived"),
            Self::Note { .. } => text_id("inbox-noted"),
            Self::Succeed => text_id("inbox-succeeded"),
        }
    }

    /// What is said where it was not done to all: some are named, or the rest is not seen any more.
    fn not_all(&self) -> (TextId, TextId) {
        match self {
            Self::Verify => (
                text_id("inbox-verified-some"),
                text_id("inbox-verified-unseen"),
            ),
            _ => (text_id("inbox-some"), text_id("inbox-some-unseen")),
        }
    }

    /// The acts that it is on a case; a case of several dissolved institutions takes as many.
    async fn acts(&self, node: &Node, view: &CaseView) -> Result<Vec<NewAct>, NodeError> {
        let said = |text: &str| -> Vec<(&str, Value)> {
            let text = Some(text).filter(|text| !text.is_empty());
            text.map(|text| ("text", json!(text))).into_iter().collect()
        };
        Ok(match self {
            Self::Verify => {
                let stands = shared::represented(node, view).map(|id| ("on_behalf_of", json!(id)));
                vec![shared::act(Deed::Verify.kind(), stands.as_slice(), &[])]
            }
            Self::Archive { reason, text } => {
                let body = [("reason", json!(reason))];
                vec![shared::act(Deed::Archive.kind(), &body, &said(text))]
            }
            Self::Note { text } => vec![shared::act(Deed::Note.kind(), &[], &said(text))],
            Self::Succeed => {
                let allowed = node.allowed_acts(view.summary.case).await?;
                let ended = allowed.dissolved.iter();
                let act = |id| {
                    let body = [("institution", json!(id))];
                    shared::act(Deed::Succeed.kind(), &body, &[])
                };
                ended.map(act).collect()
            }
        })
    }
}

/// Does the same to cases that wait for it. What somebody has decided otherwise, or what failed, is
/// named, and so is how many it was done to.
async fn do_all(
    node: &Node,
    officer: &Officer,
    cases: &[CaseId],
    (same, key): (&Same, &str),
) -> Flash {
    let (mut done, mut left) = (0, Vec::new());
    for case in cases {
        let Ok(view) = node.case_seen(&officer.sight, *case).await else {
            continue;
        };
        let name = shared::called(&officer.visit.v, &view.summary);
        match do_one(node, officer, &view, (same, key)).await {
            Ok(()) => done += 1,
            Err(error @ (NodeError::Database(_) | NodeError::File(_) | NodeError::Damaged(_))) => {
                tracing::error!(%error, %case, "something was not done to a case with others");
                left.push(name);
            }
            Err(error) => {
                tracing::info!(%error, %case, "something was not done to a case with others");
                left.push(name);
            }
        }
    }
    if done == cases.len() {
        return counted(same.done(), done as u64);
    }
    let more = left.len().saturating_sub(NAMED);
    left.truncate(NAMED);
    if more > 0 {
        left.push(format!("+{more}"));
    }
    let (not_all, unseen) = same.not_all();
    let names = left.join(", ");
    let flash = if names.is_empty() {
        Flash::warning(unseen)
    } else {
        Flash::warning(not_all).with("names", names)
    };
    flash
        .with("n", done.to_string())
        .with("all", cases.len().to_string())
}

async fn do_one(
    node: &Node,
    officer: &Officer,
    view: &CaseView,
    (same, key): (&Same, &str),
) -> Result<(), NodeError> {
    let (actor, case) = (officer.actor(), view.summary.case);
    let acts = same.acts(node, view).await?;
    if acts.is_empty() {
        // Unless it was done under this key before.
        let once = Once::new(&actor, &format!("{key}-{case}"))?;
        let done = once.is_known(node).await?;
        let nothing = || NodeError::Invalid("case: nothing here waits for this act".into());
        return done.then_some(()).ok_or_else(nothing);
    }
    for (place, act) in acts.into_iter().enumerate() {
        // Pressed again it is the same, whatever the case would be done to by then.
        let key = match place {
            0 => format!("{key}-{case}"),
            place => format!("{key}-{case}-{place}"),
        };
        let once = Once::new(&actor, &key)?.told_by(&(case, same.told()))?;
        if matches!(same, Same::Verify) {
            // Judged with the act itself: somebody else may be about to decide.
            let received = CaseState::Received;
            node.act_once_in(received, (case, act), &actor, &once)
                .await?;
        } else {
            node.act_once(case, act, &actor, &once).await?;
        }
    }
    Ok(())
}

/// Gives cases to an officer.
async fn give(node: &Node, officer: &Officer, cases: &[CaseId], who: &str) -> Answer<Flash> {
    let (sight, actor) = (&officer.sight, officer.actor());
    Ok(match node.give_seen(sight, cases, who, &actor).await {
        Ok(count) => reached(text_id("inbox-assigned"), count, cases.len()),
        Err(error) => Flash::warning(assignment::no_desk(&error)?),
    })
}

/// Puts cases on the desk of a unit, or takes them off every desk.
async fn to_unit(node: &Node, officer: &Officer, cases: &[CaseId], chosen: &str) -> Answer<Flash> {
    if chosen.is_empty() {
        return Ok(Flash::warning(text_id("inbox-unit-needed")));
    }
    let (unit, said) = if chosen == OFF {
        (None, text_id("inbox-taken-off"))
    } else {
        let unit = shared::open_unit(node, chosen).await?;
        (unit, text_id("inbox-assigned"))
    };
    let (sight, actor) = (&officer.sight, officer.actor());
    let put = node.put_in_unit(sight, cases, unit.as_deref(), &actor);
    match put.await {
        Ok(count) => Ok(reached(said, count, cases.len())),
        Err(StaffError::Node(NodeError::Invalid(_) | NodeError::DeskChanged)) => {
            Ok(Flash::warning(text_id("inbox-not-done")))
        }
        Err(error) => Err(assignment::staff_problem(&error)),
    }
}

/// Says of marked cases that they are no abuse. What lies on another desk by now is left as it is,
/// and it is said how many were.
async fn clear_all(node: &Node, officer: &Officer, cases: &[CaseId]) -> Result<Flash, NodeError> {
    let (mut cleared, mut unseen) = (0, 0);
    for case in cases {
        match node.case_seen(&officer.sight, *case).await {
            Ok(_) => {}
            Err(NodeError::NotFound { .. }) => {
                unseen += 1;
                continue;
            }
            Err(error) => return Err(error),
        }
        match node.clear_abuse(*case, &officer.actor()).await {
            Ok(()) => cleared += 1,
            Err(NodeError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    if unseen == 0 {
        return Ok(counted(text_id("suspects-cleared"), cleared));
    }
    Ok(Flash::warning(text_id("suspects-cleared-some"))
        .with("n", cleared.to_string())
        .with("all", cases.len().to_string()))
}

/// What is said where only what is not seen any more was left out.
fn reached(said: TextId, done: usize, all: usize) -> Flash {
    if done == all {
        return counted(said, done as u64);
    }
    Flash::warning(text_id("inbox-some-unseen"))
        .with("n", done.to_string())
        .with("all", all.to_string())
}

fn counted(said: TextId, count: u64) -> Flash {
    Flash::done(said).with("n", count.to_string())
}
