//! SP4N-LAPOR! at the command line.

use super::*;

const TABLE: &str =
    "nomor_tiket,judul,isi,status\n7001,Lampu padam,Gelap.,Selesai\n7002,,Tanpa judul.,\n";

#[tokio::test]
async fn a_table_is_tried_brought_and_reported() {
    for shell in shells("kota-bandung").await {
        let table = shell.file("sp4n.csv", TABLE);
        let report = shell
            .folder
            .path()
            .join("laporan.csv")
            .display()
            .to_string();
        let import = ["bridge", "import", "--csv", &table];
        let (code, message) = shell
            .fails(&[&import[..], &["--dry-run", "--report", &report]].concat())
            .await;
        assert_eq!(
            (code, message.contains("mend them")),
            (exit::DATA, true),
            "{message}"
        );
        let written = std::fs::read_to_string(&report).unwrap();
        assert_eq!(
            written,
            "line,id,became,field,what\n2,#7001,imported,,\n3,#7002,refused,title,missing\n"
        );
        assert_eq!(
            shell.says(&["bridge", "runs"]).await,
            "Nothing was done yet.\n"
        );
        let (code, _) = shell
            .fails(&[&import[..], &["--report", &report]].concat())
            .await;
        assert_eq!(code, exit::CANNOT_CREATE, "a report replaces none");
        shell.fails(&import).await;
        let runs = shell.says(&["bridge", "runs"]).await;
        assert!(
            runs.contains("import") && runs.contains("1 imported, 1 refused"),
            "{runs}"
        );
        let out = shell.folder.path().join("keluar.csv").display().to_string();
        let said = shell.says(&["bridge", "export", "--csv", &out]).await;
        assert!(said.contains("(1 case)"), "{said}");
        assert!(std::fs::read_to_string(&out).unwrap().contains("7001,"));
        let audited = shell.says(&["audit"]).await;
        assert!(audited.contains("bridge.ran"), "{audited}");
    }
}

#[tokio::test]
async fn without_an_address_there_are_tables_alone() {
    for shell in shells("kota-bandung").await {
        for words in [
            &["bridge", "follow"][..],
            &["bridge", "import", "--id", "21"],
            &["bridge", "institutions"],
            &["bridge", "export"],
        ] {
            let (code, message) = shell.fails(words).await;
            assert_eq!(code, exit::CONFIGURATION, "{words:?}: {message}");
            assert!(message.contains("bridge.base_url: not set"), "{message}");
        }
        let both = ["bridge", "import", "--csv", "a.csv", "--id", "21"];
        assert_eq!(shell.fails(&both).await.0, exit::USAGE);
    }
}
