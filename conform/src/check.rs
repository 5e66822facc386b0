//! One thing that is looked at, the sentences of the contract that it holds
//! somebody to, and what came of it.

use std::fmt;
use std::pin::Pin;

use anyhow::Result;
use serde::Serialize;

pub type Doing<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// A check of a program that stands on a stage `S`.
pub struct Check<S> {
    /// What a program that keeps the contract does.
    pub name: &'static str,
    /// Word for word from `docs/protocol.md`.
    pub keeps: &'static [&'static str],
    /// An error says how the contract is broken, or is [`Untried`].
    pub run: for<'a> fn(&'a mut S) -> Doing<'a>,
}

/// How messages are signed together, which hubs and nodes are held to alike, and what else one of them is held to.
macro_rules! signed_together {
    ($($more:literal),*) => {
        &[
            "Messages that their author signs at the same time may have one signature together.",
            "in an order that the author chooses, and `sig` is over PAE of the type `application/vnd.lapor.tree.v1` and the payload",
            "size (2 bytes, big endian) || root (32 bytes)",
            "The signature of each has one more member, `tree`, which is base64 of its place: the index of the leaf from 0, the size of the tree, and the audit path of section 2.1.1 from the leaf upwards.",
            "index (2 bytes, big endian) || size (2 bytes, big endian) || hashes of the path (32 bytes each)",
            "Each is proved without the others: those of one tree may stand in several batches, apart from each other and among some that are signed otherwise.",
            $($more),*
        ]
    };
}
pub(crate) use signed_together;

/// Why a check could not be made; no fault of who is checked.
#[derive(Debug)]
pub struct Untried(pub String);

impl fmt::Display for Untried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Untried {}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Kept,
    Broken(String),
    Untried(String),
}

/// A check that was made.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    pub check: &'static str,
    pub outcome: Outcome,
    pub sentences: &'static [&'static str],
}

impl Finding {
    pub fn is_broken(&self) -> bool {
        matches!(self.outcome, Outcome::Broken(_))
    }
}

/// Makes checks one after the other.
pub async fn make<S>(checks: &[Check<S>], stage: &mut S) -> Vec<Finding> {
    let mut findings = Vec::new();
    for check in checks {
        let outcome = match (check.run)(stage).await {
            Ok(()) => Outcome::Kept,
            Err(error) => match error.downcast_ref::<Untried>() {
                Some(untried) => Outcome::Untried(untried.to_string()),
                None => Outcome::Broken(format!("{error:#}")),
            },
        };
        findings.push(Finding {
            check: check.name,
            outcome,
            sentences: check.keeps,
        });
    }
    findings
}

/// What the checks of a list hold somebody to.
pub fn sentences_of<S>(checks: &[Check<S>]) -> impl Iterator<Item = &'static str> {
    checks.iter().flat_map(|check| check.keeps).copied()
}
