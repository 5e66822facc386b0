//! Whether a request shows the token of the application, or is signed for the account.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Uri};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::{BEARER, CONSUMER_KEY, CONSUMER_SECRET, TOKEN, TOKEN_SECRET};

pub(super) fn bearer(headers: &HeaderMap) -> bool {
    let shown = headers
        .get("authorization")
        .and_then(|shown| shown.to_str().ok());
    shown == Some(&format!("Bearer {BEARER}"))
}

/// Whether a request shows the application's token, or is signed for the account.
pub(super) fn may(headers: &HeaderMap, method: &str, uri: &Uri) -> bool {
    if bearer(headers) {
        return true;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(said) = text("authorization").and_then(|said| said.strip_prefix("OAuth ")) else {
        return false;
    };
    let mut parameters = pairs(uri);
    let mut signature = None;
    for part in said.split(", ") {
        let Some((name, value)) = part.split_once('=') else {
            return false;
        };
        let value = decoded(value.trim_matches('"'));
        if name == "oauth_signature" {
            signature = Some(value);
        } else {
            parameters.insert(name.to_owned(), value);
        }
    }
    let own = [("oauth_consumer_key", CONSUMER_KEY), ("oauth_token", TOKEN)];
    if own
        .iter()
        .any(|(name, value)| parameters.get(*name).map(String::as_str) != Some(value))
    {
        return false;
    }
    let pairs = parameters.iter();
    let mut pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{}={}", coded(name), coded(value)))
        .collect();
    pairs.sort();
    let address = format!("http://{}{}", text("host").unwrap_or_default(), uri.path());
    let base = format!("{method}&{}&{}", coded(&address), coded(&pairs.join("&")));
    let key = format!("{}&{}", coded(CONSUMER_SECRET), coded(TOKEN_SECRET));
    let mut mac =
        Hmac::<Sha1>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(base.as_bytes());
    signature == Some(BASE64_STANDARD.encode(mac.finalize().into_bytes()))
}

pub(super) fn pairs(uri: &Uri) -> BTreeMap<String, String> {
    let query = uri.query().unwrap_or_default();
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = text.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        if let Some(byte) = byte {
            out.push(byte);
            at += 3;
        } else {
            out.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn coded(text: &str) -> String {
    let signs = text.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    });
    signs.collect()
}
