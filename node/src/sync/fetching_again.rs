//! Asking the hub once more for what a disk of this node has damaged: an item with all that stands
//! beside it, or an own message that was accepted. What comes is taken only where it is what was here,
//! by the hash of the item in front and of the one behind it.
//!
//! So is what bears no signature that holds: the disk of the hub may have damaged that, and has it mended
//! meanwhile. It takes the place of what stands here once it is signed.
//!
//! What does not come is asked for again, ever more seldom: it waits for a person meanwhile.

use std::collections::BTreeMap;

use http::Method;
use lapor_migrations::Tx;
use lapor_protocol::case::Withheld;
use lapor_protocol::delivery::{Cursor, Item};
use lapor_protocol::ids::Digest;
use lapor_protocol::page::{Delivered, read_page};
use lapor_protocol::receipt::Stream;
use lapor_protocol::wire::PREFIX;

use super::incoming::{UNSIGNED, fault_of};
use super::taking_in::{DAMAGED, FAILS};
use super::{Call, Link, LinkError};
use crate::casework::kept_message;
use crate::error::NodeError;
use crate::store;

/// Damaged items that are known at once, and how many of them are asked for in one step: those that do
/// not come take no turn from those behind them.
const KNOWN: i64 = 5_000;
const STEP: usize = 200;
/// Until what did not come is asked for again; twice as long each time.
const FIRST_PAUSE_MS: i64 = 60_000;
const LONGEST_PAUSE_MS: i64 = 3_600_000;

/// Stream, `depoch` and `dseq` of an item.
pub(super) type Place = (Stream, i64, i64);

/// How often something was asked for, and when it is again, Unix ms.
#[derive(Debug, Default)]
pub(super) struct Tried {
    times: u32,
    next_at: i64,
}

impl Tried {
    /// Of an item that was set aside for a reason: what the hub may have to mend has a pause in front.
    fn first(reason: &str, now: i64) -> Self {
        if reason == DAMAGED {
            return Self::default();
        }
        Self {
            times: 0,
            next_at: now.saturating_add(FIRST_PAUSE_MS),
        }
    }

    /// Whether it may be asked for now, which is then noted. A clock that was put back must not keep
    /// it from that.
    pub(super) fn takes_its_turn(&mut self, now: i64) -> bool {
        let left = self.next_at.saturating_sub(now);
        if left > 0 && left <= LONGEST_PAUSE_MS {
            return false;
        }
        let pause = FIRST_PAUSE_MS << self.times.min(6);
        self.times += 1;
        self.next_at = now.saturating_add(pause.min(LONGEST_PAUSE_MS));
        true
    }
}

impl Link {
    /// Asks for what was set aside because its bytes are damaged, or are not signed. Returns how many
    /// items came.
    pub async fn fetch_again(&self) -> Result<usize, LinkError> {
        let places = self.to_fetch_again().await?;
        self.asked()
            .again
            .retain(|place, _| places.contains_key(place));
        let now = self.node.clock().now_ms();
        let (mut asked_for, mut count) = (0, 0);
        for (place, reason) in places {
            if asked_for == STEP {
                break;
            }
            let due = {
                let mut asked = self.asked();
                let first = || Tried::first(reason, now);
                let tried = asked.again.entry(place).or_insert_with(first);
                tried.takes_its_turn(now)
            };
            if !due {
                continue;
            }
            asked_for += 1;
            let (stream, depoch, dseq) = (place.0.as_str(), place.1, place.2);
            match self.fetch_item(place, reason).await {
                Ok(true) => {
                    tracing::info!(
                        stream,
                        depoch,
                        dseq,
                        "an item that was damaged has come from the hub once more"
                    );
                    count += 1;
                }
                Ok(false) => {}
                Err(error @ (LinkError::Refused(_) | LinkError::Hub(_))) => {
                    tracing::warn!(
                        stream,
                        depoch,
                        dseq,
                        %error,
                        "an item that is damaged does not come from the hub once more"
                    );
                }
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }

    /// Where the items stand that are asked for again, and why.
    async fn to_fetch_again(&self) -> Result<BTreeMap<Place, &'static str>, NodeError> {
        let mut tx = self.node.read_tx().await?;
        let mut places = BTreeMap::new();
        for reason in [DAMAGED].into_iter().chain(UNSIGNED) {
            let aside = store::aside::of_reason(&mut tx, reason, KNOWN).await?;
            places.extend(aside.into_iter().filter_map(|(name, depoch, dseq)| {
                let mut streams = [Stream::Inbox, Stream::Public].into_iter();
                let stream = streams.find(|stream| stream.as_str() == name)?;
                Some(((stream, depoch, dseq), reason))
            }));
        }
        Ok(places)
    }

    /// Whether an item has come and was kept in the place of the one that was set aside.
    async fn fetch_item(&self, place: Place, reason: &str) -> Result<bool, LinkError> {
        let (stream, depoch, dseq) = place;
        let mut tx = self.node.read_tx().await?;
        let after = before(&mut tx, place).await?;
        drop(tx);
        let Some(after) = after else {
            return Ok(false);
        };
        let path = format!("{PREFIX}/{}?after={after}&limit=1&wait=0", stream.as_str());
        let page = self.call(Call::new(Method::GET, path)).await?.body;
        let me = self.node.instance()?;
        let items = read_page(&page, after, stream, me, |envelope| self.hub_key(envelope));
        let mut items = items.map_err(LinkError::hub)?.into_iter();
        let Some(delivered) = items.next() else {
            return Ok(false);
        };
        let (case, directory) = (delivered.item.case, delivered.item.directory);
        self.directory_at_least(directory).await?;
        let directory = self.node.directory();
        let envelope = delivered.envelope.as_ref();
        let fault = envelope.and_then(|envelope| fault_of(&delivered.item, envelope, &directory));
        if fault.is_some() && reason != DAMAGED {
            return Ok(false);
        }
        let own = self.own_line_again(&delivered.item).await?;
        if !self.keep_again(place, (delivered, fault), own).await? {
            return Ok(false);
        }
        self.look_again_at(stream, (depoch, dseq), case).await?;
        // What is whole and stands aside all the same is not asked for again.
        let mut tx = self.node.write_tx().await?;
        store::aside::blame(&mut tx, (stream.as_str(), depoch, dseq), FAILS, DAMAGED).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The line of the own message that an item is about, where it is damaged here.
    async fn own_line_again(&self, item: &Item) -> Result<Option<String>, LinkError> {
        if item.withheld != Some(Withheld::Own) {
            return Ok(None);
        }
        let id = item.envelope_id;
        let mut tx = self.node.read_tx().await?;
        let held = store::by_id::line(&mut tx, id).await?;
        drop(tx);
        if held.is_none_or(|own| kept_message(&own.line, id).is_some()) {
            return Ok(None);
        }
        let path = format!("{PREFIX}/envelopes/{id}");
        let answer = self.call(Call::new(Method::GET, path)).await?;
        let line = String::from_utf8(answer.body.to_vec()).map_err(LinkError::hub)?;
        if kept_message(&line, id).is_none() {
            return Err(LinkError::hub(
                "it shows another message than was asked for",
            ));
        }
        Ok(Some(line))
    }

    /// Puts an item in its place with what is wrong with its envelope, and the own line that it is about;
    /// false where somebody has looked after it meanwhile.
    async fn keep_again(
        &self,
        (stream, depoch, dseq): Place,
        (delivered, fault): (Delivered, Option<&'static str>),
        own: Option<String>,
    ) -> Result<bool, LinkError> {
        let (id, hash) = (delivered.item.envelope_id, delivered.cursor.hash);
        let row = store::inbox::of_delivered(stream, delivered, fault)?;
        let mut tx = self.node.write_tx().await?;
        if !stood_here(&mut tx, (stream, depoch, dseq), hash).await? {
            return Err(LinkError::hub(
                "it shows another item than it has shown before",
            ));
        }
        if store::aside::put_again(&mut tx, row).await? == 0 {
            return Ok(false);
        }
        if let Some(line) = own {
            store::by_id::set_line(&mut tx, id, &line).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// The cursor in front of an item; `None` where what stands there is gone.
async fn before(tx: &mut Tx, (stream, depoch, dseq): Place) -> Result<Option<Cursor>, NodeError> {
    let hash = if dseq == 1 {
        Some(Digest::ZERO)
    } else {
        let row = store::aside::row(tx, (stream.as_str(), depoch, dseq - 1)).await?;
        row.map(|row| Digest::of(row.item.as_bytes()))
    };
    Ok(hash.map(|hash| Cursor {
        depoch: depoch as u32,
        dseq: (dseq - 1) as u64,
        hash,
    }))
}

/// Whether an item of this hash stood there: what follows it names it, or the cursor does that ends
/// with it.
async fn stood_here(
    tx: &mut Tx,
    (stream, depoch, dseq): Place,
    hash: Digest,
) -> Result<bool, NodeError> {
    let next = store::aside::row(tx, (stream.as_str(), depoch, dseq + 1)).await?;
    if let Some(next) = next {
        let item: Option<Item> = serde_json::from_str(&next.item).ok();
        return Ok(item.is_none_or(|item| item.dprev == hash));
    }
    let cursor = store::chain::cursor(tx, stream.as_str()).await?;
    Ok(cursor.is_none_or(|(of, last, held, ..)| {
        (of, last) != (depoch, dseq) || held.as_slice() == hash.as_bytes().as_slice()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_come_is_asked_for_ever_more_seldom() {
        let mut tried = Tried::default();
        let mut asked = Vec::new();
        for minute in 0..=400 {
            if tried.takes_its_turn(minute * 60_000) {
                asked.push(minute);
            }
        }
        assert_eq!(asked, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363]);
        assert!(tried.takes_its_turn(0), "the clock was put back");
        for (reason, pause) in [(DAMAGED, 0), (UNSIGNED[0], FIRST_PAUSE_MS)] {
            let mut tried = Tried::first(reason, 0);
            let asked = (0..=FIRST_PAUSE_MS).find(|at| tried.takes_its_turn(*at));
            assert_eq!(asked, Some(pause), "{reason}");
        }
    }
}
