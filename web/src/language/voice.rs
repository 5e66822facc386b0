//! A voice speaks to one visitor: in a language, in a time zone, at a moment.
//!
//! A text that is missing is a mistake in the program, which the tests find; a
//! page is shown all the same, with the id in the place of the text.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use chrono::{NaiveDate, NaiveDateTime};
use chrono_tz::Tz;
use fluent_templates::fluent_bundle::FluentValue;

use super::{Language, SHARED, Texts, written};

/// The id of a text that a table names, so that the tests find it there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextId(&'static str);

/// Names a text outside a template, for [`Voice::say`] later.
pub const fn text_id(id: &'static str) -> TextId {
    TextId(id)
}

impl AsRef<str> for TextId {
    fn as_ref(&self) -> &str {
        self.0
    }
}

type Values = HashMap<Cow<'static, str>, FluentValue<'static>>;

/// Speaks to one visitor.
#[derive(Clone, Copy)]
pub struct Voice {
    language: Language,
    texts: Texts,
    zone: Tz,
    now_ms: i64,
}

impl Voice {
    pub fn new(language: Language, texts: Texts, zone: Tz, now_ms: i64) -> Self {
        Self {
            language,
            texts,
            zone,
            now_ms,
        }
    }

    pub fn language(&self) -> Language {
        self.language
    }

    /// In which days and times are meant.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// A text without variables.
    pub fn say(&self, id: impl AsRef<str>) -> String {
        self.looked_up(id.as_ref(), &HashMap::new())
    }

    /// Begins a text with variables: `v.with("n", days).say("days-ago")`.
    /// A number both chooses the plural and is written as the language writes it.
    pub fn with(&self, name: &'static str, value: impl Said) -> Phrase {
        let phrase = Phrase {
            voice: *self,
            values: HashMap::new(),
        };
        phrase.with(name, value)
    }

    /// A text whose variables were kept as texts, such as those of a message.
    pub(crate) fn with_texts(&self, values: &BTreeMap<String, String>) -> Phrase {
        let values = values.iter();
        Phrase {
            voice: *self,
            values: values
                .map(|(name, value)| (Cow::Owned(name.clone()), read_back(value)))
                .collect(),
        }
    }

    /// `12.345` in Indonesian, `12,345` in English.
    pub fn number(&self, number: impl Count) -> String {
        written::number(self.language, number.count())
    }

    /// `4,3` in Indonesian, `4.3` in English, of 425 hundredths: rounded to one place.
    pub fn one_decimal(&self, hundredths: impl Count) -> String {
        written::one_decimal(self.language, hundredths.count())
    }

    /// `150 KB`, `1,5 MB`, of bytes: rounded down to what is said, so that a limit is none too high.
    pub fn size(&self, bytes: impl Count) -> String {
        written::size(self.language, bytes.count())
    }

    /// `26 November 2026`, of Unix ms.
    pub fn date(&self, at: impl Into<Moment>) -> String {
        written::date(self.language, self.zone, at.into().0)
    }

    /// `26 November 2026`, of a day of the calendar, whatever the zone.
    pub fn day(&self, day: NaiveDate) -> String {
        written::day(self.language, day)
    }

    /// `November 2026`, of Unix ms.
    pub fn month(&self, at: impl Into<Moment>) -> String {
        written::month(self.language, self.zone, at.into().0)
    }

    /// `26 November 2026 pukul 14.05 WIB`, of Unix ms.
    pub fn moment(&self, at: impl Into<Moment>) -> String {
        written::moment(self.language, self.zone, at.into().0)
    }

    /// `26 Nov., 14.05`, of Unix ms: of these days, where there is little room.
    pub fn brief_moment(&self, at: impl Into<Moment>) -> String {
        written::brief_moment(self.language, self.zone, at.into().0)
    }

    /// `2026-11-26T14:05:00+07:00`, of Unix ms, for the attribute `datetime`.
    pub fn machine_time(&self, at: impl Into<Moment>) -> String {
        written::machine_time(self.zone, at.into().0)
    }

    /// What the clocks of the zone show, of Unix ms.
    pub fn local(&self, at: impl Into<Moment>) -> NaiveDateTime {
        written::local(self.zone, at.into().0).naive_local()
    }

    /// `hari ini`, `kemarin`, `3 hari lalu`, `dalam 3 hari`, of Unix ms: by the
    /// days of the calendar in the voice's zone.
    pub fn days_away(&self, at: impl Into<Moment>) -> String {
        let days = written::days_between(self.zone, self.now_ms, at.into().0);
        match days {
            0 => self.say("day-today"),
            -1 => self.say("day-yesterday"),
            1 => self.say("day-tomorrow"),
            ..0 => self.with("n", -days).say("days-ago"),
            _ => self.with("n", days).say("days-ahead"),
        }
    }

    fn looked_up(&self, id: &str, values: &Values) -> String {
        let language = self.language.id();
        let own = self
            .texts
            .lookup_single_language(language, id, Some(values));
        own.or_else(|_| SHARED.lookup_single_language(language, id, Some(values)))
            .unwrap_or_else(|_| {
                tracing::error!(id, language = language.to_string(), "a text is missing");
                id.to_owned()
            })
    }
}

/// A text of which some variables are known.
pub struct Phrase {
    voice: Voice,
    values: Values,
}

impl Phrase {
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Said) -> Self {
        self.values.insert(name.into(), value.said());
        self
    }

    pub fn say(self, id: impl AsRef<str>) -> String {
        self.voice.looked_up(id.as_ref(), &self.values)
    }
}

/// What was kept as a text, as a number where it was one: it chooses the plural.
fn read_back(text: &str) -> FluentValue<'static> {
    let number = text.parse::<i64>().ok();
    let number = number.filter(|number| number.to_string() == text);
    number.map_or_else(|| text.said(), |number| number.said())
}

/// Unix ms, also by reference, as templates hand over their fields.
pub struct Moment(i64);

impl From<i64> for Moment {
    fn from(ms: i64) -> Self {
        Self(ms)
    }
}

impl From<&i64> for Moment {
    fn from(ms: &i64) -> Self {
        Self(*ms)
    }
}

/// What may stand in a text.
pub trait Said {
    fn said(&self) -> FluentValue<'static>;
}

impl Said for str {
    fn said(&self) -> FluentValue<'static> {
        self.to_owned().into()
    }
}

impl Said for String {
    fn said(&self) -> FluentValue<'static> {
        self.as_str().said()
    }
}

impl<T: Said + ?Sized> Said for &T {
    fn said(&self) -> FluentValue<'static> {
        (**self).said()
    }
}

/// A whole number.
pub trait Count {
    fn count(&self) -> i64;
}

impl<T: Count> Count for &T {
    fn count(&self) -> i64 {
        (**self).count()
    }
}

macro_rules! numbers_are_said {
    ($($number:ty)*) => {
        $(impl Said for $number {
            fn said(&self) -> FluentValue<'static> {
                (*self).into()
            }
        }

        impl Count for $number {
            fn count(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        })*
    };
}

numbers_are_said!(u8 u16 u32 u64 usize i32 i64);

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-26 14:05:09 in Jakarta.
    const NOW: i64 = 1_795_676_709_000;
    const HOUR: i64 = 3_600_000;

    fn voice(language: Language) -> Voice {
        Voice::new(language, &SHARED, Tz::Asia__Jakarta, NOW)
    }

    #[test]
    fn numbers_dates_and_times_are_written_as_each_language_writes_them() {
        let (id, en) = (voice(Language::Indonesian), voice(Language::English));
        assert_eq!(
            (id.number(1_234_567), en.number(1_234_567)),
            ("1.234.567".into(), "1,234,567".into())
        );
        assert_eq!(
            (id.number(-999), id.number(0_u32)),
            ("-999".into(), "0".into())
        );
        for (hundredths, indonesian) in [
            (425, "4,3"),
            (424, "4,2"),
            (500, "5,0"),
            (99_996, "1.000,0"),
        ] {
            assert_eq!(id.one_decimal(hundredths), indonesian);
        }
        assert_eq!(en.one_decimal(99_996), "1,000.0");
        for (bytes, indonesian) in [
            (10, "10 B"),
            (150 * 1024 + 1023, "150 KB"),
            (10 << 20, "10 MB"),
            ((3 << 19) + 1, "1,5 MB"),
            ((512 << 20) + (1 << 19), "512,5 MB"),
        ] {
            assert_eq!(id.size(bytes), indonesian);
        }
        assert_eq!(en.size(3_u64 << 19), "1.5 MB");
        let august = NOW - 100 * 24 * HOUR;
        assert_eq!(id.date(august), "18 Agustus 2026");
        assert_eq!(en.date(august), "18 August 2026");
        assert_eq!(id.month(august), "Agustus 2026");
        assert_eq!(id.moment(NOW), "26 November 2026 pukul 14.05 WIB");
        assert_eq!(id.brief_moment(NOW), "26 Nov., 14.05");
        assert_eq!(en.brief_moment(NOW), "26 Nov., 14:05");
        assert_eq!(id.brief_moment(august), "18 Agu., 14.05");
        assert_eq!(id.brief_moment(NOW - 190 * 24 * HOUR), "20 Mei, 14.05");
        assert_eq!(en.moment(NOW), "26 November 2026, 14:05 WIB");
        assert_eq!(id.machine_time(NOW), "2026-11-26T14:05:09+07:00");
        let east = Voice::new(Language::Indonesian, &SHARED, Tz::Asia__Jayapura, NOW);
        assert_eq!(east.moment(NOW), "26 November 2026 pukul 16.05 WIT");
    }

    #[test]
    fn a_moment_that_another_made_up_is_shown() {
        let id = voice(Language::Indonesian);
        let (first, last) = (-8_334_601_228_800_000, 8_210_266_876_799_999);
        for at in [i64::MIN, first, last, last - HOUR, i64::MAX] {
            assert_eq!(id.date(at), "1 Januari 1970", "{at}");
            assert_eq!(id.moment(at), "1 Januari 1970 pukul 07.00 WIB", "{at}");
        }
        assert_eq!(id.date(253_402_300_799_999 - 7 * HOUR), "31 Desember 9999");
    }

    #[test]
    fn days_are_those_of_the_calendar_and_not_of_24_hours() {
        let (id, en) = (voice(Language::Indonesian), voice(Language::English));
        for (hours, indonesian, english) in [
            (0, "hari ini", "today"),
            (-14, "hari ini", "today"),
            (-15, "kemarin", "yesterday"),
            (10, "besok", "tomorrow"),
            (-24 * 3, "3 hari lalu", "3 days ago"),
            (24 * 14, "dalam 14 hari", "in 14 days"),
        ] {
            let at = NOW + hours * HOUR;
            assert_eq!(id.days_away(at), indonesian);
            assert_eq!(en.days_away(at), english);
        }
    }

    #[test]
    fn a_text_carries_no_isolation_marks_and_groups_its_numbers() {
        let said = voice(Language::Indonesian)
            .with("n", 12_000)
            .say("days-ago");
        assert_eq!(said, "12.000 hari lalu");
    }

    #[test]
    fn a_missing_text_shows_its_id() {
        assert_eq!(voice(Language::English).say("no-such-text"), "no-such-text");
    }
}
