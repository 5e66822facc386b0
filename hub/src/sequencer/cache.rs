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
