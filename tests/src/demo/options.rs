//! The command line of `lapor-demo`.

use std::path::PathBuf;

use clap::Parser;

/// A hub and nine institutions on this machine, with real reports.
///
/// Starts lapor-hub and nine times lapor-node as processes of their own, joins the nodes by
/// invitation, files every sample report at the node that its channel and place suggest, and
/// lets the institutions verify, dispose, answer and close; some reports rest in every state on
/// the way, for the desks to work on. The clock of all of them begins two months ago and comes to
/// the present meanwhile. Then people write by SMS, X, Facebook, WhatsApp, Telegram, e-mail and Open311, to
/// stand-ins of the providers on this machine, and are answered there. It counts from what is on disk,
/// shows a table and the addresses, and stays up until Ctrl-C.
///
/// All reports are invented; the places are real.
#[derive(Debug, Parser)]
#[command(name = "lapor-demo", version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Options {
    /// Keep everything in this folder: hub/hub.toml, one folder with node.toml for each node.
    /// One that holds a finished demo is started again and shown, and nothing is filed twice.
    /// Without it a temporary folder is used and removed at the end
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Print one JSON object instead of the table: the addresses, or with --once the counts
    #[arg(long)]
    pub json: bool,
    /// Do the work, check the invariants and end; the exit code is 70 if one does not hold
    #[arg(long)]
    pub once: bool,
    /// Only so many reports or a few more, those with a story first
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub reports: Option<u32>,
}

const EXAMPLES: &str = "\
Examples:
  lapor-demo                            play, show, stay up until Ctrl-C
  lapor-demo --data demo-data           the same, and keep the folder for lapor-hub and lapor-node
  lapor-demo --once --json              play, check, print one JSON object, end

Exit codes: 0 all is well; 64 wrong arguments; 69 a program is missing or an address is taken;
70 an invariant does not hold, or a program ended by itself; 73 the folder cannot be used;
130 interrupted before the work was done.";
