//! A suspension and a revocation bite on connections that are open, over real
//! TLS: what is under way ends, and the next connection is told why.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use lapor_hub::audit::By;
use lapor_hub::deeds::{self, Deed};
use lapor_hub::{changeover, membership};
use lapor_protocol::problem::{Code, Problem};
use lapor_protocol::wire::{NDJSON, PREFIX};
use tokio::sync::oneshot;

use super::harness::{Institution, Place, databases};
use super::serving::{join, listen};

/// In which a suspension must bite.
const BITES: Duration = Duration::from_secs(5);

/// A body of which only the beginning comes, and a word when it is under way.
fn endless_body() -> (reqwest::Body, oneshot::Receiver<()>) {
    let (told, begun) = oneshot::channel();
    let rest = futures_util::stream::once(async {
        let _ = told.send(());
        std::future::pending::<Result<Vec<u8>, std::io::Error>>().await
    });
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(b"{".to_vec())]);
    (reqwest::Body::wrap_stream(first.chain(rest)), begun)
}

#[tokio::test]
async fn what_is_under_way_ends_within_five_seconds_and_others_go_on() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let kemenpu = Institution::unjoined("kemenpu", 30);
        let client = join(&place, &at, &bandung).await;
        let other = join(&place, &at, &kemenpu).await;
        let url = format!("{}{PREFIX}/outbox/head", at.federation);
        let head = |client: &reqwest::Client| client.get(&url).send();
        let (body, begun) = endless_body();
        let upload = client
            .post(format!("{}{PREFIX}/outbox", at.federation))
            .header("content-type", NDJSON)
            .body(body);
        let upload = tokio::spawn(upload.send());
        begun.await.unwrap();
        let poll = client.get(format!("{}{PREFIX}/inbox?wait=25", at.federation));
        let poll = tokio::spawn(poll.send());
        // One connection carries them in order: when this is answered, they have begun.
        assert_eq!(head(&client).await.unwrap().status(), 200);
        assert_eq!(head(&other).await.unwrap().status(), 200);
        let open = |who: &Institution| place.hub.open_connections(&who.id);
        assert!(open(&bandung) > 0);
        let untouched = open(&kemenpu);

        membership::suspend(&place.hub.ground, &By::actor("test"), &bandung.id)
            .await
            .unwrap();
        let ended = tokio::time::timeout(BITES, upload).await;
        assert!(ended.expect("within five seconds").unwrap().is_err());
        let told = poll.await.unwrap().unwrap();
        assert_eq!(told.status(), 403, "the poll was answered before the end");
        let refused = head(&client).await.unwrap();
        let problem: Problem = refused.json().await.unwrap();
        assert_eq!(problem.code, Code::InstanceSuspended);
        assert_eq!(open(&kemenpu), untouched, "nobody else is cut off");

        membership::resume(&place.hub.ground, &By::actor("test"), &bandung.id)
            .await
            .unwrap();
        assert_eq!(head(&client).await.unwrap().status(), 200);
        let (body, begun) = endless_body();
        let again = client
            .post(format!("{}{PREFIX}/outbox", at.federation))
            .header("content-type", NDJSON)
            .body(body);
        let again = tokio::spawn(again.send());
        begun.await.unwrap();
        assert_eq!(head(&client).await.unwrap().status(), 200);
        membership::revoke(&place.hub.ground, &By::actor("test"), &bandung.id, None)
            .await
            .unwrap();
        let ended = tokio::time::timeout(BITES, again).await;
        assert!(ended.expect("within five seconds").unwrap().is_err());
        let refused = head(&client).await.unwrap();
        let problem: Problem = refused.json().await.unwrap();
        assert_eq!(problem.code, Code::InstanceRevoked);
        drop(client);
        at.end().await;
        assert_eq!(
            open(&kemenpu),
            0,
            "a connection that has ended is forgotten"
        );
    }
}

#[tokio::test]
async fn a_suspension_bites_while_another_process_keeps_the_folder_of_the_authority() {
    lapor_certs::tls::install_default_provider();
    for db in databases().await {
        let place = Place::new(&db).await;
        let ground = &place.hub.ground;
        let at = listen(&place);
        let bandung = Institution::unjoined("kota-bandung", 20);
        let client = join(&place, &at, &bandung).await;
        // Since then the files are looked at every minute.
        let root = changeover::prepare(ground).unwrap();
        let announced = Deed::AnnounceAuthority { root };
        let done = deeds::act(ground, &By::actor("test"), &announced).await;
        done.unwrap();
        let (body, begun) = endless_body();
        let upload = client
            .post(format!("{}{PREFIX}/outbox", at.federation))
            .header("content-type", NDJSON)
            .body(body);
        let upload = tokio::spawn(upload.send());
        begun.await.unwrap();
        let url = format!("{}{PREFIX}/outbox/head", at.federation);
        assert_eq!(client.get(&url).send().await.unwrap().status(), 200);

        let folder = std::fs::File::open(&ground.settings.storage.authority).unwrap();
        folder.lock().unwrap();
        let (done, held) = std::sync::mpsc::sync_channel::<()>(1);
        let holder = std::thread::spawn(move || {
            // Whoever waited for it would wait so long, with all that shares its thread.
            let _ = held.recv_timeout(4 * BITES);
            drop(folder);
        });
        place.hub.look_after_certificate();
        let since = Instant::now();
        membership::suspend(ground, &By::actor("test"), &bandung.id)
            .await
            .unwrap();
        let ended = tokio::time::timeout(BITES, upload).await;
        assert!(ended.expect("within five seconds").unwrap().is_err());
        assert!(since.elapsed() < BITES, "nothing has waited for the folder");
        drop(done);
        holder.join().unwrap();
        drop(client);
        at.end().await;
    }
}
