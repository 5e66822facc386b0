//! Readers of a request's body, path and query that answer with a problem and
//! name the field. The framework's own refusals are plain text; use these instead.

use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{JsonRejection, QueryRejection, RawPathParamsRejection};
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::de::value::{MapAccessDeserializer, MapDeserializer};
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::ApiProblem;

/// How long a caller may take to send a JSON body.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
/// Bytes of a JSON body, at most; uploads have a limit of their own. A router says it with
/// `DefaultBodyLimit`.
pub const JSON_BYTES: usize = 1024 * 1024;

/// A JSON body; as a response, the same.
#[derive(Debug, Clone, Copy)]
pub struct Json<T>(pub T);

/// The parameters of a path, in a struct whose fields are named after them and
/// are read from a text, as ids are.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

/// The query of a URL, in a struct that denies unknown fields.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<S, T> FromRequest<S> for Json<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiProblem> {
        if !is_json(request.headers()) {
            return Err(unsupported_media("Content-Type: application/json"));
        }
        let reading = Bytes::from_request(request, state);
        let read = tokio::time::timeout(BODY_TIMEOUT, reading).await;
        let read = read.map_err(|_| too_slow())?;
        let bytes = read.map_err(|rejection| json_problem(&JsonRejection::from(rejection)))?;
        let read = axum::Json::<Object<T>>::from_bytes(&bytes);
        let axum::Json(Object(value)) = read.map_err(|rejection| json_problem(&rejection))?;
        match zero_in_json(&bytes) {
            Some(place) => Err(zero_problem(place)),
            None => Ok(Self(value)),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let told = headers
        .get(CONTENT_TYPE)
        .and_then(|told| told.to_str().ok());
    let kind = told.and_then(|told| told.split(';').next());
    let kind = kind.unwrap_or_default().trim().to_ascii_lowercase();
    let kind = kind.strip_prefix("application/");
    kind.is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// Where a text of a body holds U+0000, which not every database keeps; JSON has it in an escape only.
fn zero_in_json(bytes: &[u8]) -> Option<String> {
    const ESCAPE: &[u8] = b"\\u0000";
    if !bytes.windows(ESCAPE.len()).any(|piece| piece == ESCAPE) {
        return None;
    }
    let body: Value = serde_json::from_slice(bytes).ok()?;
    zero_below(&body, String::new())
}

fn zero_below(value: &Value, place: String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then_some(place),
        Value::Array(all) => {
            let mut all = all.iter().enumerate();
            all.find_map(|(n, each)| zero_below(each, format!("{place}[{n}]")))
        }
        Value::Object(all) => all.iter().find_map(|(name, each)| {
            if name.contains('\0') {
                return Some(place.clone());
            }
            let dot = if place.is_empty() { "" } else { "." };
            zero_below(each, format!("{place}{dot}{name}"))
        }),
        _ => None,
    }
}

/// The parameter of a query whose text holds U+0000.
fn zero_in_query(query: &str) -> Option<&str> {
    let pair = query.split('&').find(|pair| pair.contains("%00"))?;
    Some(pair.split_once('=').map_or(pair, |(name, _)| name))
}

/// Reads what is an object (`deserialize_with`): serde would read the fields of a struct from an
/// array as well.
pub fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<T, D::Error> {
    from.deserialize_map(ObjectVisitor(PhantomData))
}

/// A body that is an object.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        object(from).map(Self)
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S, T> FromRequestParts<S> for Path<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Send,
{
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|rejection| match rejection {
            RawPathParamsRejection::InvalidUtf8InPathParam(error) => {
                invalid_path(ApiProblem::invalid().with_detail(format!("{}.", error.body_text())))
            }
            _ => ApiProblem::internal(),
        })?;
        if let Some((name, _)) = params.iter().find(|(_, text)| text.contains('\0')) {
            return Err(invalid_path(zero_problem(name.to_owned())));
        }
        let texts = MapDeserializer::<_, serde::de::value::Error>::new(params.iter());
        serde_path_to_error::deserialize(texts)
            .map(Self)
            .map_err(|cause| invalid_path(field_problem(&cause.path().to_string(), cause.inner())))
    }
}

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = ApiProblem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiProblem> {
        if let Some(name) = parts.uri.query().and_then(zero_in_query) {
            return Err(invalid_query(zero_problem(name.to_owned())));
        }
        let read = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|axum::extract::Query(value)| Self(value))
            .map_err(|e| query_problem(&e))
    }
}

/// 408, for a body that does not arrive.
pub fn too_slow() -> ApiProblem {
    ApiProblem::new(
        StatusCode::REQUEST_TIMEOUT,
        "too_slow",
        "The body did not arrive in time",
    )
    .with_detail("Send it again over a better line, or in smaller parts.")
}

/// 413, for a body beyond the limit.
pub fn too_large(limit: &str) -> ApiProblem {
    ApiProblem::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        "The body is too large",
    )
    .with_detail(format!("At most {limit} are allowed here."))
}

/// 413, for a body of more bytes than so many; a page says them as people do.
pub fn too_many_bytes(most: u64) -> ApiProblem {
    too_large(&format!("{most} bytes")).limited(most)
}

/// 415, naming what is expected.
pub fn unsupported_media(expected: &str) -> ApiProblem {
    let title = "The content type is not supported here";
    ApiProblem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media",
        title,
    )
    .with_detail(format!("Send the body with {expected}."))
}

fn json_problem(rejection: &JsonRejection) -> ApiProblem {
    match rejection {
        JsonRejection::JsonDataError(error) => {
            let cause = cause::<serde_json::Error>(error);
            let problem =
                cause.map(|cause| field_problem(&cause.path().to_string(), cause.inner()));
            problem.unwrap_or_else(ApiProblem::invalid)
        }
        JsonRejection::JsonSyntaxError(error) => {
            let title = "The body is not JSON";
            let problem = ApiProblem::new(StatusCode::BAD_REQUEST, "malformed_json", title);
            match cause::<serde_json::Error>(error) {
                Some(cause) => problem.with_detail(sentence(cause.inner())),
                None => problem,
            }
        }
        other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            too_large("1 MiB of JSON").limited(JSON_BYTES as u64)
        }
        _ => ApiProblem::new(StatusCode::BAD_REQUEST, "body_broken", "The body broke off")
            .with_detail("The connection ended before the whole body had arrived; send it again."),
    }
}

fn query_problem(rejection: &QueryRejection) -> ApiProblem {
    invalid_query(match cause::<serde::de::value::Error>(rejection) {
        Some(cause) => field_problem(&cause.path().to_string(), cause.inner()),
        None => ApiProblem::invalid(),
    })
}

fn invalid_query(problem: ApiProblem) -> ApiProblem {
    problem.retitled(
        StatusCode::BAD_REQUEST,
        "invalid_query",
        "The query cannot be used",
    )
}

fn invalid_path(problem: ApiProblem) -> ApiProblem {
    problem.retitled(
        StatusCode::BAD_REQUEST,
        "invalid_path",
        "The path cannot be used",
    )
}

fn field_problem(path: &str, error: &dyn Error) -> ApiProblem {
    let detail = sentence(error);
    let place = if path == "." { "" } else { path };
    // serde names a missing field in its message only, and the path is its parent's.
    let missing = detail
        .strip_prefix("missing field `")
        .and_then(|rest| rest.split_once('`'));
    let field = match missing {
        Some((name, _)) if place.is_empty() => name.to_owned(),
        Some((name, _)) => format!("{place}.{name}"),
        None => place.to_owned(),
    };
    of_field(field, detail)
}

fn zero_problem(field: String) -> ApiProblem {
    of_field(field, "a text has no place for U+0000.".into())
}

fn of_field(field: String, detail: String) -> ApiProblem {
    if field.is_empty() {
        ApiProblem::invalid().with_detail(detail)
    } else {
        ApiProblem::invalid()
            .with_detail(format!("{field}: {detail}"))
            .with("field", field)
    }
}

fn sentence(error: &dyn Error) -> String {
    format!("{error}.")
}

/// The reader's own error, somewhere below the framework's.
fn cause<'a, E: Error + 'static>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a serde_path_to_error::Error<E>> {
    std::iter::successors(Some(error), |error| (*error).source())
        .find_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::DefaultBodyLimit;
    use axum::routing::{get, post};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[derive(Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Report {
        title: String,
        place: Option<Place>,
    }

    #[derive(Deserialize, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Place {
        latitude: f64,
    }

    #[derive(Deserialize)]
    struct Named {
        id: Slug,
    }

    #[derive(Deserialize)]
    #[serde(try_from = "String")]
    struct Slug(String);

    impl TryFrom<String> for Slug {
        type Error = &'static str;

        fn try_from(text: String) -> Result<Self, Self::Error> {
            if text == "x" {
                Err("expected a slug")
            } else {
                Ok(Self(text))
            }
        }
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        limit: Option<u32>,
    }

    async fn answer(method: &str, path: &str, media_type: &str, body: &str) -> String {
        let router: Router = Router::new()
            .route(
                "/reports",
                post(async |Json(report): Json<Report>| Json(report)),
            )
            .route(
                "/reports/{id}",
                get(async |Path(path): Path<Named>| path.id.0),
            )
            .route(
                "/list",
                get(async |Query(filter): Query<Filter>| format!("{:?}", filter.limit)),
            )
            .layer(DefaultBodyLimit::max(200));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", media_type)
            .body(Body::from(body.to_owned()))
            .unwrap();
        let body = router.oneshot(request).await.unwrap().into_body();
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    async fn posted(body: &str) -> String {
        answer("POST", "/reports", "application/json", body).await
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_used_names_the_field() {
        insta::assert_snapshot!(posted(r#"{"title":1}"#).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"title: invalid type: integer `1`, expected a string at line 1 column 10.","field":"title"}"#);
        insta::assert_snapshot!(posted(r#"{"place":{"latitude":1}}"#).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"title: missing field `title` at line 1 column 24.","field":"title"}"#);
        insta::assert_snapshot!(posted(r#"{"title":"a","place":{}}"#).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"place.latitude: missing field `latitude` at line 1 column 23.","field":"place.latitude"}"#);
        insta::assert_snapshot!(posted(r#"{"title":"a","place":{"latitude":"north"}}"#).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"place.latitude: invalid type: string \"north\", expected f64 at line 1 column 40.","field":"place.latitude"}"#);
        insta::assert_snapshot!(posted(r#"{"title":"a","titel":"b"}"#).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"titel: unknown field `titel`, expected `title` or `place` at line 1 column 20.","field":"titel"}"#);
    }

    #[tokio::test]
    async fn the_fields_of_a_body_are_not_read_from_an_array() {
        let answer = posted(r#"["a",null]"#).await;
        assert!(
            answer.contains("invalid type: sequence, expected an object"),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn a_body_that_cannot_be_read_says_why() {
        insta::assert_snapshot!(posted(r#"{"title":"#).await, @r#"{"type":"urn:lapor:problem:malformed_json","title":"The body is not JSON","status":400,"code":"malformed_json","detail":"EOF while parsing a value at line 1 column 9."}"#);
        insta::assert_snapshot!(posted(&format!("{{\"title\":\"{}\"}}", "x".repeat(200))).await, @r#"{"type":"urn:lapor:problem:too_large","title":"The body is too large","status":413,"code":"too_large","detail":"At most 1 MiB of JSON are allowed here.","limit_bytes":1048576}"#);
        insta::assert_snapshot!(answer("POST", "/reports", "text/plain", "{}").await, @r#"{"type":"urn:lapor:problem:unsupported_media","title":"The content type is not supported here","status":415,"code":"unsupported_media","detail":"Send the body with Content-Type: application/json."}"#);
    }

    #[tokio::test]
    async fn a_path_or_query_that_cannot_be_used_names_the_parameter() {
        insta::assert_snapshot!(answer("GET", "/reports/x", "text/plain", "").await, @r#"{"type":"urn:lapor:problem:invalid_path","title":"The path cannot be used","status":400,"code":"invalid_path","detail":"id: expected a slug.","field":"id"}"#);
        insta::assert_snapshot!(answer("GET", "/reports/%ff", "text/plain", "").await, @r#"{"type":"urn:lapor:problem:invalid_path","title":"The path cannot be used","status":400,"code":"invalid_path","detail":"Invalid UTF-8 in `id`."}"#);
        insta::assert_snapshot!(answer("GET", "/list?limit=many", "text/plain", "").await, @r#"{"type":"urn:lapor:problem:invalid_query","title":"The query cannot be used","status":400,"code":"invalid_query","detail":"limit: invalid digit found in string.","field":"limit"}"#);
        insta::assert_snapshot!(answer("GET", "/list?page=2", "text/plain", "").await, @r#"{"type":"urn:lapor:problem:invalid_query","title":"The query cannot be used","status":400,"code":"invalid_query","detail":"page: unknown field `page`, expected `limit`.","field":"page"}"#);
    }

    #[tokio::test]
    async fn a_zero_character_is_refused_wherever_it_stands_and_its_place_named() {
        insta::assert_snapshot!(posted(r#"{"title":"a\u0000b"}"#).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"title: a text has no place for U+0000.","field":"title"}"#);
        insta::assert_snapshot!(answer("GET", "/reports/a%00", "text/plain", "").await, @r#"{"type":"urn:lapor:problem:invalid_path","title":"The path cannot be used","status":400,"code":"invalid_path","detail":"id: a text has no place for U+0000.","field":"id"}"#);
        insta::assert_snapshot!(answer("GET", "/list?limit=1%00", "text/plain", "").await, @r#"{"type":"urn:lapor:problem:invalid_query","title":"The query cannot be used","status":400,"code":"invalid_query","detail":"limit: a text has no place for U+0000.","field":"limit"}"#);
        for (body, place) in [
            (r#"{"a":{"b":["c",{"d":"\u0000"}]}}"#, "a.b[1].d"),
            (r#"{"a":{"\u0000":1}}"#, "a"),
        ] {
            assert_eq!(zero_in_json(body.as_bytes()).as_deref(), Some(place));
        }
        // A backslash before an `u`, and a percent sign before zeros.
        let plain = r#"{"title":"a\\u0000b","place":null}"#;
        assert_eq!(posted(plain).await, plain);
        let plain = answer("GET", "/reports/a%2500", "text/plain", "").await;
        assert_eq!(plain, "a%00");
    }

    #[tokio::test]
    async fn a_body_is_json_by_its_content_type() {
        for (kind, is_read) in [
            ("application/json; charset=utf-8", true),
            ("Application/JSON", true),
            ("application/problem+json", true),
            ("application/xjson", false),
            ("text/json", false),
        ] {
            let answer = answer("POST", "/reports", kind, r#"{"title":"a"}"#).await;
            let refused = answer.contains("unsupported_media");
            assert_eq!(!refused, is_read, "{kind}: {answer}");
        }
    }

    #[tokio::test]
    async fn what_can_be_read_passes() {
        assert_eq!(
            posted(r#"{"title":"a"}"#).await,
            r#"{"title":"a","place":null}"#
        );
        assert_eq!(answer("GET", "/reports/7", "text/plain", "").await, "7");
        assert_eq!(answer("GET", "/list", "text/plain", "").await, "None");
    }
}
