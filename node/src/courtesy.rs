//! Work that can wait gives way to what people wait for: while others write, a piece of it is
//! followed by a pause many times as long.

use std::time::{Duration, Instant};

use crate::node::Node;

/// The most that is left to others at once.
const MOST: Duration = Duration::from_secs(10);

/// A piece of such work, from its beginning.
pub(crate) struct Courtesy {
    began: Instant,
    writes: u64,
    way_given: u32,
}

impl Courtesy {
    /// While others write, they are to have the database `way_given` times as long as this piece takes.
    pub(crate) fn begin(node: &Node, way_given: u32) -> Self {
        Self {
            began: Instant::now(),
            writes: node.writes(),
            way_given,
        }
    }

    /// How long to leave the database to others after this piece, which began `own` writing
    /// transactions itself; no time when nobody else has begun one.
    pub(crate) fn pause(&self, node: &Node, own: u64) -> Duration {
        if node.writes() - self.writes > own {
            (self.began.elapsed() * self.way_given).min(MOST)
        } else {
            Duration::ZERO
        }
    }
}
