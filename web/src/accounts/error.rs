//! What can go wrong with accounts, grouped by who can mend it. No message
//! names a person, an address or anything that opens something.

use lapor_migrations::DbError;

use crate::throttle::TooOften;

/// Why a password cannot be chosen; a page words it in the reader's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    #[error("the password is too short; take 12 characters or more, for instance four words")]
    Short,
    #[error("the password is too long; 200 characters are enough")]
    Long,
    #[error("the password is made of the name, the address or the institution; take other words")]
    Personal,
    #[error(
        "the password is easily guessed; take four words that have nothing to do with each other"
    )]
    Guessable,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// Login unknown, password wrong, account disabled: the caller learns no more.
    #[error("the address or the password is not right")]
    Refused,
    #[error("the code is not right, or was used before; wait for the next one")]
    Code,
    #[error("too many attempts; come back in {retry_after_s} seconds")]
    Throttled { retry_after_s: u32 },
    #[error("too many people are logging in at once; come back in {retry_after_s} seconds")]
    Busy { retry_after_s: u32 },
    /// Used, expired, replaced by a newer one, or never made.
    #[error("this link is not valid any more; ask for another")]
    LinkDead,
    #[error("the session has ended; log in again")]
    SessionEnded,
    #[error("login: expected an e-mail address of at most 254 bytes")]
    Login,
    #[error("name: expected one line of 1 to 100 characters")]
    Name,
    #[error("role: expected {0}")]
    Role(String),
    #[error("password: {0}")]
    Password(#[from] Weakness),
    #[error("login: another account has this address already")]
    LoginTaken,
    #[error("there is no such account")]
    Unknown,
    #[error("this is the last active administrator; make another one first")]
    LastAdministrator,
    #[error(
        "the role of this account needs a second factor; set up another one instead of removing it"
    )]
    FactorNeeded,
    #[error("no second factor has been offered to this account, or it is set up already")]
    NoFactor,
    #[error("the database failed: {0}")]
    Database(#[from] DbError),
    /// A stored value that this program wrote and cannot read any more.
    #[error("the records of accounts are damaged: {0} cannot be read")]
    Damaged(&'static str),
}

impl From<TooOften> for AccountError {
    fn from(TooOften { retry_after_s }: TooOften) -> Self {
        Self::Throttled { retry_after_s }
    }
}

impl AccountError {
    /// Seconds after which the same may be tried again, if waiting helps.
    pub fn retry_after_s(&self) -> Option<u32> {
        match self {
            Self::Throttled { retry_after_s } | Self::Busy { retry_after_s } => {
                Some(*retry_after_s)
            }
            _ => None,
        }
    }
}
