//! Whose turn it is among the batches of one instance. While one is ordered the next may come: it is
//! read and verified meanwhile, and waits here until none in front of it is under way any more. The
//! batches of another instance are never waited for.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use lapor_protocol::ids::{InstanceId, Position};
use lapor_protocol::problem::Code;
use tokio::sync::watch;

use crate::error::{HubError, Refusal};

/// Of each batch that is under way the last message in front of it; `None` where its sender names none,
/// which is in front of all others.
type UnderWay = HashMap<InstanceId, BTreeSet<Option<Position>>>;

/// The batches that are under way.
#[derive(Debug)]
pub struct Turns {
    each: usize,
    under_way: Arc<watch::Sender<UnderWay>>,
}

/// A batch that is under way until this is dropped.
#[derive(Debug)]
pub struct Turn {
    author: InstanceId,
    behind: Option<Position>,
    under_way: Arc<watch::Sender<UnderWay>>,
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
        let taken = self.under_way.send_if_modified(|all| {
            let own = all.entry(author.clone()).or_default();
            own.len() < self.each && own.insert(behind)
        });
        if !taken {
            return Err(Refusal::of(Code::RateLimited).after_seconds(1).into());
        }
        let under_way = Arc::clone(&self.under_way);
        Ok(Turn {
            author,
            behind,
            under_way,
        })
    }
}

impl Turn {
    /// Waits until no batch is under way that is in front of this one.
    pub async fn comes(&self) {
        let is_first = |all: &UnderWay| {
            let own = all.get(&self.author);
            own.and_then(BTreeSet::first) == Some(&self.behind)
        };
        let mut under_way = self.under_way.subscribe();
        // Never an error: this turn holds what tells of the others.
        drop(under_way.wait_for(is_first).await);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.under_way.send_modify(|all| {
            if let Some(own) = all.get_mut(&self.author) {
                own.remove(&self.behind);
                if own.is_empty() {
                    all.remove(&self.author);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn id(slug: &str) -> InstanceId {
        slug.parse().unwrap()
    }

    fn at(seq: u64) -> Position {
        Position { epoch: 1, seq }
    }

    fn has_come(turn: &Turn) -> bool {
        turn.comes().now_or_never().is_some()
    }

    #[tokio::test]
    async fn a_batch_waits_for_those_in_front_of_it_in_whatever_order_they_came() {
        let turns = Turns::each(3);
        let take = |place| turns.take(id("kota-bandung"), place).unwrap();
        let third = take(Some(at(900)));
        assert!(has_come(&third), "nothing is in front of it");
        let second = take(Some(at(500)));
        let first = take(None);
        let of_another = turns.take(id("kemenpu"), Some(at(7))).unwrap();
        let come = [&first, &second, &third, &of_another].map(has_come);
        assert_eq!(come, [true, false, false, true]);
        drop(first);
        assert_eq!([&second, &third].map(has_come), [true, false]);
        let (waited, ()) = tokio::join!(third.comes().map(|()| true), async { drop(second) });
        assert!(waited);
    }

    #[test]
    fn an_instance_has_so_many_places_and_no_two_batches_at_one() {
        let turns = Turns::each(2);
        let take = |slug, place| turns.take(id(slug), place);
        let first = take("kota-bandung", None).unwrap();
        let again = take("kota-bandung", None).unwrap_err();
        assert_eq!(again.code(), Code::RateLimited);
        assert_eq!(again.retry_after_seconds(), Some(1));
        let _second = take("kota-bandung", Some(at(500))).unwrap();
        assert!(
            take("kota-bandung", Some(at(900))).is_err(),
            "two are taken"
        );
        assert!(take("kemenpu", None).is_ok(), "others have their own");
        drop(first);
        assert!(take("kota-bandung", Some(at(500))).is_err());
        assert!(take("kota-bandung", Some(at(900))).is_ok());
        assert_eq!(
            turns.under_way.borrow().len(),
            1,
            "who has none is forgotten"
        );
    }
}
