//! What the node does by itself from time to time.
//!
//! The scheduler only triggers: a tick notes `(job, slot)` in the database, and
//! whoever claims it there does it, for as long as the lease lasts. So a job
//! runs once for each slot, however many tick, and one that failed or was
//! interrupted is tried again. What a job may do twice without harm it may do
//! here; nothing else.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use lapor_protocol::ids::Digest;
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
/// How often what has been put off is looked at.
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

    /// Every period, at a minute and a second of this node's own, so that a
    /// federation does not knock all at once.
    fn cron(self, node: &Digest) -> String {
        let period = self.period_ms() / MINUTE_MS;
        let (second, first) = (
            node.as_bytes()[0] % 60,
            i64::from(node.as_bytes()[1]) % period,
        );
        let minutes: Vec<String> = (0..60 / period)
            .map(|turn| (first + turn * period).to_string())
            .collect();
        format!("{second} {} * * * *", minutes.join(","))
    }
}

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

    /// Ticks and works until `shutdown`.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) -> anyhow::Result<()> {
        let mut scheduler = JobScheduler::new().await.context("no scheduler")?;
        let offset = Digest::of(self.node.instance()?.as_str().as_bytes());
        for job in Job::ALL {
            let jobs = Arc::clone(&self);
            let tick = tokio_cron_scheduler::Job::new_async(job.cron(&offset), move |_, _| {
                let jobs = Arc::clone(&jobs);
                Box::pin(async move { jobs.tick(job).await })
            });
            scheduler.add(tick.context("no schedule")?).await?;
        }
        scheduler.start().await.context("no scheduler")?;
        for job in Job::ALL {
            // A node that was off for long does not wait for the next tick.
            self.tick(job).await;
        }
        let work = async {
            let _ = tokio::time::timeout(FIRST_WORD, self.node.hub_time_heard()).await;
            loop {
                if let Err(error) = self.work().await {
                    tracing::warn!(%error, "jobs could not be looked at");
                }
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
        scheduler
            .shutdown()
            .await
            .context("the scheduler did not stop")
    }

    async fn tick(&self, job: Job) {
        match self.note(job).await {
            Ok(()) => self.bell.notify_one(),
            Err(error) => tracing::warn!(job = job.name(), %error, "a job could not be noted"),
        }
    }

    /// Notes a job for the slot that has begun.
    pub async fn note(&self, job: Job) -> Result<(), NodeError> {
        let now = self.node.clock().now_ms();
        let slot = now - now.rem_euclid(job.period_ms());
        let mut tx = self.node.write_tx().await?;
        store::jobs::enqueue(&mut tx, job.name(), slot, now).await?;
        Ok(tx.commit().await?)
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
    use crate::testing::{PaperHub, Place, databases};

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

    #[test]
    fn every_job_has_a_schedule_that_the_scheduler_reads() {
        for slug in ["pusat", "kota-bandung", "kemenpu", "prov-jawa-barat"] {
            let offset = Digest::of(slug.as_bytes());
            for job in Job::ALL {
                let cron = job.cron(&offset);
                let made =
                    tokio_cron_scheduler::Job::new_async(cron.as_str(), |_, _| Box::pin(async {}));
                assert!(made.is_ok(), "{cron}");
            }
        }
        assert_eq!(pause_ms(1), MINUTE_MS);
        assert_eq!(pause_ms(40), LONGEST_PAUSE_MS);
    }
}
