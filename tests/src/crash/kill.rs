//! Kill points by name: which program, which place, which passage.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context as _, Result, anyhow};
use lapor_killpoints::{KILL_AT, PLACES};
use serde::Serialize;

use super::process::Orders;

/// A program, or one command of it while a federation is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Victim {
    Hub,
    Desk,
    City,
    HubInit,
    HubInvite,
    HubWhileJoining,
    NodeInit,
    NodeEnrol,
    NodeToken,
}

impl Victim {
    const ALL: [Self; 9] = [
        Self::Hub,
        Self::Desk,
        Self::City,
        Self::HubInit,
        Self::HubInvite,
        Self::HubWhileJoining,
        Self::NodeInit,
        Self::NodeEnrol,
        Self::NodeToken,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Desk => "desk",
            Self::City => "city",
            Self::HubInit => "hub-init",
            Self::HubInvite => "hub-invite",
            Self::HubWhileJoining => "hub-while-joining",
            Self::NodeInit => "node-init",
            Self::NodeEnrol => "node-enrol",
            Self::NodeToken => "node-token",
        }
    }
}

/// One passage at which one program dies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kill {
    pub victim: Victim,
    pub place: &'static str,
    pub passage: u64,
}

impl Kill {
    /// What a program is told: only the victim hears of it.
    pub fn orders(&self, whom: Victim) -> Orders {
        Orders {
            kill: (whom == self.victim).then(|| self.clone()),
            list: None,
        }
    }
}

/// What became of a run that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Killed,
    NotReached,
}

impl Outcome {
    pub fn of(killed: bool) -> Self {
        if killed {
            Self::Killed
        } else {
            Self::NotReached
        }
    }
}

/// How often a program passes a place when nobody kills it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Count {
    pub victim: Victim,
    pub place: &'static str,
    pub passages: u64,
}

impl Kill {
    /// Whether it falls while the federation is made.
    pub fn joins(&self) -> bool {
        !matches!(self.victim, Victim::Hub | Victim::Desk | Victim::City)
    }

    /// The environment variable of the victim.
    pub fn order(&self) -> (&'static str, String) {
        (KILL_AT, format!("{}:{}", self.place, self.passage))
    }
}

impl Count {
    /// Each passage as a kill.
    pub fn kills(&self) -> impl Iterator<Item = Kill> {
        let (victim, place) = (self.victim, self.place);
        (1..=self.passages).map(move |passage| Kill {
            victim,
            place,
            passage,
        })
    }

    /// Counts what a program listed; nothing if it passed nothing.
    pub fn read(victim: Victim, list: &Path) -> Result<Vec<Self>> {
        if !list.exists() {
            return Ok(Vec::new());
        }
        let text = std::fs::read_to_string(list).with_context(|| list.display().to_string())?;
        let mut passages: BTreeMap<&str, u64> = BTreeMap::new();
        for line in text.lines() {
            *passages.entry(line).or_default() += 1;
        }
        let counts = PLACES.iter().filter_map(|(place, _)| {
            let passages = passages.get(place).copied()?;
            Some(Self {
                victim,
                place,
                passages,
            })
        });
        Ok(counts.collect())
    }
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}:{}", self.victim.name(), self.place, self.passage)
    }
}

impl FromStr for Kill {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let parts = text.split_once('/').and_then(|(victim, rest)| {
            let (place, passage) = rest.split_once(':')?;
            Some(Self {
                victim: Victim::ALL
                    .into_iter()
                    .find(|known| known.name() == victim)?,
                place: PLACES.iter().find(|(known, _)| *known == place)?.0,
                passage: passage.parse().ok()?,
            })
        });
        parts.ok_or_else(|| {
            anyhow!("{text:?} is not PROGRAM/PLACE:PASSAGE, as hub/commit.before:17")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kill_is_written_as_it_is_read() {
        for victim in Victim::ALL {
            let text = format!("{}/commit.before:17", victim.name());
            assert_eq!(text.parse::<Kill>().unwrap().to_string(), text);
        }
        for bad in [
            "hub",
            "hub/commit.before",
            "cat/commit.before:1",
            "hub/nowhere:1",
        ] {
            assert!(bad.parse::<Kill>().is_err(), "{bad}");
        }
    }
}
