//! Figures as tables for a spreadsheet. No cell can be taken for a formula: institutions are slugs,
//! and what an institution calls its categories is made harmless.

use lapor_web::table::harmless;

use super::{FigureTable, Work};
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

const CATEGORY_COLUMNS: [&str; 6] = [
    "category",
    "local_category",
    "intake",
    "open",
    "answered",
    "overdue",
];

const GROUP_COLUMNS: [&str; 14] = [
    "intake",
    "open",
    "answered",
    "first_answer_mean_hours",
    "close_mean_hours",
    "confirmed",
    "officer",
    "silent",
    "archived",
    "merged",
    "overdue",
    "misrouted",
    "rated",
    "score_mean_tenths",
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
    finished(writer)
}

/// The same by category, a line for each pair of a national one and one of the own tree; an empty cell
/// is of cases that have none. The lines add up to all cases.
pub fn category_csv(table: &FigureTable) -> Result<String, NodeError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(CATEGORY_COLUMNS)
        .map_err(NodeError::damaged)?;
    for row in &table.by_category {
        let names = [&row.category, &row.local_category];
        let names = names.map(|name| harmless(name.as_deref().unwrap_or_default()).into_owned());
        let numbers = [row.intake, row.open, row.answered, row.overdue];
        let cells = names.into_iter().chain(numbers.map(|n| n.to_string()));
        writer.write_record(cells).map_err(NodeError::damaged)?;
    }
    finished(writer)
}

/// What everybody may see, a line for each group; `first` is what the groups are, and each has its
/// name. Of a group that is not told the cells are empty, and so is a mean that is not.
pub fn group_csv(
    first: &str,
    groups: impl IntoIterator<Item = (String, Option<Work>)>,
) -> Result<String, NodeError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let columns = [first].into_iter().chain(GROUP_COLUMNS);
    writer.write_record(columns).map_err(NodeError::damaged)?;
    for (name, work) in groups {
        let numbers = work.as_ref().map_or([None; GROUP_COLUMNS.len()], numbers);
        let numbers = numbers.map(|n| n.map_or_else(String::new, |n| n.to_string()));
        let cells = [harmless(&name).into_owned()].into_iter().chain(numbers);
        writer.write_record(cells).map_err(NodeError::damaged)?;
    }
    finished(writer)
}

fn numbers(work: &Work) -> [Option<i64>; GROUP_COLUMNS.len()] {
    [
        Some(work.intake),
        Some(work.open),
        Some(work.answered),
        work.first_answer_mean_hours,
        work.close_mean_hours,
        Some(work.confirmed),
        Some(work.officer),
        Some(work.silent),
        Some(work.archived),
        Some(work.merged),
        Some(work.overdue),
        Some(work.misrouted),
        Some(work.rated),
        work.score_mean_tenths,
    ]
}

fn finished(writer: csv::Writer<Vec<u8>>) -> Result<String, NodeError> {
    let bytes = writer.into_inner().map_err(NodeError::damaged)?;
    String::from_utf8(bytes).map_err(NodeError::damaged)
}
