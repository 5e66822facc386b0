//! The cases behind a figure, for the console and for programs.

use serde::Deserialize;
use utoipa::ToSchema;

use super::Step;
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
}

/// A page of them as they are now; a step tells only overdue ones apart.
pub async fn listed(
    hub: &Hub,
    which: Which,
    asked: Asked<'_>,
    step: Option<Step>,
) -> Result<Vec<ListRow>, HubError> {
    let mut tx = hub.ground.db.read().await?;
    let rows = match which {
        Which::Overdue => {
            let step = step.map_or("", Step::as_str);
            lists::overdue(&mut tx, asked, step, hub.now_ms()).await?
        }
        Which::Unaccepted => lists::unaccepted(&mut tx, asked).await?,
        Which::Unanswered => lists::unanswered(&mut tx, asked).await?,
    };
    tx.rollback().await?;
    Ok(rows)
}
