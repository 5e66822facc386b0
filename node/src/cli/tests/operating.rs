//! A node looked after at the command line: made, checked, watched, its keys and
//! tokens, backed up.

use super::*;
use crate::in_force::{Approval, Contact};
use crate::node::Node;
use crate::settings::Settings;

#[tokio::test]
async fn a_token_is_shown_once_and_listed_without_its_secret() {
    for shell in shells("pusat").await {
        let secret = shell
            .says(&["token", "create", "--name", "desk-app", "--role", "officer"])
            .await;
        assert!(
            secret.starts_with("lpt_") && secret.lines().count() == 1,
            "{secret}"
        );
        shell.says(&["token", "revoke", "desk-app"]).await;
        let listed = shell.says(&["token", "list"]).await;
        assert!(
            listed.contains("desk-app") && listed.contains("revoked"),
            "{listed}"
        );
        assert!(!listed.contains(secret.trim()));
        let listed = shell.json(&["token", "list", "--json"]).await;
        assert_eq!(listed[0]["role"], "officer");
    }
}

#[tokio::test]
async fn a_token_of_who_is_disabled_is_listed_as_off() {
    for shell in shells("pusat").await {
        let login = "siti@pusat.go.id";
        let hire = ["account", "create", "--name=Siti", "--role=officer"];
        shell.says(&[&hire[..], &["--login", login]].concat()).await;
        let token = ["token", "create", "--name=app", "--role=reader"];
        shell
            .says(&[&token[..], &["--owner", login]].concat())
            .await;
        let listed = shell.says(&["token", "list"]).await;
        assert!(listed.contains("reader    since"), "{listed}");
        shell.says(&["account", "disable", login]).await;
        let listed = shell.says(&["token", "list"]).await;
        let off = "reader    off while its owner is disabled, of siti@pusat.go.id";
        assert!(listed.contains(off), "{listed}");
        let listed = shell.json(&["token", "list", "--json"]).await;
        assert_eq!(listed[0]["owner_disabled"], true);
    }
}

#[tokio::test]
async fn a_token_with_bounds_is_listed_with_them_and_made_only_for_what_there_is() {
    for shell in shells("pusat").await {
        let bounded = ["token", "create", "--name", "app", "--role", "reader"];
        for (bound, wrong, why) in [
            ("--region", "99", "region: expected the code"),
            ("--region", "32.73.01", "region: expected the code"),
            ("--unit", "dinas-pu", "no open unit dinas-pu"),
        ] {
            let (_, refused) = shell.fails(&[&bounded[..], &[bound, wrong]].concat()).await;
            assert!(refused.contains(why), "{refused}");
        }
        let none = shell.says(&["token", "list"]).await;
        assert!(!none.contains("app"), "{none}");
        let within = ["--region", "31,32.73"];
        shell.says(&[&bounded[..], &within].concat()).await;
        let listed = shell.says(&["token", "list"]).await;
        assert!(listed.contains("within 31 32.73"), "{listed}");
        let listed = shell.json(&["token", "list", "--json"]).await;
        assert_eq!(listed[0]["regions"], serde_json::json!(["31", "32.73"]));
    }
}

#[tokio::test]
async fn a_token_with_scopes_and_an_end_is_listed_with_both() {
    for shell in shells("pusat").await {
        let scoped = [
            "token", "create", "--name", "app", "--days", "30", "--scope",
        ];
        shell
            .says(&[&scoped[..], &["cases:read,reports:file"]].concat())
            .await;
        let listed = shell.json(&["token", "list", "--json"]).await;
        assert_eq!(
            listed[0]["scopes"],
            serde_json::json!(["cases:read", "reports:file"])
        );
        let days = listed[0]["expires_at"].as_i64().unwrap();
        assert_eq!(
            days - listed[0]["created_at"].as_i64().unwrap(),
            30 * 86_400_000
        );
        let listed = shell.says(&["token", "list"]).await;
        assert!(listed.contains("cases:read reports:file since"), "{listed}");
        assert!(listed.contains(", until "), "{listed}");
    }
}

#[tokio::test]
async fn the_status_says_whether_the_node_is_connected_and_why_not() {
    for shell in shells("kota-bandung").await {
        shell.says(&FILE).await;
        let said = shell.says(&["status"]).await;
        insta::allow_duplicates! { insta::assert_snapshot!(said, @r#"
    kota-bandung is not connected to https://hub.lapor.test. Work goes on.
      why           `lapor-node serve` has not tried yet
      to send       1 message, the oldest for 0 seconds
      unruled       0 own messages
      to apply      0 items
      quarantine    empty
      directory     version 1
      certificate   cannot be read; the link recovers it within 15 minutes, `lapor-node recover` now
      keys          signing 0 seconds old; sealing 0 seconds old
      last backup   none yet; make one with `lapor-node backup --out DIR`
      cases         1 received
    "#) };
        let status = shell.json(&["status", "--json"]).await;
        assert_eq!(status["outbox"]["unsent"], 1);
    }
}

#[tokio::test]
async fn keys_are_listed_and_replaced_and_a_second_try_changes_nothing() {
    for shell in shells("kota-bandung").await {
        let made = shell.says(&["keys", "rotate", "signing"]).await;
        assert!(made.starts_with("Made "), "{made}");
        let again = shell.says(&["keys", "rotate", "signing"]).await;
        assert!(again.contains("on its way already"), "{again}");
        shell.says(&["keys", "rotate", "sealing"]).await;
        let listed = shell.json(&["keys", "list", "--json"]).await;
        let states = listed.as_array().unwrap().iter();
        let states: Vec<_> = states.map(|key| [&key["use"], &key["state"]]).collect();
        assert_eq!(
            serde_json::to_value(states).unwrap(),
            serde_json::json!([
                ["identity", "in_force"],
                ["signing", "in_force"],
                ["signing", "announced"],
                ["sealing", "in_force"],
                ["sealing", "announced"],
            ])
        );
        let said = shell.says(&["keys", "list"]).await;
        assert!(!said.contains("NOT IN"), "{said}");
        let (code, message) = shell.fails(&["keys", "rotate", "identity"]).await;
        assert_eq!(code, exit::USAGE, "{message}");
        let (code, message) = shell.fails(&["recover"]).await;
        assert!(
            code == exit::IO && message.contains("roots.pem"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_new_node_is_made_checked_and_does_not_serve_before_it_has_joined() {
    let shell = Shell::empty();
    let (code, message) = shell.fails(&["status"]).await;
    assert!(
        code == exit::CONFIGURATION && message.contains("lapor-node init"),
        "{message}"
    );
    let dir = shell.folder.path().display().to_string();
    let made = shell
        .says(&["init", "--dir", &dir, "--listen", "127.0.0.1:0"])
        .await;
    assert!(made.contains("enrol LINE"), "{made}");
    let checked = shell.says(&["check-config"]).await;
    assert!(checked.contains("has not joined"), "{checked}");
    let migrated = shell.says(&["migrate"]).await;
    assert!(migrated.contains("has schema"), "{migrated}");
    let status = shell.says(&["status"]).await;
    assert!(status.contains("enrol LINE"), "{status}");
    let (code, message) = shell.fails(&["serve"]).await;
    assert!(
        code == exit::CONFIGURATION && message.contains("enrol"),
        "{message}"
    );
    assert_eq!(shell.fails(&FILE).await.0, exit::CONFIGURATION);
    let written = std::fs::read_to_string(shell.config()).unwrap();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    let (before, monitor) = written.split_once("[monitor]").unwrap();
    let monitor = monitor.replace("127.0.0.1:0", &taken.to_string());
    std::fs::write(shell.config(), format!("{before}[monitor]{monitor}")).unwrap();
    let (code, message) = shell.fails(&["check-config"]).await;
    assert!(
        code == exit::CONFIGURATION && message.starts_with("monitor.listen: another"),
        "{message}"
    );
    std::fs::write(shell.config(), "[api]\nlisen = \"x\"\n").unwrap();
    let (code, message) = shell.fails(&["check-config"]).await;
    assert!(
        code == exit::CONFIGURATION && message.contains("lisen"),
        "{message}"
    );
}

#[tokio::test]
async fn a_database_that_cannot_be_used_is_refused_before_the_node_is_made() {
    let shell = Shell::empty();
    let dir = shell.folder.path().display().to_string();
    for url in ["sqlite://missing/folder/node.db", "oracle://node"] {
        let (code, message) = shell
            .fails(&["init", "--dir", &dir, "--database-url", url])
            .await;
        assert_ne!(code, exit::INTERNAL, "{url}: {message}");
        assert!(!shell.config().exists(), "{url}");
    }
}

#[tokio::test]
async fn a_node_without_its_roots_or_with_open_keys_is_refused_before_it_serves() {
    for shell in shells("pusat").await {
        // What else listens on this machine is no matter of a test.
        let mut text = std::fs::read_to_string(shell.config()).unwrap();
        for port in [8090, 8091] {
            text = text.replace(&format!("127.0.0.1:{port}"), "127.0.0.1:0");
        }
        std::fs::write(shell.config(), text).unwrap();
        let (code, message) = shell.fails(&["check-config"]).await;
        assert!(
            code == exit::CONFIGURATION && message.contains("roots.pem"),
            "{message}"
        );
        let keys = &shell.place.as_ref().unwrap().settings.node.keys;
        let key = keys.join("identity.key");
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        std::fs::set_permissions(&key, open).unwrap();
        let (code, message) = shell.fails(&["check-config"]).await;
        assert!(
            code == exit::CONFIGURATION && message.contains("identity.key"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn a_backup_of_a_node_that_has_lost_an_attachment_says_which() {
    for shell in shells("kota-bandung").await {
        let place = shell.place.as_ref().unwrap();
        let picture = shell.file("foto.jpg", "not really a picture");
        let attach = format!("--attach={picture}");
        shell.says(&[&FILE[..], &[&attach]].concat()).await;
        let mut tx = place.node.read_tx().await.unwrap();
        let kept = crate::store::blobs::kept(&mut tx).await.unwrap();
        drop(tx);
        let home = tempfile::tempdir().unwrap();
        let [whole, lacking] = ["whole", "lacking"].map(|name| home.path().join(name));
        shell
            .says(&["backup", "--out", whole.to_str().unwrap()])
            .await;
        let sha256 = hex::encode(&kept[0]);
        let shelf = place.settings.node.blobs.join(&sha256[..2]);
        std::fs::remove_file(shelf.join(&sha256)).unwrap();
        let to = lacking.to_str().unwrap();
        for command in [["backup", "--out", to], ["restore", to, "--check"]] {
            let (code, message) = shell.fails(&command).await;
            assert_eq!(code, exit::DATA, "{command:?}");
            assert!(message.contains(&sha256), "{message}");
        }
        let copy = whole.join("blobs").join(&sha256[..2]).join(&sha256);
        std::fs::write(copy, "rotten").unwrap();
        let from = whole.to_str().unwrap();
        let (code, message) = shell.fails(&["restore", from, "--check"]).await;
        assert_eq!(code, exit::DATA);
        let damaged = format!("damaged in the backup and left out: {sha256}");
        assert!(message.contains(&damaged), "{message}");
        if place.node.db().kind() == lapor_migrations::Kind::Sqlite {
            let new = home.path().join("new");
            std::fs::create_dir(&new).unwrap();
            std::fs::write(new.join("node.toml"), "").unwrap();
            let to = new.to_str().unwrap();
            let said = shell.says(&["restore", from, "--dir", to]).await;
            assert!(said.contains(&damaged), "{said}");
        }
    }
}

#[tokio::test]
async fn a_backup_is_made_proved_and_restored_where_there_is_nothing() {
    for shell in shells("kota-bandung").await {
        shell.says(&FILE).await;
        let home = tempfile::tempdir().unwrap();
        let [backup, new] = ["backup", "new"].map(|name| home.path().join(name));
        let (from, to) = (backup.to_str().unwrap(), new.to_str().unwrap());
        let said = shell.says(&["backup", "--out", from]).await;
        assert!(said.contains("as secret as the node"), "{said}");
        let said = shell.says(&["restore", from, "--check"]).await;
        assert!(said.contains("a whole backup: kota-bandung"), "{said}");
        assert_eq!(shell.json(&["status", "--json"]).await["last_backup"], NOW);
        let (code, _) = shell.fails(&["restore", from]).await;
        assert_eq!(code, exit::USAGE);
        // The configuration in the backup names the database that is in use.
        let (_, message) = shell.fails(&["restore", from, "--dir", to]).await;
        assert!(message.contains("overwrites nothing"), "{message}");
        std::fs::write(new.join("node.toml"), "").unwrap();
        let kind = shell.place.as_ref().unwrap().node.db().kind();
        if kind == lapor_migrations::Kind::Postgres {
            let (_, message) = shell.fails(&["restore", from, "--dir", to]).await;
            assert!(message.contains("own kind"), "{message}");
            continue;
        }
        let said = shell.says(&["restore", from, "--dir", to]).await;
        assert!(said.contains("in a new epoch"), "{said}");
        assert!(said.contains("must be asked for again"), "{said}");
        assert!(said.contains("Revoke again what was revoked"), "{said}");
        let restored = Shell {
            place: None,
            folder: tempfile::tempdir_in(home.path()).unwrap(),
        };
        for name in ["node.toml", "node.db", "keys"] {
            std::fs::rename(new.join(name), restored.folder.path().join(name)).unwrap();
        }
        let said = restored.says(&["status"]).await;
        let cases = "1 received";
        assert!(said.contains("restored") && said.contains(cases), "{said}");
        std::fs::write(backup.join("manifest.json"), "{}").unwrap();
        let (code, _) = shell.fails(&["restore", from, "--check"]).await;
        assert_eq!(code, exit::DATA);
    }
}

#[tokio::test]
async fn the_check_says_who_has_said_what_is_in_force() {
    let shell = Shell::empty();
    let dir = shell.folder.path().display().to_string();
    shell
        .says(&["init", "--dir", &dir, "--listen", "127.0.0.1:0"])
        .await;
    shell.says(&["migrate"]).await;
    let settings = Settings::load(&shell.config()).unwrap();
    let clock = Arc::new(HandClock::at(NOW));
    let node = Node::open(&settings, clock).await.unwrap();
    let contact = Contact {
        address: "Jalan Wastukencana 2".into(),
        ..Contact::default()
    };
    node.keep_contact(contact, "test").await.unwrap();
    let approval = Approval {
        all: true,
        ..Approval::default()
    };
    node.keep_approval(approval, "test").await.unwrap();
    let written = std::fs::read_to_string(shell.config()).unwrap();
    let more = "\n[categories]\nevidence = [\"Perhubungan\", \"Perhubungan/Becak\"]\n";
    std::fs::write(shell.config(), written + more).unwrap();
    let checked = shell.says(&["check-config"]).await;
    assert!(!checked.contains("Perhubungan is"), "{checked}");
    for line in [
        "categories.evidence: Perhubungan/Becak is not in edition 2026.0",
        "portal.contact: Jalan Wastukencana 2, typed at the desk",
        "portal.public_url: not set",
        "mail.host: not set",
        "answers.approval: all, typed at the desk",
        "categories.evidence: Perhubungan; Perhubungan/Becak, by node.toml",
    ] {
        assert!(checked.contains(line), "{line}: {checked}");
    }
}
