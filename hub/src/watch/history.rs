//! How the streams stood over a day and a month, for the lines on an
//! institution's page and for the traffic that sizes its place.

use lapor_protocol::ids::InstanceId;

use super::picture::{Instance, Picture};
use super::rules::Bounds;
use crate::app::Hub;
use crate::error::HubError;
use crate::store;
use crate::store::samples::Sample;

const DAY_MS: i64 = 86_400_000;
/// Five minutes, kept for a day.
const DAY_STEP: i64 = 300_000;
/// An hour, kept for a month.
const MONTH_STEP: i64 = 3_600_000;

/// The two stretches of time that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    Day,
    Month,
}

impl Span {
    /// Milliseconds of one step.
    pub fn step(self) -> i64 {
        match self {
            Self::Day => DAY_STEP,
            Self::Month => MONTH_STEP,
        }
    }

    /// Milliseconds of all of it.
    pub fn length(self) -> i64 {
        match self {
            Self::Day => DAY_MS,
            Self::Month => 30 * DAY_MS,
        }
    }
}

/// Writes a picture into both histories, and forgets what is too old.
pub async fn note(hub: &Hub, picture: &Picture) -> Result<(), HubError> {
    let bounds = &hub.settings().watch;
    let samples: Vec<(&InstanceId, Sample)> = picture
        .instances
        .values()
        .filter(|instance| instance.chain.is_some())
        .map(|instance| (&instance.id, sample(instance, bounds, picture.at)))
        .collect();
    let mut tx = hub.ground.db.write().await?;
    for span in [Span::Day, Span::Month] {
        store::samples::note(&mut tx, span.step(), samples.iter().copied()).await?;
        store::samples::forget(
            &mut tx,
            span.step(),
            picture.at - span.length() - span.step(),
        )
        .await?;
    }
    tx.commit().await?;
    Ok(())
}

/// How one stands; what it has not said of late is not known.
fn sample(of: &Instance, bounds: &Bounds, at: i64) -> Sample {
    let age = |since: Option<i64>| since.map_or(0, |since| at.saturating_sub(since).max(0));
    let told = of.told.as_ref().filter(|told| told.is_fresh(bounds, at));
    Sample {
        at,
        undelivered: of.undelivered as i64,
        undelivered_age: age(of.oldest_undelivered),
        unsent: told.map(|told| told.report.unsent as i64),
        unsent_age: told.map(|told| told.unsent_age(at).unwrap_or(0)),
        sent: of.sent as i64,
        received: of.received as i64,
    }
}
