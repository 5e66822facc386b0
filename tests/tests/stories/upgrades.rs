//! A program that is put back beside a database which a newer one has upgraded:
//! whatever it is asked, it says what is wrong and what to do, and touches nothing.

use std::path::Path;
use std::process::{Command, Output};

use lapor_migrations::{Db, Schema, on};
use lapor_stand_ins::ports::{self, Reserved};
use lapor_tests::fleet::{Fleet, kinds};

/// As a program of the future would have left it.
const UPGRADE: &str = "insert into _sqlx_migrations
    (version, description, success, checksum, execution_time)
    select 9000, 'later', success, checksum, 0 from _sqlx_migrations where version = 1";
const VERSIONS: &str = "select version from _sqlx_migrations order by version";

/// The configuration is read and the database cannot be used: `EX_CONFIG`.
const REFUSED: i32 = 78;

/// A program, and what an operator may type who does not know yet what is wrong.
const COMMANDS: [(&str, Schema, &[&[&str]]); 2] = [
    (
        "lapor-hub",
        Schema::Hub,
        &[
            &["serve"],
            &["migrate"],
            &["check-config"],
            &["instance", "list"],
        ],
    ),
    (
        "lapor-node",
        Schema::Node,
        &[&["serve"], &["migrate"], &["check-config"], &["status"]],
    ),
];

#[tokio::test]
async fn a_program_older_than_its_database_refuses_it_whatever_it_is_asked_and_says_what_to_do() {
    for kind in kinds() {
        // A fleet of nobody, which has a database of the right kind to give.
        let fleet = Fleet::gather(kind, &[]).await;
        for (program, schema, commands) in COMMANDS {
            let (folder, database) = (tempfile::tempdir().unwrap(), fleet.database().await);
            let config = folder.path().join(program.replace("lapor-", "") + ".toml");
            make(program, &config, &database.url);
            let migrated = run(program, &config, &["migrate"]);
            assert!(migrated.status.success(), "{migrated:?}");
            let db = database.open(schema).await.unwrap();
            upgrade(&db).await;
            let before = versions(&db).await;
            assert_eq!(before.last(), Some(&9000));

            for words in commands {
                let refused = run(program, &config, words);
                let said = String::from_utf8_lossy(&refused.stderr);
                let told = format!("{program} {words:?}: {} {said}", refused.status);
                assert_eq!(refused.status.code(), Some(REFUSED), "{told}");
                for part in [
                    "upgraded to schema 9000 by a newer program",
                    &format!("this one knows schema {}", schema.version()),
                    "run the newer program, or restore the backup made before the upgrade",
                ] {
                    assert!(said.contains(part), "{told}");
                }
            }
            assert_eq!(versions(&db).await, before);
            db.close().await;
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn looking_at_a_configuration_changes_nothing_in_the_database() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[]).await;
        let (folder, database) = (tempfile::tempdir().unwrap(), fleet.database().await);
        let config = folder.path().join("node.toml");
        make("lapor-node", &config, &database.url);
        let checked = run("lapor-node", &config, &["check-config"]);
        let said = String::from_utf8_lossy(&checked.stdout);
        assert!(
            said.contains("to be applied by `serve`: 0001 core"),
            "{said}"
        );
        let db = database.open(Schema::Node).await.unwrap();
        let pending = db.pending_migrations().await.unwrap();
        assert_eq!(pending.len() as i64, Schema::Node.version());
        db.close().await;
        fleet.ends_well().await;
    }
}

/// Makes a hub or a node on this database, on ports that nobody has.
fn make(program: &str, config: &Path, database: &str) {
    let mut ports = ports::reserve(2).unwrap();
    let [first, second] = [0, 1].map(|port| ports[port].address().to_string());
    let dir = config.parent().unwrap().display().to_string();
    let mut init = vec!["init", "--dir", &dir, "--database-url", database];
    init.extend(match program {
        "lapor-hub" => vec![
            "--federation-address",
            &first,
            "--enrolment-address",
            &second,
            "--monitor-address",
            "off",
        ],
        _ => vec!["--listen", &first, "--monitor-listen", "off"],
    });
    let made = run(program, config, &init);
    assert!(made.status.success(), "{made:?}");
    ports.iter_mut().for_each(Reserved::release);
}

/// Runs a command to its end, with no settings but those of its file.
fn run(program: &str, config: &Path, words: &[&str]) -> Output {
    let programs = Path::new(env!("CARGO_BIN_EXE_lapor-demo")).parent();
    let mut command = Command::new(programs.unwrap().join(program));
    command.arg("--config").arg(config).args(words);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LAPOR_") {
            command.env_remove(name);
        }
    }
    command.output().unwrap()
}

async fn upgrade(db: &Db) {
    let mut tx = db.write().await.unwrap();
    on!(&mut tx, c => sqlx::query(UPGRADE).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

async fn versions(db: &Db) -> Vec<i64> {
    let mut tx = db.read().await.unwrap();
    on!(&mut tx, c => sqlx::query_scalar(VERSIONS).fetch_all(c).await).unwrap()
}
