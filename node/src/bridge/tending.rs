//! What the bridge does by itself from time to time: new complaints are looked for, reports handed
//! over where that is wanted, and what is followed is asked for. While the other side does not answer
//! all of it waits.

use super::bring::{BY_ITSELF, Terms};
use super::follow::Which;
use super::run::BridgeError;
use crate::node::Node;

impl Node {
    /// Does what is due, where the other side is set.
    pub(crate) async fn tend_bridge(&self) -> Result<(), BridgeError> {
        let settings = &self.settings().bridge;
        if settings.base_url.is_none() {
            return Ok(());
        }
        let terms = Terms {
            actor: BY_ITSELF,
            dry: false,
            link: false,
        };
        let mut problem = None;
        if settings.list_path.is_some() {
            let (looked, answers) = Box::pin(self.bridge_look(terms)).await?;
            problem = looked.interrupted;
            if !answers {
                return ended(problem);
            }
        }
        if settings.hand_over {
            let filed = Box::pin(self.bridge_file(terms)).await?;
            problem = problem.or(filed.interrupted);
        }
        let mut silent = |_, _| ();
        let followed = self.bridge_follow(Which::Due, terms, &mut silent);
        let followed = Box::pin(followed).await?;
        ended(problem.or(followed.interrupted))
    }
}

fn ended(problem: Option<String>) -> Result<(), BridgeError> {
    match problem {
        Some(problem) => Err(BridgeError::Interrupted(problem)),
        None => Ok(()),
    }
}
