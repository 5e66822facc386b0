//! The kinds of acts as a caller needs them: fields, words, an example. What the
//! document does not know is refused here, before a case is looked for: the protocol
//! itself keeps what it does not know and a typing error would travel unnoticed.

use serde_json::{Map, Value};

use super::catalogue::ACTS;
use super::{document, shapes};
use crate::casework::{NewAct, few_enough};
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

    /// The name of the schema of the whole act: `CaseDisposedAct`.
    pub fn whole(&self) -> String {
        format!("{}Act", self.shape())
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

/// Refuses what the document does not know: a kind that is no act, fields that it does not have or
/// lacks, values of another shape. What they mean is judged on the case.
pub fn check(act: &NewAct) -> Result<(), NodeError> {
    let Some(kind) = self::act(&act.kind) else {
        let known: Vec<_> = ACTS.iter().map(|kind| kind.name).collect();
        return Err(NodeError::Invalid(format!(
            "kind: {:?} is no act on a case; expected one of {}",
            act.kind.chars().take(60).collect::<String>(),
            known.join(", ")
        )));
    };
    check_part(kind, "body", &act.body)?;
    check_part(kind, "words", act.words.as_ref().unwrap_or(&Map::new()))?;
    few_enough(&act.attachments)
}

fn check_part(kind: &Kind, part: &str, given: &Map<String, Value>) -> Result<(), NodeError> {
    let shape = &document()["components"]["schemas"][kind.whole()]["properties"][part];
    let fields = shape["properties"].as_object();
    let has = |name: &str| fields.is_some_and(|all| all.contains_key(name));
    if let Some(unknown) = given.keys().find(|name| !has(name)) {
        let known: Vec<_> = fields.into_iter().flat_map(Map::keys).cloned().collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        return Err(NodeError::Invalid(format!(
            "{part}: {}: {} has no such field; its fields are: {known}",
            unknown.chars().take(60).collect::<String>(),
            kind.name
        )));
    }
    shapes::members(shape, given, part).map_err(NodeError::Invalid)
}

fn parsed(json: &str) -> Value {
    // The examples are constants of this program, and a test reads them all.
    serde_json::from_str(json).unwrap_or_default()
}

/// The values of an enumeration, looked up where the field refers to one.
fn values(field: &Value) -> String {
    let mut options = field["oneOf"].as_array().into_iter().flatten();
    let schema = shapes::referred(field).or_else(|| options.find_map(shapes::referred));
    let schema = schema.unwrap_or(field);
    if let Some(all) = schema["enum"].as_array() {
        let all = all.iter().filter_map(Value::as_str);
        return all.collect::<Vec<_>>().join(" | ");
    }
    let types = shapes::types(schema).into_iter();
    let types: Vec<_> = types.filter(|each| *each != "null").collect();
    if types.is_empty() {
        "value".to_owned()
    } else {
        types.join(" or ")
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::kinds::{Body, Scope};
    use serde_json::json;

    use super::*;

    /// What the node fills in, so that an example can be read as a whole body.
    fn completed(kind: &Kind) -> String {
        let mut body = parsed(kind.body);
        let id = "019a0a7e-3c00-7000-8000-000000000001";
        let digest = "0".repeat(64);
        for field in kind.filled.iter().chain(kind.defaulted) {
            let value = match *field {
                "questions" => json!(2),
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

    fn asked(act: Value) -> NewAct {
        serde_json::from_value(act).unwrap()
    }

    #[test]
    fn every_example_is_an_act_as_the_document_has_it() {
        for kind in ACTS {
            let checked = check(&asked(kind.example()));
            assert!(checked.is_ok(), "{}: {checked:?}", kind.name);
        }
    }

    #[test]
    fn what_an_act_lacks_or_has_in_another_shape_is_named() {
        for (act, expected) in [
            (
                json!({"kind": "case.disposed"}),
                "body: missing field `target`",
            ),
            (
                json!({"kind": "case.disposed", "body": {"target": "pln", "copies": "pusat"}}),
                "body: copies: expected array",
            ),
            (
                json!({"kind": "case.closed", "body": {"by": "officer", "through_officer": 1}}),
                "body: by: expected one of ",
            ),
            (
                json!({"kind": "case.verified", "body": {"classification": "rant"}}),
                "body: classification: expected one of complaint, ",
            ),
            (
                json!({"kind": "case.rated", "body": {"score": "5"}}),
                "body: score: expected integer",
            ),
            (
                json!({"kind": "case.rated", "body": {"score": 2_147_483_648_i64}}),
                "body: score: expected a number of 32 bits",
            ),
            (json!({"kind": "case.noted"}), "words: missing field `text`"),
            (
                json!({"kind": "case.noted", "words": {"text": ["a"]}}),
                "words: text: expected string",
            ),
            (
                json!({"kind": "case.noted", "words": {"txt": "a"}}),
                "words: txt: case.noted has no such field; its fields are: text",
            ),
            (
                json!({"kind": "case.held", "words": {"questions": ["A?"], "forms": [{"as": "hologram"}]}}),
                "words: forms[0]: expected one of ",
            ),
            (
                json!({"kind": "case.noted", "words": {"text": "a"}, "attachments": vec!["x"; 21]}),
                "attachments: at most 20 ",
            ),
        ] {
            let refused = check(&asked(act)).unwrap_err().to_string();
            assert!(refused.starts_with(expected), "{refused}");
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
