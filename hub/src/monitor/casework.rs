//! What stands at each institution that has joined: cases that are overdue or
//! without an answer, and dispositions that it has not taken up. The label is
//! the slug, as beside it; never a case.

use std::collections::BTreeMap;

use lapor_migrations::Tx;
use lapor_protocol::directory::{Directory, Status};
use lapor_web::monitor::{Figures, float};

use crate::casework;
use crate::error::HubError;
use crate::store;
use crate::store::casework::sums::{self, By};
use crate::store::state::CASEWORK;

/// What is counted, by slug.
pub struct Counted {
    overdue: BTreeMap<String, i64>,
    unaccepted: BTreeMap<String, i64>,
    unanswered: BTreeMap<String, i64>,
    /// Cases that are passed over.
    unread: usize,
    /// Number of the last message that was taken in.
    taken_in: i64,
}

pub async fn read(tx: &mut Tx, now_ms: i64) -> Result<Counted, HubError> {
    let overdue = sums::overdue(tx, By::Institution, now_ms).await?;
    let standing = sums::standing_of_each(tx).await?;
    let taken_in = store::state::read(tx, CASEWORK).await?;
    let unread = casework::unread_cases(tx).await?.len();
    let of = |row: &(String, i64, i64), count: i64| (row.0.clone(), count);
    Ok(Counted {
        overdue: overdue.into_iter().collect(),
        unaccepted: standing.iter().map(|row| of(row, row.1)).collect(),
        unanswered: standing.iter().map(|row| of(row, row.2)).collect(),
        unread,
        taken_in: taken_in.and_then(|text| text.parse().ok()).unwrap_or(0),
    })
}

pub fn measure(figures: &mut Figures, directory: &Directory, counted: &Counted, ordered: i64) {
    figures.gauge(
        "lapor_hub_casework_behind_messages",
        "Ordered messages that the figures of casework have not taken in.",
        float(ordered.saturating_sub(counted.taken_in).unsigned_abs()),
    );
    figures.gauge(
        "lapor_hub_casework_unread_cases",
        "Cases that cannot be read at the hub, which its figures of casework pass over.",
        float(counted.unread as u64),
    );
    let world = directory.latest();
    let joined = |status: Status| matches!(status, Status::Active | Status::Suspended);
    let mut each = |name: &str, help: &str, counts: &BTreeMap<String, i64>| {
        let known = world.instances().filter(|entry| joined(entry.status));
        let rows = known.map(|entry| {
            let count = counts.get(entry.id.as_str()).copied().unwrap_or(0);
            (
                vec![("instance", entry.id.as_str())],
                float(count.unsigned_abs()),
            )
        });
        figures.gauges(name, help, rows);
    };
    each(
        "lapor_hub_instance_overdue_cases",
        "Open cases of which a deadline of the institution has run out.",
        &counted.overdue,
    );
    each(
        "lapor_hub_instance_unaccepted_dispositions",
        "Dispositions with which the institution has done nothing.",
        &counted.unaccepted,
    );
    each(
        "lapor_hub_instance_unanswered_cases",
        "Open cases at the institution that nobody has answered.",
        &counted.unanswered,
    );
}
