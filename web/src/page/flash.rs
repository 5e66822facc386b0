//! A message that survives one redirect: what has just been done, in a cookie
//! that nobody but this process can have made.
//!
//! The cookie names a text and its values and holds no words of its own, and
//! never an identity. A message from before a restart, or from another process,
//! is dropped: the page behind the redirect shows what was done anyway.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::LocalPath;
use crate::chance::random;
use crate::language::{TextId, Voice};

pub const COOKIE: &str = "lapor_kabar";
/// Seconds between an act and the page that tells of it, at most.
pub const SECONDS: i64 = 120;
/// A browser keeps cookies of 4 KiB.
const LONGEST: usize = 3000;

/// How a message looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Tone {
    Done,
    Warning,
}

/// A message for the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    tone: Tone,
    text: String,
    values: BTreeMap<String, String>,
    /// Where the next step is taken, and the text that names it.
    next: Option<(String, String)>,
    /// Unix ms.
    until: i64,
}

/// A message as the page shows it.
pub struct Shown {
    pub tone: &'static str,
    pub text: String,
    /// Where the next step is taken, and its name.
    pub next: Option<(String, String)>,
}

impl Flash {
    /// What was asked for is done.
    pub fn done(text: TextId) -> Self {
        Self::of(Tone::Done, text)
    }

    /// It is not done, or not all of it.
    pub fn warning(text: TextId) -> Self {
        Self::of(Tone::Warning, text)
    }

    /// A variable of the text: a ticket, a number, an institution; never the
    /// words of a case or who reported it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// A link to the page of the next step, in the words of a text.
    #[must_use]
    pub fn leading_to(mut self, at: &LocalPath, text: TextId) -> Self {
        self.next = Some((at.to_string(), text.as_ref().to_owned()));
        self
    }

    /// Whether it says that something was done as it was meant.
    pub fn is_done(&self) -> bool {
        matches!(self.tone, Tone::Done)
    }

    fn of(tone: Tone, text: TextId) -> Self {
        Self {
            tone,
            text: text.as_ref().to_owned(),
            values: BTreeMap::new(),
            next: None,
            until: 0,
        }
    }

    pub(super) fn shown(&self, v: &Voice) -> Shown {
        Shown {
            tone: match self.tone {
                Tone::Done => "done",
                Tone::Warning => "warning",
            },
            text: v.with_texts(&self.values).say(&self.text),
            next: self
                .next
                .as_ref()
                .map(|(at, text)| (at.clone(), v.say(text))),
        }
    }
}

/// The key of this process's messages.
pub struct Seal([u8; 32]);

impl Seal {
    pub fn fresh() -> Self {
        Self(random())
    }

    /// The cookie's value; `None` for a message that no browser would keep.
    pub fn close(&self, flash: &Flash, now_ms: i64) -> Option<String> {
        let flash = Flash {
            until: now_ms + SECONDS * 1000,
            ..flash.clone()
        };
        let text = serde_json::to_vec(&flash).ok()?;
        let text = URL_SAFE_NO_PAD.encode(text);
        let tag = URL_SAFE_NO_PAD.encode(self.mac(&text).finalize().into_bytes());
        let value = format!("{text}.{tag}");
        (value.len() <= LONGEST).then_some(value)
    }

    /// The message in a cookie that this process made lately.
    pub fn open(&self, value: &str, now_ms: i64) -> Option<Flash> {
        let (text, tag) = value.split_once('.')?;
        let tag = URL_SAFE_NO_PAD.decode(tag).ok()?;
        self.mac(text).verify_slice(&tag).ok()?;
        let flash: Flash = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        (flash.until >= now_ms).then_some(flash)
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of every length");
        mac.update(text.as_bytes());
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::{Language, SHARED, text_id};

    const NOW: i64 = 1_790_000_000_000;

    fn filed() -> Flash {
        Flash::done(text_id("days-ago")).with("n", "4")
    }

    #[test]
    fn a_message_comes_back_as_it_was_for_two_minutes() {
        let seal = Seal::fresh();
        let value = seal.close(&filed(), NOW).unwrap();
        let opened = seal.open(&value, NOW + SECONDS * 1000).unwrap();
        assert_eq!((opened.text, opened.values), (filed().text, filed().values));
        assert_eq!(seal.open(&value, NOW + SECONDS * 1000 + 1), None);
    }

    #[test]
    fn a_number_in_a_message_chooses_the_plural() {
        let english = Voice::new(Language::English, &SHARED, chrono_tz::UTC, 0);
        let said = |n: &str| {
            let message = Flash::done(text_id("days-ago")).with("n", n);
            message.shown(&english).text
        };
        assert_eq!(said("1"), english.with("n", 1).say("days-ago"));
        assert_ne!(said("1").replace('1', "4"), said("4"));
    }

    #[test]
    fn a_message_that_somebody_else_made_or_changed_is_dropped() {
        let seal = Seal::fresh();
        let value = seal.close(&filed(), NOW).unwrap();
        assert_eq!(Seal::fresh().open(&value, NOW), None);
        let (text, tag) = value.split_once('.').unwrap();
        for forged in [
            format!("{}.{tag}", URL_SAFE_NO_PAD.encode("{}")),
            format!("{text}."),
            format!("{text}A.{tag}"),
            text.to_owned(),
            String::new(),
        ] {
            assert_eq!(seal.open(&forged, NOW), None, "{forged}");
        }
    }

    #[test]
    fn a_message_too_long_for_a_cookie_is_not_sent() {
        let long = filed().with("n", "x".repeat(LONGEST));
        assert_eq!(Seal::fresh().close(&long, NOW), None);
    }
}
