//! `[channels.email]`.

use std::path::{Path, PathBuf};

use lapor_web::mail::Encryption;
use serde::{Deserialize, Serialize};

/// Letters of citizens: fetched from a mailbox, answered by the mail server of `[mail]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EmailSettings {
    /// The address to which citizens write, such as `lapor@bandung.go.id`; answers to answers go
    /// there.
    pub address: Option<String>,
    /// Minutes after which a call that waits for letters is made anew.
    pub idle_minutes: u32,
    pub imap: ImapSettings,
}

/// The mailbox in which they arrive (RFC 3501).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImapSettings {
    /// Its server, such as `imap.bandung.go.id`.
    pub host: Option<String>,
    /// 993 with `tls`, 143 with `starttls` and `none`.
    pub port: u16,
    /// As in `[mail]`.
    pub encryption: Encryption,
    /// File with root certificates (PEM) for a server that the machine does not trust by itself.
    pub roots: Option<PathBuf>,
    pub user: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// Where letters arrive.
    pub folder: String,
    /// Where letters go that were taken; without it they stay where they are, marked as read.
    pub done_folder: Option<String>,
}

impl Default for EmailSettings {
    fn default() -> Self {
        Self {
            address: None,
            idle_minutes: 25,
            imap: ImapSettings::default(),
        }
    }
}

impl Default for ImapSettings {
    fn default() -> Self {
        Self {
            host: None,
            port: 993,
            encryption: Encryption::Tls,
            roots: None,
            user: None,
            password_file: None,
            folder: "INBOX".into(),
            done_folder: None,
        }
    }
}

impl EmailSettings {
    pub fn is_on(&self) -> bool {
        self.address.is_some()
    }

    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        for path in [&mut self.imap.roots, &mut self.imap.password_file]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
    }
}
