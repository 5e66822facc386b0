//! Whose turn it is among the batches of one instance. While one is ordered the next may come: it is
//! read and verified meanwhile, waits here until each in front of it waits to be ordered or is answered,
//! and is sent back where one of those was. The batches of another instance are never waited for.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::problem::Code;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::error::{HubError, Refusal};

/// The batches of each instance that has some.
type UnderWay = Mutex<HashMap<InstanceId, Own>>;

/// The batches of one instance.
#[derive(Debug, Default)]
struct Own {
    /// By the last message in front of each; `None` where its sender names none, which is in front of
    /// all others.
    places: BTreeMap<Option<Position>, Place>,
    /// Rung for those that wait.
    moved: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Place {
    /// What it draws from the measure of its instance is drawn.
    is_measured: bool,
    /// It waits to be ordered, and what comes behind it may do so too.
    is_queued: bool,
    /// One in front of it was sent back, so that it would meet a gap.
    is_cut_off: bool,
}

/// The batches that are under way.
#[derive(Debug)]
pub struct Turns {
    each: usize,
    under_way: Arc<UnderWay>,
}

/// A batch that is under way until this is dropped.
#[derive(Debug)]
pub struct Turn {
    author: InstanceId,
    behind: Option<Position>,
    has_front: bool,
    is_passed_on: bool,
    moved: Arc<Notify>,
    under_way: Arc<UnderWay>,
}

impl Turns {
    /// So many at once for each instance.
    pub fn each(each: usize) -> Self {
        Self {
            each,
            under_way: Arc::default(),
        }
    }

    /// Takes a place behind the message that the sender names. Refuses where the instance has no more
    /// places, and where another batch of it is at the same.
    pub fn take(&self, author: InstanceId, behind: Option<Position>) -> Result<Turn, HubError> {
        let mut all = locked(&self.under_way);
        let own = all.entry(author.clone()).or_default();
        if own.places.len() >= self.each || own.places.contains_key(&behind) {
            return Err(Refusal::of(Code::RateLimited).after_seconds(1).into());
        }
        let has_front = own.places.range(..behind).next().is_some();
        own.places.insert(behind, Place::default());
        Ok(Turn {
            author,
            behind,
            has_front,
            is_passed_on: false,
            moved: Arc::clone(&own.moved),
            under_way: Arc::clone(&self.under_way),
        })
    }
}

impl Turn {
    /// Whether another was in front of it when it came, so that it may have waited for a while.
    pub fn had_front(&self) -> bool {
        self.has_front
    }

    /// Waits until each batch in front of this one has drawn its measure, so that none behind another
    /// uses up what that needs. Refuses as [`Self::comes`] does.
    pub async fn may_be_measured(&self, patience: Duration) -> Result<(), HubError> {
        self.waits(patience, |place| place.is_measured).await
    }

    /// Its measure is drawn.
    pub fn measured(&self) {
        self.note(|place| place.is_measured = true);
    }

    /// Waits until each batch in front of this one is answered or waits to be ordered; says whether one of
    /// them still does. Refuses where one of those is sent back, and where it takes longer than `patience`.
    pub async fn comes(&self, patience: Duration) -> Result<bool, HubError> {
        self.waits(patience, |place| place.is_queued).await?;
        let all = locked(&self.under_way);
        let own = all.get(&self.author);
        Ok(own.is_some_and(|own| own.places.range(..self.behind).next().is_some()))
    }

    /// It waits to be ordered as a whole: those behind it may follow it there.
    pub fn queued(&self) {
        self.note(|place| place.is_queued = true);
    }

    /// It is answered: those behind it go on from what was taken of it.
    pub fn passes_on(mut self) {
        self.is_passed_on = true;
    }

    fn note(&self, what: fn(&mut Place)) {
        let mut all = locked(&self.under_way);
        let own = all.get_mut(&self.author);
        if let Some(place) = own.and_then(|own| own.places.get_mut(&self.behind)) {
            what(place);
        }
        self.moved.notify_waiters();
    }

    async fn waits(&self, patience: Duration, is_past: fn(&Place) -> bool) -> Result<(), HubError> {
        let coming = async {
            loop {
                let moved = self.moved.notified();
                if let Some(come) = self.come(is_past) {
                    return come;
                }
                moved.await;
            }
        };
        let come = timeout(patience, coming).await;
        come.unwrap_or_else(|_| Err(sent_back("the batch in front of it is still coming")))
    }

    /// Nothing while one in front of it is not past.
    fn come(&self, is_past: fn(&Place) -> bool) -> Option<Result<(), HubError>> {
        let all = locked(&self.under_way);
        let places = &all.get(&self.author)?.places;
        if places.get(&self.behind)?.is_cut_off {
            return Some(Err(sent_back("the batch in front of it was not taken")));
        }
        let mut in_front = places.range(..self.behind);
        in_front.all(|(_, place)| is_past(place)).then_some(Ok(()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut all = locked(&self.under_way);
        let Some(own) = all.get_mut(&self.author) else {
            return;
        };
        own.places.remove(&self.behind);
        if own.places.is_empty() {
            all.remove(&self.author);
            return;
        }
        if !self.is_passed_on {
            for (_, place) in own.places.range_mut(self.behind..) {
                place.is_cut_off = true;
            }
        }
        self.moved.notify_waiters();
    }
}

fn locked(under_way: &UnderWay) -> MutexGuard<'_, HashMap<InstanceId, Own>> {
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

/// To be sent again.
pub(crate) fn sent_back(detail: &str) -> HubError {
    let mut refusal = Refusal::of(Code::Overloaded).after_seconds(1);
    refusal.detail = Some(detail.into());
    refusal.into()
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn id(slug: &str) -> InstanceId {
        slug.parse().unwrap()
    }

    fn at(seq: u64) -> Position {
        Position { epoch: 1, seq }
    }

    fn come(turn: &Turn) -> Option<Result<bool, Code>> {
        let come = turn.comes(LONG).now_or_never()?;
        Some(come.map_err(|error| error.code()))
    }

    #[tokio::test]
    async fn a_batch_waits_for_those_in_front_of_it_in_whatever_order_they_came() {
        let turns = Turns::each(3);
        let take = |place| turns.take(id("kota-bandung"), place).unwrap();
        let third = take(Some(at(900)));
        assert_eq!(come(&third), Some(Ok(false)), "nothing is in front of it");
        let second = take(Some(at(500)));
        let first = take(None);
        let of_another = turns.take(id("kemenpu"), Some(at(7))).unwrap();
        for (turn, has_come) in [
            (&first, true),
            (&second, false),
            (&third, false),
            (&of_another, true),
        ] {
            assert_eq!(come(turn), has_come.then_some(Ok(false)));
        }
        first.passes_on();
        assert_eq!(come(&second), Some(Ok(false)));
        assert_eq!(come(&third), None);
        let (waited, ()) = tokio::join!(third.comes(LONG), async { second.passes_on() });
        assert!(!waited.unwrap());
    }

    #[tokio::test]
    async fn a_batch_follows_those_in_front_of_it_that_wait_to_be_ordered() {
        let turns = Turns::each(3);
        let take = |place| turns.take(id("kota-bandung"), place).unwrap();
        let [first, second, third] = [None, Some(at(500)), Some(at(900))].map(take);
        let (waited, ()) = tokio::join!(second.comes(LONG), async { first.queued() });
        assert!(waited.unwrap(), "one in front of it is not answered");
        assert_eq!(come(&third), None, "the one in between is still coming");
        second.queued();
        assert_eq!(come(&third), Some(Ok(true)));
        first.passes_on();
        second.passes_on();
        assert_eq!(come(&third), Some(Ok(false)));
    }

    #[tokio::test]
    async fn what_is_behind_a_batch_that_is_sent_back_is_sent_back_too() {
        let turns = Turns::each(3);
        let take = |place| turns.take(id("kota-bandung"), place).unwrap();
        let [first, second, third] = [None, Some(at(500)), Some(at(900))].map(take);
        let of_another = turns.take(id("kemenpu"), Some(at(900))).unwrap();
        let (waited, ()) = tokio::join!(third.comes(LONG), async { drop(second) });
        let waited = waited.unwrap_err();
        let said = (waited.code(), waited.retry_after_seconds());
        assert_eq!(said, (Code::Overloaded, Some(1)));
        // It comes again, and is behind one that is still under way.
        drop(third);
        let third = take(Some(at(900)));
        assert_eq!(come(&third), None);
        drop(first);
        assert_eq!(come(&third), Some(Err(Code::Overloaded)));
        assert_eq!(come(&of_another), Some(Ok(false)));
    }

    #[tokio::test]
    async fn a_batch_draws_its_measure_after_those_in_front_of_it() {
        let turns = Turns::each(3);
        let take = |place| turns.take(id("kota-bandung"), place).unwrap();
        let [first, second, third] = [None, Some(at(500)), Some(at(900))].map(take);
        let may = |turn: &Turn| {
            turn.may_be_measured(LONG)
                .now_or_never()
                .map(|may| may.is_ok())
        };
        assert_eq!([&first, &second, &third].map(may), [Some(true), None, None]);
        let (waited, ()) = tokio::join!(second.may_be_measured(LONG), async {
            first.measured();
        });
        waited.unwrap();
        assert_eq!([&second, &third].map(may), [Some(true), None]);
        second.measured();
        assert_eq!(may(&third), Some(true));
        assert_eq!(come(&third), None, "those in front of it are under way");
        drop(first);
        assert_eq!(may(&third), Some(false), "one in front of it was sent back");
    }

    #[tokio::test]
    async fn a_batch_waits_no_longer_than_it_may() {
        let turns = Turns::each(2);
        let take = |place| turns.take(id("kota-bandung"), place).unwrap();
        let (first, second) = (take(None), take(Some(at(500))));
        let waited = second.comes(Duration::ZERO).await.unwrap_err();
        assert_eq!(waited.code(), Code::Overloaded);
        first.comes(Duration::ZERO).await.unwrap();
        first.passes_on();
        second.comes(Duration::ZERO).await.unwrap();
    }

    #[test]
    fn an_instance_has_so_many_places_and_no_two_batches_at_one() {
        let turns = Turns::each(2);
        let take = |slug, place| turns.take(id(slug), place);
        let first = take("kota-bandung", None).unwrap();
        assert!(!first.had_front());
        let again = take("kota-bandung", None).unwrap_err();
        assert_eq!(again.code(), Code::RateLimited);
        assert_eq!(again.retry_after_seconds(), Some(1));
        let second = take("kota-bandung", Some(at(500))).unwrap();
        assert!(second.had_front());
        assert!(
            take("kota-bandung", Some(at(900))).is_err(),
            "two are taken"
        );
        assert!(take("kemenpu", None).is_ok(), "others have their own");
        drop(first);
        assert!(take("kota-bandung", Some(at(500))).is_err());
        assert!(take("kota-bandung", Some(at(900))).is_ok());
        assert_eq!(
            locked(&turns.under_way).len(),
            1,
            "who has none is forgotten"
        );
    }
}
