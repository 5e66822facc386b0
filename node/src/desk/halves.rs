//! Files of a report that is split: those that the officer leaves ticked go to the half that is split
//! off, as a note there, because each case has a key of its own and a file belongs to one message.

use std::collections::BTreeSet;

use lapor_protocol::ids::{CaseId, Digest};
use lapor_protocol::limits::ATTACHMENTS;
use lapor_web::page::Form;
use serde_json::{Map, json};

use super::again::{self, FILES, FormerFile};
use super::deeds::Deed;
use super::{Answer, Officer};
use crate::api::problem;
use crate::attach::{self, Attached};
use crate::casework::{CaseView, NewAct, Once};
use crate::node::Node;

/// Characters of a form's key that stand in the keys of its notes.
const KEY_CHARS: usize = 100;

/// Every file of the report, in the order in which they came.
pub fn files(view: &CaseView) -> Vec<FormerFile> {
    let entries = view.history.iter();
    let files = entries.flat_map(|entry| again::files(view.summary.case, entry));
    files.collect()
}

/// Those that the form leaves ticked.
pub fn still(view: &CaseView, form: &Form) -> Vec<FormerFile> {
    let ticked: BTreeSet<&str> = form.all(FILES).collect();
    let mut files = files(view);
    files.retain(|file| ticked.contains(&*file.value));
    files
}

/// Has the half noted files of the report, once for each key of a form; whether all of them are there.
pub async fn give(
    node: &Node,
    officer: &Officer,
    (case, half): (CaseId, CaseId),
    files: &[FormerFile],
    key: &str,
) -> Answer<bool> {
    let (v, actor) = (officer.visit.v, officer.actor());
    let key: String = key.chars().take(KEY_CHARS).collect();
    let files: Vec<Digest> = files.iter().filter_map(|f| f.value.parse().ok()).collect();
    let mut whole = true;
    for (part, some) in files.chunks(ATTACHMENTS).enumerate() {
        let once = Once::new(&actor, &format!("{key}-{part}")).map_err(|e| problem(&e))?;
        if once.is_known(node).await.map_err(|e| problem(&e))? {
            continue;
        }
        let mut attached = Attached::default();
        whole &= again::bring_back(node, &v, (case, some), &mut attached).await?;
        if attached.held.is_empty() {
            continue;
        }
        let text = json!(v.say("split-files-note"));
        let new = NewAct {
            kind: Deed::Note.kind().to_owned(),
            body: Map::new(),
            words: Some(Map::from_iter([("text".to_owned(), text)])),
            attachments: attached.uploads(),
        };
        let noted = node.act_once(half, new, &actor, &once).await;
        attach::forget(node, &attached).await;
        noted.map_err(|error| problem(&error))?;
    }
    Ok(whole)
}
