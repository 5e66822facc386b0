//! What a token may do, piece by piece. A role is a set of such pieces under one name, and whoever
//! opens identities changes nothing: a token for that may read besides, and no more.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Role;
use crate::staff::StaffRole;

/// One thing that a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    CasesRead,
    AttachmentsRead,
    CasesAct,
    ReportsFile,
    DeadlinesRead,
    FiguresRead,
    ReferenceRead,
    ProgrammesWrite,
    RegistersWrite,
    CategoriesWrite,
    EditionsWrite,
    Erasures,
    AuditRead,
    StatusRead,
    Open311Write,
    WebhooksWrite,
    DraftsDecide,
    StaffWrite,
    SettingsWrite,
    ChannelsRead,
    ChannelsAct,
    ChannelsWrite,
    Identity,
}

/// A name of a scope that does not exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scope {0}; the scopes are {names}", names = Scope::names())]
pub struct ScopeError(String);

/// What a token may do as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    Role(Role),
    Scopes(Scopes),
}

/// Scopes that may be held together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

/// Scopes that no token can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopesError {
    #[error("scope: a token may do at least one thing; the scopes are {names}", names = Scope::names())]
    None,
    #[error("scope: whoever opens identities handles nothing; {0} needs another token")]
    Mixed(Scope),
}

/// What every role may.
const READS: &[Scope] = &[
    Scope::CasesRead,
    Scope::AttachmentsRead,
    Scope::DeadlinesRead,
    Scope::FiguresRead,
    Scope::ReferenceRead,
    Scope::StatusRead,
];
/// What an officer may besides.
const HANDLES: &[Scope] = &[
    Scope::CasesAct,
    Scope::ReportsFile,
    Scope::ProgrammesWrite,
    Scope::ChannelsRead,
    Scope::ChannelsAct,
    Scope::RegistersWrite,
];
/// What an administrator may besides.
const ADMINISTERS: &[Scope] = &[
    Scope::CategoriesWrite,
    Scope::EditionsWrite,
    Scope::Erasures,
    Scope::AuditRead,
    Scope::WebhooksWrite,
    Scope::DraftsDecide,
    Scope::StaffWrite,
    Scope::SettingsWrite,
    Scope::ChannelsWrite,
];

impl Scope {
    pub const ALL: [Self; 23] = [
        Self::CasesRead,
        Self::AttachmentsRead,
        Self::CasesAct,
        Self::ReportsFile,
        Self::DeadlinesRead,
        Self::FiguresRead,
        Self::ReferenceRead,
        Self::ProgrammesWrite,
        Self::RegistersWrite,
        Self::CategoriesWrite,
        Self::EditionsWrite,
        Self::Erasures,
        Self::AuditRead,
        Self::StatusRead,
        Self::Open311Write,
        Self::WebhooksWrite,
        Self::DraftsDecide,
        Self::StaffWrite,
        Self::SettingsWrite,
        Self::ChannelsRead,
        Self::ChannelsAct,
        Self::ChannelsWrite,
        Self::Identity,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::CasesRead => "cases:read",
            Self::AttachmentsRead => "attachments:read",
            Self::CasesAct => "cases:act",
            Self::ReportsFile => "reports:file",
            Self::DeadlinesRead => "deadlines:read",
            Self::FiguresRead => "figures:read",
            Self::ReferenceRead => "reference:read",
            Self::ProgrammesWrite => "programmes:write",
            Self::RegistersWrite => "registers:write",
            Self::CategoriesWrite => "categories:write",
            Self::EditionsWrite => "editions:write",
            Self::Erasures => "erasures",
            Self::AuditRead => "audit:read",
            Self::StatusRead => "status:read",
            Self::Open311Write => "open311:write",
            Self::WebhooksWrite => "webhooks:write",
            Self::DraftsDecide => "drafts:decide",
            Self::StaffWrite => "staff:write",
            Self::SettingsWrite => "settings:write",
            Self::ChannelsRead => "channels:read",
            Self::ChannelsAct => "channels:act",
            Self::ChannelsWrite => "channels:write",
            Self::Identity => "identity",
        }
    }

    /// All of them, for people.
    pub fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    /// Whether a token of somebody in this role may do it: nobody does more by a token than at the desk.
    pub fn is_for(self, owner: StaffRole) -> bool {
        match owner {
            StaffRole::Admin => self != Self::Identity,
            StaffRole::Officer => Role::Officer.has(self) || self == Self::Open311Write,
            StaffRole::Leader => Role::Reader.has(self) || self == Self::DraftsDecide,
            StaffRole::IdentityKeeper => Role::Identity.has(self),
        }
    }

    fn only_reads(self) -> bool {
        READS.contains(&self) || self == Self::AuditRead
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or_else(|| ScopeError(text.to_owned()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Scopes {
    /// Errors: `None` of nothing, `Mixed` where identities would be opened by whoever handles something.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Result<Self, ScopesError> {
        let scopes: BTreeSet<Scope> = scopes.into_iter().collect();
        if scopes.is_empty() {
            return Err(ScopesError::None);
        }
        let mut others = scopes.iter().filter(|scope| **scope != Scope::Identity);
        let handles = others.find(|scope| !scope.only_reads());
        match handles {
            Some(scope) if scopes.contains(&Scope::Identity) => Err(ScopesError::Mixed(*scope)),
            _ => Ok(Self(scopes)),
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&names.join(" "))
    }
}

impl Rights {
    pub fn allow(&self, scope: Scope) -> bool {
        match self {
            Self::Role(role) => role.has(scope),
            Self::Scopes(scopes) => scopes.0.contains(&scope),
        }
    }

    /// What is left of it while the owner of the token has this role.
    pub(super) fn within(self, owner: StaffRole) -> Self {
        let held = Scope::ALL.into_iter().filter(|scope| self.allow(*scope));
        let (kept, withheld): (BTreeSet<Scope>, BTreeSet<Scope>) =
            held.partition(|scope| scope.is_for(owner));
        if withheld.is_empty() {
            return self;
        }
        Self::Scopes(Scopes(kept))
    }
}

impl From<Role> for Rights {
    fn from(role: Role) -> Self {
        Self::Role(role)
    }
}

impl fmt::Display for Rights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => role.fmt(f),
            Self::Scopes(scopes) => scopes.fmt(f),
        }
    }
}

impl Role {
    /// Whether a token with this role may do it. [`Scope::Open311Write`] is given by name alone: its
    /// keys stand in the addresses and forms of other programs.
    pub fn has(self, scope: Scope) -> bool {
        let besides: &[&[Scope]] = match self {
            Self::Reader => &[],
            Self::Officer => &[HANDLES],
            Self::Admin => &[HANDLES, ADMINISTERS],
            Self::Identity => &[&[Scope::Identity]],
        };
        READS.contains(&scope) || besides.iter().any(|more| more.contains(&scope))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_read_by_its_name_and_another_name_is_told_which_there_are() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        let wrong = "cases:write".parse::<Scope>().unwrap_err().to_string();
        assert!(
            wrong.contains("no scope cases:write") && wrong.contains("cases:act, reports:file")
        );
    }

    #[test]
    fn who_opens_identities_reads_besides_and_does_nothing_else() {
        for scope in Scope::ALL {
            let both = Scopes::new([Scope::Identity, scope]);
            let fine = scope == Scope::Identity || scope.only_reads();
            assert_eq!(both.is_ok(), fine, "{scope}");
            assert!(Scopes::new([scope]).is_ok());
            let roles = Role::ALL.into_iter().filter(|role| role.has(scope));
            let names: Vec<&str> = roles.map(Role::as_str).collect();
            assert!(
                !names.contains(&"identity") || names.len() == 4 || names == ["identity"],
                "{scope}: {names:?}"
            );
        }
        assert_eq!(Scopes::new([]), Err(ScopesError::None));
    }
}
