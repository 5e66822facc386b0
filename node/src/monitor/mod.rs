//! The node as its operator's monitoring sees it: whether it can work, and how
//! much there is to do. A hub out of reach is no reason not to work. Labels are
//! routes, states and kinds; never a case, a path with ids in it, or a word.

mod figures;
mod readiness;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lapor_web::monitor::{Check, Figures, Monitored, Traffic, free_disk_bytes};
use metrics::{describe_counter, describe_histogram};

use crate::channels::{SAID, TAKEN};
use crate::cities::REQUESTS;
use crate::damage::ROWS;
use crate::hooks::CALLS;
use crate::post::LETTERS;
use crate::settings::Settings;
use crate::sync::Link;

/// Requests of the API.
pub static TRAFFIC: Traffic = Traffic {
    requests: "lapor_node_requests_total",
    duration: "lapor_node_request_duration_seconds",
};

/// What is counted where it happens.
pub const COUNTERS: [(&str, &str); 9] = [
    ("lapor_node_filings_total", "Reports filed here."),
    ("lapor_node_acts_total", "Acts stored here."),
    (
        "lapor_node_acts_refused_total",
        "Acts that the case did not allow.",
    ),
    (
        LETTERS,
        "Letters that were looked at, by what became of them.",
    ),
    (
        TAKEN,
        "Messages of channels that were looked at, by what became of them.",
    ),
    (
        SAID,
        "What was to be said on channels, by what became of it.",
    ),
    (CALLS, "Calls to webhooks, by what became of them."),
    (
        REQUESTS,
        "Requests of cities' own Open311 services, by what became of them.",
    ),
    (
        ROWS,
        "Damaged rows of the database that were passed over, by table.",
    ),
];
pub const HISTOGRAMS: [(&str, &str); 2] = [
    (
        "lapor_node_transaction_size",
        "Filings and acts that shared one transaction.",
    ),
    (
        "lapor_node_transaction_duration_seconds",
        "Time of that transaction.",
    ),
];

/// A running node that lets itself be watched.
pub struct Monitor(pub Arc<Link>);

impl Monitored for Monitor {
    fn describe(&self) {
        TRAFFIC.describe();
        for (name, help) in COUNTERS {
            describe_counter!(name, help);
        }
        for (name, help) in HISTOGRAMS {
            describe_histogram!(name, help);
        }
    }

    fn checks(&self) -> BoxFuture<'_, Vec<Check>> {
        Box::pin(readiness::checks(self.0.node()))
    }

    fn measure<'a>(
        &'a self,
        figures: &'a mut Figures,
    ) -> BoxFuture<'a, Result<(), Box<dyn Error + Send + Sync>>> {
        Box::pin(async { Ok(figures::measure(&self.0, figures).await?) })
    }
}

/// Bytes free where the node writes, on the fullest file system.
pub fn free_disk(settings: &Settings) -> Option<u64> {
    free_disk_bytes(folders(settings).iter().map(PathBuf::as_path))
}

fn folders(settings: &Settings) -> Vec<PathBuf> {
    let file = settings.database.url.strip_prefix("sqlite://");
    let database = file.and_then(|file| Path::new(file).parent());
    let own = [&settings.node.blobs, &settings.node.keys].map(PathBuf::as_path);
    own.into_iter()
        .chain(database)
        .map(Path::to_owned)
        .collect()
}
