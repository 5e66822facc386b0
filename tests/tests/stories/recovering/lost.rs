//! A hub that has lost what it signed for learns so from its members, takes
//! nothing in until that is back, and believes nobody who invents a head.

use http::{HeaderName, HeaderValue, Method};
use lapor_hub::restored::{self, Stage};
use lapor_hub::witness;
use lapor_node::sync::{Call, Transport as _};
use lapor_protocol::case::State;
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::Signer;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::seen;
use lapor_protocol::wire::{PREFIX, SEEN_HEADER};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};

use super::code;

#[tokio::test]
async fn a_hub_that_lost_what_it_signed_for_takes_nothing_in_and_says_so() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [old, new] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        fleet.hub.back_up(old.path()).await;
        let lost = fleet.at("kota-bandung").file(report("Hilang")).await;
        fleet.settle().await;
        fleet.hub.back_up(new.path()).await;
        let tried = fleet.hub.tries(old.path()).await;
        assert!(tried.holds(), "{:?}", tried.wrong);
        assert_eq!((tried.cases, tried.since), (1, 1));
        assert!(tried.compared > 2 && tried.receipts > 0);

        fleet.restore_hub(old.path()).await;
        let tried = fleet.hub.tries(new.path()).await;
        assert!(!tried.holds(), "it goes further than this hub's record");
        // One who wrote it and one who was told it both know better, also after their processes end.
        for slug in ["kota-bandung", "pusat"] {
            let member = fleet.at_mut(slug);
            member.stop().await;
            member.start().await;
            let said = member.link().pull(Stream::Inbox, 0).await;
            assert_eq!(code(said), Some(Code::Recovering), "{slug}");
        }
        // Nobody gets another order of what is lost, whatever they know.
        fleet.at("kemenpu").file(report("Baru")).await;
        let said = fleet.at("kemenpu").link().push().await;
        assert_eq!(code(said), Some(Code::Recovering));
        fleet.restart_hub().await;
        let said = fleet.at("kemenpu").link().push().await;
        assert_eq!(code(said), Some(Code::Recovering), "it remembers");
        let noted = witness::loss(&fleet.hub.hub().ground.db).await.unwrap();
        assert_eq!(noted.unwrap().shown_by, BANDUNG.id());
        let found = restored::read(fleet.hub.hub()).await.unwrap();
        assert_eq!(found.stage, Stage::Lost);
        let said = fleet.at("kota-bandung").link().push().await;
        assert_eq!(code(said), Some(Code::Recovering));
        let found = restored::read(fleet.hub.hub()).await.unwrap();
        let bandung = &found.members[0];
        assert_eq!(bandung.id, BANDUNG.id(), "{found:?}");
        assert!(bandung.gap() > 0, "it is heard although it is refused");

        fleet.restore_hub(new.path()).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(lost).await, State::Received);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_hub_that_lost_a_suspension_learns_of_it_from_any_member_that_saw_it() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [old, new] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        fleet.hub.back_up(old.path()).await;
        // Nothing but the directory goes on after that.
        fleet.suspend("kemenpu").await;
        fleet.settle().await;
        fleet.hub.back_up(new.path()).await;

        fleet.restore_hub(old.path()).await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        bandung.start().await;
        let said = bandung.link().refresh_directory(0).await;
        assert_eq!(code(said), Some(Code::Recovering));
        // Who was suspended is not let in again by a hub that has forgotten it.
        let said = fleet.at("kemenpu").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(said), Some(Code::Recovering));
        let noted = witness::loss(&fleet.hub.hub().ground.db).await.unwrap();
        let noted = noted.unwrap();
        assert!(noted.what.ends_with("of the directory"), "{}", noted.what);

        fleet.restore_hub(new.path()).await;
        fleet.settle().await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn an_invented_head_does_not_move_the_hub() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let case = fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        let hub = &fleet.hub.hub().ground.signer();
        let head = StreamHead {
            recipient: Some(BANDUNG.id()),
            stream: Stream::Inbox,
            depoch: 1,
            dseq: 1_000_000,
            hash: Digest::of(b"nothing"),
            at: 1,
        };
        let own = head.sign(&Signer::from_seed(&[7; 32]));
        let mut forged = own.clone();
        forged.kid = hub.kid().clone();
        for (shown, answer) in [
            (seen::shown(&own), None),
            (seen::shown(&forged), None),
            (Some("head:x".to_owned()), Some(Code::MalformedRequest)),
        ] {
            let value = HeaderValue::from_str(&shown.unwrap()).unwrap();
            let call = Call::new(Method::GET, format!("{PREFIX}/outbox/head"))
                .header(HeaderName::from_static(SEEN_HEADER), value);
            let said = fleet.at("kota-bandung").line().call(call).await;
            assert_eq!(code(said), answer);
        }
        fleet.at("kota-bandung").note(case, "Masih bekerja.").await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").view(case).await.case_seq, 2);
        fleet.ends_well().await;
    }
}
