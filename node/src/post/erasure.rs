//! To a reporter: their institution has decided to erase the words of their report, why, and until
//! when they can stop it. Of the report itself it says nothing but the ticket.

use lapor_migrations::Tx;
use lapor_protocol::ids::CaseId;

use super::letterhead::leave_foot;
use super::{Draft, Kind, NEWS_KEPT_MS, Said, letterhead};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{erasure_words, talk_path};
use crate::reporters::leave_for;
use crate::store::erasures::ErasureRow;

impl Node {
    /// Writes to the reporter of a case that was filed here, if they want letters.
    pub(crate) async fn tell_planned_erasure(
        &self,
        tx: &mut Tx,
        case: CaseId,
        row: &ErasureRow,
    ) -> Result<(), NodeError> {
        if !self.sends_letters() {
            return Ok(());
        }
        let Some(reader) = self.news_reader(tx, case).await? else {
            return Ok(());
        };
        let leave = leave_for(tx, &reader.filed_as.to_string(), "").await?;
        let head = letterhead(self);
        let words = head.write(|v| {
            let reason = v.say(erasure_words(&row.reason));
            let mut paragraphs = vec![
                v.with("ticket", &reader.ticket)
                    .with("institution", head.institution())
                    .with("day", v.date(row.due_at))
                    .with("reason", reason)
                    .say("letter-erasure"),
                v.say("letter-erasure-stop"),
                head.at(&talk_path(reader.filed_as)),
            ];
            paragraphs.extend(leave_foot(&head, v, &leave));
            Said {
                subject: v
                    .with("ticket", &reader.ticket)
                    .say("letter-erasure-subject"),
                paragraphs,
            }
        });
        let draft = Draft {
            kind: Kind::News,
            address: &reader.address,
            case: Some(&row.case_id),
            words,
            leave: Some(leave),
            expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
        };
        self.write_letter(tx, draft).await
    }
}
