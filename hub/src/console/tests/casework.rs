//! Casework on the console, of hand-made terms and clocks. Whose numbers they
//! are, and how a history leads to them, is tried beside the record.

use http::StatusCode;
use lapor_migrations::Schema;
use lapor_migrations::throwaway::databases_of;
use lapor_protocol::ids::CaseId;

use super::{ConsoleRole, DAY_MS, NOW, Page, Place, login};
use crate::store::casework::{ClockRow, FactRow, TermRow, put};
use crate::store::state;

const HOUR_MS: i64 = 60 * 60 * 1000;
const FIGURES: &str = "/konsol/kasus";

/// A federation in which `count` cases were disposed to Bandung five days ago;
/// the first was given back, the second was answered after three hours, the
/// others are overdue.
pub async fn places(count: u8) -> Vec<Place> {
    let mut out = Vec::new();
    for db in databases_of(Schema::Hub).await {
        let place = Place::on(db, false).await;
        for role in ConsoleRole::ALL {
            place.hire(&login(role), role).await;
        }
        let (mut facts, mut terms, mut clocks) = (Vec::new(), Vec::new(), Vec::new());
        for number in 1..=count {
            let (fact, term, clock) = rows(number);
            facts.push(fact);
            terms.push(term);
            clocks.extend(clock);
        }
        let mut tx = place.ground.db.write().await.unwrap();
        put(&mut tx, facts, terms, clocks).await.unwrap();
        tx.commit().await.unwrap();
        out.push(place);
    }
    out
}

fn case(number: u8) -> CaseId {
    CaseId::mint(NOW, [7, 7, 7, 7, 7, 7, 7, 7, 7, number])
}

fn rows(number: u8) -> (FactRow, TermRow, Option<ClockRow>) {
    let since = NOW - 5 * DAY_MS + i64::from(number);
    let returned = (number == 1).then_some(since + HOUR_MS);
    let answered = (number == 2).then_some(since + 3 * HOUR_MS);
    let fact = FactRow {
        case: case(number),
        origin: "kota-bandung".to_owned(),
        custodian: "kota-bandung".to_owned(),
        state: "disposed",
        classification: "complaint".to_owned(),
        category: None,
        region: None,
        filed_at: since - HOUR_MS,
        answered_at: answered,
        ended_at: None,
        hops: 0,
        score: None,
    };
    let term = TermRow {
        case: case(number),
        term: 1,
        hop: 2,
        institution: "kota-bandung".to_owned(),
        disposed: true,
        since,
        acted_at: returned.or(answered),
        answered_at: answered,
        until: returned,
        ended_by: returned.map(|_| "case.returned"),
        reason: None,
        case_answered_at: answered,
    };
    let clock = (number > 2).then(|| ClockRow {
        case: case(number),
        number: 1,
        hop: 2,
        institution: "kota-bandung".to_owned(),
        step: "first_answer",
        ran_out_at: Some(since + DAY_MS),
        met_at: None,
    });
    (fact, term, clock)
}

#[tokio::test]
async fn how_many_cases_cannot_be_read_is_said_above_the_figures() {
    for place in places(4).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let said = "1 kasus tidak dapat dibaca";
        looks.open(FIGURES).await.hides(said);
        let listed = serde_json::to_string(&[case(1)]).unwrap();
        let mut tx = place.ground.db.write().await.unwrap();
        state::write(&mut tx, state::CASEWORK_UNREAD, &listed)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        // What took long to count is shown again for a while; another period is counted anew.
        let other = format!("{FIGURES}?kurun=7");
        looks.open(&other).await.shows(said);
    }
}

/// What stands in the cell of Bandung under a heading.
fn cell(page: &Page, heading: &str) -> String {
    let row = page.between("Kota Bandung</a></th>", "</tr>");
    let cell = row
        .split_once(&format!("data-label=\"{heading}\">"))
        .unwrap()
        .1;
    let cell = cell.split_once("</td>").unwrap().0;
    let text = cell.rsplit_once("\">").map_or(cell, |(_, text)| text);
    text.trim_end_matches("</a>").to_owned()
}

#[tokio::test]
async fn everybody_sees_the_figures_and_what_they_mean() {
    for place in places(4).await {
        for role in ConsoleRole::ALL {
            let looks = place.enters(&login(role)).await;
            let page = looks.open(FIGURES).await;
            page.is(StatusCode::OK)
                .shows("Disposisi yang masih berada di instansi tujuan")
                .shows("href=\"/konsol/kasus/daftar?yang=terlambat&#38;instansi=kota-bandung\"");
            assert_eq!(cell(&page, "Lewat tenggat"), "2");
            assert_eq!(cell(&page, "Disposisi belum diterima"), "2");
            assert_eq!(cell(&page, "Belum dijawab"), "2");
            assert_eq!(cell(&page, "Salah alamat"), "100,0% (1 dari 1)");
            assert_eq!(cell(&page, "Waktu sampai jawaban, median"), "3 jam");
        }
    }
}

#[tokio::test]
async fn the_figures_are_narrowed_sorted_and_refused_where_nothing_is_meant() {
    for place in places(3).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        for (query, seen) in [
            ("kurun=7", true),
            ("kurun=90&urut=nama", true),
            ("jenis=kota", true),
            ("jenis=bumn", false),
            ("provinsi=99", false),
            ("hal=2", false),
        ] {
            let page = looks.open(&format!("{FIGURES}?{query}")).await;
            page.is(StatusCode::OK);
            let found = page.text.contains("Kota Bandung</a></th>");
            assert_eq!(found, seen, "{query}");
        }
        for query in [
            "kurun=8",
            "kurun=2026-09-22",
            "kurun=2100-01-04",
            "urut=warna",
            "hal=0",
        ] {
            let page = looks.open(&format!("{FIGURES}?{query}")).await;
            page.is(StatusCode::UNPROCESSABLE_ENTITY);
        }
        let unknown = looks.open(&format!("{FIGURES}?warna=merah")).await;
        unknown.is(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_list_is_paged_and_each_case_is_in_it_once() {
    for place in places(62).await {
        let looks = place.enters(&login(ConsoleRole::Auditor)).await;
        let list = "/konsol/kasus/daftar?yang=terlambat&instansi=kota-bandung";
        let first = looks.open(list).await;
        first.shows("Jawaban pertama").shows(&case(3).to_string());
        assert_eq!(first.text.matches("<th scope=\"row\">").count(), 50);
        let next = first
            .between("rel=\"next\" href=\"", "\"")
            .replace("&#38;", "&");
        let second = looks.open(&next).await;
        assert_eq!(second.text.matches("<th scope=\"row\">").count(), 10);
        second
            .shows(&case(62).to_string())
            .hides(&case(3).to_string())
            .hides("rel=\"next\"");
        for (query, count) in [
            ("yang=belum-diterima", 50),
            ("yang=belum-dijawab&instansi=kemenpu", 0),
            ("yang=terlambat&langkah=verification", 0),
        ] {
            let page = looks.open(&format!("/konsol/kasus/daftar?{query}")).await;
            let shown = page.is(StatusCode::OK).text.matches("<th scope=\"row\">");
            assert_eq!(shown.count(), count, "{query}");
        }
        for query in [
            "yang=semua",
            "yang=terlambat&langkah=x",
            "yang=terlambat&sesudah=x",
        ] {
            let page = looks.open(&format!("/konsol/kasus/daftar?{query}")).await;
            page.is(StatusCode::UNPROCESSABLE_ENTITY);
        }
    }
}

#[tokio::test]
async fn a_week_has_a_report_and_tables_that_hold_numbers_alone() {
    for place in places(4).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let weeks = looks.open("/konsol/kasus/minggu").await;
        weeks
            .shows("/konsol/kasus/minggu/2026-09-21")
            .shows("Berjalan");
        let running = looks.open("/konsol/kasus/minggu/2026-09-21").await;
        running.shows("Minggu ini belum selesai");
        let past = looks.open("/konsol/kasus/minggu/2026-09-14").await;
        past.is(StatusCode::OK)
            .shows("Kota Bandung")
            .hides("belum selesai;");
        for gone in ["2026-09-22", "2026-09-28", "kemarin"] {
            let page = looks.open(&format!("/konsol/kasus/minggu/{gone}")).await;
            assert!(page.status.is_client_error(), "{gone}: {}", page.status);
        }
        let table = looks
            .open("/konsol/kasus/tabel/instansi.csv?kurun=30")
            .await;
        let mut lines = table.is(StatusCode::OK).text.lines();
        assert!(
            lines
                .next()
                .unwrap()
                .starts_with("institution,name,kind,region,received,")
        );
        let row = lines.next().unwrap();
        assert!(
            row.starts_with(
                "kota-bandung,Kota Bandung,kota,,4,3,2,2,2,1,1,1000,1,10800000,10800000,2026-"
            ),
            "{row}"
        );
        let hops = looks.open("/konsol/kasus/tabel/perpindahan.csv").await;
        hops.shows("hop,received,").shows("\n2,4,3,2,");
        let steps = looks
            .open("/konsol/kasus/tabel/langkah.csv?kurun=2026-09-14")
            .await;
        steps.shows("first_answer,,").shows("acceptance,");
        let none = looks.open("/konsol/kasus/tabel/semua.csv").await;
        none.is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn a_case_is_looked_for_by_its_number_and_never_by_a_ticket() {
    for place in places(1).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let ask = "/konsol/kasus/cari";
        looks.open(ask).await.shows("tersegel di antara para pihak");
        let ticket = looks.open(&format!("{ask}?kasus=4F7KX-92MQ3")).await;
        ticket
            .is(StatusCode::UNPROCESSABLE_ENTITY)
            .shows("Ini bukan nomor kasus");
        let unknown = looks.open(&format!("{ask}?kasus={}", case(9))).await;
        unknown.shows("Tidak ada kasus dengan nomor ini");
        let gone = looks.open(&format!("{FIGURES}/{}", case(9))).await;
        gone.is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_was_given_back_and_the_slowest_answers_are_listed() {
    for place in places(4).await {
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let figures = looks.open(&format!("{FIGURES}?kurun=7")).await;
        for link in [
            "yang=salah-alamat&#38;instansi=kota-bandung&#38;kurun=7",
            "yang=dijawab&#38;instansi=kota-bandung&#38;kurun=7",
            "yang=terlambat&#38;perpindahan=2\"",
            "yang=salah-alamat&#38;perpindahan=2&#38;kurun=7",
        ] {
            figures.shows(&format!("href=\"/konsol/kasus/daftar?{link}"));
        }
        for (query, found) in [
            ("yang=salah-alamat", &[1][..]),
            ("yang=salah-alamat&perpindahan=2&kurun=7", &[1]),
            ("yang=salah-alamat&perpindahan=1", &[]),
            ("yang=salah-alamat&kurun=2026-08-03", &[]),
            ("yang=dijawab&instansi=kota-bandung", &[2]),
            ("yang=terlambat&perpindahan=2", &[3, 4]),
            ("yang=terlambat&perpindahan=3", &[]),
            ("yang=belum-diterima&perpindahan=2", &[3, 4]),
        ] {
            let page = looks.open(&format!("/konsol/kasus/daftar?{query}")).await;
            page.is(StatusCode::OK);
            let listed = |number: &u8| page.text.contains(&case(*number).to_string());
            let listed: Vec<u8> = (1..=4).filter(listed).collect();
            assert_eq!(listed, found, "{query}");
        }
        let wrong = looks.open("/konsol/kasus/daftar?yang=terlambat&perpindahan=5");
        wrong.await.is(StatusCode::UNPROCESSABLE_ENTITY);
        let week = looks.open("/konsol/kasus/minggu/2026-09-14").await;
        week.shows("yang=dijawab&#38;instansi=kota-bandung&#38;kurun=2026-09-14")
            .hides("yang=terlambat");
    }
}

#[tokio::test]
async fn the_slowest_answers_come_first_and_each_is_listed_once() {
    for place in places(0).await {
        let all = (1..=52).map(|number| {
            let (mut fact, mut term, _) = rows(number);
            let answered = term.since + i64::from(number) * HOUR_MS;
            fact.answered_at = Some(answered);
            (term.until, term.ended_by) = (None, None);
            (term.acted_at, term.answered_at) = (Some(answered), Some(answered));
            term.case_answered_at = Some(answered);
            (fact, term)
        });
        let (facts, terms): (Vec<_>, Vec<_>) = all.unzip();
        let mut tx = place.ground.db.write().await.unwrap();
        put(&mut tx, facts, terms, Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        let looks = place.enters(&login(ConsoleRole::Observer)).await;
        let first = looks.open("/konsol/kasus/daftar?yang=dijawab").await;
        let place_of = |number| first.text.find(&case(number).to_string()).unwrap();
        assert!(place_of(52) < place_of(51) && place_of(51) < place_of(3));
        first.shows("2,2 hari").hides(&case(2).to_string());
        let next = first
            .between("rel=\"next\" href=\"", "\"")
            .replace("&#38;", "&");
        let second = looks.open(&next).await;
        second
            .shows(&case(2).to_string())
            .shows(&case(1).to_string())
            .hides(&case(4).to_string())
            .hides("rel=\"next\"");
    }
}
