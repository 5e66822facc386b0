//! What an operator sees of the authority at the machine, and does with it.

use std::path::Path;

use lapor_migrations::{Db, DbOptions, Schema, on};

use super::{code, made, say};
use crate::cli::exit;
use crate::settings::Settings;

#[tokio::test]
async fn another_issuer_stands_below_the_same_root_and_needs_its_key() {
    let folder = made().await;
    let before = say(folder.path(), &["authority", "show"]).await;
    before.outcome.unwrap();
    let issuer = folder.path().join("authority/issuer.pem");
    let first = std::fs::read_to_string(&issuer).unwrap();
    let rotated = say(folder.path(), &["authority", "rotate-issuer"]).await;
    rotated.outcome.unwrap();
    assert!(rotated.explanation.contains("within a minute"));
    assert_ne!(std::fs::read_to_string(&issuer).unwrap(), first);
    let after = say(folder.path(), &["authority", "show"]).await;
    assert_eq!(after.answer, before.answer, "the same root, the same life");
    std::fs::remove_file(folder.path().join("authority/root.key.pem")).unwrap();
    let offline = say(folder.path(), &["authority", "rotate-issuer"]).await;
    assert_eq!(code(&offline), exit::CONFIGURATION);
    let failure = offline.outcome.unwrap_err();
    assert!(failure.message.contains("bring it back"), "{failure:?}");
}

#[tokio::test]
async fn an_authority_that_is_announced_is_shown_with_who_trusts_it() {
    let folder = made().await;
    let plain = say(folder.path(), &["authority", "show"]).await;
    plain.outcome.unwrap();
    assert!(!plain.answer.contains("announced"), "{}", plain.answer);
    let announced = say(folder.path(), &["authority", "announce"]).await;
    announced.outcome.unwrap();
    let next = announced.answer.trim();
    let shown = say(folder.path(), &["authority", "show"]).await;
    shown.outcome.unwrap();
    assert!(shown.answer.starts_with(&plain.answer), "{}", shown.answer);
    let line = format!("announced   {next} since ");
    assert!(shown.answer.contains(&line), "{}", shown.answer);
    assert!(shown.answer.contains(" by 0 of 0;"), "{}", shown.answer);
    let json = say(folder.path(), &["authority", "show", "--json"]).await;
    json.outcome.unwrap();
    let told: serde_json::Value = serde_json::from_str(&json.answer).unwrap();
    assert_eq!(told["changeover"]["next"], next);
    assert_eq!(told["members"], 0);
}

#[tokio::test]
async fn an_authority_is_shown_without_a_change_to_the_database() {
    const OLDER: &str = "delete from _sqlx_migrations where version = $1";
    let folder = made().await;
    let announced = say(folder.path(), &["authority", "announce"]).await;
    announced.outcome.unwrap();
    let settings = Settings::load(&folder.path().join("hub.toml")).unwrap();
    let open = async || {
        let url = &settings.database.url;
        let db = Db::open(url, Schema::Hub, &DbOptions::default()).await;
        db.unwrap()
    };
    let db = open().await;
    let mut tx = db.write().await.unwrap();
    let newest = Schema::Hub.version();
    on!(&mut tx, c => sqlx::query(OLDER).bind(newest).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    for words in [&["authority", "show"][..], &["authority", "show", "--json"]] {
        let shown = say(folder.path(), words).await;
        shown.outcome.unwrap();
        let next = announced.answer.trim();
        assert!(shown.answer.contains(next), "{}", shown.answer);
        assert_eq!(shown.explanation, "");
    }
    let db = open().await;
    let pending = db.pending_migrations().await.unwrap();
    assert_eq!(pending.len(), 1, "it is as the older hub left it");
    db.close().await;
}

#[tokio::test]
async fn an_authority_is_shown_while_the_database_is_away() {
    let folder = made().await;
    let whole = say(folder.path(), &["authority", "show"]).await;
    whole.outcome.unwrap();
    let config = folder.path().join("hub.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let url = Settings::default().database.url;
    // A folder that cannot be.
    let away = url.replace("sqlite://", "sqlite://hub.toml/");
    assert!(text.contains(&format!("url = {url:?}")), "{text}");
    std::fs::write(&config, text.replace(&url, &away)).unwrap();
    let shown = say(folder.path(), &["authority", "show"]).await;
    shown.outcome.unwrap();
    assert_eq!(shown.answer, whole.answer);
    let said = "Whether another authority is announced, and who trusts it, cannot be told now: ";
    assert!(shown.explanation.starts_with(said), "{}", shown.explanation);
    let json = say(folder.path(), &["authority", "show", "--json"]).await;
    assert_ne!(code(&json), 0, "a program is not told less than all");
    assert_eq!(json.answer, "");
}

#[tokio::test]
async fn an_authority_is_shown_without_making_a_database_that_is_gone() {
    let folder = made().await;
    let settings = Settings::load(&folder.path().join("hub.toml")).unwrap();
    let file = settings.database.url.strip_prefix("sqlite://").unwrap();
    std::fs::remove_file(file).unwrap();
    let gone = format!("there is no database at {file}; bring it back");
    let shown = say(folder.path(), &["authority", "show"]).await;
    shown.outcome.unwrap();
    assert!(shown.explanation.contains(&gone), "{}", shown.explanation);
    let json = say(folder.path(), &["authority", "show", "--json"]).await;
    assert_eq!(code(&json), exit::CONFIGURATION);
    assert!(!Path::new(file).exists());
}
