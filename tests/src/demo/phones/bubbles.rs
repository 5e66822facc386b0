//! What was said on all channels, as the stand-ins saw it, and kept with the demo.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use lapor_web::clock::{Clock as _, SystemClock};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::lines::Line;
use crate::demo::PATIENCE;

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    Citizen,
    /// Somebody else, where everybody can.
    Other,
    Institution,
    /// An officer of a city, in its own service.
    City,
    /// The institution, for one person below what everybody reads.
    Privately,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bubble {
    pub line: Line,
    pub by: By,
    pub text: String,
    /// Unix ms; demos that were kept by older programs do not say.
    pub at: Option<i64>,
}

pub struct Bubbles {
    kept: PathBuf,
    all: Mutex<Vec<Bubble>>,
    count: watch::Sender<usize>,
}

impl Bubble {
    fn is_answer(&self) -> bool {
        matches!(self.by, By::Institution | By::Privately)
    }
}

impl Bubbles {
    /// Those of before, where the demo was kept.
    pub fn open(kept: PathBuf) -> anyhow::Result<Self> {
        let shown = || format!("{} cannot be read", kept.display());
        let all: Vec<Bubble> = if kept.exists() {
            let text = std::fs::read(&kept).with_context(shown)?;
            serde_json::from_slice(&text).with_context(shown)?
        } else {
            Vec::new()
        };
        let (count, _) = watch::channel(all.len());
        Ok(Self {
            kept,
            all: Mutex::new(all),
            count,
        })
    }

    pub fn keep(&self) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(&*self.all())?;
        std::fs::write(&self.kept, text)
            .with_context(|| format!("{} cannot be written", self.kept.display()))
    }

    pub fn add(&self, line: Line, by: By, text: impl Into<String>) {
        let bubble = Bubble {
            line,
            by,
            text: text.into(),
            at: Some(SystemClock.now_ms()),
        };
        let count = {
            let mut all = self.all();
            all.push(bubble);
            all.len()
        };
        self.count.send_replace(count);
    }

    pub fn count(&self) -> usize {
        self.all().len()
    }

    /// The latest of a channel, the oldest first.
    pub fn latest(&self, line: Line, most: usize) -> Vec<Bubble> {
        let all = self.all();
        let own = all.iter().rev().filter(|bubble| bubble.line == line);
        let mut latest: Vec<Bubble> = own.take(most).cloned().collect();
        latest.reverse();
        latest
    }

    /// Waits until people on a channel are told something with these words, after so many bubbles.
    pub async fn hears(&self, line: Line, after: usize, words: &str) -> anyhow::Result<String> {
        let heard = self.answer(line, after, words);
        let heard = tokio::time::timeout(PATIENCE, heard).await;
        heard.with_context(|| {
            let last = self.latest(line, 1).pop().map(|bubble| bubble.text);
            format!("nobody says {words:?} on {line}; last was said {last:?}")
        })
    }

    /// Waits for an answer with these words for ever.
    pub async fn answer(&self, line: Line, after: usize, words: &str) -> String {
        let mut count = self.count.subscribe();
        loop {
            count.mark_unchanged();
            let found = self.found(line, after, words);
            if let Some(text) = found {
                return text;
            }
            if count.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    fn found(&self, line: Line, after: usize, words: &str) -> Option<String> {
        let all = self.all();
        let mut late = all.iter().skip(after);
        let fits = |bubble: &&Bubble| {
            bubble.line == line && bubble.is_answer() && bubble.text.contains(words)
        };
        late.find(fits).map(|bubble| bubble.text.clone())
    }

    fn all(&self) -> MutexGuard<'_, Vec<Bubble>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_said_is_kept_and_only_an_answer_of_that_channel_is_heard() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("telepon.json");
        let bubbles = Bubbles::open(path.clone()).unwrap();
        bubbles.add(Line::Sms, By::Institution, "tiket lama");
        let from = bubbles.count();
        bubbles.add(Line::Sms, By::Citizen, "mana tiket saya?");
        bubbles.add(Line::X, By::Institution, "tiket orang lain");
        assert_eq!(bubbles.found(Line::Sms, from, "tiket"), None);
        let (heard, ()) = tokio::join!(bubbles.hears(Line::Sms, from, "tiket"), async {
            tokio::task::yield_now().await;
            bubbles.add(Line::Sms, By::Privately, "Nomor tiket: 1");
        });
        assert_eq!(heard.unwrap(), "Nomor tiket: 1");
        bubbles.keep().unwrap();
        let again = Bubbles::open(path).unwrap();
        assert_eq!(again.latest(Line::Sms, 2), bubbles.latest(Line::Sms, 2));
        assert_eq!(again.count(), 4);
    }

    #[test]
    fn what_an_older_demo_kept_has_no_time() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("telepon.json");
        let old = r#"[{"line": "sms", "by": "citizen", "text": "Jalan rusak"}]"#;
        std::fs::write(&path, old).unwrap();
        let bubbles = Bubbles::open(path).unwrap();
        assert_eq!(bubbles.latest(Line::Sms, 1)[0].at, None);
        bubbles.add(Line::Sms, By::Institution, "Terima kasih");
        assert!(bubbles.latest(Line::Sms, 1)[0].at.is_some());
    }
}
