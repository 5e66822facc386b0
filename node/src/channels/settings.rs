//! `[channels]`: on which channels of others this node listens and speaks.

use std::path::{Path, PathBuf};

use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use lapor_web::secret_file::SecretFileError;
use serde::{Deserialize, Serialize};

/// Channels of others. One is on when its section names where it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelSettings {
    /// Hours within which the same text from the same person is the same report.
    pub same_hours: u32,
    /// Minutes of silence after which a report that is told piece by piece is filed as it is.
    pub draft_minutes: u32,
    /// Reports of one person in a day; more are filed and marked for a second look.
    pub reports_per_day: u32,
    /// Words in front of a report that say what it is about: of a campaign, a region, an institution.
    pub keywords: Vec<Keyword>,
    pub sms: SmsSettings,
}

/// A word in front of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyword {
    /// One word of letters and digits, in any case: `LAMPU`.
    pub word: String,
    /// Category of such reports, of the national tree or the institution's own.
    #[serde(default)]
    pub category: Option<Category>,
    /// Where they are, if their text names no region.
    #[serde(default)]
    pub region: Option<RegionCode>,
    /// Whom they concern.
    #[serde(default)]
    pub suggested: Option<InstanceId>,
}

/// Text messages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsSettings {
    /// The number to which citizens write, such as `1708`; answers come from it.
    pub number: Option<String>,
    pub kannel: KannelSettings,
}

/// A Kannel gateway that takes and hands over text messages by HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct KannelSettings {
    /// Its `sendsms`, such as `http://127.0.0.1:13013/cgi-bin/sendsms`.
    pub send_url: Option<String>,
    /// Name of the `sendsms-user`.
    pub username: Option<String>,
    /// File whose first line is the password of the `sendsms-user`.
    pub password_file: Option<PathBuf>,
    /// File whose first line ends the address at which the gateway hands messages over.
    pub receive_secret_file: Option<PathBuf>,
}

/// What is wrong with `[channels]`; the operator's to mend. Never says a secret.
#[derive(Debug, thiserror::Error)]
pub enum ChannelSettingsError {
    #[error(
        "channels.keywords: {0} is not one word of letters and digits, or has a meaning already"
    )]
    Keyword(String),
    #[error("channels.sms.{0}: needed where channels.sms.kannel.send_url is set")]
    Needed(&'static str),
    #[error(
        "channels.sms.kannel.send_url: {0} is no address such as http://127.0.0.1:13013/cgi-bin/sendsms"
    )]
    Url(String),
    #[error(
        "channels.sms.kannel.receive_secret_file: expected 16 to 128 letters and digits in the first line; others could guess fewer"
    )]
    Secret,
    #[error("channels.sms.kannel.{field}: {problem}")]
    File {
        field: &'static str,
        problem: SecretFileError,
    },
    #[error("channels.sms: the way to the gateway cannot be prepared: {0}")]
    Client(String),
}

impl Default for ChannelSettings {
    fn default() -> Self {
        Self {
            same_hours: 24,
            draft_minutes: 30,
            reports_per_day: 10,
            keywords: Vec::new(),
            sms: SmsSettings::default(),
        }
    }
}

impl ChannelSettings {
    /// Whether this node talks on any channel.
    pub fn is_on(&self) -> bool {
        self.sms.kannel.send_url.is_some()
    }

    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        let kannel = &mut self.sms.kannel;
        for path in [&mut kannel.password_file, &mut kannel.receive_secret_file]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
    }
}
