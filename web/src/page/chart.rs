//! Charts as the server draws them: SVG without a script, and always the numbers
//! beside it as a table, for whoever cannot see the drawing or does not trust it.
//!
//! A chart is put into a page as `{{ chart|safe }}`. Colours and strokes stand in
//! `assets/style/chart.css`; nothing here carries a style of its own.

use askama::Template;

use crate::language::Voice;

/// Height of the drawing of [`Lines`], in its own units.
const HEIGHT: u64 = 100;
/// Units between two moments that follow each other in equal steps.
const STEP: usize = 10;
/// Units of a stretch of time: minutes of a day, half hours of a month.
const STRETCH: usize = 1440;
/// With more moments than these only what stands alone is dotted: the line shows the others.
const DOTTED: usize = 60;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

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

/// The stretch of time that [`Lines::over`] draws.
#[derive(Debug, Clone, Copy)]
pub struct Stretch {
    /// Unix ms.
    pub from: i64,
    /// Unix ms.
    pub until: i64,
    /// Milliseconds between two moments that follow each other; where more lie between
    /// two, something is missing and the line is broken.
    pub step: i64,
}

impl Stretch {
    /// Units from the beginning of the axis to a moment (Unix ms).
    fn place(self, at: i64) -> usize {
        let length = self.until.saturating_sub(self.from).max(1);
        let units = at.saturating_sub(self.from).saturating_mul(STRETCH as i64) / length;
        usize::try_from(units).unwrap_or(0).min(STRETCH)
    }

    /// What stands at both ends of the axis and in its middle.
    fn marks(self, v: &Voice) -> Vec<String> {
        let length = self.until.saturating_sub(self.from);
        let moments = [self.from, self.from + length / 2, self.until];
        moments
            .map(|at| {
                if length > 2 * DAY_MS {
                    v.date(at)
                } else {
                    v.moment(at)
                }
            })
            .into()
    }
}

/// A moment of [`Lines`].
struct Place {
    name: String,
    /// Units from the beginning of the axis.
    at: usize,
    /// Whether moments are missing before it.
    after_gap: bool,
}

/// Values over time: lines, and the table behind a summary.
#[derive(Template)]
#[template(path = "kit/chart-lines.html")]
pub struct Lines {
    v: Voice,
    caption: String,
    of: String,
    moments: Vec<Place>,
    /// Units of the whole axis.
    width: usize,
    /// What is written below the axis, from its beginning to its end.
    marks: Vec<String>,
    series: Vec<Series>,
    top: u64,
    /// Values are hundredths, and are written with one decimal place.
    in_hundredths: bool,
}

impl Lines {
    /// Moments in equal steps. `of` is the heading of the moments; a series that is
    /// shorter than they are ends early.
    pub fn new(
        v: Voice,
        caption: String,
        of: String,
        moments: Vec<String>,
        series: Vec<Series>,
    ) -> Self {
        let last = moments.len().saturating_sub(1);
        let mut marked = vec![0, last / 2, last];
        marked.dedup();
        let marks = marked.into_iter().filter_map(|place| moments.get(place));
        Self {
            v,
            caption,
            of,
            width: last.max(1) * STEP,
            marks: marks.cloned().collect(),
            moments: moments
                .into_iter()
                .enumerate()
                .map(|(place, name)| Place {
                    name,
                    at: place * STEP,
                    after_gap: false,
                })
                .collect(),
            top: top(&series),
            series,
            in_hundredths: false,
        }
    }

    /// Moments (Unix ms, rising) at their places in a stretch of time, of which some may
    /// be missing; otherwise as [`Lines::new`].
    pub fn over(
        v: Voice,
        caption: String,
        of: String,
        stretch: Stretch,
        moments: &[i64],
        series: Vec<Series>,
    ) -> Self {
        let before = std::iter::once(None).chain(moments.iter().copied().map(Some));
        let places = moments.iter().zip(before).map(|(at, before)| Place {
            name: v.moment(*at),
            at: stretch.place(*at),
            after_gap: before.is_some_and(|before| at.saturating_sub(before) > stretch.step),
        });
        Self {
            v,
            caption,
            of,
            width: STRETCH,
            marks: stretch.marks(&v),
            moments: places.collect(),
            top: top(&series),
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

    /// The points that are dotted.
    fn points(&self, series: &Series) -> Vec<(usize, String)> {
        let all = self.moments.len() <= DOTTED;
        let pieces = self.pieces(series).into_iter();
        pieces
            .filter(|piece| all || piece.len() == 1)
            .flatten()
            .collect()
    }

    /// The points of what is known without a gap.
    fn pieces(&self, series: &Series) -> Vec<Vec<(usize, String)>> {
        let mut pieces: Vec<Vec<(usize, String)>> = Vec::new();
        let mut goes_on = false;
        for (moment, value) in self.moments.iter().zip(&series.values) {
            let Some(value) = *value else {
                goes_on = false;
                continue;
            };
            let point = (moment.at, self.down(value));
            match pieces.last_mut() {
                Some(piece) if goes_on && !moment.after_gap => piece.push(point),
                _ => pieces.push(vec![point]),
            }
            goes_on = true;
        }
        pieces
    }

    /// How far below the top a value lies, in units with one decimal.
    fn down(&self, value: u64) -> String {
        let tenths = u128::from(value) * u128::from(HEIGHT * 10) / u128::from(self.top);
        let down = u128::from(HEIGHT * 10) - tenths;
        format!("{}.{}", down / 10, down % 10)
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
                (moment.name.as_str(), cells.collect())
            })
            .collect()
    }
}

/// The top of the scale on which all values have room.
fn top(series: &[Series]) -> u64 {
    let known = series.iter().flat_map(|series| &series.values).flatten();
    round_up(known.max().copied().unwrap_or(0))
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
        assert_eq!(drawn.marks, ["Agustus", "September", "Oktober"]);
        let drawn = drawn.to_string();
        assert!(drawn.contains("<td class=\"number\">75</td>"), "{drawn}");
        let (_, table) = drawn.split_once("<div class=\"scroll\"").unwrap();
        assert!(table.contains("<table>"), "a wide table scrolls by itself");
        assert!(drawn.contains("viewBox=\"0 0 20 100\""));
    }

    /// Every ten minutes of an hour and a half, of which half an hour is missing.
    fn with_a_gap() -> Lines {
        const MINUTE: i64 = 60_000;
        let from = 1_795_676_400_000;
        let stretch = Stretch {
            from,
            until: from + 90 * MINUTE,
            step: 10 * MINUTE,
        };
        let moments = [0, 10, 40, 80, 90].map(|minutes| from + minutes * MINUTE);
        let series = vec![
            Series {
                name: "Dari instansi".into(),
                tone: Tone::Accent,
                values: vec![Some(0), Some(1), Some(2), Some(1), Some(2)],
            },
            Series {
                name: "Untuk instansi".into(),
                tone: Tone::Warm,
                values: vec![Some(2), Some(2), Some(2), None, Some(2)],
            },
        ];
        let caption = "Menit".to_owned();
        Lines::over(voice(), caption, "Waktu".into(), stretch, &moments, series)
    }

    #[test]
    fn moments_stand_at_their_time_and_a_line_is_broken_where_some_are_missing() {
        let drawn = with_a_gap();
        assert_eq!(
            drawn.lines(&drawn.series[0]),
            ["0,100.0 160,50.0", "640,0.0", "1280,50.0 1440,0.0"]
        );
        assert_eq!(
            drawn.lines(&drawn.series[1]),
            ["0,0.0 160,0.0", "640,0.0", "1440,0.0"]
        );
        assert_eq!(
            drawn.marks,
            [
                "26 November 2026 pukul 14.00 WIB",
                "26 November 2026 pukul 14.45 WIB",
                "26 November 2026 pukul 15.30 WIB",
            ]
        );
        assert_eq!(drawn.rows().len(), 5, "what is missing has no number");
        assert!(drawn.to_string().contains("viewBox=\"0 0 1440 100\""));
    }

    #[test]
    fn a_month_is_marked_with_days_and_what_lies_outside_stays_at_the_edge() {
        let month = Stretch {
            from: 1_795_676_400_000,
            until: 1_795_676_400_000 + 30 * DAY_MS,
            step: 3_600_000,
        };
        assert_eq!(
            month.marks(&voice()),
            ["26 November 2026", "11 Desember 2026", "26 Desember 2026"]
        );
        assert_eq!(month.place(month.from + 15 * DAY_MS), STRETCH / 2);
        assert_eq!(month.place(i64::MIN), 0);
        assert_eq!(month.place(i64::MAX), STRETCH);
        let nothing = Stretch {
            until: month.from,
            ..month
        };
        assert_eq!(nothing.place(month.from), 0);
    }

    #[test]
    fn of_many_moments_only_what_stands_alone_is_dotted() {
        let values: Vec<Option<u64>> = (0..70).map(|n| (n != 1).then_some(n)).collect();
        let series = |values| Series {
            name: "Dari instansi".into(),
            tone: Tone::Accent,
            values,
        };
        let drawn = |values: Vec<Option<u64>>| {
            let moments = (0..values.len()).map(|n| n.to_string()).collect();
            let of = "Waktu".to_owned();
            Lines::new(voice(), "Menit".into(), of, moments, vec![series(values)])
        };
        let many = drawn(values.clone());
        assert_eq!(many.points(&many.series[0]), [(0, "100.0".to_owned())]);
        let few = drawn(values[..60].to_vec());
        assert_eq!(few.points(&few.series[0]).len(), 59);
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
        assert!(empty.marks.is_empty() && empty.to_string().contains("<svg"));
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
