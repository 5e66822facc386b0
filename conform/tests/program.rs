//! The program as an operator calls it.

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
    ] {
        let ran = conform(arguments);
        assert_eq!(ran.status.code(), Some(2), "{arguments:?}");
        let error = said(&ran.stderr);
        assert!(error.contains(why), "{arguments:?}: {error}");
        assert!(ran.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn what_no_check_quotes_is_listed_by_chapter() {
    let ran = conform(&["sentences"]);
    assert_eq!(ran.status.code(), Some(0));
    let list = said(&ran.stdout);
    assert!(list.contains("\nRecovery\n"), "{list}");
    assert!(list.ends_with(" sentences are quoted by a check\n"));
    assert!(!list.contains("Nodes dial out."), "it is a principle");
}
