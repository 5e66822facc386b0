//! What came of a run: for people, for programs, and as JUnit for a pipeline.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::check::{Finding, Outcome};
use crate::standing::{Side, Standing, Standings, Unseen};

/// All findings of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    pub side: Side,
    /// What was looked at, by its name.
    pub subject: String,
    pub findings: Vec<Finding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    Text,
    Json,
    Junit,
}

impl Report {
    /// Whether nothing that was tried is broken.
    pub fn holds(&self) -> bool {
        !self.findings.iter().any(Finding::is_broken)
    }

    /// Whether nothing was left untried.
    pub fn is_whole(&self) -> bool {
        let [_, _, untried] = self.counts();
        untried == 0
    }

    /// The names of the checks that found something.
    pub fn broken(&self) -> Vec<&'static str> {
        let broken = self.findings.iter().filter(|finding| finding.is_broken());
        broken.map(|finding| finding.check).collect()
    }

    pub fn written(&self, form: Form) -> String {
        let standings = Standings::after(self.side, &self.findings);
        match form {
            Form::Text => self.text(&standings),
            Form::Json => format!("{:#}\n", self.json(&standings)),
            Form::Junit => self.junit(),
        }
    }

    fn text(&self, standings: &Standings) -> String {
        let mut text = format!("{}\n\n", self.subject);
        for finding in &self.findings {
            let (mark, why) = match &finding.outcome {
                Outcome::Kept => ("kept   ", None),
                Outcome::Broken(why) => ("BROKEN ", Some(why)),
                Outcome::Untried(why) => ("untried", Some(why)),
            };
            text.extend([mark, "  ", finding.check, "\n"]);
            if let Some(why) = why {
                text.extend(["         ", why, "\n"]);
                for sentence in finding.sentences {
                    text.extend(["         > ", sentence, "\n"]);
                }
            }
        }
        let [kept, broken, untried] = self.counts();
        let _ = write!(
            text,
            "\n{kept} kept, {broken} broken, {untried} untried\n\n"
        );
        text.push_str(&in_sentences(standings));
        text
    }

    fn json(&self, standings: &Standings) -> Value {
        let [kept, broken, untried] = self.counts();
        json!({
            "subject": self.subject,
            "side": self.side,
            "holds": self.holds(),
            "kept": kept,
            "broken": broken,
            "untried": untried,
            "findings": self.findings,
            "sentences": counted(standings),
        })
    }

    /// As pipelines read it: a check is a test case, what was not tried is skipped.
    fn junit(&self) -> String {
        let [_, broken, untried] = self.counts();
        let count = self.findings.len();
        let subject = escaped(&self.subject);
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"lapor-conform: {subject}\" \
             tests=\"{count}\" failures=\"{broken}\" errors=\"0\" skipped=\"{untried}\">\n"
        );
        for finding in &self.findings {
            let name = escaped(finding.check);
            let _ = write!(
                text,
                "  <testcase classname=\"lapor-conform\" name=\"{name}\""
            );
            let sentences = escaped(&finding.sentences.join("\n"));
            let _ = match &finding.outcome {
                Outcome::Kept => writeln!(text, "/>"),
                Outcome::Broken(why) => writeln!(
                    text,
                    "><failure message=\"{}\">{sentences}</failure></testcase>",
                    escaped(why)
                ),
                Outcome::Untried(why) => {
                    writeln!(text, "><skipped message=\"{}\"/></testcase>", escaped(why))
                }
            };
        }
        text.push_str("</testsuite>\n");
        text
    }

    /// Kept, broken, untried.
    fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for finding in &self.findings {
            counts[match finding.outcome {
                Outcome::Kept => 0,
                Outcome::Broken(_) => 1,
                Outcome::Untried(_) => 2,
            }] += 1;
        }
        counts
    }
}

/// How the sentences of the contract stand, for people.
fn in_sentences(standings: &Standings) -> String {
    let side = standings.side;
    let mut text = format!(
        "Of the {} sentences of docs/protocol.md that cross the wire\n",
        standings.of_each.len()
    );
    let mut line = |standing, words: &str| {
        let _ = writeln!(text, "  {:>4}  {words}", standings.count(standing));
    };
    line(Standing::Kept, "are kept");
    line(Standing::Broken, "are broken");
    line(Standing::Untried, "are untried");
    let not_asked = format!(
        "could be seen and are not asked about (`lapor-conform sentences {}` lists them)",
        side.as_str()
    );
    line(Standing::NotAsked, &not_asked);
    for reason in Unseen::ALL {
        line(Standing::Unseen(reason), reason.because(side));
    }
    text
}

fn counted(standings: &Standings) -> Value {
    let count = |standing| standings.count(standing);
    let unseen = |reason| count(Standing::Unseen(reason));
    json!({
        "of": standings.of_each.len(),
        "kept": count(Standing::Kept),
        "broken": count(Standing::Broken),
        "untried": count(Standing::Untried),
        "not_asked": count(Standing::NotAsked),
        "unseen": {
            "other_side": unseen(Unseen::OtherSide),
            "inside": unseen(Unseen::Inside),
            "occasion": unseen(Unseen::Occasion),
            "explains": unseen(Unseen::Explains),
        },
    })
}

/// XML 1.0 has no signs below a space but these three.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            sign if sign < ' ' => out.push(' '),
            sign => out.push(sign),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let finding = |check, outcome| Finding {
            check,
            outcome,
            sentences: &["A range that is sent again gets the receipts that are stored"],
        };
        Report {
            side: Side::Hub,
            subject: "hub of \"lapor.test\" <here>".into(),
            findings: vec![
                finding("one", Outcome::Kept),
                finding("two", Outcome::Broken("a & b\u{7}".into())),
                finding("three", Outcome::Untried("no \"b\"".into())),
            ],
        }
    }

    #[test]
    fn a_broken_sentence_is_told_in_every_form() {
        let told = |form| report().written(form);
        assert!(!report().holds() && !report().is_whole());
        let text = told(Form::Text);
        assert!(text.contains("BROKEN   two\n         a & b\u{7}\n         > A range"));
        assert!(text.contains("1 kept, 1 broken, 1 untried\n\nOf the "));
        assert!(text.contains("     1  are broken\n"), "{text}");
        assert!(text.contains("  say what a node does\n"), "{text}");
        let json: Value = serde_json::from_str(&told(Form::Json)).unwrap();
        assert_eq!(
            (&json["holds"], &json["broken"]),
            (&json!(false), &json!(1))
        );
        let sentences = &json["sentences"];
        let broken = [&sentences["kept"], &sentences["broken"]];
        assert_eq!(broken, [&json!(0), &json!(1)]);
        assert!(sentences["unseen"]["other_side"].as_u64() > Some(0));
        assert_eq!(json["findings"][2]["outcome"]["untried"], "no \"b\"");
        let junit = told(Form::Junit);
        assert!(
            junit.contains("name=\"lapor-conform: hub of &quot;lapor.test&quot; &lt;here&gt;\"")
        );
        assert!(junit.contains("tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\""));
        assert!(junit.contains("<failure message=\"a &amp; b \">A range"));
        assert!(junit.contains("<skipped message=\"no &quot;b&quot;\"/>"));
    }
}
