//! How times and foreign texts look on a terminal.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::{Failure, Out, exit};
use crate::node::Node;

/// The zone in which an institution reads the clock.
#[derive(Debug, Clone, Copy)]
pub struct Zone {
    hours: i32,
    name: &'static str,
}

const UTC: Zone = Zone {
    hours: 0,
    name: "UTC",
};
/// Indonesia's zones have no summer time, so their offset is all there is to them.
const ZONES: [(&str, Zone); 7] = [
    (
        "Asia/Jakarta",
        Zone {
            hours: 7,
            name: "WIB",
        },
    ),
    (
        "Asia/Pontianak",
        Zone {
            hours: 7,
            name: "WIB",
        },
    ),
    (
        "Asia/Makassar",
        Zone {
            hours: 8,
            name: "WITA",
        },
    ),
    (
        "Asia/Ujung_Pandang",
        Zone {
            hours: 8,
            name: "WITA",
        },
    ),
    (
        "Asia/Jayapura",
        Zone {
            hours: 9,
            name: "WIT",
        },
    ),
    ("UTC", UTC),
    ("Etc/UTC", UTC),
];

impl Zone {
    /// The zone of the node's own institution; UTC until the directory says another.
    pub fn of(node: &Node) -> Self {
        let directory = node.directory();
        let own = node
            .instance()
            .ok()
            .and_then(|own| directory.latest().instance(own));
        let named = own.and_then(|own| ZONES.iter().find(|(name, _)| *name == own.time_zone));
        named.map_or(UTC, |(_, zone)| *zone)
    }

    /// The zone of the capital, where it is not known whose time it is.
    pub fn national() -> Self {
        ZONES[0].1
    }

    /// `2026-11-24 10:20 WIB`, from Unix ms.
    pub fn show(self, at: i64) -> String {
        let local = FixedOffset::east_opt(self.hours * 3600)
            .zip(DateTime::from_timestamp_millis(at))
            .map(|(offset, instant)| instant.with_timezone(&offset));
        match local {
            Some(local) => format!("{} {}", local.format("%Y-%m-%d %H:%M"), self.name),
            None => format!("{at} ms"),
        }
    }
}

/// A duration in the largest unit that says something: `3 days`, `12 minutes`.
pub fn span(ms: i64) -> String {
    let seconds = ms.max(0) / 1000;
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7199 => (seconds / 60, "minute"),
        7200..=172_799 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    counted(count as u64, unit)
}

/// `1 message`, `2 messages`.
pub fn counted(count: u64, thing: &str) -> String {
    if count == 1 {
        format!("1 {thing}")
    } else {
        format!("{count} {thing}s")
    }
}

/// A text of somebody else on one line: a control character could move the
/// cursor, colour the terminal or type for its user.
pub fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// The same for a text of several lines, each indented.
pub fn indented(text: &str, by: usize) -> String {
    let lines = text
        .lines()
        .map(|line| format!("{:by$}{}\n", "", plain(line)));
    lines.collect()
}

/// The first characters of a text, for a column.
pub fn shortened(text: &str, limit: usize) -> String {
    if text.chars().count() <= limit {
        plain(text)
    } else {
        let start: String = text.chars().take(limit.saturating_sub(1)).collect();
        format!("{}…", plain(&start))
    }
}

pub fn json(value: &impl Serialize, out: Out<'_>) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(exit::INTERNAL, error.to_string()))?;
    Ok(writeln!(out, "{text}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_in_the_institutions_zone() {
        let jakarta = ZONES[0].1;
        assert_eq!(jakarta.show(1_795_000_000_000), "2026-11-18 18:06 WIB");
        assert_eq!(UTC.show(0), "1970-01-01 00:00 UTC");
        assert_eq!(UTC.show(i64::MAX), format!("{} ms", i64::MAX));
    }

    #[test]
    fn spans_and_counts_read_like_speech() {
        let spans = [
            (999, "0 seconds"),
            (119_000, "119 seconds"),
            (240_000, "4 minutes"),
        ];
        for (ms, expected) in spans {
            assert_eq!(span(ms), expected);
        }
        assert_eq!(
            (span(86_400_000), span(3 * 86_400_000)),
            ("24 hours".into(), "3 days".into())
        );
        assert_eq!(
            (counted(1, "case"), counted(0, "case")),
            ("1 case".into(), "0 cases".into())
        );
    }

    #[test]
    fn a_text_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(plain("a\u{1b}[2Jb\u{7}"), "a [2Jb ");
        assert_eq!(indented("satu\r\ndua\u{9b}1m", 2), "  satu\n  dua 1m\n");
        assert_eq!(shortened("Lampu jalan padam", 6), "Lampu…");
    }
}
