//! From the token that a filing was answered with to the number of the request.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use lapor_protocol::ids::CaseId;

use super::asked::{Asked, Refused, Told};
use super::tree::Tree;
use crate::error::NodeError;
use crate::node::Node;
use crate::settings::Open311Answer;
use crate::store;

pub async fn read(State(node): State<Arc<Node>>, asked: Asked) -> Response {
    let told = found(&node, &asked).await;
    asked.answer(told)
}

/// The number is told once an institution has taken the report up, where that is how it is answered.
async fn found(node: &Node, asked: &Asked) -> Told {
    asked.is_here(node, None)?;
    let token = asked.name.as_str();
    let missing = || Refused::missing(format!("token {token} was not found"));
    let case = node.request_of(token).await?.ok_or_else(missing)?;
    let waits = node.settings().open311.answer == Open311Answer::Token
        && !node.case(case).await?.summary.taken_up;
    let id = (!waits).then(|| case.to_string());
    let request = Tree::Parts(vec![
        ("service_request_id", Tree::maybe(id)),
        ("token", token.into()),
    ]);
    let all = Tree::Many("request", vec![request]);
    Ok((StatusCode::OK, "service_requests", all))
}

impl Node {
    /// The case for whose filing a token was given.
    async fn request_of(&self, token: &str) -> Result<Option<CaseId>, NodeError> {
        let mut tx = self.read_tx().await?;
        let case = store::open311::by_token(&mut tx, token).await?;
        case.map(|case| store::read(case.parse())).transpose()
    }
}
