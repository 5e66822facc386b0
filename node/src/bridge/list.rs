//! New complaints of its list. What it names and is not here is noted, and brought some at a time. The
//! list is read a few pages at a time, from where it was left, and its first page each time: in
//! whatever order it stands nothing is missed, and an outage only puts off.

use super::bring::{Bringing, Terms};
use super::follow::Untold;
use super::import::{ask, with_unread};
use super::maps::Maps;
use super::report::Report;
use super::run::BridgeError;
use super::shape::{ID, is_number};
use super::wire::{Sp4n, Unheard};
use crate::error::NodeError;
use crate::node::Node;
use crate::store;

/// Pages that are read in one go, beside the first.
const PAGES: usize = 10;
const DAY_MS: i64 = 86_400_000;
/// What could not be brought is asked for again after this.
const AGAIN_MS: i64 = DAY_MS;
/// What is not named any more and could not be brought is forgotten after this.
const GONE_MS: i64 = 30 * DAY_MS;

/// Why a run has no list, as it is kept.
pub(super) fn unlisted(unheard: &Unheard) -> String {
    match unheard {
        Unheard::Down(_) => unheard.to_string(),
        _ => format!("bridge.list_path: {unheard}"),
    }
}

impl Node {
    /// Looks for new complaints and brings them, as many as are asked for in one go. Says what came of
    /// it, and whether the other side answers.
    pub(super) async fn bridge_look(
        &self,
        terms: Terms<'_>,
    ) -> Result<(Report, bool), BridgeError> {
        let (sp4n, began) = (self.sp4n()?, self.clock().now_ms());
        let mut report = Report::default();
        let mut answers = true;
        if let Err(unheard) = self.read_list(&sp4n).await? {
            answers = !matches!(unheard, Unheard::Down(_));
            report.interrupted = Some(unlisted(&unheard));
        }
        if answers {
            answers = self.bring_listed(&sp4n, terms, &mut report).await?;
        }
        self.keep_run("import", terms.actor, began, &report).await?;
        Ok((report, answers))
    }

    /// Notes what some pages of the list name.
    async fn read_list(&self, sp4n: &Sp4n) -> Result<Result<(), Unheard>, NodeError> {
        let mut tx = self.read_tx().await?;
        let mut page = store::bridge::next_page(&mut tx).await?;
        drop(tx);
        if page > 1
            && let Err(unheard) = self.read_page(sp4n, 1, false).await?
        {
            return Ok(Err(unheard));
        }
        for _ in 0..PAGES {
            page = match self.read_page(sp4n, page, true).await? {
                Ok(next) => next,
                // It has become shorter.
                Err(Unheard::Gone | Unheard::Refused(_)) if page > 1 => self.begin_list().await?,
                Err(unheard) => return Ok(Err(unheard)),
            };
            if page == 1 {
                break;
            }
        }
        Ok(Ok(()))
    }

    /// Reads it from its first page the next time.
    async fn begin_list(&self) -> Result<i64, NodeError> {
        let mut tx = self.write_tx().await?;
        store::bridge::put_next_page(&mut tx, 1).await?;
        tx.commit().await?;
        Ok(1)
    }

    /// Notes what a page names, and, if it is one by which the reading goes on, which is the next.
    async fn read_page(
        &self,
        sp4n: &Sp4n,
        page: i64,
        goes_on: bool,
    ) -> Result<Result<i64, Unheard>, NodeError> {
        let (records, more) = match sp4n.listed(page).await {
            Ok(told) => told,
            Err(unheard) => return Ok(Err(unheard)),
        };
        let next = if more { page + 1 } else { 1 };
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        let ids = records.iter().filter_map(|record| record.told(ID));
        let ids: Vec<&str> = ids.filter(|id| is_number(id)).collect();
        for id in ids {
            store::bridge::note_listed(&mut tx, id, now).await?;
        }
        if goes_on {
            store::bridge::put_next_page(&mut tx, next).await?;
        }
        tx.commit().await?;
        Ok(Ok(next))
    }

    /// Brings what was noted; says whether the other side answers.
    async fn bring_listed(
        &self,
        sp4n: &Sp4n,
        terms: Terms<'_>,
        report: &mut Report,
    ) -> Result<bool, NodeError> {
        let most = i64::from(self.settings().bridge.each_round);
        let before = self.clock().now_ms() - AGAIN_MS;
        let mut tx = self.read_tx().await?;
        let ids = store::bridge::listed(&mut tx, before, most).await?;
        drop(tx);
        if ids.is_empty() {
            return Ok(true);
        }
        let maps = Maps::of(self).await?;
        let bringing = Bringing {
            node: self,
            maps: &maps,
            terms,
        };
        let mut untold = Untold::default();
        for id in ids {
            let lines = match ask(sp4n, &id).await {
                Ok(Ok((brought, unread))) => {
                    let lines = Box::pin(bringing.one(&brought)).await?;
                    with_unread(lines, &id, unread)
                }
                Ok(Err(line)) => vec![line],
                Err(unheard) => {
                    report.interrupted = Some(unheard.to_string());
                    if untold.takes(&id) {
                        continue;
                    }
                    break;
                }
            };
            untold.others = true;
            report.take(None, lines);
            let now = self.clock().now_ms();
            let mut tx = self.write_tx().await?;
            store::bridge::asked_listed(&mut tx, &id, now).await?;
            tx.commit().await?;
        }
        let now = self.clock().now_ms();
        let mut tx = self.write_tx().await?;
        for id in untold.alone() {
            store::bridge::asked_listed(&mut tx, id, now).await?;
        }
        if !untold.is_all() {
            store::bridge::forget_listed(&mut tx, now - GONE_MS).await?;
        }
        tx.commit().await?;
        Ok(!untold.is_all())
    }
}
