//! RFC 9457 problems of the APIs for applications and people. A client
//! switches on `code`, which never changes; titles and details may.
//!
//! The federation endpoint has problems of its own, in `lapor_protocol::problem`.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, HeaderValue, StatusCode};
use lapor_migrations::DbError;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The member of a problem that says how many bytes a body may have.
const LIMIT_BYTES: &str = "limit_bytes";
/// Seconds after which a database that does not answer may be tried again.
const DATABASE_SECONDS: u32 = 5;

/// A refusal, or a failure of ours, as the caller sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ApiProblem {
    /// `urn:lapor:problem:` and the code.
    #[serde(rename = "type")]
    type_uri: String,
    /// What is wrong in general.
    title: &'static str,
    /// The HTTP status.
    #[serde(serialize_with = "as_number")]
    #[schema(value_type = u16, example = 422)]
    status: StatusCode,
    /// Stable; what a program decides by.
    code: &'static str,
    /// What is wrong this time, and what to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Names this request in the log of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    /// Members of some codes, such as `field`.
    #[serde(flatten)]
    #[schema(ignore)]
    members: Map<String, Value>,
    #[serde(skip)]
    #[schema(ignore)]
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiProblem {
    pub fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            type_uri: type_uri(code),
            title,
            status,
            code,
            detail: None,
            request: None,
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    /// 500: our own mistake, of which the caller learns nothing but the request's id.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something failed here",
        )
        .with_detail("The operator finds the reason in the log, under this request's id.")
    }

    pub fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "There is nothing at this path",
        )
    }

    pub fn method_not_allowed() -> Self {
        let title = "The path does not serve this method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", title)
            .with_detail("The Allow header lists the methods that it serves.")
    }

    /// 422: a value that can be read but not used.
    pub fn invalid() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "A value cannot be used",
        )
    }

    /// What a database failed to do; the log has its words.
    pub fn database(failed: &DbError) -> Self {
        tracing::error!(error = %failed, "the database failed a request");
        match failed {
            DbError::Unavailable(_) | DbError::Cancelled(_) => {
                let title = "The database does not answer";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title)
                    .retry_after(DATABASE_SECONDS)
            }
            DbError::DiskFull(_) => Self::storage_full(),
            _ => Self::internal(),
        }
    }

    /// 507: nothing was stored, because there is no room.
    pub fn storage_full() -> Self {
        let title = "There is no room to store this";
        Self::new(StatusCode::INSUFFICIENT_STORAGE, "storage_full", title).with_detail(
            "Nothing of it was stored. Free some space on the disk, then send it again.",
        )
    }

    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a member of this code's own.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.into(), value.into());
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Says in how many seconds the same request may succeed.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.with_header(RETRY_AFTER, seconds.into())
    }

    /// The same problem under another status, code and title.
    #[must_use]
    pub fn retitled(self, status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self {
            status,
            code,
            title,
            type_uri: type_uri(code),
            ..self
        }
    }

    /// In how many seconds the same request may succeed, where it says so.
    pub fn retry_after_s(&self) -> Option<u32> {
        let mut told = self.headers.iter();
        let (_, seconds) = told.find(|(name, _)| *name == RETRY_AFTER)?;
        seconds.to_str().ok()?.parse().ok()
    }

    /// Says how many bytes would have been taken.
    #[must_use]
    pub(crate) fn limited(self, bytes: u64) -> Self {
        self.with(LIMIT_BYTES, bytes)
    }

    /// How many bytes would have been taken, if there were too many.
    pub(crate) fn limit_bytes(&self) -> Option<u64> {
        self.members.get(LIMIT_BYTES)?.as_u64()
    }

    pub fn status(&self) -> StatusCode {
        self.status
    }

    pub fn code(&self) -> &'static str {
        self.code
    }

    fn body(&self) -> Body {
        // A struct of strings and a map of JSON values always serialises.
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

impl IntoResponse for ApiProblem {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.body());
        *response.status_mut() = self.status;
        response.headers_mut().insert(CONTENT_TYPE, MEDIA_TYPE);
        for (name, value) in &self.headers {
            response.headers_mut().append(name, value.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the request's id into a response that is a problem; others stay as they are.
pub(crate) fn name_request(response: &mut Response, request: &str) {
    if let Some(mut problem) = response.extensions_mut().remove::<ApiProblem>() {
        problem.request = Some(request.to_owned());
        response.headers_mut().remove(CONTENT_LENGTH);
        // What was compressed on the way here is written anew.
        response.headers_mut().remove(CONTENT_ENCODING);
        *response.body_mut() = problem.body();
    }
}

fn type_uri(code: &str) -> String {
    format!("urn:lapor:problem:{code}")
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn as_number<S: serde::Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}
