//! The way to the Graph API: bounded in time and size, without redirects and proxies, and to hosts
//! of the provider only. What it says in words may repeat a number, and is not kept.
//!
//! <https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes>,
//! <https://developers.facebook.com/docs/messenger-platform/error-codes>

use std::time::Duration;

use reqwest::{RequestBuilder, Response, Url};
use serde_json::Value;

use super::settings::{MetaSettings, MetaSettingsError};
use super::whatsapp::TOO_LATE;
use crate::channels::media::{LeftOut, Pieces, Unfetched};
use crate::channels::provider::{NoAnswer, beginning, broken};
use crate::channels::{Unsaid, provider, reasons};

/// Bytes of an answer that are read.
const LARGEST: usize = 64 * 1024;
/// How long nothing is said after too much was, where the provider does not say how long.
const BREATH: Duration = Duration::from_mins(1);

/// A comment or a post has had its one private reply.
const REPLIED: i64 = 10_900;

pub struct Graph {
    client: reqwest::Client,
    base: Url,
    version: String,
    hosts: Vec<String>,
}

/// Over which line something was said: the same code means something else on each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Whatsapp,
    Messenger,
    Comment,
}

/// What the provider answers, or what stands in its place.
pub struct Told {
    status: u16,
    wait: Option<Duration>,
    is_page: bool,
    /// Null for what is no JSON.
    value: Value,
}

/// What the provider answers instead of doing it.
struct Refusal {
    status: u16,
    code: Option<i64>,
    subcode: Option<i64>,
    wait: Option<Duration>,
}

impl Graph {
    pub fn of(settings: &MetaSettings) -> Result<Self, MetaSettingsError> {
        let wrong = || MetaSettingsError::Url(settings.base_url.clone());
        let base = provider::address(&settings.base_url).ok_or_else(wrong)?;
        let client = provider::bounded()
            .user_agent("lapor-node")
            .build()
            .map_err(|error| MetaSettingsError::Client(broken(error)))?;
        Ok(Self {
            client,
            base,
            version: settings.version.clone(),
            hosts: settings.media_hosts.clone(),
        })
    }

    /// Posts to an object of the provider, such as `["42", "messages"]`; answers with the id that it
    /// gives to what was said, which stands at `id` (RFC 6901).
    pub async fn post(
        &self,
        line: Line,
        token: &str,
        path: &[&str],
        body: &Value,
        id: &str,
    ) -> Result<String, Unsaid> {
        self.ask(token, path, body).await?.said(line, id)
    }

    /// The same, for whoever reads more of the answer.
    pub async fn ask(&self, token: &str, path: &[&str], body: &Value) -> Result<Told, Unsaid> {
        let request = self.client.post(self.at(path)).json(body);
        let told = asked(request.bearer_auth(token)).await;
        told.map_err(Unsaid::from)
    }

    /// What the provider tells of an object.
    pub async fn get(&self, token: &str, path: &[&str]) -> Result<Value, Unfetched> {
        let request = self.client.get(self.at(path)).bearer_auth(token);
        let later = |none: NoAnswer| Unfetched::Later(none.problem());
        asked(request).await.map_err(later)?.object()
    }

    /// Begins to fetch a file; a token goes to hosts of the provider only.
    pub async fn download(&self, address: &str, token: Option<&str>) -> Result<Pieces, Unfetched> {
        let Some(url) = self.its_own(address) else {
            tracing::warn!("a file lies at a host that is not in channels.meta.media_hosts");
            return Err(Unfetched::Never(LeftOut::Gone));
        };
        let mut request = self.client.get(url);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = provider::file(request).await?;
        match answer.status().as_u16() {
            200..300 => Ok(provider::pieces(answer)),
            status => Err(unfetched(status, None)),
        }
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(&self.version).extend(path);
        }
        url
    }

    /// An address, if it is one of the provider's.
    fn its_own(&self, address: &str) -> Option<Url> {
        let url: Url = address.parse().ok()?;
        let host = url.host_str().unwrap_or_default();
        let below = |known: &String| {
            let rest = host.strip_suffix(known.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let known = url.scheme() == "https" && self.hosts.iter().any(below);
        (known || url.origin() == self.base.origin()).then_some(url)
    }
}

/// What is answered, or why nothing is.
async fn asked(request: RequestBuilder) -> Result<Told, NoAnswer> {
    let answer = request.send().await.map_err(NoAnswer::of)?;
    let (status, wait) = (answer.status().as_u16(), wait(&answer));
    // One that breaks off says nothing.
    let body = beginning(answer, LARGEST).await.unwrap_or_default();
    Ok(Told {
        status,
        wait,
        is_page: provider::is_page(&body),
        value: serde_json::from_slice(&body).unwrap_or_default(),
    })
}

impl Told {
    /// The id that was given to what was said.
    pub fn said(&self, line: Line, id: &str) -> Result<String, Unsaid> {
        let undocumented = || provider::undocumented("the provider", self.status);
        if self.status == provider::WAITED && self.refusal().code.is_none() {
            return Err(Unsaid::Unanswered(reasons::waited("the provider")));
        }
        if self.is_page {
            return Err(Unsaid::Down(undocumented()));
        }
        if !self.is_success() {
            return Err(self.refusal().unsaid(line));
        }
        let id = self.value.pointer(id).and_then(Value::as_str);
        // It may have been said.
        id.map(str::to_owned)
            .ok_or_else(|| Unsaid::Unanswered(undocumented()))
    }

    /// Whether what is to be answered has had its one private reply.
    pub fn is_of_replied(&self) -> bool {
        self.refusal().code == Some(REPLIED)
    }

    fn object(self) -> Result<Value, Unfetched> {
        let refusal = self.refusal();
        match (self.is_success(), refusal.code) {
            (true, _) if self.value.is_object() => Ok(self.value),
            (false, Some(code)) => Err(unfetched(self.status, Some(code))),
            _ => Err(Unfetched::Later(provider::undocumented(
                "the provider",
                self.status,
            ))),
        }
    }

    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    fn refusal(&self) -> Refusal {
        let number = |field: &str| self.value["error"][field].as_i64();
        Refusal {
            status: self.status,
            code: number("code"),
            subcode: number("error_subcode"),
            wait: self.wait,
        }
    }
}

fn wait(answer: &Response) -> Option<Duration> {
    let told = answer.headers().get("retry-after")?.to_str().ok()?;
    told.parse().ok().map(Duration::from_secs)
}

fn unfetched(status: u16, code: Option<i64>) -> Unfetched {
    match (status, code) {
        (_, Some(100)) | (400 | 404 | 410, None) => Unfetched::Never(LeftOut::Gone),
        (status, _) => Unfetched::Later(format!("the provider answers {status}")),
    }
}

impl Refusal {
    fn unsaid(&self, line: Line) -> Unsaid {
        let code = self.code.unwrap_or(-1);
        let told = || format!("the provider answers {} with code {code}", self.status);
        let slower = || Unsaid::Slower(self.wait.unwrap_or(BREATH));
        match (line, code, self.subcode) {
            // Nobody may be told anything before they write again.
            (Line::Whatsapp, TOO_LATE, _)
            | (Line::Messenger | Line::Comment, 10, _)
            | (Line::Comment, REPLIED | 10_901, _) => Unsaid::WindowClosed,
            // This node says too much; to one person too much.
            (_, 4 | 17 | 32 | 613 | 80_001 | 80_006 | 80_007 | 130_429 | 131_048, _) => slower(),
            (_, 131_056 | 131_000, _) => Unsaid::Later(told()),
            // Who has blocked the page.
            (_, 200, Some(1_545_041)) => Unsaid::Never(told()),
            // The provider is unwell, or what is wrong is ours to mend and costs no message anything.
            (
                _,
                0..=3
                | 10
                | 102
                | 190
                | 200..=299
                | 368
                | 131_016
                | 131_031
                | 131_042
                | 131_045
                | 133_004
                | 133_010,
                _,
            )
            | (Line::Whatsapp | Line::Messenger, 100, Some(33)) => Unsaid::Down(told()),
            _ if self.status == 429 => slower(),
            _ if self.code.is_none() => {
                Unsaid::Down(provider::undocumented("the provider", self.status))
            }
            _ if self.status == 401 || self.status >= 500 => Unsaid::Down(told()),
            _ => Unsaid::Never(told()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::provider::tests::cuts_off;

    fn unsaid(line: Line, status: u16, code: i64, subcode: Option<i64>) -> &'static str {
        let refusal = Refusal {
            status,
            code: (code >= 0).then_some(code),
            subcode,
            wait: None,
        };
        match refusal.unsaid(line) {
            Unsaid::Later(_) => "later",
            Unsaid::Slower(_) => "slower",
            Unsaid::Never(_) => "never",
            Unsaid::Stopped => "stopped",
            Unsaid::WindowClosed => "closed",
            Unsaid::Unanswered(_) => "unanswered",
            Unsaid::Down(_) => "down",
        }
    }

    #[test]
    fn a_code_says_what_becomes_of_a_message() {
        for (line, status, code, subcode, comes_to) in [
            (Line::Whatsapp, 400, 131_047, None, "closed"),
            (Line::Messenger, 400, 10, Some(2_018_278), "closed"),
            (Line::Messenger, 403, 10, None, "closed"),
            (Line::Whatsapp, 403, 10, None, "down"),
            (Line::Comment, 400, 10_900, None, "closed"),
            (Line::Whatsapp, 429, 130_429, None, "slower"),
            (Line::Messenger, 400, 613, None, "slower"),
            (Line::Whatsapp, 400, 131_056, None, "later"),
            (Line::Whatsapp, 429, -1, None, "slower"),
            (Line::Whatsapp, 401, 190, None, "down"),
            (Line::Whatsapp, 500, 2, None, "down"),
            (Line::Whatsapp, 503, -1, None, "down"),
            (Line::Whatsapp, 302, -1, None, "down"),
            (Line::Messenger, 403, -1, None, "down"),
            (Line::Whatsapp, 400, 131_026, None, "never"),
            (Line::Messenger, 400, 551, Some(1_545_041), "never"),
            (Line::Messenger, 403, 200, Some(1_545_041), "never"),
            (Line::Messenger, 400, 100, Some(2_018_001), "never"),
            (Line::Whatsapp, 400, 100, Some(33), "down"),
            (Line::Comment, 400, 100, Some(33), "never"),
        ] {
            assert_eq!(
                unsaid(line, status, code, subcode),
                comes_to,
                "{status} {code}"
            );
        }
    }

    #[test]
    fn only_an_answer_with_its_id_says_that_something_was_said() {
        let heard = |status: u16, body: &str| {
            let told = Told {
                status,
                wait: None,
                is_page: provider::is_page(body.as_bytes()),
                value: serde_json::from_str(body).unwrap_or_default(),
            };
            told.said(Line::Whatsapp, "/messages/0/id")
        };
        let said = heard(200, r#"{"messages": [{"id": "wamid.1"}]}"#);
        assert_eq!(said, Ok("wamid.1".into()));
        for body in ["", "{}", r#"{"messages": []}"#, "OK"] {
            let said = heard(200, body);
            assert!(matches!(said, Err(Unsaid::Unanswered(_))), "{body}");
        }
        for status in [200, 302, 400, 403, 407] {
            let said = heard(status, "<html>Masuk ke Wi-Fi</html>");
            assert!(matches!(said, Err(Unsaid::Down(_))), "{status}");
        }
        // Something on the way has waited for the provider, which may have taken it.
        for body in ["<html>Gateway Timeout</html>", ""] {
            let said = heard(504, body);
            assert!(matches!(said, Err(Unsaid::Unanswered(_))), "{body}");
        }
        let told = heard(504, r#"{"error": {"code": 2}}"#);
        assert!(matches!(told, Err(Unsaid::Down(_))), "{told:?}");
    }

    #[tokio::test]
    async fn what_the_provider_may_have_is_not_said_again_at_once() {
        lapor_certs::tls::install_default_provider();
        let said = async |base_url: String| {
            let settings = MetaSettings {
                base_url,
                ..MetaSettings::default()
            };
            let graph = Graph::of(&settings).unwrap();
            let (path, body) = (["42", "messages"], Value::Null);
            let said = graph.post(Line::Whatsapp, "t", &path, &body, "/id").await;
            said.err().unwrap()
        };
        let lost = said(format!("http://{}", cuts_off().await)).await;
        assert!(matches!(lost, Unsaid::Unanswered(_)), "{lost:?}");
        let away = said("http://127.0.0.1:1".into()).await;
        assert!(matches!(away, Unsaid::Down(_)), "{away:?}");
    }

    #[test]
    fn files_are_fetched_from_the_provider_only() {
        lapor_certs::tls::install_default_provider();
        let graph = Graph::of(&MetaSettings::default()).unwrap();
        for (address, own) in [
            ("https://lookaside.fbsbx.com/whatsapp_business/?mid=1", true),
            ("https://scontent-cgk1-1.xx.fbcdn.net/v/t1.jpg", true),
            ("https://fbcdn.net/", true),
            ("https://graph.facebook.com/v25.0/1", true),
            ("http://scontent.fbcdn.net/", false),
            ("https://evilfbcdn.net/", false),
            ("https://fbcdn.net.example/", false),
            ("https://127.0.0.1/", false),
            ("file:///etc/passwd", false),
            ("fbcdn.net", false),
        ] {
            assert_eq!(graph.its_own(address).is_some(), own, "{address}");
        }
        let at = graph.at(&["12/../me", "messages"]);
        assert_eq!(
            at.as_str(),
            "https://graph.facebook.com/v25.0/12%2F..%2Fme/messages"
        );
    }
}
