//! What an institution says: reports, and what is done with them. Each message
//! is signed for its place in the chain at once, and waits to be sent.

use std::time::Duration;

use lapor_protocol::dsse::{Envelope, MESSAGE_TYPE};
use lapor_protocol::ids::{CaseId, InstanceId, MessageId};
use lapor_web::chance::random;
use serde_json::{Value, json};

use super::light::{Light, Record};

impl Light {
    /// Files reports, `ago` by their own date; they wait to be sent.
    pub fn file(&self, count: usize, ago: Duration) -> Vec<(CaseId, MessageId)> {
        let body = json!({ "classification": "complaint", "channel": "web", "commitment": "ab".repeat(32) });
        let at = self.now_ms() - ago.as_millis() as i64;
        let mut record = self.record();
        let filed = (0..count).map(|_| {
            let case = CaseId::mint(at, random());
            let payload = json!({ "kind": "report.filed", "case": case, "body": body });
            (case, self.say(&mut record, payload, at))
        });
        filed.collect()
    }

    /// Files a report and disposes of it to another institution.
    pub fn dispose(&self, to: &InstanceId) {
        let (case, report) = self.file(1, Duration::ZERO)[0];
        let payload = json!({
            "kind": "case.disposed", "case": case, "body": { "target": to },
            "term": { "author": self.id, "id": report },
        });
        self.say(&mut self.record(), payload, self.now_ms());
    }

    /// Files a report and follows it up so many times.
    pub fn handle(&self, times: usize) {
        let (case, report) = self.file(1, Duration::ZERO)[0];
        let at = self.now_ms();
        let mut record = self.record();
        for _ in 0..times {
            let payload = json!({
                "kind": "case.followed_up", "case": case, "body": { "proposes_to_close": false },
                "term": { "author": self.id, "id": report },
            });
            self.say(&mut record, payload, at);
        }
    }

    /// Signs the next message of the chain.
    fn say(&self, record: &mut Record, mut payload: Value, at: i64) -> MessageId {
        let (id, next) = (MessageId::mint(at, random()), record.head.next());
        payload["v"] = json!(1);
        payload["id"] = json!(id);
        payload["author"] = json!(self.id);
        payload["epoch"] = json!(next.epoch);
        payload["seq"] = json!(next.seq);
        payload["prev"] = json!(record.head.id);
        payload["created_at"] = json!(at);
        let envelope = Envelope::sign(
            MESSAGE_TYPE,
            payload.to_string().into_bytes(),
            &self.signing,
        );
        record.head = record.head.advanced(envelope.id());
        record.ids.push(record.head.id);
        record.outbox.push_back((envelope, at));
        id
    }
}
