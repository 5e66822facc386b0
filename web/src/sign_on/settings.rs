//! `[single_sign_on]`: the institution's own provider of identities.

use std::path::{Path, PathBuf};

use openidconnect::IssuerUrl;
use serde::{Deserialize, Serialize};

/// OpenID Connect for the staff, in the roles `R` of the program. Without `issuer` there is no such
/// way in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    default,
    bound(deserialize = "R: Deserialize<'de>")
)]
pub struct SignOnSettings<R> {
    /// The provider, such as `https://masuk.bandung.go.id/realms/pemkot`. No other host is ever called.
    pub issuer: Option<String>,
    /// How the provider names this program.
    pub client_id: String,
    /// File whose first line is the secret of this program at the provider, if it demands one.
    pub client_secret_file: Option<PathBuf>,
    /// What of an identity is the address of an account.
    pub claim: Claim,
    /// Role of an account that is made at the first log-in; without it the account must exist.
    pub create_as: Option<R>,
    /// What the provider is called on the button.
    pub name: Option<String>,
    /// File with root certificates (PEM) for a provider that the machine does not trust by itself.
    pub roots: Option<PathBuf>,
}

/// What of an identity is the address of an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// `email`, and only where the provider says that it has verified it.
    #[default]
    Email,
    /// `preferred_username`, where that is an address of the institution's.
    PreferredUsername,
}

/// What is wrong with `[single_sign_on]`; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum SignOnSettingsError {
    #[error("single_sign_on.issuer: {0} is no address of a provider; expected one with https")]
    Issuer(String),
    #[error("single_sign_on.client_id: needed where single_sign_on.issuer is set")]
    NoClient,
    #[error(
        "single_sign_on.issuer: portal.public_url (at the hub console.public_url) is needed with it; the provider sends people back there"
    )]
    NoSite,
    #[error("single_sign_on.{field}: {path} cannot be used: {problem}")]
    File {
        field: &'static str,
        path: PathBuf,
        problem: String,
    },
}

impl<R> Default for SignOnSettings<R> {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: String::new(),
            client_secret_file: None,
            claim: Claim::default(),
            create_as: None,
            name: None,
            roots: None,
        }
    }
}

impl<R: Copy + Into<&'static str>> SignOnSettings<R> {
    /// The same settings with the role by its code.
    pub(super) fn with_codes(&self) -> SignOnSettings<&'static str> {
        SignOnSettings {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            client_secret_file: self.client_secret_file.clone(),
            claim: self.claim,
            create_as: self.create_as.map(Into::into),
            name: self.name.clone(),
            roots: self.roots.clone(),
        }
    }
}

impl<R> SignOnSettings<R> {
    pub fn is_on(&self) -> bool {
        self.issuer.is_some()
    }

    /// The same settings with relative paths taken from `folder`.
    pub fn below(&mut self, folder: &Path) {
        for path in [&mut self.client_secret_file, &mut self.roots]
            .into_iter()
            .flatten()
        {
            *path = folder.join(&*path);
        }
    }

    /// The provider; over plain HTTP only on this machine.
    pub(super) fn issuer(&self) -> Result<Option<IssuerUrl>, SignOnSettingsError> {
        let Some(text) = &self.issuer else {
            return Ok(None);
        };
        let wrong = || SignOnSettingsError::Issuer(text.clone());
        let issuer = IssuerUrl::new(text.clone()).map_err(|_| wrong())?;
        let near = matches!(
            issuer.url().host_str(),
            Some("127.0.0.1" | "localhost" | "[::1]")
        );
        let secure = issuer.url().scheme() == "https";
        if !(secure || near && issuer.url().scheme() == "http") {
            return Err(wrong());
        }
        if self.client_id.is_empty() {
            return Err(SignOnSettingsError::NoClient);
        }
        Ok(Some(issuer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let issuer = |text: &str| SignOnSettings::<&str> {
            issuer: Some(text.into()),
            client_id: "lapor".into(),
            ..Default::default()
        };
        for (text, good) in [
            ("https://masuk.bandung.go.id/realms/pemkot", true),
            ("http://127.0.0.1:8080", true),
            ("http://masuk.bandung.go.id", false),
            ("ftp://127.0.0.1", false),
            ("masuk", false),
        ] {
            assert_eq!(issuer(text).issuer().is_ok(), good, "{text}");
        }
        let nameless = SignOnSettings::<&str> {
            client_id: String::new(),
            ..issuer("https://masuk.bandung.go.id")
        };
        assert!(nameless.issuer().is_err());
    }
}
