//! Going through the requests of a city from a moment until another, however many there are: where an
//! answer is as large as the city's answers get, what it leaves out is asked for by shorter windows.

use super::City;
use super::wire::{Failed, Request};

const MINUTE_MS: i64 = 60_000;
/// GeoReport answers for ninety days at most.
const WIDEST_MS: i64 = 30 * 86_400_000;
/// A service that has more within this is cut off there.
const NARROWEST_MS: i64 = 10 * MINUTE_MS;

pub struct Windows<'a> {
    city: &'a City,
    from: i64,
    until: i64,
    width: i64,
}

impl<'a> Windows<'a> {
    pub fn over(city: &'a City, from: i64, until: i64) -> Self {
        Self {
            city,
            from,
            until,
            width: WIDEST_MS,
        }
    }

    /// The requests of the next window, the oldest first, and until when it goes.
    pub async fn next(&mut self) -> Result<Option<(Vec<Request>, i64)>, Failed> {
        while self.from <= self.until {
            let end = self.until.min(self.from + self.width);
            let mut found = self.city.wire.between(self.from, end).await?;
            let is_full = found.len() >= self.city.settings.most as usize;
            let width = end - self.from;
            if is_full && width > NARROWEST_MS {
                self.width = (width / 2).max(NARROWEST_MS);
                continue;
            }
            if is_full {
                let city = self.city.name();
                tracing::warn!(
                    city,
                    "a city has more requests within ten minutes than it tells at once"
                );
            }
            // Both ends belong to a window; what lies on one is met twice.
            self.from = if end < self.until { end } else { end + 1 };
            found.sort_by_key(|request| request.requested_at);
            return Ok(Some((found, end)));
        }
        Ok(None)
    }
}
