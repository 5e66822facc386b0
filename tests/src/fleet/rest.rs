//! What must be true of a fleet at rest: the invariants, read from the
//! databases, and that nobody who can reach the hub waits for anything.

use lapor_node::casework::{CaseFilter, KeyState};
use lapor_protocol::case::Effect;
use lapor_protocol::ids::InstanceId;

use super::words::{NAME_CANARY, WORDS_CANARY};
use super::{Fleet, Institution};
use crate::invariants::{self, Canaries, Report};

impl Fleet {
    /// Asserts what holds whenever the fleet has settled. Returns what was
    /// looked at.
    pub async fn invariants(&self) -> Report {
        let hub = self.hub.db().await;
        let nodes: Vec<_> = self
            .running()
            .map(|institution| (institution.member.id(), institution.node().db().clone()))
            .collect();
        let canaries = [WORDS_CANARY.to_owned(), NAME_CANARY.to_owned()];
        let report = invariants::check(&hub, &nodes, &canaries).await;
        hub.close().await;
        let mut report = report.unwrap_or_else(|error| panic!("{error:#}"));
        report.behind.retain(|id, _| self.reaches_the_hub(id));
        report.assert_settled();
        self.words_stand_in_no_blob();
        for institution in self.running() {
            if self.reaches_the_hub(&institution.member.id()) {
                self.waits_for_nothing(institution).await;
            }
        }
        report
    }

    fn reaches_the_hub(&self, id: &InstanceId) -> bool {
        let institution = self.at(id.as_str());
        !institution.line().is_cut() && !self.barred.contains(id.as_str())
    }

    fn words_stand_in_no_blob(&self) {
        let words = [WORDS_CANARY, NAME_CANARY].map(str::to_owned);
        let found = invariants::search_folder(self.hub.folder(), &Canaries::new(&words));
        let (read, found) = found.unwrap_or_else(|error| panic!("{error:#}"));
        assert!(read > 0, "the hub has no folder");
        assert!(found.is_empty(), "words of a case at the hub: {found:?}");
    }

    /// Every case is ruled as far as it is known, readable, and blocked by nothing.
    async fn waits_for_nothing(&self, institution: &Institution) {
        let at = institution.member.slug;
        for case in institution.cases(&CaseFilter::default()).await {
            let view = institution.view(case.case).await;
            assert_eq!(view.blocked, None, "{at}: {} waits", case.case);
            let last = view
                .history
                .iter()
                .rfind(|entry| entry.effect == Some(Effect::Applied));
            assert_eq!(
                (case.last_kind.as_deref(), case.last_at),
                (
                    last.map(|entry| entry.kind.as_str()),
                    last.map(|entry| entry.at)
                ),
                "{at}: lists show another last change of {} than its history",
                case.case
            );
            assert_eq!(
                case.title.is_some(),
                view.key == KeyState::Held,
                "{at}: the title of {} is shown where its key is held",
                case.case
            );
            assert_eq!(case.pending, 0, "{at}: {} is pending", case.case);
            // Who is no institution of the fleet may owe its keys to everybody.
            let origin = case.origin.as_ref().map(InstanceId::as_str);
            if origin.is_some_and(|origin| self.takes_part(origin)) {
                assert_ne!(view.key, KeyState::Missing, "{at}: no key of {}", case.case);
            }
        }
        let status = institution.node().status().await.expect("a status");
        let unsettled = status.inbox.waiting + status.inbox.quarantined + status.inbox.parked;
        assert_eq!((status.outbox.unsent, unsettled), (0, 0), "{at}");
        assert_eq!(status.blobs_to_send, 0, "{at}");
    }
}
