//! A register through the API: brought, read, mended, filed.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;

use super::{Desk, Reply, desks};
use crate::tokens::Role;

impl Desk {
    async fn brings(&self, role: Role, query: &str, file: &str) -> Reply {
        let request = Request::post(format!("/api/v1/imports{query}"));
        let body = Body::from(file.to_owned());
        self.send(Some(role), request, body).await
    }

    /// What the audit log has of each table that the reader took away, the latest first.
    async fn taken_away(&self) -> Vec<String> {
        let log = "/api/v1/audit?action=cases.downloaded&actor=token:reader";
        let log = self.get(Role::Admin, log).await.json();
        let entries = log["entries"].as_array().unwrap().iter();
        let details = entries.map(|entry| entry["detail"].as_str().unwrap().to_owned());
        details.collect()
    }
}

#[tokio::test]
async fn a_register_is_brought_mended_and_filed_as_a_whole() {
    for desk in desks("kota-bandung").await {
        let file = "Kode;Isi\nA1;Jalan rusak\nA1;Lampu padam\n";
        let made = desk
            .brings(Role::Officer, "?name=2026.csv&channel=letter", file)
            .await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let made = made.json();
        assert_eq!(
            (&made["ready"], &made["state"]),
            (&json!(2), &json!("waiting"))
        );
        let at = format!("/api/v1/imports/{}", made["id"].as_str().unwrap());
        let request = Request::put(format!("{at}/columns"));
        let request = request.header("content-type", "application/json");
        let columns = json!({"columns": ["number", "content"]}).to_string();
        let read = desk
            .send(Some(Role::Officer), request, Body::from(columns))
            .await;
        let json = read.json();
        let sample = &json["sample"][0];
        assert_eq!(
            (
                &sample["content"],
                &sample["channel"],
                &sample["reporter_given"]
            ),
            (&json!("Jalan rusak"), &json!("letter"), &json!(false))
        );
        assert_eq!(
            json["problems"],
            json!([{
                "line": 3, "column": "Kode", "field": "number", "value": "A1",
                "code": "repeated", "detail": "line 2 has the same number",
            }])
        );
        let commit = format!("{at}/commit");
        let held = desk.post(Role::Officer, &commit, &json!({})).await;
        assert_eq!(held.status, StatusCode::CONFLICT);
        assert_eq!(held.json()["wrong"], 1);
        let other = desk.get(Role::Admin, &at).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND);
        let without = json!({"without_wrong": true});
        let filed = desk.post(Role::Officer, &commit, &without).await;
        assert_eq!(filed.status, StatusCode::OK, "{}", filed.text());
        assert_eq!(filed.json()["filed"][0]["own_number"], "A1");
        assert_eq!(filed.json()["problems"], json["problems"]);
        let again = desk.brings(Role::Officer, "", file).await;
        assert_eq!(again.status, StatusCode::CONFLICT);
        assert_eq!(again.json()["import"], made["id"]);
        let book = desk.get(Role::Reader, "/api/v1/cases.xlsx").await;
        assert!(book.status == StatusCode::OK && book.body.starts_with(b"PK"));
        let none = "/api/v1/cases.csv?filed_before=1577836800000";
        let none = desk.get(Role::Reader, none).await;
        assert_eq!(none.status, StatusCode::OK, "{}", none.text());
        assert_eq!(
            desk.taken_away().await,
            [
                "cases.csv, rows: 0, filed before 2020-01-01T07:00:00+07:00",
                "cases.xlsx, rows: 1",
            ]
        );
    }
}

#[tokio::test]
async fn a_register_of_more_than_a_body_of_json_is_taken_also_under_a_key() {
    for desk in desks("kota-bandung").await {
        let file = format!("Isi\n{}\n", "Jalan rusak. ".repeat(100_000));
        assert!(file.len() > crate::api::JSON_BYTES);
        let request = Request::post("/api/v1/imports").header("idempotency-key", "k".repeat(32));
        let made = desk.send(Some(Role::Officer), request, Body::from(file));
        let made = made.await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        assert_eq!(made.json()["wrong"], 1, "longer than a report may be");
    }
}

#[tokio::test]
async fn what_is_no_register_is_refused_with_the_reason() {
    for desk in desks("kota-bandung").await {
        for (query, file, why) in [
            ("", "Isi\n", "nothing below its headings"),
            ("", "\u{0}\u{1}", "neither a table"),
            (
                "?channel=merpati",
                "Isi\nJalan\n",
                "channel: expected walk-in",
            ),
        ] {
            let refused = desk.brings(Role::Officer, query, file).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{file:?}");
            assert!(refused.text().contains(why), "{}", refused.text());
        }
        let reader = desk.brings(Role::Reader, "", "Isi\nJalan\n").await;
        assert_eq!(reader.status, StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn all_rows_of_a_register_and_all_registers_are_read_page_by_page() {
    for desk in desks("kota-bandung").await {
        let rows: Vec<String> = (1..=25).map(|n| format!("{n};Jalan rusak {n}")).collect();
        let file = format!("No. Register;Isi\n{}\n26;\n", rows.join("\n"));
        let made = desk.brings(Role::Officer, "?name=jalan.csv", &file).await;
        let made = made.json();
        assert_eq!(made["sample"].as_array().unwrap().len(), 20, "{made}");
        let at = format!("/api/v1/imports/{}", made["id"].as_str().unwrap());
        let (mut lines, mut after) = (Vec::new(), String::new());
        loop {
            let page = format!("{at}/rows?limit=10{after}");
            let page = desk.get(Role::Officer, &page).await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
            let page = page.json();
            let rows = page["rows"].as_array().unwrap().iter();
            lines.extend(rows.map(|row| row["line"].as_u64().unwrap()));
            let Some(next) = page["next"].as_u64() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(lines, (2..=26).collect::<Vec<u64>>());
        let all = format!("{at}/rows");
        let other = desk.get(Role::Admin, &all).await;
        assert_eq!(other.status, StatusCode::NOT_FOUND);

        desk.place.clock.advance(1_000);
        desk.brings(Role::Admin, "?name=lampu.csv", "Isi\nLampu padam\n")
            .await;
        let without = json!({"without_wrong": true});
        desk.post(Role::Officer, &format!("{at}/commit"), &without)
            .await;
        let filed = desk.get(Role::Officer, &all).await;
        assert_eq!(filed.json(), json!({"rows": []}), "{}", filed.text());
        let list = "/api/v1/imports?limit=1";
        let first = desk.get(Role::Officer, list).await.json();
        let told = &first["imports"][0];
        assert_eq!(
            (&told["name"], &told["by"], &told["state"], &told["filed"]),
            (
                &json!("lampu.csv"),
                &json!("token:admin"),
                &json!("waiting"),
                &json!(0)
            )
        );
        let next = first["next"].as_str().unwrap();
        let second = format!("{list}&after={next}");
        let second = desk.get(Role::Officer, &second).await.json();
        let told = &second["imports"][0];
        assert_eq!(
            (&told["name"], &told["state"], &told["filed"]),
            (&json!("jalan.csv"), &json!("done"), &json!(25))
        );
        assert_eq!(second.get("next"), None, "{second}");
        for (wrong, status) in [
            ("akhir", StatusCode::UNPROCESSABLE_ENTITY),
            ("1.%00", StatusCode::BAD_REQUEST),
            ("x.00", StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let refused = format!("{list}&after={wrong}");
            let refused = desk.get(Role::Officer, &refused).await;
            assert_eq!(refused.status, status, "{wrong}");
            assert_eq!(refused.json()["field"], "after");
        }
        for path in [list, all.as_str()] {
            let reader = desk.get(Role::Reader, path).await;
            assert_eq!(reader.status, StatusCode::FORBIDDEN, "{path}");
        }
    }
}

#[tokio::test]
async fn what_lies_here_goes_out_with_its_words_but_for_those_of_a_secret_case() {
    for desk in desks("kota-bandung").await {
        let (_, ticket) = desk.filed().await;
        let mut secret = super::report_example();
        secret["title"] = json!("Canary judul");
        secret["content"] = json!("Canary isi");
        secret["secret"] = json!(true);
        let filed = desk.post(Role::Officer, "/api/v1/reports", &secret).await;
        assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.text());
        let read = desk.get(Role::Reader, "/api/v1/register.csv").await;
        assert_eq!(read.status, StatusCode::OK, "{}", read.text());
        assert_eq!(read.headers["content-type"], "text/csv; charset=utf-8");
        let text = read.text();
        let headings = text.lines().next().unwrap();
        for part in ["Isi laporan", "Lokasi", "Saluran"] {
            assert!(headings.contains(part), "{part}: {headings}");
        }
        assert!(text.contains("jalan gelap gulita"), "{text}");
        assert!(text.contains(&ticket), "{text}");
        assert!(!text.contains("Canary") && !text.contains("Siti"), "{text}");
        assert_eq!(text.lines().count(), 3, "{text}");
        let none = "/api/v1/register.csv?filed_before=1577836800000";
        let none = desk.get(Role::Reader, none).await;
        assert_eq!(none.text().lines().count(), 1, "{}", none.text());
        let book = desk.get(Role::Reader, "/api/v1/register.xlsx").await;
        assert!(book.status == StatusCode::OK && book.body.starts_with(b"PK"));
        let odd = desk.get(Role::Reader, "/api/v1/register.csv?dari=x").await;
        assert_eq!(odd.status, StatusCode::BAD_REQUEST, "{}", odd.text());
        assert_eq!(
            desk.taken_away().await,
            [
                "register.xlsx, rows: 2",
                "register.csv, rows: 0, filed before 2020-01-01T07:00:00+07:00",
                "register.csv, rows: 2",
            ]
        );
    }
}
