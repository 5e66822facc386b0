//! Folded cases that were touched lately. A transaction takes a case out and
//! puts it back when it has committed; what a failed one took is gone, and
//! will be folded again from the disk.

use std::collections::HashMap;

use lapor_protocol::ids::CaseId;

use crate::casefile::CaseFile;

/// Bounded by the messages of all cases together. One that is longer than half of the bound counts as
/// that: it would not stay for one message otherwise, nor would any other, and be folded for each anew.
pub struct CaseCache {
    files: HashMap<CaseId, (CaseFile, u64)>,
    messages: usize,
    most: usize,
    tick: u64,
}

impl CaseCache {
    pub fn new(most: usize) -> Self {
        Self {
            files: HashMap::new(),
            messages: 0,
            most,
            tick: 0,
        }
    }

    pub fn take(&mut self, case: CaseId) -> Option<CaseFile> {
        let (file, _) = self.files.remove(&case)?;
        self.messages -= self.weight(&file);
        Some(file)
    }

    pub fn put(&mut self, files: impl IntoIterator<Item = (CaseId, CaseFile)>) {
        self.tick += 1;
        for (case, file) in files {
            self.messages += self.weight(&file);
            if let Some((former, _)) = self.files.insert(case, (file, self.tick)) {
                self.messages -= self.weight(&former);
            }
        }
        if self.messages > self.most {
            self.shrink();
        }
    }

    fn weight(&self, file: &CaseFile) -> usize {
        file.past.len().min(self.most / 2)
    }

    pub fn clear(&mut self) {
        self.files.clear();
        self.messages = 0;
    }

    /// Drops those unused for longest until half of the bound is left, so that
    /// looking for them is seldom.
    fn shrink(&mut self) {
        let mut ages: Vec<(u64, CaseId)> = self
            .files
            .iter()
            .map(|(case, (_, used))| (*used, *case))
            .collect();
        ages.sort_unstable();
        for (_, case) in ages {
            if self.messages <= self.most / 2 {
                return;
            }
            self.take(case);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use lapor_protocol::case::Ruling;
    use lapor_protocol::directory::Directory;
    use lapor_protocol::ids::{Digest, MessageId};
    use lapor_protocol::message::Message;
    use serde_json::json;

    use super::*;
    use crate::casefile::{Entry, Past, settle};

    fn id(number: u8) -> CaseId {
        CaseId::mint(1, [number; 10])
    }

    /// A case of so many messages.
    fn of(messages: usize) -> CaseFile {
        let payload = json!({
            "v": 1, "kind": "report.filed", "id": MessageId::mint(1, [1; 10]),
            "author": "kota-bandung", "epoch": 1, "seq": 1, "prev": Digest::ZERO,
            "case": id(0), "created_at": 1,
            "body": {"classification": "complaint", "channel": "web", "commitment": Digest::ZERO},
        });
        let message = Message::parse(payload.to_string().as_bytes()).unwrap();
        let directory = Directory::trusting(Vec::new());
        let entry = Entry {
            case: id(0),
            case_seq: 1,
            message: &message,
            ruling: Ruling::APPLIED,
            ordered_at: 1,
            world: directory.latest(),
        };
        let case = settle(entry, None).unwrap().after.unwrap();
        let past = Arc::new(Past {
            number: 1,
            id: Digest::ZERO,
            message: Arc::new(message),
            ruling: Ruling::APPLIED,
            directory: 0,
            ordered_at: 1,
        });
        CaseFile {
            case,
            past: std::iter::repeat_n(past, messages).collect(),
            sent: BTreeMap::new(),
        }
    }

    #[test]
    fn cases_count_by_their_messages_and_those_unused_for_longest_go_when_they_are_too_many() {
        let mut cache = CaseCache::new(10);
        let [first, second, third] = [1, 2, 3].map(id);
        cache.put([(first, of(4))]);
        cache.put([(second, of(4))]);
        assert_eq!(cache.messages, 8);
        cache.put([(first, of(2))]);
        assert_eq!(cache.messages, 6, "in the place of what was kept");
        let taken = cache.take(first).unwrap();
        assert_eq!((taken.past.len(), cache.messages), (2, 4));
        assert!(cache.take(first).is_none());
        cache.put([(first, taken), (third, of(4))]);
        assert_eq!(cache.messages, 10, "as many as there may be");
        cache.put([(third, of(5))]);
        assert_eq!(cache.messages, 5, "half of it is left");
        assert!(cache.take(second).is_none() && cache.take(first).is_none());
        assert_eq!(cache.take(third).unwrap().past.len(), 5);
        assert_eq!(cache.messages, 0);
    }

    #[test]
    fn a_case_longer_than_the_bound_stays_beside_others_of_half_of_it() {
        let mut cache = CaseCache::new(10);
        let [long, other] = [1, 2].map(id);
        cache.put([(long, of(50))]);
        cache.put([(other, of(5))]);
        assert_eq!(cache.messages, 10);
        let taken = cache.take(long).unwrap();
        assert_eq!((taken.past.len(), cache.messages), (50, 5));
        cache.put([(long, taken)]);
        cache.clear();
        assert!(cache.take(long).is_none() && cache.take(other).is_none());
        assert_eq!(cache.messages, 0);
    }
}
