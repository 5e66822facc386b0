//! `[channels.telegram]`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A bot of Telegram, which BotFather has made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelegramSettings {
    /// File whose first line is the bot's token.
    pub token_file: Option<PathBuf>,
    /// Whether messages are fetched or handed over.
    pub way: Way,
    /// File whose first line Telegram shows where it hands messages over.
    pub secret_file: Option<PathBuf>,
    /// Where its Bot API is; another one for a Bot API server of one's own.
    pub base_url: String,
}

/// How messages come from Telegram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// This node asks; nobody need reach it.
    #[default]
    Poll,
    /// Telegram calls this node at its public address.
    Webhook,
}

impl Default for TelegramSettings {
    fn default() -> Self {
        Self {
            token_file: None,
            way: Way::Poll,
            secret_file: None,
            base_url: "https://api.telegram.org".into(),
        }
    }
}

impl TelegramSettings {
    pub fn is_on(&self) -> bool {
        self.token_file.is_some()
    }

    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        for path in [&mut self.token_file, &mut self.secret_file]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
    }
}
