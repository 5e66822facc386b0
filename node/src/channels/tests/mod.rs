//! Conversations over a channel of paper: what becomes a case, in which order, how often; what is
//! said when the provider is away; what is told and what never.

mod asking;
mod blocked;
mod codes;
mod desk;
mod email;
mod email_line;
mod email_real;
mod fetching;
mod keywords;
mod length;
mod media;
mod meta;
mod meta_line;
mod meta_page;
mod once;
pub mod paper;
mod private;
mod running;
mod saying;
mod stopped;
mod telegram;
mod telegram_line;
mod telling;
mod unread;
mod x;
mod x_line;

use std::path::PathBuf;
use std::sync::Arc;

use lapor_migrations::on;
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use serde_json::{Value, json};

use super::delivery::Spoken;
use super::{Channel, Lines, Name, Raw};
use crate::node::Node;
use crate::sync::Link;
use crate::testing::{PaperHub, Place, acts, databases};
use paper::Paper;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const SITI: &str = "+628123456789";
const BUDI: &str = "+628129999999";
const REPORT: &str = "Lampu jalan padam di Cihampelas sejak hari Minggu.";
/// One that says where it is, so that nobody has to ask.
const PLACED: &str = "Lampu jalan padam di Kota Bandung sejak hari Minggu.";

/// A secret in a file beside the keys of a place.
pub(crate) fn kept(place: &Place, name: &str, secret: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = place.settings.node.keys.join(name);
    std::fs::write(&path, format!("{secret}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
    path
}

/// The hub rules what waits at a node.
pub(crate) async fn ruled(place: &Place, hub: &Arc<PaperHub>) {
    let link = Link::over(place.node.clone(), hub.clone()).unwrap();
    link.push().await.unwrap();
    link.pull(Stream::Inbox, 0).await.unwrap();
}

/// A node with one channel of paper.
struct Talked {
    place: Place,
    paper: Arc<Paper>,
    lines: Lines,
    hub: Arc<PaperHub>,
}

/// Puts a channel of paper in the place of those of the settings.
pub fn on_paper(node: &Node, name: Name) -> (Arc<Paper>, Lines) {
    let paper = Arc::new(Paper::of(name));
    let lines = Lines(vec![paper.clone()]);
    assert!(node.switch().lines.set(lines.clone()).is_ok());
    (paper, lines)
}

impl Talked {
    async fn on(name: Name) -> Vec<Self> {
        let mut out = Vec::new();
        for db in databases().await {
            let mut place = Place::joined("kota-bandung", db).await;
            // That a channel is on; the paper one stands in for it.
            place.settings.channels.sms.kannel.send_url = Some("http://127.0.0.1:9/".into());
            place.node = place.reopened().await;
            let (paper, lines) = on_paper(&place.node, name);
            out.push(Self {
                lines,
                hub: PaperHub::of(&place),
                paper,
                place,
            });
        }
        out
    }

    /// A place with a channel of a provider, and none of paper.
    fn over(place: Place, line: Arc<dyn Channel>) -> Self {
        Self {
            hub: PaperHub::of(&place),
            paper: Arc::new(Paper::of(line.name())),
            lines: Lines(vec![line]),
            place,
        }
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
        self.node().write_phone_codes().await.unwrap();
    }

    /// Says all that is due.
    async fn speaks(&self) {
        for line in &self.lines.0 {
            while matches!(
                self.node().say_round(&**line).await.unwrap(),
                Spoken::Worked(_)
            ) {}
        }
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

    /// How much of what was to be said can still be read.
    async fn kept_words(&self) -> i64 {
        const SQL: &str = "select count(*) from channel_outbox where words is not null";
        let mut tx = self.node().read_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query_scalar(SQL).fetch_one(c).await).unwrap()
    }

    /// Kinds of the messages of a case, in their order.
    async fn messages(&self, case: CaseId) -> Vec<String> {
        let view = self.node().case(case).await.unwrap();
        view.history
            .iter()
            .map(|entry| entry.kind.clone())
            .collect()
    }

    /// What is known of a case cannot be read any more.
    async fn damages(&self, case: CaseId) {
        const SQL: &str = "update cases set fold = '{' where case_id = $1";
        let (case, mut tx) = (case.to_string(), self.node().write_tx().await.unwrap());
        on!(&mut tx, c => sqlx::query(SQL).bind(&case).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    }

    /// The hub rules what waits.
    async fn ruled(&self) {
        ruled(&self.place, &self.hub).await;
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
