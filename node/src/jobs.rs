//! What the node does by itself from time to time.
//!
//! The scheduler only rings. Then, and every half minute, each job is noted as
//! `(job, slot)` in the database unless that slot was the last one here, which
//! asks no clock to go forward; whoever claims it there does it, for as long as
//! the lease lasts. So a job runs once for each slot, however many note it, and
//! one that failed or was interrupted is tried again. What a job may do twice
//! without harm it may do here; nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lapor_protocol::ids::Digest;
use lapor_web::parts::again;
use tokio::sync::Notify;
use tokio_cron_scheduler::JobScheduler;
use tokio_util::sync::CancellationToken;

use crate::casework::sweep_orphans;
use crate::error::NodeError;
use crate::media::expire_uploads;
use crate::node::Node;
use crate::registers;
use crate::store;
use crate::sync::Link;

const MINUTE_MS: i64 = 60_000;
/// Nobody else takes a job sooner from one who works on it.
const LEASE_MS: i64 = 15 * MINUTE_MS;
/// A job that goes on failing is tried this often.
const LONGEST_PAUSE_MS: i64 = 60 * MINUTE_MS;
/// How often is looked for another slot, and for what has been put off.
const SWEEP: Duration = Duration::from_secs(30);
/// How long the first work waits for the hub to say what time it is, without which nothing is done
/// that cannot be taken back.
const FIRST_WORD: Duration = Duration::from_secs(20);
/// Jobs done in one go, at most.
const ROUND: usize = 64;

/// Something that is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Job {
    /// Renews the certificate when it is time.
    Certificate,
    /// Replaces signing and sealing keys before they are twelve months old.
    Keys,
    /// Removes uploads that nobody has used, and registers that nobody has filed.
    Uploads,
    /// Erases what reporters want erased; removes what has expired of theirs.
    Reporters,
    /// Removes files that a crash has left.
    Orphans,
    /// Removes sessions and links of officers that have ended.
    Sessions,
    /// Notes what is due, and closes what nobody has answered.
    Deadlines,
    /// Writes what is to be told by letter.
    Letters,
    /// Forgets what was said on channels and is over.
    Channels,
    /// Forgets what changed long ago, and what webhooks were told of it.
    Feed,
    /// Brings what is new in SP4N-LAPOR!, and hands over what is wanted there.
    Bridge,
}

impl Job {
    const ALL: [Self; 11] = [
        Self::Certificate,
        Self::Keys,
        Self::Uploads,
        Self::Reporters,
        Self::Orphans,
        Self::Sessions,
        Self::Deadlines,
        Self::Letters,
        Self::Channels,
        Self::Feed,
        Self::Bridge,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Keys => "keys",
            Self::Uploads => "uploads",
            Self::Reporters => "reporters",
            Self::Orphans => "orphans",
            Self::Sessions => "sessions",
            Self::Deadlines => "deadlines",
            Self::Letters => "letters",
            Self::Channels => "channels",
            Self::Feed => "feed",
            Self::Bridge => "bridge",
        }
    }

    fn period_ms(self) -> i64 {
        match self {
            Self::Certificate | Self::Bridge => 15 * MINUTE_MS,
            Self::Deadlines | Self::Letters => 5 * MINUTE_MS,
            Self::Keys
            | Self::Uploads
            | Self::Reporters
            | Self::Orphans
            | Self::Sessions
            | Self::Channels
            | Self::Feed => 60 * MINUTE_MS,
        }
    }

    /// The first minute of an hour at which it begins, and the second: each node has its own, so
    /// that a federation does not knock all at once.
    fn first(self, node: &Digest) -> (i64, i64) {
        let period = self.period_ms() / MINUTE_MS;
        let [second, first] = [node.as_bytes()[0], node.as_bytes()[1]].map(i64::from);
        (first % period, second % 60)
    }

    /// When the slot began that a moment is in, Unix ms.
    fn slot(self, node: &Digest, now: i64) -> i64 {
        let (minute, second) = self.first(node);
        let first = minute * MINUTE_MS + second * 1_000;
        now - (now - first).rem_euclid(self.period_ms())
    }

    /// When slots begin.
    fn cron(self, node: &Digest) -> String {
        let period = self.period_ms() / MINUTE_MS;
        let (first, second) = self.first(node);
        let minutes: Vec<String> = (0..60 / period)
            .map(|turn| (first + turn * period).to_string())
            .collect();
        format!("{second} {} * * * *", minutes.join(","))
    }
}

/// The slot for which this process has noted each job last.
type Noted = BTreeMap<&'static str, i64>;

/// The jobs of a node.
pub struct Jobs {
    node: Arc<Node>,
    link: Arc<Link>,
    bell: Notify,
}

impl Jobs {
    pub fn of(link: &Arc<Link>) -> Arc<Self> {
        Arc::new(Self {
            node: Arc::clone(link.node()),
            link: Arc::clone(link),
            bell: Notify::new(),
        })
    }

    /// Notes and works until `shutdown`. A mistake in a job ends that run of it and no other job.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        let schedule = self.schedule().await;
        if let Err(error) = &schedule {
            tracing::warn!(%error, "no scheduler rings; jobs are looked at every half minute");
        }
        again("jobs", || Arc::clone(&self).turns(shutdown.clone())).await;
        if let Ok(mut schedule) = schedule
            && let Err(error) = schedule.shutdown().await
        {
            tracing::warn!(%error, "the scheduler did not stop");
        }
    }

    /// Rings whenever a slot begins.
    async fn schedule(self: &Arc<Self>) -> anyhow::Result<JobScheduler> {
        let scheduler = JobScheduler::new().await.context("no scheduler")?;
        let node = self.own_time()?;
        for job in Job::ALL {
            let jobs = Arc::clone(self);
            let tick = tokio_cron_scheduler::Job::new_async(job.cron(&node), move |_, _| {
                let jobs = Arc::clone(&jobs);
                Box::pin(async move { jobs.bell.notify_one() })
            });
            scheduler.add(tick.context("no schedule")?).await?;
        }
        scheduler.start().await.context("no scheduler")?;
        Ok(scheduler)
    }

    async fn turns(self: Arc<Self>, shutdown: CancellationToken) {
        let work = async {
            let _ = tokio::time::timeout(FIRST_WORD, self.node.hub_time_heard()).await;
            // A node that was off for long does not wait for the next slot.
            let mut noted = Noted::new();
            loop {
                self.turn(&mut noted).await;
                tokio::select! {
                    () = self.bell.notified() => {}
                    () = tokio::time::sleep(SWEEP) => {}
                }
            }
        };
        tokio::select! {
            () = work => {}
            () = shutdown.cancelled() => {}
        }
    }

    /// Notes each job that has come to another slot than it was noted for last, be it because the
    /// clock was put back, and does what is due. Returns how many were noted.
    async fn turn(&self, noted: &mut Noted) -> usize {
        let mut count = 0;
        for job in Job::ALL {
            match self.note_anew(job, noted).await {
                Ok(anew) => count += usize::from(anew),
                Err(error) => tracing::warn!(job = job.name(), %error, "a job could not be noted"),
            }
        }
        if let Err(error) = self.work().await {
            tracing::warn!(%error, "jobs could not be looked at");
        }
        count
    }

    async fn note_anew(&self, job: Job, noted: &mut Noted) -> Result<bool, NodeError> {
        let now = self.node.clock().now_ms();
        let slot = job.slot(&self.own_time()?, now);
        if noted.get(job.name()) == Some(&slot) {
            return Ok(false);
        }
        self.note_for(job, slot, now).await?;
        noted.insert(job.name(), slot);
        Ok(true)
    }

    /// Notes a job for the slot that has begun.
    pub async fn note(&self, job: Job) -> Result<(), NodeError> {
        let now = self.node.clock().now_ms();
        let slot = job.slot(&self.own_time()?, now);
        self.note_for(job, slot, now).await
    }

    async fn note_for(&self, job: Job, slot: i64, now: i64) -> Result<(), NodeError> {
        let mut tx = self.node.write_tx().await?;
        store::jobs::enqueue(&mut tx, job.name(), slot, now).await?;
        Ok(tx.commit().await?)
    }

    /// Of which the node's own minute and second are taken.
    fn own_time(&self) -> Result<Digest, NodeError> {
        Ok(Digest::of(self.node.instance()?.as_str().as_bytes()))
    }

    /// Does what is due and what nobody works on any more. Returns how many
    /// jobs were done.
    pub async fn work(&self) -> Result<usize, NodeError> {
        let mut done = 0;
        for _ in 0..ROUND {
            let now = self.node.clock().now_ms();
            let mut tx = self.node.write_tx().await?;
            let claimed = store::jobs::claim(&mut tx, now, now + LEASE_MS).await?;
            tx.commit().await?;
            let Some((name, slot, attempts)) = claimed else {
                break;
            };
            let job = Job::ALL.into_iter().find(|job| job.name() == name);
            let outcome = match job {
                Some(job) => self.perform(job).await,
                // One that an earlier version knew.
                None => Ok(()),
            };
            let mut tx = self.node.write_tx().await?;
            match outcome {
                Ok(()) => {
                    store::jobs::finish(&mut tx, &name, slot).await?;
                    done += 1;
                }
                Err(error) => {
                    tracing::warn!(job = name, %error, attempts, "a job failed and is tried again");
                    let due = now + pause_ms(attempts);
                    store::jobs::put_off(&mut tx, &name, slot, due, &error.to_string()).await?;
                }
            }
            tx.commit().await?;
        }
        Ok(done)
    }

    async fn perform(&self, job: Job) -> anyhow::Result<()> {
        match job {
            Job::Certificate => {
                self.link.renew_certificate().await?;
            }
            Job::Keys => {
                self.node.rotate_old_keys("jobs").await?;
            }
            Job::Uploads => {
                expire_uploads(&self.node).await?;
                registers::expire(&self.node).await?;
            }
            Job::Reporters => {
                let erased = self.node.erase_due().await;
                self.node.expire_reporters().await?;
                self.node.expire_led().await?;
                erased?;
                // What was deleted since, here or by others' wish, stands in no log any more.
                if !self.node.db().empty_log().await? {
                    tracing::debug!("the log of the database is read and will be emptied later");
                }
            }
            Job::Deadlines => self.node.look_after_deadlines().await?,
            Job::Letters => {
                self.node.write_post().await?;
            }
            Job::Channels => self.node.expire_channels().await?,
            Job::Feed => {
                self.node.expire_changes().await?;
                self.node.expire_deliveries().await?;
            }
            Job::Bridge => self.node.tend_bridge().await?,
            Job::Orphans => {
                sweep_orphans(&self.node).await?;
            }
            Job::Sessions => {
                self.node.accounts().sweep().await?;
            }
        }
        Ok(())
    }
}

fn pause_ms(attempts: i64) -> i64 {
    let doublings = attempts.clamp(1, 16) - 1;
    (MINUTE_MS << doublings).min(LONGEST_PAUSE_MS)
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::clock::Clock as _;
    use crate::testing::{NOW, PaperHub, Place, databases};

    fn jobs_of(place: &Place) -> Arc<Jobs> {
        Jobs::of(&Link::over(place.node.clone(), PaperHub::of(place)).unwrap())
    }

    #[tokio::test]
    async fn a_job_runs_once_for_each_slot_however_many_tick() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let (here, there) = (jobs_of(&place), jobs_of(&place));
            here.note(Job::Uploads).await.unwrap();
            there.note(Job::Uploads).await.unwrap();
            let (one, other) = tokio::join!(here.work(), there.work());
            assert_eq!(one.unwrap() + other.unwrap(), 1);
            there.note(Job::Uploads).await.unwrap();
            assert_eq!(here.work().await.unwrap(), 0, "the slot is done");
            place.clock.advance(60 * MINUTE_MS);
            here.note(Job::Uploads).await.unwrap();
            assert_eq!(here.work().await.unwrap(), 1);
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_put_back_keeps_no_job_waiting_until_it_has_caught_up() {
        const OFF_MS: i64 = 7 * 60 * MINUTE_MS;
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let jobs = jobs_of(&place);
            let mut noted = Noted::new();
            let all = Job::ALL.len();
            // The machine starts with its clock in local time.
            place.clock.set_off(OFF_MS);
            assert_eq!(Box::pin(jobs.turn(&mut noted)).await, all);
            assert_eq!(Box::pin(jobs.turn(&mut noted)).await, 0);
            place.clock.set_off(-OFF_MS);
            assert_eq!(Box::pin(jobs.turn(&mut noted)).await, all);
            assert_eq!(Box::pin(jobs.turn(&mut noted)).await, 0, "once a slot");
            let now = place.clock.now_ms();
            let mut tx = place.node.write_tx().await.unwrap();
            let left = store::jobs::claim(&mut tx, now, now).await.unwrap();
            assert_eq!(left, None, "what was noted is done or put off");
            drop(tx);
            place.clock.advance(60 * MINUTE_MS);
            assert_eq!(Box::pin(jobs.turn(&mut noted)).await, all);
        }
    }

    #[tokio::test]
    async fn a_job_that_fails_or_is_interrupted_is_tried_again() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let jobs = jobs_of(&place);
            // There is no certificate, and a hub on paper gives none.
            jobs.note(Job::Certificate).await.unwrap();
            assert_eq!(jobs.work().await.unwrap(), 0);
            let now = place.clock.now_ms();
            let mut tx = place.node.write_tx().await.unwrap();
            let early = store::jobs::claim(&mut tx, now, now).await.unwrap();
            assert_eq!(early, None, "it has been put off");
            let until = now + MINUTE_MS + LEASE_MS;
            let again = store::jobs::claim(&mut tx, now + MINUTE_MS, until)
                .await
                .unwrap();
            assert_eq!(again.map(|(_, _, attempts)| attempts), Some(2));
            // Whoever claimed it has ended without a word.
            let taken = store::jobs::claim(&mut tx, until - 1, until).await.unwrap();
            assert_eq!(taken, None);
            let late = store::jobs::claim(&mut tx, until, until + 1).await.unwrap();
            assert_eq!(late.map(|(_, _, attempts)| attempts), Some(3));
        }
    }

    #[tokio::test]
    async fn what_was_interrupted_again_and_again_does_not_add_up() {
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let jobs = jobs_of(&place);
            for _ in 0..3 {
                jobs.note(Job::Uploads).await.unwrap();
                let now = place.clock.now_ms();
                let mut tx = place.node.write_tx().await.unwrap();
                let claimed = store::jobs::claim(&mut tx, now, now + LEASE_MS).await;
                let claimed = claimed.unwrap();
                assert_eq!(claimed.map(|(_, _, attempts)| attempts), Some(1));
                let others = store::jobs::claim(&mut tx, now, now + LEASE_MS).await;
                assert_eq!(others.unwrap(), None, "of earlier slots");
                tx.commit().await.unwrap();
                // Whoever claimed it has ended without a word.
                place.clock.advance(60 * MINUTE_MS);
            }
        }
    }

    #[test]
    fn every_job_has_a_schedule_that_the_scheduler_reads() {
        for slug in ["pusat", "kota-bandung", "kemenpu", "prov-jawa-barat"] {
            let offset = Digest::of(slug.as_bytes());
            for job in Job::ALL {
                let cron = job.cron(&offset);
                let made =
                    tokio_cron_scheduler::Job::new_async(cron.as_str(), |_, _| Box::pin(async {}));
                assert!(made.is_ok(), "{cron}");
                let begun = job.slot(&offset, NOW);
                assert!((begun..begun + job.period_ms()).contains(&NOW), "{cron}");
                assert_eq!(job.slot(&offset, begun), begun);
                assert_eq!(job.slot(&offset, begun - 1), begun - job.period_ms());
                let (minute, second) = (begun / MINUTE_MS % 60, begun / 1_000 % 60);
                let minutes = cron.split([' ', ',']).skip(1);
                assert!(cron.starts_with(&format!("{second} ")), "{cron}");
                let mut minutes = minutes.map(str::parse::<i64>);
                assert!(minutes.any(|one| one == Ok(minute)), "{cron}");
            }
        }
        assert_eq!(pause_ms(1), MINUTE_MS);
        assert_eq!(pause_ms(40), LONGEST_PAUSE_MS);
    }
}
