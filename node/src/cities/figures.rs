//! Cities as the desk, the command line and the monitoring see them: whether they answer, how much is
//! followed and fed, what waits and what a person has to look at.

use serde::Serialize;
use utoipa::ToSchema;

use super::{State, Way};
use crate::error::NodeError;
use crate::node::Node;
use crate::store::cities::{self, RequestRow};

/// Requests of one city that are shown at once.
const SHOWN: i64 = 200;

/// A city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CityFigures {
    pub name: String,
    pub title: String,
    pub follows: bool,
    pub feeds: bool,
    /// When it last answered all that it was asked, Unix ms.
    pub contact_at: Option<i64>,
    /// Since when it does not, Unix ms, and what it or the network says.
    pub troubled_since: Option<i64>,
    pub problem: Option<String>,
    /// For how long the case that waits longest for it has, 0 if none does.
    pub waits_ms: i64,
    pub counts: Counts,
    /// What waits, and what waits for a person, the oldest first.
    pub stuck: Vec<Stuck>,
}

/// How many requests there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CityCounts)]
pub struct Counts {
    pub followed_open: i64,
    pub followed_closed: i64,
    pub fed_open: i64,
    pub fed_closed: i64,
    /// Not arrived there, or without a number yet.
    pub waiting: i64,
    /// They wait for a person.
    pub refused: i64,
}

/// A request on which nothing more happens by itself, or not yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = StuckRequest)]
pub struct Stuck {
    pub id: String,
    /// `followed` or `fed`.
    pub way: String,
    pub state: String,
    pub request: Option<String>,
    pub case_id: Option<String>,
    /// Unix ms.
    pub since: i64,
    pub problem: Option<String>,
}

impl Stuck {
    fn of(row: RequestRow) -> Self {
        Self {
            id: row.id,
            way: row.way,
            state: row.state,
            request: row.request,
            case_id: row.case_id,
            since: row.since,
            problem: row.problem,
        }
    }

    /// Whether it waits for a person.
    pub fn is_refused(&self) -> bool {
        let state = State::named(&self.state);
        matches!(state, Some(State::Refused | State::Left))
    }
}

impl Counts {
    /// Each by its name.
    pub fn named(self) -> [(&'static str, i64); 6] {
        [
            ("followed_open", self.followed_open),
            ("followed_closed", self.followed_closed),
            ("fed_open", self.fed_open),
            ("fed_closed", self.fed_closed),
            ("waiting", self.waiting),
            ("refused", self.refused),
        ]
    }

    fn add(&mut self, (way, state, status): (&str, &str, Option<&str>), count: i64) {
        let fed = way == Way::Fed.as_str();
        let of = match State::named(state) {
            Some(State::Linked) => match (fed, status == Some("closed")) {
                (false, false) => &mut self.followed_open,
                (false, true) => &mut self.followed_closed,
                (true, false) => &mut self.fed_open,
                (true, true) => &mut self.fed_closed,
            },
            Some(State::Waiting | State::Sending | State::Token) => &mut self.waiting,
            Some(State::Refused | State::Left) => &mut self.refused,
            Some(State::Dropped) | None => return,
        };
        *of += count;
    }
}

impl Node {
    /// All cities of the settings, in their order.
    pub async fn city_figures(&self) -> Result<Vec<CityFigures>, NodeError> {
        let now = self.clock().now_ms();
        let mut all = Vec::new();
        let mut tx = self.read_tx().await?;
        let counted = cities::count(&mut tx).await?;
        for city in &self.settings().cities {
            let line = cities::line_of(&mut tx, &city.name)
                .await?
                .unwrap_or_default();
            let stuck = cities::stuck(&mut tx, &city.name, SHOWN).await?.into_iter();
            let oldest = cities::oldest_waiting(&mut tx, &city.name).await?;
            let mut counts = Counts::default();
            let own = counted.iter().filter(|(name, ..)| *name == city.name);
            for (_, way, state, status, count) in own {
                counts.add((way.as_str(), state.as_str(), status.as_deref()), *count);
            }
            all.push(CityFigures {
                name: city.name.clone(),
                title: city.called().to_owned(),
                follows: city.follow,
                feeds: city.feed,
                contact_at: line.contact_at,
                troubled_since: line.troubled_since,
                problem: line.problem,
                waits_ms: oldest.map_or(0, |since| (now - since).max(0)),
                counts,
                stuck: stuck.map(Stuck::of).collect(),
            });
        }
        Ok(all)
    }

    /// How many requests of all cities wait for a person.
    pub(crate) async fn refused_by_cities(&self) -> Result<u64, NodeError> {
        if self.settings().cities.is_empty() {
            return Ok(0);
        }
        let mut tx = self.read_tx().await?;
        Ok(cities::count_refused(&mut tx).await?.unsigned_abs())
    }
}
