//! Files of an act that had no effect and is done again: offered with its form, and taken in anew
//! where the officer leaves them ticked. The act itself keeps its own.

use lapor_protocol::ids::{CaseId, Digest, MessageId};
use lapor_web::language::Voice;
use lapor_web::page::Form;

use super::Answer;
use super::attachment::{AttachmentLine, attachment_lines};
use crate::api::problem;
use crate::attach::Attached;
use crate::casework::{CaseView, HistoryEntry};
use crate::error::NodeError;
use crate::media::{Door, UploadReceipt};
use crate::node::Node;

/// The field that names the act.
pub const ACT: &str = "ganti";
/// The field that names its files which go again.
pub const FILES: &str = "semula";

/// A file of the act, as its form names it and as it is opened.
pub struct FormerFile {
    pub value: String,
    pub line: AttachmentLine,
}

/// What happened in a case by a message of that id.
pub fn entry<'a>(view: &'a CaseView, message: &str) -> Option<&'a HistoryEntry> {
    let message: MessageId = message.parse().ok()?;
    let mut history = view.history.iter();
    history.find(|entry| entry.message == Some(message))
}

/// The files that the act brought.
pub fn files(case: CaseId, entry: &HistoryEntry) -> Vec<FormerFile> {
    let lines = attachment_lines(case, &entry.attachments).into_iter();
    let named = entry.attachments.iter().map(|file| file.sha256.to_hex());
    named
        .zip(lines)
        .map(|(value, line)| FormerFile { value, line })
        .collect()
}

/// Files of the act that the form leaves ticked.
pub fn wanted(view: &CaseView, form: &Form) -> Vec<Digest> {
    let Some(entry) = entry(view, form.text(ACT)) else {
        return Vec::new();
    };
    let ticked = |file: &Digest| form.all(FILES).any(|name| name == file.to_hex());
    let files = entry.attachments.iter().map(|file| file.sha256);
    files.filter(ticked).collect()
}

/// The same as a form that is shown again offers them.
pub fn still(view: &CaseView, form: &Form) -> Vec<FormerFile> {
    let Some(entry) = entry(view, form.text(ACT)) else {
        return Vec::new();
    };
    let mut files = files(view.summary.case, entry);
    files.retain(|file| form.all(FILES).any(|name| name == file.value));
    files
}

/// Takes files of the act in, as if they had come with the form. Whether all of them are still
/// here.
pub async fn bring_back(
    node: &Node,
    v: &Voice,
    (case, files): (CaseId, &[Digest]),
    attached: &mut Attached,
) -> Answer<bool> {
    let mut whole = true;
    for file in files {
        match taken(node, case, *file).await {
            Ok(receipt) => attached.add(v, receipt, file.to_hex()),
            Err(NodeError::NotFound { .. } | NodeError::BlobPending | NodeError::KeyMissing(_)) => {
                whole = false;
            }
            Err(error) => return Err(problem(&error)),
        }
    }
    Ok(whole)
}

async fn taken(node: &Node, case: CaseId, sha256: Digest) -> Result<UploadReceipt, NodeError> {
    let opened = node.open_attachment(case, sha256).await?;
    node.receive_upload(Door::Staff, opened.body).await
}
