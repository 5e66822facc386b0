//! What an institution holds that takes no part any more: it is not waited for, and brings it back.

use lapor_hub::restored::Stage;
use lapor_migrations::on;
use lapor_node::publishing::NewProgramme;
use lapor_protocol::ids::CaseId;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, Weather, kinds};
use serde_json::json;
use tempfile::TempDir;

use super::{all_call, backed_up, brings, code, found, is_covered};

/// A case at `kemenpu`, and a backup of the hub before it writes a note there.
async fn noted(fleet: &Fleet) -> (CaseId, TempDir) {
    let case = fleet.at("kota-bandung").file(report("Jalan rusak")).await;
    fleet.settle().await;
    fleet.at("pusat").recall(case).await;
    fleet.at("pusat").dispose(case, "kemenpu").await;
    let folder = backed_up(fleet).await;
    fleet.at("kemenpu").note(case, "Menunggu bahan.").await;
    fleet.at("kemenpu").link().push().await.unwrap();
    (case, folder)
}

/// `kemenpu` is suspended, of which the desk hears, and nothing of it arrives any more.
async fn suspended(fleet: &mut Fleet) {
    fleet.at("kemenpu").line().weather(Weather::CUT);
    fleet.suspend("kemenpu").await;
    fleet.at("pusat").link().refresh_directory(0).await.unwrap();
}

/// With all that it holds, and as much of the case as others.
async fn comes_back(fleet: &mut Fleet, case: CaseId) {
    fleet.resume("kemenpu").await;
    all_call(fleet).await;
    fleet.settle().await;
    is_covered(fleet).await;
    let seen = fleet.at("pusat").view(case).await.case_seq;
    for slug in ["kota-bandung", "kemenpu"] {
        assert_eq!(fleet.at(slug).view(case).await.case_seq, seen, "{slug}");
    }
}

#[tokio::test]
async fn a_message_that_only_a_suspended_institution_holds_comes_back_from_it() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let (case, folder) = noted(&fleet).await;
        // Its origin learns that there is a note, and not what it says.
        let origin = fleet.at("kota-bandung").link();
        assert_eq!(origin.pull(Stream::Inbox, 0).await.unwrap(), 1);
        suspended(&mut fleet).await;

        fleet.restore_hub(folder.path()).await;
        all_call(&fleet).await;
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.members.len()), (Stage::Lost, 2));
        let why = is.stuck.expect("the note is missing");
        assert!(why.contains("the first case.noted"), "{why}");

        fleet.at("kemenpu").line().weather(Weather::CLEAR);
        fleet.at("kemenpu").catch_up().await;
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.stuck), (Stage::Still, None));
        let refused = fleet.at("kemenpu").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(refused), Some(Code::InstanceSuspended));
        comes_back(&mut fleet, case).await;
        fleet.ends_well().await;
    }
}

#[tokio::test]
async fn a_suspended_institution_that_keeps_its_message_to_itself_stops_nobody() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        let (case, folder) = noted(&fleet).await;
        // Nobody else has heard of the note.
        let author = fleet.at("kemenpu").link();
        assert_eq!(author.pull(Stream::Inbox, 0).await.unwrap(), 1);
        let (shown, item) = last_of(fleet.at("kemenpu"), "inbox").await;
        suspended(&mut fleet).await;

        fleet.restore_hub(folder.path()).await;
        fleet.at("kota-bandung").line().weather(Weather::CUT);
        all_call(&fleet).await;
        assert_eq!(found(&fleet).await.whole(), 1);
        fleet.at("kemenpu").line().weather(Weather::CLEAR);
        let item = format!(r#"{{"item":{item},"stream":"inbox"}}"#);
        let brought = brings(fleet.at("kemenpu"), &shown, item).await;
        assert_eq!(brought, None);
        let refused = fleet.at("kemenpu").link().pull(Stream::Inbox, 0).await;
        assert_eq!(code(refused), Some(Code::Recovering));

        fleet.at("kota-bandung").line().weather(Weather::CLEAR);
        fleet.at("kota-bandung").attempt().await;
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.stuck), (Stage::Still, None));
        comes_back(&mut fleet, case).await;
        fleet.ends_well().await;
    }
}

/// What the hub has signed for the end of a stream, and the item there.
async fn last_of(at: &Institution, stream: &str) -> (String, String) {
    const LAST: &str = "select f.value, i.item from node_facts f, inbox i \
         where f.name = $1 and i.stream = $2 order by i.dseq desc limit 1";
    let signed = format!("seen_{stream}");
    let mut tx = at.node().db().read().await.unwrap();
    let last =
        on!(&mut tx, c => sqlx::query_as(LAST).bind(&signed).bind(stream).fetch_one(c).await);
    last.unwrap()
}

#[tokio::test]
async fn a_suspended_institution_that_keeps_what_it_published_to_itself_stops_nobody() {
    for kind in kinds() {
        let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
        fleet.settle().await;
        let folder = backed_up(&fleet).await;
        let author = fleet.at("kemenpu");
        let new = json!({ "slug": "jembatan", "name": "Jembatan", "description": "Baru." });
        let new: NewProgramme = serde_json::from_value(new).unwrap();
        author.node().publish_programme(new, "humas").await.unwrap();
        author.link().push().await.unwrap();
        let pulled = author.link().pull(Stream::Public, 0).await;
        assert_eq!(pulled.unwrap(), 1);
        let (shown, item) = last_of(author, "public").await;
        suspended(&mut fleet).await;

        fleet.restore_hub(folder.path()).await;
        fleet.at("kota-bandung").line().weather(Weather::CUT);
        all_call(&fleet).await;
        assert_eq!(found(&fleet).await.whole(), 1);
        fleet.at("kemenpu").line().weather(Weather::CLEAR);
        let item = format!(r#"{{"item":{item},"stream":"public"}}"#);
        let brought = brings(fleet.at("kemenpu"), &shown, item).await;
        assert_eq!(brought, None);

        fleet.at("kota-bandung").line().weather(Weather::CLEAR);
        fleet.at("kota-bandung").attempt().await;
        let is = found(&fleet).await;
        assert_eq!((is.stage, is.stuck), (Stage::Still, None));
        fleet.resume("kemenpu").await;
        all_call(&fleet).await;
        fleet.settle().await;
        is_covered(&fleet).await;
        fleet.ends_well().await;
    }
}
