//! The calendar in force: the edition that the national desk has published
//! last, and until it has published any, the one that is part of the program.

use std::sync::Arc;

use lapor_migrations::Tx;
use lapor_protocol::calendar::Calendar;
use lapor_web::holidays::first_edition;

use crate::error::NodeError;
use crate::node::Node;
use crate::publishing::{calendar_in_force, legible_calendar};

impl Node {
    /// The calendar by which this node counts; read anew only when another
    /// edition has come into force. The one before stands in for one that is damaged.
    pub(crate) async fn calendar_in_force(&self, tx: &mut Tx) -> Result<Arc<Calendar>, NodeError> {
        let directory = self.directory();
        let Some(name) = calendar_in_force(tx, directory.calendar()).await? else {
            return Ok(first_edition());
        };
        let known = self.known_calendar();
        if known.edition() == name {
            return Ok(known);
        }
        let Some(edition) = legible_calendar(tx, directory.calendar()).await? else {
            return Ok(first_edition());
        };
        let calendar = Arc::new(Calendar::of(&edition));
        self.know_calendar(Arc::clone(&calendar));
        Ok(calendar)
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use lapor_protocol::kinds::calendar_updated::HolidayKind;
    use lapor_web::holidays::{self, FIRST_EDITION, FIRST_NAME};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const VECTORS: [(&str, [&str; 5]); 4] = [
        (
            "2026-03-16",
            [
                "2026-03-26",
                "2026-03-30",
                "2026-04-07",
                "2026-04-13",
                "2026-06-25",
            ],
        ),
        (
            "2026-05-12",
            [
                "2026-05-19",
                "2026-05-21",
                "2026-06-02",
                "2026-06-08",
                "2026-08-12",
            ],
        ),
        (
            "2026-12-22",
            [
                "2026-12-29",
                "2026-12-31",
                "2027-01-11",
                "2027-01-15",
                "2027-04-02",
            ],
        ),
        (
            "2025-12-24",
            [
                "2025-12-31",
                "2026-01-05",
                "2026-01-12",
                "2026-01-19",
                "2026-04-02",
            ],
        ),
    ];

    #[test]
    fn the_built_in_calendar_gives_the_deadlines_of_the_vectors() {
        let calendar = first_edition();
        for (received, expected) in VECTORS {
            for (count, expected) in [3, 5, 10, 14, 60].into_iter().zip(expected) {
                let due = calendar.due_on(day(received), count, &[]);
                assert_eq!(due, Some(day(expected)), "{count} days from {received}");
                let back = calendar.days_between(day(received), day(expected), &[]);
                assert_eq!(back, i64::from(count));
            }
        }
    }

    #[test]
    fn without_collective_leave_the_vectors_end_earlier() {
        let mut edition = holidays::read(FIRST_EDITION, FIRST_NAME).unwrap();
        edition
            .days
            .retain(|day| day.kind == HolidayKind::NationalHoliday);
        let calendar = Calendar::of(&edition);
        for (count, expected) in [(3, "2026-03-20"), (5, "2026-03-24"), (10, "2026-03-31")] {
            let due = calendar.due_on(day("2026-03-16"), count, &[]);
            assert_eq!(due, Some(day(expected)), "{count} days");
        }
    }
}
