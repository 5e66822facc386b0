//! `[mail]`: by whose server letters go out, and in whose name. Reading the
//! settings opens nothing; [`Postbox::of`] reads the files that they name.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use serde::{Deserialize, Serialize};

use crate::secret_file::{self, SecretFileError};

/// Letters by SMTP (RFC 5321). Without `host` none are written, and the pages say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// The server to which letters are handed, such as `smtp.bandung.go.id`.
    pub host: Option<String>,
    /// 587 with `starttls`, 465 with `tls`, 25 with `none`.
    pub port: u16,
    /// `starttls`: encrypted after a greeting, and never without; `tls`: from
    /// the first byte; `none`: only for a server on this machine or beside it.
    pub encryption: Encryption,
    /// File with root certificates (PEM) for a server that the machine does not trust by itself.
    pub roots: Option<PathBuf>,
    /// Name with which the program logs in, if it has to.
    pub user: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// Sender: `Lapor Kota Bandung <lapor@bandung.go.id>`.
    pub from: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
}

/// How the line to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    StartTls,
    Tls,
    None,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            host: None,
            port: 587,
            encryption: Encryption::StartTls,
            roots: None,
            user: None,
            password_file: None,
            from: None,
            reply_to: None,
        }
    }
}

/// What is wrong with `[mail]`; the operator's to mend. Never says a password.
#[derive(Debug, thiserror::Error)]
pub enum MailSettingsError {
    #[error(
        "mail.from: needed where mail.host is set, such as Lapor Kota Bandung <lapor@bandung.go.id>"
    )]
    NoSender,
    #[error(
        "mail.{field}: {text} is no address; expected one such as Lapor Kota Bandung <lapor@bandung.go.id>"
    )]
    Address { field: &'static str, text: String },
    #[error("mail.user and mail.password_file: expected both or neither")]
    Half,
    #[error(
        "mail.encryption: with `none` a password would travel in the open; take `starttls` or `tls`, or a server on this machine"
    )]
    OpenPassword,
    #[error("mail.{field}: {path} cannot be read: {problem}")]
    File {
        field: &'static str,
        path: PathBuf,
        problem: String,
    },
    #[error("mail.password_file: {0}")]
    Password(#[from] SecretFileError),
    #[error("mail.host: {0} is no name of a server")]
    Host(String),
}

/// All that is needed to hand letters over.
pub struct Postbox {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    pub(super) tls: Option<TlsParameters>,
    pub(super) credentials: Option<Credentials>,
    pub(super) from: Mailbox,
    pub(super) reply_to: Option<Mailbox>,
    pub(super) hello: ClientId,
}

impl MailSettings {
    /// Whether letters are sent at all.
    pub fn is_on(&self) -> bool {
        self.host.is_some()
    }

    /// The same settings with relative paths taken from `folder`.
    pub fn below(&mut self, folder: &Path) {
        for path in [&mut self.roots, &mut self.password_file]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
    }
}

impl Postbox {
    /// Reads what the settings name; `None` where no server is set.
    pub fn of(settings: &MailSettings) -> Result<Option<Self>, MailSettingsError> {
        let Some(host) = settings.host.clone() else {
            return Ok(None);
        };
        Self::at(host, settings, credentials(settings)?).map(Some)
    }

    /// The same with a password that stands in no file.
    pub fn with_password(
        settings: &MailSettings,
        password: Option<&str>,
    ) -> Result<Option<Self>, MailSettingsError> {
        let Some(host) = settings.host.clone() else {
            return Ok(None);
        };
        let credentials = match (&settings.user, password) {
            (None, None) => None,
            (Some(user), Some(password)) => {
                Some(Credentials::new(user.clone(), password.to_owned()))
            }
            _ => return Err(MailSettingsError::Half),
        };
        Self::at(host, settings, credentials).map(Some)
    }

    fn at(
        host: String,
        settings: &MailSettings,
        credentials: Option<Credentials>,
    ) -> Result<Self, MailSettingsError> {
        let from = settings
            .from
            .as_deref()
            .ok_or(MailSettingsError::NoSender)?;
        let from = mailbox("from", from)?;
        let reply_to = settings.reply_to.as_deref();
        let reply_to = reply_to.map(|text| mailbox("reply_to", text)).transpose()?;
        let near = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        if settings.encryption == Encryption::None && credentials.is_some() && !near {
            return Err(MailSettingsError::OpenPassword);
        }
        let tls = match settings.encryption {
            Encryption::None => None,
            Encryption::StartTls | Encryption::Tls => Some(tls(&host, settings)?),
        };
        Ok(Self {
            port: settings.port,
            encryption: settings.encryption,
            tls,
            credentials,
            hello: ClientId::Domain(from.email.domain().to_owned()),
            from,
            reply_to,
            host,
        })
    }
}

fn mailbox(field: &'static str, text: &str) -> Result<Mailbox, MailSettingsError> {
    text.parse().map_err(|_| MailSettingsError::Address {
        field,
        text: text.to_owned(),
    })
}

fn credentials(settings: &MailSettings) -> Result<Option<Credentials>, MailSettingsError> {
    let (user, path) = match (&settings.user, &settings.password_file) {
        (None, None) => return Ok(None),
        (Some(user), Some(path)) => (user.clone(), path),
        _ => return Err(MailSettingsError::Half),
    };
    let password = secret_file::first_line(path)?;
    Ok(Some(Credentials::new(user, password)))
}

fn tls(host: &str, settings: &MailSettings) -> Result<TlsParameters, MailSettingsError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = &settings.roots {
        let unreadable = |problem: String| MailSettingsError::File {
            field: "roots",
            path: path.clone(),
            problem,
        };
        let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let roots = Certificate::from_pem(&pem).map_err(|error| unreadable(error.to_string()))?;
        builder = builder.add_root_certificate(roots);
    }
    builder
        .build_rustls()
        .map_err(|_| MailSettingsError::Host(host.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn settings() -> MailSettings {
        MailSettings {
            host: Some("smtp.bandung.go.id".into()),
            from: Some("Lapor Kota Bandung <lapor@bandung.go.id>".into()),
            ..MailSettings::default()
        }
    }

    fn problem(settings: &MailSettings) -> String {
        let refused = Postbox::of(settings).err();
        refused.map_or_else(String::new, |error| error.to_string())
    }

    #[test]
    fn without_a_server_there_is_no_postbox_and_no_complaint() {
        assert!(Postbox::of(&MailSettings::default()).unwrap().is_none());
    }

    #[test]
    fn what_cannot_work_is_said_before_the_first_letter() {
        assert_eq!(problem(&settings()), "");
        for (change, said) in [
            (
                (|s| s.from = None) as fn(&mut MailSettings),
                "mail.from: needed",
            ),
            (
                |s| s.from = Some("lapor".into()),
                "mail.from: lapor is no address",
            ),
            (|s| s.reply_to = Some("a@".into()), "mail.reply_to: a@"),
            (
                |s| s.user = Some("lapor".into()),
                "expected both or neither",
            ),
            (
                |s| s.roots = Some("/tidak/ada".into()),
                "mail.roots: /tidak/ada",
            ),
        ] {
            let mut settings = settings();
            change(&mut settings);
            assert!(
                problem(&settings).contains(said),
                "{said}: {}",
                problem(&settings)
            );
        }
    }

    #[test]
    fn a_password_is_read_from_a_file_of_ones_own_and_never_sent_in_the_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "rahasia sekali\n").unwrap();
        let mut settings = settings();
        settings.user = Some("lapor".into());
        settings.password_file = Some(path.clone());
        let allow = |mode| std::fs::set_permissions(&path, PermissionsExt::from_mode(mode));
        allow(0o644).unwrap();
        assert!(
            problem(&settings).contains("chmod go="),
            "{}",
            problem(&settings)
        );
        allow(0o600).unwrap();
        assert!(
            Postbox::of(&settings)
                .unwrap()
                .unwrap()
                .credentials
                .is_some()
        );
        settings.encryption = Encryption::None;
        assert!(problem(&settings).contains("in the open"));
        settings.host = Some("127.0.0.1".into());
        assert_eq!(problem(&settings), "");
        std::fs::write(&path, "\n").unwrap();
        assert!(problem(&settings).contains("is empty"));
    }
}
