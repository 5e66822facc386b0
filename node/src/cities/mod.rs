//! Cities' own Open311 services (GeoReport v2): their requests are followed as cases here, and cases of
//! chosen categories are fed to them. A request becomes one case and a case one request, whatever is
//! asked twice, broken off or restarted.
//!
//! Who reported is told to no city, and neither is the ticket; what is *rahasia* or not public yet
//! never leaves. An outage keeps waiting what was to be sent.

mod again;
pub(crate) mod entries;
mod feed;
mod figures;
mod follow;
mod linked;
mod mapping;
pub(crate) mod mark;
mod running;
mod settings;
mod states;
#[cfg(test)]
pub(crate) mod tests;
mod windows;
mod wire;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub use figures::{CityFigures, Counts, Stuck};
pub use linked::{Exchange, LinkedPage, LinkedRequest};
pub use mapping::CityService;
pub use running::{REQUESTS, run};
pub use settings::{CitySettings, CitySettingsError, Closing, Format, Mapped, Media, Progress};

use lapor_migrations::DbError;

use crate::error::NodeError;
use wire::{Failed, Wire};

/// With what the sentences begin that are noted of a city which says no.
const KEY: &str = "it refuses the key";
const BUSY: &str = "it asks to be left alone for a while";
const REFUSES: &str = "it refuses";

/// A city whose service is followed or fed.
pub struct City {
    settings: CitySettings,
    wire: Wire,
}

/// All of them.
#[derive(Clone)]
pub struct Cities(Vec<Arc<City>>);

/// What came of trying a city.
pub struct Tried {
    pub services: usize,
    /// Codes of the settings that it does not have.
    pub unknown: Vec<String>,
}

/// What becomes of requests; the way that one is on stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is to be sent.
    Waiting,
    /// It is being sent, or nobody knows whether it arrived.
    Sending,
    /// It was answered with a token.
    Token,
    /// It is a request there and a case here.
    Linked,
    /// The city does not want it.
    Refused,
    /// No case could be made of it.
    Left,
    /// It is not sent after all.
    Dropped,
}

/// From the city, or to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Followed,
    Fed,
}

/// What stands between this node and a city that does not answer everything, as far as its problem says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// It does not take the key.
    Key,
    /// It asks to be left alone for a while.
    Busy,
    /// It does not take what it was asked.
    Refuses,
    /// It is away or cannot be understood, or this node itself is in trouble.
    Away,
}

/// Why a look at a city ended early. Holds no word of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trouble {
    problem: String,
    /// For how long the city wants to be left alone.
    pause: Option<Duration>,
}

impl State {
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Sending,
        Self::Token,
        Self::Linked,
        Self::Refused,
        Self::Left,
        Self::Dropped,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Token => "token",
            Self::Linked => "linked",
            Self::Refused => "refused",
            Self::Left => "left",
            Self::Dropped => "dropped",
        }
    }

    fn named(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl Way {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Followed => "followed",
            Self::Fed => "fed",
        }
    }
}

impl Obstacle {
    /// What a sentence that was noted of a city is about.
    pub fn of(problem: &str) -> Self {
        let noted = [
            (KEY, Self::Key),
            (BUSY, Self::Busy),
            (REFUSES, Self::Refuses),
        ];
        let found = noted
            .into_iter()
            .find(|(begins, _)| problem.starts_with(begins));
        found.map_or(Self::Away, |(_, obstacle)| obstacle)
    }
}

impl City {
    fn name(&self) -> &str {
        &self.settings.name
    }

    /// As the audit log names it.
    fn actor(&self) -> String {
        format!("city:{}", self.name())
    }

    /// Asks for its services: the code and name of each.
    pub async fn services(&self) -> Result<Vec<(String, String)>, String> {
        let services = self.wire.services().await;
        services.map_err(|failed| Trouble::from(failed).problem)
    }

    /// Asks for its services and compares them with the settings.
    pub async fn try_out(&self) -> Result<Tried, String> {
        let services = self.services().await?;
        let known: BTreeSet<&str> = services.iter().map(|(code, _)| code.as_str()).collect();
        let named = self.settings.map.iter().map(|mapped| mapped.code.as_str());
        let unknown = named.filter(|code| !known.contains(code));
        Ok(Tried {
            unknown: unknown.map(str::to_owned).collect(),
            services: services.len(),
        })
    }
}

impl Cities {
    /// Reads the files that the settings name.
    pub fn of(settings: &[CitySettings]) -> Result<Self, CitySettingsError> {
        let mut names = BTreeSet::new();
        let mut all = Vec::new();
        for one in settings {
            one.check()?;
            if !names.insert(one.name.as_str()) {
                return Err(CitySettingsError::Twice(one.name.clone()));
            }
            all.push(Arc::new(City {
                wire: Wire::of(one)?,
                settings: one.clone(),
            }));
        }
        Ok(Self(all))
    }

    pub fn named(&self, name: &str) -> Option<&City> {
        let mut all = self.0.iter();
        all.find(|city| city.name() == name).map(|city| &**city)
    }

    pub fn names(&self) -> Vec<&str> {
        self.0.iter().map(|city| city.name()).collect()
    }
}

/// Whether an error is this node's own, and not of one request.
fn is_our_own(error: &NodeError) -> bool {
    use NodeError::{Damaged, Database, File, NotEnrolled};
    matches!(error, Database(_) | File(_) | Damaged(_) | NotEnrolled)
}

impl From<Failed> for Trouble {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Away(problem) => problem.into(),
            Failed::Busy(pause) => Self {
                problem: format!("{BUSY} (429)"),
                pause: Some(pause),
            },
            Failed::Refused { status, .. } if matches!(status, 401 | 403) => {
                format!("{KEY} ({status})").into()
            }
            Failed::Refused { status, said } => format!("{REFUSES} ({status}): {said}").into(),
        }
    }
}

impl From<NodeError> for Trouble {
    fn from(error: NodeError) -> Self {
        error.to_string().into()
    }
}

impl From<DbError> for Trouble {
    fn from(error: DbError) -> Self {
        NodeError::from(error).into()
    }
}

impl From<String> for Trouble {
    fn from(problem: String) -> Self {
        Self {
            problem,
            pause: None,
        }
    }
}
