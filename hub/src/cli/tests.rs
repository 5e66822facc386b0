//! The commands as an operator types them.

mod authority;
mod backup;
mod unfinished;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use lapor_certs::Invitation;

use super::{Failure, Out, exit, init, run};
use crate::clock::HandClock;
use crate::ground::Ground;
use crate::settings::Settings;
use crate::store;
use crate::store::chains::Chain;

const NOW: i64 = 1_790_000_000_000;

struct Said {
    outcome: Result<(), Failure>,
    answer: String,
    explanation: String,
}

async fn say(folder: &Path, words: &[&str]) -> Said {
    let (mut answer, mut explanation) = (Vec::new(), Vec::new());
    let config = folder.join("hub.toml");
    let mut arguments: Vec<OsString> = vec!["lapor-hub".into(), "--config".into(), config.into()];
    arguments.extend(words.iter().map(OsString::from));
    let mut out = Out {
        answer: &mut answer,
        explanation: &mut explanation,
    };
    let outcome = Box::pin(run(arguments, &mut out, Arc::new(HandClock::at(NOW)))).await;
    Said {
        outcome,
        answer: String::from_utf8(answer).unwrap(),
        explanation: String::from_utf8(explanation).unwrap(),
    }
}

async fn made() -> tempfile::TempDir {
    made_with(&[]).await
}

/// With more words to `init`.
async fn made_with(more: &[&str]) -> tempfile::TempDir {
    lapor_certs::tls::install_default_provider();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().to_str().unwrap();
    let words = [&["init", "--dir", dir][..], more].concat();
    let said = say(folder.path(), &words).await;
    said.outcome.unwrap();
    assert!(said.answer.contains("root pin") && said.explanation.contains("next:"));
    let config = folder.path().join("hub.toml");
    // What else listens on this machine is no matter of a test.
    let mut text = std::fs::read_to_string(&config).unwrap();
    for port in [7443, 7444, 7445] {
        let listen = format!("listen = \"127.0.0.1:{port}\"");
        assert!(text.contains(&listen), "{listen}");
        text = text.replace(&listen, "listen = \"127.0.0.1:0\"");
    }
    std::fs::write(&config, text).unwrap();
    folder
}

fn code(said: &Said) -> u8 {
    said.outcome
        .as_ref()
        .err()
        .map_or(0, |failure| failure.code)
}

#[test]
fn the_written_defaults_are_the_defaults() {
    let text = init::write_toml(&Settings::default());
    let read = Settings::parse(&text, HashMap::new()).unwrap();
    assert_eq!(read, Settings::default());
    assert_eq!(
        Settings::parse("", HashMap::new()).unwrap(),
        Settings::default()
    );
}

#[tokio::test]
async fn a_hub_is_made_once_and_its_configuration_can_be_used() {
    let folder = made().await;
    let dir = folder.path().to_str().unwrap();
    let again = say(folder.path(), &["init", "--dir", dir]).await;
    assert_eq!(code(&again), exit::CANNOT_CREATE);
    let checked = say(folder.path(), &["check-config"]).await;
    checked.outcome.unwrap();
    assert!(checked.answer.contains("can be used"));
    let key = folder.path().join("keys/hub-signing.key");
    let mode = std::os::unix::fs::PermissionsExt::mode(&key.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_chain_that_two_messages_contradict_is_listed_and_told_of() {
    let folder = made().await;
    let invite = ["instance", "invite", "kemenpu", "--kind", "kementerian"];
    say(folder.path(), &invite).await.outcome.unwrap();
    let sound = say(folder.path(), &["instance", "list"]).await;
    assert!(!sound.answer.contains("FROZEN") && sound.explanation.is_empty());
    let settings = Settings::load(&folder.path().join("hub.toml")).unwrap();
    let ground = Ground::open(settings, Arc::new(HandClock::at(NOW))).await;
    let ground = ground.unwrap();
    let mut tx = ground.db.write().await.unwrap();
    let chain = Chain {
        frozen: true,
        ..Chain::new("kemenpu".parse().unwrap())
    };
    store::chains::save(&mut tx, [&chain]).await.unwrap();
    tx.commit().await.unwrap();
    ground.db.close().await;
    let listed = say(folder.path(), &["instance", "list"]).await;
    assert!(listed.answer.contains("FROZEN"), "{}", listed.answer);
    assert!(listed.explanation.starts_with("ALARM: two messages"));
    let listed = say(folder.path(), &["instance", "list", "--json"]).await;
    let listed: serde_json::Value = serde_json::from_str(&listed.answer).unwrap();
    assert_eq!(listed[0]["frozen"], true);
}

#[tokio::test]
async fn a_configuration_that_serve_would_refuse_is_refused() {
    let folder = made().await;
    let config = folder.path().join("hub.toml");
    let written = std::fs::read_to_string(&config).unwrap();
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = held.local_addr().unwrap();
    let (before, monitor) = written.split_once("[monitor]").unwrap();
    let monitor = monitor.replace("127.0.0.1:0", &taken.to_string());
    std::fs::write(&config, format!("{before}[monitor]{monitor}")).unwrap();
    let refused = say(folder.path(), &["check-config"]).await;
    assert_eq!(code(&refused), exit::CONFIGURATION);
    let message = refused.outcome.unwrap_err().message;
    assert!(
        message.starts_with("monitor.listen: another program"),
        "{message}"
    );

    std::fs::write(&config, &written).unwrap();
    let key = folder.path().join("keys/hub-signing.key");
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&key, open).unwrap();
    for command in ["check-config", "serve"] {
        let refused = say(folder.path(), &[command]).await;
        assert_eq!(code(&refused), exit::CONFIGURATION, "{command}");
        let message = refused.outcome.unwrap_err().message;
        assert!(
            message.contains("hub-signing.key") && message.contains("chmod"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn an_invitation_is_the_one_line_on_standard_output() {
    let folder = made().await;
    let words = [
        "instance",
        "invite",
        "kota-bandung",
        "--kind",
        "kota",
        "--region",
        "32.73",
    ];
    let said = say(folder.path(), &words).await;
    said.outcome.unwrap();
    assert_eq!(said.answer.lines().count(), 1);
    let invitation: Invitation = said.answer.parse().unwrap();
    assert_eq!(invitation.instance.as_str(), "kota-bandung");
    assert_eq!(invitation.enrolment_url.as_str(), "https://127.0.0.1:7444");
    assert!(!said.explanation.contains("lapor1."));
    let listed = say(folder.path(), &["instance", "list"]).await;
    assert!(listed.answer.contains("kota-bandung") && listed.answer.contains("invited"));
    let shown = say(
        folder.path(),
        &["instance", "show", "kota-bandung", "--json"],
    )
    .await;
    let shown: serde_json::Value = serde_json::from_str(&shown.answer).unwrap();
    assert_eq!(shown["region"], "32.73");
}

#[tokio::test]
async fn institutions_are_registered_from_a_file_all_or_none() {
    let folder = made().await;
    let file = folder.path().join("instances.csv");
    let csv = file.to_str().unwrap();
    std::fs::write(
        &file,
        "slug,kind,name,parent,region_code\npusat,pusat,Desk Nasional,,\n\
         kota-bandung,kota,\"Kota Bandung\",prov-jawa-barat,32.73\n",
    )
    .unwrap();
    let words = ["instance", "register", "--csv", csv];
    let said = say(folder.path(), &words).await;
    said.outcome.unwrap();
    assert_eq!(said.answer, "registered or changed 2, known already 0\n");
    let again = say(folder.path(), &words).await;
    assert_eq!(again.answer, "registered or changed 0, known already 2\n");
    std::fs::write(&file, "slug,kind,name\nkemenpu,ministry,PU\n").unwrap();
    let wrong = say(folder.path(), &words).await;
    assert_eq!(code(&wrong), exit::DATA);
    let open = "slug,kind,region_code,name\nkota-x,kota,,\"Kota X\nkota-y,kota,,Kota Y\n";
    std::fs::write(&file, open).unwrap();
    let open = say(folder.path(), &words).await;
    assert_eq!(code(&open), exit::DATA);
    let message = open.outcome.unwrap_err().message;
    assert!(message.contains("line 2: a quotation mark"), "{message}");
    let missing = say(
        folder.path(),
        &["instance", "register", "--csv", "/no/file"],
    )
    .await;
    assert_eq!(code(&missing), exit::NOT_FOUND);
}

#[tokio::test]
async fn a_command_that_cannot_work_says_what_to_do_next_with_a_code_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let unmade = say(folder.path(), &["instance", "list"]).await;
    assert_eq!(code(&unmade), exit::CONFIGURATION);
    let failure = unmade.outcome.unwrap_err();
    assert!(failure.message.contains("lapor-hub init"), "{failure:?}");
    let folder = made().await;
    for (words, expected) in [
        (
            vec!["instance", "invite", "Kota", "--kind", "kota"],
            exit::USAGE,
        ),
        (
            vec!["instance", "invite", "kota-x", "--kind", "city"],
            exit::USAGE,
        ),
        (vec!["instance", "show", "kota-x"], exit::NOT_FOUND),
        (vec!["instance", "suspend", "kota-x"], exit::NOT_FOUND),
        (vec!["nonsense"], exit::USAGE),
    ] {
        let said = say(folder.path(), &words).await;
        assert_eq!(code(&said), expected, "{words:?}");
    }
    let invited = ["instance", "invite", "pusat", "--kind", "pusat"];
    say(folder.path(), &invited).await.outcome.unwrap();
    let second = ["instance", "invite", "desk-dua", "--kind", "pusat"];
    assert_eq!(code(&say(folder.path(), &second).await), exit::DATA);
    let suspended = say(folder.path(), &["instance", "suspend", "pusat"]).await;
    assert_eq!(code(&suspended), exit::DATA);
}

#[tokio::test]
async fn accounts_of_the_console_are_made_at_the_machine() {
    let folder = made().await;
    let create = |login: &'static str, role: &'static str| {
        let folder = folder.path();
        async move {
            let words = ["account", "create", "--login", login, "--name", "Dewi"];
            say(folder, &[&words[..], &["--role", role]].concat()).await
        }
    };
    let off = say(folder.path(), &["account", "list"]).await;
    assert!(off.outcome.unwrap_err().message.contains("console.listen"));
    let config = folder.path().join("hub.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("listen = \"off\"", "listen = \"127.0.0.1:0\"");
    std::fs::write(&config, text).unwrap();
    let setup = say(folder.path(), &["account", "setup-link"]).await;
    assert!(setup.answer.contains("/pasang/"), "{}", setup.answer);
    let first = create("dewi@pusat.example", "operator").await;
    first.outcome.unwrap();
    assert!(first.answer.contains("/sandi/") && first.explanation.contains("nobody else"));
    let again = create("dewi@pusat.example", "observer").await;
    assert_eq!(code(&again), exit::DATA);
    assert_eq!(code(&create("x@pusat.example", "king").await), exit::USAGE);
    let late = say(folder.path(), &["account", "setup-link"]).await;
    assert_eq!(code(&late), exit::USAGE);
    let last = say(folder.path(), &["account", "disable", "dewi@pusat.example"]).await;
    assert!(last.outcome.unwrap_err().message.contains("last active"));
    let unknown = say(folder.path(), &["account", "disable", "y@pusat.example"]).await;
    assert_eq!(code(&unknown), exit::NOT_FOUND);
    let listed = say(folder.path(), &["account", "list"]).await;
    assert!(listed.answer.contains("operator   has no password yet"));
}

#[tokio::test]
async fn a_token_of_who_is_disabled_is_listed_as_off() {
    let folder = made().await;
    let config = folder.path().join("hub.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text.replace("listen = \"off\"", "listen = \"127.0.0.1:0\"");
    std::fs::write(&config, text).unwrap();
    let login = "rina@pusat.example";
    let does = async |words: &[&str]| {
        let said = say(folder.path(), words).await;
        said.outcome.unwrap();
        said.answer
    };
    let hire = ["account", "create", "--name=Rina", "--role=observer"];
    does(&[&hire[..], &["--login", login]].concat()).await;
    does(&["token", "create", "--name=grafana", "--owner", login]).await;
    let listed = does(&["token", "list"]).await;
    assert!(listed.contains("observer since"), "{listed}");
    does(&["account", "disable", login]).await;
    let listed = does(&["token", "list"]).await;
    let off = "observer off while its owner is disabled rina@pusat.example";
    assert!(listed.contains(off), "{listed}");
    let listed = does(&["token", "list", "--json"]).await;
    assert!(listed.contains("\"owner_disabled\": true"), "{listed}");
}

#[tokio::test]
async fn what_is_done_at_the_machine_stands_in_the_audit_log() {
    let folder = made().await;
    let invite = ["instance", "invite", "kemenpu", "--kind", "kementerian"];
    say(folder.path(), &invite).await.outcome.unwrap();
    let why = ["--reason", "kunci dicuri"];
    let revoke = ["instance", "revoke", "kemenpu", "--yes"];
    let revoked = say(folder.path(), &[&revoke[..], &why].concat()).await;
    revoked.outcome.unwrap();
    let settings = Settings::load(&folder.path().join("hub.toml")).unwrap();
    let ground = Ground::open(settings, Arc::new(HandClock::at(NOW))).await;
    let ground = ground.unwrap();
    let mut tx = ground.db.read().await.unwrap();
    let filter = ("", "", "kemenpu");
    let rows = store::audit::page(&mut tx, i64::MAX, 0..i64::MAX, filter, 9).await;
    let done: Vec<(String, String)> = rows
        .unwrap()
        .into_iter()
        .inspect(|row| assert!(row.2.starts_with("cli"), "{}", row.2))
        .map(|row| (row.3, row.5))
        .collect();
    let expected = [
        ("instance.revoked", "kunci dicuri"),
        ("instance.invited", ""),
    ];
    assert_eq!(done, expected.map(|(a, d)| (a.to_owned(), d.to_owned())));
    drop(tx);
    ground.db.close().await;
}

#[tokio::test]
async fn a_new_hub_has_whoever_joins_approved_unless_the_invitation_says_otherwise() {
    let folder = made().await;
    let settings = Settings::load(&folder.path().join("hub.toml")).unwrap();
    assert!(settings.enrolment.approval);
    for (slug, more) in [("kota-a", None), ("kota-b", Some("--without-approval"))] {
        let mut words = vec!["instance", "invite", slug, "--kind", "kota"];
        words.extend(more);
        let said = say(folder.path(), &words).await;
        said.outcome.unwrap();
        let invitation: Invitation = said.answer.parse().unwrap();
        let ground = Ground::open(settings.clone(), Arc::new(HandClock::at(NOW))).await;
        let ground = ground.unwrap();
        let mut tx = ground.db.read().await.unwrap();
        let hash = invitation.secret.hash();
        let found = store::joining::find(&mut tx, hash).await.unwrap().unwrap();
        assert_eq!(found.approval, more.is_none(), "{slug}");
        drop(tx);
        ground.db.close().await;
    }
    let unasked = say(folder.path(), &["instance", "approve", "kota-a"]).await;
    assert!(
        unasked
            .outcome
            .unwrap_err()
            .message
            .contains("does not wait")
    );
}

#[tokio::test]
async fn certificates_are_made_void_of_one_institution_or_of_all() {
    let folder = made().await;
    let words = ["instance", "void-certificates"];
    let neither = say(folder.path(), &words).await;
    assert_eq!(code(&neither), exit::USAGE);
    let both = say(folder.path(), &[&words[..], &["kota-a", "--all"]].concat()).await;
    assert_eq!(code(&both), exit::USAGE);
    let invite = ["instance", "invite", "kota-a", "--kind", "kota"];
    say(folder.path(), &invite).await.outcome.unwrap();
    let absent = say(folder.path(), &[&words[..], &["kota-a"]].concat()).await;
    let refused = absent.outcome.unwrap_err().message;
    assert!(refused.contains("only active or suspended"), "{refused}");
    let all = ["--all", "--reason", "penerbit dicuri"];
    let all = say(folder.path(), &[&words[..], &all].concat()).await;
    all.outcome.unwrap();
    assert!(all.answer.contains("of 0 institutions"), "{}", all.answer);
}

#[tokio::test]
async fn a_folder_of_backups_that_cannot_be_written_is_named() {
    let folder = made().await;
    let config = folder.path().join("hub.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    say(folder.path(), &["check-config"]).await.outcome.unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    let backup = "[backup]\nfolder = \"file/backups\"\n";
    std::fs::write(&config, format!("{text}\n{backup}")).unwrap();
    let refused = say(folder.path(), &["check-config"]).await;
    assert_eq!(code(&refused), exit::IO);
    let message = refused.outcome.unwrap_err().message;
    assert!(message.starts_with("backup.folder: "), "{message}");
}
