//! Figures as a table for a spreadsheet. Numbers and slugs only: no cell can
//! be taken for a formula.

use super::FigureTable;
use crate::error::NodeError;

const COLUMNS: [&str; 17] = [
    "institution",
    "intake",
    "open",
    "hops",
    "misrouted",
    "answered",
    "first_answer_mean_ms",
    "confirmed",
    "officer",
    "silent",
    "archived",
    "merged",
    "close_mean_ms",
    "overdue",
    "rated",
    "score_mean_hundredths",
    "handled",
];

/// UTF-8 with a header, a line for each institution; an empty cell is a mean
/// of nothing.
pub fn csv(table: &FigureTable) -> Result<String, NodeError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(NodeError::damaged)?;
    for row in &table.figures {
        let mean = |mean: Option<i64>| mean.map_or_else(String::new, |mean| mean.to_string());
        let numbers = [row.intake, row.open, row.hops, row.misrouted, row.answered];
        let mut cells = vec![row.institution.to_string()];
        cells.extend(numbers.map(|number| number.to_string()));
        cells.push(mean(row.first_answer_mean_ms));
        let ends = [
            row.confirmed,
            row.officer,
            row.silent,
            row.archived,
            row.merged,
        ];
        cells.extend(ends.map(|number| number.to_string()));
        cells.push(mean(row.close_mean_ms));
        cells.extend([row.overdue, row.rated].map(|number| number.to_string()));
        cells.push(mean(row.score_mean_hundredths));
        cells.push(row.handled.to_string());
        writer.write_record(cells).map_err(NodeError::damaged)?;
    }
    let bytes = writer.into_inner().map_err(NodeError::damaged)?;
    String::from_utf8(bytes).map_err(NodeError::damaged)
}
