//! One act on several cases: each is judged by itself, under a key of its own that is made of the key
//! of the whole, so that what is sent again is done to none of them twice.

use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;

use super::{Acted, NewAct, Once};
use crate::error::NodeError;
use crate::node::Node;

/// What somebody else may be about to decide: it is meant of what nobody has decided yet.
const FIRST: &str = "case.verified";

impl Node {
    /// Does an act to one of several cases.
    pub async fn act_among(
        &self,
        (case, act): (CaseId, NewAct),
        actor: &str,
        key: &str,
    ) -> Result<Acted, NodeError> {
        let once = Once::new(actor, &format!("{key}-{case}"))?.told_by(&(case, &act))?;
        if act.kind == FIRST {
            let received = State::Received;
            return self.act_once_in(received, (case, act), actor, &once).await;
        }
        self.act_once(case, act, actor, &once).await
    }
}
