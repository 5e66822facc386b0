//! Whether a value has the shape that the document gives it, so that the two cannot differ. Of JSON
//! Schema it knows what acts are made of, as a test sees to; no value is told, as it may be words of
//! a case.

use serde_json::{Map, Number, Value};

use super::document;

/// Refuses an object that lacks a member or has one of another shape; `at` is where it stands, and
/// the message begins with it: ``words: missing field `text` ``.
pub fn members(shape: &Value, given: &Map<String, Value>, at: &str) -> Result<(), String> {
    let mut required = texts(&shape["required"]).into_iter();
    if let Some(name) = required.find(|name| !given.contains_key(*name)) {
        return Err(format!("{at}: missing field `{name}`"));
    }
    let known = &shape["properties"];
    given.iter().try_for_each(|(name, value)| {
        let shape = known.get(name);
        shape.map_or(Ok(()), |shape| fit(shape, value, &format!("{at}: {name}")))
    })
}

/// What a shape refers to.
pub fn referred(shape: &Value) -> Option<&'static Value> {
    let path = shape["$ref"].as_str()?;
    let name = path.strip_prefix("#/components/schemas/")?;
    Some(&document()["components"]["schemas"][name])
}

/// The types that a value of a shape may have; none, where it may have any.
pub fn types(shape: &Value) -> Vec<&str> {
    match &shape["type"] {
        Value::String(name) => vec![name.as_str()],
        several => texts(several),
    }
}

fn fit(shape: &Value, value: &Value, at: &str) -> Result<(), String> {
    let shape = referred(shape).unwrap_or(shape);
    if let Some(options) = shape["oneOf"].as_array() {
        return fit_one(options, value, at);
    }
    let types = types(shape);
    if !types.is_empty() && !types.iter().any(|name| is_a(name, value)) {
        return Err(format!("{at}: expected {}", types.join(" or ")));
    }
    if let Some(all) = shape["enum"].as_array()
        && !all.contains(value)
    {
        let known = texts(&shape["enum"]).join(", ");
        return Err(format!("{at}: expected one of {known}"));
    }
    match value {
        Value::String(text) => at_most(&shape["maxLength"], text.chars().count(), at),
        Value::Array(all) => {
            at_most(&shape["maxItems"], all.len(), at)?;
            let mut each = all.iter().enumerate();
            each.try_for_each(|(number, one)| fit(&shape["items"], one, &format!("{at}[{number}]")))
        }
        Value::Object(all) => members(shape, all, at),
        Value::Number(number) => {
            fits_in(&shape["format"], number, at)?;
            at_least(&shape["minimum"], number, at)
        }
        Value::Null | Value::Bool(_) => Ok(()),
    }
}

/// One of several shapes; what is wrong is told where one alone is more than null.
fn fit_one(options: &[Value], value: &Value, at: &str) -> Result<(), String> {
    if options.iter().any(|shape| fit(shape, value, at).is_ok()) {
        return Ok(());
    }
    let mut shapes = options.iter().filter(|shape| shape["type"] != "null");
    match (shapes.next(), shapes.next()) {
        (Some(only), None) => fit(only, value, at),
        _ => Err(format!("{at}: expected one of the document's shapes of it")),
    }
}

fn is_a(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

fn at_most(limit: &Value, count: usize, at: &str) -> Result<(), String> {
    match limit.as_u64() {
        Some(most) if count as u64 > most => Err(format!("{at}: may hold at most {most}")),
        _ => Ok(()),
    }
}

fn fits_in(format: &Value, number: &Number, at: &str) -> Result<(), String> {
    let small = number
        .as_i64()
        .and_then(|number| i32::try_from(number).ok());
    if format == "int32" && small.is_none() {
        return Err(format!("{at}: expected a number of 32 bits"));
    }
    Ok(())
}

fn at_least(limit: &Value, number: &Number, at: &str) -> Result<(), String> {
    match limit.as_f64().zip(number.as_f64()) {
        Some((least, number)) if number < least => Err(format!("{at}: expected {least} or more")),
        _ => Ok(()),
    }
}

fn texts(list: &Value) -> Vec<&str> {
    let all = list.as_array().into_iter().flatten();
    all.filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;

    use super::super::kinds::acts;
    use super::*;

    /// What is judged, here and in `kinds`, and what only tells something.
    const JUDGED: [&str; 9] = [
        "$ref",
        "additionalProperties",
        "enum",
        "items",
        "maxItems",
        "maxLength",
        "minimum",
        "oneOf",
        "type",
    ];
    const OF_MEMBERS: [&str; 2] = ["properties", "required"];
    const TOLD: [&str; 3] = ["default", "description", "format"];

    fn keywords(shape: &Value, found: &mut BTreeSet<String>) {
        for (word, below) in shape.as_object().into_iter().flatten() {
            found.insert(word.clone());
            match word.as_str() {
                "$ref" => keywords(referred(shape).unwrap(), found),
                "items" => keywords(below, found),
                "oneOf" => {
                    let all = below.as_array().unwrap().iter();
                    all.for_each(|each| keywords(each, found));
                }
                "properties" => {
                    let all = below.as_object().unwrap().values();
                    all.for_each(|each| keywords(each, found));
                }
                _ => {}
            }
        }
    }

    #[test]
    fn all_that_the_document_says_of_acts_is_judged() {
        let mut found = BTreeSet::new();
        for kind in acts() {
            let act = &document()["components"]["schemas"][kind.whole()]["properties"];
            keywords(&act["body"], &mut found);
            keywords(&act["words"], &mut found);
        }
        let known = JUDGED.iter().chain(&OF_MEMBERS).chain(&TOLD);
        let known: BTreeSet<String> = known.map(|&word| word.to_owned()).collect();
        let unknown: Vec<_> = found.difference(&known).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert!(JUDGED.iter().all(|&word| found.contains(word)), "{found:?}");
    }

    #[test]
    fn a_value_of_another_shape_is_named_and_not_told() {
        let shape = json!({
            "required": ["text"],
            "properties": {
                "text": {"type": "string", "maxLength": 4},
                "answers": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
                "score": {"type": "integer", "minimum": 0},
                "region": {"type": ["string", "null"]},
                "kind": {"oneOf": [{"type": "null"}, {"type": "string", "enum": ["a", "b"]}]},
                "as": {"oneOf": [{"type": "boolean"}, {"type": "number"}]},
            },
        });
        let judged = |mut value: Value| {
            if value.get("text").is_none() {
                value["text"] = "ada".into();
            }
            let judged = members(&shape, value.as_object().unwrap(), "words");
            judged.err().unwrap_or_default()
        };
        for (value, expected) in [
            (json!({"text": "empa"}), ""),
            (json!({"text": "\u{e9}\u{e9}\u{e9}\u{e9}"}), ""),
            (json!({"text": "limaa"}), "words: text: may hold at most 4"),
            (json!({"text": 7}), "words: text: expected string"),
            (json!({"text": null}), "words: text: expected string"),
            (json!({"answers": ["a", "b"]}), ""),
            (
                json!({"answers": ["a", ["b"]]}),
                "words: answers[1]: expected string",
            ),
            (
                json!({"answers": ["a", "b", "c"]}),
                "words: answers: may hold at most 2",
            ),
            (json!({"score": 0}), ""),
            (json!({"score": 0.5}), "words: score: expected integer"),
            (json!({"score": -1}), "words: score: expected 0 or more"),
            (json!({"region": null, "kind": null}), ""),
            (
                json!({"region": 32}),
                "words: region: expected string or null",
            ),
            (json!({"kind": "c"}), "words: kind: expected one of a, b"),
            (json!({"as": 1.5}), ""),
            (
                json!({"as": "1"}),
                "words: as: expected one of the document's shapes of it",
            ),
        ] {
            assert_eq!(judged(value.clone()), expected, "{value}");
        }
        let lacking = members(&shape, &Map::new(), "words");
        assert_eq!(lacking.unwrap_err(), "words: missing field `text`");
    }
}
