//! Where the service is and in which formats (<https://wiki.open311.org/Service_Discovery/>).

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;

use super::ROOT;
use super::asked::Asked;
use super::tree::Tree;
use crate::doors;
use crate::node::Node;

const SPECIFICATION: &str = "http://wiki.open311.org/GeoReport_v2";
/// When this document was last another one.
const CHANGED: &str = "2026-11-27T00:00:00Z";

pub async fn read(State(node): State<Arc<Node>>, asked: Asked) -> Response {
    asked.answer(Ok((StatusCode::OK, "discovery", discovered(&node))))
}

fn discovered(node: &Node) -> Tree {
    let site = node.site();
    let facts = doors::facts(node);
    let contact = facts
        .contact
        .map_or_else(|| site.clone(), |contact| format!("{contact} ({site})"));
    let key = format!(
        "{}: seorang admin membuat kunci dengan cakupan open311:write. {contact}",
        facts.institution
    );
    let formats = ["application/json", "text/xml"].map(Tree::from);
    let endpoint = Tree::Parts(vec![
        ("specification", SPECIFICATION.into()),
        ("url", format!("{site}{ROOT}/v2").into()),
        ("changeset", CHANGED.into()),
        ("type", "production".into()),
        ("formats", Tree::Many("format", formats.to_vec())),
    ]);
    Tree::Parts(vec![
        ("changeset", CHANGED.into()),
        ("contact", contact.into()),
        ("key_service", key.into()),
        ("endpoints", Tree::Many("endpoint", vec![endpoint])),
    ])
}
