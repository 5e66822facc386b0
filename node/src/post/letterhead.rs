//! The letterhead of this node, and how a letter ends to whoever may have no more.

use lapor_web::language::{Voice, text_id};
use lapor_web::mail::Letterhead;

use super::LEAVE;
use crate::doors::{facts, texts};
use crate::node::Node;

/// Writes letters of this node.
pub fn letterhead(node: &Node) -> Letterhead {
    let now = node.clock().now_ms();
    let automatic = text_id("letter-automatic");
    Letterhead::new(texts(), facts(node), now, node.site(), automatic)
}

/// How a letter ends to somebody who may have no more of them; `leave` is the secret for it.
pub fn leave_foot(head: &Letterhead, v: &Voice, leave: &str) -> [String; 2] {
    let at = head.at(&format!("{LEAVE}/{leave}"));
    [v.say("letter-stop"), at]
}
