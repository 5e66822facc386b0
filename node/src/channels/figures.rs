//! How much comes and goes on each channel, and what waits; for the desk, and for whoever watches
//! the node. Numbers alone.

use chrono::Days;
use lapor_migrations::Tx;
use lapor_protocol::calendar::{begin_of, day_at};
use serde::Serialize;
use utoipa::ToSchema;

use super::manner::Name;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::counts::{CountRow, WaitingRow};
use crate::store::channels::lines::{self, LineRow};

/// States of what came in that are no end.
const UNFINISHED: [&str; 3] = ["waiting", "unread", "stuck"];

/// What waits, in numbers alone.
pub(crate) struct Queues {
    /// Of what came in, by state.
    pub taken: Vec<(&'static str, u64)>,
    /// What waits by channel and way, `in` or `out`, with the age of the oldest in ms.
    pub waiting: Vec<(String, &'static str, u64, i64)>,
    /// Whether each line goes through that is switched on.
    pub lines: Vec<(&'static str, bool)>,
}

/// What was counted in a while. All that came is `parts`, `acts`, `again`, `commands`, `aside` or
/// `unread`, each message once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChannelCounts)]
pub struct Counted {
    pub came: i64,
    /// Messages that became a report, or a part of one that is still being told.
    pub parts: i64,
    /// Reports that were filed.
    pub reports: i64,
    pub acts: i64,
    pub aside: i64,
    /// The same text once more, which is no second report.
    pub again: i64,
    /// Commands such as `STATUS`, and whatever else an answer alone came of.
    pub commands: i64,
    /// What was not read yet, or could not be.
    pub unread: i64,
    /// Reports that were marked for a second look.
    pub suspect: i64,
    pub said: i64,
    pub refused: i64,
    /// What waits until the person writes again.
    pub closed: i64,
}

/// A way of reporting on which programs talk, in numbers.
#[derive(Debug, Clone)]
pub struct ServiceFigures {
    /// Its name in the settings, where it is a city: two may be called the same.
    pub name: Option<String>,
    /// The title of a city whose own service is followed or fed; none for Open311 of this node.
    pub city: Option<String>,
    /// Today, the last seven and the last thirty days.
    pub counted: [Counted; 3],
}

impl Counted {
    /// What both counted.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            came: self.came + other.came,
            parts: self.parts + other.parts,
            reports: self.reports + other.reports,
            acts: self.acts + other.acts,
            aside: self.aside + other.aside,
            again: self.again + other.again,
            commands: self.commands + other.commands,
            unread: self.unread + other.unread,
            suspect: self.suspect + other.suspect,
            said: self.said + other.said,
            refused: self.refused + other.refused,
            closed: self.closed + other.closed,
        }
    }

    /// Reports of programs, each of which came as one.
    fn filed(count: i64) -> Self {
        Self {
            came: count,
            parts: count,
            reports: count,
            ..Self::default()
        }
    }
}

/// What waits on one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waits {
    pub count: i64,
    /// Since when the oldest does, Unix ms.
    pub oldest: Option<i64>,
}

/// One channel.
#[derive(Debug, Clone)]
pub struct ChannelFigures {
    pub channel: String,
    /// Whether it is switched on.
    pub on: bool,
    /// Today, the last seven and the last thirty days.
    pub counted: [Counted; 3],
    pub waits_in: Waits,
    pub waits_out: Waits,
    /// When something last came in, as far as it is kept.
    pub last_in: Option<i64>,
    pub outage: Outage,
}

/// Why a line does not go through, and since when, Unix ms.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outage {
    /// Why nothing goes out.
    pub out: Option<(String, i64)>,
    /// Why nothing can be fetched.
    pub fetching: Option<(String, i64)>,
}

impl Outage {
    /// The one that began first.
    #[must_use]
    pub fn first(&self) -> Option<(String, i64)> {
        let both = [&self.out, &self.fetching].into_iter().flatten();
        both.min_by_key(|(_, since)| *since).cloned()
    }
}

impl Node {
    pub(crate) async fn channel_queues(&self) -> Result<Queues, NodeError> {
        let now = self.clock().now_ms();
        let mut tx = self.read_tx().await?;
        let counted = store::channels::taken::unfinished(&mut tx).await?;
        let ways = [
            ("in", store::channels::counts::waiting_in(&mut tx).await?),
            ("out", store::channels::counts::waiting_out(&mut tx).await?),
        ];
        let mut lines = Vec::new();
        for name in self.channels_on() {
            let outage = outage(&mut tx, name).await?;
            lines.push((name, outage == Outage::default()));
        }
        let of = |state: &str| {
            let found = counted.iter().find(|(known, _)| known == state);
            found.map_or(0, |(_, count)| count.unsigned_abs())
        };
        let waiting = ways.into_iter().flat_map(|(way, rows)| {
            let rows = rows.into_iter();
            rows.map(move |row| {
                let age = (now - row.oldest).max(0);
                (row.channel, way, row.count.unsigned_abs(), age)
            })
        });
        Ok(Queues {
            taken: UNFINISHED.map(|state| (state, of(state))).to_vec(),
            waiting: waiting.collect(),
            lines,
        })
    }

    /// Every channel that is on, or was of late: today, the last seven and the last thirty days.
    pub async fn channel_figures_of_late(&self) -> Result<Vec<ChannelFigures>, NodeError> {
        self.channel_figures(self.of_late()).await
    }

    /// What programs filed by Open311 where it is on, and what came from and went to the own services of
    /// cities: today, the last seven and the last thirty days.
    pub async fn service_figures_of_late(&self) -> Result<Vec<ServiceFigures>, NodeError> {
        let since = self.of_late();
        let mut tx = self.read_tx().await?;
        let filed = store::open311::count(&mut tx, since).await?;
        let linked = store::cities::count_since(&mut tx, since).await?;
        drop(tx);
        let mut all = Vec::new();
        if self.settings().open311.enabled || filed[2] > 0 {
            all.push(ServiceFigures {
                name: None,
                city: None,
                counted: filed.map(Counted::filed),
            });
        }
        for city in &self.settings().cities {
            let mut counted = [Counted::default(); 3];
            for (of, way, today, week, month) in &linked {
                if *of != city.name {
                    continue;
                }
                for (counted, count) in counted.iter_mut().zip([*today, *week, *month]) {
                    *counted = counted.and(if way == "followed" {
                        Counted::filed(count)
                    } else {
                        Counted {
                            said: count,
                            ..Counted::default()
                        }
                    });
                }
            }
            all.push(ServiceFigures {
                name: Some(city.name.clone()),
                city: Some(city.called().to_owned()),
                counted,
            });
        }
        Ok(all)
    }

    /// When today, the last seven and the last thirty days began, Unix ms.
    fn of_late(&self) -> [i64; 3] {
        let zone = self.zone();
        let today = day_at(zone, self.clock().now_ms());
        [0, 6, 29].map(|days| {
            let day = today.checked_sub_days(Days::new(days)).unwrap_or(today);
            begin_of(zone, day)
        })
    }

    /// Every channel that is on, or was of late; `since` is when today, the last seven and the last
    /// thirty days began, Unix ms.
    pub async fn channel_figures(&self, since: [i64; 3]) -> Result<Vec<ChannelFigures>, NodeError> {
        let on = self.channels_on();
        let mut tx = self.read_tx().await?;
        let taken = store::channels::counts::taken(&mut tx, since).await?;
        let said = store::channels::counts::said(&mut tx, since).await?;
        let reports = store::channels::counts::reports(&mut tx, since).await?;
        let waiting_in = store::channels::counts::waiting_in(&mut tx).await?;
        let waiting_out = store::channels::counts::waiting_out(&mut tx).await?;
        let heard = store::channels::counts::last_heard(&mut tx).await?;
        let mut all = Vec::new();
        for name in Name::ALL.map(Name::as_str) {
            let outage = outage(&mut tx, name).await?;
            let figures = ChannelFigures {
                channel: name.to_owned(),
                on: on.contains(&name),
                counted: counted(name, &taken, &reports, &said),
                waits_in: waits(name, &waiting_in),
                waits_out: waits(name, &waiting_out),
                last_in: heard.iter().find(|(of, _)| of == name).map(|(_, at)| *at),
                outage,
            };
            let silent = figures.counted[2] == Counted::default()
                && figures.waits_in.count + figures.waits_out.count == 0;
            if figures.on || !silent {
                all.push(figures);
            }
        }
        Ok(all)
    }
}

async fn outage(tx: &mut Tx, channel: &str) -> Result<Outage, NodeError> {
    Ok(Outage {
        out: down(lines::one(tx, channel).await?),
        fetching: lines::unfetched(tx, channel).await?,
    })
}

/// Why nothing goes out on a line, and since when.
fn down(line: Option<LineRow>) -> Option<(String, i64)> {
    let line = line.filter(|line| line.failures > 0)?;
    Some((line.problem.unwrap_or_default(), line.since?))
}

fn waits(channel: &str, rows: &[WaitingRow]) -> Waits {
    let row = rows.iter().find(|row| row.channel == channel);
    row.map_or_else(Waits::default, |row| Waits {
        count: row.count,
        oldest: Some(row.oldest),
    })
}

fn counted(
    channel: &str,
    taken: &[CountRow],
    reports: &[CountRow],
    said: &[CountRow],
) -> [Counted; 3] {
    let mut out = [Counted::default(); 3];
    let of = |rows: &[CountRow]| {
        let rows = rows.iter().filter(|row| row.channel == channel);
        rows.map(|row| (row.what.clone(), [row.today, row.week, row.month]))
            .collect::<Vec<_>>()
    };
    for (what, counts) in of(taken) {
        for (counted, count) in out.iter_mut().zip(counts) {
            counted.came += count;
            match what.as_str() {
                "acted" => counted.acts += count,
                "aside" => counted.aside += count,
                "again" => counted.again += count,
                "filed" | "draft" => counted.parts += count,
                "waiting" | "unread" | "stuck" | "parts" => counted.unread += count,
                _ => counted.commands += count,
            }
        }
    }
    for (what, counts) in of(reports) {
        for (counted, count) in out.iter_mut().zip(counts) {
            counted.reports += count;
            if what == "suspect" {
                counted.suspect += count;
            }
        }
    }
    for (what, counts) in of(said) {
        for (counted, count) in out.iter_mut().zip(counts) {
            match what.as_str() {
                "sent" | "delivered" => counted.said += count,
                "refused" => counted.refused += count,
                "closed" => counted.closed += count,
                _ => {}
            }
        }
    }
    out
}
