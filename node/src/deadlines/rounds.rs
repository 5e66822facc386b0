//! What comes with time: notices, closes by silence, and counting anew when
//! another edition of the calendar has come into force. Done by a job, in
//! bounded pages; doing it twice changes nothing, and a case that cannot be read
//! keeps no other waiting.

use std::collections::BTreeSet;

use lapor_migrations::Tx;
use lapor_protocol::case::Case;
use lapor_protocol::deadline::silent_from;
use lapor_protocol::ids::MessageRef;
use serde_json::{Map, json};

use super::notices::plan;
use super::record::{SKEW_MS, record};
use crate::casework::{NewAct, completed_since, shown_case};
use crate::courtesy::Courtesy;
use crate::damage;
use crate::error::NodeError;
use crate::feed;
use crate::node::Node;
use crate::store;
use crate::store::deadlines::DeadlineRow;

/// Cases in one transaction.
const PAGE: i64 = 200;
/// Cases that are counted anew in one transaction, for which whoever files waits.
const COUNTED: i64 = 50;
/// While others write, they have the database so many times as long as a page of it has taken.
const WAY_GIVEN: u32 = 8;
/// Pages in one go; the rest is the next run's.
const PAGES: usize = 50;
/// Name of the fact that says by which edition every case has been counted.
const COUNTED_BY: &str = "deadlines_counted_by";
/// A case that cannot be closed yet, waits for a message, or cannot be read is looked at again after this.
const PAUSE_MS: i64 = 6 * 60 * 60_000;
/// How the audit log names it.
const ACTOR: &str = "deadlines";

/// What is to become of a silence.
enum Silence {
    /// Nobody has answered this follow-up in time.
    Close(MessageRef),
    /// Not before this moment, in Unix ms.
    Later(i64),
    /// There is none any more.
    Over,
}

impl Node {
    /// Counts all cases anew if another calendar is in force than that by which
    /// they were counted; those that come meanwhile are counted by it already.
    /// Returns how many.
    pub async fn count_deadlines_anew(&self) -> Result<usize, NodeError> {
        let mut tx = self.read_tx().await?;
        let calendar = self.calendar_in_force(&mut tx).await?;
        let counted_by = store::chain::fact(&mut tx, COUNTED_BY).await?;
        let last_case = store::deadlines::last_case(&mut tx).await?;
        drop(tx);
        if counted_by.as_deref() == Some(calendar.edition()) {
            return Ok(0);
        }
        let (mut after, mut count) = (String::new(), 0);
        loop {
            let courtesy = Courtesy::begin(self, WAY_GIVEN);
            let mut tx = self.write_tx().await?;
            let page = store::deadlines::every_case(&mut tx, &after, &last_case, COUNTED).await?;
            let Some(last) = page.last() else {
                store::chain::set_fact(&mut tx, COUNTED_BY, calendar.edition()).await?;
                tx.commit().await?;
                return Ok(count);
            };
            after.clone_from(last);
            let damaged = self.record_these(&mut tx, &page).await?;
            count += page.len() - damaged.len();
            tx.commit().await?;
            tokio::time::sleep(courtesy.pause(self, 1)).await;
        }
    }

    /// Counts these anew. Gives those that cannot be read, of which what was counted before stays.
    async fn record_these<'a>(
        &self,
        tx: &mut Tx,
        ids: &'a [String],
    ) -> Result<BTreeSet<&'a str>, NodeError> {
        let (mut cases, mut damaged) = (Vec::with_capacity(ids.len()), BTreeSet::new());
        for id in ids {
            match shown_case(self, tx, id).await {
                Ok((_, case)) => cases.push((id.as_str(), case)),
                Err(error @ NodeError::Database(_)) => return Err(error),
                Err(_) => {
                    damage::tell("cases", id);
                    damaged.insert(id.as_str());
                }
            }
        }
        let pairs: Vec<_> = cases
            .iter()
            .map(|(id, case)| (*id, case.as_ref()))
            .collect();
        record(self, tx, &pairs).await?;
        Ok(damaged)
    }

    /// Notes what has to be told by now. Returns how many notices are new.
    pub async fn note_deadlines(&self) -> Result<u64, NodeError> {
        let mut count = 0;
        for _ in 0..PAGES {
            let now = self.clock().now_ms();
            let mut tx = self.write_tx().await?;
            let page = store::deadlines::to_look_at(&mut tx, now, PAGE).await?;
            if page.is_empty() {
                break;
            }
            let damaged = self.record_these(&mut tx, &page).await?;
            for id in &page {
                if damaged.contains(id.as_str()) {
                    store::deadlines::look_next(&mut tx, id, Some(now + PAUSE_MS)).await?;
                } else {
                    count += self.note_deadlines_of(&mut tx, id, now).await?;
                }
            }
            tx.commit().await?;
        }
        Ok(count)
    }

    /// Notes what is to be told of one case, and when to look next.
    async fn note_deadlines_of(&self, tx: &mut Tx, id: &str, now: i64) -> Result<u64, NodeError> {
        let calendar = self.calendar_in_force(tx).await?;
        let (me, directory) = (self.instance()?, self.directory());
        let world = directory.latest();
        let (_, shown) = shown_case(self, tx, id).await?;
        let planned = match shown {
            Some(case) if case.is_party(me, world) => {
                let running = self.running_clocks(tx, &case, &calendar).await?;
                plan(
                    &case,
                    &running,
                    me,
                    world,
                    &calendar,
                    &self.settings().deadlines,
                )
            }
            _ => Vec::new(),
        };
        let next = planned
            .iter()
            .map(|planned| planned.at)
            .filter(|at| *at > now);
        let next = next.min().filter(|at| *at < i64::MAX);
        let due = planned
            .into_iter()
            .filter(|planned| planned.at <= now && now < planned.until);
        let rows: Vec<_> = due
            .map(|mut planned| {
                planned.row.made_at = now;
                planned.row
            })
            .collect();
        store::deadlines::look_next(tx, id, next).await?;
        let new = store::notices::add(tx, &rows).await?;
        let changes = new.iter().map(|notice| {
            let kind = format!("deadline.{}", notice.notice);
            feed::of_case(&notice.case_id, &kind, None, now)
        });
        feed::note(tx, &changes.collect::<Vec<_>>()).await?;
        Ok(new.len() as u64)
    }

    /// Closes the cases that were filed here and whose reporter has been silent
    /// for as long as the clock gives; none while this node's own clock is in doubt. Returns how many.
    pub async fn close_silent_cases(&self) -> Result<usize, NodeError> {
        let mut closed = 0;
        for _ in 0..PAGES {
            let now = self.clock().now_ms();
            let mut tx = self.read_tx().await?;
            let page = store::deadlines::silent(&mut tx, now, PAGE).await?;
            drop(tx);
            if page.is_empty() || !self.may_be_final() {
                break;
            }
            for row in page {
                match self.close_if_silent(&row, now).await {
                    Ok(done) => closed += usize::from(done),
                    Err(NodeError::Database(error)) if !error.spares_others() => {
                        return Err(error.into());
                    }
                    // What is wrong with one case keeps no other open.
                    Err(error) => {
                        let case = &row.case_id;
                        tracing::warn!(%error, case, "a case cannot be closed by silence");
                        self.put_off_silence(case, Some(now + PAUSE_MS)).await?;
                    }
                }
            }
        }
        Ok(closed)
    }

    async fn close_if_silent(&self, row: &DeadlineRow, now: i64) -> Result<bool, NodeError> {
        let mut tx = self.read_tx().await?;
        let verdict = self.silence(&mut tx, row, now).await?;
        drop(tx);
        let until = match verdict {
            Silence::Close(follow_up) => {
                let case = store::case_id(&row.case_id)?;
                match self.act(case, silent_close(&follow_up)?, ACTOR).await {
                    Ok(_) => return Ok(true),
                    // Somebody was faster, or the reporter has replied meanwhile.
                    Err(NodeError::NotAllowed(_)) => Some(now + PAUSE_MS),
                    Err(error) => return Err(error),
                }
            }
            Silence::Later(at) => Some(at),
            Silence::Over => None,
        };
        self.put_off_silence(&row.case_id, until).await?;
        Ok(false)
    }

    async fn put_off_silence(&self, case: &str, until: Option<i64>) -> Result<(), NodeError> {
        let mut tx = self.write_tx().await?;
        store::deadlines::put_off_silence(&mut tx, case, until).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the clock of silence has run out by the hub's order, and counted
    /// from when the follow-up was known here as well.
    async fn silence(
        &self,
        tx: &mut Tx,
        row: &DeadlineRow,
        now: i64,
    ) -> Result<Silence, NodeError> {
        let (ruled, shown) = shown_case(self, tx, &row.case_id).await?;
        let held_up = store::cases::case(tx, &row.case_id)
            .await?
            .is_none_or(|row| row.blocked.is_some());
        let (Some(ruled), Some(shown)) = (ruled, shown) else {
            return Ok(Silence::Over);
        };
        let answers = |case: &Case| case.state.is_open() && case.before_hold.is_none();
        let mine = shown.origin == *self.instance()? && answers(&shown);
        let Some(last) = shown.follow_up.clone().filter(|_| mine) else {
            return Ok(Silence::Over);
        };
        // What has no place in the hub's order has not begun to be answered.
        if held_up || ruled.follow_up.as_ref() != Some(&last) {
            return Ok(Silence::Later(now + PAUSE_MS));
        }
        let mut heard = shown;
        if let (Some(follow_up), Some(at)) = (&mut heard.follow_up, row.heard_at) {
            follow_up.ordered_at = follow_up.ordered_at.max(at);
        }
        let calendar = self.calendar_in_force(tx).await?;
        let directory = self.directory();
        let Some(due) = silent_from(&heard, directory.latest(), &calendar) else {
            return Ok(Silence::Over);
        };
        if due + SKEW_MS > now {
            return Ok(Silence::Later(due + SKEW_MS));
        }
        // What is final goes by what was said, and by no summary of it.
        let (me, answer) = (self.instance()?, &last.message);
        let completed = Box::pin(completed_since(tx, &row.case_id, me, answer)).await?;
        Ok(if completed {
            Silence::Over
        } else {
            Silence::Close(last.message)
        })
    }

    /// Everything that time brings to cases.
    pub async fn look_after_deadlines(&self) -> Result<(), NodeError> {
        self.count_deadlines_anew().await?;
        self.note_deadlines().await?;
        self.close_silent_cases().await?;
        Ok(())
    }
}

fn silent_close(follow_up: &MessageRef) -> Result<NewAct, NodeError> {
    let follow_up = serde_json::to_value(follow_up).map_err(NodeError::damaged)?;
    let body: Map<_, _> = [
        ("by".into(), json!("silence")),
        ("follow_up".into(), follow_up),
    ]
    .into_iter()
    .collect();
    Ok(NewAct {
        kind: "case.closed".into(),
        body,
        words: None,
        attachments: Vec::new(),
    })
}
