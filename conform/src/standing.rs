//! How each sentence of the contract stands after a run: kept, broken, untried,
//! not asked about, or out of sight from the kit's side, and why.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::check::{Finding, Outcome};
use crate::contract::{Contract, Sentence};

/// Whom a run looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Hub,
    Node,
}

/// Why nothing of a sentence can be seen at a program from outside of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unseen {
    /// It names, explains or lays out what other sentences demand.
    Explains,
    /// It binds who is at the other end.
    OtherSide,
    /// It is done inside: on disk, in memory, before people.
    Inside,
    /// A run cannot bring it about: hours that pass, an act of the staff, a loss.
    Occasion,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Kept,
    Broken,
    Untried,
    /// It could be seen, and no check looks.
    NotAsked,
    Unseen(Unseen),
}

/// All sentences that cross the wire, as they stand.
pub struct Standings {
    pub side: Side,
    pub of_each: Vec<(Sentence, Standing)>,
}

impl Side {
    /// What is out of sight: reasons, and below each the chapters (behind `§`)
    /// and the beginnings of the sentences that it holds for.
    fn unseen(self) -> &'static str {
        match self {
            Self::Hub => include_str!("unseen/hub.txt"),
            Self::Node => include_str!("unseen/node.txt"),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Node => "node",
        }
    }
}

impl Unseen {
    pub const ALL: [Self; 4] = [
        Self::OtherSide,
        Self::Inside,
        Self::Occasion,
        Self::Explains,
    ];

    fn read(name: &str) -> Option<Self> {
        match name {
            "explains" => Some(Self::Explains),
            "other side" => Some(Self::OtherSide),
            "inside" => Some(Self::Inside),
            "occasion" => Some(Self::Occasion),
            _ => None,
        }
    }

    pub fn because(self, side: Side) -> &'static str {
        match (self, side) {
            (Self::OtherSide, Side::Hub) => "say what a node does",
            (Self::OtherSide, Side::Node) => "say what a hub does",
            (Self::Inside, _) => "happen inside: on disk, in memory, before people",
            (Self::Occasion, _) => {
                "need what no run brings about: hours that pass, an act of the staff, a loss"
            }
            (Self::Explains, _) => "name, explain or lay out what others demand",
        }
    }
}

/// Lines of a list of what is out of sight, with the reason above each.
fn listed(side: Side) -> impl Iterator<Item = (Unseen, &'static str)> {
    let mut reason = Unseen::Explains;
    side.unseen().lines().filter_map(move |line| {
        if let Some(name) = line.strip_prefix("= ") {
            reason = Unseen::read(name)?;
            return None;
        }
        (!line.is_empty()).then_some((reason, line))
    })
}

/// Why a sentence is out of sight: its own line counts before that of its chapter.
fn unseen(side: Side, sentence: &Sentence) -> Option<Unseen> {
    let own = listed(side).find(|(_, begins)| sentence.text.starts_with(*begins));
    let chapter =
        |(_, line): &(Unseen, &str)| line.strip_prefix("§ ") == Some(sentence.chapter.as_str());
    own.or_else(|| listed(side).find(chapter))
        .map(|(reason, _)| reason)
}

impl Standings {
    /// As the findings of a run leave them.
    pub fn after(side: Side, findings: &[Finding]) -> Self {
        let came = findings.iter().map(|finding| {
            let standing = match finding.outcome {
                Outcome::Kept => Standing::Kept,
                Outcome::Broken(_) => Standing::Broken,
                Outcome::Untried(_) => Standing::Untried,
            };
            (standing, finding.sentences)
        });
        Self::where_quotes(side, came)
    }

    /// Before any run: what is asked about is untried.
    pub fn asked(side: Side, sentences: &[&'static str]) -> Self {
        Self::where_quotes(side, [(Standing::Untried, sentences)])
    }

    fn where_quotes<'a>(
        side: Side,
        came: impl IntoIterator<Item = (Standing, &'a [&'static str])>,
    ) -> Self {
        let contract = Contract::read();
        let mut asked: BTreeMap<usize, Standing> = BTreeMap::new();
        for (standing, quotes) in came {
            for number in quotes.iter().flat_map(|quote| contract.touched(quote)) {
                let stands = asked.entry(number).or_insert(standing);
                *stands = worse(*stands, standing);
            }
        }
        let sentences = contract.sentences().iter().enumerate();
        let of_each = sentences
            .filter(|(_, sentence)| sentence.crosses_the_wire)
            .map(|(number, sentence)| {
                let out_of_sight = || unseen(side, sentence).map(Standing::Unseen);
                let stands = asked.get(&number).copied().or_else(out_of_sight);
                (sentence.clone(), stands.unwrap_or(Standing::NotAsked))
            })
            .collect();
        Self { side, of_each }
    }

    pub fn count(&self, standing: Standing) -> usize {
        let of_each = self.of_each.iter();
        of_each.filter(|(_, one)| *one == standing).count()
    }
}

/// A sentence is broken by one check that it fails, and kept by one that it passes.
fn worse(one: Standing, other: Standing) -> Standing {
    match (one, other) {
        (Standing::Broken, _) | (_, Standing::Broken) => Standing::Broken,
        (Standing::Kept, _) | (_, Standing::Kept) => Standing::Kept,
        _ => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(outcome: Outcome, sentences: &'static [&'static str]) -> Finding {
        Finding {
            check: "a check",
            outcome,
            sentences,
        }
    }

    fn stands(standings: &Standings, begins: &str) -> Standing {
        let mut of_each = standings.of_each.iter();
        let found = of_each.find(|(sentence, _)| sentence.text.starts_with(begins));
        found.map_or_else(|| panic!("{begins}"), |(_, standing)| *standing)
    }

    #[test]
    fn a_sentence_stands_as_the_worst_check_that_quotes_it_and_untried_proves_nothing() {
        let untried = || Outcome::Untried("no time".into());
        let broken = || Outcome::Broken("no".into());
        let findings = [
            finding(
                Outcome::Kept,
                &["202: more is missing.", "Clocks play no part."],
            ),
            finding(broken(), &["202: more is missing."]),
            finding(
                untried(),
                &["Clocks play no part.", "The old key signs it."],
            ),
        ];
        let standings = Standings::after(Side::Hub, &findings);
        assert_eq!(stands(&standings, "202: more"), Standing::Broken);
        assert_eq!(stands(&standings, "Clocks play"), Standing::Kept);
        assert_eq!(stands(&standings, "The old key"), Standing::Untried);
        let not_asked = Standing::Unseen(Unseen::OtherSide);
        assert_eq!(stands(&standings, "Keep the private half"), not_asked);
        let counted = [Standing::Kept, Standing::Broken, Standing::Untried];
        assert_eq!(counted.map(|one| standings.count(one)), [1, 1, 1]);
    }

    /// A sentence that is written anew, or newly asked about, leaves no line behind.
    #[test]
    fn what_is_listed_as_out_of_sight_stands_in_the_page_and_is_asked_by_no_check() {
        let contract = Contract::read();
        for side in [Side::Hub, Side::Node] {
            let asked = match side {
                Side::Hub => crate::hub::sentences().collect::<Vec<_>>(),
                Side::Node => crate::node::sentences().collect(),
            };
            let asked = asked.iter().flat_map(|quote| contract.touched(quote));
            let asked: Vec<usize> = asked.collect();
            for line in side.unseen().lines().filter(|line| !line.is_empty()) {
                if let Some(name) = line.strip_prefix("= ") {
                    assert!(Unseen::read(name).is_some(), "{name}");
                } else if let Some(chapter) = line.strip_prefix("§ ") {
                    let mut sentences = contract.sentences().iter();
                    assert!(sentences.any(|one| one.chapter == chapter), "{chapter}");
                } else {
                    let sentences = contract.sentences().iter().enumerate();
                    let found: Vec<_> = sentences
                        .filter(|(_, one)| one.text.starts_with(line))
                        .collect();
                    assert!(!found.is_empty(), "{}: {line}", side.as_str());
                    for (number, one) in found {
                        assert!(!asked.contains(&number), "{}: {}", side.as_str(), one.text);
                    }
                }
            }
        }
    }
}
