//! Charts as the server draws them: SVG without a script, and always the numbers
//! beside it as a table, for whoever cannot see the drawing or does not trust it.
//!
//! A chart is put into a page as `{{ chart|safe }}`. Colours and strokes stand in
//! `assets/style/chart.css`; nothing here carries a style of its own.

use askama::Template;

use crate::language::Voice;

/// Height of the drawing of [`Lines`], in its own units.
const HEIGHT: u64 = 100;
/// Units between two moments.
const STEP: usize = 10;

/// How a value is coloured; of lines also how they are dashed, so that nobody
/// has to tell colours apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Accent,
    Done,
    Warm,
    Alert,
    Quiet,
}

impl Tone {
    fn as_str(self) -> &'static str {
        match self {
            Self::Accent => "accent",
            Self::Done => "done",
            Self::Warm => "warm",
            Self::Alert => "alert",
            Self::Quiet => "quiet",
        }
    }
}

/// One bar.
pub struct Bar {
    label: String,
    value: u64,
    shown: Option<String>,
    to: Option<String>,
    tone: Tone,
}

impl Bar {
    pub fn new(label: impl Into<String>, value: u64) -> Self {
        Self {
            label: label.into(),
            value,
            shown: None,
            to: None,
            tone: Tone::default(),
        }
    }

    /// What is written beside the bar in place of the number, such as `2 hari`.
    #[must_use]
    pub fn shown(self, text: impl Into<String>) -> Self {
        Self {
            shown: Some(text.into()),
            ..self
        }
    }

    /// Where the label leads: a path within the site.
    #[must_use]
    pub fn to(self, path: impl Into<String>) -> Self {
        Self {
            to: Some(path.into()),
            ..self
        }
    }

    #[must_use]
    pub fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

/// Values side by side: a table whose cells hold their bars.
#[derive(Template)]
#[template(path = "kit/chart-bars.html")]
pub struct Bars {
    v: Voice,
    caption: String,
    of: String,
    count: String,
    rows: Vec<Bar>,
    most: u64,
}

impl Bars {
    /// `of` and `count` are the headings of what is counted and of the numbers.
    pub fn new(
        v: Voice,
        caption: String,
        (of, count): (String, String),
        bars: impl IntoIterator<Item = Bar>,
    ) -> Self {
        let bars: Vec<Bar> = bars.into_iter().collect();
        Self {
            v,
            caption,
            of,
            count,
            most: bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1),
            rows: bars,
        }
    }

    fn shown(&self, bar: &Bar) -> String {
        let shown = bar.shown.clone();
        shown.unwrap_or_else(|| self.v.number(bar.value))
    }

    /// Per cent of the longest bar, with one decimal.
    fn share(&self, bar: &Bar) -> String {
        let tenths = u128::from(bar.value) * 1000 / u128::from(self.most);
        format!("{}.{}", tenths / 10, tenths % 10)
    }
}

/// What is counted at several moments.
pub struct Series {
    pub name: String,
    pub tone: Tone,
    /// One for each moment; `None` where it is not known, which is a gap in the line.
    pub values: Vec<Option<u64>>,
}

/// Values over time: lines, and the table behind a summary.
#[derive(Template)]
#[template(path = "kit/chart-lines.html")]
pub struct Lines {
    v: Voice,
    caption: String,
    of: String,
    moments: Vec<String>,
    series: Vec<Series>,
    top: u64,
    /// Values are hundredths, and are written with one decimal place.
    in_hundredths: bool,
}

impl Lines {
    /// `of` is the heading of the moments; a series that is shorter than they
    /// are ends early.
    pub fn new(
        v: Voice,
        caption: String,
        of: String,
        moments: Vec<String>,
        series: Vec<Series>,
    ) -> Self {
        let known = series.iter().flat_map(|series| &series.values).flatten();
        let most = known.max();
        Self {
            v,
            caption,
            of,
            moments,
            top: round_up(most.copied().unwrap_or(0)),
            series,
            in_hundredths: false,
        }
    }

    /// All values are hundredths, such as of a day.
    #[must_use]
    pub fn hundredths(self) -> Self {
        Self {
            top: self.top.max(200),
            in_hundredths: true,
            ..self
        }
    }

    fn shown(&self, value: u64) -> String {
        if self.in_hundredths {
            self.v.one_decimal(value)
        } else {
            self.v.number(value)
        }
    }

    /// What stands beside the drawing, from the top down.
    fn scale(&self) -> [String; 3] {
        [self.top, self.top / 2, 0].map(|value| self.shown(value))
    }

    fn width(&self) -> usize {
        self.moments.len().saturating_sub(1).max(1) * STEP
    }

    /// First, middle and last moment, as far as they are different ones.
    fn marks(&self) -> Vec<&str> {
        let last = self.moments.len().saturating_sub(1);
        let mut places = vec![0, last / 2, last];
        places.dedup();
        let named = places
            .into_iter()
            .filter_map(|place| self.moments.get(place));
        named.map(String::as_str).collect()
    }

    fn points(&self, series: &Series) -> Vec<(usize, String)> {
        self.pieces(series).concat()
    }

    /// The points of what is known without a gap.
    fn pieces(&self, series: &Series) -> Vec<Vec<(usize, String)>> {
        let values = series.values.iter().take(self.moments.len()).enumerate();
        let points = values.map(|(place, value)| {
            let tenths = u128::from((*value)?) * u128::from(HEIGHT * 10) / u128::from(self.top);
            let down = u128::from(HEIGHT * 10) - tenths;
            Some((place * STEP, format!("{}.{}", down / 10, down % 10)))
        });
        let points: Vec<Option<(usize, String)>> = points.collect();
        let pieces = points
            .split(Option::is_none)
            .filter(|piece| !piece.is_empty());
        pieces
            .map(|piece| piece.iter().flatten().cloned().collect())
            .collect()
    }

    /// A line for each piece.
    fn lines(&self, series: &Series) -> Vec<String> {
        let line = |piece: Vec<(usize, String)>| {
            let points = piece.into_iter().map(|(x, y)| format!("{x},{y}"));
            points.collect::<Vec<_>>().join(" ")
        };
        self.pieces(series).into_iter().map(line).collect()
    }

    /// The moments with a cell for each series.
    fn rows(&self) -> Vec<(&str, Vec<String>)> {
        let cell = |series: &Series, place: usize| match series.values.get(place) {
            Some(Some(value)) => self.shown(*value),
            Some(None) => "–".to_owned(),
            None => String::new(),
        };
        let moments = self.moments.iter().enumerate();
        moments
            .map(|(place, moment)| {
                let cells = self.series.iter().map(|series| cell(series, place));
                (moment.as_str(), cells.collect())
            })
            .collect()
    }
}

/// The next of 1, 2, 4, 5, 10, 20, 40, 50 ... that is not less; at least 2, so
/// that half of it is a whole number or nearly one.
fn round_up(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for step in [2, 4, 10] {
            let top = unit.saturating_mul(step);
            if top >= most {
                return top;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::language::{Language, SHARED};

    fn voice() -> Voice {
        Voice::new(Language::Indonesian, &SHARED, Tz::Asia__Jakarta, 0)
    }

    fn headings() -> (String, String) {
        ("Status".into(), "Laporan".into())
    }

    #[test]
    fn the_longest_bar_is_whole_and_the_others_are_parts_of_it() {
        let bars = [
            Bar::new("Selesai", 1200).tone(Tone::Done).to("/laporan"),
            Bar::new("<b>", 450).shown("450 laporan"),
            Bar::new("Nol", 0),
        ];
        let drawn = Bars::new(voice(), "Menurut status".into(), headings(), bars).to_string();
        assert!(drawn.contains("<rect width=\"100.0%\"") && drawn.contains("1.200"));
        assert!(drawn.contains("<rect width=\"37.5%\"") && drawn.contains("450 laporan"));
        assert!(drawn.contains("<rect width=\"0.0%\"") && drawn.contains("&#60;b&#62;"));
        assert!(
            drawn.contains("<a href=\"/laporan\">Selesai</a>"),
            "{drawn}"
        );
    }

    #[test]
    fn lines_stay_within_the_drawing_and_the_table_has_every_number() {
        let moments = ["Agustus", "September", "Oktober"].map(String::from);
        let series = vec![
            Series {
                name: "Diterima".into(),
                tone: Tone::Accent,
                values: vec![Some(0), Some(75), Some(150)],
            },
            Series {
                name: "Selesai".into(),
                tone: Tone::Done,
                values: vec![Some(10), None, Some(150)],
            },
        ];
        let drawn = Lines::new(
            voice(),
            "Setahun".into(),
            "Bulan".into(),
            moments.into(),
            series,
        );
        assert_eq!(drawn.lines(&drawn.series[0]), ["0,100.0 10,62.5 20,25.0"]);
        assert_eq!(
            drawn.lines(&drawn.series[1]),
            ["0,95.0", "20,25.0"],
            "a gap"
        );
        assert_eq!(drawn.marks(), ["Agustus", "September", "Oktober"]);
        let drawn = drawn.to_string();
        assert!(drawn.contains("<td class=\"number\">75</td>"), "{drawn}");
        let (_, table) = drawn.split_once("<div class=\"scroll\"").unwrap();
        assert!(table.contains("<table>"), "a wide table scrolls by itself");
        assert!(drawn.contains("viewBox=\"0 0 20 100\""));
    }

    #[test]
    fn hundredths_are_written_with_one_place_on_a_scale_of_whole_numbers() {
        let series = vec![Series {
            name: "Jawaban pertama".into(),
            tone: Tone::Accent,
            values: vec![Some(25), Some(131)],
        }];
        let moments = vec!["Mei".to_owned(), "Juni".to_owned()];
        let drawn = Lines::new(voice(), "Hari".into(), "Bulan".into(), moments, series);
        let drawn = drawn.hundredths();
        assert_eq!(drawn.scale(), ["2,0", "1,0", "0,0"]);
        assert_eq!(drawn.rows()[1], ("Juni", vec!["1,3".to_owned()]));
    }

    #[test]
    fn nothing_to_draw_is_drawn_without_a_division_by_zero() {
        let empty = Bars::new(voice(), "Kosong".into(), headings(), []).to_string();
        assert!(empty.contains("<table"));
        let empty = Lines::new(voice(), "Kosong".into(), "Bulan".into(), vec![], vec![]);
        assert!(empty.marks().is_empty() && empty.to_string().contains("<svg"));
    }

    #[test]
    fn the_top_of_a_scale_is_round() {
        for (most, top) in [
            (0, 2),
            (2, 2),
            (3, 4),
            (5, 10),
            (11, 20),
            (150, 200),
            (401, 1000),
        ] {
            assert_eq!(round_up(most), top, "{most}");
        }
    }
}
