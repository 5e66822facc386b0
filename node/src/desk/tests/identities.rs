//! What the keeper of identities answers to another institution.

use http::StatusCode;
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use lapor_protocol::receipt::Stream;
use serde_json::json;

use super::{Browser, WORDS, hire};
use crate::casework::NewReport;
use crate::chance::new_message_id;
use crate::doors::router;
use crate::staff::StaffRole;
use crate::store;
use crate::sync::Link;
use crate::testing::{NOW, PaperHub, Place, acts, databases};

const KEEPER: &str = "ratna@bandung.go.id";

/// The ministry has the case of an anonymous reporter and asks who it is.
async fn asked(place: &Place) -> String {
    let report: NewReport = serde_json::from_value(json!({
        "classification": "complaint", "title": "Lampu padam", "content": "Isi.",
        "channel": "web", "anonymous": true,
        "reporter": { "name": "Ibu Sari", "email": "sari@contoh.id" },
    }))
    .unwrap();
    let case = place.node.file(report, "test").await.unwrap().case;
    let to = json!({ "target": "kemenpu" });
    acts(place, case, "case.disposed", to, None).await;
    let hub = PaperHub::of(place);
    let link = Link::over(place.node.clone(), hub.clone()).unwrap();
    link.push().await.unwrap();
    link.pull(Stream::Inbox, 0).await.unwrap();
    let mut tx = place.node.read_tx().await.unwrap();
    let row = store::cases::case(&mut tx, &case.to_string()).await;
    let fold = row.unwrap().unwrap().ruled().unwrap().unwrap();
    drop(tx);
    let kind = "identity.requested";
    let request = Draft {
        kind: kind.into(),
        id: new_message_id(NOW),
        case: Some(case),
        term: Some(fold.term),
        created_at: NOW,
        body: Body::of_kind(kind, r#"{"purpose":"contact"}"#).unwrap(),
        sealed: None,
        attachments: Vec::new(),
    };
    hub.authors("kemenpu", &request);
    link.pull(Stream::Inbox, 0).await.unwrap();
    format!("/meja/identitas/{case}/{}", request.id)
}

#[tokio::test]
async fn nobody_says_for_the_reporter_why_an_identity_is_refused() {
    for db in databases().await {
        let place = Place::joined("pusat", db).await;
        hire(&place, KEEPER, StaffRole::IdentityKeeper).await;
        let at = asked(&place).await;
        let router = router(place.node.clone());
        let ratna = Browser::new(&router);
        ratna.enters(KEEPER, WORDS).await;
        let page = ratna.open("/meja/identitas").await;
        page.is(StatusCode::OK);
        let choices = page.between("name=\"alasan\">", "</select>");
        assert!(choices.starts_with("<option value=\"\">"), "{choices}");
        let key = page.between("name=\"kunci\" value=\"", "\"");
        let mut said = vec![("kunci", &*key), ("jawaban", "tolak"), ("alasan", "")];
        ratna.post(&at, &said).await.is(StatusCode::SEE_OTHER);
        ratna
            .open("/meja/identitas")
            .await
            .shows("pilih dahulu alasan penolakannya")
            .shows(&at);
        said[2].1 = "not_needed";
        ratna.post(&at, &said).await.is(StatusCode::SEE_OTHER);
        let page = ratna.open("/meja/identitas").await;
        page.shows("Permintaan ditolak.");
        assert!(!page.text.contains(&at), "{}", page.text);
    }
}
