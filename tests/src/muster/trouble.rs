//! The troubles: what is done to which institutions, what the console must then
//! say of them, and from when on it can know.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use serde::Serialize;

use super::founding::{Place, WAITING_MINUTES};
use super::light::{Light, Mood};
use super::roster::is_within;

/// Messages that have waited for weeks.
const BACKLOG: usize = 300;
const WEEKS: Duration = Duration::from_hours(24 * 21);
/// Seconds without a word that are yellow, as the hub is set by default.
const SILENT_SECONDS: u64 = 45;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A node says nothing
    Silent,
    /// A node takes in and does not apply
    Slow,
    /// A clock is ten minutes ahead
    Clock,
    /// A certificate ends in two days
    Certificate,
    /// Messages of three weeks wait at a node
    Backlog,
    /// Signatures do not hold
    Signatures,
    /// What a node says of its chain is not what the hub knows
    Apart,
    /// All nodes of a province are gone
    Province,
}

impl Trouble {
    /// The reason on the page, as it begins; and the concern in the metrics.
    pub fn shows_as(self) -> (&'static str, &'static str) {
        match self {
            Self::Silent | Self::Province => ("Tidak terdengar selama", "silent"),
            Self::Slow => ("Pesan tertua belum diterapkan", "unapplied"),
            Self::Clock => ("Jam berbeda", "clock"),
            Self::Certificate => ("Sertifikat berakhir dalam", "certificate"),
            Self::Backlog => ("Pesan tertua menunggu dikirim", "unsent"),
            Self::Signatures => ("Hub menolak kiriman", "refused"),
            Self::Apart => ("Pandangan instansi dan hub berbeda", "apart"),
        }
    }

    /// How long it lasts before the rule takes it for one.
    pub fn bound(self, report_every: Duration) -> Duration {
        match self {
            Self::Silent | Self::Province => Duration::from_secs(SILENT_SECONDS),
            Self::Slow => Duration::from_mins(WAITING_MINUTES),
            Self::Apart => report_every,
            Self::Clock | Self::Certificate | Self::Backlog | Self::Signatures => Duration::ZERO,
        }
    }

    /// Whom it befalls; each trouble has a node of its own.
    pub fn befalls(self, nodes: &[Arc<Light>]) -> Vec<Arc<Light>> {
        if self == Self::Province {
            let within = nodes.iter().filter(|node| is_within(node.region.as_ref()));
            return within.cloned().collect();
        }
        let outside: Vec<_> = nodes
            .iter()
            .filter(|node| !is_within(node.region.as_ref()))
            .skip(1)
            .collect();
        vec![Arc::clone(outside[self as usize % outside.len()])]
    }

    pub async fn begin(self, nodes: &[Arc<Light>], place: &Place) -> Result<()> {
        for node in nodes {
            if self == Self::Certificate {
                node.take_up(place.short_certificate(&node.id).await?);
            }
            let mood = match self {
                Self::Silent | Self::Province => Mood::Silent,
                Self::Slow => Mood::Slow,
                Self::Clock => Mood::Ahead,
                Self::Backlog => Mood::Holding,
                Self::Signatures => Mood::Forging,
                Self::Apart => Mood::Apart,
                Self::Certificate => Mood::Sound,
            };
            node.mood.send_replace(mood);
            match self {
                // Comes back to it as an item of its stream.
                Self::Slow | Self::Signatures => drop(node.file(1, Duration::ZERO)),
                Self::Backlog => drop(node.file(BACKLOG, WEEKS)),
                _ => continue,
            }
            // Has it tell of that as well.
            node.mood.send_replace(mood);
        }
        Ok(())
    }

    pub async fn end(self, nodes: &[Arc<Light>]) -> Result<()> {
        for node in nodes {
            if self == Self::Certificate {
                node.renew().await?;
            }
            node.mood.send_replace(Mood::Sound);
        }
        Ok(())
    }
}
