//! What is said of a report of which this institution hears no more: since when, who had it then, and
//! where it is tracked now. Nothing of it is told as if it still stood so.

use lapor_protocol::ids::InstanceId;
use lapor_web::language::Voice;
use lapor_web::public_url::PublicUrl;

use super::name_of;
use crate::casework::Left;
use crate::doors::facts;
use crate::node::Node;

/// Where a report has gone on to, in words.
pub struct Onward {
    pub said: String,
    pub track: String,
    /// The portal that `track` names, where the directory has its address.
    pub portal: Option<String>,
    /// The national portal, where that is another.
    pub national: Option<String>,
}

impl Onward {
    pub fn of(node: &Node, v: &Voice, left: &Left) -> Self {
        let facts = facts(node);
        let said = v
            .with("institution", &facts.institution)
            .with("day", v.date(left.at));
        let origin = left.origin.as_ref().map(|id| name_of(node, id));
        let portal = left.origin.as_ref().and_then(|id| portal_of(node, id));
        Self {
            said: match &left.custodian {
                Some(had) => said
                    .with("custodian", name_of(node, had))
                    .say("left-since-with"),
                None => said.say("left-since"),
            },
            track: origin.map_or_else(
                || v.say("left-track"),
                |origin| v.with("institution", origin).say("left-track-at"),
            ),
            national: facts.national.filter(|at| portal.as_ref() != Some(at)),
            portal,
        }
    }

    /// Of a *rahasia* one: neither when nor by whom.
    pub fn of_secret(node: &Node, v: &Voice) -> Self {
        let facts = facts(node);
        Self {
            said: v.with("institution", &facts.institution).say("left-secret"),
            track: v.say("left-track"),
            portal: None,
            national: facts.national,
        }
    }
}

/// Where an institution that takes part has its portal, as the directory says.
pub fn portal_of(node: &Node, id: &InstanceId) -> Option<String> {
    let directory = node.directory();
    let entry = directory.latest().instance(id)?;
    let said = entry.portal.clone().filter(|_| entry.is_active())?;
    PublicUrl::try_from(said).ok().map(String::from)
}
