//! A case of the national desk that comes and goes as a test says, without words and without a key.

use lapor_protocol::ids::{CaseId, InstanceId};
use lapor_protocol::kinds::Body;
use lapor_protocol::message::Draft;
use serde_json::{Value, json};

use super::{NOW, PaperHub};
use crate::chance::{new_case_id, new_message_id};

pub struct FromDesk<'a> {
    pub case: CaseId,
    hub: &'a PaperHub,
    /// The message that gave whoever has it the custody.
    last: Draft,
}

impl<'a> FromDesk<'a> {
    /// The desk files it and gives it to an institution.
    pub fn given(hub: &'a PaperHub, to: &str) -> Self {
        let case = new_case_id(NOW);
        let report =
            json!({"classification": "complaint", "channel": "web", "commitment": "0".repeat(64)});
        let filed = draft("report.filed", case, None, &report);
        hub.authors("pusat", &filed);
        let mut given = Self {
            case,
            hub,
            last: filed,
        };
        given.disposed(to);
        given
    }

    pub fn disposed(&mut self, to: &str) {
        self.moves("case.disposed", &json!({ "target": to }));
    }

    pub fn recalled(&mut self) {
        self.moves("case.recalled", &json!({"reason": "disposed_in_error"}));
    }

    fn moves(&mut self, kind: &str, body: &Value) {
        let next = draft(kind, self.case, Some(&self.last), body);
        self.hub.authors("pusat", &next);
        self.last = next;
    }
}

fn draft(kind: &str, case: CaseId, term: Option<&Draft>, body: &Value) -> Draft {
    let desk: InstanceId = "pusat".parse().unwrap();
    Draft {
        kind: kind.into(),
        id: new_message_id(NOW),
        case: Some(case),
        term: term.map(|term| term.provisional(&desk).header.message_ref()),
        created_at: NOW,
        body: Body::of_kind(kind, &body.to_string()).unwrap(),
        sealed: None,
        attachments: Vec::new(),
    }
}
