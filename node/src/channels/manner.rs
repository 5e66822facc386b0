//! How one talks on each channel: how much fits into a message, who listens, whether the provider
//! vouches for the sender.

use super::sms::alphabet;
use super::x::length;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// A channel by its name, which is also what `report.filed` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Sms,
    X,
    /// Comments on a page.
    Facebook,
    Messenger,
    Whatsapp,
    Telegram,
    Email,
}

/// What may be said on a channel, and how much of it.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts of a channel, each of which decides something else"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// How much one message holds: septets where it is short text, else signs.
    pub room: usize,
    /// Short text, of the alphabet GSM-7.
    pub short: bool,
    /// Signs are counted as X counts them.
    pub weighted: bool,
    /// Letters beyond that alphabet can be shown as well, in shorter messages.
    pub wide: bool,
    /// Everybody reads it.
    pub public: bool,
    /// Words that were said before are refused, so that each text is told apart from all others.
    pub tells_apart: bool,
    /// The provider vouches for the sender.
    pub proven: bool,
    /// Who writes is believed to be who they say only below something that was said to them.
    pub by_reply: bool,
    /// What is missing in a report is asked at once.
    pub asks: bool,
    /// For how long after they wrote somebody may be told something.
    pub window_ms: Option<i64>,
    /// What was taken to be sent may be refused afterwards.
    pub comes_back: bool,
}

impl Name {
    pub const ALL: [Self; 7] = [
        Self::Sms,
        Self::X,
        Self::Facebook,
        Self::Messenger,
        Self::Whatsapp,
        Self::Telegram,
        Self::Email,
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
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.as_str() == text)
    }

    pub fn manner(self) -> Manner {
        let chat = Manner {
            room: 4096,
            short: false,
            weighted: false,
            wide: false,
            public: false,
            tells_apart: false,
            proven: true,
            by_reply: false,
            asks: true,
            window_ms: None,
            comes_back: false,
        };
        match self {
            Self::Sms => Manner {
                room: alphabet::SEPTETS,
                short: true,
                proven: false,
                asks: false,
                comes_back: true,
                ..chat
            },
            Self::X => Manner {
                room: 280,
                weighted: true,
                public: true,
                tells_apart: true,
                asks: false,
                ..chat
            },
            Self::Facebook => Manner {
                room: 2000,
                public: true,
                asks: false,
                // In private, to whoever has commented.
                window_ms: Some(7 * 24 * HOUR_MS),
                ..chat
            },
            Self::Messenger => Manner {
                room: 2000,
                window_ms: Some(24 * HOUR_MS),
                ..chat
            },
            Self::Whatsapp => Manner {
                window_ms: Some(24 * HOUR_MS),
                comes_back: true,
                ..chat
            },
            Self::Telegram => chat,
            Self::Email => Manner {
                room: 20_000,
                proven: false,
                by_reply: true,
                asks: false,
                comes_back: true,
                ..chat
            },
        }
    }
}

impl Manner {
    /// As one talks with a telephone that shows more letters, or does not.
    #[must_use]
    pub fn for_telephone(self, wide: bool) -> Self {
        Self {
            wide: self.short && wide,
            ..self
        }
    }

    /// How much of the room a text takes.
    pub fn size(self, text: &str) -> usize {
        if self.short {
            alphabet::septets(text)
        } else if self.weighted {
            length::weighted(text)
        } else {
            text.chars().count()
        }
    }

    /// A text as it can be said here.
    pub fn written(self, text: &str) -> String {
        if self.short {
            alphabet::plain(text)
        } else {
            text.to_owned()
        }
    }
}
