//! `docs/protocol.md` is the contract: it names every kind and every code, and
//! its examples are the fixed vectors.
//!
//! An example stands in the fenced block below a line `<!-- vector /path -->`,
//! with a path into `docs/vectors/protocol-1.json`; see [`crate::vectors`] for
//! how to rewrite them.

use lapor_protocol::kinds::Body;
use lapor_protocol::problem::Code;

use crate::vectors::ordered::Node;
use crate::vectors::{blessing, document, path};

const PAGE: &str = "docs/protocol.md";

#[test]
fn the_published_page_names_every_kind_code_limit_and_payload_type() {
    let page = std::fs::read_to_string(path(PAGE)).unwrap();
    for kind in Body::KINDS {
        assert!(page.contains(&format!("| `{kind}` |")), "{kind} has no row");
    }
    for code in Code::ALL {
        let row = format!("| {} | `{}` |", code.status(), code.as_str());
        assert!(page.contains(&row), "{} has no row: {row}", code.as_str());
    }
    let limits = std::fs::read_to_string(path("protocol/src/limits.rs")).unwrap();
    for line in limits
        .lines()
        .filter_map(|line| line.strip_prefix("pub const "))
    {
        let name = line.split(':').next().unwrap();
        assert!(page.contains(&format!("| `{name}` |")), "{name} has no row");
    }
    let rules = std::fs::read_to_string(path("protocol/src/case/rules.rs")).unwrap();
    for reason in reasons(&rules) {
        assert!(
            page.contains(&format!("`{reason}`")),
            "reason {reason} is not named"
        );
    }
}

/// The names of `Reason` as they stand on the wire.
fn reasons(source: &str) -> Vec<String> {
    let body = source.split_once("pub enum Reason {").unwrap().1;
    let body = body.split_once("\n}").unwrap().0;
    let names = body
        .lines()
        .map(str::trim)
        .filter(|line| line.ends_with(','));
    names
        .map(|name| snake(name.trim_end_matches(',')))
        .collect()
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[test]
fn the_examples_of_the_published_page_are_the_fixed_vectors() {
    let document = document();
    let page = std::fs::read_to_string(path(PAGE)).unwrap();
    let mut made = String::new();
    let mut lines = page.lines();
    let mut examples = 0;
    while let Some(line) = lines.next() {
        made.push_str(line);
        made.push('\n');
        let Some(at) = line
            .strip_prefix("<!-- vector ")
            .and_then(|l| l.strip_suffix(" -->"))
        else {
            continue;
        };
        examples += 1;
        let node = document
            .at(at)
            .unwrap_or_else(|| panic!("there is no vector {at}"));
        let fence = lines.next().unwrap();
        assert!(fence.starts_with("```"), "{at} has no fenced block");
        let _old = lines.by_ref().take_while(|line| *line != "```").count();
        let example = shown(node);
        made.extend([fence, "\n", &example, "\n```\n"]);
    }
    assert!(examples > 20, "only {examples} examples");
    if blessing() {
        std::fs::write(path(PAGE), &made).unwrap();
    } else {
        let difference = page
            .lines()
            .zip(made.lines())
            .find(|(page, made)| page != made);
        assert_eq!(
            difference, None,
            "the first line that differs: (page, code)"
        );
    }
}

/// Exact bytes as they are, anything else indented.
fn shown(node: &Node) -> String {
    match node {
        Node::Text(exact) => exact.clone(),
        other => serde_json::to_string_pretty(other).unwrap(),
    }
}
