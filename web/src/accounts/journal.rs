//! Where acts on accounts are written down: the audit log of the program, in
//! the same transaction as the act. An entry names accounts by their ids, never
//! persons, addresses or secrets.

use futures_util::future::BoxFuture;
use lapor_migrations::{DbError, Tx};

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed<'a> {
    /// Unix ms.
    pub at: i64,
    /// `account:ID`, `cli:USER`, `nobody`.
    pub actor: &'a str,
    pub action: &'static str,
    pub detail: &'a str,
}

/// An audit log.
pub trait Journal: Send + Sync {
    /// Writes a deed down; it is there if and only if `tx` commits.
    fn note<'a>(&'a self, tx: &'a mut Tx, deed: Deed<'a>) -> BoxFuture<'a, Result<(), DbError>>;
}
