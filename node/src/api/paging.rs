//! How long a page of a list is, queries that cannot be used, and numbers in paths.

use std::fmt::Display;
use std::str::FromStr;

use http::StatusCode;
use lapor_web::ApiProblem;
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use super::Answer;

const PAGE: u32 = 50;
const MAX_PAGE: u32 = 200;

/// Which page of a list is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before.
    pub after: Option<String>,
    /// 1 to 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    pub limit: Option<u32>,
}

/// The length that was asked for, or the usual one.
pub fn page_size(asked: Option<u32>) -> Answer<u32> {
    let limit = asked.unwrap_or(PAGE);
    if (1..=MAX_PAGE).contains(&limit) {
        return Ok(limit);
    }
    Err(unusable(
        "limit",
        format!("limit: expected 1 to {MAX_PAGE}."),
    ))
}

/// What a query says and cannot be meant.
pub fn unusable(field: &str, detail: String) -> ApiProblem {
    let title = "The query cannot be used";
    ApiProblem::new(StatusCode::BAD_REQUEST, "invalid_query", title)
        .with_detail(detail)
        .with("field", field)
}

/// A number in a path, where everything is text.
pub fn number<'de, D, N>(from: D) -> Result<N, D::Error>
where
    D: Deserializer<'de>,
    N: FromStr<Err: Display>,
{
    let text = String::deserialize(from)?;
    text.parse().map_err(serde::de::Error::custom)
}
