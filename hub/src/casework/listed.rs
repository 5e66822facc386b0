//! The cases behind a figure, for the console and for programs.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Step;
use super::figures::Period;
use crate::app::Hub;
use crate::error::HubError;
use crate::store::casework::lists::{self, Asked, ListRow};

/// Which cases are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// A clock has run out.
    Overdue,
    /// The institution has done nothing with the disposition.
    Unaccepted,
    /// Nobody has answered.
    Unanswered,
    /// A disposition that was given back in a period.
    Misrouted,
    /// The first answer of the institution was given in a period; the slowest come first.
    Answered,
}

impl Which {
    /// Whether it happened in a period; of others the list is as they are now.
    pub fn is_past(self) -> bool {
        matches!(self, Self::Misrouted | Self::Answered)
    }
}

/// A page of them; a step tells only overdue ones apart, and the period is that of
/// what has happened.
pub async fn listed(
    hub: &Hub,
    which: Which,
    asked: Asked<'_>,
    (step, period): (Option<Step>, Period),
) -> Result<Vec<ListRow>, HubError> {
    let within = period.span(hub.now_ms());
    let mut tx = hub.ground.db.read().await?;
    let rows = match which {
        Which::Overdue => {
            let step = step.map_or("", Step::as_str);
            lists::overdue(&mut tx, asked, step, hub.now_ms()).await?
        }
        Which::Unaccepted => lists::unaccepted(&mut tx, asked).await?,
        Which::Unanswered => lists::unanswered(&mut tx, asked).await?,
        Which::Misrouted => lists::misrouted(&mut tx, asked, within).await?,
        Which::Answered => lists::answered(&mut tx, asked, within).await?,
    };
    tx.rollback().await?;
    Ok(rows)
}
