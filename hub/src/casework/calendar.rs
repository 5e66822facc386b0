//! The calendar by which the hub counts: the edition that the directory names
//! and the record holds, and until there is any, the one that both programs
//! ship.

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::calendar::Calendar;
use lapor_protocol::directory::Directory;
use lapor_protocol::dsse::Envelope;
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Message;
use lapor_web::holidays::first_edition;

use crate::error::HubError;
use crate::store;

/// The edition in force: the one that the directory names, else the one that
/// was published last.
pub async fn in_force(tx: &mut Tx, directory: &Directory) -> Result<Arc<Calendar>, HubError> {
    let named = directory.calendar();
    for (line, _) in store::envelopes::calendars(tx).await? {
        let envelope = Envelope::parse(line.as_bytes()).map_err(HubError::damaged)?;
        let message = Message::parse(&envelope.payload).map_err(HubError::damaged)?;
        if let Ok(Body::CalendarUpdated(edition)) = &message.body
            && named.is_none_or(|named| named == edition.edition)
        {
            return Ok(Arc::new(Calendar::of(edition)));
        }
    }
    Ok(first_edition())
}
