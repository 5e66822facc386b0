//! Calls the parser that `LAPOR_FUZZ` names with what libFuzzer invents. One program for all of
//! them: each would link hub and node anew.

#![no_main]

use std::sync::LazyLock;

use lapor_parsers::Parser;
use libfuzzer_sys::fuzz_target;

static PARSER: LazyLock<Parser> = LazyLock::new(|| {
    let name = std::env::var("LAPOR_FUZZ").expect("LAPOR_FUZZ names a parser");
    let mut all = lapor_parsers::all().into_iter();
    let found = all.find(|parser| parser.name == name);
    found.unwrap_or_else(|| panic!("there is no parser {name}"))
});

fuzz_target!(|bytes: &[u8]| (PARSER.read)(bytes));
