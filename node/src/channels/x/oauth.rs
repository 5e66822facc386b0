//! Signing a request with OAuth 1.0a (RFC 5849) and HMAC-SHA1, as X wants it. A body in JSON is no
//! part of what is signed.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use sha1::Sha1;

/// Who signs: an application, and the account for which it speaks.
pub struct Keys {
    pub consumer_key: String,
    pub consumer_secret: String,
    pub token: String,
    pub token_secret: String,
}

/// What makes a signature one of its kind.
pub struct Stamp<'a> {
    pub nonce: &'a str,
    /// Unix seconds.
    pub at_s: i64,
}

impl Keys {
    /// The header `Authorization` of a request; `url` with its query.
    pub fn authorization(&self, method: &str, url: &Url, stamp: &Stamp<'_>) -> String {
        let at = stamp.at_s.to_string();
        let own = [
            ("oauth_consumer_key", self.consumer_key.as_str()),
            ("oauth_nonce", stamp.nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", &at),
            ("oauth_token", &self.token),
            ("oauth_version", "1.0"),
        ];
        let asked: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        let asked = asked
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let signature = self.signature(method, url, own.into_iter().chain(asked));
        let said = own
            .into_iter()
            .chain([("oauth_signature", signature.as_str())]);
        let said = said.map(|(name, value)| format!("{name}=\"{}\"", encoded(value)));
        format!("OAuth {}", said.collect::<Vec<_>>().join(", "))
    }

    fn signature<'p>(
        &self,
        method: &str,
        url: &Url,
        parameters: impl Iterator<Item = (&'p str, &'p str)>,
    ) -> String {
        let pairs = parameters.map(|(name, value)| (encoded(name), encoded(value)));
        let mut pairs: Vec<(String, String)> = pairs.collect();
        pairs.sort_unstable();
        let joined = pairs.iter().map(|(name, value)| format!("{name}={value}"));
        let joined = joined.collect::<Vec<_>>().join("&");
        let mut bare = url.clone();
        bare.set_query(None);
        let text = [method, bare.as_str(), &joined].map(encoded).join("&");
        let secrets = [&self.consumer_secret, &self.token_secret];
        let key = secrets.map(|secret| encoded(secret)).join("&");
        BASE64_STANDARD.encode(mac(key.as_bytes(), text.as_bytes()))
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha1>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// Percent-encoded but for letters, digits and `-._~` (RFC 3986).
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of https://docs.x.com/fundamentals/authentication/oauth-1-0a/creating-a-signature
    /// and of its two earlier editions, which differ in the address alone.
    #[test]
    fn the_example_of_the_providers_documentation_has_its_signature() {
        let keys = Keys {
            consumer_key: "xvz1evFS4wEEPTGEFPHBog".into(),
            consumer_secret: "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw".into(),
            token: "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb".into(),
            token_secret: "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE".into(),
        };
        let stamp = Stamp {
            nonce: "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg",
            at_s: 1_318_622_958,
        };
        for (base, signature) in [
            (
                "https://api.twitter.com/1",
                "tnnArxj06cWHq44gCs1OSKk%2FjLY%3D",
            ),
            (
                "https://api.twitter.com/1.1",
                "hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D",
            ),
            ("https://api.x.com/1.1", "Ls93hJiZbQ3akF3HF3x1Bz8%2FzU4%3D"),
        ] {
            // The example sends the status as a form, which is signed as a query is.
            let mut url: Url = format!("{base}/statuses/update.json").parse().unwrap();
            url.query_pairs_mut()
                .append_pair("include_entities", "true")
                .append_pair(
                    "status",
                    "Hello Ladies + Gentlemen, a signed OAuth request!",
                );
            let header = keys.authorization("POST", &url, &stamp);
            let signed = format!("oauth_signature=\"{signature}\"");
            assert!(header.starts_with("OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "));
            assert!(header.ends_with(&signed), "{header}");
        }
    }

    #[test]
    fn a_sign_that_is_none_of_the_few_is_encoded() {
        assert_eq!(encoded("Dogs, Cats & Mice"), "Dogs%2C%20Cats%20%26%20Mice");
        assert_eq!(encoded("\u{2603}-._~"), "%E2%98%83-._~");
    }
}
