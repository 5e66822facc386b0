//! A time in which the hub takes nothing in, announced to everybody as a notice in a signed
//! version of the directory. It begins and ends by the clock, or is ended by hand.
//!
//! Meanwhile the hub answers 503 `maintenance` to whatever would change the record or join; the
//! directory, which tells of the end, and the nodes' reports go on, and so does the console. What a
//! restored hub has lost comes back all the same: before that no version could end it.

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::directory::{Directory, Maintenance, Status};
use lapor_protocol::problem::Code;
use lapor_web::chance::random;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::{self, By};
use crate::deeds::Deed;
use crate::directory::Amendment;
use crate::error::{HubError, Refusal};
use crate::ground::Ground;
use crate::membership::MembershipError;
use crate::watch::Picture;

const SECOND_MS: i64 = 1_000;
/// The longest time that can be announced.
pub const LONGEST_MS: i64 = 7 * 24 * 60 * 60 * SECOND_MS;
/// Seconds after which a node asks again, at most: it may have been ended by hand.
const ASK_AGAIN: i64 = 60;
/// Seconds over which those who come back at the end are spread.
const SPREAD: u32 = 15;

/// Why a maintenance cannot be announced or ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MaintenanceError {
    #[error("a maintenance ends after it begins, and after now")]
    Over,
    #[error("a maintenance lasts seven days at most; announce another when this one ends")]
    TooLong,
    #[error("a maintenance lasts; end it before another is announced for later")]
    Lasts,
    #[error("no maintenance is announced; there is nothing to end")]
    None,
    #[error("another maintenance is announced than the one to end; look at it, and ask anew")]
    Another,
}

/// What is announced now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Notice {
    /// Unix ms.
    pub from: i64,
    /// Unix ms; the first moment after it.
    pub until: i64,
    pub reason: String,
    /// Whether it has begun.
    pub on: bool,
    /// Active institutions whose node has taken in the version of the directory with the notice.
    pub told: usize,
    /// All active institutions.
    pub active: usize,
}

/// What is announced, and to how many it has come by this picture.
pub fn read(ground: &Ground, picture: &Picture) -> Option<Notice> {
    let now = ground.clock.now_ms();
    let directory = ground.directory.current();
    let notice = directory.maintenance(now)?;
    let all = picture.instances.values();
    let active: Vec<_> = all.filter(|of| of.status == Status::Active).collect();
    let told = active.iter().filter(|of| {
        let told = of.told.as_ref();
        told.is_some_and(|told| told.report.directory >= directory.announced_in())
    });
    Some(Notice {
        from: notice.from,
        until: notice.until,
        reason: notice.reason.clone(),
        on: notice.is_on(now),
        told: told.count(),
        active: active.len(),
    })
}

/// Refuses while it lasts, and says when to ask again.
pub(crate) fn refuse_meanwhile(ground: &Ground) -> Result<(), HubError> {
    let now = ground.clock.now_ms();
    let directory = ground.directory.current();
    let Some(notice) = directory.maintenance(now).filter(|one| one.is_on(now)) else {
        return Ok(());
    };
    let left = (notice.until - now).div_euclid(SECOND_MS) + 1;
    let spread = u32::from(random::<1>()[0]) % SPREAD;
    let seconds = u32::try_from(left.min(ASK_AGAIN)).unwrap_or_default() + spread;
    Err(Refusal::of(Code::Maintenance).after_seconds(seconds).into())
}

/// When the last one ended, or will end (Unix ms): who waited for it needs a moment to be heard
/// again.
pub(crate) fn ends_at(ground: &Ground) -> Option<i64> {
    let directory = ground.directory.current();
    let begun = directory.last_begun(ground.clock.now_ms());
    begun.map(|one| one.until)
}

/// Why an act that waits would only be refused now, if it would be.
pub fn hindered(ground: &Ground, deed: &Deed) -> Option<MaintenanceError> {
    let now = ground.clock.now_ms();
    let directory = ground.directory.current();
    let announced = directory.maintenance(now);
    match deed {
        Deed::Maintain { from, until } => begins((*from, *until), announced, now).err(),
        Deed::EndMaintenance { .. } => meant(deed, announced).err(),
        _ => None,
    }
}

/// When one begins that is asked for from a moment until another, beside what is announced (Unix ms).
fn begins(
    (from, until): (i64, i64),
    announced: Option<&Maintenance>,
    now: i64,
) -> Result<i64, MaintenanceError> {
    let from = from.max(now);
    if until <= from {
        return Err(MaintenanceError::Over);
    }
    if until - from > LONGEST_MS {
        return Err(MaintenanceError::TooLong);
    }
    if from > now && announced.is_some_and(|one| one.is_on(now)) {
        return Err(MaintenanceError::Lasts);
    }
    Ok(from)
}

/// What is announced, if it is the one that the deed means.
fn meant<'a>(
    deed: &Deed,
    announced: Option<&'a Maintenance>,
) -> Result<&'a Maintenance, MaintenanceError> {
    let notice = announced.ok_or(MaintenanceError::None)?;
    if deed.means(notice) {
        Ok(notice)
    } else {
        Err(MaintenanceError::Another)
    }
}

/// Announces one in the place of whatever was announced before.
pub(crate) async fn plan_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    from: i64,
    until: i64,
) -> Result<Arc<Directory>, MembershipError> {
    let now = ground.clock.now_ms();
    let directory = ground.directory.refresh(tx).await?;
    let from = begins((from, until), directory.maintenance(now), now)?;
    audit::note_about(tx, now, by, "maintenance.planned", None).await?;
    let notice = Maintenance {
        from,
        until,
        reason: by.reason.to_owned(),
    };
    Ok(announce(ground, tx, notice).await?)
}

/// The act that ends what is announced now. It names nothing where nothing is, and is refused.
pub fn ending(ground: &Ground) -> Deed {
    let directory = ground.directory.current();
    ending_of(directory.maintenance(ground.clock.now_ms()))
}

fn ending_of(notice: Option<&Maintenance>) -> Deed {
    Deed::EndMaintenance {
        from: notice.map(|one| one.from),
        until: notice.map(|one| one.until),
        reason: notice.map(|one| one.reason.clone()),
    }
}

/// Ends the one that lasts, or calls off the one that is to come, if it is the one that the deed
/// means.
pub(crate) async fn end_in(
    ground: &Ground,
    tx: &mut Tx,
    by: &By<'_>,
    deed: &Deed,
) -> Result<Arc<Directory>, MembershipError> {
    let now = ground.clock.now_ms();
    let directory = ground.directory.refresh(tx).await?;
    let notice = meant(deed, directory.maintenance(now))?;
    let ended = Maintenance {
        from: notice.from.min(now),
        until: now,
        reason: notice.reason.clone(),
    };
    // A deed of builds of before names none, and only one that does says what it is.
    let action = ending_of(Some(notice)).action(now);
    audit::note_about(tx, now, by, action, None).await?;
    Ok(announce(ground, tx, ended).await?)
}

async fn announce(
    ground: &Ground,
    tx: &mut Tx,
    notice: Maintenance,
) -> Result<Arc<Directory>, HubError> {
    let directory = ground.directory.refresh(tx).await?;
    let amendment = Amendment {
        maintenance: Some(notice),
        ..Amendment::default()
    };
    ground.publish(tx, &directory, amendment).await
}
