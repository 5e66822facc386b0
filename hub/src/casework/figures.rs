//! Casework in numbers: what happened in a period, and what stood at its end.
//! What happened is counted by when it did, and what stood by what was so at
//! that moment, so that a week that is over keeps its numbers.

use std::collections::BTreeMap;

use lapor_migrations::Tx;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Step, number, unread};
use crate::app::Hub;
use crate::error::HubError;
use crate::store;
use crate::store::casework::sums::{self, Answers, By};
use crate::store::state::CASEWORK;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// So many milliseconds before now.
    Last(i64),
    /// From a moment until before another (Unix ms), or until now if that is sooner.
    Between(i64, i64),
}

impl Period {
    /// From when, and until before when (Unix ms).
    pub fn span(self, now_ms: i64) -> (i64, i64) {
        // What has happened at this very moment belongs to it.
        let now = now_ms + 1;
        match self {
            Self::Last(ms) => (now - ms, now),
            Self::Between(from, until) => (from, until.min(now)),
        }
    }
}

/// Figures of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Figures {
    /// Unix ms.
    pub from: i64,
    /// Unix ms; the period ends before it, and what stands is told as it was then.
    pub until: i64,
    /// Unix ms; when they were counted.
    pub counted_at: i64,
    /// Messages of the record that were not taken in yet.
    pub behind: i64,
    /// Cases that cannot be read at the hub: they stand here as they did when they last could be, or
    /// not at all.
    #[serde(default)]
    pub unread: i64,
    /// Unix ms; when the first case of all was taken in. `None` without any.
    pub since: Option<i64>,
    /// Cases that were taken in.
    pub filed: i64,
    /// All institutions; times to an answer are those that reporters waited.
    pub federation: Sum,
    /// By slug, those that had any case.
    pub by_institution: BTreeMap<String, Sum>,
    /// By the number of the hop; 4 stands for all later ones.
    pub by_hop: BTreeMap<String, Sum>,
    pub by_step: Vec<StepSum>,
}

/// What is counted of an institution, a hop, or all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sum {
    /// Times that a case came to it.
    pub received: i64,
    /// Dispositions to it that ended, and those of them that it gave back.
    pub ended: i64,
    pub returned: i64,
    /// First answers that were given.
    pub answered: i64,
    /// Milliseconds within which half of them, and nine tenths, were given.
    pub answer_median_ms: Option<i64>,
    pub answer_ninetieth_ms: Option<i64>,
    /// Cases that stood open.
    pub open: i64,
    /// Dispositions that stood with nothing done.
    pub unaccepted: i64,
    /// Cases that stood open with no answer from anybody.
    pub unanswered: i64,
    /// Cases of which a clock stood run out.
    pub overdue: i64,
}

/// What is counted of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepSum {
    pub step: Step,
    /// Cases that are at it now; `None` of a period that ends before now.
    pub waiting: Option<i64>,
    /// Cases that stood overdue; `None` of a step without a clock.
    pub overdue: Option<i64>,
    /// Clocks that ran out in the period; likewise.
    pub ran_out: Option<i64>,
}

impl Sum {
    /// How many of a thousand dispositions that ended were given back.
    pub fn misrouted_per_mille(&self) -> Option<i64> {
        (self.ended > 0).then(|| (2000 * self.returned + self.ended) / (2 * self.ended))
    }

    fn answers(&mut self, answers: &Answers) {
        self.answered = answers.answered;
        self.answer_median_ms = answers.median_ms;
        self.answer_ninetieth_ms = answers.ninetieth_ms;
    }

    fn add(&mut self, other: &Self) {
        self.received += other.received;
        self.ended += other.ended;
        self.returned += other.returned;
        self.open += other.open;
        self.unaccepted += other.unaccepted;
        self.unanswered += other.unanswered;
        self.overdue += other.overdue;
    }
}

/// Counts them anew.
pub async fn count(hub: &Hub, period: Period) -> Result<Figures, HubError> {
    let counted_at = hub.now_ms();
    let (from, until) = period.span(counted_at);
    let mut tx = hub.ground.db.read().await?;
    let counted = Counted::read(&mut tx, from, until).await?;
    let taken_in = number(store::state::read(&mut tx, CASEWORK).await?);
    let last = store::state::moment(&mut tx).await?.number;
    let unread = unread::all(&mut tx).await?.len() as i64;
    let since = sums::first(&mut tx).await?;
    let reporters = sums::answers_to_reporters(&mut tx, from, until).await?;
    let steps = steps(&mut tx, from, until, until > counted_at).await?;
    tx.rollback().await?;
    let mut federation = Sum::default();
    for sum in counted.by_hop.values() {
        federation.add(sum);
    }
    federation.answers(&reporters);
    let by_step = steps.of(federation.unaccepted);
    Ok(Figures {
        from,
        until,
        counted_at,
        behind: last - taken_in,
        unread,
        since,
        filed: counted.filed,
        federation,
        by_institution: counted.by_institution,
        by_hop: counted.by_hop,
        by_step,
    })
}

#[derive(Default)]
struct Counted {
    filed: i64,
    by_institution: BTreeMap<String, Sum>,
    by_hop: BTreeMap<String, Sum>,
}

impl Counted {
    async fn read(tx: &mut Tx, from: i64, until: i64) -> Result<Self, HubError> {
        let mut counted = Self::default();
        for (institution, hop, begun, filed) in sums::begun(tx, from, until).await? {
            counted.filed += filed;
            counted.both(institution, hop, |sum| sum.received += begun);
        }
        for (institution, hop, ended, returned) in sums::ended(tx, from, until).await? {
            counted.both(institution, hop, |sum| {
                sum.ended += ended;
                sum.returned += returned;
            });
        }
        for (institution, hop, open, unaccepted, unanswered) in sums::standing(tx, until).await? {
            counted.both(institution, hop, |sum| {
                sum.open += open;
                sum.unaccepted += unaccepted;
                sum.unanswered += unanswered;
            });
        }
        for by in [By::Institution, By::Hop] {
            let sums = match by {
                By::Hop => &mut counted.by_hop,
                _ => &mut counted.by_institution,
            };
            for (part, overdue) in sums::overdue(tx, by, until).await? {
                sums.entry(part).or_default().overdue = overdue;
            }
            for answers in sums::answers(tx, by, from, until).await? {
                sums.entry(answers.part.clone())
                    .or_default()
                    .answers(&answers);
            }
        }
        Ok(counted)
    }

    fn both(&mut self, institution: String, hop: String, add: impl Fn(&mut Sum)) {
        add(self.by_institution.entry(institution).or_default());
        add(self.by_hop.entry(hop).or_default());
    }
}

struct Steps {
    running: Option<BTreeMap<String, i64>>,
    overdue: BTreeMap<String, i64>,
    ran_out: BTreeMap<String, i64>,
}

async fn steps(tx: &mut Tx, from: i64, until: i64, now: bool) -> Result<Steps, HubError> {
    let running = if now {
        Some(sums::running(tx).await?.into_iter().collect())
    } else {
        None
    };
    let overdue = sums::overdue(tx, By::Step, until).await?;
    let ran_out = sums::ran_out(tx, from, until).await?;
    Ok(Steps {
        running,
        overdue: overdue.into_iter().collect(),
        ran_out: ran_out.into_iter().collect(),
    })
}

impl Steps {
    fn of(&self, unaccepted: i64) -> Vec<StepSum> {
        let all = Step::ALL.into_iter();
        all.map(|step| self.one(step, unaccepted)).collect()
    }

    fn one(&self, step: Step, unaccepted: i64) -> StepSum {
        let of = |counts: &BTreeMap<String, i64>| counts.get(step.as_str()).copied().unwrap_or(0);
        if step == Step::Acceptance {
            return StepSum {
                step,
                waiting: self.running.as_ref().map(|_| unaccepted),
                overdue: None,
                ran_out: None,
            };
        }
        StepSum {
            step,
            waiting: self.running.as_ref().map(of),
            overdue: Some(of(&self.overdue)),
            ran_out: Some(of(&self.ran_out)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_rounded_to_a_tenth_of_a_per_cent_and_none_of_nothing() {
        let rate = |returned, ended| {
            let sum = Sum {
                ended,
                returned,
                ..Sum::default()
            };
            sum.misrouted_per_mille()
        };
        assert_eq!(rate(0, 0), None);
        assert_eq!(rate(0, 7), Some(0));
        assert_eq!(rate(1, 3), Some(333));
        assert_eq!(rate(2, 3), Some(667));
        assert_eq!(rate(4, 4), Some(1000));
    }
}
