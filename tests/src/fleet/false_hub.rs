//! What answers in the place of the hub, with the hub's own certificate: bytes
//! that no hub says. It reads whatever it is asked and never understands it.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use lapor_certs::Credential;
use lapor_certs::tls::{clock, enrolment_server_config};
use lapor_hub::clock::{Clock as _, HandClock};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

/// Of the request, as far as its head goes; what comes behind is not waited for.
const HEAD: usize = 64 * 1024;

/// One answer to every request, over HTTP/1.1.
#[derive(Debug, Clone)]
pub enum Says {
    /// Status line, headers and body.
    Bytes(Vec<u8>),
    /// These, and then zeros for as long as anyone reads.
    Endless(Vec<u8>),
}

/// Answers until it is dropped.
pub struct FalseHub {
    _serving: AbortOnDropHandle<()>,
}

impl FalseHub {
    pub(super) fn begin(
        socket: TcpListener,
        keys: &Path,
        time: &Arc<HandClock>,
        says: Says,
    ) -> Self {
        let credential = Credential::load(&keys.join("hub-tls.pem")).expect("a certificate");
        let time = Arc::clone(time);
        let config = enrolment_server_config(&credential, clock(move || time.now_ms()));
        let mut config = config.expect("a configuration");
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let serving = tokio::spawn(async move {
            socket.set_nonblocking(true).expect("a socket");
            let socket = tokio::net::TcpListener::from_std(socket).expect("a socket");
            while let Ok((stream, _)) = socket.accept().await {
                let (acceptor, says) = (acceptor.clone(), says.clone());
                // Whoever is answered so hangs up, at whatever point it likes.
                tokio::spawn(async move { drop(answer(stream, &acceptor, &says).await) });
            }
        });
        Self {
            _serving: AbortOnDropHandle::new(serving),
        }
    }
}

async fn answer(stream: TcpStream, acceptor: &TlsAcceptor, says: &Says) -> io::Result<()> {
    let mut wire = acceptor.accept(stream).await?;
    let mut asked = Vec::new();
    while !asked.windows(4).any(|end| end == b"\r\n\r\n") && asked.len() < HEAD {
        if wire.read_buf(&mut asked).await? == 0 {
            return Ok(());
        }
    }
    match says {
        Says::Bytes(bytes) => wire.write_all(bytes).await?,
        Says::Endless(bytes) => {
            wire.write_all(bytes).await?;
            loop {
                wire.write_all(&[0; 16 * 1024]).await?;
            }
        }
    }
    wire.shutdown().await
}
