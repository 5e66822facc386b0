//! Complaints and institutions as tables.

use std::collections::HashMap;

use super::*;
use crate::channels::tests::ruled;
use crate::testing::{PaperHub, acts};

const TABLE: &str = "Nomor Tiket;Judul;Isi Laporan;Klasifikasi;Wilayah;Tanggal Kejadian;Status;\
Instansi;Rahasia;Tindak Lanjut;Tanggal Tindak Lanjut\n\
7001;Lampu padam;Gelap.;Pengaduan;32.73;30-08-2026;Selesai;Pemerintah Kota Bandung;tidak;Sudah menyala.;02-09-2026\n\
7002;;Tanpa judul.;;;;;;;;\n\
7003;Jalan rusak;Berlubang.;Keluhan;Bandung;kemarin;Proses;Kementerian PU;;;\n\
7004;Parkir;Liar.;Aspirasi;Kota Bandung;;;;mungkin;;\n\
=9;Sampah;Menumpuk.;;;;;;;;\n\
7001;Lampu padam;Gelap.;;;;;;;;\n\
8;terlalu;sedikit\n";

fn table(text: &str) -> Source {
    Source::Table(text.to_owned())
}

#[tokio::test]
async fn broken_rows_are_named_by_line_and_field_and_the_others_come() {
    for bridge in bridges().await {
        let tried = bridge.import(&table(TABLE), terms(true)).await;
        let report = bridge.import(&table(TABLE), terms(false)).await;
        assert_eq!(tried, report);
        let refused = report
            .lines
            .iter()
            .filter(|line| line.became == Became::Refused);
        let refused: Vec<_> = refused
            .map(|line| (line.line.unwrap(), line.field))
            .collect();
        assert_eq!(refused, [(3, "title"), (5, "secret"), (6, "id"), (8, "")]);
        let remarked: HashMap<&str, u64> = report
            .lines
            .iter()
            .filter(|line| line.became == Became::Remark)
            .map(|line| (line.field, line.line.unwrap()))
            .collect();
        let expected = [
            ("classification", 4),
            ("region", 4),
            ("incident_date", 4),
            ("status", 4),
        ];
        assert_eq!(remarked, HashMap::from(expected));
        assert_eq!(
            report.summary(),
            "2 imported, 1 repeated, 4 refused, 4 remark"
        );
        let first = bridge.case("7001").await;
        assert_eq!(first.summary.state, Some(State::Archived));
        assert!(
            told(&first)[1].1.ends_with("2 September 2026"),
            "{:?}",
            told(&first)
        );
        let second = bridge.case("7003").await;
        let suggested = second.history[0].body.as_ref().unwrap()["suggested"].clone();
        assert_eq!(suggested, "kemenpu");
        let written = report.table().unwrap();
        assert!(
            written.contains("3,#7002,refused,title,missing"),
            "{written}"
        );
        assert!(
            !written.contains("Gelap") && !written.contains("Tanpa"),
            "{written}"
        );
        let again = bridge.import(&table(TABLE), terms(false)).await;
        assert_eq!(again.counts().get(&Became::Unchanged), Some(&2));
        assert_eq!(cases(&bridge.place, None).await.len(), 2);
    }
}

#[tokio::test]
async fn all_or_none_brings_none_of_a_table_with_a_broken_row() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        let whole = async |text: &str, dry| {
            node.bridge_import(&table(text), terms(dry), true, &mut |_, _| ())
                .await
                .unwrap()
        };
        let tried = whole(TABLE, true).await;
        assert_eq!(whole(TABLE, false).await, tried);
        assert_eq!(tried.counts().get(&Became::HeldBack), Some(&2));
        assert_eq!(cases(&bridge.place, None).await, []);
        let sound: Vec<&str> = TABLE.lines().take(2).collect();
        let done = whole(&sound.join("\n"), false).await;
        assert_eq!(done.summary(), "1 imported");
    }
}

#[tokio::test]
async fn a_table_without_its_columns_is_refused_whole() {
    for bridge in bridges().await {
        let source = table("nomor_tiket,isi\n1,a\n");
        let node = &bridge.place.node;
        let refused = node
            .bridge_import(&source, terms(false), false, &mut |_, _| ())
            .await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("lacks the column judul"), "{refused}");
    }
}

#[tokio::test]
async fn a_complaint_of_a_table_is_found_again_by_its_number_for_programs() {
    for bridge in bridges().await {
        let text = "tracking_id,title,content\n7654321,Lampu jalan padam,Gelap.\n";
        bridge.import(&table(text), terms(false)).await;
        let asked = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(asked.lines, [], "its number for programs is not known");
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.sp4n.says(
            21,
            said(3, "Pemerintah Kota Bandung", "reply", "Sudah menyala."),
        );
        assert_eq!(bridge.brings(21).await.summary(), "1 updated");
        assert_eq!(
            bridge.case("7654321").await.summary.state,
            Some(State::InProgress)
        );
        assert_eq!(
            bridge.import(&table(text), terms(false)).await.summary(),
            "1 unchanged"
        );
        let asked = bridge.follows(Which::All, false).await.unwrap();
        assert_eq!(
            asked.summary(),
            "1 unchanged",
            "a table takes no number away"
        );
    }
}

#[tokio::test]
async fn what_is_written_as_a_table_comes_in_elsewhere() {
    let others = databases().await;
    for (bridge, db) in bridges().await.into_iter().zip(others) {
        let text = TABLE.lines().take(2).collect::<Vec<_>>().join("\n");
        bridge.import(&table(&text), terms(false)).await;
        let hub = PaperHub::of(&bridge.place);
        ruled(&bridge.place, &hub).await;
        let mut written = Vec::new();
        let node = &bridge.place.node;
        let counts = node.bridge_table(&mut written, &mut |_, _| ()).await;
        assert_eq!(counts.unwrap(), (1, 0));
        let written = String::from_utf8(written).unwrap();
        let elsewhere = Bridge::of(Place::joined("kemenpu", db).await).await;
        let report = elsewhere.import(&table(&written), terms(false)).await;
        assert_eq!(report.summary(), "1 imported", "{written}\n{report:?}");
        let view = elsewhere.case("7001").await;
        assert_eq!(view.summary.title.as_deref(), Some("Lampu padam"));
        assert_eq!(view.summary.state, Some(State::Archived));
        let kinds: Vec<String> = told(&view).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["case.noted", "case.archived"]);
    }
}

#[tokio::test]
async fn a_table_that_comes_back_files_nothing_again() {
    for bridge in bridges().await {
        let (node, hub) = (&bridge.place.node, PaperHub::of(&bridge.place));
        // The number of the last has a mark that no number there has: its ticket stands in the table.
        for own_number in [None, Some("BDG-7"), Some("BDG/8")] {
            let typed = json!({
                "classification": "complaint", "title": "Lampu", "content": "Gelap.",
                "channel": "walk-in", "own_number": own_number,
            });
            let typed = serde_json::from_value(typed).unwrap();
            let case = node.file(typed, "test").await.unwrap().case;
            ruled(&bridge.place, &hub).await;
            let reason = json!({"reason": "other"});
            acts(&bridge.place, case, "case.archived", reason, None).await;
        }
        let mut written = Vec::new();
        let counts = node.bridge_table(&mut written, &mut |_, _| ()).await;
        assert_eq!(counts.unwrap(), (3, 0));
        let written = String::from_utf8(written).unwrap();
        assert!(written.contains(",BDG-7,"), "{written}");
        let report = bridge.import(&table(&written), terms(false)).await;
        assert_eq!(report.summary(), "2 unchanged, 1 refused", "{report:?}");
        let fields: Vec<&str> = remarks(&report)
            .into_iter()
            .map(|(_, field)| field)
            .collect();
        assert_eq!(fields, ["tracking_id"; 3], "{report:?}");
        assert_eq!(cases(&bridge.place, None).await.len(), 3);
        let case = cases(&bridge.place, Some("BDG-7")).await[0].case;
        let by_case = format!("tiket,judul,isi\n{case},Lampu,Gelap.\n");
        let report = bridge.import(&table(&by_case), terms(false)).await;
        assert_eq!(report.summary(), "1 unchanged", "{report:?}");
    }
}

#[tokio::test]
async fn institutions_keep_who_they_are_and_nobody_is_guessed() {
    for bridge in bridges().await {
        let node = &bridge.place.node;
        bridge.sp4n.knows_institution(11, "Pemkot Bandung");
        bridge.sp4n.knows_institution(14, "KEMENPU");
        bridge.sp4n.knows_institution(15, "Kemenpu Raya");
        let tried = node.bridge_institutions(None, terms(true)).await.unwrap();
        let taken = node.bridge_institutions(None, terms(false)).await.unwrap();
        assert_eq!(tried, taken);
        assert_eq!(taken.summary(), "2 imported, 1 updated, 1 remark");
        let remark = taken
            .lines
            .iter()
            .find(|line| line.became == Became::Remark);
        assert_eq!(remark.unwrap().id, "15");
        let maps = super::super::maps::Maps::of(node).await.unwrap();
        assert!(maps.is_own("pemkot  bandung"));
        assert_eq!(maps.institution("Kemenpu Raya"), None);
        let wrong = "id,name,instance\n9,Antah,antah-berantah\n";
        let refused = node
            .bridge_institutions(Some(wrong), terms(false))
            .await
            .unwrap();
        assert_eq!(remarks(&refused), [(Some(2), "instance")]);
        let open = "id,name,instance\n21,\"Antah\n22,Berantah,\n";
        let refused = node.bridge_institutions(Some(open), terms(false)).await;
        let refused = refused.unwrap();
        assert_eq!(refused.summary(), "1 refused");
        assert_eq!(refused.lines[0].line, Some(2));
        let head = node.bridge_institutions(Some("id,\"name\n23,X\n"), terms(false));
        assert_eq!(head.await.unwrap().summary(), "1 refused");
    }
}
