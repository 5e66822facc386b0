//! What the page for operators owes its readers.

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
