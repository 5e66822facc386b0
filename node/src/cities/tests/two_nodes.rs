//! Our own Open311 server as the other city: one node follows and feeds another.

use std::sync::Arc;

use lapor_protocol::ids::CaseId;
use lapor_stand_ins::city311::City311;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{CaseState, Linked, MINUTE_MS, count, is_answered, last_text, report};
use crate::casework::CaseFilter;
use crate::channels::tests::kept;
use crate::cities::State;
use crate::doors;
use crate::node::Node;
use crate::settings::Open311Answer;
use crate::testing::{NOW, Place, acts, databases};
use crate::tokens::{Bounds, NewToken, Rights, Scope, Scopes, create_for};

const CODE: &str = "perhubungan.penerangan-jalan-umum";

/// A node whose Open311 service another follows and feeds.
struct Served {
    place: Place,
    url: String,
    key: String,
    _until: DropGuard,
}

impl Served {
    async fn of(mut place: Place, answer: Open311Answer) -> Self {
        place.settings.open311.enabled = true;
        place.settings.open311.answer = answer;
        place.node = place.reopened().await;
        let new = NewToken {
            name: "pengikut",
            rights: Rights::Scopes(Scopes::new([Scope::Open311Write]).unwrap()),
            bounds: Bounds::default(),
            expires_at: None,
            owner: None,
        };
        let key = create_for(place.node.db(), new, "test", NOW).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/open311/v2", listener.local_addr().unwrap());
        let until = CancellationToken::new();
        tokio::spawn(doors::serve(place.node.clone(), listener, until.clone()));
        Self {
            url,
            key: key.to_string(),
            place,
            _until: until.drop_guard(),
        }
    }

    fn node(&self) -> &Arc<Node> {
        &self.place.node
    }

    /// The only case there.
    async fn case(&self) -> CaseId {
        let all = CaseFilter::default();
        let cases = self.node().cases(&all, None, 100).await.unwrap().cases;
        assert_eq!(cases.len(), 1);
        cases[0].case
    }
}

/// A node that follows and feeds another, on each database.
async fn pairs(answer: Open311Answer) -> Vec<(Linked, Served)> {
    let mut all = Vec::new();
    for (here, there) in databases().await.into_iter().zip(databases().await) {
        let there = Box::pin(Place::joined("kota-bandung", there)).await;
        let served = Box::pin(Served::of(there, answer)).await;
        let place = Box::pin(Place::joined("kemenpu", here)).await;
        let settings = json!({
            "api_key_file": kept(&place, "other.key", &served.key),
            "jurisdiction": "kota-bandung",
            "map": [{"code": CODE, "category": super::LAMP}],
        });
        let office = City311::open().await;
        let linked = Box::pin(Linked::over(place, office, &served.url, &settings)).await;
        all.push((linked, served));
    }
    all
}

#[tokio::test]
async fn a_node_feeds_another_and_hears_how_it_ends() {
    for (linked, served) in pairs(Open311Answer::Id).await {
        linked.look().await.unwrap();
        let case = linked.files_verified(&json!({})).await;
        for _ in 0..3 {
            linked.look().await.unwrap();
        }
        assert_eq!(linked.stands(case).await, Some(State::Linked));
        let there = served.case().await;
        let view = served.node().case(there).await.unwrap();
        assert_eq!(view.summary.category.unwrap().as_str(), super::LAMP);
        let words = view.history[0].words.clone().unwrap();
        let content = words["content"].as_str().unwrap();
        assert!(content.contains(&format!("[lapor {case}]")), "{content}");

        acts(&served.place, there, "case.verified", json!({}), None).await;
        let words = Some(json!({"text": "Lampu diganti."}));
        let closes = json!({"proposes_to_close": true});
        acts(&served.place, there, "case.followed_up", closes, words).await;
        acts(
            &served.place,
            there,
            "case.closed",
            json!({"by": "reporter"}),
            None,
        )
        .await;
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        is_answered(&linked, case, "Lampu diganti.").await;
        assert_eq!(linked.cases().await.len(), 1);
    }
}

#[tokio::test]
async fn a_node_that_answers_with_tokens_tells_the_number_later() {
    for (linked, served) in pairs(Open311Answer::Token).await {
        linked.look().await.unwrap();
        let case = linked.files_verified(&json!({})).await;
        linked.look().await.unwrap();
        assert_eq!(linked.stands(case).await, Some(State::Token));
        let there = served.case().await;
        acts(&served.place, there, "case.verified", json!({}), None).await;
        linked.place.clock.advance(10 * MINUTE_MS);
        linked.look().await.unwrap();
        let row = linked.row(case).await.unwrap();
        assert_eq!(row.request, Some(there.to_string()));
        assert_eq!(linked.cases().await.len(), 1);
    }
}

#[tokio::test]
async fn a_public_report_of_another_node_is_followed() {
    for (linked, served) in pairs(Open311Answer::Id).await {
        linked.look().await.unwrap();
        let filed = served
            .node()
            .file(report(&json!({})), "test")
            .await
            .unwrap();
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        assert!(linked.cases().await.is_empty(), "it is not public yet");
        acts(&served.place, filed.case, "case.verified", json!({}), None).await;
        linked.look().await.unwrap();
        let cases = linked.cases().await;
        assert_eq!(cases.len(), 1);
        assert_eq!(cases[0].own_number, Some(filed.case.to_string()));
        let words = Some(json!({"text": "Petugas berangkat."}));
        let open = json!({"proposes_to_close": false});
        acts(&served.place, filed.case, "case.followed_up", open, words).await;
        linked.place.clock.advance(MINUTE_MS);
        linked.look().await.unwrap();
        let view = linked.case(cases[0].case).await;
        assert_eq!(view.summary.state, Some(CaseState::Received));
        assert_eq!(count(&view, "case.noted"), 1);
        assert!(last_text(&view).contains("Petugas berangkat."));
    }
}
