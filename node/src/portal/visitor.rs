//! What a citizen's browser carries: the receipt of what was just filed, and the
//! token of an open conversation. Each is random, for no script, and bound to
//! this host where the portal is reached over TLS.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use lapor_web::ApiProblem;
use lapor_web::page::{Visit, brought};

use crate::api::problem;
use crate::node::Node;
use crate::reporters::Visitor;

/// Seconds for which the receipt of a filing can be looked at again.
const RECEIPT_S: i64 = 15 * 60;
/// Seconds, at most; the node ends a conversation earlier.
const CONVERSATION_S: i64 = 12 * 60 * 60;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// The idempotency key under which a report was filed.
    Receipt,
    /// The token of a conversation or of a citizen's visit.
    Conversation,
}

impl Carried {
    fn name(self, node: &Node) -> &'static str {
        match (self, node.in_force().settings().is_https()) {
            (Self::Receipt, true) => "__Host-lapor-terima",
            (Self::Receipt, false) => "lapor-terima",
            (Self::Conversation, true) => "__Host-lapor-percakapan",
            (Self::Conversation, false) => "lapor-percakapan",
        }
    }

    pub fn read(self, node: &Node, headers: &HeaderMap) -> Option<String> {
        let value = brought(headers, self.name(node))?;
        (!value.is_empty()).then(|| value.to_owned())
    }

    pub fn give(self, node: &Node, visit: &Visit, headers: &mut HeaderMap, value: &str) {
        let seconds = match self {
            Self::Receipt => RECEIPT_S,
            Self::Conversation => CONVERSATION_S,
        };
        visit.give(headers, self.name(node), value, seconds);
    }

    pub fn take(self, node: &Node, visit: &Visit, headers: &mut HeaderMap) {
        visit.give(headers, self.name(node), "", 0);
    }
}

/// Who stands before a page, if they have opened a conversation or signed in.
pub struct Known(pub Option<Holder>);

/// An open conversation, or a citizen who has signed in.
pub struct Holder {
    pub token: String,
    pub visitor: Visitor,
}

impl FromRequestParts<Arc<Node>> for Known {
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, ApiProblem> {
        let Some(token) = Carried::Conversation.read(node, &parts.headers) else {
            return Ok(Self(None));
        };
        let visitor = node.visitor(&token).await.map_err(|e| problem(&e))?;
        Ok(Self(visitor.map(|visitor| Holder { token, visitor })))
    }
}
