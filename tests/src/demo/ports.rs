//! Free ports on loopback, for configurations that must name them before the
//! programs start.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::bail;
use lapor_web::chance::random;

/// Systems give ports from 32768 on to whoever asks for any; those below are
/// not taken by a connection that happens to open in between.
const LOWEST: u16 = 15_000;
const HIGHEST: u16 = 32_000;
const ATTEMPTS: usize = 400;

/// A port that is held until its program is about to start.
pub struct Reserved(TcpListener, SocketAddr);

impl Reserved {
    pub fn address(&self) -> SocketAddr {
        self.1
    }

    /// Gives the port to the program that starts now.
    pub fn release(self) {
        drop(self.0);
    }
}

/// Reserves so many ports, all different.
pub fn reserve(count: usize) -> anyhow::Result<Vec<Reserved>> {
    let mut reserved = Vec::new();
    for _ in 0..ATTEMPTS {
        if reserved.len() == count {
            break;
        }
        let port = LOWEST + u16::from_le_bytes(random::<2>()) % (HIGHEST - LOWEST);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        if let Ok(listener) = TcpListener::bind(address) {
            reserved.push(Reserved(listener, address));
        }
    }
    if reserved.len() < count {
        bail!("this machine has not {count} free ports between {LOWEST} and {HIGHEST}");
    }
    Ok(reserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_ports_differ_and_are_free_once_released() {
        let reserved = reserve(10).unwrap();
        let addresses: std::collections::BTreeSet<_> =
            reserved.iter().map(Reserved::address).collect();
        assert_eq!(addresses.len(), 10);
        let one = reserved.into_iter().next().unwrap();
        let address = one.address();
        assert!(TcpListener::bind(address).is_err());
        one.release();
        assert!(TcpListener::bind(address).is_ok());
    }
}
