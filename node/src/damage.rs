//! Rows that a disk has damaged: each is named in the log and counted, and what stands behind it goes
//! on. Nobody is told what stands in it.

use crate::error::NodeError;

/// Damaged rows that were passed over, by table, as often as they were met.
pub const ROWS: &str = "lapor_node_damaged_rows_total";

/// Tells of a row that is passed over, by its key.
pub(crate) fn tell(table: &'static str, row: &str) {
    tracing::error!(
        table,
        row,
        "a row of the database is damaged, and what cannot be read of it is passed over; look at the disk"
    );
    metrics::counter!(ROWS, "table" => table).increment(1);
}

/// What can be read of these rows; `key` names one that cannot.
pub(crate) fn readable<'a, R: 'a, T>(
    table: &'static str,
    rows: impl IntoIterator<Item = &'a R>,
    key: impl Fn(&R) -> String,
    read: impl Fn(&R) -> Result<T, NodeError>,
) -> Vec<T> {
    let rows = rows.into_iter();
    rows.filter_map(|row| read(row).inspect_err(|_| tell(table, &key(row))).ok())
        .collect()
}
