//! Tells a service manager that asks for it how the program is doing:
//! `sd_notify(3)`, one datagram to the socket that `NOTIFY_SOCKET` names.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// Everything is bound; requests are answered.
pub const READY: &str = "READY=1";
/// The program drains.
pub const STOPPING: &str = "STOPPING=1";

/// Says it. Where nobody asked, nothing happens; where nobody hears, the
/// program goes on.
pub fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    if let Err(error) = send(socket.as_encoded_bytes(), state) {
        tracing::warn!(%error, state, "the service manager could not be told");
    }
}

fn send(socket: &[u8], state: &str) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt as _;
    let address = match socket.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(socket))?,
    };
    let told = UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address)?;
    if told == state.len() {
        Ok(())
    } else {
        Err(io::ErrorKind::WriteZero.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_arrives_whole() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        send(path.as_os_str().as_encoded_bytes(), READY).unwrap();
        let mut heard = [0; 64];
        let count = manager.recv(&mut heard).unwrap();
        assert_eq!(&heard[..count], READY.as_bytes());
        let missing = home.path().join("missing");
        assert!(send(missing.as_os_str().as_encoded_bytes(), READY).is_err());
    }
}
