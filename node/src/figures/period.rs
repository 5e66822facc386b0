//! The periods that everybody may choose. They are few and made of whole months, so that nobody
//! learns of single days by taking one from another, and each is counted once for all who ask.

use chrono::{Datelike, NaiveDate};

/// Years that can be chosen, this one among them.
const YEARS: i32 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// This month and those before it, so many in all.
    Months(u32),
    /// A year of the calendar, as far as it has come.
    Year(i32),
}

impl Period {
    /// What is shown to whoever has not chosen.
    pub const USUAL: Self = Self::Months(12);

    /// All that can be chosen on a day.
    pub fn choices(today: NaiveDate) -> Vec<Self> {
        let latest = [Self::USUAL, Self::Months(3)];
        let years = (0..YEARS).map(|back| Self::Year(today.year() - back));
        latest.into_iter().chain(years).collect()
    }

    /// Its last day as seen on a day, and how many months it has until then.
    pub(super) fn months(self, today: NaiveDate) -> (NaiveDate, u32) {
        match self {
            Self::Months(count) => (today, count),
            Self::Year(year) if year < today.year() => {
                let last = NaiveDate::from_ymd_opt(year, 12, 31);
                (last.unwrap_or(today), 12)
            }
            Self::Year(_) => (today, today.month()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_ends_with_its_december_and_this_one_today() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let today = day("2026-02-11");
        for (period, through, count) in [
            (Period::Months(12), today, 12),
            (Period::Months(3), today, 3),
            (Period::Year(2026), today, 2),
            (Period::Year(2025), day("2025-12-31"), 12),
        ] {
            assert_eq!(period.months(today), (through, count), "{period:?}");
            assert!(Period::choices(today).contains(&period));
        }
        assert!(!Period::choices(today).contains(&Period::Year(2021)));
    }
}
