//! `[channels]`: on which channels of others this node listens and speaks.

use std::path::{Path, PathBuf};

use lapor_protocol::ids::InstanceId;
use lapor_protocol::kinds::Category;
use lapor_protocol::region::RegionCode;
use lapor_web::secret_file::{self, SecretFileError};
use serde::{Deserialize, Serialize};

use super::email::EmailSettings;
use super::meta::{FacebookSettings, MetaSettings, MetaSettingsError, WhatsappSettings};
use super::telegram::TelegramSettings;
use super::x::XSettings;

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
    /// Bytes of a file that came with a message, at most; larger ones are left out.
    pub media_bytes: u64,
    /// Files of one report or reply, at most; more are left out.
    pub media_each: u32,
    pub sms: SmsSettings,
    pub meta: MetaSettings,
    pub whatsapp: WhatsappSettings,
    pub facebook: FacebookSettings,
    pub telegram: TelegramSettings,
    pub x: XSettings,
    pub email: EmailSettings,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmsSettings {
    /// The number to which citizens write, such as `1708`; answers come from it.
    pub number: Option<String>,
    /// `kannel` or `smpp`, where both sections are filled in.
    pub via: Option<Via>,
    /// Seconds for which a text that is as long as one can be waits for one that goes on from it.
    pub join_seconds: u32,
    /// Minutes for which a message that was split on the way waits for its parts.
    pub join_minutes: u32,
    pub kannel: KannelSettings,
    pub smpp: SmppSettings,
}

/// By which way text messages come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Kannel,
    Smpp,
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
    /// Where the gateway reaches this node, such as `http://127.0.0.1:8090`; without it no receipts
    /// are asked for.
    pub node_url: Option<String>,
}

/// A line to the message centre of a network, by SMPP 3.4.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SmppSettings {
    /// Host and port, such as `smsc.example.net:2775`.
    pub address: Option<String>,
    /// The name that the network gave this node.
    pub system_id: Option<String>,
    /// File whose first line is the password, of 8 signs at most.
    pub password_file: Option<PathBuf>,
    /// `transceiver` for one line, `pair` for one in each direction.
    pub bind: Bind,
    /// Type of number and numbering plan of the own number: 0 not said, 1 international, 3 of the
    /// network, 5 letters; 0 not said, 1 telephone.
    pub source_ton: u8,
    pub source_npi: u8,
    /// The same of telephones.
    pub dest_ton: u8,
    pub dest_npi: u8,
    /// What the network means by its default alphabet: `gsm7` or `latin1`.
    pub alphabet: DefaultAlphabet,
    /// Messages on their way that the network has not answered.
    pub window: u16,
    /// Seconds of silence after which the line is tried.
    pub enquire_seconds: u32,
    /// Seconds within which the network answers what is submitted.
    pub answer_seconds: u32,
}

/// How a line is bound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bind {
    #[default]
    Transceiver,
    Pair,
}

/// The alphabet of texts that name none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DefaultAlphabet {
    #[default]
    Gsm7,
    Latin1,
}

/// What is wrong with `[channels]`; the operator's to mend. Never says a secret.
#[derive(Debug, thiserror::Error)]
pub enum ChannelSettingsError {
    #[error(
        "channels.keywords: {0} is not one word of letters and digits, or has a meaning already"
    )]
    Keyword(String),
    #[error("channels.sms.{0}: needed where text messages go this way")]
    Needed(&'static str),
    #[error(
        "channels.sms.via: say `kannel` or `smpp`; channels.sms.kannel.send_url and channels.sms.smpp.address are both set"
    )]
    Via,
    #[error("channels.sms.smpp.{0}")]
    Smpp(&'static str),
    #[error(
        "channels.sms.kannel.{field}: {text} is no address such as http://127.0.0.1:13013/cgi-bin/sendsms"
    )]
    Url { field: &'static str, text: String },
    #[error(
        "channels.sms.kannel.receive_secret_file: expected 16 to 128 letters and digits in the first line; others could guess fewer"
    )]
    Secret,
    #[error("channels.sms.{field}: {problem}")]
    File {
        field: &'static str,
        problem: SecretFileError,
    },
    #[error(transparent)]
    Meta(#[from] MetaSettingsError),
    #[error("channels.{field}: needed where channels.{beside} is set")]
    Lacks {
        field: &'static str,
        beside: &'static str,
    },
    #[error("channels.{field}: {text} is no address such as https://example.org")]
    Base { field: &'static str, text: String },
    #[error("channels.{field}: the way to the provider cannot be prepared: {problem}")]
    Way {
        field: &'static str,
        problem: String,
    },
    #[error("channels.{field}: {problem}")]
    SecretFile {
        field: &'static str,
        problem: SecretFileError,
    },
    #[error(
        "channels.{field}: expected 16 to 128 letters, digits, _ and - in the first line; others could guess fewer"
    )]
    Guessable { field: &'static str },
    #[error(
        "channels.telegram.token_file: expected the token that BotFather gave, such as 123456789:letters, digits, _ and -"
    )]
    TelegramToken,
    #[error("channels.x.{0}: expected {1}")]
    X(&'static str, &'static str),
    #[error("channels.email.address: {0} is no address such as lapor@bandung.go.id")]
    MailAddress(String),
    #[error("channels.email.imap.host: {0} is no name of a server")]
    MailHost(String),
    #[error(
        "channels.email.imap.encryption: with `none` the password would travel in the open; take `tls` or `starttls`, or a server on this machine"
    )]
    OpenMailbox,
    #[error("channels.email.idle_minutes: expected at least one minute")]
    IdleMinutes,
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
            media_bytes: 25_000_000,
            media_each: 10,
            sms: SmsSettings::default(),
            meta: MetaSettings::default(),
            whatsapp: WhatsappSettings::default(),
            facebook: FacebookSettings::default(),
            telegram: TelegramSettings::default(),
            x: XSettings::default(),
            email: EmailSettings::default(),
        }
    }
}

impl Default for SmsSettings {
    fn default() -> Self {
        Self {
            number: None,
            via: None,
            join_seconds: 90,
            join_minutes: 30,
            kannel: KannelSettings::default(),
            smpp: SmppSettings::default(),
        }
    }
}

impl Default for SmppSettings {
    fn default() -> Self {
        Self {
            address: None,
            system_id: None,
            password_file: None,
            bind: Bind::Transceiver,
            source_ton: 0,
            source_npi: 0,
            dest_ton: 1,
            dest_npi: 1,
            alphabet: DefaultAlphabet::Gsm7,
            window: 10,
            enquire_seconds: 30,
            answer_seconds: 60,
        }
    }
}

impl SmsSettings {
    /// By which way text messages come and go, if by any.
    pub(crate) fn way(&self) -> Result<Option<Via>, ChannelSettingsError> {
        let needed = |field| Err(ChannelSettingsError::Needed(field));
        let (kannel, smpp) = (&self.kannel.send_url, &self.smpp.address);
        match (self.via, kannel, smpp) {
            (None, None, None) => Ok(None),
            (None, Some(_), Some(_)) => Err(ChannelSettingsError::Via),
            (Some(Via::Kannel), None, _) => needed("kannel.send_url"),
            (Some(Via::Smpp), _, None) => needed("smpp.address"),
            (Some(Via::Kannel), Some(_), _) | (None, Some(_), None) => Ok(Some(Via::Kannel)),
            (Some(Via::Smpp), _, Some(_)) | (None, None, Some(_)) => Ok(Some(Via::Smpp)),
        }
    }

    /// Whether text messages come in and go out.
    pub fn is_on(&self) -> bool {
        self.kannel.send_url.is_some() || self.smpp.address.is_some()
    }
}

impl ChannelSettings {
    /// Whether this node talks on any channel.
    pub fn is_on(&self) -> bool {
        self.sms.is_on()
            || self.whatsapp.phone_number_id.is_some()
            || self.facebook.page_id.is_some()
            || self.telegram.is_on()
            || self.x.is_on()
            || self.email.is_on()
    }

    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        let (kannel, smpp) = (&mut self.sms.kannel, &mut self.sms.smpp);
        let files = [
            &mut kannel.password_file,
            &mut kannel.receive_secret_file,
            &mut smpp.password_file,
            &mut self.meta.app_secret_file,
            &mut self.meta.verify_token_file,
            &mut self.whatsapp.token_file,
            &mut self.facebook.page_token_file,
        ];
        for path in files.into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self.telegram.below(folder);
        self.x.below(folder);
        self.email.below(folder);
    }
}

/// The secret in a file of a setting.
pub(super) fn secret(field: &'static str, path: &Path) -> Result<String, ChannelSettingsError> {
    let read = secret_file::first_line(path);
    read.map_err(|problem| ChannelSettingsError::SecretFile { field, problem })
}
