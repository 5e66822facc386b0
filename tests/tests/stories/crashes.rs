//! Killed with SIGKILL at a write, a commit, a call or an answer, and started
//! again: nothing that was acknowledged is lost, nothing has happened twice.
//! `make crash` goes through every kill point; here are some of them.

use std::process::Command;

use lapor_migrations::Kind;
use lapor_tests::fleet::kinds;
use serde_json::Value;

#[test]
fn a_program_killed_at_any_write_and_started_again_has_lost_and_doubled_nothing() {
    for kind in kinds() {
        // Kill points of one run of the tests, out of all; what differs on PostgreSQL is
        // what a commit is, so it gets fewer.
        let (database, sample) = match kind {
            Kind::Sqlite => ("sqlite", 24),
            Kind::Postgres => ("postgres", 12),
        };
        let mut crash = Command::new(env!("CARGO_BIN_EXE_lapor-crash"));
        // Another seed takes others; the one of a failure repeats it.
        let seed = std::env::var("LAPOR_CRASH_SEED").unwrap_or_else(|_| "1".to_owned());
        crash.args(["--database", database, "--sample", &sample.to_string()]);
        crash.args(["--jobs", "4", "--seed", &seed]);
        let done = crash.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{database}: {}\n{said}", done.status);
        let summary: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(summary["failures"], Value::Array(Vec::new()), "{said}");
        assert_eq!(summary["database"], database);
        let figure = |name: &str| summary[name].as_u64().unwrap();
        assert!(figure("kill_points") > 300, "{summary}");
        // Which polls meet which answers differs from run to run, so a few passages may not come.
        assert!(figure("killed") >= sample * 5 / 6, "{summary}");
    }
}
