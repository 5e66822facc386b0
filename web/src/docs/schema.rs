//! JSON Schemas of an OpenAPI document as lists of fields that people can read.

use serde_json::{Map, Value};

use super::prose::{Paragraph, Piece, paragraphs, pieces};
use super::text;

/// How deep fields of fields are shown in the same list.
const DEPTH: usize = 3;

/// A named schema.
pub struct Shape {
    pub name: String,
    pub text: Vec<Paragraph>,
    pub fields: Vec<Field>,
    /// Values of an enumeration.
    pub values: Vec<Value>,
    /// Names of the shapes among which this one chooses.
    pub choices: Vec<String>,
    /// What a shape is that is neither an object nor a choice.
    pub kind: Paragraph,
}

pub struct Field {
    /// Dotted, where it lies in a field that has no name of its own.
    pub name: String,
    pub kind: Paragraph,
    pub required: bool,
    pub text: Vec<Paragraph>,
    pub values: Vec<Value>,
}

pub fn shapes(document: &Value) -> Vec<Shape> {
    let Some(schemas) = document["components"]["schemas"].as_object() else {
        return Vec::new();
    };
    schemas
        .iter()
        .map(|(name, schema)| shape(name, schema))
        .collect()
}

/// A schema as a phrase: `array of CaseSummary`, `string or null`.
pub fn kind(schema: &Value) -> Paragraph {
    if let Some(name) = reference(schema) {
        return vec![Piece::shape(name)];
    }
    if !schema["const"].is_null() {
        return pieces(&format!("`{}`", schema["const"]));
    }
    if let Some(options) = alternatives(schema) {
        let phrases: Vec<_> = options.iter().map(kind).collect();
        return phrases.join(&Piece::plain(" or "));
    }
    let names: Vec<&str> = match &schema["type"] {
        Value::String(name) => vec![name],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => vec!["any"],
    };
    let mut phrase = Vec::new();
    for name in names {
        if !phrase.is_empty() {
            phrase.push(Piece::plain(" or "));
        }
        phrase.push(Piece::plain(name));
        if name == "array" && schema["items"].is_object() {
            phrase.push(Piece::plain(" of "));
            phrase.extend(kind(&schema["items"]));
        }
    }
    if let Some(format) = schema["format"].as_str() {
        phrase.push(Piece::plain(format!(", {format}")));
    }
    phrase.extend(bounds(schema).map(Piece::plain));
    phrase
}

fn shape(name: &str, schema: &Value) -> Shape {
    let mut fields = Vec::new();
    collect(schema, "", DEPTH, &mut fields);
    let values = enumeration(schema);
    let choices: Vec<_> = alternatives(schema)
        .into_iter()
        .flatten()
        .filter_map(|option| reference(option).map(str::to_owned))
        .collect();
    let plain = fields.is_empty() && values.is_empty() && choices.is_empty();
    Shape {
        name: name.to_owned(),
        text: paragraphs(&text(&schema["description"])),
        kind: if plain {
            kind(schema)
        } else {
            Paragraph::new()
        },
        fields,
        values,
        choices,
    }
}

fn collect(schema: &Value, prefix: &str, depth: usize, into: &mut Vec<Field>) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        match reference(part) {
            Some(name) => into.push(Field {
                name: "…".into(),
                kind: vec![Piece::shape(name)],
                required: true,
                text: Vec::new(),
                values: Vec::new(),
            }),
            None => collect(part, prefix, depth, into),
        }
    }
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    for (name, field) in ordered(properties, &schema["required"]) {
        let full = format!("{prefix}{name}");
        into.push(Field {
            kind: kind(field),
            required: is_required(&schema["required"], name),
            text: paragraphs(&text(&field["description"])),
            values: enumeration(field),
            name: full.clone(),
        });
        if depth > 1 {
            collect(field, &format!("{full}."), depth - 1, into);
        }
    }
}

/// Required fields first; among equals, as the document has them.
fn ordered<'a>(properties: &'a Map<String, Value>, required: &Value) -> Vec<(&'a str, &'a Value)> {
    let mut all: Vec<_> = properties
        .iter()
        .map(|(name, field)| (name.as_str(), field))
        .collect();
    all.sort_by_key(|(name, _)| !is_required(required, name));
    all
}

fn is_required(required: &Value, name: &str) -> bool {
    required
        .as_array()
        .is_some_and(|names| names.iter().any(|each| each == name))
}

fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"]
        .as_str()?
        .strip_prefix("#/components/schemas/")
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    schema["oneOf"]
        .as_array()
        .or_else(|| schema["anyOf"].as_array())
}

fn enumeration(schema: &Value) -> Vec<Value> {
    schema["enum"].as_array().cloned().unwrap_or_default()
}

fn bounds(schema: &Value) -> Option<String> {
    let names = [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "characters at least"),
        ("maxLength", "characters at most"),
        ("maxItems", "items at most"),
    ];
    let said: Vec<_> = names
        .iter()
        .filter(|(name, _)| schema[*name].is_number())
        .map(|(name, words)| match words.split_once(' ') {
            Some((unit, rest)) if rest.starts_with("at") => {
                format!("{} {unit} {rest}", schema[*name])
            }
            _ => format!("{words} {}", schema[*name]),
        })
        .collect();
    (!said.is_empty()).then(|| format!(", {}", said.join(", ")))
}
