//! The channels of others by a program: conversations, keywords, blocks, figures.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use super::{Desk, desks};
use crate::channels::tests::on_paper;
use crate::channels::tests::paper::Paper;
use crate::channels::{Lines, Name, Raw};
use crate::tokens::Role;

const NUMBER: &str = "+628123456789";

/// A channel of paper on which somebody writes.
struct Line<'a> {
    desk: &'a Desk,
    paper: Arc<Paper>,
    lines: Lines,
}

impl<'a> Line<'a> {
    fn at(desk: &'a Desk) -> Self {
        let (paper, lines) = on_paper(&desk.place.node, Name::Sms);
        Self { desk, paper, lines }
    }

    async fn hears(&self, text: &str) {
        let body = json!({"from": NUMBER, "text": text});
        let raw = Raw {
            id: self.paper.next_id().to_string(),
            body: serde_json::to_vec(&body).unwrap(),
        };
        let node = &self.desk.place.node;
        node.take_in(&*self.paper, &[raw]).await.unwrap();
        while node.hear_round(&self.lines).await.unwrap() > 0 {}
    }
}

#[tokio::test]
async fn a_conversation_is_made_a_report_or_left_and_can_be_blocked() {
    for desk in desks("pusat").await {
        let line = Line::at(&desk);
        line.hears("Lampu mati pak").await;
        let path = "/api/v1/channels/conversations";
        let listed = desk.get(Role::Officer, path).await;
        assert_eq!(listed.status, StatusCode::OK, "{}", listed.text());
        assert!(!listed.text().contains(&NUMBER[1..]), "no address");
        let talk = listed.json()["conversations"][0].clone();
        let thread = talk["thread"].as_str().unwrap();
        let number = talk["messages"][0]["number"].clone();
        let report = format!("{path}/{thread}/report");
        for wrong in [json!({"messages": [999]}), json!({"messages": []})] {
            let refused = desk.post(Role::Officer, &report, &wrong).await;
            assert!(
                [404, 422].contains(&refused.status.as_u16()),
                "{}",
                refused.text()
            );
        }
        let chosen = json!({"messages": [number]});
        let made = desk.post(Role::Officer, &report, &chosen).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        let case = made.json()["case"].as_str().unwrap().to_owned();
        let read = format!("/api/v1/cases/{case}");
        assert_eq!(desk.get(Role::Reader, &read).await.status, StatusCode::OK);
        assert_eq!(
            desk.place.audited("channel.taken_up").await[0].0,
            "token:officer"
        );
        let again = desk.post(Role::Officer, &report, &chosen).await;
        assert_eq!(again.status, StatusCode::NOT_FOUND, "{}", again.text());
        let block = format!("/api/v1/channels/blocks/{thread}");
        for (body, field) in [
            (json!({"days": 2, "why": "Iklan."}), "days"),
            (json!({"days": 7, "why": " "}), "why"),
        ] {
            let refused = desk.put(Role::Admin, &block, &body).await;
            assert_eq!(refused.json()["field"], field, "{}", refused.text());
        }
        let blocked = desk
            .put(Role::Admin, &block, &json!({"days": 7, "why": "Iklan."}))
            .await;
        assert_eq!(blocked.status, StatusCode::NO_CONTENT, "{}", blocked.text());
        let blocks = desk
            .get(Role::Officer, "/api/v1/channels/blocks")
            .await
            .json();
        assert_eq!(blocks["blocks"][0]["by"], "token:admin", "{blocks}");
        assert_eq!(
            desk.delete(Role::Admin, &block).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            desk.delete(Role::Admin, &block).await.status,
            StatusCode::NOT_FOUND
        );
        let figures = desk.get(Role::Officer, "/api/v1/channels").await.json();
        assert_eq!(figures["channels"][0]["today"]["came"], 1, "{figures}");
        line.hears("Halo").await;
        let all = desk
            .get(Role::Officer, "/api/v1/channels/conversations?all=true")
            .await
            .json();
        let lying = all["conversations"][0]["messages"].as_array().unwrap();
        let last = lying.last().unwrap()["number"].clone();
        let leave = format!("{path}/{thread}/leave");
        let left = desk
            .post(Role::Officer, &leave, &json!({"messages": [last]}))
            .await;
        assert_eq!(left.status, StatusCode::OK, "{}", left.text());
    }
}

#[tokio::test]
async fn keywords_are_kept_and_ended_and_name_what_there_is() {
    for desk in desks("pusat").await {
        let at = "/api/v1/channels/keywords/terang";
        for (body, field) in [
            (json!({"category": "Tidak/Ada"}), "category"),
            (json!({"region": "99.99"}), "region"),
            (json!({"suggested": "kota-entah"}), "suggested"),
            (json!({"until": "2020-01-01"}), "until"),
        ] {
            let refused = desk.put(Role::Admin, at, &body).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(refused.json()["field"], field, "{}", refused.text());
        }
        let taken = "/api/v1/channels/keywords/status";
        let taken = desk.put(Role::Admin, taken, &json!({})).await;
        assert_eq!(taken.json()["field"], "word", "{}", taken.text());
        let kept = json!({"campaign": "Bandung Terang", "region": "32.73", "until": "2099-12-04"});
        let kept = desk.put(Role::Admin, at, &kept).await;
        assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text());
        let listed = desk
            .get(Role::Officer, "/api/v1/channels/keywords")
            .await
            .json();
        let line = &listed["keywords"][0];
        assert_eq!(
            (&line["word"], &line["until"]),
            (&json!("TERANG"), &json!("2099-12-04"))
        );
        assert_eq!(
            desk.delete(Role::Admin, at).await.status,
            StatusCode::NO_CONTENT
        );
        assert_eq!(
            desk.delete(Role::Admin, at).await.status,
            StatusCode::NOT_FOUND
        );
        for path in ["unsaid/7/again", "unread/7/aside"] {
            let path = format!("/api/v1/channels/{path}");
            let missing = desk.post(Role::Admin, &path, &json!(null)).await;
            assert_eq!(missing.status, StatusCode::NOT_FOUND, "{path}");
        }
        let again = desk
            .post(Role::Admin, "/api/v1/channels/unread/again", &json!({}))
            .await;
        assert_eq!(again.json(), json!({"count": 0}), "{}", again.text());
        let cities = desk.get(Role::Officer, "/api/v1/channels/cities").await;
        assert_eq!(cities.json(), json!({"cities": []}), "{}", cities.text());
        let nowhere = "/api/v1/channels/cities/requests/none";
        let dropped = desk.delete(Role::Admin, nowhere).await;
        assert_eq!(dropped.status, StatusCode::NOT_FOUND, "{}", dropped.text());
        for list in ["unsaid", "unread"] {
            let listed = desk
                .get(Role::Officer, &format!("/api/v1/channels/{list}"))
                .await;
            assert_eq!(listed.json(), json!({"messages": []}), "{}", listed.text());
        }
    }
}
