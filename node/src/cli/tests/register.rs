//! Registers at the command line.

use super::*;

#[tokio::test]
async fn a_register_is_tried_held_back_and_filed() {
    for shell in shells("kota-bandung").await {
        let file = shell.file(
            "register.csv",
            "No. Register;Isi;Tanggal Kejadian\n1;Jalan rusak;04-03-2026\n2;Lampu padam;kemarin\n",
        );
        let import = ["register", "import", &file];
        let trial = [&import[..], &["--dry-run"]].concat();
        let (code, message) = shell.fails(&trial).await;
        assert_eq!(code, exit::DATA, "{message}");
        assert!(message.contains("1 row is wrong"), "{message}");
        let without = [&trial[..], &["--without-wrong"]].concat();
        assert_eq!(
            shell.says(&without).await,
            "line 3, Tanggal Kejadian: no date such as 31-12-2026\n1 row can be filed, 1 cannot.\n"
        );
        let (code, message) = shell.fails(&import).await;
        assert_eq!(code, exit::DATA, "{message}");
        assert!(message.contains("1 row is wrong"), "{message}");
        let filed = shell
            .says(&[&import[..], &["--without-wrong"]].concat())
            .await;
        assert!(filed.ends_with("Filed 1 case.\n"), "{filed}");
        let (code, message) = shell.fails(&import).await;
        assert_eq!(code, exit::DATA);
        assert!(message.contains("uploaded before"), "{message}");
        let audited = shell.says(&["audit"]).await;
        assert!(audited.contains("register.brought"), "{audited}");
        let wrong = shell.file("wrong.csv", "Isi;Tanggal Kejadian\nLampu padam;kemarin\n");
        let nothing = ["register", "import", &wrong, "--without-wrong"];
        let trial = [&nothing[..], &["--dry-run"]].concat();
        let with_wrong = ["register", "import", &wrong, "--dry-run"];
        for words in [&nothing[..], &trial[..], &with_wrong[..]] {
            let (code, message) = shell.fails(words).await;
            assert_eq!(code, exit::DATA);
            assert!(message.contains("no row can be filed; mend"), "{message}");
        }
        let unknown = shell.file("unknown.csv", "Kode;Curhat\nA-1;Lampu padam\n");
        let bring = ["register", "import", &unknown];
        let trial = [&bring[..], &["--dry-run"]].concat();
        for words in [&bring[..], &trial[..]] {
            let (code, message) = shell.fails(words).await;
            assert_eq!(code, exit::DATA);
            assert!(message.contains("Isi Laporan"), "{message}");
        }
        let pigeon = [&import[..], &["--channel", "merpati"]].concat();
        assert_eq!(shell.fails(&pigeon).await.0, exit::USAGE);
    }
}
