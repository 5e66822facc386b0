//! The lines that institutions really have: by satellite, by telephone, cut when
//! they are quiet, gathered by a box on the way, swallowed, led to somebody
//! else's page. What is said on them arrives once, and whoever has a good line
//! notices nothing. On one database: no line knows which one it is.

use std::cell::Cell;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lapor_migrations::{Kind, Schema, on};
use lapor_node::sync::LinkError;
use lapor_protocol::ids::CaseId;
use lapor_protocol::receipt::Stream;
use lapor_tests::fleet::member::{BANDUNG, JABAR, KEMENPU, KEMENSOS, PLN, PUSAT, TANGERANG};
use lapor_tests::fleet::words::report;
use lapor_tests::fleet::{Fleet, Institution, Relay, Swallowed, Way};

/// 300 ms each way, and two pieces of a hundred are lost.
const SATELLITE: Way = Way {
    delay: Duration::from_millis(300),
    lost: 2,
    ..Way::CLEAR
};
/// 64 kbit/s, as the second generation of telephones has.
const TELEPHONE: Way = Way {
    delay: Duration::from_millis(100),
    bytes_per_second: Some(8_000),
    ..Way::CLEAR
};
/// 9.6 kbit/s: the handshake alone takes some five seconds.
const SLOWEST: Way = Way {
    bytes_per_second: Some(1_200),
    ..Way::CLEAR
};
/// Some cut what is quiet for half a minute; here a poll is quiet for longer than the line allows.
const CUT_WHEN_QUIET: Way = Way {
    idle: Some(Duration::from_millis(700)),
    ..Way::CLEAR
};
const GATHERED: Way = Way {
    gathers: Some(Duration::from_millis(150)),
    ..Way::CLEAR
};

/// A report on a good line, from one desk to the other. Alone it takes a fiftieth of this; who had to
/// wait for a poor line would wait longer.
const WORST: Duration = Duration::from_secs(5);
/// Between two reports there.
const PAUSE: Duration = Duration::from_millis(250);
/// How often something is tried on a line that may lose it.
const TRIES: usize = 5;
/// In which the hub has heard what it was told.
const PATIENCE: Duration = Duration::from_secs(20);

/// Its process begins anew, and calls the hub by this line.
async fn goes_by(at: &mut Institution, hub: SocketAddr, line: &Relay) {
    const LEAD: &str = "update node_facts set value = replace(value, $1, $2) where name = 'joined'";
    at.stop().await;
    let db = at.database().open(Schema::Node).await.unwrap();
    let mut tx = db.write().await.unwrap();
    let [from, to] = [hub, line.address].map(|address| format!("https://{address}\""));
    let led = on!(&mut tx, c => sqlx::query(LEAD)
        .bind(from.as_str())
        .bind(to.as_str())
        .execute(c)
        .await
        .map(drop));
    led.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
    at.start().await;
    let led_to = at.node().joined().unwrap().federation_url.port();
    assert_eq!(led_to, line.address.port());
}

/// Does something until it has come to something.
async fn tries(what: &str, once: impl AsyncFn() -> Result<bool, LinkError>) {
    for _ in 0..TRIES {
        match once().await {
            Ok(true) => return,
            Ok(false) | Err(LinkError::Unreachable(_)) => {}
            Err(error) => panic!("{what}: {error}"),
        }
    }
    panic!("{what} gets nowhere");
}

async fn sends(at: &Institution) {
    tries(at.member.slug, async || Ok(at.link().push().await? > 0)).await;
}

async fn gets(at: &Institution, case: CaseId) {
    tries(at.member.slug, async || {
        at.link().pull(Stream::Inbox, 0).await?;
        Ok(at.knows(case).await)
    })
    .await;
}

async fn sends_and_gets(at: &Institution, case: CaseId) {
    sends(at).await;
    gets(at, case).await;
}

/// A poll that waits is cut, and says so at once.
async fn is_cut(at: &Institution) {
    let began = Instant::now();
    let polled = at.link().pull(Stream::Public, 25).await;
    assert!(
        matches!(polled, Err(LinkError::Unreachable(_))),
        "{polled:?}"
    );
    assert!(began.elapsed() < PATIENCE);
}

/// Reports go from the ministry to the desk for as long as the others are at work, and once more.
async fn good_line(fleet: &Fleet, over: &Cell<bool>) {
    let [kemenpu, pusat] = ["kemenpu", "pusat"].map(|slug| fleet.at(slug));
    let mut every = tokio::time::interval(PAUSE);
    loop {
        let last = over.get();
        let began = Instant::now();
        let case = kemenpu.file(report("Jembatan retak")).await;
        sends(kemenpu).await;
        gets(pusat, case).await;
        let took = began.elapsed();
        assert!(took < WORST, "a report took {took:?}");
        if last {
            return;
        }
        every.tick().await;
    }
}

#[tokio::test]
async fn reports_pass_on_every_poor_line_and_who_has_a_good_one_notices_nothing() {
    let members = [PUSAT, KEMENPU, BANDUNG, TANGERANG, JABAR, KEMENSOS, PLN];
    let mut fleet = Fleet::gather(Kind::Sqlite, &members).await;
    let hub = fleet.hub.federation();
    let (mut lines, mut cases) = (Vec::new(), Vec::new());
    for (seed, (member, way)) in [
        (BANDUNG, SATELLITE),
        (TANGERANG, TELEPHONE),
        (JABAR, SLOWEST),
        (KEMENSOS, CUT_WHEN_QUIET),
        (PLN, GATHERED),
    ]
    .into_iter()
    .enumerate()
    {
        let line = Relay::to(hub, way, seed as u64).await;
        goes_by(fleet.at_mut(member.slug), hub, &line).await;
        lines.push(line);
        let pusat = fleet.at("pusat");
        let given = pusat.file(report("Lampu jalan padam")).await;
        pusat.dispose(given, member.slug).await;
        let own = fleet.at(member.slug).file(report("Jalan berlubang")).await;
        cases.push((member.slug, given, own));
    }
    fleet.at("pusat").catch_up().await;
    let over = Cell::new(false);
    let poor = async {
        let at = |number: usize| fleet.at(cases[number].0);
        let given = |number: usize| cases[number].1;
        let all: [Pin<Box<dyn Future<Output = ()>>>; 5] = [
            Box::pin(sends_and_gets(at(0), given(0))),
            Box::pin(sends_and_gets(at(1), given(1))),
            Box::pin(sends(at(2))),
            Box::pin(async {
                is_cut(at(3)).await;
                sends_and_gets(at(3), given(3)).await;
            }),
            Box::pin(sends_and_gets(at(4), given(4))),
        ];
        join_all(all).await;
        over.set(true);
    };
    tokio::join!(Box::pin(poor), Box::pin(good_line(&fleet, &over)));
    for line in &lines {
        line.goes(Way::CLEAR);
    }
    fleet.settle().await;
    for (slug, given, own) in cases {
        assert!(fleet.at(slug).knows(given).await);
        assert_eq!(fleet.at("pusat").view(own).await.case_seq, 1);
    }
    fleet.ends_well().await;
}

#[tokio::test]
async fn a_line_that_swallows_or_leads_elsewhere_loses_and_doubles_nothing() {
    let mut fleet = Fleet::gather(Kind::Sqlite, &[PUSAT, BANDUNG, KEMENPU]).await;
    let hub = fleet.hub.federation();
    let line = Relay::to(hub, Way::CLEAR, 1).await;
    goes_by(fleet.at_mut("kota-bandung"), hub, &line).await;
    fleet.settle().await;
    let [pusat, bandung, kemenpu] = ["pusat", "kota-bandung", "kemenpu"].map(|slug| fleet.at(slug));
    let mut filed = Vec::new();
    // Both ends believe in the connection; either only the hub hears, or nobody.
    for swallows in [Swallowed::TheHubs, Swallowed::Everybodys] {
        let case = bandung.file(report("Pohon tumbang")).await;
        line.goes(Way {
            swallows,
            ..Way::CLEAR
        });
        let pushing = Arc::clone(bandung.link());
        let pushing = tokio::spawn(async move { pushing.push().await });
        if swallows == Swallowed::TheHubs {
            let heard = async {
                while !pusat.knows(case).await {
                    pusat.link().pull(Stream::Inbox, 5).await.unwrap();
                }
            };
            tokio::time::timeout(PATIENCE, heard).await.unwrap();
        }
        let other = kemenpu.file(report("Banjir")).await;
        sends(kemenpu).await;
        gets(pusat, other).await;
        assert_eq!(pusat.knows(case).await, swallows == Swallowed::TheHubs);
        assert!(!pushing.is_finished(), "it waits");
        let status = bandung.node().status().await.unwrap();
        assert_eq!(status.outbox.unsent, 1);
        line.hang_up();
        line.goes(Way::CLEAR);
        let given_up = pushing.await.unwrap();
        assert!(
            matches!(given_up, Err(LinkError::Unreachable(_))),
            "{given_up:?}"
        );
        assert_eq!(bandung.link().push().await.unwrap(), 1);
        filed.push(case);
    }
    // A page of somebody else's answers whatever connects.
    line.goes(Way {
        portal: true,
        ..Way::CLEAR
    });
    line.hang_up();
    filed.push(bandung.file(report("Jalan berlubang")).await);
    // The first may only find out that its connection is gone.
    for _ in 0..2 {
        let refused = bandung.link().push().await.unwrap_err();
        assert!(!matches!(refused, LinkError::Node(_)), "{refused}");
    }
    let said = bandung.link().state();
    assert!(!said.connected && said.problem.is_some());
    line.goes(Way::CLEAR);
    fleet.settle().await;
    for case in filed {
        assert_eq!(pusat.view(case).await.case_seq, 1);
    }
    fleet.ends_well().await;
}
