//! What came of a run: for people, for programs, and as JUnit for a pipeline.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::{Value, json};

use crate::check::{Finding, Outcome};
use crate::contract::Share;

/// All findings of one run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was looked at: a hub or a node, and which.
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

    /// The names of the checks that found something.
    pub fn broken(&self) -> Vec<&'static str> {
        let broken = self.findings.iter().filter(|finding| finding.is_broken());
        broken.map(|finding| finding.check).collect()
    }

    pub fn written(&self, form: Form, share: &Share) -> String {
        match form {
            Form::Text => self.text(share),
            Form::Json => format!("{:#}\n", self.json(share)),
            Form::Junit => self.junit(),
        }
    }

    fn text(&self, share: &Share) -> String {
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
        let Share { quoted, of, .. } = share;
        let _ = write!(
            text,
            "\n{kept} kept, {broken} broken, {untried} untried; \
             the checks quote {quoted} of the {of} sentences of docs/protocol.md that cross the wire\n"
        );
        text
    }

    fn json(&self, share: &Share) -> Value {
        let [kept, broken, untried] = self.counts();
        json!({
            "subject": self.subject,
            "holds": self.holds(),
            "kept": kept,
            "broken": broken,
            "untried": untried,
            "findings": self.findings,
            "sentences": { "quoted": share.quoted, "of": share.of },
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
    use crate::contract::Contract;

    fn report() -> Report {
        let finding = |check, outcome| Finding {
            check,
            outcome,
            sentences: &["A range that is sent again gets the receipts that are stored"],
        };
        Report {
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
        let share = Contract::read().share([]);
        let told = |form| report().written(form, &share);
        assert!(!report().holds());
        let text = told(Form::Text);
        assert!(text.contains("BROKEN   two\n         a & b\u{7}\n         > A range"));
        assert!(text.contains("1 kept, 1 broken, 1 untried; the checks quote 0 of the "));
        let json: Value = serde_json::from_str(&told(Form::Json)).unwrap();
        assert_eq!(
            (&json["holds"], &json["broken"]),
            (&json!(false), &json!(1))
        );
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
