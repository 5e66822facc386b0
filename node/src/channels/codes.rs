//! Codes for telephones: whoever proves a number gets the digits by text message. So many an hour
//! and no more, because each costs the institution money and a stranger an interruption.

use super::heard::{Address, Heard, Saying};
use super::manner::Name;
use super::outbox::Draft;
use super::words;
use crate::chance::random;
use crate::error::NodeError;
use crate::node::Node;
use crate::reporters::{CODE_LIFE_MS, Letter};
use crate::store;
use crate::store::channels::outbox::OutRow;

/// As it stands in the queue.
const CODE: &str = "code";
/// Codes that are looked at in one round.
const AT_ONCE: u16 = 50;

impl Node {
    /// Puts codes for telephones into the queue. What is too much for this hour waits, and is worth
    /// nothing when the code is not.
    pub(super) async fn write_phone_codes(&self) -> Result<usize, NodeError> {
        if !self.code_ways().text {
            return Ok(0);
        }
        let mut written = 0;
        for letter in self.letters_by_phone(AT_ONCE).await? {
            let now = self.clock().now_ms();
            if self.guards().texting.attempt("", now).is_err() {
                break;
            }
            let mut tx = self.write_tx().await?;
            // Another process may have taken it meanwhile.
            if store::citizens::remove_letter(&mut tx, letter.number).await? == 0 {
                continue;
            }
            let whom = Heard {
                from: Address {
                    id: letter.contact.clone(),
                    ..Address::default()
                },
                ..Heard::default()
            };
            let thread = self.thread_with(&mut tx, Name::Sms, &whom, now).await?;
            let row = self.code_for(&thread, &letter)?;
            store::channels::outbox::add(&mut tx, &row).await?;
            tx.commit().await?;
            written += 1;
        }
        if written > 0 {
            self.switch().to_say.notify_waiters();
        }
        Ok(written)
    }

    fn code_for(&self, thread: &str, letter: &Letter) -> Result<OutRow, NodeError> {
        let v = words::voice(self);
        let code = letter.code.as_deref().unwrap_or_default();
        let said = v.with("code", code).say("chat-code");
        self.to_be_said(Draft {
            channel: Name::Sms,
            thread,
            case: None,
            kind: CODE,
            // Its letter goes in the same transaction: it is said once by that.
            once: format!("code:{}", hex::encode(random::<8>())),
            says: Saying {
                words: words::Piece::of(said).fitted(Name::Sms.manner()),
                ..Saying::default()
            },
        })
    }
}

pub(super) fn is_code(row: &OutRow) -> bool {
    row.kind == CODE
}

/// Whether something in the queue is a code that opens nothing any more.
pub(super) fn is_spent(row: &OutRow, now: i64) -> bool {
    is_code(row) && now - row.created_at >= CODE_LIFE_MS
}
