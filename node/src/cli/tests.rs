//! Commands as an operator types them, against a node that has joined.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use lapor_migrations::throwaway::databases;
use serde_json::Value;

use super::{Cli, Failure, exit, run};
use crate::clock::HandClock;
use crate::folder;
use crate::testing::{NOW, Place};

/// A folder with a configuration, as `init` makes it.
struct Shell {
    place: Option<Place>,
    folder: tempfile::TempDir,
}

impl Shell {
    fn empty() -> Self {
        Self {
            place: None,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A node that has joined, behind a configuration of its own.
    fn of(place: Place) -> Self {
        let shell = Self {
            place: Some(place),
            ..Self::empty()
        };
        folder::init(shell.folder.path(), &shell.place.as_ref().unwrap().settings).unwrap();
        shell
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join(folder::CONFIG)
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    async fn tries(&self, words: &[&str]) -> Result<String, Failure> {
        let config = self.config().display().to_string();
        let program = ["lapor-node", "--config", &config];
        let cli = Cli::try_parse_from(program.iter().chain(words))
            .map_err(|error| Failure::usage(error.to_string()))?;
        let mut out = Vec::new();
        run(cli, Arc::new(HandClock::at(NOW)), &mut out).await?;
        Ok(String::from_utf8(out).unwrap())
    }

    async fn says(&self, words: &[&str]) -> String {
        self.tries(words)
            .await
            .unwrap_or_else(|failure| panic!("{words:?}: {}", failure.message))
    }

    /// The exit code and the message of a command that must fail.
    async fn fails(&self, words: &[&str]) -> (u8, String) {
        let failure = self.tries(words).await.expect_err("a failure");
        (failure.code, failure.message)
    }

    async fn json(&self, words: &[&str]) -> Value {
        serde_json::from_str(&self.says(words).await).unwrap()
    }
}

async fn shells(slug: &str) -> Vec<Shell> {
    let mut shells = Vec::new();
    for db in databases().await {
        shells.push(Shell::of(Place::joined(slug, db).await));
    }
    shells
}

const FILE: [&str; 10] = [
    "report",
    "file",
    "--classification=complaint",
    "--title=Lampu jalan padam",
    "--content=Gelap sejak Senin.",
    "--region=32.73",
    "--latitude=-6.9175",
    "--longitude=107.6091",
    "--name=Siti",
    "--json",
];

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
    std::fs::write(shell.config(), "[api]\nlisen = \"x\"\n").unwrap();
    let (code, message) = shell.fails(&["check-config"]).await;
    assert!(
        code == exit::CONFIGURATION && message.contains("lisen"),
        "{message}"
    );
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

const PROGRAMMES: &str = include_str!("../../../tests/data/programmes.csv");
const HOLIDAYS: &str = include_str!("../../../tests/data/calendar/holidays-id.csv");

#[tokio::test]
async fn a_programme_is_published_told_of_and_shown() {
    for shell in shells("kota-bandung").await {
        let publish = [
            "programme",
            "publish",
            "taman-tegallega",
            "--name=Penataan Taman Tegallega",
            "--description=Jalur lari dan lampu.",
            "--region=32.73",
            "--budget-idr=4500000000",
        ];
        let said = shell.says(&publish).await;
        assert_eq!(
            said,
            "Stored and pending: programme.published taman-tegallega.\n"
        );
        let progress = ["programme", "progress", "taman-tegallega", "--percent=30"];
        let told = [&progress[..], &["--status=late", "--text=Hujan."]].concat();
        shell.says(&told).await;
        let shown = shell.says(&["programme", "show", "taman-tegallega"]).await;
        insta::allow_duplicates! { insta::assert_snapshot!(shown, @r#"
    Penataan Taman Tegallega
      owner      kota-bandung
      slug       taman-tegallega
      region     32.73
      budget     Rp 4.500.000.000
      progress   30 % late
      pending    2 own messages
      Jalur lari dan lampu.

      2026-09-21 21:13 WIB  programme.published (pending)
      2026-09-21 21:13 WIB  programme.progressed (pending)
          30 % late
          Hujan.
    "#) };
        let listed = shell.says(&["programme", "list", "--region=32"]).await;
        insta::allow_duplicates! { insta::assert_snapshot!(listed, @"kota-bandung/taman-tegallega                 30 % late        Penataan Taman Tegallega (pending)") };
        let none = shell.says(&["programme", "list", "--owner=kemenpu"]).await;
        assert_eq!(none, "No programme fits.\n");
        for (words, expected) in [
            (&["programme", "show", "kemenpu/tol"][..], exit::NOT_FOUND),
            (&["programme", "show", "Kota Bandung/tol"], exit::USAGE),
            (&["programme", "publish", "tol"], exit::USAGE),
            (
                &[
                    "programme",
                    "progress",
                    "tol",
                    "--percent=1",
                    "--status=late",
                ],
                exit::DATA,
            ),
            (
                &[
                    "programme",
                    "progress",
                    "tol",
                    "--percent=101",
                    "--status=late",
                ],
                exit::USAGE,
            ),
            (&["programme", "import", "/no/such/file"], exit::NOT_FOUND),
        ] {
            let (code, message) = shell.fails(words).await;
            assert_eq!(code, expected, "{words:?}: {message}");
        }
    }
}

#[tokio::test]
async fn a_table_of_programmes_is_imported_once() {
    for shell in shells("kemenpu").await {
        let file = shell.file("programmes.csv", PROGRAMMES);
        let first = shell.says(&["programme", "import", &file]).await;
        assert!(
            first.contains("tol-serang-panimbang-seksi-3             published with its progress"),
            "{first}"
        );
        assert!(
            first.contains("skipped: it is kota-tangerang's, which publishes it itself"),
            "{first}"
        );
        assert!(
            first.ends_with("5 published, 0 unchanged, 35 skipped, 0 refused.\n"),
            "{first}"
        );
        let again = shell.says(&["programme", "import", &file]).await;
        assert!(
            again.ends_with("0 published, 5 unchanged, 35 skipped, 0 refused.\n"),
            "{again}"
        );
        let bad = shell.file(
            "bad.csv",
            &PROGRAMMES.replace(",berjalan,81,", ",jalan,81,"),
        );
        let (code, message) = shell.fails(&["programme", "import", &bad]).await;
        assert!(code == exit::DATA && message.contains("1 row"), "{message}");
    }
}

#[tokio::test]
async fn the_desk_publishes_the_calendar_that_is_shipped() {
    for shell in shells("pusat").await {
        let file = shell.file("holidays-id.csv", HOLIDAYS);
        let (code, message) = shell.fails(&["calendar", "publish", &file]).await;
        assert!(
            code == exit::USAGE && message.contains("--edition"),
            "{message}"
        );
        let publish = ["calendar", "publish", &file, "--edition=2026.1"];
        shell.says(&publish).await;
        let shown = shell.says(&["calendar", "show", "2026.1"]).await;
        assert!(
            shown.contains("2026-03-20  cuti bersama    Cuti Bersama Hari Raya Idul Fitri"),
            "{shown}"
        );
        assert!(shown.contains("(pending)"), "{shown}");
        assert_eq!(shell.fails(&publish).await.0, exit::DATA);
        let taxonomy = shell.file(
            "taxonomy.json",
            r#"{"edition":"2026.1","roots":[{"name":"Perhubungan","below":["Parkir Liar"]}]}"#,
        );
        shell.says(&["taxonomy", "publish", &taxonomy]).await;
        let shown = shell.says(&["taxonomy", "show", "2026.1"]).await;
        assert!(
            shown.contains("  Perhubungan\n    Parkir Liar\n"),
            "{shown}"
        );
        let none = shell.fails(&["taxonomy", "show", "2027.1"]).await;
        assert_eq!(none.0, exit::NOT_FOUND);
    }
    for shell in shells("kemenpu").await {
        let file = shell.file("holidays-id.csv", HOLIDAYS);
        let publish = ["calendar", "publish", &file, "--edition=2026.1"];
        let (code, message) = shell.fails(&publish).await;
        assert!(
            code == exit::DATA && message.contains("not desk"),
            "{message}"
        );
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

const REPORTS: &str =
    "id,title,content,region_code,place,lat,lon,category,subcategory,expected_instance,note
1,Listrik padam,Listrik di rumah padam sejak pagi,32.73,,,,,,bumn-pln,dup:a
2,Listrik mati,Listrik di rumah padam sejak pagi,32.73,,,,,,bumn-pln,dup:a
3,Listrik mati,Listrik di rumah padam sejak pagi,32.73,,,,,,bumn-pln,dup:a
4,Beli,Beli obat murah,32.73,,,,,,,spam
5,Halo,Halo semua,,,,,,,kota-bandung,
";
const INSTANCES: &str = "slug,kind,name,parent,region_code
bumn-pln,bumn,PT PLN (Persero),,
kota-bandung,kota,Pemerintah Kota Bandung,,32.73
";

#[tokio::test]
async fn hints_are_measured_without_a_node() {
    let shell = Shell::empty();
    let reports = shell.file("reports.csv", REPORTS);
    let instances = shell.file("instances.csv", INSTANCES);
    let words = [
        "hints",
        "measure",
        "--reports",
        &reports,
        "--instances",
        &instances,
    ];
    let said = shell.says(&[&words[..], &["--duplicates"]].concat()).await;
    insta::assert_snapshot!(said, @r"
    Learnt from all but the report's own cluster
      4 reports, right one first 3 (75.0 %), among the first three 3 (75.0 %)
    Learnt from the other 4 of 5 parts
      4 reports, right one first 3 (75.0 %), among the first three 3 (75.0 %)
    Nothing learnt
      4 reports, right one first 3 (75.0 %), among the first three 3 (75.0 %)
    Missed:
      5      kota-bandung; suggested: nobody
    Duplicates: 2 of 2 repeats found (100.0 %), 3 of 3 suggestions right (100.0 %)
    ");
    let json = shell.json(&[&words[..], &["--json"]].concat()).await;
    assert_eq!(json["without_learning"]["first"], 3);
    let broken = shell.file("broken.csv", "id,title\n1,x\n");
    let (code, said) = shell
        .fails(&[
            "hints",
            "measure",
            "--reports",
            &broken,
            "--instances",
            &instances,
        ])
        .await;
    assert_eq!(code, exit::DATA);
    assert!(said.starts_with("reports: "), "{said}");
}

#[tokio::test]
async fn a_case_has_hints_and_a_local_category_is_mapped() {
    for shell in shells("pusat").await {
        let map = [
            "category",
            "map",
            "Lampu",
            "Perhubungan/Penerangan Jalan Umum",
        ];
        shell.says(&map).await;
        let local = shell.says(&["category", "local"]).await;
        assert_eq!(local, "Lampu -> Perhubungan/Penerangan Jalan Umum\n");
        let report = [
            "report",
            "file",
            "--classification=complaint",
            "--title=Lampu taman padam",
            "--content=Gelap sejak Senin.",
            "--category=Lampu",
            "--region=32.73",
        ];
        let said = shell.says(&report).await;
        let case = said.split_whitespace().last().unwrap();
        let hints = shell.says(&["case", "hints", case]).await;
        assert!(hints.starts_with("kota-bandung"), "{hints}");
        assert!(
            hints.contains("governs Kota Bandung, Jawa Barat"),
            "{hints}"
        );
        assert!(
            hints.contains("category Perhubungan/Penerangan Jalan Umum"),
            "{hints}"
        );
        shell.says(&["category", "unmap", "Lampu"]).await;
        let none = shell.says(&["category", "local"]).await;
        assert_eq!(none, "No local category is mapped.\n");
        let listed = shell.says(&["category", "list"]).await;
        assert!(listed.starts_with("Edition 2026.0\n"), "{listed}");
    }
}
