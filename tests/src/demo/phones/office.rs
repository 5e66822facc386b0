//! The own service of a city by Open311, which the node of the city follows and feeds. Its requests
//! are kept with the demo: the node knows them by their numbers.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use lapor_stand_ins::city311::City311;
use lapor_web::clock::{Clock as _, SystemClock};
use tokio::time::Instant;

use super::LOOK;
use crate::demo::PATIENCE;

/// What all reports to the city are about, by its own code and as a category.
pub const SERVICE: &str = "002";
pub const CATEGORY: &str = "Pekerjaan Umum dan Penataan Ruang/Jalan";
/// Ends what was fed by a node.
const MARK: &str = "[lapor ";
/// Begins what an officer of the city says to close a request.
const DONE: &str = "selesai";

pub struct Office {
    service: City311,
    kept: PathBuf,
    /// Numbers of what was fed and shown.
    shown: Mutex<BTreeSet<String>>,
}

/// Whether a text is an officer's of the city, who has done something.
pub fn is_done(text: &str) -> bool {
    text.trim_start().to_lowercase().starts_with(DONE)
}

impl Office {
    /// With the requests of before, where the demo was kept.
    pub async fn open(kept: PathBuf) -> anyhow::Result<Self> {
        let service = City311::open().await;
        if kept.exists() {
            let shown = || format!("{} cannot be read", kept.display());
            let text = std::fs::read(&kept).with_context(shown)?;
            service.had(serde_json::from_slice(&text).with_context(shown)?);
        }
        let office = Self {
            service,
            kept,
            shown: Mutex::default(),
        };
        office.fed();
        Ok(office)
    }

    pub fn keep(&self) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(&self.service.requests())?;
        std::fs::write(&self.kept, text)
            .with_context(|| format!("{} cannot be written", self.kept.display()))
    }

    pub fn url(&self) -> String {
        self.service.url()
    }

    /// Waits until the node has asked for a list: it begins then.
    pub async fn is_followed(&self) -> anyhow::Result<()> {
        let give_up = Instant::now() + PATIENCE;
        while self.service.listed() == 0 {
            anyhow::ensure!(Instant::now() < give_up, "nobody follows the city");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Somebody reports to the city.
    pub fn hears(&self, text: &str) -> String {
        self.service.is_at(SystemClock.now_ms());
        self.service.hears(&[
            ("service_code", SERVICE),
            ("description", text),
            ("address", "Jalan Lengkong Besar, Bandung"),
            ("lat", "-6.9264"),
            ("long", "107.6126"),
        ])
    }

    /// An officer of the city closes a request.
    pub fn closes(&self, number: &str, said: &str) {
        self.service.puts(number, "closed", said);
    }

    /// The number of the request that came last of those that are open.
    pub fn last_open(&self) -> Option<String> {
        let requests = self.service.requests();
        let mut open = requests.iter().rev();
        let open = open.find(|request| request["status"] == "open")?;
        open.get("service_request_id").cloned()
    }

    /// What a node has fed since this was last asked: `number: description`.
    pub fn fed(&self) -> Vec<String> {
        // When what is fed next is filed.
        self.service.is_at(SystemClock.now_ms());
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let mut news = Vec::new();
        for request in self.service.requests() {
            let (number, said) = (&request["service_request_id"], &request["description"]);
            if said.contains(MARK) && shown.insert(number.clone()) {
                news.push(format!("{number}: {said}"));
            }
        }
        news
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_fed_is_told_once_and_requests_are_kept_with_their_numbers() {
        let home = tempfile::tempdir().unwrap();
        let kept = home.path().join("kota-311.json");
        let office = Office::open(kept.clone()).await.unwrap();
        let own = office.hears("Jalan berlubang");
        assert!(office.fed().is_empty(), "it came from nobody else");
        let fed = office.hears("Jalan retak [lapor 1]");
        assert_eq!(office.fed(), [format!("{fed}: Jalan retak [lapor 1]")]);
        assert!(office.fed().is_empty());
        assert_eq!(office.last_open().as_ref(), Some(&fed));
        office.closes(&fed, "Selesai, sudah ditambal.");
        assert_eq!(office.last_open(), Some(own.clone()));
        office.keep().unwrap();

        let again = Office::open(kept).await.unwrap();
        assert!(again.fed().is_empty(), "it was told before");
        assert_eq!(again.last_open().as_ref(), Some(&own));
        let next = again.hears("Jalan lain");
        assert!(next != own && next != fed, "{next}");
    }

    #[test]
    fn an_officer_of_the_city_says_that_it_is_done() {
        assert!(is_done("Selesai: ditambal") && is_done(" selesai"));
        assert!(!is_done("Belum selesai") && !is_done(""));
    }
}
