//! Whether a program could listen where its configuration says, found out
//! without serving. A program at work holds all of its addresses; where some are
//! taken and some are free, another program has them, and `serve` would fail.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};

/// An address on which `serve` could not listen; the operator's to mend.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error(
        "{field}: another program listens on {address}; stop it or change {field}. The program itself is not running: {free} is free"
    )]
    Taken {
        field: &'static str,
        address: SocketAddr,
        free: &'static str,
    },
    #[error("{field}: {address} cannot be used: {source}; put an address of this machine into it")]
    Unusable {
        field: &'static str,
        address: SocketAddr,
        source: io::Error,
    },
}

/// Tries every address, each with the field of the configuration that names it.
/// Says whether all are free; if none is, the program is running.
pub fn all_free(addresses: &[(&'static str, SocketAddr)]) -> Result<bool, Unfit> {
    // Held until the end, so that two fields with one address show.
    let mut free: Vec<(&'static str, TcpListener)> = Vec::new();
    let mut taken = None;
    for (field, address) in addresses {
        match TcpListener::bind(address) {
            Ok(listener) => free.push((field, listener)),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                taken = taken.or(Some((*field, *address)));
            }
            Err(source) => {
                return Err(Unfit::Unusable {
                    field,
                    address: *address,
                    source,
                });
            }
        }
    }
    match (taken, free.first()) {
        (Some((field, address)), Some((free, _))) => Err(Unfit::Taken {
            field,
            address,
            free,
        }),
        (taken, _) => Ok(taken.is_none()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_of_several_that_is_taken_is_named_and_all_of_them_are_the_program_itself() {
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let held = TcpListener::bind(any).unwrap();
        let taken = held.local_addr().unwrap();
        assert!(all_free(&[("api.listen", any), ("monitor.listen", any)]).unwrap());
        let mixed = all_free(&[("api.listen", any), ("monitor.listen", taken)]).unwrap_err();
        assert!(mixed.to_string().starts_with("monitor.listen: another"));
        assert!(!all_free(&[("api.listen", taken), ("monitor.listen", taken)]).unwrap());
        drop(held);
        let twice = all_free(&[("api.listen", taken), ("monitor.listen", taken)]);
        assert!(twice.unwrap_err().to_string().starts_with("monitor.listen"));
        let elsewhere = all_free(&[("api.listen", "192.0.2.1:0".parse().unwrap())]);
        assert!(matches!(elsewhere, Err(Unfit::Unusable { .. })));
    }
}
