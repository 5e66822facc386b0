//! Open311 through the node's router, as the application of a city meets it.

mod filing;

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::doors::router;
use crate::settings::{Open311Answer, PublicUrl};
use crate::sync::Link;
use crate::testing::{FromDesk, NOW, PaperHub, Place, acts, databases};
use crate::tokens::{Bounds, NewToken, Rights, Scope, Scopes, create_for};

const REQUESTS: &str = "/open311/v2/requests.json";
const CODE: &str = "perhubungan.penerangan-jalan-umum";
const LAMP: &str = "service_code=perhubungan.penerangan-jalan-umum&lat=-6.9175&long=107.6091\
    &description=Lampu+padam+di+Braga.+Gelap+sejak+Senin.&first_name=Siti&email=siti%40example.id\
    &device_id=tv111";

struct City {
    place: Place,
    router: Router,
    key: String,
}

struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}", self.text))
    }

    fn is(&self, status: StatusCode) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }
}

impl City {
    async fn of(mut place: Place) -> Self {
        place.settings.open311.enabled = true;
        let site = PublicUrl::try_from("https://lapor.bandung.test".to_owned());
        place.settings.portal.public_url = site.ok();
        place.node = place.reopened().await;
        let key = key(&place, "aplikasi-kota", Scope::Open311Write).await;
        Self {
            router: router(place.node.clone()),
            place,
            key,
        }
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, form: &str) -> Reply {
        let request = Request::post(REQUESTS)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.send(request.unwrap()).await
    }

    /// Files a form under the city's key, and returns the request's number.
    async fn files(&self, form: &str) -> String {
        let filed = self.post(&format!("{form}&api_key={}", self.key)).await;
        let filed = filed.is(StatusCode::CREATED).json();
        filed[0]["service_request_id"].as_str().unwrap().to_owned()
    }

    /// A request as this key reads it.
    async fn reads(&self, id: &str, key: &str) -> Reply {
        self.get(&format!("/open311/v2/requests/{id}.json?api_key={key}"))
            .await
    }
}

async fn key(place: &Place, name: &str, scope: Scope) -> String {
    let new = NewToken {
        name,
        rights: Rights::Scopes(Scopes::new([scope]).unwrap()),
        bounds: Bounds::default(),
        expires_at: None,
        owner: None,
    };
    let made = create_for(place.node.db(), new, "test", NOW).await;
    made.unwrap().to_string()
}

async fn cities() -> Vec<City> {
    let mut cities = Vec::new();
    for db in databases().await {
        cities.push(City::of(Place::joined("kota-bandung", db).await).await);
    }
    cities
}

#[tokio::test]
async fn nothing_is_there_until_it_is_switched_on() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let request = Request::get("/open311/discovery.json").body(Body::empty());
        let answer = router(place.node.clone()).oneshot(request.unwrap()).await;
        assert_eq!(answer.unwrap().status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn discovery_leads_to_the_services_and_a_service_says_what_it_asks() {
    for city in cities().await {
        let found = city.get("/open311/discovery.json").await.json();
        let endpoint = &found["endpoints"][0];
        assert_eq!(endpoint["url"], "https://lapor.bandung.test/open311/v2");
        assert_eq!(endpoint["formats"], json!(["application/json", "text/xml"]));
        let xml = city.get("/open311/discovery.xml").await;
        assert_eq!(xml.headers["content-type"], "text/xml; charset=utf-8");
        assert!(
            xml.text
                .contains("<formats><format>application/json</format>")
        );
        let services = city.get("/open311/v2/services.json").await.json();
        let services = services.as_array().unwrap();
        let codes: std::collections::BTreeSet<&str> = services
            .iter()
            .map(|service| service["service_code"].as_str().unwrap())
            .collect();
        assert_eq!(codes.len(), services.len(), "no two services have one code");
        let lamp = services
            .iter()
            .find(|service| service["service_code"] == CODE);
        let lamp = lamp.unwrap();
        assert_eq!(lamp["group"], "Perhubungan");
        assert_eq!(lamp["metadata"], true);
        let path = format!("/open311/v2/services/{CODE}.json?jurisdiction_id=kota-bandung");
        let definition = city.get(&path).await.json();
        assert_eq!(definition["service_code"], CODE);
        assert_eq!(definition["attributes"][1]["values"][2]["key"], "rahasia");
        let none = city.get("/open311/v2/services/parkir.xml").await;
        none.is(StatusCode::NOT_FOUND);
        assert!(
            none.text.contains("<errors><error><code>404</code>"),
            "{}",
            none.text
        );
        let elsewhere = city
            .get("/open311/v2/services.json?jurisdiction_id=bogor")
            .await;
        elsewhere.is(StatusCode::NOT_FOUND);
        assert_eq!(elsewhere.json()[0]["code"], 404);
    }
}

#[tokio::test]
async fn a_report_is_read_by_whoever_filed_it_and_by_all_once_it_is_taken_up() {
    for city in cities().await {
        let id = city.files(LAMP).await;
        let own = city.reads(&id, &city.key).await.json();
        assert_eq!(own[0]["status"], "open");
        assert_eq!(own[0]["service_code"], CODE);
        assert_eq!(
            own[0]["description"],
            "Lampu padam di Braga. Gelap sejak Senin."
        );
        assert_eq!(own[0]["lat"], -6.9175);
        let path = format!("/open311/v2/requests/{id}.json");
        city.get(&path).await.is(StatusCode::NOT_FOUND);
        let other = key(&city.place, "aplikasi-lain", Scope::Open311Write).await;
        city.reads(&id, &other).await.is(StatusCode::NOT_FOUND);
        assert_eq!(city.get(REQUESTS).await.json(), json!([]));
        let listed = city.get(&format!("{REQUESTS}?api_key={}", city.key)).await;
        assert_eq!(
            listed.json()[0]["service_request_id"],
            id,
            "{}",
            listed.text
        );
        assert_eq!(listed.json()[0]["lat"], -6.9175);

        let case = id.parse().unwrap();
        acts(&city.place, case, "case.verified", json!({}), None).await;
        let open = json!({"proposes_to_close": false});
        let words = Some(json!({"text": "Lampu dipesan."}));
        acts(&city.place, case, "case.followed_up", open, words).await;
        let read = city.get(&path).await.json();
        assert!(
            read[0]["status_notes"]
                .as_str()
                .unwrap()
                .ends_with(": Lampu dipesan."),
            "{read}"
        );
        assert_eq!(
            read[0]["lat"],
            Value::Null,
            "the public reads no coordinates"
        );
        let listed = city.get(REQUESTS).await.json();
        assert_eq!(listed[0]["lat"], Value::Null, "nor in a list");
        let listed = city.get(&format!("{REQUESTS}?api_key={}", city.key)).await;
        assert_eq!(listed.json()[0]["long"], 107.6091, "{}", listed.text);
        let ticket = city
            .place
            .node
            .case(case)
            .await
            .unwrap()
            .summary
            .ticket
            .unwrap();
        for path in [path.as_str(), REQUESTS] {
            let told = city.get(path).await.text;
            assert!(told.contains("Braga") && told.contains(&id), "{told}");
            let untold = [ticket.as_str(), "Siti", "siti@example.id", "tv111"];
            assert!(untold.iter().all(|word| !told.contains(word)), "{told}");
        }
        for (query, count) in [
            ("status=open", 1),
            ("status=closed", 0),
            ("status=open,closed", 1),
            (
                "service_code=perhubungan.parkir-liar,perhubungan.penerangan-jalan-umum",
                1,
            ),
            ("service_code=perhubungan.parkir-liar", 0),
            ("end_date=2026-01-01T00:00:00Z", 0),
            ("start_date=2026-09-01T00:00:00%2B07:00", 1),
        ] {
            let found = city.get(&format!("{REQUESTS}?{query}")).await;
            assert_eq!(found.json().as_array().unwrap().len(), count, "{query}");
        }
        let identity = city
            .place
            .node
            .identity(case, "penjaga")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(identity.name.as_deref(), Some("Siti"));
        let view = city.place.node.case(case).await.unwrap();
        assert_eq!(view.summary.region.unwrap().as_str(), "32.73");
    }
}

#[tokio::test]
async fn whoever_tells_no_key_lists_at_a_walking_pace() {
    for city in cities().await {
        for _ in 0..120 {
            let spent = city.place.node.admit_search(Ipv4Addr::UNSPECIFIED.into());
            spent.unwrap();
        }
        let slowed = city.get(REQUESTS).await;
        slowed.is(StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(slowed.headers["retry-after"], "1");
        let keyed = city.get(&format!("{REQUESTS}?api_key={}", city.key)).await;
        keyed.is(StatusCode::OK);
        city.place.clock.advance(1000);
        city.get(REQUESTS).await.is(StatusCode::OK);
        let again = city.get("/open311/v2/requests.xml").await;
        again.is(StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(again.headers["retry-after"], "1", "in either format");
    }
}

#[tokio::test]
async fn a_list_says_all_that_was_written_in_its_lines() {
    for city in cities().await {
        let line = "Lampu padam dan jalan gelap sekali, 3273010101900001 menurut saya.";
        let text = [line; 12].join("\n");
        let form = LAMP.replace(
            "Lampu+padam+di+Braga.+Gelap+sejak+Senin.",
            &text.replace('\n', "%0A").replace(' ', "+"),
        );
        let id = city.files(&form).await;
        let path = format!("{REQUESTS}?api_key={}", city.key);
        let waits = city.get(&path).await.json();
        let told = waits[0]["description"].as_str().unwrap();
        assert_eq!(told.lines().count(), 12, "{told}");
        assert!(!told.contains("3273010101900001"), "{told}");
        let case = id.parse().unwrap();
        acts(&city.place, case, "case.verified", json!({}), None).await;
        assert_eq!(city.get(REQUESTS).await.json()[0]["description"], told);
        let alone = city.reads(&id, &city.key).await.json();
        assert_eq!(alone[0]["description"], told);
    }
}

#[tokio::test]
async fn what_there_is_not_is_said_in_the_shape_of_all_errors() {
    for city in cities().await {
        for path in [
            "/open311/v2",
            "/open311/v2/",
            "/open311/v2/laporan.json",
            "/open311/v2/services",
            "/open311/v2/services/",
            "/open311/v2/requests/1",
            "/open311/v2/requests/1/notes.json",
        ] {
            let told = city.get(path).await;
            let told = told.is(StatusCode::NOT_FOUND).json();
            let expected = json!([{"code": 404, "description": "there is nothing at this path"}]);
            assert_eq!(told, expected, "{path}");
        }
        let told = city.get("/open311/v2/laporan.xml").await;
        told.is(StatusCode::NOT_FOUND);
        let error = "<errors><error><code>404</code><description>there is nothing at this path";
        assert!(told.text.contains(error), "{}", told.text);
        for path in [
            REQUESTS,
            "/open311/v2/services/x.json",
            "/open311/discovery.json",
        ] {
            let request = Request::delete(path).body(Body::empty());
            let told = city.send(request.unwrap()).await;
            let told_json = told.is(StatusCode::METHOD_NOT_ALLOWED).json();
            let said = "DELETE is not taken at this path";
            assert_eq!(
                told_json,
                json!([{"code": 405, "description": said}]),
                "{path}"
            );
            let taken = told.headers["allow"].to_str().unwrap();
            assert!(taken.contains("GET"), "{path}: {taken}");
        }
    }
}

#[tokio::test]
async fn what_is_rahasia_or_erased_is_told_to_nobody() {
    for city in cities().await {
        let id = city
            .files(&format!("{LAMP}&attribute[sifat]=rahasia"))
            .await;
        city.reads(&id, &city.key).await.is(StatusCode::NOT_FOUND);
        let listed = city.get(&format!("{REQUESTS}?api_key={}", city.key)).await;
        assert_eq!(listed.json(), json!([]));
        let hidden = city
            .files(&format!("{LAMP}&attribute%5Bsifat%5D%5B%5D=anonim"))
            .await;
        let view = city.place.node.case(hidden.parse().unwrap()).await.unwrap();
        assert!(view.summary.anonymous);
    }
}

#[tokio::test]
async fn a_token_tells_the_number_once_the_report_is_taken_up() {
    for mut city in cities().await {
        city.place.settings.open311.answer = Open311Answer::Token;
        city.place.node = city.place.reopened().await;
        city.router = router(city.place.node.clone());
        let filed = city
            .post(&format!("{LAMP}&api_key={}", city.key))
            .await
            .json();
        let token = filed[0]["token"].as_str().unwrap();
        assert!(filed[0].get("service_request_id").is_none(), "{filed}");
        let path = format!("/open311/v2/tokens/{token}.json");
        let waits = city.get(&path).await.json();
        assert_eq!(waits, json!([{"service_request_id": null, "token": token}]));
        let listed = city
            .get(&format!("{REQUESTS}?api_key={}", city.key))
            .await
            .json();
        let id = listed[0]["service_request_id"].as_str().unwrap();
        acts(
            &city.place,
            id.parse().unwrap(),
            "case.verified",
            json!({}),
            None,
        )
        .await;
        assert_eq!(city.get(&path).await.json()[0]["service_request_id"], id);
        let unknown = city.get("/open311/v2/tokens/0123.json").await;
        unknown.is(StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn what_is_heard_of_no_more_is_not_told_to_be_over() {
    for city in cities().await {
        let hub = PaperHub::of(&city.place);
        let link = Link::over(city.place.node.clone(), hub.clone()).unwrap();
        let mut given = FromDesk::given(&hub, "kota-bandung");
        link.pull(Stream::Inbox, 0).await.unwrap();
        given.recalled();
        link.pull(Stream::Inbox, 0).await.unwrap();
        let path = format!("/open311/v2/requests/{}.json", given.case);
        let told = city.get(&path).await.is(StatusCode::OK).json();
        assert_eq!(told[0]["status"], "open");
        let notes = told[0]["status_notes"].as_str().unwrap();
        assert!(notes.contains("tidak lagi mendapat kabar"), "{notes}");
        for untold in ["service_code", "description", "agency_responsible"] {
            assert_eq!(told[0][untold], Value::Null, "{untold}");
        }
        let all = city.get(&format!("{REQUESTS}?status=open")).await;
        assert_eq!(all.json(), json!([]), "no list has it");
    }
}

#[tokio::test]
async fn what_was_archived_or_merged_is_closed_and_says_why() {
    for city in cities().await {
        let (first, second) = (
            city.files(LAMP).await,
            city.files(&format!("{LAMP}&phone=1")).await,
        );
        let archived = json!({"reason": "outside_government"});
        acts(
            &city.place,
            first.parse().unwrap(),
            "case.archived",
            archived,
            None,
        )
        .await;
        let own = city.reads(&first, &city.key).await.json();
        assert_eq!(own[0]["status"], "closed");
        let notes = own[0]["status_notes"].as_str().unwrap();
        assert!(notes.contains("di luar wewenang pemerintah"), "{notes}");
        acts(
            &city.place,
            second.parse().unwrap(),
            "case.verified",
            json!({}),
            None,
        )
        .await;
        let archived = json!({"reason": "duplicate"});
        acts(
            &city.place,
            second.parse().unwrap(),
            "case.archived",
            archived,
            None,
        )
        .await;
        let gone = city
            .get(&format!("/open311/v2/requests/{second}.xml"))
            .await;
        gone.is(StatusCode::OK);
        assert!(
            gone.text.contains("<status>closed</status>"),
            "{}",
            gone.text
        );
        assert!(gone.text.contains("<description/>"), "{}", gone.text);
    }
}
