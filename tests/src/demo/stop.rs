//! The signals that end the demo. A terminal that is closed is one of them:
//! the processes of the demo must not outlive it.

use std::io;

use lapor_web::serving::StopSignals;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub struct Stop {
    asked: StopSignals,
    hung_up: Signal,
}

impl Stop {
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            asked: StopSignals::listen()?,
            hung_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one and gives its name.
    pub async fn next(&mut self) -> &'static str {
        tokio::select! {
            name = self.asked.next() => name,
            _ = self.hung_up.recv() => "SIGHUP",
        }
    }
}
