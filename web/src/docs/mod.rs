//! The documentation of an API as one page, made from its OpenAPI document:
//! Indonesian or English, without script, loading nothing but one style sheet.
//!
//! The document carries Indonesian beside English in the extension `x-id`
//! (`summary`, `description`); where it is missing, English stands in. Answers
//! with `x-common` are left to the introduction.

mod operation;
mod prose;
mod schema;

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::Value;

use operation::Group;
use prose::{Paragraph, paragraphs};
use schema::Shape;

use crate::language::Language;
use crate::page::STYLE;

const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The page's own words.
struct Labels {
    language: &'static str,
    other_language: &'static str,
    other_name: &'static str,
    skip: &'static str,
    contents: &'static str,
    document: &'static str,
    no_token: &'static str,
    scopes: &'static str,
    roles: &'static str,
    parameters: &'static str,
    body: &'static str,
    example: &'static str,
    answers: &'static str,
    try_it: &'static str,
    shapes: &'static str,
    required: &'static str,
    one_of: &'static str,
    values: &'static str,
}

const INDONESIAN: Labels = Labels {
    language: "id",
    other_language: "en",
    other_name: "English",
    skip: "Langsung ke isi",
    contents: "Daftar isi",
    document: "Dokumen OpenAPI 3.1",
    no_token: "Tanpa token",
    scopes: "Cakupan token",
    roles: "Peran token",
    parameters: "Parameter",
    body: "Isi permintaan",
    example: "Contoh",
    answers: "Jawaban",
    try_it: "Coba dengan curl",
    shapes: "Bentuk data",
    required: "wajib",
    one_of: "Salah satu dari",
    values: "Nilai",
};

const ENGLISH: Labels = Labels {
    language: "en",
    other_language: "id",
    other_name: "Bahasa Indonesia",
    skip: "Skip to content",
    contents: "Contents",
    document: "OpenAPI 3.1 document",
    no_token: "No token",
    scopes: "Scope of the token",
    roles: "Role of the token",
    parameters: "Parameters",
    body: "Request body",
    example: "Example",
    answers: "Answers",
    try_it: "Try it with curl",
    shapes: "Shapes",
    required: "required",
    one_of: "One of",
    values: "Values",
};

#[derive(Template)]
#[template(path = "docs.html")]
struct Page {
    labels: &'static Labels,
    title: String,
    version: String,
    introduction: Vec<Paragraph>,
    /// Paths of the style sheet and of the document.
    style_at: String,
    document_at: String,
    groups: Vec<Group>,
    shapes: Vec<Shape>,
}

/// The page for a document; `base` is the address that the examples call,
/// `style_at` and `document_at` are the paths where the router serves
/// [`style`] and the document.
pub fn page(
    document: &Value,
    language: Language,
    base: &str,
    style_at: &str,
    document_at: &str,
) -> Result<Response, askama::Error> {
    let labels = match language {
        Language::Indonesian => &INDONESIAN,
        Language::English => &ENGLISH,
    };
    let info = &document["info"];
    let page = Page {
        labels,
        title: text(&info["title"]),
        version: text(&info["version"]),
        introduction: paragraphs(localised(info, "description", language)),
        style_at: style_at.to_owned(),
        document_at: document_at.to_owned(),
        groups: operation::groups(document, language, base),
        shapes: schema::shapes(document),
    };
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, page.render()?).into_response())
}

/// The style sheet of all pages.
pub fn style() -> Response {
    let headers = [
        (CONTENT_TYPE, "text/css; charset=utf-8"),
        (CACHE_CONTROL, "public, max-age=3600"),
    ];
    (headers, STYLE).into_response()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A text of `holder` in the reader's language, else in English.
fn localised<'a>(holder: &'a Value, field: &str, language: Language) -> &'a str {
    let english = holder[field].as_str();
    let indonesian = holder["x-id"][field].as_str();
    match language {
        Language::Indonesian => indonesian.or(english).unwrap_or_default(),
        Language::English => english.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::json;

    use super::*;

    fn document() -> Value {
        json!({
            "openapi": "3.1.0",
            "info": {
                "title": "Test", "version": "1",
                "description": "Say `hello`.\n\nTwice.",
                "x-id": {"description": "Ucapkan `halo`."}
            },
            "tags": [{"name": "cases", "description": "Cases", "x-id": {"description": "Berkas"}}],
            "paths": {"/cases/{id}": {"post": {
                "operationId": "case", "tags": ["cases"], "summary": "Do <b>it</b>",
                "x-roles": ["officer"],
                "x-id": {"summary": "Kerjakan"},
                "parameters": [
                    {"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}
                ],
                "requestBody": {"required": true, "content": {"application/json": {
                    "schema": {"$ref": "#/components/schemas/Act"},
                    "examples": {"one": {"summary": "One", "value": {"kind": "it's"}}}
                }}},
                "responses": {"202": {"description": "Done", "content": {"application/json": {
                    "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Act"}}
                }}}},
                "security": [{"token": []}]
            }}},
            "components": {"schemas": {"Act": {
                "type": "object", "required": ["kind"],
                "properties": {
                    "kind": {"type": "string", "description": "The *kind*."},
                    "body": {"type": "object", "properties": {"target": {"type": ["string", "null"]}}}
                }
            }}}
        })
    }

    async fn rendered(language: Language) -> String {
        let base = "http://127.0.0.1:8090";
        let response = page(&document(), language, base, "/style.css", "/openapi.json").unwrap();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_page_speaks_indonesian_first_and_falls_back_to_english() {
        let page = rendered(Language::default()).await;
        assert!(
            page.contains("<html lang=\"id\">") && page.contains("Kerjakan"),
            "{page}"
        );
        assert!(
            page.contains("Ucapkan <code>halo</code>.") && !page.contains("Twice"),
            "{page}"
        );
        assert!(page.contains("Done"), "{page}");
        let page = rendered(Language::English).await;
        assert!(page.contains("Do &#60;b&#62;it&#60;/b&#62;"), "{page}");
    }

    #[tokio::test]
    async fn the_page_runs_no_script_and_loads_one_style_sheet_of_its_own() {
        let page = rendered(Language::English).await;
        assert!(!page.contains("<script") && !page.contains("style=") && !page.contains(" src="));
        assert_eq!(page.matches("<link ").count(), 1);
        assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
    }

    #[tokio::test]
    async fn a_quote_in_an_example_survives_the_shell() {
        let page = rendered(Language::English).await;
        let escaped = "-d &#39;{&#34;kind&#34;:&#34;it&#39;\\&#39;&#39;s&#34;}&#39;";
        assert!(page.contains(escaped), "{page}");
        assert!(page.contains("$ID"), "{page}");
    }

    #[tokio::test]
    async fn nested_fields_are_named_by_their_path() {
        let page = rendered(Language::English).await;
        assert!(page.contains("body.target"), "{page}");
        assert!(page.contains("href=\"#shape-Act\""), "{page}");
    }
}
