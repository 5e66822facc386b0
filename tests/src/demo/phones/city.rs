//! The application of a city, which reports by Open311 and looks after what it has reported.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Url};
use serde_json::Value;

use crate::demo::{PATIENCE, api};

/// What all its reports are about; it has one form.
const SERVICE: &str = "lingkungan-hidup-dan-kehutanan.persampahan";
/// How long it looks at a report of its own.
const GLANCE: Duration = Duration::from_secs(10);
const PLACE: (&str, &str, &str) = ("-6.9147", "107.6098", "Jalan Asia Afrika, Bandung");

pub struct City {
    client: Client,
    requests: Mutex<Vec<Request>>,
}

/// The node where it reports, and its key there.
pub struct Node {
    pub address: SocketAddr,
    pub key: String,
}

/// What it has reported, and how that stood when it last looked.
#[derive(Clone)]
struct Request {
    id: String,
    stands: String,
}

impl City {
    pub fn open() -> anyhow::Result<Self> {
        Ok(Self {
            client: api::client()?,
            requests: Mutex::default(),
        })
    }

    /// Reports; says by which number, and what it is told.
    pub async fn files(&self, node: &Node, text: &str) -> anyhow::Result<(String, String)> {
        let mut form: Url = "http://form/".parse()?;
        let (lat, long, address) = PLACE;
        form.query_pairs_mut().extend_pairs([
            ("service_code", SERVICE),
            ("description", text),
            ("lat", lat),
            ("long", long),
            ("address_string", address),
            ("first_name", "Warganet"),
            ("last_name", "Rekaan"),
        ]);
        let at = format!("http://{}/open311/v2/requests.json", node.address);
        let request = self.client.post(at).bearer_auth(&node.key);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(form.query().unwrap_or_default().to_owned());
        let answer = answer.timeout(PATIENCE).send().await;
        let answer = answer.context("the node does not answer")?;
        let status = answer.status();
        let told: Value = answer.json().await.context("the node answers no JSON")?;
        ensure!(status.is_success(), "the node refuses it: {status} {told}");
        let id = told[0]["service_request_id"].as_str();
        let id = id.with_context(|| format!("the node tells no number: {told}"))?;
        let notice = told[0]["service_notice"].as_str().unwrap_or_default();
        Ok((id.to_owned(), notice.to_owned()))
    }

    /// Looks after a report from now on.
    pub fn follows(&self, id: String) {
        let stands = String::new();
        self.requests().push(Request { id, stands });
    }

    /// Looks at what it follows; says what is new.
    pub async fn news(&self, node: &Node) -> Vec<String> {
        let known = self.requests().clone();
        let mut news = Vec::new();
        for request in known {
            // Who does not answer now is asked again soon.
            let Ok(stands) = self.stands(node, &request.id).await else {
                continue;
            };
            if stands == request.stands {
                continue;
            }
            let mut requests = self.requests();
            let known = requests.iter_mut().find(|known| known.id == request.id);
            if let Some(known) = known {
                known.stands.clone_from(&stands);
            }
            news.push(stands);
        }
        news
    }

    /// How a report stands: `Masih dibuka: …`.
    async fn stands(&self, node: &Node, id: &str) -> anyhow::Result<String> {
        let at = format!("http://{}/open311/v2/requests/{id}.json", node.address);
        let request = self.client.get(at).bearer_auth(&node.key);
        let answer = request.timeout(GLANCE).send().await?;
        let told: Value = answer.error_for_status()?.json().await?;
        let said = |field: &str| told[0][field].as_str().unwrap_or_default();
        let status = match said("status") {
            "open" => "Masih dibuka",
            "closed" => "Sudah ditutup",
            other => other,
        };
        Ok(format!("{status}: {}", said("status_notes")))
    }

    fn requests(&self) -> MutexGuard<'_, Vec<Request>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
