//! Limits that many kinds share, each a sentence when it fails.

use super::{BodyError, WordsCheck};

pub(super) fn words<W: WordsCheck>(json: &[u8]) -> Result<(), BodyError> {
    let words: W =
        serde_json::from_slice(json).map_err(|e| BodyError::Fields(format!("words: {e}")))?;
    words.check()
}

pub(super) fn at_most(field: &'static str, count: usize, limit: usize) -> Result<(), BodyError> {
    if count > limit {
        Err(BodyError::Limit { field, limit })
    } else {
        Ok(())
    }
}

pub(super) fn chars(field: &'static str, text: &str, limit: usize) -> Result<(), BodyError> {
    at_most(field, text.chars().count(), limit)
}

/// Between one visible character and `limit` characters.
pub(super) fn filled(field: &'static str, text: &str, limit: usize) -> Result<(), BodyError> {
    if text.trim().is_empty() {
        return Err(BodyError::Field {
            field,
            problem: "must not be empty",
        });
    }
    chars(field, text, limit)
}

/// A calendar date, `YYYY-MM-DD`, of the Gregorian calendar.
pub(super) fn date(field: &'static str, text: &str) -> Result<(), BodyError> {
    let wrong = BodyError::Field {
        field,
        problem: "expected a date of the form YYYY-MM-DD",
    };
    let number = |range: std::ops::Range<usize>| {
        text.get(range)
            .filter(|t| t.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|t| t.parse::<u32>().ok())
    };
    let dashes = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    let (Some(year), Some(month), Some(day), true) =
        (number(0..4), number(5..7), number(8..10), dashes)
    else {
        return Err(wrong);
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return Err(wrong),
    };
    if (1..=days).contains(&day) {
        Ok(())
    } else {
        Err(wrong)
    }
}

/// A short stable code: lower-case letters, digits, `_`, `-`, `.`.
pub(super) fn code(field: &'static str, text: &str) -> Result<(), BodyError> {
    let shape = (1..=60).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_-.".contains(&b));
    let problem = "expected 1 to 60 characters a-z, 0-9, _, - or .";
    if shape {
        Ok(())
    } else {
        Err(BodyError::Field { field, problem })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_exists_in_the_calendar() {
        for good in ["2026-01-31", "2024-02-29", "2000-02-29"] {
            assert!(date("d", good).is_ok(), "{good}");
        }
        for bad in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "26-01-01",
            "2026-04-31",
            "2100-02-29",
            "",
        ] {
            assert!(date("d", bad).is_err(), "{bad}");
        }
    }
}
