//! What somebody types into the search field: words (all of them), `"a phrase"`, `-not`.
//!
//! A text becomes stems of letters and digits before it becomes part of a question to the database,
//! so that nothing in it can mean anything there.

use std::fmt::Write as _;

use lapor_migrations::Kind;

use crate::error::NodeError;
use crate::stemming::stems;
use crate::store::texts::{Expression, TextRow};

/// Characters of a question.
const LONGEST: usize = 400;
/// Words and phrases of a question.
const TERMS: usize = 16;
/// A word of the title weighs as much as this many of the text.
const TITLE: f64 = 8.0;

/// A word, or several that follow one another: stems.
type Term = Vec<String>;

/// A question to the index.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Question {
    must: Vec<Term>,
    must_not: Vec<Term>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question(..)")
    }
}

impl Question {
    /// Reads what was typed; `None` where no word of it says anything.
    pub(super) fn read(typed: &str) -> Result<Option<Self>, NodeError> {
        if typed.chars().count() > LONGEST {
            return Err(NodeError::Invalid(format!(
                "q: at most {LONGEST} characters"
            )));
        }
        let mut question = Self::default();
        for (not, text) in parts(typed) {
            let term = stems(text);
            let terms = if not {
                &mut question.must_not
            } else {
                &mut question.must
            };
            if !term.is_empty() && !terms.contains(&term) {
                terms.push(term);
            }
        }
        if question.must.len() + question.must_not.len() > TERMS {
            return Err(NodeError::Invalid(format!(
                "q: at most {TERMS} words and phrases"
            )));
        }
        match (question.must.is_empty(), question.must_not.is_empty()) {
            (true, true) => Ok(None),
            (true, false) => Err(NodeError::Invalid(
                "q: say a word that must occur beside those that must not".into(),
            )),
            _ => Ok(Some(question)),
        }
    }

    /// In the language of a database's index; `public` leaves out what only the desk reads.
    pub(super) fn expression(&self, kind: Kind, public: bool) -> Expression {
        let text = match kind {
            Kind::Sqlite => {
                let quoted = |term: &Term| format!("\"{}\"", term.join(" "));
                let must: Vec<String> = self.must.iter().map(quoted).collect();
                let mut text = format!("({})", must.join(" AND "));
                for term in &self.must_not {
                    let _ = write!(text, " NOT {}", quoted(term));
                }
                if public {
                    format!("{{title body}} : ({text})")
                } else {
                    text
                }
            }
            Kind::Postgres => {
                let quoted = |term: &Term| format!("('{}')", term.join("' <-> '"));
                let must = self.must.iter().map(quoted);
                let must_not = self
                    .must_not
                    .iter()
                    .map(|term| format!("!{}", quoted(term)));
                must.chain(must_not).collect::<Vec<_>>().join(" & ")
            }
        };
        Expression(text)
    }

    /// How well a text that fits does: words of the title first, then how often a word occurs, each
    /// further time counting less.
    pub(super) fn weigh(&self, row: &TextRow, public: bool) -> f64 {
        let title = padded(&row.title);
        let inside = if public { "" } else { &row.inside };
        let text = padded(&format!("{} | {inside}", row.body));
        let weigh = |term: &Term| {
            let term = padded(&term.join(" "));
            let often = f64::from(text.matches(&term).count().min(1000) as u16);
            let named = if title.contains(&term) { TITLE } else { 0.0 };
            named + often / (often + 2.0)
        };
        self.must.iter().map(weigh).sum()
    }
}

/// Texts that have at least two of these stems, in the language of a database's index; `public` leaves
/// out what only the desk reads.
pub(crate) fn two_of(kind: Kind, stems: &[String], public: bool) -> Expression {
    let (and, or, quote) = match kind {
        Kind::Sqlite => (" AND ", " OR ", '"'),
        Kind::Postgres => (" & ", " | ", '\''),
    };
    let quoted: Vec<String> = stems
        .iter()
        .map(|stem| format!("{quote}{stem}{quote}"))
        .collect();
    let with_one_behind = (1..quoted.len()).map(|at| {
        let behind = quoted[at..].join(or);
        format!("({}{and}({behind}))", quoted[at - 1])
    });
    let text = with_one_behind.collect::<Vec<_>>().join(or);
    Expression(match kind {
        Kind::Sqlite if public => format!("{{title body}} : ({text})"),
        _ => text,
    })
}

fn padded(stems: &str) -> String {
    format!(" {stems} ")
}

/// The parts of what was typed, and whether each must not occur.
fn parts(typed: &str) -> Vec<(bool, &str)> {
    let mut out = Vec::new();
    let mut rest = typed.trim_start();
    while !rest.is_empty() {
        let (not, after) = match rest.strip_prefix('-') {
            Some(after) => (true, after),
            None => (false, rest),
        };
        let (text, next) = match after.strip_prefix('"') {
            Some(phrase) => phrase.split_once('"').unwrap_or((phrase, "")),
            None => match after.find(|c: char| c.is_whitespace() || c == '"') {
                Some(end) => after.split_at(end),
                None => (after, ""),
            },
        };
        out.push((not, text));
        rest = next.trim_start();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_of_several_stems_are_every_pair_of_them() {
        let stems = ["lampu", "padam", "melati"].map(str::to_owned);
        let of = |kind, public| two_of(kind, &stems, public).0;
        assert_eq!(
            of(Kind::Sqlite, true),
            r#"{title body} : (("lampu" AND ("padam" OR "melati")) OR ("padam" AND ("melati")))"#
        );
        assert_eq!(
            of(Kind::Postgres, false),
            "('lampu' & ('padam' | 'melati')) | ('padam' & ('melati'))"
        );
    }

    fn sqlite(typed: &str) -> String {
        let question = Question::read(typed).unwrap().unwrap();
        question.expression(Kind::Sqlite, false).0
    }

    #[test]
    fn words_phrases_and_exclusions_become_stems() {
        for (typed, expected) in [
            ("Jalanan rusak", r#"("jalan" AND "rusak")"#),
            (
                r#""jalan yang rusak" -banjir"#,
                r#"("jalan rusak") NOT "banjir""#,
            ),
            ("lampu -\"jalan tol\"", r#"("lampu") NOT "jalan tol""#),
            ("jl.melati", r#"("jl melati")"#),
            ("\"tak ditutup", r#"("tutup")"#),
            ("lampu\"padam\"lampu", r#"("lampu" AND "padam")"#),
        ] {
            assert_eq!(sqlite(typed), expected, "{typed:?}");
        }
        let question = Question::read("lampu \"jalan tol\" -padam")
            .unwrap()
            .unwrap();
        assert_eq!(
            question.expression(Kind::Postgres, false).0,
            "('lampu') & ('jalan' <-> 'tol') & !('padam')"
        );
        assert_eq!(
            question.expression(Kind::Sqlite, true).0,
            r#"{title body} : (("lampu" AND "jalan tol") NOT "padam")"#
        );
    }

    #[test]
    fn nothing_typed_reaches_the_database_but_letters_and_digits() {
        for typed in [
            "' OR 1=1 --x",
            "a*b ^c NEAR(x) {title}:y",
            "\\'&|!<->",
            "x\"\"\"\"y -- -\"-",
        ] {
            let Ok(Some(question)) = Question::read(typed) else {
                continue;
            };
            for kind in [Kind::Sqlite, Kind::Postgres] {
                let text = question.expression(kind, false).0;
                let known = ["AND", "NOT", "(", ")", "\"", "'", "&", "!", "<->", " "];
                let bare = known.iter().fold(text, |text, part| text.replace(part, ""));
                assert!(
                    bare.bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()),
                    "{bare}"
                );
            }
        }
    }

    #[test]
    fn a_question_is_bounded_and_says_something() {
        assert_eq!(Question::read("  yang di ").unwrap(), None);
        assert!(Question::read("-lampu").is_err());
        assert!(Question::read(&"x".repeat(LONGEST + 1)).is_err());
        let many: Vec<String> = (0..=TERMS).map(|n| format!("k{n}")).collect();
        assert!(Question::read(&many.join(" ")).is_err());
    }

    #[test]
    fn the_title_weighs_more_than_the_text() {
        let question = Question::read("lampu").unwrap().unwrap();
        let text = |title: &str, body: &str| TextRow {
            title: title.into(),
            body: body.into(),
            ..TextRow::default()
        };
        let weigh = |row: &TextRow| question.weigh(row, true);
        let named = weigh(&text("lampu padam", ""));
        let often = weigh(&text("", "lampu lampu jalan lampu"));
        let once = weigh(&text("", "jalan lampu"));
        assert!(named > often && often > once && once > 0.0);
    }
}
