//! Who speaks: a visitor whose cookie opens a conversation, and of which case.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use lapor_protocol::ids::CaseId;
use lapor_web::language::text_id;
use lapor_web::page::{Flash, LocalPath, Visit};
use lapor_web::{ApiProblem, Query};
use serde::Deserialize;

use super::PATH;
use crate::api::problem;
use crate::error::NodeError;
use crate::node::Node;
use crate::portal::visitor::{Carried, Holder, Known};
use crate::reporters::{Conversation, Visitor};

/// The parameter that names a case, of several that one may speak in.
pub const CASE: &str = "kasus";

/// Somebody with an open conversation, or a citizen who has signed in.
pub struct Speaker {
    pub holder: Holder,
    pub visit: Visit,
    /// The case that the address names, if it names one.
    pub named: Option<CaseId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    pub kasus: Option<CaseId>,
}

impl Speaker {
    /// The conversation that the page is about.
    ///
    /// # Errors
    /// 404 for a case that is not the visitor's, whether it exists or not.
    pub async fn conversation(&self, node: &Node) -> Result<Conversation, ApiProblem> {
        let found = node.conversation(&self.holder.visitor, self.named).await;
        found.map_err(|error| match error {
            NodeError::Locked(_) => ApiProblem::not_found(),
            error => problem(&error),
        })
    }

    /// The same page's address below the conversation's.
    pub fn at(&self, below: &str) -> LocalPath {
        place(below, self.named)
    }
}

/// A page below the conversation's, of a case if one is named.
pub fn place(below: &str, case: Option<CaseId>) -> LocalPath {
    let path = match case {
        Some(case) => format!("{PATH}{below}?{CASE}={case}"),
        None => format!("{PATH}{below}"),
    };
    LocalPath::own(&path)
}

impl FromRequestParts<Arc<Node>> for Speaker {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, node: &Arc<Node>) -> Result<Self, Response> {
        let refused = |problem: ApiProblem| problem.into_response();
        let visit = Visit::from_request_parts(parts, node)
            .await
            .map_err(refused)?;
        let Query(which) = Query::<Which>::from_request_parts(parts, node)
            .await
            .map_err(refused)?;
        let Known(known) = Known::from_request_parts(parts, node)
            .await
            .map_err(refused)?;
        match known {
            Some(holder) => Ok(Self {
                holder,
                visit,
                named: which.kasus,
            }),
            None => Err(ended(node, &visit)),
        }
    }
}

/// What a visitor holds opens nothing any more.
fn ended(node: &Node, visit: &Visit) -> Response {
    let flash = Flash::warning(text_id("conversation-ended"));
    let mut response = visit.go_saying(&place("", None), &flash);
    Carried::Conversation.take(node, visit, response.headers_mut());
    response
}

/// Whether somebody signed in with a contact instead of a key.
pub fn is_citizen(visitor: &Visitor) -> bool {
    visitor.citizen().is_some()
}
