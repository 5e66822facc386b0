//! `[channels.x]`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// An account of X, and the application that speaks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct XSettings {
    /// Number of the account; X is on when it is set.
    pub account_id: Option<String>,
    /// Its name without the sign in front, such as `LAPOR1708`.
    pub account: Option<String>,
    /// File whose first line is the key of the application.
    pub consumer_key_file: Option<PathBuf>,
    /// File whose first line is the secret of that key.
    pub consumer_secret_file: Option<PathBuf>,
    /// File whose first line is the token with which the application speaks for the account.
    pub token_file: Option<PathBuf>,
    /// File whose first line is the secret of that token.
    pub token_secret_file: Option<PathBuf>,
    /// File whose first line is the application's own token, with which posts are looked for. Without
    /// it the account's is used.
    pub bearer_file: Option<PathBuf>,
    /// Seconds between two looks for what was not handed over.
    pub poll_seconds: u32,
    /// Where its API is.
    pub base_url: String,
}

impl Default for XSettings {
    fn default() -> Self {
        Self {
            account_id: None,
            account: None,
            consumer_key_file: None,
            consumer_secret_file: None,
            token_file: None,
            token_secret_file: None,
            bearer_file: None,
            poll_seconds: 120,
            base_url: "https://api.x.com".into(),
        }
    }
}

impl XSettings {
    pub fn is_on(&self) -> bool {
        self.account_id.is_some()
    }

    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        let paths = [
            &mut self.consumer_key_file,
            &mut self.consumer_secret_file,
            &mut self.token_file,
            &mut self.token_secret_file,
            &mut self.bearer_file,
        ];
        for path in paths.into_iter().flatten() {
            *path = folder.join(&*path);
        }
    }
}
