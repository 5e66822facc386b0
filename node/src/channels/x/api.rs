//! The calls of X's API that are used here.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::Unsaid;
use super::super::fetching::Interrupted;
use super::super::heard::Saying;
use super::super::provider::{Answer, Provider, undocumented};
use super::oauth::{Keys, Stamp};
use crate::chance::random;
use crate::clock::Clock;

/// For how long X is left alone where it does not say.
const BUSY: Duration = Duration::from_mins(5);
/// Posts of one page.
const AT_ONCE: &str = "100";
/// Pages of one look; 20,000 posts.
const PAGES: usize = 200;

pub struct Api {
    pub provider: Provider,
    pub keys: Keys,
    pub bearer: Option<String>,
    pub clock: Arc<dyn Clock>,
}

/// Where posts are looked for.
pub struct Look<'a> {
    pub path: &'a str,
    /// The parameter that asks for the next page.
    pub turning: &'a str,
    pub query: Vec<(&'a str, String)>,
}

/// A page of posts.
#[derive(Deserialize)]
pub struct Page {
    #[serde(default)]
    pub data: Vec<Value>,
    #[serde(default)]
    pub includes: Value,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
struct Meta {
    next_token: Option<String>,
}

#[derive(Deserialize)]
struct Posted {
    data: PostedId,
}

#[derive(Deserialize)]
struct PostedId {
    id: String,
}

impl Api {
    /// Says something below a post. Nothing is ever said to all.
    pub async fn say(&self, what: &Saying) -> Result<Option<String>, Unsaid> {
        let none = || Unsaid::Never("it is for no post".into());
        let below = what.reply_to.as_ref().ok_or_else(none)?;
        let url = self.provider.url("2/tweets").ok_or_else(none)?;
        let body = json!({"text": what.words, "reply": {"in_reply_to_tweet_id": below}});
        let signed = self.signed("POST", &url);
        let request = self
            .provider
            .post(url)
            .header(AUTHORIZATION, signed)
            .json(&body);
        let answer = self.provider.ask(request).await.map_err(Unsaid::Down)?;
        let posted = serde_json::from_slice::<Posted>(&answer.body).ok();
        // What was said all the same X refuses the next time, as a duplicate.
        let strange = |status| Unsaid::Down(undocumented("X", status));
        match answer.status {
            status @ (200 | 201) => {
                let posted = posted.ok_or_else(|| strange(status))?;
                Ok(Some(posted.data.id))
            }
            // It was said before, and the answer to that was lost.
            403 if is_duplicate(&answer) => Ok(None),
            429 => Err(Unsaid::Slower(self.busy(&answer))),
            status if !is_problem(&answer) => Err(strange(status)),
            // Keys, credits and addresses are ours to mend, and cost no message anything.
            status @ (401 | 402 | 404) => {
                Err(Unsaid::Down(format!("X refuses this node ({status})")))
            }
            status @ 400..500 => Err(Unsaid::Never(format!("X refuses the reply ({status})"))),
            status => Err(Unsaid::Down(format!("X answers {status}"))),
        }
    }

    /// All pages of a look, the latest first.
    pub async fn pages(&self, look: &Look<'_>) -> Result<Vec<Page>, Interrupted> {
        let mut pages: Vec<Page> = Vec::new();
        loop {
            let next = pages.last().and_then(|page| page.meta.next_token.clone());
            if !pages.is_empty() && next.is_none() {
                return Ok(pages);
            }
            if pages.len() == PAGES {
                tracing::warn!("more posts wait on X than can be fetched; the oldest were left");
                return Ok(pages);
            }
            pages.push(self.page(look, next.as_deref()).await?);
        }
    }

    async fn page(&self, look: &Look<'_>, next: Option<&str>) -> Result<Page, Interrupted> {
        let no_address = || String::from("its address is none");
        let mut url = self.provider.url(look.path).ok_or_else(no_address)?;
        url.query_pairs_mut()
            .extend_pairs(&look.query)
            .append_pair("max_results", AT_ONCE)
            .extend_pairs(next.map(|next| (look.turning, next)));
        let shown = match &self.bearer {
            Some(token) => format!("Bearer {token}"),
            None => self.signed("GET", &url),
        };
        let request = self.provider.get(url).header(AUTHORIZATION, shown);
        let answer = self.provider.ask(request).await?;
        match answer.status {
            200 => serde_json::from_slice(&answer.body)
                .map_err(|_| String::from("a page of posts cannot be read").into()),
            429 => Err(Interrupted {
                problem: "X is asked too often".into(),
                pause: Some(self.busy(&answer)),
            }),
            status => Err(format!("X answers {status}").into()),
        }
    }

    fn signed(&self, method: &str, url: &Url) -> String {
        let nonce = hex::encode(random::<16>());
        let stamp = Stamp {
            nonce: &nonce,
            at_s: self.clock.now_ms() / 1000,
        };
        self.keys.authorization(method, url, &stamp)
    }

    /// Until when X wants to be left alone.
    fn busy(&self, answer: &Answer) -> Duration {
        let reset = answer.headers.get("x-rate-limit-reset");
        let reset = reset.and_then(|reset| reset.to_str().ok()?.parse::<i64>().ok());
        let left = reset.map(|reset| reset.saturating_mul(1000) - self.clock.now_ms());
        left.map_or(BUSY, |left| {
            Duration::from_millis(left.max(1000).unsigned_abs())
        })
    }
}

/// Whether X itself says what is wrong.
fn is_problem(answer: &Answer) -> bool {
    serde_json::from_slice::<Value>(&answer.body).is_ok_and(|told| told.is_object())
}

fn is_duplicate(answer: &Answer) -> bool {
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let detail = told["detail"].as_str().unwrap_or_default();
    detail.to_lowercase().contains("duplicate")
}
