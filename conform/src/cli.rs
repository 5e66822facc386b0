//! The command line. It exits 0 where everything is kept, 1 where something is
//! broken, 2 where nothing can be said, 3 where nothing is broken and something
//! was not tried, 4 where the command that drives a node failed.

use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use lapor_protocol::ids::InstanceId;
use tokio::sync::mpsc;

use crate::contract::Sentence;
use crate::driven::{Failed, drive, told_to_stop};
use crate::hub;
use crate::node;
use crate::report::{Form, Report};
use crate::standing::{Side, Standing, Standings, Unseen};

const NOTHING_SAID: u8 = 2;
const UNTRIED: u8 = 3;
const NOT_DRIVEN: u8 = 4;

/// Say which sentences of docs/protocol.md a hub or a node keeps
#[derive(Parser)]
#[command(name = "lapor-conform", version)]
struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Look at a hub: two institutions join it and say what members say
    Hub(HubOptions),
    /// Look at a node: play the hub that it joins, and write down what it does
    Node(NodeOptions),
    /// List the sentences that no check asks a hub or a node about: those that could be seen, then the others with the reason why not
    Sentences {
        #[arg(value_enum)]
        side: Side,
    },
}

#[derive(Args)]
struct HubOptions {
    /// The line of an invitation; twice, for two institutions that have not joined
    #[arg(long = "invitation", value_name = "LINE", required = true)]
    invitations: Vec<String>,
    #[command(flatten)]
    told: Told,
}

#[derive(Args)]
struct NodeOptions {
    /// The name under which the node joins
    #[arg(long, value_name = "SLUG", default_value = "kota-uji")]
    instance: InstanceId,
    /// The name or address by which the node reaches this machine
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Where the federation's listener of the played hub is
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    federation: SocketAddr,
    /// Where its enrolment listener is
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    enrolment: SocketAddr,
    /// A command that makes the node do what is wanted: it is called with
    /// `join LINE` and with `file`, and may go on running. One that fails ends
    /// the run. Without it, a person is asked
    #[arg(long, value_name = "COMMAND")]
    drive: Option<String>,
    /// For how many seconds each step is waited for
    #[arg(long, default_value_t = 300)]
    patience: u64,
    /// For how many seconds the node is watched after that
    #[arg(long, default_value_t = 90)]
    linger: u64,
    #[command(flatten)]
    told: Told,
}

#[derive(Args)]
struct Told {
    /// How the report is written
    #[arg(long, value_enum, default_value = "text")]
    form: Form,
    /// Where it is written; to standard output if left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => error.exit(),
    };
    match run(options) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            let code = if error.is::<Failed>() {
                NOT_DRIVEN
            } else {
                NOTHING_SAID
            };
            code.into()
        }
    }
}

fn run(options: Options) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new()?;
    match options.what {
        What::Hub(options) => {
            let report = runtime.block_on(look_at_hub(&options.invitations))?;
            tell(&report, &options.told)
        }
        What::Node(options) => {
            let report = runtime.block_on(look_at_node(&options))?;
            tell(&report, &options.told)
        }
        What::Sentences { side } => {
            list_sentences(side)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn look_at_hub(invitations: &[String]) -> Result<Report> {
    let [first, second] = invitations else {
        anyhow::bail!("name two invitations, got {}", invitations.len());
    };
    let terms = hub::Terms {
        invitations: [first, second],
        now_ms: now_ms(),
        forge: None,
    };
    Box::pin(hub::look(terms)).await
}

async fn look_at_node(options: &NodeOptions) -> Result<Report> {
    let listen = |address: SocketAddr| {
        TcpListener::bind(address).with_context(|| format!("{address} cannot be listened on"))
    };
    let (driver, wanted) = mpsc::channel(2);
    let terms = node::Terms {
        instance: options.instance.clone(),
        host: options.host.clone(),
        listeners: [listen(options.federation)?, listen(options.enrolment)?],
        now_ms: now_ms(),
        patience: Duration::from_secs(options.patience),
        linger: Duration::from_secs(options.linger),
        driver,
    };
    let driving = drive(options.drive.as_deref(), wanted);
    tokio::select! {
        both = async { tokio::try_join!(node::look(terms), driving) } => {
            both.map(|(report, ())| report)
        }
        Err(stopped) = told_to_stop() => Err(stopped),
    }
}

/// Writes the report; the code says whether everything was tried and holds.
fn tell(report: &Report, told: &Told) -> Result<ExitCode> {
    let text = report.written(told.form);
    match &told.out {
        None => std::io::stdout().write_all(text.as_bytes())?,
        Some(file) => {
            std::fs::write(file, text)
                .with_context(|| format!("{} cannot be written", file.display()))?;
        }
    }
    Ok(match (report.holds(), report.is_whole()) {
        (false, _) => ExitCode::FAILURE,
        (true, true) => ExitCode::SUCCESS,
        (true, false) => UNTRIED.into(),
    })
}

fn list_sentences(side: Side) -> Result<()> {
    let sentences = match side {
        Side::Hub => hub::sentences().collect::<Vec<_>>(),
        Side::Node => node::sentences().collect(),
    };
    let standings = Standings::asked(side, &sentences);
    let mut out = std::io::stdout().lock();
    writeln!(out, "Could be seen, and are not asked about:")?;
    list(&mut out, &standings, Standing::NotAsked)?;
    for reason in Unseen::ALL {
        writeln!(
            out,
            "\nNot asked about, since they {}:",
            reason.because(side)
        )?;
        list(&mut out, &standings, Standing::Unseen(reason))?;
    }
    let (asked, of) = (standings.count(Standing::Untried), standings.of_each.len());
    writeln!(
        out,
        "\n{asked} of {of} sentences are quoted by a check of a {}",
        side.as_str()
    )?;
    Ok(())
}

/// By chapter.
fn list(out: &mut impl Write, standings: &Standings, standing: Standing) -> Result<()> {
    let mut chapter = "";
    let of_it = |(_, one): &&(Sentence, Standing)| *one == standing;
    for (sentence, _) in standings.of_each.iter().filter(of_it) {
        if sentence.chapter != chapter {
            chapter = &sentence.chapter;
            writeln!(out, "\n{chapter}")?;
        }
        writeln!(out, "  {}", sentence.text)?;
    }
    Ok(())
}

/// Unix ms.
#[expect(
    clippy::disallowed_methods,
    reason = "the program's clock; everything else is told the time"
)]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
