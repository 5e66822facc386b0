//! `[webhooks]` of `node.toml`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where programs are told of changes over HTTP; which these are is arranged at the desk or by the API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookSettings {
    /// Whether webhooks may go to this machine, and over plain HTTP.
    pub local: bool,
    /// File with root certificates (PEM) for receivers that the machine does not trust by itself.
    pub roots: Option<PathBuf>,
}

impl WebhookSettings {
    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        if let Some(path) = &mut self.roots {
            *path = folder.join(&*path);
        }
    }
}
