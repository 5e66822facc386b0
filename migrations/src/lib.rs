//! The databases of the hub and the node: SQLite and PostgreSQL behind one transaction type, their
//! schemas, and statements that take many rows at once.
//!
//! Queries are written once, with `$1` placeholders, and run on both through [`on!`]. This crate
//! knows how to reach, own and upgrade a database, and how a signed line lies in a column; it must never
//! know what the tables mean.

mod address;
mod bulk;
#[cfg(test)]
mod comparison;
mod composed;
mod copy;
mod db;
mod error;
mod forgetting;
mod legible;
mod packed;
mod postgres;
mod schema;
mod seat;
mod sqlite;
#[cfg(any(test, feature = "throwaway"))]
pub mod throwaway;
mod tx;
mod value;

pub use bulk::Bulk;
pub use composed::Composed;
pub use copy::{Scratch, begin_restore, check_copy, is_vacant, restore_copy};
pub use db::{Db, DbOptions, Kind};
pub use error::DbError;
pub use legible::{Legible, is_legible};
pub use packed::{Packed, pack, pack_with, unpack};
pub use schema::{MigrationName, MigrationReport, Schema};
pub use seat::Seat;
pub use tx::Tx;
pub use value::Value;
