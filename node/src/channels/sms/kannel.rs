//! Kannel by HTTP: `smsbox` hands over what came in with a GET, and takes what is to go out at its
//! `sendsms`. It joins the parts of long messages and splits long answers by itself.
//!
//! `smsbox` has acknowledged a message to the network before it asks us, so it must be told to ask
//! again for long: docs/channels.md has the settings.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use lapor_web::{ApiProblem, secret_file};
use reqwest::Url;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::super::heard::{Address, Heard, Raw, Unread};
use super::super::settings::{ChannelSettingsError, SmsSettings};
use super::super::{Channel, Unsaid};
use crate::api::problem;
use crate::node::Node;
use crate::reporters::normalised;

const WHOLE: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(5);
/// Bytes of an answer of the gateway that are read.
const LARGEST: usize = 4096;
/// Bytes of what the gateway hands over.
const LONGEST: usize = 64 * 1024;

/// The way out.
pub struct Kannel {
    client: reqwest::Client,
    url: Url,
    from: String,
    username: String,
    password: String,
}

/// The hash of the secret with which the gateway knocks.
pub type Door = [u8; 32];

impl Kannel {
    pub fn of(settings: &SmsSettings) -> Result<Option<Self>, ChannelSettingsError> {
        let kannel = &settings.kannel;
        let Some(text) = &kannel.send_url else {
            return Ok(None);
        };
        let wrong = || ChannelSettingsError::Url(text.clone());
        let url: Url = text.parse().map_err(|_| wrong())?;
        if !["http", "https"].contains(&url.scheme()) || url.host_str().is_none() {
            return Err(wrong());
        }
        door(settings)?;
        let needed = ChannelSettingsError::Needed;
        let password = kannel
            .password_file
            .as_ref()
            .ok_or(needed("kannel.password_file"))?;
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .build()
            .map_err(|error| ChannelSettingsError::Client(error.without_url().to_string()))?;
        Ok(Some(Self {
            client,
            url,
            from: settings.number.clone().ok_or(needed("number"))?,
            username: kannel.username.clone().ok_or(needed("kannel.username"))?,
            password: secret("password_file", password)?,
        }))
    }

    pub async fn say(&self, to: &Address, words: &str) -> Result<Option<String>, Unsaid> {
        let query = [
            ("username", self.username.as_str()),
            ("password", &self.password),
            ("from", &self.from),
            ("to", &to.id),
            ("charset", "UTF-8"),
            ("coding", "0"),
            ("text", words),
        ];
        let asked = self.client.get(self.url.clone()).query(&query).send().await;
        // The address holds the password and the words.
        let mut answer = asked.map_err(|error| Unsaid::Down(error.without_url().to_string()))?;
        let status = answer.status();
        let mut told = Vec::new();
        while let Ok(Some(piece)) = answer.chunk().await {
            told.extend_from_slice(&piece);
            if told.len() > LARGEST {
                break;
            }
        }
        heard_back(status.as_u16())
    }
}

/// What the status of `sendsms` means. What it says beside repeats the words, and is not kept.
fn heard_back(status: u16) -> Result<Option<String>, Unsaid> {
    match status {
        200..300 => Ok(None),
        // A wrong name or password is ours to mend, and costs no message anything.
        401 | 403 | 404 => Err(Unsaid::Down(format!(
            "the gateway refuses this node ({status})"
        ))),
        429 => Err(Unsaid::Slower(Duration::from_mins(1))),
        400..500 => Err(Unsaid::Never(format!(
            "the gateway refuses the message ({status})"
        ))),
        _ => Err(Unsaid::Down(format!("the gateway answers {status}"))),
    }
}

/// The secret at the end of the address that the gateway calls, as it is compared.
pub fn door(settings: &SmsSettings) -> Result<Option<Door>, ChannelSettingsError> {
    if settings.kannel.send_url.is_none() {
        return Ok(None);
    }
    let needed = ChannelSettingsError::Needed("kannel.receive_secret_file");
    let path = settings.kannel.receive_secret_file.as_ref().ok_or(needed)?;
    let line = secret("receive_secret_file", path)?;
    let shape = (16..=128).contains(&line.len()) && line.bytes().all(|b| b.is_ascii_alphanumeric());
    if !shape {
        return Err(ChannelSettingsError::Secret);
    }
    Ok(Some(hashed(&line)))
}

fn secret(field: &'static str, path: &std::path::Path) -> Result<String, ChannelSettingsError> {
    secret_file::first_line(path).map_err(|problem| ChannelSettingsError::File { field, problem })
}

fn hashed(secret: &str) -> Door {
    Sha256::digest(secret.as_bytes()).into()
}

pub fn routes(line: Arc<dyn Channel>, door: Door) -> Router<Arc<Node>> {
    let take = async move |State(node): State<Arc<Node>>,
                           Path(secret): Path<String>,
                           RawQuery(query): RawQuery| {
        take(&node, &*line, door, &secret, query.unwrap_or_default()).await
    };
    Router::new().route("/saluran/sms/kannel/{secret}", get(take))
}

/// Takes a message in. The answer is empty, because the gateway would send what stands in it.
async fn take(
    node: &Node,
    line: &dyn Channel,
    door: Door,
    secret: &str,
    query: String,
) -> Response {
    if !bool::from(hashed(secret).ct_eq(&door)) {
        return ApiProblem::not_found().into_response();
    }
    let fields = fields(query.as_bytes());
    let id = fields.iter().find(|(name, _)| name == "id");
    let id = id.and_then(|(_, id)| String::from_utf8(id.clone()).ok());
    let Some(id) = id.filter(|id| !id.is_empty() && query.len() <= LONGEST) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let raw = Raw {
        id,
        body: query.into_bytes(),
    };
    match node.take_in(line, &[raw]).await {
        Ok(_) => StatusCode::OK.into_response(),
        Err(error) => problem(&error).into_response(),
    }
}

/// Reads `dari=%p&isi=%b&charset=%C&coding=%c` as Kannel fills it in.
pub fn read(body: &[u8]) -> Result<Heard, Unread> {
    let fields = fields(body);
    let field = |name: &str| {
        let found = fields.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_slice())
    };
    let text = |name: &str| field(name).and_then(|value| std::str::from_utf8(value).ok());
    let from = text("dari").map(str::trim).filter(|from| !from.is_empty());
    let from = from.ok_or(Unread("no sender in `dari`"))?;
    if text("coding") == Some("1") {
        return Err(Unread("binary, and no text"));
    }
    let words = field("isi").unwrap_or_default();
    let charset = text("charset").unwrap_or_default().to_uppercase();
    let text = if charset.starts_with("UTF-16") || charset.starts_with("UCS-2") {
        wide(words)?
    } else {
        let read = std::str::from_utf8(words).map_err(|_| Unread("no text of its charset"))?;
        read.to_owned()
    };
    Ok(Heard {
        from: Address {
            // One number is one person, however the network writes it.
            id: normalised(from).unwrap_or_else(|_| from.to_owned()),
            name: None,
        },
        text,
        reply_to: None,
        location: None,
    })
}

/// UTF-16 with the high byte first.
fn wide(bytes: &[u8]) -> Result<String, Unread> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
    let text = String::from_utf16(&units).ok().filter(|_| rest.is_empty());
    text.ok_or(Unread("no text of its charset"))
}

/// The fields of a query, with values as bytes: they need not be UTF-8.
fn fields(query: &[u8]) -> Vec<(String, Vec<u8>)> {
    let pairs = query.split(|b| *b == b'&');
    let pairs = pairs.map(|pair| {
        let mut parts = pair.splitn(2, |b| *b == b'=').map(decoded);
        let name = parts.next().unwrap_or_default();
        let name = String::from_utf8_lossy(&name).into_owned();
        (name, parts.next().unwrap_or_default())
    });
    pairs.collect()
}

fn decoded(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *first == b'%');
        let byte = escaped.and_then(|pair| hex::decode(pair).ok()?.pop());
        out.push(match (byte, first) {
            (Some(byte), _) => byte,
            (None, b'+') => b' ',
            (None, other) => *other,
        });
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    out
}
