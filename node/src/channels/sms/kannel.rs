//! Kannel by HTTP: `smsbox` hands over what came in with a GET, and takes what is to go out at its
//! `sendsms`. It joins the parts of long messages by itself. What became of an answer behind it, it
//! tells at an address that goes with the answer.
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
use lapor_web::ApiProblem;
use reqwest::Url;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::super::heard::{Address, Form, Heard, Raw, Saying, Shape, Unread};
use super::super::manner::Name;
use super::super::receipts::Fate;
use super::super::settings::{ChannelSettingsError, SmsSettings, Via};
use super::super::{Channel, Unsaid, provider, reasons};
use super::{alone, alphabet, secret, sender, sort};
use crate::api::problem;
use crate::chance::random;
use crate::node::Node;

/// Bytes of an answer of the gateway that are read.
const LARGEST: usize = 4096;
/// Bytes of what the gateway hands over.
const LONGEST: usize = 64 * 1024;
/// Where the gateway hands messages over; its secret stands behind.
const DOOR: &str = "/saluran/sms/kannel";
/// `%c` of what is no text.
const BINARY: &str = "1";
/// With which it begins to say that it took a message, now or for later.
const TAKEN: [&[u8]; 2] = [b"0:", b"3:"];
/// What is asked of a message that is on its way: that it was delivered (1), was not (2), was
/// refused by the network (16).
const RECEIPTS: &str = "19";

/// The way out.
pub struct Kannel {
    client: reqwest::Client,
    url: Url,
    from: String,
    username: String,
    password: String,
    /// Where receipts are to be told.
    receipts: Option<String>,
}

/// The hash of the secret with which the gateway knocks.
pub type Door = [u8; 32];

impl Kannel {
    pub fn of(settings: &SmsSettings) -> Result<Self, ChannelSettingsError> {
        let kannel = &settings.kannel;
        let knocks = receive_secret(settings)?;
        let needed = ChannelSettingsError::Needed;
        let password = kannel
            .password_file
            .as_ref()
            .ok_or(needed("kannel.password_file"))?;
        let client = provider::bounded()
            .build()
            .map_err(|error| ChannelSettingsError::Client(provider::broken(error)))?;
        let send_url = kannel.send_url.as_ref().ok_or(needed("kannel.send_url"))?;
        let node_url = kannel.node_url.as_ref();
        let told = |at: &String| -> Result<String, ChannelSettingsError> {
            let at = address("node_url", at)?;
            let at = at.as_str().trim_end_matches('/');
            Ok(format!("{at}{DOOR}/{knocks}/kabar"))
        };
        Ok(Self {
            client,
            url: address("send_url", send_url)?,
            receipts: node_url.map(told).transpose()?,
            from: settings.number.clone().ok_or(needed("number"))?,
            username: kannel.username.clone().ok_or(needed("kannel.username"))?,
            password: secret("kannel.password_file", password)?,
        })
    }

    pub async fn say(&self, to: &Address, what: &Saying) -> Result<Option<String>, Unsaid> {
        let words = what.words.as_str();
        let coding = if alphabet::is_plain(words) { "0" } else { "2" };
        let mut query = vec![
            ("username", self.username.as_str()),
            ("password", &self.password),
            ("from", &self.from),
            ("to", &to.id),
            ("charset", "UTF-8"),
            ("coding", coding),
            ("text", words),
        ];
        // The gateway gives no id to what it takes.
        let id = hex::encode(random::<16>());
        let receipts = self.receipts.as_ref();
        let receipts = receipts.map(|at| format!("{at}?id={id}&status=%d"));
        if let Some(at) = &receipts {
            query.extend([("dlr-mask", RECEIPTS), ("dlr-url", at.as_str())]);
        }
        let asked = self.client.get(self.url.clone()).query(&query).send().await;
        // The address holds the password and the words.
        let answer = asked.map_err(provider::NoAnswer::of)?;
        let status = answer.status();
        let said = match provider::beginning(answer, LARGEST).await {
            // It may have taken it.
            Err(error) if status.is_success() => {
                return Err(Unsaid::Unanswered(provider::broken(error)));
            }
            // Another that breaks off says nothing.
            said => said.unwrap_or_default(),
        };
        heard_back(status.as_u16(), &said)?;
        Ok(receipts.map(|_| id))
    }
}

/// An address of the settings.
fn address(field: &'static str, text: &str) -> Result<Url, ChannelSettingsError> {
    provider::address(text).ok_or_else(|| ChannelSettingsError::Url {
        field,
        text: text.to_owned(),
    })
}

/// What `sendsms` means: `0: Accepted for delivery` or `3: Queued for later delivery` is yes, with 202 of
/// Kannel and another 2xx of what resembles it. What it says beside may repeat the words, and is not kept.
fn heard_back(status: u16, said: &[u8]) -> Result<(), Unsaid> {
    let undocumented = || provider::undocumented("the gateway", status);
    match status {
        // It may have taken it.
        provider::WAITED => Err(Unsaid::Unanswered(reasons::waited("the gateway"))),
        _ if provider::is_page(said) => Err(Unsaid::Down(undocumented())),
        200..300 if TAKEN.iter().any(|taken| said.starts_with(taken)) => Ok(()),
        // It may have taken it, and would say the same of the next try: a person decides.
        200..300 => Err(Unsaid::Never(undocumented())),
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
    match settings.way()? {
        Some(Via::Kannel) => Ok(Some(hashed(&receive_secret(settings)?))),
        _ => Ok(None),
    }
}

fn receive_secret(settings: &SmsSettings) -> Result<String, ChannelSettingsError> {
    let needed = ChannelSettingsError::Needed("kannel.receive_secret_file");
    let path = settings.kannel.receive_secret_file.as_ref().ok_or(needed)?;
    let line = secret("kannel.receive_secret_file", path)?;
    let shape = (16..=128).contains(&line.len()) && line.bytes().all(|b| b.is_ascii_alphanumeric());
    if !shape {
        return Err(ChannelSettingsError::Secret);
    }
    Ok(line)
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
    let told = async move |State(node): State<Arc<Node>>,
                           Path(secret): Path<String>,
                           RawQuery(query): RawQuery| {
        told(&node, door, &secret, query.unwrap_or_default()).await
    };
    Router::new()
        .route(&format!("{DOOR}/{{secret}}"), get(take))
        .route(&format!("{DOOR}/{{secret}}/kabar"), get(told))
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
        Ok(_) => taken(),
        Err(error) => problem(&error).into_response(),
    }
}

/// An empty text, of the type of texts: what has none the gateway cannot read, and says so in its log.
fn taken() -> Response {
    "".into_response()
}

/// Takes what became of an answer behind the gateway.
async fn told(node: &Node, door: Door, secret: &str, query: String) -> Response {
    if !bool::from(hashed(secret).ct_eq(&door)) {
        return ApiProblem::not_found().into_response();
    }
    let fields = fields(query.as_bytes());
    let (Some(id), Some(status)) = (text(&fields, "id"), text(&fields, "status")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let fate = match status {
        "1" => Fate::Delivered,
        "2" => Fate::Refused("the network could not deliver it".into()),
        "16" => Fate::Refused("the network refuses it".into()),
        // It is on its way.
        _ => return taken(),
    };
    match node.take_receipt(Name::Sms, id, &fate).await {
        Ok(()) => taken(),
        Err(error) => problem(&error).into_response(),
    }
}

/// Reads `dari=%p&isi=%b&charset=%C&coding=%c` as Kannel fills it in.
pub fn read(body: &[u8]) -> Result<Heard, Unread> {
    let fields = fields(body);
    let from = text(&fields, "dari").map(str::trim);
    let from = from.filter(|from| !from.is_empty());
    let from = from.ok_or(Unread("no sender in `dari`"))?;
    if text(&fields, "coding") == Some(BINARY) {
        return Err(Unread("binary, and no text"));
    }
    let words = field(&fields, "isi").unwrap_or_default();
    let charset = text(&fields, "charset").unwrap_or_default().to_uppercase();
    let text = if charset.starts_with("UTF-16") || charset.starts_with("UCS-2") {
        wide(words)?
    } else {
        let read = std::str::from_utf8(words).map_err(|_| Unread("no text of its charset"))?;
        read.to_owned()
    };
    Ok(Heard {
        from: sender(from),
        sort: sort(from),
        text,
        ..Heard::default()
    })
}

/// How it came. The gateway has joined what was split with a reference.
pub fn shape(body: &[u8]) -> Shape {
    let fields = fields(body);
    let coding = text(&fields, "coding");
    let wide = coding == Some("2");
    let form = match read(body) {
        Ok(heard) => alone(&heard.text, wide),
        Err(_) if coding == Some(BINARY) => Form::Binary,
        Err(_) => Form::Whole,
    };
    Shape { form, wide }
}

fn field<'f>(fields: &'f [(String, Vec<u8>)], name: &str) -> Option<&'f [u8]> {
    let found = fields.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_slice())
}

fn text<'f>(fields: &'f [(String, Vec<u8>)], name: &str) -> Option<&'f str> {
    field(fields, name).and_then(|value| std::str::from_utf8(value).ok())
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
