//! The kinds of acts as a caller needs them: fields, words, an example. A field
//! that a kind does not have is refused here, because the protocol itself keeps
//! what it does not know and a typing error would travel unnoticed.

use serde_json::{Map, Value};

use super::catalogue::ACTS;
use super::document;
use crate::casework::NewAct;
use crate::error::NodeError;

/// A kind of act on a case.
pub struct Kind {
    pub name: &'static str,
    pub what: &'static str,
    /// The same in Indonesian.
    pub apa: &'static str,
    /// Who may do it.
    pub who: &'static str,
    /// An example of the clear fields, JSON.
    pub body: &'static str,
    /// An example of the words, JSON; `None` where a comment at most is usual.
    pub words: Option<&'static str>,
    pub word_fields: &'static [Word],
    /// Fields that the node always writes itself.
    pub filled: &'static [&'static str],
    /// Fields that the node fills in when they are left out.
    pub defaulted: &'static [&'static str],
}

/// A field of the words, which are encrypted before they leave the node.
#[derive(Clone, Copy)]
pub struct Word {
    pub name: &'static str,
    pub required: bool,
    pub shape: WordShape,
    pub what: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum WordShape {
    /// How the questions of a hold are answered.
    Forms,
    /// Up to a few hundred characters.
    Title,
    Text,
    Texts,
    Coordinates,
}

/// A clear field of a kind, for a list.
pub struct Field {
    pub name: String,
    pub required: bool,
    /// `string`, `boolean`, or the values of an enumeration.
    pub values: String,
}

impl Kind {
    /// The name of the schema of its body: `CaseDisposed` for `case.disposed`.
    pub fn shape(&self) -> String {
        shape(self.name)
    }

    /// What a caller would post.
    pub fn example(&self) -> Value {
        let mut example = Map::new();
        example.insert("kind".into(), self.name.into());
        example.insert("body".into(), parsed(self.body));
        if let Some(words) = self.words {
            example.insert("words".into(), parsed(words));
        }
        Value::Object(example)
    }

    /// The clear fields that a caller may give.
    pub fn fields(&self) -> Vec<Field> {
        let schema = &document()["components"]["schemas"][self.shape()];
        let required = schema["required"].as_array();
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties
            .filter(|(name, _)| !self.filled.contains(&name.as_str()))
            .map(|(name, field)| Field {
                name: name.clone(),
                required: !self.defaulted.contains(&name.as_str())
                    && required.is_some_and(|all| all.iter().any(|each| each == name.as_str())),
                values: values(field),
            })
            .collect()
    }
}

/// All kinds of acts, in the order of the rules.
pub fn acts() -> &'static [Kind] {
    ACTS
}

pub fn act(name: &str) -> Option<&'static Kind> {
    ACTS.iter().find(|kind| kind.name == name)
}

/// The name of the schema of a kind's body.
pub fn shape(kind: &str) -> String {
    kind.split(['.', '_'])
        .map(|part| part[..1].to_uppercase() + &part[1..])
        .collect()
}

/// Whether an act answers a request for an identity: the keeper's, not the handler's.
pub fn answers_identity(kind: &str) -> bool {
    matches!(kind, "identity.disclosed" | "identity.refused")
}

/// Refuses a kind that is no act, and fields that it does not have.
pub fn check(act: &NewAct) -> Result<(), NodeError> {
    let Some(kind) = self::act(&act.kind) else {
        let known: Vec<_> = ACTS.iter().map(|kind| kind.name).collect();
        return Err(NodeError::Invalid(format!(
            "kind: {:?} is no act on a case; expected one of {}",
            act.kind.chars().take(60).collect::<String>(),
            known.join(", ")
        )));
    };
    let fields = kind.fields();
    for given in act.body.keys() {
        if !fields.iter().any(|field| field.name == *given) {
            let known: Vec<_> = fields.iter().map(|field| field.name.as_str()).collect();
            let known = if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            };
            return Err(NodeError::Invalid(format!(
                "body: {}: {} has no such field; its fields are: {known}",
                given.chars().take(60).collect::<String>(),
                kind.name
            )));
        }
    }
    Ok(())
}

/// Refuses an act that lacks a field or words of its kind: where it is asked for of several cases,
/// no case would say so before it is looked for.
pub fn check_whole(act: &NewAct) -> Result<(), NodeError> {
    check(act)?;
    let kind = self::act(&act.kind);
    let lacks = |part: &str, name: &str| {
        NodeError::Invalid(format!("{part}: {name}: {} needs it", act.kind))
    };
    for field in kind.map(Kind::fields).unwrap_or_default() {
        if field.required && !act.body.contains_key(&field.name) {
            return Err(lacks("body", &field.name));
        }
    }
    for word in kind.map_or(&[][..], |kind| kind.word_fields) {
        let given = act.words.as_ref().and_then(|words| words.get(word.name));
        if word.required && given.is_none() {
            return Err(lacks("words", word.name));
        }
    }
    Ok(())
}

fn parsed(json: &str) -> Value {
    // The examples are constants of this program, and a test reads them all.
    serde_json::from_str(json).unwrap_or_default()
}

/// The values of an enumeration, looked up where the field refers to one.
fn values(field: &Value) -> String {
    let named = |schema: &Value| {
        let name = schema["$ref"]
            .as_str()?
            .strip_prefix("#/components/schemas/")?;
        Some(document()["components"]["schemas"][name].clone())
    };
    let mut options = field["oneOf"].as_array().into_iter().flatten();
    let schema = named(field).or_else(|| options.find_map(named));
    let schema = schema.as_ref().unwrap_or(field);
    match schema["enum"].as_array() {
        Some(all) => all
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" | "),
        None => match &schema["type"] {
            Value::String(name) => name.clone(),
            Value::Array(all) => {
                let types = all.iter().filter_map(Value::as_str);
                types
                    .filter(|each| *each != "null")
                    .collect::<Vec<_>>()
                    .join(" or ")
            }
            _ => "value".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::kinds::{Body, Scope};

    use super::*;

    /// What the node fills in, so that an example can be read as a whole body.
    fn completed(kind: &Kind) -> String {
        let mut body = parsed(kind.body);
        let id = "019a0a7e-3c00-7000-8000-000000000001";
        let digest = "0".repeat(64);
        for field in kind.filled.iter().chain(kind.defaulted) {
            let value = match *field {
                "questions" => serde_json::json!(2),
                "request" | "link" | "target_case" => id.into(),
                "origin" | "requester" | "supervisor" => "kota-bandung".into(),
                "commitment" => digest.clone().into(),
                _ => continue,
            };
            body[*field] = value;
        }
        body.to_string()
    }

    #[test]
    fn every_example_is_what_the_protocol_accepts() {
        for kind in ACTS.iter().filter(|kind| kind.name != "case.split") {
            let body = Body::of_kind(kind.name, &completed(kind));
            let body = body.unwrap_or_else(|error| panic!("{}: {error}", kind.name));
            let words = kind.words.unwrap_or("{}");
            if !answers_identity(kind.name) {
                body.check_words(words.as_bytes())
                    .unwrap_or_else(|e| panic!("{}: {e}", kind.name));
            }
        }
    }

    #[test]
    fn every_kind_about_a_case_is_an_act_except_the_filing() {
        let acts: Vec<_> = ACTS.iter().map(|kind| kind.name).collect();
        for name in Body::KINDS {
            let about_a_case = !name.starts_with("programme.")
                && !["taxonomy.updated", "calendar.updated", "key.announced"].contains(name);
            assert_eq!(
                acts.contains(name),
                about_a_case && *name != "report.filed",
                "{name}"
            );
        }
        let note = Body::of_kind("case.noted", "{}").unwrap();
        assert_eq!(note.scope(), Scope::Case);
    }

    #[test]
    fn every_word_of_an_example_is_a_word_of_its_kind() {
        for kind in ACTS {
            let words = kind.words.map(parsed).unwrap_or_default();
            for name in words
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
            {
                assert!(
                    kind.word_fields.iter().any(|w| w.name == name),
                    "{} {name}",
                    kind.name
                );
            }
            for field in kind.filled.iter().chain(kind.defaulted) {
                let schema = &document()["components"]["schemas"][kind.shape()];
                assert!(
                    schema["properties"][*field].is_object(),
                    "{} {field}",
                    kind.name
                );
            }
        }
    }

    #[test]
    fn a_misspelt_field_is_named_with_the_right_ones() {
        let mut act = NewAct {
            kind: "case.disposed".into(),
            body: parsed(r#"{"target":"kota-bandung","deadlin":"2026-12-04"}"#)
                .as_object()
                .cloned()
                .unwrap(),
            words: None,
            attachments: Vec::new(),
        };
        insta::assert_snapshot!(check(&act).unwrap_err(), @"body: deadlin: case.disposed has no such field; its fields are: copies, deadline, target");
        act.kind = "case.dispose".into();
        assert!(
            check(&act)
                .unwrap_err()
                .to_string()
                .contains("case.disposed")
        );
        act.kind = "report.filed".into();
        assert!(check(&act).is_err());
    }
}
