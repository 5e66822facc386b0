//! The program as an operator calls it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn conform(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_lapor-conform");
    let ran = Command::new(program).args(arguments).output();
    ran.expect("the program starts")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn where_nothing_can_be_said_it_exits_with_2_and_says_why() {
    for (arguments, why) in [
        (&["hub", "--invitation", "x"][..], "name two invitations"),
        (
            &["hub", "--invitation", "x", "--invitation", "y"],
            "the first invitation",
        ),
        (&["hub"], "--invitation"),
        (&["moon"], "moon"),
        (&["sentences", "moon"], "moon"),
    ] {
        let ran = conform(arguments);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        let error = said(&ran.stderr);
        assert!(error.contains(why), "{arguments:?}: {error}");
        assert!(ran.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_no_check_asks_about_is_listed_by_reason_and_chapter() {
    for (side, other) in [("hub", "a node does"), ("node", "a hub does")] {
        let ran = conform(&["sentences", side]);
        assert_eq!(ran.status.code(), Some(0));
        let list = said(&ran.stdout);
        assert!(list.starts_with("Could be seen, and are not asked about:\n"));
        let why = format!("\nNot asked about, since they say what {other}:\n");
        assert!(list.contains(&why), "{list}");
        assert!(list.contains("\nRecovery\n"), "{list}");
        assert!(list.ends_with(&format!(" sentences are quoted by a check of a {side}\n")));
        assert!(!list.contains("Nodes dial out."), "it is a principle");
    }
}

/// What goes on holds the error output of the kit, which is read to its end
/// here: until then it would have made its mark.
#[test]
fn what_drives_a_node_ends_with_the_run() {
    let mark = Path::new(env!("CARGO_TARGET_TMPDIR")).join("outlived");
    if mark.exists() {
        fs::remove_file(&mark).expect("a mark of another run");
    }
    let drive = format!("(sleep 20; touch '{}') & true", mark.display());
    let words = ["--patience", "1", "--linger", "0"];
    let ran = conform(&[&["node", "--drive", &drive][..], &words].concat());
    assert_eq!(ran.status.code(), Some(2));
    let error = said(&ran.stderr);
    assert!(error.contains("nobody has joined within 1 s"), "{error}");
    assert!(!mark.exists(), "it has outlived the run");
}

/// It waits for nobody: a node that was not told to join never would.
#[test]
fn a_command_that_fails_ends_the_run_with_a_code_of_its_own() {
    let ran = conform(&["node", "--drive", "false"]);
    assert_eq!(ran.status.code(), Some(4));
    let error = said(&ran.stderr);
    assert!(
        error.contains("failed at `join`: false ended with exit code 1"),
        "{error}"
    );
    assert!(ran.stdout.is_empty(), "nothing was looked at");
}
