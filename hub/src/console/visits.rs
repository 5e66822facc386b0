//! When an institution came and went, and why it was turned away: the latest on its page, and all that
//! is kept of it in pages of their own.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_migrations::Tx;
use lapor_protocol::ids::InstanceId;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::LocalPath;
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Path, Query};
use serde::Deserialize;

use super::approvals::failed;
use super::instances::{self, OnePath, one};
use super::names::called;
use super::{Answer, Console};
use crate::error::HubError;
use crate::store;
use crate::store::visits::Visit;

pub const ONE: &str = "/konsol/instansi/{slug}/sambungan";
/// Lines on the page of an institution.
const LATEST: usize = 30;
/// Lines of a page.
const PAGE: usize = 50;

/// Where the history goes on: before a line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Onward {
    sebelum: String,
}

/// A part of the history, newest first.
pub struct Part {
    pub lines: Vec<Line>,
    /// Where what is older stands.
    pub next: Option<String>,
}

pub struct Line {
    pub at: i64,
    pub what: String,
}

#[derive(Template)]
#[template(path = "console/visits.html")]
struct Page {
    v: Voice,
    up_at: String,
    name: String,
    part: Part,
    first: Option<String>,
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
    Query(onward): Query<Onward>,
) -> Answer<Response> {
    let (v, id) = (member.visit.v, &path.slug);
    let directory = console.hub.ground.directory.current();
    let world = directory.latest();
    let entry = world.instance(id).ok_or_else(ApiProblem::not_found)?;
    let name = called(&v, world, entry);
    let unplaced = || ApiProblem::invalid().with_detail("sebelum: expected MOMENT.KIND.");
    let before = before(&onward.sebelum).ok_or_else(unplaced)?;
    let read = async {
        let mut tx = console.hub.ground.db.read().await?;
        let visits = store::visits::before(&mut tx, id, before, PAGE as i64 + 1).await?;
        tx.rollback().await?;
        Ok(visits)
    };
    let visits = read.await.map_err(|error| failed(&error))?;
    let title = v.with("name", name.as_str()).say("visits-of");
    let page = Page {
        v,
        up_at: one(id),
        name,
        part: part(&v, id, &visits, PAGE),
        first: (!onward.sebelum.is_empty()).then(|| at(id)),
    };
    member
        .visit
        .shell(title)
        .within(instances::PATH)
        .show(&page)
}

/// The latest of an institution.
pub async fn latest(v: &Voice, tx: &mut Tx, id: &InstanceId) -> Result<Part, HubError> {
    let visits = store::visits::latest(tx, id, LATEST as i64 + 1).await?;
    Ok(part(v, id, &visits, LATEST))
}

fn at(id: &InstanceId) -> String {
    format!("{}/sambungan", one(id))
}

/// What a page shows of lines of which one more than that was read.
fn part(v: &Voice, id: &InstanceId, visits: &[Visit], most: usize) -> Part {
    let shown = &visits[..visits.len().min(most)];
    let last = shown.last().filter(|_| visits.len() > most);
    Part {
        lines: shown
            .iter()
            .map(|visit| Line {
                at: visit.at,
                what: visited(v, &visit.what, &visit.detail),
            })
            .collect(),
        next: last.map(|last| {
            let before = format!("{}.{}", last.at, last.what);
            LocalPath::asking(&at(id), [("sebelum", before.as_str())]).to_string()
        }),
    }
}

/// Before which moment and, within it, before what; nothing where the text says neither.
fn before(text: &str) -> Option<(i64, &str)> {
    if text.is_empty() {
        return Some((i64::MAX, ""));
    }
    let (at, what) = text.split_once('.')?;
    let known = ["came", "left", "refused"].contains(&what);
    Some((at.parse().ok().filter(|_| known)?, what))
}

/// A line of the history of connections in words.
fn visited(v: &Voice, what: &str, detail: &str) -> String {
    let known = match (what, detail) {
        ("came", _) => Some(text_id("visit-came")),
        ("left", "closed") => Some(text_id("visit-closed")),
        ("left", "ended") => Some(text_id("visit-ended")),
        ("left", "broken") => Some(text_id("visit-broken")),
        ("left", "crowded") => Some(text_id("visit-crowded")),
        ("left", "cut_off") => Some(text_id("visit-cut-off")),
        ("left", "withdrawn") => Some(text_id("visit-withdrawn")),
        ("left", "stopped") => Some(text_id("visit-stopped")),
        ("left", "hub_ended") => Some(text_id("visit-hub-ended")),
        ("left", _) => Some(text_id("visit-unanswered")),
        ("refused", "instance_suspended") => Some(text_id("visit-suspended")),
        ("refused", "instance_revoked") => Some(text_id("visit-revoked")),
        ("refused", "version_unsupported") => Some(text_id("visit-version")),
        ("refused", "rate_limited") => Some(text_id("visit-rate")),
        ("refused", "boot_conflict") => Some(text_id("visit-copy")),
        ("refused", "signature_invalid") => Some(text_id("visit-signature")),
        ("refused", "certificate_unknown") => Some(text_id("visit-certificate")),
        ("refused", "sequence_gap") => Some(text_id("visit-gap")),
        ("refused", "previous_mismatch") => Some(text_id("visit-previous")),
        ("refused", "fork_detected") => Some(text_id("visit-fork")),
        ("refused", "epoch_closed") => Some(text_id("visit-epoch")),
        ("refused", "key_unknown") => Some(text_id("visit-key-unknown")),
        ("refused", "key_revoked") => Some(text_id("visit-key-revoked")),
        ("refused", "header_invalid") => Some(text_id("visit-header")),
        _ => None,
    };
    match known {
        Some(id) => v.say(id),
        None => v.with("code", detail).say("visit-refused"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono_tz::Tz;
    use lapor_protocol::problem::Code;
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;
    use crate::watch::Reason;

    #[test]
    fn every_end_of_a_visit_has_words_of_its_own() {
        for language in Language::ALL {
            let v = Voice::new(language, texts(), Tz::Asia__Jakarta, 0);
            let all = [
                Reason::Closed,
                Reason::Ended,
                Reason::Broken,
                Reason::Unanswered,
                Reason::Crowded,
                Reason::CutOff,
                Reason::Withdrawn,
                Reason::Stopped,
                Reason::HubEnded,
            ];
            let said: BTreeSet<String> = all.map(|why| visited(&v, "left", why.code())).into();
            assert_eq!(said.len(), all.len(), "{said:?}");
        }
    }

    #[test]
    fn what_is_refused_of_a_chain_is_told_in_words() {
        let v = Voice::new(Language::Indonesian, texts(), Tz::Asia__Jakarta, 0);
        for code in [
            Code::CertificateUnknown,
            Code::SequenceGap,
            Code::PreviousMismatch,
            Code::ForkDetected,
            Code::EpochClosed,
            Code::KeyUnknown,
            Code::KeyRevoked,
            Code::SignatureInvalid,
            Code::HeaderInvalid,
        ] {
            let said = visited(&v, "refused", code.as_str());
            assert!(
                said.contains("itolak: ") && !said.contains(code.as_str()),
                "{said}"
            );
        }
        let later = visited(&v, "refused", "of_a_later_version");
        assert_eq!(later, "Ditolak: of_a_later_version");
    }
}
