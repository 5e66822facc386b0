//! Reports and cases at the command line: filed, handled, shown, refused, set aside.

use super::*;

#[tokio::test]
async fn a_report_is_filed_handled_and_shown() {
    for shell in shells("pusat").await {
        let picture = shell.file("foto.jpg", "not really a picture");
        let attach = format!("--attach={picture}");
        let filed = shell.json(&[&FILE[..], &[&attach]].concat()).await;
        let ticket = filed["ticket"].as_str().unwrap();
        shell
            .says(&[
                "case",
                "act",
                ticket,
                "case.verified",
                "--field",
                "region=32.73",
            ])
            .await;
        let text = shell.file("jawaban.txt", "Mohon ditangani.\nSegera.");
        let words = format!("text=@{text}");
        let act = [
            "case",
            "act",
            ticket,
            "case.disposed",
            "--field",
            "target=kota-bandung",
            "--words",
            &words,
        ];
        let said = shell.says(&act).await;
        insta::allow_duplicates! { insta::assert_snapshot!(said, @"Stored and pending: case.disposed. The case is disposed, kota-bandung has it.") };
        let shown = shell.says(&["case", "show", ticket]).await;
        for part in [
            "Lampu jalan padam\n",
            "custodian    kota-bandung",
            "Mohon ditangani.\n      Segera.",
            "pending",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
        assert!(!shown.contains("Siti"), "{shown}");
        let view = shell.json(&["case", "show", ticket, "--json"]).await;
        let sha256 = view["history"][0]["attachments"][0]["sha256"]
            .as_str()
            .unwrap();
        let bytes = shell.says(&["attachment", "get", ticket, sha256]).await;
        assert_eq!(bytes, "not really a picture");
        let copy = shell.folder.path().join("copy.jpg").display().to_string();
        shell
            .says(&["attachment", "get", ticket, sha256, "--out", &copy])
            .await;
        let again = shell
            .fails(&["attachment", "get", ticket, sha256, "--out", &copy])
            .await;
        assert_eq!(again.0, exit::CANNOT_CREATE, "{}", again.1);
        let listed = shell.says(&["case", "list", "--state", "disposed"]).await;
        assert!(
            listed.contains(ticket) && listed.contains("kota-bandung"),
            "{listed}"
        );
        assert_eq!(
            shell.says(&["case", "list", "--state=closed"]).await,
            "No case fits.\n"
        );
    }
}

#[tokio::test]
async fn a_close_by_silence_is_no_act_of_the_command_line() {
    for shell in shells("pusat").await {
        let filed = shell.json(&FILE).await;
        let ticket = filed["ticket"].as_str().unwrap();
        let answer = [
            "case",
            "act",
            ticket,
            "case.followed_up",
            "--field=proposes_to_close=true",
            "--words=text=Lampu telah diganti.",
        ];
        shell.says(&answer).await;
        let close = ["case", "act", ticket, "case.closed", "--field=by=silence"];
        let (code, said) = shell.fails(&close).await;
        assert_eq!(code, exit::PERMISSION, "{said}");
        assert!(said.contains("closes by itself"), "{said}");
        let close = ["case", "act", ticket, "case.closed", "--field=by=reporter"];
        shell.says(&close).await;
    }
}

#[tokio::test]
async fn each_refusal_has_its_exit_code_and_says_what_to_do() {
    for shell in shells("pusat").await {
        let filed = shell.json(&FILE).await;
        let case = filed["case"].as_str().unwrap();
        let (code, message) = shell
            .fails(&["case", "act", case, "case.rated", "--field=score=5"])
            .await;
        assert_eq!(code, exit::DATA);
        assert!(message.contains("pusat has it"), "{message}");
        let missing = "019a0a7e-3c00-7000-8000-000000000001";
        for (words, expected) in [
            (&["case", "show", missing][..], exit::NOT_FOUND),
            (&["case", "show", "no-ticket"], exit::DATA),
            (&["case", "act", case, "case.dispose"], exit::USAGE),
            (
                &["case", "act", case, "case.noted", "--words", "text"],
                exit::USAGE,
            ),
            (
                &["case", "act", case, "case.noted", "--field", "a=b"],
                exit::DATA,
            ),
            // What a kind needs is asked for before its case is.
            (&["case", "act", missing, "case.disposed"], exit::DATA),
            (&["case", "list", "--state", "lost"], exit::USAGE),
            (&["report", "file"], exit::USAGE),
            (
                &["report", "file", "--from", "/no/such/file"],
                exit::NOT_FOUND,
            ),
            (&["token", "revoke", "nobody"], exit::NOT_FOUND),
            (
                &["token", "create", "--name", "a", "--role", "king"],
                exit::USAGE,
            ),
            (&["enrol", "not-an-invitation"], exit::DATA),
            (
                &["init", "--dir", shell.folder.path().to_str().unwrap()],
                exit::CANNOT_CREATE,
            ),
        ] {
            let (code, message) = shell.fails(words).await;
            assert_eq!(code, expected, "{words:?}: {message}");
        }
        let report = shell.file(
            "report.json",
            r#"{"classification":"complaint","titel":"a"}"#,
        );
        let both = shell
            .fails(&["report", "file", "--from", &report, "--secret"])
            .await;
        assert_eq!(both.0, exit::USAGE, "{}", both.1);
        let from = ["report", "file", "--json", "--from", &report];
        let (code, message) = shell.fails(&from).await;
        assert!(code == exit::DATA && message.contains("titel"), "{message}");
    }
}

#[tokio::test]
async fn what_is_set_aside_is_listed_and_named() {
    for shell in shells("kota-bandung").await {
        assert_eq!(
            shell.says(&["quarantine", "list"]).await,
            "Nothing is set aside.\n"
        );
        assert_eq!(
            shell.json(&["quarantine", "list", "--json"]).await,
            serde_json::json!([])
        );
        let (code, message) = shell.fails(&["quarantine", "show", "inbox:1.9"]).await;
        assert_eq!(code, exit::NOT_FOUND);
        assert!(message.contains("inbox:1.9"), "{message}");
        let (code, message) = shell.fails(&["quarantine", "replay", "nonsense"]).await;
        assert_eq!(code, exit::USAGE);
        assert!(message.contains("quarantine list"), "{message}");
    }
}
