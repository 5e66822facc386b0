//! The fixed vectors of protocol 1, `docs/vectors/protocol-1.json`: made again
//! from seeds at each run and compared byte for byte with the file.
//!
//! `LAPOR_BLESS=1 cargo test -p lapor-protocol --test contract` rewrites the
//! file, and the examples that `docs/protocol.md` takes from it. A difference
//! that was not meant is a break of the contract: never bless it away.

mod cast;
mod delivered;
pub mod ordered;
mod refused;
mod sealed;
mod signed;
mod together;
mod told;
mod wire;

use std::path::PathBuf;

use ordered::{Node, object};

pub fn path(below_root: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .join(below_root)
}

pub fn blessing() -> bool {
    std::env::var_os("LAPOR_BLESS").is_some()
}

/// The whole document.
pub fn document() -> Node {
    object([
        ("protocol", Node::Text("1".into())),
        (
            "about",
            Node::Text("Fixed vectors of Lapor federation protocol 1; docs/protocol.md explains them. Never use a key from this file.".into()),
        ),
        ("keys", signed::keys()),
        ("certificate", signed::certificate()),
        ("messages", signed::messages()),
        ("together", together::tree()),
        ("receipts", signed::receipts()),
        ("directory", signed::directory()),
        ("epochs", signed::epochs()),
        ("delivery", delivered::page()),
        ("acks", delivered::acks()),
        ("sealing", sealed::words()),
        ("wrap", sealed::wrapped()),
        ("blobs", sealed::blobs()),
        ("programme", signed::programme()),
        ("story", told::story()),
        ("wire", wire::examples()),
        ("refused", refused::inputs()),
    ])
}

#[test]
fn the_fixed_vectors_are_what_this_code_makes() {
    let made = format!("{}\n", serde_json::to_string_pretty(&document()).unwrap());
    let file = path("docs/vectors/protocol-1.json");
    if blessing() {
        std::fs::write(&file, &made).unwrap();
    }
    let held = std::fs::read_to_string(&file).unwrap();
    let difference = held
        .lines()
        .zip(made.lines())
        .find(|(held, made)| held != made);
    assert_eq!(
        difference, None,
        "the first line that differs: (file, code)"
    );
    assert_eq!(held, made);
}
