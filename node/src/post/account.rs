//! To whoever proved an address, when something that it opens has changed: their account is gone,
//! or the counter gave a new key of their report.

use lapor_migrations::Tx;

use super::{Draft, Kind, NEWS_KEPT_MS, Said, Words, letterhead};
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::CONVERSATION;

impl Node {
    /// Writes to the address of an account that is being removed.
    pub(crate) async fn tell_account_erased(
        &self,
        tx: &mut Tx,
        contact: &str,
    ) -> Result<(), NodeError> {
        if !self.sends_letters() || !contact.contains('@') {
            return Ok(());
        }
        let head = letterhead(self);
        let words = head.write(|v| Said {
            subject: v
                .with("institution", head.institution())
                .say("letter-account-erased-subject"),
            paragraphs: vec![
                v.with("institution", head.institution())
                    .say("letter-account-erased"),
                v.say("letter-asking-at"),
                head.at(CONVERSATION),
                v.say("letter-account-erased-other"),
            ],
        });
        self.write_of_access(tx, contact, words).await
    }

    /// Writes to the proved address of a reporter that a new key of their report was given at the
    /// counter, so that one who has none of it finds out.
    pub(crate) async fn tell_key_given(
        &self,
        tx: &mut Tx,
        contact: &str,
        ticket: &str,
    ) -> Result<(), NodeError> {
        if !self.sends_letters() || !contact.contains('@') {
            return Ok(());
        }
        let head = letterhead(self);
        let words = head.write(|v| Said {
            subject: v.with("ticket", ticket).say("letter-key-given-subject"),
            paragraphs: vec![
                v.with("institution", head.institution())
                    .with("ticket", ticket)
                    .say("letter-key-given"),
                v.say("letter-key-given-other"),
                head.at(CONVERSATION),
            ],
        });
        self.write_of_access(tx, contact, words).await
    }

    async fn write_of_access(
        &self,
        tx: &mut Tx,
        contact: &str,
        words: Words,
    ) -> Result<(), NodeError> {
        let draft = Draft {
            kind: Kind::News,
            address: contact,
            case: None,
            words,
            leave: None,
            expires_at: Some(self.clock().now_ms() + NEWS_KEPT_MS),
        };
        self.write_letter(tx, draft).await
    }
}
