//! The hub as its operators' monitoring sees it: whether it can work, and how
//! much there is to do. Labels are routes, codes, kinds and the directory's
//! slugs; never a case, a path with ids in it, or a word.

mod figures;
mod instances;
mod readiness;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use lapor_web::monitor::{Check, Figures, Monitored, Traffic};

use crate::app::Hub;
use crate::settings::Settings;

/// Requests of the federation and of those who join.
pub static TRAFFIC: Traffic = Traffic {
    requests: "lapor_hub_requests_total",
    duration: "lapor_hub_request_duration_seconds",
};

/// A running hub that lets itself be watched.
pub struct Monitor(pub Arc<Hub>);

impl Monitored for Monitor {
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
fn folders(settings: &Settings) -> Vec<PathBuf> {
    let file = settings.database.url.strip_prefix("sqlite://");
    let database = file.and_then(|file| Path::new(file).parent());
    let storage = [&settings.storage.blobs, &settings.storage.keys];
    let storage = storage.map(PathBuf::as_path).into_iter();
    storage.chain(database).map(Path::to_owned).collect()
}
