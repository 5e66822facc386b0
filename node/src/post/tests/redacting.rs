//! Who is told that the words of a report are erased, by whom and why.

use lapor_protocol::ids::CaseId;
use lapor_protocol::kinds::Body;
use lapor_protocol::kinds::case_redacted::{CaseRedacted, RedactionReason};
use lapor_protocol::message::Draft;
use lapor_web::mail::tiny_server::Manners;
use serde_json::json;

use super::telling::REPORTER;
use super::{Encryption, MINUTE_MS, Posted, readable};
use crate::casework::{Decider, NewAct};
use crate::chance::new_message_id;
use crate::clock::Clock as _;
use crate::staff::StaffRole;
use crate::testing::{NOW, PaperHub};

const BUDI: &str = "budi@contoh.id";

/// The national desk erases the words of a case.
fn redacted(case: CaseId) -> Draft {
    let reason = RedactionReason::PersonalData;
    let body = Body::CaseRedacted(CaseRedacted { reason });
    Draft {
        kind: body.kind().to_owned(),
        id: new_message_id(NOW),
        case: Some(case),
        term: None,
        created_at: NOW,
        body,
        sealed: None,
        attachments: Vec::new(),
    }
}

#[tokio::test]
async fn a_reporter_and_followers_hear_once_that_another_institution_has_erased_a_report() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let filed = posted.filed(false).await;
        posted
            .acts(filed.case, "case.verified", json!({}), "Diterima.")
            .await;
        posted.ruled(&hub).await;
        posted.follows(filed.case, BUDI).await;
        posted.writes().await;
        let before = posted.sends(0).await.len();
        // Nobody has sent this one yet, and it holds the title.
        posted.place.clock.advance(MINUTE_MS);
        let body = json!({"proposes_to_close": false});
        posted
            .acts(filed.case, "case.followed_up", body, "Dijadwalkan.")
            .await;
        hub.orders_at(posted.place.clock.now_ms());
        posted.ruled(&hub).await;
        assert_eq!(posted.writes().await, 2);
        hub.authors("pusat", &redacted(filed.case));
        posted.ruled(&hub).await;
        posted.writes().await;
        let sent = posted.sends(before).await;
        let to: Vec<&str> = sent.iter().map(|letter| letter.to.as_str()).collect();
        assert_eq!(to, [REPORTER, BUDI]);
        for letter in &sent {
            let text = readable(&letter.text);
            for said in ["Isi laporan dihapus", "(pusat)", "Memuat data pribadi"] {
                assert!(text.contains(said), "{said}: {text}");
            }
            assert!(!text.contains("Lampu"), "{text}");
        }
        assert!(readable(&sent[0].text).contains(&filed.ticket));
        let left = posted.node().followers(filed.case, "", 9).await.unwrap();
        assert_eq!(left, Vec::<String>::new(), "nobody reads it any more");
        assert_eq!(posted.writes().await, 0, "once");
        assert!(posted.sends(before + 2).await.is_empty());
    }
}

#[tokio::test]
async fn a_letter_about_a_half_that_is_to_be_erased_leads_to_the_half() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (hub, node) = (PaperHub::of(&posted.place), posted.node());
        let filed = posted.filed(false).await;
        let words = json!({"title": "Trotoar rusak", "content": "Bagian kedua."});
        let split = NewAct {
            kind: "case.split".into(),
            body: serde_json::Map::new(),
            words: words.as_object().cloned(),
            attachments: Vec::new(),
        };
        let split = node.act(filed.case, split, "test").await.unwrap();
        let half = split.child.unwrap();
        posted.ruled(&hub).await;
        posted.writes().await;
        let before = posted.sends(0).await.len();
        let admin = Decider::officer(StaffRole::Admin, "account:dewi".into());
        let planned = node.plan_erasure(half, RedactionReason::Other, &admin);
        planned.await.unwrap();
        let sent = posted.sends(before).await;
        assert_eq!(sent.len(), 1);
        let text = readable(&sent[0].text);
        let leads = |case: CaseId| text.contains(&format!("/percakapan?kasus={case}"));
        assert!(leads(half) && !leads(filed.case), "{text}");
        assert!(text.contains("menjadi laporan tersendiri"), "{text}");
    }
}
