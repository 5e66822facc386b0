//! RFC 9457 problems: the codes on which a client switches, never on text.

use serde::{Deserialize, Serialize};

/// What a client may do after a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Retry {
    /// Try again at once.
    Now,
    /// Try again with backoff.
    Backoff,
    /// Try again after `Retry-After`.
    After,
    /// Compare positions first.
    Resync,
    /// A person must act.
    Operator,
    /// The same request will never succeed.
    Never,
}

macro_rules! codes {
    ($($name:ident $text:literal $status:literal $retry:ident $title:literal,)*) => {
        /// Every refusal of the federation endpoint.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $title] #[serde(rename = $text)] $name,)*
            /// A code of a later version; its `retry` and status still say what to do.
            #[serde(other)]
            Unknown,
        }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown => "unknown",
                }
            }

            /// HTTP status.
            pub fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                    Self::Unknown => 500,
                }
            }

            pub fn retry(self) -> Retry {
                match self {
                    $(Self::$name => Retry::$retry,)*
                    Self::Unknown => Retry::Backoff,
                }
            }

            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)*
                    Self::Unknown => "The hub refused for a reason of a later version",
                }
            }
        }
    };
}

codes! {
    MalformedRequest "malformed_request" 400 Never "The request cannot be read",
    MalformedBatch "malformed_batch" 400 Never "The batch cannot be read",
    CursorMalformed "cursor_malformed" 400 Resync "The cursor cannot be read",
    InvitationInvalid "invitation_invalid" 403 Operator "The invitation is unknown, used or expired",
    InstanceSuspended "instance_suspended" 403 Operator "The instance is suspended",
    InstanceRevoked "instance_revoked" 403 Operator "The instance is revoked",
    CertificateUnknown "certificate_unknown" 403 Operator "The certificate names no instance of this federation",
    AuthorMismatch "author_mismatch" 403 Operator "The author is not the instance of the certificate",
    NotFound "not_found" 404 Never "There is nothing at this path",
    EnvelopeUnknown "envelope_unknown" 404 Never "The envelope is not held here for you",
    CaseUnknown "case_unknown" 404 Never "The case is not held here for you",
    BlobUnknown "blob_unknown" 404 Never "The blob is not held here for you",
    BlobPending "blob_pending" 404 Backoff "The blob has not been uploaded yet",
    MethodNotAllowed "method_not_allowed" 405 Never "The path does not serve this method",
    SequenceGap "sequence_gap" 409 Resync "The batch does not start at the expected position",
    CursorMismatch "cursor_mismatch" 409 Resync "The cursor is not of this stream",
    CursorAhead "cursor_ahead" 409 Resync "The cursor is beyond the stream",
    PreviousMismatch "previous_mismatch" 409 Resync "The message names another predecessor",
    ForkDetected "fork_detected" 409 Operator "Two messages claim one position; the stream is frozen",
    EpochClosed "epoch_closed" 409 Resync "The epoch is closed",
    BootConflict "boot_conflict" 409 Resync "Another copy of this instance has connected",
    ChallengeInvalid "challenge_invalid" 409 Backoff "The challenge is not open; ask for another",
    RangeMismatch "range_mismatch" 409 Resync "The upload does not continue where the last one ended",
    BatchTooLarge "batch_too_large" 413 Never "The batch is larger than the limit",
    BlobTooLarge "blob_too_large" 413 Never "The blob is larger than the limit",
    UnsupportedMedia "unsupported_media" 415 Never "The content type or encoding is not supported",
    RangeUnsatisfiable "range_unsatisfiable" 416 Never "The range lies beyond the end of the blob",
    SignatureInvalid "signature_invalid" 422 Operator "The signature does not verify",
    KeyUnknown "key_unknown" 422 Operator "The key is not in the directory",
    KeyRevoked "key_revoked" 422 Operator "The key is not valid at this position",
    HeaderInvalid "header_invalid" 422 Operator "The header of the message cannot be accepted",
    BlobMismatch "blob_mismatch" 422 Never "The bytes are not those of the digest",
    EnrolmentInvalid "enrolment_invalid" 422 Operator "The enrolment request does not prove what it claims",
    RecoveryInvalid "recovery_invalid" 422 Operator "The recovery request does not prove what it claims",
    VersionUnsupported "version_unsupported" 426 Operator "This protocol version is not spoken here",
    RateLimited "rate_limited" 429 After "Too much at once",
    Internal "internal" 500 Backoff "Something failed at the hub",
    Overloaded "overloaded" 503 After "The hub is busy",
    Recovering "recovering" 503 After "The hub is being restored",
    Maintenance "maintenance" 503 After "The hub is in maintenance",
    QuotaExceeded "quota_exceeded" 507 Backoff "The attachments of this instance have used up its room",
    PictureQuotaExceeded "picture_quota_exceeded" 507 Backoff "The pictures of this instance have used up their room",
    StorageFull "storage_full" 507 Backoff "There is no room to store this",
}

/// The body of a refusal, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:lapor:problem:` and the code.
    #[serde(rename = "type")]
    pub type_uri: String,
    pub title: String,
    pub status: u16,
    pub code: Code,
    pub retry: Retry,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Names the request in the hub's log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// For 409: where the hub stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<serde_json::Value>,
}

impl Problem {
    pub fn new(code: Code) -> Self {
        Self {
            type_uri: format!("urn:lapor:problem:{}", code.as_str()),
            title: code.title().into(),
            status: code.status(),
            code,
            retry: code.retry(),
            detail: None,
            request: None,
            expected: None,
        }
    }

    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_of_a_later_version_is_still_a_problem() {
        let later = r#"{"type":"urn:x","title":"t","status":409,"code":"from_the_future","retry":"resync"}"#;
        let problem: Problem = serde_json::from_str(later).unwrap();
        assert_eq!(
            (problem.code, problem.retry),
            (Code::Unknown, Retry::Resync)
        );
        for code in Code::ALL {
            let text = serde_json::to_string(&Problem::new(*code)).unwrap();
            assert_eq!(serde_json::from_str::<Problem>(&text).unwrap().code, *code);
        }
    }
}
