//! The channels of the demo. Another one is a value here, a stand-in in [`super::Held`], its settings
//! in `settings`, and a conversation in `talks`.

use std::fmt;

use lapor_web::language::{TextId, text_id};
use serde::{Deserialize, Serialize};

/// A channel, by the name that the node gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Line {
    Sms,
    X,
    Facebook,
    Messenger,
    Whatsapp,
    Telegram,
    Email,
    Open311,
    /// The own service of a city, which the node follows and feeds.
    City,
}

impl Line {
    pub const ALL: [Self; 9] = [
        Self::Sms,
        Self::X,
        Self::Facebook,
        Self::Messenger,
        Self::Whatsapp,
        Self::Telegram,
        Self::Email,
        Self::Open311,
        Self::City,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::X => "x",
            Self::Facebook => "facebook",
            Self::Messenger => "messenger",
            Self::Whatsapp => "whatsapp",
            Self::Telegram => "telegram",
            Self::Email => "email",
            Self::Open311 => "open311",
            Self::City => "city",
        }
    }

    pub fn read(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|line| line.as_str() == name)
    }

    /// The field in which its people write.
    pub fn field(self) -> &'static str {
        match self {
            Self::Sms => "pesan-sms",
            Self::X => "pesan-x",
            Self::Facebook => "pesan-facebook",
            Self::Messenger => "pesan-messenger",
            Self::Whatsapp => "pesan-whatsapp",
            Self::Telegram => "pesan-telegram",
            Self::Email => "pesan-surel",
            Self::Open311 => "pesan-open311",
            Self::City => "pesan-kota",
        }
    }

    /// What it is called, and what is worth knowing of it.
    pub fn words(self) -> (&'static str, TextId) {
        match self {
            Self::Sms => ("SMS 1708", text_id("phones-sms")),
            Self::X => ("X @LAPOR1708", text_id("phones-x")),
            Self::Facebook => ("Facebook", text_id("phones-facebook")),
            Self::Messenger => ("Messenger", text_id("phones-messenger")),
            Self::Whatsapp => ("WhatsApp", text_id("phones-whatsapp")),
            Self::Telegram => ("Telegram", text_id("phones-telegram")),
            Self::Email => ("Surel (e-mail)", text_id("phones-email")),
            Self::Open311 => ("Open311", text_id("phones-open311")),
            Self::City => ("Bandung 311", text_id("phones-city")),
        }
    }

    /// Whether people say there if they answer or begin anew.
    pub fn begins(self) -> bool {
        self == Self::Email
    }

    /// Whether a place and a picture can be sent there.
    pub fn shares(self) -> bool {
        matches!(self, Self::Whatsapp | Self::Telegram)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
