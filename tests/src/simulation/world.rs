//! A federation that is driven step by step: a hub, the nodes that have joined
//! it, and what befalls them. Nothing in it happens by itself: each step ends
//! before the next begins, and time passes when somebody says so.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::FutureExt as _;
use lapor_hub::audit::By;
use lapor_hub::clock::HandClock;
use lapor_hub::membership;
use lapor_killpoints as killpoints;
use lapor_migrations::throwaway::TestDb;
use lapor_migrations::{Db, on};
use lapor_node::node::Node;
use lapor_node::sync::{LinkError, Transport};
use lapor_protocol::keys::KeyUse;
use lapor_protocol::problem::Code;
use tempfile::TempDir;

use super::dice::Dice;
use super::exchange::exchange;
use super::house::House;
use super::inside::{Broken, Inside};
use super::plan::{Part, SEATS, Sky, Step, What};
use super::prepared::{MEMBERS, Prepared};
use super::promises::{Promises, held};
use super::saying::{self, Said};
use crate::fleet::{BEGINNING, DAY_MS, Institution, Line, Weather};

/// Of a hundred calls on a bad line.
const TORN: Weather = Weather {
    torn: 25,
    lose_answer: 5,
    ..Weather::CLEAR
};
const HOUR_MS: i64 = 3_600_000;
/// Before the hub's issuer runs out, which an operator must see to.
const MOST_MS: i64 = 500 * DAY_MS;
const CURSORS: &str = "select stream, dseq, settled from cursors";

/// By stream, what a node has accepted and what it has settled.
type Reached = BTreeMap<String, (i64, i64)>;

/// An institution: its machine, and a copy of its machine while there is one.
pub struct Seat {
    pub here: Institution,
    pub twin: Option<Institution>,
    copy: Option<TempDir>,
    /// The line of the process that runs, or ran last.
    line: Arc<Line>,
    /// By how much its clock is ahead of the truth.
    ahead_ms: i64,
    pub suspended: bool,
    /// It was restored, and has not been in step with the hub since.
    pub unmet: bool,
    reached: Reached,
}

pub struct World {
    pub house: House,
    pub seats: Vec<Seat>,
    pub promises: Promises,
    pub broken: Option<Broken>,
    /// Whether a hub was restored or a node copied: then one may contradict another.
    pub odd: bool,
    clock: Arc<HandClock>,
    ahead_ms: i64,
    pub virtual_ms: i64,
}

impl World {
    pub async fn begin(broken: Option<Broken>) -> Result<Self> {
        let prepared = Prepared::federation();
        let clock = Arc::new(HandClock::at(BEGINNING + HOUR_MS));
        let mut house = House::placed(prepared, Arc::clone(&clock))?;
        Box::pin(house.begin()).await?;
        let mut seats = Vec::with_capacity(SEATS);
        for (place, member) in MEMBERS.into_iter().enumerate() {
            let own = Arc::new(HandClock::at(BEGINNING + HOUR_MS));
            let database = TestDb::sqlite()?;
            let mut here = Institution::new(member, database, own, (place as u64) << 32);
            let keys = here.settings.node.keys.clone();
            let folder = keys.parent().context("a folder")?;
            prepared.place(member.slug, folder)?;
            std::fs::rename(folder.join("copy.db"), here.database().file())?;
            Box::pin(here.start_over(way(&house, &clock, broken))).await;
            seats.push(Seat {
                line: Arc::clone(here.line()),
                here,
                twin: None,
                copy: None,
                ahead_ms: 0,
                suspended: false,
                unmet: false,
                reached: Reached::new(),
            });
        }
        Ok(Self {
            house,
            seats,
            promises: Promises::default(),
            broken,
            odd: false,
            clock,
            ahead_ms: 0,
            virtual_ms: 0,
        })
    }

    /// Does a step as far as what it finds allows. Gives what came of it, the
    /// same for the same world.
    pub async fn perform(&mut self, step: &Step) -> Result<String> {
        // Nothing takes no time at all: what the hub orders has a moment of its own.
        self.pass(1);
        let mut dice = Dice::new(step.dice);
        let done = match step.what {
            What::File(at) | What::Act(at) | What::Publish(at) => {
                return Box::pin(self.says(at, step.what, &mut dice)).await;
            }
            What::Exchange(at, part) => {
                let twin = self.seats[at].twin.is_some() && dice.below(2) == 0;
                return Box::pin(self.exchanges(at, part, twin)).await;
            }
            What::Die(at, passage) => {
                return Box::pin(self.dies(at, passage, &mut dice)).await;
            }
            What::Minute => {
                Box::pin(self.house.minute()).await?;
                true
            }
            What::Pass(ms) if self.virtual_ms + ms > MOST_MS => false,
            What::Pass(ms) => {
                self.pass(ms);
                true
            }
            What::Jump(whose, ms) => self.jumps(whose, ms),
            What::Weather(at, sky) => self.weather(at, sky),
            What::Down(at) => self.down(at).await,
            What::Up(at) => self.up(at).await,
            What::Restart(at) => self.down(at).await && self.up(at).await,
            What::HubDown => self.house.end().await,
            What::HubUp => self.hub_up().await?,
            What::RestartHub => self.house.end().await && self.hub_up().await?,
            What::BackUp(at) => Box::pin(self.back_up(at)).await?,
            What::Restore(at) => Box::pin(self.restore(at)).await?,
            What::BackUpHub => {
                Box::pin(self.house.back_up()).await?;
                true
            }
            What::RestoreHub => Box::pin(self.restore_hub()).await?,
            What::Twin(at) => Box::pin(self.twin(at)).await?,
            What::OneLess(at) => Box::pin(self.one_less(at)).await?,
            What::Suspend(at) => self.membership(at, true).await?,
            What::Resume(at) => self.membership(at, false).await?,
            What::Rotate(at, use_for) => self.rotates(at, use_for).await?,
        };
        Ok(if done { "done" } else { "not now" }.to_owned())
    }

    /// A report, an act or a publication, by whoever sits there.
    async fn says(&mut self, at: usize, what: What, dice: &mut Dice) -> Result<String> {
        let Some(speaker) = self.speaker(at, dice) else {
            return Ok("nobody is here".to_owned());
        };
        let said = saying::say(speaker, what, dice).await;
        self.took(at, said)
    }

    /// Who speaks and calls for a seat: one of the two, where there are two.
    fn speaker(&self, at: usize, dice: &mut Dice) -> Option<&Institution> {
        let seat = &self.seats[at];
        let twin = seat.twin.as_ref().filter(|_| dice.below(2) == 0);
        let speaker = twin.unwrap_or(&seat.here);
        speaker.is_running().then_some(speaker)
    }

    fn took(&mut self, at: usize, said: Result<Said>) -> Result<String> {
        match said? {
            Said::Done(message, kind) => {
                self.promises.note(at, message);
                Ok(format!("{kind} {message}"))
            }
            Said::Refused(why) => Ok(format!("refused: {why}")),
            Said::Nothing => Ok("nothing to do".to_owned()),
        }
    }

    /// One bounded part of a link's work. Gives what came of it in a word.
    pub async fn exchanges(&mut self, at: usize, part: Part, twin: bool) -> Result<String> {
        let odd = self.odd;
        let seat = &mut self.seats[at];
        let who = match &seat.twin {
            Some(copy) if twin => copy,
            _ => &seat.here,
        };
        if !who.is_running() {
            return Ok("nobody is here".to_owned());
        }
        let outcome = exchange(who.link(), part).await;
        let slug = who.member.slug;
        let served = outcome.is_ok() && part.always_calls();
        ensure!(
            !(served && seat.suspended),
            "{slug} is suspended, and was served at {part:?}"
        );
        if outcome.is_ok() && part == Part::All && !twin {
            seat.unmet = false;
        }
        let word = told(outcome, odd).with_context(|| format!("{slug} at {part:?}"))?;
        if seat.twin.is_none() {
            let reached = reached(seat.here.node().db()).await?;
            ensure!(
                no_less(&reached, &seat.reached),
                "{slug} has gone back from {:?} to {reached:?}",
                seat.reached
            );
            seat.reached = reached;
        }
        Ok(word)
    }

    /// A program ends in the middle of its work, and begins again.
    async fn dies(&mut self, at: usize, passage: u64, dice: &mut Dice) -> Result<String> {
        let what = dice.one_of(&[What::File(at), What::Act(at), What::Exchange(at, Part::All)]);
        killpoints::unwind_after(passage);
        let work = async {
            match what {
                What::Exchange(at, part) => self.exchanges(at, part, false).await,
                other => {
                    let here = &self.seats[at].here;
                    if !here.is_running() {
                        return Ok("nobody is here".to_owned());
                    }
                    let said = saying::say(here, other, dice).await;
                    self.took(at, said)
                }
            }
        };
        let outcome = AssertUnwindSafe(Box::pin(work)).catch_unwind().await;
        let Some(place) = killpoints::spare() else {
            return match outcome {
                Ok(outcome) => outcome,
                Err(panic) => resume_unwind(panic),
            };
        };
        if self.house.door.has_died() {
            self.house.end().await;
            Box::pin(self.house.begin()).await?;
            return Ok(format!("the hub ended at {place}"));
        }
        self.down(at).await;
        self.up(at).await;
        Ok(format!("the node ended at {place}"))
    }

    pub fn pass(&mut self, ms: i64) {
        self.virtual_ms += ms;
        self.clock.advance(ms);
        for seat in &self.seats {
            seat.here.clock().advance(ms);
        }
    }

    fn jumps(&mut self, whose: Option<usize>, ms: i64) -> bool {
        let Some(at) = whose else {
            self.clock.set_off(ms);
            self.ahead_ms += ms;
            return true;
        };
        self.seats[at].here.clock().set_off(ms);
        self.seats[at].ahead_ms += ms;
        true
    }

    /// Somebody puts right what is wrong with the clocks.
    fn put_clocks_right(&mut self) {
        self.clock.set_off(-self.ahead_ms);
        self.ahead_ms = 0;
        for seat in &mut self.seats {
            seat.here.clock().set_off(-seat.ahead_ms);
            seat.ahead_ms = 0;
        }
    }

    pub fn weather(&self, at: usize, sky: Sky) -> bool {
        self.seats[at].line.weather(match sky {
            Sky::Clear => Weather::CLEAR,
            Sky::Storm => Weather::STORM,
            Sky::Torn => TORN,
            Sky::Cut => Weather::CUT,
        });
        true
    }

    async fn down(&mut self, at: usize) -> bool {
        let here = &mut self.seats[at].here;
        let runs = here.is_running();
        if runs {
            here.stop().await;
        }
        runs
    }

    pub async fn up(&mut self, at: usize) -> bool {
        let way = way(&self.house, &self.clock, self.broken);
        let seat = &mut self.seats[at];
        if seat.here.is_running() {
            return false;
        }
        Box::pin(seat.here.start_over(way)).await;
        let line = Arc::clone(seat.here.line());
        seat.line.goes_on_as(&line);
        seat.line = line;
        true
    }

    pub async fn hub_up(&mut self) -> Result<bool> {
        if self.house.hub().is_some() {
            return Ok(false);
        }
        Box::pin(self.house.begin()).await?;
        Ok(true)
    }

    /// The hub fills its buckets by the machine's clock, by which next to no time passes here: one
    /// that begins again has full ones.
    pub async fn fill_buckets(&mut self) -> Result<()> {
        if self.house.end().await {
            self.hub_up().await?;
        }
        Ok(())
    }

    async fn back_up(&mut self, at: usize) -> Result<bool> {
        let seat = &mut self.seats[at];
        if seat.twin.is_some() || seat.unmet {
            return Ok(false);
        }
        let copy = tempfile::tempdir()?;
        seat.here.back_up(copy.path()).await;
        seat.copy = Some(copy);
        Ok(true)
    }

    /// The machine is lost, and the last backup is put on another one.
    async fn restore(&mut self, at: usize) -> Result<bool> {
        let seat = &mut self.seats[at];
        let copied = seat.copy.is_some() && seat.twin.is_none();
        if !copied {
            return Ok(false);
        }
        self.down(at).await;
        let seat = &mut self.seats[at];
        let copy = seat.copy.as_ref().context("a backup")?;
        seat.here.restore(copy.path(), TestDb::sqlite()?).await;
        seat.unmet = true;
        seat.reached.clear();
        self.up(at).await;
        self.forget_lost(at).await?;
        Ok(true)
    }

    /// What a machine had promised and told nobody is lost with it.
    async fn forget_lost(&mut self, at: usize) -> Result<()> {
        let hub = self.house.db().await?;
        let seat = &self.seats[at];
        let node = seat.here.node().db();
        let id = seat.here.member.id();
        self.promises.forget_lost(at, &id, &hub, node).await?;
        hub.close().await;
        Ok(())
    }

    async fn twin(&mut self, at: usize) -> Result<bool> {
        let way = way(&self.house, &self.clock, self.broken);
        let seat = &mut self.seats[at];
        if seat.twin.is_some() || seat.unmet || !seat.here.is_running() {
            return Ok(false);
        }
        let mut twin = seat.here.cloned(TestDb::sqlite()?).await;
        Box::pin(twin.start_over(way)).await;
        seat.twin = Some(twin);
        self.odd = true;
        Ok(true)
    }

    async fn one_less(&mut self, at: usize) -> Result<bool> {
        let Some(mut twin) = self.seats[at].twin.take() else {
            return Ok(false);
        };
        twin.stop().await;
        self.down(at).await;
        self.up(at).await;
        self.seats[at].unmet = true;
        self.seats[at].reached.clear();
        self.forget_lost(at).await?;
        Ok(true)
    }

    async fn membership(&mut self, at: usize, suspend: bool) -> Result<bool> {
        let Some(hub) = self.house.hub() else {
            return Ok(false);
        };
        let seat = &mut self.seats[at];
        // The desk stays: somebody must be there who is told of everything.
        if seat.suspended == suspend || at == 0 {
            return Ok(false);
        }
        let (by, id) = (By::actor("test"), seat.here.member.id());
        let done = if suspend {
            membership::suspend(&hub.ground, &by, &id).await
        } else {
            membership::resume(&hub.ground, &by, &id).await
        };
        match done {
            Ok(()) => seat.suspended = suspend,
            Err(error) => bail!("membership of {id}: {error}"),
        }
        Ok(true)
    }

    async fn rotates(&mut self, at: usize, use_for: KeyUse) -> Result<bool> {
        let seat = &self.seats[at];
        // Two machines would each announce a key of their own.
        if !seat.here.is_running() || seat.twin.is_some() {
            return Ok(false);
        }
        let done = seat.here.node().rotate(use_for, "test").await;
        let rotation = done.with_context(|| format!("{} rotates", seat.here.member.slug))?;
        Ok(!rotation.under_way)
    }

    /// The weather ends, and people do what is theirs to do: stop a copy, put
    /// clocks right, let in whom they kept out. Nothing else is helped along.
    pub async fn clears_up(&mut self) -> Result<()> {
        self.put_clocks_right();
        self.hub_up().await?;
        for at in 0..SEATS {
            self.one_less(at).await?;
            self.up(at).await;
            self.membership(at, false).await?;
            self.weather(at, Sky::Clear);
        }
        for seat in &self.seats {
            Box::pin(seat.line.arrive()).await;
        }
        Ok(())
    }

    /// Whether what is at rest may be looked at: nobody is in the middle of a restore.
    pub fn is_plain(&self) -> bool {
        let plain = |seat: &Seat| seat.twin.is_none() && !seat.unmet;
        self.seats.iter().all(plain) && self.house.hub().is_some()
    }

    /// The hub's machine is lost and restored, and everybody comes to it before
    /// it gives anything another place: so an operator is told to do it.
    async fn restore_hub(&mut self) -> Result<bool> {
        let all = self.seats.iter().all(|seat| !seat.suspended) && self.is_plain();
        if !self.house.has_copy() || !all {
            return Ok(false);
        }
        self.put_clocks_right();
        let before = self.house.db().await?;
        let had = held(&before).await?;
        before.close().await;
        self.odd = true;
        Box::pin(self.house.restore()).await?;
        self.hub_up().await?;
        for at in 0..SEATS {
            self.up(at).await;
            self.weather(at, Sky::Clear);
        }
        self.is_whole_again().await?;
        let after = self.house.db().await?;
        let now = held(&after).await?;
        after.close().await;
        let missing = had.difference(&now).count();
        ensure!(missing == 0, "a restored hub has lost {missing} messages");
        Ok(true)
    }

    async fn is_whole_again(&mut self) -> Result<()> {
        const ROUNDS: usize = 12;
        let mut last = Vec::new();
        for _ in 0..ROUNDS {
            last.clear();
            for at in 0..SEATS {
                last.push(Box::pin(self.exchanges(at, Part::All, false)).await?);
            }
            Box::pin(self.house.minute()).await?;
            if last.iter().all(|word| word.parse::<usize>().is_ok()) {
                return Ok(());
            }
            self.pass(HOUR_MS / 12);
        }
        bail!("a restored hub does not become whole: {last:?}")
    }
}

async fn reached(node: &Db) -> Result<Reached> {
    let mut tx = node.read().await?;
    let rows: Vec<(String, i64, i64)> =
        on!(&mut tx, c => sqlx::query_as(CURSORS).fetch_all(c).await)?;
    let rows = rows.into_iter();
    Ok(rows
        .map(|(stream, accepted, settled)| (stream, (accepted, settled)))
        .collect())
}

/// Whether nothing that was accepted or settled has ceased to be.
fn no_less(now: &Reached, before: &Reached) -> bool {
    before.iter().all(|(stream, (accepted, settled))| {
        let now = now.get(stream);
        now.is_some_and(|now| now.0 >= *accepted && now.1 >= *settled)
    })
}

/// How nodes reach the hub of this world.
fn way(
    house: &House,
    clock: &Arc<HandClock>,
    broken: Option<Broken>,
) -> impl FnOnce(&Node) -> Arc<dyn Transport> + use<> {
    let (door, clock) = (Arc::clone(&house.door), Arc::clone(clock));
    move |node| Arc::new(Inside::of(node, door, clock, broken))
}

/// What an exchange came to, in a word; an error if nothing that befell anybody explains it.
fn told(outcome: Result<usize, LinkError>, odd: bool) -> Result<String> {
    let ended = killpoints::ended().is_some();
    Ok(match outcome {
        Ok(moved) => moved.to_string(),
        Err(LinkError::Unreachable(_)) => "unreachable".to_owned(),
        Err(LinkError::Refused(problem)) if problem.code != Code::Internal => {
            problem.code.as_str().to_owned()
        }
        Err(LinkError::Tls(_) | LinkError::Unusable(_)) => "certificate".to_owned(),
        Err(LinkError::Replaced(_)) if odd => "replaced".to_owned(),
        Err(LinkError::Hub(_)) if odd => "contradicted".to_owned(),
        Err(_) if ended => "ended".to_owned(),
        Err(error) => return Err(error.into()),
    })
}
