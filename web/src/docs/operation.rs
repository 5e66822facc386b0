//! Operations of an OpenAPI document, grouped by tag, each with a command to try it.

use serde_json::Value;

use super::prose::{Paragraph, paragraphs, pieces};
use super::schema::kind;
use super::{Language, localised, text};

pub struct Group {
    pub name: String,
    pub title: String,
    pub operations: Vec<Operation>,
}

pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    pub summary: String,
    pub text: Vec<Paragraph>,
    pub needs_token: bool,
    pub scopes: Vec<String>,
    pub roles: Vec<String>,
    pub parameters: Vec<Parameter>,
    pub body: Option<Body>,
    pub answers: Vec<Answer>,
    pub curl: String,
}

pub struct Parameter {
    pub name: String,
    pub place: String,
    pub required: bool,
    pub kind: Paragraph,
    pub text: Vec<Paragraph>,
}

pub struct Body {
    pub media_type: String,
    pub kind: Paragraph,
    pub text: Vec<Paragraph>,
    pub examples: Vec<Example>,
}

pub struct Example {
    pub title: String,
    pub json: String,
}

pub struct Answer {
    pub status: String,
    pub text: Paragraph,
    pub media_type: String,
    pub kind: Paragraph,
}

/// Groups in the order of the document's tags, operations in that of its paths.
pub fn groups(document: &Value, language: Language, base: &str) -> Vec<Group> {
    let tags = document["tags"].as_array().into_iter().flatten();
    tags.map(|tag| {
        let name = text(&tag["name"]);
        let operations = operations(document)
            .filter(|(_, _, operation)| operation["tags"][0] == name.as_str())
            .map(|(path, method, operation)| read(path, method, operation, language, base))
            .collect();
        let title = localised(tag, "description", language).to_owned();
        Group {
            name,
            title,
            operations,
        }
    })
    .collect()
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let methods = item.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn read(path: &str, method: &str, operation: &Value, language: Language, base: &str) -> Operation {
    let body = body(&operation["requestBody"], language);
    let needs_token = operation["security"]
        .as_array()
        .is_some_and(|all| !all.is_empty());
    let method = method.to_uppercase();
    Operation {
        id: text(&operation["operationId"]),
        path: path.to_owned(),
        summary: localised(operation, "summary", language).to_owned(),
        text: paragraphs(localised(operation, "description", language)),
        scopes: texts(&operation["x-scope"]),
        roles: texts(&operation["x-roles"]),
        parameters: operation["parameters"]
            .as_array()
            .into_iter()
            .flatten()
            .map(parameter)
            .collect(),
        answers: operation["responses"]
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(_, answer)| answer["x-common"] != true)
            .map(|(status, answer)| self::answer(status, answer))
            .collect(),
        curl: curl(
            &method,
            &format!("{base}{path}"),
            needs_token,
            &operation["requestBody"],
        ),
        method,
        needs_token,
        body,
    }
}

fn texts(all: &Value) -> Vec<String> {
    all.as_array().into_iter().flatten().map(text).collect()
}

fn parameter(parameter: &Value) -> Parameter {
    Parameter {
        name: text(&parameter["name"]),
        place: text(&parameter["in"]),
        required: parameter["required"] == true,
        kind: kind(&parameter["schema"]),
        text: paragraphs(&text(&parameter["description"])),
    }
}

fn body(body: &Value, language: Language) -> Option<Body> {
    let (media_type, content) = body["content"].as_object()?.iter().next()?;
    let named = content["examples"].as_object().into_iter().flatten();
    let examples = named.map(|(name, example)| Example {
        title: format!("{name}: {}", localised(example, "summary", language)),
        json: format!("{:#}", example["value"]),
    });
    Some(Body {
        media_type: media_type.clone(),
        kind: kind(&content["schema"]),
        text: paragraphs(&text(&body["description"])),
        examples: examples.collect(),
    })
}

fn answer(status: &str, answer: &Value) -> Answer {
    let content = answer["content"]
        .as_object()
        .and_then(|all| all.iter().next());
    Answer {
        status: status.to_owned(),
        text: pieces(&text(&answer["description"])),
        media_type: content
            .map(|(media_type, _)| media_type.clone())
            .unwrap_or_default(),
        kind: content
            .map(|(_, content)| kind(&content["schema"]))
            .unwrap_or_default(),
    }
}

/// A command whose parameters are shell variables, so that nothing has to be edited inside it.
fn curl(method: &str, url: &str, needs_token: bool, body: &Value) -> String {
    let mut lines = vec![match method {
        "GET" => "curl".to_owned(),
        _ => format!("curl -X {method}"),
    }];
    if needs_token {
        lines.push("-H \"Authorization: Bearer $TOKEN\"".into());
    }
    if let Some((media_type, content)) = body["content"]
        .as_object()
        .and_then(|all| all.iter().next())
    {
        let named = content["examples"]
            .as_object()
            .and_then(|all| all.values().next());
        if let Some(example) = named {
            lines.push(format!("-H 'Content-Type: {media_type}'"));
            lines.push(format!("-d {}", quoted(&example["value"].to_string())));
        } else {
            lines.push("-H 'Content-Type: image/jpeg'".into());
            lines.push("--data-binary @foto.jpg".into());
        }
    }
    lines.push(format!("\"{}\"", with_variables(url)));
    lines.join(" \\\n  ")
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `/cases/{id}` as `/cases/$ID`.
fn with_variables(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for (at, part) in url.split(['{', '}']).enumerate() {
        if at % 2 == 1 {
            out.push('$');
            out.push_str(&part.to_uppercase());
        } else {
            out.push_str(part);
        }
    }
    out
}
