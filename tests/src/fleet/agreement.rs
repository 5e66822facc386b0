//! What any two copies of a case must have in common once everybody has caught
//! up.

use std::collections::{BTreeMap, BTreeSet};

use lapor_node::casework::CaseFilter;
use lapor_protocol::ids::CaseId;

use super::Fleet;

/// One institution's copy of a case.
struct Copy {
    at: &'static str,
    digest: Option<String>,
    case_seq: u64,
    parties: BTreeSet<String>,
}

impl Fleet {
    /// Every copy that has come equally far is equal, and those who hold a
    /// role in the case have come equally far.
    pub(super) async fn agree(&self) {
        let mut copies: BTreeMap<CaseId, Vec<Copy>> = BTreeMap::new();
        for institution in self.running() {
            let at = institution.member.slug;
            if institution.line().is_cut() {
                continue;
            }
            for summary in institution.cases(&CaseFilter::default()).await {
                let view = institution.view(summary.case).await;
                assert_eq!(view.blocked, None, "{at}: {} waits", summary.case);
                assert_eq!(view.summary.pending, 0, "{at}: {} is pending", summary.case);
                let roles = [&view.summary.origin, &view.summary.custodian];
                let parties = roles.into_iter().flatten().chain(&view.stack);
                copies.entry(summary.case).or_default().push(Copy {
                    at,
                    parties: parties.map(ToString::to_string).collect(),
                    digest: view.digest,
                    case_seq: view.case_seq,
                });
            }
        }
        for (case, copies) in &copies {
            agree_on(*case, copies);
        }
    }
}

fn agree_on(case: CaseId, copies: &[Copy]) {
    let furthest = copies.iter().max_by_key(|copy| copy.case_seq);
    let Some(furthest) = furthest else { return };
    for copy in copies {
        if copy.case_seq == furthest.case_seq {
            assert_eq!(
                copy.digest, furthest.digest,
                "{case} differs at {} and {}",
                copy.at, furthest.at
            );
        } else {
            assert!(
                !furthest.parties.contains(copy.at),
                "{case} stands at {} at {}, at {} at {}",
                copy.case_seq,
                copy.at,
                furthest.case_seq,
                furthest.at
            );
        }
    }
}
