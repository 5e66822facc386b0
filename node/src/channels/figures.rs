//! How much comes and goes on each channel, and what waits; for the desk, and for whoever watches
//! the node. Numbers alone.

use chrono::Days;
use lapor_protocol::calendar::{begin_of, day_at};
use serde::Serialize;
use utoipa::ToSchema;

use super::manner::Name;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;
use crate::store::channels::counts::{CountRow, WaitingRow};
use crate::store::channels::lines::LineRow;

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

/// What was counted in a while.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ChannelCounts)]
pub struct Counted {
    pub came: i64,
    pub reports: i64,
    pub acts: i64,
    pub aside: i64,
    /// The same text once more, which is no second report.
    pub again: i64,
    /// Reports that were marked for a second look.
    pub suspect: i64,
    pub said: i64,
    pub refused: i64,
    /// What waits until the person writes again.
    pub closed: i64,
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
    /// Why nothing goes out, and since when.
    pub down: Option<(String, i64)>,
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
            let line = store::channels::lines::one(&mut tx, name).await?;
            lines.push((name, down(line).is_none()));
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
        let zone = self.zone();
        let today = day_at(zone, self.clock().now_ms());
        let since = [0, 6, 29].map(|days| {
            let day = today.checked_sub_days(Days::new(days)).unwrap_or(today);
            begin_of(zone, day)
        });
        self.channel_figures(since).await
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
            let line = store::channels::lines::one(&mut tx, name).await?;
            let figures = ChannelFigures {
                channel: name.to_owned(),
                on: on.contains(&name),
                counted: counted(name, &taken, &reports, &said),
                waits_in: waits(name, &waiting_in),
                waits_out: waits(name, &waiting_out),
                last_in: heard.iter().find(|(of, _)| of == name).map(|(_, at)| *at),
                down: down(line),
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
                _ => {}
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
