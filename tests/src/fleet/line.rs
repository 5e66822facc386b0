//! The line between a node and the hub, with the weather on it: calls that are
//! lost or cut in two, answers that are lost after the hub has done its work,
//! calls that arrive twice, and copies that arrive when everybody has moved on.
//! A story that wants a hostile hub alters its answers here.
//!
//! The calls themselves are real: in the stories mTLS to the hub's listener.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Method;
use lapor_node::sync::{Answer, Call, LinkError, Transport};
use lapor_protocol::entropy::{Entropy as _, Seeded};
use lapor_protocol::wire::PREFIX;
use tokio::sync::watch;

/// Copies that may be under way at once; the oldest arrives when another is
/// held back.
const UNDER_WAY: usize = 8;

/// What happens to calls, each in so many of a hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weather {
    /// Nothing passes at all.
    pub cut: bool,
    /// The call is lost before the hub hears it.
    pub lose_call: u8,
    /// The hub does its work and the answer is lost.
    pub lose_answer: u8,
    /// The call arrives twice.
    pub twice: u8,
    /// A copy of the call arrives again, after later calls.
    pub late: u8,
    /// Only the beginning of the call's body arrives, and the line breaks.
    pub torn: u8,
}

impl Weather {
    pub const CLEAR: Self = Self {
        cut: false,
        lose_call: 0,
        lose_answer: 0,
        twice: 0,
        late: 0,
        torn: 0,
    };
    pub const CUT: Self = Self {
        cut: true,
        ..Self::CLEAR
    };
    pub const STORM: Self = Self {
        cut: false,
        lose_call: 10,
        lose_answer: 10,
        twice: 15,
        late: 15,
        torn: 0,
    };
}

/// What a story makes of an answer of the hub.
type Forgery = Arc<dyn Fn(&Call, Answer) -> Answer + Send + Sync>;

/// A node's line to the hub.
pub struct Line {
    inner: Arc<dyn Transport>,
    state: Mutex<State>,
    /// Calls that have been answered, or lost.
    ended: watch::Sender<u64>,
}

struct State {
    weather: Weather,
    dice: Seeded,
    /// Copies that have not arrived yet, oldest first.
    under_way: VecDeque<Call>,
    /// Calls that stay on their way until everything arrives.
    delayed: Vec<Call>,
    chosen: Option<Chosen>,
    /// Endpoints of which an answer was lost, while each is to lose its first.
    once: Option<BTreeSet<String>>,
    forgery: Option<Forgery>,
}

/// Calls that a story chooses by name, and what becomes of them.
#[derive(Debug, Clone)]
struct Chosen {
    method: Method,
    /// How the path ends, without its query.
    ends: &'static str,
    left: usize,
    lot: Lot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lot {
    Lost,
    /// The hub does its work all the same.
    AnswerLost,
    /// It arrives when nobody waits for it any more.
    Delayed,
}

/// What becomes of one call.
struct Fate {
    lost: bool,
    answer_lost: bool,
    twice: bool,
    /// Of a hundred bytes of the body so many arrive, and no answer does.
    torn: Option<usize>,
    /// Copies of former calls that arrive before this one.
    late: Vec<Call>,
}

impl Line {
    pub fn over(inner: Arc<dyn Transport>, seed: u64) -> Arc<Self> {
        Arc::new(Self {
            inner,
            state: Mutex::new(State {
                weather: Weather::CLEAR,
                dice: Seeded::new(seed),
                under_way: VecDeque::new(),
                delayed: Vec::new(),
                chosen: None,
                once: None,
                forgery: None,
            }),
            ended: watch::Sender::new(0),
        })
    }

    pub fn weather(&self, weather: Weather) {
        self.state().weather = weather;
    }

    /// The weather as it is.
    pub fn now(&self) -> Weather {
        self.state().weather
    }

    /// Another process of the same node calls over the same line: its weather,
    /// and the copies that are under way.
    pub fn goes_on_as(&self, next: &Self) {
        let (weather, under_way) = {
            let mut state = self.state();
            (state.weather, std::mem::take(&mut state.under_way))
        };
        let mut next = next.state();
        next.weather = weather;
        next.under_way = under_way;
    }

    pub fn is_cut(&self) -> bool {
        self.state().weather.cut
    }

    /// Whether calls may fail or arrive oddly.
    pub fn is_rough(&self) -> bool {
        let state = self.state();
        state.weather != Weather::CLEAR || state.chosen.is_some() || state.once.is_some()
    }

    /// The next calls of this method to a path that ends so never arrive.
    pub fn lose_calls(&self, method: Method, ends: &'static str, left: usize) {
        self.choose(method, ends, left, Lot::Lost);
    }

    /// As [`Self::lose_calls`], but the hub does its work and only its answer
    /// is lost.
    pub fn lose_answers(&self, method: Method, ends: &'static str, left: usize) {
        self.choose(method, ends, left, Lot::AnswerLost);
    }

    /// As [`Self::lose_calls`], but they are still on their way: the hub hears them when everything
    /// [arrives](Self::arrive).
    pub fn delay_calls(&self, method: Method, ends: &'static str, left: usize) {
        self.choose(method, ends, left, Lot::Delayed);
    }

    /// From now on the first answer of each endpoint is lost, after the hub has done its work.
    pub fn lose_first_answers(&self) {
        self.state().once = Some(BTreeSet::new());
    }

    /// The endpoints that have lost an answer so, each as `GET /blobs/*`; no other one does.
    pub fn lost_first(&self) -> BTreeSet<String> {
        self.state().once.take().unwrap_or_default()
    }

    /// Every answer of the hub that is no refusal goes through this.
    pub fn forge(&self, forgery: impl Fn(&Call, Answer) -> Answer + Send + Sync + 'static) {
        self.state().forgery = Some(Arc::new(forgery));
    }

    /// The hub is as honest as it is.
    pub fn be_honest(&self) {
        self.state().forgery = None;
    }

    fn choose(&self, method: Method, ends: &'static str, left: usize, lot: Lot) {
        self.state().chosen = Some(Chosen {
            method,
            ends,
            left,
            lot,
        });
    }

    /// Told whenever a call has been answered, or lost.
    pub fn ended(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Whatever is still under way arrives now.
    pub async fn arrive(&self) {
        let copies = self.state().all_under_way();
        self.deliver(copies).await;
    }

    async fn carry(&self, call: Call) -> Result<Answer, LinkError> {
        let answer = self.risk(call).await;
        self.ended.send_modify(|count| *count += 1);
        answer
    }

    async fn risk(&self, call: Call) -> Result<Answer, LinkError> {
        let fate = self.state().fate(&call)?;
        self.deliver(fate.late).await;
        if fate.lost {
            return Err(lost("the call was lost"));
        }
        if let Some(percent) = fate.torn {
            let mut torn = call;
            torn.body = torn.body.slice(..torn.body.len() * percent / 100);
            drop(self.inner.call(torn).await);
            return Err(lost("the line broke"));
        }
        let mut answer = self.inner.call(call.clone()).await;
        if fate.twice {
            answer = self.inner.call(call.clone()).await;
        }
        if fate.answer_lost {
            return Err(lost("the answer was lost"));
        }
        let forgery = self.state().forgery.clone();
        match forgery {
            Some(forge) => answer.map(|answer| forge(&call, answer)),
            None => answer,
        }
    }

    /// Nobody waits for the answers to late copies.
    async fn deliver(&self, copies: Vec<Call>) {
        for copy in copies {
            let _ = self.inner.call(copy).await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Transport for Line {
    fn call(&self, call: Call) -> BoxFuture<'_, Result<Answer, LinkError>> {
        Box::pin(self.carry(call))
    }

    fn doubts_clock(&self) -> bool {
        self.inner.doubts_clock()
    }

    fn quick(&self) -> Duration {
        self.inner.quick()
    }

    fn take_up_certificate(&self) -> Result<bool, LinkError> {
        self.inner.take_up_certificate()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}

impl State {
    fn fate(&mut self, call: &Call) -> Result<Fate, LinkError> {
        if self.weather.cut {
            return Err(lost("the line is cut"));
        }
        let Weather {
            lose_call,
            lose_answer,
            twice,
            late,
            torn,
            ..
        } = self.weather;
        let mut arriving = Vec::new();
        while !self.under_way.is_empty() && self.rolls(40) {
            arriving.extend(self.under_way.pop_front());
        }
        if self.rolls(late) {
            let mut copy = call.clone();
            // A copy that nobody waits for must not wait at the hub.
            copy.path = copy.path.replace("&wait=", "&wait=0&former=");
            self.under_way.push_back(copy);
            if self.under_way.len() > UNDER_WAY {
                arriving.extend(self.under_way.pop_front());
            }
        }
        let chosen = self.chosen_for(call);
        if chosen == Some(Lot::Delayed) {
            self.delayed.push(call.clone());
        }
        let unheard = matches!(chosen, Some(Lot::Lost | Lot::Delayed));
        let first = !unheard && self.is_first(call);
        Ok(Fate {
            lost: unheard || self.rolls(lose_call),
            answer_lost: chosen == Some(Lot::AnswerLost) || first || self.rolls(lose_answer),
            twice: self.rolls(twice),
            torn: (!call.body.is_empty() && self.rolls(torn)).then(|| self.draw(100)),
            late: arriving,
        })
    }

    fn all_under_way(&mut self) -> Vec<Call> {
        let copies = self.under_way.drain(..);
        copies.chain(self.delayed.drain(..)).collect()
    }

    /// Whether its answer is the one that its endpoint loses.
    fn is_first(&mut self, call: &Call) -> bool {
        let once = self.once.as_mut();
        once.is_some_and(|lost| lost.insert(endpoint(call)))
    }

    /// What becomes of this call, if the story has chosen it.
    fn chosen_for(&mut self, call: &Call) -> Option<Lot> {
        let chosen = self.chosen.as_mut()?;
        let path = call.path.split('?').next().unwrap_or_default();
        if call.method != chosen.method || !path.ends_with(chosen.ends) {
            return None;
        }
        let lot = chosen.lot;
        chosen.left -= 1;
        if chosen.left == 0 {
            self.chosen = None;
        }
        Some(lot)
    }

    /// Whether something happens that happens so many times in a hundred.
    fn rolls(&mut self, in_a_hundred: u8) -> bool {
        in_a_hundred != 0 && self.draw(100) < usize::from(in_a_hundred)
    }

    fn draw(&mut self, end: u16) -> usize {
        let mut bytes = [0; 2];
        self.dice.fill(&mut bytes);
        usize::from(u16::from_be_bytes(bytes) % end)
    }
}

/// What a call asks for, whichever case or attachment it is about.
fn endpoint(call: &Call) -> String {
    let path = call.path.split('?').next().unwrap_or_default();
    let path = path.strip_prefix(PREFIX).unwrap_or(path);
    let is_name = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase());
    let parts = path.split('/');
    let parts: Vec<&str> = parts
        .map(|part| if is_name(part) { part } else { "*" })
        .collect();
    format!("{} {}", call.method, parts.join("/"))
}

fn lost(why: &str) -> LinkError {
    LinkError::Unreachable(why.to_owned())
}
