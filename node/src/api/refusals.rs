//! From what went wrong at the node to the problem that the caller sees, for
//! every error in one place.

use http::StatusCode;
use lapor_web::ApiProblem;
use lapor_web::accounts::AccountError;
use lapor_web::people::refusal;
use lapor_web::room::is_full;
use serde_json::json;

use crate::error::{NodeError, NotAllowed};
use crate::staff::{DeskError, StaffError};

/// Seconds after which something that the node fetches may have arrived.
const FETCHED_SECONDS: u32 = 30;

/// The problem for an error; what the operator must mend is logged here.
pub fn problem(error: &NodeError) -> ApiProblem {
    let detail = || sentence(&error.to_string());
    match error {
        NodeError::Invalid(message) => invalid(message),
        NodeError::NotAllowed(refused) => not_allowed(refused).with_detail(detail()),
        NodeError::Database(failed) => ApiProblem::database(failed),
        NodeError::File(failed) if is_full(failed) => {
            tracing::error!(%error, "a file could not be written");
            ApiProblem::storage_full()
        }
        _ => {
            let Some((status, code, title)) = known(error) else {
                tracing::error!(%error, "a request failed");
                return ApiProblem::internal();
            };
            let problem = ApiProblem::new(status, code, title).with_detail(detail());
            match error {
                NodeError::KeyMissing(_) | NodeError::BlobPending => {
                    problem.retry_after(FETCHED_SECONDS)
                }
                NodeError::Busy { retry_after_s } => problem.retry_after(*retry_after_s),
                NodeError::TooMany { retry_after_s } => problem
                    .with("retry_after_s", *retry_after_s)
                    .retry_after(*retry_after_s),
                NodeError::AnsweredMeanwhile => problem.retry_after(1),
                NodeError::Offset { expected } => problem.with("offset", json!(expected)),
                NodeError::CursorGone { earliest } => problem.with("earliest", earliest.as_str()),
                _ => problem,
            }
        }
    }
}

/// The same for what went wrong with the people of the institution.
pub fn staff_problem(error: &StaffError) -> ApiProblem {
    match error {
        StaffError::Node(error) => problem(error),
        StaffError::Account(error) => account_problem(error),
    }
}

/// The same for a desk on which nothing can be put.
pub fn desk_problem(error: &DeskError) -> ApiProblem {
    match error {
        DeskError::Staff(error) => staff_problem(error),
        DeskError::Unknown | DeskError::Elsewhere => invalid(&error.to_string()),
    }
}

/// The same for an account.
pub fn account_problem(error: &AccountError) -> ApiProblem {
    let said = error.to_string();
    match error {
        AccountError::Login | AccountError::Name | AccountError::Role(_) => invalid(&said),
        AccountError::LoginTaken => {
            let title = "There is one already";
            ApiProblem::new(StatusCode::CONFLICT, "known", title).with_detail(sentence(&said))
        }
        AccountError::Database(_) | AccountError::Damaged(_) => refusal(error),
        _ => refusal(error).with_detail(sentence(&said)),
    }
}

/// Code and title of what is not any more as whoever asks has read it.
fn changed(error: &NodeError) -> Option<(&'static str, &'static str)> {
    match error {
        NodeError::DraftChanged => Some(("draft_changed", "The draft was corrected meanwhile")),
        NodeError::DeskChanged => Some(("desk_changed", "A case was moved meanwhile")),
        NodeError::ProgrammeChanged => Some((
            "programme_changed",
            "The programme was published anew meanwhile",
        )),
        _ => None,
    }
}

/// Status, code and title of what needs no more than its own words; `None` for what is wrong here.
fn known(error: &NodeError) -> Option<(StatusCode, &'static str, &'static str)> {
    use StatusCode as Is;
    if let Some((code, title)) = changed(error) {
        return Some((Is::CONFLICT, code, title));
    }
    Some(match error {
        NodeError::NotFound { .. } => (Is::NOT_FOUND, "not_found", "This node does not hold it"),
        NodeError::KeyMissing(_) => (
            Is::CONFLICT,
            "key_missing",
            "The key of the case has not arrived",
        ),
        NodeError::Redacted(_) => (Is::GONE, "redacted", "The words have been erased"),
        NodeError::EvidenceNeeded => (
            Is::UNPROCESSABLE_ENTITY,
            "evidence_needed",
            "The answer needs evidence",
        ),
        NodeError::ApprovalNeeded => (
            Is::FORBIDDEN,
            "approval_needed",
            "A superior must sign the answer",
        ),
        NodeError::BlobPending => (
            Is::NOT_FOUND,
            "blob_pending",
            "The attachment has not arrived",
        ),
        NodeError::Forbidden(_) => (Is::FORBIDDEN, "forbidden", "This caller may not do this"),
        NodeError::Locked(_) => (Is::UNAUTHORIZED, "locked", "The secret does not open this"),
        NodeError::TooMany { .. } => (
            Is::TOO_MANY_REQUESTS,
            "too_many",
            "There have been too many attempts",
        ),
        NodeError::UploadHeld => (
            Is::CONFLICT,
            "upload_held",
            "The upload belongs to a drafted answer",
        ),
        NodeError::KeyReused => (
            Is::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "The idempotency key belongs to another request",
        ),
        NodeError::AnsweredMeanwhile => (
            Is::CONFLICT,
            "answered_meanwhile",
            "The same request has just been answered",
        ),
        NodeError::Unfinished => (
            Is::CONFLICT,
            "in_doubt",
            "Nobody knows what became of the first request",
        ),
        NodeError::TooLarge(_) => (Is::PAYLOAD_TOO_LARGE, "too_large", "The body is too large"),
        NodeError::NoRoom => (
            Is::INSUFFICIENT_STORAGE,
            "no_room",
            "No more files are taken in for now",
        ),
        NodeError::Busy { .. } => (
            Is::SERVICE_UNAVAILABLE,
            "overloaded",
            "Too many files come at once",
        ),
        NodeError::MediaType(_) => (
            Is::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media",
            "This kind of file is not taken",
        ),
        NodeError::Offset { .. } => (
            Is::CONFLICT,
            "offset_mismatch",
            "The upload stands elsewhere",
        ),
        NodeError::CursorGone { .. } => {
            (Is::GONE, "cursor_gone", "The cursor leads nowhere any more")
        }
        NodeError::Known(_) => (Is::CONFLICT, "known", "There is one already"),
        NodeError::StillWaits | NodeError::WaitsWhileOff => {
            (Is::CONFLICT, "still_waits", "It was not sent yet")
        }
        NodeError::NotEnrolled => (
            Is::SERVICE_UNAVAILABLE,
            "not_enrolled",
            "This node has not joined",
        ),
        NodeError::Invalid(_)
        | NodeError::NotAllowed(_)
        | NodeError::DraftChanged
        | NodeError::DeskChanged
        | NodeError::ProgrammeChanged
        | NodeError::Database(_)
        | NodeError::File(_)
        | NodeError::Damaged(_) => return None,
    })
}

/// What the rules do not allow; the members let a program react without reading the detail.
fn not_allowed(refused: &NotAllowed) -> ApiProblem {
    let title = if refused.state.is_some() {
        "The case does not allow this act"
    } else {
        "The rules do not allow this act"
    };
    let problem = ApiProblem::new(StatusCode::CONFLICT, "not_allowed", title)
        .with("effect", json!(refused.ruling.effect))
        .with("reason", json!(refused.ruling.reason));
    if refused.state.is_none() {
        return problem;
    }
    problem
        .with("state", json!(refused.state))
        .with("custodian", json!(refused.custodian))
}

fn invalid(message: &str) -> ApiProblem {
    let message = tidy(message);
    let problem = ApiProblem::invalid().with_detail(sentence(&message));
    match field(&message) {
        Some(field) => problem.with("field", field),
        None => problem,
    }
}

/// Fields and words are read a second time on their own, so that the reader's
/// line and column are not those of what the caller sent.
fn tidy(message: &str) -> String {
    let message = message
        .replace("words: the body cannot be read: words: ", "words: ")
        .replace("body: the body cannot be read: ", "body: ");
    match message.rsplit_once(" at line ") {
        Some((said, _)) => said.to_owned(),
        None => message,
    }
}

/// A message as a sentence; one that begins with a field keeps its spelling.
fn sentence(text: &str) -> String {
    let mut rest = text.chars();
    let end = if text.ends_with('.') { "" } else { "." };
    if field(text).is_some() {
        return format!("{text}{end}");
    }
    let first = rest.next().map(char::to_uppercase).into_iter().flatten();
    first.chain(rest).chain(end.chars()).collect()
}

/// The field that a message names: it begins with it (`body: deadline: expected ...`),
/// or with its place and serde's sentence about a missing one.
fn field(message: &str) -> Option<String> {
    let mut path: Vec<&str> = Vec::new();
    let mut rest = message;
    while let Some((name, after)) = rest.split_once(": ").filter(|(name, _)| is_name(name)) {
        path.push(name);
        rest = after;
    }
    let quoted = ["missing field `", "unknown field `"]
        .iter()
        .find_map(|words| rest.strip_prefix(words)?.split_once('`'));
    path.extend(quoted.map(|(name, _)| name));
    (!path.is_empty()).then(|| path.join("."))
}

fn is_name(text: &str) -> bool {
    let of_place = |b: u8| b.is_ascii_digit() || b"_.[]".contains(&b);
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || of_place(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_found_where_a_message_names_it() {
        for (message, expected) in [
            (
                "body: deadline: expected a date of the form YYYY-MM-DD",
                Some("body.deadline"),
            ),
            ("words: missing field `text`", Some("words.text")),
            (
                "words: unknown field `txt`, expected `text`",
                Some("words.txt"),
            ),
            (
                "words: questions[1]: expected string",
                Some("words.questions[1]"),
            ),
            ("title: must not be empty", Some("title")),
            ("the upload is empty", None),
            ("a ticket has ten characters: this one has not", None),
        ] {
            assert_eq!(field(message).as_deref(), expected, "{message}");
        }
    }
}
