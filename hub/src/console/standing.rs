//! How an institution stands, on its page: the reasons for its colour, both
//! streams with their lag over a day and a month, its machine, what it has set
//! aside, its keys and certificates, and when it came and went.

mod aside;

use askama::Template;
use lapor_migrations::Tx;
use lapor_protocol::directory::{InstanceEntry, Status};
use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::wire;
use lapor_web::language::{Voice, text_id};
use lapor_web::page::chart::Lines;

use self::aside::{Aside, aside};
use super::admission;
use super::key_terms::{self, KeyLine};
use super::over_time;
use super::roadmap::level_words;
use super::visits::{self, Part};
use super::words::{age, bytes, colour, finding, state_words};
use crate::error::HubError;
use crate::ground::Ground;
use crate::levels::{Level, Levels, Reached};
use crate::set_aside;
use crate::store;
use crate::watch::{Instance, Told, Views};

/// Messages set aside that are listed.
const LISTED: usize = 50;

#[derive(Template)]
#[template(path = "console/standing.html")]
pub struct Standing {
    v: Voice,
    colour: &'static str,
    state: String,
    reasons: Vec<String>,
    level: String,
    missing: Option<String>,
    /// Where it is let in, for whoever may, while it waits for that.
    admit_at: Option<String>,
    streams: Vec<StreamLine>,
    views: Vec<ViewLine>,
    /// How old the report is of which they are.
    views_age: Option<String>,
    /// How old the last report is, where it no longer says how things stand.
    as_of: Option<String>,
    machine: Vec<(String, String)>,
    charts: Vec<Lines>,
    aside: Vec<Aside>,
    /// Said where none is listed.
    unlisted: String,
    /// Set aside and not listed.
    more: usize,
    /// What the institution itself counts, its outbox included.
    own: Option<String>,
    keys: Vec<KeyLine>,
    /// Said where there are none.
    keyless: String,
    certificates: Vec<CertificateLine>,
    visits: Part,
}

/// One of the two streams.
struct StreamLine {
    name: String,
    total: u64,
    /// `None` where nobody has said.
    waiting: Option<u64>,
    oldest: Option<String>,
}

/// What both sides say of one position.
pub struct ViewLine {
    of: String,
    told: String,
    known: String,
    pub same: bool,
}

struct CertificateLine {
    serial: String,
    issued_at: i64,
    ends_at: i64,
}

impl Standing {
    pub async fn of(
        v: &Voice,
        ground: &Ground,
        tx: &mut Tx,
        of: &Instance,
        entry: &InstanceEntry,
        now_ms: i64,
        acts: bool,
    ) -> Result<Self, HubError> {
        let views = views(v, tx, &of.id).await?;
        let (views_at, views) = views.map_or((None, Vec::new()), |(at, views)| (Some(at), views));
        let directory = ground.directory.current();
        let charts = over_time::lines(v, tx, &directory, &of.id, now_ms).await?;
        let visits = visits::latest(v, tx, &of.id).await?;
        let certificates = store::joining::certificates(tx, &of.id).await?;
        let waits = of.waits_since.is_some();
        let (level, missing) = level(v, Levels::of_one(tx, now_ms, of).await?, waits);
        let (found, more) = set_aside::of_one(ground, tx, &of.id, LISTED).await?;
        let fresh = |told: &&Told| told.is_fresh(&ground.settings.watch, now_ms);
        let stale = of.told.as_ref().filter(|told| !fresh(told));
        Ok(Self {
            v: *v,
            colour: colour(of.health.state),
            state: v.say(state_words(of.health.state)),
            reasons: of
                .health
                .findings
                .iter()
                .map(|found| finding(v, found))
                .collect(),
            level,
            missing,
            admit_at: (acts && waits).then(|| admission::at(&of.id)),
            streams: streams(v, of, of.told.as_ref().filter(fresh), now_ms),
            views,
            views_age: views_at.map(|at| age(v, now_ms.saturating_sub(at))),
            as_of: stale.map(|told| age(v, now_ms.saturating_sub(told.at))),
            machine: machine(v, of, now_ms),
            charts,
            aside: aside(v, &directory, found),
            more,
            unlisted: v.say(match &of.told {
                Some(told) if told.report.quarantined > 0 => text_id("aside-its-own"),
                _ => text_id("aside-none"),
            }),
            own: of
                .told
                .as_ref()
                .filter(|told| told.report.quarantined + told.report.parked > 0)
                .map(|told| {
                    let said = v.with("quarantined", told.report.quarantined);
                    said.with("parked", told.report.parked).say("aside-own")
                }),
            keys: key_terms::lines(v, &directory, &of.id),
            keyless: v.say(match entry.status {
                Status::Revoked => text_id("keys-never"),
                _ => text_id("keys-none"),
            }),
            certificates: certificates
                .into_iter()
                .map(|(serial, issued_at, ends_at)| CertificateLine {
                    serial,
                    issued_at,
                    ends_at,
                })
                .collect(),
            visits,
        })
    }
}

/// How far an institution has come in the federation, and what is missing for
/// the next step; `waits` for an operator to let it in.
fn level(v: &Voice, reached: Reached, waits: bool) -> (String, Option<String>) {
    let missing = match (reached.level, reached.answers.percent()) {
        (Level::NotInvited, _) => Some(v.say("missing-invitation")),
        (Level::Invited, _) => Some(v.say("missing-enrolment")),
        (Level::Joined, _) if waits => Some(v.say("missing-approval")),
        (Level::Joined, _) => Some(v.say("missing-exchange")),
        (Level::Exchanging, None) => Some(v.say("missing-answers")),
        (Level::Exchanging, Some(percent)) => {
            let said = v
                .with("percent", percent)
                .with("n", reached.answers.in_time);
            Some(
                said.with("all", reached.answers.due)
                    .say("missing-answering"),
            )
        }
        (Level::Answering | Level::Suspended | Level::Revoked, _) => None,
    };
    (v.say(level_words(reached.level)), missing)
}

/// `told` is what it said of late.
fn streams(v: &Voice, of: &Instance, told: Option<&Told>, now_ms: i64) -> Vec<StreamLine> {
    let old = |since: Option<i64>| since.map(|since| age(v, now_ms.saturating_sub(since)));
    vec![
        StreamLine {
            name: v.say("stream-from"),
            total: of.sent,
            waiting: told.map(|told| told.report.unsent),
            oldest: told
                .and_then(|told| told.unsent_age(now_ms))
                .map(|ms| age(v, ms)),
        },
        StreamLine {
            name: v.say("stream-for"),
            total: of.received,
            waiting: Some(of.undelivered),
            oldest: old(of.oldest_undelivered),
        },
        StreamLine {
            name: v.say("stream-applied"),
            total: of.received.saturating_sub(of.unapplied),
            waiting: Some(of.unapplied),
            oldest: old(of.oldest_unapplied),
        },
    ]
}

/// When an institution reported last (Unix ms), and what both sides said then of
/// the streams between them.
pub async fn views(
    v: &Voice,
    tx: &mut Tx,
    id: &InstanceId,
) -> Result<Option<(i64, Vec<ViewLine>)>, HubError> {
    let report = store::reports::latest(tx, id).await?;
    Ok(report.and_then(|report| {
        let views: Views = serde_json::from_str(&report.views?).ok()?;
        Some((report.at, compared(v, &views)))
    }))
}

fn compared(v: &Voice, views: &Views) -> Vec<ViewLine> {
    let (told, known) = (&views.told, &views.known);
    let nothing = || v.say("view-unsaid");
    let chain = |at: Option<Position>| at.map_or_else(nothing, |at| key_terms::position(v, at));
    let inbox = |at: Option<wire::Reached>| {
        at.map_or_else(nothing, |at| {
            let said = v.with("epoch", at.depoch).with("accepted", at.accepted);
            said.with("settled", at.settled).say("view-inbox-at")
        })
    };
    vec![
        ViewLine {
            of: v.say("view-chain"),
            told: chain(told.chain),
            known: chain(known.chain),
            same: told.chain.is_none() || told.chain == known.chain,
        },
        ViewLine {
            of: v.say("view-inbox"),
            told: inbox(told.inbox),
            known: inbox(known.inbox),
            same: told.inbox.is_none() || told.inbox == known.inbox,
        },
    ]
}

/// How many are open, and whether they are of any use.
fn connections(v: &Voice, of: &Instance) -> String {
    let open = v.number(of.connections);
    if of.connections == 0 || of.status == Status::Active {
        return open;
    }
    v.with("n", open).say("machine-connections-refused")
}

fn machine(v: &Voice, of: &Instance, now_ms: i64) -> Vec<(String, String)> {
    let told = of.told.as_ref();
    let report = told.map(|told| &told.report);
    let ago = |ms: i64| v.with("age", age(v, ms)).say("ago");
    let since = |at: i64| ago(now_ms.saturating_sub(at));
    let lines = [
        (
            text_id("machine-contact"),
            Some(of.last_contact.map_or_else(|| v.say("never"), since)),
        ),
        (text_id("machine-connections"), Some(connections(v, of))),
        (text_id("machine-reported"), told.map(|told| since(told.at))),
        (
            text_id("machine-software"),
            report.map(|report| report.software.clone()),
        ),
        (
            text_id("machine-clock"),
            told.map(|told| offset(v, told.clock_offset)),
        ),
        (
            text_id("machine-disk"),
            report
                .and_then(|report| report.free_disk_bytes)
                .map(|free| bytes(v, i64::try_from(free).unwrap_or(i64::MAX))),
        ),
        (
            text_id("machine-backup"),
            told.map(|told| told.backup_age(now_ms).map_or_else(|| v.say("never"), ago)),
        ),
        (
            text_id("machine-certificate"),
            of.certificate_expires.map(|at| v.moment(at)),
        ),
        (
            text_id("machine-directory"),
            report.map(|report| v.number(report.directory)),
        ),
        (text_id("machine-traffic"), Some(v.number(of.traffic))),
    ];
    let lines = lines.into_iter();
    lines
        .filter_map(|(name, value)| Some((v.say(name), value?)))
        .collect()
}

pub fn offset(v: &Voice, ms: i64) -> String {
    match ms.abs() / 1_000 {
        0 => v.say("clock-right"),
        _ if ms > 0 => v.with("age", age(v, ms)).say("clock-ahead"),
        _ => v.with("age", age(v, ms)).say("clock-behind"),
    }
}
