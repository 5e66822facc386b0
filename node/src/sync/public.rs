//! The public stream: programmes, taxonomy and calendar, for everyone.

use lapor_migrations::{Tx, Value};
use lapor_protocol::case::Effect;
use lapor_protocol::delivery::Item;
use lapor_protocol::kinds::{Body, BodyError};
use lapor_protocol::receipt::Stream;

use super::Link;
use crate::casework::read_message;
use crate::error::NodeError;
use crate::store;
use crate::store::inbox::InboxRow;

impl Link {
    pub(super) async fn apply_public(
        &self,
        tx: &mut Tx,
        rows: Vec<InboxRow>,
    ) -> Result<(), NodeError> {
        let now = self.node.clock().now_ms();
        let mut marks = Vec::with_capacity(rows.len() * 6);
        for row in rows {
            let (state, reason) = match &row.fault {
                Some(fault) => ("quarantined", Some(fault.clone())),
                None => take(tx, &row, now).await?,
            };
            marks.extend([
                Value::from(Stream::Public.as_str()),
                Value::from(row.depoch),
                Value::from(row.dseq),
                Value::from(state),
                Value::from(reason),
                Value::from(row.attempts + 1),
            ]);
        }
        Ok(store::inbox::mark(tx, marks).await.map(drop)?)
    }
}

async fn take(
    tx: &mut Tx,
    row: &InboxRow,
    now: i64,
) -> Result<(&'static str, Option<String>), NodeError> {
    let item: Item = store::read(serde_json::from_str(&row.item))?;
    let own = match &row.line {
        Some(line) => Some(line.clone()),
        None => store::outbox::line(tx, item.envelope_id.as_bytes()).await?,
    };
    let (Some(line), Effect::Applied) = (own, item.ruling.effect) else {
        return Ok(("applied", None));
    };
    let message = read_message(&line)?;
    let owner = message.header.author.as_str();
    let text = |body: &Body| serde_json::to_string(body).map_err(NodeError::damaged);
    match &message.body {
        Ok(body @ Body::ProgrammePublished(published)) => {
            store::public::publish(tx, owner, &published.slug, &text(body)?, now).await?;
        }
        Ok(body @ Body::ProgrammeProgressed(progress)) => {
            store::public::progress(tx, owner, &progress.slug, &text(body)?, now).await?;
        }
        Ok(body @ Body::TaxonomyUpdated(update)) => {
            store::public::add_edition(tx, "taxonomy", &update.edition, &text(body)?, now).await?;
        }
        Ok(body @ Body::CalendarUpdated(update)) => {
            store::public::add_edition(tx, "calendar", &update.edition, &text(body)?, now).await?;
        }
        Ok(_) => return Ok(("refused", Some("not a kind of the public stream".into()))),
        Err(BodyError::Kind(kind)) => return Ok(("parked", Some(format!("unknown kind {kind}")))),
        Err(error) => return Ok(("quarantined", Some(error.to_string()))),
    }
    Ok(("applied", None))
}
