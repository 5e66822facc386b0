//! `[channels.meta]`, `[channels.whatsapp]` and `[channels.facebook]`.

use std::path::{Path, PathBuf};

use lapor_web::secret_file::{self, SecretFileError};
use serde::{Deserialize, Serialize};

/// What WhatsApp and Facebook have in common: one application of the Graph API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MetaSettings {
    /// File whose first line is the application's secret, with which webhooks are signed.
    pub app_secret_file: Option<PathBuf>,
    /// File whose first line is the word that is typed where the webhook is entered.
    pub verify_token_file: Option<PathBuf>,
    /// Version of the Graph API.
    pub version: String,
    pub base_url: String,
    /// Hosts from which pictures and files are fetched, with those below them.
    pub media_hosts: Vec<String>,
}

/// WhatsApp Cloud API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WhatsappSettings {
    /// The provider's id of the number to which citizens write.
    pub phone_number_id: Option<String>,
    /// File whose first line is the access token.
    pub token_file: Option<PathBuf>,
    /// Name of an approved template without parameters that asks somebody to write again, when
    /// there is news after the window has closed.
    pub template: Option<String>,
    /// Its language.
    pub template_language: String,
}

/// A page on Facebook, with Messenger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FacebookSettings {
    pub page_id: Option<String>,
    /// File whose first line is the page's access token.
    pub page_token_file: Option<PathBuf>,
    pub comments: Comments,
    /// Whether messages to the page are heard.
    pub messenger: bool,
}

/// Which comments, and posts of visitors, are for this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comments {
    None,
    /// Those with #lapor, or with a keyword in front: of `channels.keywords` or of the desk.
    Tagged,
    All,
}

/// What is wrong with these sections; the operator's to mend. Never says a secret.
#[derive(Debug, thiserror::Error)]
pub enum MetaSettingsError {
    #[error("channels.{field}: needed where channels.{beside} is set")]
    Needed {
        field: &'static str,
        beside: &'static str,
    },
    #[error("channels.meta.base_url: {0} is no address such as https://graph.facebook.com")]
    Url(String),
    #[error("channels.{field}: {problem}")]
    File {
        field: &'static str,
        problem: SecretFileError,
    },
    #[error("channels.meta: the way to the provider cannot be prepared: {0}")]
    Client(String),
}

impl Default for MetaSettings {
    fn default() -> Self {
        Self {
            app_secret_file: None,
            verify_token_file: None,
            version: "v25.0".into(),
            base_url: "https://graph.facebook.com".into(),
            media_hosts: ["fbsbx.com", "fbcdn.net", "whatsapp.net"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}

impl Default for WhatsappSettings {
    fn default() -> Self {
        Self {
            phone_number_id: None,
            token_file: None,
            template: None,
            template_language: "id".into(),
        }
    }
}

impl Default for FacebookSettings {
    fn default() -> Self {
        Self {
            page_id: None,
            page_token_file: None,
            comments: Comments::Tagged,
            messenger: true,
        }
    }
}

/// The first line of a file that is needed beside another setting.
pub(super) fn secret(
    path: Option<&Path>,
    field: &'static str,
    beside: &'static str,
) -> Result<String, MetaSettingsError> {
    let path = path.ok_or(MetaSettingsError::Needed { field, beside })?;
    secret_file::first_line(path).map_err(|problem| MetaSettingsError::File { field, problem })
}
