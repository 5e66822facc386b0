//! Every kind of message, one file each: its clear fields, its sealed words,
//! its limits, who may author it and what it does.

// Modules stand outside the macro below, so that rustfmt finds them.
pub mod calendar_updated;
pub mod case_archived;
pub mod case_closed;
pub mod case_disposed;
pub mod case_escalated;
pub mod case_followed_up;
pub mod case_held;
pub mod case_linked;
pub mod case_noted;
pub mod case_rated;
pub mod case_recalled;
pub mod case_redacted;
pub mod case_reopened;
pub mod case_replied;
pub mod case_returned;
pub mod case_split;
pub mod case_succeeded;
pub mod case_supported;
pub mod case_taken_over;
pub mod case_unlinked;
pub mod case_verified;
mod checks;
mod facts;
pub mod identity_disclosed;
pub mod identity_refused;
pub mod identity_requested;
pub mod key_announced;
pub mod programme_progressed;
pub mod programme_published;
pub mod report_completed;
pub mod report_filed;
pub mod taxonomy_updated;

use serde::Serialize;

use crate::case::{Act, Case, Order, Verdict};
use crate::directory::DirectoryAt;
use crate::ids::CaseId;
use crate::message::Header;

pub use facts::{
    Category, Classification, ClosedBy, EmptyWords, ProgrammeRef, TextWords, WordsCheck,
};

/// Why a body is `malformed`; the author's fault, kept as evidence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("unknown kind of message {0:?}")]
    Kind(String),
    #[error("the body cannot be read: {0}")]
    Fields(String),
    #[error("{field} may hold at most {limit}")]
    Limit { field: &'static str, limit: usize },
    #[error("{field}: {problem}")]
    Field {
        field: &'static str,
        problem: &'static str,
    },
    #[error("a message of kind {0} needs a case in its header")]
    CaseMissing(&'static str),
    #[error("a message of kind {0} is about no case")]
    CaseGiven(&'static str),
    #[error("a message of kind {0} must name in `term` the message that gave its author custody")]
    TermMissing(&'static str),
}

/// What a kind allows in its clear body, beyond the shape of its fields.
pub(crate) trait Limited {
    fn check(&self, _: &Header) -> Result<(), BodyError> {
        Ok(())
    }
}

/// What a kind about a case does; the rest of the crate sees only this.
pub(crate) trait CaseRules {
    /// Whether the act is allowed on the case as it stands.
    fn judge(&self, act: &Act<'_>) -> Verdict;
    /// What an allowed act does to the case. `order.case` says which of two
    /// cases is being folded, where a kind is ordered in two.
    fn apply(&self, header: &Header, order: Order, world: DirectoryAt<'_>, case: &mut Case);
    /// The case that this message gives birth to, if `order.case` names it.
    fn born(&self, _: &Header, _: Order, _: DirectoryAt<'_>) -> Option<Case> {
        None
    }
}

/// Where a kind travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// To the parties of its case.
    Case,
    /// To everyone, on the public stream.
    Public,
    /// To the hub, which copies it into the directory; the author learns the ruling.
    Chain,
}

/// Whether a kind relies on a custody and must name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    Required,
    /// Required of a custodian; the kind has other authors too.
    Depends,
    None,
}

macro_rules! kinds {
    ($($name:literal $scope:ident $term:ident $module:ident::$kind:ident,)*) => {
        $(pub use $module::$kind;)*

        /// The clear body of a message, by kind.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(untagged)]
        pub enum Body {
            $($kind($kind),)*
        }

        impl Body {
            /// All kinds of protocol 1.
            pub const KINDS: &'static [&'static str] = &[$($name),*];

            /// Reads a body of a named kind; does not look at the header.
            pub fn of_kind(kind: &str, raw: &str) -> Result<Self, BodyError> {
                match kind {
                    $($name => serde_json::from_str(raw)
                        .map(Self::$kind)
                        .map_err(|e| BodyError::Fields(e.to_string())),)*
                    _ => Err(BodyError::Kind(kind.chars().take(60).collect())),
                }
            }

            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $name,)*
                }
            }

            pub fn scope(&self) -> Scope {
                match self {
                    $(Self::$kind(_) => Scope::$scope,)*
                }
            }

            fn term(&self) -> Term {
                match self {
                    $(Self::$kind(_) => Term::$term,)*
                }
            }

            fn limits(&self, header: &Header) -> Result<(), BodyError> {
                match self {
                    $(Self::$kind(body) => body.check(header),)*
                }
            }

            /// Checks words before they are sealed: JSON of the kind's `Words`.
            pub fn check_words(&self, words: &[u8]) -> Result<(), BodyError> {
                match self {
                    $(Self::$kind(_) => checks::words::<$module::Words>(words),)*
                }
            }
        }
    };
}

kinds! {
    "report.filed" Case None report_filed::ReportFiled,
    "report.completed" Case None report_completed::ReportCompleted,
    "case.verified" Case Required case_verified::CaseVerified,
    "case.held" Case Required case_held::CaseHeld,
    "case.archived" Case Required case_archived::CaseArchived,
    "case.disposed" Case Required case_disposed::CaseDisposed,
    "case.returned" Case Required case_returned::CaseReturned,
    "case.recalled" Case Required case_recalled::CaseRecalled,
    "case.followed_up" Case Required case_followed_up::CaseFollowedUp,
    "case.noted" Case None case_noted::CaseNoted,
    "case.replied" Case None case_replied::CaseReplied,
    "case.closed" Case None case_closed::CaseClosed,
    "case.reopened" Case Depends case_reopened::CaseReopened,
    "case.rated" Case None case_rated::CaseRated,
    "case.supported" Case None case_supported::CaseSupported,
    "case.linked" Case Depends case_linked::CaseLinked,
    "case.unlinked" Case None case_unlinked::CaseUnlinked,
    "case.split" Case Required case_split::CaseSplit,
    "case.escalated" Case None case_escalated::CaseEscalated,
    "case.succeeded" Case None case_succeeded::CaseSucceeded,
    "case.taken_over" Case None case_taken_over::CaseTakenOver,
    "case.redacted" Case None case_redacted::CaseRedacted,
    "identity.requested" Case Required identity_requested::IdentityRequested,
    "identity.disclosed" Case None identity_disclosed::IdentityDisclosed,
    "identity.refused" Case None identity_refused::IdentityRefused,
    "programme.published" Public None programme_published::ProgrammePublished,
    "programme.progressed" Public None programme_progressed::ProgrammeProgressed,
    "taxonomy.updated" Public None taxonomy_updated::TaxonomyUpdated,
    "calendar.updated" Public None calendar_updated::CalendarUpdated,
    "key.announced" Chain None key_announced::KeyAnnounced,
}

impl Body {
    /// Reads a body and checks it against its limits and its header.
    pub fn parse(header: &Header, raw: &str) -> Result<Self, BodyError> {
        let body = Self::of_kind(&header.kind, raw)?;
        body.check(header)?;
        Ok(body)
    }

    /// Limits, and what the header must hold for this kind.
    pub fn check(&self, header: &Header) -> Result<(), BodyError> {
        match (self.scope(), header.case) {
            (Scope::Case, None) => return Err(BodyError::CaseMissing(self.kind())),
            (Scope::Public | Scope::Chain, Some(_)) => {
                return Err(BodyError::CaseGiven(self.kind()));
            }
            _ => {}
        }
        if self.needs_term() && header.term.is_none() {
            return Err(BodyError::TermMissing(self.kind()));
        }
        self.limits(header)
    }

    /// Whether the act always relies on a custody.
    pub fn needs_term(&self) -> bool {
        self.term() == Term::Required
    }

    /// Whether a custodian who authors this names its term.
    pub fn takes_term(&self) -> bool {
        self.term() != Term::None
    }

    /// The second case in which this message is ordered, or that it needs to be judged.
    pub fn other_case(&self) -> Option<CaseId> {
        match self {
            Self::CaseLinked(link) => Some(link.target_case),
            Self::CaseUnlinked(unlink) => Some(unlink.target_case),
            Self::CaseSplit(split) => Some(split.child),
            _ => None,
        }
    }

    /// Whether messages of a kind have an [`Self::other_case`], for whoever has not read their bodies.
    pub fn names_other_case(kind: &str) -> bool {
        matches!(kind, "case.linked" | "case.unlinked" | "case.split")
    }

    /// The case that this message gives birth to.
    pub fn creates(&self, header: &Header) -> Option<CaseId> {
        match self {
            Self::ReportFiled(_) => header.case,
            Self::CaseSplit(split) => Some(split.child),
            _ => None,
        }
    }

    /// The case under whose key the words are sealed; `None` where words
    /// have a key of their own or there are none.
    pub fn words_case(&self, header: &Header) -> Option<CaseId> {
        match self {
            Self::CaseSplit(split) => Some(split.child),
            _ => header.case,
        }
    }

    /// Notes and identities: withheld from some parties, so they must leave
    /// the shared fold as it is.
    pub fn is_confidential(&self) -> bool {
        matches!(
            self,
            Self::CaseNoted(_)
                | Self::IdentityRequested(_)
                | Self::IdentityDisclosed(_)
                | Self::IdentityRefused(_)
        )
    }

    /// An institution that this act makes a party, in whatever role.
    pub fn brings_in(&self) -> Vec<&crate::ids::InstanceId> {
        match self {
            Self::CaseDisposed(d) => std::iter::once(&d.target).chain(&d.copies).collect(),
            Self::CaseEscalated(e) => vec![&e.supervisor],
            Self::CaseLinked(l) => vec![&l.origin],
            _ => Vec::new(),
        }
    }

    pub(crate) fn case_rules(&self) -> Option<&dyn CaseRules> {
        Some(match self {
            Self::ReportFiled(body) => body,
            Self::ReportCompleted(body) => body,
            Self::CaseVerified(body) => body,
            Self::CaseHeld(body) => body,
            Self::CaseArchived(body) => body,
            Self::CaseDisposed(body) => body,
            Self::CaseReturned(body) => body,
            Self::CaseRecalled(body) => body,
            Self::CaseFollowedUp(body) => body,
            Self::CaseNoted(body) => body,
            Self::CaseReplied(body) => body,
            Self::CaseClosed(body) => body,
            Self::CaseReopened(body) => body,
            Self::CaseRated(body) => body,
            Self::CaseSupported(body) => body,
            Self::CaseLinked(body) => body,
            Self::CaseUnlinked(body) => body,
            Self::CaseSplit(body) => body,
            Self::CaseEscalated(body) => body,
            Self::CaseSucceeded(body) => body,
            Self::CaseTakenOver(body) => body,
            Self::CaseRedacted(body) => body,
            Self::IdentityRequested(body) => body,
            Self::IdentityDisclosed(body) => body,
            Self::IdentityRefused(body) => body,
            Self::ProgrammePublished(_)
            | Self::ProgrammeProgressed(_)
            | Self::TaxonomyUpdated(_)
            | Self::CalendarUpdated(_)
            | Self::KeyAnnounced(_) => return None,
        })
    }
}
