//! Whether who reported is kept at this institution, so that its own keeper is asked.

use lapor_protocol::case::{Effect, State};
use lapor_protocol::ids::InstanceId;
use serde_json::Value;

use super::CaseView;
use crate::node::Node;

impl Node {
    /// Whether the keeper of this institution can be asked about a case now.
    pub fn can_ask_keeper(&self, view: &CaseView) -> bool {
        self.keeps_who_reported(view) && view.summary.state.is_some_and(State::is_open)
    }

    /// Whether the report was filed here, or its identity was disclosed to this institution.
    pub fn keeps_who_reported(&self, view: &CaseView) -> bool {
        self.instance().ok() == view.summary.origin.as_ref() || self.was_told_who_reported(view)
    }

    /// Whether another institution has disclosed it to this one, whose keeper opens it.
    pub fn was_told_who_reported(&self, view: &CaseView) -> bool {
        let me = self.instance().ok().map(InstanceId::as_str);
        view.history.iter().any(|entry| {
            let requester = entry.body.as_ref().and_then(|body| body.get("requester"));
            entry.kind == "identity.disclosed"
                && entry.effect == Some(Effect::Applied)
                && requester.and_then(Value::as_str) == me
        })
    }
}
