//! Restores that were cut off.

use lapor_migrations::Kind;
use lapor_migrations::throwaway::{TestDb, databases};

use super::*;

const KEYS: [&str; 2] = ["keys", "authority"];

/// Puts the keys of a hub and its authority into another folder.
fn bring_keys(from: &Path, to: &Path) {
    for name in KEYS {
        let (own, there) = (from.join(name), to.join(name));
        std::fs::create_dir(&there).unwrap();
        for file in std::fs::read_dir(own).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), there.join(file.file_name())).unwrap();
        }
    }
}

/// Puts an authority there that is none: a restore comes to its end at it, with attachments in place.
fn bring_others(to: &Path) {
    for name in KEYS {
        std::fs::create_dir(to.join(name)).unwrap();
        std::fs::write(to.join(name).join("other"), "").unwrap();
    }
}

#[tokio::test]
async fn a_hub_whose_restore_has_not_ended_does_nothing() {
    let folder = made().await;
    let home = tempfile::tempdir().unwrap();
    let [bare, new] = ["bare", "new"].map(|name| home.path().join(name));
    let (from, to) = (bare.to_str().unwrap(), new.to_str().unwrap());
    let backup = ["backup", "--out", from, "--without-keys"];
    say(folder.path(), &backup).await.outcome.unwrap();
    let mark = new.join("restore.unfinished");
    let restore = ["restore", from, "--dir", to];
    let said = say(folder.path(), &restore).await;
    assert!(said.outcome.unwrap_err().message.contains("has no keys"));
    assert!(!mark.exists(), "nothing was put anywhere");

    bring_others(&new);
    say(folder.path(), &restore).await.outcome.unwrap_err();
    assert!(mark.exists());
    for words in [&["serve"][..], &["instance", "list"], &["migrate"]] {
        let said = say(&new, words).await;
        assert_eq!(code(&said), exit::CONFIGURATION, "{words:?}");
        let why = said.outcome.unwrap_err().message;
        assert!(why.contains("restore the backup again"), "{why}");
    }

    std::fs::remove_dir_all(&new).unwrap();
    std::fs::create_dir(&new).unwrap();
    bring_keys(folder.path(), &new);
    say(folder.path(), &restore).await.outcome.unwrap();
    assert!(!mark.exists());
    say(&new, &["instance", "list"]).await.outcome.unwrap();
}

/// The processes of a hub share its database, and are on machines of their own.
#[tokio::test]
async fn a_hub_whose_restore_has_not_ended_does_nothing_on_another_machine_either() {
    let servers = databases().await.into_iter();
    for db in servers.filter(|db| db.kind == Kind::Postgres) {
        let folder = made_with(&["--database-url", &db.url]).await;
        let home = tempfile::tempdir().unwrap();
        let [bare, new, other] = ["bare", "new", "other"].map(|name| home.path().join(name));
        let (from, to) = (bare.to_str().unwrap(), new.to_str().unwrap());
        let backup = ["backup", "--out", from, "--without-keys"];
        say(folder.path(), &backup).await.outcome.unwrap();
        let empty = TestDb::postgres().await.unwrap();
        let config = std::fs::read_to_string(folder.path().join("hub.toml")).unwrap();
        let config = config.replace(&db.url, &empty.url);
        let set_up = |machine: &Path| {
            std::fs::create_dir(machine).unwrap();
            std::fs::write(machine.join("hub.toml"), &config).unwrap();
        };
        set_up(&other);
        bring_keys(folder.path(), &other);

        set_up(&new);
        bring_others(&new);
        let restore = ["restore", from, "--dir", to];
        say(folder.path(), &restore).await.outcome.unwrap_err();
        for words in [
            &["instance", "list"][..],
            &["migrate"],
            &["backup", "--out", from],
        ] {
            let said = say(&other, words).await;
            assert_eq!(code(&said), exit::CONFIGURATION, "{words:?}");
            let why = said.outcome.unwrap_err().message;
            assert!(why.contains("has not ended"), "{why}");
            assert!(why.contains("restore the backup again"), "{why}");
        }

        std::fs::remove_dir_all(&new).unwrap();
        set_up(&new);
        bring_keys(folder.path(), &new);
        say(folder.path(), &restore).await.outcome.unwrap();
        say(&other, &["instance", "list"]).await.outcome.unwrap();
    }
}
