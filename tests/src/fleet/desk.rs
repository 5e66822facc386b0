//! The acts of an institution's officers, in the words of a story. Each panics
//! with the node's reason if it is not allowed; [`Institution::tries`] returns
//! the refusal.

use lapor_node::casework::{Acted, NewAct};
use lapor_node::error::{NodeError, NotAllowed};
use lapor_protocol::ids::CaseId;
use serde_json::json;

use super::institution::Institution;
use super::words::{act, said, sentence_of, worded};

impl Institution {
    pub async fn act(&self, case: CaseId, act: NewAct) -> Acted {
        let kind = act.kind.clone();
        let done = self.node().act(case, act, "petugas").await;
        done.unwrap_or_else(|error| panic!("{} {kind}: {error}", self.member.slug))
    }

    /// An act that this node must refuse; returns why.
    pub async fn tries(&self, case: CaseId, act: NewAct) -> NotAllowed {
        match self.node().act(case, act, "petugas").await {
            Err(NodeError::NotAllowed(refused)) => *refused,
            other => panic!("{}: {other:?}", self.member.slug),
        }
    }

    /// The keeper of identities, who handles no case, discloses who reported.
    pub async fn discloses(&self, case: CaseId) {
        let disclosed = act("identity.disclosed", json!({}));
        let done = self.node().act(case, disclosed, "penjaga").await;
        done.unwrap_or_else(|error| panic!("{}: {error}", self.member.slug));
    }

    pub async fn verify(&self, case: CaseId) {
        self.act(case, act("case.verified", json!({}))).await;
    }

    pub async fn dispose(&self, case: CaseId, target: &str) {
        let disposed = json!({ "target": target });
        self.act(
            case,
            said("case.disposed", disposed, "Mohon ditindaklanjuti."),
        )
        .await;
    }

    pub async fn give_back(&self, case: CaseId, suggested: &str) {
        let returned = json!({ "reason": "belongs_to_another", "suggested": suggested });
        self.act(
            case,
            said("case.returned", returned, "Bukan kewenangan kami."),
        )
        .await;
    }

    pub async fn recall(&self, case: CaseId) {
        self.act(case, act("case.recalled", json!({ "reason": "no_answer" })))
            .await;
    }

    pub async fn follow_up(&self, case: CaseId, sentence: &str) {
        let open = json!({ "proposes_to_close": false });
        self.act(case, said("case.followed_up", open, sentence))
            .await;
    }

    pub async fn answer(&self, case: CaseId, sentence: &str) {
        let done = json!({ "proposes_to_close": true });
        self.act(case, said("case.followed_up", done, sentence))
            .await;
    }

    pub async fn note(&self, case: CaseId, sentence: &str) {
        self.act(case, said("case.noted", json!({}), sentence))
            .await;
    }

    pub async fn hold(&self, case: CaseId, question: &str) {
        let questions = json!({ "questions": [sentence_of(question)] });
        self.act(case, worded("case.held", json!({}), questions))
            .await;
    }

    pub async fn complete(&self, case: CaseId, answer: &str) {
        let answers = json!({ "answers": [sentence_of(answer)] });
        self.act(case, worded("report.completed", json!({}), answers))
            .await;
    }

    pub async fn reply(&self, case: CaseId, sentence: &str) {
        self.act(case, said("case.replied", json!({}), sentence))
            .await;
    }

    pub async fn close(&self, case: CaseId) {
        self.act(case, act("case.closed", json!({ "by": "reporter" })))
            .await;
    }

    pub async fn reopen(&self, case: CaseId) {
        self.act(case, said("case.reopened", json!({}), "Padam lagi."))
            .await;
    }

    pub async fn rate(&self, case: CaseId, score: u8) {
        self.act(case, act("case.rated", json!({ "score": score })))
            .await;
    }

    pub async fn link_to(&self, case: CaseId, target: CaseId) {
        self.act(case, act("case.linked", json!({ "target_case": target })))
            .await;
    }

    pub async fn unlink(&self, case: CaseId) {
        self.act(case, act("case.unlinked", json!({}))).await;
    }

    /// Splits a case; returns the child.
    pub async fn split(&self, case: CaseId, title: &str) -> CaseId {
        let words = json!({ "title": title, "content": sentence_of(title) });
        let acted = self.act(case, worded("case.split", json!({}), words)).await;
        acted.child.expect("a split has a child")
    }

    pub async fn escalate(&self, case: CaseId) {
        self.act(case, act("case.escalated", json!({ "consent": true })))
            .await;
    }

    pub async fn take_over(&self, case: CaseId) {
        self.act(case, act("case.taken_over", json!({}))).await;
    }

    pub async fn redact(&self, case: CaseId) {
        let reason = json!({ "reason": "reporter_request" });
        self.act(case, act("case.redacted", reason)).await;
    }
}
