//! What can go wrong at a node, grouped by who can mend it. A message here may
//! name cases and institutions, never the words of a case or a secret.

use lapor_migrations::DbError;
use lapor_protocol::case::{Ruling, State};
use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_web::room::read_only_hint;
use lapor_web::throttle::TooOften;

use crate::folder::KeyFileError;

/// An act that the rules do not allow on the case as this node sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAllowed {
    pub ruling: Ruling,
    pub state: Option<State>,
    pub custodian: Option<InstanceId>,
}

#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// The caller's input; says which field and what is expected.
    #[error("{0}")]
    Invalid(String),
    #[error("this node holds no {what} {id}")]
    NotFound { what: &'static str, id: String },
    #[error("{}", refusal(.0))]
    NotAllowed(Box<NotAllowed>),
    #[error("the key of case {0} has not arrived yet; the node asks for it, try again later")]
    KeyMissing(CaseId),
    #[error("the words of case {0} have been erased; acts on it carry no words")]
    Redacted(CaseId),
    #[error(
        "a proposal to close in this category carries evidence; attach a picture or a document"
    )]
    EvidenceNeeded,
    #[error(
        "a superior signs public answers in this category; draft the answer at the desk instead"
    )]
    ApprovalNeeded,
    #[error("the draft was corrected meanwhile; read it again before it is published")]
    DraftChanged,
    #[error("the file belongs to a drafted answer; upload it again to use it elsewhere")]
    UploadHeld,
    #[error(
        "the programme was published anew meanwhile; read it again, and base the text on its latest message"
    )]
    ProgrammeChanged,
    #[error(
        "one of the cases has left, or was put on another desk meanwhile; nothing was assigned, read them again"
    )]
    DeskChanged,
    #[error("the attachment has not arrived yet; the node fetches it, try again later")]
    BlobPending,
    #[error("{0}")]
    TooLarge(String),
    /// So much waits to be used that nothing more is taken in for now.
    #[error("too many files wait to be used by a report; send it without one, or later")]
    NoRoom,
    /// So many files are cleaned, and wait for it, that the turn of this one has not come.
    #[error(
        "too many files are being freed of metadata; send this one again in {retry_after_s} seconds"
    )]
    Busy { retry_after_s: u32 },
    /// What the caller may not do, though others may; says why and who may.
    #[error("{0}")]
    Forbidden(String),
    /// A secret that does not fit; never says which part is wrong.
    #[error("{0}")]
    Locked(&'static str),
    #[error("too many attempts; come back in {retry_after_s} seconds")]
    TooMany { retry_after_s: u32 },
    #[error(
        "the idempotency key was used for another request; make a new one for each report or act"
    )]
    KeyReused,
    #[error("a request with the same idempotency key was answered meanwhile; send it again")]
    AnsweredMeanwhile,
    #[error(
        "a request with the same idempotency key was begun here and never ended, because this node stopped; look whether it was done, and send what is missing under a new key"
    )]
    Unfinished,
    /// A file that this door does not take.
    #[error("{0}")]
    MediaType(String),
    /// An upload that was to go on elsewhere than where it stands.
    #[error("the upload goes on at byte {expected}; ask how far it is and send from there")]
    Offset { expected: u64 },
    #[error(
        "the cursor is older than the changes that are kept, or of a list before a restore; read everything anew, and go on from `earliest`"
    )]
    CursorGone { earliest: String },
    #[error("what is to be sent again still waits; it goes out by itself, in its order")]
    StillWaits,
    #[error(
        "what is to be sent again still waits, and the webhook is off; it goes out once it is switched on"
    )]
    WaitsWhileOff,
    /// Something like it is there already.
    #[error("{0}")]
    Known(&'static str),
    #[error("this node has not joined a federation; run `lapor-node enrol LINE` first")]
    NotEnrolled,
    #[error("the database of this node failed: {0}")]
    Database(#[from] DbError),
    #[error("a file of this node cannot be used: {0}{hint}", hint = read_only_hint(.0))]
    File(#[from] std::io::Error),
    /// A stored value that this program wrote and cannot read any more.
    #[error("the node's own records are damaged: {0}")]
    Damaged(String),
}

impl NodeError {
    pub fn not_found(what: &'static str, id: &dyn std::fmt::Display) -> Self {
        Self::NotFound {
            what,
            id: id.to_string(),
        }
    }

    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged(what.to_string())
    }
}

impl From<TooOften> for NodeError {
    fn from(TooOften { retry_after_s }: TooOften) -> Self {
        Self::TooMany { retry_after_s }
    }
}

impl From<KeyFileError> for NodeError {
    fn from(error: KeyFileError) -> Self {
        match &error {
            KeyFileError::Read { source, .. } | KeyFileError::Write { source, .. } => {
                Self::File(std::io::Error::new(source.kind(), error.to_string()))
            }
            KeyFileError::Damaged(_) => Self::Damaged(error.to_string()),
            KeyFileError::Identity => Self::Invalid(error.to_string()),
        }
    }
}

fn refusal(refused: &NotAllowed) -> String {
    let reason = refused.ruling.reason.map_or_else(String::new, reason_text);
    match (&refused.custodian, refused.state) {
        (Some(custodian), Some(state)) => format!(
            "the act is {}: {reason}; the case is {} and {custodian} has it",
            refused.ruling.effect.as_str(),
            state.as_str().replace('_', " "),
        ),
        _ => format!("the act is {}: {reason}", refused.ruling.effect.as_str()),
    }
}

/// A reason's stable code as words: `term_ended` reads "term ended".
fn reason_text(reason: lapor_protocol::case::Reason) -> String {
    serde_json::to_value(reason)
        .ok()
        .and_then(|value| value.as_str().map(|code| code.replace('_', " ")))
        .unwrap_or_default()
}
