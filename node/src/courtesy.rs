//! Work that can wait gives way to what people wait for: while others write, a piece of it is
//! followed by a pause many times as long.

use std::time::{Duration, Instant};

use crate::node::Node;

/// While others write, they have the database so many times as long as a piece of work has taken.
const WAY_GIVEN: u32 = 24;
/// The most that is left to others at once.
const MOST: Duration = Duration::from_secs(10);

/// A piece of such work, from its beginning.
pub(crate) struct Courtesy {
    began: Instant,
    writes: u64,
}

impl Courtesy {
    pub(crate) fn begin(node: &Node) -> Self {
        Self {
            began: Instant::now(),
            writes: node.writes(),
        }
    }

    /// How long to leave the database to others after this piece, which began `own` writing
    /// transactions itself; no time when nobody else has begun one.
    pub(crate) fn pause(&self, node: &Node, own: u64) -> Duration {
        if node.writes() - self.writes > own {
            (self.began.elapsed() * WAY_GIVEN).min(MOST)
        } else {
            Duration::ZERO
        }
    }
}
