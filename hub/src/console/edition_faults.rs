//! What is wrong with a file that is to become an edition, in the words of whoever has to mend it.

use lapor_web::categories::{Unfit, is_unseen};
use lapor_web::edition_file::{Entry, EntryFlaw, Fault, Faults, Part, Thing, Wrong};
use lapor_web::language::{TextId, Voice, text_id};

/// All that is wrong with a file, to be shown.
#[derive(Debug, Default)]
pub struct Mistakes {
    pub lines: Vec<Mistake>,
    /// How many there are beyond these.
    pub more: usize,
}

#[derive(Debug)]
pub struct Mistake {
    pub said: String,
    /// What the reader of the file said that has no words here, in English.
    pub technical: Option<String>,
}

impl Mistakes {
    pub fn of(v: &Voice, faults: &Faults) -> Self {
        let line = |fault: &Fault| Mistake {
            said: fault_words(v, fault),
            technical: fault.technical().map(str::to_owned),
        };
        Self {
            lines: faults.named.iter().map(line).collect(),
            more: faults.more,
        }
    }
}

/// Says it with its place; what the reader of a file said stays technical detail.
fn fault_words(v: &Voice, fault: &Fault) -> String {
    match fault {
        Fault::Lacking(columns) => {
            let columns = columns.join(", ");
            v.with("columns", columns).say("edition-columns-lacking")
        }
        Fault::Beyond(columns) => {
            let columns = columns.join(", ");
            v.with("columns", columns).say("edition-columns-unknown")
        }
        Fault::Empty => v.say("edition-empty"),
        Fault::EmptyList(list) => v.with("list", *list).say("edition-list-empty"),
        Fault::Columns {
            line,
            found,
            expected,
        } => {
            let said = v.with("found", *found).with("expected", *expected);
            at_line(v, *line, said.say("edition-columns-wrong"))
        }
        Fault::HolidayKind { line, found } => {
            let said = v.with("found", found).say("edition-holiday-kind");
            at_line(v, *line, said)
        }
        Fault::Unclosed { line } => at_line(v, *line, v.say("edition-quote-open")),
        Fault::Row { line, .. } => at_line(v, *line, v.say("edition-row-wrong")),
        Fault::Cut => v.say("edition-cut"),
        Fault::Syntax { line, column } => at(v, (*line, *column), v.say("edition-no-json")),
        Fault::Shape {
            line,
            column,
            wrong,
        } => at(v, (*line, *column), shape_words(v, wrong)),
        Fault::Name => v.say("edition-name-wrong"),
        Fault::Many { most } => v.with("most", *most).say("edition-too-many"),
        Fault::Entry { entry, flaw } => {
            let said = v.with("place", place(v, entry));
            said.with("wrong", flaw_words(v, entry.part, *flaw))
                .say("edition-placed")
        }
        Fault::Limit(_) => v.say("edition-limit"),
    }
}

fn shape_words(v: &Voice, wrong: &Wrong) -> String {
    match wrong {
        Wrong::Missing(field) => v.with("field", *field).say("edition-field-missing"),
        Wrong::Unknown(field) => v.with("field", field).say("edition-field-unknown"),
        Wrong::Twice(field) => v.with("field", *field).say("edition-field-twice"),
        Wrong::DayKind(found) => v.with("found", found).say("edition-day-kind"),
        Wrong::Other(thing) => v.say(thing_words(*thing)),
    }
}

fn thing_words(thing: Thing) -> TextId {
    match thing {
        Thing::Text => text_id("edition-asks-text"),
        Thing::List => text_id("edition-asks-list"),
        Thing::Object => text_id("edition-asks-object"),
    }
}

fn at_line(v: &Voice, line: u64, wrong: String) -> String {
    let place = v.with("line", line.to_string()).say("edition-line");
    let said = v.with("place", place).with("wrong", wrong);
    said.say("edition-placed")
}

fn at(v: &Voice, (line, column): (usize, usize), wrong: String) -> String {
    let place = v.with("line", line.to_string());
    let place = place.with("column", column.to_string());
    let said = v.with("place", place.say("edition-line-column"));
    said.with("wrong", wrong).say("edition-placed")
}

fn place(v: &Voice, entry: &Entry) -> String {
    let named = entry.named.replace(is_unseen, " ");
    let named = match named.trim() {
        "" => "–",
        named => named,
    };
    let said = v.with("n", entry.number.to_string()).with("named", named);
    match entry.part {
        Part::Day => said.say("edition-day"),
        Part::Row => said.say("edition-row"),
        Part::Category => said.say("edition-category"),
        Part::Below { place } => said.with("place", place.to_string()).say("edition-below"),
    }
}

fn flaw_words(v: &Voice, part: Part, flaw: EntryFlaw) -> String {
    match flaw {
        EntryFlaw::Date => v.say("edition-date-wrong"),
        EntryFlaw::Nameless => v.say("edition-nameless"),
        EntryFlaw::Long { most } => v.with("most", most).say("edition-name-long"),
        EntryFlaw::Crowded { most } => v.with("most", most).say("edition-crowded"),
        EntryFlaw::Unfit(unfit) => v.say(unfit_words(unfit)),
        EntryFlaw::SameDate { before } => {
            let said = v.with("before", before.to_string());
            match part {
                Part::Row => said.say("edition-date-twice-row"),
                _ => said.say("edition-date-twice"),
            }
        }
        EntryFlaw::SameName { before } => {
            let said = v.with("before", before.to_string());
            said.say("edition-name-twice")
        }
    }
}

fn unfit_words(unfit: Unfit) -> TextId {
    match unfit {
        Unfit::Slash => text_id("edition-name-slash"),
        Unfit::Unseen => text_id("edition-name-unseen"),
        Unfit::Blank => text_id("edition-name-blank"),
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;
    use lapor_web::edition_file::{New, calendar, taxonomy};
    use lapor_web::language::Language;

    use super::*;
    use crate::console::texts;

    /// The first mistake as both kinds of readers are told of it.
    fn are_told(
        cases: impl IntoIterator<Item = (Result<New, Faults>, &'static str, &'static str)>,
    ) {
        for (read, indonesian, english) in cases {
            let faults = read.unwrap_err();
            for (language, said) in [
                (Language::Indonesian, indonesian),
                (Language::English, english),
            ] {
                let v = Voice::new(language, texts(), Tz::Asia__Jakarta, 0);
                let mistakes = Mistakes::of(&v, &faults);
                let words = &mistakes.lines[0].said;
                assert!(words.starts_with(said), "{words}");
            }
        }
    }

    #[test]
    fn what_is_wrong_with_a_table_is_told_with_its_place_in_the_language_of_its_reader() {
        let table = |rows: &str| calendar(&format!("date,kind,name\n{rows}"), "2031.1");
        are_told([
            (
                calendar("date,name\n", "2031.1"),
                "Baris judul tidak memiliki kolom kind",
                "The header lacks the column kind",
            ),
            (
                calendar("date,kind,name,nilai\n", "2031.1"),
                "Baris judul memiliki kolom yang tidak dikenal: nilai",
                "The header has columns that are not known: nilai",
            ),
            (
                table("2031-01-01,libur,A\n"),
                "Baris 2: jenis “libur” tidak dikenal",
                "Line 2: “libur” is no kind",
            ),
            (
                table("2031-01-01,libur_nasional\n"),
                "Baris 2: berisi 2 kolom, sedangkan baris judul 3",
                "Line 2: it has 2 columns, and the header has 3",
            ),
            (
                table("2031-01-01,libur_nasional,\"A\n2031-01-02,libur_nasional,B\n"),
                "Baris 2: tanda kutip yang membuka sebuah sel tidak ditutup",
                "Line 2: a quotation mark that opens a cell is not closed",
            ),
            (
                table("2031-02-30,libur_nasional,X\n"),
                "Baris 2 (2031-02-30 X): bukan tanggal menurut kalender",
                "Line 2 (2031-02-30 X): no date of the calendar",
            ),
            (
                table("2031-01-01,libur_nasional,A\n2031-01-01,cuti_bersama,B\n"),
                "Baris 3 (2031-01-01 B): tanggalnya sama dengan baris 2",
                "Line 3 (2031-01-01 B): its date is that of line 2",
            ),
        ]);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_place_in_the_language_of_its_reader() {
        are_told([
            (
                taxonomy("{}", ""),
                "Baris 1, kolom 2: sampai di situ tidak ada isian “edition”",
                "Line 1, column 2: up to there the field “edition” is missing",
            ),
            (
                taxonomy(r#"{"edition":"2031.1","roots":[{"name":""}]}"#, ""),
                "Kategori ke-1 (–): tidak bernama",
                "Category 1 (–): without a name",
            ),
            (
                calendar(
                    r#"{"edition":"2031.1","days":[{"date":"2031-01-01","name":"A","kind":"national_holiday"},{"date":"2031-01-01","name":"B","kind":"collective_leave"}]}"#,
                    "",
                ),
                "Hari ke-2 (2031-01-01 B): tanggalnya sama dengan hari ke-1",
                "Day 2 (2031-01-01 B): its date is that of day 1",
            ),
            (
                taxonomy(
                    r#"{"edition":"2031.1","roots":[{"name":"Air","below":["Bau","bau"]}]}"#,
                    "",
                ),
                "Kategori ke-2 di bawah kategori ke-1 (Air/bau): namanya sudah ada di atasnya, pada urutan ke-1",
                "Category 2 below category 1 (Air/bau): its name stands above already, at place 1",
            ),
            (
                taxonomy(r#"{"edition":"2031.1","roots":[]}"#, ""),
                "Daftar “roots” kosong",
                "The list “roots” is empty",
            ),
            (
                taxonomy(
                    r#"{"edition":"2031.1","roots":[{"name":"Agama","below":["Pesantren/Madrasah"]}]}"#,
                    "",
                ),
                "Kategori ke-1 di bawah kategori ke-1 (Agama/Pesantren/Madrasah): namanya memuat garis miring",
                "Category 1 below category 1 (Agama/Pesantren/Madrasah): its name has a slash",
            ),
            (
                taxonomy(
                    r#"{"edition":"2031.1","roots":[{"name":"Air\n\u202eapiP"}]}"#,
                    "",
                ),
                "Kategori ke-1 (Air  apiP): namanya memuat karakter yang tidak terlihat",
                "Category 1 (Air  apiP): its name has characters that are not seen",
            ),
            (
                taxonomy(r#"{"edition":"2031.1","roots":[{"name":" Air"}]}"#, ""),
                "Kategori ke-1 (Air): namanya diawali atau diakhiri spasi",
                "Category 1 (Air): its name begins or ends with a blank",
            ),
            (
                taxonomy("{\"edition\":\"2031.1\",\n\"roots\":[],\"catatan\":1}", ""),
                "Baris 2, kolom 20: isian “catatan” tidak dikenal",
                "Line 2, column 20: the field “catatan” is not known",
            ),
            (
                taxonomy("{\"edition\":\"2031.1\",\n\"edition\":\"2031.2\"}", ""),
                "Baris 2, kolom 9: isian “edition” ditulis dua kali",
                "Line 2, column 9: the field “edition” is written twice",
            ),
            (
                taxonomy("{\"edition\":\"2031.1\",\n\"roots\":7}", ""),
                "Baris 2, kolom 9: di sekitar situ seharusnya ada daftar",
                "Line 2, column 9: about there a list between square brackets should stand",
            ),
            (
                calendar(r#"{"edition":"2031.1","days":[{"kind":"libur"}]}"#, ""),
                "Baris 1, kolom 43: jenis “libur” tidak dikenal",
                "Line 1, column 43: “libur” is no kind",
            ),
            (
                taxonomy(r#"{"edition":"2031.1","roots":["#, ""),
                "Berkas terpotong",
                "The file is cut off",
            ),
        ]);
    }
}
