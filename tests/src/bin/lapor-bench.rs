//! `lapor-bench`: how fast hub and node are on this machine, as one JSON object.

use std::process::ExitCode;

fn main() -> ExitCode {
    lapor_certs::tls::install_default_provider();
    lapor_tests::bench::main()
}
