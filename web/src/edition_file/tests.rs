//! What is told to whoever wrote a file.

use super::*;

fn entry(part: Part, number: usize, named: &str, flaw: EntryFlaw) -> Fault {
    let named = named.to_owned();
    Fault::Entry {
        entry: Entry {
            part,
            number,
            named,
        },
        flaw,
    }
}

fn shape(line: usize, column: usize, wrong: Wrong) -> Fault {
    Fault::Shape {
        line,
        column,
        wrong,
    }
}

fn syntax(line: usize, column: usize) -> Fault {
    Fault::Syntax { line, column }
}

/// All mistakes of a file that has a few.
fn all(read: Result<New, Faults>) -> Vec<Fault> {
    let faults = read.unwrap_err();
    assert_eq!(faults.more, 0, "{faults:?}");
    faults.named
}

#[test]
fn what_is_wrong_with_a_table_is_told_with_its_line() {
    for (text, fault) in [
        ("date,name\n", Fault::Lacking(vec!["kind"])),
        (
            "date,kind,name,catatan\n2031-01-01,libur_nasional,A,x\n",
            Fault::Beyond(vec!["catatan".to_owned()]),
        ),
        ("date,kind,name\n", Fault::Empty),
        (
            "date,kind,name\n2031-01-01,libur_nasional\n",
            Fault::Columns {
                line: 2,
                found: 2,
                expected: 3,
            },
        ),
        (
            "date,kind,name\n2031-01-01,libur_nasional,A\n2031-01-02,libur_nasional,\"B\n2031-01-03,libur_nasional,C\n",
            Fault::Unclosed { line: 3 },
        ),
        (
            "date,kind,\"name\n2031-01-01,libur_nasional,A\n",
            Fault::Unclosed { line: 1 },
        ),
        (
            "date,kind,name\n2031-01-01,libur,A\n",
            Fault::HolidayKind {
                line: 2,
                found: "libur".to_owned(),
            },
        ),
        (
            "date,kind,name\n2031-01-01,libur_nasional,A\n2031-02-30,libur_nasional,B\n",
            entry(Part::Row, 3, "2031-02-30 B", EntryFlaw::Date),
        ),
        (
            "date,kind,name\n2031-01-01,libur_nasional,A\n\n2031-01-01,libur_nasional,A\n",
            entry(
                Part::Row,
                4,
                "2031-01-01 A",
                EntryFlaw::SameDate { before: 2 },
            ),
        ),
    ] {
        assert_eq!(all(calendar(text, "2031.1")), [fault], "{text:.60}");
    }
    let fine = "date,kind,name\n2031-01-01,libur_nasional,A\n";
    assert_eq!(all(calendar(fine, "Edisi Baru")), [Fault::Name]);
    let read = calendar(fine, "2031.1");
    assert!(matches!(read, Ok(New::Calendar(new)) if new.edition == "2031.1"));
}

#[test]
fn what_is_wrong_with_the_json_of_a_calendar_is_told_with_its_place() {
    let day = |date: &str, name: &str| {
        format!(
            r#"{{"edition":"2031.1","days":[{{"date":"2031-01-01","name":"A","kind":"national_holiday"}},{{"date":"{date}","name":"{name}","kind":"collective_leave"}}]}}"#
        )
    };
    let (wrong_date, nameless) = (day("2031-02-30", "B"), day("2031-02-02", " "));
    let same_day = day("2031-01-01", "B");
    for (text, fault) in [
        (
            wrong_date.as_str(),
            entry(Part::Day, 2, "2031-02-30 B", EntryFlaw::Date),
        ),
        (
            nameless.as_str(),
            entry(Part::Day, 2, "2031-02-02  ", EntryFlaw::Nameless),
        ),
        (
            same_day.as_str(),
            entry(
                Part::Day,
                2,
                "2031-01-01 B",
                EntryFlaw::SameDate { before: 1 },
            ),
        ),
        (
            r#"{"edition":"2031.1","days":[]}"#,
            Fault::EmptyList("days"),
        ),
        ("{\"edition\":\"2031.1\",\n", Fault::Cut),
        ("{\n  edition\n}", syntax(2, 3)),
    ] {
        assert_eq!(all(calendar(text, "2031.1")), [fault], "{text:.60}");
    }
    let long = day("2031-02-02", &"x".repeat(400));
    let long = all(calendar(&long, "2031.1"));
    assert!(
        matches!(
            long[..],
            [Fault::Entry {
                flaw: EntryFlaw::Long { .. },
                ..
            }]
        ),
        "{long:?}"
    );
}

#[test]
fn all_mistakes_of_a_table_are_told_at_once() {
    let text = "date,kind,name,catatan\n\
        2031-02-30,libur,A,\n\
        2031-01-02,libur_nasional\n\
        2031-01-03,libur_nasional,,\n\
        2031-01-03,cuti_bersama,C,\n";
    let found = all(calendar(text, "Edisi Baru"));
    let expected = [
        Fault::Name,
        Fault::Beyond(vec!["catatan".to_owned()]),
        Fault::HolidayKind {
            line: 2,
            found: "libur".to_owned(),
        },
        entry(Part::Row, 2, "2031-02-30 A", EntryFlaw::Date),
        Fault::Columns {
            line: 3,
            found: 2,
            expected: 4,
        },
        entry(Part::Row, 4, "2031-01-03 ", EntryFlaw::Nameless),
        entry(
            Part::Row,
            5,
            "2031-01-03 C",
            EntryFlaw::SameDate { before: 4 },
        ),
    ];
    assert_eq!(found, expected);
    let header = all(calendar("tanggal,kind,nama\n", "2031.1"));
    let expected = [
        Fault::Lacking(vec!["date", "name"]),
        Fault::Beyond(vec!["tanggal".to_owned(), "nama".to_owned()]),
    ];
    assert_eq!(header, expected);
}

#[test]
fn all_mistakes_of_json_are_told_at_once() {
    let text = "{\"edition\":\"Edisi Baru\",\"catatan\":1,\n\
        \"days\":[7,\n\
        {\"date\":\"2031-02-30\",\"name\":\"\",\"kind\":\"libur\"},\n\
        {\"date\":\"2031-01-01\",\"date\":\"2031-01-02\",\"kind\":\"national_holiday\"}]}";
    let expected = [
        shape(1, 33, Wrong::Unknown("catatan".to_owned())),
        Fault::Name,
        shape(2, 9, Wrong::Other(Thing::Object)),
        shape(3, 45, Wrong::DayKind("libur".to_owned())),
        entry(Part::Day, 2, "2031-02-30 ", EntryFlaw::Date),
        entry(Part::Day, 2, "2031-02-30 ", EntryFlaw::Nameless),
        shape(4, 27, Wrong::Twice("date")),
        shape(4, 67, Wrong::Missing("name")),
    ];
    assert_eq!(all(calendar(text, "")), expected);
    let text = r#"{"roots":[{"name":"","below":["","Bau","bau"]},{"name":"Air"},{"name":"air"}]}"#;
    let expected = [
        shape(1, text.len(), Wrong::Missing("edition")),
        entry(Part::Category, 1, "", EntryFlaw::Nameless),
        entry(Part::Below { place: 1 }, 1, "", EntryFlaw::Nameless),
        entry(
            Part::Below { place: 3 },
            1,
            "/bau",
            EntryFlaw::SameName { before: 2 },
        ),
        entry(Part::Category, 3, "air", EntryFlaw::SameName { before: 2 }),
    ];
    assert_eq!(all(taxonomy(text, "")), expected);
}

#[test]
fn the_mark_that_an_editor_writes_before_a_file_is_passed_over() {
    let roots = "\u{feff}{\"edition\":\"2031.1\",\"roots\":[{\"name\":\"Air\"}]}";
    let read = taxonomy(roots, "");
    assert!(matches!(read, Ok(New::Taxonomy(new)) if new.edition == "2031.1"));
    let days = "\u{feff}{\"edition\":\"2031.1\",\"days\":[{\"date\":\"2031-01-01\",        \"name\":\"A\",\"kind\":\"national_holiday\"}]}";
    assert!(is_json(days));
    let read = calendar(days, "");
    assert!(matches!(read, Ok(New::Calendar(new)) if new.days.len() == 1));
    assert_eq!(all(taxonomy("\u{feff}{x", "")), [syntax(1, 2)]);
}

#[test]
fn json_is_known_where_it_is_no_utf_8() {
    let wide = |text: &str| -> Vec<u8> {
        let units = "\u{feff}".encode_utf16().chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    assert!(seems_json(&wide("{\"edition\":1}")));
    assert!(!seems_json(&wide("date,kind,name")));
    assert!(!seems_json(b"\xff\xfe"));
}

#[test]
fn the_first_twenty_are_named_and_the_others_counted() {
    let days = "2031-01-01,libur_nasional,A\n".repeat(1001);
    let faults = calendar(&format!("date,kind,name\n{days}"), "2031.1").unwrap_err();
    assert_eq!(faults.named[0], Fault::Many { most: 1000 });
    let again = entry(
        Part::Row,
        21,
        "2031-01-01 A",
        EntryFlaw::SameDate { before: 20 },
    );
    assert_eq!(faults.named[19], again);
    assert_eq!((faults.named.len(), faults.more), (20, 981));
}

#[test]
fn only_what_has_no_kind_is_told_by_its_reader() {
    let said = "a length that nobody foresaw".to_owned();
    let row = Fault::Row {
        line: 2,
        said: said.clone(),
    };
    for fault in [row, Fault::Limit(said.clone())] {
        assert_eq!(fault.technical(), Some(said.as_str()), "{fault:?}");
    }
    assert_eq!(Fault::Empty.technical(), None);
}

#[test]
fn what_is_wrong_with_categories_is_told_with_the_one_that_it_is() {
    let below = |names: &[String]| {
        let names = serde_json::to_string(names).unwrap();
        format!(
            r#"{{"edition":"2031.1","roots":[{{"name":"Jalan"}},{{"name":"Air","below":{names}}}]}}"#
        )
    };
    let many: Vec<String> = (0..201).map(|n| format!("Pipa {n}")).collect();
    let crowded = below(&many);
    let long = below(&["x".repeat(81)]);
    let nameless = below(&[String::new()]);
    let twice_below = below(&["Bau", "Pipa", "Bau"].map(str::to_owned));
    for (text, fault) in [
        (
            r#"{"roots":[{"name":"Air"}]}"#,
            shape(1, 26, Wrong::Missing("edition")),
        ),
        (
            r#"{"edition":"2031.1","roots":[]}"#,
            Fault::EmptyList("roots"),
        ),
        (
            r#"{"edition":"2031.1","roots":[{"name":"Jalan/Rusak","below":["Berat"]}]}"#,
            entry(
                Part::Category,
                1,
                "Jalan/Rusak",
                EntryFlaw::Unfit(Unfit::Slash),
            ),
        ),
        (
            r#"{"edition":"2031.1","roots":[{"name":"Air","below":["Pipa","Bau\n\u202eX"]}]}"#,
            entry(
                Part::Below { place: 2 },
                1,
                "Air/Bau\n\u{202e}X",
                EntryFlaw::Unfit(Unfit::Unseen),
            ),
        ),
        (
            r#"{"edition":"2031.1","roots":[{"name":"Air "}]}"#,
            entry(Part::Category, 1, "Air ", EntryFlaw::Unfit(Unfit::Blank)),
        ),
        (
            r#"{"edition":"2031.1","roots":[{"name":""}]}"#,
            entry(Part::Category, 1, "", EntryFlaw::Nameless),
        ),
        (
            crowded.as_str(),
            entry(Part::Category, 2, "Air", EntryFlaw::Crowded { most: 200 }),
        ),
        (
            long.as_str(),
            entry(
                Part::Below { place: 1 },
                2,
                "Air",
                EntryFlaw::Long { most: 80 },
            ),
        ),
        (
            nameless.as_str(),
            entry(Part::Below { place: 1 }, 2, "Air", EntryFlaw::Nameless),
        ),
        (
            twice_below.as_str(),
            entry(
                Part::Below { place: 3 },
                2,
                "Air/Bau",
                EntryFlaw::SameName { before: 1 },
            ),
        ),
        (
            r#"{"edition":"2031.1","roots":[{"name":"Air"},{"name":"Jalan"},{"name":"Air"}]}"#,
            entry(Part::Category, 3, "Air", EntryFlaw::SameName { before: 1 }),
        ),
        (
            r#"{"edition":"2031.1","roots":[{"name":"Air"}],"note":""}"#,
            shape(1, 51, Wrong::Unknown("note".to_owned())),
        ),
        (
            r#"{"edition":"2031.1","roots":[{"name":"\ud83d"}]}"#,
            syntax(1, 38),
        ),
    ] {
        assert_eq!(all(taxonomy(text, "")), [fault], "{text:.60}");
    }
}

#[test]
fn another_shape_of_categories_is_told_and_a_fine_file_becomes_an_edition() {
    for (roots, thing) in [
        ("7", Thing::List),
        (r#"["Air"]"#, Thing::Object),
        (r#"[{"name":null}]"#, Thing::Text),
        (
            r#"[{"name":"Air","below":"Bau, expected a string"}]"#,
            Thing::List,
        ),
    ] {
        let text = format!("{{\"edition\":\"2031.1\",\n\"roots\":{roots}}}");
        let found = all(taxonomy(&text, ""));
        assert!(
            matches!(found[..], [Fault::Shape { line: 2, wrong: Wrong::Other(asked), .. }] if asked == thing),
            "{found:?}"
        );
    }
    let fine = r#"{"edition":"2031.1","roots":[{"name":"Air","below":["Bau"]},{"name":"Jalan"}]}"#;
    let Ok(New::Taxonomy(new)) = taxonomy(fine, "2031.2") else {
        panic!("it can become an edition");
    };
    assert_eq!(new.edition, "2031.2");
    assert_eq!((new.roots.len(), new.roots[0].below.len()), (2, 1));
}
