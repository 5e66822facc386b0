//! Several processes of one hub on one PostgreSQL database: whoever is asked, the federation is one.

use std::time::Duration;

use axum::body::Body;
use http::Method;
use lapor_hub::audit::By;
use lapor_hub::directory::Amendment;
use lapor_hub::restored::{self, Stage};
use lapor_hub::{Hub, HubError, membership, replicas, store, watch};
use lapor_migrations::throwaway::TestDb;
use lapor_migrations::{Kind, Schema, on};
use lapor_protocol::delivery::StreamHead;
use lapor_protocol::ids::Digest;
use lapor_protocol::keys::Signer;
use lapor_protocol::problem::Code;
use lapor_protocol::receipt::Stream;
use lapor_protocol::seen;
use lapor_protocol::wire::{PREFIX, SEEN_HEADER};
use serde_json::json;

use super::harness::{Institution, NOW, Place, Written, databases, request};
use super::serving::{join, listen};

/// Longer than a process takes to notice anything of another.
const PATIENCE: Duration = Duration::from_secs(20);
const GLANCE: Duration = Duration::from_millis(20);
/// In which a suspension must bite.
const BITES: Duration = Duration::from_secs(5);

/// A hub has but one process on SQLite.
async fn servers() -> impl Iterator<Item = TestDb> {
    let all = databases().await.into_iter();
    all.filter(|db| db.kind == Kind::Postgres)
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(GLANCE).await;
        }
    };
    let done = tokio::time::timeout(PATIENCE, waiting).await;
    assert!(done.is_ok(), "never {what}");
}

#[tokio::test]
async fn two_processes_order_in_turns_as_one_would() {
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let mut other = place.another().await;
        let (case, filed) = bandung.file(1);
        let filed = filed.wrapped_for(case, &pusat);
        place.send(&bandung, std::slice::from_ref(&filed)).await;
        // Each has the case in memory, and did not see what the other made of it.
        other = place.turn_to(other);
        let reason = json!({ "reason": "now_ours" });
        let recalled = pusat.write("case.recalled", Some(case), Some(&filed.message), reason);
        place.send(&pusat, std::slice::from_ref(&recalled)).await;
        other = place.turn_to(other);
        let disposed = pusat.dispose(case, &recalled.message, &kemenpu.id);
        let disposed = disposed.wrapped_for(case, &kemenpu);
        place.send(&pusat, std::slice::from_ref(&disposed)).await;
        other = place.turn_to(other);
        let late = bandung.follow_up(case, &filed.message);
        place.send(&bandung, std::slice::from_ref(&late)).await;
        for number in 0..4 {
            other = place.turn_to(other);
            let followed = kemenpu.follow_up(case, &disposed.message);
            place.send(&kemenpu, &[followed]).await;
            let (_, filed) = pusat.file(10 + number);
            place.send(&pusat, &[filed]).await;
        }
        for hub in [&place.hub, &other] {
            replicas::look(hub).await.unwrap();
        }
        for party in [&mut pusat, &mut bandung, &mut kemenpu] {
            other = place.turn_to(other);
            place.pull(party).await;
        }
        let history = kemenpu.history(case);
        let of_late = history
            .iter()
            .find(|(item, _)| item.envelope_id == late.envelope);
        let (ruled, _) = of_late.expect("every party hears of what was late");
        assert!(!ruled.ruling.applied(), "{:?}", ruled.ruling);
        let folds = [&pusat, &bandung, &kemenpu].map(|party| place.fold(party, case).unwrap());
        assert_eq!(folds[0].custodian, kemenpu.id);
        assert!(
            folds
                .windows(2)
                .all(|pair| pair[0].digest() == pair[1].digest())
        );
    }
}

#[tokio::test]
async fn a_cursor_that_another_process_gave_is_not_ahead() {
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let other = place.another().await;
        let (_, filed) = bandung.file(1);
        place.send(&bandung, &[filed]).await;
        assert_eq!(place.pull(&mut bandung).await.len(), 1);
        place.turn_to(other);
        let none = place.pull(&mut bandung).await;
        assert!(none.is_empty());
        let (_, filed) = bandung.file(2);
        place.send(&bandung, &[filed]).await;
        assert_eq!(place.pull(&mut bandung).await.len(), 1);
    }
}

#[tokio::test]
async fn whoever_waits_at_one_process_is_answered_by_what_another_orders() {
    lapor_certs::tls::install_default_provider();
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let first = listen(&place);
        let other = place.another().await;
        let former = place.turn_to(other);
        let second = listen(&place);
        let mut bandung = Institution::unjoined("kota-bandung", 20);
        let client = join(&place, &second, &bandung).await;
        let url = format!("{}{PREFIX}/inbox?wait=25", second.federation);
        let poll = tokio::spawn(client.get(url).send());
        let (_, filed) = bandung.file(1);
        until("waited for", async || place.hub.waiting() > 0).await;
        let hub = place.turn_to(former);
        // That bandung has joined it learns within a second by itself.
        replicas::look(&place.hub).await.unwrap();
        place.send(&bandung, &[filed]).await;
        let answered = tokio::time::timeout(PATIENCE, poll).await;
        let page = answered.unwrap().unwrap().unwrap().text().await.unwrap();
        assert_eq!(page.lines().count(), 2, "an item and the head: {page}");

        // The picture of either knows who is connected to the other.
        for hub in [&place.hub, &hub] {
            until("seen as connected", async || {
                connected(hub, &bandung).await > 0
            })
            .await;
        }
        first.end().await;
        second.end().await;
    }
}

async fn connected(hub: &Hub, who: &Institution) -> usize {
    let picture = watch::look(hub).await.unwrap();
    picture.instances[&who.id].connections
}

#[tokio::test]
async fn a_suspension_at_one_process_bites_at_all() {
    lapor_certs::tls::install_default_provider();
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let first = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let client = join(&place, &first, &bandung).await;
        let url = format!("{}{PREFIX}/outbox/head", first.federation);
        assert_eq!(client.get(&url).send().await.unwrap().status(), 200);
        let other = place.another().await;
        let former = place.turn_to(other);
        membership::suspend(&place.hub.ground, &By::actor("test"), &bandung.id)
            .await
            .unwrap();
        let cut = async {
            while former.open_connections(&bandung.id) > 0 {
                tokio::time::sleep(GLANCE).await;
            }
        };
        tokio::time::timeout(BITES, cut).await.expect("cut off");
        let refused = client.get(&url).send().await.unwrap();
        assert_eq!(refused.status(), 403);
        first.end().await;
    }
}

#[tokio::test]
async fn one_process_leads_and_another_does_when_it_has_ended() {
    lapor_certs::tls::install_default_provider();
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let first = listen(&place);
        let other = place.another().await;
        let former = place.turn_to(other);
        let second = listen(&place);
        let leads = || [&former, &place.hub].map(|hub| hub.leads());
        until("led by one", async || leads()[0] != leads()[1]).await;
        if former.leads() {
            first.end().await;
            until("led by the second", async || place.hub.leads()).await;
            second.end().await;
        } else {
            second.end().await;
            until("led by the first", async || former.leads()).await;
            first.end().await;
        }
    }
}

#[tokio::test]
async fn a_program_that_knows_of_no_other_takes_the_order_from_all() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        // What a program writes that knows of no other beside it.
        let mut tx = place.hub.ground.db.write().await.unwrap();
        let alone = store::state::write(&mut tx, store::state::SEQUENCER, "another");
        alone.await.unwrap();
        tx.commit().await.unwrap();
        let (_, filed) = bandung.file(1);
        let refused = place.push(&bandung, &[filed]).await;
        assert_eq!(refused.code(), Some(Code::Internal));
        let ended = place.hub.sequencer.ended().borrow().clone();
        assert!(matches!(ended, Some(HubError::Fenced)), "{ended:?}");
    }
}

async fn word(place: &Place) -> String {
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let read = store::state::read(&mut tx, store::state::SEQUENCER);
    read.await.unwrap().unwrap()
}

/// As where a program that writes this has begun.
async fn begun(place: &Place, word: &str) {
    let mut tx = place.hub.ground.db.write().await.unwrap();
    let writing = store::state::write(&mut tx, store::state::SEQUENCER, word);
    writing.await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_older_program_beside_a_newer_one_ends() {
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let other = place.another().await;
        let own = word(&place).await;
        let (schema, rules) = own.rsplit_once('.').unwrap();
        let rules: u32 = rules.parse().unwrap();
        let fewer = format!("{schema}.{}", rules - 1);
        // What begins later than this one is older all the same, and has the order no more.
        for (number, older) in [(1, "replicas"), (2, schema), (3, fewer.as_str())] {
            begun(&place, older).await;
            let (_, filed) = bandung.file(number);
            place.send(&bandung, &[filed]).await;
            assert_eq!(word(&place).await, own, "{older}");
        }
        begun(&place, &format!("{schema}.{}", rules + 1)).await;
        let looked = replicas::look(&place.hub).await;
        assert!(matches!(looked, Err(HubError::Fenced)), "{looked:?}");
        place.turn_to(other);
        let later = format!("replicas:{}.0", Schema::Hub.version() + 1);
        begun(&place, &later).await;
        let (_, filed) = bandung.file(4);
        let refused = place.push(&bandung, &[filed]).await;
        assert_eq!(refused.code(), Some(Code::Internal));
        let ended = place.hub.sequencer.ended().borrow().clone();
        assert!(matches!(ended, Some(HubError::Fenced)), "{ended:?}");
    }
}

const LOSE_MESSAGE: &str =
    "delete from envelopes where number = (select max(number) from envelopes)";

/// As where a server takes over that had not heard of the last commits.
async fn lose(place: &Place, sql: &'static str) {
    let mut tx = place.hub.ground.db.write().await.unwrap();
    on!(&mut tx, conn => sqlx::query(sql).execute(conn).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

/// As where one to an account was used after the moment to which the database went back.
async fn revive_a_link(place: &Place) {
    const LINK: &str = "insert into account_links (hash, purpose, account, created_at, expires_at) \
         values ($1, 'invitation', 'gone', 0, 9000000000000)";
    let mut tx = place.hub.ground.db.write().await.unwrap();
    let hash = vec![7_u8; 32];
    on!(&mut tx, conn => sqlx::query(LINK).bind(hash).execute(conn).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

async fn links(place: &Place) -> i64 {
    const COUNT: &str = "select count(*) from account_links";
    let mut tx = place.hub.ground.db.read().await.unwrap();
    on!(&mut tx, conn => sqlx::query_scalar(COUNT).fetch_one(conn).await).unwrap()
}

/// The process that is asked ends, as it does while it serves; returns what was sent in vain.
async fn ends_as_receded(place: &Place, asks: &mut Institution) -> Written {
    lapor_certs::tls::install_default_provider();
    let (_, filed) = asks.file(9);
    let refused = place.push(asks, std::slice::from_ref(&filed)).await;
    assert_eq!(refused.code(), Some(Code::Recovering));
    let ended = listen(place).ended().await;
    assert!(matches!(ended, HubError::Receded), "{ended:?}");
    filed
}

/// Gives nobody the place of what is lost before everybody has been heard.
async fn listens(place: &Place, asks: &Institution, filed: &Written) {
    let is = restored::read(&place.hub).await.unwrap();
    assert_eq!(is.stage, Stage::Listening);
    let refused = place.push(asks, std::slice::from_ref(filed)).await;
    assert_eq!(refused.code(), Some(Code::Recovering));
}

#[tokio::test]
async fn a_database_that_went_back_behind_what_a_process_has_seen_ends_it_and_the_next_listens() {
    for db in databases().await {
        let mut place = Place::new(&db).await;
        let [pusat, mut bandung, mut kemenpu] = place.three().await;
        let (_, filed) = bandung.file(1);
        place.send(&bandung, &[filed]).await;
        lose(&place, LOSE_MESSAGE).await;
        revive_a_link(&place).await;
        let filed = ends_as_receded(&place, &mut kemenpu).await;
        assert_eq!(links(&place).await, 0, "what was ended may be here again");
        place.restart().await;
        listens(&place, &kemenpu, &filed).await;
        for of in [&pusat, &bandung, &kemenpu] {
            assert_eq!(place.get(of, "/outbox/head").await.status, 200);
        }
        let answered = place.push(&kemenpu, &[filed]).await;
        assert_ne!(answered.code(), Some(Code::Recovering), "all are heard");
    }
}

#[tokio::test]
async fn who_has_seen_no_more_than_the_database_ends_with_who_has_and_the_next_listens() {
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let [_, mut bandung, mut kemenpu] = place.three().await;
        let other = place.another().await;
        let (_, filed) = bandung.file(1);
        place.send(&bandung, &[filed]).await;
        lose(&place, LOSE_MESSAGE).await;
        let filed = ends_as_receded(&place, &mut kemenpu).await;
        place.turn_to(other);
        let refused = place.push(&kemenpu, std::slice::from_ref(&filed)).await;
        assert_eq!(refused.code(), Some(Code::Recovering));
        let ended = place.hub.sequencer.ended().borrow().clone();
        assert!(matches!(ended, Some(HubError::Elsewhere)), "{ended:?}");
        place.restart().await;
        listens(&place, &kemenpu, &filed).await;
    }
}

/// What the database says of the last restore.
async fn noted(place: &Place) -> Option<String> {
    let mut tx = place.hub.ground.db.read().await.unwrap();
    let read = store::state::read(&mut tx, store::state::RESTORED);
    read.await.unwrap()
}

#[tokio::test]
async fn who_slept_while_the_record_was_put_together_ends_alone() {
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let [mut pusat, mut bandung, mut kemenpu] = place.three().await;
        let asleep = place.another().await;
        let (_, filed) = bandung.file(1);
        place.send(&bandung, &[filed]).await;
        replicas::look(&asleep).await.unwrap();
        lose(&place, LOSE_MESSAGE).await;
        ends_as_receded(&place, &mut kemenpu).await;
        place.restart().await;
        for of in [&pusat, &bandung, &kemenpu] {
            assert_eq!(place.get(of, "/outbox/head").await.status, 200);
        }
        restored::settle(&place.hub).await.unwrap();
        let is = restored::read(&place.hub).await.unwrap();
        assert_eq!(is.stage, Stage::Still);
        let third = place.another().await;
        let before = noted(&place).await;
        place.turn_to(asleep);
        ends_as_receded(&place, &mut pusat).await;
        assert_eq!(noted(&place).await, before);
        replicas::look(&third).await.unwrap();
    }
}

#[tokio::test]
async fn what_a_process_has_only_followed_ends_it_too_where_the_database_went_back() {
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let [_, mut bandung, mut kemenpu] = place.three().await;
        let (_, filed) = bandung.file(1);
        place.send(&bandung, &[filed]).await;
        let other = place.another().await;
        let first = place.turn_to(other);
        let (_, filed) = bandung.file(2);
        place.send(&bandung, &[filed]).await;
        replicas::look(&first).await.unwrap();
        lose(&place, LOSE_MESSAGE).await;
        let looked = replicas::look(&place.hub).await;
        assert!(matches!(looked, Err(HubError::Receded)), "{looked:?}");
        place.turn_to(first);
        ends_as_receded(&place, &mut kemenpu).await;
    }
}

#[tokio::test]
async fn nobody_rules_by_a_directory_that_the_database_has_lost() {
    const LOSE: &str = "delete from directory_versions where version = (select max(version) from directory_versions)";
    for db in servers().await {
        let place = Place::new(&db).await;
        let [_, _, mut kemenpu] = place.three().await;
        let other = place.another().await;
        lose(&place, LOSE).await;
        let mut tx = other.ground.db.write().await.unwrap();
        let known = other.ground.directory.current();
        let published = other
            .ground
            .publish(&mut tx, &known, Amendment::default())
            .await;
        assert!(matches!(published, Err(HubError::Receded)), "{published:?}");
        tx.rollback().await.unwrap();
        let looked = replicas::look(&other).await;
        assert!(matches!(looked, Err(HubError::Receded)), "{looked:?}");
        ends_as_receded(&place, &mut kemenpu).await;
    }
}

#[tokio::test]
async fn the_process_to_which_a_loss_is_shown_is_alone_until_that_is_back() {
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let other = place.another().await;
        shows_a_loss(&place, &bandung).await;
        let first = place.turn_to(other);
        let (_, filed) = bandung.file(1);
        let refused = place.push(&bandung, &[filed]).await;
        assert_eq!(refused.code(), Some(Code::Recovering));
        let ended = place.hub.sequencer.ended().borrow().clone();
        assert!(matches!(ended, Some(HubError::Elsewhere)), "{ended:?}");
        assert!(first.sequencer.ended().borrow().is_none());
        replicas::look(&first).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_back_in_the_database_is_lost_no_more_in_memory() {
    for db in databases().await {
        let place = Place::new(&db).await;
        let [_, bandung, kemenpu] = place.three().await;
        shows_a_loss(&place, &bandung).await;
        // As where the commit that put it back took effect, and the line to the database broke.
        forget_the_loss(&place).await;
        let refused = place.get(&kemenpu, "/outbox/head").await;
        assert_eq!(refused.code(), Some(Code::Recovering));
        restored::settle(&place.hub).await.unwrap();
        let answered = place.get(&kemenpu, "/outbox/head").await;
        assert_eq!(answered.status, 200);
    }
}

#[tokio::test]
async fn memory_follows_what_was_put_back_though_nobody_heard_so() {
    for db in servers().await {
        let mut place = Place::new(&db).await;
        let [_, mut bandung, _] = place.three().await;
        let other = place.another().await;
        let shared = word(&place).await;
        shows_a_loss(&place, &bandung).await;
        // What is in the database by then stands for what was put back.
        forget_the_loss(&place).await;
        begun(&place, &shared).await;
        let first = place.turn_to(other);
        let (_, filed) = bandung.file(1);
        place.send(&bandung, &[filed]).await;
        let stands = place.hub.streams.followed();
        assert!(first.streams.followed() != stands);
        restored::settle(&first).await.unwrap();
        assert!(first.streams.followed() == stands);
    }
}

/// A member shows what the hub lacks, and is told that it recovers.
async fn shows_a_loss(place: &Place, of: &Institution) {
    let signed = lost_head(of).sign(&Signer::from_seed(&[7; 32]));
    let shows = request(Method::GET, "/outbox/head");
    let shows = shows.header(SEEN_HEADER, seen::shown(&signed).unwrap());
    let shows = shows.body(Body::empty()).unwrap();
    let refused = place.call(of, shows).await;
    assert_eq!(refused.code(), Some(Code::Recovering));
}

/// Takes the loss out of the database, and out of no memory.
async fn forget_the_loss(place: &Place) {
    let mut tx = place.hub.ground.db.write().await.unwrap();
    let forgetting = store::state::forget(&mut tx, store::state::LOSS);
    forgetting.await.unwrap();
    tx.commit().await.unwrap();
}

/// What the hub must have signed and does not hold.
fn lost_head(of: &Institution) -> StreamHead {
    StreamHead {
        recipient: Some(of.id.clone()),
        stream: Stream::Inbox,
        depoch: 1,
        dseq: 9,
        hash: Digest::of(b"lost"),
        at: NOW,
    }
}
