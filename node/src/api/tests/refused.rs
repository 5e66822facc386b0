//! Everything that is refused is a problem that names the field, the custodian
//! or the role, and never the framework's plain text.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{desks, report_example};
use crate::doors::router;
use crate::testing::NOW;
use crate::tokens::{self, Role};

#[tokio::test]
async fn acts_are_stored_and_what_the_case_does_not_allow_names_the_custodian() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let verified = desk.act(&case, json!({"kind": "case.verified"})).await;
        assert_eq!(verified.status, StatusCode::ACCEPTED, "{}", verified.text());
        assert_eq!(verified.json()["state"], "verified");
        let body = json!({"target": "kota-bandung"});
        let disposed = desk
            .act(&case, json!({"kind": "case.disposed", "body": body}))
            .await
            .json();
        assert_eq!(disposed["custodian"], "kota-bandung", "{disposed}");
        let late = desk
            .act(
                &case,
                json!({"kind": "case.archived", "body": {"reason": "other"}}),
            )
            .await;
        assert_eq!(late.status, StatusCode::CONFLICT);
        said!(late.problem(&case), @r#"{"type":"urn:lapor:problem:not_allowed","title":"The case does not allow this act","status":409,"code":"not_allowed","detail":"The act is stale: term ended; the case is disposed and kota-bandung has it.","request":"request-of-test","custodian":"kota-bandung","effect":"stale","reason":"term_ended","state":"disposed"}"#);
        let closed = json!({"kind": "case.rated", "body": {"score": 5}});
        said!(desk.act(&case, closed).await.problem(&case), @r#"{"type":"urn:lapor:problem:not_allowed","title":"The case does not allow this act","status":409,"code":"not_allowed","detail":"The act is inapplicable: not closed; the case is disposed and kota-bandung has it.","request":"request-of-test","custodian":"kota-bandung","effect":"inapplicable","reason":"not_closed","state":"disposed"}"#);
        let joined = json!({"kind": "case.disposed", "body": {"target": "kab-garut"}});
        let (other, _) = desk.filed().await;
        said!(desk.act(&other, joined).await.problem(&other), @r#"{"type":"urn:lapor:problem:not_allowed","title":"The case does not allow this act","status":409,"code":"not_allowed","detail":"The act is inapplicable: target not active; the case is received and pusat has it.","request":"request-of-test","custodian":"pusat","effect":"inapplicable","reason":"target_not_active","state":"received"}"#);
    }
}

#[tokio::test]
async fn nobody_says_that_a_reporter_was_silent() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let answer = json!({
            "kind": "case.followed_up",
            "body": {"proposes_to_close": true},
            "words": {"text": "Lampu telah diganti."},
        });
        let answered = desk.act(&case, answer).await;
        assert_eq!(answered.status, StatusCode::ACCEPTED, "{}", answered.text());
        let silent = json!({"kind": "case.closed", "body": {"by": "silence"}});
        let refused = desk.act(&case, silent.clone()).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
        assert!(
            refused
                .text()
                .contains("closes by itself after 10 working days")
        );
        let several = json!({"cases": [case], "act": silent});
        let refused = desk
            .post(Role::Officer, "/api/v1/cases/acts", &several)
            .await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
        let content = json!({"kind": "case.closed", "body": {"by": "reporter"}});
        let closed = desk.act(&case, content).await;
        assert_eq!(closed.status, StatusCode::ACCEPTED, "{}", closed.text());
    }
}

#[tokio::test]
async fn a_wrong_act_names_its_field() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let refused = async |act: Value| desk.act(&case, act).await.problem(&case);
        let kind = json!({"kind": "case.dispose"});
        let detail = refused(kind).await;
        assert!(
            detail.contains("\"field\":\"kind\"") && detail.contains("case.disposed"),
            "{detail}"
        );
        let typing = json!({"kind": "case.disposed", "body": {"target": "kota-bandung", "deadlin": "2026-12-04"}});
        said!(refused(typing).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"body: deadlin: case.disposed has no such field; its fields are: copies, deadline, target.","request":"request-of-test","field":"body.deadlin"}"#);
        let missing = json!({"kind": "case.disposed", "body": {}});
        said!(refused(missing).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"body: missing field `target`.","request":"request-of-test","field":"body.target"}"#);
        let date = json!({"kind": "case.disposed", "body": {"target": "kota-bandung", "deadline": "besok"}});
        said!(refused(date).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"body: deadline: expected a date of the form YYYY-MM-DD.","request":"request-of-test","field":"body.deadline"}"#);
        let ahead = json!({"kind": "report.completed", "body": {"incident_date": "2099-01-01"}, "words": {"text": "a"}});
        said!(refused(ahead).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"body: incident_date: this day has not come yet; expected one until today.","request":"request-of-test","field":"body.incident_date"}"#);
        let words = json!({"kind": "case.followed_up", "words": {"txt": "a"}});
        said!(refused(words).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"words: txt: case.followed_up has no such field; its fields are: text.","request":"request-of-test","field":"words.txt"}"#);
        let empty = json!({"kind": "case.followed_up"});
        said!(refused(empty).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"words: missing field `text`.","request":"request-of-test","field":"words.text"}"#);
        let typed = json!({"kind": "case.followed_up", "words": {"text": ["a"]}});
        said!(refused(typed).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"words: text: expected string.","request":"request-of-test","field":"words.text"}"#);
        let category = json!({"kind": "case.verified", "body": {"category": "Perhubungan/Becak"}});
        said!(refused(category).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"body: category: edition 2026.0 has no Perhubungan/Becak; `GET /categories` lists all.","request":"request-of-test","field":"body.category"}"#);
        let shape = json!({"kind": "case.noted", "body": []});
        said!(refused(shape).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"body: invalid type: sequence, expected a map at line 1 column 8.","request":"request-of-test","field":"body"}"#);
    }
}

#[tokio::test]
async fn a_wrong_report_names_its_field() {
    for desk in desks("pusat").await {
        let refused = async |field: &str, value: Value| {
            let mut report = report_example();
            report[field] = value;
            desk.post(Role::Officer, "/api/v1/reports", &report)
                .await
                .problem("(none)")
        };
        said!(refused("region", json!("Bandung")).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"region: expected a region code such as 32, 32.73, 32.73.01 or 32.73.01.1001, got \"Bandung\" at line 1 column 287.","request":"request-of-test","field":"region"}"#);
        said!(refused("title", json!(" ")).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"title: must not be empty.","request":"request-of-test","field":"title"}"#);
        said!(refused("classification", json!("rant")).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"classification: unknown variant `rant`, expected one of `complaint`, `information_request`, `aspiration` at line 1 column 91.","request":"request-of-test","field":"classification"}"#);
        said!(refused("excluded", json!(["Kota Bandung"])).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"excluded[0]: an instance is named by 2 to 40 characters a-z, 0-9 and single inner hyphens, not \"Kota Bandung\" at line 1 column 267.","request":"request-of-test","field":"excluded[0]"}"#);
        said!(refused("incident_date", json!("2026-02-30")).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"incident_date: expected a date of the form YYYY-MM-DD.","request":"request-of-test","field":"incident_date"}"#);
        said!(refused("incident_date", json!("2099-01-01")).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"incident_date: this day has not come yet; expected one until today.","request":"request-of-test","field":"incident_date"}"#);
        said!(refused("attachments", json!(["no-such-upload"])).await, @r#"{"type":"urn:lapor:problem:not_found","title":"This node does not hold it","status":404,"code":"not_found","detail":"This node holds no upload no-such-upload.","request":"request-of-test"}"#);
        said!(refused("category", json!("Perhubungan/Becak")).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"category: edition 2026.0 has no Perhubungan/Becak; `GET /categories` lists all.","request":"request-of-test","field":"category"}"#);
        let beyond = json!({"latitude": 91, "longitude": 107.6});
        let problem = refused("coordinates", beyond).await;
        let said = "\"detail\":\"coordinates: latitude: expected degrees from -90 to 90";
        assert!(problem.contains(said), "{problem}");
        assert!(problem.contains("\"field\":\"coordinates\""), "{problem}");
        for (reporter, field) in [
            (json!({"email": "bukan"}), "reporter.email"),
            (json!({"phone": "abc"}), "reporter.phone"),
        ] {
            let problem = refused("reporter", reporter).await;
            let named =
                format!("\"status\":422,\"code\":\"invalid\",\"detail\":\"{field}: expected");
            assert!(problem.contains(&named), "{problem}");
            assert!(
                problem.contains(&format!("\"field\":\"{field}\"")),
                "{problem}"
            );
        }
        said!(refused("titel", json!("a")).await, @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"titel: unknown field `titel`, expected one of `classification`, `title`, `content`, `category`, `region`, `place`, `coordinates`, `incident_date`, `anonymous`, `secret`, `channel`, `excluded`, `suggested`, `programme`, `attachments`, `reporter`, `own_number`, `local_category` at line 1 column 347.","request":"request-of-test","field":"titel"}"#);
    }
}

#[tokio::test]
async fn a_wrong_path_or_query_is_a_problem_and_never_plain_text() {
    for desk in desks("pusat").await {
        let refused = async |path: &str| {
            let reply = desk.get(Role::Reader, &format!("/api/v1{path}")).await;
            format!("{} {}", reply.status.as_u16(), reply.problem("(none)"))
        };
        said!(refused("/cases/17").await, @r#"400 {"type":"urn:lapor:problem:invalid_path","title":"The path cannot be used","status":400,"code":"invalid_path","detail":"id: expected a UUID version 7 in lower case, got \"17\".","request":"request-of-test","field":"id"}"#);
        said!(refused("/cases/019a0a7e-3c00-7000-8000-000000000001").await, @r#"404 {"type":"urn:lapor:problem:not_found","title":"This node does not hold it","status":404,"code":"not_found","detail":"This node holds no case 019a0a7e-3c00-7000-8000-000000000001.","request":"request-of-test"}"#);
        said!(refused("/tickets/12345-67890").await, @r#"422 {"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"A ticket has ten characters such as 4F7KX-92MQ3; this one has a typing error.","request":"request-of-test"}"#);
        said!(refused("/cases?state=lost").await, @r#"400 {"type":"urn:lapor:problem:invalid_query","title":"The query cannot be used","status":400,"code":"invalid_query","detail":"state: unknown variant `lost`, expected one of `received`, `verified`, `held`, `disposed`, `in_progress`, `answered`, `closed`, `archived`, `merged`.","request":"request-of-test","field":"state"}"#);
        said!(refused("/cases?limit=201").await, @r#"400 {"type":"urn:lapor:problem:invalid_query","title":"The query cannot be used","status":400,"code":"invalid_query","detail":"limit: expected 1 to 200.","request":"request-of-test","field":"limit"}"#);
        said!(refused("/cases?after=yesterday").await, @r#"422 {"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"after: expected the `next` of the page before.","request":"request-of-test","field":"after"}"#);
        said!(refused("/cases/019a0a7e-3c00-7000-8000-000000000001/attachments/x").await, @r#"400 {"type":"urn:lapor:problem:invalid_path","title":"The path cannot be used","status":400,"code":"invalid_path","detail":"sha256: expected 64 lower-case hexadecimal digits, got \"x\".","request":"request-of-test","field":"sha256"}"#);
        said!(refused("/nowhere").await, @r#"404 {"type":"urn:lapor:problem:not_found","title":"There is nothing at this path","status":404,"code":"not_found","request":"request-of-test"}"#);
        let wrong = desk
            .send(
                Some(Role::Reader),
                Request::delete("/api/v1/cases"),
                Body::empty(),
            )
            .await;
        assert_eq!(
            (wrong.status, &wrong.headers["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &"GET,HEAD".parse().unwrap())
        );
    }
}

#[tokio::test]
async fn without_a_valid_token_nothing_is_read() {
    for desk in desks("pusat").await {
        let none = desk
            .send(None, Request::get("/api/v1/cases"), Body::empty())
            .await;
        assert_eq!(none.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            none.headers["www-authenticate"],
            "Bearer realm=\"lapor-node\""
        );
        said!(none.problem("(none)"), @r#"{"type":"urn:lapor:problem:token_missing","title":"A token is needed","status":401,"code":"token_missing","detail":"Send `Authorization: Bearer TOKEN`; the operator makes tokens with `lapor-node token create`.","request":"request-of-test"}"#);
        let wrong = Request::get("/api/v1/cases").header("authorization", "Bearer lpt_guess");
        let wrong = desk.send(None, wrong, Body::empty()).await;
        assert_eq!(
            wrong.headers["www-authenticate"],
            "Bearer realm=\"lapor-node\", error=\"invalid_token\""
        );
        said!(wrong.problem("(none)"), @r#"{"type":"urn:lapor:problem:token_invalid","title":"The token is not valid","status":401,"code":"token_invalid","detail":"It is unknown here or has been revoked; ask the operator for another.","request":"request-of-test"}"#);
        tokens::revoke(desk.place.node.db(), "reader", "test", NOW)
            .await
            .unwrap();
        assert_eq!(
            desk.get(Role::Reader, "/api/v1/cases").await.status,
            StatusCode::UNAUTHORIZED
        );
    }
}

#[tokio::test]
async fn who_handles_cases_opens_no_identities_and_the_other_way_round() {
    for desk in desks("pusat").await {
        let (case, _) = desk.filed().await;
        let identity = format!("/api/v1/cases/{case}/identity");
        for role in [Role::Admin, Role::Officer, Role::Reader] {
            assert_eq!(
                desk.get(role, &identity).await.status,
                StatusCode::FORBIDDEN,
                "{role}"
            );
        }
        let opened = desk.get(Role::Identity, &identity).await;
        assert_eq!(
            opened.json(),
            json!({"name": "Siti", "phone": "+62 811 0000 000"})
        );
        for role in [Role::Identity, Role::Reader] {
            let refused = desk.post(role, "/api/v1/reports", &report_example()).await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{role}");
        }
        let acts = format!("/api/v1/cases/{case}/acts");
        let verify = json!({"kind": "case.verified"});
        assert_eq!(
            desk.post(Role::Identity, &acts, &verify).await.status,
            StatusCode::FORBIDDEN
        );
        let disclose = json!({"kind": "identity.disclosed"});
        let refused = desk.post(Role::Admin, &acts, &disclose).await;
        said!(refused.problem(&case), @r#"{"type":"urn:lapor:problem:forbidden","title":"The token does not allow this","status":403,"code":"forbidden","detail":"This needs the scope identity (roles that have it: identity); this token has admin. An administrator makes another at `/meja/kunci-api`, the operator with `lapor-node token create`.","request":"request-of-test"}"#);
    }
}

#[tokio::test]
async fn an_upload_that_is_a_form_or_too_large_is_refused() {
    for mut desk in desks("pusat").await {
        let form = desk
            .upload("multipart/form-data; boundary=x", Body::from("x"))
            .await;
        assert_eq!(form.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        said!(form.problem("(none)"), @r#"{"type":"urn:lapor:problem:unsupported_media","title":"The content type is not supported here","status":415,"code":"unsupported_media","detail":"Send the body with the file itself and not a form.","request":"request-of-test"}"#);
        desk.place.settings.api.upload_bytes = 10;
        desk.router = router(desk.place.reopened().await);
        let announced = Request::post("/api/v1/uploads")
            .header("content-type", "image/png")
            .header("content-length", "11");
        let announced = desk
            .send(Some(Role::Officer), announced, Body::from("%PDF-678901"))
            .await;
        assert_eq!(announced.status, StatusCode::PAYLOAD_TOO_LARGE);
        let said = announced.text();
        assert!(said.contains("\"limit_bytes\":10"), "{said}");
        let streamed = desk.upload("image/png", Body::from("%PDF-678901")).await;
        assert_eq!(
            streamed.status,
            StatusCode::PAYLOAD_TOO_LARGE,
            "{}",
            streamed.text()
        );
        assert_eq!(
            desk.upload("image/png", Body::from("%PDF-67890"))
                .await
                .status,
            StatusCode::CREATED
        );
        assert_eq!(
            desk.upload("image/png", Body::empty()).await.status,
            StatusCode::UNPROCESSABLE_ENTITY
        );
    }
}

#[tokio::test]
async fn the_audit_log_is_read_by_administrators_only() {
    for desk in desks("kota-bandung").await {
        let (case, _) = desk.filed().await;
        for role in Role::ALL {
            let read = desk.get(role, "/api/v1/audit").await;
            let expected = if role == Role::Admin {
                StatusCode::OK
            } else {
                StatusCode::FORBIDDEN
            };
            assert_eq!(read.status, expected, "{role}");
        }
        let first = desk.get(Role::Admin, "/api/v1/audit?limit=1").await.json();
        assert_eq!(first["entries"][0]["case"], case, "{first}");
        assert_eq!(first["entries"][0]["actor"], "token:officer", "{first}");
        let path = format!("/api/v1/audit?before={}", first["next"]);
        let rest = desk.get(Role::Admin, &path).await.json();
        assert_eq!(rest["entries"].as_array().unwrap().len(), Role::ALL.len());
        let mine = format!("/api/v1/audit?case={case}&actor=token:officer");
        let mine = desk.get(Role::Admin, &mine).await.json();
        assert_eq!(mine["entries"].as_array().unwrap().len(), 1, "{mine}");
    }
}

#[tokio::test]
async fn what_a_file_is_its_content_says_and_not_its_sender() {
    for desk in desks("pusat").await {
        let program = desk
            .upload("image/png", Body::from("\u{7f}ELF\u{2}\u{1}\u{1}"))
            .await;
        assert_eq!(program.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        said!(program.problem("(none)"), @r#"{"type":"urn:lapor:problem:unsupported_media","title":"This kind of file is not taken","status":415,"code":"unsupported_media","detail":"By its content the file is of no known kind; pictures (JPEG, PNG, WebP), PDF, video (MP4, MOV, WebM), documents (DOCX, XLSX, ODT, ODS) and plain text can be sent.","request":"request-of-test"}"#);
        let text = desk.upload("image/png", Body::from("catatan")).await;
        assert_eq!(text.json()["media_type"], "text/plain");
        let broken = desk
            .upload("image/png", Body::from(&b"\x89PNG\r\n\x1a\nrusak"[..]))
            .await;
        assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);
        said!(broken.problem("(none)"), @r#"{"type":"urn:lapor:problem:invalid","title":"A value cannot be used","status":422,"code":"invalid","detail":"The picture cannot be read as what it begins as; it may be damaged.","request":"request-of-test"}"#);
        let waiting = std::fs::read_dir(desk.place.settings.node.blobs.join("uploads"));
        assert_eq!(
            waiting.unwrap().count(),
            1,
            "what is refused leaves nothing behind"
        );
    }
}
