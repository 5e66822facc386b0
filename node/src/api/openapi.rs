//! The OpenAPI 3.1 document: what the handlers declare, completed with a shape
//! for each kind of act, examples, problems, scopes, roles and Indonesian text.

use std::sync::{Arc, LazyLock};

use lapor_protocol::kinds::Body;
use lapor_web::ApiProblem;
use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::catalogue::ACTS;
use super::kinds::{Kind, Word, WordShape, shape};
use super::words::{ENGLISH, GROUPS, INDONESIAN, TITLE, operations};
use super::{
    accounts, acts, arrangements, aside, assignments, audit, cases, categories, changes, channels,
    cities, counter, deadlines, drafts, editions, erasures, examples, federation, figures, filters,
    hints, identities, imports, keywords, own_numbers, programmes, register_tables, reporters,
    reports, several, staff, talks, uploads, webhooks,
};
use crate::node::Node;

#[derive(OpenApi)]
#[openapi(components(schemas(ApiProblem, Body)))]
struct Declared;

static DOCUMENT: LazyLock<Value> = LazyLock::new(build);

/// The document as JSON.
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// All handlers with what they declare.
fn routes() -> OpenApiRouter<Arc<Node>> {
    keyed().merge(repeated())
}

/// Those that answer for an idempotency key by themselves, in the transaction of what they do, and those
/// that take none.
pub fn keyed() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::with_openapi(Declared::openapi())
        .routes(routes!(reports::file))
        .routes(routes!(uploads::upload))
        .routes(routes!(imports::bring, imports::list))
        .routes(routes!(acts::act))
        .merge(several::keyed())
        .merge(counter::keyed())
        .merge(identities::keyed())
        .routes(routes!(reporters::track))
        .routes(routes!(reporters::open))
        .routes(routes!(reporters::read, reporters::close))
        .routes(routes!(reporters::act))
        .routes(routes!(reporters::consent))
        .routes(routes!(reporters::own_data))
        .routes(routes!(reporters::ask_erasure, reporters::withdraw_erasure))
}

/// Those for whose key [`super::repeated`] answers.
pub fn repeated() -> OpenApiRouter<Arc<Node>> {
    OpenApiRouter::new()
        .routes(routes!(imports::one, imports::forget))
        .routes(routes!(imports::rows))
        .routes(routes!(imports::columns))
        .routes(routes!(imports::commit))
        .routes(routes!(cases::list))
        .routes(routes!(cases::read))
        .routes(routes!(cases::by_ticket))
        .routes(routes!(cases::attachment))
        .routes(routes!(cases::identity))
        .routes(routes!(own_numbers::note))
        .routes(routes!(own_numbers::table))
        .routes(routes!(own_numbers::workbook))
        .routes(routes!(register_tables::table))
        .routes(routes!(register_tables::workbook))
        .routes(routes!(deadlines::list))
        .routes(routes!(figures::read))
        .routes(routes!(figures::table))
        .routes(routes!(figures::categories))
        .routes(routes!(hints::of_case))
        .routes(routes!(hints::likely))
        .routes(routes!(hints::regions))
        .routes(routes!(categories::read))
        .routes(routes!(
            categories::local,
            categories::map,
            categories::unmap
        ))
        .routes(routes!(categories::replace))
        .routes(routes!(categories::editions))
        .routes(routes!(categories::edition))
        .routes(routes!(categories::restore))
        .routes(routes!(categories::localise))
        .routes(routes!(erasures::plan))
        .routes(routes!(erasures::list))
        .routes(routes!(erasures::confirm))
        .routes(routes!(erasures::stop))
        .routes(routes!(federation::instances))
        .routes(routes!(programmes::publish, programmes::list))
        .routes(routes!(programmes::read))
        .routes(routes!(programmes::progress))
        .routes(routes!(programmes::picture))
        .routes(routes!(editions::publish_taxonomy, editions::taxonomy))
        .routes(routes!(editions::publish_calendar, editions::calendar))
        .routes(routes!(changes::read))
        .routes(routes!(webhooks::make, webhooks::list))
        .routes(routes!(webhooks::read, webhooks::change, webhooks::end))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay))
        .routes(routes!(webhooks::skip))
        .merge(several::routes())
        .merge(assignments::routes())
        .merge(filters::routes())
        .merge(drafts::routes())
        .merge(counter::routes())
        .merge(identities::routes())
        .merge(staff::routes())
        .merge(accounts::routes())
        .merge(aside::routes())
        .merge(arrangements::routes())
        .merge(channels::routes())
        .merge(cities::routes())
        .merge(talks::routes())
        .merge(keywords::routes())
        .routes(routes!(federation::status))
        .routes(routes!(audit::read))
}

fn build() -> Value {
    let mut declared = routes().into_openapi();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("lpt_...")
        .build();
    let components = declared.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let conversation = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("lrs_...")
        .build();
    components.add_security_scheme("conversation", SecurityScheme::Http(conversation));
    // A document that cannot be serialised would be found by every test of this module.
    let mut document = serde_json::to_value(&declared).unwrap_or_default();
    forget_nulls(&mut document);
    introduce(&mut document);
    shape_acts(&mut document);
    describe_history(&mut document);
    complete_operations(&mut document);
    document
}

/// What may be left out has null for its default, which says nothing.
fn forget_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, value| name != "default" || !value.is_null());
            members.values_mut().for_each(forget_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(forget_nulls),
        _ => {}
    }
}

fn introduce(document: &mut Value) {
    document["info"] = json!({
        "title": TITLE,
        "version": env!("CARGO_PKG_VERSION"),
        "description": ENGLISH,
        "license": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        "x-id": {"description": INDONESIAN},
    });
    document["servers"] = json!([{"url": "/api/v1"}]);
    let groups = GROUPS.iter().map(|group| {
        json!({
            "name": group.name,
            "description": group.english,
            "x-id": {"description": group.indonesian},
        })
    });
    document["tags"] = groups.collect();
}

/// Replaces the open shape of an act by one of a shape for each kind.
fn shape_acts(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    let mut references = Vec::new();
    let mut mapping = Map::new();
    for kind in ACTS {
        let name = kind.whole();
        let reference = format!("#/components/schemas/{name}");
        schemas[&name] = act_shape(kind, &schemas[kind.shape()]);
        references.push(json!({"$ref": reference}));
        mapping.insert(kind.name.into(), reference.into());
    }
    schemas["NewAct"] = json!({
        "description": "An act: its kind, the clear fields and the words of that kind, and uploads \
                        made before. Words are encrypted before they leave this node.",
        "oneOf": references,
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    });
}

fn act_shape(kind: &Kind, body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !kind.filled.contains(&name.as_str()));
    }
    let optional = |name: &str| kind.filled.contains(&name) || kind.defaulted.contains(&name);
    if let Some(required) = body.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !name.as_str().is_some_and(optional));
    }
    for name in kind.defaulted {
        let field = &mut body["properties"][*name];
        let said = field["description"].as_str().unwrap_or_default();
        field["description"] = format!("{said} Filled in when left out.").trim().into();
    }
    body["additionalProperties"] = false.into();
    let body_needed = body["required"]
        .as_array()
        .is_some_and(|names| !names.is_empty());
    let words_needed = kind.word_fields.iter().any(|word| word.required);
    let mut words = words_shape(kind.word_fields);
    if !words_needed {
        words["type"] = json!(["object", "null"]);
    }
    let mut required = vec!["kind"];
    required.extend(body_needed.then_some("body"));
    required.extend(words_needed.then_some("words"));
    json!({
        "type": "object",
        "description": format!("{}. By: {}.", kind.what, kind.who),
        "required": required,
        "additionalProperties": false,
        "properties": {
            "kind": {"type": "string", "const": kind.name},
            "body": body,
            "words": words,
            "attachments": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": lapor_protocol::limits::ATTACHMENTS,
                "description": "Ids of uploads made before.",
            },
        },
    })
}

fn words_shape(words: &[Word]) -> Value {
    let properties: Map<String, Value> = words
        .iter()
        .map(|word| (word.name.to_owned(), word_shape(word)))
        .collect();
    let required: Vec<_> = words
        .iter()
        .filter(|word| word.required)
        .map(|word| word.name)
        .collect();
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

fn word_shape(word: &Word) -> Value {
    use lapor_protocol::limits::{QUESTIONS, TEXT_CHARS, TITLE_CHARS};
    let mut shape = match word.shape {
        WordShape::Title => json!({"type": "string", "maxLength": TITLE_CHARS}),
        WordShape::Text => json!({"type": "string", "maxLength": TEXT_CHARS}),
        WordShape::Texts => json!({
            "type": "array",
            "maxItems": QUESTIONS,
            "items": {"type": "string", "maxLength": TEXT_CHARS},
        }),
        WordShape::Forms => json!({
            "type": "array",
            "maxItems": QUESTIONS,
            "items": {"$ref": "#/components/schemas/AnswerForm"},
        }),
        WordShape::Coordinates => json!({
            "type": "object",
            "required": ["latitude_micro", "longitude_micro"],
            "properties": {
                "latitude_micro": {"type": "integer"},
                "longitude_micro": {"type": "integer"},
            },
        }),
    };
    shape["description"] = word.what.into();
    shape
}

/// The history holds every kind of message, so a reader finds the shape of each body.
fn describe_history(document: &mut Value) {
    let schemas = &mut document["components"]["schemas"];
    let bodies: Vec<_> = Body::KINDS
        .iter()
        .map(|kind| json!({"$ref": format!("#/components/schemas/{}", shape(kind))}))
        .collect();
    schemas["Body"] = json!({
        "description": "The clear fields of a message, by its kind: case.disposed has the shape \
                        CaseDisposed. A later version may add fields.",
        "anyOf": bodies,
    });
    let entry = &mut schemas["HistoryEntry"]["properties"];
    entry["kind"]["examples"] = json!(Body::KINDS);
    entry["body"] = json!({
        "oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Body"}],
        "description": "Clear fields; `null` where the item came without its message.",
    });
}

fn complete_operations(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        let item = item.as_object_mut().into_iter().flatten();
        item.map(move |(method, operation)| (path, method, operation))
    });
    for (path, method, operation) in all {
        take_key(method, operation);
        shape_parameters(path, operation);
        let id = operation["operationId"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        if let Some(words) = operations().find(|words| words.id == id) {
            operation["x-scope"] = json!(words.access.scopes());
            operation["x-roles"] = json!(words.access.roles());
            operation["x-id"] = json!({"summary": words.summary, "description": words.description});
        }
        let answers = &mut operation["responses"];
        answers["401"] = refusal("`token_missing` or `token_invalid`.");
        answers["403"] = refusal("`forbidden`: the token does not allow this.");
        answers["default"] = refusal("Any other refusal or failure, by its `code`.");
        match id.as_str() {
            "act" => {
                let examples: Map<_, _> = ACTS
                    .iter()
                    .map(|kind| {
                        let example = json!({
                            "summary": kind.what,
                            "x-id": {"summary": kind.apa},
                            "value": kind.example(),
                        });
                        (kind.name.to_owned(), example)
                    })
                    .collect();
                operation["requestBody"]["content"]["application/json"]["examples"] =
                    examples.into();
            }
            "upload" => {
                let schema = json!({"schema": {"type": "string", "format": "binary"}});
                operation["requestBody"] = json!({"required": true, "content": {"*/*": schema}});
            }
            _ => {
                if let Some(example) = examples::of(&id) {
                    operation["requestBody"]["content"]["application/json"]["examples"] = example;
                }
            }
        }
    }
}

/// What changes something and is not the same when it is done twice takes a key: here those for which
/// [`super::repeated`] answers, which declare none.
fn take_key(method: &str, operation: &mut Value) {
    let by_token = operation["security"][0]["token"].is_array();
    let id = operation["operationId"].as_str().unwrap_or_default();
    let takes_file = ["upload", "bringRegister"].contains(&id);
    if !["post", "patch"].contains(&method) || !by_token || takes_file {
        return;
    }
    let declared = operation.get("parameters").and_then(Value::as_array);
    let mut parameters = declared.cloned().unwrap_or_default();
    let is_key = |one: &Value| one["in"] == "header";
    if !parameters.iter().any(is_key) {
        parameters.push(json!({
            "name": "Idempotency-Key",
            "in": "header",
            "required": false,
            "description": "16 to 128 visible characters, new for each request, such as a random UUID.",
            "schema": {"type": "string"},
        }));
        operation["parameters"] = parameters.into();
    }
}

/// What a parameter looks like that is read as more than a text.
fn shape_parameters(path: &str, operation: &mut Value) {
    let parameters = operation
        .get_mut("parameters")
        .and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let of_case = path.starts_with("/cases/{id}");
        let shape = match (parameter["in"].as_str(), parameter["name"].as_str()) {
            (Some("header"), Some("Idempotency-Key")) => json!({
                "type": "string",
                "minLength": 16,
                "maxLength": 128,
                "pattern": "^[!-~]+$",
            }),
            (Some("path"), Some("id")) if of_case => json!({
                "type": "string",
                "format": "uuid",
                "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
            }),
            (Some("path"), Some("sha256")) => json!({
                "type": "string",
                "pattern": "^[0-9a-f]{64}$",
            }),
            _ => continue,
        };
        parameter["schema"] = shape;
    }
}

/// An answer that every operation may give; the page says it once, in its introduction.
fn refusal(description: &str) -> Value {
    let schema = json!({"schema": {"$ref": "#/components/schemas/Problem"}});
    json!({
        "description": description,
        "content": {"application/problem+json": schema},
        "x-common": true,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn references(value: &Value, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    match value.as_str().filter(|_| name == "$ref") {
                        Some(target) => drop(into.insert(target.to_owned())),
                        None => references(value, into),
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, into)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_of_the_document_leads_somewhere() {
        let mut found = BTreeSet::new();
        references(document(), &mut found);
        assert!(found.len() > 40, "{found:?}");
        for reference in found {
            let pointer = reference.strip_prefix('#').unwrap();
            assert!(document().pointer(pointer).is_some(), "{reference}");
        }
    }

    #[test]
    fn the_document_says_openapi_3_1_and_names_every_kind() {
        assert!(document()["openapi"].as_str().unwrap().starts_with("3.1."));
        let schemas = &document()["components"]["schemas"];
        for kind in Body::KINDS {
            assert!(schemas[shape(kind)].is_object(), "{kind}");
            let kinds = &schemas["HistoryEntry"]["properties"]["kind"]["examples"];
            assert!(
                kinds.as_array().unwrap().iter().any(|named| named == kind),
                "{kind}"
            );
        }
        for kind in ACTS {
            let act = &schemas[kind.whole()];
            assert_eq!(act["properties"]["kind"]["const"], kind.name);
        }
    }

    #[test]
    fn every_operation_has_an_id_a_summary_a_scope_and_an_indonesian_text() {
        let mut ids = BTreeSet::new();
        for (path, item) in document()["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                assert!(ids.insert(id.to_owned()), "{id} twice");
                assert!(operation["summary"].is_string(), "{method} {path}");
                assert!(operation["description"].is_string(), "{method} {path}");
                assert!(operation["x-id"]["summary"].is_string(), "{method} {path}");
                assert!(operation["security"].is_array(), "{method} {path}");
                let by_token = operation["security"][0]["token"].is_array();
                let scopes = operation["x-scope"].as_array().unwrap();
                assert_eq!(by_token, !scopes.is_empty(), "{method} {path}");
                let parameters = operation["parameters"].as_array().into_iter().flatten();
                let in_path: BTreeSet<_> = parameters
                    .filter(|parameter| parameter["in"] == "path")
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect();
                let named = path
                    .split(['{', '}'])
                    .enumerate()
                    .filter(|(at, _)| at % 2 == 1);
                assert_eq!(
                    in_path,
                    named.map(|(_, name)| name.to_owned()).collect(),
                    "{path}"
                );
            }
        }
        assert_eq!(ids.len(), operations().count());
    }

    fn nulls(value: &Value, at: &str, into: &mut Vec<String>) {
        match value {
            Value::Null => into.push(at.to_owned()),
            Value::Object(members) => {
                for (name, value) in members {
                    nulls(value, &format!("{at}/{name}"), into);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| nulls(value, at, into)),
            _ => {}
        }
    }

    /// Reading a missing member through a mutable document makes it, as null,
    /// and null is valid nowhere in this document.
    #[test]
    fn nothing_in_the_document_is_null() {
        let mut found = Vec::new();
        nulls(document(), "", &mut found);
        assert!(found.is_empty(), "{found:?}");
    }
}
