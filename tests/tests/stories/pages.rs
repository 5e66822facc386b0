//! What the pages for operators and for doubters owe their readers.

use std::path::Path;

use clap::{Command, CommandFactory as _};
use serde_json::Value;

/// The pages that tell operators what to type.
const PAGES: [&str; 9] = [
    include_str!("../../../README.md"),
    include_str!("../../../docs/api.md"),
    include_str!("../../../docs/bridge.md"),
    include_str!("../../../docs/channels.md"),
    include_str!("../../../docs/conformance.md"),
    include_str!("../../../docs/open311.md"),
    include_str!("../../../docs/operations.md"),
    include_str!("../../../docs/registers.md"),
    include_str!("../../../docs/webhooks.md"),
];

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

/// What stands on a page as code: in a line, or as a line of a block.
fn code(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in page.replace("\\\n", " ").lines() {
        if line.starts_with("    ") {
            found.push(line.to_owned());
        } else {
            let inline = line.split('`').skip(1).step_by(2);
            found.extend(inline.map(str::to_owned));
        }
    }
    found
}

/// What is wrong with words behind a program's name, by what its command line takes.
fn wrong<'a>(program: &Command, words: &[&'a str]) -> Option<&'a str> {
    let mut at = program;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if *word == "--config" {
            words.next();
        } else if let Some(flag) = word.strip_prefix("--") {
            let name = flag.split('=').next();
            if !at.get_arguments().any(|known| known.get_long() == name) {
                return Some(*word);
            }
        } else if let Some(below) = at.find_subcommand(word) {
            at = below;
        } else if at.has_subcommands() {
            return Some(*word);
        }
    }
    None
}

#[test]
fn the_pages_name_only_commands_and_flags_that_there_are() {
    let (mut hub, mut node) = (
        lapor_hub::cli::Cli::command(),
        lapor_node::cli::Cli::command(),
    );
    hub.build();
    node.build();
    let mut count = 0;
    for typed in PAGES.into_iter().flat_map(code) {
        let one = typed.split(['|', ';', '>', '&', '(']).next();
        let words = one.unwrap_or_default().split_whitespace();
        let words: Vec<&str> = words
            .map(|word| word.trim_matches(['[', ']', '\'', '"', ',']))
            .collect();
        let (["sudo", "-u", _, words @ ..] | words) = words.as_slice();
        let (program, words) = match words {
            ["hub" | "lapor-hub", words @ ..] if !words.is_empty() => (&hub, words),
            ["node" | "lapor-node", words @ ..] if !words.is_empty() => (&node, words),
            _ => continue,
        };
        assert_eq!(wrong(program, words), None, "{typed}");
        count += 1;
    }
    assert!(count > 100, "{count} commands are named");
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
