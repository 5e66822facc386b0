//! Conversations over a channel of paper: what becomes a case, in which order, how often; what is
//! said when the provider is away; what is told and what never.

mod asking;
mod length;
mod once;
mod paper;
mod private;
mod running;
mod saying;
mod telling;

use std::sync::Arc;

use lapor_migrations::on;
use lapor_migrations::throwaway::databases;
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use super::delivery::Spoken;
use super::{Lines, Name, Raw};
use crate::node::Node;
use crate::sync::Link;
use crate::testing::{PaperHub, Place, acts};
use paper::Paper;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const SITI: &str = "+628123456789";
const BUDI: &str = "+628129999999";
const REPORT: &str = "Lampu jalan padam di Cihampelas sejak hari Minggu.";
/// One that says where it is, so that nobody has to ask.
const PLACED: &str = "Lampu jalan padam di Kota Bandung sejak hari Minggu.";

/// A node with one channel of paper.
struct Talked {
    place: Place,
    paper: Arc<Paper>,
    lines: Lines,
    hub: Arc<PaperHub>,
}

impl Talked {
    async fn on(name: Name) -> Vec<Self> {
        let mut out = Vec::new();
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            // That a channel is on; the paper one stands in for it.
            place.settings.channels.sms.kannel.send_url = Some("http://127.0.0.1:9/".into());
            place.node = place.reopened().await;
            let paper = Arc::new(Paper::of(name));
            out.push(Self {
                lines: Lines(vec![paper.clone()]),
                hub: PaperHub::of(&place),
                paper,
                place,
            });
        }
        out
    }

    fn node(&self) -> &Arc<Node> {
        &self.place.node
    }

    /// The provider hands something over.
    async fn takes(&self, id: &str, body: &Value) -> usize {
        let raw = Raw {
            id: id.into(),
            body: serde_json::to_vec(body).unwrap(),
        };
        self.node().take_in(&*self.paper, &[raw]).await.unwrap()
    }

    /// Somebody writes a text.
    async fn writes(&self, from: &str, text: &str) {
        let id = self.paper.next_id().to_string();
        let new = self.takes(&id, &json!({"from": from, "text": text})).await;
        assert_eq!(new, 1);
    }

    /// Does all that is due.
    async fn hears(&self) {
        while self.node().hear_round(&self.lines).await.unwrap() > 0 {}
        self.node().write_channel_news().await.unwrap();
    }

    /// Says all that is due.
    async fn speaks(&self) {
        while matches!(
            self.node().say_round(&*self.paper).await.unwrap(),
            Spoken::Worked(_)
        ) {}
    }

    /// Somebody writes a text, and what they are told then.
    async fn says(&self, from: &str, text: &str) -> Vec<String> {
        self.writes(from, text).await;
        self.told(from).await
    }

    /// What somebody is told now.
    async fn told(&self, to: &str) -> Vec<String> {
        self.hears().await;
        self.speaks().await;
        self.paper.said_to(to)
    }

    /// The only case that there is, with its ticket.
    async fn case(&self) -> (CaseId, String) {
        let cases = self.cases().await;
        assert_eq!(cases.len(), 1, "{cases:?}");
        let (case, ticket) = cases[0].clone();
        (case.parse().unwrap(), ticket)
    }

    async fn cases(&self) -> Vec<(String, String)> {
        const SQL: &str = "select case_id, ticket from cases order by filed_at, case_id";
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_as(SQL).fetch_all(c).await).unwrap()
    }

    /// States of what was taken, with what became of it, in the order in which it came.
    async fn taken(&self) -> Vec<(String, String)> {
        const SQL: &str = "select state, coalesce(outcome, '') from channel_taken order by number";
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_as(SQL).fetch_all(c).await).unwrap()
    }

    /// States of what was to be said.
    async fn outbox(&self) -> Vec<String> {
        const SQL: &str = "select state from channel_outbox order by number";
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_all(c).await).unwrap()
    }

    /// Kinds of the messages of a case, in their order.
    async fn messages(&self, case: CaseId) -> Vec<String> {
        let view = self.node().case(case).await.unwrap();
        view.history
            .iter()
            .map(|entry| entry.kind.clone())
            .collect()
    }

    /// The hub rules what waits.
    async fn ruled(&self) {
        let link = Link::over(self.node().clone(), self.hub.clone()).unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Inbox, 0).await.unwrap();
    }

    /// The institution acts, a minute later, and the hub rules it.
    async fn acts(&self, case: CaseId, kind: &str, body: Value, words: Value) {
        self.ruled().await;
        self.place.clock.advance(MINUTE_MS);
        acts(&self.place, case, kind, body, Some(words)).await;
        self.ruled().await;
    }

    async fn holds(&self, case: CaseId, questions: Value, forms: Value) {
        let body = json!({"questions": questions.as_array().unwrap().len()});
        self.acts(
            case,
            "case.held",
            body,
            json!({"questions": questions, "forms": forms}),
        )
        .await;
    }

    async fn follows_up(&self, case: CaseId, text: &str, proposes: bool) {
        let body = json!({"proposes_to_close": proposes});
        self.acts(case, "case.followed_up", body, json!({"text": text}))
            .await;
    }
}
