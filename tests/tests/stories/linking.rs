//! Two reports of one matter become one, one report of two matters becomes
//! two, and every reporter hears what concerns them.

use lapor_protocol::case::State;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, OMBUDSMAN, PLN, PUSAT, TANGERANG};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, kinds};

#[tokio::test]
async fn a_duplicate_is_merged_its_reporter_hears_every_answer_and_it_can_be_undone() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, TANGERANG, KEMENPU]).await;
        let [bandung, pusat, tangerang, kemenpu] =
            ["kota-bandung", "pusat", "kota-tangerang", "kemenpu"].map(|slug| fleet.at(slug));
        let first = bandung.file(report("Tol macet di kilometer 12")).await;
        let second = tangerang.file(report("Macet total di tol")).await;
        fleet.settle().await;
        pusat.recall(first).await;
        pusat.dispose(first, "kemenpu").await;
        fleet.settle().await;
        assert!(!tangerang.knows(first).await);
        pusat.link_to(second, first).await;
        fleet.settle().await;
        assert_eq!(tangerang.state(second).await, State::Merged);
        let seen = tangerang.view(first).await;
        assert_eq!(
            seen.summary.title.as_deref(),
            Some("Tol macet di kilometer 12")
        );
        assert_eq!(seen.history.len(), 4, "with what came before the link");
        kemenpu.follow_up(first, "Lajur dibuka.").await;
        fleet.settle().await;
        assert_eq!(tangerang.state(first).await, State::InProgress);

        pusat.unlink(second).await;
        fleet.settle().await;
        assert_eq!(tangerang.state(second).await, State::Received, "as it was");
        kemenpu.answer(first, "Selesai.").await;
        fleet.settle().await;
        assert_eq!(
            tangerang.state(first).await,
            State::InProgress,
            "hears no more"
        );
        assert_eq!(bandung.state(first).await, State::Answered);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_supervisor_that_knows_one_half_undoes_a_merge_and_so_does_the_origin() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, TANGERANG, OMBUDSMAN]).await;
        let [bandung, pusat, tangerang, ombudsman] =
            ["kota-bandung", "pusat", "kota-tangerang", "ombudsman"].map(|slug| fleet.at(slug));
        let first = bandung.file(report("Tol macet di kilometer 12")).await;
        let second = tangerang.file(report("Macet total di tol")).await;
        tangerang.escalate(second).await;
        fleet.settle().await;
        for who in [ombudsman, tangerang] {
            pusat.link_to(second, first).await;
            fleet.settle().await;
            assert_eq!(ombudsman.state(second).await, State::Merged);
            who.unlink(second).await;
            fleet.settle().await;
            for party in [pusat, tangerang, ombudsman] {
                assert_eq!(party.state(second).await, State::Received, "as it was");
            }
            assert!(!ombudsman.knows(first).await, "as little as before");
        }
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_report_of_two_matters_is_split_and_each_half_finds_its_institution() {
    for kind in kinds() {
        let fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU, PLN]).await;
        let [bandung, pusat, kemenpu, pln] =
            ["kota-bandung", "pusat", "kemenpu", "bumn-pln"].map(|slug| fleet.at(slug));
        let whole = bandung.file(report("Jalan rusak dan listrik padam")).await;
        fleet.settle().await;
        pusat.recall(whole).await;
        pusat.dispose(whole, "kemenpu").await;
        fleet.settle().await;
        let half = kemenpu.split(whole, "Listrik padam").await;
        fleet.settle().await;
        assert_eq!(bandung.custodian(half).await, "kemenpu");
        assert_eq!(bandung.view(whole).await.children, [half]);
        kemenpu.give_back(half, "bumn-pln").await;
        fleet.settle().await;
        pusat.dispose(half, "bumn-pln").await;
        fleet.settle().await;
        let given = pln.view(half).await;
        assert_eq!(given.summary.title.as_deref(), Some("Listrik padam"));
        assert_eq!(given.parent, Some(whole));
        assert!(!pln.knows(whole).await, "the other half is not its matter");
        pln.answer(half, "Listrik menyala.").await;
        kemenpu.answer(whole, "Jalan ditambal.").await;
        fleet.settle().await;
        for case in [whole, half] {
            assert_eq!(bandung.state(case).await, State::Answered);
            bandung.close(case).await;
        }
        fleet.settle().await;
        assert_eq!(pusat.state(half).await, State::Closed);
        fleet.ends_well().await;
    }
}
