//! Whether what knocks is the provider: HMAC-SHA256 with the application's secret over the raw body,
//! looked at before anything of it is read.
//!
//! <https://developers.facebook.com/docs/graph-api/webhooks/getting-started#validate-payloads>

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

const PREFIX: &str = "sha256=";

/// Whether `X-Hub-Signature-256` is that of the body; takes as long for every wrong one.
pub fn is_right(secret: &str, body: &[u8], header: &str) -> bool {
    let told = header.strip_prefix(PREFIX).map(hex::decode);
    let (Some(Ok(told)), Ok(mut mac)) = (told, Hmac::<Sha256>::new_from_slice(secret.as_bytes()))
    else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&told).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signature_of_this_body_under_this_secret_is_right() {
        let body = br#"{"object":"page"}"#;
        // printf '{"object":"page"}' | openssl dgst -sha256 -hmac rahasia
        let right = "6bd8fa0d9aef53ab24737114fd7aaa44060126efee40b00faee0e2704fddc337";
        assert!(is_right("rahasia", body, &format!("sha256={right}")));
        for (secret, header) in [
            ("rahasia", right.to_owned()),
            ("rahasia", format!("sha1={right}")),
            ("rahasia", format!("sha256={}", &right[2..])),
            ("rahasia", "sha256=".into()),
            ("rahasia", format!("sha256={}", "00".repeat(32))),
            ("lain", format!("sha256={right}")),
        ] {
            assert!(!is_right(secret, body, &header), "{header}");
        }
        assert!(!is_right("rahasia", b"{}", &format!("sha256={right}")));
    }
}
