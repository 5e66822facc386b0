//! Accounts, units and the audit log at the command line.

use super::*;

#[tokio::test]
async fn accounts_and_units_are_looked_after_from_the_command_line() {
    for shell in shells("kota-bandung").await {
        let link = shell.says(&["account", "setup-link"]).await;
        assert!(link.contains("/pasang/"), "{link}");
        shell
            .says(&["unit", "add", "dinas-pu", "--name", "Dinas PU"])
            .await;
        let create = [
            "account",
            "create",
            "--login=Siti@Bandung.go.id",
            "--name=Siti Aminah",
            "--role=admin",
            "--unit=dinas-pu",
        ];
        let made = shell.says(&create).await;
        assert!(
            made.starts_with("http://") && made.contains("/sandi/"),
            "{made}"
        );
        let (code, message) = shell.fails(&create).await;
        assert!(
            code == exit::DATA && message.contains("another account"),
            "{message}"
        );
        let (code, _) = shell.fails(&["account", "setup-link"]).await;
        assert_eq!(code, exit::USAGE);
        let siti = "siti@bandung.go.id";
        for act in ["disable", "role"] {
            let words = ["account", act, siti, "officer"];
            let words = if act == "role" {
                &words[..]
            } else {
                &words[..3]
            };
            let (code, message) = shell.fails(words).await;
            assert!(
                code == exit::DATA && message.contains("last active"),
                "{message}"
            );
        }
        let again = shell.says(&["account", "reset-password", siti]).await;
        assert!(again.contains("/sandi/") && again != made, "{again}");
        let listed = shell.says(&["account", "list"]).await;
        assert!(listed.contains("has no password yet"), "{listed}");
        assert!(
            shell
                .says(&["account", "end-sessions", siti])
                .await
                .contains('0')
        );
        let (code, _) = shell.fails(&["account", "disable", "tidak@ada.id"]).await;
        assert_eq!(code, exit::NOT_FOUND);
        let (code, message) = shell.fails(&["unit", "close", "dinas-pu"]).await;
        assert!(
            code == exit::DATA && message.contains("active accounts"),
            "{message}"
        );
        let log = shell
            .json(&["audit", "--action", "account.created", "--json"])
            .await;
        assert_eq!(log.as_array().unwrap().len(), 1);
        let text = shell.says(&["audit"]).await;
        assert!(text.contains("unit.added"), "{text}");
        assert!(!text.contains(siti), "{text}");
    }
}
