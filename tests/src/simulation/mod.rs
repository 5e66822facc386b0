//! The simulation: a real hub and real nodes on one thread, driven step by step
//! from a seed. Reports and acts, each bounded part of a link's work, time, and
//! every trouble of the list come one after the other; then the weather clears,
//! and within a bounded number of rounds everything must be everywhere, once.
//!
//! A seed gives the same course again: clocks are moved by hand, randomness
//! follows from the seed, and nothing goes on beside the step that is done.

mod absence;
pub mod acts;
pub mod dice;
mod exchange;
mod house;
pub mod inside;
pub mod plan;
mod play;
mod prepared;
mod promises;
mod saying;
mod shorter;
pub mod soak;
mod world;

use std::any::Any;
use std::future::Future;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use lapor_web::chance::seeded::Drawing;

pub use inside::Broken;
pub use plan::{MOST, Plan};
pub use play::{Course, Failure};
pub use shorter::{Shorter, shorter};

/// No simulation takes so long by the machine's clock, unless it never ends.
const PATIENCE: Duration = Duration::from_mins(10);
/// Futures of a whole federation are large before they are optimised.
const STACK: usize = 64 << 20;
const FEWEST: usize = 6;

/// Plays a plan on a thread of its own.
pub fn run(plan: &Plan, broken: Option<Broken>) -> Result<Course, Failure> {
    let plan = plan.clone();
    alone(plan.seed, PATIENCE, move || async move {
        play::play(&plan, broken).await
    })
}

/// Leaves an institution without a line for so many days, on a thread of its own.
pub fn leave(days: usize, messages: usize) -> Result<Course, Failure> {
    alone(0, PATIENCE * 100, move || absence::absence(days, messages))
}

/// On one thread nothing goes on beside what is awaited, and all that is drawn follows from the
/// seed.
fn alone<F: Future<Output = Result<Course, Failure>>>(
    seed: u64,
    patience: Duration,
    play: impl FnOnce() -> F + Send + 'static,
) -> Result<Course, Failure> {
    let (tell, told) = sync_channel(1);
    let playing = thread::Builder::new()
        .name(format!("seed {seed}"))
        .stack_size(STACK)
        .spawn(move || {
            let _drawing = Drawing::from_seed(seed);
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime");
            // Whoever asked may have lost patience.
            let _ = tell.send(runtime.block_on(Box::pin(play())));
        });
    let playing = playing.expect("a thread");
    match told.recv_timeout(patience) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout) => Err(failed("it never ends".to_owned())),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = playing.join().err();
            Err(failed(
                panic.map_or_else(String::new, |panic| said(&*panic)),
            ))
        }
    }
}

/// How many messages a seed has of at most so many: most have few, one in a hundred has all.
pub fn size(seed: u64, most: usize) -> usize {
    let mut dice = dice::Dice::new(!seed);
    let size = match dice.below(100) {
        0 => most,
        1..=4 => dice.below(most / 10 + 1),
        _ => dice.below(most / 50 + 1),
    };
    (size + FEWEST).min(most)
}

/// The command that plays a plan again; `whole` if nothing was left out of it.
pub fn command(plan: &Plan, broken: Option<Broken>, whole: bool) -> String {
    let mut words = format!("--seed {} --messages {}", plan.seed, plan.messages);
    if !whole {
        let spans: Vec<String> = plan.spans().iter().map(ToString::to_string).collect();
        words = format!("{words} --steps {}", spans.join(","));
    }
    if let Some(broken) = broken {
        let name = format!("{broken:?}").to_lowercase();
        words = format!("{words} --broken {name}");
    }
    format!("make soak ARGS=\"{words}\"")
}

fn failed(why: String) -> Failure {
    Failure {
        why,
        trace: Vec::new(),
    }
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("a panic: {}", text.unwrap_or("without a word"))
}
