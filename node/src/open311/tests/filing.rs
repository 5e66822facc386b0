//! Forms that applications send, and whose they are.

use axum::body::Body;
use http::{Request, StatusCode};

use super::{CODE, LAMP, REQUESTS, cities, key};
use crate::doors::router;
use crate::testing::jpeg;
use crate::tokens::Scope;

#[tokio::test]
async fn a_form_that_comes_again_files_once_and_another_key_another() {
    for city in cities().await {
        let first = city.files(LAMP).await;
        assert_eq!(
            city.files(LAMP).await,
            first,
            "within minutes it is the same"
        );
        city.place.clock.advance(10 * 60_000);
        assert_eq!(
            city.files(LAMP).await,
            first,
            "at the edge of the minutes too"
        );
        city.place.clock.advance(20 * 60_000);
        assert_ne!(city.files(LAMP).await, first, "later it is another");
        let keyed = async |form: &str| {
            let request = Request::post(REQUESTS)
                .header("content-type", "application/x-www-form-urlencoded")
                .header("authorization", format!("Bearer {}", city.key))
                .header("idempotency-key", "0123456789abcdef")
                .body(Body::from(form.to_owned()));
            city.send(request.unwrap()).await
        };
        let filed = keyed(LAMP).await.is(StatusCode::CREATED).json();
        city.place.clock.advance(86_400_000);
        assert_eq!(keyed(LAMP).await.json(), filed);
        let reused = keyed(&format!("{LAMP}&phone=1")).await;
        reused.is(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn a_contact_that_can_be_none_loses_no_report() {
    let form = LAMP.replace("siti%40example.id", "bukan") + "&phone=abc";
    for city in cities().await {
        let request = Request::post(REQUESTS)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Bearer {}", city.key))
            .body(Body::from(form.clone()));
        let filed = city.send(request.unwrap()).await;
        let told = filed.is(StatusCode::CREATED).json();
        let notice = told[0]["service_notice"].as_str().unwrap();
        assert!(
            notice.ends_with("tidak disimpan: email, phone."),
            "{notice}"
        );
        let case = told[0]["service_request_id"].as_str().unwrap();
        let identity = city.place.node.identity(case.parse().unwrap(), "penjaga");
        let identity = identity.await.unwrap().unwrap();
        assert_eq!(identity.name.as_deref(), Some("Siti"));
        assert_eq!((identity.email, identity.phone), (None, None));
    }
}

#[tokio::test]
async fn a_form_that_cannot_be_used_says_why_and_a_wrong_key_files_nothing() {
    for city in cities().await {
        let with_key = |form: &str| format!("{form}&api_key={}", city.key);
        let no_code = "description=x&lat=1&long=1".to_owned();
        let no_place = format!("service_code={CODE}");
        for (form, said) in [
            (no_code, "service_code was not provided"),
            (no_place, "location"),
            (LAMP.replace("-6.9175", "abc"), "lat: expected degrees"),
            (LAMP.replace("-6.9175", "91"), "lat: expected degrees"),
            (LAMP.replace("107.6091", "NaN"), "long: expected degrees"),
            (LAMP.replace("107.6091", ""), "long: expected degrees"),
            (
                LAMP.replace("-6.9175", "52").replace("107.6091", "4"),
                "outside of Indonesia",
            ),
            (
                format!("{LAMP}&attribute[jenis]=keluhan"),
                "attribute[jenis]",
            ),
            (format!("{LAMP}&media_url=file:///etc/passwd"), "media_url"),
        ] {
            let refused = city.post(&with_key(&form)).await;
            let refused = refused.is(StatusCode::BAD_REQUEST).json();
            let told = refused[0]["description"].as_str().unwrap();
            assert!(told.contains(said), "{told}");
        }
        let unknown = city
            .post(&with_key("service_code=tidak.ada&lat=1&long=1"))
            .await;
        unknown.is(StatusCode::NOT_FOUND);
        let reader = key(&city.place, "pembaca", Scope::CasesRead).await;
        for form in [LAMP.to_owned(), format!("{LAMP}&api_key={reader}")] {
            city.post(&form).await.is(StatusCode::FORBIDDEN);
        }
        let long =
            format!("{REQUESTS}?start_date=2026-01-01T00:00:00Z&end_date=2026-06-01T00:00:00Z");
        city.get(&long).await.is(StatusCode::BAD_REQUEST);
        assert_eq!(city.place.node.tally().await.unwrap().all, 0);
    }
}

#[tokio::test]
async fn a_key_is_not_taken_over_plain_http_from_elsewhere() {
    for mut city in cities().await {
        city.place.settings.portal.public_url = None;
        city.router = router(city.place.reopened().await);
        let refused = city.post(&format!("{LAMP}&api_key={}", city.key)).await;
        refused.is(StatusCode::FORBIDDEN);
        assert!(refused.text.contains("https"), "{}", refused.text);
    }
}

#[tokio::test]
async fn files_come_with_a_form_whose_key_comes_before_them() {
    for city in cities().await {
        let form = |key: &str| {
            let mut body = Vec::new();
            let fields = [("service_code", CODE), ("address_string", "Jalan Braga 12")];
            for (name, value) in fields.into_iter().chain([("api_key", key)]) {
                let head = "--batas\r\nContent-Disposition: form-data; name=";
                body.extend(format!("{head}\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
            }
            let head = "--batas\r\nContent-Disposition: form-data; name=\"media\"; \
                 filename=\"foto.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n";
            body.extend([head.as_bytes(), &jpeg(64, 10), b"\r\n--batas--\r\n"].concat());
            Request::post(REQUESTS)
                .header("content-type", "multipart/form-data; boundary=batas")
                .body(Body::from(body))
                .unwrap()
        };
        let refused = city.send(form("lpt_none")).await;
        refused.is(StatusCode::FORBIDDEN);
        let uploads = city.place.settings.node.blobs.join("uploads");
        let waiting = || std::fs::read_dir(&uploads).map_or(0, Iterator::count);
        assert_eq!(waiting(), 0, "nothing is taken in from whoever has no key");
        let filed = city
            .send(form(&city.key))
            .await
            .is(StatusCode::CREATED)
            .json();
        assert_eq!(city.send(form(&city.key)).await.json(), filed);
        let case = filed[0]["service_request_id"].as_str().unwrap();
        let view = city.place.node.case(case.parse().unwrap()).await.unwrap();
        assert_eq!(view.history[0].attachments.len(), 1);
        assert_eq!(view.summary.place.as_deref(), Some("Jalan Braga 12"));
        assert_eq!(view.summary.title.as_deref(), Some("Penerangan Jalan Umum"));
    }
}
