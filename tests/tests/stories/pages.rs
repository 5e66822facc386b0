//! What the pages for operators and for doubters owe their readers.

use std::path::Path;

use serde_json::Value;

/// `section.field` of everything in a value.
fn fields(value: &Value, above: &str, found: &mut Vec<String>) {
    let Value::Object(members) = value else {
        found.push(above.to_owned());
        return;
    };
    for (name, inner) in members {
        let dot = if above.is_empty() { "" } else { "." };
        fields(inner, &format!("{above}{dot}{name}"), found);
    }
}

#[test]
fn the_page_for_operators_names_every_field() {
    let page = include_str!("../../../docs/operations.md");
    for settings in [
        serde_json::to_value(lapor_hub::settings::Settings::default()).unwrap(),
        serde_json::to_value(lapor_node::settings::Settings::default()).unwrap(),
    ] {
        let mut found = Vec::new();
        fields(&settings, "", &mut found);
        assert!(found.len() > 10);
        for field in found {
            assert!(page.contains(&format!("| `{field}` |")), "{field}");
        }
    }
}

#[test]
fn the_page_of_proofs_names_only_tests_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = include_str!("../../../docs/proof.md");
    let named = page.split('`').filter_map(|words| {
        let (file, test) = words.split_once("::")?;
        let is_source = Path::new(file).extension().is_some_and(|end| end == "rs");
        is_source.then_some((file, test))
    });
    let mut count = 0;
    for (file, test) in named {
        let story = root.join("tests/tests/stories").join(file);
        let path = if story.exists() {
            story
        } else {
            root.join(file)
        };
        let text = std::fs::read_to_string(path).unwrap_or_default();
        assert!(text.contains(&format!("fn {test}(")), "{file}::{test}");
        count += 1;
    }
    assert!(count > 90, "{count} tests are named");
}
