//! The hub as its operators' monitoring sees it: whether it can work, and how
//! much there is to do. Labels are routes, codes, kinds and the directory's
//! slugs; never a case, a path with ids in it, or a word.

mod casework;
mod course;
mod figures;
mod instances;
mod readiness;
mod standing;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lapor_web::monitor::{Check, Figures, Monitored, Traffic};
use metrics::{describe_counter, describe_histogram};

use crate::alarms::DELIVERIES;
use crate::app::Hub;
use crate::settings::Settings;

/// Requests of the federation and of those who join.
pub static TRAFFIC: Traffic = Traffic {
    requests: "lapor_hub_requests_total",
    duration: "lapor_hub_request_duration_seconds",
};

/// What is counted where it happens.
pub const COUNTERS: [(&str, &str); 7] = [
    (
        "lapor_hub_envelopes_accepted_total",
        "Messages made durable and ordered.",
    ),
    (
        "lapor_hub_envelopes_repeated_total",
        "Messages that came again and had been accepted before.",
    ),
    (
        "lapor_hub_envelopes_refused_total",
        "Messages at which a batch stopped, by code.",
    ),
    (
        "lapor_hub_rulings_total",
        "Rulings by kind of message and effect.",
    ),
    (
        "lapor_hub_deliveries_total",
        "Items put at the end of a recipient's stream.",
    ),
    (
        "lapor_hub_refusals_total",
        "Requests that were refused or failed, by code.",
    ),
    (
        DELIVERIES,
        "Letters and webhooks about alarms that were tried, by channel and outcome: sent, put_off, dead.",
    ),
];
pub const HISTOGRAMS: [(&str, &str); 3] = [
    (
        "lapor_hub_transaction_size",
        "Messages in one transaction of the order.",
    ),
    (
        "lapor_hub_transaction_duration_seconds",
        "Time of one transaction of the order.",
    ),
    (
        "lapor_hub_commit_duration_seconds",
        "Time of its commit, most of it the disk's.",
    ),
];

/// A running hub that lets itself be watched.
pub struct Monitor(pub Arc<Hub>);

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
        Box::pin(readiness::checks(&self.0))
    }

    fn measure<'a>(
        &'a self,
        figures: &'a mut Figures,
    ) -> BoxFuture<'a, Result<(), Box<dyn Error + Send + Sync>>> {
        Box::pin(async { Ok(figures::measure(&self.0, figures).await?) })
    }
}

/// Where the hub writes.
pub(crate) fn folders(settings: &Settings) -> Vec<PathBuf> {
    let file = settings.database.url.strip_prefix("sqlite://");
    let database = file.and_then(|file| Path::new(file).parent());
    let storage = [&settings.storage.blobs, &settings.storage.keys];
    let storage = storage.map(PathBuf::as_path).into_iter();
    storage.chain(database).map(Path::to_owned).collect()
}
