//! The program `lapor-node`: everything is in the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    lapor_certs::tls::install_default_provider();
    lapor_node::cli::main()
}
