//! One member is hostile. Whatever it says, it gets the answer of the contract,
//! the record stays clean, and honest institutions exchange beside it as if it
//! were not there.

mod batches;
mod blobs;
mod chains;
mod floods;
mod joining;
mod process;
mod streams;
mod together;
mod trickles;

use std::cell::Cell;
use std::time::{Duration, Instant};

use lapor_migrations::Kind;
use lapor_protocol::ids::InstanceKind;
use lapor_tests::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{BEGINNING, Fleet, Institution, Member};
use lapor_tests::hostile::Hostile;

/// From a report at one institution until another has it, whatever a hostile
/// member does. Alone it takes a hundredth of this, on a machine with nothing else to do; who had to
/// wait for a member until its time is out would wait longer.
const WORST: Duration = Duration::from_secs(20);

/// Who is hostile.
const MALLORY: Member = Member {
    slug: "kota-mallory",
    kind: InstanceKind::Kota,
    region: None,
    disposes_to: &[],
    default_supervisor: false,
};

async fn gather(kind: Kind) -> (Fleet, Hostile) {
    gather_with(kind, |_| {}).await
}

/// Three honest institutions and a hostile one.
async fn gather_with(
    kind: Kind,
    change: impl FnOnce(&mut lapor_hub::settings::Settings),
) -> (Fleet, Hostile) {
    let fleet = Box::pin(Fleet::with(kind, &[PUSAT, BANDUNG, KEMENPU], 1, change)).await;
    let line = fleet.hub.invite(&MALLORY, true).await;
    let mallory = Hostile::join(&line, 200, BEGINNING).await.unwrap();
    (fleet, mallory)
}

/// Does something to the hub while honest institutions exchange, at least
/// once after it has begun, and none of their reports takes too long.
async fn beside(fleet: &Fleet, attack: impl Future<Output = ()>) {
    let [bandung, pusat] = ["kota-bandung", "pusat"].map(|slug| fleet.at(slug));
    let working = [bandung, pusat].map(Institution::work);
    let over = Cell::new(false);
    let attacking = async {
        attack.await;
        over.set(true);
    };
    let exchanging = async {
        loop {
            let last = over.get();
            let began = Instant::now();
            let case = bandung.file(report("Jembatan retak")).await;
            pusat
                .until("heard of it", async || pusat.knows(case).await)
                .await;
            let took = began.elapsed();
            assert!(took < WORST, "a report took {took:?}");
            if last {
                return;
            }
        }
    };
    tokio::join!(attacking, exchanging);
    drop(working);
}

/// The first message of an institution, as the hub keeps it.
async fn first_line_of(fleet: &Fleet, slug: &str) -> String {
    let ground = &fleet.hub.hub().ground;
    let mut tx = ground.db.read().await.unwrap();
    let author = fleet.id(slug);
    let lines = lapor_hub::store::envelopes::lines(&mut tx, &author, 1, 0, 1, 1 << 20);
    lines.await.unwrap().remove(0).1
}
