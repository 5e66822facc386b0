//! How long the bytes of a peer may take to arrive. A poor line must be able to
//! bring all that it was asked for, however long that is, and a peer that has
//! fallen silent, or sends a byte now and then to hold its place, must be given
//! up: so a pause has a limit, and the whole must keep a least pace. Reads no
//! clock and no socket.

use std::time::Duration;

/// What is asked of a peer that sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Longest pause between two pieces.
    pub pause: Duration,
    /// For how long nothing is asked but that no pause is longer.
    pub grace: Duration,
    /// Afterwards so much must have come, on average since the grace.
    pub bytes_per_second: u64,
}

impl Pace {
    /// How long the next piece may take when `arrived` bytes have come in
    /// `elapsed`; nothing once the peer is too slow.
    pub fn left(&self, elapsed: Duration, arrived: u64) -> Duration {
        let all = self.grace + self.takes(arrived);
        all.saturating_sub(elapsed).min(self.pause)
    }

    /// What so many bytes may take.
    pub fn takes(&self, bytes: u64) -> Duration {
        Duration::from_millis(bytes.saturating_mul(1000) / self.bytes_per_second.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        pause: Duration::from_secs(30),
        grace: Duration::from_mins(2),
        bytes_per_second: 500,
    };

    /// How many bytes a peer gets through that sends a piece every so often,
    /// and after how long it is given up.
    fn sends(piece: u64, every: Duration, all: u64) -> (u64, Duration) {
        let (mut arrived, mut elapsed) = (0, Duration::ZERO);
        while arrived < all {
            let left = PACE.left(elapsed, arrived);
            if left < every {
                return (arrived, elapsed + left);
            }
            elapsed += every;
            arrived += piece;
        }
        (arrived, elapsed)
    }

    #[test]
    fn a_poor_line_brings_a_whole_batch_and_one_who_dribbles_is_given_up() {
        let second = Duration::from_secs(1);
        // 16 kbit/s, in pieces of a TLS record.
        let batch = 4 << 20;
        let (arrived, took) = sends(16_384, 8 * second, batch);
        assert_eq!(arrived, batch);
        assert!(took > Duration::from_mins(30), "{took:?}");
        // Silent at once, after a while, and a byte just within every pause.
        assert_eq!(sends(1, 31 * second, batch), (0, PACE.pause));
        let (arrived, took) = sends(1, 29 * second, batch);
        assert!(arrived < 5 && took <= PACE.grace + second, "{took:?}");
        assert_eq!(PACE.left(Duration::from_hours(1), 1000), Duration::ZERO);
    }
}
