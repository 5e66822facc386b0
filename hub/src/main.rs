//! The program `lapor-hub`: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    lapor_certs::tls::install_default_provider();
    lapor_hub::cli::main()
}
