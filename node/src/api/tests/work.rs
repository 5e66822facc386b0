//! What an application does all day: file, list, read, attach.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use super::{desks, report_example};
use crate::api::{DOCS, OPENAPI};
use crate::doors::serve;
use crate::testing::{Place, databases};
use crate::tokens::Role;

#[tokio::test]
async fn a_report_is_filed_listed_read_and_found_by_its_ticket() {
    for desk in desks("pusat").await {
        let (case, ticket) = desk.filed().await;
        let read = desk
            .get(Role::Reader, &format!("/api/v1/cases/{case}"))
            .await
            .json();
        assert_eq!(read["title"], "Lampu jalan padam");
        assert_eq!(
            (&read["state"], &read["pending"]),
            (&json!("received"), &json!(1))
        );
        assert_eq!(read["history"][0]["kind"], "report.filed");
        assert!(
            !read.to_string().contains("Siti"),
            "the identity is no part of the case"
        );
        let typed = ticket.to_lowercase().replace('-', "%20");
        let found = desk
            .get(Role::Reader, &format!("/api/v1/tickets/{typed}"))
            .await
            .json();
        assert_eq!(found, read);
        let listed = desk
            .get(
                Role::Reader,
                "/api/v1/cases?state=received&custodian=pusat&limit=1",
            )
            .await;
        assert_eq!(listed.json()["cases"][0]["case"], case.as_str());
        let other = desk
            .get(Role::Reader, "/api/v1/cases?state=closed")
            .await
            .json();
        assert_eq!(other, json!({"cases": []}));
        let status = desk.get(Role::Reader, "/api/v1/status").await.json();
        assert_eq!(status["outbox"]["unsent"], 1, "{status}");
    }
}

#[tokio::test]
async fn a_case_names_the_programme_it_is_about_and_none_where_it_is_about_none() {
    for desk in desks("pusat").await {
        let about = json!({"owner": "kemenpu", "slug": "bendungan"});
        let mut report = report_example();
        report["programme"] = about.clone();
        let filed = desk.post(Role::Officer, "/api/v1/reports", &report).await;
        assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.text());
        let case = filed.json()["case"].as_str().unwrap().to_owned();
        let (other, _) = desk.filed().await;
        for (case, named) in [(case, Some(&about)), (other, None)] {
            let path = format!("/api/v1/cases/{case}");
            let read = desk.get(Role::Reader, &path).await.json();
            assert_eq!(read.get("programme"), named, "{read}");
        }
    }
}

#[tokio::test]
async fn an_application_keeps_its_own_number_beside_the_ticket() {
    for desk in desks("pusat").await {
        let (case, ticket) = desk.filed().await;
        let put = async |role: Role, body: serde_json::Value| {
            let path = format!("/api/v1/cases/{case}/own-number");
            let request = Request::put(path).header("content-type", "application/json");
            desk.send(Some(role), request, Body::from(body.to_string()))
                .await
        };
        let number = json!({ "own_number": "JKT/2026-17" });
        let refused = put(Role::Reader, number.clone()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN);
        let untold = put(Role::Officer, json!({})).await;
        assert_eq!(
            untold.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "nothing was said"
        );
        let odd = put(Role::Officer, json!({ "own_number": "@SUM(A1)" })).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY);
        let noted = put(Role::Officer, number).await;
        assert_eq!(noted.status, StatusCode::NO_CONTENT, "{}", noted.text());
        for question in ["q=JKT/2026-17", "own_number=JKT/2026-17"] {
            let path = format!("/api/v1/cases?{question}");
            let found = desk.get(Role::Reader, &path).await.json();
            assert_eq!(found["cases"][0]["case"], case.as_str(), "{question}");
            assert_eq!(found["cases"][0]["own_number"], "JKT/2026-17");
        }
        let other = "/api/v1/cases?own_number=JKT/2026-18";
        let other = desk.get(Role::Reader, other).await.json();
        assert_eq!(other["cases"], json!([]));
        let table = desk.get(Role::Reader, "/api/v1/cases.csv").await.text();
        let lines: Vec<&str> = table.lines().collect();
        assert!(
            lines[0].starts_with("case,ticket,own_number,state,"),
            "{table}"
        );
        let line = format!("{case},{ticket},JKT/2026-17,received,pusat,pusat,complaint,32.73,new,");
        assert!(lines[1].starts_with(&line), "{table}");
        assert!(!table.contains("Lampu"), "no words");
    }
}

#[tokio::test]
async fn a_list_goes_on_where_the_page_before_ended() {
    for desk in desks("pusat").await {
        let mut filed = Vec::new();
        for _ in 0..3 {
            desk.place.clock.advance(10);
            filed.push(desk.filed().await.0);
        }
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = desk
                .get(Role::Reader, &format!("/api/v1/cases?limit=2{after}"))
                .await
                .json();
            let cases = page["cases"].as_array().unwrap();
            seen.extend(
                cases
                    .iter()
                    .map(|case| case["case"].as_str().unwrap().to_owned()),
            );
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        filed.reverse();
        assert_eq!(seen, filed);
    }
}

#[tokio::test]
async fn an_attachment_comes_back_as_it_was_sent_and_only_as_a_download() {
    for desk in desks("pusat").await {
        let bytes = (0..200_000_u32).map(|n| (n % 251) as u8);
        let letter: Vec<u8> = b"%PDF-1.7\n".iter().copied().chain(bytes).collect();
        let uploaded = desk.upload("text/html", Body::from(letter.clone())).await;
        assert_eq!(uploaded.status, StatusCode::CREATED, "{}", uploaded.text());
        let mut report = report_example();
        report["attachments"] = json!([uploaded.json()["upload"]]);
        let filed = desk
            .post(Role::Officer, "/api/v1/reports", &report)
            .await
            .json();
        let case = format!("/api/v1/cases/{}", filed["case"].as_str().unwrap());
        let read = desk.get(Role::Reader, &case).await.json();
        let attachment = &read["history"][0]["attachments"][0];
        let path = format!(
            "{case}/attachments/{}",
            attachment["sha256"].as_str().unwrap()
        );
        let got = desk.get(Role::Reader, &path).await;
        assert!(got.body == letter, "the bytes differ");
        assert_eq!(got.headers["content-length"], "200009");
        assert!(
            got.headers["content-disposition"]
                .to_str()
                .unwrap()
                .starts_with("attachment;")
        );
        assert_eq!(got.headers["x-content-type-options"], "nosniff");
        assert_eq!(
            got.headers["content-security-policy"],
            "sandbox; default-src 'none'"
        );
    }
}

#[tokio::test]
async fn the_directory_says_who_can_be_given_a_case() {
    for desk in desks("kota-bandung").await {
        let read = desk.get(Role::Reader, "/api/v1/instances").await.json();
        assert_eq!(
            (&read["own"], &read["national_desk"]),
            (&json!("kota-bandung"), &json!("pusat"))
        );
        let garut = json!({"id": "kab-garut", "kind": "kabupaten", "name": "kab-garut", "region": "32.05", "status": "registered"});
        assert!(
            read["instances"].as_array().unwrap().contains(&garut),
            "{read}"
        );
        let programmes = desk.get(Role::Reader, "/api/v1/programmes").await.json();
        assert_eq!(programmes, json!({"programmes": []}));
    }
}

#[tokio::test]
async fn what_needs_no_token_is_the_health_and_the_documentation() {
    for desk in desks("pusat").await {
        for path in [
            "/healthz",
            "/readyz",
            OPENAPI,
            DOCS,
            "/api/docs?lang=en",
            "/api/docs/lapor.css",
        ] {
            let reply = desk.send(None, Request::get(path), Body::empty()).await;
            assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        }
        let page = desk
            .send(None, Request::get(DOCS), Body::empty())
            .await
            .text();
        assert!(page.contains("Ajukan laporan") && page.contains("case.disposed"));
        let mut links = page.split("href=\"").skip(1);
        assert!(
            links.all(|link| link.starts_with(['#', '/', '?'])),
            "a link leads elsewhere"
        );
        assert!(!page.contains("src=") && !page.contains("<script"));
        let wrong = desk
            .send(None, Request::get("/api/docs?lang=jv"), Body::empty())
            .await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn serving_answers_on_its_listener_and_ends_when_told() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let place = Place::joined("pusat", databases().await.remove(0)).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = tokio_util::sync::CancellationToken::new();
    let serving = tokio::spawn(serve(place.node.clone(), listener, shutdown.clone()));
    let mut line = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = b"GET /healthz HTTP/1.1\r\nHost: node\r\n\r\n";
    line.write_all(request).await.unwrap();
    let mut start = [0; 15];
    line.read_exact(&mut start).await.unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK");
    shutdown.cancel();
    serving.await.unwrap().unwrap();
    let mut rest = Vec::new();
    line.read_to_end(&mut rest).await.unwrap();
    assert!(
        rest.ends_with(b"ok\n"),
        "an idle connection is closed, not left"
    );
}
