//! What a hub and its nodes need goes away for a while, and comes back: the hub
//! itself, the database. All of it ends without a person touching either program.

use lapor_migrations::Kind;
use lapor_node::error::NodeError;
use lapor_node::sync::LinkError;
use lapor_protocol::case::State;
use lapor_protocol::problem::Code;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{DAY_MS, Fleet, Institution, Pipe, kinds};

#[tokio::test]
async fn a_hub_that_is_gone_for_a_day_finds_everybody_at_work_and_all_in_step_without_a_person() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let given = fleet.at("pusat").file(report("Jembatan retak")).await;
        fleet.at("pusat").dispose(given, "kota-bandung").await;
        fleet.settle().await;
        // The links work by themselves from here on; nobody settles them.
        let working: Vec<_> = fleet.running().map(Institution::work).collect();
        fleet.hub.stop().await;
        let mut filed = Vec::new();
        for hour in 0..24 {
            fleet.pass(DAY_MS / 24);
            let at = fleet.at(["pusat", "kota-bandung", "kemenpu"][hour % 3]);
            filed.push(at.file(report(&format!("Jam {hour}"))).await);
        }
        let bandung = fleet.at("kota-bandung");
        bandung.answer(given, "Diperbaiki.").await;
        let status = bandung.node().status().await.unwrap();
        assert_eq!(status.outbox.unsent, 9);
        bandung
            .until("said that the hub is away", async || {
                let said = bandung.link().state();
                !said.connected && said.problem.is_some()
            })
            .await;
        fleet.hub.start().await;
        let pusat = fleet.at("pusat");
        pusat
            .until("was answered", async || {
                pusat.state(given).await == State::Answered
            })
            .await;
        for case in &filed {
            pusat
                .until("heard of a report", async || pusat.knows(*case).await)
                .await;
        }
        drop(working);
        let report = {
            fleet.settle().await;
            fleet.invariants().await
        };
        assert_eq!(report.applied["report.filed"], 25);
        fleet.ends_well().await;
    }
}

/// Attempts after which a program must have found its database again: its
/// connections are a handful, and each may fail once.
const ATTEMPTS: usize = 10;

/// SQLite is a part of the program and cannot be away.
#[tokio::test]
async fn programs_whose_database_is_gone_for_a_while_say_so_and_go_on_by_themselves() {
    for kind in kinds().into_iter().filter(|kind| *kind == Kind::Postgres) {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let before = fleet.at("kota-bandung").file(report("Sebelum")).await;
        fleet.settle().await;
        let (mut of_hub, mut of_bandung) = behind_pipes(&mut fleet).await;
        let bandung = fleet.at("kota-bandung");

        of_bandung.cut().await;
        let refused = bandung
            .node()
            .file(report("Tanpa basis data"), "loket")
            .await;
        assert!(is_away(&refused.unwrap_err()));
        assert!(bandung.link().push().await.is_err());
        of_bandung.mend();
        let during = file_at_last(bandung).await;
        in_step_at_last(bandung).await;

        of_hub.cut().await;
        bandung.follow_up(before, "Dicatat.").await;
        let refused = bandung.link().push().await.unwrap_err();
        assert_eq!(refused.code(), Some(Code::Overloaded), "{refused}");
        let said = bandung.link().state();
        assert!(!said.connected && said.problem.is_some());
        of_hub.mend();
        in_step_at_last(bandung).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").view(before).await.case_seq, 2);
        assert_eq!(fleet.at("pusat").view(during).await.case_seq, 1);
        let report = fleet.invariants().await;
        assert_eq!(report.applied["report.filed"], 2);
        fleet.ends_well().await;
    }
}

/// Hub and city start again, each with its database behind a pipe.
async fn behind_pipes(fleet: &mut Fleet) -> (Pipe, Pipe) {
    let of_hub = Pipe::to(fleet.hub.database());
    fleet.hub.stop().await;
    fleet.hub.settings.database.url.clone_from(&of_hub.url);
    fleet.hub.start().await;
    let bandung = fleet.at_mut("kota-bandung");
    let of_bandung = Pipe::to(bandung.database());
    bandung.stop().await;
    bandung.settings.database.url.clone_from(&of_bandung.url);
    bandung.start().await;
    fleet.settle().await;
    (of_hub, of_bandung)
}

fn is_away(error: &NodeError) -> bool {
    matches!(error, NodeError::Database(error) if error.is_transient())
}

/// Files once the database answers; what failed before was not filed.
async fn file_at_last(at: &Institution) -> lapor_protocol::ids::CaseId {
    for _ in 0..ATTEMPTS {
        match at.node().file(report("Selama"), "loket").await {
            Ok(filed) => return filed.case,
            Err(error) => assert!(is_away(&error), "another failure"),
        }
    }
    panic!("the node does not find its database again")
}

/// Exchanges with the hub once both find their databases again.
async fn in_step_at_last(at: &Institution) {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match at.link().catch_up().await {
            Ok(_) => return,
            Err(LinkError::Node(error)) if is_away(&error) => {}
            Err(error) if error.code() == Some(Code::Overloaded) => last = Some(error),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("they do not find their databases again: {last:?}")
}
