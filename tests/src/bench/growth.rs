//! `growth`: a node with many cases, as after years. How long inbox, search and
//! public list take: the pages and the API over HTTP from a process of its own,
//! and what lies behind them in this one. The cases come about as all do, through
//! the node's own filing and acts, so that rows, counters and index are what they
//! would be.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use lapor_node::casework::{CaseFilter, NewAct, NewReport, PublicFilter, Sight, Tab};
use lapor_node::node::Node;
use lapor_protocol::ids::CaseId;
use lapor_web::accounts::{Arrival, Entered, NewAccount};
use serde_json::{Map, Value, json};

use super::Plan;
use super::figures::{Spread, quantile_ms, rate, rounded};
use super::wire::Caller;
use crate::demo::reports::{Report, all};

const NODE: &str = "kota-bandung";
/// Filings and acts under way at once.
const WRITERS: usize = 256;
/// How often each question is asked in a round.
const LOOKS: usize = 30;
const PAGE: u32 = 50;
const TARGET_MS: f64 = 100.0;
/// What is asked over HTTP, below the address of the node.
const PATHS: [(&str, &str); 15] = [
    ("http_inbox_new", "/api/v1/cases?tray=new&limit=50"),
    ("http_inbox_all", "/api/v1/cases?limit=50"),
    ("http_inbox_province", "/api/v1/cases?region=32&limit=50"),
    (
        "http_inbox_empty_province",
        "/api/v1/cases?region=96&limit=50",
    ),
    (
        "http_inbox_empty_province_ended",
        "/api/v1/cases?tray=ended&region=96&limit=50",
    ),
    ("http_search_common", "/api/v1/cases?q=jalan&limit=50"),
    ("http_search_rare", "/api/v1/cases?q=katulistiwa&limit=50"),
    (
        "http_search_common_in_province",
        "/api/v1/cases?q=jalan&region=32&limit=50",
    ),
    (
        "http_search_common_in_empty_province",
        "/api/v1/cases?q=jalan&region=96&limit=50",
    ),
    ("http_public_newest", "/laporan"),
    ("http_public_region", "/laporan?wilayah=Jawa+Barat"),
    ("http_public_institution", "/laporan?instansi=kota-bandung"),
    ("http_public_text", "/laporan?q=jalan+rusak"),
    ("http_public_rare_text", "/laporan?q=katulistiwa"),
    (
        "http_public_text_in_region",
        "/laporan?q=jalan&wilayah=Jawa+Barat",
    ),
];
/// The pages of an officer with all that stands on them, below the same address.
const DESK: [(&str, &str); 6] = [
    ("http_desk_to_do", "/meja"),
    ("http_desk_new", "/meja?tab=baru"),
    ("http_desk_elsewhere", "/meja?tab=lain"),
    ("http_desk_all", "/meja?tab=semua"),
    ("http_desk_overdue", "/meja?tab=semua&lewat=1"),
    ("http_desk_mine", "/meja?saya=1"),
];
/// Words of the sample reports from the most common to none at all.
const SEARCHES: [&str; 6] = [
    "jalan",
    "jalan rusak",
    "\"lampu jalan\"",
    "air -banjir",
    "puskesmas antrean",
    "katulistiwa",
];
const TABS: [(&str, Tab); 5] = [
    ("new", Tab::New),
    ("runs_out", Tab::RunsOut),
    ("came_back", Tab::CameBack),
    ("waiting", Tab::Waiting),
    ("ended", Tab::Ended),
];

pub async fn measure(plan: &Plan) -> Result<Value> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("world");
    let world = plan.found(&folder, "growth", &[NODE]).await?;
    let hub = world.start_hub()?;
    world.join(NODE, "kota")?;
    hub.stop().await?;
    let node = world.open_node(NODE).await?;
    let began = Instant::now();
    let acts = grow(&node, plan.cases).await?;
    let grown = began.elapsed();
    eprintln!(
        "growth: {} cases and {acts} acts in {grown:.0?}",
        plan.cases
    );
    let began = Instant::now();
    while node.catch_up_words().await? > 0 {}
    let indexed = rate(plan.cases, began);
    eprintln!("growth: {indexed:.0} cases indexed a second");
    // Counted once and then kept for a minute, so one look is all there is to measure.
    let began = Instant::now();
    node.public_figures().await?;
    let counted = began.elapsed().as_secs_f64() * 1000.0;
    let mut answers = Answers::default();
    for _ in 0..plan.repeat {
        answers.add(ask_everything(&node).await?);
    }
    let session = officer(&node).await?;
    node.db().close().await;
    drop(node);
    let token = world.token(NODE)?;
    let serving = world.start_node(NODE)?;
    let mut desk = Caller::at_the_desk(serving.said("API")?, &session).await?;
    for round in 1..=plan.repeat {
        // One network may search as often as a round does, and not as often as all do.
        let address = Ipv4Addr::from_bits(Ipv4Addr::new(10, 0, 0, 0).to_bits() + round as u32);
        let mut caller = Caller::from_address(serving.said("API")?, &token, address).await?;
        answers.add(ask_over_http(&mut caller, &PATHS).await?);
        answers.add(ask_over_http(&mut desk, &DESK).await?);
    }
    serving.stop().await?;
    let told = answers.told();
    Ok(json!({
        "what": "answers of one node, asked one after another: over HTTP where the name says so, else in its process",
        "cases": plan.cases,
        "acts": acts,
        "page": PAGE,
        "indexed_a_second": rounded(indexed, 0),
        "public_figures_counted_ms": rounded(counted, 1),
        "answers_ms": told,
    }))
}

/// What each question took, in the order in which they were asked.
#[derive(Default)]
struct Answers(Vec<(String, Spread, Spread)>);

impl Answers {
    fn add(&mut self, round: Vec<(String, Vec<Duration>)>) {
        for (name, waits) in round {
            let known = self.0.iter().position(|(known, ..)| *known == name);
            let place = known.unwrap_or(self.0.len());
            if known.is_none() {
                self.0.push((name, Spread::default(), Spread::default()));
            }
            self.0[place].1.add(quantile_ms(&waits, 0.5));
            self.0[place].2.add(quantile_ms(&waits, 0.95));
        }
    }

    fn told(self) -> Map<String, Value> {
        let mut told = Map::new();
        for (name, p50, p95) in self.0 {
            let (middle, high) = (p50.median(), p95.median());
            eprintln!(
                "growth: {name}: p50 {middle:.1} ms, p95 {high:.1} ms, at most {TARGET_MS} ms"
            );
            let mut figures = p50.at_most(TARGET_MS, 2);
            figures["p95_ms"] = p95.told(2);
            told.insert(name, figures);
        }
        told
    }
}

/// Asks the node that serves, over one connection.
async fn ask_over_http(
    caller: &mut Caller,
    paths: &[(&str, &str)],
) -> Result<Vec<(String, Vec<Duration>)>> {
    let mut told = Vec::new();
    for (name, path) in paths {
        let mut waits = Vec::with_capacity(LOOKS);
        for _ in 0..LOOKS {
            let began = Instant::now();
            caller.get(path).await.with_context(|| (*name).to_owned())?;
            waits.push(began.elapsed());
        }
        told.push(((*name).to_owned(), waits));
    }
    Ok(told)
}

/// Hires an officer; gives the session that they have opened at the desk.
async fn officer(node: &Node) -> Result<String> {
    let new = NewAccount {
        login: "bench@bandung.go.id",
        name: "Petugas",
        role: "officer",
        unit: None,
    };
    let (_, link) = node.create_account("bench", &new).await?;
    let (password, address) = (
        "gerimis tujuh kelapa sepeda".into(),
        Ipv4Addr::LOCALHOST.into(),
    );
    let accounts = node.accounts();
    accounts.choose_password(&link, &password, address).await?;
    let arrival = Arrival {
        address,
        agent: "bench",
        replaces: None,
    };
    match accounts.sign_in(new.login, &password, &arrival).await? {
        Entered::Open(opened) => Ok(opened.token.reveal().to_owned()),
        Entered::CodeNeeded(_) => bail!("the officer is asked for a second factor"),
    }
}

/// Files and handles so many reports; gives how many acts that took.
async fn grow(node: &Node, cases: usize) -> Result<usize> {
    let samples = all()?;
    let written = stream::iter(0..cases)
        .map(|number| {
            let sample = &samples[number % samples.len()];
            async move {
                let case = node.file(report(sample, number)?, "bench").await?.case;
                let acts = life(number);
                for act in &acts {
                    let act: NewAct = serde_json::from_value(act.clone())?;
                    node.act(case, act, "bench").await?;
                }
                anyhow::Ok((case, acts.len()))
            }
        })
        .buffer_unordered(WRITERS);
    let written: Vec<(CaseId, usize)> = written.try_collect().await?;
    ensure!(written.len() == cases, "not every report was filed");
    Ok(written.into_iter().map(|(_, acts)| acts).sum())
}

/// The acts on a case: most are closed, some lie in each of the other trays.
fn life(number: usize) -> Vec<Value> {
    let verified = json!({ "kind": "case.verified" });
    let answered = json!({
        "kind": "case.followed_up", "body": { "proposes_to_close": true },
        "words": { "text": "Petugas telah memeriksa lokasi dan memperbaikinya." },
    });
    let closed = json!({ "kind": "case.closed", "body": { "by": "reporter" } });
    let replied = json!({ "kind": "case.replied", "words": { "text": "Belum selesai." } });
    let held = json!({ "kind": "case.held", "words": { "questions": ["Di mana?"] } });
    let archived = json!({ "kind": "case.archived", "body": { "reason": "not_a_report" } });
    match number % 20 {
        0 => vec![],
        1 => vec![verified],
        2 => vec![held],
        3 => vec![verified, answered, replied],
        4 => vec![archived],
        _ => vec![verified, answered, closed],
    }
}

fn report(sample: &Report, number: usize) -> Result<NewReport> {
    let region = format!("{}.{:02}", 11 + number % 60, 1 + number % 29);
    let report = json!({
        "classification": "complaint",
        "title": format!("{} ({number})", sample.title).chars().take(150).collect::<String>(),
        "content": sample.content,
        "category": sample.category(),
        "region": region,
        "anonymous": sample.anonymous != 0,
        "secret": number.is_multiple_of(37),
        "channel": "web",
    });
    Ok(serde_json::from_value(report)?)
}

/// Asks every question several times; gives what each answer took.
async fn ask_everything(node: &Node) -> Result<Vec<(String, Vec<Duration>)>> {
    let mut told = Vec::new();
    let (sight, every) = (Sight::ALL, CaseFilter::default());
    for (name, tab) in TABS {
        let ask = || node.inbox(&sight, tab, &every, None, PAGE);
        told.push((format!("inbox_{name}"), timed(ask).await?));
    }
    let empty = CaseFilter {
        region: Some("96".parse()?),
        ..CaseFilter::default()
    };
    let ask = || node.inbox(&sight, Tab::RunsOut, &empty, None, PAGE);
    told.push(("inbox_runs_out_empty_province".into(), timed(ask).await?));
    let ask = || node.inbox_counts(&sight, &empty);
    told.push(("inbox_counts_empty_province".into(), timed(ask).await?));
    let ask = || node.inbox_counts(&sight, &every);
    told.push(("inbox_counts".into(), timed(ask).await?));
    for typed in SEARCHES {
        let ask = || node.search(&sight, typed, &every, None, PAGE);
        told.push((format!("search {typed}"), timed(ask).await?));
    }
    for (name, typed, filter) in [
        ("public_list", "", json!({})),
        ("public_search", "jalan rusak", json!({})),
        ("public_province", "", json!({ "region": "32" })),
        (
            "public_category_in_regency",
            "",
            json!({ "region": "32.05", "category": "Perhubungan" }),
        ),
        ("public_of_nobody", "", json!({ "institution": "pusat" })),
    ] {
        let filter: PublicFilter = serde_json::from_value(filter)?;
        let ask = || node.public_cases(typed, &filter, None, PAGE);
        told.push((name.into(), timed(ask).await?));
    }
    Ok(told)
}

async fn timed<T, F>(ask: impl Fn() -> F) -> Result<Vec<Duration>>
where
    F: Future<Output = Result<T, lapor_node::error::NodeError>>,
{
    let mut waits = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let began = Instant::now();
        ask().await?;
        waits.push(began.elapsed());
    }
    Ok(waits)
}
