//! Tables of single cases that leave this node, as the audit log has them: who took one, of which cases
//! and how many, and nothing that stands in it. What is erased here later stays in such a file.

use chrono::{DateTime, Datelike as _, SecondsFormat};
use chrono_tz::Tz;

use crate::casework::CaseFilter;
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

impl Node {
    /// Notes that somebody takes a table of single cases, by its name, of those filed within the filter,
    /// and how many rows it has. A table that is not noted is not handed over.
    pub async fn note_table(
        &self,
        name: &str,
        filter: &CaseFilter,
        rows: usize,
        actor: &str,
    ) -> Result<(), NodeError> {
        let detail = described(self.zone(), name, filter, rows);
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        store::audit::add(&mut tx, now, actor, "cases.downloaded", None, &detail).await?;
        Ok(tx.commit().await?)
    }
}

fn described(zone: Tz, name: &str, filter: &CaseFilter, rows: usize) -> String {
    let bounds = [("from", filter.filed_from), ("before", filter.filed_before)];
    let bounds = bounds.into_iter().filter_map(|(word, at)| {
        let at = moment(zone, at?);
        Some(format!(", filed {word} {at}"))
    });
    let bounds: String = bounds.collect();
    format!("{name}, rows: {rows}{bounds}")
}

/// A moment by the clocks of the institution; one that no calendar has as it was asked for.
fn moment(zone: Tz, at: i64) -> String {
    let known = DateTime::from_timestamp_millis(at);
    let known = known.filter(|known| (1..=9999).contains(&known.year()));
    known.map_or_else(
        || at.to_string(),
        |known| {
            let local = known.with_timezone(&zone);
            local.to_rfc3339_opts(SecondsFormat::Secs, false)
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_described_by_its_name_its_rows_and_its_days() {
        let day = 1_772_557_200_000;
        for (from, before, said) in [
            (None, None, "register.csv, rows: 3"),
            (
                Some(day),
                None,
                "register.csv, rows: 3, filed from 2026-03-04T00:00:00+07:00",
            ),
            (
                Some(day),
                Some(i64::MAX),
                "register.csv, rows: 3, filed from 2026-03-04T00:00:00+07:00, \
                 filed before 9223372036854775807",
            ),
        ] {
            let filter = CaseFilter {
                filed_from: from,
                filed_before: before,
                ..CaseFilter::default()
            };
            let zone = chrono_tz::Asia::Jakarta;
            assert_eq!(described(zone, "register.csv", &filter, 3), said);
        }
    }
}
