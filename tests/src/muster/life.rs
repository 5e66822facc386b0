//! What a light client does all day: three loops, each of which obeys its mood
//! at once and comes back after a failure as a node does.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use lapor_protocol::limits::LONG_POLL_SECONDS;
use lapor_web::chance::random;
use tokio::sync::watch;
use tokio::time::Instant;

use super::light::{Light, Mood};

/// The first pause after a failure, and the longest; those of a node.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);

/// A day of a client, which reports every so often; it never ends.
pub async fn live(of: Arc<Light>, report_every: Duration) {
    let follow = repeat(&of, |wait| of.follow(wait));
    let hear = repeat(&of, |wait| of.poll(wait));
    tokio::join!(speak(&of, report_every), hear, follow);
}

/// Polls; after a failure, and at first, without waiting for something new.
async fn repeat<F>(of: &Light, poll: impl Fn(u64) -> F)
where
    F: Future<Output = Result<()>>,
{
    let mut mood = of.mood.subscribe();
    let mut failures = 0;
    let mut wait = 0;
    loop {
        if quiet(of, &mut mood).await {
            wait = 0;
        }
        let polled = tokio::select! {
            polled = poll(wait) => polled,
            _ = mood.changed() => continue,
        };
        if polled.is_ok() {
            (failures, wait) = (0, LONG_POLL_SECONDS);
            continue;
        }
        wait = 0;
        let pause = pause(&mut failures);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = mood.changed() => {}
        }
    }
}

/// Reports and sends.
async fn speak(of: &Light, report_every: Duration) {
    let mut mood = of.mood.subscribe();
    let mut failures = 0;
    // Not all in the same second of a minute.
    let phase = report_every.mul_f64(f64::from(u16::from_be_bytes(random())) / 65_536.0);
    let (mut due, mut next) = (Instant::now(), Instant::now() + phase);
    loop {
        if quiet(of, &mut mood).await {
            due = Instant::now();
        }
        let work = async {
            if of.waits() {
                of.flush().await?;
            }
            if Instant::now() >= due {
                of.report().await?;
            }
            anyhow::Ok(())
        };
        let worked = tokio::select! {
            worked = work => worked,
            _ = mood.changed() => {
                due = Instant::now();
                continue;
            }
        };
        let until = if worked.is_ok() {
            failures = 0;
            if Instant::now() >= due {
                due = next.max(Instant::now());
                next = due + report_every;
            }
            due
        } else {
            Instant::now() + pause(&mut failures)
        };
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            () = of.queued.notified(), if worked.is_ok() => {}
            _ = mood.changed() => due = Instant::now(),
        }
    }
}

/// Waits while the client is to be silent; whether it was.
async fn quiet(of: &Light, mood: &mut watch::Receiver<Mood>) -> bool {
    let mut was = false;
    while *mood.borrow_and_update() == Mood::Silent {
        was = true;
        of.hang_up();
        if mood.changed().await.is_err() {
            break;
        }
    }
    was
}

/// Full jitter.
fn pause(failures: &mut u32) -> Duration {
    let ceiling = FIRST.saturating_mul(1 << (*failures).min(10)).min(LONGEST);
    *failures += 1;
    ceiling.mul_f64(f64::from(u16::from_be_bytes(random())) / 65_536.0)
}
