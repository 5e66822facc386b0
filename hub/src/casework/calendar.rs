//! The calendar by which the hub counts: the edition that the directory names
//! and the record holds, and until there is any, the one that both programs
//! ship. The edition before stands in for one whose bytes are damaged.

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::calendar::Calendar;
use lapor_protocol::directory::Directory;
use lapor_protocol::kinds::CalendarUpdated;
use lapor_web::holidays::first_edition;

use crate::error::HubError;
use crate::ground::Ground;
use crate::published::{self, Published};

/// The edition in force, and what was read to find it.
pub struct InForce {
    pub calendar: Arc<Calendar>,
    published: Published<CalendarUpdated>,
}

impl InForce {
    /// Has damaged editions asked for. The caller holds no transaction.
    pub async fn note(&self, ground: &Ground) {
        self.published.note(ground).await;
    }
}

/// The edition in force: the one that the directory names, else the one that
/// was published last.
pub async fn in_force(tx: &mut Tx, directory: &Directory) -> Result<InForce, HubError> {
    let published = published::calendars(tx).await?;
    let edition = match directory.calendar() {
        Some(name) => published.named(name),
        None => published.whole().next().map(|(edition, _)| edition),
    };
    let calendar = edition.map_or_else(first_edition, |edition| Arc::new(Calendar::of(edition)));
    Ok(InForce {
        calendar,
        published,
    })
}
