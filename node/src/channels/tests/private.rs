//! Who writes stands nowhere but sealed and in the identity of their report; and it goes with it.

use std::sync::{Arc, Mutex};

use lapor_migrations::on;
use lapor_web::log::Overheard;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::{BUDI, DAY_MS, MINUTE_MS, REPORT, SITI, Talked};
use crate::channels::{Name, Unsaid};

/// Everything that stands in a table, as text.
async fn dump(talked: &Talked, table: &str) -> String {
    let sql = match table {
        "channel_taken" => {
            "select coalesce(thread, '') || state || coalesce(outcome, '') || coalesce(problem, '') from channel_taken"
        }
        "channel_outbox" => {
            "select thread || kind || once || state || coalesce(problem, '') from channel_outbox"
        }
        "channel_threads" => "select id || channel from channel_threads",
        "audit" => "select actor || action || detail from audit",
        _ => "select draft from outbox_drafts",
    };
    let mut tx = talked.node().read_tx().await.unwrap();
    let rows: Vec<String> = on!(&mut tx, c => sqlx::query_scalar(sql).fetch_all(c).await).unwrap();
    rows.join("\n")
}

async fn blobs(talked: &Talked) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    for sql in [
        "select sealed from channel_threads where sealed is not null",
        "select talk from channel_threads where talk is not null",
        "select raw from channel_taken where raw is not null",
        "select words from channel_outbox where words is not null",
    ] {
        let mut tx = talked.node().read_tx().await.unwrap();
        let rows: Vec<Vec<u8>> =
            on!(&mut tx, c => sqlx::query_scalar(sql).fetch_all(c).await).unwrap();
        out.extend(rows);
    }
    out
}

#[tokio::test]
async fn a_number_stands_in_no_table_no_message_and_no_log_but_in_the_identity() {
    for talked in Talked::on(Name::Sms).await {
        talked.writes(SITI, "halo").await;
        talked.writes(SITI, REPORT).await;
        talked.hears().await;
        let (case, _) = talked.case().await;
        let digits = &SITI[1..];
        for table in [
            "channel_taken",
            "channel_outbox",
            "channel_threads",
            "audit",
            "outbox",
        ] {
            let text = dump(&talked, table).await;
            assert!(
                !text.is_empty() && !text.contains(digits),
                "{table}: {text}"
            );
            assert!(!text.contains("Cihampelas"), "{table}: {text}");
        }
        for sealed in blobs(&talked).await {
            let text = String::from_utf8_lossy(&sealed).into_owned();
            assert!(!text.contains(digits) && !text.contains("Cihampelas"));
        }
        let view = talked.node().case(case).await.unwrap();
        assert!(!serde_json::to_string(&view).unwrap().contains(digits));
        let identity = talked
            .node()
            .identity(case, "keeper")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(identity.phone.as_deref(), Some(SITI));
        talked.ruled().await;
        let sent = talked.hub.sent().join("\n");
        assert!(!sent.contains(digits));
        assert!(
            !format!(
                "{:?}",
                crate::channels::Address {
                    id: SITI.into(),
                    name: None,
                    at: None
                }
            )
            .contains(digits)
        );
    }
}

#[tokio::test]
async fn an_erasure_takes_who_it_was_and_what_was_to_be_said_and_leaves_the_others() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, REPORT).await;
        talked.place.clock.advance(MINUTE_MS);
        talked
            .says(BUDI, "Jalan berlubang di depan pasar Sukajadi.")
            .await;
        let cases = talked.cases().await;
        let case = cases[0].0.parse().unwrap();
        talked.paper.is_down(true);
        talked.follows_up(case, "Petugas berangkat.", false).await;
        talked.hears().await;
        let mut tx = talked.node().read_tx().await.unwrap();
        let thread = crate::store::channels::threads::of_case(&mut tx, &cases[0].0)
            .await
            .unwrap();
        drop(tx);
        let conversation = talked
            .node()
            .conversation_of_thread(&thread.unwrap(), case)
            .await
            .unwrap();
        talked
            .node()
            .ask_erasure(&conversation, &cases[0].1)
            .await
            .unwrap();
        talked.place.clock.advance(4 * DAY_MS);
        assert_eq!(talked.node().erase_due().await.unwrap(), 1);
        talked.ruled().await;
        talked.paper.is_down(false);
        assert!(talked.told(SITI).await.is_empty());
        assert_eq!(talked.kept_words().await, 1, "what the other was told");
        let mut tx = talked.node().read_tx().await.unwrap();
        let sealed: Vec<i64> = on!(&mut tx, c => sqlx::query_scalar(
            "select count(*) from channel_threads where sealed is not null")
            .fetch_all(c)
            .await)
        .unwrap();
        assert_eq!(sealed, [1], "of the other it is known");
        let left: i64 = on!(&mut tx, c => sqlx::query_scalar(
            "select (select count(*) from channel_cases) + (select count(*) from channel_said)")
            .fetch_one(c)
            .await)
        .unwrap();
        assert_eq!(left, 2);
        drop(tx);
        // Who writes again is met as if for the first time.
        let told = talked.says(SITI, "STATUS").await;
        assert!(
            told[0].starts_with("Belum ada laporan dari Anda"),
            "{told:?}"
        );
    }
}

#[tokio::test]
async fn who_reported_nothing_is_forgotten_after_a_month() {
    for talked in Talked::on(Name::Sms).await {
        talked.says(SITI, "halo apa kabar").await;
        talked.says(BUDI, REPORT).await;
        talked.place.clock.advance(31 * DAY_MS);
        talked.node().expire_channels().await.unwrap();
        let left = blobs(&talked).await;
        assert_eq!(left.len(), 1, "the address of who reported");
        let taken = talked.taken().await;
        assert_eq!(taken.len(), 1, "the last number is given to nothing else");
        assert_eq!(
            talked
                .takes("1", &json!({"from": SITI, "text": "halo"}))
                .await,
            0
        );
    }
}

/// Keeps all that is logged, in the thread of a test.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<String>>);

impl Log {
    pub(super) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let line = format!("{}={value:?} ", field.name());
        self.0.lock().unwrap().push_str(&line);
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn a_log_at_its_most_talkative_names_nobody_and_says_no_word() {
    let log = Log::default();
    let listening = Overheard::by(log.clone());
    for talked in Talked::on(Name::Sms).await {
        talked.paper.is_down(true);
        talked
            .writes(SITI, &format!("{REPORT} {}", "kata ".repeat(5000)))
            .await;
        talked.writes(SITI, REPORT).await;
        talked.takes("b1", &json!({"hologram": SITI})).await;
        talked.told(SITI).await;
        talked.place.clock.advance(DAY_MS);
        talked.paper.is_down(false);
        talked.paper.orders([Unsaid::Never("no".into())]);
        talked.told(SITI).await;
    }
    drop(listening);
    let log = log.text();
    assert!(log.contains("sms\u{b7}"), "{log}");
    for canary in [&SITI[1..], "Cihampelas", "Minggu", "kata kata"] {
        assert!(!log.contains(canary), "{canary}");
    }
}
