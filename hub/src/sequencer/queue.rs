//! What waits to be ordered. Whoever sends little does not wait for the backlogs of others: short batches
//! stand in a line of their own, and a transaction that takes some leaves the long ones here. The one behind
//! it has a place for a long one before all others: what is short waits for one transaction of backlogs at
//! most, and backlogs wait for one of short batches, however many are sent.
//!
//! What one author has leaves as it came. Whoever has gone waits for no answer: what they have sent is
//! dropped before it costs anything, or one alone could fill the queue, hanging up each time.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapor_protocol::ids::InstanceId;
use lapor_protocol::problem::Code;
use tokio::sync::Notify;

use crate::error::{HubError, Refusal};

/// Messages of a short batch, at most.
const SHORT: usize = 32;
/// Short batches that do not fit into a group and are passed by for others, at most.
const PASSED_BY: usize = 32;

/// What has an author and a number of messages, and waits for an answer.
pub(super) trait Waiting {
    fn author(&self) -> &InstanceId;

    fn messages(&self) -> usize;

    /// Whether anybody waits for the answer still.
    fn is_awaited(&self) -> bool;
}

/// Batches, for those that put them here and the one task that takes them.
pub(super) struct Queue<T> {
    lines: Mutex<Lines<T>>,
    moved: Notify,
    room: usize,
}

struct Lines<T> {
    short: VecDeque<T>,
    long: VecDeque<T>,
    /// The group before left the long ones here.
    let_by: bool,
    is_closed: bool,
}

impl<T: Waiting> Queue<T> {
    /// For so many batches, and one of each author who has none here.
    pub fn of(room: usize) -> Self {
        let lines = Lines {
            short: VecDeque::new(),
            long: VecDeque::new(),
            let_by: false,
            is_closed: false,
        };
        Self {
            lines: Mutex::new(lines),
            moved: Notify::new(),
            room,
        }
    }

    /// Refuses a batch where there is no room and its author has another here, and once this is closed.
    pub fn put(&self, batch: T) -> Result<(), HubError> {
        let mut lines = self.lines();
        if lines.is_closed {
            return Err(HubError::Stopping);
        }
        lines.drop_forsaken();
        let is_behind_long = is_in_front(lines.long.iter(), &batch);
        let is_behind = is_behind_long || is_in_front(lines.short.iter(), &batch);
        if is_behind && lines.len() >= self.room {
            return Err(Refusal::of(Code::Overloaded).after_seconds(1).into());
        }
        if batch.messages() > SHORT || is_behind_long {
            lines.long.push_back(batch);
        } else {
            lines.short.push_back(batch);
        }
        drop(lines);
        self.moved.notify_one();
        Ok(())
    }

    /// The next group, waited for: in each line the first ones that fit behind what is taken. One fits
    /// where nothing is taken. None once this is closed and empty.
    pub async fn next(&self, fits: impl Fn(&[T], &T) -> bool) -> Option<Vec<T>> {
        loop {
            {
                let mut lines = self.lines();
                lines.drop_forsaken();
                if lines.len() > 0 {
                    return Some(lines.take(&fits));
                }
                if lines.is_closed {
                    return None;
                }
            }
            self.moved.notified().await;
        }
    }

    pub fn len(&self) -> usize {
        self.lines().len()
    }

    /// Takes no more; what is here still leaves.
    pub fn close(&self) {
        self.lines().is_closed = true;
        self.moved.notify_one();
    }

    /// Takes no more, and drops what is here; says whether it was closed before.
    pub fn abandon(&self) -> bool {
        let mut lines = self.lines();
        lines.short.clear();
        lines.long.clear();
        std::mem::replace(&mut lines.is_closed, true)
    }

    fn lines(&self) -> MutexGuard<'_, Lines<T>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Waiting> Lines<T> {
    fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    fn drop_forsaken(&mut self) {
        self.short.retain(Waiting::is_awaited);
        self.long.retain(Waiting::is_awaited);
    }

    fn take(&mut self, fits: impl Fn(&[T], &T) -> bool) -> Vec<T> {
        let mut group = Vec::new();
        if self.let_by {
            group.extend(self.first_free_long().and_then(|at| self.long.remove(at)));
        }
        let mut at = 0;
        while at <= PASSED_BY
            && let Some(next) = self.short.get(at)
        {
            if is_in_front(self.short.iter().take(at), next) || !fits(&group, next) {
                at += 1;
            } else {
                group.extend(self.short.remove(at));
            }
        }
        self.let_by = !self.let_by && !group.is_empty() && !self.long.is_empty();
        if self.let_by {
            return group;
        }
        // What is left of the short ones is in front of what their authors have here.
        let Self { short, long, .. } = self;
        let may_leave = |next: &T| !is_in_front(short.iter(), next);
        while let Some(next) = long.pop_front_if(|next| may_leave(next) && fits(&group, next)) {
            group.push(next);
        }
        group
    }

    /// Where the first long batch stands that has nothing of its author in front of it.
    fn first_free_long(&self) -> Option<usize> {
        let is_free = |(at, one): (usize, &T)| {
            !is_in_front(self.short.iter(), one) && !is_in_front(self.long.iter().take(at), one)
        };
        self.long.iter().enumerate().position(is_free)
    }
}

/// Whether one of these is of the same author.
fn is_in_front<'a, T: Waiting + 'a>(mut these: impl Iterator<Item = &'a T>, one: &T) -> bool {
    these.any(|these| these.author() == one.author())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// Hangs up as soon as it has sent.
    const GONE: &str = "kota-bima";

    #[derive(Debug, PartialEq)]
    struct Sent(InstanceId, usize);

    impl Waiting for Sent {
        fn author(&self) -> &InstanceId {
            &self.0
        }

        fn messages(&self) -> usize {
            self.1
        }

        fn is_awaited(&self) -> bool {
            self.0.as_str() != GONE
        }
    }

    fn sent(author: &str, messages: usize) -> Sent {
        Sent(author.parse().unwrap(), messages)
    }

    fn filled(batches: &[(&str, usize)]) -> Queue<Sent> {
        let queue = Queue::of(9);
        put(&queue, batches);
        queue
    }

    fn put(queue: &Queue<Sent>, batches: &[(&str, usize)]) {
        for (author, messages) in batches {
            queue.put(sent(author, *messages)).unwrap();
        }
    }

    /// Two of each author, and four of all.
    fn fits(group: &[Sent], next: &Sent) -> bool {
        group.iter().filter(|one| one.0 == next.0).count() < 2 && group.len() < 4
    }

    fn leaves(queue: &Queue<Sent>, batches: &[(&str, usize)]) {
        let expected = batches.iter().map(|(author, count)| sent(author, *count));
        let group = queue.next(fits).now_or_never().flatten();
        assert_eq!(group.unwrap_or_default(), expected.collect::<Vec<_>>());
    }

    #[test]
    fn who_sends_little_waits_for_one_group_of_backlogs_at_most() {
        let backlogs = [("kota-medan", 500), ("kota-palu", 500), ("kota-medan", 33)];
        let queue = filled(&backlogs);
        put(&queue, &[("pusat", 1), ("kemenpu", 32)]);
        leaves(&queue, &[("pusat", 1), ("kemenpu", 32)]);
        leaves(&queue, &backlogs);
        put(&queue, &[("kota-medan", 500), ("pusat", 2)]);
        leaves(&queue, &[("pusat", 2)]);
        leaves(&queue, &[("kota-medan", 500)]);
    }

    #[test]
    fn who_sends_little_all_the_time_holds_up_no_backlog() {
        let queue = filled(&[("kota-medan", 500), ("kota-palu", 500), ("pusat", 1)]);
        leaves(&queue, &[("pusat", 1)]);
        put(&queue, &[("pusat", 2), ("pusat", 3), ("pusat", 4)]);
        leaves(
            &queue,
            &[
                ("kota-medan", 500),
                ("pusat", 2),
                ("pusat", 3),
                ("kota-palu", 500),
            ],
        );
        put(&queue, &[("kota-palu", 500)]);
        leaves(&queue, &[("pusat", 4)]);
        leaves(&queue, &[("kota-palu", 500)]);
    }

    #[test]
    fn a_backlog_has_its_place_however_many_send_little() {
        let queue = filled(&[("kota-medan", 500)]);
        let little = [
            "pusat",
            "kemenpu",
            "kota-palu",
            "kota-bandung",
            "kota-sorong",
        ];
        let mut little = little.map(|author| (author, 1));
        put(&queue, &little);
        leaves(&queue, &little[..4]);
        put(&queue, &little[..4]);
        little.rotate_right(1);
        let backlog = ("kota-medan", 500);
        leaves(&queue, &[backlog, little[0], little[1], little[2]]);
        put(&queue, &[backlog]);
        leaves(&queue, &little[3..]);
        leaves(&queue, &[backlog]);
    }

    #[test]
    fn who_has_sent_more_than_fits_is_passed_by() {
        let queue = filled(&[("pusat", 1), ("pusat", 2), ("pusat", 3), ("kemenpu", 1)]);
        leaves(&queue, &[("pusat", 1), ("pusat", 2), ("kemenpu", 1)]);
        leaves(&queue, &[("pusat", 3)]);
        // Nobody looks through all that waits.
        let queue = Queue::of(100);
        let many: Vec<(&str, usize)> = (0..=SHORT).map(|messages| ("pusat", messages)).collect();
        put(&queue, &many);
        put(&queue, &[("pusat", 1), ("pusat", 2), ("kemenpu", 1)]);
        leaves(&queue, &many[..2]);
    }

    #[test]
    fn what_one_author_has_leaves_as_it_came() {
        let batches = [("pusat", 500), ("pusat", 0), ("pusat", 300), ("pusat", 1)];
        let queue = filled(&batches);
        put(&queue, &[("kota-medan", 1)]);
        leaves(&queue, &[("kota-medan", 1)]);
        leaves(&queue, &batches[..2]);
        leaves(&queue, &batches[2..]);
        let batches = [("pusat", 1), ("pusat", 2), ("pusat", 3), ("pusat", 500)];
        put(&queue, &batches);
        leaves(&queue, &batches[..2]);
        leaves(&queue, &batches[2..]);
        assert_eq!(queue.len(), 0);
        put(&queue, &[("kota-medan", 500)]);
        put(&queue, &batches);
        leaves(&queue, &batches[..2]);
        put(&queue, &[("pusat", 4)]);
        leaves(&queue, &[("kota-medan", 500), ("pusat", 3), ("pusat", 500)]);
        leaves(&queue, &[("pusat", 4)]);
    }

    #[test]
    fn a_long_batch_waits_for_short_ones_of_its_author_that_do_not_fit() {
        let queue = filled(&[("pusat", 1), ("pusat", 2), ("pusat", 3), ("pusat", 500)]);
        let one_short = |group: &[Sent], next: &Sent| next.1 > SHORT || group.is_empty();
        for messages in [1, 2, 3, 500] {
            let group = queue.next(one_short).now_or_never().flatten();
            assert_eq!(group, Some(vec![sent("pusat", messages)]));
        }
    }

    #[test]
    fn whoever_has_something_here_is_told_to_come_again_where_there_is_no_room() {
        let queue = Queue::of(1);
        put(&queue, &[("kota-medan", 500)]);
        let refused = queue.put(sent("kota-medan", 1)).unwrap_err();
        let told = (refused.code(), refused.retry_after_seconds());
        assert_eq!(told, (Code::Overloaded, Some(1)));
        put(&queue, &[("pusat", 1)]);
        assert!(queue.put(sent("pusat", 1)).is_err(), "it has one here now");
        leaves(&queue, &[("pusat", 1)]);
        leaves(&queue, &[("kota-medan", 500)]);
        put(&queue, &[("kota-medan", 1)]);
    }

    #[test]
    fn whoever_hangs_up_has_nothing_here_and_keeps_nobody_waiting() {
        let queue = Queue::of(1);
        for _ in 0..100 {
            put(&queue, &[(GONE, 1), (GONE, 500)]);
        }
        put(&queue, &[("kota-medan", 500), ("pusat", 1)]);
        leaves(&queue, &[("pusat", 1)]);
        put(&queue, &[(GONE, 1)]);
        leaves(&queue, &[("kota-medan", 500)]);
        put(&queue, &[(GONE, 1)]);
        assert_eq!(queue.next(fits).now_or_never(), None);
        assert_eq!(queue.len(), 0);
    }

    #[tokio::test]
    async fn what_is_here_still_leaves_once_it_is_closed() {
        let queue = filled(&[]);
        let (group, ()) = tokio::join!(queue.next(fits), async { put(&queue, &[("pusat", 2)]) });
        assert_eq!(group, Some(vec![sent("pusat", 2)]));
        put(&queue, &[("pusat", 3)]);
        queue.close();
        let refused = queue.put(sent("pusat", 4)).unwrap_err();
        assert!(matches!(refused, HubError::Stopping), "{refused}");
        leaves(&queue, &[("pusat", 3)]);
        assert_eq!(queue.next(fits).await, None);

        let queue = filled(&[]);
        let (group, ()) = tokio::join!(queue.next(fits), async { queue.close() });
        assert_eq!(group, None);
    }

    #[test]
    fn what_nobody_will_take_is_dropped() {
        let queue = filled(&[("pusat", 1), ("kota-medan", 500)]);
        assert!(!queue.abandon(), "it was open");
        assert!(queue.abandon());
        assert_eq!(queue.len(), 0);
        assert!(queue.put(sent("pusat", 1)).is_err());
        assert_eq!(queue.next(fits).now_or_never(), Some(None));
    }
}
