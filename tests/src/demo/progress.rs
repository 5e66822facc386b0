//! What the demo is doing, on standard error: a line that renews itself on a
//! terminal, a line every second anywhere else.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::plan::Act;

const TICK: Duration = Duration::from_secs(1);
/// Cells of the bar.
const BAR: usize = 24;

/// Counts of what was answered; shared by all who play.
pub struct Progress {
    started: Instant,
    terminal: bool,
    stage: Mutex<String>,
    reports: AtomicUsize,
    filed: AtomicUsize,
    disposed: AtomicUsize,
    followed_up: AtomicUsize,
    ended: AtomicUsize,
}

/// Ends the ticking when dropped.
pub struct Ticking(JoinHandle<()>);

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Progress {
    pub fn start() -> Arc<Self> {
        Arc::new(Self {
            started: Instant::now(),
            terminal: std::io::stderr().is_terminal(),
            stage: Mutex::new(String::new()),
            reports: AtomicUsize::new(0),
            filed: AtomicUsize::new(0),
            disposed: AtomicUsize::new(0),
            followed_up: AtomicUsize::new(0),
            ended: AtomicUsize::new(0),
        })
    }

    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Says what begins now.
    pub fn stage(&self, what: &str) {
        what.clone_into(&mut self.stage.lock().unwrap_or_else(PoisonError::into_inner));
        self.end_line();
        say(&format!("{} {what}\n", self.clock()));
    }

    pub fn expect(&self, reports: usize) {
        self.reports.store(reports, Ordering::Relaxed);
    }

    pub fn filed(&self) {
        self.filed.fetch_add(1, Ordering::Relaxed);
    }

    pub fn acted(&self, act: &Act) {
        let count = match act {
            Act::Dispose(_) => &self.disposed,
            Act::FollowUp { .. } => &self.followed_up,
            Act::Close | Act::Archive(_) | Act::Link => &self.ended,
            _ => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Shows the counts every second for as long as the answer is kept.
    pub fn tick(self: &Arc<Self>) -> Ticking {
        let progress = Arc::clone(self);
        Ticking(tokio::spawn(async move {
            let mut every = tokio::time::interval(TICK);
            every.tick().await;
            loop {
                every.tick().await;
                progress.show();
            }
        }))
    }

    /// Leaves the line that renews itself.
    pub fn end_line(&self) {
        if self.terminal {
            say("\r\x1b[K");
        }
    }

    /// Something beside the progress.
    pub fn say(&self, text: &str) {
        self.end_line();
        say(&format!("{text}\n"));
    }

    fn show(&self) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let reports = count(&self.reports);
        if reports == 0 {
            if !self.terminal {
                let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
                say(&format!("{} {} ...\n", self.clock(), *stage));
            }
            return;
        }
        let (filed, ended) = (count(&self.filed), count(&self.ended));
        let counts = format!(
            "{filed} of {reports} filed, {} disposed, {} followed up, {ended} ended",
            count(&self.disposed),
            count(&self.followed_up),
        );
        if self.terminal {
            let full = (ended * BAR / reports).min(BAR);
            let bar = "#".repeat(full) + &".".repeat(BAR - full);
            say(&format!("\r\x1b[K{} [{bar}] {counts}", self.clock()));
        } else {
            say(&format!("{} {counts}\n", self.clock()));
        }
    }

    fn clock(&self) -> String {
        format!("[{:5.1} s]", self.seconds())
    }
}

/// A terminal that was closed meanwhile is no reason to stop in disorder.
fn say(text: &str) {
    let mut stderr = std::io::stderr();
    let _ = stderr
        .write_all(text.as_bytes())
        .and_then(|()| stderr.flush());
}
