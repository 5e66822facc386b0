//! Erasures at the command line, as strict as at the desk.

use lapor_web::accounts::NewAccount;

use super::{FILE, Shell, exit, shells};
use crate::staff::StaffRole;

impl Shell {
    async fn filed(&self) -> String {
        let filed = self.json(&FILE).await;
        filed["case"].as_str().unwrap().to_owned()
    }

    async fn erasures(&self) -> serde_json::Value {
        self.json(&["reporter", "erasures", "--json"]).await
    }

    /// A file with the token of an administrator with an account.
    async fn token_of(&self, name: &str) -> String {
        let node = &self.place.as_ref().unwrap().node;
        let login = format!("{name}@bandung.go.id");
        let new = NewAccount {
            login: &login,
            name,
            role: StaffRole::Admin.as_str(),
            unit: None,
        };
        let (_, link) = node.create_account("test", &new).await.unwrap();
        let words = "gerimis tujuh kelapa sepeda";
        let from = "192.0.2.7".parse().unwrap();
        let accounts = node.accounts();
        let chosen = accounts.choose_password(&link, &words.into(), from).await;
        chosen.unwrap();
        let made = [
            "token",
            "create",
            "--role=admin",
            "--owner",
            &login,
            "--name",
            name,
        ];
        let secret = Box::pin(self.says(&made)).await;
        self.file(&format!("{name}.token"), &secret)
    }
}

#[tokio::test]
async fn an_erasure_waits_is_listed_and_called_off() {
    for shell in shells("kota-bandung").await {
        let case = shell.filed().await;
        let at_once = [
            "case",
            "act",
            &case,
            "case.redacted",
            "--field=reason=other",
        ];
        let (code, said) = shell.fails(&at_once).await;
        assert_eq!(code, exit::PERMISSION);
        assert!(said.contains("lapor-node reporter erase"), "{said}");
        let odd = ["reporter", "erase", &case, "--reason=whim"];
        assert_eq!(shell.fails(&odd).await.0, exit::USAGE);
        let asked = shell
            .says(&["reporter", "erase", &case, "--reason=legal_order"])
            .await;
        assert!(
            asked.contains("legal_order") && asked.contains("due "),
            "{asked}"
        );
        assert_eq!(shell.says(&["reporter", "erasures"]).await, asked);
        let waiting = shell.erasures().await;
        assert_eq!(waiting[0]["state"], "waiting");
        let id = waiting[0]["id"].as_str().unwrap();
        shell.says(&["reporter", "stop-erasure", id]).await;
        assert_eq!(shell.erasures().await, serde_json::json!([]));
        let gone = shell.fails(&["reporter", "stop-erasure", id]).await.0;
        assert_eq!(gone, exit::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_second_person_is_known_by_the_token_that_they_own() {
    for shell in shells("kota-bandung").await {
        let config = std::fs::read_to_string(shell.config()).unwrap();
        let config = format!("{config}\n[erasure]\nsecond_person = true\n");
        std::fs::write(shell.config(), config).unwrap();
        let case = shell.filed().await;
        let erase = ["reporter", "erase", &case, "--reason=personal_data"];
        let (code, said) = shell.fails(&erase).await;
        assert_eq!(code, exit::PERMISSION, "{said}");
        let (dewi, budi) = (shell.token_of("dewi").await, shell.token_of("budi").await);
        let listed = shell.says(&["token", "list"]).await;
        assert!(listed.contains("of dewi@bandung.go.id"), "{listed}");
        let asked = shell
            .says(&[&erase[..], &["--token-file", &dewi]].concat())
            .await;
        assert!(asked.contains("waits for a second person"), "{asked}");
        let id = shell.erasures().await[0]["id"].as_str().unwrap().to_owned();
        let confirm = ["reporter", "confirm-erasure", &id, "--token-file"];
        let own = shell.fails(&[&confirm[..], &[&dewi]].concat()).await;
        assert_eq!(own.0, exit::PERMISSION, "{}", own.1);
        let none = shell.file("none.token", "lpt_nothing");
        let none = shell.fails(&[&confirm[..], &[&none]].concat()).await;
        assert_eq!(none.0, exit::PERMISSION, "{}", none.1);
        shell.says(&[&confirm[..], &[&budi]].concat()).await;
        assert_eq!(shell.erasures().await[0]["confirmed_by"], "token:budi");
    }
}
