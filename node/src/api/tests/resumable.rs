//! Uploads in pieces, as a client of tus 1.0.0 sends them.

use super::*;

const UPLOADS: &str = "/api/v1/uploads/resumable";
const FILE: &[u8] = b"%PDF-1.7 surat keputusan";

impl Desk {
    async fn tus(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Body) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header("tus-resumable", "1.0.0");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(Some(Role::Officer), request, body).await
    }

    async fn begin(&self) -> String {
        let length = FILE.len().to_string();
        let headers = [("upload-length", length.as_str())];
        let begun = self.tus("POST", UPLOADS, &headers, Body::empty()).await;
        assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
        begun.headers["location"].to_str().unwrap().to_owned()
    }

    async fn piece(&self, upload: &str, offset: usize, piece: Body) -> Reply {
        let offset = offset.to_string();
        let headers = [
            ("content-type", "application/offset+octet-stream"),
            ("upload-offset", offset.as_str()),
        ];
        self.tus("PATCH", upload, &headers, piece).await
    }

    async fn offset(&self, upload: &str) -> String {
        let asked = self.tus("HEAD", upload, &[], Body::empty()).await;
        assert_eq!(asked.status, StatusCode::OK);
        assert_eq!(asked.headers["upload-length"], FILE.len().to_string());
        asked.headers["upload-offset"].to_str().unwrap().to_owned()
    }
}

/// A piece whose line breaks after so many bytes.
fn broken(piece: &'static [u8]) -> Body {
    let pieces = [Ok(piece), Err(std::io::Error::other("the line broke"))];
    Body::from_stream(futures_util::stream::iter(pieces))
}

#[tokio::test]
async fn an_upload_goes_on_where_the_line_broke() {
    for desk in desks("pusat").await {
        let upload = desk.begin().await;
        assert_eq!(desk.offset(&upload).await, "0");
        let unnamed = format!("{UPLOADS}/%00");
        let unnamed = desk.tus("HEAD", &unnamed, &[], Body::empty()).await;
        assert_eq!(unnamed.status, StatusCode::BAD_REQUEST);
        let first = desk.piece(&upload, 0, broken(&FILE[..7])).await;
        assert!(first.status.is_client_error(), "{}", first.text());
        assert_eq!(desk.offset(&upload).await, "7");
        let id = upload.rsplit('/').next().unwrap();
        let mut report = report_example();
        report["attachments"] = serde_json::json!([id]);
        let early = desk.post(Role::Officer, "/api/v1/reports", &report).await;
        assert_eq!(
            early.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            early.text()
        );
        let elsewhere = desk.piece(&upload, 3, Body::from(&FILE[3..])).await;
        assert_eq!(elsewhere.status, StatusCode::CONFLICT);
        assert_eq!(elsewhere.json()["offset"], 7);
        let last = desk.piece(&upload, 7, Body::from(&FILE[7..])).await;
        assert_eq!(last.status, StatusCode::NO_CONTENT, "{}", last.text());
        assert_eq!(last.headers["upload-offset"], FILE.len().to_string());
        let filed = desk.post(Role::Officer, "/api/v1/reports", &report).await;
        assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.text());
    }
}

#[tokio::test]
async fn an_upload_whose_turn_does_not_come_is_kept_and_ends_with_its_last_byte() {
    for desk in desks("pusat").await {
        let upload = desk.begin().await;
        let crowd = desk.place.node.turns().crowd();
        let early = desk.piece(&upload, 0, Body::from(FILE)).await;
        assert_eq!(early.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(early.json()["code"], "overloaded");
        assert_eq!(early.headers["retry-after"], "10");
        drop(crowd);
        let last = FILE.len() - 1;
        assert_eq!(desk.offset(&upload).await, last.to_string());
        let ended = desk.piece(&upload, last, Body::from(&FILE[last..])).await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT, "{}", ended.text());
        assert_eq!(desk.offset(&upload).await, FILE.len().to_string());
        let mut report = report_example();
        report["attachments"] = serde_json::json!([upload.rsplit('/').next()]);
        let filed = desk.post(Role::Officer, "/api/v1/reports", &report).await;
        assert_eq!(filed.status, StatusCode::CREATED, "{}", filed.text());
    }
}

#[tokio::test]
async fn what_is_longer_than_announced_or_no_known_file_is_gone() {
    for desk in desks("pusat").await {
        let long = desk.begin().await;
        let piece = [FILE, b"!"].concat();
        let refused = desk.piece(&long, 0, Body::from(piece)).await;
        assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
        let unknown = desk.begin().await;
        let refused = desk
            .piece(&unknown, 0, Body::from(vec![0; FILE.len()]))
            .await;
        assert_eq!(refused.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let given_up = desk.begin().await;
        let ended = desk.tus("DELETE", &given_up, &[], Body::empty()).await;
        assert_eq!(ended.status, StatusCode::NO_CONTENT);
        for upload in [long, unknown, given_up] {
            let asked = desk.tus("HEAD", &upload, &[], Body::empty()).await;
            assert_eq!(asked.status, StatusCode::NOT_FOUND);
        }
        let waiting = std::fs::read_dir(desk.place.settings.node.blobs.join("uploads"));
        assert_eq!(waiting.unwrap().count(), 0);
    }
}

#[tokio::test]
async fn who_speaks_another_version_or_has_no_right_is_told() {
    for desk in desks("pusat").await {
        let request = Request::post(UPLOADS).header("upload-length", "3");
        let other = desk.send(Some(Role::Officer), request, Body::empty()).await;
        assert_eq!(other.status, StatusCode::PRECONDITION_FAILED);
        assert_eq!(other.headers["tus-version"], "1.0.0");
        let begin = || Request::post(UPLOADS).header("tus-resumable", "1.0.0");
        for (role, status) in [
            (None, StatusCode::UNAUTHORIZED),
            (Some(Role::Reader), StatusCode::FORBIDDEN),
        ] {
            let refused = desk.send(role, begin().header("upload-length", "3"), Body::empty());
            assert_eq!(refused.await.status, status);
        }
        let refused = desk.send(Some(Role::Officer), begin(), Body::empty()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        let options = Request::options(UPLOADS);
        let told = desk.send(Some(Role::Officer), options, Body::empty()).await;
        assert_eq!(told.headers["tus-extension"], "creation,termination");
    }
}
