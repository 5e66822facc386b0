//! The program `lapor-soak`: everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    lapor_certs::tls::install_default_provider();
    lapor_tests::simulation::soak::main()
}
