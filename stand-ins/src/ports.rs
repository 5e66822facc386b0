//! Free ports on loopback, for configurations that must name them before the
//! programs start.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

/// Systems give ports from 32768 on to whoever asks for any; those below are
/// not taken by a connection that happens to open in between.
const LOWEST: u16 = 15_000;
const HIGHEST: u16 = 32_000;
const ATTEMPTS: usize = 400;

/// A port that no other reservation of this machine gets while this one lives.
pub struct Reserved {
    address: SocketAddr,
    /// Held until the port's program is about to start.
    listener: Option<TcpListener>,
    /// Say that the port, and the one after it, are somebody's also while its program
    /// is down: a program that is told one port takes the next for its monitoring.
    /// Nothing speaks UDP here, and a mark is gone with its process.
    _marks: [UdpSocket; 2],
}

impl Reserved {
    fn new(address: SocketAddr) -> io::Result<Self> {
        let next = SocketAddr::new(address.ip(), address.port() + 1);
        Ok(Self {
            address,
            _marks: [UdpSocket::bind(address)?, UdpSocket::bind(next)?],
            listener: Some(TcpListener::bind(address)?),
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets the port's program listen from now on.
    pub fn release(&mut self) {
        self.listener = None;
    }
}

/// Reserves so many ports, all different.
///
/// # Errors
///
/// The machine has not so many free ones, or no randomness.
pub fn reserve(count: usize) -> io::Result<Vec<Reserved>> {
    let mut reserved = Vec::new();
    for _ in 0..ATTEMPTS {
        if reserved.len() == count {
            break;
        }
        let mut chance = [0; 2];
        getrandom::fill(&mut chance)?;
        let port = LOWEST + u16::from_le_bytes(chance) % (HIGHEST - LOWEST);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        reserved.extend(Reserved::new(address));
    }
    if reserved.len() < count {
        let few = format!("this machine has not {count} free ports between {LOWEST} and {HIGHEST}");
        return Err(io::Error::other(few));
    }
    Ok(reserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_ports_differ_and_once_released_are_for_their_programs_alone() {
        let reserved = reserve(10).unwrap();
        let addresses: std::collections::BTreeSet<_> =
            reserved.iter().map(Reserved::address).collect();
        assert_eq!(addresses.len(), 10);
        let mut one = reserved.into_iter().next().unwrap();
        let address = one.address();
        assert!(TcpListener::bind(address).is_err());
        one.release();
        assert!(TcpListener::bind(address).is_ok());
        for taken in [address.port() - 1, address.port(), address.port() + 1] {
            assert!(Reserved::new((Ipv4Addr::LOCALHOST, taken).into()).is_err());
        }
        drop(one);
        assert!(Reserved::new(address).is_ok());
    }
}
