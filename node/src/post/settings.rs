//! `[mail]`: by whose server letters go out, in whose name, and when officers get their digest.

use std::path::{Path, PathBuf};

use lapor_web::mail::{self, Encryption, Postbox};
use serde::{Deserialize, Serialize};

use crate::in_force::MailServer;

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
    /// Name with which the node logs in, if it has to.
    pub user: Option<String>,
    /// File whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// Sender: `Lapor Kota Bandung <lapor@bandung.go.id>`.
    pub from: Option<String>,
    /// Where answers go, if not to the sender.
    pub reply_to: Option<String>,
    /// Hour of the local day at which officers get their digest, 0 to 23.
    pub digest_hour: u8,
}

impl Default for MailSettings {
    fn default() -> Self {
        let server = mail::MailSettings::default();
        Self {
            host: server.host,
            port: server.port,
            encryption: server.encryption,
            roots: server.roots,
            user: server.user,
            password_file: server.password_file,
            from: server.from,
            reply_to: server.reply_to,
            digest_hour: 7,
        }
    }
}

/// What is wrong with `[mail]`; the operator's to mend. Never says a password.
#[derive(Debug, thiserror::Error)]
pub enum MailSettingsError {
    #[error(transparent)]
    Server(#[from] mail::MailSettingsError),
    #[error("mail: the password typed at the desk cannot be opened; type it again there")]
    Sealed,
    #[error("mail.digest_hour: expected an hour from 0 to 23")]
    Hour,
}

impl MailSettings {
    /// Whether letters are sent at all.
    pub fn is_on(&self) -> bool {
        self.host.is_some()
    }

    /// What is needed to hand letters over; `None` where no server is set.
    pub fn postbox(&self) -> Result<Option<Postbox>, MailSettingsError> {
        self.is_sound()?;
        Ok(Postbox::of(&self.server())?)
    }

    /// The same with a password that stands in no file.
    pub fn postbox_with(
        &self,
        password: Option<&str>,
    ) -> Result<Option<Postbox>, MailSettingsError> {
        self.is_sound()?;
        Ok(Postbox::with_password(&self.server(), password)?)
    }

    /// The same by another server; whom it is trusted by and when digests go stays.
    #[must_use]
    pub fn by(&self, server: &MailServer) -> Self {
        Self {
            host: Some(server.host.clone()),
            port: server.port,
            encryption: server.encryption,
            roots: self.roots.clone(),
            user: server.user.clone(),
            password_file: None,
            from: Some(server.from.clone()),
            reply_to: server.reply_to.clone(),
            digest_hour: self.digest_hour,
        }
    }

    fn is_sound(&self) -> Result<(), MailSettingsError> {
        if self.digest_hour > 23 {
            return Err(MailSettingsError::Hour);
        }
        Ok(())
    }

    /// The same settings with relative paths taken from `folder`.
    pub(crate) fn below(&mut self, folder: &Path) {
        let mut server = self.server();
        server.below(folder);
        (self.roots, self.password_file) = (server.roots, server.password_file);
    }

    fn server(&self) -> mail::MailSettings {
        mail::MailSettings {
            host: self.host.clone(),
            port: self.port,
            encryption: self.encryption,
            roots: self.roots.clone(),
            user: self.user.clone(),
            password_file: self.password_file.clone(),
            from: self.from.clone(),
            reply_to: self.reply_to.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_that_no_day_has_is_refused() {
        let settings = MailSettings {
            digest_hour: 24,
            ..MailSettings::default()
        };
        let refused = settings.postbox().err().unwrap();
        assert!(refused.to_string().contains("mail.digest_hour"));
    }
}
