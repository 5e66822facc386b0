//! To a reporter: their institution has decided to erase the words of their report, why, and until
//! when they can stop it; or another institution has erased them. Of the report itself it says nothing
//! but the ticket.

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::ids::{CaseId, MessageId};

use super::letterhead::leave_foot;
use super::news::{News, OLD_MS};
use super::{Draft, Kind, NEWS_KEPT_MS, Said, letterhead};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::{erasure_words, talk_path};
use crate::reporters::leave_for;
use crate::store;
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
            ];
            paragraphs.extend((reader.filed_as != case).then(|| v.say("letter-news-half")));
            paragraphs.push(v.say("letter-erasure-stop"));
            paragraphs.push(head.at(&talk_path(case)));
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

    /// Tells the reporter of a case that was filed here that another institution has erased its words,
    /// in the transaction in which their address goes with them. Letters that wait may hold its title.
    pub(crate) async fn tell_redaction(
        &self,
        tx: &mut Tx,
        case: &Case,
        message: MessageId,
    ) -> Result<(), NodeError> {
        let (text, named) = (case.id.to_string(), message.to_string());
        store::letters::forget(tx, &text).await?;
        let told = store::told::told(tx, &text).await?;
        if !self.sends_letters() || told.iter().any(|(known, _)| *known == named) {
            return Ok(());
        }
        let begun = self.clock().now_ms() - OLD_MS;
        let events = self.heard_by_reporter(tx, case.id).await?;
        let mut erased = events.iter().filter(|event| event.message == Some(message));
        let Some(event) = erased.next().filter(|event| event.at > begun) else {
            return Ok(());
        };
        let news = News {
            case,
            title: None,
            events: vec![event],
        };
        if self.tell_reporter(tx, case.id, &news).await? > 0 {
            store::told::tell(tx, &text, &named, None).await?;
        }
        Ok(())
    }
}
