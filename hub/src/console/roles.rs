//! What somebody may do at the console. One role an account.

use std::fmt;
use std::str::FromStr;

use lapor_web::accounts::{Role, Roles};
use lapor_web::language::text_id;
use lapor_web::people::RoleWords;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsoleRole {
    /// *Operator*: acts on the federation, looks after accounts.
    Operator,
    /// *Pengamat*: sees the federation, acts nothing.
    Observer,
    /// *Auditor*: sees what an observer sees and the audit log, acts nothing.
    Auditor,
}

/// The roles as the accounts know them.
pub const ROLES: Roles = &[
    Role {
        code: "operator",
        administers: true,
    },
    Role {
        code: "observer",
        administers: false,
    },
    Role {
        code: "auditor",
        administers: false,
    },
];

/// The roles as people read them.
pub const WORDS: &[RoleWords] = &[
    RoleWords {
        code: "operator",
        name: text_id("role-operator"),
        about: text_id("role-operator-about"),
    },
    RoleWords {
        code: "observer",
        name: text_id("role-observer"),
        about: text_id("role-observer-about"),
    },
    RoleWords {
        code: "auditor",
        name: text_id("role-auditor"),
        about: text_id("role-auditor-about"),
    },
];

/// A name of a role that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is operator, observer or auditor")]
pub struct ConsoleRoleError;

impl ConsoleRole {
    pub const ALL: [Self; 3] = [Self::Operator, Self::Observer, Self::Auditor];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Observer => "observer",
            Self::Auditor => "auditor",
        }
    }

    /// Suspends, resumes, confirms.
    pub fn acts(self) -> bool {
        self == Self::Operator
    }

    pub fn reads_audit(self) -> bool {
        matches!(self, Self::Operator | Self::Auditor)
    }

    /// What both may: whoever does more reads all that those read who do less.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        match (self, other) {
            (Self::Operator, role) | (role, Self::Operator) => role,
            (Self::Auditor, Self::Auditor) => Self::Auditor,
            _ => Self::Observer,
        }
    }

    /// Whether an account's role, which this program has given, is one of whom `allowed` says so.
    pub fn of(role: &Role, allowed: fn(Self) -> bool) -> bool {
        role.code.parse().is_ok_and(allowed)
    }
}

impl FromStr for ConsoleRole {
    type Err = ConsoleRoleError;

    fn from_str(text: &str) -> Result<Self, ConsoleRoleError> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or(ConsoleRoleError)
    }
}

impl From<ConsoleRole> for &'static str {
    fn from(role: ConsoleRole) -> Self {
        role.as_str()
    }
}

impl fmt::Display for ConsoleRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_accounts_and_the_pages_know_every_role_and_one_acts() {
        let known: Vec<&str> = ROLES.iter().map(|role| role.code).collect();
        let worded: Vec<&str> = WORDS.iter().map(|words| words.code).collect();
        assert_eq!(known, ConsoleRole::ALL.map(ConsoleRole::as_str));
        assert_eq!(worded, known);
        for (role, known) in ConsoleRole::ALL.into_iter().zip(ROLES) {
            assert_eq!(known.administers, role.acts());
            assert!(ConsoleRole::of(known, ConsoleRole::acts) == role.acts());
        }
        assert_eq!("admin".parse::<ConsoleRole>(), Err(ConsoleRoleError));
    }
}
