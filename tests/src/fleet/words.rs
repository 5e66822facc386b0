//! What citizens and officers say in the stories. Every sentence carries a
//! canary, so that its words can be looked for where they must never be.

use lapor_node::casework::{NewAct, NewReport};
use serde_json::{Value, json};

/// Stands in the words of every report and every act.
pub const WORDS_CANARY: &str = "kenari-kata-5b1f";
/// Stands in the name of every reporter.
pub const NAME_CANARY: &str = "Kenari Nama 5b1f";

/// A complaint of a named reporter, with everything that a form asks.
pub fn report(title: &str) -> NewReport {
    let report = json!({
        "classification": "complaint",
        "title": title,
        "content": format!("{title}. Sudah seminggu, mohon ditangani ({WORDS_CANARY})."),
        "region": "32.73",
        "place": format!("Pasar Kosambi ({WORDS_CANARY})"),
        "channel": "web",
        "reporter": { "name": NAME_CANARY, "phone": "080000005111" },
    });
    serde_json::from_value(report).expect("a report")
}

/// A report that may never reach these institutions.
pub fn report_without(title: &str, excluded: &[&str]) -> NewReport {
    let excluded = excluded.iter().map(|slug| slug.parse().expect("a slug"));
    NewReport {
        excluded: excluded.collect(),
        ..report(title)
    }
}

/// An act without words.
pub fn act(kind: &str, body: Value) -> NewAct {
    NewAct {
        kind: kind.to_owned(),
        body: object(body),
        words: None,
        attachments: Vec::new(),
    }
}

/// An act with a sentence.
pub fn said(kind: &str, body: Value, sentence: &str) -> NewAct {
    worded(kind, body, json!({ "text": sentence_of(sentence) }))
}

/// An act with words of its kind.
pub fn worded(kind: &str, body: Value, words: Value) -> NewAct {
    NewAct {
        words: Some(object(words)),
        ..act(kind, body)
    }
}

/// A sentence with its canary.
pub fn sentence_of(text: &str) -> String {
    format!("{text} ({WORDS_CANARY})")
}

fn object(value: Value) -> serde_json::Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        other => panic!("not an object: {other}"),
    }
}
