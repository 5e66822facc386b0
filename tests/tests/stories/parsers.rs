//! What fuzzing has kept, read once more by each parser (`fuzz/run` invents more).

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as B64;

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus")
}

#[test]
fn every_parser_holds_for_what_was_kept_of_fuzzing() {
    for parser in lapor_parsers::all() {
        let file = corpus().join(parser.name);
        let kept = std::fs::read_to_string(&file).expect(parser.name);
        assert!(kept.lines().count() > 0, "{} has a corpus", parser.name);
        for (number, line) in kept.lines().enumerate() {
            // Stands in the output of a test that fails.
            println!("{}, line {}", parser.name, number + 1);
            (parser.read)(&B64.decode(line).expect("a line is base64"));
        }
    }
    let own = lapor_node::parsers::temporary();
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let left: Vec<String> = left.filter(|name| name.starts_with(&own)).collect();
    assert_eq!(left, Vec::<String>::new(), "files of our own stay");
}

#[test]
fn every_corpus_is_of_a_parser() {
    let all = lapor_parsers::all();
    for entry in std::fs::read_dir(corpus()).unwrap() {
        let name = entry.unwrap().file_name();
        let known = all.iter().any(|parser| parser.name == name);
        assert!(known, "{} is of none", name.to_string_lossy());
    }
}
