//! Inviting many at once, from a table. Nothing is done while a row is wrong.
//! The lines are made a few at a time, so that the hub's other work goes on, and
//! are kept in the memory of this process alone, for whoever asked for them and
//! half an hour at most: the database never has one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lapor_protocol::ids::InstanceId;
use lapor_web::chance::random;
use zeroize::Zeroizing;

use crate::audit::By;
use crate::ground::Ground;
use crate::membership::{self, MembershipError, Profile};

/// How long lines are kept for whoever asked for them.
const KEPT: Duration = Duration::from_mins(30);
/// Invitations made in one transaction.
const STEP: usize = 20;
/// Rounds that are kept at a time.
const ROUNDS: usize = 4;

/// The rounds of invitations of this process.
#[derive(Default)]
pub struct Rounds(Mutex<HashMap<String, Arc<Round>>>);

/// Many invitations of one person.
pub struct Round {
    actor: String,
    /// Why they are invited; may be empty.
    reason: String,
    /// Unix ms.
    began_at: i64,
    pub total: usize,
    state: Mutex<Progress>,
}

/// How far a round has come.
#[derive(Clone, Default)]
pub struct Progress {
    pub made: Vec<Made>,
    /// Why no more are made.
    pub failed: Option<Arc<MembershipError>>,
}

/// One invitation of a round. Never printed: the line is a secret.
#[derive(Clone)]
pub struct Made {
    pub id: InstanceId,
    pub name: String,
    pub line: Zeroizing<String>,
    /// Unix ms.
    pub expires_at: i64,
}

impl Round {
    pub fn progress(&self) -> Progress {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.clone()
    }

    fn advance(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Also where the clock was set back behind its beginning, it makes room in the end.
    fn lives(&self, now_ms: i64) -> bool {
        u128::from(now_ms.abs_diff(self.began_at)) < KEPT.as_millis()
    }
}

impl Progress {
    pub fn is_over(&self, total: usize) -> bool {
        self.failed.is_some() || self.made.len() == total
    }
}

impl Rounds {
    /// Begins a round and returns its number; `None` while there are too many.
    pub fn begin(
        &self,
        ground: &Arc<Ground>,
        by: &By<'_>,
        profiles: Vec<Profile>,
    ) -> Option<String> {
        let now_ms = ground.clock.now_ms();
        let number = hex::encode(random::<16>());
        let round = Arc::new(Round {
            actor: by.actor.to_owned(),
            reason: by.reason.to_owned(),
            began_at: now_ms,
            total: profiles.len(),
            state: Mutex::default(),
        });
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.retain(|_, round| round.lives(now_ms));
        if rounds.len() >= ROUNDS {
            return None;
        }
        rounds.insert(number.clone(), Arc::clone(&round));
        drop(rounds);
        let ground = Arc::clone(ground);
        tokio::spawn(async move {
            make(&ground, &round, &profiles).await;
            tokio::time::sleep(KEPT).await;
            round.advance(|progress| progress.made.clear());
        });
        Some(number)
    }

    /// A round of this person.
    pub fn of(&self, number: &str, actor: &str, now_ms: i64) -> Option<Arc<Round>> {
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.retain(|_, round| round.lives(now_ms));
        let round = rounds.get(number).filter(|round| round.actor == actor);
        round.cloned()
    }

    /// Forgets the lines before their time.
    pub fn forget(&self, number: &str) {
        let mut rounds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        rounds.remove(number);
    }
}

async fn make(ground: &Ground, round: &Round, profiles: &[Profile]) {
    let by = By {
        reason: &round.reason,
        ..By::actor(&round.actor)
    };
    for step in profiles.chunks(STEP) {
        match membership::invite_all(ground, &by, step).await {
            Ok(invited) => round.advance(|progress| {
                let made = step.iter().zip(invited).map(|(profile, invited)| Made {
                    id: profile.id.clone(),
                    name: profile.name.clone().unwrap_or_default(),
                    line: invited.line,
                    expires_at: invited.expires_at,
                });
                progress.made.extend(made);
            }),
            Err(error) => {
                tracing::warn!(%error, "a round of invitations has ended early");
                round.advance(|progress| progress.failed = Some(Arc::new(error)));
                return;
            }
        }
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_a_clock_ahead_began_makes_room_for_another() {
        const MINUTE_MS: i64 = 60_000;
        let round = Round {
            actor: "account:lain".to_owned(),
            reason: String::new(),
            began_at: 24 * 60 * MINUTE_MS,
            total: 1,
            state: Mutex::default(),
        };
        for (minutes, lives) in [
            (-31, false),
            (-29, true),
            (0, true),
            (29, true),
            (31, false),
        ] {
            let now_ms = round.began_at + minutes * MINUTE_MS;
            assert_eq!(round.lives(now_ms), lives, "{minutes}");
        }
    }
}
