//! The bridge against a stand-in of SP4N-LAPOR!, and with tables.

mod filing;
mod following;
mod handing;
mod listed;
mod tables;

use lapor_migrations::on;
use lapor_protocol::case::State;
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use lapor_stand_ins::sp4n::{KEY, Sp4n, TOKEN};
use serde_json::{Value, json};

use super::{Became, BridgeError, Report, Source, Terms, Which};
use crate::casework::{CaseFilter, CaseSummary, CaseView};
use crate::channels::tests::kept;
use crate::testing::{Counted, Place, databases};

/// A node beside a stand-in of SP4N-LAPOR!, which calls it *Pemerintah Kota Bandung*.
struct Bridge {
    place: Place,
    sp4n: Sp4n,
}

const INSTITUTIONS: &str = "id;name;instance\n11;Pemerintah Kota Bandung;kota-bandung\n\
    12;Kementerian PU;kemenpu\n13;Pemerintah Kota Antah;\n";

impl Bridge {
    async fn of(mut place: Place) -> Self {
        lapor_certs::tls::install_default_provider();
        let sp4n = Sp4n::open().await;
        let (key, token) = (
            kept(&place, "sp4n-key", KEY),
            kept(&place, "sp4n-token", TOKEN),
        );
        let settings = &mut place.settings.bridge;
        settings.base_url = Some(sp4n.base());
        settings.list_path = Some("complaints".into());
        (settings.auth_file, settings.token_file) = (Some(key), Some(token));
        let fields = [("institution_from_id".to_owned(), "11".to_owned())];
        settings.follow_up_fields = fields.into();
        place.node = place.reopened().await;
        let bridge = Self { place, sp4n };
        let node = &bridge.place.node;
        let institutions = node.bridge_institutions(Some(INSTITUTIONS), terms(false));
        assert_eq!(
            institutions.await.unwrap().summary(),
            "3 imported, 1 remark"
        );
        bridge
    }

    async fn import(&self, source: &Source, terms: Terms<'_>) -> Report {
        let node = &self.place.node;
        node.bridge_import(source, terms, false, &mut |_, _| ())
            .await
            .unwrap()
    }

    /// Imports one complaint by its number.
    async fn brings(&self, id: u64) -> Report {
        let source = Source::Numbers(vec![id.to_string()]);
        self.import(&source, terms(false)).await
    }

    async fn follows(&self, which: Which, dry: bool) -> Result<Report, BridgeError> {
        self.place
            .node
            .bridge_follow(which, terms(dry), &mut |_, _| ())
            .await
    }

    async fn hands_over(&self, dry: bool) -> Report {
        let node = &self.place.node;
        node.bridge_export(terms(dry), &mut |_, _| ())
            .await
            .unwrap()
    }

    /// What is known of a case here cannot be read any more.
    async fn damages(&self, case: &str) {
        const SQL: &str = "update cases set fold = '{' where case_id = $1";
        let mut tx = self.place.node.write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(SQL).bind(case).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    }

    /// The case with a number of theirs.
    async fn case(&self, tracking: &str) -> CaseView {
        let found = cases(&self.place, Some(tracking)).await;
        assert_eq!(found.len(), 1, "{tracking}");
        self.place.node.case(found[0].case).await.unwrap()
    }
}

async fn bridges() -> Vec<Bridge> {
    let mut bridges = Vec::new();
    for db in databases().await {
        bridges.push(Bridge::of(Place::joined("kota-bandung", db).await).await);
    }
    bridges
}

fn terms(dry: bool) -> Terms<'static> {
    Terms {
        actor: "test",
        dry,
        link: false,
    }
}

async fn cases(place: &Place, own_number: Option<&str>) -> Vec<CaseSummary> {
    let filter = CaseFilter {
        own_number: own_number.map(str::to_owned),
        ..CaseFilter::default()
    };
    place.node.cases(&filter, None, 200).await.unwrap().cases
}

/// A complaint as it is told there.
fn complaint(id: u64, status: &str) -> Value {
    json!({
        "id": id, "tracking_id": format!("76543{id}"), "title": "Lampu jalan padam",
        "content": "<p>Gelap sejak <b>Senin</b>.</p>", "classification": {"id": 6, "name": "Pengaduan"},
        "category_name": "Penerangan Jalan Umum", "location_name": "Kota Bandung",
        "date_of_incident": "2026-08-30", "created_at": "31-08-2026 08:00:00",
        "status": {"id": 2, "name": status}, "disposition_name": "Pemerintah Kota Bandung",
        "is_anonymous": 0, "is_secret": false, "user": {"id": 5, "name": "Siti"},
        "attachments": [],
    })
}

/// A follow-up as it is told there.
fn said(id: u64, from: &str, code: &str, text: &str) -> Value {
    json!({
        "id": id, "institution_from_name": from, "institution_to_name": "Pemerintah Kota Bandung",
        "template_code": code, "content": text, "created_at": format!("0{}-09-2026 10:00:00", id % 9 + 1),
    })
}

/// Kinds of the messages of a case with their texts, behind the report.
fn told(view: &CaseView) -> Vec<(String, String)> {
    let later = view.history.iter().skip(1);
    later
        .map(|entry| {
            let text = entry
                .words
                .as_ref()
                .and_then(|words| words["text"].as_str());
            (entry.kind.clone(), text.unwrap_or_default().to_owned())
        })
        .collect()
}

/// Lines of a report that are about a field, with the field.
fn remarks(report: &Report) -> Vec<(Option<u64>, &'static str)> {
    let lines = report.lines.iter().filter(|line| !line.field.is_empty());
    lines.map(|line| (line.line, line.field)).collect()
}

#[tokio::test]
async fn a_complaint_comes_with_its_number_its_state_and_what_was_said() {
    for bridge in bridges().await {
        bridge.sp4n.has(complaint(21, "Diproses"));
        let moved = "{{institution_from}} meneruskan ke {{institution_to}}";
        for follow_up in [
            said(1, "Admin Pusat", "disposition", moved),
            said(
                3,
                "Pemerintah Kota Bandung",
                "reply",
                "Petugas memperbaiki Rabu.",
            ),
            said(2, "Kementerian PU", "reply", "Bukan jalan nasional."),
        ] {
            bridge.sp4n.says(21, follow_up);
        }
        let report = bridge.brings(21).await;
        assert_eq!(report.summary(), "1 imported", "{report:?}");
        let view = bridge.case("7654321").await;
        let summary = &view.summary;
        assert_eq!(summary.state, Some(State::InProgress));
        let category = summary.category.as_ref().map(Category::as_str);
        assert_eq!(category, Some("Perhubungan/Penerangan Jalan Umum"));
        assert_eq!(
            summary.region.as_ref().map(RegionCode::as_str),
            Some("32.73")
        );
        let words = view.history[0].words.as_ref().unwrap();
        let content = words["content"].as_str().unwrap();
        let first = "Laporan SP4N-LAPOR! nomor 7654321, diterima di sana 31 Agustus 2026.";
        assert_eq!(content, format!("{first}\n\nGelap sejak Senin."));
        let body = view.history[0].body.as_ref().unwrap();
        assert_eq!(
            (&body["incident_date"], &body["channel"]),
            (&json!("2026-08-30"), &json!("sp4n"))
        );
        assert!(!content.contains("Siti"), "a name is identity");
        let of = |kind: &str, text: &str| (kind.to_owned(), text.to_owned());
        let end = "Kota Bandung, SP4N-LAPOR!, 4 September 2026";
        assert_eq!(
            told(&view),
            [
                of("case.verified", ""),
                of(
                    "case.noted",
                    "Admin Pusat meneruskan ke Pemerintah Kota Bandung\n\n— Admin Pusat, SP4N-LAPOR!, 2 September 2026"
                ),
                of(
                    "case.noted",
                    "Bukan jalan nasional.\n\n— Kementerian PU, SP4N-LAPOR!, 3 September 2026"
                ),
                of(
                    "case.followed_up",
                    &format!("Petugas memperbaiki Rabu.\n\n— Pemerintah {end}")
                ),
            ]
        );
        let again = bridge.brings(21).await;
        assert_eq!(again.summary(), "1 unchanged");
        assert_eq!(
            bridge.case("7654321").await.history.len(),
            view.history.len()
        );
    }
}

#[tokio::test]
async fn a_trial_says_what_the_run_does_and_leaves_nothing() {
    for bridge in bridges().await {
        for (id, status) in [
            (21, "Selesai"),
            (22, "Ditolak"),
            (23, "Entah"),
            (24, "Diproses"),
        ] {
            let mut one = complaint(id, status);
            if id == 23 {
                one["category_name"] = json!("Antariksa");
                one["disposition_name"] = json!("Pemerintah Kota Antah");
                one["attachments"] = json!([{"id": 1}]);
            }
            if id == 24 {
                one["date_of_incident"] = json!("2062-08-30");
            }
            bridge.sp4n.has(one);
        }
        bridge.sp4n.says(
            21,
            said(5, "Pemerintah Kota Bandung", "reply", "Sudah menyala."),
        );
        let mut broken = complaint(25, "Diproses");
        broken["title"] = json!("x".repeat(301));
        bridge.sp4n.has(broken);
        let tried = bridge.import(&Source::List, terms(true)).await;
        assert_eq!(cases(&bridge.place, None).await, []);
        assert_eq!(bridge.place.audited("report.filed").await, []);
        let done = bridge.import(&Source::List, terms(false)).await;
        assert_eq!(tried, done);
        assert_eq!(done.summary(), "4 imported, 1 refused, 6 remark");
        let fields: Vec<&str> = remarks(&done).into_iter().map(|(_, field)| field).collect();
        let expected = [
            "status",
            "institution",
            "category",
            "attachments",
            "status",
            "incident_date",
            "title",
        ];
        assert_eq!(fields, expected);
        let states = ["7654321", "7654322", "7654323", "7654324"];
        for (tracking, state) in states.into_iter().zip([
            State::Archived,
            State::Archived,
            State::Received,
            State::Verified,
        ]) {
            assert_eq!(
                bridge.case(tracking).await.summary.state,
                Some(state),
                "{tracking}"
            );
        }
        assert_eq!(bridge.case("7654321").await.history.len(), 4);
        let again = bridge.import(&Source::List, terms(false)).await;
        assert_eq!(again.counts().get(&Became::Imported), None);
        assert_eq!(cases(&bridge.place, None).await.len(), 4);
        let runs = bridge.place.node.bridge_runs().await.unwrap();
        assert_eq!(
            runs.iter().filter(|run| run.kind == "import").count(),
            2,
            "no trial is kept"
        );
    }
}

#[tokio::test]
async fn what_is_brought_counts_as_filed_once_and_a_trial_does_not() {
    for bridge in bridges().await {
        for id in [21, 22] {
            bridge.sp4n.has(complaint(id, "Diproses"));
        }
        let filings = Counted::of("lapor_node_filings_total");
        let listening = metrics::set_default_local_recorder(&filings);
        bridge.import(&Source::List, terms(true)).await;
        assert_eq!(filings.so_far(), 0);
        for _ in 0..2 {
            bridge.import(&Source::List, terms(false)).await;
            assert_eq!(filings.so_far(), 2);
        }
        drop(listening);
    }
}

#[tokio::test]
async fn a_case_that_has_the_number_is_the_same_only_where_that_is_said() {
    for bridge in bridges().await {
        bridge.sp4n.has(complaint(21, "Diproses"));
        bridge.sp4n.says(
            21,
            said(3, "Pemerintah Kota Bandung", "reply", "Sudah menyala."),
        );
        let typed = json!({
            "classification": "complaint", "title": "Lampu", "content": "Gelap.", "channel": "walk-in",
            "own_number": "7654321",
        });
        let typed = serde_json::from_value(typed).unwrap();
        bridge.place.node.file(typed, "test").await.unwrap();
        let report = bridge.brings(21).await;
        assert_eq!(report.summary(), "1 refused");
        assert_eq!(remarks(&report), [(None, "tracking_id")]);
        let source = Source::Numbers(vec!["21".into()]);
        let link = Terms {
            link: true,
            ..terms(false)
        };
        assert_eq!(bridge.import(&source, link).await.summary(), "1 linked");
        let view = bridge.case("7654321").await;
        let kinds: Vec<String> = told(&view).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, ["case.verified", "case.followed_up"]);
        assert_eq!(bridge.brings(21).await.summary(), "1 unchanged");
    }
}

#[tokio::test]
async fn what_does_not_say_who_may_read_it_is_shown_to_nobody() {
    for bridge in bridges().await {
        let mut silent = complaint(21, "Terverifikasi");
        silent.as_object_mut().unwrap().remove("is_secret");
        bridge.sp4n.has(silent);
        let report = bridge.brings(21).await;
        assert_eq!(remarks(&report), [(None, "secret")]);
        assert!(bridge.case("7654321").await.summary.secret);
    }
}
