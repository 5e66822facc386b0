//! Recoveries that do not go by themselves: what only one holds, who does not
//! bring it, and another history.

use http::Method;
use lapor_hub::audit::By;
use lapor_hub::deeds::{self, Deed};
use lapor_hub::membership::{self, MembershipError};
use lapor_hub::restored::{self, Stage};
use lapor_migrations::on;
use lapor_node::folder::credential_path;
use lapor_protocol::case::State;
use lapor_protocol::ids::CaseId;
use lapor_protocol::keys::KeyUse;
use lapor_protocol::limits::BATCH_ENVELOPES;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, Weather, kinds};

use super::{all_call, backed_up, brings, code, found, is_covered, last_item};

const VERSIONS: &str = "select line from directory_versions order by version";
const LAG: &str = "select seq - accepted from chain";
const ANNOUNCED: &str = "select r.effect from rulings r join envelopes e on e.number = r.number \
     where e.kind = 'key.announced' order by e.number";

async fn texts(fleet: &Fleet, sql: &'static str) -> Vec<String> {
    let db = fleet.hub.db().await;
    let mut tx = db.read().await.unwrap();
    let texts = on!(&mut tx, c => sqlx::query_scalar(sql).fetch_all(c).await).unwrap();
    tx.rollback().await.unwrap();
    db.close().await;
    texts
}

/// How many places of an institution's chain it does not know to be accepted.
async fn lag(institution: &Institution) -> i64 {
    let mut tx = institution.node().db().read().await.unwrap();
    on!(&mut tx, c => sqlx::query_scalar(LAG).fetch_one(c).await).unwrap()
}

/// Central staff say that nobody else is waited for.
async fn close(fleet: &Fleet) {
    let hub = fleet.hub.hub();
    let by = By::actor("test");
    deeds::act(&hub.ground, &by, &Deed::CloseRecovery)
        .await
        .unwrap();
    restored::settle(hub).await.unwrap();
}

/// Nothing is missing any more, and both have as much of a case.
async fn is_whole(fleet: &Fleet, case: CaseId) {
    fleet.settle().await;
    is_covered(fleet).await;
    let seen = fleet.at("pusat").view(case).await.case_seq;
    assert_eq!(fleet.at("kota-bandung").view(case).await.case_seq, seen);
}

#[tokio::test]
async fn what_nobody_was_told_of_has_the_place_that_the_directory_shows() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let folder = backed_up(&fleet).await;
        let bandung = fleet.at("kota-bandung");
        bandung
            .node()
            .rotate(KeyUse::Signing, "petugas")
            .await
            .unwrap();
        bandung.link().push().await.unwrap();
        let pusat = fleet.at("pusat");
        pusat.link().refresh_directory(0).await.unwrap();
        let before = texts(&fleet, VERSIONS).await;
        assert_eq!(texts(&fleet, ANNOUNCED).await, ["applied"]);

        fleet.restore_hub(folder.path()).await;
        assert!(texts(&fleet, VERSIONS).await.len() < before.len());
        all_call(&fleet).await;
        let is = found(&fleet).await;
        assert_eq!(is.stage, Stage::Still, "{is:?}");
        assert_eq!(texts(&fleet, VERSIONS).await, before);
        assert_eq!(texts(&fleet, ANNOUNCED).await, ["applied"]);
        let case = fleet.at("kota-bandung").file(report("Sesudah")).await;
        fleet.settle().await;
        assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_message_whose_ruling_came_before_its_receipt_comes_back_from_its_author() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let folder = backed_up(&fleet).await;
        let bandung = fleet.at("kota-bandung");
        let mut lost = report("Jalan rusak");
        lost.attachments = vec![bandung.upload(b"foto jalan").await];
        let case = bandung.file(lost).await;
        bandung.line().lose_answers(Method::POST, "/outbox", 1);
        bandung.link().push().await.unwrap_err();
        // Ruled, it is not sent again, and nobody else has read it.
        assert_eq!(bandung.link().pull(Stream::Inbox, 0).await.unwrap(), 1);
        assert_eq!(lag(bandung).await, 1);
        assert_eq!(bandung.link().push().await.unwrap(), 0);
        assert_eq!(lag(bandung).await, 0, "it stands where the hub says");

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.stuck), (Stage::Still, None));
        fleet.settle().await;
        is_covered(&fleet).await;
        let view = fleet.at("pusat").view(case).await;
        let photo = view.history[0].attachments[0].sha256;
        let seen = fleet.at("pusat").attachment(case, photo).await.unwrap();
        assert_eq!(seen, b"foto jalan");
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_message_that_the_hub_has_only_said_to_hold_is_sent_again_once_it_is_lost() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let folder = tempfile::tempdir().unwrap();
        fleet.settle().await;
        fleet.hub.back_up(folder.path()).await;
        let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        // The second process hears where its chain stands, and no more of the receipt than the first.
        for _ in 0..2 {
            let bandung = fleet.at_mut("kota-bandung");
            bandung.stop().await;
            bandung.start().await;
            bandung.line().lose_answers(Method::POST, "/outbox", 1);
            bandung.link().push().await.unwrap_err();
        }
        assert_eq!(
            lag(fleet.at("kota-bandung")).await,
            1,
            "a head is no receipt"
        );

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        fleet.settle().await;
        is_covered(&fleet).await;
        assert_eq!(fleet.at("pusat").state(case).await, State::Received);
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_recovery_is_not_closed_over_a_message_that_only_its_author_holds() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        fleet.settle().await;
        fleet.at("pusat").recall(case).await;
        fleet.at("pusat").dispose(case, "kemenpu").await;
        let folder = backed_up(&fleet).await;
        // Its origin learns that there is a note, and not what it says.
        fleet.at("kemenpu").note(case, "Menunggu bahan.").await;
        fleet.at("kemenpu").link().push().await.unwrap();
        let origin = fleet.at("kota-bandung").link();
        assert_eq!(origin.pull(Stream::Inbox, 0).await.unwrap(), 1);
        fleet.at("kemenpu").line().weather(Weather::CUT);

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        assert_eq!(found(&fleet).await.whole(), 2);
        for _ in 0..2 {
            close(&fleet).await;
            let is = found(&fleet).await;
            assert_eq!(is.stage, Stage::Lost, "{is:?}");
            let why = is.stuck.unwrap();
            assert!(
                why.contains("with their authors only, the first case.noted"),
                "{why}"
            );
        }
        let said = fleet.at("pusat").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(said), Some(Code::Recovering));

        fleet.at("kemenpu").line().weather(Weather::CLEAR);
        all_call(&fleet).await;
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.stuck), (Stage::Still, None));
        is_whole(&fleet, case).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn who_does_not_bring_what_it_holds_is_refused_alone_until_it_does() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        let folder = backed_up(&fleet).await;
        fleet.at("kota-bandung").note(case, "Sudah disurvei.").await;
        fleet.at("kota-bandung").link().push().await.unwrap();

        fleet.restore_hub(folder.path()).await;
        // A node of before shows what it holds, and nothing more.
        let old = fleet.at("kota-bandung").link();
        assert_eq!(
            code(old.pull(Stream::Inbox, 0).await),
            Some(Code::Recovering)
        );
        for slug in ["pusat", "kemenpu"] {
            fleet.at(slug).attempt().await;
        }
        assert_eq!(found(&fleet).await.stage, Stage::Lost);
        close(&fleet).await;
        assert_eq!(found(&fleet).await.stage, Stage::Still);
        for _ in 0..2 {
            let old = fleet.at("kota-bandung").link();
            let said = old.pull(Stream::Inbox, 0).await;
            assert_eq!(code(said), Some(Code::Recovering), "alone");
            for slug in ["pusat", "kemenpu"] {
                fleet.at(slug).catch_up().await;
            }
            fleet.restart_hub().await;
        }
        assert_eq!(found(&fleet).await.stage, Stage::Still);

        for slug in ["pusat", "kemenpu"] {
            fleet.at(slug).catch_up().await;
        }
        all_call(&fleet).await;
        assert_eq!(found(&fleet).await.stage, Stage::Still);
        is_whole(&fleet, case).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn no_version_is_published_while_it_listens_and_another_one_stops_nobody_else() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let [hubs, desks] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        fleet.settle().await;
        fleet.at("pusat").back_up(desks.path()).await;
        fleet.hub.back_up(hubs.path()).await;
        fleet.hub.register(&KEMENPU).await;
        let pusat = fleet.at("pusat");
        pusat.link().refresh_directory(0).await.unwrap();

        fleet.hub.stop().await;
        let database = fleet.database().await;
        fleet.hub.restore(hubs.path(), database).await;
        fleet.hub.settings.limits.listen_seconds = 60;
        fleet.hub.start().await;
        let hub = fleet.hub.hub().clone();
        let (by, whom) = (By::actor("test"), BANDUNG.id());
        let said = membership::suspend(&hub.ground, &by, &whom).await;
        let refused = |error: &MembershipError| match error {
            MembershipError::Hub(error) => error.code() == Code::Recovering,
            _ => false,
        };
        assert!(said.is_err_and(|error| refused(&error)));
        fleet.pass(60_000);
        restored::settle(&hub).await.unwrap();
        drop(hub);

        // Nobody has shown what is lost, and the number is given away.
        fleet.hub.register(&KEMENPU).await;
        let said = fleet.at("pusat").link().catch_up().await;
        assert_eq!(code(said), Some(Code::ForkDetected));
        let is = found(&fleet).await;
        let conflict = is.members.iter().find_map(|of| of.back.conflict);
        let conflict = conflict.unwrap().to_string();
        assert!(
            conflict.ends_with("of the directory is another one here"),
            "{conflict}"
        );
        close(&fleet).await;
        for _ in 0..2 {
            let said = fleet.at("pusat").link().pull(Stream::Inbox, 0).await;
            assert_eq!(code(said), Some(Code::Recovering), "alone");
            let said = fleet.at("pusat").link().catch_up().await;
            assert_eq!(code(said), Some(Code::Recovering), "and it moves nobody");
            fleet.at("kota-bandung").catch_up().await;
            assert_eq!(found(&fleet).await.stage, Stage::Still);
        }

        let database = fleet.database().await;
        let pusat = fleet.at_mut("pusat");
        pusat.stop().await;
        pusat.restore(desks.path(), database).await;
        pusat.start().await;
        fleet.settle().await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn who_brings_too_much_at_once_is_told_to_wait_and_goes_on_from_there() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        let folder = backed_up(&fleet).await;
        fleet.at("pusat").recall(case).await;
        fleet.settle().await;

        fleet.hub.stop().await;
        let database = fleet.database().await;
        fleet.hub.restore(folder.path(), database).await;
        let limits = fleet.hub.settings.limits.clone();
        fleet.hub.settings.limits.envelopes_per_second = 1;
        fleet.hub.settings.limits.envelope_burst = 500;
        fleet.hub.start().await;
        let bandung = fleet.at("kota-bandung");
        let (shown, ..) = last_item(bandung).await;
        let said = bandung.link().refresh_directory(0).await;
        assert_eq!(code(said), Some(Code::Recovering));
        let many = "{}\n".repeat(BATCH_ENVELOPES);
        for expected in [Code::MalformedBatch, Code::RateLimited] {
            let said = brings(bandung, &shown, many.clone()).await;
            assert_eq!(said, Some(expected));
        }

        fleet.hub.settings.limits = limits;
        fleet.restart_hub().await;
        all_call(&fleet).await;
        is_whole(&fleet, case).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn who_has_lost_the_certificate_gets_another_one_and_is_heard() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG]).await;
        let folder = backed_up(&fleet).await;
        let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
        fleet.settle().await;
        let bandung = fleet.at_mut("kota-bandung");
        bandung.stop().await;
        let credential = credential_path(&bandung.settings.node.keys);
        std::fs::remove_file(credential).unwrap();

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        assert_eq!(found(&fleet).await.stage, Stage::Lost);
        fleet.at_mut("kota-bandung").start().await;
        let bandung = fleet.at("kota-bandung");
        let working = bandung.work();
        let is_back = async || found(&fleet).await.stage == Stage::Still;
        bandung.until("what was lost is back", is_back).await;
        drop(working);
        is_whole(&fleet, case).await;
        fleet.ends_well().await;
    }
}
