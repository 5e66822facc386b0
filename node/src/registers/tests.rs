//! Registers from their file to their cases, on both databases.

use lapor_migrations::on;

use super::{Field, Import, ImportState, NewRegister, RegisterError, Wrong, expire};
use crate::casework::{CaseFilter, CaseSummary, Sight, ticket};
use crate::error::NodeError;
use crate::reporters::KeyGiver;
use crate::testing::{Counted, Place, databases};

const ACTOR: &str = "account:siti";
const FILE: &str = "REGISTER PENGADUAN 2026\n\nNo. Register;Isi Laporan;Kategori;Rahasia;Nama;Petugas\n\
    045/I;Jalan berlubang di depan pasar.;Perhubungan;;Canary Satu;A\n\
    046/I;Lampu padam sejak Senin.;;ya;;B\n;Sampah menumpuk.;;tidak;;\n";

const LEFT: &str = "select count(*) from imports where sheet is not null";

async fn places() -> Vec<Place> {
    let mut places = Vec::new();
    for db in databases().await {
        places.push(Place::joined("kota-bandung", db).await);
    }
    places
}

async fn brings(place: &Place, text: &str) -> Result<String, RegisterError> {
    let new = NewRegister {
        name: "C:\\register\\2026.csv",
        bytes: text.as_bytes().to_vec(),
        channel: "letter",
    };
    place.node.bring_register(new, ACTOR).await
}

async fn cases(place: &Place) -> Vec<CaseSummary> {
    let all = CaseFilter::default();
    let found = place.node.search(&Sight::ALL, "", &all, None, 200).await;
    found.unwrap().cases
}

fn said(import: &Import) -> Vec<(u64, &str, Wrong)> {
    let all = import.problems.iter();
    all.map(|one| {
        let column = one.column.as_deref().unwrap_or_default();
        (one.line, column, one.wrong.clone())
    })
    .collect()
}

#[tokio::test]
async fn every_row_becomes_a_case_and_nothing_does_before() {
    for place in places().await {
        let id = brings(&place, FILE).await.unwrap();
        let waits = place.node.register(&id, ACTOR).await.unwrap();
        assert_eq!((waits.ready, waits.wrong), (3, 0), "{:?}", waits.problems);
        assert_eq!((waits.name.as_str(), waits.sample[2].line), ("2026.csv", 6));
        let fields: Vec<_> = waits.columns.iter().map(|one| one.field).collect();
        assert_eq!(fields[..2], [Some(Field::Number), Some(Field::Content)]);
        assert_eq!(fields[5], None);
        assert!(cases(&place).await.is_empty());
        let filings = Counted::of("lapor_node_filings_total");
        let listening = metrics::set_default_local_recorder(&filings);
        let done = place.node.file_register(&id, false, None, ACTOR).await;
        drop(listening);
        let done = done.unwrap();
        assert_eq!((done.state, done.filed.len()), (ImportState::Done, 3));
        assert_eq!(filings.so_far(), 3);
        let cases = cases(&place).await;
        assert_eq!(cases.len(), 3);
        let one = |number: &str| {
            let mut all = cases.iter();
            all.find(|case| case.own_number.as_deref() == Some(number))
                .unwrap()
        };
        let road = one("045/I");
        assert_eq!(
            road.title.as_deref(),
            Some("Jalan berlubang di depan pasar")
        );
        assert_eq!(road.category.as_ref().unwrap().as_str(), "Perhubungan");
        assert_eq!(done.filed[0].ticket, road.ticket);
        assert!(one("046/I").secret && !road.secret);
        let reporter = place.node.identity(road.case, "test").await.unwrap();
        assert_eq!(reporter.unwrap().name.as_deref(), Some("Canary Satu"));
        let counter = place.node.at_counter(road.case).await.unwrap();
        let officer = Some(KeyGiver::Officer);
        assert_eq!(counter.key_giver, officer, "whoever asks for it gets a key");
        let counter = place.node.at_counter(one("046/I").case).await.unwrap();
        assert_ne!(counter.key_giver, officer, "it is secret");
        let again = place.node.file_register(&id, false, None, ACTOR).await;
        assert_eq!(again.unwrap(), done);
        assert_eq!(self::cases(&place).await.len(), 3);
    }
}

#[tokio::test]
async fn one_wrong_row_holds_all_back_unless_it_is_to_be_left_out() {
    for place in places().await {
        let file = "No. Register,Isi,Tanggal Kejadian,Surel,Telepon\n1,Jalan,kemarin,,\n\
            1,,4/3/2026,x,abc\n3,Lampu,04-03-2026,,81234567890\n3,Lain,,,\n,Lampu taman,,,\n\
            ,LAMPU taman!,,,\n";
        let id = brings(&place, file).await.unwrap();
        let waits = place.node.register(&id, ACTOR).await.unwrap();
        assert_eq!((waits.ready, waits.wrong), (2, 4));
        let wrong = [
            (2, "Tanggal Kejadian", Wrong::Day),
            (3, "Isi", Wrong::Missing),
            (3, "Telepon", Wrong::Phone),
            (3, "Surel", Wrong::Email),
            (3, "No. Register", Wrong::SameNumber(2)),
            (5, "No. Register", Wrong::SameNumber(4)),
            (7, "Isi", Wrong::SameWords(6)),
        ];
        assert_eq!(said(&waits), wrong);
        let quoted = waits.problems.iter().map(|one| one.value.as_deref());
        let quoted: Vec<_> = quoted.collect();
        // Of who reported nothing is quoted.
        let expected = [
            Some("kemarin"),
            None,
            None,
            None,
            Some("1"),
            Some("3"),
            Some("LAMPU taman!"),
        ];
        assert_eq!(quoted, expected);
        let mut kept = expected.map(|value| value.map(str::to_owned));
        kept[6] = None;
        let refused = place.node.file_register(&id, false, None, ACTOR).await;
        assert!(
            matches!(refused, Err(RegisterError::Wrong(4))),
            "{refused:?}"
        );
        assert!(cases(&place).await.is_empty());
        let filed = place.node.file_register(&id, true, None, ACTOR).await;
        let filed = filed.unwrap();
        let lines: Vec<u64> = filed.filed.iter().map(|row| row.line).collect();
        assert_eq!((lines, filed.wrong), (vec![4, 6], 4));
        assert_eq!(said(&filed), wrong, "what was left out is told afterwards");
        let values = filed.problems.iter().map(|one| one.value.clone());
        let values: Vec<_> = values.collect();
        assert_eq!(values, kept, "and no words of reports stay");
        let later = place.node.register(&id, ACTOR).await.unwrap();
        assert_eq!(later, filed);
        assert_eq!(cases(&place).await.len(), 2);
    }
}

#[tokio::test]
async fn what_was_filed_before_is_not_filed_again() {
    for place in places().await {
        let id = brings(&place, FILE).await.unwrap();
        let again = brings(&place, FILE).await.unwrap_err();
        let RegisterError::Before(before) = again else {
            panic!("{again:?}");
        };
        assert_eq!((&before.id, before.state), (&id, ImportState::Waiting));
        let filed = place.node.file_register(&id, false, None, ACTOR).await;
        filed.unwrap();
        let again = brings(&place, FILE).await.unwrap_err();
        assert!(matches!(again, RegisterError::Before(before) if before.filed == 3));
        // Another file with the same rows, and one that is new.
        let more = format!("{FILE}047/I;Parit mampet.;;;;\n045/I;Jalan.;;mungkin;;\n");
        let more = more.replace("045/I;Jalan berlubang", "048/I;Jalan berlubang");
        let id = brings(&place, &more).await.unwrap();
        let waits = place.node.register(&id, ACTOR).await.unwrap();
        assert_eq!((waits.ready, waits.wrong), (2, 3));
        assert_eq!(
            said(&waits),
            [
                (5, "No. Register", Wrong::KnownNumber),
                (6, "Isi Laporan", Wrong::KnownWords),
                (8, "Rahasia", Wrong::Truth),
                (8, "No. Register", Wrong::KnownNumber),
            ]
        );
    }
}

#[tokio::test]
async fn a_row_is_known_by_its_ticket_whatever_else_it_says() {
    for place in places().await {
        let id = brings(&place, FILE).await.unwrap();
        let filed = place.node.file_register(&id, false, None, ACTOR).await;
        let filed = filed.unwrap().filed;
        let [road, lamp, waste] = [0, 1, 2].map(|row: usize| filed[row].ticket.clone().unwrap());
        let typed = lamp.to_lowercase().replace('-', " ");
        let other = ticket::mint();
        let file = format!(
            "Tiket,No. Register,Isi,Tanggal Kejadian\n{road},,Lain sama sekali,kemarin\n\
             ,{typed},Lain lagi,\n{waste},050/I,,\n{other},,Dari simpul lain,\nTKT-1,,Lain pula,\n"
        );
        let id = brings(&place, &file).await.unwrap();
        let waits = place.node.register(&id, ACTOR).await.unwrap();
        assert_eq!((waits.ready, waits.wrong), (2, 3));
        let known = [
            (2, "Tiket", Wrong::KnownTicket(road)),
            (3, "No. Register", Wrong::KnownTicket(lamp)),
            (4, "Tiket", Wrong::KnownTicket(waste)),
        ];
        assert_eq!(said(&waits), known);
        let filed = place.node.file_register(&id, true, None, ACTOR).await;
        assert_eq!(filed.unwrap().filed.len(), 2);
        assert_eq!(cases(&place).await.len(), 5);
    }
}

#[tokio::test]
async fn personal_numbers_in_words_are_hidden_before_anything_is_filed() {
    const NIK: &str = "3273010101800001";
    for place in places().await {
        let file = format!(
            "Isi,Judul,Lokasi,Wilayah\nNIK saya {NIK}.,,,\nPipa bocor,NIK {NIK},Rumah {NIK},\n\
             Lampu padam,,,NIK {NIK}\n"
        );
        let id = brings(&place, &file).await.unwrap();
        let waits = place.node.register(&id, ACTOR).await.unwrap();
        assert_eq!((waits.ready, waits.wrong), (2, 1));
        assert_eq!(waits.sample[0].content, "NIK saya ••••••••••••••••.");
        let quoted = waits.problems[0].value.as_deref();
        assert_eq!(quoted, Some("NIK ••••••••••••••••"));
        let told = serde_json::to_string(&waits).unwrap();
        assert!(!told.contains(NIK), "{told}");
    }
}

#[tokio::test]
async fn a_register_waits_sealed_a_day_and_for_whoever_brought_it() {
    for place in places().await {
        let node = &place.node;
        let id = brings(&place, FILE).await.unwrap();
        let mut tx = node.read_tx().await.unwrap();
        let sealed = crate::store::imports::sheet(&mut tx, &id).await.unwrap();
        drop(tx);
        let sealed = String::from_utf8_lossy(&sealed.unwrap()).into_owned();
        assert!(!sealed.contains("Canary") && !sealed.contains("Jalan"));
        for other in [
            node.register(&id, "account:budi").await.err(),
            node.drop_register(&id, "account:budi").await.err(),
        ] {
            assert!(
                matches!(other, Some(NodeError::NotFound { .. })),
                "{other:?}"
            );
        }
        place.clock.advance(23 * 3_600_000);
        assert_eq!(expire(node).await.unwrap(), 0);
        place.clock.advance(2 * 3_600_000);
        assert_eq!(expire(node).await.unwrap(), 1);
        assert!(node.registers().await.unwrap().is_empty());
        let id = brings(&place, FILE).await.unwrap();
        node.file_register(&id, false, None, ACTOR).await.unwrap();
        place.clock.advance(48 * 3_600_000);
        assert_eq!(expire(node).await.unwrap(), 0);
        let mut tx = node.read_tx().await.unwrap();
        let left: i64 = on!(&mut tx, c => sqlx::query_scalar(LEFT).fetch_one(c).await).unwrap();
        assert_eq!(left, 0, "what was read goes when it is filed");
    }
}

#[tokio::test]
async fn a_person_says_what_a_column_is() {
    for place in places().await {
        let node = &place.node;
        let id = brings(&place, "Kode,Curhat\nA-1,Jalan rusak\n")
            .await
            .unwrap();
        let waits = node.register(&id, ACTOR).await.unwrap();
        assert_eq!((waits.ready, waits.wrong), (0, 1));
        let found = Wrong::NoContent("Kode, Curhat".into());
        assert_eq!(said(&waits), [(2, "", found)]);
        let problem = &waits.problems[0];
        let told = "no column holds the content; found: Kode, Curhat";
        assert_eq!(
            (problem.code, problem.detail.as_str()),
            ("no_content", told)
        );
        let refused = node.file_register(&id, true, None, ACTOR).await;
        assert!(matches!(refused, Err(RegisterError::NoContent)));
        let content = Some(Field::Content);
        for (columns, fine) in [
            (vec![content], false),
            (vec![content, content], false),
            (vec![Some(Field::Number), content], true),
        ] {
            let chosen = node.choose_columns(&id, columns, ACTOR).await;
            assert_eq!(chosen.is_ok(), fine, "{chosen:?}");
        }
        let filed = node.file_register(&id, false, None, ACTOR).await.unwrap();
        assert_eq!(filed.filed[0].own_number.as_deref(), Some("A-1"));
    }
}
