//! What is known of every institution at one moment.

use std::collections::BTreeMap;

use lapor_protocol::directory::Status;
use lapor_protocol::ids::{InstanceId, InstanceKind, Position};
use lapor_protocol::region::RegionCode;
use lapor_protocol::wire;
use serde::Serialize;
use utoipa::ToSchema;

use super::rules::{Bounds, Health, State};

const MINUTE_MS: i64 = 60_000;
/// A picture is made every few seconds; an older one is none of this moment.
const CURRENT_MS: u64 = 30_000;

/// All institutions of the directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Unix ms; when it was made.
    pub at: i64,
    pub instances: BTreeMap<InstanceId, Instance>,
}

/// One institution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Instance {
    #[schema(value_type = String)]
    pub id: InstanceId,
    #[schema(value_type = String)]
    pub kind: InstanceKind,
    pub name: String,
    #[schema(value_type = Option<String>)]
    pub region: Option<RegionCode>,
    #[schema(value_type = String)]
    pub status: Status,
    /// Unix ms; since when it has joined and waits for an operator to approve it.
    pub waits_since: Option<i64>,
    /// Unix ms; since when it may take part, as far as that is known.
    pub member_since: Option<i64>,
    /// Unix ms; when it last asked anything of the hub.
    pub last_contact: Option<i64>,
    /// Unix ms; when this hub began to listen, before which nobody could be heard.
    pub hub_began_at: i64,
    /// Its connections that are open.
    pub connections: usize,
    /// What it said of itself last.
    pub told: Option<Told>,
    /// Last place of its chain that the hub has accepted.
    pub chain: Option<Position>,
    pub frozen: bool,
    /// Whether two copies of its node talk to the hub.
    pub twice: bool,
    /// Unix ms; since when the hub has refused what it sends.
    pub refused_since: Option<i64>,
    /// Whether the hub has taken or refused anything of it since it began.
    pub judged: bool,
    /// Messages accepted from it since it joined.
    pub sent: u64,
    /// Messages put into its stream since it joined.
    pub received: u64,
    /// Of those, the ones that it has not acknowledged.
    pub undelivered: u64,
    /// Unix ms; when the oldest of them was put into its inbox.
    pub oldest_undelivered: Option<i64>,
    /// Those that it has not applied or set aside, undelivered ones included.
    pub unapplied: u64,
    /// Unix ms; when the oldest of them was put into its inbox.
    pub oldest_unapplied: Option<i64>,
    /// Unix ms; since when its view of the streams differs from the hub's.
    pub apart_since: Option<i64>,
    /// Unix ms; when its certificate ends: as the hub issued the latest, or as it says itself if
    /// that is sooner and was said a moment ago. Whoever renewed and went silent said it before.
    pub certificate_expires: Option<i64>,
    /// Unix ms; since when there is a directory version that it has not taken in.
    pub directory_since: Option<i64>,
    /// Messages from it and for it in the last day, as far as is known.
    pub traffic: u64,
    pub health: Health,
}

/// A report of a node, and how its clock stood when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Told {
    /// Unix ms; when it came.
    pub at: i64,
    /// As `POST /health` of the protocol has it.
    pub report: wire::Health,
    /// Milliseconds by which its clock was ahead of the hub's.
    pub clock_offset: i64,
}

impl Told {
    /// Whether it is young enough to say how the institution stands now.
    pub fn is_fresh(&self, bounds: &Bounds, now_ms: i64) -> bool {
        let age = now_ms.saturating_sub(self.at);
        bounds.report_minutes.above(age, MINUTE_MS) == State::Green
    }

    /// Milliseconds that its oldest unsent message has waited at `now_ms`: by its
    /// own clock until it reported, by the hub's since then.
    pub fn unsent_age(&self, now_ms: i64) -> Option<i64> {
        self.report.oldest_unsent.map(|at| self.age(at, now_ms))
    }

    /// Milliseconds since its last backup, in the same way.
    pub fn backup_age(&self, now_ms: i64) -> Option<i64> {
        self.report.last_backup.map(|at| self.age(at, now_ms))
    }

    fn age(&self, at: i64, now_ms: i64) -> i64 {
        let then = self.report.time.saturating_sub(at).max(0);
        then.saturating_add(now_ms.saturating_sub(self.at).max(0))
    }
}

impl Picture {
    /// Whether it still shows how things stand. One of the future was made before the clock was
    /// set back.
    pub fn is_current(&self, now_ms: i64) -> bool {
        now_ms.abs_diff(self.at) < CURRENT_MS
    }

    /// How many institutions have each colour.
    pub fn counts(&self) -> BTreeMap<State, usize> {
        let mut counts = BTreeMap::new();
        for instance in self.instances.values() {
            *counts.entry(instance.health.state).or_default() += 1;
        }
        counts
    }
}
