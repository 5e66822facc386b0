//! The words in front of a report that say what it is about.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use lapor_protocol::calendar::{end_of, last_day};
use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use lapor_web::{ApiProblem, Json, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Answer;
use super::access::Caller;
use super::assignments::ahead;
use super::refusals::problem;
use crate::channels::{Keyword, KeywordError, KeywordLine, NewKeyword};
use crate::error::NodeError;
use crate::node::Node;
use crate::regions::national;
use crate::tokens::Scope;

/// Characters of the name of a campaign.
const CAMPAIGN: usize = 80;
/// Characters of a word.
const WORD: usize = 20;

/// What a word says of the reports that begin with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeywordBody {
    #[schema(max_length = 80)]
    campaign: Option<String>,
    /// A category that is in force, nationally or in the own tree.
    #[schema(value_type = Option<String>)]
    category: Option<Category>,
    #[schema(value_type = Option<String>)]
    region: Option<RegionCode>,
    /// Slug of an institution.
    #[schema(value_type = Option<String>)]
    suggested: Option<InstanceId>,
    /// The last day on which it is in force, `YYYY-MM-DD`.
    until: Option<String>,
}

/// A word, what it says, and how often it was used.
#[derive(Serialize, ToSchema)]
pub struct KeywordEntry {
    word: String,
    campaign: Option<String>,
    #[schema(value_type = Option<String>)]
    category: Option<Category>,
    #[schema(value_type = Option<String>)]
    region: Option<RegionCode>,
    #[schema(value_type = Option<String>)]
    suggested: Option<InstanceId>,
    /// The last day on which it is in force.
    until: Option<String>,
    /// It stands in the configuration of the node, and only there it is changed.
    configured: bool,
    /// Reports of the last thirty days that began with it.
    lately: i64,
    /// All of them.
    ever: i64,
}

/// All words, those of the configuration first.
#[derive(Serialize, ToSchema)]
pub struct Keywords {
    keywords: Vec<KeywordEntry>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub struct WordPath {
    /// One word of letters and digits.
    word: String,
}

pub fn routes() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(keep, end))
}

/// List the keywords
///
/// Those of the configuration first, with how often each was used.
#[utoipa::path(
    get,
    path = "/channels/keywords",
    operation_id = "listKeywords",
    tag = "channels",
    responses((status = 200, description = "The keywords.", body = Keywords)),
    security(("token" = []))
)]
pub async fn list(State(node): State<Arc<Node>>, caller: Caller) -> Answer<Json<Keywords>> {
    caller.needs(Scope::ChannelsRead)?;
    let table = node.keyword_table().await.map_err(|e| problem(&e))?;
    let keywords = table.into_iter().map(|line| entry(&node, line));
    Ok(Json(Keywords {
        keywords: keywords.collect(),
    }))
}

/// Keep a keyword
///
/// One that stands is changed. What stands in the configuration is refused with 409 `known`.
#[utoipa::path(
    put,
    path = "/channels/keywords/{word}",
    operation_id = "keepKeyword",
    tag = "channels",
    params(WordPath),
    request_body = KeywordBody,
    responses((status = 204, description = "It is in force.")),
    security(("token" = []))
)]
pub async fn keep(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WordPath>,
    Json(new): Json<KeywordBody>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    known(&node, &path.word, &new)?;
    let until = new.until.as_deref().map(|day| ahead(&node, "until", day));
    let zone = node.zone();
    let new = NewKeyword {
        keyword: Keyword {
            word: path.word.to_uppercase(),
            category: new.category,
            region: new.region,
            suggested: new.suggested,
        },
        campaign: new.campaign.filter(|text| !text.trim().is_empty()),
        until: until.transpose()?.map(|day| end_of(zone, day)),
        known: true,
    };
    let kept = node.put_keyword(&new, &caller.actor()).await;
    kept.map_err(|e| keyword_problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// End a keyword
///
/// Its figures stay.
#[utoipa::path(
    delete,
    path = "/channels/keywords/{word}",
    operation_id = "endKeyword",
    tag = "channels",
    params(WordPath),
    responses((status = 204, description = "It is in force no more.")),
    security(("token" = []))
)]
pub async fn end(
    State(node): State<Arc<Node>>,
    caller: Caller,
    Path(path): Path<WordPath>,
) -> Answer<StatusCode> {
    caller.needs(Scope::ChannelsWrite)?;
    let ended = node.end_keyword(&path.word, &caller.actor()).await;
    ended.map_err(|e| problem(&e))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses what names nothing that there is, and what is too long.
fn known(node: &Node, word: &str, new: &KeywordBody) -> Answer<()> {
    let long = |text: &str, most: usize| text.chars().count() > most;
    let region = new.region.as_ref();
    let institution = new.suggested.as_ref();
    let wrong = if long(word, WORD) {
        format!("word: expected at most {WORD} letters and digits")
    } else if new
        .campaign
        .as_ref()
        .is_some_and(|text| long(text, CAMPAIGN))
    {
        format!("campaign: expected at most {CAMPAIGN} characters")
    } else if region.is_some_and(|code| national().display_name(code).is_none()) {
        "region: there is no region of this code".to_owned()
    } else if institution.is_some_and(|id| node.directory().latest().instance(id).is_none()) {
        "suggested: there is no such institution in the directory".to_owned()
    } else {
        return Ok(());
    };
    Err(problem(&NodeError::Invalid(wrong)))
}

fn entry(node: &Node, line: KeywordLine) -> KeywordEntry {
    let keyword = line.keyword;
    KeywordEntry {
        word: keyword.word.to_uppercase(),
        campaign: line.campaign,
        category: keyword.category,
        region: keyword.region,
        suggested: keyword.suggested,
        until: line
            .until
            .map(|until| last_day(node.zone(), until).to_string()),
        configured: line.configured,
        lately: line.lately,
        ever: line.ever,
    }
}

fn keyword_problem(error: &KeywordError) -> ApiProblem {
    let said = error.to_string();
    match error {
        KeywordError::Node(error) => problem(error),
        KeywordError::Configured | KeywordError::Known => {
            let title = "There is one already";
            ApiProblem::new(StatusCode::CONFLICT, "known", title).with_detail(said)
        }
        KeywordError::Word | KeywordError::Category => problem(&NodeError::Invalid(said)),
    }
}
