//! What waits on channels, for whoever watches the node.

use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// States of what came in that are no end.
const UNFINISHED: [&str; 3] = ["waiting", "unread", "stuck"];

/// What waits, in numbers alone.
pub(crate) struct Queues {
    /// Of what came in, by state.
    pub taken: Vec<(&'static str, u64)>,
    /// Of what is to be said, by channel.
    pub to_say: Vec<(String, u64)>,
}

impl Node {
    pub(crate) async fn channel_queues(&self) -> Result<Queues, NodeError> {
        let mut tx = self.read_tx().await?;
        let counted = store::channels::taken::unfinished(&mut tx).await?;
        let to_say = store::channels::outbox::waiting(&mut tx).await?;
        let of = |state: &str| {
            let found = counted.iter().find(|(known, _)| known == state);
            found.map_or(0, |(_, count)| count.unsigned_abs())
        };
        let to_say = to_say.into_iter();
        Ok(Queues {
            taken: UNFINISHED.map(|state| (state, of(state))).to_vec(),
            to_say: to_say
                .map(|(channel, count)| (channel, count.unsigned_abs()))
                .collect(),
        })
    }
}
