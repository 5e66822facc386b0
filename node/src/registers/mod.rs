//! Registers in and out: what an institution has noted in tables and spreadsheets becomes cases
//! here, and cases become such a table. A file is read whole and waits; what of it cannot be used is
//! said by its row and column; then all of its rows are filed in one transaction, or none.

mod bring;
mod check;
mod checking;
mod columns;
mod gathered;
mod known;
mod ods;
mod out;
mod problems;
pub(crate) mod sheet;
mod showing;
mod taken;
#[cfg(test)]
mod tests;
mod view;
mod xlsx;

pub(crate) use bring::expire;
pub use bring::{NewRegister, RegisterError};
pub(crate) use check::known_as;
pub use check::{Wrong, channel_of};
pub use columns::Field;
pub use gathered::{FILE_BYTES, MOST_ROWS, UNPACKED_BYTES, Unreadable};
pub use out::{Cell, Table, XLSX};
pub use view::{
    Brought, BroughtPage, Column, FiledRow, Import, ImportState, ReadyPage, ReadyRow, RowProblem,
};
