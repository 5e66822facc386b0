//! Month by month: what came in and how cases ended, for the public.
//!
//! Of all cases of which this node hears, as numbers only.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// One month; the endings are those that came in it, whenever the case was filed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Month {
    /// Unix ms of its beginning in this institution's zone.
    pub begins_at: i64,
    pub filed: u64,
    /// Closed because the reporter confirmed.
    pub confirmed: u64,
    /// Closed by an officer for the reporter, whose key nobody showed.
    pub officer: u64,
    /// Closed because the reporter was silent.
    pub silent: u64,
    /// Put away with a reason by an officer.
    pub archived: u64,
}

impl Node {
    /// The month of `today` and those before it, oldest first.
    pub(crate) async fn months(
        &self,
        today: NaiveDate,
        count: u32,
    ) -> Result<Vec<Month>, NodeError> {
        let this = today.with_day(1).unwrap_or(today);
        let begins = (0..count)
            .rev()
            .filter_map(|back| this.checked_sub_months(Months::new(back)));
        let begins: Vec<NaiveDate> = begins.collect();
        let Some(first) = begins.first() else {
            return Ok(Vec::new());
        };
        let at = |day: NaiveDate| self.span_of_days(day, day).0;
        let offset = self.offset_on(*first);
        let mut months: BTreeMap<NaiveDate, Month> = begins
            .iter()
            .map(|day| {
                let month = Month {
                    begins_at: at(*day),
                    ..Month::default()
                };
                (*day, month)
            })
            .collect();
        let mut tx = self.read_tx().await?;
        for (day, what, count) in store::facts::by_day(&mut tx, at(*first), offset).await? {
            let day = epoch().checked_add_days(Days::new(day.unsigned_abs()));
            let begin = day.and_then(|day| day.with_day(1));
            let Some(month) = begin.and_then(|begin| months.get_mut(&begin)) else {
                continue;
            };
            let counted = match what.as_str() {
                "filed" => &mut month.filed,
                "confirmed" => &mut month.confirmed,
                "officer" => &mut month.officer,
                "silence" => &mut month.silent,
                "archived" => &mut month.archived,
                _ => continue,
            };
            *counted += count.unsigned_abs();
        }
        Ok(months.into_values().collect())
    }

    /// How many ms this institution's zone is ahead on a day. Indonesia's zones have no summer
    /// time: one offset holds for the whole year.
    pub(super) fn offset_on(&self, day: NaiveDate) -> i64 {
        day.signed_duration_since(epoch()).num_milliseconds() - self.span_of_days(day, day).0
    }
}

fn epoch() -> NaiveDate {
    NaiveDate::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_epoch_is_the_first_day_of_1970() {
        assert_eq!(epoch(), NaiveDate::from_ymd_opt(1970, 1, 1).unwrap());
    }
}
