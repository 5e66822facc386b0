//! A stage for the browser tests: a node that is really served, of a fleet with
//! cases in several states, for as long as somebody holds its standard input
//! open. It prints one line of JSON: where it is, and which pages are worth a look.

mod reporters;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use lapor_migrations::Kind;
use lapor_node::casework::NewReport;
use lapor_node::doors;
use lapor_protocol::ids::CaseId;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::fleet::Fleet;
use crate::fleet::member::{BANDUNG, KEMENPU, PUSAT};
use crate::fleet::words::{act, worded};

/// Serve a node with cases to a browser until standard input ends
#[derive(Parser)]
#[command(name = "lapor-stage")]
struct Options {
    /// The database; PostgreSQL needs lapor-test-postgres around this
    #[arg(value_parser = ["sqlite", "postgres"])]
    database: String,
}

pub fn main() -> ExitCode {
    let options = Options::parse();
    let kind = match options.database.as_str() {
        "postgres" => Kind::Postgres,
        _ => Kind::Sqlite,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match runtime.block_on(play(kind)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn play(kind: Kind) -> anyhow::Result<()> {
    let mut fleet = Fleet::gather(kind, &[PUSAT, BANDUNG, KEMENPU]).await;
    let bandung = fleet.at_mut(BANDUNG.slug);
    bandung.stop().await;
    bandung.settings.portal.name = Some("Pemerintah Kota Bandung".into());
    bandung.settings.portal.contact =
        Some("Jl. Wastukancana No. 2, Bandung; (022) 000-0000".into());
    bandung.start().await;
    let talks = reporters::furnish(fleet.at(BANDUNG.slug)).await;
    let tickets = furnish(&fleet).await;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let base = format!("http://{}", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    let node = fleet.at(BANDUNG.slug).node().clone();
    let serving = tokio::spawn(doors::serve(node, listener, shutdown.clone()));
    let told = json!({ "base": base, "tickets": tickets, "talks": talks });
    writeln!(std::io::stdout(), "{told}").context("nobody reads where the stage is")?;
    // Ends when whoever started this goes away, however it does.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()))
        .await??;
    shutdown.cancel();
    serving.await??;
    fleet.ends_well().await;
    Ok(())
}

/// Tickets by what became of their cases.
async fn furnish(fleet: &Fleet) -> serde_json::Value {
    let bandung = fleet.at(BANDUNG.slug);
    let new = bandung
        .file(report("Lampu jalan padam di Jalan Cikutra", false))
        .await;
    let secret = bandung
        .file(report("Pungutan di loket pelayanan", true))
        .await;
    let worked = bandung
        .file(report("Jalan berlubang di depan Pasar Kosambi", false))
        .await;
    let closed = bandung
        .file(report("Sampah menumpuk di Taman Cilaki", false))
        .await;
    bandung.verify(worked).await;
    bandung.verify(closed).await;
    say(
        fleet,
        worked,
        false,
        "Tim bina marga sudah meninjau lokasi.\n\nPenambalan dijadwalkan hari Sabtu.",
    )
    .await;
    say(
        fleet,
        closed,
        true,
        "Sampah sudah diangkut dan jadwal pengangkutan ditambah.",
    )
    .await;
    fleet.settle().await;
    let confirmed = act("case.closed", json!({ "by": "reporter" }));
    fleet.at(BANDUNG.slug).act(closed, confirmed).await;
    fleet.settle().await;
    let ticket = async |case: CaseId| fleet.at(BANDUNG.slug).view(case).await.summary.ticket;
    json!({
        "new": ticket(new).await,
        "secret": ticket(secret).await,
        "worked": ticket(worked).await,
        "closed": ticket(closed).await,
    })
}

async fn say(fleet: &Fleet, case: CaseId, proposes_to_close: bool, sentence: &str) {
    let body = json!({ "proposes_to_close": proposes_to_close });
    let words = json!({ "text": sentence });
    let followed_up = worded("case.followed_up", body, words);
    fleet.at(BANDUNG.slug).act(case, followed_up).await;
}

fn report(title: &str, secret: bool) -> NewReport {
    let report = json!({
        "classification": "complaint",
        "title": title,
        "content": format!("{title}. Sudah seminggu, mohon ditangani."),
        "region": "32.73",
        "secret": secret,
        "channel": "web",
    });
    serde_json::from_value(report).expect("a report")
}
