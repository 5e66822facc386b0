//! What happens in one simulation, all of it drawn from the seed before anything
//! happens: any part of a plan is a plan, so that one that fails can be made
//! shorter. What a step finds when its turn comes decides what it does; its own
//! dice decide the rest.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use lapor_protocol::keys::KeyUse;

use super::dice::Dice;

/// Institutions of a simulation; a step names one by its place.
pub const SEATS: usize = 4;
/// Messages of a plan, at most.
pub const MOST: usize = 2_000;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const YEAR_MS: i64 = 365 * DAY_MS;

/// One bounded thing that a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Push,
    Inbox,
    Public,
    Directory,
    Give,
    Keys,
    Health,
    Renew,
    /// Everything, until nothing moves.
    All,
}

impl Part {
    /// Whether the hub is asked at all events.
    pub fn always_calls(self) -> bool {
        !matches!(self, Self::Push | Self::Give | Self::Keys | Self::Renew)
    }
}

/// What is on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sky {
    Clear,
    Storm,
    /// Calls break in two.
    Torn,
    Cut,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    File(usize),
    Act(usize),
    Publish(usize),
    Exchange(usize, Part),
    /// What the hub does every minute.
    Minute,
    Pass(i64),
    /// A clock jumps: of a seat, or the hub's.
    Jump(Option<usize>, i64),
    Weather(usize, Sky),
    /// Somebody ends at a kill point while this seat exchanges or acts: the
    /// node or the hub, whose passage it is.
    Die(usize, u64),
    Down(usize),
    Up(usize),
    Restart(usize),
    HubDown,
    HubUp,
    RestartHub,
    BackUp(usize),
    Restore(usize),
    BackUpHub,
    RestoreHub,
    /// The machine is copied as it is, and both run.
    Twin(usize),
    /// Somebody does what the alarm says: one of the two is stopped.
    OneLess(usize),
    Suspend(usize),
    Resume(usize),
    Rotate(usize, KeyUse),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its place in the whole plan, from 1.
    pub number: usize,
    pub dice: u64,
    pub what: What,
}

#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    /// Reports, acts and publications, of which some will be refused.
    pub messages: usize,
    pub steps: Vec<Step>,
}

/// Troubles that come together or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Weather,
    Death,
    Absence,
    HubAbsence,
    NodeRestore,
    HubRestore,
    Twins,
    Membership,
    Keys,
    Clocks,
    Months,
}

/// Each with its share of a thousand steps where a plan has it.
const TROUBLES: [(Trouble, usize); 11] = [
    (Trouble::Weather, 50),
    (Trouble::Death, 50),
    (Trouble::Absence, 30),
    (Trouble::HubAbsence, 20),
    (Trouble::NodeRestore, 16),
    (Trouble::HubRestore, 12),
    (Trouble::Twins, 10),
    (Trouble::Membership, 10),
    (Trouble::Keys, 12),
    (Trouble::Clocks, 10),
    (Trouble::Months, 8),
];

impl Plan {
    /// Every plan has some of the troubles, so that one does not always hide another.
    pub fn draw(seed: u64, messages: usize) -> Self {
        let mut dice = Dice::new(seed);
        let mut shares = vec![(None, 1000)];
        for (trouble, share) in TROUBLES {
            if dice.below(2) == 0 {
                shares.push((Some(trouble), share));
            }
        }
        let mut steps: Vec<Step> = Vec::new();
        let mut said = 0;
        while said < messages {
            let what = match one_by_share(&shares, &mut dice) {
                Some(trouble) => trouble.draw(&mut dice),
                None => ordinary(&mut dice),
            };
            said += usize::from(what.says());
            steps.push(Step {
                number: steps.len() + 1,
                dice: dice.number(),
                what,
            });
        }
        Self {
            seed,
            messages,
            steps,
        }
    }

    /// Only those of its steps whose numbers stand in one of these spans.
    #[must_use]
    pub fn only(&self, spans: &[Span]) -> Self {
        let mut plan = self.clone();
        let stands = |step: &Step| spans.iter().any(|span| span.contains(step.number));
        plan.steps.retain(stands);
        plan
    }

    /// The numbers of its steps.
    pub fn spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for step in &self.steps {
            match spans.last_mut() {
                Some(last) if last.to + 1 == step.number => last.to = step.number,
                _ => spans.push(Span {
                    from: step.number,
                    to: step.number,
                }),
            }
        }
        spans
    }
}

/// Numbers of steps, written as `7` or `7-12`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    from: usize,
    to: usize,
}

impl Span {
    fn contains(self, number: usize) -> bool {
        (self.from..=self.to).contains(&number)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            write!(f, "{}", self.from)
        } else {
            write!(f, "{}-{}", self.from, self.to)
        }
    }
}

impl FromStr for Span {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        Ok(Self {
            from: from.parse()?,
            to: to.parse()?,
        })
    }
}

impl What {
    fn says(self) -> bool {
        matches!(self, Self::File(_) | Self::Act(_) | Self::Publish(_))
    }
}

fn one_by_share(shares: &[(Option<Trouble>, usize)], dice: &mut Dice) -> Option<Trouble> {
    let all: usize = shares.iter().map(|(_, share)| share).sum();
    let mut left = dice.below(all);
    for (what, share) in shares {
        if left < *share {
            return *what;
        }
        left -= share;
    }
    None
}

fn ordinary(dice: &mut Dice) -> What {
    let at = dice.below(SEATS);
    match dice.below(100) {
        0..=13 => What::File(at),
        14..=41 => What::Act(at),
        42 => What::Publish(at),
        43..=54 => What::Exchange(at, Part::Push),
        55..=67 => What::Exchange(at, Part::Inbox),
        68..=70 => What::Exchange(at, Part::Public),
        71 | 72 => What::Exchange(at, Part::Directory),
        73 | 74 => What::Exchange(at, Part::Give),
        75 | 76 => What::Exchange(at, Part::Keys),
        77 => What::Exchange(at, Part::Health),
        78 => What::Exchange(at, Part::Renew),
        79..=92 => What::Exchange(at, Part::All),
        93 | 94 => What::Minute,
        _ => What::Pass(dice.one_of(&[1, 1000, MINUTE_MS, 10 * MINUTE_MS, 2 * HOUR_MS])),
    }
}

impl Trouble {
    fn draw(self, dice: &mut Dice) -> What {
        let at = dice.below(SEATS);
        let either = dice.below(2) == 0;
        match self {
            Self::Weather => {
                let sky = [Sky::Clear, Sky::Storm, Sky::Storm, Sky::Torn, Sky::Cut];
                What::Weather(at, dice.one_of(&sky))
            }
            Self::Death => What::Die(at, 1 + dice.below(30) as u64),
            Self::Absence => dice.one_of(&[What::Down(at), What::Up(at), What::Restart(at)]),
            Self::HubAbsence => dice.one_of(&[What::HubDown, What::HubUp, What::RestartHub]),
            Self::NodeRestore if either => What::BackUp(at),
            Self::NodeRestore => What::Restore(at),
            Self::HubRestore if either => What::BackUpHub,
            Self::HubRestore => What::RestoreHub,
            Self::Twins if either => What::Twin(at),
            Self::Twins => What::OneLess(at),
            Self::Membership if either => What::Suspend(at),
            Self::Membership => What::Resume(at),
            Self::Keys if either => What::Rotate(at, KeyUse::Signing),
            Self::Keys => What::Rotate(at, KeyUse::Sealing),
            Self::Clocks => {
                let whose = Some(at).filter(|_| dice.below(4) != 0);
                // What signs certificates does not live for ten years.
                let most = whose.map_or(10 * DAY_MS, |_| 10 * YEAR_MS);
                let by = dice.one_of(&[HOUR_MS, DAY_MS, most]);
                What::Jump(whose, if either { by } else { -by })
            }
            Self::Months => What::Pass(dice.one_of(&[5, 20, 40]) * DAY_MS),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.number, self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_plan_and_another_seed_another() {
        let plan = Plan::draw(7, 200);
        assert_eq!(plan.steps, Plan::draw(7, 200).steps);
        assert_ne!(plan.steps, Plan::draw(8, 200).steps);
        let said = plan.steps.iter().filter(|step| step.what.says()).count();
        assert_eq!(said, 200);
    }

    #[test]
    fn a_part_of_a_plan_keeps_numbers_and_dice() {
        let plan = Plan::draw(7, 50);
        let spans = ["9", "3-4"].map(|text| text.parse::<Span>().unwrap());
        let part = plan.only(&spans);
        assert_eq!(part.steps, [plan.steps[2], plan.steps[3], plan.steps[8]]);
        let told: Vec<String> = part.spans().iter().map(ToString::to_string).collect();
        assert_eq!(told, ["3-4", "9"]);
        assert!("3-".parse::<Span>().is_err());
    }

    #[test]
    fn every_trouble_comes_in_some_plan() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..40 {
            for step in Plan::draw(seed, 200).steps {
                let text = format!("{:?}", step.what);
                seen.insert(text.split('(').next().unwrap_or_default().to_owned());
            }
        }
        assert_eq!(seen.len(), 24, "{seen:?}");
    }
}
