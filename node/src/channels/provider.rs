//! The way to a provider by HTTP: without redirects and proxies, bounded in time and size. What goes
//! wrong is told without the address, which may hold a secret, and without what the provider says
//! of it, which may repeat words.

use std::time::Duration;

use axum::http::HeaderMap;
use futures_util::{StreamExt as _, TryStreamExt as _};
use lapor_web::hindrance::with_causes;
use lapor_web::webhook::Reach;
use reqwest::{ClientBuilder, RequestBuilder, Response, Url};

use super::Unsaid;
use super::media::{FETCH, LeftOut, Pieces, Unfetched};
use super::settings::ChannelSettingsError;

const WHOLE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read.
const LARGEST: usize = 8 * 1024 * 1024;
/// The status of something on the way that has waited for the provider in vain: it may have what it was
/// asked (RFC 9110, 15.6.5).
pub(crate) const WAITED: u16 = 504;

pub(crate) struct Provider {
    client: reqwest::Client,
    base: String,
}

/// An address of the web.
pub(crate) fn address(text: &str) -> Option<Url> {
    let url = text.parse::<Url>().ok();
    url.filter(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
}

/// A client that is led nowhere else and does not wait for ever.
pub(crate) fn bounded() -> ClientBuilder {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
}

/// What went wrong on the way and why, without the address.
pub(crate) fn broken(error: reqwest::Error) -> String {
    with_causes(&error.without_url())
}

/// Why there is no answer, without the address.
pub(crate) enum NoAnswer {
    /// Nobody was reached, so nothing was asked.
    Away(String),
    /// The provider may have what it was asked, and may have done it.
    Lost(String),
}

impl NoAnswer {
    pub fn of(error: reqwest::Error) -> Self {
        let is_away = error.is_connect() || error.is_builder();
        let problem = broken(error);
        if is_away {
            Self::Away(problem)
        } else {
            Self::Lost(problem)
        }
    }

    pub fn problem(self) -> String {
        match self {
            Self::Away(problem) | Self::Lost(problem) => problem,
        }
    }
}

/// What it means for what was to be said.
impl From<NoAnswer> for Unsaid {
    fn from(none: NoAnswer) -> Self {
        match none {
            NoAnswer::Away(problem) => Self::Down(problem),
            NoAnswer::Lost(problem) => Self::Unanswered(problem),
        }
    }
}

/// Whether an answer is a page for people, as a proxy or a captive portal gives one in the place of
/// the provider.
pub(crate) fn is_page(body: &[u8]) -> bool {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.trim_ascii_start().first() == Some(&b'<')
}

/// Why an answer says nothing of what became of something.
pub(crate) fn undocumented(who: &str, status: u16) -> String {
    format!(
        "{who} answers {status} with what it does not document; does something in between answer?"
    )
}

/// Reads the first bytes of an answer, `most` of them.
pub(crate) async fn beginning(mut answer: Response, most: usize) -> reqwest::Result<Vec<u8>> {
    let mut read = Vec::new();
    while read.len() < most
        && let Some(piece) = answer.chunk().await?
    {
        read.extend_from_slice(&piece);
    }
    read.truncate(most);
    Ok(read)
}

/// Asks for a file, in the time that files have.
pub(crate) async fn file(request: RequestBuilder) -> Result<Response, Unfetched> {
    let asked = request.timeout(FETCH).send().await;
    asked.map_err(|error| Unfetched::Later(broken(error)))
}

/// A file that was asked for, as it comes.
pub(crate) fn pieces(answer: Response) -> Pieces {
    answer.bytes_stream().map_err(broken).boxed()
}

pub(crate) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Provider {
    /// `field` is the setting that `base` is of.
    pub fn at(field: &'static str, base: &str) -> Result<Self, ChannelSettingsError> {
        if address(base).is_none() {
            let text = base.to_owned();
            return Err(ChannelSettingsError::Base { field, text });
        }
        Self::with(bounded(), base).map_err(|problem| ChannelSettingsError::Way { field, problem })
    }

    /// A way to an address that was looked at before.
    pub fn to(base: &str) -> Result<Self, String> {
        Self::with(bounded(), base)
    }

    /// A way to addresses that others have named: to those alone that `reach` allows.
    pub fn elsewhere(reach: &Reach) -> Result<Self, String> {
        Self::with(reach.keeps(bounded()), "")
    }

    fn with(builder: ClientBuilder, base: &str) -> Result<Self, String> {
        let client = builder.build();
        Ok(Self {
            client: client.map_err(broken)?,
            base: base.trim_end_matches('/').to_owned(),
        })
    }

    /// The address of a path without its first slash; `None` for one that is no path.
    pub fn url(&self, path: &str) -> Option<Url> {
        format!("{}/{path}", self.base).parse().ok()
    }

    pub fn get(&self, url: Url) -> RequestBuilder {
        self.client.get(url)
    }

    pub fn post(&self, url: Url) -> RequestBuilder {
        self.client.post(url)
    }

    /// Whether an address is at this provider's own host.
    pub fn is_home_of(&self, url: &Url) -> bool {
        self.url("").is_some_and(|own| own.origin() == url.origin())
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(&self, request: RequestBuilder) -> Result<Answer, String> {
        self.tell(request).await.map_err(NoAnswer::problem)
    }

    /// The same of what must not be done twice.
    pub async fn tell(&self, request: RequestBuilder) -> Result<Answer, NoAnswer> {
        let answer = request.send().await.map_err(NoAnswer::of)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = beginning(answer, LARGEST + 1).await;
        let body = body.map_err(NoAnswer::of)?;
        if body.len() > LARGEST {
            return Err(NoAnswer::Lost("the answer is too large".into()));
        }
        Ok(Answer {
            status,
            headers,
            body,
        })
    }

    /// Begins to fetch a file.
    pub async fn file(&self, url: Url) -> Result<Pieces, Unfetched> {
        let answer = file(self.get(url)).await?;
        match answer.status().as_u16() {
            200 => Ok(pieces(answer)),
            400 | 403 | 404 | 410 => Err(Unfetched::Never(LeftOut::Gone)),
            status => Err(Unfetched::Later(format!(
                "a file is answered with {status}"
            ))),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::net::SocketAddr;

    use tokio::net::TcpSocket;

    use super::{NoAnswer, Provider};

    /// Where whoever asks something is cut off once they have asked.
    pub(crate) async fn cuts_off() -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((asked, _)) = listener.accept().await {
                asked.readable().await.unwrap();
            }
        });
        address
    }

    #[tokio::test]
    async fn what_was_asked_and_never_answered_may_have_been_done() {
        lapor_certs::tls::install_default_provider();
        let provider = Provider::to(&format!("http://{}", cuts_off().await)).unwrap();
        let request = provider.post(provider.url("kirim").unwrap()).body("kata");
        let none = provider.tell(request).await.err().unwrap();
        assert!(matches!(none, NoAnswer::Lost(_)), "{}", none.problem());
        let nowhere = Provider::to("http://127.0.0.1:1").unwrap();
        let request = nowhere.post(nowhere.url("kirim").unwrap()).body("kata");
        let none = nowhere.tell(request).await.err().unwrap();
        assert!(matches!(none, NoAnswer::Away(_)), "{}", none.problem());
    }

    #[tokio::test]
    async fn what_broke_is_told_to_its_cause_and_without_the_address() {
        lapor_certs::tls::install_default_provider();
        // Bound and never listening: nothing else can take the port meanwhile.
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let closed = socket.local_addr().unwrap();
        let provider = Provider::to(&format!("http://{closed}/rahasia")).unwrap();
        let request = provider.get(provider.url("kirim?kunci=rahasia").unwrap());
        let problem = provider.ask(request).await.err().unwrap();
        assert!(problem.contains("Connection refused"), "{problem}");
        for secret in ["rahasia", "kirim", "http:"] {
            assert!(!problem.contains(secret), "{problem}");
        }
    }
}
