//! Who has a case: given, sent back, fought over, called back.

use lapor_node::casework::PublicFilter;
use lapor_node::casework::course::Event;
use lapor_node::figures::Side;
use lapor_protocol::case::{Effect, Reason, State};
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PLN, PUSAT};
use lapor_tests::fleet::words::{report, said, sentence_of};
use lapor_tests::fleet::{BEGINNING, DAY_MS, Fleet, Weather, kinds};
use serde_json::json;

#[tokio::test]
async fn a_misrouted_report_comes_back_and_reaches_the_one_who_can_act() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU, PLN]).await;
        let [bandung, pusat, kemenpu, pln] =
            ["kota-bandung", "pusat", "kemenpu", "bumn-pln"].map(|slug| fleet.at(slug));
        let case = pusat.file(report("Tiang listrik miring")).await;
        pusat.verify(case).await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        kemenpu.give_back(case, "bumn-pln").await;
        fleet.settle().await;
        assert_eq!(pusat.custodian(case).await, "pusat");
        assert_eq!(pusat.state(case).await, State::Received);
        let back = pusat.view(case).await;
        assert_eq!(back.summary.hops, 1);
        assert_eq!(
            back.history[3].body.as_ref().unwrap()["suggested"],
            "bumn-pln"
        );

        pusat.dispose(case, "bumn-pln").await;
        fleet.settle().await;
        let given = pln.view(case).await;
        assert_eq!(given.summary.title.as_deref(), Some("Tiang listrik miring"));
        assert_eq!(given.history.len(), 5, "with everything that came before");
        pln.answer(case, "Tiang telah ditegakkan.").await;
        fleet.settle().await;
        assert_eq!(pusat.state(case).await, State::Answered);
        let former = kemenpu.view(case).await;
        assert_eq!(former.case_seq, 4, "who gave it back hears nothing more");
        assert!(!bandung.knows(case).await);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn who_gave_a_case_back_shows_it_as_it_left_while_it_ends_elsewhere() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let case = pusat.file(report("Jembatan retak")).await;
        pusat.verify(case).await;
        pusat.dispose(case, "kota-bandung").await;
        fleet.settle().await;
        let every = PublicFilter::default();
        let listed = async || {
            let page = bandung.node().public_cases("", &every, None, 10).await;
            page.unwrap().cases.len()
        };
        assert_eq!(listed().await, 1, "while it is a party");
        bandung.give_back(case, "kemenpu").await;
        fleet.settle().await;
        fleet.pass(DAY_MS);
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        kemenpu.answer(case, "Jembatan telah diperbaiki.").await;
        fleet.settle().await;
        pusat.close(case).await;
        fleet.settle().await;
        assert_eq!(pusat.state(case).await, State::Closed);

        assert_eq!(listed().await, 0);
        let former = bandung.view(case).await;
        let returned = former.history.last().unwrap();
        assert_eq!(returned.kind, "case.returned");
        assert_eq!(former.summary.left_at, Some(returned.at));
        assert_eq!(former.clocks, []);
        let ticket = former.summary.ticket.unwrap();
        let told = bandung.node().track(&ticket).await.unwrap();
        let onward = told.onward.unwrap();
        assert!(told.left && told.clock.is_none());
        assert_eq!(onward.at, returned.at);
        assert_eq!(onward.origin.unwrap().as_str(), "pusat");
        assert_eq!(onward.custodian.unwrap().as_str(), "pusat");
        assert_eq!(bandung.node().tally().await.unwrap().all, 0);
        let figures = bandung.node().public_figures().await.unwrap();
        assert_eq!(figures.all, 0);
        let (from, until) = (BEGINNING - DAY_MS, BEGINNING + 9 * DAY_MS);
        let work = bandung.node().figures_of(Side::Custodian, from, until);
        let work = work.await.unwrap().figures;
        let [own] = &work[..] else {
            panic!("{work:?}");
        };
        assert_eq!(own.institution.as_str(), "kota-bandung");
        assert_eq!((own.intake, own.handled, own.misrouted), (0, 1, 1));
        let told = pusat.node().track(&ticket).await.unwrap();
        assert!(!told.left && told.onward.is_none());
        assert_eq!(told.state, State::Closed);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_ticket_tells_at_home_what_was_done_three_institutions_away() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU, PLN]).await;
        let [bandung, pusat, kemenpu, pln] =
            ["kota-bandung", "pusat", "kemenpu", "bumn-pln"].map(|slug| fleet.at(slug));
        let case = bandung.file(report("Tiang listrik miring")).await;
        bandung.verify(case).await;
        fleet.settle().await;
        pusat.recall(case).await;
        fleet.settle().await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        kemenpu.give_back(case, "bumn-pln").await;
        fleet.settle().await;
        pusat.dispose(case, "bumn-pln").await;
        fleet.settle().await;
        pln.answer(case, "Tiang telah ditegakkan.").await;
        fleet.settle().await;
        let ticket = bandung.view(case).await.summary.ticket.unwrap();
        let told = bandung.node().track(&ticket).await.unwrap();
        assert_eq!(told.custodian.unwrap().as_str(), "bumn-pln");
        assert_eq!(told.state, State::Answered);
        let last = told.course.last().unwrap();
        assert_eq!(last.by.as_ref().unwrap().as_str(), "bumn-pln");
        let answer = Event::Answered(Some(sentence_of("Tiang telah ditegakkan.")));
        assert_eq!(last.event, answer);
        let given = told.course.iter();
        let given = given.filter(|one| matches!(one.event, Event::Disposed(_)));
        assert_eq!(given.count(), 2);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn of_two_institutions_that_race_for_custody_one_wins_and_the_other_is_told() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let [bandung, pusat, kemenpu] =
            ["kota-bandung", "pusat", "kemenpu"].map(|slug| fleet.at(slug));
        let case = pusat.file(report("Jembatan retak")).await;
        pusat.dispose(case, "kemenpu").await;
        fleet.settle().await;
        // Both act on what they know, neither knows of the other.
        bandung.line().weather(Weather::CLEAR);
        kemenpu.line().weather(Weather::CUT);
        kemenpu.answer(case, "Jembatan telah diperbaiki.").await;
        pusat.recall(case).await;
        fleet.settle().await;
        pusat.dispose(case, "kota-bandung").await;
        fleet.settle().await;
        assert_eq!(kemenpu.state(case).await, State::Answered, "as it believes");

        kemenpu.line().weather(Weather::CLEAR);
        fleet.settle().await;
        assert_eq!(bandung.custodian(case).await, "kota-bandung");
        assert_eq!(bandung.state(case).await, State::Disposed);
        let lost = kemenpu.view(case).await;
        let ruling = lost.history.iter().find(|e| e.kind == "case.followed_up");
        let ruling = ruling.unwrap();
        assert_eq!(ruling.effect, Some(Effect::Stale));
        assert_eq!(ruling.reason, Some(Reason::TermEnded));
        assert_eq!(lost.summary.custodian.unwrap().as_str(), "pusat");
        let again = json!({ "proposes_to_close": false });
        let refused = kemenpu
            .tries(case, said("case.followed_up", again, "Sekali lagi."))
            .await;
        assert_eq!(
            refused.custodian.unwrap().as_str(),
            "pusat",
            "as far as it was told"
        );
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_case_is_recalled_from_a_dead_node_and_given_to_it_again_when_it_lives() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet
            .at("kota-bandung")
            .file(report("Jalan berlubang"))
            .await;
        fleet.settle().await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;
        fleet.at("pusat").dispose(case, "kemenpu").await;
        fleet.at_mut("kemenpu").stop().await;
        fleet.settle().await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;
        assert_eq!(fleet.at("kota-bandung").custodian(case).await, "pusat");
        fleet.at("pusat").dispose(case, "kemenpu").await;
        fleet.settle().await;

        fleet.at_mut("kemenpu").start().await;
        fleet.settle().await;
        let [pusat, kemenpu] = ["pusat", "kemenpu"].map(|slug| fleet.at(slug));
        assert_eq!(kemenpu.custodian(case).await, "kemenpu");
        kemenpu.answer(case, "Sudah ditambal.").await;
        fleet.settle().await;
        assert_eq!(pusat.state(case).await, State::Answered);
        let effects = pusat.view(case).await.history;
        assert!(
            effects
                .iter()
                .all(|entry| entry.effect == Some(Effect::Applied))
        );
        fleet.ends_well().await;
    }
}
