//! The audit log of this hub, and who stands behind an act. It is only ever
//! added to, by whatever was done in the same transaction; the database itself
//! refuses to change or delete an entry.

use futures_util::future::BoxFuture;
use lapor_migrations::{DbError, Tx};
use lapor_web::accounts::{Deed as AccountDeed, Journal};

use crate::store;

/// Who does something, and why.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// `account:ID`, `token:NAME`, `cli:USER`, or a part of the program.
    pub actor: &'a str,
    /// In their own words; may be empty.
    pub reason: &'a str,
    /// Who asked for it, where `actor` is the second person.
    pub asked_by: Option<&'a str>,
}

impl<'a> By<'a> {
    /// Somebody who gives no reason.
    pub fn actor(actor: &'a str) -> Self {
        By {
            actor,
            reason: "",
            asked_by: None,
        }
    }

    /// The reason, and who asked.
    pub fn detail(&self) -> String {
        match self.asked_by {
            Some(first) => format!("asked by {first}: {}", self.reason),
            None => self.reason.to_owned(),
        }
    }
}

/// Writes down what is done in `tx`; `subject` is the institution that it concerns, empty if
/// none does more than another.
pub async fn note(
    tx: &mut Tx,
    at: i64,
    by: &By<'_>,
    action: &str,
    subject: &str,
) -> Result<(), DbError> {
    note_about(tx, at, by, action, Some(subject)).await
}

/// Likewise of what may concern no institution.
pub async fn note_about(
    tx: &mut Tx,
    at: i64,
    by: &By<'_>,
    action: &str,
    subject: Option<&str>,
) -> Result<(), DbError> {
    let did = (by.actor, action);
    store::audit::add(tx, at, did, subject, &by.detail()).await
}

/// The hub's audit log as the accounts see it.
pub struct AuditLog;

impl Journal for AuditLog {
    fn note<'a>(
        &'a self,
        tx: &'a mut Tx,
        deed: AccountDeed<'a>,
    ) -> BoxFuture<'a, Result<(), DbError>> {
        let did = (deed.actor, deed.action);
        Box::pin(store::audit::add(tx, deed.at, did, None, deed.detail))
    }
}
