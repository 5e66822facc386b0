//! What concerns everyone, published at the command line: programmes, tables of
//! them, the calendar.

use serde_json::json;

use super::*;

const PROGRAMMES: &str = include_str!("../../../../tests/data/programmes.csv");
const HOLIDAYS: &str = lapor_web::holidays::FIRST_EDITION;

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
async fn pictures_are_added_shown_written_to_a_file_and_taken_away() {
    for shell in shells("kota-bandung").await {
        let home = tempfile::tempdir().unwrap();
        let file = |name: &str| home.path().join(name).to_string_lossy().into_owned();
        let bytes = crate::testing::jpeg(20, 9);
        std::fs::write(file("taman.jpg"), &bytes).unwrap();
        let publish = [
            "programme",
            "publish",
            "taman",
            "--name=Taman",
            "--description=Baru.",
        ];
        shell.says(&publish).await;
        let added = format!("--add={}=Bangku di bawah pohon.", file("taman.jpg"));
        let said = shell
            .says(&["programme", "pictures", "taman", &added])
            .await;
        assert_eq!(said, "Stored and pending: programme.published taman.\n");
        let sha256 = lapor_protocol::ids::Digest::of(&bytes).to_hex();
        let listed = format!("  picture    {sha256}\n             Bangku di bawah pohon.\n");
        shell.says(&publish).await;
        let shown = shell.says(&["programme", "show", "taman"]).await;
        assert!(shown.contains(&listed), "a new text keeps it: {shown}");
        let out = format!("--out={}", file("copy.jpg"));
        let read = ["programme", "picture", "taman", &sha256, &out];
        assert!(shell.says(&read).await.contains("image/jpeg"));
        assert_eq!(std::fs::read(file("copy.jpg")).unwrap(), bytes);
        let dropped = format!("--drop={sha256}");
        let drop = ["programme", "pictures", "taman", &dropped];
        shell.says(&drop).await;
        let shown = shell.says(&["programme", "show", "taman"]).await;
        assert!(!shown.contains(&sha256), "{shown}");
        for (words, expected) in [
            (&drop[..], exit::NOT_FOUND),
            (&read, exit::NOT_FOUND),
            (&["programme", "pictures", "taman"], exit::USAGE),
            (
                &["programme", "pictures", "taman", "--add=foto"],
                exit::USAGE,
            ),
        ] {
            assert_eq!(shell.fails(words).await.0, expected, "{words:?}");
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
        for (what, edition, entry) in [
            ("calendar", "built-in", "2026-03-20  cuti bersama"),
            ("taxonomy", "2026.0", "  Perhubungan\n"),
        ] {
            let shown = shell.says(&[what, "show"]).await;
            let heading = format!("Edition {edition}  in force, part of the program\n");
            assert!(
                shown.starts_with(&heading) && shown.contains(entry),
                "{shown}"
            );
            assert!(shown.ends_with("The national desk has published none yet.\n"));
            let shown = shell.json(&[what, "show", "--json"]).await;
            assert_eq!(shown[what]["edition"], edition);
            assert_eq!(shown["editions"], json!([]));
        }
        let mut next = shell.json(&["taxonomy", "show", "--json"]).await["taxonomy"].take();
        next["edition"] = json!("2026.9");
        let next = shell.file("next.json", &format!("\u{feff}{next}"));
        shell.says(&["taxonomy", "publish", &next]).await;
        let publish = ["calendar", "publish", &file, "--edition=2026.1"];
        shell.says(&publish).await;
        let shown = shell.says(&["calendar", "show", "2026.1"]).await;
        assert!(
            shown.contains("2026-03-20  cuti bersama    Cuti Bersama Hari Raya Idul Fitri"),
            "{shown}"
        );
        assert!(shown.contains("(pending)"), "{shown}");
        let shown = shell.says(&["calendar", "show"]).await;
        assert!(shown.starts_with("Edition built-in  in force"), "{shown}");
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
async fn a_calendar_that_leaves_out_days_to_come_is_published_only_when_that_is_said() {
    // What is over goes without a word, and no deadline runs over a Saturday.
    let gone = ["2026-08-17", "2026-12-24", "2026-12-25", "2027-02-06"];
    let without = |gone: &[&str]| {
        let lines = HOLIDAYS.lines();
        let kept = lines.filter(|line| !gone.iter().any(|day| line.starts_with(day)));
        kept.collect::<Vec<_>>().join("\n")
    };
    for shell in shells("pusat").await {
        let file = shell.file("short.csv", &without(&gone));
        let publish = ["calendar", "publish", &file, "--edition=2026.1"];
        let (code, message) = shell.fails(&publish).await;
        assert_eq!(code, exit::DATA);
        insta::allow_duplicates! { insta::assert_snapshot!(message, @r"
        2 holidays of today or later, by edition built-in in force, are working days by this file, and deadlines that run over them end sooner:
          2026-12-24 Cuti Bersama Hari Raya Natal
          2026-12-25 Hari Raya Natal
        An edition replaces the one before as a whole: take what is missing into the file, or say --even-so if it is meant
        ") };
        let editions = shell.json(&["calendar", "show", "--json"]).await["editions"].take();
        assert_eq!(editions, json!([]), "nothing is published");
        let one = shell.file("one.csv", &without(&["2027-01-01"]));
        let one = ["calendar", "publish", &one, "--edition=2026.2"];
        let (_, message) = shell.fails(&one).await;
        let said = "1 holiday of today or later, by edition built-in in force, is a working day by this file";
        assert!(message.starts_with(said), "{message}");
        let meant = [&publish[..], &["--even-so"]].concat();
        assert_eq!(
            shell.says(&meant).await,
            "Stored and pending: calendar.updated 2026.1.\n"
        );
    }
}

#[tokio::test]
async fn what_is_wrong_with_an_edition_is_named_all_at_once() {
    for shell in shells("pusat").await {
        let table = "date,kind,name\n2031-02-30,libur,X\n2031-02-03,libur_nasional,\n";
        let table = shell.file("holidays.csv", table);
        let publish = ["calendar", "publish", &table, "--edition=2031.1"];
        let (code, message) = shell.fails(&publish).await;
        assert_eq!(code, exit::DATA);
        let said = " cannot become an edition:
  line 2: \"libur\" is no kind; write libur_nasional or cuti_bersama
  line 2 (2031-02-30 X): no date of the calendar; write it like 2027-08-17
  line 3 (2031-02-03): without a name";
        assert!(message.ends_with(said), "{message}");
        let roots = format!(r#"{{"roots":[{}]}}"#, [r#"{"name":"Air"}"#; 23].join(","));
        let roots = shell.file("taxonomy.json", &roots);
        let (code, message) = shell.fails(&["taxonomy", "publish", &roots]).await;
        assert_eq!(code, exit::DATA);
        let first = "line 1, column 356: up to there the field \"edition\" is missing";
        assert!(message.contains(first), "{message}");
        let second = "\n  category 2 (Air): its name stands above already, at 1\n";
        assert!(message.contains(second), "{message}");
        assert!(message.ends_with("\n  and 3 more"), "{message}");
    }
}
