//! Numbers, dates and times as each language writes them (Indonesian: PUEBI and
//! the usage of government letters; English: as in Britain, with WIB, WITA, WIT).

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat};
use chrono_tz::Tz;

use super::Language;

const MONTHS: [[&str; 12]; 2] = [
    [
        "Januari",
        "Februari",
        "Maret",
        "April",
        "Mei",
        "Juni",
        "Juli",
        "Agustus",
        "September",
        "Oktober",
        "November",
        "Desember",
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

pub fn number(language: Language, number: i64) -> String {
    let point = match language {
        Language::Indonesian => '.',
        Language::English => ',',
    };
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(point);
        }
        out.push(digit);
    }
    out
}

/// Of a count of hundredths that is not negative.
pub fn one_decimal(language: Language, hundredths: i64) -> String {
    let tenths = (hundredths + 5) / 10;
    let point = match language {
        Language::Indonesian => ',',
        Language::English => '.',
    };
    format!("{}{point}{}", number(language, tenths / 10), tenths % 10)
}

/// Rounded down, so that what is said to fit does.
pub fn size(language: Language, bytes: i64) -> String {
    const MIB: i64 = 1 << 20;
    match bytes {
        ..1024 => format!("{} B", number(language, bytes)),
        1024..MIB => format!("{} KB", number(language, bytes / 1024)),
        _ => {
            let tenths = bytes.saturating_mul(10) / MIB;
            let said = if tenths % 10 == 0 {
                number(language, tenths / 10)
            } else {
                one_decimal(language, tenths * 10)
            };
            format!("{said} MB")
        }
    }
}

pub fn date(language: Language, zone: Tz, at_ms: i64) -> String {
    day(language, local(zone, at_ms).date_naive())
}

pub fn day(language: Language, day: NaiveDate) -> String {
    format!("{} {}", day.day(), month_of(language, day))
}

pub fn month(language: Language, zone: Tz, at_ms: i64) -> String {
    month_of(language, local(zone, at_ms).date_naive())
}

fn month_of(language: Language, day: NaiveDate) -> String {
    format!("{} {}", month_name(language, day), day.year())
}

fn month_name(language: Language, day: NaiveDate) -> &'static str {
    let months = match language {
        Language::Indonesian => MONTHS[0],
        Language::English => MONTHS[1],
    };
    months[day.month0() as usize]
}

pub fn moment(language: Language, zone: Tz, at_ms: i64) -> String {
    let (date, local) = (date(language, zone, at_ms), local(zone, at_ms));
    match language {
        Language::Indonesian => format!("{date} pukul {}", local.format("%H.%M %Z")),
        Language::English => format!("{date}, {}", local.format("%H:%M %Z")),
    }
}

pub fn brief_moment(language: Language, zone: Tz, at_ms: i64) -> String {
    let local = local(zone, at_ms);
    let month = month_name(language, local.date_naive());
    let (begins, stop) = match month.split_at_checked(3) {
        Some((begins, rest)) if !rest.is_empty() => (begins, "."),
        _ => (month, ""),
    };
    let clock = match language {
        Language::Indonesian => "%H.%M",
        Language::English => "%H:%M",
    };
    format!("{} {begins}{stop}, {}", local.day(), local.format(clock))
}

pub fn machine_time(zone: Tz, at_ms: i64) -> String {
    local(zone, at_ms).to_rfc3339_opts(SecondsFormat::Secs, false)
}

/// Days of the calendar from one moment to another; negative into the past.
pub fn days_between(zone: Tz, from_ms: i64, to_ms: i64) -> i64 {
    let day = |ms| local(zone, ms).date_naive();
    (day(to_ms) - day(from_ms)).num_days()
}

/// A moment of which no date can be written is shown as the beginning, 1970: a zone would push the
/// last that can be counted beyond what a calendar holds.
pub fn local(zone: Tz, at_ms: i64) -> DateTime<Tz> {
    let at = DateTime::from_timestamp_millis(at_ms);
    let at = at.filter(|at| (1..=9999).contains(&at.year()));
    at.unwrap_or_default().with_timezone(&zone)
}
