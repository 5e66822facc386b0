//! Backups that an operator makes at the machine, and restores.

use super::{code, made, say};
use crate::cli::exit;

#[tokio::test]
async fn a_backup_is_made_proved_and_restored_where_there_is_nothing() {
    let folder = made().await;
    let home = tempfile::tempdir().unwrap();
    let [backup, new] = ["backup", "new"].map(|name| home.path().join(name));
    let (from, to) = (backup.to_str().unwrap(), new.to_str().unwrap());
    let said = say(folder.path(), &["backup", "--out", from]).await;
    said.outcome.unwrap();
    assert!(said.explanation.contains("can be the hub"));
    let said = say(folder.path(), &["restore", from, "--check"]).await;
    said.outcome.unwrap();
    assert!(said.answer.contains("a whole backup: lapor.local"));
    let said = say(folder.path(), &["restore", from, "--trial"]).await;
    said.outcome.unwrap();
    assert!(said.answer.contains("all in it holds"), "{}", said.answer);
    assert!(!folder.path().join("trial").exists());
    let said = say(folder.path(), &["restore", from, "--dir", to]).await;
    said.outcome.unwrap();
    assert!(said.explanation.contains("serve"));
    let checked = say(&new, &["check-config"]).await;
    checked.outcome.unwrap();
    let again = say(folder.path(), &["restore", from, "--dir", to]).await;
    assert_eq!(code(&again), exit::CONFIGURATION);

    let bare = home.path().join("bare");
    let bare = bare.to_str().unwrap();
    let said = say(folder.path(), &["backup", "--out", bare, "--without-keys"]).await;
    said.outcome.unwrap();
    let other = home.path().join("other");
    let said = say(
        folder.path(),
        &["restore", bare, "--dir", other.to_str().unwrap()],
    )
    .await;
    assert!(said.outcome.unwrap_err().message.contains("has no keys"));
    std::fs::remove_file(backup.join("run-1790000000000/authority/issuer.pem")).unwrap();
    let said = say(folder.path(), &["restore", from, "--check"]).await;
    assert!(said.outcome.unwrap_err().message.contains("is gone"));
}
