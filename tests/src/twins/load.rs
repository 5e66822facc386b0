//! Work that does not stop while something befalls the hub: reports, one after the other, of which
//! each that an API has acknowledged is remembered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::crash::desk::Desk;
use crate::fleet::words::WORDS_CANARY;

/// Between two reports of one institution.
const PAUSE: Duration = Duration::from_millis(30);

/// Institutions at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    working: Vec<JoinHandle<Result<Vec<String>>>>,
}

impl Load {
    pub fn begin(desks: &[Arc<Desk>]) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let working = desks.iter().map(|desk| {
            let (desk, stop) = (Arc::clone(desk), Arc::clone(&stop));
            tokio::spawn(async move { work(&desk, &stop).await })
        });
        let working = working.collect();
        Self { stop, working }
    }

    /// The ids of all messages that were acknowledged.
    pub async fn end(self) -> Result<Vec<String>> {
        self.stop.store(true, Ordering::SeqCst);
        let mut acknowledged = Vec::new();
        for work in self.working {
            acknowledged.extend(work.await??);
        }
        Ok(acknowledged)
    }
}

async fn work(desk: &Desk, stop: &AtomicBool) -> Result<Vec<String>> {
    let mut acknowledged = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let title = format!("Laporan {}", acknowledged.len() + 1);
        let (_, message) = file(desk, &title).await?;
        acknowledged.push(message);
        tokio::time::sleep(PAUSE).await;
    }
    Ok(acknowledged)
}

/// Files a report; gives its case and its message. No node is killed here, so each answers.
pub async fn file(desk: &Desk, title: &str) -> Result<(String, String)> {
    let report = json!({
        "classification": "complaint",
        "title": title,
        "content": format!("{title}, mohon ditangani ({WORDS_CANARY})."),
        "region": "32.73",
        "channel": "web",
    });
    let answer = desk.tell("reports", &report).await?;
    let answer = answer.with_context(|| format!("{} does not answer", desk.slug))?;
    let text = |name: &str| answer.get(name).and_then(Value::as_str).map(str::to_owned);
    let filed = text("case").zip(text("message"));
    filed.with_context(|| format!("{} answers {answer}", desk.slug))
}
