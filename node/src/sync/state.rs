//! How the link is doing, for `status` in this and in another process.

use std::collections::BTreeMap;
use std::sync::Mutex;

use lapor_protocol::problem::Code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Link, LinkError};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

const FACT: &str = "link";
/// The state is written at a change, and otherwise at most this often.
const REWRITE_MS: i64 = 10_000;

/// Why a node is not connected that nobody serves.
const NOT_SERVING: &str = "`lapor-node serve` does not run; start it";
/// What an answer may take beyond its poll.
const SILENCE_MS: i64 = 60_000;

/// Clocks further apart than this are told to the operator: more than a page takes on a poor line,
/// less than what would show in a deadline.
const CLOCKS_APART_MS: i64 = 10 * 60_000;

/// A part of the work that has failed for a reason of this machine for so long is told.
const STUCK_MS: i64 = 60_000;

/// What an institution hears that has joined and of which no operator of the hub has let it in yet:
/// it has read no directory.
const UNAPPROVED: &str = "waits until the hub's staff have approved it; it goes on by itself then";

/// Connected or not, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinkState {
    pub connected: bool,
    /// Unix ms; since when it has been so.
    pub since: Option<i64>,
    /// Unix ms of the last answer of the hub.
    pub last_contact: Option<i64>,
    /// Why not, in a sentence.
    pub problem: Option<String>,
    /// Unix ms by which this node's clock is ahead of the hub's (behind, if negative), when that is
    /// more than an answer can take: one of the two is wrong.
    #[serde(default)]
    pub clock_ahead_ms: Option<i64>,
    /// The hub has suspended or revoked this institution and has not said what time it is since the
    /// node was started: what is erased or closed by silence goes by this node's clock alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub own_time: bool,
    /// The hub's code, if it refused (`instance_suspended`, `instance_revoked`, ...); or what is
    /// wrong with the certificate: `certificate_expired`, `certificate_refused`,
    /// `certificate_unusable`, `certificate_unknown` (void).
    pub code: Option<String>,
    /// A part of the work that goes on failing for a reason of this machine, whatever the hub says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Stuck>,
}

/// A part of the link's work that cannot go on, and is tried again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stuck {
    /// For instance `inbox`.
    pub step: String,
    /// Unix ms; since when it fails.
    pub since: i64,
    pub problem: String,
}

impl LinkState {
    /// Whether it has joined and the hub's staff have not let it in yet.
    pub fn waits_for_approval(&self) -> bool {
        self.problem.as_deref() == Some(UNAPPROVED)
    }
}

#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<(LinkState, i64)>);

/// Since when each step fails for a reason of this machine.
#[derive(Debug, Default)]
pub(super) struct Failing(Mutex<BTreeMap<&'static str, i64>>);

impl Link {
    pub fn state(&self) -> LinkState {
        self.lock().0.clone()
    }

    /// Notes the outcome of a call to the hub, keeps it for other processes,
    /// and lets pausing steps try again after a success.
    pub(super) async fn note<T>(&self, outcome: &Result<T, LinkError>) {
        if outcome.is_ok() {
            self.answered.notify_waiters();
        }
        self.certificate.learn(outcome);
        if matches!(outcome, Err(LinkError::Tls(_))) {
            self.look_at_files();
        }
        let error = outcome.as_ref().err();
        self.returning.learn(error);
        // Whose membership has ended needs no certificate; the hub has said so.
        let barred = error
            .and_then(LinkError::certificate_fault)
            .and_then(|_| self.certificate.barred())
            .map(LinkError::Refused);
        let error = barred.as_ref().or(error);
        // While the line is down what the hub said last counts.
        if error.is_none_or(|error| error.code().is_some()) {
            let code = error.and_then(LinkError::code);
            let ended = [Code::InstanceSuspended, Code::InstanceRevoked];
            self.node
                .note_barred(code.is_some_and(|code| ended.contains(&code)));
        }
        let now = self.node.clock().now_ms();
        let write = {
            let mut shared = self.lock();
            let first = shared.0.since.is_none();
            let was = (shared.0.connected || first, shared.0.code.clone());
            let joins = self.node.directory().version() == 0;
            let changed = update(&mut shared.0, error, joins, now);
            if shared.0.own_time != self.node.goes_by_own_time() {
                shared.0.own_time = self.node.goes_by_own_time();
                shared.1 = i64::MIN;
            }
            if changed {
                tell(&shared.0, &was);
            }
            // A clock that was put back must not keep it from being written.
            let due = changed || now.saturating_sub(shared.1).saturating_abs() >= REWRITE_MS;
            if due {
                shared.1 = now;
            }
            due.then(|| shared.0.clone())
        };
        if let Some(state) = write
            && let Err(error) = self.keep(&state).await
        {
            tracing::warn!(%error, "the state of the link could not be stored");
        }
    }

    /// Takes up what lies in the keys folder after a handshake that failed: another process, such as
    /// `lapor-node recover`, may have brought roots or a certificate.
    fn look_at_files(&self) {
        if matches!(self.transport.take_up_certificate(), Ok(true)) {
            tracing::info!("what lies in the keys folder now is taken up");
            self.answered.notify_waiters();
        }
    }

    /// Notes how a step has ended: one that this machine itself keeps from going on for longer than
    /// a moment is told to whoever operates it.
    pub(super) fn note_step(&self, step: &'static str, error: Option<&LinkError>) {
        let now = self.node.clock().now_ms();
        let since = {
            let failing = self.failing.0.lock();
            let mut failing = failing.unwrap_or_else(std::sync::PoisonError::into_inner);
            if matches!(error, Some(LinkError::Node(_))) {
                *failing.entry(step).or_insert(now)
            } else {
                failing.remove(step);
                now
            }
        };
        let mut shared = self.lock();
        let told = shared.0.stuck.as_ref();
        let ours = told.is_some_and(|stuck| stuck.step == step);
        match error {
            Some(error @ LinkError::Node(_)) if told.is_none() && now - since >= STUCK_MS => {
                let problem = error.to_string();
                tracing::error!(step, problem, "a part of the link's work cannot go on");
                shared.0.stuck = Some(Stuck {
                    step: step.to_owned(),
                    since,
                    problem,
                });
            }
            None if ours => {
                tracing::info!(step, "it goes on");
                shared.0.stuck = None;
            }
            _ => return,
        }
        // Written with the next outcome, whatever that is.
        shared.1 = i64::MIN;
    }

    /// Says to other processes that this one has ended.
    pub(super) async fn leave(&self) {
        let state = {
            let mut shared = self.lock();
            shared.0.connected = false;
            shared.0.since = Some(self.node.clock().now_ms());
            shared.0.problem = Some(NOT_SERVING.into());
            shared.0.clone()
        };
        if let Err(error) = self.keep(&state).await {
            tracing::warn!(%error, "the state of the link could not be stored");
        }
    }

    /// Notes how far this node's clock is from the hub's, as the signed head of
    /// a page shows it.
    pub(super) fn compare_clocks(&self, at_hub: i64) {
        self.node.hear_hub_time(at_hub);
        let ahead = self.node.clock().now_ms().saturating_sub(at_hub);
        let apart = (ahead.saturating_abs() > CLOCKS_APART_MS).then_some(ahead);
        let mut shared = self.lock();
        if apart.is_some() != shared.0.clock_ahead_ms.is_some() {
            // Written with the next outcome, whatever that is.
            shared.1 = i64::MIN;
            if let Some(ahead_ms) = apart {
                let what =
                    "this node's clock and the hub's are apart; correct the one that is wrong";
                tracing::error!(ahead_ms, "{what}");
            } else {
                tracing::info!("this node's clock and the hub's agree");
            }
        }
        shared.0.clock_ahead_ms = apart;
    }

    async fn keep(&self, state: &LinkState) -> Result<(), NodeError> {
        let text = serde_json::to_string(state).map_err(NodeError::damaged)?;
        let mut tx = self.node.write_tx().await?;
        store::chain::set_fact(&mut tx, FACT, &text).await?;
        Ok(tx.commit().await?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (LinkState, i64)> {
        self.state
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The state that the serving process last wrote. One that has written
/// nothing for longer than two polls take has ended, whatever it said last.
pub async fn read_state(node: &Node) -> Result<LinkState, NodeError> {
    let mut tx = node.read_tx().await?;
    let Some(text) = store::chain::fact(&mut tx, FACT).await? else {
        return Ok(LinkState::default());
    };
    let state: LinkState = store::read(serde_json::from_str(&text))?;
    let silence = node.clock().now_ms() - state.last_contact.unwrap_or_default();
    let poll_ms = node.settings().link.long_poll_seconds as i64 * 1000;
    if state.connected && silence > 2 * poll_ms + SILENCE_MS {
        return Ok(LinkState {
            connected: false,
            since: state.last_contact,
            problem: Some(NOT_SERVING.into()),
            ..state
        });
    }
    Ok(state)
}

/// A line for each change that an operator would act upon: up, down, and
/// another refusal by the hub.
fn tell(state: &LinkState, was: &(bool, Option<String>)) {
    let problem = state.problem.as_deref().unwrap_or_default();
    let code = state.code.as_deref().unwrap_or_default();
    if state.connected {
        tracing::info!("connected to the hub");
    } else if state.waits_for_approval() {
        let first = was.1 != state.code;
        if first {
            tracing::info!("this institution {problem}");
        }
    } else if was.0 || was.1 != state.code {
        tracing::warn!(problem, code, "not connected to the hub; work goes on");
    } else {
        tracing::debug!(problem, code, "still not connected to the hub");
    }
}

/// Says whether connectedness or its reason changed; `joins` while no directory was read.
fn update(state: &mut LinkState, error: Option<&LinkError>, joins: bool, now: i64) -> bool {
    let (connected, problem, code) = match error {
        None => (true, None, None),
        // The hub answers, and the directory says until when it takes nothing in.
        Some(LinkError::Refused(problem)) if problem.code == Code::Maintenance => {
            (true, None, None)
        }
        Some(LinkError::Refused(problem)) => (
            false,
            Some(if joins && problem.code == Code::InstanceSuspended {
                UNAPPROVED.to_owned()
            } else {
                problem.title.clone()
            }),
            Some(problem.code.as_str().to_owned()),
        ),
        Some(error) => (
            false,
            Some(error.to_string()),
            error.certificate_fault().map(str::to_owned),
        ),
    };
    if error.is_none() || matches!(error, Some(LinkError::Refused(_))) {
        state.last_contact = Some(now);
    }
    let changed = state.connected != connected || state.problem != problem || state.since.is_none();
    if state.connected != connected || state.since.is_none() {
        state.since = Some(now);
    }
    state.connected = connected;
    state.problem = problem;
    state.code = code;
    changed
}

#[cfg(test)]
mod tests {
    use lapor_protocol::problem::Problem;

    use super::*;
    use crate::testing::{NOW, PaperHub, Place, databases};

    #[test]
    fn a_hub_in_maintenance_is_a_hub_that_answers() {
        let refused = |code| LinkError::Refused(Box::new(Problem::new(code).into()));
        let mut state = LinkState::default();
        update(&mut state, Some(&refused(Code::Maintenance)), false, NOW);
        assert!(state.connected && state.code.is_none());
        update(&mut state, Some(&refused(Code::Overloaded)), false, NOW);
        assert!(!state.connected);
    }

    #[test]
    fn who_has_joined_and_is_not_let_in_waits_for_approval_and_is_cut_off_later() {
        let refused = LinkError::Refused(Box::new(Problem::new(Code::InstanceSuspended).into()));
        let mut state = LinkState::default();
        assert!(update(&mut state, Some(&refused), true, NOW));
        assert!(state.waits_for_approval());
        assert!(!update(&mut state, Some(&refused), true, NOW + 1));
        update(&mut state, None, false, NOW + 2);
        assert!(!state.waits_for_approval());
        update(&mut state, Some(&refused), false, NOW + 3);
        assert!(!state.waits_for_approval());
    }

    #[tokio::test]
    async fn whom_the_hub_has_barred_goes_by_its_own_time_until_the_hub_says_what_time_it_is() {
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            place.node = place.begun_again().await;
            let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
            assert!(!place.node.may_be_final(), "nobody knows");
            let refused = |code| LinkError::Refused(Box::new(Problem::new(code).into()));
            let no_line = || Err::<(), _>(LinkError::Unreachable("no line".into()));
            for code in [Code::InstanceSuspended, Code::InstanceRevoked] {
                link.note(&Err::<(), _>(refused(Code::Overloaded))).await;
                link.note(&no_line()).await;
                assert!(!place.node.may_be_final() && !link.state().own_time);
                link.note(&Err::<(), _>(refused(code))).await;
                link.note(&no_line()).await;
                assert!(place.node.may_be_final());
                let read = read_state(&place.node).await.unwrap();
                assert!(read.own_time, "another process reads it");
            }
            place.node.hear_hub_time(NOW - 2 * 60 * 60_000);
            link.note(&Err::<(), _>(refused(Code::InstanceSuspended)))
                .await;
            assert!(!place.node.may_be_final() && !link.state().own_time);
        }
    }

    #[tokio::test]
    async fn a_step_that_this_machine_keeps_from_going_on_is_told_and_forgotten_when_it_goes_on() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let link = Link::over(place.node.clone(), PaperHub::of(&place)).unwrap();
            let ours = LinkError::Node(NodeError::damaged("a row cannot be read"));
            let theirs = LinkError::Unreachable("no line".into());
            link.note_step("inbox", Some(&ours));
            link.note_step("outbox", Some(&theirs));
            assert_eq!(link.state().stuck, None, "it may pass");
            place.clock.advance(STUCK_MS);
            link.note_step("outbox", Some(&theirs));
            assert_eq!(
                link.state().stuck,
                None,
                "a line is no fault of this machine"
            );
            link.note_step("inbox", Some(&ours));
            let stuck = link.state().stuck.unwrap();
            assert_eq!((&*stuck.step, stuck.since), ("inbox", NOW));
            link.note_step("outbox", None);
            assert!(link.state().stuck.is_some());
            link.note(&Ok(())).await;
            let read = read_state(&place.node).await.unwrap();
            assert_eq!(read.stuck, Some(stuck), "another process reads it");
            link.note_step("inbox", None);
            assert_eq!(link.state().stuck, None);
        }
    }

    #[tokio::test]
    async fn a_node_that_has_fallen_silent_is_not_connected_whatever_it_said_last() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let said = LinkState {
                connected: true,
                since: Some(NOW),
                last_contact: Some(NOW),
                ..LinkState::default()
            };
            let mut tx = place.node.write_tx().await.unwrap();
            let text = serde_json::to_string(&said).unwrap();
            store::chain::set_fact(&mut tx, FACT, &text).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(read_state(&place.node).await.unwrap(), said);
            place.clock.advance(3 * 60_000);
            let read = read_state(&place.node).await.unwrap();
            assert!(!read.connected && read.problem.unwrap().contains("serve"));
            assert_eq!(read.since, Some(NOW));
        }
    }
}
