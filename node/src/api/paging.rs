//! How long a page of a list is.

use http::StatusCode;
use lapor_web::ApiProblem;

use super::Answer;

const PAGE: u32 = 50;
const MAX_PAGE: u32 = 200;

/// The length that was asked for, or the usual one.
pub fn page_size(asked: Option<u32>) -> Answer<u32> {
    let limit = asked.unwrap_or(PAGE);
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(limit);
    }
    let title = "The query cannot be used";
    Err(
        ApiProblem::new(StatusCode::BAD_REQUEST, "invalid_query", title)
            .with_detail(format!("limit: expected 1 to {MAX_PAGE}."))
            .with("field", "limit"),
    )
}
