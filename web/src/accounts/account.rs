//! An account: who somebody of the staff is to this program. It never holds a
//! password or a second factor, and prints no name and no address.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::AccountError;
use super::roles::Role;
use crate::chance::random;

/// Bytes of an address, at most (RFC 5321, 4.5.3.1.3, without the brackets).
const LOGIN_BYTES: usize = 254;
/// Characters of a name, at most.
/// Characters of a name, at most.
pub const NAME_CHARACTERS: usize = 100;

/// Names an account for ever, also in the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct AccountId(String);

impl AccountId {
    pub(super) fn random() -> Self {
        Self(hex::encode(random::<8>()))
    }

    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How the audit log names this account.
    pub fn actor(&self) -> String {
        format!("account:{}", self.0)
    }
}

impl FromStr for AccountId {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        let shape =
            text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if shape {
            Ok(Self(text.to_owned()))
        } else {
            Err(AccountError::Unknown)
        }
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The e-mail address with which somebody logs in, in lower case.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Login(String);

impl Login {
    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Login {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        let login = text.trim().to_lowercase();
        let halves = login.split_once('@');
        let usable = halves.is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@')
        });
        let printable = !login.contains(|c: char| c.is_control() || c.is_whitespace());
        if usable && printable && login.len() <= LOGIN_BYTES {
            Ok(Self(login))
        } else {
            Err(AccountError::Login)
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login")
    }
}

/// What an account can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountState {
    /// May log in once it has a password.
    Active,
    /// May do nothing, until somebody enables it.
    Disabled,
}

impl AccountState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl FromStr for AccountState {
    type Err = AccountError;

    fn from_str(text: &str) -> Result<Self, AccountError> {
        match text {
            "active" => Ok(Self::Active),
            "disabled" => Ok(Self::Disabled),
            _ => Err(AccountError::Damaged("a state of an account")),
        }
    }
}

/// Somebody of the staff.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    pub id: AccountId,
    pub login: Login,
    pub name: String,
    #[serde(serialize_with = "as_code")]
    pub role: &'static Role,
    /// The program's name of a part of the institution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    pub state: AccountState,
    /// False until the first link has been used, and after a reset.
    pub has_password: bool,
    /// Whether a second factor is in force.
    pub has_factor: bool,
    /// Unix ms.
    pub created_at: i64,
    /// Unix ms.
    pub changed_at: i64,
}

impl Account {
    /// How the audit log names this account.
    pub fn actor(&self) -> String {
        self.id.actor()
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Account({}, {})", self.id, self.role.code)
    }
}

/// The name of a person as it is shown: one line, neither empty nor endless.
pub(super) fn name(text: &str) -> Result<String, AccountError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let usable = !name.is_empty()
        && name.chars().count() <= NAME_CHARACTERS
        && !name.contains(char::is_control);
    usable.then_some(name).ok_or(AccountError::Name)
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn as_code<S: serde::Serializer>(role: &&'static Role, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(role.code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_the_same_however_it_is_typed() {
        let login: Login = "  Siti@Bandung.GO.ID ".parse().unwrap();
        assert_eq!(login.as_str(), "siti@bandung.go.id");
        let long = format!("{}@b.id", "a".repeat(250));
        for bad in [
            "",
            "siti",
            "@b.id",
            "siti@",
            "a@b@c",
            "si ti@b.id",
            "a@b\u{7}",
            &long,
        ] {
            assert!(bad.parse::<Login>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_name_is_one_line() {
        assert_eq!(name("  Siti \n Aminah ").unwrap(), "Siti Aminah");
        for bad in ["", " \n", "a\u{0}b", &"x".repeat(101)] {
            assert!(name(bad).is_err(), "{bad:?}");
        }
    }
}
