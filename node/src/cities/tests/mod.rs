//! A node and a city beside it: what is followed, what is fed, and what becomes of both when the city
//! is away, slow to say that it has something, or says no.

mod feeding;
mod following;
mod two_nodes;

use std::time::Duration;

use lapor_protocol::case::State as CaseState;
use lapor_protocol::ids::CaseId;
use lapor_stand_ins::city311::{City311, KEY};
use serde_json::{Value, json};

use super::wire::Failed;
use super::{Cities, City, CityFigures, CitySettings, Obstacle, State, Trouble};
use crate::casework::{CaseFilter, CaseSummary, CaseView, NewReport};
use crate::channels::tests::kept;
use crate::store::cities::{self, RequestRow};
use crate::testing::{NOW, Place, acts, databases};

const MINUTE_MS: i64 = 60_000;
const LAMP: &str = "Perhubungan/Penerangan Jalan Umum";
const REPORT: [(&str, &str); 5] = [
    ("service_code", "001"),
    ("description", "Lampu padam di Braga. Gelap sejak Senin."),
    ("address", "Jalan Braga 12"),
    ("lat", "-6.9175"),
    ("long", "107.6091"),
];
/// What somebody wrote to the city about a street.
pub const HOLE: [(&str, &str); 5] = [
    ("service_code", "002"),
    ("description", "Jalan berlubang di Braga. Dalam sekali."),
    ("address", "Jalan Braga 12"),
    ("lat", "-6.9175"),
    ("long", "107.6091"),
];

/// A node and its city.
pub struct Linked {
    pub place: Place,
    pub office: City311,
    cities: Cities,
}

/// A report as somebody files it here.
fn report(more: &Value) -> NewReport {
    let mut report = json!({
        "classification": "complaint",
        "title": "Lampu jalan padam",
        "content": "Padam sejak Minggu, hubungi saya di 0812-3456-7890.",
        "category": LAMP,
        "region": "32.73",
        "place": "Jalan Braga 12",
        "coordinates": {"latitude": -6.9175, "longitude": 107.6091},
        "channel": "web",
        "reporter": {"name": "Ibu Canary", "email": "canary@contoh.id"},
    });
    let fields = report.as_object_mut().unwrap();
    fields.extend(more.as_object().cloned().unwrap());
    serde_json::from_value(report).unwrap()
}

impl Linked {
    /// On both databases, with these settings beside those that are needed.
    async fn with(more: Value) -> Vec<Self> {
        let mut all = Vec::new();
        for db in databases().await {
            let place = Place::joined("kota-bandung", db).await;
            let office = City311::open().await;
            office.is_at(NOW);
            let url = office.url();
            all.push(Box::pin(Self::over(place, office, &url, &more)).await);
        }
        all
    }

    pub async fn over(mut place: Place, office: City311, url: &str, more: &Value) -> Self {
        lapor_certs::tls::install_default_provider();
        let mut settings = json!({
            "name": "bandung",
            "title": "Bandung 311",
            "url": url,
            "api_key_file": kept(&place, "city.key", KEY),
            "feed": true,
            "map": [{"code": "001", "category": LAMP, "attributes": {"tiang": "ya"}}],
        });
        let fields = settings.as_object_mut().unwrap();
        fields.extend(more.as_object().cloned().unwrap());
        let settings: CitySettings = serde_json::from_value(settings).unwrap();
        place.settings.cities = vec![settings];
        place.node = place.reopened().await;
        Self {
            cities: Cities::of(&place.settings.cities).unwrap(),
            place,
            office,
        }
    }

    fn city(&self) -> &City {
        self.cities.named("bandung").unwrap()
    }

    pub(crate) async fn look(&self) -> Result<(), Trouble> {
        self.place.node.look_at_city(self.city()).await
    }

    async fn cases(&self) -> Vec<CaseSummary> {
        let all = CaseFilter::default();
        self.place.node.cases(&all, None, 100).await.unwrap().cases
    }

    async fn case(&self, case: CaseId) -> CaseView {
        self.place.node.case(case).await.unwrap()
    }

    async fn files(&self, more: &Value) -> CaseId {
        let filed = self.place.node.file(report(more), "test").await;
        filed.unwrap().case
    }

    /// Files a report that is verified at once.
    pub async fn files_verified(&self, more: &Value) -> CaseId {
        let case = self.files(more).await;
        acts(&self.place, case, "case.verified", json!({}), None).await;
        case
    }

    async fn row(&self, case: CaseId) -> Option<RequestRow> {
        let mut tx = self.place.node.read_tx().await.unwrap();
        let row = cities::by_case(&mut tx, "bandung", &case.to_string()).await;
        row.unwrap()
    }

    /// How it stands with a case at the city.
    async fn stands(&self, case: CaseId) -> Option<State> {
        self.row(case)
            .await
            .and_then(|row| State::named(&row.state))
    }

    pub async fn figures(&self) -> CityFigures {
        self.place.node.city_figures().await.unwrap().remove(0)
    }
}

/// How often a kind stands in the history of a case.
fn count(view: &CaseView, kind: &str) -> usize {
    let history = view.history.iter();
    history.filter(|entry| entry.kind == kind).count()
}

/// The text of the last message.
fn last_text(view: &CaseView) -> &str {
    let words = view.history.last().and_then(|entry| entry.words.as_ref());
    words
        .and_then(|words| words["text"].as_str())
        .unwrap_or_default()
}

#[test]
fn settings_that_cannot_be_used_say_whose_and_which() {
    lapor_certs::tls::install_default_provider();
    let read = |fields: Value| {
        let mut all = json!({"name": "bandung", "url": "https://311.example.id/open311/v2"});
        let object = all.as_object_mut().unwrap();
        object.extend(fields.as_object().cloned().unwrap());
        let settings: CitySettings = serde_json::from_value(all).unwrap();
        Cities::of(&[settings]).map(|_| ())
    };
    assert!(read(json!({})).is_ok());
    for (fields, said) in [
        (json!({"name": "Kota Bandung"}), "cities.name: Kota Bandung"),
        (json!({"url": "311.example.id"}), "cities.url of bandung"),
        (
            json!({"feed": true}),
            "cities.api_key_file of bandung: needed",
        ),
        (
            json!({"api_key_file": "/nowhere/key"}),
            "cities.api_key_file of bandung: /nowhere/key",
        ),
        (json!({"poll_seconds": 1}), "cities.poll_seconds of bandung"),
        (
            json!({"map": [{"code": "", "category": LAMP}]}),
            "cities.map of bandung",
        ),
    ] {
        let error = read(fields).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
    }
    let twice = json!({"name": "bandung", "url": "https://311.example.id"});
    let twice: CitySettings = serde_json::from_value(twice).unwrap();
    let twice = Cities::of(&[twice.clone(), twice]).map(|_| ());
    assert!(twice.unwrap_err().to_string().contains("names two cities"));
}

#[tokio::test]
async fn a_key_is_told_to_another_machine_over_https_only() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let key = kept(&place, "city.key", KEY);
        let url = |url: &str| {
            let settings = json!({"name": "bandung", "url": url, "api_key_file": key});
            let settings: CitySettings = serde_json::from_value(settings).unwrap();
            Cities::of(&[settings]).map(|_| ())
        };
        assert!(url("https://311.example.id/v2").is_ok());
        assert!(url("http://127.0.0.1:8090/open311/v2").is_ok());
        let refused = url("http://311.example.id/v2").unwrap_err().to_string();
        assert!(refused.contains("https"), "{refused}");
    }
}

#[tokio::test]
async fn a_city_is_tried_without_filing_anything() {
    for linked in Linked::with(json!({"map": [
        {"code": "001", "category": LAMP},
        {"code": "999", "category": "Kesehatan"},
    ]}))
    .await
    {
        let tried = linked.city().try_out().await.unwrap();
        assert_eq!(tried.services, 3);
        assert_eq!(tried.unknown, ["999"]);
        linked.office.mood.is_away(true);
        let away = linked.city().try_out().await.err().unwrap();
        assert_eq!(away, "it answers 502");
        assert!(linked.office.filed().is_empty());
    }
}

#[test]
fn what_is_noted_of_a_city_says_what_stands_between() {
    let refused = |status| Failed::Refused {
        status,
        said: "no".into(),
    };
    for (failed, obstacle) in [
        (Failed::Away("it answers 502".into()), Obstacle::Away),
        (Failed::Busy(Duration::from_secs(1)), Obstacle::Busy),
        (refused(401), Obstacle::Key),
        (refused(403), Obstacle::Key),
        (refused(400), Obstacle::Refuses),
    ] {
        let noted = Trouble::from(failed).problem;
        assert_eq!(Obstacle::of(&noted), obstacle, "{noted}");
    }
}

#[test]
fn an_address_is_shown_without_what_may_be_secret() {
    for (url, shown) in [
        (
            "https://311.example.id/open311/v2",
            "https://311.example.id/open311/v2",
        ),
        (
            "https://nama:sandi@311.example.id/v2?kunci=x",
            "https://311.example.id/v2",
        ),
        ("http://127.0.0.1:8090/v2", "http://127.0.0.1:8090/v2"),
    ] {
        let settings = json!({"name": "bandung", "url": url});
        let settings: CitySettings = serde_json::from_value(settings).unwrap();
        assert_eq!(settings.shown_url(), shown);
    }
}

/// What both kinds of test ask of a case that a city has closed.
async fn is_answered(linked: &Linked, case: CaseId, with: &str) {
    let view = linked.case(case).await;
    assert_eq!(view.summary.state, Some(CaseState::Answered));
    assert_eq!(count(&view, "case.followed_up"), 1);
    assert!(last_text(&view).contains(with), "{}", last_text(&view));
}
