//! What is measured of one institution, and what of it gives the colour. It
//! stands beside its tile when somebody points at that or comes to it with the
//! keyboard, and is a page of its own; it is read from the picture as it was
//! made last, so that many may be looked at in a row.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use lapor_web::language::{TextId, Voice, text_id};
use lapor_web::people::Member;
use lapor_web::{ApiProblem, Path};

use super::approvals::failed;
use super::federation::seen;
use super::instances::{OnePath, one};
use super::names::named;
use super::standing::{ViewLine, offset, views};
use super::words::{age, bytes, colour, finding, state_words};
use super::{Answer, Console, ROOT};
use crate::error::HubError;
use crate::watch::{Bounds, Concern, Instance};

pub const ONE: &str = "/konsol/instansi/{slug}/ukuran";
/// What of it follows the path of an institution.
pub const BELOW: &str = "/ukuran";

#[derive(Template)]
#[template(path = "console/measures.html")]
struct Page {
    v: Voice,
    up_at: &'static str,
    at: String,
    name: String,
    colour: &'static str,
    state: String,
    reasons: Vec<String>,
    /// How old the last report is, where it no longer says how things stand.
    as_of: Option<String>,
    lines: Vec<Line>,
}

struct Line {
    name: String,
    value: String,
    /// The colour that it gives.
    colour: Option<&'static str>,
}

pub async fn show(
    State(console): State<Arc<Console>>,
    member: Member,
    Path(path): Path<OnePath>,
) -> Answer<Response> {
    let v = member.visit.v;
    let picture = seen(&console).await?;
    let of = picture.instances.get(&path.slug);
    let of = of.ok_or_else(ApiProblem::not_found)?;
    let both = both(&console, &v, of).await.map_err(|e| failed(&e))?;
    let bounds = &console.hub.settings().watch;
    let now_ms = console.hub.now_ms();
    let stale = of
        .told
        .as_ref()
        .filter(|told| !told.is_fresh(bounds, now_ms));
    let reasons = of.health.findings.iter();
    let directory = console.hub.ground.directory.current();
    let name = named(&v, &directory, of.id.as_str());
    let page = Page {
        v,
        up_at: ROOT,
        at: one(&of.id),
        name: name.clone(),
        colour: colour(of.health.state),
        state: v.say(state_words(of.health.state)),
        reasons: reasons.map(|found| finding(&v, found)).collect(),
        as_of: stale.map(|told| age(&v, now_ms.saturating_sub(told.at))),
        lines: lines(&v, of, both, bounds, now_ms),
    };
    let title = v.with("name", name).say("measures-title");
    member.visit.shell(title).within(ROOT).show(&page)
}

/// What both sides said of the streams, and when (Unix ms).
async fn both(
    console: &Console,
    v: &Voice,
    of: &Instance,
) -> Result<Option<(i64, Vec<ViewLine>)>, HubError> {
    let mut tx = console.hub.ground.db.read().await?;
    let both = views(v, &mut tx, &of.id).await?;
    tx.rollback().await?;
    Ok(both)
}

fn lines(
    v: &Voice,
    of: &Instance,
    both: Option<(i64, Vec<ViewLine>)>,
    bounds: &Bounds,
    now_ms: i64,
) -> Vec<Line> {
    let gives = |concern: Concern| {
        let found = of.health.findings.iter();
        let mut found = found.filter(|found| found.concern == concern);
        found.next().map(|found| colour(found.state))
    };
    values(v, of, both, bounds, now_ms)
        .into_iter()
        .map(|(name, concern, value)| Line {
            name: v.say(name),
            value: value.unwrap_or_else(|| v.say("measure-unknown")),
            colour: gives(concern),
        })
        .collect()
}

/// `None` where nobody has said.
fn values(
    v: &Voice,
    of: &Instance,
    both: Option<(i64, Vec<ViewLine>)>,
    bounds: &Bounds,
    now_ms: i64,
) -> [(TextId, Concern, Option<String>); 11] {
    let told = of.told.as_ref();
    let fresh = told.filter(|told| told.is_fresh(bounds, now_ms));
    let ago = |ms: i64| v.with("age", age(v, ms)).say("ago");
    let since = |at: i64| now_ms.saturating_sub(at);
    let oldest = |ms: Option<i64>| ms.map_or_else(|| v.say("measure-nothing"), |ms| age(v, ms));
    [
        (
            text_id("machine-contact"),
            Concern::Silent,
            Some(
                of.last_contact
                    .map_or_else(|| v.say("never"), |at| ago(since(at))),
            ),
        ),
        (
            text_id("machine-reported"),
            Concern::Unreported,
            told.map(|told| ago(since(told.at))),
        ),
        (
            text_id("measure-unsent"),
            Concern::Unsent,
            fresh.map(|told| oldest(told.unsent_age(now_ms))),
        ),
        (
            text_id("measure-unapplied"),
            Concern::Unapplied,
            Some(oldest(of.oldest_unapplied.map(since))),
        ),
        (
            text_id("views-title"),
            Concern::Apart,
            both.map(|(at, both)| {
                let agree = both.iter().all(|view| view.same);
                let said = v.with("age", age(v, since(at)));
                said.say(if agree {
                    text_id("views-agree")
                } else {
                    text_id("views-differ")
                })
            }),
        ),
        (
            text_id("aside-title"),
            Concern::SetAside,
            told.map(|told| {
                let said = v.with("quarantined", told.report.quarantined);
                said.with("parked", told.report.parked).say("measure-aside")
            }),
        ),
        (
            text_id("measure-certificate"),
            Concern::Certificate,
            of.certificate_expires
                .map(|at| left(v, at.saturating_sub(now_ms))),
        ),
        (
            text_id("machine-clock"),
            Concern::Clock,
            told.map(|told| offset(v, told.clock_offset)),
        ),
        (
            text_id("machine-software"),
            Concern::Version,
            told.map(|told| told.report.software.clone()),
        ),
        (
            text_id("machine-disk"),
            Concern::Disk,
            told.and_then(|told| told.report.free_disk_bytes)
                .map(|free| bytes(v, i64::try_from(free).unwrap_or(i64::MAX))),
        ),
        (
            text_id("machine-backup"),
            Concern::Backup,
            told.map(|told| told.backup_age(now_ms).map_or_else(|| v.say("never"), ago)),
        ),
    ]
}

/// How long a certificate is still good for.
fn left(v: &Voice, ms: i64) -> String {
    if ms <= 0 {
        return v.say("concern-certificate-ended");
    }
    v.with("age", age(v, ms)).say("measure-left")
}
